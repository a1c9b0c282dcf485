/* stir ca init: keys and certificates of an authority. The root may be made here, be one that exists, or be signed with elsewhere and come back as a file. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cli/ca.h"
#include "cli/issue.h"

enum { DAY = 86400, ROOT_DAYS = 7300, CA_DAYS = 1825, MAX_DAYS = 36525, PATH_BYTES = 4096 };

static const struct cli_option options[] = {
    {"--org", CLI_VALUE, "NAME", "organisation: the O of root and issuing certificate", false},
    {"--country", CLI_VALUE, "CC", "country, two letters; default US", false},
    {"--days", CLI_VALUE, "N", "validity of the issuing certificate; default 1825, or until the root's end", false},
    {"--root-days", CLI_VALUE, "N", "validity of a root that is made; default 7300", false},
    {"--root-key", CLI_VALUE, "FILE", "an existing root's private key; with --root-cert", false},
    {"--root-cert", CLI_VALUE, "FILE", "and its certificate", false},
    {"--pass-file", CLI_VALUE, "FILE", "passphrase of --root-key, on the first line of FILE", false},
    {"--csr", CLI_FLAG, NULL, "make a request for the issuing certificate and nothing of a root: it is signed where the root's key is", false},
    {"--cert", CLI_VALUE, "FILE", "take in the certificate that was made of that request, what signed it behind it", false},
    {"--delegates", CLI_FLAG, NULL, "the issuing certificate may have CAs of delegates below it (pathLen 1)", false},
    ISSUE_PROFILE_OPTIONS,
    {NULL, CLI_FLAG, NULL, NULL, false},
};

struct making {
    struct cli *cli;
    const char *dir;
    struct stir_es256_ctx *ctx;
    struct stir_key *root_key, *key;
    struct stir_cert *root, *cert;
    int64_t now;
};

static void clear(struct making *m)
{
    stir_key_free(m->root_key);
    stir_key_free(m->key);
    stir_cert_free(m->root);
    stir_cert_free(m->cert);
    stir_es256_ctx_free(m->ctx);
}

/* --- files of the folder --- */

static int path_of(const struct making *m, char path[PATH_BYTES], const char *name)
{
    int n = snprintf(path, PATH_BYTES, "%s/%s", m->dir, name);
    return n > 0 && n < PATH_BYTES ? CLI_YES : cli_fail(m->cli, CLI_CANNOT, "the name of the folder is too long");
}

static int write_file(const struct making *m, const char *name, struct stir_slice text, enum stir_file_mode mode)
{
    char path[PATH_BYTES];
    struct stat st;
    int status = path_of(m, path, name);
    if (status != CLI_YES)
        return status;
    if (mode == STIR_FILE_PUBLIC && lstat(path, &st) == 0)
        return cli_fail(m->cli, CLI_CANNOT, "%s: exists, and is not overwritten; give another folder, or take it away", path);
    return cli_file(m->cli, stir_file_write(path, text, mode), path);
}

static int write_key(const struct making *m, const char *name, const struct stir_key *key)
{
    char pem[4096];
    size_t n = 0;
    if (stir_key_write_pem(pem, sizeof(pem), &n, key, (struct stir_slice){NULL, 0}) != STIR_OK)
        return cli_fail(m->cli, CLI_CANNOT, "the key cannot be written");
    return write_file(m, name, stir_slice_of(pem, n), STIR_FILE_SECRET);
}

/* One after the other. */
static int write_certs(const struct making *m, const char *name, const struct stir_cert *first, const struct stir_cert *second)
{
    static char pem[2 * (STIR_MAX_CERT * 3 / 2)];
    size_t n = 0, more = 0;
    enum stir_err err = stir_cert_write_pem(pem, sizeof(pem), &n, first);
    if (err == STIR_OK && second)
        err = stir_cert_write_pem(pem + n, sizeof(pem) - n, &more, second);
    return err == STIR_OK ? write_file(m, name, stir_slice_of(pem, n + more), STIR_FILE_PUBLIC)
                          : cli_fail(m->cli, CLI_CANNOT, "a certificate cannot be written");
}

static int make_folder(const struct making *m)
{
    if (mkdir(m->dir, 0700) == 0 || errno == EEXIST)
        return CLI_YES;
    return cli_fail(m->cli, CLI_CANNOT, "%s: %s", m->dir, strerror(errno));
}

/* The part of stir.conf that the keys are for. */
static int write_conf(const struct making *m)
{
    const char *crl = cli_get(m->cli, "--crl-url"), *issuer = cli_get(m->cli, "--crl-issuer"), *policy = cli_get(m->cli, "--policy");
    char text[3000];
    int n = snprintf(text, sizeof(text),
                     "# Made by stir ca init: put it into stir.conf and change what is in capital letters. stir.conf(5) explains every key.\n"
                     "[store]\nurl = /var/lib/stir/store.db\n\n"
                     "[ca]\nurl = https://CA.EXAMPLE.COM/acme\nkey = %s/ca.key\ncert = %s/ca.pem\n"
                     "# The policy administrator's root, from the administrator: nothing else says whose tokens are good.\npa-root = /etc/stir/pa-root.pem\n"
                     "token-hosts = PA.EXAMPLE.COM\n"
                     "# What each certificate says of its CRL, which the administrator signs.\ncrl-url = %s\ncrl-issuer = %s\npolicy = %s\n"
                     "# Chains are published here, for stir serve's own repository, or any web server: x5u of each order names it.\n"
                     "publish-dir = /var/lib/stir/cr\npublish-url = https://CR.EXAMPLE.COM/cr/\n"
                     "# Where revocations are reported, unless role pa is served from the same store.\n"
                     "#report-url = https://PA.EXAMPLE.COM/sti-pa/revocation\n#report-token = credential:report-token\n",
                     m->dir, m->dir, crl ? crl : ISSUE_CRL_URL, issuer ? issuer : ISSUE_CRL_ISSUER, policy ? policy : ISSUE_POLICY);
    return n > 0 && (size_t)n < sizeof(text) ? write_file(m, "ca.conf", stir_slice_of(text, (size_t)n), STIR_FILE_PUBLIC)
                                             : cli_fail(m->cli, CLI_CANNOT, "the names are too long");
}

/* --- certificates --- */

static struct stir_cert_params subject(const struct making *m, const char *cn)
{
    const char *country = cli_get(m->cli, "--country");
    struct stir_cert_params p = STIR_CERT_PARAMS_INIT;
    p.cn = stir_slice_str(cn);
    p.o = stir_slice_str(cli_get(m->cli, "--org"));
    p.c = stir_slice_str(country ? country : "US");
    p.not_before = m->now;
    return p;
}

static int make(const struct making *m, struct stir_cert **out, const struct stir_cert_params *p, struct stir_key *key)
{
    struct stir_diag diag = {0};
    struct stir_key_signer held = {key, m->ctx};
    const struct stir_signer signer = stir_signer_of_key(&held);
    enum stir_err err = stir_cert_make(out, p, &signer, &diag);
    return err == STIR_OK ? CLI_YES : cli_fail(m->cli, err == STIR_EVALUE ? CLI_USAGE : CLI_CANNOT, "%s", diag.text[0] ? diag.text : stir_err_text(err));
}

static int make_root(struct making *m)
{
    int64_t days;
    int status = cli_number(m->cli, "--root-days", ROOT_DAYS, 1, MAX_DAYS, &days);
    if (status != CLI_YES)
        return status;
    if (stir_key_generate(&m->root_key) != STIR_OK)
        return cli_fail(m->cli, CLI_CANNOT, "no key can be made");
    struct stir_cert_params p = subject(m, "SHAKEN ROOT");
    p.role = STIR_CERT_ROOT;
    p.not_after = m->now + days * DAY - 1;
    status = make(m, &m->root, &p, m->root_key);
    if (status == CLI_YES)
        status = write_key(m, "root.key", m->root_key);
    return status == CLI_YES ? write_certs(m, "root.pem", m->root, NULL) : status;
}

static int take_root(struct making *m)
{
    int status = cli_cert(m->cli, &m->root, cli_get(m->cli, "--root-cert"), CLI_CANNOT);
    return status == CLI_YES ? cli_key(m->cli, &m->root_key, "--root-key") : status;
}

static void set_points(const struct making *m, struct stir_cert_params *p)
{
    const char *crl = cli_get(m->cli, "--crl-url"), *issuer = cli_get(m->cli, "--crl-issuer"), *policy = cli_get(m->cli, "--policy");
    p->policy = stir_slice_str(policy ? policy : ISSUE_POLICY);
    if (cli_has(m->cli, "--no-crl"))
        return;
    p->crl_url = stir_slice_str(crl ? crl : ISSUE_CRL_URL);
    p->crl_issuer = stir_slice_str(issuer ? issuer : ISSUE_CRL_ISSUER);
}

static int make_issuing(struct making *m)
{
    int64_t days, end = stir_cert_info(m->root)->not_after;
    struct stir_cert_params p = subject(m, "SHAKEN Issuing CA");
    int status = cli_number(m->cli, "--days", CA_DAYS, 1, MAX_DAYS, &days);
    if (status != CLI_YES)
        return status;
    p.role = STIR_CERT_INTERMEDIATE;
    p.path_len = cli_has(m->cli, "--delegates");
    p.key = m->key;
    p.issuer = m->root;
    p.not_after = m->now + days * DAY - 1;
    if (p.not_after > end && !cli_has(m->cli, "--days"))
        p.not_after = end;
    set_points(m, &p);
    status = make(m, &m->cert, &p, m->root_key);
    return status == CLI_YES ? write_certs(m, "ca.pem", m->cert, m->root) : status;
}

/* --- with the root's key elsewhere --- */

static int make_request(struct making *m)
{
    char pem[STIR_MAX_CERT * 3 / 2];
    struct stir_csr *csr = NULL;
    struct stir_diag diag = {0};
    size_t n = 0;
    struct stir_key_signer held = {m->key, m->ctx};
    const struct stir_signer signer = stir_signer_of_key(&held);
    struct stir_cert_params p = subject(m, "SHAKEN Issuing CA");
    p.role = STIR_CERT_INTERMEDIATE;
    enum stir_err err = stir_csr_make(&csr, &p, &signer, &diag);
    if (err == STIR_OK)
        err = stir_csr_write_pem(pem, sizeof(pem), &n, csr);
    stir_csr_free(csr);
    if (err != STIR_OK)
        return cli_fail(m->cli, err == STIR_EVALUE ? CLI_USAGE : CLI_CANNOT, "%s", diag.text[0] ? diag.text : stir_err_text(err));
    return write_file(m, "ca.csr", stir_slice_of(pem, n), STIR_FILE_PUBLIC);
}

static int read_own_key(struct making *m)
{
    char path[PATH_BYTES];
    struct stir_slice pem = {NULL, 0};
    struct stir_diag diag = {0};
    int status = path_of(m, path, "ca.key");
    if (status == CLI_YES)
        status = cli_file(m->cli, stir_file_read(&pem, path, STIR_MAX_KEY_PEM, true), path);
    if (status != CLI_YES)
        return status;
    enum stir_err err = stir_key_from_pem(&m->key, pem, NULL, NULL, &diag);
    stir_file_free(&pem);
    return err == STIR_OK ? CLI_YES : cli_fail(m->cli, CLI_CANNOT, "%s: %s", path, diag.text[0] ? diag.text : stir_err_text(err));
}

/* What came back: the certificate of our key, what signed it behind it. */
static int check_chain(const struct making *m, struct stir_cert *const *chain, size_t n, const char *file)
{
    const struct stir_cert_info *info = stir_cert_info(chain[0]);
    if (!stir_cert_key(chain[0]) || !stir_key_same_public(stir_cert_key(chain[0]), m->key))
        return cli_fail(m->cli, CLI_NO, "%s: the first certificate is not of %s/ca.key", file, m->dir);
    if (info->basic_constraints != STIR_PART_GOOD || !info->is_ca || !(info->key_usage_bits & STIR_KU_KEY_CERT_SIGN))
        return cli_fail(m->cli, CLI_NO, "%s: %s is no certificate authority's (basicConstraints cA, keyUsage keyCertSign)", file, info->subject);
    for (size_t i = 0; i + 1 < n; i++)
        if (stir_cert_signed_by(chain[i], chain[i + 1]) != STIR_OK)
            return cli_fail(m->cli, CLI_NO, "%s: certificate %zu is not signed by the next; the issuing one stands first, then what signed it", file, i + 1);
    return CLI_YES;
}

static int take_certificate(struct making *m)
{
    const char *file = cli_get(m->cli, "--cert");
    struct stir_slice text = {NULL, 0};
    struct stir_cert *chain[STIR_MAX_CHAIN];
    struct stir_diag diag = {0};
    size_t n = 0;
    int status = read_own_key(m);
    if (status == CLI_YES)
        status = cli_read(m->cli, &text, file, STIR_MAX_PEM, CLI_NO);
    if (status != CLI_YES)
        return status;
    enum stir_err err = stir_certs_parse(chain, STIR_MAX_CHAIN, &n, text, &diag);
    status = err == STIR_OK ? check_chain(m, chain, n, file) : cli_fail(m->cli, CLI_NO, "%s: %s", file, diag.text[0] ? diag.text : stir_err_text(err));
    for (size_t i = 0; err == STIR_OK && i < n; i++)
        stir_cert_free(chain[i]);
    if (status == CLI_YES)
        status = write_file(m, "ca.pem", text, STIR_FILE_PUBLIC);
    stir_file_free(&text);
    return status;
}

/* --- the ways --- */

static int begin(struct making *m)
{
    int status = make_folder(m);
    if (status != CLI_YES)
        return status;
    if (stir_key_generate(&m->key) != STIR_OK)
        return cli_fail(m->cli, CLI_CANNOT, "no key can be made");
    return write_key(m, "ca.key", m->key);
}

static int make_all(struct making *m)
{
    bool existing = cli_has(m->cli, "--root-cert");
    int status = existing ? take_root(m) : CLI_YES; /* before anything is written */
    if (status == CLI_YES)
        status = begin(m);
    if (status == CLI_YES && !existing)
        status = make_root(m);
    return status == CLI_YES ? make_issuing(m) : status;
}

static int check_words(const struct cli *cli)
{
    bool csr = cli_has(cli, "--csr"), cert = cli_has(cli, "--cert"), key = cli_has(cli, "--root-key");
    if (key != cli_has(cli, "--root-cert"))
        return cli_fail(cli, CLI_USAGE, "--root-key and --root-cert belong together");
    if (csr + cert + key > 1)
        return cli_fail(cli, CLI_USAGE, "--csr, --cert and --root-key are three ways to one issuing certificate; give one of them");
    if (!cert && !cli_has(cli, "--org"))
        return cli_fail(cli, CLI_USAGE, "--org is missing: the organisation that certificates name");
    if (cli_has(cli, "--no-crl") && (cli_has(cli, "--crl-url") || cli_has(cli, "--crl-issuer")))
        return cli_fail(cli, CLI_USAGE, "--no-crl and --crl-url contradict each other");
    if (cli_has(cli, "--crl-url") != cli_has(cli, "--crl-issuer"))
        return cli_fail(cli, CLI_USAGE, "--crl-url and --crl-issuer belong together");
    return CLI_YES;
}

static void tell(const struct making *m)
{
    const char *dir = m->dir;
    if (m->cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("dir", dir);
        cli_json_bool("ready", !cli_has(m->cli, "--csr"));
        cli_json_end('}');
        cli_json_done();
    } else if (cli_has(m->cli, "--csr")) {
        printf("%s/ca.csr is to be signed where the root's key is, as an intermediate certificate; then: stir ca init --cert FILE %s\n", dir, dir);
    } else {
        printf("%s/ca.key and %s/ca.pem issue; %s/ca.conf is what stir.conf needs\n", dir, dir, dir);
        if (!cli_has(m->cli, "--root-cert") && !cli_has(m->cli, "--cert"))
            printf("%s/root.key is needed to renew ca.pem and for nothing else: keep it offline\n", dir);
    }
}

static int run(struct cli *cli)
{
    struct making m = {.cli = cli, .dir = cli->operand[0], .now = cli_now()};
    int status = check_words(cli);
    if (status != CLI_YES)
        return status;
    if (stir_es256_ctx_new(&m.ctx) != STIR_OK)
        return cli_fail(cli, CLI_CANNOT, "out of memory");
    if (cli_has(cli, "--cert"))
        status = take_certificate(&m);
    else if (cli_has(cli, "--csr"))
        status = (status = begin(&m)) == CLI_YES ? make_request(&m) : status;
    else
        status = make_all(&m);
    if (status == CLI_YES && !cli_has(cli, "--csr"))
        status = write_conf(&m);
    if (status == CLI_YES)
        tell(&m);
    clear(&m);
    return status;
}

const struct cli_command cmd_ca_init = {"ca", "init", "DIR", 1, 1, "keys and certificates of a certificate authority", options, run};
