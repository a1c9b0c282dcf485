/* What the commands of `stir acme` share. */
#ifndef STIR_CLI_ACME_H
#define STIR_CLI_ACME_H

#include "cli/cli.h"
#include "service/acme_client.h"

#define CLI_ACME_VERBOSE                                                                                       \
    {                                                                                                          \
        "--verbose", CLI_FLAG, NULL, "say each step on standard error, as is done on a terminal anyway", false \
    }

/* Open the folder `dir`; what happens is told on standard error: on a terminal or with --verbose all of it, else warnings alone. 0, or the exit status, said
 * already. */
int acme_open(const struct cli *cli, struct stir_acme **out, const char *dir);
/* The exit status of what the client answers, said: 1 where the authority says no, 3 where something could not be done. */
int acme_end(const struct cli *cli, const char *dir, enum stir_err err, const struct stir_diag *diag);
/* "2026-11-21T12:00:00Z", or "-" for 0. */
const char *acme_time(char buf[21], int64_t at);
/* The certificate in use, on standard output. */
int acme_show_current(const struct cli *cli, struct stir_acme *acme, const char *dir);

#endif
