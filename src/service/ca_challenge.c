/* Authorizations, and the challenge tkauth-01/atc (RFC 9447, RFC 9448): an authority token of the policy administrator proves that this account may have a
 * certificate for this list. How a token is judged: ca_judge.c. */
#include "service/ca_order.h"

#include <stdlib.h>

#include "io/crash_point.h"

/* --- answers --- */

static int add_text(json_t *json, const char *name, struct stir_slice text)
{
    return text.p ? json_object_set_new(json, name, json_stringn(text.p, text.n)) : 0;
}
static int add_time(json_t *json, const char *name, struct stir_arena *arena, int64_t at)
{
    const char *text = stir_ca_time(arena, at);
    return text ? json_object_set_new(json, name, json_string(text)) : -1;
}
static json_t *unless(int bad, json_t *json)
{
    if (!bad)
        return json;
    json_decref(json);
    return NULL;
}

/* A challenge whose authorization is over or was given back can no longer be answered, whatever it says itself. */
static struct stir_slice challenge_status(const struct stir_ca_authorization *a)
{
    bool open = stir_ca_is(a->challenge_status, "pending") || stir_ca_is(a->challenge_status, "processing");
    return open && !stir_ca_is(a->status, "pending") ? stir_slice_str("invalid") : a->challenge_status;
}

/*= RFC9448-4 */
static json_t *challenge_json(struct stir_ca_request *r, const struct stir_ca_authorization *a)
{
    const char *id = stir_arena_copy(&r->arena, a->challenge).p, *url = id ? stir_ca_url(r, "chall", id, NULL) : NULL;
    struct stir_slice status = challenge_status(a);
    if (!url)
        return NULL;
    json_t *json = json_pack("{s:s, s:s, s:s, s:s%, s:s%}", "type", "tkauth-01", "tkauth-type", "atc", "url", url, "status", status.p, status.n, "token",
                             a->token.p, a->token.n);
    if (!json)
        return NULL;
    int bad = r->ca->conf->ca.token_authority[0] ? add_text(json, "token-authority", stir_slice_str(r->ca->conf->ca.token_authority)) : 0;
    if (a->validated)
        bad |= add_time(json, "validated", &r->arena, a->validated);
    if (a->error.p)
        bad |= json_object_set_new(json, "error", json_loadb(a->error.p, a->error.n, 0, NULL));
    return unless(bad, json);
}

static json_t *authorization_json(struct stir_ca_request *r, const struct stir_ca_authorization *a)
{
    json_t *json = json_pack("{s:s%, s:{s:s%, s:s%}, s:[o]}", "status", a->status.p, a->status.n, "identifier", "type", a->type.p, a->type.n, "value",
                             a->value.p, a->value.n, "challenges", challenge_json(r, a));
    return json ? unless(add_time(json, "expires", &r->arena, a->expires), json) : NULL;
}

static void answer_authorization(struct stir_ca_request *r, const struct stir_ca_authorization *a)
{
    stir_ca_answer(r, 200, authorization_json(r, a));
    if (stir_ca_is(challenge_status(a), "processing"))
        stir_ca_retry_after(r, STIR_CA_POLL);
}

/*= RFC8555-7.5.1 */
static void answer_challenge(struct stir_ca_request *r, const struct stir_ca_authorization *a)
{
    const char *id = stir_arena_copy(&r->arena, a->id).p, *url = id ? stir_ca_url(r, "authz", id, NULL) : NULL;
    stir_ca_answer(r, 200, challenge_json(r, a));
    if (url)
        stir_exchange_field(r->x, "Link", "<%s>;rel=\"up\"", url);
    if (stir_ca_is(challenge_status(a), "processing"))
        stir_ca_retry_after(r, STIR_CA_POLL);
}

/* --- finding one --- */

struct find_work {
    struct stir_ca_request *r;
    struct stir_ca_authorization *out;
    bool by_challenge;
};
static enum stir_err find(struct stir_store *store, void *arg)
{
    struct find_work *work = arg;
    return stir_ca_authorization_get(work->out, store, &work->r->arena, work->r->rest[0], work->r->x->now, work->by_challenge);
}

/* What is another account's does not exist. */
static bool own(struct stir_ca_request *r, struct stir_ca_authorization *out, bool by_challenge)
{
    struct find_work work = {r, out, by_challenge};
    struct stir_diag diag = {0};
    enum stir_err err = stir_store_look(r->clerk->store, find, &work, &diag);
    if (err == STIR_ENOTFOUND || (err == STIR_OK && !stir_slice_is(out->account, r->account.id)))
        return stir_ca_refuse_as(r, STIR_PROBLEM_MALFORMED, 404, "this account has no such %s", by_challenge ? "challenge" : "authorization");
    return stir_ca_went(r, err, &diag);
}

/* --- deactivation (RFC 8555 §7.5.2) --- */

struct deactivation {
    struct stir_ca_request *r;
    const struct stir_ca_authorization *a;
};

/* The order can no longer be finalized: it fails with its authorization. */
static enum stir_err deactivate(struct stir_store *store, void *arg)
{
    const struct deactivation *work = arg;
    const struct stir_ca_authorization *a = work->a;
    size_t changed = 0;
    char actor[64], subject[64];
    TRY(stir_store_do(store, "UPDATE acme_authorizations SET status = 'deactivated' WHERE id = $1 AND status IN ('pending', 'valid')",
                      STIR_VALUES(stir_store_text(a->id)), &changed));
    if (!changed)
        return STIR_OK;
    TRY(stir_store_do(store, "UPDATE acme_orders SET status = 'invalid', error = COALESCE(error, $2) WHERE id = $1 AND status IN ('pending', 'ready')",
                      STIR_VALUES(stir_store_text(a->order), stir_store_str("{\"type\":\"urn:ietf:params:acme:error:unauthorized\",\"detail\":"
                                                                            "\"its authorization was deactivated by the account\",\"status\":403}")),
                      NULL));
    snprintf(actor, sizeof(actor), "account %s", work->r->account.id);
    snprintf(subject, sizeof(subject), "%.*s", STIR_SHOW(a->id));
    const struct stir_audit_entry entry = {"authorization deactivated", actor, subject, ""};
    return stir_audit_add(store, work->r->clerk->node, work->r->x->now * 1000, &entry);
}

/*= RFC8555-7.5.2 */
static void serve_deactivation(struct stir_ca_request *r, struct stir_ca_authorization *a)
{
    struct stir_slice status;
    struct deactivation work = {r, a};
    struct stir_diag diag = {0};
    if (!stir_ca_text_member(r, "status", &status))
        return;
    if (!stir_ca_is(status, "deactivated")) {
        stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "an authorization takes {\"status\":\"deactivated\"} and nothing else; to read it, send an empty payload");
        return;
    }
    if (stir_ca_went(r, stir_store_transact(r->clerk->store, deactivate, &work, &diag), &diag) && own(r, a, false))
        answer_authorization(r, a);
}

void stir_ca_authorization(struct stir_ca_request *r)
{
    struct stir_ca_authorization a;
    r->x->event = "acme authorization";
    if (!own(r, &a, false))
        return;
    if (r->post_as_get)
        answer_authorization(r, &a);
    else if (stir_ca_has_object(r))
        serve_deactivation(r, &a);
}

/* --- what came of it, written down --- */

struct outcome {
    struct stir_ca *ca;
    struct stir_clerk *clerk;
    const struct stir_ca_authorization *a;
    struct stir_slice answer; /* the token */
    const struct stir_ca_judgement *given;
    struct stir_ca_judgement j; /* of this run: a token that was used before changes it */
    int64_t now;
    bool late; /* somebody else has judged meanwhile */
};

/* Once, or again for the same account: by token-use. */
static enum stir_err spend_token(struct stir_store *store, struct outcome *o)
{
    struct stir_store_rows *rows = NULL;
    size_t changed = 0;
    TRY(stir_store_do(store,
                      "INSERT INTO acme_tokens (issuer, jti, account, authorization_id, used, expires) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                      STIR_VALUES(stir_store_str(o->j.issuer), stir_store_str(o->j.jti), stir_store_text(o->a->account), stir_store_text(o->a->id),
                                  stir_store_int(o->now), stir_store_int(o->j.exp)),
                      &changed));
    if (changed)
        return STIR_OK;
    TRY(stir_store_ask_one(&rows, store, "SELECT account FROM acme_tokens WHERE issuer = $1 AND jti = $2",
                           STIR_VALUES(stir_store_str(o->j.issuer), stir_store_str(o->j.jti))));
    bool same = stir_slice_eq(stir_store_get(rows, 0), o->a->account);
    stir_store_rows_free(rows);
    if (same && o->ca->conf->ca.token_use == STIR_TOKEN_ACCOUNT)
        return STIR_OK;
    stir_ca_disprove(&o->j, STIR_PROBLEM_UNAUTHORIZED,
                     "the authority token was used before (its jti is known here); ask the policy administrator for a new one");
    return STIR_OK;
}

static enum stir_err audit_outcome(struct stir_store *store, const struct outcome *o)
{
    char actor[64], subject[64], detail[1400];
    bool good = o->j.problem == STIR_PROBLEM_NONE;
    struct stir_writer w = stir_writer_of(detail, sizeof(detail) - 1);
    snprintf(actor, sizeof(actor), "account %.*s", STIR_SHOW(o->a->account));
    snprintf(subject, sizeof(subject), "%.*s", STIR_SHOW(o->a->id));
    stir_put_text(&w, good ? "{\"jti\":" : "{\"problem\":");
    stir_put_json_string(&w, stir_slice_str(good ? o->j.jti : stir_problem_name(o->j.problem)));
    stir_put_text(&w, good ? ",\"order\":" : ",\"why\":");
    stir_put_json_string(&w, good ? o->a->order : stir_slice_str(o->j.why));
    stir_put_char(&w, '}');
    if (stir_writer_close(&w, NULL) != STIR_OK)
        detail[0] = '\0';
    const struct stir_audit_entry entry = {good ? "authorization proven" : "authorization refused", actor, subject, detail};
    return stir_audit_add(store, o->clerk->node, o->now * 1000, &entry);
}

static enum stir_err write_valid(struct stir_store *store, const struct outcome *o)
{
    int64_t until = o->now + o->ca->conf->ca.authorization_life;
    if (until < o->a->expires)
        until = o->a->expires; /* its order may be finalized for as long as was said */
    TRY(stir_store_do(
        store,
        "UPDATE acme_authorizations SET status = 'valid', challenge_status = 'valid', validated = $2, expires = $3, jti = $4, ca = $5, answer = $6,"
        " answered = $2 WHERE id = $1",
        STIR_VALUES(stir_store_text(o->a->id), stir_store_int(o->now), stir_store_int(until), stir_store_str(o->j.jti), stir_store_int(o->j.ca),
                    stir_store_text(o->answer)),
        NULL));
    return stir_store_do(store, "UPDATE acme_orders SET status = 'ready' WHERE id = $1 AND status = 'pending' AND expires > $2",
                         STIR_VALUES(stir_store_text(o->a->order), stir_store_int(o->now)), NULL);
}

/*= RFC9448-6 */
static enum stir_err write_invalid(struct stir_store *store, const struct outcome *o)
{
    json_t *problem = stir_problem_json(o->j.problem, o->j.problem == STIR_PROBLEM_UNAUTHORIZED ? 403 : 0, "%s", o->j.why);
    char *text = problem ? json_dumps(problem, JSON_COMPACT) : NULL;
    enum stir_err err = text ? STIR_OK : STIR_ENOMEM;
    if (err == STIR_OK)
        err = stir_store_do(store, "UPDATE acme_authorizations SET status = 'invalid', challenge_status = 'invalid', error = $2, answered = $3 WHERE id = $1",
                            STIR_VALUES(stir_store_text(o->a->id), stir_store_str(text), stir_store_int(o->now)), NULL);
    free(text);
    if (err == STIR_OK)
        return stir_ca_order_fail(store, o->a->order, problem);
    json_decref(problem);
    return err;
}

/* Still to be judged, and by the answer that was judged? Two that judge at once give one outcome. */
static enum stir_err is_open(struct stir_store *store, const struct outcome *o, bool *open)
{
    struct stir_store_rows *rows = NULL;
    TRY(stir_store_ask_one(&rows, store, "SELECT status, challenge_status, answer FROM acme_authorizations WHERE id = $1",
                           STIR_VALUES(stir_store_text(o->a->id))));
    struct stir_slice state = stir_store_get(rows, 1), answer = stir_store_get(rows, 2);
    *open = stir_ca_is(stir_store_get(rows, 0), "pending") &&
            (stir_ca_is(state, "pending") || (stir_ca_is(state, "processing") && stir_slice_eq(answer, o->answer)));
    stir_store_rows_free(rows);
    return STIR_OK;
}

static enum stir_err write_outcome(struct stir_store *store, void *arg)
{
    struct outcome *o = arg;
    bool open = false;
    o->j = *o->given;
    TRY(is_open(store, o, &open));
    o->late = !open;
    if (!open)
        return STIR_OK;
    if (o->j.problem == STIR_PROBLEM_NONE)
        TRY(spend_token(store, o));
    TRY(o->j.problem == STIR_PROBLEM_NONE ? write_valid(store, o) : write_invalid(store, o));
    TRY(audit_outcome(store, o));
    stir_crash_point("challenge: before its outcome is committed");
    return STIR_OK;
}

static enum stir_err put_outcome(struct outcome *o, struct stir_diag *diag)
{
    TRY(stir_store_transact(o->clerk->store, write_outcome, o, diag));
    stir_crash_point("challenge: outcome committed");
    if (!o->late && o->j.problem != STIR_PROBLEM_NONE)
        stir_clerk_say(o->clerk, 2, "acme-challenge", "authorization %.*s of account %.*s refused (%s): %s", STIR_SHOW(o->a->id), STIR_SHOW(o->a->account),
                       stir_problem_name(o->j.problem), o->j.why);
    return STIR_OK;
}

/* --- the response --- */

/* {"tkauth": TOKEN} (RFC 9448 §4), or {"atc": TOKEN} as deployed clients write. */
/*= RFC9448-4 */
static bool read_response(struct stir_ca_request *r, struct stir_slice *token)
{
    struct stir_slice tkauth, atc;
    if (!stir_ca_text_member(r, "tkauth", &tkauth) || !stir_ca_text_member(r, "atc", &atc))
        return false;
    if (!tkauth.p && !atc.p)
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "the response has no token: {\"tkauth\": TOKEN} is asked for (RFC 9448 section 4)");
    if (tkauth.p && atc.p && !stir_slice_eq(tkauth, atc))
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "the response has two tokens, in \"tkauth\" and in \"atc\", and they differ; send one");
    *token = tkauth.p ? tkauth : atc;
    if (token->n > STIR_CA_MAX_ANSWER)
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "the token is longer than %d characters, which no real one is", STIR_CA_MAX_ANSWER);
    return true;
}

struct waiting {
    const struct stir_ca_request *r;
    const struct stir_ca_authorization *a;
    struct stir_slice answer;
};
static enum stir_err write_waiting(struct stir_store *store, void *arg)
{
    const struct waiting *w = arg;
    return stir_store_do(store,
                         "UPDATE acme_authorizations SET challenge_status = 'processing', answer = $2, answered = $3"
                         " WHERE id = $1 AND status = 'pending' AND challenge_status = 'pending'",
                         STIR_VALUES(stir_store_text(w->a->id), stir_store_text(w->answer), stir_store_int(w->r->x->now)), NULL);
}

struct profile_work {
    struct stir_slice order;
    char name[64];
};
static enum stir_err look_at_profile(struct stir_store *store, void *arg)
{
    struct profile_work *work = arg;
    struct stir_store_rows *rows = NULL;
    TRY(stir_store_ask_one(&rows, store, "SELECT profile FROM acme_orders WHERE id = $1", STIR_VALUES(stir_store_text(work->order))));
    snprintf(work->name, sizeof(work->name), "%.*s", STIR_SHOW(stir_store_get(rows, 0)));
    stir_store_rows_free(rows);
    return STIR_OK;
}

static void take_response(struct stir_ca_request *r, struct stir_ca_authorization *a, struct stir_slice token)
{
    struct stir_ca_judgement j;
    struct stir_diag diag = {0};
    bool judged = false;
    struct profile_work profile = {.order = a->order};
    if (!stir_ca_went(r, stir_store_look(r->clerk->store, look_at_profile, &profile, &diag), &diag) ||
        !stir_ca_went(r, stir_ca_judge(r->ca, token, a, profile.name, r->account.key, r->x->now, false, &j, &judged), &diag))
        return;
    struct outcome outcome = {.ca = r->ca, .clerk = r->clerk, .a = a, .answer = token, .given = &j, .now = r->x->now};
    struct waiting waiting = {r, a, token};
    stir_crash_point("challenge: judged");
    /* A repository that did not answer a moment ago may answer the next: the chores ask again, and say in the end that it did not. */
    judged = judged && j.problem != STIR_PROBLEM_CONNECTION;
    enum stir_err err = judged ? put_outcome(&outcome, &diag) : stir_store_transact(r->clerk->store, write_waiting, &waiting, &diag);
    if (stir_ca_went(r, err, &diag) && own(r, a, true))
        answer_challenge(r, a);
    stir_crash_point("challenge: answered");
}

void stir_ca_challenge(struct stir_ca_request *r)
{
    struct stir_ca_authorization a;
    struct stir_slice token;
    r->x->event = "acme challenge";
    if (!own(r, &a, true))
        return;
    /* One that is under way or done is not judged again (RFC 8555 §7.1.6): whoever asks again is told how it stands. */
    if (r->post_as_get || !stir_ca_is(a.status, "pending") || !stir_ca_is(a.challenge_status, "pending"))
        answer_challenge(r, &a);
    else if (stir_ca_has_object(r) && read_response(r, &token))
        take_response(r, &a, token);
}

/* --- chores: those under way, after a restart too --- */

struct open_one {
    char id[STIR_ID];
};
struct open_work {
    struct open_one *list;
    size_t n;
};
static enum stir_err look_for_open(struct stir_store *store, void *arg)
{
    struct open_work *work = arg;
    struct stir_store_rows *rows = NULL;
    work->n = 0;
    TRY(stir_store_ask(&rows, store,
                       "SELECT id FROM acme_authorizations WHERE challenge_status = 'processing' AND status = 'pending' ORDER BY answered LIMIT 256",
                       STIR_NO_VALUES));
    enum stir_err err;
    while ((err = stir_store_next(rows)) == STIR_OK && work->n < STIR_CA_BATCH)
        snprintf(work->list[work->n++].id, STIR_ID, "%.*s", STIR_SHOW(stir_store_get(rows, 0)));
    stir_store_rows_free(rows);
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

struct chore {
    struct stir_ca_authorization a;
    struct stir_ca_account account;
    char profile[64];
    struct stir_arena *arena;
    const char *id;
    int64_t now;
    bool *waited; /* in this round of chores */
};
static enum stir_err look_at_one(struct stir_store *store, void *arg)
{
    struct chore *c = arg;
    struct profile_work profile = {.name = ""};
    stir_ca_account_clear(&c->account);
    TRY(stir_ca_authorization_get(&c->a, store, c->arena, stir_slice_str(c->id), c->now, false));
    profile.order = c->a.order;
    TRY(look_at_profile(store, &profile));
    memcpy(c->profile, profile.name, sizeof(c->profile));
    return stir_ca_account_by_id(&c->account, store, c->a.account);
}

/* A round waits for one signer at most, and what the others name is fetched meanwhile: anybody may name what does not answer, and the chores of all rooms, the
 * administrator's CRL among them, wait behind this one. */
static enum stir_err judge(struct stir_ca *ca, struct chore *c, struct stir_ca_judgement *j, bool *judged)
{
    TRY(stir_ca_judge(ca, c->a.answer, &c->a, c->profile, c->account.key, c->now, false, j, judged));
    if (*judged || *c->waited)
        return STIR_OK;
    *c->waited = true;
    return stir_ca_judge(ca, c->a.answer, &c->a, c->profile, c->account.key, c->now, true, j, judged);
}

/* Judged by now, or failed: nobody waits longer than STIR_CA_JUDGE_FOR for a repository. An authorization that is over fails, too. */
static enum stir_err judge_open(struct stir_ca *ca, struct stir_clerk *clerk, struct chore *c, struct stir_diag *diag)
{
    struct stir_ca_judgement j = {.problem = STIR_PROBLEM_NONE};
    bool judged = true, again = c->now < c->a.answered + STIR_CA_JUDGE_FOR;
    if (!stir_ca_is(c->a.status, "pending") || strcmp(c->account.status, "valid") != 0)
        stir_ca_disprove(&j, STIR_PROBLEM_UNAUTHORIZED, "the authorization or its account was over before the token was judged");
    else
        TRY(judge(ca, c, &j, &judged));
    if (!judged || (j.problem == STIR_PROBLEM_CONNECTION && again))
        return STIR_OK;
    struct outcome outcome = {.ca = ca, .clerk = clerk, .a = &c->a, .answer = c->a.answer, .given = &j, .now = c->now};
    return put_outcome(&outcome, diag);
}

int64_t stir_ca_challenge_chores(struct stir_ca *ca, struct stir_clerk *clerk, int64_t now)
{
    struct stir_diag diag = {0};
    struct open_work work = {.list = calloc(STIR_CA_BATCH, sizeof(*work.list))};
    bool waited = false;
    enum stir_err err = work.list ? stir_store_look(clerk->store, look_for_open, &work, &diag) : STIR_ENOMEM;
    for (size_t i = 0; err == STIR_OK && i < work.n; i++) {
        struct stir_arena arena = {0};
        struct chore chore = {.arena = &arena, .id = work.list[i].id, .now = now, .waited = &waited};
        err = stir_store_look(clerk->store, look_at_one, &chore, &diag);
        if (err == STIR_OK)
            err = judge_open(ca, clerk, &chore, &diag);
        stir_ca_account_clear(&chore.account);
        stir_arena_clear(&arena);
    }
    free(work.list);
    if (err != STIR_OK)
        stir_clerk_say(clerk, 1, "acme-challenge", "challenges under way could not be judged: %s", diag.text[0] ? diag.text : stir_err_text(err));
    return work.n ? 200 : 1000;
}
