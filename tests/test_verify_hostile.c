/* Ways in which a bad call could pass for a good one: softened rules that leave nothing judged, answers that are none, kinds that vouch for nobody. */
#include "call_group.h"

/* A good call whose signature is another's. */
static void forge(char *buf, size_t cap)
{
    struct stir_key *right = pki.key, *wrong = NULL;
    assert_err(stir_key_generate(&wrong), STIR_OK);
    pki.held.key = wrong;
    pki_sign(&pki, buf, cap, GOOD_HEADER, GOOD_PAYLOAD, GOOD_PARAMS);
    pki.held.key = right;
    stir_key_free(wrong);
}

/* Softened as far as any policy can be, or switched off, a reason alone or all together never let a forged token in. */
static void no_policy_lets_a_forgery_in(void **state)
{
    (void)state;
    char identity[4096];
    struct pki stranger = pki;
    forge(identity, sizeof(identity));
    stranger.pem_len = 0;
    pki_add_pem(&stranger, pki.leaf); /* without its issuer */
    struct stir_slice value = S(identity);
    struct stir_slice bodies[] = {body(), stir_slice_of(stranger.pem, stranger.pem_len), S("junk"),
                                  S("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")};
    struct stir_call call = call_of(&value, ORIG, DEST);
    for (int severity = STIR_SEVERITY_OFF; severity <= STIR_SEVERITY_WARN; severity++) {
        for (size_t i = 0; stir_reason_at(i); i++) {
            struct stir_policy policy = support_policy("shaken");
            policy.overrides[0].reason = stir_reason_at(i)->reason;
            policy.overrides[0].severity = (enum stir_severity)severity;
            policy.n_overrides = 1;
            for (size_t b = 0; b < sizeof(bodies) / sizeof(bodies[0]); b++)
                for (int exhaustive = 0; exhaustive < 2; exhaustive++) {
                    policy.exhaustive = exhaustive;
                    struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, bodies[b], NOW);
                    if (verdict->verstat == STIR_VERSTAT_PASSED)
                        fail_msg("body %zu passes with %s at severity %d", b, stir_reason_at(i)->name, severity);
                    stir_verdict_free(verdict);
                }
        }
    }
}

/* The same for the compact form, which has nothing to judge unless it is rebuilt. */
static void no_policy_lets_an_unread_compact_form_in(void **state)
{
    (void)state;
    static const enum stir_reason soft[] = {STIR_R_COMPACT_FORM, STIR_R_DATE_MISSING, STIR_R_CALLEE_UNKNOWN, STIR_R_CALLER_UNKNOWN, STIR_R_INFO_MISSING};
    struct stir_slice value = S("..AAAA;info=<" X5U ">;alg=ES256");
    for (size_t i = 0; i < sizeof(soft) / sizeof(soft[0]); i++)
        for (int allowed = 0; allowed < 2; allowed++) {
            struct stir_policy policy = support_policy("rfc8224");
            struct stir_call call = call_of(&value, ORIG, soft[i] == STIR_R_CALLEE_UNKNOWN ? "" : DEST);
            if (soft[i] != STIR_R_DATE_MISSING)
                call.date = S("Mon, 21 Sep 2026 14:13:20 GMT");
            policy.allow_compact = allowed;
            policy.overrides[0].reason = soft[i];
            policy.overrides[0].severity = STIR_SEVERITY_WARN;
            policy.n_overrides = 1;
            struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, body(), NOW);
            if (verdict->verstat == STIR_VERSTAT_PASSED)
                fail_msg("passes with %s softened", stir_reason_name(soft[i]));
            if (verdict->reason == STIR_R_INTERNAL)
                fail_msg("with %s softened nobody says why", stir_reason_name(soft[i]));
            stir_verdict_free(verdict);
        }
}

/* Whatever reason is given for a certificate that does not come, the call does not pass without one. */
static void a_missing_certificate_never_passes(void **state)
{
    (void)state;
    char identity[4096];
    struct stir_policy policy = support_policy("shaken");
    pki_sign(&pki, identity, sizeof(identity), GOOD_HEADER, GOOD_PAYLOAD, GOOD_PARAMS);
    struct stir_slice value = S(identity);
    struct stir_call call = call_of(&value, ORIG, DEST);
    for (size_t i = 0; stir_reason_at(i); i++) {
        struct stir_verify *v = NULL;
        struct stir_verdict *verdict = NULL;
        const struct stir_need *needs;
        size_t n;
        assert_err(stir_verify_new(&v, &call, &policy, pki.trust, pki.ctx, NOW), STIR_OK);
        assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
        assert_err(stir_verify_fail(v, needs[0].id, stir_reason_at(i)->reason), STIR_OK);
        assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
        assert_err(stir_verify_take(v, &verdict), STIR_OK);
        if (verdict->verstat == STIR_VERSTAT_PASSED)
            fail_msg("%s", stir_reason_at(i)->name);
        bool fatal = stir_policy_severity(&policy, stir_reason_at(i)->reason) == STIR_SEVERITY_FAIL;
        assert_int_equal(verdict->reason, fatal ? stir_reason_at(i)->reason : STIR_R_INFO_UNREACHABLE);
        stir_verdict_free(verdict);
        stir_verify_free(v);
    }
}

/* Signers of these kinds hold another number than the caller's, or a namespace: alone they say nothing of who calls, whatever a policy accepts. */
static void kinds_that_vouch_for_no_caller_decide_no_call(void **state)
{
    (void)state;
    static const struct {
        const char *ppt, *claims;
    } kinds[] = {
        {"div", ",\"div\":{\"tn\":\"12125550199\"}"},
        {"rph", ",\"rph\":{\"auth\":[\"ets.0\"]}"},
        {"rsp", ""},
        {"foo", ""},
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        char header[256], payload[512], params[128], identity[4096];
        struct stir_policy policy = support_policy("rfc8224");
        policy.accept = ~0u;
        snprintf(header, sizeof(header), "{\"alg\":\"ES256\",\"ppt\":\"%s\",\"typ\":\"passport\",\"x5u\":\"" X5U "\"}", kinds[i].ppt);
        snprintf(payload, sizeof(payload), "{\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":1790000000,\"orig\":{\"tn\":\"" ORIG "\"}%s}", kinds[i].claims);
        snprintf(params, sizeof(params), ";info=<" X5U ">;ppt=%s", kinds[i].ppt);
        pki_sign(&pki, identity, sizeof(identity), header, payload, params);
        struct stir_slice value = S(identity);
        struct stir_call call = call_of(&value, ORIG, DEST);
        call.is_response = true;
        struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, body(), NOW);
        if (verdict->verstat == STIR_VERSTAT_PASSED || verdict->reason == STIR_R_NONE)
            fail_msg("%s: %s", kinds[i].ppt, stir_reason_name(verdict->reason));
        stir_verdict_free(verdict);
    }
}

/*= RFC9795-10a test */
static void rich_call_data_of_third_parties_does_not_decide(void **state)
{
    (void)state;
    static const struct {
        const char *iss;
        enum stir_reason reason;
    } tokens[] = {{"", STIR_R_NONE}, {"\"iss\":\"CNAM Inc\",", STIR_R_RCD_ISSUER}};
    for (size_t i = 0; i < 2; i++) {
        char payload[512], identity[4096];
        struct stir_policy policy = support_policy("rfc8224");
        snprintf(payload, sizeof(payload), "{\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":1790000000,%s\"orig\":{\"tn\":\"" ORIG "\"},\"rcd\":{\"nam\":\"Bank\"}}",
                 tokens[i].iss);
        pki_sign(&pki, identity, sizeof(identity), "{\"alg\":\"ES256\",\"ppt\":\"rcd\",\"typ\":\"passport\",\"x5u\":\"" X5U "\"}", payload,
                 ";info=<" X5U ">;ppt=rcd");
        struct stir_slice value = S(identity);
        struct stir_call call = call_of(&value, ORIG, DEST);
        struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, body(), NOW);
        if (verdict->tokens[0].reason != tokens[i].reason)
            fail_msg("%s: %s", tokens[i].iss, stir_reason_name(verdict->tokens[0].reason));
        assert_int_equal(verdict->verstat, tokens[i].reason ? STIR_VERSTAT_NO : STIR_VERSTAT_PASSED);
        assert_int_equal(verdict->deciding, tokens[i].reason ? -1 : 0);
        stir_verdict_free(verdict);
    }
}

/* A CA's list limits the whole path (RFC 8226 §9): a leaf without one of its own is held to it where a policy bears such leaves. */
static void a_leaf_without_a_list_is_held_to_its_issuers(void **state)
{
    (void)state;
    static const struct {
        const char *orig;
        enum stir_outcome outcome;
    } calls[] = {{"12155551824", STIR_PASS}, {"12155552000", STIR_FAIL}};
    struct stir_slice pem = support_file("chain/delegate-no-list.pem");
    struct stir_trust *trust = support_trust("chain/root.pem");
    struct stir_policy policy = support_policy("shaken");
    policy.tnauth_optional = true;
    for (size_t i = 0; i < 2; i++) {
        char payload[512], identity[4096];
        snprintf(payload, sizeof(payload),
                 "{\"attest\":\"A\",\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":1780272000,\"orig\":{\"tn\":\"%s\"},\"origid\":\"" ORIGID "\"}", calls[i].orig);
        pki_sign(&pki, identity, sizeof(identity), GOOD_HEADER, payload, GOOD_PARAMS);
        struct stir_slice value = S(identity);
        struct stir_call call = call_of(&value, calls[i].orig, DEST);
        struct stir_verdict *verdict = call_verify(&call, &policy, trust, pem, 1780272000);
        if (check_of(verdict, STIR_CHECK_AUTHORITY)->outcome != calls[i].outcome)
            fail_msg("%s: %s", calls[i].orig, stir_outcome_text(check_of(verdict, STIR_CHECK_AUTHORITY)->outcome));
        stir_verdict_free(verdict);
    }
    support_free(pem);
    stir_trust_free(trust);
}

/* policy.h: tel before sip. An upstream that reads the first of two, and one that reads the second, must not be played against each other. */
static void the_asserted_tel_speaks_before_the_asserted_sip(void **state)
{
    (void)state;
    char identity[4096];
    struct stir_policy policy = support_policy("shaken");
    pki_sign(&pki, identity, sizeof(identity), GOOD_HEADER, GOOD_PAYLOAD, GOOD_PARAMS);
    struct stir_slice value = S(identity);
    static const struct {
        const char *first, *second;
        enum stir_reason reason;
    } rows[] = {
        {"<sip:+12155551212@h;user=phone>", "<tel:+12155559999>", STIR_R_ORIG_MISMATCH},
        {"<sip:+12155559999@h;user=phone>", "<tel:+12155551212>", STIR_R_NONE},
        {"<tel:+12155551212>", "<sip:+12155559999@h;user=phone>", STIR_R_NONE},
        {"\"tel:\" <sip:+12155551212@h;user=phone>", "TEL:+12155559999", STIR_R_ORIG_MISMATCH},
        {"<sip:+12155551212@h;user=phone>", "<sip:+12155559999@h;user=phone>", STIR_R_NONE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_slice pai[] = {S(rows[i].first), S(rows[i].second)};
        struct stir_call call = call_of(&value, "<sip:anonymous@anonymous.invalid>;tag=1", DEST);
        call.pai = pai;
        call.n_pai = 2;
        struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, body(), NOW);
        if (verdict->reason != rows[i].reason)
            fail_msg("%s, %s: %s", rows[i].first, rows[i].second, stir_reason_name(verdict->reason));
        stir_verdict_free(verdict);
    }
}

/* H47: also in a whole message, where the 17th header would otherwise be out of sight. */
static void too_many_headers_of_a_message_fail_it(void **state)
{
    (void)state;
    static char message[32768];
    char identity[4096];
    struct stir_policy policy = support_policy("shaken");
    struct stir_sip sip;
    pki_sign(&pki, identity, sizeof(identity), GOOD_HEADER, GOOD_PAYLOAD, GOOD_PARAMS);
    for (int n = STIR_MAX_IDENTITIES; n <= STIR_MAX_IDENTITIES + 2; n++) {
        size_t at =
            (size_t)snprintf(message, sizeof(message), "INVITE sip:+12125550100@h SIP/2.0\r\nFrom: <sip:+12155551212@h>;tag=1\r\nTo: <sip:+12125550100@h>\r\n");
        for (int i = 0; i < n; i++)
            at += (size_t)snprintf(message + at, sizeof(message) - at, "Identity: %s\r\n", identity);
        at += (size_t)snprintf(message + at, sizeof(message) - at, "\r\n");
        assert_err(stir_sip_parse(&sip, stir_slice_of(message, at), NULL), STIR_OK);
        assert_int_equal(sip.identities_seen, n);
        struct stir_verdict *verdict = call_verify(&sip.call, &policy, pki.trust, body(), NOW);
        assert_int_equal(verdict->reason, n > STIR_MAX_IDENTITIES ? STIR_R_IDENTITY_TOO_MANY : STIR_R_NONE);
        stir_verdict_free(verdict);
    }
}

/* A window that no clock has would overflow where it is added to a time. */
static void windows_beyond_time_are_refused(void **state)
{
    (void)state;
    static const int64_t windows[] = {-1, INT64_MIN, INT64_MAX};
    struct stir_slice value = S("junk");
    struct stir_call call = call_of(&value, ORIG, DEST);
    for (size_t i = 0; i < 3; i++)
        for (int which = 0; which < 4; which++) {
            struct stir_policy policy = support_policy("shaken");
            struct stir_verify *v = NULL;
            *(which == 0 ? &policy.max_age : which == 1 ? &policy.max_future : which == 2 ? &policy.max_date_age : &policy.max_date_iat) = windows[i];
            assert_err(stir_verify_new(&v, &call, &policy, pki.trust, pki.ctx, NOW), STIR_EARG);
        }
}

/* An empty Date header is one that cannot be read, not one that is not there. */
static void an_empty_date_is_a_bad_one(void **state)
{
    (void)state;
    char identity[4096];
    struct stir_policy policy = support_policy("shaken");
    pki_sign(&pki, identity, sizeof(identity), GOOD_HEADER, GOOD_PAYLOAD, GOOD_PARAMS);
    struct stir_slice value = S(identity);
    struct stir_call call = call_of(&value, ORIG, DEST);
    call.date = S("");
    struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, body(), NOW);
    assert_int_equal(check_of(verdict, STIR_CHECK_DATE)->reason, STIR_R_DATE_BAD);
    stir_verdict_free(verdict);
}

static char *json_of(const struct stir_verdict *verdict)
{
    size_t n;
    char one[1], *text;
    assert_err(stir_verdict_json(one, 1, &n, verdict), STIR_ELIMIT);
    text = malloc(n + 1);
    assert_non_null(text);
    assert_err(stir_verdict_json(text, n + 1, &n, verdict), STIR_OK);
    return text;
}

/* Requirements J: results are identical whatever the cache state, to the last byte of the verdict. */
static void a_cached_chain_gives_the_verdict_of_its_certificates(void **state)
{
    (void)state;
    struct stir_policy policies[] = {support_policy("shaken"), support_policy("strict"), support_policy("rfc8224")};
    struct pki alone = pki, expired = pki;
    struct stir_cert *old = pki_leaf(&pki, pki.list, NOW - 1000, NOW - 10);
    char good[4096], forged[4096];
    alone.pem_len = expired.pem_len = 0;
    pki_add_pem(&alone, pki.leaf);
    pki_add_pem(&expired, old);
    pki_add_pem(&expired, pki.ca);
    pki_sign(&pki, good, sizeof(good), GOOD_HEADER, GOOD_PAYLOAD, GOOD_PARAMS);
    forge(forged, sizeof(forged));
    struct stir_slice bodies[] = {body(), stir_slice_of(alone.pem, alone.pem_len), stir_slice_of(expired.pem, expired.pem_len), S("junk")};
    struct stir_slice values[] = {S(good), S(forged)};
    for (size_t p = 0; p < 3; p++)
        for (size_t b = 0; b < sizeof(bodies) / sizeof(bodies[0]); b++)
            for (size_t i = 0; i < 2; i++) {
                struct stir_call call = call_of(&values[i], ORIG, DEST);
                struct stir_chain *chain = NULL;
                struct stir_verify *v = NULL;
                struct stir_verdict *fresh, *cached = NULL;
                const struct stir_need *needs;
                size_t n;
                fresh = call_verify(&call, &policies[p], pki.trust, bodies[b], NOW + 30);
                assert_err(stir_chain_from_pem(&chain, bodies[b], pki.trust, &policies[p], NOW - 5), STIR_OK);
                assert_err(stir_verify_new(&v, &call, &policies[p], pki.trust, pki.ctx, NOW + 30), STIR_OK);
                assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
                if (n)
                    assert_err(stir_verify_supply_chain(v, needs[0].id, chain), STIR_OK);
                assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
                assert_err(stir_verify_take(v, &cached), STIR_OK);
                stir_verify_free(v);
                stir_chain_free(chain);
                char *a = json_of(fresh), *c = json_of(cached);
                assert_string_equal(a, c);
                free(a);
                free(c);
                stir_verdict_free(fresh);
                stir_verdict_free(cached);
            }
    stir_cert_free(old);
}

/* Two CA certificates of one key and name, one of which ends early: when it has, a chain that was judged over it is judged anew, as a fresh one would be. */
static void a_path_that_ended_is_searched_again(void **state)
{
    (void)state;
    struct stir_cert_params params = STIR_CERT_PARAMS_INIT;
    struct stir_cert *later = NULL;
    struct stir_policy policy = support_policy("shaken");
    struct stir_chain *chain = NULL;
    struct pki two = pki;
    params.role = STIR_CERT_INTERMEDIATE;
    params.cn = S("SHAKEN Test Intermediate");
    params.o = S("Test Authority");
    params.c = S("US");
    params.issuer = pki.root;
    params.key = pki.ca_key;
    params.not_before = NOW - 9 * 86400;
    params.not_after = NOW + 100;
    assert_err(stir_cert_make(&later, &params, &pki.root_signer, NULL), STIR_OK);
    two.pem_len = 0;
    pki_add_pem(&two, pki.leaf);
    pki_add_pem(&two, later);
    assert_err(stir_chain_from_pem(&chain, stir_slice_of(two.pem, two.pem_len), pki.trust, &policy, NOW), STIR_OK);
    assert_true(stir_chain_info(chain)->trusted);
    assert_true(stir_chain_is_current(chain, pki.trust, &policy, NOW + 100));
    assert_false(stir_chain_is_current(chain, pki.trust, &policy, NOW + 101));
    stir_chain_free(chain);
    stir_cert_free(later);
}

/* Nothing that an outsider wrote moves the cursor of a terminal or begins a line or a pair of its own. */
static void texts_hold_no_control_characters_of_outsiders(void **state)
{
    (void)state;
    static const char *const origs[] = {"sip:a\\u009b31m@h", "sip:a\\u001b[31m@h", "sip:a\\n@h", "sip:a attest=A@h"};
    struct stir_policy policy = support_policy("shaken");
    policy.exhaustive = true;
    for (size_t i = 0; i < sizeof(origs) / sizeof(origs[0]); i++) {
        char payload[512], identity[4096], line[4096];
        static char explained[65536];
        size_t n;
        snprintf(payload, sizeof(payload),
                 "{\"attest\":\"B\",\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":1790000000,\"orig\":{\"uri\":\"%s\"},\"origid\":\"" ORIGID "\"}", origs[i]);
        pki_sign(&pki, identity, sizeof(identity), GOOD_HEADER, payload, GOOD_PARAMS);
        struct stir_slice value = S(identity);
        struct stir_call call = call_of(&value, ORIG, DEST);
        struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, body(), NOW);
        assert_int_equal(verdict->reason, STIR_R_ORIG_MISMATCH);
        assert_err(stir_verdict_line(line, sizeof(line), &n, verdict), STIR_OK);
        assert_err(stir_verdict_explain(explained, sizeof(explained), &n, verdict), STIR_OK);
        for (const char *p = line; *p; p++)
            assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
        assert_null(strstr(line, "\xc2\x9b"));
        assert_null(strstr(explained, "\xc2\x9b"));
        assert_null(strstr(explained, "\x1b"));
        assert_null(strstr(line, "orig=sip:a attest=A"));
        stir_verdict_free(verdict);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_policy_lets_a_forgery_in),
        cmocka_unit_test(no_policy_lets_an_unread_compact_form_in),
        cmocka_unit_test(a_missing_certificate_never_passes),
        cmocka_unit_test(kinds_that_vouch_for_no_caller_decide_no_call),
        cmocka_unit_test(rich_call_data_of_third_parties_does_not_decide),
        cmocka_unit_test(a_leaf_without_a_list_is_held_to_its_issuers),
        cmocka_unit_test(the_asserted_tel_speaks_before_the_asserted_sip),
        cmocka_unit_test(too_many_headers_of_a_message_fail_it),
        cmocka_unit_test(windows_beyond_time_are_refused),
        cmocka_unit_test(an_empty_date_is_a_bad_one),
        cmocka_unit_test(a_cached_chain_gives_the_verdict_of_its_certificates),
        cmocka_unit_test(a_path_that_ended_is_searched_again),
        cmocka_unit_test(texts_hold_no_control_characters_of_outsiders),
    };
    return cmocka_run_group_tests_name("verify_hostile", tests, make_pki, free_pki);
}
