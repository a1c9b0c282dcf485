/* Packets for tests, by the book: IPv4, UDP, TCP. What the reader finds in them is kept. */
#ifndef STIR_TESTS_WIRE_SUPPORT_H
#define STIR_TESTS_WIRE_SUPPORT_H

#include "heard.h"

#include "io/wire.h"

#define INVITE "INVITE sip:+12125550100@192.0.2.2 SIP/2.0\r\nCall-ID: a@192.0.2.1\r\nContent-Length: 6\r\n\r\nv=0\r\n\n"
#define OTHER "INVITE sip:+12125550111@192.0.2.2 SIP/2.0\r\nCall-ID: b@192.0.2.1\r\nContent-Length: 0\r\n\r\n"

struct heard {
    struct stir_wire *wire;
    char text[1 << 18];
    size_t n, messages;
    struct stir_wire_message last;
};

static inline void hear(void *arg, const struct stir_wire_message *message)
{
    struct heard *heard = arg;
    heard->n = heard_add(heard->text, sizeof(heard->text), heard->n, message->text, message->is_cut);
    heard->messages++;
    heard->last = *message;
}

static inline struct heard *hear_new(void)
{
    struct heard *heard = calloc(1, sizeof(*heard));
    assert_non_null(heard);
    assert_err(stir_wire_new(&heard->wire, hear, heard), STIR_OK);
    return heard;
}

static inline void hear_free(struct heard *heard)
{
    stir_wire_free(heard->wire);
    free(heard);
}

/* One packet under construction. */
struct packet {
    unsigned char bytes[66000];
    size_t n;
};

static inline void put16(struct packet *p, unsigned value)
{
    p->bytes[p->n++] = (unsigned char)(value >> 8);
    p->bytes[p->n++] = (unsigned char)value;
}

static inline void put32(struct packet *p, uint32_t value)
{
    put16(p, value >> 16);
    put16(p, value & 0xffff);
}

static inline void put_bytes(struct packet *p, struct stir_slice bytes)
{
    if (bytes.n)
        memcpy(p->bytes + p->n, bytes.p, bytes.n);
    p->n += bytes.n;
}

static inline void put_udp(struct packet *p, struct stir_slice payload)
{
    put16(p, 5060);
    put16(p, 5070);
    put16(p, (unsigned)payload.n + 8);
    put16(p, 0);
    put_bytes(p, payload);
}

enum { SYN = 2, RST = 4, ACK = 16 };

static inline void put_tcp(struct packet *p, unsigned port, uint32_t seq, unsigned flags, struct stir_slice payload)
{
    put16(p, port);
    put16(p, 5070);
    put32(p, seq);
    put32(p, 1);
    put16(p, 5u << 12 | flags);
    put16(p, 65535);
    put32(p, 0);
    put_bytes(p, payload);
}

struct fragment {
    unsigned id, offset; /* in bytes */
    bool more;
};

static inline void put_ipv4(struct packet *p, unsigned protocol, struct fragment fragment, struct stir_slice payload)
{
    put16(p, 0x4500);
    put16(p, (unsigned)payload.n + 20);
    put16(p, fragment.id);
    put16(p, (fragment.more ? 0x2000u : 0) | fragment.offset / 8);
    put16(p, 64u << 8 | protocol);
    put16(p, 0);
    put32(p, 0xc0000201);
    put32(p, 0xc0000202);
    put_bytes(p, payload);
}

static inline struct stir_slice bytes_of(const struct packet *p)
{
    return stir_slice_of(p->bytes, p->n);
}

/* Put a raw packet to the reader at a time. */
static inline void send_at(struct heard *heard, const struct packet *p, int64_t at)
{
    assert_err(stir_wire_packet(heard->wire, STIR_WIRE_RAW, bytes_of(p), p->n, at), STIR_OK);
}

static inline void send_udp(struct heard *heard, struct stir_slice text)
{
    struct packet udp = {.n = 0}, ip = {.n = 0};
    put_udp(&udp, text);
    put_ipv4(&ip, 17, (struct fragment){0}, bytes_of(&udp));
    send_at(heard, &ip, 1000);
}

static inline void send_fragment(struct heard *heard, struct fragment fragment, struct stir_slice bytes, int64_t at)
{
    struct packet ip = {.n = 0};
    put_ipv4(&ip, 17, fragment, bytes);
    send_at(heard, &ip, at);
}

static inline void send_tcp(struct heard *heard, unsigned port, uint32_t seq, unsigned flags, struct stir_slice bytes)
{
    struct packet tcp = {.n = 0}, ip = {.n = 0};
    put_tcp(&tcp, port, seq, flags, bytes);
    put_ipv4(&ip, 6, (struct fragment){0}, bytes_of(&tcp));
    send_at(heard, &ip, 1000);
}

#define assert_heard(heard, wanted)                                                     \
    do {                                                                                \
        if (strcmp((heard)->text, (wanted)) != 0)                                       \
            fail_msg("found:\n%s\nwanted:\n%s", (heard)->text, (const char *)(wanted)); \
    } while (0)
#define assert_count(heard, what, wanted)                                                                       \
    do {                                                                                                        \
        uint64_t got_ = stir_wire_stats((heard)->wire)->what;                                                   \
        if (got_ != (wanted))                                                                                   \
            fail_msg("%s is %llu, wanted %llu", #what, (unsigned long long)got_, (unsigned long long)(wanted)); \
    } while (0)

#endif
