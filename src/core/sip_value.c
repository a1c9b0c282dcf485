#include "core/sip.h"

/* What stands before '<' in an addr-spec with parameters has a ':' and is no name. */
struct stir_slice stir_display_name(struct stir_slice from)
{
    const struct stir_slice none = {NULL, 0};
    if (from.n && from.p[0] == '"') {
        size_t n = quoted_end(from);
        struct stir_slice rest = skip_lws(stir_slice_from(from, n));
        return n && rest.n && rest.p[0] == '<' ? stir_slice_of(from.p + 1, n - 2) : none;
    }
    size_t angle = stir_slice_find(from, '<');
    struct stir_slice name = stir_slice_trim(stir_slice_upto(from, angle));
    bool is_none = angle == from.n || name.n == 0 || stir_slice_find(name, ':') < name.n || stir_slice_find(name, '"') < name.n;
    return is_none ? none : name;
}

/* The quoted string behind `name` and '=', without its quotes; absent when `s` is not that. */
static struct stir_slice quoted_value(struct stir_slice s, struct stir_slice name)
{
    const struct stir_slice none = {NULL, 0};
    if (s.n < name.n || !stir_slice_ieq(stir_slice_upto(s, name.n), name))
        return none;
    s = skip_lws(stir_slice_from(s, name.n));
    if (!s.n || s.p[0] != '=')
        return none;
    s = skip_lws(stir_slice_from(s, 1));
    size_t n = s.n && s.p[0] == '"' ? quoted_end(s) : 0;
    return n ? stir_slice_of(s.p + 1, n - 2) : none;
}

/*= RFC9795-9.3 RFC9796-6 */
struct stir_slice stir_call_reason(struct stir_slice s)
{
    while (s.n) {
        size_t n = 1;
        if (s.p[0] == '<')
            n += stir_slice_find(s, '>');
        else if (s.p[0] == '"')
            n = quoted_end(s);
        else if (s.p[0] == ';') {
            struct stir_slice value = quoted_value(skip_lws(stir_slice_from(s, 1)), stir_slice_str("call-reason"));
            if (value.p)
                return value;
        }
        s = stir_slice_from(s, n && n < s.n ? n : s.n);
    }
    return stir_slice_of(NULL, 0);
}

enum stir_err stir_sip_text(struct stir_slice *out, struct stir_arena *arena, struct stir_slice raw)
{
    char *text = stir_arena_get(arena, raw.n + 1);
    if (!text)
        return STIR_ENOMEM;
    struct stir_writer w = stir_writer_of(text, raw.n);
    for (size_t i = 0; i < raw.n; i++) {
        if (raw.p[i] == '\r' || raw.p[i] == '\n') {
            while (i + 1 < raw.n && is_lws(raw.p[i + 1]))
                i++;
            stir_put_char(&w, ' ');
        } else {
            i += raw.p[i] == '\\' && i + 1 < raw.n;
            stir_put_char(&w, raw.p[i]);
        }
    }
    *out = stir_slice_of(text, w.need);
    return STIR_OK;
}
