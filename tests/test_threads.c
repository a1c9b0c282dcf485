/* What "may be shared by threads" promises: key, certificate, chain and trust in many hands at once. Built with ThreadSanitizer, whatever the other tests are
 * built with. */
#include "call_support.h"

#include <pthread.h>

enum { THREADS = 4, CALLS = 60 };

struct shared {
    struct pki pki;
    struct stir_chain *chain;
    struct stir_policy policy;
    char good[4096], bad[4096];
};

/* One call judged with the shared chain: by its own context, or by one that the verification makes. */
static bool judge(struct shared *s, struct stir_es256_ctx *ctx, const char *identity, enum stir_reason wanted)
{
    struct stir_slice value = S(identity);
    struct stir_call call = call_of(&value, ORIG, DEST);
    struct stir_verify *v = NULL;
    struct stir_verdict *verdict = NULL;
    const struct stir_need *needs;
    size_t n;
    bool right = stir_verify_new(&v, &call, &s->policy, s->pki.trust, ctx, NOW) == STIR_OK && stir_verify_next(v, &needs, &n) == STIR_OK && n == 1 &&
                 stir_verify_supply_chain(v, needs[0].id, s->chain) == STIR_OK && stir_verify_next(v, &needs, &n) == STIR_OK &&
                 stir_verify_take(v, &verdict) == STIR_OK;
    right = right && verdict->reason == wanted;
    stir_verify_free(v);
    stir_verdict_free(verdict);
    return right;
}

static bool sign(struct shared *s, struct stir_es256_ctx *ctx)
{
    struct stir_key_signer held = {s->pki.key, ctx};
    struct stir_signer signer = stir_signer_of_key(&held);
    struct stir_attest_params params = STIR_ATTEST_PARAMS_INIT;
    struct stir_party orig = {0}, dest = {0};
    char value[4096];
    size_t n;
    if (stir_party_parse(&orig, S(ORIG), NULL) != STIR_OK || stir_party_parse(&dest, S(DEST), NULL) != STIR_OK)
        return false;
    params.claims.ppt = STIR_PPT_SHAKEN;
    params.claims.x5u = S(X5U);
    params.claims.attest = 'A';
    params.claims.origid = S(ORIGID);
    params.claims.orig = &orig;
    params.claims.dest = &dest;
    params.claims.n_dest = 1;
    params.cert = s->pki.leaf;
    params.now = NOW;
    return stir_attest(value, sizeof(value), &n, &params, &signer, ctx, NULL) == STIR_OK && judge(s, ctx, value, STIR_R_NONE);
}

/* Counted objects come and go while others use them. */
static bool count(struct shared *s)
{
    struct stir_chain *chain = NULL;
    bool right =
        stir_chain_from_pem(&chain, stir_slice_of(s->pki.pem, s->pki.pem_len), s->pki.trust, &s->policy, NOW) == STIR_OK && stir_chain_info(chain)->trusted;
    stir_chain_free(chain);
    stir_chain_free(stir_chain_ref(s->chain));
    stir_key_free(stir_key_ref(s->pki.key));
    stir_cert_free(stir_cert_ref(s->pki.leaf));
    stir_trust_free(stir_trust_ref(s->pki.trust));
    return right;
}

static void *work(void *arg)
{
    struct shared *s = arg;
    struct stir_es256_ctx *ctx = NULL;
    bool right = stir_es256_ctx_new(&ctx) == STIR_OK;
    for (int i = 0; right && i < CALLS; i++) {
        right = judge(s, i % 2 ? ctx : NULL, s->good, STIR_R_NONE) && judge(s, ctx, s->bad, STIR_R_SIGNATURE_BAD) && sign(s, ctx);
        if (right && i % 10 == 0)
            right = count(s);
        if (right && i == CALLS / 2) /* a table appears under the hands of the others */
            right = stir_chain_prepare(s->chain) == STIR_OK;
    }
    stir_es256_ctx_free(ctx);
    return right ? s : NULL;
}

static void shared_objects_bear_many_threads(void **state)
{
    (void)state;
    struct shared *s = calloc(1, sizeof(*s));
    pthread_t threads[THREADS];
    assert_non_null(s);
    pki_make(&s->pki);
    s->policy = support_policy("shaken");
    pki_sign(&s->pki, s->good, sizeof(s->good), GOOD_HEADER, GOOD_PAYLOAD, GOOD_PARAMS);
    memcpy(s->bad, s->good, sizeof(s->bad));
    char *signature = strchr(strchr(s->bad, '.') + 1, '.') + 10; /* within r */
    *signature = *signature == 'A' ? 'B' : 'A';
    assert_err(stir_chain_from_pem(&s->chain, stir_slice_of(s->pki.pem, s->pki.pem_len), s->pki.trust, &s->policy, NOW), STIR_OK);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, s), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *right = NULL;
        assert_int_equal(pthread_join(threads[i], &right), 0);
        assert_non_null(right);
    }
    stir_chain_free(s->chain);
    pki_free(&s->pki);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_objects_bear_many_threads),
    };
    return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
