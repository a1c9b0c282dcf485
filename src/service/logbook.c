#include "service/logbook.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/thread.h"
#include "service/outbox.h"

enum {
    MAX_WAITING = 4 << 20, /* bytes of lines that wait */
    MAX_LINES = 100000,
    TURN_MS = 1000,
    GATHER_MS = 20,
    PIECE = 4096, /* PIPE_BUF: what a pipe that can be written takes at once */
    NO_CHANGE = -2,
};

/* Lines about calls: as many as [log] says in each second, spread over it by the rate of the second before. */
struct sampling {
    pthread_mutex_t lock;
    int64_t second;
    uint64_t seen, written, step;
};

struct stir_logbook {
    struct stir_outbox *box;
    struct stir_metrics *metrics;
    struct stir_siphash secret;
    atomic_int level, mask, json;
    _Atomic int64_t calls_per_second;
    struct sampling sampling;
    _Atomic uint64_t sampled_out, lost; /* since the last line that said so */
    atomic_int next_fd;                 /* NO_CHANGE: none */
    int fd;                             /* the thread's; -1: standard error */
    bool deaf;                          /* the thread's: at the end, who reads was waited for once, and not for each line again */
    bool cut;                           /* the file ends with a piece of a line */
    atomic_bool stop;
    pthread_t thread;
};

/* ---- From any thread ---- */

static struct stir_mask mask_of(const struct stir_logbook *book)
{
    return (struct stir_mask){(enum stir_conf_mask)atomic_load(&book->mask), book->secret};
}

static void put(struct stir_logbook *book, struct stir_writer *w)
{
    if (w->need <= w->cap && stir_outbox_put(book->box, stir_slice_of(w->p, w->need)))
        return;
    atomic_fetch_add(&book->lost, 1);
    stir_metrics_add(book->metrics, STIR_METRIC_LOG_LEFT_OUT, 1);
}

/* Whether this line is among those that are written. */
static bool is_sampled(struct stir_logbook *book, int64_t second)
{
    const uint64_t most = (uint64_t)atomic_load(&book->calls_per_second);
    struct sampling *s = &book->sampling;
    if (most == 0)
        return true;
    pthread_mutex_lock(&s->lock);
    if (second != s->second) {
        s->step = second == s->second + 1 && s->seen > most ? (s->seen + most - 1) / most : 1;
        s->second = second;
        s->seen = s->written = 0;
    }
    const bool wanted = s->seen++ % s->step == 0 && s->written < most;
    s->written += wanted;
    pthread_mutex_unlock(&s->lock);
    return wanted;
}

void stir_logbook_call(struct stir_logbook *book, const struct stir_record *record)
{
    char line[STIR_LOG_LINE];
    if ((int)stir_record_level(record) > atomic_load(&book->level))
        return;
    if (!is_sampled(book, stir_clock_monotonic_ms() / 1000)) {
        atomic_fetch_add(&book->sampled_out, 1);
        stir_metrics_add(book->metrics, STIR_METRIC_LOG_LEFT_OUT, 1);
        return;
    }
    struct stir_writer w = stir_writer_of(line, sizeof(line));
    const struct stir_mask mask = mask_of(book);
    stir_put_log_call(&w, record, atomic_load(&book->json), &mask);
    put(book, &w);
}

void stir_logbook_say(struct stir_logbook *book, int level, const char *event, const char *text)
{
    char line[STIR_LOG_LINE];
    if (level > atomic_load(&book->level))
        return;
    struct stir_writer w = stir_writer_of(line, sizeof(line));
    const struct stir_mask mask = mask_of(book);
    stir_put_log_say(&w, stir_clock_unix_ms(), level, event, stir_slice_str(text), atomic_load(&book->json), &mask);
    put(book, &w);
}

/* ---- The thread that writes ---- */

/* False: it could not be written, or who reads it does not and we are to stop. `*done` is what was written. */
static bool write_to(struct stir_logbook *book, int fd, const char *p, size_t n, size_t *done)
{
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    while (n) {
        if (poll(&ready, 1, book->deaf ? 0 : TURN_MS) == 0) {
            book->deaf = atomic_load(&book->stop);
            if (book->deaf)
                return false;
            continue;
        }
        const ssize_t wrote = write(ready.fd, p, n < PIECE ? n : PIECE);
        if (wrote < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (wrote <= 0)
            return false;
        p += wrote;
        n -= (size_t)wrote;
        *done += (size_t)wrote;
    }
    return true;
}

/* What the file does not take goes to standard error: an alarm of a full disk lies on that disk, too. */
static bool write_line(struct stir_logbook *book, const char *p, size_t n)
{
    size_t done = 0;
    if (book->fd >= 0) {
        if ((!book->cut || write_to(book, book->fd, "\n", 1, &done)) && write_to(book, book->fd, p, n, &done)) {
            book->cut = false;
            return true;
        }
        book->cut = book->cut || done > 0;
        done = 0;
    }
    return write_to(book, STDERR_FILENO, p, n, &done);
}

static void lose(struct stir_logbook *book, uint64_t n)
{
    atomic_fetch_add(&book->lost, n);
    stir_metrics_add(book->metrics, STIR_METRIC_LOG_LEFT_OUT, n);
}

/* A line of the thread's own; false as above. */
static bool say_now(struct stir_logbook *book, uint64_t n, const char *what)
{
    char text[200], line[STIR_LOG_LINE];
    const struct stir_mask mask = mask_of(book);
    struct stir_writer w = stir_writer_of(line, sizeof(line));
    snprintf(text, sizeof(text), "%llu lines %s", (unsigned long long)n, what);
    stir_put_log_say(&w, stir_clock_unix_ms(), STIR_LOG_WARNING, "log-left-out", stir_slice_str(text), atomic_load(&book->json), &mask);
    return w.need <= w.cap && write_line(book, line, w.need);
}

static void say_left_out(struct stir_logbook *book)
{
    static const char *const whats[] = {"about calls were left out: more came in a second than [log] calls-per-second",
                                        "were lost: they came faster than they could be written"};
    _Atomic uint64_t *const counts[] = {&book->sampled_out, &book->lost};
    for (size_t i = 0; i < 2; i++) {
        const uint64_t n = atomic_exchange(counts[i], 0);
        if (n && !say_now(book, n, whats[i]))
            atomic_fetch_add(counts[i], n);
    }
}

static void change_file(struct stir_logbook *book)
{
    const int next = atomic_exchange(&book->next_fd, NO_CHANGE);
    if (next == NO_CHANGE)
        return;
    if (book->fd >= 0)
        close(book->fd);
    book->fd = next;
    book->cut = false;
}

static void write_all(struct stir_logbook *book, struct stir_parcel *list)
{
    uint64_t written = 0, lost = 0;
    for (const struct stir_parcel *p = list; p; p = p->next) {
        const bool good = write_line(book, p->text, p->n);
        written += good;
        lost += !good;
    }
    stir_outbox_done(book->box, list);
    stir_metrics_add(book->metrics, STIR_METRIC_LOG_LINES, written);
    if (lost)
        lose(book, lost);
}

static void *run(void *arg)
{
    struct stir_logbook *book = arg;
    int64_t said = stir_clock_monotonic_ms();
    for (bool last = false; !last;) {
        last = atomic_load(&book->stop);
        write_all(book, stir_outbox_take(book->box, last ? 0 : TURN_MS, last ? 0 : GATHER_MS));
        change_file(book); /* lines of before go where they were to go */
        const int64_t now = stir_clock_monotonic_ms();
        if (last || now - said >= TURN_MS) {
            say_left_out(book);
            said = now;
        }
    }
    return NULL;
}

/* ---- Begin, reload, end ---- */

enum stir_err stir_logbook_open(int *fd, const struct stir_conf_log *conf, struct stir_diag *diag)
{
    *fd = -1;
    if (!conf->file[0])
        return STIR_OK;
    *fd = open(conf->file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    return *fd >= 0 ? STIR_OK : stir_diag_set(diag, STIR_EIO, SIZE_MAX, "[log] file \"%.80s\" cannot be opened: %s", conf->file, strerror(errno));
}

static void set(struct stir_logbook *book, const struct stir_conf_log *conf)
{
    atomic_store(&book->level, conf->level);
    atomic_store(&book->mask, conf->mask);
    atomic_store(&book->json, conf->json);
    atomic_store(&book->calls_per_second, conf->calls_per_second < 0 ? 0 : conf->calls_per_second);
}

void stir_logbook_take(struct stir_logbook *book, const struct stir_conf_log *conf, int fd)
{
    set(book, conf);
    const int skipped = atomic_exchange(&book->next_fd, fd);
    if (skipped >= 0)
        close(skipped);
    stir_outbox_wake(book->box);
}

enum stir_err stir_logbook_new(struct stir_logbook **out, const struct stir_conf_log *conf, struct stir_metrics *metrics, struct stir_diag *diag)
{
    unsigned char secret[STIR_SIPHASH_SECRET];
    int fd;
    TRY(stir_logbook_open(&fd, conf, diag));
    struct stir_logbook *book = calloc(1, sizeof(*book));
    if (!book || RAND_bytes(secret, sizeof(secret)) != 1 || stir_outbox_new(&book->box, MAX_WAITING, MAX_LINES) != STIR_OK) {
        free(book);
        if (fd >= 0)
            close(fd);
        return STIR_ENOMEM;
    }
    book->secret = stir_siphash_of(secret);
    book->metrics = metrics;
    book->fd = fd;
    book->sampling.step = 1;
    atomic_store(&book->next_fd, NO_CHANGE);
    pthread_mutex_init(&book->sampling.lock, NULL);
    set(book, conf);
    if (!stir_thread_begin(&book->thread, run, book)) {
        stir_outbox_free(book->box);
        free(book);
        if (fd >= 0)
            close(fd);
        return STIR_ENOMEM;
    }
    *out = book;
    return STIR_OK;
}

void stir_logbook_free(struct stir_logbook *book)
{
    if (!book)
        return;
    atomic_store(&book->stop, true);
    stir_outbox_wake(book->box);
    pthread_join(book->thread, NULL);
    change_file(book);
    if (book->fd >= 0)
        close(book->fd);
    stir_outbox_free(book->box);
    pthread_mutex_destroy(&book->sampling.lock);
    free(book);
}
