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

#endif
