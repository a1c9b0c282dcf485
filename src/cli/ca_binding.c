/* stir ca binding: credentials for external account binding (RFC 8555 §7.3.4). */
#include <openssl/crypto.h>

#include "cli/ca.h"

static const struct cli_option options[] = {
    CLI_DESK_OPTIONS,
    {"--name", CLI_VALUE, "NAME", "add: whom it is for", false},
    {"--spc", CLI_MANY, "CODE", "add: a code that its account may order for; none: any", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

static int add(const struct cli *cli, struct cli_desk *desk)
{
    const char *codes[STIR_CA_BINDING_CODES + 1];
    char kid[STIR_ID], mac[STIR_CA_BINDING_MAC];
    struct stir_diag diag = {0};
    size_t n = cli_all(cli, "--spc");
    if (!cli_has(cli, "--name"))
        return cli_fail(cli, CLI_USAGE, "--name is missing: whom the binding is for");
    for (size_t i = 0; i < n && i <= STIR_CA_BINDING_CODES; i++)
        codes[i] = cli_nth(cli, "--spc", i);
    const struct stir_ca_binding binding = {cli_get(cli, "--name"), codes, n};
    int status = desk_end(cli, stir_ca_binding_add(&desk->clerk, &binding, desk->actor, desk->now, kid, mac, &diag), &diag);
    if (status != CLI_YES)
        return status;
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("kid", kid);
        cli_json_str("mac", mac);
        cli_json_end('}');
        cli_json_done();
    } else {
        printf("key identifier: %s\nMAC key:        %s\nShown this once. With stir acme: --eab-kid %s --eab-key-file FILE\n", kid, mac, kid);
    }
    OPENSSL_cleanse(mac, sizeof(mac));
    return CLI_YES;
}

static bool show(void *arg, const struct stir_ca_binding_row *row)
{
    const struct cli *cli = arg;
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_text("kid", row->kid);
        cli_json_text("name", row->name);
        cli_json_text("state", row->state);
        cli_json_text("codes", row->codes);
        cli_json_text("account", row->account);
        cli_json_time("created", row->created);
        cli_json_end('}');
        return true;
    }
    printf("%.*s  %-8.*s %.*s  account %.*s  ", (int)row->kid.n, row->kid.p, (int)row->state.n, row->state.p, (int)row->codes.n, row->codes.p,
           row->account.p ? (int)row->account.n : 1, row->account.p ? row->account.p : "-");
    cli_print(row->name);
    putchar('\n');
    return true;
}

static int list(struct cli *cli, struct cli_desk *desk)
{
    struct stir_diag diag = {0};
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_begin("bindings", '[');
    }
    enum stir_err err = stir_ca_binding_each(&desk->clerk, show, cli, &diag);
    if (cli->json) {
        cli_json_end(']');
        cli_json_end('}');
        cli_json_done();
    }
    return desk_end(cli, err, &diag);
}

static int revoke(const struct cli *cli, struct cli_desk *desk)
{
    struct stir_diag diag = {0};
    if (cli->n_operands != 2)
        return cli_fail(cli, CLI_USAGE, "which? stir ca binding revoke KID; stir ca binding list says them");
    int status = desk_end(cli, stir_ca_binding_revoke(&desk->clerk, cli->operand[1], desk->actor, desk->now, &diag), &diag);
    if (status == CLI_YES && !cli->json)
        printf("revoked; certificates that its account has stand\n");
    if (status == CLI_YES && cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("revoked", cli->operand[1]);
        cli_json_end('}');
        cli_json_done();
    }
    return status;
}

static int run(struct cli *cli)
{
    struct cli_desk desk;
    const char *what = cli->operand[0];
    bool is_add = strcmp(what, "add") == 0, is_list = strcmp(what, "list") == 0;
    if (!is_add && !is_list && strcmp(what, "revoke") != 0)
        return cli_fail(cli, CLI_USAGE, "\"%s\" is none of add, list, revoke", what);
    int status = desk_read(cli, &desk);
    if (status == CLI_YES)
        status = desk_open(cli, &desk, is_add);
    if (status == CLI_YES)
        status = is_add ? add(cli, &desk) : is_list ? list(cli, &desk) : revoke(cli, &desk);
    desk_close(&desk);
    return status;
}

const struct cli_command cmd_ca_binding = {
    "ca", "binding", "add|list|revoke [KID]", 1, 2, "credentials for external account binding: made, listed, taken back", options, run};
