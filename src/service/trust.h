/* Trust that keeps itself fresh: a thread that reads the folder when it changes or something in it runs out, asks the administrator and the CRL points when
 * they are due, and hands on each new snapshot. */
#ifndef STIR_SERVICE_TRUST_H
#define STIR_SERVICE_TRUST_H

#include "service/conf.h"

#include <stir/trust.h>

struct stir_trust_keeper;

/* What the operator watches of one item. */
struct stir_trust_state {
    char domain[64];
    char file[128];
    int life;         /* enum stir_trust_life, now */
    int64_t until;    /* 0: no end */
    int64_t sequence; /* of a list; -1 */
    size_t anchors;
    int64_t last_success; /* of asking for it; 0: never */
};

/* Read the folder now; the first snapshot is there when this returns. Each has a generation of its own in this process, whatever keeper made it. `changed` is
 * called on the keeper's thread with each later one (it is the callee's: stir_trust_free()); a folder that cannot be read any more, or is as it was, gives
 * none. `say` is told what goes wrong, in words, and once; `fatal`: callers are not trusted for it. It may be called before this returns.
 * STIR_OK; as stir_trust_store_read(), and with [trust] refresh as stir_trust_refresh_new(); `diag` says what is wrong. */
enum stir_err stir_trust_keeper_new(struct stir_trust_keeper **out, const struct stir_conf_trust *conf, const struct stir_conf_fetch *fetch,
                                    void (*changed)(void *arg, struct stir_trust *trust), void (*say)(void *arg, bool fatal, const char *text), void *arg,
                                    struct stir_diag *diag) STIR_MUST_USE;
/* Ends its thread: neither `changed` nor `say` is called afterwards. NULL is fine. */
void stir_trust_keeper_free(struct stir_trust_keeper *keeper);
/* The newest snapshot, one more owner. From any thread. */
struct stir_trust *stir_trust_keeper_now(struct stir_trust_keeper *keeper);
/* From any thread: copies up to `cap` states, answers how many there are. */
size_t stir_trust_keeper_states(struct stir_trust_keeper *keeper, struct stir_trust_state *out, size_t cap);

#endif
