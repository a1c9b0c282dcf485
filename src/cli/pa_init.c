/* stir pa init, stir pa certify: the administrator's root, signer and CRL signer, and the part of stir.conf that names them. */
#include "cli/pa.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "core/url.h"
#include "io/dir.h"

enum { DAY = 86400, ROOT_DAYS = 7300, SIGNER_DAYS = 730, PATH = 4096 };

#define ROOT_KEY "offline-root.key"
#define ROOT_CERT "pa-root.pem"

static const struct cli_option options[] = {
    {"--url", CLI_VALUE, "URL", "how the world reaches the administrator: https://pa.example.com", true},
    {"--org", CLI_VALUE, "NAME", "O of its certificates; default STI-PA", false},
    {"--country", CLI_VALUE, "CC", "C of its certificates; default US", false},
    {"--days", CLI_VALUE, "N", "how long the signers' certificates are valid; default 730", false},
    {"--root-key", CLI_VALUE, "FILE", "with --root-cert: the key of a root that is there already", false},
    {"--root-cert", CLI_VALUE, "FILE", "its certificate", false},
    {"--pass-file", CLI_VALUE, "FILE", "passphrase of an encrypted --root-key, on the first line of FILE", false},
    {"--csr", CLI_FLAG, NULL, "make keys and requests alone, for a root that is offline: see stir pa certify", false},
    {"--cert", CLI_VALUE, "FILE", "take in what became of pa-signer.csr; with --crl-cert and --root-cert", false},
    {"--crl-cert", CLI_VALUE, "FILE", "and what became of pa-crl.csr", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

static const struct cli_option certify_options[] = {
    {"--csr", CLI_VALUE, "FILE", "the request: pa-signer.csr or pa-crl.csr of stir pa init --csr", true},
    {"--role", CLI_VALUE, "signer|crl", "what the certificate is for: tokens and lists, or CRLs", true},
    {"--root-cert", CLI_VALUE, "FILE", "the administrator's root", true},
    {"--root-key", CLI_VALUE, "FILE", "and its key", true},
    {"--pass-file", CLI_VALUE, "FILE", "passphrase of an encrypted --root-key, on the first line of FILE", false},
    {"--days", CLI_VALUE, "N", "how long it is valid; default 730", false},
    {"-o", CLI_VALUE, "FILE", "write it there; without it to standard output", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

/* Who signs: the root. */
struct root {
    struct stir_key_signer held;
    struct stir_signer signer;
    struct stir_cert *cert;
};

static void root_clear(struct root *root)
{
    stir_cert_free(root->cert);
    stir_key_free(root->held.key);
    stir_es256_ctx_free(root->held.ctx);
}

static int root_hold(const struct cli *cli, struct root *root)
{
    if (stir_es256_ctx_new(&root->held.ctx) != STIR_OK)
        return cli_fail(cli, CLI_CANNOT, "out of memory");
    root->signer = stir_signer_of_key(&root->held);
    return CLI_YES;
}

static int root_read(const struct cli *cli, struct root *root)
{
    int status = cli_key(cli, &root->held.key, "--root-key");
    if (status == CLI_YES)
        status = cli_cert(cli, &root->cert, cli_get(cli, "--root-cert"), CLI_NO);
    return status == CLI_YES ? root_hold(cli, root) : status;
}

/* ---- One certificate ---- */

static int make_cert(const struct cli *cli, struct stir_cert **out, struct stir_cert_params *params, const struct root *root, int64_t default_days)
{
    struct stir_diag diag = {0};
    int64_t days, now = cli_now();
    int status = cli_number(cli, "--days", default_days, 1, 36525, &days);
    if (status != CLI_YES)
        return status;
    if (params->role == STIR_CERT_ROOT)
        days = ROOT_DAYS;
    params->issuer = root->cert;
    params->not_before = now;
    params->not_after = now + days * DAY - 1;
    if (root->cert && params->not_after > stir_cert_info(root->cert)->not_after)
        params->not_after = stir_cert_info(root->cert)->not_after;
    enum stir_err err = stir_cert_make(out, params, &root->signer, &diag);
    if (err == STIR_OK)
        return CLI_YES;
    return cli_fail(cli, err == STIR_EVALUE || err == STIR_EMISMATCH ? CLI_NO : CLI_CANNOT, "%s", diag.text[0] ? diag.text : stir_err_text(err));
}

static struct stir_cert_params subject(const struct cli *cli, enum stir_cert_role role, const char *cn, struct stir_key *key)
{
    struct stir_cert_params params = STIR_CERT_PARAMS_INIT;
    params.role = role;
    params.cn = stir_slice_str(cn);
    params.o = stir_slice_str(cli_has(cli, "--org") ? cli_get(cli, "--org") : "STI-PA");
    params.c = stir_slice_str(cli_has(cli, "--country") ? cli_get(cli, "--country") : "US");
    params.key = key;
    return params;
}

/* ---- Files of DIR ---- */

static bool path_in(char path[PATH], const struct cli *cli, const char *name)
{
    int n = snprintf(path, PATH, "%s/%s", cli->operand[0], name);
    return n > 0 && n < PATH;
}

static int put(const struct cli *cli, const char *name, struct stir_slice content, enum stir_file_mode mode)
{
    char path[PATH];
    if (!path_in(path, cli, name))
        return cli_fail(cli, CLI_USAGE, "the path of DIR is too long");
    return cli_file(cli, stir_file_write(path, content, mode), path);
}

static int put_cert(const struct cli *cli, const char *name, const struct stir_cert *cert)
{
    char pem[STIR_MAX_CERT * 3 / 2];
    size_t n;
    if (stir_cert_write_pem(pem, sizeof(pem), &n, cert) != STIR_OK)
        return cli_fail(cli, CLI_CANNOT, "the certificate cannot be written");
    return put(cli, name, stir_slice_of(pem, n), STIR_FILE_PUBLIC);
}

static int new_key(const struct cli *cli, struct stir_key **out, const char *name)
{
    char pem[4096];
    size_t n = 0;
    if (stir_key_generate(out) != STIR_OK || stir_key_write_pem(pem, sizeof(pem), &n, *out, (struct stir_slice){NULL, 0}) != STIR_OK)
        return cli_fail(cli, CLI_CANNOT, "no key could be made");
    int status = put(cli, name, stir_slice_of(pem, n), STIR_FILE_SECRET);
    OPENSSL_cleanse(pem, sizeof(pem));
    return status;
}

/* ---- The three of them ---- */

static const struct part {
    enum stir_cert_role role;
    const char *cn, *key, *csr, *cert, *option;
} parts[] = {
    {STIR_CERT_PA_SIGNER, "STI-PA Signer", "pa-signer.key", "pa-signer.csr", "pa-signer.pem", "--cert"},
    {STIR_CERT_CRL_SIGNER, "STI-PA CRL", "pa-crl.key", "pa-crl.csr", "pa-crl.pem", "--crl-cert"},
};

static int make_part(const struct cli *cli, const struct part *part, const struct root *root)
{
    struct stir_key *key = NULL;
    struct stir_cert *cert = NULL;
    int status = new_key(cli, &key, part->key);
    struct stir_cert_params params = subject(cli, part->role, part->cn, key);
    if (status == CLI_YES)
        status = make_cert(cli, &cert, &params, root, SIGNER_DAYS);
    if (status == CLI_YES)
        status = put_cert(cli, part->cert, cert);
    stir_cert_free(cert);
    stir_key_free(key);
    return status;
}

static int make_root(const struct cli *cli, struct root *root)
{
    int status = new_key(cli, &root->held.key, ROOT_KEY);
    if (status == CLI_YES)
        status = root_hold(cli, root);
    struct stir_cert_params params = subject(cli, STIR_CERT_ROOT, "SHAKEN STI-PA ROOT", root->held.key);
    struct stir_cert *cert = NULL;
    if (status == CLI_YES)
        status = make_cert(cli, &cert, &params, root, ROOT_DAYS);
    root->cert = cert;
    return status;
}

static int make_all(const struct cli *cli)
{
    struct root root = {.cert = NULL};
    int status = cli_has(cli, "--root-key") ? root_read(cli, &root) : make_root(cli, &root);
    if (status == CLI_YES)
        status = put_cert(cli, ROOT_CERT, root.cert);
    for (size_t i = 0; status == CLI_YES && i < 2; i++)
        status = make_part(cli, &parts[i], &root);
    root_clear(&root);
    return status;
}

/* ---- For a root that is offline ---- */

static int put_request(const struct cli *cli, const struct part *part, struct stir_key *key)
{
    struct root own = {.held = {stir_key_ref(key), NULL}};
    struct stir_csr *csr = NULL;
    struct stir_diag diag = {0};
    char pem[STIR_MAX_CERT];
    size_t n = 0;
    int status = root_hold(cli, &own);
    struct stir_cert_params params = subject(cli, part->role, part->cn, NULL);
    if (status == CLI_YES && stir_csr_make(&csr, &params, &own.signer, &diag) != STIR_OK)
        status = cli_fail(cli, CLI_NO, "%s", diag.text);
    if (status == CLI_YES && stir_csr_write_pem(pem, sizeof(pem), &n, csr) != STIR_OK)
        status = cli_fail(cli, CLI_CANNOT, "the request cannot be written");
    if (status == CLI_YES)
        status = put(cli, part->csr, stir_slice_of(pem, n), STIR_FILE_PUBLIC);
    stir_csr_free(csr);
    root_clear(&own);
    return status;
}

static int make_requests(const struct cli *cli)
{
    int status = CLI_YES;
    for (size_t i = 0; status == CLI_YES && i < 2; i++) {
        struct stir_key *key = NULL;
        status = new_key(cli, &key, parts[i].key);
        if (status == CLI_YES)
            status = put_request(cli, &parts[i], key);
        stir_key_free(key);
    }
    return status;
}

/* Take in a certificate: of our key, by the root. */
static int take_part(const struct cli *cli, const struct part *part, const struct stir_cert *root)
{
    char path[PATH];
    struct stir_slice pem = {NULL, 0};
    struct stir_key *key = NULL;
    struct stir_cert *cert = NULL;
    const char *from = cli_get(cli, part->option);
    if (!path_in(path, cli, part->key))
        return cli_fail(cli, CLI_USAGE, "the path of DIR is too long");
    int status = cli_file(cli, stir_file_read(&pem, path, STIR_MAX_KEY_PEM, true), path);
    if (status == CLI_YES && stir_key_from_pem(&key, pem, NULL, NULL, NULL) != STIR_OK)
        status = cli_fail(cli, CLI_CANNOT, "%s: holds no key that can be used", path);
    stir_file_free(&pem);
    if (status == CLI_YES)
        status = cli_cert(cli, &cert, from, CLI_NO);
    if (status == CLI_YES && (!stir_cert_key(cert) || !stir_key_same_public(key, stir_cert_key(cert))))
        status = cli_fail(cli, CLI_NO, "%s: is not the certificate of %s", from, path);
    else if (status == CLI_YES && stir_cert_signed_by(cert, root) != STIR_OK)
        status = cli_fail(cli, CLI_NO, "%s: is not signed by the root in %s", from, cli_get(cli, "--root-cert"));
    if (status == CLI_YES)
        status = put_cert(cli, part->cert, cert);
    stir_cert_free(cert);
    stir_key_free(key);
    return status;
}

static int take_all(const struct cli *cli)
{
    struct stir_cert *root = NULL;
    int status = cli_cert(cli, &root, cli_get(cli, "--root-cert"), CLI_NO);
    for (size_t i = 0; status == CLI_YES && i < 2; i++)
        status = take_part(cli, &parts[i], root);
    if (status == CLI_YES)
        status = put_cert(cli, ROOT_CERT, root);
    stir_cert_free(root);
    return status;
}

/* ---- pa.conf ---- */

static const char conf[] =
    "# A policy administrator, written by stir pa init. Paths begin in this folder. stir.conf(5) has every key; docs/PA.md tells its life.\n"
    "[server]\n"
    "roles = pa\n"
    "# user = stir\n"
    "\n"
    "# Behind a proxy that has TLS and is reached as [pa] url: any clients, on this machine's loopback alone. Without a proxy: listen = 0.0.0.0:443,\n"
    "# and tls-cert and tls-key.\n"
    "[http pa]\n"
    "listen = 127.0.0.1:8086\n"
    "serve = pa operations\n"
    "open = yes\n"
    "# tls-cert = tls.pem\n"
    "# tls-key = tls.key\n"
    "\n"
    "# Providers, tokens, lists and revocations. For several nodes: postgresql://stir@db.example.com/stir\n"
    "[store]\n"
    "url = pa.db\n"
    "\n"
    "[pa]\n"
    "url = %.*s\n"
    "# Tokens and lists.\n"
    "key = pa-signer.key\n"
    "cert = pa-signer.pem\n"
    "# The CRL. Certificates of the CAs name it: crl-url = %.*s/download/v1/crl, crl-issuer = CN=STI-PA CRL,O=%.*s,C=%.*s\n"
    "crl-key = pa-crl.key\n"
    "crl-cert = pa-crl.pem\n"
    "# What CAs and verifiers pin. Its key is not needed here: keep it where no network is.\n"
    "root = pa-root.pem\n"
    "# token-life = 24h\n"
    "# static-dir = static\n";

static int write_conf(const struct cli *cli)
{
    char text[sizeof(conf) + 2 * STIR_MAX_URL + 400];
    struct stir_slice url = stir_slice_str(cli_get(cli, "--url"));
    while (url.n && url.p[url.n - 1] == '/')
        url.n--;
    const struct stir_cert_params names = subject(cli, STIR_CERT_ROOT, "", NULL);
    int n = snprintf(text, sizeof(text), conf, (int)url.n, url.p, (int)url.n, url.p, (int)names.o.n, names.o.p, (int)names.c.n, names.c.p);
    if (n < 0 || (size_t)n >= sizeof(text))
        return cli_fail(cli, CLI_USAGE, "--url or --org is longer than any");
    return put(cli, "pa.conf", stir_slice_of(text, (size_t)n), STIR_FILE_PUBLIC);
}

static int judge(const struct cli *cli)
{
    struct stir_url url;
    enum stir_url_fault fault = stir_url_parse(&url, stir_slice_str(cli_get(cli, "--url")), true);
    bool key = cli_has(cli, "--root-key"), cert = cli_has(cli, "--root-cert"), csr = cli_has(cli, "--csr"), taken = cli_has(cli, "--cert");
    if (fault != STIR_URL_GOOD)
        return cli_fail(cli, CLI_USAGE, "--url \"%s\": %s", cli_get(cli, "--url"), stir_url_fault_text(fault));
    if (csr && (key || cert || taken))
        return cli_fail(cli, CLI_USAGE, "--csr makes keys and requests; the root comes later, with --cert, --crl-cert and --root-cert");
    if (taken != cli_has(cli, "--crl-cert") || (taken && (!cert || key)))
        return cli_fail(cli, CLI_USAGE, "--cert, --crl-cert and --root-cert belong together: what an offline root signed");
    if (!taken && key != cert)
        return cli_fail(cli, CLI_USAGE, "--root-key and --root-cert belong together");
    return CLI_YES;
}

static int tell(const struct cli *cli)
{
    bool csr = cli_has(cli, "--csr"), own = !csr && !cli_has(cli, "--root-cert");
    const char *dir = cli->operand[0];
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("dir", dir);
        cli_json_str("conf", csr ? NULL : "pa.conf");
        cli_json_str("root_key", own ? ROOT_KEY : NULL);
        cli_json_bool("requests", csr);
        cli_json_end('}');
        cli_json_done();
    } else if (csr) {
        printf("%s: keys and requests are made. Where the root is: stir pa certify --csr pa-signer.csr --role signer ..., and pa-crl.csr with --role crl;\n"
               "then here: stir pa init %s --url ... --cert pa-signer.pem --crl-cert pa-crl.pem --root-cert ROOT\n",
               dir, dir);
    } else {
        printf("%s: root, signer, CRL signer and pa.conf are there\n", dir);
        if (own)
            printf("move %s/" ROOT_KEY " to where no network is: it is needed for new signers alone\n", dir);
    }
    return CLI_YES;
}

static int run(struct cli *cli)
{
    int status = judge(cli);
    if (status == CLI_YES)
        status = cli_file(cli, stir_dir_make(cli->operand[0]), cli->operand[0]);
    if (status == CLI_YES)
        status = cli_has(cli, "--csr") ? make_requests(cli) : cli_has(cli, "--cert") ? take_all(cli) : make_all(cli);
    if (status == CLI_YES && !cli_has(cli, "--csr"))
        status = write_conf(cli);
    return status == CLI_YES ? tell(cli) : status;
}

/* ---- Where the root is ---- */

static int certify(struct cli *cli, const struct root *root, const struct stir_csr *csr, enum stir_cert_role role)
{
    const struct stir_csr_info *info = stir_csr_info(csr);
    struct stir_cert_params params = STIR_CERT_PARAMS_INIT;
    struct stir_cert *cert = NULL;
    char pem[STIR_MAX_CERT * 3 / 2];
    size_t n = 0;
    params.role = role;
    params.cn = info->cn;
    params.o = info->o;
    params.c = info->c;
    params.key = stir_csr_key(csr);
    if (!params.key)
        return cli_fail(cli, CLI_NO, "the key of the request is not P-256");
    int status = make_cert(cli, &cert, &params, root, SIGNER_DAYS);
    if (status == CLI_YES && stir_cert_write_pem(pem, sizeof(pem), &n, cert) != STIR_OK)
        status = cli_fail(cli, CLI_CANNOT, "the certificate cannot be written");
    stir_cert_free(cert);
    return status == CLI_YES ? cli_write(cli, stir_slice_of(pem, n)) : status;
}

static int read_request(const struct cli *cli, struct stir_csr **csr)
{
    struct stir_slice text = {NULL, 0};
    struct stir_diag diag = {0};
    const char *path = cli_get(cli, "--csr");
    int status = cli_read(cli, &text, path, STIR_MAX_PEM, CLI_NO);
    if (status != CLI_YES)
        return status;
    enum stir_err err = stir_csr_parse(csr, text, &diag);
    stir_file_free(&text);
    return err == STIR_OK ? CLI_YES : cli_fail(cli, CLI_NO, "%s: %s", path, diag.text[0] ? diag.text : stir_err_text(err));
}

static int run_certify(struct cli *cli)
{
    const char *role = cli_get(cli, "--role");
    struct root root = {.cert = NULL};
    struct stir_csr *csr = NULL;
    bool signer = strcmp(role, "signer") == 0;
    if (!signer && strcmp(role, "crl") != 0)
        return cli_fail(cli, CLI_USAGE, "--role is signer or crl, not \"%s\"", role);
    int status = root_read(cli, &root);
    if (status == CLI_YES)
        status = read_request(cli, &csr);
    if (status == CLI_YES)
        status = certify(cli, &root, csr, signer ? STIR_CERT_PA_SIGNER : STIR_CERT_CRL_SIGNER);
    stir_csr_free(csr);
    root_clear(&root);
    return status;
}

const struct cli_command cmd_pa_init = {"pa", "init", "DIR", 1, 1, "make a policy administrator: root, signers, and their part of stir.conf", options, run};
const struct cli_command cmd_pa_certify = {"pa",       "certify", "", 0, 0, "sign the request of an administrator's signer, where its root is", certify_options,
                                           run_certify};
