/* stir acme obtain, renew: a certificate now, or when it is due. */
#include "cli/acme.h"

#include <unistd.h>

#include "io/dir.h"
#include "service/acme_settings.h"

enum { FOLDERS_MAX = 10000, PATH_ROOM = 4096 };

static const struct cli_option obtain_options[] = {
    {"--force", CLI_FLAG, NULL, "begin a new order, even where one is under way", false},
    CLI_ACME_VERBOSE,
    {NULL, CLI_FLAG, NULL, NULL, false},
};

static const struct cli_option renew_options[] = {
    {"--force", CLI_FLAG, NULL, "also what is not due yet", false},
    {"--dry-run", CLI_FLAG, NULL, "say what would be done, and ask nobody", false},
    {"--at", CLI_VALUE, "TIME", "as if it were that time", false},
    CLI_ACME_VERBOSE,
    {NULL, CLI_FLAG, NULL, NULL, false},
};

static int obtain(struct cli *cli)
{
    struct stir_acme *acme = NULL;
    struct stir_diag diag = {0};
    const char *dir = cli->operand[0];
    int status = acme_open(cli, &acme, dir);
    if (status != CLI_YES)
        return status;
    status = acme_end(cli, dir, stir_acme_obtain(acme, cli_has(cli, "--force"), &diag), &diag);
    if (status == CLI_YES) {
        if (cli->json)
            cli_json_begin(NULL, '{');
        status = acme_show_current(cli, acme, dir);
        if (cli->json && status == CLI_YES) {
            cli_json_end('}');
            cli_json_done();
        }
    }
    stir_acme_free(acme);
    return status;
}

/* ---- renew ---- */

static void say(const struct cli *cli, const char *dir, const char *what, int64_t due, const char *detail)
{
    char at[21];
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("dir", dir);
        cli_json_str("end", what);
        if (due)
            cli_json_time("renewal_due", due);
        cli_json_str("detail", detail);
        cli_json_end('}');
        return;
    }
    printf("%s: %s", dir, what);
    if (due)
        printf("; to be renewed from %s on", acme_time(at, due));
    printf("\n");
}

/* Errors of one folder do not keep the others from being renewed. */
static int renew_one(struct cli *cli, const char *dir, int64_t now)
{
    struct stir_acme *acme = NULL;
    struct stir_diag diag = {0};
    struct cli plain = *cli; /* with --json, faults stand in the list */
    plain.json = false;
    int status = acme_open(&plain, &acme, dir);
    if (status != CLI_YES) {
        if (cli->json)
            say(cli, dir, "failed", 0, "acme.conf or the folder cannot be used");
        return status;
    }
    const int64_t due = stir_acme_due(acme);
    const bool wanted = cli_has(cli, "--force") || due <= now || stir_acme_is_under_way(acme);
    if (!wanted || cli_has(cli, "--dry-run")) {
        say(cli, dir, wanted ? "would be renewed now" : "is not due", due, NULL);
    } else {
        status = acme_end(&plain, dir, stir_acme_obtain(acme, due > now && cli_has(cli, "--force") && !stir_acme_is_under_way(acme), &diag), &diag);
        if (status == CLI_YES || cli->json)
            say(cli, dir, status == CLI_YES ? "renewed" : "failed", stir_acme_due(acme), status == CLI_YES ? NULL : diag.text);
    }
    stir_acme_free(acme);
    return status;
}

static bool has_conf(const char *dir)
{
    char path[PATH_ROOM];
    int n = snprintf(path, sizeof(path), "%s/%s", dir, STIR_ACME_CONF);
    return n > 0 && n < (int)sizeof(path) && access(path, F_OK) == 0;
}

/* One folder, or each one in it: what a timer is given. */
static int renew_below(struct cli *cli, const char *dir, int64_t now)
{
    struct stir_listing names = {NULL, 0};
    char path[PATH_ROOM];
    int worst = CLI_YES;
    if (has_conf(dir) || stir_dir_list(&names, dir, NULL, FOLDERS_MAX) != STIR_FILE_OK)
        return renew_one(cli, dir, now);
    size_t found = 0;
    for (size_t i = 0; i < names.n; i++) {
        int n = snprintf(path, sizeof(path), "%s/%s", dir, names.name[i]);
        if (n <= 0 || n >= (int)sizeof(path) || !has_conf(path))
            continue;
        int status = renew_one(cli, path, now);
        worst = status > worst ? status : worst;
        found++;
    }
    stir_listing_free(&names);
    return found ? worst : renew_one(cli, dir, now); /* whose words are the right ones */
}

static int renew(struct cli *cli)
{
    int64_t now;
    int worst = cli_time(cli, "--at", cli_now(), &now);
    if (worst != CLI_YES)
        return worst;
    if (cli_has(cli, "--at") && !cli_has(cli, "--dry-run"))
        return cli_fail(cli, CLI_USAGE, "--at goes with --dry-run: an authority has its own clock");
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_begin("folders", '[');
    }
    for (size_t i = 0; i < cli->n_operands; i++) {
        int status = renew_below(cli, cli->operand[i], now);
        worst = status > worst ? status : worst;
    }
    if (cli->json) {
        cli_json_end(']');
        cli_json_bool("good", worst == CLI_YES);
        cli_json_end('}');
        cli_json_done();
    }
    return worst;
}

const struct cli_command cmd_acme_obtain = {"acme",         "obtain", "DIR", 1, 1, "get a certificate now, or go on with the order that is under way",
                                            obtain_options, obtain};
const struct cli_command cmd_acme_renew = {
    "acme", "renew", "DIR...", 1, CLI_MAX_WORDS, "renew the certificates that are due, of folders and folders of them: for a timer", renew_options, renew};
