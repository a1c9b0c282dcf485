/* stir ca list, stir ca show: what was issued. */
#include <stir/call.h>

#include "cli/ca.h"

enum { LIMIT = 1000, LIMIT_MAX = 1000000 };

static const struct cli_option options[] = {
    CLI_DESK_OPTIONS,
    {"--spc", CLI_VALUE, "CODE", "of this service provider code", false},
    {"--serial", CLI_VALUE, "HEX", "of this serial number", false},
    {"--state", CLI_VALUE, "STATE", "issued, revoked, intent (interrupted) or burnt (never issued)", false},
    {"--limit", CLI_VALUE, "N", "the newest of them; default 1000", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

struct found {
    const struct cli *cli;
    int64_t n;
};

static void show_json(const struct stir_ca_row *row)
{
    cli_json_begin(NULL, '{');
    cli_json_text("serial", row->serial);
    cli_json_text("state", row->state);
    cli_json_text("spc", row->spc);
    cli_json_text("profile", row->profile);
    cli_json_time("not_before", row->not_before);
    cli_json_time("not_after", row->not_after);
    if (row->issued)
        cli_json_time("issued", row->issued);
    if (row->revoked) {
        cli_json_time("revoked", row->revoked);
        cli_json_int("reason", row->reason);
    }
    cli_json_text("account", row->account);
    cli_json_text("order", row->order);
    cli_json_text("node", row->node);
    cli_json_end('}');
}

static bool show(void *arg, const struct stir_ca_row *row)
{
    struct found *found = arg;
    char until[21] = "";
    found->n++;
    if (found->cli->json) {
        show_json(row);
        return true;
    }
    if (stir_time_write(until, row->not_after) != STIR_OK)
        snprintf(until, sizeof(until), "?");
    printf("%.*s  %-8.*s %-8.*s until %s  %.*s\n", (int)row->serial.n, row->serial.p, (int)row->state.n, row->state.p, row->spc.n ? (int)row->spc.n : 1,
           row->spc.n ? row->spc.p : "-", until, (int)row->profile.n, row->profile.p);
    return true;
}

static bool is_state(const char *state)
{
    static const char *const states[] = {"issued", "revoked", "intent", "burnt"};
    for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++)
        if (strcmp(state, states[i]) == 0)
            return true;
    return false;
}

static int list(const struct cli *cli, struct cli_desk *desk)
{
    struct stir_diag diag = {0};
    struct found found = {cli, 0};
    struct stir_ca_filter filter = {cli_get(cli, "--spc"), cli_get(cli, "--serial"), cli_get(cli, "--state"), LIMIT};
    if (filter.state && !is_state(filter.state))
        return cli_fail(cli, CLI_USAGE, "--state \"%s\" is none of issued, revoked, intent, burnt", filter.state);
    int status = cli_number(cli, "--limit", LIMIT, 1, LIMIT_MAX, &filter.limit);
    if (status != CLI_YES)
        return status;
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_begin("certificates", '[');
    }
    enum stir_err err = stir_ca_list(desk->clerk.store, &filter, show, &found, &diag);
    if (cli->json) {
        cli_json_end(']');
        cli_json_end('}');
        cli_json_done();
    }
    status = desk_end(cli, err, &diag);
    return status == CLI_YES && !found.n && (filter.serial || filter.spc) ? CLI_NO : status; /* the answer of a search */
}

static int run(struct cli *cli)
{
    struct cli_desk desk;
    int status = desk_read(cli, &desk);
    if (status == CLI_YES)
        status = desk_open(cli, &desk, false);
    if (status == CLI_YES)
        status = list(cli, &desk);
    desk_close(&desk);
    return status;
}

const struct cli_command cmd_ca_list = {"ca", "list", "", 0, 0, "certificates that the authority issued, the newest first", options, run};

/* --- one --- */

static const struct cli_option show_options[] = {
    CLI_DESK_OPTIONS,
    {NULL, CLI_FLAG, NULL, NULL, false},
};

static bool print_pem(void *arg, const struct stir_ca_row *row)
{
    struct found *found = arg;
    char pem[STIR_MAX_CERT * 3 / 2];
    struct stir_cert *cert = NULL;
    size_t n = 0;
    show(found, row);
    if (found->cli->json || !row->der.p || stir_cert_parse(&cert, row->der, NULL) != STIR_OK)
        return true;
    if (stir_cert_write_pem(pem, sizeof(pem), &n, cert) == STIR_OK)
        fwrite(pem, 1, n, stdout);
    stir_cert_free(cert);
    return true;
}

static int run_show(struct cli *cli)
{
    struct cli_desk desk;
    struct stir_diag diag = {0};
    struct found found = {cli, 0};
    const struct stir_ca_filter filter = {.serial = cli->operand[0], .limit = LIMIT};
    int status = desk_read(cli, &desk);
    if (status == CLI_YES)
        status = desk_open(cli, &desk, false);
    if (status == CLI_YES) {
        status = desk_end(cli, stir_ca_list(desk.clerk.store, &filter, print_pem, &found, &diag), &diag);
        if (cli->json && found.n)
            cli_json_done();
        if (status == CLI_YES && !found.n)
            status = cli_fail(cli, CLI_NO, "this authority has issued no certificate %s", cli->operand[0]);
    }
    desk_close(&desk);
    return status;
}

const struct cli_command cmd_ca_show = {"ca", "show", "SERIAL", 1, 1, "one certificate that the authority issued, with its PEM", show_options, run_show};
