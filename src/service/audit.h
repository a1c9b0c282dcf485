/* The audit log: what was done with certificates, tokens, accounts, trust and keys, by whom, for ever. Append-only, one chain of hashes for each node: each
 * row's hash is over its own members and the hash before it, so that no row can be changed, left out or put in between unseen; the newest can be cut off unseen
 * by whoever has the store, so operators keep `stir audit verify --json`'s head elsewhere. Rows are written in the transaction of what they tell. */
#ifndef STIR_SERVICE_AUDIT_H
#define STIR_SERVICE_AUDIT_H

#include "io/store.h"

#include <stir/limits.h>

struct stir_audit_entry {
    const char *event;   /* "certificate issued": constant, of docs/AUDIT.md */
    const char *actor;   /* who: "account ID", "provider NAME", "user NAME" of a command, "stir" */
    const char *subject; /* what: a serial, an order, a provider */
    const char *detail;  /* a JSON object in its canonical form, "" for none: never a secret */
};
/* Within a transaction. `node`: 1 to 64 characters of [store] node. */
enum stir_err stir_audit_add(struct stir_store *store, const char *node, int64_t now_ms, const struct stir_audit_entry *entry) STIR_MUST_USE;

struct stir_audit_row {
    struct stir_slice node, event, actor, subject, detail;
    int64_t seq, at_ms;
    unsigned char hash[STIR_SHA256];
};
/* Rows of `node` (NULL: all), in the order of time and number, from `from_ms` on; false of `row` ends it. */
enum stir_err stir_audit_each(struct stir_store *store, const char *node, int64_t from_ms, bool (*row)(void *arg, const struct stir_audit_row *row), void *arg,
                              struct stir_diag *diag) STIR_MUST_USE;
/* All chains, whole. `told(arg, node, rows, head, fault)` for each node; fault NULL: it holds. @return STIR_OK; STIR_EVALUE: one does not; STIR_EIO. */
enum stir_err stir_audit_verify(struct stir_store *store,
                                void (*told)(void *arg, const char *node, int64_t rows, const unsigned char head[STIR_SHA256], const char *fault), void *arg,
                                struct stir_diag *diag) STIR_MUST_USE;

#endif
