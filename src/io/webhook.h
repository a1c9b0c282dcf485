/* One peer that is told of calls: batches are POSTed to the operator's own URL, http or https, any address. A thread of the caller's waits in here; another may
 * end the wait. */
#ifndef STIR_IO_WEBHOOK_H
#define STIR_IO_WEBHOOK_H

#include <stir/err.h>

struct stir_webhook;

/* STIR_EVALUE (a URL that is none of http or https), STIR_ENOMEM. */
enum stir_err stir_webhook_new(struct stir_webhook **out, const char *url, struct stir_diag *diag) STIR_MUST_USE;
void stir_webhook_free(struct stir_webhook *webhook);

enum stir_webhook_result {
    STIR_WEBHOOK_TAKEN = 0, /* 2xx */
    STIR_WEBHOOK_LATER,     /* nobody there, 5xx, 408, 429: the same again after a while */
    STIR_WEBHOOK_REFUSED,   /* any other answer: the same again would be refused again */
};
/* POST `body` as application/json and wait for the answer, 10 seconds at most. `token`: a bearer token, one line; absent: none. `diag` says why it was not
 * taken. */
enum stir_webhook_result stir_webhook_post(struct stir_webhook *webhook, struct stir_slice body, struct stir_slice token, struct stir_diag *diag) STIR_MUST_USE;
/* In `ms` a post that waits ends (give or take a second), and each later one at once. From any thread. */
void stir_webhook_stop(struct stir_webhook *webhook, int64_t ms);

#endif
