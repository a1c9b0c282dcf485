/* The SIP front: a redirect server (RFC 3261 §8.3) over UDP, TCP and TLS. An INVITE goes in, a 302 (or what policy says) comes out; nothing is ever forwarded.
 * One shared socket for each UDP address, read by all workers; connections belong to the worker that accepted them; answers to be repeated stand in shared
 * memory, in locked shards. */
#ifndef STIR_FRONT_SIP_H
#define STIR_FRONT_SIP_H

#include "service/worker.h"

struct stir_sip_front;

/* Bind all sockets of conf's [sip] sections, before privileges are dropped, and read their certificates; `conf` is not kept. Sockets of `before` (the front of
 * the conf that is replaced; NULL: none) with the same address are taken over, so that no datagram is lost, and so is its memory of answers, when it has the
 * same room. A front that is freed without having come into use gives all back. Main thread. STIR_EIO, STIR_EVALUE, STIR_EPEM, STIR_EPASS, STIR_EMISMATCH:
 * `diag` says which section, and which address or file; STIR_ENOMEM, STIR_ECRYPTO. */
enum stir_err stir_sip_front_new(struct stir_sip_front **out, const struct stir_conf *conf, struct stir_shared *shared, struct stir_sip_front *before,
                                 struct stir_diag *diag) STIR_MUST_USE;
/* The `index`th socket: "udp:127.0.0.1:5060 as". False past the end. */
bool stir_sip_front_bound(const struct stir_sip_front *front, size_t index, char *buf, size_t cap);

/* On the worker's thread: begin to read. At a reload the worker joins the front after before it leaves the one before, so that its connections can go over. */
struct stir_sip_desk;
enum stir_err stir_sip_front_join(struct stir_sip_desk **out, struct stir_sip_front *front, struct stir_worker *worker) STIR_MUST_USE;
/* On the worker's thread: read nothing new, end what is under way, then call `gone` (maybe before this returns; it may free the desk). Connections go over to
 * this worker's desk of the front after; without one they are closed when their last answer is out, and datagrams that have come are answered first. All ends
 * by force when stir_sip_desk_free() is called. */
void stir_sip_desk_leave(struct stir_sip_desk *desk, void (*gone)(void *arg), void *arg);
void stir_sip_desk_free(struct stir_sip_desk *desk);

/* When all its desks are free. */
void stir_sip_front_free(struct stir_sip_front *front);

#endif
