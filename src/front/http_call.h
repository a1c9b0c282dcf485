/* The HTTP front inside: what a listener is, and a request on its way through the services. */
#ifndef STIR_FRONT_HTTP_CALL_H
#define STIR_FRONT_HTTP_CALL_H

#include "front/api_route.h"
#include "front/http.h"
#include "service/repository.h"

#include "core/siphash.h"

#include "io/http.h"

/* A listening address. */
struct stir_http_gate {
    struct stir_http_front *front;
    const struct stir_conf_http *conf;
    struct stir_http_port *port;
    struct sockaddr_storage asked, bound; /* as the conf has it; with its port */
};

struct stir_http_front {
    const struct stir_conf *conf;
    struct stir_shared *shared;
    struct stir_http_gate *gates;
    size_t n_gates;
    struct stir_repository *repository; /* NULL: no such role */
    struct stir_http_health health;
};

/* One worker at one gate. */
struct stir_http_counter {
    struct stir_http_desk *desk;
    const struct stir_http_gate *gate;
    struct stir_http_server *server;
};

struct stir_http_desk {
    struct stir_http_front *front;
    struct stir_worker *worker;
    struct stir_http_counter *counters;
    size_t n_counters, leaving;
    void (*gone)(void *arg);
    void *gone_arg;
    struct stir_api_sign *sign; /* used within one turn: signing never waits */
    struct stir_as_answer *answer;
    struct stir_siphash
        names; /* of requests that came without one: this of a count, which is quicker than a random number and as good, since it is no secret */
    uint64_t named;
    struct stir_http_call *kept; /* for reuse */
    size_t n_kept;
};

/* A verification under way. */
struct stir_http_item {
    struct stir_http_call *call;
    struct stir_api_verify verify;
    struct stir_vs_call vs;
    struct stir_api_text text; /* of the answer */
    int status;
    bool open; /* given to the service, and not answered yet */
};

struct stir_http_errand;

/* A request. */
struct stir_http_call {
    struct stir_http_desk *desk;
    const struct stir_http_gate *gate;
    struct stir_http_request *request;
    struct stir_api_route route;
    enum stir_api_dialect dialect; /* of what is answered */
    struct stir_live *live;        /* counted */
    struct stir_source source;
    struct stir_arena arena;
    struct stir_api_text text;
    struct stir_api_fault fault;
    char request_id[STIR_API_MAX_REQUEST_ID + 1];
    int64_t began_us, unix_ms;
    struct stir_http_item *items; /* `one`, or of a batch */
    size_t n_items, n_open;
    bool starting; /* the items are being begun: the answer waits for the last */
    bool batch;
    bool waits; /* serve() has returned without an answer */
    struct stir_http_item one;
    struct stir_shelf_file file;
    struct stir_http_errand *errand; /* what a clerk has of it; NULL: nothing */
    struct stir_http_answer answer;
    char max_age[64];
    struct stir_http_call *next;
};

/* What libmicrohttpd's request leads to; `arg` is the counter. */
void stir_http_call_serve(void *arg, struct stir_http_request *request);
void stir_http_call_gone(void *arg, struct stir_http_request *request);
void stir_http_call_cancel(void *arg, struct stir_http_request *request);
void stir_http_call_free(struct stir_http_call *call);

/* Answer with call->text and call->answer, which has its fields. */
void stir_http_call_answer(struct stir_http_call *call, int status, const char *type);
void stir_http_call_field(struct stir_http_call *call, const char *name, const char *value);
/* Answer with call->fault. */
void stir_http_call_refuse(struct stir_http_call *call);

/* Who asks, and whether he may: fills call->source. */
bool stir_http_call_admit(struct stir_http_call *call);

/* Signing and verification; each answers, now or later. */
void stir_http_sign_one(struct stir_http_call *call);
void stir_http_sign_batch(struct stir_http_call *call);
void stir_http_sign_csv(struct stir_http_call *call);
void stir_http_verify_one(struct stir_http_call *call);
void stir_http_verify_batch(struct stir_http_call *call);

/* Policy administrator and certificate authority: is the path theirs, at this listener? Given to a clerk; and the end of it, answered or not. */
bool stir_http_office_finds(struct stir_http_call *call);
void stir_http_office_serve(struct stir_http_call *call);
void stir_http_office_end(struct stir_http_call *call);
/* Who asks, for limits: an IPv4 address, or the /64 of an IPv6 one; behind a proxy that the listener names, whom it names last in `forwarded`. */
void stir_http_office_peer(char *buf, size_t cap, const struct stir_conf_http *conf, const struct sockaddr_storage *at, struct stir_slice forwarded);

/* Chains, health, figures, documents. */
void stir_http_serve_chain(struct stir_http_call *call);
void stir_http_serve_operations(struct stir_http_call *call);

/* End verifications that are under way, with a record each; done() is not called. `why` is constant. */
void stir_http_verify_end(struct stir_http_call *call, const char *why);

/* The body is a SIP message by its type. */
bool stir_http_is_sip(const struct stir_http_call *call);
/* Of the Ms paths, as the listener has it; STIR_API_OWN: told by the members. */
enum stir_api_dialect stir_http_given_dialect(const struct stir_http_call *call);
/* How the request came in, for records. */
enum stir_record_way stir_http_way(const struct stir_http_call *call);

#endif
