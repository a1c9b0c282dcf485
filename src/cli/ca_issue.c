/* stir ca issue: a certificate by hand, by the same way as by ACME: intent, lint, signature, record, publication. */
#include <stdlib.h>

#include "cli/ca.h"

enum { MAX_DAYS = 3660 };

static const struct cli_option options[] = {
    CA_CONF,
    {"--csr", CLI_VALUE, "FILE|-", "the request; its TNAuthList becomes the certificate's: you have seen to it that it is theirs", true},
    {"--profile", CLI_VALUE, "NAME", "[profile NAME]; default [ca] profile", false},
    {"--days", CLI_VALUE, "N", "validity; default the profile's life", false},
    {"-o", CLI_VALUE, "FILE", "write the chain there; without it to standard output", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

static int write_chain(const struct cli *cli, const struct ca_desk *c, const struct stir_cert *cert)
{
    char *pem = NULL;
    size_t n = 0;
    if (stir_ca_chain_text(&pem, &n, c->ca, cert) != STIR_OK)
        return cli_fail(cli, CLI_CANNOT, "out of memory; the certificate %s is issued: stir ca show gives it", stir_cert_info(cert)->serial_hex);
    int status = cli->json && !cli_has(cli, "-o") ? CLI_YES : cli_write(cli, stir_slice_of(pem, n));
    if (status == CLI_YES && cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("serial", stir_cert_info(cert)->serial_hex);
        cli_json_time("not_after", stir_cert_info(cert)->not_after);
        cli_json_str("file", cli_get(cli, "-o"));
        cli_json_text("pem", stir_slice_of(pem, n));
        cli_json_end('}');
        cli_json_done();
    }
    free(pem);
    if (status != CLI_YES)
        cli_warn(cli, "the certificate is issued all the same: stir ca show %s gives it", stir_cert_info(cert)->serial_hex);
    return status;
}

static int issue(const struct cli *cli, struct ca_desk *c)
{
    struct stir_slice csr = {NULL, 0};
    struct stir_cert *cert = NULL;
    struct stir_diag diag = {0};
    int64_t days;
    int status = cli_number(cli, "--days", 0, 1, MAX_DAYS, &days);
    if (status == CLI_YES)
        status = cli_read(cli, &csr, cli_get(cli, "--csr"), STIR_MAX_PEM, CLI_NO);
    if (status == CLI_YES)
        status =
            desk_end(cli, stir_ca_issue_by_hand(c->ca, &c->desk.clerk, csr, cli_get(cli, "--profile"), days, c->desk.actor, c->desk.now, &cert, &diag), &diag);
    if (status == CLI_YES)
        status = write_chain(cli, c, cert);
    stir_cert_free(cert);
    stir_file_free(&csr);
    return status;
}

static int run(struct cli *cli)
{
    struct ca_desk c;
    int status = ca_open(cli, &c);
    if (status == CLI_YES)
        status = issue(cli, &c);
    ca_close(&c);
    return status;
}

const struct cli_command cmd_ca_issue = {"ca", "issue", "", 0, 0, "issue a certificate by hand", options, run};
