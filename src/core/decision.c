/* Which of a call's tokens decides, and what all of them say together. */
#include "core/verify.h"

static bool is_diversion(const struct stir_token_verdict *t)
{
    return t->ppt == STIR_PPT_DIV || t->ppt == STIR_PPT_DIV_O;
}

/* How much a token has to say for the call: one that passed decides; else one whose signature or credential is bad, else any that is of a kind we take. */
/*= RFC8224-6.2c */
static int weight(const struct stir_token_verdict *t)
{
    if (is_diversion(t))
        return -1; /* says by whom the call was retargeted, never who calls */
    if (t->verstat == STIR_VERSTAT_PASSED)
        return 3;
    if (t->verstat == STIR_VERSTAT_FAILED)
        return 2;
    return t->reason != STIR_R_PPT_UNSUPPORTED;
}

/* The order of headers means nothing (RFC 8224 §6.2.1): of equals the one that failed first in the catalogue's order decides, then the one with the stronger
 * attestation, then the one whose text comes first. */
static bool decides_over(const struct stir_call *call, const struct stir_token_verdict *a, const struct stir_token_verdict *b)
{
    if (weight(a) != weight(b))
        return weight(a) > weight(b);
    if (a->reason != b->reason)
        return a->reason < b->reason;
    char strength[2] = {a->attest ? a->attest : 'Z', b->attest ? b->attest : 'Z'};
    if (strength[0] != strength[1])
        return strength[0] < strength[1];
    int order = stir_slice_compare(call->identity[a->index], call->identity[b->index]);
    return order ? order < 0 : a->nested < b->nested;
}

/* What speaks of something else than who calls: rph of the priority, rsp of who answers, rcd of how the caller is shown, unless it may decide, a diversion that
 * holds of by whom the call was retargeted. */
static bool supports(const struct stir_judgement *j, const struct stir_token_verdict *t)
{
    return stir_is_rph(j) || t->ppt == STIR_PPT_RSP || (t->ppt == STIR_PPT_RCD && !stir_may_decide(j)) ||
           (is_diversion(t) && t->verstat == STIR_VERSTAT_PASSED);
}

/* Every rph token must hold: one that fails may be the one that speaks for what the call asks. */
static enum stir_rph_verstat priority_with(enum stir_rph_verstat before, const struct stir_judgement *j)
{
    if (!stir_is_rph(j))
        return before;
    return stir_judge_failure(j) || before == STIR_RPH_FAILED ? STIR_RPH_FAILED : STIR_RPH_PASSED;
}

/* One rsp token that holds is enough: it says who answers. */
static enum stir_connected connected_with(enum stir_connected before, const struct stir_judgement *j)
{
    if (!j->message->call->is_response || !j->passport || j->passport->ppt != STIR_PPT_RSP || j->nested)
        return before;
    return !stir_judge_failure(j) || before == STIR_CONNECTED_PASSED ? STIR_CONNECTED_PASSED : STIR_CONNECTED_FAILED;
}

/* The place of the token that decides; -1 when none of them says who calls. */
/*= RFC8224-9c */
static int deciding(const struct stir_verdict *verdict, const struct stir_judgement *judgements, const struct stir_call *call)
{
    const struct stir_token_verdict *tokens = verdict->tokens;
    int first = -1;
    for (size_t i = 0; i < verdict->n_tokens; i++)
        if (!supports(&judgements[i], &tokens[i]) && (first < 0 || decides_over(call, &tokens[i], &tokens[first])))
            first = (int)i;
    return first;
}

/* Why there is no token that decides. */
static enum stir_reason undecided(const struct stir_verdict *verdict, const struct stir_call *call)
{
    if (verdict->n_tokens)
        return STIR_R_PPT_UNSUPPORTED;
    return call->n_identity ? STIR_R_IDENTITY_TOO_MANY : STIR_R_IDENTITY_MISSING;
}

void stir_judge_call(struct stir_verdict *verdict, const struct stir_judgement *judgements, const struct stir_call *call)
{
    for (size_t i = 0; i < verdict->n_tokens; i++) {
        verdict->rph = priority_with(verdict->rph, &judgements[i]);
        verdict->connected = connected_with(verdict->connected, &judgements[i]);
    }
    verdict->deciding = deciding(verdict, judgements, call);
    const struct stir_token_verdict *token = verdict->deciding >= 0 ? &verdict->tokens[verdict->deciding] : NULL;
    if (token)
        verdict->verstat = token->verstat;
    verdict->reason = token ? token->reason : undecided(verdict, call);
}
