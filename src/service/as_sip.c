/* A SIP message signed: what it carries already goes on, and what is missing is added. */
#include "service/as_sign.h"

#include "core/attest.h"
#include "service/emergency.h"
#include "service/header.h"

enum { UDP_SAFE = 1300 };

/* ---- What the call carries already ---- */

/* A shaken token that one of our own keys signed, as this source's signers could, and that is too old to be passed on. Its signature is asked for last: a
 * stranger may send any number of tokens that name our URL. */
static bool is_own_and_old(struct stir_signing *s, const struct stir_identity *identity, uint32_t group)
{
    size_t n = 0;
    const struct stir_named *found = identity->info.n && !identity->compact ? stir_names_find(&s->book->by_x5u, identity->info, &n) : NULL;
    const struct stir_as_signer *signer = n ? &s->book->signers[found->at] : NULL;
    struct stir_passport *token = NULL;
    unsigned char digest[STIR_SHA256];
    if (!signer || signer->tenant != group || stir_passport_parse(&token, identity) != STIR_OK)
        return false;
    bool old = token->ppt == STIR_PPT_SHAKEN && token->n_faults == 0 && stir_slice_eq(token->x5u, identity->info) &&
               s->now - token->iat > s->conf->sign.reroute_after && stir_es256_digest(s->worker->ctx, identity->signing_input, digest) == STIR_OK &&
               stir_es256_verify(s->worker->ctx, signer->key, digest, stir_slice_of(token->signature, token->signature_len)) == STIR_OK;
    if (old && token->origid.n < sizeof(s->origid_before)) {
        memcpy(s->origid_before, token->origid.p, token->origid.n);
        s->origid_before[token->origid.n] = '\0';
    }
    stir_passport_free(token);
    return old;
}

/* Into the answer what goes on: all of it, byte for byte, or all but our own that are too old. True: somebody vouches for the caller already. */
static bool keep_identities(struct stir_signing *s, uint32_t group)
{
    const struct stir_call *call = &s->call->sip->call;
    struct stir_as_answer *a = s->answer;
    bool vouched = false, strip = s->conf->sign.existing == STIR_EXISTING_STRIP && !s->question.trusted;
    size_t n = call->n_identity < STIR_AS_IDENTITIES ? call->n_identity : STIR_AS_IDENTITIES;
    for (size_t i = 0; i < n && !strip; i++) {
        struct stir_identity identity;
        a->identities[a->n++] = call->identity[i];
        if (stir_identity_parse(&identity, call->identity[i], STIR_IDENTITY_TOLERANT, NULL, NULL) != STIR_OK || !stir_attest_vouches(&identity))
            continue;
        if (!vouched && is_own_and_old(s, &identity, group))
            s->fresh = true;
        else
            vouched = true;
    }
    if (vouched) /* theirs beside ours: one of them stands already */
        s->fresh = false;
    return vouched;
}

/* What came goes on after all. */
static void keep_all(struct stir_signing *s)
{
    const struct stir_call *call = &s->call->sip->call;
    s->answer->n = call->n_identity < STIR_AS_IDENTITIES ? call->n_identity : STIR_AS_IDENTITIES;
    memcpy(s->answer->identities, call->identity, s->answer->n * sizeof(*call->identity));
}

/* Those that came, without our own that a fresh one replaces. */
static void drop_replaced(struct stir_signing *s)
{
    struct stir_as_answer *a = s->answer;
    size_t kept = 0;
    for (size_t i = 0; i < a->n; i++) {
        struct stir_identity identity;
        bool vouches = stir_identity_parse(&identity, a->identities[i], STIR_IDENTITY_TOLERANT, NULL, NULL) == STIR_OK && stir_attest_vouches(&identity);
        if (!vouches)
            a->identities[kept++] = a->identities[i];
    }
    a->n = kept;
}

/* ---- The message ---- */

/* Who hides behind From is known by what the network asserts (RFC 3323, RFC 3325 §9.1). */
static enum stir_caller_source caller_source(const struct stir_signing *s)
{
    enum stir_caller_source caller = s->conf->sign.caller;
    if (caller == STIR_CALLER_PAI_FROM || s->call->sip->call.n_pai == 0)
        return caller;
    struct stir_slice privacy = {NULL, 0};
    stir_header_find(&privacy, s->call->sip->head, stir_slice_str("Privacy"));
    while (privacy.n) {
        size_t n = stir_slice_find(privacy, ';');
        struct stir_slice one = stir_slice_trim(stir_slice_upto(privacy, n));
        privacy = stir_slice_from(privacy, n < privacy.n ? n + 1 : n);
        if (stir_slice_ieq(one, stir_slice_str("id")) || stir_slice_ieq(one, stir_slice_str("user")))
            return STIR_CALLER_PAI_FROM;
    }
    return caller;
}

static void read_message(struct stir_signing *s)
{
    struct stir_as_answer *a = s->answer;
    struct stir_record *r = &a->record;
    const struct stir_call *call = &s->call->sip->call;
    size_t trunk = s->question.trunk == STIR_NAMES_NOBODY ? s->conf->n_trunks : s->question.trunk;
    stir_message_read(&s->message, call, caller_source(s), &s->book->tn[trunk]);
    a->orig = s->message.caller;
    a->dest = s->message.callee;
    r->call_id = call->call_id;
    r->ruri = call->ruri;
    r->date = call->date;
    r->orig = stir_slice_of(a->orig.text, a->orig.len);
    r->dest = stir_slice_of(a->dest.text, a->dest.len);
    s->question.number = stir_number_of(a->orig.kind == STIR_PARTY_TN ? r->orig : stir_slice_of(NULL, 0));
}

static enum stir_err find_time(struct stir_signing *s, struct stir_diag *diag)
{
    struct stir_attest_params params = STIR_ATTEST_PARAMS_INIT;
    params.now = s->now;
    s->iat = s->fresh ? s->now : 0;
    return stir_attest_date(&s->iat, &s->add_date, s->call->sip, &params, diag);
}

static bool has_caller(struct stir_signing *s)
{
    if (s->answer->orig.kind == STIR_PARTY_TN)
        return true;
    stir_as_because(s, STIR_EVALUE,
                    s->answer->orig.kind == STIR_PARTY_NONE ? "the message names no caller that can be read" : "the caller is no telephone number");
    return false;
}

static bool sign_shaken(struct stir_signing *s, uint32_t group)
{
    struct stir_passport_params claims = STIR_PASSPORT_PARAMS_INIT;
    struct stir_as_answer *a = s->answer;
    struct stir_diag diag = {0};
    if (s->call->sip->identities_seen > STIR_AS_IDENTITIES && s->conf->sign.existing == STIR_EXISTING_PASS) {
        stir_as_because(s, STIR_ELIMIT, "the call carries %zu Identity headers: no verifier would judge it", s->call->sip->identities_seen);
        return false;
    }
    enum stir_err err = find_time(s, &diag);
    if (err == STIR_OK && !has_caller(s))
        return false;
    if (err == STIR_OK && !(s->signer = stir_as_choose(s->book, group, s->question.trunk, &s->question.number, s->now, s->iat, a->why, sizeof(a->why)))) {
        a->err = STIR_ENOTFOUND;
        return false;
    }
    if (err == STIR_OK)
        err = stir_as_find_origid(s);
    if (err == STIR_OK && s->fresh)
        drop_replaced(s);
    claims.ppt = STIR_PPT_SHAKEN;
    claims.iat = s->iat;
    claims.orig = &a->orig;
    claims.dest = &a->dest;
    claims.n_dest = 1;
    claims.attest = s->decision.attest;
    claims.origid = stir_slice_str(a->origid);
    if (err == STIR_OK)
        err = stir_as_sign_token(s, &claims, s->signer, &diag);
    if (err != STIR_OK) {
        if (s->fresh)
            keep_all(s);
        a->origid[0] = '\0';
        stir_as_told(s, err, &diag);
        return false;
    }
    a->attest = s->decision.attest;
    stir_as_fill_signer(s, s->signer);
    return true;
}

/* The div tokens that the message wants as it goes on now, ours in it (RFC 8946 §4.1). */
static enum stir_err sign_diversions(struct stir_signing *s, const struct stir_diverter *by, uint32_t group, struct stir_diag *diag)
{
    struct stir_as_answer *a = s->answer;
    struct stir_slice identities[STIR_AS_IDENTITIES];
    struct stir_sip sip = *s->call->sip;
    struct stir_attest_params params = STIR_ATTEST_PARAMS_INIT;
    struct stir_divert plan;
    struct stir_number number = stir_number_of(stir_slice_of(by->party.text, by->party.len));
    const struct stir_as_signer *signer = stir_as_choose(s->book, group, s->question.trunk, &number, s->now, s->iat, diag->text, sizeof(diag->text));
    if (!signer)
        return STIR_ENOTFOUND;
    memcpy(identities, a->identities, a->n * sizeof(*identities));
    sip.call.identity = identities;
    sip.call.n_identity = a->n;
    params.claims.ppt = STIR_PPT_DIV;
    params.claims.div = &by->party;
    params.claims.div_hi = by->hi;
    enum stir_err err = stir_divert_plan(&plan, &sip, &s->message, &params, diag);
    for (size_t i = 0; err == STIR_OK && i < plan.n; i++) {
        struct stir_passport_params claims = params.claims;
        claims.iat = s->iat;
        claims.orig = &plan.needed[i].orig;
        claims.dest = &s->message.target;
        claims.n_dest = 1;
        err = stir_as_sign_token(s, &claims, signer, diag);
    }
    if (a->n_new && !s->answer->record.signer)
        stir_as_fill_signer(s, signer);
    return err == STIR_ESTATE ? STIR_OK : err; /* nothing of it is for the diverting number, or that is said already */
}

static void divert(struct stir_signing *s, uint32_t group)
{
    const struct stir_sip *sip = s->call->sip;
    struct stir_diverter by;
    struct stir_diag diag = {0};
    if (!s->conf->sign.div || s->answer->n == 0 || !(sip->histories_seen || sip->diversion.p))
        return;
    if (stir_diverter_read(&by, sip, &s->message.target, &s->book->tn[s->question.trunk == STIR_NAMES_NOBODY ? s->conf->n_trunks : s->question.trunk]) !=
            STIR_OK ||
        !by.source || by.party.kind == STIR_PARTY_NONE || s->message.target.kind == STIR_PARTY_NONE || stir_party_eq(&by.party, &s->message.target))
        return;
    if (!stir_as_may_divert(s, &by.party)) {
        stir_as_because(s, STIR_OK, "no div token: %s names a diverting number that is not known to be this source's", by.source);
        return;
    }
    enum stir_err err = s->answer->n_new ? STIR_OK : find_time(s, &diag);
    if (err == STIR_OK)
        err = sign_diversions(s, &by, group, &diag);
    if (err != STIR_OK)
        stir_as_because(s, STIR_OK, "no div token: %.150s", diag.text[0] ? diag.text : stir_err_text(err));
}

/* What it adds to the message: header names, line ends and the Date. */
static void measure(struct stir_signing *s)
{
    static const size_t identity = sizeof("Identity: \r\n") - 1, date = sizeof("Date: \r\n") - 1;
    struct stir_as_answer *a = s->answer;
    struct stir_record *r = &a->record;
    for (size_t i = a->n - a->n_new; i < a->n; i++)
        r->bytes_added += (int64_t)(identity + a->identities[i].n);
    if (a->n_new && s->add_date && s->conf->sign.add_date && stir_date_write(a->date, s->iat) == STIR_OK)
        r->bytes_added += (int64_t)(date + strlen(a->date));
    r->over_1300 = a->n_new && (int64_t)s->call->message.n + r->bytes_added > UDP_SAFE; /*= RFC3261-18.1.1 */
}

/* A call that goes to help goes on, unsigned, whoever makes it. What To alone says is the caller's own word, and would open every rule. */
static bool is_refused(struct stir_signing *s)
{
    if (s->decision.verdict != STIR_AS_REFUSE)
        return false;
    if (stir_emergency_of_call(s->conf, s->call->source, &s->call->sip->call) != STIR_EMERGENCY_SURE)
        return true;
    stir_as_because(s, STIR_ESTATE, "rule %s: its calls are refused, but for emergency calls, which are not signed", s->decision.rule);
    return false;
}

void stir_as_sign_sip(struct stir_signing *s)
{
    struct stir_as_answer *a = s->answer;
    uint32_t group;
    read_message(s);
    bool decided = stir_as_ask_rules(s), grouped = stir_as_find_group(s, &group), vouched;
    if (is_refused(s)) {
        stir_as_refuse(s);
        return;
    }
    vouched = keep_identities(s, group);
    a->result = a->n ? STIR_SIGN_PASSED_ON : STIR_SIGN_UNSIGNED;
    if (decided && grouped && stir_as_may_sign(s)) {
        if (!vouched && sign_shaken(s, group))
            a->result = STIR_SIGNED;
        if (vouched || a->n_new)
            divert(s, group);
    }
    if (a->result == STIR_SIGN_PASSED_ON && !vouched && !s->fresh) /* what it carries says nothing of the caller */
        a->result = STIR_SIGN_UNSIGNED;
    a->record.ppt = a->n_new ? (a->attest ? STIR_PPT_SHAKEN : STIR_PPT_DIV) : STIR_PPT_NONE;
    measure(s);
}
