/* Inside of keys, for the rooms below. */
#ifndef STIR_CORE_KEY_H
#define STIR_CORE_KEY_H

#include <openssl/evp.h>
#include <stir/key.h>

#include "core/bytes.h"

enum { STIR_P256_BYTES = 32 }; /* of a coordinate, and of a number below the order n */

STIR_AUTO_STRUCT_FREE(stir_key)

/* OpenSSL's view of the key, borrowed for its life. */
EVP_PKEY *stir_key_evp(const struct stir_key *key);

/* Read a private key from the DER of an ECPrivateKey (RFC 5915) or a PrivateKeyInfo (RFC 5208, RFC 5958).
 * @return STIR_OK, STIR_EDER (`diag` is not set), STIR_EKEY, STIR_ENOMEM, STIR_ECRYPTO; only under STIR_OSSL_QUIET. */
enum stir_err stir_key_from_sec1(struct stir_key **out, struct stir_slice der, struct stir_diag *diag) STIR_MUST_USE;
enum stir_err stir_key_from_pkcs8(struct stir_key **out, struct stir_slice der, struct stir_diag *diag) STIR_MUST_USE;

/* Make a public key of its point, x||y. @return as stir_key_from_spki(). */
enum stir_err stir_key_from_point(struct stir_key **out, const unsigned char point[2 * STIR_P256_BYTES], struct stir_diag *diag) STIR_MUST_USE;

/* STIR_EKEY, and how to make a key that will do. */
enum stir_err stir_key_not_p256(struct stir_diag *diag, const char *what);

/* The table that stir_key_prepare() made, NULL when there is none (core/p256_table.h). */
struct stir_p256_table;
/* About what a key and such a table take of memory, with OpenSSL 3.0: measured. */
enum { STIR_KEY_BYTES = 2400, STIR_KEY_TABLE_BYTES = 164600 };
const struct stir_p256_table *stir_key_table(const struct stir_key *key);

/* A call of OpenSSL failed: STIR_ENOMEM when its queue says so, else STIR_ECRYPTO. Only under STIR_OSSL_QUIET. */
enum stir_err stir_ossl_failure(void);

/* The big-endian number is in 1..n-1, n the order of P-256. Constant time: it is asked of private values, too. */
bool stir_p256_in_range(const unsigned char number[STIR_P256_BYTES]);

#endif
