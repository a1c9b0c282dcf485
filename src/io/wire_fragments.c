/* Fragments of IP datagrams put together (RFC 791 §3.2, RFC 8200 §4.5). An INVITE with Identity over UDP rarely fits into one packet. */
#include "io/wire_parts.h"

#include "core/bytes.h"

#include <stdlib.h>

enum { DATAGRAM_MAX = 65535, UNITS = DATAGRAM_MAX / 8 + 1 }; /* fragments begin at multiples of eight bytes */

enum state { FREE, OPEN, WHOLE };

struct datagram {
    enum state state;
    bool is_bad;
    struct stir_wire_end from, to;
    unsigned protocol;
    uint32_t id;
    int64_t since;
    size_t total;                      /* bytes of the whole; 0 until the last fragment came */
    size_t got;                        /* bytes that are there */
    size_t reach;                      /* the end of those that lie furthest */
    unsigned char have[UNITS / 8 + 1]; /* a bit for each eight bytes */
    unsigned char bytes[DATAGRAM_MAX];
};

struct stir_fragments {
    stir_fragments_lost *lost;
    void *arg;
    struct datagram *datagram[STIR_WIRE_DATAGRAMS]; /* made when needed, and used again */
};

enum stir_err stir_fragments_new(struct stir_fragments **out, stir_fragments_lost *lost, void *arg)
{
    *out = calloc(1, sizeof(**out));
    if (!*out)
        return STIR_ENOMEM;
    (*out)->lost = lost;
    (*out)->arg = arg;
    return STIR_OK;
}

void stir_fragments_free(struct stir_fragments *f)
{
    for (size_t i = 0; f && i < STIR_WIRE_DATAGRAMS; i++)
        free(f->datagram[i]);
    free(f);
}

static bool is_of(const struct datagram *d, const struct stir_wire_packet *p)
{
    return d->state != FREE && d->id == p->id && d->protocol == p->protocol && d->from.is_v6 == p->from.is_v6 &&
           memcmp(d->from.address, p->from.address, sizeof(d->from.address)) == 0 && memcmp(d->to.address, p->to.address, sizeof(d->to.address)) == 0;
}

static bool has(const struct datagram *d, size_t unit)
{
    return d->have[unit / 8] >> unit % 8 & 1;
}

static void let_go(const struct stir_fragments *f, struct datagram *d, struct stir_wire_stats *stats)
{
    enum state state = d->state;
    size_t n = 0;
    d->state = FREE;
    if (state != OPEN)
        return;
    stats->fragments_lost++;
    while (n < d->reach && has(d, n / 8))
        n += 8;
    struct stir_wire_packet begun = {.from = d->from, .to = d->to, .protocol = d->protocol, .is_cut = true, .at = d->since};
    begun.payload = stir_slice_of(d->bytes, n < d->reach ? n : d->reach);
    if (n && !d->is_bad)
        f->lost(f->arg, &begun);
}

/* A free place, else one that is whole and only waits for its repetition, else the oldest. */
static bool is_better(const struct datagram *d, const struct datagram *best)
{
    enum state a = d ? d->state : FREE, b = best ? best->state : FREE;
    if (a == FREE || b == FREE)
        return a == FREE && b != FREE;
    return a != b ? a == WHOLE : d->since < best->since;
}

/* The fragment stands in the whole datagram already. */
static bool is_again(const struct datagram *d, const struct stir_wire_packet *p)
{
    size_t end = p->offset + p->payload.n;
    return d->state == WHOLE && (p->more ? end < d->total : end == d->total) && memcmp(d->bytes + p->offset, p->payload.p, p->payload.n) == 0;
}

static void begin(struct datagram *d, const struct stir_wire_packet *p)
{
    d->state = OPEN;
    d->is_bad = false;
    d->from = p->from;
    d->to = p->to;
    d->protocol = p->protocol;
    d->id = p->id;
    d->since = p->at;
    d->total = d->got = d->reach = 0;
    memset(d->have, 0, sizeof(d->have));
}

/* The datagram that the fragment is of, a new one if need be. */
static struct datagram *find(struct stir_fragments *f, const struct stir_wire_packet *p, struct stir_wire_stats *stats)
{
    size_t place = 0;
    for (size_t i = 0; i < STIR_WIRE_DATAGRAMS; i++) {
        struct datagram *d = f->datagram[i];
        if (d && p->at > d->since + STIR_WIRE_FRAGMENT_LIFE)
            let_go(f, d, stats);
        if (d && is_of(d, p) && (d->state == OPEN || is_again(d, p)))
            return d;
        if (is_better(d, f->datagram[place]))
            place = i;
    }
    if (!f->datagram[place])
        f->datagram[place] = calloc(1, sizeof(struct datagram));
    struct datagram *d = f->datagram[place];
    if (!d)
        return NULL;
    let_go(f, d, stats);
    begin(d, p);
    return d;
}

/* Fragments that say different things about the same bytes: two readers would put together two messages, and neither can be believed. */
static void put(struct datagram *d, size_t offset, struct stir_slice bytes)
{
    for (size_t at = 0; at < bytes.n; at += 8) {
        size_t unit = (offset + at) / 8, n = bytes.n - at < 8 ? bytes.n - at : 8;
        if (!has(d, unit))
            d->got += n;
        else if (memcmp(d->bytes + offset + at, bytes.p + at, n) != 0)
            d->is_bad = true;
        d->have[unit / 8] |= (unsigned char)(1u << unit % 8);
        memcpy(d->bytes + offset + at, bytes.p + at, n);
    }
}

/* All of it came: `*p` becomes the whole, unless fragments contradict each other. */
static bool give(const struct stir_fragments *f, struct datagram *d, struct stir_wire_packet *p, struct stir_wire_stats *stats)
{
    if (d->is_bad) {
        let_go(f, d, stats);
        return false;
    }
    d->state = WHOLE;
    p->payload = stir_slice_of(d->bytes, d->total);
    p->offset = 0;
    p->more = false;
    return true;
}

enum stir_err stir_fragments_add(struct stir_fragments *f, struct stir_wire_packet *p, bool *whole, struct stir_wire_stats *stats)
{
    size_t end = p->offset + p->payload.n;
    *whole = false;
    if (end > DATAGRAM_MAX || (p->more && (p->payload.n % 8 || p->payload.n == 0))) {
        stats->broken++;
        return STIR_OK;
    }
    struct datagram *d = find(f, p, stats);
    if (!d)
        return STIR_ENOMEM;
    if (d->state == WHOLE)
        return STIR_OK;
    d->is_bad = d->is_bad || (!p->more && d->total && d->total != end);
    d->total = p->more ? d->total : end;
    d->reach = d->reach < end ? end : d->reach;
    d->is_bad = d->is_bad || (d->total && d->reach > d->total);
    put(d, p->offset, p->payload);
    if (d->total && d->got >= d->total)
        *whole = give(f, d, p, stats);
    return STIR_OK;
}

void stir_fragments_end(struct stir_fragments *f, struct stir_wire_stats *stats)
{
    for (size_t i = 0; i < STIR_WIRE_DATAGRAMS; i++)
        if (f->datagram[i])
            let_go(f, f->datagram[i], stats);
}
