/* Lists of telephone numbers, [numbers NAME]: ranges that customers own, and entries that say on what evidence a customer may use a number that lies in no
 * owned range, until when. Immutable, shared by threads. */
#ifndef STIR_SERVICE_NUMBERS_H
#define STIR_SERVICE_NUMBERS_H

#include "service/conf.h"

#include <stir/limits.h>

struct stir_number_set;

/* A caller's number, ready to be looked up. `value` 0: it is none that has a country code, and is in no list. */
struct stir_number {
    struct stir_slice text; /* canonical */
    uint64_t value;
    bool toll_free; /* +1 800, 833, 844, 855, 866, 877, 888 */
};
struct stir_number stir_number_of(struct stir_slice canonical);

enum stir_evidence { STIR_EVIDENCE_RESPORG = 1, STIR_EVIDENCE_LOA, STIR_EVIDENCE_DELEGATE };
const char *stir_evidence_text(enum stir_evidence evidence);

/* What a list says of a number. */
struct stir_number_hit {
    size_t line;
    struct stir_slice customer;  /* of evidence: whose entry it is */
    enum stir_evidence evidence; /* 0: an owned range */
    const char *reference;
    int64_t until; /* the last day is over then */
};

/* Read the list. Owned: as stir_spc_table_parse() has it, the code being the customer. Evidence: lines NUMBERS CUSTOMER EVIDENCE REFERENCE EXPIRY, NUMBERS as
 * there, EVIDENCE one of resporg, loa, delegate, REFERENCE without blanks, EXPIRY a day, YYYY-MM-DD, UTC, that still counts; '#' begins a comment. What is over
 * at `now` is borne, and counted. @return STIR_OK; STIR_EIO, STIR_ESYNTAX, STIR_EVALUE, STIR_ELIMIT, STIR_ENOMEM: `diag` says the line. */
enum stir_err stir_number_set_new(struct stir_number_set **out, const struct stir_conf_numbers *conf, struct stir_diag *diag) STIR_MUST_USE;
/* The same from text. */
enum stir_err stir_number_set_parse(struct stir_number_set **out, enum stir_conf_numbers_kind kind, struct stir_slice text,
                                    struct stir_diag *diag) STIR_MUST_USE;
void stir_number_set_free(struct stir_number_set *set); /* NULL is fine */

/* Is `number` in the list at `now`, and with a `customer` (absent: anybody's) his? Toll-free numbers are in no owned range, whatever the list says, and
 * evidence that is over is none. `hit` may be NULL. */
bool stir_number_set_has(const struct stir_number_set *set, const struct stir_number *number, struct stir_slice customer, int64_t now,
                         struct stir_number_hit *hit);

size_t stir_number_set_lines(const struct stir_number_set *set);             /* that name numbers */
size_t stir_number_set_bytes(const struct stir_number_set *set);             /* of memory */
size_t stir_number_set_over(const struct stir_number_set *set, int64_t now); /* entries whose evidence is over */
bool stir_number_set_holds_toll_free(const struct stir_number_set *set);     /* an owned list that says something of such numbers, in vain */

/* Every customer that the list names, some of them several times; owned lists give them in capital letters. */
void stir_number_set_customers(const struct stir_number_set *set, void (*each)(void *arg, struct stir_slice customer), void *arg);

enum {
    STIR_MAX_EVIDENCE = 4194304, /* entries of one list: all toll-free numbers of North America are some 40 million, one RespOrg's far fewer */
    STIR_MAX_REFERENCE = 64,     /* characters of a reference: it stands in the proof */
    STIR_MAX_CUSTOMER = STIR_MAX_SPC,
};

#endif
