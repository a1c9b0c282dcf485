/* What else is made of tables of numbers, beside who holds one (stir/spc_table.h): which line of the text says so, and how numbers and ranges are written. */
#ifndef STIR_CORE_SPC_TABLE_H
#define STIR_CORE_SPC_TABLE_H

#include <stir/spc_table.h>

/* As stir_spc_table_parse(), and the lines' numbers are kept: at most 8 bytes more for a range. */
enum stir_err stir_spc_table_parse_lines(struct stir_spc_table **out, struct stir_slice text, struct stir_diag *diag) STIR_MUST_USE;
/* The line that says who holds `tn`, from 1; of a range that stands several times the first. 0: none does, or lines are not kept. */
size_t stir_spc_table_line(const struct stir_spc_table *table, struct stir_slice tn);
/* Does a line name a holder of any number from `first` to `last`? */
bool stir_spc_table_any(const struct stir_spc_table *table, uint64_t first, uint64_t last);

/* Every code that the table's lists name; one that stands in several lists comes for each. */
void stir_spc_table_codes(const struct stir_spc_table *table, void (*each)(void *arg, struct stir_slice code), void *arg);

/* A canonical number that has a country code as its digits' value, which tells its length too, for none begins with 0. False: it is none. */
bool stir_number_read(uint64_t *out, struct stir_slice digits) STIR_MUST_USE;
/* NUMBER, FIRST-LAST or FIRST+COUNT. What is wrong with it; NULL: nothing. */
const char *stir_number_range(uint64_t *first, uint64_t *last, struct stir_slice word);

#endif
