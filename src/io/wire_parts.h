/* The parts of wire.c: fragments of datagrams, and streams. */
#ifndef STIR_IO_WIRE_PARTS_H
#define STIR_IO_WIRE_PARTS_H

#include "io/wire.h"

/* An IP packet, or the whole of several fragments. */
struct stir_wire_packet {
    struct stir_wire_end from, to; /* ports: 0 until UDP or TCP is read */
    unsigned protocol;
    struct stir_slice payload;
    bool is_cut; /* the capture holds less of the payload than was sent */
    int64_t at;
    /* of a fragment */
    uint32_t id;
    size_t offset;
    bool more;
};

struct stir_fragments;
/* A datagram will not be whole: `*begun` is what is there of its beginning. */
typedef void stir_fragments_lost(void *arg, const struct stir_wire_packet *begun);
enum stir_err stir_fragments_new(struct stir_fragments **out, stir_fragments_lost *lost, void *arg) STIR_MUST_USE;
void stir_fragments_free(struct stir_fragments *fragments);
/* One fragment. When it is the last that was missing, `*packet` becomes the whole, valid until the next call, and *whole is true. The same fragments again, as a
 * capture of all interfaces holds them, are passed over. */
enum stir_err stir_fragments_add(struct stir_fragments *fragments, struct stir_wire_packet *packet, bool *whole, struct stir_wire_stats *stats) STIR_MUST_USE;
/* Those that still wait will not be whole. */
void stir_fragments_end(struct stir_fragments *fragments, struct stir_wire_stats *stats);

struct stir_streams;
enum stir_err stir_streams_new(struct stir_streams **out, stir_wire_sink *sink, void *arg) STIR_MUST_USE;
void stir_streams_free(struct stir_streams *streams);
/* One TCP packet, its header and all. */
enum stir_err stir_streams_add(struct stir_streams *streams, struct stir_wire_packet *packet, struct stir_wire_stats *stats) STIR_MUST_USE;
void stir_streams_end(struct stir_streams *streams, struct stir_wire_stats *stats);

#endif
