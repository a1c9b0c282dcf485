/* What `stir ca` does by hand, on the store of the authority: certificates listed, one issued, one revoked. */
#ifndef STIR_SERVICE_CA_DESK_H
#define STIR_SERVICE_CA_DESK_H

#include "service/ca.h"

#include <stir/cert.h>

/* Which certificates; NULL: all. Letters of a serial in either case. */
struct stir_ca_filter {
    const char *spc, *serial, *state; /* state: issued, revoked, intent, burnt */
    int64_t limit;                    /* the newest of them */
};
struct stir_ca_row {
    struct stir_slice serial, state, profile, spc, account, order, node, der; /* der absent: never signed */
    int64_t not_before, not_after, issued, revoked, reason;
};
/* The newest first; false of `row` ends it. Slices are good until it returns. */
enum stir_err stir_ca_list(struct stir_store *store, const struct stir_ca_filter *filter, bool (*row)(void *arg, const struct stir_ca_row *row), void *arg,
                           struct stir_diag *diag) STIR_MUST_USE;

/* A certificate of a request, for its TNAuthList, without an order: the operator has seen to it that the list is theirs. `days` 0: as the profile has it.
 * @return STIR_OK; STIR_EVALUE (refused: `diag` says why), STIR_ENOTFOUND (no such profile) and what issuing answers. The caller frees `*out`, which is
 * untouched unless STIR_OK. */
enum stir_err stir_ca_issue_by_hand(struct stir_ca *ca, struct stir_clerk *clerk, struct stir_slice csr, const char *profile, int64_t days, const char *actor,
                                    int64_t now, struct stir_cert **out, struct stir_diag *diag) STIR_MUST_USE;
/* STIR_ENOTFOUND (no such certificate), STIR_EEXISTS (revoked before), STIR_EVALUE (the reason). */
enum stir_err stir_ca_revoke_by_hand(struct stir_ca *ca, struct stir_clerk *clerk, const char *serial, int reason, const char *actor, int64_t now,
                                     struct stir_diag *diag) STIR_MUST_USE;
/* The chain of a certificate as it is published; free() it. */
enum stir_err stir_ca_chain_text(char **out, size_t *n, const struct stir_ca *ca, const struct stir_cert *cert) STIR_MUST_USE;

#endif
