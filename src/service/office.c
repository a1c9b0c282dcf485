/* Clerks, a queue before them, and readings that change under way. The lock is held for moments alone: never over a request, a chore or the store. */
#include "service/office.h"

#include "io/clock.h"
#include "io/thread.h"
#include "service/ca.h"
#include "service/live.h"
#include "service/metrics.h"
#include "service/office_count.h"
#include "service/pa.h"
#include "service/schema.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    CHORES_MIN_MS = 50,    /* between two rounds of chores, whatever they wish */
    CHORES_MAX_MS = 60000, /* and what they may wish at most: readiness is looked at then */
    REOPEN_MS = 1000,      /* between two tries to open a store that failed */
    READY_TEXT = 2048,
    RETRY_AFTER_S = 5,
    SERVER_FAULT = 500, /* an answer from which on the store is looked at */
};

struct stir_office_reading {
    atomic_size_t owners;
    struct stir_setting *setting;
    struct stir_pa *pa; /* NULL: no such role */
    struct stir_ca *ca; /* likewise */
};

struct desk {
    struct stir_clerk clerk;
    struct stir_office *office;
    pthread_t thread;
    int64_t reopen_at; /* monotonic: not before */
};

struct stir_office {
    pthread_mutex_t lock;
    pthread_cond_t news;
    struct stir_office_job *first, **last;
    size_t n, max;
    struct stir_office_reading *reading;
    bool stopping, choring;
    int64_t chores_at; /* monotonic */
    bool ready;
    char ready_text[READY_TEXT];
    /* constant from the start on */
    char *url, node[STIR_CLERK_NODE];
    struct stir_metrics *metrics;
    struct stir_office_count *count;
    struct desk *desks;
    size_t n_desks, n_begun;
};

static void raise_figure(const struct stir_office *office, enum stir_metric figure)
{
    if (office->metrics)
        stir_metrics_add(office->metrics, figure, 1);
}

/* With the lock. */
static void tell_waiting(const struct stir_office *office)
{
    if (office->metrics)
        stir_metrics_set(office->metrics, STIR_METRIC_OFFICE_WAITING, (int64_t)office->n);
}

/* ---- Readings ---- */

static struct stir_office_reading *hold(struct stir_office_reading *reading)
{
    atomic_fetch_add_explicit(&reading->owners, 1, memory_order_relaxed);
    return reading;
}

void stir_office_forget(struct stir_office_reading *reading)
{
    if (!reading || atomic_fetch_sub_explicit(&reading->owners, 1, memory_order_acq_rel) != 1)
        return;
    stir_ca_free(reading->ca);
    stir_pa_free(reading->pa);
    stir_setting_free(reading->setting);
    free(reading);
}

static struct stir_office_reading *now_read(struct stir_office *office)
{
    pthread_mutex_lock(&office->lock);
    struct stir_office_reading *reading = hold(office->reading);
    pthread_mutex_unlock(&office->lock);
    return reading;
}

static enum stir_err worse(enum stir_err first, enum stir_err then)
{
    return first != STIR_OK ? first : then;
}

enum stir_err stir_office_read(struct stir_office_reading **out, struct stir_setting *setting, struct stir_office *office, const struct stir_office_say *say)
{
    const struct stir_pa_say pa_say = {say->say, say->arg};
    const struct stir_ca_say ca_say = {say->say, say->arg};
    struct stir_office_reading *reading = calloc(1, sizeof(*reading)), *before = office ? now_read(office) : NULL;
    unsigned roles = setting->conf->server.roles;
    enum stir_err err = reading ? STIR_OK : STIR_ENOMEM;
    if (reading) {
        atomic_init(&reading->owners, 1);
        reading->setting = stir_setting_ref(setting);
        if (roles & STIR_ROLE_PA)
            err = stir_pa_new(&reading->pa, setting->conf, &pa_say);
        if (roles & STIR_ROLE_CA) /* behind a fault of the other, so that all are said */
            err = worse(err, stir_ca_new(&reading->ca, setting->conf, before ? before->ca : NULL, &ca_say));
    }
    stir_office_forget(before);
    if (err != STIR_OK) {
        stir_office_forget(reading);
        return err;
    }
    *out = reading;
    return STIR_OK;
}

/* ---- Answers ---- */

void stir_office_busy(struct stir_exchange *x, enum stir_office_who who)
{
    static const char acme[] = "{\"type\":\"urn:ietf:params:acme:error:serverInternal\",\"detail\":\"The server is busy: try again after the time in "
                               "Retry-After.\",\"status\":503}",
                      pa[] = "{\"status\":\"error\",\"code\":\"busy\",\"message\":\"The server is busy: try again after the time in Retry-After.\"}";
    bool ca = who == STIR_OFFICE_CA;
    x->n_fields = 0;
    if (stir_exchange_answer(x, 503, ca ? "application/problem+json" : "application/json", stir_slice_str(ca ? acme : pa)))
        stir_exchange_field(x, "Retry-After", "%d", RETRY_AFTER_S);
    stir_exchange_field(x, "Cache-Control", "no-store");
}

static void answered(struct stir_post *post)
{
    struct stir_office_job *job = (struct stir_office_job *)(void *)post;
    job->done(job);
}

static void give_back(struct stir_office_job *job)
{
    job->post.open = answered;
    stir_loop_post(job->loop, &job->post);
}

/* ---- The store ---- */

static enum stir_err look(struct stir_store *store, void *arg)
{
    struct stir_store_rows *rows = NULL;
    (void)arg;
    enum stir_err err = stir_store_ask_one(&rows, store, "SELECT 1", STIR_NO_VALUES);
    stir_store_rows_free(rows);
    return err;
}

static void drop_store(struct desk *desk, const struct stir_diag *diag)
{
    stir_clerk_say(&desk->clerk, 0, "store", "%s: %s; it is opened anew", stir_store_name(desk->clerk.store), diag->text[0] ? diag->text : "it failed");
    stir_store_close(desk->clerk.store);
    desk->clerk.store = NULL;
    desk->reopen_at = 0;
    raise_figure(desk->office, STIR_METRIC_OFFICE_STORE_FAILURES);
}

/* Something went wrong: is it the store? A connection that is gone is of no use to the next request. */
static void doubt_store(struct desk *desk)
{
    struct stir_diag diag = {0};
    if (desk->clerk.store && stir_store_look(desk->clerk.store, look, NULL, &diag) == STIR_EIO)
        drop_store(desk, &diag);
}

/* False: there is none now. */
static bool has_store(struct desk *desk)
{
    struct stir_diag diag = {0};
    int64_t now = stir_clock_monotonic_ms();
    if (desk->clerk.store)
        return true;
    if (now < desk->reopen_at)
        return false;
    desk->reopen_at = now + REOPEN_MS;
    if (stir_store_open(&desk->clerk.store, desk->office->url, &stir_schema, false, &diag) != STIR_OK) {
        desk->clerk.store = NULL;
        stir_clerk_say(&desk->clerk, 0, "store", "%s", diag.text[0] ? diag.text : "it cannot be opened");
        return false;
    }
    stir_clerk_say(&desk->clerk, 2, "store", "%s is open again", stir_store_name(desk->clerk.store));
    return true;
}

/* ---- A clerk's work ---- */

static void serve(struct desk *desk, struct stir_office_job *job, struct stir_office_reading *reading)
{
    struct stir_exchange *x = &job->x;
    int64_t began_us = stir_clock_monotonic_us();
    if (!has_store(desk)) {
        stir_office_busy(x, job->who);
        raise_figure(desk->office, STIR_METRIC_OFFICE_TURNED_AWAY);
    } else if (job->who == STIR_OFFICE_CA && reading->ca) {
        stir_ca_serve(reading->ca, &desk->clerk, x);
    } else if (job->who == STIR_OFFICE_PA && reading->pa) {
        stir_pa_serve(reading->pa, &desk->clerk, x);
    } else { /* a reload has taken the role away since it was asked whose the path is */
        (void)stir_exchange_answer(x, 404, "text/plain", stir_slice_str("no such resource\n"));
    }
    if (x->status >= SERVER_FAULT)
        doubt_store(desk);
    raise_figure(desk->office, STIR_METRIC_OFFICE_JOBS);
    stir_office_count_add(desk->office->count, x->event, x->status);
    stir_clerk_say(&desk->clerk, x->status >= SERVER_FAULT ? 1 : 3, job->who == STIR_OFFICE_CA ? "acme" : "pa", "%s from %s: %d in %lld us",
                   x->event ? x->event : "request", x->peer, x->status, (long long)(stir_clock_monotonic_us() - began_us));
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The next line begins a line. */
static size_t end_line(char *text, size_t cap)
{
    size_t n = strlen(text);
    if (n && text[n - 1] != '\n' && n + 1 < cap) {
        text[n++] = '\n';
        text[n] = '\0';
    }
    return n;
}

/* What is wrong, for /readyz. */
static void look_around(struct desk *desk, struct stir_office_reading *reading, int64_t now)
{
    struct stir_office *office = desk->office;
    char text[READY_TEXT] = "";
    bool good = desk->clerk.store != NULL;
    if (!good)
        snprintf(text, sizeof(text), "store %s: cannot be reached\n", office->url);
    if (good && reading->pa)
        good = stir_pa_ready(reading->pa, &desk->clerk, now, text, sizeof(text));
    size_t n = end_line(text, sizeof(text));
    if (desk->clerk.store && reading->ca && n + 1 < sizeof(text))
        good = stir_ca_ready(reading->ca, now, text + n, sizeof(text) - n) && good;
    end_line(text, sizeof(text));
    pthread_mutex_lock(&office->lock);
    office->ready = good;
    memcpy(office->ready_text, text, sizeof(text));
    pthread_mutex_unlock(&office->lock);
}

/* @return milliseconds until the next round. */
static int64_t do_chores(struct desk *desk, struct stir_office_reading *reading)
{
    int64_t wait = CHORES_MAX_MS, now = stir_clock_unix_ms() / 1000;
    if (has_store(desk)) {
        if (reading->pa)
            wait = least(wait, stir_pa_chores(reading->pa, &desk->clerk, now));
        if (reading->ca)
            wait = least(wait, stir_ca_chores(reading->ca, &desk->clerk, now));
        doubt_store(desk);
    }
    if (!desk->clerk.store)
        wait = REOPEN_MS;
    look_around(desk, reading, now);
    return wait < CHORES_MIN_MS ? CHORES_MIN_MS : wait;
}

/* With the lock; it is given up meanwhile. */
static void take_chores(struct desk *desk)
{
    struct stir_office *office = desk->office;
    struct stir_office_reading *reading = hold(office->reading);
    office->choring = true;
    office->chores_at = INT64_MAX; /* unless somebody asks for more meanwhile */
    if (office->first)
        pthread_cond_signal(&office->news); /* whoever came for that finds this clerk at his chores */
    pthread_mutex_unlock(&office->lock);
    int64_t wait = do_chores(desk, reading);
    stir_office_forget(reading);
    pthread_mutex_lock(&office->lock);
    office->choring = false;
    office->chores_at = least(office->chores_at, stir_clock_monotonic_ms() + wait);
    pthread_cond_signal(&office->news); /* somebody who waits for ever has to look at the new time */
}

static struct stir_office_job *take_job(struct stir_office *office)
{
    struct stir_office_job *job = office->first;
    office->first = job->next;
    if (!office->first)
        office->last = &office->first;
    office->n--;
    tell_waiting(office);
    return job;
}

static void answer_job(struct desk *desk)
{
    struct stir_office *office = desk->office;
    struct stir_office_job *job = take_job(office);
    struct stir_office_reading *reading = hold(office->reading);
    pthread_mutex_unlock(&office->lock);
    serve(desk, job, reading);
    stir_office_forget(reading);
    bool hurry = job->x.hurry;
    give_back(job);
    pthread_mutex_lock(&office->lock);
    if (hurry)
        office->chores_at = 0;
}

static void await_news(struct stir_office *office)
{
    int64_t left = office->chores_at - stir_clock_monotonic_ms();
    if (office->choring) {
        pthread_cond_wait(&office->news, &office->lock);
        return;
    }
    struct timespec until = stir_thread_until(left < 0 ? 0 : least(left, CHORES_MAX_MS));
    pthread_cond_timedwait(&office->news, &office->lock, &until);
}

static void *work(void *arg)
{
    struct desk *desk = arg;
    struct stir_office *office = desk->office;
    pthread_mutex_lock(&office->lock);
    while (!office->stopping) {
        if (!office->choring && office->chores_at <= stir_clock_monotonic_ms())
            take_chores(desk);
        else if (office->first)
            answer_job(desk);
        else
            await_news(office);
    }
    pthread_mutex_unlock(&office->lock);
    return NULL;
}

/* ---- Made, changed, asked ---- */

static enum stir_err open_desk(struct stir_office *office, struct desk *desk, struct stir_records *records, struct stir_diag *diag)
{
    *desk = (struct desk){.office = office, .clerk = {.node = office->node, .records = records, .metrics = office->metrics}};
    TRY(stir_es256_ctx_new(&desk->clerk.ctx));
    return stir_store_open(&desk->clerk.store, office->url, &stir_schema, desk == office->desks, diag);
}

static enum stir_err open_office(struct stir_office *office, const struct stir_conf *conf, struct stir_records *records, struct stir_diag *diag)
{
    size_t n = (size_t)conf->store.clerks;
    office->url = strdup(conf->store.url);
    office->desks = calloc(n, sizeof(*office->desks));
    if (!office->url || !office->desks)
        return STIR_ENOMEM;
    stir_clerk_node(office->node, conf->store.node);
    TRY(stir_office_count_new(&office->count, office->metrics));
    while (office->n_desks < n)
        TRY(open_desk(office, &office->desks[office->n_desks++], records, diag));
    if (office->reading->ca)
        TRY(stir_ca_recover(office->reading->ca, &office->desks[0].clerk, stir_clock_unix_ms() / 1000, diag));
    /* What /readyz says first is true. */
    look_around(&office->desks[0], office->reading, stir_clock_unix_ms() / 1000);
    for (; office->n_begun < n; office->n_begun++)
        if (!stir_thread_begin(&office->desks[office->n_begun].thread, work, &office->desks[office->n_begun]))
            return stir_diag_set(diag, STIR_ENOMEM, SIZE_MAX, "the system has no thread left for a clerk");
    return STIR_OK;
}

enum stir_err stir_office_new(struct stir_office **out, struct stir_office_reading *reading, struct stir_records *records, struct stir_metrics *metrics,
                              struct stir_diag *diag)
{
    const struct stir_conf *conf = reading->setting->conf;
    struct stir_office *office = calloc(1, sizeof(*office));
    if (!office)
        return STIR_ENOMEM;
    pthread_mutex_init(&office->lock, NULL);
    stir_thread_cond(&office->news);
    office->last = &office->first;
    office->max = (size_t)conf->store.max_jobs;
    office->reading = hold(reading);
    office->metrics = metrics;
    enum stir_err err = open_office(office, conf, records, diag);
    if (err != STIR_OK) {
        stir_office_free(office);
        return err;
    }
    stir_office_forget(reading); /* it is the office's now */
    *out = office;
    return STIR_OK;
}

static void turn_away(struct stir_office *office)
{
    while (office->first) {
        struct stir_office_job *job = take_job(office);
        stir_office_busy(&job->x, job->who);
        give_back(job);
    }
}

void stir_office_stop(struct stir_office *office)
{
    if (!office)
        return;
    pthread_mutex_lock(&office->lock);
    office->stopping = true;
    turn_away(office);
    pthread_cond_broadcast(&office->news);
    pthread_mutex_unlock(&office->lock);
    for (size_t i = 0; i < office->n_begun; i++)
        pthread_join(office->desks[i].thread, NULL);
    office->n_begun = 0;
}

void stir_office_free(struct stir_office *office)
{
    if (!office)
        return;
    stir_office_stop(office);
    for (size_t i = 0; i < office->n_desks; i++) {
        stir_store_close(office->desks[i].clerk.store);
        stir_es256_ctx_free(office->desks[i].clerk.ctx);
    }
    stir_office_forget(office->reading);
    stir_office_count_free(office->count);
    pthread_cond_destroy(&office->news);
    pthread_mutex_destroy(&office->lock);
    free(office->desks);
    free(office->url);
    free(office);
}

void stir_office_take(struct stir_office *office, struct stir_office_reading *reading)
{
    pthread_mutex_lock(&office->lock);
    struct stir_office_reading *before = office->reading;
    office->reading = reading;
    office->chores_at = 0; /* what is published may have changed */
    pthread_cond_signal(&office->news);
    pthread_mutex_unlock(&office->lock);
    stir_office_forget(before);
}

enum stir_office_who stir_office_whose(struct stir_office *office, struct stir_slice path)
{
    struct stir_office_reading *reading = now_read(office);
    enum stir_office_who who = STIR_OFFICE_NOBODY;
    if (reading->ca && stir_ca_owns(reading->ca, path))
        who = STIR_OFFICE_CA;
    else if (reading->pa && stir_pa_owns(reading->pa, path))
        who = STIR_OFFICE_PA;
    stir_office_forget(reading);
    return who;
}

bool stir_office_give(struct stir_office *office, struct stir_office_job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&office->lock);
    bool taken = !office->stopping && office->n < office->max;
    if (taken) {
        *office->last = job;
        office->last = &job->next;
        office->n++;
        tell_waiting(office);
        pthread_cond_signal(&office->news);
    } else {
        raise_figure(office, STIR_METRIC_OFFICE_TURNED_AWAY);
    }
    pthread_mutex_unlock(&office->lock);
    return taken;
}

bool stir_office_ready(struct stir_office *office, char *buf, size_t cap)
{
    pthread_mutex_lock(&office->lock);
    bool ready = office->ready;
    if (cap)
        snprintf(buf, cap, "%s", office->ready_text);
    pthread_mutex_unlock(&office->lock);
    return ready;
}
