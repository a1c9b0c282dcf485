#include <stir/policy.h>

enum { ANY_PPT = 1 << STIR_PPT_NONE | 1 << STIR_PPT_SHAKEN | 1 << STIR_PPT_RCD };

static const struct stir_policy shaken = {
    .size = sizeof(struct stir_policy),
    .name = "shaken",
    .accept = 1 << STIR_PPT_SHAKEN,
    .max_age = 60, /*= RFC8224-4.1 */
    .max_future = 60,
    .max_date_age = 60,
    .caller = STIR_CALLER_PAI_FROM,
    .tn = STIR_TN_OPTIONS_INIT,
};

static const char *const names[] = {"shaken", "strict", "rfc8224"};

enum stir_err stir_policy_preset(struct stir_policy *out, struct stir_slice name)
{
    if (!out)
        return STIR_EARG;
    struct stir_policy policy = shaken;
    if (stir_slice_is(name, "strict")) {
        policy.name = "strict";
        policy.strict = true;
    } else if (stir_slice_is(name, "rfc8224")) {
        policy.name = "rfc8224";
        policy.accept = ANY_PPT;
        policy.allow_compact = true;
        policy.caller = STIR_CALLER_FROM;
    } else if (!stir_slice_is(name, "shaken")) {
        return STIR_ENOTFOUND;
    }
    *out = policy;
    return STIR_OK;
}

const char *stir_policy_preset_at(size_t index)
{
    return index < sizeof(names) / sizeof(names[0]) ? names[index] : NULL;
}

enum stir_severity stir_policy_severity(const struct stir_policy *policy, enum stir_reason reason)
{
    const struct stir_reason_info *info = stir_reason_info(reason);
    if (!policy || !info)
        return STIR_SEVERITY_OFF;
    for (size_t i = 0; i < policy->n_overrides && i < STIR_POLICY_OVERRIDES; i++)
        if (policy->overrides[i].reason == reason)
            return policy->overrides[i].severity;
    if (reason == STIR_R_REVOCATION_UNKNOWN && policy->crl_required)
        return STIR_SEVERITY_FAIL;
    if (reason == STIR_R_TNAUTH_MISSING && policy->tnauth_optional)
        return STIR_SEVERITY_WARN;
    return policy->strict ? info->severity_strict : info->severity;
}

enum stir_err stir_policy_set(struct stir_policy *policy, enum stir_reason reason, enum stir_severity severity)
{
    if (!policy || (unsigned)severity > STIR_SEVERITY_FAIL)
        return STIR_EARG;
    if (!stir_reason_info(reason))
        return STIR_ENOTFOUND;
    for (size_t i = 0; i < policy->n_overrides; i++) {
        if (policy->overrides[i].reason == reason) {
            policy->overrides[i].severity = severity;
            return STIR_OK;
        }
    }
    if (policy->n_overrides >= STIR_POLICY_OVERRIDES)
        return STIR_ELIMIT;
    policy->overrides[policy->n_overrides].reason = reason;
    policy->overrides[policy->n_overrides].severity = severity;
    policy->n_overrides++;
    return STIR_OK;
}
