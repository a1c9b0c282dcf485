#include "service/ca_order.h"

#include <stdlib.h>

#include <stir/call.h>

#include "core/time.h"
#include "io/crash_point.h"

/* --- newOrder --- */

/* An order as it is asked for. */
struct wanted {
    struct stir_slice type, value; /* as sent: echoed so */
    struct stir_tnauth *list;
    const struct stir_conf_profile *profile;
    int64_t not_before, not_after; /* 0: not asked for */
    int64_t expires;
    struct stir_slice spc; /* absent: numbers alone */
};

/* One list has one spelling: base64 of its canonical DER, in either alphabet, padded or not. */
static bool is_canonical(struct stir_slice value, const struct stir_tnauth *list, struct stir_arena *arena)
{
    struct stir_slice der = stir_tnauth_der(list);
    size_t n = stir_b64url_encoded(der.n);
    char *text = stir_arena_get(arena, n + 1);
    if (!text)
        return false;
    struct stir_writer w = stir_writer_of(text, n);
    stir_put_b64url(&w, der);
    while (value.n && value.p[value.n - 1] == '=')
        value.n--;
    if (w.need != n || value.n != n)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = value.p[i] == '+' ? '-' : value.p[i] == '/' ? '_' : value.p[i];
        if (c != text[i])
            return false;
    }
    return true;
}

static void read_list(struct stir_ca_request *r, struct stir_ca_faults *faults, struct wanted *wanted)
{
    enum stir_err err = stir_tnauth_from_base64(&wanted->list, wanted->value);
    if (err == STIR_EB64)
        stir_ca_fault(faults, STIR_PROBLEM_REJECTED_IDENTIFIER, "the value is not the base64url of a TNAuthList's DER");
    else if (err != STIR_OK)
        stir_ca_fault(faults, STIR_PROBLEM_REJECTED_IDENTIFIER, "the value is not the DER of a TNAuthList (RFC 8226 section 9): %s", stir_err_text(err));
    else if (!is_canonical(wanted->value, wanted->list, &r->arena))
        stir_ca_fault(faults, STIR_PROBLEM_REJECTED_IDENTIFIER,
                      "the TNAuthList is not in its one DER form: numbers, codes and nothing else, without members of later versions");
}

/* One identifier of the list; what is wrong with it goes into `faults`, with its own spelling. */
static bool read_identifier(struct stir_ca_request *r, struct stir_json json, struct stir_ca_faults *faults, struct wanted *wanted)
{
    struct stir_json type, value;
    if (json.type != STIR_JSON_OBJECT || !stir_json_member(json, "type", &type) || !stir_json_member(json, "value", &value) ||
        stir_json_string(&wanted->type, type, &r->arena) != STIR_OK || stir_json_string(&wanted->value, value, &r->arena) != STIR_OK)
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "an identifier is an object with the strings \"type\" and \"value\"");
    size_t before = faults->n;
    if (!stir_slice_is(wanted->type, "TNAuthList"))
        stir_ca_fault(faults, STIR_PROBLEM_UNSUPPORTED_IDENTIFIER, "identifiers of this type have no certificates here; \"TNAuthList\" has (RFC 9448)");
    else
        read_list(r, faults, wanted);
    if (faults->n > before) {
        faults->fault[before].type = wanted->type;
        faults->fault[before].value = wanted->value;
    }
    return true;
}

static bool read_identifiers(struct stir_ca_request *r, struct wanted *wanted)
{
    struct stir_json list;
    struct stir_ca_faults faults = {.n = 0};
    size_t n = 0;
    if (!stir_json_member(r->jws.payload, "identifiers", &list) || list.type != STIR_JSON_ARRAY)
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "\"identifiers\" is missing, or no array");
    for (struct stir_json_iter it = stir_json_iter(list); stir_json_next(&it); n++) {
        if (n == STIR_CA_MAX_IDENTIFIERS)
            return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "more than %d identifiers", STIR_CA_MAX_IDENTIFIERS);
        stir_tnauth_free(wanted->list);
        wanted->list = NULL;
        if (!read_identifier(r, it.value, &faults, wanted))
            return false;
    }
    if (!stir_ca_without_faults(r, &faults, "identifiers that cannot be ordered"))
        return false;
    if (n != 1)
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "an order has exactly one identifier, a TNAuthList, and this one has %zu; order one by one", n);
    return true;
}

static bool read_profile(struct stir_ca_request *r, struct wanted *wanted)
{
    struct stir_slice name;
    char why[200];
    if (!stir_ca_text_member(r, "profile", &name))
        return false;
    wanted->profile = stir_ca_profile(r->ca, name);
    if (!wanted->profile)
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "there is no such profile; the directory's meta lists those that there are");
    if (stir_ca_profile_takes(r->ca, wanted->profile, wanted->list, why, sizeof(why)))
        return true;
    struct stir_ca_faults faults = {.n = 0};
    stir_ca_fault(&faults, STIR_PROBLEM_REJECTED_IDENTIFIER, "%s", why);
    faults.fault[0].type = wanted->type;
    faults.fault[0].value = wanted->value;
    return stir_ca_without_faults(r, &faults, "");
}

static bool read_time(struct stir_ca_request *r, const char *name, int64_t *out)
{
    struct stir_slice text;
    if (!stir_ca_text_member(r, name, &text))
        return false;
    if (text.p && (!memchr(text.p, 'T', text.n) || stir_time_parse(out, text) != STIR_OK || *out <= 0 || *out > STIR_TIME_MAX))
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "\"%s\" is no time of RFC 3339 such as 2026-01-31T00:00:00Z", name);
    return true;
}

/* Asked for and possible, or refused: what is issued is what was asked for (RFC 8555 §7.4). */
/*= RFC8555-7.4 */
static bool read_times(struct stir_ca_request *r, struct wanted *wanted)
{
    int64_t before, after, now = r->x->now;
    char why[200];
    if (!read_time(r, "notBefore", &wanted->not_before) || !read_time(r, "notAfter", &wanted->not_after))
        return false;
    if (!stir_ca_profile_times(r->ca, wanted->profile, now, now, wanted->not_before, wanted->not_after, &before, &after, why, sizeof(why)))
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "%s", why);
    wanted->expires = now + r->ca->conf->ca.order_life;
    if (wanted->not_after && wanted->expires > wanted->not_after - STIR_CA_MIN_LIFE)
        wanted->expires = wanted->not_after - STIR_CA_MIN_LIFE + 1;
    return true;
}

/* May this account order for these codes? Its external account binding says, where it has one. */
struct binding_work {
    struct stir_ca_request *r;
    const struct stir_tnauth *list;
    bool revoked;
    bool allowed;
};

static bool lists_code(const json_t *codes, struct stir_slice code)
{
    size_t i;
    json_t *item;
    json_array_foreach(codes, i, item)
    {
        if (stir_slice_eq(stir_slice_of(json_string_value(item), json_string_length(item)), code))
            return true;
    }
    return false;
}

/* No codes: any. Else each entry of the list is a code among them. */
static bool covers(struct stir_slice text, const struct stir_tnauth *list)
{
    json_t *codes = text.p ? json_loadb(text.p, text.n, 0, NULL) : NULL;
    bool good = json_is_array(codes);
    for (size_t i = 0; good && json_array_size(codes) && i < stir_tnauth_count(list); i++) {
        struct stir_tnauth_entry entry = stir_tnauth_get(list, i);
        good = entry.kind == STIR_TNAUTH_SPC && lists_code(codes, entry.text);
    }
    json_decref(codes);
    return good;
}

static enum stir_err look_at_binding(struct stir_store *store, void *arg)
{
    struct binding_work *work = arg;
    struct stir_store_rows *rows = NULL;
    work->allowed = work->revoked = false;
    enum stir_err err =
        stir_store_ask_one(&rows, store, "SELECT state, codes FROM acme_bindings WHERE kid = $1", STIR_VALUES(stir_store_str(work->r->account.binding)));
    if (err == STIR_ENOTFOUND) {
        work->revoked = true;
        return STIR_OK;
    }
    TRY(err);
    work->revoked = stir_slice_is(stir_store_get(rows, 0), "revoked");
    work->allowed = covers(stir_store_get(rows, 1), work->list);
    stir_store_rows_free(rows);
    return STIR_OK;
}

bool stir_ca_may_have(struct stir_ca_request *r, const struct stir_tnauth *list)
{
    struct binding_work work = {.r = r, .list = list};
    struct stir_diag diag = {0};
    if (!r->account.binding[0])
        return true;
    if (!stir_ca_went(r, stir_store_look(r->clerk->store, look_at_binding, &work, &diag), &diag))
        return false;
    if (work.revoked)
        return stir_ca_refuse(r, STIR_PROBLEM_UNAUTHORIZED, "the external account binding of this account was revoked; ask the operator for a new one");
    if (!work.allowed)
        return stir_ca_refuse(r, STIR_PROBLEM_REJECTED_IDENTIFIER, "the external account binding of this account does not cover this TNAuthList");
    return true;
}

struct new_order {
    struct stir_ca_request *r;
    const struct wanted *wanted;
    char order[STIR_ID], authorization[STIR_ID], challenge[STIR_ID], token[STIR_ID];
    bool gone; /* the account was deactivated meanwhile */
};

static enum stir_err account_is_valid(struct stir_store *store, const char *id, bool *valid)
{
    struct stir_store_rows *rows = NULL;
    TRY(stir_store_ask_one(&rows, store, "SELECT status FROM acme_accounts WHERE id = $1", STIR_VALUES(stir_store_str(id))));
    *valid = stir_slice_is(stir_store_get(rows, 0), "valid");
    stir_store_rows_free(rows);
    return STIR_OK;
}

static enum stir_err insert_order(struct stir_store *store, const struct new_order *work)
{
    const struct wanted *w = work->wanted;
    const struct stir_ca_request *r = work->r;
    struct stir_slice der = stir_tnauth_der(w->list);
    TRY(stir_store_do(store,
                      "INSERT INTO acme_orders (id, account, status, type, value, tnauth, profile, not_before, not_after, expires, created, error, serial)"
                      " VALUES ($1, $2, 'pending', $3, $4, $5, $6, $7, $8, $9, $10, NULL, NULL)",
                      STIR_VALUES(stir_store_str(work->order), stir_store_str(r->account.id), stir_store_text(w->type), stir_store_text(w->value),
                                  stir_store_bytes(der), stir_store_str(w->profile->name), stir_store_int(w->not_before), stir_store_int(w->not_after),
                                  stir_store_int(w->expires), stir_store_int(r->x->now)),
                      NULL));
    return stir_store_do(
        store,
        "INSERT INTO acme_authorizations (id, order_id, account, status, type, value, tnauth, expires, created, challenge, token, challenge_status,"
        " validated, answer, answered, error, jti, ca) VALUES ($1, $2, $3, 'pending', $4, $5, $6, $7, $8, $9, $10, 'pending', 0, NULL, 0, NULL, NULL, 0)",
        STIR_VALUES(stir_store_str(work->authorization), stir_store_str(work->order), stir_store_str(r->account.id), stir_store_text(w->type),
                    stir_store_text(w->value), stir_store_bytes(der), stir_store_int(w->expires), stir_store_int(r->x->now), stir_store_str(work->challenge),
                    stir_store_str(work->token)),
        NULL);
}

static enum stir_err audit_order(struct stir_store *store, const struct new_order *work)
{
    const struct stir_ca_request *r = work->r;
    char actor[64], detail[128] = "";
    snprintf(actor, sizeof(actor), "account %s", r->account.id);
    if (work->wanted->spc.p)
        snprintf(detail, sizeof(detail), "{\"profile\":\"%.32s\",\"spc\":\"%.*s\"}", work->wanted->profile->name, STIR_SHOW(work->wanted->spc));
    const struct stir_audit_entry entry = {"order made", actor, work->order, detail};
    return stir_audit_add(store, r->clerk->node, r->x->now * 1000, &entry);
}

static enum stir_err put_order(struct stir_store *store, void *arg)
{
    struct new_order *work = arg;
    bool valid = false;
    TRY(account_is_valid(store, work->r->account.id, &valid));
    work->gone = !valid;
    if (work->gone)
        return STIR_OK;
    TRY(stir_id_new(work->order));
    TRY(stir_id_new(work->authorization));
    TRY(stir_id_new(work->challenge));
    TRY(stir_id_new(work->token));
    TRY(insert_order(store, work));
    TRY(audit_order(store, work));
    stir_crash_point("order: before it is committed");
    return STIR_OK;
}

static void make_order(struct stir_ca_request *r, const struct wanted *wanted)
{
    struct new_order work = {.r = r, .wanted = wanted};
    struct stir_diag diag = {0};
    if (!stir_ca_went(r, stir_store_transact(r->clerk->store, put_order, &work, &diag), &diag))
        return;
    if (work.gone) {
        stir_ca_refuse(r, STIR_PROBLEM_UNAUTHORIZED, "the account is no longer valid");
        return;
    }
    stir_crash_point("order: committed, not answered");
    const struct stir_ca_order order = {
        .id = stir_slice_str(work.order),
        .account = stir_slice_str(r->account.id),
        .status = stir_slice_str("pending"),
        .type = wanted->type,
        .value = wanted->value,
        .profile = stir_slice_str(wanted->profile->name),
        .not_before = wanted->not_before,
        .not_after = wanted->not_after,
        .expires = wanted->expires,
        .authorization = stir_slice_str(work.authorization),
    };
    stir_ca_answer_order(r, 201, &order);
    stir_crash_point("order: answered");
}

static void serve_new_order(struct stir_ca_request *r, struct wanted *wanted)
{
    if (!read_identifiers(r, wanted) || !read_profile(r, wanted) || !read_times(r, wanted) || !stir_ca_may_have(r, wanted->list))
        return;
    wanted->spc = stir_tnauth_spc(wanted->list);
    if (stir_ca_within(r, STIR_LIMIT_ORDERS_ACCOUNT, r->account.id))
        make_order(r, wanted);
}

void stir_ca_new_order(struct stir_ca_request *r)
{
    struct wanted wanted = {.list = NULL};
    r->x->event = "acme new-order";
    if (stir_ca_has_object(r))
        serve_new_order(r, &wanted);
    stir_tnauth_free(wanted.list);
}

/* --- reading one --- */

struct look_work {
    struct stir_ca_request *r;
    struct stir_ca_order *out;
};
static enum stir_err look_at_order(struct stir_store *store, void *arg)
{
    struct look_work *work = arg;
    return stir_ca_order_get(work->out, store, &work->r->arena, work->r->rest[0], work->r->x->now);
}

bool stir_ca_own_order(struct stir_ca_request *r, struct stir_ca_order *out)
{
    struct look_work work = {r, out};
    struct stir_diag diag = {0};
    enum stir_err err = stir_store_look(r->clerk->store, look_at_order, &work, &diag);
    if (err == STIR_ENOTFOUND || (err == STIR_OK && !stir_slice_is(out->account, r->account.id)))
        return stir_ca_refuse_as(r, STIR_PROBLEM_MALFORMED, 404, "this account has no such order");
    return stir_ca_went(r, err, &diag);
}

void stir_ca_order(struct stir_ca_request *r)
{
    struct stir_ca_order order;
    if (r->rest[1].n) {
        stir_ca_finalize(r);
        return;
    }
    r->x->event = "acme order";
    if (stir_ca_fetches(r) && stir_ca_own_order(r, &order))
        stir_ca_answer_order(r, 200, &order);
}

/* --- chores --- */

struct over_work {
    int64_t now;
    size_t n;
};

/* Rows catch up with the time: what reads as "invalid" or "expired" is written so. */
static enum stir_err end_orders(struct stir_store *store, void *arg)
{
    struct over_work *work = arg;
    size_t orders = 0, authorizations = 0, tokens = 0;
    TRY(stir_store_do(store,
                      "UPDATE acme_authorizations SET status = 'expired' WHERE status = 'pending' AND order_id IN"
                      " (SELECT id FROM acme_orders WHERE status IN ('pending', 'ready') AND expires <= $1 ORDER BY expires LIMIT 256)",
                      STIR_VALUES(stir_store_int(work->now)), &authorizations));
    char problem[256];
    snprintf(problem, sizeof(problem),
             "{\"type\":\"%s\",\"detail\":\"the order was over before a certificate was asked for; make a new order\",\"status\":403}",
             stir_problem_type(STIR_PROBLEM_UNAUTHORIZED));
    TRY(stir_store_do(store,
                      "UPDATE acme_orders SET status = 'invalid', error = COALESCE(error, $2) WHERE id IN"
                      " (SELECT id FROM acme_orders WHERE status IN ('pending', 'ready') AND expires <= $1 ORDER BY expires LIMIT 256)",
                      STIR_VALUES(stir_store_int(work->now), stir_store_str(problem)), &orders));
    TRY(stir_store_do(store, "DELETE FROM acme_tokens WHERE expires < $1", STIR_VALUES(stir_store_int(work->now - STIR_CA_PAST)), &tokens));
    work->n = orders;
    return STIR_OK;
}

int64_t stir_ca_order_chores(struct stir_ca *ca, struct stir_clerk *clerk, int64_t now)
{
    struct over_work work = {.now = now};
    struct stir_diag diag = {0};
    if (stir_store_transact(clerk->store, end_orders, &work, &diag) != STIR_OK)
        stir_clerk_say(clerk, 1, "ca-orders", "orders that are over could not be ended: %s", diag.text);
    int64_t next = stir_ca_recover_chores(ca, clerk, now);
    return work.n >= STIR_CA_BATCH ? 0 : next;
}
