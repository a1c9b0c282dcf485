/* Keys: what is read, what is refused and why, what is written. */
#include "quiet.h"

#include <openssl/pem.h>

#include "core/es256.h"

#define PASSPHRASE "correct-horse"

/* ------------------------------------------------------------------ helps */

/* DER built by hand, so that it can be wrong in one place. */
struct der {
    unsigned char p[400];
    size_t n;
};

static struct der wrap(unsigned char tag, const struct der *const parts[], size_t n)
{
    struct der out = {{tag}, 2};
    for (size_t i = 0; i < n; i++) {
        assert_true(parts[i]->n <= sizeof(out.p) - out.n);
        memcpy(out.p + out.n, parts[i]->p, parts[i]->n);
        out.n += parts[i]->n;
    }
    size_t content = out.n - 2;
    if (content < 0x80) {
        out.p[1] = (unsigned char)content;
        return out;
    }
    assert_true(content < 0x100 && out.n < sizeof(out.p));
    memmove(out.p + 3, out.p + 2, content);
    out.p[1] = 0x81;
    out.p[2] = (unsigned char)content;
    out.n++;
    return out;
}
#define WRAP(tag, ...) wrap(tag, (const struct der *const[]){__VA_ARGS__}, sizeof((const struct der *const[]){__VA_ARGS__}) / sizeof(struct der *))

static struct der hex(const char *text)
{
    struct der out = {{0}, 0};
    out.n = support_hex(out.p, sizeof(out.p), text);
    return out;
}

static struct stir_slice slice(const struct der *der)
{
    return stir_slice_of(der->p, der->n);
}

/* The key whose private value is 1: its public point is the generator (SEC 2 §2.4.2). */
#define GX "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
#define GY "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
#define ZEROS31 "00000000000000000000000000000000000000000000000000000000000000"
#define ONE ZEROS31 "01"
#define NAMED "06082a8648ce3d030107"
#define EC_NAMED "301306072a8648ce3d0201" NAMED

static struct der spki(const char *algorithm, const char *bits)
{
    struct der a = hex(algorithm), b = hex(bits);
    struct der bit_string = WRAP(0x03, &b);
    return WRAP(0x30, &a, &bit_string);
}

/* SEC1; NULL leaves a part out. */
static struct der sec1(const char *version, const char *secret, const char *parameters, const char *bits)
{
    struct der v = hex(version), s = hex(secret), none = {{0}, 0}, p = none, q = none;
    struct der octets = WRAP(0x04, &s);
    if (parameters) {
        struct der inner = hex(parameters);
        p = WRAP(0xa0, &inner);
    }
    if (bits) {
        struct der inner = hex(bits);
        struct der bit_string = WRAP(0x03, &inner);
        q = WRAP(0xa1, &bit_string);
    }
    return WRAP(0x30, &v, &octets, &p, &q);
}

static struct der pkcs8(const char *version, const char *algorithm, const struct der *key, const char *behind)
{
    struct der v = hex(version), a = hex(algorithm), b = hex(behind);
    struct der octets = WRAP(0x04, key);
    return WRAP(0x30, &v, &a, &octets, &b);
}

/* PEM around DER; free with OPENSSL_free. */
static struct stir_slice pem_of(const char *label, const struct der *der)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    assert_non_null(bio);
    assert_true(PEM_write_bio(bio, label, "", der->p, (long)der->n) > 0);
    long n = BIO_get_mem_data(bio, &text);
    char *copy = malloc((size_t)n + 1);
    assert_non_null(copy);
    memcpy(copy, text, (size_t)n);
    copy[n] = '\0';
    BIO_free(bio);
    return stir_slice_of(copy, (size_t)n);
}

static enum stir_err read_private(struct stir_key **out, const char *label, const struct der *der, struct stir_diag *diag)
{
    struct stir_slice pem = pem_of(label, der);
    enum stir_err err = stir_key_from_pem(out, pem, NULL, NULL, diag);
    support_free(pem);
    return err;
}

static struct stir_key *file_key(const char *name)
{
    struct stir_key *key = NULL;
    struct stir_slice pem = support_file(name);
    assert_err(stir_key_from_pem(&key, pem, NULL, NULL, NULL), STIR_OK);
    support_free(pem);
    return key;
}

/* Gives its text; NULL gives none. */
static int give(char *buf, int cap, void *arg)
{
    const char *text = (const char *)arg;
    if (!text)
        return -1;
    assert_true(strlen(text) <= (size_t)cap);
    memcpy(buf, text, strlen(text));
    return (int)strlen(text);
}

static void assert_signs(struct stir_key *key)
{
    unsigned char digest[STIR_SHA256] = {1, 2, 3}, sig[STIR_ES256_SIG];
    struct stir_es256_ctx *ctx = NULL;
    struct stir_key *public_half = NULL;
    assert_err(stir_es256_ctx_new(&ctx), STIR_OK);
    assert_err(stir_key_from_spki(&public_half, stir_key_spki(key), NULL), STIR_OK);
    assert_err(stir_es256_sign(ctx, key, digest, sig), STIR_OK);
    assert_err(stir_es256_verify(ctx, public_half, digest, stir_slice_of(sig, sizeof(sig))), STIR_OK);
    stir_key_free(public_half);
    stir_es256_ctx_free(ctx);
}

/* ------------------------------------------------------------------ reading */

static void key_reads_every_form_of_one_key(void **state)
{
    (void)state;
    static const char *const names[] = {"keys/p256-sec1.pem",           "keys/p256-with-parameters.pem", "keys/p256-pkcs8.pem",
                                        "keys/p256-encrypted-sec1.pem", "keys/p256-encrypted-pkcs8.pem", "keys/p256-encrypted-scrypt.pem"};
    char phrase[] = PASSPHRASE;
    struct stir_slice public_pem = support_file("keys/p256-public.pem");
    struct stir_key *wanted = NULL;
    assert_err(stir_key_from_public_pem(&wanted, public_pem, NULL), STIR_OK);
    assert_false(stir_key_is_private(wanted));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct stir_slice pem = support_file(names[i]);
        struct stir_key *key = NULL;
        struct stir_diag diag = {0};
        enum stir_err err = stir_key_from_pem(&key, pem, give, phrase, &diag);
        if (err != STIR_OK || !stir_key_is_private(key) || !stir_key_same_public(key, wanted))
            fail_msg("%s: %s %s", names[i], stir_err_name(err), diag.text);
        assert_signs(key);
        stir_key_free(key);
        support_free(pem);
    }
    stir_key_free(wanted);
    support_free(public_pem);
}

static void key_reads_the_fixtures_of_others(void **state)
{
    (void)state;
    static const char *const names[] = {"libstirshaken/test_ref_ca_ca.priv", "libstirshaken/test_ref_pa_pa.priv", "libstirshaken/test_ref_sp_sp.priv",
                                        "vectors/rfc/rfc8225-private-key.pem", "vectors/rfc/rfc8946-ec-private-key.pem"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct stir_key *key = file_key(names[i]);
        assert_signs(key);
        stir_key_free(key);
    }
}

static void key_reads_a_key_behind_other_blocks_and_text(void **state)
{
    (void)state;
    struct stir_slice cert = support_file("crl/leaf1.pem"), pem = support_file("keys/p256-sec1.pem");
    char both[8192];
    int n = snprintf(both, sizeof(both), "Bag Attributes\n    friendlyName: x\n%.*s%.*sand text\n", (int)cert.n, cert.p, (int)pem.n, pem.p);
    struct stir_key *key = NULL, *alone = file_key("keys/p256-sec1.pem");
    assert_err(stir_key_from_pem(&key, stir_slice_of(both, (size_t)n), NULL, NULL, NULL), STIR_OK);
    assert_true(stir_key_same_public(key, alone));
    stir_key_free(key);
    stir_key_free(alone);
    support_free(cert);
    support_free(pem);
}

static void key_reads_compressed_points_and_keeps_them_uncompressed(void **state)
{
    (void)state;
    struct stir_slice a = support_file("keys/p256-public.pem"), b = support_file("keys/p256-public-compressed.pem");
    struct stir_key *plain = NULL, *compressed = NULL;
    assert_err(stir_key_from_public_pem(&plain, a, NULL), STIR_OK);
    assert_err(stir_key_from_public_pem(&compressed, b, NULL), STIR_OK);
    assert_true(stir_key_same_public(plain, compressed));
    assert_int_equal(stir_key_spki(compressed).n, 91);
    assert_int_equal(stir_key_spki(compressed).p[26], 4);
    stir_key_free(plain);
    stir_key_free(compressed);
    support_free(a);
    support_free(b);
}

static void key_spki_is_the_der_that_openssl_writes(void **state)
{
    (void)state;
    struct der wanted = spki(EC_NAMED, "0004" GX GY);
    struct der der = sec1("020101", ONE, NAMED, NULL);
    struct stir_key *key = NULL, *back = NULL;
    assert_err(read_private(&key, "EC PRIVATE KEY", &der, NULL), STIR_OK);
    assert_true(stir_slice_eq(stir_key_spki(key), slice(&wanted)));
    assert_err(stir_key_from_spki(&back, stir_key_spki(key), NULL), STIR_OK);
    assert_true(stir_key_same_public(key, back));
    unsigned char *made = NULL;
    int n = i2d_PUBKEY(stir_key_evp(key), &made);
    assert_true(n > 0 && stir_slice_eq(stir_key_spki(key), stir_slice_of(made, (size_t)n)));
    OPENSSL_free(made);
    stir_key_free(key);
    stir_key_free(back);
}

/* ------------------------------------------------------------------ refusing */

/* A file that is refused, with a word that its diagnosis must contain. */
struct refusal {
    const char *file;
    enum stir_err err;
    const char *word;
};

static void key_refuses_files(const struct refusal *rows, size_t n, bool public_half)
{
    for (size_t i = 0; i < n; i++) {
        struct stir_slice pem = support_file(rows[i].file);
        struct stir_key *key = (struct stir_key *)(uintptr_t)1;
        struct stir_diag diag = {0};
        enum stir_err err = public_half ? stir_key_from_public_pem(&key, pem, &diag) : stir_key_from_pem(&key, pem, NULL, NULL, &diag);
        if (err != rows[i].err || key != (struct stir_key *)(uintptr_t)1 || !strstr(diag.text, rows[i].word))
            fail_msg("%s: %s \"%s\", wanted %s with \"%s\"", rows[i].file, stir_err_name(err), diag.text, stir_err_name(rows[i].err), rows[i].word);
        support_free(pem);
    }
}

static void key_refuses_private_files_that_are_no_p256_key(void **state)
{
    (void)state;
    static const struct refusal rows[] = {
        {"keys/p384-sec1.pem", STIR_EKEY, "another curve"},
        {"keys/p384-pkcs8.pem", STIR_EKEY, "another curve"},
        {"keys/secp256k1-sec1.pem", STIR_EKEY, "another curve"},
        {"keys/p256-explicit-sec1.pem", STIR_EKEY, "explicit parameters"},
        {"keys/p256-explicit-pkcs8.pem", STIR_EKEY, "explicit parameters"},
        {"keys/rsa-pkcs1.pem", STIR_EKEY, "no EC key"},
        {"keys/rsa-pkcs8.pem", STIR_EKEY, "no EC key"},
        {"keys/ed25519-pkcs8.pem", STIR_EKEY, "no EC key"},
        {"keys/p256-public.pem", STIR_EPEM, "other PEM blocks"},
        {"crl/leaf1.pem", STIR_EPEM, "other PEM blocks"},
        {"keys/p256.der", STIR_EPEM, "DER"},
        {"README.md", STIR_EPEM, "no PEM private key"},
        {"keys/p256-encrypted-sec1.pem", STIR_EPASS, "give its passphrase"},
        {"keys/p256-encrypted-pkcs8.pem", STIR_EPASS, "give its passphrase"},
        {"keys/p256-encrypted-unknown-cipher.pem", STIR_EPEM, "does not know"},
    };
    key_refuses_files(rows, sizeof(rows) / sizeof(rows[0]), false);
}

static void key_refuses_public_files_that_are_no_p256_key(void **state)
{
    (void)state;
    static const struct refusal rows[] = {
        {"keys/p384-public.pem", STIR_EKEY, "another curve"},
        {"keys/secp256k1-public.pem", STIR_EKEY, "another curve"},
        {"keys/p256-explicit-public.pem", STIR_EKEY, "explicit parameters"},
        {"keys/rsa-public.pem", STIR_EKEY, "no EC key"},
        {"keys/ed25519-public.pem", STIR_EKEY, "no EC key"},
        {"keys/p256-sec1.pem", STIR_EPEM, "other PEM blocks"},
        {"keys/p256.der", STIR_EPEM, "no PEM public key"},
    };
    key_refuses_files(rows, sizeof(rows) / sizeof(rows[0]), true);
}

/* What OpenSSL names prime256v1 although its parameters are spelt out is not taken from it either. */
static void key_refuses_explicit_parameters_that_openssl_names_prime256v1(void **state)
{
    (void)state;
    struct stir_slice pem = support_file("keys/p256-explicit-sec1.pem");
    char name[32];
    size_t n = 0;
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    EVP_PKEY *evp = PEM_read_bio_PrivateKey(bio, NULL, NULL, (char *)(uintptr_t) "");
    assert_non_null(evp);
    assert_int_equal(EVP_PKEY_get_group_name(evp, name, sizeof(name), &n), 1);
    assert_string_equal(name, "prime256v1"); /* the trap is real */
    struct stir_key *key = NULL;
    assert_err(stir_key_from_pem(&key, pem, NULL, NULL, NULL), STIR_EKEY);
    unsigned char *der = NULL;
    int der_n = i2d_PUBKEY(evp, &der);
    assert_true(der_n > 91);
    assert_err(stir_key_from_spki(&key, stir_slice_of(der, (size_t)der_n), NULL), STIR_EKEY);
    OPENSSL_free(der);
    EVP_PKEY_free(evp);
    BIO_free(bio);
    support_free(pem);
}

static void key_opens_encrypted_files_with_their_passphrase_alone(void **state)
{
    (void)state;
    static const char *const names[] = {"keys/p256-encrypted-sec1.pem", "keys/p256-encrypted-pkcs8.pem", "keys/p256-encrypted-scrypt.pem"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct stir_slice pem = support_file(names[i]);
        struct stir_key *key = NULL;
        struct stir_diag diag = {0};
        assert_err(stir_key_from_pem(&key, pem, give, NULL, &diag), STIR_EPASS);
        assert_non_null(strstr(diag.text, "give its passphrase"));
        assert_err(stir_key_from_pem(&key, pem, give, (char *)(uintptr_t) "", &diag), STIR_EPASS);
        assert_null(key);
        support_free(pem);
    }
}

/* One wrong passphrase in 256 decrypts to good padding around junk: of a thousand, a few get that far. */
static void key_answers_epass_to_every_wrong_passphrase(void **state)
{
    (void)state;
    static const char *const names[] = {"keys/p256-encrypted-sec1.pem", "keys/p256-encrypted-scrypt.pem"};
    for (size_t i = 0; i < 2; i++) {
        struct stir_slice pem = support_file(names[i]);
        for (int j = 0; j < (i ? 40 : 3000); j++) {
            char phrase[32];
            struct stir_key *key = NULL;
            struct stir_diag diag = {0};
            snprintf(phrase, sizeof(phrase), "wrong %d", j);
            enum stir_err err = stir_key_from_pem(&key, pem, give, phrase, &diag);
            if (err != STIR_EPASS || !strstr(diag.text, "does not open"))
                fail_msg("%s with \"%s\": %s \"%s\"", names[i], phrase, stir_err_name(err), diag.text);
            assert_null(strstr(diag.text, phrase));
        }
        support_free(pem);
    }
}

static int too_much(char *buf, int cap, void *arg)
{
    (void)arg;
    memset(buf, 'x', (size_t)cap);
    return cap + 1;
}

static void key_takes_an_impossible_passphrase_length_for_none(void **state)
{
    (void)state;
    struct stir_slice a = support_file("keys/p256-encrypted-pkcs8.pem"), b = support_file("keys/p256-encrypted-sec1.pem");
    struct stir_key *key = NULL;
    assert_err(stir_key_from_pem(&key, a, too_much, NULL, NULL), STIR_EPASS);
    assert_err(stir_key_from_pem(&key, b, too_much, NULL, NULL), STIR_EPASS);
    support_free(a);
    support_free(b);
}

static void key_says_when_the_encryption_is_unknown(void **state)
{
    (void)state;
    char phrase[] = PASSPHRASE;
    static const char *const names[] = {"keys/p256-encrypted-rc2.pem", "keys/p256-encrypted-unknown-cipher.pem"};
    for (size_t i = 0; i < 2; i++) {
        struct stir_slice pem = support_file(names[i]);
        struct stir_key *key = NULL;
        struct stir_diag diag = {0};
        enum stir_err err = stir_key_from_pem(&key, pem, give, phrase, &diag);
        if (err != STIR_EPEM || !strstr(diag.text, "does not know"))
            fail_msg("%s: %s \"%s\"", names[i], stir_err_name(err), diag.text);
        support_free(pem);
    }
}

static void key_refuses_every_truncation_and_survives_every_flip_of_a_file(void **state)
{
    (void)state;
    struct stir_slice pem = support_file("keys/p256-sec1.pem");
    struct stir_key *whole = file_key("keys/p256-sec1.pem"), *key = NULL;
    size_t end = pem.n;
    while (pem.p[end - 1] == '\n')
        end--;
    for (size_t n = 0; n < end; n++) {
        char *cut = malloc(n ? n : 1);
        assert_non_null(cut);
        memcpy(cut, pem.p, n);
        enum stir_err err = stir_key_from_pem(&key, stir_slice_of(cut, n), NULL, NULL, NULL);
        if (err != STIR_EPEM)
            fail_msg("cut at %zu: %s", n, stir_err_name(err));
        free(cut);
    }
    /* A flipped bit is refused, or is outside of what the key says: then it is the same key. */
    for (size_t bit = 0; bit < pem.n * 8; bit += 3) {
        char *bent = malloc(pem.n);
        assert_non_null(bent);
        memcpy(bent, pem.p, pem.n);
        bent[bit / 8] = (char)(bent[bit / 8] ^ 1 << bit % 8);
        if (stir_key_from_pem(&key, stir_slice_of(bent, pem.n), NULL, NULL, NULL) == STIR_OK) {
            if (!stir_key_same_public(key, whole))
                fail_msg("bit %zu flipped makes another key", bit);
            stir_key_free(key);
        }
        free(bent);
    }
    stir_key_free(whole);
    support_free(pem);
}

static void key_refuses_empty_junk_and_long_text(void **state)
{
    (void)state;
    static char big[STIR_MAX_KEY_PEM + 1];
    static const unsigned char junk[] = {0, 1, 2, 0xff, 0xfe, '\n', 0, '-', '-', '-', '-', '-', 'B'};
    struct stir_key *key = NULL;
    memset(big, '\n', sizeof(big));
    assert_err(stir_key_from_pem(&key, S(""), NULL, NULL, NULL), STIR_EPEM);
    assert_err(stir_key_from_public_pem(&key, S(""), NULL), STIR_EPEM);
    assert_err(stir_key_from_spki(&key, S(""), NULL), STIR_EDER);
    assert_err(stir_key_from_pem(&key, stir_slice_of(junk, sizeof(junk)), NULL, NULL, NULL), STIR_EPEM);
    assert_err(stir_key_from_public_pem(&key, stir_slice_of(junk, sizeof(junk)), NULL), STIR_EPEM);
    assert_err(stir_key_from_spki(&key, stir_slice_of(junk, sizeof(junk)), NULL), STIR_EDER);
    assert_err(stir_key_from_pem(&key, stir_slice_of(big, sizeof(big)), NULL, NULL, NULL), STIR_ELIMIT);
    assert_err(stir_key_from_public_pem(&key, stir_slice_of(big, sizeof(big)), NULL), STIR_ELIMIT);
    assert_err(stir_key_from_pem(&key, stir_slice_of(big, sizeof(big) - 1), NULL, NULL, NULL), STIR_EPEM);
    /* A key that stands just inside the limit. */
    struct stir_slice pem = support_file("keys/p256-sec1.pem");
    memcpy(big + STIR_MAX_KEY_PEM - pem.n, pem.p, pem.n);
    assert_err(stir_key_from_pem(&key, stir_slice_of(big, STIR_MAX_KEY_PEM), NULL, NULL, NULL), STIR_OK);
    stir_key_free(key);
    support_free(pem);
}

static void key_refuses_null_arguments(void **state)
{
    (void)state;
    struct stir_key *key = file_key("keys/p256-sec1.pem"), *out = NULL;
    struct stir_slice none = {NULL, 0};
    char buf[512];
    size_t len = 0;
    assert_err(stir_key_from_pem(NULL, S("x"), NULL, NULL, NULL), STIR_EARG);
    assert_err(stir_key_from_pem(&out, none, NULL, NULL, NULL), STIR_EARG);
    assert_err(stir_key_from_public_pem(NULL, S("x"), NULL), STIR_EARG);
    assert_err(stir_key_from_public_pem(&out, none, NULL), STIR_EARG);
    assert_err(stir_key_from_spki(NULL, S("x"), NULL), STIR_EARG);
    assert_err(stir_key_from_spki(&out, none, NULL), STIR_EARG);
    assert_err(stir_key_generate(NULL), STIR_EARG);
    assert_err(stir_key_write_pem(NULL, 1, &len, key, none), STIR_EARG);
    assert_err(stir_key_write_pem(buf, sizeof(buf), NULL, key, none), STIR_EARG);
    assert_err(stir_key_write_pem(buf, sizeof(buf), &len, NULL, none), STIR_EARG);
    assert_err(stir_key_write_public_pem(NULL, 1, &len, key), STIR_EARG);
    assert_err(stir_key_write_public_pem(buf, sizeof(buf), NULL, key), STIR_EARG);
    assert_err(stir_key_write_public_pem(buf, sizeof(buf), &len, NULL), STIR_EARG);
    assert_null(stir_key_ref(NULL));
    assert_null(stir_key_spki(NULL).p);
    assert_false(stir_key_is_private(NULL));
    assert_false(stir_key_same_public(key, NULL));
    assert_false(stir_key_same_public(NULL, key));
    stir_key_free(NULL);
    stir_key_free(key);
}

/* ------------------------------------------------------------------ DER, byte by byte */

/*= RFC5480-2.1.1 test */
static void key_reads_only_strict_spki(void **state)
{
    (void)state;
    static const struct {
        const char *name, *algorithm, *bits;
        enum stir_err err;
    } rows[] = {
        {"good", EC_NAMED, "0004" GX GY, STIR_OK},
        {"good, compressed, odd y", EC_NAMED, "0003" GX, STIR_OK},
        {"good, compressed, even y", EC_NAMED, "0002" GX, STIR_OK},
        {"no bits", EC_NAMED, "", STIR_EDER},
        {"no point", EC_NAMED, "00", STIR_EDER},
        {"unused bits", EC_NAMED, "0104" GX GY, STIR_EDER},
        {"point at infinity", EC_NAMED, "0000", STIR_EKEY},
        {"hybrid point", EC_NAMED, "0007" GX GY, STIR_EKEY},
        {"compressed form, both coordinates", EC_NAMED, "0003" GX GY, STIR_EKEY},
        {"uncompressed form, one coordinate", EC_NAMED, "0004" GX, STIR_EKEY},
        {"one byte more", EC_NAMED, "0004" GX GY "00", STIR_EKEY},
        {"off the curve", EC_NAMED, "0004" GX GX, STIR_EKEY},
        {"zero", EC_NAMED, "0004" ZEROS31 "00" ZEROS31 "00", STIR_EKEY},
        {"x of no point", EC_NAMED, "0002" ZEROS31 "07", STIR_EKEY},
        {"x not below p", EC_NAMED, "0002ffffffff00000001000000000000000000000000ffffffffffffffffffffffff", STIR_EKEY},
        {"x = 5 + p, which would be 5 (on the curve)", EC_NAMED, "0002ffffffff00000001000000000000000000000001000000000000000000000004", STIR_EKEY},
        {"another algorithm (ecDH)", "301106052b8104010c" NAMED, "0004" GX GY, STIR_EKEY},
        {"parameters NULL (implicit)", "300b06072a8648ce3d02010500", "0004" GX GY, STIR_EKEY},
        {"parameters missing", "300906072a8648ce3d0201", "0004" GX GY, STIR_EKEY},
        {"parameters twice", "301d06072a8648ce3d0201" NAMED NAMED, "0004" GX GY, STIR_EDER},
        {"another curve of 256 bits (brainpoolP256r1)", "301406072a8648ce3d020106092b2403030208010107", "0004" GX GY, STIR_EKEY},
        {"OID with one byte less", "301206072a8648ce3d020106072a8648ce3d0301", "0004" GX GY, STIR_EKEY},
        {"long length", "30811306072a8648ce3d0201" NAMED, "0004" GX GY, STIR_EDER},
        {"algorithm is a SET", "311306072a8648ce3d0201" NAMED, "0004" GX GY, STIR_EDER},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct der der = spki(rows[i].algorithm, rows[i].bits);
        struct stir_key *key = NULL;
        enum stir_err err = stir_key_from_spki(&key, slice(&der), NULL);
        if (err != rows[i].err)
            fail_msg("%s: %s, wanted %s", rows[i].name, stir_err_name(err), stir_err_name(rows[i].err));
        stir_key_free(key);
    }
}

static void key_refuses_bytes_behind_an_spki(void **state)
{
    (void)state;
    struct der der = spki(EC_NAMED, "0004" GX GY), junk = hex("0500"), bits = hex("0004" GX GY), algorithm = hex(EC_NAMED);
    struct der bit_string = WRAP(0x03, &bits);
    struct der inside = WRAP(0x30, &algorithm, &bit_string, &junk);
    struct stir_key *key = NULL;
    for (size_t n = 0; n < der.n; n++)
        assert_err(stir_key_from_spki(&key, stir_slice_of(der.p, n), NULL), STIR_EDER);
    assert_err(stir_key_from_spki(&key, slice(&der), NULL), STIR_OK);
    stir_key_free(key);
    der.p[der.n++] = 0;
    assert_err(stir_key_from_spki(&key, slice(&der), NULL), STIR_EDER);
    assert_err(stir_key_from_spki(&key, slice(&inside), NULL), STIR_EDER);
}

#define ORDER "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define ORDER_1 "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550"
#define MINUS_GY "b01cbd1c01e58065711814b583f061e9d431cca994cea1313449bf97c840ae0a"

static void key_reads_only_strict_sec1(void **state)
{
    (void)state;
    static const struct {
        const char *name, *version, *secret, *parameters, *bits;
        enum stir_err err;
    } rows[] = {
        {"good", "020101", ONE, NAMED, "0004" GX GY, STIR_OK},
        {"public half left out: derived", "020101", ONE, NAMED, NULL, STIR_OK},
        {"public half compressed", "020101", ONE, NAMED, "0003" GX, STIR_OK},
        {"leading zeros left out", "020101", "01", NAMED, "0004" GX GY, STIR_OK},
        {"n-1 is the generator's mirror", "020101", ORDER_1, NAMED, "0004" GX MINUS_GY, STIR_OK},
        {"public half of another key", "020101", ONE, NAMED, "0004" GX MINUS_GY, STIR_EKEY},
        {"compressed, the other y", "020101", ONE, NAMED, "0002" GX, STIR_EKEY},
        {"compressed, another x", "020101", ONE, NAMED, "0003" GY, STIR_EKEY},
        {"hybrid point", "020101", ONE, NAMED, "0007" GX GY, STIR_EKEY},
        {"point off the curve", "020101", ONE, NAMED, "0004" GX GX, STIR_EKEY},
        {"private value 0", "020101", ZEROS31 "00", NAMED, NULL, STIR_EKEY},
        {"private value without bytes", "020101", "", NAMED, NULL, STIR_EKEY},
        {"private value n", "020101", ORDER, NAMED, NULL, STIR_EKEY},
        {"private value of 33 bytes", "020101", "00" ONE, NAMED, NULL, STIR_EKEY},
        {"curve not named", "020101", ONE, NULL, "0004" GX GY, STIR_EKEY},
        {"another curve", "020101", ONE, "06052b8104000a", "0004" GX GY, STIR_EKEY},
        {"parameters empty", "020101", ONE, "", "0004" GX GY, STIR_EKEY},
        {"parameters twice", "020101", ONE, NAMED NAMED, "0004" GX GY, STIR_EPEM},
        {"version 0", "020100", ONE, NAMED, NULL, STIR_EPEM},
        {"version 2", "020102", ONE, NAMED, NULL, STIR_EPEM},
        {"version of two bytes", "02020101", ONE, NAMED, NULL, STIR_EPEM},
        {"unused bits in the point", "020101", ONE, NAMED, "0104" GX GY, STIR_EPEM},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct der der = sec1(rows[i].version, rows[i].secret, rows[i].parameters, rows[i].bits);
        struct stir_key *key = NULL;
        enum stir_err err = read_private(&key, "EC PRIVATE KEY", &der, NULL);
        if (err != rows[i].err)
            fail_msg("%s: %s, wanted %s", rows[i].name, stir_err_name(err), stir_err_name(rows[i].err));
        if (key)
            assert_signs(key);
        stir_key_free(key);
    }
}

static void key_says_when_two_halves_do_not_fit(void **state)
{
    (void)state;
    struct der der = sec1("020101", ONE, NAMED, "0004" GX MINUS_GY);
    struct stir_key *key = NULL;
    struct stir_diag diag = {0};
    assert_err(read_private(&key, "EC PRIVATE KEY", &der, &diag), STIR_EKEY);
    assert_non_null(strstr(diag.text, "does not fit"));
}

static void key_refuses_bytes_behind_and_inside_sec1(void **state)
{
    (void)state;
    struct der version = hex("020101"), secret = hex("0420" ONE), curve = hex("a00a" NAMED), junk = hex("0500");
    struct der good = WRAP(0x30, &version, &secret, &curve), inside = WRAP(0x30, &version, &secret, &curve, &junk);
    struct der point = hex("a1460342000"
                           "4" GX GY "0500"),
               behind_point = WRAP(0x30, &version, &secret, &curve, &point);
    struct stir_key *key = NULL;
    assert_err(read_private(&key, "EC PRIVATE KEY", &good, NULL), STIR_OK);
    stir_key_free(key);
    key = NULL;
    for (size_t n = 1; n < good.n; n++) {
        struct der cut = good;
        cut.n = n;
        assert_err(read_private(&key, "EC PRIVATE KEY", &cut, NULL), STIR_EPEM);
    }
    good.p[good.n++] = 0;
    assert_err(read_private(&key, "EC PRIVATE KEY", &good, NULL), STIR_EPEM);
    assert_err(read_private(&key, "EC PRIVATE KEY", &inside, NULL), STIR_EPEM);
    assert_err(read_private(&key, "EC PRIVATE KEY", &behind_point, NULL), STIR_EPEM);
}

static void key_reads_only_strict_pkcs8(void **state)
{
    (void)state;
    static const struct {
        const char *name, *version, *algorithm, *parameters, *bits, *behind;
        enum stir_err err;
    } rows[] = {
        {"good", "020100", EC_NAMED, NULL, "0004" GX GY, "", STIR_OK},
        {"curve named twice", "020100", EC_NAMED, NAMED, NULL, "", STIR_OK},
        {"attributes", "020100", EC_NAMED, NULL, NULL, "a00d300b0603551d0f310403020080", STIR_OK},
        {"version 2", "020101", EC_NAMED, NULL, NULL, "", STIR_OK},
        {"version 2 with its public key", "020101", EC_NAMED, NULL, NULL, "81420004" GX GY, STIR_OK},
        {"version 2 with attributes and public key", "020101", EC_NAMED, NULL, NULL, "a00081420004" GX GY, STIR_OK},
        {"version 2 with another's public key", "020101", EC_NAMED, NULL, "0004" GX GY, "81420004" GX MINUS_GY, STIR_EKEY},
        {"version 2 with junk for a public key", "020101", EC_NAMED, NULL, NULL, "810100", STIR_EPEM},
        {"version 1 with a public key", "020100", EC_NAMED, NULL, NULL, "81420004" GX GY, STIR_EPEM},
        {"version 3", "020102", EC_NAMED, NULL, NULL, "", STIR_EPEM},
        {"version -1", "0201ff", EC_NAMED, NULL, NULL, "", STIR_EPEM},
        {"the key inside names another curve", "020100", EC_NAMED, "06052b8104000a", NULL, "", STIR_EKEY},
        {"parameters NULL", "020100", "300b06072a8648ce3d02010500", NAMED, NULL, "", STIR_EKEY},
        {"junk behind", "020100", EC_NAMED, NULL, NULL, "0500", STIR_EPEM},
        {"junk behind the parameters", "020100", "301506072a8648ce3d0201" NAMED "0500", NULL, NULL, "", STIR_EPEM},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct der inner = sec1("020101", ONE, rows[i].parameters, rows[i].bits);
        struct der der = pkcs8(rows[i].version, rows[i].algorithm, &inner, rows[i].behind);
        struct stir_key *key = NULL;
        enum stir_err err = read_private(&key, "PRIVATE KEY", &der, NULL);
        if (err != rows[i].err)
            fail_msg("%s: %s, wanted %s", rows[i].name, stir_err_name(err), stir_err_name(rows[i].err));
        stir_key_free(key);
    }
}

static void key_refuses_junk_in_private_blocks(void **state)
{
    (void)state;
    static const char *const labels[] = {"EC PRIVATE KEY", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY"};
    static const char *const junk[] = {"00", "3000", "30030201", "3003020100", "0500", "308000000000", "30060201010400"};
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < sizeof(junk) / sizeof(junk[0]); j++) {
            struct der der = hex(junk[j]);
            struct stir_key *key = NULL;
            enum stir_err err = read_private(&key, labels[i], &der, NULL);
            if (err == STIR_OK || (err != STIR_EPEM && err != STIR_EKEY && err != STIR_EPASS))
                fail_msg("%s %s: %s", labels[i], junk[j], stir_err_name(err));
        }
}

/* ------------------------------------------------------------------ making and writing */

static void key_generates_a_new_key_each_time(void **state)
{
    (void)state;
    struct stir_key *a = NULL, *b = NULL;
    assert_err(stir_key_generate(&a), STIR_OK);
    assert_err(stir_key_generate(&b), STIR_OK);
    assert_true(stir_key_is_private(a));
    assert_false(stir_key_same_public(a, b));
    assert_signs(a);
    assert_signs(b);
    stir_key_free(a);
    stir_key_free(b);
}

static void key_writes_what_it_reads(void **state)
{
    (void)state;
    char pem[4096], again[4096];
    size_t n = 0, m = 0;
    struct stir_key *key = NULL, *back = NULL, *public_half = NULL;
    assert_err(stir_key_generate(&key), STIR_OK);
    assert_err(stir_key_write_pem(pem, sizeof(pem), &n, key, S(NULL)), STIR_OK);
    assert_int_equal(n, strlen(pem));
    assert_int_equal(strncmp(pem, "-----BEGIN PRIVATE KEY-----\n", 28), 0);
    assert_err(stir_key_from_pem(&back, S(pem), NULL, NULL, NULL), STIR_OK);
    assert_true(stir_key_is_private(back));
    assert_true(stir_key_same_public(key, back));
    assert_err(stir_key_write_pem(again, sizeof(again), &m, back, S(NULL)), STIR_OK);
    assert_string_equal(pem, again);
    OPENSSL_cleanse(pem, sizeof(pem));
    assert_err(stir_key_write_public_pem(pem, 512, &n, key), STIR_OK);
    assert_int_equal(n, strlen(pem));
    assert_err(stir_key_from_public_pem(&public_half, S(pem), NULL), STIR_OK);
    assert_true(stir_key_same_public(key, public_half));
    assert_false(stir_key_is_private(public_half));
    assert_err(stir_key_write_pem(pem, sizeof(pem), &n, public_half, S(NULL)), STIR_EKEY);
    stir_key_free(key);
    stir_key_free(back);
    stir_key_free(public_half);
}

static void key_writes_public_pem_as_openssl_does(void **state)
{
    (void)state;
    char pem[512];
    size_t n = 0;
    struct stir_key *key = file_key("keys/p256-sec1.pem");
    struct stir_slice wanted = support_file("keys/p256-public.pem");
    assert_err(stir_key_write_public_pem(pem, sizeof(pem), &n, key), STIR_OK);
    assert_slice(wanted, pem);
    support_free(wanted);
    stir_key_free(key);
}

static void key_writes_encrypted_for_the_passphrase_alone(void **state)
{
    (void)state;
    char pem[4096], phrase[] = "s p\303\244ce", wrong[] = "s pace", longest[STIR_MAX_PASSPHRASE + 1];
    size_t n = 0;
    struct stir_key *key = NULL, *back = NULL;
    assert_err(stir_key_generate(&key), STIR_OK);
    assert_err(stir_key_write_pem(pem, sizeof(pem), &n, key, S(phrase)), STIR_OK);
    assert_int_equal(strncmp(pem, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n", 38), 0);
    assert_err(stir_key_from_pem(&back, S(pem), give, wrong, NULL), STIR_EPASS);
    assert_err(stir_key_from_pem(&back, S(pem), NULL, NULL, NULL), STIR_EPASS);
    assert_err(stir_key_from_pem(&back, S(pem), give, phrase, NULL), STIR_OK);
    assert_true(stir_key_same_public(key, back));
    stir_key_free(back);
    memset(longest, 'x', sizeof(longest));
    assert_err(stir_key_write_pem(pem, sizeof(pem), &n, key, stir_slice_of("", 0)), STIR_EARG);
    assert_err(stir_key_write_pem(pem, sizeof(pem), &n, key, stir_slice_of(longest, sizeof(longest))), STIR_EARG);
    assert_err(stir_key_write_pem(pem, sizeof(pem), &n, key, stir_slice_of(longest, STIR_MAX_PASSPHRASE)), STIR_OK);
    longest[STIR_MAX_PASSPHRASE] = '\0';
    assert_err(stir_key_from_pem(&back, S(pem), give, longest, NULL), STIR_OK);
    stir_key_free(back);
    stir_key_free(key);
}

static void key_writes_nothing_into_too_small_a_buffer(void **state)
{
    (void)state;
    char pem[4096];
    size_t n = 77, whole = 0;
    struct stir_key *key = file_key("keys/p256-sec1.pem");
    assert_err(stir_key_write_public_pem(pem, sizeof(pem), &whole, key), STIR_OK);
    memset(pem, 'x', sizeof(pem));
    assert_err(stir_key_write_public_pem(pem, whole, &n, key), STIR_ELIMIT);
    assert_int_equal(n, 77);
    assert_int_equal(pem[0], 'x');
    assert_err(stir_key_write_public_pem(pem, whole + 1, &n, key), STIR_OK);
    assert_int_equal(pem[whole + 1], 'x');
    assert_err(stir_key_write_pem(pem, sizeof(pem), &whole, key, S(NULL)), STIR_OK);
    memset(pem, 'x', sizeof(pem));
    n = 77;
    assert_err(stir_key_write_pem(pem, whole, &n, key, S(NULL)), STIR_ELIMIT);
    assert_int_equal(n, 77);
    assert_int_equal(pem[0], 'x');
    assert_err(stir_key_write_pem(pem, whole + 1, &n, key, S(NULL)), STIR_OK);
    assert_int_equal(pem[whole + 1], 'x');
    stir_key_free(key);
}

static void key_lives_until_its_last_owner_lets_go(void **state)
{
    (void)state;
    struct stir_key *key = file_key("keys/p256-sec1.pem");
    assert_ptr_equal(stir_key_ref(key), key);
    stir_key_free(key);
    assert_signs(key);
    stir_key_free(key);
}

/* ------------------------------------------------------------------ the host's error queue */

static void key_leaves_the_error_queue_as_it_was(void **state)
{
    (void)state;
    struct stir_slice pem = support_file("keys/p256-sec1.pem"), sealed = support_file("keys/p256-encrypted-pkcs8.pem"),
                      old = support_file("keys/p256-encrypted-sec1.pem"), odd = support_file("keys/p256-encrypted-rc2.pem"),
                      public_pem = support_file("keys/p256-public.pem");
    struct der off_curve = spki(EC_NAMED, "0004" GX GX), good = spki(EC_NAMED, "0004" GX GY);
    char phrase[] = "wrong", right[] = PASSPHRASE, buf[4096];
    struct stir_key *key = NULL, *other = NULL;
    size_t n;
    assert_quiet_err(stir_key_from_pem(&key, pem, NULL, NULL, NULL), STIR_OK);
    assert_quiet_err(stir_key_from_pem(&other, S("junk"), NULL, NULL, NULL), STIR_EPEM);
    assert_quiet_err(stir_key_from_pem(&other, stir_slice_upto(pem, 100), NULL, NULL, NULL), STIR_EPEM);
    assert_quiet_err(stir_key_from_pem(&other, sealed, give, phrase, NULL), STIR_EPASS);
    assert_quiet_err(stir_key_from_pem(&other, sealed, NULL, NULL, NULL), STIR_EPASS);
    assert_quiet_err(stir_key_from_pem(&other, old, give, phrase, NULL), STIR_EPASS);
    assert_quiet_err(stir_key_from_pem(&other, odd, give, right, NULL), STIR_EPEM);
    assert_null(other);
    assert_quiet_err(stir_key_from_pem(&other, sealed, give, right, NULL), STIR_OK);
    assert_quiet(stir_key_free(other));
    assert_quiet_err(stir_key_from_public_pem(&other, public_pem, NULL), STIR_OK);
    assert_quiet(stir_key_free(other));
    assert_quiet_err(stir_key_from_public_pem(&other, S("junk"), NULL), STIR_EPEM);
    assert_quiet_err(stir_key_from_spki(&other, slice(&good), NULL), STIR_OK);
    assert_quiet(stir_key_free(other));
    assert_quiet_err(stir_key_from_spki(&other, slice(&off_curve), NULL), STIR_EKEY);
    assert_quiet_err(stir_key_generate(&other), STIR_OK);
    assert_quiet_err(stir_key_write_pem(buf, sizeof(buf), &n, other, S(NULL)), STIR_OK);
    assert_quiet_err(stir_key_write_pem(buf, 3, &n, other, S(NULL)), STIR_ELIMIT);
    assert_quiet_err(stir_key_write_public_pem(buf, sizeof(buf), &n, other), STIR_OK);
    assert_quiet(stir_key_is_private(other));
    assert_quiet(stir_key_spki(other));
    assert_quiet(stir_key_same_public(key, other));
    assert_quiet(stir_key_ref(other));
    assert_quiet(stir_key_free(other));
    assert_quiet(stir_key_free(other));
    assert_quiet(stir_key_free(key));
    support_free(pem);
    support_free(sealed);
    support_free(old);
    support_free(odd);
    support_free(public_pem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_reads_every_form_of_one_key),
        cmocka_unit_test(key_reads_the_fixtures_of_others),
        cmocka_unit_test(key_reads_a_key_behind_other_blocks_and_text),
        cmocka_unit_test(key_reads_compressed_points_and_keeps_them_uncompressed),
        cmocka_unit_test(key_spki_is_the_der_that_openssl_writes),
        cmocka_unit_test(key_refuses_private_files_that_are_no_p256_key),
        cmocka_unit_test(key_refuses_public_files_that_are_no_p256_key),
        cmocka_unit_test(key_refuses_explicit_parameters_that_openssl_names_prime256v1),
        cmocka_unit_test(key_opens_encrypted_files_with_their_passphrase_alone),
        cmocka_unit_test(key_answers_epass_to_every_wrong_passphrase),
        cmocka_unit_test(key_takes_an_impossible_passphrase_length_for_none),
        cmocka_unit_test(key_says_when_the_encryption_is_unknown),
        cmocka_unit_test(key_refuses_every_truncation_and_survives_every_flip_of_a_file),
        cmocka_unit_test(key_refuses_empty_junk_and_long_text),
        cmocka_unit_test(key_refuses_null_arguments),
        cmocka_unit_test(key_reads_only_strict_spki),
        cmocka_unit_test(key_refuses_bytes_behind_an_spki),
        cmocka_unit_test(key_reads_only_strict_sec1),
        cmocka_unit_test(key_says_when_two_halves_do_not_fit),
        cmocka_unit_test(key_refuses_bytes_behind_and_inside_sec1),
        cmocka_unit_test(key_reads_only_strict_pkcs8),
        cmocka_unit_test(key_refuses_junk_in_private_blocks),
        cmocka_unit_test(key_generates_a_new_key_each_time),
        cmocka_unit_test(key_writes_what_it_reads),
        cmocka_unit_test(key_writes_public_pem_as_openssl_does),
        cmocka_unit_test(key_writes_encrypted_for_the_passphrase_alone),
        cmocka_unit_test(key_writes_nothing_into_too_small_a_buffer),
        cmocka_unit_test(key_lives_until_its_last_owner_lets_go),
        cmocka_unit_test(key_leaves_the_error_queue_as_it_was),
    };
    return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
