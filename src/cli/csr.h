/* Reading a request: shared by csr show and cert sign. */
#ifndef STIR_CLI_CSR_H
#define STIR_CLI_CSR_H

#include "cli/cli.h"

/* The request in the file or "-"; bad content is CLI_NO. */
int csr_read(const struct cli *cli, struct stir_csr **out, const char *path);

#endif
