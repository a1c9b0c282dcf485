#include "core/divert.h"

#include "core/identity.h"
#include "core/passport.h"

/* A token of the message that may be diverted. */
struct token {
    struct stir_passport *passport; /* NULL: it cannot be read, or is of a kind that says nothing of the callee */
    struct stir_slice full;         /* absent in compact form */
};

static struct stir_claim_party claim_of(const struct stir_party *party)
{
    return (struct stir_claim_party){party->kind, stir_slice_of(party->text, party->len)};
}

/* The compact form stands for what the message says (RFC 8224 §4.1.1). */
static void read_compact(struct stir_passport *p, const struct stir_message *message)
{
    p->orig = claim_of(&message->caller);
    p->dest[0] = claim_of(&message->callee);
    p->n_dest = message->callee.kind == STIR_PARTY_NONE ? 0 : 1;
}

/* What cannot be read is no obstacle: a verifier may say so. rsp stands in responses. */
static enum stir_err read_token(struct token *out, struct stir_arena *arena, struct stir_slice value, const struct stir_message *message)
{
    struct stir_identity identity;
    *out = (struct token){NULL, {NULL, 0}};
    if (stir_identity_parse(&identity, value, STIR_IDENTITY_TOLERANT, NULL, NULL) != STIR_OK || (!identity.compact && !identity.header.p))
        return STIR_OK;
    struct stir_passport *p = stir_arena_get(arena, sizeof(*p));
    if (!p)
        return STIR_ENOMEM;
    if (!identity.compact)
        TRY(stir_passport_read(p, arena, &identity));
    else if (stir_ppt_of(identity.ppt) == STIR_PPT_NONE || stir_ppt_of(identity.ppt) == STIR_PPT_RCD)
        read_compact(p, message);
    if (p->orig.kind != STIR_PARTY_NONE && p->ppt != STIR_PPT_RSP)
        *out = (struct token){p, identity.compact ? stir_slice_of(NULL, 0) : identity.token};
    return STIR_OK;
}

/* The token says that `by` sent this caller's call to the target, already. */
static bool diverts(const struct token *t, const struct stir_party *orig, const struct stir_party *by, const struct stir_party *target)
{
    const struct stir_passport *p = t->passport;
    return p && (p->ppt == STIR_PPT_DIV || p->ppt == STIR_PPT_DIV_O) && stir_claim_is(&p->div, by) && stir_claim_is(&p->orig, orig) && stir_dest_is(p, target);
}

/* One div for all tokens of one caller: those for further callees beside the diverting one would get the same claims again. */
static bool has_div(const struct stir_divert *plan, const struct token *tokens, size_t n, const struct stir_party *orig, const struct stir_party *target)
{
    for (size_t i = 0; i < plan->n; i++)
        if (stir_party_eq(&plan->needed[i].orig, orig))
            return true;
    for (size_t i = 0; i < n; i++)
        if (diverts(&tokens[i], orig, &plan->by.party, target))
            return true;
    return false;
}

/* A div-o for each token, around it. */
static bool has_div_o(const struct token *tokens, size_t n, struct stir_slice full)
{
    for (size_t i = 0; i < n; i++)
        if (tokens[i].passport && tokens[i].passport->ppt == STIR_PPT_DIV_O && stir_slice_eq(tokens[i].passport->opt, full))
            return true;
    return false;
}

/*= RFC8946-3g RFC8946-5.1a */
static enum stir_err plan_tokens(struct stir_divert *plan, const struct token *tokens, size_t n, const struct stir_message *message, bool nested,
                                 struct stir_diag *diag)
{
    bool done = false;
    for (size_t i = 0; i < n; i++) {
        const struct token *t = &tokens[i];
        struct stir_party orig;
        if (!t->passport || !stir_dest_is(t->passport, &plan->by.party) || !stir_party_of_claim(&orig, &t->passport->orig) || (nested && !t->full.p))
            continue;
        if (nested ? has_div_o(tokens, n, t->full) : has_div(plan, tokens, n, &orig, &message->target)) {
            done = true;
            continue;
        }
        plan->needed[plan->n].orig = orig;
        plan->needed[plan->n++].opt = nested ? t->full : stir_slice_of(NULL, 0);
    }
    if (plan->n == 0 && done)
        return stir_diag_set(diag, STIR_ESTATE, SIZE_MAX, "the INVITE says already that %s sent the call to %s: pass it on as it is", plan->by.party.text,
                             message->target.text);
    if (plan->n == 0)
        return stir_diag_set(diag, STIR_ESTATE, SIZE_MAX,
                             "no Identity of the INVITE%s is for %s, whom %s names as diverting the call: nothing that could be diverted",
                             nested ? " in full form" : "", plan->by.party.text, plan->by.source);
    return STIR_OK;
}

/* Given, or said by History-Info or Diversion; else the callee of To, where that still stands. */
static enum stir_err find_diverter(struct stir_divert *plan, const struct stir_sip *sip, const struct stir_message *message,
                                   const struct stir_attest_params *params, struct stir_diag *diag)
{
    if (params->claims.div)
        plan->by = (struct stir_diverter){*params->claims.div, params->claims.div_hi, "the one who signs"};
    else if (stir_diverter_read(&plan->by, sip, &message->target, &params->tn) != STIR_OK)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "more than %d History-Info headers: give the diverting number", STIR_MAX_HISTORY);
    if (!plan->by.source)
        plan->by = (struct stir_diverter){message->callee, {NULL, 0}, "To"};
    if (plan->by.party.kind == STIR_PARTY_NONE || message->target.kind == STIR_PARTY_NONE)
        return stir_diag_set(diag, STIR_ESTATE, SIZE_MAX, "%s names nobody who could be told from others: give the diverting number",
                             message->target.kind == STIR_PARTY_NONE ? "the Request-URI" : plan->by.source);
    /*= RFC8946-3b */
    if (stir_party_eq(&plan->by.party, &message->target))
        return stir_diag_set(diag, STIR_ESTATE, SIZE_MAX, "the call reaches %s, who was called: it was not diverted", message->target.text);
    return STIR_OK;
}

enum stir_err stir_divert_plan(struct stir_divert *out, const struct stir_sip *sip, const struct stir_message *message, const struct stir_attest_params *params,
                               struct stir_diag *diag)
{
    struct stir_arena arena = {NULL, 0, 0};
    struct token tokens[STIR_MAX_IDENTITIES];
    size_t n = sip->call.n_identity;
    enum stir_err err = STIR_OK;
    out->n = 0;
    /*= RFC8946-4.1a */
    if (n == 0)
        return stir_diag_set(diag, STIR_ESTATE, SIZE_MAX, "the INVITE carries no Identity: there is nothing that a div token could divert");
    if (n > STIR_MAX_IDENTITIES)
        return STIR_ELIMIT;
    TRY(find_diverter(out, sip, message, params, diag));
    for (size_t i = 0; i < n && err == STIR_OK; i++)
        err = read_token(&tokens[i], &arena, sip->call.identity[i], message);
    if (err == STIR_OK)
        err = plan_tokens(out, tokens, n, message, params->claims.ppt == STIR_PPT_DIV_O, diag);
    stir_arena_clear(&arena);
    return err;
}

/*= RFC8946-5.1b */
static enum stir_err check_nested(const struct stir_passport *nested, const struct stir_passport_params *claims, struct stir_diag *diag)
{
    if (!stir_claim_is(&nested->orig, claims->orig))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "orig is %s, and %.*s in the token of opt: a diversion does not change the caller",
                             claims->orig->text, STIR_SHOW(nested->orig.text));
    if (!stir_dest_is(nested, claims->div))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "div is %s, and the token of opt is not for that number", claims->div->text);
    return STIR_OK;
}

/*= RFC8946-6a RFC8946-6b */
enum stir_err stir_divert_check(const struct stir_passport_params *claims, struct stir_diag *diag)
{
    struct stir_arena arena = {NULL, 0, 0};
    struct stir_identity identity;
    if (!claims->opt.p || !stir_identity_of_token(&identity, claims->opt))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "opt is no token in full form: three parts with dots between");
    struct stir_passport *nested = stir_arena_get(&arena, sizeof(*nested));
    enum stir_err err = nested ? stir_passport_read(nested, &arena, &identity) : STIR_ENOMEM;
    if (err == STIR_OK)
        err = check_nested(nested, claims, diag);
    stir_arena_clear(&arena);
    return err;
}
