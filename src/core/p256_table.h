/* Tables for keys that verify again and again (ARCHITECTURE §5): multiples of the public point, as OpenSSL keeps them of the generator. The answer is the one
 * EVP gives. */
#ifndef STIR_CORE_P256_TABLE_H
#define STIR_CORE_P256_TABLE_H

#include "core/key.h"

/* Immutable once made; shared by threads. Some 150 KB. */
struct stir_p256_table;

/* Make the table of the point x||y, which is on the curve: some 30 ms.
 * @return STIR_OK; STIR_ECRYPTO (this OpenSSL keeps no tables), STIR_ENOMEM; only under STIR_OSSL_QUIET. */
enum stir_err stir_p256_table_new(struct stir_p256_table **out, const unsigned char point[2 * STIR_P256_BYTES]) STIR_MUST_USE;
void stir_p256_table_free(struct stir_p256_table *table);

/* One thread's room for the arithmetic. */
struct stir_p256_work;
enum stir_err stir_p256_work_new(struct stir_p256_work **out) STIR_MUST_USE;
void stir_p256_work_free(struct stir_p256_work *work);

/* Verify r||s, both in range already, over a digest. Variable time: everything in it is public.
 * @return STIR_OK (good), STIR_ESIG, STIR_ENOMEM, STIR_ECRYPTO; only under STIR_OSSL_QUIET. */
enum stir_err stir_p256_verify(struct stir_p256_work *work, const struct stir_p256_table *table, const unsigned char digest[STIR_SHA256],
                               const unsigned char sig[STIR_ES256_SIG]) STIR_MUST_USE;

#endif
