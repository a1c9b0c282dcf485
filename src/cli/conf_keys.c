/* stir conf keys: what may stand in a configuration. */
#include "cli/cli.h"
#include "server/config_value.h"

static const struct cli_option options[] = {{NULL, CLI_FLAG, NULL, NULL, false}};

static const char *bounds_of(const struct stir_config_key *key, char *buf, size_t cap)
{
    size_t n;
    struct stir_writer w = stir_writer_of(buf, cap);
    stir_config_bounds(&w, key);
    return stir_writer_close(&w, &n) == STIR_OK ? buf : "";
}

static const char *default_of(const struct stir_config_key *key)
{
    return key->required ? "(needed)" : !key->otherwise ? "(of the preset)" : key->otherwise;
}

static void print_key(const struct stir_config_section *section, const struct stir_config_key *key)
{
    char bounds[200], head[256];
    snprintf(head, sizeof(head), "%s = %s", key->name, key->form);
    printf("  %-34s %s\n", head, key->help);
    bounds_of(key, bounds, sizeof(bounds));
    if (bounds[0])
        printf("  %-34s %s\n", "", bounds);
    if (default_of(key)[0])
        printf("  %-34s %s%s\n", "", key->required || !key->otherwise ? "" : "default ", default_of(key));
    if (stir_config_at_start(section, key))
        printf("  %-34s read at a start alone\n", "");
}

static void json_key(const struct stir_config_section *section, const struct stir_config_key *key)
{
    char bounds[200];
    cli_json_begin(NULL, '{');
    cli_json_str("key", key->name);
    cli_json_str("form", key->form);
    cli_json_str("bounds", bounds_of(key, bounds, sizeof(bounds)));
    cli_json_str("default", key->required ? NULL : key->otherwise);
    cli_json_bool("of_preset", !key->otherwise);
    cli_json_bool("needed", key->required);
    cli_json_bool("at_start", stir_config_at_start(section, key));
    cli_json_str("help", key->help);
    cli_json_str("example", key->example);
    cli_json_end('}');
}

static void show(const struct cli *cli, const struct stir_config_section *section)
{
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("section", section->kind);
        cli_json_bool("named", section->named);
        cli_json_str("help", section->help);
        cli_json_begin("keys", '[');
    } else {
        printf("[%s%s]\n  %s\n", section->kind, section->named ? " NAME" : "", section->help);
    }
    for (size_t i = 0; i < section->n_keys; i++) {
        if (cli->json)
            json_key(section, &section->keys[i]);
        else
            print_key(section, &section->keys[i]);
    }
    if (cli->json) {
        cli_json_end(']');
        cli_json_end('}');
    } else {
        putchar('\n');
    }
}

/* "[server]", as it stands in the file, is as good as "server". */
static struct stir_slice without_brackets(struct stir_slice name)
{
    return name.n > 2 && name.p[0] == '[' && name.p[name.n - 1] == ']' ? stir_slice_of(name.p + 1, name.n - 2) : name;
}

static int run(struct cli *cli)
{
    enum stir_config_kind only = STIR_SECTION_NONE;
    struct stir_slice asked = cli->n_operands ? without_brackets(stir_slice_str(cli->operand[0])) : stir_slice_of(NULL, 0);
    if (asked.p && (only = stir_config_kind_of(asked)) == STIR_SECTION_NONE)
        return cli_fail(cli, CLI_USAGE, "there is no section [%.*s]; stir conf keys lists them", STIR_SHOW(asked));
    if (cli->json)
        cli_json_begin(NULL, '[');
    for (size_t i = 0; i < STIR_SECTIONS; i++)
        if (only == STIR_SECTION_NONE || i == only)
            show(cli, &stir_config_sections[i]);
    if (cli->json) {
        cli_json_end(']');
        cli_json_done();
    }
    return CLI_YES;
}

const struct cli_command cmd_conf_keys = {"conf", "keys", "[SECTION]", 0, 1, "list the sections and keys of a configuration", options, run};
