/* The verification service. Over 600 lines, and still one subject: one table of departures and one case for each rule that a table cannot say. */
#include "call_group.h"

#include "core/json.h"

/* A token with any header, signed as ES256 all the same: what an attacker with a good key could send. */
static void sign_raw(char *buf, size_t cap, const char *header, const char *payload, const char *params)
{
    unsigned char digest[STIR_SHA256], sig[STIR_ES256_SIG];
    struct stir_writer w = stir_writer_of(buf, cap);
    stir_put_b64url(&w, S(header));
    stir_put_char(&w, '.');
    stir_put_b64url(&w, S(payload));
    assert_err(stir_es256_digest(pki.ctx, stir_slice_of(buf, w.need), digest), STIR_OK);
    assert_err(stir_es256_sign(pki.ctx, pki.key, digest, sig), STIR_OK);
    stir_put_char(&w, '.');
    stir_put_b64url(&w, stir_slice_of(sig, sizeof(sig)));
    stir_put_text(&w, params);
    size_t n;
    assert_err(stir_writer_close(&w, &n), STIR_OK);
}

#define HEADER(alg, ppt, typ, x5u) "{\"alg\":\"" alg "\",\"ppt\":\"" ppt "\",\"typ\":\"" typ "\",\"x5u\":\"" x5u "\"}"
#define PAYLOAD(attest, dest, iat, orig, origid) \
    "{\"attest\":\"" attest "\",\"dest\":{\"tn\":[\"" dest "\"]},\"iat\":" iat ",\"orig\":{\"tn\":\"" orig "\"},\"origid\":\"" origid "\"}"

/* One departure a row; everything else is a good call. NULL is the good value. */
static const struct row {
    const char *name, *header, *payload, *params, *from, *to;
    int64_t later; /* seconds between signing and judging */
    enum stir_reason reason;
} rows[] = {
    {"a good call", NULL, NULL, NULL, NULL, NULL, 12, STIR_R_NONE},
    {"from as tel URI", NULL, NULL, NULL, "<tel:+1-215-555-1212>;tag=1", NULL, 0, STIR_R_NONE},
    {"from as name-addr", NULL, NULL, NULL, "\"A\" <sip:+12155551212@h;user=phone>;tag=1", "<sip:+12125550100@h>", 0, STIR_R_NONE},
    {"E3/E15 60 s old is fresh", NULL, NULL, NULL, NULL, NULL, 60, STIR_R_NONE},
    {"E15 61 s old", NULL, NULL, NULL, NULL, NULL, 61, STIR_R_IAT_STALE},
    {"E15 60 s ahead is fresh", NULL, NULL, NULL, NULL, NULL, -60, STIR_R_NONE},
    {"E15 61 s ahead", NULL, NULL, NULL, NULL, NULL, -61, STIR_R_IAT_FUTURE},
    {"E5 another kind in param and token", HEADER("ES256", "foo", "passport", X5U), NULL, ";info=<" X5U ">;alg=ES256;ppt=foo", NULL, NULL, 0,
     STIR_R_PPT_UNSUPPORTED},
    {"E5 param not the signed kind", NULL, NULL, ";info=<" X5U ">;alg=ES256;ppt=div", NULL, NULL, 0, STIR_R_PARAM_PPT_OTHER},
    {"E6 no info", NULL, NULL, ";alg=ES256;ppt=shaken", NULL, NULL, 0, STIR_R_INFO_MISSING},
    {"E7 info http", HEADER("ES256", "shaken", "passport", "http://h.example.com/c"), NULL, ";info=<http://h.example.com/c>;ppt=shaken", NULL, NULL, 0,
     STIR_R_INFO_BAD},
    {"E7 info port 444", HEADER("ES256", "shaken", "passport", "https://h.example.com:444/c"), NULL, ";info=<https://h.example.com:444/c>;ppt=shaken", NULL,
     NULL, 0, STIR_R_INFO_BAD},
    {"E7 info with userinfo", HEADER("ES256", "shaken", "passport", "https://u:p@h.example.com/c"), NULL, ";info=<https://u:p@h.example.com/c>;ppt=shaken",
     NULL, NULL, 0, STIR_R_INFO_BAD},
    {"E7 info with query", HEADER("ES256", "shaken", "passport", "https://h.example.com/c?x=1"), NULL, ";info=<https://h.example.com/c?x=1>;ppt=shaken", NULL,
     NULL, 0, STIR_R_INFO_BAD},
    {"E7 info an address", HEADER("ES256", "shaken", "passport", "https://169.254.169.254/latest"), NULL, ";info=<https://169.254.169.254/latest>;ppt=shaken",
     NULL, NULL, 0, STIR_R_INFO_BAD},
    {"E7 info empty", NULL, NULL, ";info=<>;alg=ES256;ppt=shaken", NULL, NULL, 0, STIR_R_INFO_BAD},
    {"E9 no x5u", "{\"alg\":\"ES256\",\"ppt\":\"shaken\",\"typ\":\"passport\"}", NULL, NULL, NULL, NULL, 0, STIR_R_X5U_MISSING},
    {"E9 no typ", "{\"alg\":\"ES256\",\"ppt\":\"shaken\",\"x5u\":\"" X5U "\"}", NULL, NULL, NULL, NULL, 0, STIR_R_TYP_MISSING},
    {"E9 no alg", "{\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"" X5U "\"}", NULL, NULL, NULL, NULL, 0, STIR_R_ALG_MISSING},
    {"E9 no ppt", "{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":\"" X5U "\"}", NULL, NULL, NULL, NULL, 0, STIR_R_PPT_MISSING},
    {"E10 x5u not info", NULL, NULL, ";info=<https://cr.example.com:443/709J.pem>;alg=ES256;ppt=shaken", NULL, NULL, 0, STIR_R_X5U_OTHER},
    {"E11 typ JWT", HEADER("ES256", "shaken", "JWT", X5U), NULL, NULL, NULL, NULL, 0, STIR_R_TYP_OTHER},
    {"E12 alg none", HEADER("none", "shaken", "passport", X5U), NULL, ";info=<" X5U ">;ppt=shaken", NULL, NULL, 0, STIR_R_ALG_OTHER},
    {"E12 alg HS256", HEADER("HS256", "shaken", "passport", X5U), NULL, ";info=<" X5U ">;alg=HS256;ppt=shaken", NULL, NULL, 0, STIR_R_ALG_OTHER},
    {"E12 alg es256", HEADER("es256", "shaken", "passport", X5U), NULL, ";info=<" X5U ">;ppt=shaken", NULL, NULL, 0, STIR_R_ALG_OTHER},
    {"H10 alg parameter another", NULL, NULL, ";info=<" X5U ">;alg=ES384;ppt=shaken", NULL, NULL, 0, STIR_R_PARAM_ALG_OTHER},
    {"H11 crit", "{\"alg\":\"ES256\",\"crit\":[\"exp\"],\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"" X5U "\"}", NULL, NULL, NULL, NULL, 0, STIR_R_CRIT},
    {"H11 b64", "{\"alg\":\"ES256\",\"b64\":false,\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"" X5U "\"}", NULL, NULL, NULL, NULL, 0, STIR_R_CRIT},
    {"H11 jwk is ignored", "{\"alg\":\"ES256\",\"jwk\":{},\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"" X5U "\"}", NULL, NULL, NULL, NULL, 0,
     STIR_R_NONE},
    {"E13/H42 signed kind another", HEADER("ES256", "div", "passport", X5U), NULL, NULL, NULL, NULL, 0, STIR_R_PPT_OTHER},
    {"E14 no iat", NULL, "{\"attest\":\"A\",\"dest\":{\"tn\":[\"" DEST "\"]},\"orig\":{\"tn\":\"" ORIG "\"},\"origid\":\"" ORIGID "\"}", NULL, NULL, NULL, 0,
     STIR_R_IAT_MISSING},
    {"H20 iat a string", NULL, PAYLOAD("A", DEST, "\"1790000000\"", ORIG, ORIGID), NULL, NULL, NULL, 0, STIR_R_IAT_FORM},
    {"H20 iat a fraction", NULL, PAYLOAD("A", DEST, "1790000000.5", ORIG, ORIGID), NULL, NULL, NULL, 0, STIR_R_IAT_FORM},
    {"H20 iat with exponent", NULL, PAYLOAD("A", DEST, "179e7", ORIG, ORIGID), NULL, NULL, NULL, 0, STIR_R_IAT_FORM},
    {"H20 iat true", NULL, PAYLOAD("A", DEST, "true", ORIG, ORIGID), NULL, NULL, NULL, 0, STIR_R_IAT_FORM},
    {"H21 iat negative", NULL, PAYLOAD("A", DEST, "-1", ORIG, ORIGID), NULL, NULL, NULL, 0, STIR_R_IAT_FORM},
    {"H21 iat beyond 64 bits", NULL, PAYLOAD("A", DEST, "99999999999999999999", ORIG, ORIGID), NULL, NULL, NULL, 0, STIR_R_IAT_FORM},
    {"H20 dest.tn a string", NULL,
     "{\"attest\":\"A\",\"dest\":{\"tn\":\"" DEST "\"},\"iat\":1790000000,\"orig\":{\"tn\":\"" ORIG "\"},\"origid\":\"" ORIGID "\"}", NULL, NULL, NULL, 0,
     STIR_R_DEST_FORM},
    {"H20 orig.tn an array", NULL,
     "{\"attest\":\"A\",\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":1790000000,\"orig\":{\"tn\":[\"" ORIG "\"]},\"origid\":\"" ORIGID "\"}", NULL, NULL, NULL, 0,
     STIR_R_ORIG_FORM},
    {"E14 no orig", NULL, "{\"attest\":\"A\",\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":1790000000,\"origid\":\"" ORIGID "\"}", NULL, NULL, NULL, 0,
     STIR_R_ORIG_MISSING},
    {"E14 no attest", NULL, "{\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":1790000000,\"orig\":{\"tn\":\"" ORIG "\"},\"origid\":\"" ORIGID "\"}", NULL, NULL, NULL,
     0, STIR_R_ATTEST_MISSING},
    {"E14 no origid", NULL, "{\"attest\":\"A\",\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":1790000000,\"orig\":{\"tn\":\"" ORIG "\"}}", NULL, NULL, NULL, 0,
     STIR_R_ORIGID_MISSING},
    {"E16/H26 another caller", NULL, NULL, NULL, "12155559999", NULL, 0, STIR_R_ORIG_MISMATCH},
    {"E16/H27 another callee", NULL, NULL, NULL, NULL, "12125550199", 0, STIR_R_DEST_MISMATCH},
    {"E16 caller a URI", NULL, NULL, NULL, "sip:alice@example.com", NULL, 0, STIR_R_ORIG_MISMATCH},
    {"caller anonymous and no PAI", NULL, NULL, NULL, "<sip:anonymous@anonymous.invalid>;tag=1", NULL, 0, STIR_R_ORIG_MISMATCH},
    {"caller missing", NULL, NULL, NULL, "", NULL, 0, STIR_R_CALLER_UNKNOWN},
    {"callee missing", NULL, NULL, NULL, NULL, "", 0, STIR_R_CALLEE_UNKNOWN},
    {"E19 attest D", NULL, PAYLOAD("D", DEST, "1790000000", ORIG, ORIGID), NULL, NULL, NULL, 0, STIR_R_ATTEST_VALUE},
    {"E19 attest a", NULL, PAYLOAD("a", DEST, "1790000000", ORIG, ORIGID), NULL, NULL, NULL, 0, STIR_R_ATTEST_VALUE},
    {"E16 comes before E19", NULL, PAYLOAD("D", DEST, "1790000000", ORIG, ORIGID), NULL, "12155559999", NULL, 0, STIR_R_ORIG_MISMATCH},
    {"E15 comes before E16", NULL, NULL, NULL, "12155559999", NULL, 3600, STIR_R_IAT_STALE},
    {"H19 attest twice", NULL, "{\"attest\":\"A\",\"attest\":\"C\",\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":1790000000,\"orig\":{\"tn\":\"" ORIG "\"}}", NULL,
     NULL, NULL, 0, STIR_R_PAYLOAD_JSON},
    {"H19 attest twice, once escaped", NULL,
     "{\"attest\":\"A\",\"\\u0061ttest\":\"C\",\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":1790000000,\"orig\":{\"tn\":\"" ORIG "\"}}", NULL, NULL, NULL, 0,
     STIR_R_PAYLOAD_JSON},
    {"H23 NUL in a number", NULL, PAYLOAD("A", DEST, "1790000000", "1215\\u00005551212", ORIGID), NULL, NULL, NULL, 0, STIR_R_PAYLOAD_JSON},
    {"H24 not canonical is borne", NULL,
     "{ \"origid\":\"" ORIGID "\",\"attest\":\"A\",\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":1790000000,\"orig\":{\"tn\":\"" ORIG "\"}}", NULL, NULL, NULL, 0,
     STIR_R_NONE},
    {"a signed '+' is borne", NULL, PAYLOAD("A", "+" DEST, "1790000000", "+" ORIG, ORIGID), NULL, NULL, NULL, 0, STIR_R_NONE},
    {"origid no UUID is borne", NULL, PAYLOAD("A", DEST, "1790000000", ORIG, "some-guid"), NULL, NULL, NULL, 0, STIR_R_NONE},
    {"one of three callees", NULL, PAYLOAD("A", "12125550001\",\"" DEST "\",\"12125550101", "1790000000", ORIG, ORIGID), NULL, NULL, NULL, 0, STIR_R_NONE},
    {"H17 a padded part", NULL, NULL, "==;info=<" X5U ">;alg=ES256;ppt=shaken", NULL, NULL, 0, STIR_R_BASE64},
    {"H18 four parts", NULL, NULL, ".AAAA;info=<" X5U ">;alg=ES256;ppt=shaken", NULL, NULL, 0, STIR_R_IDENTITY_PARTS},
    {"H42 two values of ppt", NULL, NULL, ";info=<" X5U ">;ppt=\"shaken\",\"x\"", NULL, NULL, 0, STIR_R_IDENTITY_SYNTAX},
    {"info twice", NULL, NULL, ";info=<" X5U ">;info=<" X5U ">;ppt=shaken", NULL, NULL, 0, STIR_R_PARAM_DUPLICATE},
    {"no semicolon behind info is borne", NULL, NULL, ";info=<" X5U ">alg=ES256;ppt=shaken", NULL, NULL, 0, STIR_R_NONE},
    {"quoted ppt is borne", NULL, NULL, ";info=<" X5U ">;alg=ES256;ppt=\"shaken\"", NULL, NULL, 0, STIR_R_NONE},
    {"ppt parameter missing is borne", NULL, NULL, ";info=<" X5U ">", NULL, NULL, 0, STIR_R_NONE},
};

/*= RFC8224-4 RFC8224-4.1b RFC8224-4.1c RFC8224-4.1d RFC8224-4.1h RFC8224-4.1l RFC8224-6.2.4 RFC8224-6.2c RFC8225-3 test */
/*= RFC8225-4.1 RFC8225-4.2 RFC8225-5.1.1a RFC8225-6a RFC8225-8a RFC8225-8b RFC8225-9f RFC8226-8d RFC8588-4 test */
/*= RFC9118-3g RFC9795-5.1.2a RFC9795-10.2a RFC9795-10.2b test */
static void each_departure_has_its_reason(void **state)
{
    (void)state;
    struct stir_policy policy = support_policy("shaken");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *r = &rows[i];
        char identity[8192];
        sign_raw(identity, sizeof(identity), r->header ? r->header : GOOD_HEADER, r->payload ? r->payload : GOOD_PAYLOAD, r->params ? r->params : GOOD_PARAMS);
        struct stir_slice value = S(identity);
        struct stir_call call = call_of(&value, r->from ? r->from : ORIG, r->to ? r->to : DEST);
        struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, body(), NOW + r->later);
        if (verdict->reason != r->reason)
            fail_msg("%s: %s, wanted %s", r->name, stir_reason_name(verdict->reason), stir_reason_name(r->reason));
        enum stir_verstat wanted = r->reason == STIR_R_NONE ? STIR_VERSTAT_PASSED : stir_reason_info(r->reason)->verstat;
        if (verdict->verstat != wanted)
            fail_msg("%s: %s", r->name, stir_verstat_text(verdict->verstat));
        stir_verdict_free(verdict);
    }
}

/* H16: whatever bit flips in any of the three parts, the call never passes. */
/*= RFC8224-6.2e RFC9795-8.1a test */
static void no_flipped_bit_passes(void **state)
{
    (void)state;
    char identity[8192], flipped[8192];
    struct stir_policy policy = support_policy("shaken");
    pki_sign(&pki, identity, sizeof(identity), GOOD_HEADER, GOOD_PAYLOAD, GOOD_PARAMS);
    size_t token = strcspn(identity, ";");
    struct stir_chain *chain = NULL;
    assert_err(stir_chain_from_pem(&chain, body(), pki.trust, &policy, NOW), STIR_OK);
    for (size_t i = 0; i < token; i++) {
        for (unsigned bit = 0; bit < 8; bit += 3) {
            memcpy(flipped, identity, sizeof(identity));
            flipped[i] = (char)(flipped[i] ^ (char)(1u << bit));
            struct stir_slice value = stir_slice_of(flipped, strlen(identity));
            struct stir_call call = call_of(&value, ORIG, DEST);
            struct stir_verify *v = NULL;
            struct stir_verdict *verdict = NULL;
            const struct stir_need *needs;
            size_t n;
            assert_err(stir_verify_new(&v, &call, &policy, pki.trust, pki.ctx, NOW), STIR_OK);
            assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
            if (n)
                assert_err(stir_verify_supply_chain(v, needs[0].id, chain), STIR_OK);
            assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
            assert_err(stir_verify_take(v, &verdict), STIR_OK);
            if (verdict->verstat == STIR_VERSTAT_PASSED)
                fail_msg("byte %zu, bit %u", i, bit);
            stir_verdict_free(verdict);
            stir_verify_free(v);
        }
    }
    stir_chain_free(chain);
}

/*= RFC8224-6.2e test */
static void a_signature_of_another_key_fails_the_number(void **state)
{
    (void)state;
    struct stir_policy policy = support_policy("shaken");
    struct stir_key *right = pki.key, *wrong = NULL;
    char identity[8192];
    assert_err(stir_key_generate(&wrong), STIR_OK);
    pki.held.key = wrong;
    pki_sign(&pki, identity, sizeof(identity), GOOD_HEADER, GOOD_PAYLOAD, GOOD_PARAMS);
    pki.held.key = right;
    struct stir_slice value = S(identity);
    struct stir_call call = call_of(&value, ORIG, DEST);
    struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, body(), NOW);
    assert_int_equal(verdict->reason, STIR_R_SIGNATURE_BAD);
    assert_int_equal(verdict->verstat, STIR_VERSTAT_FAILED);
    assert_int_equal(check_of(verdict, STIR_CHECK_CHAIN)->outcome, STIR_PASS);
    stir_verdict_free(verdict);
    stir_key_free(wrong);
}

static void signatures_of_other_lengths_are_refused(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 63, 65, 72};
    struct stir_policy policy = support_policy("shaken");
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        char identity[8192];
        unsigned char sig[80] = {0x30, 0x45};
        struct stir_writer w = stir_writer_of(identity, sizeof(identity));
        size_t n;
        stir_put_b64url(&w, S(GOOD_HEADER));
        stir_put_char(&w, '.');
        stir_put_b64url(&w, S(GOOD_PAYLOAD));
        stir_put_char(&w, '.');
        stir_put_b64url(&w, stir_slice_of(sig, lengths[i]));
        stir_put_text(&w, GOOD_PARAMS);
        assert_err(stir_writer_close(&w, &n), STIR_OK);
        struct stir_slice value = S(identity);
        struct stir_call call = call_of(&value, ORIG, DEST);
        struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, body(), NOW);
        if (verdict->reason != STIR_R_SIGNATURE_FORM && !(lengths[i] == 0 && verdict->reason == STIR_R_IDENTITY_PARTS))
            fail_msg("%zu bytes: %s", lengths[i], stir_reason_name(verdict->reason));
        stir_verdict_free(verdict);
    }
}

/* H14, H15. */
static void zero_signatures_fail_and_the_mirrored_one_is_good(void **state)
{
    (void)state;
    static const unsigned char order[32] = {0xff, 0xff, 0xff, 0xff, 0,    0,    0,    0,    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                            0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
    struct stir_policy policy = support_policy("shaken");
    for (int mirrored = 0; mirrored < 2; mirrored++) {
        char identity[8192];
        unsigned char digest[STIR_SHA256], sig[STIR_ES256_SIG] = {0};
        struct stir_writer w = stir_writer_of(identity, sizeof(identity));
        size_t n;
        stir_put_b64url(&w, S(GOOD_HEADER));
        stir_put_char(&w, '.');
        stir_put_b64url(&w, S(GOOD_PAYLOAD));
        assert_err(stir_es256_digest(pki.ctx, stir_slice_of(identity, w.need), digest), STIR_OK);
        if (mirrored) {
            assert_err(stir_es256_sign(pki.ctx, pki.key, digest, sig), STIR_OK);
            int borrow = 0; /* s := n - s */
            for (int i = 31; i >= 0; i--) {
                int d = order[i] - sig[32 + i] - borrow;
                borrow = d < 0;
                sig[32 + i] = (unsigned char)(d + (borrow ? 256 : 0));
            }
        }
        stir_put_char(&w, '.');
        stir_put_b64url(&w, stir_slice_of(sig, sizeof(sig)));
        stir_put_text(&w, GOOD_PARAMS);
        assert_err(stir_writer_close(&w, &n), STIR_OK);
        struct stir_slice value = S(identity);
        struct stir_call call = call_of(&value, ORIG, DEST);
        struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, body(), NOW);
        assert_int_equal(verdict->reason, mirrored ? STIR_R_NONE : STIR_R_SIGNATURE_BAD);
        stir_verdict_free(verdict);
    }
}

static void good_call(char *identity, size_t cap)
{
    pki_sign(&pki, identity, cap, GOOD_HEADER, GOOD_PAYLOAD, GOOD_PARAMS);
}

static void nothing_is_asked_for_a_token_that_cannot_pass(void **state)
{
    (void)state;
    char identity[8192];
    struct stir_policy policy = support_policy("shaken");
    struct stir_verify *v = NULL;
    struct stir_verdict *verdict = NULL;
    const struct stir_need *needs;
    size_t n = 99;
    good_call(identity, sizeof(identity));
    struct stir_slice value = S(identity);
    struct stir_call call = call_of(&value, "12155559999", DEST);
    assert_err(stir_verify_new(&v, &call, &policy, pki.trust, NULL, NOW), STIR_OK);
    assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
    assert_int_equal(n, 0);
    assert_err(stir_verify_take(v, &verdict), STIR_OK);
    assert_int_equal(check_of(verdict, STIR_CHECK_SIGNATURE)->outcome, STIR_NOT_REACHED);
    assert_int_equal(check_of(verdict, STIR_CHECK_CHAIN)->outcome, STIR_NOT_REACHED);
    assert_int_equal(check_of(verdict, STIR_CHECK_IAT)->outcome, STIR_PASS);
    stir_verdict_free(verdict);
    stir_verify_free(v);
}

/*= RFC8224-6.2b test */
static void exhaustive_goes_on_and_still_reports_the_first(void **state)
{
    (void)state;
    char identity[8192];
    struct stir_policy policy = support_policy("shaken");
    policy.exhaustive = true;
    good_call(identity, sizeof(identity));
    struct stir_slice value = S(identity);
    struct stir_call call = call_of(&value, "12155559999", DEST);
    struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, body(), NOW + 600);
    assert_int_equal(verdict->reason, STIR_R_IAT_STALE);
    assert_int_equal(check_of(verdict, STIR_CHECK_ORIG)->reason, STIR_R_ORIG_MISMATCH);
    assert_int_equal(check_of(verdict, STIR_CHECK_SIGNATURE)->outcome, STIR_PASS);
    assert_int_equal(check_of(verdict, STIR_CHECK_CHAIN)->outcome, STIR_PASS);
    stir_verdict_free(verdict);
}

/*= RFC8224-7.2a test */
static void needs_are_answered_once_and_only_as_asked(void **state)
{
    (void)state;
    char identity[8192];
    struct stir_policy policy = support_policy("shaken");
    struct stir_verify *v = NULL;
    struct stir_verdict *verdict = NULL;
    struct stir_chain *chain = NULL, *old = NULL;
    const struct stir_need *needs;
    size_t n;
    good_call(identity, sizeof(identity));
    struct stir_slice value = S(identity);
    struct stir_call call = call_of(&value, ORIG, DEST);
    assert_err(stir_verify_new(&v, &call, &policy, pki.trust, pki.ctx, NOW), STIR_OK);
    assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
    assert_int_equal(n, 1);
    assert_slice(needs[0].url, X5U);
    assert_int_equal(needs[0].max_bytes, STIR_MAX_PEM);
    unsigned id = needs[0].id;
    assert_err(stir_verify_take(v, &verdict), STIR_ESTATE);
    assert_err(stir_verify_supply_pem(v, id + 1, body()), STIR_ENOTFOUND);
    assert_err(stir_verify_supply_pem(v, 0, body()), STIR_ENOTFOUND);
    assert_err(stir_verify_supply_bytes(v, id, body()), STIR_ENOTFOUND);
    assert_err(stir_verify_supply_answer(v, id, 1), STIR_ENOTFOUND);
    assert_err(stir_verify_fail(v, id, STIR_R_NONE), STIR_EARG);
    /* A chain that was judged under another snapshot says nothing here. */
    struct stir_trust_builder *builder = support_builder();
    struct stir_trust *other = support_freeze(builder, 8);
    assert_err(stir_chain_from_pem(&old, body(), other, &policy, NOW), STIR_OK);
    assert_err(stir_verify_supply_chain(v, id, old), STIR_ESTATE);
    assert_err(stir_chain_from_pem(&chain, body(), pki.trust, &policy, NOW), STIR_OK);
    assert_err(stir_verify_supply_chain(v, id, chain), STIR_OK);
    assert_err(stir_verify_supply_chain(v, id, chain), STIR_ENOTFOUND);
    assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
    assert_int_equal(n, 0);
    assert_err(stir_verify_take(v, &verdict), STIR_OK);
    assert_err(stir_verify_next(v, &needs, &n), STIR_EARG);
    stir_verify_free(v);
    stir_chain_free(chain);
    stir_chain_free(old);
    stir_trust_free(other);
    /* The verdict outlives them all. */
    assert_int_equal(verdict->verstat, STIR_VERSTAT_PASSED);
    assert_slice(verdict->tokens[0].spc, "709J");
    assert_slice(verdict->tokens[0].orig, ORIG);
    assert_string_equal(verdict->tokens[0].domain, "default");
    stir_verdict_free(verdict);
}

static void a_certificate_that_does_not_come_is_its_own_reason(void **state)
{
    (void)state;
    static const enum stir_reason why[] = {STIR_R_INFO_UNREACHABLE, STIR_R_INFO_REFUSED};
    char identity[8192];
    struct stir_policy policy = support_policy("shaken");
    good_call(identity, sizeof(identity));
    struct stir_slice value = S(identity);
    struct stir_call call = call_of(&value, ORIG, DEST);
    for (size_t i = 0; i < 2; i++) {
        struct stir_verify *v = NULL;
        struct stir_verdict *verdict = NULL;
        const struct stir_need *needs;
        size_t n;
        assert_err(stir_verify_new(&v, &call, &policy, pki.trust, NULL, NOW), STIR_OK);
        assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
        assert_err(stir_verify_fail(v, needs[0].id, why[i]), STIR_OK);
        assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
        assert_err(stir_verify_take(v, &verdict), STIR_OK);
        assert_int_equal(verdict->reason, why[i]);
        assert_int_equal(stir_reason_info(verdict->reason)->sip_code, 436);
        assert_int_equal(verdict->verstat, STIR_VERSTAT_NO);
        stir_verdict_free(verdict);
        stir_verify_free(v);
    }
}

static void times_of_the_certificate_count_at_iat_and_now(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t from, until;
        enum stir_reason reason;
    } times[] = {
        {"valid at both", -1000, 1000, STIR_R_NONE},
        {"begins between iat and now", 10, 1000, STIR_R_CERT_NOT_YET},
        {"ends between iat and now", -1000, 10, STIR_R_CERT_EXPIRED},
        {"begins later", 3600, 7200, STIR_R_CERT_NOT_YET},
        {"ended before", -7200, -3600, STIR_R_CERT_EXPIRED},
    };
    struct stir_policy policy = support_policy("shaken");
    char identity[8192];
    good_call(identity, sizeof(identity));
    struct stir_slice value = S(identity);
    struct stir_call call = call_of(&value, ORIG, DEST);
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        struct pki other = pki;
        other.pem_len = 0;
        struct stir_cert *leaf = pki_leaf(&pki, pki.list, NOW + times[i].from, NOW + times[i].until);
        pki_add_pem(&other, leaf);
        pki_add_pem(&other, pki.ca);
        struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, stir_slice_of(other.pem, other.pem_len), NOW + 20);
        if (verdict->reason != times[i].reason)
            fail_msg("%s: %s", times[i].name, stir_reason_name(verdict->reason));
        stir_verdict_free(verdict);
        stir_cert_free(leaf);
    }
}

/*= RFC8946-3h test */
static void a_number_outside_the_list_is_not_authorised(void **state)
{
    (void)state;
    static const struct {
        const char *first;
        uint64_t count;
        enum stir_reason reason;
    } lists[] = {{"12155551000", 1000, STIR_R_NONE}, {"12155551213", 100, STIR_R_NOT_AUTHORISED}, {"1215555121", 9, STIR_R_NOT_AUTHORISED}};
    struct stir_policy policy = support_policy("shaken");
    char identity[8192];
    good_call(identity, sizeof(identity));
    struct stir_slice value = S(identity);
    struct stir_call call = call_of(&value, ORIG, DEST);
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        struct pki other = pki;
        struct stir_tnauth_entry range = {STIR_TNAUTH_RANGE, S(lists[i].first), lists[i].count};
        struct stir_tnauth *list = pki_list(&range, 1);
        struct stir_cert *leaf = pki_leaf(&pki, list, NOW - 100, NOW + 100);
        other.pem_len = 0;
        pki_add_pem(&other, leaf);
        pki_add_pem(&other, pki.ca);
        struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, stir_slice_of(other.pem, other.pem_len), NOW);
        if (verdict->reason != lists[i].reason)
            fail_msg("%s+%llu: %s", lists[i].first, (unsigned long long)lists[i].count, stir_reason_name(verdict->reason));
        stir_verdict_free(verdict);
        stir_cert_free(leaf);
        stir_tnauth_free(list);
    }
}

/*= RFC8226-8b RFC9118-3b RFC9795-8.1c test */
static void constraints_of_the_certificate_bind_the_claims(void **state)
{
    (void)state;
    /* The certificate of RFC 9118 §5 asks for confidence, high or medium, and forbids priority. Its issuer was never published: given as anchor, it stands for
     * itself. */
    static const struct {
        const char *claims;
        enum stir_reason reason;
    } tokens[] = {
        {"", STIR_R_CLAIM_REQUIRED},
        {",\"confidence\":\"low\"", STIR_R_CLAIM_NOT_PERMITTED},
        {",\"confidence\":\"high\",\"priority\":1", STIR_R_CLAIM_EXCLUDED},
        {",\"confidence\":\"high\"", STIR_R_NONE},
    };
    struct stir_policy policy = support_policy("rfc8224");
    struct stir_trust *trust = support_trust("vectors/rfc/rfc9118-certificate.pem");
    struct stir_slice pem = support_file("vectors/rfc/rfc9118-certificate.pem");
    policy.exhaustive = true; /* the published key is not ours: the signature cannot be good */
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        char payload[512], identity[4096];
        snprintf(payload, sizeof(payload), "{\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":1650000000,\"orig\":{\"tn\":\"" ORIG "\"}%s}", tokens[i].claims);
        pki_sign(&pki, identity, sizeof(identity), "{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":\"" X5U "\"}", payload, ";info=<" X5U ">");
        struct stir_slice value = S(identity);
        struct stir_call call = call_of(&value, ORIG, DEST);
        struct stir_verdict *verdict = call_verify(&call, &policy, trust, pem, 1650000000);
        const struct stir_check *check = check_of(verdict, STIR_CHECK_CONSTRAINTS);
        if (check->reason != tokens[i].reason || check->outcome != (tokens[i].reason ? STIR_FAIL : STIR_PASS))
            fail_msg("%s: %s %s", tokens[i].claims, stir_outcome_text(check->outcome), stir_reason_name(check->reason));
        stir_verdict_free(verdict);
    }
    support_free(pem);
    stir_trust_free(trust);
}

/*= RFC8224-6.2c RFC8224-9c test */
static void one_good_token_among_bad_ones_suffices(void **state)
{
    (void)state;
    char good[4096], bad[4096], foreign[4096];
    struct stir_policy policy = support_policy("shaken");
    good_call(good, sizeof(good));
    pki_sign(&pki, bad, sizeof(bad), GOOD_HEADER, PAYLOAD("A", DEST, "1789990000", ORIG, ORIGID), GOOD_PARAMS);
    pki_sign(&pki, foreign, sizeof(foreign), HEADER("ES256", "foo", "passport", X5U), GOOD_PAYLOAD, ";info=<" X5U ">;ppt=foo");
    struct stir_slice values[] = {S(foreign), S(bad), S("junk"), S(good)};
    struct stir_call call = call_of(values, ORIG, DEST);
    call.n_identity = 4;
    struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, body(), NOW);
    assert_int_equal(verdict->verstat, STIR_VERSTAT_PASSED);
    assert_int_equal(verdict->deciding, 3);
    assert_int_equal(verdict->n_tokens, 4);
    assert_int_equal(verdict->tokens[0].reason, STIR_R_PPT_UNSUPPORTED);
    assert_int_equal(verdict->tokens[1].reason, STIR_R_IAT_STALE);
    stir_verdict_free(verdict);
    /* Without the good one, a token of our kind speaks for the call, not the one that nobody asked for. */
    call.n_identity = 2;
    verdict = call_verify(&call, &policy, pki.trust, body(), NOW);
    assert_int_equal(verdict->reason, STIR_R_IAT_STALE);
    assert_int_equal(verdict->deciding, 1);
    stir_verdict_free(verdict);
    /* H43 */
    call.n_identity = 1;
    verdict = call_verify(&call, &policy, pki.trust, body(), NOW);
    assert_int_equal(verdict->reason, STIR_R_PPT_UNSUPPORTED);
    assert_int_equal(stir_reason_info(verdict->reason)->sip_code, 428);
    stir_verdict_free(verdict);
}

static void no_identity_and_too_many_are_verdicts(void **state)
{
    (void)state;
    char good[4096];
    struct stir_policy policy = support_policy("shaken");
    struct stir_slice many[STIR_MAX_IDENTITIES + 1];
    good_call(good, sizeof(good));
    for (size_t i = 0; i < STIR_MAX_IDENTITIES + 1; i++)
        many[i] = S(good);
    struct stir_call call = call_of(many, ORIG, DEST);
    call.n_identity = 0;
    struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, body(), NOW);
    assert_int_equal(verdict->reason, STIR_R_IDENTITY_MISSING);
    assert_int_equal(verdict->deciding, -1);
    stir_verdict_free(verdict);
    call.n_identity = STIR_MAX_IDENTITIES + 1;
    verdict = call_verify(&call, &policy, pki.trust, body(), NOW);
    assert_int_equal(verdict->reason, STIR_R_IDENTITY_TOO_MANY);
    stir_verdict_free(verdict);
    call.n_identity = STIR_MAX_IDENTITIES;
    verdict = call_verify(&call, &policy, pki.trust, body(), NOW);
    assert_int_equal(verdict->verstat, STIR_VERSTAT_PASSED);
    assert_int_equal(verdict->n_tokens, STIR_MAX_IDENTITIES);
    stir_verdict_free(verdict);
}

static void the_asserted_identity_speaks_before_from(void **state)
{
    (void)state;
    char identity[4096];
    struct stir_policy policy = support_policy("shaken");
    good_call(identity, sizeof(identity));
    struct stir_slice value = S(identity), pai[] = {S("<sip:someone@example.com>"), S("<sip:+12155551212@h;user=phone>")};
    struct stir_call call = call_of(&value, "<sip:anonymous@anonymous.invalid>;tag=1", DEST);
    call.pai = pai;
    call.n_pai = 2;
    struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, body(), NOW);
    assert_int_equal(verdict->reason, STIR_R_NONE);
    stir_verdict_free(verdict);
    policy.caller = STIR_CALLER_FROM;
    verdict = call_verify(&call, &policy, pki.trust, body(), NOW);
    assert_int_equal(verdict->reason, STIR_R_ORIG_MISMATCH);
    stir_verdict_free(verdict);
    policy.caller = STIR_CALLER_FROM_PAI;
    verdict = call_verify(&call, &policy, pki.trust, body(), NOW);
    assert_int_equal(verdict->reason, STIR_R_NONE);
    stir_verdict_free(verdict);
}

static void the_policy_asks_for_an_attestation(void **state)
{
    (void)state;
    static const struct {
        const char *attest, *least; /* each one letter, or "" */
        enum stir_reason reason;
    } calls[] = {
        {"A", "", STIR_R_NONE},
        {"C", "", STIR_R_NONE},
        {"A", "A", STIR_R_NONE},
        {"B", "A", STIR_R_ATTEST_BELOW_MINIMUM},
        {"C", "A", STIR_R_ATTEST_BELOW_MINIMUM},
        {"A", "B", STIR_R_NONE},
        {"B", "B", STIR_R_NONE},
        {"C", "B", STIR_R_ATTEST_BELOW_MINIMUM},
        {"C", "C", STIR_R_NONE},
        {"D", "C", STIR_R_ATTEST_VALUE},
    };
    struct stir_policy policy = support_policy("shaken");
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        char identity[4096], payload[1024];
        snprintf(payload, sizeof(payload), PAYLOAD("%s", DEST, "1790000000", ORIG, ORIGID), calls[i].attest);
        sign_raw(identity, sizeof(identity), GOOD_HEADER, payload, GOOD_PARAMS);
        struct stir_slice value = S(identity);
        struct stir_call call = call_of(&value, ORIG, DEST);
        policy.min_attest = calls[i].least[0];
        struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, body(), NOW);
        if (verdict->reason != calls[i].reason)
            fail_msg("%s against %s: %s", calls[i].attest, calls[i].least, stir_reason_name(verdict->reason));
        assert_int_equal(verdict->verstat, calls[i].reason == STIR_R_NONE ? STIR_VERSTAT_PASSED : STIR_VERSTAT_NO);
        stir_verdict_free(verdict);
    }
}

/* Of tokens that have none, nobody can say that it is high enough. */
static void a_token_without_attestation_meets_no_minimum(void **state)
{
    (void)state;
    char identity[4096];
    struct stir_policy policy = support_policy("rfc8224");
    pki_sign(&pki, identity, sizeof(identity), "{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":\"" X5U "\"}",
             "{\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":1790000000,\"orig\":{\"tn\":\"" ORIG "\"}}", ";info=<" X5U ">");
    struct stir_slice value = S(identity);
    struct stir_call call = call_of(&value, ORIG, DEST);
    struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, body(), NOW);
    assert_int_equal(verdict->reason, STIR_R_NONE);
    stir_verdict_free(verdict);
    policy.min_attest = 'C';
    verdict = call_verify(&call, &policy, pki.trust, body(), NOW);
    assert_int_equal(verdict->reason, STIR_R_ATTEST_BELOW_MINIMUM);
    stir_verdict_free(verdict);
}

/*= RFC8224-12.1 test */
static void the_date_header_warns_and_fails_only_when_strict(void **state)
{
    (void)state;
    static const struct {
        const char *date;
        enum stir_reason reason;
    } dates[] = {{"yesterday", STIR_R_DATE_BAD}, {"Mon, 21 Sep 2026 13:00:00 GMT", STIR_R_DATE_STALE}, {"Mon, 21 Sep 2026 16:00:00 GMT", STIR_R_DATE_FUTURE}};
    char identity[4096];
    good_call(identity, sizeof(identity));
    struct stir_slice value = S(identity);
    for (size_t i = 0; i < 3; i++) {
        struct stir_policy policy = support_policy("shaken"), strict = support_policy("strict");
        struct stir_call call = call_of(&value, ORIG, DEST);
        call.date = S(dates[i].date);
        struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, body(), NOW);
        assert_int_equal(verdict->verstat, STIR_VERSTAT_PASSED);
        assert_int_equal(check_of(verdict, STIR_CHECK_DATE)->outcome, STIR_WARNING);
        assert_int_equal(check_of(verdict, STIR_CHECK_DATE)->reason, dates[i].reason);
        stir_verdict_free(verdict);
        verdict = call_verify(&call, &strict, pki.trust, body(), NOW);
        assert_int_equal(verdict->reason, dates[i].reason);
        assert_int_equal(stir_reason_info(verdict->reason)->sip_code, 403);
        stir_verdict_free(verdict);
    }
}

/*= RFC8225-6b RFC8225-9a test */
static void strict_refuses_what_the_default_bears(void **state)
{
    (void)state;
    static const struct {
        const char *payload, *params;
        enum stir_reason reason;
    } calls[] = {
        {"{\"origid\":\"" ORIGID "\",\"attest\":\"A\",\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":1790000000,\"orig\":{\"tn\":\"" ORIG "\"}}", GOOD_PARAMS,
         STIR_R_NOT_CANONICAL},
        {PAYLOAD("A", DEST, "1790000000", "+" ORIG, ORIGID), GOOD_PARAMS, STIR_R_TN_NOT_CANONICAL},
        {PAYLOAD("A", DEST, "1790000000", ORIG, "some-guid"), GOOD_PARAMS, STIR_R_ORIGID_FORM},
        {GOOD_PAYLOAD, ";info=<" X5U ">", STIR_R_PARAM_PPT_MISSING},
        {GOOD_PAYLOAD, ";info=<" X5U ">alg=ES256;ppt=shaken", STIR_R_IDENTITY_SYNTAX},
    };
    struct stir_policy policy = support_policy("strict");
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        char identity[4096];
        sign_raw(identity, sizeof(identity), GOOD_HEADER, calls[i].payload, calls[i].params);
        struct stir_slice value = S(identity);
        struct stir_call call = call_of(&value, ORIG, DEST);
        struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, body(), NOW);
        if (verdict->reason != calls[i].reason)
            fail_msg("%s: %s", stir_reason_name(calls[i].reason), stir_reason_name(verdict->reason));
        stir_verdict_free(verdict);
    }
}

/* A2.5 under shaken; rebuilt from the message under rfc8224, byte for byte as RFC 8224 §4.1.1 has it. */
/*= RFC8224-6.2f test */
static void the_compact_form_is_rebuilt_only_where_its_kind_allows(void **state)
{
    (void)state;
    char full[4096], compact[4096];
    struct stir_policy policy = support_policy("shaken"), base = support_policy("rfc8224");
    base.tnauth_optional = true;
    pki_sign(&pki, full, sizeof(full), "{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":\"" X5U "\"}",
             "{\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":1790000000,\"orig\":{\"tn\":\"" ORIG "\"}}", ";info=<" X5U ">");
    snprintf(compact, sizeof(compact), "..%s", strrchr(full, '.') ? strchr(strchr(full, '.') + 1, '.') + 1 : "");
    struct stir_slice value = S(compact);
    struct stir_call call = call_of(&value, ORIG, DEST);
    call.date = S("Mon, 21 Sep 2026 14:13:20 GMT");
    struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, body(), NOW);
    assert_int_equal(verdict->reason, STIR_R_COMPACT_FORM);
    stir_verdict_free(verdict);
    verdict = call_verify(&call, &base, pki.trust, body(), NOW);
    if (verdict->reason != STIR_R_NONE)
        fail_msg("%s", stir_reason_name(verdict->reason));
    stir_verdict_free(verdict);
    call.from = S("12155551213");
    verdict = call_verify(&call, &base, pki.trust, body(), NOW);
    assert_int_equal(verdict->reason, STIR_R_SIGNATURE_BAD);
    stir_verdict_free(verdict);
    call.from = S(ORIG);
    call.date = stir_slice_str(NULL);
    verdict = call_verify(&call, &base, pki.trust, body(), NOW);
    assert_int_equal(verdict->reason, STIR_R_DATE_MISSING);
    stir_verdict_free(verdict);
}

static void media_keys_are_rebuilt_sorted(void **state)
{
    (void)state;
    char full[4096], compact[4096];
    struct stir_policy base = support_policy("rfc8224");
    pki_sign(&pki, full, sizeof(full), "{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":\"" X5U "\"}",
             "{\"dest\":{\"tn\":[\"" DEST
             "\"]},\"iat\":1790000000,\"mky\":[{\"alg\":\"sha-256\",\"dig\":\"021ACC54\"},{\"alg\":\"sha-256\",\"dig\":\"4AADB9B1\"}],\"orig\":{"
             "\"tn\":\"" ORIG "\"}}",
             ";info=<" X5U ">");
    snprintf(compact, sizeof(compact), "..%s", strchr(strchr(full, '.') + 1, '.') + 1);
    struct stir_slice value = S(compact), fingerprints[] = {S("sha-256 4A:AD:B9:B1"), S("SHA-256 02:1a:cc:54")};
    struct stir_call call = call_of(&value, ORIG, DEST);
    call.date = S("Mon, 21 Sep 2026 14:13:20 GMT");
    call.fingerprints = fingerprints;
    call.n_fingerprints = 2;
    struct stir_verdict *verdict = call_verify(&call, &base, pki.trust, body(), NOW);
    if (verdict->reason != STIR_R_NONE)
        fail_msg("%s", stir_reason_name(verdict->reason));
    stir_verdict_free(verdict);
}

static void junk_for_a_certificate_is_a_verdict(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        enum stir_reason reason;
    } bodies[] = {{"", STIR_R_CERT_UNREADABLE},
                  {"junk", STIR_R_CERT_UNREADABLE},
                  {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", STIR_R_CERT_UNREADABLE}};
    char identity[4096];
    struct stir_policy policy = support_policy("shaken");
    good_call(identity, sizeof(identity));
    struct stir_slice value = S(identity);
    struct stir_call call = call_of(&value, ORIG, DEST);
    for (size_t i = 0; i < 3; i++) {
        struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, S(bodies[i].body), NOW);
        assert_int_equal(verdict->reason, bodies[i].reason);
        assert_int_equal(verdict->verstat, STIR_VERSTAT_FAILED);
        stir_verdict_free(verdict);
    }
}

/* The call of a real carrier, as published, under the root that it was delivered with. */
static void the_real_call_passes_at_its_time(void **state)
{
    (void)state;
    struct stir_policy policy = support_policy("shaken");
    struct stir_cert *certs[STIR_MAX_CHAIN];
    size_t n = support_certs(certs, STIR_MAX_CHAIN, "e2e/bandwidth-1656534336-chain.pem");
    struct stir_slice pem = support_file("e2e/bandwidth-1656534336-chain.pem"), text = support_file("e2e/bandwidth-1656534336.identity");
    struct stir_trust_builder *builder = support_builder();
    assert_err(stir_trust_add_anchor(builder, certs[n - 1]), STIR_OK);
    struct stir_trust *trust = support_freeze(builder, 1);
    struct stir_slice value = stir_slice_of(text.p, strcspn(text.p, "\r\n"));
    struct stir_call call = call_of(&value, "19194442683", "19842820280");
    struct stir_verdict *verdict = call_verify(&call, &policy, trust, pem, 1656534340);
    if (verdict->reason != STIR_R_NONE)
        fail_msg("%s: %s", stir_reason_name(verdict->reason), check_of(verdict, stir_reason_info(verdict->reason)->check)->detail);
    assert_int_equal(verdict->tokens[0].attest, 'A');
    stir_verdict_free(verdict);
    verdict = call_verify(&call, &policy, trust, pem, 1656534340 + 86400 * 3650);
    assert_int_equal(verdict->reason, STIR_R_IAT_STALE);
    stir_verdict_free(verdict);
    support_free(pem);
    support_free(text);
    stir_trust_free(trust);
    support_certs_free(certs, n);
}

static void bad_arguments_are_refused(void **state)
{
    (void)state;
    struct stir_policy policy = support_policy("shaken"), no_size = policy;
    struct stir_call call = STIR_CALL_INIT, no_list = STIR_CALL_INIT;
    struct stir_verify *v = NULL;
    no_size.size = 0;
    no_list.n_identity = 1;
    assert_err(stir_verify_new(NULL, &call, &policy, pki.trust, NULL, NOW), STIR_EARG);
    assert_err(stir_verify_new(&v, NULL, &policy, pki.trust, NULL, NOW), STIR_EARG);
    assert_err(stir_verify_new(&v, &call, NULL, pki.trust, NULL, NOW), STIR_EARG);
    assert_err(stir_verify_new(&v, &call, &no_size, pki.trust, NULL, NOW), STIR_EARG);
    assert_err(stir_verify_new(&v, &no_list, &policy, pki.trust, NULL, NOW), STIR_EARG);
    assert_err(stir_verify_new(&v, &call, &policy, NULL, NULL, NOW), STIR_EARG);
    assert_err(stir_verify_new(&v, &call, &policy, pki.trust, NULL, -1), STIR_EARG);
    assert_err(stir_verify_new(&v, &call, &policy, pki.trust, NULL, INT64_MAX), STIR_EARG);
    policy.min_attest = 'D';
    assert_err(stir_verify_new(&v, &call, &policy, pki.trust, NULL, NOW), STIR_EARG);
    assert_null(v);
    assert_err(stir_verify_next(NULL, NULL, NULL), STIR_EARG);
    assert_err(stir_verify_supply_pem(NULL, 1, S("")), STIR_EARG);
    assert_err(stir_verify_take(NULL, NULL), STIR_EARG);
    stir_verify_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_departure_has_its_reason),
        cmocka_unit_test(no_flipped_bit_passes),
        cmocka_unit_test(a_signature_of_another_key_fails_the_number),
        cmocka_unit_test(signatures_of_other_lengths_are_refused),
        cmocka_unit_test(zero_signatures_fail_and_the_mirrored_one_is_good),
        cmocka_unit_test(nothing_is_asked_for_a_token_that_cannot_pass),
        cmocka_unit_test(exhaustive_goes_on_and_still_reports_the_first),
        cmocka_unit_test(needs_are_answered_once_and_only_as_asked),
        cmocka_unit_test(a_certificate_that_does_not_come_is_its_own_reason),
        cmocka_unit_test(times_of_the_certificate_count_at_iat_and_now),
        cmocka_unit_test(a_number_outside_the_list_is_not_authorised),
        cmocka_unit_test(constraints_of_the_certificate_bind_the_claims),
        cmocka_unit_test(one_good_token_among_bad_ones_suffices),
        cmocka_unit_test(no_identity_and_too_many_are_verdicts),
        cmocka_unit_test(the_asserted_identity_speaks_before_from),
        cmocka_unit_test(the_policy_asks_for_an_attestation),
        cmocka_unit_test(a_token_without_attestation_meets_no_minimum),
        cmocka_unit_test(the_date_header_warns_and_fails_only_when_strict),
        cmocka_unit_test(strict_refuses_what_the_default_bears),
        cmocka_unit_test(the_compact_form_is_rebuilt_only_where_its_kind_allows),
        cmocka_unit_test(media_keys_are_rebuilt_sorted),
        cmocka_unit_test(junk_for_a_certificate_is_a_verdict),
        cmocka_unit_test(the_real_call_passes_at_its_time),
        cmocka_unit_test(bad_arguments_are_refused),
    };
    return cmocka_run_group_tests_name("verify", tests, make_pki, free_pki);
}
