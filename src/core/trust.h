/* Inside of a trust snapshot, for the path check. */
#ifndef STIR_CORE_TRUST_H
#define STIR_CORE_TRUST_H

#include <stdatomic.h>
#include <stir/trust.h>

enum { STIR_DOMAIN_NAME = 32 };

_Static_assert(STIR_MAX_PA <= 64, "a set of the policy administrator's certificates is 64 bits: bit i is pa[i]");

/* One trust domain. What depends on no clock is settled when the snapshot is frozen: who signed what among the certificates and lists of the policy
 * administrator. Dates, scopes and lists of the calls' own CAs are left to the path check. */
struct stir_domain {
    char name[STIR_DOMAIN_NAME + 1];
    struct stir_cert **anchors; /* in the order of their subjects' bytes, then of their fingerprints */
    size_t n_anchors, cap_anchors;
    struct stir_cert *pa[STIR_MAX_PA];
    size_t n_pa;
    uint64_t pa_issuers[STIR_MAX_PA]; /* who of them made the signature of pa[i], itself left out */
    uint64_t pa_roots;                /* where a path may end */
    struct stir_crl *crls[STIR_MAX_CRLS];
    size_t n_crls;
    uint64_t crl_signers[STIR_MAX_CRLS]; /* of indirect lists: who of pa[] bears the issuer's name and made the signature */
};

struct stir_trust {
    atomic_uint owners;
    uint64_t generation;
    struct stir_domain *domains[STIR_MAX_DOMAINS];
    size_t n_domains;
};

/* The anchors of `domain` whose subject is these DER bytes: `*n` of them from the answer on. */
struct stir_cert *const *stir_domain_anchors(const struct stir_domain *domain, struct stir_slice subject_der, size_t *n);

/* This very certificate is an anchor of `domain`. */
bool stir_domain_has_anchor(const struct stir_domain *domain, const struct stir_cert *cert);

#endif
