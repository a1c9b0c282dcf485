/* --forward: the message as it goes on after its verification. */
#ifndef STIR_CLI_FORWARD_H
#define STIR_CLI_FORWARD_H

#include "cli/cli.h"

/* Write `invite` with the verdict's verstat to the file of --forward. CLI_NO when it cannot be read without doubt, CLI_CANNOT when the file cannot be written.
 */
int cli_forward(const struct cli *cli, struct stir_slice invite, const struct stir_verdict *verdict, const struct stir_policy *policy);

#endif
