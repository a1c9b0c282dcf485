#include "cli/fetch.h"
#include "cli/forward.h"
#include "cli/judge.h"
#include "io/capture.h"
#include "io/sip_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_option options[] = {
    {"--identity", CLI_TEXT, "VALUE|@FILE|-", "Identity header value", false},
    {"--orig", CLI_VALUE, "N", "calling number of the message", false},
    {"--dest", CLI_VALUE, "N", "called number of the message", false},
    {"--invite", CLI_VALUE, "FILE|-", "a SIP message with its Identity headers", false},
    {"--sip-log", CLI_VALUE, "FILE|-", "a log or trace with SIP messages: judge each INVITE", false},
    {"--call-id", CLI_VALUE, "ID", "of a capture or a log: this call alone", false},
    {"--check-replay", CLI_FLAG, NULL, "of a capture or a log: a token that comes again with another Call-ID fails", false},
    {"--cert", CLI_VALUE, "FILE|-", "the signer's certificate and its chain, PEM; else fetched", false},
    {"--trust", CLI_MANY, "FILE|DIR", "trust anchors, PEM, or a folder of stir trust", false},
    {"--crl", CLI_MANY, "FILE", "revocation list, DER or PEM", false},
    {"--pa-trust", CLI_MANY, "FILE", "certificates under which the policy administrator signs its list", false},
    {"--at", CLI_VALUE, "TIME", "judge at this time; default now", false},
    {"--max-age", CLI_VALUE, "S", "seconds that a token may be old; default 60", false},
    {"--policy", CLI_VALUE, "PRESET", "shaken, strict, rfc8224, atis, us, us-strict, ca, fr-man; default shaken", false},
    CLI_DIAL_OPTIONS,
    {"--min-attest", CLI_VALUE, "A|B|C", "the lowest attestation that passes; default any", false},
    {"--any-url", CLI_FLAG, NULL, "labs: x5u with any port, or an address", false},
    {"--fetch-content", CLI_FLAG, NULL, "fetch what rich call data names by URL, and hold it against its digests", false},
    {"--fetch-tnlist", CLI_FLAG, NULL, "fetch TNAuthLists where certificates name theirs by URL", false},
    {"--numbers", CLI_VALUE, "FILE", "which provider holds which numbers: does the signer's code hold the caller's?", false},
    CLI_FETCH_OPTIONS,
    {"--pubkey", CLI_VALUE, "FILE", "check the signature alone with this public key: says nothing of who called", false},
    {"--forward", CLI_VALUE, "FILE", "with --invite: write it as it goes on, with verstat in From and P-Asserted-Identity", false},
    {"--verstat-attest", CLI_FLAG, NULL, "with --forward: TN-Validation-Passed says attestation B or C", false},
    {"--explain", CLI_FLAG, NULL, "every check with its outcome, reason and clause", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

struct verifying {
    struct stir_slice text; /* Identity value or message */
    struct stir_slice identity;
    struct stir_sip sip;
    struct stir_call call;
    struct cli_judge judge;
};

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

/* From the file of a message, else from --identity and its two numbers. */
static int read_call(struct cli *cli, struct verifying *v, const char *message)
{
    struct stir_diag diag = {0};
    struct stir_call call = STIR_CALL_INIT;
    if (message) {
        int status = cli_read(cli, &v->text, message, STIR_MAX_MESSAGE, CLI_NO);
        if (status == CLI_YES && stir_sip_parse(&v->sip, v->text, &diag) != STIR_OK)
            status = cli_fail(cli, CLI_NO, "%s: %s", message, diag.text);
        v->call = v->sip.call;
        return status;
    }
    int status = check_party(cli, "--orig", &v->judge.policy);
    if (status == CLI_YES)
        status = check_party(cli, "--dest", &v->judge.policy);
    if (status == CLI_YES)
        status = cli_read_value(cli, &v->text, cli_get(cli, "--identity"), STIR_MAX_MESSAGE);
    v->identity = cli_trim(v->text);
    call.identity = &v->identity;
    call.n_identity = 1;
    call.from = stir_slice_str(cli_get(cli, "--orig"));
    call.to = stir_slice_str(cli_get(cli, "--dest"));
    v->call = call;
    return status;
}

/* Of a response the question is who answers, of all else who calls. */
static bool is_yes(const struct stir_call *call, const struct stir_verdict *verdict)
{
    return call->is_response ? verdict->connected == STIR_CONNECTED_PASSED : verdict->verstat == STIR_VERSTAT_PASSED;
}

static int print(struct cli *cli, const struct stir_call *call, const struct stir_verdict *verdict)
{
    char *text = cli_judge_text(cli, verdict);
    if (!text)
        return cli_fail(cli, CLI_CANNOT, "out of memory");
    printf("%s\n", text);
    free(text);
    return is_yes(call, verdict) ? CLI_YES : CLI_NO;
}

static int judge_one(struct cli *cli, struct verifying *v, const char *message)
{
    struct stir_verdict *verdict = NULL;
    int status = cli_judge_open(cli, &v->judge);
    if (status == CLI_YES)
        status = read_call(cli, v, message);
    if (status != CLI_YES)
        return status;
    enum stir_err err = cli_judge_call(&v->judge, &v->call, v->judge.now, &verdict);
    if (err != STIR_OK)
        return cli_fail(cli, err == STIR_EARG ? CLI_USAGE : CLI_CANNOT, "%s",
                        err == STIR_EARG ? "--at is outside the times that can be judged" : stir_err_text(err));
    status = cli_has(cli, "--forward") ? cli_forward(cli, v->text, verdict, &v->judge.policy) : CLI_YES;
    if (status == CLI_YES)
        status = print(cli, &v->call, verdict);
    stir_verdict_free(verdict);
    return status;
}

static int verify_one(struct cli *cli, const char *message)
{
    struct verifying v = {0};
    int status = judge_one(cli, &v, message);
    stir_file_free(&v.text);
    cli_judge_close(&v.judge);
    return status;
}

/* A file that somebody had at hand: a capture, a log, or one message. */
static int verify_file(struct cli *cli, const char *path)
{
    char first[STIR_MAX_MESSAGE + 1];
    FILE *file = fopen(path, "rb");
    if (!file)
        return cli_fail(cli, CLI_CANNOT, "%s: %s", path, strerror(errno));
    struct stir_slice text = stir_slice_of(first, fread(first, 1, sizeof(first), file));
    bool failed = ferror(file);
    (void)fclose(file);
    if (failed)
        return cli_fail(cli, CLI_CANNOT, "%s: cannot be read", path);
    if (text.n >= 2 && memcmp(text.p, "\x1f\x8b", 2) == 0)
        return cli_fail(cli, CLI_CANNOT, "%s: is compressed; unpack it first: gunzip %s", path, path);
    if (stir_capture_is(text))
        return cli_verify_many(cli, path, false);
    if (memchr(text.p, '\0', text.n))
        return cli_fail(cli, CLI_CANNOT, "%s: is neither a capture (pcap, pcapng) nor a text with SIP messages", path);
    bool is_message = text.n <= STIR_MAX_MESSAGE && stir_sip_is_one(text);
    return is_message && !cli_has(cli, "--call-id") ? verify_one(cli, path) : cli_verify_many(cli, path, true);
}

/* Options that ask for things that do not go together. */
static int check_options(struct cli *cli)
{
    static const char *const one_of[] = {"--identity", "--invite", "--sip-log"};
    bool many = cli->n_operands || cli_has(cli, "--sip-log");
    size_t ways = cli->n_operands;
    for (size_t i = 0; i < sizeof(one_of) / sizeof(one_of[0]); i++)
        ways += cli_has(cli, one_of[i]);
    if (ways != 1)
        return cli_fail(cli, CLI_USAGE, "give one of --identity VALUE with --orig and --dest, --invite FILE, --sip-log FILE, or a capture");
    if (!cli_has(cli, "--identity") && (cli_has(cli, "--orig") || cli_has(cli, "--dest")))
        return cli_fail(cli, CLI_USAGE, "--orig and --dest come from the message; leave them out");
    if (!many && (cli_has(cli, "--call-id") || cli_has(cli, "--check-replay")))
        return cli_fail(cli, CLI_USAGE, "--call-id and --check-replay go with a capture or a log, not with one call");
    if (cli_has(cli, "--forward") && !cli_has(cli, "--invite"))
        return cli_fail(cli, CLI_USAGE, "--forward writes the message of --invite FILE; give one");
    if (cli_has(cli, "--forward") && strcmp(cli_get(cli, "--forward"), "-") == 0)
        return cli_fail(cli, CLI_USAGE, "--forward needs a file: standard output has the verdict");
    if (cli_has(cli, "--verstat-attest") && !cli_has(cli, "--forward"))
        return cli_fail(cli, CLI_USAGE, "--verstat-attest belongs to --forward FILE");
    if (!cli_judge_fetches(cli) && cli_net_option(cli))
        return cli_fail(cli, CLI_USAGE, "%s does not go with --cert: the certificate is here, and nothing is fetched", cli_net_option(cli));
    if (!cli_has(cli, "--trust"))
        return cli_fail(cli, CLI_USAGE, "--trust FILE is needed: nobody is trusted by default");
    return CLI_YES;
}

static int run(struct cli *cli)
{
    if (cli_has(cli, "--pubkey"))
        return cli_verify_signature(cli);
    int status = check_options(cli);
    if (status != CLI_YES)
        return status;
    if (cli_has(cli, "--sip-log"))
        return cli_verify_many(cli, cli_get(cli, "--sip-log"), true);
    return cli->n_operands ? verify_file(cli, cli->operand[0]) : verify_one(cli, cli_get(cli, "--invite"));
}

const struct cli_command cmd_verify = {"verify", NULL, "[FILE]", 0, 1, "verify a call, or each of a capture, with a reason for every check", options, run};
