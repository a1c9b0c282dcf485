#include "io/socket.h"

#include "core/bytes.h"
#include "io/net_guard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    FIRST_HANDED = 3,   /* sd_listen_fds(3) */
    MAX_HANDED = 256,   /* sockets of one unit; more is a slip */
    LISTEN_QUEUE = 1024 /* connections that nobody has accepted yet; the kernel's own limit (somaxconn) may be lower */
};

/* ---- Addresses as text ---- */

static bool take_transport(struct stir_slice *text, enum stir_transport *transport)
{
    static const struct {
        const char *name;
        enum stir_transport transport;
    } known[] = {{"udp:", STIR_UDP}, {"tcp:", STIR_TCP}, {"tls:", STIR_TLS}};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (text->n > 4 && stir_slice_ieq(stir_slice_upto(*text, 4), stir_slice_str(known[i].name))) {
            *text = stir_slice_from(*text, 4);
            *transport = known[i].transport;
            return true;
        }
    return false;
}

static enum stir_err read_port(unsigned *out, struct stir_slice text)
{
    unsigned port = 0;
    if (text.n == 0 || text.n > 5)
        return STIR_ESYNTAX;
    for (size_t i = 0; i < text.n; i++) {
        if (!stir_is_digit(text.p[i]))
            return STIR_ESYNTAX;
        port = port * 10 + (unsigned)(text.p[i] - '0');
    }
    *out = port;
    return port <= 65535 ? STIR_OK : STIR_EVALUE;
}

static void put_v4(struct stir_address *out, struct in_addr host, unsigned port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = host};
    memcpy(&out->at, &at, sizeof(at));
    out->n = sizeof(at);
}

static void put_v6(struct stir_address *out, struct in6_addr host, unsigned port)
{
    struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = host};
    memcpy(&out->at, &at, sizeof(at));
    out->n = sizeof(at);
}

enum stir_err stir_address_parse(struct stir_address *out, struct stir_slice text, enum stir_transport otherwise)
{
    struct stir_address address = {.transport = otherwise};
    char host[INET6_ADDRSTRLEN + 1];
    struct in6_addr six;
    struct in_addr four;
    unsigned port = 0;
    take_transport(&text, &address.transport);
    bool bracket = text.n && text.p[0] == '[';
    size_t end = stir_slice_find(text, bracket ? ']' : ':');
    struct stir_slice name = bracket ? stir_slice_of(text.p + 1, end ? end - 1 : 0) : stir_slice_upto(text, end);
    size_t colon = end + (bracket ? 1 : 0);
    if (colon >= text.n || text.p[colon] != ':' || name.n == 0 || name.n >= sizeof(host) || memchr(name.p, '\0', name.n))
        return STIR_ESYNTAX;
    memcpy(host, name.p, name.n);
    host[name.n] = '\0';
    TRY(read_port(&port, stir_slice_from(text, colon + 1)));
    if (bracket && inet_pton(AF_INET6, host, &six) == 1)
        put_v6(&address, six, port);
    else if (!bracket && inet_pton(AF_INET, host, &four) == 1)
        put_v4(&address, four, port);
    else
        return STIR_ESYNTAX;
    *out = address;
    return STIR_OK;
}

void stir_ipv4_text(char buf[16], const unsigned char four[4])
{
    struct stir_writer w = stir_writer_of(buf, 16);
    for (int i = 0; i < 4; i++) {
        stir_put_int(&w, four[i]);
        stir_put_char(&w, i < 3 ? '.' : '\0');
    }
}

void stir_address_text(char *buf, size_t cap, const struct sockaddr_storage *at)
{
    char host[INET6_ADDRSTRLEN] = "?";
    struct stir_writer w = stir_writer_of(buf, cap);
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    size_t n;
    switch (at->ss_family) {
    case AF_INET:
        memcpy(&four, at, sizeof(four));
        stir_ipv4_text(host, (const unsigned char *)&four.sin_addr);
        stir_put_text(&w, host);
        stir_put_char(&w, ':');
        stir_put_int(&w, ntohs(four.sin_port));
        break;
    case AF_INET6:
        memcpy(&six, at, sizeof(six));
        inet_ntop(AF_INET6, &six.sin6_addr, host, sizeof(host));
        stir_put_char(&w, '[');
        stir_put_text(&w, host);
        stir_put_text(&w, "]:");
        stir_put_int(&w, ntohs(six.sin6_port));
        break;
    default: stir_put_char(&w, '?'); break;
    }
    if (cap && stir_writer_close(&w, &n) != STIR_OK)
        buf[0] = '\0';
}

bool stir_address_eq(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    char one[STIR_ADDRESS_TEXT], other[STIR_ADDRESS_TEXT];
    stir_address_text(one, sizeof(one), a);
    stir_address_text(other, sizeof(other), b);
    return a->ss_family == b->ss_family && strcmp(one, other) == 0;
}

/* ---- Sockets that systemd hands over ---- */

/* Descriptors 3 and up, when they are meant for this process (LISTEN_PID). */
static int handed_over(void)
{
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
    char *end;
    if (!pid || !count || strtol(pid, &end, 10) != (long)getpid() || *end)
        return 0;
    long n = strtol(count, &end, 10);
    return *end || n < 0 || n > MAX_HANDED ? 0 : (int)n;
}

static bool is_kind(int fd, enum stir_transport transport)
{
    int type = 0, listening = 0;
    socklen_t n = sizeof(type);
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) != 0)
        return false;
    if (transport == STIR_UDP)
        return type == SOCK_DGRAM;
    n = sizeof(listening);
    return type == SOCK_STREAM && getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) == 0 && listening;
}

static bool is_at(int fd, const struct stir_address *address)
{
    struct sockaddr_storage at;
    socklen_t n = sizeof(at);
    memset(&at, 0, sizeof(at));
    return getsockname(fd, (struct sockaddr *)&at, &n) == 0 && stir_address_eq(&at, &address->at);
}

/* A socket that was handed over comes without FD_CLOEXEC; one that has it was taken before, or is no such socket any more. -1: there is none. */
static int take_handed(const struct stir_address *address)
{
    int n = handed_over();
    for (int fd = FIRST_HANDED; fd < FIRST_HANDED + n; fd++) {
        int flags = fcntl(fd, F_GETFD);
        if (flags < 0 || (flags & FD_CLOEXEC) || !is_kind(fd, address->transport) || !is_at(fd, address))
            continue;
        int status = fcntl(fd, F_GETFL);
        if (status >= 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, status | O_NONBLOCK) == 0)
            return fd;
    }
    return -1;
}

/* ---- Sockets of our own ---- */

static int set_on(int fd, int level, int option)
{
    int on = 1;
    return setsockopt(fd, level, option, &on, sizeof(on));
}

static int make(const struct stir_address *address)
{
    bool stream = address->transport != STIR_UDP;
    int fd = socket(address->at.ss_family, stream ? SOCK_STREAM : SOCK_DGRAM, 0);
    if (fd < 0)
        return -1;
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && (!stream || set_on(fd, SOL_SOCKET, SO_REUSEADDR) == 0) &&
        (address->at.ss_family != AF_INET6 || set_on(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 0) && bind(fd, (const struct sockaddr *)&address->at, address->n) == 0 &&
        (!stream || listen(fd, LISTEN_QUEUE) == 0))
        return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

enum stir_err stir_socket_open(int *fd, const struct stir_address *address, struct sockaddr_storage *bound, struct stir_diag *diag)
{
    char text[STIR_ADDRESS_TEXT];
    struct sockaddr_storage at;
    socklen_t n = sizeof(at);
    int one = take_handed(address);
    if (one < 0)
        one = make(address);
    memset(&at, 0, sizeof(at));
    if (one < 0 || getsockname(one, (struct sockaddr *)&at, &n) != 0) {
        const char *why = strerror(errno);
        if (one >= 0)
            close(one);
        stir_address_text(text, sizeof(text), &address->at);
        return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "cannot listen at %s: %s", text, why);
    }
    if (bound)
        *bound = at;
    *fd = one;
    return STIR_OK;
}

/* ---- Networks ---- */

enum { V4_AT = 12, V4_BITS = 96 };

enum stir_err stir_network_parse(struct stir_network *out, struct stir_slice text)
{
    struct stir_net_cidr cidr;
    TRY(stir_net_cidr_parse(&cidr, text));
    bool four = cidr.bits >= V4_BITS && stir_net_addr_is_v4(&cidr.net);
    memset(out, 0, sizeof(*out));
    out->family = four ? AF_INET : AF_INET6;
    out->bits = four ? cidr.bits - V4_BITS : cidr.bits;
    memcpy(out->address, cidr.net.bytes + (four ? V4_AT : 0), four ? 4 : 16);
    return STIR_OK;
}

bool stir_network_has(const struct stir_network *network, const struct sockaddr_storage *at)
{
    struct stir_net_addr addr;
    if (stir_net_addr_of(&addr, (const struct sockaddr *)at) != STIR_OK)
        return false;
    bool four = stir_net_addr_is_v4(&addr);
    if (four != (network->family == AF_INET))
        return false;
    const unsigned char *p = addr.bytes + (four ? V4_AT : 0);
    unsigned whole = network->bits / 8, rest = network->bits % 8;
    if (memcmp(p, network->address, whole) != 0)
        return false;
    return rest == 0 || (p[whole] ^ network->address[whole]) >> (8 - rest) == 0;
}
