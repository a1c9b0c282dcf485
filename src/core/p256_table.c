/* The one file that uses what OpenSSL 3 calls deprecated: EC_GROUP_precompute_mult() has no successor, and halves the time of a verification. A second group
 * has the key's point for its generator, and OpenSSL's own table code does the rest. Where a build of OpenSSL keeps no tables, nothing is made and EVP verifies
 * as ever. */
#undef OPENSSL_NO_DEPRECATED
#define OPENSSL_SUPPRESS_DEPRECATED

#include "core/p256_table.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <stdlib.h>

struct stir_p256_table {
    EC_GROUP *group; /* P-256 with the key's point as generator, and its multiples */
};

struct stir_p256_work {
    BN_CTX *ctx;
    EC_GROUP *group; /* P-256 */
    EC_POINT *sum, *part;
    BIGNUM *r, *s, *e, *u, *x;
};

STIR_AUTO_FREE(BN_CTX, BN_CTX_free)
STIR_AUTO_FREE(EC_POINT, EC_POINT_free)
STIR_AUTO_STRUCT_FREE(stir_p256_table)
STIR_AUTO_STRUCT_FREE(stir_p256_work)

void stir_p256_table_free(struct stir_p256_table *table)
{
    if (!table)
        return;
    EC_GROUP_free(table->group);
    free(table);
}

enum stir_err stir_p256_table_new(struct stir_p256_table **out, const unsigned char point[2 * STIR_P256_BYTES])
{
    unsigned char octets[1 + 2 * STIR_P256_BYTES] = {POINT_CONVERSION_UNCOMPRESSED};
    STIR_AUTO(BN_CTX) *ctx = BN_CTX_new();
    STIR_AUTO_STRUCT(stir_p256_table) *table = calloc(1, sizeof(*table));
    if (!table)
        return STIR_ENOMEM;
    memcpy(octets + 1, point, 2 * STIR_P256_BYTES);
    table->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    STIR_AUTO(EC_POINT) *q = table->group ? EC_POINT_new(table->group) : NULL;
    if (!ctx || !q || !EC_POINT_oct2point(table->group, q, octets, sizeof(octets), ctx))
        return stir_ossl_failure();
    if (!EC_GROUP_set_generator(table->group, q, EC_GROUP_get0_order(table->group), EC_GROUP_get0_cofactor(table->group)) ||
        !EC_GROUP_precompute_mult(table->group, ctx))
        return stir_ossl_failure();
    if (!EC_GROUP_have_precompute_mult(table->group))
        return STIR_ECRYPTO;
    *out = STIR_MOVE(table);
    return STIR_OK;
}

void stir_p256_work_free(struct stir_p256_work *work)
{
    if (!work)
        return;
    BN_free(work->r);
    BN_free(work->s);
    BN_free(work->e);
    BN_free(work->u);
    BN_free(work->x);
    EC_POINT_free(work->sum);
    EC_POINT_free(work->part);
    EC_GROUP_free(work->group);
    BN_CTX_free(work->ctx);
    free(work);
}

enum stir_err stir_p256_work_new(struct stir_p256_work **out)
{
    STIR_AUTO_STRUCT(stir_p256_work) *work = calloc(1, sizeof(*work));
    if (!work)
        return STIR_ENOMEM;
    work->ctx = BN_CTX_new();
    work->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    work->sum = work->group ? EC_POINT_new(work->group) : NULL;
    work->part = work->group ? EC_POINT_new(work->group) : NULL;
    work->r = BN_new();
    work->s = BN_new();
    work->e = BN_new();
    work->u = BN_new();
    work->x = BN_new();
    if (!work->ctx || !work->sum || !work->part || !work->r || !work->s || !work->e || !work->u || !work->x)
        return STIR_ENOMEM;
    *out = STIR_MOVE(work);
    return STIR_OK;
}

/* u1*G + u2*Q, FIPS 186-5 §6.4.2 steps 4 to 6: e and r times the inverse of s. */
static bool sum_of(struct stir_p256_work *w, const struct stir_p256_table *table)
{
    const BIGNUM *n = EC_GROUP_get0_order(w->group);
    return BN_mod_inverse(w->s, w->s, n, w->ctx) && BN_mod_mul(w->u, w->e, w->s, n, w->ctx) && EC_POINT_mul(w->group, w->sum, w->u, NULL, NULL, w->ctx) &&
           BN_mod_mul(w->u, w->r, w->s, n, w->ctx) && EC_POINT_mul(table->group, w->part, w->u, NULL, NULL, w->ctx) &&
           EC_POINT_add(w->group, w->sum, w->sum, w->part, w->ctx);
}

enum stir_err stir_p256_verify(struct stir_p256_work *work, const struct stir_p256_table *table, const unsigned char digest[STIR_SHA256],
                               const unsigned char sig[STIR_ES256_SIG])
{
    const BIGNUM *n = EC_GROUP_get0_order(work->group);
    if (!BN_bin2bn(sig, STIR_P256_BYTES, work->r) || !BN_bin2bn(sig + STIR_P256_BYTES, STIR_P256_BYTES, work->s) || !BN_bin2bn(digest, STIR_SHA256, work->e))
        return stir_ossl_failure();
    if (!sum_of(work, table))
        return stir_ossl_failure();
    if (EC_POINT_is_at_infinity(work->group, work->sum))
        return STIR_ESIG;
    if (!EC_POINT_get_affine_coordinates(work->group, work->sum, work->x, NULL, work->ctx) || !BN_nnmod(work->x, work->x, n, work->ctx))
        return stir_ossl_failure();
    return BN_cmp(work->x, work->r) == 0 ? STIR_OK : STIR_ESIG;
}
