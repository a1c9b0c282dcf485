/* A port of HTTP inside of io/http: its socket, its limits, who is connected; and what of TLS libmicrohttpd leaves to its user. */
#ifndef STIR_IO_HTTP_PORT_H
#define STIR_IO_HTTP_PORT_H

#include "io/http.h"
#include "io/seats.h"

#include <stdatomic.h>

struct stir_http_port {
    int fd;
    struct stir_http_limits limits;
    char *cert, *key, *client_ca; /* NULL: plain, or not asked */
    atomic_size_t open;
    struct stir_seats *seats; /* NULL: any number from one address */
};

/* One connection more from `peer`: false when a limit is reached. */
bool stir_http_port_admit(struct stir_http_port *port, const struct sockaddr_storage *peer);
void stir_http_port_leave(struct stir_http_port *port, const struct sockaddr_storage *peer);

/* Names of the peer's certificate in the TLS session (a gnutls_session_t) when it is one of the CA that was asked for; false when it is not. */
bool stir_http_tls_names(void *session, char names[][STIR_HTTP_MAX_NAME], size_t *n);
/* Certificate, key and CA can be read and belong together. */
enum stir_err stir_http_tls_check(const struct stir_http_tls *tls, struct stir_diag *diag) STIR_MUST_USE;

#endif
