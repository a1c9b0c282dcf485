/* Certificate requests: written, read, and refused when their key did not sign them. */
#include "certs.h"

#include <openssl/x509.h>

static struct stir_key_signer held;
static struct stir_signer signer;
static struct stir_tnauth *list;

static int begin(void **state)
{
    (void)state;
    struct stir_tnauth_entry spc = {STIR_TNAUTH_SPC, S("709J"), 0};
    assert_err(stir_tnauth_new(&list, &spc, 1, NULL), STIR_OK);
    assert_err(stir_key_generate(&held.key), STIR_OK);
    assert_err(stir_es256_ctx_new(&held.ctx), STIR_OK);
    signer = stir_signer_of_key(&held);
    return 0;
}

static int end(void **state)
{
    (void)state;
    stir_tnauth_free(list);
    stir_es256_ctx_free(held.ctx);
    stir_key_free(held.key);
    return 0;
}

static struct stir_cert_params params(void)
{
    struct stir_cert_params p = STIR_CERT_PARAMS_INIT;
    p.cn = S("SHAKEN 709J");
    p.o = S("Example");
    p.c = S("US");
    p.serial_number = S("1");
    p.tnauth = list;
    return p;
}

static struct stir_csr *make(const struct stir_cert_params *p)
{
    struct stir_csr *csr = NULL;
    struct stir_diag diag = {0};
    if (stir_csr_make(&csr, p, &signer, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
    return csr;
}

static void what_is_asked_for_is_what_a_request_says(void **state)
{
    (void)state;
    struct stir_cert_params p = params();
    struct stir_csr *csr = make(&p);
    const struct stir_csr_info *info = stir_csr_info(csr);
    assert_string_equal(info->subject, "serialNumber=1,CN=SHAKEN 709J,O=Example,C=US");
    assert_slice(info->cn, "SHAKEN 709J");
    assert_slice(info->o, "Example");
    assert_slice(info->c, "US");
    assert_slice(info->serial_number, "1");
    assert_int_equal(info->key, STIR_CERT_KEY_P256);
    assert_true(stir_slice_eq(info->spki, stir_key_spki(held.key)));
    assert_true(stir_key_same_public(stir_csr_key(csr), held.key));
    assert_int_equal(info->tnauth, STIR_PART_GOOD);
    assert_true(stir_slice_eq(stir_tnauth_der(info->tnauth_list), stir_tnauth_der(list)));
    assert_false(info->wants_ca);
    stir_csr_free(csr);
}

static void a_request_without_a_list_has_no_attributes(void **state)
{
    (void)state;
    struct stir_cert_params p = params();
    p.tnauth = NULL;
    p.key = held.key;
    struct stir_csr *csr = make(&p);
    assert_int_equal(stir_csr_info(csr)->tnauth, STIR_PART_ABSENT);
    assert_null(stir_csr_info(csr)->tnauth_list);
    stir_csr_free(csr);
}

static void openssl_reads_and_verifies_what_is_written(void **state)
{
    (void)state;
    struct stir_cert_params p = params();
    struct stir_csr *csr = make(&p);
    struct stir_slice der = stir_csr_info(csr)->der;
    const unsigned char *at = (const unsigned char *)der.p;
    X509_REQ *req = d2i_X509_REQ(NULL, &at, (long)der.n);
    assert_non_null(req);
    assert_ptr_equal(at, der.p + der.n);
    assert_int_equal(X509_REQ_get_version(req), 0);
    assert_int_equal(X509_REQ_verify(req, X509_REQ_get0_pubkey(req)), 1);
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(req);
    assert_int_equal(sk_X509_EXTENSION_num(extensions), 1);
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(sk_X509_EXTENSION_value(extensions, 0));
    assert_memory_equal(ASN1_STRING_get0_data(value), stir_tnauth_der(list).p, stir_tnauth_der(list).n);
    assert_int_equal(X509_EXTENSION_get_critical(sk_X509_EXTENSION_value(extensions, 0)), 0);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    X509_REQ_free(req);
    stir_csr_free(csr);
}

static void pem_and_der_read_alike(void **state)
{
    (void)state;
    struct stir_cert_params p = params();
    struct stir_csr *csr = make(&p), *again = NULL;
    char pem[4096];
    size_t len = 0, need = 0;
    assert_err(stir_csr_write_pem(pem, sizeof(pem), &len, csr), STIR_OK);
    assert_err(stir_csr_parse(&again, stir_slice_of(pem, len), NULL), STIR_OK);
    assert_true(stir_slice_eq(stir_csr_info(csr)->der, stir_csr_info(again)->der));
    stir_csr_free(again);
    assert_err(stir_csr_parse(&again, stir_csr_info(csr)->der, NULL), STIR_OK);
    assert_true(stir_slice_eq(stir_csr_info(csr)->der, stir_csr_info(again)->der));
    stir_csr_free(again);
    assert_err(stir_csr_write_pem(pem, len, &need, csr), STIR_ELIMIT);
    assert_int_equal(need, len);
    assert_err(stir_csr_write_pem(NULL, 1, &need, csr), STIR_EARG);
    assert_err(stir_csr_write_pem(pem, 1, &need, NULL), STIR_EARG);
    stir_csr_free(csr);
}

static void reads_what_other_tools_write(void **state)
{
    (void)state;
    static const struct {
        const char *file, *subject;
        enum stir_cert_key key;
        enum stir_part tnauth;
        bool wants_ca;
    } rows[] = {
        {"libstirshaken/test_ref_sp_csr.pem", "CN=SignalWire STI-SP Test,C=US", STIR_CERT_KEY_P256, STIR_PART_BAD, false}, /* version 3, a list that is none */
        {"csr-made/openssl-ca.pem", "CN=wants to be a CA,O=Example,C=US", STIR_CERT_KEY_P256, STIR_PART_GOOD, true},
        {"csr-made/openssl-rsa.pem", "CN=rsa", STIR_CERT_KEY_RSA, STIR_PART_ABSENT, false},
        {"csr-made/openssl-two-attributes.pem", "CN=two", STIR_CERT_KEY_P256, STIR_PART_GOOD, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_slice text = support_file(rows[i].file);
        struct stir_csr *csr = NULL;
        struct stir_diag diag = {0};
        if (stir_csr_parse(&csr, text, &diag) != STIR_OK)
            fail_msg("%s: %s", rows[i].file, diag.text);
        const struct stir_csr_info *info = stir_csr_info(csr);
        if (strcmp(info->subject, rows[i].subject) != 0 || info->key != rows[i].key || info->tnauth != rows[i].tnauth || info->wants_ca != rows[i].wants_ca)
            fail_msg("%s: \"%s\", key %d, tnauth %d, ca %d", rows[i].file, info->subject, info->key, info->tnauth, info->wants_ca);
        assert_int_equal(info->key == STIR_CERT_KEY_P256, stir_csr_key(csr) != NULL);
        stir_csr_free(csr);
        support_free(text);
    }
}

static void no_flipped_bit_of_a_request_reads(void **state)
{
    (void)state;
    struct stir_cert_params p = params();
    struct stir_csr *csr = make(&p);
    struct stir_slice der = stir_csr_info(csr)->der;
    char *copy = malloc(der.n);
    assert_non_null(copy);
    size_t signature = 0;
    for (size_t bit = 0; bit < 8 * der.n; bit++) {
        struct stir_csr *other = NULL;
        memcpy(copy, der.p, der.n);
        copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
        enum stir_err err = stir_csr_parse(&other, stir_slice_of(copy, der.n), NULL);
        if (err == STIR_OK || other)
            fail_msg("bit %zu", bit);
        signature += err == STIR_ESIG;
    }
    assert_true(signature > 500);
    free(copy);
    stir_csr_free(csr);
}

/* A request made by hand and signed by the key in it. */
static struct stir_slice request(struct stir_slice attributes, struct stir_slice behind)
{
    static unsigned char der[2048];
    unsigned char tbs[1024];
    size_t n = 0, len = 0;
    struct stir_writer w = stir_writer_of(tbs, sizeof(tbs));
    size_t info = stir_der_open(&w, 0x30);
    stir_put(&w, "\x02\x01\x00\x30\x00", 5);
    stir_put_slice(&w, stir_key_spki(held.key));
    if (attributes.p)
        stir_der_put(&w, 0xa0, attributes);
    stir_put_slice(&w, behind);
    stir_der_close(&w, info);
    assert_err(stir_writer_end(&w, &n), STIR_OK);
    assert_err(stir_signed_make(der, sizeof(der), &len, stir_slice_of(tbs, n), &signer, NULL), STIR_OK);
    return stir_slice_of(der, len);
}

#define REQUEST(length, values) "\x30" length "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e\x31" values
#define LIST                                                                           \
    "\x30\x14\x06\x08\x2b\x06\x01\x05\x05\x07\x01\x1a\x04\x08\x30\x06\xa0\x04\x16\x02" \
    "ab"

static void reads_attributes_strictly_and_their_absence(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        struct stir_slice attributes, behind;
        enum stir_err err;
        enum stir_part tnauth;
    } rows[] = {
        {"no attributes", {NULL, 0}, {NULL, 0}, STIR_OK, STIR_PART_ABSENT},
        {"empty attributes", ROW(""), {NULL, 0}, STIR_OK, STIR_PART_ABSENT},
        {"another attribute", ROW("\x30\x06\x06\x02\x2a\x03\x31\x00"), {NULL, 0}, STIR_OK, STIR_PART_ABSENT},
        {"one list", ROW(REQUEST("\x25", "\x18\x30\x16" LIST)), {NULL, 0}, STIR_OK, STIR_PART_GOOD},
        {"the list twice", ROW(REQUEST("\x3b", "\x2e\x30\x2c" LIST LIST)), {NULL, 0}, STIR_OK, STIR_PART_TWICE},
        {"two extension requests", ROW(REQUEST("\x25", "\x18\x30\x16" LIST) REQUEST("\x25", "\x18\x30\x16" LIST)), {NULL, 0}, STIR_EDER, 0},
        {"two values", ROW(REQUEST("\x11", "\x04\x30\x00\x30\x00")), {NULL, 0}, STIR_EDER, 0},
        {"no value", ROW(REQUEST("\x0d", "\x00")), {NULL, 0}, STIR_EDER, 0},
        {"three parts", ROW("\x30\x08\x06\x02\x2a\x03\x31\x00\x05\x00"), {NULL, 0}, STIR_EDER, 0},
        {"no extensions", ROW(REQUEST("\x11", "\x04\x30\x02\x05\x00")), {NULL, 0}, STIR_EDER, 0},
        {"something behind", ROW(""), ROW("\x05\x00"), STIR_EDER, 0},
        {"something instead", {NULL, 0}, ROW("\x05\x00"), STIR_EDER, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_csr *csr = NULL;
        struct stir_diag diag = {0};
        enum stir_err err = stir_csr_parse(&csr, request(rows[i].attributes, rows[i].behind), &diag);
        if (err != rows[i].err || (err == STIR_OK && stir_csr_info(csr)->tnauth != rows[i].tnauth))
            fail_msg("%s: %s, tnauth %d, \"%s\"", rows[i].row, stir_err_name(err), stir_csr_info(csr)->tnauth, diag.text);
        stir_csr_free(csr);
    }
}

static void text_around_a_request_is_borne_but_no_private_key_and_no_second_one(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
        enum stir_err err;
        const char *diag;
    } rows[] = {
        {"", "", STIR_OK, ""},
        {"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n", "words", STIR_OK, ""},
        {"", "-----BEGIN EC PRIVATE KEY-----\nAQID\n-----END EC PRIVATE KEY-----\n", STIR_EKEY, "replace that key"},
        {"-----BEGIN PRIVATE KEY-----\nAQID\n", "", STIR_EKEY, "replace that key"},
        {"", "-----BEGIN CERTIFICATE REQUEST-----\nAQID", STIR_EPEM, "cut off"},
        {"", "-----BEGIN CERTIFICATE REQUEST-----\nAQID\n-----END CERTIFICATE REQUEST-----\n", STIR_EPEM, "two"},
    };
    struct stir_cert_params p = params();
    struct stir_csr *csr = make(&p);
    char pem[2048], text[4096];
    size_t len;
    assert_err(stir_csr_write_pem(pem, sizeof(pem), &len, csr), STIR_OK);
    stir_csr_free(csr);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_diag diag = {0};
        csr = NULL;
        snprintf(text, sizeof(text), "%s%s%s", rows[i].before, pem, rows[i].after);
        enum stir_err err = stir_csr_parse(&csr, S(text), &diag);
        if (err != rows[i].err || !strstr(diag.text, rows[i].diag) || (err == STIR_OK) != (csr != NULL))
            fail_msg("row %zu: %s, \"%s\"", i, stir_err_name(err), diag.text);
        stir_csr_free(csr);
    }
    snprintf(text, sizeof(text), "-----BEGIN NEW CERTIFICATE REQUEST-----\n%.*s-----END NEW CERTIFICATE REQUEST-----\n",
             (int)(strstr(pem, "-----END") - strchr(pem, '\n') - 1), strchr(pem, '\n') + 1);
    assert_err(stir_csr_parse(&csr, S(text), NULL), STIR_OK);
    stir_csr_free(csr);
}

static void refuses_what_is_no_request(void **state)
{
    (void)state;
    static char blanks[STIR_MAX_PEM + 1];
    static const struct {
        struct stir_slice text;
        enum stir_err err;
        const char *diag;
    } rows[] = {
        {ROW(""), STIR_EPEM, "no -----BEGIN"},
        {ROW("-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n"), STIR_EPEM, "no -----BEGIN"},
        {ROW("-----BEGIN CERTIFICATE REQUEST-----\nAQID\n-----END CERTIFICATE REQUEST-----\n"), STIR_EDER, "outer"},
        {ROW("\x30\x81\x80"), STIR_EDER, "outer"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_csr *csr = NULL;
        struct stir_diag diag = {0};
        enum stir_err err = stir_csr_parse(&csr, rows[i].text, &diag);
        if (err != rows[i].err || csr || !strstr(diag.text, rows[i].diag))
            fail_msg("row %zu: %s, \"%s\"", i, stir_err_name(err), diag.text);
    }
    struct stir_csr *csr = NULL;
    struct stir_cert *cert = lint_cert("shakenCert");
    assert_err(stir_csr_parse(&csr, stir_cert_info(cert)->der, NULL), STIR_EDER);
    stir_cert_free(cert);
    assert_err(stir_csr_parse(&csr, stir_slice_of(blanks, sizeof(blanks)), NULL), STIR_ELIMIT);
    memcpy(blanks, "\x30\x82", 2);
    assert_err(stir_csr_parse(&csr, stir_slice_of(blanks, STIR_MAX_CERT + 1), NULL), STIR_ELIMIT);
    assert_err(stir_csr_parse(NULL, S("x"), NULL), STIR_EARG);
    assert_err(stir_csr_parse(&csr, S(NULL), NULL), STIR_EARG);
    assert_null(csr);
    stir_csr_free(NULL);
    assert_null(stir_csr_key(NULL));
    assert_string_equal(stir_csr_info(NULL)->subject, "");
}

static void a_request_whose_algorithm_is_too_weak_is_refused(void **state)
{
    (void)state;
    struct stir_slice text = support_file("csr-made/openssl-sha1.pem");
    struct stir_csr *csr = NULL;
    struct stir_diag diag = {0};
    assert_err(stir_csr_parse(&csr, text, &diag), STIR_EKEY);
    assert_non_null(strstr(diag.text, "SHA-256"));
    support_free(text);
}

static enum stir_err sign_badly(void *arg, const unsigned char digest[STIR_SHA256], unsigned char sig[STIR_ES256_SIG])
{
    (void)arg;
    memcpy(sig, digest, STIR_SHA256);
    memcpy(sig + STIR_SHA256, digest, STIR_SHA256);
    sig[0] = sig[STIR_SHA256] = 1;
    return STIR_OK;
}

static void refuses_requests_that_cannot_be_made(void **state)
{
    (void)state;
    struct stir_cert_params p = params();
    struct stir_csr *csr = NULL;
    struct stir_key *other = NULL;
    struct stir_signer liar = signer;
    assert_err(stir_key_generate(&other), STIR_OK);
    p.key = other;
    assert_err(stir_csr_make(&csr, &p, &signer, NULL), STIR_EMISMATCH);
    stir_key_free(other);
    p = params();
    p.cn = S(NULL);
    assert_err(stir_csr_make(&csr, &p, &signer, NULL), STIR_EVALUE);
    p = params();
    liar.sign = sign_badly;
    assert_err(stir_csr_make(&csr, &p, &liar, NULL), STIR_EMISMATCH);
    p.size = 1;
    assert_err(stir_csr_make(&csr, &p, &signer, NULL), STIR_EARG);
    assert_err(stir_csr_make(NULL, &p, &signer, NULL), STIR_EARG);
    assert_err(stir_csr_make(&csr, NULL, &signer, NULL), STIR_EARG);
    assert_err(stir_csr_make(&csr, &p, NULL, NULL), STIR_EARG);
    assert_null(csr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_for_is_what_a_request_says),
        cmocka_unit_test(a_request_without_a_list_has_no_attributes),
        cmocka_unit_test(openssl_reads_and_verifies_what_is_written),
        cmocka_unit_test(pem_and_der_read_alike),
        cmocka_unit_test(reads_what_other_tools_write),
        cmocka_unit_test(no_flipped_bit_of_a_request_reads),
        cmocka_unit_test(reads_attributes_strictly_and_their_absence),
        cmocka_unit_test(text_around_a_request_is_borne_but_no_private_key_and_no_second_one),
        cmocka_unit_test(refuses_what_is_no_request),
        cmocka_unit_test(a_request_whose_algorithm_is_too_weak_is_refused),
        cmocka_unit_test(refuses_requests_that_cannot_be_made),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
