/* What is judged with the certificate: its path, its scope, the signature, and what it demands of the claims. */
#include "core/cert.h"
#include "core/chain.h"
#include "core/passport.h"
#include "core/verify.h"

/* The checks that a judged chain settles, each a pass unless the chain has a reason against it. */
static const enum stir_check_id settled[] = {STIR_CHECK_CHAIN, STIR_CHECK_REVOCATION, STIR_CHECK_TNAUTH, STIR_CHECK_PROFILE};

static bool judge_chain(struct stir_judgement *j)
{
    const struct stir_chain_info *chain = stir_chain_info(j->chain);
    bool fatal = false;
    for (size_t i = 0; i < chain->n_reasons; i++) {
        /* The detail is about the first fatal reason. */
        bool fails = stir_policy_severity(j->policy, chain->reasons[i]) == STIR_SEVERITY_FAIL;
        if (fails && !fatal && chain->detail[0])
            stir_judge_say(j, chain->reasons[i], "%s", chain->detail);
        else
            stir_judge_say(j, chain->reasons[i], NULL);
        fatal = fatal || fails;
    }
    if (!chain->trusted && !fatal) /* judged under another policy that gave itself the same id */
        fatal = stir_judge_say(j, STIR_R_ISSUER_MISSING, "the chain was not trusted when it was judged");
    if (!chain->leaf)
        return false;
    for (size_t i = 0; i < sizeof(settled) / sizeof(settled[0]); i++)
        stir_judge_pass(j, settled[i]);
    return !fatal;
}

/* Both at the time of signing and now, and at the Date where the policy insists on it (RFC 8224 §6.2 step 4). */
static bool judge_validity(struct stir_judgement *j)
{
    const struct stir_chain_info *chain = stir_chain_info(j->chain);
    const struct {
        const char *when;
        int64_t at;
        bool known;
    } times[] = {{"at iat", j->passport->iat, j->passport->has_iat},
                 {"now", j->now, true},
                 {"at Date", j->message->date, j->message->has_date && stir_policy_severity(j->policy, STIR_R_DATE_STALE) == STIR_SEVERITY_FAIL}};
    if (!chain->leaf)
        return false;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        enum stir_reason reason = times[i].known ? stir_chain_check_time(j->chain, times[i].at) : STIR_R_NONE;
        char from[21] = "?", until[21] = "?";
        if (reason == STIR_R_NONE)
            continue;
        if (stir_time_write(from, chain->valid_from) != STIR_OK || stir_time_write(until, chain->valid_until) != STIR_OK)
            from[0] = until[0] = '\0';
        stir_judge_say(j, reason, "%s; the path is valid from %s to %s", times[i].when, from, until);
    }
    stir_judge_pass(j, STIR_CHECK_VALIDITY);
    return j->checks[STIR_CHECK_VALIDITY - 1].outcome != STIR_FAIL;
}

/* Over the bytes received, never over a re-serialisation. */
/*= RFC8224-6.2e RFC9795-8.1a */
static enum stir_err judge_signature(struct stir_judgement *j, struct stir_es256_ctx *ctx)
{
    struct stir_key *key = stir_cert_key(stir_chain_info(j->chain)->leaf);
    unsigned char digest[STIR_SHA256];
    if (!key || j->passport->signature_len != STIR_ES256_SIG)
        return STIR_OK; /* said already: LEAF_KEY, SIGNATURE_FORM */
    TRY(stir_es256_digest(ctx, j->identity.signing_input, digest));
    enum stir_err err = stir_es256_verify(ctx, key, digest, stir_slice_of(j->passport->signature, STIR_ES256_SIG));
    if (err == STIR_ESIG)
        stir_judge_say(j, STIR_R_SIGNATURE_BAD, NULL);
    else
        TRY(err);
    stir_judge_pass(j, STIR_CHECK_SIGNATURE);
    return STIR_OK;
}

/*= RFC9795-8.1c */
static enum stir_err judge_constraints(struct stir_judgement *j)
{
    const struct stir_cert *leaf = stir_chain_info(j->chain)->leaf;
    struct stir_json payload = stir_passport_payload(j->passport);
    if (!payload.text.p)
        return STIR_OK; /* said already: PAYLOAD_JSON */
    for (size_t i = 0; i < 2; i++) {
        const struct stir_constraints *constraints = stir_cert_constraints(leaf, i);
        enum stir_reason reason = STIR_R_NONE;
        struct stir_slice claim = {NULL, 0};
        if (!constraints)
            continue;
        TRY(stir_constraints_check(constraints, payload, &reason, &claim));
        if (reason != STIR_R_NONE)
            stir_judge_say(j, reason, "%.*s", STIR_SHOW(claim));
    }
    stir_judge_pass(j, STIR_CHECK_CONSTRAINTS);
    return STIR_OK;
}

enum stir_err stir_judge_credential(struct stir_judgement *j, struct stir_es256_ctx *ctx)
{
    if (!j->chain) {
        if (j->chain_failure == STIR_R_NONE || !stir_judge_say(j, j->chain_failure, NULL)) /* a reason that this policy bears brings no certificate */
            stir_judge_say(j, STIR_R_INFO_UNREACHABLE, NULL);
        return STIR_OK;
    }
    stir_judge_pass(j, STIR_CHECK_FETCH);
    bool good = judge_chain(j);
    good = judge_validity(j) && good;
    if (!stir_chain_info(j->chain)->leaf)
        return STIR_OK;
    good = stir_judge_tnlist(j) && good;
    if (!good && !j->policy->exhaustive)
        return STIR_OK;
    stir_judge_authority(j);
    stir_judge_issuer(j);
    TRY(judge_signature(j, ctx));
    return judge_constraints(j);
}
