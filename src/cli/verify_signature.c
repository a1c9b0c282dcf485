/* stir verify --pubkey: the signature and nothing else. */
#include "cli/fetch.h"
#include "cli/judge.h"

/* The signature and nothing else: no certificate, no number, no time. */
static enum stir_err check_signature(const struct stir_identity *identity, struct stir_key *key)
{
    struct stir_passport *passport = NULL;
    struct stir_es256_ctx *ctx = NULL;
    unsigned char digest[STIR_SHA256];
    enum stir_err err = stir_passport_parse(&passport, identity);
    if (err == STIR_OK && !stir_slice_is(passport->alg, "ES256"))
        err = STIR_EVALUE; /* nothing else is ever verified, whatever the key */
    if (err == STIR_OK)
        err = stir_es256_ctx_new(&ctx);
    if (err == STIR_OK)
        err = stir_es256_digest(ctx, identity->signing_input, digest);
    if (err == STIR_OK)
        err = stir_es256_verify(ctx, key, digest, stir_slice_of(passport->signature, passport->signature_len));
    stir_es256_ctx_free(ctx);
    stir_passport_free(passport);
    return err;
}

static int print_signature(struct cli *cli, enum stir_err err)
{
    bool good = err == STIR_OK;
    const char *why = good ? NULL : err == STIR_EVALUE ? "the token is not full-form ES256" : "the signature does not verify with this key";
    if (err == STIR_ENOMEM || err == STIR_ECRYPTO)
        return cli_fail(cli, CLI_CANNOT, "%s", stir_err_text(err));
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_int("schema", 1);
        cli_json_str("verstat", stir_verstat_text(STIR_VERSTAT_NO));
        cli_json_bool("signature_only", true);
        cli_json_bool("signature", good);
        cli_json_str("reason", good ? NULL : err == STIR_EVALUE ? stir_reason_name(STIR_R_ALG_OTHER) : stir_reason_name(STIR_R_SIGNATURE_BAD));
        cli_json_end('}');
        cli_json_done();
    } else if (good) {
        printf("signature good with this key; nothing else was checked: no certificate, no trust, no numbers, no time (No-TN-Validation)\n");
    } else {
        printf("signature bad: %s (No-TN-Validation)\n", why);
    }
    return good ? CLI_YES : CLI_NO;
}

int cli_verify_signature(struct cli *cli)
{
    static const char *const others[] = {"--orig",    "--dest",          "--invite",  "--cert",           "--trust",        "--crl",    "--pa-trust",
                                         "--at",      "--sip-log",       "--call-id", "--check-replay",   "--max-age",      "--policy", "--min-attest",
                                         "--explain", "--fetch-content", "--forward", "--verstat-attest", "--fetch-tnlist", "--numbers"};
    struct stir_slice pem = {NULL, 0}, text = {NULL, 0};
    struct stir_key *key = NULL;
    struct stir_identity identity;
    struct stir_diag diag = {0};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (cli_has(cli, others[i]))
            return cli_fail(cli, CLI_USAGE, "%s does not go with --pubkey, which checks the signature alone", others[i]);
    if (cli->n_operands)
        return cli_fail(cli, CLI_USAGE, "a file does not go with --pubkey, which checks the signature alone");
    if (cli_net_option(cli))
        return cli_fail(cli, CLI_USAGE, "%s does not go with --pubkey, which checks the signature alone", cli_net_option(cli));
    if (!cli_has(cli, "--identity"))
        return cli_fail(cli, CLI_USAGE, "--identity VALUE is needed with --pubkey");
    int status = cli_read(cli, &pem, cli_get(cli, "--pubkey"), STIR_MAX_KEY_PEM, CLI_CANNOT);
    if (status == CLI_YES && stir_key_from_public_pem(&key, pem, &diag) != STIR_OK)
        status = cli_fail(cli, CLI_CANNOT, "%s: %s", cli_get(cli, "--pubkey"), diag.text);
    if (status == CLI_YES)
        status = cli_read_value(cli, &text, cli_get(cli, "--identity"), STIR_MAX_MESSAGE);
    if (status == CLI_YES && stir_identity_parse(&identity, cli_trim(text), STIR_IDENTITY_TOLERANT, NULL, &diag) != STIR_OK)
        status = cli_fail(cli, CLI_NO, "the Identity value cannot be read: %s", diag.text);
    if (status == CLI_YES)
        status = print_signature(cli, check_signature(&identity, key));
    stir_key_free(key);
    stir_file_free(&pem);
    stir_file_free(&text);
    return status;
}
