#include "cli/cli.h"

static const struct cli_option options[] = {
    CLI_DIAL_OPTIONS,
    {NULL, CLI_FLAG, NULL, NULL, false},
};

static void show(const struct cli *cli, const char *text, enum stir_err err, const struct stir_party *party, bool special)
{
    const char *kind = err != STIR_OK ? "none" : party->kind == STIR_PARTY_URI ? "uri" : special ? "special" : "tn";
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("input", text);
        cli_json_str("kind", kind);
        cli_json_str("canonical", err == STIR_OK ? party->text : NULL);
        cli_json_str("error", err == STIR_OK ? NULL : stir_err_text(err));
        cli_json_str("doubt", err == STIR_OK ? cli_dial_doubt(party) : NULL);
        cli_json_end('}');
        return;
    }
    cli_print(stir_slice_str(text));
    printf("  ");
    if (err != STIR_OK) {
        printf("is no number and no URI: %s\n", stir_err_text(err));
    } else {
        cli_print(stir_slice_str(party->text));
        const char *doubt = cli_dial_doubt(party);
        printf("  %s%s%s\n",
               party->kind == STIR_PARTY_URI ? "(a URI, no number"
               : special                     ? "(a special number, kept as it is"
               : doubt                       ? "(kept as it is: "
                                             : "",
               doubt ? doubt : "", party->kind == STIR_PARTY_URI || special || doubt ? ")" : "");
    }
}

static int run(struct cli *cli)
{
    struct stir_tn_options plan = STIR_TN_OPTIONS_INIT;
    bool all = true;
    int status = cli_dial_plan(cli, &plan);
    if (status != CLI_YES)
        return status;
    if (cli->json)
        cli_json_begin(NULL, '[');
    for (size_t i = 0; i < cli->n_operands; i++) {
        struct stir_party party = {0};
        enum stir_err err = stir_party_parse(&party, stir_slice_str(cli->operand[i]), &plan);
        show(cli, cli->operand[i], err, &party, party.kind == STIR_PARTY_TN && stir_tn_is_special(stir_slice_of(party.text, party.len), &plan));
        all = all && err == STIR_OK && !cli_dial_doubt(&party);
    }
    if (cli->json) {
        cli_json_end(']');
        cli_json_done();
    }
    return all ? CLI_YES : CLI_NO;
}

const struct cli_command cmd_tn = {"tn", NULL, "NUMBER...", 1, CLI_MAX_WORDS, "bring numbers and URIs into canonical form", options, run};
