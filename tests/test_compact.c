/* Claims that the message says (RFC 8224 §4.1.1, RFC 9795 §9, §12): the compact form there and back, and the name that is shown. */
#include "call_group.h"

#define BODY "v=0\r\n"
#define KEYS BODY "a=fingerprint:sha-256 4A:AD:B9:B1\r\na=fingerprint:SHA-256 02:1a:cc:54\r\n"
#define DATE "Date: Mon, 21 Sep 2026 14:13:20 GMT\r\n"

/* An INVITE: From's name as it stands before '<', further headers, a body of SDP. */
static struct stir_slice invite_of(char buf[4096], const char *name, const char *headers, const char *body)
{
    snprintf(buf, 4096,
             "INVITE sip:+" DEST "@h SIP/2.0\r\nFrom: %s<sip:+" ORIG "@h>;tag=1\r\nTo: <sip:+" DEST
             "@h>\r\nCall-ID: 1@h\r\n%sContent-Type: application/sdp\r\n\r\n%s",
             name, headers, body);
    return S(buf);
}

static struct stir_attest_params params_of(enum stir_ppt ppt, bool compact)
{
    struct stir_attest_params params = STIR_ATTEST_PARAMS_INIT;
    params.claims.ppt = ppt;
    params.claims.x5u = S(X5U);
    params.now = NOW;
    params.style.compact = compact;
    return params;
}

/* The verdict of a message under rfc8224, which takes the compact form. */
static struct stir_verdict *judge(struct stir_slice message, int64_t now)
{
    struct stir_policy policy = support_policy("rfc8224");
    struct stir_sip sip;
    assert_err(stir_sip_parse(&sip, message, NULL), STIR_OK);
    return call_verify(&sip.call, &policy, pki.trust, stir_slice_of(pki.pem, pki.pem_len), now);
}

/*= RFC9795-9.3 RFC9795-12.2a test */
static void what_is_signed_in_compact_form_is_rebuilt(void **state)
{
    (void)state;
    static const struct {
        const char *name, *from, *headers, *body;
        enum stir_ppt ppt;
        const char *rcd, *crn; /* as the verdict shows them */
    } rows[] = {
        {"no kind", "Alice ", DATE, BODY, STIR_PPT_NONE, NULL, NULL},
        {"Date put in", "Alice ", "", BODY, STIR_PPT_NONE, NULL, NULL},
        {"media keys", "Alice ", DATE, KEYS, STIR_PPT_NONE, NULL, NULL},
        {"a reason that no base token has", "Alice ", DATE "Call-Info: <data:>;call-reason=\"x\"\r\n", BODY, STIR_PPT_NONE, NULL, NULL},
        {"a name", "Alice ", DATE, BODY, STIR_PPT_RCD, "{\"nam\":\"Alice\"}", NULL},
        {"a quoted name", "\"Alice, \\\"Al\\\" \\\\ Example\" ", DATE, BODY, STIR_PPT_RCD, "{\"nam\":\"Alice, \\\"Al\\\" \\\\ Example\"}", NULL},
        {"a folded name", "\"Alice\r\n \t Example\" ", DATE, BODY, STIR_PPT_RCD, "{\"nam\":\"Alice Example\"}", NULL},
        {"a name of other letters", "J\xc3\xbcrgen ", DATE, BODY, STIR_PPT_RCD, "{\"nam\":\"J\xc3\xbcrgen\"}", NULL},
        {"no name", "", DATE, BODY, STIR_PPT_RCD, "{\"nam\":\"\"}", NULL},
        {"an empty name", "\"\" ", DATE, BODY, STIR_PPT_RCD, "{\"nam\":\"\"}", NULL},
        {"name and keys", "Alice ", DATE, KEYS, STIR_PPT_RCD, "{\"nam\":\"Alice\"}", NULL},
        {"a reason", "Alice ", DATE "Call-Info: <data:>;purpose=jcard;call-reason=\"For \\\"your\\\" ears\"\r\n", BODY, STIR_PPT_RCD, "{\"nam\":\"Alice\"}",
         "For \"your\" ears"},
        {"a jCard has no compact form", "Alice ", DATE "Call-Info: <data:application/json,[\"vcard\",[[]]]>;purpose=jcard\r\n", BODY, STIR_PPT_RCD,
         "{\"nam\":\"Alice\"}", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char message[4096], out[8192];
        size_t n;
        struct stir_diag diag = {0};
        struct stir_attest_params params = params_of(rows[i].ppt, true);
        enum stir_err err = stir_attest_invite(out, sizeof(out), &n, NULL, invite_of(message, rows[i].from, rows[i].headers, rows[i].body), &params,
                                               &pki.signer, pki.ctx, &diag);
        if (err != STIR_OK || !strstr(out, "Identity: ..") || strstr(out, "Identity: ..;"))
            fail_msg("%s: %s %s", rows[i].name, stir_err_name(err), diag.text);
        struct stir_verdict *verdict = judge(stir_slice_of(out, n), NOW);
        const struct stir_token_verdict *t = &verdict->tokens[0];
        if (verdict->reason != STIR_R_NONE)
            fail_msg("%s: %s", rows[i].name, stir_reason_name(verdict->reason));
        if (!stir_slice_is(t->rcd, rows[i].rcd ? rows[i].rcd : "") || !stir_slice_is(t->crn, rows[i].crn ? rows[i].crn : ""))
            fail_msg("%s: rcd %.*s, crn %.*s", rows[i].name, (int)t->rcd.n, t->rcd.p, (int)t->crn.n, t->crn.p);
        stir_verdict_free(verdict);
    }
}

/* Every part of the message that a compact token stands for: another one there, and the signature is of something else. */
static void another_message_breaks_the_compact_form(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to; /* what is exchanged */
        enum stir_reason reason;
    } rows[] = {
        {"Alice <", "Alicf <", STIR_R_SIGNATURE_BAD},
        {"Alice <", "<", STIR_R_SIGNATURE_BAD},
        {"\"ears\"", "\"eyes\"", STIR_R_SIGNATURE_BAD},
        {"Call-Info", "Call-Info-X", STIR_R_SIGNATURE_BAD},
        {"From: Alice <sip:+12155551212", "From: Alice <sip:+12155551213", STIR_R_SIGNATURE_BAD},
        {"To: <sip:+12125550100", "To: <sip:+12125550101", STIR_R_SIGNATURE_BAD},
        {"14:13:20", "14:13:21", STIR_R_SIGNATURE_BAD},
        {"B9:B1", "B9:B2", STIR_R_SIGNATURE_BAD},
        {"ppt=rcd", "ppt=xrd", STIR_R_COMPACT_FORM},
        {";ppt=rcd", "", STIR_R_SIGNATURE_BAD},
        {"14:13:20", "14:11:20", STIR_R_DATE_STALE},
        {"Date:", "Datum:", STIR_R_DATE_MISSING},
        {"Mon, 21", "Mon 21", STIR_R_DATE_MISSING},
    };
    char message[4096], out[8192];
    size_t n;
    struct stir_attest_params params = params_of(STIR_PPT_RCD, true);
    struct stir_slice invite = invite_of(message, "Alice ", DATE "Call-Info: <data:>;call-reason=\"ears\"\r\n", KEYS);
    assert_err(stir_attest_invite(out, sizeof(out), &n, NULL, invite, &params, &pki.signer, pki.ctx, NULL), STIR_OK);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char changed[8192];
        char *at = strstr(out, rows[i].from);
        assert_non_null(at);
        snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - out), out, rows[i].to, at + strlen(rows[i].from));
        struct stir_verdict *verdict = judge(S(changed), NOW);
        if (verdict->reason != rows[i].reason)
            fail_msg("%s: %s", rows[i].to, stir_reason_name(verdict->reason));
        stir_verdict_free(verdict);
    }
}

/*= RFC8224-4.1i RFC9795-9.1 RFC9795-9.2 RFC9795-12.1c test */
static void what_the_message_does_not_say_has_no_compact_form(void **state)
{
    (void)state;
    static const struct {
        const char *name, *from, *headers;
        enum stir_ppt ppt;
        const char *rcd, *rcdi, *crn, *iss;
        int64_t iat;
        enum stir_err err;
        const char *says;
    } rows[] = {
        {"the same name given", "Alice ", DATE, STIR_PPT_RCD, "{ \"nam\" : \"Alice\" }", NULL, NULL, NULL, 0, STIR_OK, ""},
        {"another name", "Alice ", DATE, STIR_PPT_RCD, "{\"nam\":\"Bob\"}", NULL, NULL, NULL, 0, STIR_EVALUE, "full form"},
        {"a name beside none", "", DATE, STIR_PPT_RCD, "{\"nam\":\"Bob\"}", NULL, NULL, NULL, 0, STIR_EVALUE, "full form"},
        {"an icon", "Alice ", DATE, STIR_PPT_RCD, "{\"icn\":\"https://h.example/i\",\"nam\":\"Alice\"}", NULL, NULL, NULL, 0, STIR_EVALUE, "full form"},
        {"a linked jCard", "Alice ", DATE, STIR_PPT_RCD, "{\"jcl\":\"https://h.example/c\",\"nam\":\"Alice\"}", NULL, NULL, NULL, 0, STIR_EVALUE, "full form"},
        {"a jCard", "Alice ", DATE, STIR_PPT_RCD, "{\"jcd\":[\"vcard\",[[]]],\"nam\":\"Alice\"}", NULL, NULL, NULL, 0, STIR_EVALUE, "full form"},
        {"digests", "Alice ", DATE, STIR_PPT_RCD, "{\"nam\":\"Alice\"}", "{}", NULL, NULL, 0, STIR_EVALUE, "rcdi"},
        {"a third party", "Alice ", DATE, STIR_PPT_RCD, NULL, NULL, NULL, "Test Provider", 0, STIR_EVALUE, "iss"},
        {"a reason that is not there", "Alice ", DATE, STIR_PPT_RCD, NULL, NULL, "x", NULL, 0, STIR_EVALUE, "call-reason"},
        {"the reason that is", "Alice ", DATE "Call-Info: <data:>;call-reason=\"x\"\r\n", STIR_PPT_RCD, NULL, NULL, "x", NULL, 0, STIR_OK, ""},
        {"another time than Date", "Alice ", DATE, STIR_PPT_NONE, NULL, NULL, NULL, NULL, NOW - 1, STIR_ETIME, "Date"},
        {"the time of Date", "Alice ", DATE, STIR_PPT_NONE, NULL, NULL, NULL, NULL, NOW, STIR_OK, ""},
        {"a base token with a name", "Alice ", DATE, STIR_PPT_NONE, "{\"nam\":\"Alice\"}", NULL, NULL, NULL, 0, STIR_EVALUE, "message"},
        {"a base token with a reason", "Alice ", DATE, STIR_PPT_NONE, NULL, NULL, "x", NULL, 0, STIR_EVALUE, "message"},
        {"a name that is not UTF-8", "\"\xff\" ", DATE, STIR_PPT_RCD, NULL, NULL, NULL, NULL, 0, STIR_EVALUE, "display name"},
        {"rcd that is no JSON", "Alice ", DATE, STIR_PPT_RCD, "{\"nam\":", NULL, NULL, NULL, 0, STIR_EJSON, ""},
        {"shaken", "Alice ", DATE, STIR_PPT_SHAKEN, NULL, NULL, NULL, NULL, 0, STIR_EVALUE, ""},
        {"rph", "Alice ", DATE, STIR_PPT_RPH, NULL, NULL, NULL, NULL, 0, STIR_EVALUE, "no verifier"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char message[4096], out[8192];
        size_t n;
        struct stir_diag diag = {0};
        struct stir_attest_params params = params_of(rows[i].ppt, true);
        params.claims.rcd = S(rows[i].rcd);
        params.claims.rcdi = S(rows[i].rcdi);
        params.claims.crn = S(rows[i].crn);
        params.claims.iss = S(rows[i].iss);
        params.claims.iat = rows[i].iat;
        enum stir_err err =
            stir_attest_invite(out, sizeof(out), &n, NULL, invite_of(message, rows[i].from, rows[i].headers, BODY), &params, &pki.signer, pki.ctx, &diag);
        if (err != rows[i].err || !strstr(diag.text, rows[i].says))
            fail_msg("%s: %s \"%s\"", rows[i].name, stir_err_name(err), diag.text);
    }
}

/* By default a name comes from From; a reason is somebody's to give. */
static void a_full_token_takes_its_name_from_the_message(void **state)
{
    (void)state;
    char message[4096], out[8192];
    size_t n;
    struct stir_attest_params params = params_of(STIR_PPT_RCD, false);
    struct stir_slice invite = invite_of(message, "\"Alice \\\"Al\\\"\" ", DATE "Call-Info: <data:>;call-reason=\"x\"\r\n", BODY);
    assert_err(stir_attest_invite(out, sizeof(out), &n, NULL, invite, &params, &pki.signer, pki.ctx, NULL), STIR_OK);
    struct stir_verdict *verdict = judge(stir_slice_of(out, n), NOW);
    assert_int_equal(verdict->reason, STIR_R_NONE);
    assert_true(stir_slice_is(verdict->tokens[0].rcd, "{\"nam\":\"Alice \\\"Al\\\"\"}"));
    assert_null(verdict->tokens[0].crn.p);
    stir_verdict_free(verdict);
}

/*= RFC9795-12.2d test */
static void the_name_is_held_against_what_the_message_shows(void **state)
{
    (void)state;
    static const struct {
        const char *name, *from, *headers, *nam;
        bool differs;
    } rows[] = {
        {"the same", "Alice ", DATE, "Alice", false},
        {"the same in quotes", "\"Al\\ice\" ", DATE, "Alice", false},
        {"another", "Alice ", DATE, "Bob", true},
        {"another case", "Alice ", DATE, "alice", true},
        {"none is shown", "", DATE, "Bob", false},
        {"an empty one is shown", "\"\" ", DATE, "Bob", false},
        {"none is signed", "Alice ", DATE, "", true},
        {"as the network asserts it", "Alice ", DATE "P-Asserted-Identity: \"Bob\" <tel:+12155551212>\r\n", "Bob", false},
        {"the network asserts another", "", DATE "P-Asserted-Identity: \"Bob\" <tel:+12155551212>\r\n", "Eve", true},
        {"From's, and the network asserts another", "Alice ", DATE "P-Asserted-Identity: \"Bob\" <tel:+12155551212>\r\n", "Alice", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char message[4096], out[8192], rcd[128];
        size_t n;
        struct stir_attest_params params = params_of(STIR_PPT_RCD, false);
        snprintf(rcd, sizeof(rcd), "{\"nam\":\"%s\"}", rows[i].nam);
        params.claims.rcd = S(rcd);
        assert_err(stir_attest_invite(out, sizeof(out), &n, NULL, invite_of(message, rows[i].from, rows[i].headers, BODY), &params, &pki.signer, pki.ctx, NULL),
                   STIR_OK);
        struct stir_verdict *verdict = judge(stir_slice_of(out, n), NOW);
        const struct stir_check *check = check_of(verdict, STIR_CHECK_RCD);
        assert_int_equal(verdict->reason, STIR_R_NONE); /* whatever it is */
        if (check->outcome != (rows[i].differs ? STIR_WARNING : STIR_PASS) || check->reason != (rows[i].differs ? STIR_R_RCD_NAME : STIR_R_NONE))
            fail_msg("%s: %s %s", rows[i].name, stir_outcome_text(check->outcome), stir_reason_name(check->reason));
        stir_verdict_free(verdict);
    }
}

/*= RFC8224-4.1k test */
static void media_keys_are_signed_where_they_must_or_shall_be(void **state)
{
    (void)state;
    static const struct {
        const char *name, *body;
        enum stir_ppt ppt;
        bool asked;
        const char *signs; /* NULL: refused */
    } rows[] = {
        {"a token of no kind", KEYS, STIR_PPT_NONE, false, "021ACC54"},
        {"one of another", KEYS, STIR_PPT_RCD, false, ""},
        {"one of another, asked", KEYS, STIR_PPT_RCD, true, "021ACC54"},
        {"no SDP of keys", BODY, STIR_PPT_NONE, false, ""},
        {"no SDP of keys, asked", BODY, STIR_PPT_NONE, true, NULL},
        {"a key that is none", BODY "a=fingerprint:sha-256 xyz\r\n", STIR_PPT_NONE, false, NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char message[4096], out[8192];
        size_t n;
        struct stir_sip sip;
        struct stir_identity identity;
        struct stir_passport *token = NULL;
        struct stir_attest_params params = params_of(rows[i].ppt, false);
        params.media_keys = rows[i].asked;
        enum stir_err err =
            stir_attest_invite(out, sizeof(out), &n, NULL, invite_of(message, "Alice ", DATE, rows[i].body), &params, &pki.signer, pki.ctx, NULL);
        if (err != (rows[i].signs ? STIR_OK : STIR_EVALUE))
            fail_msg("%s: %s", rows[i].name, stir_err_name(err));
        if (err != STIR_OK)
            continue;
        assert_err(stir_sip_parse(&sip, stir_slice_of(out, n), NULL), STIR_OK);
        assert_err(stir_identity_parse(&identity, sip.call.identity[0], STIR_IDENTITY_STRICT, NULL, NULL), STIR_OK);
        assert_err(stir_passport_parse(&token, &identity), STIR_OK);
        char mky[512];
        snprintf(mky, sizeof(mky), "%.*s", (int)token->mky.n, token->mky.p ? token->mky.p : "");
        if ((token->mky.p != NULL) != (rows[i].signs[0] != '\0') || !strstr(mky, rows[i].signs))
            fail_msg("%s: mky is \"%s\"", rows[i].name, mky);
        stir_passport_free(token);
    }
}

static void a_policy_that_takes_the_full_form_alone_says_so(void **state)
{
    (void)state;
    char message[4096], out[8192];
    size_t n;
    struct stir_policy policy = support_policy("shaken");
    struct stir_sip sip;
    struct stir_attest_params params = params_of(STIR_PPT_RCD, true);
    assert_err(stir_attest_invite(out, sizeof(out), &n, NULL, invite_of(message, "Alice ", DATE, BODY), &params, &pki.signer, pki.ctx, NULL), STIR_OK);
    assert_err(stir_sip_parse(&sip, stir_slice_of(out, n), NULL), STIR_OK);
    struct stir_verdict *verdict = call_verify(&sip.call, &policy, pki.trust, stir_slice_of(pki.pem, pki.pem_len), NOW);
    assert_int_equal(verdict->tokens[0].reason, STIR_R_COMPACT_FORM);
    assert_non_null(strstr(check_of(verdict, STIR_CHECK_FORM)->detail, "full form"));
    stir_verdict_free(verdict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_signed_in_compact_form_is_rebuilt),         cmocka_unit_test(another_message_breaks_the_compact_form),
        cmocka_unit_test(what_the_message_does_not_say_has_no_compact_form), cmocka_unit_test(a_full_token_takes_its_name_from_the_message),
        cmocka_unit_test(the_name_is_held_against_what_the_message_shows),   cmocka_unit_test(media_keys_are_signed_where_they_must_or_shall_be),
        cmocka_unit_test(a_policy_that_takes_the_full_form_alone_says_so),
    };
    return cmocka_run_group_tests_name("compact", tests, make_pki, free_pki);
}
