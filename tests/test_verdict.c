#include "call_group.h"

#include <jansson.h>

static struct stir_verdict *verdict_of(const char *from, int64_t later, bool signed_call)
{
    static char identity[4096];
    struct stir_policy policy = support_policy("shaken");
    pki_sign(&pki, identity, sizeof(identity), GOOD_HEADER, GOOD_PAYLOAD, GOOD_PARAMS);
    struct stir_slice value = S(identity);
    struct stir_call call = call_of(&value, from, DEST);
    if (!signed_call)
        call.n_identity = 0;
    return call_verify(&call, &policy, pki.trust, stir_slice_of(pki.pem, pki.pem_len), NOW + later);
}

/*= RFC8224-6.2a test */
static void the_line_says_the_result(void **state)
{
    (void)state;
    char line[1024];
    size_t n;
    struct stir_verdict *v = verdict_of(ORIG, 12, true);
    assert_err(stir_verdict_line(line, sizeof(line), &n, v), STIR_OK);
    assert_string_equal(line, "TN-Validation-Passed attest=A spc=709J orig=" ORIG " dest=" DEST " age=12s warnings=1"); /* no CRL was given */
    stir_verdict_free(v);
    v = verdict_of(ORIG, 3600, true);
    assert_err(stir_verdict_line(line, sizeof(line), &n, v), STIR_OK);
    assert_string_equal(line, "No-TN-Validation reason=iat-stale sip=403 \"Stale Date\" orig=" ORIG " dest=" DEST
                              ": the token is older than the policy allows (3600 s old, 60 allowed)");
    stir_verdict_free(v);
    v = verdict_of(ORIG, 0, false);
    assert_err(stir_verdict_line(line, sizeof(line), &n, v), STIR_OK);
    assert_string_equal(line, "No-TN-Validation reason=identity-missing sip=428 \"Use Identity Header\": the call carries no Identity header");
    stir_verdict_free(v);
}

static void the_json_has_its_schema(void **state)
{
    (void)state;
    static const char *const members[] = {"schema", "verstat", "attest", "orig", "dest", "origid", "iat", "x5u", "spc", "reason", "sip", "tokens"};
    static const struct {
        const char *from;
        int64_t later;
        bool is_signed;
    } calls[] = {{ORIG, 0, true}, {"12155559999", 0, true}, {ORIG, 0, false}};
    for (size_t i = 0; i < 3; i++) {
        char text[32768];
        size_t n;
        struct stir_verdict *v = verdict_of(calls[i].from, calls[i].later, calls[i].is_signed);
        assert_err(stir_verdict_json(text, sizeof(text), &n, v), STIR_OK);
        json_error_t error;
        json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
        if (!root)
            fail_msg("%s at %d: %s", error.text, error.position, text);
        for (size_t m = 0; m < sizeof(members) / sizeof(members[0]); m++)
            if (!json_object_get(root, members[m]))
                fail_msg("no %s in %s", members[m], text);
        assert_int_equal(json_integer_value(json_object_get(root, "schema")), 1);
        assert_string_equal(json_string_value(json_object_get(root, "verstat")), stir_verstat_text(v->verstat));
        if (v->reason == STIR_R_NONE) {
            assert_true(json_is_null(json_object_get(root, "reason")) && json_is_null(json_object_get(root, "sip")));
        } else {
            assert_string_equal(json_string_value(json_object_get(root, "reason")), stir_reason_name(v->reason));
            assert_int_equal(json_integer_value(json_object_get(json_object_get(root, "sip"), "code")), stir_reason_info(v->reason)->sip_code);
        }
        json_t *tokens = json_object_get(root, "tokens");
        assert_int_equal(json_array_size(tokens), v->n_tokens);
        if (v->n_tokens) {
            json_t *checks = json_object_get(json_array_get(tokens, 0), "checks"), *check = json_array_get(checks, 12);
            assert_int_equal(json_array_size(checks), STIR_CHECK_COUNT - 1);
            assert_string_equal(json_string_value(json_object_get(check, "name")), "iat");
            assert_string_equal(json_string_value(json_object_get(check, "result")), "pass");
            assert_true(json_object_get(check, "reason") && json_object_get(check, "clause"));
        }
        json_decref(root);
        stir_verdict_free(v);
    }
}

static void every_writer_says_how_much_it_needs(void **state)
{
    (void)state;
    enum stir_err (*const writers[])(char *, size_t, size_t *, const struct stir_verdict *) = {stir_verdict_line, stir_verdict_explain, stir_verdict_json};
    struct stir_verdict *v = verdict_of("12155559999", 0, true);
    for (size_t i = 0; i < 3; i++) {
        char whole[32768], *exact, none[1] = {'x'};
        size_t n = 0, need = 0;
        assert_err(writers[i](none, 0, &need, v), STIR_ELIMIT);
        assert_int_equal(none[0], 'x');
        assert_err(writers[i](whole, sizeof(whole), &n, v), STIR_OK);
        assert_int_equal(n, need);
        assert_int_equal(strlen(whole), n);
        exact = malloc(n + 1);
        assert_err(writers[i](exact, n, &need, v), STIR_ELIMIT);
        assert_err(writers[i](exact, n + 1, &need, v), STIR_OK);
        assert_string_equal(exact, whole);
        free(exact);
        assert_err(writers[i](NULL, 1, &n, v), STIR_EARG);
        assert_err(writers[i](whole, 1, &n, NULL), STIR_EARG);
    }
    stir_verdict_free(v);
}

static void the_reason_header_names_cause_and_token(void **state)
{
    (void)state;
    char text[1024];
    size_t n;
    struct stir_verdict *v = verdict_of("12155559999", 0, true);
    assert_err(stir_verdict_reason_header(text, sizeof(text), &n, v, 0), STIR_OK);
    assert_memory_equal(text, "STIR ;cause=438 ;text=\"Invalid Identity Header\" ;ppi=\"..", 56);
    assert_int_equal(n, 56 + 86 + 1);
    assert_err(stir_verdict_reason_header(text, sizeof(text), &n, v, 1), STIR_EARG);
    stir_verdict_free(v);
    v = verdict_of(ORIG, 0, false);
    assert_err(stir_verdict_reason_header(text, sizeof(text), &n, v, 0), STIR_OK);
    assert_string_equal(text, "STIR ;cause=428 ;text=\"Use Identity Header\"");
    stir_verdict_free(v);
    v = verdict_of(ORIG, 0, true);
    assert_err(stir_verdict_reason_header(text, sizeof(text), &n, v, 0), STIR_ENOTFOUND);
    stir_verdict_free(v);
}

static void the_explanation_names_every_check(void **state)
{
    (void)state;
    char text[16384];
    size_t n;
    struct stir_verdict *v = verdict_of("12155559999", 0, true);
    assert_err(stir_verdict_explain(text, sizeof(text), &n, v), STIR_OK);
    for (unsigned c = 1; c < STIR_CHECK_COUNT; c++)
        if (!strstr(text, stir_check_name((enum stir_check_id)c)))
            fail_msg("%s is not explained", stir_check_name((enum stir_check_id)c));
    assert_non_null(strstr(text, "orig is " ORIG ", the message says 12155559999"));
    assert_non_null(strstr(text, "[RFC 8224 6.2.4]"));
    stir_verdict_free(v);
    stir_verdict_free(NULL);
}

static void the_catalogue_is_whole(void **state)
{
    (void)state;
    size_t rows = 0;
    int last = 0;
    for (const struct stir_reason_info *info; (info = stir_reason_at(rows)) != NULL; rows++) {
        if ((int)info->reason <= last)
            fail_msg("%s is out of order", info->name);
        last = (int)info->reason;
        assert_ptr_equal(stir_reason_info(info->reason), info);
        assert_int_equal(stir_reason_by_name(S(info->name)), info->reason);
        bool sip = info->sip_code == 403 || info->sip_code == 428 || (info->sip_code >= 436 && info->sip_code <= 438) || info->sip_code == 500;
        if (!sip || !info->text[0] || !info->clause[0] || !info->sip_phrase[0])
            fail_msg("%s is not whole", info->name);
        if (info->severity > info->severity_strict)
            fail_msg("%s: strict is milder than the default", info->name);
        for (size_t k = 0; k < rows; k++)
            if (strcmp(stir_reason_at(k)->name, info->name) == 0)
                fail_msg("%s stands twice", info->name);
    }
    assert_true(rows > 80);
    assert_null(stir_reason_info(STIR_R_NONE));
    assert_null(stir_reason_info((enum stir_reason)99999));
    assert_string_equal(stir_reason_name(STIR_R_NONE), "none");
    assert_int_equal(stir_reason_by_name(S("nothing")), STIR_R_NONE);
    assert_string_equal(stir_check_name(STIR_CHECK_NONE), "none");
    assert_string_equal(stir_check_name((enum stir_check_id)1000), "none");
    assert_string_equal(stir_check_question((enum stir_check_id)1000), "");
    for (unsigned e = 0; e < 18; e++)
        assert_true(strlen(stir_err_name((enum stir_err)e)) > 5 && stir_err_text((enum stir_err)e)[0]);
    assert_string_equal(stir_err_name((enum stir_err)999), "STIR_E?");
    assert_string_equal(stir_err_text((enum stir_err)999), "unknown error");
    assert_true(strlen(stir_version()) >= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line_says_the_result),
        cmocka_unit_test(the_json_has_its_schema),
        cmocka_unit_test(every_writer_says_how_much_it_needs),
        cmocka_unit_test(the_reason_header_names_cause_and_token),
        cmocka_unit_test(the_explanation_names_every_check),
        cmocka_unit_test(the_catalogue_is_whole),
    };
    return cmocka_run_group_tests_name("verdict", tests, make_pki, free_pki);
}
