/* The packets of a capture → the SIP messages in them: link layers, IPv4 and IPv6 with their fragments put together, UDP, TCP streams put in order. Pure: bytes
 * in, messages out. What a capture may hold is bounded here, so that an endless one takes no more memory than a long one. */
#ifndef STIR_IO_WIRE_H
#define STIR_IO_WIRE_H

#include <stir/err.h>

/* Link layers, by the numbers that libpcap's pcap_datalink() gives on Linux. */
enum stir_wire_link {
    STIR_WIRE_NULL = 0,
    STIR_WIRE_ETHERNET = 1,
    STIR_WIRE_RAW = 12,
    STIR_WIRE_LOOP = 108,
    STIR_WIRE_COOKED = 113,
    STIR_WIRE_IPV4 = 228,
    STIR_WIRE_IPV6 = 229,
    STIR_WIRE_COOKED2 = 276,
};

#define STIR_WIRE_DATAGRAMS 256    /* fragmented datagrams that wait for their rest: 64 KiB each */
#define STIR_WIRE_FRAGMENT_LIFE 60 /* seconds that they wait (RFC 8200 §4.5) */
#define STIR_WIRE_STREAMS 4096     /* TCP directions followed at once; beyond that the one that was silent longest is let go */
#define STIR_WIRE_HELD (64u << 20) /* bytes that all of them may hold back */
#define STIR_WIRE_SEGMENTS 128     /* segments of one stream that wait for an earlier one */
#define STIR_WIRE_AHEAD (1u << 20) /* bytes that a segment may lie ahead of what is awaited */

/* One end of a packet. */
struct stir_wire_end {
    unsigned char address[16]; /* 4 of them for IPv4 */
    bool is_v6;
    uint16_t port;
};

struct stir_wire_message {
    struct stir_slice text; /* from the start line on; valid during the call */
    int64_t at;             /* seconds since 1970 UTC, of the packet that completed it; -1: none that can be */
    struct stir_wire_end from, to;
    bool is_tcp;
    bool is_cut; /* the capture holds only its beginning */
};

/* What was seen and could not be read. */
struct stir_wire_stats {
    uint64_t packets;
    uint64_t not_ip;         /* of another protocol than IP, or of a link layer that is not known */
    uint64_t not_read;       /* IP, but neither UDP nor TCP: SCTP, tunnels */
    uint64_t broken;         /* headers that contradict their lengths */
    uint64_t cut;            /* packets of which the capture holds less than was sent */
    uint64_t fragments_lost; /* datagrams whose fragments did not all come, or contradict each other */
    uint64_t streams_lost;   /* gaps in TCP streams: segments that are not in the capture */
    uint64_t tls;            /* TCP connections that begin with TLS: nothing of them can be read */
    uint64_t too_long;       /* messages longer than STIR_MAX_MESSAGE */
};

/* A message was found. */
typedef void stir_wire_sink(void *arg, const struct stir_wire_message *message);

struct stir_wire;

/* @return STIR_OK; STIR_ENOMEM. The caller frees with stir_wire_free(). */
enum stir_err stir_wire_new(struct stir_wire **out, stir_wire_sink *sink, void *arg) STIR_MUST_USE;
void stir_wire_free(struct stir_wire *wire);
/* One packet: `bytes` as captured, `sent` bytes of it on the wire.
 * @return STIR_OK, whatever it holds; STIR_ENOMEM. */
enum stir_err stir_wire_packet(struct stir_wire *wire, unsigned link, struct stir_slice bytes, size_t sent, int64_t at) STIR_MUST_USE;
/* No more packets: what is still incomplete is given out as cut. */
void stir_wire_end(struct stir_wire *wire);
const struct stir_wire_stats *stir_wire_stats(const struct stir_wire *wire);

#endif
