#include "io/fetch_transfer.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/bytes.h"

/* ---- What is asked for ---- */

static void begin_headers(struct stir_transfer *t)
{
    t->shown->life = (struct stir_http_life)STIR_HTTP_LIFE_INIT;
    t->shown->etag[0] = '\0';
}

static void write_host(struct stir_transfer *t, const struct stir_url *url)
{
    struct stir_writer w = stir_writer_of(t->host, sizeof(t->host) - 1);
    size_t n;
    for (size_t i = 0; i < url->host.n; i++)
        stir_put_char(&w, stir_lower(url->host.p[i]));
    if (stir_writer_close(&w, &n) != STIR_OK)
        t->host[0] = '\0'; /* longer than a name can be: the lookup refuses it */
}

/* One line more; curl copies it, and this copy of a credential does not stay. */
static bool add_header(struct stir_transfer *t, const char *name, struct stir_slice value)
{
    size_t n = strlen(name) + 2 + value.n;
    char *line = malloc(n + 1);
    struct curl_slist *more = NULL;
    if (line && snprintf(line, n + 1, "%s: %.*s", name, (int)value.n, value.p) == (int)n)
        more = curl_slist_append(t->headers, line);
    if (line)
        OPENSSL_cleanse(line, n);
    free(line);
    t->headers = more ? more : t->headers;
    return more != NULL;
}

static bool make_headers(struct stir_transfer *t, const struct stir_fetch_ask *ask)
{
    t->asked_etag = ask->etag[0] != '\0';
    return add_header(t, "Accept", stir_slice_str(ask->accept)) && (!t->asked_etag || add_header(t, "If-None-Match", stir_slice_str(ask->etag))) &&
           (!ask->authorization.p || add_header(t, "Authorization", ask->authorization)) &&
           (!ask->post.p || add_header(t, "Content-Type", stir_slice_str("application/json")));
}

static bool copy_post(struct stir_transfer *t, struct stir_slice post)
{
    char *copy = post.p ? OPENSSL_memdup(post.p, post.n ? post.n : 1) : NULL;
    t->post = stir_slice_of(copy, copy ? post.n : 0);
    return !post.p || copy;
}

enum stir_err stir_transfer_ask(struct stir_transfer *t, const struct stir_fetch_ask *ask)
{
    t->port = ask->url->port;
    t->max_bytes = ask->max_bytes;
    begin_headers(t);
    write_host(t, ask->url);
    return make_headers(t, ask) && copy_post(t, ask->post) ? STIR_OK : STIR_ENOMEM;
}

/* ---- What curl asks and tells ---- */

/* The second look, at the very address that is about to be connected to: whatever happened to the name in between. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct stir_transfer *t = arg;
    struct stir_net_addr addr;
    bool pinned = false;
    if (purpose != CURLSOCKTYPE_IPCXN || stir_net_addr_of(&addr, &address->addr) != STIR_OK)
        return CURL_SOCKET_BAD;
    for (size_t i = 0; i < t->addrs.n; i++)
        pinned = pinned || stir_net_addr_eq(&addr, &t->addrs.addr[i]);
    if (!pinned || stir_guard_fault(t->guard, &addr)) {
        t->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t stop(struct stir_transfer *t, const char *why)
{
    t->stopped = why;
    return 0;
}

static size_t take_body(char *bytes, size_t one, size_t n, void *arg)
{
    struct stir_transfer *t = arg;
    long status = 0;
    (void)one;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        return stop(t, "the status is not 200"); /* its body is nobody's business */
    if (n > t->max_bytes - t->shown->n)
        return stop(t, "the body is too long");
    if (t->shown->n + n > t->cap) {
        size_t cap = t->cap ? t->cap : t->shown->secret ? t->max_bytes : 4096; /* what realloc leaves behind could be a secret */
        while (cap < t->shown->n + n)
            cap *= 2;
        char *bigger = realloc(t->shown->body, cap);
        if (!bigger)
            return stop(t, "out of memory");
        t->shown->body = bigger;
        t->cap = cap;
    }
    memcpy(t->shown->body + t->shown->n, bytes, n);
    t->shown->n += n;
    return n;
}

/* Any other is as none. */
static void take_etag(struct stir_transfer *t, struct stir_slice value)
{
    size_t n = stir_http_etag_is_good(value) ? value.n : 0;
    memcpy(t->shown->etag, value.p, n);
    t->shown->etag[n] = '\0';
}

static size_t take_header(char *line, size_t one, size_t n, void *arg)
{
    struct stir_transfer *t = arg;
    struct stir_slice text = stir_slice_of(line, n);
    (void)one;
    t->header_bytes += n;
    if (t->header_bytes > STIR_FETCH_HEADER_BYTES || ++t->header_lines > STIR_FETCH_HEADERS)
        return stop(t, "the headers are too long");
    if (stir_slice_ieq(stir_slice_upto(text, n < 5 ? n : 5), stir_slice_str("HTTP/"))) {
        begin_headers(t); /* those of a 1xx before do not count */
        return n;
    }
    size_t colon = stir_slice_find(text, ':');
    if (colon == n)
        return n;
    struct stir_slice name = stir_slice_upto(text, colon), value = stir_slice_trim(stir_slice_from(text, colon + 1));
    if (stir_slice_ieq(name, stir_slice_str("Content-Encoding")) && !stir_slice_ieq(value, stir_slice_str("identity")))
        return stop(t, "the body is compressed, which was not asked for");
    if (stir_slice_ieq(name, stir_slice_str("Transfer-Encoding")) && !stir_slice_ieq(value, stir_slice_str("chunked")))
        return stop(t, "the transfer is encoded, which was not asked for");
    if (stir_slice_ieq(name, stir_slice_str("ETag")))
        take_etag(t, value);
    stir_http_life_read(&t->shown->life, name, value);
    return n;
}

/* ---- What curl is told ---- */

/* SET(option, value) until one fails. */
#define SET(option, value) (code = code ? code : curl_easy_setopt(t->easy, option, value))

static CURLcode set_connection(struct stir_transfer *t, const char *tls_root)
{
    CURLcode code = CURLE_OK;
    SET(CURLOPT_URL, t->shown->url);
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_SHARE, t->names);
    SET(CURLOPT_RESOLVE, t->pins);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, t);
    SET(CURLOPT_PROXY, ""); /* not NULL: that would ask the environment */
    SET(CURLOPT_PROTOCOLS_STR, "https");
    SET(CURLOPT_REDIR_PROTOCOLS_STR, "https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_FRESH_CONNECT, 1L); /* each fetch goes through the guard */
    SET(CURLOPT_FORBID_REUSE, 1L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    if (tls_root) {
        SET(CURLOPT_CAINFO, tls_root);
        SET(CURLOPT_CAPATH, NULL); /* instead of the system's roots, not beside them */
    }
    return code;
}

static CURLcode set_transfer(struct stir_transfer *t)
{
    CURLcode code = CURLE_OK;
    char agent[32];
    snprintf(agent, sizeof(agent), "stir/%s", stir_version());
    SET(CURLOPT_HTTPHEADER, t->headers);
    SET(CURLOPT_USERAGENT, agent);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, t);
    SET(CURLOPT_HEADERFUNCTION, take_header);
    SET(CURLOPT_HEADERDATA, t);
    SET(CURLOPT_HTTP_CONTENT_DECODING, 0L);
    SET(CURLOPT_BUFFERSIZE, 16384L);
    SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->max_bytes);
    SET(CURLOPT_ERRORBUFFER, t->curl_error);
    SET(CURLOPT_PRIVATE, t->shown);
    if (t->post.p) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE, (long)t->post.n);
        SET(CURLOPT_POSTFIELDS, t->post.p); /* not copied */
    }
    return code;
}

/* host:port:address[,address...] */
static bool pin(struct stir_transfer *t)
{
    char text[sizeof(t->host) + 16 + STIR_RESOLVE_ADDRS * 48];
    struct stir_writer w = stir_writer_of(text, sizeof(text) - 1);
    size_t n;
    stir_put_format(&w, "%s:%u:", t->host, t->port);
    for (size_t i = 0; i < t->addrs.n; i++) {
        stir_put_text(&w, i ? "," : "");
        stir_put_net_addr(&w, &t->addrs.addr[i]);
    }
    if (stir_writer_close(&w, &n) != STIR_OK)
        return false;
    t->pins = curl_slist_append(NULL, text);
    return t->pins != NULL;
}

static bool open_names(struct stir_transfer *t)
{
    t->names = curl_share_init();
    return t->names && curl_share_setopt(t->names, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) == CURLSHE_OK;
}

bool stir_transfer_begin(struct stir_transfer *t, CURLM *multi, const char *tls_root)
{
    bool good = open_names(t) && (t->literal || pin(t));
    t->multi = multi;
    t->easy = good ? curl_easy_init() : NULL;
    return t->easy && set_connection(t, tls_root) == CURLE_OK && set_transfer(t) == CURLE_OK && curl_multi_add_handle(multi, t->easy) == CURLM_OK;
}

void stir_transfer_clear(struct stir_transfer *t)
{
    if (t->easy) {
        curl_multi_remove_handle(t->multi, t->easy);
        curl_easy_cleanup(t->easy);
    }
    t->easy = NULL;
    curl_share_cleanup(t->names);
    t->names = NULL;
    for (struct curl_slist *header = t->shown->secret ? t->headers : NULL; header; header = header->next)
        OPENSSL_cleanse(header->data, strlen(header->data));
    curl_slist_free_all(t->headers);
    curl_slist_free_all(t->pins);
    t->headers = t->pins = NULL;
    OPENSSL_clear_free((void *)(uintptr_t)t->post.p, t->post.n);
    t->post = (struct stir_slice){NULL, 0};
}
