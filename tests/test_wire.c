/* Packets → SIP messages: links, IP, fragments, streams, and what is told of what cannot be read. */
#include "wire_support.h"

/* ---- Links and headers ---- */

static void each_link_layer_is_stepped_over(void **state)
{
    static const struct {
        const char *name;
        unsigned link;
        const char *head; /* hex */
    } rows[] = {
        {"Ethernet", STIR_WIRE_ETHERNET, "0000000000000000000000000800"},
        {"VLAN", STIR_WIRE_ETHERNET,
         "00000000000000000000000081000064"
         "0800"},
        {"QinQ", STIR_WIRE_ETHERNET,
         "00000000000000000000000088a80064"
         "810000c8"
         "0800"},
        {"PPPoE", STIR_WIRE_ETHERNET,
         "0000000000000000000000008864"
         "1100000100000021"},
        {"Linux cooked", STIR_WIRE_COOKED, "00000001000600000000000000000800"},
        {"Linux cooked 2", STIR_WIRE_COOKED2, "0800000000000001000100060000000000000000"},
        {"raw", STIR_WIRE_RAW, ""},
        {"IPv4", STIR_WIRE_IPV4, ""},
        {"null", STIR_WIRE_NULL, "02000000"},
        {"loopback", STIR_WIRE_LOOP, "00000002"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct heard *heard = hear_new();
        struct packet udp = {.n = 0}, packet = {.n = 0};
        packet.n = support_hex(packet.bytes, sizeof(packet.bytes), rows[i].head);
        size_t head = packet.n;
        put_udp(&udp, S(OTHER));
        put_ipv4(&packet, 17, (struct fragment){0}, bytes_of(&udp));
        assert_err(stir_wire_packet(heard->wire, rows[i].link, bytes_of(&packet), packet.n, 1000), STIR_OK);
        if (strcmp(heard->text, OTHER "|") != 0)
            fail_msg("%s: found \"%s\"", rows[i].name, heard->text);
        for (size_t n = 0; n < packet.n; n++) /* cut anywhere, it is cut */
            assert_err(stir_wire_packet(heard->wire, rows[i].link, stir_slice_of(packet.bytes, n), packet.n, 1000), STIR_OK);
        stir_wire_end(heard->wire);
        const struct stir_wire_stats *stats = stir_wire_stats(heard->wire);
        if (stats->broken || stats->cut + stats->not_ip != packet.n || stats->not_ip < head)
            fail_msg("%s: of %zu cut packets %llu are broken, %llu not IP", rows[i].name, packet.n, (unsigned long long)stats->broken,
                     (unsigned long long)stats->not_ip);
        hear_free(heard);
    }
}

static void ends_ports_and_time_are_told(void **state)
{
    struct heard *heard = hear_new();
    (void)state;
    send_udp(heard, S(OTHER));
    assert_memory_equal(heard->last.from.address, "\xc0\x00\x02\x01", 4);
    assert_memory_equal(heard->last.to.address, "\xc0\x00\x02\x02", 4);
    assert_int_equal(heard->last.from.port, 5060);
    assert_int_equal(heard->last.to.port, 5070);
    assert_int_equal(heard->last.at, 1000);
    assert_false(heard->last.is_tcp);
    hear_free(heard);
}

static void a_time_that_cannot_be_is_none(void **state)
{
    static const int64_t times[] = {INT64_MIN, -2, INT64_C(253402300800), INT64_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        struct heard *heard = hear_new();
        struct packet udp = {.n = 0}, ip = {.n = 0};
        put_udp(&udp, S(OTHER));
        put_ipv4(&ip, 17, (struct fragment){0}, bytes_of(&udp));
        send_at(heard, &ip, times[i]);
        assert_int_equal(heard->last.at, -1);
        send_fragment(heard, (struct fragment){.id = 1, .more = true}, S("12345678"), times[i]);
        send_fragment(heard, (struct fragment){.id = 2, .more = true}, S("12345678"), INT64_MAX);
        hear_free(heard);
    }
}

static void lengths_that_lie_are_broken_and_not_cut(void **state)
{
    static const struct {
        const char *name;
        size_t at;
        unsigned char value;
    } rows[] = {{"IP header too short", 0, 0x44},
                {"IP header too long", 0, 0x4f},
                {"total too long", 2, 0x7f},
                {"total below the header", 3, 19},
                {"UDP too long", 24, 0x7f}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct heard *heard = hear_new();
        struct packet udp = {.n = 0}, ip = {.n = 0};
        put_udp(&udp, S("x"));
        put_ipv4(&ip, 17, (struct fragment){0}, bytes_of(&udp));
        ip.bytes[2] = rows[i].at == 3 ? 0 : ip.bytes[2];
        ip.bytes[rows[i].at] = rows[i].value;
        send_at(heard, &ip, 1000);
        const struct stir_wire_stats *stats = stir_wire_stats(heard->wire);
        if (stats->broken != 1 || stats->cut || heard->messages)
            fail_msg("%s: %llu broken, %llu cut", rows[i].name, (unsigned long long)stats->broken, (unsigned long long)stats->cut);
        hear_free(heard);
    }
}

static void put_ipv6(struct packet *p, unsigned next, const char *extension_hex, struct stir_slice payload)
{
    unsigned char extension[64];
    size_t n = support_hex(extension, sizeof(extension), extension_hex);
    put32(p, 6u << 28);
    put16(p, (unsigned)(n + payload.n));
    put16(p, next << 8 | 64);
    put_bytes(p, stir_slice_of("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2", 32));
    put_bytes(p, stir_slice_of(extension, n));
    put_bytes(p, payload);
}

#define SIX "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"

static void headers_of_ipv6_are_stepped_over(void **state)
{
    static const struct {
        const char *name;
        unsigned next;
        const char *extension;
        bool good;
    } rows[] = {
        {"none", 17, "", true},
        {"hop by hop", 0, "1100000000000000", true},
        {"hop by hop, routing, destination", 0,
         "2b00000000000000"
         "3c00000000000000"
         "1100000000000000",
         true},
        {"authentication", 51, "110100000000000000000000", true},
        {"a fragment that is all", 44, "1100000000000007", true},
        {"longer than the packet", 0, "11ff000000000000", false},
        {"seven of them", 0, SIX "1100000000000000", true},
        {"eight of them", 0,
         SIX "0000000000000000"
             "1100000000000000",
         false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct heard *heard = hear_new();
        struct packet udp = {.n = 0}, ip = {.n = 0};
        put_udp(&udp, S(OTHER));
        put_ipv6(&ip, rows[i].next, rows[i].extension, bytes_of(&udp));
        send_at(heard, &ip, 1000);
        if (heard->messages != rows[i].good || stir_wire_stats(heard->wire)->broken != !rows[i].good)
            fail_msg("%s: found \"%s\"", rows[i].name, heard->text);
        if (rows[i].good)
            assert_true(heard->last.from.is_v6);
        hear_free(heard);
    }
}

static void other_protocols_are_counted(void **state)
{
    struct heard *heard = hear_new();
    struct packet ip = {.n = 0};
    (void)state;
    put_ipv4(&ip, 132, (struct fragment){0}, S(OTHER));
    send_at(heard, &ip, 1000);
    assert_err(stir_wire_packet(heard->wire, 147, bytes_of(&ip), ip.n, 1000), STIR_OK);
    assert_count(heard, not_read, 1);
    assert_count(heard, not_ip, 1);
    assert_count(heard, packets, 2);
    assert_int_equal(heard->messages, 0);
    hear_free(heard);
}

/* ---- Fragments ---- */

/* The INVITE in a datagram, in pieces of eight bytes. */
enum { PIECES = 16 };

static size_t piece(struct fragment *fragment, struct stir_slice *bytes, const struct packet *udp, size_t i)
{
    size_t n = (udp->n + 7) / 8;
    *fragment = (struct fragment){.id = 7, .offset = (unsigned)i * 8, .more = i + 1 < n};
    *bytes = stir_slice_of(udp->bytes + i * 8, i + 1 < n ? 8 : udp->n - i * 8);
    return n;
}

static void fragments_in_any_order_are_put_together(void **state)
{
    uint32_t random = 1;
    (void)state;
    for (int round = 0; round < 200; round++) {
        struct heard *heard = hear_new();
        struct packet udp = {.n = 0};
        struct fragment fragment;
        struct stir_slice bytes;
        size_t order[PIECES], n;
        put_udp(&udp, S(INVITE));
        n = piece(&fragment, &bytes, &udp, 0);
        assert_true(n <= PIECES);
        for (size_t i = 0; i < n; i++)
            order[i] = i;
        for (size_t i = n - 1; i > 0; i--) {
            random = random * 1664525 + 1013904223;
            size_t other = (random >> 16) % (i + 1), swap = order[i];
            order[i] = order[other];
            order[other] = swap;
        }
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(heard->messages, 0);
            (void)piece(&fragment, &bytes, &udp, order[i]);
            send_fragment(heard, fragment, bytes, 1000);
            if (i + 1 < n)
                send_fragment(heard, fragment, bytes, 1000); /* twice: nothing new */
        }
        stir_wire_end(heard->wire);
        assert_heard(heard, INVITE "|");
        assert_count(heard, fragments_lost, 0);
        hear_free(heard);
    }
}

static void fragments_seen_twice_make_one_datagram(void **state)
{
    struct heard *heard = hear_new();
    struct packet udp = {.n = 0};
    (void)state;
    put_udp(&udp, S(INVITE));
    for (int i = 0; i < 4; i++) { /* each on two interfaces, and the last once more */
        struct stir_slice bytes = i < 2 ? stir_slice_of(udp.bytes, 64) : stir_slice_of(udp.bytes + 64, udp.n - 64);
        send_fragment(heard, (struct fragment){.id = 9, .offset = i < 2 ? 0 : 64, .more = i < 2}, bytes, 1000);
    }
    stir_wire_end(heard->wire);
    assert_heard(heard, INVITE "|");
    assert_count(heard, fragments_lost, 0);
    hear_free(heard);
}

static void an_identifier_used_again_begins_a_new_datagram(void **state)
{
    struct heard *heard = hear_new();
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct packet udp = {.n = 0};
        put_udp(&udp, i ? S(OTHER) : S(INVITE));
        send_fragment(heard, (struct fragment){.id = 9, .more = true}, stir_slice_of(udp.bytes, 64), 1000);
        send_fragment(heard, (struct fragment){.id = 9, .offset = 64}, stir_slice_of(udp.bytes + 64, udp.n - 64), 1000);
    }
    stir_wire_end(heard->wire);
    assert_heard(heard, INVITE "|" OTHER "|");
    hear_free(heard);
}

/* Each row: fragments as offset, length, more; none of them may be put together. The bytes are those of one INVITE, or others. */
static void fragments_that_leave_holes_or_contradict_are_lost(void **state)
{
    static const struct {
        const char *name;
        struct {
            unsigned offset, n;
            bool more, other;
        } part[4];
    } rows[] = {
        {"a hole that bytes beyond the end make up for", {{40, 8, true, false}, {24, 8, false, false}, {0, 16, true, false}}},
        {"bytes beyond the end", {{0, 64, true, false}, {40, 8, false, false}}},
        {"two ends", {{80, 8, false, false}, {72, 8, false, false}, {0, 80, true, false}}},
        {"other bytes at the same place", {{0, 64, true, false}, {0, 64, true, true}, {64, 30, false, false}}},
        {"other bytes in a part", {{0, 64, true, false}, {56, 8, true, true}, {64, 30, false, false}}},
        {"the last alone", {{64, 30, false, false}}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct heard *heard = hear_new();
        struct packet udp = {.n = 0}, wrong = {.n = 0};
        put_udp(&udp, S(INVITE));
        put_udp(&wrong, S(INVITE));
        memset(wrong.bytes, 'x', wrong.n);
        for (size_t k = 0; k < 4 && rows[i].part[k].n; k++)
            send_fragment(heard, (struct fragment){.id = 3, .offset = rows[i].part[k].offset, .more = rows[i].part[k].more},
                          stir_slice_of((rows[i].part[k].other ? wrong.bytes : udp.bytes) + rows[i].part[k].offset, rows[i].part[k].n), 1000);
        if (heard->messages)
            fail_msg("%s: found \"%s\"", rows[i].name, heard->text);
        stir_wire_end(heard->wire);
        if (strchr(heard->text, '|') && heard->text[0] != '~')
            fail_msg("%s: found \"%s\" at the end", rows[i].name, heard->text);
        if (stir_wire_stats(heard->wire)->fragments_lost == 0)
            fail_msg("%s: not told", rows[i].name);
        hear_free(heard);
    }
}

static void a_datagram_without_its_rest_is_given_out_as_cut(void **state)
{
    struct heard *heard = hear_new();
    struct packet udp = {.n = 0};
    (void)state;
    put_udp(&udp, S(INVITE));
    send_fragment(heard, (struct fragment){.id = 3, .more = true}, stir_slice_of(udp.bytes, 56), 1000);
    send_fragment(heard, (struct fragment){.id = 3, .offset = 72}, stir_slice_of(udp.bytes + 72, udp.n - 72), 1000);
    assert_int_equal(heard->messages, 0);
    stir_wire_end(heard->wire);
    assert_heard(heard, "~INVITE sip:+12125550100@192.0.2.2 SIP/2.0\r\nCall-|");
    assert_count(heard, fragments_lost, 1);
    hear_free(heard);
}

static void fragments_wait_sixty_seconds(void **state)
{
    (void)state;
    for (int64_t late = STIR_WIRE_FRAGMENT_LIFE; late <= STIR_WIRE_FRAGMENT_LIFE + 1; late++) {
        struct heard *heard = hear_new();
        struct packet udp = {.n = 0};
        put_udp(&udp, S(INVITE));
        send_fragment(heard, (struct fragment){.id = 3, .more = true}, stir_slice_of(udp.bytes, 64), 1000);
        send_fragment(heard, (struct fragment){.id = 3, .offset = 64}, stir_slice_of(udp.bytes + 64, udp.n - 64), 1000 + late);
        if ((heard->text[0] == 'I') != (late == STIR_WIRE_FRAGMENT_LIFE))
            fail_msg("after %d s: \"%s\"", (int)late, heard->text);
        hear_free(heard);
    }
}

static void fragments_cut_by_the_capture_are_told(void **state)
{
    struct heard *heard = hear_new();
    struct packet udp = {.n = 0}, ip = {.n = 0};
    (void)state;
    put_udp(&udp, S(INVITE));
    put_ipv4(&ip, 17, (struct fragment){.id = 3, .more = true}, stir_slice_of(udp.bytes, 64));
    assert_err(stir_wire_packet(heard->wire, STIR_WIRE_RAW, stir_slice_of(ip.bytes, 20 + 8 + 45), ip.n, 1000), STIR_OK);
    assert_heard(heard, "~INVITE sip:+12125550100@192.0.2.2 SIP/2.0\r\nCa|");
    assert_count(heard, cut, 1);
    hear_free(heard);
}

static void datagrams_that_wait_are_bounded(void **state)
{
    struct heard *heard = hear_new();
    struct packet udp = {.n = 0};
    (void)state;
    put_udp(&udp, S(INVITE));
    for (unsigned id = 0; id <= STIR_WIRE_DATAGRAMS; id++)
        send_fragment(heard, (struct fragment){.id = id, .more = true}, stir_slice_of(udp.bytes, 64), 1000 + id / 8);
    assert_count(heard, fragments_lost, 1);
    send_fragment(heard, (struct fragment){.id = 1, .offset = 64}, stir_slice_of(udp.bytes + 64, udp.n - 64), 1033);
    assert_int_equal(heard->messages, 2); /* the oldest as cut, and the next, which is still there */
    send_fragment(heard, (struct fragment){.id = 0, .offset = 64}, stir_slice_of(udp.bytes + 64, udp.n - 64), 1033);
    assert_int_equal(heard->messages, 2);
    hear_free(heard);
}

/* ---- Streams ---- */

static void a_stream_cut_at_any_two_bytes_is_the_same_stream(void **state)
{
    static const char both[] = "\r\n\r\n" INVITE "\r\n\r\nSIP/2.0 200 OK\r\nl: 2\r\n\r\nab" OTHER;
    struct heard *heard = hear_new();
    size_t n = sizeof(both) - 1;
    unsigned port = 1;
    (void)state;
    for (size_t a = 1; a < n; a += 3)
        for (size_t b = a + 1; b < n; b += 7, port++) {
            heard->n = 0;
            send_tcp(heard, port, 1000, ACK, stir_slice_of(both, a));
            send_tcp(heard, port, 1000 + (uint32_t)b, ACK, stir_slice_of(both + b, n - b));
            send_tcp(heard, port, 1000 + (uint32_t)a, ACK, stir_slice_of(both + a, b - a));
            if (strcmp(heard->text, INVITE "|SIP/2.0 200 OK\r\nl: 2\r\n\r\nab|" OTHER "|") != 0)
                fail_msg("cut at %zu and %zu: %s", a, b, heard->text);
            send_tcp(heard, port, 1000 + (uint32_t)n, RST, stir_slice_of(NULL, 0));
        }
    assert_count(heard, streams_lost, 0);
    hear_free(heard);
}

static void segments_again_and_overlapping_change_nothing(void **state)
{
    struct heard *heard = hear_new();
    (void)state;
    send_tcp(heard, 1, 0xffffffef, SYN, stir_slice_of(NULL, 0));
    send_tcp(heard, 1, 0xffffffef, SYN, stir_slice_of(NULL, 0));
    for (uint32_t at = 0; at + 20 < sizeof(INVITE); at += 10) {
        send_tcp(heard, 1, 0xfffffff0 + at, ACK, stir_slice_of(INVITE + at, 20));
        send_tcp(heard, 1, 0xfffffff0, ACK, stir_slice_of(INVITE, 15));
        send_tcp(heard, 1, 0xffffffef + at, ACK, stir_slice_of("x", 1)); /* keep-alive of TCP */
    }
    send_tcp(heard, 1, 0xfffffff0 + (uint32_t)sizeof(INVITE) - 21, ACK, stir_slice_of(INVITE + sizeof(INVITE) - 21, 20));
    assert_heard(heard, INVITE "|");
    assert_count(heard, streams_lost, 0);
    hear_free(heard);
}

static void a_gap_is_told_and_stepped_over(void **state)
{
    struct heard *heard = hear_new();
    (void)state;
    send_tcp(heard, 1, 100, ACK, S("INVITE sip:a@b SIP/2.0\r\nVia: x\r\n"));
    for (uint32_t i = 0; i < STIR_WIRE_SEGMENTS; i++)
        send_tcp(heard, 1, 1000 + i, ACK, S("\n"));
    assert_int_equal(heard->messages, 0);
    send_tcp(heard, 1, 1000 + STIR_WIRE_SEGMENTS, ACK, S(OTHER));
    assert_heard(heard, "~INVITE sip:a@b SIP/2.0\r\nVia: x\r\n|" OTHER "|");
    assert_count(heard, streams_lost, 1);
    hear_free(heard);
}

/* The segment that makes the waiting ones too many fills the gap before some of them. */
static void what_waits_behind_the_last_segment_is_read_with_it(void **state)
{
    struct heard *heard = hear_new();
    (void)state;
    send_tcp(heard, 1, 100, ACK, S("\n"));
    for (uint32_t i = 0; i + 1 < STIR_WIRE_SEGMENTS; i++)
        send_tcp(heard, 1, 1000 + i, ACK, S("\n"));
    uint32_t next = 1000 + STIR_WIRE_SEGMENTS - 1;
    send_tcp(heard, 1, next + 40, ACK, stir_slice_from(S(INVITE), 40));
    send_tcp(heard, 1, next, ACK, stir_slice_upto(S(INVITE), 40));
    assert_heard(heard, INVITE "|");
    hear_free(heard);
}

static void what_began_is_given_out_when_its_stream_ends(void **state)
{
    static const char begun[] = "INVITE sip:a@b SIP/2.0\r\nVia: x\r\n";
    (void)state;
    for (int way = 0; way < 4; way++) {
        struct heard *heard = hear_new();
        send_tcp(heard, 1, 100, ACK, S(begun));
        if (way == 0)
            stir_wire_end(heard->wire);
        if (way == 1)
            send_tcp(heard, 1, 100 + sizeof(begun) - 1, RST, stir_slice_of(NULL, 0));
        if (way == 2)
            send_tcp(heard, 1, 90000000, SYN, stir_slice_of(NULL, 0));
        for (unsigned port = 2; way == 3 && port <= STIR_WIRE_STREAMS + 1; port++)
            send_tcp(heard, port, 100, ACK, S("x\n"));
        if (heard->text[0] != '~' || heard->messages != 1)
            fail_msg("way %d: \"%s\"", way, heard->text);
        hear_free(heard);
    }
}

static void a_stream_that_was_heard_stays_and_the_silent_one_goes(void **state)
{
    struct heard *heard = hear_new();
    (void)state;
    send_tcp(heard, 1, 100, ACK, stir_slice_upto(S(INVITE), 10));
    send_tcp(heard, 2, 100, ACK, stir_slice_upto(S(INVITE), 10));
    for (unsigned port = 3; port <= STIR_WIRE_STREAMS; port++)
        send_tcp(heard, port, 100, ACK, S("x\n"));
    send_tcp(heard, 1, 110, ACK, stir_slice_of(INVITE + 10, 10));
    send_tcp(heard, 60000, 100, ACK, S("x\n"));
    send_tcp(heard, 1, 120, ACK, stir_slice_from(S(INVITE), 20));
    assert_heard(heard, INVITE "|");
    send_tcp(heard, 2, 110, ACK, stir_slice_from(S(INVITE), 10));
    assert_int_equal(heard->messages, 1);
    hear_free(heard);
}

/* Streams that hold back all they may: the reader lets go of some, and the last is read. */
static void what_streams_hold_back_is_bounded(void **state)
{
    enum { PART = 60000 };
    static char part[PART];
    struct heard *heard = hear_new();
    (void)state;
    memset(part, 'x', sizeof(part));
    for (unsigned port = 1; port <= 40; port++) {
        send_tcp(heard, port, 100, ACK, S("\n"));
        for (uint32_t i = 0; i < 17; i++)
            send_tcp(heard, port, 200 + i * PART, ACK, stir_slice_of(part, PART));
        for (uint32_t i = 0; i < 17; i++)
            send_tcp(heard, port, 201 + i * PART, ACK, stir_slice_of(part, PART));
    }
    assert_true(stir_wire_stats(heard->wire)->streams_lost > 0); /* 40 x 34 x 60,000 bytes are more than 64 MiB */
    send_tcp(heard, 50000, 100, ACK, S(OTHER));
    assert_heard(heard, OTHER "|");
    hear_free(heard);
}

static void tls_is_told_once_a_stream(void **state)
{
    static const char *const first[] = {"\x16\x03\x01\x02", "\x17\x03\x03\x40", "\x15\x03\x03\x02", "\x14\x03\x03\x01"};
    struct heard *heard = hear_new();
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        send_tcp(heard, i + 1, 100, ACK, stir_slice_of(first[i], 4));
        send_tcp(heard, i + 1, 104, ACK, stir_slice_of(first[i], 4));
        send_tcp(heard, i + 1, 9000, ACK, S(OTHER)); /* a gap is of no interest, and what follows is data */
    }
    assert_count(heard, tls, 4);
    stir_wire_end(heard->wire);
    assert_count(heard, streams_lost, 0);
    assert_int_equal(heard->messages, 0);
    hear_free(heard);
}

static void messages_longer_than_they_may_be_are_told(void **state)
{
    struct heard *heard = hear_new();
    uint32_t seq = 100;
    (void)state;
    send_tcp(heard, 1, seq, ACK, S("INVITE sip:a@b SIP/2.0\r\nContent-Length: 65536\r\n\r\n" OTHER));
    assert_heard(heard, OTHER "|");
    assert_count(heard, too_long, 1);
    send_tcp(heard, 2, seq, ACK, S("INVITE sip:a@b SIP/2.0\r\n"));
    for (seq += 24; seq < 100 + 70000; seq += 10)
        send_tcp(heard, 2, seq, ACK, S("Via: abcd\n"));
    assert_count(heard, too_long, 2);
    send_tcp(heard, 3, 1, ACK, S("INVITE sip:"));
    for (seq = 12; seq < 9000; seq += 10)
        send_tcp(heard, 3, seq, ACK, S("xxxxxxxxxx"));
    stir_wire_end(heard->wire);
    assert_int_equal(heard->messages, 1);
    hear_free(heard);
}

/* Each of its lines could begin one: it is given up once, as far as it was read, and not once a line. */
static void a_message_without_end_is_given_up_as_one(void **state)
{
    static const char start[] = "INVITE sip:a@b SIP/2.0\r\n";
    struct heard *heard = hear_new();
    uint32_t seq = 100;
    (void)state;
    for (; seq < 100 + 70000; seq += sizeof(start) - 1)
        send_tcp(heard, 1, seq, ACK, S(start));
    assert_count(heard, too_long, 1);
    send_tcp(heard, 1, seq, ACK, S("\r\n"));
    assert_int_equal(heard->messages, 1); /* what comes behind is read again */
    send_tcp(heard, 2, 100, ACK, S("INVITE sip:a@b SIP/2.0\r\nINVITE sip:a@b SIP/2.0\r\nContent-Length: 65536\r\n\r\n" OTHER));
    assert_count(heard, too_long, 2);
    assert_int_equal(heard->messages, 2);
    hear_free(heard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_link_layer_is_stepped_over),
        cmocka_unit_test(ends_ports_and_time_are_told),
        cmocka_unit_test(a_time_that_cannot_be_is_none),
        cmocka_unit_test(lengths_that_lie_are_broken_and_not_cut),
        cmocka_unit_test(headers_of_ipv6_are_stepped_over),
        cmocka_unit_test(other_protocols_are_counted),
        cmocka_unit_test(fragments_in_any_order_are_put_together),
        cmocka_unit_test(fragments_seen_twice_make_one_datagram),
        cmocka_unit_test(an_identifier_used_again_begins_a_new_datagram),
        cmocka_unit_test(fragments_that_leave_holes_or_contradict_are_lost),
        cmocka_unit_test(a_datagram_without_its_rest_is_given_out_as_cut),
        cmocka_unit_test(fragments_wait_sixty_seconds),
        cmocka_unit_test(fragments_cut_by_the_capture_are_told),
        cmocka_unit_test(datagrams_that_wait_are_bounded),
        cmocka_unit_test(a_stream_cut_at_any_two_bytes_is_the_same_stream),
        cmocka_unit_test(segments_again_and_overlapping_change_nothing),
        cmocka_unit_test(a_gap_is_told_and_stepped_over),
        cmocka_unit_test(what_waits_behind_the_last_segment_is_read_with_it),
        cmocka_unit_test(what_began_is_given_out_when_its_stream_ends),
        cmocka_unit_test(a_stream_that_was_heard_stays_and_the_silent_one_goes),
        cmocka_unit_test(what_streams_hold_back_is_bounded),
        cmocka_unit_test(tls_is_told_once_a_stream),
        cmocka_unit_test(messages_longer_than_they_may_be_are_told),
        cmocka_unit_test(a_message_without_end_is_given_up_as_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
