/* What `stir verify` judges with, and one call judged: the same for a call by hand, for one of a file, and for each of a capture. */
#ifndef STIR_CLI_JUDGE_H
#define STIR_CLI_JUDGE_H

#include "cli/cli.h"
#include "cli/meet.h"

struct cli_judge {
    struct stir_policy policy;
    struct stir_trust *trust;
    struct stir_es256_ctx *ctx;
    struct cli_sources sources;
    int64_t now; /* --at, else the clock's */
};

/* Something may be asked of the network. */
bool cli_judge_fetches(const struct cli *cli);
/* Read the options: policy, trust, certificates, time. Close it in any case. */
int cli_judge_open(struct cli *cli, struct cli_judge *judge);
void cli_judge_close(struct cli_judge *judge);
/* @return as stir_verify_new() and what follows; STIR_EARG: a time that cannot be judged. */
enum stir_err cli_judge_call(struct cli_judge *judge, const struct stir_call *call, int64_t now, struct stir_verdict **out);
/* As --json, --explain or neither ask for it, without an end of line; free() it. NULL: out of memory. */
char *cli_judge_text(const struct cli *cli, const struct stir_verdict *verdict);

/* The other two ways of `stir verify`: the signature alone with --pubkey, and every call of a capture or a log. */
int cli_verify_signature(struct cli *cli);
int cli_verify_many(struct cli *cli, const char *path, bool is_log);

#endif
