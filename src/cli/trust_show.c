#include "cli/crl.h"
#include "cli/trust_dir.h"

#include <stdlib.h>

static const struct cli_option options[] = {
    {"--dir", CLI_VALUE, "DIR", "the folder of trust", true},
    {"--at", CLI_VALUE, "TIME", "how it stands at this time; default now", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

enum { DAY = 86400 };

static const char *life_text(enum trust_life life)
{
    return life == TRUST_OVER ? "expired" : life == TRUST_HALF_OVER ? "half-over" : "fresh";
}

static void print_alarm(enum trust_life life, const char *what)
{
    if (life != TRUST_FRESH)
        printf("  alarm    %s %s\n", life == TRUST_OVER ? "expired:" : "half of its life is over:", what);
}

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

static int show_anchors(const struct cli *cli, const struct trust_domain *domain, struct stir_slice pem)
{
    struct stir_diag diag = {0};
    struct stir_cert **certs = calloc(STIR_MAX_ANCHORS, sizeof(*certs));
    size_t n = 0;
    if (!certs)
        return cli_fail(cli, CLI_CANNOT, "out of memory");
    int status = CLI_YES;
    if (stir_certs_parse(certs, STIR_MAX_ANCHORS, &n, pem, &diag) != STIR_OK)
        status = cli_fail(cli, CLI_CANNOT, "%s/ca.pem: %s", domain->path, diag.text);
    if (cli->json)
        cli_json_begin("anchors", '[');
    for (size_t i = 0; i < n; i++)
        show_anchor(cli, stir_cert_info(certs[i]));
    if (cli->json)
        cli_json_end(']');
    for (size_t i = 0; i < n; i++)
        stir_cert_free(certs[i]);
    free(certs);
    return status;
}

/* Of the list that the anchors came from. */
static enum trust_life show_list(const struct cli *cli, const struct trust_state *state, int64_t now)
{
    enum trust_life life = state->listed ? trust_life(state->imported, state->exp, now) : TRUST_FRESH;
    char until[21] = "?", imported[21] = "?";
    (void)!stir_time_write(until, state->exp);
    (void)!stir_time_write(imported, state->imported);
    if (cli->json) {
        cli_json_str("source", state->listed ? "list" : state->there ? "pem" : "by hand");
        if (state->there)
            cli_json_time("imported", state->imported);
        if (state->there)
            cli_json_int("age", now - state->imported);
        if (state->listed) {
            cli_json_int("sequence", state->sequence);
            cli_json_time("exp", state->exp);
            cli_json_str("signer", state->signer);
            cli_json_str("life", life_text(life));
        }
        return life;
    }
    if (state->there)
        printf("  imported %s, %lld days ago%s\n", imported, (long long)((now - state->imported) / DAY), state->listed ? "" : ", from certificates");
    if (state->listed) {
        printf("  list     sequence %lld, until %s, signed by ", (long long)state->sequence, until);
        cli_print(stir_slice_str(state->signer));
        printf("\n");
    }
    print_alarm(life, "import a newer list");
    return life;
}

static int show_crl(const struct cli *cli, const struct trust_domain *domain, const char *name, int64_t now, bool *over)
{
    struct stir_crl *crl = NULL;
    char path[TRUST_PATH];
    if (!trust_path(path, domain, name))
        return cli_fail(cli, CLI_CANNOT, "%s: the name is too long", domain->path);
    int status = crl_read(cli, &crl, path, CLI_CANNOT);
    if (status != CLI_YES)
        return status;
    const struct stir_crl_info *info = stir_crl_info(crl);
    enum trust_life life = crl_life(info, now);
    *over = *over || life == TRUST_OVER;
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("file", name);
        crl_json(info);
        cli_json_str("life", life_text(life));
        cli_json_end('}');
    } else {
        printf("  crl      %s: ", name);
        crl_line(info);
        print_alarm(life, "import a newer revocation list");
    }
    stir_crl_free(crl);
    return CLI_YES;
}

static int show_crls(const struct cli *cli, const struct trust_domain *domain, int64_t now, bool *over)
{
    struct stir_names names = {NULL, 0};
    int status = trust_crls(cli, &names, domain);
    if (cli->json)
        cli_json_begin("crls", '[');
    for (size_t i = 0; status == CLI_YES && i < names.n; i++)
        status = show_crl(cli, domain, names.name[i], now, over);
    if (cli->json)
        cli_json_end(']');
    stir_names_free(&names);
    return status;
}

static int show_parts(const struct cli *cli, const struct trust_domain *domain, struct stir_slice pem, int64_t now, bool *over)
{
    bool whole = !domain->state.there || trust_is_whole(&domain->state, pem);
    *over = show_list(cli, &domain->state, now) == TRUST_OVER || *over;
    if (cli->json)
        cli_json_bool("whole", whole);
    else if (!whole)
        printf("  alarm    ca.pem is not what was imported: import again\n");
    int status = show_anchors(cli, domain, pem);
    return status == CLI_YES ? show_crls(cli, domain, now, over) : status;
}

static int show_domain(const struct cli *cli, const char *dir, const char *name, int64_t now, bool *over)
{
    struct trust_domain domain;
    struct stir_slice pem = {NULL, 0};
    int status = trust_domain_look(cli, &domain, dir, name);
    if (status == CLI_YES)
        status = trust_read(cli, &pem, &domain, "ca.pem", STIR_MAX_BUNDLE);
    if (status == CLI_YES && !pem.p)
        status = cli_fail(cli, CLI_CANNOT, "%s: holds no ca.pem; stir trust import makes one", domain.path);
    if (status != CLI_YES)
        return status;
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("domain", name);
    } else {
        printf("%s\n", name);
    }
    status = show_parts(cli, &domain, pem, now, over);
    if (cli->json)
        cli_json_end('}');
    stir_file_free(&pem);
    return status;
}

static int run(struct cli *cli)
{
    struct stir_names names = {NULL, 0};
    const char *dir = cli_get(cli, "--dir");
    bool over = false;
    int64_t now;
    int status = cli_time(cli, "--at", cli_now(), &now);
    if (status == CLI_YES)
        status = trust_names(cli, &names, dir);
    if (status != CLI_YES)
        return status;
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_begin("domains", '[');
    }
    for (size_t i = 0; i < names.n; i++) {
        int one = show_domain(cli, dir, names.name[i], now, &over);
        status = one == CLI_YES ? status : one;
    }
    if (cli->json) {
        cli_json_end(']');
        cli_json_bool("expired", over);
        cli_json_end('}');
        cli_json_done();
    }
    stir_names_free(&names);
    return status != CLI_YES ? status : over ? CLI_NO : CLI_YES;
}

const struct cli_command cmd_trust_show = {"trust", "show", "", 0, 0, "say what a folder of trust holds, and what is over", options, run};
