/* Makes allocations fail, one after the other. Link with -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc (tests/meson.build, oom_tests): then every allocation
 * of libstir's own objects and of the test goes through here; OpenSSL's and cmocka's do not. */
#ifndef STIR_TESTS_OOM_H
#define STIR_TESTS_OOM_H

#include "support.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

/* `fail_at` counts down to the allocation that fails, 0: none does. With `and_after`, all that follow fail too. */
static struct {
    size_t fail_at, failed;
    bool and_after;
} oom;

static inline bool oom_fails(void)
{
    if (oom.fail_at == 0)
        return false;
    if (oom.fail_at > 1) {
        oom.fail_at--;
        return false;
    }
    if (!oom.and_after)
        oom.fail_at = 0;
    oom.failed++;
    return true;
}

void *__wrap_malloc(size_t n)
{
    return oom_fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return oom_fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return oom_fails() ? NULL : __real_realloc(p, n);
}

/* What is put to the test: does its work from beginning to end, frees everything, and answers the first error. When it answers STIR_OK it has looked at its
 * result. */
typedef enum stir_err (*oom_fn)(void *arg);

#define OOM_MOST 100000 /* more allocations than any one call of ours makes: a loop that never ends is a fault too */

/* Calls fn with the 1st, 2nd, ... allocation failing (and again with all after it failing) until nothing fails any more, and wants STIR_ENOMEM each time,
 * STIR_OK at the end. Leaks are the leak sanitizer's to find. Answers the number of allocations that could fail, never 0. */
static inline size_t oom_run_named(const char *name, oom_fn fn, void *arg)
{
    size_t count[2] = {0, 0};
    for (int and_after = 0; and_after < 2; and_after++)
        for (size_t n = 1;; n++) {
            oom.fail_at = n;
            oom.failed = 0;
            oom.and_after = and_after;
            enum stir_err err = fn(arg);
            oom.fail_at = 0;
            if (oom.failed == 0) {
                if (err != STIR_OK)
                    fail_msg("%s answers %s with all the memory it wants", name, stir_err_name(err));
                break;
            }
            if (err != STIR_ENOMEM)
                fail_msg("%s answers %s when allocation %zu%s fails, wanted STIR_ENOMEM", name, stir_err_name(err), n, and_after ? " and all after it" : "");
            if (n > OOM_MOST)
                fail_msg("%s allocates without end", name);
            count[and_after] = n;
        }
    if (count[0] == 0)
        fail_msg("%s allocates nothing through libstir: it is not put to the test", name);
    return count[0];
}
#define oom_run(fn, arg) oom_run_named(#fn, fn, arg)

#endif
