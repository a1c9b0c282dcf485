/* Claims signed that came by HTTP. */
#include "service/as_sign.h"

static void read_claims(struct stir_signing *s)
{
    const struct stir_passport_params *claims = s->call->claims;
    const struct stir_party *held = claims->ppt == STIR_PPT_DIV || claims->ppt == STIR_PPT_DIV_O ? claims->div : claims->orig;
    struct stir_record *r = &s->answer->record;
    if (claims->orig)
        r->orig = stir_slice_of(claims->orig->text, claims->orig->len);
    if (claims->n_dest)
        r->dest = stir_slice_of(claims->dest[0].text, claims->dest[0].len);
    r->ppt = claims->ppt;
    s->question.number = stir_number_of(held && held->kind == STIR_PARTY_TN ? stir_slice_of(held->text, held->len) : stir_slice_of(NULL, 0));
    s->iat = claims->iat ? claims->iat : s->now;
}

/* Priority, rich call data and the like are for those who answer for them themselves. */
static bool may_ask_for(struct stir_signing *s)
{
    const struct stir_passport_params *claims = s->call->claims;
    const struct stir_source *source = s->call->source;
    bool own = (source->trunk && source->trunk->trusted) || (source->tenant && source->tenant->kind == STIR_TENANT_PROVIDER && source->proven);
    bool more = claims->rph || claims->n_rph || claims->sph.p || claims->rcd.p || claims->rcdi.p || claims->crn.p || claims->iss.p || claims->opt.p;
    if (own || (claims->ppt == STIR_PPT_SHAKEN && !more))
        return true;
    if (claims->ppt == STIR_PPT_DIV && !more) {
        if (claims->div && stir_as_may_divert(s, claims->div))
            return true;
        stir_as_because(s, STIR_ESTATE, "div is not known to be a number of this source");
        return false;
    }
    stir_as_because(s, STIR_ESTATE, "%s signed for providers that have proven who they are, and for trusted trunks",
                    more ? "priority and rich call data are" : "tokens of this kind are");
    return false;
}

/* A time that is not, is told as such, and not as a certificate's fault. */
static bool is_near(const struct stir_signing *s)
{
    return s->iat >= s->now - 60 && s->iat <= s->now + 60;
}

void stir_as_sign_http(struct stir_signing *s)
{
    struct stir_as_answer *a = s->answer;
    struct stir_passport_params claims = *s->call->claims;
    struct stir_diag diag = {0};
    uint32_t group;
    a->result = STIR_SIGN_UNSIGNED;
    read_claims(s);
    if (!stir_as_ask_rules(s)) {
        if (s->decision.verdict == STIR_AS_REFUSE)
            stir_as_refuse(s);
        return;
    }
    if (!stir_as_find_group(s, &group) || !may_ask_for(s) || !stir_as_may_sign(s))
        return;
    s->signer = stir_as_choose(s->book, group, s->question.trunk, &s->question.number, s->now, is_near(s) ? s->iat : s->now, a->why, sizeof(a->why));
    if (!s->signer) {
        a->err = STIR_ENOTFOUND;
        return;
    }
    claims.attest = 0;
    claims.origid = stir_slice_of(NULL, 0);
    claims.iat = s->iat;
    enum stir_err err = STIR_OK;
    if (claims.ppt == STIR_PPT_SHAKEN) {
        err = stir_as_find_origid(s);
        claims.attest = s->decision.attest;
        claims.origid = stir_slice_str(a->origid);
    }
    if (err == STIR_OK)
        err = stir_as_sign_token(s, &claims, s->signer, &diag);
    if (err != STIR_OK) {
        stir_as_told(s, err, &diag);
        return;
    }
    a->result = STIR_SIGNED;
    a->attest = claims.attest;
    stir_as_fill_signer(s, s->signer);
}
