#include "oom.h"

#include "parties.h"

static enum stir_err read_bundle(void *arg)
{
    const struct stir_slice *text = arg;
    struct stir_cert *certs[3] = {NULL};
    size_t n = 0;
    enum stir_err err = stir_certs_parse(certs, 3, &n, *text, NULL);
    if (err == STIR_OK)
        assert_slice(stir_tnauth_spc(stir_cert_info(certs[0])->tnauth_list), "1234");
    else
        assert_true(!certs[0] && !certs[1] && n == 0);
    stir_cert_free(certs[0]);
    stir_cert_free(certs[1]);
    return err;
}

static void certificates_are_read_whole_or_not_at_all(void **state)
{
    (void)state;
    struct stir_slice one = support_file("vectors/rfc/rfc9118-certificate.pem"), ca = support_file("libstirshaken/test_ref_ca_ca.pem");
    char *two = malloc(one.n + ca.n);
    assert_non_null(two);
    memcpy(two, one.p, one.n);
    memcpy(two + one.n, ca.p, ca.n);
    struct stir_slice text = stir_slice_of(two, one.n + ca.n);
    assert_true(oom_run(read_bundle, &text) >= 20);
    free(two);
    support_free(one);
    support_free(ca);
}

static enum stir_err make_certificate(void *arg)
{
    struct stir_cert_params p = leaf_params();
    struct stir_cert *cert = NULL;
    (void)arg;
    enum stir_err err = stir_cert_make(&cert, &p, &intermediate.signer, NULL);
    assert_int_equal(err == STIR_OK, cert != NULL);
    stir_cert_free(cert);
    return err;
}

static void a_certificate_is_made_whole_or_not_at_all(void **state)
{
    (void)state;
    assert_true(oom_run(make_certificate, NULL) >= 10);
}

static enum stir_err make_request(void *arg)
{
    struct stir_cert_params p = leaf_params();
    struct stir_csr *csr = NULL, *again = NULL;
    char pem[4096];
    size_t len = 0;
    (void)arg;
    p.key = NULL;
    enum stir_err err = stir_csr_make(&csr, &p, &leaf.signer, NULL);
    assert_int_equal(err == STIR_OK, csr != NULL);
    if (err == STIR_OK) {
        assert_err(stir_csr_write_pem(pem, sizeof(pem), &len, csr), STIR_OK);
        err = stir_csr_parse(&again, stir_slice_of(pem, len), NULL);
        assert_int_equal(err == STIR_OK, again != NULL);
    }
    stir_csr_free(csr);
    stir_csr_free(again);
    return err;
}

static void requests_are_made_and_read_whole_or_not_at_all(void **state)
{
    (void)state;
    assert_true(oom_run(make_request, NULL) >= 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_are_read_whole_or_not_at_all),
        cmocka_unit_test(a_certificate_is_made_whole_or_not_at_all),
        cmocka_unit_test(requests_are_made_and_read_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
