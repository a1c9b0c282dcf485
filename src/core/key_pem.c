/* Keys in PEM: which block it is, its passphrase, and back. What is inside the block is read by key.c. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "core/key.h"

enum {
    SALT = 16,
    ITERATIONS = 600000, /* PBKDF2 with HMAC-SHA-256: a quarter of a second for whoever guesses */
};

STIR_AUTO_FREE(BIO, BIO_free_all)
STIR_AUTO_FREE(PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free)
STIR_AUTO_FREE(X509_SIG, X509_SIG_free)

/* One block: its label, its header lines (legacy encryption) and its bytes, all in memory that is cleansed. */
struct block {
    char *label, *header;
    unsigned char *der;
    long n;
};

static void block_clear(struct block *b)
{
    OPENSSL_secure_free(b->label);
    OPENSSL_secure_free(b->header);
    OPENSSL_secure_clear_free(b->der, b->n > 0 ? (size_t)b->n : 0);
    *b = (struct block){0};
}

static struct stir_slice block_der(const struct block *b)
{
    return stir_slice_of(b->der, (size_t)b->n);
}

/* The next block whose label `wanted` likes. */
static enum stir_err find_block(struct block *out, BIO *pem, bool (*wanted)(struct stir_slice label), struct stir_diag *diag, const char *missing)
{
    bool other = false;
    for (;;) {
        struct block b = {0};
        ERR_set_mark();
        int found = PEM_read_bio_ex(pem, &b.label, &b.header, &b.der, &b.n, PEM_FLAG_SECURE | PEM_FLAG_EAY_COMPATIBLE);
        unsigned long error = ERR_peek_last_error();
        ERR_pop_to_mark();
        if (!found && ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE)
            return STIR_ENOMEM;
        if (!found && ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE)
            return stir_diag_set(diag, STIR_EPEM, SIZE_MAX, "%s%s", missing, other ? ": other PEM blocks are" : "");
        if (!found)
            return stir_diag_set(diag, STIR_EPEM, SIZE_MAX, "a PEM block is broken: its base64 or its END line; get the file again");
        if (wanted(stir_slice_str(b.label))) {
            *out = b;
            return STIR_OK;
        }
        other = true;
        block_clear(&b);
    }
}

static BIO *reader_bio(struct stir_slice pem)
{
    return BIO_new_mem_buf(pem.p, (int)pem.n);
}

static enum stir_err broken(enum stir_err err, struct stir_diag *diag, const char *what)
{
    return err == STIR_EDER ? stir_diag_set(diag, STIR_EPEM, SIZE_MAX, "the %s block does not hold what its label says; get the file again", what) : err;
}

/* The caller's passphrase, asked once. */
struct asker {
    stir_pass_cb pass;
    void *arg;
    bool answered;
};

/* In OpenSSL's shape: never NULL, never at the terminal. */
static int ask(char *buf, int cap, int writing, void *arg)
{
    struct asker *asker = (struct asker *)arg;
    (void)writing;
    int n = asker->pass ? asker->pass(buf, cap, asker->arg) : -1;
    asker->answered = n >= 0 && n <= cap;
    return asker->answered ? n : -1;
}

static enum stir_err no_passphrase(const struct asker *asker, struct stir_diag *diag)
{
    return stir_diag_set(diag, STIR_EPASS, SIZE_MAX, "%s",
                         asker->answered ? "the passphrase does not open the private key" : "the private key is encrypted: give its passphrase");
}

static enum stir_err unknown_cipher(struct stir_diag *diag)
{
    return stir_diag_set(diag, STIR_EPEM, SIZE_MAX, "the private key is encrypted in a way that OpenSSL here does not know; convert it: openssl pkcs8 -topk8");
}

/* "Proc-Type: 4,ENCRYPTED": the way of old openssl versions. */
static enum stir_err decrypt_legacy(struct block *b, struct asker *asker, struct stir_diag *diag)
{
    EVP_CIPHER_INFO cipher;
    if (!PEM_get_EVP_CIPHER_INFO(b->header, &cipher))
        return unknown_cipher(diag);
    return PEM_do_header(&cipher, b->der, &b->n, ask, asker) ? STIR_OK : no_passphrase(asker, diag);
}

/* EncryptedPrivateKeyInfo (RFC 5208 §6): the block's bytes become the PrivateKeyInfo inside. */
static enum stir_err decrypt_pkcs8(struct block *b, struct asker *asker, struct stir_diag *diag)
{
    const unsigned char *at = b->der;
    const X509_ALGOR *algorithm = NULL;
    const ASN1_OCTET_STRING *sealed = NULL;
    unsigned char *der = NULL;
    char phrase[STIR_MAX_PASSPHRASE];
    int n = 0;
    STIR_AUTO(X509_SIG) *sig = d2i_X509_SIG(NULL, &at, b->n);
    if (!sig || at != b->der + b->n)
        return STIR_EDER;
    X509_SIG_get0(sig, &algorithm, &sealed);
    int phrase_n = ask(phrase, sizeof(phrase), 0, asker);
    if (phrase_n < 0)
        return no_passphrase(asker, diag);
    PKCS12_pbe_crypt(algorithm, phrase, phrase_n, ASN1_STRING_get0_data(sealed), ASN1_STRING_length(sealed), &der, &n, 0);
    OPENSSL_cleanse(phrase, sizeof(phrase));
    if (!der)
        return ERR_GET_LIB(ERR_peek_last_error()) == ERR_LIB_PKCS12 ? no_passphrase(asker, diag) : unknown_cipher(diag);
    OPENSSL_secure_clear_free(b->der, (size_t)b->n);
    b->der = der;
    b->n = n;
    return STIR_OK;
}

static bool ends_with(struct stir_slice s, const char *end)
{
    struct stir_slice e = stir_slice_str(end);
    return s.n >= e.n && stir_slice_eq(stir_slice_from(s, s.n - e.n), e);
}

static bool is_private_label(struct stir_slice label)
{
    return ends_with(label, "PRIVATE KEY");
}

static bool is_public_label(struct stir_slice label)
{
    return stir_slice_is(label, "PUBLIC KEY");
}

static enum stir_err read_private_block(struct stir_key **out, struct block *b, struct asker *asker, struct stir_diag *diag)
{
    struct stir_slice label = stir_slice_str(b->label);
    bool sec1 = stir_slice_is(label, "EC PRIVATE KEY"), sealed = stir_slice_is(label, "ENCRYPTED PRIVATE KEY");
    if (!sec1 && !sealed && !stir_slice_is(label, "PRIVATE KEY"))
        return stir_key_not_p256(diag, "the key is no EC key");
    if (sealed)
        TRY(decrypt_pkcs8(b, asker, diag));
    else if (b->header[0])
        TRY(decrypt_legacy(b, asker, diag));
    enum stir_err err = sec1 ? stir_key_from_sec1(out, block_der(b), diag) : stir_key_from_pkcs8(out, block_der(b), diag);
    /* One wrong passphrase in 256 leaves good padding, and junk before it. */
    return err == STIR_EDER && asker->answered ? no_passphrase(asker, diag) : err;
}

enum stir_err stir_key_from_pem(struct stir_key **out, struct stir_slice pem, stir_pass_cb pass, void *arg, struct stir_diag *diag)
{
    STIR_OSSL_QUIET;
    struct asker asker = {pass, arg, false};
    struct block b = {0};
    if (!out || !pem.p)
        return STIR_EARG;
    if (pem.n > STIR_MAX_KEY_PEM)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "longer than any key file (%d bytes)", STIR_MAX_KEY_PEM);
    STIR_AUTO(BIO) *bio = reader_bio(pem);
    if (!bio)
        return STIR_ENOMEM;
    TRY(find_block(&b, bio, is_private_label, diag,
                   pem.n && pem.p[0] == 0x30 ? "no PEM private key here, but it may be DER: openssl pkey -inform DER" : "no PEM private key here"));
    enum stir_err err = broken(read_private_block(out, &b, &asker, diag), diag, b.label);
    block_clear(&b);
    return err;
}

enum stir_err stir_key_from_public_pem(struct stir_key **out, struct stir_slice pem, struct stir_diag *diag)
{
    STIR_OSSL_QUIET;
    struct block b = {0};
    if (!out || !pem.p)
        return STIR_EARG;
    if (pem.n > STIR_MAX_KEY_PEM)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "longer than any key file (%d bytes)", STIR_MAX_KEY_PEM);
    STIR_AUTO(BIO) *bio = reader_bio(pem);
    if (!bio)
        return STIR_ENOMEM;
    TRY(find_block(&b, bio, is_public_label, diag, "no PEM public key here"));
    enum stir_err err = broken(stir_key_from_spki(out, block_der(&b), diag), diag, b.label);
    block_clear(&b);
    return err;
}

/* Hand over what was written, when it fits with its NUL. */
static enum stir_err give_text(char *buf, size_t cap, size_t *len, BIO *bio)
{
    char *text = NULL;
    long n = BIO_get_mem_data(bio, &text);
    if (n <= 0)
        return STIR_ECRYPTO;
    if ((size_t)n >= cap)
        return STIR_ELIMIT;
    memcpy(buf, text, (size_t)n);
    buf[n] = '\0';
    *len = (size_t)n;
    return STIR_OK;
}

enum stir_err stir_key_write_pem(char *buf, size_t cap, size_t *len, const struct stir_key *key, struct stir_slice pass)
{
    STIR_OSSL_QUIET;
    if (!buf || !len || !key || (pass.p && (pass.n == 0 || pass.n > STIR_MAX_PASSPHRASE)))
        return STIR_EARG;
    if (!stir_key_is_private(key))
        return STIR_EKEY;
    STIR_AUTO(BIO) *bio = BIO_new(BIO_s_secmem());
    STIR_AUTO(PKCS8_PRIV_KEY_INFO) *open = EVP_PKEY2PKCS8(stir_key_evp(key));
    if (!bio || !open)
        return stir_ossl_failure();
    if (!pass.p)
        return PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio, open) ? give_text(buf, cap, len, bio) : stir_ossl_failure();
    STIR_AUTO(X509_SIG) *sealed = PKCS8_encrypt(-1, EVP_aes_256_cbc(), pass.p, (int)pass.n, NULL, SALT, ITERATIONS, open);
    return sealed && PEM_write_bio_PKCS8(bio, sealed) ? give_text(buf, cap, len, bio) : stir_ossl_failure();
}

enum stir_err stir_key_write_public_pem(char *buf, size_t cap, size_t *len, const struct stir_key *key)
{
    STIR_OSSL_QUIET;
    if (!buf || !len || !key)
        return STIR_EARG;
    struct stir_slice spki = stir_key_spki(key);
    STIR_AUTO(BIO) *bio = BIO_new(BIO_s_mem());
    return bio && PEM_write_bio(bio, PEM_STRING_PUBLIC, "", (const unsigned char *)spki.p, (long)spki.n) > 0 ? give_text(buf, cap, len, bio)
                                                                                                             : stir_ossl_failure();
}
