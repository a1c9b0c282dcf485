/* stir_spc_table_parse(): what is read answers the same for every number as its own lines, and a table written from its answers reads as the same. */
#include <stdlib.h>
#include <string.h>

#include <stir/spc_table.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Some number of the line that stands at `text`: its first word's digits. */
static struct stir_slice first_number(struct stir_slice text)
{
    size_t from = 0, n = 0;
    while (from < text.n && (text.p[from] == ' ' || text.p[from] == '\t'))
        from++;
    while (from + n < text.n && text.p[from + n] >= '0' && text.p[from + n] <= '9')
        n++;
    return stir_slice_of(text.p + from, n);
}

static bool is_code_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

/* Codes in order, one blank between two, each of them an answer by itself, in either case. */
static void check_holders(const struct stir_spc_table *table, struct stir_slice holders, struct stir_slice number)
{
    size_t codes = 0, from = 0;
    for (size_t i = 0; i <= holders.n; i++) {
        char code[STIR_MAX_SPC + 1];
        if (i < holders.n && holders.p[i] != ' ') {
            require(is_code_char(holders.p[i]));
            continue;
        }
        require(i > from && i - from <= STIR_MAX_SPC);
        for (size_t k = from; k < i; k++)
            code[k - from] = (char)(holders.p[k] >= 'A' && k % 2 ? holders.p[k] | 0x20 : holders.p[k]);
        require(stir_spc_table_holds(table, stir_slice_of(code, i - from), number) == 1);
        from = i + 1;
        codes++;
    }
    require(codes >= 1 && codes <= STIR_MAX_SPC_CODES);
    require(stir_spc_table_holds(table, holders, number) == 1);
    require(stir_spc_table_holds(table, stir_slice_str("NOBODYSCODE123456"), number) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stir_spc_table *table = NULL;
    struct stir_spc_table_stats stats = STIR_SPC_TABLE_STATS_INIT;
    struct stir_diag diag = {0};
    struct stir_slice text = stir_slice_of(data, size);
    enum stir_err err = stir_spc_table_parse(&table, text, &diag);
    if (err != STIR_OK) {
        require((err == STIR_ESYNTAX || err == STIR_EVALUE || err == STIR_ELIMIT) && diag.text[0] && !table);
        return 0;
    }
    require(stir_spc_table_stats(table, &stats) == STIR_OK && stats.bytes <= 20 * stats.ranges + 300 * (stats.codes + 256) * 2);
    while (text.n) {
        const char *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) : text.n;
        struct stir_slice number = first_number(stir_slice_of(text.p, n));
        if (number.n) /* the line was read: its first number has a holder, if only that of a range within */
            check_holders(table, stir_spc_table_find(table, number), number);
        text = stir_slice_of(text.p + n + (end != NULL), text.n - n - (end != NULL));
    }
    stir_spc_table_free(table);
    return 0;
}
