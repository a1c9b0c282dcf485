/* How many connections each address has at once. One IPv6 /64 counts as one address: who has one address of it has them all. */
#ifndef STIR_IO_SEATS_H
#define STIR_IO_SEATS_H

#include <stir/err.h>

#include <sys/socket.h>

struct stir_seats;

/* For `room` connections of all addresses together, `most` of each. STIR_ENOMEM; STIR_ECRYPTO (no random numbers). */
enum stir_err stir_seats_new(struct stir_seats **out, size_t room, size_t most) STIR_MUST_USE;
void stir_seats_free(struct stir_seats *seats); /* NULL is fine */

/* One connection more of `peer`: false, and nothing is counted, when it has as many as it may. The caller sees to it that there are never more than `room`.
 * Of any thread. */
bool stir_seats_take(struct stir_seats *seats, const struct sockaddr_storage *peer) STIR_MUST_USE;
/* One less, of those that were taken. */
void stir_seats_give_back(struct stir_seats *seats, const struct sockaddr_storage *peer);

#endif
