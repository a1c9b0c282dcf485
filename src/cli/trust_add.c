/* A new trust domain: its settings, written and held against their own reader, and its administrator's root. What it trusts comes with stir trust update. */
#include "cli/trust_dir.h"
#include "io/trust_keep.h"

#include <string.h>
#include <unistd.h>

#include "core/bytes.h"

static const struct cli_option options[] = {
    {"--domain", CLI_VALUE, "NAME", "the new domain; default \"default\"", false},
    {"--pa-root", CLI_VALUE, "FILE", "the policy administrator's root, PEM: the one thing that is believed", false},
    {"--preset", CLI_VALUE, "us|ca", "begin with what is public of this country's administrator", false},
    {"--pa-url", CLI_VALUE, "URL", "base of the administrator's interface, before /api/v1/", false},
    {"--login-file", CLI_VALUE, "PATH", "a file of mode 0600 with the lines user = NAME and password = WORD", false},
    {"--login-env", CLI_VALUE, "NAME", "instead: an environment variable that holds NAME:WORD", false},
    {"--crl-url", CLI_MANY, "URL", "where the administrator publishes its revocation list", false},
    {"--crl-host", CLI_MANY, "HOST", "a host whose distribution points may be asked, too; with :8443 when that is the port", false},
    {"--policy-oid", CLI_MANY, "OID", "a certificate policy that the domain accepts", false},
    {"--spc-length", CLI_VALUE, "N|N-M", "characters of a service provider code", false},
    {"--country", CLI_MANY, "CC", "a country code whose numbers the domain vouches for; none: any", false},
    {"--list-grace", CLI_VALUE, "SPAN", "how long an expired list of CAs is used on; 72h", false},
    {"--crl-grace", CLI_VALUE, "SPAN", "how long an expired revocation list is used on; 24h", false},
    {"--list-refresh", CLI_VALUE, "SPAN", "after how long the list of CAs is asked for again; 12h", false},
    {"--crl-refresh", CLI_VALUE, "SPAN", "after how long revocation lists are asked for again; 1h", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

/* Only what is public: the interface's base is told to its account holders, and no country code stands here, because a domain signs for foreign callers at its
 * gateways. */
static const struct {
    const char *name, *text;
} presets[] = {
    {"us", "crl-url = https://authenticate-api.iconectiv.com/download/v1/crl\n"
           "policy-oid = 2.16.840.1.114569.1.1.1\n"
           "policy-oid = 2.16.840.1.114569.1.1.2\n"
           "policy-oid = 2.16.840.1.114569.1.1.3\n"
           "policy-oid = 2.16.840.1.114569.1.1.4\n"},
    {"ca", "spc-length = 4\n"},
};

enum { CONF = 16384 };

static int put_preset(const struct cli *cli, struct stir_writer *w)
{
    const char *preset = cli_get(cli, "--preset");
    for (size_t i = 0; preset && i < sizeof(presets) / sizeof(presets[0]); i++)
        if (strcmp(preset, presets[i].name) == 0) {
            stir_put_text(w, presets[i].text);
            return CLI_YES;
        }
    return preset ? cli_fail(cli, CLI_USAGE, "--preset \"%s\" is none of us, ca", preset) : CLI_YES;
}

/* Each option but the first three is a setting of its name. */
static void put_settings(const struct cli *cli, struct stir_writer *w)
{
    for (const struct cli_option *o = options + 3; o->name; o++)
        for (size_t i = 0; i < cli_all(cli, o->name); i++)
            stir_put_format(w, "%s = %s\n", o->name + 2, cli_nth(cli, o->name, i));
}

struct faults {
    const struct cli *cli;
    int status;
};

static void say(void *arg, size_t line, const char *what)
{
    struct faults *f = arg;
    (void)line;
    if (f->status == CLI_YES)
        f->status = cli_fail(f->cli, CLI_USAGE, "%s", what);
}

static int write_conf(const struct cli *cli, char *text, size_t *n)
{
    struct stir_trust_settings settings;
    struct faults faults = {cli, CLI_YES};
    struct stir_writer w = stir_writer_of(text, CONF - 1);
    stir_put_text(&w, "# Settings of a trust domain: stir(1), SETTINGS OF A DOMAIN.\n");
    int status = put_preset(cli, &w);
    if (status != CLI_YES)
        return status;
    put_settings(cli, &w);
    if (stir_writer_close(&w, n) != STIR_OK)
        return cli_fail(cli, CLI_USAGE, "more settings than a domain can have");
    (void)stir_trust_settings_read(&settings, stir_slice_of(text, *n), say, &faults);
    if (faults.status == CLI_YES && settings.pa_url[0] && !cli_has(cli, "--pa-root"))
        return cli_fail(cli, CLI_USAGE, "--pa-url needs --pa-root FILE: a list is believed for its administrator's root");
    return faults.status;
}

static int read_root(const struct cli *cli, struct stir_slice *root)
{
    if (!cli_has(cli, "--pa-root"))
        return CLI_YES;
    int status = cli_read(cli, root, cli_get(cli, "--pa-root"), STIR_MAX_PEM, CLI_NO);
    bool good = false;
    if (status == CLI_YES && stir_trust_has_root(&good, *root) != STIR_OK)
        status = cli_fail(cli, CLI_CANNOT, "out of memory");
    else if (status == CLI_YES && !good)
        status = cli_fail(cli, CLI_NO, "%s: holds no root, a certificate that signed itself", cli_get(cli, "--pa-root"));
    return status;
}

static int keep(const struct cli *cli, struct stir_trust_folder *folder, struct stir_slice conf, struct stir_slice root)
{
    struct stir_diag diag = {0};
    if (stir_trust_folder_written(folder, STIR_TRUST_FILE_SETTINGS))
        return cli_fail(cli, CLI_NO, "%s/" STIR_TRUST_FILE_SETTINGS " is there already: edit it", folder->path);
    enum stir_err err = root.p ? stir_trust_folder_write(folder, STIR_TRUST_FILE_PA_ROOT, root, &diag) : STIR_OK;
    if (err == STIR_OK)
        err = stir_trust_folder_write(folder, STIR_TRUST_FILE_SETTINGS, conf, &diag);
    if (err != STIR_OK)
        return trust_failed(cli, err, &diag, NULL, CLI_CANNOT);
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("domain", folder->name);
        cli_json_str("file", STIR_TRUST_FILE_SETTINGS);
        cli_json_end('}');
        cli_json_done();
    } else {
        printf("%s: %s/" STIR_TRUST_FILE_SETTINGS " written\n", folder->name, folder->path);
    }
    return CLI_YES;
}

static int run(struct cli *cli)
{
    struct stir_trust_folder folder = {.lock = -1};
    struct stir_slice root = {NULL, 0};
    const char *name = NULL;
    char conf[CONF];
    size_t n = 0;
    int status = trust_name(cli, &name);
    if (status == CLI_YES)
        status = write_conf(cli, conf, &n);
    if (status == CLI_YES)
        status = read_root(cli, &root);
    if (status == CLI_YES)
        status = trust_hold(cli, &folder, cli->operand[0], name);
    if (status == CLI_YES)
        status = keep(cli, &folder, stir_slice_of(conf, n), root);
    stir_trust_folder_release(&folder);
    stir_file_free(&root);
    return status;
}

const struct cli_command cmd_trust_add = {"trust", "add", "DIR", 1, 1, "make a trust domain: its settings and its administrator's root", options, run};
