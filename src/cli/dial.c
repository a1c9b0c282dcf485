/* The dial plan of the command line: a country's, or code, prefixes and lengths; and what the source puts before its numbers. */
#include "cli/cli.h"

#include <string.h>

/* --plan NAME: a country's dial plan. */
static int read_plan(const struct cli *cli, struct stir_tn_options *out, const char *country)
{
    char names[128];
    const char *name;
    size_t n = 0;
    out->plan = stir_tn_plan(stir_slice_str(country));
    if (out->plan)
        return CLI_YES;
    for (size_t i = 0; (name = stir_tn_plan_at(i)) != NULL && n < sizeof(names); i++)
        n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", i ? ", " : "", name);
    return cli_fail(cli, CLI_USAGE, "--plan \"%s\" is none of %s", country, names);
}

/* MIN-MAX, or one number for both. */
static int read_lengths(const struct cli *cli, struct stir_tn_options *out)
{
    const char *value = cli_get(cli, "--national-length");
    unsigned bound[2] = {0, 0};
    size_t k = 0, n = value ? strlen(value) : 0;
    for (size_t i = 0; i < n; i++) {
        if (value[i] == '-' && i > 0 && k == 0 && i + 1 < n)
            k = 1;
        else if (value[i] < '0' || value[i] > '9' || (bound[k] = bound[k] * 10 + (unsigned)(value[i] - '0')) > STIR_TN_MAX)
            return cli_fail(cli, CLI_USAGE, "--national-length \"%s\" is not MIN-MAX, digits of national numbers such as 10-11, at most %d", value,
                            STIR_TN_MAX);
    }
    out->national_min = bound[0];
    out->national_max = k ? bound[1] : bound[0];
    return value && (bound[0] == 0 || out->national_min > out->national_max)
               ? cli_fail(cli, CLI_USAGE, "--national-length \"%s\": the first number is 1 or more, and not above the second", value)
               : CLI_YES;
}

static int read_country(const struct cli *cli, struct stir_tn_options *out, const char *code)
{
    size_t n = strlen(code);
    if (n > 3 || strspn(code, "0123456789") != n || code[0] == '0')
        return cli_fail(cli, CLI_USAGE, "--country \"%s\" is no country code: 1 to 3 digits, such as 1 or 44", code);
    out->country_code = code;
    out->international_prefix = cli_get(cli, "--intl-prefix");
    out->national_prefix = cli_get(cli, "--trunk-prefix");
    return read_lengths(cli, out);
}

/* Whatever the library says of these options, it says of every number. */
static bool are_good(const struct stir_tn_options *options)
{
    struct stir_party party;
    return stir_tn_parse(&party, stir_slice_str("1"), options) != STIR_EARG;
}

static int read_prefixes(const struct cli *cli, const char *option, const char *list[STIR_MAX_PREFIXES + 1], const char *const **out)
{
    size_t n = cli_all(cli, option);
    if (n > STIR_MAX_PREFIXES)
        return cli_fail(cli, CLI_USAGE, "more than %d %s", STIR_MAX_PREFIXES, option);
    for (size_t i = 0; i < n; i++)
        list[i] = cli_nth(cli, option, i);
    list[n] = NULL;
    *out = n ? list : NULL;
    return CLI_YES;
}

/* The lists live as long as the command: there is one source. */
static int read_source(const struct cli *cli, struct stir_tn_options *out)
{
    static const char *technical[STIR_MAX_PREFIXES + 1], *portability[STIR_MAX_PREFIXES + 1];
    struct stir_tn_options alone = STIR_TN_OPTIONS_INIT;
    int status = read_prefixes(cli, "--tech-prefix", technical, &out->technical_prefixes);
    if (status == CLI_YES)
        status = read_prefixes(cli, "--ported-prefix", portability, &out->portability_prefixes);
    alone.technical_prefixes = out->technical_prefixes;
    if (status == CLI_YES && !are_good(&alone))
        return cli_fail(cli, CLI_USAGE, "--tech-prefix: digits, * and #, 1 to %d of them, such as 99#", STIR_MAX_PREFIX);
    alone.portability_prefixes = out->portability_prefixes;
    if (status == CLI_YES && !are_good(&alone))
        return cli_fail(cli, CLI_USAGE, "--ported-prefix: digits, A to F, and X for any digit, 1 to %d of them, such as D1XX", STIR_MAX_PREFIX);
    return status;
}

int cli_dial_plan(const struct cli *cli, struct stir_tn_options *out)
{
    static const char *const of_country[] = {"--intl-prefix", "--trunk-prefix", "--national-length"};
    const char *country = cli_get(cli, "--plan"), *code = cli_get(cli, "--country");
    struct stir_tn_options options = STIR_TN_OPTIONS_INIT;
    int status = CLI_YES;
    if (country && code)
        return cli_fail(cli, CLI_USAGE, "--plan and --country: give one; a plan has its country code");
    for (size_t i = 0; !code && i < sizeof(of_country) / sizeof(of_country[0]); i++)
        if (cli_has(cli, of_country[i]))
            return cli_fail(cli, CLI_USAGE, "%s belongs to --country CC%s", of_country[i], country ? "; a plan has its own" : "");
    if (country)
        status = read_plan(cli, &options, country);
    else if (code)
        status = read_country(cli, &options, code);
    else
        options = *out;
    if (status == CLI_YES && !are_good(&options))
        status = cli_fail(cli, CLI_USAGE, "--country %s with these prefixes: they are digits, and not the beginning of the country code", code);
    if (status == CLI_YES)
        status = read_source(cli, &options);
    if (status == CLI_YES)
        *out = options;
    return status;
}

const char *cli_dial_doubt(const struct stir_party *party)
{
    bool doubt = party->kind == STIR_PARTY_TN && (party->standing == STIR_STANDING_LOCAL || party->standing == STIR_STANDING_AMBIGUOUS);
    return doubt ? stir_tn_standing_text(party->standing) : NULL;
}
