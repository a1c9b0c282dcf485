/* verstat parameters of P-Asserted-Identity and From: taken out wherever a sender may have put them, and put in at the one place where they belong. A value of
 * which two readers could make different parameters is refused, so that nobody further on sees one that was not seen here. */
#include "core/verstat.h"

#include <stir/tn.h>

/* What a byte of a value is part of: what ends a parameter differs. */
enum part {
    NAME,   /* display name and '<' */
    USER,   /* scheme and user part of a SIP URI, up to its '@' */
    URI,    /* the rest of it, within angle brackets */
    TEL,    /* a tel URI there: it has no user part and no headers, whatever stands in it */
    PARAMS, /* behind the '>', or behind the user part of a URI without brackets, where nobody can tell whose parameters they are */
};

struct value {
    struct stir_slice text;
    size_t open, begin; /* where NAME ends and USER begins: blanks between them go */
    size_t user;        /* where USER ends: at the '@' */
    size_t end, close;  /* where URI ends and PARAMS begin, at the '>' or with USER */
    bool tel;
};

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* No byte that ends a header, but a fold. */
static bool is_one_line(struct stir_slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool fold = (c == '\r' && i + 1 < s.n && s.p[i + 1] == '\n') || (c == '\n' && i + 1 < s.n && stir_is_space(s.p[i + 1]));
        if ((c < ' ' && c != '\t' && !fold) || c == 0x7f)
            return false;
    }
    return true;
}

/* Behind the quoted string that begins at `at`; 0 when it does not end. */
static size_t behind_quotes(struct stir_slice s, size_t at)
{
    for (at++; at < s.n && s.p[at] != '"'; at++)
        if (s.p[at] == '\\')
            at++;
    return at < s.n ? at + 1 : 0;
}

/* The character at `at`, escaped or not, in lower case; -1 at the end. */
static int char_at(struct stir_slice s, size_t at, size_t *n)
{
    *n = 1;
    if (at >= s.n)
        return -1;
    if (s.p[at] != '%' || s.n - at < 3 || stir_hex_value(s.p[at + 1]) < 0 || stir_hex_value(s.p[at + 2]) < 0)
        return (unsigned char)stir_lower(s.p[at]);
    *n = 3;
    return (unsigned char)stir_lower((char)(stir_hex_value(s.p[at + 1]) << 4 | stir_hex_value(s.p[at + 2])));
}

static bool has_scheme(struct stir_slice uri, const char *scheme)
{
    struct stir_slice head = stir_slice_str(scheme);
    return uri.n >= head.n && stir_slice_ieq(stir_slice_upto(uri, head.n), head);
}

static enum stir_err find_brackets(struct value *v)
{
    const struct stir_slice s = v->text;
    size_t at = 0;
    while (at < s.n && s.p[at] != '<') {
        at = s.p[at] == '"' ? behind_quotes(s, at) : at + 1;
        if (at == 0)
            return STIR_ESYNTAX;
    }
    v->open = v->begin = at < s.n ? at + 1 : 0;
    v->end = v->close = at < s.n ? at + stir_slice_find(stir_slice_from(s, at), '>') : s.n;
    if (at < s.n && v->end == s.n)
        return STIR_ESYNTAX;
    while (v->open && v->begin < v->end && is_blank(s.p[v->begin]))
        v->begin++;
    while (v->open && v->begin < v->end && is_blank(s.p[v->end - 1]))
        v->end--;
    return STIR_OK;
}

static enum part part_at(const struct value *v, size_t at)
{
    return at < v->begin ? NAME : at < v->user ? USER : at >= v->end ? PARAMS : v->tel ? TEL : URI;
}

/* Where bytes may stand that another reader could take for the end of something. */
static bool may_stand(const struct value *v, size_t at)
{
    const char c = v->text.p[at];
    size_t n;
    bool bracket = v->open && (at + 1 == v->open || at == v->close);
    switch (part_at(v, at)) {
    case NAME: return bracket || (char_at(v->text, at, &n) != ';' && c != '>');
    case USER:
    case URI:
    case TEL: return c != '"' && c != '<' && c != '>' && !is_blank(c);
    case PARAMS: break;
    }
    return bracket || (c != '<' && c != '>' && c != ',');
}

static enum stir_err check_bytes(const struct value *v)
{
    const struct stir_slice s = v->text;
    for (size_t at = 0, n; at < s.n; at += n) {
        enum part part = part_at(v, at);
        bool quoted = s.p[at] == '"' && (part == NAME || part == PARAMS);
        n = quoted ? behind_quotes(s, at) - at : 1;
        if (quoted ? behind_quotes(s, at) == 0 : !may_stand(v, at))
            return STIR_ESYNTAX;
    }
    size_t behind = v->open ? v->close + 1 : s.n;
    while (behind < s.n && is_blank(s.p[behind]))
        behind++;
    return behind == s.n || s.p[behind] == ';' ? STIR_OK : STIR_ESYNTAX;
}

/* RFC 3261 §20.10: without angle brackets, what stands behind a ';' belongs to the header; many readers give it to the URI. Either way it is looked at. */
static enum stir_err take_apart(struct value *v, struct stir_slice text)
{
    *v = (struct value){.text = stir_slice_trim(text)};
    if (!is_one_line(v->text))
        return STIR_ESYNTAX;
    TRY(find_brackets(v));
    struct stir_slice uri = stir_slice_upto(stir_slice_from(v->text, v->begin), v->end - v->begin);
    size_t at = stir_slice_find(uri, '@');
    v->tel = has_scheme(uri, "tel:");
    v->user = v->begin + (at < uri.n && !v->tel ? at : 0);
    if (!v->open)
        v->end = v->close = v->user;
    size_t n;
    if (!v->open && char_at(v->text, 0, &n) == ';') /* parameters of nothing */
        return STIR_ESYNTAX;
    return check_bytes(v);
}

static size_t skip_blanks(struct stir_slice s, size_t at)
{
    size_t n;
    while (is_blank(char_at(s, at, &n)))
        at += n;
    return at;
}

/* Does a parameter end here? ':' begins a password, which only a user part has. An escaped ';' ends what began with one, and is value of what did not. */
static bool ends_at(struct stir_slice s, size_t at, enum part part, bool escaped)
{
    size_t n;
    int c = char_at(s, at, &n);
    if (c < 0 || (c == ';' && (n == 1 || escaped)))
        return true;
    return n == 1 && ((part == USER && c == ':') || (part == URI && c == '?'));
}

/* Bytes of a verstat parameter at the front of `s`, which ends with its part: blanks before it, separator and value counted; 0 when it is another one. */
static size_t verstat_length(struct stir_slice s, enum part part)
{
    static const char name[] = "verstat";
    size_t at = 0, n;
    while (at < s.n && is_blank(s.p[at]))
        at++;
    if (char_at(s, at, &n) != ';')
        return 0;
    bool escaped = n > 1;
    at = skip_blanks(s, at + n);
    for (size_t i = 0; name[i]; i++, at += n)
        if (char_at(s, at, &n) != name[i])
            return 0;
    int next = char_at(s, at, &n);
    if (next >= 0 && (stir_classes[next] & STIR_C_TOKEN)) /* a longer name */
        return 0;
    while (!ends_at(s, at, part, escaped))
        at = part == PARAMS && s.p[at] == '"' ? behind_quotes(s, at) : at + 1; /* check_bytes() saw it end */
    return at;
}

static size_t part_end(const struct value *v, enum part part)
{
    return part == USER ? v->user : part == PARAMS ? v->text.n : v->end;
}

/* Bytes at `at` that are left out: a verstat, or the blanks between brackets and URI. Of a run of blanks only the first is asked what follows it. */
static size_t left_out(const struct value *v, size_t at, size_t *stripped)
{
    enum part part = part_at(v, at);
    if (at >= v->open && at < v->begin)
        return v->begin - at;
    if (at >= v->end && at < v->close)
        return v->close - at;
    if (part == NAME || (at && is_blank(v->text.p[at]) && is_blank(v->text.p[at - 1])))
        return 0;
    size_t n = verstat_length(stir_slice_upto(stir_slice_from(v->text, at), part_end(v, part) - at), part);
    *stripped += n > 0;
    return n;
}

static void copy(struct stir_writer *w, const struct value *v, struct stir_verstat_edit *edit, size_t place)
{
    const struct stir_slice s = v->text;
    for (size_t at = 0; at <= s.n;) {
        if (at == place)
            stir_put_slice(w, edit->put);
        if (at == s.n)
            return;
        enum part part = part_at(v, at);
        size_t n = left_out(v, at, &edit->stripped);
        if (n == 0) {
            n = s.p[at] == '"' && (part == NAME || part == PARAMS) ? behind_quotes(s, at) - at : 1;
            stir_put(w, s.p + at, n);
        }
        at += n;
    }
}

/* Where a verstat goes: behind number and parameters, which is the end of a tel URI, and in a SIP URI before the password or the '@'. Nothing that is left out
 * goes beyond these bytes. */
static enum stir_err find_place(size_t *place, const struct value *v)
{
    struct stir_slice user = stir_slice_upto(stir_slice_from(v->text, v->begin), v->user - v->begin);
    size_t scheme = has_scheme(user, "sip:") ? 4 : has_scheme(user, "sips:") ? 5 : 0;
    if (!v->tel && scheme == 0)
        return STIR_EVALUE;
    *place = v->tel ? (v->open ? v->end : v->text.n) : v->begin + scheme + stir_slice_find(stir_slice_from(user, scheme), ':');
    return STIR_OK;
}

static bool is_number(struct stir_party *party, struct stir_slice value)
{
    return stir_party_parse(party, value, NULL) == STIR_OK && party->kind == STIR_PARTY_TN;
}

/* What was no number must not become one by what was taken out: nobody has looked at it as a number. */
static bool names_the_same(const struct stir_writer *w, size_t from, struct stir_slice value)
{
    struct stir_party before, after;
    if (w->need > w->cap) /* only counted: the caller asks again */
        return true;
    bool was = is_number(&before, value), is = is_number(&after, stir_slice_of(w->p + from, w->need - from));
    return was == is && (!was || stir_party_eq(&before, &after));
}

enum stir_err stir_put_verstat(struct stir_writer *w, struct stir_verstat_edit *edit, struct stir_slice value)
{
    struct value v;
    size_t place = SIZE_MAX, from = w->need;
    TRY(take_apart(&v, value));
    if (edit->put.n)
        TRY(find_place(&place, &v));
    copy(w, &v, edit, place);
    return edit->stripped == 0 || names_the_same(w, from, value) ? STIR_OK : STIR_ESYNTAX;
}

struct stir_slice stir_verstat_param(char buf[STIR_VERSTAT_PARAM], enum stir_verstat verstat, char attest)
{
    struct stir_writer w = stir_writer_of(buf, STIR_VERSTAT_PARAM);
    stir_put_text(&w, ";verstat=");
    stir_put_text(&w, stir_verstat_text(verstat));
    if (verstat == STIR_VERSTAT_PASSED && attest > 'A') {
        stir_put_char(&w, '-');
        stir_put_char(&w, attest);
    }
    return stir_slice_of(buf, w.need);
}

static enum stir_err write_value(char *buf, size_t cap, size_t *len, struct stir_slice value, struct stir_slice put)
{
    struct stir_writer w = stir_writer_of(buf, cap);
    struct stir_verstat_edit edit = {.put = put};
    TRY(stir_put_verstat(&w, &edit, value));
    return stir_writer_close(&w, len);
}

enum stir_err stir_verstat_strip(char *buf, size_t cap, size_t *len, struct stir_slice value)
{
    if ((!buf && cap) || !len || !value.p)
        return STIR_EARG;
    return write_value(buf, cap, len, value, stir_slice_of(NULL, 0));
}

enum stir_err stir_verstat_put(char *buf, size_t cap, size_t *len, struct stir_slice value, enum stir_verstat verstat, char attest)
{
    char param[STIR_VERSTAT_PARAM];
    struct stir_party party;
    if ((!buf && cap) || !len || !value.p || (attest && (attest < 'A' || attest > 'C')))
        return STIR_EARG;
    if (stir_party_parse(&party, value, NULL) != STIR_OK)
        return STIR_ESYNTAX;
    /* A local number with its context is a URI to us, and a number all the same. */
    if (party.kind != STIR_PARTY_TN && !has_scheme(stir_slice_of(party.text, party.len), "tel:"))
        return STIR_EVALUE;
    return write_value(buf, cap, len, value, stir_verstat_param(param, verstat, attest));
}
