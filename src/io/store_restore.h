/* A backup put in the place of a SQLite store: copied beside it, looked at by the caller under a name of its own, and then in its place with one rename. Nobody
 * may have the store open meanwhile. */
#ifndef STIR_IO_STORE_RESTORE_H
#define STIR_IO_STORE_RESTORE_H

#include <stir/err.h>

#include <limits.h>

struct stir_store_restore {
    char target[PATH_MAX];    /* where the store is to be */
    char temporary[PATH_MAX]; /* the copy, until it is in place; the caller may open it, and closes it again */
    char kept[PATH_MAX];      /* what was in the place before, and is kept beside it; "": nothing */
};

/* Copy the backup `file`. `force`: something is in the place already, and may be replaced. @return STIR_OK: end with stir_store_restore_place() or
 * stir_store_restore_drop(); STIR_EEXISTS, STIR_EBUSY (a program has the store open), STIR_ENOTFOUND, STIR_EVALUE (`file` is no SQLite file, or one in use),
 * STIR_EIO, STIR_ELIMIT: `diag` says which. */
enum stir_err stir_store_restore_copy(struct stir_store_restore *out, const char *target, const char *file, bool force,
                                      void (*progress)(void *arg, int64_t done, int64_t all), void *arg, struct stir_diag *diag) STIR_MUST_USE;
/* The copy takes the place; what was there is kept under another name. */
enum stir_err stir_store_restore_place(struct stir_store_restore *restore, struct stir_diag *diag) STIR_MUST_USE;
void stir_store_restore_drop(struct stir_store_restore *restore);

#endif
