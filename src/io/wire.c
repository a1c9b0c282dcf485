#include "io/wire.h"

#include "core/bytes.h"
#include "core/time.h"
#include "io/sip_text.h"
#include "io/wire_parts.h"

#include <stdlib.h>

enum { PROTOCOL_TCP = 6, PROTOCOL_UDP = 17 };

struct stir_wire {
    stir_wire_sink *sink;
    void *arg;
    struct stir_fragments *fragments;
    struct stir_streams *streams;
    struct stir_wire_stats stats;
};

void stir_wire_free(struct stir_wire *w)
{
    if (!w)
        return;
    stir_fragments_free(w->fragments);
    stir_streams_free(w->streams);
    free(w);
}

const struct stir_wire_stats *stir_wire_stats(const struct stir_wire *w)
{
    return &w->stats;
}

void stir_wire_end(struct stir_wire *w)
{
    stir_fragments_end(w->fragments, &w->stats);
    stir_streams_end(w->streams, &w->stats);
}

static unsigned u16(struct stir_slice s, size_t at)
{
    return (unsigned)(unsigned char)s.p[at] << 8 | (unsigned char)s.p[at + 1];
}

static enum stir_err broken(struct stir_wire *w)
{
    w->stats.broken++;
    return STIR_OK;
}

/* ---- UDP and TCP ---- */

static struct stir_slice skip_line_ends(struct stir_slice s)
{
    while (s.n && (s.p[0] == '\r' || s.p[0] == '\n'))
        s = stir_slice_from(s, 1);
    return s;
}

static enum stir_err read_udp(struct stir_wire *w, const struct stir_wire_packet *p)
{
    enum { HEADER = 8 };
    if (p->payload.n < HEADER)
        return p->is_cut ? STIR_OK : broken(w);
    struct stir_wire_message m = {.at = p->at, .from = p->from, .to = p->to, .is_cut = p->is_cut};
    size_t length = u16(p->payload, 4);
    m.from.port = (uint16_t)u16(p->payload, 0);
    m.to.port = (uint16_t)u16(p->payload, 2);
    m.text = stir_slice_from(p->payload, HEADER);
    if (length < HEADER || (length - HEADER > m.text.n && !p->is_cut))
        return broken(w);
    if (length - HEADER < m.text.n)
        m.text.n = length - HEADER;
    m.text = skip_line_ends(m.text);
    if (stir_sip_starts(stir_slice_upto(m.text, stir_sip_line(m.text))))
        w->sink(w->arg, &m);
    return STIR_OK;
}

static enum stir_err read_payload(struct stir_wire *w, struct stir_wire_packet *p)
{
    if (p->protocol == PROTOCOL_UDP)
        return read_udp(w, p);
    if (p->protocol == PROTOCOL_TCP)
        return stir_streams_add(w->streams, p, &w->stats);
    w->stats.not_read++;
    return STIR_OK;
}

/* Of a datagram that will not be whole the beginning is read: whoever captures by port alone has the first fragments and no others. */
static void read_begun(void *arg, const struct stir_wire_packet *begun)
{
    if (begun->protocol == PROTOCOL_UDP)
        (void)read_udp(arg, begun);
}

static enum stir_err read_fragment(struct stir_wire *w, struct stir_wire_packet *p)
{
    bool whole = false;
    if (p->is_cut) {
        if (p->offset == 0)
            read_begun(w, p);
        return STIR_OK;
    }
    TRY(stir_fragments_add(w->fragments, p, &whole, &w->stats));
    return whole ? read_payload(w, p) : STIR_OK;
}

/* ---- IP ---- */

/* Less than the IP header is there. */
static enum stir_err short_of_header(struct stir_wire *w, const struct stir_wire_packet *p)
{
    if (!p->is_cut)
        return broken(w);
    w->stats.cut++;
    return STIR_OK;
}

/* `length` bytes of payload were sent; `s` is what was captured of them and of what lies behind. 0: not known, a network card cuts the packet later. False:
 * they were not sent, and nothing was cut off. */
static bool set_payload(struct stir_wire *w, struct stir_wire_packet *p, struct stir_slice s, size_t length)
{
    if (s.n < length && !p->is_cut)
        return false;
    p->is_cut = p->is_cut && (length == 0 || s.n < length);
    p->payload = length && s.n > length ? stir_slice_upto(s, length) : s;
    w->stats.cut += p->is_cut;
    return true;
}

static enum stir_err read_ipv4(struct stir_wire *w, struct stir_slice s, struct stir_wire_packet *p)
{
    enum { HEADER = 20, MORE = 0x2000, OFFSET = 0x1fff };
    if (s.n < HEADER)
        return short_of_header(w, p);
    size_t header = (size_t)(s.p[0] & 15) * 4, total = u16(s, 2);
    unsigned fragment = u16(s, 6);
    if (header < HEADER || (total && total < header))
        return broken(w);
    if (header > s.n)
        return short_of_header(w, p);
    memcpy(p->from.address, s.p + 12, 4);
    memcpy(p->to.address, s.p + 16, 4);
    p->protocol = (unsigned char)s.p[9];
    p->id = u16(s, 4);
    p->offset = (size_t)(fragment & OFFSET) * 8;
    p->more = fragment & MORE;
    if (!set_payload(w, p, stir_slice_from(s, header), total ? total - header : 0))
        return broken(w);
    return p->more || p->offset ? read_fragment(w, p) : read_payload(w, p);
}

/* Headers between IPv6 and its payload; false when they are broken. *fragment: one of them says that this is a part. */
static bool skip_extensions(struct stir_wire_packet *p, bool *fragment)
{
    enum { HOP_BY_HOP = 0, ROUTING = 43, FRAGMENT = 44, AUTHENTICATION = 51, DESTINATION = 60, MAX = 8 };
    for (int i = 0; i < MAX; i++) {
        struct stir_slice s = p->payload;
        unsigned kind = p->protocol;
        if (kind != HOP_BY_HOP && kind != ROUTING && kind != FRAGMENT && kind != AUTHENTICATION && kind != DESTINATION)
            return true;
        if (*fragment && kind != DESTINATION && kind != AUTHENTICATION)
            return false;
        if (s.n < 8)
            return false;
        size_t n = kind == FRAGMENT ? 8 : kind == AUTHENTICATION ? ((size_t)(unsigned char)s.p[1] + 2) * 4 : ((size_t)(unsigned char)s.p[1] + 1) * 8;
        if (n > s.n)
            return false;
        p->protocol = (unsigned char)s.p[0];
        if (kind == FRAGMENT) {
            unsigned word = u16(s, 2);
            p->offset = word & 0xfff8;
            p->more = word & 1;
            p->id = (uint32_t)u16(s, 4) << 16 | u16(s, 6);
            *fragment = p->more || p->offset;
        }
        p->payload = stir_slice_from(s, n);
        if (*fragment)
            return true; /* what follows is for whoever has the whole */
    }
    return false;
}

static enum stir_err read_ipv6(struct stir_wire *w, struct stir_slice s, struct stir_wire_packet *p)
{
    enum { HEADER = 40 };
    bool fragment = false;
    if (s.n < HEADER)
        return short_of_header(w, p);
    p->from.is_v6 = p->to.is_v6 = true;
    memcpy(p->from.address, s.p + 8, 16);
    memcpy(p->to.address, s.p + 24, 16);
    p->protocol = (unsigned char)s.p[6];
    if (!set_payload(w, p, stir_slice_from(s, HEADER), u16(s, 4)))
        return broken(w);
    if (!skip_extensions(p, &fragment))
        return p->is_cut ? STIR_OK : broken(w);
    return fragment ? read_fragment(w, p) : read_payload(w, p);
}

static enum stir_err read_ip(struct stir_wire *w, struct stir_slice s, bool is_cut, int64_t at)
{
    struct stir_wire_packet p = {.at = at, .is_cut = is_cut};
    unsigned version = s.n ? (unsigned char)s.p[0] >> 4 : 0;
    if (version == 4)
        return read_ipv4(w, s, &p);
    if (version == 6)
        return read_ipv6(w, s, &p);
    w->stats.not_ip++;
    return STIR_OK;
}

/* ---- Links ---- */

/* Bytes before the IP packet; SIZE_MAX when it is none. VLAN tags and PPPoE are stepped over. */
static size_t skip_ether_types(struct stir_slice s, size_t at)
{
    enum { IPV4 = 0x0800, IPV6 = 0x86dd, VLAN = 0x8100, QINQ = 0x88a8, QINQ_OLD = 0x9100, PPPOE = 0x8864, TAGS = 4 };
    for (int i = 0; i < TAGS && at + 2 <= s.n; i++) {
        unsigned type = u16(s, at);
        at += 2;
        if (type == IPV4 || type == IPV6)
            return at;
        if (type == PPPOE)
            return at + 8; /* version, code, session, length, and PPP's own two bytes of protocol */
        if (type != VLAN && type != QINQ && type != QINQ_OLD)
            return SIZE_MAX;
        at += 2; /* the tag; the type follows */
    }
    return SIZE_MAX;
}

static size_t skip_link(unsigned link, struct stir_slice s)
{
    switch (link) {
    case STIR_WIRE_ETHERNET: return skip_ether_types(s, 12);
    case STIR_WIRE_COOKED: return skip_ether_types(s, 14);
    case STIR_WIRE_COOKED2: return s.n >= 20 && skip_ether_types(stir_slice_upto(s, 2), 0) == 2 ? 20 : SIZE_MAX;
    case STIR_WIRE_NULL:
    case STIR_WIRE_LOOP: return 4;
    case STIR_WIRE_RAW:
    case STIR_WIRE_IPV4:
    case STIR_WIRE_IPV6: return 0;
    default: return SIZE_MAX;
    }
}

enum stir_err stir_wire_new(struct stir_wire **out, stir_wire_sink *sink, void *arg)
{
    struct stir_wire *w = calloc(1, sizeof(*w));
    if (!w)
        return STIR_ENOMEM;
    w->sink = sink;
    w->arg = arg;
    if (stir_fragments_new(&w->fragments, read_begun, w) != STIR_OK || stir_streams_new(&w->streams, sink, arg) != STIR_OK) {
        stir_wire_free(w);
        return STIR_ENOMEM;
    }
    *out = w;
    return STIR_OK;
}

enum stir_err stir_wire_packet(struct stir_wire *w, unsigned link, struct stir_slice bytes, size_t sent, int64_t at)
{
    size_t skip = skip_link(link, bytes);
    w->stats.packets++;
    if (skip == SIZE_MAX || skip > bytes.n) {
        w->stats.not_ip++;
        return STIR_OK;
    }
    return read_ip(w, stir_slice_from(bytes, skip), bytes.n < sent, at < 0 || at > STIR_TIME_MAX ? -1 : at);
}
