/* An account's new key (RFC 8555 §7.3.5): a JWS by the new key within one by the old. */
#include "service/ca_parts.h"

#include "io/crash_point.h"

#include <stdio.h>

struct change {
    struct stir_ca_request *r;
    struct stir_key *key; /* the new one */
    struct stir_ca_account other;
    bool taken, barred;
    size_t changed;
};

/* --- the inner JWS --- */

/* Steps 2, 3, 4 and 6. */
static bool read_inner(struct stir_ca_request *r, struct stir_jws *inner, struct stir_key **key)
{
    struct stir_json jwk, other;
    if (!stir_ca_read_jws(r, inner, r->jws.payload.text))
        return false;
    if (!stir_json_member(inner->header, "jwk", &jwk) || stir_json_member(inner->header, "kid", &other))
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "the inner JWS must name the new key as \"jwk\", and have no \"kid\"");
    if (stir_json_member(inner->header, "nonce", &other))
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "the inner JWS has \"nonce\"; it must have none");
    if (!stir_ca_is_url(r, inner) || !stir_ca_read_jwk(r, key, jwk))
        return false;
    return stir_ca_is_signed(r, inner, *key);
}

/* Steps 5, 7 and 8. */
static bool is_meant(struct stir_ca_request *r, struct stir_json payload)
{
    struct stir_json account, old_key;
    struct stir_slice url;
    struct stir_key *key = NULL;
    const char *own = stir_ca_url(r, "acct", r->account.id, NULL);
    if (!own)
        return false;
    if (payload.type != STIR_JSON_OBJECT || !stir_json_member(payload, "account", &account) || account.type != STIR_JSON_STRING ||
        !stir_json_member(payload, "oldKey", &old_key))
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "the payload of the inner JWS must be an object with \"account\" and \"oldKey\"");
    if (!stir_ca_went(r, stir_json_string(&url, account, &r->arena), NULL))
        return false;
    if (!stir_slice_is(url, own))
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "\"account\" of the inner JWS is not the account that signed the outer one");
    if (!stir_ca_read_jwk(r, &key, old_key))
        return false;
    bool same = stir_key_same_public(key, r->account.key);
    stir_key_free(key);
    return same || stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "\"oldKey\" of the inner JWS is not the key of the account");
}

/* --- the change --- */

/* Only from the key that signed, so that of two changes at once one is made. */
static enum stir_err replace(struct stir_store *store, struct change *c)
{
    unsigned char before[STIR_SHA256], after[STIR_SHA256];
    TRY(stir_ca_thumbprint(before, c->r->account.key));
    TRY(stir_ca_thumbprint(after, c->key));
    return stir_store_do(store, "UPDATE acme_accounts SET thumbprint = $1, spki = $2, updated = $3 WHERE id = $4 AND thumbprint = $5 AND status = 'valid'",
                         STIR_VALUES(stir_store_bytes(stir_slice_of(after, sizeof(after))), stir_store_bytes(stir_key_spki(c->key)),
                                     stir_store_int(c->r->x->now), stir_store_str(c->r->account.id), stir_store_bytes(stir_slice_of(before, sizeof(before)))),
                         &c->changed);
}

static enum stir_err note(struct stir_store *store, const struct change *c)
{
    char actor[STIR_ID + 16];
    snprintf(actor, sizeof(actor), "account %s", c->r->account.id);
    const struct stir_audit_entry entry = {"account key changed", actor, c->r->account.id, ""};
    return stir_audit_add(store, c->r->clerk->node, c->r->x->now * 1000, &entry);
}

/* Step 9, and the change itself. */
static enum stir_err change(struct stir_store *store, void *arg)
{
    struct change *c = arg;
    c->changed = 0;
    c->barred = false;
    stir_ca_account_clear(&c->other);
    enum stir_err err = stir_ca_account_by_key(&c->other, store, c->key);
    c->taken = err == STIR_OK;
    if (err != STIR_ENOTFOUND)
        return err;
    TRY(stir_ca_key_is_barred(&c->barred, c->r->ca, store, c->key));
    if (c->barred)
        return STIR_OK;
    err = replace(store, c);
    if (err == STIR_EEXISTS)
        return STIR_EBUSY; /* another has just taken it: seen when this runs again */
    TRY(err);
    if (c->changed)
        TRY(note(store, c));
    stir_crash_point("key-change: before it is committed");
    return STIR_OK;
}

static void answer(struct stir_ca_request *r, const struct change *c)
{
    const char *other = c->taken ? stir_ca_url(r, "acct", c->other.id, NULL) : NULL;
    if (other) {
        stir_ca_refuse_as(r, STIR_PROBLEM_MALFORMED, 409, "an account has the new key already");
        stir_exchange_field(r->x, "Location", "%s", other);
    } else if (c->barred) {
        stir_ca_refuse(r, STIR_PROBLEM_BAD_PUBLIC_KEY, "the new key is that of a certificate; make another for the account");
    } else if (!c->changed) {
        stir_ca_refuse(r, STIR_PROBLEM_UNAUTHORIZED, "the account was changed meanwhile; its key is not the one that signed");
    } else {
        stir_crash_point("key-change: committed, not answered");
        stir_ca_answer_account(r, r->account.id, 200, false);
        stir_crash_point("key-change: answered");
    }
}

/*= RFC8555-7.3.5 */
void stir_ca_key_change(struct stir_ca_request *r)
{
    struct change c = {.r = r};
    struct stir_jws inner;
    struct stir_diag diag = {0};
    if (stir_ca_has_object(r) && read_inner(r, &inner, &c.key) && is_meant(r, inner.payload) &&
        stir_ca_went(r, stir_store_transact(r->clerk->store, change, &c, &diag), &diag))
        answer(r, &c);
    stir_key_free(c.key);
    stir_ca_account_clear(&c.other);
}
