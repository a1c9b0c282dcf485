#include "cli/csr.h"
#include "cli/issue.h"

#include <string.h>

static const struct cli_option options[] = {
    {"--csr", CLI_VALUE, "FILE|-", "the request", true},
    {"--issuer", CLI_VALUE, "FILE", "certificate of the issuer", true},
    {"--issuer-key", CLI_VALUE, "FILE", "private key of the issuer", true},
    {"--role", CLI_VALUE, "ROLE", "end-entity (default), delegate, delegate-ca, crl-signer, pa-signer", false},
    {"--path-length", CLI_VALUE, "N", "of a delegate-ca: how many CAs may stand below it, 0 to 8; default: any number", false},
    {"--days", CLI_VALUE, "N", "validity; default 365, or until the issuer's end", false},
    ISSUE_PROFILE_OPTIONS,
    {"--pass-file", CLI_VALUE, "FILE", "passphrase of an encrypted key, on the first line of FILE", false},
    {"-o", CLI_VALUE, "FILE", "write it there; without it to standard output", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

static const struct {
    const char *name;
    enum stir_cert_role role;
    bool is_ca, has_list;
} roles[] = {
    {"end-entity", STIR_CERT_END_ENTITY, false, true},  {"delegate", STIR_CERT_DELEGATE, false, true},    {"delegate-ca", STIR_CERT_DELEGATE_CA, true, true},
    {"crl-signer", STIR_CERT_CRL_SIGNER, false, false}, {"pa-signer", STIR_CERT_PA_SIGNER, false, false},
};
enum { ROLES = sizeof(roles) / sizeof(roles[0]) };

/* The row of --role; ROLES when there is none of that name. */
static size_t role_of(const struct cli *cli)
{
    const char *name = cli_get(cli, "--role");
    size_t i = 0;
    while (name && i < ROLES && strcmp(roles[i].name, name) != 0)
        i++;
    return i;
}

/* What the request must be for a certificate to come of it. */
static int check(const struct cli *cli, const struct stir_csr_info *info, size_t role)
{
    if (info->key != STIR_CERT_KEY_P256)
        return cli_fail(cli, CLI_NO, "the request's key is not P-256 on the named curve");
    if (roles[role].has_list && info->tnauth != STIR_PART_GOOD)
        return cli_fail(cli, CLI_NO, info->tnauth == STIR_PART_ABSENT ? "the request asks for no TNAuthList" : "the request's TNAuthList cannot be read");
    if (!roles[role].has_list && info->tnauth != STIR_PART_ABSENT)
        return cli_fail(cli, CLI_NO, "the request asks for a TNAuthList, which a %s has not", roles[role].name);
    if (info->wants_ca && !roles[role].is_ca)
        return cli_fail(cli, CLI_NO, "the request asks for a CA certificate: stir cert intermediate makes those, and --role delegate-ca");
    if (!info->cn.n)
        return cli_fail(cli, CLI_NO, "the request's subject has no common name");
    if (info->n_sans)
        cli_warn(cli, "the request asks for a subjectAltName: none is written");
    return CLI_YES;
}

static int set_path_len(const struct cli *cli, struct stir_cert_params *params)
{
    int64_t n = -1;
    if (cli_has(cli, "--path-length") && params->role != STIR_CERT_DELEGATE_CA)
        return cli_fail(cli, CLI_USAGE, "--path-length belongs to --role delegate-ca");
    int status = cli_number(cli, "--path-length", -1, 0, 8, &n);
    params->path_len = (int)n;
    return status;
}

static int run(struct cli *cli)
{
    struct stir_csr *csr = NULL;
    struct stir_cert_params params = STIR_CERT_PARAMS_INIT;
    size_t role = role_of(cli);
    if (role == ROLES)
        return cli_fail(cli, CLI_USAGE, "--role \"%s\" is none of end-entity, delegate, delegate-ca, crl-signer, pa-signer", cli_get(cli, "--role"));
    params.role = roles[role].role;
    int status = set_path_len(cli, &params);
    if (status == CLI_YES)
        status = csr_read(cli, &csr, cli_get(cli, "--csr"));
    if (status == CLI_YES)
        status = check(cli, stir_csr_info(csr), role);
    if (status == CLI_YES) {
        const struct stir_csr_info *info = stir_csr_info(csr);
        const struct stir_cert_constraints constraints = {.der = info->constraints, .enhanced = info->constraints_enhanced};
        params.cn = info->cn;
        params.o = info->o;
        params.c = info->c;
        params.serial_number = info->serial_number;
        params.tnauth = info->tnauth_list;
        params.key = stir_csr_key(csr);
        params.constraints = info->constraints.p ? &constraints : NULL;
        status = issue_cert(cli, &params, 365);
    }
    stir_csr_free(csr);
    return status;
}

const struct cli_command cmd_cert_sign = {"cert", "sign", "", 0, 0, "make a certificate of a request", options, run};
