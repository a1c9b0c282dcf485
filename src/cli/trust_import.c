/* Put anchors into a folder of trust: the policy administrator's list, checked, or certificates that somebody vouches for. What is there stays when what comes
 * is bad. */
#include "cli/trust_dir.h"
#include "io/trust_keep.h"

#include <stdlib.h>

static const struct cli_option options[] = {
    {"--domain", CLI_VALUE, "NAME", "the domain in it; default \"default\"", false},
    {"--list", CLI_VALUE, "FILE|-", "the policy administrator's list: the JWS, or its answer around it", false},
    {"--signer", CLI_VALUE, "FILE", "certificates of the list's signer, the body that its x5u gives", false},
    {"--pa-root", CLI_VALUE, "FILE", "the policy administrator's root, PEM: the one thing that is believed", false},
    {"--pem", CLI_MANY, "FILE", "instead of a list: anchors, PEM", false},
    {"--at", CLI_VALUE, "TIME", "judge at this time; default now", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

struct import {
    struct stir_trust_folder domain;
    struct stir_slice list, signer, root;
    struct stir_ca_list *checked;
    struct stir_cert **certs; /* of --pem, owned */
    size_t n_certs;
    int64_t now;
};

/* ---- A list ---- */

static int read_list(const struct cli *cli, struct import *in)
{
    int status = cli_read(cli, &in->list, cli_get(cli, "--list"), STIR_MAX_CA_LIST, CLI_NO);
    if (status == CLI_YES)
        status = cli_read(cli, &in->signer, cli_get(cli, "--signer"), STIR_MAX_PEM, CLI_NO);
    if (status == CLI_YES)
        status = cli_read(cli, &in->root, cli_get(cli, "--pa-root"), STIR_MAX_PEM, CLI_CANNOT);
    return status;
}

/* A list that is bad is an answer, a root that is bad a fault of ours. */
static int keep_list(const struct cli *cli, struct import *in)
{
    struct stir_diag diag = {0};
    char text[sizeof(diag.text) + 64];
    bool there = in->domain.state.there;
    enum stir_err err = stir_trust_keep_list(&in->checked, &in->domain, in->list, in->signer, in->root, in->now, &diag);
    if (err == STIR_OK)
        return CLI_YES;
    snprintf(text, sizeof(text), "%s%s", diag.text[0] ? diag.text : stir_err_text(err), there ? "; what was imported before stays" : "");
    return cli_fail(cli, err == STIR_ENOMEM || err == STIR_ECRYPTO || err == STIR_EIO ? CLI_CANNOT : CLI_NO, "%s: %s", cli_get(cli, "--list"), text);
}

/* ---- Certificates ---- */

static int read_certs(const struct cli *cli, struct import *in, const char *path)
{
    struct stir_slice text = {NULL, 0};
    struct stir_diag diag = {0};
    size_t n = 0;
    if (in->n_certs == STIR_MAX_ANCHORS)
        return cli_fail(cli, CLI_NO, "%s: a domain has at most %d anchors", path, STIR_MAX_ANCHORS);
    int status = cli_read(cli, &text, path, STIR_MAX_BUNDLE, CLI_NO);
    if (status != CLI_YES)
        return status;
    enum stir_err err = stir_certs_parse(in->certs + in->n_certs, STIR_MAX_ANCHORS - in->n_certs, &n, text, &diag);
    stir_file_free(&text);
    in->n_certs += n;
    return err == STIR_OK ? CLI_YES : cli_fail(cli, CLI_NO, "%s: %s", path, diag.text[0] ? diag.text : stir_err_text(err));
}

static int read_pem(const struct cli *cli, struct import *in)
{
    int status = CLI_YES;
    in->certs = calloc(STIR_MAX_ANCHORS, sizeof(*in->certs));
    if (!in->certs)
        return cli_fail(cli, CLI_CANNOT, "out of memory");
    for (size_t i = 0; status == CLI_YES && i < cli_all(cli, "--pem"); i++)
        status = read_certs(cli, in, cli_nth(cli, "--pem", i));
    return status;
}

static int keep_pem(const struct cli *cli, struct import *in)
{
    struct stir_diag diag = {0};
    enum stir_err err = stir_trust_keep_anchors(&in->domain, in->certs, in->n_certs, in->now, &diag);
    return err == STIR_OK ? CLI_YES : trust_failed(cli, err, &diag, NULL, CLI_NO);
}

/* ---- The whole ---- */

static int print(const struct cli *cli, const struct import *in)
{
    const struct stir_ca_list_info *info = in->checked ? stir_ca_list_info(in->checked) : NULL;
    char until[21] = "?";
    if (info && info->n_unread)
        cli_warn(cli, "%zu entries of the list hold no certificate that can be read; those CAs are not trusted", info->n_unread);
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("domain", in->domain.name);
        cli_json_int("certificates", (int64_t)(info ? info->n_certs : in->n_certs));
        if (info) {
            cli_json_int("unread", (int64_t)info->n_unread);
            cli_json_int("sequence", info->sequence);
            cli_json_time("exp", info->exp);
            cli_json_str("signer", info->signer);
        }
        cli_json_end('}');
        cli_json_done();
    } else if (info) {
        (void)!stir_time_write(until, info->exp);
        printf("%s: %zu certificate%s, sequence %lld, until %s, signed by ", in->domain.name, info->n_certs, info->n_certs == 1 ? "" : "s",
               (long long)info->sequence, until);
        cli_print(stir_slice_str(info->signer));
        printf("\n");
    } else {
        printf("%s: %zu certificate%s\n", in->domain.name, in->n_certs, in->n_certs == 1 ? "" : "s");
    }
    return CLI_YES;
}

static int import(const struct cli *cli, struct import *in, const char *name, bool listed)
{
    int status = listed ? read_list(cli, in) : read_pem(cli, in);
    if (status != CLI_YES)
        return status;
    status = trust_hold(cli, &in->domain, cli->operand[0], name);
    if (status == CLI_YES)
        status = listed ? keep_list(cli, in) : keep_pem(cli, in);
    stir_trust_folder_release(&in->domain);
    return status == CLI_YES ? print(cli, in) : status;
}

static int run(struct cli *cli)
{
    struct import in = {.domain.lock = -1};
    bool listed = cli_has(cli, "--list");
    if (listed == cli_has(cli, "--pem"))
        return cli_fail(cli, CLI_USAGE, "give --list FILE with --signer and --pa-root, or --pem FILE");
    if (listed != cli_has(cli, "--signer") || listed != cli_has(cli, "--pa-root"))
        return cli_fail(cli, CLI_USAGE, "--list, --signer and --pa-root go together: a list is believed for its signer, and the signer for the root");
    const char *name;
    int status = cli_time(cli, "--at", cli_now(), &in.now);
    if (status == CLI_YES)
        status = trust_name(cli, &name);
    if (status == CLI_YES)
        status = import(cli, &in, name, listed);
    for (size_t i = 0; i < in.n_certs; i++)
        stir_cert_free(in.certs[i]);
    free(in.certs);
    stir_ca_list_free(in.checked);
    stir_file_free(&in.list);
    stir_file_free(&in.signer);
    stir_file_free(&in.root);
    return status;
}

const struct cli_command cmd_trust_import = {"trust", "import", "DIR", 1, 1, "put the policy administrator's list, or anchors, into a folder", options, run};
