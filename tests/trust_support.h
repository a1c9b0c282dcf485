/* What the tests of trust, chain and revocation share: snapshots and chains from the files of tests/data. */
#ifndef STIR_TESTS_TRUST_SUPPORT_H
#define STIR_TESTS_TRUST_SUPPORT_H

#include "support.h"

/* All certificates of a PEM file; each is the caller's. */
static inline size_t support_certs(struct stir_cert **out, size_t max, const char *file)
{
    size_t n = 0;
    struct stir_diag diag = {0};
    struct stir_slice pem = support_file(file);
    if (stir_certs_parse(out, max, &n, pem, &diag) != STIR_OK)
        fail_msg("%s: %s", file, diag.text);
    support_free(pem);
    return n;
}

static inline void support_certs_free(struct stir_cert **certs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        stir_cert_free(certs[i]);
}

static inline struct stir_trust_builder *support_builder(void)
{
    struct stir_trust_builder *builder = NULL;
    assert_err(stir_trust_builder_new(&builder), STIR_OK);
    return builder;
}

static inline struct stir_trust *support_freeze(struct stir_trust_builder *builder, uint64_t generation)
{
    struct stir_trust *trust = NULL;
    assert_err(stir_trust_freeze(&trust, builder, generation), STIR_OK);
    return trust;
}

static inline void support_add_anchors(struct stir_trust_builder *builder, const char *file)
{
    struct stir_slice pem = support_file(file);
    assert_err(stir_trust_add_pem(builder, pem, NULL), STIR_OK);
    support_free(pem);
}

/* A snapshot whose anchors are the certificates of one file; no file, no anchors. */
static inline struct stir_trust *support_trust(const char *file)
{
    struct stir_trust_builder *builder = support_builder();
    if (file)
        support_add_anchors(builder, file);
    return support_freeze(builder, 1);
}

static inline struct stir_policy support_policy(const char *preset)
{
    struct stir_policy policy;
    assert_err(stir_policy_preset(&policy, S(preset)), STIR_OK);
    return policy;
}

static inline struct stir_chain *support_chain(const char *file, const struct stir_trust *trust, const struct stir_policy *policy, int64_t now)
{
    struct stir_chain *chain = NULL;
    struct stir_slice pem = support_file(file);
    assert_err(stir_chain_from_pem(&chain, pem, trust, policy, now), STIR_OK);
    support_free(pem);
    return chain;
}

static inline bool support_has_reason(const struct stir_chain *chain, enum stir_reason reason)
{
    const struct stir_chain_info *info = stir_chain_info(chain);
    for (size_t i = 0; i < info->n_reasons; i++)
        if (info->reasons[i] == reason)
            return true;
    return false;
}

/* The first reason that is fatal under `policy`. */
static inline enum stir_reason support_fatal(const struct stir_chain *chain, const struct stir_policy *policy)
{
    const struct stir_chain_info *info = stir_chain_info(chain);
    for (size_t i = 0; i < info->n_reasons; i++)
        if (stir_policy_severity(policy, info->reasons[i]) == STIR_SEVERITY_FAIL)
            return info->reasons[i];
    return STIR_R_NONE;
}

#endif
