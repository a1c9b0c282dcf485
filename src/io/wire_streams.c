/* TCP streams put in order, and the SIP messages in them (RFC 3261 §18.3): one direction of a connection each. A capture may begin in the middle of one, and
 * lose segments: then reading goes on at the next line that begins a message. */
#include "io/wire_parts.h"

#include "core/bytes.h"
#include "io/sip_text.h"

#include <stdlib.h>
#include <stir/limits.h>

enum { BUCKETS = 4096, FIRST_LINE_MAX = 4096 };

/* What came before its time. */
struct segment {
    uint32_t seq;
    size_t n;
    unsigned char *bytes;
};

struct stream {
    struct stream *next;          /* in its bucket */
    struct stream *newer, *older; /* by when it was last heard */
    struct stir_wire_end from, to;
    bool is_synced; /* `seq` is known */
    bool is_closed; /* to whatever comes: TLS */
    uint32_t seq;   /* of the next byte */
    int64_t at;
    char *bytes; /* from the beginning of a line on */
    size_t n, cap;
    size_t scanned; /* of them, in search of the head's end */
    size_t whole;   /* bytes of the message that began; 0 until its head is there */
    struct segment ahead[STIR_WIRE_SEGMENTS];
    size_t n_ahead;
};

struct stir_streams {
    stir_wire_sink *sink;
    void *arg;
    struct stream *bucket[BUCKETS];
    struct stream *newest, *oldest;
    size_t n, held;
};

enum stir_err stir_streams_new(struct stir_streams **out, stir_wire_sink *sink, void *arg)
{
    *out = calloc(1, sizeof(**out));
    if (!*out)
        return STIR_ENOMEM;
    (*out)->sink = sink;
    (*out)->arg = arg;
    return STIR_OK;
}

/* ---- The table ---- */

static size_t bucket_of(const struct stir_wire_end *from, const struct stir_wire_end *to)
{
    uint32_t hash = 2166136261u; /* FNV-1a: who fills a bucket makes his own capture slow, and no more than STIR_WIRE_STREAMS long */
    const struct stir_wire_end *ends[] = {from, to};
    for (size_t e = 0; e < 2; e++) {
        for (size_t i = 0; i < sizeof(from->address); i++)
            hash = (hash ^ ends[e]->address[i]) * 16777619u;
        hash = (hash ^ ends[e]->port) * 16777619u;
    }
    return hash % BUCKETS;
}

static bool same_end(const struct stir_wire_end *a, const struct stir_wire_end *b)
{
    return a->port == b->port && a->is_v6 == b->is_v6 && memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

static void unlink_age(struct stir_streams *all, struct stream *s)
{
    *(s->newer ? &s->newer->older : &all->newest) = s->older;
    *(s->older ? &s->older->newer : &all->oldest) = s->newer;
    s->newer = s->older = NULL;
}

static void link_newest(struct stir_streams *all, struct stream *s)
{
    s->older = all->newest;
    *(all->newest ? &all->newest->newer : &all->oldest) = s;
    all->newest = s;
}

static void drop_ahead(struct stir_streams *all, struct stream *s, size_t index)
{
    all->held -= s->ahead[index].n;
    free(s->ahead[index].bytes);
    s->ahead[index] = s->ahead[--s->n_ahead];
}

static void drop(struct stir_streams *all, struct stream *s)
{
    struct stream **at = &all->bucket[bucket_of(&s->from, &s->to)];
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    unlink_age(all, s);
    while (s->n_ahead)
        drop_ahead(all, s, 0);
    all->held -= s->cap;
    all->n--;
    free(s->bytes);
    free(s);
}

void stir_streams_free(struct stir_streams *all)
{
    while (all && all->oldest)
        drop(all, all->oldest);
    free(all);
}

static struct stream *find(struct stir_streams *all, const struct stir_wire_packet *p)
{
    struct stream **bucket = &all->bucket[bucket_of(&p->from, &p->to)];
    for (struct stream *s = *bucket; s; s = s->next)
        if (same_end(&s->from, &p->from) && same_end(&s->to, &p->to)) {
            unlink_age(all, s);
            link_newest(all, s);
            return s;
        }
    struct stream *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->from = p->from;
    s->to = p->to;
    s->next = *bucket;
    *bucket = s;
    link_newest(all, s);
    all->n++;
    return s;
}

/* ---- Messages ---- */

static void forget(struct stream *s)
{
    s->n = s->scanned = s->whole = 0;
}

static void give(struct stir_streams *all, const struct stream *s, size_t n, bool is_cut)
{
    struct stir_wire_message m = {.text = stir_slice_of(s->bytes, n), .at = s->at, .from = s->from, .to = s->to, .is_tcp = true, .is_cut = is_cut};
    all->sink(all->arg, &m);
}

/* A message that began and will not go on is given out as cut. */
static void give_begun(struct stir_streams *all, struct stream *s)
{
    struct stir_slice text = stir_slice_of(s->bytes, s->n);
    if (s->n && stir_sip_starts(stir_slice_upto(text, stir_sip_line(text))))
        give(all, s, s->n < STIR_MAX_MESSAGE ? s->n : STIR_MAX_MESSAGE, true);
    forget(s);
}

/* Bytes to take off the front; 0: more must come first. A line that begins no message is stepped over. */
static size_t step(struct stir_streams *all, struct stream *s, struct stir_wire_stats *stats)
{
    struct stir_slice text = stir_slice_of(s->bytes, s->n);
    if (s->whole > text.n)
        return 0;
    size_t line = stir_sip_line(text), lf = stir_slice_find(text, '\n');
    if (lf == text.n)
        return text.n > FIRST_LINE_MAX ? text.n : 0;
    if (!stir_sip_starts(stir_slice_upto(text, line)))
        return lf + 1;
    size_t head = stir_sip_head(text, &s->scanned);
    size_t body = head ? stir_sip_content_length(stir_slice_upto(text, head)) : 0;
    if (head > STIR_MAX_MESSAGE || body > STIR_MAX_MESSAGE || head + body > STIR_MAX_MESSAGE || (!head && text.n > STIR_MAX_MESSAGE)) {
        stats->too_long++;
        return head ? head : s->scanned + 1; /* not line by line: each could begin another as long */
    }
    s->whole = head ? head + body : 0;
    if (!head || s->whole > text.n)
        return 0;
    give(all, s, head + body, false);
    return head + body;
}

static void read_messages(struct stir_streams *all, struct stream *s, struct stir_wire_stats *stats)
{
    size_t at = 0, n;
    struct stream rest = *s; /* a view that moves along: the bytes are moved once */
    while (rest.n && (n = step(all, &rest, stats)) > 0) {
        rest.bytes += n;
        rest.n -= n;
        rest.scanned = rest.whole = 0;
        at += n;
    }
    if (at && rest.n)
        memmove(s->bytes, s->bytes + at, rest.n);
    s->n = rest.n;
    s->scanned = rest.scanned;
    s->whole = rest.whole;
}

/* A record of TLS: change of cipher, alert, handshake or, where the capture begins in the middle, data (RFC 8446 §5.1). */
static bool is_tls(struct stir_slice bytes)
{
    return bytes.n >= 3 && bytes.p[0] >= 0x14 && bytes.p[0] <= 0x17 && bytes.p[1] == 3 && (unsigned char)bytes.p[2] <= 4;
}

/* Take bytes that follow those that came before. */
static enum stir_err take(struct stir_streams *all, struct stream *s, struct stir_slice bytes, struct stir_wire_stats *stats)
{
    s->seq += (uint32_t)bytes.n;
    if (s->n == 0 && is_tls(bytes)) {
        stats->tls++;
        s->is_closed = true;
    }
    if (s->is_closed)
        return STIR_OK;
    if (s->n + bytes.n > s->cap) {
        size_t cap = (s->n + bytes.n) * 2; /* bounded: what is longer than a message is given up by step() */
        char *grown = realloc(s->bytes, cap);
        if (!grown)
            return STIR_ENOMEM;
        all->held += cap - s->cap;
        s->bytes = grown;
        s->cap = cap;
    }
    memcpy(s->bytes + s->n, bytes.p, bytes.n);
    s->n += bytes.n;
    read_messages(all, s, stats);
    return STIR_OK;
}

/* ---- Order ---- */

/* How far `seq` lies ahead of what is awaited; below 0 for what was there before. */
static int32_t ahead_of(const struct stream *s, uint32_t seq)
{
    return (int32_t)(seq - s->seq);
}

static enum stir_err take_from(struct stir_streams *all, struct stream *s, uint32_t seq, struct stir_slice bytes, struct stir_wire_stats *stats)
{
    int32_t ahead = ahead_of(s, seq);
    size_t known = ahead < 0 ? (size_t) - (int64_t)ahead : 0;
    return known < bytes.n ? take(all, s, stir_slice_from(bytes, known), stats) : STIR_OK;
}

/* Those that waited and may follow now. */
static enum stir_err take_waiting(struct stir_streams *all, struct stream *s, struct stir_wire_stats *stats)
{
    for (size_t i = 0; i < s->n_ahead;) {
        if (ahead_of(s, s->ahead[i].seq) > 0) {
            i++;
            continue;
        }
        struct segment segment = s->ahead[i];
        s->ahead[i].bytes = NULL;
        drop_ahead(all, s, i);
        enum stir_err err = take_from(all, s, segment.seq, stir_slice_of(segment.bytes, segment.n), stats);
        free(segment.bytes);
        TRY(err);
        i = 0;
    }
    return STIR_OK;
}

static enum stir_err take_in_order(struct stir_streams *all, struct stream *s, uint32_t seq, struct stir_slice bytes, struct stir_wire_stats *stats)
{
    TRY(take_from(all, s, seq, bytes, stats));
    return take_waiting(all, s, stats);
}

/* What is missing will not come: what was begun is given out as cut, and reading goes on behind the gap. */
static enum stir_err skip_gap(struct stir_streams *all, struct stream *s, struct stir_wire_stats *stats)
{
    uint32_t nearest = s->ahead[0].seq;
    for (size_t i = 1; i < s->n_ahead; i++)
        if (ahead_of(s, s->ahead[i].seq) < ahead_of(s, nearest))
            nearest = s->ahead[i].seq;
    stats->streams_lost++;
    give_begun(all, s);
    s->seq = nearest;
    return take_waiting(all, s, stats);
}

static enum stir_err keep(struct stir_streams *all, struct stream *s, uint32_t seq, struct stir_slice bytes, struct stir_wire_stats *stats)
{
    if (s->n_ahead == STIR_WIRE_SEGMENTS)
        TRY(skip_gap(all, s, stats));
    if (ahead_of(s, seq) <= 0)
        return take_in_order(all, s, seq, bytes, stats);
    struct segment segment = {.seq = seq, .n = bytes.n, .bytes = malloc(bytes.n)};
    if (!segment.bytes)
        return STIR_ENOMEM;
    memcpy(segment.bytes, bytes.p, bytes.n);
    s->ahead[s->n_ahead++] = segment;
    all->held += bytes.n;
    return STIR_OK;
}

static bool is_near(const struct stream *s, uint32_t seq)
{
    int32_t ahead = ahead_of(s, seq);
    return ahead <= (int32_t)STIR_WIRE_AHEAD && ahead >= -(int32_t)STIR_WIRE_AHEAD;
}

/* No more of it: what waits is read behind its gap, what began is cut. */
static void finish(struct stir_streams *all, struct stream *s, struct stir_wire_stats *stats)
{
    while (s->n_ahead && skip_gap(all, s, stats) == STIR_OK) {
    }
    while (s->n_ahead)
        drop_ahead(all, s, 0);
    give_begun(all, s);
}

static void let_go(struct stir_streams *all, struct stream *s, struct stir_wire_stats *stats)
{
    finish(all, s, stats);
    drop(all, s);
}

static void begin_at(struct stir_streams *all, struct stream *s, uint32_t seq, struct stir_wire_stats *stats)
{
    finish(all, s, stats);
    s->is_synced = true;
    s->is_closed = false;
    s->seq = seq;
}

static enum stir_err add(struct stir_streams *all, struct stream *s, uint32_t seq, struct stir_slice bytes, struct stir_wire_stats *stats)
{
    if (!s->is_synced || !is_near(s, seq))
        begin_at(all, s, seq, stats); /* the first that is seen, or ports that are used again */
    if (s->is_closed) {
        s->seq = seq + (uint32_t)bytes.n;
        return STIR_OK;
    }
    if (ahead_of(s, seq) > 0)
        return keep(all, s, seq, bytes, stats);
    return take_in_order(all, s, seq, bytes, stats);
}

static enum stir_err read_segment(struct stir_streams *all, struct stir_wire_packet *p, struct stir_wire_stats *stats)
{
    enum { HEADER = 20, FIN = 1, SYN = 2, RST = 4 };
    const unsigned char *h = (const unsigned char *)p->payload.p;
    size_t header = p->payload.n >= HEADER ? (size_t)(h[12] >> 4) * 4 : 0;
    if (header < HEADER || header > p->payload.n) {
        stats->broken += !p->is_cut;
        return STIR_OK;
    }
    p->from.port = (uint16_t)(h[0] << 8 | h[1]);
    p->to.port = (uint16_t)(h[2] << 8 | h[3]);
    uint32_t seq = (uint32_t)h[4] << 24 | (uint32_t)h[5] << 16 | (uint32_t)h[6] << 8 | h[7];
    struct stir_slice bytes = stir_slice_from(p->payload, header);
    unsigned flags = h[13];
    if (bytes.n == 0 && !(flags & (SYN | FIN | RST)))
        return STIR_OK;
    struct stream *s = find(all, p);
    if (!s)
        return STIR_ENOMEM;
    s->at = p->at;
    if (flags & SYN) { /* again, when it is a retransmission */
        if (!s->is_synced || !is_near(s, seq + 1) || ahead_of(s, seq + 1) > 0)
            begin_at(all, s, seq + 1, stats);
        return STIR_OK;
    }
    if (bytes.n)
        TRY(add(all, s, seq, bytes, stats));
    if (flags & RST)
        let_go(all, s, stats);
    return STIR_OK;
}

enum stir_err stir_streams_add(struct stir_streams *all, struct stir_wire_packet *p, struct stir_wire_stats *stats)
{
    enum stir_err err = read_segment(all, p, stats);
    while (all->n > STIR_WIRE_STREAMS || all->held > STIR_WIRE_HELD)
        let_go(all, all->oldest, stats);
    return err;
}

void stir_streams_end(struct stir_streams *all, struct stir_wire_stats *stats)
{
    while (all->oldest)
        let_go(all, all->oldest, stats);
}
