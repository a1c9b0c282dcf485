#include "service/trust.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

#include "core/bytes.h"
#include "io/loop.h"
#include "io/thread.h"
#include "io/trust_store.h"
#include "service/fetching.h"
#include "service/trust_look.h"

#include <stir/call.h>
#include <stir/trust_refresh.h>

enum {
    LOOK_MS = 1000,
    RETRY = 60,     /* seconds until a folder that could not be read is read again although nothing changed in it */
    DUE_EVERY = 30, /* seconds between two questions for what is due: each reads the folder */
};

/* One item as it is watched: what is shown, and what that is made of. */
struct item {
    struct stir_trust_state shown;
    enum stir_trust_kind kind;
    int64_t from, grace;
    bool used; /* a snapshot holds it */
};

struct stir_trust_keeper {
    char *dir;
    void (*changed)(void *arg, struct stir_trust *trust);
    void (*say)(void *arg, bool fatal, const char *text);
    void *arg;
    pthread_t thread;
    bool has_thread;
    /* the thread's own */
    struct stir_loop *loop;
    struct stir_timer look, step;
    struct stir_watch watch;
    struct stir_trust_refresh *refresh; /* NULL: nothing is asked for */
    struct stir_trust_look seen;
    int64_t read_again, ask_due;
    char fault[sizeof(((struct stir_diag *)NULL)->text)]; /* what was said of the last reading; "" when it was good */
    /* everybody's */
    pthread_mutex_t lock;
    struct stir_trust *now;
    struct item *items;
    size_t n_items;
};

static atomic_uint_fast64_t generations;

static int64_t seconds(void)
{
    return (int64_t)time(NULL);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void say(const struct stir_trust_keeper *k, bool fatal, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void say(const struct stir_trust_keeper *k, bool fatal, const char *format, ...)
{
    char text[2 * STIR_MAX_URL];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (k->say)
        k->say(k->arg, fatal, text);
}

/* ---- Age ---- */

static enum stir_trust_life life_of(const struct item *item, int64_t now)
{
    return item->used || item->shown.until ? stir_trust_life_of(item->from, item->shown.until, item->grace, now) : STIR_TRUST_OVER;
}

/* Alarms: once for each step, from half of a life on. */
static void say_age(const struct stir_trust_keeper *k, const struct item *item)
{
    const struct stir_trust_state *s = &item->shown;
    char until[21] = "";
    if (s->until && stir_time_write(until, s->until) != STIR_OK)
        until[0] = '\0';
    switch ((enum stir_trust_life)s->life) {
    case STIR_TRUST_FRESH: break;
    case STIR_TRUST_HALF_OVER: say(k, false, "%s/%s: half of its life is over and no newer one came; it ends %s", s->domain, s->file, until); break;
    case STIR_TRUST_GRACE: say(k, false, "%s/%s: it ended %s and is used on for its grace; no newer one came", s->domain, s->file, until); break;
    case STIR_TRUST_OVER:
        say(k, true, "%s/%s: %s%s; %s", s->domain, s->file, until[0] ? "it is over since " : "it is not there", until,
            item->kind == STIR_TRUST_CRL ? "revocation is not known by it" : "nobody of this domain is trusted");
        break;
    }
}

static void age(struct stir_trust_keeper *k, int64_t now)
{
    for (size_t i = 0; i < k->n_items; i++) {
        struct item *item = &k->items[i];
        int life = life_of(item, now);
        if (life == item->shown.life)
            continue;
        bool worse = life > item->shown.life;
        pthread_mutex_lock(&k->lock);
        item->shown.life = life;
        pthread_mutex_unlock(&k->lock);
        if (worse)
            say_age(k, item);
    }
}

/* ---- Reading ---- */

static bool is_same(const struct stir_trust_state *a, const struct stir_trust_state *b)
{
    return strcmp(a->domain, b->domain) == 0 && strcmp(a->file, b->file) == 0;
}

static void fill_item(struct item *out, const struct stir_trust_item *in)
{
    *out = (struct item){.kind = in->kind,
                         .from = in->from,
                         .grace = in->until ? in->used_until - in->until : 0,
                         .used = in->kind == STIR_TRUST_CRL || in->life != STIR_TRUST_OVER, /* of lists the path check knows the ends */
                         .shown = {.life = STIR_TRUST_FRESH, .until = in->until, .sequence = in->sequence, .anchors = in->n_certs}};
    snprintf(out->shown.domain, sizeof(out->shown.domain), "%s", in->domain);
    snprintf(out->shown.file, sizeof(out->shown.file), "%s", in->file);
}

/* The items of a reading in the place of those before; what was said of those, and when they were asked for, is known of these too. */
static enum stir_err take_items(struct stir_trust_keeper *k, const struct stir_trust_store *store)
{
    size_t n;
    const struct stir_trust_item *items = stir_trust_store_items(store, &n);
    struct item *fresh = calloc(n ? n : 1, sizeof(*fresh));
    if (!fresh)
        return STIR_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        fill_item(&fresh[i], &items[i]);
        for (size_t j = 0; j < k->n_items; j++)
            if (is_same(&fresh[i].shown, &k->items[j].shown)) {
                fresh[i].shown.life = k->items[j].shown.life;
                fresh[i].shown.last_success = k->items[j].shown.last_success;
            }
        if (items[i].changed)
            say(k, false, "%s/%s: these are not the anchors that were taken in; somebody changed the file", items[i].domain, items[i].file);
    }
    pthread_mutex_lock(&k->lock);
    free(k->items);
    k->items = fresh;
    k->n_items = n;
    pthread_mutex_unlock(&k->lock);
    return STIR_OK;
}

static enum stir_err freeze(struct stir_trust **out, const struct stir_trust_store *store, struct stir_diag *diag)
{
    struct stir_trust_builder *builder = NULL;
    TRY(stir_trust_builder_new(&builder));
    enum stir_err err = stir_trust_store_add(store, builder, diag);
    if (err == STIR_OK)
        err = stir_trust_freeze(out, builder, atomic_fetch_add(&generations, 1) + 1);
    if (err != STIR_OK)
        stir_trust_builder_free(builder);
    return err;
}

/* Which items a snapshot holds: it is another one when that changes, though no file did. */
static uint64_t used_items(const struct stir_trust_keeper *k)
{
    uint64_t used = k->n_items;
    for (size_t i = 0; i < k->n_items; i++)
        used = used * 31 + k->items[i].used;
    return used;
}

static void publish(struct stir_trust_keeper *k, struct stir_trust *trust)
{
    pthread_mutex_lock(&k->lock);
    struct stir_trust *before = k->now;
    k->now = trust;
    pthread_mutex_unlock(&k->lock);
    if (before && k->changed)
        k->changed(k->arg, stir_trust_ref(trust));
    stir_trust_free(before);
}

static void say_setting(void *arg, const char *fault)
{
    say(arg, false, "%s", fault);
}

/* The folder as it stands now. What was good stays when it cannot be read; a snapshot is made anew only when there is something new in it, for all judged
 * chains die with it. */
static enum stir_err read_folder(struct stir_trust_keeper *k, bool material, struct stir_diag *diag)
{
    const struct stir_trust_store_options options = {.size = sizeof(options), .say = say_setting, .arg = k};
    struct stir_trust_store *store = NULL;
    struct stir_trust *trust = NULL;
    int64_t now = seconds();
    uint64_t used = used_items(k);
    TRY(stir_trust_store_read(&store, k->dir, now, &options, diag));
    enum stir_err err = take_items(k, store);
    if (err == STIR_OK && (material || used != used_items(k)))
        err = freeze(&trust, store, diag);
    k->read_again = stir_trust_store_until(store);
    stir_trust_store_free(store);
    if (trust)
        publish(k, trust);
    age(k, now);
    return err;
}

static void say_fault(struct stir_trust_keeper *k, enum stir_err err, const struct stir_diag *diag)
{
    const char *text = err == STIR_OK ? "" : diag->text[0] ? diag->text : stir_err_text(err);
    if (strcmp(text, k->fault) == 0)
        return;
    if (text[0])
        say(k, false, "%s; what was read before holds on", text);
    else
        say(k, false, "%s: it can be read again", k->dir);
    snprintf(k->fault, sizeof(k->fault), "%s", text);
}

static void look_at_folder(struct stir_trust_keeper *k)
{
    struct stir_trust_look look = stir_trust_look_at(k->dir);
    struct stir_diag diag = {0};
    bool bad = k->fault[0] != '\0'; /* then nobody knows what of it the snapshot has */
    if (look.all == k->seen.all && seconds() < k->read_again)
        return;
    enum stir_err err = read_folder(k, look.material != k->seen.material || bad, &diag);
    if (err != STIR_OK)
        k->read_again = seconds() + RETRY;
    say_fault(k, err, &diag);
    k->seen = look;
    k->ask_due = 0;
}

/* ---- Refreshing ---- */

static const char *end_text(enum stir_trust_end end)
{
    return end == STIR_TRUST_REFUSED ? "what came is refused" : end == STIR_TRUST_UNREACHABLE ? "it did not come" : "it cannot be kept";
}

static void take_outcome(struct stir_trust_keeper *k, const struct stir_trust_outcome *o)
{
    bool good = o->end == STIR_TRUST_NEW || o->end == STIR_TRUST_SAME;
    k->ask_due = 0;
    if (!good) {
        say(k, false, "%s: %s %s: %s; the last good one stays%s%s", o->domain, o->kind == STIR_TRUST_LIST ? "list" : "revocation list", o->url,
            end_text(o->end), o->detail[0] ? ": " : "", o->detail);
        return;
    }
    pthread_mutex_lock(&k->lock);
    for (size_t i = 0; i < k->n_items; i++) {
        struct item *item = &k->items[i];
        bool is_it = o->kind == STIR_TRUST_LIST ? item->kind != STIR_TRUST_CRL : item->kind == STIR_TRUST_CRL && strcmp(item->shown.file, o->file) == 0;
        if (is_it && strcmp(item->shown.domain, o->domain) == 0)
            item->shown.last_success = seconds();
    }
    pthread_mutex_unlock(&k->lock);
}

static void go_on_refreshing(struct stir_trust_keeper *k)
{
    struct stir_trust_outcome outcome;
    stir_trust_refresh_step(k->refresh);
    while (stir_trust_refresh_next(k->refresh, &outcome)) {
        if (outcome.end == STIR_TRUST_NEW)
            look_at_folder(k); /* so that what is noted of it finds its item */
        take_outcome(k, &outcome);
    }
    int64_t wait = stir_trust_refresh_wait(k->refresh);
    if (wait < 0)
        stir_loop_cancel(k->loop, &k->step);
    else if (!stir_loop_after(k->loop, &k->step, wait))
        k->ask_due = 0; /* the next look steps it */
}

static void begin_refreshing(struct stir_trust_keeper *k)
{
    struct stir_diag diag = {0};
    int64_t due = INT64_MAX, now = seconds();
    if (now < k->ask_due)
        return;
    k->ask_due = now + DUE_EVERY;
    if (stir_trust_refresh_due(k->refresh, &due, &diag) != STIR_OK)
        return; /* look_at_folder() says why */
    if (due > now) {
        k->ask_due = least(k->ask_due, due);
        return;
    }
    enum stir_err err = stir_trust_refresh_start(k->refresh, STIR_TRUST_REFRESH_LISTS | STIR_TRUST_REFRESH_CRLS | STIR_TRUST_REFRESH_DUE, NULL, &diag);
    if (err != STIR_OK && err != STIR_ESTATE)
        say(k, false, "a refresh cannot begin: %s", diag.text[0] ? diag.text : stir_err_text(err));
}

static struct stir_trust_keeper *keeper_of(const void *member, size_t offset)
{
    return (struct stir_trust_keeper *)(uintptr_t)((const char *)member - offset);
}

static void time_to_look(struct stir_timer *timer)
{
    struct stir_trust_keeper *k = keeper_of(timer, offsetof(struct stir_trust_keeper, look));
    look_at_folder(k);
    age(k, seconds());
    if (k->refresh) {
        begin_refreshing(k);
        go_on_refreshing(k);
    }
    (void)!stir_loop_after(k->loop, &k->look, LOOK_MS); /* there is room: it has just been taken out */
}

static void time_to_step(struct stir_timer *timer)
{
    go_on_refreshing(keeper_of(timer, offsetof(struct stir_trust_keeper, step)));
}

static void ready_to_step(struct stir_watch *watch, uint32_t events)
{
    (void)events;
    go_on_refreshing(keeper_of(watch, offsetof(struct stir_trust_keeper, watch)));
}

static void *run(void *arg)
{
    struct stir_trust_keeper *k = arg;
    stir_loop_run(k->loop);
    return NULL;
}

/* ---- Beginning and end ---- */

static enum stir_err open_refresh(struct stir_trust_keeper *k, const struct stir_conf_fetch *fetch, struct stir_diag *diag)
{
    struct stir_net_options options;
    stir_fetching_options(&options, fetch);
    options.cache_dir = NULL;
    options.timeout_ms = 0; /* lists may be slow, and no call waits for them */
    TRY(stir_trust_refresh_new(&k->refresh, k->dir, &options, diag));
    k->watch = (struct stir_watch){stir_trust_refresh_fd(k->refresh), ready_to_step};
    return stir_loop_watch(k->loop, &k->watch, EPOLLIN, false);
}

static enum stir_err begin(struct stir_trust_keeper *k, const struct stir_conf_trust *conf, const struct stir_conf_fetch *fetch, struct stir_diag *diag)
{
    k->dir = strdup(conf->dir);
    if (!k->dir)
        return STIR_ENOMEM;
    TRY(stir_loop_new(&k->loop));
    k->seen = stir_trust_look_at(k->dir); /* before it is read: what changes in between is seen at the next look */
    TRY(read_folder(k, true, diag));
    if (conf->refresh)
        TRY(open_refresh(k, fetch, diag));
    if (!stir_loop_after(k->loop, &k->look, LOOK_MS))
        return STIR_ENOMEM;
    k->has_thread = stir_thread_begin(&k->thread, run, k);
    return k->has_thread ? STIR_OK : stir_diag_set(diag, STIR_ENOMEM, SIZE_MAX, "no thread is left to keep trust fresh with");
}

enum stir_err stir_trust_keeper_new(struct stir_trust_keeper **out, const struct stir_conf_trust *conf, const struct stir_conf_fetch *fetch,
                                    void (*changed)(void *arg, struct stir_trust *trust), void (*say_it)(void *arg, bool fatal, const char *text), void *arg,
                                    struct stir_diag *diag)
{
    struct stir_trust_keeper *k = calloc(1, sizeof(*k));
    if (!k)
        return STIR_ENOMEM;
    k->changed = changed;
    k->say = say_it;
    k->arg = arg;
    k->look.fire = time_to_look;
    k->step.fire = time_to_step;
    pthread_mutex_init(&k->lock, NULL);
    enum stir_err err = begin(k, conf, fetch, diag);
    if (err == STIR_OK)
        *out = k;
    else
        stir_trust_keeper_free(k);
    return err;
}

void stir_trust_keeper_free(struct stir_trust_keeper *k)
{
    if (!k)
        return;
    if (k->has_thread) {
        stir_loop_stop(k->loop);
        pthread_join(k->thread, NULL);
    }
    stir_loop_free(k->loop);
    stir_trust_refresh_free(k->refresh);
    stir_trust_free(k->now);
    pthread_mutex_destroy(&k->lock);
    free(k->items);
    free(k->dir);
    free(k);
}

struct stir_trust *stir_trust_keeper_now(struct stir_trust_keeper *k)
{
    pthread_mutex_lock(&k->lock);
    struct stir_trust *trust = stir_trust_ref(k->now);
    pthread_mutex_unlock(&k->lock);
    return trust;
}

size_t stir_trust_keeper_states(struct stir_trust_keeper *k, struct stir_trust_state *out, size_t cap)
{
    pthread_mutex_lock(&k->lock);
    size_t n = k->n_items;
    for (size_t i = 0; i < n && i < cap; i++)
        out[i] = k->items[i].shown;
    pthread_mutex_unlock(&k->lock);
    return n;
}
