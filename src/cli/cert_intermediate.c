#include "cli/csr.h"
#include "cli/issue.h"

static const struct cli_option options[] = {
    {"--key", CLI_VALUE, "FILE", "the intermediate's private key; or", false},
    {"--csr", CLI_VALUE, "FILE|-", "a request for it (stir ca init --csr), whose subject is taken where none is given", false},
    {"--cn", CLI_VALUE, "NAME", "common name; the profile wants SHAKEN in it", false},
    {"--org", CLI_VALUE, "NAME", "organisation", false},
    {"--country", CLI_VALUE, "CC", "country, two letters; default US", false},
    {"--path-length", CLI_VALUE, "N", "authorities that may stand below it; default 0: end entities alone", false},
    {"--issuer", CLI_VALUE, "FILE", "certificate of the issuer", true},
    {"--issuer-key", CLI_VALUE, "FILE", "private key of the issuer", true},
    {"--days", CLI_VALUE, "N", "validity; default 1825, or until the issuer's end", false},
    ISSUE_PROFILE_OPTIONS,
    {"--pass-file", CLI_VALUE, "FILE", "passphrase of encrypted keys, on the first line of FILE", false},
    {"-o", CLI_VALUE, "FILE", "write it there; without it to standard output", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

static struct stir_slice given(const struct cli *cli, const char *option, struct stir_slice otherwise)
{
    const char *text = cli_get(cli, option);
    return text ? stir_slice_str(text) : otherwise;
}

/* Key and subject: of the request, or of the options. */
static int read_subject(struct cli *cli, struct stir_cert_params *params, struct stir_csr **csr)
{
    bool request = cli_has(cli, "--csr");
    if (request == cli_has(cli, "--key"))
        return cli_fail(cli, CLI_USAGE, "give --key or --csr, one of them");
    int status = request ? csr_read(cli, csr, cli_get(cli, "--csr")) : cli_key(cli, &params->key, "--key");
    if (status != CLI_YES)
        return status;
    const struct stir_csr_info *info = stir_csr_info(*csr);
    if (request && !stir_csr_key(*csr))
        return cli_fail(cli, CLI_NO, "the request's key is not P-256 on the named curve");
    if (request)
        params->key = stir_key_ref(stir_csr_key(*csr));
    params->cn = given(cli, "--cn", info->cn);
    params->o = given(cli, "--org", info->o);
    params->c = given(cli, "--country", info->c.n ? info->c : stir_slice_str("US"));
    if (!params->cn.n || !params->o.n)
        return cli_fail(cli, CLI_USAGE, "%s is missing", params->cn.n ? "--org" : "--cn");
    return CLI_YES;
}

static int run(struct cli *cli)
{
    struct stir_cert_params params = STIR_CERT_PARAMS_INIT;
    struct stir_csr *csr = NULL;
    int64_t path_len = 0;
    params.role = STIR_CERT_INTERMEDIATE;
    int status = cli_number(cli, "--path-length", 0, 0, 8, &path_len);
    params.path_len = (int)path_len;
    if (status == CLI_YES)
        status = read_subject(cli, &params, &csr);
    if (status == CLI_YES)
        status = issue_cert(cli, &params, 1825);
    stir_key_free(params.key);
    stir_csr_free(csr);
    return status;
}

const struct cli_command cmd_cert_intermediate = {"cert", "intermediate", "", 0, 0, "make an intermediate certificate", options, run};
