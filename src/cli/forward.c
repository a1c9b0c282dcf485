#include "cli/forward.h"

#include <stdlib.h>

enum { ADDED = 1024 }; /* a verstat for From and each P-Asserted-Identity */

static int write_onward(const struct cli *cli, char *buf, struct stir_slice invite, const struct stir_verdict *verdict, const struct stir_policy *policy)
{
    const char *path = cli_get(cli, "--forward");
    struct stir_verstat_report report = {0};
    struct stir_diag diag = {0};
    size_t n = 0;
    enum stir_err err = stir_verstat_message(buf, invite.n + ADDED, &n, &report, invite, verdict, policy, cli_has(cli, "--verstat-attest"), &diag);
    if (err != STIR_OK)
        return cli_fail(cli, CLI_NO, "%s: not written to %s: %s", cli_get(cli, "--invite"), path, diag.text[0] ? diag.text : stir_err_text(err));
    int status = cli_file(cli, stir_file_write(path, stir_slice_of(buf, n), STIR_FILE_PUBLIC), path);
    if (status == CLI_YES && report.stripped)
        cli_warn(cli, "the message came with a verstat of its own in %zu place%s; it does not go on", report.stripped, report.stripped == 1 ? "" : "s");
    if (status == CLI_YES && report.resource_priority_removed)
        cli_warn(cli, "Resource-Priority is not signed for, and does not go on (RFC 8443 4.2)");
    return status;
}

int cli_forward(const struct cli *cli, struct stir_slice invite, const struct stir_verdict *verdict, const struct stir_policy *policy)
{
    char *buf = malloc(invite.n + ADDED);
    if (!buf)
        return cli_fail(cli, CLI_CANNOT, "out of memory");
    int status = write_onward(cli, buf, invite, verdict, policy);
    free(buf);
    return status;
}
