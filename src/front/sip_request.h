/* A request as a SIP server reads it: what core/sip reads for STIR, and what it takes to answer (RFC 3261 §8.2, §18.2). Pure. Slices point into the message.
 * What core/sip refuses is read again with less care, so that whoever sent it can be told (400), as long as what an answer repeats is clean. */
#ifndef STIR_FRONT_SIP_REQUEST_H
#define STIR_FRONT_SIP_REQUEST_H

#include <stir/call.h>

enum {
    STIR_SIP_MAX_VIA = 70,    /* Via header lines: a request begins with Max-Forwards 70 */
    STIR_SIP_MAX_REQUIRE = 8, /* Require header lines, each a list */
};

/* The topmost Via. */
struct stir_sip_via {
    struct stir_slice sent;    /* protocol, transport and sent-by, as they stand */
    struct stir_slice host;    /* of sent-by; IPv6 in its brackets */
    struct stir_slice sent_by; /* host and port */
    unsigned port;             /* 0: none */
    struct stir_slice params;  /* all of them, from the first ';' on */
    struct stir_slice branch;
    bool rport;               /* RFC 3581: the answer shall go back whence the request came */
    struct stir_slice others; /* values behind a comma on the same line */
};

struct stir_sip_request {
    struct stir_sip sip; /* read, when `fault` is 0 */
    int fault;           /* 0: a request; 400, 505: what it is answered */
    char phrase[100];    /* of a fault, for people */
    bool answerable;     /* Via, From, To, Call-ID and CSeq are there and clean */
    bool response;       /* a response, or nothing that SIP knows */
    struct stir_slice method, ruri;
    struct stir_slice vias[STIR_SIP_MAX_VIA]; /* values in order, each maybe a list */
    size_t n_vias;
    struct stir_sip_via via;
    struct stir_slice from, to, call_id, cseq, timestamp;
    struct stir_slice from_tag, to_tag;
    uint32_t cseq_number;
    int max_forwards; /* -1: none */
    struct stir_slice requires[STIR_SIP_MAX_REQUIRE];
    size_t n_requires;
};

/* Read. A Content-Length beyond the end of the message is a fault: nothing more will come. */
void stir_sip_request_read(struct stir_sip_request *out, struct stir_slice message);

/* The value of parameter `name` in `params`, which begins with ';' or is empty; *found says whether it is there, maybe without a value. */
struct stir_slice stir_sip_param(struct stir_slice params, const char *name, bool *found);

#endif
