/* PASSporTs: what is read, what is faulted, what is written. Over 600 lines and still one subject: each wrong form of each claim is a row. */
#include "support.h"

#include "core/passport.h"

static const char header_shaken[] = "{\"alg\":\"ES256\",\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"https://cert.example.org/passport.cer\"}";
static const char payload_shaken[] = "{\"attest\":\"A\",\"dest\":{\"tn\":[\"12155550131\"]},\"iat\":1443208345,\"orig\":{\"tn\":\"12155550121\"},"
                                     "\"origid\":\"123e4567-e89b-12d3-a456-426655440000\"}";
static const char payload_base[] = "{\"dest\":{\"uri\":[\"sip:alice@example.com\"]},\"iat\":1443208345,\"orig\":{\"tn\":\"12155551212\"}}";
static const char signature_86[] = "rq3pjT1hoRwakEGjHCnWSwUnshd0-zJ6F1VOgFWSjHBr8Qjpjlk-cpFYpFYsojNCpTzO3QfPOlckGaS6hEck7w";

/* Take a token apart at its dots; a parameter part behind ';' is dropped. */
static struct stir_identity split(struct stir_slice value)
{
    struct stir_identity id = {0};
    const char *semicolon = value.n ? memchr(value.p, ';', value.n) : NULL;
    if (semicolon)
        value.n = (size_t)(semicolon - value.p);
    struct stir_slice parts[3];
    size_t n = 0;
    id.token = value;
    for (struct stir_slice rest = value;; n++) {
        const char *dot = rest.n ? memchr(rest.p, '.', rest.n) : NULL;
        size_t len = dot ? (size_t)(dot - rest.p) : rest.n;
        if (n < 3)
            parts[n] = stir_slice_of(rest.p, len);
        if (!dot)
            break;
        rest = stir_slice_of(rest.p + len + 1, rest.n - len - 1);
    }
    if (n != 2)
        return id;
    id.header = parts[0];
    id.payload = parts[1];
    id.signature = parts[2];
    id.compact = parts[0].n == 0 && parts[1].n == 0;
    return id;
}

/* header "." payload "." signature, in a buffer that the next call overwrites. */
static struct stir_slice token_n(struct stir_slice header, struct stir_slice payload, const char *signature)
{
    static char buf[40000];
    struct stir_writer w = stir_writer_of(buf, sizeof(buf));
    stir_put_b64url(&w, header);
    stir_put_char(&w, '.');
    stir_put_b64url(&w, payload);
    stir_put_char(&w, '.');
    stir_put_text(&w, signature);
    size_t n;
    assert_err(stir_writer_end(&w, &n), STIR_OK);
    return stir_slice_of(buf, n);
}

static struct stir_slice token(const char *header, const char *payload)
{
    return token_n(S(header), S(payload), signature_86);
}

static struct stir_passport *must_parse(struct stir_slice text)
{
    struct stir_identity id = split(text);
    struct stir_passport *p = NULL;
    assert_err(stir_passport_parse(&p, &id), STIR_OK);
    for (size_t i = 1; i < p->n_faults; i++)
        assert_true(p->faults[i - 1] < p->faults[i]);
    return p;
}

/* The faults' names with blanks between them. */
static const char *faults_of(const struct stir_passport *p)
{
    static char text[1024];
    text[0] = '\0';
    for (size_t i = 0; i < p->n_faults; i++) {
        if (i)
            strcat(text, " ");
        strcat(text, stir_reason_name(p->faults[i]));
    }
    return text;
}

static void assert_faults(const char *what, struct stir_slice text, const char *wanted)
{
    struct stir_passport *p = must_parse(text);
    if (strcmp(faults_of(p), wanted) != 0)
        fail_msg("%s: faults \"%s\", wanted \"%s\"", what, faults_of(p), wanted);
    stir_passport_free(p);
}

static const char *header_of(const char *ppt)
{
    static char buf[200];
    if (*ppt)
        snprintf(buf, sizeof(buf), "{\"alg\":\"ES256\",\"ppt\":\"%s\",\"typ\":\"passport\",\"x5u\":\"https://cert.example.org/passport.cer\"}", ppt);
    else
        snprintf(buf, sizeof(buf), "{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":\"https://cert.example.org/passport.cer\"}");
    return buf;
}

/* ---- Kinds ---- */

/*= RFC8946-3c test */
static void ppt_texts_and_kinds_belong_together(void **state)
{
    (void)state;
    static const char *const names[] = {"", "shaken", "div", "div-o", "rph", "rcd", "rsp"};
    for (int i = STIR_PPT_SHAKEN; i < STIR_PPT_OTHER; i++) {
        assert_string_equal(stir_ppt_text((enum stir_ppt)i), names[i]);
        assert_int_equal(stir_ppt_of(S(names[i])), i);
    }
    assert_string_equal(stir_ppt_text(STIR_PPT_NONE), "");
    assert_string_equal(stir_ppt_text(STIR_PPT_OTHER), "");
    assert_string_equal(stir_ppt_text((enum stir_ppt)99), "");
    assert_int_equal(stir_ppt_of(S(NULL)), STIR_PPT_NONE);
    assert_int_equal(stir_ppt_of(S("")), STIR_PPT_OTHER);
    assert_int_equal(stir_ppt_of(S("Shaken")), STIR_PPT_OTHER);
    assert_int_equal(stir_ppt_of(S("div-")), STIR_PPT_OTHER);
    assert_int_equal(stir_ppt_of(S("foo")), STIR_PPT_OTHER);
}

/* ---- Reading ---- */

static void passport_reads_a_shaken_token(void **state)
{
    (void)state;
    struct stir_passport *p = must_parse(token(header_shaken, payload_shaken));
    assert_string_equal(faults_of(p), "");
    assert_slice(p->header_json, header_shaken);
    assert_slice(p->payload_json, payload_shaken);
    assert_slice(p->alg, "ES256");
    assert_slice(p->typ, "passport");
    assert_slice(p->x5u, "https://cert.example.org/passport.cer");
    assert_slice(p->ppt_text, "shaken");
    assert_int_equal(p->ppt, STIR_PPT_SHAKEN);
    assert_true(p->canonical);
    assert_true(p->has_iat);
    assert_int_equal(p->iat, 1443208345);
    assert_int_equal(p->orig.kind, STIR_PARTY_TN);
    assert_slice(p->orig.text, "12155550121");
    assert_int_equal(p->n_dest, 1);
    assert_int_equal(p->dest[0].kind, STIR_PARTY_TN);
    assert_slice(p->dest[0].text, "12155550131");
    assert_int_equal(p->attest, 'A');
    assert_slice(p->origid, "123e4567-e89b-12d3-a456-426655440000");
    assert_int_equal(p->signature_len, 64);
    assert_int_equal(p->signature[0], 0xae);
    assert_int_equal(p->signature[63], 0xef);
    assert_slice(stir_passport_payload(p).text, payload_shaken);
    assert_null(p->div.text.p);
    stir_passport_free(p);
    stir_passport_free(NULL);
}

static void passport_reads_what_is_escaped(void **state)
{
    (void)state;
    struct stir_passport *p =
        must_parse(token("{\"\\u0061lg\":\"ES25\\u0036\",\"typ\":\"pass\\u0070ort\",\"x5u\":\"https:\\/\\/h\\/c\"}",
                         " {\"de\\u0073t\":{\"\\u0074n\":[\"1215555121\\u0033\"]},\"iat\":1,\"orig\":{\"ur\\u0069\":\"sip:\\u00e9@h\"}}\n"));
    assert_string_equal(faults_of(p), "not-canonical");
    assert_slice(p->x5u, "https://h/c");
    assert_slice(p->dest[0].text, "12155551213");
    assert_int_equal(p->orig.kind, STIR_PARTY_URI);
    assert_slice(p->orig.text, "sip:\xc3\xa9@h");
    assert_false(p->canonical);
    assert_int_equal(stir_passport_payload(p).text.p[0], '{');
    stir_passport_free(p);
}

static void passport_reads_dest_in_the_order_of_the_token(void **state)
{
    (void)state;
    struct stir_passport *p =
        must_parse(token(header_of(""), "{\"dest\":{\"tn\":[\"3\",\"1\",\"2\"],\"uri\":[\"sip:b@h\",\"sip:a@h\"]},\"iat\":1,\"orig\":{\"tn\":\"911\"}}"));
    static const char *const wanted[] = {"3", "1", "2", "sip:b@h", "sip:a@h"};
    assert_string_equal(faults_of(p), "");
    assert_int_equal(p->n_dest, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_slice(p->dest[i].text, wanted[i]);
        assert_int_equal(p->dest[i].kind, i < 3 ? STIR_PARTY_TN : STIR_PARTY_URI);
    }
    stir_passport_free(p);
}

static void passport_refuses_what_is_no_full_form(void **state)
{
    (void)state;
    static const char *const rows[] = {"a.b", "a.b.c.d", "..", "..abcd", "", "abc"};
    struct stir_passport *p = (struct stir_passport *)(uintptr_t)&rows;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_identity id = split(S(rows[i]));
        enum stir_err err = stir_passport_parse(&p, &id);
        if (err != STIR_EVALUE || p != (struct stir_passport *)(uintptr_t)&rows)
            fail_msg("%s answers %s", rows[i], stir_err_name(err));
    }
    struct stir_identity id = split(S("a.b.c"));
    assert_err(stir_passport_parse(NULL, &id), STIR_EARG);
    assert_err(stir_passport_parse(&p, NULL), STIR_EARG);
    static char text[STIR_MAX_TOKEN + 2];
    memset(text, 'A', sizeof(text));
    text[1] = text[3] = '.';
    id = split(stir_slice_of(text, STIR_MAX_TOKEN + 1));
    assert_err(stir_passport_parse(&p, &id), STIR_ELIMIT);
    id.token = S(NULL);
    assert_err(stir_passport_parse(&p, &id), STIR_ELIMIT);
    id = split(stir_slice_of(text, STIR_MAX_TOKEN));
    assert_err(stir_passport_parse(&p, &id), STIR_OK);
    stir_passport_free(p);
}

static void passport_faults_parts_that_are_no_base64url_or_no_json(void **state)
{
    (void)state;
    char text[1100], good[1000];
    struct stir_slice t = token(header_shaken, payload_shaken);
    snprintf(good, sizeof(good), "%.*s", (int)t.n, t.p);
    assert_faults("good", S(good), "");
    snprintf(text, sizeof(text), "=%s", good);
    assert_faults("header", S(text), "base64 header-json");
    snprintf(text, sizeof(text), "%s=", good);
    assert_faults("signature with padding", S(text), "base64 signature-form");
    snprintf(text, sizeof(text), "%s", good);
    text[strlen(text) - 1] = 'x';
    assert_faults("other padding bits", S(text), "base64 signature-form");
    text[strlen(text) - 1] = '\n';
    assert_faults("line break", S(text), "base64 signature-form");
    *strchr(text, '.') = '+';
    *strchr(text, '+') = '.';
    *(strchr(text, '.') + 5) = '/';
    assert_faults("payload and signature", S(text), "base64 payload-json signature-form");
    assert_faults("nothing", S("a..c"), "base64 header-json payload-json signature-form");
    assert_faults("empty parts but one", S("e30.."), "alg-missing typ-missing x5u-missing payload-json signature-form");
    assert_faults("arrays", token("[]", "[]"), "header-json payload-json");
    assert_faults("strings", token("\"a\"", "\"a\""), "header-json payload-json");
    assert_faults("broken", token("{", "{}}"), "header-json payload-json");
    assert_faults("duplicate attest", token(header_shaken, "{\"attest\":\"A\",\"attest\":\"C\"}"), "payload-json");
    assert_faults("duplicate escaped", token(header_shaken, "{\"\\u0061ttest\":\"A\",\"attest\":\"C\"}"), "payload-json");
    assert_faults("duplicate nested", token(header_shaken, "{\"orig\":{\"tn\":\"1\",\"tn\":\"2\"}}"), "payload-json");
    assert_faults("duplicate alg", token("{\"alg\":\"ES256\",\"alg\":\"none\"}", payload_shaken), "header-json");
    assert_faults("NUL", token(header_shaken, "{\"orig\":{\"tn\":\"1215\\u00005551212\"}}"), "payload-json");
    char deep[2000];
    memset(deep, '[', sizeof(deep));
    assert_faults("deep", token_n(S(header_shaken), stir_slice_of(deep, sizeof(deep)), signature_86), "payload-json");
    struct stir_passport *p = must_parse(token("{", "{"));
    assert_slice(p->header_json, "{");
    assert_null(stir_passport_payload(p).text.p);
    assert_false(p->canonical);
    stir_passport_free(p);
    p = must_parse(S("=.=.="));
    assert_null(p->header_json.p);
    assert_null(p->payload_json.p);
    assert_int_equal(p->signature_len, 0);
    assert_null(stir_passport_payload(p).text.p);
    stir_passport_free(p);
}

/*= RFC7518-3.4 test */
static void passport_faults_signatures_that_are_not_64_bytes(void **state)
{
    (void)state;
    for (size_t n = 0; n <= 200; n++) {
        unsigned char bytes[200] = {0x30, 0x45};
        char text[300];
        struct stir_writer w = stir_writer_of(text, sizeof(text));
        stir_put_b64url(&w, stir_slice_of(bytes, n));
        assert_err(stir_writer_close(&w, NULL), STIR_OK);
        struct stir_passport *p = must_parse(token_n(S(header_shaken), S(payload_shaken), text));
        assert_int_equal(p->signature_len, n);
        assert_string_equal(faults_of(p), n == 64 ? "" : "signature-form");
        stir_passport_free(p);
    }
}

/*= RFC7515-4.1.11 test */
static void passport_judges_the_header(void **state)
{
    (void)state;
    static const struct {
        const char *header, *faults;
    } rows[] = {
        {"{}", "alg-missing typ-missing x5u-missing"},
        {"{\"alg\":\"none\",\"typ\":\"passport\",\"x5u\":\"https://h/c\"}", "alg-other"},
        {"{\"alg\":\"HS256\",\"typ\":\"passport\",\"x5u\":\"https://h/c\"}", "alg-other"},
        {"{\"alg\":\"ES384\",\"typ\":\"passport\",\"x5u\":\"https://h/c\"}", "alg-other"},
        {"{\"alg\":\"es256\",\"typ\":\"passport\",\"x5u\":\"https://h/c\"}", "alg-other"},
        {"{\"alg\":\"\",\"typ\":\"passport\",\"x5u\":\"https://h/c\"}", "alg-other"},
        {"{\"alg\":\"ES256\",\"typ\":\"JWT\",\"x5u\":\"https://h/c\"}", "typ-other"},
        {"{\"alg\":\"ES256\",\"typ\":\"Passport\",\"x5u\":\"https://h/c\"}", "typ-other"},
        {"{\"alg\":256,\"typ\":\"passport\",\"x5u\":\"https://h/c\"}", "header-type"},
        {"{\"alg\":null,\"typ\":[],\"x5u\":{}}", "header-type"},
        {"{\"alg\":\"ES256\",\"ppt\":true,\"typ\":\"passport\",\"x5u\":\"https://h/c\"}", "header-type"},
        {"{\"alg\":\"ES256\",\"crit\":[\"exp\"],\"typ\":\"passport\",\"x5u\":\"https://h/c\"}", "crit"},
        {"{\"alg\":\"ES256\",\"b64\":false,\"typ\":\"passport\",\"x5u\":\"https://h/c\"}", "crit"},
        {"{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":\"https://h/c\",\"zip\":\"DEF\"}", "crit"},
        {"{\"alg\":\"ES256\",\"cr\\u0069t\":[\"exp\"],\"typ\":\"passport\",\"x5u\":\"https://h/c\"}", "crit not-canonical"},
        {"{\"alg\":\"ES256\",\"jwk\":{\"kty\":\"EC\"},\"typ\":\"passport\",\"x5u\":\"https://h/c\"}", "key-in-header"},
        {"{\"alg\":\"ES256\",\"jku\":\"https://h/k\",\"typ\":\"passport\",\"x5c\":[],\"x5u\":\"https://h/c\"}", "key-in-header"},
        {"{\"alg\":\"ES256\",\"kid\":\"1\",\"typ\":\"passport\",\"x5u\":\"https://h/c\"}", ""},
        {"{\"alg\":\"ES256\",\"cty\":1,\"typ\":\"passport\",\"x5u\":\"https://h/c\"}", ""},
        {"{\"x5u\":\"https://h/c\",\"typ\":\"passport\",\"alg\":\"ES256\"}", "not-canonical"},
        {"{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":\"https://h/c\"}\n", "not-canonical"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_faults(rows[i].header, token(rows[i].header, payload_base), rows[i].faults);
    struct stir_passport *p = must_parse(token("{\"alg\":\"ES256\",\"ppt\":true,\"typ\":\"passport\",\"x5u\":\"https://h/c\"}", payload_base));
    assert_int_equal(p->ppt, STIR_PPT_OTHER);
    assert_null(p->ppt_text.p);
    stir_passport_free(p);
}

/* A payload of `ppt` with these members must give these faults. */
struct row {
    const char *ppt, *payload, *faults;
};

static void assert_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_faults(rows[i].payload, token(header_of(rows[i].ppt), rows[i].payload), rows[i].faults);
}
#define ASSERT_ROWS(rows) assert_rows(rows, sizeof(rows) / sizeof(rows[0]))

#define DEST "\"dest\":{\"tn\":[\"12155550131\"]}"
#define IAT "\"iat\":1443208345"
#define ORIG "\"orig\":{\"tn\":\"12155550121\"}"
#define ORIGID "\"origid\":\"123e4567-e89b-12d3-a456-426655440000\""
#define DIV "\"div\":{\"tn\":\"12155551213\"}"

static void passport_judges_iat(void **state)
{
    (void)state;
    static const struct {
        const char *iat, *faults;
    } rows[] = {
        {"1443208345", ""},
        {"1", ""},
        {"253402300799", ""},
        {"253402300800", "iat-form"},
        {"9007199254740992", "iat-form"},
        {"9223372036854775808", "iat-form"},
        {"99999999999999999999", "iat-form"},
        {"18446744073709551617", "iat-form"},
        {"0", "iat-form"},
        {"-1", "iat-form"},
        {"\"1443208345\"", "iat-form"},
        {"1.5", "not-canonical iat-form"},
        {"1443208345.0", "not-canonical iat-form"},
        {"1e9", "not-canonical iat-form"},
        {"true", "iat-form"},
        {"null", "iat-form"},
        {"[1]", "iat-form"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char payload[200];
        snprintf(payload, sizeof(payload), "{" DEST ",\"iat\":%s," ORIG "}", rows[i].iat);
        assert_faults(payload, token(header_of(""), payload), rows[i].faults);
        struct stir_passport *p = must_parse(token(header_of(""), payload));
        assert_int_equal(p->has_iat, rows[i].faults[0] == '\0');
        assert_true(p->has_iat || p->iat == 0);
        stir_passport_free(p);
    }
}

/*= RFC8225-5.2.1.1b RFC8225-5.2.1a RFC8225-5.2.1b RFC8225-5.2.1c RFC8946-3e test */
static void passport_judges_orig_and_dest(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", "{}", "iat-missing orig-missing dest-missing"},
        {"", "{" DEST "," IAT "}", "orig-missing"},
        {"", "{" IAT "," ORIG "}", "dest-missing"},
        {"", "{" DEST "," IAT ",\"orig\":\"12155550121\"}", "orig-form"},
        {"", "{" DEST "," IAT ",\"orig\":{}}", "orig-form"},
        {"", "{" DEST "," IAT ",\"orig\":null}", "orig-form"},
        {"", "{" DEST "," IAT ",\"orig\":{\"tn\":[\"12155550121\"]}}", "orig-form"},
        {"", "{" DEST "," IAT ",\"orig\":{\"tn\":12155550121}}", "orig-form"},
        {"", "{" DEST "," IAT ",\"orig\":{\"tn\":\"1\",\"uri\":\"sip:a@h\"}}", "orig-form"},
        {"", "{" DEST "," IAT ",\"orig\":{\"hi\":\"1\",\"tn\":\"1\"}}", "orig-form"},
        {"", "{" DEST "," IAT ",\"orig\":{\"uri\":\"\"}}", "orig-form"},
        {"", "{" DEST "," IAT ",\"orig\":{\"TN\":\"1\"}}", "orig-form"},
        {"", "{" DEST "," IAT ",\"orig\":{\"uri\":\"sip:a@h\"}}", ""},
        {"", "{" DEST "," IAT ",\"orig\":{\"tn\":\"*67#\"}}", ""},
        {"", "{" DEST "," IAT ",\"orig\":{\"tn\":\"123456789012345\"}}", ""},
        {"", "{" DEST "," IAT ",\"orig\":{\"tn\":\"1234567890123456\"}}", "tn-form"},
        {"", "{" DEST "," IAT ",\"orig\":{\"tn\":\"\"}}", "tn-form"},
        {"", "{" DEST "," IAT ",\"orig\":{\"tn\":\"+\"}}", "tn-form"},
        {"", "{" DEST "," IAT ",\"orig\":{\"tn\":\"1215555O121\"}}", "tn-form"},
        {"", "{" DEST "," IAT ",\"orig\":{\"tn\":\"tel:12155550121\"}}", "tn-form"},
        {"", "{" DEST "," IAT ",\"orig\":{\"tn\":\"\xef\xbc\x91\"}}", "tn-form"},
        {"", "{" DEST "," IAT ",\"orig\":{\"tn\":\"1+2155550121\"}}", "tn-form"},
        {"", "{" DEST "," IAT ",\"orig\":{\"tn\":\"+12155550121\"}}", "tn-not-canonical"},
        {"", "{" DEST "," IAT ",\"orig\":{\"tn\":\"1 (215) 555-01.21\"}}", "tn-not-canonical"},
        {"", "{\"dest\":{\"tn\":\"12155550131\"}," IAT "," ORIG "}", "dest-form"},
        {"", "{\"dest\":{}," IAT "," ORIG "}", "dest-form"},
        {"", "{\"dest\":[]," IAT "," ORIG "}", "dest-form"},
        {"", "{\"dest\":{\"tn\":[]}," IAT "," ORIG "}", "dest-form"},
        {"", "{\"dest\":{\"tn\":[],\"uri\":[]}," IAT "," ORIG "}", "dest-form"},
        {"", "{\"dest\":{\"tn\":[],\"uri\":[\"urn:service:sos\"]}," IAT "," ORIG "}", ""},
        {"", "{\"dest\":{\"tn\":[1]}," IAT "," ORIG "}", "dest-form"},
        {"", "{\"dest\":{\"tn\":[\"1\",null]}," IAT "," ORIG "}", "dest-form"},
        {"", "{\"dest\":{\"uri\":[\"\"]}," IAT "," ORIG "}", "dest-form"},
        {"", "{\"dest\":{\"foo\":[\"a\"],\"tn\":[\"1\"]}," IAT "," ORIG "}", "dest-form"},
        {"", "{\"dest\":{\"tn\":[\"x\"]}," IAT "," ORIG "}", "tn-form"},
        {"", "{\"dest\":{\"tn\":[\"+1\",\"x\"]}," IAT "," ORIG "}", "tn-form tn-not-canonical"},
    };
    ASSERT_ROWS(rows);
    struct stir_passport *p = must_parse(token(header_of(""), "{\"dest\":{\"tn\":[\"+1\",\"x\"]}," IAT ",\"orig\":{\"tn\":\"a\"}}"));
    assert_int_equal(p->n_dest, 1);
    assert_slice(p->dest[0].text, "+1");
    assert_int_equal(p->orig.kind, STIR_PARTY_NONE);
    assert_null(p->orig.text.p);
    stir_passport_free(p);
    p = must_parse(token(header_of(""), "{\"dest\":{\"tn\":[\"1\",2]}," IAT ",\"orig\":{\"tn\":\"1\",\"uri\":\"sip:a@h\"}}"));
    assert_int_equal(p->n_dest, 0);
    assert_int_equal(p->orig.kind, STIR_PARTY_NONE);
    stir_passport_free(p);
}

static void passport_bounds_dest(void **state)
{
    (void)state;
    for (int n = STIR_MAX_DESTS; n <= STIR_MAX_DESTS + 1; n++) {
        char payload[2000];
        size_t at = (size_t)snprintf(payload, sizeof(payload), "{\"dest\":{\"tn\":[\"1\"],\"uri\":[");
        for (int i = 1; i < n; i++)
            at += (size_t)snprintf(payload + at, sizeof(payload) - at, "%s\"sip:%d@h\"", i > 1 ? "," : "", i);
        snprintf(payload + at, sizeof(payload) - at, "]}," IAT "," ORIG "}");
        struct stir_passport *p = must_parse(token(header_of(""), payload));
        assert_string_equal(faults_of(p), n > STIR_MAX_DESTS ? "dest-form" : "");
        assert_int_equal(p->n_dest, n > STIR_MAX_DESTS ? 0 : n);
        stir_passport_free(p);
    }
}

static void passport_judges_attest_and_origid(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"shaken", "{" DEST "," IAT "," ORIG "}", "attest-missing origid-missing"},
        {"shaken", "{\"attest\":null," DEST "," IAT "," ORIG "," ORIGID "}", "attest-value"},
        {"shaken", "{\"attest\":1," DEST "," IAT "," ORIG "," ORIGID "}", "attest-value"},
        {"shaken", "{\"attest\":\"a\"," DEST "," IAT "," ORIG "," ORIGID "}", "attest-value"},
        {"shaken", "{\"attest\":\"D\"," DEST "," IAT "," ORIG "," ORIGID "}", "attest-value"},
        {"shaken", "{\"attest\":\"\"," DEST "," IAT "," ORIG "," ORIGID "}", "attest-value"},
        {"shaken", "{\"attest\":\"AA\"," DEST "," IAT "," ORIG "," ORIGID "}", "attest-value"},
        {"shaken", "{\"attest\":[\"A\"]," DEST "," IAT "," ORIG "," ORIGID "}", "attest-value"},
        {"shaken", "{\"attest\":\"B\"," DEST "," IAT "," ORIG "," ORIGID "}", ""},
        {"shaken", "{\"attest\":\"C\"," DEST "," IAT "," ORIG ",\"origid\":\"123E4567-E89B-12D3-A456-42665544000F\"}", ""},
        {"shaken", "{\"attest\":\"C\"," DEST "," IAT "," ORIG ",\"origid\":\"\"}", "origid-form"},
        {"shaken", "{\"attest\":\"C\"," DEST "," IAT "," ORIG ",\"origid\":\"123e4567e89b12d3a456426655440000\"}", "origid-form"},
        {"shaken", "{\"attest\":\"C\"," DEST "," IAT "," ORIG ",\"origid\":\"123e4567-e89b-12d3-a456-42665544000g\"}", "origid-form"},
        {"shaken", "{\"attest\":\"C\"," DEST "," IAT "," ORIG ",\"origid\":\"123e4567+e89b-12d3-a456-426655440000\"}", "origid-form"},
        {"shaken", "{\"attest\":\"C\"," DEST "," IAT "," ORIG ",\"origid\":\"x\\r\\nVia: ..\"}", "origid-form"},
        {"shaken", "{\"attest\":\"C\"," DEST "," IAT "," ORIG ",\"origid\":7}", "origid-missing origid-form"},
        {"shaken", "{\"attest\":\"C\"," DEST "," IAT "," ORIG ",\"origid\":\"0123456789012345678901234567890123456789012345678901234567890123x\"}",
         "origid-missing origid-form"},
        {"", "{\"attest\":\"x\"," DEST "," IAT "," ORIG ",\"origid\":\"x\"}", "attest-value origid-form"},
        {"div", "{\"attest\":\"A\"," DEST "," DIV "," IAT "," ORIG "," ORIGID "}", ""},
        {"foo", "{" DEST "," IAT "," ORIG "}", ""},
        {"rsp", "{" DEST "," IAT "," ORIG "}", ""},
    };
    ASSERT_ROWS(rows);
    struct stir_passport *p = must_parse(token(header_of("shaken"), "{\"attest\":\"a\"," DEST "," IAT "," ORIG ",\"origid\":\"mine\"}"));
    assert_int_equal(p->attest, 0);
    assert_slice(p->origid, "mine");
    stir_passport_free(p);
}

/*= RFC8225-5 test */
static void passport_says_which_claims_are_unknown(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", "{" DEST ",\"foo\":1," IAT "," ORIG "}", "claim-unknown"},
        {"", "{\"\":1," DEST "," IAT "," ORIG "}", "claim-unknown"},
        {"", "{\"Iat\":1," DEST "," IAT "," ORIG "}", "claim-unknown"},
        {"", "{" DEST ",\"exp\":2," IAT ",\"jti\":\"a\",\"msgi\":\"sha256-x\",\"nbf\":1," ORIG "}", ""},
        {"", "{" IAT "," DEST "," ORIG "}", "not-canonical"},
        {"", "{" DEST ", " IAT "," ORIG "}", "not-canonical"},
    };
    ASSERT_ROWS(rows);
}

/*= RFC8946-3a RFC8946-3i test */
static void passport_judges_div(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"div", "{" DEST "," DIV "," IAT "," ORIG "}", ""},
        {"div", "{" DEST "," IAT "," ORIG "}", "div-form"},
        {"div", "{" DEST ",\"div\":\"1\"," IAT "," ORIG "}", "div-form"},
        {"div", "{" DEST ",\"div\":{\"tn\":[\"1\"]}," IAT "," ORIG "}", "div-form"},
        {"div", "{" DEST ",\"div\":{\"hi\":\"1.2\"}," IAT "," ORIG "}", "div-form"},
        {"div", "{" DEST ",\"div\":{\"hi\":1,\"tn\":\"1\"}," IAT "," ORIG "}", "div-form"},
        {"div", "{" DEST ",\"div\":{\"tn\":\"1\",\"uri\":\"sip:a@h\"}," IAT "," ORIG "}", "div-form"},
        {"div", "{" DEST ",\"div\":{\"tn\":\"+1\"}," IAT "," ORIG "}", "tn-not-canonical"},
        {"div", "{" DEST ",\"div\":{\"reason\":[1],\"uri\":\"sip:a@h\"}," IAT "," ORIG "}", ""},
        {"div", "{" DEST "," DIV "," IAT ",\"opt\":\"x\"," ORIG "}", "div-form opt-form"},
        {"shaken", "{\"attest\":\"A\"," DEST ",\"div\":1," IAT "," ORIG "," ORIGID "}", "div-form"},
    };
    ASSERT_ROWS(rows);
    struct stir_passport *p = must_parse(token(header_of("div"), "{" DEST ",\"div\":{\"hi\":\"1.2.1\",\"tn\":\"12155551213\"}," IAT "," ORIG "}"));
    assert_string_equal(faults_of(p), "");
    assert_slice(p->div.text, "12155551213");
    assert_slice(p->div_hi, "1.2.1");
    stir_passport_free(p);
}

/* Put `inner` into a div-o payload. */
static const char *div_o_payload(struct stir_slice inner)
{
    static char buf[16000];
    snprintf(buf, sizeof(buf), "{" DEST "," DIV "," IAT ",\"opt\":\"%.*s\"," ORIG "}", (int)inner.n, inner.p);
    return buf;
}

/*= RFC8946-5 RFC8946-6a RFC8946-6b test */
static void passport_judges_opt(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"div-o", "{" DEST "," DIV "," IAT "," ORIG "}", "opt-form"},
        {"div-o", "{" DEST "," IAT "," ORIG "}", "div-form opt-form"},
        {"div-o", "{" DEST "," DIV "," IAT ",\"opt\":1," ORIG "}", "opt-form"},
        {"div-o", "{" DEST "," DIV "," IAT ",\"opt\":\"\"," ORIG "}", "opt-form"},
        {"div-o", "{" DEST "," DIV "," IAT ",\"opt\":\"e30.e30\"," ORIG "}", "opt-form"},
        {"div-o", "{" DEST "," DIV "," IAT ",\"opt\":\"e30.e30.AAAA\"," ORIG "}", "opt-form"},
    };
    ASSERT_ROWS(rows);
    static const struct {
        const char *name, *header, *payload, *signature;
        bool good;
    } inner[] = {
        {"base", "{}", payload_base, signature_86, true},
        {"compact", "", "", signature_86, false},
        {"header no object", "[]", payload_base, signature_86, false},
        {"payload no object", "{}", "1", signature_86, false},
        {"payload with duplicates", "{}", "{\"a\":1,\"a\":1}", signature_86, false},
        {"short signature", "{}", payload_base, "AAAA", false},
        {"four parts", "{}", payload_base, "AAAA.AAAA", false},
        {"div-o without opt", "{\"ppt\":\"div-o\"}", "{}", signature_86, false},
        {"div-o with opt of another type", "{\"ppt\":\"div-o\"}", "{\"opt\":1}", signature_86, false},
        {"div-o with a broken opt", "{\"ppt\":\"div-o\"}", "{\"opt\":\"a.b.c\"}", signature_86, false},
    };
    for (size_t i = 0; i < sizeof(inner) / sizeof(inner[0]); i++) {
        const char *payload = div_o_payload(token_n(S(inner[i].header), S(inner[i].payload), inner[i].signature));
        assert_faults(inner[i].name, token(header_of("div-o"), payload), inner[i].good ? "" : "opt-form");
    }
    struct stir_passport *p = must_parse(token(header_of("div-o"), div_o_payload(token("{}", payload_base))));
    assert_int_equal(p->opt.n, token("{}", payload_base).n);
    stir_passport_free(p);
}

static void passport_opens_nested_tokens_to_a_bound(void **state)
{
    (void)state;
    char payload[16000];
    snprintf(payload, sizeof(payload), "{}");
    for (int nested = 0; nested <= 10; nested++) {
        struct stir_slice t = token(nested ? "{\"ppt\":\"div-o\"}" : "{}", payload);
        struct stir_passport *p;
        struct stir_identity id = split(t);
        if (t.n > STIR_MAX_TOKEN)
            break;
        assert_err(stir_passport_parse(&p, &id), STIR_OK);
        assert_int_equal(stir_passport_has_fault(p, STIR_R_OPT_FORM), nested > STIR_MAX_OPT);
        stir_passport_free(p);
        char inner[15000];
        snprintf(inner, sizeof(inner), "%.*s", (int)t.n, t.p);
        snprintf(payload, sizeof(payload), "{\"opt\":\"%s\"}", inner);
        if (nested == 10)
            assert_true(t.n > STIR_MAX_TOKEN / 2);
    }
}

/*= RFC8443-3 test */
/*= RFC9027-4 test */
static void passport_judges_rph_and_sph(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"rph", "{" DEST "," IAT "," ORIG ",\"rph\":{\"auth\":[\"ets.0\",\"wps.0\"]}}", ""},
        {"rph", "{" DEST "," IAT "," ORIG ",\"rph\":{\"auth\":[\"esnet.0\"]},\"sph\":\"psap-callback\"}", ""},
        {"rph", "{" DEST "," IAT "," ORIG ",\"rph\":{\"auth\":[\"ESNET.4\"]},\"sph\":\"psap-callback\"}", ""},
        {"rph", "{" DEST "," IAT "," ORIG ",\"rph\":{\"auth\":[\"ets.0\"],\"other\":1}}", ""},
        {"rph", "{" DEST "," IAT "," ORIG "}", "rph-form"},
        {"rph", "{" DEST "," IAT "," ORIG ",\"rph\":[\"ets.0\"]}", "rph-form"},
        {"rph", "{" DEST "," IAT "," ORIG ",\"rph\":{}}", "rph-form"},
        {"rph", "{" DEST "," IAT "," ORIG ",\"rph\":{\"auth\":\"ets.0\"}}", "rph-form"},
        {"rph", "{" DEST "," IAT "," ORIG ",\"rph\":{\"auth\":[]}}", "rph-form"},
        {"rph", "{" DEST "," IAT "," ORIG ",\"rph\":{\"auth\":[\"ets.0\",1]}}", "rph-form"},
        {"rph", "{" DEST "," IAT "," ORIG ",\"rph\":{\"auth\":[\"ets\"]}}", "rph-form"},
        {"rph", "{" DEST "," IAT "," ORIG ",\"rph\":{\"auth\":[\".0\"]}}", "rph-form"},
        {"rph", "{" DEST "," IAT "," ORIG ",\"rph\":{\"auth\":[\"ets.\"]}}", "rph-form"},
        {"rph", "{" DEST "," IAT "," ORIG ",\"rph\":{\"auth\":[\"ets.0.1\"]}}", "rph-form"},
        {"rph", "{" DEST "," IAT "," ORIG ",\"rph\":{\"auth\":[\"ets.0,wps.0\"]}}", "rph-form"},
        {"rph", "{" DEST "," IAT "," ORIG ",\"rph\":{\"auth\":[\"ets.0\\r\\nVia: x\"]}}", "rph-form"},
        {"rph", "{" DEST "," IAT "," ORIG ",\"rph\":{\"auth\":[\"ets.0\"]},\"sph\":\"psap-callback\"}", "sph-form"},
        {"rph", "{" DEST "," IAT "," ORIG ",\"rph\":{\"auth\":[\"esnet.0\"]},\"sph\":\"emergency\"}", "sph-form"},
        {"rph", "{" DEST "," IAT "," ORIG ",\"rph\":{\"auth\":[\"esnet.0\"]},\"sph\":1}", "sph-form"},
        {"", "{" DEST "," IAT "," ORIG ",\"sph\":\"psap-callback\"}", "sph-form"},
    };
    ASSERT_ROWS(rows);
    struct stir_passport *p =
        must_parse(token(header_of("rph"), "{" DEST "," IAT "," ORIG ",\"rph\":{\"auth\":[\"esnet.0\",\"wps.0\"]},\"sph\":\"psap-callback\"}"));
    assert_int_equal(p->n_rph, 2);
    assert_slice(p->rph[1], "wps.0");
    assert_slice(p->sph, "psap-callback");
    stir_passport_free(p);
    for (int n = STIR_MAX_RPH; n <= STIR_MAX_RPH + 1; n++) {
        char payload[1000];
        size_t at = (size_t)snprintf(payload, sizeof(payload), "{" DEST "," IAT "," ORIG ",\"rph\":{\"auth\":[\"a.0\"");
        for (int i = 1; i < n; i++)
            at += (size_t)snprintf(payload + at, sizeof(payload) - at, ",\"a.%d\"", i);
        snprintf(payload + at, sizeof(payload) - at, "]}}");
        assert_faults("many r-values", token(header_of("rph"), payload), n > STIR_MAX_RPH ? "rph-form" : "");
    }
}

#define RCD(members) "{" DEST "," IAT "," ORIG ",\"rcd\":{" members "}}"
#define RCDI(members) "{" DEST "," IAT "," ORIG ",\"rcd\":{\"jcd\":[\"vcard\",[]],\"nam\":\"Q\"},\"rcdi\":{" members "}}"

/*= RFC9795-5.1.1a RFC9795-5.1.1c RFC9795-5.1.2a RFC9795-5.1.4a RFC9795-5.1.5b RFC9795-6a RFC9795-6c RFC9795-6d RFC9795-8 test */
/*= RFC9795-8.1b test */
static void passport_judges_rich_call_data(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"rcd", "{" DEST "," IAT "," ORIG "}", "rcd-form"},
        {"rcd", "{\"crn\":\"For your ears only\"," DEST "," IAT "," ORIG "}", ""},
        {"rcd", "{\"crn\":1," DEST "," IAT "," ORIG "}", "crn-form"},
        {"rcd", "{" DEST "," IAT "," ORIG ",\"rcd\":\"Q\"}", "rcd-form"},
        {"rcd", "{" DEST "," IAT ",\"iss\":\"Zorin\"," ORIG ",\"rcd\":{\"nam\":\"\"}}", ""},
        {"rcd", "{" DEST "," IAT ",\"iss\":[]," ORIG ",\"rcd\":{\"nam\":\"\"}}", "rcd-form"},
        {"rcd", RCD(""), "rcd-form"},
        {"rcd", RCD("\"nam\":null"), "rcd-form"},
        {"rcd", RCD("\"nam\":\"Q Branch Spy Gadgets\""), ""},
        {"rcd", RCD("\"apn\":\"12025551212\",\"nam\":\"Q\""), ""},
        {"rcd", RCD("\"apn\":\"+12025551212\",\"nam\":\"Q\""), "tn-not-canonical"},
        {"rcd", RCD("\"apn\":\"Q\",\"nam\":\"Q\""), "rcd-form"},
        {"rcd", RCD("\"apn\":1,\"nam\":\"Q\""), "rcd-form"},
        {"rcd", RCD("\"icn\":\"https://h/i.png\",\"nam\":\"Q\""), ""},
        {"rcd", RCD("\"icn\":\"data:image/png;base64,AA\",\"nam\":\"Q\""), ""},
        {"rcd", RCD("\"icn\":\"http://h/i.png\",\"nam\":\"Q\""), "rcd-form"},
        {"rcd", RCD("\"icn\":[],\"nam\":\"Q\""), "rcd-form"},
        {"rcd", RCD("\"jcl\":\"https://h/q.json\",\"nam\":\"Q\""), ""},
        {"rcd", RCD("\"jcl\":\"ftp://h/q.json\",\"nam\":\"Q\""), "rcd-form"},
        {"rcd", RCD("\"jcl\":{},\"nam\":\"Q\""), "rcd-form"},
        {"rcd", RCD("\"jcd\":[\"vcard\",[[\"version\",{},\"text\",\"4.0\"]]],\"nam\":\"Q\""), ""},
        {"rcd", RCD("\"jcd\":[\"vcard\"],\"nam\":\"Q\""), "rcd-form"},
        {"rcd", RCD("\"jcd\":[\"vcard\",[],1],\"nam\":\"Q\""), "rcd-form"},
        {"rcd", RCD("\"jcd\":[\"card\",[]],\"nam\":\"Q\""), "rcd-form"},
        {"rcd", RCD("\"jcd\":\"https://h/q.json\",\"nam\":\"Q\""), "rcd-form"},
        {"rcd", RCD("\"jcd\":[\"vcard\",[]],\"jcl\":\"https://h/q.json\",\"nam\":\"Q\""), "rcd-form"},
        {"rcd", RCD("\"nam\":\"Q\",\"new\":1"), ""},
        {"shaken", "{\"attest\":\"A\"," DEST "," IAT "," ORIG "," ORIGID ",\"rcd\":{}}", "rcd-form"},
        {"rcd", RCDI("\"/nam\":\"sha256-sM275lTgzCte+LHOKHtU4SxG8shlOo6OS4ot8IJQImY=\""), ""},
        {"rcd", RCDI("\"/nam\":\"sha256-sM275lTgzCte+LHOKHtU4SxG8shlOo6OS4ot8IJQImY\""), ""},
        {"rcd", RCDI("\"/jcd/1/3/3\":\"sha384-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\""), ""},
        {"rcd", RCDI("\"/jcd\":\"sha999-AAAA\""), ""},
        {"rcd", RCDI("\"/nam\":\"sha256-AAAA\""), "rcdi-form"},
        {"rcd", RCDI("\"/nam\":\"sha256-sM275lTgzCte-LHOKHtU4SxG8shlOo6OS4ot8IJQImY\""), "rcdi-form"},
        {"rcd", RCDI("\"/nam\":\"sha-256-AAAA\""), "rcdi-form"},
        {"rcd", RCDI("\"/nam\":\"SHA256-AAAA\""), "rcdi-form"},
        {"rcd", RCDI("\"/nam\":\"AAAA\""), "rcdi-form"},
        {"rcd", RCDI("\"/nam\":\"sha999-\""), "rcdi-form"},
        {"rcd", RCDI("\"/nam\":1"), "rcdi-form"},
        {"rcd", RCDI("\"/icn\":\"sha999-AAAA\""), "rcdi-form"},
        {"rcd", RCDI("\"nam\":\"sha999-AAAA\""), "rcdi-form"},
        {"rcd", RCDI("\"/\":\"sha999-AAAA\""), "rcdi-form"},
        {"rcd", "{" DEST "," IAT "," ORIG ",\"rcd\":{\"nam\":\"\"},\"rcdi\":[]}", "rcdi-form"},
        {"rcd", "{\"crn\":\"\"," DEST "," IAT "," ORIG ",\"rcdi\":{}}", "rcdi-form"},
        {"rcd", "{" DEST "," IAT "," ORIG ",\"rcdi\":{\"/nam\":\"sha999-AAAA\"},\"rcd\":{\"nam\":\"\"}}", "not-canonical"},
    };
    ASSERT_ROWS(rows);
    struct stir_passport *p =
        must_parse(token(header_of("rcd"), "{\"crn\":\"Hi\"," DEST "," IAT ",\"iss\":\"Z\"," ORIG ",\"rcd\":{\"nam\":\"\"},\"rcdi\":{}}"));
    assert_slice(p->rcd, "{\"nam\":\"\"}");
    assert_slice(p->rcdi, "{}");
    assert_slice(p->crn, "Hi");
    assert_slice(p->iss, "Z");
    stir_passport_free(p);
    p = must_parse(token(header_of("rcd"), RCD("")));
    assert_null(p->rcd.p);
    stir_passport_free(p);
}

#define MKY(value) "{" DEST "," IAT ",\"mky\":" value "," ORIG "}"

/*= RFC8225-5.2.2a RFC8225-5.2.2c test */
static void passport_judges_media_keys(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", MKY("[{\"alg\":\"sha-256\",\"dig\":\"021ACC54\"},{\"alg\":\"sha-256\",\"dig\":\"4AADB9B1\"}]"), ""},
        {"", MKY("{\"alg\":\"sha-256\",\"dig\":\"021ACC54\"}"), "mky-form"},
        {"", MKY("[]"), "mky-form"},
        {"", MKY("[1]"), "mky-form"},
        {"", MKY("[{}]"), "mky-form"},
        {"", MKY("[{\"alg\":\"sha-256\"}]"), "mky-form"},
        {"", MKY("[{\"alg\":\"sha-256\",\"gid\":\"02\"}]"), "mky-form"},
        {"", MKY("[{\"alg\":\"sha-256\",\"dig\":\"02\",\"x\":1}]"), "mky-form"},
        {"", MKY("[{\"alg\":\"\",\"dig\":\"02\"}]"), "mky-form"},
        {"", MKY("[{\"alg\":1,\"dig\":\"02\"}]"), "mky-form"},
        {"", MKY("[{\"alg\":\"sha-256\",\"dig\":2}]"), "mky-form"},
        {"", MKY("[{\"alg\":\"sha-256\",\"dig\":\"\"}]"), "mky-form"},
        {"", MKY("[{\"alg\":\"sha-256\",\"dig\":\"02:1A\"}]"), "mky-form"},
        {"", MKY("[{\"alg\":\"sha-256\",\"dig\":\"021\"}]"), "mky-form"},
    };
    ASSERT_ROWS(rows);
    char payload[2000];
    size_t at = (size_t)snprintf(payload, sizeof(payload), "{" DEST "," IAT ",\"mky\":[");
    for (int i = 0; i <= STIR_MAX_FINGERPRINTS; i++)
        at += (size_t)snprintf(payload + at, sizeof(payload) - at, "%s{\"alg\":\"a\",\"dig\":\"%02X\"}", i ? "," : "", (unsigned)i);
    snprintf(payload + at, sizeof(payload) - at, "]," ORIG "}");
    assert_faults("many fingerprints", token(header_of(""), payload), "mky-form");
}

static void passport_keeps_all_faults_in_order(void **state)
{
    (void)state;
    assert_faults(
        "all at once",
        token_n(S("{\"ppt\":1,\"crit\":1,\"jwk\":1}"),
                S("{\"iat\":0,\"orig\":{\"tn\":\"+\"},\"dest\":{\"tn\":[\"+1\"]},\"attest\":1,\"origid\":1,\"div\":1,\"opt\":1,\"rph\":1,\"sph\":1,\"rcd\":1,"
                  "\"rcdi\":1,"
                  "\"crn\":1,\"mky\":1,\"x\":1}"),
                "="),
        "base64 alg-missing typ-missing x5u-missing header-type crit key-in-header not-canonical iat-form attest-value origid-form tn-form tn-not-canonical "
        "div-form opt-form rph-form sph-form rcd-form rcdi-form crn-form mky-form claim-unknown signature-form");
    struct stir_passport p = {0};
    for (int i = 0; i < 3 * STIR_PASSPORT_FAULTS; i++)
        stir_passport_fault(&p, (enum stir_reason)(100 + i / 2));
    assert_int_equal(p.n_faults, STIR_PASSPORT_FAULTS);
}

/* ---- Vectors ---- */

static void passport_reads_the_vectors_of_the_rfcs(void **state)
{
    (void)state;
    static const struct {
        const char *file, *faults;
        enum stir_ppt ppt;
        bool canonical;
    } rows[] = {
        {"rfc8225-s7.1-full.txt", "iat-form", STIR_PPT_NONE, true},
        {"rfc8225-appA.txt", "", STIR_PPT_NONE, true},
        {"rfc8224-s4.1-identity.txt", "iat-form", STIR_PPT_NONE, true},
        {"rfc8443-identity-rph.txt", "not-canonical payload-json", STIR_PPT_RPH, false},
        {"rfc8946-s3-div.txt", "", STIR_PPT_DIV, true},
        {"rfc8946-s4.1-identity-div.txt", "", STIR_PPT_DIV, true},
        {"rfc8946-s5-identity-divo.txt", "dest-form", STIR_PPT_DIV_O, true},
        {"rfc8946-s5-opt-inner.txt", "", STIR_PPT_NONE, true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char name[100];
        snprintf(name, sizeof(name), "vectors/rfc/%s", rows[i].file);
        struct stir_slice text = support_file(name), rest = text, line;
        assert_true(support_line(&rest, &line));
        struct stir_passport *p = must_parse(line);
        if (strcmp(faults_of(p), rows[i].faults) != 0 || p->ppt != rows[i].ppt || p->canonical != rows[i].canonical || p->signature_len != 64)
            fail_msg("%s: faults \"%s\", kind %d, canonical %d", name, faults_of(p), p->ppt, p->canonical);
        stir_passport_free(p);
        support_free(text);
    }
    struct stir_slice divo = support_file("vectors/rfc/rfc8946-s5-identity-divo.txt"), inner = support_file("vectors/rfc/rfc8946-s5-opt-inner.txt"),
                      rest = inner, line;
    struct stir_passport *p = must_parse(divo);
    assert_true(support_line(&rest, &line));
    assert_true(stir_slice_eq(p->opt, line));
    assert_slice(p->div.text, "121555551213");
    stir_passport_free(p);
    support_free(divo);
    support_free(inner);
    static const char *const compact[] = {"vectors/rfc/rfc8224-s4.1.1-identity-compact.txt", "vectors/rfc/rfc8224-s5-identity-compact.txt"};
    for (size_t i = 0; i < 2; i++) {
        struct stir_slice text = support_file(compact[i]);
        struct stir_identity id = split(text);
        assert_err(stir_passport_parse(&p, &id), STIR_EVALUE);
        support_free(text);
    }
}

static void passport_reads_a_real_call(void **state)
{
    (void)state;
    struct stir_slice text = support_file("e2e/bandwidth-1656534336.identity");
    struct stir_passport *p = must_parse(text);
    assert_string_equal(faults_of(p), "");
    assert_int_equal(p->iat, 1656534336);
    assert_slice(p->orig.text, "19194442683");
    assert_slice(p->origid, "49459a8a-42f6-351c-9361-adf57a9e08ca");
    stir_passport_free(p);
    support_free(text);
}

static bool has_flag(struct stir_slice flags, const char *flag)
{
    size_t n = strlen(flag);
    for (size_t i = 0; i + n <= flags.n; i++)
        if (memcmp(flags.p + i, flag, n) == 0)
            return true;
    return false;
}

static void passport_finds_what_was_noted_about_headers_of_the_wild(void **state)
{
    (void)state;
    static const struct {
        const char *flag;
        enum stir_reason reason;
    } rows[] = {
        {"header lacks typ", STIR_R_TYP_MISSING},
        {"header lacks x5u", STIR_R_X5U_MISSING},
        {"header keys not sorted", STIR_R_NOT_CANONICAL},
        {"JSON has spaces", STIR_R_NOT_CANONICAL},
        {"iat not integer (str)", STIR_R_IAT_FORM},
        {"iat not integer (NoneType)", STIR_R_IAT_MISSING},
        {"orig missing", STIR_R_ORIG_MISSING},
        {"dest missing", STIR_R_DEST_MISSING},
        {"orig is a string", STIR_R_ORIG_FORM},
        {"orig.tn array", STIR_R_ORIG_FORM},
        {"dest is a string", STIR_R_DEST_FORM},
        {"dest.tn string not array", STIR_R_DEST_FORM},
        {"orig.tn with +", STIR_R_TN_NOT_CANONICAL},
        {"origid not UUID", STIR_R_ORIGID_FORM},
        {"origid missing", STIR_R_ORIGID_MISSING},
        {"typ JWT", STIR_R_TYP_OTHER},
        {"sig 54 bytes", STIR_R_SIGNATURE_FORM},
        {"sig 18 bytes", STIR_R_SIGNATURE_FORM},
    };
    struct stir_slice text = support_file("headers/identity-headers.tsv"), rest = text, line;
    size_t judged = 0, seen[sizeof(rows) / sizeof(rows[0])] = {0};
    while (support_line(&rest, &line)) {
        support_field(&line);
        support_field(&line);
        struct stir_slice header = support_field(&line);
        support_field(&line);
        struct stir_slice flags = support_field(&line);
        struct stir_identity id = split(header);
        struct stir_passport *p;
        if (stir_passport_parse(&p, &id) != STIR_OK)
            continue;
        judged++;
        if (stir_passport_has_fault(p, STIR_R_PAYLOAD_JSON) || stir_passport_has_fault(p, STIR_R_HEADER_JSON)) {
            stir_passport_free(p);
            continue;
        }
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            if (!has_flag(flags, rows[i].flag))
                continue;
            seen[i]++;
            if (!stir_passport_has_fault(p, rows[i].reason))
                fail_msg("\"%.*s\" has only the faults \"%s\" for %.*s", (int)flags.n, flags.p, faults_of(p), (int)header.n, header.p);
        }
        stir_passport_free(p);
    }
    support_free(text);
    assert_true(judged > 40);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (!seen[i])
            fail_msg("no header was seen with \"%s\"", rows[i].flag);
}

/* base64url that is strict is one to one: no other text says the same. */
static void passport_with_any_bit_flipped_says_something_else(void **state)
{
    (void)state;
    char text[1000];
    struct stir_slice good = token(header_shaken, payload_shaken);
    struct stir_passport *whole = must_parse(good);
    memcpy(text, good.p, good.n);
    for (size_t i = 0; i < good.n; i++)
        for (int bit = 0; bit < 8; bit++) {
            text[i] = (char)(text[i] ^ 1 << bit);
            struct stir_identity id = split(stir_slice_of(text, good.n));
            struct stir_passport *p;
            if (stir_passport_parse(&p, &id) == STIR_OK) {
                bool same = stir_slice_eq(p->header_json, whole->header_json) && stir_slice_eq(p->payload_json, whole->payload_json) &&
                            memcmp(p->signature, whole->signature, sizeof(p->signature)) == 0;
                assert_false(same);
                stir_passport_free(p);
            }
            text[i] = (char)(text[i] ^ 1 << bit);
        }
    stir_passport_free(whole);
}

static void passport_read_fails_cleanly_without_memory(void **state)
{
    (void)state;
    static const char escaped[] =
        "{\"att\\u0065st\":\"\\u0041\",\"dest\":{\"tn\":[\"\\u0031\"]},\"div\":{\"hi\":\"\\u0031\",\"tn\":\"\\u0031\"},\"iat\":1,"
        "\"mky\":[{\"alg\":\"\\u0031\",\"dig\":\"\\u0031\"}],\"opt\":\"\\u0031\",\"orig\":{\"uri\":\"\\u0031\"},\"origid\":\"\\u0031\","
        "\"rcd\":{\"apn\":\"\\u0031\",\"icn\":\"\\u0031\",\"jcl\":\"\\u0031\",\"nam\":\"\\u0031\"},\"rcdi\":{\"\\u002fnam\":\"\\u0031\"},"
        "\"rph\":{\"auth\":[\"\\u0031.1\"]},\"sph\":\"\\u0031\",\"crn\":\"\\u0031\",\"iss\":\"\\u0031\"}";
    static const char *const payloads[] = {escaped, payload_shaken};
    for (size_t i = 0; i < 2; i++) {
        struct stir_slice t = token(header_of("\\u0072cd"), payloads[i]);
        struct stir_identity id = split(t);
        bool done = false;
        for (size_t limit = 16; !done; limit += 16) {
            struct stir_arena arena = {NULL, 0, limit};
            struct stir_passport p;
            enum stir_err err = stir_passport_read(&p, &arena, &id);
            done = err == STIR_OK;
            assert_true(done || err == STIR_ENOMEM);
            stir_arena_clear(&arena);
            assert_true(limit < 4000);
        }
    }
}

/* ---- Writing ---- */

static struct stir_party party(enum stir_party_kind kind, const char *text)
{
    struct stir_party p = {.kind = kind, .len = strlen(text)};
    memcpy(p.text, text, p.len);
    return p;
}

static char written[20000];

static enum stir_err write_payload(const struct stir_passport_params *params, struct stir_diag *diag)
{
    size_t len = SIZE_MAX;
    enum stir_err err = stir_passport_write_payload(written, sizeof(written), &len, params, diag);
    if (err == STIR_OK)
        assert_int_equal(len, strlen(written));
    else
        assert_string_equal(written, "");
    return err;
}

/* What RFC 8588 §6 and requirement B6 show. */
static struct stir_passport_params shaken_params(const struct stir_party *orig, const struct stir_party *dest)
{
    struct stir_passport_params params = STIR_PASSPORT_PARAMS_INIT;
    params.ppt = STIR_PPT_SHAKEN;
    params.x5u = S("https://cert.example.org/passport.cer");
    params.iat = 1443208345;
    params.orig = orig;
    params.dest = dest;
    params.n_dest = 1;
    params.attest = 'A';
    params.origid = S("123e4567-e89b-12d3-a456-426655440000");
    return params;
}

/*= RFC8224-4.1a RFC8224-4.1l RFC8225-4.2 RFC8225-5.2.1.1a RFC8225-6b RFC8588-8 test */
static void writer_gives_the_golden_strings(void **state)
{
    (void)state;
    char buf[200];
    size_t len;
    struct stir_party orig = party(STIR_PARTY_TN, "12155550121"), dest = party(STIR_PARTY_TN, "12155550131"), div = party(STIR_PARTY_TN, "12155551213");
    struct stir_passport_params params = shaken_params(&orig, &dest);
    assert_err(stir_passport_write_header(buf, sizeof(buf), &len, &params), STIR_OK);
    assert_string_equal(buf, header_shaken);
    assert_int_equal(len, strlen(header_shaken));
    assert_err(write_payload(&params, NULL), STIR_OK);
    assert_string_equal(written, payload_shaken);

    params = (struct stir_passport_params)STIR_PASSPORT_PARAMS_INIT;
    orig = party(STIR_PARTY_TN, "12155551212");
    dest = party(STIR_PARTY_URI, "sip:alice@example.com");
    params.x5u = S("https://cert.example.org/passport.cer");
    params.iat = 1443208345;
    params.orig = &orig;
    params.dest = &dest;
    params.n_dest = 1;
    assert_err(stir_passport_write_header(buf, sizeof(buf), &len, &params), STIR_OK);
    assert_string_equal(buf, "{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":\"https://cert.example.org/passport.cer\"}");
    assert_err(write_payload(&params, NULL), STIR_OK);
    assert_string_equal(written, payload_base);

    dest = party(STIR_PARTY_TN, "12155551214");
    params.ppt = STIR_PPT_DIV;
    params.div = &div;
    assert_err(write_payload(&params, NULL), STIR_OK);
    assert_string_equal(written, "{\"dest\":{\"tn\":[\"12155551214\"]},\"div\":{\"tn\":\"12155551213\"},\"iat\":1443208345,\"orig\":{\"tn\":\"12155551212\"}}");
    params.div_hi = S("1.2.1");
    assert_err(write_payload(&params, NULL), STIR_OK);
    assert_string_equal(
        written,
        "{\"dest\":{\"tn\":[\"12155551214\"]},\"div\":{\"hi\":\"1.2.1\",\"tn\":\"12155551213\"},\"iat\":1443208345,\"orig\":{\"tn\":\"12155551212\"}}");
}

/*= RFC8225-5.2.2b RFC8225-5.2.2d test */
static void writer_gives_the_media_keys_of_rfc8225(void **state)
{
    (void)state;
    struct stir_passport_params params = STIR_PASSPORT_PARAMS_INIT;
    struct stir_party orig = party(STIR_PARTY_TN, "12155551212"), dest = party(STIR_PARTY_URI, "sip:alice@example.com");
    params.iat = 1443208345;
    params.orig = &orig;
    params.dest = &dest;
    params.n_dest = 1;
    params.mky = S("[{\"dig\":\"4AADB9B13F82183B540212DF3E5D496B19E57CAB3E4B652E7D463F5442CD54F1\",\"alg\":\"sha-256\"},\n"
                   " {\"alg\":\"sha-256\",\"dig\":\"021ACC5427ABEB9C533F3E4B652E7D463F5442CD54F17A03A27DF9B07F4619B2\"}]");
    assert_err(write_payload(&params, NULL), STIR_OK);
    assert_string_equal(written, "{\"dest\":{\"uri\":[\"sip:alice@example.com\"]},\"iat\":1443208345,\"mky\":["
                                 "{\"alg\":\"sha-256\",\"dig\":\"021ACC5427ABEB9C533F3E4B652E7D463F5442CD54F17A03A27DF9B07F4619B2\"},"
                                 "{\"alg\":\"sha-256\",\"dig\":\"4AADB9B13F82183B540212DF3E5D496B19E57CAB3E4B652E7D463F5442CD54F1\"}],"
                                 "\"orig\":{\"tn\":\"12155551212\"}}");
    static const struct {
        const char *mky;
        enum stir_err err;
    } rows[] = {{"[", STIR_EJSON},
                {"{}", STIR_EVALUE},
                {"[]", STIR_EVALUE},
                {"[1]", STIR_EVALUE},
                {"1", STIR_EVALUE},
                {"[{\"alg\":\"sha-256\"}]", STIR_EVALUE},
                {"[{\"alg\":1,\"dig\":\"00\"}]", STIR_EVALUE},
                {"[{\"alg\":\"sha-256\",\"dig\":\"0:0\"}]", STIR_EVALUE}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_diag diag = {0, ""};
        params.mky = S(rows[i].mky);
        enum stir_err err = write_payload(&params, &diag);
        if (err != rows[i].err || !strstr(diag.text, "mky"))
            fail_msg("mky %s answers %s: %s", rows[i].mky, stir_err_name(err), diag.text);
    }
    char many[1000] = "[";
    for (int i = 0; i <= STIR_MAX_FINGERPRINTS; i++)
        strcat(many, i ? ",{\"alg\":\"a\",\"dig\":\"00\"}" : "{\"alg\":\"a\",\"dig\":\"00\"}");
    strcat(many, "]");
    params.mky = S(many);
    assert_err(write_payload(&params, NULL), STIR_EVALUE);
}

static void writer_sorts_dest_numbers_before_uris(void **state)
{
    (void)state;
    struct stir_party orig = party(STIR_PARTY_URI, "sip:b@h");
    struct stir_party dest[] = {party(STIR_PARTY_URI, "sip:b@h"), party(STIR_PARTY_TN, "3"), party(STIR_PARTY_TN, "12"), party(STIR_PARTY_URI, "sip:a@h"),
                                party(STIR_PARTY_TN, "1")};
    struct stir_passport_params params = shaken_params(&orig, dest);
    params.ppt = STIR_PPT_NONE;
    params.attest = 0;
    params.origid = S(NULL);
    params.n_dest = 5;
    assert_err(write_payload(&params, NULL), STIR_OK);
    assert_string_equal(written,
                        "{\"dest\":{\"tn\":[\"1\",\"12\",\"3\"],\"uri\":[\"sip:a@h\",\"sip:b@h\"]},\"iat\":1443208345,\"orig\":{\"uri\":\"sip:b@h\"}}");
}

static void writer_refuses_what_a_verifier_would_fault(void **state)
{
    (void)state;
    const struct stir_party good_orig = party(STIR_PARTY_TN, "12155550121"), good_dest = party(STIR_PARTY_TN, "12155550131");
    const struct stir_party div = party(STIR_PARTY_TN, "12155551213");
    const struct stir_slice bad_r[] = {S("ets")}, esnet[] = {S("esnet.0")}, ets[] = {S("ets.0")};
    enum { BROKEN = 46 };
    for (int i = 0; i <= BROKEN; i++) {
        struct stir_party orig = good_orig, dest = good_dest;
        struct stir_passport_params p = shaken_params(&orig, &dest);
        struct stir_diag diag = {0, ""};
        enum stir_err wanted = STIR_EVALUE;
        const char *claim = "";
        switch (i) {
        case 0: wanted = STIR_OK; break;
        case 1: p.attest = 0, claim = "attest"; break;
        case 2: p.attest = 'D', claim = "attest"; break;
        case 3: p.attest = '"', claim = "attest"; break;
        case 4: p.origid = S(NULL), claim = "origid"; break;
        case 5: p.origid = S("x\r\nVia: .."), claim = "origid"; break;
        case 6: p.iat = 0, claim = "iat"; break;
        case 7: p.iat = -1, claim = "iat"; break;
        case 8: p.iat = INT64_MAX, claim = "iat"; break;
        case 9: p.orig = NULL, claim = "orig"; break;
        case 10: orig.kind = STIR_PARTY_NONE, claim = "orig"; break;
        case 11: orig = party(STIR_PARTY_TN, "+12155550121"), claim = "tn"; break;
        case 12: orig = party(STIR_PARTY_TN, ""), claim = "tn"; break;
        case 13: orig = party(STIR_PARTY_URI, ""), claim = "orig"; break;
        case 14: orig = party(STIR_PARTY_URI, "sip:\xff@h"), claim = "orig"; break;
        case 15: orig.text[3] = '\0', claim = "orig"; break;
        case 16: p.n_dest = 0, claim = "dest"; break;
        case 17: dest.kind = STIR_PARTY_NONE, claim = "dest"; break;
        case 18: dest = party(STIR_PARTY_TN, "1234567890123456"), claim = "tn"; break;
        case 19: dest.len = 9999, claim = "dest"; break;
        case 20: orig.len = 9999, claim = "orig"; break;
        case 21: p.ppt = STIR_PPT_DIV, claim = "div"; break;
        case 22: p.ppt = STIR_PPT_DIV_O, p.div = &div, claim = "opt"; break;
        case 23: p.ppt = STIR_PPT_DIV, p.div = &div, p.opt = S("a.b.c"), claim = "div"; break;
        case 24: p.ppt = STIR_PPT_DIV_O, p.div = &div, p.opt = S("a.b.c"), claim = "opt"; break;
        case 25: p.div_hi = S("1"), claim = "hi"; break;
        case 26: p.div = &div, p.div_hi = S("1;x"), claim = "hi"; break;
        case 27: p.ppt = STIR_PPT_RPH, claim = "rph"; break;
        case 28: p.ppt = STIR_PPT_RPH, p.rph = bad_r, p.n_rph = 1, claim = "rph"; break;
        case 29: p.ppt = STIR_PPT_RPH, p.rph = ets, p.n_rph = 1, p.sph = S("psap-callback"), claim = "sph"; break;
        case 30: p.ppt = STIR_PPT_RPH, p.rph = esnet, p.n_rph = 1, p.sph = S("x"), claim = "sph"; break;
        case 31: p.ppt = STIR_PPT_RCD, claim = "rcd"; break;
        case 32: p.rcd = S("{"), wanted = STIR_EJSON, claim = "rcd"; break;
        case 33: p.rcd = S("{}"), claim = "rcd"; break;
        case 34: p.rcdi = S("{}"), claim = "rcdi"; break;
        case 35: p.rcdi = S("{\"a\":1,\"a\":1}"), wanted = STIR_EJSON, claim = "rcdi"; break;
        case 36: p.crn = S("\xc0\xaf"), claim = "crn"; break;
        case 37: p.iss = stir_slice_of("a\0b", 3), claim = "iss"; break;
        case 38: p.ppt = STIR_PPT_OTHER, p.ppt_text = S("shaken"), p.attest = 0, claim = "attest"; break;
        case 39: p.rcd = S("{\"nam\":\"\",\"x\":1.5}"), claim = "canonical"; break;
        case 40: p.rcd = S("[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]"), claim = "rcd"; break;
        case 41: p.rcd = S("{\"nam\":\"\",\"x\":[[[[[[[[[[[[[[]]]]]]]]]]]]]]}"), wanted = STIR_OK; break;
        case 42: p.rcd = S("{\"nam\":\"\",\"x\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]}"), claim = "JSON"; break;
        case 43: p.n_dest = STIR_MAX_DESTS + 1, claim = "dest"; break;
        case 44: p.sph = S("psap-callback"), claim = "sph"; break;
        case 45: p.ppt = STIR_PPT_RPH, p.rph = esnet, p.n_rph = 1, p.sph = S("psap-callback"), wanted = STIR_OK; break;
        default: p.ppt = STIR_PPT_OTHER, p.ppt_text = S("foo"), p.attest = 0, p.origid = S(NULL), wanted = STIR_OK; break;
        }
        enum stir_err err = write_payload(&p, &diag);
        if (err != wanted || (err != STIR_OK && !strstr(diag.text, claim)))
            fail_msg("case %d answers %s: %s", i, stir_err_name(err), diag.text);
    }
}

/*= RFC8224-9a test */
static void writer_refuses_headers_that_would_break_the_message(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "https://h/a>b", "https://h/a\r\nVia:", "https://h/a b", "https://h/\"", "https://h/<", "https://h/\xc3\xa9", "https://h/\\"};
    char buf[300], long_url[STIR_MAX_URL + 2];
    size_t len;
    struct stir_passport_params params = STIR_PASSPORT_PARAMS_INIT;
    assert_err(stir_passport_write_header(buf, sizeof(buf), &len, &params), STIR_EVALUE);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        params.x5u = S(bad[i]);
        if (stir_passport_write_header(buf, sizeof(buf), &len, &params) != STIR_EVALUE)
            fail_msg("x5u \"%s\" is taken", bad[i]);
    }
    memset(long_url, 'a', sizeof(long_url));
    params.x5u = stir_slice_of(long_url, STIR_MAX_URL + 1);
    assert_err(stir_passport_write_header(buf, sizeof(buf), &len, &params), STIR_EVALUE);
    params.x5u = S("https://h/c");
    static const char *const bad_ppt[] = {"", "a b", "a\"", "a;b", "a\n", "\xc3\xa9"};
    params.ppt = STIR_PPT_OTHER;
    assert_err(stir_passport_write_header(buf, sizeof(buf), &len, &params), STIR_EVALUE);
    for (size_t i = 0; i < sizeof(bad_ppt) / sizeof(bad_ppt[0]); i++) {
        params.ppt_text = S(bad_ppt[i]);
        if (stir_passport_write_header(buf, sizeof(buf), &len, &params) != STIR_EVALUE)
            fail_msg("ppt \"%s\" is taken", bad_ppt[i]);
    }
    params.ppt = (enum stir_ppt)99;
    assert_err(stir_passport_write_header(buf, sizeof(buf), &len, &params), STIR_EVALUE);
    params.ppt = STIR_PPT_OTHER;
    params.ppt_text = S("msec");
    assert_err(stir_passport_write_header(buf, sizeof(buf), &len, &params), STIR_OK);
    assert_string_equal(buf, "{\"alg\":\"ES256\",\"ppt\":\"msec\",\"typ\":\"passport\",\"x5u\":\"https://h/c\"}");
    params.ppt = STIR_PPT_NONE;
    assert_err(stir_passport_write_header(buf, sizeof(buf), &len, &params), STIR_OK);
    assert_string_equal(buf, "{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":\"https://h/c\"}");
}

static void writers_say_how_much_room_they_need(void **state)
{
    (void)state;
    struct stir_party orig = party(STIR_PARTY_TN, "12155550121"), dest = party(STIR_PARTY_TN, "12155550131");
    struct stir_passport_params params = shaken_params(&orig, &dest);
    char buf[300];
    const size_t need = strlen(payload_shaken);
    size_t len = 0;
    assert_err(stir_passport_write_payload(NULL, 0, &len, &params, NULL), STIR_ELIMIT);
    assert_int_equal(len, need);
    assert_err(stir_passport_write_payload(buf, need, &len, &params, NULL), STIR_ELIMIT);
    assert_int_equal(len, need);
    assert_string_equal(buf, "");
    assert_err(stir_passport_write_payload(buf, need + 1, &len, &params, NULL), STIR_OK);
    assert_string_equal(buf, payload_shaken);
    assert_err(stir_passport_write_header(NULL, 0, &len, &params), STIR_ELIMIT);
    assert_int_equal(len, strlen(header_shaken));
    assert_err(stir_json_canonical(NULL, 0, &len, S("{ }"), NULL), STIR_ELIMIT);
    assert_int_equal(len, 2);
}

static void writers_check_their_arguments(void **state)
{
    (void)state;
    struct stir_party orig = party(STIR_PARTY_TN, "12155550121"), dest = party(STIR_PARTY_TN, "12155550131");
    struct stir_passport_params good = shaken_params(&orig, &dest), p = good;
    char buf[300];
    size_t len;
    assert_err(stir_passport_write_payload(NULL, 9, &len, &p, NULL), STIR_EARG);
    assert_err(stir_passport_write_payload(buf, 300, NULL, &p, NULL), STIR_EARG);
    assert_err(stir_passport_write_payload(buf, 300, &len, NULL, NULL), STIR_EARG);
    assert_err(stir_passport_write_header(NULL, 9, &len, &p), STIR_EARG);
    assert_err(stir_passport_write_header(buf, 300, NULL, &p), STIR_EARG);
    assert_err(stir_passport_write_header(buf, 300, &len, NULL), STIR_EARG);
    p.size = 0;
    assert_err(stir_passport_write_payload(buf, 300, &len, &p, NULL), STIR_EARG);
    p = good;
    p.dest = NULL;
    assert_err(stir_passport_write_payload(buf, 300, &len, &p, NULL), STIR_EARG);
    p = good;
    p.n_rph = 1;
    assert_err(stir_passport_write_payload(buf, 300, &len, &p, NULL), STIR_EARG);
    assert_err(stir_json_canonical(NULL, 9, &len, S("{}"), NULL), STIR_EARG);
    assert_err(stir_json_canonical(buf, 300, NULL, S("{}"), NULL), STIR_EARG);
    assert_err(stir_json_canonical(buf, 300, &len, stir_slice_of(NULL, 1), NULL), STIR_EARG);
}

/* Plain shaken payloads are not read back by the writer: this does it, with everything that their claims may say. */
static void plain_payloads_read_back_without_a_fault(void **state)
{
    (void)state;
    const struct stir_party parties[] = {
        party(STIR_PARTY_TN, "1"),       party(STIR_PARTY_TN, "123456789012345"),         party(STIR_PARTY_TN, "*#0"),
        party(STIR_PARTY_URI, "x"),      party(STIR_PARTY_URI, "sip:\"\\\x7f\x01\t\n@h"), party(STIR_PARTY_URI, "sip:\xc3\xa9\xf0\x9f\x98\x80@h"),
        party(STIR_PARTY_URI, "123456"),
    };
    enum { PARTIES = sizeof(parties) / sizeof(parties[0]) };
    const struct stir_slice uuids[] = {S("123e4567-e89b-12d3-a456-426655440000"), S("FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF")};
    struct stir_party dest[STIR_MAX_DESTS];
    for (size_t i = 0; i < STIR_MAX_DESTS; i++)
        dest[i] = parties[i % PARTIES];
    for (size_t i = 0; i < (size_t)PARTIES * STIR_MAX_DESTS; i++) {
        struct stir_passport_params p = shaken_params(&parties[i % PARTIES], &dest[i % 3]);
        p.n_dest = 1 + i % (STIR_MAX_DESTS - 3);
        p.attest = (char)('A' + i % 3);
        p.origid = uuids[i % 2];
        p.iat = i % 5 ? (int64_t)i : INT64_C(253402300799);
        assert_err(write_payload(&p, NULL), STIR_OK);
        struct stir_passport *t = must_parse(token(header_shaken, written));
        assert_string_equal(faults_of(t), "");
        assert_true(t->canonical);
        assert_int_equal(t->n_dest, p.n_dest);
        assert_slice(t->orig.text, p.orig->text);
        stir_passport_free(t);
    }
}

static void payloads_longer_than_a_token_are_refused(void **state)
{
    (void)state;
    struct stir_party orig = party(STIR_PARTY_TN, "12155550121"), dest = party(STIR_PARTY_TN, "12155550131");
    struct stir_passport_params params = shaken_params(&orig, &dest);
    char *crn = malloc(STIR_MAX_JSON);
    assert_non_null(crn);
    memset(crn, 'a', STIR_MAX_JSON);
    params.crn = stir_slice_of(crn, STIR_MAX_JSON);
    assert_err(write_payload(&params, NULL), STIR_EVALUE);
    params.crn.n = 4000;
    assert_err(write_payload(&params, NULL), STIR_OK);
    free(crn);
    struct stir_party many[STIR_MAX_DESTS];
    for (size_t i = 0; i < STIR_MAX_DESTS; i++) {
        many[i] = party(STIR_PARTY_URI, "");
        memset(many[i].text, '"', STIR_PARTY_MAX);
        many[i].len = STIR_PARTY_MAX;
    }
    params = shaken_params(&orig, many);
    params.n_dest = 15;
    assert_err(write_payload(&params, NULL), STIR_OK);
    params.n_dest = 16;
    assert_err(write_payload(&params, NULL), STIR_EVALUE);
}

static void canonical_form_of_any_object(void **state)
{
    (void)state;
    char buf[300];
    size_t len = 7;
    struct stir_diag diag = {0, ""};
    assert_err(stir_json_canonical(buf, sizeof(buf), &len, S(" {\"typ\":\"passport\", \"alg\":\"ES256\"}\n"), &diag), STIR_OK);
    assert_string_equal(buf, "{\"alg\":\"ES256\",\"typ\":\"passport\"}");
    assert_int_equal(len, strlen(buf));
    len = 7;
    assert_err(stir_json_canonical(buf, sizeof(buf), &len, S("[]"), &diag), STIR_EVALUE);
    assert_string_equal(diag.text, "JSON: a value, but not an object");
    assert_err(stir_json_canonical(buf, sizeof(buf), &len, S("{\"a\":1,\"\\u0061\":1}"), &diag), STIR_EJSON);
    assert_err(stir_json_canonical(buf, sizeof(buf), &len, S(""), &diag), STIR_EJSON);
    assert_err(stir_json_canonical(buf, sizeof(buf), &len, S(NULL), &diag), STIR_EJSON);
    assert_err(stir_json_canonical(buf, sizeof(buf), &len, S("{\"a\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}"), &diag), STIR_ELIMIT);
    assert_int_equal(len, 7);
    static char big[STIR_MAX_JSON + 1];
    memset(big, ' ', sizeof(big));
    memcpy(big, "{}", 2);
    assert_err(stir_json_canonical(buf, sizeof(buf), &len, stir_slice_of(big, sizeof(big)), &diag), STIR_ELIMIT);
    assert_err(stir_json_canonical(buf, sizeof(buf), &len, stir_slice_of(big, sizeof(big) - 1), &diag), STIR_OK);
}

/* Every kind, written and read again, says the same. */
/*= RFC8224-4.1f RFC8225-5.2.1.2 test */
static void parse_of_write_is_the_identity(void **state)
{
    (void)state;
    const struct stir_party orig = party(STIR_PARTY_TN, "12155550121"), div = party(STIR_PARTY_URI, "sip:d@h");
    const struct stir_party dest[] = {party(STIR_PARTY_TN, "911"), party(STIR_PARTY_URI, "urn:service:sos")};
    const struct stir_slice rph[] = {S("esnet.0"), S("wps.1")};
    char opt[600];
    struct stir_slice inner = token(header_of(""), payload_base);
    snprintf(opt, sizeof(opt), "%.*s", (int)inner.n, inner.p);
    for (int ppt = STIR_PPT_NONE; ppt <= STIR_PPT_OTHER; ppt++) {
        struct stir_passport_params p = STIR_PASSPORT_PARAMS_INIT;
        char head[300];
        size_t len;
        bool is_div = ppt == STIR_PPT_DIV || ppt == STIR_PPT_DIV_O;
        p.ppt = (enum stir_ppt)ppt;
        p.ppt_text = S("msec");
        p.x5u = S("https://h/c");
        p.iat = 1700000000 + ppt;
        p.orig = &orig;
        p.dest = dest;
        p.n_dest = 2;
        p.attest = (char)('A' + ppt % 3);
        p.origid = S("123e4567-e89b-12d3-a456-426655440000");
        p.div = is_div ? &div : NULL;
        p.div_hi = is_div ? S("1.1") : S(NULL);
        p.opt = ppt == STIR_PPT_DIV_O ? S(opt) : S(NULL);
        p.rph = rph;
        p.n_rph = 2;
        p.sph = S("psap-callback");
        p.rcd = S("{\"nam\":\"Q \\u00e9 \\\"\"}");
        p.rcdi = S("{\"/nam\":\"sha999-AA\"}");
        p.mky = S("[{\"alg\":\"sha-256\",\"dig\":\"00FF\"}]");
        p.crn = S("a \"reason\"\n\xc3\xa9");
        p.iss = S("Zorin Industries");
        assert_err(stir_passport_write_header(head, sizeof(head), &len, &p), STIR_OK);
        assert_err(write_payload(&p, NULL), STIR_OK);
        struct stir_passport *t = must_parse(token(head, written));
        assert_string_equal(faults_of(t), "");
        assert_true(t->canonical);
        assert_int_equal(t->ppt, ppt);
        assert_slice(t->ppt_text, ppt == STIR_PPT_OTHER ? "msec" : stir_ppt_text(p.ppt));
        assert_int_equal(t->iat, p.iat);
        assert_int_equal(t->attest, p.attest);
        assert_true(stir_slice_eq(t->x5u, p.x5u));
        assert_true(stir_slice_eq(t->origid, p.origid));
        assert_slice(t->orig.text, orig.text);
        assert_int_equal(t->n_dest, 2);
        for (size_t i = 0; i < 2; i++) {
            assert_int_equal(t->dest[i].kind, dest[i].kind);
            assert_slice(t->dest[i].text, dest[i].text);
            assert_true(stir_slice_eq(t->rph[i], rph[i]));
        }
        assert_int_equal(t->div.kind, is_div ? STIR_PARTY_URI : STIR_PARTY_NONE);
        assert_true(stir_slice_eq(t->div_hi, p.div_hi));
        assert_true(stir_slice_eq(t->opt, p.opt));
        assert_true(stir_slice_eq(t->sph, p.sph));
        assert_slice(t->rcd, "{\"nam\":\"Q \xc3\xa9 \\\"\"}");
        assert_true(stir_slice_eq(t->rcdi, p.rcdi));
        assert_true(stir_slice_eq(t->mky, p.mky));
        assert_true(stir_slice_eq(t->crn, p.crn));
        assert_true(stir_slice_eq(t->iss, p.iss));
        stir_passport_free(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ppt_texts_and_kinds_belong_together),
        cmocka_unit_test(passport_reads_a_shaken_token),
        cmocka_unit_test(passport_reads_what_is_escaped),
        cmocka_unit_test(passport_reads_dest_in_the_order_of_the_token),
        cmocka_unit_test(passport_refuses_what_is_no_full_form),
        cmocka_unit_test(passport_faults_parts_that_are_no_base64url_or_no_json),
        cmocka_unit_test(passport_faults_signatures_that_are_not_64_bytes),
        cmocka_unit_test(passport_judges_the_header),
        cmocka_unit_test(passport_judges_iat),
        cmocka_unit_test(passport_judges_orig_and_dest),
        cmocka_unit_test(passport_bounds_dest),
        cmocka_unit_test(passport_judges_attest_and_origid),
        cmocka_unit_test(passport_says_which_claims_are_unknown),
        cmocka_unit_test(passport_judges_div),
        cmocka_unit_test(passport_judges_opt),
        cmocka_unit_test(passport_opens_nested_tokens_to_a_bound),
        cmocka_unit_test(passport_judges_rph_and_sph),
        cmocka_unit_test(passport_judges_rich_call_data),
        cmocka_unit_test(passport_judges_media_keys),
        cmocka_unit_test(passport_keeps_all_faults_in_order),
        cmocka_unit_test(passport_reads_the_vectors_of_the_rfcs),
        cmocka_unit_test(passport_reads_a_real_call),
        cmocka_unit_test(passport_finds_what_was_noted_about_headers_of_the_wild),
        cmocka_unit_test(passport_with_any_bit_flipped_says_something_else),
        cmocka_unit_test(passport_read_fails_cleanly_without_memory),
        cmocka_unit_test(writer_gives_the_golden_strings),
        cmocka_unit_test(writer_gives_the_media_keys_of_rfc8225),
        cmocka_unit_test(writer_sorts_dest_numbers_before_uris),
        cmocka_unit_test(writer_refuses_what_a_verifier_would_fault),
        cmocka_unit_test(writer_refuses_headers_that_would_break_the_message),
        cmocka_unit_test(writers_say_how_much_room_they_need),
        cmocka_unit_test(writers_check_their_arguments),
        cmocka_unit_test(plain_payloads_read_back_without_a_fault),
        cmocka_unit_test(payloads_longer_than_a_token_are_refused),
        cmocka_unit_test(canonical_form_of_any_object),
        cmocka_unit_test(parse_of_write_is_the_identity),
    };
    return cmocka_run_group_tests_name("passport", tests, NULL, NULL);
}
