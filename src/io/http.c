#define _GNU_SOURCE /* accept4 */
#include "io/http_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    ACCEPTS_A_TURN = 32, /* so that a flood of connections leaves the loop time for others */
    LONG_MS = 60000,
    PAUSE_MS = 100,         /* no descriptor is left: accepting again after this */
    LAST_REQUEST_MS = 1000, /* a connection that is left has so long for a request that is on its way, or for the handshake before it: its answer closes it */
    LAST_RUNS = 8,          /* turns of libmicrohttpd at the end, for answers that fit the sockets */
};

/* The loop */

static void maybe_gone(struct stir_http_server *server)
{
    if (!server->leaving || server->conns || !server->gone)
        return;
    void (*gone)(void *arg) = server->gone;
    server->gone = NULL;
    gone(server->gone_arg);
}

static void run(struct stir_http_server *server)
{
    MHD_run(server->mhd);
    MHD_UNSIGNED_LONG_LONG ms = 1;
    if (MHD_get_timeout(server->mhd, &ms) == MHD_YES && ms == 0)
        stir_http_run_again(server);
    maybe_gone(server);
}

static void work_ready(struct stir_watch *watch, uint32_t events)
{
    (void)events;
    run(OF(struct stir_http_server, working, watch));
}

static void again_fires(struct stir_timer *timer)
{
    struct stir_http_server *server = OF(struct stir_http_server, again, timer);
    server->hurry = false;
    run(server);
    if (!server->hurry && !stir_loop_after(server->loop, timer, LONG_MS))
        server->hurry = false;
}

static void stop_listening(struct stir_http_server *server)
{
    if (server->listens)
        stir_loop_unwatch(server->loop, &server->listening);
    server->listens = false;
}

static enum stir_err listen_on(struct stir_http_server *server)
{
    enum stir_err err = stir_loop_watch(server->loop, &server->listening, EPOLLIN, true);
    server->listens = err == STIR_OK;
    return err;
}

static void pause_ends(struct stir_timer *timer)
{
    struct stir_http_server *server = OF(struct stir_http_server, pause, timer);
    server->paused = server->leaving || server->listens || listen_on(server) == STIR_OK ? false : stir_loop_after(server->loop, timer, PAUSE_MS);
}

/* No descriptor, no memory: a little later, instead of at once and for ever. */
static void pause_listening(struct stir_http_server *server)
{
    server->paused = stir_loop_after(server->loop, &server->pause, PAUSE_MS);
    if (server->paused)
        stop_listening(server);
}

static void join(struct stir_http_server *server, int fd, const struct sockaddr_storage *peer, socklen_t n)
{
    if (!stir_http_port_admit(server->port, peer)) {
        close(fd);
        return;
    }
    struct stir_http_conn *c = stir_http_conn_new(server, fd, peer);
    if (!c) {
        stir_http_port_leave(server->port, peer);
        close(fd);
        return;
    }
    server->joining = c;
    if (MHD_add_connection(server->mhd, fd, (const struct sockaddr *)peer, n) != MHD_YES) {
        /* it closed the descriptor, and told of its end when it had told of its begin */
        if (server->joining)
            stir_http_conn_end(server->joining);
        server->joining = NULL;
        return;
    }
    stir_http_arm(c, server->port->limits.idle_ms);
    stir_http_run_again(server);
}

static void listening_ready(struct stir_watch *watch, uint32_t events)
{
    struct stir_http_server *server = OF(struct stir_http_server, listening, watch);
    (void)events;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        struct sockaddr_storage peer = {0};
        socklen_t n = sizeof(peer);
        int fd = accept4(watch->fd, (struct sockaddr *)&peer, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            join(server, fd, &peer, n);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            pause_listening(server);
        if (errno != EINTR && errno != ECONNABORTED)
            return;
    }
}

/* Beginning and end */

/* Nothing is unescaped: paths are compared as they came, so that there is one way to write each. */
static size_t keep_escapes(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls;
    (void)connection;
    return strlen(text);
}

static struct MHD_Daemon *start(struct stir_http_server *server)
{
    const struct stir_http_port *port = server->port;
    struct MHD_OptionItem options[16];
    size_t n = 0;
    options[n++] = (struct MHD_OptionItem){MHD_OPTION_CONNECTION_MEMORY_LIMIT, STIR_HTTP_MAX_HEAD, NULL};
    options[n++] = (struct MHD_OptionItem){MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL};
    options[n++] = (struct MHD_OptionItem){MHD_OPTION_CONNECTION_LIMIT, (intptr_t)port->limits.max_connections, NULL};
    if (port->cert) {
        options[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, port->cert};
        options[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, port->key};
        options[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"};
    }
    if (port->client_ca)
        options[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_TRUST, 0, port->client_ca};
    options[n] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
    unsigned flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO | (port->cert ? MHD_USE_TLS : 0u);
    return MHD_start_daemon(flags, 0, NULL, NULL, stir_http_handle, server, MHD_OPTION_ARRAY, options, MHD_OPTION_NOTIFY_COMPLETED, stir_http_ends, server,
                            MHD_OPTION_NOTIFY_CONNECTION, stir_http_changes, server, MHD_OPTION_URI_LOG_CALLBACK, stir_http_begins, server,
                            MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_END);
}

static enum stir_err begin(struct stir_http_server *server)
{
    server->mhd = start(server);
    const union MHD_DaemonInfo *info = server->mhd ? MHD_get_daemon_info(server->mhd, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (!info)
        return STIR_EIO;
    server->working = (struct stir_watch){info->epoll_fd, work_ready};
    server->listening = (struct stir_watch){server->port->fd, listening_ready};
    TRY(stir_loop_watch(server->loop, &server->working, EPOLLIN, false));
    server->works = true;
    if (!stir_loop_after(server->loop, &server->again, LONG_MS))
        return STIR_ENOMEM;
    return listen_on(server);
}

enum stir_err stir_http_server_new(struct stir_http_server **out, struct stir_http_port *port, struct stir_loop *loop, const struct stir_http_handler *handler)
{
    struct stir_http_server *server = calloc(1, sizeof(*server));
    if (!server)
        return STIR_ENOMEM;
    server->port = port;
    server->loop = loop;
    server->handler = *handler;
    server->again.fire = again_fires;
    server->pause.fire = pause_ends;
    enum stir_err err = begin(server);
    if (err != STIR_OK) {
        stir_http_server_free(server);
        return err;
    }
    *out = server;
    return STIR_OK;
}

void stir_http_server_leave(struct stir_http_server *server, void (*gone)(void *arg), void *arg)
{
    server->leaving = true;
    server->gone = gone;
    server->gone_arg = arg;
    stop_listening(server);
    for (struct stir_http_conn *c = server->conns; c; c = c->next)
        if (!c->request)
            stir_http_arm(c, LAST_REQUEST_MS);
    stir_http_run_again(server);
}

/* Nothing may be suspended when libmicrohttpd ends. */
static void drop_waiting(struct stir_http_server *server)
{
    for (struct stir_http_conn *c = server->conns; c; c = c->next) {
        struct stir_http_one *r = c->request;
        if (!r || r->state != WAITING)
            continue;
        server->handler.cancel(server->handler.arg, &r->seen);
        r->state = DROPPED;
        MHD_resume_connection(r->connection);
    }
}

void stir_http_server_free(struct stir_http_server *server)
{
    if (!server)
        return;
    server->leaving = true;
    server->gone = NULL;
    stop_listening(server);
    if (server->mhd) {
        drop_waiting(server);
        for (int i = 0; i < LAST_RUNS && server->conns; i++)
            MHD_run(server->mhd);
    }
    if (server->works)
        stir_loop_unwatch(server->loop, &server->working);
    stir_loop_cancel(server->loop, &server->again);
    stir_loop_cancel(server->loop, &server->pause);
    if (server->mhd)
        MHD_stop_daemon(server->mhd);
    stir_http_free_kept(server);
    free(server);
}
