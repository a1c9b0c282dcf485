#include "cli/issue.h"

static const struct cli_option options[] = {
    {"--key", CLI_VALUE, "FILE", "the root's private key", true},
    {"--cn", CLI_VALUE, "NAME", "common name; the profile wants SHAKEN and ROOT in it", true},
    {"--org", CLI_VALUE, "NAME", "organisation", true},
    {"--country", CLI_VALUE, "CC", "country, two letters; default US", false},
    {"--days", CLI_VALUE, "N", "validity; default 3650", false},
    {"--pass-file", CLI_VALUE, "FILE", "passphrase of an encrypted key, on the first line of FILE", false},
    {"-o", CLI_VALUE, "FILE", "write it there; without it to standard output", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

static int run(struct cli *cli)
{
    struct stir_cert_params params = STIR_CERT_PARAMS_INIT;
    const char *country = cli_get(cli, "--country");
    params.role = STIR_CERT_ROOT;
    params.cn = stir_slice_str(cli_get(cli, "--cn"));
    params.o = stir_slice_str(cli_get(cli, "--org"));
    params.c = stir_slice_str(country ? country : "US");
    return issue_cert(cli, &params, 3650);
}

const struct cli_command cmd_cert_root = {"cert", "root", "", 0, 0, "make a root certificate", options, run};
