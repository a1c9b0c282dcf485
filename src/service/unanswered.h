/* Calls that were taken in and ended without an answer of a service: the caller gave up, the daemon did, or nobody could begin. What is known of them is
 * recorded all the same: evidence with holes is none. */
#ifndef STIR_SERVICE_UNANSWERED_H
#define STIR_SERVICE_UNANSWERED_H

#include "service/record.h"

#include "core/verify.h"

struct stir_unanswered {
    struct stir_record record;   /* borrows `message` and the call */
    struct stir_message message; /* whom the call names */
};

/* The record of `call`, complete for stir_records_put() but for `way`, `took_us` and the codes. `source` may be NULL; `why` lives as long. Any thread. */
void stir_unanswered_write(struct stir_unanswered *out, enum stir_record_kind kind, const struct stir_conf *conf, const struct stir_source *source,
                           const struct stir_call *call, int64_t unix_ms, const char *why);

#endif
