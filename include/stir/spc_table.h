/** @file stir/spc_table.h  Which provider holds a number: what no certificate says that names a service provider code alone (RFC 8226 §9).
 *  Pure: no I/O. A table is immutable and counted, and may be shared by threads: a new one is put in the place of the old by one pointer. */
#ifndef STIR_SPC_TABLE_H
#define STIR_SPC_TABLE_H

#include <stir/err.h>
#include <stir/limits.h>

STIR_BEGIN

/** A table. */
struct stir_spc_table;

/** What a table holds. */
struct stir_spc_table_stats {
    size_t size;   /**< sizeof(struct stir_spc_table_stats) */
    size_t ranges; /**< lines of ranges that were read */
    size_t bytes;  /**< of memory that the table takes: at most 20 for a range, and the texts of the codes */
    size_t codes;  /**< different lists of codes */
};
#ifdef __cplusplus
#define STIR_SPC_TABLE_STATS_INIT           \
    {                                       \
        sizeof(struct stir_spc_table_stats) \
    }
#else
#define STIR_SPC_TABLE_STATS_INIT                   \
    {                                               \
        .size = sizeof(struct stir_spc_table_stats) \
    }
#endif

/** Read a table. Each line gives numbers, and after blanks the code of the provider that holds them; a provider with several codes, or numbers that several
 * providers share, have several:
 *
 *      # of whom            to whom
 *      12155550000-12155559999  709J
 *      12155551000+1000         0123 4567    # 1,000 numbers from the first on
 *      12155551212              709j
 *
 *  Numbers are canonical, digits with the country code first and no '+'; both ends of a range are in it and have as many digits. '#' begins a comment; empty
 *  lines and the CR of line ends are read over. Codes are letters and digits and compare without regard to case. Lines may stand in any order. Where one range
 *  lies within another the inner one holds, for numbers that were ported out of a block; the same range on several lines has the codes of all of them; two that
 *  overlap and neither lies within the other are an error.
 *  @return STIR_OK; STIR_ESYNTAX, STIR_EVALUE (`diag` says the line, `diag->offset` is its number), STIR_ELIMIT (STIR_MAX_SPC_TABLE, STIR_MAX_SPC_RANGES,
 *  STIR_MAX_SPC_LISTS, STIR_MAX_SPC_CODES), STIR_ENOMEM, STIR_EARG; `*out` is untouched unless STIR_OK. The caller frees with stir_spc_table_free(). `text` is
 *  not kept. */
STIR_API STIR_MUST_USE enum stir_err stir_spc_table_parse(struct stir_spc_table **out, struct stir_slice text, struct stir_diag *diag);

/** One more owner.
 *  @return `table`. */
STIR_API struct stir_spc_table *stir_spc_table_ref(struct stir_spc_table *table);

/** One owner less; NULL is fine. */
STIR_API void stir_spc_table_free(struct stir_spc_table *table);

/** Who holds the canonical number `tn`.
 *  @return codes in capital letters, in their order, one blank between two; borrowed for the table's life. The absent slice when the table does not say. */
STIR_API struct stir_slice stir_spc_table_find(const struct stir_spc_table *table, struct stir_slice tn);

/** Does one of the providers `spc`, a code or several with one blank between two, hold the canonical number `tn`? The answer to an AUTHORITY need: its url is
 * `spc`, its key is `tn`.
 *  @return 1 yes, 0 another does, -1 the table does not say. */
STIR_API int stir_spc_table_holds(const struct stir_spc_table *table, struct stir_slice spc, struct stir_slice tn);

/** What the table holds.
 *  @return STIR_OK; STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_spc_table_stats(const struct stir_spc_table *table, struct stir_spc_table_stats *out);

STIR_END
#endif
