#include "call_group.h"

static struct stir_party party(const char *text)
{
    struct stir_party p = {0};
    assert_err(stir_party_parse(&p, S(text), NULL), STIR_OK);
    return p;
}

/* A good request; the parties live in the caller's hands. */
static struct stir_attest_params good(const struct stir_party *orig, const struct stir_party *dest)
{
    struct stir_attest_params params = STIR_ATTEST_PARAMS_INIT;
    params.claims.ppt = STIR_PPT_SHAKEN;
    params.claims.x5u = S(X5U);
    params.claims.attest = 'A';
    params.claims.origid = S(ORIGID);
    params.claims.orig = orig;
    params.claims.dest = dest;
    params.claims.n_dest = 1;
    params.cert = pki.leaf;
    params.now = NOW;
    return params;
}

/*= RFC8224-6.1k test */
static void the_header_is_canonical_and_passes(void **state)
{
    (void)state;
    struct stir_party orig = party(ORIG), dest = party(DEST);
    struct stir_attest_params params = good(&orig, &dest);
    struct stir_policy strict = support_policy("strict");
    char value[4096];
    size_t n;
    assert_err(stir_attest(value, sizeof(value), &n, &params, &pki.signer, pki.ctx, NULL), STIR_OK);
    assert_int_equal(n, strlen(value));
    struct stir_slice identity = stir_slice_of(value, n);
    struct stir_identity parts;
    struct stir_passport *token = NULL;
    assert_err(stir_identity_parse(&parts, identity, STIR_IDENTITY_STRICT, NULL, NULL), STIR_OK);
    assert_err(stir_passport_parse(&token, &parts), STIR_OK);
    assert_slice(token->header_json, GOOD_HEADER);
    assert_slice(token->payload_json, GOOD_PAYLOAD);
    assert_int_equal(token->n_faults, 0);
    stir_passport_free(token);
    struct stir_call call = call_of(&identity, ORIG, DEST);
    struct stir_verdict *verdict = call_verify(&call, &strict, pki.trust, stir_slice_of(pki.pem, pki.pem_len), NOW);
    if (verdict->reason != STIR_R_NONE)
        fail_msg("%s", stir_reason_name(verdict->reason));
    stir_verdict_free(verdict);
}

/*= RFC8224-6.1g RFC8225-5.1.1b RFC8588-5 RFC9795-12.1a test */
static void what_a_verifier_would_refuse_is_refused(void **state)
{
    (void)state;
    enum {
        ATTEST,
        NO_ATTEST,
        ORIGID_BAD,
        ORIGID_NONE,
        X5U_HTTP,
        X5U_NONE,
        X5U_CRLF,
        ORIG_NONE,
        ORIG_URI,
        DEST_NONE,
        IAT_OLD,
        IAT_AHEAD,
        ORIGID_CRLF,
        THIRD_PARTY,
        CASES
    };
    static const enum stir_err wanted[CASES] = {STIR_EVALUE, STIR_EVALUE, STIR_EVALUE, STIR_EVALUE, STIR_EVALUE, STIR_EVALUE, STIR_EVALUE,
                                                STIR_EVALUE, STIR_EVALUE, STIR_EVALUE, STIR_ETIME,  STIR_ETIME,  STIR_EVALUE, STIR_EVALUE};
    struct stir_party orig = party(ORIG), dest = party(DEST), uri = party("sip:alice@example.com"), none = {0};
    for (int i = 0; i < CASES; i++) {
        struct stir_attest_params params = good(&orig, &dest);
        struct stir_diag diag = {0};
        char value[4096];
        size_t n;
        switch (i) {
        case ATTEST: params.claims.attest = 'D'; break;
        case NO_ATTEST: params.claims.attest = 0; break;
        case ORIGID_BAD: params.claims.origid = S("some-guid"); break;
        case ORIGID_NONE: params.claims.origid = S(NULL); break;
        case X5U_HTTP: params.claims.x5u = S("http://cr.example.com/c.pem"); break;
        case X5U_NONE: params.claims.x5u = S(NULL); break;
        case X5U_CRLF: params.claims.x5u = S("https://cr.example.com/c\r\nVia: x"); break;
        case ORIG_NONE: params.claims.orig = &none; break;
        case ORIG_URI: params.claims.orig = &uri; break;
        case DEST_NONE: params.claims.n_dest = 0; break;
        case IAT_OLD: params.claims.iat = NOW - 61; break;
        case IAT_AHEAD: params.claims.iat = NOW + 61; break;
        case ORIGID_CRLF: params.claims.origid = S("123e4567-e89b-12d3-a456-4266554400\r\n"); break;
        case THIRD_PARTY: params.claims.iss = S("Test Provider"); break; /* the signer's own name, in a token that vouches for the caller */
        default: break;
        }
        enum stir_err err = stir_attest(value, sizeof(value), &n, &params, &pki.signer, pki.ctx, &diag);
        if (err != wanted[i] || !diag.text[0])
            fail_msg("case %d: %s \"%s\"", i, stir_err_name(err), diag.text);
    }
}

/* A time or a window that no clock has would overflow where they are added. */
static void times_beyond_time_are_refused(void **state)
{
    (void)state;
    static const struct {
        int64_t now, iat, window;
        enum stir_err err;
    } times[] = {{INT64_MAX, 0, 0, STIR_EARG},    {INT64_MIN, 0, 0, STIR_EARG},    {-1, 0, 0, STIR_EARG},
                 {NOW, INT64_MIN, 0, STIR_ETIME}, {NOW, INT64_MAX, 0, STIR_ETIME}, {NOW, 0, INT64_MAX, STIR_EARG},
                 {NOW, 0, -1, STIR_EARG},         {NOW, NOW - 100, 100, STIR_OK},  {NOW, -5, 0, STIR_ETIME}};
    struct stir_party orig = party(ORIG), dest = party(DEST);
    static const char invite[] =
        "INVITE sip:+12125550100@h SIP/2.0\r\nFrom: <sip:+12155551212@h>;tag=1\r\nTo: <sip:+12125550100@h>\r\nDate: Mon, 21 Sep 2026 14:13:20 GMT\r\n\r\n";
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        struct stir_attest_params params = good(&orig, &dest);
        char value[8192];
        size_t n;
        params.now = times[i].now;
        params.claims.iat = times[i].iat;
        params.max_date_age = times[i].window;
        enum stir_err err = stir_attest(value, sizeof(value), &n, &params, &pki.signer, pki.ctx, NULL);
        if (err != times[i].err)
            fail_msg("row %zu: %s", i, stir_err_name(err));
        params.claims.orig = params.claims.dest = NULL;
        params.claims.n_dest = 0;
        err = stir_attest_invite(value, sizeof(value), &n, NULL, S(invite), &params, &pki.signer, pki.ctx, NULL);
        if (err != times[i].err)
            fail_msg("INVITE, row %zu: %s", i, stir_err_name(err));
    }
}

/* No verifier takes the compact form of a shaken token (RFC 8588 §3). */
/*= RFC8224-4.1.1 RFC8224-9b RFC8225-7a RFC8225-8d RFC8946-3d RFC9795-9.1 RFC9795-9.2 RFC9795-12.1c test */
static void the_compact_form_is_for_base_tokens_only(void **state)
{
    (void)state;
    struct stir_party orig = party(ORIG), dest = party(DEST);
    struct stir_attest_params params = good(&orig, &dest);
    struct stir_diag diag = {0};
    char value[4096];
    size_t n;
    params.style.compact = true;
    assert_err(stir_attest(value, sizeof(value), &n, &params, &pki.signer, pki.ctx, &diag), STIR_EVALUE);
    assert_non_null(strstr(diag.text, "compact"));
    params.claims.ppt = STIR_PPT_NONE; /* with claims that the message does not hold nobody could rebuild it either */
    assert_err(stir_attest(value, sizeof(value), &n, &params, &pki.signer, pki.ctx, &diag), STIR_EVALUE);
    params.claims.attest = 0;
    params.claims.origid = S(NULL);
    assert_err(stir_attest(value, sizeof(value), &n, &params, &pki.signer, pki.ctx, &diag), STIR_OK);
    assert_int_equal(strncmp(value, "..", 2), 0);
}

/* A verifier would refuse the whole call (STIR_R_IDENTITY_TOO_MANY). */
static void an_invite_that_is_full_is_not_signed(void **state)
{
    (void)state;
    static char message[8192], value[20000];
    for (int headers = STIR_MAX_IDENTITIES - 1; headers <= STIR_MAX_IDENTITIES; headers++) {
        struct stir_attest_params params = good(NULL, NULL);
        struct stir_diag diag = {0};
        size_t n, at = (size_t)snprintf(message, sizeof(message),
                                        "INVITE sip:+12125550100@h SIP/2.0\r\nFrom: <sip:+12155551212@h>;tag=1\r\nTo: <sip:+12125550100@h>\r\n");
        params.claims.n_dest = 0;
        for (int i = 0; i < headers; i++)
            at += (size_t)snprintf(message + at, sizeof(message) - at, "Identity: a.b.c;info=<https://h/c>;ppt=div\r\n");
        at += (size_t)snprintf(message + at, sizeof(message) - at, "\r\n");
        enum stir_err err = stir_attest_invite(value, sizeof(value), &n, NULL, stir_slice_of(message, at), &params, &pki.signer, pki.ctx, &diag);
        assert_err(err, headers == STIR_MAX_IDENTITIES ? STIR_ELIMIT : STIR_OK);
    }
}

/*= RFC8224-6.1a RFC8224-6.1d RFC8224-6.1h RFC8946-3h RFC8946-4.1c test */
static void a_certificate_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    struct stir_party orig = party(ORIG), dest = party(DEST);
    struct stir_attest_params params = good(&orig, &dest);
    struct stir_tnauth_entry elsewhere = {STIR_TNAUTH_RANGE, S("12155559000"), 100};
    struct stir_tnauth *list = pki_list(&elsewhere, 1);
    struct stir_cert *expired = pki_leaf(&pki, pki.list, NOW - 1000, NOW - 1), *early = pki_leaf(&pki, pki.list, NOW + 1, NOW + 1000);
    struct stir_cert *foreign = pki_leaf(&pki, list, NOW - 1000, NOW + 1000);
    const struct {
        const char *name;
        const struct stir_cert *cert;
        enum stir_err err;
    } cases[] = {{"CA", pki.ca, STIR_EMISMATCH}, {"expired", expired, STIR_ETIME}, {"early", early, STIR_ETIME}, {"another number", foreign, STIR_EVALUE}};
    char value[4096];
    size_t n;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        params.cert = cases[i].cert;
        struct stir_diag diag = {0};
        enum stir_err err = stir_attest(value, sizeof(value), &n, &params, &pki.signer, pki.ctx, &diag);
        if (err != cases[i].err)
            fail_msg("%s: %s %s", cases[i].name, stir_err_name(err), diag.text);
    }
    /* Another key than the certificate's. */
    params.cert = pki.leaf;
    assert_err(stir_attest(value, sizeof(value), &n, &params, &pki.ca_signer, pki.ctx, NULL), STIR_EMISMATCH);
    stir_cert_free(expired);
    stir_cert_free(early);
    stir_cert_free(foreign);
    stir_tnauth_free(list);
}

/* The certificate of RFC 9118 §5 asks for a claim "confidence". */
/*= RFC8226-8c test */
static void claims_that_the_certificate_asks_for_are_not_left_out(void **state)
{
    (void)state;
    struct stir_party orig = party(ORIG), dest = party(DEST);
    struct stir_attest_params params = good(&orig, &dest);
    struct stir_cert *cert = NULL;
    struct stir_attest prepared;
    struct stir_diag diag = {0};
    assert_int_equal(support_certs(&cert, 1, "vectors/rfc/rfc9118-certificate.pem"), 1);
    params.now = 1650000000;
    params.cert = cert;
    assert_err(stir_attest_prepare(&prepared, &params, NULL, NULL, &diag), STIR_EVALUE);
    if (strncmp(diag.text, "confidence: ", 12) != 0)
        fail_msg("%s", diag.text);
    params.cert = NULL;
    assert_err(stir_attest_prepare(&prepared, &params, NULL, NULL, &diag), STIR_OK);
    support_certs_free(&cert, 1);
}

static void a_signer_may_answer_later(void **state)
{
    (void)state;
    struct stir_party orig = party(ORIG), dest = party(DEST);
    struct stir_attest_params params = good(&orig, &dest);
    struct stir_attest prepared;
    unsigned char sig[STIR_ES256_SIG];
    char value[4096], small[64];
    size_t n, need;
    assert_err(stir_attest_prepare(&prepared, &params, NULL, NULL, NULL), STIR_OK);
    assert_err(stir_es256_sign(pki.ctx, pki.key, prepared.digest, sig), STIR_OK);
    assert_err(stir_attest_finish(small, sizeof(small), &need, &prepared, sig), STIR_ELIMIT);
    assert_err(stir_attest_finish(value, sizeof(value), &n, &prepared, sig), STIR_OK);
    assert_int_equal(n, need);
    struct stir_policy policy = support_policy("shaken");
    struct stir_slice identity = stir_slice_of(value, n);
    struct stir_call call = call_of(&identity, ORIG, DEST);
    struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, stir_slice_of(pki.pem, pki.pem_len), NOW);
    assert_int_equal(verdict->reason, STIR_R_NONE);
    stir_verdict_free(verdict);
}

/*= RFC8224-6.1j RFC8946-4.1d RFC9795-12.1b test */
static void the_style_of_the_header_can_be_chosen(void **state)
{
    (void)state;
    struct stir_party orig = party(ORIG), dest = party(DEST);
    struct stir_attest_params params = good(&orig, &dest);
    char value[4096];
    size_t n;
    params.style.quoted_ppt = true;
    assert_err(stir_attest(value, sizeof(value), &n, &params, &pki.signer, pki.ctx, NULL), STIR_OK);
    assert_non_null(strstr(value, ";info=<" X5U ">;alg=ES256;ppt=\"shaken\""));
    params.style.quoted_ppt = false;
    assert_err(stir_attest(value, sizeof(value), &n, &params, &pki.signer, pki.ctx, NULL), STIR_OK);
    assert_non_null(strstr(value, ";info=<" X5U ">;alg=ES256;ppt=shaken"));
}

static const char invite[] = "INVITE sip:+12125550100@as.example.net SIP/2.0\r\n"
                             "Via: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\r\n"
                             "From: Alice <sip:+12155551212@gw.example.com>;tag=u1\r\n"
                             "To: <sip:+12125550100@as.example.net>\r\n"
                             "Call-ID: 1@192.0.2.10\r\n"
                             "CSeq: 1 INVITE\r\n"
                             "%s"
                             "Content-Length: 4\r\n"
                             "\r\n"
                             "v=0\r";

static enum stir_err sign_invite(char *out, size_t cap, struct stir_attest_report *report, const char *extra, struct stir_diag *diag)
{
    struct stir_attest_params params = good(NULL, NULL);
    char message[4096];
    size_t n;
    params.claims.n_dest = 0;
    snprintf(message, sizeof(message), invite, extra);
    return stir_attest_invite(out, cap, &n, report, S(message), &params, &pki.signer, pki.ctx, diag);
}

/*= RFC8224-6.1f RFC8224-6.1i test */
static void an_invite_is_signed_and_otherwise_unchanged(void **state)
{
    (void)state;
    char out[8192], plain[4096];
    struct stir_attest_report report;
    struct stir_sip sip;
    assert_err(sign_invite(out, sizeof(out), &report, "", NULL), STIR_OK);
    assert_true(report.date_added);
    assert_false(report.over_1300);
    snprintf(plain, sizeof(plain), invite, "");
    assert_int_equal(strlen(out), strlen(plain) + report.bytes_added);
    assert_memory_equal(out + report.identity_at, "Identity: ", 10);
    assert_err(stir_sip_parse(&sip, S(out), NULL), STIR_OK);
    assert_slice(sip.call.date, "Mon, 21 Sep 2026 14:13:20 GMT");
    assert_slice(sip.body, "v=0\r");
    /* Without the two lines it is the message that went in. */
    char *date = strstr(out, "Date: "), *identity = strstr(out, "Identity: ");
    assert_true(date && identity && date < identity);
    char *identity_end = strstr(identity, "\r\n") + 2;
    memmove(identity, identity_end, strlen(identity_end) + 1);
    char *date_end = strstr(date, "\r\n") + 2;
    memmove(date, date_end, strlen(date_end) + 1);
    assert_string_equal(out, plain);
}

/*= RFC8224-4.1e RFC8224-4.1g test */
static void the_signed_invite_passes(void **state)
{
    (void)state;
    char out[8192];
    struct stir_sip sip;
    struct stir_policy strict = support_policy("strict");
    assert_err(sign_invite(out, sizeof(out), NULL, "Date: Mon, 21 Sep 2026 14:13:00 GMT\r\n", NULL), STIR_OK);
    assert_err(stir_sip_parse(&sip, S(out), NULL), STIR_OK);
    struct stir_verdict *verdict = call_verify(&sip.call, &strict, pki.trust, stir_slice_of(pki.pem, pki.pem_len), NOW);
    if (verdict->reason != STIR_R_NONE)
        fail_msg("%s", stir_reason_name(verdict->reason));
    assert_int_equal(verdict->tokens[0].iat, NOW - 20); /* the Date's time, as RFC 8224 §4.1 would have it */
    stir_verdict_free(verdict);
}

/*= RFC8224-4.1j test */
static void invites_that_may_not_be_signed_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *extra;
        enum stir_err err;
    } cases[] = {
        {"Date: Mon, 21 Sep 2026 14:12:19 GMT\r\n", STIR_ETIME},
        {"Date: Mon, 21 Sep 2026 14:14:21 GMT\r\n", STIR_ETIME},
        {"Date: yesterday\r\n", STIR_ESYNTAX},
        {"From: <sip:+12155559999@h>\r\n", STIR_ESYNTAX},
        {"Identity: aaaa.bbbb.cccc;info=<" X5U ">;ppt=shaken\r\n", STIR_ESTATE},
    };
    char out[8192];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct stir_diag diag = {0};
        enum stir_err err = sign_invite(out, sizeof(out), NULL, cases[i].extra, &diag);
        if (err != cases[i].err)
            fail_msg("%s: %s %s", cases[i].extra, stir_err_name(err), diag.text);
    }
    struct stir_attest_params params = good(NULL, NULL);
    char message[4096];
    size_t n;
    params.claims.n_dest = 0;
    /* A fresh iat makes a stale Date no better. */
    params.claims.iat = NOW;
    snprintf(message, sizeof(message), invite, cases[0].extra);
    assert_err(stir_attest_invite(out, sizeof(out), &n, NULL, S(message), &params, &pki.signer, pki.ctx, NULL), STIR_ETIME);
    params.claims.iat = 0;
    assert_err(stir_attest_invite(out, sizeof(out), &n, NULL, S("junk"), &params, &pki.signer, pki.ctx, NULL), STIR_ESYNTAX);
    assert_err(stir_attest_invite(out, sizeof(out), &n, NULL, S("OPTIONS sip:a@b SIP/2.0\r\nFrom: <sip:+12155551212@h>\r\nTo: <sip:+12125550100@h>\r\n\r\n"),
                                  &params, &pki.signer, pki.ctx, NULL),
               STIR_ESYNTAX);
}

static void a_long_invite_is_reported(void **state)
{
    (void)state;
    char out[8192], extra[1024];
    struct stir_attest_report report;
    memset(extra, 'x', 900);
    memcpy(extra, "X: ", 3);
    memcpy(extra + 900, "\r\n", 3);
    assert_err(sign_invite(out, sizeof(out), &report, extra, NULL), STIR_OK);
    assert_true(report.over_1300);
}

static void claims_are_signed_in_canonical_form_and_only_as_es256(void **state)
{
    (void)state;
    char out[4096];
    size_t n;
    struct stir_diag diag = {0};
    assert_err(stir_attest_claims(out, sizeof(out), &n, S("{\"typ\":\"passport\", \"alg\":\"ES256\"}"), S("{ \"b\":1,\"a\":2 }"), &pki.signer, pki.ctx, &diag),
               STIR_OK);
    static const char canonical[] = "eyJhbGciOiJFUzI1NiIsInR5cCI6InBhc3Nwb3J0In0.eyJhIjoyLCJiIjoxfQ.";
    assert_memory_equal(out, canonical, sizeof(canonical) - 1);
    assert_int_equal(n, sizeof(canonical) - 1 + 86);
    assert_err(stir_attest_claims(out, sizeof(out), &n, S("{\"alg\":\"HS256\"}"), S("{}"), &pki.signer, pki.ctx, &diag), STIR_EVALUE);
    assert_err(stir_attest_claims(out, sizeof(out), &n, S("{\"alg\":\"none\"}"), S("{}"), &pki.signer, pki.ctx, &diag), STIR_EVALUE);
    assert_err(stir_attest_claims(out, sizeof(out), &n, S("{\"alg\":\"ES256\",\"alg\":\"ES256\"}"), S("{}"), &pki.signer, pki.ctx, &diag), STIR_EJSON);
    assert_err(stir_attest_claims(out, sizeof(out), &n, S("[]"), S("{}"), &pki.signer, pki.ctx, &diag), STIR_EVALUE);
    assert_err(stir_attest_claims(out, sizeof(out), &n, S("{}"), S("junk"), &pki.signer, pki.ctx, &diag), STIR_EJSON);
}

/* RFC 8946 §4.1: whoever was called and sends the call on signs for its own number. */
static const char retargeted[] = "INVITE sip:+%s@as.example.net SIP/2.0\r\n"
                                 "From: <sip:+12155551212@gw.example.com>;tag=u1\r\n"
                                 "To: <sip:+12125550100@as.example.net>\r\n"
                                 "Date: Mon, 21 Sep 2026 14:13:20 GMT\r\n"
                                 "%s\r\n";

static enum stir_err divert(char *out, size_t cap, const char *target, const char *identity, const struct stir_cert *cert, struct stir_diag *diag)
{
    struct stir_attest_params params = good(NULL, NULL);
    char message[8192], header[4096] = "";
    size_t n;
    if (identity)
        snprintf(header, sizeof(header), "Identity: %s\r\n", identity);
    snprintf(message, sizeof(message), retargeted, target, header);
    params.claims.ppt = STIR_PPT_DIV;
    params.claims.attest = 0;
    params.claims.origid = S(NULL);
    params.claims.n_dest = 0;
    params.cert = cert;
    return stir_attest_invite(out, cap, &n, NULL, S(message), &params, &pki.signer, pki.ctx, diag);
}

/*= RFC8946-3g RFC8946-4.1b test */
static void a_diverted_call_is_signed_for_the_number_that_was_called(void **state)
{
    (void)state;
    char original[4096], out[16384];
    struct stir_policy policy = support_policy("shaken");
    struct stir_sip sip;
    pki_sign(&pki, original, sizeof(original), GOOD_HEADER, GOOD_PAYLOAD, GOOD_PARAMS);
    assert_err(divert(out, sizeof(out), "12125550199", original, pki.leaf, NULL), STIR_OK);
    assert_err(stir_sip_parse(&sip, S(out), NULL), STIR_OK);
    assert_int_equal(sip.call.n_identity, 2);
    bool kept = false;
    for (size_t i = 0; i < 2; i++)
        kept = kept || stir_slice_is(sip.call.identity[i], original);
    if (!kept)
        fail_msg("the original Identity is not in the request any more");
    struct stir_verdict *verdict = call_verify(&sip.call, &policy, pki.trust, stir_slice_of(pki.pem, pki.pem_len), NOW);
    assert_int_equal(verdict->reason, STIR_R_NONE);
    assert_int_equal(verdict->tokens[verdict->deciding].n_path, 2);
    assert_slice(verdict->tokens[verdict->deciding].path[0], DEST);
    assert_slice(verdict->tokens[verdict->deciding].path[1], "12125550199");
    for (size_t i = 0; i < 2; i++)
        assert_slice(verdict->tokens[i].orig, ORIG);
    stir_verdict_free(verdict);
}

/*= RFC8946-3b RFC8946-3f RFC8946-4.1a test */
static void calls_that_were_not_diverted_are_not_signed_as_such(void **state)
{
    (void)state;
    struct stir_tnauth_entry callers = {STIR_TNAUTH_ONE, S(ORIG), 1}, callees = {STIR_TNAUTH_ONE, S(DEST), 1};
    struct stir_tnauth *of_caller = pki_list(&callers, 1), *of_callee = pki_list(&callees, 1);
    struct stir_cert *caller = pki_leaf(&pki, of_caller, NOW - 1000, NOW + 1000), *callee = pki_leaf(&pki, of_callee, NOW - 1000, NOW + 1000);
    char original[4096], out[16384];
    pki_sign(&pki, original, sizeof(original), GOOD_HEADER, GOOD_PAYLOAD, GOOD_PARAMS);
    const struct {
        const char *name, *target, *identity;
        const struct stir_cert *cert;
        enum stir_err err;
    } cases[] = {
        {"by the number that was called", "12125550199", original, callee, STIR_OK},
        {"by the caller's number", "12125550199", original, caller, STIR_EVALUE},
        {"without Identity", "12125550199", NULL, callee, STIR_ESTATE},
        {"to the number that was called", DEST, original, callee, STIR_ESTATE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct stir_diag diag = {0};
        enum stir_err err = divert(out, sizeof(out), cases[i].target, cases[i].identity, cases[i].cert, &diag);
        if (err != cases[i].err)
            fail_msg("%s: %s %s", cases[i].name, stir_err_name(err), diag.text);
    }
    stir_cert_free(caller);
    stir_cert_free(callee);
    stir_tnauth_free(of_caller);
    stir_tnauth_free(of_callee);
}

static void uuids_are_random_and_known_by_their_form(void **state)
{
    (void)state;
    char a[37], b[37];
    assert_err(stir_uuid(a), STIR_OK);
    assert_err(stir_uuid(b), STIR_OK);
    assert_true(stir_is_uuid(S(a)) && stir_is_uuid(S(b)));
    assert_string_not_equal(a, b);
    assert_int_equal(a[14], '4');
    assert_true(stir_is_uuid(S("123E4567-e89b-12d3-a456-426655440000")));
    assert_false(stir_is_uuid(S("123e4567-e89b-12d3-a456-42665544000")));
    assert_false(stir_is_uuid(S("123e4567-e89b-12d3-a456-42665544000g")));
    assert_false(stir_is_uuid(S("123e4567ae89b-12d3-a456-426655440000")));
    assert_false(stir_is_uuid(S("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_header_is_canonical_and_passes),
        cmocka_unit_test(what_a_verifier_would_refuse_is_refused),
        cmocka_unit_test(a_certificate_that_does_not_fit_is_refused),
        cmocka_unit_test(times_beyond_time_are_refused),
        cmocka_unit_test(the_compact_form_is_for_base_tokens_only),
        cmocka_unit_test(an_invite_that_is_full_is_not_signed),
        cmocka_unit_test(claims_that_the_certificate_asks_for_are_not_left_out),
        cmocka_unit_test(a_signer_may_answer_later),
        cmocka_unit_test(the_style_of_the_header_can_be_chosen),
        cmocka_unit_test(an_invite_is_signed_and_otherwise_unchanged),
        cmocka_unit_test(the_signed_invite_passes),
        cmocka_unit_test(invites_that_may_not_be_signed_are_refused),
        cmocka_unit_test(a_long_invite_is_reported),
        cmocka_unit_test(claims_are_signed_in_canonical_form_and_only_as_es256),
        cmocka_unit_test(a_diverted_call_is_signed_for_the_number_that_was_called),
        cmocka_unit_test(calls_that_were_not_diverted_are_not_signed_as_such),
        cmocka_unit_test(uuids_are_random_and_known_by_their_form),
    };
    return cmocka_run_group_tests_name("attest", tests, make_pki, free_pki);
}
