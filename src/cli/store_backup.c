/* stir store backup: a copy of a store as one moment saw it, while stir serve goes on. */
#include "cli/store.h"

#include <sys/stat.h>

#include "service/schema.h"

static const struct cli_option options[] = {
    CLI_DESK_OPTIONS,
    {NULL, CLI_FLAG, NULL, NULL, false},
};

static int show(const struct cli *cli, const struct stir_store *store, const char *file)
{
    struct stat st;
    const int64_t bytes = stat(file, &st) == 0 ? (int64_t)st.st_size : 0;
    if (!cli->json) {
        printf("%s: %lld bytes of %s. It holds secrets; keep it where the store is not\n", file, (long long)bytes, stir_store_name(store));
        return CLI_YES;
    }
    cli_json_begin(NULL, '{');
    cli_json_str("store", stir_store_name(store));
    cli_json_str("backup", file);
    cli_json_int("bytes", bytes);
    cli_json_end('}');
    cli_json_done();
    return CLI_YES;
}

/* As whoever asks: the copy is his. What SQLite makes beside the store is its owner's, whoever opens it. */
static int back_up(const struct cli *cli, struct cli_desk *desk, const char *file)
{
    struct stir_diag diag = {0};
    enum stir_err err = stir_store_open(&desk->clerk.store, store_where(cli, desk), &stir_schema, false, &diag);
    if (err == STIR_OK) {
        err = stir_store_backup(desk->clerk.store, file, store_progress, NULL, &diag);
        store_progress_end();
    }
    if (err == STIR_OK)
        return show(cli, desk->clerk.store, file);
    return cli_fail(cli, CLI_CANNOT, "%s", diag.text[0] ? diag.text : stir_err_text(err));
}

static int run(struct cli *cli)
{
    struct cli_desk desk;
    int status = desk_read(cli, &desk);
    if (status == CLI_YES)
        status = back_up(cli, &desk, cli->operand[0]);
    desk_close(&desk);
    return status;
}

const struct cli_command cmd_store_backup = {"store", "backup", "FILE", 1, 1, "copy a store into the new FILE while stir serve goes on", options, run};
