/* Bytes: a bounds-checked reader, a capped writer, a bounded arena, and the few macros that every room of the core uses. */
#ifndef STIR_CORE_BYTES_H
#define STIR_CORE_BYTES_H

#include <stdarg.h>
#include <stir/err.h>

/* The one macro that hides a return. */
#define TRY(call)                        \
    do {                                 \
        enum stir_err try_err_ = (call); \
        if (try_err_ != STIR_OK)         \
            return try_err_;             \
    } while (0)

/* Owned objects free themselves: STIR_AUTO(EVP_PKEY) *k = NULL; needs STIR_AUTO_FREE(EVP_PKEY, EVP_PKEY_free) once in the file. */
#define STIR_AUTO(type) __attribute__((cleanup(stir_auto_##type))) type
#define STIR_AUTO_FREE(type, free_fn)             \
    static inline void stir_auto_##type(type **p) \
    {                                             \
        if (*p)                                   \
            free_fn(*p);                          \
    }
/* The same for structs: STIR_AUTO_STRUCT(stir_cert) *c = NULL; */
#define STIR_AUTO_STRUCT(tag) __attribute__((cleanup(stir_auto_struct_##tag))) struct tag
#define STIR_AUTO_STRUCT_FREE(tag)                            \
    static inline void stir_auto_struct_##tag(struct tag **p) \
    {                                                         \
        tag##_free(*p);                                       \
    }
#define STIR_MOVE(p)                \
    __extension__({                 \
        __typeof__(p) moved_ = (p); \
        (p) = NULL;                 \
        moved_;                     \
    })

/* Everything public that calls OpenSSL begins with this: the host's error queue is left as it was found. */
int stir_ossl_quiet_begin(void);
void stir_ossl_quiet_end(int *mark);
#define STIR_OSSL_QUIET __attribute__((cleanup(stir_ossl_quiet_end), unused)) int stir_quiet_ = stir_ossl_quiet_begin()

/* Say what went wrong, when anybody listens; answers `err`, so that `return stir_diag_set(...)` reads well.
 * Control characters of arguments are escaped as \xNN. `offset` SIZE_MAX: none. */
enum stir_err stir_diag_set(struct stir_diag *diag, enum stir_err err, size_t offset, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* For "%.*s" with a slice: cut at 60 bytes, so that a message stays one line. */
#define STIR_SHOW(s) (int)((s).n < 60 ? (s).n : 60), ((s).p ? (s).p : "")

/* Reader: every step is checked against the end. */
struct stir_reader {
    const unsigned char *p, *end;
};
static inline struct stir_reader stir_reader_of(struct stir_slice s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    struct stir_reader r = {p, s.n ? p + s.n : p};
    return r;
}
static inline size_t stir_reader_left(const struct stir_reader *r)
{
    return (size_t)(r->end - r->p);
}
/* Next byte, or -1 at the end. */
static inline int stir_reader_peek(const struct stir_reader *r)
{
    return r->p < r->end ? *r->p : -1;
}
static inline int stir_reader_get(struct stir_reader *r)
{
    return r->p < r->end ? *r->p++ : -1;
}
static inline bool stir_reader_skip(struct stir_reader *r, size_t n)
{
    if (stir_reader_left(r) < n)
        return false;
    r->p += n;
    return true;
}

/* DER: read one tag-length-value with tag byte `tag`; *content gets the value, *whole (may be NULL) tag, length and value. Strict: minimal definite lengths,
 * one-byte tags.
 * @return STIR_OK or STIR_EDER; `r` moves only on STIR_OK. */
enum stir_err stir_der_get(struct stir_reader *r, unsigned char tag, struct stir_slice *content, struct stir_slice *whole) STIR_MUST_USE;
/* The tag byte that stands next, -1 at the end. */
static inline int stir_der_peek(const struct stir_reader *r)
{
    return stir_reader_peek(r);
}

/* Writer into the caller's buffer: counts on when it is full, so that `need` says how much it takes. */
struct stir_writer {
    char *p;
    size_t cap; /* without the closing NUL when closed with stir_writer_close() */
    size_t need;
};
static inline struct stir_writer stir_writer_of(void *buf, size_t cap)
{
    struct stir_writer w = {(char *)buf, cap, 0};
    return w;
}
static inline void stir_put(struct stir_writer *w, const void *bytes, size_t n)
{
    if (n && w->need <= w->cap && n <= w->cap - w->need)
        memcpy(w->p + w->need, bytes, n);
    w->need = w->need > SIZE_MAX - n ? SIZE_MAX : w->need + n;
}
static inline void stir_put_char(struct stir_writer *w, char c)
{
    stir_put(w, &c, 1);
}
static inline void stir_put_slice(struct stir_writer *w, struct stir_slice s)
{
    stir_put(w, s.p, s.n);
}
static inline void stir_put_text(struct stir_writer *w, const char *text)
{
    stir_put(w, text, strlen(text));
}
void stir_put_int(struct stir_writer *w, int64_t value);
/* A JSON string with its quotes, minimal escapes, for valid UTF-8; other bytes become U+FFFD. */
void stir_put_json_string(struct stir_writer *w, struct stir_slice s);
void stir_put_format(struct stir_writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Terminate with NUL and report: STIR_ELIMIT when it did not fit, and then the buffer is "" (when it has room for that). */
enum stir_err stir_writer_close(struct stir_writer *w, size_t *len) STIR_MUST_USE;
/* The same without NUL, for binary. */
enum stir_err stir_writer_end(struct stir_writer *w, size_t *len) STIR_MUST_USE;

/* Arena: everything of one call in one bounded set of blocks, freed at once. Zero it to begin. */
struct stir_arena {
    struct stir_arena_block *blocks;
    size_t used, limit; /* bytes handed out; 0 limit means STIR_ARENA_LIMIT */
};
#define STIR_ARENA_LIMIT (8u << 20) /* 16 identities of 16 KiB, decoded, with all verdict texts, stay far below */
/* Zeroed and aligned memory; NULL when out of memory or over the limit. */
void *stir_arena_get(struct stir_arena *arena, size_t n);
/* A copy of a slice, NUL behind it; absent stays absent, failure is absent too. */
struct stir_slice stir_arena_copy(struct stir_arena *arena, struct stir_slice s);
/* Formatted text; NULL on failure. Control characters are escaped. */
const char *stir_arena_format(struct stir_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *stir_arena_vformat(struct stir_arena *arena, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
void stir_arena_clear(struct stir_arena *arena);
/* Bytes of memory that it holds. */
size_t stir_arena_held(const struct stir_arena *arena);

/* Classes of characters, a bit each. */
enum {
    STIR_C_TOKEN = 1,   /* token of RFC 3261 §25.1 */
    STIR_C_PART = 2,    /* base64url (RFC 4648 §5) and the "." between the parts of a token */
    STIR_C_URL = 4,     /* RFC 3986 §2: unreserved, sub-delims and the gen-delims that may stand anywhere in a path, query or authority */
    STIR_C_BRACKET = 8, /* whatever does not end a URL in angle brackets: no control character, blank, '"', '<', '>' */
    STIR_C_FIELD = 16,  /* the same without ';', which ends one that has no brackets */
    STIR_C_HEX = 32,    /* a hex digit, in either case */
};
extern const unsigned char stir_classes[256];
/* Bytes at the start of `s` that are of one of `classes`. Four at a time, while they have one in common. */
static inline size_t stir_span(struct stir_slice s, unsigned classes)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t n = 0;
    while (s.n - n >= 4 && (stir_classes[p[n]] & stir_classes[p[n + 1]] & stir_classes[p[n + 2]] & stir_classes[p[n + 3]] & classes))
        n += 4;
    while (n < s.n && (stir_classes[p[n]] & classes))
        n++;
    return n;
}
/* All of `s` is, and it is not empty. */
static inline bool stir_is_all(struct stir_slice s, unsigned classes)
{
    return s.n && stir_span(s, classes) == s.n;
}

/* The first of eight bytes, read as one number, that has its top bit set in `marks`; a borrow may have marked those behind it, too. 0, and the caller looks
 * himself, where the first byte is not the lowest. */
static inline size_t stir_first_mark(uint64_t marks)
{
    return (size_t)(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_ctzll(marks) : 0) / 8;
}

/* The first byte from `p` on that does not stand for itself in a JSON string: a quote, a backslash, a control character, or more than ASCII. Eight at a time.
 */
static inline const unsigned char *stir_json_skip_plain(const unsigned char *p, const unsigned char *end)
{
    const uint64_t each = 0x0101010101010101u;
    for (uint64_t eight, marks; end - p >= 8; p += 8) {
        memcpy(&eight, p, 8);
        marks = ((eight - each * 0x20) | ((eight ^ each * '"') - each) | ((eight ^ each * '\\') - each) | eight) & each * 0x80;
        if (marks) {
            p += stir_first_mark(marks);
            break;
        }
    }
    while (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\')
        p++;
    return p;
}

/* ASCII helpers: no locale. */
static inline bool stir_is_digit(int c)
{
    return c >= '0' && c <= '9';
}
static inline bool stir_is_alpha(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
static inline bool stir_is_space(int c)
{
    return c == ' ' || c == '\t';
}
static inline char stir_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}
/* Value of a hex digit, -1 when it is none. */
static inline int stir_hex_value(int c)
{
    return stir_is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}
/* Equal but for ASCII case. */
bool stir_slice_ieq(struct stir_slice a, struct stir_slice b);
/* Below, at or above 0: byte by byte, then the shorter first. */
int stir_slice_compare(struct stir_slice a, struct stir_slice b);
/* Without blanks, tabs, CR and LF at both ends. */
struct stir_slice stir_slice_trim(struct stir_slice s);
/* First `c` in s, or s.n. */
size_t stir_slice_find(struct stir_slice s, char c);
static inline struct stir_slice stir_slice_from(struct stir_slice s, size_t at)
{
    return stir_slice_of(s.p + at, s.n - at);
}
static inline struct stir_slice stir_slice_upto(struct stir_slice s, size_t n)
{
    return stir_slice_of(s.p, n);
}
/* Valid UTF-8 without surrogates and overlong forms. */
bool stir_utf8_valid(struct stir_slice s);

#endif
