#include "io/http_port.h"

#include "core/bytes.h"

#include <stdlib.h>
#include <unistd.h>

bool stir_http_port_admit(struct stir_http_port *port, const struct sockaddr_storage *peer)
{
    bool fine = atomic_fetch_add(&port->open, 1) < port->limits.max_connections;
    if (fine && port->seats && !stir_seats_take(port->seats, peer))
        fine = false;
    if (!fine) {
        atomic_fetch_sub(&port->open, 1);
        if (port->limits.turned_away)
            port->limits.turned_away(port->limits.arg);
    }
    return fine;
}

void stir_http_port_leave(struct stir_http_port *port, const struct sockaddr_storage *peer)
{
    atomic_fetch_sub(&port->open, 1);
    if (port->seats)
        stir_seats_give_back(port->seats, peer);
}

int stir_http_port_fd(const struct stir_http_port *port)
{
    return port->fd;
}

size_t stir_http_port_open(const struct stir_http_port *port)
{
    return atomic_load(&port->open);
}

void stir_http_port_free(struct stir_http_port *port)
{
    if (!port)
        return;
    if (port->fd >= 0)
        close(port->fd);
    if (port->key) {
        volatile char *p = port->key;
        for (size_t i = 0; p[i]; i++)
            p[i] = 0;
    }
    free(port->cert);
    free(port->key);
    free(port->client_ca);
    stir_seats_free(port->seats);
    free(port);
}

static bool take_texts(struct stir_http_port *port, const struct stir_http_tls *tls)
{
    port->cert = strdup(tls->cert);
    port->key = strdup(tls->key);
    port->client_ca = tls->client_ca ? strdup(tls->client_ca) : NULL;
    return port->cert && port->key && (port->client_ca || !tls->client_ca);
}

static enum stir_err begin(struct stir_http_port *port, const struct stir_http_tls *tls, struct stir_diag *diag)
{
    if (tls && !take_texts(port, tls))
        return STIR_ENOMEM;
    if (port->limits.max_per_address)
        TRY(stir_seats_new(&port->seats, port->limits.max_connections, port->limits.max_per_address));
    return tls ? stir_http_tls_check(tls, diag) : STIR_OK;
}

enum stir_err stir_http_port_new(struct stir_http_port **out, int fd, const struct stir_http_limits *limits, const struct stir_http_tls *tls,
                                 struct stir_diag *diag)
{
    struct stir_http_port *port = calloc(1, sizeof(*port));
    if (!port) {
        close(fd);
        return STIR_ENOMEM;
    }
    port->fd = fd;
    port->limits = *limits;
    enum stir_err err = begin(port, tls, diag);
    if (err != STIR_OK) {
        stir_http_port_free(port);
        return err;
    }
    *out = port;
    return STIR_OK;
}
