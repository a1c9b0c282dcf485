/* Between many threads that have something to be written and one that writes it: a queue of byte strings, bounded by their sum. Whoever puts never waits for
 * the writer; what does not fit is refused, and the caller counts it. */
#ifndef STIR_SERVICE_OUTBOX_H
#define STIR_SERVICE_OUTBOX_H

#include <stir/err.h>

#include <pthread.h>

struct stir_outbox;

/* One string; the text lies behind the struct, with a closing NUL that is not counted. */
struct stir_parcel {
    struct stir_parcel *next;
    size_t n;
    char text[];
};

enum stir_err stir_outbox_new(struct stir_outbox **out, size_t max_bytes, size_t max_parcels) STIR_MUST_USE;
/* Parcels that nobody took are freed. Nobody may wait in it any more. NULL is fine. */
void stir_outbox_free(struct stir_outbox *box);
/* Other bounds from now on; what is in it stays. */
void stir_outbox_bound(struct stir_outbox *box, size_t max_bytes, size_t max_parcels);

/* From any thread. False: it is full, or out of memory; nothing was kept. */
bool stir_outbox_put(struct stir_outbox *box, struct stir_slice text) STIR_MUST_USE;
/* Bytes that are in it, or taken and not done; and how full that is, of 100. */
size_t stir_outbox_bytes(struct stir_outbox *box);
unsigned stir_outbox_percent(struct stir_outbox *box);
size_t stir_outbox_count(struct stir_outbox *box);

/* Of the one writer: wait until something is there, it is woken or `wait_ms` are over, gather for `gather_ms` more (unless it is woken or fills up), then take
 * all: a list in the order in which it was put, NULL when there is nothing. What was taken fills the box until stir_outbox_done(). */
struct stir_parcel *stir_outbox_take(struct stir_outbox *box, int64_t wait_ms, int64_t gather_ms);
/* These are done with: freed. */
void stir_outbox_done(struct stir_outbox *box, struct stir_parcel *list);
/* The writer shall look: a take that waits, or the next one, returns at once. From any thread. */
void stir_outbox_wake(struct stir_outbox *box);

#endif
