/* Certificates of our own signers, renewed: one thread goes round the folders of [signer NAME] acme, obtains what is due, and says so. A failure is said,
 * counted and tried again with growing waits; what is in use stays in use. */
#ifndef STIR_SERVICE_RENEWALS_H
#define STIR_SERVICE_RENEWALS_H

#include "service/conf.h"

#include <stir/err.h>

struct stir_renewals;
struct stir_records;
struct stir_metrics;

enum {
    STIR_RENEWALS_FIRST_WAIT = 60,     /* seconds after a first failure; twice as long after each further one */
    STIR_RENEWALS_MAX_WAIT = 6 * 3600, /* and no longer than that */
    STIR_RENEWALS_LOOK = 3600,         /* a folder is looked at this often: somebody may have renewed it by hand */
};

/* Begins its thread. `renewed(arg)` is called on it after each new certificate, whoever got it: somebody has to read it. STIR_ENOMEM. */
enum stir_err stir_renewals_new(struct stir_renewals **out, const struct stir_conf *conf, struct stir_records *records, struct stir_metrics *metrics,
                                void (*renewed)(void *arg), void *arg) STIR_MUST_USE;
/* What is under way ends, and goes on with the next start. NULL is fine. */
void stir_renewals_free(struct stir_renewals *renewals);
/* The folders of a new reading; what failed is tried at once. False: no memory, and those of before stay. */
bool stir_renewals_take(struct stir_renewals *renewals, const struct stir_conf *conf) STIR_MUST_USE;

/* One folder, as it was looked at last. */
struct stir_renewal_state {
    char name[64];                 /* of the signer */
    char serial[64];               /* of the certificate in use; "": none */
    int64_t not_before, not_after; /* of it; 0: none */
    int64_t due, next;             /* when it is to be renewed; when it is tried or looked at again */
    unsigned failures;             /* in a row */
    char why[200];                 /* of the last one; "": none */
};
/* The `index`th; false: there are no more. From any thread. */
bool stir_renewals_at(struct stir_renewals *renewals, size_t index, struct stir_renewal_state *out);
/* For /readyz, a line each: failed, with less than a third of its life left, or over. From any thread. True: there is none. */
bool stir_renewals_ready(struct stir_renewals *renewals, int64_t now, char *buf, size_t cap);

/* How long to wait after so many failures in a row, 1 or more. */
int64_t stir_renewals_wait(unsigned failures);

#endif
