#include "call_support.h"

static struct pki pki;

static int make_pki(void **state)
{
    (void)state;
    pki_make(&pki);
    return 0;
}

static int free_pki(void **state)
{
    (void)state;
    pki_free(&pki);
    return 0;
}

enum { ROOM = 2048, MOST = STIR_MAX_IDENTITIES };

/* A call whose tokens are written in a line of text: "shaken 1>2" is signed by 1 for 2, "div 1>3 by 2" says that 2 diverted it to 3; "old" and "bad" behind one
 * make it stale or its signature wrong, "as N" gives it another caller. Parties are single digits that stand for numbers. */
struct scene {
    char values[MOST][ROOM];
    struct stir_slice identity[MOST];
    size_t n;
    char from[16], to[16], ruri[32];
};

static const char *number(char digit, char room[16])
{
    snprintf(room, 16, "1212555010%c", digit);
    return room;
}

static void add(struct scene *s, const char *text)
{
    char header[256], payload[512], params[128], orig[16], dest[16], by[16], div[64] = "";
    bool is_div = text[0] == 'd';
    const char *arrow = strchr(text, '>'), *diverter = strstr(text, "by ");
    long long iat = NOW - (strstr(text, "old") ? 3600 : 0);
    assert_true(s->n < MOST && arrow);
    if (is_div) {
        assert_non_null(diverter);
        snprintf(div, sizeof(div), "\"div\":{\"tn\":\"%s\"},", number(diverter[3], by));
    }
    snprintf(header, sizeof(header), "{\"alg\":\"ES256\",\"ppt\":\"%s\",\"typ\":\"passport\",\"x5u\":\"" X5U "\"}", is_div ? "div" : "shaken");
    snprintf(payload, sizeof(payload), "{%s\"dest\":{\"tn\":[\"%s\"]},%s\"iat\":%lld,\"orig\":{\"tn\":\"%s\"}%s}", is_div ? "" : "\"attest\":\"A\",",
             number(arrow[1], dest), div, iat, number(arrow[-1], orig), is_div ? "" : ",\"origid\":\"" ORIGID "\"");
    snprintf(params, sizeof(params), ";info=<" X5U ">;alg=ES256;ppt=%s", is_div ? "div" : "shaken");
    pki_sign(&pki, s->values[s->n], ROOM, header, payload, params);
    if (strstr(text, "bad")) {
        char *within = strchr(strchr(s->values[s->n], '.') + 1, '.') + 10;
        *within = *within == 'A' ? 'B' : 'A';
    }
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
    struct stir_call call = call_of(s->identity, s->from, s->to);
    call.n_identity = s->n;
    if (target) {
        snprintf(s->ruri, sizeof(s->ruri), "%s", number(target, room));
        call.ruri = S(s->ruri);
    }
    return call_verify(&call, &policy, pki.trust, stir_slice_of(pki.pem, pki.pem_len), NOW);
}

/*= RFC8946-4.2 test */
static void ways_are_followed_whatever_the_order(void **state)
{
    (void)state;
    static const struct {
        const char *name, *tokens;
        char to, target;
        enum stir_reason reason, div; /* of the call, and of the first div token */
        size_t hops;
    } rows[] = {
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
        {"div alone", "div 1>3 by 2", '2', '3', STIR_R_DIV_CHAIN_BROKEN, STIR_R_DIV_CHAIN_BROKEN, 0},
        {"H46 fresh div over an old token", "shaken 1>2 old|div 1>3 by 2", '2', '3', STIR_R_IAT_STALE, STIR_R_NONE, 0},
        {"an old div", "shaken 1>2|div 1>3 by 2 old", '3', '3', STIR_R_DIV_CHAIN_BROKEN, STIR_R_IAT_STALE, 0},
        {"a div with a bad signature", "shaken 1>2|div 1>3 by 2 bad", '3', '3', STIR_R_DIV_CHAIN_BROKEN, STIR_R_SIGNATURE_BAD, 0},
        {"a bad div where To still stands", "shaken 1>2|div 1>3 by 2 bad", '2', '3', STIR_R_NONE, STIR_R_SIGNATURE_BAD, 0},
        {"a bad token under a good div", "shaken 1>2 bad|div 1>3 by 2", '2', '3', STIR_R_SIGNATURE_BAD, STIR_R_NONE, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static struct scene scene;
        struct stir_verdict *verdict = judge(&scene, rows[i].tokens, rows[i].to, rows[i].target, "shaken");
        if (verdict->reason != rows[i].reason)
            fail_msg("%s: %s, wanted %s", rows[i].name, stir_reason_name(verdict->reason), stir_reason_name(rows[i].reason));
        if ((verdict->verstat == STIR_VERSTAT_PASSED) != (rows[i].reason == STIR_R_NONE))
            fail_msg("%s: %s", rows[i].name, stir_verstat_text(verdict->verstat));
        for (size_t t = 0, seen = 0; t < verdict->n_tokens && !seen; t++) {
            if (verdict->tokens[t].ppt != STIR_PPT_DIV)
                continue;
            seen = 1;
            if (verdict->tokens[t].reason != rows[i].div)
                fail_msg("%s: the div token says %s, wanted %s", rows[i].name, stir_reason_name(verdict->tokens[t].reason), stir_reason_name(rows[i].div));
        }
        size_t hops = verdict->tokens[verdict->deciding].n_path;
        if (rows[i].hops && hops != rows[i].hops)
            fail_msg("%s: %zu parties on the way, wanted %zu", rows[i].name, hops, rows[i].hops);
        stir_verdict_free(verdict);
    }
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

/* RFC 8946 §3: the signer of a div token holds the diverting number, not the caller's. */
static void authority_is_over_the_diverting_number(void **state)
{
    (void)state;
    static const struct {
        const char *held;
        enum stir_reason div;
    } rows[] = {{"12125550102", STIR_R_NONE}, {"12125550103", STIR_R_NOT_AUTHORISED}};
    for (size_t i = 0; i < 2; i++) {
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
        add(&scene, "shaken 1>2");
        add(&scene, "div 1>3 by 2");
        struct stir_call call = call_of(scene.identity, "12125550101", "12125550102");
        call.n_identity = 2;
        call.ruri = S("sip:+12125550103@h");
        struct stir_verify *v = NULL;
        struct stir_verdict *verdict = NULL;
        const struct stir_need *needs;
        size_t n;
        assert_err(stir_verify_new(&v, &call, &policy, pki.trust, NULL, NOW), STIR_OK);
        assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
        assert_int_equal(n, 2); /* both at once */
        for (size_t k = 0; k < n; k++) {
            bool div = needs[k].token == 1;
            assert_err(stir_verify_supply_pem(v, needs[k].id, div ? stir_slice_of(narrow.pem, narrow.pem_len) : stir_slice_of(pki.pem, pki.pem_len)), STIR_OK);
        }
        assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
        assert_err(stir_verify_take(v, &verdict), STIR_OK);
        assert_int_equal(verdict->tokens[1].reason, rows[i].div);
        assert_int_equal(verdict->tokens[0].n_path, rows[i].div == STIR_R_NONE ? 2 : 0);
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
        cmocka_unit_test(ways_are_followed_whatever_the_order),   cmocka_unit_test(the_way_is_shown),
        cmocka_unit_test(a_div_for_another_caller_links_nothing),
        cmocka_unit_test(a_retargeted_call_is_told_apart),        cmocka_unit_test(authority_is_over_the_diverting_number),
        cmocka_unit_test(a_maze_of_diversions_is_judged_at_once), cmocka_unit_test(no_more_than_ten_diversions_are_followed),
    };
    return cmocka_run_group_tests_name("div", tests, make_pki, free_pki);
}
