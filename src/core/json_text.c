#include "core/json_text.h"

size_t stir_utf8_read(const unsigned char *p, const unsigned char *end, uint32_t *c)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (*p < 0x80) {
        *c = *p;
        return 1;
    }
    if (*p < 0xc2 || *p > 0xf4)
        return 0;
    size_t n = *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
    if ((size_t)(end - p) < n)
        return 0;
    uint32_t v = *p & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        v = v << 6 | (p[i] & 0x3fu);
    }
    if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
        return 0;
    *c = v;
    return n;
}

size_t stir_utf8_write(char out[4], uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)((0xf00u >> n & 0xf0) | c);
    return n;
}

/* The four hex digits of \uXXXX at `p`; -1 when they are none. */
static int32_t read_hex4(const unsigned char *p, const unsigned char *end)
{
    int32_t v = 0;
    if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
        return -1;
    for (int i = 2; i < 6; i++) {
        int digit = stir_hex_value(p[i]);
        if (digit < 0)
            return -1;
        v = v << 4 | digit;
    }
    return v;
}

size_t stir_json_escape_read(const unsigned char *p, const unsigned char *end, uint32_t *c)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    if (end - p < 2)
        return 0;
    if (p[1] != 'u') {
        const char *hit = memchr(letters, p[1], sizeof(letters) - 1);
        if (!hit)
            return 0;
        *c = (unsigned char)meant[hit - letters];
        return 2;
    }
    int32_t high = read_hex4(p, end);
    if (high < 0xd800 || high > 0xdfff) {
        *c = (uint32_t)high;
        return high < 0 ? 0 : 6;
    }
    int32_t low = read_hex4(p + 6, end);
    if (high > 0xdbff || low < 0xdc00 || low > 0xdfff)
        return 0;
    *c = 0x10000 + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
    return 12;
}

size_t stir_json_spell(char out[6], uint32_t c)
{
    static const char letters[] = "\"\\bfnrt", meant[] = "\"\\\b\f\n\r\t", hex[] = "0123456789abcdef";
    const char *hit = c < 0x80 ? memchr(meant, (int)c, sizeof(meant) - 1) : NULL;
    if (hit) {
        out[0] = '\\';
        out[1] = letters[hit - meant];
        return 2;
    }
    if (c >= 0x20)
        return stir_utf8_write(out, c);
    memcpy(out, "\\u00", 4);
    out[4] = hex[c >> 4];
    out[5] = hex[c & 15];
    return 6;
}

int32_t stir_json_character(struct stir_reader *r)
{
    uint32_t c;
    if (r->p >= r->end)
        return -1;
    size_t n = *r->p == '\\' ? stir_json_escape_read(r->p, r->end, &c) : stir_utf8_read(r->p, r->end, &c);
    if (n == 0)
        return -1;
    r->p += n;
    return (int32_t)c;
}

int stir_json_compare_characters(struct stir_slice a, struct stir_slice b)
{
    struct stir_reader left = stir_reader_of(a), right = stir_reader_of(b);
    for (;;) {
        int32_t x = stir_json_character(&left), y = stir_json_character(&right);
        if (x != y)
            return x < y ? -1 : 1;
        if (x < 0)
            return 0;
    }
}

int stir_json_compare_bytes(struct stir_slice a, struct stir_slice b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : a.n < b.n ? -1 : a.n > b.n;
}

bool stir_json_has_escape(struct stir_slice raw)
{
    return raw.n && memchr(raw.p, '\\', raw.n) != NULL;
}
