/* What the commands that fetch share: their options, and how answers are waited for. */
#ifndef STIR_CLI_FETCH_H
#define STIR_CLI_FETCH_H

#include <stir/net.h>

#include "cli/cli.h"

#define CLI_REACH_OPTIONS                                                                                                           \
    {"--allow-net", CLI_MANY, "CIDR", "labs: fetch from this network too, such as 10.0.0.0/8; only public ones by default", false}, \
        {"--tls-root", CLI_VALUE, "FILE", "roots of the repositories' TLS, PEM, instead of the system's", false},                   \
    {                                                                                                                               \
        "--resolver", CLI_VALUE, "IP:PORT", "DNS server, instead of the system's", false                                            \
    }
#define CLI_FETCH_OPTIONS                                                                          \
    CLI_REACH_OPTIONS, {"--cache", CLI_VALUE, "DIR", "folder that keeps what was fetched", false}, \
    {                                                                                              \
        "--timeout", CLI_VALUE, "S", "seconds that a fetch may take; default 2", false             \
    }

/* The first of them that was given; NULL for none. */
const char *cli_net_option(const struct cli *cli);
/* A fetcher as the options above ask for. CLI_USAGE, CLI_CANNOT. */
int cli_net(const struct cli *cli, struct stir_net **out);
/* What they say, for another fetcher; `networks` must live as long as `out`. `seconds`: the default of --timeout. CLI_USAGE. */
int cli_net_options(const struct cli *cli, struct stir_net_options *out, const char *networks[CLI_MAX_WORDS], int64_t seconds);
/* Why a fetcher cannot begin, said: CLI_USAGE, CLI_CANNOT. */
int cli_net_failed(const struct cli *cli, enum stir_err err, const struct stir_diag *diag);

/* Wait until there is an answer, which every request that was started has in bounded time; NULL when none is under way. */
struct stir_net_answer *cli_net_next(struct stir_net *net);

#endif
