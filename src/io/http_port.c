#include "io/http_port.h"

#include "core/bytes.h"

#include <netinet/in.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <unistd.h>

struct stir_http_seat {
    unsigned char address[9]; /* family, then IPv4, or the first 64 bits of IPv6: who has one address of a /64 has them all */
    bool taken;
    unsigned connections;
};

static void key_of(unsigned char key[9], const struct sockaddr_storage *peer)
{
    memset(key, 0, 9);
    key[0] = peer->ss_family == AF_INET6 ? 6 : 4;
    const struct sockaddr_in6 *six = (const void *)peer;
    const struct sockaddr_in *four = (const void *)peer;
    if (peer->ss_family == AF_INET)
        memcpy(key + 1, &four->sin_addr, 4);
    else if (peer->ss_family == AF_INET6)
        memcpy(key + 1, &six->sin6_addr, 8);
}

static size_t place_of(const struct stir_http_port *port, const unsigned char key[9])
{
    return (size_t)stir_siphash(&port->hash, stir_slice_of(key, 9)) & (port->n_seats - 1);
}

/* The seat of `key`, or the free one where it would be. There is always a free one: twice as many seats as connections. */
static struct stir_http_seat *seat_of(struct stir_http_port *port, const unsigned char key[9])
{
    size_t i = place_of(port, key);
    while (port->seats[i].taken && memcmp(port->seats[i].address, key, 9) != 0)
        i = (i + 1) & (port->n_seats - 1);
    return &port->seats[i];
}

/* Free a seat, and move up those behind it that would not be found any more. */
static void give_up_seat(struct stir_http_port *port, struct stir_http_seat *seat)
{
    size_t hole = (size_t)(seat - port->seats), mask = port->n_seats - 1;
    seat->taken = false;
    for (size_t i = (hole + 1) & mask; port->seats[i].taken; i = (i + 1) & mask) {
        size_t home = place_of(port, port->seats[i].address);
        if (((i - home) & mask) < ((i - hole) & mask))
            continue;
        port->seats[hole] = port->seats[i];
        port->seats[i].taken = false;
        hole = i;
    }
}

static bool sit_down(struct stir_http_port *port, const unsigned char key[9])
{
    struct stir_http_seat *seat = seat_of(port, key);
    if (seat->taken && seat->connections >= port->limits.max_per_address)
        return false;
    if (!seat->taken) {
        memcpy(seat->address, key, 9);
        seat->taken = true;
        seat->connections = 0;
    }
    seat->connections++;
    return true;
}

bool stir_http_port_admit(struct stir_http_port *port, const struct sockaddr_storage *peer)
{
    bool fine = atomic_fetch_add(&port->open, 1) < port->limits.max_connections;
    if (fine && port->limits.max_per_address) {
        unsigned char key[9];
        key_of(key, peer);
        pthread_mutex_lock(&port->lock);
        fine = sit_down(port, key);
        pthread_mutex_unlock(&port->lock);
    }
    if (!fine) {
        atomic_fetch_sub(&port->open, 1);
        atomic_fetch_add(&port->refused, 1);
    }
    return fine;
}

void stir_http_port_leave(struct stir_http_port *port, const struct sockaddr_storage *peer)
{
    atomic_fetch_sub(&port->open, 1);
    if (!port->limits.max_per_address)
        return;
    unsigned char key[9];
    key_of(key, peer);
    pthread_mutex_lock(&port->lock);
    struct stir_http_seat *seat = seat_of(port, key);
    if (seat->taken && --seat->connections == 0)
        give_up_seat(port, seat);
    pthread_mutex_unlock(&port->lock);
}

int stir_http_port_fd(const struct stir_http_port *port)
{
    return port->fd;
}

void stir_http_port_counts(const struct stir_http_port *port, size_t *open, uint64_t *refused)
{
    *open = atomic_load(&port->open);
    *refused = atomic_load(&port->refused);
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
    free(port->seats);
    pthread_mutex_destroy(&port->lock);
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
    port->n_seats = 4;
    while (port->n_seats < 2 * (port->limits.max_connections + 1))
        port->n_seats *= 2;
    port->seats = calloc(port->n_seats, sizeof(*port->seats));
    if (!port->seats || (tls && !take_texts(port, tls)))
        return STIR_ENOMEM;
    unsigned char secret[STIR_SIPHASH_SECRET];
    if (RAND_bytes(secret, sizeof(secret)) != 1)
        return STIR_ECRYPTO;
    port->hash = stir_siphash_of(secret);
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
    pthread_mutex_init(&port->lock, NULL);
    enum stir_err err = begin(port, tls, diag);
    if (err != STIR_OK) {
        stir_http_port_free(port);
        return err;
    }
    *out = port;
    return STIR_OK;
}
