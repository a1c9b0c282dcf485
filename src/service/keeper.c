#include "service/keeper.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/clock.h"
#include "io/thread.h"
#include "service/outbox.h"

enum {
    TURN_MS = 1000,
    GATHER_MS = 20,
    DEFAULT_MEMORY = 16 << 20,
    CHUNK = 256 * 1024,      /* bytes of one write, more when one record has more */
    MAX_RECORDS = INT32_MAX, /* memory_bytes alone bounds them */
    FULL_PERCENT = 75,
    AGAIN_MS = 60000,              /* an alarm that lasts is said again */
    UNSOUND_JUMP_MS = 3600 * 1000, /* a clock that was set by more is not believed when files are deleted for their age, ... */
    UNSOUND_MS = 24 * 3600 * 1000, /* ... for so long */
};

struct stir_keeper {
    struct stir_outbox *box;
    struct stir_logbook *book;
    struct stir_metrics *metrics;
    atomic_bool on, stop, stuck;
    atomic_int when_full;
    _Atomic uint64_t lost; /* since it was said last */
    pthread_mutex_t lock;  /* of what follows */
    char fault[300];
    struct stir_evidence *next; /* the folder to go on with */
    struct stir_evidence_options options;
    bool has_next;
    char dir[4096]; /* of the folder in force, or of the one to go on with */
    pthread_t thread;
    /* the thread's own */
    struct stir_evidence *evidence; /* NULL: none */
    struct stir_parcel *pending, **pending_end;
    char *chunk;
    size_t chunk_cap;
    struct stir_clock_watch watch;
    int64_t ticked_ms, unsound_until_ms, said_ms;
    uint64_t failures;
    bool was_fault;
};

/* ---- From any thread ---- */

bool stir_keeper_is_on(struct stir_keeper *k)
{
    return atomic_load_explicit(&k->on, memory_order_relaxed);
}

void stir_keeper_lose(struct stir_keeper *k)
{
    atomic_fetch_add(&k->lost, 1);
    stir_metrics_add(k->metrics, STIR_METRIC_EVIDENCE_LOST, 1);
}

void stir_keeper_put(struct stir_keeper *k, struct stir_slice line)
{
    if (!stir_outbox_put(k->box, line))
        stir_keeper_lose(k);
}

bool stir_keeper_may_sign(struct stir_keeper *k)
{
    if (atomic_load(&k->when_full) != STIR_FULL_UNSIGNED || !stir_keeper_is_on(k))
        return true;
    return !atomic_load(&k->stuck) && stir_outbox_percent(k->box) < FULL_PERCENT;
}

void stir_keeper_fault(struct stir_keeper *k, char *buf, size_t cap)
{
    pthread_mutex_lock(&k->lock);
    snprintf(buf, cap, "%s", k->fault);
    pthread_mutex_unlock(&k->lock);
}

/* ---- Writing ---- */

/* Parcels from `*at` on, put together as far as `most` bytes go, one at least; `*at` is the first that is not in it. False: out of memory. */
static bool fill_chunk(struct stir_keeper *k, struct stir_parcel **at, size_t most, size_t *n)
{
    struct stir_parcel *p = *at;
    if (p->n > k->chunk_cap) {
        char *bigger = realloc(k->chunk, p->n > CHUNK ? p->n : CHUNK);
        if (!bigger)
            return false;
        k->chunk = bigger;
        k->chunk_cap = p->n > CHUNK ? p->n : CHUNK;
    }
    for (*n = 0; p && p->n <= k->chunk_cap - *n && (*n == 0 || *n + p->n <= most); p = p->next) {
        memcpy(k->chunk + *n, p->text, p->n);
        *n += p->n;
    }
    *at = p;
    return true;
}

static uint64_t count(const struct stir_parcel *from, const struct stir_parcel *to)
{
    uint64_t n = 0;
    for (; from != to; from = from->next)
        n++;
    return n;
}

/* The parcels before `rest` are safe. */
static void release(struct stir_keeper *k, struct stir_parcel *rest)
{
    struct stir_parcel *done = k->pending, *last = done;
    while (last->next != rest)
        last = last->next;
    last->next = NULL;
    k->pending = rest;
    if (!rest)
        k->pending_end = &k->pending;
    stir_outbox_done(k->box, done);
}

static void write_pending(struct stir_keeper *k, int64_t now_ms)
{
    bool stuck = false, singly = false; /* where a batch does not fit, the first of its records may */
    while (k->pending && !stuck) {
        struct stir_parcel *rest = k->pending;
        size_t n = 0;
        const bool filled = fill_chunk(k, &rest, singly ? 1 : CHUNK, &n);
        const enum stir_evidence_place place = filled ? stir_evidence_write(k->evidence, stir_slice_of(k->chunk, n), now_ms) : STIR_EVIDENCE_NOWHERE;
        if (place == STIR_EVIDENCE_NOWHERE) {
            stuck = singly || !filled;
            singly = true;
            continue;
        }
        const uint64_t records = count(k->pending, rest);
        stir_metrics_add(k->metrics, STIR_METRIC_EVIDENCE_RECORDS, records);
        if (place == STIR_EVIDENCE_SPILL)
            stir_metrics_add(k->metrics, STIR_METRIC_EVIDENCE_SPILLED, records);
        release(k, rest);
    }
    atomic_store(&k->stuck, stuck);
}

/* Nobody keeps these any more. */
static void drop_pending(struct stir_keeper *k)
{
    const uint64_t n = count(k->pending, NULL);
    if (!n)
        return;
    atomic_fetch_add(&k->lost, n);
    stir_metrics_add(k->metrics, STIR_METRIC_EVIDENCE_LOST, n);
    release(k, NULL);
}

static void take_in(struct stir_keeper *k, int64_t wait_ms, int64_t gather_ms)
{
    *k->pending_end = stir_outbox_take(k->box, wait_ms, gather_ms);
    while (*k->pending_end)
        k->pending_end = &(*k->pending_end)->next;
}

/* ---- Telling ---- */

static const char *consequence(const struct stir_keeper *k)
{
    return atomic_load(&k->when_full) == STIR_FULL_UNSIGNED ? "calls go on unsigned ([evidence] when-full = unsigned)"
                                                            : "calls go on, and their records are lost when memory is full ([evidence] when-full = go-on)";
}

static void set_fault(struct stir_keeper *k, const struct stir_evidence_state *state, bool stuck)
{
    pthread_mutex_lock(&k->lock);
    if (state->fault || stuck)
        snprintf(k->fault, sizeof(k->fault), "%s; %lld bytes wait in the reserve, %zu in memory", state->text[0] ? state->text : "evidence cannot be written",
                 (long long)state->spilled, stir_outbox_bytes(k->box));
    else
        k->fault[0] = '\0';
    pthread_mutex_unlock(&k->lock);
}

static void say_state(struct stir_keeper *k, int64_t mono_ms)
{
    struct stir_evidence_state state = {0};
    char text[700];
    const bool stuck = atomic_load(&k->stuck);
    if (k->evidence)
        stir_evidence_state(k->evidence, &state);
    const bool fault = state.fault || stuck;
    set_fault(k, &state, stuck);
    stir_metrics_add(k->metrics, STIR_METRIC_EVIDENCE_FAILURES, state.failures - k->failures);
    k->failures = state.failures;
    stir_metrics_set(k->metrics, STIR_METRIC_EVIDENCE_FAULT, fault);
    stir_metrics_set(k->metrics, STIR_METRIC_EVIDENCE_WAITING, (int64_t)stir_outbox_bytes(k->box) + state.spilled);
    if (fault && (!k->was_fault || mono_ms - k->said_ms >= AGAIN_MS)) {
        char what[300];
        stir_keeper_fault(k, what, sizeof(what));
        snprintf(text, sizeof(text), "%s; %s", what, stuck ? consequence(k) : "nothing is lost yet: make room on the disk");
        stir_logbook_say(k->book, STIR_LOG_ERROR, "evidence", text);
        k->said_ms = mono_ms;
    } else if (!fault && k->was_fault) {
        stir_logbook_say(k->book, STIR_LOG_NOTICE, "evidence", "evidence is written again");
    }
    k->was_fault = fault;
}

static void say_lost(struct stir_keeper *k)
{
    char text[200];
    const uint64_t lost = atomic_exchange(&k->lost, 0);
    if (!lost)
        return;
    snprintf(text, sizeof(text), "%llu records of evidence are lost: the disk did not take them, and [evidence] memory is full", (unsigned long long)lost);
    stir_logbook_say(k->book, STIR_LOG_ERROR, "evidence", text);
}

static void look_at_clock(struct stir_keeper *k, int64_t mono_ms)
{
    const int64_t jump = stir_clock_look(&k->watch, stir_clock_unix_ms(), stir_clock_monotonic_ms()), size = jump < 0 ? -jump : jump;
    if (!jump)
        return;
    stir_metrics_add(k->metrics, STIR_METRIC_CLOCK_JUMPS, 1);
    if (size < UNSOUND_JUMP_MS)
        return; /* the main thread says it */
    k->unsound_until_ms = mono_ms + UNSOUND_MS;
    stir_logbook_say(k->book, STIR_LOG_WARNING, "clock", "it was set by an hour or more: no evidence is deleted for its age in the next 24 hours");
}

/* ---- The thread ---- */

/* What a reload brought. Records of before go into the folder of before, as far as it takes them. */
static void change(struct stir_keeper *k, int64_t now_ms)
{
    pthread_mutex_lock(&k->lock);
    const bool has_next = k->has_next;
    struct stir_evidence *next = k->next;
    const struct stir_evidence_options options = k->options;
    k->has_next = false;
    k->next = NULL;
    pthread_mutex_unlock(&k->lock);
    if (!has_next)
        return;
    if (k->evidence && (next || !options.dir)) {
        write_pending(k, now_ms);
        stir_evidence_close(k->evidence);
        k->evidence = NULL;
        k->failures = 0;
    }
    if (next)
        k->evidence = next;
    if (k->evidence)
        stir_evidence_set(k->evidence, &options);
}

static void turn(struct stir_keeper *k)
{
    const int64_t now_ms = stir_clock_unix_ms(), mono_ms = stir_clock_monotonic_ms();
    change(k, now_ms);
    if (k->evidence)
        write_pending(k, now_ms);
    else
        drop_pending(k);
    if (mono_ms - k->ticked_ms < TURN_MS)
        return;
    k->ticked_ms = mono_ms;
    look_at_clock(k, mono_ms);
    if (k->evidence)
        stir_evidence_tick(k->evidence, now_ms, mono_ms >= k->unsound_until_ms);
    say_state(k, mono_ms);
    say_lost(k);
}

static void *run(void *arg)
{
    struct stir_keeper *k = arg;
    bool last = false;
    while (!last) {
        last = atomic_load(&k->stop);
        take_in(k, last ? 0 : TURN_MS, last ? 0 : GATHER_MS);
        turn(k);
    }
    drop_pending(k);
    say_lost(k);
    stir_evidence_close(k->evidence);
    return NULL;
}

/* ---- Begin, reload, end ---- */

static void say(void *arg, int level, const char *text)
{
    struct stir_keeper *k = arg;
    stir_logbook_say(k->book, level, "evidence", text);
}

static struct stir_evidence_options options_of(struct stir_keeper *k, const struct stir_conf_evidence *conf)
{
    return (struct stir_evidence_options){
        .dir = conf->dir[0] ? conf->dir : NULL,
        .rotate_bytes = conf->rotate_bytes,
        .rotate_after = conf->rotate_after,
        .keep = conf->keep,
        .spill_bytes = conf->memory_bytes,
        .sync = conf->sync,
        .say = say,
        .arg = k,
    };
}

enum stir_err stir_keeper_open(struct stir_evidence **out, struct stir_keeper *k, const struct stir_conf_evidence *conf, struct stir_diag *diag)
{
    const struct stir_evidence_options options = options_of(k, conf);
    *out = NULL;
    if (!options.dir || strcmp(options.dir, k->dir) == 0)
        return STIR_OK;
    if (strlen(options.dir) >= sizeof(k->dir))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "[evidence] dir is longer than any path");
    return stir_evidence_open(out, &options, stir_clock_unix_ms(), diag);
}

static size_t bytes_of(const struct stir_conf_evidence *conf)
{
    return conf->memory_bytes > 0 ? (size_t)conf->memory_bytes : DEFAULT_MEMORY;
}

void stir_keeper_take(struct stir_keeper *k, const struct stir_conf_evidence *conf, struct stir_evidence *opened)
{
    stir_outbox_bound(k->box, bytes_of(conf), MAX_RECORDS);
    atomic_store(&k->when_full, conf->when_full);
    pthread_mutex_lock(&k->lock);
    if (k->next && (opened || !conf->dir[0])) { /* two reloads within a turn */
        stir_evidence_close(k->next);
        k->next = NULL;
    }
    k->next = opened ? opened : k->next;
    k->options = options_of(k, conf);
    if (k->options.dir)
        k->options.dir = k->dir; /* the conf may go */
    snprintf(k->dir, sizeof(k->dir), "%s", conf->dir);
    k->has_next = true;
    pthread_mutex_unlock(&k->lock);
    atomic_store(&k->on, conf->dir[0] != '\0');
    stir_outbox_wake(k->box);
}

static enum stir_err begin(struct stir_keeper *k, const struct stir_conf_evidence *conf, struct stir_diag *diag)
{
    struct stir_evidence *opened;
    TRY(stir_outbox_new(&k->box, bytes_of(conf), MAX_RECORDS));
    TRY(stir_keeper_open(&opened, k, conf, diag));
    stir_keeper_take(k, conf, opened);
    change(k, stir_clock_unix_ms());
    stir_clock_look(&k->watch, stir_clock_unix_ms(), stir_clock_monotonic_ms());
    return stir_thread_begin(&k->thread, run, k) ? STIR_OK : STIR_ENOMEM;
}

enum stir_err stir_keeper_new(struct stir_keeper **out, const struct stir_conf_evidence *conf, struct stir_logbook *book, struct stir_metrics *metrics,
                              struct stir_diag *diag)
{
    struct stir_keeper *k = calloc(1, sizeof(*k));
    if (!k)
        return STIR_ENOMEM;
    k->book = book;
    k->metrics = metrics;
    k->pending_end = &k->pending;
    pthread_mutex_init(&k->lock, NULL);
    const enum stir_err err = begin(k, conf, diag);
    if (err == STIR_OK) {
        *out = k;
        return STIR_OK;
    }
    stir_evidence_close(k->evidence);
    stir_outbox_free(k->box);
    pthread_mutex_destroy(&k->lock);
    free(k);
    return err;
}

void stir_keeper_free(struct stir_keeper *k)
{
    if (!k)
        return;
    atomic_store(&k->stop, true);
    stir_outbox_wake(k->box);
    pthread_join(k->thread, NULL);
    stir_evidence_close(k->next);
    stir_outbox_free(k->box);
    pthread_mutex_destroy(&k->lock);
    free(k->chunk);
    free(k);
}
