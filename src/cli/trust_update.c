/* stir trust update and stir crl update: what the administrators publish now, each list judged before it takes the place of the last good one. */
#include <stir/trust_refresh.h>

#include "cli/certs.h"
#include "cli/fetch.h"
#include "cli/trust_dir.h"

#define UPDATE_OPTIONS                                                                                      \
    {"--domain", CLI_VALUE, "NAME", "only this domain", false},                                             \
        {"--due", CLI_FLAG, NULL, "only what is due: its refresh time or half of its life is over", false}, \
        {"--at", CLI_VALUE, "TIME", "judge at this time; default now", false},                              \
        {"--timeout", CLI_VALUE, "S", "seconds that each fetch may take; default 10", false},               \
        {"--any-url", CLI_FLAG, NULL, "labs: any port, or an address", false}, CLI_REACH_OPTIONS

static const struct cli_option trust_options[] = {UPDATE_OPTIONS, {NULL, CLI_FLAG, NULL, NULL, false}};
static const struct cli_option crl_options[] = {
    UPDATE_OPTIONS,
    {"--cert", CLI_MANY, "FILE", "ask also the distribution points of these certificates, where the host is allowed; needs --domain", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

static int64_t fixed_clock(void *arg)
{
    return *(int64_t *)arg;
}

/* ---- What came ---- */

static const char *end_text(enum stir_trust_end end)
{
    switch (end) {
    case STIR_TRUST_NEW: return "new";
    case STIR_TRUST_SAME: return "same";
    case STIR_TRUST_REFUSED: return "refused";
    case STIR_TRUST_UNREACHABLE: return "unreachable";
    case STIR_TRUST_FAILED: return "failed";
    }
    return "failed";
}

static void show_json(const struct stir_trust_outcome *o)
{
    cli_json_begin(NULL, '{');
    cli_json_str("domain", o->domain);
    cli_json_str("kind", o->kind == STIR_TRUST_LIST ? "list" : "crl");
    cli_json_str("url", o->url);
    cli_json_str("end", end_text(o->end));
    cli_json_str("file", o->file[0] ? o->file : NULL);
    if (o->sequence >= 0)
        cli_json_int("sequence", o->sequence);
    if (o->until)
        cli_json_time("until", o->until);
    cli_json_str("detail", o->detail[0] ? o->detail : NULL);
    cli_json_end('}');
}

static void show(const struct stir_trust_outcome *o)
{
    char until[21] = "?";
    (void)!stir_time_write(until, o->until);
    printf("%s: %s ", o->domain, o->kind == STIR_TRUST_LIST ? "list" : "crl");
    cli_print(stir_slice_str(o->url));
    printf(": %s", end_text(o->end));
    if (o->sequence >= 0)
        printf(", sequence %lld", (long long)o->sequence);
    if (o->until)
        printf(", until %s", until);
    printf("%s%s\n", o->detail[0] ? ": " : "", o->detail);
}

/* One that was refused is an answer; one that did not come could not be had. */
static int worse(int status, enum stir_trust_end end)
{
    if (end == STIR_TRUST_REFUSED)
        return CLI_NO;
    return status == CLI_NO || end == STIR_TRUST_NEW || end == STIR_TRUST_SAME ? status : CLI_CANNOT;
}

static int show_all(const struct cli *cli, struct stir_trust_refresh *refresh)
{
    struct stir_trust_outcome outcome;
    int status = CLI_YES;
    size_t n = 0;
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_begin("outcomes", '[');
    }
    for (; stir_trust_refresh_next(refresh, &outcome); n++) {
        status = worse(status, outcome.end);
        if (cli->json)
            show_json(&outcome);
        else
            show(&outcome);
    }
    if (cli->json) {
        cli_json_end(']');
        cli_json_bool("good", status == CLI_YES);
        cli_json_end('}');
        cli_json_done();
    } else if (n == 0) {
        printf("nothing is %s\n", cli_has(cli, "--due") ? "due" : "to be asked for: no domain has a pa-url or crl-url in its domain.conf");
    }
    return status;
}

/* ---- What is asked for ---- */

static int ask_points(const struct cli *cli, struct stir_trust_refresh *refresh)
{
    struct stir_diag diag = {0};
    if (cli_has(cli, "--cert") && !cli_has(cli, "--domain"))
        return cli_fail(cli, CLI_USAGE, "--cert needs --domain: whose settings say which hosts are asked");
    for (size_t f = 0; f < cli_all(cli, "--cert"); f++) {
        struct certs certs = {.n = 0};
        enum stir_err err = STIR_OK;
        int status = certs_read(cli, &certs, cli_nth(cli, "--cert", f));
        if (status != CLI_YES)
            return status;
        for (size_t i = 0; i < certs.n; i++) {
            const struct stir_cert_info *info = stir_cert_info(certs.cert[i]);
            for (size_t k = 0; k < info->n_crldps && err == STIR_OK; k++)
                if (info->crldps[k].url.p)
                    err = stir_trust_refresh_point(refresh, cli_get(cli, "--domain"), info->crldps[k].url, &diag);
        }
        certs_clear(&certs);
        if (err != STIR_OK)
            return trust_failed(cli, err, &diag, NULL, CLI_CANNOT);
    }
    return CLI_YES;
}

static int refresh_all(const struct cli *cli, struct stir_trust_refresh *refresh, unsigned what)
{
    struct stir_diag diag = {0};
    enum stir_err err = stir_trust_refresh_start(refresh, what | (cli_has(cli, "--due") ? STIR_TRUST_REFRESH_DUE : 0u), cli_get(cli, "--domain"), &diag);
    if (err != STIR_OK)
        return trust_failed(cli, err, &diag, NULL, CLI_CANNOT);
    int status = what & STIR_TRUST_REFRESH_CRLS ? ask_points(cli, refresh) : CLI_YES;
    if (status != CLI_YES)
        return status;
    stir_trust_refresh_finish(refresh);
    return show_all(cli, refresh);
}

static int update(struct cli *cli, unsigned what)
{
    struct stir_trust_refresh *refresh = NULL;
    struct stir_net_options options;
    struct stir_diag diag = {0};
    const char *networks[CLI_MAX_WORDS];
    int64_t now;
    int status = cli_net_options(cli, &options, networks, 10);
    if (status == CLI_YES)
        status = cli_time(cli, "--at", cli_now(), &now);
    if (status != CLI_YES)
        return status;
    options.clock = fixed_clock;
    options.clock_arg = &now;
    enum stir_err err = stir_trust_refresh_new(&refresh, cli->operand[0], &options, &diag);
    status = err == STIR_OK ? refresh_all(cli, refresh, what) : cli_net_failed(cli, err, &diag);
    stir_trust_refresh_free(refresh);
    return status;
}

static int run_trust(struct cli *cli)
{
    return update(cli, STIR_TRUST_REFRESH_LISTS);
}

static int run_crl(struct cli *cli)
{
    return update(cli, STIR_TRUST_REFRESH_CRLS);
}

const struct cli_command cmd_trust_update = {"trust", "update", "DIR", 1, 1, "fetch the policy administrators' lists of trusted CAs", trust_options, run_trust};
const struct cli_command cmd_crl_update = {"crl", "update", "DIR", 1, 1, "fetch revocation lists", crl_options, run_crl};
