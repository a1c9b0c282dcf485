/** @file stir/slice.h  A borrowed piece of somebody's bytes, and the words every header uses.
 *  Pure: no I/O. Thread-safe. */
#ifndef STIR_SLICE_H
#define STIR_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
#define STIR_BEGIN extern "C" {
#define STIR_END }
#else
#define STIR_BEGIN
#define STIR_END
#endif

#if defined(__GNUC__)
#define STIR_API __attribute__((visibility("default")))
#define STIR_MUST_USE __attribute__((warn_unused_result))
#else
#define STIR_API
#define STIR_MUST_USE
#endif

STIR_BEGIN

/** `n` bytes at `p`, owned by somebody else, not terminated by NUL. Absent is `p == NULL`; empty is `n == 0`. */
struct stir_slice {
    const char *p;
    size_t n;
};

/** The slice of a C string, or the absent slice for NULL. */
static inline struct stir_slice stir_slice_str(const char *text)
{
    struct stir_slice s = {text, text ? strlen(text) : 0};
    return s;
}

/** The slice of `n` bytes at `bytes`. */
static inline struct stir_slice stir_slice_of(const void *bytes, size_t n)
{
    struct stir_slice s = {(const char *)bytes, n};
    return s;
}

/** Same length and same bytes. Not constant time: never for secrets. */
static inline bool stir_slice_eq(struct stir_slice a, struct stir_slice b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/** The slice says exactly `text`. */
static inline bool stir_slice_is(struct stir_slice a, const char *text)
{
    return stir_slice_eq(a, stir_slice_str(text));
}

STIR_END
#endif
