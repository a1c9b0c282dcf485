/* What a trust domain asks of its own: certificate policies, lengths of service provider codes, countries. */
#include "call_group.h"
#include "core/trust.h"

/* The PKI's root in a domain "US" that asks for `options`; before it a domain that asks for what nobody fulfils, and has no anchors. */
static struct stir_trust *trust_with(const struct stir_domain_options *options)
{
    struct stir_trust_builder *builder = support_builder();
    struct stir_domain_options nobody = STIR_DOMAIN_OPTIONS_INIT;
    nobody.policy_oid[0] = "1.2.3.4";
    nobody.country[0] = "999";
    nobody.n_policy_oids = nobody.n_countries = 1;
    nobody.spc_min = nobody.spc_max = STIR_MAX_SPC;
    assert_err(stir_trust_domain(builder, S("Nowhere")), STIR_OK);
    assert_err(stir_trust_domain_options(builder, &nobody, NULL), STIR_OK);
    assert_err(stir_trust_domain(builder, S("US")), STIR_OK);
    if (options)
        assert_err(stir_trust_domain_options(builder, options, NULL), STIR_OK);
    assert_err(stir_trust_add_anchor(builder, pki.root), STIR_OK);
    return support_freeze(builder, 7);
}

static struct stir_chain *chain_with(const struct stir_domain_options *options, const struct stir_policy *policy)
{
    struct stir_trust *trust = trust_with(options);
    struct stir_chain *chain = NULL;
    assert_err(stir_chain_from_pem(&chain, body(), trust, policy, NOW), STIR_OK);
    stir_trust_free(trust);
    return chain;
}

static void options_that_mean_nothing_are_refused(void **state)
{
    static const struct {
        const char *name, *oid, *country, *text;
        size_t spc_min, spc_max;
        enum stir_err wanted;
    } rows[] = {
        {"nothing", NULL, NULL, NULL, 0, 0, STIR_OK},
        {"everything", "2.16.840.1.114569.1.1.4", "1", NULL, 4, 4, STIR_OK},
        {"codes of every length", NULL, NULL, NULL, 0, STIR_MAX_SPC, STIR_OK},
        {"three digits", NULL, "262", NULL, 0, 0, STIR_OK},
        {"no OID", "SHAKEN", NULL, "certificate policy \"SHAKEN\" is no OID", 0, 0, STIR_EVALUE},
        {"an OID with a dot behind", "1.2.3.", NULL, "is no OID", 0, 0, STIR_EVALUE},
        {"an empty OID", "", NULL, "is no OID", 0, 0, STIR_EVALUE},
        {"an endless OID", "1.2.3.4.5.6.7.8.9.1.2.3.4.5.6.7.8.9.1.2.3.4.5.6.7.8.9.1.2.3.4.5.6.7.8.9.1.2.3.4.5.6", NULL, "is no OID", 0, 0, STIR_EVALUE},
        {"letters for a country", NULL, "US", "\"US\" is no country code", 0, 0, STIR_EVALUE},
        {"a trunk prefix", NULL, "01", "is no country code", 0, 0, STIR_EVALUE},
        {"four digits", NULL, "1215", "is no country code", 0, 0, STIR_EVALUE},
        {"no digit", NULL, "", "is no country code", 0, 0, STIR_EVALUE},
        {"codes longer than any", NULL, NULL, "service provider codes of 4 to 17 characters", 4, STIR_MAX_SPC + 1, STIR_EVALUE},
        {"lengths the wrong way", NULL, NULL, "the lower number first", 5, 4, STIR_EVALUE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_trust_builder *builder = support_builder();
        struct stir_domain_options options = STIR_DOMAIN_OPTIONS_INIT;
        struct stir_diag diag = {0};
        options.policy_oid[0] = rows[i].oid;
        options.n_policy_oids = rows[i].oid != NULL;
        options.country[0] = rows[i].country;
        options.n_countries = rows[i].country != NULL;
        options.spc_min = rows[i].spc_min;
        options.spc_max = rows[i].spc_max;
        if (stir_trust_domain_options(builder, &options, &diag) != rows[i].wanted)
            fail_msg("%s: not %s", rows[i].name, stir_err_name(rows[i].wanted));
        if (rows[i].text && !strstr(diag.text, rows[i].text))
            fail_msg("%s: says \"%s\"", rows[i].name, diag.text);
        stir_trust_builder_free(builder);
    }
}

static void options_beyond_their_room_are_errors(void **state)
{
    struct stir_trust_builder *builder = support_builder();
    struct stir_domain_options options = STIR_DOMAIN_OPTIONS_INIT;
    (void)state;
    assert_err(stir_trust_domain_options(NULL, &options, NULL), STIR_EARG);
    assert_err(stir_trust_domain_options(builder, NULL, NULL), STIR_EARG);
    options.size--;
    assert_err(stir_trust_domain_options(builder, &options, NULL), STIR_EARG);
    options.size++;
    options.n_countries = STIR_DOMAIN_COUNTRIES + 1;
    assert_err(stir_trust_domain_options(builder, &options, NULL), STIR_EARG);
    options.n_countries = 0;
    options.n_policy_oids = STIR_DOMAIN_POLICIES + 1;
    assert_err(stir_trust_domain_options(builder, &options, NULL), STIR_EARG);
    options.n_policy_oids = 1; /* said to be there, and is not */
    assert_err(stir_trust_domain_options(builder, &options, NULL), STIR_EVALUE);
    stir_trust_builder_free(builder);
}

static void the_last_good_word_counts(void **state)
{
    struct stir_trust_builder *builder = support_builder();
    struct stir_domain_options options = STIR_DOMAIN_OPTIONS_INIT;
    (void)state;
    options.country[0] = "1";
    options.n_countries = 1;
    assert_err(stir_trust_domain_options(builder, &options, NULL), STIR_OK);
    options.country[0] = "33";
    assert_err(stir_trust_domain_options(builder, &options, NULL), STIR_OK);
    options.country[0] = "x";
    assert_err(stir_trust_domain_options(builder, &options, NULL), STIR_EVALUE);
    struct stir_trust *trust = support_freeze(builder, 1);
    const struct stir_domain *domain = stir_trust_find_domain(trust, "default");
    assert_true(stir_domain_accepts_tn(domain, S("33145678901")));
    assert_false(stir_domain_accepts_tn(domain, S("12155551212")));
    assert_false(stir_domain_accepts_tn(domain, S("3")));
    assert_null(stir_trust_find_domain(trust, "US"));
    stir_trust_free(trust);
}

/* The leaf has the policy of the US, version 1.4, and the code 709J. */
static void a_domain_names_the_policies_of_its_certificates(void **state)
{
    static const struct {
        const char *name, *of_policy, *of_domain[2];
        bool found;
    } rows[] = {
        {"nobody names any", NULL, {NULL, NULL}, false},
        {"the verifier names another", "1.2.3", {NULL, NULL}, true},
        {"the domain names it", NULL, {"1.2.3", "2.16.840.1.114569.1.1.4"}, false},
        {"the domain names another", NULL, {"1.2.3", NULL}, true},
        {"the domain's word stands before the verifier's", "1.2.3", {"2.16.840.1.114569.1.1.4", NULL}, false},
        {"a longer one is another", NULL, {"2.16.840.1.114569.1.1.44", NULL}, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_policy policy = support_policy("shaken");
        struct stir_domain_options options = STIR_DOMAIN_OPTIONS_INIT;
        policy.policy_oid[0] = rows[i].of_policy;
        policy.n_policy_oids = rows[i].of_policy != NULL;
        for (size_t j = 0; j < 2 && rows[i].of_domain[j]; j++)
            options.policy_oid[options.n_policy_oids++] = rows[i].of_domain[j];
        struct stir_chain *chain = chain_with(&options, &policy);
        if (support_has_reason(chain, STIR_R_POLICY_OID) != rows[i].found)
            fail_msg("%s", rows[i].name);
        assert_string_equal(stir_chain_info(chain)->domain, "US");
        stir_chain_free(chain);
    }
}

static void a_domain_says_how_long_its_codes_are(void **state)
{
    static const struct {
        size_t spc_min, spc_max;
        bool found;
    } rows[] = {{0, 0, false}, {4, 4, false}, {3, 5, false}, {5, 5, true}, {1, 3, true}};
    struct stir_policy policy = support_policy("shaken"), strict = support_policy("strict");
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_domain_options options = STIR_DOMAIN_OPTIONS_INIT;
        options.spc_min = rows[i].spc_min;
        options.spc_max = rows[i].spc_max;
        struct stir_chain *chain = chain_with(&options, &policy);
        if (support_has_reason(chain, STIR_R_SPC_FORM) != rows[i].found || !stir_chain_info(chain)->trusted)
            fail_msg("%zu to %zu", rows[i].spc_min, rows[i].spc_max);
        stir_chain_free(chain);
        chain = chain_with(&options, &strict);
        if (rows[i].found)
            assert_string_equal(stir_chain_info(chain)->detail, "service provider code \"709J\" is not as long as those of US are");
        stir_chain_free(chain);
    }
}

#define BASE_HEADER "{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":\"" X5U "\"}"
#define BASE_PARAMS ";info=<" X5U ">;alg=ES256"

static struct stir_verdict *verdict_of(const char *header, const char *payload, const char *params, const char *orig, const char *const *countries,
                                       const struct stir_policy *policy)
{
    char identity[4096];
    struct stir_domain_options options = STIR_DOMAIN_OPTIONS_INIT;
    for (; *countries; countries++)
        options.country[options.n_countries++] = *countries;
    struct stir_trust *trust = trust_with(&options);
    pki_sign(&pki, identity, sizeof(identity), header, payload, params);
    struct stir_slice value = S(identity);
    struct stir_call call = call_of(&value, orig, DEST);
    struct stir_verdict *verdict = call_verify(&call, policy, trust, body(), NOW);
    stir_trust_free(trust);
    return verdict;
}

/* A base token over `orig` ("tn" or "uri"), judged for a caller of that name. */
static struct stir_verdict *verdict_for(const char *kind, const char *orig, const char *const *countries, const struct stir_policy *policy)
{
    char payload[512];
    snprintf(payload, sizeof(payload), "{\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":1790000000,\"orig\":{\"%s\":\"%s\"}}", kind, orig);
    return verdict_of(BASE_HEADER, payload, BASE_PARAMS, orig, countries, policy);
}

static void a_domain_vouches_for_the_countries_it_names(void **state)
{
    static const struct {
        const char *name, *kind, *orig, *countries[3];
        enum stir_reason reason;
    } rows[] = {
        {"nothing named", "tn", "33145678901", {NULL}, STIR_R_NONE},          {"its own", "tn", ORIG, {"1"}, STIR_R_NONE},
        {"one of several", "tn", "33145678901", {"1", "33"}, STIR_R_NONE},    {"another country's", "tn", "33145678901", {"1"}, STIR_R_COUNTRY_OTHER},
        {"a code of more digits", "tn", "262262123456", {"26"}, STIR_R_NONE}, {"its digits further on", "tn", "44331234567", {"33"}, STIR_R_COUNTRY_OTHER},
        {"a service of no country", "tn", "911", {"33"}, STIR_R_NONE},        {"a name", "uri", "sip:alice@example.com", {"33"}, STIR_R_NONE},
    };
    struct stir_policy policy = support_policy("rfc8224");
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_verdict *verdict = verdict_for(rows[i].kind, rows[i].orig, rows[i].countries, &policy);
        if (verdict->reason != rows[i].reason)
            fail_msg("%s: %s", rows[i].name, stir_reason_name(verdict->reason));
        if (verdict->verstat != (rows[i].reason ? STIR_VERSTAT_FAILED : STIR_VERSTAT_PASSED))
            fail_msg("%s: %s", rows[i].name, stir_verstat_text(verdict->verstat));
        stir_verdict_free(verdict);
    }
}

static void the_verdict_names_number_and_domain(void **state)
{
    static const char *const countries[] = {"33", NULL};
    struct stir_policy policy = support_policy("rfc8224");
    (void)state;
    struct stir_verdict *verdict = verdict_for("tn", ORIG, countries, &policy);
    const struct stir_check *check = check_of(verdict, STIR_CHECK_AUTHORITY);
    assert_int_equal(check->outcome, STIR_FAIL);
    assert_string_equal(check->detail, ORIG ", signed under US");
    stir_verdict_free(verdict);
    assert_err(stir_policy_set(&policy, STIR_R_COUNTRY_OTHER, STIR_SEVERITY_WARN), STIR_OK);
    verdict = verdict_for("tn", ORIG, countries, &policy);
    assert_int_equal(verdict->verstat, STIR_VERSTAT_PASSED);
    assert_int_equal(check_of(verdict, STIR_CHECK_AUTHORITY)->outcome, STIR_WARNING);
    stir_verdict_free(verdict);
}

/* A gateway signs calls from abroad with B or C, and says with it that it does not vouch for the number. */
static void a_token_that_vouches_for_nobody_is_warned_of(void **state)
{
    static const struct {
        const char *attest;
        enum stir_reason reason, warning;
    } rows[] = {{"A", STIR_R_COUNTRY_OTHER, STIR_R_NONE}, {"B", STIR_R_NONE, STIR_R_COUNTRY_UNVOUCHED}, {"C", STIR_R_NONE, STIR_R_COUNTRY_UNVOUCHED}};
    static const char *const countries[] = {"33", NULL};
    struct stir_policy policy = support_policy("shaken");
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char payload[512];
        snprintf(payload, sizeof(payload),
                 "{\"attest\":\"%s\",\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":1790000000,\"orig\":{\"tn\":\"" ORIG "\"},\"origid\":\"" ORIGID "\"}",
                 rows[i].attest);
        struct stir_verdict *verdict = verdict_of(GOOD_HEADER, payload, GOOD_PARAMS, ORIG, countries, &policy);
        const struct stir_check *check = check_of(verdict, STIR_CHECK_AUTHORITY);
        if (verdict->reason != rows[i].reason || check->reason != (rows[i].reason ? rows[i].reason : rows[i].warning))
            fail_msg("%s: %s, %s", rows[i].attest, stir_reason_name(verdict->reason), stir_reason_name(check->reason));
        stir_verdict_free(verdict);
    }
}

/* A div token says by whom a call was retargeted, perhaps abroad; the caller's number is not the diverting provider's to hold. */
static void a_div_token_is_asked_for_no_country(void **state)
{
    static const char header[] = "{\"alg\":\"ES256\",\"ppt\":\"div\",\"typ\":\"passport\",\"x5u\":\"" X5U "\"}";
    static const char payload[] = "{\"dest\":{\"tn\":[\"12125550199\"]},\"div\":{\"tn\":\"" DEST "\"},\"iat\":1790000000,\"orig\":{\"tn\":\"33145678901\"}}";
    struct stir_domain_options options = STIR_DOMAIN_OPTIONS_INIT;
    struct stir_policy policy = support_policy("shaken");
    char identity[4096];
    (void)state;
    options.country[0] = "44";
    options.n_countries = 1;
    policy.exhaustive = true; /* the token that it links to is not here */
    struct stir_trust *trust = trust_with(&options);
    pki_sign(&pki, identity, sizeof(identity), header, payload, ";info=<" X5U ">;alg=ES256;ppt=div");
    struct stir_slice value = S(identity);
    struct stir_call call = call_of(&value, "33145678901", "12125550199");
    struct stir_verdict *verdict = call_verify(&call, &policy, trust, body(), NOW);
    assert_int_equal(check_of(verdict, STIR_CHECK_SIGNATURE)->outcome, STIR_PASS);
    assert_int_equal(check_of(verdict, STIR_CHECK_AUTHORITY)->outcome, STIR_OFF);
    stir_verdict_free(verdict);
    stir_trust_free(trust);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_that_mean_nothing_are_refused),
        cmocka_unit_test(options_beyond_their_room_are_errors),
        cmocka_unit_test(the_last_good_word_counts),
        cmocka_unit_test(a_domain_names_the_policies_of_its_certificates),
        cmocka_unit_test(a_domain_says_how_long_its_codes_are),
        cmocka_unit_test(a_domain_vouches_for_the_countries_it_names),
        cmocka_unit_test(the_verdict_names_number_and_domain),
        cmocka_unit_test(a_token_that_vouches_for_nobody_is_warned_of),
        cmocka_unit_test(a_div_token_is_asked_for_no_country),
    };
    return cmocka_run_group_tests_name("domain", tests, make_pki, free_pki);
}
