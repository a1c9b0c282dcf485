/* What of TLS libmicrohttpd leaves to its user: it speaks TLS by GnuTLS, and this is the one file that calls GnuTLS. */
#include "io/http_port.h"

#include "core/bytes.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

/* The certificate may authenticate a client, and its chain ends at the CA that was asked for. */
static bool is_verified(gnutls_session_t session)
{
    gnutls_typed_vdata_st purpose = {GNUTLS_DT_KEY_PURPOSE_OID, (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT, 0};
    unsigned status = ~0u;
    return gnutls_certificate_type_get(session) == GNUTLS_CRT_X509 && gnutls_certificate_verify_peers(session, &purpose, 1, &status) == 0 && status == 0;
}

/* A name holds no NUL, and nothing that reads as another name. */
static bool is_plain(const char *name, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (name[i] <= ' ' || name[i] == 0x7f)
            return false;
    return n > 0;
}

static void read_names(gnutls_x509_crt_t cert, char names[][STIR_HTTP_MAX_NAME], size_t *n)
{
    int kind = 0;
    for (unsigned i = 0; *n < STIR_HTTP_MAX_NAMES && kind != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE && i < 64; i++) {
        size_t len = STIR_HTTP_MAX_NAME - 1;
        kind = gnutls_x509_crt_get_subject_alt_name(cert, i, names[*n], &len, NULL);
        if (kind == GNUTLS_SAN_DNSNAME && is_plain(names[*n], len))
            names[(*n)++][len] = '\0';
    }
    size_t len = STIR_HTTP_MAX_NAME - 1;
    if (*n == 0 && gnutls_x509_crt_get_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, 0, names[0], &len) == 0 && is_plain(names[0], len))
        names[(*n)++][len] = '\0';
}

bool stir_http_tls_names(void *session, char names[][STIR_HTTP_MAX_NAME], size_t *n)
{
    *n = 0;
    unsigned count = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
    if (!chain || count == 0 || !is_verified(session))
        return false;
    gnutls_x509_crt_t cert = NULL;
    if (gnutls_x509_crt_init(&cert) != 0)
        return false;
    bool read = gnutls_x509_crt_import(cert, &chain[0], GNUTLS_X509_FMT_DER) == 0;
    if (read)
        read_names(cert, names, n);
    gnutls_x509_crt_deinit(cert);
    return read;
}

static gnutls_datum_t datum_of(const char *text)
{
    return (gnutls_datum_t){(unsigned char *)(uintptr_t)text, (unsigned)strlen(text)};
}

enum stir_err stir_http_tls_check(const struct stir_http_tls *tls, struct stir_diag *diag)
{
    gnutls_certificate_credentials_t made = NULL;
    if (gnutls_certificate_allocate_credentials(&made) != 0)
        return STIR_ENOMEM;
    gnutls_datum_t cert = datum_of(tls->cert), key = datum_of(tls->key);
    enum stir_err err = STIR_OK;
    int code = gnutls_certificate_set_x509_key_mem(made, &cert, &key, GNUTLS_X509_FMT_PEM);
    if (code < 0)
        err = stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the certificate and the key of TLS do not serve: %s", gnutls_strerror(code));
    if (err == STIR_OK && tls->client_ca) {
        gnutls_datum_t ca = datum_of(tls->client_ca);
        code = gnutls_certificate_set_x509_trust_mem(made, &ca, GNUTLS_X509_FMT_PEM);
        if (code <= 0)
            err = stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the CA of the clients has no certificate that can be read%s%s", code < 0 ? ": " : "",
                                code < 0 ? gnutls_strerror(code) : "");
    }
    gnutls_certificate_free_credentials(made);
    return err;
}
