/* A nonce is a number that nobody but this process can read or make: a counter, sealed. So nothing is kept of those that were given out, only which of the last
 * were used. */
#include "service/ca_parts.h"

#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

/* AES-256-SIV (RFC 5297): of one counter it makes one text, whatever else it made before; there is no initialization vector that could come twice. */
enum {
    KEY = 64,    /* bytes: two AES-256 keys */
    TAG = 16,    /* the synthetic initialization vector */
    COUNTER = 8, /* bytes, most significant first */
    SEALED = TAG + COUNTER,
    NODE = 64, /* characters of a node's name */
};
_Static_assert((SEALED * 4 + 2) / 3 < STIR_NONCE, "a nonce has room");

struct stir_nonces {
    EVP_CIPHER *cipher;
    unsigned char key[KEY];
    char node[NODE + 1];
    uint64_t window;
    pthread_mutex_t lock; /* over what follows */
    uint64_t next;        /* counters below were given out */
    unsigned char *used;  /* a bit for each of the last `window` */
};

STIR_AUTO_FREE(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

enum stir_err stir_nonces_new(struct stir_nonces **out, const char *node, uint64_t window)
{
    STIR_OSSL_QUIET;
    struct stir_nonces *n = calloc(1, sizeof(*n));
    if (!n)
        return STIR_ENOMEM;
    pthread_mutex_init(&n->lock, NULL);
    n->window = window;
    n->used = calloc(1, window / 8);
    n->cipher = EVP_CIPHER_fetch(NULL, "AES-256-SIV", NULL);
    struct stir_writer w = stir_writer_of(n->node, sizeof(n->node));
    stir_put_slice(&w, stir_slice_upto(stir_slice_str(node), strlen(node) < NODE ? strlen(node) : NODE));
    if (!n->used || !n->cipher || RAND_bytes(n->key, KEY) != 1 || stir_writer_close(&w, NULL) != STIR_OK) {
        enum stir_err err = n->used ? STIR_ECRYPTO : STIR_ENOMEM;
        stir_nonces_free(n);
        return err;
    }
    *out = n;
    return STIR_OK;
}

void stir_nonces_free(struct stir_nonces *nonces)
{
    if (!nonces)
        return;
    EVP_CIPHER_free(nonces->cipher);
    OPENSSL_cleanse(nonces->key, KEY);
    pthread_mutex_destroy(&nonces->lock);
    free(nonces->used);
    free(nonces);
}

static void put_counter(unsigned char out[COUNTER], uint64_t counter)
{
    for (int i = COUNTER; i-- > 0; counter >>= 8)
        out[i] = (unsigned char)counter;
}

static uint64_t get_counter(const unsigned char in[COUNTER])
{
    uint64_t counter = 0;
    for (int i = 0; i < COUNTER; i++)
        counter = counter << 8 | in[i];
    return counter;
}

/* The node's name is authenticated with it: never empty, which OpenSSL 3.0's SIV would pass over. */
static bool seal(unsigned char out[SEALED], const struct stir_nonces *n, uint64_t counter)
{
    STIR_OSSL_QUIET;
    STIR_AUTO(EVP_CIPHER_CTX) *ctx = EVP_CIPHER_CTX_new();
    unsigned char plain[COUNTER];
    int len = 0;
    put_counter(plain, counter);
    return ctx && EVP_EncryptInit_ex2(ctx, n->cipher, n->key, NULL, NULL) == 1 &&
           EVP_EncryptUpdate(ctx, NULL, &len, (const unsigned char *)n->node, (int)strlen(n->node) + 1) == 1 &&
           EVP_EncryptUpdate(ctx, out + TAG, &len, plain, COUNTER) == 1 && EVP_EncryptFinal_ex(ctx, out + TAG + len, &len) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, out) == 1;
}

static bool unseal(uint64_t *counter, const struct stir_nonces *n, const unsigned char sealed[SEALED])
{
    STIR_OSSL_QUIET;
    STIR_AUTO(EVP_CIPHER_CTX) *ctx = EVP_CIPHER_CTX_new();
    unsigned char plain[COUNTER], tag[TAG];
    int len = 0;
    memcpy(tag, sealed, TAG);
    bool good = ctx && EVP_DecryptInit_ex2(ctx, n->cipher, n->key, NULL, NULL) == 1 && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG, tag) == 1 &&
                EVP_DecryptUpdate(ctx, NULL, &len, (const unsigned char *)n->node, (int)strlen(n->node) + 1) == 1 &&
                EVP_DecryptUpdate(ctx, plain, &len, sealed + TAG, COUNTER) == 1 && len == COUNTER && EVP_DecryptFinal_ex(ctx, plain + len, &len) == 1;
    if (good)
        *counter = get_counter(plain);
    return good;
}

static unsigned char bit_of(uint64_t counter)
{
    return (unsigned char)(1u << counter % 8);
}

static unsigned char *byte_of(const struct stir_nonces *n, uint64_t counter)
{
    return n->used + counter % n->window / 8;
}

enum stir_err stir_nonce_new(char out[STIR_NONCE], struct stir_nonces *nonces)
{
    unsigned char sealed[SEALED];
    pthread_mutex_lock(&nonces->lock);
    uint64_t counter = nonces->next++;
    *byte_of(nonces, counter) &= (unsigned char)~bit_of(counter); /* it was that of the one which falls out of the window */
    pthread_mutex_unlock(&nonces->lock);
    if (!seal(sealed, nonces, counter))
        return STIR_ECRYPTO;
    struct stir_writer w = stir_writer_of(out, STIR_NONCE);
    stir_put_b64url(&w, stir_slice_of(sealed, SEALED));
    return stir_writer_close(&w, NULL);
}

static enum stir_nonce_end spend(struct stir_nonces *nonces, uint64_t counter)
{
    if (counter >= nonces->next)
        return STIR_NONCE_FOREIGN;
    if (nonces->next - counter > nonces->window)
        return STIR_NONCE_OLD;
    if (*byte_of(nonces, counter) & bit_of(counter)) /*= RFC8555-6.5 */
        return STIR_NONCE_USED;
    *byte_of(nonces, counter) |= bit_of(counter);
    return STIR_NONCE_GOOD;
}

enum stir_nonce_end stir_nonce_spend(struct stir_nonces *nonces, struct stir_slice nonce)
{
    unsigned char sealed[STIR_NONCE];
    uint64_t counter = 0;
    size_t n = 0;
    if (nonce.n != stir_b64url_encoded(SEALED) || stir_b64url_decode(sealed, &n, nonce) != STIR_OK || !unseal(&counter, nonces, sealed))
        return STIR_NONCE_FOREIGN;
    pthread_mutex_lock(&nonces->lock);
    enum stir_nonce_end end = spend(nonces, counter);
    pthread_mutex_unlock(&nonces->lock);
    return end;
}
