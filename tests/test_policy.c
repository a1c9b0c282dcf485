#include "support.h"

static void presets_are_known_by_name(void **state)
{
    (void)state;
    struct stir_policy policy, before;
    const char *name;
    size_t n = 0;
    for (; (name = stir_policy_preset_at(n)) != NULL; n++) {
        assert_err(stir_policy_preset(&policy, S(name)), STIR_OK);
        assert_string_equal(policy.name, name);
        assert_int_equal(policy.max_age, 60);
        assert_int_equal(policy.size, sizeof(policy));
    }
    assert_int_equal(n, 3);
    memset(&before, 7, sizeof(before));
    policy = before;
    assert_err(stir_policy_preset(&policy, S("nothing")), STIR_ENOTFOUND);
    assert_memory_equal(&policy, &before, sizeof(policy));
    assert_err(stir_policy_preset(NULL, S("shaken")), STIR_EARG);
}

static void severities_come_from_the_catalogue_and_can_be_set(void **state)
{
    (void)state;
    struct stir_policy policy, strict;
    assert_err(stir_policy_preset(&policy, S("shaken")), STIR_OK);
    assert_err(stir_policy_preset(&strict, S("strict")), STIR_OK);
    assert_int_equal(stir_policy_severity(&policy, STIR_R_POLICY_OID), STIR_SEVERITY_WARN);
    assert_int_equal(stir_policy_severity(&strict, STIR_R_POLICY_OID), STIR_SEVERITY_FAIL);
    assert_int_equal(stir_policy_severity(&policy, STIR_R_CLAIM_UNKNOWN), STIR_SEVERITY_OFF);
    assert_int_equal(stir_policy_severity(&policy, STIR_R_NONE), STIR_SEVERITY_OFF);
    assert_err(stir_policy_set(&policy, STIR_R_POLICY_OID, STIR_SEVERITY_FAIL), STIR_OK);
    assert_err(stir_policy_set(&policy, STIR_R_POLICY_OID, STIR_SEVERITY_OFF), STIR_OK);
    assert_int_equal(policy.n_overrides, 1);
    assert_int_equal(stir_policy_severity(&policy, STIR_R_POLICY_OID), STIR_SEVERITY_OFF);
    assert_err(stir_policy_set(&policy, STIR_R_NONE, STIR_SEVERITY_FAIL), STIR_ENOTFOUND);
    assert_err(stir_policy_set(NULL, STIR_R_POLICY_OID, STIR_SEVERITY_FAIL), STIR_EARG);
    assert_err(stir_policy_set(&policy, STIR_R_POLICY_OID, (enum stir_severity)9), STIR_EARG);
}

static void what_lets_anybody_in_cannot_be_softened(void **state)
{
    (void)state;
    static const enum stir_reason hard[] = {STIR_R_SIGNATURE_BAD, STIR_R_SIGNATURE_FORM, STIR_R_ALG_OTHER, STIR_R_CRIT, STIR_R_LEAF_KEY, STIR_R_ISSUER_SIGNATURE, STIR_R_IDENTITY_MISSING,
                                             STIR_R_ISSUER_MISSING, STIR_R_ISSUER_NOT_CA, STIR_R_CERT_ALGORITHM, STIR_R_CERT_WITH_KEY, STIR_R_ORIG_MISMATCH, STIR_R_COMPACT_FORM,
                                             STIR_R_DATE_MISSING, STIR_R_PPT_UNSUPPORTED};
    for (size_t i = 0; i < sizeof(hard) / sizeof(hard[0]); i++) {
        struct stir_policy policy;
        assert_err(stir_policy_preset(&policy, S("shaken")), STIR_OK);
        assert_err(stir_policy_set(&policy, hard[i], STIR_SEVERITY_WARN), STIR_EVALUE);
        /* Nor by writing into the struct. */
        policy.overrides[0].reason = hard[i];
        policy.overrides[0].severity = STIR_SEVERITY_OFF;
        policy.n_overrides = 1;
        assert_int_equal(stir_policy_severity(&policy, hard[i]), STIR_SEVERITY_FAIL);
    }
}

static void knobs_change_their_reasons(void **state)
{
    (void)state;
    struct stir_policy policy;
    assert_err(stir_policy_preset(&policy, S("shaken")), STIR_OK);
    assert_int_equal(stir_policy_severity(&policy, STIR_R_REVOCATION_UNKNOWN), STIR_SEVERITY_WARN);
    assert_int_equal(stir_policy_severity(&policy, STIR_R_TNAUTH_MISSING), STIR_SEVERITY_FAIL);
    policy.crl_required = policy.tnauth_optional = true;
    assert_int_equal(stir_policy_severity(&policy, STIR_R_REVOCATION_UNKNOWN), STIR_SEVERITY_FAIL);
    assert_int_equal(stir_policy_severity(&policy, STIR_R_TNAUTH_MISSING), STIR_SEVERITY_WARN);
}

static void overrides_are_bounded(void **state)
{
    (void)state;
    struct stir_policy policy;
    size_t set = 0;
    enum stir_err err = STIR_OK;
    assert_err(stir_policy_preset(&policy, S("shaken")), STIR_OK);
    for (size_t i = 0; err == STIR_OK && stir_reason_at(i); i++) {
        err = stir_policy_set(&policy, stir_reason_at(i)->reason, STIR_SEVERITY_FAIL);
        set += err == STIR_OK;
    }
    assert_int_equal(err, STIR_ELIMIT);
    assert_int_equal(set, STIR_POLICY_OVERRIDES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(presets_are_known_by_name),   cmocka_unit_test(severities_come_from_the_catalogue_and_can_be_set), cmocka_unit_test(what_lets_anybody_in_cannot_be_softened),
        cmocka_unit_test(knobs_change_their_reasons), cmocka_unit_test(overrides_are_bounded),
    };
    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
