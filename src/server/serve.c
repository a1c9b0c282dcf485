/* `stir serve`: start, run, stop. Read from top to bottom: what is made first is needed by what comes later, and is freed last. */
#include "io/clock.h"
#include "io/notify.h"
#include "io/privilege.h"
#include "server/server.h"
#include "service/replays.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { CANNOT = 3 /* exit status */, ENDS_EVERY_S = 3600 };

/* What belongs to a run and to nobody else. */
struct run {
    struct stir_server server;
    const struct stir_serve_options *options;
    struct stir_setting *setting;        /* until the live state has it alone: a reload frees what it replaces */
    struct stir_office_reading *reading; /* until the office has it */
    struct stir_watch signals;
    struct stir_timer pulse; /* once a second */
    int64_t beats;
    bool log_elsewhere; /* [log] file is given */
    struct stir_clock_watch clock;
};

static struct run *run_of_signals(struct stir_watch *watch)
{
    return (struct run *)(void *)((char *)watch - offsetof(struct run, signals));
}

static struct run *run_of_pulse(struct stir_timer *timer)
{
    return (struct run *)(void *)((char *)timer - offsetof(struct run, pulse));
}

/* ---- What is said ---- */

static void tell(const struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void tell(const struct run *run, const char *format, ...)
{
    char line[256];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    run->options->told(run->options->arg, line);
}

/* At the start everything goes to whoever started it; into the log too, where that is another place. */
static void say_at_start(void *arg, bool fatal, const char *text)
{
    const struct run *run = arg;
    fprintf(stderr, "stir serve: %s%s\n", fatal ? "" : "warning: ", text);
    if (run->server.shared.records && run->log_elsewhere)
        stir_records_say(run->server.shared.records, fatal ? 0 : 1, "start", "%s", text);
}

static void say_running(void *arg, bool fatal, const char *text)
{
    const struct run *run = arg;
    stir_records_say(run->server.shared.records, fatal ? 0 : 1, "reload", "%s", text);
}

/* Trust speaks from its own thread, at the start and later. */
static void say_trust(void *arg, bool fatal, const char *text)
{
    const struct stir_server *server = arg;
    stir_records_say(server->shared.records, fatal ? 0 : 1, "trust", "%s", text);
}

static enum stir_err failed(const struct run *run, const char *what, enum stir_err err, const struct stir_diag *diag)
{
    char line[300];
    if (err != STIR_OK) {
        snprintf(line, sizeof(line), "%s: %s", what, diag && diag->text[0] ? diag->text : stir_err_text(err));
        say_at_start((void *)(uintptr_t)run, true, line);
    }
    return err;
}

/* ---- Start ---- */

static bool has_office(const struct stir_conf *conf)
{
    return conf->server.roles & (STIR_ROLE_PA | STIR_ROLE_CA);
}

static enum stir_err read_office(struct run *run)
{
    const struct stir_office_say say = {say_at_start, run};
    return has_office(run->setting->conf) ? stir_office_read(&run->reading, run->setting, NULL, &say) : STIR_OK;
}

/* The store is opened with the rights that the daemon will have: its files are its own. */
static enum stir_err start_office(struct run *run)
{
    struct stir_shared *shared = &run->server.shared;
    struct stir_diag diag = {0};
    if (!run->reading)
        return STIR_OK;
    enum stir_err err = failed(run, "[store]", stir_office_new(&shared->office, run->reading, shared->records, shared->metrics, &diag), &diag);
    if (err == STIR_OK)
        run->reading = NULL;
    return err;
}

/* Keys are read and sockets bound by whoever started it; then the privileges go, before there is a thread or a file that could keep them. */
static enum stir_err start_fronts(struct run *run, struct stir_fronts *fronts)
{
    const struct stir_conf *conf = run->setting->conf;
    struct stir_server *server = &run->server;
    struct stir_diag diag = {0};
    enum stir_err err = failed(run, "sockets", stir_fronts_new(fronts, run->setting, server, &server->fronts, &diag), &diag);
    if (err == STIR_OK)
        err = failed(run, "privileges", stir_privilege_drop(conf->server.user, conf->server.group, &diag), &diag);
    return err;
}

static enum stir_err start_shared(struct run *run)
{
    const struct stir_conf *conf = run->setting->conf;
    struct stir_shared *shared = &run->server.shared;
    struct stir_chain_cache_options chains = STIR_CHAIN_CACHE_OPTIONS_INIT;
    struct stir_diag diag = {0};
    enum stir_err err = failed(run, "metrics", stir_metrics_new(&shared->metrics), NULL);
    if (err == STIR_OK)
        err = failed(run, "records", stir_records_new(&shared->records, conf, shared->metrics, &diag), &diag);
    if (err != STIR_OK || !(conf->server.roles & STIR_ROLE_VS))
        return err;
    chains.max_bytes = (size_t)conf->fetch.chain_bytes;
    chains.max_entries = (size_t)conf->fetch.chains;
    chains.max_tables = (size_t)conf->fetch.tables;
    err = failed(run, "certificates", stir_chain_cache_new(&shared->chains, &chains), NULL);
    if (err == STIR_OK && conf->verify.replay_entries > 0)
        err = failed(run, "[verify] replay-entries", stir_replays_new(&shared->replays, (size_t)conf->verify.replay_entries), NULL);
    if (err == STIR_OK)
        err = failed(run, "[fetch]", stir_fetching_new(&shared->fetching, &conf->fetch, &diag), &diag);
    if (err == STIR_OK)
        err = failed(run, "[trust]", stir_trust_keeper_new(&run->server.trust, &conf->trust, &conf->fetch, stir_server_trust, say_trust, &run->server, &diag),
                     &diag);
    if (err == STIR_OK)
        stir_fetching_tend(shared->fetching, shared->chains);
    return err;
}

static enum stir_err start_live(struct run *run)
{
    struct stir_server *server = &run->server;
    struct stir_trust *trust = server->trust ? stir_trust_keeper_now(server->trust) : NULL;
    server->generation = server->policies = 1;
    server->live = stir_live_new(run->setting, trust, 1, 1);
    stir_trust_free(trust);
    return failed(run, "start", server->live ? STIR_OK : STIR_ENOMEM, NULL);
}

static size_t workers_of(const struct stir_conf *conf)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return conf->server.workers ? (size_t)conf->server.workers : cores > 0 ? (size_t)cores : 1;
}

static void tell_sockets(const struct run *run, const struct stir_fronts *fronts)
{
    char line[128];
    for (size_t i = 0; stir_sip_front_bound(fronts->sip, i, line, sizeof(line)); i++)
        tell(run, "listening %s", line);
    for (size_t i = 0; stir_http_front_bound(fronts->http, i, line, sizeof(line)); i++)
        tell(run, "listening %s", line);
}

static enum stir_err start_workers(struct run *run, struct stir_fronts *fronts)
{
    const struct stir_conf *conf = run->setting->conf;
    struct stir_server *server = &run->server;
    struct stir_server_say say = {say_at_start, run};
    struct stir_diag diag = {0};
    enum stir_err err = failed(run, "[server] control", stir_control_new(&server->control, server, conf->server.control, &diag), &diag);
    if (err == STIR_OK)
        err = failed(run, "workers", stir_hands_start(server, workers_of(conf)), NULL);
    stir_metrics_source(server->shared.metrics, stir_watch_metrics, server);
    if (err == STIR_OK) {
        struct stir_fronts bound = *fronts;
        err = failed(run, "fronts", stir_desks_join(server, fronts), NULL);
        if (err == STIR_OK) {
            *fronts = (struct stir_fronts){.sip = NULL};
            tell_sockets(run, &bound);
        }
    }
    /* Our own repository role may be what answers: the sockets are open by now. */
    if (err == STIR_OK && !stir_setting_check_x5u(run->setting, true, &say))
        err = STIR_EVALUE;
    return err;
}

/* Last: our own authority may be who is asked. */
static enum stir_err start_renewals(struct run *run)
{
    struct stir_server *server = &run->server;
    struct stir_renewals *renewals = NULL;
    if (!(run->setting->conf->server.roles & STIR_ROLE_AS))
        return STIR_OK;
    enum stir_err err = stir_renewals_new(&renewals, run->setting->conf, server->shared.records, server->shared.metrics, stir_server_renewed, server);
    server->renewals = renewals;
    return failed(run, "renewals", err, NULL);
}

/* ---- Run ---- */

static void on_signal(struct stir_watch *watch, uint32_t events)
{
    struct run *run = run_of_signals(watch);
    struct stir_server_say say = {say_running, run};
    struct signalfd_siginfo info;
    (void)events;
    while (read(watch->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo != SIGHUP) {
            run->server.stopping = true;
            stir_loop_stop(run->server.loop);
            continue;
        }
        (void)stir_server_reload(&run->server, &say); /* what is wrong was said */
    }
}

/* Waits go by a clock that nobody sets; tokens do not: who set the wall clock should know that he did. */
static void look_at_clock(struct run *run)
{
    int64_t jump = stir_clock_look(&run->clock, stir_clock_unix_ms(), stir_clock_monotonic_ms());
    if (jump)
        stir_records_say(run->server.shared.records, 1, "clock", "the wall clock was set by %+lld ms; tokens are judged and dated by it from now on",
                         (long long)jump);
}

static void beat(struct stir_timer *timer)
{
    struct run *run = run_of_pulse(timer);
    int64_t watchdog = stir_notify_watchdog_ms();
    if (watchdog)
        stir_notify_alive();
    look_at_clock(run);
    if (run->beats++ % ENDS_EVERY_S == 0)
        stir_watch_ends(&run->server);
    stir_watch_roles(&run->server);
    stir_metrics_set(run->server.shared.metrics, STIR_METRIC_WAITING, (int64_t)atomic_load(&run->server.shared.waiting));
    if (!stir_loop_after(run->server.loop, timer, watchdog && watchdog < 1000 ? watchdog : 1000))
        stir_records_say(run->server.shared.records, 0, "server", "out of memory for a timer");
}

static enum stir_err watch_signals(struct run *run)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files is an error of write(), which the evidence has an answer for */
    run->signals = (struct stir_watch){signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), on_signal};
    return run->signals.fd < 0 ? STIR_EIO : stir_loop_watch(run->server.loop, &run->signals, EPOLLIN, false);
}

static void serve(struct run *run)
{
    stir_setting_free(run->setting);
    run->setting = NULL;
    run->server.reloaded_at = time(NULL);
    stir_server_status(&run->server);
    stir_notify_ready();
    stir_records_say(run->server.shared.records, 2, "start", "ready: stir %s, configuration %s, %zu workers", stir_version(), run->server.live->conf->hash,
                     run->server.n_hands);
    tell(run, "ready");
    run->pulse.fire = beat;
    beat(&run->pulse);
    stir_loop_run(run->server.loop);
    stir_notify_stopping();
    stir_records_say(run->server.shared.records, 2, "stop", "no new calls; those accepted are answered");
}

/* ---- Stop ---- */

static void stop(struct run *run, struct stir_fronts *fronts)
{
    struct stir_server *server = &run->server;
    server->stopping = true;
    if (server->n_hands && (server->fronts.sip || server->fronts.http)) {
        stir_watch_roles(server); /* probes of those who are still connected are told at once */
        stir_desks_leave(server);
        if (!stir_desks_wait(server, server->live->conf->server.stop_wait_ms))
            stir_records_say(server->shared.records, 1, "stop", "some calls were not answered within [server] stop-wait");
    }
    /* While workers can still say it to whoever waits. */
    stir_office_stop(server->shared.office);
    stir_hands_stop(server);
    stir_renewals_free(server->renewals);
    stir_control_free(server->control);
    stir_trust_keeper_free(server->trust);
    stir_fetching_free(server->shared.fetching);
    stir_hands_free(server);
    stir_office_free(server->shared.office);
    stir_office_forget(run->reading);
    stir_fronts_free(&server->fronts);
    stir_fronts_free(fronts);
    if (run->signals.fd > 0)
        close(run->signals.fd);
    stir_loop_free(server->loop);
    stir_live_free(server->live);
    stir_setting_free(run->setting);
    stir_replays_free(server->shared.replays);
    stir_chain_cache_free(server->shared.chains);
    stir_records_free(server->shared.records);
    stir_metrics_free(server->shared.metrics);
    pthread_mutex_destroy(&server->lock);
}

int stir_serve(const struct stir_serve_options *options)
{
    static struct run run; /* one a process: signals are its */
    struct stir_fronts fronts = {.sip = NULL};
    struct stir_server_say say = {say_at_start, &run};
    memset(&run, 0, sizeof(run));
    run.options = options;
    run.server.path = options->path;
    pthread_mutex_init(&run.server.lock, NULL);
    umask(077);
    enum stir_err err = stir_setting_read(&run.setting, options->path, time(NULL), &say);
    run.log_elsewhere = err == STIR_OK && run.setting->conf->log.file[0];
    if (err == STIR_OK)
        err = failed(&run, "start", stir_loop_new(&run.server.loop), NULL);
    if (err == STIR_OK)
        err = failed(&run, "signals", watch_signals(&run), NULL);
    if (err == STIR_OK)
        err = read_office(&run);
    if (err == STIR_OK)
        err = start_fronts(&run, &fronts);
    if (err == STIR_OK)
        err = start_shared(&run);
    if (err == STIR_OK)
        err = start_office(&run);
    if (err == STIR_OK)
        err = start_live(&run);
    if (err == STIR_OK)
        err = start_workers(&run, &fronts);
    if (err == STIR_OK)
        err = start_renewals(&run);
    if (err == STIR_OK)
        serve(&run);
    stop(&run, &fronts);
    return err == STIR_OK ? 0 : CANNOT;
}
