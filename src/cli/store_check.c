/* stir store check: does everything in a store hold? */
#include "cli/store.h"

#include <unistd.h>

static const struct cli_option options[] = {
    CLI_DESK_OPTIONS,
    {NULL, CLI_FLAG, NULL, NULL, false},
};

const char *store_where(const struct cli *cli, const struct cli_desk *desk)
{
    return desk->conf ? desk->conf->store.url : cli_get(cli, "--store");
}

void store_progress(void *arg, int64_t done, int64_t all)
{
    (void)arg;
    if (isatty(STDERR_FILENO) && all > 0)
        fprintf(stderr, "\r%3lld %%", (long long)(done * 100 / all));
}

void store_progress_end(void)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r     \r");
}

static void hear(void *arg, const char *text)
{
    const struct cli *cli = arg;
    if (cli->json) {
        cli_json_str(NULL, text);
        return;
    }
    cli_print(stir_slice_str(text));
    putchar('\n');
}

static void show_figures(const struct cli *cli, const struct stir_store_figures *f)
{
    if (!cli->json) {
        printf("%lld certificates (%lld revoked, %lld intended), %lld orders, %lld accounts, %lld providers, %lld rows of audit by %lld nodes\n",
               (long long)f->certificates, (long long)f->revoked, (long long)f->intents, (long long)f->orders, (long long)f->accounts, (long long)f->providers,
               (long long)f->audit_rows, (long long)f->nodes);
        return;
    }
    cli_json_int("certificates", f->certificates);
    cli_json_int("revoked", f->revoked);
    cli_json_int("intended", f->intents);
    cli_json_int("orders", f->orders);
    cli_json_int("accounts", f->accounts);
    cli_json_int("providers", f->providers);
    cli_json_int("audit_rows", f->audit_rows);
    cli_json_int("nodes", f->nodes);
}

int store_look(const struct cli *cli, struct stir_store *store)
{
    struct stir_store_figures figures;
    struct stir_diag diag = {0};
    struct cli *listener = (struct cli *)(uintptr_t)cli;
    if (cli->json)
        cli_json_begin("faults", '[');
    enum stir_err err = stir_store_check(store, &figures, hear, listener, &diag);
    if (cli->json) {
        cli_json_end(']');
        cli_json_bool("good", err == STIR_OK);
    }
    if (err == STIR_OK || err == STIR_EVALUE)
        show_figures(cli, &figures);
    else if (cli->json)
        cli_json_str("error", diag.text);
    else
        (void)cli_fail(cli, CLI_CANNOT, "%s", diag.text);
    return err == STIR_OK ? CLI_YES : err == STIR_EVALUE ? CLI_NO : CLI_CANNOT;
}

static int look(const struct cli *cli, struct stir_store *store)
{
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("store", stir_store_name(store));
    }
    int status = store_look(cli, store);
    if (cli->json) {
        cli_json_end('}');
        cli_json_done();
    } else if (status != CLI_CANNOT) {
        printf("%s: %s\n", stir_store_name(store), status == CLI_YES ? "everything holds" : "not everything holds");
    }
    return status;
}

static int run(struct cli *cli)
{
    struct cli_desk desk;
    int status = desk_read(cli, &desk);
    if (status == CLI_YES)
        status = desk_open(cli, &desk, false);
    if (status == CLI_YES)
        status = look(cli, desk.clerk.store);
    desk_close(&desk);
    return status;
}

const struct cli_command cmd_store_check = {"store", "check", "", 0, 0, "see that everything in the store of an authority or administrator holds",
                                            options, run};
