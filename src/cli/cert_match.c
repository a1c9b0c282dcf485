#include "cli/cli.h"

static const struct cli_option options[] = {
    {"--cert", CLI_VALUE, "FILE|-", "the certificate", true},
    {"--key", CLI_VALUE, "FILE", "the private key", true},
    {"--pass-file", CLI_VALUE, "FILE", "passphrase of an encrypted key, on the first line of FILE", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

static int run(struct cli *cli)
{
    struct stir_cert *cert = NULL;
    struct stir_key *key = NULL;
    bool same = false;
    int status = cli_key(cli, &key, "--key");
    if (status == CLI_YES)
        status = cli_cert(cli, &cert, cli_get(cli, "--cert"), CLI_NO);
    if (status == CLI_YES) {
        same = stir_cert_key(cert) && stir_key_same_public(stir_cert_key(cert), key);
        if (cli->json) {
            cli_json_begin(NULL, '{');
            cli_json_bool("match", same);
            cli_json_str("subject", stir_cert_info(cert)->subject);
            cli_json_end('}');
            cli_json_done();
        } else {
            printf("%s: ", same ? "yes" : "no");
            cli_print(stir_slice_str(stir_cert_info(cert)->subject));
            printf(same ? " is the certificate of this key\n" : " is for another key\n");
        }
        status = same ? CLI_YES : CLI_NO;
    }
    stir_cert_free(cert);
    stir_key_free(key);
    return status;
}

const struct cli_command cmd_cert_match = {"cert", "match", "", 0, 0, "does this key belong to this certificate?", options, run};
