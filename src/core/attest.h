/* What signing a whole INVITE and signing for a redirect server have in common. */
#ifndef STIR_CORE_ATTEST_H
#define STIR_CORE_ATTEST_H

#include <stir/attest.h>

/* A further shaken token beside this one would be a second: it says who calls, or says nothing of its kind. */
bool stir_attest_vouches(const struct stir_identity *identity);

/* The time that is signed: `*iat` unless 0, else the message's Date, else params->now; `*add_date`: the message has none. Looks at now, max_date_age and
 * style.compact of `params`. @return STIR_OK; STIR_ESYNTAX, STIR_ETIME (a Date that cannot be read, or would be called stale). */
enum stir_err stir_attest_date(int64_t *iat, bool *add_date, const struct stir_sip *sip, const struct stir_attest_params *params,
                               struct stir_diag *diag) STIR_MUST_USE;

#endif
