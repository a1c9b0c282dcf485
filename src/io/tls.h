/* TLS of our own sockets (SIP), by OpenSSL: what a server shows and asks for, and who a client has proved to be. */
#ifndef STIR_IO_TLS_H
#define STIR_IO_TLS_H

#include <stir/err.h>

#include <openssl/ssl.h>

enum {
    STIR_TLS_NAMES = 8,        /* names of one client's certificate that are looked at; real ones have one or two */
    STIR_TLS_NAME_BYTES = 512, /* all of them together */
};

/* PEM, and where it came from, for people. */
struct stir_tls_pem {
    const char *name;
    struct stir_slice content;
};

/* TLS 1.2 and later, no renegotiation, no tickets: connections of SBCs live long. The certificate with its chain, and its key, without a passphrase.
 * `client_ca` not NULL: a client must have a certificate of one of these. STIR_EPEM, STIR_EPASS, STIR_EMISMATCH (key and certificate): `diag` names the one
 * that is wrong; STIR_ENOMEM. */
enum stir_err stir_tls_server_new(SSL_CTX **out, const struct stir_tls_pem *cert, const struct stir_tls_pem *key, const struct stir_tls_pem *client_ca,
                                  struct stir_diag *diag) STIR_MUST_USE;

/* Who the client is by its verified certificate (RFC 5922 §7.1): the SIP domains among its URIs, else its DNS names, else its common name. */
struct stir_tls_names {
    struct stir_slice names[STIR_TLS_NAMES];
    size_t n;
    char bytes[STIR_TLS_NAME_BYTES];
};
void stir_tls_client_names(struct stir_tls_names *out, const SSL *ssl);

#endif
