/* Signers, and what is assembled around their signatures. */
#include <stir/signer.h>

#include "core/es256.h"

enum { SEQUENCE = 0x30, BIT_STRING = 0x03, HEAD = 2 + sizeof(size_t) };

static enum stir_err sign_with_key(void *arg, const unsigned char digest[STIR_SHA256], unsigned char sig[STIR_ES256_SIG])
{
    const struct stir_key_signer *held = (const struct stir_key_signer *)arg;
    return held ? stir_es256_sign(held->ctx, held->key, digest, sig) : STIR_EARG;
}

struct stir_signer stir_signer_of_key(struct stir_key_signer *held)
{
    struct stir_signer signer = {sizeof(signer), sign_with_key, held, held ? held->key : NULL};
    return signer;
}

/* Tag and minimal length of `n` content bytes. */
static void put_head(struct stir_writer *w, unsigned char tag, size_t n)
{
    unsigned char head[HEAD];
    size_t at = sizeof(head), left = n;
    do {
        head[--at] = (unsigned char)left;
        left >>= 8;
    } while (left);
    if (n >= 0x80) {
        unsigned char bytes = (unsigned char)(sizeof(head) - at);
        head[--at] = 0x80 | bytes;
    }
    head[--at] = tag;
    stir_put(w, head + at, sizeof(head) - at);
}

enum stir_err stir_signed_assemble(unsigned char *buf, size_t cap, size_t *len, struct stir_slice tbs, const unsigned char sig[STIR_ES256_SIG])
{
    /* AlgorithmIdentifier ecdsa-with-SHA256, its parameters absent (RFC 5758 §3.2). */
    static const unsigned char algorithm[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
    unsigned char der[STIR_ECDSA_DER];
    struct stir_reader r = stir_reader_of(tbs);
    if ((!buf && cap) || !len || !tbs.p || !sig)
        return STIR_EARG;
    if (stir_der_get(&r, SEQUENCE, NULL, NULL) != STIR_OK || stir_reader_left(&r))
        return STIR_EDER;
    size_t n = stir_es256_to_der(der, sig);
    if (n == 0)
        return STIR_EVALUE;
    struct stir_writer w = stir_writer_of(buf, cap);
    put_head(&w, SEQUENCE, tbs.n + sizeof(algorithm) + 2 + 1 + n);
    stir_put_slice(&w, tbs);
    stir_put(&w, algorithm, sizeof(algorithm));
    put_head(&w, BIT_STRING, 1 + n);
    stir_put_char(&w, '\0'); /* no unused bits */
    stir_put(&w, der, n);
    return stir_writer_end(&w, len);
}
