/* stir audit show: what was done, by whom, and when. */
#include "cli/desk.h"

#include "io/clock.h"
#include "service/audit.h"

static const struct cli_option options[] = {
    CLI_DESK_OPTIONS,
    {"--node", CLI_VALUE, "NAME", "of this node alone, in the order of its numbers", false},
    {"--since", CLI_VALUE, "TIME", "from then on", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

static bool show_json(const struct stir_audit_row *row, const char *at)
{
    cli_json_begin(NULL, '{');
    cli_json_text("node", row->node);
    cli_json_int("seq", row->seq);
    cli_json_str("at", at);
    cli_json_int("at_ms", row->at_ms);
    cli_json_text("event", row->event);
    cli_json_text("actor", row->actor);
    cli_json_text("subject", row->subject);
    cli_json_text("detail", row->detail);
    cli_json_hex("hash", stir_slice_of(row->hash, STIR_SHA256));
    cli_json_end('}');
    return true;
}

static bool show(void *arg, const struct stir_audit_row *row)
{
    const struct cli *cli = arg;
    char at[32];
    struct stir_writer w = stir_writer_of(at, sizeof(at));
    stir_put_utc(&w, row->at_ms);
    if (stir_writer_close(&w, NULL) != STIR_OK)
        return true;
    if (cli->json)
        return show_json(row, at);
    const struct stir_slice words[] = {stir_slice_str(at), row->node, row->event, row->subject, stir_slice_str("by"), row->actor, row->detail};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (i && words[i].n)
            putchar(' ');
        cli_print(words[i]);
    }
    putchar('\n');
    return true;
}

static int show_all(struct cli *cli, struct stir_store *store, int64_t since)
{
    struct stir_diag diag = {0};
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_begin("rows", '[');
    }
    enum stir_err err = stir_audit_each(store, cli_get(cli, "--node"), since * 1000, show, cli, &diag);
    if (cli->json) {
        cli_json_end(']');
        if (err != STIR_OK)
            cli_json_str("error", diag.text);
        cli_json_end('}');
        cli_json_done();
    } else if (err != STIR_OK) {
        (void)cli_fail(cli, CLI_CANNOT, "%s", diag.text[0] ? diag.text : stir_err_text(err));
    }
    return err == STIR_OK ? CLI_YES : CLI_CANNOT;
}

static int run(struct cli *cli)
{
    struct cli_desk desk;
    int64_t since = 0;
    int status = cli_time(cli, "--since", 0, &since);
    if (status != CLI_YES)
        return status;
    status = desk_read(cli, &desk);
    if (status == CLI_YES)
        status = desk_open(cli, &desk, false);
    if (status == CLI_YES)
        status = show_all(cli, desk.clerk.store, since);
    desk_close(&desk);
    return status;
}

const struct cli_command cmd_audit_show = {"audit", "show", "", 0, 0, "say what was done, by whom and when", options, run};
