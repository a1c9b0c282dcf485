/* SPC tokens (RFC 9447 §5, RFC 9448 §5): the administrator's word for what a provider may have a certificate for. What is asked of the provider, of his codes
 * and of his rate, the token and its record are one transaction: no token leaves that is not recorded. */
#include "service/pa_parts.h"

#include <stdio.h>
#include <string.h>

enum { HOUR = 3600, TOKEN_ROOM = STIR_MAX_AUTHORITY + 1 };

enum outcome { GIVEN = 0, UNKNOWN, SUSPENDED, KIND, NOT_HELD, NOT_CA, TOO_OFTEN };

struct giving {
    struct stir_pa *pa;
    struct stir_clerk *clerk;
    int64_t now, exp;
    struct stir_slice account; /* of the path */
    unsigned char hash[STIR_SHA256];
    const struct stir_pa_wish *wish;
    struct stir_pa_client_row client;
    enum outcome outcome;
    char code[STIR_MAX_SPC + 1]; /* the one that is not held */
    int64_t wait;                /* seconds, when too often */
    char jti[STIR_ID];
    char *token; /* TOKEN_ROOM */
    size_t n;
    struct stir_diag diag;
};

/* Why a list is of no kind that a token is given for. */
static bool is_of_codes(struct giving *g)
{
    size_t n = stir_tnauth_count(g->wish->list);
    for (size_t i = 0; i < n; i++)
        if (stir_tnauth_get(g->wish->list, i).kind != STIR_TNAUTH_SPC)
            return false;
    return n == 1 || g->client.may_ca;
}

/* STIR_ENOTFOUND: one of the codes is not his. */
static enum stir_err holds_all(struct stir_store *store, struct giving *g)
{
    for (size_t i = 0; i < stir_tnauth_count(g->wish->list); i++) {
        struct stir_slice code = stir_tnauth_get(g->wish->list, i).text;
        struct stir_store_rows *rows = NULL;
        snprintf(g->code, sizeof(g->code), "%.*s", (int)code.n, code.p);
        enum stir_err err = stir_store_ask_one(&rows, store, "SELECT code FROM pa_codes WHERE code = $1 AND provider = $2",
                                               STIR_VALUES(stir_store_text(code), stir_store_str(g->client.provider)));
        stir_store_rows_free(rows);
        TRY(err);
    }
    return STIR_OK;
}

/* Tokens of the last hour; when they are too many, when the oldest of them is an hour old. */
static enum stir_err count_hour(struct stir_store *store, struct giving *g, bool *too_many)
{
    struct stir_store_rows *rows = NULL;
    int64_t limit = g->pa->conf->tokens_per_hour;
    *too_many = false;
    if (limit <= 0)
        return STIR_OK;
    TRY(stir_store_ask_one(&rows, store, "SELECT COUNT(*), MIN(issued) FROM pa_tokens WHERE provider = $1 AND issued > $2",
                           STIR_VALUES(stir_store_str(g->client.provider), stir_store_int(g->now - HOUR))));
    *too_many = stir_store_get_int(rows, 0) >= limit;
    g->wait = stir_store_get_int(rows, 1) + HOUR - g->now;
    stir_store_rows_free(rows);
    g->wait = g->wait < 1 ? 1 : g->wait > HOUR ? HOUR : g->wait;
    return STIR_OK;
}

/* Everything that the provider could be refused for. */
static enum stir_err judge(struct stir_store *store, struct giving *g)
{
    bool too_many;
    enum stir_err err = stir_pa_who(&g->client, store, g->hash, g->now);
    g->outcome = UNKNOWN;
    if (err == STIR_ENOTFOUND)
        return STIR_OK;
    TRY(err);
    if (!stir_slice_is(g->account, g->client.account) && !stir_slice_is(g->account, g->client.provider))
        return STIR_OK;
    g->outcome = SUSPENDED;
    if (g->client.suspended)
        return STIR_OK;
    g->outcome = KIND;
    if (!is_of_codes(g))
        return STIR_OK;
    g->outcome = NOT_HELD; /*= RFC9448-5.6 */
    err = holds_all(store, g);
    if (err == STIR_ENOTFOUND)
        return STIR_OK;
    TRY(err);
    g->outcome = NOT_CA;
    if (g->wish->ca && !g->client.may_ca)
        return STIR_OK;
    TRY(count_hour(store, g, &too_many));
    g->outcome = too_many ? TOO_OFTEN : GIVEN;
    return STIR_OK;
}

static enum stir_err sign(struct giving *g)
{
    struct stir_token_params params = STIR_TOKEN_PARAMS_INIT;
    struct stir_key_signer held = {g->pa->signer.key, g->clerk->ctx};
    const struct stir_signer signer = stir_signer_of_key(&held);
    if (g->now < g->pa->signer.from)
        return stir_diag_set(&g->diag, STIR_ETIME, SIZE_MAX, "the path of the signer is not valid yet: is the clock of this machine right?");
    if (g->exp <= g->now)
        return stir_diag_set(&g->diag, STIR_ETIME, SIZE_MAX, "the path of the signer, [pa] cert %s, is over: nobody would believe the token",
                             g->pa->conf->cert);
    TRY(stir_id_new(g->jti));
    params.x5u = stir_slice_str(g->pa->signer.url);
    params.iss = stir_slice_str(g->pa->url);
    params.jti = stir_slice_str(g->jti);
    params.iat = g->now;
    params.exp = g->exp;
    params.tkvalue = g->wish->tkvalue;
    params.fingerprint = g->wish->fingerprint;
    params.ca = g->wish->ca;
    return stir_token_make(g->token, TOKEN_ROOM, &g->n, &params, &signer, &g->diag);
}

static enum stir_err record(struct stir_store *store, struct giving *g)
{
    TRY(stir_pa_keys_keep(g->pa, store, g->now));
    TRY(stir_store_do(
        store, "INSERT INTO pa_tokens (jti, account, provider, tkvalue, fingerprint, ca, issued, expires) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        STIR_VALUES(stir_store_str(g->jti), stir_store_str(g->client.account), stir_store_str(g->client.provider), stir_store_text(g->wish->tkvalue),
                    stir_store_text(g->wish->fingerprint), stir_store_int(g->wish->ca), stir_store_int(g->now), stir_store_int(g->exp)),
        NULL));
    char actor[STIR_ID + 8];
    snprintf(actor, sizeof(actor), "account %s", g->client.account);
    return stir_pa_audit(g->clerk, g->now, "token issued", actor, g->jti,
                         json_pack("{s:s, s:s%, s:s%, s:b, s:I}", "provider", g->client.provider, "tkvalue", g->wish->tkvalue.p, g->wish->tkvalue.n,
                                   "fingerprint", g->wish->fingerprint.p, g->wish->fingerprint.n, "ca", (int)g->wish->ca, "expires", (json_int_t)g->exp));
}

static enum stir_err give(struct stir_store *store, void *arg)
{
    struct giving *g = arg;
    TRY(judge(store, g));
    if (g->outcome != GIVEN)
        return STIR_OK;
    TRY(sign(g));
    stir_crash_point("pa token: signed");
    TRY(record(store, g));
    stir_crash_point("pa token: recorded");
    return STIR_OK;
}

static void answer(const struct giving *g, struct stir_exchange *x)
{
    switch (g->outcome) {
    case GIVEN: /*= RFC9447-5.1b */
        atomic_store(&g->pa->kept, true);
        stir_exchange_field(x, "Cache-Control", "no-store");
        stir_exchange_json(x, 200, "application/json", json_pack("{s:s, s:s%, s:s}", "status", "success", "token", g->token, g->n, "crl", g->pa->crl_url));
        return;
    case UNKNOWN: /*= RFC9448-5.5b */ stir_pa_refuse(x, 403, "credentials", "the token of access is not in use, or not this account's"); return;
    case SUSPENDED: stir_pa_refuse(x, 403, "suspended", "this provider is suspended: the administrator gives it no tokens"); return;
    case KIND:
        stir_pa_refuse(x, 403, "list",
                       "a token is given for a list of exactly one service provider code; numbers are for the certificates that a provider delegates");
        return;
    case NOT_HELD: stir_pa_refuse(x, 403, "code", "the service provider code %s is not this provider's", g->code); return;
    case NOT_CA: stir_pa_refuse(x, 403, "ca", "this provider may not have certificates of CAs: ask with ca false"); return;
    case TOO_OFTEN:
        stir_exchange_field(x, "Retry-After", "%lld", (long long)g->wait);
        stir_pa_refuse(x, 429, "rate", "this provider had %lld tokens in the last hour: ask again in %lld seconds", (long long)g->pa->conf->tokens_per_hour,
                       (long long)g->wait);
        return;
    }
}

static const char *const outcomes[] = {"given", "unknown", "suspended", "kind", "not-held", "not-ca", "too-often"};

static void work(struct giving *g, struct stir_exchange *x, struct stir_slice bearer)
{
    enum stir_err err = stir_pa_hash(g->hash, g->clerk, bearer);
    g->token = malloc(TOKEN_ROOM);
    if (!g->token)
        err = STIR_ENOMEM;
    if (err == STIR_OK)
        err = stir_store_transact(g->clerk->store, give, g, &g->diag);
    stir_crash_point("pa token: committed");
    if (err != STIR_OK)
        stir_pa_fail(g->clerk, x, err, &g->diag);
    else
        answer(g, x);
    stir_pa_count(g->clerk, err == STIR_OK && g->outcome == GIVEN ? STIR_METRIC_PA_TOKENS_ISSUED : STIR_METRIC_PA_TOKENS_REFUSED);
    if (err == STIR_OK)
        stir_clerk_say(g->clerk, g->outcome == GIVEN ? 3 : 2, "pa", "token=%s account=\"%s\" provider=\"%s\" jti=\"%s\" peer=\"%s\"", outcomes[g->outcome],
                       g->outcome == UNKNOWN ? "" : g->client.account, g->outcome == UNKNOWN ? "" : g->client.provider, g->outcome == GIVEN ? g->jti : "",
                       x->peer);
    free(g->token);
}

void stir_pa_serve_token(struct stir_pa *pa, struct stir_clerk *clerk, struct stir_exchange *x, struct stir_slice account)
{
    struct stir_pa_wish wish;
    struct giving g = {.pa = pa, .clerk = clerk, .now = x->now, .account = account, .wish = &wish};
    struct stir_slice bearer = stir_pa_bearer(x);
    g.exp = x->now + pa->conf->token_life < pa->signer.until ? x->now + pa->conf->token_life : pa->signer.until;
    if (!bearer.p) {
        stir_exchange_field(x, "WWW-Authenticate", "Bearer realm=\"sti-pa\"");
        stir_pa_refuse(x, 401, "authorization", "Authorization is missing: the accessToken of POST /api/v1/auth/login");
        return;
    }
    if (stir_pa_wish_read(&wish, x))
        work(&g, x, bearer);
    stir_pa_wish_clear(&wish);
}
