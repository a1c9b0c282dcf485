/* Who holds the number: the need for an answer from a table, and TNAuthLists by reference. */
#include "call_group.h"
#include "delegate_support.h"

#define PAYLOAD(attest) \
    "{\"attest\":\"" attest "\",\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":1790000000,\"orig\":{\"tn\":\"" ORIG "\"},\"origid\":\"" ORIGID "\"}"
#define BASE_HEADER "{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":\"" X5U "\"}"
#define BASE_PARAMS ";info=<" X5U ">;alg=ES256"

/* One verification, a need at a time. */
struct run {
    char identity[4096];
    struct stir_slice value;
    struct stir_call call;
    struct stir_verify *v;
    const struct stir_need *needs;
    size_t n;
};

static void run_next(struct run *run)
{
    assert_err(stir_verify_next(run->v, &run->needs, &run->n), STIR_OK);
}

/* Up to the answer of the certificate's need. */
static void run_begin(struct run *run, const char *header, const char *payload, const char *params, const char *from, struct stir_slice pem,
                      const struct stir_policy *policy)
{
    memset(run, 0, sizeof(*run));
    pki_sign(&pki, run->identity, sizeof(run->identity), header, payload, params);
    run->value = S(run->identity);
    run->call = call_of(&run->value, from, DEST);
    assert_err(stir_verify_new(&run->v, &run->call, policy, pki.trust, pki.ctx, NOW), STIR_OK);
    run_next(run);
    assert_int_equal(run->n, 1);
    assert_int_equal(run->needs[0].kind, STIR_NEED_CERT);
    assert_err(stir_verify_supply_pem(run->v, run->needs[0].id, pem), STIR_OK);
    run_next(run);
}

static void run_shaken(struct run *run, const struct stir_policy *policy)
{
    run_begin(run, GOOD_HEADER, GOOD_PAYLOAD, GOOD_PARAMS, ORIG, body(), policy);
}

static struct stir_verdict *run_end(struct run *run)
{
    struct stir_verdict *verdict = NULL;
    run_next(run);
    assert_int_equal(run->n, 0);
    assert_err(stir_verify_take(run->v, &verdict), STIR_OK);
    stir_verify_free(run->v);
    return verdict;
}

static struct stir_policy asking(void)
{
    struct stir_policy policy = support_policy("shaken");
    policy.check_authority = true;
    return policy;
}

static void the_need_names_the_code_and_the_number(void **state)
{
    struct stir_policy policy = asking();
    struct run run;
    (void)state;
    run_shaken(&run, &policy);
    assert_int_equal(run.n, 1);
    assert_int_equal(run.needs[0].kind, STIR_NEED_AUTHORITY);
    assert_int_equal(run.needs[0].token, 0);
    assert_slice(run.needs[0].url, "709J");
    assert_slice(run.needs[0].key, ORIG);
    assert_err(stir_verify_supply_bytes(run.v, run.needs[0].id, S("x")), STIR_ENOTFOUND);
    assert_err(stir_verify_supply_answer(run.v, run.needs[0].id, 2), STIR_EARG);
    assert_err(stir_verify_supply_answer(run.v, run.needs[0].id, 1), STIR_OK);
    assert_err(stir_verify_supply_answer(run.v, run.needs[0].id, 1), STIR_ENOTFOUND);
    stir_verdict_free(run_end(&run));
}

static void the_answer_decides_by_the_policy(void **state)
{
    static const struct {
        const char *name;
        int answer; /* -2: the need fails */
        enum stir_severity other, unknown;
        enum stir_outcome outcome;
        enum stir_reason reason;
        enum stir_verstat verstat;
    } rows[] = {
        {"held", 1, STIR_SEVERITY_FAIL, STIR_SEVERITY_FAIL, STIR_PASS, STIR_R_NONE, STIR_VERSTAT_PASSED},
        {"not held", 0, STIR_SEVERITY_WARN, STIR_SEVERITY_OFF, STIR_WARNING, STIR_R_HOLDER_OTHER, STIR_VERSTAT_PASSED},
        {"not held, and that fails", 0, STIR_SEVERITY_FAIL, STIR_SEVERITY_OFF, STIR_FAIL, STIR_R_HOLDER_OTHER, STIR_VERSTAT_FAILED},
        {"unknown", -1, STIR_SEVERITY_WARN, STIR_SEVERITY_OFF, STIR_NOT_REACHED, STIR_R_NONE, STIR_VERSTAT_PASSED},
        {"unknown, and that is said", -1, STIR_SEVERITY_WARN, STIR_SEVERITY_WARN, STIR_WARNING, STIR_R_HOLDER_UNKNOWN, STIR_VERSTAT_PASSED},
        {"no table", -2, STIR_SEVERITY_WARN, STIR_SEVERITY_OFF, STIR_NOT_REACHED, STIR_R_NONE, STIR_VERSTAT_PASSED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_policy policy = asking();
        struct run run;
        assert_err(stir_policy_set(&policy, STIR_R_HOLDER_OTHER, rows[i].other), STIR_OK);
        assert_err(stir_policy_set(&policy, STIR_R_HOLDER_UNKNOWN, rows[i].unknown), STIR_OK);
        run_shaken(&run, &policy);
        if (rows[i].answer == -2)
            assert_err(stir_verify_fail(run.v, run.needs[0].id, STIR_R_INFO_UNREACHABLE), STIR_OK);
        else
            assert_err(stir_verify_supply_answer(run.v, run.needs[0].id, rows[i].answer), STIR_OK);
        struct stir_verdict *verdict = run_end(&run);
        const struct stir_check *check = check_of(verdict, STIR_CHECK_AUTHORITY);
        if (verdict->verstat != rows[i].verstat || check->outcome != rows[i].outcome || check->reason != rows[i].reason)
            fail_msg("%s: %s, %s", rows[i].name, stir_verstat_text(verdict->verstat), stir_reason_name(check->reason));
        stir_verdict_free(verdict);
    }
}

static void a_table_answers_in_one_line(void **state)
{
    static const struct {
        const char *text;
        enum stir_reason reason;
    } rows[] = {{ORIG " 709j", STIR_R_NONE}, {"12155550000-12155559999 709K", STIR_R_HOLDER_OTHER}, {DEST " 709K", STIR_R_NONE}};
    struct stir_policy policy = asking();
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct stir_spc_table *table = NULL;
        struct run run;
        assert_err(stir_spc_table_parse(&table, S(rows[i].text), NULL), STIR_OK);
        run_shaken(&run, &policy);
        assert_err(stir_verify_supply_answer(run.v, run.needs[0].id, stir_spc_table_holds(table, run.needs[0].url, run.needs[0].key)), STIR_OK);
        struct stir_verdict *verdict = run_end(&run);
        if (check_of(verdict, STIR_CHECK_AUTHORITY)->reason != rows[i].reason)
            fail_msg("%s", rows[i].text);
        stir_verdict_free(verdict);
        stir_spc_table_free(table);
    }
}

static void nobody_is_asked_where_nothing_is_claimed(void **state)
{
    static const char uri[] = "{\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":1790000000,\"orig\":{\"uri\":\"sip:alice@example.com\"}}";
    static const struct {
        const char *name, *header, *payload, *params, *from;
        bool asks;
        enum stir_outcome outcome;
    } rows[] = {
        {"attest B", GOOD_HEADER, PAYLOAD("B"), GOOD_PARAMS, ORIG, true, STIR_OFF},
        {"attest C", GOOD_HEADER, PAYLOAD("C"), GOOD_PARAMS, ORIG, true, STIR_OFF},
        {"a name", BASE_HEADER, uri, BASE_PARAMS, "sip:alice@example.com", true, STIR_OFF},
        {"not by this policy", GOOD_HEADER, GOOD_PAYLOAD, GOOD_PARAMS, ORIG, false, STIR_OFF},
    };
    struct stir_policy policy = support_policy("rfc8224");
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct run run;
        policy.check_authority = rows[i].asks;
        run_begin(&run, rows[i].header, rows[i].payload, rows[i].params, rows[i].from, body(), &policy);
        if (run.n)
            fail_msg("%s: asks", rows[i].name);
        struct stir_verdict *verdict = run_end(&run);
        if (verdict->verstat != STIR_VERSTAT_PASSED || check_of(verdict, STIR_CHECK_AUTHORITY)->outcome != rows[i].outcome)
            fail_msg("%s: %s", rows[i].name, stir_reason_name(verdict->reason));
        stir_verdict_free(verdict);
    }
}

static void nobody_is_asked_for_a_token_that_fails(void **state)
{
    struct stir_policy policy = asking();
    struct stir_key *right = pki.key, *wrong = NULL;
    struct run run;
    (void)state;
    assert_err(stir_key_generate(&wrong), STIR_OK);
    pki.held.key = wrong;
    run_shaken(&run, &policy);
    pki.held.key = right;
    assert_int_equal(run.n, 0);
    struct stir_verdict *verdict = run_end(&run);
    assert_int_equal(verdict->reason, STIR_R_SIGNATURE_BAD);
    stir_verdict_free(verdict);
    stir_key_free(wrong);
}

/* What the table speaks against fills no memory of seen tokens. */
static void replay_is_asked_after_authority(void **state)
{
    struct stir_policy policy = asking();
    struct run run;
    (void)state;
    policy.check_replay = true;
    assert_err(stir_policy_set(&policy, STIR_R_HOLDER_OTHER, STIR_SEVERITY_FAIL), STIR_OK);
    for (int answer = 0; answer < 2; answer++) {
        run_shaken(&run, &policy);
        assert_int_equal(run.n, 1);
        assert_int_equal(run.needs[0].kind, STIR_NEED_AUTHORITY);
        assert_err(stir_verify_supply_answer(run.v, run.needs[0].id, answer), STIR_OK);
        run_next(&run);
        assert_int_equal(run.n, answer);
        if (answer) {
            assert_int_equal(run.needs[0].kind, STIR_NEED_REPLAY);
            assert_err(stir_verify_supply_answer(run.v, run.needs[0].id, 0), STIR_OK);
        }
        struct stir_verdict *verdict = run_end(&run);
        assert_int_equal(check_of(verdict, STIR_CHECK_REPLAY)->outcome, answer ? STIR_PASS : STIR_NOT_REACHED);
        stir_verdict_free(verdict);
    }
}

/* RFC 9060 §4.1: a CA that names a code has the numbers of that code, and only a table knows them. */
static void the_code_that_is_asked_is_the_first_that_names_no_number(void **state)
{
    static const struct {
        const char *name;
        struct delegate path;
        const char *codes; /* NULL: nobody is asked */
        enum stir_outcome outcome;
    } rows[] = {
        {"of several codes", {.leaf = "spc:709J spc:0123"}, "709J 0123", STIR_NOT_REACHED},
        {"codes beside other numbers", {.leaf = "one:12125550000 spc:709J"}, "709J", STIR_NOT_REACHED},
        {"codes beside the number", {.leaf = "one:" ORIG " spc:709J"}, NULL, STIR_PASS},
        {"the number alone", {.leaf = "one:" ORIG}, NULL, STIR_PASS},
        {"the number under a CA that does not limit", {.parent = "", .leaf = "one:" ORIG}, NULL, STIR_PASS},
        {"the number under a code", {.parent = "spc:709J", .leaf = "one:" ORIG}, "709J", STIR_NOT_REACHED},
        {"two levels under a code", {.parent = "spc:709J", .middle = "range:12155551000+1000", .leaf = "one:" ORIG}, "709J", STIR_NOT_REACHED},
        {"a code under two", {.parent = "spc:709J spc:0123", .leaf = "spc:709J"}, "709J", STIR_NOT_REACHED},
    };
    struct stir_policy policy = asking();
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char pem[16384];
        struct run run;
        run_begin(&run, GOOD_HEADER, GOOD_PAYLOAD, GOOD_PARAMS, ORIG, delegate_make(pem, sizeof(pem), &pki, &rows[i].path), &policy);
        if (run.n != (rows[i].codes ? 1u : 0u))
            fail_msg("%s: %zu needs", rows[i].name, run.n);
        if (run.n && (!stir_slice_is(run.needs[0].url, rows[i].codes) || !stir_slice_is(run.needs[0].key, ORIG)))
            fail_msg("%s: asks of %.*s", rows[i].name, (int)run.needs[0].url.n, run.needs[0].url.p);
        if (run.n)
            assert_err(stir_verify_supply_answer(run.v, run.needs[0].id, -1), STIR_OK);
        struct stir_verdict *verdict = run_end(&run);
        if (verdict->verstat != STIR_VERSTAT_PASSED || check_of(verdict, STIR_CHECK_AUTHORITY)->outcome != rows[i].outcome)
            fail_msg("%s: %s", rows[i].name, stir_reason_name(verdict->reason));
        stir_verdict_free(verdict);
    }
}

/* ---- By reference ---- */

#define LIST_URL "https://numbers.example.com/709J.der"

static struct stir_policy fetching(void)
{
    struct stir_policy policy = support_policy("shaken");
    policy.fetch_tnlist = true;
    return policy;
}

static void run_reference(struct run *run, const struct delegate *path, const struct stir_policy *policy)
{
    char pem[16384];
    run_begin(run, GOOD_HEADER, GOOD_PAYLOAD, GOOD_PARAMS, ORIG, delegate_make(pem, sizeof(pem), &pki, path), policy);
}

/*= RFC8226-10.1a RFC9060-4 test */
static void a_list_by_reference_counts_as_one_in_the_certificate(void **state)
{
    static const struct {
        const char *name, *parent, *list, *spc;
        enum stir_reason reason;
    } rows[] = {
        {"the number", NULL, "one:" ORIG, NULL, STIR_R_NONE},
        {"a range with it", NULL, "range:12155551000+1000", NULL, STIR_R_NONE},
        {"another number", NULL, "one:" DEST, NULL, STIR_R_NOT_AUTHORISED},
        {"a code", NULL, "spc:0123 spc:709J", "0123", STIR_R_NONE},
        {"within the parent's", "range:12155551000+1000", "one:" ORIG, NULL, STIR_R_NONE},
        {"beyond the parent's", "range:12155551000+1000", "one:" ORIG " one:12155559999", NULL, STIR_R_TNAUTH_NOT_ENCOMPASSED},
        {"a code under numbers", "one:" ORIG, "spc:709J", "709J", STIR_R_TNAUTH_NOT_ENCOMPASSED},
        {"numbers under a code", "spc:709J", "one:" ORIG, NULL, STIR_R_NONE},
    };
    struct stir_policy policy = fetching();
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct delegate path = {.parent = rows[i].parent, .url = LIST_URL};
        struct stir_tnauth *list = list_of(rows[i].list);
        struct run run;
        run_reference(&run, &path, &policy);
        assert_int_equal(run.n, 1);
        assert_int_equal(run.needs[0].kind, STIR_NEED_TNLIST);
        assert_slice(run.needs[0].url, LIST_URL);
        assert_int_equal(run.needs[0].max_bytes, STIR_MAX_TNAUTH);
        assert_err(stir_verify_supply_bytes(run.v, run.needs[0].id, stir_tnauth_der(list)), STIR_OK);
        struct stir_verdict *verdict = run_end(&run);
        if (verdict->reason != rows[i].reason)
            fail_msg("%s: %s", rows[i].name, stir_reason_name(verdict->reason));
        if (!rows[i].spc ? verdict->tokens[0].spc.p != NULL : !stir_slice_is(verdict->tokens[0].spc, rows[i].spc))
            fail_msg("%s: the code shown is %.*s", rows[i].name, (int)verdict->tokens[0].spc.n, verdict->tokens[0].spc.p);
        stir_verdict_free(verdict);
        stir_tnauth_free(list);
    }
}

#define PARENT_URL "https://numbers.example.com/parent.der"

static const char *list_behind(struct stir_slice url, const char *parent, const char *leaf)
{
    return stir_slice_is(url, PARENT_URL) ? parent : leaf;
}

/*= RFC8226-10.1a test */
static void a_list_of_a_ca_by_reference_limits_the_path(void **state)
{
    static const struct {
        const char *name, *inline_leaf, *parent, *leaf; /* inline, or behind URLs */
        enum stir_reason reason;
    } rows[] = {
        {"within", "one:" ORIG, "range:12155551000+1000", NULL, STIR_R_NONE},
        {"beyond", "one:" ORIG, "range:12125551000+1000", NULL, STIR_R_TNAUTH_NOT_ENCOMPASSED},
        {"a code within", "spc:709J", "spc:709J spc:0123", NULL, STIR_R_NONE},
        {"a code beyond", "spc:709J", "spc:0123", NULL, STIR_R_TNAUTH_NOT_ENCOMPASSED},
        {"both by reference, within", NULL, "range:12155551000+1000", "one:" ORIG, STIR_R_NONE},
        {"both by reference, beyond", NULL, "one:" DEST, "one:" ORIG, STIR_R_TNAUTH_NOT_ENCOMPASSED},
        {"junk", "one:" ORIG, NULL, NULL, STIR_R_TNLIST_MISSING},
    };
    struct stir_policy policy = fetching();
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct delegate path = {.parent = "", .leaf = rows[i].inline_leaf, .parent_url = PARENT_URL, .url = rows[i].leaf ? LIST_URL : NULL};
        struct run run;
        run_reference(&run, &path, &policy);
        if (run.n != (rows[i].leaf ? 2u : 1u))
            fail_msg("%s: %zu needs", rows[i].name, run.n);
        for (size_t k = run.n; k--;) { /* in any order */
            const char *text = list_behind(run.needs[k].url, rows[i].parent, rows[i].leaf);
            struct stir_tnauth *list = text ? list_of(text) : NULL;
            assert_int_equal(run.needs[k].kind, STIR_NEED_TNLIST);
            assert_err(stir_verify_supply_bytes(run.v, run.needs[k].id, list ? stir_tnauth_der(list) : S("junk")), STIR_OK);
            stir_tnauth_free(list);
        }
        struct stir_verdict *verdict = run_end(&run);
        if (verdict->reason != rows[i].reason)
            fail_msg("%s: %s", rows[i].name, stir_reason_name(verdict->reason));
        stir_verdict_free(verdict);
    }
}

static void a_list_that_does_not_come_or_is_junk_has_its_reason(void **state)
{
    static const struct {
        const char *name, *bytes; /* NULL: the need fails */
        const char *said;
    } rows[] = {
        {"unreachable", NULL, LIST_URL ": the certificate could not be fetched"},
        {"empty", "", LIST_URL ": not the DER its definition asks for"},
        {"a page", "<html>", LIST_URL ": not the DER its definition asks for"},
        {"an empty list", "\x30", LIST_URL ": not the DER"},
    };
    struct stir_policy policy = fetching();
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct delegate path = {.url = LIST_URL};
        struct run run;
        run_reference(&run, &path, &policy);
        if (rows[i].bytes)
            assert_err(stir_verify_supply_bytes(run.v, run.needs[0].id, S(rows[i].bytes)), STIR_OK);
        else
            assert_err(stir_verify_fail(run.v, run.needs[0].id, STIR_R_INFO_UNREACHABLE), STIR_OK);
        struct stir_verdict *verdict = run_end(&run);
        const struct stir_check *check = check_of(verdict, STIR_CHECK_TNAUTH);
        if (verdict->reason != STIR_R_TNLIST_MISSING || verdict->verstat != STIR_VERSTAT_FAILED || !strstr(check->detail, rows[i].said))
            fail_msg("%s: %s, %s", rows[i].name, stir_reason_name(verdict->reason), check->detail);
        assert_int_equal(check_of(verdict, STIR_CHECK_SIGNATURE)->outcome, STIR_NOT_REACHED);
        stir_verdict_free(verdict);
    }
}

static void a_list_longer_than_any_is_junk(void **state)
{
    struct stir_policy policy = fetching();
    struct delegate path = {.url = LIST_URL};
    struct run run;
    char *bytes = calloc(1, STIR_MAX_TNAUTH + 1);
    (void)state;
    assert_non_null(bytes);
    run_reference(&run, &path, &policy);
    assert_err(stir_verify_supply_bytes(run.v, run.needs[0].id, stir_slice_of(bytes, STIR_MAX_TNAUTH + 1)), STIR_OK);
    struct stir_verdict *verdict = run_end(&run);
    assert_int_equal(verdict->reason, STIR_R_TNLIST_MISSING);
    stir_verdict_free(verdict);
    free(bytes);
}

/*= RFC8226-10.1b test */
static void nothing_is_fetched_for_a_list_where_it_must_not_be(void **state)
{
    static const struct {
        const char *name;
        struct delegate path;
        bool fetch, trusted;
        enum stir_reason reason;
    } rows[] = {
        {"off by policy", {.url = LIST_URL}, false, true, STIR_R_TNAUTH_MISSING},
        {"that of a CA, off by policy: its limit is not known",
         {.parent = "", .parent_url = PARENT_URL, .leaf = "one:" ORIG},
         false,
         true,
         STIR_R_TNLIST_MISSING},
        {"a list in the certificate", {.leaf = "spc:709J", .url = LIST_URL}, true, true, STIR_R_NONE},
        {"no https", {.url = "http://numbers.example.com/709J.der"}, true, true, STIR_R_TNLIST_MISSING},
        {"another port", {.url = "https://numbers.example.com:81/709J.der"}, true, true, STIR_R_TNLIST_MISSING},
        {"an address", {.url = "https://127.0.0.1/709J.der"}, true, true, STIR_R_TNLIST_MISSING},
        {"a certificate that nobody trusts", {.url = LIST_URL}, true, false, STIR_R_ISSUER_MISSING},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_policy policy = support_policy("shaken");
        struct stir_trust *trust = pki.trust;
        struct run run;
        policy.fetch_tnlist = rows[i].fetch;
        if (!rows[i].trusted)
            pki.trust = support_freeze(support_builder(), 1);
        run_reference(&run, &rows[i].path, &policy);
        if (run.n)
            fail_msg("%s: asks for %.*s", rows[i].name, (int)run.needs[0].url.n, run.needs[0].url.p);
        struct stir_verdict *verdict = run_end(&run);
        if (verdict->reason != rows[i].reason)
            fail_msg("%s: %s", rows[i].name, stir_reason_name(verdict->reason));
        stir_verdict_free(verdict);
        if (!rows[i].trusted)
            stir_trust_free(pki.trust);
        pki.trust = trust;
    }
}

/* A chain that was judged while lists were fetched has no list under a policy that fetches none, though both gave themselves the same number. */
static void a_cached_chain_brings_no_list(void **state)
{
    struct stir_policy fetch = fetching(), none = support_policy("shaken");
    struct delegate path = {.url = LIST_URL};
    struct stir_chain *chain = NULL;
    struct run run = {.n = 0};
    char pem[16384];
    (void)state;
    assert_err(stir_chain_from_pem(&chain, delegate_make(pem, sizeof(pem), &pki, &path), pki.trust, &fetch, NOW), STIR_OK);
    assert_true(stir_chain_info(chain)->trusted);
    pki_sign(&pki, run.identity, sizeof(run.identity), GOOD_HEADER, GOOD_PAYLOAD, GOOD_PARAMS);
    run.value = S(run.identity);
    run.call = call_of(&run.value, ORIG, DEST);
    assert_err(stir_verify_new(&run.v, &run.call, &none, pki.trust, pki.ctx, NOW), STIR_OK);
    run_next(&run);
    assert_err(stir_verify_supply_chain(run.v, run.needs[0].id, chain), STIR_OK);
    struct stir_verdict *verdict = run_end(&run);
    assert_int_equal(verdict->reason, STIR_R_TNAUTH_MISSING);
    stir_verdict_free(verdict);
    stir_chain_free(chain);
}

/* The table is asked for the codes of a list by reference, too. */
static void a_fetched_code_is_asked_for_the_number(void **state)
{
    struct stir_policy policy = fetching();
    struct delegate path = {.url = LIST_URL};
    struct stir_tnauth *list = list_of("spc:0123");
    struct run run;
    (void)state;
    policy.check_authority = true;
    run_reference(&run, &path, &policy);
    assert_err(stir_verify_supply_bytes(run.v, run.needs[0].id, stir_tnauth_der(list)), STIR_OK);
    run_next(&run);
    assert_int_equal(run.n, 1);
    assert_int_equal(run.needs[0].kind, STIR_NEED_AUTHORITY);
    assert_slice(run.needs[0].url, "0123");
    stir_verify_free(run.v); /* given up here: nothing is left behind */
    stir_tnauth_free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_need_names_the_code_and_the_number),
        cmocka_unit_test(the_answer_decides_by_the_policy),
        cmocka_unit_test(a_table_answers_in_one_line),
        cmocka_unit_test(nobody_is_asked_where_nothing_is_claimed),
        cmocka_unit_test(nobody_is_asked_for_a_token_that_fails),
        cmocka_unit_test(replay_is_asked_after_authority),
        cmocka_unit_test(the_code_that_is_asked_is_the_first_that_names_no_number),
        cmocka_unit_test(a_list_by_reference_counts_as_one_in_the_certificate),
        cmocka_unit_test(a_list_of_a_ca_by_reference_limits_the_path),
        cmocka_unit_test(a_list_that_does_not_come_or_is_junk_has_its_reason),
        cmocka_unit_test(a_list_longer_than_any_is_junk),
        cmocka_unit_test(nothing_is_fetched_for_a_list_where_it_must_not_be),
        cmocka_unit_test(a_cached_chain_brings_no_list),
        cmocka_unit_test(a_fetched_code_is_asked_for_the_number),
    };
    return cmocka_run_group_tests_name("authority", tests, make_pki, free_pki);
}
