/* Over 600 lines, and still one subject: the way of one request from its name to its body, whose every step sees the same struct flight. */
#include "io/fetch.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "core/bytes.h"
#include "io/resolve.h"

struct fetcher_list {
    struct flight *first, *last;
};

struct stir_fetcher {
    struct stir_fetch_options options; /* its texts are gone */
    char *tls_root;
    CURLM *multi;
    struct stir_resolver *resolver;
    int epoll;
    int64_t curl_due; /* monotonic milliseconds; -1: no timer */
    size_t n;         /* flights not yet given back */
    /* Under way, by start and therefore by deadline; and ended. */
    struct fetcher_list active, ended;
};

struct flight {
    struct stir_flight shown; /* first: one is the other */
    struct stir_fetcher *fetcher;
    struct flight *before, *after;
    int64_t deadline;
    uint16_t port;
    char host[256]; /* small letters, brackets around IPv6 */
    struct stir_lookup *lookup;
    struct stir_addrs addrs; /* all judged; the connection goes to one of these */
    CURL *easy;
    CURLSH *names; /* a memory of names of its own: another flight's pins are not this one's */
    struct curl_slist *headers, *pins;
    struct stir_slice post; /* ours */
    size_t max_bytes, cap, header_bytes, header_lines;
    bool literal, asked_etag, refused;
    const char *stopped; /* why we ended the transfer ourselves */
    char curl_error[CURL_ERROR_SIZE];
};

static int64_t clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void list_add(struct fetcher_list *list, struct flight *f)
{
    f->before = list->last;
    f->after = NULL;
    *(list->last ? &list->last->after : &list->first) = f;
    list->last = f;
}

static void list_remove(struct fetcher_list *list, struct flight *f)
{
    *(f->before ? &f->before->after : &list->first) = f->after;
    *(f->after ? &f->after->before : &list->last) = f->before;
}

/* Everything of a flight that is still in the air. */
static void ground(struct flight *f)
{
    if (f->lookup)
        stir_lookup_cancel(f->lookup);
    f->lookup = NULL;
    if (f->easy) {
        curl_multi_remove_handle(f->fetcher->multi, f->easy);
        curl_easy_cleanup(f->easy);
    }
    f->easy = NULL;
    curl_share_cleanup(f->names);
    f->names = NULL;
    for (struct curl_slist *header = f->shown.secret ? f->headers : NULL; header; header = header->next)
        OPENSSL_cleanse(header->data, strlen(header->data));
    curl_slist_free_all(f->headers);
    curl_slist_free_all(f->pins);
    f->headers = f->pins = NULL;
    OPENSSL_clear_free((void *)(uintptr_t)f->post.p, f->post.n);
    f->post = (struct stir_slice){NULL, 0};
}

static void free_body(struct stir_flight *flight)
{
    if (flight->body && flight->secret)
        OPENSSL_cleanse(flight->body, flight->n);
    free(flight->body);
    flight->body = NULL;
    flight->n = 0;
}

static void end(struct flight *f, enum stir_fetch_end how)
{
    ground(f);
    if (how != STIR_FETCH_BODY)
        free_body(&f->shown);
    f->shown.end = how;
    list_remove(&f->fetcher->active, f);
    list_add(&f->fetcher->ended, f);
}

static void say(struct flight *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct flight *f, const char *format, ...)
{
    struct stir_diag diag = {0};
    char text[sizeof(diag.text)];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    (void)stir_diag_set(&diag, STIR_OK, SIZE_MAX, "%s", text); /* escapes what a server may have put in */
    memcpy(f->shown.detail, diag.text, sizeof(f->shown.detail));
}

/* ---- What curl asks and tells ---- */

/* The second look, at the very address that is about to be connected to: whatever happened to the name in between. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct flight *f = arg;
    struct stir_net_addr addr;
    bool pinned = false;
    if (purpose != CURLSOCKTYPE_IPCXN || stir_net_addr_of(&addr, &address->addr) != STIR_OK)
        return CURL_SOCKET_BAD;
    for (size_t i = 0; i < f->addrs.n; i++)
        pinned = pinned || stir_net_addr_eq(&addr, &f->addrs.addr[i]);
    if (!pinned || stir_guard_fault(&f->fetcher->options.guard, &addr)) {
        f->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t stop(struct flight *f, const char *why)
{
    f->stopped = why;
    return 0;
}

static size_t take_body(char *bytes, size_t one, size_t n, void *arg)
{
    struct flight *f = arg;
    long status = 0;
    (void)one;
    curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        return stop(f, "the status is not 200"); /* its body is nobody's business */
    if (n > f->max_bytes - f->shown.n)
        return stop(f, "the body is too long");
    if (f->shown.n + n > f->cap) {
        size_t cap = f->cap ? f->cap : f->shown.secret ? f->max_bytes : 4096; /* what realloc leaves behind could be a secret */
        while (cap < f->shown.n + n)
            cap *= 2;
        char *bigger = realloc(f->shown.body, cap);
        if (!bigger)
            return stop(f, "out of memory");
        f->shown.body = bigger;
        f->cap = cap;
    }
    memcpy(f->shown.body + f->shown.n, bytes, n);
    f->shown.n += n;
    return n;
}

/* Any other is as none. */
static void take_etag(struct flight *f, struct stir_slice value)
{
    size_t n = stir_http_etag_is_good(value) ? value.n : 0;
    memcpy(f->shown.etag, value.p, n);
    f->shown.etag[n] = '\0';
}

static void begin_headers(struct flight *f)
{
    f->shown.life = (struct stir_http_life)STIR_HTTP_LIFE_INIT;
    f->shown.etag[0] = '\0';
}

static size_t take_header(char *line, size_t one, size_t n, void *arg)
{
    struct flight *f = arg;
    struct stir_slice text = stir_slice_of(line, n);
    (void)one;
    f->header_bytes += n;
    if (f->header_bytes > STIR_FETCH_HEADER_BYTES || ++f->header_lines > STIR_FETCH_HEADERS)
        return stop(f, "the headers are too long");
    if (stir_slice_ieq(stir_slice_upto(text, n < 5 ? n : 5), stir_slice_str("HTTP/"))) {
        begin_headers(f); /* those of a 1xx before do not count */
        return n;
    }
    size_t colon = stir_slice_find(text, ':');
    if (colon == n)
        return n;
    struct stir_slice name = stir_slice_upto(text, colon), value = stir_slice_trim(stir_slice_from(text, colon + 1));
    if (stir_slice_ieq(name, stir_slice_str("Content-Encoding")) && !stir_slice_ieq(value, stir_slice_str("identity")))
        return stop(f, "the body is compressed, which was not asked for");
    if (stir_slice_ieq(name, stir_slice_str("Transfer-Encoding")) && !stir_slice_ieq(value, stir_slice_str("chunked")))
        return stop(f, "the transfer is encoded, which was not asked for");
    if (stir_slice_ieq(name, stir_slice_str("ETag")))
        take_etag(f, value);
    stir_http_life_read(&f->shown.life, name, value);
    return n;
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
    const struct stir_fetcher *fetcher = arg;
    (void)easy;
    (void)unused;
    stir_watch(fetcher->epoll, STIR_WATCH_HTTP, fd, what == CURL_POLL_IN || what == CURL_POLL_INOUT, what == CURL_POLL_OUT || what == CURL_POLL_INOUT);
    return 0;
}

static int set_timer(CURLM *multi, long ms, void *arg)
{
    struct stir_fetcher *fetcher = arg;
    (void)multi;
    fetcher->curl_due = ms < 0 ? -1 : clock_ms() + ms;
    return 0;
}

/* ---- A flight's way: name, addresses, transfer ---- */

/* SET(option, value) until one fails. */
#define SET(option, value) (code = code ? code : curl_easy_setopt(f->easy, option, value))

static CURLcode set_connection(struct flight *f)
{
    const char *tls_root = f->fetcher->tls_root;
    CURLcode code = CURLE_OK;
    SET(CURLOPT_URL, f->shown.url);
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_SHARE, f->names);
    SET(CURLOPT_RESOLVE, f->pins);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, f);
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

static CURLcode set_transfer(struct flight *f)
{
    CURLcode code = CURLE_OK;
    char agent[32];
    snprintf(agent, sizeof(agent), "stir/%s", stir_version());
    SET(CURLOPT_HTTPHEADER, f->headers);
    SET(CURLOPT_USERAGENT, agent);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, f);
    SET(CURLOPT_HEADERFUNCTION, take_header);
    SET(CURLOPT_HEADERDATA, f);
    SET(CURLOPT_HTTP_CONTENT_DECODING, 0L);
    SET(CURLOPT_BUFFERSIZE, 16384L);
    SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)f->max_bytes);
    SET(CURLOPT_ERRORBUFFER, f->curl_error);
    SET(CURLOPT_PRIVATE, f);
    if (f->post.p) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE, (long)f->post.n);
        SET(CURLOPT_POSTFIELDS, f->post.p); /* not copied */
    }
    return code;
}

/* host:port:address[,address...] */
static bool pin(struct flight *f)
{
    char text[sizeof(f->host) + 16 + STIR_RESOLVE_ADDRS * 48];
    struct stir_writer w = stir_writer_of(text, sizeof(text) - 1);
    size_t n;
    stir_put_format(&w, "%s:%u:", f->host, f->port);
    for (size_t i = 0; i < f->addrs.n; i++) {
        stir_put_text(&w, i ? "," : "");
        stir_put_net_addr(&w, &f->addrs.addr[i]);
    }
    if (stir_writer_close(&w, &n) != STIR_OK)
        return false;
    f->pins = curl_slist_append(NULL, text);
    return f->pins != NULL;
}

static bool open_names(struct flight *f)
{
    f->names = curl_share_init();
    return f->names && curl_share_setopt(f->names, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) == CURLSHE_OK;
}

static void take_off(struct flight *f)
{
    bool good = open_names(f) && (f->literal || pin(f));
    f->easy = good ? curl_easy_init() : NULL;
    if (f->easy && set_connection(f) == CURLE_OK && set_transfer(f) == CURLE_OK && curl_multi_add_handle(f->fetcher->multi, f->easy) == CURLM_OK)
        return;
    say(f, "curl could not begin: out of memory, or a root file that it cannot use");
    end(f, STIR_FETCH_UNREACHABLE);
}

/* All addresses are judged before any is used: one that is not public makes the whole answer suspect. */
/*= ATIS1000074-5.3.1 */
static bool addresses_are_good(struct flight *f)
{
    if (f->addrs.seen == 0 || f->addrs.seen > STIR_RESOLVE_ADDRS) {
        say(f, f->addrs.seen ? "the name has more than %d addresses" : "the name has no address", STIR_RESOLVE_ADDRS);
        end(f, STIR_FETCH_UNREACHABLE);
        return false;
    }
    for (size_t i = 0; i < f->addrs.n; i++) {
        const char *fault = stir_guard_fault(&f->fetcher->options.guard, &f->addrs.addr[i]);
        if (fault) {
            say(f, "%s has an address that is %s, and no such network was opened", f->host, fault);
            end(f, STIR_FETCH_REFUSED);
            return false;
        }
    }
    return true;
}

static void resolved(void *arg, const struct stir_addrs *addrs, const char *fault)
{
    struct flight *f = arg;
    f->lookup = NULL;
    if (fault) {
        say(f, "%s cannot be resolved: %s", f->host, fault);
        end(f, STIR_FETCH_UNREACHABLE);
        return;
    }
    f->addrs = *addrs;
    if (addresses_are_good(f))
        take_off(f);
}

/* An address instead of a name: only in its usual spelling. */
static void begin_literal(struct flight *f, struct stir_slice host)
{
    if (stir_net_addr_parse(&f->addrs.addr[0], host) != STIR_OK) {
        say(f, "the URL's host is a number that is no address in its usual spelling");
        end(f, STIR_FETCH_REFUSED);
        return;
    }
    f->literal = true;
    f->addrs.n = f->addrs.seen = 1;
    if (addresses_are_good(f))
        take_off(f);
}

static void begin_name(struct flight *f, struct stir_slice host)
{
    struct stir_lookup *lookup = NULL;
    enum stir_err err = stir_lookup_start(&lookup, f->fetcher->resolver, host, resolved, f);
    if (err != STIR_OK) {
        say(f, "the name cannot be asked for: %s", stir_err_text(err));
        end(f, STIR_FETCH_UNREACHABLE);
    } else if (!f->shown.end && !f->easy) {
        f->lookup = lookup;
    }
}

/* curl has done with it. */
static void land(struct flight *f, CURLcode code)
{
    curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &f->shown.status);
    long status = f->shown.status;
    if (f->refused) {
        say(f, "%s was about to be connected to at an address that is not the one judged", f->host);
        end(f, STIR_FETCH_REFUSED);
    } else if (status == 304 && f->asked_etag && code == CURLE_OK) {
        end(f, STIR_FETCH_NOT_MODIFIED);
    } else if (status >= 300 && status < 400) {
        say(f, "status %ld: a redirect, which is never followed", status);
        end(f, STIR_FETCH_UNREACHABLE);
    } else if (status && status != 200) {
        say(f, "status %ld instead of 200", status);
        end(f, STIR_FETCH_UNREACHABLE);
    } else if (code != CURLE_OK) {
        say(f, "%s", f->stopped ? f->stopped : f->curl_error[0] ? f->curl_error : curl_easy_strerror(code));
        end(f, STIR_FETCH_UNREACHABLE);
    } else {
        end(f, STIR_FETCH_BODY);
    }
}

/* ---- Everybody's ---- */

static void write_host(struct flight *f, const struct stir_url *url)
{
    struct stir_writer w = stir_writer_of(f->host, sizeof(f->host) - 1);
    size_t n;
    for (size_t i = 0; i < url->host.n; i++)
        stir_put_char(&w, stir_lower(url->host.p[i]));
    if (stir_writer_close(&w, &n) != STIR_OK)
        f->host[0] = '\0'; /* longer than a name can be: the lookup refuses it */
}

/* One line more; curl copies it, and this copy of a credential does not stay. */
static bool add_header(struct flight *f, const char *name, struct stir_slice value)
{
    size_t n = strlen(name) + 2 + value.n;
    char *line = malloc(n + 1);
    struct curl_slist *more = NULL;
    if (line && snprintf(line, n + 1, "%s: %.*s", name, (int)value.n, value.p) == (int)n)
        more = curl_slist_append(f->headers, line);
    if (line)
        OPENSSL_cleanse(line, n);
    free(line);
    f->headers = more ? more : f->headers;
    return more != NULL;
}

static bool make_headers(struct flight *f, const struct stir_fetch_ask *ask)
{
    f->asked_etag = ask->etag[0] != '\0';
    return add_header(f, "Accept", stir_slice_str(ask->accept)) && (!f->asked_etag || add_header(f, "If-None-Match", stir_slice_str(ask->etag))) &&
           (!ask->authorization.p || add_header(f, "Authorization", ask->authorization)) &&
           (!ask->post.p || add_header(f, "Content-Type", stir_slice_str("application/json")));
}

static bool copy_post(struct flight *f, struct stir_slice post)
{
    char *copy = post.p ? OPENSSL_memdup(post.p, post.n ? post.n : 1) : NULL;
    f->post = stir_slice_of(copy, copy ? post.n : 0);
    return !post.p || copy;
}

enum stir_err stir_fetch_start(struct stir_flight **out, struct stir_fetcher *fetcher, const struct stir_fetch_ask *ask, void *owner)
{
    if (fetcher->n >= fetcher->options.max_flights)
        return STIR_ELIMIT;
    struct flight *f = calloc(1, sizeof(*f));
    if (!f)
        return STIR_ENOMEM;
    f->fetcher = fetcher;
    f->shown.owner = owner;
    f->shown.secret = ask->authorization.p || ask->post.p;
    f->port = ask->url->port;
    f->max_bytes = ask->max_bytes;
    f->deadline = clock_ms() + fetcher->options.timeout_ms;
    begin_headers(f);
    write_host(f, ask->url);
    snprintf(f->shown.url, sizeof(f->shown.url), "%s", ask->text);
    if (!make_headers(f, ask) || !copy_post(f, ask->post)) {
        ground(f);
        free(f);
        return STIR_ENOMEM;
    }
    fetcher->n++;
    list_add(&fetcher->active, f);
    *out = &f->shown;
    if (ask->url->host_is_ip)
        begin_literal(f, ask->url->host);
    else
        begin_name(f, ask->url->host);
    return STIR_OK;
}

static void look_at_sockets(struct stir_fetcher *fetcher)
{
    struct epoll_event events[64];
    int n = epoll_wait(fetcher->epoll, events, 64, 0), running;
    for (int i = 0; i < n; i++) {
        uint32_t is = events[i].events;
        int fd = (int)(uint32_t)events[i].data.u64;
        bool broken = is & (EPOLLERR | EPOLLHUP), readable = is & EPOLLIN || broken, writable = is & EPOLLOUT;
        if (events[i].data.u64 >> 32 == STIR_WATCH_DNS)
            stir_resolver_step(fetcher->resolver, fd, readable, writable);
        else
            curl_multi_socket_action(fetcher->multi, fd, (readable ? CURL_CSELECT_IN : 0) | (writable ? CURL_CSELECT_OUT : 0) | (broken ? CURL_CSELECT_ERR : 0),
                                     &running);
    }
}

static void look_at_clock(struct stir_fetcher *fetcher)
{
    int running;
    int64_t now = clock_ms();
    stir_resolver_step(fetcher->resolver, -1, false, false);
    if (fetcher->curl_due >= 0 && fetcher->curl_due <= now) {
        fetcher->curl_due = -1;
        curl_multi_socket_action(fetcher->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
}

static void take_landed(struct stir_fetcher *fetcher)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(fetcher->multi, &left))) {
        char *f = NULL;
        CURLcode code = message->data.result;
        if (message->msg == CURLMSG_DONE && curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &f) == CURLE_OK && f)
            land((struct flight *)(void *)f, code);
    }
}

void stir_fetch_step(struct stir_fetcher *fetcher)
{
    look_at_sockets(fetcher);
    look_at_clock(fetcher);
    take_landed(fetcher);
    while (fetcher->active.first && fetcher->active.first->deadline <= clock_ms()) {
        struct flight *f = fetcher->active.first;
        say(f, "no whole answer within %lld ms (%s)", (long long)fetcher->options.timeout_ms, f->easy ? f->host : "the name was not resolved");
        end(f, STIR_FETCH_UNREACHABLE);
    }
}

int stir_fetch_fd(const struct stir_fetcher *fetcher)
{
    return fetcher->epoll;
}

int64_t stir_fetch_wait(struct stir_fetcher *fetcher)
{
    if (fetcher->ended.first)
        return 0;
    if (!fetcher->active.first)
        return -1;
    int64_t now = clock_ms(), wait = fetcher->active.first->deadline - now, dns = stir_resolver_wait(fetcher->resolver);
    if (fetcher->curl_due >= 0 && fetcher->curl_due - now < wait)
        wait = fetcher->curl_due - now;
    if (dns >= 0 && dns < wait)
        wait = dns;
    return wait < 0 ? 0 : wait;
}

struct stir_flight *stir_fetch_next(struct stir_fetcher *fetcher)
{
    struct flight *f = fetcher->ended.first;
    if (!f)
        return NULL;
    list_remove(&fetcher->ended, f);
    fetcher->n--;
    return &f->shown;
}

void stir_flight_free(struct stir_flight *flight)
{
    if (flight)
        free_body(flight);
    free(flight);
}

static bool open_multi(struct stir_fetcher *fetcher)
{
    fetcher->multi = curl_multi_init();
    return fetcher->multi && curl_multi_setopt(fetcher->multi, CURLMOPT_SOCKETFUNCTION, watch_socket) == CURLM_OK &&
           curl_multi_setopt(fetcher->multi, CURLMOPT_SOCKETDATA, fetcher) == CURLM_OK &&
           curl_multi_setopt(fetcher->multi, CURLMOPT_TIMERFUNCTION, set_timer) == CURLM_OK &&
           curl_multi_setopt(fetcher->multi, CURLMOPT_TIMERDATA, fetcher) == CURLM_OK &&
           curl_multi_setopt(fetcher->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)fetcher->options.max_connections) == CURLM_OK &&
           curl_multi_setopt(fetcher->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)STIR_FETCH_PER_HOST) == CURLM_OK &&
           curl_multi_setopt(fetcher->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING) == CURLM_OK;
}

enum stir_err stir_fetcher_new(struct stir_fetcher **out, const struct stir_fetch_options *options, struct stir_diag *diag)
{
    struct stir_fetcher *fetcher = calloc(1, sizeof(*fetcher));
    if (!fetcher)
        return STIR_ENOMEM;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) { /* counted; safe among threads since curl 7.84 */
        free(fetcher);
        return stir_diag_set(diag, STIR_ECRYPTO, SIZE_MAX, "libcurl cannot begin");
    }
    fetcher->options = *options;
    fetcher->curl_due = -1;
    fetcher->epoll = epoll_create1(EPOLL_CLOEXEC);
    fetcher->tls_root = options->tls_root ? strdup(options->tls_root) : NULL;
    enum stir_err err = fetcher->epoll < 0 ? stir_diag_set(diag, STIR_ENOMEM, SIZE_MAX, "no descriptor is left for epoll") : STIR_OK;
    if (err == STIR_OK && ((options->tls_root && !fetcher->tls_root) || !open_multi(fetcher)))
        err = STIR_ENOMEM;
    if (err == STIR_OK)
        err = stir_resolver_new(&fetcher->resolver, options->resolver, options->timeout_ms, fetcher->epoll);
    if (err == STIR_ESYNTAX)
        (void)stir_diag_set(diag, err, SIZE_MAX, "the resolver \"%.*s\" is no IP:PORT", STIR_SHOW(options->resolver));
    if (err == STIR_OK)
        *out = fetcher;
    else
        stir_fetcher_free(fetcher);
    return err;
}

void stir_fetcher_free(struct stir_fetcher *fetcher)
{
    if (!fetcher)
        return;
    while (fetcher->active.first)
        end(fetcher->active.first, STIR_FETCH_UNREACHABLE);
    while (fetcher->ended.first)
        stir_flight_free(stir_fetch_next(fetcher));
    stir_resolver_free(fetcher->resolver);
    if (fetcher->multi)
        curl_multi_cleanup(fetcher->multi);
    if (fetcher->epoll >= 0)
        close(fetcher->epoll);
    curl_global_cleanup();
    free(fetcher->tls_root);
    free(fetcher);
}
