/* Signers, and SEQUENCE { tbs, algorithm, signature }. */
#include "quiet.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "core/es256.h"

static struct stir_key *file_key(const char *name)
{
    struct stir_key *key = NULL;
    struct stir_slice pem = support_file(name);
    assert_err(stir_key_from_pem(&key, pem, NULL, NULL, NULL), STIR_OK);
    support_free(pem);
    return key;
}

static void signer_of_key_signs_as_its_key(void **state)
{
    (void)state;
    struct stir_es256_ctx *ctx = NULL;
    struct stir_key *key = file_key("keys/p256-sec1.pem");
    unsigned char digest[STIR_SHA256] = {1}, sig[STIR_ES256_SIG];
    assert_err(stir_es256_ctx_new(&ctx), STIR_OK);
    struct stir_key_signer held = {key, ctx};
    struct stir_signer signer = stir_signer_of_key(&held), copy = signer;
    assert_int_equal(signer.size, sizeof(signer));
    assert_ptr_equal(signer.key, key);
    assert_err(copy.sign(copy.arg, digest, sig), STIR_OK);
    assert_err(stir_es256_verify(ctx, key, digest, stir_slice_of(sig, sizeof(sig))), STIR_OK);
    stir_es256_ctx_free(ctx);
    stir_key_free(key);
}

static void signer_answers_as_sign_does(void **state)
{
    (void)state;
    struct stir_es256_ctx *ctx = NULL;
    struct stir_key *key = file_key("keys/p256-sec1.pem"), *public_half = NULL;
    unsigned char digest[STIR_SHA256] = {1}, sig[STIR_ES256_SIG];
    assert_err(stir_es256_ctx_new(&ctx), STIR_OK);
    assert_err(stir_key_from_spki(&public_half, stir_key_spki(key), NULL), STIR_OK);
    struct stir_key_signer no_private = {public_half, ctx}, no_key = {NULL, ctx}, no_ctx = {key, NULL};
    struct stir_signer signer = stir_signer_of_key(&no_private);
    assert_err(signer.sign(signer.arg, digest, sig), STIR_EKEY);
    signer = stir_signer_of_key(&no_key);
    assert_err(signer.sign(signer.arg, digest, sig), STIR_EARG);
    signer = stir_signer_of_key(&no_ctx);
    assert_err(signer.sign(signer.arg, digest, sig), STIR_EARG);
    signer = stir_signer_of_key(NULL);
    assert_null(signer.key);
    assert_err(signer.sign(signer.arg, digest, sig), STIR_EARG);
    stir_es256_ctx_free(ctx);
    stir_key_free(public_half);
    stir_key_free(key);
}

/* A real certificate, taken apart and put together again, is the same bytes. */
static void assemble_gives_back_a_certificate_taken_apart(void **state)
{
    (void)state;
    struct stir_slice pem = support_file("crl/leaf1.pem"), content, tbs, bits;
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    X509 *x509 = PEM_read_bio_X509(bio, NULL, NULL, (char *)(uintptr_t) "");
    unsigned char *der = NULL, buf[4096], sig[STIR_ES256_SIG];
    size_t len = 0;
    int n = i2d_X509(x509, &der);
    assert_true(n > 0);
    struct stir_reader r = stir_reader_of(stir_slice_of(der, (size_t)n));
    assert_err(stir_der_get(&r, 0x30, &content, NULL), STIR_OK);
    r = stir_reader_of(content);
    assert_err(stir_der_get(&r, 0x30, NULL, &tbs), STIR_OK);
    assert_err(stir_der_get(&r, 0x30, NULL, NULL), STIR_OK);
    assert_err(stir_der_get(&r, 0x03, &bits, NULL), STIR_OK);
    assert_err(stir_es256_from_der(sig, stir_slice_from(bits, 1)), STIR_OK);
    assert_err(stir_signed_assemble(buf, sizeof(buf), &len, tbs, sig), STIR_OK);
    assert_int_equal(len, n);
    assert_memory_equal(buf, der, len);
    OPENSSL_free(der);
    X509_free(x509);
    BIO_free(bio);
    support_free(pem);
}

/* Every length at which the length of a length changes, measured first and read back. */
static void assemble_writes_minimal_lengths(void **state)
{
    (void)state;
    static unsigned char tbs[70010], buf[70200];
    for (size_t n = 0; n < 65700; n += n == 300 ? 65100 : 1) {
        size_t at = 0, need = 0, len = 0;
        unsigned char sig[STIR_ES256_SIG] = {0};
        struct stir_slice whole, inner, bits;
        sig[31] = sig[63] = 1;
        tbs[at++] = 0x30;
        if (n >= 0x10000) {
            tbs[at++] = 0x83;
            tbs[at++] = (unsigned char)(n >> 16);
            tbs[at++] = (unsigned char)(n >> 8);
        } else if (n >= 0x100) {
            tbs[at++] = 0x82;
            tbs[at++] = (unsigned char)(n >> 8);
        } else if (n >= 0x80) {
            tbs[at++] = 0x81;
        }
        tbs[at++] = (unsigned char)n;
        assert_err(stir_signed_assemble(NULL, 0, &need, stir_slice_of(tbs, at + n), sig), STIR_ELIMIT);
        memset(buf, 0xee, sizeof(buf));
        assert_err(stir_signed_assemble(buf, need - 1, &len, stir_slice_of(tbs, at + n), sig), STIR_ELIMIT);
        assert_int_equal(len, need);
        assert_int_equal(buf[need - 1], 0xee);
        assert_err(stir_signed_assemble(buf, need, &len, stir_slice_of(tbs, at + n), sig), STIR_OK);
        assert_int_equal(len, need);
        assert_int_equal(buf[need], 0xee);
        struct stir_reader r = stir_reader_of(stir_slice_of(buf, len));
        assert_err(stir_der_get(&r, 0x30, &whole, NULL), STIR_OK);
        assert_int_equal(stir_reader_left(&r), 0);
        r = stir_reader_of(whole);
        assert_err(stir_der_get(&r, 0x30, NULL, &inner), STIR_OK);
        assert_true(stir_slice_eq(inner, stir_slice_of(tbs, at + n)));
        assert_err(stir_der_get(&r, 0x30, NULL, NULL), STIR_OK);
        assert_err(stir_der_get(&r, 0x03, &bits, NULL), STIR_OK);
        assert_int_equal(stir_reader_left(&r), 0);
        assert_true(stir_slice_eq(bits, stir_slice_of("\0\x30\x06\x02\x01\x01\x02\x01\x01", 9)));
    }
}

static void assemble_refuses_what_is_not_one_sequence(void **state)
{
    (void)state;
    static const struct {
        const char *name, *hex;
    } rows[] = {{"empty", ""},       {"a SET", "3100"},       {"bytes behind", "300000"}, {"cut", "300401"},
                {"two", "30003000"}, {"long form", "308100"}, {"indefinite", "30800000"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        unsigned char tbs[8], buf[200] = {0x55}, sig[STIR_ES256_SIG] = {1};
        size_t len = 9, n = support_hex(tbs, sizeof(tbs), rows[i].hex);
        sig[63] = 1;
        enum stir_err err = stir_signed_assemble(buf, sizeof(buf), &len, stir_slice_of(tbs, n), sig);
        if (err != STIR_EDER || buf[0] != 0x55 || len != 9)
            fail_msg("%s: %s", rows[i].name, stir_err_name(err));
    }
}

static void assemble_refuses_signatures_out_of_range(void **state)
{
    (void)state;
    unsigned char buf[200], sig[STIR_ES256_SIG] = {0};
    size_t len;
    for (size_t half = 0; half < 2; half++)
        for (int high = 0; high < 2; high++) {
            memset(sig, 0, sizeof(sig));
            sig[31] = sig[63] = 1;
            memset(sig + half * 32, high ? 0xff : 0, 32);
            assert_err(stir_signed_assemble(buf, sizeof(buf), &len, stir_slice_of("\x30\x00", 2), sig), STIR_EVALUE);
        }
}

static void assemble_refuses_null_arguments(void **state)
{
    (void)state;
    unsigned char buf[200], sig[STIR_ES256_SIG] = {1};
    struct stir_slice tbs = stir_slice_of("\x30\x00", 2);
    size_t len;
    sig[63] = 1;
    assert_err(stir_signed_assemble(NULL, 1, &len, tbs, sig), STIR_EARG);
    assert_err(stir_signed_assemble(buf, sizeof(buf), NULL, tbs, sig), STIR_EARG);
    assert_err(stir_signed_assemble(buf, sizeof(buf), &len, stir_slice_of(NULL, 0), sig), STIR_EARG);
    assert_err(stir_signed_assemble(buf, sizeof(buf), &len, tbs, NULL), STIR_EARG);
    assert_err(stir_signed_assemble(buf, sizeof(buf), &len, tbs, sig), STIR_OK);
}

static void signer_leaves_the_error_queue_as_it_was(void **state)
{
    (void)state;
    struct stir_es256_ctx *ctx = NULL;
    struct stir_key *key = file_key("keys/p256-sec1.pem");
    unsigned char digest[STIR_SHA256] = {1}, sig[STIR_ES256_SIG], buf[200];
    size_t len;
    assert_err(stir_es256_ctx_new(&ctx), STIR_OK);
    struct stir_key_signer held = {key, ctx};
    struct stir_signer signer = STIR_SIGNER_INIT;
    assert_quiet(signer = stir_signer_of_key(&held));
    assert_quiet_err(signer.sign(signer.arg, digest, sig), STIR_OK);
    assert_quiet_err(stir_signed_assemble(buf, sizeof(buf), &len, stir_slice_of("\x30\x00", 2), sig), STIR_OK);
    assert_quiet_err(stir_signed_assemble(buf, sizeof(buf), &len, stir_slice_of("\x31\x00", 2), sig), STIR_EDER);
    stir_es256_ctx_free(ctx);
    stir_key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signer_of_key_signs_as_its_key),
        cmocka_unit_test(signer_answers_as_sign_does),
        cmocka_unit_test(assemble_gives_back_a_certificate_taken_apart),
        cmocka_unit_test(assemble_writes_minimal_lengths),
        cmocka_unit_test(assemble_refuses_what_is_not_one_sequence),
        cmocka_unit_test(assemble_refuses_signatures_out_of_range),
        cmocka_unit_test(assemble_refuses_null_arguments),
        cmocka_unit_test(signer_leaves_the_error_queue_as_it_was),
    };
    return cmocka_run_group_tests_name("signer", tests, NULL, NULL);
}
