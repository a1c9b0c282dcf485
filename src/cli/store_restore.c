/* stir store restore: a backup becomes the store, when everything in it holds. */
#include "cli/store.h"

#include "io/clock.h"
#include "io/store_restore.h"
#include "service/audit.h"
#include "service/schema.h"

static const struct cli_option options[] = {
    CLI_DESK_OPTIONS,
    {"--force", CLI_FLAG, NULL, "replace a store that is there, which is kept under another name", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

struct noting {
    const char *node, *actor, *file;
};

/* Whoever reads the log sees where its rows stop being all that were. */
static enum stir_err note(struct stir_store *store, void *arg)
{
    const struct noting *n = arg;
    const struct stir_audit_entry entry = {"store restored", n->actor, n->file, ""};
    return stir_audit_add(store, n->node, stir_clock_unix_ms(), &entry);
}

/* Look at the copy, under its own name, and note in it what is being done. */
static int look_at(const struct cli *cli, const struct stir_store_restore *restore, const struct noting *noting)
{
    struct stir_store *store = NULL;
    struct stir_diag diag = {0};
    enum stir_err err = stir_store_open(&store, restore->temporary, &stir_schema, false, &diag);
    int status = err == STIR_OK ? store_look(cli, store) : CLI_NO;
    if (err == STIR_OK && status == CLI_YES)
        err = stir_store_transact(store, note, (struct noting *)(uintptr_t)noting, &diag);
    stir_store_close(store);
    if (err == STIR_OK)
        return status;
    if (cli->json)
        cli_json_str("error", diag.text);
    else
        (void)cli_fail(cli, CLI_NO, "%s", diag.text);
    return CLI_NO;
}

static int place(const struct cli *cli, struct stir_store_restore *restore)
{
    struct stir_diag diag = {0};
    if (stir_store_restore_place(restore, &diag) != STIR_OK) {
        if (cli->json)
            cli_json_str("error", diag.text);
        else
            (void)cli_fail(cli, CLI_CANNOT, "%s", diag.text);
        return CLI_CANNOT;
    }
    if (cli->json)
        cli_json_str("kept", restore->kept[0] ? restore->kept : NULL);
    else if (restore->kept[0])
        printf("%s is restored; what was there is %s\n", restore->target, restore->kept);
    else
        printf("%s is restored\n", restore->target);
    return CLI_YES;
}

static int restore_copy(const struct cli *cli, struct stir_store_restore *restore, const struct noting *noting)
{
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("store", restore->target);
    }
    int status = look_at(cli, restore, noting);
    if (status == CLI_YES)
        status = place(cli, restore);
    else if (!cli->json)
        printf("nothing was changed\n");
    if (cli->json) {
        cli_json_bool("restored", status == CLI_YES);
        cli_json_end('}');
        cli_json_done();
    }
    stir_store_restore_drop(restore);
    return status;
}

static int restore_file(const struct cli *cli, const struct cli_desk *desk, const char *file)
{
    struct stir_store_restore restore;
    struct stir_diag diag = {0};
    char node[STIR_CLERK_NODE], actor[sizeof(desk->actor)];
    const struct noting noting = {node, actor, file};
    const char *target = stir_store_path(store_where(cli, desk));
    if (!target)
        return cli_fail(cli, CLI_USAGE, "a PostgreSQL store is restored by its own program: pg_restore --clean --if-exists --dbname=URL FILE");
    stir_clerk_node(node, desk->conf ? desk->conf->store.node : "");
    desk_actor(actor, sizeof(actor));
    enum stir_err err = stir_store_restore_copy(&restore, target, file, cli_has(cli, "--force"), store_progress, NULL, &diag);
    store_progress_end();
    if (err == STIR_OK)
        return restore_copy(cli, &restore, &noting);
    return cli_fail(cli, err == STIR_EEXISTS || err == STIR_EVALUE ? CLI_NO : CLI_CANNOT, "%s", diag.text[0] ? diag.text : stir_err_text(err));
}

static int run(struct cli *cli)
{
    struct cli_desk desk;
    int status = desk_read(cli, &desk);
    if (status == CLI_YES)
        status = restore_file(cli, &desk, cli->operand[0]);
    desk_close(&desk);
    return status;
}

const struct cli_command cmd_store_restore = {"store", "restore", "FILE", 1, 1, "make a backup the store, when everything in it holds", options, run};
