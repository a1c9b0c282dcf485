/* stir conf check: is a configuration one that stir serve would take? */
#include "cli/conf.h"

static const struct cli_option options[] = {
    {"--files", CLI_FLAG, NULL, "look at the files that it names too: keys, certificates, tokens, lists of numbers, trust", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

/* What was said: faults, and what is only worth a second look. */
struct found {
    struct conf_said faults, doubts;
};

static void of_a_file(void *arg, bool fatal, const char *text)
{
    struct found *found = arg;
    conf_say(fatal ? &found->faults : &found->doubts, text);
}

static void show(const struct cli *cli, const struct found *found, const struct stir_conf *conf)
{
    size_t n = found->faults.lines;
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_bool("good", n == 0);
        conf_said_json("faults", &found->faults);
        conf_said_json("warnings", &found->doubts);
        cli_json_str("hash", conf ? conf->hash : NULL);
        cli_json_end('}');
        cli_json_done();
        return;
    }
    conf_said_print("", &found->faults);
    conf_said_print("warning: ", &found->doubts);
    cli_print(stir_slice_str(cli->operand[0]));
    if (n == 0)
        printf(": good (%s)\n", conf->hash);
    else
        printf(": %zu fault%s\n", n, n == 1 ? "" : "s");
}

static int check(const struct cli *cli, struct found *found)
{
    const struct stir_config_say doubts = {conf_say, &found->doubts};
    const struct stir_config_look look = {of_a_file, found};
    struct stir_conf *conf = NULL;
    int status = conf_read(&conf, cli->operand[0], &found->faults);
    if (status == CLI_CANNOT)
        return cli_fail(cli, status, "%.*s", found->faults.n ? (int)found->faults.n - 1 : 0, found->faults.text ? found->faults.text : "");
    if (conf) {
        stir_config_doubts(conf, &doubts);
        if (cli_has(cli, "--files") && !stir_config_files(conf, cli_now(), &look))
            status = CLI_NO;
    }
    show(cli, found, conf);
    stir_config_free(conf);
    return status;
}

static int run(struct cli *cli)
{
    struct found found = {{NULL, 0, 0}, {NULL, 0, 0}};
    int status = check(cli, &found);
    conf_said_free(&found.faults);
    conf_said_free(&found.doubts);
    return status;
}

const struct cli_command cmd_conf_check = {"conf", "check", "FILE", 1, 1, "say everything that is wrong with a configuration of stir serve", options, run};
