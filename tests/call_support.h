/* What the tests of verify, attest and verdict share: a root, an intermediate and a provider's certificate for 709J, made once, and calls signed under them. */
#ifndef STIR_TESTS_CALL_SUPPORT_H
#define STIR_TESTS_CALL_SUPPORT_H

#include "trust_support.h"

#define NOW INT64_C(1790000000) /* 2026-09-21: all calls of these tests are made then */
#define X5U "https://cr.example.com/709J.pem"
#define ORIGID "123e4567-e89b-12d3-a456-426655440000"
#define ORIG "12155551212"
#define DEST "12125550100"

struct pki {
    struct stir_es256_ctx *ctx;
    struct stir_key *root_key, *ca_key, *key;
    struct stir_key_signer root_held, ca_held, held;
    struct stir_signer root_signer, ca_signer, signer;
    struct stir_cert *root, *ca, *leaf;
    struct stir_tnauth *list;
    struct stir_trust *trust;
    char pem[3 * 4096]; /* leaf and intermediate, as an x5u body */
    size_t pem_len;
};

static inline void pki_add_pem(struct pki *p, const struct stir_cert *cert)
{
    size_t n = 0;
    assert_err(stir_cert_write_pem(p->pem + p->pem_len, sizeof(p->pem) - p->pem_len, &n, cert), STIR_OK);
    p->pem_len += n;
}

static inline struct stir_tnauth *pki_list(const struct stir_tnauth_entry *entries, size_t n)
{
    struct stir_tnauth *list = NULL;
    assert_err(stir_tnauth_new(&list, entries, n, NULL), STIR_OK);
    return list;
}

/* An end-entity certificate over `entries` for the PKI's key. */
static inline struct stir_cert *pki_leaf(struct pki *p, const struct stir_tnauth *list, int64_t from, int64_t until)
{
    struct stir_cert_params params = STIR_CERT_PARAMS_INIT;
    struct stir_cert *cert = NULL;
    struct stir_diag diag = {0};
    params.role = STIR_CERT_END_ENTITY;
    params.cn = S("SHAKEN 709J");
    params.o = S("Test Provider");
    params.c = S("US");
    params.tnauth = list;
    params.key = p->key;
    params.issuer = p->ca;
    params.not_before = from;
    params.not_after = until;
    params.policy = S("2.16.840.1.114569.1.1.4");
    params.crl_url = S("https://pa.example.com/crl");
    params.crl_issuer = S("CN=PA,O=PA,C=US");
    if (stir_cert_make(&cert, &params, &p->ca_signer, &diag) != STIR_OK)
        fail_msg("leaf: %s", diag.text);
    return cert;
}

/* Certificates that are good at `now` and for some weeks to both sides. */
static inline void pki_make_at(struct pki *p, int64_t now)
{
    struct stir_cert_params params = STIR_CERT_PARAMS_INIT;
    struct stir_tnauth_entry spc = {STIR_TNAUTH_SPC, S("709J"), 0};
    memset(p, 0, sizeof(*p));
    assert_err(stir_es256_ctx_new(&p->ctx), STIR_OK);
    assert_err(stir_key_generate(&p->root_key), STIR_OK);
    assert_err(stir_key_generate(&p->ca_key), STIR_OK);
    assert_err(stir_key_generate(&p->key), STIR_OK);
    p->root_held = (struct stir_key_signer){p->root_key, p->ctx};
    p->ca_held = (struct stir_key_signer){p->ca_key, p->ctx};
    p->held = (struct stir_key_signer){p->key, p->ctx};
    p->root_signer = stir_signer_of_key(&p->root_held);
    p->ca_signer = stir_signer_of_key(&p->ca_held);
    p->signer = stir_signer_of_key(&p->held);
    p->list = pki_list(&spc, 1);
    params.role = STIR_CERT_ROOT;
    params.cn = S("SHAKEN Test ROOT");
    params.o = S("Test Authority");
    params.c = S("US");
    params.not_before = now - 10 * 86400;
    params.not_after = now + 1000 * 86400;
    assert_err(stir_cert_make(&p->root, &params, &p->root_signer, NULL), STIR_OK);
    params.role = STIR_CERT_INTERMEDIATE;
    params.cn = S("SHAKEN Test Intermediate");
    params.issuer = p->root;
    params.key = p->ca_key;
    params.not_before = now - 9 * 86400;
    params.not_after = now + 900 * 86400;
    assert_err(stir_cert_make(&p->ca, &params, &p->root_signer, NULL), STIR_OK);
    p->leaf = pki_leaf(p, p->list, now - 8 * 86400, now + 100 * 86400);
    struct stir_trust_builder *builder = support_builder();
    assert_err(stir_trust_add_anchor(builder, p->root), STIR_OK);
    p->trust = support_freeze(builder, 7);
    pki_add_pem(p, p->leaf);
    pki_add_pem(p, p->ca);
}

static inline void pki_make(struct pki *p)
{
    pki_make_at(p, NOW);
}

static inline void pki_free(struct pki *p)
{
    stir_trust_free(p->trust);
    stir_tnauth_free(p->list);
    stir_cert_free(p->leaf);
    stir_cert_free(p->ca);
    stir_cert_free(p->root);
    stir_key_free(p->key);
    stir_key_free(p->ca_key);
    stir_key_free(p->root_key);
    stir_es256_ctx_free(p->ctx);
}

/* A token over exactly these JSON texts, with these header parameters behind it. */
static inline void pki_sign(struct pki *p, char *buf, size_t cap, const char *header, const char *payload, const char *params)
{
    struct stir_diag diag = {0};
    size_t n = 0;
    if (stir_attest_claims(buf, cap, &n, S(header), S(payload), &p->signer, p->ctx, &diag) != STIR_OK)
        fail_msg("%s . %s: %s", header, payload, diag.text);
    assert_true(n + strlen(params) < cap);
    memcpy(buf + n, params, strlen(params) + 1);
}

#define GOOD_HEADER "{\"alg\":\"ES256\",\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"" X5U "\"}"
#define GOOD_PAYLOAD "{\"attest\":\"A\",\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":1790000000,\"orig\":{\"tn\":\"" ORIG "\"},\"origid\":\"" ORIGID "\"}"
#define GOOD_PARAMS ";info=<" X5U ">;alg=ES256;ppt=shaken"

/* Verify with one body for every need; the verdict is the caller's. */
static inline struct stir_verdict *call_verify(const struct stir_call *call, const struct stir_policy *policy, struct stir_trust *trust, struct stir_slice pem,
                                               int64_t now)
{
    struct stir_verify *v = NULL;
    struct stir_verdict *verdict = NULL;
    const struct stir_need *needs = NULL;
    size_t n = 0;
    assert_err(stir_verify_new(&v, call, policy, trust, NULL, now), STIR_OK);
    assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(needs[i].kind, STIR_NEED_CERT);
        assert_err(stir_verify_supply_pem(v, needs[i].id, pem), STIR_OK);
    }
    assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
    assert_int_equal(n, 0);
    assert_err(stir_verify_take(v, &verdict), STIR_OK);
    stir_verify_free(v);
    return verdict;
}

static inline struct stir_call call_of(const struct stir_slice *identity, const char *from, const char *to)
{
    struct stir_call call = STIR_CALL_INIT;
    call.identity = identity;
    call.n_identity = 1;
    call.from = S(from);
    call.to = S(to);
    return call;
}

static inline const struct stir_check *check_of(const struct stir_verdict *verdict, enum stir_check_id id)
{
    assert_true(verdict->n_tokens > 0);
    return &verdict->tokens[0].checks[id - 1];
}

#endif
