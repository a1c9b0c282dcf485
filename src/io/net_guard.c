#include "io/net_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>

enum { V4_AT = 12, V4_BITS = 96 };
static const unsigned char v4_prefix[V4_AT] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/* The IPv4 ranges that are nobody's on the Internet: RFC 6890 and the registry that it began. */
static const struct {
    unsigned char net[4];
    unsigned bits;
    const char *what;
} special_v4[] = {
    {{0, 0, 0, 0}, 8, "this network (RFC 791)"},
    {{10, 0, 0, 0}, 8, "private (RFC 1918)"},
    {{100, 64, 0, 0}, 10, "shared by a carrier (RFC 6598)"},
    {{127, 0, 0, 0}, 8, "loopback"},
    {{169, 254, 0, 0}, 16, "link-local (RFC 3927)"},
    {{172, 16, 0, 0}, 12, "private (RFC 1918)"},
    {{192, 0, 0, 0}, 24, "for protocols (RFC 6890)"},
    {{192, 0, 2, 0}, 24, "for documentation (RFC 5737)"},
    {{192, 88, 99, 0}, 24, "a 6to4 relay (RFC 7526)"},
    {{192, 168, 0, 0}, 16, "private (RFC 1918)"},
    {{198, 18, 0, 0}, 15, "for benchmarks (RFC 2544)"},
    {{198, 51, 100, 0}, 24, "for documentation (RFC 5737)"},
    {{203, 0, 113, 0}, 24, "for documentation (RFC 5737)"},
    {{224, 0, 0, 0}, 4, "multicast"},
    {{240, 0, 0, 0}, 4, "reserved, or broadcast"},
};

/* And those of IPv6 inside 2000::/3; outside it nothing is global unicast, but for NAT64. */
static const struct {
    unsigned char net[16];
    unsigned bits;
    const char *what;
} special_v6[] = {
    {{0x20, 0x01, 0x00}, 23, "for protocols, Teredo among them (RFC 6890)"},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, "for documentation (RFC 3849)"},
    {{0x3f, 0xff, 0x00}, 20, "for documentation (RFC 9637)"},
};

static bool begins_with(const unsigned char *addr, const unsigned char *net, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(addr, net, whole) != 0)
        return false;
    return rest == 0 || ((addr[whole] ^ net[whole]) >> (8 - rest)) == 0;
}

static void put_v4(struct stir_net_addr *out, const void *four)
{
    memcpy(out->bytes, v4_prefix, V4_AT);
    memcpy(out->bytes + V4_AT, four, 4);
}

enum stir_err stir_net_addr_parse(struct stir_net_addr *out, struct stir_slice text)
{
    char name[INET6_ADDRSTRLEN + 1];
    struct in6_addr six;
    struct in_addr four;
    if (text.n == 0 || text.n >= sizeof(name) || memchr(text.p, '\0', text.n))
        return STIR_ESYNTAX;
    memcpy(name, text.p, text.n);
    name[text.n] = '\0';
    if (inet_pton(AF_INET, name, &four) == 1)
        put_v4(out, &four);
    else if (inet_pton(AF_INET6, name, &six) == 1)
        memcpy(out->bytes, &six, sizeof(out->bytes));
    else
        return STIR_ESYNTAX;
    return STIR_OK;
}

enum stir_err stir_net_addr_of(struct stir_net_addr *out, const struct sockaddr *from)
{
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    switch (from->sa_family) {
    case AF_INET:
        memcpy(&four, from, sizeof(four));
        put_v4(out, &four.sin_addr);
        return STIR_OK;
    case AF_INET6:
        memcpy(&six, from, sizeof(six));
        memcpy(out->bytes, &six.sin6_addr, sizeof(out->bytes));
        return STIR_OK;
    default: return STIR_EVALUE;
    }
}

bool stir_net_addr_eq(const struct stir_net_addr *a, const struct stir_net_addr *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool stir_net_addr_is_v4(const struct stir_net_addr *addr)
{
    return begins_with(addr->bytes, v4_prefix, V4_BITS);
}

void stir_put_net_addr(struct stir_writer *w, const struct stir_net_addr *addr)
{
    const unsigned char *b = addr->bytes;
    if (stir_net_addr_is_v4(addr)) {
        stir_put_format(w, "%u.%u.%u.%u", b[12], b[13], b[14], b[15]);
        return;
    }
    for (size_t i = 0; i < 16; i += 2)
        stir_put_format(w, "%s%x", i ? ":" : "[", (unsigned)b[i] << 8 | b[i + 1]);
    stir_put_char(w, ']');
}

/* The digits behind the '/'. */
static bool read_bits(unsigned *bits, struct stir_slice text, unsigned most)
{
    unsigned value = 0;
    if (text.n == 0 || text.n > 3)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (!stir_is_digit(text.p[i]))
            return false;
        value = value * 10 + (unsigned)(text.p[i] - '0');
    }
    *bits = value;
    return value <= most;
}

static bool has_bits_beyond(const struct stir_net_cidr *cidr)
{
    for (unsigned bit = cidr->bits; bit < 128; bit++)
        if (cidr->net.bytes[bit / 8] & 0x80 >> bit % 8)
            return true;
    return false;
}

enum stir_err stir_net_cidr_parse(struct stir_net_cidr *out, struct stir_slice text)
{
    struct stir_net_cidr cidr = {.bits = 128};
    size_t slash = stir_slice_find(text, '/');
    TRY(stir_net_addr_parse(&cidr.net, stir_slice_upto(text, slash)));
    /* Written with dots alone: the prefix counts from there. ::ffff:0:0/96 counts from the front. */
    bool four = stir_slice_find(text, ':') == text.n;
    if (slash < text.n) {
        if (!read_bits(&cidr.bits, stir_slice_from(text, slash + 1), four ? 32 : 128))
            return STIR_ESYNTAX;
        cidr.bits += four ? V4_BITS : 0;
    }
    if (has_bits_beyond(&cidr))
        return STIR_EVALUE;
    *out = cidr;
    return STIR_OK;
}

enum stir_err stir_guard_open(struct stir_guard *guard, struct stir_slice text)
{
    struct stir_net_cidr cidr;
    TRY(stir_net_cidr_parse(&cidr, text));
    if (guard->n == STIR_GUARD_NETS)
        return STIR_ELIMIT;
    guard->open[guard->n++] = cidr;
    return STIR_OK;
}

static const char *fault_v4(const unsigned char *addr)
{
    for (size_t i = 0; i < sizeof(special_v4) / sizeof(special_v4[0]); i++)
        if (begins_with(addr, special_v4[i].net, special_v4[i].bits))
            return special_v4[i].what;
    return NULL;
}

/* An IPv6 address that carries an IPv4 one is as good as that: a translator or a tunnel delivers there. */
static const char *fault_v6(const unsigned char *addr)
{
    static const unsigned char loopback[16] = {[15] = 1}, nat64[16] = {0x00, 0x64, 0xff, 0x9b}, six_to_four[2] = {0x20, 0x02};
    static const unsigned char global[1] = {0x20}, link_local[2] = {0xfe, 0x80}, unique_local[1] = {0xfc};
    if (begins_with(addr, loopback, 128))
        return "loopback";
    if (begins_with(addr, nat64, 96))
        return fault_v4(addr + V4_AT);
    if (begins_with(addr, six_to_four, 16))
        return fault_v4(addr + 2);
    if (begins_with(addr, link_local, 10))
        return "link-local (RFC 4291)";
    if (begins_with(addr, unique_local, 7))
        return "private (RFC 4193)";
    if (!begins_with(addr, global, 3))
        return "no global unicast (RFC 4291)";
    for (size_t i = 0; i < sizeof(special_v6) / sizeof(special_v6[0]); i++)
        if (begins_with(addr, special_v6[i].net, special_v6[i].bits))
            return special_v6[i].what;
    return NULL;
}

const char *stir_guard_fault(const struct stir_guard *guard, const struct stir_net_addr *addr)
{
    for (size_t i = 0; i < guard->n; i++)
        if (begins_with(addr->bytes, guard->open[i].net.bytes, guard->open[i].bits))
            return NULL;
    return stir_net_addr_is_v4(addr) ? fault_v4(addr->bytes + V4_AT) : fault_v6(addr->bytes);
}
