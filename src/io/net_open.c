#include "io/net_open.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

void stir_quiet_pipe_begin(struct stir_quiet_pipe *q)
{
    sigset_t pending;
    sigemptyset(&q->pipe);
    sigaddset(&q->pipe, SIGPIPE);
    q->was_pending = sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &q->pipe, &q->before);
}

void stir_quiet_pipe_end(struct stir_quiet_pipe *q)
{
    const struct timespec now = {0, 0};
    if (!q->was_pending)
        (void)sigtimedwait(&q->pipe, NULL, &now);
    pthread_sigmask(SIG_SETMASK, &q->before, NULL);
}

bool stir_net_options_are_good(const struct stir_net_options *options)
{
    return options->size >= sizeof(*options) && (!options->n_allow_net || options->allow_net) && options->timeout_ms >= 0 && options->timeout_ms <= 600000;
}

static int64_t system_clock(void *arg)
{
    (void)arg;
    return (int64_t)time(NULL);
}

void stir_net_defaults(struct stir_net_options *o)
{
    const struct {
        size_t *value, otherwise;
    } sizes[] = {
        {&o->max_fetches, 1024},      {&o->max_connections, 64},    {&o->memory_bytes, 64u << 20},
        {&o->memory_entries, 100000}, {&o->disk_bytes, 256u << 20}, {&o->disk_entries, 100000},
    };
    const struct {
        int64_t *value, otherwise;
    } times[] = {{&o->timeout_ms, 2000}, {&o->default_fresh, 86400}, {&o->max_fresh, 30 * 86400}, {&o->negative, 60}, {&o->stale_if_error, 7 * 86400}};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        if (*sizes[i].value == 0)
            *sizes[i].value = sizes[i].otherwise;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        if (*times[i].value == 0)
            *times[i].value = times[i].otherwise;
    if (!o->clock)
        o->clock = system_clock;
}

static enum stir_err open_networks(struct stir_guard *guard, const struct stir_net_options *options, struct stir_diag *diag)
{
    for (size_t i = 0; i < options->n_allow_net; i++) {
        struct stir_slice text = stir_slice_str(options->allow_net[i]);
        enum stir_err err = stir_guard_open(guard, text);
        if (err != STIR_OK)
            return stir_diag_set(diag, err, SIZE_MAX, "the network \"%.*s\" is %s", STIR_SHOW(text),
                                 err == STIR_ELIMIT   ? "one too many"
                                 : err == STIR_EVALUE ? "no network: it has bits set beyond its prefix"
                                                      : "none: give it as 10.0.0.0/8 or fd00::/8");
    }
    return STIR_OK;
}

enum stir_err stir_net_fetcher(struct stir_fetcher **out, const struct stir_net_options *o, struct stir_diag *diag)
{
    struct stir_fetch_options options = {.resolver = stir_slice_str(o->resolver),
                                         .tls_root = o->tls_root,
                                         .timeout_ms = o->timeout_ms,
                                         .max_flights = o->max_fetches,
                                         .max_connections = o->max_connections};
    if (o->tls_root && access(o->tls_root, R_OK) != 0)
        return stir_diag_set(diag, STIR_ENOTFOUND, SIZE_MAX, "the file of TLS roots \"%s\" cannot be read", o->tls_root);
    TRY(open_networks(&options.guard, o, diag));
    return stir_fetcher_new(out, &options, diag);
}
