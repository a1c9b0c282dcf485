/* Reason headers (RFC 9410): what a verifier says to the signers, and what a signer lets through to the caller. */
#include "call_group.h"

#include <jansson.h>

#define STALE_PAYLOAD "{\"attest\":\"A\",\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":1700000000,\"orig\":{\"tn\":\"" ORIG "\"},\"origid\":\"" ORIGID "\"}"
#define OTHER_PAYLOAD "{\"attest\":\"A\",\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":1790000000,\"orig\":{\"tn\":\"12155559999\"},\"origid\":\"" ORIGID "\"}"
#define FOO_HEADER "{\"alg\":\"ES256\",\"ppt\":\"foo\",\"typ\":\"passport\",\"x5u\":\"" X5U "\"}"
#define FOO_PARAMS ";info=<" X5U ">;alg=ES256;ppt=foo"

enum { GOOD, STALE, OTHER, FOO, KINDS };

static char identities[KINDS][2048];

static void sign_all(void)
{
    pki_sign(&pki, identities[GOOD], sizeof(identities[0]), GOOD_HEADER, GOOD_PAYLOAD, GOOD_PARAMS);
    pki_sign(&pki, identities[STALE], sizeof(identities[0]), GOOD_HEADER, STALE_PAYLOAD, GOOD_PARAMS);
    pki_sign(&pki, identities[OTHER], sizeof(identities[0]), GOOD_HEADER, OTHER_PAYLOAD, GOOD_PARAMS);
    pki_sign(&pki, identities[FOO], sizeof(identities[0]), FOO_HEADER, GOOD_PAYLOAD, FOO_PARAMS);
}

static struct stir_slice signature_of(const char *identity)
{
    struct stir_identity parts;
    assert_err(stir_identity_parse(&parts, S(identity), STIR_IDENTITY_TOLERANT, NULL, NULL), STIR_OK);
    return parts.signature;
}

static struct stir_verdict *verdict_of(const char *const *values, size_t n)
{
    struct stir_slice list[8];
    struct stir_policy policy = support_policy("shaken");
    struct stir_call call = call_of(list, ORIG, DEST);
    for (size_t i = 0; i < n; i++)
        list[i] = S(values[i]);
    call.n_identity = n;
    return call_verify(&call, &policy, pki.trust, stir_slice_of(pki.pem, pki.pem_len), NOW);
}

static void headers_are(const struct stir_verdict *v, enum stir_reason_protocol protocol, const char *name, const char *wanted)
{
    char text[8192];
    size_t n;
    assert_err(stir_verdict_reason_headers(text, sizeof(text), &n, v, protocol), STIR_OK);
    if (strcmp(text, wanted) != 0 || n != strlen(wanted))
        fail_msg("%s: %s", name, text);
}

/* "Reason: STIR ...\r\n" for this identity. */
static const char *line(char *buf, size_t cap, const char *cause, const char *identity)
{
    struct stir_slice signature = signature_of(identity);
    snprintf(buf, cap, "Reason: STIR ;cause=%s ;ppi=\"..%.*s\"\r\n", cause, (int)signature.n, signature.p);
    return buf;
}

/*= RFC8224-6.2c RFC9410-5a RFC9410-5b RFC9410-6 test */
static void each_failing_header_has_its_reason_and_no_other_has(void **state)
{
    (void)state;
    char stale[512], other[512], foo[512], both[1024];
    sign_all();
    line(stale, sizeof(stale), "403 ;text=\"Stale Date\"", identities[STALE]);
    line(other, sizeof(other), "438 ;text=\"Invalid Identity Header\"", identities[OTHER]);
    line(foo, sizeof(foo), "428 ;text=\"Use Supported PASSporT Format\"", identities[FOO]);
    snprintf(both, sizeof(both), "%s%s", other, stale);
    const struct {
        const char *name;
        const char *values[3];
        size_t n;
        const char *stir, *sip;
    } rows[] = {
        {"good", {identities[GOOD]}, 1, "", ""},
        {"stale", {identities[STALE]}, 1, stale, "Reason: SIP ;cause=403 ;text=\"Stale Date\"\r\n"},
        {"two that fail", {identities[OTHER], identities[STALE]}, 2, both, "Reason: SIP ;cause=403 ;text=\"Stale Date\"\r\n"},
        {"one of two", {identities[GOOD], identities[STALE]}, 2, stale, ""},
        {"unknown kinds are ignored", {identities[GOOD], identities[FOO]}, 2, "", ""},
        {"also beside one that fails", {identities[FOO], identities[STALE]}, 2, stale, "Reason: SIP ;cause=403 ;text=\"Stale Date\"\r\n"},
        {"unless there is nothing else", {identities[FOO]}, 1, foo, "Reason: SIP ;cause=428 ;text=\"Use Supported PASSporT Format\"\r\n"},
        {"no Identity", {NULL}, 0, "Reason: STIR ;cause=428 ;text=\"Use Identity Header\"\r\n", "Reason: SIP ;cause=428 ;text=\"Use Identity Header\"\r\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_verdict *v = verdict_of(rows[i].values, rows[i].n);
        headers_are(v, STIR_REASON_STIR, rows[i].name, rows[i].stir);
        headers_are(v, STIR_REASON_SIP, rows[i].name, rows[i].sip);
        stir_verdict_free(v);
    }
}

/* H25: what the caller chose stands in no header, but a signature that can be one. */
static void what_is_no_signature_is_not_named(void **state)
{
    (void)state;
    static const char *const ends[] = {"ab\"x", "ab x", "ab,cause=200", "ab\\", "a=b", "ab.cd", ""};
    char text[8192];
    size_t n;
    for (size_t i = 0; i <= sizeof(ends) / sizeof(ends[0]); i++) {
        char identity[1024], many[256];
        memset(many, 'A', sizeof(many));
        many[STIR_MAX_PPI + 1] = '\0';
        const char *end = i < sizeof(ends) / sizeof(ends[0]) ? ends[i] : many;
        snprintf(identity, sizeof(identity), "eyJhbGciOiJFUzI1NiJ9.e30.%s" GOOD_PARAMS, end);
        struct stir_verdict *v = verdict_of((const char *const[]){identity}, 1);
        assert_int_not_equal(v->verstat, STIR_VERSTAT_PASSED);
        assert_err(stir_verdict_reason_headers(text, sizeof(text), &n, v, STIR_REASON_STIR), STIR_OK);
        if (strstr(text, "ppi") || strchr(text, '\n') != text + n - 1 || strstr(text, "cause=200"))
            fail_msg("%s: %s", end, text);
        stir_verdict_free(v);
    }
}

static void writers_say_how_much_they_need_and_refuse_nonsense(void **state)
{
    (void)state;
    char text[512];
    size_t n = 0, need = 0;
    sign_all();
    struct stir_verdict *v = verdict_of((const char *const[]){identities[STALE]}, 1);
    assert_err(stir_verdict_reason_headers(NULL, 0, &need, v, STIR_REASON_STIR), STIR_ELIMIT);
    assert_err(stir_verdict_reason_headers(text, need, &n, v, STIR_REASON_STIR), STIR_ELIMIT);
    assert_err(stir_verdict_reason_headers(text, need + 1, &n, v, STIR_REASON_STIR), STIR_OK);
    assert_int_equal(n, need);
    assert_err(stir_verdict_reason_headers(NULL, 1, &n, v, STIR_REASON_STIR), STIR_EARG);
    assert_err(stir_verdict_reason_headers(text, 1, NULL, v, STIR_REASON_STIR), STIR_EARG);
    assert_err(stir_verdict_reason_headers(text, 1, &n, NULL, STIR_REASON_STIR), STIR_EARG);
    assert_err(stir_verdict_reason_headers(text, 1, &n, v, (enum stir_reason_protocol)2), STIR_EARG);
    stir_verdict_free(v);
}

static void explanation_and_json_say_what_would_be_answered(void **state)
{
    (void)state;
    static char text[65536];
    char stale[512];
    size_t n;
    sign_all();
    line(stale, sizeof(stale), "403 ;text=\"Stale Date\"", identities[STALE]);
    stale[strlen(stale) - 2] = '\0';
    struct stir_verdict *v = verdict_of((const char *const[]){identities[STALE], identities[FOO]}, 2);
    assert_err(stir_verdict_explain(text, sizeof(text), &n, v), STIR_OK);
    assert_non_null(strstr(text, "\nResponse when the call is refused: 403 Stale Date\nHeaders of a response when it goes on:\n  Reason: STIR ;cause=403"));
    assert_non_null(strstr(text, stale));
    assert_err(stir_verdict_json(text, sizeof(text), &n, v), STIR_OK);
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *list = json_object_get(root, "reason_headers");
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(json_string_value(json_array_get(list, 0)), stale + strlen("Reason: "));
    json_decref(root);
    stir_verdict_free(v);
    v = verdict_of((const char *const[]){identities[GOOD]}, 1);
    assert_err(stir_verdict_explain(text, sizeof(text), &n, v), STIR_OK);
    assert_null(strstr(text, "Reason:"));
    assert_null(strstr(text, "Response"));
    assert_err(stir_verdict_json(text, sizeof(text), &n, v), STIR_OK);
    assert_non_null(strstr(text, "\"reason_headers\":[],"));
    stir_verdict_free(v);
}

#define BEFORE "Q.850 ;cause=16 ;text=\"a, b\\\" c\""
#define AFTER "SIP ;cause=200"

/* H51. */
/*= RFC9410-7 test */
static void what_names_our_own_token_does_not_go_back_to_the_caller(void **state)
{
    (void)state;
    sign_all();
    struct stir_identity ours;
    char compact[1024];
    assert_err(stir_identity_parse(&ours, S(identities[GOOD]), STIR_IDENTITY_TOLERANT, NULL, NULL), STIR_OK);
    snprintf(compact, sizeof(compact), "..%.*s", (int)ours.signature.n, ours.signature.p);
    const struct stir_slice own[] = {S(identities[GOOD]), S(identities[STALE])};
    const struct stir_slice theirs = signature_of(identities[OTHER]);
    const struct {
        const char *name;
        const char *before; /* of the ppi's value */
        struct stir_slice part;
        const char *after;
        bool goes;
    } rows[] = {
        {"compact form", ";ppi=\"..", ours.signature, "\"", true}, {"the second of ours", ";ppi=\"..", signature_of(identities[STALE]), "\"", true},
        {"full form", ";ppi=\"", ours.token, "\"", true},          {"full form with another signature", ";ppi=\"", ours.signing_input, ".AAAA\"", true},
        {"claims alone", ";x=\"", ours.payload, "\"", true},       {"another case, and blanks", "; PPI = \"..", ours.signature, "\"", true},
        {"without quotes", ";ppi=..", ours.signature, "", true},   {"in the text", ";text=\"no: ", ours.signature, "\"", true},
        {"somebody else's", ";ppi=\"..", theirs, "\"", false},     {"a part of ours", ";ppi=\"..", {ours.signature.p, 60}, "\"", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char value[8192], wanted[8192], out[8192];
        size_t n, removed;
        snprintf(value, sizeof(value), BEFORE ", STIR ;cause=438 %s%.*s%s," AFTER, rows[i].before, (int)rows[i].part.n, rows[i].part.p, rows[i].after);
        snprintf(wanted, sizeof(wanted), BEFORE ", STIR ;cause=438 %s%.*s%s, " AFTER, rows[i].before, (int)rows[i].part.n, rows[i].part.p, rows[i].after);
        assert_err(stir_attest_reason_strip(out, sizeof(out), &n, &removed, S(value), own, 2), STIR_OK);
        if (strcmp(out, rows[i].goes ? BEFORE ", " AFTER : wanted) != 0 || n != strlen(out) || removed != rows[i].goes)
            fail_msg("%s: %s", rows[i].name, out);
    }
}

/* Escaped, folded or wrapped, it is the same token. */
static void spelling_hides_no_token(void **state)
{
    (void)state;
    char value[4096] = "STIR ;cause=438 ;ppi=\"..", out[4096];
    size_t n, removed, at = strlen(value);
    sign_all();
    const struct stir_slice own = S(identities[GOOD]), signature = signature_of(identities[GOOD]);
    for (size_t i = 0; i < signature.n; i++) {
        if (i % 3 == 0)
            value[at++] = '\\';
        if (i == 40)
            at += (size_t)snprintf(value + at, 8, "\r\n ");
        value[at++] = signature.p[i];
    }
    value[at++] = '"';
    value[at] = '\0';
    assert_err(stir_attest_reason_strip(out, sizeof(out), &n, &removed, S(value), &own, 1), STIR_OK);
    assert_int_equal(removed, 1);
    assert_int_equal(n, 0);
    assert_string_equal(out, "");
}

static void what_cannot_be_read_is_not_let_through(void **state)
{
    (void)state;
    char out[64];
    size_t n = 77, removed = 77;
    struct stir_slice none = S("hello"), many[STIR_MAX_IDENTITIES + 1];
    sign_all();
    for (size_t i = 0; i <= STIR_MAX_IDENTITIES; i++)
        many[i] = S(identities[GOOD]);
    assert_err(stir_attest_reason_strip(out, sizeof(out), &n, &removed, S("SIP ;text=\"open"), many, 1), STIR_ESYNTAX);
    assert_err(stir_attest_reason_strip(out, sizeof(out), &n, &removed, S("SIP"), &none, 1), STIR_EVALUE);
    assert_err(stir_attest_reason_strip(out, sizeof(out), &n, &removed, S("SIP"), many, STIR_MAX_IDENTITIES + 1), STIR_ELIMIT);
    assert_int_equal(removed, 77);
    assert_err(stir_attest_reason_strip(NULL, 0, &n, NULL, S("SIP ,, Q.850"), many, 1), STIR_ELIMIT);
    assert_int_equal(n, strlen("SIP, Q.850"));
    assert_err(stir_attest_reason_strip(NULL, 1, &n, NULL, S("SIP"), many, 1), STIR_EARG);
    assert_err(stir_attest_reason_strip(out, sizeof(out), NULL, NULL, S("SIP"), many, 1), STIR_EARG);
    assert_err(stir_attest_reason_strip(out, sizeof(out), &n, NULL, S(NULL), many, 1), STIR_EARG);
    assert_err(stir_attest_reason_strip(out, sizeof(out), &n, NULL, S("SIP"), NULL, 1), STIR_EARG);
    assert_err(stir_attest_reason_strip(out, sizeof(out), &n, NULL, S("SIP"), NULL, 0), STIR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_failing_header_has_its_reason_and_no_other_has),
        cmocka_unit_test(what_is_no_signature_is_not_named),
        cmocka_unit_test(writers_say_how_much_they_need_and_refuse_nonsense),
        cmocka_unit_test(explanation_and_json_say_what_would_be_answered),
        cmocka_unit_test(what_names_our_own_token_does_not_go_back_to_the_caller),
        cmocka_unit_test(spelling_hides_no_token),
        cmocka_unit_test(what_cannot_be_read_is_not_let_through),
    };
    return cmocka_run_group_tests_name("reason", tests, make_pki, free_pki);
}
