#include "service/plain.h"

#include "core/json_text.h"

enum {
    HIDDEN = 2,        /* last digits of a number that are not shown */
    SHORTEST = 7,      /* digits of what could be a number within a sentence */
    HASH = 16,         /* characters of the hash of a configuration */
    SHORTEST_ALONE = 5 /* of one that stands where numbers stand: 112 and 911 are nobody's */
};

/* ---- What may stand on a line ---- */

static bool is_hidden_character(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
           c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

static void put_escape(struct stir_writer *w, uint32_t c)
{
    if (c > 0xffff) {
        put_escape(w, 0xd800 + ((c - 0x10000) >> 10));
        put_escape(w, 0xdc00 + ((c - 0x10000) & 0x3ff));
        return;
    }
    stir_put_format(w, "\\u%04x", (unsigned)c);
}

static void put_character(struct stir_writer *w, uint32_t c)
{
    char spelt[6];
    if (c == 0)
        stir_put_text(w, "\xef\xbf\xbd");
    else if (c >= 0x20 && is_hidden_character(c))
        put_escape(w, c);
    else
        stir_put(w, spelt, stir_json_spell(spelt, c));
}

void stir_put_plain_string(struct stir_writer *w, struct stir_slice s)
{
    const unsigned char *p = (const unsigned char *)s.p, *end = s.n ? p + s.n : p;
    stir_put_char(w, '"');
    while (p < end) {
        const unsigned char *from = p;
        while (p < end && *p >= 0x20 && *p < 0x7f && *p != '"' && *p != '\\')
            p++;
        stir_put(w, from, (size_t)(p - from));
        if (p == end)
            break;
        uint32_t c = 0xfffd;
        const size_t n = stir_utf8_read(p, end, &c);
        put_character(w, n ? c : 0xfffd);
        p += n ? n : 1;
    }
    stir_put_char(w, '"');
}

void stir_put_plain_word(struct stir_writer *w, struct stir_slice s)
{
    bool plain = s.n != 0;
    for (size_t i = 0; i < s.n && plain; i++)
        plain = s.p[i] > ' ' && s.p[i] < 0x7f && s.p[i] != '"' && s.p[i] != '=' && s.p[i] != '\\';
    if (plain)
        stir_put_slice(w, s);
    else
        stir_put_plain_string(w, s);
}

/* ---- Numbers ---- */

/* What people put between the digits of a number. */
static bool is_between(char c)
{
    return c == '-' || c == '.' || c == ' ' || c == '(' || c == ')' || c == '/';
}

/* What could be a number: digits, and up to two marks between them. */
struct run {
    size_t length, digits;
    size_t dots, longest; /* for addresses: marks that are dots, and the longest group */
    bool other_marks;
};

static struct run run_of(struct stir_slice s)
{
    struct run run = {0};
    size_t group = 0, marks = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (stir_is_digit(s.p[i])) {
            run.digits++;
            group++;
            run.longest = group > run.longest ? group : run.longest;
            run.length = i + 1;
            marks = 0;
            continue;
        }
        if (!is_between(s.p[i]) || ++marks > 2)
            break;
        const bool goes_on = i + 1 < s.n && (stir_is_digit(s.p[i + 1]) || is_between(s.p[i + 1]));
        run.dots += goes_on && s.p[i] == '.';
        run.other_marks = run.other_marks || (goes_on && s.p[i] != '.');
        group = 0;
    }
    return run;
}

static bool is_address(const struct run *run)
{
    return run->dots == 3 && !run->other_marks && run->longest <= 3;
}

static void put_hash(struct stir_writer *w, const struct stir_mask *mask, struct stir_slice number)
{
    char digits[64];
    size_t n = 0;
    for (size_t i = 0; i < number.n && n < sizeof(digits); i++)
        if (stir_is_digit(number.p[i]) || !is_between(number.p[i]))
            digits[n++] = number.p[i];
    stir_put_format(w, "h:%016llx", (unsigned long long)stir_siphash(&mask->secret, stir_slice_of(digits, n)));
}

static void put_hidden(struct stir_writer *w, struct stir_slice number, size_t digits)
{
    size_t seen = 0;
    for (size_t i = 0; i < number.n; i++) {
        const bool digit = stir_is_digit(number.p[i]);
        seen += digit;
        stir_put_char(w, digit && seen + HIDDEN > digits ? 'x' : number.p[i]);
    }
}

static void put_number(struct stir_writer *w, const struct stir_mask *mask, struct stir_slice number, size_t digits)
{
    if (mask->how == STIR_NUMBERS_HASHED)
        put_hash(w, mask, number);
    else
        put_hidden(w, number, digits);
}

static bool is_of_hash(char c)
{
    return stir_is_digit(c) || (c >= 'a' && c <= 'f');
}

/* A whole word that is the hash of a configuration: its digits are no number, and evidence is found by it. Digits alone are hidden all the same. */
static bool is_hash_at(struct stir_slice text, size_t at)
{
    size_t n = 0, letters = 0;
    while (at + n < text.n && n <= HASH && is_of_hash(text.p[at + n]))
        letters += !stir_is_digit(text.p[at + n++]);
    const bool begins = at == 0 || text.p[at - 1] == ' ', ends = at + n == text.n || text.p[at + n] == ' ' || text.p[at + n] == ',';
    return n == HASH && letters && begins && ends;
}

static void put_masked(struct stir_writer *w, const struct stir_mask *mask, struct stir_slice text, size_t shortest)
{
    size_t i = 0;
    while (i < text.n) {
        if (shortest == SHORTEST && is_hash_at(text, i)) {
            stir_put(w, text.p + i, HASH);
            i += HASH;
            continue;
        }
        const struct run run = stir_is_digit(text.p[i]) ? run_of(stir_slice_from(text, i)) : (struct run){.length = 1};
        const struct stir_slice piece = stir_slice_of(text.p + i, run.length);
        if (run.digits >= shortest && run.digits && !is_address(&run))
            put_number(w, mask, piece, run.digits);
        else
            stir_put_slice(w, piece);
        i += run.length;
    }
}

void stir_put_masked_text(struct stir_writer *w, const struct stir_mask *mask, struct stir_slice text)
{
    if (mask->how == STIR_NUMBERS_FULL)
        stir_put_slice(w, text);
    else
        put_masked(w, mask, text, SHORTEST);
}

static bool is_number(struct stir_slice s)
{
    size_t digits = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (stir_is_digit(s.p[i]))
            digits++;
        else if (!is_between(s.p[i]) && !(i == 0 && s.p[i] == '+'))
            return false;
    }
    return digits != 0;
}

/* "alice" as "a..." : enough to know one's own customer again. */
static void put_user(struct stir_writer *w, const struct stir_mask *mask, struct stir_slice user)
{
    if (is_number(user)) {
        put_masked(w, mask, user, SHORTEST_ALONE);
    } else if (mask->how == STIR_NUMBERS_HASHED) {
        put_hash(w, mask, user);
    } else {
        stir_put_slice(w, stir_slice_upto(user, user.n ? 1 : 0));
        stir_put_text(w, "...");
    }
}

void stir_put_masked_party(struct stir_writer *w, const struct stir_mask *mask, struct stir_slice party)
{
    const size_t at = stir_slice_find(party, '@'), colon = stir_slice_find(party, ':');
    if (mask->how == STIR_NUMBERS_FULL) {
        stir_put_slice(w, party);
    } else if (at < party.n) {
        const size_t from = colon < at ? colon + 1 : 0;
        stir_put_slice(w, stir_slice_upto(party, from));
        put_user(w, mask, stir_slice_of(party.p + from, at - from));
        stir_put_slice(w, stir_slice_from(party, at));
    } else if (is_number(party)) {
        put_masked(w, mask, party, SHORTEST_ALONE);
    } else {
        put_masked(w, mask, party, SHORTEST);
    }
}
