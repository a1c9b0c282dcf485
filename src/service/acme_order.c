/* An order, from whatever state it is in to its certificate (RFC 8555 §7.1.6, §7.4, §7.5). */
#include "service/acme_parts.h"

#include <stdio.h>
#include <stdlib.h>

#include <stir/call.h>

#include "core/bytes.h"
#include "io/clock.h"
#include "io/crash_point.h"

enum { DAY = 86400 };

static const struct stir_json nothing = {STIR_JSON_NULL, {NULL, 0}};

/* Waits that grow, unless the authority says how long. */
struct pace {
    int64_t ms;
    bool authorized, finalized; /* what was done already in this run */
};

static enum stir_err pause_for(struct stir_acme *acme, struct pace *pace, const struct stir_acme_reply *reply, struct stir_diag *diag)
{
    int64_t said = reply->http.retry_after, ms = pace->ms ? pace->ms : STIR_ACME_WAIT_MS;
    pace->ms = ms + ms / 2 < STIR_ACME_WAIT_MAX_MS ? ms + ms / 2 : STIR_ACME_WAIT_MAX_MS;
    return stir_acme_wait(acme, said > 0 ? said * 1000 : ms, diag);
}

/* POST-as-GET of an object. */
static enum stir_err look(struct stir_acme *acme, struct stir_acme_reply *reply, const char *url, const char *what, struct stir_diag *diag)
{
    const struct stir_acme_post post = {.url = url};
    TRY(stir_acme_want(acme, reply, &post, what, diag));
    if (reply->has_json)
        return STIR_OK;
    stir_acme_reply_clear(reply);
    return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "%s: the answer is no JSON object", what);
}

static bool is(struct stir_acme_reply *reply, struct stir_json object, const char *status)
{
    return stir_slice_is(stir_acme_text(reply, object, "status"), status);
}

static enum stir_err take_url(char out[STIR_MAX_URL + 1], const struct stir_acme *acme, struct stir_slice url, const char *what, struct stir_diag *diag)
{
    const char *fault = url.p ? stir_peer_url_fault(url, acme->settings.any_url) : "it is not there";
    if (fault)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the authority's %s URL: %s", what, fault);
    memcpy(out, url.p, url.n);
    out[url.n] = '\0';
    return STIR_OK;
}

/* ---- A new one (RFC 8555 §7.4) ---- */

static json_t *identifiers(const struct stir_acme_kind *kind, const char *value)
{
    json_t *list = json_array();
    while (list && *value) {
        size_t n = kind->several ? strcspn(value, ",") : strlen(value);
        json_array_append_new(list, json_pack("{ssss%}", "type", kind->identifier, "value", value, n));
        value += n + (value[n] == ',');
    }
    return list;
}

static json_t *order_of(const struct stir_acme *acme, const char *identifier)
{
    const struct stir_acme_settings *s = &acme->settings;
    const int64_t now = stir_clock_unix_ms() / 1000;
    char text[21];
    json_t *order = json_pack("{so}", "identifiers", identifiers(acme->kind, identifier));
    if (order && s->send_times && stir_time_write(text, now) == STIR_OK)
        json_object_set_new(order, "notBefore", json_string(text));
    if (order && s->days && stir_time_write(text, now + s->days * DAY) == STIR_OK)
        json_object_set_new(order, "notAfter", json_string(text));
    if (order && s->profile[0])
        json_object_set_new(order, "profile", json_string(s->profile));
    return order;
}

enum stir_err stir_acme_order_begin(struct stir_acme *acme, char url[STIR_MAX_URL + 1], const char *identifier, struct stir_diag *diag)
{
    struct stir_acme_reply reply = {.http = {.retry_after = -1}};
    json_t *order = order_of(acme, identifier);
    const struct stir_acme_post post = {.url = acme->resource[STIR_ACME_NEW_ORDER], .payload = order};
    enum stir_err err = order ? stir_acme_want(acme, &reply, &post, "the authority refuses the order", diag) : STIR_ENOMEM;
    json_decref(order);
    TRY(err);
    err = take_url(url, acme, stir_slice_str(reply.http.location[0] ? reply.http.location : NULL), "order", diag);
    stir_acme_reply_clear(&reply);
    if (err == STIR_OK)
        stir_acme_tell(acme, "order %s", url);
    return err;
}

/* ---- Authorizations and challenges (RFC 8555 §7.5) ---- */

/* The challenge that can be answered; none: what is offered, for the words. */
static bool find_challenge(struct stir_json *out, struct stir_acme *acme, struct stir_acme_reply *reply, char *offered, size_t cap)
{
    struct stir_json list;
    struct stir_writer w = stir_writer_of(offered, cap - 1);
    size_t n = 0;
    offered[0] = '\0';
    if (!stir_json_member(reply->json, "challenges", &list) || list.type != STIR_JSON_ARRAY)
        return false;
    for (struct stir_json_iter it = stir_json_iter(list); n++ < STIR_ACME_CHALLENGES && stir_json_next(&it);) {
        struct stir_slice type = stir_acme_text(reply, it.value, "type");
        if (stir_slice_is(type, acme->kind->challenge) && acme->kind->suits(it.value)) {
            *out = it.value;
            return true;
        }
        stir_put_format(&w, "%s%.*s", w.need ? ", " : "", STIR_SHOW(type));
    }
    (void)!stir_writer_close(&w, NULL);
    return false;
}

static enum stir_err answer_challenge(struct stir_acme *acme, struct stir_acme_reply *reply, struct stir_json challenge, struct stir_diag *diag)
{
    char url[STIR_MAX_URL + 1];
    json_t *payload = NULL;
    struct stir_acme_reply taken = {.http = {.retry_after = -1}};
    TRY(take_url(url, acme, stir_acme_text(reply, challenge, "url"), "challenge", diag));
    TRY(acme->kind->answer(acme, challenge, &payload, diag));
    const struct stir_acme_post post = {.url = url, .payload = payload};
    stir_crash_point("acme client: before a challenge");
    enum stir_err err = stir_acme_want(acme, &taken, &post, "the authority refuses the token", diag);
    stir_crash_point("acme client: after a challenge");
    json_decref(payload);
    if (err == STIR_OK)
        stir_acme_reply_clear(&taken);
    return err;
}

/* Why an authorization failed stands in its challenge. The order is lost with it. */
static enum stir_err invalid(struct stir_acme *acme, struct stir_acme_reply *reply, struct stir_diag *diag)
{
    struct stir_json list, error;
    if (stir_json_member(reply->json, "challenges", &list) && list.type == STIR_JSON_ARRAY)
        for (struct stir_json_iter it = stir_json_iter(list); stir_json_next(&it);)
            if (it.value.type == STIR_JSON_OBJECT && stir_json_member(it.value, "error", &error) && error.type == STIR_JSON_OBJECT)
                return (void)stir_acme_refusal(acme, reply, error, "the authority does not accept the token", diag), STIR_ENOTFOUND;
    return stir_diag_set(diag, STIR_ENOTFOUND, SIZE_MAX, "the authorization is %.*s, and the authority does not say why",
                         STIR_SHOW(stir_acme_text(reply, reply->json, "status")));
}

/* One look at it; the challenge is answered when nobody did. `*done`: it is valid. */
static enum stir_err step_authorization(struct stir_acme *acme, struct stir_acme_reply *reply, bool *answered, bool *done, struct stir_diag *diag)
{
    struct stir_json challenge;
    char offered[200];
    *done = is(reply, reply->json, "valid");
    if (*done)
        return STIR_OK;
    if (!is(reply, reply->json, "pending"))
        return invalid(acme, reply, diag);
    if (!find_challenge(&challenge, acme, reply, offered, sizeof(offered)))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the authority offers no challenge %s that can be answered%s%s", acme->kind->challenge,
                             offered[0] ? "; it offers " : "", offered);
    if (*answered || !is(reply, challenge, "pending"))
        return STIR_OK; /* it is being looked at */
    *answered = true;
    return answer_challenge(acme, reply, challenge, diag);
}

static enum stir_err authorize(struct stir_acme *acme, const char *url, struct stir_diag *diag)
{
    struct pace pace = {0};
    for (bool answered = false, done = false;;) {
        struct stir_acme_reply reply = {.http = {.retry_after = -1}};
        TRY(look(acme, &reply, url, "the authorization cannot be seen", diag));
        bool had = answered;
        enum stir_err err = step_authorization(acme, &reply, &answered, &done, diag);
        if (err == STIR_OK && !done && answered == had)
            err = pause_for(acme, &pace, &reply, diag);
        stir_acme_reply_clear(&reply);
        if (err != STIR_OK || done)
            return err;
    }
}

static enum stir_err authorize_all(struct stir_acme *acme, struct stir_acme_reply *order, struct stir_diag *diag)
{
    struct stir_json list;
    size_t n = 0;
    if (!stir_json_member(order->json, "authorizations", &list) || list.type != STIR_JSON_ARRAY)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the order has no authorizations");
    for (struct stir_json_iter it = stir_json_iter(list); stir_json_next(&it);) {
        char url[STIR_MAX_URL + 1];
        struct stir_slice text = {NULL, 0};
        if (++n > STIR_ACME_AUTHORIZATIONS)
            return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "the order has more than %d authorizations", STIR_ACME_AUTHORIZATIONS);
        if (it.value.type == STIR_JSON_STRING)
            TRY(stir_json_string(&text, it.value, &order->arena));
        TRY(take_url(url, acme, text, "authorization", diag));
        TRY(authorize(acme, url, diag));
    }
    stir_acme_tell(acme, "the authority accepts the order");
    return STIR_OK;
}

/* ---- Finalize (RFC 8555 §7.4) ---- */

static enum stir_err send_request(struct stir_acme *acme, const char *url, struct stir_slice der, struct stir_diag *diag)
{
    struct stir_acme_reply reply = {.http = {.retry_after = -1}};
    size_t cap = stir_b64url_encoded(der.n) + 1;
    char *text = malloc(cap);
    struct stir_writer w = stir_writer_of(text, cap);
    if (!text)
        return STIR_ENOMEM;
    stir_put_b64url(&w, der);
    json_t *payload = stir_writer_close(&w, NULL) == STIR_OK ? json_pack("{ss}", "csr", text) : NULL;
    free(text);
    const struct stir_acme_post post = {.url = url, .payload = payload};
    stir_crash_point("acme client: before finalize");
    enum stir_err err = payload ? stir_acme_send(acme, &reply, &post, diag) : STIR_ENOMEM;
    stir_crash_point("acme client: after finalize");
    json_decref(payload);
    TRY(err);
    /* One that was sent twice, or by a run that was killed: the order says how far it is. */
    if ((reply.http.status < 200 || reply.http.status > 204) && !stir_acme_is_problem(&reply, "orderNotReady"))
        err = stir_acme_refusal(acme, &reply, reply.has_json ? reply.json : nothing, "the authority refuses the request", diag);
    stir_acme_reply_clear(&reply);
    return err;
}

static enum stir_err finalize(struct stir_acme *acme, struct stir_acme_reply *order, struct stir_key *key, struct stir_diag *diag)
{
    char url[STIR_MAX_URL + 1];
    struct stir_arena arena = {NULL, 0, 0};
    struct stir_slice der = {NULL, 0};
    TRY(take_url(url, acme, stir_acme_text(order, order->json, "finalize"), "finalize", diag));
    enum stir_err err = acme->kind->request(acme, &arena, key, &der, diag);
    err = err == STIR_OK ? send_request(acme, url, der, diag) : err;
    stir_arena_clear(&arena);
    return err;
}

/* ---- The certificate (RFC 8555 §7.4.2) ---- */

void stir_acme_issued_clear(struct stir_acme_issued *issued)
{
    for (size_t i = 0; i < issued->n; i++)
        stir_cert_free(issued->chain[i]);
    issued->n = 0;
}

static enum stir_err download(struct stir_acme *acme, struct stir_acme_issued *out, struct stir_acme_reply *order, const struct stir_key *key,
                              struct stir_diag *diag)
{
    char url[STIR_MAX_URL + 1];
    struct stir_acme_reply reply = {.http = {.retry_after = -1}};
    struct stir_diag why = {0};
    struct stir_slice x5u = stir_acme_text(order, order->json, "x5u");
    TRY(take_url(url, acme, stir_acme_text(order, order->json, "certificate"), "certificate", diag));
    const struct stir_acme_post post = {.url = url, .accept = "application/pem-certificate-chain"};
    TRY(stir_acme_send(acme, &reply, &post, diag));
    if (reply.http.status != 200) {
        const bool lost = reply.http.status == 404 || reply.http.status == 410;
        (void)stir_acme_refusal(acme, &reply, reply.has_json ? reply.json : nothing, "the certificate cannot be had", diag);
        stir_acme_reply_clear(&reply);
        return lost ? STIR_ENOTFOUND : STIR_EVALUE;
    }
    enum stir_err err = reply.http.body.n > STIR_MAX_PEM ? STIR_ELIMIT : stir_certs_parse(out->chain, STIR_MAX_CHAIN, &out->n, reply.http.body, &why);
    stir_acme_reply_clear(&reply);
    if (err != STIR_OK) {
        out->n = 0;
        return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "what came is no certificate chain: %.120s", why.text[0] ? why.text : stir_err_text(err));
    }
    const char *fault = x5u.p ? stir_peer_url_fault(x5u, acme->settings.any_url) : NULL; /* RFC 9448 §7 */
    if (x5u.p && !fault)
        snprintf(out->x5u, sizeof(out->x5u), "%.*s", (int)x5u.n, x5u.p);
    if (fault)
        stir_acme_tell(acme, "warning: the order's x5u is not used: %s", fault);
    return stir_acme_chain_check(acme, out->chain, out->n, key, stir_clock_unix_ms() / 1000, diag);
}

/* ---- The way through ---- */

static enum stir_err order_invalid(struct stir_acme *acme, struct stir_acme_reply *order, struct stir_diag *diag)
{
    struct stir_json error;
    if (stir_json_member(order->json, "error", &error) && error.type == STIR_JSON_OBJECT)
        (void)stir_acme_refusal(acme, order, error, "the authority gives the order up", diag);
    else
        stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the order is %.*s, and the authority does not say why",
                      STIR_SHOW(stir_acme_text(order, order->json, "status")));
    return STIR_ENOTFOUND;
}

/* One look, one step. `*done`: the certificate is there. */
static enum stir_err step_order(struct stir_acme *acme, struct stir_acme_reply *order, struct stir_acme_issued *out, struct stir_key *key, struct pace *pace,
                                bool *done, struct stir_diag *diag)
{
    const bool pending = is(order, order->json, "pending"), ready = is(order, order->json, "ready");
    if (is(order, order->json, "valid")) {
        *done = true;
        return download(acme, out, order, key, diag);
    }
    if (pending && !pace->authorized) {
        pace->authorized = true;
        return authorize_all(acme, order, diag);
    }
    if (ready && !pace->finalized) {
        pace->finalized = true;
        return finalize(acme, order, key, diag);
    }
    pace->finalized = false; /* one that is still `ready` behind a wait is asked once more */
    return pending || ready || is(order, order->json, "processing") ? pause_for(acme, pace, order, diag) : order_invalid(acme, order, diag);
}

enum stir_err stir_acme_order_finish(struct stir_acme *acme, struct stir_acme_issued *out, const char *url, struct stir_key *key, struct stir_diag *diag)
{
    struct pace pace = {0};
    for (bool done = false; !done;) {
        struct stir_acme_reply order = {.http = {.retry_after = -1}};
        const struct stir_acme_post post = {.url = url};
        TRY(stir_acme_send(acme, &order, &post, diag));
        enum stir_err err = STIR_OK;
        if (order.http.status == 404 || order.http.status == 410 || order.http.status == 403 || order.http.status == 401) {
            (void)stir_acme_refusal(acme, &order, order.has_json ? order.json : nothing, "the order cannot be seen", diag);
            err = STIR_ENOTFOUND;
        } else if (order.http.status != 200) {
            err = stir_acme_refusal(acme, &order, order.has_json ? order.json : nothing, "the order cannot be seen", diag);
        } else if (!order.has_json) {
            err = stir_diag_set(diag, STIR_EIO, SIZE_MAX, "the order is no JSON object");
        } else {
            err = step_order(acme, &order, out, key, &pace, &done, diag);
        }
        stir_acme_reply_clear(&order);
        if (err != STIR_OK)
            return err;
    }
    return STIR_OK;
}
