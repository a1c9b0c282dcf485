#include "cli/cli.h"
#include "io/file.h"

static const struct cli_option options[] = {
    {"--pass-file", CLI_VALUE, "FILE", "passphrase of an encrypted key, on the first line of FILE", false},
    {"--key", CLI_VALUE, "FILE", "the same as the operand", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

/* The public half of a public key or of a private one. */
static int read_any(struct cli *cli, struct stir_key **key, const char *path)
{
    struct stir_slice text = {NULL, 0};
    struct stir_diag diag = {0};
    int status = cli_read(cli, &text, path, STIR_MAX_KEY_PEM, CLI_CANNOT);
    if (status != CLI_YES)
        return status;
    bool public = strstr(text.p, "-----BEGIN PUBLIC KEY-----") != NULL;
    enum stir_err err = public ? stir_key_from_public_pem(key, text, &diag) : STIR_OK;
    stir_file_free(&text);
    if (err != STIR_OK)
        return cli_fail(cli, CLI_CANNOT, "%s: %s", path, diag.text[0] ? diag.text : stir_err_text(err));
    return public ? CLI_YES : cli_key(cli, key, "--key");
}

static int run(struct cli *cli)
{
    struct stir_key *key = NULL;
    char pem[512];
    size_t n;
    cli->given[cli->n_given].option = &options[1];
    cli->given[cli->n_given++].value = cli->operand[0];
    int status = read_any(cli, &key, cli->operand[0]);
    if (status == CLI_YES && stir_key_write_public_pem(pem, sizeof(pem), &n, key) != STIR_OK)
        status = cli_fail(cli, CLI_CANNOT, "the public key cannot be written");
    if (status == CLI_YES && cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("type", "P-256");
        cli_json_bool("private", stir_key_is_private(key));
        cli_json_str("public", pem);
        cli_json_hex("spki", stir_key_spki(key));
        cli_json_end('}');
        cli_json_done();
    } else if (status == CLI_YES) {
        printf("P-256 %s key\n%s", stir_key_is_private(key) ? "private" : "public", pem);
    }
    stir_key_free(key);
    return status;
}

const struct cli_command cmd_key_show = {"key", "show", "FILE", 1, 1, "say what a key is, and show its public half", options, run};
