#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

static const struct cli_option options[] = {
    {"--key", CLI_VALUE, "FILE", "private key that the certificate is for", true},
    {"--spc", CLI_VALUE, "CODE", "service provider code, such as 709J", false},
    {"--tn", CLI_MANY, "N|N+COUNT", "a number, or COUNT numbers from N on, for delegate certificates", false},
    {"--cn", CLI_VALUE, "NAME", "common name; default \"SHAKEN CODE\"", false},
    {"--org", CLI_VALUE, "NAME", "legal name of the provider; default \"SPC CODE\"", false},
    {"--country", CLI_VALUE, "CC", "country, two letters; default US", false},
    {"--pass-file", CLI_VALUE, "FILE", "passphrase of an encrypted key, on the first line of FILE", false},
    {"-o", CLI_VALUE, "FILE", "write it there; without it to standard output", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

enum { MAX_ENTRIES = CLI_MAX_WORDS };

/* "12155551000+1000" or "12155551212" as an entry. */
static int read_tn(const struct cli *cli, struct stir_tnauth_entry *entry, const char *text)
{
    const char *plus = strchr(text, '+');
    if (plus == text)
        plus = strchr(++text, '+');
    size_t n = plus ? (size_t)(plus - text) : strlen(text);
    *entry = (struct stir_tnauth_entry){plus ? STIR_TNAUTH_RANGE : STIR_TNAUTH_ONE, stir_slice_of(text, n), 1};
    if (!stir_tn_is_canonical(entry->text))
        return cli_fail(cli, CLI_USAGE, "--tn \"%s\": give digits only, country code first, or FIRST+COUNT", text);
    if (!plus)
        return CLI_YES;
    entry->count = 0;
    for (const char *p = plus + 1; *p; p++) {
        if (*p < '0' || *p > '9' || entry->count > 99999999999999)
            return cli_fail(cli, CLI_USAGE, "--tn \"%s\": \"%s\" is no count of numbers", text, plus + 1);
        entry->count = entry->count * 10 + (uint64_t)(*p - '0');
    }
    return CLI_YES;
}

static int make_list(const struct cli *cli, struct stir_tnauth **list)
{
    struct stir_tnauth_entry entries[MAX_ENTRIES + 1];
    struct stir_diag diag = {0};
    size_t n = 0;
    if (cli_has(cli, "--spc"))
        entries[n++] = (struct stir_tnauth_entry){STIR_TNAUTH_SPC, stir_slice_str(cli_get(cli, "--spc")), 0};
    for (size_t i = 0; i < cli_all(cli, "--tn"); i++) {
        int status = read_tn(cli, &entries[n++], cli_nth(cli, "--tn", i));
        if (status != CLI_YES)
            return status;
    }
    if (n == 0)
        return cli_fail(cli, CLI_USAGE, "--spc CODE or --tn N is needed: a certificate without TNAuthList signs nothing");
    enum stir_err err = stir_tnauth_new(list, entries, n, &diag);
    return err == STIR_OK ? CLI_YES : cli_fail(cli, err == STIR_ENOMEM ? CLI_CANNOT : CLI_USAGE, "%s", diag.text[0] ? diag.text : stir_err_text(err));
}

static int write_csr(struct cli *cli, const struct stir_cert_params *params, struct stir_key *key)
{
    struct stir_csr *csr = NULL;
    struct stir_es256_ctx *ctx = NULL;
    struct stir_diag diag = {0};
    char pem[STIR_MAX_CERT];
    size_t n = 0;
    enum stir_err err = stir_es256_ctx_new(&ctx);
    struct stir_key_signer held = {key, ctx};
    struct stir_signer signer = stir_signer_of_key(&held);
    if (err == STIR_OK)
        err = stir_csr_make(&csr, params, &signer, &diag);
    if (err == STIR_OK)
        err = stir_csr_write_pem(pem, sizeof(pem), &n, csr);
    stir_csr_free(csr);
    stir_es256_ctx_free(ctx);
    if (err != STIR_OK)
        return cli_fail(cli, err == STIR_EVALUE ? CLI_USAGE : CLI_CANNOT, "%s", diag.text[0] ? diag.text : stir_err_text(err));
    int status = cli->json && !cli_has(cli, "-o") ? CLI_YES : cli_write(cli, stir_slice_of(pem, n));
    if (status == CLI_YES && cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("file", cli_get(cli, "-o"));
        cli_json_text("cn", params->cn);
        cli_json_str("pem", pem);
        cli_json_end('}');
        cli_json_done();
    }
    return status;
}

static int run(struct cli *cli)
{
    struct stir_cert_params params = STIR_CERT_PARAMS_INIT;
    struct stir_key *key = NULL;
    struct stir_tnauth *list = NULL;
    const char *spc = cli_get(cli, "--spc"), *cn = cli_get(cli, "--cn"), *org = cli_get(cli, "--org"), *country = cli_get(cli, "--country");
    char default_cn[64], default_org[64];
    int status = make_list(cli, &list);
    if (status == CLI_YES)
        status = cli_key(cli, &key, "--key");
    if (status == CLI_YES) {
        snprintf(default_cn, sizeof(default_cn), "SHAKEN %s", spc ? spc : "delegate");
        snprintf(default_org, sizeof(default_org), "SPC %s", spc ? spc : "delegate");
        if (!org)
            cli_warn(cli, "--org was not given: the certificate will name \"%s\" instead of a legal name", default_org);
        params.role = STIR_CERT_END_ENTITY;
        params.cn = stir_slice_str(cn ? cn : default_cn);
        params.o = stir_slice_str(org ? org : default_org);
        params.c = stir_slice_str(country ? country : "US");
        params.tnauth = list;
        status = write_csr(cli, &params, key);
    }
    stir_key_free(key);
    stir_tnauth_free(list);
    return status;
}

const struct cli_command cmd_csr_new = {"csr", "new", "", 0, 0, "make a certificate request for a provider code or numbers", options, run};
