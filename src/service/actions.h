/* What becomes of a call by its verdict: the outcomes of a verification, and the [actions] of the trunk that it came from. */
#ifndef STIR_SERVICE_ACTIONS_H
#define STIR_SERVICE_ACTIONS_H

#include "service/source.h"

#include "core/verify.h"

#include <stir/verdict.h>

enum stir_vs_outcome {
    STIR_OUTCOME_MISSING = 1, /* no Identity, or none of a kind that is looked at */
    STIR_OUTCOME_OK,
    STIR_OUTCOME_FAILED,
    STIR_OUTCOME_UNUSABLE, /* the certificate could not be had, or no verdict could be made */
};

/* NULL: no verdict. */
enum stir_vs_outcome stir_actions_outcome(const struct stir_verdict *verdict);

/* The [actions] that hold for calls of `source` (NULL: nobody knows whence): its trunk's, else the default ones. */
const struct stir_conf_actions *stir_actions_of(const struct stir_conf *conf, const struct stir_source *source);
/* The policy for calls of `source`: `base` with its trunk's dial plan and prefixes, and the minimum attestation of `actions`. */
void stir_actions_policy(struct stir_policy *out, const struct stir_policy *base, const struct stir_source *source, const struct stir_conf_actions *actions);

/* Do both judge certificates alike? Then chains that were judged by the one may be used with the other, and may have its id. */
bool stir_actions_same_chains(const struct stir_policy *a, const struct stir_policy *b);

/* What is done. `emergency`: it is never stopped (STIR_EMERGENCY_SURE). */
struct stir_vs_decision {
    enum stir_conf_act act;
    int sip_code; /* of STOP; else 0 */
    const char *phrase;
};
struct stir_vs_decision stir_actions_decide(const struct stir_conf_actions *actions, const struct stir_verdict *verdict, bool emergency);

#endif
