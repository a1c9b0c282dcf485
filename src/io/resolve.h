/* Names to addresses, asked of DNS by c-ares: many at once, none blocks another, each answered or given up in bounded time. */
#ifndef STIR_IO_RESOLVE_H
#define STIR_IO_RESOLVE_H

#include "io/net_guard.h"

enum { STIR_RESOLVE_ADDRS = 16 }; /* addresses of one name that are looked at; a name with more is refused, for all are judged */

/* What a descriptor in the one epoll set belongs to: the high half of epoll_event.data.u64; the descriptor is the low half. */
enum { STIR_WATCH_DNS = 1, STIR_WATCH_HTTP = 2 };
/* Watch, or stop watching (both false), `fd` in `epoll`. */
void stir_watch(int epoll, uint64_t kind, int fd, bool reading, bool writing);

struct stir_resolver;
struct stir_lookup;

struct stir_addrs {
    struct stir_net_addr addr[STIR_RESOLVE_ADDRS];
    size_t n, seen; /* kept, and how many there were */
};

/* Told once for each lookup that was not cancelled, from inside of start or step. `fault` NULL: there are addresses. */
typedef void stir_resolved(void *arg, const struct stir_addrs *addrs, const char *fault);

/* `server` "IP" or "IP:PORT", or absent: those of /etc/resolv.conf. STIR_ESYNTAX (server), STIR_ENOMEM, STIR_ECRYPTO (c-ares cannot). */
enum stir_err stir_resolver_new(struct stir_resolver **out, struct stir_slice server, int64_t timeout_ms, int epoll) STIR_MUST_USE;
void stir_resolver_free(struct stir_resolver *resolver);

/* `host` is a DNS name (core/url.h). */
enum stir_err stir_lookup_start(struct stir_lookup **out, struct stir_resolver *resolver, struct stir_slice host, stir_resolved *told, void *arg) STIR_MUST_USE;
/* Nobody listens any more. The query itself ends by its own timeout. */
void stir_lookup_cancel(struct stir_lookup *lookup);

/* `fd` may be read or written; -1: only the timers. */
void stir_resolver_step(struct stir_resolver *resolver, int fd, bool readable, bool writable);
/* Milliseconds until a timer is due; -1 for none. */
int64_t stir_resolver_wait(struct stir_resolver *resolver);

#endif
