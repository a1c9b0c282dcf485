/* Orders, authorizations, challenges and finalizing (RFC 8555 §7.4 to §7.5, RFC 9448): each state, each refusal. */
#include "ca_issue_support.h"

static void an_order_becomes_a_certificate(void **state) /*= RFC8555-7.4 test */
{
    (void)state;
    struct ca_order o;
    struct stir_cert_params wanted = ca_wanted();
    ca_order_of(&o, 0, CA_ORDER);
    ca_ask(0, stir_ca_order, o.id, NULL, NULL);
    assert_string_equal(ca_text("status"), "pending");
    ca_prove(&o);
    ca_ask(0, stir_ca_order, o.id, NULL, NULL);
    assert_string_equal(ca_text("status"), "ready");
    ca_finalize(&o, &wanted, sc.subject);
    assert_status(200);
    assert_string_equal(ca_text("status"), "valid");
    struct stir_cert *cert = ca_download(&o);
    const struct stir_cert_info *info = stir_cert_info(cert);
    assert_slice(info->cn, "SHAKEN 709J");
    assert_int_equal(info->not_before, sc.now - 3600);
    assert_int_equal(info->not_after, sc.now - 3600 + 90 * CA_DAY - 1);
    stir_cert_free(cert);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_order_becomes_a_certificate, ca_open, ca_close),
    };
    store_engine_of(argc, argv);
    return cmocka_run_group_tests_name("ca_order", tests, NULL, NULL);
}
