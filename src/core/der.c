#include "core/der.h"

#include <openssl/asn1.h>
#include <openssl/objects.h>

#include "core/time.h"

enum {
    OID_MAX = 64, /* content bytes; the longest in use (2.25 with a UUID) has 20 */
    OID_TEXT = 256,
};

STIR_AUTO_FREE(ASN1_OBJECT, ASN1_OBJECT_free)

enum stir_err stir_der_only(struct stir_slice text, unsigned char tag, struct stir_slice *content)
{
    struct stir_reader r = stir_reader_of(text);
    TRY(stir_der_get(&r, tag, content, NULL));
    return stir_reader_left(&r) ? STIR_EDER : STIR_OK;
}

enum stir_err stir_der_any(struct stir_reader *r, unsigned char *tag, struct stir_slice *content, struct stir_slice *whole)
{
    int next = stir_der_peek(r);
    if (next < 0)
        return STIR_EDER;
    if (tag)
        *tag = (unsigned char)next;
    return stir_der_get(r, (unsigned char)next, content, whole);
}

enum stir_err stir_der_access(struct stir_slice value, struct stir_slice method, struct stir_slice *url)
{
    struct stir_slice content, found = {NULL, 0};
    TRY(stir_der_only(value, STIR_DER_SEQUENCE, &content));
    if (content.n == 0)
        return STIR_EDER;
    for (struct stir_reader r = stir_reader_of(content); stir_reader_left(&r);) {
        struct stir_slice description, oid, location;
        unsigned char tag;
        TRY(stir_der_get(&r, STIR_DER_SEQUENCE, &description, NULL));
        struct stir_reader in = stir_reader_of(description);
        TRY(stir_der_get(&in, STIR_DER_OID, &oid, NULL));
        TRY(stir_der_any(&in, &tag, &location, NULL));
        if (stir_reader_left(&in))
            return STIR_EDER;
        if (tag == STIR_DER_PRIMITIVE(6) && stir_slice_eq(oid, method) && !found.p) /* a URI */
            found = location;
    }
    *url = found;
    return STIR_OK;
}

enum stir_err stir_der_bool(struct stir_reader *r, bool *out)
{
    struct stir_slice content;
    TRY(stir_der_get(r, STIR_DER_BOOLEAN, &content, NULL));
    if (content.n != 1 || (content.p[0] != '\0' && (unsigned char)content.p[0] != 0xff))
        return STIR_EDER;
    *out = content.p[0] != '\0';
    return STIR_OK;
}

bool stir_der_integer_ok(struct stir_slice content)
{
    const unsigned char *p = (const unsigned char *)content.p;
    if (content.n < 2)
        return content.n == 1;
    return !(p[0] == 0x00 && p[1] < 0x80) && !(p[0] == 0xff && p[1] >= 0x80);
}

/* Every arc ends, and none begins with a zero digit (X.690 8.19.2). */
static bool oid_ok(struct stir_slice content)
{
    const unsigned char *p = (const unsigned char *)content.p;
    if (content.n == 0 || content.n > OID_MAX || p[content.n - 1] & 0x80)
        return false;
    for (size_t i = 0; i < content.n; i++)
        if (p[i] == 0x80 && (i == 0 || !(p[i - 1] & 0x80)))
            return false;
    return true;
}

enum stir_err stir_oid_text(struct stir_slice *out, struct stir_slice content, struct stir_arena *arena)
{
    char text[OID_TEXT];
    unsigned char der[OID_MAX + 2];
    const unsigned char *p = der;
    if (!oid_ok(content))
        return STIR_EDER;
    der[0] = STIR_DER_OID;
    der[1] = (unsigned char)content.n;
    memcpy(der + 2, content.p, content.n);
    STIR_AUTO(ASN1_OBJECT) *oid = d2i_ASN1_OBJECT(NULL, &p, (long)content.n + 2);
    if (!oid)
        return STIR_ENOMEM;
    int n = OBJ_obj2txt(text, sizeof(text), oid, 1);
    if (n <= 0 || (size_t)n >= sizeof(text))
        return STIR_EDER;
    struct stir_slice copy = stir_arena_copy(arena, stir_slice_of(text, (size_t)n));
    if (!copy.p)
        return STIR_ENOMEM;
    *out = copy;
    return STIR_OK;
}

enum stir_err stir_oid_put(struct stir_writer *w, struct stir_slice dotted)
{
    unsigned char content[OID_MAX];
    char last = '.';
    if (dotted.n == 0 || dotted.n >= OID_TEXT)
        return STIR_EVALUE;
    for (size_t i = 0; i < dotted.n; i++) {
        char c = dotted.p[i];
        bool leading_zero = last == '.' && c == '0' && i + 1 < dotted.n && dotted.p[i + 1] != '.';
        if (c == '.' ? last == '.' : !stir_is_digit(c) || leading_zero)
            return STIR_EVALUE;
        last = c;
    }
    /* With no room given it measures; a final dot and a single arc are its own errors, too. */
    int n = last == '.' ? 0 : a2d_ASN1_OBJECT(NULL, 0, dotted.p, (int)dotted.n);
    if (n <= 0 || n > OID_MAX || a2d_ASN1_OBJECT(content, OID_MAX, dotted.p, (int)dotted.n) != n)
        return STIR_EVALUE;
    stir_put(w, content, (size_t)n);
    return STIR_OK;
}

size_t stir_der_open(struct stir_writer *w, unsigned char tag)
{
    stir_put_char(w, (char)tag);
    stir_put_char(w, '\0');
    return w->need;
}

void stir_der_close(struct stir_writer *w, size_t at)
{
    size_t n = w->need - at, extra = 0;
    char length[sizeof(size_t)];
    for (size_t left = n; n >= 0x80 && left; left >>= 8)
        extra++;
    for (size_t i = 0; i < extra; i++)
        length[i] = (char)(n >> 8 * (extra - 1 - i));
    stir_put(w, length, extra); /* takes the room; the bytes go before the content */
    if (w->need > w->cap)
        return;
    memmove(w->p + at + extra, w->p + at, n);
    memcpy(w->p + at, length, extra);
    w->p[at - 1] = (char)(extra ? 0x80 | extra : n);
}

void stir_der_put(struct stir_writer *w, unsigned char tag, struct stir_slice content)
{
    size_t at = stir_der_open(w, tag);
    stir_put_slice(w, content);
    stir_der_close(w, at);
}

/* `n` digits from `at`, -1 when one is none. */
static int digits(struct stir_slice text, size_t at, size_t n)
{
    int value = 0;
    for (size_t i = at; i < at + n; i++) {
        if (!stir_is_digit(text.p[i]))
            return -1;
        value = value * 10 + (text.p[i] - '0');
    }
    return value;
}

enum stir_err stir_der_time(struct stir_reader *r, int64_t *out)
{
    struct stir_slice text;
    bool utc = stir_der_peek(r) == STIR_DER_UTC_TIME;
    struct stir_reader at = *r;
    TRY(stir_der_get(&at, utc ? STIR_DER_UTC_TIME : STIR_DER_GENERALIZED_TIME, &text, NULL));
    size_t year_digits = utc ? 2 : 4;
    if (text.n != year_digits + 11 || text.p[text.n - 1] != 'Z')
        return STIR_EDER;
    int year = digits(text, 0, year_digits);
    if (year < 0)
        return STIR_EDER;
    if (utc)
        year += year >= 50 ? 1900 : 2000;
    int field[5];
    for (size_t i = 0; i < 5; i++)
        field[i] = digits(text, year_digits + 2 * i, 2);
    if (!stir_time_from_civil(out, year, field[0], field[1], field[2], field[3], field[4]))
        return STIR_EDER;
    *r = at;
    return STIR_OK;
}

/*= RFC5280-4.1.2.5 */
enum stir_err stir_der_put_time(struct stir_writer *w, int64_t at)
{
    struct stir_civil t;
    if (!stir_time_to_civil(&t, at) || t.year < 1950)
        return STIR_EVALUE;
    bool utc = t.year < 2050;
    size_t value = stir_der_open(w, utc ? STIR_DER_UTC_TIME : STIR_DER_GENERALIZED_TIME);
    if (!utc)
        stir_put_format(w, "%02d", t.year / 100);
    stir_put_format(w, "%02d%02d%02d%02d%02d%02dZ", t.year % 100, t.month, t.day, t.hour, t.minute, t.second);
    stir_der_close(w, value);
    return STIR_OK;
}
