/* Project Wycheproof's vectors: ECDSA over P-256 with SHA-256 as r||s (ours) and as DER (through our strict conversion), and JSON Web Signatures. */
#include "support.h"

#include <jansson.h>

#include "core/es256.h"

/* ------------------------------------------------------------------ helps */

static json_t *load(const char *name)
{
    struct stir_slice text = support_file(name);
    json_error_t error;
    json_t *root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &error);
    if (!root)
        fail_msg("%s: %s", name, error.text);
    support_free(text);
    return root;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    if (!text)
        fail_msg("no text \"%s\"", name);
    return text;
}

static int number_of(const json_t *test)
{
    return (int)json_integer_value(json_object_get(test, "tcId"));
}

static struct stir_key *key_of_group(const json_t *group)
{
    unsigned char spki[200];
    struct stir_key *key = NULL;
    size_t n = support_hex(spki, sizeof(spki), text_of(group, "publicKeyDer"));
    assert_err(stir_key_from_spki(&key, stir_slice_of(spki, n), NULL), STIR_OK);
    return key;
}

struct counts {
    size_t valid, invalid, refused_form;
};

/* One row: what our reading makes of the signature bytes must be what the file says. */
typedef enum stir_err (*verifier)(struct stir_es256_ctx *ctx, struct stir_key *key, const unsigned char digest[STIR_SHA256], struct stir_slice sig,
                                  struct counts *counts);

static void run_ecdsa(const char *name, verifier verify, bool prepared, struct counts *counts)
{
    static unsigned char message[4096], sig[8192];
    struct stir_es256_ctx *ctx = NULL;
    json_t *root = load(name), *group, *test;
    size_t i, j;
    assert_err(stir_es256_ctx_new(&ctx), STIR_OK);
    json_array_foreach(json_object_get(root, "testGroups"), i, group)
    {
        struct stir_key *key = key_of_group(group);
        if (prepared)
            assert_err(stir_key_prepare(key), STIR_OK);
        json_array_foreach(json_object_get(group, "tests"), j, test)
        {
            unsigned char digest[STIR_SHA256];
            size_t n = support_hex(message, sizeof(message), text_of(test, "msg"));
            assert_err(stir_es256_digest(ctx, stir_slice_of(message, n), digest), STIR_OK);
            n = support_hex(sig, sizeof(sig), text_of(test, "sig"));
            const char *result = text_of(test, "result");
            /* Neither file has "acceptable" rows for this curve and hash; one that comes with an update must be looked at. */
            bool valid = strcmp(result, "valid") == 0;
            if (!valid && strcmp(result, "invalid") != 0)
                fail_msg("%s %d: result \"%s\"", name, number_of(test), result);
            enum stir_err err = verify(ctx, key, digest, stir_slice_of(sig, n), counts);
            if (err != (valid ? STIR_OK : STIR_ESIG))
                fail_msg("%s %d (%s) is %s, and we answer %s", name, number_of(test), text_of(test, "comment"), result, stir_err_name(err));
            *(valid ? &counts->valid : &counts->invalid) += 1;
        }
        stir_key_free(key);
    }
    stir_es256_ctx_free(ctx);
    json_decref(root);
}

/* ------------------------------------------------------------------ r||s */

static enum stir_err verify_raw(struct stir_es256_ctx *ctx, struct stir_key *key, const unsigned char digest[STIR_SHA256], struct stir_slice sig,
                                struct counts *counts)
{
    counts->refused_form += sig.n != STIR_ES256_SIG;
    return stir_es256_verify(ctx, key, digest, sig);
}

static void es256_agrees_with_all_p1363_vectors(void **state)
{
    (void)state;
    struct counts counts = {0};
    run_ecdsa("vectors/wycheproof/ecdsa_secp256r1_sha256_p1363_test.json", verify_raw, false, &counts);
    assert_int_equal(counts.valid, 173);
    assert_int_equal(counts.invalid, 89);
    assert_int_equal(counts.refused_form, 21);
}

/* The same with a table for each key. */
static void prepared_keys_agree_with_all_p1363_vectors(void **state)
{
    (void)state;
    struct counts counts = {0};
    run_ecdsa("vectors/wycheproof/ecdsa_secp256r1_sha256_p1363_test.json", verify_raw, true, &counts);
    assert_int_equal(counts.valid, 173);
    assert_int_equal(counts.invalid, 89);
}

/* ------------------------------------------------------------------ DER */

/* What the strict conversion refuses is a bad signature; the file must agree. */
static enum stir_err verify_der(struct stir_es256_ctx *ctx, struct stir_key *key, const unsigned char digest[STIR_SHA256], struct stir_slice sig,
                                struct counts *counts)
{
    unsigned char raw[STIR_ES256_SIG], back[STIR_ECDSA_DER];
    if (stir_es256_from_der(raw, sig) != STIR_OK) {
        counts->refused_form++;
        return STIR_ESIG;
    }
    size_t n = stir_es256_to_der(back, raw);
    assert_true(stir_slice_eq(sig, stir_slice_of(back, n)));
    return stir_es256_verify(ctx, key, digest, stir_slice_of(raw, sizeof(raw)));
}

static void strict_der_agrees_with_all_der_vectors(void **state)
{
    (void)state;
    struct counts counts = {0};
    run_ecdsa("vectors/wycheproof/ecdsa_secp256r1_sha256_test.json", verify_der, false, &counts);
    assert_int_equal(counts.valid, 174);
    assert_int_equal(counts.invalid, 310);
    assert_int_equal(counts.refused_form, 287);
}

/* ------------------------------------------------------------------ JSON Web Signatures */

/* Strict base64url without padding: the bytes, or -1. */
static int base64url(unsigned char *out, size_t cap, struct stir_slice text)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned bits = 0;
    size_t held = 0, n = 0;
    for (size_t i = 0; i < text.n; i++) {
        const char *at = text.p[i] ? strchr(alphabet, text.p[i]) : NULL;
        if (!at)
            return -1;
        bits = bits << 6 | (unsigned)(at - alphabet);
        held += 6;
        if (held >= 8) {
            held -= 8;
            assert_true(n < cap);
            out[n++] = (unsigned char)(bits >> held);
        }
    }
    return text.n % 4 == 1 || (bits & ((1u << held) - 1)) ? -1 : (int)n;
}

/* A JWK as a public key; NULL when it says that it is not for signatures. */
static struct stir_key *key_of_jwk(const json_t *jwk)
{
    unsigned char spki[91] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                              0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
    struct stir_key *key = NULL;
    const json_t *use = json_object_get(jwk, "use"), *ops = json_object_get(jwk, "key_ops"), *op;
    size_t i;
    bool may = !use || strcmp(json_string_value(use), "sig") == 0;
    if (ops)
        may = false;
    json_array_foreach(ops, i, op) may |= strcmp(json_string_value(op), "verify") == 0;
    if (!may)
        return NULL;
    assert_int_equal(base64url(spki + 27, 32, S(text_of(jwk, "x"))), 32);
    assert_int_equal(base64url(spki + 59, 32, S(text_of(jwk, "y"))), 32);
    assert_err(stir_key_from_spki(&key, stir_slice_of(spki, sizeof(spki)), NULL), STIR_OK);
    return key;
}

/* alg is ES256, by our list of one: the key of the header is never looked at. */
static bool header_is_es256(struct stir_slice part)
{
    unsigned char text[4096];
    int n = base64url(text, sizeof(text), part);
    json_t *header = n > 0 ? json_loadb((const char *)text, (size_t)n, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const char *alg = json_string_value(json_object_get(header, "alg"));
    bool is = alg && strcmp(alg, "ES256") == 0;
    json_decref(header);
    return is;
}

static bool jws_holds(struct stir_es256_ctx *ctx, struct stir_key *key, struct stir_slice jws)
{
    unsigned char sig[4096], digest[STIR_SHA256];
    const char *first = jws.n ? memchr(jws.p, '.', jws.n) : NULL;
    const char *second = first ? memchr(first + 1, '.', (size_t)(jws.p + jws.n - first - 1)) : NULL;
    if (!second || memchr(second + 1, '.', (size_t)(jws.p + jws.n - second - 1)))
        return false;
    if (!header_is_es256(stir_slice_of(jws.p, (size_t)(first - jws.p))))
        return false;
    int n = base64url(sig, sizeof(sig), stir_slice_of(second + 1, (size_t)(jws.p + jws.n - second - 1)));
    assert_err(stir_es256_digest(ctx, stir_slice_of(jws.p, (size_t)(second - jws.p)), digest), STIR_OK);
    return n >= 0 && stir_es256_verify(ctx, key, digest, stir_slice_of(sig, (size_t)n)) == STIR_OK;
}

static void jws_of_p256_keys_hold_as_the_vectors_say(void **state)
{
    (void)state;
    struct stir_es256_ctx *ctx = NULL;
    json_t *root = load("vectors/wycheproof/json_web_signature_test.json"), *group, *test;
    size_t i, j, rows = 0, valid = 0;
    assert_err(stir_es256_ctx_new(&ctx), STIR_OK);
    json_array_foreach(json_object_get(root, "testGroups"), i, group)
    {
        const json_t *jwk = json_object_get(group, "public");
        const char *curve = json_string_value(json_object_get(jwk, "crv"));
        if (!curve || strcmp(curve, "P-256") != 0)
            continue;
        struct stir_key *key = key_of_jwk(jwk);
        json_array_foreach(json_object_get(group, "tests"), j, test)
        {
            const char *result = text_of(test, "result");
            bool holds = key && jws_holds(ctx, key, S(text_of(test, "jws")));
            rows++;
            valid += holds;
            if (holds != (strcmp(result, "valid") == 0))
                fail_msg("%d (%s) is %s, and we say otherwise", number_of(test), text_of(test, "comment"), result);
        }
        stir_key_free(key);
    }
    assert_int_equal(rows, 41);
    assert_int_equal(valid, 2);
    stir_es256_ctx_free(ctx);
    json_decref(root);
}

/* Every token of the file that was not made with ES256 is refused by its alg, whatever the key. */
static void jws_of_other_algorithms_are_refused(void **state)
{
    (void)state;
    struct stir_es256_ctx *ctx = NULL;
    struct stir_key *key = NULL;
    json_t *root = load("vectors/wycheproof/json_web_signature_test.json"), *group, *test;
    size_t i, j, rows = 0;
    assert_err(stir_es256_ctx_new(&ctx), STIR_OK);
    assert_err(stir_key_generate(&key), STIR_OK);
    json_array_foreach(json_object_get(root, "testGroups"), i, group)
    {
        const char *curve = json_string_value(json_object_get(json_object_get(group, "public"), "crv"));
        if (curve && strcmp(curve, "P-256") == 0)
            continue;
        json_array_foreach(json_object_get(group, "tests"), j, test)
        {
            const json_t *jws = json_object_get(test, "jws");
            if (!json_is_string(jws))
                continue; /* the JSON serialization is not ours */
            rows++;
            struct stir_slice text = S(json_string_value(jws)), header = text;
            const char *dot = text.n ? memchr(text.p, '.', text.n) : NULL;
            if (dot)
                header.n = (size_t)(dot - text.p);
            if (header_is_es256(header) || jws_holds(ctx, key, text))
                fail_msg("%d (%s) passes for ES256", number_of(test), text_of(test, "comment"));
        }
    }
    assert_true(rows > 300);
    stir_key_free(key);
    stir_es256_ctx_free(ctx);
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(es256_agrees_with_all_p1363_vectors),    cmocka_unit_test(prepared_keys_agree_with_all_p1363_vectors),
        cmocka_unit_test(strict_der_agrees_with_all_der_vectors), cmocka_unit_test(jws_of_p256_keys_hold_as_the_vectors_say),
        cmocka_unit_test(jws_of_other_algorithms_are_refused),
    };
    return cmocka_run_group_tests_name("wycheproof", tests, NULL, NULL);
}
