#include "core/lint.h"

#include "core/bytes.h"

/* Of SHAKEN: delegates are no such certificates. */
enum { EVERY_PROFILE = STIR_LINT_RFC | STIR_LINT_ATIS_V3 | STIR_LINT_ATIS_V4 | STIR_LINT_ATIS_V5 | STIR_LINT_CP_1_3 | STIR_LINT_CP_1_4 };

const struct stir_lint_rule *stir_lint_rule_at(size_t index)
{
    return index < stir_lint_n_rows ? &stir_lint_rows[index].rule : NULL;
}

unsigned stir_lint_profile_by_name(struct stir_slice name)
{
    static const struct {
        const char *name;
        unsigned profiles;
    } names[] = {
        {"v3", STIR_LINT_ATIS_V3}, {"v4", STIR_LINT_ATIS_V4},        {"v5", STIR_LINT_ATIS_V5},      {"cp1.3", STIR_LINT_CP_1_3}, {"cp1.4", STIR_LINT_CP_1_4},
        {"rfc", STIR_LINT_RFC},    {"delegate", STIR_LINT_DELEGATE}, {"default", STIR_LINT_DEFAULT}, {"all", EVERY_PROFILE},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (stir_slice_is(name, names[i].name))
            return names[i].profiles | STIR_LINT_RFC;
    return 0;
}

/* An empty name names nobody, and so not the same one twice. */
static enum stir_lint_role role_of(const struct stir_cert_info *cert)
{
    if (!cert->is_ca)
        return STIR_LINT_LEAF;
    return cert->self_issued && cert->n_rdn > 0 ? STIR_LINT_ROOT : STIR_LINT_INTERMEDIATE;
}

size_t stir_lint_cert(const struct stir_cert *cert, const struct stir_cert *issuer, unsigned profiles, stir_lint_cb report, void *arg)
{
    STIR_OSSL_QUIET;
    size_t errors = 0;
    if (!cert)
        return 0;
    struct stir_lint_subject s = {.cert = stir_cert_info(cert), .issuer = issuer ? stir_cert_info(issuer) : NULL};
    s.role = role_of(s.cert);
    for (size_t i = 0; i < stir_lint_n_rows; i++) {
        const struct stir_lint_row *row = &stir_lint_rows[i];
        struct stir_diag detail = {.text = ""};
        if (!(row->rule.profiles & (profiles | STIR_LINT_RFC)) || !(row->roles & s.role) || !row->departs(&s, &detail))
            continue;
        errors += row->rule.severity == STIR_LINT_ERROR;
        if (report)
            report(&row->rule, detail.text, arg);
    }
    return errors;
}
