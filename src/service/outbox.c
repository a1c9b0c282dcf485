#include "service/outbox.h"

#include <stdlib.h>

#include "io/thread.h"

struct stir_outbox {
    pthread_mutex_t lock;
    pthread_cond_t there; /* of the monotonic clock: waits do not follow clocks that are set */
    struct stir_parcel *first, **last;
    size_t bytes, count; /* in it, or taken and not done */
    size_t max_bytes, max_count;
    bool woken;
};

/* What one parcel takes. */
static size_t weight(size_t n)
{
    return n + sizeof(struct stir_parcel) + 1;
}

enum stir_err stir_outbox_new(struct stir_outbox **out, size_t max_bytes, size_t max_parcels)
{
    struct stir_outbox *box = calloc(1, sizeof(*box));
    if (!box)
        return STIR_ENOMEM;
    box->last = &box->first;
    box->max_bytes = max_bytes;
    box->max_count = max_parcels;
    pthread_mutex_init(&box->lock, NULL);
    stir_thread_cond(&box->there);
    *out = box;
    return STIR_OK;
}

static void free_list(struct stir_parcel *list)
{
    while (list) {
        struct stir_parcel *next = list->next;
        free(list);
        list = next;
    }
}

void stir_outbox_free(struct stir_outbox *box)
{
    if (!box)
        return;
    free_list(box->first);
    pthread_cond_destroy(&box->there);
    pthread_mutex_destroy(&box->lock);
    free(box);
}

void stir_outbox_bound(struct stir_outbox *box, size_t max_bytes, size_t max_parcels)
{
    pthread_mutex_lock(&box->lock);
    box->max_bytes = max_bytes;
    box->max_count = max_parcels;
    pthread_mutex_unlock(&box->lock);
}

static bool fits(const struct stir_outbox *box, size_t n)
{
    return box->count < box->max_count && box->bytes <= box->max_bytes && weight(n) <= box->max_bytes - box->bytes;
}

bool stir_outbox_put(struct stir_outbox *box, struct stir_slice text)
{
    struct stir_parcel *parcel = malloc(weight(text.n));
    if (!parcel)
        return false;
    parcel->next = NULL;
    parcel->n = text.n;
    if (text.n)
        memcpy(parcel->text, text.p, text.n);
    parcel->text[text.n] = '\0';
    pthread_mutex_lock(&box->lock);
    const bool room = fits(box, text.n), was_empty = !box->first;
    if (room) {
        const bool was_half = box->bytes > box->max_bytes / 2;
        *box->last = parcel;
        box->last = &parcel->next;
        box->bytes += weight(text.n);
        box->count++;
        if (was_empty || (!was_half && box->bytes > box->max_bytes / 2))
            pthread_cond_signal(&box->there);
    }
    pthread_mutex_unlock(&box->lock);
    if (!room)
        free(parcel);
    return room;
}

size_t stir_outbox_bytes(struct stir_outbox *box)
{
    pthread_mutex_lock(&box->lock);
    const size_t bytes = box->bytes;
    pthread_mutex_unlock(&box->lock);
    return bytes;
}

size_t stir_outbox_count(struct stir_outbox *box)
{
    pthread_mutex_lock(&box->lock);
    const size_t count = box->count;
    pthread_mutex_unlock(&box->lock);
    return count;
}

unsigned stir_outbox_percent(struct stir_outbox *box)
{
    pthread_mutex_lock(&box->lock);
    const double part = box->max_bytes ? (double)box->bytes / (double)box->max_bytes : 1;
    pthread_mutex_unlock(&box->lock);
    return part > 1 ? 100 : (unsigned)(part * 100);
}

struct stir_parcel *stir_outbox_take(struct stir_outbox *box, int64_t wait_ms, int64_t gather_ms)
{
    struct timespec end = stir_thread_until(wait_ms);
    int late = 0;
    pthread_mutex_lock(&box->lock);
    while (!box->first && !box->woken && !late)
        late = pthread_cond_timedwait(&box->there, &box->lock, &end);
    end = stir_thread_until(gather_ms);
    for (late = gather_ms <= 0; box->first && !box->woken && !late && box->bytes <= box->max_bytes / 2;)
        late = pthread_cond_timedwait(&box->there, &box->lock, &end);
    struct stir_parcel *list = box->first;
    box->first = NULL;
    box->last = &box->first;
    box->woken = false;
    pthread_mutex_unlock(&box->lock);
    return list;
}

void stir_outbox_done(struct stir_outbox *box, struct stir_parcel *list)
{
    size_t bytes = 0, count = 0;
    for (const struct stir_parcel *p = list; p; p = p->next) {
        bytes += weight(p->n);
        count++;
    }
    pthread_mutex_lock(&box->lock);
    box->bytes -= bytes;
    box->count -= count;
    pthread_mutex_unlock(&box->lock);
    free_list(list);
}

void stir_outbox_wake(struct stir_outbox *box)
{
    pthread_mutex_lock(&box->lock);
    box->woken = true;
    pthread_cond_signal(&box->there);
    pthread_mutex_unlock(&box->lock);
}
