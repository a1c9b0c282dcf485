/* The way of requests, many side by side: name, addresses, transfer, end. What curl does of one of them is in fetch_transfer.c. */
#include "io/fetch.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "core/bytes.h"
#include "io/fetch_transfer.h"
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
    struct stir_lookup *lookup;
    struct stir_transfer transfer;
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
    stir_transfer_clear(&f->transfer);
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

/* ---- What curl waits for ---- */

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

static void take_off(struct flight *f)
{
    if (stir_transfer_begin(&f->transfer, f->fetcher->multi, f->fetcher->tls_root))
        return;
    say(f, "curl could not begin: out of memory, or a root file that it cannot use");
    end(f, STIR_FETCH_UNREACHABLE);
}

/* All addresses are judged before any is used: one that is not public makes the whole answer suspect. */
/*= ATIS1000074-5.3.1 */
static bool addresses_are_good(struct flight *f)
{
    const struct stir_addrs *addrs = &f->transfer.addrs;
    if (addrs->seen == 0 || addrs->seen > STIR_RESOLVE_ADDRS) {
        say(f, addrs->seen ? "the name has more than %d addresses" : "the name has no address", STIR_RESOLVE_ADDRS);
        end(f, STIR_FETCH_UNREACHABLE);
        return false;
    }
    for (size_t i = 0; i < addrs->n; i++) {
        const char *fault = stir_guard_fault(&f->fetcher->options.guard, &addrs->addr[i]);
        if (fault) {
            say(f, "%s has an address that is %s, and no such network was opened", f->transfer.host, fault);
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
        say(f, "%s cannot be resolved: %s", f->transfer.host, fault);
        end(f, STIR_FETCH_UNREACHABLE);
        return;
    }
    f->transfer.addrs = *addrs;
    if (addresses_are_good(f))
        take_off(f);
}

/* An address instead of a name: only in its usual spelling. */
static void begin_literal(struct flight *f, struct stir_slice host)
{
    if (stir_net_addr_parse(&f->transfer.addrs.addr[0], host) != STIR_OK) {
        say(f, "the URL's host is a number that is no address in its usual spelling");
        end(f, STIR_FETCH_REFUSED);
        return;
    }
    f->transfer.literal = true;
    f->transfer.addrs.n = f->transfer.addrs.seen = 1;
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
    } else if (!f->shown.end && !f->transfer.easy) {
        f->lookup = lookup;
    }
}

/* curl has done with it. */
static void land(struct flight *f, CURLcode code)
{
    const struct stir_transfer *t = &f->transfer;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &f->shown.status);
    long status = f->shown.status;
    if (t->refused) {
        say(f, "%s was about to be connected to at an address that is not the one judged", t->host);
        end(f, STIR_FETCH_REFUSED);
    } else if (status == 304 && t->asked_etag && code == CURLE_OK) {
        end(f, STIR_FETCH_NOT_MODIFIED);
    } else if (status >= 300 && status < 400) {
        say(f, "status %ld: a redirect, which is never followed", status);
        end(f, STIR_FETCH_UNREACHABLE);
    } else if (status && status != 200) {
        say(f, "status %ld instead of 200", status);
        end(f, STIR_FETCH_UNREACHABLE);
    } else if (code != CURLE_OK) {
        say(f, "%s", t->stopped ? t->stopped : t->curl_error[0] ? t->curl_error : curl_easy_strerror(code));
        end(f, STIR_FETCH_UNREACHABLE);
    } else {
        end(f, STIR_FETCH_BODY);
    }
}

/* ---- Everybody's ---- */

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
    f->transfer.shown = &f->shown;
    f->transfer.guard = &fetcher->options.guard;
    f->deadline = clock_ms() + fetcher->options.timeout_ms;
    snprintf(f->shown.url, sizeof(f->shown.url), "%s", ask->text);
    if (stir_transfer_ask(&f->transfer, ask) != STIR_OK) {
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
        say(f, "no whole answer within %lld ms (%s)", (long long)fetcher->options.timeout_ms,
            f->transfer.easy ? f->transfer.host : "the name was not resolved");
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
