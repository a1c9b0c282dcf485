/* JWTClaimConstraints (RFC 8226 §8) and EnhancedJWTClaimConstraints (RFC 9118). */
#ifndef STIR_CORE_CONSTRAINTS_H
#define STIR_CORE_CONSTRAINTS_H

#include <stir/limits.h>
#include <stir/reason.h>

#include "core/json.h"

struct stir_constraints;

/* Parse the extension's content; `enhanced` is the form of RFC 9118 (mustExclude allowed). Strict DER, at least one member, lists not empty.
 * A mustExclude that names iat, orig or dest makes the whole extension void (RFC 9118 §3): then STIR_OK and stir_constraints_is_void().
 * @return STIR_OK, STIR_EDER, STIR_EVALUE (a name that is not IA5, a value that is not UTF-8), STIR_ELIMIT, STIR_ENOMEM. `der` is not kept. */
enum stir_err stir_constraints_parse(struct stir_constraints **out, struct stir_slice der, bool enhanced) STIR_MUST_USE;
void stir_constraints_free(struct stir_constraints *c);
bool stir_constraints_is_void(const struct stir_constraints *c);

/* Hold the claims of `payload` (a parsed object) against the constraints. A string claim is compared by its value, any other by its canonical serialisation.
 * @return STIR_OK with *reason STIR_R_NONE, STIR_R_CLAIM_EXCLUDED, STIR_R_CLAIM_REQUIRED or STIR_R_CLAIM_NOT_PERMITTED (*claim then names the claim);
 * STIR_ENOMEM. */
enum stir_err stir_constraints_check(const struct stir_constraints *c, struct stir_json payload, enum stir_reason *reason,
                                     struct stir_slice *claim) STIR_MUST_USE;

#endif
