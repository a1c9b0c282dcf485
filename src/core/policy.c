#include <stir/policy.h>

enum { ANY_PPT = 1 << STIR_PPT_NONE | 1 << STIR_PPT_SHAKEN | 1 << STIR_PPT_RCD };

/* What all presets have in common: a minute each way, and any readable spelling. */
#define PRESET(label) \
    .size = sizeof(struct stir_policy), .name = (label), .tn = STIR_TN_OPTIONS_INIT, .max_age = 60, .max_future = 60, .max_date_age = 60, .max_date_iat = 60
/* What networks that follow SHAKEN send: its tokens, and the caller as they assert him. */
#define SHAKEN .accept = 1 << STIR_PPT_SHAKEN, .caller = STIR_CALLER_PAI_FROM

/* ATIS-1000074 judges time by iat alone, and takes no form that lacks it: the Date header says nothing more. */
#define DATE_IS_NOT_ASKED                                       \
    .overrides = {{STIR_R_DATE_BAD, STIR_SEVERITY_OFF},         \
                  {STIR_R_DATE_STALE, STIR_SEVERITY_OFF},       \
                  {STIR_R_DATE_FUTURE, STIR_SEVERITY_OFF},      \
                  {STIR_R_IAT_DATE_DIFFER, STIR_SEVERITY_OFF}}, \
    .n_overrides = 4

/* RFC 8224 §6.2.2: a stale Date is 403. One that nobody can read, or that differs from a fresh iat, is borne: the verifier uses iat then (§6.2 step 4). */
#define DATE_IS_ASKED .overrides = {{STIR_R_DATE_STALE, STIR_SEVERITY_FAIL}, {STIR_R_DATE_FUTURE, STIR_SEVERITY_FAIL}}, .n_overrides = 2

/* The certificate policies that name the US: versions 1.3 and 1.4. */
#define US_CERTIFICATES .policy_oid = {"2.16.840.1.114569.1.1.3", "2.16.840.1.114569.1.1.4"}, .n_policy_oids = 2

/* stir-policy(7) says what each is for. */
static const struct {
    const char *plan; /* whose numbers the message has; NULL for none */
    struct stir_policy policy;
} presets[] = {
    {NULL, {PRESET("shaken"), SHAKEN}},
    {NULL, {PRESET("strict"), SHAKEN, .strict = true}},
    {NULL, {PRESET("rfc8224"), .accept = ANY_PPT, .caller = STIR_CALLER_FROM, .allow_compact = true, DATE_IS_ASKED}},
    {NULL, {PRESET("atis"), SHAKEN, DATE_IS_NOT_ASKED}},
    {"US", {PRESET("us"), SHAKEN, DATE_IS_NOT_ASKED, US_CERTIFICATES}},
    {"US", {PRESET("us-strict"), SHAKEN, .strict = true, US_CERTIFICATES}},
    {"CA", {PRESET("ca"), SHAKEN, DATE_IS_NOT_ASKED}},
    {"FR", {PRESET("fr-man"), .accept = 1 << STIR_PPT_SHAKEN, .caller = STIR_CALLER_FROM_PAI, DATE_IS_NOT_ASKED}},
};

enum { PRESETS = sizeof(presets) / sizeof(presets[0]) };

enum stir_err stir_policy_preset(struct stir_policy *out, struct stir_slice name)
{
    if (!out)
        return STIR_EARG;
    for (size_t i = 0; i < PRESETS; i++) {
        if (stir_slice_is(name, presets[i].policy.name)) {
            *out = presets[i].policy;
            out->tn.plan = presets[i].plan ? stir_tn_plan(stir_slice_str(presets[i].plan)) : NULL;
            return STIR_OK;
        }
    }
    return STIR_ENOTFOUND;
}

const char *stir_policy_preset_at(size_t index)
{
    return index < PRESETS ? presets[index].policy.name : NULL;
}

/* What no policy may soften: without it there is nothing left to judge, or anybody could be anybody. */
static bool is_hard(enum stir_reason reason)
{
    switch (reason) {
    case STIR_R_IDENTITY_MISSING:
    case STIR_R_IDENTITY_TOO_MANY:
    case STIR_R_CALLER_UNKNOWN:
    case STIR_R_DATE_MISSING:
    case STIR_R_IDENTITY_SYNTAX:
    case STIR_R_IDENTITY_TOO_LONG:
    case STIR_R_IDENTITY_PARTS:
    case STIR_R_BASE64:
    case STIR_R_COMPACT_FORM:
    case STIR_R_PPT_UNSUPPORTED:
    case STIR_R_INFO_UNREACHABLE:
    case STIR_R_INFO_REFUSED:
    case STIR_R_HEADER_JSON:
    case STIR_R_ALG_MISSING:
    case STIR_R_CRIT:
    case STIR_R_ALG_OTHER:
    case STIR_R_PAYLOAD_JSON:
    case STIR_R_IAT_MISSING:
    case STIR_R_IAT_FORM:
    case STIR_R_ORIG_MISSING:
    case STIR_R_ORIG_FORM:
    case STIR_R_ORIG_MISMATCH:
    case STIR_R_CERT_UNREADABLE:
    case STIR_R_CERT_WITH_KEY:
    case STIR_R_CHAIN_TOO_LONG:
    case STIR_R_ISSUER_MISSING:
    case STIR_R_ISSUER_SIGNATURE:
    case STIR_R_ISSUER_NOT_CA:
    case STIR_R_CERT_ALGORITHM:
    case STIR_R_LEAF_KEY:
    case STIR_R_SIGNATURE_FORM:
    case STIR_R_SIGNATURE_BAD:
    case STIR_R_INTERNAL: return true;
    default: return false;
    }
}

enum stir_severity stir_policy_severity(const struct stir_policy *policy, enum stir_reason reason)
{
    const struct stir_reason_info *info = stir_reason_info(reason);
    if (!policy || !info)
        return STIR_SEVERITY_OFF;
    if (is_hard(reason))
        return STIR_SEVERITY_FAIL;
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
    if (is_hard(reason) && severity != STIR_SEVERITY_FAIL)
        return STIR_EVALUE;
    for (size_t i = 0; i < policy->n_overrides && i < STIR_POLICY_OVERRIDES; i++) {
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
