/* ES256: what is signed verifies, everything else does not, and r||s is the only form. */
#include "quiet.h"

#include "core/es256.h"

#define ZEROS31 "00000000000000000000000000000000000000000000000000000000000000"
#define ONE ZEROS31 "01"
#define ZERO ZEROS31 "00"
#define ORDER "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define ORDER_1 "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550"
#define ALL "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define G_SPKI                                                                                                                                                \
    "3059301306072a8648ce3d020106082a8648ce3d030107034200046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162" \
    "bce33576b315ececbb6406837bf51f5"

struct world {
    struct stir_es256_ctx *ctx;
    struct stir_key *key, *other, *generator; /* private, private, public: the key whose private value is 1 */
    unsigned char digest[STIR_SHA256], sig[STIR_ES256_SIG];
};

static int set_up(void **state)
{
    static struct world w;
    unsigned char spki[128];
    size_t n = support_hex(spki, sizeof(spki), G_SPKI);
    assert_err(stir_es256_ctx_new(&w.ctx), STIR_OK);
    assert_err(stir_key_generate(&w.key), STIR_OK);
    assert_err(stir_key_generate(&w.other), STIR_OK);
    assert_err(stir_key_from_spki(&w.generator, stir_slice_of(spki, n), NULL), STIR_OK);
    assert_err(stir_es256_digest(w.ctx, S("header.payload"), w.digest), STIR_OK);
    assert_err(stir_es256_sign(w.ctx, w.key, w.digest, w.sig), STIR_OK);
    *state = &w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    stir_es256_ctx_free(w->ctx);
    stir_key_free(w->key);
    stir_key_free(w->other);
    stir_key_free(w->generator);
    return 0;
}

static struct stir_slice sig_of(const unsigned char *sig)
{
    return stir_slice_of(sig, STIR_ES256_SIG);
}

static void digest_is_sha256(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *text, *hex;
    } rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        unsigned char got[STIR_SHA256], wanted[STIR_SHA256];
        support_hex(wanted, sizeof(wanted), rows[i].hex);
        assert_err(stir_es256_digest(w->ctx, S(rows[i].text), got), STIR_OK);
        assert_memory_equal(got, wanted, sizeof(got));
    }
    unsigned char absent[STIR_SHA256], wanted[STIR_SHA256];
    support_hex(wanted, sizeof(wanted), rows[0].hex);
    assert_err(stir_es256_digest(w->ctx, stir_slice_of(NULL, 0), absent), STIR_OK);
    assert_memory_equal(absent, wanted, sizeof(wanted));
}

/*= RFC7518-3.4 test */
static void es256_verifies_what_it_signed_and_nothing_else(void **state)
{
    struct world *w = *state;
    assert_err(stir_es256_verify(w->ctx, w->key, w->digest, sig_of(w->sig)), STIR_OK);
    assert_err(stir_es256_verify(w->ctx, w->other, w->digest, sig_of(w->sig)), STIR_ESIG);
    for (size_t bit = 0; bit < STIR_ES256_SIG * 8; bit++) {
        unsigned char bent[STIR_ES256_SIG];
        memcpy(bent, w->sig, sizeof(bent));
        bent[bit / 8] ^= (unsigned char)(1 << bit % 8);
        enum stir_err err = stir_es256_verify(w->ctx, w->key, w->digest, sig_of(bent));
        if (err != STIR_ESIG)
            fail_msg("bit %zu of the signature flipped: %s", bit, stir_err_name(err));
    }
    for (size_t bit = 0; bit < STIR_SHA256 * 8; bit++) {
        unsigned char bent[STIR_SHA256];
        memcpy(bent, w->digest, sizeof(bent));
        bent[bit / 8] ^= (unsigned char)(1 << bit % 8);
        enum stir_err err = stir_es256_verify(w->ctx, w->key, bent, sig_of(w->sig));
        if (err != STIR_ESIG)
            fail_msg("bit %zu of the digest flipped: %s", bit, stir_err_name(err));
    }
}

static void es256_refuses_r_and_s_out_of_range(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *name, *number;
    } bad[] = {{"0", ZERO}, {"n", ORDER}, {"n+1", "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552"}, {"2^256-1", ALL}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        for (size_t half = 0; half < 2; half++) {
            unsigned char sig[STIR_ES256_SIG];
            memcpy(sig, w->sig, sizeof(sig));
            support_hex(sig + half * 32, 32, bad[i].number);
            enum stir_err err = stir_es256_verify(w->ctx, w->key, w->digest, sig_of(sig));
            if (err != STIR_ESIG)
                fail_msg("%s = %s: %s", half ? "s" : "r", bad[i].name, stir_err_name(err));
        }
}

/* r + n is no r, even when it fits into 32 bytes: a signature has one spelling (up to the sign of s). */
static void es256_refuses_r_plus_n(void **state)
{
    struct world *w = *state;
    /* r = 1 with the generator's key: any signature whose r is that small would do; the verdict must come from the range alone. */
    unsigned char sig[STIR_ES256_SIG], small[STIR_ES256_SIG], der[STIR_ECDSA_DER];
    support_hex(small, 32, ONE);
    support_hex(small + 32, 32, ONE);
    memcpy(sig, small, sizeof(sig));
    support_hex(sig, 32, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552");
    assert_true(stir_es256_to_der(der, small) > 0);
    assert_int_equal(stir_es256_to_der(der, sig), 0);
    assert_err(stir_es256_verify(w->ctx, w->generator, w->digest, sig_of(sig)), STIR_ESIG);
}

static void es256_refuses_other_lengths_than_64(void **state)
{
    struct world *w = *state;
    unsigned char long_sig[200] = {0}, der[STIR_ECDSA_DER];
    memcpy(long_sig, w->sig, sizeof(w->sig));
    for (size_t n = 0; n <= sizeof(long_sig); n++)
        if (n != STIR_ES256_SIG) {
            enum stir_err err = stir_es256_verify(w->ctx, w->key, w->digest, stir_slice_of(long_sig, n));
            if (err != STIR_ESIG)
                fail_msg("%zu bytes: %s", n, stir_err_name(err));
        }
    size_t n = stir_es256_to_der(der, w->sig);
    assert_in_range(n, 68, 72);
    assert_err(stir_es256_verify(w->ctx, w->key, w->digest, stir_slice_of(der, n)), STIR_ESIG);
}

/* e = -r*d makes u1*G + u2*Q the point at infinity: OpenSSL answers an error there, we a bad signature. */
static void es256_takes_the_point_at_infinity_for_a_bad_signature(void **state)
{
    struct world *w = *state;
    unsigned char sig[STIR_ES256_SIG], digest[STIR_SHA256];
    support_hex(sig, 32, ONE);
    support_hex(sig + 32, 32, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    support_hex(digest, sizeof(digest), ORDER_1); /* d = 1, r = 1: e = n - 1 */
    assert_quiet_err(stir_es256_verify(w->ctx, w->generator, digest, sig_of(sig)), STIR_ESIG);
    assert_err(stir_es256_verify(w->ctx, w->key, w->digest, sig_of(w->sig)), STIR_OK);
}

static void es256_signs_only_with_a_private_key(void **state)
{
    struct world *w = *state;
    unsigned char sig[STIR_ES256_SIG] = {7};
    assert_err(stir_es256_sign(w->ctx, w->generator, w->digest, sig), STIR_EKEY);
    assert_int_equal(sig[0], 7);
}

/* Two signatures with one nonce give the private key away. */
static void es256_never_uses_a_nonce_twice(void **state)
{
    struct world *w = *state;
    enum { N = 400 };
    static unsigned char sigs[N][STIR_ES256_SIG];
    struct stir_es256_ctx *second = NULL;
    assert_err(stir_es256_ctx_new(&second), STIR_OK);
    for (size_t i = 0; i < N; i++) {
        unsigned char digest[STIR_SHA256] = {(unsigned char)(i / 4), (unsigned char)(i / 4 >> 8)}; /* each digest four times */
        assert_err(stir_es256_sign(i & 1 ? second : w->ctx, i & 2 ? w->other : w->key, digest, sigs[i]), STIR_OK);
        for (size_t j = 0; j < i; j++)
            if (memcmp(sigs[i], sigs[j], 32) == 0)
                fail_msg("signatures %zu and %zu share r", i, j);
    }
    stir_es256_ctx_free(second);
}

static void es256_agrees_with_openssl_both_ways(void **state)
{
    struct world *w = *state;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, stir_key_evp(w->key), NULL);
    assert_non_null(ctx);
    for (unsigned i = 0; i < 600; i++) {
        unsigned char digest[STIR_SHA256] = {(unsigned char)i, (unsigned char)(i >> 8)}, der[80], raw[STIR_ES256_SIG], back[STIR_ECDSA_DER];
        size_t n = sizeof(der);
        assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
        assert_int_equal(EVP_PKEY_sign(ctx, der, &n, digest, sizeof(digest)), 1);
        assert_err(stir_es256_from_der(raw, stir_slice_of(der, n)), STIR_OK);
        assert_int_equal(stir_es256_to_der(back, raw), n);
        assert_memory_equal(der, back, n);
        assert_err(stir_es256_verify(w->ctx, w->key, digest, sig_of(raw)), STIR_OK);
        assert_err(stir_es256_sign(w->ctx, w->key, digest, raw), STIR_OK);
        n = stir_es256_to_der(der, raw);
        assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
        assert_int_equal(EVP_PKEY_verify(ctx, der, n, digest, sizeof(digest)), 1);
    }
    EVP_PKEY_CTX_free(ctx);
}

/* More keys than places, over and over, each freed by its owner while the context may still hold it. */
static void es256_keeps_keys_apart_when_places_run_out(void **state)
{
    struct world *w = *state;
    enum { N = 2000 };
    static unsigned char sigs[N][STIR_ES256_SIG];
    static struct stir_key *keys[N];
    for (size_t i = 0; i < N; i++) {
        assert_err(stir_key_generate(&keys[i]), STIR_OK);
        assert_err(stir_es256_sign(w->ctx, keys[i], w->digest, sigs[i]), STIR_OK);
    }
    for (size_t round = 0; round < 3; round++)
        for (size_t i = 0; i < N; i++) {
            size_t at = (i * 7 + round) % N;
            assert_err(stir_es256_verify(w->ctx, keys[at], w->digest, sig_of(sigs[at])), STIR_OK);
            assert_err(stir_es256_verify(w->ctx, keys[at], w->digest, sig_of(sigs[(at + 1) % N])), STIR_ESIG);
        }
    for (size_t i = 0; i < N; i++)
        stir_key_free(keys[i]);
    /* New keys may get the addresses of freed ones: none may meet a context of a key that is gone. */
    for (size_t i = 0; i < N; i++) {
        struct stir_key *fresh = NULL;
        assert_err(stir_key_generate(&fresh), STIR_OK);
        assert_err(stir_es256_verify(w->ctx, fresh, w->digest, sig_of(sigs[i])), STIR_ESIG);
        stir_key_free(fresh);
    }
}

static void es256_context_owns_the_keys_it_holds(void **state)
{
    struct world *w = *state;
    struct stir_es256_ctx *ctx = NULL;
    struct stir_key *key = NULL;
    unsigned char sig[STIR_ES256_SIG];
    assert_err(stir_es256_ctx_new(&ctx), STIR_OK);
    assert_err(stir_key_generate(&key), STIR_OK);
    assert_err(stir_es256_sign(ctx, key, w->digest, sig), STIR_OK);
    stir_key_free(key);
    assert_err(stir_es256_verify(ctx, key, w->digest, sig_of(sig)), STIR_OK); /* alive: the context is its owner */
    stir_es256_ctx_free(ctx);
}

static void from_der_reads_only_strict_der(void **state)
{
    (void)state;
    static const struct {
        const char *name, *hex;
        enum stir_err err;
    } rows[] = {
        {"1, 1", "3006020101020101", STIR_OK},
        {"empty", "", STIR_EDER},
        {"no SEQUENCE", "3106020101020101", STIR_EDER},
        {"long form of the length", "308106020101020101", STIR_EDER},
        {"indefinite length", "30800201010201010000", STIR_EDER},
        {"one number", "3003020101", STIR_EDER},
        {"three numbers", "3009020101020101020101", STIR_EDER},
        {"bytes behind", "300602010102010100", STIR_EDER},
        {"cut", "30060201010201", STIR_EDER},
        {"number without bytes", "30050200020101", STIR_EDER},
        {"needless zero byte", "300702020001020101", STIR_EDER},
        {"OCTET STRING for r", "3006040101020101", STIR_EDER},
        {"negative r", "3006020181020101", STIR_ESIG},
        {"r = 0", "3006020100020101", STIR_ESIG},
        {"s = 0", "3006020101020100", STIR_ESIG},
        {"r = n", "3026022100" ORDER "020101", STIR_ESIG},
        {"s = n", "3026020101022100" ORDER, STIR_ESIG},
        {"r = n-1", "3026022100" ORDER_1 "020101", STIR_OK},
        {"s = n-1", "3026020101022100" ORDER_1, STIR_OK},
        {"r of 33 bytes", "3026022101" ZERO "020101", STIR_ESIG},
        {"r of 34 bytes", "302702220001" ZERO "020101", STIR_EDER},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        unsigned char der[100], sig[STIR_ES256_SIG] = {9}, back[STIR_ECDSA_DER];
        size_t n = support_hex(der, sizeof(der), rows[i].hex);
        enum stir_err err = stir_es256_from_der(sig, stir_slice_of(der, n));
        if (err != rows[i].err)
            fail_msg("%s: %s, wanted %s", rows[i].name, stir_err_name(err), stir_err_name(rows[i].err));
        if (err != STIR_OK && sig[0] != 9)
            fail_msg("%s: refused, and the output written", rows[i].name);
        if (err == STIR_OK && (stir_es256_to_der(back, sig) != n || memcmp(back, der, n) != 0))
            fail_msg("%s: written back in another way", rows[i].name);
    }
}

static void to_der_writes_numbers_of_every_length(void **state)
{
    (void)state;
    for (size_t r = 1; r <= 32; r++)
        for (size_t top = 0; top < 2; top++) {
            unsigned char sig[STIR_ES256_SIG] = {0}, der[STIR_ECDSA_DER], back[STIR_ES256_SIG];
            sig[32 - r] = top ? 0x80 : 0x7f; /* with and without a sign byte */
            sig[63] = 1;
            size_t n = stir_es256_to_der(der, sig);
            assert_int_equal(n, 2 + 2 + r + top + 3);
            assert_err(stir_es256_from_der(back, stir_slice_of(der, n)), STIR_OK);
            assert_memory_equal(sig, back, sizeof(sig));
        }
}

static void es256_refuses_null_arguments(void **state)
{
    struct world *w = *state;
    unsigned char out[STIR_ES256_SIG];
    assert_err(stir_es256_ctx_new(NULL), STIR_EARG);
    assert_err(stir_es256_digest(NULL, S("x"), out), STIR_EARG);
    assert_err(stir_es256_digest(w->ctx, S("x"), NULL), STIR_EARG);
    assert_err(stir_es256_digest(w->ctx, stir_slice_of(NULL, 1), out), STIR_EARG);
    assert_err(stir_es256_sign(NULL, w->key, w->digest, out), STIR_EARG);
    assert_err(stir_es256_sign(w->ctx, NULL, w->digest, out), STIR_EARG);
    assert_err(stir_es256_sign(w->ctx, w->key, NULL, out), STIR_EARG);
    assert_err(stir_es256_sign(w->ctx, w->key, w->digest, NULL), STIR_EARG);
    assert_err(stir_es256_verify(NULL, w->key, w->digest, sig_of(w->sig)), STIR_EARG);
    assert_err(stir_es256_verify(w->ctx, NULL, w->digest, sig_of(w->sig)), STIR_EARG);
    assert_err(stir_es256_verify(w->ctx, w->key, NULL, sig_of(w->sig)), STIR_EARG);
    assert_err(stir_es256_verify(w->ctx, w->key, w->digest, stir_slice_of(NULL, 64)), STIR_EARG);
    stir_es256_ctx_free(NULL);
}

static void es256_leaves_the_error_queue_as_it_was(void **state)
{
    struct world *w = *state;
    struct stir_es256_ctx *ctx = NULL;
    unsigned char digest[STIR_SHA256], sig[STIR_ES256_SIG], bent[STIR_ES256_SIG];
    memcpy(bent, w->sig, sizeof(bent));
    bent[40] ^= 1;
    assert_quiet_err(stir_es256_ctx_new(&ctx), STIR_OK);
    assert_quiet_err(stir_es256_digest(ctx, S("abc"), digest), STIR_OK);
    assert_quiet_err(stir_es256_sign(ctx, w->key, digest, sig), STIR_OK);
    assert_quiet_err(stir_es256_sign(ctx, w->generator, digest, sig), STIR_EKEY);
    assert_quiet_err(stir_es256_verify(ctx, w->key, digest, sig_of(sig)), STIR_OK);
    assert_quiet_err(stir_es256_verify(ctx, w->key, w->digest, sig_of(bent)), STIR_ESIG);
    assert_quiet_err(stir_es256_verify(ctx, w->key, w->digest, S("short")), STIR_ESIG);
    assert_quiet(stir_es256_ctx_free(ctx));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digest_is_sha256),
        cmocka_unit_test(es256_verifies_what_it_signed_and_nothing_else),
        cmocka_unit_test(es256_refuses_r_and_s_out_of_range),
        cmocka_unit_test(es256_refuses_r_plus_n),
        cmocka_unit_test(es256_refuses_other_lengths_than_64),
        cmocka_unit_test(es256_takes_the_point_at_infinity_for_a_bad_signature),
        cmocka_unit_test(es256_signs_only_with_a_private_key),
        cmocka_unit_test(es256_never_uses_a_nonce_twice),
        cmocka_unit_test(es256_agrees_with_openssl_both_ways),
        cmocka_unit_test(es256_keeps_keys_apart_when_places_run_out),
        cmocka_unit_test(es256_context_owns_the_keys_it_holds),
        cmocka_unit_test(from_der_reads_only_strict_der),
        cmocka_unit_test(to_der_writes_numbers_of_every_length),
        cmocka_unit_test(es256_refuses_null_arguments),
        cmocka_unit_test(es256_leaves_the_error_queue_as_it_was),
    };
    return cmocka_run_group_tests_name("es256", tests, set_up, tear_down);
}
