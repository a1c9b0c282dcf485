/* External account binding (RFC 8555 §7.3.4), and that a MAC is never taken for a signature. Vector: tests/data/eab (python3-acme). */
#include "quiet.h"
#include "token_support.h"

#include <openssl/evp.h>

static struct token_room room;
static unsigned char mac_key[64];
static struct stir_arena arena;

#define URL "https://ca.example/acme/new-account"

static int begin(void **state)
{
    (void)state;
    token_room_open(&room);
    for (size_t i = 0; i < sizeof(mac_key); i++)
        mac_key[i] = (unsigned char)(i + 1);
    return 0;
}

static int end(void **state)
{
    (void)state;
    token_room_close(&room);
    stir_arena_clear(&arena);
    return 0;
}

static struct stir_slice key_of(size_t n)
{
    return stir_slice_of(mac_key, n);
}

static enum stir_err read(struct stir_eab *eab, struct stir_slice text, struct stir_diag *diag)
{
    struct stir_json json;
    TRY(stir_json_parse(&json, text, NULL, diag));
    return stir_eab_read(eab, &arena, json, diag);
}

/* The payload is that key, whatever the order of its members. */
static void assert_is_account(struct stir_json jwk)
{
    struct stir_key *key = NULL;
    assert_err(stir_jwk_read(&key, jwk, NULL), STIR_OK);
    assert_true(stir_key_same_public(key, room.account));
    stir_key_free(key);
}

static void what_is_bound_is_read_and_verified(void **state) /*= RFC8555-7.3.4 test */
{
    (void)state;
    char text[1024];
    struct stir_eab eab;
    struct stir_writer w = stir_writer_of(text, sizeof(text));
    assert_quiet_err(stir_eab_put(&w, S("kid \"1\""), S(URL), room.account, key_of(32)), STIR_OK);
    assert_true(w.need < sizeof(text));
    assert_err(read(&eab, stir_slice_of(text, w.need), NULL), STIR_OK);
    assert_slice(eab.kid, "kid \"1\"");
    assert_slice(eab.url, URL);
    assert_is_account(eab.jwk);
    assert_quiet_err(stir_eab_verify(&eab, key_of(32)), STIR_OK);
    assert_quiet_err(stir_eab_verify(&eab, key_of(33)), STIR_ESIG);
    assert_quiet_err(stir_eab_verify(&eab, stir_slice_of(mac_key + 1, 32)), STIR_ESIG);
}

static void a_binding_by_other_software_verifies(void **state)
{
    (void)state;
    struct stir_eab eab;
    struct stir_slice text = support_file("eab/acme.json");
    assert_err(read(&eab, text, NULL), STIR_OK);
    assert_slice(eab.kid, "kid-1");
    assert_slice(eab.url, URL);
    assert_is_account(eab.jwk);
    assert_err(stir_eab_verify(&eab, key_of(64)), STIR_OK);
    assert_err(stir_eab_verify(&eab, key_of(63)), STIR_ESIG);
    support_free(text);
}

static void any_changed_byte_breaks_it(void **state)
{
    (void)state;
    struct stir_slice text = support_file("eab/acme.json");
    char *p = (char *)(uintptr_t)text.p;
    size_t read_well = 0;
    for (size_t i = 0; i < text.n; i++) {
        struct stir_eab eab;
        char was = p[i];
        p[i] = was == 'A' ? 'B' : 'A';
        if (read(&eab, text, NULL) == STIR_OK) {
            read_well++;
            if (stir_eab_verify(&eab, key_of(64)) != STIR_ESIG)
                fail_msg("byte %zu may be anything", i);
        }
        p[i] = was;
        stir_arena_clear(&arena);
    }
    assert_true(read_well > 40);
    support_free(text);
}

static void a_mac_key_is_as_long_as_its_digest(void **state) /*= RFC7518-3.2 test */
{
    (void)state;
    static const unsigned char long_key[STIR_EAB_KEY_MAX + 1];
    char text[1024];
    struct stir_eab eab;
    const struct {
        struct stir_slice key;
        enum stir_err wanted;
    } rows[] = {
        {{NULL, 0}, STIR_EKEY},
        {S(""), STIR_EKEY},
        {key_of(31), STIR_EKEY},
        {key_of(32), STIR_OK},
        {stir_slice_of(long_key, STIR_EAB_KEY_MAX), STIR_OK},
        {stir_slice_of(long_key, STIR_EAB_KEY_MAX + 1), STIR_EKEY},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_writer w = stir_writer_of(text, sizeof(text));
        assert_err(stir_eab_put(&w, S("k"), S(URL), room.account, rows[i].key), rows[i].wanted);
        assert_int_equal(w.need > 0, rows[i].wanted == STIR_OK);
        if (rows[i].wanted != STIR_OK) { /* one that a longer key made is not verified by a short one either */
            assert_err(stir_eab_put(&w, S("k"), S(URL), room.account, key_of(32)), STIR_OK);
            assert_err(read(&eab, stir_slice_of(text, w.need), NULL), STIR_OK);
            assert_err(stir_eab_verify(&eab, rows[i].key), STIR_EKEY);
        }
    }
    struct stir_writer w = stir_writer_of(text, sizeof(text));
    assert_err(stir_eab_put(&w, S(""), S(URL), room.account, key_of(32)), STIR_EARG);
    assert_err(stir_eab_put(&w, S("k"), S(""), room.account, key_of(32)), STIR_EARG);
    assert_err(stir_eab_put(&w, S("k"), S(URL), NULL, key_of(32)), STIR_EARG);
}

/* {"protected":...} of texts, and `n` bytes of MAC that nobody made. */
static struct stir_slice flattened(const char *header, const char *payload, size_t n, const char *more)
{
    static char text[4096];
    static const unsigned char zero[100];
    struct stir_writer w = stir_writer_of(text, sizeof(text));
    stir_put_text(&w, "{\"protected\":\"");
    stir_put_b64url(&w, S(header));
    stir_put_text(&w, "\",\"payload\":\"");
    stir_put_b64url(&w, S(payload));
    stir_put_text(&w, "\",\"signature\":\"");
    stir_put_b64url(&w, stir_slice_of(zero, n));
    stir_put_text(&w, "\"");
    stir_put_text(&w, more);
    stir_put_text(&w, "}");
    return stir_slice_of(text, w.need);
}

static void only_whole_bindings_are_read(void **state) /*= RFC8555-7.3.4 test */
{
    (void)state;
#define HS "{\"alg\":\"HS256\",\"kid\":\"1\",\"url\":\"" URL "\"}"
    static const struct {
        const char *row, *header, *payload;
        size_t mac;
        const char *more;
        enum stir_err wanted;
    } rows[] = {
        {"good", HS, "{}", 32, "", STIR_OK},
        {"none", "{\"alg\":\"none\",\"kid\":\"1\",\"url\":\"" URL "\"}", "{}", 0, "", STIR_EVALUE},
        {"ES256", "{\"alg\":\"ES256\",\"kid\":\"1\",\"url\":\"" URL "\"}", "{}", 64, "", STIR_EVALUE},
        {"HS512", "{\"alg\":\"HS512\",\"kid\":\"1\",\"url\":\"" URL "\"}", "{}", 64, "", STIR_EVALUE},
        {"small letters", "{\"alg\":\"hs256\",\"kid\":\"1\",\"url\":\"" URL "\"}", "{}", 32, "", STIR_EVALUE},
        {"alg an array", "{\"alg\":[\"HS256\"],\"kid\":\"1\",\"url\":\"" URL "\"}", "{}", 32, "", STIR_EVALUE},
        {"no alg", "{\"kid\":\"1\",\"url\":\"" URL "\"}", "{}", 32, "", STIR_EVALUE},
        {"no kid", "{\"alg\":\"HS256\",\"url\":\"" URL "\"}", "{}", 32, "", STIR_EVALUE},
        {"kid a number", "{\"alg\":\"HS256\",\"kid\":1,\"url\":\"" URL "\"}", "{}", 32, "", STIR_EVALUE},
        {"kid empty", "{\"alg\":\"HS256\",\"kid\":\"\",\"url\":\"" URL "\"}", "{}", 32, "", STIR_EVALUE},
        {"no url", "{\"alg\":\"HS256\",\"kid\":\"1\"}", "{}", 32, "", STIR_EVALUE},
        {"a nonce", "{\"alg\":\"HS256\",\"kid\":\"1\",\"nonce\":\"a\",\"url\":\"" URL "\"}", "{}", 32, "", STIR_EVALUE},
        {"crit", "{\"alg\":\"HS256\",\"crit\":[\"a\"],\"kid\":\"1\",\"url\":\"" URL "\"}", "{}", 32, "", STIR_EVALUE},
        {"b64", "{\"alg\":\"HS256\",\"b64\":false,\"kid\":\"1\",\"url\":\"" URL "\"}", "{}", 32, "", STIR_EVALUE},
        {"alg twice", "{\"alg\":\"HS256\",\"alg\":\"HS256\",\"kid\":\"1\",\"url\":\"" URL "\"}", "{}", 32, "", STIR_EJSON},
        {"no payload", HS, "", 32, "", STIR_EVALUE},
        {"payload an array", HS, "[]", 32, "", STIR_EJSON},
        {"no MAC", HS, "{}", 0, "", STIR_ESIG},
        {"31 bytes", HS, "{}", 31, "", STIR_ESIG},
        {"64 bytes", HS, "{}", 64, "", STIR_ESIG},
        {"an unprotected header", HS, "{}", 32, ",\"header\":{}", STIR_EVALUE},
        {"several signatures", HS, "{}", 32, ",\"signatures\":[]", STIR_EVALUE},
        {"a part twice", HS, "{}", 32, ",\"payload\":\"\"", STIR_EJSON},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_eab eab;
        struct stir_diag diag = {0};
        enum stir_err err = read(&eab, flattened(rows[i].header, rows[i].payload, rows[i].mac, rows[i].more), &diag);
        if (err != rows[i].wanted || (err != STIR_OK) != (diag.text[0] != '\0'))
            fail_msg("%s: %s \"%s\", wanted %s", rows[i].row, stir_err_name(err), diag.text, stir_err_name(rows[i].wanted));
    }
    struct stir_eab eab;
    const struct stir_json no_object = {STIR_JSON_STRING, S("\"a\"")};
    assert_err(stir_eab_read(&eab, &arena, no_object, NULL), STIR_EJSON);
}

/* The oldest trick: what everybody knows, the administrator's public key, as the key of a MAC. */
static void a_mac_by_the_public_key_is_no_signature(void **state) /*= RFC8555-6.2 test */
{
    (void)state;
    static const char header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"x5u\":\"https://pa.example/a.pem\"}",
                      payload[] = "{\"exp\":1780275600,\"jti\":\"a\",\"atc\":{\"tktype\":\"TNAuthList\",\"tkvalue\":\"MAigBhYENzA5Sg\",\"fingerprint\":\"\"}}";
    char text[2048], json[4096], pem[512];
    unsigned char mac[STIR_SHA256];
    size_t n = 0;
    assert_err(stir_key_write_public_pem(pem, sizeof(pem), &n, room.key), STIR_OK);
    const struct stir_slice secrets[] = {stir_key_spki(room.key), stir_slice_of(pem, n), room.signer_pem};
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        struct stir_jws jws;
        struct stir_token *token = NULL;
        struct stir_writer w = stir_writer_of(text, sizeof(text)), f = stir_writer_of(json, sizeof(json));
        stir_put_b64url(&w, S(header));
        size_t dot = w.need;
        stir_put_char(&w, '.');
        stir_put_b64url(&w, S(payload));
        assert_non_null(EVP_Q_mac(NULL, "HMAC", NULL, "SHA2-256", NULL, secrets[i].p, secrets[i].n, (unsigned char *)text, w.need, mac, sizeof(mac), &n));
        size_t end_of_input = w.need;
        stir_put_char(&w, '.');
        stir_put_b64url(&w, stir_slice_of(mac, sizeof(mac)));
        stir_put_format(&f, "{\"protected\":\"%.*s\",\"payload\":\"%.*s\",\"signature\":\"%.*s\"}", (int)dot, text, (int)(end_of_input - dot - 1),
                        text + dot + 1, (int)(w.need - end_of_input - 1), text + end_of_input + 1);
        assert_true(f.need < sizeof(json));
        assert_err(stir_jws_read(&jws, &arena, stir_slice_of(text, w.need), NULL), STIR_EVALUE);
        assert_err(stir_jws_read_flattened(&jws, &arena, stir_slice_of(json, f.need), NULL), STIR_EVALUE);
        assert_err(stir_token_read(&token, stir_slice_of(text, w.need), NULL), STIR_EVALUE);
        assert_null(token);
    }
}

/* A binding is no request, and a request no binding. */
static void bindings_and_signatures_are_never_mistaken(void **state)
{
    (void)state;
    char text[2048];
    struct stir_jws jws;
    struct stir_eab eab;
    struct stir_slice binding = support_file("eab/acme.json");
    struct stir_writer w = stir_writer_of(text, sizeof(text));
    assert_err(stir_jws_read_flattened(&jws, &arena, binding, NULL), STIR_EVALUE);
    assert_err(stir_jws_put_flattened(&w, S("{\"alg\":\"ES256\",\"kid\":\"1\",\"url\":\"" URL "\"}"), S("{}"), &room.signer), STIR_OK);
    assert_err(stir_jws_read_flattened(&jws, &arena, stir_slice_of(text, w.need), NULL), STIR_OK);
    assert_err(read(&eab, stir_slice_of(text, w.need), NULL), STIR_EVALUE);
    support_free(binding);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_bound_is_read_and_verified),
        cmocka_unit_test(a_binding_by_other_software_verifies),
        cmocka_unit_test(any_changed_byte_breaks_it),
        cmocka_unit_test(a_mac_key_is_as_long_as_its_digest),
        cmocka_unit_test(only_whole_bindings_are_read),
        cmocka_unit_test(a_mac_by_the_public_key_is_no_signature),
        cmocka_unit_test(bindings_and_signatures_are_never_mistaken),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
