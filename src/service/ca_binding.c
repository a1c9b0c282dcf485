#include "service/ca_binding.h"

#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

/* --- a request --- */

struct credential {
    struct stir_slice kid;
    unsigned char mac[STIR_CA_BINDING_KEY];
    bool there;
};

static enum stir_err read_credential(struct stir_store *store, void *arg)
{
    struct credential *c = arg;
    struct stir_store_rows *row = NULL;
    enum stir_err err = stir_store_ask_one(&row, store, "SELECT mac FROM acme_bindings WHERE kid = $1", STIR_VALUES(stir_store_text(c->kid)));
    c->there = false;
    if (err != STIR_OK)
        return err == STIR_ENOTFOUND ? STIR_OK : err;
    struct stir_slice mac = stir_store_get(row, 0);
    c->there = mac.n == sizeof(c->mac);
    if (c->there)
        memcpy(c->mac, mac.p, mac.n);
    stir_store_rows_free(row);
    return STIR_OK;
}

/* One answer for a credential that is not there and for a MAC that is not its own: nobody learns which there are. */
static bool is_vouched(struct stir_ca_request *r, const struct stir_eab *eab)
{
    struct credential c = {.kid = eab->kid};
    struct stir_diag diag = {0};
    enum stir_err err = stir_store_look(r->clerk->store, read_credential, &c, &diag);
    if (!stir_ca_went(r, err, &diag))
        return false;
    err = stir_eab_verify(eab, stir_slice_of(c.mac, sizeof(c.mac)));
    OPENSSL_cleanse(c.mac, sizeof(c.mac));
    if (err == STIR_ESIG || (err == STIR_OK && !c.there))
        return stir_ca_refuse(r, STIR_PROBLEM_UNAUTHORIZED, "externalAccountBinding: there is no such key identifier, or the MAC is not made with its key");
    return stir_ca_went(r, err, NULL);
}

/* Its payload is the key that signed the request. */
static bool is_for_key(struct stir_ca_request *r, const struct stir_eab *eab)
{
    struct stir_key *key = NULL;
    struct stir_diag diag = {0};
    enum stir_err err = stir_jwk_read(&key, eab->jwk, &diag);
    if (err != STIR_OK && err != STIR_EVALUE && err != STIR_EKEY)
        return stir_ca_went(r, err, &diag);
    bool same = err == STIR_OK && stir_key_same_public(key, r->key);
    stir_key_free(key);
    return same || stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "externalAccountBinding: its payload is not the key that signed the request");
}

static bool has_form(struct stir_ca_request *r, struct stir_eab *eab, struct stir_json json)
{
    struct stir_diag diag = {0};
    if (json.text.n > STIR_CA_BINDING_JWS)
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "externalAccountBinding is longer than %d bytes", STIR_CA_BINDING_JWS);
    enum stir_err err = stir_eab_read(eab, &r->arena, json, &diag);
    if (err == STIR_ENOMEM || err == STIR_ECRYPTO)
        return stir_ca_went(r, err, &diag);
    if (err != STIR_OK)
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "externalAccountBinding: %s", diag.text[0] ? diag.text : stir_err_text(err));
    return stir_slice_is(eab->url, r->url) || stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "externalAccountBinding: its \"url\" is not that of the request");
}

/*= RFC8555-7.3.4 */
bool stir_ca_binding_read(struct stir_ca_request *r, struct stir_ca_bound *out)
{
    struct stir_json json;
    struct stir_eab eab;
    *out = (struct stir_ca_bound){"", {NULL, 0}};
    if (!stir_json_member(r->jws.payload, "externalAccountBinding", &json)) {
        if (!r->ca->conf->ca.binding_required)
            return true;
        return stir_ca_refuse(r, STIR_PROBLEM_EXTERNAL_ACCOUNT_REQUIRED,
                              "an account here is bound to a credential that the operator gives out: ask him for a key identifier and its MAC key");
    }
    if (!has_form(r, &eab, json) || !is_for_key(r, &eab) || !is_vouched(r, &eab))
        return false;
    out->kid = stir_arena_copy(&r->arena, eab.kid).p;
    out->jws = json.text;
    return out->kid || stir_ca_went(r, STIR_ENOMEM, NULL);
}

enum stir_err stir_ca_binding_claim(struct stir_store *store, const char *kid, const char *account)
{
    size_t changed = 0;
    TRY(stir_store_do(store, "UPDATE acme_bindings SET account = $1 WHERE kid = $2 AND state = 'active' AND account IS NULL",
                      STIR_VALUES(stir_store_str(account), stir_store_str(kid)), &changed));
    return changed == 1 ? STIR_OK : STIR_EEXISTS;
}

/* --- by hand --- */

struct add {
    const struct stir_ca_binding *binding;
    struct stir_clerk *clerk;
    const char *actor, *kid, *codes;
    const unsigned char *mac;
    int64_t now;
};

static enum stir_err note(struct stir_store *store, struct stir_clerk *clerk, const char *event, const char *actor, const char *kid, const char *detail,
                          int64_t now)
{
    const struct stir_audit_entry entry = {event, actor, kid, detail};
    return stir_audit_add(store, clerk->node, now * 1000, &entry);
}

static enum stir_err add(struct stir_store *store, void *arg)
{
    const struct add *a = arg;
    TRY(stir_store_do(store, "INSERT INTO acme_bindings (kid, mac, name, codes, state, account, created) VALUES ($1, $2, $3, $4, 'active', NULL, $5)",
                      STIR_VALUES(stir_store_str(a->kid), stir_store_bytes(stir_slice_of(a->mac, STIR_CA_BINDING_KEY)), stir_store_str(a->binding->name),
                                  stir_store_str(a->codes), stir_store_int(a->now)),
                      NULL));
    char detail[STIR_CA_BINDING_NAME * 6 + 16];
    struct stir_writer w = stir_writer_of(detail, sizeof(detail));
    stir_put_text(&w, "{\"name\":");
    stir_put_json_string(&w, stir_slice_str(a->binding->name));
    stir_put_char(&w, '}');
    TRY(stir_writer_close(&w, NULL));
    return note(store, a->clerk, "binding added", a->actor, a->kid, detail, a->now);
}

/* 1 to 16 capital letters and digits, as codes are (RFC 8226 §9 has them as IA5String; those in use are such). */
static bool is_code(const char *code)
{
    size_t n = strlen(code);
    return n > 0 && n <= STIR_MAX_SPC && strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == n;
}

static enum stir_err check(const struct stir_ca_binding *binding, struct stir_diag *diag)
{
    size_t n = strlen(binding->name);
    if (n == 0 || n > STIR_CA_BINDING_NAME || !stir_utf8_valid(stir_slice_str(binding->name)))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "a binding needs a name of 1 to %d bytes: whom it is for", STIR_CA_BINDING_NAME);
    if (binding->n_codes > STIR_CA_BINDING_CODES)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "a binding has at most %d codes", STIR_CA_BINDING_CODES);
    for (size_t i = 0; i < binding->n_codes; i++)
        if (!is_code(binding->codes[i]))
            return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "\"%s\" is no service provider code: capital letters and digits, at most %d", binding->codes[i],
                                 STIR_MAX_SPC);
    return STIR_OK;
}

enum stir_err stir_ca_binding_add(struct stir_clerk *clerk, const struct stir_ca_binding *binding, const char *actor, int64_t now, char kid[STIR_ID],
                                  char mac[STIR_CA_BINDING_MAC], struct stir_diag *diag)
{
    unsigned char key[STIR_CA_BINDING_KEY];
    char codes[STIR_CA_BINDING_CODES * (STIR_MAX_SPC + 3) + 3];
    struct stir_writer w = stir_writer_of(codes, sizeof(codes)), text = stir_writer_of(mac, STIR_CA_BINDING_MAC);
    TRY(check(binding, diag));
    for (size_t i = 0; i < binding->n_codes; i++)
        stir_put_format(&w, "%s\"%s\"", i ? "," : "[", binding->codes[i]);
    stir_put_text(&w, binding->n_codes ? "]" : "[]");
    TRY(stir_writer_close(&w, NULL));
    TRY(stir_id_new(kid));
    if (RAND_bytes(key, sizeof(key)) != 1)
        return STIR_ECRYPTO;
    struct add a = {binding, clerk, actor, kid, codes, key, now};
    enum stir_err err = stir_store_transact(clerk->store, add, &a, diag);
    stir_put_b64url(&text, stir_slice_of(key, sizeof(key)));
    OPENSSL_cleanse(key, sizeof(key));
    enum stir_err closed = stir_writer_close(&text, NULL);
    return err != STIR_OK ? err : closed;
}

struct revoke {
    struct stir_clerk *clerk;
    const char *kid, *actor;
    int64_t now;
};

static enum stir_err revoke(struct stir_store *store, void *arg)
{
    const struct revoke *v = arg;
    size_t changed = 0;
    TRY(stir_store_do(store, "UPDATE acme_bindings SET state = 'revoked' WHERE kid = $1 AND state = 'active'", STIR_VALUES(stir_store_str(v->kid)), &changed));
    return changed ? note(store, v->clerk, "binding revoked", v->actor, v->kid, "", v->now) : STIR_ENOTFOUND;
}

enum stir_err stir_ca_binding_revoke(struct stir_clerk *clerk, const char *kid, const char *actor, int64_t now, struct stir_diag *diag)
{
    struct revoke v = {clerk, kid, actor, now};
    enum stir_err err = stir_store_transact(clerk->store, revoke, &v, diag);
    return err == STIR_ENOTFOUND ? stir_diag_set(diag, err, SIZE_MAX, "there is no active binding with the key identifier %.64s", kid) : err;
}

struct each {
    bool (*row)(void *arg, const struct stir_ca_binding_row *row);
    void *arg;
};

static enum stir_err each(struct stir_store *store, void *arg)
{
    const struct each *e = arg;
    struct stir_store_rows *rows = NULL;
    bool more = true;
    enum stir_err err =
        stir_store_ask(&rows, store, "SELECT kid, name, codes, state, account, created FROM acme_bindings ORDER BY created, kid", STIR_NO_VALUES);
    while (err == STIR_OK && more && (err = stir_store_next(rows)) == STIR_OK) {
        const struct stir_ca_binding_row row = {stir_store_get(rows, 0), stir_store_get(rows, 1), stir_store_get(rows, 2),
                                                stir_store_get(rows, 3), stir_store_get(rows, 4), stir_store_get_int(rows, 5)};
        more = e->row(e->arg, &row);
    }
    stir_store_rows_free(rows);
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

enum stir_err stir_ca_binding_each(struct stir_clerk *clerk, bool (*row)(void *arg, const struct stir_ca_binding_row *row), void *arg, struct stir_diag *diag)
{
    struct each e = {row, arg};
    return stir_store_look(clerk->store, each, &e, diag);
}
