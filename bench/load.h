/* A load on a server from one source port, or over a handful of HTTP connections: what load.c, load_calls.c, load_sip.c and load_http.c share. One thread. */
#ifndef STIR_BENCH_LOAD_H
#define STIR_BENCH_LOAD_H

#include <stir/stir.h>

#include <sys/socket.h>
#include <sys/types.h>

enum {
    LOAD_SIGNERS = 64,
    LOAD_HEADERS = 8,
    LOAD_ROOM = 4096,    /* of one request */
    LOAD_ANSWER = 65536, /* of one answer */
    LOAD_CONNECTIONS = 256,
    LOAD_AGAIN_MS = 500,   /* a SIP request without an answer is sent again */
    LOAD_AGAIN = 6,        /* times at most */
    LOAD_GIVE_UP_MS = 4000 /* then it is lost */
};

enum load_mode {
    LOAD_AS,        /* INVITEs to be signed: 302 with Identity */
    LOAD_VS,        /* INVITEs with an Identity: 302 with TN-Validation-Passed */
    LOAD_SIGNING,   /* POST, ATIS-1000082 */
    LOAD_VERIFYING, /* likewise */
    LOAD_SIGN_CSV,  /* POST, secsipidx */
    LOAD_CHECK,     /* likewise */
    LOAD_JUNK       /* datagrams that are no SIP, or nearly; answers are not waited for */
};

struct load_signer {
    struct stir_key *key;
    const char *x5u;
};

struct load {
    enum load_mode mode;
    const char *mode_name, *path, *expect; /* expect: what a good answer holds, besides its status */
    struct sockaddr_storage server;
    socklen_t n_server;
    char host[64]; /* ADDRESS:PORT */
    size_t calls, rounds, window;
    double rate; /* calls a second; 0: as many as the window lets through */
    pid_t pid;   /* whose CPU time counts; 0: nobody's */
    bool ack, any_dest;
    const char *headers[LOAD_HEADERS];
    size_t n_headers;
    struct load_signer signers[LOAD_SIGNERS];
    size_t n_signers;
    const char *seeds[LOAD_SIGNERS]; /* files that junk is made of */
    size_t n_seeds;
    struct stir_es256_ctx *ctx;
    unsigned run; /* tells this run's calls from another's */
};

/* Requests as they go onto the wire, one behind the other. */
struct load_request {
    size_t at, n;
};
struct load_batch {
    struct load_request *requests;
    size_t n, first; /* index of the first call of all rounds */
    char *text;
    size_t n_text, room;
};

/* What came of a batch. */
struct load_tally {
    size_t good, bad, lost, again;
    double seconds;
    uint32_t *latency_us; /* of those answered, in no order */
    size_t n_latency;
    char first_bad[512];
};

/* load.c */
void load_die(const char *what, const char *why) __attribute__((noreturn));
double load_now(void); /* monotonic seconds */

/* load_calls.c: `n` calls from the `first`th on; signed at this moment where they carry a token. */
void load_make(struct load *load, size_t first, size_t n, struct load_batch *out);
void load_batch_free(struct load_batch *batch);
/* The ACK of the `index`th call's answer, whose To is `to`; how long it is. */
size_t load_ack(const struct load *load, size_t index, const char *to, size_t n_to, char buf[LOAD_ROOM]);

/* load_sip.c, load_http.c: one batch. */
void load_sip(struct load *load, const struct load_batch *batch, struct load_tally *tally);
void load_junk(struct load *load, const struct load_batch *batch, struct load_tally *tally);
void load_http(struct load *load, const struct load_batch *batch, struct load_tally *tally);

#endif
