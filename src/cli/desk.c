#include "cli/desk.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/conf.h"
#include "io/privilege.h"
#include "service/schema.h"

int desk_read(const struct cli *cli, struct cli_desk *desk)
{
    struct conf_said faults = {NULL, 0, 0};
    const char *conf = cli_get(cli, "--conf");
    *desk = (struct cli_desk){.now = cli_now()};
    if (!conf == !cli_has(cli, "--store"))
        return cli_fail(cli, CLI_USAGE, "--conf FILE or --store WHERE says which store it is: one of the two");
    if (!conf)
        return CLI_YES;
    int status = conf_read(&desk->conf, conf, &faults);
    if (status != CLI_YES)
        status = cli_fail(cli, status, "%.*s%s%s", faults.text ? (int)strcspn(faults.text, "\n") : 0, faults.text ? faults.text : "",
                          faults.lines > 1 ? "; more is wrong: stir conf check " : "", faults.lines > 1 ? conf : "");
    else if (!desk->conf->store.url[0])
        status = cli_fail(cli, CLI_NO, "%s: has no [store] url", conf);
    conf_said_free(&faults);
    return status;
}

void desk_actor(char *actor, size_t cap)
{
    const struct passwd *user = getpwuid(getuid());
    const char *sudo = getuid() == 0 ? getenv("SUDO_USER") : NULL;
    char id[24];
    snprintf(id, sizeof(id), "%lu", (unsigned long)getuid());
    if (sudo && sudo[0] && strlen(sudo) <= 32)
        snprintf(actor, cap, "user %s by sudo", sudo);
    else
        snprintf(actor, cap, "user %.64s", user ? user->pw_name : id);
}

/* The file of a store of SQLite; NULL: it is a database of PostgreSQL. */
static const char *file_of(const char *where)
{
    if (strncmp(where, "postgresql:", 11) == 0 || strncmp(where, "postgres:", 9) == 0)
        return NULL;
    return strncmp(where, "sqlite:", 7) == 0 ? where + 7 : where;
}

static int become_owner(const struct cli *cli, const struct cli_desk *desk, const char *where)
{
    struct stat st;
    struct stir_diag diag = {0};
    const char *file = file_of(where), *user = desk->conf ? desk->conf->server.user : "", *group = desk->conf ? desk->conf->server.group : "";
    if (geteuid() != 0 || !file)
        return CLI_YES;
    if (stat(file, &st) == 0) {
        const struct passwd *owner = getpwuid(st.st_uid);
        if (st.st_uid == 0 || !owner)
            return CLI_YES;
        user = owner->pw_name;
        group = "";
    }
    if (!user[0] || strcmp(user, "root") == 0)
        return CLI_YES;
    return stir_privilege_drop(user, group, &diag) == STIR_OK ? CLI_YES : cli_fail(cli, CLI_CANNOT, "%s", diag.text);
}

int desk_open(const struct cli *cli, struct cli_desk *desk, bool create)
{
    struct stir_diag diag = {0};
    const char *where = desk->conf ? desk->conf->store.url : cli_get(cli, "--store");
    desk_actor(desk->actor, sizeof(desk->actor));
    int status = become_owner(cli, desk, where);
    if (status != CLI_YES)
        return status;
    stir_clerk_node(desk->node, desk->conf ? desk->conf->store.node : "");
    desk->clerk.node = desk->node;
    enum stir_err err = stir_es256_ctx_new(&desk->clerk.ctx);
    if (err == STIR_OK)
        err = stir_store_open(&desk->clerk.store, where, &stir_schema, create, &diag);
    if (err == STIR_OK)
        return CLI_YES;
    return cli_fail(cli, CLI_CANNOT, "%s", diag.text[0] ? diag.text : stir_err_text(err));
}

void desk_close(struct cli_desk *desk)
{
    stir_store_close(desk->clerk.store);
    stir_es256_ctx_free(desk->clerk.ctx);
    stir_config_free(desk->conf);
    *desk = (struct cli_desk){.now = 0};
}

int desk_failed(const struct cli *cli, enum stir_err err, const struct stir_diag *diag)
{
    bool answer = err == STIR_EVALUE || err == STIR_EEXISTS || err == STIR_ENOTFOUND || err == STIR_EMISMATCH;
    return cli_fail(cli, answer ? CLI_NO : CLI_CANNOT, "%s", diag->text[0] ? diag->text : stir_err_text(err));
}
