#include "cli/meet.h"

#include "cli/fetch.h"

static enum stir_err answer_replay(const struct cli_sources *from, struct stir_verify *verify, const struct stir_need *need)
{
    bool seen = false;
    if (!from->replay)
        return stir_verify_supply_answer(verify, need->id, -1);
    enum stir_err err = stir_replay_check(from->replay, (const unsigned char *)need->key.p, from->call_id, need->until, from->now, &seen);
    return err == STIR_OK ? stir_verify_supply_answer(verify, need->id, seen) : err;
}

static bool is_content(const struct stir_need *need)
{
    return need->kind == STIR_NEED_CONTENT || need->kind == STIR_NEED_TNLIST;
}

/* Answer what is at hand, start to fetch the rest. */
static enum stir_err begin(const struct cli_sources *from, struct stir_verify *verify, const struct stir_need *need, size_t index)
{
    bool is_cert = need->kind == STIR_NEED_CERT;
    if (need->kind == STIR_NEED_REPLAY)
        return answer_replay(from, verify, need);
    if (need->kind == STIR_NEED_AUTHORITY)
        return stir_verify_supply_answer(verify, need->id, stir_spc_table_holds(from->numbers, need->url, need->key));
    if (is_cert && from->pem.p)
        return stir_verify_supply_pem(verify, need->id, from->pem);
    if (from->net && (is_cert || is_content(need)))
        return stir_net_start(from->net, need->url, is_cert ? STIR_NET_CERT : STIR_NET_BYTES, need->max_bytes, index);
    return stir_verify_fail(verify, need->id, STIR_R_INFO_UNREACHABLE);
}

static enum stir_err supply(struct stir_verify *verify, const struct stir_need *need, const struct stir_net_answer *answer)
{
    if (answer->reason != STIR_R_NONE)
        return stir_verify_fail(verify, need->id, answer->reason);
    if (need->kind == STIR_NEED_CERT)
        return stir_verify_supply_pem(verify, need->id, answer->body);
    return stir_verify_supply_bytes(verify, need->id, answer->body);
}

enum stir_err cli_meet(const struct cli_sources *from, struct stir_verify *verify, const struct stir_need *needs, size_t n)
{
    struct stir_net_answer *answer;
    enum stir_err err = STIR_OK;
    for (size_t i = 0; i < n && err == STIR_OK; i++)
        err = begin(from, verify, &needs[i], i);
    while (from->net && (answer = cli_net_next(from->net))) { /* all of them, also when one cannot be used: none may reach the next call */
        if (err == STIR_OK)
            err = supply(verify, &needs[answer->id], answer);
        stir_net_answer_free(answer);
    }
    return err;
}
