/* Packets of a capture: whatever they hold, messages are within their bounds and begin with a start line, and the same packets give the same messages. The
 * input is a list of packets: link (an index), length of two bytes, bytes that were cut off, then the packet. */
#include <stdlib.h>
#include <stir/limits.h>

#include "core/bytes.h"
#include "core/time.h"
#include "io/sip_text.h"
#include "io/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(bool fact)
{
    if (!fact)
        abort();
}

struct seen {
    uint64_t messages, bytes, sum;
};

static void see(void *arg, const struct stir_wire_message *message)
{
    struct seen *seen = arg;
    struct stir_slice text = message->text;
    hold(text.n > 0 && text.n <= STIR_MAX_MESSAGE && message->at >= -1 && message->at <= STIR_TIME_MAX);
    hold(stir_sip_starts(stir_slice_upto(text, stir_sip_line(text))));
    seen->messages++;
    seen->bytes += text.n;
    for (size_t i = 0; i < text.n; i++)
        seen->sum = seen->sum * 31 + (unsigned char)text.p[i];
    seen->sum = seen->sum * 31 + message->from.port + message->is_cut;
}

static struct stir_wire_stats read_packets(struct stir_reader r, struct seen *seen)
{
    static const unsigned links[] = {
        STIR_WIRE_RAW, STIR_WIRE_ETHERNET, STIR_WIRE_COOKED, STIR_WIRE_COOKED2, STIR_WIRE_NULL, STIR_WIRE_LOOP, STIR_WIRE_IPV4, STIR_WIRE_IPV6, 999};
    struct stir_wire *wire = NULL;
    uint64_t packets = 0;
    int64_t at = 0;
    hold(stir_wire_new(&wire, see, seen) == STIR_OK);
    while (stir_reader_left(&r) >= 4) {
        unsigned link = (unsigned)stir_reader_get(&r), high = (unsigned)stir_reader_get(&r), n = high << 8 | (unsigned)stir_reader_get(&r);
        unsigned cut = (unsigned)stir_reader_get(&r);
        struct stir_slice packet = stir_slice_of((const char *)r.p, n < stir_reader_left(&r) ? n : stir_reader_left(&r));
        at = cut == 255 ? INT64_MAX : cut == 254 ? INT64_MIN : at + (int64_t)(link >> 4);
        hold(stir_wire_packet(wire, links[(link & 15) % (sizeof(links) / sizeof(links[0]))], packet, packet.n + cut, at) == STIR_OK);
        hold(stir_reader_skip(&r, packet.n));
        at = cut >= 254 ? 0 : at;
        packets++;
    }
    stir_wire_end(wire);
    struct stir_wire_stats stats = *stir_wire_stats(wire);
    stir_wire_free(wire);
    hold(stats.packets == packets);
    hold(stats.not_ip + stats.not_read + stats.broken + stats.cut <= packets * 2);
    return stats;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stir_reader r = stir_reader_of(stir_slice_of(data ? (const void *)data : "", size));
    struct seen first = {0}, second = {0};
    struct stir_wire_stats a = read_packets(r, &first), b = read_packets(r, &second);
    hold(memcmp(&a, &b, sizeof(a)) == 0 && memcmp(&first, &second, sizeof(first)) == 0);
    hold(first.bytes <= size * 64 + STIR_MAX_MESSAGE); /* nothing is given out again and again */
    return 0;
}
