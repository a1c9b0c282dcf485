/* Certificates in the making: what cert_write_check.c allows and cert_write.c writes. */
#ifndef STIR_CORE_CERT_WRITE_H
#define STIR_CORE_CERT_WRITE_H

#include "core/cert.h"

/* What a role makes of a certificate. */
struct stir_cert_traits {
    const char *what; /* "a root", before "certificate" */
    enum stir_key_usage usage;
    bool is_ca;
    bool has_list; /* a TNAuthList: always, or never */
};

/* One certificate in the making: everything that was checked. */
struct stir_cert_plan {
    struct stir_cert_params p;
    const struct stir_cert_traits *traits;
    const struct stir_cert_info *issuer; /* NULL for a root */
    struct stir_key *signing_key;
    struct stir_key *key; /* of the subject */
};

/* @return as stir_cert_make(). */
enum stir_err stir_cert_plan_make(struct stir_cert_plan *plan, const struct stir_cert_params *params, struct stir_key *signing_key,
                                  struct stir_diag *diag) STIR_MUST_USE;

#endif
