#include <stdlib.h>

#include "core/cert.h"

/* What is known of an attribute type: RFC 4519 name, identifier, the string type it is written as, its upper bound in characters (RFC 5280 A.1). */
struct attribute {
    const char *name;
    struct stir_slice oid;
    unsigned char tag;
    unsigned max;
};
enum { C, O, CN, SERIAL_NUMBER, N_OTHERS };
#define OID(bytes)                \
    {                             \
        bytes, sizeof(bytes) - 1, \
    }
static const struct attribute attributes[] = {
    [C] = {"C", OID("\x55\x04\x06"), STIR_DER_PRINTABLE, 2},
    [O] = {"O", OID("\x55\x04\x0a"), STIR_DER_UTF8, 64},
    [CN] = {"CN", OID("\x55\x04\x03"), STIR_DER_UTF8, 64},
    [SERIAL_NUMBER] = {"serialNumber", OID("\x55\x04\x05"), STIR_DER_PRINTABLE, 64},
    [N_OTHERS] = {"OU", OID("\x55\x04\x0b"), STIR_DER_UTF8, 64},
    {"L", OID("\x55\x04\x07"), STIR_DER_UTF8, 128},
    {"ST", OID("\x55\x04\x08"), STIR_DER_UTF8, 128},
    {"STREET", OID("\x55\x04\x09"), STIR_DER_UTF8, 128},
    {"DC", OID("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"), STIR_DER_IA5, 63},
    {"UID", OID("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01"), STIR_DER_UTF8, 128},
    {"emailAddress", OID("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"), STIR_DER_IA5, 255},
};
enum {
    N_ATTRIBUTES = sizeof(attributes) / sizeof(attributes[0]),
    NAME_PARTS = 16, /* of a one-line text that is written */
    VALUE_MAX = 512, /* bytes of one of its values */
};

static const struct attribute *attribute_of(struct stir_slice oid)
{
    for (size_t i = 0; i < N_ATTRIBUTES; i++)
        if (stir_slice_eq(attributes[i].oid, oid))
            return &attributes[i];
    return NULL;
}

/* --- characters --- */

static uint32_t big_endian(const unsigned char *p, size_t n)
{
    uint32_t c = 0;
    for (size_t i = 0; i < n; i++)
        c = c << 8 | p[i];
    return c;
}

static uint32_t next_utf8(struct stir_reader *r)
{
    unsigned lead = *r->p;
    size_t n = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (stir_reader_left(r) < n || !stir_utf8_valid(stir_slice_of(r->p, n))) {
        r->p++;
        return 0xfffd;
    }
    uint32_t c = n == 1 ? lead : lead & (0x7fu >> n);
    for (size_t i = 1; i < n; i++)
        c = c << 6 | (r->p[i] & 0x3f);
    r->p += n;
    return c;
}

/* The next character of a string of type `tag`; U+FFFD where there is none. T61String is read as Latin-1, as everybody does, and so are the high bytes that
 * the ASCII types may not have. False at the end, and for a type that is no string. */
static bool next_char(struct stir_reader *r, unsigned char tag, uint32_t *out)
{
    size_t left = stir_reader_left(r), unit = tag == STIR_DER_BMP ? 2 : tag == STIR_DER_UNIVERSAL ? 4 : 1;
    if (left == 0)
        return false;
    if (tag == STIR_DER_UTF8) {
        *out = next_utf8(r);
        return true;
    }
    if (left < unit) {
        r->p = r->end;
        *out = 0xfffd;
        return true;
    }
    uint32_t c = big_endian(r->p, unit);
    r->p += unit;
    if (unit == 2 && c >= 0xd800 && c < 0xdc00 && left >= 4 && (r->p[0] & 0xfc) == 0xdc) {
        c = 0x10000 + ((c - 0xd800) << 10) + (big_endian(r->p, 2) - 0xdc00);
        r->p += 2;
    }
    *out = c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0xfffd : c;
    return true;
}

static bool is_string(unsigned char tag)
{
    switch (tag) {
    case STIR_DER_UTF8:
    case STIR_DER_NUMERIC:
    case STIR_DER_PRINTABLE:
    case STIR_DER_T61:
    case STIR_DER_IA5:
    case STIR_DER_VISIBLE:
    case STIR_DER_UNIVERSAL:
    case STIR_DER_BMP: return true;
    default: return false;
    }
}

/* A code point as UTF-8; answers its bytes. */
static size_t to_utf8(char out[4], uint32_t c)
{
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(n == 1 ? c : lead[n] | c);
    return n;
}

/* --- reading --- */

/* One AttributeTypeAndValue of the content of an RDN. */
struct pair {
    struct stir_slice oid, value, whole;
    unsigned char tag;
};

static enum stir_err next_pair(struct stir_reader *rdn, struct pair *out)
{
    struct stir_slice content;
    TRY(stir_der_get(rdn, STIR_DER_SEQUENCE, &content, NULL));
    struct stir_reader r = stir_reader_of(content);
    TRY(stir_der_get(&r, STIR_DER_OID, &out->oid, NULL));
    TRY(stir_der_any(&r, &out->tag, &out->value, &out->whole));
    return stir_reader_left(&r) ? STIR_EDER : STIR_OK;
}

static enum stir_err next_rdn(struct stir_reader *name, struct stir_reader *rdn)
{
    struct stir_slice content;
    TRY(stir_der_get(name, STIR_DER_SET, &content, NULL));
    *rdn = stir_reader_of(content);
    return content.n ? STIR_OK : STIR_EDER;
}

static struct stir_slice value_text(const struct pair *pair, struct stir_arena *arena)
{
    struct stir_slice none = {NULL, 0};
    if (!is_string(pair->tag))
        return none;
    char *text = stir_arena_get(arena, pair->value.n * 3 + 1), utf8[4];
    struct stir_writer w = stir_writer_of(text, text ? pair->value.n * 3 : 0);
    struct stir_reader r = stir_reader_of(pair->value);
    for (uint32_t c; next_char(&r, pair->tag, &c);)
        stir_put(&w, utf8, to_utf8(utf8, c));
    return stir_slice_of(text, text ? w.need : 0);
}

static enum stir_err note(struct stir_slice *first, unsigned *count, const struct pair *pair, struct stir_arena *arena)
{
    if ((*count)++)
        return STIR_OK;
    *first = value_text(pair, arena);
    return first->p || !is_string(pair->tag) ? STIR_OK : STIR_ENOMEM;
}

static enum stir_err note_pair(struct stir_name_parts *parts, const struct pair *pair, struct stir_arena *arena)
{
    parts->n_all++;
    if (stir_slice_eq(pair->oid, attributes[CN].oid))
        return note(&parts->cn, &parts->n_cn, pair, arena);
    if (stir_slice_eq(pair->oid, attributes[O].oid))
        return note(&parts->o, &parts->n_o, pair, arena);
    if (stir_slice_eq(pair->oid, attributes[C].oid))
        return note(&parts->c, &parts->n_c, pair, arena);
    if (stir_slice_eq(pair->oid, attributes[SERIAL_NUMBER].oid))
        return note(&parts->serial_number, &parts->n_serial_number, pair, arena);
    return STIR_OK;
}

enum stir_err stir_name_read(struct stir_name_parts *out, struct stir_slice name_der, struct stir_arena *arena)
{
    struct stir_name_parts parts = {.n_all = 0};
    struct stir_slice content;
    struct stir_reader rdn;
    struct pair pair;
    TRY(stir_der_only(name_der, STIR_DER_SEQUENCE, &content));
    for (struct stir_reader name = stir_reader_of(content); stir_reader_left(&name);) {
        TRY(next_rdn(&name, &rdn));
        while (stir_reader_left(&rdn)) {
            TRY(next_pair(&rdn, &pair));
            TRY(note_pair(&parts, &pair, arena));
        }
    }
    *out = parts;
    return STIR_OK;
}

/* --- one line for people (RFC 2253) --- */

static void put_hex(struct stir_writer *w, struct stir_slice bytes, const char *before)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char c = (unsigned char)bytes.p[i];
        stir_put_text(w, before);
        stir_put_char(w, hex[c >> 4]);
        stir_put_char(w, hex[c & 15]);
    }
}

/* RFC 2253 §2.4; control and non-ASCII characters as pairs of hex digits, too. */
static void put_escaped(struct stir_writer *w, uint32_t c, bool first, bool last)
{
    char utf8[4];
    size_t n = to_utf8(utf8, c);
    if (c < 0x20 || c >= 0x7f) {
        put_hex(w, stir_slice_of(utf8, n), "\\");
        return;
    }
    if (memchr(",+\"\\<>;", (int)c, 7) || (c == ' ' && (first || last)) || (c == '#' && first))
        stir_put_char(w, '\\');
    stir_put(w, utf8, n);
}

static void put_value(struct stir_writer *w, const struct attribute *known, const struct pair *pair)
{
    if (!known || !is_string(pair->tag)) {
        stir_put_char(w, '#');
        put_hex(w, pair->whole, "");
        return;
    }
    struct stir_reader r = stir_reader_of(pair->value);
    bool first = true;
    for (uint32_t c; next_char(&r, pair->tag, &c); first = false)
        put_escaped(w, c, first, stir_reader_left(&r) == 0);
}

static enum stir_err put_pair(struct stir_writer *w, const struct pair *pair)
{
    const struct attribute *known = attribute_of(pair->oid);
    if (known) {
        stir_put_text(w, known->name);
    } else {
        struct stir_arena arena = {NULL, 0, 0};
        struct stir_slice oid;
        enum stir_err err = stir_oid_text(&oid, pair->oid, &arena);
        if (err == STIR_OK)
            stir_put_slice(w, oid);
        stir_arena_clear(&arena);
        TRY(err);
    }
    stir_put_char(w, '=');
    put_value(w, known, pair);
    return STIR_OK;
}

static enum stir_err put_rdn(struct stir_writer *w, struct stir_reader rdn)
{
    struct pair pair;
    for (bool first = true; stir_reader_left(&rdn); first = false) {
        if (!first)
            stir_put_char(w, '+');
        TRY(next_pair(&rdn, &pair));
        TRY(put_pair(w, &pair));
    }
    return STIR_OK;
}

/* Put the RDNs, each with a comma before it, the last one first, so that they end at `end`; without `end` only measure. */
static enum stir_err put_reversed(char *end, struct stir_slice content, size_t *n)
{
    struct stir_reader rdn;
    *n = 0;
    for (struct stir_reader name = stir_reader_of(content); stir_reader_left(&name);) {
        struct stir_writer measure = stir_writer_of(NULL, 0);
        TRY(next_rdn(&name, &rdn));
        TRY(put_rdn(&measure, rdn));
        *n += measure.need + 1;
        if (!end)
            continue;
        struct stir_writer w = stir_writer_of(end - *n, measure.need + 1);
        stir_put_char(&w, ',');
        TRY(put_rdn(&w, rdn));
    }
    return STIR_OK;
}

static char *copy_text(const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = malloc(n);
    if (copy)
        memcpy(copy, text, n);
    return copy;
}

char *stir_name_text(struct stir_slice name_der)
{
    struct stir_slice content;
    size_t n;
    enum stir_err err = stir_der_only(name_der, STIR_DER_SEQUENCE, &content);
    if (err == STIR_OK)
        err = put_reversed(NULL, content, &n);
    if (err == STIR_ENOMEM)
        return NULL;
    if (err != STIR_OK)
        return copy_text("?");
    if (n == 0)
        return copy_text("");
    char *text = malloc(n + 1);
    if (!text)
        return NULL;
    if (put_reversed(text + n, content, &n) != STIR_OK) {
        free(text);
        return NULL;
    }
    memmove(text, text + 1, n - 1); /* without the first comma */
    text[n - 1] = '\0';
    return text;
}

/* --- writing --- */

/* Characters of PrintableString (X.680 41.4). */
static bool is_printable(uint32_t c)
{
    return c < 0x80 && (stir_is_alpha((int)c) || stir_is_digit((int)c) || (c && strchr(" '()+,-./:=?", (int)c)));
}

static enum stir_err check_value(const struct attribute *a, struct stir_slice value, const char *what, struct stir_diag *diag)
{
    struct stir_reader r = stir_reader_of(value);
    size_t n = 0;
    if (!stir_utf8_valid(value))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s: %s is not UTF-8", what, a->name);
    for (uint32_t c; next_char(&r, STIR_DER_UTF8, &c); n++) {
        if (c < 0x20 || (c >= 0x7f && c < 0xa0))
            return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s: %s has a control character", what, a->name);
        if (a->tag == STIR_DER_PRINTABLE && !is_printable(c))
            return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s: %s \"%.*s\" has a character that PrintableString has not", what, a->name, STIR_SHOW(value));
        if (a->tag == STIR_DER_IA5 && c >= 0x80)
            return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s: %s \"%.*s\" is not ASCII", what, a->name, STIR_SHOW(value));
    }
    if (a == &attributes[C] && (value.n != 2 || value.p[0] < 'A' || value.p[0] > 'Z' || value.p[1] < 'A' || value.p[1] > 'Z'))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s: country \"%.*s\" is not two capital letters, such as US", what, STIR_SHOW(value));
    if (n == 0 || n > a->max)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s: %s has %zu characters; 1 to %u are allowed", what, a->name, n, a->max);
    return STIR_OK;
}

static enum stir_err put_attribute(struct stir_writer *w, const struct attribute *a, struct stir_slice value, const char *what, struct stir_diag *diag)
{
    TRY(check_value(a, value, what, diag));
    size_t rdn = stir_der_open(w, STIR_DER_SET), pair = stir_der_open(w, STIR_DER_SEQUENCE);
    stir_der_put(w, STIR_DER_OID, a->oid);
    stir_der_put(w, a->tag, value);
    stir_der_close(w, pair);
    stir_der_close(w, rdn);
    return STIR_OK;
}

enum stir_err stir_name_put(struct stir_writer *w, const struct stir_name_parts *parts, struct stir_diag *diag)
{
    const struct stir_slice values[] = {[C] = parts->c, [O] = parts->o, [CN] = parts->cn, [SERIAL_NUMBER] = parts->serial_number};
    size_t name = stir_der_open(w, STIR_DER_SEQUENCE);
    for (size_t i = C; i <= SERIAL_NUMBER; i++)
        if (values[i].p)
            TRY(put_attribute(w, &attributes[i], values[i], "subject", diag));
    stir_der_close(w, name);
    return STIR_OK;
}

/* Without the escapes of RFC 2253 §2.4. False: a stray backslash or quote, or too long. */
static bool unescape(struct stir_writer *w, struct stir_slice text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '"' || c == '+' || c == '<' || c == '>' || c == ';')
            return false;
        if (c != '\\') {
            stir_put_char(w, c);
            continue;
        }
        if (++i >= text.n)
            return false;
        int high = stir_hex_value(text.p[i]), low = i + 1 < text.n ? stir_hex_value(text.p[i + 1]) : -1;
        if (high >= 0 && low >= 0) {
            stir_put_char(w, (char)(high << 4 | low));
            i++;
        } else if (memchr(" ,+\"\\<>;=#", text.p[i], 10)) {
            stir_put_char(w, text.p[i]);
        } else {
            return false;
        }
    }
    return w->need <= w->cap;
}

/* Without blanks around; one that is escaped at the end stays. */
static struct stir_slice trim_value(struct stir_slice value)
{
    while (value.n && value.p[0] == ' ')
        value = stir_slice_from(value, 1);
    while (value.n && value.p[value.n - 1] == ' ' && !(value.n > 1 && value.p[value.n - 2] == '\\'))
        value.n--;
    return value;
}

static enum stir_err put_text_part(struct stir_writer *w, struct stir_slice part, const char *what, struct stir_diag *diag)
{
    char text[VALUE_MAX];
    struct stir_writer value = stir_writer_of(text, sizeof(text));
    size_t eq = stir_slice_find(part, '=');
    struct stir_slice key = stir_slice_trim(stir_slice_upto(part, eq));
    if (eq == part.n)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s: \"%.*s\" is not type=value", what, STIR_SHOW(part));
    const struct attribute *a = NULL;
    for (size_t i = 0; i < N_ATTRIBUTES && !a; i++)
        if (stir_slice_ieq(stir_slice_str(attributes[i].name), key))
            a = &attributes[i];
    if (!a)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s: attribute \"%.*s\" is none of C, O, CN, serialNumber, OU, L, ST, STREET, DC, UID, emailAddress",
                             what, STIR_SHOW(key));
    struct stir_slice raw = trim_value(stir_slice_from(part, eq + 1));
    if ((raw.n && raw.p[0] == '#') || !unescape(&value, raw))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s: the value of %s wants a backslash before each of , + \" \\ < > ; and a # at its start", what,
                             a->name);
    return put_attribute(w, a, stir_slice_of(text, value.need), what, diag);
}

/* Up to the next comma that has no backslash before it. */
static struct stir_slice next_part(struct stir_slice *text)
{
    size_t n = 0;
    while (n < text->n && text->p[n] != ',')
        n += text->p[n] == '\\' && n + 1 < text->n ? 2 : 1;
    struct stir_slice part = stir_slice_upto(*text, n);
    *text = stir_slice_from(*text, n < text->n ? n + 1 : n);
    return part;
}

enum stir_err stir_name_put_text(struct stir_writer *w, struct stir_slice text, const char *what, struct stir_diag *diag)
{
    struct stir_slice parts[NAME_PARTS];
    size_t n = 0;
    bool more = true;
    while (more) {
        if (n == NAME_PARTS)
            return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s has more than %d parts", what, NAME_PARTS);
        size_t before = text.n;
        parts[n] = next_part(&text);
        more = parts[n].n < before; /* a comma stood there: a part must follow */
        n++;
    }
    size_t name = stir_der_open(w, STIR_DER_SEQUENCE);
    while (n-- > 0)
        TRY(put_text_part(w, parts[n], what, diag));
    stir_der_close(w, name);
    return STIR_OK;
}
