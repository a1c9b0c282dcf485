#include "cli/crl.h"
#include "cli/trust_dir.h"

#include <string.h>

static const struct cli_option options[] = {
    {"--at", CLI_VALUE, "TIME", "how it stands at this time; default now", false},
    {"--alarm", CLI_FLAG, NULL, "exit status 1 also when half of a list's life is over", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

enum { DAY = 86400 };

static void show_anchor(const struct cli *cli, const struct stir_cert_info *info)
{
    char from[21] = "?", until[21] = "?";
    (void)!stir_time_write(from, info->not_before);
    (void)!stir_time_write(until, info->not_after);
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("subject", info->subject);
        cli_json_time("not_before", info->not_before);
        cli_json_time("not_after", info->not_after);
        cli_json_end('}');
    } else {
        printf("  anchor   ");
        cli_print(stir_slice_str(info->subject));
        printf(", %s to %s\n", from, until);
    }
}

static void show_anchors(const struct cli *cli, const struct stir_trust_item *item)
{
    if (cli->json)
        cli_json_begin("anchors", '[');
    for (size_t i = 0; i < item->n_certs; i++)
        show_anchor(cli, stir_cert_info(item->certs[i]));
    if (cli->json)
        cli_json_end(']');
}

static void show_list_json(const struct stir_trust_item *item, int64_t now)
{
    bool listed = item->kind == STIR_TRUST_LIST && item->n_certs;
    cli_json_str("source", !item->n_certs ? NULL : listed ? "list" : item->from ? "pem" : "by hand");
    if (item->from) {
        cli_json_time("imported", item->from);
        cli_json_int("age", now > item->from ? now - item->from : 0);
    }
    if (listed) {
        cli_json_int("sequence", item->sequence);
        cli_json_time("exp", item->until);
        cli_json_time("used_until", item->used_until);
        cli_json_str("signer", item->signer);
    }
    cli_json_str("life", trust_life_text(item->life));
    cli_json_bool("whole", !item->changed);
}

static void show_list(const struct cli *cli, const struct stir_trust_item *item, int64_t now)
{
    char at[21] = "?", until[21] = "?";
    if (cli->json) {
        show_list_json(item, now);
        return;
    }
    (void)!stir_time_write(at, item->from);
    (void)!stir_time_write(until, item->until);
    if (item->n_certs == 0) {
        printf("  alarm    no list yet: stir trust update fetches one, stir trust import takes one in\n");
        return;
    }
    if (item->from)
        printf("  imported %s, %lld days ago%s\n", at, (long long)(now > item->from ? (now - item->from) / DAY : 0),
               item->kind == STIR_TRUST_LIST ? "" : ", from certificates");
    if (item->kind == STIR_TRUST_LIST) {
        printf("  list     sequence %lld, until %s, signed by ", (long long)item->sequence, until);
        cli_print(stir_slice_str(item->signer));
        printf("\n");
    }
    trust_print_alarm(item->life, "update, or import a newer list");
    if (item->changed)
        printf("  alarm    ca.pem is not what was imported: import again\n");
}

static void show_crl(const struct cli *cli, const struct stir_trust_item *item)
{
    const struct stir_crl_info *info = stir_crl_info(item->crl);
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("file", item->file);
        crl_json(info);
        cli_json_str("life", trust_life_text(item->life));
        cli_json_end('}');
    } else {
        printf("  crl      %s: ", item->file);
        crl_line(info);
        trust_print_alarm(item->life, "update, or import a newer revocation list");
    }
}

/* The items of one domain, its anchors first. */
static size_t show_domain(const struct cli *cli, const struct stir_trust_item *items, size_t n, int64_t now)
{
    size_t i = 1;
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("domain", items->domain);
    } else {
        printf("%s\n", items->domain);
    }
    show_list(cli, items, now);
    show_anchors(cli, items);
    if (cli->json)
        cli_json_begin("crls", '[');
    for (; i < n && items[i].kind == STIR_TRUST_CRL; i++)
        show_crl(cli, &items[i]);
    if (cli->json) {
        cli_json_end(']');
        cli_json_end('}');
    }
    return i;
}

static int show(const struct cli *cli, const struct stir_trust_store *store, int64_t now)
{
    size_t n;
    enum stir_trust_life worst = STIR_TRUST_FRESH;
    const struct stir_trust_item *items = stir_trust_store_items(store, &n);
    for (size_t i = 0; i < n; i++)
        worst = items[i].life > worst ? items[i].life : worst;
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_begin("domains", '[');
    }
    for (size_t i = 0; i < n;)
        i += show_domain(cli, items + i, n - i, now);
    if (cli->json) {
        cli_json_end(']');
        cli_json_str("life", trust_life_text(worst));
        cli_json_bool("expired", worst >= STIR_TRUST_GRACE);
        cli_json_end('}');
        cli_json_done();
    }
    return worst >= (cli_has(cli, "--alarm") ? STIR_TRUST_HALF_OVER : STIR_TRUST_GRACE) ? CLI_NO : CLI_YES;
}

static int run(struct cli *cli)
{
    struct stir_trust_store *store = NULL;
    int64_t now;
    int status = cli_time(cli, "--at", cli_now(), &now);
    if (status == CLI_YES)
        status = trust_read(cli, &store, cli->operand[0], now);
    if (status == CLI_YES)
        status = show(cli, store, now);
    stir_trust_store_free(store);
    return status;
}

const struct cli_command cmd_trust_show = {"trust", "show", "DIR", 1, 1, "say what a folder of trust holds, and what is over", options, run};
