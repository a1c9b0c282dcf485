#include "cli/fetch.h"
#include "cli/forward.h"
#include "cli/meet.h"
#include "io/file.h"

#include <stdlib.h>
#include <string.h>

static const struct cli_option options[] = {
    {"--identity", CLI_TEXT, "VALUE|@FILE|-", "Identity header value", false},
    {"--orig", CLI_VALUE, "N", "calling number of the message", false},
    {"--dest", CLI_VALUE, "N", "called number of the message", false},
    {"--invite", CLI_VALUE, "FILE|-", "a SIP message with its Identity headers", false},
    {"--cert", CLI_VALUE, "FILE|-", "the signer's certificate and its chain, PEM; else fetched", false},
    {"--trust", CLI_MANY, "FILE|DIR", "trust anchors, PEM, or a folder of stir trust", false},
    {"--crl", CLI_MANY, "FILE", "revocation list, DER or PEM", false},
    {"--pa-trust", CLI_MANY, "FILE", "certificates under which the policy administrator signs its list", false},
    {"--at", CLI_VALUE, "TIME", "judge at this time; default now", false},
    {"--max-age", CLI_VALUE, "S", "seconds that a token may be old; default 60", false},
    {"--policy", CLI_VALUE, "PRESET", "shaken, strict, rfc8224, atis, us, us-strict, ca, fr-man; default shaken", false},
    {"--country", CLI_VALUE, "CC", "country code put before national numbers, such as 1", false},
    {"--plan", CLI_VALUE, "CC", "dial plan of a country, such as FR: trunk and international prefixes, lengths", false},
    {"--min-attest", CLI_VALUE, "A|B|C", "the lowest attestation that passes; default any", false},
    {"--any-url", CLI_FLAG, NULL, "labs: x5u with any port, or an address", false},
    {"--fetch-content", CLI_FLAG, NULL, "fetch what rich call data names by URL, and hold it against its digests", false},
    CLI_FETCH_OPTIONS,
    {"--pubkey", CLI_VALUE, "FILE", "check the signature alone with this public key: says nothing of who called", false},
    {"--forward", CLI_VALUE, "FILE", "with --invite: write it as it goes on, with verstat in From and P-Asserted-Identity", false},
    {"--verstat-attest", CLI_FLAG, NULL, "with --forward: TN-Validation-Passed says attestation B or C", false},
    {"--explain", CLI_FLAG, NULL, "every check with its outcome, reason and clause", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

/* Something may be asked of the network. */
static bool fetches(const struct cli *cli)
{
    return !cli_has(cli, "--cert") || cli_has(cli, "--fetch-content");
}

struct verifying {
    struct stir_slice text; /* Identity value or message */
    struct stir_slice identity;
    struct stir_sip sip;
    struct stir_call call;
    struct stir_policy policy;
    struct stir_trust *trust;
    struct cli_sources sources;
    int64_t now;
};

static int read_identity(struct cli *cli, struct verifying *v)
{
    return cli_read_value(cli, &v->text, cli_get(cli, "--identity"), STIR_MAX_MESSAGE);
}

static int check_party(struct cli *cli, const char *option, const struct stir_policy *policy)
{
    struct stir_party party;
    const char *value = cli_get(cli, option);
    if (!value)
        return cli_fail(cli, CLI_USAGE, "%s N is needed with --identity: the token is compared with the message, never with itself", option);
    if (stir_party_parse(&party, stir_slice_str(value), &policy->tn) != STIR_OK)
        return cli_fail(cli, CLI_USAGE, "%s \"%s\" is no number and no URI", option, value);
    return CLI_YES;
}

static int read_call(struct cli *cli, struct verifying *v)
{
    struct stir_diag diag = {0};
    struct stir_call call = STIR_CALL_INIT;
    if (cli_has(cli, "--invite")) {
        int status = cli_read(cli, &v->text, cli_get(cli, "--invite"), STIR_MAX_MESSAGE, CLI_NO);
        if (status == CLI_YES && stir_sip_parse(&v->sip, v->text, &diag) != STIR_OK)
            status = cli_fail(cli, CLI_NO, "%s: %s", cli_get(cli, "--invite"), diag.text);
        v->call = v->sip.call;
        return status;
    }
    int status = check_party(cli, "--orig", &v->policy);
    if (status == CLI_YES)
        status = check_party(cli, "--dest", &v->policy);
    if (status == CLI_YES)
        status = read_identity(cli, v);
    v->identity = cli_trim(v->text);
    call.identity = &v->identity;
    call.n_identity = 1;
    call.from = stir_slice_str(cli_get(cli, "--orig"));
    call.to = stir_slice_str(cli_get(cli, "--dest"));
    v->call = call;
    return status;
}

static int read_min_attest(struct cli *cli, struct stir_policy *policy)
{
    const char *attest = cli_get(cli, "--min-attest");
    if (attest && (strlen(attest) != 1 || !strchr("ABC", attest[0])))
        return cli_fail(cli, CLI_USAGE, "--min-attest \"%s\" is none of A, B, C", attest);
    policy->min_attest = attest ? attest[0] : policy->min_attest;
    return CLI_YES;
}

static int read_policy(struct cli *cli, struct verifying *v)
{
    int status = cli_policy(cli, &v->policy);
    if (status == CLI_YES)
        status = cli_dial_plan(cli, &v->policy.tn);
    if (status == CLI_YES)
        status = read_min_attest(cli, &v->policy);
    if (status == CLI_YES)
        status = cli_number(cli, "--max-age", v->policy.max_age, 0, 315576000, &v->policy.max_age);
    if (status == CLI_YES)
        status = cli_time(cli, "--at", cli_now(), &v->now);
    v->policy.any_url = cli_has(cli, "--any-url");
    v->policy.fetch_content = cli_has(cli, "--fetch-content");
    v->policy.exhaustive = cli_has(cli, "--explain") && cli_has(cli, "--cert"); /* it is here: nothing is fetched for nothing */
    return status;
}

static int print_verdict(struct cli *cli, const struct stir_verdict *verdict)
{
    enum stir_err (*write)(char *, size_t, size_t *, const struct stir_verdict *) = cli->json                   ? stir_verdict_json
                                                                                    : cli_has(cli, "--explain") ? stir_verdict_explain
                                                                                                                : stir_verdict_line;
    size_t n = 0;
    char none[1];
    if (write(none, sizeof(none), &n, verdict) != STIR_ELIMIT)
        return cli_fail(cli, CLI_CANNOT, "the verdict cannot be written");
    char *text = malloc(n + 1);
    if (!text || write(text, n + 1, &n, verdict) != STIR_OK) {
        free(text);
        return cli_fail(cli, CLI_CANNOT, "out of memory");
    }
    printf("%s%s", text, n && text[n - 1] == '\n' ? "" : "\n");
    free(text);
    return verdict->verstat == STIR_VERSTAT_PASSED ? CLI_YES : CLI_NO;
}

static enum stir_err go(struct stir_verdict **verdict, struct verifying *v)
{
    struct stir_verify *verify = NULL;
    const struct stir_need *needs;
    size_t n;
    v->sources.call_id = v->call.call_id;
    v->sources.now = v->now;
    enum stir_err err = stir_verify_new(&verify, &v->call, &v->policy, v->trust, NULL, v->now);
    while (err == STIR_OK && (err = stir_verify_next(verify, &needs, &n)) == STIR_OK && n > 0)
        err = cli_meet(&v->sources, verify, needs, n);
    if (err == STIR_OK)
        err = stir_verify_take(verify, verdict);
    stir_verify_free(verify);
    return err;
}

/* The certificate from a file, else from the network; content from the network alone. */
static int read_sources(struct cli *cli, struct verifying *v)
{
    int status = CLI_YES;
    if (cli_has(cli, "--cert"))
        status = cli_read(cli, &v->sources.pem, cli_get(cli, "--cert"), STIR_MAX_PEM, CLI_NO);
    if (status == CLI_YES && fetches(cli))
        status = cli_net(cli, &v->sources.net);
    return status;
}

static int verify(struct cli *cli, struct verifying *v)
{
    struct stir_verdict *verdict = NULL;
    int status = read_policy(cli, v);
    if (status == CLI_YES)
        status = cli_trust(cli, &v->trust);
    if (status == CLI_YES)
        status = read_call(cli, v);
    if (status == CLI_YES)
        status = read_sources(cli, v);
    if (status != CLI_YES)
        return status;
    enum stir_err err = go(&verdict, v);
    if (err != STIR_OK)
        return cli_fail(cli, err == STIR_EARG ? CLI_USAGE : CLI_CANNOT, "%s",
                        err == STIR_EARG ? "--at is outside the times that can be judged" : stir_err_text(err));
    status = cli_has(cli, "--forward") ? cli_forward(cli, v->text, verdict, &v->policy) : CLI_YES;
    if (status == CLI_YES)
        status = print_verdict(cli, verdict);
    stir_verdict_free(verdict);
    return status;
}

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

static int verify_signature(struct cli *cli, struct verifying *v)
{
    static const char *const others[] = {"--orig",    "--dest",   "--invite",     "--cert",    "--trust",         "--crl",     "--pa-trust",      "--at",
                                         "--max-age", "--policy", "--min-attest", "--explain", "--fetch-content", "--forward", "--verstat-attest"};
    struct stir_slice pem = {NULL, 0};
    struct stir_key *key = NULL;
    struct stir_identity identity;
    struct stir_diag diag = {0};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (cli_has(cli, others[i]))
            return cli_fail(cli, CLI_USAGE, "%s does not go with --pubkey, which checks the signature alone", others[i]);
    if (cli_net_option(cli))
        return cli_fail(cli, CLI_USAGE, "%s does not go with --pubkey, which checks the signature alone", cli_net_option(cli));
    if (!cli_has(cli, "--identity"))
        return cli_fail(cli, CLI_USAGE, "--identity VALUE is needed with --pubkey");
    int status = cli_read(cli, &pem, cli_get(cli, "--pubkey"), STIR_MAX_KEY_PEM, CLI_CANNOT);
    if (status == CLI_YES && stir_key_from_public_pem(&key, pem, &diag) != STIR_OK)
        status = cli_fail(cli, CLI_CANNOT, "%s: %s", cli_get(cli, "--pubkey"), diag.text);
    if (status == CLI_YES)
        status = read_identity(cli, v);
    if (status == CLI_YES && stir_identity_parse(&identity, cli_trim(v->text), STIR_IDENTITY_TOLERANT, NULL, &diag) != STIR_OK)
        status = cli_fail(cli, CLI_NO, "the Identity value cannot be read: %s", diag.text);
    if (status == CLI_YES)
        status = print_signature(cli, check_signature(&identity, key));
    stir_key_free(key);
    stir_file_free(&pem);
    return status;
}

static int run(struct cli *cli)
{
    struct verifying v = {0};
    int status;
    if (cli_has(cli, "--pubkey"))
        status = verify_signature(cli, &v);
    else if (cli_has(cli, "--identity") == cli_has(cli, "--invite"))
        status = cli_fail(cli, CLI_USAGE, "give --identity VALUE with --orig and --dest, or --invite FILE");
    else if (cli_has(cli, "--invite") && (cli_has(cli, "--orig") || cli_has(cli, "--dest")))
        status = cli_fail(cli, CLI_USAGE, "--orig and --dest come from the message; leave them out");
    else if (cli_has(cli, "--forward") && !cli_has(cli, "--invite"))
        status = cli_fail(cli, CLI_USAGE, "--forward writes the message of --invite FILE; give one");
    else if (cli_has(cli, "--forward") && strcmp(cli_get(cli, "--forward"), "-") == 0)
        status = cli_fail(cli, CLI_USAGE, "--forward needs a file: standard output has the verdict");
    else if (cli_has(cli, "--verstat-attest") && !cli_has(cli, "--forward"))
        status = cli_fail(cli, CLI_USAGE, "--verstat-attest belongs to --forward FILE");
    else if (!fetches(cli) && cli_net_option(cli))
        status = cli_fail(cli, CLI_USAGE, "%s does not go with --cert: the certificate is here, and nothing is fetched", cli_net_option(cli));
    else if (!cli_has(cli, "--trust"))
        status = cli_fail(cli, CLI_USAGE, "--trust FILE is needed: nobody is trusted by default");
    else
        status = verify(cli, &v);
    stir_file_free(&v.text);
    stir_file_free(&v.sources.pem);
    stir_trust_free(v.trust);
    stir_net_free(v.sources.net);
    return status;
}

const struct cli_command cmd_verify = {"verify", NULL, "", 0, 0, "verify a call, with a reason for every check", options, run};
