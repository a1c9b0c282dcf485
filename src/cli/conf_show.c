/* stir conf show: what a configuration says, as a file that says the same. */
#include "cli/conf.h"

#include <stdlib.h>

static const struct cli_option options[] = {
    {"--effective", CLI_FLAG, NULL, "every key; those left at their defaults as comments that say what they are", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

static int show(const struct cli *cli, const struct stir_conf *conf)
{
    bool effective = cli_has(cli, "--effective");
    char *text = cli->json ? stir_config_json(conf, effective) : stir_config_text(conf, effective);
    if (!text)
        return cli_fail(cli, CLI_CANNOT, "out of memory");
    if (!cli->json)
        printf("# %s\n", conf->hash);
    fputs(text, stdout);
    if (cli->json)
        putchar('\n');
    free(text);
    return CLI_YES;
}

static int run(struct cli *cli)
{
    struct conf_said faults = {NULL, 0, 0};
    struct stir_conf *conf = NULL;
    int status = conf_read(&conf, cli->operand[0], &faults);
    if (conf)
        status = show(cli, conf);
    else
        status = cli_fail(cli, status, "%.*s%s", (int)(strcspn(faults.text ? faults.text : "", "\n")), faults.text ? faults.text : "",
                          faults.lines > 1 ? " (and more: stir conf check says all)" : "");
    stir_config_free(conf);
    conf_said_free(&faults);
    return status;
}

const struct cli_command cmd_conf_show = {"conf", "show", "FILE", 1, 1, "say what a configuration says, as a file that says the same", options, run};
