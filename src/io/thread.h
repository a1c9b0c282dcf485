/* How the daemon's threads begin and wait. Signals are the main thread's alone: no thread that begins here is found by one, so that a stop or a reload is seen
 * where it is waited for, and a limit on the size of files is an error of write(). Waits go by the monotonic clock, which nobody sets. */
#ifndef STIR_IO_THREAD_H
#define STIR_IO_THREAD_H

#include <stir/err.h>

#include <pthread.h>
#include <time.h>

/* Begin a thread with all signals blocked; the caller's own are as before, and the caller joins it. False: the system has none left; `*thread` is not set. */
bool stir_thread_begin(pthread_t *thread, void *(*run)(void *arg), void *arg) STIR_MUST_USE;

/* A condition for pthread_cond_timedwait() with stir_thread_until(). The caller destroys it. */
void stir_thread_cond(pthread_cond_t *cond);
/* The moment in `ms` milliseconds, 0 or more. */
struct timespec stir_thread_until(int64_t ms);

#endif
