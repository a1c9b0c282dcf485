/* The host's OpenSSL error queue must stay as it is: one error of the host before the call, and that one alone after it. */
#ifndef STIR_TESTS_QUIET_H
#define STIR_TESTS_QUIET_H

#include "support.h"

#include <openssl/err.h>

static inline void support_queue_one_error(void)
{
    ERR_clear_error();
    ERR_raise(ERR_LIB_USER, 123);
}

static inline void support_expect_that_error(const char *call)
{
    unsigned long first = ERR_get_error(), second = ERR_get_error();
    if (ERR_GET_LIB(first) != ERR_LIB_USER || ERR_GET_REASON(first) != 123 || second != 0)
        fail_msg("%s changes the error queue: %lx, then %lx", call, first, second);
}

/* A call that answers an error code, and one that answers something else. */
#define assert_quiet_err(call, wanted)    \
    do {                                  \
        support_queue_one_error();        \
        assert_err(call, wanted);         \
        support_expect_that_error(#call); \
    } while (0)
#define assert_quiet(call)                \
    do {                                  \
        support_queue_one_error();        \
        (void)(call);                     \
        support_expect_that_error(#call); \
    } while (0)

#endif
