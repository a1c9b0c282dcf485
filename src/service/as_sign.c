/* One call signed: what it carries already, what the rules give it, who signs it, and the tokens. Nothing here waits, and nothing is allocated but where a
 * token that came with the call is read. */
#include "service/as_book.h"

#include "core/attest.h"
#include "core/divert.h"
#include "core/passport.h"
#include "service/header.h"

#include <stdio.h>

enum { UDP_SAFE = 1300 };

/* A call on its way. */
struct signing {
    struct stir_worker *worker;
    const struct stir_as_book *book;
    const struct stir_conf *conf;
    const struct stir_as_call *call;
    struct stir_as_answer *answer;
    struct stir_as_question question;
    struct stir_as_decision decision;
    const struct stir_as_signer *signer;
    struct stir_message message;
    size_t used; /* of answer->text */
    int64_t now, iat;
    bool add_date;
    bool fresh; /* a token of ours is replaced: its time is now, whatever Date says */
    char origid_before[STIR_MAX_ORIGID + 1];
};

static void __attribute__((format(printf, 3, 4))) because(struct signing *s, enum stir_err err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(s->answer->why, sizeof(s->answer->why), format, args);
    va_end(args);
    s->answer->err = err;
}

/* ---- Who asks ---- */

static uint32_t place_of(const void *item, const void *first, size_t size)
{
    return item ? (uint32_t)((size_t)((const char *)item - (const char *)first) / size) : STIR_NAMES_NOBODY;
}

static bool is_http(const struct signing *s)
{
    return !s->call->sip;
}

/* What a header says of attestation: its first character, alone or before parameters. */
static char attest_in(struct stir_slice value)
{
    bool quoted = value.n > 2 && value.p[0] == '"' && value.p[2] == '"';
    char said = value.n ? (char)(stir_lower(value.p[quoted ? 1 : 0]) - ('a' - 'A')) : 0;
    struct stir_slice rest = stir_slice_trim(stir_slice_from(value, value.n ? (quoted ? 3u : 1u) : 0));
    return said >= 'A' && said <= 'C' && (rest.n == 0 || rest.p[0] == ';') ? said : 0;
}

/* Headers of sources that are trusted; of others nothing is even read. */
static void read_asked(struct signing *s)
{
    const struct stir_conf_list *headers = &s->conf->sign.attest_headers;
    struct stir_as_question *q = &s->question;
    if (is_http(s)) {
        q->asked = s->call->claims->attest;
        q->asked_by = "the request";
        return;
    }
    for (size_t i = 0; q->trusted && i < headers->n && !q->asked; i++) {
        q->asked = attest_in(stir_header_only(s->call->sip->head, stir_slice_str(headers->items[i])));
        q->asked_by = headers->items[i];
    }
}

static void read_source(struct signing *s)
{
    const struct stir_source *source = s->call->source;
    const struct stir_conf_trunk *trunk = source->trunk;
    const struct stir_conf_tenant *tenant = source->tenant;
    bool proven = tenant && source->proven;
    struct stir_as_question *q = &s->question;
    q->source = source;
    q->now = s->now;
    q->trunk = place_of(trunk, s->conf->trunks, sizeof(*trunk));
    q->tenant = place_of(tenant, s->conf->tenants, sizeof(*tenant));
    q->known = trunk || proven;
    q->trusted = (trunk && trunk->trusted) || (is_http(s) && proven);
    if (trunk && *trunk->customer)
        q->customer = stir_slice_str(trunk->customer);
    else if (proven && tenant->kind == STIR_TENANT_CUSTOMER)
        q->customer = stir_slice_str(tenant->name);
    read_asked(s);
}

/* Whose signers: a provider's own, and his alone; ours for everybody else. A tenant of HTTP that could prove who it is, and does not, is not taken for it. */
static bool find_group(struct signing *s, uint32_t *group)
{
    const struct stir_source *source = s->call->source;
    const struct stir_conf_tenant *tenant = source->tenant;
    *group = STIR_NAMES_NOBODY;
    if (!tenant)
        return true;
    bool can_prove = !is_http(s) || *tenant->token_file || *tenant->client_name;
    if (!source->proven && can_prove) {
        because(s, STIR_ENOTFOUND, "the source has not proven to be tenant %s", tenant->name);
        return false;
    }
    if (tenant->kind == STIR_TENANT_PROVIDER)
        *group = s->question.tenant;
    return true;
}

/* ---- Origination identifier ---- */

static bool is_nil(struct stir_slice uuid)
{
    for (size_t i = 0; i < uuid.n; i++)
        if (uuid.p[i] != '0' && uuid.p[i] != '-')
            return false;
    return true;
}

static bool take_origid(struct signing *s, struct stir_slice given)
{
    if (!stir_is_uuid(given) || is_nil(given)) /* all zeros ask for a fresh one */
        return false;
    memcpy(s->answer->origid, given.p, given.n);
    s->answer->origid[given.n] = '\0';
    return true;
}

/* What the operator wants, the tenant's word before the trunk's; NULL: one for each call. */
static const char *origid_of_conf(const struct signing *s)
{
    const struct stir_source *source = s->call->source;
    enum stir_conf_origid wanted = source->tenant ? source->tenant->origid : STIR_ORIGID_CALL;
    if (wanted == STIR_ORIGID_CALL && source->trunk)
        wanted = source->trunk->origid;
    const char *origid = "";
    if (wanted == STIR_ORIGID_TRUNK && source->trunk)
        origid = s->book->trunk_origids[s->question.trunk];
    else if (wanted == STIR_ORIGID_CUSTOMER && source->tenant)
        origid = s->book->tenant_origids[s->question.tenant];
    else if (wanted == STIR_ORIGID_CUSTOMER && source->trunk)
        origid = s->book->customer_origids[s->question.trunk];
    return *origid ? origid : NULL;
}

static bool take_asked_origid(struct signing *s)
{
    const struct stir_conf_list *headers = &s->conf->sign.origid_headers;
    const struct stir_source *source = s->call->source;
    if (is_http(s))
        return (s->question.trusted || (!source->trunk && !source->tenant)) && take_origid(s, s->call->claims->origid);
    for (size_t i = 0; s->question.trusted && i < headers->n; i++)
        if (take_origid(s, stir_header_only(s->call->sip->head, stir_slice_str(headers->items[i]))))
            return true;
    /* A call that comes back to us is the same call. */
    return s->question.trusted && s->fresh && take_origid(s, stir_slice_str(s->origid_before));
}

static enum stir_err find_origid(struct signing *s)
{
    const char *of_conf = origid_of_conf(s);
    if ((of_conf && take_origid(s, stir_slice_str(of_conf))) || take_asked_origid(s))
        return STIR_OK;
    return stir_uuid(s->answer->origid);
}

/* ---- What the call carries already ---- */

/* A shaken token that one of our own keys signed, as this source's signers could. */
static bool is_own(struct signing *s, const struct stir_identity *identity, uint32_t group, bool *old)
{
    size_t n = 0;
    const struct stir_named *found = identity->info.n && !identity->compact ? stir_names_find(&s->book->by_x5u, identity->info, &n) : NULL;
    const struct stir_as_signer *signer = n ? &s->book->signers[found->at] : NULL;
    struct stir_passport *token = NULL;
    unsigned char digest[STIR_SHA256];
    if (!signer || signer->tenant != group || stir_passport_parse(&token, identity) != STIR_OK)
        return false;
    bool own = token->ppt == STIR_PPT_SHAKEN && token->n_faults == 0 && stir_slice_eq(token->x5u, identity->info) &&
               stir_es256_digest(s->worker->ctx, identity->signing_input, digest) == STIR_OK &&
               stir_es256_verify(s->worker->ctx, signer->key, digest, stir_slice_of(token->signature, token->signature_len)) == STIR_OK;
    *old = own && s->now - token->iat > s->conf->sign.reroute_after;
    if (*old && token->origid.n < sizeof(s->origid_before)) {
        memcpy(s->origid_before, token->origid.p, token->origid.n);
        s->origid_before[token->origid.n] = '\0';
    }
    stir_passport_free(token);
    return own;
}

/* Into the answer what goes on: all of it, byte for byte, or all but our own that are too old. True: somebody vouches for the caller already. */
static bool keep_identities(struct signing *s, uint32_t group)
{
    const struct stir_call *call = &s->call->sip->call;
    struct stir_as_answer *a = s->answer;
    bool vouched = false, strip = s->conf->sign.existing == STIR_EXISTING_STRIP && !s->question.trusted, replaced[STIR_AS_IDENTITIES] = {false};
    size_t n = call->n_identity < STIR_AS_IDENTITIES ? call->n_identity : STIR_AS_IDENTITIES;
    for (size_t i = 0; i < n && !strip; i++) {
        struct stir_identity identity;
        a->identities[a->n++] = call->identity[i];
        if (stir_identity_parse(&identity, call->identity[i], STIR_IDENTITY_TOLERANT, NULL, NULL) != STIR_OK || !stir_attest_vouches(&identity))
            continue;
        if (is_own(s, &identity, group, &replaced[i]) && replaced[i])
            s->fresh = true;
        else
            vouched = true;
    }
    if (vouched) /* theirs beside ours: one of them stands already */
        s->fresh = false;
    return vouched;
}

/* Those that came, without our own that a fresh one replaces. Only when that is signed. */
static void drop_replaced(struct signing *s)
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

/* ---- Tokens ---- */

static enum stir_err sign_token(struct signing *s, const struct stir_passport_params *claims, const struct stir_as_signer *signer, struct stir_diag *diag)
{
    struct stir_as_answer *a = s->answer;
    struct stir_key_signer held = {signer->key, s->worker->ctx};
    struct stir_signer by = stir_signer_of_key(&held);
    struct stir_attest_params params = STIR_ATTEST_PARAMS_INIT;
    size_t n;
    params.claims = *claims;
    params.claims.x5u = signer->x5u;
    params.cert = signer->chain[0];
    params.now = s->now;
    params.style.quoted_ppt = s->conf->sign.quoted_ppt;
    params.any_url = s->conf->sign.any_url;
    if (a->n == STIR_AS_IDENTITIES)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "the call carries %zu Identity headers: with one more no verifier would judge it", a->n);
    enum stir_err err = stir_attest(a->text + s->used, sizeof(a->text) - s->used, &n, &params, &by, s->worker->ctx, diag);
    if (err != STIR_OK)
        return err;
    a->identities[a->n++] = stir_slice_of(a->text + s->used, n);
    a->n_new++;
    s->used += n + 1;
    return STIR_OK;
}

static void told(struct signing *s, enum stir_err err, const struct stir_diag *diag)
{
    because(s, err, "%s", diag->text[0] ? diag->text : stir_err_text(err));
}

static void fill_signer(struct signing *s, const struct stir_as_signer *signer)
{
    struct stir_record *r = &s->answer->record;
    r->signer = signer->conf->name;
    r->serial = signer->serial;
    r->x5u = signer->x5u;
}

/* The rules' word, for people and for the record. */
static bool decide(struct signing *s)
{
    struct stir_as_answer *a = s->answer;
    stir_as_decide(s->book, &s->question, &s->decision);
    memcpy(a->proof, s->decision.proof, sizeof(a->proof));
    a->record.rule = s->decision.rule;
    if (s->decision.verdict == STIR_AS_SIGN)
        return true;
    because(s, STIR_ESTATE, "%s%s%s", *s->decision.rule ? "rule " : "", s->decision.rule,
            *s->decision.rule ? (s->decision.verdict == STIR_AS_REFUSE ? ": its calls are refused" : ": its calls are not signed") : a->proof);
    return false;
}

/* ---- SIP ---- */

/* Who hides behind From is known by what the network asserts (RFC 3323, RFC 3325 §9.1). */
static enum stir_caller_source caller_source(const struct signing *s)
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

static void read_message(struct signing *s)
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

static enum stir_err find_time(struct signing *s, struct stir_diag *diag)
{
    struct stir_attest_params params = STIR_ATTEST_PARAMS_INIT;
    params.now = s->now;
    s->iat = s->fresh ? s->now : 0;
    return stir_attest_date(&s->iat, &s->add_date, s->call->sip, &params, diag);
}

static bool has_caller(struct signing *s)
{
    if (s->answer->orig.kind == STIR_PARTY_TN)
        return true;
    because(s, STIR_EVALUE, s->answer->orig.kind == STIR_PARTY_NONE ? "the message names no caller that can be read" : "the caller is no telephone number");
    return false;
}

static bool sign_shaken(struct signing *s, uint32_t group)
{
    struct stir_passport_params claims = STIR_PASSPORT_PARAMS_INIT;
    struct stir_as_answer *a = s->answer;
    struct stir_diag diag = {0};
    if (s->call->sip->identities_seen > STIR_AS_IDENTITIES && s->conf->sign.existing == STIR_EXISTING_PASS) {
        because(s, STIR_ELIMIT, "the call carries %zu Identity headers: no verifier would judge it", s->call->sip->identities_seen);
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
        err = find_origid(s);
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
        err = sign_token(s, &claims, s->signer, &diag);
    if (err != STIR_OK) {
        told(s, err, &diag);
        return false;
    }
    a->attest = s->decision.attest;
    fill_signer(s, s->signer);
    return true;
}

/* May we say that this number sent the call on? As it is asked of callers: the rules would give it an A. */
static bool may_divert(const struct signing *s, const struct stir_party *by)
{
    struct stir_as_question question = s->question;
    struct stir_as_decision decision;
    question.number = stir_number_of(by->kind == STIR_PARTY_TN ? stir_slice_of(by->text, by->len) : stir_slice_of(NULL, 0));
    if (s->call->source->trunk && s->call->source->trunk->trusted)
        return true;
    stir_as_decide(s->book, &question, &decision);
    return question.number.value && decision.verdict == STIR_AS_SIGN && decision.attest == 'A';
}

/* The div tokens that the message wants as it goes on now, ours in it (RFC 8946 §4.1). */
static enum stir_err sign_diversions(struct signing *s, const struct stir_diverter *by, uint32_t group, struct stir_diag *diag)
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
        err = sign_token(s, &claims, signer, diag);
    }
    if (a->n_new && !s->answer->record.signer)
        fill_signer(s, signer);
    return err == STIR_ESTATE ? STIR_OK : err; /* nothing of it is for the diverting number, or that is said already */
}

static void divert(struct signing *s, uint32_t group)
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
    if (!may_divert(s, &by.party)) {
        because(s, STIR_OK, "no div token: %s names a diverting number that is not known to be this source's", by.source);
        return;
    }
    enum stir_err err = s->answer->n_new ? STIR_OK : find_time(s, &diag);
    if (err == STIR_OK)
        err = sign_diversions(s, &by, group, &diag);
    if (err != STIR_OK)
        because(s, STIR_OK, "no div token: %.150s", diag.text[0] ? diag.text : stir_err_text(err));
}

/* What it adds to the message: header names, line ends and the Date. */
static void measure(struct signing *s)
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

static void refuse(struct signing *s)
{
    s->answer->result = STIR_SIGN_REFUSED;
    s->answer->sip_code = 403;
    s->answer->phrase = "Forbidden";
}

static void sign_sip(struct signing *s)
{
    struct stir_as_answer *a = s->answer;
    uint32_t group;
    read_message(s);
    bool decided = decide(s), grouped = find_group(s, &group), vouched;
    if (s->decision.verdict == STIR_AS_REFUSE) {
        refuse(s);
        return;
    }
    vouched = keep_identities(s, group);
    a->result = a->n ? STIR_SIGN_PASSED_ON : STIR_SIGN_UNSIGNED;
    if (decided && grouped) {
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

/* ---- HTTP ---- */

static void read_claims(struct signing *s)
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
static bool may_ask_for(struct signing *s)
{
    const struct stir_passport_params *claims = s->call->claims;
    const struct stir_source *source = s->call->source;
    bool own = (source->trunk && source->trunk->trusted) || (source->tenant && source->tenant->kind == STIR_TENANT_PROVIDER && source->proven);
    if (own || claims->ppt == STIR_PPT_SHAKEN)
        return true;
    if (claims->ppt == STIR_PPT_DIV) {
        if (claims->div && may_divert(s, claims->div))
            return true;
        because(s, STIR_ESTATE, "div is not known to be a number of this source");
        return false;
    }
    because(s, STIR_ESTATE, "ppt %s is signed for providers that have proven who they are, and for trusted trunks",
            claims->ppt == STIR_PPT_NONE ? "(none)" : stir_ppt_text(claims->ppt));
    return false;
}

static void sign_http(struct signing *s)
{
    struct stir_as_answer *a = s->answer;
    struct stir_passport_params claims = *s->call->claims;
    struct stir_diag diag = {0};
    uint32_t group;
    a->result = STIR_SIGN_UNSIGNED;
    read_claims(s);
    if (!decide(s)) {
        if (s->decision.verdict == STIR_AS_REFUSE)
            refuse(s);
        return;
    }
    if (!find_group(s, &group) || !may_ask_for(s))
        return;
    s->signer = stir_as_choose(s->book, group, s->question.trunk, &s->question.number, s->now, s->iat, a->why, sizeof(a->why));
    if (!s->signer) {
        a->err = STIR_ENOTFOUND;
        return;
    }
    claims.attest = 0;
    claims.origid = stir_slice_of(NULL, 0);
    claims.iat = s->iat;
    enum stir_err err = STIR_OK;
    if (claims.ppt == STIR_PPT_SHAKEN) {
        err = find_origid(s);
        claims.attest = s->decision.attest;
        claims.origid = stir_slice_str(a->origid);
    }
    if (err == STIR_OK)
        err = sign_token(s, &claims, s->signer, &diag);
    if (err != STIR_OK) {
        told(s, err, &diag);
        return;
    }
    a->result = STIR_SIGNED;
    a->attest = claims.attest;
    fill_signer(s, s->signer);
}

/* ---- Both ---- */

/* All but the room for text, which nobody reads beyond what is written. */
static void clear(struct stir_as_answer *a)
{
    memset(&a->record, 0, sizeof(a->record));
    a->result = STIR_SIGN_UNSIGNED;
    a->sip_code = 0;
    a->phrase = "";
    a->n = a->n_new = 0;
    a->date[0] = a->attest = a->origid[0] = a->why[0] = a->proof[0] = '\0';
    a->err = STIR_OK;
}

static void fill_record(struct signing *s)
{
    struct stir_as_answer *a = s->answer;
    struct stir_record *r = &a->record;
    r->kind = STIR_RECORD_SIGN;
    r->unix_ms = s->call->unix_ms;
    r->source = s->call->source;
    r->conf_hash = s->conf->hash;
    r->result = a->result;
    r->attest = a->attest;
    r->proof = a->proof;
    r->why = a->why;
    r->origid = stir_slice_str(a->origid[0] ? a->origid : NULL);
    r->identities = a->identities;
    r->n_identities = a->n;
    r->n_new = a->n_new;
}

void stir_as_sign(struct stir_worker *worker, const struct stir_as_call *call, struct stir_as_answer *answer)
{
    const struct stir_live *live = worker->live;
    struct signing s = {.worker = worker, .book = live->as, .conf = live->conf, .call = call, .answer = answer, .now = call->unix_ms / 1000};
    clear(answer);
    read_source(&s);
    if (is_http(&s))
        sign_http(&s);
    else
        sign_sip(&s);
    fill_record(&s);
}
