#include "cli/issue.h"

static const struct cli_option options[] = {
    {"--key", CLI_VALUE, "FILE", "the intermediate's private key", true},
    {"--cn", CLI_VALUE, "NAME", "common name; the profile wants SHAKEN in it", true},
    {"--org", CLI_VALUE, "NAME", "organisation", true},
    {"--country", CLI_VALUE, "CC", "country, two letters; default US", false},
    {"--issuer", CLI_VALUE, "FILE", "certificate of the issuer", true},
    {"--issuer-key", CLI_VALUE, "FILE", "private key of the issuer", true},
    {"--days", CLI_VALUE, "N", "validity; default 1825, or until the issuer's end", false},
    ISSUE_PROFILE_OPTIONS,
    {"--pass-file", CLI_VALUE, "FILE", "passphrase of encrypted keys, on the first line of FILE", false},
    {"-o", CLI_VALUE, "FILE", "write it there; without it to standard output", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

static int run(struct cli *cli)
{
    struct stir_cert_params params = STIR_CERT_PARAMS_INIT;
    const char *country = cli_get(cli, "--country");
    int status = cli_key(cli, &params.key, "--key");
    if (status != CLI_YES)
        return status;
    params.role = STIR_CERT_INTERMEDIATE;
    params.cn = stir_slice_str(cli_get(cli, "--cn"));
    params.o = stir_slice_str(cli_get(cli, "--org"));
    params.c = stir_slice_str(country ? country : "US");
    status = issue_cert(cli, &params, 1825);
    stir_key_free(params.key);
    return status;
}

const struct cli_command cmd_cert_intermediate = {"cert", "intermediate", "", 0, 0, "make an intermediate certificate", options, run};
