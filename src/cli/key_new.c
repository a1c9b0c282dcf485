#include "cli/cli.h"
#include "io/file.h"

#include <openssl/crypto.h>

static const struct cli_option options[] = {
    {"-o", CLI_VALUE, "FILE", "write the key there, 0600; without it to standard output", false},
    {"--pass-file", CLI_VALUE, "FILE", "encrypt it with the passphrase on the first line of FILE", false},
    {"--force", CLI_FLAG, NULL, "overwrite FILE: the key in it is lost", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

static int read_pass(struct cli *cli, struct stir_slice *pass)
{
    const char *path = cli_get(cli, "--pass-file");
    if (!path)
        return CLI_YES;
    int status = cli_read(cli, pass, path, 1024, CLI_CANNOT);
    if (status != CLI_YES)
        return status;
    *pass = cli_first_line(*pass);
    return pass->n ? CLI_YES : cli_fail(cli, CLI_CANNOT, "%s: the first line is empty; a passphrase is wanted there", path);
}

static int write_key(struct cli *cli, const struct stir_key *key, struct stir_slice pass)
{
    char pem[4096];
    size_t n;
    if (stir_key_write_pem(pem, sizeof(pem), &n, key, pass) != STIR_OK)
        return cli_fail(cli, CLI_CANNOT, "the key cannot be written");
    int status = cli_write_secret(cli, stir_slice_of(pem, n));
    OPENSSL_cleanse(pem, sizeof(pem));
    return status;
}

static int run(struct cli *cli)
{
    struct stir_key *key = NULL;
    struct stir_slice pass = {NULL, 0};
    if (cli->json && !cli_has(cli, "-o"))
        return cli_fail(cli, CLI_USAGE, "--json wants -o FILE: the key itself is PEM");
    int status = read_pass(cli, &pass);
    if (status == CLI_YES && stir_key_generate(&key) != STIR_OK)
        status = cli_fail(cli, CLI_CANNOT, "no key could be made");
    if (status == CLI_YES)
        status = write_key(cli, key, pass);
    if (status == CLI_YES && cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("file", cli_get(cli, "-o"));
        cli_json_bool("encrypted", pass.p != NULL);
        cli_json_hex("spki", stir_key_spki(key));
        cli_json_end('}');
        cli_json_done();
    }
    stir_file_free(&pass);
    stir_key_free(key);
    return status;
}

const struct cli_command cmd_key_new = {"key", "new", "", 0, 0, "make a P-256 private key", options, run};
