/* stir pa provider code add|remove, stir pa provider password. */
#include "cli/pa.h"

#include <openssl/crypto.h>

static const struct cli_option code_options[] = {CLI_DESK_OPTIONS, {NULL, CLI_FLAG, NULL, NULL, false}};
static const struct cli_option password_options[] = {
    CLI_DESK_OPTIONS,
    {"--password-file", CLI_VALUE, "FILE", "the password on its first line, 0600; without it one is made and shown once", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

static int change(struct cli *cli, bool add)
{
    struct cli_desk desk = {.now = 0};
    struct stir_diag diag = {0};
    const char *id = cli->operand[0], *code = cli->operand[1];
    int status = pa_open(cli, &desk, false);
    if (status == CLI_YES) {
        enum stir_err err = add ? stir_pa_code_add(&desk.clerk, id, code, desk.actor, desk.now, &diag)
                                : stir_pa_code_remove(&desk.clerk, id, code, desk.actor, desk.now, &diag);
        status = err == STIR_OK ? pa_done(cli, "provider", id, add ? "added" : "removed", code) : desk_failed(cli, err, &diag);
    }
    desk_close(&desk);
    return status;
}

static int run_add(struct cli *cli)
{
    return change(cli, true);
}

static int run_remove(struct cli *cli)
{
    return change(cli, false);
}

static int set_password(struct cli *cli, struct cli_desk *desk, const struct pa_password *password)
{
    struct stir_diag diag = {0};
    int status = desk_open(cli, desk, false);
    if (status != CLI_YES)
        return status;
    enum stir_err err = stir_pa_password(&desk->clerk, cli->operand[0], password->text, desk->actor, desk->now, &diag);
    if (err != STIR_OK)
        return desk_failed(cli, err, &diag);
    return pa_done(cli, "user", cli->operand[0], "password", password->made ? password->text : "changed");
}

static int run_password(struct cli *cli)
{
    struct cli_desk desk = {.now = 0};
    struct pa_password password = {.made = false};
    int status = desk_read(cli, &desk);
    if (status == CLI_YES)
        status = pa_password_read(cli, &password);
    if (status == CLI_YES)
        status = set_password(cli, &desk, &password);
    OPENSSL_cleanse(&password, sizeof(password));
    desk_close(&desk);
    return status;
}

const struct cli_command cmd_pa_code_add = {"pa", "provider code add", "ID CODE", 2, 2, "a provider holds one code more", code_options, run_add};
const struct cli_command cmd_pa_code_remove = {"pa", "provider code remove", "ID CODE", 2, 2, "a provider holds a code no longer", code_options, run_remove};
const struct cli_command cmd_pa_password = {
    "pa", "provider password", "USER", 1, 1, "a new password; unlocks, and ends what is logged in", password_options, run_password};
