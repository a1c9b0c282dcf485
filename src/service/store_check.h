/* What must hold in a store, beyond what its engine looks after (docs/STORE.md): `stir store check`, and each restore. */
#ifndef STIR_SERVICE_STORE_CHECK_H
#define STIR_SERVICE_STORE_CHECK_H

#include "io/store.h"

enum { STIR_STORE_CHECK_SAID = 20 }; /* of one rule, so many faults are told one by one */

struct stir_store_figures {
    int64_t accounts, orders, certificates, intents, revoked, providers, audit_rows, nodes;
    int64_t faults; /* that were told */
};

/* All of it, as one moment has it: the engine's own check, the chains of the audit log, every certificate against its row, and what holds between tables.
 * `fault(arg, text)` for each thing that is wrong. @return STIR_OK; STIR_EVALUE: something is wrong; STIR_EIO and more: it could not be read. */
enum stir_err stir_store_check(struct stir_store *store, struct stir_store_figures *figures, void (*fault)(void *arg, const char *text), void *arg,
                               struct stir_diag *diag) STIR_MUST_USE;

#endif
