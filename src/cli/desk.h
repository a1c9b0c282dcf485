/* Commands that work on the store of the policy administrator and the certificate authority, beside the daemon or without it. */
#ifndef STIR_CLI_DESK_H
#define STIR_CLI_DESK_H

#include "cli/cli.h"
#include "service/clerk.h"
#include "service/conf.h"

#define CLI_DESK_OPTIONS                                                                                                       \
    {"--conf", CLI_VALUE, "FILE", "stir.conf: the store is that of its [store] url", false},                                   \
    {                                                                                                                          \
        "--store", CLI_VALUE, "WHERE", "instead: the store itself, a file of SQLite or postgresql://USER@HOST/DATABASE", false \
    }

struct cli_desk {
    struct stir_conf *conf; /* NULL: --store was given */
    struct stir_clerk clerk;
    char node[STIR_CLERK_NODE];
    char actor[100]; /* of the audit: "user NAME" */
    int64_t now;
};

/* Read --conf, and nothing more. 0, or the exit status, said already. */
int desk_read(const struct cli *cli, struct cli_desk *desk);
/* Open the store: `create` makes one that is not there. Root becomes the owner of a store of SQLite, or [server] user where there is none yet, so that the
 * daemon can write to what is made: what root alone can read is read before. 0, or the exit status, said already. */
int desk_open(const struct cli *cli, struct cli_desk *desk, bool create);
void desk_close(struct cli_desk *desk);
/* Who it is that works here, by the system, not by what he says; who became root by sudo is known by that. */
void desk_actor(char *actor, size_t cap);
/* Say what went wrong: CLI_NO when it is the answer to what was asked, CLI_CANNOT when it could not be done. */
int desk_failed(const struct cli *cli, enum stir_err err, const struct stir_diag *diag);
/* The same, CLI_YES for STIR_OK. */
static inline int desk_end(const struct cli *cli, enum stir_err err, const struct stir_diag *diag)
{
    return err == STIR_OK ? CLI_YES : desk_failed(cli, err, diag);
}

#endif
