#include "io/tls.h"

#include "core/bytes.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

STIR_AUTO_FREE(BIO, BIO_free)
STIR_AUTO_FREE(X509, X509_free)
STIR_AUTO_FREE(EVP_PKEY, EVP_PKEY_free)
STIR_AUTO_FREE(SSL_CTX, SSL_CTX_free)
STIR_AUTO_FREE(GENERAL_NAMES, GENERAL_NAMES_free)

/* ---- PEM ---- */

/* A key that wants a passphrase is refused: a server has nobody to ask, and OpenSSL would ask at the terminal. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)arg;
    return 0;
}

static enum stir_err use_chain(SSL_CTX *ctx, BIO *bio, const char *name, struct stir_diag *diag)
{
    bool first = true;
    for (;; first = false) {
        STIR_AUTO(X509) *cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
        if (!cert)
            break;
        if ((first ? SSL_CTX_use_certificate(ctx, cert) : (int)SSL_CTX_add1_chain_cert(ctx, cert)) != 1)
            return stir_diag_set(diag, STIR_EPEM, SIZE_MAX, "%s: TLS does not take a certificate of it", name);
    }
    return first ? stir_diag_set(diag, STIR_EPEM, SIZE_MAX, "%s holds no certificate in PEM", name) : STIR_OK;
}

static enum stir_err use_key(SSL_CTX *ctx, BIO *bio, const char *name, struct stir_diag *diag)
{
    STIR_AUTO(EVP_PKEY) *key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    if (!key)
        return stir_diag_set(diag, STIR_EPASS, SIZE_MAX, "%s holds no private key in PEM that can be read without a passphrase", name);
    if (SSL_CTX_use_PrivateKey(ctx, key) != 1 || SSL_CTX_check_private_key(ctx) != 1)
        return stir_diag_set(diag, STIR_EMISMATCH, SIZE_MAX, "%s is not the key of the certificate", name);
    return STIR_OK;
}

static enum stir_err use_client_ca(SSL_CTX *ctx, BIO *bio, const char *name, struct stir_diag *diag)
{
    X509_STORE *store = SSL_CTX_get_cert_store(ctx);
    bool any = false;
    for (;; any = true) {
        STIR_AUTO(X509) *cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
        if (!cert)
            break;
        if (X509_STORE_add_cert(store, cert) != 1 || SSL_CTX_add_client_CA(ctx, cert) != 1)
            return stir_diag_set(diag, STIR_EPEM, SIZE_MAX, "%s: TLS does not take a certificate of it", name);
    }
    if (!any)
        return stir_diag_set(diag, STIR_EPEM, SIZE_MAX, "%s holds no certificate in PEM", name);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return STIR_OK;
}

static enum stir_err use_pem(SSL_CTX *ctx, const struct stir_tls_pem *pem, enum stir_err (*use)(SSL_CTX *, BIO *, const char *, struct stir_diag *),
                             struct stir_diag *diag)
{
    STIR_AUTO(BIO) *bio = pem->content.n <= INT_MAX ? BIO_new_mem_buf(pem->content.p, (int)pem->content.n) : NULL;
    return bio ? use(ctx, bio, pem->name, diag) : STIR_ENOMEM;
}

enum stir_err stir_tls_server_new(SSL_CTX **out, const struct stir_tls_pem *cert, const struct stir_tls_pem *key, const struct stir_tls_pem *client_ca,
                                  struct stir_diag *diag)
{
    STIR_OSSL_QUIET;
    STIR_AUTO(SSL_CTX) *ctx = SSL_CTX_new(TLS_server_method());
    if (!ctx || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1)
        return stir_diag_set(diag, STIR_ENOMEM, SIZE_MAX, "TLS cannot be had of OpenSSL");
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ctx, 0);
    TRY(use_pem(ctx, cert, use_chain, diag));
    TRY(use_pem(ctx, key, use_key, diag));
    if (client_ca)
        TRY(use_pem(ctx, client_ca, use_client_ca, diag));
    *out = STIR_MOVE(ctx);
    return STIR_OK;
}

/* ---- Clients ---- */

/* A name that is compared as text has no NUL in it. */
static void add_name(struct stir_tls_names *out, const unsigned char *p, int n)
{
    size_t used = 0;
    for (size_t i = 0; i < out->n; i++)
        used += out->names[i].n;
    if (n <= 0 || out->n == STIR_TLS_NAMES || (size_t)n > sizeof(out->bytes) - used || memchr(p, '\0', (size_t)n))
        return;
    memcpy(out->bytes + used, p, (size_t)n);
    out->names[out->n++] = stir_slice_of(out->bytes + used, (size_t)n);
}

/*= RFC5922-7.1 */
/* "sip:example.com": a domain; with a user in it it names somebody, and no domain. */
static void add_uri(struct stir_tls_names *out, const ASN1_IA5STRING *uri)
{
    struct stir_slice s = stir_slice_of(ASN1_STRING_get0_data(uri), (size_t)ASN1_STRING_length(uri));
    if (s.n > 4 && stir_slice_ieq(stir_slice_upto(s, 4), stir_slice_str("sip:")) && stir_slice_find(s, '@') == s.n)
        add_name(out, (const unsigned char *)s.p + 4, (int)s.n - 4);
}

static void add_alternatives(struct stir_tls_names *out, const GENERAL_NAMES *all, int kind)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
        const GENERAL_NAME *one = sk_GENERAL_NAME_value(all, i);
        if (one->type != kind)
            continue;
        if (kind == GEN_URI)
            add_uri(out, one->d.uniformResourceIdentifier);
        else
            add_name(out, ASN1_STRING_get0_data(one->d.dNSName), ASN1_STRING_length(one->d.dNSName));
    }
}

static void add_common_name(struct stir_tls_names *out, const X509 *cert)
{
    const X509_NAME *subject = X509_get_subject_name(cert);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    unsigned char *text = NULL;
    if (at < 0)
        return;
    int n = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    add_name(out, text, n);
    OPENSSL_free(text);
}

void stir_tls_client_names(struct stir_tls_names *out, const SSL *ssl)
{
    STIR_OSSL_QUIET;
    out->n = 0;
    const X509 *cert = SSL_get0_peer_certificate(ssl);
    if (!cert || !(SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) || SSL_get_verify_result(ssl) != X509_V_OK)
        return;
    STIR_AUTO(GENERAL_NAMES) *all = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    if (all) {
        add_alternatives(out, all, GEN_URI);
        if (out->n == 0)
            add_alternatives(out, all, GEN_DNS);
    }
    if (out->n == 0)
        add_common_name(out, cert);
}
