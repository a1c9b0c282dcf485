/* The front as a whole: sockets bound or taken over, desks that come and go. */
#include "front/sip_desk.h"

#include "core/siphash.h"
#include "io/file.h"
#include "service/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

/* ---- Sections and sockets ---- */

/* One file of TLS; "": not given. */
static enum stir_err read_pem(struct stir_tls_pem *pem, const char *name, bool secret, struct stir_diag *diag)
{
    pem->name = name;
    return name[0] ? stir_secret_read(&pem->content, name, STIR_MAX_BUNDLE, secret, diag) : STIR_OK;
}

/* Each with its length, so that no two ways to cut the same bytes are alike. */
static enum stir_err digest_files(unsigned char digest[STIR_TLS_DIGEST], const struct stir_tls_pem *const files[], size_t n)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1;
    for (size_t i = 0; good && i < n; i++) {
        const struct stir_slice *s = &files[i]->content;
        good = EVP_DigestUpdate(ctx, &s->n, sizeof(s->n)) == 1 && (s->n == 0 || EVP_DigestUpdate(ctx, s->p, s->n) == 1);
    }
    good = good && EVP_DigestFinal_ex(ctx, digest, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return good ? STIR_OK : STIR_ECRYPTO;
}

static enum stir_err open_tls(struct stir_sip_section *section, const struct stir_conf_sip *conf, struct stir_diag *diag)
{
    struct stir_tls_pem cert = {.name = ""}, key = {.name = ""}, clients = {.name = ""};
    enum stir_err err = read_pem(&cert, conf->tls_cert, false, diag);
    if (err == STIR_OK)
        err = read_pem(&key, conf->tls_key, true, diag);
    if (err == STIR_OK)
        err = read_pem(&clients, conf->tls_client_ca, false, diag);
    if (err == STIR_OK)
        err = stir_tls_server_new(&section->tls, &cert, &key, conf->tls_client_ca[0] ? &clients : NULL, diag);
    if (err == STIR_OK)
        err = digest_files(section->tls_files, (const struct stir_tls_pem *const[]){&cert, &key, &clients}, 3);
    stir_file_free(&cert.content);
    stir_file_free(&key.content);
    stir_file_free(&clients.content);
    return err;
}

static enum stir_err init_section(struct stir_sip_section *section, const struct stir_conf_sip *conf, struct stir_diag *diag)
{
    section->role = conf->role;
    section->any_source = conf->any_source;
    section->nothing = conf->nothing;
    section->identity_in = conf->identity_in;
    section->answer_within_ms = conf->answer_within_ms;
    section->idle_ms = conf->idle_ms;
    section->max_connections = conf->max_connections > 0 ? (size_t)conf->max_connections : 0;
    section->contact = strdup(conf->contact);
    atomic_init(&section->connections, 0);
    if (!section->contact)
        return STIR_ENOMEM;
    if (conf->max_per_address > 0)
        TRY(stir_seats_new(&section->seats, section->max_connections, (size_t)conf->max_per_address));
    return conf->tls_cert[0] ? open_tls(section, conf, diag) : STIR_OK;
}

/* The same socket in the front before, which keeps a descriptor of its own until its desks have left: the kernel's queue is one. -1: there is none. */
static int take_over(struct stir_sip_front *before, const struct stir_address *address, struct sockaddr_storage *bound)
{
    for (size_t i = 0; before && i < before->n_sockets; i++) {
        struct stir_sip_socket *s = &before->sockets[i];
        bool same_kind = (s->asked.transport == STIR_UDP) == (address->transport == STIR_UDP);
        if (s->taken || !same_kind || !stir_address_eq(&s->asked.at, &address->at))
            continue;
        int fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 0);
        if (fd < 0)
            return -1;
        s->taken = true;
        *bound = s->bound;
        return fd;
    }
    return -1;
}

static uint64_t id_of(const struct stir_sip_socket *socket)
{
    static const unsigned char none[STIR_SIPHASH_SECRET];
    struct stir_siphash hash = stir_siphash_of(none);
    char text[STIR_ADDRESS_TEXT + 4];
    snprintf(text, sizeof(text), "%d ", (int)socket->asked.transport);
    stir_address_text(text + 2, sizeof(text) - 2, &socket->bound);
    return stir_siphash(&hash, stir_slice_str(text));
}

static enum stir_err open_socket(struct stir_sip_socket *socket, struct stir_sip_front *before, const char *text, struct stir_diag *diag)
{
    socket->fd = -1;
    if (stir_address_parse(&socket->asked, stir_slice_str(text), STIR_UDP) != STIR_OK)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "\"%s\" is not transport:ADDRESS:PORT, such as udp:192.0.2.1:5060 or tls:[2001:db8::1]:5061", text);
    if (socket->asked.transport == STIR_TLS && !socket->section->tls)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s needs tls-cert and tls-key", text);
    socket->fd = take_over(before, &socket->asked, &socket->bound);
    if (socket->fd < 0)
        TRY(stir_socket_open(&socket->fd, &socket->asked, &socket->bound, diag));
    socket->id = id_of(socket);
    return socket->asked.transport == STIR_UDP ? stir_sip_udp_prepare(socket, diag) : STIR_OK;
}

static enum stir_err open_section(struct stir_sip_front *front, const struct stir_conf_sip *conf, struct stir_diag *diag)
{
    struct stir_sip_section *section = &front->sections[front->n_sections++];
    struct stir_diag inner = {0, ""};
    enum stir_err err = init_section(section, conf, &inner);
    for (size_t i = 0; err == STIR_OK && i < conf->listen.n; i++) {
        struct stir_sip_socket *socket = &front->sockets[front->n_sockets++];
        socket->section = section;
        err = open_socket(socket, front->before, conf->listen.items[i], &inner);
    }
    return err == STIR_OK ? STIR_OK : stir_diag_set(diag, err, SIZE_MAX, "[sip %s] %s", conf->name, inner.text[0] ? inner.text : stir_err_text(err));
}

/* ---- The front ---- */

static size_t count_sockets(const struct stir_conf *conf)
{
    size_t n = 0;
    for (size_t i = 0; i < conf->n_sip; i++)
        n += conf->sip[i].listen.n;
    return n;
}

/* The largest number that a section wants: one memory serves all. */
static size_t count_answers(const struct stir_conf *conf)
{
    int64_t most = 0;
    for (size_t i = 0; i < conf->n_sip; i++)
        most = conf->sip[i].max_answers > most ? conf->sip[i].max_answers : most;
    return (size_t)(most < STIR_SIP_MAX_ANSWERS ? most : STIR_SIP_MAX_ANSWERS);
}

static enum stir_err open_all(struct stir_sip_front *front, const struct stir_conf *conf, struct stir_diag *diag)
{
    size_t answers = count_answers(conf), sockets = count_sockets(conf);
    front->sections = calloc(conf->n_sip + 1, sizeof(*front->sections));
    front->sockets = calloc(sockets + 1, sizeof(*front->sockets));
    if (!front->sections || !front->sockets)
        return STIR_ENOMEM;
    /* Who asks again after a reload gets the bytes of before it. */
    if (front->before && stir_sip_memory_room(front->before->memory) == answers)
        front->memory = stir_sip_memory_ref(front->before->memory);
    else
        TRY(stir_sip_memory_new(&front->memory, answers));
    for (size_t i = 0; i < conf->n_sip; i++)
        TRY(open_section(front, &conf->sip[i], diag));
    return STIR_OK;
}

enum stir_err stir_sip_front_new(struct stir_sip_front **out, const struct stir_conf *conf, struct stir_shared *shared, struct stir_sip_front *before,
                                 struct stir_diag *diag)
{
    struct stir_sip_front *front = calloc(1, sizeof(*front));
    if (!front)
        return STIR_ENOMEM;
    front->shared = shared;
    front->before = before;
    atomic_init(&front->repeating, 0);
    pthread_mutex_init(&front->lock, NULL);
    enum stir_err err = open_all(front, conf, diag);
    if (err != STIR_OK) {
        stir_sip_front_free(front);
        return err;
    }
    if (before)
        before->after = front;
    *out = front;
    return STIR_OK;
}

bool stir_sip_front_bound(const struct stir_sip_front *front, size_t index, char *buf, size_t cap)
{
    static const char *const transports[] = {[STIR_UDP] = "udp", [STIR_TCP] = "tcp", [STIR_TLS] = "tls"};
    char text[STIR_ADDRESS_TEXT];
    if (index >= front->n_sockets)
        return false;
    const struct stir_sip_socket *s = &front->sockets[index];
    stir_address_text(text, sizeof(text), &s->bound);
    snprintf(buf, cap, "%s:%s %s", transports[s->asked.transport], text, s->section->role == STIR_ROLE_VS ? "vs" : "as");
    return true;
}

void stir_sip_front_free(struct stir_sip_front *front)
{
    if (!front)
        return;
    /* One that never came into use gives back what it took over. */
    for (size_t i = 0; front->before && i < front->before->n_sockets; i++)
        front->before->sockets[i].taken = false;
    if (front->before)
        front->before->after = NULL;
    if (front->after)
        front->after->before = NULL;
    for (size_t i = 0; i < front->n_sockets; i++)
        if (front->sockets[i].fd >= 0)
            close(front->sockets[i].fd);
    for (size_t i = 0; i < front->n_sections; i++) {
        SSL_CTX_free(front->sections[i].tls);
        stir_seats_free(front->sections[i].seats);
        free(front->sections[i].contact);
    }
    free(front->sections);
    free(front->sockets);
    stir_sip_memory_free(front->memory);
    pthread_mutex_destroy(&front->lock);
    free(front);
}

/* ---- Desks ---- */

static void link_desk(struct stir_sip_desk *desk)
{
    pthread_mutex_lock(&desk->front->lock);
    desk->next = desk->front->desks;
    desk->front->desks = desk;
    pthread_mutex_unlock(&desk->front->lock);
}

static void unlink_desk(struct stir_sip_desk *desk)
{
    pthread_mutex_lock(&desk->front->lock);
    struct stir_sip_desk **at = &desk->front->desks;
    while (*at && *at != desk)
        at = &(*at)->next;
    if (*at)
        *at = desk->next;
    pthread_mutex_unlock(&desk->front->lock);
}

static struct stir_sip_desk *desk_of_worker(struct stir_sip_front *front, const struct stir_worker *worker)
{
    pthread_mutex_lock(&front->lock);
    struct stir_sip_desk *desk = front->desks;
    while (desk && desk->worker != worker)
        desk = desk->next;
    pthread_mutex_unlock(&front->lock);
    return desk;
}

static enum stir_err open_desk(struct stir_sip_desk *desk)
{
    struct stir_sip_front *front = desk->front;
    desk->ears = calloc(front->n_sockets + 1, sizeof(*desk->ears));
    desk->answer = calloc(1, sizeof(*desk->answer));
    desk->lines = malloc(STIR_SIP_MAX_REPLY + 1);
    desk->reply = malloc(STIR_SIP_MAX_REPLY + 1);
    if (!desk->ears || !desk->answer || !desk->lines || !desk->reply)
        return STIR_ENOMEM;
    TRY(stir_sip_box_new(&desk->box, desk));
    TRY(stir_sip_out_new(&desk->out));
    for (size_t i = 0; i < front->n_sockets; i++) {
        struct stir_sip_ear *ear = &desk->ears[i];
        bool udp = front->sockets[i].asked.transport == STIR_UDP;
        ear->watch = (struct stir_watch){front->sockets[i].fd, udp ? stir_sip_udp_ready : stir_sip_accept_ready};
        ear->desk = desk;
        ear->socket = &front->sockets[i];
        TRY(stir_loop_watch(desk->worker->loop, &ear->watch, EPOLLIN, true));
        ear->watched = true;
    }
    return STIR_OK;
}

enum stir_err stir_sip_front_join(struct stir_sip_desk **out, struct stir_sip_front *front, struct stir_worker *worker)
{
    struct stir_sip_desk *desk = calloc(1, sizeof(*desk));
    if (!desk)
        return STIR_ENOMEM;
    desk->front = front;
    desk->worker = worker;
    link_desk(desk);
    enum stir_err err = open_desk(desk);
    if (err != STIR_OK) {
        stir_sip_desk_free(desk);
        return err;
    }
    *out = desk;
    return STIR_OK;
}

void stir_sip_enter(struct stir_sip_desk *desk)
{
    desk->depth++;
}

static bool is_empty(const struct stir_sip_desk *desk)
{
    return !desk->waiting && !desk->conns && atomic_load(&desk->box->owners) == 1;
}

void stir_sip_exit(struct stir_sip_desk *desk)
{
    if (desk->depth > 1) {
        desk->depth--;
        return;
    }
    stir_sip_udp_flush(desk);
    desk->depth = 0;
    if (desk->leaving && desk->gone && is_empty(desk)) {
        void (*gone)(void *arg) = desk->gone;
        desk->gone = NULL;
        gone(desk->gone_arg);
    }
}

static void stop_listening(struct stir_sip_desk *desk)
{
    for (size_t i = 0; i < desk->front->n_sockets; i++) {
        struct stir_sip_ear *ear = &desk->ears[i];
        stir_loop_cancel(desk->worker->loop, &ear->pause);
        if (ear->watched)
            stir_loop_unwatch(desk->worker->loop, &ear->watch);
        ear->watched = false;
    }
}

/* Datagrams that have come and that nobody will read after us. */
static void drain(struct stir_sip_desk *desk)
{
    for (size_t i = 0; i < desk->front->n_sockets; i++)
        for (int batch = 0; desk->ears[i].socket->asked.transport == STIR_UDP && !desk->ears[i].socket->taken && batch < STIR_SIP_DRAIN; batch++)
            if (stir_sip_udp_read(&desk->ears[i]) == 0)
                break;
}

/* The listener of `front` at the same address; NULL: there is none any more. */
static const struct stir_sip_socket *same_socket(const struct stir_sip_front *front, const struct stir_sip_socket *socket)
{
    for (size_t i = 0; i < front->n_sockets; i++)
        if (front->sockets[i].id == socket->id)
            return &front->sockets[i];
    return NULL;
}

/* Who proved to be somebody to a CA that is not asked any more, or was shown a key that is not used any more, has to begin anew. */
static bool is_same_tls(const struct stir_sip_conn *conn, const struct stir_sip_socket *socket)
{
    return !conn->ssl || memcmp(conn->socket->section->tls_files, socket->section->tls_files, STIR_TLS_DIGEST) == 0;
}

/* Connections go over to the desk after this one; those whose listener is gone, or has other keys, end when they are answered. */
static void hand_over(struct stir_sip_desk *desk)
{
    struct stir_sip_front *front = desk->front->after;
    struct stir_sip_desk *after = front ? desk_of_worker(front, desk->worker) : NULL;
    struct stir_sip_conn *conn = desk->conns;
    while (conn) {
        struct stir_sip_conn *next = conn->next;
        const struct stir_sip_socket *socket = after ? same_socket(front, conn->socket) : NULL;
        if (socket && is_same_tls(conn, socket))
            stir_sip_conn_move(conn, after, socket);
        else
            stir_sip_conn_end(conn);
        conn = next;
    }
}

void stir_sip_desk_leave(struct stir_sip_desk *desk, void (*gone)(void *arg), void *arg)
{
    stir_sip_enter(desk);
    stop_listening(desk);
    drain(desk);
    desk->leaving = true;
    desk->gone = gone;
    desk->gone_arg = arg;
    stir_sip_repeat_none(desk);
    hand_over(desk);
    stir_sip_exit(desk);
}

void stir_sip_desk_free(struct stir_sip_desk *desk)
{
    if (!desk)
        return;
    desk->depth++; /* nobody is told of anything any more */
    if (desk->ears)
        stop_listening(desk);
    while (desk->waiting)
        stir_sip_call_abandon(desk->waiting);
    stir_sip_repeat_none(desk);
    while (desk->conns)
        stir_sip_conn_close(desk->conns);
    while (desk->spare) {
        struct stir_sip_call *call = desk->spare;
        desk->spare = call->next;
        free(call);
    }
    if (desk->box)
        desk->box->desk = NULL;
    stir_sip_box_free(desk->box);
    stir_sip_out_free(desk->out);
    unlink_desk(desk);
    free(desk->ears);
    free(desk->answer);
    free(desk->lines);
    free(desk->reply);
    free(desk);
}
