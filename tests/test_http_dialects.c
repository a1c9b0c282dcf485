/* The HTTP interfaces without HTTP: what requests say, what answers say, in each dialect. */
#include "front/api.h"
#include "front/api_route.h"

#include "support.h"

static struct stir_arena arena;
static struct stir_api_text text;
static struct stir_api_fault fault;
static struct stir_api_sign sign;
static struct stir_api_verify verify;

static int set_up(void **state)
{
    (void)state;
    memset(&fault, 0, sizeof(fault));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    stir_arena_clear(&arena);
    stir_api_text_free(&text);
    return 0;
}

static const char *written(void)
{
    stir_api_put_slice(&text, stir_slice_of("", 1));
    assert_false(text.broke);
    text.n = 0;
    return text.p;
}

static const char *party(const struct stir_party *p)
{
    return p ? p->text : "";
}

/* Signing */

#define ORIGID "\"origid\":\"de305d54-75b4-431b-adb2-eb6b9e546014\""
#define SHAKEN(more)                                               \
    "{\"signingRequest\":{\"attest\":\"A\",\"orig\":{\"tn\":\"+1 " \
    "215-555-1212\"},\"dest\":{\"tn\":[\"12155551213\",\"12155551214\"]},\"iat\":1443208345," ORIGID more "}}"

static void a_signing_request_is_read(void **state)
{
    (void)state;
    assert_true(stir_api_read_signing(&sign, S(SHAKEN(",\"unknown\":[1,2]")), STIR_API_OWN, &arena, &fault));
    assert_int_equal(sign.dialect, STIR_API_ATIS);
    assert_int_equal(sign.claims.ppt, STIR_PPT_SHAKEN);
    assert_string_equal(party(sign.claims.orig), "12155551212");
    assert_int_equal(sign.claims.n_dest, 2);
    assert_string_equal(sign.dest[1].text, "12155551214");
    assert_int_equal(sign.claims.iat, 1443208345);
    assert_int_equal(sign.claims.attest, 'A');
    assert_true(stir_slice_is(sign.claims.origid, "de305d54-75b4-431b-adb2-eb6b9e546014"));
}

static void names_of_members_are_read_in_any_case(void **state)
{
    (void)state;
    static const char body[] = "{\"SigningRequest\":{\"ATTEST\":\"B\",\"Orig\":{\"TN\":[\"12155551212\"]},\"dest\":{\"tn\":\"12155551213\"},\"IAT\":1,"
                               "\"origId\":\"de305d54-75b4-431b-adb2-eb6b9e546014\"}}";
    assert_true(stir_api_read_signing(&sign, S(body), STIR_API_OWN, &arena, &fault));
    assert_int_equal(sign.claims.attest, 'B');
    assert_string_equal(sign.dest[0].text, "12155551213");
    assert_false(stir_api_read_signing(&sign, S(SHAKEN(",\"Iat\":5")), STIR_API_OWN, &arena, &fault));
    assert_int_equal(fault.kind, STIR_API_VALUE);
    assert_string_equal(fault.why, "it stands twice");
}

/* Only 3GPP has other kinds, URIs and its own identifiers. */
static void the_dialect_of_a_signing_request_is_told_by_its_members(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        enum stir_api_dialect given, dialect;
    } rows[] = {
        {SHAKEN(""), STIR_API_OWN, STIR_API_ATIS},
        {SHAKEN(",\"ppt\":\"shaken\""), STIR_API_OWN, STIR_API_ATIS},
        {SHAKEN(",\"requestId\":\"7\""), STIR_API_OWN, STIR_API_3GPP},
        {SHAKEN(""), STIR_API_3GPP, STIR_API_3GPP},
        {SHAKEN(",\"requestId\":\"7\""), STIR_API_ATIS, STIR_API_ATIS},
        {"{\"signingRequest\":{\"ppt\":\"div\",\"orig\":{\"tn\":\"17035550001\"},\"dest\":{\"tn\":[\"17325551212\"]},\"div\":{\"tn\":\"15715550000\",\"hi\":"
         "\"1.1\"},\"iat\":1671466865}}",
         STIR_API_OWN, STIR_API_3GPP},
        {"{\"signingRequest\":{\"ppt\":\"rph\",\"orig\":{\"uri\":\"sip:a@example.com\"},\"dest\":{\"uri\":[\"urn:service:sos\"]},\"rph\":{\"auth\":["
         "\"esnet.1\"]},\"sph\":\"psap-callback\",\"iat\":1671466865}}",
         STIR_API_OWN, STIR_API_3GPP},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!stir_api_read_signing(&sign, S(rows[i].body), rows[i].given, &arena, &fault))
            fail_msg("row %zu: %s %s", i, fault.name, fault.why);
        if (sign.dialect != rows[i].dialect)
            fail_msg("row %zu: dialect %d", i, (int)sign.dialect);
    }
    assert_true(stir_slice_is(sign.claims.rph[0], "esnet.1"));
    assert_true(stir_slice_is(sign.claims.sph, "psap-callback"));
    assert_string_equal(sign.dest[0].text, "urn:service:sos");
    assert_true(stir_api_read_signing(&sign, S(rows[5].body), STIR_API_OWN, &arena, &fault));
    assert_string_equal(party(sign.claims.div), "15715550000");
    assert_true(stir_slice_is(sign.claims.div_hi, "1.1"));
    assert_int_equal(sign.claims.attest, 0);
}

static void what_is_wrong_with_a_signing_request_is_named(void **state)
{
    (void)state;
#define REST "\"dest\":{\"tn\":[\"2\"]},\"iat\":1," ORIGID "}}"
    static const struct {
        const char *body, *name;
        enum stir_api_fault_kind kind;
    } rows[] = {
        {"", "", STIR_API_NO_BODY},
        {" \r\n", "", STIR_API_NO_BODY},
        {"{", "", STIR_API_PARSE},
        {"[]", "", STIR_API_PARSE},
        {"{} {}", "", STIR_API_PARSE},
        {"{\"a\":1,\"a\":2}", "", STIR_API_PARSE},
        {"{}", "signingRequest", STIR_API_MISSING},
        {"{\"signingRequest\":7}", "signingRequest", STIR_API_VALUE},
        {"{\"signingRequest\":{\"attest\":\"A\"," REST, "orig", STIR_API_MISSING},
        {"{\"signingRequest\":{\"attest\":\"A\",\"orig\":{}," REST, "orig.tn", STIR_API_MISSING},
        {"{\"signingRequest\":{\"attest\":\"A\",\"orig\":\"1\"," REST, "orig", STIR_API_VALUE},
        {"{\"signingRequest\":{\"attest\":\"A\",\"orig\":{\"tn\":[\"1\",\"2\"]}," REST, "orig", STIR_API_VALUE},
        {"{\"signingRequest\":{\"attest\":\"A\",\"orig\":{\"tn\":\"1\",\"uri\":\"sip:a@b\"}," REST, "orig", STIR_API_VALUE},
        {"{\"signingRequest\":{\"attest\":\"A\",\"orig\":{\"tn\":\"abc\"}," REST, "orig", STIR_API_VALUE},
        {"{\"signingRequest\":{\"attest\":\"A\",\"orig\":{\"tn\":\"1234567890123456\"}," REST, "orig", STIR_API_VALUE},
        {"{\"signingRequest\":{\"attest\":\"A\",\"orig\":{\"tn\":12155551212}," REST, "orig", STIR_API_VALUE},
        {"{\"signingRequest\":{\"attest\":\"A\",\"orig\":{\"uri\":\"12155551212\"}," REST, "orig", STIR_API_VALUE},
        {"{\"signingRequest\":{\"attest\":\"a\",\"orig\":{\"tn\":\"1\"}," REST, "attest", STIR_API_VALUE},
        {"{\"signingRequest\":{\"attest\":\"AB\",\"orig\":{\"tn\":\"1\"}," REST, "attest", STIR_API_VALUE},
        {"{\"signingRequest\":{\"orig\":{\"tn\":\"1\"}," REST, "attest", STIR_API_MISSING},
        {"{\"signingRequest\":{\"attest\":\"A\",\"orig\":{\"tn\":\"1\"},\"dest\":{\"tn\":[]},\"iat\":1," ORIGID "}}", "dest.tn", STIR_API_MISSING},
        {"{\"signingRequest\":{\"attest\":\"A\",\"orig\":{\"tn\":\"1\"},\"dest\":{\"tn\":[\"2\"]}," ORIGID "}}", "iat", STIR_API_MISSING},
        {"{\"signingRequest\":{\"attest\":\"A\",\"orig\":{\"tn\":\"1\"},\"dest\":{\"tn\":[\"2\"]},\"iat\":0," ORIGID "}}", "iat", STIR_API_VALUE},
        {"{\"signingRequest\":{\"attest\":\"A\",\"orig\":{\"tn\":\"1\"},\"dest\":{\"tn\":[\"2\"]},\"iat\":-5," ORIGID "}}", "iat", STIR_API_VALUE},
        {"{\"signingRequest\":{\"attest\":\"A\",\"orig\":{\"tn\":\"1\"},\"dest\":{\"tn\":[\"2\"]},\"iat\":1.5," ORIGID "}}", "iat", STIR_API_VALUE},
        {"{\"signingRequest\":{\"attest\":\"A\",\"orig\":{\"tn\":\"1\"},\"dest\":{\"tn\":[\"2\"]},\"iat\":\"1\"," ORIGID "}}", "iat", STIR_API_VALUE},
        {"{\"signingRequest\":{\"attest\":\"A\",\"orig\":{\"tn\":\"1\"},\"dest\":{\"tn\":[\"2\"]},\"iat\":1}}", "origid", STIR_API_MISSING},
        {"{\"signingRequest\":{\"attest\":\"A\",\"orig\":{\"tn\":\"1\"},\"dest\":{\"tn\":[\"2\"]},\"iat\":1,\"origid\":\"x\\r\\nVia: y\"}}", "origid",
         STIR_API_VALUE},
        {"{\"signingRequest\":{\"ppt\":\"rcd\",\"orig\":{\"tn\":\"1\"}," REST, "ppt", STIR_API_VALUE},
        {"{\"signingRequest\":{\"ppt\":\"div\",\"orig\":{\"tn\":\"1\"}," REST, "div", STIR_API_MISSING},
        {"{\"signingRequest\":{\"ppt\":\"rph\",\"orig\":{\"tn\":\"1\"}," REST, "rph", STIR_API_MISSING},
        {"{\"signingRequest\":{\"ppt\":\"rph\",\"rph\":{},\"orig\":{\"tn\":\"1\"}," REST, "rph.auth", STIR_API_MISSING},
        {"{\"signingRequest\":{\"ppt\":\"rph\",\"rph\":{\"auth\":[7]},\"orig\":{\"tn\":\"1\"}," REST, "rph", STIR_API_VALUE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        set_up(NULL);
        if (stir_api_read_signing(&sign, S(rows[i].body), STIR_API_OWN, &arena, &fault))
            fail_msg("taken: %s", rows[i].body);
        if (fault.kind != rows[i].kind || strcmp(fault.name, rows[i].name) != 0)
            fail_msg("%s: kind %d, %s, %s", rows[i].body, (int)fault.kind, fault.name, fault.why);
    }
}

static struct stir_as_answer answer;

static void an_identity_is_given_in_the_word_of_the_dialect(void **state)
{
    (void)state;
    memset(&answer, 0, sizeof(answer));
    answer.identities[0] = S("a.b.c;info=<https://x/>");
    answer.n = answer.n_new = 1;
    sign = (struct stir_api_sign){.dialect = STIR_API_ATIS, .request_id = S("7\"")};
    assert_true(stir_api_is_signed(&answer, &fault));
    stir_api_write_signing(&text, &sign, &answer);
    assert_string_equal(written(), "{\"signingResponse\":{\"identity\":\"a.b.c;info=<https://x/>\"}}");
    sign.dialect = STIR_API_3GPP;
    stir_api_write_signing(&text, &sign, &answer);
    assert_string_equal(written(), "{\"signingResponse\":{\"identityHeader\":\"a.b.c;info=<https://x/>\",\"requestId\":\"7\\\"\"}}");
}

/* Verification requests */

static void a_verification_request_is_read(void **state)
{
    (void)state;
    static const char atis[] =
        "{\"verificationRequest\":{\"from\":{\"tn\":\"12155551212\"},\"to\":{\"tn\":[\"911\"]},\"time\":1443208345,\"identity\":\"x;y\"}}";
    assert_true(stir_api_read_verification(&verify, S(atis), STIR_API_OWN, &arena, &fault));
    assert_int_equal(verify.dialect, STIR_API_ATIS);
    assert_true(stir_slice_is(verify.call.from, "+12155551212")); /* so that no dial plan adds to it */
    assert_true(stir_slice_is(verify.call.to, "911"));
    assert_true(stir_slice_is(verify.call.date, "Fri, 25 Sep 2015 19:12:25 GMT"));
    assert_int_equal(verify.call.n_identity, 1);
    assert_true(stir_slice_is(verify.call.identity[0], "x;y"));
    static const char ms[] = "{\"verificationRequest\":{\"identityHeader\":\"s\",\"identityHeaders\":[\"d\",\"r\"],\"from\":{\"uri\":\"sip:a@example.com\"},"
                             "\"to\":{\"tn\":\"12155551213\"},\"dest\":{\"tn\":\"12155551214\"},\"time\":1443208345,\"protectedHeaders\":[\"resource-priority:"
                             " ets.0\",\"Diversion: <tel:1>\",\"Priority: psap-callback\"],\"requestId\":\"q\",\"displayName\":\"Bob\"}}";
    assert_true(stir_api_read_verification(&verify, S(ms), STIR_API_OWN, &arena, &fault));
    assert_int_equal(verify.dialect, STIR_API_3GPP);
    assert_int_equal(verify.call.n_identity, 3);
    assert_true(stir_slice_is(verify.call.identity[2], "r"));
    assert_true(stir_slice_is(verify.call.from, "sip:a@example.com"));
    assert_true(stir_slice_is(verify.call.ruri, "+12155551214"));
    assert_int_equal(verify.call.n_resource_priority, 1);
    assert_true(stir_slice_is(verify.call.resource_priority[0], "ets.0"));
    assert_true(stir_slice_is(verify.call.priority, "psap-callback"));
    assert_true(stir_slice_is(verify.call.display_name, "Bob"));
}

static void what_is_wrong_with_a_verification_request_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *body, *name;
        enum stir_api_fault_kind kind;
        enum stir_api_dialect dialect;
    } rows[] = {
        {"{\"verificationRequest\":{\"from\":{\"tn\":\"1\"},\"to\":{\"tn\":[\"2\"]},\"time\":1}}", "identity", STIR_API_MISSING, STIR_API_ATIS},
        {"{\"verificationRequest\":{}}", "identity", STIR_API_MISSING, STIR_API_ATIS},
        {"{\"verificationRequest\":{\"from\":{\"tn\":\"1\"},\"to\":{\"tn\":\"2\"},\"time\":1}}", "identityHeader", STIR_API_MISSING, STIR_API_3GPP},
        {"{\"verificationRequest\":{\"identityHeaders\":[],\"from\":{\"tn\":\"1\"},\"to\":{\"tn\":\"2\"},\"time\":1}}", "identityHeader", STIR_API_MISSING,
         STIR_API_3GPP},
        {"{\"verificationRequest\":{\"identity\":\"x\",\"to\":{\"tn\":[\"2\"]},\"time\":1}}", "from", STIR_API_MISSING, STIR_API_ATIS},
        {"{\"verificationRequest\":{\"identity\":\"x\",\"from\":{\"tn\":\"1\"},\"time\":1}}", "to", STIR_API_MISSING, STIR_API_ATIS},
        {"{\"verificationRequest\":{\"identity\":\"x\",\"from\":{\"tn\":\"1\"},\"to\":{\"tn\":[\"2\"]}}}", "time", STIR_API_MISSING, STIR_API_ATIS},
        {"{\"verificationRequest\":{\"identity\":\"x\",\"from\":{\"tn\":\"1\"},\"to\":{\"tn\":[\"2\"]},\"time\":0}}", "time", STIR_API_VALUE, STIR_API_ATIS},
        {"{\"verificationRequest\":{\"identity\":\"x\",\"from\":{\"tn\":\"1\"},\"to\":{\"tn\":[\"2\",\"3\"]},\"time\":1}}", "to", STIR_API_VALUE,
         STIR_API_ATIS},
        {"{\"verificationRequest\":{\"identity\":7,\"from\":{\"tn\":\"1\"},\"to\":{\"tn\":[\"2\"]},\"time\":1}}", "identity", STIR_API_VALUE, STIR_API_ATIS},
        {"{\"verificationRequest\":{\"identityHeader\":\"x\",\"from\":{\"tn\":\"1\"},\"to\":{\"tn\":\"2\"},\"time\":1,\"protectedHeaders\":[\"x\"]}}",
         "protectedHeaders", STIR_API_VALUE, STIR_API_3GPP},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        set_up(NULL);
        if (stir_api_read_verification(&verify, S(rows[i].body), STIR_API_OWN, &arena, &fault))
            fail_msg("taken: %s", rows[i].body);
        if (fault.kind != rows[i].kind || strcmp(fault.name, rows[i].name) != 0 || verify.dialect != rows[i].dialect)
            fail_msg("%s: kind %d, %s, %s, dialect %d", rows[i].body, (int)fault.kind, fault.name, fault.why, (int)verify.dialect);
    }
}

/* Verification answers */

static const struct stir_vs_answer *judged(enum stir_reason reason, const char *detail)
{
    static struct stir_check check;
    static struct stir_token_verdict token;
    static struct stir_verdict verdict;
    static struct stir_vs_answer out;
    const struct stir_reason_info *row = stir_reason_info(reason);
    check = (struct stir_check){.id = row ? row->check : STIR_CHECK_DATE, .outcome = STIR_FAIL, .reason = reason, .detail = detail};
    token = (struct stir_token_verdict){.ppt = STIR_PPT_SHAKEN, .reason = reason, .checks = &check, .n_checks = 1};
    verdict = (struct stir_verdict){
        .verstat = row ? row->verstat : STIR_VERSTAT_PASSED, .reason = reason, .deciding = 0, .tokens = &token, .n_tokens = 1, .policy = "shaken"};
    out = (struct stir_vs_answer){.verdict = &verdict};
    return &out;
}

/* The table of requirements E5, case by case. */
static void every_case_of_the_table_has_its_code_and_words(void **state)
{
    (void)state;
    static const struct {
        int number;
        const char *reason, *code, *words, *verstat;
    } cases[] = {
        {3, "date-stale", "403", "Stale Date", "No-TN-Validation"},
        {4, "compact-form", "438", "Invalid Identity Header", "No-TN-Validation"},
        {5, "ppt-unsupported", "438", "Invalid Identity Header", "No-TN-Validation"},
        {6, "info-missing", "436", "Bad Identity Info", "No-TN-Validation"},
        {7, "info-bad", "436", "Bad Identity Info", "No-TN-Validation"},
        {8, "info-unreachable", "436", "Bad Identity Info", "No-TN-Validation"},
        {9, "typ-missing", "436", "Bad Identity Info", "No-TN-Validation"},
        {9, "header-json", "436", "Bad Identity Info", "No-TN-Validation"},
        {10, "x5u-other", "436", "Bad Identity Info", "No-TN-Validation"},
        {11, "typ-other", "437", "Unsupported Credential", "No-TN-Validation"},
        {12, "alg-other", "437", "Unsupported Credential", "No-TN-Validation"},
        {13, "ppt-other", "438", "Invalid Identity Header", "No-TN-Validation"},
        {14, "origid-missing", "438", "Invalid Identity Header", "No-TN-Validation"},
        {15, "iat-stale", "403", "Stale Date", "No-TN-Validation"},
        {16, "dest-mismatch", "438", "Invalid Identity Header", "No-TN-Validation"},
        {17, "issuer-missing", "437", "Unsupported Credential", "TN-Validation-Failed"},
        {17, "revoked", "437", "Unsupported Credential", "TN-Validation-Failed"},
        {18, "signature-bad", "438", "Invalid Identity Header", "TN-Validation-Failed"},
        {19, "attest-value", "438", "Invalid Identity Header", "No-TN-Validation"},
    };
    verify = (struct stir_api_verify){.dialect = STIR_API_ATIS};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char want[600];
        enum stir_reason reason = stir_reason_by_name(S(cases[i].reason));
        snprintf(want, sizeof(want),
                 "{\"verificationResponse\":{\"verstat\":\"%s\",\"reasoncode\":%s,\"reasontext\":\"%s\",\"reasondesc\":\"%s (E%d): %s: seen\"}}",
                 cases[i].verstat, cases[i].code, cases[i].words, cases[i].reason, cases[i].number, stir_reason_info(reason)->text);
        assert_true(stir_api_write_verification(&text, &verify, judged(reason, "seen"), false, &fault));
        assert_string_equal(written(), want);
    }
    assert_true(stir_api_write_verification(&text, &verify, judged(STIR_R_IAT_STALE, ""), true, &fault));
    assert_string_equal(written(),
                        "{\"verificationResponse\":{\"verstat\":\"No-TN-Validation\",\"reasonCode\":403,\"reasonText\":\"Stale Date\",\"reasonDesc\":"
                        "\"iat-stale (E15): the token is older than the policy allows\"}}");
    assert_true(stir_api_write_verification(&text, &verify, judged(STIR_R_NONE, ""), false, &fault));
    assert_string_equal(written(), "{\"verificationResponse\":{\"verstat\":\"TN-Validation-Passed\"}}");
}

/* Whatever reason there is, it has an answer: a code with its words, or case E2's 400. */
static void every_reason_of_the_catalogue_can_be_answered(void **state)
{
    (void)state;
    const struct stir_reason_info *row = NULL;
    for (size_t i = 0; (row = stir_reason_at(i)) != NULL; i++) {
        set_up(NULL);
        verify = (struct stir_api_verify){.dialect = STIR_API_ATIS};
        bool told = stir_api_write_verification(&text, &verify, judged(row->reason, ""), false, &fault);
        const char *got = written();
        if (told == (row->atis_case == 2) || (!told && (fault.kind != STIR_API_VALUE || strcmp(fault.name, "identity") != 0)))
            fail_msg("%s: %d %s", row->name, told, fault.name);
        if (told && strstr(got, "\"reasontext\":\"\""))
            fail_msg("%s: no words: %s", row->name, got);
    }
    struct stir_vs_answer none = {.verdict = NULL};
    assert_false(stir_api_write_verification(&text, &verify, &none, false, &fault));
    assert_int_equal(fault.kind, STIR_API_INTERNAL);
}

static const char *identity_of(const char *header, const char *payload)
{
    static char value[4][2000];
    static unsigned at;
    at = (at + 1) % 4;
    struct stir_writer w = stir_writer_of(value[at], sizeof(value[at]) - 1);
    stir_put_b64url(&w, S(header));
    stir_put_char(&w, '.');
    stir_put_b64url(&w, S(payload));
    stir_put_text(&w, ".c2ln;info=<https://x/>");
    value[at][w.need] = '\0';
    return value[at];
}

static void a_3gpp_answer_has_a_result_for_each_token(void **state)
{
    (void)state;
    const char *shaken = identity_of("{\"alg\":\"ES256\",\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"https://x/\"}", "{\"iat\": 5, \"attest\":\"A\"}");
    const char *div = identity_of("{\"alg\":\"ES256\",\"ppt\":\"div\",\"typ\":\"passport\",\"x5u\":\"https://x/\"}",
                                  "{\"dest\":{\"tn\":[\"12155551214\"]},\"div\":{\"tn\":\"12155551213\"},\"iat\":5,\"orig\":{\"tn\":\"12155551212\"}}");
    struct stir_check check = {.reason = STIR_R_SIGNATURE_BAD, .detail = ""};
    struct stir_token_verdict tokens[] = {{.index = 0, .ppt = STIR_PPT_SHAKEN, .ppt_text = S("shaken"), .verstat = STIR_VERSTAT_PASSED},
                                          {.index = 1,
                                           .ppt = STIR_PPT_DIV,
                                           .ppt_text = S("div"),
                                           .verstat = STIR_VERSTAT_FAILED,
                                           .reason = STIR_R_SIGNATURE_BAD,
                                           .checks = &check,
                                           .n_checks = 1}};
    struct stir_verdict verdict = {.verstat = STIR_VERSTAT_PASSED, .deciding = 0, .tokens = tokens, .n_tokens = 2, .policy = "", .rph = STIR_RPH_PASSED};
    struct stir_vs_answer vs = {.verdict = &verdict};
    verify = (struct stir_api_verify){.dialect = STIR_API_3GPP, .has_shaken = true, .request_id = S("q")};
    verify.identities[0] = S(shaken);
    verify.identities[1] = S(div);
    verify.call.n_identity = 2;
    char want[3000];
    snprintf(
        want, sizeof(want),
        "{\"verificationResponse\":{\"verstatValue\":\"TN-Validation-Passed\",\"verstatPriority\":\"RPH-Validation-Passed\",\"verifyResults\":[{"
        "\"verifyResult\":{\"ppt\":\"shaken\",\"status\":\"pass\",\"validClaims\":{\"attest\":\"A\",\"iat\":5}}},{\"verifyResult\":{\"ppt\":\"div\","
        "\"status\":\"fail\",\"reasonCode\":438,\"reasonText\":\"Invalid Identity Header\",\"reasonDescription\":\"signature-bad (E18): the signature does "
        "not verify with the certificate's key\",\"passport\":\"%.*s\"}}],\"divResult\":[{\"div\":{\"tn\":\"12155551213\"},\"verstatValue\":"
        "\"TN-Validation-Failed\"}],\"requestId\":\"q\"}}",
        (int)(strchr(div, ';') - div), div);
    assert_true(stir_api_write_verification(&text, &verify, &vs, false, &fault));
    assert_string_equal(written(), want);
}

static void faults_of_3gpp_are_one_word_each(void **state)
{
    (void)state;
    static const struct {
        enum stir_api_fault_kind kind;
        int status;
        const char *body;
    } rows[] = {{STIR_API_NO_BODY, 400, "{\"error\":\"Missing Request body\"}"},
                {STIR_API_MISSING, 400, "{\"error\":\"Missing Mandatory Parameter\"}"},
                {STIR_API_VALUE, 400, "{\"error\":\"Invalid Parameter Value\"}"},
                {STIR_API_PARSE, 400, "{\"error\":\"Failed To Parse Message Body\"}"},
                {STIR_API_NO_RESOURCE, 404, "{\"error\":\"Requested resource not found\"}"},
                {STIR_API_METHOD, 405, "{\"error\":\"Method not allowed\"}"},
                {STIR_API_ACCEPT, 406, "{\"error\":\"Requested response body type is not supported\"}"},
                {STIR_API_LENGTH, 411, "{\"error\":\"Missing mandatory Content-Length headers\"}"},
                {STIR_API_BODY_TYPE, 415, "{\"error\":\"Unsupported request body type\"}"},
                {STIR_API_INTERNAL, 500, "{\"error\":\"Internal server error\"}"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fault.kind = rows[i].kind;
        stir_api_write_fault(&text, STIR_API_3GPP, &fault);
        assert_string_equal(written(), rows[i].body);
        assert_int_equal(stir_api_fault_status(rows[i].kind), rows[i].status);
    }
}

/* Our own */

#define INVITE                                                                                                                                    \
    "INVITE sip:+12155551213@b.example SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nFrom: <sip:+12155551212@a.example>;tag=1\r\nTo: " \
    "<sip:+12155551213@b.example>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\r\n"

static void our_own_requests_are_read(void **state)
{
    (void)state;
    assert_true(stir_api_read_sign(&sign, S("{\"orig\":\"tel:+1-215-555-1212\",\"dest\":[\"12155551213\",\"sip:x@y.example\"],\"attest\":\"B\"}"), false,
                                   &arena, &fault));
    assert_string_equal(party(sign.claims.orig), "12155551212");
    assert_int_equal(sign.claims.n_dest, 2);
    assert_int_equal(sign.claims.iat, 0);
    assert_true(stir_api_read_sign(&sign, S("{\"ppt\":\"rcd\",\"orig\":{\"tn\":\"12155551212\"},\"dest\":{\"tn\":\"1\"},\"rcd\":{\"nam\":\"Bob\"}}"), false,
                                   &arena, &fault));
    assert_true(stir_slice_is(sign.claims.rcd, "{\"nam\":\"Bob\"}"));
    assert_true(stir_api_read_sign(&sign, S(INVITE), true, &arena, &fault));
    assert_non_null(sign.sip);
    assert_true(stir_api_read_verify(&verify, S(INVITE), true, &arena, &fault));
    assert_true(stir_slice_is(verify.call.call_id, "c"));
    stir_api_put(&text, "{\"message\":");
    stir_api_put_string(&text, S(INVITE));
    stir_api_put(&text, "}");
    assert_true(stir_api_read_verify(&verify, S(written()), false, &arena, &fault));
    assert_true(stir_slice_is(verify.call.cseq, "1 INVITE"));
    assert_true(stir_api_read_verify(&verify,
                                     S("{\"identity\":[\"a\",\"b\"],\"from\":{\"tn\":\"12155551212\"},\"to\":\"<sip:1@h>\",\"pai\":[\"<tel:+1>\"],\"ruri\":"
                                       "\"sip:1@h\",\"time\":5,\"resource_priority\":[\"ets.0\"],\"fingerprints\":[],\"is_response\":true}"),
                                     false, &arena, &fault));
    assert_int_equal(verify.call.n_identity, 2);
    assert_true(verify.call.is_response);
    assert_true(stir_slice_is(verify.call.date, "Thu, 01 Jan 1970 00:00:05 GMT"));
    assert_false(stir_api_read_sign(&sign, S("{\"message\":\"INVITE\",\"attest\":\"A\"}"), false, &arena, &fault));
    assert_string_equal(fault.name, "attest");
    assert_false(stir_api_read_sign(&sign, S("{\"message\":\"INVITE\"}"), false, &arena, &fault));
    assert_string_equal(fault.name, "message");
}

static void a_batch_is_cut_at_its_own_commas(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        int n; /* -1: refused */
    } rows[] = {{"[]", 0},
                {" [ ] \n", 0},
                {"[{}]", 1},
                {"[{\"a\":[1,2,{}]},{\"b\":\"],[\\\"\"} , 7]", 3},
                {"[\"\\\\\",\"x\"]", 2},
                {"[1,]", -1},
                {"[,1]", -1},
                {"[1,,2]", -1},
                {"[", -1},
                {"]", -1},
                {"[1]]", -1},
                {"[1][2]", -1},
                {"[}]", -1},
                {"[\"]", -1},
                {"[\"\\]", -1},
                {"{}", -1},
                {"", -1}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_slice items[STIR_API_MAX_BATCH];
        size_t n = 0;
        bool fine = stir_api_read_batch(items, &n, S(rows[i].body), &fault);
        if (fine != (rows[i].n >= 0) || (fine && n != (size_t)rows[i].n))
            fail_msg("%s: %d, %zu", rows[i].body, fine, n);
    }
}

/* secsipidx's */

static void a_check_is_of_the_token_by_itself(void **state)
{
    (void)state;
    const char *value = identity_of("{\"alg\":\"ES256\",\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"https://x/\"}",
                                    "{\"attest\":\"A\",\"dest\":{\"tn\":[\"12155551213\"]},\"iat\":5,\"orig\":{\"tn\":\"12155551212\"},\"origid\":\"o\"}");
    char body[2000];
    snprintf(body, sizeof(body), "%s\r\n", value);
    assert_true(stir_api_read_check(&verify, S(body), &arena, &fault));
    assert_int_equal(verify.call.n_identity, 1);
    assert_true(stir_slice_is(verify.call.identity[0], value));
    assert_true(stir_slice_is(verify.call.from, "+12155551212"));
    assert_true(stir_slice_is(verify.call.to, "+12155551213"));
    assert_true(stir_api_read_check(&verify, S("what"), &arena, &fault));
    assert_null(verify.call.from.p);
    assert_false(stir_api_read_check(&verify, S(" \n"), &arena, &fault));
}

/* Paths and headers */

static void paths_lead_where_the_listener_serves(void **state)
{
    (void)state;
    struct stir_conf_http http = {.root = "/stir/v1", .apis = 0x7f};
    static const struct {
        const char *path;
        int what; /* 0: nowhere */
        const char *tenant, *rest;
    } rows[] = {{"/stir/v1/signing", STIR_API_SIGNING_MS, NULL, NULL},
                {"/stir/v1/verification", STIR_API_VERIFICATION_MS, NULL, NULL},
                {"/t/acme/stir/v1/signing", STIR_API_SIGNING_MS, "acme", NULL},
                {"/t/acme/v1/sign/batch", STIR_API_SIGN_BATCH, "acme", NULL},
                {"/cr/a.pem", STIR_API_CHAIN, NULL, "a.pem"},
                {"/v1/pub/a.pem", STIR_API_CHAIN, NULL, "a.pem"},
                {"/healthz", STIR_API_HEALTHZ, NULL, NULL},
                {"/t/acme/healthz", 0, NULL, NULL},
                {"/t/acme/cr/a.pem", 0, NULL, NULL},
                {"/t//v1/sign", 0, NULL, NULL},
                {"/t/acme", 0, NULL, NULL},
                {"/t/a/t/b/v1/sign", 0, NULL, NULL},
                {"/stir/v1/signing/", 0, NULL, NULL},
                {"/stir/v1//signing", 0, NULL, NULL},
                {"//stir/v1/signing", 0, NULL, NULL},
                {"/STIR/v1/signing", 0, NULL, NULL},
                {"/signing", 0, NULL, NULL},
                {"", 0, NULL, NULL},
                {"/", 0, NULL, NULL},
                {"*", 0, NULL, NULL}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_api_route route;
        bool found = stir_api_route(&route, &http, "/cr/", S(rows[i].path));
        if (found != (rows[i].what != 0) || (found && (int)route.what != rows[i].what))
            fail_msg("%s: %d, %d", rows[i].path, found, (int)route.what);
        if (found && !stir_slice_eq(route.tenant, S(rows[i].tenant)))
            fail_msg("%s: tenant", rows[i].path);
        if (rows[i].rest && !stir_slice_is(route.rest, rows[i].rest))
            fail_msg("%s: rest", rows[i].path);
        http.apis = 0;
        assert_false(stir_api_route(&route, &http, "/cr/", S(rows[i].path)));
        http.apis = 0x7f;
    }
}

static void headers_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *accept;
        bool takes;
    } rows[] = {{NULL, true},
                {"", true},
                {"*/*", true},
                {"application/*", true},
                {"APPLICATION/JSON", true},
                {"text/html, application/json;q=0.5", true},
                {"application/json; charset=utf-8", true},
                {"text/html", false},
                {"application/json;q=0", false},
                {"application/json; q=0.000, text/plain", false},
                {"application/json;q=0.01", true},
                {"app/*", false},
                {"application/jsonx", false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (stir_api_accepts(S(rows[i].accept), "application/json") != rows[i].takes)
            fail_msg("%s", rows[i].accept);
    assert_true(stir_api_type_is(S("Application/JSON ; charset=x"), "application/json"));
    assert_false(stir_api_type_is((struct stir_slice){0}, "application/json"));
    assert_true(stir_api_has_etag(S("\"a\", W/\"b\""), "\"b\""));
    assert_true(stir_api_has_etag(S("*"), "\"b\""));
    assert_false(stir_api_has_etag(S("\"bb\", b"), "\"b\""));
    assert_true(stir_slice_is(stir_api_bearer(S("bearer  abc ")), "abc"));
    assert_null(stir_api_bearer(S("Basic abc")).p);
    assert_null(stir_api_bearer(S("Bearerabc")).p);
    assert_true(stir_api_is_request_id(S("a-7")));
    assert_false(stir_api_is_request_id(S("a\r\nX: y")));
    assert_false(stir_api_is_request_id(S("\xc3\xa4")));
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_signing_request_is_read),
        WITH(names_of_members_are_read_in_any_case),
        WITH(the_dialect_of_a_signing_request_is_told_by_its_members),
        WITH(what_is_wrong_with_a_signing_request_is_named),
        WITH(an_identity_is_given_in_the_word_of_the_dialect),
        WITH(a_verification_request_is_read),
        WITH(what_is_wrong_with_a_verification_request_is_named),
        WITH(every_case_of_the_table_has_its_code_and_words),
        WITH(every_reason_of_the_catalogue_can_be_answered),
        WITH(a_3gpp_answer_has_a_result_for_each_token),
        WITH(faults_of_3gpp_are_one_word_each),
        WITH(our_own_requests_are_read),
        WITH(a_batch_is_cut_at_its_own_commas),
        WITH(a_check_is_of_the_token_by_itself),
        WITH(paths_lead_where_the_listener_serves),
        WITH(headers_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
