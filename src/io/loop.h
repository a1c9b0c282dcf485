/* The event loop of one thread: descriptors, timers, and a mailbox that other threads may put things into. Everything is intrusive: the structs below are
 * members of what waits. A letter needs no memory and cannot fail; a timer may, when more are set than ever before. All calls belong to the loop's own thread
 * but stir_loop_post() and stir_loop_stop(). */
#ifndef STIR_IO_LOOP_H
#define STIR_IO_LOOP_H

#include <stir/err.h>

struct stir_loop;

/* A descriptor that is watched. `events` as epoll(7) has them; `exclusive`: one of several loops that share the descriptor is woken, not all. */
struct stir_watch {
    int fd;
    void (*ready)(struct stir_watch *watch, uint32_t events);
};

/* A point of monotonic time. Zeroed is "not set". */
struct stir_timer {
    int64_t at_ms;
    void (*fire)(struct stir_timer *timer); /* it is not set any more then, and may be set again */
    size_t place;                           /* 1 + its place in the heap; 0: not set */
};

/* A letter to a loop: it belongs to the loop until `open` is called, on the loop's thread. */
struct stir_post {
    struct stir_post *next;
    void (*open)(struct stir_post *post);
};

enum stir_err stir_loop_new(struct stir_loop **out) STIR_MUST_USE; /* STIR_ENOMEM (or no descriptor) */
void stir_loop_free(struct stir_loop *loop);                       /* letters that were not opened are opened first; NULL is fine */

/* Watch from now on, or with other events. STIR_ENOMEM (the kernel's limit), STIR_EIO. The watch must live until it is unwatched. */
enum stir_err stir_loop_watch(struct stir_loop *loop, struct stir_watch *watch, uint32_t events, bool exclusive) STIR_MUST_USE;
enum stir_err stir_loop_change(struct stir_loop *loop, struct stir_watch *watch, uint32_t events) STIR_MUST_USE;
/* No call of ready() follows, not even of what has been gathered in this turn. */
void stir_loop_unwatch(struct stir_loop *loop, struct stir_watch *watch);

/* In `ms` milliseconds, once; set again when it is set. False: out of memory (the heap could not grow); then it is not set. */
bool stir_loop_after(struct stir_loop *loop, struct stir_timer *timer, int64_t ms) STIR_MUST_USE;
void stir_loop_cancel(struct stir_loop *loop, struct stir_timer *timer);

/* From any thread; letters of one thread come in their order. */
void stir_loop_post(struct stir_loop *loop, struct stir_post *post);

/* Run until stopped (from any thread, also before it runs). */
void stir_loop_run(struct stir_loop *loop);
void stir_loop_stop(struct stir_loop *loop);
/* One turn that waits at most `ms`: for tests and for threads that do other things too. */
void stir_loop_turn(struct stir_loop *loop, int64_t ms);

/* Monotonic milliseconds, read once a turn; and Unix milliseconds likewise. */
int64_t stir_loop_ms(const struct stir_loop *loop);
int64_t stir_loop_unix_ms(const struct stir_loop *loop);

#endif
