#include "cli/token.h"

#include <stdlib.h>

static const struct cli_option options[] = {
    {NULL, CLI_FLAG, NULL, NULL, false},
};

int token_read(const struct cli *cli, struct stir_token **out, const char *value)
{
    struct stir_slice text = {NULL, 0};
    struct stir_diag diag = {0};
    int status = cli_read_value(cli, &text, value, 2 * (size_t)STIR_MAX_AUTHORITY);
    if (status != CLI_YES)
        return status;
    enum stir_err err = stir_token_read(out, cli_trim(text), &diag);
    stir_file_free(&text);
    return err == STIR_OK ? CLI_YES : cli_fail(cli, err == STIR_ENOMEM ? CLI_CANNOT : CLI_NO, "%s", diag.text[0] ? diag.text : stir_err_text(err));
}

static void line(const char *name, struct stir_slice text)
{
    printf("%-12s", name);
    if (text.p)
        cli_print(text);
    else
        printf("not said");
    printf("\n");
}

static void time_line(const char *name, int64_t at)
{
    char text[21] = "?";
    if (at)
        (void)!stir_time_write(text, at);
    line(name, at ? stir_slice_str(text) : stir_slice_str(NULL));
}

static void print_text(const struct stir_token_info *info, const char *list)
{
    line("TNAuthList", stir_slice_str(list));
    line("CA", stir_slice_str(info->ca ? "may be asked for" : "may not be asked for"));
    line("fingerprint", info->fingerprint);
    time_line("expires", info->exp);
    time_line("issued", info->iat);
    if (info->nbf)
        time_line("not before", info->nbf);
    line("identifier", info->jti);
    line("issuer", info->iss);
    line("signer at", info->x5u);
    if (info->has_x5c)
        line("chain", stir_slice_str("in the header"));
    printf("\nThis is what it says. Who signed it is not looked at: stir token check does.\n");
}

static void print_json(const struct stir_token_info *info, const char *list)
{
    cli_json_begin(NULL, '{');
    cli_json_str("tnauth", list);
    cli_json_text("tkvalue", info->tkvalue);
    cli_json_bool("ca", info->ca);
    cli_json_text("fingerprint", info->fingerprint);
    cli_json_time("expires", info->exp);
    if (info->iat)
        cli_json_time("issued", info->iat);
    if (info->nbf)
        cli_json_time("not_before", info->nbf);
    cli_json_text("jti", info->jti);
    cli_json_text("iss", info->iss);
    cli_json_text("x5u", info->x5u);
    cli_json_bool("x5c", info->has_x5c);
    cli_json_end('}');
    cli_json_done();
}

static int run(struct cli *cli)
{
    struct stir_token *token = NULL;
    int status = token_read(cli, &token, cli->operand[0]);
    if (status != CLI_YES)
        return status;
    const struct stir_token_info *info = stir_token_info(token);
    char *list = cli_tnauth_text(info->list);
    if (cli->json)
        print_json(info, list);
    else
        print_text(info, list);
    free(list);
    stir_token_free(token);
    return CLI_YES;
}

const struct cli_command cmd_token_show = {"token", "show", "TOKEN|@FILE|-", 1, 1, "say what an authority (SPC) token says", options, run};
