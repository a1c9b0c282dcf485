#include "cli/cli.h"
#include "io/file.h"

static const struct cli_option options[] = {
    {"--trust", CLI_MANY, "FILE|DIR", "trust anchors, PEM, or a folder of stir trust", true},
    {"--crl", CLI_MANY, "FILE", "revocation list, DER or PEM", false},
    {"--pa-trust", CLI_MANY, "FILE", "certificates under which the policy administrator signs its list", false},
    {"--at", CLI_VALUE, "TIME", "judge at this time; default now", false},
    {"--policy", CLI_VALUE, "PRESET", "shaken, strict, rfc8224, atis, us, us-strict, ca, fr-man; default shaken", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

struct result {
    const struct stir_chain_info *info;
    const struct stir_policy *policy;
    enum stir_reason fatal; /* STIR_R_NONE: trusted and valid */
    int64_t at;
};

static enum stir_reason first_fatal(const struct stir_chain *chain, const struct stir_policy *policy, int64_t at)
{
    const struct stir_chain_info *info = stir_chain_info(chain);
    for (size_t i = 0; i < info->n_reasons; i++)
        if (stir_policy_severity(policy, info->reasons[i]) == STIR_SEVERITY_FAIL)
            return info->reasons[i];
    return stir_chain_check_time(chain, at);
}

static void print_reason(const struct result *r, enum stir_reason reason)
{
    const struct stir_reason_info *info = stir_reason_info(reason);
    bool fatal = stir_policy_severity(r->policy, reason) == STIR_SEVERITY_FAIL;
    printf("  %-8s %s: %s [%s]\n", fatal ? "fail" : "warning", info->name, info->text, info->clause);
}

static void print_text(const struct result *r)
{
    char from[21] = "?", until[21] = "?";
    (void)!stir_time_write(from, r->info->valid_from);
    (void)!stir_time_write(until, r->info->valid_until);
    if (r->fatal == STIR_R_NONE)
        printf("trusted: domain %s, valid %s to %s\n", r->info->domain, from, until);
    else
        printf("not trusted: %s: %s\n", stir_reason_name(r->fatal), stir_reason_info(r->fatal)->text);
    if (r->fatal != STIR_R_NONE && r->info->detail[0]) {
        printf("  ");
        cli_print(stir_slice_str(r->info->detail));
        printf("\n");
    }
    for (size_t i = 0; i < r->info->n_path; i++) {
        printf("  %-8s ", i == 0 ? "signer" : i + 1 == r->info->n_path && r->info->trusted ? "anchor" : "issuer");
        cli_print(stir_slice_str(stir_cert_info(r->info->path[i])->subject));
        printf("\n");
    }
    for (size_t i = 0; i < r->info->n_reasons; i++)
        if (r->info->reasons[i] != r->fatal)
            print_reason(r, r->info->reasons[i]);
}

static void print_json(const struct result *r)
{
    cli_json_begin(NULL, '{');
    cli_json_bool("trusted", r->fatal == STIR_R_NONE);
    cli_json_str("reason", r->fatal == STIR_R_NONE ? NULL : stir_reason_name(r->fatal));
    cli_json_str("detail", r->info->detail);
    cli_json_str("domain", r->info->domain);
    cli_json_text("spc", r->info->spc);
    cli_json_time("at", r->at);
    cli_json_time("valid_from", r->info->valid_from);
    cli_json_time("valid_until", r->info->valid_until);
    cli_json_begin("path", '[');
    for (size_t i = 0; i < r->info->n_path; i++)
        cli_json_str(NULL, stir_cert_info(r->info->path[i])->subject);
    cli_json_end(']');
    cli_json_begin("reasons", '[');
    for (size_t i = 0; i < r->info->n_reasons; i++) {
        cli_json_begin(NULL, '{');
        cli_json_str("reason", stir_reason_name(r->info->reasons[i]));
        cli_json_bool("fatal", stir_policy_severity(r->policy, r->info->reasons[i]) == STIR_SEVERITY_FAIL);
        cli_json_end('}');
    }
    cli_json_end(']');
    cli_json_end('}');
    cli_json_done();
}

static int judge(struct cli *cli, struct stir_slice pem, const struct stir_trust *trust, const struct stir_policy *policy, int64_t at)
{
    struct stir_chain *chain = NULL;
    enum stir_err err = stir_chain_from_pem(&chain, pem, trust, policy, at);
    if (err != STIR_OK)
        return cli_fail(cli, CLI_CANNOT, "%s", stir_err_text(err));
    struct result result = {stir_chain_info(chain), policy, first_fatal(chain, policy, at), at};
    if (cli->json)
        print_json(&result);
    else
        print_text(&result);
    stir_chain_free(chain);
    return result.fatal == STIR_R_NONE ? CLI_YES : CLI_NO;
}

static int run(struct cli *cli)
{
    struct stir_slice pem = {NULL, 0};
    struct stir_trust *trust = NULL;
    struct stir_policy policy;
    int64_t at;
    int status = cli_policy(cli, &policy);
    if (status == CLI_YES)
        status = cli_time(cli, "--at", cli_now(), &at);
    if (status == CLI_YES)
        status = cli_trust(cli, &trust);
    if (status == CLI_YES)
        status = cli_read(cli, &pem, cli->operand[0], STIR_MAX_PEM, CLI_NO);
    if (status == CLI_YES)
        status = judge(cli, pem, trust, &policy, at);
    stir_file_free(&pem);
    stir_trust_free(trust);
    return status;
}

const struct cli_command cmd_cert_verify = {"cert", "verify", "FILE|-", 1, 1, "does the signer's path end at an anchor?", options, run};
