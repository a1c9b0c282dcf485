/* Calls signed: what both ways share, SIP (as_sip.c) and HTTP (as_http.c). Nothing here waits, and nothing is allocated but where a token that came with the
 * call is read. */
#include "service/as_sign.h"

#include "core/uuid.h"
#include "service/header.h"
#include "service/records.h"

#include <openssl/rand.h>
#include <stdio.h>

void stir_as_because(struct stir_signing *s, enum stir_err err, const char *format, ...)
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

/* What a header says of attestation: its first character, alone or before parameters. */
static char attest_in(struct stir_slice value)
{
    bool quoted = value.n > 2 && value.p[0] == '"' && value.p[2] == '"';
    char said = value.n ? (char)(stir_lower(value.p[quoted ? 1 : 0]) - ('a' - 'A')) : 0;
    struct stir_slice rest = stir_slice_trim(stir_slice_from(value, value.n ? (quoted ? 3u : 1u) : 0));
    return said >= 'A' && said <= 'C' && (rest.n == 0 || rest.p[0] == ';') ? said : 0;
}

/* What is asked for. Of sources that are not trusted too: less is granted to everybody (stir_as_decide()). */
static void read_asked(struct stir_signing *s)
{
    const struct stir_conf_list *headers = &s->conf->sign.attest_headers;
    struct stir_as_question *q = &s->question;
    if (!s->call->sip) {
        q->asked = s->call->claims->attest;
        q->asked_by = "the request";
        return;
    }
    for (size_t i = 0; i < headers->n && !q->asked; i++) {
        q->asked = attest_in(stir_header_only(s->call->sip->head, stir_slice_str(headers->items[i])));
        q->asked_by = headers->items[i];
    }
}

static void read_source(struct stir_signing *s)
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
    q->trusted = (trunk && trunk->trusted) || (source->http && proven);
    /* A token or certificate says more than the address that it came from: a proxy's, or one that customers share. */
    bool elsewhere = source->http && proven && trunk && strcmp(trunk->tenant, tenant->name) != 0;
    if (trunk && *trunk->customer && !elsewhere)
        q->customer = stir_slice_str(trunk->customer);
    else if (proven && tenant->kind == STIR_TENANT_CUSTOMER)
        q->customer = stir_slice_str(tenant->name);
    read_asked(s);
}

/* Whose signers: a provider's own, and his alone; ours for everybody else. A tenant of HTTP that could prove who it is, and does not, is not taken for it. */
bool stir_as_find_group(struct stir_signing *s, uint32_t *group)
{
    const struct stir_source *source = s->call->source;
    const struct stir_conf_tenant *tenant = source->tenant;
    *group = STIR_NAMES_NOBODY;
    if (!tenant)
        return true;
    bool can_prove = !source->http || *tenant->token_file || *tenant->client_name;
    if (!source->proven && can_prove) {
        stir_as_because(s, STIR_ENOTFOUND, "the source has not proven to be tenant %s", tenant->name);
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

static bool take_origid(struct stir_signing *s, struct stir_slice given)
{
    if (!stir_is_uuid(given) || is_nil(given)) /* all zeros ask for a fresh one */
        return false;
    memcpy(s->answer->origid, given.p, given.n);
    s->answer->origid[given.n] = '\0';
    return true;
}

/* What the operator wants, the tenant's word before the trunk's; NULL: one for each call. */
static const char *origid_of_conf(const struct stir_signing *s)
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

static bool take_asked_origid(struct stir_signing *s)
{
    const struct stir_conf_list *headers = &s->conf->sign.origid_headers;
    const struct stir_source *source = s->call->source;
    if (!s->call->sip)
        return (s->question.trusted || (!source->trunk && !source->tenant)) && take_origid(s, s->call->claims->origid);
    for (size_t i = 0; s->question.trusted && i < headers->n; i++)
        if (take_origid(s, stir_header_only(s->call->sip->head, stir_slice_str(headers->items[i]))))
            return true;
    /* A call that comes back to us is the same call. */
    return s->question.trusted && s->fresh && take_origid(s, stir_slice_str(s->origid_before));
}

/* Asking for 16 random bytes costs as much as for 256. Each thread has its own; they become public all the same. */
static enum stir_err fresh_origid(char out[37])
{
    static _Thread_local unsigned char random[16 * STIR_UUID];
    static _Thread_local size_t left;
    STIR_OSSL_QUIET;
    if (left == 0 && RAND_bytes(random, sizeof(random)) != 1)
        return STIR_ECRYPTO;
    left = left ? left - STIR_UUID : sizeof(random) - STIR_UUID;
    stir_uuid_write(out, random + left);
    return STIR_OK;
}

enum stir_err stir_as_find_origid(struct stir_signing *s)
{
    const char *of_conf = origid_of_conf(s);
    if ((of_conf && take_origid(s, stir_slice_str(of_conf))) || take_asked_origid(s))
        return STIR_OK;
    return fresh_origid(s->answer->origid);
}

/* ---- Tokens ---- */

enum stir_err stir_as_sign_token(struct stir_signing *s, const struct stir_passport_params *claims, const struct stir_as_signer *signer, struct stir_diag *diag)
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

void stir_as_told(struct stir_signing *s, enum stir_err err, const struct stir_diag *diag)
{
    stir_as_because(s, err, "%s", diag->text[0] ? diag->text : stir_err_text(err));
}

void stir_as_fill_signer(struct stir_signing *s, const struct stir_as_signer *signer)
{
    struct stir_record *r = &s->answer->record;
    r->signer = signer->conf->name;
    r->serial = signer->serial;
    r->x5u = signer->x5u;
}

bool stir_as_may_sign(struct stir_signing *s)
{
    struct stir_shared *shared = s->worker->shared;
    if (!shared || !shared->records || stir_records_may_sign(shared->records))
        return true;
    stir_as_because(s, STIR_ESTATE, "evidence cannot be written, and without it nothing is signed");
    return false;
}

/* The rules' word, for people and for the record. */
bool stir_as_ask_rules(struct stir_signing *s)
{
    struct stir_as_answer *a = s->answer;
    stir_as_decide(s->book, &s->question, &s->decision);
    memcpy(a->proof, s->decision.proof, sizeof(a->proof));
    a->record.rule = s->decision.rule;
    if (s->decision.verdict == STIR_AS_SIGN)
        return true;
    stir_as_because(s, STIR_ESTATE, "%s%s%s", *s->decision.rule ? "rule " : "", s->decision.rule,
                    *s->decision.rule ? (s->decision.verdict == STIR_AS_REFUSE ? ": its calls are refused" : ": its calls are not signed") : a->proof);
    return false;
}

/* May we say that this number sent the call on? As it is asked of callers: the rules would give it an A. */
bool stir_as_may_divert(const struct stir_signing *s, const struct stir_party *by)
{
    struct stir_as_question question = s->question;
    struct stir_as_decision decision;
    question.number = stir_number_of(by->kind == STIR_PARTY_TN ? stir_slice_of(by->text, by->len) : stir_slice_of(NULL, 0));
    if (s->call->source->trunk && s->call->source->trunk->trusted)
        return true;
    question.asked = question.trusted ? question.asked : 0; /* it is asked for the caller, who is another */
    stir_as_decide(s->book, &question, &decision);
    return question.number.value && decision.verdict == STIR_AS_SIGN && decision.attest == 'A';
}

void stir_as_refuse(struct stir_signing *s)
{
    s->answer->result = STIR_SIGN_REFUSED;
    s->answer->sip_code = 403;
    s->answer->phrase = "Forbidden";
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

static void fill_record(struct stir_signing *s)
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
    struct stir_signing s = {.worker = worker, .book = live->as, .conf = live->conf, .call = call, .answer = answer, .now = call->unix_ms / 1000};
    clear(answer);
    read_source(&s);
    if (call->sip)
        stir_as_sign_sip(&s);
    else
        stir_as_sign_http(&s);
    fill_record(&s);
}
