#include "core/dialplan.h"

#include "core/bytes.h"

enum {
    ABROAD_MIN = 7, /* digits of the shortest numbers behind a country code: Niue, +683 and four */
    PREFIXES = 5,
    RANGES = 18,
    SPECIALS = 14
};

/* National numbers that begin with a pattern: Z is 1 to 9, N is 2 to 9, X is any digit. */
struct range {
    const char *begins;
    unsigned char min, max; /* digits, without trunk prefix; 0: numbers that begin so have no rule */
    const char *code;       /* where it is not the country's own */
};

struct stir_dial_plan {
    const char *name; /* ISO 3166 */
    const char *code;
    const char *international[PREFIXES];
    const char *national;          /* trunk prefix; NULL when there is none */
    bool bare;                     /* national numbers are dialled without trunk prefix, too */
    struct range ranges[RANGES];   /* the first that a number begins with decides */
    const char *special[SPECIALS]; /* emergencies and helplines that are dialled without more everywhere in the country, beside those of every plan */
};

/* From the national numbering plans as published by the regulators. Numbers of services (15, 3651, 13 00 xx) have no rule where they have no global form. */
static const struct stir_dial_plan plans[] = {
    {"US", "1", {"011"}, "1", true, {{"NXXN", 10, 10, NULL}}, {NULL}},
    {"CA", "1", {"011"}, "1", true, {{"NXXN", 10, 10, NULL}}, {NULL}},
    /* Overseas departments are dialled as if they were French, and have codes of their own; the numbers of 0976 are spread over them. */
    {"FR",
     "33",
     {"00"},
     "0",
     false,
     {{"262", 9, 9, "262"},
      {"263", 9, 9, "262"},
      {"269", 9, 9, "262"},
      {"590", 9, 9, "590"},
      {"594", 9, 9, "594"},
      {"596", 9, 9, "596"},
      {"639", 9, 9, "262"},
      {"690", 9, 9, "590"},
      {"691", 9, 9, "590"},
      {"692", 9, 9, "262"},
      {"693", 9, 9, "262"},
      {"694", 9, 9, "594"},
      {"696", 9, 9, "596"},
      {"697", 9, 9, "596"},
      {"976", 0, 0, NULL},
      {"700", 13, 13, NULL},
      {"Z", 9, 9, NULL}},
     {"15", "17", "18", "114", "115", "119", "191", "196", "197"}},
    /* Lengths vary within one area, and private exchanges append their own digits. */
    {"DE", "49", {"00"}, "0", false, {{"15", 10, 11, NULL}, {"16", 10, 11, NULL}, {"17", 10, 11, NULL}, {"Z", 5, 13, NULL}}, {"110", "115"}},
    {"GB", "44", {"00"}, "0", false, {{"1", 9, 10, NULL}, {"800", 7, 10, NULL}, {"Z", 10, 10, NULL}}, {"999", "101", "105", "111"}},
    /* The 0 is part of the number. 390 is no mobile prefix: 39 0... is a number that has its code. */
    {"IT",
     "39",
     {"00"},
     NULL,
     true,
     {{"0Z", 6, 11, NULL}, {"390", 0, 0, NULL}, {"3N", 9, 10, NULL}, {"55", 10, 10, NULL}, {"199", 9, 9, NULL}, {"8", 6, 9, NULL}},
     {"113", "114", "115", "117", "118", "1522", "1530"}},
    {"MX", "52", {"00"}, NULL, true, {{"N", 10, 10, NULL}}, {"088", "089"}},
    {"ES",
     "34",
     {"00"},
     NULL,
     true,
     {{"51", 9, 9, NULL}, {"6", 9, 9, NULL}, {"7", 9, 9, NULL}, {"8", 9, 9, NULL}, {"9", 9, 9, NULL}},
     {"016", "061", "062", "080", "085", "091", "092"}},
    {"AU",
     "61",
     {"0011", "0014", "0015", "0016", "0018"},
     "0",
     false,
     {{"2", 9, 9, NULL}, {"3", 9, 9, NULL}, {"4", 9, 9, NULL}, {"7", 9, 9, NULL}, {"8", 9, 9, NULL}},
     {"000", "106"}},
};

enum { PLANS = sizeof(plans) / sizeof(plans[0]) };

const struct stir_dial_plan *stir_tn_plan(struct stir_slice name)
{
    for (size_t i = 0; i < PLANS; i++)
        if (stir_slice_ieq(name, stir_slice_str(plans[i].name)))
            return &plans[i];
    return NULL;
}

const char *stir_tn_plan_at(size_t index)
{
    return index < PLANS ? plans[index].name : NULL;
}

struct stir_slice stir_dial_code(const struct stir_dial_plan *plan)
{
    return stir_slice_str(plan->code);
}

static bool fits(char digit, char pattern)
{
    switch (pattern) {
    case 'X': return true;
    case 'N': return digit >= '2';
    case 'Z': return digit >= '1';
    default: return digit == pattern;
    }
}

static bool begins(struct stir_slice digits, const char *pattern)
{
    size_t i = 0;
    for (; pattern[i]; i++)
        if (i >= digits.n || !fits(digits.p[i], pattern[i]))
            return false;
    return i > 0;
}

/* The range of a national number without trunk prefix, NULL when it is none. */
static const struct range *range_of(const struct stir_dial_plan *plan, struct stir_slice digits)
{
    for (size_t i = 0; i < RANGES && plan->ranges[i].begins; i++) {
        const struct range *range = &plan->ranges[i];
        if (begins(digits, range->begins))
            return digits.n >= range->min && digits.n <= range->max ? range : NULL;
    }
    return NULL;
}

static bool is_national(struct stir_dialled *out, const struct stir_dial_plan *plan, struct stir_slice digits, size_t cut)
{
    const struct range *range = range_of(plan, stir_slice_from(digits, cut));
    if (range)
        *out = (struct stir_dialled){cut, stir_slice_str(range->code ? range->code : plan->code)};
    return range != NULL;
}

static bool with_trunk(struct stir_dialled *out, const struct stir_dial_plan *plan, struct stir_slice digits)
{
    return plan->national && begins(digits, plan->national) && is_national(out, plan, digits, strlen(plan->national));
}

/* Behind a country code: our own numbers are known, of others no more than that a code does not begin with 0. */
static bool is_global(const struct stir_dial_plan *plan, struct stir_slice digits, bool own)
{
    if (!begins(digits, plan->code))
        return !own && digits.n >= ABROAD_MIN && digits.n <= STIR_TN_MAX && digits.p[0] >= '1';
    const struct range *range = range_of(plan, stir_slice_from(digits, strlen(plan->code)));
    return range && !range->code;
}

static bool dialled_abroad(struct stir_dialled *out, const struct stir_dial_plan *plan, struct stir_slice digits)
{
    for (size_t i = 0; i < PREFIXES && plan->international[i]; i++) {
        size_t cut = strlen(plan->international[i]);
        if (begins(digits, plan->international[i]) && is_global(plan, stir_slice_from(digits, cut), false)) {
            *out = (struct stir_dialled){cut, stir_slice_str("")};
            return true;
        }
    }
    return false;
}

static char digit_at(const struct stir_dialled *d, struct stir_slice digits, size_t i)
{
    return i < d->code.n ? d->code.p[i] : digits.p[d->cut + i - d->code.n];
}

/* Two readings of the same digits that come to the same number. */
static bool agree(const struct stir_dialled *a, const struct stir_dialled *b, struct stir_slice digits)
{
    size_t n = a->code.n + digits.n - a->cut;
    if (n != b->code.n + digits.n - b->cut)
        return false;
    for (size_t i = 0; i < n; i++)
        if (digit_at(a, digits, i) != digit_at(b, digits, i))
            return false;
    return true;
}

enum stir_dialling stir_dial_read(struct stir_dialled *out, const struct stir_dial_plan *plan, struct stir_slice digits)
{
    struct stir_dialled found[4];
    size_t n = 0;
    n += dialled_abroad(&found[n], plan, digits);
    n += with_trunk(&found[n], plan, digits);
    n += plan->bare && is_national(&found[n], plan, digits, 0);
    if (is_global(plan, digits, true))
        found[n++] = (struct stir_dialled){0, stir_slice_str("")};
    for (size_t i = 1; i < n; i++)
        if (!agree(&found[0], &found[i], digits))
            return STIR_DIAL_TWO;
    if (n)
        *out = found[0];
    return n ? STIR_DIAL_ONE : STIR_DIAL_NONE;
}

bool stir_dial_national(struct stir_dialled *out, const struct stir_dial_plan *plan, struct stir_slice digits)
{
    struct stir_dialled cut, whole;
    bool trunk = with_trunk(&cut, plan, digits), bare = is_national(&whole, plan, digits, 0);
    if (trunk && bare && !agree(&cut, &whole, digits))
        return false;
    if (trunk || bare)
        *out = trunk ? cut : whole;
    return trunk || bare;
}

bool stir_dial_is_special(const struct stir_dial_plan *plan, struct stir_slice digits)
{
    for (size_t i = 0; i < SPECIALS && plan->special[i]; i++)
        if (stir_slice_is(digits, plan->special[i]))
            return true;
    return false;
}

bool stir_dial_is_global(const struct stir_dial_plan *plan, struct stir_slice digits)
{
    return digits.n && is_global(plan, digits, false);
}

const char *stir_dial_trunk(const struct stir_dial_plan *plan)
{
    return plan->national;
}

const char *stir_dial_international(const struct stir_dial_plan *plan, size_t index)
{
    return index < PREFIXES ? plan->international[index] : NULL;
}
