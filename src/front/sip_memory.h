/* What has been answered, and what waits for its answer: the server transactions of RFC 3261 §17.2, shared by all workers, in locked shards. Each shard is a
 * ring of bytes that the oldest make room in: memory follows the load up to a bound, and nothing is allocated for a call. Safe for threads. */
#ifndef STIR_FRONT_SIP_MEMORY_H
#define STIR_FRONT_SIP_MEMORY_H

#include "front/sip_request.h"

#include <sys/socket.h>

struct stir_sip_memory;

enum {
    STIR_SIP_REMEMBERED_MS = 32000, /* 64 * T1: as long as a client asks again (RFC 3261 §17.1.1.2) */
    STIR_SIP_ANSWER_BYTES = 2048,   /* of one, by which the rings are measured; an answer with one Identity has some 1,400 */
    STIR_SIP_MAX_ANSWERS = 1 << 24, /* of one memory: 32 GiB */
    STIR_SIP_MEMORY_SHARDS = 16,
};

/* Which transaction (RFC 3261 §17.2.3): made with a secret, so that nobody can choose two that are the same. */
struct stir_sip_key {
    uint64_t a, b;
};

enum stir_sip_seen {
    STIR_SIP_NEW,      /* it waits for its answer from now on */
    STIR_SIP_WAITING,  /* it does already */
    STIR_SIP_ANSWERED, /* the answer has been copied out */
};

/* Room for `answers` of the usual size. STIR_ENOMEM, STIR_ECRYPTO (no randomness). */
enum stir_err stir_sip_memory_new(struct stir_sip_memory **out, size_t answers) STIR_MUST_USE;
struct stir_sip_memory *stir_sip_memory_ref(struct stir_sip_memory *memory);
void stir_sip_memory_free(struct stir_sip_memory *memory); /* one owner less; NULL is fine */
size_t stir_sip_memory_room(const struct stir_sip_memory *memory);

/* The transaction of a request of `peer` that came to socket `local`; INVITE, its ACK and its CANCEL have the same. The tag of our answers is made of it. */
struct stir_sip_key stir_sip_memory_key(const struct stir_sip_memory *memory, const struct stir_sip_request *request, const struct sockaddr_storage *peer,
                                        uint64_t local);
/* A tag for To, the same each time (RFC 3261 §8.2.7): 17 bytes with the NUL. */
void stir_sip_memory_tag(const struct stir_sip_memory *memory, struct stir_sip_key key, char tag[17]);

/* Claim it for `owner` and `call` when it is new. ANSWERED: `buf` of `cap` bytes has the answer; one that is longer counts as new. */
enum stir_sip_seen stir_sip_memory_begin(struct stir_sip_memory *memory, struct stir_sip_key key, int64_t now_ms, void *owner, void *call, char *buf,
                                         size_t cap, size_t *len);
/* It is answered with these bytes. Too many bytes for a shard: forgotten. */
void stir_sip_memory_answer(struct stir_sip_memory *memory, struct stir_sip_key key, int64_t now_ms, struct stir_slice bytes);
/* Never mind. */
void stir_sip_memory_forget(struct stir_sip_memory *memory, struct stir_sip_key key);

/* What is known of it. Waiting: `meet` is called with its owner and call while the shard is locked, so that the owner cannot be done with it meanwhile. */
enum stir_sip_seen stir_sip_memory_look(struct stir_sip_memory *memory, struct stir_sip_key key, int64_t now_ms,
                                        void (*meet)(void *arg, void *owner, void *call), void *arg);
/* The client has acknowledged the answer: it needs no repeating. */
void stir_sip_memory_ack(struct stir_sip_memory *memory, struct stir_sip_key key);
/* The answer, to be repeated; false when it was acknowledged or is not there any more. */
bool stir_sip_memory_again(struct stir_sip_memory *memory, struct stir_sip_key key, int64_t now_ms, char *buf, size_t cap, size_t *len);

#endif
