#include "cli/ca.h"

static void say(void *arg, bool fatal, const char *text)
{
    if (fatal)
        cli_fail(arg, CLI_CANNOT, "%s", text);
    else
        cli_warn(arg, "%s", text);
}

static int open_authority(const struct cli *cli, struct ca_desk *c)
{
    const struct stir_ca_say to = {say, (struct cli *)(uintptr_t)cli};
    if (!(c->desk.conf->server.roles & STIR_ROLE_CA))
        return cli_fail(cli, CLI_CANNOT, "%s: has no role ca in [server] roles", cli_get(cli, "--conf"));
    enum stir_err err = stir_ca_new(&c->ca, c->desk.conf, NULL, &to);
    if (err == STIR_EVALUE)
        return CLI_CANNOT; /* said */
    return err == STIR_OK ? CLI_YES : cli_fail(cli, CLI_CANNOT, "the authority cannot be opened: %s", stir_err_text(err));
}

int ca_open(const struct cli *cli, struct ca_desk *c)
{
    c->ca = NULL;
    int status = desk_read(cli, &c->desk);
    if (status == CLI_YES)
        status = open_authority(cli, c);
    return status == CLI_YES ? desk_open(cli, &c->desk, true) : status;
}

void ca_close(struct ca_desk *c)
{
    stir_ca_free(c->ca);
    desk_close(&c->desk);
}
