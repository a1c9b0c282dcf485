/* Delegate certificates (RFC 9060, requirements C6): every level within the one above it, the number that a token is about inside the signer's list whatever
 * the kind of token, and the claim constraints (RFC 8226 §8, RFC 9118) that go with a delegation. */
#include "call_group.h"
#include "delegate_support.h"

enum kind { SHAKEN, BASE, RCD, DIV, RSP, KINDS };

/* Numbers that no list of these tests holds. */
#define OTHER "12015550100"
#define THIRD "12015550199"

/* A token of that kind about `number`: the caller's, but the diverting one's of div, and the callee's of rsp. */
static void sign(char *buf, size_t cap, enum kind kind, const char *number)
{
    static const struct {
        const char *ppt, *before, *after, *params;
    } kinds[KINDS] = {
        [SHAKEN] = {"\"ppt\":\"shaken\",", "\"attest\":\"A\",\"dest\":{\"tn\":[\"" OTHER "\"]},\"iat\":1790000000,\"orig\":{\"tn\":\"",
                    "\"},\"origid\":\"" ORIGID "\"", ";ppt=shaken"},
        [BASE] = {"", "\"dest\":{\"tn\":[\"" OTHER "\"]},\"iat\":1790000000,\"orig\":{\"tn\":\"", "\"}", ""},
        [RCD] = {"\"ppt\":\"rcd\",", "\"dest\":{\"tn\":[\"" OTHER "\"]},\"iat\":1790000000,\"orig\":{\"tn\":\"", "\"},\"rcd\":{\"nam\":\"Q Branch\"}",
                 ";ppt=rcd"},
        [DIV] = {"\"ppt\":\"div\",", "\"dest\":{\"tn\":[\"" OTHER "\"]},\"div\":{\"tn\":\"", "\"},\"iat\":1790000000,\"orig\":{\"tn\":\"" THIRD "\"}",
                 ";ppt=div"},
        [RSP] = {"\"ppt\":\"rsp\",", "\"dest\":{\"tn\":[\"", "\"]},\"iat\":1790000000,\"orig\":{\"tn\":\"" THIRD "\"}", ";ppt=rsp"},
    };
    char header[256], payload[512], params[128];
    snprintf(header, sizeof(header), "{\"alg\":\"ES256\",%s\"typ\":\"passport\",\"x5u\":\"" X5U "\"}", kinds[kind].ppt);
    snprintf(payload, sizeof(payload), "{%s%s%s}", kinds[kind].before, number, kinds[kind].after);
    snprintf(params, sizeof(params), ";info=<" X5U ">%s", kinds[kind].params);
    pki_sign(&pki, buf, cap, header, payload, params);
}

/* Every check of one token alone, as far as it goes. */
static struct stir_verdict *judge(enum kind kind, const char *number, const struct delegate *path)
{
    char pem[16384], identity[4096];
    struct stir_policy policy = support_policy("rfc8224");
    sign(identity, sizeof(identity), kind, number);
    struct stir_slice value = S(identity);
    struct stir_call call = call_of(&value, kind == DIV || kind == RSP ? THIRD : number, kind == RSP ? number : OTHER);
    call.is_response = kind == RSP;
    policy.exhaustive = true; /* what a div token links to is not here */
    struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, delegate_make(pem, sizeof(pem), &pki, path), NOW);
    assert_int_equal(check_of(verdict, STIR_CHECK_SIGNATURE)->outcome, STIR_PASS);
    return verdict;
}

static enum stir_reason failure_of(const struct stir_verdict *verdict, enum stir_check_id id)
{
    const struct stir_check *check = check_of(verdict, id);
    return check->outcome == STIR_FAIL ? check->reason : STIR_R_NONE;
}

#define THOUSAND "range:12125551000+1000"

/*= RFC9060-4 test */
static void the_number_lies_inside_every_level(void **state)
{
    static const struct {
        const char *name;
        struct delegate path;
        const char *number;
        enum stir_reason tnauth, authority;
    } rows[] = {
        {"a hundred of a thousand", {.parent = THOUSAND, .leaf = "range:12125551500+100"}, "12125551500", STIR_R_NONE, STIR_R_NONE},
        {"the last of them", {.parent = THOUSAND, .leaf = "range:12125551500+100"}, "12125551599", STIR_R_NONE, STIR_R_NONE},
        {"the one behind them", {.parent = THOUSAND, .leaf = "range:12125551500+100"}, "12125551600", STIR_R_NONE, STIR_R_NOT_AUTHORISED},
        {"the one before them", {.parent = THOUSAND, .leaf = "range:12125551500+100"}, "12125551499", STIR_R_NONE, STIR_R_NOT_AUTHORISED},
        {"one of a thousand", {.parent = THOUSAND, .leaf = "one:12125551824"}, "12125551824", STIR_R_NONE, STIR_R_NONE},
        {"all of them", {.parent = THOUSAND, .leaf = THOUSAND}, "12125551000", STIR_R_NONE, STIR_R_NONE},
        {"one beyond", {.parent = THOUSAND, .leaf = "one:12125552000"}, "12125552000", STIR_R_TNAUTH_NOT_ENCOMPASSED, STIR_R_NOT_AUTHORISED},
        {"one inside, one beyond", {.parent = THOUSAND, .leaf = "one:12125551824 one:12125552000"}, "12125551824", STIR_R_TNAUTH_NOT_ENCOMPASSED, STIR_R_NONE},
        {"a range that begins inside", {.parent = THOUSAND, .leaf = "range:12125551999+2"}, "12125551999", STIR_R_TNAUTH_NOT_ENCOMPASSED, STIR_R_NONE},
        {"a code under numbers", {.parent = THOUSAND, .leaf = "spc:709J"}, "12125551824", STIR_R_TNAUTH_NOT_ENCOMPASSED, STIR_R_NONE},
        {"numbers under a code", {.parent = "spc:709J", .leaf = "one:12125551824"}, "12125551824", STIR_R_NONE, STIR_R_NONE},
        {"others under a code", {.parent = "spc:709J", .leaf = "one:12125551824"}, "12125551825", STIR_R_NONE, STIR_R_NOT_AUTHORISED},
        {"another code under a code", {.parent = "spc:709J", .leaf = "spc:0123"}, "12125551824", STIR_R_TNAUTH_NOT_ENCOMPASSED, STIR_R_NONE},
        {"two levels", {.parent = THOUSAND, .middle = "range:12125551500+100", .leaf = "one:12125551501"}, "12125551501", STIR_R_NONE, STIR_R_NONE},
        {"beyond the nearer level",
         {.parent = THOUSAND, .middle = "range:12125551500+100", .leaf = "one:12125551824"},
         "12125551824",
         STIR_R_TNAUTH_NOT_ENCOMPASSED,
         STIR_R_NOT_AUTHORISED},
        {"a nearer level beyond the farther",
         {.parent = "range:12125551500+100", .middle = THOUSAND, .leaf = "one:12125551824"},
         "12125551824",
         STIR_R_TNAUTH_NOT_ENCOMPASSED,
         STIR_R_NOT_AUTHORISED},
        {"a level that does not limit", {.parent = THOUSAND, .middle = "", .leaf = "one:12125551824"}, "12125551824", STIR_R_NONE, STIR_R_NONE},
        {"beyond it all the same",
         {.parent = THOUSAND, .middle = "", .leaf = "one:12125552000"},
         "12125552000",
         STIR_R_TNAUTH_NOT_ENCOMPASSED,
         STIR_R_NOT_AUTHORISED},
        {"codes and numbers above", {.parent = "spc:709J one:12125551824", .leaf = "one:12125551824 spc:709J"}, "12125551824", STIR_R_NONE, STIR_R_NONE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (enum kind kind = SHAKEN; kind < KINDS; kind++) {
            struct stir_verdict *verdict = judge(kind, rows[i].number, &rows[i].path);
            enum stir_reason tnauth = failure_of(verdict, STIR_CHECK_TNAUTH), authority = failure_of(verdict, STIR_CHECK_AUTHORITY);
            if (tnauth != rows[i].tnauth || authority != rows[i].authority)
                fail_msg("%s, kind %d: %s and %s", rows[i].name, (int)kind, stir_reason_name(tnauth), stir_reason_name(authority));
            stir_verdict_free(verdict);
        }
}

/* The other numbers of the token do not matter: a list that holds them and not the one that counts is of no use. */
static void only_the_number_that_the_token_is_about_counts(void **state)
{
    static const struct delegate path = {.parent = "", .leaf = "one:" OTHER " one:" THIRD};
    (void)state;
    for (enum kind kind = SHAKEN; kind < KINDS; kind++) {
        struct stir_verdict *verdict = judge(kind, "12125551824", &path);
        if (failure_of(verdict, STIR_CHECK_AUTHORITY) != STIR_R_NOT_AUTHORISED)
            fail_msg("kind %d", (int)kind);
        stir_verdict_free(verdict);
    }
}

/* DER of claim constraints. */
#define MUST_INCLUDE_RCD "3009a00730051603726364"
#define ATTEST_B "3013a111300f300d160661747465737430030c0142"
#define ATTEST_A_OR_B "3016a11430123010160661747465737430060c01410c0142"
#define ORIG_1824 "3024a1223020301e16046f72696730160c147b22746e223a223132313235353531383234227d"
#define DIV_1824 "3023a121301f301d160364697630160c147b22746e223a223132313235353531383234227d"
#define RCD_Q_BRANCH "3021a11f301d301b160372636430140c127b226e616d223a2251204272616e6368227d"
#define NO_RCD "3009a20730051603726364"
#define NO_DIV "3009a20730051603646976"
#define NO_ORIG "300aa208300616046f726967"

/*= RFC8226-8a RFC8226-8b RFC9118-3a RFC9118-3b RFC9118-3c RFC9118-3e test */
static void the_constraints_of_a_delegation_bind_every_kind_of_token(void **state)
{
    static const struct {
        const char *name, *constraints, *enhanced;
        enum kind kind;
        const char *number;
        enum stir_reason reason;
    } rows[] = {
        {"attest A where only B is permitted", ATTEST_B, NULL, SHAKEN, "12125551824", STIR_R_CLAIM_NOT_PERMITTED},
        {"attest A of A and B", ATTEST_A_OR_B, NULL, SHAKEN, "12125551824", STIR_R_NONE},
        {"the same in the enhanced form", NULL, ATTEST_B, SHAKEN, "12125551824", STIR_R_CLAIM_NOT_PERMITTED},
        {"a permitted attest that is not there", ATTEST_B, NULL, BASE, "12125551824", STIR_R_NONE},
        {"the one permitted caller", ORIG_1824, NULL, BASE, "12125551824", STIR_R_NONE},
        {"another caller", ORIG_1824, NULL, BASE, "12125551825", STIR_R_CLAIM_NOT_PERMITTED},
        {"another caller of shaken", NULL, ORIG_1824, SHAKEN, "12125551825", STIR_R_CLAIM_NOT_PERMITTED},
        {"a base token where rcd is asked for", MUST_INCLUDE_RCD, NULL, BASE, "12125551824", STIR_R_CLAIM_REQUIRED},
        {"a div token where rcd is asked for", MUST_INCLUDE_RCD, NULL, DIV, "12125551824", STIR_R_CLAIM_REQUIRED},
        {"the rcd that is asked for", MUST_INCLUDE_RCD, NULL, RCD, "12125551824", STIR_R_NONE},
        {"rcd where it is excluded", NULL, NO_RCD, RCD, "12125551824", STIR_R_CLAIM_EXCLUDED},
        {"no rcd where it is excluded", NULL, NO_RCD, SHAKEN, "12125551824", STIR_R_NONE},
        {"the permitted rcd", RCD_Q_BRANCH, NULL, RCD, "12125551824", STIR_R_NONE},
        {"the same name for everybody else", NULL, RCD_Q_BRANCH, RCD, "12125551825", STIR_R_NONE},
        {"div where it is excluded", NULL, NO_DIV, DIV, "12125551824", STIR_R_CLAIM_EXCLUDED},
        {"div of the permitted number", DIV_1824, NULL, DIV, "12125551824", STIR_R_NONE},
        {"div of another", DIV_1824, NULL, DIV, "12125551825", STIR_R_CLAIM_NOT_PERMITTED},
        {"an answer under a permitted div", DIV_1824, NULL, RSP, "12125551825", STIR_R_NONE},
        {"an exclusion of orig is void", NULL, NO_ORIG, SHAKEN, "12125551824", STIR_R_NONE},
        {"both forms bind", ATTEST_A_OR_B, NO_RCD, RCD, "12125551824", STIR_R_CLAIM_EXCLUDED},
        {"and the old one too", ATTEST_B, NO_RCD, SHAKEN, "12125551824", STIR_R_CLAIM_NOT_PERMITTED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct delegate path = {.parent = THOUSAND, .leaf = "range:12125551800+100", .constraints = rows[i].constraints, .enhanced = rows[i].enhanced};
        struct stir_verdict *verdict = judge(rows[i].kind, rows[i].number, &path);
        enum stir_reason reason = failure_of(verdict, STIR_CHECK_CONSTRAINTS);
        if (reason != rows[i].reason)
            fail_msg("%s: %s", rows[i].name, stir_reason_name(reason));
        if (failure_of(verdict, STIR_CHECK_AUTHORITY) != STIR_R_NONE)
            fail_msg("%s: outside the list", rows[i].name);
        stir_verdict_free(verdict);
    }
}

/* RFC 9060 §4: a delegate that may delegate further signs no calls. */
static void a_delegate_that_is_a_ca_signs_no_calls(void **state)
{
    static char pem[16384];
    struct delegate path = {.parent = THOUSAND, .leaf = "one:12125551824"};
    struct stir_policy policy = support_policy("rfc8224");
    struct stir_slice whole = delegate_make(pem, sizeof(pem), &pki, &path);
    char identity[4096];
    struct stir_key *right = pki.key;
    (void)state;
    const char *parent = strstr(pem + 10, "-----BEGIN"); /* behind the signer's: the parent alone, whose key signs */
    pki.held.key = pki.ca_key;
    sign(identity, sizeof(identity), BASE, "12125551824");
    pki.held.key = right;
    struct stir_slice value = S(identity);
    struct stir_call call = call_of(&value, "12125551824", OTHER);
    struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, stir_slice_of(parent, whole.n - (size_t)(parent - pem)), NOW);
    assert_int_equal(verdict->reason, STIR_R_LEAF_IS_CA);
    stir_verdict_free(verdict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_number_lies_inside_every_level),
        cmocka_unit_test(only_the_number_that_the_token_is_about_counts),
        cmocka_unit_test(the_constraints_of_a_delegation_bind_every_kind_of_token),
        cmocka_unit_test(a_delegate_that_is_a_ca_signs_no_calls),
    };
    return cmocka_run_group_tests_name("delegate", tests, make_pki, free_pki);
}
