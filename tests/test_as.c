/* The authentication service: who signs which call, with which attestation and on what ground. */
#include "as_usual.h"

#include "service/records.h"

/* Stands for the keeper of evidence: what it says is what matters here. */
static bool evidence_is_written = true;

bool stir_records_may_sign(struct stir_records *records)
{
    assert_non_null(records);
    return evidence_is_written;
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

static void headers_of_trusted_trunks_alone_raise_and_less_is_granted_to_all(void **state)
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
        {"192.0.2.4", "P-Attestation-Info: C\r\n", 'C'}, /* of those who are not trusted too */
        {"192.0.2.4", "P-Attestation-Info: A\r\n", 'B'}, /* but no more */
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

static void a_customer_that_no_list_names_is_told(void **state)
{
    (void)state;
    write_lists();
    as_open(AS_HEAD AS_SIGNER("main") LISTS "[trunk t]\naddresses = 192.0.2.17\ncustomer = 17\n[trunk u]\naddresses = 192.0.2.18\ncustomer = 0l7\n"
                                            "[rule owned]\nnumber-sets = main\nowned = yes\nattest = A\n");
    assert_says(scene.said, "warning: trunk u: no list of numbers names its customer 0l7");
    assert_null(strstr(scene.said, "trunk t:"));
    /* Where no rule looks for customers, they are for the records alone. */
    as_open(AS_HEAD AS_SIGNER("main") "[trunk u]\naddresses = 192.0.2.18\ncustomer = 0l7\n");
    assert_null(strstr(scene.said, "names its customer"));
}

/* ---- Tenants ---- */

static void a_provider_is_signed_for_by_its_own_signers_alone(void **state)
{
    static const struct {
        const char *host, *ruri_host, *caller, *outcome;
    } rows[] = {
        {"192.0.2.1", "alpha.example", "+12155551212", "alpha shaken C 12155551212>12125550100"},
        {"192.0.2.1", "beta.example", "+12155551212", "beta shaken C 12155551212>12125550100"},
        {"192.0.2.1", "beta.example", "+13035551212", "unsigned"}, /* not one of its numbers: neither another's nor ours */
        {"192.0.2.2", "alpha.example", "+12155551212", "beta shaken C 12155551212>12125550100"},
        {"192.0.2.2", "alpha.example", "+13035551212", "unsigned"},
        {"192.0.2.1", "as.example", "+12155551212", "main shaken C 12155551212>12125550100"},
        {"192.0.2.3", "as.example", "+12155551212", "main shaken C 12155551212>12125550100"},
        {"198.51.100.1", "alpha.example", "+12155551212", "unsigned"}, /* a stranger names it */
    };
    (void)state;
    open_tenants("");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_outcome(invite_to(rows[i].host, rows[i].caller, rows[i].ruri_host), rows[i].outcome);
    /* A rule for strangers does not make them a tenant. */
    open_tenants("[rule all]\nattest = B\n");
    assert_outcome(invite_to("198.51.100.1", "+12155551212", "alpha.example"), "unsigned");
    assert_says(scene.answer.why, "has not proven to be tenant alpha");
    assert_outcome(invite_to("198.51.100.1", "+12155551212", "as.example"), "main shaken B 12155551212>12125550100");
}

static struct stir_party orig, dest, by;

static struct stir_passport_params claims_of(const char *caller, char attest)
{
    struct stir_passport_params claims = STIR_PASSPORT_PARAMS_INIT;
    assert_err(stir_party_parse(&orig, S(caller), NULL), STIR_OK);
    assert_err(stir_party_parse(&dest, S(DEST), NULL), STIR_OK);
    claims.ppt = STIR_PPT_SHAKEN;
    claims.orig = &orig;
    claims.dest = &dest;
    claims.n_dest = 1;
    claims.attest = attest;
    claims.origid = S(ORIGID);
    return claims;
}

static void tenants_of_http_never_mix(void **state)
{
    static const struct {
        const char *token, *path, *caller;
        char asked;
        const char *outcome, *says;
    } rows[] = {
        {ALPHA_TOKEN, "alpha", "+13035551212", 'A', "alpha shaken A 13035551212>12125550100", "the provider's own decision, by the request"},
        {ALPHA_TOKEN, NULL, "+13035551212", 'B', "alpha shaken B 13035551212>12125550100", "own decision"},
        {BETA_TOKEN, NULL, "+12155551212", 'A', "beta shaken A 12155551212>12125550100", "own decision"},
        {BETA_TOKEN, NULL, "+13035551212", 'A', "unsigned", "own decision"},
        {BETA_TOKEN, "alpha", "+12155551212", 'A', "unsigned", "unknown source"},
        {NULL, "alpha", "+12155551212", 'A', "unsigned", "unknown source"},
        {"wrong-0123456789abcdef", "alpha", "+12155551212", 'A', "unsigned", "unknown source"},
        {CUST_TOKEN, NULL, "+12155551212", 'A', "main shaken C 12155551212>12125550100", "no rule is for it: the lowest"},
        {NULL, NULL, "+12155551212", 'A', "unsigned", "unknown source"},
    };
    (void)state;
    open_tenants("");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_passport_params claims = claims_of(rows[i].caller, rows[i].asked);
        assert_outcome(as_request("203.0.113.1", rows[i].token, rows[i].path, &claims), rows[i].outcome);
        assert_says(scene.answer.proof, rows[i].says);
        assert_true((scene.answer.err == STIR_OK) == (scene.answer.result == STIR_SIGNED));
    }
}

static void a_customer_never_gets_more_than_the_rules_and_its_tenant_allow(void **state)
{
    struct stir_passport_params claims = claims_of("+12155551212", 'A');
    (void)state;
    open_tenants("[rule cust]\ntenants = cust\nattest = asked\n");
    assert_outcome(as_request("203.0.113.1", CUST_TOKEN, NULL, &claims), "main shaken B 12155551212>12125550100");
    assert_says(scene.answer.proof, "the most that the tenant may have");
    claims.attest = 'C';
    assert_outcome(as_request("203.0.113.1", CUST_TOKEN, NULL, &claims), "main shaken C 12155551212>12125550100");
    open_tenants("[rule cust]\ntenants = cust\nattest = C\n");
    claims.attest = 'A';
    assert_outcome(as_request("203.0.113.1", CUST_TOKEN, NULL, &claims), "main shaken C 12155551212>12125550100");
    /* A tenant that nothing can prove is what its path says, as far as a rule is for it. */
    open_tenants("[rule lab]\ntenants = lab\nattest = B\n");
    assert_outcome(as_request("203.0.113.1", NULL, "lab", &claims), "main shaken B 12155551212>12125550100");
    claims.attest = 'C';
    assert_outcome(as_request("203.0.113.1", NULL, "lab", &claims), "main shaken C 12155551212>12125550100");
    assert_says(scene.answer.proof, "no more is asked for by the request");
}

/* Behind one proxy, or in one network, many may sit: who has proven who he is has no numbers of the trunk's customer. */
static void a_tenant_of_http_is_no_customer_of_the_trunk_it_comes_from(void **state)
{
    struct stir_passport_params claims = claims_of("+12155550001", 'A');
    (void)state;
    write_lists();
    open_tenants("[trunk proxy]\naddresses = 192.0.2.20\ncustomer = 17\n[trunk own]\naddresses = 192.0.2.21\ntenant = cust\ncustomer = 17\n" LISTS
                 "[rule owned]\nnumber-sets = main\nowned = yes\nattest = A\n");
    assert_outcome(as_request("192.0.2.20", NULL, NULL, &claims), "main shaken A 12155550001>12125550100");
    assert_outcome(as_request("192.0.2.20", CUST_TOKEN, NULL, &claims), "main shaken C 12155550001>12125550100");
    assert_says(scene.answer.proof, "no rule is for it: the lowest");
    assert_outcome(as_request("192.0.2.21", CUST_TOKEN, NULL, &claims), "main shaken B 12155550001>12125550100");
    assert_says(scene.answer.proof, "owned by customer 17");
}

static void kinds_that_speak_for_others_are_for_providers(void **state)
{
    struct stir_passport_params claims = claims_of("+12155551212", 'A');
    struct stir_slice rph = S("ets.0");
    (void)state;
    open_tenants("[rule cust]\ntenants = cust\nattest = B\n");
    claims.attest = 0;
    claims.origid = S(NULL);
    claims.ppt = STIR_PPT_RPH;
    claims.rph = &rph;
    claims.n_rph = 1;
    assert_outcome(as_request("203.0.113.1", ALPHA_TOKEN, NULL, &claims), "alpha rph 12155551212>12125550100");
    assert_int_equal(scene.answer.record.ppt, STIR_PPT_RPH);
    assert_outcome(as_request("203.0.113.1", CUST_TOKEN, NULL, &claims), "unsigned");
    assert_int_equal(scene.answer.err, STIR_ESTATE);
    claims.ppt = STIR_PPT_SHAKEN; /* hidden in another kind */
    assert_outcome(as_request("203.0.113.1", CUST_TOKEN, NULL, &claims), "unsigned");
    claims = claims_of("+12155551212", 0);
    claims.origid = S(NULL);
    assert_err(stir_party_parse(&by, S("+13035550001"), NULL), STIR_OK);
    claims.ppt = STIR_PPT_DIV;
    claims.div = &by;
    assert_outcome(as_request("203.0.113.1", ALPHA_TOKEN, NULL, &claims), "alpha div 12155551212>12125550100 by 13035550001");
    assert_outcome(as_request("203.0.113.1", BETA_TOKEN, NULL, &claims), "unsigned"); /* signs for 1215 alone, and div is the number to hold */
    assert_outcome(as_request("203.0.113.1", CUST_TOKEN, NULL, &claims), "unsigned");
    assert_says(scene.answer.why, "div is not known to be a number of this source");
}

static void a_message_by_http_is_trusted_as_far_as_its_tenant_has_proven_itself(void **state)
{
    struct stir_peer peer = {.address = as_address("203.0.113.1"), .bearer = S(ALPHA_TOKEN)};
    (void)state;
    open_tenants("");
    invite_to("203.0.113.1", "+12155551212", "as.example");
    snprintf(scene.message, sizeof(scene.message),
             "INVITE sip:1@beta.example SIP/2.0\r\nFrom: <sip:+12155551212@a>\r\nTo: <sip:+12125550100@b>\r\nAttestation: B\r\n\r\n");
    assert_err(stir_sip_parse(&scene.sip, S(scene.message), NULL), STIR_OK);
    struct stir_as_call call = {.source = &scene.source, .message = S(scene.message), .sip = &scene.sip, .unix_ms = NOW * 1000};
    stir_source_find(scene.sources, &peer, &scene.source);
    stir_as_sign(&scene.worker, &call, &scene.answer);
    assert_outcome(as_outcome(), "alpha shaken B 12155551212>12125550100");
    peer.bearer = S(NULL);
    peer.path = S("alpha");
    stir_source_find(scene.sources, &peer, &scene.source);
    stir_as_sign(&scene.worker, &call, &scene.answer);
    assert_outcome(as_outcome(), "unsigned");
}

static void claims_that_a_verifier_would_refuse_are_told(void **state)
{
    struct stir_passport_params claims = claims_of("+12155551212", 'A');
    (void)state;
    open_tenants("");
    claims.iat = NOW - 61;
    assert_outcome(as_request("203.0.113.1", ALPHA_TOKEN, NULL, &claims), "unsigned");
    assert_int_equal(scene.answer.err, STIR_ETIME);
    claims.iat = NOW - 59;
    assert_outcome(as_request("203.0.113.1", ALPHA_TOKEN, NULL, &claims), "alpha shaken A 12155551212>12125550100");
    assert_string_equal(scene.answer.origid, ORIGID);
    claims = claims_of("sip:bob@example.com", 'A');
    assert_outcome(as_request("203.0.113.1", ALPHA_TOKEN, NULL, &claims), "unsigned");
    assert_int_equal(scene.answer.err, STIR_EVALUE);
    assert_says(scene.answer.why, "no telephone number");
    claims = claims_of("+12155551212", 'A');
    claims.n_dest = 0;
    assert_outcome(as_request("203.0.113.1", ALPHA_TOKEN, NULL, &claims), "unsigned");
    assert_says(scene.answer.why, "dest");
}

/* ---- Signers ---- */

static void the_signer_that_fits_closest_is_taken_and_of_equal_ones_the_younger(void **state)
{
    static const struct {
        const char *host, *caller, *signer;
    } rows[] = {
        {"192.0.2.17", "+13035550001", "main"},   {"192.0.2.17", "+12155550000", "prefix"}, {"192.0.2.17", "+12155551212", "exact"},
        {"192.0.2.17", "+12155551213", "range"},  {"192.0.2.17", "+12155559999", "range"},  {"192.0.2.17", "+12155560000", "prefix"},
        {"192.0.2.17", "+14045550001", "listed"}, {"192.0.2.18", "+13035550001", "trunk"},  {"192.0.2.18", "+12155551212", "exact"},
        {"192.0.2.17", "+442071838750", "main"},
    };
    static const char *const names[] = {"prefix", "exact", "range", "listed", "trunk"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        as_provider(names[i], "709J", NOW - 9 * AS_DAY + 1, NOW + 100 * AS_DAY); /* older than main */
    as_write("owned.txt", "14045550000-14045559999 17\n", 0644);
    as_open(AS_HEAD AS_SIGNER("main") AS_SIGNER("prefix") "numbers = 1215*\n" AS_SIGNER("exact") "numbers = 12155551212\n" AS_SIGNER(
        "range") "numbers = 12155551213-12155559999\n" AS_SIGNER("listed") "number-sets = main\n" AS_SIGNER("trunk") "trunks = pbx18\n" TRUNKS
                                                                                                                     "[numbers main]\nkind = owned\nfile = "
                                                                                                                     "@/owned.txt\n");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        as_invite(rows[i].host, rows[i].caller, "");
        if (scene.answer.result != STIR_SIGNED || strcmp(scene.answer.record.signer, rows[i].signer) != 0)
            fail_msg("%s by %s, wanted %s (%s)", rows[i].caller, scene.answer.record.signer, rows[i].signer, scene.answer.why);
    }
}

static void a_certificate_takes_over_when_it_begins_and_ends_when_it_ends(void **state)
{
    static const struct {
        int64_t at;
        const char *signer;
    } rows[] = {{NOW - 1, "old"}, {NOW + 9, "old"}, {NOW + 10, "next"}, {NOW + 3600, "next"}, {NOW + 2 * AS_DAY, "next"}, {NOW + 2 * AS_DAY + 1, NULL}};
    static const char text[] = AS_HEAD AS_SIGNER("old") AS_SIGNER("next") TRUNKS;
    (void)state;
    as_provider("old", "709J", NOW - AS_DAY, NOW + 3600);
    as_provider("next", "709J", NOW + 10, NOW + 2 * AS_DAY);
    as_open(text);
    assert_says(scene.said, "warning: signer next: its certificate begins at");
    assert_says(scene.said, "warning: signer old: its certificate ends in 0 days");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        scene.now = rows[i].at;
        const char *outcome = as_invite("192.0.2.17", "+12155551212", "");
        if (rows[i].signer ? !scene.answer.record.signer || strcmp(scene.answer.record.signer, rows[i].signer) != 0 : strcmp(outcome, "unsigned") != 0)
            fail_msg("row %zu: %s (%s)", i, outcome, scene.answer.why);
    }
    assert_says(scene.answer.why, "its certificate has ended");
    struct stir_as_signer_state seen;
    assert_true(stir_as_signer_at(scene.book, 1, NOW, &seen));
    assert_false(seen.usable);
    assert_string_equal(seen.name, "next");
    assert_string_equal(seen.spc, "709J");
    assert_false(stir_as_signer_at(scene.book, 2, NOW, &seen));
    /* A call whose Date lies before the new one began is the old one's. */
    scene.now = NOW + 10;
    assert_outcome(as_invite("192.0.2.17", "+12155551212", "Date: Mon, 21 Sep 2026 14:13:20 GMT\r\n"), "old shaken C 12155551212>12125550100");
}

static void a_certificate_of_numbers_signs_for_those_alone(void **state)
{
    struct stir_tnauth_entry numbers = {STIR_TNAUTH_RANGE, S("12155550000"), 100};
    (void)state;
    as_identity("delegate", &numbers, 1, NOW - AS_DAY, NOW + AS_DAY);
    as_open(AS_HEAD AS_SIGNER("delegate") TRUNKS);
    assert_outcome(as_invite("192.0.2.17", "+12155550099", ""), "delegate shaken C 12155550099>12125550100");
    assert_outcome(as_invite("192.0.2.17", "+12155550100", ""), "unsigned");
    assert_says(scene.answer.why, "no signer");
}

static void faults_of_signing_identities_are_all_told_before_they_go_live(void **state)
{
    static const struct {
        const char *signers, *says;
    } rows[] = {
        {"[signer x]\nkey = @/alpha.key\ncert = @/main.pem\nx5u = https://cr.example.com/x.pem\n", "fatal: signer x: certificate"},
        {"[signer x]\nkey = @/none.key\ncert = @/main.pem\nx5u = https://cr.example.com/x.pem\n", "none.key"},
        {"[signer x]\nkey = @/main.pem\ncert = @/main.pem\nx5u = https://cr.example.com/x.pem\n", "fatal: signer x: key"},
        {"[signer x]\nkey = @/open.key\ncert = @/main.pem\nx5u = https://cr.example.com/x.pem\n", "chmod 0600"},
        {"[signer x]\nkey = @/main.key\ncert = @/main.key\nx5u = https://cr.example.com/x.pem\n", "fatal: signer x: certificate"},
        {"[signer x]\nkey = @/main.key\ncert = @/main.pem\nx5u = https://cr.example.com/x.pem\nmax-life = 30d\n", "is valid for 108 days; max-life allows 30"},
        {"[signer x]\nkey = @/ca.key\ncert = @/ca.pem\nx5u = https://cr.example.com/x.pem\n", "it is a CA's"},
        {"[signer x]\nkey = @/main.key\ncert = @/main.pem\nx5u = https://cr.example.com/x.pem\n[numbers n]\nkind = owned\nfile = @/bad.txt\n", "line 2"},
    };
    char pem[8192];
    size_t n;
    (void)state;
    assert_err(stir_key_write_pem(pem, sizeof(pem), &n, pki.ca_key, S(NULL)), STIR_OK);
    as_write("ca.key", pem, 0600);
    assert_err(stir_cert_write_pem(pem, sizeof(pem), &n, pki.ca), STIR_OK);
    as_write("ca.pem", pem, 0644);
    as_write("open.key", "secret", 0644);
    as_write("bad.txt", "12155551212 17\n+12155551212 17\n", 0644);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[2048];
        snprintf(text, sizeof(text), AS_HEAD "%s", rows[i].signers);
        if (as_try(text, NOW) != STIR_EVALUE)
            fail_msg("row %zu goes live: %s", i, scene.said);
        assert_says(scene.said, rows[i].says);
    }
    /* Several at once: each is told. */
    assert_err(as_try(AS_HEAD "[signer x]\nkey = @/none.key\ncert = @/none.pem\nx5u = https://cr.example.com/x.pem\n[signer y]\nkey = @/alpha.key\n"
                              "cert = @/beta.pem\nx5u = https://cr.example.com/y.pem\n",
                      NOW),
               STIR_EVALUE);
    assert_says(scene.said, "none.key");
    assert_says(scene.said, "none.pem");
    assert_says(scene.said, "signer y: certificate");
}

static void without_evidence_nothing_is_signed_and_calls_go_on(void **state)
{
    struct stir_shared shared = {.records = (struct stir_records *)&shared};
    struct stir_passport_params claims = claims_of("+12155551212", 'A');
    (void)state;
    open_tenants("");
    scene.worker.shared = &shared;
    assert_outcome(invite_to("192.0.2.1", "+12155551212", "as.example"), "main shaken C 12155551212>12125550100");
    evidence_is_written = false;
    assert_outcome(invite_to("192.0.2.1", "+12155551212", "as.example"), "unsigned");
    assert_says(scene.answer.why, "evidence cannot be written");
    assert_outcome(as_request("203.0.113.1", ALPHA_TOKEN, NULL, &claims), "unsigned");
    assert_int_equal(scene.answer.err, STIR_ESTATE);
    evidence_is_written = true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attestation_is_by_the_first_rule_that_holds_and_names_its_ground),
        cmocka_unit_test(a_known_trunk_without_a_rule_gets_the_lowest),
        cmocka_unit_test(a_toll_free_number_is_a_by_evidence_of_its_owner_that_is_not_over),
        cmocka_unit_test(no_rule_makes_a_toll_free_number_a_without_evidence),
        cmocka_unit_test(headers_of_trusted_trunks_alone_raise_and_less_is_granted_to_all),
        cmocka_unit_test(a_customer_that_no_list_names_is_told),
        cmocka_unit_test(a_provider_is_signed_for_by_its_own_signers_alone),
        cmocka_unit_test(tenants_of_http_never_mix),
        cmocka_unit_test(a_customer_never_gets_more_than_the_rules_and_its_tenant_allow),
        cmocka_unit_test(a_tenant_of_http_is_no_customer_of_the_trunk_it_comes_from),
        cmocka_unit_test(kinds_that_speak_for_others_are_for_providers),
        cmocka_unit_test(a_message_by_http_is_trusted_as_far_as_its_tenant_has_proven_itself),
        cmocka_unit_test(claims_that_a_verifier_would_refuse_are_told),
        cmocka_unit_test(the_signer_that_fits_closest_is_taken_and_of_equal_ones_the_younger),
        cmocka_unit_test(a_certificate_takes_over_when_it_begins_and_ends_when_it_ends),
        cmocka_unit_test(a_certificate_of_numbers_signs_for_those_alone),
        cmocka_unit_test(without_evidence_nothing_is_signed_and_calls_go_on),
        cmocka_unit_test(faults_of_signing_identities_are_all_told_before_they_go_live),
    };
    return cmocka_run_group_tests(tests, as_begin, as_end);
}
