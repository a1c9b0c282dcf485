/* Rich call data beside the token that decides: of the caller's own signer, and of third parties (RFC 9795 §10). */
#include "call_support.h"

#define RANGE_X5U "https://cr.example.com/range.pem"
#define HEADER(ppt, x5u) "{\"alg\":\"ES256\"," ppt "\"typ\":\"passport\",\"x5u\":\"" x5u "\"}"

enum { TOKENS = 3, ROOM = 4096 };

static struct pki pki;
static char range_pem[3 * 4096]; /* of a certificate that covers other numbers than ORIG */
static size_t range_len;

static int make_pki(void **state)
{
    (void)state;
    struct stir_tnauth_entry entry = {STIR_TNAUTH_RANGE, S("15552220000"), 100};
    pki_make(&pki);
    struct stir_tnauth *list = pki_list(&entry, 1);
    struct stir_cert *leaf = pki_leaf(&pki, list, NOW - 100, NOW + 1000);
    assert_err(stir_cert_write_pem(range_pem, sizeof(range_pem), &range_len, leaf), STIR_OK);
    size_t n = 0;
    assert_err(stir_cert_write_pem(range_pem + range_len, sizeof(range_pem) - range_len, &n, pki.ca), STIR_OK);
    range_len += n;
    stir_cert_free(leaf);
    stir_tnauth_free(list);
    return 0;
}

static int free_pki(void **state)
{
    (void)state;
    pki_free(&pki);
    return 0;
}

enum kind { NONE, SHAKEN, BASE, RCD, RCD_RANGE };

struct token {
    enum kind kind;
    char attest;     /* of SHAKEN */
    const char *iss; /* NULL: none */
    const char *orig;
    int64_t age;
    bool forged;
};

static void sign(char buf[ROOM], const struct token *t)
{
    static const struct {
        const char *header, *params;
    } kinds[] = {
        [SHAKEN] = {GOOD_HEADER, GOOD_PARAMS},
        [BASE] = {HEADER("", X5U), ";info=<" X5U ">"},
        [RCD] = {HEADER("\"ppt\":\"rcd\",", X5U), ";info=<" X5U ">;ppt=rcd"},
        [RCD_RANGE] = {HEADER("\"ppt\":\"rcd\",", RANGE_X5U), ";info=<" RANGE_X5U ">;ppt=rcd"},
    };
    char payload[512], iss[128] = "", attest[32] = "";
    if (t->iss)
        snprintf(iss, sizeof(iss), ",\"iss\":\"%s\"", t->iss);
    if (t->attest)
        snprintf(attest, sizeof(attest), "\"attest\":\"%c\",", t->attest);
    snprintf(payload, sizeof(payload), "{%s\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":%lld%s,\"orig\":{\"tn\":\"%s\"},%s}", attest, (long long)(NOW - t->age),
             iss, t->orig ? t->orig : ORIG, t->kind == SHAKEN ? "\"origid\":\"" ORIGID "\"" : "\"rcd\":{\"nam\":\"Bank\"}");
    pki_sign(&pki, buf, ROOM, kinds[t->kind].header, payload, kinds[t->kind].params);
    char *in_signature = buf + strcspn(buf, ";") - 20;
    if (t->forged)
        *in_signature = *in_signature == 'A' ? 'B' : 'A';
}

/* A call with these tokens; `seen` is the one that has come with another call, or none. */
static struct stir_verdict *judge(const struct stir_policy *policy, const struct token *tokens, size_t n, size_t seen, size_t *certs_asked)
{
    static char values[TOKENS][ROOM];
    struct stir_slice identity[TOKENS];
    struct stir_verify *v = NULL;
    struct stir_verdict *verdict = NULL;
    const struct stir_need *needs;
    size_t open;
    *certs_asked = 0;
    for (size_t i = 0; i < n; i++) {
        sign(values[i], &tokens[i]);
        identity[i] = S(values[i]);
    }
    struct stir_call call = call_of(identity, ORIG, DEST);
    call.n_identity = n;
    assert_err(stir_verify_new(&v, &call, policy, pki.trust, pki.ctx, NOW), STIR_OK);
    while (stir_verify_next(v, &needs, &open) == STIR_OK && open)
        for (size_t i = 0; i < open; i++) {
            bool of_range = needs[i].kind == STIR_NEED_CERT && stir_slice_is(needs[i].url, RANGE_X5U);
            *certs_asked += needs[i].kind == STIR_NEED_CERT;
            if (needs[i].kind == STIR_NEED_REPLAY)
                assert_err(stir_verify_supply_answer(v, needs[i].id, needs[i].token == seen), STIR_OK);
            else
                assert_err(stir_verify_supply_pem(v, needs[i].id, of_range ? stir_slice_of(range_pem, range_len) : stir_slice_of(pki.pem, pki.pem_len)),
                           STIR_OK);
        }
    assert_err(stir_verify_take(v, &verdict), STIR_OK);
    stir_verify_free(v);
    return verdict;
}

#define GOOD(kind)                                             \
    {                                                          \
        kind, (kind) == SHAKEN ? 'A' : 0, NULL, NULL, 0, false \
    }
#define THIRD                                   \
    {                                           \
        RCD, 0, "Test Provider", NULL, 0, false \
    }
#define OK STIR_R_NONE

/* Each call in every order of its headers: what is said of each token, and which decides. */
static const struct {
    const char *name, *policy;
    struct token tokens[TOKENS];
    enum stir_reason reasons[TOKENS];
    int deciding;
    enum stir_reason reason; /* of the call */
} rows[] = {
    {"beside full attestation", "shaken", {GOOD(SHAKEN), THIRD}, {OK, OK}, 0, OK},
    {"the subject's common name", "shaken", {GOOD(SHAKEN), {RCD, 0, "SHAKEN 709J", NULL, 0, false}}, {OK, OK}, 0, OK},
    {"the whole subject", "shaken", {GOOD(SHAKEN), {RCD, 0, "CN=SHAKEN 709J,O=Test Provider,C=US", NULL, 0, false}}, {OK, OK}, 0, OK},
    {"somebody else's name", "shaken", {GOOD(SHAKEN), {RCD, 0, "CNAM Inc", NULL, 0, false}}, {OK, STIR_R_RCD_ISSUER}, 0, OK},
    {"a part of the name", "shaken", {GOOD(SHAKEN), {RCD, 0, "Test", NULL, 0, false}}, {OK, STIR_R_RCD_ISSUER}, 0, OK},
    {"the name and more", "shaken", {GOOD(SHAKEN), {RCD, 0, "Test Provider ", NULL, 0, false}}, {OK, STIR_R_RCD_ISSUER}, 0, OK},
    {"no name", "shaken", {GOOD(SHAKEN), {RCD, 0, "", NULL, 0, false}}, {OK, STIR_R_RCD_ISSUER}, 0, OK},
    {"the issuer's name", "shaken", {GOOD(SHAKEN), {RCD, 0, "Test Authority", NULL, 0, false}}, {OK, STIR_R_RCD_ISSUER}, 0, OK},
    {"attestation B vouches for no number", "shaken", {{SHAKEN, 'B', NULL, NULL, 0, false}, THIRD}, {OK, STIR_R_RCD_ISSUER}, 0, OK},
    {"nor does C", "shaken", {{SHAKEN, 'C', NULL, NULL, 0, false}, THIRD}, {OK, STIR_R_RCD_ISSUER}, 0, OK},
    {"a stale token vouches for nothing", "shaken", {{SHAKEN, 'A', NULL, NULL, 100, false}, THIRD}, {STIR_R_IAT_STALE, STIR_R_RCD_ISSUER}, 0, STIR_R_IAT_STALE},
    {"nor does one of another caller",
     "shaken",
     {{SHAKEN, 'A', NULL, "12155559999", 0, false}, THIRD},
     {STIR_R_ORIG_MISMATCH, STIR_R_RCD_ISSUER},
     0,
     STIR_R_ORIG_MISMATCH},
    {"nor a forged one", "shaken", {{SHAKEN, 'A', NULL, NULL, 0, true}, THIRD}, {STIR_R_SIGNATURE_BAD, STIR_R_RCD_ISSUER}, 0, STIR_R_SIGNATURE_BAD},
    {"one good among bad ones does", "shaken", {{SHAKEN, 'A', NULL, NULL, 0, true}, THIRD, GOOD(SHAKEN)}, {STIR_R_SIGNATURE_BAD, OK, OK}, 2, OK},
    {"alone", "shaken", {THIRD}, {STIR_R_RCD_ISSUER}, -1, STIR_R_PPT_UNSUPPORTED},
    {"alone, where rcd may decide", "rfc8224", {THIRD}, {STIR_R_RCD_ISSUER}, -1, STIR_R_PPT_UNSUPPORTED},
    {"two of them", "rfc8224", {THIRD, {RCD, 0, "SHAKEN 709J", NULL, 0, false}}, {STIR_R_RCD_ISSUER, STIR_R_RCD_ISSUER}, -1, STIR_R_PPT_UNSUPPORTED},
    {"beside a token of no kind", "rfc8224", {GOOD(BASE), THIRD}, {OK, OK}, 0, OK},
    {"beside the caller's own rcd", "rfc8224", {GOOD(RCD), THIRD}, {OK, OK}, 0, OK},
    {"own rcd, which does not decide here", "shaken", {GOOD(RCD), THIRD}, {OK, STIR_R_RCD_ISSUER}, -1, STIR_R_PPT_UNSUPPORTED},
    {"its orig is another", "shaken", {GOOD(SHAKEN), {RCD, 0, "Test Provider", "12155559999", 0, false}}, {OK, STIR_R_ORIG_MISMATCH}, 0, OK},
    {"its iat is old", "shaken", {GOOD(SHAKEN), {RCD, 0, "Test Provider", NULL, 61, false}}, {OK, STIR_R_IAT_STALE}, 0, OK},
    {"it is forged", "shaken", {GOOD(SHAKEN), {RCD, 0, "Test Provider", NULL, 0, true}}, {OK, STIR_R_SIGNATURE_BAD}, 0, OK},
    {"a certificate of other numbers", "shaken", {GOOD(SHAKEN), {RCD_RANGE, 0, "Test Provider", NULL, 0, false}}, {OK, OK}, 0, OK},
    {"which the caller's own must cover", "shaken", {GOOD(SHAKEN), {RCD_RANGE, 0, NULL, NULL, 0, false}}, {OK, STIR_R_NOT_AUTHORISED}, 0, OK},
    {"own rcd beside shaken", "shaken", {GOOD(SHAKEN), GOOD(RCD)}, {OK, OK}, 0, OK},
    {"own rcd alone", "shaken", {GOOD(RCD)}, {OK}, -1, STIR_R_PPT_UNSUPPORTED},
    {"own rcd may decide", "rfc8224", {GOOD(RCD)}, {OK}, 0, OK},
};

static void check_row(size_t row, const size_t *order, size_t n)
{
    struct stir_policy policy = support_policy(rows[row].policy);
    struct token tokens[TOKENS];
    size_t certs;
    for (size_t i = 0; i < n; i++)
        tokens[i] = rows[row].tokens[order[i]];
    struct stir_verdict *verdict = judge(&policy, tokens, n, SIZE_MAX, &certs);
    for (size_t i = 0; i < n; i++) {
        const struct stir_token_verdict *t = &verdict->tokens[i];
        const struct token *token = &tokens[i];
        if (t->reason != rows[row].reasons[order[i]])
            fail_msg("%s: token %zu: %s", rows[row].name, order[i], stir_reason_name(t->reason));
        bool shown = t->reason == OK && token->kind != SHAKEN;
        if ((t->rcd.p != NULL) != shown)
            fail_msg("%s: token %zu: its data is %sshown", rows[row].name, order[i], shown ? "not " : "");
        if (!stir_slice_is(t->iss, token->iss ? token->iss : ""))
            fail_msg("%s: token %zu: iss is \"%.*s\"", rows[row].name, order[i], (int)t->iss.n, t->iss.p);
    }
    int deciding = verdict->deciding < 0 ? -1 : (int)order[verdict->deciding];
    if (deciding != rows[row].deciding || verdict->reason != rows[row].reason)
        fail_msg("%s: %d decides: %s", rows[row].name, deciding, stir_reason_name(verdict->reason));
    stir_verdict_free(verdict);
}

/*= RFC9795-10.1 test */
static void a_third_party_is_used_beside_a_token_that_vouches_for_the_number(void **state)
{
    (void)state;
    static const size_t orders[][TOKENS] = {{0, 1, 2}, {1, 0, 2}, {0, 2, 1}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        size_t n = 0, permutations[] = {0, 1, 2, 6};
        while (n < TOKENS && rows[row].tokens[n].kind != NONE)
            n++;
        for (size_t i = 0; i < permutations[n]; i++)
            check_row(row, orders[i], n);
    }
}

static void a_third_party_alone_asks_for_nothing(void **state)
{
    (void)state;
    struct stir_policy policy = support_policy("shaken");
    const struct token alone[] = {THIRD}, beside[] = {GOOD(SHAKEN), THIRD};
    size_t certs;
    stir_verdict_free(judge(&policy, alone, 1, SIZE_MAX, &certs));
    assert_int_equal(certs, 0);
    stir_verdict_free(judge(&policy, beside, 2, SIZE_MAX, &certs));
    assert_int_equal(certs, 2);
}

static void authority_is_not_asked_of_a_third_party(void **state)
{
    (void)state;
    struct stir_policy policy = support_policy("shaken");
    const struct token tokens[] = {GOOD(SHAKEN), {RCD_RANGE, 0, "Test Provider", NULL, 0, false}};
    size_t certs;
    struct stir_verdict *verdict = judge(&policy, tokens, 2, SIZE_MAX, &certs);
    assert_int_equal(verdict->tokens[1].checks[STIR_CHECK_AUTHORITY - 1].outcome, STIR_OFF);
    assert_int_equal(verdict->tokens[1].checks[STIR_CHECK_RCD - 1].outcome, STIR_PASS);
    stir_verdict_free(verdict);
}

/* The answer comes last, when the third party has passed all else. */
static void a_replayed_token_vouches_for_nothing(void **state)
{
    (void)state;
    struct stir_policy policy = support_policy("shaken");
    const struct token tokens[] = {GOOD(SHAKEN), THIRD};
    size_t certs;
    policy.check_replay = true;
    struct stir_verdict *verdict = judge(&policy, tokens, 2, 0, &certs);
    assert_int_equal(verdict->tokens[0].reason, STIR_R_REPLAYED);
    assert_int_equal(verdict->tokens[1].reason, STIR_R_RCD_ISSUER);
    assert_null(verdict->tokens[1].rcd.p);
    stir_verdict_free(verdict);
    verdict = judge(&policy, tokens, 2, 1, &certs);
    assert_int_equal(verdict->verstat, STIR_VERSTAT_PASSED);
    assert_int_equal(verdict->tokens[1].reason, STIR_R_REPLAYED);
    stir_verdict_free(verdict);
}

/* Attestation is asked of what decides. */
static void no_attestation_is_asked_of_rich_call_data_that_decides_nothing(void **state)
{
    (void)state;
    struct stir_policy policy = support_policy("rfc8224");
    const struct token tokens[] = {GOOD(SHAKEN), THIRD};
    size_t certs;
    policy.min_attest = 'A';
    struct stir_verdict *verdict = judge(&policy, tokens, 2, SIZE_MAX, &certs);
    assert_int_equal(verdict->tokens[1].reason, STIR_R_NONE);
    stir_verdict_free(verdict);
}

static void the_verdict_says_whose_data_it_is(void **state)
{
    (void)state;
    struct stir_policy policy = support_policy("shaken");
    const struct token tokens[] = {GOOD(SHAKEN), THIRD};
    char text[32768];
    size_t certs, n;
    struct stir_verdict *verdict = judge(&policy, tokens, 2, SIZE_MAX, &certs);
    assert_err(stir_verdict_json(text, sizeof(text), &n, verdict), STIR_OK);
    assert_non_null(strstr(text, "\"iss\":\"Test Provider\",\"rcd\":{\"nam\":\"Bank\"}"));
    assert_non_null(strstr(text, "\"iss\":null,\"rcd\":null"));
    assert_err(stir_verdict_explain(text, sizeof(text), &n, verdict), STIR_OK);
    assert_non_null(strstr(text, "call data of a third party  {\"nam\":\"Bank\"}"));
    assert_non_null(strstr(text, " iss=Test?Provider"));
    stir_verdict_free(verdict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_third_party_is_used_beside_a_token_that_vouches_for_the_number),
        cmocka_unit_test(a_third_party_alone_asks_for_nothing),
        cmocka_unit_test(authority_is_not_asked_of_a_third_party),
        cmocka_unit_test(a_replayed_token_vouches_for_nothing),
        cmocka_unit_test(no_attestation_is_asked_of_rich_call_data_that_decides_nothing),
        cmocka_unit_test(the_verdict_says_whose_data_it_is),
    };
    return cmocka_run_group_tests_name("third_party", tests, make_pki, free_pki);
}
