/* stir audit verify: is the audit log what was written? */
#include "cli/desk.h"

#include "service/audit.h"

static const struct cli_option options[] = {
    CLI_DESK_OPTIONS,
    {NULL, CLI_FLAG, NULL, NULL, false},
};

static void put_hex(char hex[2 * STIR_SHA256 + 1], const unsigned char hash[STIR_SHA256])
{
    for (size_t i = 0; i < STIR_SHA256; i++)
        snprintf(hex + 2 * i, 3, "%02X", hash[i]);
}

static void tell(void *arg, const char *node, int64_t rows, const unsigned char head[STIR_SHA256], const char *fault)
{
    const struct cli *cli = arg;
    char hex[2 * STIR_SHA256 + 1];
    put_hex(hex, head);
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("node", node);
        cli_json_int("rows", rows);
        cli_json_hex("head", stir_slice_of(head, STIR_SHA256));
        cli_json_str("fault", fault);
        cli_json_end('}');
        return;
    }
    cli_print(stir_slice_str(node));
    printf(": %lld rows hold, head %s%s%s\n", (long long)rows, hex, fault ? "; " : "", fault ? fault : "");
}

static int verify(struct cli *cli, struct stir_store *store)
{
    struct stir_diag diag = {0};
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_begin("nodes", '[');
    }
    enum stir_err err = stir_audit_verify(store, tell, cli, &diag);
    if (cli->json) {
        cli_json_end(']');
        cli_json_bool("good", err == STIR_OK);
        if (err != STIR_OK && err != STIR_EVALUE)
            cli_json_str("error", diag.text);
        cli_json_end('}');
        cli_json_done();
    } else if (err != STIR_OK) {
        (void)cli_fail(cli, CLI_NO, "%s", diag.text[0] ? diag.text : stir_err_text(err));
    }
    return err == STIR_OK ? CLI_YES : err == STIR_EVALUE ? CLI_NO : CLI_CANNOT;
}

static int run(struct cli *cli)
{
    struct cli_desk desk;
    int status = desk_read(cli, &desk);
    if (status == CLI_YES)
        status = desk_open(cli, &desk, false);
    if (status == CLI_YES)
        status = verify(cli, desk.clerk.store);
    desk_close(&desk);
    return status;
}

const struct cli_command cmd_audit_verify = {"audit", "verify", "", 0, 0, "see that no row of the audit log was changed, left out or put in between",
                                             options, run};
