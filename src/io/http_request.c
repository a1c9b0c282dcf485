#include "io/http_parts.h"

#include <stdlib.h>

enum {
    KEEP_REQUESTS = 64, /* kept for reuse, with their buffers */
    KEEP_BODY = 16384,  /* a buffer longer than this is not kept */
    FIRST_BODY = 4096,
};

/* Requests */

static struct stir_http_one *take_request(struct stir_http_server *server)
{
    struct stir_http_one *r = server->kept;
    if (r) {
        server->kept = r->next;
        server->n_kept--;
    } else {
        r = calloc(1, sizeof(*r));
    }
    return r;
}

static void free_request(struct stir_http_one *r)
{
    free(r->body);
    free(r);
}

static void give_back(struct stir_http_server *server, struct stir_http_one *r)
{
    if (server->n_kept >= KEEP_REQUESTS || r->cap > KEEP_BODY) {
        free_request(r);
        return;
    }
    char *body = r->body;
    size_t cap = r->cap;
    *r = (struct stir_http_one){.body = body, .cap = cap, .next = server->kept};
    server->kept = r;
    server->n_kept++;
}

/* Room for `more` bytes of body. */
static bool make_room(struct stir_http_one *r, size_t more, size_t max)
{
    size_t need = r->seen.body.n + more;
    if (need <= r->cap)
        return true;
    size_t cap = r->cap ? r->cap : FIRST_BODY;
    while (cap < need)
        cap *= 2;
    if (cap > max && max >= need)
        cap = max;
    char *body = realloc(r->body, cap);
    if (!body)
        return false;
    r->body = body;
    r->cap = cap;
    return true;
}

/* Connections */

void stir_http_arm(struct stir_http_conn *c, int64_t ms)
{
    /* Without memory for a timer there is no deadline; then nobody is kept. */
    if (!stir_loop_after(c->server->loop, &c->timer, ms))
        shutdown(c->fd, SHUT_RDWR);
}

static void too_late(struct stir_timer *timer)
{
    struct stir_http_conn *c = OF(struct stir_http_conn, timer, timer);
    shutdown(c->fd, SHUT_RDWR); /* libmicrohttpd sees the end and closes */
}

static void link_conn(struct stir_http_conn *c)
{
    struct stir_http_server *server = c->server;
    c->next = server->conns;
    if (c->next)
        c->next->prev = c;
    server->conns = c;
}

static void unlink_conn(struct stir_http_conn *c)
{
    if (c->next)
        c->next->prev = c->prev;
    if (c->prev)
        c->prev->next = c->next;
    else
        c->server->conns = c->next;
}

struct stir_http_conn *stir_http_conn_new(struct stir_http_server *server, int fd, const struct sockaddr_storage *peer)
{
    struct stir_http_conn *c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    c->server = server;
    c->fd = fd;
    c->peer = *peer;
    c->timer.fire = too_late;
    link_conn(c);
    return c;
}

void stir_http_conn_end(struct stir_http_conn *c)
{
    stir_loop_cancel(c->server->loop, &c->timer);
    unlink_conn(c);
    stir_http_port_leave(c->server->port, &c->peer);
    free(c->names);
    free(c);
}

void stir_http_changes(void *cls, struct MHD_Connection *connection, void **context, enum MHD_ConnectionNotificationCode code)
{
    struct stir_http_server *server = cls;
    (void)connection;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = server->joining;
        server->joining = NULL;
    } else if (*context) {
        stir_http_conn_end(*context);
        *context = NULL;
    }
}

static struct stir_http_conn *conn_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* The first line of a request is there. */
void *stir_http_begins(void *cls, const char *uri, struct MHD_Connection *connection)
{
    struct stir_http_server *server = cls;
    struct stir_http_conn *c = conn_of(connection);
    (void)uri;
    if (c)
        stir_http_arm(c, server->port->limits.request_ms);
    return NULL;
}

/* Who is it, by certificate: once for each connection. */
static void look_at_certificate(struct stir_http_conn *c, struct MHD_Connection *connection)
{
    c->looked = true;
    if (!c->server->port->client_ca)
        return;
    c->stranger = true;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    c->names = calloc(STIR_HTTP_MAX_NAMES, sizeof(*c->names));
    if (!c->names || !info || !info->tls_session)
        return;
    c->stranger = !stir_http_tls_names(info->tls_session, c->names, &c->n_names);
    for (size_t i = 0; i < c->n_names; i++)
        c->name[i] = c->names[i];
}

static uint64_t read_length(struct stir_slice text)
{
    uint64_t n = 0;
    for (size_t i = 0; i < text.n && n < SIZE_MAX / 16; i++)
        n = n * 10 + (uint64_t)(text.p[i] - '0');
    return n;
}

struct stir_slice stir_http_header(const struct stir_http_request *request, const char *name)
{
    const struct stir_http_one *r = (const void *)request;
    return stir_slice_str(MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name));
}

struct last {
    const char *name;
    struct stir_slice value;
};

static enum MHD_Result look_at_header(void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
    struct last *last = cls;
    (void)kind;
    if (value && stir_slice_ieq(stir_slice_str(key), stir_slice_str(last->name)))
        last->value = stir_slice_str(value);
    return MHD_YES;
}

struct stir_slice stir_http_header_last(const struct stir_http_request *request, const char *name)
{
    const struct stir_http_one *r = (const void *)request;
    struct last last = {name, {NULL, 0}};
    MHD_get_connection_values(r->connection, MHD_HEADER_KIND, look_at_header, &last);
    return last.value;
}

struct lengths {
    size_t told, coded;
};

static enum MHD_Result count_lengths(void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
    struct lengths *lengths = cls;
    (void)kind;
    (void)value;
    lengths->told += stir_slice_ieq(stir_slice_str(key), stir_slice_str(MHD_HTTP_HEADER_CONTENT_LENGTH));
    lengths->coded += stir_slice_ieq(stir_slice_str(key), stir_slice_str(MHD_HTTP_HEADER_TRANSFER_ENCODING));
    return MHD_YES;
}

/* Told twice where its body ends, a request may be two to a proxy before us: what it took for the one's body would be another's request here. */
static bool ends_in_two_ways(struct MHD_Connection *connection)
{
    struct lengths lengths = {0, 0};
    MHD_get_connection_values(connection, MHD_HEADER_KIND, count_lengths, &lengths);
    return lengths.told + lengths.coded > 1;
}

/* And nothing that follows on the connection is read. */
static enum MHD_Result refuse_lengths(struct MHD_Connection *connection)
{
    static char text[] = "the request says twice how long it is\n";
    struct MHD_Response *response = MHD_create_response_from_buffer(sizeof(text) - 1, text, MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    enum MHD_Result done = MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    if (done == MHD_YES)
        done = MHD_queue_response(connection, MHD_HTTP_BAD_REQUEST, response);
    MHD_destroy_response(response);
    return done;
}

static void serve(struct stir_http_one *r)
{
    struct stir_http_server *server = r->conn->server;
    r->served = true;
    r->state = SERVING;
    server->handler.serve(server->handler.arg, &r->seen);
}

/* What serve() led to: an answer, or waiting for one. */
static enum MHD_Result settle(struct stir_http_one *r)
{
    if (r->state == ANSWERED)
        return MHD_queue_response(r->connection, r->status, r->response);
    if (r->state == DROPPED)
        return MHD_NO;
    r->state = WAITING;
    stir_loop_cancel(r->conn->server->loop, &r->conn->timer); /* the handler's own limit holds now */
    MHD_suspend_connection(r->connection);
    return MHD_YES;
}

static struct stir_http_one *begin_request(struct stir_http_conn *c, struct MHD_Connection *connection, const char *method, const char *path)
{
    struct stir_http_one *r = take_request(c->server);
    if (!r)
        return NULL;
    if (!c->looked)
        look_at_certificate(c, connection);
    r->connection = connection;
    r->conn = c;
    c->request = r;
    r->seen = (struct stir_http_request){.method = stir_slice_str(method),
                                         .path = stir_slice_str(path),
                                         .body = {r->body ? r->body : "", 0},
                                         .peer = &c->peer,
                                         .tls = c->server->port->cert != NULL,
                                         .stranger = c->stranger,
                                         .names = c->name,
                                         .n_names = c->n_names};
    struct stir_slice length = stir_http_header(&r->seen, MHD_HTTP_HEADER_CONTENT_LENGTH);
    r->seen.has_length = length.p != NULL;
    r->seen.too_long = length.p && read_length(length) > c->server->port->limits.max_body;
    return r;
}

/* More of the body. What is too long is thrown away, and no more of that than as much again. */
static enum MHD_Result take_body(struct stir_http_one *r, const char *bytes, size_t *n)
{
    size_t max = r->conn->server->port->limits.max_body;
    if (*n > max - r->seen.body.n || r->seen.too_long) {
        r->seen.too_long = true;
        r->over += *n;
    } else {
        if (!make_room(r, *n, max))
            return MHD_NO;
        memcpy(r->body + r->seen.body.n, bytes, *n);
        r->seen.body = stir_slice_of(r->body, r->seen.body.n + *n);
    }
    *n = 0;
    return r->over > max ? MHD_NO : MHD_YES;
}

enum MHD_Result stir_http_handle(void *cls, struct MHD_Connection *connection, const char *url, const char *method, const char *version, const char *data,
                                 size_t *n, void **context)
{
    (void)cls;
    (void)version;
    struct stir_http_one *r = *context;
    if (!r && ends_in_two_ways(connection))
        return refuse_lengths(connection);
    if (!r) {
        struct stir_http_conn *c = conn_of(connection);
        r = c ? begin_request(c, connection, method, url) : NULL;
        *context = r;
        if (!r)
            return MHD_NO;
        if (!r->seen.too_long)
            return MHD_YES;
        serve(r); /* refused before it is read */
        return settle(r);
    }
    if (*n > 0)
        return take_body(r, data, n);
    if (r->state == READING)
        serve(r);
    return settle(r);
}

void stir_http_ends(void *cls, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode code)
{
    struct stir_http_server *server = cls;
    struct stir_http_one *r = *context;
    (void)connection;
    (void)code;
    if (!r)
        return;
    *context = NULL;
    if (r->served)
        server->handler.gone(server->handler.arg, &r->seen);
    if (r->response)
        MHD_destroy_response(r->response);
    r->conn->request = NULL;
    if (server->leaving)
        shutdown(r->conn->fd, SHUT_RD);
    else
        stir_http_arm(r->conn, server->port->limits.idle_ms);
    give_back(server, r);
}

/* Answers */

static struct MHD_Response *make_response(const struct stir_http_one *r, const struct stir_http_answer *answer)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(answer->body.n, (void *)(uintptr_t)(answer->body.n ? answer->body.p : ""), MHD_RESPMEM_PERSISTENT);
    if (!response)
        return NULL;
    bool fine = !answer->type || MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type) == MHD_YES;
    for (size_t i = 0; fine && i < answer->n_fields; i++)
        fine = MHD_add_response_header(response, answer->fields[i].name, answer->fields[i].value) == MHD_YES;
    if (fine && r->conn->server->leaving)
        fine = MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES;
    if (!fine) {
        MHD_destroy_response(response);
        return NULL;
    }
    return response;
}

/* Soon: libmicrohttpd has something to do that no descriptor tells of. The timer is always set, for that or for much later: setting it again needs no memory.
 */
void stir_http_run_again(struct stir_http_server *server)
{
    server->hurry = server->hurry || stir_loop_after(server->loop, &server->again, 0);
}

void stir_http_answer(struct stir_http_request *request, const struct stir_http_answer *answer)
{
    struct stir_http_one *r = (void *)request;
    bool waited = r->state == WAITING;
    r->response = make_response(r, answer);
    r->status = answer->status;
    r->state = r->response ? ANSWERED : DROPPED;
    if (!waited)
        return;
    stir_http_arm(r->conn, r->conn->server->port->limits.request_ms);
    MHD_resume_connection(r->connection);
    stir_http_run_again(r->conn->server);
}

void stir_http_free_kept(struct stir_http_server *server)
{
    while (server->kept) {
        struct stir_http_one *next = server->kept->next;
        free_request(server->kept);
        server->kept = next;
    }
}
