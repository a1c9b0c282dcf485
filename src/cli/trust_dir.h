/* Folders of trust, for the commands: errors of io/trust_* as exit statuses, and a folder's domains beside the files of --trust. */
#ifndef STIR_CLI_TRUST_DIR_H
#define STIR_CLI_TRUST_DIR_H

#include <stir/trust_store.h>

#include "cli/cli.h"
#include "io/trust_folder.h"

/* What went wrong with a folder, said: CLI_CANNOT when it is our trouble (a file, memory), else `status_bad`. `what` stands before it; NULL: nothing does. */
int trust_failed(const struct cli *cli, enum stir_err err, const struct stir_diag *diag, const char *what, int status_bad);

/* --domain, or "default"; CLI_USAGE when no domain can be called so. */
int trust_name(const struct cli *cli, const char **out);
/* Make, if need be, hold and open the folder of --dir and that domain. */
int trust_hold(const struct cli *cli, struct stir_trust_folder *out, const char *dir, const char *name);

/* Read a folder; wrong lines of settings are said one by one. */
int trust_read(const struct cli *cli, struct stir_trust_store **out, const char *dir, int64_t now);
/* All domains of a folder into `builder`, with warnings about what is over at `now`. */
int trust_dir_add(const struct cli *cli, struct stir_trust_builder *builder, const char *dir, int64_t now);

const char *trust_life_text(enum stir_trust_life life);
/* "  alarm    half of its life is over: WHAT" and its like; nothing when it is fresh. */
void trust_print_alarm(enum stir_trust_life life, const char *what);

#endif
