#include "io/sip_text.h"

#include "core/bytes.h"

static bool starts_with(struct stir_slice s, const char *text)
{
    size_t n = strlen(text);
    return s.n >= n && memcmp(s.p, text, n) == 0;
}

/* "SIP/2.0 200 OK" */
static bool is_status_line(struct stir_slice line)
{
    return starts_with(line, "SIP/2.0 ") && line.n >= 11 && stir_is_digit(line.p[8]) && stir_is_digit(line.p[9]) && stir_is_digit(line.p[10]);
}

bool stir_sip_starts(struct stir_slice line)
{
    enum { METHOD_MAX = 32 };
    size_t n = 0;
    if (is_status_line(line))
        return true;
    while (n < line.n && n < METHOD_MAX && line.p[n] >= 'A' && line.p[n] <= 'Z')
        n++;
    if (n == 0 || n + 10 > line.n || line.p[n] != ' ' || memcmp(line.p + line.n - 8, " SIP/2.0", 8) != 0)
        return false;
    struct stir_slice uri = stir_slice_of(line.p + n + 1, line.n - n - 9);
    return uri.n && stir_slice_find(uri, ' ') == uri.n;
}

size_t stir_sip_line(struct stir_slice text)
{
    size_t n = stir_slice_find(text, '\n');
    return n && n < text.n && text.p[n - 1] == '\r' ? n - 1 : n;
}

bool stir_sip_is_one(struct stir_slice text)
{
    bool first = true, one = text.n > 0;
    for (; one && text.n; first = false) {
        one = stir_sip_starts(stir_slice_upto(text, stir_sip_line(text))) == first;
        size_t end = stir_slice_find(text, '\n');
        text = stir_slice_from(text, end < text.n ? end + 1 : end);
    }
    return one;
}

size_t stir_sip_head(struct stir_slice text, size_t *scanned)
{
    size_t at = *scanned;
    for (;;) {
        const char *lf = at < text.n ? memchr(text.p + at, '\n', text.n - at) : NULL;
        if (!lf)
            return 0;
        size_t next = (size_t)(lf - text.p) + 1;
        *scanned = next - 1; /* here again, once there is more */
        size_t blank = next < text.n && text.p[next] == '\r' ? next + 1 : next;
        if (blank >= text.n)
            return 0;
        if (text.p[blank] == '\n')
            return blank + 1;
        at = next;
    }
}

static bool is_named(struct stir_slice line, const char *name)
{
    struct stir_slice before = stir_slice_upto(line, stir_slice_find(line, ':'));
    return before.n < line.n && stir_slice_ieq(stir_slice_trim(before), stir_slice_str(name));
}

struct stir_slice stir_sip_value(struct stir_slice head, const char *name, const char *compact)
{
    for (size_t end; (end = stir_slice_find(head, '\n')) < head.n; head = stir_slice_from(head, end + 1)) {
        struct stir_slice line = stir_slice_upto(head, end);
        if (is_named(line, name) || is_named(line, compact))
            return stir_slice_trim(stir_slice_from(line, stir_slice_find(line, ':') + 1));
    }
    return stir_slice_of(NULL, 0);
}

static size_t number_of(struct stir_slice digits)
{
    size_t n = 0;
    if (digits.n == 0 || digits.n > 9)
        return SIZE_MAX;
    for (size_t i = 0; i < digits.n; i++) {
        if (!stir_is_digit(digits.p[i]))
            return SIZE_MAX;
        n = n * 10 + (size_t)(digits.p[i] - '0');
    }
    return n;
}

size_t stir_sip_content_length(struct stir_slice head)
{
    struct stir_slice value = stir_sip_value(head, "Content-Length", "l");
    return value.p ? number_of(value) : 0;
}
