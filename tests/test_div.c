#include "call_group.h"
#include "div_support.h"

enum { MOST = STIR_MAX_IDENTITIES };

/* A call whose tokens are written in a line of text (div_support.h). */
struct scene {
    char values[MOST][ROOM];
    struct stir_slice identity[MOST];
    size_t n;
    char from[16], to[16], ruri[32];
};

static void add(struct scene *s, const char *text)
{
    assert_true(s->n < MOST);
    write_token(&pki, s->values[s->n], text);
    s->identity[s->n] = S(s->values[s->n]);
    s->n++;
}

/* Tokens divided by '|'; calls 1, arrives as `to`, reaches `target` (0: no Request-URI). */
static struct stir_verdict *judge(struct scene *s, const char *tokens, char to, char target, const char *preset)
{
    struct stir_policy policy = support_policy(preset);
    char room[16], one[128];
    memset(s, 0, sizeof(*s));
    for (const char *p = tokens; *p;) {
        size_t n = strcspn(p, "|");
        assert_true(n < sizeof(one));
        memcpy(one, p, n);
        one[n] = '\0';
        add(s, one);
        p += n + (p[n] == '|');
    }
    snprintf(s->from, sizeof(s->from), "%s", number('1', room));
    snprintf(s->to, sizeof(s->to), "%s", number(to, room));
    static const struct stir_slice priority = {"ets.0", 5};
    struct stir_call call = call_of(s->identity, s->from, s->to);
    call.n_identity = s->n;
    call.resource_priority = &priority;
    call.n_resource_priority = strstr(tokens, "rph") != NULL;
    if (target) {
        snprintf(s->ruri, sizeof(s->ruri), "%s", number(target, room));
        call.ruri = target == '?' ? S("sip:@") : S(s->ruri); /* '?': one that nobody can read */
    }
    return call_verify(&call, &policy, pki.trust, stir_slice_of(pki.pem, pki.pem_len), NOW);
}

struct row {
    const char *name, *tokens;
    char to, target;
    enum stir_reason reason, div; /* of the call, and of the first div or div-o token */
    size_t hops;
};

static void judge_row(const struct row *row)
{
    static struct scene scene;
    struct stir_verdict *verdict = judge(&scene, row->tokens, row->to, row->target, "shaken");
    size_t first = 0;
    if (verdict->reason != row->reason)
        fail_msg("%s: %s, wanted %s", row->name, stir_reason_name(verdict->reason), stir_reason_name(row->reason));
    if ((verdict->verstat == STIR_VERSTAT_PASSED) != (row->reason == STIR_R_NONE))
        fail_msg("%s: %s", row->name, stir_verstat_text(verdict->verstat));
    while (first < verdict->n_tokens && verdict->tokens[first].ppt != STIR_PPT_DIV && verdict->tokens[first].ppt != STIR_PPT_DIV_O)
        first++;
    if (first < verdict->n_tokens && verdict->tokens[first].reason != row->div)
        fail_msg("%s: the div token says %s, wanted %s", row->name, stir_reason_name(verdict->tokens[first].reason), stir_reason_name(row->div));
    size_t hops = verdict->tokens[verdict->deciding].n_path;
    if (row->hops && hops != row->hops)
        fail_msg("%s: %zu parties on the way, wanted %zu", row->name, hops, row->hops);
    stir_verdict_free(verdict);
}

static void judge_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        judge_row(&rows[i]);
}

/*= RFC8946-4.2a RFC8946-4.2b RFC8946-4.2c RFC8946-4.2f RFC8946-4.2g RFC8946-4.2h test */
static void ways_are_followed_whatever_the_order(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"no diversion", "shaken 1>2", '2', '2', STIR_R_NONE, STIR_R_NONE, 0},
        {"no Request-URI", "shaken 1>2", '2', 0, STIR_R_NONE, STIR_R_NONE, 0},
        {"one diversion", "shaken 1>2|div 1>3 by 2", '2', '3', STIR_R_NONE, STIR_R_NONE, 2},
        {"one diversion, div first", "div 1>3 by 2|shaken 1>2", '2', '3', STIR_R_NONE, STIR_R_NONE, 2},
        {"To rewritten by the diverter", "shaken 1>2|div 1>3 by 2", '3', '3', STIR_R_NONE, STIR_R_NONE, 2},
        {"three diversions", "shaken 1>2|div 1>3 by 2|div 1>4 by 3|div 1>5 by 4", '2', '5', STIR_R_NONE, STIR_R_NONE, 4},
        {"three diversions, any order", "div 1>5 by 4|div 1>3 by 2|shaken 1>2|div 1>4 by 3", '2', '5', STIR_R_NONE, STIR_R_NONE, 4},
        {"a link is missing", "shaken 1>2|div 1>5 by 4|div 1>3 by 2", '2', '5', STIR_R_NONE, STIR_R_DIV_CHAIN_BROKEN, 0},
        {"a link is missing and To was rewritten", "shaken 1>2|div 1>5 by 4", '5', '5', STIR_R_DEST_MISMATCH, STIR_R_DIV_CHAIN_BROKEN, 0},
        {"the way does not reach the target", "shaken 1>2|div 1>3 by 2", '2', '4', STIR_R_NONE, STIR_R_DIV_CHAIN_BROKEN, 0},
        {"orig changed", "shaken 1>2|div 9>3 by 2", '2', '3', STIR_R_NONE, STIR_R_ORIG_MISMATCH, 0},
        {"a loop beside the way", "shaken 1>2|div 1>2 by 3|div 1>3 by 2", '2', '3', STIR_R_NONE, STIR_R_DIV_LOOP, 2},
        {"a loop that never leaves", "shaken 1>2|div 1>3 by 2|div 1>2 by 3", '2', '4', STIR_R_NONE, STIR_R_DIV_LOOP, 0},
        {"two ways, the shorter", "shaken 1>2|div 1>5 by 2|div 1>3 by 2|div 1>5 by 3", '2', '5', STIR_R_NONE, STIR_R_NONE, 2},
        {"a kind that nobody supports under a good div", "foo 1>2|div 1>3 by 2", '2', '3', STIR_R_PPT_UNSUPPORTED, STIR_R_DIV_CHAIN_BROKEN, 0},
        {"div alone", "div 1>3 by 2", '2', '3', STIR_R_DIV_CHAIN_BROKEN, STIR_R_DIV_CHAIN_BROKEN, 0},
        {"H46 fresh div over an old token", "shaken 1>2 old|div 1>3 by 2", '2', '3', STIR_R_IAT_STALE, STIR_R_NONE, 0},
        {"an old div", "shaken 1>2|div 1>3 by 2 old", '3', '3', STIR_R_DIV_CHAIN_BROKEN, STIR_R_IAT_STALE, 0},
        {"a div with a bad signature", "shaken 1>2|div 1>3 by 2 bad", '3', '3', STIR_R_DIV_CHAIN_BROKEN, STIR_R_SIGNATURE_BAD, 0},
        {"a bad div where To still stands", "shaken 1>2|div 1>3 by 2 bad", '2', '3', STIR_R_NONE, STIR_R_SIGNATURE_BAD, 0},
        {"a bad token under a good div", "shaken 1>2 bad|div 1>3 by 2", '2', '3', STIR_R_SIGNATURE_BAD, STIR_R_NONE, 0},
    };
    judge_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

/* A bad token beside a good one that says the same, or beside another way, takes nothing from it: neither the order of headers nor who adds one decides. */
static void a_way_that_stands_is_enough_whatever_is_beside_it(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"a bad div behind a good one", "shaken 1>2|div 1>3 by 2|div 1>3 by 2 bad", '3', '3', STIR_R_NONE, STIR_R_NONE, 2},
        {"a bad div before a good one", "shaken 1>2|div 1>3 by 2 bad|div 1>3 by 2", '3', '3', STIR_R_NONE, STIR_R_SIGNATURE_BAD, 2},
        {"an old div before a good one", "shaken 1>2|div 1>3 by 2 old|div 1>3 by 2", '3', '3', STIR_R_NONE, STIR_R_IAT_STALE, 2},
        {"a bad way before a good one", "shaken 1>2|div 1>3 by 2 bad|div 1>4 by 2|div 1>5 by 3|div 1>5 by 4", '5', '5', STIR_R_NONE, STIR_R_SIGNATURE_BAD, 3},
        {"a bad way behind a good one", "shaken 1>2|div 1>4 by 2|div 1>3 by 2 bad|div 1>5 by 4|div 1>5 by 3", '5', '5', STIR_R_NONE, STIR_R_NONE, 3},
        {"a bad way shorter than a good one", "shaken 1>2|div 1>5 by 2 bad|div 1>3 by 2|div 1>5 by 3", '5', '5', STIR_R_NONE, STIR_R_SIGNATURE_BAD, 3},
        {"each way has a bad one", "shaken 1>2|div 1>3 by 2 bad|div 1>4 by 2|div 1>5 by 3|div 1>5 by 4 bad", '5', '5', STIR_R_DIV_CHAIN_BROKEN,
         STIR_R_SIGNATURE_BAD, 0},
        {"a loop behind the target", "shaken 1>2|div 1>3 by 2|div 1>4 by 3|div 1>3 by 4", '3', '3', STIR_R_NONE, STIR_R_NONE, 2},
    };
    judge_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

static void of_two_ways_as_short_the_same_is_shown_whatever_the_order(void **state)
{
    (void)state;
    static const char *const orders[] = {"shaken 1>2|div 1>3 by 2|div 1>4 by 2|div 1>5 by 3|div 1>5 by 4",
                                         "shaken 1>2|div 1>4 by 2|div 1>3 by 2|div 1>5 by 4|div 1>5 by 3"};
    char over[2][16] = {{0}};
    for (size_t i = 0; i < 2; i++) {
        static struct scene scene;
        struct stir_verdict *verdict = judge(&scene, orders[i], '5', '5', "shaken");
        assert_int_equal(verdict->tokens[0].n_path, 3);
        struct stir_slice by = verdict->tokens[0].path[1];
        snprintf(over[i], sizeof(over[i]), "%.*s", (int)by.n, by.p);
        stir_verdict_free(verdict);
    }
    assert_string_equal(over[0], over[1]);
}

/*= RFC8946-5.1c RFC8946-5.1d test */
static void a_div_o_token_is_a_way_of_its_own(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"one diversion", "div-o 1>3 by 2 [shaken 1>2]", '2', '3', STIR_R_NONE, STIR_R_NONE, 2},
        {"To rewritten by the diverter", "div-o 1>3 by 2 [shaken 1>2]", '3', '3', STIR_R_NONE, STIR_R_NONE, 2},
        {"three diversions", "div-o 1>5 by 4 [div-o 1>4 by 3 [div-o 1>3 by 2 [shaken 1>2]]]", '2', '5', STIR_R_NONE, STIR_R_NONE, 4},
        {"a div over it", "div 1>4 by 3|div-o 1>3 by 2 [shaken 1>2]", '2', '4', STIR_R_NONE, STIR_R_NONE, 3},
        {"over a div", "shaken 1>2|div-o 1>4 by 3 [div 1>3 by 2]", '2', '4', STIR_R_NONE, STIR_R_NONE, 3},
        {"beside the token that it nests", "shaken 1>2|div-o 1>3 by 2 [shaken 1>2]", '3', '3', STIR_R_NONE, STIR_R_NONE, 2},
        {"the way does not reach the target", "div-o 1>3 by 2 [shaken 1>2]", '4', '4', STIR_R_DEST_MISMATCH, STIR_R_DIV_CHAIN_BROKEN, 0},
        {"nor does it, and To stands", "div-o 1>3 by 2 [shaken 1>2]", '2', '4', STIR_R_NONE, STIR_R_DIV_CHAIN_BROKEN, 0},
        {"diverted by another than the callee", "div-o 1>3 by 4 [shaken 1>2]", '3', '3', STIR_R_DEST_MISMATCH, STIR_R_DIV_CHAIN_BROKEN, 0},
        {"so further inside", "div-o 1>5 by 3 [div-o 1>3 by 4 [shaken 1>2]]", '5', '5', STIR_R_DEST_MISMATCH, STIR_R_DIV_CHAIN_BROKEN, 0},
        {"it diverts what it nests, not what stands beside it", "shaken 1>2|div-o 1>3 by 2 [shaken 1>4]", '3', '3', STIR_R_DEST_MISMATCH,
         STIR_R_DIV_CHAIN_BROKEN, 0},
        {"orig changed", "div-o 9>3 by 2 [shaken 1>2]", '3', '3', STIR_R_DEST_MISMATCH, STIR_R_ORIG_MISMATCH, 0},
        {"orig changed further inside", "div-o 1>4 by 3 [div-o 9>3 by 2 [shaken 1>2]]", '4', '4', STIR_R_DEST_MISMATCH, STIR_R_DIV_ORIG_CHANGED, 0},
        {"orig of the nested token is another's", "div-o 1>3 by 2 [shaken 9>2]", '3', '3', STIR_R_ORIG_MISMATCH, STIR_R_DIV_ORIG_CHANGED, 0},
        {"a loop", "div-o 1>2 by 3 [div-o 1>3 by 2 [shaken 1>2]]", '2', '4', STIR_R_NONE, STIR_R_DIV_LOOP, 0},
        {"H46 fresh around a stale token", "div-o 1>3 by 2 [shaken 1>2 old]", '2', '3', STIR_R_IAT_STALE, STIR_R_NONE, 0},
        {"stale around a fresh token", "div-o 1>3 by 2 old [shaken 1>2]", '3', '3', STIR_R_DIV_CHAIN_BROKEN, STIR_R_IAT_STALE, 0},
        {"stale between", "div-o 1>4 by 3 [div-o 1>3 by 2 old [shaken 1>2]]", '4', '4', STIR_R_DIV_CHAIN_BROKEN, STIR_R_NONE, 0},
        {"its signature is bad", "div-o 1>3 by 2 bad [shaken 1>2]", '3', '3', STIR_R_DIV_CHAIN_BROKEN, STIR_R_SIGNATURE_BAD, 0},
        {"the nested signature is bad", "div-o 1>3 by 2 [shaken 1>2 bad]", '3', '3', STIR_R_SIGNATURE_BAD, STIR_R_NONE, 0},
        {"a signature between is bad", "div-o 1>4 by 3 [div-o 1>3 by 2 bad [shaken 1>2]]", '4', '4', STIR_R_DIV_CHAIN_BROKEN, STIR_R_NONE, 0},
        {"the nested token has no x5u", "div-o 1>3 by 2 [shaken 1>2 nowhere]", '3', '3', STIR_R_INFO_MISSING, STIR_R_NONE, 0},
        {"nor one that may be fetched", "div-o 1>3 by 2 [shaken 1>2 http]", '3', '3', STIR_R_INFO_BAD, STIR_R_NONE, 0},
        {"the nested kind is not known", "div-o 1>3 by 2 [foo 1>2]", '3', '3', STIR_R_PPT_UNSUPPORTED, STIR_R_DIV_CHAIN_BROKEN, 0},
        {"the nested kind is not accepted", "div-o 1>3 by 2 [base 1>2]", '3', '3', STIR_R_PPT_MISSING, STIR_R_NONE, 0},
        {"opt is no token", "div-o 1>3 by 2", '3', '3', STIR_R_OPT_FORM, STIR_R_OPT_FORM, 0},
    };
    judge_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

static void a_div_token_that_nests_another_is_refused(void **state)
{
    (void)state;
    static const struct row row = {"opt in div", "shaken 1>2|div 1>3 by 2 [shaken 1>2]", '3', '3', STIR_R_DIV_CHAIN_BROKEN, STIR_R_DIV_FORM, 0};
    static struct scene scene;
    judge_row(&row);
    struct stir_verdict *verdict = judge(&scene, row.tokens, row.to, row.target, "shaken");
    assert_int_equal(verdict->n_tokens, 2); /* nor is looked at what it nests */
    stir_verdict_free(verdict);
}

/* Each certificate is fetched from where the token itself says, and each answer finds its token. */
/*= RFC9410-5c test */
static void nested_tokens_have_needs_of_their_own(void **state)
{
    (void)state;
    static struct scene scene;
    static char inner[ROOM], value[ROOM];
    struct stir_policy policy = support_policy("shaken");
    struct stir_verify *v = NULL;
    struct stir_verdict *verdict = NULL;
    const struct stir_need *needs;
    size_t n;
    write_one(&pki, inner, "shaken 1>2", "shaken", NULL, "");
    write_one(&pki, value, "div-o 1>3 by 2", "div-o", inner, ";info=<" X5U ">;ppt=div-o");
    memset(&scene, 0, sizeof(scene));
    add(&scene, "div 1>4 by 3");
    scene.identity[1] = S(value);
    struct stir_call call = call_of(scene.identity, "12125550101", "12125550104");
    call.n_identity = 2;
    assert_err(stir_verify_new(&v, &call, &policy, pki.trust, NULL, NOW), STIR_OK);
    assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
    assert_int_equal(n, 3);
    unsigned inside = needs[2].id;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(needs[i].token, i);
        assert_slice(needs[i].url, X5U);
    }
    assert_err(stir_verify_fail(v, inside, STIR_R_INFO_UNREACHABLE), STIR_OK);
    assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
    assert_int_equal(n, 2); /* the others stay what they are */
    for (size_t i = n; i-- > 0;)
        assert_err(stir_verify_supply_pem(v, needs[i].id, stir_slice_of(pki.pem, pki.pem_len)), STIR_OK);
    assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
    assert_err(stir_verify_take(v, &verdict), STIR_OK);
    assert_int_equal(verdict->n_tokens, 3);
    static const size_t where[3][2] = {{0, 0}, {1, 0}, {1, 1}};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(verdict->tokens[i].index, where[i][0]);
        assert_int_equal(verdict->tokens[i].nested, where[i][1]);
    }
    assert_int_equal(verdict->deciding, 2);
    assert_int_equal(verdict->reason, STIR_R_INFO_UNREACHABLE);
    assert_int_equal(verdict->tokens[1].reason, STIR_R_NONE);
    char text[65536];
    assert_err(stir_verdict_explain(text, sizeof(text), &n, verdict), STIR_OK);
    assert_non_null(strstr(text, "Identity 2 of 2, token 1 inside of its own: "));
    assert_err(stir_verdict_json(text, sizeof(text), &n, verdict), STIR_OK);
    assert_non_null(strstr(text, "{\"index\":1,\"nested\":1,"));
    /* The token that failed is named by its own signature. */
    assert_err(stir_verdict_reason_header(text, sizeof(text), &n, verdict, 2), STIR_OK);
    assert_non_null(strstr(text, strrchr(inner, '.') + 1));
    stir_verdict_free(verdict);
    stir_verify_free(v);
}

/* Sixteen headers with two tokens inside of each would be 48. */
static void no_more_than_thirty_two_tokens_are_judged(void **state)
{
    (void)state;
    static struct scene scene;
    struct stir_policy policy = support_policy("shaken");
    memset(&scene, 0, sizeof(scene));
    for (size_t i = 0; i < MOST; i++)
        add(&scene, "div-o 1>4 by 3 [div-o 1>3 by 2 [shaken 1>2]]");
    struct stir_call call = call_of(scene.identity, "12125550101", "12125550104");
    call.n_identity = MOST;
    struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, stir_slice_of(pki.pem, pki.pem_len), NOW);
    assert_int_equal(verdict->n_tokens, STIR_MAX_TOKENS);
    assert_int_not_equal(verdict->verstat, STIR_VERSTAT_PASSED); /* none of those that say who calls was reached */
    assert_int_equal(verdict->tokens[MOST].nested, 1);
    assert_int_equal(verdict->tokens[MOST].checks[STIR_CHECK_DIV - 1].reason, STIR_R_DIV_TOO_LONG);
    stir_verdict_free(verdict);
    call.n_identity = 10;
    verdict = call_verify(&call, &policy, pki.trust, stir_slice_of(pki.pem, pki.pem_len), NOW);
    assert_int_equal(verdict->n_tokens, 30);
    assert_int_equal(verdict->verstat, STIR_VERSTAT_PASSED);
    stir_verdict_free(verdict);
}

/* RFC 8946 §4.1: authorities that signed for different callees make two chains in one request, whatever kind they are. */
static void two_chains_are_two_ways(void **state)
{
    (void)state;
    static const struct {
        const char *tokens;
        enum stir_rph_verstat rph;
        size_t n;
    } rows[] = {
        {"shaken 1>2|rph 1>7|div 1>3 by 2|div 1>3 by 7", STIR_RPH_PASSED, 4},
        {"shaken 1>2|base 1>7|div 1>3 by 2|div 1>3 by 7", STIR_RPH_NONE, 4},
        {"div-o 1>3 by 2 [shaken 1>2]|div-o 1>3 by 7 [rph 1>7]", STIR_RPH_PASSED, 4},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static struct scene scene;
        struct stir_verdict *verdict = judge(&scene, rows[i].tokens, '3', '3', "rfc8224");
        assert_int_equal(verdict->n_tokens, rows[i].n);
        for (size_t t = 0; t < verdict->n_tokens; t++)
            if (verdict->tokens[t].reason != STIR_R_NONE)
                fail_msg("%s: token %zu says %s", rows[i].tokens, t, stir_reason_name(verdict->tokens[t].reason));
        assert_int_equal(verdict->verstat, STIR_VERSTAT_PASSED);
        assert_int_equal(verdict->rph, rows[i].rph);
        stir_verdict_free(verdict);
    }
    /* One that breaks does not break the other. */
    static struct scene scene;
    struct stir_verdict *verdict = judge(&scene, "shaken 1>2|rph 1>7|div 1>3 by 2|div 1>3 by 7 bad", '3', '3', "shaken");
    assert_int_equal(verdict->verstat, STIR_VERSTAT_PASSED);
    assert_int_equal(verdict->rph, STIR_RPH_FAILED);
    stir_verdict_free(verdict);
}

/* A way that leads to nobody who vouches for the caller is none for the call. */
static void a_way_from_a_priority_says_nothing_of_the_caller(void **state)
{
    (void)state;
    static const char *const tokens[] = {"rph 1>2|div 1>3 by 2", "div-o 1>3 by 2 [rph 1>2]"};
    for (size_t i = 0; i < 2; i++) {
        static struct scene scene;
        struct stir_verdict *verdict = judge(&scene, tokens[i], '3', '3', "shaken");
        assert_int_equal(verdict->verstat, STIR_VERSTAT_NO);
        assert_int_equal(verdict->reason, STIR_R_PPT_UNSUPPORTED);
        assert_int_equal(verdict->deciding, -1);
        assert_int_equal(verdict->rph, STIR_RPH_PASSED);
        stir_verdict_free(verdict);
    }
}

/* RFC 8946 §5 as it is printed: both signatures hold under the key of Appendix A. The div number has a digit too many there, and dest.tn is no array. */
static void the_vector_of_rfc8946_is_read_to_its_core(void **state)
{
    (void)state;
    struct pki rfc = pki;
    struct stir_policy policy = support_policy("rfc8224");
    struct stir_slice pem = support_file("vectors/rfc/rfc8946-ec-private-key.pem"), identity = support_file("vectors/rfc/rfc8946-s5-identity-divo.txt");
    const int64_t then = 1443208345;
    assert_err(stir_key_from_pem(&rfc.key, pem, NULL, NULL, NULL), STIR_OK);
    struct stir_cert *leaf = pki_leaf(&rfc, pki.list, NOW - 8 * 86400, NOW + 86400);
    rfc.pem_len = 0;
    pki_add_pem(&rfc, leaf);
    pki_add_pem(&rfc, pki.ca);
    policy.exhaustive = true;
    policy.max_age = NOW - then; /* these certificates are of today */
    struct stir_call call = call_of(&identity, "12155551212", "12155551213");
    call.ruri = S("sip:+12155551214@example.com");
    struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, stir_slice_of(rfc.pem, rfc.pem_len), NOW);
    assert_int_equal(verdict->n_tokens, 2);
    assert_int_equal(verdict->tokens[0].ppt, STIR_PPT_DIV_O);
    assert_int_equal(verdict->tokens[0].reason, STIR_R_DEST_FORM);
    for (size_t t = 0; t < 2; t++)
        assert_int_equal(verdict->tokens[t].checks[STIR_CHECK_SIGNATURE - 1].outcome, STIR_PASS);
    assert_slice(verdict->tokens[1].orig, "12155551212");
    assert_int_equal(verdict->deciding, 1);
    stir_verdict_free(verdict);
    stir_cert_free(leaf);
    stir_key_free(rfc.key);
    support_free(pem);
    support_free(identity);
}

static void the_way_is_shown(void **state)
{
    (void)state;
    static struct scene scene;
    struct stir_verdict *verdict = judge(&scene, "div 1>4 by 3|shaken 1>2|div 1>3 by 2", '2', '4', "shaken");
    const struct stir_token_verdict *t = &verdict->tokens[verdict->deciding];
    assert_int_equal(verdict->deciding, 1);
    assert_int_equal(t->n_path, 3);
    assert_slice(t->path[0], "12125550102");
    assert_slice(t->path[1], "12125550103");
    assert_slice(t->path[2], "12125550104");
    char json[65536];
    size_t n;
    assert_err(stir_verdict_json(json, sizeof(json), &n, verdict), STIR_OK);
    assert_non_null(strstr(json, "\"path\":[\"12125550102\",\"12125550103\",\"12125550104\"]"));
    stir_verdict_free(verdict);
}

/*= RFC8946-4.2d RFC8946-4.2e test */
static void a_div_for_another_caller_links_nothing(void **state)
{
    (void)state;
    static struct scene scene;
    struct stir_verdict *verdict = judge(&scene, "shaken 1>2|div 9>3 by 2", '2', '3', "shaken");
    assert_int_equal(verdict->tokens[1].checks[STIR_CHECK_DIV - 1].reason, STIR_R_DIV_ORIG_CHANGED);
    assert_int_equal(verdict->tokens[0].checks[STIR_CHECK_DIV - 1].outcome, STIR_NOT_REACHED);
    stir_verdict_free(verdict);
}

/* "Retargeted without div" is not "signed for another callee". */
static void a_retargeted_call_is_told_apart(void **state)
{
    (void)state;
    static struct scene scene;
    struct stir_verdict *verdict = judge(&scene, "shaken 1>2", '2', '3', "shaken");
    assert_int_equal(verdict->verstat, STIR_VERSTAT_PASSED);
    assert_int_equal(check_of(verdict, STIR_CHECK_DEST)->outcome, STIR_WARNING);
    assert_int_equal(check_of(verdict, STIR_CHECK_DEST)->reason, STIR_R_RETARGETED_WITHOUT_DIV);
    stir_verdict_free(verdict);
    verdict = judge(&scene, "shaken 1>2", '2', '3', "strict");
    assert_int_equal(verdict->reason, STIR_R_RETARGETED_WITHOUT_DIV);
    stir_verdict_free(verdict);
    verdict = judge(&scene, "shaken 1>2", '4', '3', "strict");
    assert_int_equal(verdict->reason, STIR_R_DEST_MISMATCH);
    stir_verdict_free(verdict);
}

/* It may lead anywhere. */
static void a_request_uri_that_cannot_be_read_is_no_callee(void **state)
{
    (void)state;
    static struct scene scene;
    struct stir_verdict *verdict = judge(&scene, "shaken 1>2", '2', '?', "strict");
    assert_int_equal(verdict->reason, STIR_R_RETARGETED_WITHOUT_DIV);
    stir_verdict_free(verdict);
    verdict = judge(&scene, "shaken 1>2|div 1>3 by 2", '2', '?', "strict");
    assert_int_not_equal(verdict->verstat, STIR_VERSTAT_PASSED);
    stir_verdict_free(verdict);
    verdict = judge(&scene, "shaken 1>2", '2', '?', "shaken");
    assert_int_equal(verdict->verstat, STIR_VERSTAT_PASSED);
    assert_int_equal(check_of(verdict, STIR_CHECK_DEST)->reason, STIR_R_RETARGETED_WITHOUT_DIV);
    stir_verdict_free(verdict);
}

/* RFC 8946 §3: the signer of a div token holds the diverting number, not the caller's. */
/*= RFC8946-3h RFC8946-4.2c test */
static void authority_is_over_the_diverting_number(void **state)
{
    (void)state;
    static const struct {
        const char *held;
        enum stir_reason div;
        const char *tokens[2];
    } rows[] = {
        {"12125550102", STIR_R_NONE, {"div 1>3 by 2", "shaken 1>2"}},
        {"12125550103", STIR_R_NOT_AUTHORISED, {"div 1>3 by 2", "shaken 1>2"}},
        {"12125550102", STIR_R_NONE, {"div-o 1>3 by 2 [shaken 1>2]", NULL}},
        {"12125550101", STIR_R_NOT_AUTHORISED, {"div-o 1>3 by 2 [shaken 1>2]", NULL}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static struct scene scene;
        struct stir_policy policy = support_policy("shaken");
        struct stir_tnauth_entry one = {STIR_TNAUTH_ONE, S(rows[i].held), 1};
        struct stir_tnauth *list = pki_list(&one, 1);
        struct pki narrow = pki;
        struct stir_cert *leaf = pki_leaf(&pki, list, NOW - 100, NOW + 100);
        narrow.pem_len = 0;
        pki_add_pem(&narrow, leaf);
        pki_add_pem(&narrow, pki.ca);
        memset(&scene, 0, sizeof(scene));
        for (size_t t = 0; t < 2 && rows[i].tokens[t]; t++)
            add(&scene, rows[i].tokens[t]);
        struct stir_call call = call_of(scene.identity, "12125550101", "12125550102");
        call.n_identity = scene.n;
        call.ruri = S("sip:+12125550103@h");
        struct stir_verify *v = NULL;
        struct stir_verdict *verdict = NULL;
        const struct stir_need *needs;
        size_t n;
        assert_err(stir_verify_new(&v, &call, &policy, pki.trust, NULL, NOW), STIR_OK);
        assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
        assert_int_equal(n, 2); /* both at once */
        for (size_t k = 0; k < n; k++) {
            bool div = needs[k].token == 0;
            assert_err(stir_verify_supply_pem(v, needs[k].id, div ? stir_slice_of(narrow.pem, narrow.pem_len) : stir_slice_of(pki.pem, pki.pem_len)), STIR_OK);
        }
        assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
        assert_err(stir_verify_take(v, &verdict), STIR_OK);
        assert_int_equal(verdict->tokens[0].reason, rows[i].div);
        assert_int_equal(verdict->tokens[1].n_path, rows[i].div == STIR_R_NONE ? 2 : 0);
        stir_verdict_free(verdict);
        stir_verify_free(v);
        stir_cert_free(leaf);
        stir_tnauth_free(list);
    }
}

/* 16 tokens that all lead to each other: found or not, at once. */
static void a_maze_of_diversions_is_judged_at_once(void **state)
{
    (void)state;
    static struct scene scene;
    char maze[512] = "shaken 1>2";
    for (int i = 0; i < 15; i++)
        strcat(maze, "|div 1>2 by 2");
    struct stir_verdict *verdict = judge(&scene, maze, '2', '9', "shaken");
    assert_int_equal(verdict->verstat, STIR_VERSTAT_PASSED);
    assert_int_equal(verdict->tokens[1].reason, STIR_R_DIV_LOOP);
    stir_verdict_free(verdict);
}

static void no_more_than_ten_diversions_are_followed(void **state)
{
    (void)state;
    static struct scene scene;
    char tokens[1024] = "shaken 1>2";
    /* '*' and '#' are characters of numbers too. */
    static const char parties[] = "234567890*#";
    for (size_t i = 0; i + 1 < strlen(parties); i++) {
        char one[32];
        snprintf(one, sizeof(one), "|div 1>%c by %c", parties[i + 1], parties[i]);
        strcat(tokens, one);
    }
    struct stir_verdict *verdict = judge(&scene, tokens, '2', '#', "shaken");
    assert_int_equal(verdict->tokens[0].n_path, 11); /* ten diversions, and the target */
    stir_verdict_free(verdict);
    strcat(tokens, "|div 1>1 by #");
    verdict = judge(&scene, tokens, '2', '1', "shaken");
    assert_int_equal(verdict->tokens[0].n_path, 0);
    assert_int_equal(verdict->tokens[11].reason, STIR_R_DIV_TOO_LONG);
    stir_verdict_free(verdict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ways_are_followed_whatever_the_order),
        cmocka_unit_test(a_way_that_stands_is_enough_whatever_is_beside_it),
        cmocka_unit_test(of_two_ways_as_short_the_same_is_shown_whatever_the_order),
        cmocka_unit_test(a_div_o_token_is_a_way_of_its_own),
        cmocka_unit_test(a_div_token_that_nests_another_is_refused),
        cmocka_unit_test(nested_tokens_have_needs_of_their_own),
        cmocka_unit_test(no_more_than_thirty_two_tokens_are_judged),
        cmocka_unit_test(two_chains_are_two_ways),
        cmocka_unit_test(a_way_from_a_priority_says_nothing_of_the_caller),
        cmocka_unit_test(the_vector_of_rfc8946_is_read_to_its_core),
        cmocka_unit_test(the_way_is_shown),
        cmocka_unit_test(a_div_for_another_caller_links_nothing),
        cmocka_unit_test(a_retargeted_call_is_told_apart),
        cmocka_unit_test(a_request_uri_that_cannot_be_read_is_no_callee),
        cmocka_unit_test(authority_is_over_the_diverting_number),
        cmocka_unit_test(a_maze_of_diversions_is_judged_at_once),
        cmocka_unit_test(no_more_than_ten_diversions_are_followed),
    };
    return cmocka_run_group_tests_name("div", tests, make_pki, free_pki);
}
