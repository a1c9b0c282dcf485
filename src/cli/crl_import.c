/* Put a revocation list into a domain of a folder of trust. It is judged again with every path: what is refused here could only do harm there, or nothing. */
#include "cli/certs.h"
#include "cli/crl.h"

#include "io/trust_keep.h"

static const struct cli_option options[] = {
    {"--crl", CLI_VALUE, "FILE|-", "revocation list, DER or PEM", true},
    {"--domain", CLI_VALUE, "NAME", "the domain in it; default \"default\"", false},
    {"--pa-trust", CLI_MANY, "FILE", "the policy administrator's root and signers, kept as the domain's pa.pem from now on", false},
    {"--at", CLI_VALUE, "TIME", "judge at this time; default now", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

struct import {
    struct stir_trust_folder domain;
    struct stir_crl *crl;
    struct stir_slice pa;
    int64_t now;
};

static int read_kept(const struct cli *cli, struct import *in)
{
    struct stir_diag diag = {0};
    enum stir_err err = stir_trust_read_pa(&in->pa, &in->domain, &diag);
    return err == STIR_OK ? CLI_YES : trust_failed(cli, err, &diag, NULL, CLI_CANNOT);
}

/* What --pa-trust brings, as one text; else pa.pem. */
static int read_administrator(const struct cli *cli, struct import *in)
{
    struct certs all = {.n = 0};
    if (!cli_has(cli, "--pa-trust"))
        return read_kept(cli, in);
    int status = CLI_YES;
    for (size_t i = 0; status == CLI_YES && i < cli_all(cli, "--pa-trust"); i++) {
        struct certs some = {.n = 0};
        status = certs_read(cli, &some, cli_nth(cli, "--pa-trust", i));
        if (status == CLI_YES && all.n + some.n > STIR_MAX_PA)
            status = cli_fail(cli, CLI_NO, "the administrator has more than %d certificates", STIR_MAX_PA);
        for (size_t k = 0; status == CLI_YES && k < some.n; k++)
            all.cert[all.n++] = stir_cert_ref(some.cert[k]);
        certs_clear(&some);
    }
    if (status == CLI_YES && stir_trust_pem(&in->pa, all.cert, all.n) != STIR_OK)
        status = cli_fail(cli, CLI_CANNOT, "out of memory");
    certs_clear(&all);
    return status;
}

static int print(const struct cli *cli, const struct import *in, const char *name)
{
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("domain", in->domain.name);
        cli_json_str("file", name);
        crl_json(stir_crl_info(in->crl));
        cli_json_end('}');
        cli_json_done();
    } else {
        printf("%s: ", in->domain.name);
        crl_line(stir_crl_info(in->crl));
    }
    return CLI_YES;
}

/* Of a domain without the administrator's certificates nobody can say who signs its lists. */
static int import(const struct cli *cli, struct import *in)
{
    char name[STIR_TRUST_CRL_NAME];
    bool known = false;
    struct stir_diag diag = {0};
    int status = read_administrator(cli, in);
    if (status != CLI_YES)
        return status;
    const struct stir_trust_crl crl = {.crl = in->crl, .pa = in->pa, .signer_may_be_unknown = !in->pa.p};
    enum stir_err err = stir_trust_keep_crl(name, &known, &in->domain, &crl, in->now, &diag);
    if (err == STIR_OK && cli_has(cli, "--pa-trust"))
        err = stir_trust_folder_write(&in->domain, STIR_TRUST_FILE_PA, in->pa, &diag);
    if (err != STIR_OK)
        return trust_failed(cli, err, &diag, cli_get(cli, "--crl"), CLI_NO);
    if (!known)
        cli_warn(cli,
                 "nobody in this domain is known to have signed the list: it counts when a path shows its signer, and not before; --pa-trust FILE gives the "
                 "administrator's");
    return print(cli, in, name);
}

static int run(struct cli *cli)
{
    struct import in = {.domain.lock = -1};
    const char *name;
    int status = cli_time(cli, "--at", cli_now(), &in.now);
    if (status == CLI_YES)
        status = crl_read(cli, &in.crl, cli_get(cli, "--crl"), CLI_NO);
    if (status == CLI_YES)
        status = trust_name(cli, &name);
    if (status == CLI_YES)
        status = trust_hold(cli, &in.domain, cli->operand[0], name);
    if (status == CLI_YES)
        status = import(cli, &in);
    stir_trust_folder_release(&in.domain);
    stir_crl_free(in.crl);
    stir_file_free(&in.pa);
    return status;
}

const struct cli_command cmd_crl_import = {"crl", "import", "DIR", 1, 1, "put a revocation list into a folder of trust", options, run};
