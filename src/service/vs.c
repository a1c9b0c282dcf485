#include "service/vs.h"

#include <stdlib.h>

#include "core/bytes.h"
#include "io/clock.h"
#include "service/actions.h"
#include "service/fetching.h"
#include "service/live.h"
#include "service/replays.h"

enum { HELD = 1 }; /* seconds for which a chain is used on while its body is being asked for anew: without it each call of a second would ask */

struct matter;

/* Something that a call has asked the fetcher for. It outlives the call that gave up. */
struct errand {
    struct stir_fetch_job job;
    struct errand *next;
    struct matter *matter; /* NULL: nobody waits for it any more */
    unsigned need;
    enum stir_need_kind kind;
    size_t token;
    char url[];
};

/* A call under way. */
struct matter {
    struct stir_vs_call *call;
    struct stir_worker *worker;
    struct stir_live *live;
    struct stir_verify *verify;
    int64_t now;
    struct stir_policy policy;
    struct stir_message message;
    const struct stir_conf_actions *actions;
    struct stir_chain *chains[STIR_MAX_TOKENS]; /* by the token that they are for */
    struct errand *errands;
    struct stir_timer timer;
    int64_t waits_since_us; /* 0: it never waited */
    bool waits;             /* it is counted among those that do */
    bool late;
    enum stir_emergency emergency; /* by the message alone */
};

/* ---- The end ---- */

static void forsake_errands(struct matter *m)
{
    for (struct errand *e = m->errands; e; e = e->next)
        e->matter = NULL;
    m->errands = NULL;
}

static void free_matter(struct matter *m)
{
    forsake_errands(m);
    stir_loop_cancel(m->worker->loop, &m->timer);
    if (m->waits)
        atomic_fetch_sub(&m->worker->shared->waiting, 1);
    for (size_t i = 0; i < STIR_MAX_TOKENS; i++)
        stir_chain_free(m->chains[i]);
    stir_verify_free(m->verify);
    stir_live_free(m->live);
    free(m);
}

/* The token that decides; else the first, which is the one that people look at. */
static const struct stir_token_verdict *token_of(const struct stir_verdict *verdict, size_t *place)
{
    *place = verdict && verdict->deciding >= 0 ? (size_t)verdict->deciding : 0;
    return verdict && *place < verdict->n_tokens ? &verdict->tokens[*place] : NULL;
}

static void write_record(struct stir_record *record, const struct matter *m, const struct stir_verdict *verdict, bool emergency)
{
    const struct stir_call *call = m->call->call;
    size_t place;
    const struct stir_token_verdict *token = token_of(verdict, &place);
    *record = (struct stir_record){.kind = STIR_RECORD_VERIFY,
                                   .unix_ms = m->call->unix_ms,
                                   .waited_us = m->waits_since_us ? stir_clock_monotonic_us() - m->waits_since_us : 0,
                                   .source = m->call->source,
                                   .call_id = call->call_id,
                                   .orig = stir_record_party(&m->message.caller),
                                   .dest = stir_record_party(&m->message.callee),
                                   .ruri = call->ruri,
                                   .date = call->date,
                                   .conf_hash = m->live->conf->hash,
                                   .identities = call->identity,
                                   .n_identities = call->n_identity,
                                   .why = verdict ? NULL : "no verdict could be made: out of memory, or a fault of OpenSSL",
                                   .verdict = verdict,
                                   .emergency = emergency};
    if (!token)
        return;
    record->ppt = token->ppt;
    record->attest = token->attest;
    record->x5u = token->x5u;
    record->origid = token->origid;
    if (place < STIR_MAX_TOKENS && m->chains[place])
        record->chain_hash = stir_chain_info(m->chains[place])->sha256;
}

/* The answer is given; the call may be gone when done() returns. */
static void finish(struct matter *m, struct stir_verdict *verdict)
{
    bool emergency = m->emergency == STIR_EMERGENCY_SURE || stir_emergency_is_vouched(verdict, m->call->call);
    struct stir_vs_decision decision = stir_actions_decide(m->actions, verdict, emergency);
    struct stir_vs_answer answer = {.verdict = verdict,
                                    .policy = &m->policy,
                                    .caller = m->message.caller.kind == STIR_PARTY_NONE ? NULL : &m->message.caller,
                                    .actions = m->actions,
                                    .act = decision.act,
                                    .sip_code = decision.sip_code,
                                    .phrase = decision.phrase,
                                    .late = m->late,
                                    .emergency = emergency};
    write_record(&answer.record, m, verdict, emergency);
    answer.record.act = decision.act;
    m->call->state = NULL;
    m->call->done(m->call, &answer);
    stir_verdict_free(verdict);
    free_matter(m);
}

/* ---- Needs ---- */

/* What came of a need. */
enum met { MET, WAITS, BROKEN };

static enum met met_by(enum stir_err err)
{
    return err == STIR_OK ? MET : BROKEN;
}

static enum met unreachable(struct matter *m, unsigned need)
{
    return met_by(stir_verify_fail(m->verify, need, STIR_R_INFO_UNREACHABLE));
}

/* Takes the chain. One that is not current, because a revocation list is over, is judged by the verification itself, from `pem` when it is there. */
static enum stir_err supply_chain(struct matter *m, unsigned need, size_t token, struct stir_chain *chain, struct stir_slice pem)
{
    enum stir_err err = stir_verify_supply_chain(m->verify, need, chain);
    if (err == STIR_ESTATE && pem.p)
        err = stir_verify_supply_pem(m->verify, need, pem);
    if (token < STIR_MAX_TOKENS) {
        stir_chain_free(m->chains[token]);
        m->chains[token] = chain;
    } else {
        stir_chain_free(chain);
    }
    return err;
}

static struct stir_chain *find_chain(const struct matter *m, struct stir_slice url)
{
    return stir_chain_cache_find(m->worker->shared->chains, url, m->live->trust, &m->policy, m->now);
}

/* Judged once, and kept for all calls of all workers. Another call may have judged it while this one waited. */
static enum stir_err take_cert(struct matter *m, const struct errand *e, const struct stir_net_answer *answer)
{
    struct stir_chain *chain = find_chain(m, e->job.url);
    if (!chain) {
        int64_t held = answer->source == STIR_NET_FETCHED ? 0 : m->now + HELD;
        TRY(stir_chain_from_pem(&chain, answer->body, m->live->trust, &m->policy, m->now));
        if (m->worker->shared->chains) /* what is not kept is judged again */
            (void)!stir_chain_cache_put(m->worker->shared->chains, e->job.url, chain, answer->ask_again > held ? answer->ask_again : held);
    }
    return supply_chain(m, e->need, e->token, chain, answer->body);
}

static enum stir_err take_answer(struct matter *m, const struct errand *e, const struct stir_net_answer *answer)
{
    if (!answer || answer->reason != STIR_R_NONE)
        return stir_verify_fail(m->verify, e->need, answer ? answer->reason : STIR_R_INFO_UNREACHABLE);
    if (e->kind == STIR_NEED_CERT)
        return take_cert(m, e, answer);
    return stir_verify_supply_bytes(m->verify, e->need, answer->body);
}

static void go_on(struct matter *m);

static void errand_done(struct stir_fetch_job *job)
{
    struct errand *e = (struct errand *)(void *)job;
    struct matter *m = e->matter;
    enum stir_err err = STIR_OK;
    if (m) {
        struct errand **at = &m->errands;
        while (*at != e)
            at = &(*at)->next;
        *at = e->next;
        err = take_answer(m, e, job->answer);
    }
    stir_net_answer_free(job->answer);
    free(e);
    if (m && err == STIR_OK)
        go_on(m);
    else if (m)
        finish(m, NULL);
}

static bool is_asked(const struct matter *m, unsigned need)
{
    const struct errand *e = m->errands;
    while (e && e->need != need)
        e = e->next;
    return e != NULL;
}

/* The URL is the errand's own: the call may be gone before the fetcher has read it. */
static enum met ask(struct matter *m, const struct stir_need *need)
{
    struct errand *e = calloc(1, sizeof(*e) + need->url.n + 1);
    if (!e)
        return unreachable(m, need->id);
    memcpy(e->url, need->url.p, need->url.n);
    e->matter = m;
    e->need = need->id;
    e->kind = need->kind;
    e->token = need->token;
    e->job.from = m->worker->loop;
    e->job.url = stir_slice_of(e->url, need->url.n);
    e->job.kind = need->kind == STIR_NEED_CERT ? STIR_NET_CERT : STIR_NET_BYTES;
    e->job.max_bytes = need->max_bytes;
    e->job.done = errand_done;
    e->next = m->errands;
    m->errands = e;
    stir_fetching_ask(m->worker->shared->fetching, &e->job);
    return WAITS;
}

/* May one more call wait? Its time begins with its first need that is not at hand. */
static bool may_wait(struct matter *m)
{
    struct stir_shared *shared = m->worker->shared;
    int64_t within = m->call->within_ms;
    if (m->waits)
        return true;
    if (m->emergency != STIR_EMERGENCY_NO && within > STIR_VS_EMERGENCY_MS)
        within = STIR_VS_EMERGENCY_MS;
    if (m->late || within <= 0 || !shared->fetching)
        return false;
    m->waits = true;
    m->waits_since_us = stir_clock_monotonic_us();
    if (atomic_fetch_add(&shared->waiting, 1) < (size_t)m->live->conf->server.max_waiting && stir_loop_after(m->worker->loop, &m->timer, within))
        return true;
    atomic_fetch_sub(&shared->waiting, 1);
    m->waits = false;
    m->waits_since_us = 0;
    return false;
}

static enum met fetch(struct matter *m, const struct stir_need *need)
{
    if (is_asked(m, need->id))
        return WAITS;
    if (!m->late && may_wait(m))
        return ask(m, need);
    m->late = m->late || m->worker->shared->fetching;
    return unreachable(m, need->id);
}

static enum met meet_cert(struct matter *m, const struct stir_need *need)
{
    struct stir_chain *chain = is_asked(m, need->id) ? NULL : find_chain(m, need->url);
    return chain ? met_by(supply_chain(m, need->id, need->token, chain, stir_slice_of(NULL, 0))) : fetch(m, need);
}

static enum met meet_replay(struct matter *m, const struct stir_need *need)
{
    struct stir_replays *replays = m->worker->shared->replays;
    bool seen = false;
    if (!replays)
        return met_by(stir_verify_supply_answer(m->verify, need->id, -1));
    enum stir_err err = stir_replays_check(replays, (const unsigned char *)need->key.p, m->call->call->call_id, need->until, m->now, &seen);
    return met_by(stir_verify_supply_answer(m->verify, need->id, err == STIR_OK ? seen : -1));
}

static enum met meet(struct matter *m, const struct stir_need *need)
{
    switch (need->kind) {
    case STIR_NEED_CERT: return meet_cert(m, need);
    case STIR_NEED_REPLAY: return meet_replay(m, need);
    case STIR_NEED_AUTHORITY: return met_by(stir_verify_supply_answer(m->verify, need->id, stir_spc_table_holds(m->live->numbers, need->url, need->key)));
    case STIR_NEED_CONTENT:
    case STIR_NEED_TNLIST: break;
    }
    return fetch(m, need);
}

/* As far as it goes: what is at hand is answered, what is not is asked for, and when nothing is open the verdict is there. False: something is broken. */
static bool advance(struct matter *m, bool *over)
{
    const struct stir_need *needs = NULL;
    size_t n = 0;
    for (bool moved = true; moved;) {
        if (stir_verify_next(m->verify, &needs, &n) != STIR_OK)
            return false;
        *over = n == 0;
        moved = false;
        for (size_t i = 0; i < n; i++) {
            enum met met = meet(m, &needs[i]);
            if (met == BROKEN)
                return false;
            moved = moved || met == MET;
        }
    }
    return true;
}

static void go_on(struct matter *m)
{
    struct stir_verdict *verdict = NULL;
    bool over = false;
    if (!advance(m, &over))
        finish(m, NULL);
    else if (over)
        finish(m, stir_verify_take(m->verify, &verdict) == STIR_OK ? verdict : NULL);
}

static void time_over(struct stir_timer *timer)
{
    struct matter *m = (struct matter *)(void *)((char *)timer - offsetof(struct matter, timer));
    m->late = true;
    forsake_errands(m);
    go_on(m);
}

/* ---- The beginning ---- */

/* The policy of this call, with what it asks itself. */
static void adjust(struct stir_policy *policy, unsigned asks)
{
    static const enum stir_reason dates[] = {STIR_R_DATE_BAD, STIR_R_DATE_STALE, STIR_R_DATE_FUTURE};
    for (size_t i = 0; (asks & STIR_VS_DATE_COUNTS) && i < sizeof(dates) / sizeof(dates[0]); i++)
        if (stir_policy_severity(policy, dates[i]) == STIR_SEVERITY_WARN && stir_policy_set(policy, dates[i], STIR_SEVERITY_FAIL) != STIR_OK)
            return; /* no room for more: the operator has said of sixty reasons what they are worth, and that holds */
    if (asks & STIR_VS_INSPECT) {
        policy->exhaustive = true;
        policy->check_replay = false;
    }
}

enum stir_err stir_vs_begin(struct stir_worker *worker, struct stir_vs_call *call)
{
    struct stir_live *live = worker->live;
    call->state = NULL;
    if (!live->trust)
        return STIR_EARG;
    struct matter *m = calloc(1, sizeof(*m));
    if (!m)
        return STIR_ENOMEM;
    m->call = call;
    m->worker = worker;
    m->live = stir_live_ref(live);
    m->now = call->unix_ms / 1000;
    m->timer.fire = time_over;
    m->actions = stir_actions_of(live->conf, call->source);
    stir_actions_policy(&m->policy, &live->policy, call->source, m->actions);
    adjust(&m->policy, call->asks);
    stir_message_read(&m->message, call->call, m->policy.caller, &m->policy.tn);
    m->emergency = stir_emergency_of(&m->message, &m->policy, call->source);
    enum stir_err err = stir_verify_new(&m->verify, call->call, &m->policy, live->trust, worker->ctx, m->now);
    if (err != STIR_OK) {
        free_matter(m);
        return err;
    }
    call->state = m;
    go_on(m);
    return STIR_OK;
}

void stir_vs_cancel(struct stir_worker *worker, struct stir_vs_call *call)
{
    struct matter *m = call->state;
    (void)worker;
    if (!m)
        return;
    call->state = NULL;
    free_matter(m);
}
