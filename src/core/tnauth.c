/* TNAuthorizationList (RFC 8226 §9), strict in and canonical out. Whatever was parsed is written again by us, and the entries point into that DER.
 * Questions of cover are answered from a sorted union of spans, so that ranges that adjoin or overlap count as one (RFC 9060 §4.1). */
#include <stir/tnauth.h>

#include <stdlib.h>

#include "core/bytes.h"

enum {
    TAG_INTEGER = 0x02,
    TAG_IA5STRING = 0x16,
    TAG_SEQUENCE = 0x30,
    TAG_SPC = 0xa0, /* the module's tags are EXPLICIT */
    TAG_RANGE = 0xa1,
    TAG_ONE = 0xa2,
};

/* The numbers low..high of one group: those of the same length, and apart from them those that have a '#' or '*', which no range holds. */
struct span {
    unsigned group;
    uint64_t low, high;
};

struct stir_tnauth {
    size_t n, n_spans, n_codes;
    struct stir_tnauth_entry *entries;
    struct span *spans;       /* sorted, neither overlapping nor adjoining */
    struct stir_slice *codes; /* sorted */
    struct stir_slice der;
    char *bytes; /* of `der` */
};

STIR_AUTO_STRUCT_FREE(stir_tnauth)

void stir_tnauth_free(struct stir_tnauth *list)
{
    if (!list)
        return;
    free(list->entries);
    free(list->spans);
    free(list->codes);
    free(list->bytes);
    free(list);
}

/* ---- Numbers ---- */

/* The number as a span of itself: decimal by its length, or base 12 when it has a '#' or '*' (12^15 < 2^64). */
static struct span span_of(struct stir_slice tn)
{
    uint64_t decimal = 0, dozens = 0;
    bool digits = true;
    for (size_t i = 0; i < tn.n; i++) {
        unsigned value = tn.p[i] == '*' ? 10 : tn.p[i] == '#' ? 11 : (unsigned)(tn.p[i] - '0');
        digits = digits && value < 10;
        decimal = decimal * 10 + value;
        dozens = dozens * 12 + value;
    }
    uint64_t at = digits ? decimal : dozens;
    return (struct span){(unsigned)tn.n + (digits ? 0 : STIR_TN_MAX + 1), at, at};
}

static bool is_number(struct stir_slice s, bool digits_only)
{
    if (s.n < 1 || s.n > STIR_TN_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!stir_is_digit(s.p[i]) && (digits_only || (s.p[i] != '*' && s.p[i] != '#')))
            return false;
    return true;
}

/* count MUST NOT make the number longer: the formula says start + count < 10^D. Read, it may also be equal: then the last number is 99...9, and the RFC's
 * sentence and its formula disagree. */
/*= RFC8226-9 */
static bool range_keeps_length(const struct stir_tnauth_entry *e, bool strict)
{
    uint64_t end = 1;
    for (size_t i = 0; i < e->text.n; i++)
        end *= 10;
    uint64_t room = end - span_of(e->text).low; /* 1..10^15 */
    return strict ? e->count < room : e->count <= room;
}

/* What is wrong with an entry, NULL when nothing is. Codes are profiled when they are made (`strict`), and only printable when they are read: real ones are
 * odd, and lint speaks about them. */
static const char *entry_fault(const struct stir_tnauth_entry *e, bool strict)
{
    switch (e->kind) {
    case STIR_TNAUTH_SPC:
        if (e->text.n == 0)
            return "a service provider code is empty";
        for (size_t i = 0; i < e->text.n; i++)
            if (e->text.p[i] <= ' ' || e->text.p[i] > '~' || (strict && !stir_is_alpha(e->text.p[i]) && !stir_is_digit(e->text.p[i])))
                return strict ? "a service provider code is made of letters and digits" : "a service provider code is printable ASCII without spaces";
        return NULL;
    case STIR_TNAUTH_RANGE:
        if (!is_number(e->text, true))
            return "a range begins with a number of 1 to 15 digits, without '#' and '*'";
        if (e->count < 2)
            return "a range has at least two numbers";
        return range_keeps_length(e, strict) ? NULL : "a range must not make its number longer (start + count must stay below 10^digits)";
    case STIR_TNAUTH_ONE: return is_number(e->text, false) ? NULL : "a number has 1 to 15 of the characters 0-9 # *, without '+'";
    }
    return "no such kind of entry";
}

/* ---- Writing ---- */

static size_t header_size(size_t n)
{
    return n < 0x80 ? 2 : n < 0x100 ? 3 : n < 0x10000 ? 4 : 5;
}

static void put_header(struct stir_writer *w, int tag, size_t n)
{
    stir_put_char(w, (char)tag);
    size_t bytes = header_size(n) - 2;
    stir_put_char(w, (char)(bytes ? 0x80 | bytes : n));
    while (bytes--)
        stir_put_char(w, (char)(n >> 8 * bytes & 0xff));
}

/* Bytes of a non-negative INTEGER: one more where the first bit would be a sign. */
static size_t integer_size(uint64_t value)
{
    size_t n = 1;
    while (n < 8 && value >> (8 * n - 1))
        n++;
    return n;
}

/* The entry's text, a slice of what was written. Texts have at most STIR_MAX_SPC characters and ranges stay below 32 bytes: short lengths inside. */
static struct stir_slice put_entry(struct stir_writer *w, const struct stir_tnauth_entry *e)
{
    static const int tags[] = {[STIR_TNAUTH_SPC] = TAG_SPC, [STIR_TNAUTH_RANGE] = TAG_RANGE, [STIR_TNAUTH_ONE] = TAG_ONE};
    size_t text = 2 + e->text.n, count = integer_size(e->count), range = text + 2 + count;
    put_header(w, tags[e->kind], e->kind == STIR_TNAUTH_RANGE ? 2 + range : text);
    if (e->kind == STIR_TNAUTH_RANGE)
        put_header(w, TAG_SEQUENCE, range);
    put_header(w, TAG_IA5STRING, e->text.n);
    size_t at = w->need;
    stir_put_slice(w, e->text);
    if (e->kind == STIR_TNAUTH_RANGE) {
        put_header(w, TAG_INTEGER, count);
        while (count--)
            stir_put_char(w, (char)(e->count >> 8 * count & 0xff));
    }
    return stir_slice_of(w->p ? w->p + at : NULL, e->text.n);
}

static enum stir_err write_der(struct stir_tnauth *list)
{
    struct stir_writer size = stir_writer_of(NULL, 0);
    for (size_t i = 0; i < list->n; i++)
        put_entry(&size, &list->entries[i]);
    size_t total = header_size(size.need) + size.need;
    if (total > STIR_MAX_TNAUTH)
        return STIR_ELIMIT;
    list->bytes = malloc(total);
    if (!list->bytes)
        return STIR_ENOMEM;
    struct stir_writer w = stir_writer_of(list->bytes, total);
    put_header(&w, TAG_SEQUENCE, size.need);
    for (size_t i = 0; i < list->n; i++)
        list->entries[i].text = put_entry(&w, &list->entries[i]);
    list->der = stir_slice_of(list->bytes, total);
    return STIR_OK;
}

/* ---- Union of numbers, order of codes ---- */

static int compare_spans(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    return (x->low > y->low) - (x->low < y->low);
}

static int compare_codes(const void *a, const void *b)
{
    const struct stir_slice *x = a, *y = b;
    int order = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);
    return order ? order : (x->n > y->n) - (x->n < y->n);
}

static void unite_spans(struct stir_tnauth *list)
{
    size_t kept = 0;
    qsort(list->spans, list->n_spans, sizeof(*list->spans), compare_spans);
    for (size_t i = 0; i < list->n_spans; i++) {
        const struct span s = list->spans[i];
        struct span *last = kept ? &list->spans[kept - 1] : NULL;
        if (!last || last->group != s.group || s.low > last->high + 1)
            list->spans[kept++] = s;
        else if (s.high > last->high)
            last->high = s.high;
    }
    list->n_spans = kept;
}

static enum stir_err index_entries(struct stir_tnauth *list)
{
    list->spans = calloc(list->n, sizeof(*list->spans));
    list->codes = calloc(list->n, sizeof(*list->codes));
    if (!list->spans || !list->codes)
        return STIR_ENOMEM;
    for (size_t i = 0; i < list->n; i++) {
        const struct stir_tnauth_entry *e = &list->entries[i];
        if (e->kind == STIR_TNAUTH_SPC) {
            list->codes[list->n_codes++] = e->text;
            continue;
        }
        struct span s = span_of(e->text);
        s.high += e->count - 1;
        list->spans[list->n_spans++] = s;
    }
    qsort(list->codes, list->n_codes, sizeof(*list->codes), compare_codes);
    unite_spans(list);
    return STIR_OK;
}

/* Lie all numbers of `inner` in the list? The united spans leave gaps between them, so one of them must hold it whole. */
static bool holds_span(const struct stir_tnauth *list, const struct span *inner)
{
    size_t low = 0, high = list->n_spans; /* the last span that begins at or before `inner` is the one before `high` */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_spans(&list->spans[middle], inner) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low && list->spans[low - 1].group == inner->group && inner->high <= list->spans[low - 1].high;
}

/* Every code of `child` is one of the list's; both are sorted, so that one walk over them answers. */
static bool holds_codes(const struct stir_tnauth *list, const struct stir_tnauth *child)
{
    size_t at = 0;
    for (size_t i = 0; i < child->n_codes; i++) {
        while (at < list->n_codes && compare_codes(&list->codes[at], &child->codes[i]) < 0)
            at++;
        if (at == list->n_codes || !stir_slice_eq(list->codes[at], child->codes[i]))
            return false;
    }
    return true;
}

/* ---- Reading ---- */

static enum stir_err read_text(struct stir_reader *r, struct stir_slice *text)
{
    return stir_der_get(r, TAG_IA5STRING, text, NULL);
}

/* INTEGER (2..MAX), minimal. What does not fit 63 bits lengthens any number; what is negative is below 2. */
static enum stir_err read_count(struct stir_reader *r, uint64_t *count)
{
    struct stir_slice s;
    TRY(stir_der_get(r, TAG_INTEGER, &s, NULL));
    const unsigned char *p = (const unsigned char *)s.p;
    if (s.n == 0 || (s.n > 1 && ((p[0] == 0 && p[1] < 0x80) || (p[0] == 0xff && p[1] >= 0x80))))
        return STIR_EDER;
    if (p[0] >= 0x80 || s.n > 8)
        return STIR_EVALUE;
    *count = 0;
    for (size_t i = 0; i < s.n; i++)
        *count = *count << 8 | p[i];
    return STIR_OK;
}

/* SEQUENCE { start, count, ... }: members that a later version may add are read over. */
static enum stir_err read_range(struct stir_reader *r, struct stir_tnauth_entry *e)
{
    struct stir_slice members;
    TRY(stir_der_get(r, TAG_SEQUENCE, &members, NULL));
    struct stir_reader in = stir_reader_of(members);
    TRY(read_text(&in, &e->text));
    TRY(read_count(&in, &e->count));
    while (stir_reader_left(&in))
        TRY(stir_der_get(&in, (unsigned char)stir_der_peek(&in), NULL, NULL));
    return STIR_OK;
}

static enum stir_err read_entry(struct stir_reader *r, struct stir_tnauth_entry *e)
{
    struct stir_slice content;
    unsigned char tag = (unsigned char)stir_der_peek(r);
    TRY(stir_der_get(r, tag, &content, NULL));
    struct stir_reader in = stir_reader_of(content);
    *e = (struct stir_tnauth_entry){.kind = STIR_TNAUTH_SPC};
    switch (tag) {
    case TAG_SPC: TRY(read_text(&in, &e->text)); break;
    case TAG_RANGE:
        e->kind = STIR_TNAUTH_RANGE;
        TRY(read_range(&in, e));
        break;
    case TAG_ONE:
        e->kind = STIR_TNAUTH_ONE;
        TRY(read_text(&in, &e->text));
        break;
    default: return STIR_EDER;
    }
    return stir_reader_left(&in) ? STIR_EDER : STIR_OK;
}

/* Entries of the list, at least one; with `entries` NULL they are only counted. */
/*= RFC8226-11.2 */
static enum stir_err read_entries(struct stir_slice der, struct stir_tnauth_entry *entries, size_t *n)
{
    struct stir_slice content;
    struct stir_reader r = stir_reader_of(der);
    TRY(stir_der_get(&r, TAG_SEQUENCE, &content, NULL));
    if (stir_reader_left(&r) || content.n == 0)
        return STIR_EDER;
    r = stir_reader_of(content);
    for (*n = 0; stir_reader_left(&r); ++*n) {
        struct stir_tnauth_entry e;
        TRY(read_entry(&r, &e));
        if (*n == STIR_MAX_TNENTRIES)
            return STIR_ELIMIT;
        if (entries)
            entries[*n] = e;
    }
    return STIR_OK;
}

/* ---- Making ---- */

static enum stir_err check_entries(const struct stir_tnauth *list, bool strict, struct stir_diag *diag)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct stir_tnauth_entry *e = &list->entries[i];
        const char *fault = entry_fault(e, strict);
        if (fault)
            return stir_diag_set(diag, STIR_EVALUE, i, "entry %zu \"%.*s\": %s", i + 1, STIR_SHOW(e->text), fault);
        if (e->kind == STIR_TNAUTH_SPC && e->text.n > STIR_MAX_SPC)
            return stir_diag_set(diag, STIR_ELIMIT, i, "entry %zu \"%.*s\": a service provider code has at most %d characters", i + 1, STIR_SHOW(e->text),
                                 STIR_MAX_SPC);
    }
    return STIR_OK;
}

/* Check the entries, which still point to somebody else's text, and make everything else of them. */
static enum stir_err finish(struct stir_tnauth *list, bool strict, struct stir_diag *diag)
{
    TRY(check_entries(list, strict, diag));
    for (size_t i = 0; i < list->n; i++)
        if (list->entries[i].kind != STIR_TNAUTH_RANGE)
            list->entries[i].count = list->entries[i].kind == STIR_TNAUTH_ONE;
    TRY(write_der(list));
    return index_entries(list);
}

static struct stir_tnauth *room_for(size_t n)
{
    STIR_AUTO_STRUCT(stir_tnauth) *list = calloc(1, sizeof(*list));
    if (!list)
        return NULL;
    list->entries = calloc(n, sizeof(*list->entries));
    if (!list->entries)
        return NULL;
    list->n = n;
    return STIR_MOVE(list);
}

enum stir_err stir_tnauth_parse(struct stir_tnauth **out, struct stir_slice der)
{
    size_t n = 0;
    if (!out || !der.p)
        return STIR_EARG;
    if (der.n > STIR_MAX_TNAUTH)
        return STIR_ELIMIT;
    TRY(read_entries(der, NULL, &n));
    STIR_AUTO_STRUCT(stir_tnauth) *list = room_for(n);
    if (!list)
        return STIR_ENOMEM;
    TRY(read_entries(der, list->entries, &n));
    TRY(finish(list, false, NULL));
    *out = STIR_MOVE(list);
    return STIR_OK;
}

enum stir_err stir_tnauth_new(struct stir_tnauth **out, const struct stir_tnauth_entry *entries, size_t n, struct stir_diag *diag)
{
    if (!out || (!entries && n))
        return STIR_EARG;
    if (n == 0)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "a TNAuthList has at least one entry");
    if (n > STIR_MAX_TNENTRIES)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "%zu entries are more than the %d that a TNAuthList may have here", n, STIR_MAX_TNENTRIES);
    STIR_AUTO_STRUCT(stir_tnauth) *list = room_for(n);
    if (!list)
        return STIR_ENOMEM;
    memcpy(list->entries, entries, n * sizeof(*entries));
    TRY(finish(list, true, diag));
    *out = STIR_MOVE(list);
    return STIR_OK;
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (stir_is_digit(c))
        return c - '0' + 52;
    return c == '-' || c == '+' ? 62 : c == '_' || c == '/' ? 63 : -1;
}

/* Without the padding, when that is what the length asks for; else as it stands, and '=' will be no character. */
static struct stir_slice without_padding(struct stir_slice text)
{
    size_t n = text.n;
    while (n && text.n - n < 2 && text.p[n - 1] == '=')
        n--;
    return text.n % 4 == 0 ? stir_slice_upto(text, n) : text;
}

/* Both alphabets, with padding or without: RFC 9447 shows one, RFC 9448 the other, and both are in use. Unused bits must be zero. */
static enum stir_err decode_base64(struct stir_writer *w, struct stir_slice text)
{
    unsigned bits = 0, have = 0;
    text = without_padding(text);
    if (text.n == 0 || text.n % 4 == 1)
        return STIR_EB64;
    for (size_t i = 0; i < text.n; i++) {
        int value = base64_value(text.p[i]);
        if (value < 0)
            return STIR_EB64;
        bits = (bits << 6 | (unsigned)value) & 0xfff;
        have += 6;
        if (have >= 8) {
            have -= 8;
            stir_put_char(w, (char)(bits >> have & 0xff));
        }
    }
    return bits & ((1u << have) - 1) ? STIR_EB64 : STIR_OK;
}

enum stir_err stir_tnauth_from_base64(struct stir_tnauth **out, struct stir_slice text)
{
    if (!out || !text.p)
        return STIR_EARG;
    if (text.n > (STIR_MAX_TNAUTH + 2) / 3 * 4)
        return STIR_ELIMIT;
    char *der = malloc(text.n + 1);
    if (!der)
        return STIR_ENOMEM;
    struct stir_writer w = stir_writer_of(der, text.n);
    enum stir_err err = decode_base64(&w, text);
    if (err == STIR_OK)
        err = stir_tnauth_parse(out, stir_slice_of(der, w.need));
    free(der);
    return err;
}

/* ---- Asking ---- */

size_t stir_tnauth_count(const struct stir_tnauth *list)
{
    return list ? list->n : 0;
}

struct stir_tnauth_entry stir_tnauth_get(const struct stir_tnauth *list, size_t i)
{
    const struct stir_tnauth_entry none = {STIR_TNAUTH_SPC, {NULL, 0}, 0};
    return list && i < list->n ? list->entries[i] : none;
}

struct stir_slice stir_tnauth_der(const struct stir_tnauth *list)
{
    return list ? list->der : stir_slice_str("");
}

enum stir_err stir_tnauth_text(char *buf, size_t cap, size_t *len, const struct stir_tnauth *list)
{
    static const char *const kinds[] = {[STIR_TNAUTH_SPC] = "spc:", [STIR_TNAUTH_RANGE] = "range:", [STIR_TNAUTH_ONE] = "one:"};
    if (!list || (!buf && cap))
        return STIR_EARG;
    struct stir_writer w = stir_writer_of(buf, cap);
    for (size_t i = 0; i < list->n; i++) {
        const struct stir_tnauth_entry *e = &list->entries[i];
        if (i)
            stir_put_char(&w, ' ');
        stir_put_text(&w, kinds[e->kind]);
        stir_put_slice(&w, e->text);
        if (e->kind == STIR_TNAUTH_RANGE) {
            stir_put_char(&w, '+');
            stir_put_int(&w, (int64_t)e->count);
        }
    }
    return stir_writer_close(&w, len);
}

struct stir_slice stir_tnauth_spc(const struct stir_tnauth *list)
{
    for (size_t i = 0; list && i < list->n; i++)
        if (list->entries[i].kind == STIR_TNAUTH_SPC)
            return list->entries[i].text;
    return (struct stir_slice){NULL, 0};
}

bool stir_tnauth_covers(const struct stir_tnauth *list, struct stir_slice tn)
{
    if (!list || !is_number(tn, false))
        return false;
    struct span s = span_of(tn);
    return holds_span(list, &s);
}

bool stir_tnauth_has_numbers(const struct stir_tnauth *list)
{
    return list && list->n_spans > 0;
}

/*= RFC9060-4 */
bool stir_tnauth_encompasses(const struct stir_tnauth *parent, const struct stir_tnauth *child, bool *by_code)
{
    if (by_code)
        *by_code = false;
    if (!parent || !child || !holds_codes(parent, child))
        return false;
    for (size_t i = 0; i < child->n_spans; i++) {
        if (holds_span(parent, &child->spans[i]))
            continue;
        if (parent->n_codes && by_code)
            *by_code = true;
        return parent->n_codes && by_code;
    }
    return true;
}
