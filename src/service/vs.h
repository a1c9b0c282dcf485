/* The verification service of the daemon: one call in, one answer when everything is there or the time is over. Certificates come from the cache of judged
 * chains, else from the one fetcher; a call that waits is state, never a blocked thread. All functions belong to the worker's thread. */
#ifndef STIR_SERVICE_VS_H
#define STIR_SERVICE_VS_H

#include "service/emergency.h"
#include "service/record.h"
#include "service/worker.h"

#include <stir/verify.h>

/* Everything in it is borrowed until done() returns. */
struct stir_vs_answer {
    const struct stir_verdict *verdict; /* NULL: out of memory and the like */
    const struct stir_policy *policy;   /* of this call: [verify], with its trunk's dial plan and minimum attestation */
    const struct stir_party *caller;    /* whom the message names, as `policy` reads it; NULL: nobody */
    const struct stir_conf_actions *actions;
    enum stir_conf_act act; /* an emergency call is never stopped */
    int sip_code;           /* STOP: code and phrase by reason and [actions] stop; else 0 */
    const char *phrase;
    bool late;                 /* the time was over, or too many calls waited, before everything had come */
    bool emergency;            /* STIR_EMERGENCY_SURE, by the message or by a token: it is never stopped */
    struct stir_record record; /* complete for stir_records_put() but for `way`, `took_us` and the codes */
};

enum { STIR_VS_EMERGENCY_MS = 250 }; /* beyond it a call that is an emergency in any reading is answered with what is known */

/* What a call asks beyond [verify]. */
enum {
    STIR_VS_DATE_COUNTS = 1 << 0, /* a Date that is not fresh fails where the policy would warn of it: case E3 of ATIS-1000082 */
    STIR_VS_INSPECT = 1 << 1,     /* every check is run, also behind a gate that failed, and no token is remembered as seen: for explanations */
};

/* A call under way; the caller owns it, and what it points into, until done() was called or stir_vs_cancel() has returned. */
struct stir_vs_call {
    const struct stir_source *source;
    const struct stir_call *call;
    int64_t unix_ms;   /* when it came in: the verification's `now` */
    int64_t within_ms; /* answer within this, from stir_vs_begin() on; 0: with what is at hand */
    unsigned asks;     /* bits of the above */
    void (*done)(struct stir_vs_call *call, const struct stir_vs_answer *answer);
    /* the service's own from here */
    void *state; /* NULL when it is not under way */
};

/* Begin; done() may be called before this returns, and is called exactly once unless cancelled. The call ends on the live state it begins with.
 * STIR_ENOMEM, STIR_ECRYPTO, STIR_EARG (the live state trusts nobody: there is no such role; a time that cannot be judged): done() is not called. */
enum stir_err stir_vs_begin(struct stir_worker *worker, struct stir_vs_call *call) STIR_MUST_USE;
/* Nobody waits for it any more: done() is not called. Fine for a call that is not under way, when its `state` is NULL. */
void stir_vs_cancel(struct stir_worker *worker, struct stir_vs_call *call);

#endif
