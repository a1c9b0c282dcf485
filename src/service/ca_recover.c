/* After a crash: each intent is finished or burnt, and files that were not published are. An intent of this node is looked at when it starts, before anything
 * is served; one of a node that does not come back, or of a transaction that failed, when it is old. */
#include "service/ca_order.h"

#include <stdlib.h>

#include "io/crash_point.h"

STIR_AUTO_STRUCT_FREE(stir_cert)

struct found {
    char issuer[65], serial[STIR_CA_SERIAL_TEXT], order[STIR_ID];
    struct stir_slice tbs; /* in the arena */
    int64_t not_after;
    bool can_go_on; /* its order is still processing, and not over */
};

struct search {
    const struct stir_clerk *clerk;
    int64_t now, older_than; /* created before: of any node, and sooner this node's own; those alone where it is 0 */
    struct found *found;
    size_t n;
    struct stir_arena *arena;
};

static void keep_text(char *out, size_t cap, struct stir_slice text)
{
    snprintf(out, cap, "%.*s", (int)(text.n < cap ? text.n : cap - 1), text.p ? text.p : "");
}

static enum stir_err keep_found(struct search *s, const struct stir_store_rows *rows)
{
    struct found *f = &s->found[s->n];
    *f = (struct found){.not_after = stir_store_get_int(rows, 4)};
    keep_text(f->issuer, sizeof(f->issuer), stir_store_get(rows, 0));
    keep_text(f->serial, sizeof(f->serial), stir_store_get(rows, 1));
    keep_text(f->order, sizeof(f->order), stir_store_get(rows, 2));
    f->tbs = stir_arena_copy(s->arena, stir_store_get(rows, 3));
    f->can_go_on = f->order[0] && stir_slice_is(stir_store_get(rows, 5), "processing") && stir_store_get_int(rows, 6) > s->now && f->not_after > s->now;
    if (!f->tbs.p && !stir_store_is_null(rows, 3))
        return STIR_ENOMEM;
    s->n++;
    return STIR_OK;
}

#define INTENTS                                                                                                                                       \
    "SELECT c.issuer, c.serial, c.order_id, c.tbs, c.not_after, o.status, o.expires FROM certificates c LEFT JOIN acme_orders o ON o.id = c.order_id" \
    " WHERE c.state = 'intent' AND "

static enum stir_err look_for_intents(struct stir_store *store, void *arg)
{
    static const char own[] = INTENTS "c.node = $1 ORDER BY c.created LIMIT 256",
                      old[] = INTENTS "(c.created < $1 OR (c.node = $2 AND c.created < $3)) ORDER BY c.created LIMIT 256";
    struct search *s = arg;
    struct stir_store_rows *rows = NULL;
    const struct stir_store_value node = stir_store_str(s->clerk->node);
    s->n = 0;
    if (s->older_than)
        TRY(stir_store_ask(&rows, store, old, STIR_VALUES(stir_store_int(s->older_than), node, stir_store_int(s->now - STIR_CA_INTENT_OWN))));
    else
        TRY(stir_store_ask(&rows, store, own, &node, 1));
    enum stir_err err;
    while ((err = stir_store_next(rows)) == STIR_OK && s->n < STIR_CA_BATCH)
        if ((err = keep_found(s, rows)) != STIR_OK)
            break;
    stir_store_rows_free(rows);
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

/* --- burning --- */

struct burning {
    const struct stir_clerk *clerk;
    const struct found *f;
    int64_t now;
    bool burnt;
};

/* The serial is never used: its row stays. */
static enum stir_err burn(struct stir_store *store, void *arg)
{
    struct burning *b = arg;
    size_t changed = 0;
    TRY(stir_store_do(store, "UPDATE certificates SET state = 'burnt' WHERE issuer = $1 AND serial = $2 AND state = 'intent'",
                      STIR_VALUES(stir_store_str(b->f->issuer), stir_store_str(b->f->serial)), &changed));
    b->burnt = changed > 0;
    if (!b->burnt)
        return STIR_OK;
    if (b->f->order[0])
        TRY(stir_ca_order_fail(store, stir_slice_str(b->f->order),
                               stir_problem_json(STIR_PROBLEM_SERVER_INTERNAL, 0, "issuing was interrupted, and the order is over; make a new order")));
    const struct stir_audit_entry entry = {"certificate burnt", "stir", b->f->serial, ""};
    TRY(stir_audit_add(store, b->clerk->node, b->now * 1000, &entry));
    stir_crash_point("recovery: before an intent is burnt");
    return STIR_OK;
}

static enum stir_err settle(struct stir_ca *ca, struct stir_clerk *clerk, const struct found *f, int64_t now, struct stir_diag *diag)
{
    STIR_AUTO_STRUCT(stir_cert) *cert = NULL;
    struct burning b = {.clerk = clerk, .f = f, .now = now};
    bool ours = strcmp(f->issuer, ca->issuer) == 0; /* else the key is gone: its authority was renewed */
    if (f->can_go_on && ours && f->tbs.p) {
        TRY(stir_ca_complete(ca, clerk, f->serial, f->tbs, f->order, "stir", now, &cert, diag));
        stir_clerk_say(clerk, 2, "ca-recovery", "certificate %s, which was interrupted, is issued", f->serial);
        return STIR_OK;
    }
    TRY(stir_store_transact(clerk->store, burn, &b, diag));
    if (b.burnt)
        stir_clerk_say(clerk, 1, "ca-recovery", "serial %s, which was interrupted, is burnt: its order is over, or its authority renewed", f->serial);
    return STIR_OK;
}

static enum stir_err settle_all(struct stir_ca *ca, struct stir_clerk *clerk, int64_t now, int64_t older_than, size_t *n, struct stir_diag *diag)
{
    struct stir_arena arena = {0};
    struct search search = {.clerk = clerk, .now = now, .older_than = older_than, .arena = &arena, .found = calloc(STIR_CA_BATCH, sizeof(*search.found))};
    enum stir_err err = search.found ? stir_store_look(clerk->store, look_for_intents, &search, diag) : STIR_ENOMEM;
    for (size_t i = 0; err == STIR_OK && i < search.n; i++)
        err = settle(ca, clerk, &search.found[i], now, diag);
    *n = search.n;
    free(search.found);
    stir_arena_clear(&arena);
    return err;
}

/* --- files --- */

struct unpublished {
    struct stir_ca *ca;
    struct stir_cert *cert[STIR_CA_BATCH];
    bool written[STIR_CA_BATCH];
    size_t n;
    int64_t now;
};

static void clear_unpublished(struct unpublished *u)
{
    for (size_t i = 0; i < u->n; i++)
        stir_cert_free(u->cert[i]);
    u->n = 0;
}

static enum stir_err look_for_unpublished(struct stir_store *store, void *arg)
{
    struct unpublished *u = arg;
    struct stir_store_rows *rows = NULL;
    clear_unpublished(u);
    TRY(stir_store_ask(&rows, store, "SELECT der FROM certificates WHERE issuer = $1 AND published = 0 AND der IS NOT NULL ORDER BY created LIMIT 256",
                       STIR_VALUES(stir_store_str(u->ca->issuer))));
    enum stir_err err;
    while ((err = stir_store_next(rows)) == STIR_OK && u->n < STIR_CA_BATCH) {
        if ((err = stir_cert_parse(&u->cert[u->n], stir_store_get(rows, 0), NULL)) != STIR_OK)
            break;
        u->n++;
    }
    stir_store_rows_free(rows);
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

static enum stir_err write_published(struct stir_store *store, void *arg)
{
    const struct unpublished *u = arg;
    for (size_t i = 0; i < u->n; i++)
        if (u->written[i])
            TRY(stir_store_do(store, "UPDATE certificates SET published = $3 WHERE issuer = $1 AND serial = $2",
                              STIR_VALUES(stir_store_str(u->ca->issuer), stir_store_str(stir_cert_info(u->cert[i])->serial_hex), stir_store_int(u->now)),
                              NULL));
    return STIR_OK;
}

/* Issuing wrote each file already, and its row does not say so yet: one transaction for many. A file written again is the same file. */
static enum stir_err publish_all(struct stir_ca *ca, struct stir_clerk *clerk, int64_t now, size_t *n, struct stir_diag *diag)
{
    struct unpublished *u = calloc(1, sizeof(*u));
    if (!u)
        return STIR_ENOMEM;
    u->ca = ca;
    u->now = now;
    enum stir_err err = stir_store_look(clerk->store, look_for_unpublished, u, diag);
    bool all = true;
    for (size_t i = 0; err == STIR_OK && i < u->n; i++)
        all = (u->written[i] = stir_ca_publish(ca, u->cert[i], diag)) && all;
    *n = u->n;
    if (err == STIR_OK && u->n)
        err = stir_store_transact(clerk->store, write_published, u, diag);
    clear_unpublished(u);
    free(u);
    return err == STIR_OK && !all ? STIR_EIO : err;
}

/* --- when --- */

enum stir_err stir_ca_recover(struct stir_ca *ca, struct stir_clerk *clerk, int64_t now, struct stir_diag *diag)
{
    STIR_OSSL_QUIET;
    size_t n = 0;
    /* What went wrong once may go wrong again: a batch that settles nothing would come for ever. */
    for (int i = 0; i < STIR_CA_BATCH; i++) {
        TRY(settle_all(ca, clerk, now, 0, &n, diag));
        if (n < STIR_CA_BATCH)
            break;
    }
    enum stir_err err = publish_all(ca, clerk, now, &n, diag);
    if (err == STIR_EIO) {
        stir_clerk_say(clerk, 0, "ca-publish", "%s; it is tried again", diag->text);
        err = STIR_OK;
    }
    return err;
}

int64_t stir_ca_recover_chores(struct stir_ca *ca, struct stir_clerk *clerk, int64_t now)
{
    STIR_OSSL_QUIET;
    struct stir_diag diag = {0};
    size_t intents = 0, files = 0;
    enum stir_err err = settle_all(ca, clerk, now, now - STIR_CA_INTENT_OLD, &intents, &diag);
    if (err != STIR_OK)
        stir_clerk_say(clerk, 1, "ca-recovery", "interrupted certificates could not be finished: %s", diag.text[0] ? diag.text : stir_err_text(err));
    diag.text[0] = '\0';
    err = publish_all(ca, clerk, now, &files, &diag);
    if (err != STIR_OK)
        stir_clerk_say(clerk, 1, "ca-publish", "chains could not be published: %s", diag.text[0] ? diag.text : stir_err_text(err));
    return err == STIR_OK && files == STIR_CA_BATCH ? 0 : 10000;
}
