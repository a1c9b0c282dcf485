/* Lint: any certificate, held against every edition, alone and as its own issuer. */
#include <stdlib.h>
#include <stir/lint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(bool fact)
{
    if (!fact)
        abort();
}

/* Reported rules, as one bit each, and how many are errors. */
struct seen {
    bool rule[256];
    size_t n, errors;
};

static void note(const struct stir_lint_rule *rule, const char *detail, void *arg)
{
    struct seen *seen = arg;
    size_t at = 0;
    while (stir_lint_rule_at(at) != rule)
        hold(stir_lint_rule_at(at++) != NULL);
    hold(!seen->rule[at]);
    seen->rule[at] = true;
    seen->n++;
    seen->errors += rule->severity == STIR_LINT_ERROR;
    for (; *detail; detail++)
        hold((unsigned char)*detail >= 0x20 && *detail != 0x7f);
}

static struct seen lint(const struct stir_cert *cert, const struct stir_cert *issuer, unsigned profiles)
{
    struct seen seen = {.n = 0};
    hold(stir_lint_cert(cert, issuer, profiles, note, &seen) == seen.errors);
    return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stir_cert *cert = NULL;
    if (stir_cert_parse(&cert, stir_slice_of(data ? (const void *)data : "", size), NULL) != STIR_OK)
        return 0;
    struct seen all = lint(cert, NULL, ~0u), own = lint(cert, cert, ~0u);
    hold(own.n >= all.n);
    for (unsigned bit = 1; bit <= STIR_LINT_RFC; bit <<= 1) {
        struct seen one = lint(cert, NULL, bit);
        for (size_t i = 0; stir_lint_rule_at(i); i++)
            hold(one.rule[i] == (all.rule[i] && stir_lint_rule_at(i)->profiles & (bit | STIR_LINT_RFC)));
    }
    stir_cert_free(cert);
    return 0;
}
