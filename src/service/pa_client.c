#include "service/pa_client.h"

#include <stir/token.h>

#include <jansson.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/bytes.h"
#include "core/json.h"

enum { URL_ROOM = 2 * STIR_MAX_URL, BODY_MAX = 1 << 16 };

/* ---- Answers ---- */

struct answer {
    struct stir_peer_answer http;
    struct stir_arena arena;
    struct stir_json json;
};

static void clear(struct answer *a)
{
    stir_peer_answer_free(&a->http);
    stir_arena_clear(&a->arena);
}

static struct stir_slice text(struct answer *a, const char *name)
{
    struct stir_json value;
    struct stir_slice out = {NULL, 0};
    if (a->json.type != STIR_JSON_OBJECT || !stir_json_member(a->json, name, &value) || value.type != STIR_JSON_STRING ||
        stir_json_string(&out, value, &a->arena) != STIR_OK)
        return (struct stir_slice){NULL, 0};
    return out;
}

/* Its words: administrators differ in where they put them. */
static enum stir_err refused(struct answer *a, const char *what, struct stir_diag *diag)
{
    static const char *const names[] = {"message", "description", "detail", "error", "code"};
    struct stir_slice words = {NULL, 0};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !words.n; i++)
        words = text(a, names[i]);
    if (words.n)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the policy administrator refuses %s: %.*s", what, words.n < 120 ? (int)words.n : 120, words.p);
    return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the policy administrator refuses %s: status %ld, and it does not say why", what, a->http.status);
}

/* Success is a status below 300 and, where the member is there, "status":"success" (requirements D6). */
static enum stir_err post(struct answer *out, struct stir_peer *peer, const char *url, const char *authorization, struct stir_slice body, const char *what,
                          struct stir_diag *diag)
{
    const struct stir_peer_ask ask = {
        .method = "POST", .url = url, .accept = "application/json", .type = "application/json", .authorization = authorization, .body = body, .secret = true};
    *out = (struct answer){.http = {.retry_after = -1}};
    TRY(stir_peer_ask(&out->http, peer, &ask, diag));
    struct stir_diag ignored = {0}; /* where in the answer it went wrong could show what stands there */
    if (out->http.body.n > BODY_MAX || stir_json_parse(&out->json, out->http.body, NULL, &ignored) != STIR_OK)
        out->json = (struct stir_json){STIR_JSON_NULL, {NULL, 0}};
    struct stir_slice status = text(out, "status");
    if (out->http.status < 300 && out->json.type == STIR_JSON_OBJECT && (!status.p || stir_slice_is(status, "success")))
        return STIR_OK;
    enum stir_err err = refused(out, what, diag);
    clear(out);
    return err;
}

/* ---- The login ---- */

static bool can_be_sent(struct stir_slice token)
{
    for (size_t i = 0; i < token.n; i++)
        if (token.p[i] <= ' ' || token.p[i] >= 0x7f)
            return false;
    return token.n > 0 && token.n <= BODY_MAX;
}

/* What Authorization says; cleansed and freed by the caller. */
static enum stir_err authorize(char **out, const struct stir_pa_client *client, struct stir_slice token, struct stir_diag *diag)
{
    static const char bearer[] = "Bearer ";
    size_t head = client->generic ? sizeof(bearer) - 1 : 0;
    if (!can_be_sent(token))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "there is no access token that a header field could carry");
    char *text = malloc(head + token.n + 1);
    if (!text)
        return STIR_ENOMEM;
    memcpy(text, bearer, head);
    memcpy(text + head, token.p, token.n);
    text[head + token.n] = '\0';
    *out = text;
    return STIR_OK;
}

static enum stir_err make_url(char out[URL_ROOM], const struct stir_pa_client *client, const char *path, struct stir_diag *diag)
{
    size_t n = strlen(client->url);
    while (n && client->url[n - 1] == '/')
        n--;
    int len = snprintf(out, URL_ROOM, "%.*s%s", (int)n, client->url, path);
    return len > 0 && len < URL_ROOM ? STIR_OK : stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "the administrator's URL is too long");
}

/* RFC 9447 leaves the login open: the deployed one serves both dialects. */
static enum stir_err log_in(char **authorization, struct stir_peer *peer, const struct stir_pa_client *client, struct stir_diag *diag)
{
    char url[URL_ROOM];
    struct answer a;
    if (!client->user)
        return authorize(authorization, client, client->token, diag);
    TRY(make_url(url, client, "/api/v1/auth/login", diag));
    size_t cap = 64 + 6 * (strlen(client->user) + client->password.n); /* a character takes six bytes at most */
    char *body = malloc(cap);
    if (!body)
        return stir_diag_set(diag, STIR_ENOMEM, SIZE_MAX, "out of memory");
    struct stir_writer w = stir_writer_of(body, cap);
    stir_put_text(&w, "{\"userId\":");
    stir_put_json_string(&w, stir_slice_str(client->user));
    stir_put_text(&w, ",\"password\":");
    stir_put_json_string(&w, client->password);
    stir_put_char(&w, '}');
    enum stir_err err = post(&a, peer, url, NULL, stir_slice_of(body, w.need), "the login", diag);
    OPENSSL_clear_free(body, cap);
    TRY(err);
    err = authorize(authorization, client, text(&a, "accessToken"), diag);
    clear(&a);
    return err;
}

/* ---- The token ---- */

/* The account is part of a path. */
static bool is_segment(const char *account)
{
    size_t n = strlen(account);
    for (size_t i = 0; i < n; i++)
        if (!stir_is_alpha(account[i]) && !stir_is_digit(account[i]) && !strchr("-_.~", account[i]))
            return false;
    return n > 0 && n < 256 && strcmp(account, ".") != 0 && strcmp(account, "..") != 0;
}

static enum stir_err token_url(char out[URL_ROOM], const struct stir_pa_client *client, struct stir_diag *diag)
{
    char path[320];
    if (!client->account || !is_segment(client->account))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "pa-account is no part of a path: letters, digits, '-', '.', '_', '~'");
    snprintf(path, sizeof(path), client->generic ? "/sti-pa/account/%s/token" : "/api/v1/account/%s/token", client->account);
    return make_url(out, client, path, diag);
}

/*= RFC9447-5.1a RFC9448-5.5a */
static char *wish(const struct stir_pa_client *client, const char *tkvalue, const char *fingerprint, bool ca)
{
    json_t *atc = json_pack("{sssssbss}", "tktype", "TNAuthList", "tkvalue", tkvalue, "ca", (int)ca, "fingerprint", fingerprint);
    json_t *body = client->unwrapped || !atc ? atc : json_pack("{so}", "atc", atc);
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    return text;
}

static enum stir_err is_ours(const struct stir_token_info *info, const struct stir_tnauth *list, const char *fingerprint, bool ca, int64_t now,
                             int64_t min_life, struct stir_diag *diag)
{
    if (!stir_slice_eq(stir_tnauth_der(info->list), stir_tnauth_der(list)))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the token that the administrator gave is for another list than was asked for");
    if (!stir_slice_ieq(info->fingerprint, stir_slice_str(fingerprint)))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the token that the administrator gave is bound to another key than was asked for");
    if (info->ca != ca)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the token that the administrator gave says ca %s", info->ca ? "true" : "false");
    if (info->exp < now + min_life)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the token that the administrator gave is good for %lld seconds only: is the clock right?",
                             (long long)(info->exp > now ? info->exp - now : 0));
    return STIR_OK;
}

static enum stir_err take(char **token, char **crl, struct answer *a, const struct stir_tnauth *list, const char *fingerprint, bool ca, int64_t now,
                          int64_t min_life, struct stir_diag *diag)
{
    struct stir_token *read = NULL;
    struct stir_diag why = {0};
    struct stir_slice jws = text(a, "token"), url = text(a, "crl");
    if (!jws.n)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the policy administrator's answer has no token");
    enum stir_err err = stir_token_read(&read, jws, &why);
    if (err != STIR_OK)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the token that the administrator gave is none: %.120s", why.text[0] ? why.text : stir_err_text(err));
    err = is_ours(stir_token_info(read), list, fingerprint, ca, now, min_life, diag);
    stir_token_free(read);
    TRY(err);
    *token = strndup(jws.p, jws.n);
    *crl = url.p ? strndup(url.p, url.n) : strdup("");
    if (*token && *crl)
        return STIR_OK;
    free(*token);
    free(*crl);
    *token = *crl = NULL;
    return stir_diag_set(diag, STIR_ENOMEM, SIZE_MAX, "out of memory");
}

enum stir_err stir_pa_client_token(char **token, char **crl, struct stir_peer *peer, const struct stir_pa_client *client, const struct stir_tnauth *list,
                                   const char *fingerprint, bool ca, int64_t now, int64_t min_life, struct stir_diag *diag)
{
    char url[URL_ROOM], *authorization = NULL;
    struct answer a;
    struct stir_slice der = stir_tnauth_der(list);
    char *tkvalue = malloc(stir_b64url_encoded(der.n) + 1);
    struct stir_writer w = stir_writer_of(tkvalue, stir_b64url_encoded(der.n) + 1);
    if (!tkvalue)
        return STIR_ENOMEM;
    stir_put_b64url(&w, der);
    enum stir_err err = stir_writer_close(&w, NULL);
    err = err == STIR_OK ? token_url(url, client, diag) : err;
    err = err == STIR_OK ? log_in(&authorization, peer, client, diag) : err;
    char *body = err == STIR_OK ? wish(client, tkvalue, fingerprint, ca) : NULL;
    free(tkvalue);
    err = err == STIR_OK && !body ? STIR_ENOMEM : err;
    err = err == STIR_OK ? post(&a, peer, url, authorization, stir_slice_str(body), "the token", diag) : err;
    free(body);
    if (authorization)
        OPENSSL_clear_free(authorization, strlen(authorization) + 1);
    TRY(err);
    err = take(token, crl, &a, list, fingerprint, ca, now, min_life, diag);
    clear(&a);
    return err;
}
