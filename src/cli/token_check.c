#include "cli/token.h"

#include <string.h>

static const struct cli_option options[] = {
    {"--pa-root", CLI_VALUE, "FILE", "root of the policy administrator: nobody else is trusted", true},
    {"--signer", CLI_VALUE, "FILE", "the signer's certificates, what x5u of the token gives; without it those in its header", false},
    {"--account-key", CLI_VALUE, "FILE", "key of the ACME account, private or public, that the token is to be bound to", false},
    {"--binding", CLI_VALUE, "FORM", "of the fingerprint: jwk (default, RFC 9448), spki, either", false},
    {"--spc", CLI_VALUE, "CODE", "the code that it is to be for", false},
    {"--list", CLI_VALUE, "BASE64", "the TNAuthList that it is to be for, as ACME orders name it", false},
    {"--ca", CLI_FLAG, NULL, "a CA certificate is to be asked for", false},
    {"--at", CLI_VALUE, "TIME", "judge at this time; default now", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

/* What the files and words of the options hold. */
struct wanted {
    struct stir_slice root, signer;
    struct stir_key *account;
    struct stir_tnauth *list;
    struct stir_token_demand demand;
};

static void clear(struct wanted *w)
{
    stir_file_free(&w->root);
    stir_file_free(&w->signer);
    stir_key_free(w->account);
    stir_tnauth_free(w->list);
}

static int read_account(const struct cli *cli, struct wanted *w)
{
    struct stir_slice pem = {NULL, 0};
    const char *path = cli_get(cli, "--account-key");
    if (!path)
        return CLI_YES;
    int status = cli_read(cli, &pem, path, STIR_MAX_KEY_PEM, CLI_CANNOT);
    if (status != CLI_YES)
        return status;
    enum stir_err err = stir_key_from_public_pem(&w->account, pem, NULL);
    stir_file_free(&pem);
    return err == STIR_OK ? CLI_YES : cli_key(cli, &w->account, "--account-key");
}

static int read_list(const struct cli *cli, struct wanted *w)
{
    const char *spc = cli_get(cli, "--spc"), *text = cli_get(cli, "--list");
    const struct stir_tnauth_entry entry = {STIR_TNAUTH_SPC, stir_slice_str(spc), 0};
    if (spc && text)
        return cli_fail(cli, CLI_USAGE, "--spc and --list: give one of them");
    enum stir_err err = STIR_OK;
    if (spc)
        err = stir_tnauth_new(&w->list, &entry, 1, NULL);
    else if (text)
        err = stir_tnauth_from_base64(&w->list, stir_slice_str(text));
    return err == STIR_OK ? CLI_YES : cli_fail(cli, CLI_USAGE, "%s is no %s", spc ? "--spc" : "--list", spc ? "code of a provider" : "TNAuthList in base64url");
}

static int read_binding(const struct cli *cli, struct wanted *w)
{
    static const char *const forms[] = {"", "jwk", "spki", "either"};
    const char *form = cli_get(cli, "--binding");
    w->demand.binding = STIR_TOKEN_BY_JWK;
    for (int i = STIR_TOKEN_BY_JWK; form && i <= STIR_TOKEN_BY_EITHER; i++) {
        if (strcmp(form, forms[i]) == 0) {
            w->demand.binding = (enum stir_token_binding)i;
            return CLI_YES;
        }
    }
    return form ? cli_fail(cli, CLI_USAGE, "--binding \"%s\" is none of jwk, spki, either", form) : CLI_YES;
}

static int read_wanted(const struct cli *cli, struct wanted *w)
{
    const char *signer = cli_get(cli, "--signer");
    int status = cli_read(cli, &w->root, cli_get(cli, "--pa-root"), STIR_MAX_PEM, CLI_CANNOT);
    if (status == CLI_YES && signer)
        status = cli_read(cli, &w->signer, signer, STIR_MAX_PEM, CLI_CANNOT);
    if (status == CLI_YES)
        status = read_account(cli, w);
    if (status == CLI_YES)
        status = read_list(cli, w);
    if (status == CLI_YES)
        status = read_binding(cli, w);
    if (status == CLI_YES)
        status = cli_time(cli, "--at", cli_now(), &w->demand.now);
    w->demand.pa_root_pem = w->root;
    w->demand.signer_pem = w->signer;
    w->demand.account = w->account;
    w->demand.list = w->list;
    w->demand.ca = cli_has(cli, "--ca") ? 1 : 0;
    return status;
}

static int answer(const struct cli *cli, enum stir_token_fault fault, const struct stir_diag *diag)
{
    bool good = fault == STIR_TOKEN_GOOD;
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_bool("good", good);
        cli_json_str("fault", good ? NULL : stir_token_fault_text(fault));
        cli_json_str("detail", good ? NULL : diag->text);
        cli_json_end('}');
        cli_json_done();
    } else if (good) {
        printf("good: signed under the administrator's root, in time, and for what was asked\n");
    } else {
        printf("not good: %s\n  %s\n", stir_token_fault_text(fault), diag->text);
    }
    return good ? CLI_YES : CLI_NO;
}

static int run(struct cli *cli)
{
    struct wanted w = {.demand = STIR_TOKEN_DEMAND_INIT};
    struct stir_token *token = NULL;
    struct stir_diag diag = {0};
    enum stir_token_fault fault = STIR_TOKEN_GOOD;
    int status = read_wanted(cli, &w);
    if (status == CLI_YES)
        status = token_read(cli, &token, cli->operand[0]);
    if (status == CLI_YES) {
        enum stir_err err = stir_token_check(&fault, token, &w.demand, &diag);
        status = err == STIR_OK ? answer(cli, fault, &diag) : cli_fail(cli, CLI_CANNOT, "%s", diag.text[0] ? diag.text : stir_err_text(err));
    }
    stir_token_free(token);
    clear(&w);
    return status;
}

const struct cli_command cmd_token_check = {"token", "check", "TOKEN|@FILE|-", 1, 1, "hold an authority (SPC) token against its administrator, a key, a list",
                                            options, run};
