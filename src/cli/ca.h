/* What the commands of `stir ca` share: the store, and the authority where its key is needed. */
#ifndef STIR_CLI_CA_H
#define STIR_CLI_CA_H

#include "cli/desk.h"
#include "service/ca_desk.h"

/* What signs wants --conf: key, chain and profiles stand there. */
#define CA_CONF                                                         \
    {                                                                   \
        "--conf", CLI_VALUE, "FILE", "stir.conf of the authority", true \
    }

struct ca_desk {
    struct cli_desk desk;
    struct stir_ca *ca;
};
/* Read [ca] of --conf, then open the store: CLI_YES, or the exit status, said already. ca_close() in either case. */
int ca_open(const struct cli *cli, struct ca_desk *c);
void ca_close(struct ca_desk *c);

#endif
