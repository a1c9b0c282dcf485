#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

static const struct cli_option options[] = {
    {"--issuer", CLI_VALUE, "FILE", "certificate that signs lists (cRLSign)", true},
    {"--issuer-key", CLI_VALUE, "FILE", "its private key", true},
    {"--number", CLI_VALUE, "N", "the list's number, higher than that of the list before", true},
    {"--revoke", CLI_MANY, "FILE[:REASON]", "a certificate, and why: 0 to 10 (RFC 5280 section 5.3.1)", false},
    {"--url", CLI_VALUE, "URL", "where the list will be published: it speaks of certificates of any issuer then", false},
    {"--signer-url", CLI_VALUE, "URL", "where the issuer's certificate is published", false},
    {"--days", CLI_VALUE, "N", "until the next list; default 1", false},
    {"--pass-file", CLI_VALUE, "FILE", "passphrase of an encrypted key, on the first line of FILE", false},
    {"-o", CLI_VALUE, "FILE", "write it there, in PEM; without it to standard output", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

enum { DAY = 86400, MAX_DAYS = 3660 };

struct making {
    struct stir_cert *issuer, *revoked_cert[CLI_MAX_WORDS];
    struct stir_crl_revocation revoked[CLI_MAX_WORDS];
    struct stir_key *key;
    struct stir_es256_ctx *ctx;
    struct stir_crl_params params;
};

static void clear(struct making *m)
{
    for (size_t i = 0; i < m->params.n; i++)
        stir_cert_free(m->revoked_cert[i]);
    stir_cert_free(m->issuer);
    stir_key_free(m->key);
    stir_es256_ctx_free(m->ctx);
}

/* FILE, or FILE:REASON. */
static int revoke(const struct cli *cli, struct making *m, const char *text)
{
    char path[4096];
    const char *colon = strrchr(text, ':');
    int reason = 0;
    bool given = colon && colon[1] && strspn(colon + 1, "0123456789") == strlen(colon + 1) && strlen(colon + 1) <= 2;
    size_t n = given ? (size_t)(colon - text) : strlen(text);
    if (n >= sizeof(path))
        return cli_fail(cli, CLI_USAGE, "--revoke: the name of the file is too long");
    memcpy(path, text, n);
    path[n] = '\0';
    for (const char *p = given ? colon + 1 : ""; *p; p++)
        reason = reason * 10 + (*p - '0');
    int status = cli_cert(cli, &m->revoked_cert[m->params.n], path, CLI_CANNOT);
    if (status != CLI_YES)
        return status;
    const struct stir_cert_info *info = stir_cert_info(m->revoked_cert[m->params.n]);
    m->revoked[m->params.n++] = (struct stir_crl_revocation){info->issuer_der, info->serial, m->params.this_update, reason};
    return CLI_YES;
}

static int by_issuer(const void *a, const void *b)
{
    const struct stir_crl_revocation *x = a, *y = b;
    size_t n = x->issuer_der.n < y->issuer_der.n ? x->issuer_der.n : y->issuer_der.n;
    int order = memcmp(x->issuer_der.p, y->issuer_der.p, n);
    return order ? order : (x->issuer_der.n > y->issuer_der.n) - (x->issuer_der.n < y->issuer_der.n);
}

static int read_all(const struct cli *cli, struct making *m)
{
    int64_t number = 0, days = 1;
    int status = cli_number(cli, "--number", 0, 0, INT64_MAX, &number);
    if (status == CLI_YES)
        status = cli_number(cli, "--days", 1, 1, MAX_DAYS, &days);
    if (status == CLI_YES)
        status = cli_cert(cli, &m->issuer, cli_get(cli, "--issuer"), CLI_CANNOT);
    if (status == CLI_YES)
        status = cli_key(cli, &m->key, "--issuer-key");
    m->params.number = (uint64_t)number;
    m->params.this_update = cli_now();
    m->params.next_update = m->params.this_update + days * DAY;
    for (size_t i = 0; status == CLI_YES && i < cli_all(cli, "--revoke"); i++)
        status = revoke(cli, m, cli_nth(cli, "--revoke", i));
    qsort(m->revoked, m->params.n, sizeof(m->revoked[0]), by_issuer);
    m->params.issuer = m->issuer;
    m->params.revoked = m->revoked;
    m->params.idp_url = stir_slice_str(cli_get(cli, "--url"));
    m->params.ca_issuers_url = stir_slice_str(cli_get(cli, "--signer-url"));
    return status;
}

static int write_list(const struct cli *cli, const struct making *m)
{
    struct stir_key_signer held = {m->key, m->ctx};
    struct stir_signer signer = stir_signer_of_key(&held);
    struct stir_crl *crl = NULL;
    struct stir_diag diag = {0};
    size_t n = 0;
    char *pem = NULL;
    enum stir_err err = stir_crl_make(&crl, &m->params, &signer, &diag);
    if (err != STIR_OK)
        return cli_fail(cli, err == STIR_EVALUE ? CLI_USAGE : CLI_CANNOT, "%s", diag.text[0] ? diag.text : stir_err_text(err));
    if (stir_crl_write_pem(NULL, 0, &n, crl) == STIR_ELIMIT && (pem = malloc(n + 1)) != NULL)
        err = stir_crl_write_pem(pem, n + 1, &n, crl);
    stir_crl_free(crl);
    int status = pem && err == STIR_OK ? cli_write(cli, stir_slice_of(pem, n)) : cli_fail(cli, CLI_CANNOT, "out of memory");
    free(pem);
    return status;
}

static int run(struct cli *cli)
{
    static struct making m;
    m = (struct making){.params = STIR_CRL_PARAMS_INIT};
    int status = read_all(cli, &m);
    if (status == CLI_YES && stir_es256_ctx_new(&m.ctx) != STIR_OK)
        status = cli_fail(cli, CLI_CANNOT, "out of memory");
    if (status == CLI_YES)
        status = write_list(cli, &m);
    clear(&m);
    return status;
}

const struct cli_command cmd_crl_new = {"crl", "new", "", 0, 0, "make a revocation list", options, run};
