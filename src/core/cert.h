/* Inside of certificates, for the rooms below: the parts that public callers do not get. */
#ifndef STIR_CORE_CERT_H
#define STIR_CORE_CERT_H

#include <stir/cert.h>

#include "core/constraints.h"
#include "core/der.h"

/* Constraints of the certificate, at most two (both extensions present); NULL where there is none or it is bad. */
const struct stir_constraints *stir_cert_constraints(const struct stir_cert *cert, size_t i);

/* One Extension of a certificate, request or list, as it stands. */
struct stir_extension {
    struct stir_slice oid; /* content bytes of the OBJECT IDENTIFIER */
    bool critical;
    struct stir_slice value; /* content of the OCTET STRING */
};

/* The next one of the content of an Extensions SEQUENCE. @return STIR_OK or STIR_EDER. */
enum stir_err stir_extension_next(struct stir_reader *r, struct stir_extension *out) STIR_MUST_USE;

/* What the extensions of a certificate own besides slices. */
struct stir_cert_owned {
    struct stir_tnauth *tnauth;
    struct stir_constraints *constraints[2];
};

/* Read the content of an Extensions SEQUENCE into `info` and `owned`, texts into the arena. What is malformed inside one extension makes that one
 * STIR_PART_BAD.
 * @return STIR_OK, STIR_EDER (no extensions), STIR_ELIMIT, STIR_ENOMEM; then, too, the caller frees what is owned. */
enum stir_err stir_cert_extensions(struct stir_cert_info *info, struct stir_cert_owned *owned, struct stir_slice content,
                                   struct stir_arena *arena) STIR_MUST_USE;

/* About how much memory it holds. */
size_t stir_cert_bytes(const struct stir_cert *cert);

/* Check a signature made by any algorithm that certificates and CRLs use: `spki` DER key, `algorithm` DER AlgorithmIdentifier, `tbs` signed bytes, `sig`
 * content of the BIT STRING. SHA-1, MD5 and unknown algorithms: STIR_EKEY. @return STIR_OK, STIR_ESIG, STIR_EKEY, STIR_ENOMEM, STIR_ECRYPTO. */
enum stir_err stir_signature_check(struct stir_slice spki, struct stir_slice algorithm, struct stir_slice tbs, struct stir_slice sig) STIR_MUST_USE;

/* Which algorithm an AlgorithmIdentifier names. */
enum stir_cert_sig stir_signature_kind(struct stir_slice algorithm);

/* What a DER SubjectPublicKeyInfo holds, and the key itself when it is P-256 on the named curve (NULL otherwise; the caller frees). A key that cannot be read
 * is STIR_CERT_KEY_OTHER of 0 bits. @return STIR_OK, STIR_EDER (no SubjectPublicKeyInfo), STIR_ENOMEM, STIR_ECRYPTO. */
enum stir_err stir_spki_read(enum stir_cert_key *kind, unsigned *bits, struct stir_key **key, struct stir_slice spki) STIR_MUST_USE;

/* One-line RFC 2253 text of a DER Name, control and non-ASCII characters escaped; malloc'd, NULL when out of memory; "?" when unreadable. */
char *stir_name_text(struct stir_slice name_der);

/* The attributes that matter here, first of each and how often, as UTF-8 in the arena; a value of no known string type is counted and absent. */
struct stir_name_parts {
    struct stir_slice cn, o, c, serial_number;
    unsigned n_cn, n_o, n_c, n_serial_number, n_all;
};

/* Read a DER Name. @return STIR_OK, STIR_EDER, STIR_ENOMEM. */
enum stir_err stir_name_read(struct stir_name_parts *out, struct stir_slice name_der, struct stir_arena *arena) STIR_MUST_USE;

/* Write a Name: C, O, CN, serialNumber in this order, absent ones left out.
 * @return STIR_OK, STIR_EVALUE (`diag` says which part and why). */
enum stir_err stir_name_put(struct stir_writer *w, const struct stir_name_parts *parts, struct stir_diag *diag) STIR_MUST_USE;

/* Write the Name of a one-line RFC 2253 text, "CN=STI-PA CRL,O=STI-PA,C=US"; `what` names it in `diag`.
 * @return STIR_OK, STIR_EVALUE. */
enum stir_err stir_name_put_text(struct stir_writer *w, struct stir_slice text, const char *what, struct stir_diag *diag) STIR_MUST_USE;

/* The caller's parameters as this library's struct, members that an older caller does not know absent. @return STIR_OK or STIR_EARG. */
enum stir_err stir_cert_params_take(struct stir_cert_params *out, const struct stir_cert_params *params) STIR_MUST_USE;

/* The subject of `params`, which must have a CN. @return STIR_OK or STIR_EVALUE. */
enum stir_err stir_cert_put_subject(struct stir_writer *w, const struct stir_cert_params *params, struct stir_diag *diag) STIR_MUST_USE;

/* A URL that certificates and lists may name, `what` in `diag`. @return STIR_OK, STIR_EVALUE. */
enum stir_err stir_cert_check_url(struct stir_slice url, const char *what, struct stir_diag *diag) STIR_MUST_USE;

/* Write one Extension around `value`. */
void stir_extension_put(struct stir_writer *w, struct stir_slice oid, bool critical, struct stir_slice value);

/* Claim constraints written (cert_constraints.c). */
/* There is something to write. */
bool stir_constraints_wanted(const struct stir_cert_constraints *c);
/* In the form of RFC 9118: asked for, or mustExclude needs it. */
bool stir_constraints_enhanced(const struct stir_cert_constraints *c);
/* Write the extension's content. @return STIR_OK, STIR_EVALUE (`diag` says which name or value), STIR_ELIMIT, STIR_ENOMEM, STIR_EARG. */
enum stir_err stir_constraints_put(struct stir_writer *w, const struct stir_cert_constraints *c, struct stir_diag *diag) STIR_MUST_USE;
/* Write the extension; nothing when there are none. @return as stir_constraints_put(). */
enum stir_err stir_cert_put_constraints(struct stir_writer *w, const struct stir_cert_constraints *constraints, struct stir_diag *diag) STIR_MUST_USE;

/* The signer can be asked. @return STIR_OK or STIR_EARG. */
enum stir_err stir_signer_check(const struct stir_signer *signer) STIR_MUST_USE;

/* Have `tbs` signed and assemble the whole. @return as stir_signed_assemble(), STIR_ECRYPTO, or what the signer answers. */
enum stir_err stir_signed_make(unsigned char *buf, size_t cap, size_t *len, struct stir_slice tbs, const struct stir_signer *signer,
                               struct stir_diag *diag) STIR_MUST_USE;

/* Decode one PEM block at or behind `*at` in `text`: label and DER (malloc'd). @return STIR_OK; STIR_ENOTFOUND (no further block); STIR_EPEM (a broken one);
 * STIR_ENOMEM. `*at` moves behind it; with STIR_EPEM to the byte where it breaks, and then `*label` is what could be read of its label. */
enum stir_err stir_pem_next(struct stir_slice text, size_t *at, struct stir_slice *label, unsigned char **der, size_t *n) STIR_MUST_USE;

/* Say what broke the block at `at` of `text`; answers STIR_EPEM. */
enum stir_err stir_pem_broken(struct stir_diag *diag, struct stir_slice text, size_t at);

/* The label names a private key: it may not stand where everybody reads. */
bool stir_pem_is_private(struct stir_slice label);

/* Write one PEM block, lines of 64 characters. */
void stir_put_pem(struct stir_writer *w, const char *label, struct stir_slice der);

#endif
