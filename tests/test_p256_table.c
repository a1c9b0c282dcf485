/* Keys with tables: whatever EVP answers, they answer. */
#include "quiet.h"
#include "support.h"

#include <openssl/rand.h>

/* The generator's own SubjectPublicKeyInfo: private value 1, so that every case can be made by hand. */
#define G_SPKI                                                         \
    "3059301306072a8648ce3d020106082a8648ce3d03010703420004"           \
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296" \
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
#define ORDER_1 "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550"
#define ONE "0000000000000000000000000000000000000000000000000000000000000001"
#define SOME "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct world {
    struct stir_es256_ctx *ctx, *plain_ctx;
};

static int set_up(void **state)
{
    static struct world w;
    assert_err(stir_es256_ctx_new(&w.ctx), STIR_OK);
    assert_err(stir_es256_ctx_new(&w.plain_ctx), STIR_OK);
    *state = &w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    stir_es256_ctx_free(w->ctx);
    stir_es256_ctx_free(w->plain_ctx);
    return 0;
}

static struct stir_slice sig_of(const unsigned char *sig)
{
    return stir_slice_of(sig, STIR_ES256_SIG);
}

/* The same public key twice, one of them prepared. */
static void twins(struct stir_key **plain, struct stir_key **prepared, struct stir_slice spki)
{
    assert_err(stir_key_from_spki(plain, spki, NULL), STIR_OK);
    assert_err(stir_key_from_spki(prepared, spki, NULL), STIR_OK);
    assert_quiet_err(stir_key_prepare(*prepared), STIR_OK);
    assert_err(stir_key_prepare(*prepared), STIR_OK); /* once is enough */
}

static void agree(struct world *w, struct stir_key *plain, struct stir_key *prepared, const unsigned char *digest, const unsigned char *sig, const char *what)
{
    enum stir_err by_evp = stir_es256_verify(w->plain_ctx, plain, digest, sig_of(sig));
    enum stir_err by_table = stir_es256_verify(w->ctx, prepared, digest, sig_of(sig));
    if (by_evp != by_table)
        fail_msg("%s: EVP answers %s, the table %s", what, stir_err_name(by_evp), stir_err_name(by_table));
}

static void random_signatures_and_bent_ones_are_judged_alike(void **state)
{
    struct world *w = *state;
    for (int k = 0; k < 4; k++) {
        struct stir_key *key = NULL, *plain = NULL, *prepared = NULL;
        assert_err(stir_key_generate(&key), STIR_OK);
        twins(&plain, &prepared, stir_key_spki(key));
        for (int i = 0; i < 150; i++) {
            unsigned char digest[STIR_SHA256], sig[STIR_ES256_SIG], bent;
            assert_int_equal(RAND_bytes(digest, sizeof(digest)), 1);
            if (i == 0)
                memset(digest, 0, sizeof(digest));
            if (i == 1)
                memset(digest, 0xff, sizeof(digest)); /* beyond the order */
            assert_err(stir_es256_sign(w->ctx, key, digest, sig), STIR_OK);
            assert_err(stir_es256_verify(w->ctx, prepared, digest, sig_of(sig)), STIR_OK);
            assert_err(stir_es256_verify(w->plain_ctx, plain, digest, sig_of(sig)), STIR_OK);
            assert_int_equal(RAND_bytes(&bent, 1), 1);
            sig[bent % STIR_ES256_SIG] ^= (unsigned char)(1u << (bent >> 5));
            assert_err(stir_es256_verify(w->ctx, prepared, digest, sig_of(sig)), STIR_ESIG);
            sig[bent % STIR_ES256_SIG] ^= (unsigned char)(1u << (bent >> 5));
            digest[bent % STIR_SHA256] ^= 1;
            assert_err(stir_es256_verify(w->ctx, prepared, digest, sig_of(sig)), STIR_ESIG);
        }
        stir_key_free(key);
        stir_key_free(plain);
        stir_key_free(prepared);
    }
}

/* Sums that meet: equal points (a doubling), opposite ones (infinity), a part that is infinity. */
static void points_that_meet_are_judged_alike(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *what, *digest, *r, *s;
    } rows[] = {
        {"e = r, so that both points are the same", ONE, ONE, SOME},
        {"e = -r, so that the sum is infinity", ORDER_1, ONE, SOME},
        {"e = 0, so that one part is infinity", "0000000000000000000000000000000000000000000000000000000000000000", ONE, SOME},
        {"s = 1", SOME, ONE, ONE},
        {"s = n - 1", SOME, ONE, ORDER_1},
        {"r = n - 1", SOME, ORDER_1, SOME},
        {"all the same", SOME, SOME, SOME},
    };
    unsigned char spki[128], digest[STIR_SHA256], sig[STIR_ES256_SIG];
    struct stir_key *plain = NULL, *prepared = NULL;
    size_t n = support_hex(spki, sizeof(spki), G_SPKI);
    twins(&plain, &prepared, stir_slice_of(spki, n));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        support_hex(digest, sizeof(digest), rows[i].digest);
        support_hex(sig, 32, rows[i].r);
        support_hex(sig + 32, 32, rows[i].s);
        agree(w, plain, prepared, digest, sig, rows[i].what);
    }
    /* A good one made by hand, d = 1: r is the x of 1*G, s = e + r with k = 1; any e will do. */
    support_hex(sig, 32, "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296");
    support_hex(sig + 32, 32, "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c297");
    support_hex(digest, sizeof(digest), ONE);
    assert_err(stir_es256_verify(w->ctx, prepared, digest, sig_of(sig)), STIR_OK);
    assert_err(stir_es256_verify(w->plain_ctx, plain, digest, sig_of(sig)), STIR_OK);
    stir_key_free(plain);
    stir_key_free(prepared);
}

static void form_is_judged_before_the_table_is_asked(void **state)
{
    struct world *w = *state;
    struct stir_key *key = NULL;
    unsigned char digest[STIR_SHA256] = {1}, sig[STIR_ES256_SIG] = {0};
    assert_err(stir_key_generate(&key), STIR_OK);
    assert_err(stir_key_prepare(key), STIR_OK);
    assert_err(stir_es256_verify(w->ctx, key, digest, sig_of(sig)), STIR_ESIG); /* r = s = 0 */
    memset(sig, 0xff, sizeof(sig));
    assert_err(stir_es256_verify(w->ctx, key, digest, sig_of(sig)), STIR_ESIG);
    assert_err(stir_es256_verify(w->ctx, key, digest, stir_slice_of(sig, 63)), STIR_ESIG);
    assert_err(stir_es256_sign(w->ctx, key, digest, sig), STIR_OK); /* a private key with a table signs as before */
    assert_err(stir_es256_verify(w->ctx, key, digest, sig_of(sig)), STIR_OK);
    assert_err(stir_key_prepare(NULL), STIR_EARG);
    stir_key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_signatures_and_bent_ones_are_judged_alike),
        cmocka_unit_test(points_that_meet_are_judged_alike),
        cmocka_unit_test(form_is_judged_before_the_table_is_asked),
    };
    return cmocka_run_group_tests_name("p256_table", tests, set_up, tear_down);
}
