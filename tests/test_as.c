/* The authentication service: who signs which call, with which attestation and on what ground. */
#include "as_support.h"

#define TRUNKS                                                                                                     \
    "[trunk pbx17]\naddresses = 192.0.2.17\ncustomer = 17\n[trunk pbx18]\naddresses = 192.0.2.18\ncustomer = 18\n" \
    "[trunk core]\naddresses = 192.0.2.1\ntrusted = yes\n[trunk gateway]\naddresses = 192.0.2.9\n[trunk bad]\naddresses = 192.0.2.66\n"
#define LISTS "[numbers main]\nkind = owned\nfile = @/owned.txt\n[numbers free]\nkind = evidence\nfile = @/free.txt\n"
#define RULES                                                                                                                                 \
    "[rule bad]\ntrunks = bad\nattest = refuse\n[rule owned]\nnumber-sets = main free\nowned = yes\nattest = A\n[rule core]\ntrunks = core\n" \
    "attest = asked\n[rule gateway]\ntrunks = gateway\nattest = none\n[rule customers]\ntrunks = pbx17 pbx18\nattest = B\n"

static void write_lists(void)
{
    as_write("owned.txt", "# whose\n12155550000-12155559999 17\n12155551212 18 # ported\n18005550000-18005559999 17\n", 0644);
    as_write("free.txt",
             "18005551111 17 loa LOA-2026-17 2027-01-31\n18885551111 17 resporg R-1 2026-09-20\n18885551112 17 resporg R-2 2026-09-21 # today\n"
             "18775550000-18775559999 18 delegate D/9 2030-12-31\n",
             0644);
}

static void open_usual(const char *more)
{
    static char text[16384];
    write_lists();
    snprintf(text, sizeof(text), AS_HEAD AS_SIGNER("main") TRUNKS LISTS RULES "%s", more);
    as_open(text);
}

static void attestation_is_by_the_first_rule_that_holds_and_names_its_ground(void **state)
{
    static const struct {
        const char *host, *caller, *outcome, *rule, *proof;
    } rows[] = {
        {"192.0.2.17", "+12155550001", "main shaken A 12155550001>12125550100", "owned", "owned by customer 17 (numbers main, line 2)"},
        {"192.0.2.18", "+12155551212", "main shaken A 12155551212>12125550100", "owned", "owned by customer 18 (numbers main, line 3)"},
        {"192.0.2.17", "+12155551212", "main shaken B 12155551212>12125550100", "customers", "as the rule has it"},
        {"192.0.2.18", "+12155550001", "main shaken B 12155550001>12125550100", "customers", "as the rule has it"},
        {"192.0.2.17", "+13035550001", "main shaken B 13035550001>12125550100", "customers", "as the rule has it"},
        {"192.0.2.1", "+12155550001", "main shaken C 12155550001>12125550100", "core", "nothing was asked for: the lowest"},
        {"192.0.2.9", "+12155550001", "unsigned", "gateway", "its calls are not signed"},
        {"192.0.2.66", "+12155550001", "refused 403", "bad", "its calls are refused"},
        {"198.51.100.1", "+12155550001", "unsigned", "", "no rule is for calls of unknown source"},
    };
    (void)state;
    open_usual("");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_outcome(as_invite(rows[i].host, rows[i].caller, ""), rows[i].outcome);
        assert_string_equal(scene.answer.proof, rows[i].proof);
        assert_string_equal(scene.answer.record.rule, rows[i].rule);
    }
}

static void a_known_trunk_without_a_rule_gets_the_lowest(void **state)
{
    (void)state;
    as_open(AS_HEAD AS_SIGNER("main") TRUNKS);
    assert_outcome(as_invite("192.0.2.17", "+12155550001", ""), "main shaken C 12155550001>12125550100");
    assert_string_equal(scene.answer.proof, "no rule is for it: the lowest");
    assert_outcome(as_invite("203.0.113.1", "+12155550001", ""), "unsigned");
}

static void a_toll_free_number_is_a_by_evidence_of_its_owner_that_is_not_over(void **state)
{
    static const struct {
        const char *host, *caller, *outcome, *proof;
    } rows[] = {
        {"192.0.2.17", "+18005551111", "main shaken A 18005551111>12125550100", "loa LOA-2026-17 of customer 17 until 2027-01-31 (numbers free, line 1)"},
        {"192.0.2.17", "+18005551112", "main shaken B 18005551112>12125550100", "as the rule has it"}, /* in an owned range: that says nothing */
        {"192.0.2.17", "+18885551111", "main shaken B 18885551111>12125550100", "as the rule has it"}, /* over since midnight */
        {"192.0.2.17", "+18885551112", "main shaken A 18885551112>12125550100", "resporg R-2 of customer 17 until 2026-09-21 (numbers free, line 3)"},
        {"192.0.2.17", "+18775551112", "main shaken B 18775551112>12125550100", "as the rule has it"}, /* another's */
        {"192.0.2.18", "+18775551112", "main shaken A 18775551112>12125550100", "delegate D/9 of customer 18 until 2030-12-31 (numbers free, line 4)"},
    };
    (void)state;
    open_usual("");
    assert_says(scene.said, "warning: numbers main: toll-free numbers are in no owned range");
    assert_says(scene.said, "of 4 entries the evidence of 1 is over");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_outcome(as_invite(rows[i].host, rows[i].caller, ""), rows[i].outcome);
        assert_string_equal(scene.answer.proof, rows[i].proof);
    }
}

/* Whatever other rule says A: for a toll-free number it takes evidence. */
static void no_rule_makes_a_toll_free_number_a_without_evidence(void **state)
{
    (void)state;
    write_lists();
    as_open(AS_HEAD AS_SIGNER("main") TRUNKS LISTS "[rule all]\ntrunks = pbx17 pbx18 core\nattest = A\n");
    assert_outcome(as_invite("192.0.2.17", "+18005559999", ""), "main shaken B 18005559999>12125550100");
    assert_says(scene.answer.proof, "no evidence");
    assert_outcome(as_invite("192.0.2.18", "+18005551111", ""), "main shaken B 18005551111>12125550100");
    assert_outcome(as_invite("192.0.2.1", "+18005551111", ""), "main shaken B 18005551111>12125550100"); /* nobody's trunk */
    assert_outcome(as_invite("192.0.2.17", "+18005551111", ""), "main shaken A 18005551111>12125550100");
    assert_says(scene.answer.proof, "LOA-2026-17");
    assert_outcome(as_invite("192.0.2.17", "+13035550001", ""), "main shaken A 13035550001>12125550100");
}

static void headers_of_trusted_trunks_alone_are_asked_and_rules_cap_them(void **state)
{
    static const struct {
        const char *host, *header;
        char attest;
    } rows[] = {
        {"192.0.2.1", "P-Attestation-Info: A\r\n", 'A'},
        {"192.0.2.1", "Attestation-Info: b;x=1\r\n", 'B'},
        {"192.0.2.1", "p-attestation-indicator :\r\n C\r\n", 'C'},
        {"192.0.2.1", "Attestation: \"A\"\r\n", 'A'},
        {"192.0.2.1", "Attestation: AB\r\n", 'C'},
        {"192.0.2.1", "Attestation: D\r\n", 'C'},
        {"192.0.2.1", "Attestation: A\r\nAttestation: A\r\n", 'C'},
        {"192.0.2.1", "X-Attestation: A\r\n", 'C'},
        {"192.0.2.2", "P-Attestation-Info: A\r\n", 'C'}, /* the same rule, not trusted */
        {"192.0.2.3", "P-Attestation-Info: A\r\n", 'B'}, /* no more than its rule */
        {"192.0.2.3", "P-Attestation-Info: C\r\n", 'C'}, /* less is always granted */
        {"192.0.2.4", "P-Attestation-Info: C\r\n", 'B'}, /* nobody listens to it */
    };
    (void)state;
    as_open(
        AS_HEAD AS_SIGNER("main") "[trunk t1]\naddresses = 192.0.2.1\ntrusted = yes\n[trunk t2]\naddresses = 192.0.2.2\n[trunk t3]\naddresses = 192.0.2.3\n"
                                  "trusted = yes\n[trunk t4]\naddresses = 192.0.2.4\n[rule asked]\ntrunks = t1 t2\nattest = asked\n[rule b]\ntrunks = t3 t4\n"
                                  "attest = B\n");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        as_invite(rows[i].host, "+12155551212", rows[i].header);
        if (scene.answer.result != STIR_SIGNED || scene.answer.attest != rows[i].attest)
            fail_msg("%s%s gives %c, wanted %c (%s)", rows[i].host, rows[i].header, scene.answer.attest, rows[i].attest, scene.answer.proof);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attestation_is_by_the_first_rule_that_holds_and_names_its_ground),
        cmocka_unit_test(a_known_trunk_without_a_rule_gets_the_lowest),
        cmocka_unit_test(a_toll_free_number_is_a_by_evidence_of_its_owner_that_is_not_over),
        cmocka_unit_test(no_rule_makes_a_toll_free_number_a_without_evidence),
        cmocka_unit_test(headers_of_trusted_trunks_alone_are_asked_and_rules_cap_them),
    };
    return cmocka_run_group_tests(tests, as_begin, as_end);
}
