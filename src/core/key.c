/* Keys: DER in, one P-256 key out.
 *
 * The DER of keys is read here, strictly, instead of by OpenSSL's decoders: the curve is the OID prime256v1 or the key is refused, so that explicit parameters,
 * other curves and other algorithms never reach OpenSSL; and OpenSSL gets what it is best at: points, numbers, passphrases. */
#include "core/key.h"
#include "core/p256_table.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    POINT = 1 + 2 * STIR_P256_BYTES,
    COMPRESSED = 1 + STIR_P256_BYTES,
    SPKI_HEAD = 26,
    SPKI = SPKI_HEAD + POINT,
};
enum { INTEGER = 0x02, BIT_STRING = 0x03, OCTET_STRING = 0x04, OID = 0x06, SEQUENCE = 0x30 };

struct stir_key {
    atomic_size_t owners;
    EVP_PKEY *evp;
    bool is_private;
    unsigned char spki[SPKI];
    _Atomic(struct stir_p256_table *) table; /* NULL until stir_key_prepare() */
};

STIR_AUTO_FREE(BN_CTX, BN_CTX_free)
STIR_AUTO_FREE(BIGNUM, BN_clear_free)
STIR_AUTO_FREE(EC_GROUP, EC_GROUP_free)
STIR_AUTO_FREE(EC_POINT, EC_POINT_clear_free)
STIR_AUTO_FREE(EVP_PKEY, EVP_PKEY_free)
STIR_AUTO_FREE(EVP_PKEY_CTX, EVP_PKEY_CTX_free)

/* Content bytes of the identifiers that keys are made of. */
static const struct stir_slice ec_public_key = {"\x2a\x86\x48\xce\x3d\x02\x01", 7};
static const struct stir_slice prime256v1 = {"\x2a\x86\x48\xce\x3d\x03\x01\x07", 8};

/* SubjectPublicKeyInfo up to the point: ecPublicKey, prime256v1, BIT STRING without unused bits. */
static const unsigned char spki_head[SPKI_HEAD] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
                                                   0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};

enum stir_err stir_ossl_failure(void)
{
    return ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE ? STIR_ENOMEM : STIR_ECRYPTO;
}

bool stir_p256_in_range(const unsigned char number[STIR_P256_BYTES])
{
    static const unsigned char order[STIR_P256_BYTES] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                                         0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
    unsigned any = 0, borrow = 0;
    for (size_t i = STIR_P256_BYTES; i-- > 0;) {
        any |= number[i];
        borrow = ((unsigned)number[i] - order[i] - borrow) >> 8 & 1;
    }
    return any != 0 && borrow == 1;
}

/* ------------------------------------------------------------------ DER, read: what it says, before anybody believes it */

struct parts {
    struct stir_slice secret;    /* big-endian private value; absent in a public key */
    struct stir_slice points[2]; /* encoded public points: of SEC1, and of a PKCS#8 of version 2; absent when not there */
};

enum stir_err stir_key_not_p256(struct stir_diag *diag, const char *what)
{
    return stir_diag_set(diag, STIR_EKEY, SIZE_MAX, "%s; make a P-256 key on the named curve: openssl ecparam -name prime256v1 -genkey -noout", what);
}

/* EcpkParameters (RFC 5480 §2.1.1): the name of the one curve; never a curve that is spelt out, which could be any curve. */
/*= RFC5480-2.1.1 */
static enum stir_err read_curve(struct stir_reader *r, struct stir_diag *diag)
{
    struct stir_slice oid;
    if (stir_der_peek(r) != OID)
        return stir_key_not_p256(diag, "the key spells out its curve (explicit parameters) or leaves it to others");
    TRY(stir_der_get(r, OID, &oid, NULL));
    return stir_slice_eq(oid, prime256v1) ? STIR_OK : stir_key_not_p256(diag, "the key is on another curve than P-256");
}

/* AlgorithmIdentifier of an EC key. */
static enum stir_err read_algorithm(struct stir_reader *r, struct stir_diag *diag)
{
    struct stir_slice content, oid;
    TRY(stir_der_get(r, SEQUENCE, &content, NULL));
    struct stir_reader in = stir_reader_of(content);
    TRY(stir_der_get(&in, OID, &oid, NULL));
    if (!stir_slice_eq(oid, ec_public_key))
        return stir_key_not_p256(diag, "the key is no EC key");
    TRY(read_curve(&in, diag));
    return stir_reader_left(&in) ? STIR_EDER : STIR_OK;
}

/* The content of a BIT STRING of whole bytes. */
static enum stir_err point_of_bits(struct stir_slice *out, struct stir_slice bits)
{
    if (bits.n < 2 || bits.p[0] != 0)
        return STIR_EDER;
    *out = stir_slice_from(bits, 1);
    return STIR_OK;
}

static enum stir_err read_point(struct stir_slice *out, struct stir_reader *r)
{
    struct stir_slice bits;
    TRY(stir_der_get(r, BIT_STRING, &bits, NULL));
    return point_of_bits(out, bits);
}

static enum stir_err read_spki(struct parts *out, struct stir_slice der, struct stir_diag *diag)
{
    struct stir_slice content;
    struct stir_reader r = stir_reader_of(der);
    TRY(stir_der_get(&r, SEQUENCE, &content, NULL));
    struct stir_reader in = stir_reader_of(content);
    TRY(read_algorithm(&in, diag));
    TRY(read_point(&out->points[0], &in));
    return stir_reader_left(&r) || stir_reader_left(&in) ? STIR_EDER : STIR_OK;
}

/* An INTEGER of one byte. */
static enum stir_err read_version(struct stir_reader *r, int *out)
{
    struct stir_slice content;
    TRY(stir_der_get(r, INTEGER, &content, NULL));
    if (content.n != 1)
        return STIR_EDER;
    *out = (unsigned char)content.p[0];
    return STIR_OK;
}

/* ECPrivateKey (RFC 5915 §3). Its own parameters may be left out only where PKCS#8 has named the curve already. */
static enum stir_err read_sec1(struct parts *out, struct stir_slice der, bool curve_known, struct stir_diag *diag)
{
    int version = 0;
    struct stir_slice content, inner;
    struct stir_reader r = stir_reader_of(der);
    TRY(stir_der_get(&r, SEQUENCE, &content, NULL));
    struct stir_reader in = stir_reader_of(content);
    TRY(read_version(&in, &version));
    TRY(stir_der_get(&in, OCTET_STRING, &out->secret, NULL));
    if (version != 1)
        return STIR_EDER;
    if (stir_der_peek(&in) == 0xa0) {
        TRY(stir_der_get(&in, 0xa0, &inner, NULL));
        struct stir_reader parameters = stir_reader_of(inner);
        TRY(read_curve(&parameters, diag));
        if (stir_reader_left(&parameters))
            return STIR_EDER;
        curve_known = true;
    }
    if (stir_der_peek(&in) == 0xa1) {
        TRY(stir_der_get(&in, 0xa1, &inner, NULL));
        struct stir_reader point = stir_reader_of(inner);
        TRY(read_point(&out->points[0], &point));
        if (stir_reader_left(&point))
            return STIR_EDER;
    }
    if (stir_reader_left(&r) || stir_reader_left(&in))
        return STIR_EDER;
    return curve_known ? STIR_OK : stir_key_not_p256(diag, "the key does not name its curve");
}

/* PrivateKeyInfo (RFC 5208 §5) and its second version, OneAsymmetricKey (RFC 5958 §2). */
static enum stir_err read_pkcs8(struct parts *out, struct stir_slice der, struct stir_diag *diag)
{
    int version = 0;
    struct stir_slice content, sec1, bits;
    struct stir_reader r = stir_reader_of(der);
    TRY(stir_der_get(&r, SEQUENCE, &content, NULL));
    struct stir_reader in = stir_reader_of(content);
    TRY(read_version(&in, &version));
    TRY(read_algorithm(&in, diag));
    TRY(stir_der_get(&in, OCTET_STRING, &sec1, NULL));
    if (version > 1)
        return STIR_EDER;
    if (stir_der_peek(&in) == 0xa0)
        TRY(stir_der_get(&in, 0xa0, NULL, NULL)); /* attributes: none that we know */
    if (version == 1 && stir_der_peek(&in) == 0x81) {
        TRY(stir_der_get(&in, 0x81, &bits, NULL));
        TRY(point_of_bits(&out->points[1], bits));
    }
    if (stir_reader_left(&r) || stir_reader_left(&in))
        return STIR_EDER;
    return read_sec1(out, sec1, true, diag);
}

/* ------------------------------------------------------------------ from parts to a key */

/* The uncompressed public point of OpenSSL's key. */
static enum stir_err point_of_evp(unsigned char point[POINT], const EVP_PKEY *evp)
{
    STIR_AUTO(BIGNUM) *x = NULL;
    STIR_AUTO(BIGNUM) *y = NULL;
    point[0] = POINT_CONVERSION_UNCOMPRESSED;
    bool done = EVP_PKEY_get_bn_param(evp, OSSL_PKEY_PARAM_EC_PUB_X, &x) && EVP_PKEY_get_bn_param(evp, OSSL_PKEY_PARAM_EC_PUB_Y, &y) &&
                BN_bn2binpad(x, point + 1, STIR_P256_BYTES) > 0 && BN_bn2binpad(y, point + COMPRESSED, STIR_P256_BYTES) > 0;
    return done ? STIR_OK : stir_ossl_failure();
}

/* Wrap OpenSSL's key, taken out of `*evp`, and its point. */
static enum stir_err key_of_evp(struct stir_key **out, EVP_PKEY **evp, const unsigned char point[POINT], bool is_private)
{
    struct stir_key *key = calloc(1, sizeof(*key));
    if (!key)
        return STIR_ENOMEM;
    atomic_init(&key->owners, 1);
    key->is_private = is_private;
    key->evp = STIR_MOVE(*evp);
    memcpy(key->spki, spki_head, SPKI_HEAD);
    memcpy(key->spki + SPKI_HEAD, point, POINT);
    *out = key;
    return STIR_OK;
}

/* Import a point, and the private value when there is one. OpenSSL refuses a point that is not on the curve; the cofactor is 1, so that one on it is in the
 * group. */
static enum stir_err import_key(EVP_PKEY **out, const unsigned char *point, size_t n, const BIGNUM *secret)
{
    char group[] = "prime256v1";
    unsigned char pub[POINT], native[STIR_P256_BYTES];
    OSSL_PARAM params[4] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0), OSSL_PARAM_END, OSSL_PARAM_END, OSSL_PARAM_END};
    memcpy(pub, point, n);
    params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, pub, n);
    if (secret)
        params[2] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native, sizeof(native));
    STIR_AUTO(EVP_PKEY_CTX) *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    bool ready = ctx && EVP_PKEY_fromdata_init(ctx) > 0 && (!secret || BN_bn2nativepad(secret, native, sizeof(native)) > 0);
    bool done = ready && EVP_PKEY_fromdata(ctx, out, secret ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params) > 0;
    OPENSSL_cleanse(native, sizeof(native));
    if (done)
        return STIR_OK;
    enum stir_err err = stir_ossl_failure();
    return ready && err == STIR_ECRYPTO ? STIR_EKEY : err;
}

static bool is_point(struct stir_slice point)
{
    int form = point.n ? point.p[0] : 0;
    return point.n == POINT ? form == POINT_CONVERSION_UNCOMPRESSED : point.n == COMPRESSED && (form | 1) == (POINT_CONVERSION_COMPRESSED | 1);
}

static enum stir_err public_key(struct stir_key **out, const struct parts *parts, struct stir_diag *diag)
{
    static const char no_point[] = "the public key is no point of P-256: the file is damaged, or it is not what it says";
    struct stir_slice point = parts->points[0];
    unsigned char whole[POINT];
    STIR_AUTO(EVP_PKEY) *evp = NULL;
    if (!is_point(point))
        return stir_diag_set(diag, STIR_EKEY, SIZE_MAX, "%s", no_point);
    enum stir_err err = import_key(&evp, (const unsigned char *)point.p, point.n, NULL);
    if (err != STIR_OK)
        return err == STIR_EKEY ? stir_diag_set(diag, err, SIZE_MAX, "%s", no_point) : err;
    if (point.n == POINT)
        memcpy(whole, point.p, POINT);
    else
        TRY(point_of_evp(whole, evp));
    return key_of_evp(out, &evp, whole, false);
}

/* The public point of a private value: OpenSSL's multiplication of the generator is constant time. */
static enum stir_err derive(unsigned char point[POINT], const BIGNUM *secret)
{
    STIR_AUTO(BN_CTX) *bn_ctx = BN_CTX_secure_new();
    STIR_AUTO(EC_GROUP) *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    STIR_AUTO(EC_POINT) *made = group ? EC_POINT_new(group) : NULL;
    if (!bn_ctx || !made || !EC_POINT_mul(group, made, secret, NULL, NULL, bn_ctx) ||
        EC_POINT_point2oct(group, made, POINT_CONVERSION_UNCOMPRESSED, point, POINT, bn_ctx) != POINT)
        return stir_ossl_failure();
    return STIR_OK;
}

/* `given` is `point`, in whichever form; what is not given does not speak against it. */
static bool fits(struct stir_slice given, const unsigned char point[POINT])
{
    if (!given.p)
        return true;
    if (!is_point(given))
        return false;
    if (given.n == POINT)
        return memcmp(given.p, point, POINT) == 0;
    return (given.p[0] & 1) == (point[POINT - 1] & 1) && memcmp(given.p + 1, point + 1, STIR_P256_BYTES) == 0;
}

static enum stir_err private_key(struct stir_key **out, const struct parts *parts, struct stir_diag *diag)
{
    unsigned char padded[STIR_P256_BYTES] = {0}, point[POINT];
    STIR_AUTO(EVP_PKEY) *evp = NULL;
    size_t n = parts->secret.n;
    if (n > sizeof(padded))
        return stir_diag_set(diag, STIR_EKEY, SIZE_MAX, "the private value is longer than a P-256 key: the file is damaged, or it is not what it says");
    if (n)
        memcpy(padded + sizeof(padded) - n, parts->secret.p, n); /* old writers left out leading zero bytes */
    bool in_range = stir_p256_in_range(padded);
    STIR_AUTO(BIGNUM) *secret = BN_secure_new();
    bool made = secret && BN_bin2bn(padded, sizeof(padded), secret);
    OPENSSL_cleanse(padded, sizeof(padded));
    if (!in_range)
        return stir_diag_set(diag, STIR_EKEY, SIZE_MAX, "the private value is 0 or not below the order of P-256: the file is damaged");
    if (!made)
        return STIR_ENOMEM;
    BN_set_flags(secret, BN_FLG_CONSTTIME);
    TRY(derive(point, secret));
    if (!fits(parts->points[0], point) || !fits(parts->points[1], point))
        return stir_diag_set(diag, STIR_EKEY, SIZE_MAX, "the private value does not fit the public key beside it: the file was put together from two keys");
    TRY(import_key(&evp, point, POINT, secret));
    return key_of_evp(out, &evp, point, true);
}

enum stir_err stir_key_from_sec1(struct stir_key **out, struct stir_slice der, struct stir_diag *diag)
{
    struct parts parts = {0};
    TRY(read_sec1(&parts, der, false, diag));
    return private_key(out, &parts, diag);
}

enum stir_err stir_key_from_pkcs8(struct stir_key **out, struct stir_slice der, struct stir_diag *diag)
{
    struct parts parts = {0};
    TRY(read_pkcs8(&parts, der, diag));
    return private_key(out, &parts, diag);
}

enum stir_err stir_key_from_spki(struct stir_key **out, struct stir_slice der, struct stir_diag *diag)
{
    STIR_OSSL_QUIET;
    struct parts parts = {0};
    if (!out || !der.p)
        return STIR_EARG;
    enum stir_err err = read_spki(&parts, der, diag);
    if (err == STIR_EDER)
        return stir_diag_set(diag, err, SIZE_MAX, "this is no SubjectPublicKeyInfo");
    TRY(err);
    return public_key(out, &parts, diag);
}

enum stir_err stir_key_from_point(struct stir_key **out, const unsigned char point[2 * STIR_P256_BYTES], struct stir_diag *diag)
{
    unsigned char der[SPKI];
    memcpy(der, spki_head, SPKI_HEAD);
    der[SPKI_HEAD] = POINT_CONVERSION_UNCOMPRESSED;
    memcpy(der + SPKI_HEAD + 1, point, 2 * STIR_P256_BYTES);
    return stir_key_from_spki(out, stir_slice_of(der, sizeof(der)), diag);
}

enum stir_err stir_key_generate(struct stir_key **out)
{
    STIR_OSSL_QUIET;
    if (!out)
        return STIR_EARG;
    unsigned char point[POINT];
    STIR_AUTO(EVP_PKEY) *evp = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    if (!evp)
        return stir_ossl_failure();
    TRY(point_of_evp(point, evp));
    return key_of_evp(out, &evp, point, true);
}

/* ------------------------------------------------------------------ the object */

struct stir_key *stir_key_ref(struct stir_key *key)
{
    if (key)
        atomic_fetch_add_explicit(&key->owners, 1, memory_order_relaxed);
    return key;
}

void stir_key_free(struct stir_key *key)
{
    if (!key || atomic_fetch_sub_explicit(&key->owners, 1, memory_order_acq_rel) != 1)
        return;
    STIR_OSSL_QUIET;
    EVP_PKEY_free(key->evp); /* OpenSSL clears the private value */
    stir_p256_table_free(atomic_load_explicit(&key->table, memory_order_acquire));
    free(key);
}

enum stir_err stir_key_prepare(struct stir_key *key)
{
    STIR_OSSL_QUIET;
    struct stir_p256_table *made = NULL, *none = NULL;
    if (!key)
        return STIR_EARG;
    if (stir_key_table(key))
        return STIR_OK;
    TRY(stir_p256_table_new(&made, key->spki + SPKI_HEAD + 1));
    /* Another thread may have been quicker; one table is enough. */
    if (!atomic_compare_exchange_strong_explicit(&key->table, &none, made, memory_order_acq_rel, memory_order_acquire))
        stir_p256_table_free(made);
    return STIR_OK;
}

const struct stir_p256_table *stir_key_table(const struct stir_key *key)
{
    return atomic_load_explicit(&key->table, memory_order_acquire);
}

bool stir_key_is_private(const struct stir_key *key)
{
    return key && key->is_private;
}

struct stir_slice stir_key_spki(const struct stir_key *key)
{
    return key ? stir_slice_of(key->spki, SPKI) : stir_slice_str(NULL);
}

bool stir_key_same_public(const struct stir_key *a, const struct stir_key *b)
{
    return a && b && memcmp(a->spki, b->spki, SPKI) == 0;
}

EVP_PKEY *stir_key_evp(const struct stir_key *key)
{
    return key->evp;
}
