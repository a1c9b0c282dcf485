#include "core/bytes.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>

int stir_ossl_quiet_begin(void)
{
    ERR_set_mark();
    return 0;
}

void stir_ossl_quiet_end(int *mark)
{
    (void)mark;
    ERR_pop_to_mark();
}

/* Copy `from` into `to` of `cap` bytes (at least 1), control characters as \xNN, cut at the end. */
static void copy_printable(char *to, size_t cap, const char *from)
{
    static const char hex[] = "0123456789abcdef";
    size_t at = 0;
    for (; *from; from++) {
        unsigned char c = (unsigned char)*from;
        if (c >= 0x20 && c != 0x7f) {
            if (at + 1 >= cap)
                break;
            to[at++] = (char)c;
            continue;
        }
        if (at + 4 >= cap)
            break;
        to[at++] = '\\';
        to[at++] = 'x';
        to[at++] = hex[c >> 4];
        to[at++] = hex[c & 15];
    }
    to[at] = '\0';
}

enum stir_err stir_diag_set(struct stir_diag *diag, enum stir_err err, size_t offset, const char *format, ...)
{
    char text[512];
    va_list args;
    if (!diag)
        return err;
    va_start(args, format);
    int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (n < 0)
        text[0] = '\0';
    diag->offset = offset;
    copy_printable(diag->text, sizeof(diag->text), text);
    return err;
}

enum stir_err stir_der_get(struct stir_reader *r, unsigned char tag, struct stir_slice *content, struct stir_slice *whole)
{
    struct stir_reader at = *r;
    size_t len;
    int c = stir_reader_get(&at);
    if (c != tag || (tag & 0x1f) == 0x1f)
        return STIR_EDER;
    c = stir_reader_get(&at);
    if (c < 0 || c == 0x80)
        return STIR_EDER;
    if (c < 0x80) {
        len = (size_t)c;
    } else {
        int bytes = c & 0x7f;
        if (bytes > 4)
            return STIR_EDER;
        len = 0;
        for (int i = 0; i < bytes; i++) {
            c = stir_reader_get(&at);
            if (c < 0 || (i == 0 && c == 0))
                return STIR_EDER;
            len = len << 8 | (size_t)c;
        }
        if (len < 0x80)
            return STIR_EDER;
    }
    const unsigned char *value = at.p;
    if (!stir_reader_skip(&at, len))
        return STIR_EDER;
    if (content)
        *content = stir_slice_of(value, len);
    if (whole)
        *whole = stir_slice_of(r->p, (size_t)(at.p - r->p));
    *r = at;
    return STIR_OK;
}

void stir_put_int(struct stir_writer *w, int64_t value)
{
    char text[20];
    size_t at = sizeof(text);
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        text[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (value < 0)
        stir_put_char(w, '-');
    stir_put(w, text + at, sizeof(text) - at);
}

#define IS_ALNUM(c) (((c) >= '0' && (c) <= '9') || ((c) >= 'A' && (c) <= 'Z') || ((c) >= 'a' && (c) <= 'z'))
#define IS_TOKEN(c) \
    (IS_ALNUM(c) || (c) == '-' || (c) == '.' || (c) == '!' || (c) == '%' || (c) == '*' || (c) == '_' || (c) == '+' || (c) == '`' || (c) == '\'' || (c) == '~')
#define IS_PART(c) (IS_ALNUM(c) || (c) == '-' || (c) == '_' || (c) == '.')
#define IS_URL(c) \
    (IS_PART(c) || (c) == '~' || (c) == '!' || ((c) >= '$' && (c) <= '/' && (c) != '%') || (c) == ':' || (c) == ';' || (c) == '=' || (c) == '?' || (c) == '@')
#define IS_BRACKET(c) ((c) > ' ' && (c) != 0x7f && (c) != '"' && (c) != '<' && (c) != '>')
#define IS_HEX(c) (((c) >= '0' && (c) <= '9') || ((c) >= 'A' && (c) <= 'F') || ((c) >= 'a' && (c) <= 'f'))
#define ONE(c)                                                                                                                                \
    (IS_TOKEN(c) ? STIR_C_TOKEN : 0) | (IS_PART(c) ? STIR_C_PART : 0) | (IS_URL(c) ? STIR_C_URL : 0) | (IS_BRACKET(c) ? STIR_C_BRACKET : 0) | \
        (IS_BRACKET(c) && (c) != ';' ? STIR_C_FIELD : 0) | (IS_HEX(c) ? STIR_C_HEX : 0)
#define FOUR(c) ONE(c), ONE((c) + 1), ONE((c) + 2), ONE((c) + 3)
#define ROW(c) FOUR(c), FOUR((c) + 4), FOUR((c) + 8), FOUR((c) + 12)
const unsigned char stir_classes[256] = {ROW(0x00), ROW(0x10), ROW(0x20), ROW(0x30), ROW(0x40), ROW(0x50), ROW(0x60), ROW(0x70),
                                         ROW(0x80), ROW(0x90), ROW(0xa0), ROW(0xb0), ROW(0xc0), ROW(0xd0), ROW(0xe0), ROW(0xf0)};

/* Length of the UTF-8 sequence at the start of `s`, 0 when it is none. */
static size_t utf8_step(struct stir_slice s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    if (s.n == 0)
        return 0;
    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    size_t n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (s.n < n)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return n;
}

bool stir_utf8_valid(struct stir_slice s)
{
    struct stir_reader r = stir_reader_of(s);
    while ((r.p = stir_json_skip_plain(r.p, r.end)) < r.end) {
        size_t n = utf8_step(stir_slice_of(r.p, stir_reader_left(&r)));
        if (n == 0)
            return false;
        r.p += n;
    }
    return true;
}

/* A character that needs an escape. */
static void put_json_escape(struct stir_writer *w, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    const char *named = c == '"'    ? "\\\""
                        : c == '\\' ? "\\\\"
                        : c == '\n' ? "\\n"
                        : c == '\r' ? "\\r"
                        : c == '\t' ? "\\t"
                        : c == '\b' ? "\\b"
                        : c == '\f' ? "\\f"
                                    : NULL;
    if (named) {
        stir_put(w, named, 2);
        return;
    }
    char escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    stir_put(w, escape, 6);
}

void stir_put_json_string(struct stir_writer *w, struct stir_slice s)
{
    struct stir_reader r = stir_reader_of(s);
    stir_put_char(w, '"');
    while (r.p < r.end) {
        const unsigned char *from = r.p;
        r.p = stir_json_skip_plain(from, r.end);
        stir_put(w, from, (size_t)(r.p - from));
        if (r.p == r.end)
            break;
        size_t n = utf8_step(stir_slice_of(r.p, stir_reader_left(&r)));
        if (n == 0)
            stir_put(w, "\xef\xbf\xbd", 3);
        else if (*r.p < 0x80)
            put_json_escape(w, *r.p);
        else
            stir_put(w, r.p, n);
        r.p += n ? n : 1;
    }
    stir_put_char(w, '"');
}

void stir_put_format(struct stir_writer *w, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (n > 0)
        stir_put(w, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

enum stir_err stir_writer_close(struct stir_writer *w, size_t *len)
{
    if (len)
        *len = w->need;
    if (w->need < w->cap) {
        w->p[w->need] = '\0';
        return STIR_OK;
    }
    if (w->cap)
        w->p[0] = '\0';
    return STIR_ELIMIT;
}

enum stir_err stir_writer_end(struct stir_writer *w, size_t *len)
{
    if (len)
        *len = w->need;
    return w->need <= w->cap ? STIR_OK : STIR_ELIMIT;
}

struct stir_arena_block {
    struct stir_arena_block *next;
    size_t used, size;
    _Alignas(max_align_t) unsigned char bytes[];
};

/* A block holds BLOCK bytes, or a PARTS-th of a limit that is low: what is kept by the thousand has one. */
enum { BLOCK = 8000, PARTS = 256 };

void *stir_arena_get(struct stir_arena *arena, size_t n)
{
    const size_t align = _Alignof(max_align_t);
    size_t limit = arena->limit ? arena->limit : STIR_ARENA_LIMIT;
    if (n > limit)
        return NULL;
    n = (n + align - 1) / align * align;
    if (n > limit - arena->used || arena->used > limit)
        return NULL;
    struct stir_arena_block *block = arena->blocks;
    if (!block || block->size - block->used < n) {
        size_t size = limit / PARTS < BLOCK ? limit / PARTS : BLOCK;
        size = n > size ? n : size;
        block = malloc(sizeof(*block) + size);
        if (!block)
            return NULL;
        block->used = 0;
        block->size = size;
        block->next = arena->blocks;
        arena->blocks = block;
    }
    void *p = block->bytes + block->used;
    block->used += n;
    arena->used += n;
    memset(p, 0, n);
    return p;
}

struct stir_slice stir_arena_copy(struct stir_arena *arena, struct stir_slice s)
{
    if (!s.p)
        return s;
    char *p = stir_arena_get(arena, s.n + 1);
    if (p && s.n)
        memcpy(p, s.p, s.n);
    return stir_slice_of(p, p ? s.n : 0);
}

const char *stir_arena_vformat(struct stir_arena *arena, const char *format, va_list args)
{
    char raw[512], text[512];
    if (vsnprintf(raw, sizeof(raw), format, args) < 0)
        return NULL;
    copy_printable(text, sizeof(text), raw);
    return stir_arena_copy(arena, stir_slice_str(text)).p;
}

const char *stir_arena_format(struct stir_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = stir_arena_vformat(arena, format, args);
    va_end(args);
    return text;
}

size_t stir_arena_held(const struct stir_arena *arena)
{
    size_t n = 0;
    for (const struct stir_arena_block *block = arena->blocks; block; block = block->next)
        n += sizeof(*block) + block->size;
    return n;
}

void stir_arena_clear(struct stir_arena *arena)
{
    while (arena->blocks) {
        struct stir_arena_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
    arena->used = 0;
}

bool stir_slice_ieq(struct stir_slice a, struct stir_slice b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (stir_lower(a.p[i]) != stir_lower(b.p[i]))
            return false;
    return true;
}

int stir_slice_compare(struct stir_slice a, struct stir_slice b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

struct stir_slice stir_slice_trim(struct stir_slice s)
{
    while (s.n && (stir_is_space(s.p[0]) || s.p[0] == '\r' || s.p[0] == '\n'))
        s = stir_slice_from(s, 1);
    while (s.n && (stir_is_space(s.p[s.n - 1]) || s.p[s.n - 1] == '\r' || s.p[s.n - 1] == '\n'))
        s.n--;
    return s;
}

size_t stir_slice_find(struct stir_slice s, char c)
{
    const char *hit = s.n ? memchr(s.p, c, s.n) : NULL;
    return hit ? (size_t)(hit - s.p) : s.n;
}
