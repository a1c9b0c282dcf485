/* Who answers (RFC 9970): responses signed and verified. */
#include "call_group.h"

#define OK "SIP/2.0 200 OK\r\n"
#define INVITE "INVITE sip:+" DEST "@h SIP/2.0\r\n"
#define DATE "Date: Mon, 21 Sep 2026 14:13:20 GMT\r\n"
#define PARTIES "From: <sip:+" ORIG "@h>;tag=1\r\nTo: <sip:+" DEST "@h>;tag=2\r\nCall-ID: 1@h\r\nCSeq: 1 INVITE\r\n"

static enum stir_err sign(char *out, size_t cap, size_t *n, const char *first, const char *headers, enum stir_ppt ppt, const struct stir_cert *cert,
                          struct stir_diag *diag)
{
    char message[2048];
    struct stir_attest_params params = STIR_ATTEST_PARAMS_INIT;
    params.claims.ppt = ppt;
    params.claims.x5u = S(X5U);
    if (ppt == STIR_PPT_SHAKEN) {
        params.claims.attest = 'A';
        params.claims.origid = S(ORIGID);
    }
    params.now = NOW;
    params.cert = cert;
    snprintf(message, sizeof(message), "%s%s%s\r\n", first, PARTIES, headers);
    return stir_attest_invite(out, cap, n, NULL, S(message), &params, &pki.signer, pki.ctx, diag);
}

static struct stir_verdict *judge(struct stir_slice message, struct stir_slice pem)
{
    struct stir_policy policy = support_policy("shaken");
    struct stir_sip sip;
    assert_err(stir_sip_parse(&sip, message, NULL), STIR_OK);
    return call_verify(&sip.call, &policy, pki.trust, pem, NOW);
}

/*= RFC9970-4 test */
static void a_response_is_signed_by_who_answers(void **state)
{
    (void)state;
    static const struct {
        const char *name, *first, *headers;
        enum stir_ppt ppt;
        enum stir_err err;
        const char *says;
    } rows[] = {
        {"200", OK, DATE, STIR_PPT_RSP, STIR_OK, ""},
        {"100", "SIP/2.0 100 Trying\r\n", DATE, STIR_PPT_RSP, STIR_OK, ""},
        {"183", "SIP/2.0 183 Session Progress\r\n", "", STIR_PPT_RSP, STIR_OK, ""},
        {"299", "SIP/2.0 299 Almost\r\n", DATE, STIR_PPT_RSP, STIR_OK, ""},
        {"302", "SIP/2.0 302 Moved\r\n", DATE, STIR_PPT_RSP, STIR_ESYNTAX, "302"},
        {"486", "SIP/2.0 486 Busy\r\n", DATE, STIR_PPT_RSP, STIR_ESYNTAX, "486"},
        {"a request", INVITE, DATE, STIR_PPT_RSP, STIR_ESYNTAX, "never in a request"},
        {"another kind in a response", OK, DATE, STIR_PPT_SHAKEN, STIR_ESYNTAX, "with ppt rsp"},
        {"a stale Date", OK, "Date: Mon, 21 Sep 2026 14:11:20 GMT\r\n", STIR_PPT_RSP, STIR_ETIME, "stale"},
        {"who answers asserts himself", OK, DATE "P-Asserted-Identity: <tel:+" DEST ">\r\n", STIR_PPT_RSP, STIR_OK, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char out[8192];
        size_t n;
        struct stir_diag diag = {0};
        enum stir_err err = sign(out, sizeof(out), &n, rows[i].first, rows[i].headers, rows[i].ppt, pki.leaf, &diag);
        if (err != rows[i].err || !strstr(diag.text, rows[i].says))
            fail_msg("%s: %s \"%s\"", rows[i].name, stir_err_name(err), diag.text);
        if (err != STIR_OK)
            continue;
        struct stir_verdict *verdict = judge(stir_slice_of(out, n), body());
        if (verdict->connected != STIR_CONNECTED_PASSED || verdict->tokens[0].reason != STIR_R_NONE)
            fail_msg("%s: %s", rows[i].name, stir_reason_name(verdict->tokens[0].reason));
        if (!stir_slice_is(verdict->tokens[0].orig, ORIG) || !stir_slice_is(verdict->tokens[0].dest[0], DEST))
            fail_msg("%s: %.*s", rows[i].name, (int)verdict->tokens[0].orig.n, verdict->tokens[0].orig.p);
        assert_int_equal(verdict->verstat, STIR_VERSTAT_NO); /* of who calls it says nothing */
        stir_verdict_free(verdict);
    }
}

static void the_signer_holds_the_number_that_answers(void **state)
{
    (void)state;
    static const struct {
        const char *first;
        bool covered;
    } lists[] = {{ORIG, false}, {DEST, true}};
    for (size_t i = 0; i < 2; i++) {
        struct stir_tnauth_entry one = {STIR_TNAUTH_ONE, S(lists[i].first), 0};
        struct stir_tnauth *list = pki_list(&one, 1);
        struct stir_cert *leaf = pki_leaf(&pki, list, NOW - 100, NOW + 1000);
        struct pki other = pki;
        char out[8192];
        size_t n;
        other.pem_len = 0;
        pki_add_pem(&other, leaf);
        pki_add_pem(&other, pki.ca);
        assert_err(sign(out, sizeof(out), &n, OK, DATE, STIR_PPT_RSP, leaf, NULL), lists[i].covered ? STIR_OK : STIR_EVALUE);
        assert_err(sign(out, sizeof(out), &n, OK, DATE, STIR_PPT_RSP, NULL, NULL), STIR_OK);
        struct stir_verdict *verdict = judge(stir_slice_of(out, n), stir_slice_of(other.pem, other.pem_len));
        assert_int_equal(verdict->connected, lists[i].covered ? STIR_CONNECTED_PASSED : STIR_CONNECTED_FAILED);
        assert_int_equal(verdict->tokens[0].reason, lists[i].covered ? STIR_R_NONE : STIR_R_NOT_AUTHORISED);
        stir_verdict_free(verdict);
        stir_cert_free(leaf);
        stir_tnauth_free(list);
    }
}

static struct stir_slice exchanged(char *to, size_t cap, const char *text, const char *from, const char *by)
{
    const char *at = strstr(text, from);
    assert_non_null(at);
    snprintf(to, cap, "%.*s%s%s", (int)(at - text), text, by, at + strlen(from));
    return S(to);
}

/*= RFC9970-9 test */
static void the_verdict_says_who_answers_of_responses_alone(void **state)
{
    (void)state;
    static const struct {
        const char *name, *from, *by;
        enum stir_connected connected;
        const char *line, *json;
    } rows[] = {
        {"good", OK, OK, STIR_CONNECTED_PASSED, "No-TN-Validation connected=passed spc=709J orig=" ORIG " dest=" DEST " age=0s", "\"connected\":\"passed\""},
        {"another answers", "To: <sip:+" DEST, "To: <sip:+12125550199", STIR_CONNECTED_FAILED, "No-TN-Validation connected=failed reason=dest-mismatch",
         "\"connected\":\"failed\""},
        {"another called", "From: <sip:+" ORIG, "From: <sip:+12155559999", STIR_CONNECTED_FAILED, "No-TN-Validation connected=failed reason=orig-mismatch",
         "\"connected\":\"failed\""},
        {"in a request", OK, INVITE, STIR_CONNECTED_UNKNOWN, "No-TN-Validation reason=ppt-unsupported", "\"connected\":null"},
        {"unsigned", "Identity:", "X-Identity:", STIR_CONNECTED_UNKNOWN, "No-TN-Validation reason=identity-missing", "\"connected\":null"},
    };
    char out[8192];
    size_t n;
    assert_err(sign(out, sizeof(out), &n, OK, DATE, STIR_PPT_RSP, NULL, NULL), STIR_OK);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static char changed[8192], text[16384];
        struct stir_verdict *verdict = judge(exchanged(changed, sizeof(changed), out, rows[i].from, rows[i].by), body());
        assert_err(stir_verdict_line(text, sizeof(text), &n, verdict), STIR_OK);
        if (verdict->connected != rows[i].connected || strncmp(text, rows[i].line, strlen(rows[i].line)) != 0)
            fail_msg("%s: %s: %s", rows[i].name, stir_connected_text(verdict->connected), text);
        assert_err(stir_verdict_json(text, sizeof(text), &n, verdict), STIR_OK);
        if (!strstr(text, rows[i].json))
            fail_msg("%s: %s", rows[i].name, text);
        stir_verdict_free(verdict);
    }
}

#define TARGET "12125550177"
#define OTHER "12125550188"

static void put_token(char *buf, size_t cap, const char *ppt, const char *dest, const char *div, const char *orig)
{
    char header[256], payload[512], params[128], diverter[64] = "";
    snprintf(header, sizeof(header), "{\"alg\":\"ES256\",\"ppt\":\"%s\",\"typ\":\"passport\",\"x5u\":\"" X5U "\"}", ppt);
    if (div)
        snprintf(diverter, sizeof(diverter), "\"div\":{\"tn\":\"%s\"},", div);
    snprintf(payload, sizeof(payload), "{\"dest\":{\"tn\":[\"%s\"]},%s\"iat\":1790000000,\"orig\":{\"tn\":\"%s\"}}", dest, diverter, orig);
    snprintf(params, sizeof(params), ";info=<" X5U ">;ppt=%s", ppt);
    pki_sign(&pki, buf, cap, header, payload, params);
}

/* Somebody else answers than was called: his token counts where div tokens lead from the callee to him. */
/*= RFC9970-6 test */
static void who_answers_in_anothers_place_needs_the_way_there(void **state)
{
    (void)state;
    static const struct {
        const char *name, *rsp; /* who answers */
        const char *divs[2][3]; /* from, to, orig */
        enum stir_reason reason;
    } rows[] = {
        {"the callee answers", DEST, {{NULL}}, STIR_R_NONE},
        {"one diversion", TARGET, {{DEST, TARGET, ORIG}}, STIR_R_NONE},
        {"two, in any order", TARGET, {{OTHER, TARGET, ORIG}, {DEST, OTHER, ORIG}}, STIR_R_NONE},
        {"no way", TARGET, {{NULL}}, STIR_R_DEST_MISMATCH},
        {"a way to somebody else", TARGET, {{DEST, OTHER, ORIG}}, STIR_R_DEST_MISMATCH},
        {"a way from somebody else", TARGET, {{OTHER, TARGET, ORIG}}, STIR_R_DEST_MISMATCH},
        {"a way of another call", TARGET, {{DEST, TARGET, "12155559999"}}, STIR_R_DEST_MISMATCH},
        {"a way with a hole", TARGET, {{DEST, OTHER, ORIG}, {"12125550199", TARGET, ORIG}}, STIR_R_DEST_MISMATCH},
        {"the way back", DEST, {{TARGET, DEST, ORIG}}, STIR_R_NONE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static char text[3][4096];
        struct stir_slice values[3];
        struct stir_policy policy = support_policy("shaken");
        size_t n = 1;
        put_token(text[0], sizeof(text[0]), "rsp", rows[i].rsp, NULL, ORIG);
        for (size_t d = 0; d < 2 && rows[i].divs[d][0]; d++, n++)
            put_token(text[n], sizeof(text[n]), "div", rows[i].divs[d][1], rows[i].divs[d][0], rows[i].divs[d][2]);
        for (size_t k = 0; k < n; k++)
            values[k] = S(text[k]);
        struct stir_call call = call_of(values, ORIG, DEST);
        call.n_identity = n;
        call.is_response = true;
        struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, body(), NOW);
        if (verdict->tokens[0].reason != rows[i].reason || verdict->connected != (rows[i].reason ? STIR_CONNECTED_FAILED : STIR_CONNECTED_PASSED))
            fail_msg("%s: %s", rows[i].name, stir_reason_name(verdict->tokens[0].reason));
        if (strcmp(rows[i].rsp, TARGET) == 0 && !rows[i].reason && !stir_slice_is(verdict->tokens[0].path[verdict->tokens[0].n_path - 1], TARGET))
            fail_msg("%s: %zu steps", rows[i].name, verdict->tokens[0].n_path);
        stir_verdict_free(verdict);
    }
}

/* A forged div token leads nowhere. */
static void a_bad_diversion_leads_to_nobody(void **state)
{
    (void)state;
    static char rsp[4096], div[4096];
    struct stir_policy policy = support_policy("shaken");
    put_token(rsp, sizeof(rsp), "rsp", TARGET, NULL, ORIG);
    put_token(div, sizeof(div), "div", TARGET, DEST, ORIG);
    char *in_signature = div + strcspn(div, ";") - 20;
    *in_signature = *in_signature == 'A' ? 'B' : 'A';
    struct stir_slice values[] = {S(rsp), S(div)};
    struct stir_call call = call_of(values, ORIG, DEST);
    call.n_identity = 2;
    call.is_response = true;
    struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, body(), NOW);
    assert_int_equal(verdict->connected, STIR_CONNECTED_FAILED);
    assert_int_equal(verdict->tokens[0].reason, STIR_R_DIV_CHAIN_BROKEN);
    stir_verdict_free(verdict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_response_is_signed_by_who_answers),
        cmocka_unit_test(the_signer_holds_the_number_that_answers),
        cmocka_unit_test(the_verdict_says_who_answers_of_responses_alone),
        cmocka_unit_test(who_answers_in_anothers_place_needs_the_way_there),
        cmocka_unit_test(a_bad_diversion_leads_to_nobody),
    };
    return cmocka_run_group_tests_name("rsp", tests, make_pki, free_pki);
}
