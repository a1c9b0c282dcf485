/* Keys in files: what is read, what is refused and why, what is written. */
#include "key_support.h"

#define PASSPHRASE "correct-horse"

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
