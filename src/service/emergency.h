/* Calls for help, in two readings. What a caller may write at will (To, Priority) hurries his call, and frees it of nothing; only where the call goes, or a
 * word of somebody else's, keeps it from being stopped. Pure. */
#ifndef STIR_SERVICE_EMERGENCY_H
#define STIR_SERVICE_EMERGENCY_H

#include "service/source.h"

#include "core/verify.h"

#include <stir/verdict.h>

enum stir_emergency {
    STIR_EMERGENCY_NO = 0,
    STIR_EMERGENCY_SAID = 1, /* To or Priority says so, and nobody else: never delayed, never answered 503 */
    STIR_EMERGENCY_SURE = 2, /* it goes there by its Request-URI (by the callee where there is none, as in HTTP), or a trusted trunk says that a PSAP calls
                                back: never stopped or refused either */
};

/* Which it is, by a message that was read with `policy`; `source` may be NULL. Numbers of help: those of many countries, the plan's, and either behind the
 * country code ("+1911"); urn:service:sos and what is below it (RFC 5031); the user "sos". A PSAP's call back: Priority psap-callback (RFC 7090). */
enum stir_emergency stir_emergency_of(const struct stir_message *message, const struct stir_policy *policy, const struct stir_source *source);

/* The same of a call that nobody has read yet, by what [verify] and the source's [actions] say of reading. What a token vouches for is not known yet. `source`
 * may be NULL. */
enum stir_emergency stir_emergency_of_call(const struct stir_conf *conf, const struct stir_source *source, const struct stir_call *call);

/* Is it a PSAP's call back by a token: one of ppt rph with sph (RFC 9027), that holds as all of its kind do? `verdict` may be NULL. STIR_EMERGENCY_SURE then.
 */
bool stir_emergency_is_vouched(const struct stir_verdict *verdict, const struct stir_call *call);

#endif
