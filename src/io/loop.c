#include "io/loop.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { TURN_EVENTS = 64 };

struct stir_loop {
    int epoll;
    struct stir_watch mail; /* an eventfd: letters, or stop */
    struct epoll_event events[TURN_EVENTS];
    int n_events, at_event; /* of this turn */
    struct stir_timer **heap;
    size_t n_timers, cap_timers;
    int64_t ms, unix_ms;
    atomic_bool stopped;
    pthread_mutex_t lock; /* over the letters */
    struct stir_post *first, **last;
};

static int64_t read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void read_clocks(struct stir_loop *loop)
{
    loop->ms = read_clock(CLOCK_MONOTONIC);
    loop->unix_ms = read_clock(CLOCK_REALTIME);
}

int64_t stir_loop_ms(const struct stir_loop *loop)
{
    return loop->ms;
}

int64_t stir_loop_unix_ms(const struct stir_loop *loop)
{
    return loop->unix_ms;
}

/* Letters */

static void ring(struct stir_loop *loop)
{
    uint64_t one = 1;
    ssize_t n = write(loop->mail.fd, &one, sizeof(one)); /* fails only when it rings already */
    (void)n;
}

void stir_loop_post(struct stir_loop *loop, struct stir_post *post)
{
    post->next = NULL;
    pthread_mutex_lock(&loop->lock);
    bool first = !loop->first;
    *loop->last = post;
    loop->last = &post->next;
    /* Under the lock, since the loop may be freed once the letter has been opened. */
    if (first)
        ring(loop);
    pthread_mutex_unlock(&loop->lock);
}

static void open_letters(struct stir_loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    struct stir_post *post = loop->first;
    loop->first = NULL;
    loop->last = &loop->first;
    pthread_mutex_unlock(&loop->lock);
    while (post) {
        struct stir_post *next = post->next;
        post->open(post);
        post = next;
    }
}

static struct stir_loop *loop_of_mail(struct stir_watch *mail)
{
    return (struct stir_loop *)(void *)((char *)mail - offsetof(struct stir_loop, mail));
}

static void mail_ready(struct stir_watch *mail, uint32_t events)
{
    struct stir_loop *loop = loop_of_mail(mail);
    uint64_t n;
    (void)events;
    ssize_t got = read(mail->fd, &n, sizeof(n));
    (void)got;
    open_letters(loop);
}

/* Descriptors */

static enum stir_err control(struct stir_loop *loop, int what, struct stir_watch *watch, uint32_t events)
{
    struct epoll_event event = {.events = events, .data = {.ptr = watch}};
    return epoll_ctl(loop->epoll, what, watch->fd, &event) == 0 ? STIR_OK : STIR_EIO;
}

enum stir_err stir_loop_watch(struct stir_loop *loop, struct stir_watch *watch, uint32_t events, bool exclusive)
{
    return control(loop, EPOLL_CTL_ADD, watch, exclusive ? events | EPOLLEXCLUSIVE : events);
}

enum stir_err stir_loop_change(struct stir_loop *loop, struct stir_watch *watch, uint32_t events)
{
    return control(loop, EPOLL_CTL_MOD, watch, events);
}

void stir_loop_unwatch(struct stir_loop *loop, struct stir_watch *watch)
{
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
    for (int i = loop->at_event; i < loop->n_events; i++)
        if (loop->events[i].data.ptr == watch)
            loop->events[i].data.ptr = NULL;
}

/* Timers: a binary heap, the soonest first; each timer knows its place. */

static void put_timer(struct stir_loop *loop, size_t i, struct stir_timer *timer)
{
    loop->heap[i] = timer;
    timer->place = i + 1;
}

static void sift_up(struct stir_loop *loop, size_t i, struct stir_timer *timer)
{
    for (; i > 0 && loop->heap[(i - 1) / 2]->at_ms > timer->at_ms; i = (i - 1) / 2)
        put_timer(loop, i, loop->heap[(i - 1) / 2]);
    put_timer(loop, i, timer);
}

static void sift_down(struct stir_loop *loop, size_t i, struct stir_timer *timer)
{
    for (;;) {
        size_t child = 2 * i + 1;
        if (child + 1 < loop->n_timers && loop->heap[child + 1]->at_ms < loop->heap[child]->at_ms)
            child++;
        if (child >= loop->n_timers || loop->heap[child]->at_ms >= timer->at_ms)
            break;
        put_timer(loop, i, loop->heap[child]);
        i = child;
    }
    put_timer(loop, i, timer);
}

void stir_loop_cancel(struct stir_loop *loop, struct stir_timer *timer)
{
    if (!timer->place)
        return;
    size_t hole = timer->place - 1;
    struct stir_timer *last = loop->heap[--loop->n_timers];
    timer->place = 0;
    if (last == timer)
        return;
    if (hole > 0 && loop->heap[(hole - 1) / 2]->at_ms > last->at_ms)
        sift_up(loop, hole, last);
    else
        sift_down(loop, hole, last);
}

bool stir_loop_after(struct stir_loop *loop, struct stir_timer *timer, int64_t ms)
{
    stir_loop_cancel(loop, timer);
    if (loop->n_timers == loop->cap_timers) {
        size_t cap = loop->cap_timers ? 2 * loop->cap_timers : 64;
        struct stir_timer **heap = realloc(loop->heap, cap * sizeof(*heap));
        if (!heap)
            return false;
        loop->heap = heap;
        loop->cap_timers = cap;
    }
    timer->at_ms = loop->ms + (ms > 0 ? ms : 0);
    sift_up(loop, loop->n_timers++, timer);
    return true;
}

/* Those of this turn: one that is set anew for now waits for the next. */
static void fire_timers(struct stir_loop *loop)
{
    size_t most = loop->n_timers;
    for (; most > 0 && loop->n_timers && loop->heap[0]->at_ms <= loop->ms; most--) {
        struct stir_timer *timer = loop->heap[0];
        stir_loop_cancel(loop, timer);
        timer->fire(timer);
    }
}

/* Turning */

static int wait_ms(const struct stir_loop *loop, int64_t most)
{
    if (loop->n_timers) {
        int64_t until = loop->heap[0]->at_ms - loop->ms;
        until = until > 0 ? until : 0;
        most = most < 0 || until < most ? until : most;
    }
    return most > 60000 ? 60000 : (int)most;
}

void stir_loop_turn(struct stir_loop *loop, int64_t ms)
{
    read_clocks(loop);
    int n = epoll_wait(loop->epoll, loop->events, TURN_EVENTS, wait_ms(loop, ms));
    read_clocks(loop);
    loop->n_events = n > 0 ? n : 0;
    for (loop->at_event = 0; loop->at_event < loop->n_events;) {
        const struct epoll_event *event = &loop->events[loop->at_event++];
        struct stir_watch *watch = event->data.ptr;
        if (watch)
            watch->ready(watch, event->events);
    }
    loop->n_events = 0;
    fire_timers(loop);
}

void stir_loop_run(struct stir_loop *loop)
{
    while (!atomic_load(&loop->stopped))
        stir_loop_turn(loop, -1);
}

void stir_loop_stop(struct stir_loop *loop)
{
    atomic_store(&loop->stopped, true);
    ring(loop);
}

enum stir_err stir_loop_new(struct stir_loop **out)
{
    struct stir_loop *loop = calloc(1, sizeof(*loop));
    if (!loop)
        return STIR_ENOMEM;
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->mail = (struct stir_watch){eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), mail_ready};
    loop->last = &loop->first;
    pthread_mutex_init(&loop->lock, NULL);
    read_clocks(loop);
    if (loop->epoll < 0 || loop->mail.fd < 0 || stir_loop_watch(loop, &loop->mail, EPOLLIN, false) != STIR_OK) {
        stir_loop_free(loop);
        return STIR_ENOMEM;
    }
    *out = loop;
    return STIR_OK;
}

void stir_loop_free(struct stir_loop *loop)
{
    if (!loop)
        return;
    while (loop->first)
        open_letters(loop);
    for (size_t i = 0; i < loop->n_timers; i++)
        loop->heap[i]->place = 0;
    free(loop->heap);
    if (loop->mail.fd >= 0)
        close(loop->mail.fd);
    if (loop->epoll >= 0)
        close(loop->epoll);
    pthread_mutex_destroy(&loop->lock);
    free(loop);
}
