/* Lists of numbers with their evidence: what is read answers every question the same way as its lines do, and what is refused says which line. */
#include <stdlib.h>

#include "service/numbers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1790000000 };

static void hold(bool fact)
{
    if (!fact)
        abort();
}

/* Numbers of the text itself are asked for: those are at the edges of its ranges. */
static void ask(const struct stir_number_set *set, struct stir_slice digits)
{
    struct stir_number number = stir_number_of(digits);
    struct stir_number_hit any, his;
    bool found = stir_number_set_has(set, &number, stir_slice_of(NULL, 0), NOW, &any);
    hold(!found || number.value);
    if (!found)
        return;
    hold(any.line > 0 && any.customer.n > 0);
    if (any.evidence) {
        hold(any.until > NOW && any.reference[0] && stir_evidence_text(any.evidence)[0]);
        hold(stir_number_set_has(set, &number, any.customer, NOW, &his) && his.line == any.line);
        hold(!stir_number_set_has(set, &number, stir_slice_of(NULL, 0), any.until, &his));
    } else {
        hold(!number.toll_free);
    }
}

static void check(enum stir_conf_numbers_kind kind, struct stir_slice text)
{
    struct stir_number_set *set = NULL;
    struct stir_diag diag = {0};
    enum stir_err err = stir_number_set_parse(&set, kind, text, &diag);
    hold((err == STIR_OK) == (set != NULL) && (err == STIR_OK || diag.text[0]));
    if (!set)
        return;
    hold(stir_number_set_over(set, NOW) <= stir_number_set_lines(set) && stir_number_set_bytes(set) > 0);
    stir_number_set_holds_toll_free(set);
    for (size_t i = 0; i < text.n; i++) {
        size_t n = 0;
        while (i + n < text.n && text.p[i + n] >= '0' && text.p[i + n] <= '9')
            n++;
        if (n)
            ask(set, stir_slice_of(text.p + i, n));
        i += n;
    }
    stir_number_set_free(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stir_slice text = stir_slice_of(data ? (const void *)data : "", size);
    check(STIR_NUMBERS_OWNED, text);
    check(STIR_NUMBERS_EVIDENCE, text);
    return 0;
}
