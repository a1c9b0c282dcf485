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

/* What `digits`, without '+', means where the plan holds: dialled abroad, or within the country, or canonical already.
 * @return false when no rule fits, or two that disagree: nobody knows then. */
bool stir_dial_read(struct stir_dialled *out, const struct stir_dial_plan *plan, struct stir_slice digits);

/* The same for digits that are known to be of the country, with its trunk prefix or without. */
bool stir_dial_national(struct stir_dialled *out, const struct stir_dial_plan *plan, struct stir_slice digits);

#endif
