#include "io/peer.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/bytes.h"
#include "io/net_open.h"

enum { TIMEOUT_MS = 30000, CONNECT_MS = 10000, FIRST_BODY = 4096, MAX_AGENT = 128 };

/* The handle is kept, and with it the connection: an order takes some ten requests. */
struct stir_peer {
    CURL *easy;
    char *tls_root, *agent;
    int64_t timeout_ms;
    bool any_url;
    bool (*stop)(void *arg);
    void *stop_arg;
};

/* One request. */
struct flight {
    struct stir_peer *peer;
    const struct stir_peer_ask *ask;
    struct stir_peer_answer *answer;
    struct curl_slist *headers;
    size_t cap, head_bytes, head_fields;
    enum stir_err stopped; /* why, when it was us who ended it */
    const char *why;
    char error[CURL_ERROR_SIZE];
};

enum stir_err stir_peer_new(struct stir_peer **out, const struct stir_peer_options *o, struct stir_diag *diag)
{
    const char *root = o->tls_root && o->tls_root[0] ? o->tls_root : NULL;
    if (root && access(root, R_OK) != 0)
        return stir_diag_set(diag, STIR_ENOTFOUND, SIZE_MAX, "the file of TLS roots \"%s\" cannot be read", root);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) /* counted; safe among threads since curl 7.84 */
        return STIR_ECRYPTO;
    struct stir_peer *peer = calloc(1, sizeof(*peer));
    char agent[MAX_AGENT];
    snprintf(agent, sizeof(agent), "stir/%s", stir_version());
    if (!peer) {
        curl_global_cleanup();
        return STIR_ENOMEM;
    }
    *peer = (struct stir_peer){.timeout_ms = o->timeout_ms > 0 ? o->timeout_ms : TIMEOUT_MS, .any_url = o->any_url, .stop = o->stop, .stop_arg = o->stop_arg};
    peer->easy = curl_easy_init();
    peer->agent = strdup(o->agent ? o->agent : agent);
    peer->tls_root = root ? strdup(root) : NULL;
    if (!peer->easy || !peer->agent || (root && !peer->tls_root)) {
        stir_peer_free(peer);
        return STIR_ENOMEM;
    }
    *out = peer;
    return STIR_OK;
}

void stir_peer_free(struct stir_peer *peer)
{
    if (!peer)
        return;
    STIR_NET_QUIET;
    if (peer->easy)
        curl_easy_cleanup(peer->easy);
    free(peer->agent);
    free(peer->tls_root);
    free(peer);
    curl_global_cleanup();
}

/* ---- What comes ---- */

static size_t end(struct flight *f, enum stir_err err, const char *why)
{
    f->stopped = err;
    f->why = why;
    return 0;
}

/* Not realloc: what it leaves behind could be a secret. */
static bool make_room(struct flight *f, size_t n)
{
    struct stir_slice *body = &f->answer->body;
    size_t cap = f->cap ? f->cap : FIRST_BODY;
    while (cap < body->n + n + 1)
        cap *= 2;
    if (cap == f->cap)
        return true;
    char *bigger = malloc(cap);
    if (!bigger)
        return false;
    if (body->n)
        memcpy(bigger, body->p, body->n);
    if (f->answer->secret && body->p)
        OPENSSL_cleanse((char *)(uintptr_t)body->p, f->cap);
    free((char *)(uintptr_t)body->p);
    body->p = bigger;
    f->cap = cap;
    return true;
}

static size_t take_body(char *bytes, size_t one, size_t n, void *arg)
{
    struct flight *f = arg;
    struct stir_slice *body = &f->answer->body;
    (void)one;
    if (n > STIR_PEER_MAX_BODY - body->n)
        return end(f, STIR_ELIMIT, "its body is longer than 4 MiB");
    if (!make_room(f, n))
        return end(f, STIR_ENOMEM, "out of memory");
    char *to = (char *)(uintptr_t)body->p;
    memcpy(to + body->n, bytes, n);
    body->n += n;
    to[body->n] = '\0';
    return n;
}

static void free_fields(struct stir_peer_answer *a)
{
    free(a->type);
    free(a->location);
    free(a->replay_nonce);
    free(a->etag);
    for (size_t i = 0; i < a->n_links; i++) {
        free(a->links[i].url);
        free(a->links[i].rel);
    }
    a->type = a->location = a->replay_nonce = a->etag = NULL;
    a->n_links = 0;
    a->retry_after = -1;
}

static size_t take_head(char *line, size_t one, size_t n, void *arg)
{
    struct flight *f = arg;
    struct stir_slice text = stir_slice_of(line, n);
    (void)one;
    f->head_bytes += n;
    if (f->head_bytes > STIR_PEER_MAX_HEAD || ++f->head_fields > STIR_PEER_MAX_FIELDS)
        return end(f, STIR_ELIMIT, "its header fields are too many or too long");
    if (stir_slice_ieq(stir_slice_upto(text, n < 5 ? n : 5), stir_slice_str("HTTP/"))) {
        free_fields(f->answer); /* those of a 1xx before do not count */
        return n;
    }
    size_t colon = stir_slice_find(text, ':');
    if (colon == n)
        return n;
    struct stir_slice name = stir_slice_upto(text, colon), value = stir_slice_trim(stir_slice_from(text, colon + 1));
    if (stir_slice_ieq(name, stir_slice_str("Content-Encoding")) && !stir_slice_ieq(value, stir_slice_str("identity")))
        return end(f, STIR_EIO, "its body is compressed, which was not asked for");
    enum stir_err err = stir_peer_field(f->answer, name, value, (int64_t)time(NULL));
    return err == STIR_OK ? n : end(f, err, "out of memory");
}

static int look_for_stop(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct flight *f = arg;
    (void)a, (void)b, (void)c, (void)d;
    if (!f->peer->stop || !f->peer->stop(f->peer->stop_arg))
        return 0;
    end(f, STIR_EBUSY, "it was stopped");
    return 1;
}

/* ---- What is sent ---- */

static bool add_header(struct flight *f, const char *name, const char *value)
{
    size_t n = strlen(name) + strlen(value) + 3;
    char *line = malloc(n);
    struct curl_slist *more = NULL;
    if (line) {
        snprintf(line, n, "%s:%s%s", name, value[0] ? " " : "", value);
        more = curl_slist_append(f->headers, line);
        OPENSSL_cleanse(line, n);
    }
    free(line);
    f->headers = more ? more : f->headers;
    return more != NULL;
}

static bool make_headers(struct flight *f)
{
    const struct stir_peer_ask *ask = f->ask;
    return add_header(f, "Accept", ask->accept ? ask->accept : "*/*") && add_header(f, "Expect", "") && /* empty: none is sent */
           (!ask->type || add_header(f, "Content-Type", ask->type)) && (!ask->authorization || add_header(f, "Authorization", ask->authorization));
}

/* SET(option, value) until one fails. */
#define SET(option, value) (code = code ? code : curl_easy_setopt(easy, option, value))

static CURLcode set_connection(CURL *easy, const struct stir_peer *peer, const char *url)
{
    CURLcode code = CURLE_OK;
    SET(CURLOPT_URL, url);
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_PROXY, ""); /* not NULL: that would ask the environment */
    SET(CURLOPT_PROTOCOLS_STR, peer->any_url ? "http,https" : "https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_TIMEOUT_MS, (long)peer->timeout_ms);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(peer->timeout_ms < CONNECT_MS ? peer->timeout_ms : CONNECT_MS));
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    if (peer->tls_root) {
        SET(CURLOPT_CAINFO, peer->tls_root);
        SET(CURLOPT_CAPATH, NULL); /* instead of the system's roots, not beside them */
    }
    return code;
}

static CURLcode set_method(CURL *easy, const struct stir_peer_ask *ask)
{
    CURLcode code = CURLE_OK;
    if (strcmp(ask->method, "HEAD") == 0) {
        SET(CURLOPT_NOBODY, 1L);
    } else if (strcmp(ask->method, "POST") == 0) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)ask->body.n);
        SET(CURLOPT_POSTFIELDS, ask->body.p ? ask->body.p : ""); /* not copied */
    } else {
        SET(CURLOPT_HTTPGET, 1L);
    }
    return code;
}

static CURLcode set_transfer(CURL *easy, struct flight *f)
{
    CURLcode code = CURLE_OK;
    SET(CURLOPT_HTTPHEADER, f->headers);
    SET(CURLOPT_USERAGENT, f->peer->agent);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, f);
    SET(CURLOPT_HEADERFUNCTION, take_head);
    SET(CURLOPT_HEADERDATA, f);
    SET(CURLOPT_HTTP_CONTENT_DECODING, 0L);
    SET(CURLOPT_ERRORBUFFER, f->error);
    SET(CURLOPT_XFERINFOFUNCTION, look_for_stop);
    SET(CURLOPT_XFERINFODATA, f);
    SET(CURLOPT_NOPROGRESS, 0L);
    return code;
}

/* ---- One request ---- */

/* What nothing was said of is "", never NULL. */
static bool fill(struct stir_peer_answer *a)
{
    char **texts[] = {&a->type, &a->location, &a->replay_nonce, &a->etag};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (!*texts[i])
            *texts[i] = strdup("");
    if (!a->body.p)
        a->body = stir_slice_of(calloc(1, 1), 0);
    return a->type && a->location && a->replay_nonce && a->etag && a->body.p;
}

static enum stir_err say(const struct flight *f, CURLcode code, struct stir_diag *diag)
{
    struct stir_slice url = stir_slice_str(f->ask->url);
    if (f->stopped != STIR_OK)
        return stir_diag_set(diag, f->stopped, SIZE_MAX, "%.*s: %s", STIR_SHOW(url), f->why);
    if (code == CURLE_OUT_OF_MEMORY)
        return stir_diag_set(diag, STIR_ENOMEM, SIZE_MAX, "out of memory");
    return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "%.*s: %.120s", STIR_SHOW(url), f->error[0] ? f->error : curl_easy_strerror(code));
}

static enum stir_err fly(struct flight *f, struct stir_diag *diag)
{
    CURL *easy = f->peer->easy;
    CURLcode code = make_headers(f) ? CURLE_OK : CURLE_OUT_OF_MEMORY;
    code = code ? code : set_connection(easy, f->peer, f->ask->url);
    code = code ? code : set_method(easy, f->ask);
    code = code ? code : set_transfer(easy, f);
    code = code ? code : curl_easy_perform(easy);
    if (code != CURLE_OK)
        return say(f, code, diag);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &f->answer->status);
    return fill(f->answer) ? STIR_OK : stir_diag_set(diag, STIR_ENOMEM, SIZE_MAX, "out of memory");
}

enum stir_err stir_peer_ask(struct stir_peer_answer *out, struct stir_peer *peer, const struct stir_peer_ask *ask, struct stir_diag *diag)
{
    STIR_NET_QUIET;
    struct stir_peer_answer answer = {.retry_after = -1, .secret = ask->secret};
    struct flight f = {.peer = peer, .ask = ask, .answer = &answer};
    const char *fault = stir_peer_url_fault(stir_slice_str(ask->url), peer->any_url);
    if (fault)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "\"%.*s\" may not be asked: %s", STIR_SHOW(stir_slice_str(ask->url)), fault);
    curl_easy_reset(peer->easy);
    enum stir_err err = fly(&f, diag);
    curl_easy_reset(peer->easy); /* nothing of this request stays but the connection */
    for (struct curl_slist *header = ask->secret || ask->authorization ? f.headers : NULL; header; header = header->next)
        OPENSSL_cleanse(header->data, strlen(header->data));
    curl_slist_free_all(f.headers);
    if (err != STIR_OK)
        stir_peer_answer_free(&answer);
    else
        *out = answer;
    return err;
}

void stir_peer_answer_free(struct stir_peer_answer *a)
{
    char *body = (char *)(uintptr_t)a->body.p;
    free_fields(a);
    if (body && a->secret)
        OPENSSL_cleanse(body, a->body.n);
    free(body);
    *a = (struct stir_peer_answer){.retry_after = -1};
}
