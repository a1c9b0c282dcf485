#include "cli/conf.h"

#include <stdlib.h>
#include <string.h>

void conf_say(void *arg, const char *line)
{
    struct conf_said *said = arg;
    size_t n = strlen(line);
    char *more = realloc(said->text, said->n + n + 2);
    if (!more)
        return; /* the count says that there was something to say */
    memcpy(more + said->n, line, n);
    memcpy(more + said->n + n, "\n", 2);
    said->text = more;
    said->n += n + 1;
    said->lines++;
}

void conf_said_free(struct conf_said *said)
{
    free(said->text);
    *said = (struct conf_said){NULL, 0, 0};
}

void conf_said_print(const char *head, const struct conf_said *said)
{
    for (const char *line = said->text; line && *line; line += strcspn(line, "\n") + 1) {
        fputs(head, stdout);
        cli_print(stir_slice_of(line, strcspn(line, "\n")));
        putchar('\n');
    }
}

void conf_said_json(const char *name, const struct conf_said *said)
{
    cli_json_begin(name, '[');
    for (const char *line = said->text; line && *line; line += strcspn(line, "\n") + 1)
        cli_json_text(NULL, stir_slice_of(line, strcspn(line, "\n")));
    cli_json_end(']');
}

int conf_read(struct stir_conf **out, const char *path, struct conf_said *said)
{
    const struct stir_config_say to = {conf_say, said};
    switch (stir_config_read(out, path, &to)) {
    case STIR_OK: return CLI_YES;
    case STIR_EVALUE:
    case STIR_ELIMIT: return CLI_NO;
    case STIR_ENOMEM: conf_say(said, "out of memory"); return CLI_CANNOT;
    default: return CLI_CANNOT;
    }
}
