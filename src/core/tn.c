#include <stir/tn.h>

#include "core/bytes.h"
#include "core/dialplan.h"
#include "core/tn.h"

enum {
    CODE_MAX = 3,      /* digits of a country code (ITU-T E.164 §6.2.1) */
    NATIONAL_MIN = 7,  /* shorter numbers are extensions and services: without a trunk prefix nothing says that they are national */
    NANP_NATIONAL = 10 /* digits of a national number in the North American plan */
};

static bool is_digits(struct stir_slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!stir_is_digit(s.p[i]))
            return false;
    return true;
}

/* The first digit of a number that begins with a country code: none is assigned to 0. */
static bool begins_global(struct stir_slice digits)
{
    return digits.n && digits.p[0] >= '1' && digits.p[0] <= '9';
}

/* A prefix that the country code begins with would be cut off numbers that are canonical already. The North American trunk prefix is its country code too;
 * there the length tells. */
static bool eats_its_own(const struct stir_tn_plan *plan)
{
    if (plan->code.n == 0 || stir_slice_is(plan->code, "1"))
        return false;
    return (plan->international.n && stir_slice_begins(plan->code, plan->international)) || (plan->national.n && stir_slice_begins(plan->code, plan->national));
}

enum stir_err stir_tn_plan_read(struct stir_tn_plan *out, const struct stir_tn_options *options)
{
    static const struct stir_tn_options none = STIR_TN_OPTIONS_INIT;
    struct stir_tn_plan plan;
    if (!options)
        options = &none;
    if (options->size < sizeof(*options))
        return STIR_EARG;
    plan.code = stir_slice_str(options->country_code);
    plan.international = stir_slice_str(options->international_prefix);
    plan.national = stir_slice_str(options->national_prefix);
    plan.special = options->special;
    plan.country = options->plan;
    plan.technical = options->technical_prefixes;
    plan.portability = options->portability_prefixes;
    plan.national_min = options->national_min;
    plan.national_max = options->national_max;
    if (plan.country) {
        plan.code = stir_dial_code(plan.country);
        plan.international = plan.national = stir_slice_of(NULL, 0);
    }
    if (!is_digits(plan.code) || !is_digits(plan.international) || !is_digits(plan.national) || plan.code.n > CODE_MAX || eats_its_own(&plan))
        return STIR_EARG;
    if (plan.national_min > plan.national_max || plan.national_max > STIR_TN_MAX || !stir_tn_prefixes_are_good(&plan))
        return STIR_EARG;
    *out = plan;
    return STIR_OK;
}

enum stir_err stir_tn_digits_read(struct stir_tn_digits *out, struct stir_slice text)
{
    struct stir_tn_digits x = {.global = false};
    if (text.n > STIR_PARTY_MAX)
        return STIR_ELIMIT;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (stir_is_digit(c) || c == '*' || c == '#') {
            if (x.n == sizeof(x.text))
                return STIR_EVALUE;
            x.text[x.n++] = c;
        } else if (c == '+' && x.n == 0 && !x.global) {
            x.global = true;
        } else if (!stir_tn_is_separator(c)) {
            return STIR_ESYNTAX; /* a letter, a digit of another script, a '+' between digits */
        }
    }
    if (x.n == 0)
        return STIR_EVALUE;
    *out = x;
    return STIR_OK;
}

static void cut_front(struct stir_tn_digits *x, size_t n)
{
    x->n -= n;
    memmove(x->text, x->text + n, x->n);
}

/* False when the number would be longer than any; it is left alone then. */
static bool put_front(struct stir_tn_digits *x, struct stir_slice digits)
{
    if (digits.n > sizeof(x->text) - x->n)
        return false;
    memmove(x->text + digits.n, x->text, x->n);
    memcpy(x->text, digits.p, digits.n);
    x->n += digits.n;
    return true;
}

static bool is_n11(struct stir_slice tn)
{
    return tn.n == 3 && tn.p[0] >= '2' && tn.p[0] <= '9' && tn.p[1] == '1' && tn.p[2] == '1';
}

static bool is_special(struct stir_slice tn, const struct stir_tn_plan *plan)
{
    const char *const *list = plan->special;
    if (!list && plan->country && stir_dial_is_special(plan->country, tn))
        return true;
    if (!list)
        return is_n11(tn) || stir_slice_is(tn, "112") || stir_slice_is(tn, "988") || (tn.n && (tn.p[0] == '*' || tn.p[0] == '#'));
    for (; *list; list++)
        if (stir_slice_is(tn, *list))
            return true;
    return false;
}

/* A North American number, national or with its code: the length and the first digit tell, whoever dialled it. Answers with the code in front. */
static bool make_nanp(struct stir_tn_digits *x)
{
    if (x->n == NANP_NATIONAL && x->text[0] >= '2')
        return put_front(x, stir_slice_str("1"));
    return x->n == NANP_NATIONAL + 1 && x->text[0] == '1';
}

/* A national number of plan "1"; a prefix such as the 9 of an office for an outside line goes only when what is left makes a number. */
static enum stir_tn_fit fit_nanp(struct stir_tn_digits *x, const struct stir_tn_plan *plan)
{
    struct stir_tn_digits rest = *x;
    if (make_nanp(x))
        return STIR_TN_GLOBAL;
    if (plan->national.n == 0 || !stir_slice_begins(stir_tn_digits_of(x), plan->national))
        return STIR_TN_LOCAL;
    cut_front(&rest, plan->national.n);
    if (!make_nanp(&rest))
        return STIR_TN_LOCAL;
    *x = rest;
    return STIR_TN_GLOBAL;
}

static bool is_national_length(const struct stir_tn_plan *plan, size_t n)
{
    return plan->national_max == 0 || (n >= plan->national_min && n <= plan->national_max);
}

/* A number of another plan. With a trunk prefix only numbers that carry it are national; without one every number is, unless it has the code already. */
static enum stir_tn_fit fit_national(struct stir_tn_digits *x, const struct stir_tn_plan *plan)
{
    struct stir_slice digits = stir_tn_digits_of(x);
    if (plan->national.n && digits.n > plan->national.n && stir_slice_begins(digits, plan->national)) {
        if (!is_national_length(plan, digits.n - plan->national.n))
            return STIR_TN_LOCAL;
        cut_front(x, plan->national.n);
        return put_front(x, plan->code) ? STIR_TN_GLOBAL : STIR_TN_LOCAL;
    }
    if (stir_slice_begins(digits, plan->code) && digits.n >= plan->code.n + NATIONAL_MIN && is_national_length(plan, digits.n - plan->code.n))
        return STIR_TN_GLOBAL;
    if (plan->national.n || digits.n < NATIONAL_MIN || !is_national_length(plan, digits.n))
        return STIR_TN_LOCAL;
    return put_front(x, plan->code) ? STIR_TN_GLOBAL : STIR_TN_LOCAL;
}

static bool cut_international(struct stir_tn_digits *x, struct stir_slice prefix)
{
    if (prefix.n == 0 || !stir_slice_begins(stir_tn_digits_of(x), prefix) || !begins_global(stir_slice_from(stir_tn_digits_of(x), prefix.n)))
        return false;
    cut_front(x, prefix.n);
    return true;
}

static enum stir_tn_fit fit_dialled(struct stir_tn_digits *x, const struct stir_dialled *dialled)
{
    cut_front(x, dialled->cut);
    return put_front(x, dialled->code) ? STIR_TN_GLOBAL : STIR_TN_LOCAL;
}

static enum stir_tn_fit fit_country(struct stir_tn_digits *x, const struct stir_dial_plan *country)
{
    struct stir_dialled dialled;
    switch (stir_dial_read(&dialled, country, stir_tn_digits_of(x))) {
    case STIR_DIAL_ONE: return fit_dialled(x, &dialled);
    case STIR_DIAL_TWO: return STIR_TN_TWO;
    case STIR_DIAL_NONE: break;
    }
    return STIR_TN_LOCAL;
}

enum stir_tn_fit stir_tn_fit(struct stir_tn_digits *x, const struct stir_tn_plan *plan)
{
    bool nanp = stir_slice_is(plan->code, "1");
    if (x->global && !is_digits(stir_tn_digits_of(x)))
        return STIR_TN_WRONG;
    if (is_special(stir_tn_digits_of(x), plan)) /* "+911" too: some send it */
        return STIR_TN_SPECIAL;
    if (x->global)
        return begins_global(stir_tn_digits_of(x)) ? STIR_TN_GLOBAL : STIR_TN_WRONG;
    if (!is_digits(stir_tn_digits_of(x)))
        return STIR_TN_LOCAL;
    if (plan->country)
        return fit_country(x, plan->country);
    if (nanp && fit_nanp(x, plan) == STIR_TN_GLOBAL)
        return STIR_TN_GLOBAL;
    if (cut_international(x, plan->international))
        return STIR_TN_GLOBAL;
    return nanp || plan->code.n == 0 ? STIR_TN_LOCAL : fit_national(x, plan);
}

/* RFC 3966 §5.1.5 warns that a context is no prefix. Where it is a country code, and the number one that its country writes, it is all the same what the
 * number lacks; a longer context, such as a company's, tells nothing about the digits. */
enum stir_tn_fit stir_tn_fit_context(struct stir_tn_digits *x, struct stir_slice code, const struct stir_tn_plan *plan)
{
    struct stir_tn_digits rest = *x;
    struct stir_dialled dialled;
    if (is_special(stir_tn_digits_of(x), plan))
        return STIR_TN_SPECIAL;
    if (code.n > CODE_MAX || !begins_global(code) || !is_digits(stir_tn_digits_of(x)))
        return STIR_TN_LOCAL;
    if (plan->country && stir_slice_eq(code, plan->code))
        return stir_dial_national(&dialled, plan->country, stir_tn_digits_of(x)) ? fit_dialled(x, &dialled) : STIR_TN_LOCAL;
    if (stir_slice_is(code, "1"))
        return make_nanp(x) ? STIR_TN_GLOBAL : STIR_TN_LOCAL;
    if (stir_slice_eq(code, plan->code) && plan->national.n && stir_slice_begins(stir_tn_digits_of(x), plan->national))
        cut_front(&rest, plan->national.n);
    else if (!begins_global(stir_tn_digits_of(x)))
        return STIR_TN_LOCAL; /* a trunk prefix of a plan that is not ours, perhaps */
    if (rest.n < NATIONAL_MIN || !put_front(&rest, code))
        return STIR_TN_LOCAL;
    *x = rest;
    return STIR_TN_GLOBAL;
}

/* Nothing is known of a number that no plan was asked for. */
static enum stir_tn_standing standing_of(enum stir_tn_fit fit, const struct stir_tn_plan *plan)
{
    switch (fit) {
    case STIR_TN_GLOBAL: return STIR_STANDING_GLOBAL;
    case STIR_TN_SPECIAL: return STIR_STANDING_SPECIAL;
    case STIR_TN_TWO: return STIR_STANDING_AMBIGUOUS;
    case STIR_TN_LOCAL: return plan->code.n ? STIR_STANDING_LOCAL : STIR_STANDING_UNKNOWN;
    case STIR_TN_WRONG:
    case STIR_TN_FOREIGN: break;
    }
    return STIR_STANDING_UNKNOWN;
}

const char *stir_tn_standing_text(enum stir_tn_standing standing)
{
    switch (standing) {
    case STIR_STANDING_GLOBAL: return "it has its country code";
    case STIR_STANDING_SPECIAL: return "a special number, which has no country code";
    case STIR_STANDING_LOCAL: return "no rule of the dial plan makes it global";
    case STIR_STANDING_AMBIGUOUS: return "two rules of the dial plan make two numbers of it";
    case STIR_STANDING_UNKNOWN: break;
    }
    return "no dial plan was asked";
}

enum stir_err stir_tn_take(struct stir_party *out, const struct stir_tn_digits *x, enum stir_tn_fit fit, const struct stir_tn_plan *plan)
{
    if (x->n > STIR_TN_MAX)
        return STIR_EVALUE;
    memcpy(out->text, x->text, x->n);
    out->text[x->n] = '\0';
    out->len = x->n;
    out->kind = STIR_PARTY_TN;
    out->standing = standing_of(fit, plan);
    return STIR_OK;
}

/* RFC 3966 §3: `phone-context` may stand once. */
enum stir_err stir_tn_context(struct stir_slice *out, struct stir_slice params)
{
    struct stir_slice found = {NULL, 0};
    while (params.n) {
        params = stir_slice_from(params, 1); /* the ';' */
        struct stir_slice param = stir_slice_upto(params, stir_slice_find(params, ';'));
        size_t equals = stir_slice_find(param, '=');
        params = stir_slice_from(params, param.n);
        if (!stir_slice_ieq(stir_slice_trim(stir_slice_upto(param, equals)), stir_slice_str("phone-context")))
            continue;
        if (found.p || equals == param.n)
            return STIR_ESYNTAX;
        found = stir_slice_trim(stir_slice_from(param, equals + 1));
    }
    *out = found;
    return STIR_OK;
}

enum stir_err stir_tn_fit_subscriber(struct stir_tn_digits *x, enum stir_tn_fit *fit, struct stir_slice number, struct stir_slice context,
                                     const struct stir_tn_plan *plan)
{
    struct stir_tn_digits code;
    if (!context.p)
        return stir_tn_read_number(x, fit, number, plan);
    TRY(stir_tn_digits_read(x, number));
    if (x->global) {
        *fit = stir_tn_fit(x, plan);
        return STIR_OK;
    }
    if (context.n == 0 || context.p[0] != '+') { /* a domain's context: our plan must know the number by itself */
        *fit = stir_tn_fit(x, plan);
        if (*fit == STIR_TN_LOCAL || *fit == STIR_TN_TWO)
            *fit = STIR_TN_FOREIGN;
        return STIR_OK;
    }
    TRY(stir_tn_digits_read(&code, context));
    *fit = stir_tn_fit_context(x, stir_tn_digits_of(&code), plan);
    if (*fit == STIR_TN_LOCAL)
        *fit = STIR_TN_FOREIGN;
    return STIR_OK;
}

enum stir_err stir_tn_parse(struct stir_party *out, struct stir_slice text, const struct stir_tn_options *options)
{
    struct stir_tn_plan plan;
    struct stir_tn_digits x;
    struct stir_slice context;
    enum stir_tn_fit fit;
    if (!out || !text.p)
        return STIR_EARG;
    TRY(stir_tn_plan_read(&plan, options));
    text = stir_slice_trim(text);
    size_t end = stir_slice_find(text, ';');
    TRY(stir_tn_context(&context, stir_slice_from(text, end)));
    TRY(stir_tn_fit_subscriber(&x, &fit, stir_slice_upto(text, end), context, &plan));
    if (fit == STIR_TN_WRONG || fit == STIR_TN_FOREIGN)
        return STIR_EVALUE;
    return stir_tn_take(out, &x, fit, &plan);
}

/*= RFC8224-8.3b */
bool stir_tn_is_canonical(struct stir_slice tn)
{
    if (!tn.p || tn.n == 0 || tn.n > STIR_TN_MAX)
        return false;
    for (size_t i = 0; i < tn.n; i++)
        if (!stir_is_digit(tn.p[i]) && tn.p[i] != '*' && tn.p[i] != '#')
            return false;
    return true;
}

bool stir_tn_is_special(struct stir_slice tn, const struct stir_tn_options *options)
{
    struct stir_tn_plan plan;
    return tn.p && stir_tn_plan_read(&plan, options) == STIR_OK && is_special(tn, &plan);
}
