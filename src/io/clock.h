/* The two clocks: waits go by the monotonic one, which nobody sets; what tokens and records say goes by the wall clock, which somebody may. This tells when it
 * was. */
#ifndef STIR_IO_CLOCK_H
#define STIR_IO_CLOCK_H

#include "core/bytes.h"

int64_t stir_clock_unix_ms(void);
int64_t stir_clock_monotonic_ms(void);
int64_t stir_clock_monotonic_us(void); /* for what took how long */

/* The time in UTC, "2026-11-21T12:41:07.123Z". */
void stir_put_utc(struct stir_writer *w, int64_t unix_ms);
/* The reverse, of a text that begins so. False: it does not. */
bool stir_utc_parse(int64_t *unix_ms, struct stir_slice text);

/* What a watcher saw last; zeroed to begin. Of one thread, which looks each second or so. */
struct stir_clock_watch {
    bool begun;
    int64_t ahead_ms; /* wall clock less monotonic clock */
};
enum { STIR_CLOCK_JUMP_MS = 1000 }; /* less is a clock that is slewed, or a watcher that was late between its two readings */

/* Milliseconds by which the wall clock was set since the last look: above 0 forward, below 0 back, 0 when it went as clocks go. The times are those of
 * stir_clock_unix_ms() and stir_clock_monotonic_ms(), read next to each other. */
int64_t stir_clock_look(struct stir_clock_watch *watch, int64_t unix_ms, int64_t monotonic_ms);

#endif
