/* stir conf check: is a configuration one that stir serve would take? */
#include "cli/conf.h"

static const struct cli_option options[] = {{NULL, CLI_FLAG, NULL, NULL, false}};

static void show(const struct cli *cli, const struct conf_said *faults, const struct conf_said *doubts, const struct stir_conf *conf)
{
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_bool("good", conf != NULL);
        conf_said_json("faults", faults);
        conf_said_json("warnings", doubts);
        cli_json_str("hash", conf ? conf->hash : NULL);
        cli_json_end('}');
        cli_json_done();
        return;
    }
    conf_said_print("", faults);
    conf_said_print("warning: ", doubts);
    cli_print(stir_slice_str(cli->operand[0]));
    if (conf)
        printf(": good (%s)\n", conf->hash);
    else
        printf(": %zu fault%s\n", faults->lines, faults->lines == 1 ? "" : "s");
}

static int run(struct cli *cli)
{
    struct conf_said faults = {NULL, 0, 0}, doubts = {NULL, 0, 0};
    const struct stir_config_say to = {conf_say, &doubts};
    struct stir_conf *conf = NULL;
    int status = conf_read(&conf, cli->operand[0], &faults);
    if (status == CLI_CANNOT) {
        (void)cli_fail(cli, status, "%.*s", faults.n ? (int)faults.n - 1 : 0, faults.text ? faults.text : "");
    } else {
        if (conf)
            stir_config_doubts(conf, &to);
        show(cli, &faults, &doubts, conf);
    }
    stir_config_free(conf);
    conf_said_free(&faults);
    conf_said_free(&doubts);
    return status;
}

const struct cli_command cmd_conf_check = {"conf", "check", "FILE", 1, 1, "say everything that is wrong with a configuration of stir serve", options, run};
