#include "service/reporter.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/clock.h"
#include "io/file.h"
#include "io/thread.h"
#include "service/outbox.h"
#include "service/secret.h"

enum {
    TURN_MS = 1000,
    GATHER_MS = 100,
    MAX_BYTES = 64 << 20, /* of records that wait, whatever their number */
    MAX_BATCH = 8 << 20,  /* bytes of one body */
    FIRST_WAIT_MS = 500,  /* after a failure; doubled with each */
    LONGEST_WAIT_MS = 60000,
    STOP_MS = 2000,
    AGAIN_MS = 60000, /* a failure that lasts is said again */
    MAX_TOKEN = 8192,
};

struct stir_reporter {
    struct stir_outbox *box;
    struct stir_logbook *book;
    struct stir_metrics *metrics;
    atomic_bool on, only_failed, stop;
    _Atomic int64_t batch;
    _Atomic uint64_t dropped;            /* since it was said last */
    pthread_mutex_t lock;                /* of what follows */
    struct stir_webhook *next, *webhook; /* the second is the thread's, the lock is for those who stop it */
    bool has_next;
    char token_file[4096];
    pthread_t thread;
    /* the thread's own */
    struct stir_parcel *pending;
    int64_t wait_ms, not_before_ms, said_ms;
    char *body;
    size_t body_cap;
};

/* ---- From any thread ---- */

static bool has_failed(const struct stir_record *record)
{
    if (record->kind == STIR_RECORD_SIGN)
        return record->result == STIR_SIGN_UNSIGNED || record->result == STIR_SIGN_REFUSED;
    return !record->verdict || record->verdict->verstat != STIR_VERSTAT_PASSED || record->act != STIR_ACT_PASS;
}

bool stir_reporter_wants(struct stir_reporter *r, const struct stir_record *record)
{
    return atomic_load_explicit(&r->on, memory_order_relaxed) && (!atomic_load(&r->only_failed) || has_failed(record));
}

static void drop(struct stir_reporter *r, uint64_t n)
{
    atomic_fetch_add(&r->dropped, n);
    stir_metrics_add(r->metrics, STIR_METRIC_WEBHOOK_DROPPED, n);
}

void stir_reporter_put(struct stir_reporter *r, struct stir_slice record)
{
    if (!stir_outbox_put(r->box, record))
        drop(r, 1);
}

/* ---- The thread ---- */

/* The first records of `pending` as one JSON array; `*last` is the last of them. False: out of memory. */
static bool make_body(struct stir_reporter *r, struct stir_parcel **last, size_t *n)
{
    const int64_t batch = atomic_load(&r->batch);
    size_t size = 2, records = 0;
    for (struct stir_parcel *p = r->pending; p && (records == 0 || (records < (size_t)batch && size + p->n + 1 <= MAX_BATCH)); p = p->next) {
        size += p->n + 1;
        records++;
        *last = p;
    }
    if (size > r->body_cap) {
        char *bigger = realloc(r->body, size);
        if (!bigger)
            return false;
        r->body = bigger;
        r->body_cap = size;
    }
    struct stir_writer w = stir_writer_of(r->body, r->body_cap);
    for (const struct stir_parcel *p = r->pending;; p = p->next) {
        stir_put_char(&w, p == r->pending ? '[' : ',');
        stir_put(&w, p->text, p->n);
        if (p == *last)
            break;
    }
    stir_put_char(&w, ']');
    *n = w.need;
    return w.need <= w.cap;
}

static uint64_t release(struct stir_reporter *r, struct stir_parcel *last)
{
    struct stir_parcel *done = r->pending;
    uint64_t n = 0;
    r->pending = last->next;
    last->next = NULL;
    for (const struct stir_parcel *p = done; p; p = p->next)
        n++;
    stir_outbox_done(r->box, done);
    return n;
}

static void say_failure(struct stir_reporter *r, int64_t mono_ms, const struct stir_diag *diag)
{
    if (r->said_ms && mono_ms - r->said_ms < AGAIN_MS)
        return;
    stir_logbook_say(r->book, STIR_LOG_WARNING, "webhook", diag->text);
    r->said_ms = mono_ms;
}

static enum stir_webhook_result post(struct stir_reporter *r, struct stir_slice body, struct stir_diag *diag)
{
    char path[sizeof(r->token_file)];
    struct stir_slice token = {0};
    pthread_mutex_lock(&r->lock);
    memcpy(path, r->token_file, sizeof(path));
    pthread_mutex_unlock(&r->lock);
    if (path[0] && stir_secret_read(&token, path, MAX_TOKEN, true, diag) != STIR_OK)
        return STIR_WEBHOOK_LATER;
    const struct stir_slice bare = token.p ? stir_slice_trim(stir_slice_upto(token, stir_slice_find(token, '\n'))) : token; /* its first line */
    const enum stir_webhook_result result = stir_webhook_post(r->webhook, body, bare, diag);
    if (token.p)
        stir_file_free(&token);
    return result;
}

/* One batch. False: later. */
static bool send_batch(struct stir_reporter *r, int64_t mono_ms)
{
    struct stir_diag diag = {0};
    struct stir_parcel *last = NULL;
    size_t n;
    if (!make_body(r, &last, &n))
        return false;
    switch (post(r, stir_slice_of(r->body, n), &diag)) {
    case STIR_WEBHOOK_TAKEN: stir_metrics_add(r->metrics, STIR_METRIC_WEBHOOK_SENT, release(r, last)); break;
    case STIR_WEBHOOK_REFUSED:
        stir_metrics_add(r->metrics, STIR_METRIC_WEBHOOK_FAILURES, 1);
        drop(r, release(r, last));
        say_failure(r, mono_ms, &diag);
        break;
    case STIR_WEBHOOK_LATER:
        stir_metrics_add(r->metrics, STIR_METRIC_WEBHOOK_FAILURES, 1);
        say_failure(r, mono_ms, &diag);
        r->wait_ms = r->wait_ms ? r->wait_ms * 2 : FIRST_WAIT_MS;
        r->wait_ms = r->wait_ms > LONGEST_WAIT_MS ? LONGEST_WAIT_MS : r->wait_ms;
        r->not_before_ms = stir_clock_monotonic_ms() + r->wait_ms;
        return false;
    }
    r->wait_ms = 0;
    return true;
}

static void change(struct stir_reporter *r)
{
    pthread_mutex_lock(&r->lock);
    struct stir_webhook *before = r->has_next ? r->webhook : NULL;
    if (r->has_next) {
        r->webhook = r->next;
        r->next = NULL;
        r->has_next = false;
        r->wait_ms = r->not_before_ms = r->said_ms = 0;
    }
    pthread_mutex_unlock(&r->lock);
    stir_webhook_free(before);
}

static void drop_pending(struct stir_reporter *r)
{
    struct stir_parcel *last = r->pending;
    if (!last)
        return;
    while (last->next)
        last = last->next;
    drop(r, release(r, last));
}

static void take_in(struct stir_reporter *r, int64_t wait_ms)
{
    struct stir_parcel **end = &r->pending;
    while (*end)
        end = &(*end)->next;
    *end = stir_outbox_take(r->box, wait_ms, wait_ms ? GATHER_MS : 0);
}

static void say_dropped(struct stir_reporter *r)
{
    char text[200];
    const uint64_t n = atomic_exchange(&r->dropped, 0);
    if (!n)
        return;
    snprintf(text, sizeof(text), "%llu records were dropped: the peer refused them, or [webhook] queue was full", (unsigned long long)n);
    stir_logbook_say(r->book, STIR_LOG_WARNING, "webhook", text);
}

static void turn(struct stir_reporter *r)
{
    const int64_t now = stir_clock_monotonic_ms();
    change(r);
    if (!r->webhook)
        drop_pending(r);
    while (r->pending && stir_clock_monotonic_ms() >= r->not_before_ms && !atomic_load(&r->stop))
        if (!send_batch(r, now))
            break;
    stir_metrics_set(r->metrics, STIR_METRIC_WEBHOOK_WAITING, (int64_t)stir_outbox_count(r->box));
    say_dropped(r);
}

static void *run(void *arg)
{
    struct stir_reporter *r = arg;
    while (!atomic_load(&r->stop)) {
        const int64_t until = r->not_before_ms - stir_clock_monotonic_ms();
        take_in(r, r->pending && until < TURN_MS ? (until > 0 ? until : 0) : TURN_MS);
        turn(r);
    }
    take_in(r, 0);
    const int64_t end = stir_clock_monotonic_ms() + STOP_MS;
    while (r->webhook && r->pending && r->wait_ms == 0 && stir_clock_monotonic_ms() < end && send_batch(r, end)) {
    }
    drop_pending(r);
    say_dropped(r);
    return NULL;
}

/* ---- Begin, reload, end ---- */

enum stir_err stir_reporter_open(struct stir_webhook **out, const struct stir_conf_webhook *conf, struct stir_diag *diag)
{
    *out = NULL;
    if (strlen(conf->token_file) >= sizeof(((struct stir_reporter *)0)->token_file))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "[webhook] token-file is longer than any path");
    return conf->url[0] ? stir_webhook_new(out, conf->url, diag) : STIR_OK;
}

void stir_reporter_take(struct stir_reporter *r, const struct stir_conf_webhook *conf, struct stir_webhook *opened)
{
    stir_outbox_bound(r->box, MAX_BYTES, conf->queue > 0 ? (size_t)conf->queue : 0);
    atomic_store(&r->batch, conf->batch > 0 ? conf->batch : 1);
    atomic_store(&r->only_failed, conf->only_failed);
    pthread_mutex_lock(&r->lock);
    struct stir_webhook *skipped = r->next; /* two reloads within a turn */
    r->next = opened;
    r->has_next = true;
    snprintf(r->token_file, sizeof(r->token_file), "%s", conf->token_file);
    pthread_mutex_unlock(&r->lock);
    stir_webhook_free(skipped);
    atomic_store(&r->on, opened != NULL);
    stir_outbox_wake(r->box);
}

enum stir_err stir_reporter_new(struct stir_reporter **out, const struct stir_conf_webhook *conf, struct stir_logbook *book, struct stir_metrics *metrics,
                                struct stir_diag *diag)
{
    struct stir_webhook *opened;
    TRY(stir_reporter_open(&opened, conf, diag));
    struct stir_reporter *r = calloc(1, sizeof(*r));
    if (!r || stir_outbox_new(&r->box, MAX_BYTES, 0) != STIR_OK) {
        free(r);
        stir_webhook_free(opened);
        return STIR_ENOMEM;
    }
    r->book = book;
    r->metrics = metrics;
    pthread_mutex_init(&r->lock, NULL);
    stir_reporter_take(r, conf, opened);
    change(r);
    if (!stir_thread_begin(&r->thread, run, r)) {
        stir_webhook_free(r->webhook);
        stir_outbox_free(r->box);
        pthread_mutex_destroy(&r->lock);
        free(r);
        return STIR_ENOMEM;
    }
    *out = r;
    return STIR_OK;
}

void stir_reporter_free(struct stir_reporter *r)
{
    if (!r)
        return;
    atomic_store(&r->stop, true);
    pthread_mutex_lock(&r->lock);
    if (r->webhook)
        stir_webhook_stop(r->webhook, STOP_MS);
    if (r->next)
        stir_webhook_stop(r->next, STOP_MS);
    pthread_mutex_unlock(&r->lock);
    stir_outbox_wake(r->box);
    pthread_join(r->thread, NULL);
    stir_webhook_free(r->webhook);
    stir_webhook_free(r->next);
    stir_outbox_free(r->box);
    pthread_mutex_destroy(&r->lock);
    free(r->body);
    free(r);
}
