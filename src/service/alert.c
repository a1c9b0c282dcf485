#include "service/alert.h"

enum {
    NAME_MAX_CHARS = 64, /* of the caller's name that are looked at: four times what is shown, and little work for whoever fills it with brackets */
    BLANK = ' ',
    UNREADABLE = '?',
};

/* A text as characters; each with the small letter that it is read as ('.' for none) and, for brackets, 1 or -1: told once, since the text is looked at anew
 * after each removal. */
struct chars {
    uint32_t c[NAME_MAX_CHARS];
    char letter[NAME_MAX_CHARS];
    signed char bracket[NAME_MAX_CHARS];
    size_t n;
};

/* ---- UTF-8 ---- */

static size_t length_of(unsigned char first)
{
    return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* The character at the front of `s`, which is not empty; '?' for a byte that begins none. */
static uint32_t take_char(struct stir_slice *s)
{
    unsigned char first = (unsigned char)s->p[0];
    size_t n = length_of(first);
    uint32_t c = n == 1 ? first : first & (0xffu >> (n + 1));
    if (n > s->n || !stir_utf8_valid(stir_slice_upto(*s, n))) {
        *s = stir_slice_from(*s, 1);
        return UNREADABLE;
    }
    for (size_t i = 1; i < n; i++)
        c = c << 6 | ((unsigned char)s->p[i] & 0x3f);
    *s = stir_slice_from(*s, n);
    return c;
}

static size_t put_char(char *p, uint32_t c)
{
    if (c < 0x80) {
        p[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        p[i] = (char)(0x80 | (c & 0x3f));
    p[0] = (char)((0xf00u >> n) | c);
    return n;
}

/* ---- What a character is ---- */

struct range {
    uint32_t from, to;
};

static bool is_in(const struct range *ranges, size_t n, uint32_t c)
{
    for (size_t i = 0; i < n; i++)
        if (c >= ranges[i].from && c <= ranges[i].to)
            return true;
    return false;
}
#define IS_IN(table, c) is_in(table, sizeof(table) / sizeof((table)[0]), c)

/* Controls, what nobody sees, what turns the direction, private ones; and pictures: arrows, boxes, check marks, badges, letters in circles. */
static bool is_dropped(uint32_t c)
{
    static const struct range dropped[] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},       {0xae, 0xae},       {0x34f, 0x34f},      {0x61c, 0x61c},   {0x115f, 0x1160}, {0x17b4, 0x17b5},
        {0x180b, 0x180f}, {0x200b, 0x200f}, {0x2028, 0x202e},   {0x2060, 0x206f},   {0x20d0, 0x20ff},    {0x2122, 0x2122}, {0x2190, 0x23ff}, {0x2400, 0x27bf},
        {0x27f0, 0x27ff}, {0x2800, 0x28ff}, {0x2900, 0x2bff},   {0x3164, 0x3164},   {0x3200, 0x33ff},    {0xe000, 0xf8ff}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff},
        {0xffa0, 0xffa0}, {0xfff0, 0xffff}, {0x1f000, 0x1faff}, {0x1fb00, 0x1fbff}, {0xe0000, 0x10ffff},
    };
    return IS_IN(dropped, c);
}

static bool is_blank(uint32_t c)
{
    static const struct range blanks[] = {{0x20, 0x20}, {0xa0, 0xa0}, {0x1680, 0x1680}, {0x2000, 0x200a}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}};
    return IS_IN(blanks, c);
}

/* 1 for what opens brackets of any kind, -1 for what closes them. */
static signed char bracket_of(uint32_t c)
{
    static const uint32_t pairs[][2] = {
        {'(', ')'},       {'[', ']'},       {'{', '}'},       {'<', '>'},       {0xab, 0xbb},     {0x2039, 0x203a}, {0x2045, 0x2046}, {0x207d, 0x207e},
        {0x208d, 0x208e}, {0x27e6, 0x27e7}, {0x27e8, 0x27e9}, {0x27ea, 0x27eb}, {0x27ec, 0x27ed}, {0x3008, 0x3009}, {0x300a, 0x300b}, {0x300c, 0x300d},
        {0x300e, 0x300f}, {0x3010, 0x3011}, {0x3014, 0x3015}, {0x3016, 0x3017}, {0x3018, 0x3019}, {0x301a, 0x301b}, {0xfe59, 0xfe5a}, {0xfe5b, 0xfe5c},
        {0xfe5d, 0xfe5e}, {0xff08, 0xff09}, {0xff1c, 0xff1e}, {0xff3b, 0xff3d}, {0xff5b, 0xff5d}, {0xff5f, 0xff60}, {0xff62, 0xff63},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (c == pairs[i][0] || c == pairs[i][1])
            return c == pairs[i][0] ? 1 : -1;
    return 0;
}

/* Accents, which letters are read without. */
static bool is_accent(uint32_t c)
{
    return (c >= 0x300 && c <= 0x36f) || (c >= 0x1ab0 && c <= 0x1aff) || (c >= 0x1dc0 && c <= 0x1dff) || (c >= 0xfe20 && c <= 0xfe2f);
}

/* Latin letters with accents, by what they look like, from U+00C0 on; '.' for none. */
static char plain_latin(uint32_t c)
{
    static const char plain[] = "aaaaaaaceeeeiiiidnooooo.ouuuuypsaaaaaaaceeeeiiiidnooooo.ouuuuypy"
                                "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllllllllnnnnnnnnnoooooooorrrrrrsssssssstttttt"
                                "uuuuuuuuuuuuwwyyyzzzzzzs";
    return c >= 0xc0 && c - 0xc0 < sizeof(plain) - 1 ? plain[c - 0xc0] : '.';
}

/* Letters of other alphabets, and signs, that pass for those of the words that are looked for. */
static char twin(uint32_t c)
{
    static const struct {
        uint32_t c;
        char letter;
    } twins[] = {
        {'0', 'o'},    {'1', 'i'},    {'3', 'e'},    {'4', 'a'},    {'5', 's'},    {'7', 't'},    {'!', 'i'},    {'|', 'i'},    {'@', 'a'},    {'$', 's'},
        {0x251, 'a'},  {0x25b, 'e'},  {0x269, 'i'},  {0x26a, 'i'},  {0x280, 'r'},  {0x28b, 'v'},  {0x299, 'b'},  {0x391, 'a'},  {0x395, 'e'},  {0x399, 'i'},
        {0x39f, 'o'},  {0x3a4, 't'},  {0x3b1, 'a'},  {0x3b5, 'e'},  {0x3b9, 'i'},  {0x3bd, 'v'},  {0x3bf, 'o'},  {0x3c5, 'u'},  {0x3dc, 'f'},  {0x3dd, 'f'},
        {0x405, 's'},  {0x406, 'i'},  {0x407, 'i'},  {0x410, 'a'},  {0x415, 'e'},  {0x41e, 'o'},  {0x421, 'c'},  {0x422, 't'},  {0x430, 'a'},  {0x433, 'r'},
        {0x435, 'e'},  {0x43e, 'o'},  {0x440, 'p'},  {0x441, 'c'},  {0x451, 'e'},  {0x455, 's'},  {0x456, 'i'},  {0x457, 'i'},  {0x474, 'v'},  {0x475, 'v'},
        {0x4cf, 'i'},  {0x4c0, 'i'},  {0x500, 'd'},  {0x501, 'd'},  {0x584, 'f'},  {0x1d00, 'a'}, {0x1d05, 'd'}, {0x1d07, 'e'}, {0x1d0f, 'o'}, {0x1d1b, 't'},
        {0x1d1c, 'u'}, {0x1d20, 'v'}, {0x1e9d, 'f'}, {0x2113, 'i'}, {0x2130, 'e'}, {0x2131, 'f'}, {0x2139, 'i'}, {0x2145, 'd'}, {0x2146, 'd'}, {0x2147, 'e'},
        {0x2148, 'i'}, {0x2160, 'i'}, {0x2164, 'v'}, {0x216e, 'd'}, {0x2170, 'i'}, {0x2174, 'v'}, {0x217e, 'd'}, {0xa730, 'f'},
    };
    for (size_t i = 0; i < sizeof(twins) / sizeof(twins[0]); i++)
        if (twins[i].c == c)
            return twins[i].letter;
    return '.';
}

/* The small letter that a character is read as; '.' for none. */
static char letter_of(uint32_t c)
{
    if (c < 0x80 && stir_is_alpha((int)c))
        return stir_lower((char)c);
    if (c >= 0xff21 && c <= 0xff5a) /* of full width */
        return letter_of(c - 0xff21 + 'A');
    if (c >= 0x1d400 && c <= 0x1d6a3) /* of mathematics, in thirteen styles */
        return (char)('a' + (c - 0x1d400) % 26);
    char letter = plain_latin(c);
    return letter != '.' ? letter : twin(c);
}

/* ---- The caller's name ---- */

static void append(struct chars *t, uint32_t c)
{
    t->c[t->n] = c;
    t->letter[t->n] = letter_of(c);
    t->bracket[t->n++] = bracket_of(c);
}

/* Folds are blanks, and of a quoted pair the second character counts. */
static void read_name(struct chars *out, struct stir_slice raw)
{
    out->n = 0;
    while (raw.n && out->n < NAME_MAX_CHARS) {
        if (raw.p[0] == '\r' || raw.p[0] == '\n' || raw.p[0] == '\t') {
            raw = stir_slice_from(raw, 1);
            append(out, BLANK);
            continue;
        }
        if (raw.p[0] == '\\' && raw.n > 1)
            raw = stir_slice_from(raw, 1);
        uint32_t c = take_char(&raw);
        if (!is_dropped(c))
            append(out, is_blank(c) ? BLANK : c);
    }
}

static void cut_out(struct chars *t, size_t from, size_t to)
{
    memmove(&t->c[from], &t->c[to], (t->n - to) * sizeof(t->c[0]));
    memmove(&t->letter[from], &t->letter[to], t->n - to);
    memmove(&t->bracket[from], &t->bracket[to], t->n - to);
    t->n -= to - from;
}

/* Runs of blanks become one; none stands at either end. */
static void tidy(struct chars *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++)
        if (t->c[i] != BLANK || (n && t->c[n - 1] != BLANK)) {
            t->c[n] = t->c[i];
            t->letter[n] = t->letter[i];
            t->bracket[n++] = t->bracket[i];
        }
    t->n = n && t->c[n - 1] == BLANK ? n - 1 : n;
}

/* The letters of [from, to), as they are read, into `out`; answers how many, `cap` at most. */
static size_t letters(char *out, size_t cap, const struct chars *t, size_t from, size_t to)
{
    size_t n = 0;
    for (size_t i = from; i < to && n < cap; i++)
        if (t->letter[i] != '.')
            out[n++] = t->letter[i];
    return n;
}

/* What says in brackets that a call was verified: one character alone, whatever it is, or a word of the trade. */
static bool is_badge(const struct chars *t, size_t from, size_t to)
{
    static const char *const words[] = {
        "ok", "valid", "verif", "passed", "pass", "trusted", "safe", "secure", "official", "attesta", "attestationa", "tnvalidationpassed", "full"};
    char text[24];
    size_t seen = 0;
    for (size_t i = from; i < to; i++)
        seen += t->c[i] != BLANK && !is_accent(t->c[i]);
    if (seen <= 1)
        return true;
    struct stir_slice read = stir_slice_of(text, letters(text, sizeof(text), t, from, to));
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (stir_slice_is(read, words[i]))
            return true;
    return false;
}

/* Brackets that hold a badge, the innermost first; and a bracket that has no other. True when something went. */
static bool drop_brackets(struct chars *t)
{
    size_t open[NAME_MAX_CHARS], n = 0, from = 0, to = 0;
    for (size_t i = 0; i < t->n && !to; i++) {
        int kind = t->bracket[i];
        if (kind > 0)
            open[n++] = i;
        else if (kind < 0 && n == 0)
            from = i, to = i + 1;
        else if (kind < 0 && is_badge(t, open[--n] + 1, i))
            from = open[n], to = i + 1;
    }
    if (!to && n)
        from = open[n - 1], to = from + 1;
    if (to)
        cut_out(t, from, to);
    return to > 0;
}

/* Index behind the word that begins at `from`, whatever stands between its letters; 0 when it does not stand there. */
static size_t word_end(const struct chars *t, size_t from, const char *word)
{
    size_t i = from;
    for (; i < t->n && *word; i++) {
        char letter = t->letter[i];
        bool sign = t->c[i] < 0x80 && !stir_is_alpha((int)t->c[i]);
        if (letter == *word)
            word++;
        else if (i == from || (letter != '.' && !sign && letter != word[-1])) /* digits and signs are a letter or are not; letters may stand twice */
            return 0;
    }
    return *word ? 0 : i;
}

/* A word of the trade, in brackets or not. */
static bool drop_word(struct chars *t)
{
    static const char *const words[] = {"verified", "validated", "authenticated", "verifie"};
    for (size_t i = 0; i < t->n; i++)
        for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++) {
            size_t end = word_end(t, i, words[k]);
            if (!end)
                continue;
            cut_out(t, i, end);
            return true;
        }
    return false;
}

/* Each removal may make a new one: "(Ver(Verified)ified)". Every one shortens the text, so it ends. */
static void clean(struct chars *t)
{
    while (drop_word(t) || drop_brackets(t))
        continue;
    tidy(t);
}

/* ---- The whole ---- */

static void add(struct chars *out, struct stir_slice text)
{
    while (text.n && out->n < STIR_ALERT_CHARS) {
        uint32_t c = take_char(&text);
        if (c >= BLANK && c != 0x7f)
            append(out, c);
    }
}

static size_t count(struct stir_slice text)
{
    struct chars all = {.n = 0};
    add(&all, text);
    return all.n;
}

static void add_name(struct chars *out, struct chars *name, size_t room)
{
    if (out->n && out->c[out->n - 1] != BLANK && room) { /* a blank between the operator's words and the caller's */
        append(out, BLANK);
        room--;
    }
    if (name->n > room) {
        name->n = room;
        clean(name); /* what was cut in its middle may look like something else */
    }
    for (size_t i = 0; i < name->n && out->n < STIR_ALERT_CHARS; i++)
        append(out, name->c[i]);
}

size_t stir_alert_name(char buf[STIR_ALERT_BYTES + 1], const char *prefix, struct stir_slice name, const char *suffix)
{
    struct chars out = {.n = 0}, caller;
    struct stir_slice before = stir_slice_trim(stir_slice_str(prefix)), behind = stir_slice_trim(stir_slice_str(suffix));
    size_t taken = count(before) + count(behind) + (behind.n > 0), n = 0;
    read_name(&caller, name);
    clean(&caller);
    add(&out, before);
    if (caller.n && taken < STIR_ALERT_CHARS)
        add_name(&out, &caller, STIR_ALERT_CHARS - taken);
    if (out.n && behind.n)
        add(&out, stir_slice_str(" "));
    add(&out, behind);
    tidy(&out);
    for (size_t i = 0; i < out.n; i++)
        n += put_char(buf + n, out.c[i]);
    buf[n] = '\0';
    return n;
}

void stir_alert_put_quoted(struct stir_writer *w, struct stir_slice text)
{
    stir_put_char(w, '"');
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c < ' ' || c == 0x7f)
            continue;
        if (c == '"' || c == '\\')
            stir_put_char(w, '\\');
        stir_put_char(w, (char)c);
    }
    stir_put_char(w, '"');
}
