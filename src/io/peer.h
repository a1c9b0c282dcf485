/* Requests to peers that the operator named himself: a policy administrator, a certificate authority. One at a time, waited for: never on a worker. TLS is
 * verified; no redirect, proxy, cookie or compression; size, headers and time are capped. http alone where `any_url` says so (labs). What strangers name
 * (x5u) is fetched by io/fetch, behind its guard. */
#ifndef STIR_IO_PEER_H
#define STIR_IO_PEER_H

#include <stir/err.h>

struct stir_peer;

struct stir_peer_options {
    const char *tls_root;    /* PEM file of roots instead of the system's; NULL or "": the system's */
    int64_t timeout_ms;      /* of one request, all in all; 0: 30 seconds */
    bool any_url;            /* http too, and any port */
    const char *agent;       /* User-Agent (RFC 8555 §6.1 wants one); NULL: "stir/VERSION" */
    bool (*stop)(void *arg); /* asked now and then while a request is under way: true ends it with STIR_EBUSY; NULL: nobody stops it */
    void *stop_arg;
};
/* STIR_ENOTFOUND (the file of roots), STIR_ENOMEM, STIR_ECRYPTO. Texts are copied. */
enum stir_err stir_peer_new(struct stir_peer **out, const struct stir_peer_options *options, struct stir_diag *diag) STIR_MUST_USE;
void stir_peer_free(struct stir_peer *peer); /* NULL is fine */

enum {
    STIR_PEER_MAX_BODY = 4u << 20,  /* bytes of an answer: a chain, a CRL */
    STIR_PEER_MAX_LINKS = 8,        /* links kept of one answer */
    STIR_PEER_MAX_HEAD = 64u << 10, /* bytes of header fields of one answer */
    STIR_PEER_MAX_FIELDS = 128,     /* and how many; real ones have some 20 */
    STIR_PEER_MAX_FIELD = 1024,     /* characters of a value that is kept: a URL, as STIR_MAX_URL; longer ones are as none */
    STIR_PEER_MAX_RETRY = 86400,    /* seconds that Retry-After may ask for; more counts as that */
};

struct stir_peer_ask {
    const char *method, *url;  /* GET, HEAD, POST */
    const char *accept, *type; /* NULL: none */
    const char *authorization; /* the field's value; NULL: none */
    struct stir_slice body;    /* absent: none */
    bool secret;               /* what is sent and what comes is cleansed */
};
struct stir_peer_link {
    char *url, *rel;
};
struct stir_peer_answer {
    long status;
    char *type;     /* media type without parameters, lower case; "" when there is none. Never NULL, and neither are the next three. */
    char *location; /* absolute; a relative one is as none */
    char *replay_nonce, *etag;
    int64_t retry_after; /* seconds from now, of either form of the field, 0 to 86,400; -1: not said */
    struct stir_peer_link links[STIR_PEER_MAX_LINKS];
    size_t n_links;
    struct stir_slice body; /* NUL behind it */
    bool secret;
};
/* @return STIR_OK whatever the status is; STIR_EIO (no name, no connection, no TLS, too slow), STIR_ELIMIT (longer than allowed), STIR_EVALUE (a URL that may
 * not be asked), STIR_EBUSY (stopped), STIR_ENOMEM: `diag` says which, with the URL. Free with stir_peer_answer_free(), which leaves it empty; unless STIR_OK
 * there is nothing to free. */
enum stir_err stir_peer_ask(struct stir_peer_answer *out, struct stir_peer *peer, const struct stir_peer_ask *ask, struct stir_diag *diag) STIR_MUST_USE;
void stir_peer_answer_free(struct stir_peer_answer *answer);

/* May `url` be asked? NULL; or why not, in words. */
const char *stir_peer_url_fault(struct stir_slice url, bool any_url);

/* One header field of an answer, peer_fields.c: what the struct has a place for is taken, a later one in place of an earlier; the others are passed by. `now`:
 * Unix seconds, for a date in Retry-After. @return STIR_OK, STIR_ENOMEM. */
enum stir_err stir_peer_field(struct stir_peer_answer *answer, struct stir_slice name, struct stir_slice value, int64_t now) STIR_MUST_USE;

#endif
