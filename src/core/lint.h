/* Inside of lint: what a rule sees, and the table. */
#ifndef STIR_CORE_LINT_H
#define STIR_CORE_LINT_H

#include <stir/lint.h>

enum stir_lint_role {
    STIR_LINT_ROOT = 1 << 0,
    STIR_LINT_INTERMEDIATE = 1 << 1,
    STIR_LINT_LEAF = 1 << 2,
};

/* The certificate in question; `issuer` may be NULL. */
struct stir_lint_subject {
    const struct stir_cert_info *cert, *issuer;
    enum stir_lint_role role;
};

/* A rule and whom it is for. `departs` says whether the certificate breaks it, and may say more in `detail`, whose text is "" before. */
struct stir_lint_row {
    struct stir_lint_rule rule;
    unsigned roles;
    bool (*departs)(const struct stir_lint_subject *s, struct stir_diag *detail);
};

extern const struct stir_lint_row stir_lint_rows[];
extern const size_t stir_lint_n_rows;

#endif
