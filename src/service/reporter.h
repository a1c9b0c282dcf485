/* Tells the operator's own peer of calls: a thread that POSTs batches of records to [webhook] url, again after a while when it is not there. The queue is
 * bounded; what does not fit is dropped and counted: evidence is kept elsewhere. */
#ifndef STIR_SERVICE_REPORTER_H
#define STIR_SERVICE_REPORTER_H

#include "io/webhook.h"
#include "service/logbook.h"

struct stir_reporter;

/* `book` and `metrics` must live longer. Errors as of stir_webhook_new(). */
enum stir_err stir_reporter_new(struct stir_reporter **out, const struct stir_conf_webhook *conf, struct stir_logbook *book, struct stir_metrics *metrics,
                                struct stir_diag *diag) STIR_MUST_USE;
/* One more attempt for what is there, two seconds at most, then stop. NULL is fine. */
void stir_reporter_free(struct stir_reporter *reporter);

/* NULL when `conf` names no URL. */
enum stir_err stir_reporter_open(struct stir_webhook **out, const struct stir_conf_webhook *conf, struct stir_diag *diag) STIR_MUST_USE;
/* From now on so; `opened` is the reporter's. What waits goes to the new peer. Not by two threads at once. */
void stir_reporter_take(struct stir_reporter *reporter, const struct stir_conf_webhook *conf, struct stir_webhook *opened);

/* From any thread: does the peer want to know of this one? */
bool stir_reporter_wants(struct stir_reporter *reporter, const struct stir_record *record);
/* One JSON object. */
void stir_reporter_put(struct stir_reporter *reporter, struct stir_slice record);

#endif
