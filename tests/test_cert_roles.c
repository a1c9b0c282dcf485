/* Certificates of delegates (RFC 9060), of those who sign for a policy administrator, and claim constraints written: what is asked for stands there, what
 * nobody may give away is refused. */
#include "parties.h"

#include <openssl/x509.h>
#include <stir/chain.h>
#include <stir/lint.h>

#include "core/cert.h"
#include "delegate_lists.h"

static struct stir_cert_params ca_params(struct stir_tnauth *of)
{
    struct stir_cert_params p = intermediate_params();
    p.role = STIR_CERT_DELEGATE_CA;
    p.cn = S("Example Delegate CA");
    p.tnauth = of;
    p.path_len = 3;
    return p;
}

/* A CA of delegates under the root, with that list; the intermediate's key. */
static struct stir_cert *delegate_ca(const char *text)
{
    struct stir_tnauth *of = list_of(text);
    struct stir_cert_params p = ca_params(of);
    struct stir_cert *cert = make(&p, &root);
    stir_tnauth_free(of);
    return cert;
}

static struct stir_cert_params delegate_params(const struct stir_cert *issuer, const struct stir_tnauth *of)
{
    struct stir_cert_params p = leaf_params();
    p.role = STIR_CERT_DELEGATE;
    p.cn = S("Example Delegate");
    p.issuer = issuer;
    p.tnauth = of;
    return p;
}

static void a_delegate_ca_is_a_ca_with_a_list(void **state)
{
    (void)state;
    struct stir_cert *cert = delegate_ca("range:12125551000+1000 one:12015550100");
    const struct stir_cert_info *info = stir_cert_info(cert);
    assert_true(info->is_ca && info->basic_constraints_critical);
    assert_int_equal(info->path_len, 3);
    assert_int_equal(info->key_usage_bits, STIR_KU_KEY_CERT_SIGN);
    assert_int_equal(info->tnauth, STIR_PART_GOOD);
    assert_int_equal(stir_tnauth_count(info->tnauth_list), 2);
    stir_cert_free(cert);
    struct stir_tnauth *of = list_of("one:12015550100");
    struct stir_cert_params p = ca_params(of);
    p.path_len = -1;
    cert = make(&p, &root);
    assert_int_equal(stir_cert_info(cert)->path_len, -1);
    stir_cert_free(cert);
    stir_tnauth_free(of);
}

static void signers_of_the_administrator_may_do_one_thing(void **state)
{
    (void)state;
    static const struct {
        enum stir_cert_role role;
        unsigned usage;
    } rows[] = {{STIR_CERT_CRL_SIGNER, STIR_KU_CRL_SIGN}, {STIR_CERT_PA_SIGNER, STIR_KU_DIGITAL_SIGNATURE}};
    for (size_t i = 0; i < 2; i++) {
        struct stir_cert_params p = leaf_params();
        p.role = rows[i].role;
        p.cn = S("STI-PA");
        p.tnauth = NULL;
        p.issuer = root.cert;
        struct stir_cert *cert = make(&p, &root);
        const struct stir_cert_info *info = stir_cert_info(cert);
        assert_false(info->is_ca);
        assert_true(info->key_usage_critical && !info->key_usage_padding);
        assert_int_equal(info->key_usage_bits, rows[i].usage);
        assert_int_equal(info->tnauth, STIR_PART_ABSENT);
        stir_cert_free(cert);
    }
}

static void nobody_delegates_what_was_not_given_to_him(void **state) /*= RFC9060-4 test */
{
    (void)state;
    static const struct {
        const char *parent, *child;
        enum stir_err wanted;
    } rows[] = {
        {"range:12125551000+1000", "range:12125551000+1000", STIR_OK},
        {"range:12125551000+1000", "range:12125551500+100", STIR_OK},
        {"range:12125551000+1000", "one:12125551824", STIR_OK},
        {"range:12125551000+1000", "one:12125552000", STIR_EMISMATCH},
        {"range:12125551000+1000", "range:12125551999+2", STIR_EMISMATCH},
        {"range:12125551000+1000", "one:12125551824 one:12125550999", STIR_EMISMATCH},
        {"range:12125551000+1000", "spc:709J", STIR_EMISMATCH},
        {"spc:709J", "spc:709J", STIR_OK},
        {"spc:709J", "spc:1234", STIR_EMISMATCH},
        {"spc:709J", "one:12125551824", STIR_OK}, /* a table knows whether the number is the code's */
        {"spc:709J one:12125551824", "one:12125551824 spc:1234", STIR_EMISMATCH},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_cert *ca = delegate_ca(rows[i].parent), *cert = NULL;
        struct stir_tnauth *of = list_of(rows[i].child);
        for (int as_ca = 0; as_ca < 2; as_ca++) {
            struct stir_cert_params p = delegate_params(ca, of);
            p.role = as_ca ? STIR_CERT_DELEGATE_CA : STIR_CERT_DELEGATE;
            struct stir_diag diag = {0};
            enum stir_err err = stir_cert_make(&cert, &p, &intermediate.signer, &diag);
            if (err != rows[i].wanted || (err != STIR_OK) != (diag.text[0] != '\0'))
                fail_msg("%s under %s: %s \"%s\"", rows[i].child, rows[i].parent, stir_err_name(err), diag.text);
            stir_cert_free(cert);
            cert = NULL;
        }
        stir_tnauth_free(of);
        stir_cert_free(ca);
    }
}

/* No role gets around the list: not as a SHAKEN end entity, not as a CA without one. */
static void no_other_role_gets_past_the_list(void **state)
{
    (void)state;
    static const enum stir_cert_role without[] = {STIR_CERT_INTERMEDIATE, STIR_CERT_CRL_SIGNER, STIR_CERT_PA_SIGNER};
    struct stir_cert *ca = delegate_ca("one:12125551824"), *cert = NULL;
    for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
        struct stir_cert_params p = delegate_params(ca, NULL);
        p.role = without[i];
        assert_err(stir_cert_make(&cert, &p, &intermediate.signer, NULL), STIR_EMISMATCH);
    }
    struct stir_cert_params p = delegate_params(ca, list);
    p.role = STIR_CERT_END_ENTITY;
    assert_err(stir_cert_make(&cert, &p, &intermediate.signer, NULL), STIR_EMISMATCH);
    stir_cert_free(ca);
}

static void a_role_has_its_list_or_none(void **state)
{
    (void)state;
    static const struct {
        enum stir_cert_role role;
        bool has;
    } rows[] = {
        {STIR_CERT_INTERMEDIATE, false}, {STIR_CERT_END_ENTITY, true},  {STIR_CERT_DELEGATE_CA, true},
        {STIR_CERT_DELEGATE, true},      {STIR_CERT_CRL_SIGNER, false}, {STIR_CERT_PA_SIGNER, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_cert *cert = NULL;
        struct stir_cert_params p = leaf_params();
        p.role = rows[i].role;
        p.issuer = root.cert;
        p.tnauth = rows[i].has ? NULL : list;
        assert_err(stir_cert_make(&cert, &p, &root.signer, NULL), STIR_EVALUE);
    }
    struct stir_cert_params p = leaf_params();
    p.role = (enum stir_cert_role)7;
    struct stir_cert *cert = NULL;
    assert_err(stir_cert_make(&cert, &p, &root.signer, NULL), STIR_EVALUE);
}

static void path_lengths_go_down(void **state)
{
    (void)state;
    static const struct {
        int parent, child;
        enum stir_err wanted;
    } rows[] = {{3, 2, STIR_OK}, {3, 3, STIR_EMISMATCH}, {3, -1, STIR_OK}, {1, 0, STIR_OK}, {0, 0, STIR_EMISMATCH}, {-1, 8, STIR_OK}, {-1, 9, STIR_EVALUE}};
    struct stir_tnauth *of = list_of("one:12125551824");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_cert_params p = ca_params(of);
        struct stir_cert *cert = NULL;
        p.path_len = rows[i].parent;
        struct stir_cert *ca = make(&p, &root);
        p = delegate_params(ca, of);
        p.role = STIR_CERT_DELEGATE_CA;
        p.path_len = rows[i].child;
        enum stir_err err = stir_cert_make(&cert, &p, &intermediate.signer, NULL);
        if (err != rows[i].wanted || (cert && stir_cert_info(cert)->path_len != rows[i].child))
            fail_msg("%d under %d: %s", rows[i].child, rows[i].parent, stir_err_name(err));
        stir_cert_free(cert);
        stir_cert_free(ca);
    }
    stir_tnauth_free(of);
}

/* ---- Claim constraints ---- */

/* The extension of the certificate that RFC 9118 §5 shows. */
#define VECTOR "3040a00e300c160a636f6e666964656e6365a120301e301c160a636f6e666964656e6365300e0c04686967680c066d656469756da20c300a16087072696f72697479"

static struct stir_cert *constrained(const struct stir_cert_constraints *c, enum stir_err wanted, const char *row)
{
    struct stir_cert_params p = leaf_params();
    struct stir_cert *cert = NULL;
    struct stir_diag diag = {0};
    p.constraints = c;
    enum stir_err err = stir_cert_make(&cert, &p, &intermediate.signer, &diag);
    if (err != wanted || (err != STIR_OK) != (diag.text[0] != '\0'))
        fail_msg("%s: %s \"%s\", wanted %s", row, stir_err_name(err), diag.text, stir_err_name(wanted));
    return cert;
}

/* The one extension of constraints that stands in the certificate. */
static struct stir_slice only_constraints(const struct stir_cert *cert, const char *oid)
{
    const struct stir_cert_info *info = stir_cert_info(cert);
    struct stir_slice found = {NULL, 0};
    for (size_t i = 0; i < info->n_ext; i++) {
        if (!stir_slice_is(info->ext[i].oid, "1.3.6.1.5.5.7.1.27") && !stir_slice_is(info->ext[i].oid, "1.3.6.1.5.5.7.1.33"))
            continue;
        assert_null(found.p);
        assert_slice(info->ext[i].oid, oid);
        assert_false(info->ext[i].critical);
        found = info->ext[i].value;
    }
    assert_non_null(found.p);
    assert_int_equal(info->constraints, STIR_PART_GOOD);
    assert_false(info->constraints_both);
    return found;
}

static const struct stir_slice confidence = {"confidence", 10}, priority = {"priority", 8}, high_medium[] = {{"high", 4}, {"medium", 6}};

static void the_example_of_rfc_9118_is_written_as_it_stands_there(void **state)
{
    (void)state;
    unsigned char der[128];
    size_t n = support_hex(der, sizeof(der), VECTOR);
    const struct stir_cert_permitted permitted = {confidence, high_medium, 2};
    const struct stir_cert_constraints lists = {.must_include = &confidence,
                                                .n_must_include = 1,
                                                .permitted = &permitted,
                                                .n_permitted = 1,
                                                .must_exclude = &priority,
                                                .n_must_exclude = 1},
                                       given = {.der = stir_slice_of(der, n), .enhanced = true};
    const struct stir_cert_constraints *both[] = {&lists, &given};
    for (size_t i = 0; i < 2; i++) {
        struct stir_cert *cert = constrained(both[i], STIR_OK, "the example");
        assert_true(stir_slice_eq(only_constraints(cert, "1.3.6.1.5.5.7.1.33"), stir_slice_of(der, n)));
        stir_cert_free(cert);
    }
}

static void one_form_is_written_and_it_is_the_one_needed(void **state) /*= RFC9118-6 test */
{
    (void)state;
    const struct stir_cert_permitted permitted = {confidence, high_medium, 2};
    const struct {
        const char *row, *oid;
        struct stir_cert_constraints c;
    } rows[] = {
        {"mustInclude", "1.3.6.1.5.5.7.1.27", {.must_include = &confidence, .n_must_include = 1}},
        {"permitted values", "1.3.6.1.5.5.7.1.27", {.permitted = &permitted, .n_permitted = 1}},
        {"mustInclude, asked to be enhanced", "1.3.6.1.5.5.7.1.33", {.must_include = &confidence, .n_must_include = 1, .enhanced = true}},
        {"mustExclude", "1.3.6.1.5.5.7.1.33", {.must_exclude = &priority, .n_must_exclude = 1}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_cert *cert = constrained(&rows[i].c, STIR_OK, rows[i].row);
        only_constraints(cert, rows[i].oid);
        assert_non_null(stir_cert_constraints(cert, 0));
        stir_cert_free(cert);
    }
    const struct stir_cert_constraints nothing = {.enhanced = true};
    struct stir_cert *cert = constrained(&nothing, STIR_OK, "nothing");
    assert_int_equal(stir_cert_info(cert)->constraints, STIR_PART_ABSENT);
    stir_cert_free(cert);
}

static void constraints_that_mean_nothing_are_refused(void **state) /*= RFC9118-3d test */ /*= RFC9118-3f test */
{
    (void)state;
    static const struct stir_slice iat = {"iat", 3}, orig = {"orig", 4}, dest = {"dest", 4}, umlaut = {"\xc3\xbc", 2}, empty = {"", 0},
                                   twice[] = {{"a", 1}, {"b", 1}, {"a", 1}}, no_text = {"\xff", 1};
    static struct stir_slice many[STIR_MAX_CONSTRAINTS + 1];
    static char names[STIR_MAX_CONSTRAINTS + 1][8];
    const struct stir_cert_permitted no_value = {confidence, high_medium, 0}, bad_value = {confidence, &no_text, 1}, good = {confidence, high_medium, 2},
                                     two[] = {good, good}, of_excluded = {priority, high_medium, 2};
    for (size_t i = 0; i < STIR_MAX_CONSTRAINTS + 1; i++) {
        snprintf(names[i], sizeof(names[i]), "c%zu", i);
        many[i] = S(names[i]);
    }
    const struct stir_cert_permitted many_values = {confidence, many, STIR_MAX_CONSTRAINTS + 1};
    const struct {
        const char *row;
        enum stir_err wanted;
        struct stir_cert_constraints c;
    } rows[] = {
        {"iat excluded", STIR_EVALUE, {.must_exclude = &iat, .n_must_exclude = 1}},
        {"orig excluded", STIR_EVALUE, {.must_exclude = &orig, .n_must_exclude = 1}},
        {"dest excluded", STIR_EVALUE, {.must_exclude = &dest, .n_must_exclude = 1}},
        {"no ASCII", STIR_EVALUE, {.must_include = &umlaut, .n_must_include = 1}},
        {"an empty name", STIR_EVALUE, {.must_include = &empty, .n_must_include = 1}},
        {"a name twice", STIR_EVALUE, {.must_include = twice, .n_must_include = 3}},
        {"demanded and excluded", STIR_EVALUE, {.must_include = &priority, .n_must_include = 1, .must_exclude = &priority, .n_must_exclude = 1}},
        {"permitted and excluded", STIR_EVALUE, {.permitted = &of_excluded, .n_permitted = 1, .must_exclude = &priority, .n_must_exclude = 1}},
        {"no value", STIR_EVALUE, {.permitted = &no_value, .n_permitted = 1}},
        {"no UTF-8", STIR_EVALUE, {.permitted = &bad_value, .n_permitted = 1}},
        {"a claim twice", STIR_EVALUE, {.permitted = two, .n_permitted = 2}},
        {"65 names", STIR_ELIMIT, {.must_include = many, .n_must_include = STIR_MAX_CONSTRAINTS + 1}},
        {"65 values", STIR_ELIMIT, {.permitted = &many_values, .n_permitted = 1}},
        {"given, no DER", STIR_EVALUE, {.der = {"\x30\x00", 2}}},
        {"given, excludes in the old form",
         STIR_EVALUE,
         {.der = {"\x30\x07\xa2\x05\x30\x03\x16\x01"
                  "a",
                  9}}},
        {"given, excludes iat", STIR_EVALUE, {.der = {"\x30\x09\xa2\x07\x30\x05\x16\x03iat", 11}, .enhanced = true}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_null(constrained(&rows[i].c, rows[i].wanted, rows[i].row));
}

static void only_those_who_sign_calls_are_constrained(void **state)
{
    (void)state;
    static const enum stir_cert_role not_for[] = {STIR_CERT_INTERMEDIATE, STIR_CERT_DELEGATE_CA, STIR_CERT_CRL_SIGNER, STIR_CERT_PA_SIGNER};
    const struct stir_cert_constraints c = {.must_include = &confidence, .n_must_include = 1};
    for (size_t i = 0; i < sizeof(not_for) / sizeof(not_for[0]); i++) {
        struct stir_cert_params p = leaf_params();
        struct stir_cert *cert = NULL;
        p.role = not_for[i];
        p.issuer = root.cert;
        p.tnauth = p.role == STIR_CERT_DELEGATE_CA ? list : NULL;
        p.constraints = &c;
        assert_err(stir_cert_make(&cert, &p, &root.signer, NULL), STIR_EVALUE);
    }
}

/* ---- Requests ---- */

static void a_request_asks_for_what_it_was_told_to(void **state)
{
    (void)state;
    const struct stir_cert_constraints c = {.must_exclude = &priority, .n_must_exclude = 1};
    for (int role = STIR_CERT_ROOT; role <= STIR_CERT_PA_SIGNER; role++) {
        struct stir_cert_params p = STIR_CERT_PARAMS_INIT;
        struct stir_csr *csr = NULL;
        p.role = (enum stir_cert_role)role;
        p.cn = S("A");
        p.tnauth = list;
        p.constraints = role == STIR_CERT_DELEGATE ? &c : NULL;
        assert_err(stir_csr_make(&csr, &p, &leaf.signer, NULL), STIR_OK);
        const struct stir_csr_info *info = stir_csr_info(csr);
        assert_int_equal(info->wants_ca, role == STIR_CERT_INTERMEDIATE || role == STIR_CERT_DELEGATE_CA);
        assert_int_equal(info->constraints.p != NULL, role == STIR_CERT_DELEGATE);
        assert_int_equal(info->constraints_enhanced, role == STIR_CERT_DELEGATE);
        assert_int_equal(info->n_sans, 0);
        if (role == STIR_CERT_DELEGATE) {
            /* what it asks for can be given */
            const struct stir_cert_constraints given = {.der = info->constraints, .enhanced = info->constraints_enhanced};
            struct stir_cert *cert = constrained(&given, STIR_OK, "of a request");
            assert_true(stir_slice_eq(only_constraints(cert, "1.3.6.1.5.5.7.1.33"), info->constraints));
            stir_cert_free(cert);
        }
        stir_csr_free(csr);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_delegate_ca_is_a_ca_with_a_list),
        cmocka_unit_test(signers_of_the_administrator_may_do_one_thing),
        cmocka_unit_test(nobody_delegates_what_was_not_given_to_him),
        cmocka_unit_test(no_other_role_gets_past_the_list),
        cmocka_unit_test(a_role_has_its_list_or_none),
        cmocka_unit_test(path_lengths_go_down),
        cmocka_unit_test(the_example_of_rfc_9118_is_written_as_it_stands_there),
        cmocka_unit_test(one_form_is_written_and_it_is_the_one_needed),
        cmocka_unit_test(constraints_that_mean_nothing_are_refused),
        cmocka_unit_test(only_those_who_sign_calls_are_constrained),
        cmocka_unit_test(a_request_asks_for_what_it_was_told_to),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
