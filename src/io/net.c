/* The public face of fetch and cache: what is asked for is looked up, fetched once for all who wait, judged, kept and given out. */
#include <stir/net.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/url.h"
#include "io/cache.h"
#include "io/net_open.h"

enum { KEY_CAP = STIR_FETCH_URL + 32 };

/* Who asked, and in the end what he is told. Made whole when he asks, so that no answer is lost for want of memory: without room for the body, he is told that.
 */
struct request {
    struct stir_net_answer answer; /* first: one is the other */
    struct request *next;          /* of those that wait for an errand, or of those that are ready */
    size_t max_bytes;
    bool blocking, told; /* a blocking call takes its own; the others go among the ready ones */
    char *body;
};

/* One URL on its way, for all who wait for it; nobody waits for a refresh. */
struct errand {
    struct errand *next;
    struct stir_flight *flight;
    enum stir_net_kind kind;
    struct request *waiters;
    bool has_old;
    struct stir_kept old; /* what was kept before; its body is ours */
    char key[KEY_CAP];
};

struct stir_net {
    struct stir_net_options options; /* no zeros left */
    struct stir_cache *cache;
    struct stir_fetcher *fetcher;
    struct errand *errands;
    struct request *first, **last; /* ready */
};

/* ---- Beginning ---- */

static enum stir_err open_cache(struct stir_net *net, struct stir_diag *diag)
{
    const struct stir_net_options *o = &net->options;
    const struct stir_cache_options options = {o->memory_bytes, o->memory_entries, o->disk_bytes, o->disk_entries, o->cache_dir};
    enum stir_err err = stir_cache_new(&net->cache, &options);
    return err == STIR_ENOTFOUND ? stir_diag_set(diag, err, SIZE_MAX, "the cache folder \"%s\" is not there, or not yours to write", o->cache_dir) : err;
}

enum stir_err stir_net_new(struct stir_net **out, const struct stir_net_options *options, struct stir_diag *diag)
{
    STIR_NET_QUIET;
    const struct stir_net_options none = STIR_NET_OPTIONS_INIT;
    options = options ? options : &none;
    if (!out || !stir_net_options_are_good(options))
        return STIR_EARG;
    struct stir_net *net = calloc(1, sizeof(*net));
    if (!net)
        return STIR_ENOMEM;
    net->options = *options;
    net->last = &net->first;
    stir_net_defaults(&net->options);
    enum stir_err err = open_cache(net, diag);
    if (err == STIR_OK)
        err = stir_net_fetcher(&net->fetcher, &net->options, diag);
    if (err == STIR_OK)
        *out = net;
    else
        stir_net_free(net);
    return err;
}

void stir_net_answer_free(struct stir_net_answer *answer)
{
    struct request *request = (struct request *)(void *)answer;
    if (request)
        free(request->body);
    free(request);
}

static struct request *take_first(struct request **list)
{
    struct request *request = *list;
    *list = request->next;
    return request;
}

static void free_requests(struct request **list)
{
    while (*list)
        stir_net_answer_free(&take_first(list)->answer);
}

static void free_errand(struct errand *errand)
{
    free_requests(&errand->waiters);
    stir_kept_clear(&errand->old);
    free(errand);
}

void stir_net_free(struct stir_net *net)
{
    if (!net)
        return;
    STIR_NET_QUIET;
    stir_fetcher_free(net->fetcher);
    stir_cache_free(net->cache);
    while (net->errands) {
        struct errand *errand = net->errands;
        net->errands = errand->next;
        free_errand(errand);
    }
    free_requests(&net->first);
    free(net);
}

/* ---- Answers ---- */

static void deliver(struct stir_net *net, struct request *request)
{
    request->told = true;
    if (request->blocking)
        return;
    request->next = NULL;
    *net->last = request;
    net->last = &request->next;
}

static void refuse(struct stir_net *net, struct request *request, enum stir_reason reason, const char *why)
{
    request->answer.reason = reason;
    request->answer.body = (struct stir_slice){NULL, 0};
    snprintf(request->answer.detail, sizeof(request->answer.detail), "%s", why);
    deliver(net, request);
}

static void answer(struct stir_net *net, struct request *request, const struct stir_kept *kept, enum stir_net_source source, bool stale)
{
    struct stir_net_answer *a = &request->answer;
    size_t n = kept->body.n;
    char why[64];
    int64_t now = net->options.clock(net->options.clock_arg);
    a->http_status = kept->http_status;
    a->source = source;
    a->stale = stale;
    a->age = kept->fetched && now > kept->fetched ? now - kept->fetched : 0;
    a->ask_again = stir_kept_quiet_until(kept) + 1;
    if (n > request->max_bytes) {
        snprintf(why, sizeof(why), "the body is longer than %zu bytes", request->max_bytes);
        refuse(net, request, STIR_R_INFO_UNREACHABLE, why);
        return;
    }
    if (kept->reason != STIR_R_NONE) {
        refuse(net, request, kept->reason, kept->detail);
        return;
    }
    request->body = malloc(n + 1);
    if (!request->body) {
        refuse(net, request, STIR_R_INFO_UNREACHABLE, "out of memory");
        return;
    }
    if (n)
        memcpy(request->body, kept->body.p, n);
    a->body = stir_slice_of(request->body, n);
    deliver(net, request);
}

/* ---- What a fetch brought ---- */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* How long it may be used: its headers, else our own rules, and never past `valid_until`. */
/*= ATIS1000074-5.3.1 */
static void set_times(const struct stir_net_options *o, struct stir_kept *kept, const struct stir_http_life *life, int64_t now, int64_t valid_until)
{
    bool never_stale = life->must_revalidate || life->no_cache;
    int64_t fresh = stir_http_life_fresh(life, now);
    int64_t spare = life->if_error >= 0 ? life->if_error : o->stale_if_error > 0 ? o->stale_if_error : 0;
    fresh = least(fresh >= 0 ? fresh : o->default_fresh, o->max_fresh);
    kept->fetched = now;
    kept->retry_at = 0;
    kept->fresh_until = least(now + fresh - 1, valid_until);
    kept->while_until = least(kept->fresh_until + (never_stale || life->while_revalidate < 0 ? 0 : life->while_revalidate), valid_until);
    kept->error_until = least(kept->fresh_until + (never_stale ? 0 : spare), valid_until);
}

/* The end of all that a body holds; what is not of certificates has none. */
static enum stir_err valid_until(int64_t *out, const struct errand *errand, struct stir_slice body)
{
    *out = INT64_MAX;
    return errand->kind == STIR_NET_CERT ? stir_cache_valid_until(out, body) : STIR_OK;
}

/* A body: kept when it may be and is worth it. What is no certificate, or one that is over, is remembered as failures are. */
static void judge_body(struct stir_net *net, const struct errand *errand, struct stir_kept *kept, int64_t now)
{
    const struct stir_flight *flight = errand->flight;
    bool on_disk = errand->kind == STIR_NET_CERT;
    struct stir_slice key = stir_slice_str(errand->key);
    int64_t until;
    kept->body = stir_slice_of(flight->body ? flight->body : "", flight->n);
    memcpy(kept->etag, flight->etag, sizeof(kept->etag));
    enum stir_err err = valid_until(&until, errand, kept->body);
    bool unkept = flight->life.no_store || err == STIR_ENOMEM; /* without memory nobody can say what it is */
    set_times(&net->options, kept, &flight->life, now, until);
    kept->junk = (err != STIR_OK && err != STIR_ENOMEM) || until < now;
    if (kept->junk)
        kept->fresh_until = now + net->options.negative - 1;
    if (unkept)
        kept->fresh_until = now - 1;
    if (flight->life.no_store || kept->junk)
        stir_cache_drop(net->cache, key, on_disk);
    if (!unkept && (!kept->junk || net->options.negative > 0))
        stir_cache_put(net->cache, key, on_disk, kept, now);
}

/* 304: what we have is what there is. */
static void judge_unchanged(struct stir_net *net, const struct errand *errand, struct stir_kept *kept, int64_t now)
{
    int64_t until;
    *kept = errand->old;
    if (valid_until(&until, errand, kept->body) != STIR_OK)
        until = kept->fresh_until; /* no memory: as it was */
    set_times(&net->options, kept, &errand->flight->life, now, until);
    if (errand->flight->etag[0])
        memcpy(kept->etag, errand->flight->etag, sizeof(kept->etag));
    stir_cache_put(net->cache, stir_slice_str(errand->key), errand->kind == STIR_NET_CERT, kept, now);
}

/* The host is down, or says itself that it is ill (RFC 5861 §4); not: it says that there is nothing, or is not where it may be. */
static bool is_outage(const struct stir_flight *flight)
{
    return flight->end == STIR_FETCH_UNREACHABLE && (flight->status == 0 || flight->status >= 500);
}

/* True when the old answer stands in for it. */
static bool judge_failure(struct stir_net *net, const struct errand *errand, struct stir_kept *kept, int64_t now)
{
    const struct stir_flight *flight = errand->flight;
    struct stir_slice key = stir_slice_str(errand->key);
    int64_t pause = net->options.negative > 0 ? net->options.negative : 0;
    if (errand->has_old && (now <= errand->old.fresh_until || (is_outage(flight) && now <= errand->old.error_until))) {
        *kept = errand->old;
        kept->retry_at = now + pause;
        stir_cache_put(net->cache, key, false, kept, now);
        return true;
    }
    kept->reason = flight->end == STIR_FETCH_REFUSED ? STIR_R_INFO_REFUSED : STIR_R_INFO_UNREACHABLE;
    memcpy(kept->detail, flight->detail, sizeof(kept->detail));
    kept->fetched = now;
    kept->fresh_until = now + pause - 1;
    if (pause)
        stir_cache_put(net->cache, key, false, kept, now);
    return false;
}

static void finish(struct stir_net *net, struct errand *errand)
{
    int64_t now = net->options.clock(net->options.clock_arg);
    struct stir_kept kept = {.reason = STIR_R_NONE, .http_status = (int)errand->flight->status};
    bool stands_in = false;
    if (errand->flight->end == STIR_FETCH_BODY)
        judge_body(net, errand, &kept, now);
    else if (errand->flight->end == STIR_FETCH_NOT_MODIFIED)
        judge_unchanged(net, errand, &kept, now);
    else
        stands_in = judge_failure(net, errand, &kept, now);
    while (errand->waiters)
        answer(net, take_first(&errand->waiters), &kept, stands_in ? STIR_NET_MEMORY : STIR_NET_FETCHED, stands_in && now > kept.fresh_until);
    stir_flight_free(errand->flight);
    free_errand(errand);
}

/* ---- Asking ---- */

/* What a kind keeps apart stands before the URL. */
static enum stir_err write_key(char key[KEY_CAP], const struct stir_url *url, enum stir_net_kind kind, size_t max_bytes)
{
    int n = kind == STIR_NET_CERT ? 0 : snprintf(key, KEY_CAP, "%zu ", max_bytes);
    return stir_url_write(key + n, KEY_CAP - (size_t)n, url);
}

static const char *url_of(const char *key)
{
    const char *blank = strchr(key, ' ');
    return blank ? blank + 1 : key;
}

static struct errand *errand_of(const struct stir_net *net, const char *key)
{
    struct errand *errand = net->errands;
    while (errand && strcmp(errand->key, key) != 0)
        errand = errand->next;
    return errand;
}

static bool copy_old(struct errand *errand, const struct stir_kept *kept)
{
    char *body = kept ? malloc(kept->body.n + 1) : NULL;
    if (!kept)
        return true;
    if (!body)
        return false;
    errand->old = *kept;
    if (kept->body.n)
        memcpy(body, kept->body.p, kept->body.n);
    errand->old.body.p = body;
    errand->has_old = true;
    return true;
}

static enum stir_err dispatch(struct stir_net *net, const struct stir_url *url, const char *key, enum stir_net_kind kind, size_t max_bytes,
                              const struct stir_kept *old, struct errand **out)
{
    struct errand *errand = calloc(1, sizeof(*errand));
    if (!errand || !copy_old(errand, old)) {
        free(errand);
        return STIR_ENOMEM;
    }
    errand->kind = kind;
    memcpy(errand->key, key, KEY_CAP);
    const struct stir_fetch_ask asked = {.url = url,
                                         .text = url_of(key),
                                         .accept = kind == STIR_NET_CERT ? "application/pem-certificate-chain, */*;q=0.5" : "*/*",
                                         .etag = old ? old->etag : "",
                                         .max_bytes = kind == STIR_NET_CERT ? STIR_MAX_PEM : max_bytes};
    enum stir_err err = stir_fetch_start(&errand->flight, net->fetcher, &asked, errand);
    if (err != STIR_OK) {
        free_errand(errand);
        return err;
    }
    errand->next = net->errands;
    net->errands = errand;
    *out = errand;
    return STIR_OK;
}

static enum stir_err fetch_for(struct stir_net *net, const struct stir_url *url, const char *key, enum stir_net_kind kind, struct request *request,
                               const struct stir_kept *old)
{
    struct errand *errand = errand_of(net, key);
    enum stir_err err = errand ? STIR_OK : dispatch(net, url, key, kind, request->max_bytes, old, &errand);
    if (err == STIR_OK) {
        request->next = errand->waiters;
        errand->waiters = request;
    } else if (err == STIR_ELIMIT) {
        refuse(net, request, STIR_R_INFO_UNREACHABLE, "too many fetches are under way");
    }
    return err == STIR_ELIMIT ? STIR_OK : err;
}

/* Nobody waits for it, and nothing is lost when it cannot begin. */
static void refresh(struct stir_net *net, const struct stir_url *url, const char *key, enum stir_net_kind kind, size_t max_bytes, const struct stir_kept *old)
{
    struct errand *errand = errand_of(net, key);
    if (!errand && dispatch(net, url, key, kind, max_bytes, old, &errand) != STIR_OK)
        return;
}

/* On STIR_OK the request is in good hands, or told already. */
static enum stir_err ask(struct stir_net *net, struct stir_slice text, enum stir_net_kind kind, struct request *request)
{
    struct stir_url url;
    char key[KEY_CAP] = {0};
    enum stir_cache_state state;
    enum stir_net_source source;
    enum stir_url_fault fault =
        kind == STIR_NET_CERT ? stir_url_parse(&url, text, net->options.any_url) : stir_url_parse_content(&url, text, net->options.any_url);
    if (fault == STIR_URL_GOOD && write_key(key, &url, kind, request->max_bytes) != STIR_OK)
        fault = STIR_URL_LONG;
    if (fault != STIR_URL_GOOD) {
        refuse(net, request, STIR_R_INFO_BAD, stir_url_fault_text(fault));
        return STIR_OK;
    }
    int64_t now = net->options.clock(net->options.clock_arg);
    const struct stir_kept *kept = stir_cache_find(net->cache, stir_slice_str(key), kind == STIR_NET_CERT, now, &state, &source);
    bool in_background = !request->blocking; /* a blocking caller may never step again */
    if (state == STIR_CACHE_NONE || state == STIR_CACHE_STALE || (state == STIR_CACHE_WHILE && !in_background))
        return fetch_for(net, &url, key, kind, request, kept);
    size_t max_bytes = request->max_bytes;
    answer(net, request, kept, source, state == STIR_CACHE_WHILE || state == STIR_CACHE_HELD);
    if (in_background && (state == STIR_CACHE_AGEING || state == STIR_CACHE_WHILE))
        refresh(net, &url, key, kind, max_bytes, kept);
    return STIR_OK;
}

static bool is_asked_well(const struct stir_net *net, struct stir_slice url, enum stir_net_kind kind)
{
    return net && url.p && (kind == STIR_NET_CERT || kind == STIR_NET_BYTES);
}

static void step(struct stir_net *net)
{
    struct stir_flight *flight;
    stir_fetch_step(net->fetcher);
    while ((flight = stir_fetch_next(net->fetcher))) {
        struct errand *errand = flight->owner, **at = &net->errands;
        while (*at != errand)
            at = &(*at)->next;
        *at = errand->next;
        finish(net, errand);
    }
}

static enum stir_err begin(struct request **out, struct stir_net *net, struct stir_slice url, enum stir_net_kind kind, size_t max_bytes, bool blocking,
                           uint64_t id)
{
    struct request *request = calloc(1, sizeof(*request));
    if (!request)
        return STIR_ENOMEM;
    request->answer.id = id;
    request->max_bytes = max_bytes ? max_bytes : STIR_MAX_PEM;
    request->blocking = blocking;
    enum stir_err err = ask(net, url, kind, request);
    if (err == STIR_OK)
        *out = request;
    else
        stir_net_answer_free(&request->answer);
    return err;
}

enum stir_err stir_net_start(struct stir_net *net, struct stir_slice url, enum stir_net_kind kind, size_t max_bytes, uint64_t id)
{
    if (!is_asked_well(net, url, kind))
        return STIR_EARG;
    STIR_NET_QUIET;
    struct request *request;
    return begin(&request, net, url, kind, max_bytes, false, id);
}

/* How long at most until the fetcher wants to be stepped; answers that are ready do not wait. */
static int patience(struct stir_net *net)
{
    int64_t wait = stir_fetch_wait(net->fetcher);
    return wait < 0 || wait > 60000 ? 60000 : (int)wait;
}

enum stir_err stir_net_get(struct stir_net *net, struct stir_slice url, enum stir_net_kind kind, size_t max_bytes, struct stir_net_answer **out)
{
    if (!is_asked_well(net, url, kind) || !out)
        return STIR_EARG;
    STIR_NET_QUIET;
    struct request *request = NULL;
    TRY(begin(&request, net, url, kind, max_bytes, true, 0));
    while (!request->told) {
        struct pollfd fd = {.fd = stir_fetch_fd(net->fetcher), .events = POLLIN};
        (void)poll(&fd, 1, patience(net)); /* a signal only wakes us early */
        step(net);
    }
    *out = &request->answer;
    return STIR_OK;
}

int stir_net_fd(const struct stir_net *net)
{
    return net ? stir_fetch_fd(net->fetcher) : -1;
}

int64_t stir_net_wait(struct stir_net *net)
{
    return !net ? -1 : net->first ? 0 : stir_fetch_wait(net->fetcher);
}

void stir_net_step(struct stir_net *net)
{
    if (!net)
        return;
    STIR_NET_QUIET;
    step(net);
}

enum stir_err stir_net_next(struct stir_net *net, struct stir_net_answer **out)
{
    if (!net || !out)
        return STIR_EARG;
    struct request *request = net->first ? take_first(&net->first) : NULL;
    if (!net->first)
        net->last = &net->first;
    *out = request ? &request->answer : NULL;
    return STIR_OK;
}
