/* What a source puts before its numbers: technical prefixes, and routing prefixes of ported numbers. The operator names them, and the dial plan tells whether
 * one is there: the number is read with it and without, and only one reading may make a number. */
#include "core/dialplan.h"
#include "core/tn.h"

enum {
    ROOM = 64,      /* characters of a number with all that stands before it; longer ones are read as they stand */
    HEAD_MAX = 8,   /* characters of '+' or an international prefix, and a country code */
    ABROAD_MIN = 7, /* digits of the shortest numbers behind a country code */
    NANP = 11       /* digits of a North American number with its code */
};

struct reading {
    enum stir_err err;
    struct stir_tn_digits x;
    enum stir_tn_fit fit;
};

/* What was found among the readings. */
struct search {
    const struct stir_tn_plan *plan;
    struct reading found; /* the first that is a number */
    unsigned n_found;     /* different ones: none, one, or more */
};

/* A list of texts of these characters, not too many and none too long. */
static bool is_list(const char *const *list, const char *characters)
{
    struct stir_slice allowed = stir_slice_str(characters);
    for (size_t i = 0; list && list[i]; i++) {
        struct stir_slice prefix = stir_slice_str(list[i]);
        if (i == STIR_MAX_PREFIXES || prefix.n == 0 || prefix.n > STIR_MAX_PREFIX)
            return false;
        for (size_t k = 0; k < prefix.n; k++)
            if (stir_slice_find(allowed, prefix.p[k]) == allowed.n)
                return false;
    }
    return true;
}

bool stir_tn_prefixes_are_good(const struct stir_tn_plan *plan)
{
    return is_list(plan->technical, "0123456789#*") && is_list(plan->portability, "0123456789ABCDEFabcdefXx");
}

static struct reading read_as(struct stir_slice text, const struct stir_tn_plan *plan)
{
    struct reading r = {.fit = STIR_TN_WRONG};
    r.err = stir_tn_digits_read(&r.x, text);
    if (r.err == STIR_OK)
        r.fit = stir_tn_fit(&r.x, plan);
    return r;
}

/* As many digits as the plan knows numbers of that country to have. */
static bool has_length(const struct stir_tn_plan *plan, struct stir_slice digits)
{
    if (plan->country)
        return stir_dial_is_global(plan->country, digits);
    if (plan->code.n && stir_slice_begins(digits, plan->code)) {
        size_t n = digits.n - plan->code.n;
        if (plan->national_max)
            return n >= plan->national_min && n <= plan->national_max;
        if (stir_slice_is(plan->code, "1"))
            return digits.n == NANP && digits.p[1] >= '2';
    }
    return digits.n >= ABROAD_MIN && digits.n <= STIR_TN_MAX;
}

/* Numbers that begin with * or # are special whatever follows, and so say nothing about what stands before them. */
static bool is_number(const struct reading *r, const struct stir_tn_plan *plan)
{
    struct stir_slice digits = stir_tn_digits_of(&r->x);
    if (r->err != STIR_OK)
        return false;
    return r->fit == STIR_TN_SPECIAL ? stir_is_digit(digits.p[0]) : r->fit == STIR_TN_GLOBAL && has_length(plan, digits);
}

static void consider(struct search *s, struct stir_slice text)
{
    struct reading r = read_as(text, s->plan);
    if (!is_number(&r, s->plan))
        return;
    if (s->n_found == 0)
        s->found = r;
    if (s->n_found == 0 || !stir_slice_eq(stir_tn_digits_of(&r.x), stir_tn_digits_of(&s->found.x)))
        s->n_found++;
}

/* Characters of `text` that match the pattern, all or 0. */
static size_t match(struct stir_slice text, const char *pattern)
{
    size_t n = 0;
    for (; pattern[n]; n++) {
        char wanted = stir_lower(pattern[n]);
        if (n == text.n || (wanted == 'x' ? !stir_is_digit(text.p[n]) : stir_lower(text.p[n]) != wanted))
            return 0;
    }
    return n;
}

/* Is `head` all of a country code, as it is written in front of a number? */
static bool is_code(const struct stir_tn_plan *plan, struct stir_slice head)
{
    const char *prefix;
    if (plan->code.n == 0 || head.n < plan->code.n)
        return false;
    struct stir_slice before = stir_slice_upto(head, head.n - plan->code.n);
    if (!stir_slice_eq(stir_slice_from(head, before.n), plan->code))
        return false;
    if (before.n == 0 || stir_slice_is(before, "+") || (plan->international.n && stir_slice_eq(before, plan->international)))
        return true;
    for (size_t i = 0; plan->country && (prefix = stir_dial_international(plan->country, i)) != NULL; i++)
        if (stir_slice_is(before, prefix))
            return true;
    return false;
}

/* Behind what a routing prefix may stand: nothing, the country code, the trunk prefix. */
static bool is_head(const struct stir_tn_plan *plan, struct stir_slice head)
{
    struct stir_slice trunk = plan->country ? stir_slice_str(stir_dial_trunk(plan->country)) : plan->national;
    return head.n == 0 || is_code(plan, head) || (trunk.n && stir_slice_eq(head, trunk));
}

/* The readings of `text`: as it stands, and without each routing prefix. */
static void consider_ported(struct search *s, struct stir_slice text)
{
    char buf[ROOM];
    consider(s, text);
    for (const char *const *prefix = s->plan->portability; prefix && *prefix; prefix++)
        for (size_t head = 0; head <= HEAD_MAX && head < text.n; head++) {
            size_t n = is_head(s->plan, stir_slice_upto(text, head)) ? match(stir_slice_from(text, head), *prefix) : 0;
            if (n == 0 || head + n == text.n)
                continue;
            memcpy(buf, text.p, head);
            memcpy(buf + head, text.p + head + n, text.n - head - n);
            consider(s, stir_slice_of(buf, text.n - n));
        }
}

/* Digits, letters, '+', without what people put between them; empty when it is too long. */
static struct stir_slice compact(char buf[ROOM], struct stir_slice text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (stir_tn_is_separator(text.p[i]))
            continue;
        if (n == ROOM)
            return stir_slice_of(buf, 0);
        buf[n++] = text.p[i];
    }
    return stir_slice_of(buf, n);
}

static void take(struct stir_tn_digits *x, enum stir_tn_fit *fit, const struct reading *r)
{
    *x = r->x;
    *fit = r->fit;
}

/* Without the longest technical prefix that `text` begins with, when there is one. */
static struct reading consider_all(struct search *s, struct stir_slice text)
{
    struct reading cut = {.err = STIR_ESYNTAX};
    size_t longest = 0;
    consider_ported(s, text);
    for (const char *const *prefix = s->plan->technical; prefix && *prefix; prefix++) {
        struct stir_slice technical = stir_slice_str(*prefix), rest = stir_slice_from(text, technical.n < text.n ? technical.n : text.n);
        if (rest.n == 0 || !stir_slice_begins(text, technical))
            continue;
        consider_ported(s, rest);
        if (technical.n > longest)
            cut = read_as(rest, s->plan);
        longest = technical.n > longest ? technical.n : longest;
    }
    return cut;
}

static enum stir_err read_prefixed(struct stir_tn_digits *x, enum stir_tn_fit *fit, struct stir_slice number, const struct stir_tn_plan *plan)
{
    char buf[ROOM];
    struct search s = {.plan = plan};
    struct reading whole = read_as(number, plan), cut = consider_all(&s, compact(buf, number));
    if (s.n_found == 1) {
        take(x, fit, &s.found);
    } else if (s.n_found == 0 && cut.err == STIR_OK) {
        take(x, fit, &cut);
    } else if (s.n_found == 0) {
        take(x, fit, &whole);
        return whole.err;
    } else { /* it stays as it is, unless it is no number as it is */
        *fit = STIR_TN_TWO;
        return stir_tn_digits_read(x, number) == STIR_OK ? STIR_OK : STIR_EVALUE;
    }
    return STIR_OK;
}

enum stir_err stir_tn_read_number(struct stir_tn_digits *x, enum stir_tn_fit *fit, struct stir_slice number, const struct stir_tn_plan *plan)
{
    if (plan->technical || plan->portability)
        return read_prefixed(x, fit, number, plan);
    TRY(stir_tn_digits_read(x, number));
    *fit = stir_tn_fit(x, plan);
    return STIR_OK;
}
