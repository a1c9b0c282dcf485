/* Connections, TCP and TLS. Each belongs to the worker that accepted it; all that its peer can make it hold is bounded, and so is the time it has. */
#define _GNU_SOURCE /* accept4 */

#include "front/sip_desk.h"
#include "service/metrics.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    FIRST_ROOM = 4096, /* bytes of a connection's buffers; kept when there is nothing in them */
    READS = 8,         /* of one turn */
    PAUSE_MS = 100,    /* without descriptors nothing is accepted for so long */
};

static struct stir_sip_conn *conn_of_timer(struct stir_timer *timer, size_t offset)
{
    return (struct stir_sip_conn *)(void *)((char *)timer - offset);
}

/* ---- Places ---- */

static bool take_place(struct stir_sip_section *section, const struct sockaddr_storage *peer)
{
    bool fine = atomic_fetch_add(&section->connections, 1) < section->max_connections;
    if (fine && section->seats && !stir_seats_take(section->seats, peer))
        fine = false;
    if (!fine)
        atomic_fetch_sub(&section->connections, 1);
    return fine;
}

static void give_place(struct stir_sip_section *section, const struct sockaddr_storage *peer)
{
    if (section->seats)
        stir_seats_give_back(section->seats, peer);
    atomic_fetch_sub(&section->connections, 1);
}

/* ---- End ---- */

void stir_sip_conn_close(struct stir_sip_conn *conn)
{
    struct stir_sip_desk *desk = conn->desk;
    struct stir_loop *loop = desk->worker->loop;
    while (conn->calls)
        stir_sip_call_unhook(conn->calls);
    stir_loop_unwatch(loop, &conn->watch);
    stir_loop_cancel(loop, &conn->timer);
    stir_loop_cancel(loop, &conn->more);
    if (conn->ssl) {
        ERR_clear_error();
        if (conn->shaken && !conn->broken)
            (void)SSL_shutdown(conn->ssl);
        SSL_free(conn->ssl);
        ERR_clear_error();
    }
    close(conn->watch.fd);
    give_place(conn->socket->section, &conn->peer);
    if (conn->next)
        conn->next->previous = conn->previous;
    if (conn->previous)
        conn->previous->next = conn->next;
    else
        desk->conns = conn->next;
    free(conn->names);
    free(conn->in);
    free(conn->out);
    free(conn);
}

static void time_is_over(struct stir_timer *timer)
{
    struct stir_sip_conn *conn = conn_of_timer(timer, offsetof(struct stir_sip_conn, timer));
    struct stir_sip_desk *desk = conn->desk;
    stir_sip_enter(desk);
    if (conn->patience != STIR_SIP_IDLE)
        conn->broken = true;
    else if (!conn->calls) /* who waits for an answer of ours is not idle */
        conn->ended = true;
    conn->progress = true;
    stir_sip_conn_settle(conn);
    stir_sip_exit(desk);
}

/* ---- What it is given time for, and what is watched ---- */

static bool is_partial(const struct stir_sip_conn *conn)
{
    for (size_t i = 0; i < conn->in_n; i++)
        if (conn->in[i] != '\r' && conn->in[i] != '\n')
            return true;
    return conn->in_n > 3;
}

static void give_time(struct stir_sip_conn *conn)
{
    enum stir_sip_patience patience = !conn->shaken ? STIR_SIP_SHAKES : conn->out_n ? STIR_SIP_WRITES : is_partial(conn) ? STIR_SIP_READS : STIR_SIP_IDLE;
    if (conn->timer.place && conn->patience == patience && !conn->progress)
        return;
    conn->patience = patience;
    conn->progress = false;
    if (!stir_loop_after(conn->desk->worker->loop, &conn->timer, patience == STIR_SIP_IDLE ? conn->socket->section->idle_ms : STIR_SIP_WHOLE_MS))
        conn->broken = true;
}

static void watch(struct stir_sip_conn *conn)
{
    bool reads = !conn->ended && conn->out_n - conn->out_at < STIR_SIP_OUT_FULL;
    bool writes = conn->tls_writes || (conn->shaken && conn->out_n);
    uint32_t events = (reads ? (uint32_t)EPOLLIN : 0) | (writes ? (uint32_t)EPOLLOUT : 0);
    if (events == conn->events)
        return;
    conn->events = events;
    if (stir_loop_change(conn->desk->worker->loop, &conn->watch, events) != STIR_OK)
        conn->broken = true;
}

void stir_sip_conn_settle(struct stir_sip_conn *conn)
{
    if (conn->busy)
        return;
    if (!conn->broken) {
        give_time(conn);
        watch(conn);
    }
    if (conn->broken || (conn->ended && !conn->calls && conn->out_n == 0))
        stir_sip_conn_close(conn);
}

void stir_sip_conn_end(struct stir_sip_conn *conn)
{
    conn->ended = true;
    stir_sip_conn_settle(conn);
}

/* ---- TLS ---- */

/* After a TLS call that did not do what it was asked: is it over, or only not ready? */
static void note_tls(struct stir_sip_conn *conn, int result)
{
    switch (SSL_get_error(conn->ssl, result)) {
    case SSL_ERROR_WANT_READ: break;
    case SSL_ERROR_WANT_WRITE: conn->tls_writes = true; break;
    case SSL_ERROR_ZERO_RETURN: conn->ended = true; break;
    default: conn->broken = true; break;
    }
    ERR_clear_error();
}

static void shake(struct stir_sip_conn *conn)
{
    ERR_clear_error();
    conn->tls_writes = false;
    int result = SSL_accept(conn->ssl);
    if (result != 1) {
        note_tls(conn, result);
        return;
    }
    conn->shaken = true;
    conn->names = calloc(1, sizeof(*conn->names));
    if (!conn->names)
        conn->broken = true; /* never as somebody without a certificate */
    else
        stir_tls_client_names(conn->names, conn->ssl);
}

/* ---- Writing ---- */

/* Bytes written; 0: not now, or never. */
static size_t write_some(struct stir_sip_conn *conn, const char *p, size_t n)
{
    if (conn->ssl) {
        size_t done = 0;
        ERR_clear_error();
        int result = SSL_write_ex(conn->ssl, p, n, &done);
        if (result == 1)
            return done;
        note_tls(conn, result);
        return 0;
    }
    ssize_t done = send(conn->watch.fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (done < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
        conn->broken = true;
    return done > 0 ? (size_t)done : 0;
}

static void flush(struct stir_sip_conn *conn)
{
    while (conn->out_at < conn->out_n && !conn->broken) {
        size_t n = write_some(conn, conn->out + conn->out_at, conn->out_n - conn->out_at);
        if (n == 0)
            return;
        conn->out_at += n;
        conn->progress = true;
    }
    conn->out_at = conn->out_n = 0;
    if (conn->out_cap > FIRST_ROOM) {
        free(conn->out);
        conn->out = NULL;
        conn->out_cap = 0;
    }
}

static bool make_room(char **buf, size_t *cap, size_t need, size_t most)
{
    size_t more = *cap ? *cap : FIRST_ROOM;
    if (need <= *cap)
        return true;
    while (more < need)
        more *= 2;
    more = more < most ? more : most;
    char *longer = more >= need ? realloc(*buf, more) : NULL;
    if (!longer)
        return false;
    *buf = longer;
    *cap = more;
    return true;
}

/* A peer that does not read what it asked for is left. */
void stir_sip_conn_send(struct stir_sip_conn *conn, struct stir_slice bytes)
{
    if (conn->broken)
        return;
    if (conn->out_at && conn->out_at == conn->out_n)
        conn->out_at = conn->out_n = 0;
    if (!make_room(&conn->out, &conn->out_cap, conn->out_n + bytes.n, STIR_SIP_OUT_BYTES)) {
        conn->broken = true;
        return;
    }
    memcpy(conn->out + conn->out_n, bytes.p, bytes.n);
    conn->out_n += bytes.n;
    if (!conn->busy)
        flush(conn);
}

/* ---- Reading ---- */

static size_t read_some(struct stir_sip_conn *conn, char *p, size_t n)
{
    if (conn->ssl) {
        size_t got = 0;
        ERR_clear_error();
        conn->tls_writes = false;
        int result = SSL_read_ex(conn->ssl, p, n, &got);
        if (result == 1)
            return got;
        note_tls(conn, result);
        return 0;
    }
    ssize_t got = recv(conn->watch.fd, p, n, MSG_DONTWAIT);
    if (got == 0)
        conn->ended = true;
    else if (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
        conn->broken = true;
    return got > 0 ? (size_t)got : 0;
}

/* True: there may be more. */
static bool read_once(struct stir_sip_conn *conn)
{
    if (conn->ended || conn->broken || conn->out_n - conn->out_at >= STIR_SIP_OUT_FULL)
        return false;
    if (!make_room(&conn->in, &conn->in_cap, conn->in_n + 1024, 2 * STIR_MAX_MESSAGE)) {
        conn->broken = true;
        return false;
    }
    size_t n = read_some(conn, conn->in + conn->in_n, conn->in_cap - conn->in_n);
    if (n == 0)
        return false;
    conn->in_n += n;
    conn->busy = true;
    if (!stir_sip_stream_eat(conn))
        conn->ended = true;
    conn->busy = false;
    flush(conn);
    return true;
}

static void read_all(struct stir_sip_conn *conn)
{
    int i = 0;
    while (i < READS && read_once(conn))
        i++;
    /* The descriptor does not show what TLS has read already. */
    if (i == READS && conn->ssl && SSL_pending(conn->ssl) > 0 && !stir_loop_after(conn->desk->worker->loop, &conn->more, 0))
        conn->broken = true;
    if (conn->in_n == 0 && conn->in_cap > FIRST_ROOM) {
        free(conn->in);
        conn->in = NULL;
        conn->in_cap = 0;
    }
}

static void turn(struct stir_sip_conn *conn, uint32_t events)
{
    struct stir_sip_desk *desk = conn->desk;
    stir_sip_enter(desk);
    if (!conn->shaken)
        shake(conn);
    if (conn->shaken && !conn->broken) {
        flush(conn);
        read_all(conn);
    }
    /* Both ways are shut: whatever is not out never will be. */
    if ((events & (EPOLLHUP | EPOLLERR)) && !(conn->events & EPOLLIN))
        conn->broken = true;
    stir_sip_conn_settle(conn);
    stir_sip_exit(desk);
}

static void conn_ready(struct stir_watch *watched, uint32_t events)
{
    turn((struct stir_sip_conn *)(void *)watched, events);
}

static void read_more(struct stir_timer *timer)
{
    turn(conn_of_timer(timer, offsetof(struct stir_sip_conn, more)), 0);
}

/* ---- Beginning ---- */

static void link_conn(struct stir_sip_conn *conn, struct stir_sip_desk *desk)
{
    conn->desk = desk;
    conn->previous = NULL;
    conn->next = desk->conns;
    if (desk->conns)
        desk->conns->previous = conn;
    desk->conns = conn;
}

static void begin(struct stir_sip_ear *ear, int fd, const struct sockaddr_storage *peer)
{
    struct stir_sip_section *section = ear->socket->section;
    struct stir_sip_conn *conn = calloc(1, sizeof(*conn));
    bool tls = ear->socket->asked.transport == STIR_TLS;
    int on = 1;
    if (conn && tls)
        conn->ssl = SSL_new(section->tls);
    if (!conn || (tls && (!conn->ssl || SSL_set_fd(conn->ssl, fd) != 1))) {
        if (conn)
            SSL_free(conn->ssl);
        free(conn);
        close(fd);
        give_place(section, peer);
        return;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    conn->watch = (struct stir_watch){fd, conn_ready};
    conn->timer.fire = time_is_over;
    conn->more.fire = read_more;
    conn->socket = ear->socket;
    conn->peer = *peer;
    conn->shaken = !tls;
    conn->events = EPOLLIN;
    link_conn(conn, ear->desk);
    if (stir_loop_watch(ear->desk->worker->loop, &conn->watch, EPOLLIN, false) != STIR_OK)
        conn->broken = true;
    stir_sip_conn_settle(conn);
}

/* Without descriptors the kernel would tell of the waiting connection again and again. */
static void pause_accepting(struct stir_sip_ear *ear)
{
    stir_loop_unwatch(ear->desk->worker->loop, &ear->watch);
    ear->watched = false;
    ear->pause.fire = stir_sip_accept_again;
    if (!stir_loop_after(ear->desk->worker->loop, &ear->pause, PAUSE_MS))
        stir_sip_accept_again(&ear->pause);
}

void stir_sip_accept_again(struct stir_timer *timer)
{
    struct stir_sip_ear *ear = (struct stir_sip_ear *)(void *)((char *)timer - offsetof(struct stir_sip_ear, pause));
    ear->watched = stir_loop_watch(ear->desk->worker->loop, &ear->watch, EPOLLIN, true) == STIR_OK;
}

void stir_sip_accept_ready(struct stir_watch *watched, uint32_t events)
{
    struct stir_sip_ear *ear = (struct stir_sip_ear *)(void *)watched;
    struct stir_sip_section *section = ear->socket->section;
    struct stir_sip_desk *desk = ear->desk;
    (void)events;
    stir_sip_enter(desk);
    for (int i = 0; i < STIR_SIP_ACCEPTS; i++) {
        struct sockaddr_storage peer;
        socklen_t n = sizeof(peer);
        memset(&peer, 0, sizeof(peer));
        int fd = accept4(watched->fd, (struct sockaddr *)&peer, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
            pause_accepting(ear);
        if (fd < 0)
            break;
        if (take_place(section, &peer)) {
            begin(ear, fd, &peer);
            continue;
        }
        close(fd);
        stir_metrics_add(desk->front->shared->metrics, STIR_METRIC_SIP_TURNED_AWAY, 1);
    }
    stir_sip_exit(desk);
}

/* The calls of it that wait keep their desk; their answers go out by it all the same. */
void stir_sip_conn_move(struct stir_sip_conn *conn, struct stir_sip_desk *desk, const struct stir_sip_socket *socket)
{
    if (!take_place(socket->section, &conn->peer)) {
        stir_sip_conn_end(conn);
        return;
    }
    if (conn->next)
        conn->next->previous = conn->previous;
    if (conn->previous)
        conn->previous->next = conn->next;
    else
        conn->desk->conns = conn->next;
    give_place(conn->socket->section, &conn->peer);
    conn->socket = socket;
    link_conn(conn, desk);
}
