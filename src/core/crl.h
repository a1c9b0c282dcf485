/* Inside of revocation lists: what crl_read.c fills and crl.c puts in order and searches. */
#ifndef STIR_CORE_CRL_H
#define STIR_CORE_CRL_H

#include <stdatomic.h>
#include <stir/crl.h>

#include "core/bytes.h"

/* Entries share their issuer: a hostile list of 2 MiB can have one name of 1 MiB in force for tens of thousands of entries, and no comparison of two entries
 * may then cost a megabyte. */
struct stir_crl_issuer {
    struct stir_slice der;
    size_t rank; /* equal names have equal ranks */
};

struct stir_crl_revoked {
    struct stir_slice serial; /* as it stands */
    struct stir_crl_issuer *issuer;
    int64_t at;
    int reason;
};

struct stir_crl {
    atomic_size_t owners;
    struct stir_crl_info info;
    unsigned char *der;
    char *issuer_text;
    struct stir_slice tbs, algorithm, signature;
    struct stir_crl_revoked *entries;       /* in the order of the list */
    const struct stir_crl_revoked **sorted; /* by rank of the issuer, then serial */
    struct stir_crl_issuer *issuers;        /* [0] is the list's own; then one for each certificateIssuer */
    const struct stir_crl_issuer **names;   /* one of each rank, in their order */
    size_t n_issuers, n_names;
};

/* Fill `crl` from `der`, which it owns; entries unsorted. @return STIR_OK, STIR_EDER, STIR_ELIMIT, STIR_ENOMEM. */
enum stir_err stir_crl_read(struct stir_crl *crl, struct stir_slice der, struct stir_diag *diag) STIR_MUST_USE;

#endif
