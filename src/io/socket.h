/* Sockets to be reached at: an address as the configuration writes it, bound, or taken over from systemd (socket activation, LISTEN_FDS). */
#ifndef STIR_IO_SOCKET_H
#define STIR_IO_SOCKET_H

#include <stir/err.h>

#include <sys/socket.h>

enum stir_transport { STIR_UDP = 1, STIR_TCP = 2, STIR_TLS = 3 };

struct stir_address {
    enum stir_transport transport;
    struct sockaddr_storage at;
    socklen_t n;
};

/* "udp:192.0.2.1:5060", "tls:[2001:db8::1]:5061"; without a transport (HTTP) `otherwise`. Port 0: the kernel chooses. No names. STIR_ESYNTAX, STIR_EVALUE. */
enum stir_err stir_address_parse(struct stir_address *out, struct stir_slice text, enum stir_transport otherwise) STIR_MUST_USE;
/* "192.0.2.1:5060", "[2001:db8::1]:5060", with a closing NUL; 54 bytes are always enough. "?" for other families. */
enum { STIR_ADDRESS_TEXT = 54 };
void stir_address_text(char *buf, size_t cap, const struct sockaddr_storage *at);
/* "192.0.2.1" with a closing NUL, of four bytes; inet_ntop() prints by format, and this is done for every call. */
void stir_ipv4_text(char buf[16], const unsigned char four[4]);
/* The same host and port. */
bool stir_address_eq(const struct sockaddr_storage *a, const struct sockaddr_storage *b);

/* A socket bound (and listening) there, non-blocking, closed on exec; one that systemd handed over (LISTEN_FDS) for the same address and kind is taken instead,
 * once, so that who closes it cannot have it again. IPv6 sockets take IPv6 alone; one of systemd's may take both. Main thread only. STIR_EIO: `diag` says what
 * the system said. `bound` (may be NULL) gets the address with its port. */
enum stir_err stir_socket_open(int *fd, const struct stir_address *address, struct sockaddr_storage *bound, struct stir_diag *diag) STIR_MUST_USE;

/* "192.0.2.0/28", "2001:db8::/32" or an address alone; bits set beyond the prefix are a slip. */
struct stir_network {
    int family;
    unsigned char address[16];
    unsigned bits;
};
/* STIR_ESYNTAX, STIR_EVALUE. */
enum stir_err stir_network_parse(struct stir_network *out, struct stir_slice text) STIR_MUST_USE;
/* IPv4 within IPv6 (::ffff:...) counts as IPv4. */
bool stir_network_has(const struct stir_network *network, const struct sockaddr_storage *at);

#endif
