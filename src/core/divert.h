/* The div tokens that a retarget needs (RFC 8946 §4.1, §5.1). */
#ifndef STIR_CORE_DIVERT_H
#define STIR_CORE_DIVERT_H

#include <stir/attest.h>

#include "core/history.h"
#include "core/verify.h"

struct stir_divert {
    struct stir_diverter by;
    struct {
        struct stir_party orig; /* of the tokens that are diverted: it never changes */
        struct stir_slice opt;  /* the token itself, for div-o */
    } needed[STIR_MAX_IDENTITIES];
    size_t n;
};

/* What to sign of kind params->claims.ppt, div or div-o, for a message that carries at most STIR_MAX_IDENTITIES Identity headers; at least one.
 * @return STIR_OK; STIR_ESTATE (nothing was diverted, or nothing of it is signed for), STIR_ELIMIT, STIR_ENOMEM. Slices point into the message. */
enum stir_err stir_divert_plan(struct stir_divert *out, const struct stir_sip *sip, const struct stir_message *message, const struct stir_attest_params *params,
                               struct stir_diag *diag) STIR_MUST_USE;

/* claims->opt is a token that `claims` may divert: in full form, of the same caller, for the diverting party.
 * @return STIR_OK; STIR_EVALUE, STIR_ELIMIT, STIR_ENOMEM. */
enum stir_err stir_divert_check(const struct stir_passport_params *claims, struct stir_diag *diag) STIR_MUST_USE;

#endif
