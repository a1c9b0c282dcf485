/* Inside of the SIP front: sockets, the desk of one worker, connections, and calls on their way through it. Everything of a desk belongs to its worker's
 * thread, but what is said to be shared. */
#ifndef STIR_FRONT_SIP_DESK_H
#define STIR_FRONT_SIP_DESK_H

#include "front/sip.h"
#include "front/sip_gate.h"
#include "front/sip_memory.h"
#include "io/seats.h"
#include "io/socket.h"
#include "io/tls.h"
#include "service/as.h"
#include "service/vs.h"

enum {
    STIR_SIP_TRYING_MS = 200,         /* a call that waits longer is told 100 Trying (RFC 3261 §17.2.1) */
    STIR_SIP_WHOLE_MS = 10000,        /* a message, or a TLS handshake, must be whole within this from its first byte */
    STIR_SIP_OUT_BYTES = 256 * 1024,  /* of a connection, that its peer has not read: beyond it is closed */
    STIR_SIP_BATCH = 16,              /* datagrams of one turn */
    STIR_SIP_OUT_BATCH = 32,          /* answers that are sent at once */
    STIR_SIP_OUT_FULL = 64 * 1024,    /* while it has so much to read, nothing is read of it */
    STIR_SIP_ACCEPTS = 16,            /* connections taken in one turn */
    STIR_SIP_AGAIN = 4096,            /* answers of one desk that are repeated until they are acknowledged */
    STIR_SIP_SPARE_CALLS = 64,        /* kept for the next calls */
    STIR_SIP_CALL_ROOM = 4096,        /* bytes of a message that need no memory of their own */
    STIR_SIP_DRAIN = 64,              /* batches read before a stop */
    STIR_SIP_NOT_BELIEVED_MS = 30000, /* a datagram that seems to have waited longer came before a jump of the clock */
    STIR_SIP_UDP_PAYLOAD = 65507,     /* the largest datagram over IPv4 */
    STIR_TLS_DIGEST = 32,
};

/* A [sip] section, as much as the front needs of it: copied, since the conf may go before the last connection does. */
struct stir_sip_section {
    unsigned role;
    bool any_source;
    char *contact;
    enum stir_conf_nothing nothing;
    enum stir_conf_identity_in identity_in;
    int64_t answer_within_ms, idle_ms;
    size_t max_connections;
    SSL_CTX *tls;                             /* NULL: no TLS */
    unsigned char tls_files[STIR_TLS_DIGEST]; /* of certificate, key and client CA: a connection lives as long as those it was made with */
    atomic_size_t connections;                /* shared: of all workers */
    struct stir_seats *seats;                 /* shared: of each address; NULL: any number */
};

struct stir_sip_socket {
    struct stir_address asked; /* as the configuration has it */
    struct sockaddr_storage bound;
    int fd;
    bool taken; /* by the front after this one */
    bool wildcard;
    uint64_t id; /* of transport and bound address: the same in the front after this one */
    struct stir_sip_section *section;
};

struct stir_sip_front {
    struct stir_shared *shared;
    struct stir_sip_section *sections;
    size_t n_sections;
    struct stir_sip_socket *sockets;
    size_t n_sockets;
    struct stir_sip_memory *memory;
    atomic_size_t repeating;               /* shared: answers that are repeated until their ACK */
    struct stir_sip_front *before, *after; /* main thread; a desk reads `after` when it leaves */
    pthread_mutex_t lock;                  /* over the list of desks */
    struct stir_sip_desk *desks;
};

/* The address that a datagram came to, and its answer goes from. */
struct stir_sip_local {
    int family; /* 0: the socket's own */
    unsigned char address[16];
    unsigned interface;
};

/* Where a request came from, and when. */
struct stir_sip_flow {
    const struct stir_sip_socket *socket;
    struct stir_sip_conn *conn; /* NULL: UDP; or it has been closed meanwhile */
    struct sockaddr_storage peer;
    struct stir_sip_local local;
    int64_t unix_ms, begun_us, queued_ms;
    int fault; /* of its frame: what it is answered; 0: none */
    const char *phrase;
};

/* A request that is looked at, or waits. */
struct stir_sip_call {
    struct stir_sip_call *next, *previous;           /* of the desk's that wait, or spare ones */
    struct stir_sip_call *conn_next, *conn_previous; /* of the connection's that wait */
    struct stir_sip_desk *desk;
    struct stir_sip_flow flow;
    struct stir_sip_request request;
    struct stir_source source;
    struct stir_sip_key key;
    struct stir_live *live; /* counted */
    struct stir_vs_call vs;
    struct stir_timer trying;
    bool claimed; /* in the memory: its last answer is remembered */
    bool waits;
    bool tried; /* 100 was sent */
    bool done;
    char *message;
    size_t cap;
    char room[STIR_SIP_CALL_ROOM];
};

/* Letters outlive a desk that is freed by force: they find it through this. */
struct stir_sip_box {
    atomic_size_t owners;       /* the desk, and each letter on its way */
    struct stir_sip_desk *desk; /* NULL: gone; the desk's thread alone looks */
};

struct stir_sip_ear {
    struct stir_watch watch;
    struct stir_timer pause; /* after the descriptors ran out */
    struct stir_sip_desk *desk;
    const struct stir_sip_socket *socket;
    bool watched;
};

/* What a connection is given time for. */
enum stir_sip_patience { STIR_SIP_SHAKES, STIR_SIP_IDLE, STIR_SIP_READS, STIR_SIP_WRITES };

struct stir_sip_conn {
    struct stir_watch watch;
    struct stir_timer timer; /* its time is over */
    struct stir_timer more;  /* TLS has read what the descriptor does not show */
    struct stir_sip_conn *next, *previous;
    struct stir_sip_desk *desk;
    const struct stir_sip_socket *socket;
    struct sockaddr_storage peer;
    SSL *ssl;                     /* NULL: TCP */
    struct stir_tls_names *names; /* NULL: no client certificate */
    char *in, *out;
    size_t in_n, in_cap, out_at, out_n, out_cap;
    struct stir_sip_call *calls; /* that wait */
    uint32_t events;
    enum stir_sip_patience patience;
    bool progress;   /* since its time was set */
    bool known;      /* a trunk has spoken on it */
    bool shaken;     /* the TLS handshake is over */
    bool tls_writes; /* TLS wants to write before it goes on */
    bool ended;      /* nothing more is read: it is closed when the last answer is out */
    bool broken;     /* closed at the next occasion */
    bool busy;       /* its messages are being looked at */
};

struct stir_sip_out; /* datagrams that go out together: sip_udp.c */

struct stir_sip_desk {
    struct stir_sip_desk *next; /* of the front's */
    struct stir_sip_front *front;
    struct stir_worker *worker;
    struct stir_sip_box *box;
    struct stir_sip_ear *ears;
    struct stir_sip_conn *conns;
    struct stir_sip_call *waiting, *spare;
    size_t n_spare;
    struct stir_sip_again *agains;
    size_t n_again;
    struct stir_sip_out *out;
    struct stir_as_answer *answer;
    char *lines;    /* STIR_SIP_MAX_REPLY bytes */
    char *reply;    /* likewise */
    unsigned depth; /* of stir_sip_enter() */
    int64_t warned_ms;
    size_t long_answers; /* since then */
    bool leaving;
    void (*gone)(void *arg);
    void *gone_arg;
};

/* Around everything that the loop calls. At the last exit datagrams go out, and a desk that leaves and has nothing left says so; it may be free then: nothing
 * of it is touched behind. */
void stir_sip_enter(struct stir_sip_desk *desk);
void stir_sip_exit(struct stir_sip_desk *desk);

/* sip_call.c: one message in. Its bytes are not kept. */
void stir_sip_take(struct stir_sip_desk *desk, const struct stir_sip_flow *flow, struct stir_slice message);
/* Answer the request of `call`; the last answer of one that was claimed is remembered, and repeated where the client does not ask again. False: no room. */
bool stir_sip_answer(struct stir_sip_call *call, int code, const char *phrase, struct stir_slice lines);
/* desk->reply, `len` bytes of it, goes out. */
void stir_sip_send(struct stir_sip_desk *desk, const struct stir_sip_flow *flow, const struct sockaddr_storage *to, size_t len);
/* A call that waited was answered. */
void stir_sip_call_finish(struct stir_sip_call *call);
/* End it now with 487 (CANCEL). */
void stir_sip_call_cancel(struct stir_sip_call *call);
/* Without an answer: the desk is freed by force. */
void stir_sip_call_abandon(struct stir_sip_call *call);
/* Its connection has gone: it goes on for the record. */
void stir_sip_call_unhook(struct stir_sip_call *call);

/* sip_serve.c: an INVITE to its service. True: it waits, and stir_sip_call_finish() follows. */
bool stir_sip_serve(struct stir_sip_call *call);
bool stir_sip_is_ready(const struct stir_sip_call *call);
/* The record of one that ends without its service; `code`: what it was answered, 0: nothing. */
void stir_sip_unanswered(struct stir_sip_call *call, const char *why, int code);

/* sip_cancel.c: end the call of this key, whichever worker has it. What it was before. */
enum stir_sip_seen stir_sip_cancel(struct stir_sip_desk *desk, struct stir_sip_key key);
enum stir_err stir_sip_box_new(struct stir_sip_box **out, struct stir_sip_desk *desk);
void stir_sip_box_free(struct stir_sip_box *box); /* one owner less */

/* sip_repeat.c: repeat until ACK what went out after a 100, since the client does not ask again then (RFC 3261 §17.1.1.2, timers G and H of §17.2.1). */
void stir_sip_repeat(struct stir_sip_call *call, const struct sockaddr_storage *to);
void stir_sip_repeat_none(struct stir_sip_desk *desk);

/* sip_udp.c */
enum stir_err stir_sip_udp_prepare(struct stir_sip_socket *socket, struct stir_diag *diag);
enum stir_err stir_sip_out_new(struct stir_sip_out **out);
void stir_sip_out_free(struct stir_sip_out *out);
void stir_sip_udp_ready(struct stir_watch *watch, uint32_t events);
size_t stir_sip_udp_read(struct stir_sip_ear *ear); /* one batch; how many datagrams there were */
void stir_sip_udp_send(struct stir_sip_desk *desk, const struct stir_sip_flow *flow, const struct sockaddr_storage *to, struct stir_slice bytes);
void stir_sip_udp_flush(struct stir_sip_desk *desk);

/* sip_conn.c */
void stir_sip_accept_ready(struct stir_watch *watch, uint32_t events);
void stir_sip_accept_again(struct stir_timer *timer);
void stir_sip_conn_send(struct stir_sip_conn *conn, struct stir_slice bytes);
void stir_sip_conn_end(struct stir_sip_conn *conn); /* read nothing more; close when the last answer is out */
void stir_sip_conn_close(struct stir_sip_conn *conn);
void stir_sip_conn_settle(struct stir_sip_conn *conn); /* after something was done with it; it may be closed by this */
/* To the desk of the front after, on the same worker; one that has no place there ends when its last answer is out. */
void stir_sip_conn_move(struct stir_sip_conn *conn, struct stir_sip_desk *desk, const struct stir_sip_socket *socket);

/* sip_stream.c: whole messages at the beginning of what has been read are looked at. False: what comes is no SIP stream. */
bool stir_sip_stream_eat(struct stir_sip_conn *conn);

#endif
