/* A copy of a SQLite file as one moment saw it, while others go on writing. */
#ifndef STIR_IO_STORE_COPY_H
#define STIR_IO_STORE_COPY_H

#include <stir/err.h>

#include <sqlite3.h>

/* Into the new file `path`, 0600, whole and on the disk, or not at all. STIR_EEXISTS, STIR_EIO, STIR_ENOMEM; `said` says with the path. */
enum stir_err stir_store_copy_sqlite(sqlite3 *db, const char *path, void (*progress)(void *arg, int64_t done, int64_t all), void *arg,
                                     struct stir_diag *said) STIR_MUST_USE;

/* What was named in the folder of `path` is there after the power went. */
bool stir_store_sync_folder(const char *path) STIR_MUST_USE;

#endif
