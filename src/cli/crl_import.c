/* Put a revocation list into a domain of a folder of trust. It is judged again with every path: what is refused here could only do harm there, or nothing. */
#include "cli/certs.h"
#include "cli/crl.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_option options[] = {
    {"--crl", CLI_VALUE, "FILE|-", "revocation list, DER or PEM", true},
    {"--dir", CLI_VALUE, "DIR", "the folder of trust", true},
    {"--domain", CLI_VALUE, "NAME", "the domain in it; default \"default\"", false},
    {"--pa-trust", CLI_MANY, "FILE", "the policy administrator's root and signers, kept as the domain's pa.pem from now on", false},
    {"--at", CLI_VALUE, "TIME", "judge at this time; default now", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

enum { NAME = 16 };

struct import {
    struct trust_domain domain;
    struct stir_crl *crl;
    struct stir_slice pa, ca;
    int64_t now;
};

static int check_date(const struct cli *cli, const struct import *in)
{
    const struct stir_crl_info *info = stir_crl_info(in->crl);
    if (info->delta || info->unknown_critical || info->idp == STIR_PART_BAD || info->idp == STIR_PART_TWICE)
        return cli_fail(cli, CLI_NO, "no verifier could use this list: it is a delta list, or something critical in it is not understood");
    if (in->now < info->this_update)
        return cli_fail(cli, CLI_NO, "the list is not in force yet");
    return crl_life(info, in->now) == TRUST_OVER ? cli_fail(cli, CLI_NO, "the list is out of date") : CLI_YES;
}

/* A direct list is signed by a CA of the domain. */
static bool by_anchor(const struct import *in)
{
    struct stir_cert **certs = calloc(STIR_MAX_ANCHORS, sizeof(*certs));
    size_t n = 0;
    bool yes = false;
    if (certs && in->ca.p && stir_certs_parse(certs, STIR_MAX_ANCHORS, &n, in->ca, NULL) != STIR_OK)
        n = 0;
    for (size_t i = 0; i < n; i++) {
        bool named = stir_slice_eq(stir_cert_info(certs[i])->subject_der, stir_crl_info(in->crl)->issuer_der);
        yes = yes || (named && stir_crl_signed_by(in->crl, certs[i]) == STIR_OK);
        stir_cert_free(certs[i]);
    }
    free(certs);
    return yes;
}

static enum stir_err add_administrator(struct stir_trust_builder *builder, struct stir_slice pem)
{
    struct stir_cert *certs[STIR_MAX_PA];
    size_t n = 0;
    enum stir_err err = stir_certs_parse(certs, STIR_MAX_PA, &n, pem, NULL);
    for (size_t i = 0; i < n; i++) {
        if (err == STIR_OK)
            err = stir_trust_add_pa(builder, certs[i]);
        stir_cert_free(certs[i]);
    }
    return err;
}

static bool by_administrator(const struct import *in)
{
    struct stir_trust_builder *builder = NULL;
    struct stir_trust *trust = NULL;
    bool good = in->pa.p && stir_trust_builder_new(&builder) == STIR_OK && add_administrator(builder, in->pa) == STIR_OK &&
                stir_trust_add_crl(builder, in->crl) == STIR_OK && stir_trust_freeze(&trust, builder, 0) == STIR_OK;
    if (!good)
        stir_trust_builder_free(builder);
    good = good && stir_trust_crl_by_pa(trust, 0, 0, in->now);
    stir_trust_free(trust);
    return good;
}

static int check_signer(const struct cli *cli, const struct import *in)
{
    if (by_administrator(in) || by_anchor(in))
        return CLI_YES;
    if (in->pa.p)
        return cli_fail(cli, CLI_NO, "%s: not signed under the administrator's certificates (pa.pem, --pa-trust) nor by an anchor of the domain",
                        cli_get(cli, "--crl"));
    cli_warn(cli, "nobody in this domain is known to have signed the list: it counts when a path shows its signer, and not before; --pa-trust FILE gives the "
                  "administrator's");
    return CLI_YES;
}

/* One file for one issuer and scope, so that the next list takes the place of this one. */
static int name_of(const struct cli *cli, char name[2 * NAME + 5], const struct stir_crl_info *info)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const unsigned char scope[] = {info->indirect, info->only_user, info->only_ca, info->only_attribute, info->only_some_reasons};
    bool done = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) && EVP_DigestUpdate(ctx, info->issuer_der.p, info->issuer_der.n) &&
                EVP_DigestUpdate(ctx, scope, sizeof(scope)) && EVP_DigestUpdate(ctx, info->idp_url.p, info->idp_url.n) && EVP_DigestFinal_ex(ctx, digest, &n);
    EVP_MD_CTX_free(ctx);
    if (!done || n < NAME)
        return cli_fail(cli, CLI_CANNOT, "OpenSSL could not do it");
    for (size_t i = 0; i < NAME; i++)
        snprintf(name + 2 * i, 3, "%02x", digest[i]);
    memcpy(name + 2 * NAME, ".crl", 5);
    return CLI_YES;
}

static int check_number(const struct cli *cli, const struct import *in, const char *name)
{
    struct stir_slice text = {NULL, 0};
    struct stir_crl *old = NULL;
    int status = trust_read(cli, &text, &in->domain, name, STIR_MAX_CRL * 2);
    if (status == CLI_YES && text.p && stir_crl_parse(&old, text, NULL) == STIR_OK && stir_crl_order(in->crl, old) < 0)
        status = cli_fail(cli, CLI_NO, "%s: older than the list that is there (%s); that one stays", cli_get(cli, "--crl"), name);
    stir_crl_free(old);
    stir_file_free(&text);
    return status;
}

/* What --pa-trust brings, as one text; else pa.pem. */
static int read_administrator(const struct cli *cli, struct import *in)
{
    struct certs all = {.n = 0};
    if (!cli_has(cli, "--pa-trust"))
        return trust_read(cli, &in->pa, &in->domain, "pa.pem", STIR_MAX_PEM);
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
    if (status == CLI_YES)
        status = trust_pem(cli, &in->pa, all.cert, all.n);
    certs_clear(&all);
    return status;
}

static int keep(const struct cli *cli, const struct import *in, const char *name)
{
    int status = CLI_YES;
    if (cli_has(cli, "--pa-trust"))
        status = trust_write(cli, &in->domain, "pa.pem", in->pa);
    if (status == CLI_YES)
        status = trust_write(cli, &in->domain, name, stir_crl_info(in->crl)->der);
    if (status != CLI_YES)
        return status;
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

static int import(const struct cli *cli, struct import *in)
{
    char name[2 * NAME + 5];
    int status = read_administrator(cli, in);
    if (status == CLI_YES)
        status = trust_read(cli, &in->ca, &in->domain, "ca.pem", STIR_MAX_BUNDLE);
    if (status == CLI_YES)
        status = check_date(cli, in);
    if (status == CLI_YES)
        status = check_signer(cli, in);
    if (status == CLI_YES)
        status = name_of(cli, name, stir_crl_info(in->crl));
    if (status == CLI_YES)
        status = check_number(cli, in, name);
    return status == CLI_YES ? keep(cli, in, name) : status;
}

static int run(struct cli *cli)
{
    struct import in = {.domain.lock = -1};
    int status = cli_time(cli, "--at", cli_now(), &in.now);
    if (status == CLI_YES)
        status = crl_read(cli, &in.crl, cli_get(cli, "--crl"), CLI_NO);
    if (status == CLI_YES)
        status = trust_domain_hold(cli, &in.domain, cli_get(cli, "--dir"), cli_get(cli, "--domain") ? cli_get(cli, "--domain") : "default");
    if (status == CLI_YES)
        status = import(cli, &in);
    trust_domain_release(&in.domain);
    stir_crl_free(in.crl);
    stir_file_free(&in.pa);
    stir_file_free(&in.ca);
    return status;
}

const struct cli_command cmd_crl_import = {"crl", "import", "", 0, 0, "put a revocation list into a folder of trust", options, run};
