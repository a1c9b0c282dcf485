/* The unix socket of a stir serve that runs, from the side of whoever asks: "reload" goes in, lines come out, the last "ok generation=N" or "failed". */
#ifndef STIR_IO_CONTROL_H
#define STIR_IO_CONTROL_H

#include <stir/err.h>

struct stir_control_ear {
    void (*said)(void *arg, const char *line); /* told every line but the last; NULL: nobody */
    bool (*stop)(void *arg);                   /* asked now and then: true ends the wait with STIR_EBUSY; NULL: nobody */
    void *arg;
};
/* Ask the daemon behind socket `path` to reload, and wait until it has, five minutes at most: each signer's certificate may be fetched. @return STIR_OK
 * (`*generation`), STIR_EVALUE (it says no: nothing was changed), STIR_EIO (nobody answers there, or nobody said what became of it), STIR_ELIMIT (no socket has
 * a path of that length); `diag` says which. */
enum stir_err stir_control_reload(const char *path, const struct stir_control_ear *ear, int64_t *generation, struct stir_diag *diag) STIR_MUST_USE;

#endif
