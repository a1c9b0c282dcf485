/* The account: made, given another key, given up (RFC 8555 §7.3). */
#include "service/acme_parts.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/bytes.h"
#include "core/jws.h"
#include "io/clock.h"
#include "io/crash_point.h"
#include "io/file.h"

static const char key_file[] = "account.key", next_key_file[] = "account.key.next", url_file[] = "account.url";

static enum stir_err take_kid(struct stir_acme *acme, struct stir_slice url, struct stir_diag *diag)
{
    url = stir_slice_trim(url);
    const char *fault = stir_peer_url_fault(url, acme->settings.any_url);
    if (fault)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the account's URL \"%.*s\": %s", STIR_SHOW(url), fault);
    free(acme->kid);
    acme->kid = strndup(url.p, url.n);
    return acme->kid ? STIR_OK : stir_diag_set(diag, STIR_ENOMEM, SIZE_MAX, "out of memory");
}

/* newAccount with `key`; gives the account's place. */
static enum stir_err new_account(struct stir_acme *acme, struct stir_acme_reply *reply, struct stir_key *key, json_t *payload, struct stir_diag *diag)
{
    const struct stir_acme_post post = {.url = acme->resource[STIR_ACME_NEW_ACCOUNT], .payload = payload, .key = key};
    enum stir_err err = payload ? stir_acme_send(acme, reply, &post, diag) : STIR_ENOMEM;
    json_decref(payload);
    return err;
}

static enum stir_err refused(struct stir_acme *acme, struct stir_acme_reply *reply, const char *what, struct stir_diag *diag)
{
    const struct stir_json none = {STIR_JSON_NULL, {NULL, 0}};
    return stir_acme_refusal(acme, reply, reply->has_json ? reply->json : none, what, diag);
}

static enum stir_err keep_account(struct stir_acme *acme, struct stir_acme_reply *reply, struct stir_diag *diag)
{
    char line[STIR_MAX_URL + 2];
    if (reply->http.status != 200 && reply->http.status != 201)
        return refused(acme, reply, "the authority refuses the account", diag);
    struct stir_slice status = reply->has_json ? stir_acme_text(reply, reply->json, "status") : (struct stir_slice){NULL, 0};
    if (status.p && !stir_slice_is(status, "valid"))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the account of this key is %.*s: another key is needed; remove account.key to have one made",
                             STIR_SHOW(status));
    TRY(take_kid(acme, stir_slice_str(reply->http.location), diag));
    snprintf(line, sizeof(line), "%s\n", acme->kid);
    return stir_acme_save(acme, url_file, stir_slice_str(line), false, diag);
}

/* A key change was under way: the authority says which of the two keys has the account (RFC 8555 §7.3.1). */
static enum stir_err settle_key(struct stir_acme *acme, struct stir_diag *diag)
{
    struct stir_key *next = NULL;
    struct stir_acme_reply reply = {.http = {.retry_after = -1}};
    enum stir_err err = stir_acme_load_key(&next, acme, next_key_file, NULL);
    if (err == STIR_ENOTFOUND)
        return STIR_OK;
    if (err != STIR_OK) {
        stir_acme_drop(acme, next_key_file); /* not whole: the authority never heard of it */
        return STIR_OK;
    }
    err = stir_acme_directory(acme, diag);
    err = err == STIR_OK ? new_account(acme, &reply, next, json_pack("{sb}", "onlyReturnExisting", 1), diag) : err;
    if (err == STIR_OK && reply.http.status == 200 && strcmp(reply.http.location, acme->kid) == 0) {
        err = stir_acme_rename(acme, next_key_file, key_file, diag);
        if (err == STIR_OK) {
            stir_key_free(acme->key);
            acme->key = STIR_MOVE(next);
            stir_acme_tell(acme, "the key change that was under way is done");
        }
    } else if (err == STIR_OK && stir_acme_is_problem(&reply, "accountDoesNotExist")) {
        stir_acme_drop(acme, next_key_file);
        stir_acme_tell(acme, "the key change that was under way did not happen");
    } else if (err == STIR_OK) {
        err = refused(acme, &reply, "the authority does not say which key the account has", diag);
    }
    stir_acme_reply_clear(&reply);
    stir_key_free(next);
    return err;
}

enum stir_err stir_acme_account(struct stir_acme *acme, struct stir_diag *diag)
{
    struct stir_slice url = {NULL, 0};
    if (!acme->key) {
        enum stir_err err = stir_acme_load_key(&acme->key, acme, key_file, diag);
        if (err != STIR_OK)
            return err == STIR_ENOTFOUND ? stir_diag_set(diag, err, SIZE_MAX, "there is no account.key: stir acme register makes one") : err;
    }
    if (!acme->kid) {
        enum stir_err err = stir_acme_load(&url, acme, url_file, STIR_MAX_URL + 2, false, diag);
        if (err != STIR_OK)
            return err == STIR_ENOTFOUND ? stir_diag_set(diag, err, SIZE_MAX, "there is no account.url: stir acme register is not done") : err;
        err = take_kid(acme, url, diag);
        stir_file_free(&url);
        TRY(err);
    }
    TRY(settle_key(acme, diag));
    return stir_acme_directory(acme, diag);
}

/* ---- Registered ---- */

/* The key is on disk before the authority hears of it: whatever happens then, the account is found again by it. */
static enum stir_err own_key(struct stir_acme *acme, struct stir_diag *diag)
{
    enum stir_err err = acme->key ? STIR_OK : stir_acme_load_key(&acme->key, acme, key_file, diag);
    if (err != STIR_ENOTFOUND)
        return err;
    err = stir_key_generate(&acme->key);
    return err == STIR_OK ? stir_acme_save_key(acme, key_file, acme->key, diag) : stir_diag_set(diag, err, SIZE_MAX, "no key could be made");
}

/* RFC 8555 §7.3.4. */
static enum stir_err bind_external(json_t *payload, const struct stir_acme *acme, struct stir_slice kid, struct stir_slice mac, struct stir_diag *diag)
{
    char text[4096];
    struct stir_writer w = stir_writer_of(text, sizeof(text) - 1);
    size_t n;
    enum stir_err err = stir_eab_put(&w, kid, stir_slice_str(acme->resource[STIR_ACME_NEW_ACCOUNT]), acme->key, mac);
    err = err == STIR_OK ? stir_writer_close(&w, &n) : err;
    if (err != STIR_OK)
        return stir_diag_set(diag, err, SIZE_MAX, "the external account binding cannot be made: %s", stir_err_text(err));
    return json_object_set_new(payload, "externalAccountBinding", json_loadb(text, n, 0, NULL)) == 0 ? STIR_OK : STIR_ENOMEM;
}

static enum stir_err ask_account(struct stir_acme *acme, bool agree, struct stir_slice kid, struct stir_slice mac, struct stir_diag *diag)
{
    struct stir_acme_reply reply = {.http = {.retry_after = -1}};
    json_t *payload = json_object();
    if (acme->settings.contact[0] && payload)
        json_object_set_new(payload, "contact", json_pack("[s]", acme->settings.contact));
    if (agree && payload)
        json_object_set_new(payload, "termsOfServiceAgreed", json_true());
    enum stir_err err = !payload ? STIR_ENOMEM : kid.p ? bind_external(payload, acme, kid, mac, diag) : STIR_OK;
    if (err != STIR_OK) {
        json_decref(payload);
        return err;
    }
    err = new_account(acme, &reply, acme->key, payload, diag);
    err = err == STIR_OK ? keep_account(acme, &reply, diag) : err;
    if (err == STIR_OK)
        stir_acme_tell(acme, "account %s %s", acme->kid, reply.http.status == 201 ? "is made" : "was there already");
    stir_acme_reply_clear(&reply);
    return err;
}

static enum stir_err enrol(struct stir_acme *acme, bool agree, struct stir_slice kid, struct stir_slice mac, struct stir_diag *diag)
{
    TRY(stir_acme_directory(acme, diag));
    if (acme->terms[0] && !agree)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the authority has terms of service: read %.120s, and say --agree", acme->terms);
    if (acme->binding_required && !kid.p)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX,
                             "the authority wants an external account binding: give --eab-kid and --eab-key-file as you had them from it");
    TRY(own_key(acme, diag));
    return ask_account(acme, agree, kid, mac, diag);
}

enum stir_err stir_acme_register(struct stir_acme *acme, bool agree, struct stir_slice eab_kid, struct stir_slice eab_mac, struct stir_diag *diag)
{
    TRY(stir_acme_hold(acme, diag));
    acme->deadline = stir_clock_monotonic_ms() + acme->settings.timeout * 1000;
    enum stir_err err = enrol(acme, agree, eab_kid, eab_mac, diag);
    stir_acme_let_go(acme);
    return err;
}

/* ---- Another key (RFC 8555 §7.3.5) ---- */

/* The inner JWS: by the new key, of the old. */
static enum stir_err inner(json_t **out, struct stir_acme *acme, struct stir_key *next, struct stir_diag *diag)
{
    char header[STIR_MAX_URL * 2 + 512], payload[STIR_MAX_URL * 2 + 512], text[8192];
    struct stir_writer h = stir_writer_of(header, sizeof(header)), p = stir_writer_of(payload, sizeof(payload)), w = stir_writer_of(text, sizeof(text) - 1);
    struct stir_key_signer held = {next, acme->ctx};
    struct stir_signer signer = stir_signer_of_key(&held);
    size_t n, hn, pn;
    stir_put_text(&h, "{\"alg\":\"ES256\",\"jwk\":");
    stir_put_jwk(&h, next);
    stir_put_text(&h, ",\"url\":");
    stir_put_json_string(&h, stir_slice_str(acme->resource[STIR_ACME_KEY_CHANGE]));
    stir_put_text(&h, "}");
    stir_put_text(&p, "{\"account\":");
    stir_put_json_string(&p, stir_slice_str(acme->kid));
    stir_put_text(&p, ",\"oldKey\":");
    stir_put_jwk(&p, acme->key);
    stir_put_text(&p, "}");
    enum stir_err err = stir_writer_close(&h, &hn);
    err = err == STIR_OK ? stir_writer_close(&p, &pn) : err;
    err = err == STIR_OK ? stir_jws_put_flattened(&w, stir_slice_of(header, hn), stir_slice_of(payload, pn), &signer) : err;
    err = err == STIR_OK ? stir_writer_close(&w, &n) : err;
    *out = err == STIR_OK ? json_loadb(text, n, 0, NULL) : NULL;
    return *out ? STIR_OK : stir_diag_set(diag, err == STIR_OK ? STIR_ENOMEM : err, SIZE_MAX, "the key change cannot be signed");
}

static enum stir_err change_to(struct stir_acme *acme, struct stir_key *next, struct stir_diag *diag)
{
    json_t *payload = NULL;
    struct stir_acme_reply reply = {.http = {.retry_after = -1}};
    TRY(inner(&payload, acme, next, diag));
    TRY(stir_acme_save_key(acme, next_key_file, next, diag));
    const struct stir_acme_post post = {.url = acme->resource[STIR_ACME_KEY_CHANGE], .payload = payload};
    enum stir_err err = stir_acme_want(acme, &reply, &post, "the authority refuses the new key", diag);
    json_decref(payload);
    stir_acme_reply_clear(&reply);
    if (err == STIR_EVALUE) { /* of a request that was sent twice, the second is refused: the authority says which key counts */
        TRY(settle_key(acme, NULL));
        return stir_key_same_public(acme->key, next) ? STIR_OK : err;
    }
    TRY(err);
    TRY(stir_acme_rename(acme, next_key_file, key_file, diag));
    stir_key_free(acme->key);
    acme->key = stir_key_ref(next);
    return STIR_OK;
}

static enum stir_err change_key(struct stir_acme *acme, struct stir_diag *diag)
{
    struct stir_key *next = NULL;
    TRY(stir_acme_account(acme, diag));
    if (!acme->resource[STIR_ACME_KEY_CHANGE][0])
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the authority has no keyChange in its directory");
    enum stir_err err = stir_key_generate(&next);
    err = err == STIR_OK ? change_to(acme, next, diag) : stir_diag_set(diag, err, SIZE_MAX, "no key could be made");
    stir_key_free(next);
    if (err == STIR_OK)
        stir_acme_tell(acme, "the account has a new key");
    return err;
}

enum stir_err stir_acme_key_change(struct stir_acme *acme, struct stir_diag *diag)
{
    TRY(stir_acme_hold(acme, diag));
    acme->deadline = stir_clock_monotonic_ms() + acme->settings.timeout * 1000;
    enum stir_err err = change_key(acme, diag);
    stir_acme_let_go(acme);
    return err;
}

/* ---- Given up (RFC 8555 §7.3.6) ---- */

static enum stir_err give_up(struct stir_acme *acme, struct stir_diag *diag)
{
    struct stir_acme_reply reply = {.http = {.retry_after = -1}};
    TRY(stir_acme_account(acme, diag));
    json_t *payload = json_pack("{ss}", "status", "deactivated");
    const struct stir_acme_post post = {.url = acme->kid, .payload = payload};
    enum stir_err err = payload ? stir_acme_want(acme, &reply, &post, "the authority refuses to deactivate the account", diag) : STIR_ENOMEM;
    json_decref(payload);
    stir_acme_reply_clear(&reply);
    TRY(err);
    stir_acme_drop(acme, url_file);
    stir_acme_tell(acme, "the account is deactivated");
    return STIR_OK;
}

enum stir_err stir_acme_deactivate(struct stir_acme *acme, struct stir_diag *diag)
{
    TRY(stir_acme_hold(acme, diag));
    acme->deadline = stir_clock_monotonic_ms() + acme->settings.timeout * 1000;
    enum stir_err err = give_up(acme, diag);
    stir_acme_let_go(acme);
    return err;
}
