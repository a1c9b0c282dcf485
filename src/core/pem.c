#include <stdlib.h>

#include "core/cert.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum { LINE = 64, LABEL_MAX = 64 };

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (stir_is_digit(c))
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool is_white(char c)
{
    return stir_is_space(c) || c == '\r' || c == '\n';
}

/* `mark` stands at `at`. */
static bool stands(struct stir_slice text, size_t at, const char *mark)
{
    struct stir_slice m = stir_slice_str(mark);
    return text.n - at >= m.n && memcmp(text.p + at, m.p, m.n) == 0;
}

/* First `mark` at or behind `at`, or text.n. */
static size_t find(struct stir_slice text, size_t at, const char *mark)
{
    while (at < text.n && !stands(text, at, mark)) {
        const char *hit = at + 1 < text.n ? memchr(text.p + at + 1, mark[0], text.n - at - 1) : NULL;
        at = hit ? (size_t)(hit - text.p) : text.n;
    }
    return at;
}

/* The rest of "-----BEGIN " or "-----END ": label and five dashes. False leaves *at where it breaks. */
static bool read_label(struct stir_slice text, size_t *at, struct stir_slice *label)
{
    size_t from = *at;
    while (*at < text.n && text.p[*at] != '-' && text.p[*at] >= ' ' && text.p[*at] < 0x7f && *at - from < LABEL_MAX)
        ++*at;
    *label = stir_slice_of(text.p + from, *at - from);
    if (!stands(text, *at, "-----"))
        return false;
    *at += 5;
    return true;
}

/* Base64 with its padding and white space between (RFC 7468 §3, lax), up to the dash of the END line. False leaves *at where it breaks. */
static bool read_base64(struct stir_slice text, size_t *at, unsigned char *out, size_t *n)
{
    uint32_t bits = 0;
    unsigned have = 0, pads = 0;
    size_t made = 0;
    for (; *at < text.n && text.p[*at] != '-'; ++*at) {
        char c = text.p[*at];
        int value = value_of(c);
        if (is_white(c))
            continue;
        if (c == '=' ? ++pads > 2 : value < 0 || pads)
            return false;
        bits = bits << 6 | (c == '=' ? 0u : (uint32_t)value);
        if (++have < 4)
            continue;
        if ((pads && bits & 0xff) || (pads == 2 && bits & 0xffff)) /* bits that nobody reads: one content, one text */
            return false;
        for (unsigned i = 0; i < 3 - pads; i++)
            out[made++] = (unsigned char)(bits >> (16 - 8 * i));
        bits = have = 0;
    }
    *n = made;
    return have == 0 && made > 0 && *at < text.n;
}

/* Body and END line of a block with `label`. */
static bool read_body(struct stir_slice text, size_t *at, struct stir_slice label, unsigned char *out, size_t *n)
{
    struct stir_slice end;
    if (!read_base64(text, at, out, n) || !stands(text, *at, "-----END "))
        return false;
    size_t behind = *at + strlen("-----END ");
    if (!read_label(text, &behind, &end) || !stir_slice_eq(end, label))
        return false;
    *at = behind;
    return true;
}

enum stir_err stir_pem_next(struct stir_slice text, size_t *at, struct stir_slice *label, unsigned char **der, size_t *n)
{
    struct stir_slice name = {NULL, 0};
    size_t here = *at < text.n ? find(text, *at, "-----BEGIN ") : text.n, made = 0;
    if (here >= text.n)
        return STIR_ENOTFOUND;
    here += strlen("-----BEGIN ");
    bool good = read_label(text, &here, &name);
    *label = name;
    *at = here;
    if (!good)
        return STIR_EPEM;
    /* The END line bounds the room that the body can need; without one there is no block. */
    size_t end = find(text, here, "-----END ");
    if (end >= text.n) {
        *at = text.n;
        return STIR_EPEM;
    }
    unsigned char *bytes = malloc((end - here) / 4 * 3 + 3);
    if (!bytes)
        return STIR_ENOMEM;
    if (!read_body(text, at, name, bytes, &made)) {
        free(bytes);
        return STIR_EPEM;
    }
    *der = bytes;
    *n = made;
    return STIR_OK;
}

enum stir_err stir_pem_broken(struct stir_diag *diag, struct stir_slice text, size_t at)
{
    if (at >= text.n)
        return stir_diag_set(diag, STIR_EPEM, at, "the PEM text is cut off: a block begins and has no END line");
    if (text.p[at] == '\\')
        return stir_diag_set(diag, STIR_EPEM, at, "a backslash stands in a PEM block at byte %zu: write real line ends, not \\n", at);
    if (text.p[at] == '-')
        return stir_diag_set(diag, STIR_EPEM, at, "the PEM block that ends at byte %zu has no whole base64 before it, or another END label than its BEGIN", at);
    return stir_diag_set(diag, STIR_EPEM, at, "the PEM block is broken at byte %zu: \"%.*s\" is no base64", at, STIR_SHOW(stir_slice_of(text.p + at, 1)));
}

bool stir_pem_is_private(struct stir_slice label)
{
    static const char tail[] = "PRIVATE KEY";
    size_t n = sizeof(tail) - 1;
    return label.n >= n && memcmp(label.p + label.n - n, tail, n) == 0;
}

static void put_quad(struct stir_writer *w, const unsigned char *p, size_t n)
{
    uint32_t bits = (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0) | (n > 2 ? p[2] : 0);
    char quad[4] = {alphabet[bits >> 18], alphabet[bits >> 12 & 63], n > 1 ? alphabet[bits >> 6 & 63] : '=', n > 2 ? alphabet[bits & 63] : '='};
    stir_put(w, quad, 4);
}

void stir_put_pem(struct stir_writer *w, const char *label, struct stir_slice der)
{
    const unsigned char *p = (const unsigned char *)der.p;
    stir_put_text(w, "-----BEGIN ");
    stir_put_text(w, label);
    stir_put_text(w, "-----\n");
    for (size_t i = 0; i < der.n; i += 3) {
        put_quad(w, p + i, der.n - i < 3 ? der.n - i : 3);
        if ((i + 3) % (LINE / 4 * 3) == 0 || i + 3 >= der.n)
            stir_put_char(w, '\n');
    }
    stir_put_text(w, "-----END ");
    stir_put_text(w, label);
    stir_put_text(w, "-----\n");
}
