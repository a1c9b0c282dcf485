#include "cli/crl.h"

#include "core/cert.h"
#include "io/trust_store.h"

#include <stdlib.h>

static const struct cli_option options[] = {
    {"--at", CLI_VALUE, "TIME", "how it stands at this time; default now", false},
    {"--alarm", CLI_FLAG, NULL, "exit status 1 also when half of its life is over", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

enum { FIRST = 10, HEX = 64 };

int crl_read(const struct cli *cli, struct stir_crl **out, const char *path, int status_bad)
{
    struct stir_slice text = {NULL, 0};
    struct stir_diag diag = {0};
    int status = cli_read(cli, &text, path, STIR_MAX_CRL * 2, status_bad); /* PEM is a third longer than DER */
    if (status != CLI_YES)
        return status;
    enum stir_err err = stir_crl_parse(out, text, &diag);
    stir_file_free(&text);
    if (err == STIR_OK)
        return CLI_YES;
    return cli_fail(cli, err == STIR_ENOMEM ? CLI_CANNOT : status_bad, "%s: %s", path, diag.text[0] ? diag.text : stir_err_text(err));
}

/* Big-endian bytes as hex digits, cut when nobody would read them all. */
static const char *hex_of(char out[2 * HEX + 1], struct stir_slice bytes)
{
    out[0] = '\0';
    for (size_t i = 0; i < bytes.n && i < HEX; i++)
        snprintf(out + 2 * i, 3, "%02X", (unsigned char)bytes.p[i]);
    return out;
}

void crl_line(const struct stir_crl_info *info)
{
    char from[21] = "?", until[21] = "?", number[2 * HEX + 1];
    (void)!stir_time_write(from, info->this_update);
    (void)!stir_time_write(until, info->next_update);
    cli_print(stir_slice_str(info->issuer));
    printf(", number %s, %s to %s, %zu entries\n", info->number.p ? hex_of(number, info->number) : "none", from, info->next_update ? until : "no end",
           info->n_entries);
}

void crl_json(const struct stir_crl_info *info)
{
    cli_json_str("issuer", info->issuer);
    if (info->number.p)
        cli_json_hex("number", info->number);
    cli_json_time("this_update", info->this_update);
    if (info->next_update)
        cli_json_time("next_update", info->next_update);
    cli_json_bool("indirect", info->indirect);
    cli_json_text("url", info->idp_url);
    cli_json_int("entries", (int64_t)info->n_entries);
}

static void show_entry(const struct cli *cli, const struct stir_crl_entry *entry)
{
    char serial[2 * HEX + 1], at[21] = "?", *issuer = stir_name_text(entry->issuer_der);
    (void)!stir_time_write(at, entry->revoked_at);
    hex_of(serial, entry->serial);
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("issuer", issuer);
        cli_json_str("serial", serial);
        cli_json_time("revoked_at", entry->revoked_at);
        cli_json_int("reason", entry->reason);
        cli_json_end('}');
    } else {
        printf("  %s, ", at);
        if (entry->reason >= 0)
            printf("reason %d, ", entry->reason);
        printf("serial %s of ", serial);
        cli_print(stir_slice_str(issuer ? issuer : "?"));
        printf("\n");
    }
    free(issuer);
}

static void show_entries(const struct cli *cli, const struct stir_crl *crl)
{
    struct stir_crl_entry entry;
    size_t n = stir_crl_info(crl)->n_entries;
    if (cli->json)
        cli_json_begin("first", '[');
    for (size_t i = 0; i < FIRST && stir_crl_entry_at(crl, i, &entry); i++)
        show_entry(cli, &entry);
    if (cli->json)
        cli_json_end(']');
    else if (n > FIRST)
        printf("  and %zu more\n", n - FIRST);
}

static const char *unusable(const struct stir_crl_info *info)
{
    if (info->delta)
        return "it is a delta list";
    if (info->idp == STIR_PART_BAD || info->idp == STIR_PART_TWICE)
        return "its distribution point cannot be read or stands twice";
    return info->unknown_critical ? "something critical in it is not understood" : NULL;
}

static int show(const struct cli *cli, const struct stir_crl *crl, int64_t now)
{
    const struct stir_crl_info *info = stir_crl_info(crl);
    const char *why = unusable(info);
    enum stir_trust_life life = stir_trust_life_of(info->this_update, stir_trust_crl_end(info), 0, now);
    bool early = now < info->this_update, late = life == STIR_TRUST_OVER;
    if (cli->json) {
        cli_json_begin(NULL, '{');
        crl_json(info);
        cli_json_bool("in_date", !early && !late);
        cli_json_str("life", trust_life_text(life));
        cli_json_str("unusable", why);
        show_entries(cli, crl);
        cli_json_end('}');
        cli_json_done();
    } else {
        crl_line(info);
        printf("  %s%s", info->indirect ? "indirect: its entries name their issuers" : "direct: of its issuer's certificates", info->idp_url.p ? ", at " : "");
        cli_print(info->idp_url);
        printf("\n");
        if (early || late)
            printf("  alarm: %s\n", late ? "out of date" : "not in force yet");
        else if (life == STIR_TRUST_HALF_OVER)
            printf("  alarm: half of its life is over\n");
        if (why)
            printf("  alarm: no verifier uses it: %s\n", why);
        show_entries(cli, crl);
    }
    bool half = cli_has(cli, "--alarm") && life == STIR_TRUST_HALF_OVER;
    return early || late || half || why ? CLI_NO : CLI_YES;
}

static int run(struct cli *cli)
{
    struct stir_crl *crl = NULL;
    int64_t now;
    int status = cli_time(cli, "--at", cli_now(), &now);
    if (status == CLI_YES)
        status = crl_read(cli, &crl, cli->operand[0], CLI_NO);
    if (status == CLI_YES)
        status = show(cli, crl, now);
    stir_crl_free(crl);
    return status;
}

const struct cli_command cmd_crl_show = {"crl", "show", "FILE|-", 1, 1, "say what a revocation list says", options, run};
