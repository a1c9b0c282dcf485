/* The smaller things that stir show decodes, beside tokens and messages. */
#ifndef STIR_CLI_SHOW_H
#define STIR_CLI_SHOW_H

#include "cli/cli.h"

#include <stdarg.h>

struct show;
void show_odd(struct show *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Why no verifier would fetch this URL, NULL when one would. */
const char *show_url_fault(struct stir_slice url);
/* The text is strict JSON. */
bool show_is_json(struct stir_slice text);
/* Shown when the token is an SPC (authority) token, or another JWT that is no PASSporT. */
bool show_spc_token(struct cli *cli, const struct stir_passport *token);
/* Shown when the text is a TNAuthList in base64. */
bool show_tnauth(struct cli *cli, struct stir_slice text);

#endif
