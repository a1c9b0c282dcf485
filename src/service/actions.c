#include "service/actions.h"

#include <string.h>

#include "core/bytes.h"

/* Reasons for which a verifier goes on as if there were no token (RFC 8224 §6.2 step 1). */
static bool is_missing(enum stir_reason reason)
{
    return reason == STIR_R_IDENTITY_MISSING || reason == STIR_R_PPT_UNSUPPORTED || reason == STIR_R_RSP_IN_REQUEST;
}

static bool is_unusable(enum stir_reason reason)
{
    const struct stir_reason_info *info = stir_reason_info(reason);
    return info && (info->check == STIR_CHECK_INFO || info->check == STIR_CHECK_FETCH);
}

enum stir_vs_outcome stir_actions_outcome(const struct stir_verdict *verdict)
{
    if (!verdict || is_unusable(verdict->reason))
        return STIR_OUTCOME_UNUSABLE;
    if (verdict->verstat == STIR_VERSTAT_PASSED && verdict->reason == STIR_R_NONE)
        return STIR_OUTCOME_OK;
    return is_missing(verdict->reason) ? STIR_OUTCOME_MISSING : STIR_OUTCOME_FAILED;
}

const struct stir_conf_actions *stir_actions_of(const struct stir_conf *conf, const struct stir_source *source)
{
    const char *name = source && source->trunk ? source->trunk->actions : "";
    for (size_t i = 0; name[0] && i < conf->n_actions; i++)
        if (strcmp(conf->actions[i].name, name) == 0)
            return &conf->actions[i];
    return &conf->actions[0];
}

static bool is_stricter(char attest, char than)
{
    return attest && (!than || attest < than);
}

void stir_actions_policy(struct stir_policy *out, const struct stir_policy *base, const struct stir_source *source, const struct stir_conf_actions *actions)
{
    const struct stir_conf_trunk *trunk = source ? source->trunk : NULL;
    *out = *base;
    if (is_stricter(actions->min_attest, base->min_attest))
        out->min_attest = actions->min_attest;
    if (trunk && trunk->tn.plan)
        out->tn.plan = trunk->tn.plan;
    if (trunk && trunk->tn.technical_prefixes)
        out->tn.technical_prefixes = trunk->tn.technical_prefixes;
    if (trunk && trunk->tn.portability_prefixes)
        out->tn.portability_prefixes = trunk->tn.portability_prefixes;
}

static bool has_same_overrides(const struct stir_policy *a, const struct stir_policy *b)
{
    for (size_t i = 0; i < a->n_overrides; i++)
        if (a->overrides[i].reason != b->overrides[i].reason || a->overrides[i].severity != b->overrides[i].severity)
            return false;
    return true;
}

static bool has_same_oids(const struct stir_policy *a, const struct stir_policy *b)
{
    for (size_t i = 0; i < a->n_policy_oids; i++)
        if (strcmp(a->policy_oid[i], b->policy_oid[i]) != 0)
            return false;
    return true;
}

/* Windows of time, numbers and kinds of tokens are asked of calls, not of certificates. */
bool stir_actions_same_chains(const struct stir_policy *a, const struct stir_policy *b)
{
    return a->strict == b->strict && a->crl_required == b->crl_required && a->tnauth_optional == b->tnauth_optional && a->fetch_tnlist == b->fetch_tnlist &&
           a->n_overrides == b->n_overrides && a->n_policy_oids == b->n_policy_oids && has_same_overrides(a, b) && has_same_oids(a, b);
}

/* ---- Decisions ---- */

static enum stir_conf_act act_of(const struct stir_conf_actions *actions, enum stir_vs_outcome outcome)
{
    switch (outcome) {
    case STIR_OUTCOME_MISSING: return actions->missing;
    case STIR_OUTCOME_OK: return actions->ok;
    case STIR_OUTCOME_FAILED: return actions->failed;
    case STIR_OUTCOME_UNUSABLE: break;
    }
    return actions->unusable;
}

/* The reason's own code. A call that passed and is stopped all the same is refused without one. */
static struct stir_vs_decision stop_by_reason(const struct stir_verdict *verdict)
{
    const struct stir_reason_info *info = stir_reason_info(verdict ? verdict->reason : STIR_R_INTERNAL);
    return (struct stir_vs_decision){STIR_ACT_STOP, info ? info->sip_code : 403, info ? info->sip_phrase : "Forbidden"};
}

struct stir_vs_decision stir_actions_decide(const struct stir_conf_actions *actions, const struct stir_verdict *verdict, bool emergency)
{
    enum stir_conf_act act = act_of(actions, stir_actions_outcome(verdict));
    if (act != STIR_ACT_STOP)
        return (struct stir_vs_decision){.act = act};
    if (emergency)
        return (struct stir_vs_decision){.act = STIR_ACT_PASS};
    switch (actions->stop) {
    case STIR_STOP_RFC8224: break;
    case STIR_STOP_608: return (struct stir_vs_decision){STIR_ACT_STOP, 608, "Rejected"}; /* RFC 8688 §5.1 */
    case STIR_STOP_603: return (struct stir_vs_decision){STIR_ACT_STOP, 603, "Network Blocked"};
    }
    return stop_by_reason(verdict);
}
