/* Text that grows, and members of requests. */
#include "front/api.h"

#include "core/json_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

char *stir_api_room(struct stir_api_text *text, size_t n)
{
    if (text->broke || n > STIR_API_MAX_TEXT - text->n) {
        text->broke = true;
        return NULL;
    }
    if (n > text->cap - text->n) {
        size_t cap = text->cap ? text->cap : 1024;
        while (cap - text->n < n)
            cap *= 2;
        char *p = realloc(text->p, cap);
        if (!p) {
            text->broke = true;
            return NULL;
        }
        text->p = p;
        text->cap = cap;
    }
    return text->p + text->n;
}

void stir_api_put_slice(struct stir_api_text *text, struct stir_slice s)
{
    char *at = stir_api_room(text, s.n);
    if (at && s.n)
        memcpy(at, s.p, s.n);
    text->n += at ? s.n : 0;
}

void stir_api_put(struct stir_api_text *text, const char *words)
{
    stir_api_put_slice(text, stir_slice_str(words));
}

void stir_api_put_int(struct stir_api_text *text, int64_t value)
{
    char digits[24];
    int n = snprintf(digits, sizeof(digits), "%lld", (long long)value);
    stir_api_put_slice(text, stir_slice_of(digits, (size_t)n));
}

enum { WORST = 6 }; /* bytes that one byte becomes inside quotes */

void stir_api_put_string(struct stir_api_text *text, struct stir_slice s)
{
    if (!s.p) {
        stir_api_put(text, "null");
        return;
    }
    size_t most = s.n < STIR_API_MAX_TEXT ? WORST * s.n + 2 : SIZE_MAX;
    char *at = stir_api_room(text, most);
    if (!at)
        return;
    struct stir_writer w = stir_writer_of(at, most);
    stir_put_json_string(&w, s);
    text->n += w.need;
}

void stir_api_put_words(struct stir_api_text *text, const char *words)
{
    stir_api_put_string(text, words && words[0] ? stir_slice_str(words) : (struct stir_slice){0});
}

void stir_api_text_free(struct stir_api_text *text)
{
    free(text->p);
    *text = (struct stir_api_text){0};
}

bool stir_api_fail(struct stir_api_fault *fault, enum stir_api_fault_kind kind, const char *name, const char *format, ...)
{
    va_list args;
    fault->kind = kind;
    snprintf(fault->name, sizeof(fault->name), "%s", name);
    va_start(args, format);
    vsnprintf(fault->why, sizeof(fault->why), format, args);
    va_end(args);
    return false;
}

static bool says(struct stir_slice raw, const char *name)
{
    if (!stir_json_has_escape(raw))
        return stir_slice_ieq(raw, stir_slice_str(name));
    char room[64];
    struct stir_arena arena = {0};
    struct stir_slice plain = {0};
    bool same = raw.n < sizeof(room) && stir_json_unescape(&plain, raw, &arena) == STIR_OK && stir_slice_ieq(plain, stir_slice_str(name));
    stir_arena_clear(&arena);
    return same;
}

bool stir_api_members(struct stir_api_member *want, size_t n, struct stir_json object, struct stir_api_fault *fault)
{
    for (struct stir_json_iter it = stir_json_iter(object); stir_json_next(&it);) {
        for (size_t i = 0; i < n; i++) {
            if (!says(it.name, want[i].name))
                continue;
            if (want[i].there)
                return stir_api_fail(fault, STIR_API_VALUE, want[i].name, "it stands twice");
            want[i].there = true;
            want[i].value = it.value;
            break;
        }
    }
    return true;
}

bool stir_api_read_object(struct stir_json *out, struct stir_slice body, struct stir_api_fault *fault)
{
    struct stir_diag diag = {0};
    if (stir_slice_trim(body).n == 0)
        return stir_api_fail(fault, STIR_API_NO_BODY, "", "the request has no body");
    enum stir_err err = stir_json_parse(out, body, NULL, &diag);
    if (err != STIR_OK)
        return stir_api_fail(fault, STIR_API_PARSE, "", "%s", diag.text[0] ? diag.text : stir_err_text(err));
    if (out->type != STIR_JSON_OBJECT)
        return stir_api_fail(fault, STIR_API_PARSE, "", "the body is no JSON object");
    return true;
}

bool stir_api_read_text(struct stir_slice *out, struct stir_json value, const char *name, struct stir_arena *arena, struct stir_api_fault *fault)
{
    enum stir_err err = stir_json_string(out, value, arena);
    if (err == STIR_ENOMEM)
        return stir_api_fail(fault, STIR_API_INTERNAL, name, "out of memory");
    return err == STIR_OK ? true : stir_api_fail(fault, STIR_API_VALUE, name, "it is no string");
}

bool stir_api_read_texts(struct stir_slice *out, size_t cap, size_t *n, struct stir_json value, const char *name, struct stir_arena *arena,
                         struct stir_api_fault *fault)
{
    if (value.type == STIR_JSON_STRING && *n < cap)
        return stir_api_read_text(&out[(*n)++], value, name, arena, fault);
    if (value.type != STIR_JSON_ARRAY)
        return stir_api_fail(fault, STIR_API_VALUE, name, "it is neither a string nor an array of strings");
    for (struct stir_json_iter it = stir_json_iter(value); stir_json_next(&it);) {
        if (*n == cap)
            return stir_api_fail(fault, STIR_API_VALUE, name, "there are more than %zu", cap);
        if (!stir_api_read_text(&out[(*n)++], it.value, name, arena, fault))
            return false;
    }
    return true;
}

/* A number as it comes is canonical but for '+' and separators: no dial plan is asked (RFC 8224 §8.3). */
static bool add_party(struct stir_party *out, size_t cap, size_t *n, struct stir_slice text, bool is_tn, const char *name, struct stir_api_fault *fault)
{
    if (*n == cap)
        return stir_api_fail(fault, STIR_API_VALUE, name, "there are more than %zu", cap);
    enum stir_err err = is_tn ? stir_tn_parse(&out[*n], text, NULL) : stir_party_parse(&out[*n], text, NULL);
    if (err != STIR_OK)
        return stir_api_fail(fault, STIR_API_VALUE, name, "%s %.*s: %s", is_tn ? "tn" : "uri", STIR_SHOW(text), stir_err_text(err));
    if (!is_tn && stir_slice_find(text, ':') == text.n)
        return stir_api_fail(fault, STIR_API_VALUE, name, "uri %.*s has no scheme", STIR_SHOW(text));
    ++*n;
    return true;
}

static bool add_parties(struct stir_party *out, size_t cap, size_t *n, struct stir_json value, bool is_tn, const char *name, struct stir_arena *arena,
                        struct stir_api_fault *fault)
{
    struct stir_slice texts[STIR_MAX_DESTS];
    size_t count = 0;
    if (!stir_api_read_texts(texts, STIR_MAX_DESTS, &count, value, name, arena, fault))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!add_party(out, cap, n, texts[i], is_tn, name, fault))
            return false;
    return true;
}

bool stir_api_read_parties(struct stir_party *out, size_t cap, size_t *n, struct stir_json value, const char *name, struct stir_arena *arena,
                           struct stir_api_fault *fault)
{
    *n = 0;
    if (value.type != STIR_JSON_OBJECT)
        return stir_api_fail(fault, STIR_API_VALUE, name, "it is no object of tn or uri");
    struct stir_api_member m[] = {{.name = "tn"}, {.name = "uri"}};
    if (!stir_api_members(m, 2, value, fault))
        return false;
    for (size_t i = 0; i < 2; i++)
        if (m[i].there && !add_parties(out, cap, n, m[i].value, i == 0, name, arena, fault))
            return false;
    char tn[64];
    snprintf(tn, sizeof(tn), "%s.tn", name);
    return *n > 0 ? true : stir_api_fail(fault, STIR_API_MISSING, tn, "it names nobody");
}

bool stir_api_read_party(struct stir_party *out, struct stir_json value, const char *name, struct stir_arena *arena, struct stir_api_fault *fault)
{
    size_t n = 0;
    return stir_api_read_parties(out, 1, &n, value, name, arena, fault);
}

struct stir_slice stir_api_party_text(const struct stir_party *party, struct stir_arena *arena)
{
    struct stir_slice text = stir_slice_of(party->text, party->len);
    bool global = party->kind == STIR_PARTY_TN && text.p[0] >= '1' && text.p[0] <= '9' && !stir_tn_is_special(text, NULL);
    for (size_t i = 0; global && i < text.n; i++)
        global = stir_is_digit(text.p[i]);
    return stir_slice_str(stir_arena_format(arena, "%s%s", global ? "+" : "", party->text));
}

bool stir_api_read_attest(char *out, struct stir_json value, struct stir_arena *arena, struct stir_api_fault *fault)
{
    struct stir_slice text = {0};
    if (!stir_api_read_text(&text, value, "attest", arena, fault))
        return false;
    if (text.n != 1 || text.p[0] < 'A' || text.p[0] > 'C')
        return stir_api_fail(fault, STIR_API_VALUE, "attest", "it is none of A, B and C");
    *out = text.p[0];
    return true;
}

bool stir_api_read_time(int64_t *out, struct stir_json value, const char *name, struct stir_api_fault *fault)
{
    char date[30];
    if (!stir_json_integer(out, value))
        return stir_api_fail(fault, STIR_API_VALUE, name, "it is no integer");
    if (*out < 1 || stir_date_write(date, *out) != STIR_OK)
        return stir_api_fail(fault, STIR_API_VALUE, name, "it is no time in seconds since 1970");
    return true;
}

bool stir_api_read_rph(struct stir_slice *out, size_t *n, struct stir_json value, struct stir_arena *arena, struct stir_api_fault *fault)
{
    struct stir_api_member auth = {.name = "auth"};
    if (value.type != STIR_JSON_OBJECT)
        return stir_api_fail(fault, STIR_API_VALUE, "rph", "it is no object with an array auth");
    if (!stir_api_members(&auth, 1, value, fault))
        return false;
    if (!auth.there)
        return stir_api_fail(fault, STIR_API_MISSING, "rph.auth", "it is not there");
    return stir_api_read_texts(out, STIR_MAX_RPH, n, auth.value, "rph", arena, fault);
}
