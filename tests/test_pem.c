/* PEM: blocks among other text, and how broken ones are told. */
#include "certs.h"

#define CERT_LABEL "CERTIFICATE"
#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define END "-----END CERTIFICATE-----\n"

static enum stir_err first(const char *text, size_t *n)
{
    size_t at = 0;
    struct stir_slice label;
    unsigned char *der = NULL;
    enum stir_err err = stir_pem_next(S(text), &at, &label, &der, n);
    free(der);
    return err;
}

static void reads_blocks_with_any_line_ends_and_text_around(void **state)
{
    (void)state;
    static const char *const rows[] = {
        BEGIN "AQID\n" END,
        "-----BEGIN CERTIFICATE-----\r\nAQID\r\n-----END CERTIFICATE-----\r\n",
        "-----BEGIN CERTIFICATE-----\rAQID\r-----END CERTIFICATE-----\r",
        "-----BEGIN CERTIFICATE-----AQID-----END CERTIFICATE-----",
        "# a comment - with - dashes\nsubject=C = US\n" BEGIN "AQ\nID\n" END "more",
        "\xef\xbb\xbf" BEGIN " A Q\tI D \n\n" END,
        "---" BEGIN "AQID\n" END,
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t at = 0, n = 0;
        struct stir_slice label = {NULL, 0};
        unsigned char *der = NULL;
        if (stir_pem_next(S(rows[i]), &at, &label, &der, &n) != STIR_OK || n != 3 || memcmp(der, "\1\2\3", 3) != 0 || !stir_slice_is(label, CERT_LABEL))
            fail_msg("row %zu", i);
        free(der);
        assert_err(stir_pem_next(S(rows[i]), &at, &label, &der, &n), STIR_ENOTFOUND);
    }
}

static void refuses_broken_blocks_and_says_where(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t at;
        const char *diag;
    } rows[] = {
        {"-----BEGIN CERTIFICATE\nAQID\n" END, 22, "\\x0a"},
        {"-----BEGIN CERTIFICATE----\nAQID\n" END, 22, "END label"},
        {BEGIN "AQID\n", 33, "cut off"},
        {BEGIN "AQID\n-----END CERTIFICATE", 33, "END label"},
        {BEGIN "AQID\n-----END X-----\n", 33, "END label"},
        {BEGIN END, 28, "END label"},
        {BEGIN "AQI\n" END, 32, "END label"},
        {BEGIN "AQ*D\n" END, 30, "\"*\""},
        {BEGIN "AQID\\nAQID\n" END, 32, "backslash"},
        {BEGIN "Proc-Type: 4\n\nAQID\n" END, 32, "END label"},
        {BEGIN "AQIDBA=A\n" END, 35, "\"A\""},
        {BEGIN "AQIDBA==AQID\n" END, 36, "\"A\""},
        {BEGIN "AQIDB===\n" END, 35, "\"=\""},
        {BEGIN "AQIDBB==\n" END, 35, "\"=\""}, /* bits that nobody reads are not 0 */
        {BEGIN "AQIDBAV=\n" END, 35, "\"=\""},
        {BEGIN "=AAA\n" END, 29, "\"A\""},
        {BEGIN "AQID\n" BEGIN "AQID\n" END, 33, "END label"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t at = 0, n = 7;
        struct stir_slice label;
        struct stir_diag diag = {0};
        unsigned char *der = NULL;
        enum stir_err err = stir_pem_next(S(rows[i].text), &at, &label, &der, &n);
        assert_null(der);
        assert_int_equal(n, 7);
        assert_err(stir_pem_broken(&diag, S(rows[i].text), at), STIR_EPEM);
        if (err != STIR_EPEM || at != rows[i].at || !strstr(diag.text, rows[i].diag))
            fail_msg("row %zu: %s at %zu, \"%s\"", i, stir_err_name(err), at, diag.text);
    }
    size_t n;
    assert_err(first("", &n), STIR_ENOTFOUND);
    assert_err(first("-----BEGIN", &n), STIR_ENOTFOUND);
    assert_err(first("-----BEGIN ", &n), STIR_EPEM);
}

static void written_blocks_read_back_in_every_length(void **state)
{
    (void)state;
    unsigned char bytes[200];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(i * 37);
    for (size_t n = 1; n <= sizeof(bytes); n++) {
        char text[512];
        struct stir_writer w = stir_writer_of(text, sizeof(text));
        size_t len, at = 0, got;
        struct stir_slice label;
        unsigned char *der = NULL;
        stir_put_pem(&w, "X Y", stir_slice_of(bytes, n));
        assert_err(stir_writer_close(&w, &len), STIR_OK);
        assert_err(stir_pem_next(stir_slice_of(text, len), &at, &label, &der, &got), STIR_OK);
        assert_int_equal(at, len - 1); /* the last line end is text behind it */
        assert_slice(label, "X Y");
        assert_int_equal(got, n);
        assert_memory_equal(der, bytes, n);
        free(der);
        for (const char *line = text, *end; (end = strchr(line, '\n')); line = end + 1)
            assert_in_range(end - line, 1, 64);
    }
}

static struct stir_slice pem_text;

static enum stir_err certs(const char *before, const char *after, size_t max, size_t *n, struct stir_diag *diag)
{
    struct stir_cert *out[MANY] = {NULL};
    char *text = malloc(pem_text.n + 4096);
    assert_non_null(text);
    int len = snprintf(text, pem_text.n + 4096, "%s%.*s%s", before, (int)pem_text.n, pem_text.p, after);
    enum stir_err err = stir_certs_parse(out, max, n, stir_slice_of(text, (size_t)len), diag);
    for (size_t i = 0; i < MANY; i++)
        stir_cert_free(out[i]);
    free(text);
    return err;
}

static int read_pem(void **state)
{
    (void)state;
    pem_text = support_file("vectors/lint/shakenCert.pem");
    return 0;
}

static int drop_pem(void **state)
{
    (void)state;
    support_free(pem_text);
    return 0;
}

static void certificates_are_read_among_comments(void **state)
{
    (void)state;
    size_t n = 0;
    assert_err(certs("# the leaf, issued - by - us\n\n", "\ntrailing words", 1, &n, NULL), STIR_OK);
    assert_int_equal(n, 1);
}

static void a_private_key_among_certificates_is_an_alarm(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "-----BEGIN PRIVATE KEY-----\nAQID\n-----END PRIVATE KEY-----\n",
        "-----BEGIN EC PRIVATE KEY-----\nAQID\n-----END EC PRIVATE KEY-----\n",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAQID\n-----END ENCRYPTED PRIVATE KEY-----\n",
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: x\n\nAQID\n-----END RSA PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nAQID",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t n = 7;
        struct stir_diag diag = {0};
        enum stir_err err = certs("", rows[i], 8, &n, &diag);
        if (err != STIR_EKEY || !strstr(diag.text, "replace that key") || n != 7)
            fail_msg("row %zu: %s, \"%s\"", i, stir_err_name(err), diag.text);
    }
    size_t n;
    assert_err(certs(rows[0], "", 8, &n, NULL), STIR_EKEY);
}

static void what_holds_no_certificate_is_told_by_its_look(void **state)
{
    (void)state;
    static const struct {
        struct stir_slice text;
        enum stir_err err;
        const char *diag;
    } rows[] = {
        {ROW(""), STIR_EPEM, "empty"},
        {ROW(" \r\n\t"), STIR_EPEM, "empty"},
        {ROW("<!DOCTYPE html><html>404"), STIR_EPEM, "HTML"},
        {ROW("\0\1\2\3"), STIR_EPEM, "no -----BEGIN"},
        {ROW("0 s:/C=US"), STIR_EPEM, "no -----BEGIN"},
        {ROW("\x30\x82\x01\x00"), STIR_EDER, "outer SEQUENCE"},
        {ROW(BEGIN "AQID\n" END), STIR_EDER, "outer SEQUENCE"},
        {ROW(BEGIN "AQI"), STIR_EPEM, "cut off"},
        {ROW("-----BEGIN X509 CRL-----\nAQID\n-----END X509 CRL-----\n"), STIR_EPEM, "X509 CRL"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_cert *out[1] = {NULL};
        struct stir_diag diag = {0};
        size_t n = 7;
        enum stir_err err = stir_certs_parse(out, 1, &n, rows[i].text, &diag);
        if (err != rows[i].err || !strstr(diag.text, rows[i].diag) || n != 7 || out[0])
            fail_msg("row %zu: %s, \"%s\"", i, stir_err_name(err), diag.text);
    }
}

static void counts_and_lengths_are_limited(void **state)
{
    (void)state;
    size_t n = 0;
    struct stir_diag diag = {0};
    struct stir_cert *out[MANY] = {NULL};
    char *twice = malloc(pem_text.n + 1), *blanks = malloc(STIR_MAX_PEM + 1);
    assert_non_null(twice);
    assert_non_null(blanks);
    memcpy(twice, pem_text.p, pem_text.n);
    twice[pem_text.n] = '\0';
    memset(blanks, ' ', STIR_MAX_PEM + 1);
    assert_err(certs("", twice, 1, &n, &diag), STIR_ELIMIT);
    assert_non_null(strstr(diag.text, "more than 1"));
    assert_err(certs("", twice, 2, &n, NULL), STIR_OK);
    assert_int_equal(n, 2);
    assert_err(stir_certs_parse(out, STIR_MAX_CHAIN, &n, stir_slice_of(blanks, STIR_MAX_PEM + 1), NULL), STIR_ELIMIT);
    assert_err(stir_certs_parse(out, STIR_MAX_CHAIN, &n, stir_slice_of(blanks, STIR_MAX_PEM), NULL), STIR_EPEM);
    assert_err(stir_certs_parse(out, STIR_MAX_CHAIN + 1, &n, stir_slice_of(blanks, STIR_MAX_PEM + 1), NULL), STIR_EPEM);
    assert_err(stir_certs_parse(out, 0, &n, pem_text, NULL), STIR_EARG);
    assert_err(stir_certs_parse(NULL, 1, &n, pem_text, NULL), STIR_EARG);
    assert_err(stir_certs_parse(out, 1, NULL, pem_text, NULL), STIR_EARG);
    assert_err(stir_certs_parse(out, 1, &n, stir_slice_of(NULL, 0), NULL), STIR_EARG);
    free(twice);
    free(blanks);
}

static void the_der_of_one_certificate_is_read_too(void **state)
{
    (void)state;
    struct stir_cert *cert = lint_cert("shakenCert"), *again = NULL;
    size_t n = 0;
    assert_err(stir_certs_parse(&again, 1, &n, stir_cert_info(cert)->der, NULL), STIR_OK);
    assert_int_equal(n, 1);
    assert_memory_equal(stir_cert_info(cert)->sha256, stir_cert_info(again)->sha256, STIR_SHA256);
    stir_cert_free(cert);
    stir_cert_free(again);
}

static void a_certificate_is_written_as_openssl_writes_it(void **state)
{
    (void)state;
    struct stir_cert *cert = lint_cert("shakenCert");
    char pem[4096];
    size_t len = 0, need = 0;
    assert_err(stir_cert_write_pem(pem, sizeof(pem), &len, cert), STIR_OK);
    assert_non_null(strstr(pem_text.p, BEGIN));
    assert_memory_equal(pem, strstr(pem_text.p, BEGIN), len);
    assert_err(stir_cert_write_pem(pem, len, &need, cert), STIR_ELIMIT);
    assert_int_equal(need, len);
    assert_string_equal(pem, "");
    assert_err(stir_cert_write_pem(pem, len + 1, &need, cert), STIR_OK);
    assert_err(stir_cert_write_pem(NULL, 0, &need, cert), STIR_ELIMIT);
    assert_err(stir_cert_write_pem(NULL, 1, &need, cert), STIR_EARG);
    assert_err(stir_cert_write_pem(pem, 1, &need, NULL), STIR_EARG);
    stir_cert_free(cert);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_blocks_with_any_line_ends_and_text_around),
        cmocka_unit_test(refuses_broken_blocks_and_says_where),
        cmocka_unit_test(written_blocks_read_back_in_every_length),
        cmocka_unit_test(certificates_are_read_among_comments),
        cmocka_unit_test(a_private_key_among_certificates_is_an_alarm),
        cmocka_unit_test(what_holds_no_certificate_is_told_by_its_look),
        cmocka_unit_test(counts_and_lengths_are_limited),
        cmocka_unit_test(the_der_of_one_certificate_is_read_too),
        cmocka_unit_test(a_certificate_is_written_as_openssl_writes_it),
    };
    return cmocka_run_group_tests(tests, read_pem, drop_pem);
}
