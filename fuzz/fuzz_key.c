/* Readers of keys: PEM private (first byte 'p' plain, 'e' with a passphrase), PEM public ('u'), SubjectPublicKeyInfo ('s'); the rest is the text.
 * Whatever is read is a P-256 key whose SubjectPublicKeyInfo and PEM read back as the same key; a private one signs for its public half. */
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stir/stir.h>

static void hold(bool property)
{
    if (!property)
        abort();
}

static int give(char *buf, int cap, void *arg)
{
    static const char phrase[] = "correct-horse";
    (void)arg;
    hold(cap >= (int)sizeof(phrase));
    memcpy(buf, phrase, sizeof(phrase) - 1);
    return sizeof(phrase) - 1;
}

/* Key derivation of a made-up iteration count would take all day: a sealed PKCS#8 gets its passphrase when it is PBKDF2 of few iterations. */
static bool is_cheap(const X509_SIG *sealed)
{
    const X509_ALGOR *algorithm = NULL;
    const ASN1_OBJECT *oid = NULL;
    const void *value = NULL;
    int type = V_ASN1_UNDEF;
    bool cheap = false;
    X509_SIG_get0(sealed, &algorithm, NULL);
    X509_ALGOR_get0(&oid, &type, &value, algorithm);
    if (OBJ_obj2nid(oid) != NID_pbes2 || type != V_ASN1_SEQUENCE)
        return false;
    PBE2PARAM *scheme = ASN1_item_unpack(value, ASN1_ITEM_rptr(PBE2PARAM));
    if (scheme && OBJ_obj2nid(scheme->keyfunc->algorithm) == NID_id_pbkdf2 && scheme->keyfunc->parameter &&
        scheme->keyfunc->parameter->type == V_ASN1_SEQUENCE) {
        PBKDF2PARAM *derivation = ASN1_item_unpack(scheme->keyfunc->parameter->value.sequence, ASN1_ITEM_rptr(PBKDF2PARAM));
        cheap = derivation && ASN1_INTEGER_get(derivation->iter) > 0 && ASN1_INTEGER_get(derivation->iter) <= 4096;
        PBKDF2PARAM_free(derivation);
    }
    PBE2PARAM_free(scheme);
    return cheap;
}

/* Any sealed block of the text would be dear. */
static bool is_dear(struct stir_slice text)
{
    BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);
    char *label = NULL, *header = NULL;
    unsigned char *der = NULL;
    long n = 0;
    bool dear = false;
    while (!dear && PEM_read_bio(bio, &label, &header, &der, &n)) {
        const unsigned char *at = der;
        X509_SIG *sealed = strstr(label, "ENCRYPTED") ? d2i_X509_SIG(NULL, &at, n) : NULL;
        dear = sealed && !is_cheap(sealed);
        X509_SIG_free(sealed);
        OPENSSL_free(label);
        OPENSSL_free(header);
        OPENSSL_free(der);
    }
    BIO_free(bio);
    ERR_clear_error();
    return dear;
}

static void check_public(const struct stir_key *key)
{
    char pem[512];
    size_t n;
    struct stir_key *by_spki = NULL, *by_pem = NULL;
    hold(stir_key_spki(key).n == 91);
    hold(stir_key_from_spki(&by_spki, stir_key_spki(key), NULL) == STIR_OK && stir_key_same_public(key, by_spki));
    hold(stir_key_write_public_pem(pem, sizeof(pem), &n, key) == STIR_OK);
    hold(stir_key_from_public_pem(&by_pem, stir_slice_of(pem, n), NULL) == STIR_OK && stir_key_same_public(key, by_pem));
    stir_key_free(by_spki);
    stir_key_free(by_pem);
}

/* A table is dear (30 ms): made for the first private key alone. With it or without, the key verifies what it signed. */
static void check_table(struct stir_key *key, struct stir_es256_ctx *ctx, const unsigned char *digest, struct stir_slice sig)
{
    static bool done;
    if (done)
        return;
    done = true;
    hold(stir_key_prepare(key) == STIR_OK && stir_key_prepare(key) == STIR_OK);
    hold(stir_es256_verify(ctx, key, digest, sig) == STIR_OK);
}

static void check_private(struct stir_key *key)
{
    char pem[4096];
    size_t n;
    unsigned char digest[STIR_SHA256] = {1}, sig[STIR_ES256_SIG];
    struct stir_key *back = NULL, *public_half = NULL;
    struct stir_es256_ctx *ctx = NULL;
    hold(stir_key_write_pem(pem, sizeof(pem), &n, key, stir_slice_str(NULL)) == STIR_OK);
    hold(stir_key_from_pem(&back, stir_slice_of(pem, n), NULL, NULL, NULL) == STIR_OK && stir_key_same_public(key, back));
    hold(stir_key_from_spki(&public_half, stir_key_spki(key), NULL) == STIR_OK);
    hold(stir_es256_ctx_new(&ctx) == STIR_OK);
    hold(stir_es256_sign(ctx, back, digest, sig) == STIR_OK);
    hold(stir_es256_verify(ctx, public_half, digest, stir_slice_of(sig, sizeof(sig))) == STIR_OK);
    check_table(public_half, ctx, digest, stir_slice_of(sig, sizeof(sig)));
    stir_es256_ctx_free(ctx);
    stir_key_free(public_half);
    stir_key_free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stir_key *key = NULL;
    struct stir_diag diag = {0};
    enum stir_err err;
    if (size == 0)
        return 0;
    struct stir_slice text = stir_slice_of(data + 1, size - 1);
    switch (data[0]) {
    case 's': err = stir_key_from_spki(&key, text, &diag); break;
    case 'u': err = stir_key_from_public_pem(&key, text, &diag); break;
    case 'e': err = stir_key_from_pem(&key, text, is_dear(text) ? NULL : give, NULL, &diag); break;
    default: err = stir_key_from_pem(&key, text, NULL, NULL, &diag); break;
    }
    hold((err == STIR_OK) == (key != NULL));
    hold((err == STIR_OK) == (diag.text[0] == '\0'));
    if (!key)
        return 0;
    check_public(key);
    hold(stir_key_is_private(key) == (data[0] != 's' && data[0] != 'u'));
    if (stir_key_is_private(key))
        check_private(key);
    stir_key_free(key);
    return 0;
}
