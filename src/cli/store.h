/* What the commands of `stir store` share. */
#ifndef STIR_CLI_STORE_H
#define STIR_CLI_STORE_H

#include "cli/desk.h"
#include "service/store_check.h"

/* Where the store is, by --conf or --store; desk_read() has been. */
const char *store_where(const struct cli *cli, const struct cli_desk *desk);
/* How far a copy is, on standard error when that is a terminal: store_progress() for the copy, store_progress_end() behind it. */
void store_progress(void *arg, int64_t done, int64_t all);
void store_progress_end(void);
/* Look at `store`, and say what is wrong and what there is: members of the object that was begun, with --json. CLI_YES, CLI_NO, CLI_CANNOT. */
int store_look(const struct cli *cli, struct stir_store *store);

#endif
