/* How the needs of a verification are met: certificates from a file or the network, content from the network, replay from a memory, holders of
 * numbers from a table. */
#ifndef STIR_CLI_MEET_H
#define STIR_CLI_MEET_H

#include <stir/net.h>
#include <stir/stir.h>

/* Where answers come from. What has no source is failed as unreachable; without a memory nobody knows of replay. */
struct cli_sources {
    struct stir_slice pem;          /* certificates for every token; absent: fetched */
    struct stir_net *net;           /* NULL: nothing is fetched */
    struct stir_replay *replay;     /* of the tokens of all calls so far; NULL: none */
    struct stir_spc_table *numbers; /* who holds them; NULL: nobody knows */
    struct stir_slice call_id;      /* of this call */
    int64_t now;                    /* its time */
};

/* Answer all needs; what is fetched is asked for at once. @return STIR_OK, or what the library answers. */
enum stir_err cli_meet(const struct cli_sources *from, struct stir_verify *verify, const struct stir_need *needs, size_t n);

#endif
