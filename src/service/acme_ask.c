/* Requests: nonces, signatures, patience, and the words of a refusal. */
#include "service/acme_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/bytes.h"
#include "core/jws.h"
#include "io/clock.h"
#include "io/crash_point.h"

static const char error_space[] = "urn:ietf:params:acme:error:";

void stir_acme_reply_clear(struct stir_acme_reply *reply)
{
    stir_peer_answer_free(&reply->http);
    stir_arena_clear(&reply->arena);
    *reply = (struct stir_acme_reply){.http = {.retry_after = -1}};
}

struct stir_slice stir_acme_text(struct stir_acme_reply *reply, struct stir_json object, const char *name)
{
    struct stir_json value;
    struct stir_slice text = {NULL, 0};
    if (object.type != STIR_JSON_OBJECT || !stir_json_member(object, name, &value) || value.type != STIR_JSON_STRING ||
        stir_json_string(&text, value, &reply->arena) != STIR_OK)
        return (struct stir_slice){NULL, 0};
    return text;
}

/* ---- Waiting ---- */

enum stir_err stir_acme_wait(struct stir_acme *acme, int64_t ms, struct stir_diag *diag)
{
    const int64_t until = stir_clock_monotonic_ms() + ms;
    if (until > acme->deadline)
        return stir_diag_set(diag, STIR_ETIME, SIZE_MAX, "it takes longer than timeout = %llds; what is under way goes on with the next try",
                             (long long)acme->settings.timeout);
    for (int64_t left = ms; left > 0; left = until - stir_clock_monotonic_ms()) {
        const struct timespec nap = {0, (left < 100 ? left : 100) * 1000000};
        if (acme->told.stop && acme->told.stop(acme->told.arg))
            return stir_diag_set(diag, STIR_EBUSY, SIZE_MAX, "it was stopped; what is under way goes on with the next try");
        nanosleep(&nap, NULL);
    }
    return STIR_OK;
}

/* ---- Nonces (RFC 8555 §6.5) ---- */

static void keep_nonce(struct stir_acme *acme, struct stir_peer_answer *answer)
{
    if (!answer->replay_nonce || !answer->replay_nonce[0] || acme->n_nonces == STIR_ACME_NONCES)
        return;
    acme->nonce[acme->n_nonces++] = answer->replay_nonce;
    answer->replay_nonce = NULL;
}

static enum stir_err new_nonce(struct stir_acme *acme, struct stir_diag *diag)
{
    static const char *const methods[] = {"HEAD", "GET"}; /* one authority or the other knows only one */
    long status = 0;
    for (size_t i = 0; i < 2 && acme->n_nonces == 0; i++) {
        struct stir_peer_answer answer = {.retry_after = -1};
        const struct stir_peer_ask ask = {.method = methods[i], .url = acme->resource[STIR_ACME_NEW_NONCE]};
        TRY(stir_peer_ask(&answer, acme->peer, &ask, diag));
        keep_nonce(acme, &answer);
        status = answer.status;
        stir_peer_answer_free(&answer);
    }
    if (acme->n_nonces)
        return STIR_OK;
    return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "%.60s gives no Replay-Nonce, but status %ld: %s", acme->resource[STIR_ACME_NEW_NONCE], status,
                         status >= 500 || status == 429 ? "the authority is in trouble; later it may do" : "is directory an ACME directory?");
}

/* ---- One request ---- */

static void put_header(struct stir_writer *w, const struct stir_acme *acme, const struct stir_acme_post *post, const char *nonce)
{
    stir_put_text(w, "{\"alg\":\"ES256\",");
    if (post->key) {
        stir_put_text(w, "\"jwk\":");
        stir_put_jwk(w, post->key);
    } else {
        stir_put_text(w, "\"kid\":");
        stir_put_json_string(w, stir_slice_str(acme->kid));
    }
    stir_put_text(w, ",\"nonce\":");
    stir_put_json_string(w, stir_slice_str(nonce));
    stir_put_text(w, ",\"url\":");
    stir_put_json_string(w, stir_slice_str(post->url));
    stir_put_text(w, "}");
}

/* The body of the request; free() it. */
static enum stir_err seal(char **body, size_t *n, struct stir_acme *acme, const struct stir_acme_post *post, const char *nonce)
{
    char header[2 * STIR_MAX_URL + 2 * STIR_PEER_MAX_FIELD + 512];
    struct stir_writer w = stir_writer_of(header, sizeof(header));
    struct stir_key_signer held = {post->key ? post->key : acme->key, acme->ctx};
    struct stir_signer signer = stir_signer_of_key(&held);
    char *payload = post->payload ? json_dumps(post->payload, JSON_COMPACT) : NULL;
    size_t header_n;
    put_header(&w, acme, post, nonce);
    enum stir_err err = post->payload && !payload ? STIR_ENOMEM : stir_writer_close(&w, &header_n);
    size_t cap = err == STIR_OK ? 2 * (header_n + (payload ? strlen(payload) : 0)) + 512 : 1;
    char *text = malloc(cap);
    err = err == STIR_OK && !text ? STIR_ENOMEM : err;
    if (err == STIR_OK) {
        struct stir_writer out = stir_writer_of(text, cap - 1);
        err = stir_jws_put_flattened(&out, stir_slice_of(header, header_n), stir_slice_str(payload), &signer);
        err = err == STIR_OK ? stir_writer_close(&out, n) : err;
    }
    free(payload);
    if (err != STIR_OK) {
        free(text);
        return err;
    }
    *body = text;
    return STIR_OK;
}

static void read_json(struct stir_acme_reply *reply)
{
    const char *type = reply->http.type;
    if (reply->http.body.n > STIR_ACME_JSON || (strcmp(type, "application/json") != 0 && strcmp(type, "application/problem+json") != 0))
        return;
    reply->has_json = stir_json_parse(&reply->json, reply->http.body, NULL, NULL) == STIR_OK && reply->json.type == STIR_JSON_OBJECT;
}

static enum stir_err send_once(struct stir_acme *acme, struct stir_acme_reply *out, const struct stir_acme_post *post, struct stir_diag *diag)
{
    char *body = NULL;
    size_t n = 0;
    if (acme->n_nonces == 0)
        TRY(new_nonce(acme, diag));
    char *nonce = acme->nonce[--acme->n_nonces];
    enum stir_err err = seal(&body, &n, acme, post, nonce);
    free(nonce);
    if (err != STIR_OK)
        return stir_diag_set(diag, err, SIZE_MAX, "the request cannot be signed: %s", stir_err_text(err));
    const struct stir_peer_ask ask = {.method = "POST",
                                      .url = post->url,
                                      .accept = post->accept ? post->accept : "application/json",
                                      .type = "application/jose+json",
                                      .body = stir_slice_of(body, n)};
    stir_crash_point("acme client: before a request");
    err = stir_peer_ask(&out->http, acme->peer, &ask, diag);
    stir_crash_point("acme client: after a request");
    free(body);
    if (err != STIR_OK)
        return err;
    keep_nonce(acme, &out->http);
    read_json(out);
    return STIR_OK;
}

bool stir_acme_is_problem(struct stir_acme_reply *reply, const char *type)
{
    struct stir_slice is = reply->has_json ? stir_acme_text(reply, reply->json, "type") : (struct stir_slice){NULL, 0};
    size_t n = sizeof(error_space) - 1;
    return is.n > n && memcmp(is.p, error_space, n) == 0 && stir_slice_is(stir_slice_from(is, n), type);
}

/* An authority that is in trouble, or asks for patience: milliseconds after which it may be asked again; -1: what it says is its answer. */
static int64_t patience(const struct stir_acme_reply *reply, unsigned tries)
{
    const long status = reply->http.status;
    if (status == 429 || status == 503)
        return reply->http.retry_after >= 0 ? reply->http.retry_after * 1000 : 1000 << tries;
    return status == 500 || status == 502 || status == 504 ? 500 << tries : -1;
}

enum stir_err stir_acme_send(struct stir_acme *acme, struct stir_acme_reply *out, const struct stir_acme_post *post, struct stir_diag *diag)
{
    unsigned tries = 0, nonces = 0;
    for (;;) {
        int64_t wait = 500 << tries;
        *out = (struct stir_acme_reply){.http = {.retry_after = -1}};
        enum stir_err err = send_once(acme, out, post, diag);
        if (err == STIR_OK && stir_acme_is_problem(out, "badNonce") && nonces++ < STIR_ACME_BAD_NONCES) {
            stir_acme_reply_clear(out); /* the answer brought a fresh one */
            continue;
        }
        if (err == STIR_OK)
            wait = patience(out, tries);
        if (++tries >= STIR_ACME_TRIES || (err != STIR_OK && err != STIR_EIO) || wait < 0)
            return err;
        if (stir_clock_monotonic_ms() + wait > acme->deadline) /* its own words are the better ones */
            return err;
        stir_acme_tell(acme, "%s; once more in %lld s", err == STIR_OK ? "the authority asks for patience" : "the authority cannot be reached",
                       (long long)(wait + 999) / 1000);
        stir_acme_reply_clear(out);
        TRY(stir_acme_wait(acme, wait, diag));
    }
}

/* ---- Refusals ---- */

static void say_one(struct stir_writer *w, struct stir_acme_reply *reply, struct stir_json problem)
{
    struct stir_slice type = stir_acme_text(reply, problem, "type"), detail = stir_acme_text(reply, problem, "detail");
    size_t n = sizeof(error_space) - 1;
    if (type.n > n && memcmp(type.p, error_space, n) == 0)
        type = stir_slice_from(type, n);
    stir_put_slice(w, stir_slice_upto(detail, detail.n < 300 ? detail.n : 300));
    if (type.n)
        stir_put_format(w, "%s%.*s%s", detail.n ? " (" : "", STIR_SHOW(type), detail.n ? ")" : "");
}

enum stir_err stir_acme_refusal(struct stir_acme *acme, struct stir_acme_reply *reply, struct stir_json object, const char *what, struct stir_diag *diag)
{
    char text[1024];
    struct stir_writer w = stir_writer_of(text, sizeof(text) - 1);
    struct stir_json subs;
    size_t n;
    say_one(&w, reply, object);
    if (object.type == STIR_JSON_OBJECT && stir_json_member(object, "subproblems", &subs) && subs.type == STIR_JSON_ARRAY)
        for (struct stir_json_iter it = stir_json_iter(subs); w.need < 700 && stir_json_next(&it);) {
            stir_put_text(&w, "; ");
            say_one(&w, reply, it.value);
        }
    if (stir_writer_close(&w, &n) != STIR_OK || n == 0)
        snprintf(text, sizeof(text), "status %ld, and no problem document that says why", reply->http.status);
    stir_acme_tell(acme, "%s: %s", what, text);
    return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s: %s", what, text);
}

enum stir_err stir_acme_want(struct stir_acme *acme, struct stir_acme_reply *out, const struct stir_acme_post *post, const char *what, struct stir_diag *diag)
{
    TRY(stir_acme_send(acme, out, post, diag));
    if (out->http.status >= 200 && out->http.status <= 204)
        return STIR_OK;
    const struct stir_json none = {STIR_JSON_NULL, {NULL, 0}};
    enum stir_err err = stir_acme_refusal(acme, out, out->has_json ? out->json : none, what, diag);
    stir_acme_reply_clear(out);
    return err;
}

/* ---- The directory (RFC 8555 §7.1.1) ---- */

static enum stir_err take_url(char out[STIR_MAX_URL + 1], const struct stir_acme *acme, struct stir_slice url, const char *name, struct stir_diag *diag)
{
    const char *fault = url.p ? stir_peer_url_fault(url, acme->settings.any_url) : "it is not there";
    if (fault)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s in the authority's directory: %s; is directory an ACME directory?", name, fault);
    memcpy(out, url.p, url.n);
    out[url.n] = '\0';
    return STIR_OK;
}

static enum stir_err read_directory(struct stir_acme *acme, struct stir_acme_reply *reply, struct stir_diag *diag)
{
    static const char *const names[] = {"newNonce", "newAccount", "newOrder", "revokeCert", "keyChange"};
    struct stir_json meta, required;
    for (size_t i = 0; i < STIR_ACME_RESOURCES; i++) {
        struct stir_slice url = stir_acme_text(reply, reply->json, names[i]);
        if (i < STIR_ACME_REVOKE || url.p) /* what an authority may lack is missed when it is asked for */
            TRY(take_url(acme->resource[i], acme, url, names[i], diag));
    }
    if (stir_json_member(reply->json, "meta", &meta) && meta.type == STIR_JSON_OBJECT) {
        struct stir_slice terms = stir_acme_text(reply, meta, "termsOfService");
        snprintf(acme->terms, sizeof(acme->terms), "%.*s", terms.n > STIR_MAX_URL ? 0 : (int)terms.n, terms.p ? terms.p : "");
        acme->binding_required = stir_json_member(meta, "externalAccountRequired", &required) && stir_slice_is(required.text, "true");
    }
    return STIR_OK;
}

enum stir_err stir_acme_directory(struct stir_acme *acme, struct stir_diag *diag)
{
    struct stir_acme_reply reply = {.http = {.retry_after = -1}};
    const struct stir_peer_ask ask = {.method = "GET", .url = acme->settings.directory, .accept = "application/json"};
    if (acme->has_directory)
        return STIR_OK;
    enum stir_err err = stir_peer_ask(&reply.http, acme->peer, &ask, diag);
    if (err != STIR_OK)
        return err;
    keep_nonce(acme, &reply.http);
    read_json(&reply);
    if (reply.http.status != 200)
        err = stir_diag_set(diag, STIR_EIO, SIZE_MAX, "%.100s answers with status %ld: is directory right?", acme->settings.directory, reply.http.status);
    else if (!reply.has_json)
        err = stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%.100s is no JSON object: is directory an ACME directory?", acme->settings.directory);
    else
        err = read_directory(acme, &reply, diag);
    stir_acme_reply_clear(&reply);
    acme->has_directory = err == STIR_OK;
    return err;
}
