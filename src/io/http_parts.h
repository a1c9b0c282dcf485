/* The parts of one worker's HTTP server inside of io/http: connections, and requests on their way. */
#ifndef STIR_IO_HTTP_PARTS_H
#define STIR_IO_HTTP_PARTS_H

#include "core/bytes.h"

#include "io/http_port.h"

#include <microhttpd.h>

enum stir_http_state { READING, SERVING, WAITING, ANSWERED, DROPPED };

/* A request, with what its users need not see. */
struct stir_http_one {
    struct stir_http_request seen;
    struct MHD_Connection *connection;
    struct stir_http_conn *conn;
    struct MHD_Response *response;
    unsigned status;
    enum stir_http_state state;
    bool served; /* the handler knows it */
    size_t over; /* bytes beyond max_body that were thrown away */
    char *body;
    size_t cap;
    struct stir_http_one *next; /* of those kept for reuse, or of those that wait */
    struct stir_http_one *prev;
};

struct stir_http_conn {
    struct stir_timer timer;
    struct stir_http_server *server;
    struct stir_http_conn *next, *prev;
    int fd;
    struct sockaddr_storage peer;
    struct stir_http_one *request;
    bool looked, stranger; /* at its certificate */
    char (*names)[STIR_HTTP_MAX_NAME];
    const char *name[STIR_HTTP_MAX_NAMES];
    size_t n_names;
};

struct stir_http_server {
    struct stir_http_port *port;
    struct stir_loop *loop;
    struct stir_http_handler handler;
    struct MHD_Daemon *mhd;
    struct stir_watch listening, working; /* the port's socket; libmicrohttpd's own epoll descriptor */
    bool listens, works;
    struct stir_timer again, pause;
    bool hurry;  /* `again` is set for now */
    bool paused; /* no accepting until `pause` fires */
    struct stir_http_conn *conns;
    struct stir_http_conn *joining; /* handed to libmicrohttpd, which has not begun with it yet */
    struct stir_http_one *kept;
    size_t n_kept;
    bool leaving;
    void (*gone)(void *arg);
    void *gone_arg;
};

#define OF(type, member, pointer) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* What libmicrohttpd calls. */
enum MHD_Result stir_http_handle(void *cls, struct MHD_Connection *connection, const char *url, const char *method, const char *version, const char *data,
                                 size_t *n, void **context);
void *stir_http_begins(void *cls, const char *uri, struct MHD_Connection *connection);
void stir_http_ends(void *cls, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode code);
void stir_http_changes(void *cls, struct MHD_Connection *connection, void **context, enum MHD_ConnectionNotificationCode code);

/* A connection that is to be handed to libmicrohttpd; NULL: out of memory. */
struct stir_http_conn *stir_http_conn_new(struct stir_http_server *server, int fd, const struct sockaddr_storage *peer);
void stir_http_conn_end(struct stir_http_conn *c);
/* Close it after `ms`. */
void stir_http_arm(struct stir_http_conn *c, int64_t ms);
/* Soon: libmicrohttpd has something to do that no descriptor tells of. */
void stir_http_run_again(struct stir_http_server *server);
void stir_http_free_kept(struct stir_http_server *server);

#endif
