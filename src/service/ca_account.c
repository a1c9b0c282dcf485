#include "service/ca_binding.h"
#include "service/ca_contact.h"

#include "io/crash_point.h"

#include <stdio.h>
#include <stdlib.h>

/* --- an account as its client sees it --- */

struct shown {
    const char *id;
    char status[16];
    struct stir_slice contacts, binding; /* JSON texts; absent: none */
    bool agreed;
};

static json_t *parse(struct stir_slice text)
{
    return json_loadb(text.p, text.n, 0, NULL);
}

/*= RFC8555-7.1.2 */
static json_t *show(struct stir_ca_request *r, const struct shown *s)
{
    const char *orders = stir_ca_url(r, "acct", s->id, "orders");
    json_t *json = orders ? json_pack("{s:s, s:s}", "status", s->status, "orders", orders) : NULL;
    if (!json)
        return NULL;
    if (s->contacts.n > 2 && json_object_set_new(json, "contact", parse(s->contacts))) /* "[]": none */
        stir_clerk_say(r->clerk, 0, "acme-fault", "the contacts of account %s are no list", s->id);
    if (s->binding.p && json_object_set_new(json, "externalAccountBinding", parse(s->binding)))
        stir_clerk_say(r->clerk, 0, "acme-fault", "the binding of account %s is no object", s->id);
    if (s->agreed)
        json_object_set_new(json, "termsOfServiceAgreed", json_true());
    return json;
}

struct look {
    struct stir_ca_request *r;
    struct shown *out;
};

static enum stir_err look(struct stir_store *store, void *arg)
{
    const struct look *l = arg;
    struct stir_store_rows *row = NULL;
    TRY(stir_store_ask_one(&row, store, "SELECT status, contacts, binding_jws, agreed FROM acme_accounts WHERE id = $1",
                           STIR_VALUES(stir_store_str(l->out->id))));
    struct stir_slice status = stir_store_get(row, 0);
    struct stir_writer w = stir_writer_of(l->out->status, sizeof(l->out->status));
    stir_put_slice(&w, status);
    l->out->contacts = stir_arena_copy(&l->r->arena, stir_store_get(row, 1));
    l->out->binding = stir_arena_copy(&l->r->arena, stir_store_get(row, 2));
    l->out->agreed = stir_store_get_int(row, 3) != 0;
    stir_store_rows_free(row);
    return l->out->contacts.p ? stir_writer_close(&w, NULL) : STIR_ENOMEM;
}

void stir_ca_answer_account(struct stir_ca_request *r, const char *id, int status, bool located)
{
    struct shown shown = {.id = id};
    struct look l = {r, &shown};
    struct stir_diag diag = {0};
    const char *url = stir_ca_url(r, "acct", id, NULL);
    if (!url || !stir_ca_went(r, stir_store_look(r->clerk->store, look, &l, &diag), &diag))
        return;
    stir_ca_answer(r, status, show(r, &shown));
    if (located)
        stir_exchange_field(r->x, "Location", "%s", url);
}

static enum stir_err note(struct stir_ca_request *r, struct stir_store *store, const char *event, const char *id, const char *detail)
{
    char actor[STIR_ID + 16];
    snprintf(actor, sizeof(actor), "account %s", id);
    const struct stir_audit_entry entry = {event, actor, id, detail};
    return stir_audit_add(store, r->clerk->node, r->x->now * 1000, &entry);
}

/* --- newAccount --- */

struct create {
    struct stir_ca_request *r;
    struct stir_slice contacts;
    struct stir_ca_bound bound;
    bool agreed;
    /* given */
    char id[STIR_ID];
    bool compromised, taken; /* why nothing was made: the key is known to others; the credential is another's */
    bool existed;
    struct stir_ca_account there;
};

/* A member that is true, or false when it is not there; false of the answer: it is something else. */
static bool read_flag(struct stir_ca_request *r, bool *out, const char *name)
{
    struct stir_json value;
    *out = false;
    if (!stir_json_member(r->jws.payload, name, &value))
        return true;
    if (value.type != STIR_JSON_BOOL)
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "\"%s\" is neither true nor false", name);
    *out = stir_slice_is(value.text, "true");
    return true;
}

/* RFC 8555 §7.3 leaves the type open; this is the one that names where the terms are. */
/*= RFC8555-7.3.3 */
static bool refuse_terms(struct stir_ca_request *r)
{
    const char *terms = r->ca->conf->ca.terms;
    json_t *problem =
        stir_problem_json(STIR_PROBLEM_USER_ACTION_REQUIRED, 0, "read the terms of service at %.500s, then ask with termsOfServiceAgreed true", terms);
    json_object_set_new(problem, "instance", json_string(terms));
    stir_ca_refuse_json(r, problem);
    stir_exchange_field(r->x, "Link", "<%s>;rel=\"terms-of-service\"", terms);
    return false;
}

static enum stir_err find_account(struct stir_store *store, void *arg)
{
    struct create *c = arg;
    stir_ca_account_clear(&c->there);
    enum stir_err err = stir_ca_account_by_key(&c->there, store, c->r->key);
    c->existed = err == STIR_OK;
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

static enum stir_err insert(struct stir_store *store, struct create *c)
{
    unsigned char thumbprint[STIR_SHA256];
    size_t changed = 0;
    const int64_t now = c->r->x->now;
    TRY(stir_ca_thumbprint(thumbprint, c->r->key));
    TRY(stir_store_do(store,
                      "INSERT INTO acme_accounts (id, thumbprint, spki, status, contacts, agreed, binding, binding_jws, created, updated)"
                      " VALUES ($1, $2, $3, 'valid', $4, $5, $6, $7, $8, $8) ON CONFLICT DO NOTHING",
                      STIR_VALUES(stir_store_str(c->id), stir_store_bytes(stir_slice_of(thumbprint, sizeof(thumbprint))),
                                  stir_store_bytes(stir_key_spki(c->r->key)), stir_store_text(c->contacts), stir_store_int(c->agreed ? now : 0),
                                  stir_store_str(c->bound.kid[0] ? c->bound.kid : NULL), stir_store_text(c->bound.jws), stir_store_int(now)),
                      &changed));
    return changed ? STIR_OK : STIR_EBUSY; /* another has just made it: found when this runs again */
}

static enum stir_err create(struct stir_store *store, void *arg)
{
    struct create *c = arg;
    c->compromised = c->taken = false;
    TRY(find_account(store, c));
    if (c->existed)
        return STIR_OK;
    TRY(stir_ca_key_is_barred(&c->compromised, c->r->ca, store, c->r->key));
    if (c->compromised)
        return STIR_OK;
    if (c->bound.kid[0]) {
        enum stir_err err = stir_ca_binding_claim(store, c->bound.kid, c->id);
        c->taken = err == STIR_EEXISTS;
        if (err != STIR_OK)
            return err;
        stir_crash_point("new-account: binding claimed");
    }
    TRY(insert(store, c));
    TRY(note(c->r, store, "account created", c->id, c->bound.kid[0] ? stir_arena_format(&c->r->arena, "{\"binding\":\"%s\"}", c->bound.kid) : ""));
    stir_crash_point("new-account: before it is committed");
    return STIR_OK;
}

/* Everything that can be refused before the store is written to. */
static bool may_create(struct stir_ca_request *r, struct create *c)
{
    bool there;
    if (!stir_ca_contacts_read(r, &c->contacts, &there, r->jws.payload))
        return false;
    if (r->ca->conf->ca.terms[0] && !c->agreed)
        return refuse_terms(r);
    return stir_ca_binding_read(r, &c->bound) && stir_ca_within(r, STIR_LIMIT_ACCOUNTS_ADDRESS, r->x->peer);
}

static bool make(struct stir_ca_request *r, struct create *c)
{
    struct stir_diag diag = {0};
    if (!may_create(r, c) || !stir_ca_went(r, stir_id_new(c->id), NULL))
        return false;
    enum stir_err err = stir_store_transact(r->clerk->store, create, c, &diag);
    if (c->taken)
        return stir_ca_refuse(r, STIR_PROBLEM_UNAUTHORIZED, "externalAccountBinding: another account has used this key identifier, or it was taken back");
    if (!stir_ca_went(r, err, &diag))
        return false;
    if (c->compromised)
        return stir_ca_refuse(r, STIR_PROBLEM_BAD_PUBLIC_KEY, "this key is that of a certificate; make a new one for the account");
    stir_crash_point("new-account: committed, not answered");
    return true;
}

/*= RFC8555-7.3.1 */
static bool answer_found(struct stir_ca_request *r, const struct stir_ca_account *there)
{
    if (strcmp(there->status, "valid") != 0) /*= RFC8555-7.3.6 */
        return stir_ca_refuse(r, STIR_PROBLEM_UNAUTHORIZED, "the account of this key is %s; a new account needs a new key", there->status);
    stir_ca_answer_account(r, there->id, 200, true);
    return true;
}

static void find_or_make(struct stir_ca_request *r, struct create *c)
{
    bool only_existing;
    struct stir_diag diag = {0};
    if (!read_flag(r, &only_existing, "onlyReturnExisting") || !read_flag(r, &c->agreed, "termsOfServiceAgreed") ||
        !stir_ca_went(r, stir_store_look(r->clerk->store, find_account, c, &diag), &diag))
        return;
    if (!c->existed && only_existing)
        stir_ca_refuse(r, STIR_PROBLEM_ACCOUNT_DOES_NOT_EXIST, "no account has this key");
    else if (!c->existed && !make(r, c))
        return;
    else if (c->existed)
        answer_found(r, &c->there);
    else
        stir_ca_answer_account(r, c->id, 201, true);
    stir_crash_point("new-account: answered");
}

/*= RFC8555-7.3 */
void stir_ca_new_account(struct stir_ca_request *r)
{
    struct create c = {.r = r};
    if (!stir_ca_has_object(r))
        return;
    find_or_make(r, &c);
    stir_ca_account_clear(&c.there);
}

/* --- an account's changes --- */

struct change {
    struct stir_ca_request *r;
    struct stir_slice contacts;
    bool has_contacts, deactivates;
    size_t changed;
};

/* What a deactivated account had under way ends with it (RFC 8555 §7.3.6); its certificates stand. */
static enum stir_err deactivate(struct stir_store *store, struct change *c)
{
    const char *id = c->r->account.id;
    TRY(stir_store_do(store, "UPDATE acme_accounts SET status = 'deactivated', updated = $2 WHERE id = $1 AND status = 'valid'",
                      STIR_VALUES(stir_store_str(id), stir_store_int(c->r->x->now)), &c->changed));
    TRY(stir_store_do(store, "UPDATE acme_orders SET status = 'invalid' WHERE account = $1 AND status IN ('pending', 'ready')", STIR_VALUES(stir_store_str(id)),
                      NULL));
    TRY(stir_store_do(store, "UPDATE acme_authorizations SET status = 'deactivated' WHERE account = $1 AND status IN ('pending', 'valid')",
                      STIR_VALUES(stir_store_str(id)), NULL));
    TRY(stir_store_do(store, "UPDATE acme_authorizations SET challenge_status = 'invalid' WHERE account = $1 AND challenge_status IN ('pending', 'processing')",
                      STIR_VALUES(stir_store_str(id)), NULL));
    return note(c->r, store, "account deactivated", id, "");
}

static enum stir_err change(struct stir_store *store, void *arg)
{
    struct change *c = arg;
    const char *id = c->r->account.id;
    c->changed = 1;
    if (c->has_contacts) {
        TRY(stir_store_do(store, "UPDATE acme_accounts SET contacts = $2, updated = $3 WHERE id = $1 AND status = 'valid'",
                          STIR_VALUES(stir_store_str(id), stir_store_text(c->contacts), stir_store_int(c->r->x->now)), &c->changed));
        TRY(note(c->r, store, "account contacts changed", id, ""));
    }
    if (c->deactivates && c->changed)
        TRY(deactivate(store, c));
    stir_crash_point("account: before it is committed");
    return c->changed ? STIR_OK : STIR_ENOTFOUND;
}

/* "status" says "deactivated"; anything else there is nothing that a client may set (RFC 8555 §7.3.2). */
static bool asks_deactivation(struct stir_json payload)
{
    struct stir_json value;
    struct stir_slice text;
    return stir_json_member(payload, "status", &value) && stir_json_string(&text, value, NULL) == STIR_OK && stir_slice_is(text, "deactivated");
}

/*= RFC8555-7.3.2 */
static void update(struct stir_ca_request *r)
{
    struct change c = {.r = r};
    struct stir_diag diag = {0};
    if (!stir_ca_contacts_read(r, &c.contacts, &c.has_contacts, r->jws.payload))
        return;
    c.deactivates = asks_deactivation(r->jws.payload);
    enum stir_err err = c.has_contacts || c.deactivates ? stir_store_transact(r->clerk->store, change, &c, &diag) : STIR_OK;
    if (err == STIR_ENOTFOUND) {
        stir_ca_refuse(r, STIR_PROBLEM_UNAUTHORIZED, "the account was deactivated meanwhile");
        return;
    }
    if (!stir_ca_went(r, err, &diag))
        return;
    stir_crash_point("account: committed, not answered");
    stir_ca_answer_account(r, r->account.id, 200, false);
    stir_crash_point("account: answered");
}

/* --- its orders --- */

enum { PAGE = 50, CHAOS_PAGE = 3 /* short, so that clients meet a second page */ };

struct list {
    struct stir_ca_request *r;
    int64_t before; /* those that were made before this, */
    const char *id; /* or then, and have a lower id */
    int64_t page;
    json_t *urls;
    int64_t last;
    char last_id[STIR_ID];
    bool more;
};

/* Newest first: what a client seeks is what it has just made, and a page does not move when it makes another. */
static const char orders_sql[] =
    "SELECT id, created FROM acme_orders WHERE account = $1 AND status <> 'invalid' AND (created < $2 OR (created = $2 AND id < $3))"
    " ORDER BY created DESC, id DESC LIMIT $4";

static enum stir_err add_order(struct list *l, const struct stir_store_rows *row)
{
    struct stir_slice id = stir_store_get(row, 0);
    if (id.n >= sizeof(l->last_id))
        return STIR_EIO;
    l->more = (int64_t)json_array_size(l->urls) == l->page;
    if (l->more)
        return STIR_OK;
    memcpy(l->last_id, id.p, id.n);
    l->last_id[id.n] = '\0';
    l->last = stir_store_get_int(row, 1);
    const char *url = stir_ca_url(l->r, "order", l->last_id, NULL);
    return url && json_array_append_new(l->urls, json_string(url)) == 0 ? STIR_OK : STIR_ENOMEM;
}

static enum stir_err list(struct stir_store *store, void *arg)
{
    struct list *l = arg;
    struct stir_store_rows *rows = NULL;
    json_array_clear(l->urls);
    l->more = false;
    enum stir_err err = stir_store_ask(
        &rows, store, orders_sql, STIR_VALUES(stir_store_str(l->r->account.id), stir_store_int(l->before), stir_store_str(l->id), stir_store_int(l->page + 1)));
    while (err == STIR_OK && !l->more && (err = stir_store_next(rows)) == STIR_OK)
        err = add_order(l, rows);
    stir_store_rows_free(rows);
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

/* "1763741000_ID": where a page goes on. */
static bool read_cursor(struct stir_ca_request *r, struct list *l, struct stir_slice cursor)
{
    size_t n = stir_slice_find(cursor, '_');
    struct stir_json number = {STIR_JSON_NUMBER, stir_slice_upto(cursor, n)};
    l->id = n < cursor.n ? stir_arena_copy(&r->arena, stir_slice_from(cursor, n + 1)).p : NULL;
    return (l->id && stir_json_integer(&l->before, number)) || stir_ca_refuse_as(r, STIR_PROBLEM_MALFORMED, 404, "there is no such page of orders");
}

/*= RFC8555-7.1.2.1 */
static void orders(struct stir_ca_request *r)
{
    struct list l = {.r = r, .before = INT64_MAX, .id = "", .page = r->ca->conf->ca.chaos ? CHAOS_PAGE : PAGE, .urls = json_array()};
    struct stir_diag diag = {0};
    char cursor[STIR_ID + 24];
    if ((r->rest[2].p && !read_cursor(r, &l, r->rest[2])) || !stir_ca_went(r, stir_store_look(r->clerk->store, list, &l, &diag), &diag)) {
        json_decref(l.urls);
        return;
    }
    stir_ca_answer(r, 200, json_pack("{s:o}", "orders", l.urls));
    snprintf(cursor, sizeof(cursor), "%lld_%s", (long long)l.last, l.last_id);
    const char *rest = stir_arena_format(&r->arena, "orders/%s", cursor), *next = rest ? stir_ca_url(r, "acct", r->account.id, rest) : NULL;
    if (l.more && next)
        stir_exchange_field(r->x, "Link", "<%s>;rel=\"next\"", next);
}

void stir_ca_account(struct stir_ca_request *r)
{
    if (!stir_slice_is(r->rest[0], r->account.id)) {
        stir_ca_refuse_as(r, STIR_PROBLEM_UNAUTHORIZED, 403, "this is not the account that signed the request");
        return;
    }
    if (r->rest[1].p) {
        if (stir_ca_fetches(r))
            orders(r);
    } else if (r->post_as_get) {
        stir_ca_answer_account(r, r->account.id, 200, false);
    } else {
        update(r);
    }
}
