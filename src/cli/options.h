/* Words of the command line to struct cli. */
#ifndef STIR_CLI_OPTIONS_H
#define STIR_CLI_OPTIONS_H

#include "cli/cli.h"

/* Read `n` words by the command's table: 0, or CLI_USAGE with one line said. */
int cli_parse(struct cli *cli, int n, char **words);

#endif
