#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "core/cert.h"

STIR_AUTO_FREE(EVP_PKEY, EVP_PKEY_free)
STIR_AUTO_FREE(EVP_MD_CTX, EVP_MD_CTX_free)

#define PKCS1 "\x2a\x86\x48\x86\xf7\x0d\x01\x01"
#define ECDSA_SHA2 "\x2a\x86\x48\xce\x3d\x04\x03"
#define OID(bytes)                \
    {                             \
        bytes, sizeof(bytes) - 1, \
    }

static const struct stir_slice oid_ec_key = OID("\x2a\x86\x48\xce\x3d\x02\x01"), oid_p256 = OID("\x2a\x86\x48\xce\x3d\x03\x01\x07"),
                               oid_p384 = OID("\x2b\x81\x04\x00\x22"), oid_rsa_key = OID(PKCS1 "\x01");

/* The algorithms that have a name here; those with a digest are verified. */
static const struct algorithm {
    struct stir_slice oid;
    enum stir_cert_sig kind;
    const char *key;    /* type of key it takes */
    const char *digest; /* NULL: never verified, collisions can be made */
} algorithms[] = {
    {OID(ECDSA_SHA2 "\x02"), STIR_CERT_SIG_ECDSA_SHA256, "EC", "SHA2-256"}, {OID(ECDSA_SHA2 "\x03"), STIR_CERT_SIG_ECDSA_SHA384, "EC", "SHA2-384"},
    {OID(ECDSA_SHA2 "\x04"), STIR_CERT_SIG_ECDSA_SHA512, "EC", "SHA2-512"}, {OID("\x2a\x86\x48\xce\x3d\x04\x01"), STIR_CERT_SIG_ECDSA_SHA1, "EC", NULL},
    {OID(PKCS1 "\x0b"), STIR_CERT_SIG_RSA_SHA256, "RSA", "SHA2-256"},       {OID(PKCS1 "\x0c"), STIR_CERT_SIG_RSA_SHA384, "RSA", "SHA2-384"},
    {OID(PKCS1 "\x0d"), STIR_CERT_SIG_RSA_SHA512, "RSA", "SHA2-512"},       {OID(PKCS1 "\x05"), STIR_CERT_SIG_RSA_SHA1, "RSA", NULL},
};

enum { RSA_MIN_BITS = 2048 }; /* NIST SP 800-131A: shorter ones sign nothing any more */

/* AlgorithmIdentifier: its type, and what stands behind it. */
static enum stir_err algorithm_parts(struct stir_slice algorithm, struct stir_slice *oid, struct stir_slice *parameters)
{
    struct stir_slice content;
    TRY(stir_der_only(algorithm, STIR_DER_SEQUENCE, &content));
    struct stir_reader r = stir_reader_of(content);
    TRY(stir_der_get(&r, STIR_DER_OID, oid, NULL));
    *parameters = stir_slice_of(r.p, stir_reader_left(&r));
    return STIR_OK;
}

/* Parameters: none for ECDSA (RFC 5758 §3.2), and NULL is borne, since a root and an issuing CA of the real network write it; NULL for RSA, and none, which
 * RFC 4055 §5 wants accepted. Anything else is another algorithm. */
static const struct algorithm *algorithm_of(struct stir_slice algorithm)
{
    struct stir_slice oid, parameters;
    if (algorithm_parts(algorithm, &oid, &parameters) != STIR_OK)
        return NULL;
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        const struct algorithm *a = &algorithms[i];
        if (stir_slice_eq(a->oid, oid))
            return parameters.n == 0 || stir_slice_eq(parameters, stir_slice_of("\x05\x00", 2)) ? a : NULL;
    }
    return NULL;
}

enum stir_cert_sig stir_signature_kind(struct stir_slice algorithm)
{
    const struct algorithm *a = algorithm_of(algorithm);
    return a ? a->kind : STIR_CERT_SIG_OTHER;
}

static EVP_PKEY *load(struct stir_slice spki)
{
    const unsigned char *p = (const unsigned char *)spki.p, *end = p + spki.n;
    EVP_PKEY *key = spki.n <= STIR_MAX_CERT ? d2i_PUBKEY(NULL, &p, (long)spki.n) : NULL;
    if (key && p != end) {
        EVP_PKEY_free(key);
        return NULL;
    }
    return key;
}

/* The curve is spelt out in the key. Whoever may do that may choose a generator for which he knows every signature. */
static bool has_explicit_curve(const EVP_PKEY *key)
{
    int is_explicit = 1;
    return EVP_PKEY_is_a(key, "EC") && (!EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &is_explicit) || is_explicit);
}

enum stir_err stir_signature_check(struct stir_slice spki, struct stir_slice algorithm, struct stir_slice tbs, struct stir_slice sig)
{
    const struct algorithm *a = algorithm_of(algorithm);
    if (!a || !a->digest)
        return STIR_EKEY;
    STIR_AUTO(EVP_PKEY) *key = load(spki);
    if (!key || !EVP_PKEY_is_a(key, a->key) || has_explicit_curve(key))
        return STIR_EKEY;
    if (EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) < RSA_MIN_BITS)
        return STIR_EKEY;
    STIR_AUTO(EVP_MD_CTX) *ctx = EVP_MD_CTX_new();
    if (!ctx)
        return STIR_ENOMEM;
    if (EVP_DigestVerifyInit_ex(ctx, NULL, a->digest, NULL, NULL, key, NULL) != 1)
        return STIR_ECRYPTO;
    /* 0 is a wrong signature, a negative number one that is not even well formed. */
    return EVP_DigestVerify(ctx, (const unsigned char *)sig.p, sig.n, (const unsigned char *)tbs.p, tbs.n) == 1 ? STIR_OK : STIR_ESIG;
}

/* P-256 by its name: the one kind that signs calls. A point that is not on the curve makes it no key at all. */
static enum stir_err read_p256(enum stir_cert_key *kind, unsigned *bits, struct stir_key **key, struct stir_slice spki)
{
    struct stir_key *made = NULL;
    enum stir_err err = stir_key_from_spki(&made, spki, NULL);
    if (err != STIR_OK && err != STIR_EKEY && err != STIR_EDER)
        return err;
    *kind = made ? STIR_CERT_KEY_P256 : STIR_CERT_KEY_OTHER;
    *bits = made ? 256 : 0;
    *key = made;
    return STIR_OK;
}

static enum stir_cert_key kind_of_ec(const EVP_PKEY *key, struct stir_slice curve)
{
    char group[32];
    size_t n;
    if (stir_slice_eq(curve, oid_p384))
        return STIR_CERT_KEY_P384;
    bool p256 = EVP_PKEY_get_group_name(key, group, sizeof(group), &n) == 1 && strcmp(group, "prime256v1") == 0;
    return p256 && has_explicit_curve(key) ? STIR_CERT_KEY_P256_EXPLICIT : STIR_CERT_KEY_EC_OTHER;
}

enum stir_err stir_spki_read(enum stir_cert_key *kind, unsigned *bits, struct stir_key **key, struct stir_slice spki)
{
    struct stir_slice content, algorithm, oid, parameters, curve = {NULL, 0};
    TRY(stir_der_only(spki, STIR_DER_SEQUENCE, &content));
    struct stir_reader r = stir_reader_of(content);
    TRY(stir_der_get(&r, STIR_DER_SEQUENCE, NULL, &algorithm));
    TRY(stir_der_get(&r, STIR_DER_BIT_STRING, NULL, NULL));
    if (stir_reader_left(&r))
        return STIR_EDER;
    TRY(algorithm_parts(algorithm, &oid, &parameters));
    bool ec = stir_slice_eq(oid, oid_ec_key);
    if (ec && stir_der_only(parameters, STIR_DER_OID, &curve) == STIR_OK && stir_slice_eq(curve, oid_p256))
        return read_p256(kind, bits, key, spki);
    STIR_AUTO(EVP_PKEY) *other = load(spki);
    int n = other ? EVP_PKEY_get_bits(other) : 0;
    *kind = !other ? STIR_CERT_KEY_OTHER : ec ? kind_of_ec(other, curve) : stir_slice_eq(oid, oid_rsa_key) ? STIR_CERT_KEY_RSA : STIR_CERT_KEY_OTHER;
    *bits = n > 0 ? (unsigned)n : 0;
    *key = NULL;
    return STIR_OK;
}
