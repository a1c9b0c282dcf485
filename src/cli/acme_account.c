/* stir acme revoke, rollover, deactivate: certificates and accounts that are given up, and keys that change. */
#include "cli/acme.h"

static const struct cli_option revoke_options[] = {
    {"--cert", CLI_VALUE, "FILE", "this chain instead of the one in use", false},
    {"--reason", CLI_VALUE, "REASON", "keyCompromise, affiliationChanged, superseded, cessationOfOperation, or the number of a CRLReason", false},
    {"--by-certificate-key", CLI_FLAG, NULL, "sign with the certificate's key, which lies beside the chain, instead of the account's", false},
    CLI_ACME_VERBOSE,
    {NULL, CLI_FLAG, NULL, NULL, false},
};

static const struct cli_option account_options[] = {
    CLI_ACME_VERBOSE,
    {NULL, CLI_FLAG, NULL, NULL, false},
};

/* What was done, in one word. */
static int done(const struct cli *cli, const char *dir, const char *what)
{
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("dir", dir);
        cli_json_str("end", what);
        cli_json_end('}');
        cli_json_done();
    } else {
        printf("%s: %s\n", dir, what);
    }
    return CLI_YES;
}

static int revoke(struct cli *cli)
{
    struct stir_acme *acme = NULL;
    struct stir_diag diag = {0};
    int reason = -1;
    const char *dir = cli->operand[0];
    int status = cli_revocation_reason(cli, -1, &reason);
    status = status == CLI_YES ? acme_open(cli, &acme, dir) : status;
    if (status != CLI_YES)
        return status;
    status = acme_end(cli, dir, stir_acme_revoke(acme, cli_get(cli, "--cert"), reason, cli_has(cli, "--by-certificate-key"), &diag), &diag);
    stir_acme_free(acme);
    return status == CLI_YES ? done(cli, dir, "revoked") : status;
}

static int with_account(struct cli *cli, enum stir_err (*work)(struct stir_acme *acme, struct stir_diag *diag), const char *what)
{
    struct stir_acme *acme = NULL;
    struct stir_diag diag = {0};
    const char *dir = cli->operand[0];
    int status = acme_open(cli, &acme, dir);
    if (status != CLI_YES)
        return status;
    status = acme_end(cli, dir, work(acme, &diag), &diag);
    stir_acme_free(acme);
    return status == CLI_YES ? done(cli, dir, what) : status;
}

static int rollover(struct cli *cli)
{
    return with_account(cli, stir_acme_key_change, "the account has a new key");
}

static int deactivate(struct cli *cli)
{
    return with_account(cli, stir_acme_deactivate, "the account is deactivated");
}

const struct cli_command cmd_acme_revoke = {"acme", "revoke", "DIR", 1, 1, "have a certificate revoked", revoke_options, revoke};
const struct cli_command cmd_acme_rollover = {"acme", "rollover", "DIR", 1, 1, "give the account a new key", account_options, rollover};
const struct cli_command cmd_acme_deactivate = {"acme", "deactivate", "DIR", 1, 1, "give the account up, for good", account_options, deactivate};
