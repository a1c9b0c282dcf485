/* stir pa provider add|list|show|suspend|resume: service providers, as the policy administrator knows them. */
#include "cli/pa.h"

#include <openssl/crypto.h>
#include <string.h>

static const struct cli_option desk_options[] = {CLI_DESK_OPTIONS, {NULL, CLI_FLAG, NULL, NULL, false}};

static const struct cli_option add_options[] = {
    CLI_DESK_OPTIONS,
    {"--name", CLI_VALUE, "NAME", "the legal name", true},
    {"--code", CLI_MANY, "CODE", "a service provider code that it holds: 4 capital letters and digits, or 5 of a RespOrg", false},
    {"--contact", CLI_MANY, "TEXT", "whom to write to", false},
    {"--user", CLI_VALUE, "NAME", "who logs in; default: ID", false},
    {"--password-file", CLI_VALUE, "FILE", "the password on its first line, 0600; without it one is made and shown once", false},
    {"--may-ca", CLI_FLAG, NULL, "it may have certificates of CAs, to delegate with", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

static int show_added(struct cli *cli, const struct stir_pa_provider *p, const char *account, const char *made)
{
    if (!cli->json) {
        printf("provider %s added\naccount %s\nuser %s\n", p->id, account, p->user);
        if (made)
            printf("password %s (shown this once)\n", made);
        return CLI_YES;
    }
    cli_json_begin(NULL, '{');
    cli_json_str("provider", p->id);
    cli_json_str("account", account);
    cli_json_str("user", p->user);
    if (made)
        cli_json_str("password", made);
    cli_json_end('}');
    cli_json_done();
    return CLI_YES;
}

static int add(struct cli *cli, struct cli_desk *desk, struct stir_pa_provider *p, struct pa_password *password)
{
    char account[STIR_ID];
    struct stir_diag diag = {0};
    int status = desk_read(cli, desk);
    if (status == CLI_YES)
        status = pa_password_read(cli, password);
    if (status == CLI_YES)
        status = desk_open(cli, desk, true);
    if (status != CLI_YES)
        return status;
    p->password = password->text;
    enum stir_err err = stir_pa_provider_add(&desk->clerk, p, desk->actor, desk->now, account, &diag);
    return err == STIR_OK ? show_added(cli, p, account, password->made ? password->text : NULL) : desk_failed(cli, err, &diag);
}

static int run_add(struct cli *cli)
{
    struct cli_desk desk = {.now = 0};
    struct pa_password password = {.made = false};
    const char *codes[CLI_MAX_WORDS], *contacts[CLI_MAX_WORDS];
    struct stir_pa_provider p = {.id = cli->operand[0],
                                 .name = cli_get(cli, "--name"),
                                 .codes = codes,
                                 .n_codes = cli_all(cli, "--code"),
                                 .contacts = contacts,
                                 .n_contacts = cli_all(cli, "--contact"),
                                 .user = cli_has(cli, "--user") ? cli_get(cli, "--user") : cli->operand[0],
                                 .may_ca = cli_has(cli, "--may-ca")};
    for (size_t i = 0; i < p.n_codes; i++)
        codes[i] = cli_nth(cli, "--code", i);
    for (size_t i = 0; i < p.n_contacts; i++)
        contacts[i] = cli_nth(cli, "--contact", i);
    int status = add(cli, &desk, &p, &password);
    OPENSSL_cleanse(&password, sizeof(password));
    desk_close(&desk);
    return status;
}

/* ---- Shown ---- */

struct showing {
    const struct cli *cli;
    int64_t now;
};

static void show_json(const struct stir_pa_provider_row *row)
{
    char text[8192];
    cli_json_begin(NULL, '{');
    cli_json_text("provider", row->id);
    cli_json_text("name", row->name);
    cli_json_text("state", row->state);
    snprintf(text, sizeof(text), "%.*s", (int)row->codes.n, row->codes.p);
    cli_json_raw("codes", text);
    snprintf(text, sizeof(text), "%.*s", (int)row->contacts.n, row->contacts.p);
    cli_json_raw("contacts", text);
    cli_json_bool("may_ca", row->may_ca);
    cli_json_text("account", row->account);
    cli_json_text("user", row->user);
    cli_json_int("tokens", row->tokens);
    cli_json_time("created", row->created);
    cli_json_time("updated", row->updated);
    if (row->locked_until)
        cli_json_time("locked_until", row->locked_until);
    else
        cli_json_str("locked_until", NULL);
    cli_json_end('}');
}

static void show_text(const struct stir_pa_provider_row *row, int64_t now)
{
    cli_print(row->id);
    printf("\t%.*s\t", (int)row->state.n, row->state.p);
    cli_print(row->codes);
    printf("\t%lld tokens%s%s\t", (long long)row->tokens, row->may_ca ? ", may have CAs" : "", row->locked_until > now ? ", account locked" : "");
    cli_print(row->name);
    putchar('\n');
}

static void show(void *arg, const struct stir_pa_provider_row *row)
{
    const struct showing *s = arg;
    if (s->cli->json)
        show_json(row);
    else
        show_text(row, s->now);
}

static int list(struct cli *cli, struct cli_desk *desk, const char *id)
{
    struct stir_diag diag = {0};
    struct showing showing = {cli, desk->now};
    if (cli->json && !id)
        cli_json_begin(NULL, '[');
    enum stir_err err = stir_pa_providers(&desk->clerk, id, show, &showing, &diag);
    if (cli->json && !id)
        cli_json_end(']');
    if (cli->json && err == STIR_OK)
        cli_json_done();
    return err == STIR_OK ? CLI_YES : desk_failed(cli, err, &diag);
}

static int run_list(struct cli *cli)
{
    struct cli_desk desk = {.now = 0};
    int status = pa_open(cli, &desk, false);
    if (status == CLI_YES)
        status = list(cli, &desk, cli->n_operands ? cli->operand[0] : NULL);
    desk_close(&desk);
    return status;
}

/* ---- Changed ---- */

static int change(struct cli *cli, const char *state)
{
    struct cli_desk desk = {.now = 0};
    struct stir_diag diag = {0};
    int status = pa_open(cli, &desk, false);
    if (status == CLI_YES) {
        enum stir_err err = stir_pa_provider_state(&desk.clerk, cli->operand[0], state, desk.actor, desk.now, &diag);
        status = err == STIR_OK ? pa_done(cli, "provider", cli->operand[0], "state", state) : desk_failed(cli, err, &diag);
    }
    desk_close(&desk);
    return status;
}

static int run_suspend(struct cli *cli)
{
    return change(cli, "suspended");
}

static int run_resume(struct cli *cli)
{
    return change(cli, "active");
}

const struct cli_command cmd_pa_provider_add = {"pa", "provider add", "ID", 1, 1, "enter a service provider and its account", add_options, run_add};
const struct cli_command cmd_pa_provider_list = {"pa", "provider list", "", 0, 0, "show all service providers", desk_options, run_list};
const struct cli_command cmd_pa_provider_show = {"pa", "provider show", "ID", 1, 1, "show one service provider", desk_options, run_list};
const struct cli_command cmd_pa_provider_suspend = {"pa", "provider suspend", "ID", 1, 1, "give a provider no more tokens", desk_options, run_suspend};
const struct cli_command cmd_pa_provider_resume = {"pa", "provider resume", "ID", 1, 1, "give a provider tokens again", desk_options, run_resume};
