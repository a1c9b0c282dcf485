#include "cli/judge.h"

#include "cli/fetch.h"

#include <stdlib.h>
#include <string.h>

bool cli_judge_fetches(const struct cli *cli)
{
    return !cli_has(cli, "--cert") || cli_has(cli, "--fetch-content") || cli_has(cli, "--fetch-tnlist");
}

static int read_min_attest(struct cli *cli, struct stir_policy *policy)
{
    const char *attest = cli_get(cli, "--min-attest");
    if (attest && (strlen(attest) != 1 || !strchr("ABC", attest[0])))
        return cli_fail(cli, CLI_USAGE, "--min-attest \"%s\" is none of A, B, C", attest);
    policy->min_attest = attest ? attest[0] : policy->min_attest;
    return CLI_YES;
}

static int read_policy(struct cli *cli, struct cli_judge *judge)
{
    struct stir_policy *policy = &judge->policy;
    int status = cli_policy(cli, policy);
    if (status == CLI_YES)
        status = cli_dial_plan(cli, &policy->tn);
    if (status == CLI_YES)
        status = read_min_attest(cli, policy);
    if (status == CLI_YES)
        status = cli_number(cli, "--max-age", policy->max_age, 0, 315576000, &policy->max_age);
    if (status == CLI_YES)
        status = cli_time(cli, "--at", cli_now(), &judge->now);
    policy->any_url = cli_has(cli, "--any-url");
    policy->fetch_content = cli_has(cli, "--fetch-content");
    policy->fetch_tnlist = cli_has(cli, "--fetch-tnlist");
    policy->check_authority = cli_has(cli, "--numbers");
    policy->exhaustive = cli_has(cli, "--explain") && cli_has(cli, "--cert"); /* it is here: nothing is fetched for nothing */
    return status;
}

static int read_numbers(struct cli *cli, struct cli_judge *judge, const char *path)
{
    struct stir_slice text = {NULL, 0};
    struct stir_diag diag = {0};
    int status = cli_read(cli, &text, path, STIR_MAX_SPC_TABLE, CLI_CANNOT);
    if (status != CLI_YES)
        return status;
    enum stir_err err = stir_spc_table_parse(&judge->sources.numbers, text, &diag);
    stir_file_free(&text);
    return err == STIR_OK ? CLI_YES : cli_fail(cli, CLI_CANNOT, "%s: %s", path, diag.text[0] ? diag.text : stir_err_text(err));
}

/* The certificate from a file, else from the network; content from the network alone. */
static int read_sources(struct cli *cli, struct cli_judge *judge)
{
    int status = CLI_YES;
    if (cli_has(cli, "--cert"))
        status = cli_read(cli, &judge->sources.pem, cli_get(cli, "--cert"), STIR_MAX_PEM, CLI_NO);
    if (status == CLI_YES && cli_has(cli, "--numbers"))
        status = read_numbers(cli, judge, cli_get(cli, "--numbers"));
    if (status == CLI_YES && cli_judge_fetches(cli))
        status = cli_net(cli, &judge->sources.net);
    return status;
}

int cli_judge_open(struct cli *cli, struct cli_judge *judge)
{
    int status = read_policy(cli, judge);
    if (status == CLI_YES)
        status = cli_trust(cli, &judge->trust);
    if (status == CLI_YES)
        status = read_sources(cli, judge);
    if (status == CLI_YES && stir_es256_ctx_new(&judge->ctx) != STIR_OK)
        status = cli_fail(cli, CLI_CANNOT, "out of memory");
    return status;
}

void cli_judge_close(struct cli_judge *judge)
{
    stir_file_free(&judge->sources.pem);
    stir_net_free(judge->sources.net);
    stir_replay_free(judge->sources.replay);
    stir_spc_table_free(judge->sources.numbers);
    stir_es256_ctx_free(judge->ctx);
    stir_trust_free(judge->trust);
}

enum stir_err cli_judge_call(struct cli_judge *judge, const struct stir_call *call, int64_t now, struct stir_verdict **out)
{
    struct stir_verify *verify = NULL;
    const struct stir_need *needs;
    size_t n;
    judge->sources.call_id = call->call_id;
    judge->sources.now = now;
    enum stir_err err = stir_verify_new(&verify, call, &judge->policy, judge->trust, judge->ctx, now);
    while (err == STIR_OK && (err = stir_verify_next(verify, &needs, &n)) == STIR_OK && n > 0)
        err = cli_meet(&judge->sources, verify, needs, n);
    if (err == STIR_OK)
        err = stir_verify_take(verify, out);
    stir_verify_free(verify);
    return err;
}

char *cli_judge_text(const struct cli *cli, const struct stir_verdict *verdict)
{
    enum stir_err (*write)(char *, size_t, size_t *, const struct stir_verdict *) = cli->json                   ? stir_verdict_json
                                                                                    : cli_has(cli, "--explain") ? stir_verdict_explain
                                                                                                                : stir_verdict_line;
    size_t n = 0;
    char none[1];
    if (write(none, sizeof(none), &n, verdict) != STIR_ELIMIT)
        return NULL;
    char *text = malloc(n + 1);
    if (!text || write(text, n + 1, &n, verdict) != STIR_OK) {
        free(text);
        return NULL;
    }
    if (n && text[n - 1] == '\n')
        text[n - 1] = '\0';
    return text;
}
