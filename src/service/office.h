/* The office: threads beside the workers, which may wait for the disk and for the network. The policy administrator and the certificate authority live here. A
 * request comes in whole, a clerk answers it, and the answer goes back to the worker's loop; a worker never waits. Chores are done between requests, by one
 * clerk at a time. */
#ifndef STIR_SERVICE_OFFICE_H
#define STIR_SERVICE_OFFICE_H

#include "io/loop.h"
#include "io/store.h"
#include "service/exchange.h"

#include <stir/key.h>

struct stir_conf;
struct stir_ca;
struct stir_pa;
struct stir_records;
struct stir_metrics;

/* One thread's things. */
struct stir_clerk {
    struct stir_store *store;
    struct stir_es256_ctx *ctx;
    const char *node;             /* of [store]: whose audit chain is written */
    struct stir_records *records; /* the log; NULL: none (commands, tests) */
    struct stir_metrics *metrics; /* NULL: none */
};
/* stir_records_say() where there is a log. `level` as of [log]. */
void stir_clerk_say(const struct stir_clerk *clerk, int level, const char *event, const char *format, ...) __attribute__((format(printf, 4, 5)));

struct stir_office;
/* Opens the store, recovers what a crash left (stir_ca_recover()), and begins its threads. `diag` says what is wrong. */
enum stir_err stir_office_new(struct stir_office **out, const struct stir_conf *conf, struct stir_records *records, struct stir_metrics *metrics,
                              struct stir_diag *diag) STIR_MUST_USE;
/* What was taken in is answered first. NULL is fine. */
void stir_office_free(struct stir_office *office);

/* Whose a path is. */
enum stir_office_who { STIR_OFFICE_NOBODY = 0, STIR_OFFICE_PA, STIR_OFFICE_CA };
enum stir_office_who stir_office_whose(const struct stir_office *office, struct stir_slice path);

/* A request on its way; a member of whoever waits. */
struct stir_office_job {
    struct stir_post post; /* first: of the answer */
    struct stir_office_job *next;
    struct stir_loop *loop; /* where `done` is called */
    void (*done)(struct stir_office_job *job);
    enum stir_office_who who;
    struct stir_exchange x;
};
/* From any thread. False: too many wait; answer 503 with Retry-After. Else done() is called on job->loop, once, whatever happens. */
bool stir_office_give(struct stir_office *office, struct stir_office_job *job) STIR_MUST_USE;

/* A new reading of the configuration: from the next request on. Its [store] is that of the start. From the main thread; STIR_EVALUE and more: nothing has
 * changed. */
enum stir_err stir_office_take(struct stir_office *office, const struct stir_conf *conf, struct stir_diag *diag) STIR_MUST_USE;
/* For /readyz, a line each for what is wrong; true: nothing is. From any thread. */
bool stir_office_ready(struct stir_office *office, char *buf, size_t cap);

#endif
