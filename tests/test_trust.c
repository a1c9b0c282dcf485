#include "core/trust.h"
#include "trust_support.h"

static struct stir_cert *cert_of(const char *file)
{
    struct stir_cert *cert = NULL;
    assert_int_equal(support_certs(&cert, 1, file), 1);
    return cert;
}

static void domain_names_are_short_words_used_once(void **state)
{
    static const struct {
        const char *name;
        enum stir_err wanted;
    } rows[] = {
        {"US", STIR_OK},
        {"US", STIR_EVALUE},
        {"us", STIR_OK},
        {"a-b_9", STIR_OK},
        {"12345678901234567890123456789012", STIR_OK},
        {"123456789012345678901234567890123", STIR_EVALUE},
        {"", STIR_EVALUE},
        {"a b", STIR_EVALUE},
        {"a.b", STIR_EVALUE},
        {"\xc3\xa9", STIR_EVALUE},
    };
    struct stir_trust_builder *builder = support_builder();
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (stir_trust_domain(builder, S(rows[i].name)) != rows[i].wanted)
            fail_msg("\"%s\" is not answered %s", rows[i].name, stir_err_name(rows[i].wanted));
    assert_err(stir_trust_domain(builder, S(NULL)), STIR_EVALUE);
    struct stir_trust *trust = support_freeze(builder, 5);
    assert_int_equal(stir_trust_domains(trust), 4);
    assert_string_equal(stir_trust_domain_name(trust, 0), "US");
    assert_string_equal(stir_trust_domain_name(trust, 3), "12345678901234567890123456789012");
    assert_string_equal(stir_trust_domain_name(trust, 4), "");
    assert_int_equal(stir_trust_generation(trust), 5);
    stir_trust_free(trust);
}

static void there_are_no_more_domains_than_the_limit(void **state)
{
    struct stir_trust_builder *builder = support_builder();
    (void)state;
    for (int i = 0; i < STIR_MAX_DOMAINS; i++) {
        char name[16];
        snprintf(name, sizeof(name), "d%d", i);
        assert_err(stir_trust_domain(builder, S(name)), STIR_OK);
    }
    assert_err(stir_trust_domain(builder, S("one-more")), STIR_ELIMIT);
    stir_trust_builder_free(builder);
}

static void the_first_addition_opens_default(void **state)
{
    struct stir_trust_builder *builder = support_builder();
    struct stir_cert *root = cert_of("chain/root.pem");
    (void)state;
    assert_err(stir_trust_add_anchor(builder, root), STIR_OK);
    assert_err(stir_trust_domain(builder, S("default")), STIR_EVALUE);
    struct stir_trust *trust = support_freeze(builder, 1);
    assert_string_equal(stir_trust_domain_name(trust, 0), "default");
    stir_cert_free(root); /* the snapshot owns it too */
    assert_int_equal(trust->domains[0]->n_anchors, 1);
    assert_slice(stir_cert_info(trust->domains[0]->anchors[0])->cn, "Root");
    stir_trust_free(trust);
}

static void anchors_are_found_by_subject_each_once(void **state)
{
    static const char *const same[] = {"chain/root.pem", "chain/root-usage.pem", "chain/root-range.pem", "chain/root-path-length.pem"};
    struct stir_trust_builder *builder = support_builder();
    (void)state;
    for (int twice = 0; twice < 2; twice++) {
        support_add_anchors(builder, "certs/ca.pem");
        for (size_t i = 0; i < 4; i++)
            support_add_anchors(builder, same[i]);
    }
    struct stir_trust *trust = support_freeze(builder, 1);
    const struct stir_domain *domain = trust->domains[0];
    assert_int_equal(domain->n_anchors, 60 + 4);
    for (size_t i = 0; i < domain->n_anchors; i++) {
        size_t n = 0, wanted = 0, met = 0;
        const struct stir_cert_info *info = stir_cert_info(domain->anchors[i]);
        struct stir_cert *const *found = stir_domain_anchors(domain, info->subject_der, &n);
        for (size_t j = 0; j < domain->n_anchors; j++)
            wanted += stir_slice_eq(stir_cert_info(domain->anchors[j])->subject_der, info->subject_der);
        for (size_t j = 0; j < n; j++)
            met += found[j] == domain->anchors[i];
        if (n != wanted || met != 1 || !stir_domain_has_anchor(domain, domain->anchors[i]))
            fail_msg("%s: %zu of %zu", info->subject, n, wanted);
    }
    size_t n = 9;
    assert_null(stir_domain_anchors(domain, S("nobody"), &n));
    assert_int_equal(n, 0);
    struct stir_cert *stranger = cert_of("chain/root-expired.pem");
    assert_false(stir_domain_has_anchor(domain, stranger));
    stir_cert_free(stranger);
    stir_trust_free(trust);
}

static void freezing_settles_who_signed_what(void **state)
{
    static const char *const files[] = {"crl/pa-root.pem", "crl/pa-crl.pem", "crl/rogue-crl.pem"}, *const lists[] = {"crl/pa-indirect.crl", "crl/pa-rogue.crl",
                                                                                                                     "crl/pa-not-indirect.crl"};
    struct stir_trust_builder *builder = support_builder();
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct stir_cert *cert = cert_of(files[i]);
        struct stir_slice der = support_file(lists[i]);
        struct stir_crl *crl = NULL;
        assert_err(stir_crl_parse(&crl, der, NULL), STIR_OK);
        assert_err(stir_trust_add_pa(builder, cert), STIR_OK);
        assert_err(stir_trust_add_pa(builder, cert), STIR_OK); /* twice is once */
        assert_err(stir_trust_add_crl(builder, crl), STIR_OK);
        stir_cert_free(cert);
        stir_crl_free(crl);
        support_free(der);
    }
    struct stir_trust *trust = support_freeze(builder, 1);
    const struct stir_domain *domain = trust->domains[0];
    assert_int_equal(domain->n_pa, 3);
    assert_int_equal(domain->n_anchors, 0);
    assert_int_equal(domain->pa_roots, 1);
    assert_int_equal(domain->pa_issuers[0], 0);
    assert_int_equal(domain->pa_issuers[1], 1);
    assert_int_equal(domain->pa_issuers[2], 0);
    assert_int_equal(domain->crl_signers[0], 2);
    assert_int_equal(domain->crl_signers[1], 4);
    assert_int_equal(domain->crl_signers[2], 0);
    stir_trust_free(trust);
}

static void limits_are_held(void **state)
{
    struct stir_trust_builder *builder = support_builder();
    struct stir_slice der = support_file("crl/pa-empty.crl");
    struct stir_crl *crl = NULL;
    struct stir_cert *cas[80];
    size_t n = support_certs(cas, 80, "certs/ca.pem"), i = 0;
    (void)state;
    assert_err(stir_crl_parse(&crl, der, NULL), STIR_OK);
    for (; i < STIR_MAX_CRLS; i++)
        assert_err(stir_trust_add_crl(builder, crl), STIR_OK);
    assert_err(stir_trust_add_crl(builder, crl), STIR_ELIMIT);
    for (i = 0; i < n; i++)
        assert_err(stir_trust_add_pa(builder, cas[i]), STIR_OK);
    struct stir_cert *more[160];
    size_t n_more = support_certs(more, 160, "certs/leaf.pem");
    for (i = 0; n + i < STIR_MAX_PA; i++)
        assert_err(stir_trust_add_pa(builder, more[i]), STIR_OK);
    assert_err(stir_trust_add_pa(builder, more[i]), STIR_ELIMIT);
    assert_err(stir_trust_add_pa(builder, more[0]), STIR_OK); /* is there already */
    stir_crl_free(crl);
    support_free(der);
    support_certs_free(cas, n);
    support_certs_free(more, n_more);
    stir_trust_builder_free(builder);
}

static void broken_bundles_add_nothing(void **state)
{
    struct stir_trust_builder *builder = support_builder();
    struct stir_diag diag = {0};
    (void)state;
    assert_err(stir_trust_add_pem(builder, S("nothing here"), &diag), STIR_EPEM);
    assert_true(diag.text[0] != '\0');
    struct stir_slice pem = support_file("chain/key.pem");
    assert_err(stir_trust_add_pem(builder, pem, NULL), STIR_EKEY);
    support_free(pem);
    struct stir_trust *trust = support_freeze(builder, 1);
    assert_int_equal(stir_trust_domains(trust), 0);
    stir_trust_free(trust);
}

static void missing_arguments_are_errors(void **state)
{
    struct stir_trust_builder *builder = support_builder();
    struct stir_cert *root = cert_of("chain/root.pem");
    struct stir_trust *trust = NULL;
    (void)state;
    assert_err(stir_trust_builder_new(NULL), STIR_EARG);
    assert_err(stir_trust_domain(NULL, S("US")), STIR_EARG);
    assert_err(stir_trust_add_anchor(NULL, root), STIR_EARG);
    assert_err(stir_trust_add_anchor(builder, NULL), STIR_EARG);
    assert_err(stir_trust_add_pem(NULL, S("x"), NULL), STIR_EARG);
    assert_err(stir_trust_add_pa(NULL, root), STIR_EARG);
    assert_err(stir_trust_add_pa(builder, NULL), STIR_EARG);
    assert_err(stir_trust_add_crl(builder, NULL), STIR_EARG);
    assert_err(stir_trust_freeze(NULL, builder, 1), STIR_EARG);
    assert_err(stir_trust_freeze(&trust, NULL, 1), STIR_EARG);
    assert_null(trust);
    assert_int_equal(stir_trust_generation(NULL), 0);
    assert_int_equal(stir_trust_domains(NULL), 0);
    assert_string_equal(stir_trust_domain_name(NULL, 0), "");
    stir_trust_builder_free(NULL);
    stir_trust_free(NULL);
    assert_null(stir_trust_ref(NULL));
    stir_cert_free(root);
    stir_trust_builder_free(builder);
}

static void a_snapshot_lives_as_long_as_its_last_owner(void **state)
{
    struct stir_trust *trust = support_trust("chain/root.pem");
    (void)state;
    assert_ptr_equal(stir_trust_ref(trust), trust);
    stir_trust_free(trust);
    assert_int_equal(stir_trust_domains(trust), 1);
    stir_trust_free(trust);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(domain_names_are_short_words_used_once),
        cmocka_unit_test(there_are_no_more_domains_than_the_limit),
        cmocka_unit_test(the_first_addition_opens_default),
        cmocka_unit_test(anchors_are_found_by_subject_each_once),
        cmocka_unit_test(freezing_settles_who_signed_what),
        cmocka_unit_test(limits_are_held),
        cmocka_unit_test(broken_bundles_add_nothing),
        cmocka_unit_test(missing_arguments_are_errors),
        cmocka_unit_test(a_snapshot_lives_as_long_as_its_last_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
