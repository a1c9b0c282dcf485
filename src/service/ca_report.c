/* Revocations on their way to a policy administrator in another house: told until it has taken them. */
#include "service/ca_order.h"

#include <stdlib.h>

#include "io/file.h"
#include "io/peer.h"
#include "service/secret.h"

struct notice {
    char id[STIR_ID];
    struct stir_slice body; /* in the arena */
    int64_t created, tries;
};
struct notices {
    struct notice *list;
    size_t n;
    struct stir_arena *arena;
    int64_t now, oldest; /* oldest: created of the one that waits longest; 0: none waits */
};

static enum stir_err look_at_oldest(struct stir_store *store, struct notices *w)
{
    struct stir_store_rows *rows = NULL;
    TRY(stir_store_ask_one(&rows, store, "SELECT MIN(created) FROM notices WHERE done = 0", STIR_NO_VALUES));
    w->oldest = stir_store_get_int(rows, 0);
    stir_store_rows_free(rows);
    return STIR_OK;
}

static enum stir_err look_for_notices(struct stir_store *store, void *arg)
{
    struct notices *w = arg;
    struct stir_store_rows *rows = NULL;
    w->n = 0;
    TRY(look_at_oldest(store, w));
    TRY(stir_store_ask(&rows, store, "SELECT id, body, created, tries FROM notices WHERE done = 0 AND next <= $1 ORDER BY next LIMIT 32",
                       STIR_VALUES(stir_store_int(w->now))));
    enum stir_err err;
    while ((err = stir_store_next(rows)) == STIR_OK) {
        struct notice *n = &w->list[w->n++];
        snprintf(n->id, sizeof(n->id), "%.*s", STIR_SHOW(stir_store_get(rows, 0)));
        n->body = stir_arena_copy(w->arena, stir_store_get(rows, 1));
        n->created = stir_store_get_int(rows, 2);
        n->tries = stir_store_get_int(rows, 3);
    }
    stir_store_rows_free(rows);
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

struct told {
    const struct stir_clerk *clerk;
    const struct notice *notice;
    const char *error; /* NULL: it was taken */
    int64_t now;
};
static enum stir_err write_told(struct stir_store *store, void *arg)
{
    const struct told *t = arg;
    int64_t wait = STIR_CA_NOTICE_FIRST;
    for (int64_t i = 0; i < t->notice->tries && wait < STIR_CA_NOTICE_WAIT; i++)
        wait *= 2;
    if (wait > STIR_CA_NOTICE_WAIT)
        wait = STIR_CA_NOTICE_WAIT;
    TRY(stir_store_do(
        store, "UPDATE notices SET tries = tries + 1, next = $2, done = $3, error = $4 WHERE id = $1",
        STIR_VALUES(stir_store_str(t->notice->id), stir_store_int(t->now + wait), stir_store_int(t->error ? 0 : t->now), stir_store_str(t->error)), NULL));
    if (t->error)
        return STIR_OK;
    const struct stir_audit_entry entry = {"revocation reported", "stir", t->notice->id, ""};
    return stir_audit_add(store, t->clerk->node, t->now * 1000, &entry);
}

/* Any answer of 200 to 299 says that it was taken. `*there` becomes false when nobody answers. */
static bool post(const struct stir_ca *ca, struct stir_peer *peer, const char *authorization, const struct notice *n, bool *there, char *why, size_t cap)
{
    struct stir_peer_answer answer;
    struct stir_diag diag = {0};
    const struct stir_peer_ask ask = {.method = "POST",
                                      .url = ca->conf->ca.report_url,
                                      .type = "application/json",
                                      .accept = "application/json",
                                      .authorization = authorization,
                                      .body = n->body};
    if (stir_peer_ask(&answer, peer, &ask, &diag) != STIR_OK) {
        snprintf(why, cap, "%s", diag.text);
        *there = false;
        return false;
    }
    bool taken = answer.status >= 200 && answer.status < 300;
    if (!taken)
        snprintf(why, cap, "the administrator answered %ld: %.*s", answer.status, STIR_SHOW(answer.body));
    stir_peer_answer_free(&answer);
    return taken;
}

/* What others wrote goes into a column of text, which takes nothing that is cut within a character: a revocation that could not be marked would be told at
 * once again and again, and all behind it never. */
static void make_plain(char *why)
{
    for (char *p = why; *p; p++)
        if ((unsigned char)*p < ' ' || (unsigned char)*p > '~')
            *p = '?';
}

/* "Bearer TOKEN", of the file; "" without one. */
static bool read_authorization(const struct stir_ca *ca, char *out, size_t cap, char *why, size_t why_cap)
{
    struct stir_slice token = {NULL, 0};
    struct stir_diag diag = {0};
    out[0] = '\0';
    if (!ca->conf->ca.report_token[0])
        return true;
    if (stir_secret_read(&token, ca->conf->ca.report_token, cap - sizeof("Bearer "), true, &diag) != STIR_OK) {
        snprintf(why, why_cap, "report-token: %s", diag.text);
        return false;
    }
    struct stir_slice line = stir_slice_trim(stir_slice_upto(token, stir_slice_find(token, '\n')));
    int n = snprintf(out, cap, "Bearer %.*s", (int)line.n, line.p);
    stir_file_free(&token);
    return n > 0 && (size_t)n < cap;
}

/* One wait for an administrator who does not answer is enough for a round: other chores stand behind it. */
static enum stir_err tell_all(struct stir_ca *ca, struct stir_clerk *clerk, struct notices *w, struct stir_diag *diag)
{
    char authorization[600], why[300] = "";
    struct stir_peer *peer = NULL;
    const struct stir_peer_options options = {.tls_root = ca->conf->ca.tls_root, .any_url = ca->conf->ca.any_url};
    bool there = read_authorization(ca, authorization, sizeof(authorization), why, sizeof(why));
    if (there)
        TRY(stir_peer_new(&peer, &options, diag));
    enum stir_err err = STIR_OK;
    for (size_t i = 0; err == STIR_OK && i < w->n; i++) {
        bool taken = there && post(ca, peer, authorization[0] ? authorization : NULL, &w->list[i], &there, why, sizeof(why));
        make_plain(why);
        struct told told = {clerk, &w->list[i], taken ? NULL : why, w->now};
        if (!taken)
            stir_clerk_say(clerk, 1, "ca-report", "a revocation could not be reported to the policy administrator: %s", why);
        err = stir_store_transact(clerk->store, write_told, &told, diag);
    }
    stir_peer_free(peer);
    return err;
}

int64_t stir_ca_report_chores(struct stir_ca *ca, struct stir_clerk *clerk, int64_t now)
{
    struct stir_diag diag = {0};
    struct stir_arena arena = {0};
    struct notices w = {.arena = &arena, .now = now, .list = calloc(32, sizeof(*w.list))};
    if (!ca->conf->ca.report_url[0] || !w.list) {
        free(w.list);
        return 60000;
    }
    enum stir_err err = stir_store_look(clerk->store, look_for_notices, &w, &diag);
    if (err == STIR_OK && w.n)
        err = tell_all(ca, clerk, &w, &diag);
    if (err != STIR_OK)
        stir_clerk_say(clerk, 1, "ca-report", "revocations on their way to the administrator: %s", diag.text[0] ? diag.text : stir_err_text(err));
    atomic_store(&ca->memory->notice_waits_since, w.oldest);
    if (clerk->metrics)
        stir_metrics_set(clerk->metrics, STIR_METRIC_CA_NOTICE_OLDEST, w.oldest);
    free(w.list);
    stir_arena_clear(&arena);
    return 2000;
}

bool stir_ca_report_ready(struct stir_ca *ca, int64_t now, char *buf, size_t cap)
{
    int64_t since = atomic_load(&ca->memory->notice_waits_since);
    if (!since || now - since < STIR_CA_NOTICE_LATE)
        return true;
    size_t n = strlen(buf);
    snprintf(buf + n, cap - n, "%sa revocation waits for the policy administrator since %lld seconds: until it is told, calls of that certificate go on",
             n ? "\n" : "", (long long)(now - since));
    return false;
}
