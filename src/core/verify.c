/* The step machine: the way of a call from its tokens to its verdict, whose every step sees the same struct stir_verify. */
#include "core/verify.h"

#include "core/passport.h"
#include "core/verdict.h"

#include <stdlib.h>

/* A token's needs by place: the number of the token and the place make the id, so that an id means the same from beginning to end. */
enum { LISTS = STIR_MAX_CHAIN + 1 }; /* certificates of a path */
enum { PLACE_CERT = 0, PLACE_CONTENT = 1, PLACE_REPLAY = PLACE_CONTENT + STIR_MAX_CONTENTS, PLACE_AUTHORITY, PLACE_TNLIST, PLACES = PLACE_TNLIST + LISTS };

enum { MAX_NOW = 2147483647 }; /* of seconds, times 100: the year 8774 */

struct stir_verify {
    struct stir_call call;
    struct stir_policy policy;
    struct stir_trust *trust;
    struct stir_es256_ctx *ctx;
    bool own_ctx;
    int64_t now;
    struct stir_message message;

    struct stir_verdict_box *box; /* what becomes the verdict; its arena holds everything shown */
    struct stir_judgement *tokens;
    size_t n_tokens, room;
    struct stir_need *needs; /* room for all there can be */
    size_t step;             /* of those below that lead to the verdict: how many are done */
    enum stir_err broken;    /* what stopped it for good */
};

static struct stir_verdict_box *box_new(void)
{
    struct stir_arena arena = {0};
    struct stir_verdict_box *box = stir_arena_get(&arena, sizeof(*box));
    if (!box)
        return NULL;
    box->arena = arena;
    return box;
}

/* Sums of `now` and a window stay within 64 bits. */
static bool is_window(int64_t seconds)
{
    return seconds >= 0 && seconds <= STIR_IAT_MAX;
}

enum stir_err stir_verify_new(struct stir_verify **out, const struct stir_call *call, const struct stir_policy *policy, struct stir_trust *trust,
                              struct stir_es256_ctx *ctx, int64_t now)
{
    if (!out || !call || !policy || !trust || call->size < sizeof(*call) || policy->size < sizeof(*policy) || now < 0 || now / 100 > MAX_NOW)
        return STIR_EARG;
    if ((call->n_identity && !call->identity) || (call->n_pai && !call->pai) || (call->n_fingerprints && !call->fingerprints) ||
        (call->n_resource_priority && !call->resource_priority))
        return STIR_EARG;
    if (!is_window(policy->max_age) || !is_window(policy->max_future) || !is_window(policy->max_date_age) || !is_window(policy->max_date_iat))
        return STIR_EARG;
    if (policy->min_attest && (policy->min_attest < 'A' || policy->min_attest > 'C'))
        return STIR_EARG;
    struct stir_verify *v = calloc(1, sizeof(*v));
    if (!v)
        return STIR_ENOMEM;
    v->call = *call;
    v->policy = *policy;
    v->trust = stir_trust_ref(trust);
    v->ctx = ctx;
    v->now = now;
    v->box = box_new();
    enum stir_err err = v->box ? STIR_OK : STIR_ENOMEM;
    if (err == STIR_OK && !ctx) {
        err = stir_es256_ctx_new(&v->ctx);
        v->own_ctx = err == STIR_OK;
    }
    if (err != STIR_OK) {
        stir_verify_free(v);
        return err;
    }
    *out = v;
    return STIR_OK;
}

void stir_verify_free(struct stir_verify *v)
{
    if (!v)
        return;
    for (size_t i = 0; i < v->n_tokens; i++) {
        stir_chain_free(v->tokens[i].chain);
        stir_tnlist_free(&v->tokens[i]);
    }
    if (v->box)
        stir_verdict_free(&v->box->verdict);
    if (v->own_ctx)
        stir_es256_ctx_free(v->ctx);
    stir_trust_free(v->trust);
    free(v);
}

/* Room for `n` tokens. None of those that are there points at another. */
static enum stir_err make_room(struct stir_verify *v, size_t n)
{
    struct stir_judgement *tokens = stir_arena_get(&v->box->arena, n * sizeof(*tokens));
    if (!tokens)
        return STIR_ENOMEM;
    if (v->n_tokens)
        memcpy(tokens, v->tokens, v->n_tokens * sizeof(*tokens));
    v->tokens = tokens;
    v->room = n;
    return STIR_OK;
}

/* The cheap part of one more token, which `begun` places: that of a header, or one that another nests. */
static enum stir_err judge_token(struct stir_verify *v, struct stir_judgement begun, struct stir_slice text)
{
    struct stir_judgement *j = &v->tokens[v->n_tokens];
    *j = begun;
    j->number = v->n_tokens;
    j->arena = &v->box->arena;
    j->policy = &v->policy;
    j->message = &v->message;
    j->trust = v->trust;
    j->now = v->now;
    j->checks = stir_arena_get(j->arena, (STIR_CHECK_COUNT - 1) * sizeof(*j->checks));
    if (!j->checks)
        return STIR_ENOMEM;
    for (unsigned c = 0; c < STIR_CHECK_COUNT - 1; c++)
        j->checks[c] = (struct stir_check){.id = (enum stir_check_id)(c + 1), .detail = ""};
    v->n_tokens++;
    return stir_judge_gates(j, text);
}

/* What div-o tokens nest is judged like the tokens of headers, and stands behind them, so that those keep their places. */
/*= RFC8946-5.1d */
static enum stir_err unfold(struct stir_verify *v)
{
    for (size_t i = 0; i < v->n_tokens; i++) {
        struct stir_judgement *outer = &v->tokens[i];
        if (!outer->passport || outer->passport->ppt != STIR_PPT_DIV_O || !outer->passport->opt.p)
            continue;
        struct stir_judgement begun = {.index = outer->index, .nested = outer->nested + 1};
        struct stir_slice opt = outer->passport->opt;
        if (v->n_tokens == STIR_MAX_TOKENS) {
            stir_judge_say(outer, STIR_R_DIV_TOO_LONG, "%d tokens of one call are judged; what it nests would be more", STIR_MAX_TOKENS);
            continue;
        }
        if (v->n_tokens == v->room)
            TRY(make_room(v, STIR_MAX_TOKENS));
        TRY(judge_token(v, begun, opt));
    }
    return STIR_OK;
}

/* The cheap part of every token, and with it the list of needs. */
static enum stir_err begin(struct stir_verify *v)
{
    struct stir_arena *arena = &v->box->arena;
    size_t n = v->call.n_identity;
    stir_message_read(&v->message, &v->call, v->policy.caller, &v->policy.tn);
    if (n == 0 || n > STIR_MAX_IDENTITIES)
        return STIR_OK;
    TRY(make_room(v, n));
    for (size_t i = 0; i < n; i++)
        TRY(judge_token(v, (struct stir_judgement){.index = i}, v->call.identity[i]));
    TRY(unfold(v));
    /* Lists are asked for when the certificate is there. */
    size_t most = (v->policy.fetch_tnlist ? (size_t)LISTS : 1) + (v->policy.fetch_content ? STIR_MAX_CONTENTS : 0);
    v->needs = stir_arena_get(arena, v->n_tokens * most * sizeof(*v->needs));
    if (!v->needs)
        return STIR_ENOMEM;
    stir_judge_target(v->tokens, v->n_tokens);
    stir_judge_priority(v->tokens, v->n_tokens, &v->call);
    stir_judge_third_parties(v->tokens, v->n_tokens);
    for (size_t i = 0; i < v->n_tokens; i++) {
        struct stir_judgement *j = &v->tokens[i];
        if (j->out_of_memory)
            return STIR_ENOMEM;
        /* Gates first: nothing is fetched for a token that cannot pass anyway. */
        j->asks = j->passport && (v->policy.exhaustive || !stir_judge_failure(j));
    }
    return STIR_OK;
}

/* The need of a token at `place`; false when there is none, or it is answered. */
/*= RFC8224-7.2a */
static bool need_at(struct stir_need *need, const struct stir_judgement *j, unsigned place)
{
    const struct stir_rcd *rcd = j->rcd;
    *need = (struct stir_need){.id = (unsigned)j->number * PLACES + place + 1, .token = j->number};
    if (place == PLACE_REPLAY) {
        need->kind = STIR_NEED_REPLAY;
        need->key = stir_slice_of(j->replay_key, STIR_SHA256);
        need->until = (j->passport && j->passport->iat > j->now ? j->passport->iat : j->now) + j->policy->max_age;
        return j->asks_replay;
    }
    if (place == PLACE_AUTHORITY) {
        need->kind = STIR_NEED_AUTHORITY;
        need->url = j->authority_codes;
        need->key = j->authority_tn;
        return j->asks_authority;
    }
    if (!j->asks)
        return false;
    if (place == PLACE_CERT) {
        need->kind = STIR_NEED_CERT;
        need->url = j->identity.info;
        need->max_bytes = STIR_MAX_PEM;
        return !j->answered;
    }
    if (place >= PLACE_TNLIST) {
        need->kind = STIR_NEED_TNLIST;
        need->url = j->tnlists[place - PLACE_TNLIST].url;
        need->max_bytes = STIR_MAX_TNAUTH;
        return j->tnlists[place - PLACE_TNLIST].asks;
    }
    size_t content = place - PLACE_CONTENT;
    if (!rcd || content >= rcd->n_contents)
        return false;
    need->kind = STIR_NEED_CONTENT;
    need->url = rcd->contents[content].url;
    need->max_bytes = STIR_MAX_CONTENT;
    return !rcd->contents[content].settled;
}

static size_t open_needs(struct stir_verify *v)
{
    size_t n = 0;
    for (size_t i = 0; i < v->n_tokens; i++)
        for (unsigned place = 0; place < PLACES; place++) {
            struct stir_need need;
            if (need_at(&need, &v->tokens[i], place))
                v->needs[n++] = need;
        }
    return n;
}

static enum stir_err copy_claims(struct stir_token_verdict *out, const struct stir_judgement *j)
{
    const struct stir_passport *p = j->passport;
    struct stir_slice *dest = stir_arena_get(j->arena, (p->n_dest ? p->n_dest : 1) * sizeof(*dest));
    if (!dest)
        return STIR_ENOMEM;
    for (size_t i = 0; i < p->n_dest; i++)
        dest[i] = p->dest[i].text;
    out->ppt = p->ppt;
    out->ppt_text = p->ppt_text;
    out->attest = p->attest;
    out->orig = p->orig.text;
    out->dest = dest;
    out->n_dest = p->n_dest;
    out->origid = p->origid;
    out->has_iat = p->has_iat;
    out->iat = p->iat;
    out->x5u = p->x5u;
    if (stir_is_third_party(j))
        out->iss = p->iss;
    return STIR_OK;
}

/* Rich call data of a token that passed: of any other, nothing is to be used (RFC 9795 §8.1). */
static enum stir_err copy_call_data(struct stir_token_verdict *out, const struct stir_judgement *j)
{
    const struct stir_passport *p = j->passport;
    out->crn = p->crn;
    if (!p->rcd.p)
        return STIR_OK;
    char *text = stir_arena_get(j->arena, p->rcd.n);
    if (!text)
        return STIR_ENOMEM;
    struct stir_writer w = stir_writer_of(text, p->rcd.n);
    TRY(stir_json_put_canonical(&w, (struct stir_json){STIR_JSON_OBJECT, p->rcd}));
    out->rcd = stir_slice_of(text, w.need);
    return w.need <= w.cap ? STIR_OK : STIR_ELIMIT;
}

/* The last word: a token that was not put to each of these checks has not passed, whatever a policy made of the reasons. */
static bool was_judged(struct stir_judgement *j)
{
    static const enum stir_check_id musts[] = {STIR_CHECK_IDENTITY, STIR_CHECK_FORM,     STIR_CHECK_PPT_PARAM, STIR_CHECK_FETCH,
                                               STIR_CHECK_ALG,      STIR_CHECK_PAYLOAD,  STIR_CHECK_IAT,       STIR_CHECK_ORIG,
                                               STIR_CHECK_CHAIN,    STIR_CHECK_VALIDITY, STIR_CHECK_SIGNATURE};
    for (size_t i = 0; i < sizeof(musts) / sizeof(musts[0]); i++) {
        enum stir_outcome outcome = j->checks[musts[i] - 1].outcome;
        if (outcome != STIR_PASS && outcome != STIR_WARNING)
            return !stir_judge_say(j, STIR_R_INTERNAL, "the check %s was not made", stir_check_name(musts[i]));
    }
    if (stir_is_rph(j) && j->checks[STIR_CHECK_RPH - 1].outcome == STIR_NOT_REACHED)
        return !stir_judge_say(j, STIR_R_INTERNAL, "the check %s was not made", stir_check_name(STIR_CHECK_RPH));
    if (stir_is_third_party(j) && j->checks[STIR_CHECK_RCD - 1].outcome == STIR_NOT_REACHED)
        return !stir_judge_say(j, STIR_R_INTERNAL, "the check %s was not made", stir_check_name(STIR_CHECK_RCD));
    return true;
}

/*= RFC9410-5c RFC9795-8.1d RFC9795-12.2c */
static enum stir_err write_token(struct stir_token_verdict *out, struct stir_judgement *j, struct stir_verdict_box *box)
{
    const struct stir_check *failure = stir_judge_failure(j);
    if (!failure && !was_judged(j))
        failure = stir_judge_failure(j);
    if (j->out_of_memory)
        return STIR_ENOMEM;
    *out =
        (struct stir_token_verdict){.index = j->index, .nested = j->nested, .signer = "", .domain = "", .checks = j->checks, .n_checks = STIR_CHECK_COUNT - 1};
    if (j->passport)
        TRY(copy_claims(out, j));
    if (j->chain) {
        const struct stir_chain_info *chain = stir_chain_info(j->chain);
        if (chain->leaf)
            out->signer = stir_cert_info(chain->leaf)->subject;
        out->spc = j->tnlist_spc.p ? j->tnlist_spc : chain->spc;
        out->domain = chain->domain;
        box->chains[box->n_chains++] = STIR_MOVE(j->chain); /* the verdict keeps what it shows alive */
    }
    out->path = j->path;
    out->n_path = j->n_path;
    memcpy(out->warnings, j->warnings, sizeof(out->warnings));
    out->n_warnings = j->n_warnings;
    out->reason = failure ? failure->reason : STIR_R_NONE;
    out->verstat = failure ? stir_reason_info(failure->reason)->verstat : STIR_VERSTAT_PASSED;
    if (!failure)
        TRY(copy_call_data(out, j));
    if (!(j->identity.departures & (STIR_ID_BAD_PARTS | STIR_ID_BAD_CHARS)) && j->identity.signature.n) {
        box->signature[j->number] = stir_arena_copy(j->arena, j->identity.signature);
        if (!box->signature[j->number].p)
            return STIR_ENOMEM;
    }
    stir_tnlist_free(j);
    return STIR_OK;
}

/* All that was asked so far holds. */
static bool stands(struct stir_judgement *j)
{
    return j->passport && !stir_judge_failure(j) && was_judged(j);
}

/* Tables are only asked about tokens that would pass. */
static enum stir_err ask_authority(struct stir_verify *v)
{
    for (size_t i = 0; i < v->n_tokens; i++)
        if (stands(&v->tokens[i]))
            TRY(stir_ask_authority(&v->tokens[i]));
    return STIR_OK;
}

/* Only what has passed all else may fill a memory of seen tokens. The key is over what was signed: a signature has two forms, the token is one. */
static enum stir_err ask_replay(struct stir_verify *v)
{
    for (size_t i = 0; i < v->n_tokens; i++) {
        struct stir_judgement *j = &v->tokens[i];
        if (!j->policy->check_replay)
            stir_judge_off(j, STIR_CHECK_REPLAY);
        if (!j->policy->check_replay || !stands(j))
            continue;
        TRY(stir_es256_digest(v->ctx, j->identity.signing_input, j->replay_key));
        j->asks_replay = true;
    }
    return STIR_OK;
}

/* What the failure of one token does to others. */
static void judge_together(struct stir_verify *v)
{
    stir_judge_diversion(v->tokens, v->n_tokens);
    stir_judge_third_parties(v->tokens, v->n_tokens);
}

/* Everything but what is asked of tables. */
static enum stir_err judge(struct stir_verify *v)
{
    for (size_t i = 0; i < v->n_tokens; i++) {
        struct stir_judgement *j = &v->tokens[i];
        if (j->asks) {
            TRY(stir_judge_credential(j, v->ctx));
            stir_judge_content(j);
        }
        j->asks = false;
    }
    judge_together(v);
    return STIR_OK;
}

static enum stir_err finish(struct stir_verify *v)
{
    struct stir_verdict_box *box = v->box;
    struct stir_verdict *verdict = &box->verdict;
    struct stir_token_verdict *tokens = stir_arena_get(&box->arena, (v->n_tokens ? v->n_tokens : 1) * sizeof(*tokens));
    if (!tokens)
        return STIR_ENOMEM;
    *verdict = (struct stir_verdict){.size = sizeof(*verdict), .tokens = tokens, .now = v->now, .policy = v->policy.name ? v->policy.name : ""};
    verdict->trust_generation = stir_trust_generation(v->trust);
    judge_together(v); /* again: a token may have been seen in another call, or its number be another's */
    for (size_t i = 0; i < v->n_tokens; i++) {
        TRY(write_token(&tokens[i], &v->tokens[i], box));
        verdict->n_tokens = i + 1;
    }
    stir_judge_call(verdict, v->tokens, &v->call);
    box->trust = stir_trust_ref(v->trust);
    return STIR_OK;
}

/* The way to the verdict. Each step is taken once nothing is waited for. */
static enum stir_err (*const steps[])(struct stir_verify *) = {begin, judge, ask_authority, ask_replay, finish};
enum { STEPS = sizeof(steps) / sizeof(steps[0]) };

enum stir_err stir_verify_next(struct stir_verify *v, const struct stir_need **needs, size_t *n)
{
    if (!v || !needs || !n || !v->box)
        return STIR_EARG;
    size_t open = open_needs(v);
    while (v->broken == STIR_OK && open == 0 && v->step < STEPS) {
        v->broken = steps[v->step++](v);
        open = v->broken == STIR_OK ? open_needs(v) : 0;
    }
    TRY(v->broken);
    *needs = v->needs;
    *n = open;
    return STIR_OK;
}

static unsigned place_of(unsigned id)
{
    return (id - 1) % PLACES;
}

static size_t content_of(unsigned id)
{
    return place_of(id) - PLACE_CONTENT;
}

static struct stir_judgement *token_of(struct stir_verify *v, unsigned id)
{
    return v && id > 0 && (id - 1) / PLACES < v->n_tokens ? &v->tokens[(id - 1) / PLACES] : NULL;
}

/* The token with the open need `id`, which is of that kind. */
static struct stir_judgement *waiting(struct stir_verify *v, unsigned id, enum stir_need_kind kind)
{
    struct stir_need need;
    struct stir_judgement *j = token_of(v, id);
    return j && need_at(&need, j, place_of(id)) && need.kind == kind ? j : NULL;
}

/* There is a chain, which may name more to be fetched. */
static void take_chain(struct stir_judgement *j, struct stir_chain *chain)
{
    j->chain = chain;
    j->answered = true;
    stir_tnlist_begin(j);
}

enum stir_err stir_verify_supply_pem(struct stir_verify *v, unsigned id, struct stir_slice pem)
{
    struct stir_judgement *j = waiting(v, id, STIR_NEED_CERT);
    struct stir_chain *chain = NULL;
    if (!v || (pem.n && !pem.p))
        return STIR_EARG;
    if (!j)
        return STIR_ENOTFOUND;
    TRY(stir_chain_from_pem(&chain, pem, v->trust, &v->policy, v->now));
    take_chain(j, chain);
    return STIR_OK;
}

enum stir_err stir_verify_supply_chain(struct stir_verify *v, unsigned id, struct stir_chain *chain)
{
    struct stir_judgement *j = waiting(v, id, STIR_NEED_CERT);
    if (!v || !chain)
        return STIR_EARG;
    if (!j)
        return STIR_ENOTFOUND;
    if (!stir_chain_is_current(chain, v->trust, &v->policy, v->now))
        return STIR_ESTATE;
    take_chain(j, stir_chain_ref(chain));
    return STIR_OK;
}

enum stir_err stir_verify_supply_bytes(struct stir_verify *v, unsigned id, struct stir_slice bytes)
{
    struct stir_judgement *content = waiting(v, id, STIR_NEED_CONTENT), *list = waiting(v, id, STIR_NEED_TNLIST);
    if (!v || (bytes.n && !bytes.p))
        return STIR_EARG;
    if (list)
        return stir_tnlist_supply(list, place_of(id) - PLACE_TNLIST, bytes);
    if (!content)
        return STIR_ENOTFOUND;
    if (bytes.n <= STIR_MAX_CONTENT)
        return stir_rcd_supply(content->rcd, content_of(id), bytes);
    stir_rcd_miss(content->rcd, content_of(id), "what its URL gave is longer than is read");
    return STIR_OK;
}

/* No memory is no fault of the call: without an answer the check stays not reached. */
static void answer_replay(struct stir_judgement *j, int answer)
{
    j->asks_replay = false;
    if (answer == 1)
        stir_judge_say(j, STIR_R_REPLAYED, NULL);
    if (answer >= 0)
        stir_judge_pass(j, STIR_CHECK_REPLAY);
}

enum stir_err stir_verify_supply_answer(struct stir_verify *v, unsigned id, int answer)
{
    struct stir_judgement *replay = waiting(v, id, STIR_NEED_REPLAY), *authority = waiting(v, id, STIR_NEED_AUTHORITY);
    if (!v || answer < -1 || answer > 1)
        return STIR_EARG;
    if (replay)
        answer_replay(replay, answer);
    else if (authority)
        stir_answer_authority(authority, answer);
    return replay || authority ? STIR_OK : STIR_ENOTFOUND;
}

enum stir_err stir_verify_fail(struct stir_verify *v, unsigned id, enum stir_reason reason)
{
    struct stir_need need;
    if (!v || !stir_reason_info(reason))
        return STIR_EARG;
    struct stir_judgement *j = token_of(v, id);
    if (!j || !need_at(&need, j, place_of(id)))
        return STIR_ENOTFOUND;
    switch (need.kind) {
    case STIR_NEED_CERT:
        j->chain_failure = reason;
        j->answered = true;
        break;
    case STIR_NEED_CONTENT: stir_rcd_miss(j->rcd, content_of(id), stir_reason_name(reason)); break;
    case STIR_NEED_TNLIST: stir_tnlist_miss(j, place_of(id) - PLACE_TNLIST, stir_reason_info(reason)->text); break;
    case STIR_NEED_REPLAY: answer_replay(j, -1); break;
    case STIR_NEED_AUTHORITY: stir_answer_authority(j, -1); break;
    }
    return STIR_OK;
}

enum stir_err stir_verify_take(struct stir_verify *v, struct stir_verdict **out)
{
    if (!v || !out)
        return STIR_EARG;
    if (v->step < STEPS || v->broken != STIR_OK || !v->box)
        return STIR_ESTATE;
    v->n_tokens = 0; /* they lie in the verdict's arena, and their chains are its own now */
    *out = &STIR_MOVE(v->box)->verdict;
    return STIR_OK;
}
