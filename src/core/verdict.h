/* A verdict as it is built: the public struct, the memory of everything it shows, and what it keeps alive. */
#ifndef STIR_CORE_VERDICT_H
#define STIR_CORE_VERDICT_H

#include <stir/chain.h>
#include <stir/verdict.h>

#include "core/bytes.h"

struct stir_verdict_box {
    struct stir_verdict verdict; /* first: a pointer to it is a pointer to the box */
    struct stir_arena arena;     /* of the box itself too */
    struct stir_chain *chains[STIR_MAX_TOKENS];
    size_t n_chains;
    struct stir_trust *trust;
    struct stir_slice signature[STIR_MAX_TOKENS]; /* third part of each token, for ppi */
};

/* The value of the token's Reason header; of the call's, where it has no token. False when there is nothing to report. */
bool stir_put_reason(struct stir_writer *w, const struct stir_verdict *verdict, size_t token, enum stir_reason_protocol protocol);
/* Is the token's failure one to report? Those that a verifier has to ignore are not, unless the call fails for them. */
bool stir_reports(const struct stir_verdict *verdict, size_t token);
/* Reason headers of a verdict: its tokens, or the call itself when it has none. */
static inline size_t stir_reports_of(const struct stir_verdict *verdict)
{
    return verdict->n_tokens ? verdict->n_tokens : 1;
}
/* The token that decides; NULL when none does, or there is no verdict at all. */
static inline const struct stir_token_verdict *stir_verdict_decider(const struct stir_verdict *verdict)
{
    return verdict && verdict->deciding >= 0 && (size_t)verdict->deciding < verdict->n_tokens ? &verdict->tokens[verdict->deciding] : NULL;
}

#endif
