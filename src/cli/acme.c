#include "cli/acme.h"

#include <unistd.h>

static void tell(void *arg, const char *line)
{
    const struct cli *cli = arg;
    if (strncmp(line, "warning: ", 9) == 0)
        cli_warn(cli, "%s", line + 9);
    else if (cli_has(cli, "--verbose") || (!cli->json && isatty(STDERR_FILENO)))
        fprintf(stderr, "%s\n", line);
}

int acme_open(const struct cli *cli, struct stir_acme **out, const char *dir)
{
    const struct stir_acme_told told = {tell, (void *)(uintptr_t)cli, NULL};
    struct stir_diag diag = {0};
    return acme_end(cli, dir, stir_acme_open(out, dir, &told, &diag), &diag);
}

int acme_end(const struct cli *cli, const char *dir, enum stir_err err, const struct stir_diag *diag)
{
    if (err == STIR_OK)
        return CLI_YES;
    const bool no = err == STIR_EVALUE || err == STIR_EMISMATCH;
    return cli_fail(cli, no ? CLI_NO : CLI_CANNOT, "%s: %s", dir, diag->text[0] ? diag->text : stir_err_text(err));
}

const char *acme_time(char buf[21], int64_t at)
{
    return at && stir_time_write(buf, at) == STIR_OK ? buf : "-";
}

int acme_show_current(const struct cli *cli, struct stir_acme *acme, const char *dir)
{
    struct stir_acme_current now;
    struct stir_diag diag = {0};
    char until[21], due[21];
    int status = acme_end(cli, dir, stir_acme_current(acme, &now, &diag), &diag);
    if (status != CLI_YES)
        return status;
    if (cli->json) {
        cli_json_str("dir", dir);
        cli_json_str("serial", now.serial);
        cli_json_str("certificate", now.dir);
        cli_json_str("x5u", now.x5u[0] ? now.x5u : NULL);
        cli_json_time("not_before", now.not_before);
        cli_json_time("not_after", now.not_after);
        cli_json_time("renewal_due", stir_acme_due(acme));
        return CLI_YES;
    }
    printf("%s: certificate %s until %s, to be renewed from %s on\n", dir, now.serial, acme_time(until, now.not_after), acme_time(due, stir_acme_due(acme)));
    return CLI_YES;
}
