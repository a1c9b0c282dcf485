/* stir serve: the daemon, in the foreground. */
#include "cli/cli.h"
#include "server/server.h"

static const struct cli_option options[] = {{NULL, CLI_FLAG, NULL, NULL, false}};

static void told(void *arg, const char *line)
{
    (void)arg;
    printf("%s\n", line);
    fflush(stdout);
}

static int run(struct cli *cli)
{
    if (!cli->operand[0][0])
        return cli_fail(cli, CLI_USAGE, "the name of FILE is empty");
    struct stir_serve_options serve = {cli->operand[0], told, NULL};
    return stir_serve(&serve);
}

const struct cli_command cmd_serve = {
    "serve", NULL, "FILE", 1, 1, "run the daemon that stir.conf(5) describes, until SIGTERM; SIGHUP or stir conf reload reads FILE again", options, run};
