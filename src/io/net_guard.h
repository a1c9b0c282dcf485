/* Which addresses may be connected to: public ones (RFC 6890), and the networks that were opened by name. */
#ifndef STIR_IO_NET_GUARD_H
#define STIR_IO_NET_GUARD_H

#include <stir/err.h>

#include <sys/socket.h>

#include "core/bytes.h"

enum { STIR_GUARD_NETS = 64 }; /* networks that one guard opens; a lab has two or three */

/* An address as 16 bytes. IPv4 stands as ::ffff:a.b.c.d, so that a mapped address and the one that it maps are the same thing. */
struct stir_net_addr {
    unsigned char bytes[16];
};

struct stir_net_cidr {
    struct stir_net_addr net;
    unsigned bits; /* of the 16 bytes: 96 more than written for IPv4 */
};

struct stir_guard {
    struct stir_net_cidr open[STIR_GUARD_NETS];
    size_t n;
};

/* "192.0.2.1", "2001:db8::1" in their usual spelling, no octal, no short forms, no zone. STIR_ESYNTAX when it is none. */
enum stir_err stir_net_addr_parse(struct stir_net_addr *out, struct stir_slice text) STIR_MUST_USE;
/* AF_INET and AF_INET6; STIR_EVALUE for any other. */
enum stir_err stir_net_addr_of(struct stir_net_addr *out, const struct sockaddr *from) STIR_MUST_USE;
bool stir_net_addr_eq(const struct stir_net_addr *a, const struct stir_net_addr *b);
bool stir_net_addr_is_v4(const struct stir_net_addr *addr);
/* As a URL has it: IPv6 in brackets. */
void stir_put_net_addr(struct stir_writer *w, const struct stir_net_addr *addr);

/* "10.0.0.0/8", "fd00::/8", or an address alone. STIR_ESYNTAX; STIR_EVALUE (bits set beyond the prefix: a slip). */
enum stir_err stir_net_cidr_parse(struct stir_net_cidr *out, struct stir_slice text) STIR_MUST_USE;

/* Open the network `text`. The errors above; STIR_ELIMIT (more than STIR_GUARD_NETS). */
enum stir_err stir_guard_open(struct stir_guard *guard, struct stir_slice text) STIR_MUST_USE;

/* May `addr` be connected to? NULL, or what it is instead, in words: "loopback". */
const char *stir_guard_fault(const struct stir_guard *guard, const struct stir_net_addr *addr);

#endif
