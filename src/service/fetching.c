#include "service/fetching.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "core/bytes.h"
#include "io/clock.h"
#include "io/thread.h"

enum {
    LONGEST_TURN_MS = 1000,
    TEND_IDLE_MS = 100,  /* between two looks for a hot key while nothing is fetched */
    TEND_BUSY_MS = 2000, /* the same while something is: a table takes some 30 ms, for which the answers wait */
};

struct stir_fetching {
    struct stir_loop *loop;
    struct stir_net *net;
    struct stir_watch watch;
    struct stir_post stop;
    pthread_t thread;
    bool stopping;               /* the thread's own */
    struct stir_fetch_job *jobs; /* the thread's own: those that the net knows */
    _Atomic(struct stir_chain_cache *) chains;
    int64_t tended_ms;
    atomic_size_t under_way;
    atomic_uint_fast64_t asked, memory, disk, fetched, failed, refused, took_us_sum;
};

/* ---- Answers, on the way back ---- */

static struct stir_fetch_job *job_of(struct stir_post *post)
{
    return (struct stir_fetch_job *)(void *)((char *)post - offsetof(struct stir_fetch_job, post));
}

static void open_answer(struct stir_post *post)
{
    struct stir_fetch_job *job = job_of(post);
    job->done(job);
}

/* The job is the asker's again. */
static void give_back(struct stir_fetch_job *job, struct stir_net_answer *answer)
{
    job->answer = answer;
    job->post.open = open_answer;
    atomic_fetch_sub(&job->fetching->under_way, 1);
    stir_loop_post(job->from, &job->post);
}

static void count(struct stir_fetching *f, const struct stir_fetch_job *job, const struct stir_net_answer *answer)
{
    if (!answer || answer->reason != STIR_R_NONE)
        atomic_fetch_add(&f->failed, 1);
    if (answer && answer->source == STIR_NET_MEMORY)
        atomic_fetch_add(&f->memory, 1);
    if (answer && answer->source == STIR_NET_DISK)
        atomic_fetch_add(&f->disk, 1);
    if (answer && answer->source == STIR_NET_FETCHED) {
        atomic_fetch_add(&f->fetched, 1);
        atomic_fetch_add(&f->took_us_sum, (uint64_t)(stir_clock_monotonic_us() - job->began_us));
    }
}

/* ---- The thread ---- */

static void link_job(struct stir_fetching *f, struct stir_fetch_job *job)
{
    job->before = NULL;
    job->after = f->jobs;
    if (f->jobs)
        f->jobs->before = job;
    f->jobs = job;
}

static void unlink_job(struct stir_fetching *f, struct stir_fetch_job *job)
{
    *(job->before ? &job->before->after : &f->jobs) = job->after;
    if (job->after)
        job->after->before = job->before;
}

static void open_job(struct stir_post *post)
{
    struct stir_fetch_job *job = job_of(post);
    struct stir_fetching *f = job->fetching;
    job->began_us = stir_clock_monotonic_us();
    if (!f->stopping && stir_net_start(f->net, job->url, job->kind, job->max_bytes, (uint64_t)(uintptr_t)job) == STIR_OK) {
        link_job(f, job);
        return;
    }
    count(f, job, NULL);
    give_back(job, NULL);
}

static void take_answers(struct stir_fetching *f)
{
    struct stir_net_answer *answer = NULL;
    while (stir_net_next(f->net, &answer) == STIR_OK && answer) {
        struct stir_fetch_job *job = (struct stir_fetch_job *)(uintptr_t)answer->id;
        unlink_job(f, job);
        count(f, job, answer);
        give_back(job, answer);
    }
}

static void tend(struct stir_fetching *f)
{
    struct stir_chain_cache *chains = atomic_load(&f->chains);
    int64_t pause = f->jobs ? TEND_BUSY_MS : TEND_IDLE_MS, now = stir_loop_ms(f->loop);
    if (!chains || now - f->tended_ms < pause)
        return;
    if (!stir_chain_cache_tend(chains) || f->jobs) /* one after the other while nobody waits */
        f->tended_ms = now;
}

static int64_t patience(struct stir_fetching *f)
{
    int64_t wait = stir_net_wait(f->net), most = atomic_load(&f->chains) ? TEND_IDLE_MS : LONGEST_TURN_MS;
    return wait < 0 || wait > most ? most : wait;
}

static void *run(void *arg)
{
    struct stir_fetching *f = arg;
    while (!f->stopping) {
        stir_loop_turn(f->loop, patience(f));
        stir_net_step(f->net);
        take_answers(f);
        tend(f);
    }
    while (f->jobs) {
        struct stir_fetch_job *job = f->jobs;
        unlink_job(f, job);
        count(f, job, NULL);
        give_back(job, NULL);
    }
    return NULL;
}

static void look_after_turn(struct stir_watch *watch, uint32_t events)
{
    (void)watch;
    (void)events; /* being woken is enough: every turn ends with a step */
}

static void open_stop(struct stir_post *post)
{
    struct stir_fetching *f = (struct stir_fetching *)(void *)((char *)post - offsetof(struct stir_fetching, stop));
    f->stopping = true;
}

/* ---- Beginning and end ---- */

static const char *given(const char *text)
{
    return text && text[0] ? text : NULL;
}

void stir_fetching_options(struct stir_net_options *out, const struct stir_conf_fetch *conf)
{
    *out = (struct stir_net_options){.size = sizeof(*out),
                                     .allow_net = conf->allow_net.items,
                                     .n_allow_net = conf->allow_net.n,
                                     .tls_root = given(conf->tls_root),
                                     .resolver = given(conf->resolver),
                                     .cache_dir = given(conf->cache_dir),
                                     .any_url = conf->any_url,
                                     .timeout_ms = conf->timeout_ms,
                                     .max_fetches = (size_t)conf->max_fetches,
                                     .max_connections = (size_t)conf->max_connections,
                                     .memory_bytes = (size_t)conf->memory_bytes,
                                     .disk_bytes = (size_t)conf->disk_bytes};
}

static enum stir_err begin(struct stir_fetching *f, const struct stir_conf_fetch *conf, struct stir_diag *diag)
{
    struct stir_net_options options;
    stir_fetching_options(&options, conf);
    TRY(stir_net_new(&f->net, &options, diag));
    TRY(stir_loop_new(&f->loop));
    f->watch = (struct stir_watch){stir_net_fd(f->net), look_after_turn};
    TRY(stir_loop_watch(f->loop, &f->watch, EPOLLIN, false));
    return stir_thread_begin(&f->thread, run, f) ? STIR_OK : stir_diag_set(diag, STIR_ENOMEM, SIZE_MAX, "no thread is left to fetch with");
}

static void clear(struct stir_fetching *f)
{
    stir_loop_free(f->loop); /* letters that came behind the stop are answered with nothing */
    stir_net_free(f->net);
    free(f);
}

enum stir_err stir_fetching_new(struct stir_fetching **out, const struct stir_conf_fetch *conf, struct stir_diag *diag)
{
    struct stir_fetching *f = calloc(1, sizeof(*f));
    if (!f)
        return STIR_ENOMEM;
    f->stop.open = open_stop;
    enum stir_err err = begin(f, conf, diag);
    if (err == STIR_OK)
        *out = f;
    else
        clear(f);
    return err;
}

void stir_fetching_free(struct stir_fetching *f)
{
    if (!f)
        return;
    stir_loop_post(f->loop, &f->stop);
    pthread_join(f->thread, NULL);
    clear(f);
}

void stir_fetching_ask(struct stir_fetching *f, struct stir_fetch_job *job)
{
    job->fetching = f;
    job->answer = NULL;
    job->post.open = open_job;
    atomic_fetch_add(&f->asked, 1);
    if (atomic_fetch_add(&f->under_way, 1) < STIR_FETCHING_JOBS) {
        stir_loop_post(f->loop, &job->post);
        return;
    }
    atomic_fetch_add(&f->refused, 1);
    give_back(job, NULL);
}

void stir_fetching_tend(struct stir_fetching *f, struct stir_chain_cache *chains)
{
    atomic_store(&f->chains, chains);
}

void stir_fetching_stats(struct stir_fetching *f, struct stir_fetching_stats *out)
{
    *out = (struct stir_fetching_stats){.asked = atomic_load(&f->asked),
                                        .memory = atomic_load(&f->memory),
                                        .disk = atomic_load(&f->disk),
                                        .fetched = atomic_load(&f->fetched),
                                        .failed = atomic_load(&f->failed),
                                        .refused = atomic_load(&f->refused),
                                        .under_way = atomic_load(&f->under_way),
                                        .took_us_sum = atomic_load(&f->took_us_sum)};
}
