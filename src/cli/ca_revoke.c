/* stir ca revoke: by hand, on the authority's store; the administrator is told as it is of every revocation. */
#include "cli/ca.h"

static const struct cli_option options[] = {
    CA_CONF,
    {"--reason", CLI_VALUE, "REASON",
     "unspecified (the default), keyCompromise, affiliationChanged, superseded, cessationOfOperation, privilegeWithdrawn, or the number of a CRLReason", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

static const char *who_is_told(const struct stir_conf *conf)
{
    if (conf->ca.report_url[0])
        return "; the running daemon tells the policy administrator, whose next CRL has it";
    if (conf->server.roles & STIR_ROLE_PA)
        return "; the next CRL of the policy administrator in this store has it";
    return ", and nobody is told: [ca] report-url is not given, so no CRL will have it";
}

static int revoke(const struct cli *cli, struct ca_desk *c)
{
    struct stir_diag diag = {0};
    int reason;
    int status = cli_revocation_reason(cli, 0, &reason);
    if (status == CLI_YES)
        status = desk_end(cli, stir_ca_revoke_by_hand(c->ca, &c->desk.clerk, cli->operand[0], reason, c->desk.actor, c->desk.now, &diag), &diag);
    if (status != CLI_YES)
        return status;
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("revoked", cli->operand[0]);
        cli_json_int("reason", reason);
        cli_json_end('}');
        cli_json_done();
    } else {
        printf("revoked%s\n", who_is_told(c->desk.conf));
    }
    return CLI_YES;
}

static int run(struct cli *cli)
{
    struct ca_desk c;
    int status = ca_open(cli, &c);
    if (status == CLI_YES)
        status = revoke(cli, &c);
    ca_close(&c);
    return status;
}

const struct cli_command cmd_ca_revoke = {"ca", "revoke", "SERIAL", 1, 1, "revoke a certificate by hand", options, run};
