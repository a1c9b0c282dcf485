/* The table of commands, and the way into one. */
#include "cli/options.h"

#include <string.h>

extern const struct cli_command cmd_pa_init, cmd_pa_certify, cmd_pa_provider_add, cmd_pa_provider_list, cmd_pa_provider_show, cmd_pa_provider_suspend,
    cmd_pa_provider_resume, cmd_pa_code_add, cmd_pa_code_remove, cmd_pa_password, cmd_pa_ca_add, cmd_pa_ca_remove, cmd_pa_ca_list, cmd_pa_publish,
    cmd_pa_revoke;
extern const struct cli_command cmd_store_backup, cmd_store_restore, cmd_store_check, cmd_audit_verify, cmd_audit_show;
extern const struct cli_command cmd_key_new, cmd_key_show, cmd_csr_new, cmd_csr_show, cmd_cert_root, cmd_cert_intermediate, cmd_cert_sign, cmd_cert_show,
    cmd_cert_lint, cmd_cert_match, cmd_cert_verify, cmd_trust_add, cmd_trust_import, cmd_trust_update, cmd_trust_show, cmd_crl_show, cmd_crl_import,
    cmd_crl_update, cmd_sign, cmd_verify, cmd_fetch, cmd_show, cmd_tn, cmd_serve, cmd_lab, cmd_conf_check, cmd_conf_show, cmd_conf_keys, cmd_conf_reload,
    cmd_acme_register, cmd_acme_obtain, cmd_acme_renew, cmd_acme_revoke, cmd_acme_status, cmd_acme_rollover, cmd_acme_deactivate, cmd_ca_init, cmd_ca_list,
    cmd_ca_show, cmd_ca_issue, cmd_ca_revoke, cmd_ca_binding, cmd_crl_new, cmd_token_show, cmd_token_check;

const struct cli_command *const cli_commands[] = {
    &cmd_key_new,
    &cmd_key_show,
    &cmd_csr_new,
    &cmd_csr_show,
    &cmd_cert_root,
    &cmd_cert_intermediate,
    &cmd_cert_sign,
    &cmd_cert_show,
    &cmd_cert_lint,
    &cmd_cert_match,
    &cmd_cert_verify,
    &cmd_trust_add,
    &cmd_trust_import,
    &cmd_trust_update,
    &cmd_trust_show,
    &cmd_crl_new,
    &cmd_crl_show,
    &cmd_crl_import,
    &cmd_crl_update,
    &cmd_token_show,
    &cmd_token_check,
    &cmd_sign,
    &cmd_verify,
    &cmd_fetch,
    &cmd_show,
    &cmd_tn,
    &cmd_serve,
    &cmd_lab,
    &cmd_conf_check,
    &cmd_conf_show,
    &cmd_conf_keys,
    &cmd_conf_reload,
    &cmd_acme_register,
    &cmd_acme_obtain,
    &cmd_acme_renew,
    &cmd_acme_revoke,
    &cmd_acme_status,
    &cmd_acme_rollover,
    &cmd_acme_deactivate,
    &cmd_pa_init,
    &cmd_pa_certify,
    &cmd_pa_provider_add,
    &cmd_pa_provider_list,
    &cmd_pa_provider_show,
    &cmd_pa_provider_suspend,
    &cmd_pa_provider_resume,
    &cmd_pa_code_add,
    &cmd_pa_code_remove,
    &cmd_pa_password,
    &cmd_pa_ca_add,
    &cmd_pa_ca_remove,
    &cmd_pa_ca_list,
    &cmd_pa_publish,
    &cmd_pa_revoke,
    &cmd_ca_init,
    &cmd_ca_list,
    &cmd_ca_show,
    &cmd_ca_issue,
    &cmd_ca_revoke,
    &cmd_ca_binding,
    &cmd_store_backup,
    &cmd_store_restore,
    &cmd_store_check,
    &cmd_audit_verify,
    &cmd_audit_show,
    NULL,
};

static bool is(const char *word, const char *name)
{
    return strcmp(word, name) == 0;
}

static void print_name(const struct cli_command *c)
{
    printf("stir %s%s%s", c->noun, c->verb ? " " : "", c->verb ? c->verb : "");
}

static int help_all(void)
{
    printf("stir %s: STIR/SHAKEN by hand. Sign a call, verify one with a reason for every check, make and read certificates.\n\n", stir_version());
    for (size_t i = 0; cli_commands[i]; i++) {
        const struct cli_command *c = cli_commands[i];
        char name[64];
        snprintf(name, sizeof(name), "stir %s%s%s %s", c->noun, c->verb ? " " : "", c->verb ? c->verb : "", c->operands);
        printf("  %-36s %s\n", name, c->summary);
    }
    printf("\nEach takes --help and --json. Exit status: 0 done or yes, 1 the answer is no, 2 asked wrongly, 3 could not do it.\n"
           "Manual: stir(1). VALUE | @FILE | -: a value, a file's content, or standard input. TIME: Unix seconds or RFC 3339.\n");
    return CLI_YES;
}

static int help_one(const struct cli_command *c)
{
    printf("usage: ");
    print_name(c);
    printf(" [OPTION]...%s%s\n%s\n\n", c->operands[0] ? " " : "", c->operands, c->summary);
    for (const struct cli_option *o = c->options; o->name; o++) {
        char name[64];
        snprintf(name, sizeof(name), "%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
        printf("  %-22s %s%s%s\n", name, o->help, o->kind == CLI_MANY ? "; may stand several times" : "", o->required ? " (needed)" : "");
    }
    printf("  %-22s %s\n  %-22s %s\n", "--json", "answer in JSON, one object on one line", "--help", "this text");
    return CLI_YES;
}

/* Words that name no command; `json` when they ask for it. */
static int wrong_words(const char *noun, bool noun_known, const char *verb, bool json)
{
    const struct cli_command none = {.noun = noun_known ? noun : NULL};
    const struct cli cli = {.command = &none, .json = json};
    char verbs[512] = "";
    for (size_t i = 0, n = 0; noun_known && cli_commands[i] && n < sizeof(verbs); i++)
        if (is(cli_commands[i]->noun, noun))
            n += (size_t)snprintf(verbs + n, sizeof(verbs) - n, "%s %s", n ? "," : "", cli_commands[i]->verb);
    if (!noun_known && noun[0] == '-')
        return cli_fail(&cli, CLI_USAGE, "\"%s\" stands before the command; options stand behind it. stir --help lists the commands", noun);
    if (!noun_known)
        return cli_fail(&cli, CLI_USAGE, "no such command \"%s\". stir --help lists them", noun);
    if (!verb)
        return cli_fail(&cli, CLI_USAGE, "what shall be done? There are:%s", verbs);
    return cli_fail(&cli, CLI_USAGE, "no such command \"%s\". There are:%s", verb, verbs);
}

/* How many of the words behind the noun are this verb, which may be several, as "provider add" is; 0: they are not. */
static int count_verb(const char *verb, int argc, char **argv)
{
    int n = 0;
    while (*verb) {
        size_t length = strcspn(verb, " ");
        if (n + 2 >= argc || strlen(argv[n + 2]) != length || strncmp(argv[n + 2], verb, length) != 0)
            return 0;
        n++;
        verb += length + (verb[length] == ' ');
    }
    return n;
}

/* The command that the words name; *used words of it. */
static const struct cli_command *find(int argc, char **argv, int *used, bool *noun_known)
{
    *noun_known = false;
    for (size_t i = 0; cli_commands[i]; i++) {
        const struct cli_command *c = cli_commands[i];
        if (!is(argv[1], c->noun))
            continue;
        *noun_known = true;
        int verb = c->verb ? count_verb(c->verb, argc, argv) : 0;
        *used = 2 + verb;
        if (!c->verb || verb)
            return c;
    }
    return NULL;
}

/* What was printed has to arrive. */
static int finish(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "stir: standard output cannot be written\n");
    return CLI_CANNOT;
}

int main(int argc, char **argv)
{
    int used = 0;
    bool noun_known = false;
    if (argc < 2) {
        help_all();
        return finish(CLI_USAGE);
    }
    if (is(argv[1], "--help") || is(argv[1], "-h") || is(argv[1], "help"))
        return finish(help_all());
    if (is(argv[1], "--version") || is(argv[1], "version")) {
        printf("stir %s\n", stir_version());
        return finish(CLI_YES);
    }
    const struct cli_command *command = find(argc, argv, &used, &noun_known);
    if (!command) {
        bool json = false;
        for (int i = 1; i < argc; i++)
            json = json || is(argv[i], "--json");
        return finish(wrong_words(argv[1], noun_known, argc > 2 && argv[2][0] != '-' ? argv[2] : NULL, json));
    }
    struct cli cli = {.command = command};
    for (int i = used; i < argc; i++)
        if (is(argv[i], "--help") || is(argv[i], "-h"))
            return finish(help_one(command));
    int status = cli_parse(&cli, argc - used, argv + used);
    if (status == CLI_YES)
        status = command->run(&cli);
    return finish(status);
}
