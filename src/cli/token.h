/* What the commands about authority tokens share. */
#ifndef STIR_CLI_TOKEN_H
#define STIR_CLI_TOKEN_H

#include "cli/cli.h"

/* The token given as a value, @FILE or "-". CLI_NO when it is none. Free with stir_token_free(). */
int token_read(const struct cli *cli, struct stir_token **out, const char *value);

#endif
