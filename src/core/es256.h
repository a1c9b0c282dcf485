/* Inside of ES256, for the rooms below. */
#ifndef STIR_CORE_ES256_H
#define STIR_CORE_ES256_H

#include "core/key.h"

enum { STIR_ECDSA_DER = 72 }; /* longest DER of an Ecdsa-Sig-Value over P-256 */

STIR_AUTO_STRUCT_FREE(stir_es256_ctx)

/* Ecdsa-Sig-Value (RFC 3279 §2.2.3), strict DER, to r||s. @return STIR_OK; STIR_EDER (not that, or bytes after it), STIR_ESIG (r or s not in 1..n-1);
 * `sig` is untouched unless STIR_OK. */
enum stir_err stir_es256_from_der(unsigned char sig[STIR_ES256_SIG], struct stir_slice der) STIR_MUST_USE;

/* And back: minimal DER. @return its length; 0 when r or s is not in 1..n-1. */
size_t stir_es256_to_der(unsigned char der[STIR_ECDSA_DER], const unsigned char sig[STIR_ES256_SIG]) STIR_MUST_USE;

#endif
