#include "service/unanswered.h"

#include "service/actions.h"
#include "service/emergency.h"

void stir_unanswered_write(struct stir_unanswered *out, enum stir_record_kind kind, const struct stir_conf *conf, const struct stir_source *source,
                           const struct stir_call *call, int64_t unix_ms, const char *why)
{
    struct stir_policy policy;
    stir_actions_policy(&policy, &conf->verify.policy, source, stir_actions_of(conf, source));
    stir_message_read(&out->message, call, kind == STIR_RECORD_SIGN ? conf->sign.caller : policy.caller, &policy.tn);
    out->record = (struct stir_record){.kind = kind,
                                       .unix_ms = unix_ms,
                                       .source = source,
                                       .call_id = call->call_id,
                                       .orig = stir_record_party(&out->message.caller),
                                       .dest = stir_record_party(&out->message.callee),
                                       .ruri = call->ruri,
                                       .date = call->date,
                                       .conf_hash = conf->hash,
                                       .identities = call->identity,
                                       .n_identities = call->n_identity,
                                       .why = why,
                                       .unanswered = true};
    if (kind == STIR_RECORD_SIGN)
        out->record.result = STIR_SIGN_REFUSED;
    else
        out->record.emergency = stir_emergency_of(&out->message, &policy, source) == STIR_EMERGENCY_SURE;
}
