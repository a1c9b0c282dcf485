#include "cli/fetch.h"

#include <poll.h>
#include <stdlib.h>

static const struct cli_option options[] = {
    CLI_FETCH_OPTIONS,
    {"--any-url", CLI_FLAG, NULL, "labs: any port, or an address", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

const char *cli_net_option(const struct cli *cli)
{
    static const struct cli_option ours[] = {CLI_FETCH_OPTIONS};
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        if (cli_has(cli, ours[i].name))
            return ours[i].name;
    return NULL;
}

int cli_net_options(const struct cli *cli, struct stir_net_options *out, const char *networks[CLI_MAX_WORDS], int64_t seconds)
{
    struct stir_net_options o = STIR_NET_OPTIONS_INIT;
    int status = cli_number(cli, "--timeout", seconds, 1, 600, &seconds);
    if (status != CLI_YES)
        return status;
    for (o.n_allow_net = 0; o.n_allow_net < cli_all(cli, "--allow-net"); o.n_allow_net++)
        networks[o.n_allow_net] = cli_nth(cli, "--allow-net", o.n_allow_net);
    o.allow_net = networks;
    o.tls_root = cli_get(cli, "--tls-root");
    o.resolver = cli_get(cli, "--resolver");
    o.cache_dir = cli_get(cli, "--cache");
    o.any_url = cli_has(cli, "--any-url");
    o.timeout_ms = seconds * 1000;
    *out = o;
    return CLI_YES;
}

int cli_net_failed(const struct cli *cli, enum stir_err err, const struct stir_diag *diag)
{
    bool asked_wrongly = err == STIR_ESYNTAX || err == STIR_EVALUE || err == STIR_ELIMIT;
    return cli_fail(cli, asked_wrongly ? CLI_USAGE : CLI_CANNOT, "%s", diag->text[0] ? diag->text : stir_err_text(err));
}

int cli_net(const struct cli *cli, struct stir_net **out)
{
    struct stir_net_options o;
    struct stir_diag diag = {0};
    const char *networks[CLI_MAX_WORDS];
    int status = cli_net_options(cli, &o, networks, 2);
    if (status != CLI_YES)
        return status;
    enum stir_err err = stir_net_new(out, &o, &diag);
    return err == STIR_OK ? CLI_YES : cli_net_failed(cli, err, &diag);
}

struct stir_net_answer *cli_net_next(struct stir_net *net)
{
    struct stir_net_answer *answer = NULL;
    for (;;) {
        struct pollfd fd = {.fd = stir_net_fd(net), .events = POLLIN};
        int64_t wait = stir_net_wait(net);
        if (stir_net_next(net, &answer) != STIR_OK || answer || wait < 0)
            return answer;
        (void)poll(&fd, 1, wait > 60000 ? 60000 : (int)wait);
        stir_net_step(net);
    }
}

/* How many certificates a body holds; 0 when it is none. */
static size_t count_certs(struct stir_slice body)
{
    struct stir_cert *certs[STIR_MAX_CHAIN];
    size_t n = 0;
    if (!body.p || stir_certs_parse(certs, STIR_MAX_CHAIN, &n, body, NULL) != STIR_OK)
        return 0;
    for (size_t i = 0; i < n; i++)
        stir_cert_free(certs[i]);
    return n;
}

static const char *source_text(enum stir_net_source source)
{
    switch (source) {
    case STIR_NET_NOWHERE: return "nowhere";
    case STIR_NET_FETCHED: return "network";
    case STIR_NET_MEMORY: return "memory";
    case STIR_NET_DISK: return "disk";
    }
    return "nowhere";
}

static bool show(const struct cli *cli, const char *url, const struct stir_net_answer *a)
{
    size_t certs = count_certs(a->body);
    const char *reason = a->reason == STIR_R_NONE ? NULL : stir_reason_name(a->reason);
    const char *detail = a->detail[0] ? a->detail : a->reason == STIR_R_NONE && certs == 0 ? "the body holds no certificates, or not only those" : NULL;
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("url", url);
        cli_json_bool("good", certs > 0);
        cli_json_str("reason", reason);
        cli_json_str("detail", detail);
        cli_json_int("status", a->http_status);
        cli_json_str("from", source_text(a->source));
        cli_json_bool("stale", a->stale);
        cli_json_int("age", a->age);
        cli_json_int("bytes", (int64_t)a->body.n);
        cli_json_int("certificates", (int64_t)certs);
        cli_json_end('}');
        return certs > 0;
    }
    cli_print(stir_slice_str(url));
    printf("  %s  from=%s%s status=%d age=%lld bytes=%zu certificates=%zu",
           certs    ? "good"
           : reason ? reason
                    : "no-certificates",
           source_text(a->source), a->stale ? " (stale)" : "", a->http_status, (long long)a->age, a->body.n, certs);
    if (detail) {
        printf("  ");
        cli_print(stir_slice_str(detail));
    }
    printf("\n");
    return certs > 0;
}

/* All at once; told in the order in which they were asked for. */
static int fetch_all(struct cli *cli, struct stir_net *net, struct stir_net_answer **answers)
{
    struct stir_net_answer *answer;
    enum stir_err err = STIR_OK;
    bool good = true;
    for (size_t i = 0; i < cli->n_operands && err == STIR_OK; i++)
        err = stir_net_start(net, stir_slice_str(cli->operand[i]), STIR_NET_CERT, 0, i);
    while (err == STIR_OK && (answer = cli_net_next(net)))
        answers[answer->id] = answer;
    for (size_t i = 0; i < cli->n_operands; i++)
        if (!answers[i])
            return cli_fail(cli, CLI_CANNOT, "out of memory");
    if (cli->json)
        cli_json_begin(NULL, '[');
    for (size_t i = 0; i < cli->n_operands; i++)
        good = show(cli, cli->operand[i], answers[i]) && good;
    if (cli->json) {
        cli_json_end(']');
        cli_json_done();
    }
    return good ? CLI_YES : CLI_NO;
}

static int run(struct cli *cli)
{
    struct stir_net *net = NULL;
    struct stir_net_answer *answers[CLI_MAX_WORDS] = {NULL};
    int status = cli_net(cli, &net);
    if (status == CLI_YES)
        status = fetch_all(cli, net, answers);
    for (size_t i = 0; i < cli->n_operands; i++)
        stir_net_answer_free(answers[i]);
    stir_net_free(net);
    return status;
}

const struct cli_command cmd_fetch = {"fetch", NULL, "URL...", 1, CLI_MAX_WORDS, "fetch certificates as a verification does, and say what came of it",
                                      options, run};
