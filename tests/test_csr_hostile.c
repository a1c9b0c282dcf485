/* Certificate requests from people who mean no good: other keys, keys in other forms, things asked for twice, names, and signatures of others. Made by OpenSSL.
 */
#include "certs.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "core/key.h"

static EVP_PKEY *p256, *other;

static EVP_PKEY *generate(const char *type, const char *name, const void *value, const char *encoding)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    assert_true(ctx && EVP_PKEY_keygen_init(ctx) == 1);
    OSSL_PARAM params[3] = {OSSL_PARAM_END, OSSL_PARAM_END, OSSL_PARAM_END};
    char text[64];
    size_t n = 0;
    if (strcmp(type, "EC") == 0) {
        snprintf(text, sizeof(text), "%s", (const char *)value);
        params[n++] = OSSL_PARAM_construct_utf8_string(name, text, 0);
        if (encoding)
            params[n] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_EC_ENCODING, (char *)(uintptr_t)encoding, 0);
        assert_int_equal(EVP_PKEY_CTX_set_params(ctx, params), 1);
    }
    assert_int_equal(EVP_PKEY_generate(ctx, &key), 1);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static EVP_PKEY *ec(const char *curve, const char *encoding)
{
    return generate("EC", OSSL_PKEY_PARAM_GROUP_NAME, curve, encoding);
}

static int begin(void **state)
{
    (void)state;
    p256 = ec("P-256", NULL);
    other = ec("P-256", NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    EVP_PKEY_free(p256);
    EVP_PKEY_free(other);
    ERR_clear_error();
    return 0;
}

/* One extension by its dotted name and DER in hex. */
struct asked {
    const char *oid, *hex;
    bool critical;
};

static void add(STACK_OF(X509_EXTENSION) * list, const struct asked *asked)
{
    unsigned char der[256];
    size_t n = support_hex(der, sizeof(der), asked->hex);
    ASN1_OBJECT *object = OBJ_txt2obj(asked->oid, 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    assert_true(object && value && ASN1_OCTET_STRING_set(value, der, (int)n));
    X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, object, asked->critical, value);
    assert_true(extension && sk_X509_EXTENSION_push(list, extension) > 0);
    ASN1_OBJECT_free(object);
    ASN1_OCTET_STRING_free(value);
}

/* A request of `key` for these extensions, signed by `signer`, read. */
static enum stir_err read_request(struct stir_csr **out, EVP_PKEY *key, EVP_PKEY *signer, const struct asked *asked, size_t n, struct stir_diag *diag)
{
    unsigned char *der = NULL;
    X509_REQ *req = X509_REQ_new();
    STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
    assert_true(req && list && X509_REQ_set_version(req, 0) && X509_REQ_set_pubkey(req, key));
    assert_true(X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), "CN", MBSTRING_UTF8, (const unsigned char *)"SHAKEN 709J", -1, -1, 0));
    for (size_t i = 0; i < n; i++)
        add(list, &asked[i]);
    assert_true(!n || X509_REQ_add_extensions(req, list));
    assert_true(X509_REQ_sign(req, signer, EVP_PKEY_is_a(signer, "ED25519") ? NULL : EVP_sha256()) > 0);
    int len = i2d_X509_REQ(req, &der);
    assert_true(len > 0);
    enum stir_err err = stir_csr_parse(out, stir_slice_of(der, (size_t)len), diag);
    OPENSSL_free(der);
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
    X509_REQ_free(req);
    return err;
}

static void only_p256_on_the_named_curve_is_a_key_of_ours(void **state)
{
    (void)state;
    const struct {
        const char *row;
        EVP_PKEY *key;
        enum stir_err wanted;
        enum stir_cert_key kind;
    } rows[] = {
        {"P-256", ec("P-256", NULL), STIR_OK, STIR_CERT_KEY_P256},        {"P-256 spelt out", ec("P-256", "explicit"), STIR_EKEY, 0},
        {"P-384", ec("P-384", NULL), STIR_OK, STIR_CERT_KEY_P384},        {"P-521", ec("P-521", NULL), STIR_OK, STIR_CERT_KEY_EC_OTHER},
        {"P-224", ec("P-224", NULL), STIR_OK, STIR_CERT_KEY_EC_OTHER},    {"secp256k1", ec("secp256k1", NULL), STIR_OK, STIR_CERT_KEY_EC_OTHER},
        {"Ed25519", generate("ED25519", NULL, NULL, NULL), STIR_EKEY, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_csr *csr = NULL;
        struct stir_diag diag = {0};
        enum stir_err err = read_request(&csr, rows[i].key, rows[i].key, NULL, 0, &diag);
        bool p256_alone = (stir_csr_key(csr) != NULL) == (err == STIR_OK && rows[i].kind == STIR_CERT_KEY_P256);
        if (err != rows[i].wanted || (csr && stir_csr_info(csr)->key != rows[i].kind) || !p256_alone || (err != STIR_OK) != (diag.text[0] != '\0'))
            fail_msg("%s: %s, key %d \"%s\"", rows[i].row, stir_err_name(err), (int)stir_csr_info(csr)->key, diag.text);
        stir_csr_free(csr);
        EVP_PKEY_free(rows[i].key);
    }
}

/* The same key with its point compressed, which ACME accounts and certificates of ours never are: by its x alone. */
static void a_compressed_point_is_the_same_key_or_none(void **state)
{
    (void)state;
    struct stir_csr *csr = NULL;
    struct stir_key *key = NULL;
    EVP_PKEY *compressed = ec("P-256", NULL);
    unsigned char *spki = NULL;
    assert_int_equal(EVP_PKEY_set_utf8_string_param(compressed, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"), 1);
    int n = i2d_PUBKEY(compressed, &spki);
    assert_true(n > 0 && n < 91);
    enum stir_err err = read_request(&csr, compressed, compressed, NULL, 0, NULL);
    enum stir_err direct = stir_key_from_spki(&key, stir_slice_of(spki, (size_t)n), NULL);
    assert_true(err == STIR_OK || err == STIR_EKEY);
    assert_int_equal(stir_csr_key(csr) != NULL, direct == STIR_OK);
    if (key) /* whoever compares keys compares the same bytes, however they were sent */
        assert_true(stir_key_spki(key).n == 91 && stir_key_same_public(key, stir_csr_key(csr)));
    stir_csr_free(csr);
    stir_key_free(key);
    OPENSSL_free(spki);
    EVP_PKEY_free(compressed);
}

static void a_request_is_signed_by_its_own_key(void **state)
{
    (void)state;
    struct stir_csr *csr = NULL;
    struct stir_diag diag = {0};
    assert_err(read_request(&csr, p256, other, NULL, 0, &diag), STIR_ESIG);
    assert_non_null(strstr(diag.text, "key in it"));
    assert_null(csr);
}

#define OID_SAN "2.5.29.17"
#define OID_BC "2.5.29.19"
#define OID_LIST "1.3.6.1.5.5.7.1.26"
#define OID_PLAIN "1.3.6.1.5.5.7.1.27"
#define OID_ENHANCED "1.3.6.1.5.5.7.1.33"
#define LIST_709J "3008a00616043730394a"
#define MUST_INCLUDE   \
    "3007a00530031601" \
    "61"
#define CA_TRUE "30030101ff"

static void what_is_asked_for_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        struct asked asked[3];
        size_t n;
        enum stir_err wanted;
        size_t n_sans;
        bool wants_ca, plain, enhanced;
        enum stir_part tnauth;
    } rows[] = {
        {"nothing", {{NULL, NULL, false}}, 0, STIR_OK, 0, false, false, false, STIR_PART_ABSENT},
        {"a list", {{OID_LIST, LIST_709J, false}}, 1, STIR_OK, 0, false, false, false, STIR_PART_GOOD},
        {"a critical list", {{OID_LIST, LIST_709J, true}}, 1, STIR_OK, 0, false, false, false, STIR_PART_GOOD},
        {"the list twice", {{OID_LIST, LIST_709J, false}, {OID_LIST, LIST_709J, false}}, 2, STIR_OK, 0, false, false, false, STIR_PART_TWICE},
        {"a list that is none", {{OID_LIST, "3000", false}}, 1, STIR_OK, 0, false, false, false, STIR_PART_BAD},
        {"a name",
         {{OID_SAN,
           "30038201"
           "61",
           false}},
         1,
         STIR_OK,
         1,
         false,
         false,
         false,
         STIR_PART_ABSENT},
        {"three names",
         {{OID_SAN,
           "30098201"
           "618201"
           "628201"
           "63",
           false}},
         1,
         STIR_OK,
         3,
         false,
         false,
         false,
         STIR_PART_ABSENT},
        {"names twice",
         {{OID_SAN,
           "30038201"
           "61",
           false},
          {OID_SAN,
           "30038201"
           "62",
           false}},
         2,
         STIR_OK,
         2,
         false,
         false,
         false,
         STIR_PART_ABSENT},
        {"names that are none", {{OID_SAN, "3003820261", false}}, 1, STIR_EDER, 0, false, false, false, 0},
        {"a CA", {{OID_BC, CA_TRUE, true}}, 1, STIR_OK, 0, true, false, false, STIR_PART_ABSENT},
        {"no CA", {{OID_BC, "3000", true}}, 1, STIR_OK, 0, false, false, false, STIR_PART_ABSENT},
        {"a CA, not critical", {{OID_BC, CA_TRUE, false}}, 1, STIR_OK, 0, true, false, false, STIR_PART_ABSENT},
        {"a CA and none", {{OID_BC, "3000", true}, {OID_BC, CA_TRUE, true}}, 2, STIR_EDER, 0, false, false, false, 0},
        {"a CA that is unreadable",
         {{OID_BC,
           "30030101"
           "01",
           true}},
         1,
         STIR_EDER,
         0,
         false,
         false,
         false,
         0},
        {"constraints", {{OID_PLAIN, MUST_INCLUDE, false}}, 1, STIR_OK, 0, false, true, false, STIR_PART_ABSENT},
        {"enhanced constraints", {{OID_ENHANCED, MUST_INCLUDE, false}}, 1, STIR_OK, 0, false, false, true, STIR_PART_ABSENT},
        {"both constraints", {{OID_PLAIN, MUST_INCLUDE, false}, {OID_ENHANCED, MUST_INCLUDE, false}}, 2, STIR_EDER, 0, false, false, false, 0},
        {"constraints twice", {{OID_PLAIN, MUST_INCLUDE, false}, {OID_PLAIN, MUST_INCLUDE, false}}, 2, STIR_EDER, 0, false, false, false, 0},
        {"constraints that are none", {{OID_ENHANCED, "3000", false}}, 1, STIR_EDER, 0, false, false, false, 0},
        {"exclusion in the old form",
         {{OID_PLAIN,
           "3007a20530031601"
           "61",
           false}},
         1,
         STIR_EDER,
         0,
         false,
         false,
         false,
         0},
        {"another extension", {{"1.2.3.4", "0500", true}}, 1, STIR_OK, 0, false, false, false, STIR_PART_ABSENT},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_csr *csr = NULL;
        struct stir_diag diag = {0};
        enum stir_err err = read_request(&csr, p256, p256, rows[i].asked, rows[i].n, &diag);
        if (err != rows[i].wanted || (err != STIR_OK) != (diag.text[0] != '\0') || (csr == NULL) != (err != STIR_OK))
            fail_msg("%s: %s \"%s\"", rows[i].row, stir_err_name(err), diag.text);
        const struct stir_csr_info *info = stir_csr_info(csr);
        bool constraints = info->constraints.p != NULL,
             as_wanted = info->n_sans == rows[i].n_sans && info->wants_ca == rows[i].wants_ca && info->tnauth == rows[i].tnauth;
        if (err == STIR_OK && (!as_wanted || constraints != (rows[i].plain || rows[i].enhanced) || info->constraints_enhanced != rows[i].enhanced))
            fail_msg("%s: %zu names, CA %d, list %d, constraints %d, enhanced %d", rows[i].row, info->n_sans, info->wants_ca, (int)info->tnauth, constraints,
                     info->constraints_enhanced);
        stir_csr_free(csr);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_p256_on_the_named_curve_is_a_key_of_ours),
        cmocka_unit_test(a_compressed_point_is_the_same_key_or_none),
        cmocka_unit_test(a_request_is_signed_by_its_own_key),
        cmocka_unit_test(what_is_asked_for_is_said),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
