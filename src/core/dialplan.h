/* Dial plans of countries: how people write numbers there, as data, and what a number is by it. */
#ifndef STIR_CORE_DIALPLAN_H
#define STIR_CORE_DIALPLAN_H

#include <stir/tn.h>

/* How a number becomes global: `cut` digits off its front, then `code` (may be empty) put before the rest. */
struct stir_dialled {
    size_t cut;
    struct stir_slice code;
};

/* The plan's country code. */
struct stir_slice stir_dial_code(const struct stir_dial_plan *plan);

/* How many numbers the rules of a plan make of digits: nobody knows which it is when there is none, or two. */
enum stir_dialling { STIR_DIAL_NONE, STIR_DIAL_ONE, STIR_DIAL_TWO };

/* What `digits`, without '+', means where the plan holds: dialled abroad, or within the country, or canonical already. */
enum stir_dialling stir_dial_read(struct stir_dialled *out, const struct stir_dial_plan *plan, struct stir_slice digits);

/* The same for digits that are known to be of the country, with its trunk prefix or without. */
bool stir_dial_national(struct stir_dialled *out, const struct stir_dial_plan *plan, struct stir_slice digits);

/* A number of the country that has no country code, beside those of every plan. */
bool stir_dial_is_special(const struct stir_dial_plan *plan, struct stir_slice digits);

/* Digits behind a '+' that can be a number: one of the country's own, or of another country as far as anybody knows its numbers. */
bool stir_dial_is_global(const struct stir_dial_plan *plan, struct stir_slice digits);

/* The trunk prefix, and the `index`th international one; NULL when there is none. */
const char *stir_dial_trunk(const struct stir_dial_plan *plan);
const char *stir_dial_international(const struct stir_dial_plan *plan, size_t index);

#endif
