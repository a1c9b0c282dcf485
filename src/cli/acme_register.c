/* stir acme register: a folder with acme.conf, and an account with the authority. */
#include "cli/acme.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/json.h"
#include "service/acme_settings.h"

enum { GIVEN_MAX = 64, MAC_MAX = 1024 };

/* Those that stand for a key of acme.conf have its name. */
static const struct cli_option options[] = {
    {"--directory", CLI_VALUE, "URL", "the authority's ACME directory", false},
    {"--ca-root", CLI_VALUE, "FILE", "PEM of TLS roots instead of the system's", false},
    {"--contact", CLI_VALUE, "MAILTO", "whom the authority may write to: mailto:stir@provider.example", false},
    {"--spc", CLI_VALUE, "CODE", "the service provider code: 709J", false},
    {"--tnauth", CLI_VALUE, "BASE64URL", "any TNAuthList instead", false},
    {"--org", CLI_VALUE, "NAME", "O of the certificate: the legal name", false},
    {"--country", CLI_VALUE, "CC", "C of the certificate: US", false},
    {"--pa-url", CLI_VALUE, "URL", "the policy administrator that gives SPC tokens", false},
    {"--pa-account", CLI_VALUE, "ID", "the account there", false},
    {"--pa-user", CLI_VALUE, "NAME", "who logs in there", false},
    {"--pa-password-file", CLI_VALUE, "FILE", "the password on its first line, 0600", false},
    {"--token-file", CLI_VALUE, "FILE", "the SPC token stands there, instead of an administrator", false},
    {"--token-hook", CLI_VALUE, "PROGRAM", "a program whose first line of output is the SPC token", false},
    {"--x5u-base", CLI_VALUE, "URL", "where certificates will be served, when the authority does not say", false},
    {"--publish-dir", CLI_VALUE, "DIR", "chains are copied there as SERIAL.pem", false},
    {"--deploy-hook", CLI_VALUE, "PROGRAM", "run when a new certificate is in use", false},
    {"--reload", CLI_VALUE, "PATH", "control socket or stir.conf of a stir serve that is asked to reload", false},
    {"--set", CLI_MANY, "KEY=VALUE", "any other key of acme.conf: stir-acme(1)", false},
    {"--agree", CLI_FLAG, NULL, "agree to the authority's terms of service", false},
    {"--eab-kid", CLI_VALUE, "ID", "external account binding: the key's id, as the authority gave it", false},
    {"--eab-key-file", CLI_VALUE, "FILE", "and the key, base64url on the first line, 0600", false},
    CLI_ACME_VERBOSE,
    {NULL, CLI_FLAG, NULL, NULL, false},
};

struct given {
    struct stir_acme_given pair[GIVEN_MAX];
    char *copies[GIVEN_MAX]; /* of the keys in KEY=VALUE, and of paths made whole */
    size_t n, n_copies;
};

static bool is_key(const char *name)
{
    const char *what;
    for (size_t i = 0; stir_acme_settings_key(i, &what); i++)
        if (strcmp(stir_acme_settings_key(i, &what), name) == 0)
            return true;
    return false;
}

static int split(const struct cli *cli, struct given *g, const char *pair)
{
    size_t n = strcspn(pair, "=");
    char *key = strndup(pair, n);
    if (!key)
        return cli_fail(cli, CLI_CANNOT, "out of memory");
    g->copies[g->n_copies++] = key;
    while (n && key[n - 1] == ' ')
        key[--n] = '\0';
    const char *value = strchr(pair, '=');
    if (!value || !is_key(key))
        return cli_fail(cli, CLI_USAGE, "--set %s: no KEY=VALUE with a key of acme.conf; stir-acme(1) lists them", pair);
    g->pair[g->n++] = (struct stir_acme_given){key, value + 1 + strspn(value + 1, " ")};
    return CLI_YES;
}

/* acme.conf takes paths from its own folder; on a command line they are meant from where one stands. */
static bool is_path(const char *option)
{
    static const char *const paths[] = {"--ca-root", "--pa-password-file", "--token-file", "--publish-dir", "--reload"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
        if (strcmp(paths[i], option) == 0)
            return true;
    return false;
}

static const char *whole_path(struct given *g, const char *path)
{
    char here[4096], whole[8192];
    if (path[0] == '/' || !path[0] || !getcwd(here, sizeof(here)))
        return path;
    snprintf(whole, sizeof(whole), "%s/%.4000s", here, path);
    char *copy = strdup(whole);
    if (copy)
        g->copies[g->n_copies++] = copy;
    return copy;
}

static int collect(const struct cli *cli, struct given *g)
{
    int status = CLI_YES;
    for (const struct cli_option *o = options; o->name; o++) {
        if (o->kind != CLI_VALUE || !is_key(o->name + 2) || !cli_has(cli, o->name))
            continue;
        const char *value = is_path(o->name) ? whole_path(g, cli_get(cli, o->name)) : cli_get(cli, o->name);
        if (!value)
            return cli_fail(cli, CLI_CANNOT, "out of memory");
        g->pair[g->n++] = (struct stir_acme_given){o->name + 2, value};
    }
    for (size_t i = 0; status == CLI_YES && i < cli_all(cli, "--set"); i++)
        status = g->n < GIVEN_MAX ? split(cli, g, cli_nth(cli, "--set", i)) : cli_fail(cli, CLI_USAGE, "--set stands too often");
    return status;
}

/* What would be written is read first: nothing that is wrong reaches the file. */
static int write_conf(const struct cli *cli, const char *path, const char *dir, const struct given *g)
{
    struct stir_acme_settings settings;
    struct stir_arena arena = {NULL, 0, 0};
    struct stir_diag diag = {0};
    char *text = stir_acme_settings_write(g->pair, g->n);
    if (!text)
        return cli_fail(cli, CLI_CANNOT, "out of memory");
    enum stir_err err = stir_acme_settings_read(&settings, stir_slice_str(text), path, dir, &arena, &diag);
    stir_arena_clear(&arena);
    int status =
        err == STIR_OK ? cli_file(cli, stir_file_write(path, stir_slice_str(text), STIR_FILE_PUBLIC), path) : cli_fail(cli, CLI_USAGE, "%s", diag.text);
    free(text);
    return status;
}

static int make_folder(const struct cli *cli, const char *dir)
{
    char path[4096];
    struct stat st;
    struct given g = {.n = 0};
    snprintf(path, sizeof(path), "%.4000s/%s", dir, STIR_ACME_CONF);
    int status = collect(cli, &g);
    const bool there = stat(path, &st) == 0;
    if (status == CLI_YES && there && g.n)
        status = cli_fail(cli, CLI_USAGE, "%s is there already: change it in an editor, and register without these options", path);
    if (status == CLI_YES && !there && mkdir(dir, 0700) != 0 && errno != EEXIST)
        status = cli_fail(cli, CLI_CANNOT, "%s cannot be made: %s", dir, strerror(errno));
    if (status == CLI_YES && !there)
        status = write_conf(cli, path, dir, &g);
    for (size_t i = 0; i < g.n_copies; i++)
        free(g.copies[i]);
    return status;
}

static int read_mac(const struct cli *cli, struct stir_slice *file, unsigned char *mac, size_t *n)
{
    const char *path = cli_get(cli, "--eab-key-file");
    int status = cli_file(cli, stir_file_read(file, path, MAC_MAX, true), path);
    struct stir_slice text = status == CLI_YES ? cli_trim(cli_first_line(*file)) : (struct stir_slice){NULL, 0};
    while (text.n && text.p[text.n - 1] == '=')
        text.n--;
    if (status == CLI_YES && (!text.n || stir_b64url_decode(mac, n, text) != STIR_OK))
        status = cli_fail(cli, CLI_CANNOT, "%s: its first line is no base64url", path);
    return status;
}

static int enrol(const struct cli *cli, const char *dir, struct stir_slice mac)
{
    struct stir_acme *acme = NULL;
    struct stir_diag diag = {0};
    int status = acme_open(cli, &acme, dir);
    if (status != CLI_YES)
        return status;
    status = acme_end(cli, dir, stir_acme_register(acme, cli_has(cli, "--agree"), stir_slice_str(cli_get(cli, "--eab-kid")), mac, &diag), &diag);
    if (status == CLI_YES && cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_bool("registered", true);
        cli_json_str("dir", dir);
        cli_json_end('}');
        cli_json_done();
    } else if (status == CLI_YES) {
        printf("%s: registered; stir acme obtain %s gets a certificate\n", dir, dir);
    }
    stir_acme_free(acme);
    return status;
}

static int run(struct cli *cli)
{
    const char *dir = cli->operand[0];
    struct stir_slice file = {NULL, 0}, mac = {NULL, 0};
    unsigned char bytes[MAC_MAX];
    size_t n = 0;
    int status = CLI_YES;
    if (cli_has(cli, "--eab-kid") != cli_has(cli, "--eab-key-file"))
        return cli_fail(cli, CLI_USAGE, "--eab-kid and --eab-key-file go together");
    if (cli_has(cli, "--eab-kid"))
        status = read_mac(cli, &file, bytes, &n);
    if (n)
        mac = stir_slice_of(bytes, n);
    status = status == CLI_YES ? make_folder(cli, dir) : status;
    status = status == CLI_YES ? enrol(cli, dir, mac) : status;
    OPENSSL_cleanse(bytes, sizeof(bytes));
    stir_file_free(&file);
    return status;
}

const struct cli_command cmd_acme_register = {
    "acme", "register", "DIR", 1, 1, "make an account with a certificate authority, and its folder DIR with acme.conf", options, run};
