/* Keys for tests: DER built by hand, so that it can be wrong in one place, PEM around it, and keys from files. */
#ifndef STIR_TESTS_KEY_SUPPORT_H
#define STIR_TESTS_KEY_SUPPORT_H

#include "quiet.h"

#include <openssl/pem.h>

#include "core/es256.h"

struct der {
    unsigned char p[400];
    size_t n;
};

static inline struct der wrap(unsigned char tag, const struct der *const parts[], size_t n)
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

static inline struct der hex(const char *text)
{
    struct der out = {{0}, 0};
    out.n = support_hex(out.p, sizeof(out.p), text);
    return out;
}

static inline struct stir_slice slice(const struct der *der)
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

static inline struct der spki(const char *algorithm, const char *bits)
{
    struct der a = hex(algorithm), b = hex(bits);
    struct der bit_string = WRAP(0x03, &b);
    return WRAP(0x30, &a, &bit_string);
}

/* SEC1; NULL leaves a part out. */
static inline struct der sec1(const char *version, const char *secret, const char *parameters, const char *bits)
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

static inline struct der pkcs8(const char *version, const char *algorithm, const struct der *key, const char *behind)
{
    struct der v = hex(version), a = hex(algorithm), b = hex(behind);
    struct der octets = WRAP(0x04, key);
    return WRAP(0x30, &v, &a, &octets, &b);
}

/* PEM around DER; free with OPENSSL_free. */
static inline struct stir_slice pem_of(const char *label, const struct der *der)
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

static inline enum stir_err read_private(struct stir_key **out, const char *label, const struct der *der, struct stir_diag *diag)
{
    struct stir_slice pem = pem_of(label, der);
    enum stir_err err = stir_key_from_pem(out, pem, NULL, NULL, diag);
    support_free(pem);
    return err;
}

static inline struct stir_key *file_key(const char *name)
{
    struct stir_key *key = NULL;
    struct stir_slice pem = support_file(name);
    assert_err(stir_key_from_pem(&key, pem, NULL, NULL, NULL), STIR_OK);
    support_free(pem);
    return key;
}

static inline void assert_signs(struct stir_key *key)
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

#endif
