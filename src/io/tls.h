/* TLS of our own sockets (SIP), by OpenSSL: what a server shows and asks for, and who a client has proved to be. */
#ifndef STIR_IO_TLS_H
#define STIR_IO_TLS_H

#include <stir/err.h>
#include <stir/limits.h>

#include <openssl/ssl.h>

enum {
    STIR_TLS_NAMES = 8,        /* names of one client's certificate that are looked at; real ones have one or two */
    STIR_TLS_NAME_BYTES = 512, /* all of them together */
};

/* TLS 1.2 and later, no renegotiation, no tickets: connections of SBCs live long. Files in PEM: the certificate with its chain, and the key, which others must
 * not be able to read. `client_ca` not "": a client must have a certificate of one of these. STIR_EIO, STIR_EPEM, STIR_EPASS, STIR_EMISMATCH (key and
 * certificate), STIR_ENOMEM: `diag` says which file. */
enum stir_err stir_tls_server_new(SSL_CTX **out, const char *cert, const char *key, const char *client_ca, struct stir_diag *diag) STIR_MUST_USE;

/* Who the client is by its verified certificate (RFC 5922 §7.1): the SIP domains among its URIs, else its DNS names, else its common name. */
struct stir_tls_names {
    struct stir_slice names[STIR_TLS_NAMES];
    size_t n;
    char bytes[STIR_TLS_NAME_BYTES];
};
void stir_tls_client_names(struct stir_tls_names *out, const SSL *ssl);

#endif
