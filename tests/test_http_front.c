/* Calls over HTTP: which interface, who may, what is answered. */
#include "http_front.h"

static void signing_needs_a_token(void **state)
{
    (void)state;
    begin("serve = signing verification native secsipidx inspect operations");
    open_front();
    static const struct {
        const char *path, *body;
    } calls[] = {{"/stir/v1/signing", SIGN_BODY},
                 {"/stir/v1/verification", VERIFY_BODY},
                 {"/v1/sign", "{\"orig\":\"12155551212\",\"dest\":\"12155551213\"}"},
                 {"/v1/sign/batch", "[]"},
                 {"/v1/verify", "{}"},
                 {"/v1/verify/batch", "[]"},
                 {"/v1/inspect", "{}"},
                 {"/v1/sign-csv", "12155551212,12155551213,A,,"},
                 {"/v1/check", "x"},
                 {"/t/alpha/v1/sign", "{}"},
                 {"/t/gamma/v1/sign", "{}"}};
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (ask("POST", calls[i].path, JSON_TYPE, calls[i].body) != 401)
            fail_msg("%s: %s", calls[i].path, client.heard);
        assert_non_null(strstr(client.heard, "WWW-Authenticate: Bearer realm=\"stir\"\r\n"));
        ask("POST", calls[i].path, JSON_TYPE "Authorization: Bearer token-of-nobody-0123456789\r\n", calls[i].body);
        if (strncmp(status_line(), "HTTP/1.1 401", 12) != 0)
            fail_msg("%s: %s", calls[i].path, client.heard);
        assert_non_null(strstr(client.heard, "error=\"invalid_token\""));
        ask("POST", calls[i].path, JSON_TYPE "Authorization: Basic dXNlcjpwYXNz\r\n", calls[i].body);
        assert_memory_equal(status_line(), "HTTP/1.1 401", 12);
    }
    assert_int_equal(f.signs + f.verifies, 0);
    assert_int_equal(ask("POST", "/stir/v1/signing", JSON_TYPE AUTH_A, SIGN_BODY), 200);
    assert_int_equal(f.signs, 1);
    assert_string_equal(f.tenant, "alpha");
    assert_true(f.proven);
    end();
}

static void a_token_is_good_for_its_own_tenant_alone(void **state)
{
    (void)state;
    begin("serve = signing native");
    open_front();
    assert_int_equal(ask("POST", "/t/alpha/stir/v1/signing", JSON_TYPE AUTH_A, SIGN_BODY), 200);
    assert_string_equal(f.tenant, "alpha");
    assert_int_equal(ask("POST", "/t/beta/stir/v1/signing", JSON_TYPE AUTH_B, SIGN_BODY), 200);
    assert_string_equal(f.tenant, "beta");
    assert_int_equal(f.signs, 2);
    assert_int_equal(ask("POST", "/t/beta/stir/v1/signing", JSON_TYPE AUTH_A, SIGN_BODY), 403);
    assert_int_equal(ask("POST", "/t/alpha/stir/v1/signing", JSON_TYPE AUTH_B, SIGN_BODY), 403);
    assert_int_equal(ask("POST", "/t/gamma/stir/v1/signing", JSON_TYPE AUTH_B, SIGN_BODY), 403);
    assert_int_equal(ask("POST", "/t/delta/stir/v1/signing", JSON_TYPE AUTH_A, SIGN_BODY), 404);
    assert_int_equal(ask("POST", "/t/beta/stir/v1/signing", JSON_TYPE AUTH_B AUTH_A, SIGN_BODY), 200); /* the first header counts */
    assert_string_equal(f.tenant, "beta");
    assert_int_equal(f.signs, 3);
    end();
}

static void an_open_listener_serves_nobody_as_a_tenant_with_a_token(void **state)
{
    (void)state;
    begin("serve = signing native\nopen = yes");
    open_front();
    assert_int_equal(ask("POST", "/stir/v1/signing", JSON_TYPE, SIGN_BODY), 200);
    assert_string_equal(f.tenant, "");
    assert_int_equal(ask("POST", "/t/gamma/stir/v1/signing", JSON_TYPE, SIGN_BODY), 200);
    assert_string_equal(f.tenant, "gamma");
    assert_int_equal(ask("POST", "/t/alpha/stir/v1/signing", JSON_TYPE, SIGN_BODY), 401);
    assert_int_equal(ask("POST", "/stir/v1/signing", JSON_TYPE "Authorization: Bearer token-of-nobody-0123456789\r\n", SIGN_BODY), 401);
    assert_int_equal(f.signs, 2);
    end();
}

static void atis_signing_is_answered_as_the_table_has_it(void **state)
{
    (void)state;
    begin("serve = signing verification\nopen = yes\nmax-body = 4K");
    open_front();
    static const struct {
        const char *method, *path, *headers, *body;
        int status;
        const char *answer;
    } rows[] = {
        {"POST", "/stir/v1/signing", JSON_TYPE, SIGN_BODY, 200,
         "{\"signingResponse\":{\"identity\":\"aaa.bbb.ccc;info=<https://cr.example/a.pem>;alg=ES256;ppt=shaken\"}}"},
        {"POST", "/stir/v1/signing", JSON_TYPE, "", 400,
         "{\"requestError\":{\"serviceException\":{\"messageId\":\"SVC4000\",\"text\":\"Error: Missing request body.\",\"variables\":[]}}}"},
        {"POST", "/stir/v1/signing", JSON_TYPE, "{\"signingRequest\":{\"attest\":\"A\",\"orig\":{\"tn\":\"1\"},\"dest\":{\"tn\":[\"2\"]}}}", 400,
         "{\"requestError\":{\"serviceException\":{\"messageId\":\"SVC4001\",\"text\":\"Error: Missing mandatory parameter '%1'.\",\"variables\":[\"iat\"]}}}"},
        {"POST", "/stir/v1/signing", JSON_TYPE "Accept: text/html\r\n", SIGN_BODY, 406,
         "{\"requestError\":{\"serviceException\":{\"messageId\":\"SVC4002\",\"text\":\"Error: Requested response body type '%1' is not supported.\","
         "\"variables\":[\"text/html\"]}}}"},
        {"POST", "/stir/v1/nothing", JSON_TYPE, SIGN_BODY, 404,
         "{\"requestError\":{\"serviceException\":{\"messageId\":\"SVC4003\",\"text\":\"Error: Requested resource was not found.\",\"variables\":[]}}}"},
        {"POST", "/stir/v1/signing", "Content-Type: text/plain\r\n", SIGN_BODY, 415,
         "{\"requestError\":{\"serviceException\":{\"messageId\":\"SVC4004\",\"text\":\"Error: Unsupported request body type, expected '%1'.\","
         "\"variables\":[\"application/json\"]}}}"},
        {"POST", "/stir/v1/signing", JSON_TYPE,
         "{\"signingRequest\":{\"attest\":\"D\",\"orig\":{\"tn\":\"12155551212\"},\"dest\":{\"tn\":[\"12155551213\"]},\"iat\":1443208345,\"origid\":"
         "\"de305d54-75b4-431b-adb2-eb6b9e546014\"}}",
         400,
         "{\"requestError\":{\"serviceException\":{\"messageId\":\"SVC4005\",\"text\":\"Error: Invalid '%1' parameter value: %2\",\"variables\":[\"attest\","
         "\"it is none of A, B and C\"]}}}"},
        {"POST", "/stir/v1/signing", JSON_TYPE, "{\"signingRequest\":", 400, "SVC4006"},
        {"POST", "/stir/v1/signing", JSON_TYPE "Transfer-Encoding: chunked\r\n\r\n0\r\n", NULL, 411,
         "{\"requestError\":{\"serviceException\":{\"messageId\":\"SVC4007\",\"text\":\"Error: Missing mandatory Content-Length header.\",\"variables\":[]}}}"},
        {"GET", "/stir/v1/signing", "", NULL, 405,
         "{\"requestError\":{\"policyException\":{\"messageId\":\"POL4050\",\"text\":\"Error: Method not allowed.\",\"variables\":[]}}}"},
        {"POST", "/stir/v1/verification", JSON_TYPE, VERIFY_BODY, 200, "{\"verificationResponse\":{\"verstat\":\"TN-Validation-Passed\"}}"},
        /* a client's heartbeat */
        {"POST", "/stir/v1/verification", JSON_TYPE,
         "{\"verificationRequest\":{\"from\":{\"tn\":\"9999999999\"},\"to\":{\"tn\":[\"7777777777\"]},\"time\":1683538513}}", 400,
         "{\"requestError\":{\"serviceException\":{\"messageId\":\"SVC4001\",\"text\":\"Error: Missing mandatory parameter '%1'.\",\"variables\":["
         "\"identity\"]}}}"},
        {"POST", "/stir/v1/signing", JSON_TYPE,
         "{\"signingRequest\":{\"attest\":\"B\",\"dest\":{\"tn\":[\"7777777777\"]},\"iat\":1683545181,\"orig\":{\"tn\":\"9999999999\"},\"origid\":"
         "\"00000000-0000-0000-0000-0000000f0abc\",\"ppt\":\"shaken\"}}",
         200, "{\"signingResponse\":{\"identity\":\"aaa."},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int status = ask(rows[i].method, rows[i].path, rows[i].headers, rows[i].body);
        bool whole = rows[i].answer[0] == '{' && rows[i].answer[strlen(rows[i].answer) - 1] == '}';
        if (status != rows[i].status || (whole ? strcmp(body_of(), rows[i].answer) != 0 : !strstr(body_of(), rows[i].answer)))
            fail_msg("row %zu: %d\n%s\nwanted %s", i, status, client.heard, rows[i].answer);
    }
    assert_int_equal(f.records, 3);
    static char long_body[6000];
    memset(long_body, ' ', 5000);
    assert_int_equal(ask("POST", "/stir/v1/signing", JSON_TYPE, long_body), 413);
    assert_int_equal(ask("GET", "/stir/v1/signing", "", NULL), 405);
    assert_non_null(strstr(client.heard, "Allow: POST\r\n"));
    end();
}

static void the_request_is_named_in_answer_and_record(void **state)
{
    (void)state;
    begin("serve = signing native\nopen = yes");
    open_front();
    assert_int_equal(ask("POST", "/stir/v1/signing", JSON_TYPE "X-RequestID: abc-17\r\n", SIGN_BODY), 200);
    assert_non_null(strstr(client.heard, "X-RequestID: abc-17\r\n"));
    assert_string_equal(f.request_id, "abc-17");
    assert_int_equal(f.http_code, 200);
    assert_int_equal(f.way, STIR_WAY_HTTP);
    assert_int_equal(ask("POST", "/stir/v1/signing", JSON_TYPE, SIGN_BODY), 200);
    assert_true(stir_is_uuid(S(f.request_id)));
    assert_non_null(strstr(client.heard, f.request_id));
    assert_int_equal(ask("POST", "/stir/v1/signing", JSON_TYPE "X-RequestID: a b\r\n", SIGN_BODY), 200);
    assert_null(strstr(client.heard, "a b"));
    end();
}

static void what_is_not_signed_is_said(void **state)
{
    (void)state;
    begin("serve = signing native secsipidx\nopen = yes");
    open_front();
    f.result = STIR_SIGN_REFUSED;
    assert_int_equal(ask("POST", "/stir/v1/signing", JSON_TYPE, SIGN_BODY), 403);
    assert_non_null(strstr(body_of(), "\"POL0001\""));
    assert_non_null(strstr(body_of(), "no rule lets it"));
    assert_int_equal(f.http_code, 403);
    assert_int_equal(ask("POST", "/v1/sign", JSON_TYPE, "{\"orig\":\"12155551212\",\"dest\":\"12155551213\"}"), 403);
    assert_string_equal(body_of(), "{\"error\":{\"status\":403,\"reason\":\"forbidden\",\"member\":null,\"text\":\"no rule lets it\"}}");
    f.result = STIR_SIGN_UNSIGNED;
    assert_int_equal(ask("POST", "/v1/sign", JSON_TYPE, "{\"orig\":\"12155551212\",\"dest\":\"12155551213\"}"), 200);
    assert_non_null(strstr(body_of(), "{\"result\":\"unsigned\",\"identity\":null"));
    f.err = STIR_EVALUE;
    assert_int_equal(ask("POST", "/stir/v1/signing", JSON_TYPE, SIGN_BODY), 400);
    assert_non_null(strstr(body_of(), "SVC4005"));
    f.err = STIR_ECRYPTO;
    assert_int_equal(ask("POST", "/stir/v1/signing", JSON_TYPE, SIGN_BODY), 500);
    assert_string_equal(body_of(),
                        "{\"requestError\":{\"policyException\":{\"messageId\":\"POL5000\",\"text\":\"Error: Internal server error.\",\"variables\":[]}}}");
    assert_int_equal(f.records, 5);
    end();
}

static void secsipidx_is_answered_as_it_answers(void **state)
{
    (void)state;
    begin("serve = secsipidx\nopen = yes");
    open_front();
    assert_int_equal(ask("PUT", "/v1/sign-csv", "", "+12155551212,12155551213,A,,\n"), 200);
    assert_string_equal(body_of(), "aaa.bbb.ccc;info=<https://cr.example/a.pem>;alg=ES256;ppt=shaken\n");
    assert_non_null(strstr(client.heard, "Content-Type: text/plain; charset=utf-8\r\n"));
    assert_string_equal(f.orig, "12155551212");
    f.given = 'C';
    assert_int_equal(ask("POST", "/v1/sign-csv", "", "12155551212,12155551213,A,,https://cr.example/a.pem"), 200);
    assert_non_null(strstr(client.heard, "X-Stir-Attest: C\r\n"));
    assert_int_equal(f.signs, 2);
    static const struct {
        const char *body, *answer, *reason;
    } bad[] = {{"12155551212,12155551213,A", "too few tokens\n", "too few tokens"},
               {"12155551212,12155551213,A,,https://evil.example/a.pem", "cannot read body\n", "not that of a signing identity"},
               {"12155551212,12155551213,A,,https://cr.example/a.pem\r\nX-Evil: 1", "cannot read body\n", "not that of a signing identity"},
               {"12155551212,12155551213,D,,", "cannot read body\n", "attest is none of"},
               {"abc,12155551213,A,,", "cannot read body\n", "orig:"},
               {"12155551212,12155551213,A,x\r\nX-Evil: 1,", "cannot read body\n", "origid is no UUID"}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(ask("POST", "/v1/sign-csv", "", bad[i].body), 400);
        assert_string_equal(body_of(), bad[i].answer);
        assert_null(strstr(client.heard, "X-Evil: 1\r\n"));
        if (!strstr(strstr(client.heard, "X-Stir-Reason: "), bad[i].reason))
            fail_msg("%s", client.heard);
    }
    assert_int_equal(f.signs, 2);
    assert_int_equal(ask("GET", "/v1/check", "", "a.b.c;info=<https://cr.example/a.pem>"), 200);
    assert_string_equal(body_of(), "OK\n");
    assert_non_null(strstr(client.heard, "X-Stir-Checked: token"));
    assert_int_equal(ask("POST", "/v1/check", "", ""), 400);
    assert_string_equal(body_of(), "cannot read body\n");
    end();
}

static void a_call_that_waits_is_answered_when_its_verdict_comes(void **state)
{
    (void)state;
    begin("serve = verification native inspect\nopen = yes");
    open_front();
    f.hold = true;
    dial(1);
    say(1, "POST /stir/v1/verification HTTP/1.1\r\nHost: h\r\n" JSON_TYPE "Content-Length: 127\r\n\r\n");
    assert_int_equal(strlen(VERIFY_BODY), 127);
    say(1, VERIFY_BODY);
    turn(20);
    assert_int_equal(f.n_waiting, 1);
    assert_int_equal(f.asks, STIR_VS_DATE_COUNTS);
    assert_string_equal(f.from, "+12155551212");
    assert_string_equal(f.to, "+12155551213");
    assert_string_equal(f.date, "Fri, 25 Sep 2015 19:12:25 GMT");
    assert_int_equal(atomic_load(&f.live.owners), 2);
    say_passed(f.waiting[0]);
    assert_true(hear(1, "TN-Validation-Passed"));
    turn(10);
    assert_int_equal(atomic_load(&f.live.owners), 1);
    end();
}

static void a_batch_is_answered_in_order_when_its_last_call_is(void **state)
{
    (void)state;
    begin("serve = native\nopen = yes");
    open_front();
    f.hold = true;
    dial(1);
    static const char batch[] = "[{\"identity\":\"a\",\"from\":\"1\"}, {\"identity\":7},{\"identity\":\"c\",\"from\":\"3\"}]";
    char head[200];
    snprintf(head, sizeof(head), "POST /v1/verify/batch HTTP/1.1\r\nHost: h\r\n" JSON_TYPE "Content-Length: %zu\r\n\r\n", strlen(batch));
    say(1, head);
    say(1, batch);
    turn(20);
    assert_int_equal(f.n_waiting, 2);
    say_passed(f.waiting[1]);
    turn(20);
    say_passed(f.waiting[0]);
    assert_true(hear(1, "}]"));
    const char *first = strstr(client.heard, "[{\"status\":200,\"answer\":{\"action\":\"pass\""), *second = strstr(client.heard, ",{\"status\":400,"),
               *third = strstr(client.heard, ",{\"status\":200,\"answer\":{\"action\":\"pass\"");
    assert_true(first && second && third && first < second && second < third);
    f.hold = false;
    assert_int_equal(ask("POST", "/v1/verify/batch", JSON_TYPE, "[]"), 200);
    assert_string_equal(body_of(), "[]");
    assert_int_equal(ask("POST", "/v1/sign/batch", JSON_TYPE, "[{\"orig\":\"12155551212\",\"dest\":\"12155551213\"},{},[]]"), 200);
    assert_non_null(strstr(body_of(), "[{\"status\":200,\"answer\":{\"result\":\"signed\""));
    assert_non_null(strstr(body_of(), "{\"status\":400,\"answer\":{\"error\":{\"status\":400,\"reason\":\"missing\",\"member\":\"orig\""));
    static char many[40000];
    strcpy(many, "[");
    for (int i = 0; i < STIR_API_MAX_BATCH + 1; i++)
        strcat(many, i ? ",{}" : "{}");
    strcat(many, "]");
    assert_int_equal(ask("POST", "/v1/sign/batch", JSON_TYPE, many), 400);
    end();
}

static void leaving_waits_for_calls_and_the_end_cancels_them(void **state)
{
    (void)state;
    begin("serve = verification\nopen = yes");
    open_front();
    f.hold = true;
    for (size_t i = 1; i < 3; i++) {
        dial(i);
        say(i, "POST /stir/v1/verification HTTP/1.1\r\nHost: h\r\n" JSON_TYPE "Content-Length: 127\r\n\r\n" VERIFY_BODY);
    }
    turn(20);
    assert_int_equal(f.n_waiting, 2);
    stir_http_desk_leave(f.desk, note_left, NULL);
    turn(20);
    assert_false(f.left);
    say_passed(f.waiting[0]);
    turn(20);
    assert_false(f.left);
    assert_int_equal(f.records, 1);
    assert_false(f.unanswered);
    end();
    assert_int_equal(f.cancelled, 1);
    assert_int_equal(f.records, 2); /* a call that was cut off has its record */
    assert_true(f.unanswered);
    assert_string_equal(f.why, "the daemon ended before the call was answered");
    assert_string_equal(f.recorded_orig, "12155551212");
    assert_int_equal(f.http_code, 0);
}

static void a_call_that_cannot_begin_has_its_record(void **state)
{
    (void)state;
    begin("serve = verification native\nopen = yes");
    open_front();
    f.begins = STIR_EARG;
    assert_int_equal(ask("POST", "/stir/v1/verification", JSON_TYPE, VERIFY_BODY), 500);
    assert_int_equal(f.records, 1);
    assert_true(f.unanswered);
    assert_string_equal(f.why, "this server verifies nothing: it has no trust");
    assert_string_equal(f.recorded_orig, "12155551212");
    assert_int_equal(f.http_code, 500);
    assert_int_equal(ask("POST", "/v1/verify/batch", JSON_TYPE, "[{\"identity\":\"a\",\"from\":\"1\"}, {\"identity\":7},{\"identity\":\"c\",\"from\":\"3\"}]"),
                     200);
    assert_int_equal(f.records, 3); /* the one in the middle is no call */
    end();
}

/* Its verdict comes all the same, and what it said is kept. */
static void a_client_that_left_has_its_record(void **state)
{
    (void)state;
    begin("serve = verification\nopen = yes");
    open_front();
    f.hold = true;
    dial(1);
    say(1, "POST /stir/v1/verification HTTP/1.1\r\nHost: h\r\n" JSON_TYPE "Content-Length: 127\r\n\r\n" VERIFY_BODY);
    turn(20);
    assert_int_equal(f.n_waiting, 1);
    hang_up(1);
    turn(20);
    assert_int_equal(f.records, 0);
    say_passed(f.waiting[0]);
    turn(20);
    assert_int_equal(f.records, 1);
    assert_int_equal(f.cancelled, 0);
    assert_int_equal(atomic_load(&f.live.owners), 1);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signing_needs_a_token),
        cmocka_unit_test(a_token_is_good_for_its_own_tenant_alone),
        cmocka_unit_test(an_open_listener_serves_nobody_as_a_tenant_with_a_token),
        cmocka_unit_test(atis_signing_is_answered_as_the_table_has_it),
        cmocka_unit_test(the_request_is_named_in_answer_and_record),
        cmocka_unit_test(what_is_not_signed_is_said),
        cmocka_unit_test(secsipidx_is_answered_as_it_answers),
        cmocka_unit_test(a_call_that_waits_is_answered_when_its_verdict_comes),
        cmocka_unit_test(a_batch_is_answered_in_order_when_its_last_call_is),
        cmocka_unit_test(leaving_waits_for_calls_and_the_end_cancels_them),
        cmocka_unit_test(a_call_that_cannot_begin_has_its_record),
        cmocka_unit_test(a_client_that_left_has_its_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
