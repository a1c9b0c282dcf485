/* One request over HTTPS at a time or many: the name resolved once, every address judged, the connection pinned to them and judged again, everything capped. */
#ifndef STIR_IO_FETCH_H
#define STIR_IO_FETCH_H

#include "core/url.h"
#include "io/http_life.h"
#include "io/net_guard.h"

enum {
    STIR_FETCH_HEADER_BYTES = 16384,    /* of all headers together */
    STIR_FETCH_HEADERS = 100,           /* lines of them */
    STIR_FETCH_PER_HOST = 4,            /* connections to one host: a slow one takes no more */
    STIR_FETCH_URL = STIR_MAX_URL + 16, /* with the port always */
};

enum stir_fetch_end {
    STIR_FETCH_BODY = 1,         /* 200: the body is there */
    STIR_FETCH_NOT_MODIFIED = 2, /* 304, and the ETag was asked for */
    STIR_FETCH_REFUSED = 3,      /* its address is one that is never connected to */
    STIR_FETCH_UNREACHABLE = 4,  /* anything else: no name, no connection, no TLS, another status, too slow, too long */
};

struct stir_fetch_options {
    struct stir_guard guard;
    struct stir_slice resolver; /* absent: the system's */
    const char *tls_root;       /* PEM file instead of the system's roots */
    int64_t timeout_ms;         /* of everything: name, connection, TLS, body */
    size_t max_flights, max_connections;
};

struct stir_fetcher;

/* What is asked for, and how. Everything is copied. */
struct stir_fetch_ask {
    const struct stir_url *url;
    const char *text;                /* `url`, rebuilt from its parts */
    const char *accept;              /* the media types that are wanted */
    const char *etag;                /* of what is there already; "": nothing is */
    struct stir_slice authorization; /* the header field's value, sent as it stands; absent: none */
    struct stir_slice post;          /* JSON to POST; absent: GET */
    size_t max_bytes;
};

/* One fetch, from start until it is freed. What stands behind `end` is set when it has ended. */
struct stir_flight {
    void *owner;              /* the caller's */
    char url[STIR_FETCH_URL]; /* rebuilt from its parts */
    enum stir_fetch_end end;
    long status; /* of HTTP; 0: none was seen */
    char *body;
    size_t n;
    char etag[STIR_HTTP_ETAG + 1]; /* "" when there is none */
    struct stir_http_life life;
    char detail[200]; /* what went wrong, one line */
    bool secret;      /* it carried a credential: what was sent and what came is cleansed */
};

enum stir_err stir_fetcher_new(struct stir_fetcher **out, const struct stir_fetch_options *options, struct stir_diag *diag) STIR_MUST_USE;
void stir_fetcher_free(struct stir_fetcher *fetcher);

/* Begin. A flight that fails at once ends as others do. STIR_ELIMIT (max_flights are under way), STIR_ENOMEM. The fetcher owns the flight until it gives it
 * back. */
enum stir_err stir_fetch_start(struct stir_flight **out, struct stir_fetcher *fetcher, const struct stir_fetch_ask *ask, void *owner) STIR_MUST_USE;
/* The descriptor that is readable when there is something to do, and the milliseconds after which there is without (-1: never). */
int stir_fetch_fd(const struct stir_fetcher *fetcher);
int64_t stir_fetch_wait(struct stir_fetcher *fetcher);
/* Do what can be done now; never waits. */
void stir_fetch_step(struct stir_fetcher *fetcher);
/* A flight that has ended, NULL when there is none. The caller frees it. */
struct stir_flight *stir_fetch_next(struct stir_fetcher *fetcher);
void stir_flight_free(struct stir_flight *flight);

#endif
