/* acme.conf (stir-acme(1)): "key = value" lines to struct stir_acme_settings, and the commented file that `stir acme register` writes. */
#ifndef STIR_SERVICE_ACME_SETTINGS_H
#define STIR_SERVICE_ACME_SETTINGS_H

#include "service/acme_client.h"

#include "core/bytes.h"

#define STIR_ACME_CONF "acme.conf"

/* Read `text`, whose name for messages is `name`; texts lie in `arena`. Paths that are not absolute begin in folder `dir`. Each wrong line is told, if anybody
 * listens; `diag` has the first. @return STIR_OK, STIR_EVALUE, STIR_ENOMEM. */
enum stir_err stir_acme_settings_read(struct stir_acme_settings *out, struct stir_slice text, const char *name, const char *dir, struct stir_arena *arena,
                                      struct stir_diag *diag) STIR_MUST_USE;

/* A key, and what is said of it. */
struct stir_acme_given {
    const char *key, *value;
};
/* The whole file: each key of the table with its explanation, those that are given with their value, the others commented out. free() it; NULL: no memory. */
char *stir_acme_settings_write(const struct stir_acme_given *given, size_t n);
/* The `i`th key; NULL past the end. `what`: its explanation. */
const char *stir_acme_settings_key(size_t i, const char **what);

#endif
