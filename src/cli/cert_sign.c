#include "cli/csr.h"
#include "cli/issue.h"

static const struct cli_option options[] = {
    {"--csr", CLI_VALUE, "FILE|-", "the request", true},
    {"--issuer", CLI_VALUE, "FILE", "certificate of the issuer", true},
    {"--issuer-key", CLI_VALUE, "FILE", "private key of the issuer", true},
    {"--days", CLI_VALUE, "N", "validity; default 365, or until the issuer's end", false},
    ISSUE_PROFILE_OPTIONS,
    {"--pass-file", CLI_VALUE, "FILE", "passphrase of an encrypted key, on the first line of FILE", false},
    {"-o", CLI_VALUE, "FILE", "write it there; without it to standard output", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

/* What the request must be for a certificate to come of it. */
static int check(const struct cli *cli, const struct stir_csr_info *info)
{
    if (info->key != STIR_CERT_KEY_P256)
        return cli_fail(cli, CLI_NO, "the request's key is not P-256 on the named curve");
    if (info->tnauth != STIR_PART_GOOD)
        return cli_fail(cli, CLI_NO, info->tnauth == STIR_PART_ABSENT ? "the request asks for no TNAuthList" : "the request's TNAuthList cannot be read");
    if (info->wants_ca)
        return cli_fail(cli, CLI_NO, "the request asks for a CA certificate: stir cert intermediate makes those");
    if (!info->cn.n)
        return cli_fail(cli, CLI_NO, "the request's subject has no common name");
    return CLI_YES;
}

static int run(struct cli *cli)
{
    struct stir_csr *csr = NULL;
    struct stir_cert_params params = STIR_CERT_PARAMS_INIT;
    int status = csr_read(cli, &csr, cli_get(cli, "--csr"));
    if (status == CLI_YES)
        status = check(cli, stir_csr_info(csr));
    if (status == CLI_YES) {
        const struct stir_csr_info *info = stir_csr_info(csr);
        params.role = STIR_CERT_END_ENTITY;
        params.cn = info->cn;
        params.o = info->o;
        params.c = info->c;
        params.serial_number = info->serial_number;
        params.tnauth = info->tnauth_list;
        params.key = stir_csr_key(csr);
        status = issue_cert(cli, &params, 365);
    }
    stir_csr_free(csr);
    return status;
}

const struct cli_command cmd_cert_sign = {"cert", "sign", "", 0, 0, "make an end-entity certificate of a request", options, run};
