/* Log in, log out, and whose a token of access is. Nothing of an answer, its time included, tells whether there is an account of a name. */
#include "service/pa_parts.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

enum { TOKEN_BYTES = 32, TOKEN_TEXT = 44 };

static const char wrong[] = "user or password is wrong, the account is not active, or it is locked for a time after too many wrong passwords";

struct login {
    struct stir_pa *pa;
    struct stir_clerk *clerk;
    int64_t now;
    const char *peer;
    struct stir_slice user, password;
    int64_t level, wait; /* of the address's wrong passwords, in milliseconds; seconds until it may try again */
    char account[STIR_ID];
    char stored[STIR_PA_PASSWORD_TEXT]; /* "": there is no such account */
    bool usable;                        /* active, and not locked */
    bool good;                          /* the password is right */
    char token[TOKEN_TEXT];
    unsigned char hash[STIR_SHA256];
};

static void copy(char *out, size_t cap, struct stir_slice text)
{
    size_t n = text.n < cap ? text.n : 0;
    if (n)
        memcpy(out, text.p, n);
    out[n] = '\0';
}

/* What is known of the user now. */
static enum stir_err find(struct stir_store *store, struct login *l)
{
    struct stir_store_rows *rows = NULL;
    l->account[0] = l->stored[0] = '\0';
    l->usable = false;
    enum stir_err err =
        stir_store_ask_one(&rows, store, "SELECT id, password, state, locked_until FROM pa_accounts WHERE user_id = $1", STIR_VALUES(stir_store_text(l->user)));
    if (err == STIR_OK) {
        copy(l->account, sizeof(l->account), stir_store_get(rows, 0));
        copy(l->stored, sizeof(l->stored), stir_store_get(rows, 1));
        l->usable = stir_slice_is(stir_store_get(rows, 2), "active") && stir_store_get_int(rows, 3) <= l->now;
    }
    stir_store_rows_free(rows);
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

/* Wrong passwords of one address fill a bucket that leaks: each costs the office a tenth of a second. */
static enum stir_err read_bucket(struct stir_store *store, struct login *l)
{
    struct stir_store_rows *rows = NULL;
    enum stir_err err =
        stir_store_ask_one(&rows, store, "SELECT level_ms, at_ms FROM limits WHERE what = 'pa login' AND who = $1", STIR_VALUES(stir_store_str(l->peer)));
    l->level = 0;
    if (err == STIR_OK) {
        int64_t gone = l->now * 1000 - stir_store_get_int(rows, 1);
        l->level = stir_store_get_int(rows, 0) - (gone > 0 ? gone : 0);
    }
    stir_store_rows_free(rows);
    l->level = l->level > 0 ? l->level : 0;
    l->wait = l->level + STIR_PA_WRONG_MS > STIR_PA_WRONG_MAX_MS ? (l->level + STIR_PA_WRONG_MS - STIR_PA_WRONG_MAX_MS + 999) / 1000 : 0;
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

static enum stir_err look(struct stir_store *store, void *arg)
{
    struct login *l = arg;
    TRY(read_bucket(store, l));
    return find(store, l);
}

/* The same write for those who are known and for those who are not. */
static enum stir_err fill_bucket(struct stir_store *store, struct login *l)
{
    TRY(read_bucket(store, l));
    return stir_store_do(store,
                         "INSERT INTO limits (what, who, level_ms, at_ms) VALUES ('pa login', $1, $2, $3)"
                         " ON CONFLICT (what, who) DO UPDATE SET level_ms = $2, at_ms = $3",
                         STIR_VALUES(stir_store_str(l->peer), stir_store_int(l->level + STIR_PA_WRONG_MS), stir_store_int(l->now * 1000)), NULL);
}

/* Wrong passwords count while the account is not locked. */
static enum stir_err lock(struct stir_store *store, const struct login *l)
{
    const struct stir_conf_pa *conf = l->pa->conf;
    struct stir_store_rows *rows = NULL;
    TRY(stir_store_ask_one(&rows, store, "SELECT failures, locked_until FROM pa_accounts WHERE id = $1", STIR_VALUES(stir_store_str(l->account))));
    int64_t failures = stir_store_get_int(rows, 0) + l->usable, until = stir_store_get_int(rows, 1);
    stir_store_rows_free(rows);
    bool locks = l->usable && conf->max_failures > 0 && failures >= conf->max_failures;
    if (locks)
        until = l->now + conf->lock_time;
    TRY(stir_store_do(store, "UPDATE pa_accounts SET failures = $2, locked_until = $3 WHERE id = $1",
                      STIR_VALUES(stir_store_str(l->account), stir_store_int(locks ? 0 : failures), stir_store_int(until)), NULL));
    if (!locks)
        return STIR_OK;
    return stir_pa_audit(l->clerk, l->now, "account locked", "stir", l->account,
                         json_pack("{s:I, s:I}", "failures", (json_int_t)failures, "until", (json_int_t)until));
}

static enum stir_err refuse(struct stir_store *store, void *arg)
{
    struct login *l = arg;
    TRY(find(store, l));
    TRY(fill_bucket(store, l));
    return l->account[0] ? lock(store, l) : STIR_OK;
}

/* The account is what it was while the password was checked: no lock and no new password came between. */
static enum stir_err let_in(struct stir_store *store, void *arg)
{
    struct login *l = arg;
    char checked[STIR_PA_PASSWORD_TEXT];
    memcpy(checked, l->stored, sizeof(checked));
    TRY(find(store, l));
    if (!l->usable || strcmp(checked, l->stored) != 0)
        return STIR_ENOTFOUND;
    TRY(stir_store_do(store, "UPDATE pa_accounts SET failures = 0 WHERE id = $1 AND failures > 0", STIR_VALUES(stir_store_str(l->account)), NULL));
    return stir_store_do(
        store, "INSERT INTO pa_logins (token_hash, account, kind, expires) VALUES ($1, $2, 'access', $3)",
        STIR_VALUES(stir_store_bytes(stir_slice_of(l->hash, sizeof(l->hash))), stir_store_str(l->account), stir_store_int(l->now + l->pa->conf->login_life)),
        NULL);
}

static enum stir_err make_token(struct login *l)
{
    STIR_OSSL_QUIET;
    unsigned char bytes[TOKEN_BYTES];
    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return STIR_ECRYPTO;
    struct stir_writer w = stir_writer_of(l->token, sizeof(l->token));
    stir_put_b64url(&w, stir_slice_of(bytes, sizeof(bytes)));
    OPENSSL_cleanse(bytes, sizeof(bytes));
    TRY(stir_writer_close(&w, NULL));
    return stir_pa_hash(l->hash, l->clerk, stir_slice_str(l->token));
}

/* The password is checked between two transactions: it takes long, and the store is others' too. */
static enum stir_err log_in(struct login *l, struct stir_diag *diag)
{
    TRY(stir_store_look(l->clerk->store, look, l, diag));
    if (l->wait > 0)
        return STIR_OK;
    l->good = stir_pa_password_is(l->stored[0] ? stir_slice_str(l->stored) : stir_slice_str(NULL), l->password) && l->usable;
    if (l->good)
        TRY(make_token(l));
    stir_crash_point("pa login: password checked");
    enum stir_err err = stir_store_transact(l->clerk->store, l->good ? let_in : refuse, l, diag);
    stir_crash_point("pa login: committed");
    l->good = l->good && err == STIR_OK;
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

static void answer(struct login *l, struct stir_exchange *x)
{
    struct stir_diag diag = {0};
    enum stir_err err = log_in(l, &diag);
    if (err != STIR_OK) {
        stir_pa_fail(l->clerk, x, err, &diag);
    } else if (l->wait > 0) {
        stir_exchange_field(x, "Retry-After", "%lld", (long long)l->wait);
        stir_pa_refuse(x, 429, "rate", "too many wrong passwords came from this address: ask again in %lld seconds", (long long)l->wait);
    } else if (!l->good) {
        stir_pa_count(l->clerk, STIR_METRIC_PA_LOGINS_FAILED);
        stir_clerk_say(l->clerk, 1, "pa", "login=refused peer=\"%s\" account=\"%s\"", x->peer, l->account);
        stir_pa_refuse(x, 403, "credentials", "%s", wrong);
    } else {
        x->cleanse = true;
        stir_exchange_field(x, "Cache-Control", "no-store");
        stir_exchange_json(x, 200, "application/json",
                           json_pack("{s:s, s:s, s:I}", "status", "success", "accessToken", l->token, "expiresIn", (json_int_t)l->pa->conf->login_life));
    }
}

static bool read_login(struct login *l, struct stir_exchange *x, struct stir_arena *arena)
{
    struct stir_json body;
    if (!stir_pa_body(x, &body, STIR_PA_MAX_REQUEST))
        return false;
    if (stir_pa_text(&l->user, body, "userId", arena) && stir_pa_text(&l->password, body, "password", arena) && l->user.n <= STIR_PA_MAX_TEXT &&
        l->password.n <= STIR_PA_MAX_PASSWORD)
        return true;
    stir_pa_refuse(x, 400, "members", "the body must be {\"userId\":\"...\",\"password\":\"...\"}, of %d and %d bytes at most", STIR_PA_MAX_TEXT,
                   STIR_PA_MAX_PASSWORD);
    return false;
}

void stir_pa_serve_login(struct stir_pa *pa, struct stir_clerk *clerk, struct stir_exchange *x)
{
    struct login l = {.pa = pa, .clerk = clerk, .now = x->now, .peer = x->peer};
    struct stir_arena arena = {NULL, 0, 0};
    if (read_login(&l, x, &arena)) {
        if (atomic_fetch_add(&pa->logins, 1) < STIR_PA_LOGINS_AT_ONCE) {
            answer(&l, x);
        } else {
            stir_exchange_field(x, "Retry-After", "1");
            stir_pa_refuse(x, 429, "busy", "too many log in at once: ask again");
        }
        atomic_fetch_sub(&pa->logins, 1);
    }
    if (l.password.p && !(l.password.p >= x->body.p && l.password.p < x->body.p + x->body.n))
        OPENSSL_cleanse((void *)(uintptr_t)l.password.p, l.password.n); /* unescaped, in the arena */
    stir_arena_clear(&arena);
    OPENSSL_cleanse(l.token, sizeof(l.token));
}

struct leaving {
    unsigned char hash[STIR_SHA256];
    size_t gone;
};

static enum stir_err leave(struct stir_store *store, void *arg)
{
    struct leaving *l = arg;
    return stir_store_do(store, "DELETE FROM pa_logins WHERE token_hash = $1", STIR_VALUES(stir_store_bytes(stir_slice_of(l->hash, sizeof(l->hash)))),
                         &l->gone);
}

void stir_pa_serve_logout(struct stir_pa *pa, struct stir_clerk *clerk, struct stir_exchange *x)
{
    struct leaving l = {{0}, 0};
    struct stir_diag diag = {0};
    struct stir_slice token = stir_pa_bearer(x);
    (void)pa;
    enum stir_err err = token.p ? stir_pa_hash(l.hash, clerk, token) : STIR_OK;
    if (err == STIR_OK && token.p)
        err = stir_store_transact(clerk->store, leave, &l, &diag);
    if (err != STIR_OK)
        stir_pa_fail(clerk, x, err, &diag);
    else if (l.gone == 0)
        stir_pa_refuse(x, 403, "credentials", "the Authorization is not a token of access that is in use");
    else
        stir_exchange_json(x, 200, "application/json", json_pack("{s:s}", "status", "success"));
}

enum stir_err stir_pa_who(struct stir_pa_client_row *out, struct stir_store *store, const unsigned char hash[STIR_SHA256], int64_t now)
{
    struct stir_store_rows *rows = NULL;
    TRY(stir_store_ask_one(&rows, store,
                           "SELECT a.id, p.id, p.state, p.may_ca FROM pa_logins l JOIN pa_accounts a ON a.id = l.account"
                           " JOIN pa_providers p ON p.id = a.provider WHERE l.token_hash = $1 AND l.expires > $2 AND a.state = 'active'",
                           STIR_VALUES(stir_store_bytes(stir_slice_of(hash, STIR_SHA256)), stir_store_int(now))));
    copy(out->account, sizeof(out->account), stir_store_get(rows, 0));
    copy(out->provider, sizeof(out->provider), stir_store_get(rows, 1));
    out->suspended = !stir_slice_is(stir_store_get(rows, 2), "active");
    out->may_ca = stir_store_get_int(rows, 3) != 0;
    stir_store_rows_free(rows);
    return STIR_OK;
}
