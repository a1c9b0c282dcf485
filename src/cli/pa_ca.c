/* stir pa ca add|remove|list: the certificate authorities that the list trusts. */
#include "cli/pa.h"

#include <openssl/crypto.h>
#include <string.h>
#include <unistd.h>

static const struct cli_option desk_options[] = {CLI_DESK_OPTIONS, {NULL, CLI_FLAG, NULL, NULL, false}};
static const struct cli_option add_options[] = {
    CLI_DESK_OPTIONS,
    {"--name", CLI_VALUE, "NAME", "the CA's name, one for all its certificates; default: O of the certificate", false},
    {"--issuer", CLI_MANY, "FILE", "a certificate below it that issues, with those between: the CA may report its revocations", false},
    {"--token-file", CLI_VALUE, "FILE", "make the token by which the CA reports revocations, and write it there, 0600; an older one ends", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

static void hex_of(char text[2 * STIR_SHA256 + 1], const unsigned char *hash)
{
    for (size_t i = 0; i < STIR_SHA256; i++)
        snprintf(text + 2 * i, 3, "%02x", hash[i]);
}

static int write_token(const struct cli *cli, const char *token)
{
    const char *path = cli_get(cli, "--token-file");
    char line[STIR_PA_REPORT_TOKEN + 1];
    int n = snprintf(line, sizeof(line), "%s\n", token);
    int status = cli_file(cli, stir_file_write(path, stir_slice_of(line, (size_t)n), STIR_FILE_SECRET), path);
    OPENSSL_cleanse(line, sizeof(line));
    return status;
}

static int add_issuer(const struct cli *cli, struct cli_desk *desk, const char *sha256, const char *path)
{
    struct stir_slice text = {NULL, 0};
    struct stir_cert *chain[STIR_MAX_CHAIN];
    struct stir_diag diag = {0};
    size_t n = 0;
    int status = cli_read(cli, &text, path, STIR_MAX_PEM, CLI_NO);
    if (status != CLI_YES)
        return status;
    enum stir_err err = stir_certs_parse(chain, STIR_MAX_CHAIN, &n, text, &diag);
    stir_file_free(&text);
    if (err == STIR_OK)
        err = stir_pa_issuer_add(&desk->clerk, sha256, chain, n, desk->actor, desk->now, &diag);
    for (size_t i = 0; i < n; i++)
        stir_cert_free(chain[i]);
    return err == STIR_OK ? CLI_YES : cli_fail(cli, CLI_NO, "%s: %s", path, diag.text[0] ? diag.text : stir_err_text(err));
}

/* A token is told once: what it would be written to is looked at before there is one. */
static int judge_token_file(const struct cli *cli)
{
    const char *path = cli_get(cli, "--token-file");
    if (!path || access(path, F_OK) != 0)
        return CLI_YES;
    return cli_fail(cli, CLI_CANNOT, "%s: exists, and a secret is never overwritten; give another name", path);
}

static int add(struct cli *cli, struct cli_desk *desk, const struct stir_cert *cert)
{
    char token[STIR_PA_REPORT_TOKEN] = "", sha256[2 * STIR_SHA256 + 1];
    struct stir_diag diag = {0};
    bool wants = cli_has(cli, "--token-file");
    hex_of(sha256, stir_cert_info(cert)->sha256);
    enum stir_err err = stir_pa_ca_add(&desk->clerk, cert, cli_get(cli, "--name"), wants ? token : NULL, desk->actor, desk->now, &diag);
    int status = err == STIR_OK ? CLI_YES : desk_failed(cli, err, &diag);
    if (status == CLI_YES && wants)
        status = write_token(cli, token);
    OPENSSL_cleanse(token, sizeof(token));
    for (size_t i = 0; status == CLI_YES && i < cli_all(cli, "--issuer"); i++)
        status = add_issuer(cli, desk, sha256, cli_nth(cli, "--issuer", i));
    return status == CLI_YES ? pa_done(cli, "ca", sha256, "state", "listed") : status;
}

static int run_add(struct cli *cli)
{
    struct cli_desk desk = {.now = 0};
    struct stir_cert *cert = NULL;
    int status = cli_cert(cli, &cert, cli->operand[0], CLI_NO);
    if (status == CLI_YES)
        status = judge_token_file(cli);
    if (status == CLI_YES)
        status = pa_open(cli, &desk, true);
    if (status == CLI_YES)
        status = add(cli, &desk, cert);
    stir_cert_free(cert);
    desk_close(&desk);
    return status;
}

static int run_remove(struct cli *cli)
{
    struct cli_desk desk = {.now = 0};
    struct stir_diag diag = {0};
    char sha256[2 * STIR_SHA256 + 1];
    int status = pa_open(cli, &desk, false);
    if (status == CLI_YES)
        status = pa_find_ca(cli, &desk, cli->operand[0], sha256);
    if (status == CLI_YES) {
        enum stir_err err = stir_pa_ca_remove(&desk.clerk, sha256, desk.actor, desk.now, &diag);
        status = err == STIR_OK ? pa_done(cli, "ca", sha256, "state", "removed") : desk_failed(cli, err, &diag);
    }
    desk_close(&desk);
    return status;
}

/* ---- Shown ---- */

static void show_json(const struct stir_pa_ca_row *row, const struct stir_cert_info *info)
{
    cli_json_begin(NULL, '{');
    cli_json_text("sha256", row->sha256);
    cli_json_text("name", row->name);
    cli_json_text("state", row->state);
    cli_json_str("subject", info->subject);
    cli_json_time("not_after", info->not_after);
    cli_json_time("added", row->added);
    if (row->removed)
        cli_json_time("removed", row->removed);
    else
        cli_json_str("removed", NULL);
    cli_json_bool("may_report", row->may_report);
    cli_json_int("issuers", row->issuers);
    cli_json_end('}');
}

static void show(void *arg, const struct stir_pa_ca_row *row)
{
    const struct cli *cli = arg;
    struct stir_cert *cert = NULL;
    if (stir_cert_parse(&cert, row->der, NULL) != STIR_OK)
        return;
    const struct stir_cert_info *info = stir_cert_info(cert);
    if (cli->json) {
        show_json(row, info);
    } else {
        printf("%.*s\t%.*s\t", (int)row->sha256.n, row->sha256.p, (int)row->state.n, row->state.p);
        cli_print(row->name);
        printf("\t%s, %lld issuer name%s\t", row->may_report ? "reports" : "no token", (long long)row->issuers, row->issuers == 1 ? "" : "s");
        cli_print(stir_slice_str(info->subject));
        putchar('\n');
    }
    stir_cert_free(cert);
}

static int run_list(struct cli *cli)
{
    struct cli_desk desk = {.now = 0};
    struct stir_diag diag = {0};
    int status = pa_open(cli, &desk, false);
    if (status == CLI_YES) {
        if (cli->json)
            cli_json_begin(NULL, '[');
        enum stir_err err = stir_pa_cas(&desk.clerk, show, cli, &diag);
        if (cli->json)
            cli_json_end(']');
        if (cli->json && err == STIR_OK)
            cli_json_done();
        status = err == STIR_OK ? CLI_YES : desk_failed(cli, err, &diag);
    }
    desk_close(&desk);
    return status;
}

const struct cli_command cmd_pa_ca_add = {"pa",        "ca add", "FILE", 1, 1, "trust a certificate authority: its certificate goes on the list",
                                          add_options, run_add};
const struct cli_command cmd_pa_ca_remove = {"pa", "ca remove", "SHA256", 1, 1, "trust it no longer", desk_options, run_remove};
const struct cli_command cmd_pa_ca_list = {"pa", "ca list", "", 0, 0, "show the certificate authorities that are listed, and were", desk_options, run_list};
