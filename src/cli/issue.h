/* What the commands that make requests and certificates share. */
#ifndef STIR_CLI_ISSUE_H
#define STIR_CLI_ISSUE_H

#include "cli/cli.h"

/* The US STI-PA's list and policy: what SHAKEN certificates of the United States carry. Other networks give their own. */
#define ISSUE_CRL_URL "https://authenticate-api.iconectiv.com/download/v1/crl"
#define ISSUE_CRL_ISSUER "CN=STI-PA CRL,O=STI-PA,L=Bridgewater,ST=NJ,C=US"
#define ISSUE_POLICY "2.16.840.1.114569.1.1.4"

#define ISSUE_PROFILE_OPTIONS                                                                                                         \
    {"--crl-url", CLI_VALUE, "URL", "CRL distribution point; default: the US STI-PA's", false},                                       \
        {"--crl-issuer", CLI_VALUE, "DN", "its cRLIssuer, such as \"CN=STI-PA CRL,O=STI-PA,C=US\"; default: the US STI-PA's", false}, \
        {"--no-crl", CLI_FLAG, NULL, "no CRL distribution point", false},                                                             \
    {                                                                                                                                 \
        "--policy", CLI_VALUE, "OID", "certificate policy; default: US SHAKEN CP 1.4", false                                          \
    }

/* Make a certificate of `params` with --key (roots) or --issuer and --issuer-key, valid for --days, warn of what our own lint says, and write it. */
int issue_cert(struct cli *cli, struct stir_cert_params *params, int64_t default_days);

#endif
