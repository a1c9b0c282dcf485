/* Numbers as the readers of tel and SIP URIs take them apart: digits, a dial plan, and how the two fit. */
#ifndef STIR_CORE_TN_H
#define STIR_CORE_TN_H

#include <stir/tn.h>

#include "core/bytes.h"

/* struct stir_tn_options, checked. */
struct stir_tn_plan {
    struct stir_slice code, international, national;   /* digits or empty */
    const char *const *special;                        /* NULL: the built-in list */
    const struct stir_dial_plan *country;              /* a named plan, whose data stand for prefixes and lengths; NULL for none */
    const char *const *technical, *const *portability; /* what the source puts before its numbers (tn_prefix.c); NULL for none */
    unsigned national_min, national_max;               /* digits of national numbers; 0: not known */
};

/* A number without its separators: digits, '*' and '#'. */
struct stir_tn_digits {
    bool global; /* it had a '+' */
    size_t n;
    char text[2 * STIR_TN_MAX]; /* the longest number, and the longest prefix that anybody dials before one */
};

/* How a number fits a plan. */
enum stir_tn_fit {
    STIR_TN_WRONG,   /* '+' before what no country code begins with */
    STIR_TN_SPECIAL, /* a number that has no country code */
    STIR_TN_GLOBAL,  /* country code first, now or before */
    STIR_TN_LOCAL,   /* a number of which the plan says nothing: it stays as it is */
    STIR_TN_TWO,     /* the same, because rules of the plan disagree */
    STIR_TN_FOREIGN, /* the same, and its phone-context says that it belongs elsewhere: no number for us */
};

/* @return STIR_OK; STIR_EARG (the size, a code or prefix of other than digits, a prefix that would be cut off the plan's own canonical numbers). */
enum stir_err stir_tn_plan_read(struct stir_tn_plan *out, const struct stir_tn_options *options) STIR_MUST_USE;

/* Digits of `text`, which has no parameters and no percent-encoding any more.
 * @return STIR_OK; STIR_ESYNTAX, STIR_EVALUE, STIR_ELIMIT as stir_tn_parse(). */
enum stir_err stir_tn_digits_read(struct stir_tn_digits *out, struct stir_slice text) STIR_MUST_USE;

/* Prefixes cut and country code put. */
enum stir_tn_fit stir_tn_fit(struct stir_tn_digits *x, const struct stir_tn_plan *plan);

/* The same for a number whose phone-context is "+" `code`; never STIR_TN_FOREIGN. */
enum stir_tn_fit stir_tn_fit_context(struct stir_tn_digits *x, struct stir_slice code, const struct stir_tn_plan *plan);

/* The value of phone-context among `params`, which is empty or begins with ';'; absent when there is none.
 * @return STIR_OK; STIR_ESYNTAX when it stands twice or has no value. */
enum stir_err stir_tn_context(struct stir_slice *out, struct stir_slice params) STIR_MUST_USE;

/* A number as its source writes it, without parameters: technical and portability prefixes taken off where the plan tells that they are there.
 * @return as stir_tn_digits_read(). */
enum stir_err stir_tn_read_number(struct stir_tn_digits *x, enum stir_tn_fit *fit, struct stir_slice number, const struct stir_tn_plan *plan) STIR_MUST_USE;

/* Can both lists be what they are said to be? */
bool stir_tn_prefixes_are_good(const struct stir_tn_plan *plan);

/* What people and RFC 3966 put between digits. */
/*= RFC8224-8.3a */
static inline bool stir_tn_is_separator(char c)
{
    return c == '-' || c == '.' || c == '(' || c == ')' || c == '/' || stir_is_space(c);
}

static inline bool stir_slice_begins(struct stir_slice s, struct stir_slice prefix)
{
    return s.n >= prefix.n && stir_slice_eq(stir_slice_upto(s, prefix.n), prefix);
}

static inline struct stir_slice stir_tn_digits_of(const struct stir_tn_digits *x)
{
    return stir_slice_of(x->text, x->n);
}

/* A telephone-subscriber (RFC 3966 §3) taken apart already: number and context (absent when it has none). */
enum stir_err stir_tn_fit_subscriber(struct stir_tn_digits *x, enum stir_tn_fit *fit, struct stir_slice number, struct stir_slice context,
                                     const struct stir_tn_plan *plan) STIR_MUST_USE;

/* `x`, read with `plan`, as a party.
 * @return STIR_OK; STIR_EVALUE when it is longer than E.164 allows. */
enum stir_err stir_tn_take(struct stir_party *out, const struct stir_tn_digits *x, enum stir_tn_fit fit, const struct stir_tn_plan *plan) STIR_MUST_USE;

#endif
