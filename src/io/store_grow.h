/* How the schema of a store grows: which migrations it has had, and those it still needs. The table store_migrations keeps their numbers, names and hashes. */
#ifndef STIR_IO_STORE_GROW_H
#define STIR_IO_STORE_GROW_H

#include "io/store_engine.h"

/* Bring `store` up to `schema`, each migration in a transaction of its own, one process at a time. STIR_EVALUE: no store of ours, a newer one, or one that grew
 * by other migrations. */
enum stir_err stir_store_grow(struct stir_store *store, const struct stir_store_schema *schema, struct stir_diag *diag) STIR_MUST_USE;

/* What store.c does for it. */
const struct stir_store_driver *stir_store_driver_of(const struct stir_store *store);
enum stir_err stir_store_script(struct stir_store *store, const char *sql) STIR_MUST_USE; /* within a transaction */
enum stir_err stir_store_alone(struct stir_store *store, bool on, struct stir_diag *diag) STIR_MUST_USE;

#endif
