/* Inside of keys and ES256, for the rooms below. */
#ifndef STIR_CORE_ES256_H
#define STIR_CORE_ES256_H

#include <openssl/evp.h>
#include <stir/key.h>

#include "core/bytes.h"

enum {
    STIR_P256_BYTES = 32,       /* of a coordinate, and of a number below the order n */
    STIR_ECDSA_DER = 72,        /* longest DER of Ecdsa-Sig-Value over P-256 */
    STIR_MAX_PASSPHRASE = 1024, /* what OpenSSL's own PEM reader asks for at most */
};

STIR_AUTO_STRUCT_FREE(stir_key)
STIR_AUTO_STRUCT_FREE(stir_es256_ctx)

/* OpenSSL's view of the key, borrowed for its life. */
EVP_PKEY *stir_key_evp(const struct stir_key *key);

/* A call of OpenSSL failed: STIR_ENOMEM when its queue says so, else STIR_ECRYPTO. Only under STIR_OSSL_QUIET. */
enum stir_err stir_ossl_failure(void);

/* The big-endian number is in 1..n-1, n the order of P-256. Not constant time: for what is public. */
bool stir_p256_in_range(const unsigned char number[STIR_P256_BYTES]);

/* Ecdsa-Sig-Value (RFC 3279 §2.2.3), strict DER, to r||s. @return STIR_OK; STIR_EDER (not that, or bytes after it), STIR_ESIG (r or s not in 1..n-1);
 * `sig` is untouched unless STIR_OK. */
enum stir_err stir_es256_from_der(unsigned char sig[STIR_ES256_SIG], struct stir_slice der) STIR_MUST_USE;

/* And back: minimal DER. @return its length; 0 when r or s is not in 1..n-1. */
size_t stir_es256_to_der(unsigned char der[STIR_ECDSA_DER], const unsigned char sig[STIR_ES256_SIG]) STIR_MUST_USE;

#endif
