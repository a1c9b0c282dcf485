/* Fragments of IP datagrams put together (RFC 791 §3.2, RFC 8200 §4.5). An INVITE with Identity over UDP rarely fits into one packet. */
#include "io/wire_parts.h"

#include "core/bytes.h"

#include <stdlib.h>

enum { DATAGRAM_MAX = 65535, UNITS = DATAGRAM_MAX / 8 + 1 }; /* fragments begin at multiples of eight bytes */

struct datagram {
    bool is_used, is_bad;
    struct stir_wire_end from, to;
    unsigned protocol;
    uint32_t id;
    int64_t since;
    size_t total;                      /* bytes of the whole; 0 until the last fragment came */
    size_t got;                        /* bytes that are there */
    unsigned char have[UNITS / 8 + 1]; /* a bit for each eight bytes */
    unsigned char bytes[DATAGRAM_MAX];
};

struct stir_fragments {
    struct datagram *datagram[STIR_WIRE_DATAGRAMS]; /* made when needed, and used again */
};

enum stir_err stir_fragments_new(struct stir_fragments **out)
{
    *out = calloc(1, sizeof(**out));
    return *out ? STIR_OK : STIR_ENOMEM;
}

void stir_fragments_free(struct stir_fragments *f)
{
    for (size_t i = 0; f && i < STIR_WIRE_DATAGRAMS; i++)
        free(f->datagram[i]);
    free(f);
}

static bool is_of(const struct datagram *d, const struct stir_wire_packet *p)
{
    return d->is_used && d->id == p->id && d->protocol == p->protocol && d->from.is_v6 == p->from.is_v6 &&
           memcmp(d->from.address, p->from.address, sizeof(d->from.address)) == 0 && memcmp(d->to.address, p->to.address, sizeof(d->to.address)) == 0;
}

static void let_go(struct datagram *d, struct stir_wire_stats *stats)
{
    stats->fragments_lost += d->is_used;
    d->is_used = false;
}

/* The datagram that the fragment is of, a new one if need be: in a free place, else in that of the oldest. */
static struct datagram *find(struct stir_fragments *f, const struct stir_wire_packet *p, struct stir_wire_stats *stats)
{
    size_t place = 0;
    for (size_t i = 0; i < STIR_WIRE_DATAGRAMS; i++) {
        struct datagram *d = f->datagram[i];
        if (d && d->is_used && (p->at > d->since + STIR_WIRE_FRAGMENT_LIFE))
            let_go(d, stats);
        if (d && is_of(d, p))
            return d;
        const struct datagram *best = f->datagram[place];
        bool free_place = !d || !d->is_used, best_is_free = !best || !best->is_used;
        if ((free_place && !best_is_free) || (!free_place && !best_is_free && d->since < best->since))
            place = i;
    }
    if (!f->datagram[place])
        f->datagram[place] = calloc(1, sizeof(struct datagram));
    struct datagram *d = f->datagram[place];
    if (!d)
        return NULL;
    let_go(d, stats);
    d->is_used = true;
    d->is_bad = false;
    d->from = p->from;
    d->to = p->to;
    d->protocol = p->protocol;
    d->id = p->id;
    d->since = p->at;
    d->total = d->got = 0;
    memset(d->have, 0, sizeof(d->have));
    return d;
}

/* Fragments that say different things about the same bytes: two readers would put together two messages, and neither can be believed. */
static void put(struct datagram *d, size_t offset, struct stir_slice bytes)
{
    for (size_t at = 0; at < bytes.n; at += 8) {
        size_t unit = (offset + at) / 8, n = bytes.n - at < 8 ? bytes.n - at : 8;
        unsigned char bit = (unsigned char)(1u << unit % 8);
        if (!(d->have[unit / 8] & bit))
            d->got += n;
        else if (memcmp(d->bytes + offset + at, bytes.p + at, n) != 0)
            d->is_bad = true;
        d->have[unit / 8] |= bit;
        memcpy(d->bytes + offset + at, bytes.p + at, n);
    }
}

enum stir_err stir_fragments_add(struct stir_fragments *f, struct stir_wire_packet *p, bool *whole, struct stir_wire_stats *stats)
{
    size_t end = p->offset + p->payload.n;
    *whole = false;
    if (end > DATAGRAM_MAX || p->is_cut || (p->more && (p->payload.n % 8 || p->payload.n == 0))) {
        stats->broken += !p->is_cut;
        return STIR_OK;
    }
    struct datagram *d = find(f, p, stats);
    if (!d)
        return STIR_ENOMEM;
    if ((!p->more && d->total && d->total != end) || (d->total && end > d->total))
        d->is_bad = true;
    if (!p->more)
        d->total = end;
    put(d, p->offset, p->payload);
    if (!d->total || d->got < d->total)
        return STIR_OK;
    if (d->is_bad || d->got > d->total) {
        let_go(d, stats);
        return STIR_OK;
    }
    d->is_used = false;
    p->payload = stir_slice_of(d->bytes, d->total);
    p->offset = 0;
    p->more = false;
    *whole = true;
    return STIR_OK;
}

void stir_fragments_end(struct stir_fragments *f, struct stir_wire_stats *stats)
{
    for (size_t i = 0; i < STIR_WIRE_DATAGRAMS; i++)
        if (f->datagram[i])
            let_go(f->datagram[i], stats);
}
