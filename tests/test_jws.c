/* JSON Web Signatures and keys. Vectors: RFC 8225 Appendix A.2 (the key), RFC 9448 §5.4's form of its fingerprint, tests/data/ca-list (python3-cryptography).
 */
#include "support.h"

#include "core/jws.h"

static struct stir_arena arena;
static struct stir_es256_ctx *ctx;

static int begin(void **state)
{
    (void)state;
    return stir_es256_ctx_new(&ctx) == STIR_OK ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    stir_es256_ctx_free(ctx);
    stir_arena_clear(&arena);
    return 0;
}

static struct stir_key *public_key(const char *file)
{
    struct stir_key *key = NULL;
    struct stir_slice pem = support_file(file);
    assert_err(stir_key_from_public_pem(&key, pem, NULL), STIR_OK);
    support_free(pem);
    return key;
}

static struct stir_key *signing_key(void)
{
    struct stir_key *key = NULL;
    struct stir_slice pem = support_file("ca-list/signer.key");
    assert_err(stir_key_from_pem(&key, pem, NULL, NULL, NULL), STIR_OK);
    support_free(pem);
    return key;
}

/* Texts to a compact JWS with `n` signature bytes that nobody made. */
static struct stir_slice compact(const char *header, const char *payload, size_t n)
{
    static char text[4096];
    static const unsigned char zero[100];
    struct stir_writer w = stir_writer_of(text, sizeof(text));
    stir_put_b64url(&w, S(header));
    stir_put_char(&w, '.');
    stir_put_b64url(&w, S(payload));
    stir_put_char(&w, '.');
    stir_put_b64url(&w, stir_slice_of(zero, n));
    return stir_slice_of(text, w.need);
}

static void a_list_by_other_software_verifies(void **state) /*= RFC7515-5.2 test */
{
    (void)state;
    struct stir_jws jws;
    struct stir_json sequence;
    int64_t n = 0;
    struct stir_slice x5u, none, text = support_file("ca-list/good.jws");
    struct stir_key *key = signing_key(), *other = public_key("vectors/rfc/rfc8225-public-key.pem");
    assert_err(stir_jws_read(&jws, &arena, text, NULL), STIR_OK);
    assert_err(stir_jws_verify(&jws, ctx, key), STIR_OK);
    assert_err(stir_jws_verify(&jws, ctx, other), STIR_ESIG);
    assert_err(stir_jws_header(&x5u, &jws, "x5u", &arena), STIR_OK);
    assert_slice(x5u, "https://pa.example/list-signer.pem");
    assert_err(stir_jws_header(&none, &jws, "kid", &arena), STIR_OK);
    assert_null(none.p);
    assert_true(stir_json_member(jws.payload, "sequence", &sequence) && stir_json_integer(&n, sequence));
    assert_int_equal(n, 7);
    stir_key_free(key);
    stir_key_free(other);
    support_free(text);
}

static void any_changed_byte_breaks_it(void **state)
{
    (void)state;
    struct stir_jws jws;
    struct stir_key *key = signing_key();
    struct stir_slice text = support_file("ca-list/good-8.jws");
    char *p = (char *)(uintptr_t)text.p;
    for (size_t i = 0; i < text.n; i += i < 200 || i + 100 > text.n ? 1 : 37) {
        char was = p[i];
        p[i] = was == 'A' ? 'B' : 'A';
        enum stir_err err = stir_jws_read(&jws, &arena, text, NULL);
        if (err == STIR_OK && stir_jws_verify(&jws, ctx, key) == STIR_OK)
            fail_msg("byte %zu may be anything", i);
        p[i] = was;
        stir_arena_clear(&arena);
    }
    assert_err(stir_jws_read(&jws, &arena, text, NULL), STIR_OK);
    assert_err(stir_jws_verify(&jws, ctx, key), STIR_OK);
    stir_key_free(key);
    support_free(text);
}

static void only_es256_and_nothing_unknown_is_read(void **state) /*= RFC8555-6.2 test */ /*= RFC7515-4.1.11 test */ /*= RFC7518-3.4 test */
{
    (void)state;
    static const struct {
        const char *row, *header, *payload;
        size_t signature;
        enum stir_err wanted;
    } rows[] = {
        {"good", "{\"alg\":\"ES256\"}", "{}", 64, STIR_OK},
        {"an escaped name", "{\"al\\u0067\":\"ES\\u003256\"}", "{}", 64, STIR_OK},
        {"unknown members", "{\"alg\":\"ES256\",\"x\":{},\"kid\":\"1\",\"jwk\":{}}", "{}", 64, STIR_OK},
        {"nothing sent", "{\"alg\":\"ES256\"}", "", 64, STIR_OK},
        {"none", "{\"alg\":\"none\"}", "{}", 64, STIR_EVALUE},
        {"HS256", "{\"alg\":\"HS256\"}", "{}", 64, STIR_EVALUE},
        {"small letters", "{\"alg\":\"es256\"}", "{}", 64, STIR_EVALUE},
        {"alg an array", "{\"alg\":[\"ES256\"]}", "{}", 64, STIR_EVALUE},
        {"no alg", "{}", "{}", 64, STIR_EVALUE},
        {"alg twice", "{\"alg\":\"ES256\",\"alg\":\"none\"}", "{}", 64, STIR_EJSON},
        {"crit", "{\"alg\":\"ES256\",\"crit\":[\"x\"]}", "{}", 64, STIR_EVALUE},
        {"crit empty", "{\"alg\":\"ES256\",\"crit\":[]}", "{}", 64, STIR_EVALUE},
        {"b64", "{\"alg\":\"ES256\",\"b64\":false}", "{}", 64, STIR_EVALUE},
        {"zip", "{\"alg\":\"ES256\",\"zip\":\"DEF\"}", "{}", 64, STIR_EVALUE},
        {"header an array", "[]", "{}", 64, STIR_EJSON},
        {"header empty", "", "{}", 64, STIR_EJSON},
        {"header broken", "{\"alg\":\"ES256\"", "{}", 64, STIR_EJSON},
        {"payload text", "{\"alg\":\"ES256\"}", "hello", 64, STIR_EJSON},
        {"payload a string", "{\"alg\":\"ES256\"}", "\"hello\"", 64, STIR_EJSON},
        {"payload too deep", "{\"alg\":\"ES256\"}", "[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]", 64, STIR_ELIMIT},
        {"no signature", "{\"alg\":\"ES256\"}", "{}", 0, STIR_ESIG},
        {"63 bytes", "{\"alg\":\"ES256\"}", "{}", 63, STIR_ESIG},
        {"65 bytes", "{\"alg\":\"ES256\"}", "{}", 65, STIR_ESIG},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_jws jws;
        struct stir_diag diag = {0};
        enum stir_err err = stir_jws_read(&jws, &arena, compact(rows[i].header, rows[i].payload, rows[i].signature), &diag);
        if (err != rows[i].wanted || (err != STIR_OK) != (diag.text[0] != '\0'))
            fail_msg("%s: %s \"%s\", wanted %s", rows[i].row, stir_err_name(err), diag.text, stir_err_name(rows[i].wanted));
        if (err == STIR_OK && (jws.payload.type == STIR_JSON_OBJECT) != (rows[i].payload[0] != '\0'))
            fail_msg("%s: the payload is of type %d", rows[i].row, (int)jws.payload.type);
    }
}

static void only_three_strict_parts_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum stir_err wanted;
    } rows[] = {
        {"", STIR_ESYNTAX},         {"e30", STIR_ESYNTAX},    {"e30.e30", STIR_ESYNTAX}, {"e30.e30.e30.e30", STIR_ESYNTAX},
        {"..", STIR_EJSON},         {"e30=.e30.", STIR_EB64}, {"e30.e30=.", STIR_EB64},  {"e30.e30.A", STIR_EB64},
        {"e30.e3 0.AA", STIR_EB64}, {"e31.e30.", STIR_EB64},  {"e30.e30.\n", STIR_EB64},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_jws jws;
        enum stir_err err = stir_jws_read(&jws, &arena, S(rows[i].text), NULL);
        if (err != rows[i].wanted)
            fail_msg("\"%s\": %s, wanted %s", rows[i].text, stir_err_name(err), stir_err_name(rows[i].wanted));
    }
}

static void the_flattened_form_is_the_same_signature(void **state)
{
    (void)state;
    static char json[16384];
    struct stir_jws jws;
    struct stir_slice text = support_file("ca-list/good-8.jws");
    struct stir_key *key = signing_key();
    size_t first = stir_slice_find(text, '.'), second = first + 1 + stir_slice_find(stir_slice_from(text, first + 1), '.');
    int n = snprintf(json, sizeof(json), "{\"payload\":\"%.*s\",\"signature\":\"%.*s\",\n\"protected\":\"%.*s\"}", (int)(second - first - 1),
                     text.p + first + 1, (int)(text.n - second - 1), text.p + second + 1, (int)first, text.p);
    assert_true(n > 0 && (size_t)n < sizeof(json));
    assert_err(stir_jws_read_flattened(&jws, &arena, stir_slice_of(json, (size_t)n), NULL), STIR_OK);
    assert_err(stir_jws_verify(&jws, ctx, key), STIR_OK);
    stir_key_free(key);
    support_free(text);
}

static void an_unprotected_header_is_refused(void **state) /*= RFC8555-6.2 test */
{
    (void)state;
#define PARTS "\"protected\":\"eyJhbGciOiJFUzI1NiJ9\",\"payload\":\"\","
#define SIG "\"signature\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\""
    static const struct {
        const char *row, *text;
        enum stir_err wanted;
    } rows[] = {
        {"good", "{" PARTS SIG "}", STIR_OK},
        {"an unknown member", "{" PARTS SIG ",\"more\":1}", STIR_OK},
        {"an unprotected header", "{" PARTS SIG ",\"header\":{\"kid\":\"1\"}}", STIR_EVALUE},
        {"several signatures", "{" PARTS SIG ",\"signatures\":[]}", STIR_EVALUE},
        {"no signature", "{" PARTS "\"x\":1}", STIR_EVALUE},
        {"a number as signature", "{" PARTS "\"signature\":1}", STIR_EVALUE},
        {"no protected header", "{\"payload\":\"\"," SIG "}", STIR_EVALUE},
        {"a payload that is no base64", "{\"protected\":\"eyJhbGciOiJFUzI1NiJ9\",\"payload\":\"=\"," SIG "}", STIR_EB64},
        {"a member twice", "{" PARTS PARTS SIG "}", STIR_EJSON},
        {"an array", "[]", STIR_EJSON},
        {"no JSON", "e30.e30.e30", STIR_EJSON},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_jws jws;
        enum stir_err err = stir_jws_read_flattened(&jws, &arena, S(rows[i].text), NULL);
        if (err != rows[i].wanted)
            fail_msg("%s: %s, wanted %s", rows[i].row, stir_err_name(err), stir_err_name(rows[i].wanted));
    }
}

static void the_fingerprint_of_the_rfc_8225_key(void **state) /*= RFC7638-3.2 test */
{
    (void)state;
    char text[128] = "";
    unsigned char digest[STIR_SHA256];
    struct stir_key *key = public_key("vectors/rfc/rfc8225-public-key.pem");
    struct stir_writer w = stir_writer_of(text, sizeof(text) - 1);
    assert_err(stir_jwk_thumbprint(digest, ctx, key), STIR_OK);
    stir_put_fingerprint(&w, digest);
    assert_string_equal(text, "SHA256 55:AB:8E:CC:BD:81:05:F1:F5:CD:69:CC:97:BB:D2:71:3E:99:30:A1:0F:1B:9B:B9:38:BC:12:E7:DF:F6:00:46");
    stir_key_free(key);
}

static void a_key_written_reads_the_same(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        char text[256];
        struct stir_writer w = stir_writer_of(text, sizeof(text));
        struct stir_key *key = NULL, *again = NULL;
        struct stir_json jwk;
        assert_err(stir_key_generate(&key), STIR_OK);
        stir_put_jwk(&w, key);
        assert_true(w.need < sizeof(text));
        assert_err(stir_json_parse(&jwk, stir_slice_of(text, w.need), NULL, NULL), STIR_OK);
        assert_err(stir_jwk_read(&again, jwk, NULL), STIR_OK);
        assert_true(stir_key_same_public(key, again) && !stir_key_is_private(again));
        stir_key_free(key);
        stir_key_free(again);
    }
}

static void other_keys_are_refused(void **state) /*= RFC7518-6.2.1.2 test */
{
    (void)state;
#define X "8HNbQd_TmvCKwPKHkMF9fScavGeH78YTU8qLS8I5HLE"
#define Y "0kppQEy3LJUDITQvzoZVgWAutupyJaO13nm2Eu0m9-4"
    static const struct {
        const char *row, *text;
        enum stir_err wanted;
    } rows[] = {
        {"good", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\",\"use\":\"sig\"}", STIR_OK},
        {"RSA", "{\"kty\":\"RSA\",\"n\":\"AQ\",\"e\":\"AQAB\"}", STIR_EVALUE},
        {"P-384", "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" X "\",\"y\":\"" Y "\"}", STIR_EVALUE},
        {"no curve", "{\"kty\":\"EC\",\"x\":\"" X "\",\"y\":\"" Y "\"}", STIR_EVALUE},
        {"no y", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\"}", STIR_EVALUE},
        {"a short x", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQ\",\"y\":\"" Y "\"}", STIR_EVALUE},
        {"a padded x", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "=\",\"y\":\"" Y "\"}", STIR_EVALUE},
        {"x a number", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":1,\"y\":\"" Y "\"}", STIR_EVALUE},
        {"not on the curve", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" X "\"}", STIR_EKEY},
        {"private", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\",\"d\":\"" X "\"}", STIR_EKEY},
        {"an array", "[]", STIR_EVALUE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_key *key = NULL;
        struct stir_json jwk;
        struct stir_diag diag = {0};
        assert_err(stir_json_parse(&jwk, S(rows[i].text), NULL, NULL), STIR_OK);
        enum stir_err err = stir_jwk_read(&key, jwk, &diag);
        if (err != rows[i].wanted || (err == STIR_OK) != (key != NULL) || (err == STIR_OK) != (diag.text[0] == '\0'))
            fail_msg("%s: %s \"%s\", wanted %s", rows[i].row, stir_err_name(err), diag.text, stir_err_name(rows[i].wanted));
        stir_key_free(key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_by_other_software_verifies),
        cmocka_unit_test(any_changed_byte_breaks_it),
        cmocka_unit_test(only_es256_and_nothing_unknown_is_read),
        cmocka_unit_test(only_three_strict_parts_are_read),
        cmocka_unit_test(the_flattened_form_is_the_same_signature),
        cmocka_unit_test(an_unprotected_header_is_refused),
        cmocka_unit_test(the_fingerprint_of_the_rfc_8225_key),
        cmocka_unit_test(a_key_written_reads_the_same),
        cmocka_unit_test(other_keys_are_refused),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
