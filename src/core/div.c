/* For whom the call is: dest against the message, and the ways by which a call was retargeted (RFC 8946 §4.2). Judged over all tokens together, because a div
 * token means nothing without the token that it diverts. */
#include "core/verify.h"

enum { DIV_MAX = 10 }; /* diversions of one call: peers forward no more than 5 */

/* The ways through the div tokens, from a token that vouches for the caller to the call's target. */
struct ways {
    uint32_t all;        /* bits of the tokens that stand on any of them */
    size_t hop[DIV_MAX]; /* tokens of the shortest */
    size_t hops;
    bool too_long;
};

static bool is_read(const struct stir_judgement *j)
{
    return j->passport && j->passport->orig.kind != STIR_PARTY_NONE && j->passport->n_dest > 0;
}

static bool is_div_o(const struct stir_judgement *j)
{
    return j->passport->ppt == STIR_PPT_DIV_O;
}

static bool is_div(const struct stir_judgement *j)
{
    return is_read(j) && (j->passport->ppt == STIR_PPT_DIV || is_div_o(j)) && j->passport->div.kind != STIR_PARTY_NONE;
}

/*= RFC8946-4.2h */
static bool vouches(const struct stir_judgement *j)
{
    return is_read(j) && !stir_is_third_party(j) &&
           (j->passport->ppt == STIR_PPT_NONE || j->passport->ppt == STIR_PPT_SHAKEN || j->passport->ppt == STIR_PPT_RCD);
}

/* Kinds that speak of something else than who calls, for the same callee. */
static bool supports(const struct stir_judgement *j)
{
    return is_read(j) && (j->passport->ppt == STIR_PPT_RPH || j->passport->ppt == STIR_PPT_RSP || stir_is_third_party(j));
}

static bool is_for(const struct stir_judgement *j, const struct stir_party *party)
{
    return stir_dest_is(j->passport, party);
}

/* `div` was the callee of `before`: the call was theirs to divert. */
/*= RFC8946-4.2a */
static bool was_callee(const struct stir_judgement *div, const struct stir_judgement *before)
{
    struct stir_party diverter;
    return stir_party_of_claim(&diverter, &div->passport->div) && is_for(before, &diverter);
}

/* A div token diverts whatever token was for the diverting party; a div-o token the one that it nests, and no other. */
/*= RFC8946-5.1c */
static bool follows(const struct stir_judgement *div, const struct stir_judgement *before)
{
    if (is_div_o(div) && !stir_slice_eq(before->identity.token, div->passport->opt))
        return false;
    return was_callee(div, before);
}

static bool same_caller(const struct stir_judgement *a, const struct stir_judgement *b)
{
    struct stir_party caller;
    return stir_party_of_claim(&caller, &a->passport->orig) && stir_claim_is(&b->passport->orig, &caller);
}

static bool is_rsp(const struct stir_judgement *j)
{
    return j->passport->ppt == STIR_PPT_RSP;
}

/* The way of a call begins at the callee of the token that vouches for the caller; of a response, which says where it ended, at the one who was called. */
/*= RFC9970-6 */
static bool begins(const struct stir_judgement *div, const struct stir_judgement *root)
{
    return is_rsp(root) ? stir_claim_is(&div->passport->div, &root->message->callee) : follows(div, root);
}

/* And it ends at whom the call reaches; of a response, at the one who answers. */
static bool ends(const struct stir_judgement *at, const struct stir_judgement *root)
{
    struct stir_party reached;
    if (!is_rsp(root))
        return is_for(at, &root->message->target);
    return stir_party_of_claim(&reached, &root->passport->dest[0]) && is_for(at, &reached);
}

/* Which of two tokens is tried first: whatever the order of the headers, one that has not failed before one that has, then by their text. */
static bool is_first(const struct stir_judgement *a, const struct stir_judgement *b)
{
    bool failed[2] = {stir_judge_failure(a) != NULL, stir_judge_failure(b) != NULL};
    if (failed[0] != failed[1])
        return failed[1];
    int order = stir_slice_compare(a->identity.signing_input, b->identity.signing_input);
    return (order ? order : stir_slice_compare(a->identity.signature, b->identity.signature)) < 0;
}

/* The numbers of the tokens in the order in which they are tried. */
static void rank(size_t ranked[STIR_MAX_TOKENS], const struct stir_judgement *tokens, size_t n)
{
    for (size_t i = 0; i < n && i < STIR_MAX_TOKENS; i++) {
        size_t at = i;
        for (; at > 0 && is_first(&tokens[i], &tokens[ranked[at - 1]]); at--)
            ranked[at] = ranked[at - 1];
        ranked[at] = i;
    }
}

/* Tokens as they are reached from a root, the nearest first. */
struct search {
    size_t ranked[STIR_MAX_TOKENS], queue[STIR_MAX_TOKENS], from[STIR_MAX_TOKENS], depth[STIR_MAX_TOKENS];
    size_t n;
    uint32_t reached;
};

/* What diverts `at`, which is `hops` diversions from the root. Each token is reached once: neither loops nor many equal tokens make the search long. */
static void reach(struct search *s, struct ways *ways, const struct stir_judgement *tokens, size_t n, const struct stir_judgement *root, size_t from,
                  bool standing)
{
    const struct stir_judgement *at = from == n ? root : &tokens[from];
    size_t hops = from == n ? 0 : s->depth[from];
    for (size_t k = 0; k < n && k < STIR_MAX_TOKENS; k++) {
        size_t i = s->ranked[k];
        if (s->reached & UINT32_C(1) << i || !is_div(&tokens[i]) || !(at == root ? begins(&tokens[i], root) : follows(&tokens[i], at)) ||
            !same_caller(root, &tokens[i]))
            continue;
        if (standing && stir_judge_failure(&tokens[i]))
            continue;
        if (hops == DIV_MAX) {
            ways->too_long = true;
            continue;
        }
        s->reached |= UINT32_C(1) << i;
        s->from[i] = from;
        s->depth[i] = hops + 1;
        s->queue[s->n++] = i;
    }
}

/* Every token that one on a way follows is on one, too: of two that say the same, only their certificates tell which is good. */
static void note_all(const struct search *s, struct ways *ways, const struct stir_judgement *tokens, const struct stir_judgement *root)
{
    for (size_t i = s->n; i-- > 0;) {
        const struct stir_judgement *last = &tokens[s->queue[i]];
        for (size_t k = 0; k < i && ways->all & UINT32_C(1) << s->queue[i]; k++) {
            size_t before = s->queue[k];
            if (s->depth[before] + 1 == s->depth[s->queue[i]] && !ends(&tokens[before], root) && follows(last, &tokens[before]))
                ways->all |= UINT32_C(1) << before;
        }
    }
}

/* The ways from `root` to the target; `standing`: over tokens alone that have not failed. */
/*= RFC8946-4.2b RFC8946-4.2d RFC8946-4.2e */
static bool find_ways(struct ways *ways, const struct stir_judgement *tokens, size_t n, const struct stir_judgement *root, bool standing)
{
    struct search s = {.n = 0};
    rank(s.ranked, tokens, n);
    reach(&s, ways, tokens, n, root, n, standing);
    for (size_t head = 0; head < s.n; head++) {
        size_t next = s.queue[head];
        if (!ends(&tokens[next], root)) {
            reach(&s, ways, tokens, n, root, next, standing);
            continue;
        }
        ways->all |= UINT32_C(1) << next;
        if (ways->hops)
            continue;
        ways->hops = s.depth[next];
        for (size_t i = ways->hops; i > 0; i--, next = s.from[next])
            ways->hop[i - 1] = next;
    }
    note_all(&s, ways, tokens, root);
    return ways->hops > 0;
}

/* Diverting parties and the target, as the verdict shows them. */
static enum stir_err note_path(struct stir_judgement *root, const struct stir_judgement *tokens, const struct ways *ways)
{
    root->path = stir_arena_get(root->arena, (ways->hops + 1) * sizeof(*root->path));
    if (!root->path)
        return STIR_ENOMEM;
    for (size_t i = 0; i < ways->hops; i++)
        root->path[i] = tokens[ways->hop[i]].passport->div.text;
    const struct stir_party *target = &root->message->target;
    root->path[ways->hops] = is_rsp(root) ? root->passport->dest[0].text : stir_arena_copy(root->arena, stir_slice_of(target->text, target->len));
    root->n_path = ways->hops + 1;
    return root->path[ways->hops].p ? STIR_OK : STIR_ENOMEM;
}

/* dest against the message alone (RFC 8224 §6.2): the callee of To, whoever the call reaches. */
static void judge_callee(struct stir_judgement *j)
{
    const struct stir_message *m = j->message;
    const struct stir_passport *p = j->passport;
    if (m->callee.kind == STIR_PARTY_NONE) {
        stir_judge_say(j, STIR_R_CALLEE_UNKNOWN, NULL);
        return;
    }
    if (!is_for(j, &m->callee))
        stir_judge_say(j, STIR_R_DEST_MISMATCH, "dest is %.*s%s, the message says %s", STIR_SHOW(p->dest[0].text), p->n_dest > 1 ? " and others" : "",
                       m->callee.text);
    else if (m->retargeted)
        stir_judge_say(j, STIR_R_RETARGETED_WITHOUT_DIV, "signed for %s, the call reaches %s", m->callee.text,
                       m->target.kind == STIR_PARTY_NONE ? "somebody whom the Request-URI does not name" : m->target.text);
    stir_judge_pass(j, STIR_CHECK_DEST);
}

/* Why a div token stands on no way. */
static void judge_loose(struct stir_judgement *tokens, size_t n, struct stir_judgement *div, bool too_long)
{
    bool linked = false, same = false, before_a_way = false;
    for (size_t i = 0; i < n; i++) {
        const struct stir_judgement *before = &tokens[i];
        if (before == div || !is_read(before) || !(vouches(before) || supports(before) || is_div(before)) || !follows(div, before))
            continue;
        linked = true;
        same = same || same_caller(before, div);
        before_a_way = before_a_way || (is_div(before) && was_callee(before, div));
    }
    if (linked && !same)
        stir_judge_say(div, STIR_R_DIV_ORIG_CHANGED, NULL);
    else if (linked && before_a_way)
        stir_judge_say(div, STIR_R_DIV_LOOP, NULL);
    else if (linked && too_long)
        stir_judge_say(div, STIR_R_DIV_TOO_LONG, "%d diversions are followed", DIV_MAX);
    else
        stir_judge_say(div, STIR_R_DIV_CHAIN_BROKEN, "%.*s diverts to %.*s", STIR_SHOW(div->passport->div.text), STIR_SHOW(div->passport->dest[0].text));
}

void stir_judge_target(struct stir_judgement *tokens, size_t n)
{
    uint32_t used = 0;
    bool too_long = false;
    for (size_t i = 0; i < n; i++) {
        struct stir_judgement *j = &tokens[i];
        struct ways ways = {.hops = 0};
        if (!vouches(j) && !supports(j))
            continue;
        if (supports(j) && is_for(j, &j->message->target)) { /* emergency calls: To keeps the digits dialled, RFC 9027 signs for the service too */
            stir_judge_pass(j, STIR_CHECK_DEST);
        } else if (j->message->target.kind != STIR_PARTY_NONE && find_ways(&ways, tokens, n, j, false)) {
            j->diverted_by = ways.all;
            used |= ways.all;
            stir_judge_pass(j, STIR_CHECK_DEST);
        } else {
            judge_callee(j);
        }
        too_long = too_long || ways.too_long;
    }
    for (size_t i = 0; i < n; i++) {
        struct stir_judgement *j = &tokens[i];
        if (!is_div(j))
            continue;
        if (used & UINT32_C(1) << i)
            stir_judge_pass(j, STIR_CHECK_DEST);
        else
            judge_loose(tokens, n, j, too_long);
        stir_judge_pass(j, STIR_CHECK_DIV);
    }
}

/* None of the ways stands: when To still names its callee, a token may be verified by itself, and what diverted the call is not known. */
static void judge_broken(struct stir_judgement *j, const struct stir_judgement *tokens, size_t n)
{
    const struct stir_judgement *bad = NULL;
    for (size_t d = 0; d < n; d++)
        if (j->diverted_by & UINT32_C(1) << d && stir_judge_failure(&tokens[d]))
            bad = &tokens[d];
    if (!bad) /* never: those of a way that was found would stand, all of them */
        return;
    enum stir_reason reason = is_for(j, &j->message->callee) ? STIR_R_RETARGETED_WITHOUT_DIV : STIR_R_DIV_CHAIN_BROKEN;
    stir_judge_say(j, reason, "the %s token %s Identity %zu fails: %s", stir_ppt_text(bad->passport->ppt), bad->nested ? "inside of" : "of", bad->index + 1,
                   stir_reason_name(stir_judge_failure(bad)->reason));
}

/*= RFC8946-4.2c RFC8946-4.2g */
void stir_judge_diversion(struct stir_judgement *tokens, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct stir_judgement *j = &tokens[i];
        struct ways ways = {.hops = 0};
        if (!j->diverted_by)
            continue;
        j->n_path = 0;
        if (!find_ways(&ways, tokens, n, j, true))
            judge_broken(j, tokens, n);
        else if (note_path(j, tokens, &ways) != STIR_OK)
            j->out_of_memory = true;
        stir_judge_pass(j, STIR_CHECK_DIV);
    }
}
