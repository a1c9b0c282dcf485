#include "io/settings.h"

#include "core/bytes.h"

static bool is_key(struct stir_slice key)
{
    for (size_t i = 0; i < key.n; i++)
        if (!stir_is_digit(key.p[i]) && key.p[i] != '-' && !(key.p[i] >= 'a' && key.p[i] <= 'z'))
            return false;
    return key.n > 0;
}

static bool has_control(struct stir_slice line)
{
    for (size_t i = 0; i < line.n; i++)
        if (((unsigned char)line.p[i] < ' ' && line.p[i] != '\t') || line.p[i] == 0x7f)
            return true;
    return false;
}

static const char *section_fault(struct stir_slice line, struct stir_setting *out)
{
    if (line.p[line.n - 1] != ']')
        return "begins a section, which ends with ']' and nothing behind it";
    out->section = stir_slice_trim(stir_slice_of(line.p + 1, line.n - 2));
    return NULL;
}

static const char *fault_of(const struct stir_settings *s, struct stir_slice line, struct stir_setting *out)
{
    size_t equals = stir_slice_find(line, '=');
    if (line.n > s->max_line)
        return "longer than any setting is";
    if (has_control(line) || !stir_utf8_valid(line))
        return "holds a character that is none of a text";
    if (s->sections && line.p[0] == '[')
        return section_fault(line, out);
    if (equals == line.n)
        return "is no \"key = value\"";
    out->key = stir_slice_trim(stir_slice_upto(line, equals));
    out->value = stir_slice_trim(stir_slice_from(line, equals + 1));
    if (!is_key(out->key))
        return "a key is small letters, digits and '-'";
    return out->value.n ? NULL : "has no value";
}

bool stir_settings_next(struct stir_settings *s, struct stir_setting *out)
{
    while (s->rest.n) {
        size_t end = stir_slice_find(s->rest, '\n');
        struct stir_slice line = stir_slice_trim(stir_slice_upto(s->rest, end));
        s->rest = stir_slice_from(s->rest, end < s->rest.n ? end + 1 : end);
        s->line++;
        if (line.n == 0 || line.p[0] == '#')
            continue;
        *out = (struct stir_setting){.line = s->line, .text = line};
        out->fault = fault_of(s, line, out);
        return true;
    }
    return false;
}

bool stir_settings_number(int64_t *out, struct stir_slice value, int64_t max)
{
    int64_t n = 0;
    for (size_t i = 0; i < value.n; i++) {
        if (!stir_is_digit(value.p[i]))
            return false;
        n = n * 10 + (value.p[i] - '0');
        if (n > max)
            return false;
    }
    *out = n;
    return value.n > 0;
}

bool stir_settings_span(int64_t *out, struct stir_slice value, int64_t max)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    int64_t n;
    for (size_t i = 0; value.n && i < sizeof(units) / sizeof(units[0]); i++) {
        if (value.p[value.n - 1] != units[i].unit || !stir_settings_number(&n, stir_slice_upto(value, value.n - 1), max / units[i].seconds))
            continue;
        *out = n * units[i].seconds;
        return true;
    }
    return false;
}
