#include "core/bytes.h"
#include "io/store_engine.h"

/* Written next. */
static enum stir_err open_it(void **out, char *name, const char *where, bool create, struct stir_diag *said)
{
    (void)out;
    (void)where;
    (void)create;
    name[0] = '\0';
    return stir_diag_set(said, STIR_EIO, SIZE_MAX, "PostgreSQL is not there yet");
}

const struct stir_store_driver stir_store_postgresql = {.engine = STIR_STORE_POSTGRESQL, .open = open_it};
