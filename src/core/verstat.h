/* A header value with its verstat, into a writer that may have more to write. */
#ifndef STIR_CORE_VERSTAT_H
#define STIR_CORE_VERSTAT_H

#include <stir/verstat.h>

#include "core/bytes.h"

/* What to do with one value, and what was done. */
struct stir_verstat_edit {
    struct stir_slice put; /* ";verstat=..." to be put in; absent: only taken out */
    size_t stripped;       /* parameters taken out */
};

/* @return STIR_OK; STIR_ESYNTAX as stir_verstat_strip(), STIR_EVALUE when it has no place for what is to be put in. */
enum stir_err stir_put_verstat(struct stir_writer *w, struct stir_verstat_edit *edit, struct stir_slice value) STIR_MUST_USE;

/* ";verstat=TN-Validation-Passed", into a buffer of 64 bytes. */
enum { STIR_VERSTAT_PARAM = 64 };
struct stir_slice stir_verstat_param(char buf[STIR_VERSTAT_PARAM], enum stir_verstat verstat, char attest);

#endif
