#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

static const struct cli_option options[] = {
    {"--key", CLI_VALUE, "FILE", "private key that the certificate is for", true},
    {"--spc", CLI_VALUE, "CODE", "service provider code, such as 709J", false},
    {"--tn", CLI_MANY, "N|N+COUNT", "a number, or COUNT numbers from N on, for delegate certificates", false},
    {"--no-list", CLI_FLAG, NULL, "no TNAuthList: for those who sign for a policy administrator", false},
    {"--ca", CLI_FLAG, NULL, "ask for the certificate of a CA of delegates", false},
    {"--must-include", CLI_MANY, "CLAIM", "claim constraint: every token has this claim", false},
    {"--must-exclude", CLI_MANY, "CLAIM", "claim constraint: no token has this claim", false},
    {"--permit", CLI_MANY, "CLAIM=VALUE", "claim constraint: where a token has this claim, it has this value, or another that is permitted", false},
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
    if (cli_has(cli, "--no-list"))
        return n ? cli_fail(cli, CLI_USAGE, "--no-list contradicts --spc and --tn") : CLI_YES;
    if (n == 0)
        return cli_fail(cli, CLI_USAGE, "--spc CODE or --tn N is needed: a certificate without TNAuthList signs no calls");
    enum stir_err err = stir_tnauth_new(list, entries, n, &diag);
    return err == STIR_OK ? CLI_YES : cli_fail(cli, err == STIR_ENOMEM ? CLI_CANNOT : CLI_USAGE, "%s", diag.text[0] ? diag.text : stir_err_text(err));
}

/* Claim constraints as given: permitted values grouped by their claim. */
struct limits {
    struct stir_cert_constraints c;
    struct stir_slice include[STIR_MAX_CONSTRAINTS], exclude[STIR_MAX_CONSTRAINTS], values[STIR_MAX_CONSTRAINTS][STIR_MAX_CONSTRAINTS];
    struct stir_cert_permitted permitted[STIR_MAX_CONSTRAINTS];
};

static int take_names(const struct cli *cli, const char *option, struct stir_slice *names, size_t *n)
{
    *n = cli_all(cli, option);
    if (*n > STIR_MAX_CONSTRAINTS)
        return cli_fail(cli, CLI_USAGE, "%s stands more than %d times", option, STIR_MAX_CONSTRAINTS);
    for (size_t i = 0; i < *n; i++)
        names[i] = stir_slice_str(cli_nth(cli, option, i));
    return CLI_YES;
}

static int take_permitted(const struct cli *cli, struct limits *l, const char *text)
{
    const char *sign = strchr(text, '=');
    size_t i = 0;
    if (!sign || sign == text)
        return cli_fail(cli, CLI_USAGE, "--permit \"%s\": give CLAIM=VALUE, such as attest=A", text);
    struct stir_slice claim = stir_slice_of(text, (size_t)(sign - text));
    while (i < l->c.n_permitted && !stir_slice_eq(l->permitted[i].claim, claim))
        i++;
    if (i == STIR_MAX_CONSTRAINTS || l->permitted[i].n == STIR_MAX_CONSTRAINTS)
        return cli_fail(cli, CLI_USAGE, "--permit stands more than %d times for claims, or for values of one", STIR_MAX_CONSTRAINTS);
    l->c.n_permitted += i == l->c.n_permitted;
    l->permitted[i].claim = claim;
    l->permitted[i].values = l->values[i];
    l->values[i][l->permitted[i].n++] = stir_slice_str(sign + 1);
    return CLI_YES;
}

static int take_limits(const struct cli *cli, struct limits *l)
{
    int status = take_names(cli, "--must-include", l->include, &l->c.n_must_include);
    if (status == CLI_YES)
        status = take_names(cli, "--must-exclude", l->exclude, &l->c.n_must_exclude);
    for (size_t i = 0; status == CLI_YES && i < cli_all(cli, "--permit"); i++)
        status = take_permitted(cli, l, cli_nth(cli, "--permit", i));
    l->c.must_include = l->include;
    l->c.must_exclude = l->exclude;
    l->c.permitted = l->permitted;
    return status;
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
    static struct limits limits;
    int status = make_list(cli, &list);
    if (status == CLI_YES)
        status = take_limits(cli, &limits);
    if (status == CLI_YES)
        status = cli_key(cli, &key, "--key");
    if (status == CLI_YES) {
        snprintf(default_cn, sizeof(default_cn), "SHAKEN %s", spc ? spc : "delegate");
        snprintf(default_org, sizeof(default_org), "SPC %s", spc ? spc : "delegate");
        if (!org)
            cli_warn(cli, "--org was not given: the certificate will name \"%s\" instead of a legal name", default_org);
        params.role = cli_has(cli, "--ca") ? STIR_CERT_DELEGATE_CA : STIR_CERT_END_ENTITY;
        params.constraints = &limits.c;
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

const struct cli_command cmd_csr_new = {"csr", "new", "", 0, 0, "make a certificate request", options, run};
