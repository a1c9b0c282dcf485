/* The office: threads beside the workers, which may wait for the disk and for the network. The policy administrator and the certificate authority live here. A
 * request comes in whole, a clerk answers it, and the answer goes back to the worker's loop; a worker never waits. Chores are done between requests, by one
 * clerk at a time. */
#ifndef STIR_SERVICE_OFFICE_H
#define STIR_SERVICE_OFFICE_H

#include "io/loop.h"
#include "service/clerk.h"
#include "service/exchange.h"

struct stir_records;
struct stir_metrics;
struct stir_setting;

struct stir_office;

/* One reading of [pa] and [ca], counted: a request ends on the one that it began with. */
struct stir_office_reading;
/* Told of faults in keys and certificates, a line each. */
struct stir_office_say {
    void (*say)(void *arg, bool fatal, const char *text);
    void *arg;
};
/* Read the keys and certificates that roles pa and ca have, and check them; nothing is opened. The setting is counted. `office`: what is running now, from
 * which the authority takes over its nonces and limits; NULL: none is. From the main thread. STIR_EVALUE and more: what is wrong was said. */
enum stir_err stir_office_read(struct stir_office_reading **out, struct stir_setting *setting, struct stir_office *office,
                               const struct stir_office_say *say) STIR_MUST_USE;
void stir_office_forget(struct stir_office_reading *reading); /* one that nobody took; NULL is fine */

/* Opens the store, recovers what a crash left (stir_ca_recover()), and begins its threads. Takes the reading when it is STIR_OK; else `diag` says what is
 * wrong.
 */
enum stir_err stir_office_new(struct stir_office **out, struct stir_office_reading *reading, struct stir_records *records, struct stir_metrics *metrics,
                              struct stir_diag *diag) STIR_MUST_USE;
/* What clerks have begun is finished; what still waits, and whatever is given from then on, is answered 503. Waits for the clerks. NULL is fine. */
void stir_office_stop(struct stir_office *office);
/* When nobody can ask it any more, nor read its figures. NULL is fine. */
void stir_office_free(struct stir_office *office);
/* The new reading holds from the next request on; [store] is that of the start. Takes it, and cannot fail. From the main thread. */
void stir_office_take(struct stir_office *office, struct stir_office_reading *reading);

/* Whose a path is. From any thread. */
enum stir_office_who { STIR_OFFICE_NOBODY = 0, STIR_OFFICE_PA, STIR_OFFICE_CA };
enum stir_office_who stir_office_whose(struct stir_office *office, struct stir_slice path);

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

/* 503 with Retry-After, in words of the dialect: for who could not give a job away. */
void stir_office_busy(struct stir_exchange *x, enum stir_office_who who);

/* For /readyz, a line each for what is wrong, as the last chores found it; true: nothing is. From any thread, without a wait. */
bool stir_office_ready(struct stir_office *office, char *buf, size_t cap);

#endif
