/* Lines about calls: what strangers say cannot break one, and numbers are shown as the operator has it. */
#include "service/record_text.h"

#include "core/json.h"

#include <jansson.h>

#include "record_support.h"

static const struct stir_mask masked = {.how = STIR_NUMBERS_MASKED}, hashed = {.how = STIR_NUMBERS_HASHED, .secret = {{1, 2}}},
                              full = {.how = STIR_NUMBERS_FULL};

static const char *text_of(struct stir_writer *w)
{
    static char text[STIR_LOG_LINE * 4];
    assert_true(w->need < sizeof(text) && w->need <= w->cap);
    memcpy(text, w->p, w->need);
    text[w->need] = '\0';
    return text;
}

static const char *party(const struct stir_mask *mask, const char *value)
{
    char buf[1000];
    struct stir_writer w = stir_writer_of(buf, sizeof(buf));
    stir_put_masked_party(&w, mask, S(value));
    return text_of(&w);
}

static const char *sentence(const struct stir_mask *mask, const char *value)
{
    char buf[1000];
    struct stir_writer w = stir_writer_of(buf, sizeof(buf));
    stir_put_masked_text(&w, mask, S(value));
    return text_of(&w);
}

static const char *quoted(struct stir_slice value)
{
    char buf[1000];
    struct stir_writer w = stir_writer_of(buf, sizeof(buf));
    stir_put_plain_string(&w, value);
    return text_of(&w);
}

static const char *log_line(const struct stir_record *record, bool json, const struct stir_mask *mask)
{
    static char buf[STIR_LOG_LINE];
    struct stir_writer w = stir_writer_of(buf, sizeof(buf));
    stir_put_log_call(&w, record, json, mask);
    return text_of(&w);
}

static void the_last_two_digits_of_a_number_are_hidden(void **state)
{
    static const struct {
        const char *value, *shown;
    } rows[] = {
        {"12155551212", "121555512xx"},
        {"+12155551212", "+121555512xx"},
        {"sip:+12155551212@example.com;user=phone", "sip:+121555512xx@example.com;user=phone"},
        {"tel:+1-215-555-1212", "tel:+1-215-555-12xx"},
        {"112", "112"},
        {"911", "911"},
        {"22000", "220xx"},
        {"sip:alice@example.com", "sip:a...@example.com"},
        {"urn:service:sos", "urn:service:sos"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(party(&masked, rows[i].value), rows[i].shown) != 0)
            fail_msg("%s is shown as %s", rows[i].value, party(&masked, rows[i].value));
    assert_string_equal(party(&full, "12155551212"), "12155551212");
    assert_string_equal(party(&full, "sip:alice@example.com"), "sip:alice@example.com");
}

static void numbers_within_a_sentence_are_hidden_and_addresses_are_not(void **state)
{
    static const struct {
        const char *value, *shown;
    } rows[] = {
        {"signed for 12155550000, the call has 12155551212", "signed for 121555500xx, the call has 121555512xx"},
        {"\"+1 (215) 555-1212\" is no number", "\"+1 (215) 555-12xx\" is no number"},
        {"1.215.555.1212", "1.215.555.12xx"},
        {"source 192.0.2.10 is unknown", "source 192.0.2.10 is unknown"},
        {"owned by customer 17 (numbers main, line 3)", "owned by customer 17 (numbers main, line 3)"},
        {"iat is 73 s old", "iat is 73 s old"},
        {"configuration 83689278ceab137d, 2 workers", "configuration 83689278ceab137d, 2 workers"},
        {"configuration c083689278137d12", "configuration c083689278137d12"},
        {"1215555121200000 is digits alone", "12155551212000xx is digits alone"},
        {"a12155551212 is too short", "a121555512xx is too short"},
        {"0a0b12155551212ffff is too long", "0a0b121555512xxffff is too long"},
        {"x12155551212abcde is within a word", "x121555512xxabcde is within a word"},
        {"1215555", "12155xx"},
        {"121555", "121555"},
        {"ends in 2155551212", "ends in 21555512xx"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(sentence(&masked, rows[i].value), rows[i].shown) != 0)
            fail_msg("%s is shown as %s", rows[i].value, sentence(&masked, rows[i].value));
    assert_string_equal(sentence(&full, rows[0].value), rows[0].value);
}

static void a_hash_tells_numbers_apart_and_not_which_they_are(void **state)
{
    const struct stir_mask other = {.how = STIR_NUMBERS_HASHED, .secret = {{1, 3}}};
    char first[100];
    (void)state;
    snprintf(first, sizeof(first), "%s", party(&hashed, "12155551212"));
    assert_int_equal(strlen(first), 18);
    assert_memory_equal(first, "h:", 2);
    assert_string_equal(party(&hashed, "12155551212"), first);
    assert_string_equal(sentence(&hashed, "1-215-555-1212"), first);
    assert_string_not_equal(party(&hashed, "12155551213"), first);
    assert_string_not_equal(party(&other, "12155551212"), first);
    assert_null(strstr(party(&hashed, "sip:alice@example.com"), "alice"));
}

static void characters_that_could_break_a_line_are_escaped(void **state)
{
    (void)state;
    assert_string_equal(quoted(S("a\r\nb\t\"\\\x1b[31m\x7f")), "\"a\\r\\nb\\t\\\"\\\\\\u001b[31m\\u007f\"");
    assert_string_equal(quoted(S("\xc2\x9b\xe2\x80\xa8\xe2\x80\xae\xc3\xa9")), "\"\\u009b\\u2028\\u202e\xc3\xa9\"");
    assert_string_equal(quoted(S("\xff\xc3")), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
    assert_string_equal(quoted(stir_slice_of("a\0b", 3)), "\"a\xef\xbf\xbd"
                                                          "b\"");
    assert_string_equal(quoted(S("\xf3\xa0\x80\x81")), "\"\\udb40\\udc01\"");
}

static json_t *parsed(const char *line)
{
    json_error_t error;
    assert_non_null(strchr(line, '\n'));
    assert_int_equal(strchr(line, '\n')[1], '\0');
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &error);
    if (!object)
        fail_msg("%s: %s", error.text, line);
    return object;
}

static void assert_member(const json_t *object, const char *name, const char *value)
{
    const char *there = json_string_value(json_object_get(object, name));
    if (!there || strcmp(there, value) != 0)
        fail_msg("%s is %s, not %s", name, there ? there : "missing", value);
}

static void the_line_of_a_signed_call_says_what_was_done(void **state)
{
    const struct stir_record record = record_of_sign();
    (void)state;
    json_t *line = parsed(log_line(&record, true, &masked));
    assert_member(line, "ts", "2025-11-21T12:41:07.123Z");
    assert_member(line, "level", "info");
    assert_member(line, "event", "sign");
    assert_member(line, "call_id", "call-1@192.0.2.1");
    assert_member(line, "trunk", "pbx");
    assert_member(line, "tenant", "acme");
    assert_member(line, "orig", "121555512xx");
    assert_member(line, "dest", "121555598xx");
    assert_member(line, "result", "signed");
    assert_member(line, "attest", "A");
    assert_member(line, "signer", "main");
    assert_int_equal(json_integer_value(json_object_get(line, "sip")), 302);
    assert_int_equal(json_integer_value(json_object_get(line, "took_us")), 180);
    json_decref(line);
    assert_string_equal(log_line(&record, false, &masked),
                        "2025-11-21T12:41:07.123Z info sign call_id=call-1@192.0.2.1 trunk=pbx tenant=acme source=192.0.2.1:5060 orig=121555512xx "
                        "dest=121555598xx result=signed attest=A ppt=shaken rule=own signer=main origid=123e4567-e89b-12d3-a456-426655440000 sip=302 "
                        "took_us=180\n");
}

static void the_line_of_a_verified_call_says_the_reason(void **state)
{
    const struct stir_record record = record_of_verify(STIR_R_ORIG_MISMATCH);
    (void)state;
    json_t *line = parsed(log_line(&record, true, &masked));
    assert_member(line, "level", "notice");
    assert_member(line, "event", "verify");
    assert_member(line, "verstat", "TN-Validation-Failed");
    assert_member(line, "reason", "orig-mismatch");
    assert_member(line, "action", "stop");
    assert_member(line, "detail", "the token says 121555500xx, the call 121555512xx");
    assert_member(line, "x5u", "https://cr.example/1.pem");
    assert_int_equal(json_integer_value(json_object_get(line, "waited_us")), 250000);
    json_decref(line);
}

/* No line shows all digits of a number: not of the caller, not of the callee, not within a sentence or an origid that is none. */
static void no_line_shows_a_whole_number(void **state)
{
    (void)state;
    for (int json = 0; json < 2; json++)
        for (int hash = 0; hash < 2; hash++) {
            struct stir_record sign = record_of_sign(), verify = record_of_verify(STIR_R_ORIG_MISMATCH);
            const struct stir_mask *mask = hash ? &hashed : &masked;
            sign.why = "12155551212 is in no range of customer 17";
            sign.origid = S("caller 12155551212");
            const char *line = log_line(&sign, json, mask);
            assert_null(strstr(line, "12155551212"));
            assert_null(strstr(line, "12155559876"));
            line = log_line(&verify, json, mask);
            assert_null(strstr(line, "12155551212"));
            assert_null(strstr(line, "12155550000"));
        }
}

/* Call-ID, numbers and the rest are a stranger's: one line stays one line, and a field stays within its own. */
static void no_value_of_a_call_makes_a_second_line_or_field(void **state)
{
    static const char evil[] = "x\r\n2025-11-21T12:41:07.123Z info sign result=signed\xe2\x80\xa8 a=b \"q\" \\";
    struct stir_record record = record_of_sign();
    (void)state;
    record.call_id = record.request_id = record.orig = record.dest = record.origid = S(evil);
    record.why = evil;
    record.request_id = S("x result=signed");
    json_t *object = parsed(log_line(&record, true, &full));
    assert_member(object, "call_id", evil);
    assert_member(object, "result", "signed");
    json_decref(object);
    const char *line = log_line(&record, false, &full);
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    assert_null(strchr(line, '\r'));
    assert_non_null(strstr(line, " request_id=\"x result=signed\" "));
    assert_null(strstr(line, "\xe2\x80\xa8"));
    assert_non_null(strstr(line, " call_id=\"x\\r\\n2025-11-21T12:41:07.123Z info sign result=signed\\u2028 a=b \\\"q\\\" \\\\\" "));
}

static void the_longest_values_fit_into_a_line(void **state)
{
    static char control[4000], digits[4000];
    struct stir_record sign = record_of_sign(), verify = record_of_verify(STIR_R_ORIG_MISMATCH);
    (void)state;
    memset(control, 1, sizeof(control) - 1);
    memset(digits, '7', sizeof(digits) - 1);
    for (int i = 0; i < 2; i++) {
        const char *value = i ? control : digits;
        sign.call_id = sign.request_id = sign.orig = sign.dest = sign.origid = S(value);
        sign.why = sign.rule = sign.proof = sign.signer = value;
        verify.call_id = verify.request_id = verify.orig = verify.dest = S(value);
        verify.why = value;
        for (int json = 0; json < 2; json++) {
            (void)log_line(&sign, json, &hashed);
            (void)log_line(&verify, json, &masked);
        }
    }
}

static const char *evidence(const struct stir_record *record, bool in_short, size_t *n)
{
    static char buf[STIR_EVIDENCE_RECORD];
    struct stir_writer w = stir_writer_of(buf, sizeof(buf) - 1);
    stir_put_evidence(&w, record, "run-1", in_short);
    assert_true(w.need <= w.cap);
    buf[w.need] = '\0';
    assert_null(strchr(buf, '\n'));
    *n = w.need;
    return buf;
}

static json_t *evidence_of(const struct stir_record *record, bool in_short)
{
    size_t n;
    json_error_t error;
    const char *text = evidence(record, in_short, &n);
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!object)
        fail_msg("%s: %s", error.text, text);
    return object;
}

static void evidence_of_a_signed_call_has_the_numbers_in_full_and_the_ground(void **state)
{
    const struct stir_record record = record_of_sign();
    (void)state;
    json_t *object = evidence_of(&record, false);
    assert_int_equal(json_integer_value(json_object_get(object, "schema")), 1);
    assert_member(object, "kind", "sign");
    assert_member(object, "time", "2025-11-21T12:41:07.123Z");
    assert_member(object, "id", "run-1");
    assert_member(object, "way", "sip-udp");
    assert_member(object, "source", "192.0.2.1:5060");
    assert_member(object, "trunk", "pbx");
    assert_member(object, "customer", "17");
    assert_member(object, "tenant", "acme");
    assert_member(object, "tenant_kind", "customer");
    assert_member(object, "call_id", "call-1@192.0.2.1");
    assert_member(object, "orig", "12155551212");
    assert_member(object, "dest", "12155559876");
    assert_member(object, "conf", "0123456789abcdef");
    assert_member(object, "result", "signed");
    assert_member(object, "attest", "A");
    assert_member(object, "rule", "own");
    assert_member(object, "proof", "owned by customer 17 (numbers main, line 3: 12155551212)");
    assert_member(object, "signer", "main");
    assert_member(object, "serial", "0a0b");
    assert_member(object, "x5u", "https://cr.example/1.pem");
    assert_member(object, "origid", "123e4567-e89b-12d3-a456-426655440000");
    assert_string_equal(json_string_value(json_array_get(json_object_get(object, "identity"), 0)), "ey.ours.sig;info=<https://cr.example/1.pem>;ppt=shaken");
    json_decref(object);
}

static void evidence_of_an_unsigned_call_says_why(void **state)
{
    struct stir_record record = record_of_sign();
    (void)state;
    record.result = STIR_SIGN_UNSIGNED;
    record.attest = 0;
    record.why = "no rule matches";
    json_t *object = evidence_of(&record, false);
    assert_member(object, "result", "unsigned");
    assert_member(object, "why", "no rule matches");
    assert_null(json_object_get(object, "attest"));
    json_decref(object);
}

static void evidence_of_a_verified_call_has_every_check(void **state)
{
    const struct stir_record record = record_of_verify(STIR_R_ORIG_MISMATCH);
    (void)state;
    json_t *object = evidence_of(&record, false);
    assert_member(object, "kind", "verify");
    assert_member(object, "action", "stop");
    assert_member(object, "reason", "orig-mismatch");
    assert_member(object, "request_id", "req-7");
    assert_member(object, "chain_sha256", "abcd000000000000000000000000000000000000000000000000000000000000");
    const json_t *token = json_array_get(json_object_get(json_object_get(object, "verdict"), "tokens"), 0);
    assert_int_equal(json_array_size(json_object_get(token, "checks")), 2);
    assert_member(json_array_get(json_object_get(token, "checks"), 1), "detail", "the token says 12155550000, the call 12155551212");
    json_decref(object);
}

static void a_call_without_an_answer_says_why_and_no_action(void **state)
{
    struct stir_record record = record_of_verify(STIR_R_NONE);
    (void)state;
    record.verdict = NULL;
    record.unanswered = true;
    record.why = "cancelled by the caller's side while it waited";
    json_t *object = evidence_of(&record, false);
    assert_true(json_is_true(json_object_get(object, "unanswered")));
    assert_member(object, "why", record.why);
    assert_null(json_object_get(object, "action"));
    assert_null(json_object_get(object, "verstat"));
    json_decref(object);
    assert_int_equal(stir_record_level(&record), STIR_LOG_NOTICE);
    record.unanswered = false;
    object = evidence_of(&record, false);
    assert_null(json_object_get(object, "unanswered"));
    assert_non_null(json_object_get(object, "action"));
    json_decref(object);
}

static void evidence_in_short_is_bounded_and_holds_hashes(void **state)
{
    static char big[200000];
    static struct stir_slice identities[STIR_MAX_IDENTITIES];
    struct stir_record record = record_of_verify(STIR_R_ORIG_MISMATCH);
    size_t n;
    (void)state;
    memset(big, 1, sizeof(big) - 1);
    for (size_t i = 0; i < STIR_MAX_IDENTITIES; i++)
        identities[i] = S(big);
    record.identities = identities;
    record.n_identities = STIR_MAX_IDENTITIES;
    record.call_id = record.request_id = record.orig = record.dest = record.ruri = record.date = S(big);
    record.why = big;
    (void)evidence(&record, true, &n);
    assert_true(n < 65536);
    json_t *object = evidence_of(&record, true);
    const json_t *first = json_array_get(json_object_get(object, "identity"), 0);
    assert_int_equal(json_integer_value(json_object_get(first, "bytes")), sizeof(big) - 1);
    assert_int_equal(strlen(json_string_value(json_object_get(first, "sha256"))), 64);
    assert_true(json_is_true(json_object_get(object, "in_short")));
    json_decref(object);
}

static void what_is_no_call_is_a_line_too(void **state)
{
    char buf[STIR_LOG_LINE];
    struct stir_writer w = stir_writer_of(buf, sizeof(buf));
    (void)state;
    stir_put_log_say(&w, RECORD_TIME, 1, "reload", S("numbers.txt:3: 12155551212 stands twice\nreally"), true, &masked);
    json_t *line = parsed(text_of(&w));
    assert_member(line, "level", "warning");
    assert_member(line, "event", "reload");
    assert_member(line, "text", "numbers.txt:3: 121555512xx stands twice\nreally");
    json_decref(line);
    w = stir_writer_of(buf, sizeof(buf));
    stir_put_log_say(&w, RECORD_TIME, 0, "evidence", S("full"), false, &masked);
    assert_string_equal(text_of(&w), "2025-11-21T12:41:07.123Z error evidence text=\"full\"\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_two_digits_of_a_number_are_hidden),
        cmocka_unit_test(numbers_within_a_sentence_are_hidden_and_addresses_are_not),
        cmocka_unit_test(a_hash_tells_numbers_apart_and_not_which_they_are),
        cmocka_unit_test(characters_that_could_break_a_line_are_escaped),
        cmocka_unit_test(the_line_of_a_signed_call_says_what_was_done),
        cmocka_unit_test(the_line_of_a_verified_call_says_the_reason),
        cmocka_unit_test(no_line_shows_a_whole_number),
        cmocka_unit_test(no_value_of_a_call_makes_a_second_line_or_field),
        cmocka_unit_test(the_longest_values_fit_into_a_line),
        cmocka_unit_test(evidence_of_a_signed_call_has_the_numbers_in_full_and_the_ground),
        cmocka_unit_test(evidence_of_an_unsigned_call_says_why),
        cmocka_unit_test(a_call_without_an_answer_says_why_and_no_action),
        cmocka_unit_test(evidence_of_a_verified_call_has_every_check),
        cmocka_unit_test(evidence_in_short_is_bounded_and_holds_hashes),
        cmocka_unit_test(what_is_no_call_is_a_line_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
