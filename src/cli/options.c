#include "cli/options.h"

#include <string.h>

static const struct cli_option json = {"--json", CLI_FLAG, NULL, "", false};

/* The option that `word` names: "--name", or "--name=value". */
static const struct cli_option *find(const struct cli *cli, const char *word, size_t n)
{
    if (n == strlen(json.name) && memcmp(word, json.name, n) == 0)
        return &json;
    for (const struct cli_option *o = cli->command->options; o->name; o++)
        if (strlen(o->name) == n && memcmp(o->name, word, n) == 0)
            return o;
    return NULL;
}

/* The option whose name begins like a wrong one, for an error that helps. */
static const char *like(const struct cli *cli, const char *word, size_t n)
{
    for (size_t common = n; common > 3; common--)
        for (const struct cli_option *o = cli->command->options; o->name; o++)
            if (strncmp(o->name, word, common) == 0)
                return o->name;
    return NULL;
}

static int keep(struct cli *cli, const struct cli_option *option, const char *value)
{
    if (option == &json) {
        cli->json = true;
        return CLI_YES;
    }
    if (option->kind != CLI_MANY && cli_has(cli, option->name))
        return cli_fail(cli, CLI_USAGE, "%s stands twice", option->name);
    if (value && option->kind != CLI_TEXT && strpbrk(value, "\r\n"))
        return cli_fail(cli, CLI_USAGE, "the value of %s has a line end in it", option->name);
    if (value && !value[0] && option->kind != CLI_TEXT)
        return cli_fail(cli, CLI_USAGE, "the value of %s is empty", option->name);
    if (cli->n_given >= CLI_MAX_WORDS)
        return cli_fail(cli, CLI_USAGE, "more than %d options", CLI_MAX_WORDS);
    cli->given[cli->n_given].option = option;
    cli->given[cli->n_given++].value = value ? value : "";
    return CLI_YES;
}

/* Standard input gives what it has once: a second "-" would read nothing. */
static int one_stdin(const struct cli *cli)
{
    const char *first = NULL;
    for (size_t i = 0; i < cli->n_given; i++) {
        const struct cli_option *o = cli->given[i].option;
        if (strcmp(cli->given[i].value, "-") != 0 || !o->value || !strstr(o->value, "FILE") || strcmp(o->name, "-o") == 0)
            continue;
        if (first)
            return cli_fail(cli, CLI_USAGE, "%s and %s are both -, and standard input can be read only once", first, o->name);
        first = o->name;
    }
    if (first && cli->n_operands && strstr(cli->command->operands, "FILE") && strcmp(cli->operand[0], "-") == 0)
        return cli_fail(cli, CLI_USAGE, "%s and %s are both -, and standard input can be read only once", cli->command->operands, first);
    return CLI_YES;
}

static int required(const struct cli *cli)
{
    for (const struct cli_option *o = cli->command->options; o->name; o++)
        if (o->required && !cli_has(cli, o->name))
            return cli_fail(cli, CLI_USAGE, "%s %s is needed (%s)", o->name, o->value ? o->value : "", o->help);
    if (cli->n_operands < cli->command->min_operands)
        return cli_fail(cli, CLI_USAGE, "%s is needed", cli->command->operands);
    return one_stdin(cli);
}

int cli_parse(struct cli *cli, int n, char **words)
{
    bool options_end = false;
    for (int i = 0; i < n; i++) { /* first, so that errors are said in JSON too */
        if (strcmp(words[i], "--") == 0)
            break;
        if (strcmp(words[i], json.name) == 0)
            cli->json = true;
    }
    for (int i = 0; i < n; i++) {
        const char *word = words[i];
        if (!options_end && strcmp(word, "--") == 0) {
            options_end = true;
            continue;
        }
        if (options_end || word[0] != '-' || !word[1]) {
            if (cli->n_operands >= cli->command->max_operands || cli->n_operands >= CLI_MAX_WORDS)
                return cli_fail(cli, CLI_USAGE, "\"%s\" is one word too many", word);
            cli->operand[cli->n_operands++] = word;
            continue;
        }
        const char *equals = word[1] == '-' ? strchr(word, '=') : NULL;
        size_t name = equals ? (size_t)(equals - word) : strlen(word);
        const struct cli_option *option = find(cli, word, name);
        if (!option && equals && name == 6 && memcmp(word, "--help", 6) == 0)
            return cli_fail(cli, CLI_USAGE, "--help takes no value");
        if (!option) {
            const char *meant = like(cli, word, name);
            return cli_fail(cli, CLI_USAGE, "no such option \"%.*s\"%s%s", (int)name, word, meant ? "; there is " : "; --help lists them", meant ? meant : "");
        }
        if (option->kind == CLI_FLAG && equals)
            return cli_fail(cli, CLI_USAGE, "%s takes no value", option->name);
        const char *value = equals ? equals + 1 : NULL;
        if (option->kind != CLI_FLAG && !value) {
            if (i + 1 >= n)
                return cli_fail(cli, CLI_USAGE, "%s wants a value, %s", option->name, option->value);
            value = words[++i];
            if (find(cli, value, strlen(value)))
                return cli_fail(cli, CLI_USAGE, "%s wants a value, %s; %s is the next option", option->name, option->value, value);
        }
        int status = keep(cli, option, value);
        if (status != CLI_YES)
            return status;
    }
    return required(cli);
}

const char *cli_get(const struct cli *cli, const char *name)
{
    const char *value = NULL;
    for (size_t i = 0; i < cli->n_given; i++)
        if (strcmp(cli->given[i].option->name, name) == 0)
            value = cli->given[i].value;
    return value;
}

bool cli_has(const struct cli *cli, const char *name)
{
    return cli_get(cli, name) != NULL;
}

size_t cli_all(const struct cli *cli, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < cli->n_given; i++)
        n += strcmp(cli->given[i].option->name, name) == 0;
    return n;
}

const char *cli_nth(const struct cli *cli, const char *name, size_t i)
{
    for (size_t k = 0; k < cli->n_given; k++)
        if (strcmp(cli->given[k].option->name, name) == 0 && i-- == 0)
            return cli->given[k].value;
    return NULL;
}
