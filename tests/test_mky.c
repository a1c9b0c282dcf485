/* Media keys (RFC 8225 §5.2.2): mky against the fingerprints of the SDP. */
#include "call_group.h"

#include "core/mky.h"

#define KEY(alg, dig) "{\"alg\":\"" alg "\",\"dig\":\"" dig "\"}"
#define A KEY("sha-256", "021ACC54")
#define B KEY("sha-256", "4AADB9B1")

static void keys_of_the_token_are_those_of_the_sdp(void **state)
{
    (void)state;
    static const struct {
        const char *name, *mky, *fingerprints[3]; /* mky NULL: none */
        enum stir_outcome outcome;
    } rows[] = {
        {"the same", "[" A "]", {"sha-256 02:1A:CC:54"}, STIR_PASS},
        {"small letters in the SDP", "[" A "]", {"SHA-256 02:1a:cc:54"}, STIR_PASS},
        {"small letters in the token", "[" KEY("Sha-256", "021acc54") "]", {"sha-256 02:1A:CC:54"}, STIR_PASS},
        {"blanks", "[" A "]", {" sha-256   02:1A:CC:54 "}, STIR_PASS},
        {"two", "[" A "," B "]", {"sha-256 02:1A:CC:54", "sha-256 4A:AD:B9:B1"}, STIR_PASS},
        {"two the other way round", "[" A "," B "]", {"sha-256 4A:AD:B9:B1", "sha-256 02:1A:CC:54"}, STIR_PASS},
        {"one for two media", "[" A "]", {"sha-256 02:1A:CC:54", "sha-256 02:1A:CC:54"}, STIR_PASS},
        {"no claim", NULL, {"sha-256 02:1A:CC:54"}, STIR_NOT_REACHED},
        {"neither", NULL, {NULL}, STIR_NOT_REACHED},
        {"another digest", "[" A "]", {"sha-256 02:1A:CC:55"}, STIR_FAIL},
        {"another algorithm", "[" A "]", {"sha-512 02:1A:CC:54"}, STIR_FAIL},
        {"the digests exchanged", "[" KEY("sha-1", "4AADB9B1") "," A "]", {"sha-256 4A:AD:B9:B1", "sha-1 02:1A:CC:54"}, STIR_FAIL},
        {"one more in the SDP", "[" A "]", {"sha-256 02:1A:CC:54", "sha-256 4A:AD:B9:B1"}, STIR_FAIL},
        {"one more in the token", "[" A "," B "]", {"sha-256 02:1A:CC:54"}, STIR_FAIL},
        {"no fingerprint", "[" A "]", {NULL}, STIR_FAIL},
        {"the beginning of one", "[" A "]", {"sha-256 02:1A:CC"}, STIR_FAIL},
        {"no hex", "[" A "]", {"sha-256 02:1A:CC:5G"}, STIR_FAIL},
        {"no digest", "[" A "]", {"sha-256"}, STIR_FAIL},
        {"no algorithm", "[" A "]", {"02:1A:CC:54"}, STIR_FAIL},
        {"a quote in the algorithm", "[" A "]", {"sha\"256 02:1A:CC:54"}, STIR_FAIL},
        {"a bad one beside the good one", "[" A "]", {"sha-256 02:1A:CC:54", "sha-256 :"}, STIR_FAIL},
    };
    struct stir_policy policy = support_policy("shaken");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char identity[4096], payload[2048];
        struct stir_slice fingerprints[3];
        snprintf(payload, sizeof(payload),
                 "{\"attest\":\"A\",\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":1790000000,%s%s%s\"orig\":{\"tn\":\"" ORIG "\"},\"origid\":\"" ORIGID "\"}",
                 rows[i].mky ? "\"mky\":" : "", rows[i].mky ? rows[i].mky : "", rows[i].mky ? "," : "");
        pki_sign(&pki, identity, sizeof(identity), GOOD_HEADER, payload, GOOD_PARAMS);
        struct stir_slice value = S(identity);
        struct stir_call call = call_of(&value, ORIG, DEST);
        call.fingerprints = fingerprints;
        for (size_t k = 0; k < 3 && rows[i].fingerprints[k]; k++)
            fingerprints[call.n_fingerprints++] = S(rows[i].fingerprints[k]);
        struct stir_verdict *verdict = call_verify(&call, &policy, pki.trust, stir_slice_of(pki.pem, pki.pem_len), NOW);
        if (check_of(verdict, STIR_CHECK_MKY)->outcome != rows[i].outcome ||
            verdict->reason != (rows[i].outcome == STIR_FAIL ? STIR_R_MKY_MISMATCH : STIR_R_NONE))
            fail_msg("%s: %s, %s", rows[i].name, stir_outcome_text(check_of(verdict, STIR_CHECK_MKY)->outcome), stir_reason_name(verdict->reason));
        stir_verdict_free(verdict);
    }
}

/* What stir_mky_write() makes of up to 17 fingerprints is what stir_mky_compare() finds the same. */
static void what_is_written_compares_as_the_same(void **state)
{
    (void)state;
    struct stir_slice many[STIR_MAX_FINGERPRINTS + 1], mky;
    char text[STIR_MAX_FINGERPRINTS + 1][32];
    struct stir_arena arena = {0};
    bool same = false;
    for (int i = 0; i <= STIR_MAX_FINGERPRINTS; i++) {
        snprintf(text[i], sizeof(text[i]), "SHA-256 %02x:0a", (unsigned)i);
        many[i] = S(text[i]);
    }
    for (size_t n = 1; n <= STIR_MAX_FINGERPRINTS; n++) {
        assert_err(stir_mky_write(&mky, &arena, many, n), STIR_OK);
        assert_err(stir_mky_compare(&same, &arena, mky, many, n), STIR_OK);
        assert_true(same);
        assert_err(stir_mky_compare(&same, &arena, mky, many, n - 1), STIR_OK);
        assert_false(same);
    }
    assert_err(stir_mky_compare(&same, &arena, mky, many, STIR_MAX_FINGERPRINTS + 1), STIR_OK); /* never cut silently */
    assert_false(same);
    assert_err(stir_mky_write(&mky, &arena, many, STIR_MAX_FINGERPRINTS + 1), STIR_OK);
    assert_null(mky.p);
    assert_err(stir_mky_write(&mky, &arena, many, 0), STIR_OK);
    assert_null(mky.p);
    assert_err(stir_mky_write(&mky, &arena, many, 2), STIR_OK);
    assert_slice(mky, "[" KEY("sha-256", "000A") "," KEY("sha-256", "010A") "]");
    many[1] = S("sha-256 0:x");
    assert_err(stir_mky_write(&mky, &arena, many, 2), STIR_OK);
    assert_null(mky.p);
    stir_arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_the_token_are_those_of_the_sdp),
        cmocka_unit_test(what_is_written_compares_as_the_same),
    };
    return cmocka_run_group_tests_name("mky", tests, make_pki, free_pki);
}
