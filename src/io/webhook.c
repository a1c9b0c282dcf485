#include "io/webhook.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/bytes.h"
#include "io/clock.h"

enum {
    CONNECT_MS = 5000,
    ALL_MS = 10000,
    MAX_TOKEN = 8192,
    MAX_ANSWER = 1 << 20, /* bytes of an answer that are read, and thrown away */
};

struct stir_webhook {
    CURL *easy; /* kept, so that the connection is */
    char *url;
    _Atomic int64_t stop_at; /* monotonic milliseconds; 0: not */
    size_t answered;
    char error[CURL_ERROR_SIZE];
};

static size_t throw_away(char *p, size_t size, size_t n, void *arg)
{
    struct stir_webhook *webhook = arg;
    (void)p;
    webhook->answered += size * n;
    return webhook->answered > MAX_ANSWER ? 0 : size * n;
}

static bool is_stopped(struct stir_webhook *webhook)
{
    const int64_t at = atomic_load(&webhook->stop_at);
    return at && stir_clock_monotonic_ms() >= at;
}

static int look_for_stop(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct stir_webhook *webhook = arg;
    (void)a, (void)b, (void)c, (void)d;
    return is_stopped(webhook);
}

static bool set_up(struct stir_webhook *w)
{
    return curl_easy_setopt(w->easy, CURLOPT_URL, w->url) == CURLE_OK && curl_easy_setopt(w->easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(w->easy, CURLOPT_POST, 1L) == CURLE_OK && curl_easy_setopt(w->easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(w->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS) == CURLE_OK &&
           curl_easy_setopt(w->easy, CURLOPT_TIMEOUT_MS, (long)ALL_MS) == CURLE_OK && curl_easy_setopt(w->easy, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(w->easy, CURLOPT_WRITEFUNCTION, throw_away) == CURLE_OK && curl_easy_setopt(w->easy, CURLOPT_WRITEDATA, w) == CURLE_OK &&
           curl_easy_setopt(w->easy, CURLOPT_XFERINFOFUNCTION, look_for_stop) == CURLE_OK && curl_easy_setopt(w->easy, CURLOPT_XFERINFODATA, w) == CURLE_OK &&
           curl_easy_setopt(w->easy, CURLOPT_NOPROGRESS, 0L) == CURLE_OK && curl_easy_setopt(w->easy, CURLOPT_ERRORBUFFER, w->error) == CURLE_OK;
}

enum stir_err stir_webhook_new(struct stir_webhook **out, const char *url, struct stir_diag *diag)
{
    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "webhook: \"%.80s\" is no http:// or https:// URL", url);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) /* counted; safe among threads since curl 7.84 */
        return STIR_ENOMEM;
    struct stir_webhook *w = calloc(1, sizeof(*w));
    if (!w) {
        curl_global_cleanup();
        return STIR_ENOMEM;
    }
    w->easy = curl_easy_init();
    w->url = strdup(url);
    if (!w->easy || !w->url || !set_up(w)) {
        stir_webhook_free(w);
        return STIR_ENOMEM;
    }
    *out = w;
    return STIR_OK;
}

void stir_webhook_free(struct stir_webhook *w)
{
    if (!w)
        return;
    if (w->easy)
        curl_easy_cleanup(w->easy);
    free(w->url);
    free(w);
    curl_global_cleanup();
}

/* One more line; the list is gone when it could not be had. */
static struct curl_slist *with(struct curl_slist *list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(list, line);
    if (!longer)
        curl_slist_free_all(list);
    return longer;
}

static struct curl_slist *with_token(struct curl_slist *list, struct stir_slice token)
{
    char line[MAX_TOKEN + 32];
    struct stir_writer w = stir_writer_of(line, sizeof(line));
    stir_put_text(&w, "Authorization: Bearer ");
    stir_put_slice(&w, token);
    if (stir_writer_close(&w, NULL) != STIR_OK || stir_slice_find(token, '\n') < token.n || stir_slice_find(token, '\r') < token.n) {
        curl_slist_free_all(list);
        return NULL;
    }
    list = with(list, line);
    OPENSSL_cleanse(line, sizeof(line));
    return list;
}

static void free_headers(struct curl_slist *headers)
{
    for (struct curl_slist *at = headers; at; at = at->next)
        OPENSSL_cleanse(at->data, strlen(at->data)); /* the token */
    curl_slist_free_all(headers);
}

static enum stir_webhook_result judge(struct stir_webhook *w, CURLcode code, struct stir_diag *diag)
{
    long status = 0;
    if (code != CURLE_OK) {
        stir_diag_set(diag, STIR_EIO, SIZE_MAX, "webhook: %.150s", w->error[0] ? w->error : curl_easy_strerror(code));
        return STIR_WEBHOOK_LATER;
    }
    curl_easy_getinfo(w->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200 && status < 300)
        return STIR_WEBHOOK_TAKEN;
    stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "webhook: the peer answered %ld", status);
    return status >= 500 || status == 408 || status == 429 ? STIR_WEBHOOK_LATER : STIR_WEBHOOK_REFUSED;
}

enum stir_webhook_result stir_webhook_post(struct stir_webhook *w, struct stir_slice body, struct stir_slice token, struct stir_diag *diag)
{
    struct curl_slist *headers = with(NULL, "Content-Type: application/json");
    CURLcode code = CURLE_OUT_OF_MEMORY;
    headers = headers ? with(headers, "Expect:") : NULL;
    headers = headers && token.p ? with_token(headers, token) : headers;
    w->answered = 0;
    w->error[0] = '\0';
    if (headers && !is_stopped(w) && curl_easy_setopt(w->easy, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
        curl_easy_setopt(w->easy, CURLOPT_POSTFIELDS, body.p) == CURLE_OK &&
        curl_easy_setopt(w->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n) == CURLE_OK)
        code = curl_easy_perform(w->easy);
    const enum stir_webhook_result result = judge(w, code, diag);
    (void)curl_easy_setopt(w->easy, CURLOPT_HTTPHEADER, NULL);
    free_headers(headers);
    return result;
}

void stir_webhook_stop(struct stir_webhook *w, int64_t ms)
{
    atomic_store(&w->stop_at, stir_clock_monotonic_ms() + ms);
}
