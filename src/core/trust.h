/* Inside of a trust snapshot, for the path check. */
#ifndef STIR_CORE_TRUST_H
#define STIR_CORE_TRUST_H

#include <stdatomic.h>
#include <stir/trust.h>

enum { STIR_DOMAIN_NAME = 32 };

_Static_assert(STIR_MAX_PA <= 64, "a set of the policy administrator's certificates is 64 bits: bit i is pa[i]");

enum { STIR_DOMAIN_OID = 80, STIR_DOMAIN_CODE = 3 };

/* What a domain asks of its own (domain.c). All zero: nothing. */
struct stir_domain_rules {
    char policy_oid[STIR_DOMAIN_POLICIES][STIR_DOMAIN_OID + 1];
    size_t n_policy_oids;
    size_t spc_min, spc_max;
    char country[STIR_DOMAIN_COUNTRIES][STIR_DOMAIN_CODE + 1];
    size_t n_countries;
};

/* One trust domain. What depends on no clock is settled when the snapshot is frozen: who signed what among the certificates and lists of the policy
 * administrator. Dates, scopes and lists of the calls' own CAs are left to the path check. */
struct stir_domain {
    char name[STIR_DOMAIN_NAME + 1];
    struct stir_domain_rules rules;
    struct stir_cert **anchors; /* in the order of their subjects' bytes, then of their fingerprints */
    size_t n_anchors, cap_anchors;
    struct stir_cert *pa[STIR_MAX_PA];
    size_t n_pa;
    uint64_t pa_issuers[STIR_MAX_PA]; /* who of them made the signature of pa[i], itself left out */
    uint64_t pa_roots;                /* where a path may end */
    struct stir_crl *crls[STIR_MAX_CRLS];
    size_t n_crls;
    int64_t crl_grace;                   /* seconds that lists count after their nextUpdate */
    uint64_t crl_signers[STIR_MAX_CRLS]; /* of indirect lists: who of pa[] bears the issuer's name and made the signature */
};

struct stir_trust {
    atomic_uint owners;
    uint64_t generation;
    struct stir_domain *domains[STIR_MAX_DOMAINS];
    size_t n_domains;
};

/* Check and copy what a domain is to ask. @return STIR_OK, STIR_EVALUE, STIR_EARG; `*out` is untouched unless STIR_OK. */
enum stir_err stir_domain_rules_read(struct stir_domain_rules *out, const struct stir_domain_options *options, struct stir_diag *diag) STIR_MUST_USE;

/* The policy OID is one of those that the domain names. */
bool stir_domain_accepts_policy(const struct stir_domain *domain, struct stir_slice oid);

/* A service provider code is as long as the domain's are. */
bool stir_domain_accepts_spc(const struct stir_domain *domain, struct stir_slice spc);

/* The domain vouches for numbers of the country that the canonical number `tn` begins with. */
bool stir_domain_accepts_tn(const struct stir_domain *domain, struct stir_slice tn);

/* The domain of that name; NULL when there is none. */
const struct stir_domain *stir_trust_find_domain(const struct stir_trust *trust, const char *name);

/* The anchors of `domain` whose subject is these DER bytes: `*n` of them from the answer on. */
struct stir_cert *const *stir_domain_anchors(const struct stir_domain *domain, struct stir_slice subject_der, size_t *n);

/* This very certificate is an anchor of `domain`. */
bool stir_domain_has_anchor(const struct stir_domain *domain, const struct stir_cert *cert);

#endif
