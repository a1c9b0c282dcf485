#include "cli/certs.h"

static const struct cli_option options[] = {
    {"--profile", CLI_VALUE, "P", "v3, v4, v5 (ATIS-1000080), cp1.3, cp1.4 (US policy), rfc, delegate (RFC 9060), all; default: v5 and cp1.4", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

struct counting {
    const struct cli *cli;
    size_t found[3]; /* by severity */
};

static const char *severity_text(enum stir_lint_severity severity)
{
    return severity == STIR_LINT_ERROR ? "error" : severity == STIR_LINT_WARNING ? "warning" : "notice";
}

static void report(const struct stir_lint_rule *rule, const char *detail, void *arg)
{
    struct counting *c = arg;
    c->found[rule->severity]++;
    if (c->cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("rule", rule->id);
        cli_json_str("severity", severity_text(rule->severity));
        cli_json_str("text", rule->text);
        cli_json_str("detail", detail);
        cli_json_str("clause", rule->clause);
        cli_json_end('}');
        return;
    }
    printf("  %-8s %s: %s", severity_text(rule->severity), rule->id, rule->text);
    if (detail[0]) {
        printf(" (");
        cli_print(stir_slice_str(detail));
        printf(")");
    }
    printf(" [%s]\n", rule->clause);
}

static void lint(const struct certs *certs, size_t i, unsigned profiles, struct counting *c)
{
    const struct stir_cert *cert = certs->cert[i];
    const char *subject = stir_cert_info(cert)->subject;
    if (c->cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("subject", subject);
        cli_json_begin("findings", '[');
    } else {
        cli_print(stir_slice_str(subject));
        printf("\n");
    }
    stir_lint_cert(cert, certs_issuer(certs, cert), profiles, report, c);
    if (c->cli->json) {
        cli_json_end(']');
        cli_json_end('}');
    }
}

static int run(struct cli *cli)
{
    const char *profile = cli_get(cli, "--profile");
    unsigned profiles = stir_lint_profile_by_name(stir_slice_str(profile ? profile : "default"));
    struct counting count = {.cli = cli};
    struct certs certs;
    if (!profiles)
        return cli_fail(cli, CLI_USAGE, "--profile \"%s\" is none of v3, v4, v5, cp1.3, cp1.4, rfc, default, all", profile);
    int status = certs_read(cli, &certs, cli->operand[0]);
    if (status != CLI_YES)
        return status;
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_begin("certificates", '[');
    }
    for (size_t i = 0; i < certs.n; i++)
        lint(&certs, i, profiles, &count);
    if (cli->json) {
        cli_json_end(']');
        cli_json_int("errors", (int64_t)count.found[STIR_LINT_ERROR]);
        cli_json_int("warnings", (int64_t)count.found[STIR_LINT_WARNING]);
        cli_json_end('}');
        cli_json_done();
    } else {
        printf("%zu errors, %zu warnings, %zu notices\n", count.found[STIR_LINT_ERROR], count.found[STIR_LINT_WARNING], count.found[STIR_LINT_NOTICE]);
    }
    certs_clear(&certs);
    return count.found[STIR_LINT_ERROR] ? CLI_NO : CLI_YES;
}

const struct cli_command cmd_cert_lint = {"cert", "lint", "FILE|-", 1, 1, "hold certificates against the SHAKEN profile", options, run};
