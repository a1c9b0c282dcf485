/* Inside of certificates, for the rooms below: the parts that public callers do not get. */
#ifndef STIR_CORE_CERT_H
#define STIR_CORE_CERT_H

#include <stir/cert.h>

#include "core/constraints.h"

/* Constraints of the certificate, at most two (both extensions present); NULL where there is none or it is bad. */
const struct stir_constraints *stir_cert_constraints(const struct stir_cert *cert, size_t i);

/* Check a signature made by any algorithm that certificates and CRLs use: `spki` DER key, `algorithm` DER AlgorithmIdentifier, `tbs` signed bytes, `sig`
 * content of the BIT STRING. SHA-1, MD5 and unknown algorithms: STIR_EKEY. @return STIR_OK, STIR_ESIG, STIR_EKEY, STIR_ENOMEM, STIR_ECRYPTO. */
enum stir_err stir_signature_check(struct stir_slice spki, struct stir_slice algorithm, struct stir_slice tbs, struct stir_slice sig) STIR_MUST_USE;

/* Which algorithm an AlgorithmIdentifier names. */
enum stir_cert_sig stir_signature_kind(struct stir_slice algorithm);

/* One-line RFC 2253 text of a DER Name, control and non-ASCII characters escaped; malloc'd, NULL when out of memory; "?" when unreadable. */
char *stir_name_text(struct stir_slice name_der);

/* DER Time (UTCTime or GeneralizedTime, as X.509 allows) to seconds. @return STIR_OK or STIR_EDER. `r` moves on. */
enum stir_err stir_der_time(struct stir_reader *r, int64_t *out) STIR_MUST_USE;

/* Decode one PEM block at or behind `*at` in `text`: label and DER (malloc'd). @return STIR_OK; STIR_ENOTFOUND (no further block); STIR_EPEM (a broken one);
 * STIR_ENOMEM. `*at` moves behind it. */
enum stir_err stir_pem_next(struct stir_slice text, size_t *at, struct stir_slice *label, unsigned char **der, size_t *n) STIR_MUST_USE;

#endif
