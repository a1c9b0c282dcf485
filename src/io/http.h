/* HTTP and HTTPS inside of the loop of a worker: libmicrohttpd without a thread of its own. A port is a listening socket that all workers share, with its
 * limits; a server is one worker's part of it. Requests come whole; an answer may be given at once or later, on the same thread. A connection that does not
 * bring its request in time, or does not take its answer, is closed: whoever drips bytes gains nothing. */
#ifndef STIR_IO_HTTP_H
#define STIR_IO_HTTP_H

#include "io/loop.h"

#include <sys/socket.h>

#define STIR_HTTP_MAX_FIELDS 12  /* header fields of one answer */
#define STIR_HTTP_MAX_HEAD 32768 /* bytes of a request's head, and of what libmicrohttpd keeps of a connection; tokens and cookies take a few KB at most */
#define STIR_HTTP_MAX_NAMES 4    /* names of one client certificate that are looked at */
#define STIR_HTTP_MAX_NAME 256   /* bytes of one of them, NUL included; a DNS name has 253 */

struct stir_http_limits {
    size_t max_body;                /* bytes of one request's body */
    size_t max_connections;         /* of the port, all workers together */
    size_t max_per_address;         /* of one IPv4 address, or one IPv6 /64; 0: not asked */
    int64_t request_ms;             /* from its first line to its last byte, and again from the answer to its last byte taken */
    int64_t idle_ms;                /* from a connection's begin, or its last answer, to the next request's first line */
    void (*turned_away)(void *arg); /* a connection was, for one of the limits; on any worker's thread; NULL: nobody asks */
    void *arg;
};

/* PEM texts, each with NUL behind it. With `client_ca` no client without a certificate of it is served. */
struct stir_http_tls {
    const char *cert, *key, *client_ca; /* client_ca NULL: clients are not asked */
};

struct stir_http_port;
/* Over the listening socket `fd`, which it owns from here on, also when this fails. `tls` NULL: plain HTTP; its texts are copied.
 * STIR_ENOMEM; STIR_EVALUE: certificate, key and CA do not serve (`diag` says what is wrong). */
enum stir_err stir_http_port_new(struct stir_http_port **out, int fd, const struct stir_http_limits *limits, const struct stir_http_tls *tls,
                                 struct stir_diag *diag) STIR_MUST_USE;
/* When all its servers are free; NULL is fine. */
void stir_http_port_free(struct stir_http_port *port);
int stir_http_port_fd(const struct stir_http_port *port);
/* Connections that are open now. From any thread. */
size_t stir_http_port_open(const struct stir_http_port *port);

/* A request, whole. Slices live until gone(). */
struct stir_http_request {
    struct stir_slice method, path; /* the path as it came, nothing unescaped; without what stands behind '?' */
    struct stir_slice body;
    const struct sockaddr_storage *peer;
    bool tls;
    bool stranger;            /* the port asks for client certificates, and the one that came (or did not come) is none of its CA's */
    const char *const *names; /* of the client's verified certificate: DNS names, else its common name */
    size_t n_names;
    bool has_length; /* there is a Content-Length */
    bool too_long;   /* the body is longer than max_body, and not here */
    void *user;      /* the owner's */
};
/* A header of the request, NUL behind it; absent when it is not there. The first of several. */
struct stir_slice stir_http_header(const struct stir_http_request *request, const char *name);
/* The last of several: what the peer next to us wrote. */
struct stir_slice stir_http_header_last(const struct stir_http_request *request, const char *name);

struct stir_http_field {
    const char *name, *value;
};
/* `body` lives until gone(); names and values are copied. */
struct stir_http_answer {
    unsigned status;
    const char *type; /* Content-Type; NULL: none */
    struct stir_slice body;
    struct stir_http_field fields[STIR_HTTP_MAX_FIELDS];
    size_t n_fields;
};
/* Answer, within serve() or later. Exactly once for each request that was served. When memory does not suffice the connection is closed instead. */
void stir_http_answer(struct stir_http_request *request, const struct stir_http_answer *answer);

struct stir_http_handler {
    void *arg;
    /* Answer it, now or later. */
    void (*serve)(void *arg, struct stir_http_request *request);
    /* The request is over, answered or not; `user` may be freed. */
    void (*gone)(void *arg, struct stir_http_request *request);
    /* It waits for its answer and the server ends: end what is under way, without an answer. gone() follows. */
    void (*cancel)(void *arg, struct stir_http_request *request);
};

struct stir_http_server;
/* On the worker's thread: begin to accept. STIR_ENOMEM, STIR_EIO (libmicrohttpd does not start). */
enum stir_err stir_http_server_new(struct stir_http_server **out, struct stir_http_port *port, struct stir_loop *loop,
                                   const struct stir_http_handler *handler) STIR_MUST_USE;
/* Accept nothing new, answer what is under way and what comes on open connections within a second, and close each then; gone(arg) when nothing is left, maybe before this returns. */
void stir_http_server_leave(struct stir_http_server *server, void (*gone)(void *arg), void *arg);
/* At once, with whatever is under way. NULL is fine. */
void stir_http_server_free(struct stir_http_server *server);

#endif
