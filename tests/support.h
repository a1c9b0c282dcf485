/* What tests share: files of tests/data as slices, and hex. STIR_TEST_DATA is the folder tests/data. */
#ifndef STIR_TESTS_SUPPORT_H
#define STIR_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stir/stir.h>

#define S(text) stir_slice_str(text)

/* The file tests/data/NAME, NUL behind it; the test fails when it cannot be read. Free `.p` with free((void *)...) or support_free(). */
static inline struct stir_slice support_file(const char *name)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", STIR_TEST_DATA, name);
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("cannot open %s", path);
    size_t n = 0, cap = 1 << 16;
    char *p = malloc(cap + 1);
    assert_non_null(p);
    for (;;) {
        n += fread(p + n, 1, cap - n, f);
        if (n < cap)
            break;
        cap *= 2;
        p = realloc(p, cap + 1);
        assert_non_null(p);
    }
    fclose(f);
    p[n] = '\0';
    return stir_slice_of(p, n);
}

static inline void support_free(struct stir_slice s)
{
    free((void *)(uintptr_t)s.p);
}

/* Next line of *text without its end; false at the end. */
static inline bool support_line(struct stir_slice *text, struct stir_slice *line)
{
    if (text->n == 0)
        return false;
    const char *nl = memchr(text->p, '\n', text->n);
    size_t n = nl ? (size_t)(nl - text->p) : text->n;
    *line = stir_slice_of(text->p, n);
    if (line->n && line->p[line->n - 1] == '\r')
        line->n--;
    size_t step = nl ? n + 1 : n;
    *text = stir_slice_of(text->p + step, text->n - step);
    return true;
}

/* The next field of a tab-separated line. */
static inline struct stir_slice support_field(struct stir_slice *line)
{
    const char *tab = line->n ? memchr(line->p, '\t', line->n) : NULL;
    size_t n = tab ? (size_t)(tab - line->p) : line->n;
    struct stir_slice field = stir_slice_of(line->p, n);
    size_t step = tab ? n + 1 : n;
    *line = stir_slice_of(line->p + step, line->n - step);
    return field;
}

/* Hex text to bytes; answers the number of bytes. */
static inline size_t support_hex(unsigned char *out, size_t cap, const char *hex)
{
    size_t n = 0;
    for (; hex[0] && hex[1]; hex += 2) {
        char pair[3] = {hex[0], hex[1], 0};
        assert_true(n < cap);
        out[n++] = (unsigned char)strtoul(pair, NULL, 16);
    }
    return n;
}

#define assert_slice(slice, text)                                                                   \
    do {                                                                                            \
        struct stir_slice s_ = (slice);                                                             \
        if (!stir_slice_is(s_, (text)))                                                             \
            fail_msg("%s is \"%.*s\", wanted \"%s\"", #slice, (int)s_.n, s_.p ? s_.p : "", (text)); \
    } while (0)

#define assert_err(call, wanted)                                                                     \
    do {                                                                                             \
        enum stir_err got_ = (call);                                                                 \
        if (got_ != (wanted))                                                                        \
            fail_msg("%s answers %s, wanted %s", #call, stir_err_name(got_), stir_err_name(wanted)); \
    } while (0)

#endif
