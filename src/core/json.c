#include "core/json.h"

#include "core/json_text.h"

/* ---- One pass over a text that nobody has looked at yet. ---- */

struct parser {
    const unsigned char *start, *p, *end;
    struct stir_diag *diag;
    size_t values;     /* all levels together */
    unsigned depth;    /* brackets that are open */
    bool canonical;    /* so far */
    bool escaped_name; /* some name has an escape: from then on names are compared character by character */
    size_t n_names;
    struct stir_slice names[STIR_MAX_VALUES]; /* of the objects that are open, raw; each was followed by a value that was counted */
};

static enum stir_err broken(const struct parser *p, const char *what)
{
    size_t at = (size_t)(p->p - p->start);
    return stir_diag_set(p->diag, STIR_EJSON, at, "JSON, byte %zu: %s", at, what);
}

static enum stir_err beyond(const struct parser *p, const char *what, unsigned limit)
{
    size_t at = (size_t)(p->p - p->start);
    return stir_diag_set(p->diag, STIR_ELIMIT, at, "JSON, byte %zu: more than %u %s", at, limit, what);
}

static bool is_json_space(int c)
{
    return c <= ' ' && (c == ' ' || c == '\t' || c == '\n' || c == '\r');
}

static int peek(const struct parser *p)
{
    return p->p < p->end ? *p->p : -1;
}

static void skip_space(struct parser *p)
{
    for (; is_json_space(peek(p)); p->p++)
        p->canonical = false;
}

static enum stir_err escape(struct parser *p)
{
    uint32_t c;
    char best[6];
    size_t n = stir_json_escape_read(p->p, p->end, &c);
    if (n == 0)
        return broken(p, "an escape that is none, or half of a surrogate pair");
    if (c == 0)
        return broken(p, "a NUL character, which no claim has");
    if (stir_json_spell(best, c) != n || memcmp(best, p->p, n) != 0)
        p->canonical = false;
    p->p += n;
    return STIR_OK;
}

/* A string; `p` stands on its first quote. `raw` gets what is between the quotes. */
static enum stir_err string(struct parser *p, struct stir_slice *raw, bool *escaped)
{
    const unsigned char *from = ++p->p;
    *escaped = false;
    for (;;) {
        p->p = stir_json_skip_plain(p->p, p->end);
        int c = peek(p);
        if (c == '"')
            break;
        if (c < 0)
            return broken(p, "a string does not end");
        if (c < 0x20)
            return broken(p, "a control character inside a string");
        if (c == '\\') {
            *escaped = true;
            TRY(escape(p));
            continue;
        }
        uint32_t character;
        size_t n = stir_utf8_read(p->p, p->end, &character);
        if (n == 0)
            return broken(p, "bytes that are not UTF-8");
        p->p += n;
    }
    *raw = stir_slice_of(from, (size_t)(p->p - from));
    p->p++;
    return STIR_OK;
}

static bool digits(struct parser *p)
{
    const unsigned char *from = p->p;
    while (stir_is_digit(peek(p)))
        p->p++;
    return p->p > from;
}

static enum stir_err number(struct parser *p)
{
    const unsigned char *from = p->p;
    if (*p->p == '-')
        p->p++;
    bool zero = peek(p) == '0';
    if (zero)
        p->p++;
    else if (!digits(p))
        return broken(p, "a number without digits");
    if (zero && *from == '-')
        p->canonical = false; /* "-0" is 0. Behind a leading zero no digit is expected: what comes next refuses it. */
    if (peek(p) == '.') {
        p->canonical = false;
        p->p++;
        if (!digits(p))
            return broken(p, "a number without digits behind its point");
    }
    if (peek(p) == 'e' || peek(p) == 'E') {
        p->canonical = false;
        p->p++;
        if (peek(p) == '+' || peek(p) == '-')
            p->p++;
        if (!digits(p))
            return broken(p, "a number without digits in its exponent");
    }
    return STIR_OK;
}

static enum stir_err literal(struct parser *p, const char *word, size_t n)
{
    if ((size_t)(p->end - p->p) < n || memcmp(p->p, word, n) != 0)
        return broken(p, "a word that JSON has not");
    p->p += n;
    return STIR_OK;
}

/* Note a name of the object whose first one is names[first]. Names in order cannot repeat; others are compared with all before. */
/*= RFC8225-9f RFC9795-5.1.2a */
static enum stir_err add_name(struct parser *p, size_t first, struct stir_slice name, bool *sorted)
{
    int (*compare)(struct stir_slice, struct stir_slice) = p->escaped_name ? stir_json_compare_characters : stir_json_compare_bytes;
    if (*sorted && p->n_names > first && compare(p->names[p->n_names - 1], name) >= 0)
        *sorted = p->canonical = false;
    for (size_t i = first; !*sorted && i < p->n_names; i++)
        if (compare(p->names[i], name) == 0)
            return stir_diag_set(p->diag, STIR_EJSON, (size_t)(p->p - p->start), "JSON: the name \"%.*s\" stands twice in one object", STIR_SHOW(name));
    p->names[p->n_names++] = name;
    return STIR_OK;
}

static enum stir_err value(struct parser *p, enum stir_json_type *type);

static enum stir_err member(struct parser *p, size_t first, bool *sorted)
{
    struct stir_slice name;
    bool escaped;
    enum stir_json_type type;
    if (peek(p) != '"')
        return broken(p, "a name in quotes is missing");
    if (p->n_names - first == STIR_MAX_MEMBERS)
        return beyond(p, "members in one object", STIR_MAX_MEMBERS);
    TRY(string(p, &name, &escaped));
    p->escaped_name |= escaped;
    TRY(add_name(p, first, name, sorted));
    skip_space(p);
    if (peek(p) != ':')
        return broken(p, "a ':' is missing");
    p->p++;
    skip_space(p);
    return value(p, &type);
}

/* An object or an array; `p` stands on its first bracket. */
static enum stir_err container(struct parser *p, bool object)
{
    const char closing = object ? '}' : ']';
    const size_t first = p->n_names;
    bool sorted = true;
    enum stir_json_type type;
    if (p->depth == STIR_MAX_DEPTH)
        return beyond(p, "brackets inside each other", STIR_MAX_DEPTH);
    p->depth++;
    p->p++;
    skip_space(p);
    for (bool empty = true; !(empty && peek(p) == closing); empty = false) {
        if (object)
            TRY(member(p, first, &sorted));
        else
            TRY(value(p, &type));
        skip_space(p);
        if (peek(p) == closing)
            break;
        if (peek(p) != ',')
            return broken(p, object ? "a ',' or a '}' is missing" : "a ',' or a ']' is missing");
        p->p++;
        skip_space(p);
    }
    p->p++;
    p->depth--;
    p->n_names = first;
    return STIR_OK;
}

/*= RFC8225-9d */
static enum stir_err value(struct parser *p, enum stir_json_type *type)
{
    struct stir_slice raw;
    bool escaped;
    if (++p->values > STIR_MAX_VALUES)
        return beyond(p, "values", STIR_MAX_VALUES);
    switch (peek(p)) {
    case '{': *type = STIR_JSON_OBJECT; return container(p, true);
    case '[': *type = STIR_JSON_ARRAY; return container(p, false);
    case '"': *type = STIR_JSON_STRING; return string(p, &raw, &escaped);
    case 't': *type = STIR_JSON_BOOL; return literal(p, "true", 4);
    case 'f': *type = STIR_JSON_BOOL; return literal(p, "false", 5);
    case 'n': *type = STIR_JSON_NULL; return literal(p, "null", 4);
    default:
        if (peek(p) != '-' && !stir_is_digit(peek(p)))
            return broken(p, "a value is missing");
        *type = STIR_JSON_NUMBER;
        return number(p);
    }
}

enum stir_err stir_json_parse(struct stir_json *out, struct stir_slice text, bool *canonical, struct stir_diag *diag)
{
    struct parser p; /* names are written before they are read: nothing to clear */
    struct stir_reader r = stir_reader_of(text);
    enum stir_json_type type;
    p.start = p.p = r.p;
    p.end = r.end;
    p.diag = diag;
    p.values = p.n_names = 0;
    p.depth = 0;
    p.canonical = true;
    p.escaped_name = false;
    skip_space(&p);
    const unsigned char *from = p.p;
    TRY(value(&p, &type));
    const unsigned char *to = p.p;
    skip_space(&p);
    if (p.p != p.end)
        return broken(&p, "something stands behind the value");
    out->type = type;
    out->text = stir_slice_of(from, (size_t)(to - from));
    if (canonical)
        *canonical = p.canonical;
    return STIR_OK;
}

/* ---- Walking through a text that was checked. Never beyond its end, whatever it is. ---- */

static void reader_skip_space(struct stir_reader *r)
{
    while (is_json_space(stir_reader_peek(r)))
        r->p++;
}

static void reader_skip_string(struct stir_reader *r)
{
    r->p++;
    while ((r->p = stir_json_skip_plain(r->p, r->end)) < r->end && *r->p != '"')
        r->p += *r->p == '\\' && stir_reader_left(r) > 1 ? 2 : 1;
    if (r->p < r->end)
        r->p++;
}

static void reader_skip_container(struct stir_reader *r)
{
    size_t depth = 0;
    while (r->p < r->end) {
        unsigned char c = *r->p;
        if (c == '"') {
            reader_skip_string(r);
            continue;
        }
        r->p++;
        if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && --depth == 0)
            return;
    }
}

static void reader_skip_word(struct stir_reader *r)
{
    for (int c = stir_reader_peek(r); c >= 0 && c != ',' && c != ':' && c != ']' && c != '}' && !is_json_space(c); c = stir_reader_peek(r))
        r->p++;
}

static struct stir_json take_value(struct stir_reader *r)
{
    const unsigned char *from = r->p;
    struct stir_json v = {STIR_JSON_NUMBER, {NULL, 0}};
    switch (stir_reader_peek(r)) {
    case '"': v.type = STIR_JSON_STRING, reader_skip_string(r); break;
    case '{': v.type = STIR_JSON_OBJECT, reader_skip_container(r); break;
    case '[': v.type = STIR_JSON_ARRAY, reader_skip_container(r); break;
    case 't':
    case 'f': v.type = STIR_JSON_BOOL, reader_skip_word(r); break;
    case 'n': v.type = STIR_JSON_NULL, reader_skip_word(r); break;
    default: reader_skip_word(r); break;
    }
    v.text = stir_slice_of(from, (size_t)(r->p - from));
    return v;
}

static struct stir_slice between_quotes(struct stir_slice string)
{
    return string.n >= 2 ? stir_slice_of(string.p + 1, string.n - 2) : stir_slice_of(string.p, 0);
}

struct stir_json_iter stir_json_iter(struct stir_json container)
{
    struct stir_json_iter it = {{NULL, NULL}, {NULL, 0}, {STIR_JSON_NULL, {NULL, 0}}};
    if (container.type >= STIR_JSON_ARRAY)
        it.r = stir_reader_of(between_quotes(container.text));
    return it;
}

/* The next string of a container, which may turn out to be a member's name. */
static void take_name(struct stir_json_iter *it)
{
    it->name = between_quotes(it->value.text);
    it->r.p++; /* the colon: only behind a name */
    reader_skip_space(&it->r);
    it->value = take_value(&it->r);
}

bool stir_json_next(struct stir_json_iter *it)
{
    reader_skip_space(&it->r);
    if (stir_reader_peek(&it->r) == ',') {
        it->r.p++;
        reader_skip_space(&it->r);
    }
    if (it->r.p == it->r.end)
        return false;
    it->name = stir_slice_of(NULL, 0);
    it->value = take_value(&it->r);
    reader_skip_space(&it->r);
    if (stir_reader_peek(&it->r) == ':')
        take_name(it);
    return it->value.text.n > 0;
}

bool stir_json_member(struct stir_json object, const char *name, struct stir_json *out)
{
    const struct stir_slice wanted = stir_slice_str(name);
    if (object.type != STIR_JSON_OBJECT)
        return false;
    for (struct stir_json_iter it = stir_json_iter(object); stir_json_next(&it);) {
        if (!stir_slice_eq(it.name, wanted) && (!stir_json_has_escape(it.name) || !stir_json_name_is(it.name, wanted)))
            continue;
        *out = it.value;
        return true;
    }
    return false;
}

bool stir_json_name_is(struct stir_slice raw, struct stir_slice name)
{
    struct stir_reader left = stir_reader_of(raw), right = stir_reader_of(name);
    while (left.p < left.end) {
        char bytes[4];
        int32_t c = stir_json_character(&left);
        size_t n = c < 0 ? 0 : stir_utf8_write(bytes, (uint32_t)c);
        if (n == 0 || stir_reader_left(&right) < n || memcmp(right.p, bytes, n) != 0)
            return false;
        right.p += n;
    }
    return right.p == right.end;
}

enum stir_err stir_json_unescape(struct stir_slice *out, struct stir_slice raw, struct stir_arena *arena)
{
    if (!stir_json_has_escape(raw)) {
        *out = raw;
        return STIR_OK;
    }
    char *to = arena ? stir_arena_get(arena, raw.n) : NULL; /* no escape is shorter than its character */
    if (!to) {
        *out = stir_slice_of(NULL, 0);
        return arena ? STIR_ENOMEM : STIR_OK;
    }
    struct stir_reader r = stir_reader_of(raw);
    size_t n = 0;
    for (int32_t c = stir_json_character(&r); c >= 0; c = stir_json_character(&r))
        n += stir_utf8_write(to + n, (uint32_t)c);
    *out = stir_slice_of(to, n);
    return STIR_OK;
}

enum stir_err stir_json_string(struct stir_slice *out, struct stir_json value, struct stir_arena *arena)
{
    if (value.type != STIR_JSON_STRING)
        return STIR_EVALUE;
    return stir_json_unescape(out, between_quotes(value.text), arena);
}

bool stir_json_integer(int64_t *out, struct stir_json value)
{
    struct stir_reader r = stir_reader_of(value.text);
    bool negative = stir_reader_peek(&r) == '-';
    int64_t v = 0;
    if (negative)
        r.p++;
    if (value.type != STIR_JSON_NUMBER || r.p == r.end)
        return false;
    for (; r.p < r.end; r.p++) {
        int digit = *r.p - '0';
        if (!stir_is_digit(*r.p) || v < (INT64_MIN + digit) / 10)
            return false;
        v = v * 10 - digit; /* downwards: there is one more number below zero than above */
    }
    if (!negative && v == INT64_MIN)
        return false;
    *out = negative ? v : -v;
    return true;
}

/* ---- RFC 8225 §9 ---- */

static int compare_names(struct stir_slice a, struct stir_slice b)
{
    return stir_json_has_escape(a) || stir_json_has_escape(b) ? stir_json_compare_characters(a, b) : stir_json_compare_bytes(a, b);
}

static void put_string(struct stir_writer *w, struct stir_slice raw)
{
    stir_put_char(w, '"');
    if (!stir_json_has_escape(raw)) {
        stir_put_slice(w, raw);
    } else {
        struct stir_reader r = stir_reader_of(raw);
        char text[6];
        for (int32_t c = stir_json_character(&r); c >= 0; c = stir_json_character(&r))
            stir_put(w, text, stir_json_spell(text, (uint32_t)c));
    }
    stir_put_char(w, '"');
}

static enum stir_err put_value(struct stir_writer *w, struct stir_json value, unsigned depth);

static enum stir_err put_array(struct stir_writer *w, struct stir_json array, unsigned depth)
{
    const char *before = "[";
    for (struct stir_json_iter it = stir_json_iter(array); stir_json_next(&it); before = ",") {
        stir_put_text(w, before);
        TRY(put_value(w, it.value, depth));
    }
    stir_put_text(w, *before == '[' ? "[]" : "]");
    return STIR_OK;
}

/*= RFC8225-9b RFC8225-9c */
static enum stir_err put_object(struct stir_writer *w, struct stir_json object, unsigned depth)
{
    struct stir_slice names[STIR_MAX_MEMBERS];
    size_t n = 0;
    for (struct stir_json_iter it = stir_json_iter(object); stir_json_next(&it); n++) {
        if (n == STIR_MAX_MEMBERS)
            return STIR_ELIMIT;
        size_t at = n;
        for (; at > 0 && compare_names(names[at - 1], it.name) > 0; at--)
            names[at] = names[at - 1];
        names[at] = it.name;
    }
    stir_put_char(w, '{');
    for (size_t i = 0; i < n; i++) {
        const char *behind = names[i].p + names[i].n + 1; /* the closing quote of the name */
        struct stir_reader r = stir_reader_of(stir_slice_of(behind, (size_t)(object.text.p + object.text.n - behind)));
        reader_skip_space(&r);
        r.p++;
        reader_skip_space(&r);
        if (i)
            stir_put_char(w, ',');
        put_string(w, names[i]);
        stir_put_char(w, ':');
        TRY(put_value(w, take_value(&r), depth));
    }
    stir_put_char(w, '}');
    return STIR_OK;
}

/*= RFC8225-9e */
static enum stir_err put_value(struct stir_writer *w, struct stir_json value, unsigned depth)
{
    switch (value.type) {
    case STIR_JSON_STRING: put_string(w, between_quotes(value.text)); return STIR_OK;
    case STIR_JSON_OBJECT: return depth < STIR_MAX_DEPTH ? put_object(w, value, depth + 1) : STIR_ELIMIT;
    case STIR_JSON_ARRAY: return depth < STIR_MAX_DEPTH ? put_array(w, value, depth + 1) : STIR_ELIMIT;
    case STIR_JSON_NUMBER: stir_put_slice(w, stir_slice_is(value.text, "-0") ? stir_slice_from(value.text, 1) : value.text); return STIR_OK;
    default: stir_put_slice(w, value.text); return STIR_OK;
    }
}

enum stir_err stir_json_put_canonical(struct stir_writer *w, struct stir_json value)
{
    return put_value(w, value, 0);
}
