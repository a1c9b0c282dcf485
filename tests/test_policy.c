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
    assert_int_equal(n, 8);
    memset(&before, 7, sizeof(before));
    policy = before;
    assert_err(stir_policy_preset(&policy, S("nothing")), STIR_ENOTFOUND);
    assert_memory_equal(&policy, &before, sizeof(policy));
    assert_err(stir_policy_preset(NULL, S("shaken")), STIR_EARG);
}

/* stir-policy(7) says the same in words. */
static void presets_hold_what_their_page_states(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned accept;
        bool strict, allow_compact;
        enum stir_caller_source caller;
        enum stir_severity stale_date, oid;
        size_t n_oids;
        const char *national, *global; /* a number as it is dialled there */
    } rows[] = {
        {"shaken", 1 << STIR_PPT_SHAKEN, false, false, STIR_CALLER_PAI_FROM, STIR_SEVERITY_WARN, STIR_SEVERITY_WARN, 0, "2125550100", "2125550100"},
        {"strict", 1 << STIR_PPT_SHAKEN, true, false, STIR_CALLER_PAI_FROM, STIR_SEVERITY_FAIL, STIR_SEVERITY_FAIL, 0, "2125550100", "2125550100"},
        {"rfc8224", 1 << STIR_PPT_NONE | 1 << STIR_PPT_SHAKEN | 1 << STIR_PPT_RCD, false, true, STIR_CALLER_FROM, STIR_SEVERITY_FAIL, STIR_SEVERITY_WARN, 0,
         "2125550100", "2125550100"},
        {"atis", 1 << STIR_PPT_SHAKEN, false, false, STIR_CALLER_PAI_FROM, STIR_SEVERITY_OFF, STIR_SEVERITY_WARN, 0, "2125550100", "2125550100"},
        {"us", 1 << STIR_PPT_SHAKEN, false, false, STIR_CALLER_PAI_FROM, STIR_SEVERITY_OFF, STIR_SEVERITY_WARN, 2, "2125550100", "12125550100"},
        {"us-strict", 1 << STIR_PPT_SHAKEN, true, false, STIR_CALLER_PAI_FROM, STIR_SEVERITY_FAIL, STIR_SEVERITY_FAIL, 2, "2125550100", "12125550100"},
        {"ca", 1 << STIR_PPT_SHAKEN, false, false, STIR_CALLER_PAI_FROM, STIR_SEVERITY_OFF, STIR_SEVERITY_WARN, 0, "6135550100", "16135550100"},
        {"fr-man", 1 << STIR_PPT_SHAKEN, false, false, STIR_CALLER_FROM_PAI, STIR_SEVERITY_OFF, STIR_SEVERITY_WARN, 0, "0199000000", "33199000000"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_policy p;
        struct stir_party party;
        assert_err(stir_policy_preset(&p, S(rows[i].name)), STIR_OK);
        assert_string_equal(stir_policy_preset_at(i), rows[i].name);
        if (p.accept != rows[i].accept || p.strict != rows[i].strict || p.allow_compact != rows[i].allow_compact || p.caller != rows[i].caller ||
            stir_policy_severity(&p, STIR_R_DATE_STALE) != rows[i].stale_date || stir_policy_severity(&p, STIR_R_POLICY_OID) != rows[i].oid ||
            p.n_policy_oids != rows[i].n_oids || p.max_future != 60 || p.max_date_age != 60 || p.max_date_iat != 60 || p.min_attest || p.exhaustive ||
            p.crl_required || p.tnauth_optional || p.any_url)
            fail_msg("%s is not what is stated", rows[i].name);
        assert_err(stir_tn_parse(&party, S(rows[i].national), &p.tn), STIR_OK);
        if (strcmp(party.text, rows[i].global) != 0)
            fail_msg("%s reads %s as %s", rows[i].name, rows[i].national, party.text);
    }
}

static bool contains(struct stir_slice text, const char *part)
{
    size_t n = strlen(part);
    for (size_t i = 0; i + n <= text.n; i++)
        if (memcmp(text.p + i, part, n) == 0)
            return true;
    return false;
}

static void every_preset_stands_on_the_page(void **state)
{
    (void)state;
    struct stir_slice page = support_file("../../man/stir-policy.7.scd");
    const char *name;
    for (size_t i = 0; (name = stir_policy_preset_at(i)) != NULL; i++) {
        char entry[64];
        snprintf(entry, sizeof(entry), "\n*%s*\n\t", name);
        if (!contains(page, entry))
            fail_msg("man/stir-policy.7.scd has no entry for the preset %s", name);
    }
    support_free(page);
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
    static const enum stir_reason hard[] = {STIR_R_SIGNATURE_BAD, STIR_R_SIGNATURE_FORM,   STIR_R_ALG_OTHER,        STIR_R_CRIT,
                                            STIR_R_LEAF_KEY,      STIR_R_ISSUER_SIGNATURE, STIR_R_IDENTITY_MISSING, STIR_R_ISSUER_MISSING,
                                            STIR_R_ISSUER_NOT_CA, STIR_R_CERT_ALGORITHM,   STIR_R_CERT_WITH_KEY,    STIR_R_ORIG_MISMATCH,
                                            STIR_R_COMPACT_FORM,  STIR_R_DATE_MISSING,     STIR_R_PPT_UNSUPPORTED};
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
        cmocka_unit_test(presets_are_known_by_name),
        cmocka_unit_test(presets_hold_what_their_page_states),
        cmocka_unit_test(every_preset_stands_on_the_page),
        cmocka_unit_test(severities_come_from_the_catalogue_and_can_be_set),
        cmocka_unit_test(what_lets_anybody_in_cannot_be_softened),
        cmocka_unit_test(knobs_change_their_reasons),
        cmocka_unit_test(overrides_are_bounded),
    };
    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
