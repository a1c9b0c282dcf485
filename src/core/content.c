/* What a token says beyond who calls whom: rich call data (RFC 9795) and media keys (RFC 8225 §5.2.2). Content that does not hold changes nothing else. */
#include "core/mky.h"
#include "core/sip.h"
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
    if (j->rcd->unfit)
        stir_judge_say(j, STIR_R_RCD_UNVERIFIED, "an image of the token: %s", j->rcd->unfit);
    stir_judge_pass(j, STIR_CHECK_RCD);
}

/* A display name of the message; one that is not there, or says nothing, contradicts nobody. */
static enum stir_err shows(bool *shown, bool *same, struct stir_judgement *j, struct stir_slice display_name, struct stir_slice nam)
{
    struct stir_slice text;
    if (!display_name.n)
        return STIR_OK;
    TRY(stir_sip_text(&text, j->arena, display_name));
    *shown = true;
    *same = *same || stir_slice_eq(text, nam);
    return STIR_OK;
}

/* The name that is signed against the one that a telephone would show: of From, or as the network asserts it. */
/*= RFC9795-12.2d */
static enum stir_err judge_name(struct stir_judgement *j)
{
    const struct stir_call *call = j->message->call;
    struct stir_json member;
    struct stir_slice nam;
    bool shown = false, same = false;
    if (!stir_json_member(j->rcd->rcd, "nam", &member))
        return STIR_OK;
    TRY(stir_json_string(&nam, member, j->arena));
    TRY(shows(&shown, &same, j, call->display_name, nam));
    for (size_t i = 0; i < call->n_pai && i < STIR_MAX_PAI; i++)
        TRY(shows(&shown, &same, j, stir_display_name(call->pai[i]), nam));
    if (shown && !same)
        stir_judge_say(j, STIR_R_RCD_NAME, "nam is \"%.*s\", the message shows \"%.*s\"", STIR_SHOW(nam),
                       STIR_SHOW(call->display_name.n ? call->display_name : stir_display_name(call->pai[0])));
    return STIR_OK;
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
    return judge_name(j);
}

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
