/* stir acme status: what a folder holds, without asking anybody. */
#include "cli/acme.h"

#include <stdlib.h>

static const struct cli_option options[] = {
    {"--at", CLI_VALUE, "TIME", "as if it were that time", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

static int show_rest(struct cli *cli, struct stir_acme *acme, int64_t now)
{
    const struct stir_acme_settings *s = stir_acme_settings(acme);
    struct stir_acme_current current;
    const bool there = stir_acme_current(acme, &current, NULL) == STIR_OK, in_time = there && now >= current.not_before && now < current.not_after;
    const bool revoked = there && current.revoked, good = in_time && !revoked;
    const bool due = stir_acme_due(acme) <= now, under_way = stir_acme_is_under_way(acme);
    if (cli->json) {
        cli_json_str("directory", s->directory);
        cli_json_str("spc", s->spc[0] ? s->spc : NULL);
        cli_json_bool("good", good);
        cli_json_bool("revoked", revoked);
        cli_json_bool("due", due);
        cli_json_bool("under_way", under_way);
        return good ? CLI_YES : CLI_NO;
    }
    printf("authority %s%s%s\n", s->directory, s->spc[0] ? ", code " : "", s->spc);
    if (there && current.x5u[0])
        printf("x5u %s\n", current.x5u);
    if (revoked)
        printf("it was revoked: calls that it signs are refused\n");
    if (there && !in_time)
        printf("it is not valid now\n");
    if (under_way)
        printf("an order or a deployment is under way: stir acme obtain goes on with it\n");
    else if (due)
        printf("renewal is due: stir acme renew\n");
    return good ? CLI_YES : CLI_NO;
}

static int run(struct cli *cli)
{
    struct stir_acme *acme = NULL;
    struct stir_acme_current current;
    int64_t now;
    int status = cli_time(cli, "--at", cli_now(), &now);
    status = status == CLI_YES ? acme_open(cli, &acme, cli->operand[0]) : status;
    if (status != CLI_YES)
        return status;
    if (cli->json)
        cli_json_begin(NULL, '{');
    if (stir_acme_current(acme, &current, NULL) == STIR_OK)
        (void)acme_show_current(cli, acme, cli->operand[0]);
    else if (!cli->json)
        printf("%s: no certificate yet\n", cli->operand[0]);
    status = show_rest(cli, acme, now);
    if (cli->json) {
        cli_json_end('}');
        cli_json_done();
    }
    stir_acme_free(acme);
    return status;
}

const struct cli_command cmd_acme_status = {"acme",  "status", "DIR", 1, 1, "show account, certificate and what is due; 1 when no certificate is valid",
                                            options, run};
