#include "cli/issue.h"

#include <string.h>

enum { DAY = 86400, MAX_DAYS = 36525 };

struct issuing {
    struct stir_key *key;
    struct stir_cert *issuer;
    struct stir_es256_ctx *ctx;
    struct stir_key_signer held;
    struct stir_signer signer;
};

static void clear(struct issuing *is)
{
    stir_key_free(is->key);
    stir_cert_free(is->issuer);
    stir_es256_ctx_free(is->ctx);
}

static int read_signer(struct cli *cli, struct issuing *is, bool root)
{
    int status = root ? CLI_YES : cli_cert(cli, &is->issuer, cli_get(cli, "--issuer"), CLI_CANNOT);
    if (status == CLI_YES)
        status = cli_key(cli, &is->key, root ? "--key" : "--issuer-key");
    if (status != CLI_YES)
        return status;
    if (stir_es256_ctx_new(&is->ctx) != STIR_OK)
        return cli_fail(cli, CLI_CANNOT, "out of memory");
    is->held = (struct stir_key_signer){is->key, is->ctx};
    is->signer = stir_signer_of_key(&is->held);
    return CLI_YES;
}

static int set_validity(struct cli *cli, struct stir_cert_params *params, const struct issuing *is, int64_t default_days)
{
    int64_t days, now = cli_now();
    int status = cli_number(cli, "--days", default_days, 1, MAX_DAYS, &days);
    if (status != CLI_YES)
        return status;
    params->not_before = now;
    params->not_after = now + days * DAY - 1;
    if (!is->issuer)
        return CLI_YES;
    const struct stir_cert_info *issuer = stir_cert_info(is->issuer);
    if (params->not_after > issuer->not_after && !cli_has(cli, "--days"))
        params->not_after = issuer->not_after;
    if (params->not_before < issuer->not_before || params->not_after > issuer->not_after || issuer->not_after <= now)
        return cli_fail(cli, CLI_NO, "the certificate would be valid for longer than its issuer %s; give fewer --days", issuer->subject);
    return CLI_YES;
}

static void warn(const struct stir_lint_rule *rule, const char *detail, void *arg)
{
    if (rule->severity != STIR_LINT_NOTICE)
        cli_warn(arg, "%s: %s%s%s [%s]", rule->id, rule->text, detail[0] ? ": " : "", detail, rule->clause);
}

/* SHAKEN knows neither delegates nor the administrator's own signers. */
static unsigned profile_of(enum stir_cert_role role)
{
    if (role == STIR_CERT_DELEGATE || role == STIR_CERT_DELEGATE_CA)
        return STIR_LINT_DELEGATE;
    return role == STIR_CERT_CRL_SIGNER || role == STIR_CERT_PA_SIGNER ? STIR_LINT_RFC : STIR_LINT_DEFAULT;
}

static int write_cert(struct cli *cli, const struct stir_cert *cert, const struct stir_cert *issuer, enum stir_cert_role role)
{
    char pem[STIR_MAX_CERT * 3 / 2];
    size_t n;
    if (stir_cert_write_pem(pem, sizeof(pem), &n, cert) != STIR_OK)
        return cli_fail(cli, CLI_CANNOT, "the certificate cannot be written");
    stir_lint_cert(cert, issuer, profile_of(role), warn, cli);
    int status = cli->json && !cli_has(cli, "-o") ? CLI_YES : cli_write(cli, stir_slice_of(pem, n));
    if (status == CLI_YES && cli->json) {
        const struct stir_cert_info *info = stir_cert_info(cert);
        cli_json_begin(NULL, '{');
        cli_json_str("file", cli_get(cli, "-o"));
        cli_json_str("subject", info->subject);
        cli_json_str("serial", info->serial_hex);
        cli_json_time("not_before", info->not_before);
        cli_json_time("not_after", info->not_after);
        cli_json_str("pem", pem);
        cli_json_end('}');
        cli_json_done();
    }
    return status;
}

static void set_profile(struct cli *cli, struct stir_cert_params *params)
{
    const char *url = cli_get(cli, "--crl-url"), *issuer = cli_get(cli, "--crl-issuer"), *policy = cli_get(cli, "--policy");
    bool shaken = params->role != STIR_CERT_CRL_SIGNER && params->role != STIR_CERT_PA_SIGNER;
    if (params->role == STIR_CERT_ROOT)
        return;
    params->policy = stir_slice_str(policy || !shaken ? policy : ISSUE_POLICY);
    if (cli_has(cli, "--no-crl") || (!shaken && !url))
        return;
    params->crl_url = stir_slice_str(url ? url : ISSUE_CRL_URL);
    params->crl_issuer = stir_slice_str(issuer ? issuer : ISSUE_CRL_ISSUER);
}

int issue_cert(struct cli *cli, struct stir_cert_params *params, int64_t default_days)
{
    struct issuing is = {0};
    struct stir_cert *cert = NULL;
    struct stir_diag diag = {0};
    bool root = params->role == STIR_CERT_ROOT;
    if (cli_has(cli, "--no-crl") && (cli_has(cli, "--crl-url") || cli_has(cli, "--crl-issuer")))
        return cli_fail(cli, CLI_USAGE, "--no-crl and --crl-url contradict each other");
    if (cli_has(cli, "--crl-url") != cli_has(cli, "--crl-issuer"))
        return cli_fail(cli, CLI_USAGE, "--crl-url and --crl-issuer belong together");
    int status = read_signer(cli, &is, root);
    if (status == CLI_YES)
        status = set_validity(cli, params, &is, default_days);
    if (status == CLI_YES) {
        set_profile(cli, params);
        params->issuer = is.issuer;
        enum stir_err err = stir_cert_make(&cert, params, &is.signer, &diag);
        if (err != STIR_OK)
            status = cli_fail(cli, err == STIR_EVALUE ? CLI_USAGE : CLI_CANNOT, "%s", diag.text[0] ? diag.text : stir_err_text(err));
    }
    if (status == CLI_YES)
        status = write_cert(cli, cert, is.issuer, params->role);
    stir_cert_free(cert);
    clear(&is);
    return status;
}
