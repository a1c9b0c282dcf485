/* JSON Web Signatures (RFC 7515), compact and flattened, ES256 and nothing else; and P-256 keys as JSON (RFC 7517, RFC 7638). SPC tokens, the trusted CA list
 * and ACME's requests are such; PASSporTs have a reader of their own, which says of each departure what it is. */
#ifndef STIR_CORE_JWS_H
#define STIR_CORE_JWS_H

#include "core/es256.h"
#include "core/json.h"

#include <stir/signer.h>

struct stir_jws {
    struct stir_slice signing_input; /* header "." payload, as they were sent */
    struct stir_json header;         /* the protected header, an object */
    struct stir_json payload;        /* an object; of type STIR_JSON_NULL without text when nothing was sent (RFC 8555 §6.3) */
    unsigned char signature[STIR_ES256_SIG];
};

/* Read the compact form: three parts, header and payload strict JSON objects, alg ES256, no extension that would have to be understood. What is decoded lies in
 * the arena. A key in the header (jwk, x5c) is left to the caller, who knows whom to trust: it never is one to verify with by itself.
 * @return STIR_OK, STIR_ESYNTAX (not three parts), STIR_EB64, STIR_EJSON, STIR_ELIMIT, STIR_EVALUE (another algorithm, a header that may not be), STIR_ESIG
 * (the signature is not 64 bytes), STIR_ENOMEM; `*out` is untouched unless STIR_OK. */
enum stir_err stir_jws_read(struct stir_jws *out, struct stir_arena *arena, struct stir_slice text, struct stir_diag *diag) STIR_MUST_USE;

/* Read the flattened JSON form (RFC 7515 §7.2.2): the same, and an unprotected header is refused (RFC 8555 §6.2).
 * @return as stir_jws_read(); STIR_EVALUE for members that are missing, no strings, or not allowed. */
enum stir_err stir_jws_read_flattened(struct stir_jws *out, struct stir_arena *arena, struct stir_slice text, struct stir_diag *diag) STIR_MUST_USE;

/* A member of the protected header that is a string; absent when there is none, or it is something else. @return STIR_OK, STIR_ENOMEM. */
enum stir_err stir_jws_header(struct stir_slice *out, const struct stir_jws *jws, const char *name, struct stir_arena *arena) STIR_MUST_USE;

/* `key` made the signature. @return STIR_OK, STIR_ESIG, STIR_ENOMEM, STIR_ECRYPTO. */
enum stir_err stir_jws_verify(const struct stir_jws *jws, struct stir_es256_ctx *ctx, struct stir_key *key) STIR_MUST_USE;

/* A public P-256 key from its JWK (RFC 7518 §6.2.1); the caller frees. A private one is refused: whoever sent it has lost it.
 * @return STIR_OK, STIR_EVALUE (no EC key on P-256, or a member is missing or not of its form), STIR_EKEY (not a point of the curve, or a private key),
 * STIR_ENOMEM, STIR_ECRYPTO. */
enum stir_err stir_jwk_read(struct stir_key **out, struct stir_json jwk, struct stir_diag *diag) STIR_MUST_USE;

/* The public half as a JWK of its required members, in their order, without white space: what RFC 7638 §3 hashes. */
void stir_put_jwk(struct stir_writer *w, const struct stir_key *key);

/* SHA-256 of that. @return STIR_OK, STIR_ECRYPTO. */
enum stir_err stir_jwk_thumbprint(unsigned char out[STIR_SHA256], struct stir_es256_ctx *ctx, const struct stir_key *key) STIR_MUST_USE;

/* A digest as RFC 9448 §5.4 writes it: "SHA256 55:AB:...". */
void stir_put_fingerprint(struct stir_writer *w, const unsigned char digest[STIR_SHA256]);

/* Sign `header` and `payload`, JSON texts (`payload` absent: nothing, as POST-as-GET sends it), with ES256, into the compact or the flattened form. The header
 * is the caller's, and says "alg":"ES256". Where there is no room left the writer only counts, and nobody is asked to sign.
 * @return STIR_OK, STIR_EMISMATCH (what the signer made does not verify under its key), STIR_ENOMEM, STIR_ECRYPTO, STIR_EARG, or what the signer answers. */
enum stir_err stir_jws_put_compact(struct stir_writer *w, struct stir_slice header, struct stir_slice payload, const struct stir_signer *signer) STIR_MUST_USE;
enum stir_err stir_jws_put_flattened(struct stir_writer *w, struct stir_slice header, struct stir_slice payload,
                                     const struct stir_signer *signer) STIR_MUST_USE;

/* ---- For the files of this room: a JWS taken apart, and nothing judged. ---- */

struct stir_jws_parts {
    struct stir_slice signing_input;
    struct stir_json header, payload; /* as in struct stir_jws */
    struct stir_slice signature;      /* decoded, of any length */
};
/* Of the flattened form, `object` parsed. @return as stir_jws_read_flattened() but for what alg and signature say. */
enum stir_err stir_jws_open_flattened(struct stir_jws_parts *out, struct stir_arena *arena, struct stir_json object, struct stir_diag *diag) STIR_MUST_USE;
/* The header has nothing that would have to be understood (crit, b64, zip). @return STIR_OK, STIR_EVALUE. */
enum stir_err stir_jws_plain(struct stir_json header, struct stir_diag *diag) STIR_MUST_USE;

/* ---- External account binding (RFC 8555 §7.3.4): the one place where a MAC stands in a JWS, with functions of its own, so that no key that verifies
 * signatures ever is one (jws_eab.c). ---- */

enum { STIR_EAB_KEY_MIN = STIR_SHA256, STIR_EAB_KEY_MAX = 512 }; /* bytes of a MAC key: as long as its digest at least (RFC 7518 §3.2) */

/* Write the flattened HS256 JWS over the account's JWK. @return STIR_OK, STIR_EKEY (`mac_key` is shorter than STIR_EAB_KEY_MIN, or longer than the maximum),
 * STIR_EARG (no kid, no url), STIR_ENOMEM, STIR_ECRYPTO. */
enum stir_err stir_eab_put(struct stir_writer *w, struct stir_slice kid, struct stir_slice url, const struct stir_key *account,
                           struct stir_slice mac_key) STIR_MUST_USE;
/* A binding that was read and not yet believed: `json` the object of externalAccountBinding. Slices in the arena, or in what `json` was parsed from. */
struct stir_eab {
    struct stir_slice kid, url, signing_input;
    struct stir_json jwk; /* its payload: the caller holds it against the account's key */
    unsigned char mac[STIR_SHA256];
};
/* @return as stir_jws_read_flattened(); STIR_EVALUE: another algorithm than HS256, a nonce in the header, no kid or url; STIR_ESIG: a MAC that has not the
 * length of one. */
enum stir_err stir_eab_read(struct stir_eab *out, struct stir_arena *arena, struct stir_json json, struct stir_diag *diag) STIR_MUST_USE;
/* `mac_key` made it, compared in constant time. @return STIR_OK, STIR_ESIG, STIR_EKEY (as above), STIR_ECRYPTO. */
enum stir_err stir_eab_verify(const struct stir_eab *eab, struct stir_slice mac_key) STIR_MUST_USE;

#endif
