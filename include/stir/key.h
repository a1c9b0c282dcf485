/** @file stir/key.h  P-256 keys and ES256 (RFC 7518 §3.4): signatures of 64 bytes, r||s, never DER.
 *  Pure: no I/O. A key is immutable and may be shared by threads; a context belongs to one thread at a time. */
#ifndef STIR_KEY_H
#define STIR_KEY_H

#include <stir/err.h>
#include <stir/limits.h>

STIR_BEGIN

/** A P-256 key on the named curve, public or private; counted. */
struct stir_key;

/** Asked for the passphrase of an encrypted key: write at most `cap` bytes to `buf`.
 *  @return the number of bytes written, or -1 for none. */
typedef int (*stir_pass_cb)(char *buf, int cap, void *arg);

/** Read a private key from PEM: SEC1 (with or without a parameter block before it), PKCS#8, or encrypted PKCS#8 (then `pass` is asked; NULL means no
 * passphrase).
 *  @return STIR_OK; STIR_EPEM (no private key in it), STIR_EKEY (not EC, not P-256, explicit curve parameters, a private value that does not fit its public
 * one), STIR_EPASS, STIR_ELIMIT (longer than STIR_MAX_KEY_PEM), STIR_ENOMEM, STIR_ECRYPTO, STIR_EARG; `*out` is untouched unless STIR_OK. `pem` is not kept.
 */
STIR_API STIR_MUST_USE enum stir_err stir_key_from_pem(struct stir_key **out, struct stir_slice pem, stir_pass_cb pass, void *arg, struct stir_diag *diag);

/** Read a public key from PEM (PUBLIC KEY).
 *  @return as stir_key_from_pem(), without STIR_EPASS. */
STIR_API STIR_MUST_USE enum stir_err stir_key_from_public_pem(struct stir_key **out, struct stir_slice pem, struct stir_diag *diag);

/** Read a public key from the DER of a SubjectPublicKeyInfo.
 *  @return STIR_OK; STIR_EDER, STIR_EKEY (as above), STIR_ENOMEM, STIR_ECRYPTO, STIR_EARG; `*out` is untouched unless STIR_OK. */
STIR_API STIR_MUST_USE enum stir_err stir_key_from_spki(struct stir_key **out, struct stir_slice der, struct stir_diag *diag);

/** Make a new private key.
 *  @return STIR_OK; STIR_ECRYPTO, STIR_ENOMEM, STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_key_generate(struct stir_key **out);

/** One more owner of `key`.
 *  @return `key`. */
STIR_API struct stir_key *stir_key_ref(struct stir_key *key);

/** One owner less; the last frees, private bytes cleansed. NULL is fine. */
STIR_API void stir_key_free(struct stir_key *key);

/** Can `key` sign?
 *  @return true when it has its private half. */
STIR_API bool stir_key_is_private(const struct stir_key *key);

/** The DER SubjectPublicKeyInfo of `key` (uncompressed point), borrowed for the life of the key.
 *  @return a slice; never absent. */
STIR_API struct stir_slice stir_key_spki(const struct stir_key *key);

/** Do both have the same public half?
 *  @return true when they do. */
STIR_API bool stir_key_same_public(const struct stir_key *a, const struct stir_key *b);

/** Make a table of the key's public point, so that verifying with it takes about half the time and answers the same. Costs some 30 ms and 150 KB: for keys that recur,
 *  whose certificates were validated, and off the path of calls. Any thread may do it while others use the key; once is enough.
 *  @return STIR_OK (also when there is one already); STIR_ECRYPTO (this OpenSSL keeps no tables: verifying goes on as before), STIR_ENOMEM, STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_key_prepare(struct stir_key *key);

/** Write the private key as PKCS#8 PEM, encrypted (AES-256-CBC, PBKDF2) when `pass` is not absent, with a closing NUL. `*len` without it. The caller cleanses
 * `buf`.
 *  @return STIR_OK; STIR_EKEY (no private half), STIR_ELIMIT (`cap` too small; 4096 is enough), STIR_ENOMEM, STIR_ECRYPTO, STIR_EARG (also a passphrase that is
 * empty or longer than STIR_MAX_PASSPHRASE). */
STIR_API STIR_MUST_USE enum stir_err stir_key_write_pem(char *buf, size_t cap, size_t *len, const struct stir_key *key, struct stir_slice pass);

/** Write the public key as PEM, with a closing NUL; `*len` without it.
 *  @return STIR_OK; STIR_ELIMIT (`cap` too small; 512 is enough), STIR_ENOMEM, STIR_ECRYPTO, STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_key_write_public_pem(char *buf, size_t cap, size_t *len, const struct stir_key *key);

/** One thread's tools for ES256: fetched algorithms and prepared contexts of the keys it used last, at most 1,024, 4 KB each. It is an owner of those keys. */
struct stir_es256_ctx;

/** Make one.
 *  @return STIR_OK; STIR_ENOMEM, STIR_ECRYPTO, STIR_EARG. The caller frees with stir_es256_ctx_free(). */
STIR_API STIR_MUST_USE enum stir_err stir_es256_ctx_new(struct stir_es256_ctx **out);

/** Free one; NULL is fine. */
STIR_API void stir_es256_ctx_free(struct stir_es256_ctx *ctx);

/** SHA-256 of `data` into `digest`.
 *  @return STIR_OK; STIR_ECRYPTO, STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_es256_digest(struct stir_es256_ctx *ctx, struct stir_slice data, unsigned char digest[STIR_SHA256]);

/** Sign a digest: `sig` gets r||s.
 *  @return STIR_OK; STIR_EKEY (no private half), STIR_ENOMEM, STIR_ECRYPTO, STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_es256_sign(struct stir_es256_ctx *ctx, struct stir_key *key, const unsigned char digest[STIR_SHA256],
                                                     unsigned char sig[STIR_ES256_SIG]);

/** Verify r||s over a digest.
 *  @return STIR_OK (good); STIR_ESIG (not 64 bytes, r or s 0 or not below n, or wrong), STIR_ENOMEM, STIR_ECRYPTO, STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_es256_verify(struct stir_es256_ctx *ctx, struct stir_key *key, const unsigned char digest[STIR_SHA256],
                                                       struct stir_slice sig);

STIR_END
#endif
