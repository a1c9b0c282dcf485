/* What a reader of messages found, as text: each message, '|' behind it, '~' before those that are cut. */
#ifndef STIR_TESTS_HEARD_H
#define STIR_TESTS_HEARD_H

#include "support.h"

#include "core/bytes.h"

/* Add one to the `n` characters in `text`, which has room for `cap`. Answers how many there are now; a NUL follows them. */
static inline size_t heard_add(char *text, size_t cap, size_t n, struct stir_slice message, bool is_cut)
{
    assert_true(n + message.n + 2 < cap);
    if (is_cut)
        text[n++] = '~';
    memcpy(text + n, message.p, message.n);
    n += message.n;
    text[n++] = '|';
    text[n] = '\0';
    return n;
}

#endif
