#include "io/seats.h"

#include "core/bytes.h"
#include "core/siphash.h"

#include <netinet/in.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>

struct seat {
    unsigned char address[9]; /* family, then IPv4, or the first 64 bits of IPv6 */
    bool taken;
    unsigned connections;
};

struct stir_seats {
    pthread_mutex_t lock; /* over all that follows */
    struct seat *at;
    size_t n; /* a power of two, at least twice the connections there can be */
    size_t most;
    struct stir_siphash hash;
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

static size_t place_of(const struct stir_seats *seats, const unsigned char key[9])
{
    return (size_t)stir_siphash(&seats->hash, stir_slice_of(key, 9)) & (seats->n - 1);
}

/* The seat of `key`, or the free one where it would be. There is always a free one: twice as many seats as connections. */
static struct seat *seat_of(struct stir_seats *seats, const unsigned char key[9])
{
    size_t i = place_of(seats, key);
    while (seats->at[i].taken && memcmp(seats->at[i].address, key, 9) != 0)
        i = (i + 1) & (seats->n - 1);
    return &seats->at[i];
}

/* Free a seat, and move up those behind it that would not be found any more. */
static void give_up_seat(struct stir_seats *seats, struct seat *seat)
{
    size_t hole = (size_t)(seat - seats->at), mask = seats->n - 1;
    seat->taken = false;
    for (size_t i = (hole + 1) & mask; seats->at[i].taken; i = (i + 1) & mask) {
        size_t home = place_of(seats, seats->at[i].address);
        if (((i - home) & mask) < ((i - hole) & mask))
            continue;
        seats->at[hole] = seats->at[i];
        seats->at[i].taken = false;
        hole = i;
    }
}

static bool sit_down(struct stir_seats *seats, const unsigned char key[9])
{
    struct seat *seat = seat_of(seats, key);
    if (seat->taken && seat->connections >= seats->most)
        return false;
    if (!seat->taken) {
        memcpy(seat->address, key, 9);
        seat->taken = true;
        seat->connections = 0;
    }
    seat->connections++;
    return true;
}

bool stir_seats_take(struct stir_seats *seats, const struct sockaddr_storage *peer)
{
    unsigned char key[9];
    key_of(key, peer);
    pthread_mutex_lock(&seats->lock);
    bool fine = sit_down(seats, key);
    pthread_mutex_unlock(&seats->lock);
    return fine;
}

void stir_seats_give_back(struct stir_seats *seats, const struct sockaddr_storage *peer)
{
    unsigned char key[9];
    key_of(key, peer);
    pthread_mutex_lock(&seats->lock);
    struct seat *seat = seat_of(seats, key);
    if (seat->taken && --seat->connections == 0)
        give_up_seat(seats, seat);
    pthread_mutex_unlock(&seats->lock);
}

void stir_seats_free(struct stir_seats *seats)
{
    if (!seats)
        return;
    free(seats->at);
    pthread_mutex_destroy(&seats->lock);
    free(seats);
}

enum stir_err stir_seats_new(struct stir_seats **out, size_t room, size_t most)
{
    unsigned char secret[STIR_SIPHASH_SECRET];
    if (RAND_bytes(secret, sizeof(secret)) != 1)
        return STIR_ECRYPTO;
    struct stir_seats *seats = calloc(1, sizeof(*seats));
    if (!seats)
        return STIR_ENOMEM;
    pthread_mutex_init(&seats->lock, NULL);
    seats->n = 4;
    while (seats->n < 2 * (room + 1))
        seats->n *= 2;
    seats->most = most;
    seats->hash = stir_siphash_of(secret);
    seats->at = calloc(seats->n, sizeof(*seats->at));
    if (!seats->at) {
        stir_seats_free(seats);
        return STIR_ENOMEM;
    }
    *out = seats;
    return STIR_OK;
}
