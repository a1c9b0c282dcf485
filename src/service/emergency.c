#include "service/emergency.h"

#include "service/actions.h"

#include "core/bytes.h"
#include "core/dialplan.h"
#include "core/tn.h"

#include <stir/identity.h>

STIR_AUTO_STRUCT_FREE(stir_passport)

/* ---- Where it goes ---- */

/* Dialled for help somewhere, and too short for any subscriber's number: nobody loses by them where they mean nothing. Beside those of the dial plan. */
static bool is_help(struct stir_slice digits)
{
    static const char *const numbers[] = {"911", "112", "988", "999", "000", "110", "118", "119"};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (stir_slice_is(digits, numbers[i]))
            return true;
    return false;
}

/* "+1911": some put the country code before whatever was dialled. */
static bool is_number(struct stir_slice digits, const struct stir_dial_plan *plan)
{
    if (is_help(digits) || stir_slice_is(digits, "1911"))
        return true;
    if (!plan)
        return false;
    struct stir_slice code = stir_dial_code(plan), rest = stir_slice_from(digits, stir_slice_begins(digits, code) ? code.n : digits.n);
    return stir_dial_is_special(plan, digits) || is_help(rest) || (rest.n && stir_dial_is_special(plan, rest));
}

/* urn:service:sos and what is below it (RFC 5031 §4.2). */
static bool is_service(struct stir_slice uri)
{
    static const char sos[] = "urn:service:sos";
    size_t n = sizeof(sos) - 1;
    return uri.n >= n && stir_slice_ieq(stir_slice_upto(uri, n), stir_slice_of(sos, n)) && (uri.n == n || uri.p[n] == '.');
}

/* sip:sos@..., as handsets write it that know no urn. */
static bool is_sos_user(struct stir_slice uri)
{
    size_t colon = stir_slice_find(uri, ':'), at = stir_slice_find(uri, '@');
    if (at == uri.n || colon > at)
        return false;
    struct stir_slice user = stir_slice_from(stir_slice_upto(uri, at), colon + 1);
    return stir_slice_ieq(stir_slice_upto(user, stir_slice_find(user, ';')), stir_slice_str("sos"));
}

static bool is_for_help(const struct stir_party *party, const struct stir_policy *policy)
{
    struct stir_slice text = stir_slice_of(party->text, party->len);
    if (party->kind == STIR_PARTY_URI)
        return is_service(text) || is_sos_user(text);
    return party->kind == STIR_PARTY_TN && is_number(text, policy->tn.plan);
}

/* ---- Whence it comes ---- */

static bool is_call_back(const struct stir_call *call)
{
    return stir_slice_ieq(stir_slice_trim(call->priority), stir_slice_str("psap-callback"));
}

enum stir_emergency stir_emergency_of(const struct stir_message *message, const struct stir_policy *policy, const struct stir_source *source)
{
    bool trusted = source && source->trunk && source->trunk->trusted, calls_back = is_call_back(message->call);
    if (is_for_help(&message->target, policy) || (calls_back && trusted))
        return STIR_EMERGENCY_SURE;
    return calls_back || is_for_help(&message->callee, policy) ? STIR_EMERGENCY_SAID : STIR_EMERGENCY_NO;
}

static bool has_sph(struct stir_slice value)
{
    STIR_AUTO_STRUCT(stir_passport) *passport = NULL;
    struct stir_identity identity;
    return stir_identity_parse(&identity, value, STIR_IDENTITY_TOLERANT, NULL, NULL) == STIR_OK && stir_passport_parse(&passport, &identity) == STIR_OK &&
           passport->ppt == STIR_PPT_RPH && stir_slice_is(passport->sph, "psap-callback");
}

bool stir_emergency_is_vouched(const struct stir_verdict *verdict, const struct stir_call *call)
{
    if (!verdict || verdict->rph != STIR_RPH_PASSED || !is_call_back(call))
        return false;
    for (size_t i = 0; i < verdict->n_tokens; i++) {
        const struct stir_token_verdict *t = &verdict->tokens[i];
        bool holds = t->nested == 0 && t->ppt == STIR_PPT_RPH && t->reason == STIR_R_NONE;
        if (holds && t->index < call->n_identity && has_sph(call->identity[t->index]))
            return true;
    }
    return false;
}

enum stir_emergency stir_emergency_of_call(const struct stir_conf *conf, const struct stir_source *source, const struct stir_call *call)
{
    struct stir_policy policy;
    struct stir_message message;
    stir_actions_policy(&policy, &conf->verify.policy, source, stir_actions_of(conf, source));
    stir_message_read(&message, call, policy.caller, &policy.tn);
    return stir_emergency_of(&message, &policy, source);
}
