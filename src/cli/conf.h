/* stir.conf(5) read by a command. */
#ifndef STIR_CLI_CONF_H
#define STIR_CLI_CONF_H

#include "cli/cli.h"
#include "server/config.h"

/* Lines that were said, each with its end. */
struct conf_said {
    char *text;
    size_t n;
    size_t lines;
};
void conf_say(void *arg, const char *line);
void conf_said_free(struct conf_said *said);
/* To standard output, `head` before each. */
void conf_said_print(const char *head, const struct conf_said *said);
/* The lines as members of a JSON array of this name. */
void conf_said_json(const char *name, const struct conf_said *said);

/* Read the file: CLI_YES; CLI_NO (what is wrong was said into `said`), CLI_CANNOT (likewise). */
int conf_read(struct stir_conf **out, const char *path, struct conf_said *said);

#endif
