/* stir conf reload: ask a stir serve that runs to read its configuration again. It says a line at a time what is wrong, and at last "ok generation=N" or
 * "failed". */
#include "cli/conf.h"

#include <string.h>

#include "io/control.h"

static const struct cli_option options[] = {
    {"--control", CLI_VALUE, "PATH", "the daemon's socket, instead of a FILE whose [server] control names it", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

static void hear(void *arg, const char *line)
{
    conf_say(arg, line);
}

static int ask(const struct cli *cli, const char *path)
{
    struct conf_said said = {NULL, 0, 0};
    struct stir_diag diag = {0};
    int64_t generation = 0;
    enum stir_err err = stir_control_reload(path, &(const struct stir_control_ear){hear, NULL, &said}, &generation, &diag);
    int status = err == STIR_OK ? CLI_YES : err == STIR_EVALUE ? CLI_NO : err == STIR_ELIMIT ? CLI_USAGE : CLI_CANNOT;
    if (status == CLI_CANNOT || status == CLI_USAGE) {
        status = cli_fail(cli, status, "%s", diag.text);
    } else if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_bool("reloaded", status == CLI_YES);
        if (status == CLI_YES)
            cli_json_int("generation", generation);
        conf_said_json("said", &said);
        cli_json_end('}');
        cli_json_done();
    } else {
        conf_said_print("", &said);
        if (status == CLI_YES)
            printf("reloaded, generation %lld\n", (long long)generation);
        else
            printf("nothing was changed\n");
    }
    conf_said_free(&said);
    return status;
}

static int run(struct cli *cli)
{
    const char *path = cli_get(cli, "--control");
    struct conf_said faults = {NULL, 0, 0};
    struct stir_conf *conf = NULL;
    int status = CLI_YES;
    if (!path == !cli->n_operands)
        return cli_fail(cli, CLI_USAGE, "give the configuration's FILE, or --control PATH");
    if (!path) {
        status = conf_read(&conf, cli->operand[0], &faults);
        if (!conf)
            status = cli_fail(cli, status, "%.*s (stir conf check says all; --control PATH does without the file)",
                              (int)strcspn(faults.text ? faults.text : "", "\n"), faults.text ? faults.text : "");
        else if (!conf->server.control[0])
            status = cli_fail(cli, CLI_CANNOT, "%s has no [server] control; SIGHUP reloads too", cli->operand[0]);
        else
            path = conf->server.control;
    }
    if (status == CLI_YES)
        status = ask(cli, path);
    stir_config_free(conf);
    conf_said_free(&faults);
    return status;
}

const struct cli_command cmd_conf_reload = {"conf",  "reload", "[FILE]", 0, 1, "let a stir serve that runs read its configuration again: all of it, or nothing",
                                            options, run};
