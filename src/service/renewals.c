#include "service/renewals.h"

#include "io/clock.h"
#include "io/thread.h"
#include "service/acme_client.h"
#include "service/metrics.h"
#include "service/records.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct folder {
    char *dir;
    struct stir_renewal_state state;
};

struct stir_renewals {
    pthread_mutex_t lock; /* over the folders; never over anything that waits */
    pthread_cond_t news;
    struct folder *folders;
    size_t n;
    atomic_bool stopping;
    pthread_t thread;
    struct stir_records *records;
    struct stir_metrics *metrics;
    void (*renewed)(void *arg);
    void *arg;
};

int64_t stir_renewals_wait(unsigned failures)
{
    int64_t wait = STIR_RENEWALS_FIRST_WAIT;
    for (unsigned i = 1; i < failures && wait < STIR_RENEWALS_MAX_WAIT; i++)
        wait *= 2;
    return wait < STIR_RENEWALS_MAX_WAIT ? wait : STIR_RENEWALS_MAX_WAIT;
}

/* ---- Folders ---- */

static void free_folders(struct folder *folders, size_t n)
{
    for (size_t i = 0; folders && i < n; i++)
        free(folders[i].dir);
    free(folders);
}

/* With the lock. NULL: there is none of that path. */
static struct folder *find(struct stir_renewals *r, const char *dir)
{
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->folders[i].dir, dir) == 0)
            return &r->folders[i];
    return NULL;
}

bool stir_renewals_take(struct stir_renewals *r, const struct stir_conf *conf)
{
    struct folder *folders = calloc(conf->n_signers + 1, sizeof(*folders));
    size_t n = 0;
    bool good = folders != NULL;
    for (size_t i = 0; good && i < conf->n_signers; i++) {
        if (!conf->signers[i].acme[0])
            continue;
        folders[n].dir = strdup(conf->signers[i].acme);
        good = folders[n].dir != NULL;
        snprintf(folders[n++].state.name, sizeof(folders->state.name), "%s", conf->signers[i].name);
    }
    if (!good) {
        free_folders(folders, n);
        return false;
    }
    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < n; i++) {
        const struct folder *before = find(r, folders[i].dir);
        if (!before)
            continue;
        char name[sizeof(before->state.name)];
        memcpy(name, folders[i].state.name, sizeof(name));
        folders[i].state = before->state;
        memcpy(folders[i].state.name, name, sizeof(name));
        if (before->state.failures)
            folders[i].state.next = 0; /* somebody may have mended it, and reloads for that */
    }
    struct folder *old = r->folders;
    size_t n_old = r->n;
    r->folders = folders;
    r->n = n;
    pthread_cond_signal(&r->news);
    pthread_mutex_unlock(&r->lock);
    free_folders(old, n_old);
    return true;
}

/* ---- One folder ---- */

static void told(void *arg, const char *line)
{
    const struct stir_renewals *r = arg;
    stir_records_say(r->records, 3, "renewal", "%s", line);
}

static bool must_stop(void *arg)
{
    return atomic_load(&((struct stir_renewals *)arg)->stopping);
}

/* What is in use, and when it is due. True: it is another certificate than at the last look. */
static bool look(struct stir_acme *acme, struct stir_renewal_state *state)
{
    struct stir_acme_current *current = malloc(sizeof(*current));
    bool there = current && stir_acme_current(acme, current, NULL) == STIR_OK, other = there && strcmp(current->serial, state->serial) != 0;
    if (current)
        snprintf(state->serial, sizeof(state->serial), "%s", there ? current->serial : "");
    state->not_before = there ? current->not_before : 0;
    state->not_after = there ? current->not_after : 0;
    state->due = stir_acme_due(acme);
    free(current);
    return other;
}

/* The next look is when it is due, or in an hour: the folder may change without us. */
static void plan(struct stir_renewal_state *state, int64_t now)
{
    int64_t later = now + STIR_RENEWALS_LOOK;
    state->failures = 0;
    state->why[0] = '\0';
    state->next = state->due > now && state->due < later ? state->due : later;
}

static void went_wrong(const struct stir_renewals *r, struct stir_renewal_state *state, const struct stir_diag *diag, enum stir_err err, int64_t now)
{
    state->failures++;
    state->next = now + stir_renewals_wait(state->failures);
    snprintf(state->why, sizeof(state->why), "%s", diag->text[0] ? diag->text : stir_err_text(err));
    if (r->metrics)
        stir_metrics_add(r->metrics, STIR_METRIC_RENEWAL_FAILURES, 1);
    stir_records_say(r->records, 0, "renewal", "signer %s: %s; tried again in %lld s", state->name, state->why, (long long)(state->next - now));
}

/* True: there is a new certificate. */
static bool obtain(const struct stir_renewals *r, struct stir_acme *acme, struct stir_renewal_state *state, int64_t now)
{
    struct stir_diag diag = {0};
    enum stir_err err = stir_acme_obtain(acme, false, &diag);
    if (err == STIR_EBUSY) { /* somebody does it by hand, or the daemon ends */
        state->next = now + STIR_RENEWALS_FIRST_WAIT;
        return false;
    }
    bool other = look(acme, state);
    if (err != STIR_OK)
        went_wrong(r, state, &diag, err, now);
    else
        plan(state, now);
    if (!other) /* a deployment that was tried again brings none; one that failed leaves it in use all the same */
        return false;
    if (r->metrics)
        stir_metrics_add(r->metrics, STIR_METRIC_RENEWALS, 1);
    stir_records_say(r->records, 2, "renewal", "signer %s: a new certificate is in its folder", state->name);
    return true;
}

static bool work_on(struct stir_renewals *r, const char *dir, struct stir_renewal_state *state)
{
    const struct stir_acme_told to = {told, r, must_stop};
    struct stir_acme *acme = NULL;
    struct stir_diag diag = {0};
    int64_t now = time(NULL);
    bool came = false;
    enum stir_err err = stir_acme_open(&acme, dir, &to, &diag);
    if (err != STIR_OK) {
        went_wrong(r, state, &diag, err, now);
        return false;
    }
    const bool first = !state->next; /* what is there then is what the configuration was read with */
    came = look(acme, state) && !first;
    if (came)
        stir_records_say(r->records, 2, "renewal", "signer %s: somebody else has put a new certificate into its folder", state->name);
    if (state->due > now && !stir_acme_is_under_way(acme))
        plan(state, now);
    else
        came = obtain(r, acme, state, now) || came;
    stir_acme_free(acme);
    return came;
}

/* ---- The thread ---- */

/* With the lock: the folder whose time has come; NULL, and how long until then. */
static struct folder *next_due(const struct stir_renewals *r, int64_t now, int64_t *wait_s)
{
    struct folder *first = NULL;
    for (size_t i = 0; i < r->n; i++)
        if (!first || r->folders[i].state.next < first->state.next)
            first = &r->folders[i];
    *wait_s = first ? first->state.next - now : STIR_RENEWALS_LOOK;
    return first && first->state.next <= now ? first : NULL;
}

/* With the lock, given up meanwhile. The folder may be gone from the configuration when it is done. */
static void do_one(struct stir_renewals *r, struct folder *folder)
{
    struct stir_renewal_state state = folder->state;
    char *dir = strdup(folder->dir);
    if (!dir) {
        folder->state.next = time(NULL) + STIR_RENEWALS_FIRST_WAIT;
        return;
    }
    pthread_mutex_unlock(&r->lock);
    if (work_on(r, dir, &state))
        r->renewed(r->arg);
    pthread_mutex_lock(&r->lock);
    struct folder *after = find(r, dir);
    if (after)
        after->state = state;
    free(dir);
}

static void *work(void *arg)
{
    struct stir_renewals *r = arg;
    pthread_mutex_lock(&r->lock);
    while (!atomic_load(&r->stopping)) {
        int64_t wait_s;
        struct folder *folder = next_due(r, time(NULL), &wait_s);
        if (folder) {
            do_one(r, folder);
            continue;
        }
        /* The wall clock may be set while we wait: a minute is the longest that we are wrong about it. */
        struct timespec until = stir_thread_until((wait_s < 60 ? wait_s : 60) * 1000);
        pthread_cond_timedwait(&r->news, &r->lock, &until);
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

enum stir_err stir_renewals_new(struct stir_renewals **out, const struct stir_conf *conf, struct stir_records *records, struct stir_metrics *metrics,
                                void (*renewed)(void *arg), void *arg)
{
    struct stir_renewals *r = calloc(1, sizeof(*r));
    if (!r)
        return STIR_ENOMEM;
    pthread_mutex_init(&r->lock, NULL);
    stir_thread_cond(&r->news);
    r->records = records;
    r->metrics = metrics;
    r->renewed = renewed;
    r->arg = arg;
    if (stir_renewals_take(r, conf) && stir_thread_begin(&r->thread, work, r)) {
        *out = r;
        return STIR_OK;
    }
    atomic_store(&r->stopping, true);
    free_folders(r->folders, r->n);
    pthread_cond_destroy(&r->news);
    pthread_mutex_destroy(&r->lock);
    free(r);
    return STIR_ENOMEM;
}

void stir_renewals_free(struct stir_renewals *r)
{
    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    atomic_store(&r->stopping, true);
    pthread_cond_signal(&r->news);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->thread, NULL);
    free_folders(r->folders, r->n);
    pthread_cond_destroy(&r->news);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

/* ---- Asked ---- */

bool stir_renewals_at(struct stir_renewals *r, size_t index, struct stir_renewal_state *out)
{
    pthread_mutex_lock(&r->lock);
    bool there = index < r->n;
    if (there)
        *out = r->folders[index].state;
    pthread_mutex_unlock(&r->lock);
    return there;
}

/* One that was never looked at is about to be; one that fails while there is time is no alarm yet. */
static const char *fault_of(const struct stir_renewal_state *state, int64_t now)
{
    int64_t life = state->not_after - state->not_before, left = state->not_after - now;
    if (!state->next || (state->not_after && left > life / 3))
        return NULL;
    if (!state->not_after)
        return state->failures ? "no certificate has come yet" : NULL;
    return left < 0 ? "its certificate is over and was not renewed" : "its certificate has less than a third of its life left and was not renewed";
}

bool stir_renewals_ready(struct stir_renewals *r, int64_t now, char *buf, size_t cap)
{
    struct stir_renewal_state state;
    size_t at = 0;
    bool ready = true;
    if (cap)
        buf[0] = '\0';
    for (size_t i = 0; stir_renewals_at(r, i, &state); i++) {
        const char *fault = fault_of(&state, now);
        if (!fault)
            continue;
        ready = false;
        int n = at < cap ? snprintf(buf + at, cap - at, "renewal %s: %s%s%s\n", state.name, fault, state.why[0] ? ": " : "", state.why) : 0;
        at += n > 0 ? (size_t)n : 0;
    }
    return ready;
}
