/** @file stir/signer.h  Whatever can sign: a key in memory, a token, an HSM, a service far away.
 *  Everything in libstir that signs takes one of these, or splits in two (prepare, finish) around one.
 *  Pure: no I/O of our own. */
#ifndef STIR_SIGNER_H
#define STIR_SIGNER_H

#include <stir/key.h>

STIR_BEGIN

/** A P-256 signer. Copy it freely; what `arg` points to must live as long as it is used. */
struct stir_signer {
    size_t size; /**< sizeof(struct stir_signer) */
    /** Sign a SHA-256 digest into r||s.
     *  @return STIR_OK or the error that the whole operation then returns. */
    enum stir_err (*sign)(void *arg, const unsigned char digest[STIR_SHA256], unsigned char sig[STIR_ES256_SIG]);
    void *arg;
    struct stir_key *key; /**< the public half, borrowed: held against certificates before anything is signed */
};
#define STIR_SIGNER_INIT                             \
    {                                                \
        sizeof(struct stir_signer), NULL, NULL, NULL \
    }

/** A key in memory and a thread's context, as one signer. */
struct stir_key_signer {
    struct stir_key *key;
    struct stir_es256_ctx *ctx;
};

/** The signer over `held`, which the caller keeps, with its key and context, for as long as the signer is used.
 *  @return a signer; its sign() answers as stir_es256_sign() does. */
STIR_API struct stir_signer stir_signer_of_key(struct stir_key_signer *held);

/** Assemble SEQUENCE { tbs, ecdsa-with-SHA256, BIT STRING { r, s } }: a certificate, request or CRL from the part that is signed and the 64 bytes that sign it.
 *  @return STIR_OK; STIR_EDER (`tbs` is not one DER SEQUENCE), STIR_EVALUE (r or s is 0 or not below n), STIR_ELIMIT (`cap` too small; `*len` says what is
 * needed), STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_signed_assemble(unsigned char *buf, size_t cap, size_t *len, struct stir_slice tbs,
                                                          const unsigned char sig[STIR_ES256_SIG]);

STIR_END
#endif
