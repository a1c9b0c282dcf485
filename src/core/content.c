/* What a token says beyond who calls whom: rich call data (RFC 9795) and media keys (RFC 8225 §5.2.2). Content that does not hold changes nothing else. */
#include "core/mky.h"
#include "core/verify.h"

/* A fetch can still settle something. */
static bool waits(const struct stir_rcd *rcd)
{
    for (size_t i = 0; i < rcd->n_contents; i++)
        if (!rcd->contents[i].settled)
            return true;
    return false;
}

static void say_digests(struct stir_judgement *j, enum stir_rcd_state state, enum stir_reason reason)
{
    for (size_t i = 0; i < j->rcd->n_digests; i++) {
        const struct stir_rcd_digest *d = &j->rcd->digests[i];
        if (d->state == state)
            stir_judge_say(j, reason, "%.*s: %s", STIR_SHOW(d->pointer), d->why);
    }
}

/*= RFC9795-8.2 */
void stir_judge_content(struct stir_judgement *j)
{
    if (!j->rcd)
        return;
    say_digests(j, STIR_RCD_DIFFERS, STIR_R_RCD_DIGEST);
    if (waits(j->rcd))
        return;
    say_digests(j, STIR_RCD_UNVERIFIED, STIR_R_RCD_UNVERIFIED);
    if (j->rcd->bare.p)
        stir_judge_say(j, STIR_R_RCD_UNVERIFIED, "rcdi has no digest for %.*s", STIR_SHOW(j->rcd->bare));
    stir_judge_pass(j, STIR_CHECK_RCD);
}

static enum stir_err judge_rich_data(struct stir_judgement *j)
{
    const struct stir_passport *p = j->passport;
    if (!p->rcd.p)
        return STIR_OK;
    j->rcd = stir_arena_get(j->arena, sizeof(*j->rcd));
    if (!j->rcd)
        return STIR_ENOMEM;
    TRY(stir_rcd_read(j->rcd, j->arena, p->rcd, p->rcdi, j->policy->any_url));
    for (size_t i = 0; i < j->rcd->n_contents && !j->policy->fetch_content; i++)
        stir_rcd_miss(j->rcd, i, "this policy fetches no content");
    stir_judge_content(j);
    return STIR_OK;
}

/*= RFC8225-5.2.2 */
static enum stir_err judge_media_keys(struct stir_judgement *j)
{
    const struct stir_call *call = j->message->call;
    bool same;
    if (!j->passport->mky.p) /* SHAKEN signs none */
        return STIR_OK;
    TRY(stir_mky_compare(&same, j->arena, j->passport->mky, call->fingerprints, call->n_fingerprints));
    if (!same && call->n_fingerprints)
        stir_judge_say(j, STIR_R_MKY_MISMATCH, "the SDP's is %.*s%s", STIR_SHOW(stir_slice_trim(call->fingerprints[0])),
                       call->n_fingerprints > 1 ? " and others" : "");
    else if (!same)
        stir_judge_say(j, STIR_R_MKY_MISMATCH, "the message has no fingerprint");
    stir_judge_pass(j, STIR_CHECK_MKY);
    return STIR_OK;
}

enum stir_err stir_judge_claims(struct stir_judgement *j)
{
    TRY(judge_rich_data(j));
    return judge_media_keys(j);
}
