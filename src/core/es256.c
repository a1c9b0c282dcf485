/* ES256 (RFC 7518 §3.4): signatures are r||s outside, DER only on the way to and from OpenSSL.
 *
 * OpenSSL wants a context per key, and making one costs a tenth of a signature: a thread keeps those of the keys it used last. Nonces are OpenSSL's: random,
 * with the private value and the digest mixed in. */
#include "core/es256.h"
#include "core/p256_table.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <stdlib.h>

/* Some 4 KB each with OpenSSL's contexts. A few hundred signers make up the network: 1,024 places, each key in one of the four of its set. */
enum { SET_BITS = 8, WAYS = 4, KEYS = WAYS << SET_BITS };

/* A key in use. The context owns the key, so that no other can take its address while the contexts are kept. */
struct slot {
    struct stir_key *key;
    EVP_PKEY_CTX *sign, *verify; /* NULL until needed */
    uint64_t used;
};

struct stir_es256_ctx {
    EVP_MD *sha256;
    EVP_MD_CTX *digest;
    uint64_t turn;
    struct stir_p256_work *work; /* for keys with tables; NULL until needed */
    struct slot slots[KEYS];
};

STIR_AUTO_FREE(BIGNUM, BN_free)
STIR_AUTO_FREE(BN_CTX, BN_CTX_free)
STIR_AUTO_FREE(EC_GROUP, EC_GROUP_free)
STIR_AUTO_FREE(EC_POINT, EC_POINT_free)
STIR_AUTO_FREE(EVP_PKEY_CTX, EVP_PKEY_CTX_free)

enum stir_err stir_es256_ctx_new(struct stir_es256_ctx **out)
{
    STIR_OSSL_QUIET;
    if (!out)
        return STIR_EARG;
    STIR_AUTO_STRUCT(stir_es256_ctx) *ctx = calloc(1, sizeof(*ctx));
    if (!ctx)
        return STIR_ENOMEM;
    ctx->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    ctx->digest = EVP_MD_CTX_new();
    if (!ctx->sha256 || !ctx->digest)
        return stir_ossl_failure();
    *out = STIR_MOVE(ctx);
    return STIR_OK;
}

static void slot_clear(struct slot *slot)
{
    EVP_PKEY_CTX_free(slot->sign);
    EVP_PKEY_CTX_free(slot->verify);
    stir_key_free(slot->key);
    *slot = (struct slot){0};
}

void stir_es256_ctx_free(struct stir_es256_ctx *ctx)
{
    STIR_OSSL_QUIET;
    if (!ctx)
        return;
    for (size_t i = 0; i < KEYS; i++)
        slot_clear(&ctx->slots[i]);
    stir_p256_work_free(ctx->work);
    EVP_MD_CTX_free(ctx->digest);
    EVP_MD_free(ctx->sha256);
    free(ctx);
}

enum stir_err stir_es256_digest(struct stir_es256_ctx *ctx, struct stir_slice data, unsigned char digest[STIR_SHA256])
{
    STIR_OSSL_QUIET;
    if (!ctx || !digest || (!data.p && data.n))
        return STIR_EARG;
    bool done =
        EVP_DigestInit_ex2(ctx->digest, ctx->sha256, NULL) && EVP_DigestUpdate(ctx->digest, data.p, data.n) && EVP_DigestFinal_ex(ctx->digest, digest, NULL);
    return done ? STIR_OK : stir_ossl_failure();
}

/* The set of `key`, by its address: whoever chooses keys does not choose where they lie. */
static struct slot *set_of(struct stir_es256_ctx *ctx, const struct stir_key *key)
{
    uint64_t spread = (uint64_t)(uintptr_t)key * UINT64_C(0x9e3779b97f4a7c15);
    return ctx->slots + WAYS * (spread >> (64 - SET_BITS));
}

/* The slot of `key`; a new key takes the place of the one in its set that was not used for the longest time. */
static struct slot *slot_of(struct stir_es256_ctx *ctx, struct stir_key *key)
{
    struct slot *set = set_of(ctx, key), *oldest = set;
    uint64_t turn = ++ctx->turn;
    for (struct slot *s = set; s < set + WAYS; s++) {
        if (s->key == key) {
            s->used = turn;
            return s;
        }
        if (s->used < oldest->used)
            oldest = s;
    }
    slot_clear(oldest);
    oldest->key = stir_key_ref(key);
    oldest->used = turn;
    return oldest;
}

/* Make `*held`, once. */
static enum stir_err prepare(EVP_PKEY_CTX **held, const struct stir_key *key, int (*init)(EVP_PKEY_CTX *))
{
    if (*held)
        return STIR_OK;
    STIR_AUTO(EVP_PKEY_CTX) *made = EVP_PKEY_CTX_new_from_pkey(NULL, stir_key_evp(key), NULL);
    if (!made || init(made) <= 0)
        return stir_ossl_failure();
    *held = STIR_MOVE(made);
    return STIR_OK;
}

enum stir_err stir_es256_sign(struct stir_es256_ctx *ctx, struct stir_key *key, const unsigned char digest[STIR_SHA256], unsigned char sig[STIR_ES256_SIG])
{
    STIR_OSSL_QUIET;
    unsigned char der[STIR_ECDSA_DER];
    size_t n = sizeof(der);
    if (!ctx || !key || !digest || !sig)
        return STIR_EARG;
    if (!stir_key_is_private(key))
        return STIR_EKEY;
    struct slot *slot = slot_of(ctx, key);
    TRY(prepare(&slot->sign, key, EVP_PKEY_sign_init));
    if (EVP_PKEY_sign(slot->sign, der, &n, digest, STIR_SHA256) <= 0)
        return stir_ossl_failure();
    return stir_es256_from_der(sig, stir_slice_of(der, n)) == STIR_OK ? STIR_OK : STIR_ECRYPTO;
}

/* e*G + r*Q is the point at infinity, so that the verification's own sum, which is that divided by s, is it too. */
static bool sum_is_infinity(const struct stir_key *key, const unsigned char digest[STIR_SHA256], const unsigned char r[STIR_P256_BYTES])
{
    struct stir_slice spki = stir_key_spki(key), point = stir_slice_from(spki, spki.n - (1 + 2 * STIR_P256_BYTES));
    STIR_AUTO(BN_CTX) *bn_ctx = BN_CTX_new();
    STIR_AUTO(BIGNUM) *e = BN_bin2bn(digest, STIR_SHA256, NULL);
    STIR_AUTO(BIGNUM) *scalar = BN_bin2bn(r, STIR_P256_BYTES, NULL);
    STIR_AUTO(EC_GROUP) *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    STIR_AUTO(EC_POINT) *q = group ? EC_POINT_new(group) : NULL;
    return bn_ctx && e && scalar && q && EC_POINT_oct2point(group, q, (const unsigned char *)point.p, point.n, bn_ctx) &&
           EC_POINT_mul(group, q, e, q, scalar, bn_ctx) && EC_POINT_is_at_infinity(group, q);
}

/* A signer can choose numbers that lead to the point at infinity, where OpenSSL finds no x to compare and answers an error like that of a broken machine: it is
 * a bad signature (FIPS 186-5 §6.4.2). */
static enum stir_err verify_failure(int answer, const struct stir_key *key, const unsigned char digest[STIR_SHA256], struct stir_slice sig)
{
    return answer == 0 || sum_is_infinity(key, digest, (const unsigned char *)sig.p) ? STIR_ESIG : stir_ossl_failure();
}

/*= RFC7518-3.4 */
enum stir_err stir_es256_verify(struct stir_es256_ctx *ctx, struct stir_key *key, const unsigned char digest[STIR_SHA256], struct stir_slice sig)
{
    STIR_OSSL_QUIET;
    unsigned char der[STIR_ECDSA_DER];
    if (!ctx || !key || !digest || !sig.p)
        return STIR_EARG;
    size_t n = sig.n == STIR_ES256_SIG ? stir_es256_to_der(der, (const unsigned char *)sig.p) : 0;
    if (n == 0)
        return STIR_ESIG;
    const struct stir_p256_table *table = stir_key_table(key);
    if (table && !ctx->work)
        TRY(stir_p256_work_new(&ctx->work));
    if (table)
        return stir_p256_verify(ctx->work, table, digest, (const unsigned char *)sig.p);
    struct slot *slot = slot_of(ctx, key);
    TRY(prepare(&slot->verify, key, EVP_PKEY_verify_init));
    int answer = EVP_PKEY_verify(slot->verify, der, n, digest, STIR_SHA256);
    return answer == 1 ? STIR_OK : verify_failure(answer, key, digest, sig);
}

/* One INTEGER of an Ecdsa-Sig-Value: positive, minimal, in range. */
static enum stir_err read_number(struct stir_reader *r, unsigned char out[STIR_P256_BYTES])
{
    struct stir_slice content;
    TRY(stir_der_get(r, 0x02, &content, NULL));
    const unsigned char *p = (const unsigned char *)content.p;
    bool sign_byte = content.n > 1 && p[0] == 0;
    if (content.n == 0 || (sign_byte && p[1] < 0x80))
        return STIR_EDER;
    size_t n = content.n - sign_byte;
    if (p[0] >= 0x80 || n > STIR_P256_BYTES)
        return STIR_ESIG;
    memset(out, 0, STIR_P256_BYTES);
    memcpy(out + STIR_P256_BYTES - n, p + sign_byte, n);
    if (n > 1 && out[0] != 0xff) /* minimal, so not 0, and far below the order */
        return STIR_OK;
    return stir_p256_in_range(out) ? STIR_OK : STIR_ESIG;
}

enum stir_err stir_es256_from_der(unsigned char sig[STIR_ES256_SIG], struct stir_slice der)
{
    unsigned char made[STIR_ES256_SIG];
    struct stir_slice content;
    struct stir_reader r = stir_reader_of(der);
    TRY(stir_der_get(&r, 0x30, &content, NULL));
    struct stir_reader in = stir_reader_of(content);
    TRY(read_number(&in, made));
    TRY(read_number(&in, made + STIR_P256_BYTES));
    if (stir_reader_left(&r) || stir_reader_left(&in))
        return STIR_EDER;
    memcpy(sig, made, sizeof(made));
    return STIR_OK;
}

/* An INTEGER at `at`; answers where it ends. */
static size_t put_number(unsigned char *der, size_t at, const unsigned char number[STIR_P256_BYTES])
{
    size_t skip = 0;
    while (skip < STIR_P256_BYTES - 1 && number[skip] == 0)
        skip++;
    size_t sign_byte = number[skip] >= 0x80, n = STIR_P256_BYTES - skip;
    der[at++] = 0x02;
    der[at++] = (unsigned char)(n + sign_byte);
    if (sign_byte)
        der[at++] = 0;
    memcpy(der + at, number + skip, n);
    return at + n;
}

size_t stir_es256_to_der(unsigned char der[STIR_ECDSA_DER], const unsigned char sig[STIR_ES256_SIG])
{
    if (!stir_p256_in_range(sig) || !stir_p256_in_range(sig + STIR_P256_BYTES))
        return 0;
    size_t end = put_number(der, put_number(der, 2, sig), sig + STIR_P256_BYTES);
    der[0] = 0x30;
    der[1] = (unsigned char)(end - 2);
    return end;
}
