/* Rows of orders and authorizations, as they read now. */
#include "service/ca_order.h"

#include <stdlib.h>

#define ORDER_COLUMNS                                                                                                                             \
    "SELECT o.id, o.account, o.status, o.type, o.value, o.tnauth, o.profile, o.not_before, o.not_after, o.expires, o.created, o.error, o.serial," \
    " a.id FROM acme_orders o LEFT JOIN acme_authorizations a ON a.order_id = o.id WHERE o.id = $1"

#define AUTHORIZATION_COLUMNS                                                                                                            \
    "SELECT a.id, a.order_id, a.account, a.status, a.type, a.value, a.tnauth, a.expires, a.validated, a.answered, a.challenge, a.token," \
    " a.challenge_status, a.answer, a.error, a.ca, o.status, o.expires FROM acme_authorizations a JOIN acme_orders o ON o.id = a.order_id"

static bool is_open(struct stir_slice status)
{
    return stir_ca_is(status, "pending") || stir_ca_is(status, "ready");
}

/* Copies of what a row gives, which is its own until the next one. */
struct copier {
    struct stir_store_rows *rows;
    struct stir_arena *arena;
    bool failed;
};
static struct stir_slice copy(struct copier *c, unsigned column)
{
    struct stir_slice got = stir_store_get(c->rows, column), kept = stir_arena_copy(c->arena, got);
    if (got.p && !kept.p)
        c->failed = true;
    return kept;
}

static enum stir_err read_order(struct stir_ca_order *out, struct stir_store_rows *rows, struct stir_arena *arena, int64_t now)
{
    struct copier c = {rows, arena, false};
    *out = (struct stir_ca_order){
        .id = copy(&c, 0),
        .account = copy(&c, 1),
        .status = copy(&c, 2),
        .type = copy(&c, 3),
        .value = copy(&c, 4),
        .tnauth = copy(&c, 5),
        .profile = copy(&c, 6),
        .not_before = stir_store_get_int(rows, 7),
        .not_after = stir_store_get_int(rows, 8),
        .expires = stir_store_get_int(rows, 9),
        .created = stir_store_get_int(rows, 10),
        .error = copy(&c, 11),
        .serial = copy(&c, 12),
        .authorization = copy(&c, 13),
    };
    out->over = is_open(out->status) && out->expires <= now;
    if (out->over)
        out->status = stir_slice_str("invalid");
    return c.failed ? STIR_ENOMEM : STIR_OK;
}

enum stir_err stir_ca_order_get(struct stir_ca_order *out, struct stir_store *store, struct stir_arena *arena, struct stir_slice id, int64_t now)
{
    struct stir_store_rows *rows = NULL;
    TRY(stir_store_ask_one(&rows, store, ORDER_COLUMNS, STIR_VALUES(stir_store_text(id))));
    enum stir_err err = read_order(out, rows, arena, now);
    stir_store_rows_free(rows);
    return err;
}

/* An authorization that is over is "expired"; one of an order that is over or has failed can no longer be proven: it is "expired", or "invalid". */
static struct stir_slice authorization_status(struct stir_slice status, int64_t expires, struct stir_slice order, int64_t order_expires, int64_t now)
{
    bool pending = stir_ca_is(status, "pending");
    if (!pending && !stir_ca_is(status, "valid"))
        return status;
    if (expires <= now || (pending && is_open(order) && order_expires <= now))
        return stir_slice_str("expired");
    return pending && stir_ca_is(order, "invalid") ? stir_slice_str("invalid") : status;
}

enum stir_err stir_ca_authorization_get(struct stir_ca_authorization *out, struct stir_store *store, struct stir_arena *arena, struct stir_slice id,
                                        int64_t now, bool by_challenge)
{
    static const char by_id_sql[] = AUTHORIZATION_COLUMNS " WHERE a.id = $1", by_challenge_sql[] = AUTHORIZATION_COLUMNS " WHERE a.challenge = $1";
    struct stir_store_rows *rows = NULL;
    TRY(stir_store_ask_one(&rows, store, by_challenge ? by_challenge_sql : by_id_sql, STIR_VALUES(stir_store_text(id))));
    struct copier c = {rows, arena, false};
    *out = (struct stir_ca_authorization){
        .id = copy(&c, 0),
        .order = copy(&c, 1),
        .account = copy(&c, 2),
        .status = copy(&c, 3),
        .type = copy(&c, 4),
        .value = copy(&c, 5),
        .tnauth = copy(&c, 6),
        .expires = stir_store_get_int(rows, 7),
        .validated = stir_store_get_int(rows, 8),
        .answered = stir_store_get_int(rows, 9),
        .challenge = copy(&c, 10),
        .token = copy(&c, 11),
        .challenge_status = copy(&c, 12),
        .answer = copy(&c, 13),
        .error = copy(&c, 14),
        .ca = stir_store_get_int(rows, 15) != 0,
    };
    out->status = authorization_status(out->status, out->expires, stir_store_get(rows, 16), stir_store_get_int(rows, 17), now);
    stir_store_rows_free(rows);
    return c.failed ? STIR_ENOMEM : STIR_OK;
}

enum stir_err stir_ca_order_fail(struct stir_store *store, struct stir_slice id, json_t *problem)
{
    char *text = problem ? json_dumps(problem, JSON_COMPACT) : NULL;
    bool no_memory = problem && !text;
    json_decref(problem);
    if (no_memory)
        return STIR_ENOMEM;
    enum stir_err err = stir_store_do(store,
                                      "UPDATE acme_orders SET status = 'invalid', error = COALESCE(error, $2)"
                                      " WHERE id = $1 AND status IN ('pending', 'ready', 'processing')",
                                      STIR_VALUES(stir_store_text(id), stir_store_str(text)), NULL);
    free(text);
    if (err != STIR_OK)
        return err;
    return stir_store_do(store, "UPDATE acme_authorizations SET status = 'invalid' WHERE order_id = $1 AND status = 'pending'",
                         STIR_VALUES(stir_store_text(id)), NULL);
}
