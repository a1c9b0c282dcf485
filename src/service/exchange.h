/* A request to the policy administrator or the certificate authority, and its answer: HTTP without HTTP. What is asked is borrowed from the front until the
 * answer is given; what is answered is owned by the exchange. */
#ifndef STIR_SERVICE_EXCHANGE_H
#define STIR_SERVICE_EXCHANGE_H

#include <stir/err.h>

#include <jansson.h>

enum {
    STIR_EXCHANGE_FIELDS = 8,   /* header fields of one answer, beside Content-Type */
    STIR_EXCHANGE_FIELD = 1200, /* characters of one value: a URL */
    STIR_EXCHANGE_PEER = 64,    /* characters of an address */
};

struct stir_exchange {
    /* asked */
    struct stir_slice method, path;                                       /* as it came, nothing unescaped; without a query */
    struct stir_slice content_type, accept, authorization, if_none_match; /* absent: not there */
    struct stir_slice body;
    bool too_long;                 /* the body is longer than is read, and not here */
    char peer[STIR_EXCHANGE_PEER]; /* the address, an IPv6 one as its /64: whom limits count */
    const char *const *names;      /* of a verified client certificate */
    size_t n_names;
    int64_t now; /* Unix seconds */
    /* answered */
    int status;
    const char *type; /* constant; NULL: no body */
    char *body_out;   /* free()d with the exchange */
    size_t n_out;
    struct {
        const char *name; /* constant */
        char value[STIR_EXCHANGE_FIELD];
    } fields[STIR_EXCHANGE_FIELDS];
    size_t n_fields;
    const char *event; /* constant: what the log and /metrics call this, "acme new-order"; NULL: nothing is said */
    bool cleanse;      /* the answer holds a secret */
    bool hurry;        /* there is a chore that should not wait for its time: a challenge to look at, a revocation to tell */
};

void stir_exchange_clear(struct stir_exchange *x); /* frees what was answered */
/* The answer's body is a copy of `body`. False: no memory; the answer is 500 then. */
bool stir_exchange_answer(struct stir_exchange *x, int status, const char *type, struct stir_slice body);
/* The same with JSON; takes `json`, NULL is "no memory" (jansson's way of saying so). */
bool stir_exchange_json(struct stir_exchange *x, int status, const char *type, json_t *json);
/* One more header field; a value too long, or with what no field may have, makes the answer 500. */
void stir_exchange_field(struct stir_exchange *x, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));
bool stir_exchange_is(const struct stir_exchange *x, const char *method);

#endif
