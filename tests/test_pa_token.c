/* SPC tokens of the policy administrator: to whom they are given, and why not. Run as "test_pa_token" for SQLite, "test_pa_token postgresql" for PostgreSQL. */
#include "pa_support.h"

static struct stir_token *token;

static struct stir_token_demand demand(void)
{
    static char pem[4096], root[4096];
    struct stir_token_demand d = STIR_TOKEN_DEMAND_INIT;
    d.signer_pem = pa_fetch(pem, sizeof(pem), "/pa/signer.pem");
    d.pa_root_pem = pa_fetch(root, sizeof(root), "/pa/root.pem");
    d.binding = STIR_TOKEN_BY_JWK;
    d.now = PA_NOW;
    d.max_life = PA_DAY;
    return d;
}

static int ask_token(const char *path, const char *body)
{
    return PA_ASK(.method = "POST", .path = path, .authorization = pa_bearer, .body = body);
}

static void read_token(void)
{
    stir_token_free(token);
    token = NULL;
    if (stir_token_read(&token, S(pa_member("token")), &diag) != STIR_OK)
        fail_msg("%s", diag.text);
}

static void drop_token(void)
{
    stir_token_free(token);
    token = NULL;
}

/*= RFC9447-5.1b test */
static void a_token_is_given_at_each_path_and_a_ca_believes_it(void **state)
{
    (void)state;
    char path[3][128];
    enum stir_token_fault fault;
    struct stir_token_demand d = demand();
    pa_log_in_well();
    snprintf(path[0], sizeof(path[0]), "/api/v1/account/%s/token", pa_account);
    snprintf(path[1], sizeof(path[1]), "/sti-pa/account/%s/token", pa_account);
    snprintf(path[2], sizeof(path[2]), "/at/account/voice/token");
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(ask_token(path[i], PA_ATC(PA_709J, "false")), 200);
        assert_string_equal(pa_member("status"), "success");
        assert_string_equal(pa_member("crl"), "https://pa.example/download/v1/crl");
        read_token();
        const struct stir_token_info *info = stir_token_info(token);
        assert_true(info->exp == PA_NOW + PA_DAY);
        assert_true(stir_slice_is(info->iss, "https://pa.example"));
        assert_true(stir_slice_is(info->tkvalue, PA_709J));
        assert_true(stir_slice_is(info->fingerprint, PA_FINGERPRINT));
        assert_false(info->ca);
        d.list = info->list;
        assert_err(stir_token_check(&fault, token, &d, &diag), STIR_OK);
        assert_int_equal(fault, STIR_TOKEN_GOOD);
    }
    drop_token();
    assert_int_equal(pa_count("SELECT COUNT(*) FROM pa_tokens WHERE provider = 'voice' AND ca = 0"), 3);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM audit WHERE event = 'token issued'"), 3);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM pa_certificates"), 2);
}

static void bodies_are_wrapped_or_not_and_bearers_too(void **state)
{
    (void)state;
    char bearer[400];
    pa_log_in_well();
    assert_int_equal(
        ask_token("/at/account/voice/token", "{\"tktype\":\"TNAuthList\",\"tkvalue\":\"" PA_709J "\",\"ca\":false,\"fingerprint\":\"" PA_FINGERPRINT "\"}"),
        200);
    assert_int_equal(
        ask_token("/at/account/voice/token", "{\"atc\":{\"tktype\":\"TnAuthList\",\"tkvalue\":\"" PA_709J "==\",\"fingerprint\":\"" PA_FINGERPRINT "\"}}"),
        200);
    read_token();
    assert_true(stir_slice_is(stir_token_info(token)->tkvalue, PA_709J));
    drop_token();
    snprintf(bearer, sizeof(bearer), "Bearer %s", pa_bearer);
    assert_int_equal(PA_ASK(.method = "POST", .path = "/at/account/voice/token", .authorization = bearer, .body = PA_ATC(PA_709J, "false")), 200);
    snprintf(bearer, sizeof(bearer), "bearer  %s ", pa_bearer);
    assert_int_equal(PA_ASK(.method = "POST", .path = "/at/account/voice/token", .authorization = bearer, .body = PA_ATC(PA_709J, "false")), 200);
}

static void requests_that_are_none_are_told_what_is_wrong(void **state)
{
    (void)state;
#define REST "\"fingerprint\":\"" PA_FINGERPRINT "\"}}"
    static const struct {
        const char *body, *code;
        int status;
    } rows[] = {
        {"{}", "tktype", 400},
        {"{\"atc\":\"x\"}", "atc", 400},
        {"{\"atc\":{\"tktype\":\"dns\",\"tkvalue\":\"" PA_709J "\"," REST, "tktype", 400},
        {"{\"atc\":{\"tktype\":\"TNAuthList\"," REST, "tkvalue", 400},
        {"{\"atc\":{\"tktype\":\"TNAuthList\",\"tkvalue\":7," REST, "tkvalue", 400},
        {"{\"atc\":{\"tktype\":\"TNAuthList\",\"tkvalue\":\"x y\"," REST, "tkvalue", 400},
        {"{\"atc\":{\"tktype\":\"TNAuthList\",\"tkvalue\":\"\"," REST, "tkvalue", 400},
        /* the same list with a length of two bytes: no DER */
        {"{\"atc\":{\"tktype\":\"TNAuthList\",\"tkvalue\":\"MIEIoAYWBDcwOUo\"," REST, "tkvalue", 400},
        {"{\"atc\":{\"tktype\":\"TNAuthList\",\"tkvalue\":\"" PA_709J "\",\"ca\":\"false\"," REST, "ca", 400},
        {"{\"atc\":{\"tktype\":\"TNAuthList\",\"tkvalue\":\"" PA_709J "\"}}", "fingerprint", 400},
        {"{\"atc\":{\"tktype\":\"TNAuthList\",\"tkvalue\":\"" PA_709J "\",\"fingerprint\":\"SHA256 55:AB\"}}", "fingerprint", 400},
        {"{\"atc\":{\"tktype\":\"TNAuthList\",\"tkvalue\":\"" PA_709J
         "\",\"fingerprint\":\"SHA1 55:AB:8E:CC:BD:81:05:F1:F5:CD:69:CC:97:BB:D2:71:3E:99:30:A1:0F:1B:9B:B9:38:BC:12:E7:DF:F6:00:46\"}}",
         "fingerprint", 400},
        {"nothing", "not-json", 400},
    };
#undef REST
    pa_log_in_well();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ask_token("/at/account/voice/token", rows[i].body);
        if (pa_x.status != rows[i].status || strcmp(pa_member("code"), rows[i].code) != 0)
            fail_msg("%s: %d %s", rows[i].body, pa_x.status, pa_x.body_out);
    }
    assert_int_equal(pa_count("SELECT COUNT(*) FROM pa_tokens"), 0);
}

/*= RFC9448-5.5b test */
static void bad_credentials_and_an_unknown_account_are_403_and_the_same(void **state)
{
    (void)state;
    char one[600];
    pa_log_in_well();
    PA_ASK(.method = "POST", .path = "/at/account/voice/token", .authorization = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
           .body = PA_ATC(PA_709J, "false"));
    PA_EXPECT(403, "credentials");
    snprintf(one, sizeof(one), "%s", pa_x.body_out);
    ask_token("/at/account/unknown/token", PA_ATC(PA_709J, "false"));
    PA_EXPECT(403, "credentials");
    assert_string_equal(one, pa_x.body_out);
    PA_ASK(.method = "POST", .path = "/at/account/voice/token", .body = PA_ATC(PA_709J, "false"));
    PA_EXPECT(401, "authorization");
    assert_string_equal(pa_field("WWW-Authenticate"), "Bearer realm=\"sti-pa\"");
    assert_int_equal(pa_count("SELECT COUNT(*) FROM pa_tokens"), 0);
}

static void another_providers_account_is_as_good_as_none(void **state)
{
    (void)state;
    static const char *const codes[] = {"1234"};
    const struct stir_pa_provider other = {
        .id = "other", .name = "Other", .codes = codes, .n_codes = 1, .user = "other-user", .password = "correct horse battery"};
    assert_err(stir_pa_provider_add(&clerk, &other, "user test", PA_NOW, NULL, &diag), STIR_OK);
    pa_log_in_well();
    ask_token("/at/account/other/token", PA_ATC(PA_709J, "false"));
    PA_EXPECT(403, "credentials");
    ask_token("/at/account/other/token", PA_ATC("MAigBhYEMTIzNA", "false"));
    PA_EXPECT(403, "credentials");
}

static void a_token_of_access_ends(void **state)
{
    (void)state;
    pa_log_in_well();
    const struct pa_ask last = {
        .method = "POST", .path = "/at/account/voice/token", .authorization = pa_bearer, .body = PA_ATC(PA_709J, "false"), .now = PA_NOW + 3599};
    assert_int_equal(pa_ask_of(&last), 200);
    PA_ASK(.method = "POST", .path = "/at/account/voice/token", .authorization = pa_bearer, .body = PA_ATC(PA_709J, "false"), .now = PA_NOW + 3600);
    PA_EXPECT(403, "credentials");
}

/*= RFC9448-5.6 test */
static void a_code_of_another_provider_is_refused(void **state)
{
    (void)state;
    static const char *const codes[] = {"1234"};
    const struct stir_pa_provider other = {
        .id = "other", .name = "Other", .codes = codes, .n_codes = 1, .user = "other-user", .password = "correct horse battery"};
    assert_err(stir_pa_provider_add(&clerk, &other, "user test", PA_NOW, NULL, &diag), STIR_OK);
    pa_log_in_well();
    ask_token("/at/account/voice/token", PA_ATC("MAigBhYEMTIzNA", "false")); /* 1234 */
    PA_EXPECT(403, "code");
    assert_non_null(strstr(pa_member("message"), "1234"));
    ask_token("/at/account/voice/token", PA_ATC("MAigBhYEOTk5OQ", "false")); /* 9999, nobody's */
    PA_EXPECT(403, "code");
    ask_token("/at/account/voice/token", PA_ATC("MAigBhYENzA5ag", "false")); /* 709j */
    PA_EXPECT(403, "code");
    assert_int_equal(ask_token("/at/account/voice/token", PA_ATC("MAmgBxYFQUIxQ0Q", "false")), 200); /* AB1CD */
}

static void a_suspended_provider_gets_no_token_until_he_is_resumed(void **state)
{
    (void)state;
    assert_err(stir_pa_provider_state(&clerk, "voice", "suspended", "user test", PA_NOW, &diag), STIR_OK);
    pa_log_in_well();
    ask_token("/at/account/voice/token", PA_ATC(PA_709J, "false"));
    PA_EXPECT(403, "suspended");
    assert_err(stir_pa_provider_state(&clerk, "voice", "active", "user test", PA_NOW, &diag), STIR_OK);
    assert_int_equal(ask_token("/at/account/voice/token", PA_ATC(PA_709J, "false")), 200);
    assert_err(stir_pa_provider_state(&clerk, "nobody", "active", "user test", PA_NOW, &diag), STIR_ENOTFOUND);
    assert_err(stir_pa_provider_state(&clerk, "voice", "dead", "user test", PA_NOW, &diag), STIR_EVALUE);
}

static void a_code_that_was_taken_away_is_given_no_token(void **state)
{
    (void)state;
    pa_log_in_well();
    assert_err(stir_pa_code_remove(&clerk, "voice", "709J", "user test", PA_NOW, &diag), STIR_OK);
    ask_token("/at/account/voice/token", PA_ATC(PA_709J, "false"));
    PA_EXPECT(403, "code");
    assert_err(stir_pa_code_add(&clerk, "voice", "709J", "user test", PA_NOW, &diag), STIR_OK);
    assert_int_equal(ask_token("/at/account/voice/token", PA_ATC(PA_709J, "false")), 200);
}

static void the_ca_flag_is_for_those_who_may(void **state)
{
    (void)state;
    pa_log_in_well();
    ask_token("/at/account/voice/token", PA_ATC(PA_709J, "true"));
    PA_EXPECT(403, "ca");
    store_sql(clerk.store, "UPDATE pa_providers SET may_ca = 1");
    assert_int_equal(ask_token("/at/account/voice/token", PA_ATC(PA_709J, "true")), 200);
    read_token();
    assert_true(stir_token_info(token)->ca);
    assert_int_equal(ask_token("/at/account/voice/token", PA_ATC(PA_709J, "false")), 200);
    read_token();
    assert_false(stir_token_info(token)->ca);
    drop_token();
}

static void other_lists_than_one_code_are_refused_unless_he_may_have_cas(void **state)
{
    (void)state;
    /* 709J and AB1CD; the number 12155551212; 709J and 1234 */
    static const char two[] = PA_ATC("MBGgBhYENzA5SqAHFgVBQjFDRA", "false"), number[] = PA_ATC("MA-iDRYLMTIxNTU1NTEyMTI", "false"),
                      foreign[] = PA_ATC("MBCgBhYENzA5SqAGFgQxMjM0", "false");
    pa_log_in_well();
    ask_token("/at/account/voice/token", two);
    PA_EXPECT(403, "list");
    ask_token("/at/account/voice/token", number);
    PA_EXPECT(403, "list");
    store_sql(clerk.store, "UPDATE pa_providers SET may_ca = 1");
    assert_int_equal(ask_token("/at/account/voice/token", two), 200);
    ask_token("/at/account/voice/token", number);
    PA_EXPECT(403, "list");
    ask_token("/at/account/voice/token", foreign);
    PA_EXPECT(403, "code");
}

static void tokens_of_an_hour_are_limited_by_provider(void **state)
{
    (void)state;
    struct pa_ask ask = {.method = "POST", .path = "/at/account/voice/token", .authorization = pa_bearer, .body = PA_ATC(PA_709J, "false")};
    pa_log_in_well();
    for (int i = 0; i < 5; i++) {
        ask.now = PA_NOW + i;
        assert_int_equal(pa_ask_of(&ask), 200);
    }
    ask.now = PA_NOW + 5;
    assert_int_equal(pa_ask_of(&ask), 429);
    PA_EXPECT(429, "rate");
    assert_string_equal(pa_field("Retry-After"), "3595");
    assert_int_equal(pa_log_in("voice-user", "correct horse battery", PA_NOW + 3000), 200);
    ask.now = PA_NOW + 3599;
    assert_int_equal(pa_ask_of(&ask), 429);
    assert_string_equal(pa_field("Retry-After"), "1");
    ask.now = PA_NOW + 3600;
    assert_int_equal(pa_ask_of(&ask), 200);
}

static void no_jti_is_given_twice(void **state)
{
    (void)state;
    char first[100];
    pa_log_in_well();
    assert_int_equal(ask_token("/at/account/voice/token", PA_ATC(PA_709J, "false")), 200);
    read_token();
    snprintf(first, sizeof(first), "%.*s", (int)stir_token_info(token)->jti.n, stir_token_info(token)->jti.p);
    assert_int_equal(ask_token("/at/account/voice/token", PA_ATC(PA_709J, "false")), 200);
    read_token();
    assert_false(stir_slice_is(stir_token_info(token)->jti, first));
    drop_token();
    assert_int_equal(pa_count("SELECT COUNT(DISTINCT jti) FROM pa_tokens"), 2);
}

static void no_token_outlives_its_signer(void **state)
{
    (void)state;
    int64_t until = pa->signer.until;
    pa->signer.until = PA_NOW + 100;
    pa_log_in_well();
    assert_int_equal(ask_token("/at/account/voice/token", PA_ATC(PA_709J, "false")), 200);
    read_token();
    assert_true(stir_token_info(token)->exp == PA_NOW + 100);
    drop_token();
    pa->signer.until = PA_NOW;
    ask_token("/at/account/voice/token", PA_ATC(PA_709J, "false"));
    PA_EXPECT(503, "unavailable");
    assert_int_equal(pa_count("SELECT COUNT(*) FROM pa_tokens"), 1);
    pa->signer.until = until;
}

#define T(name) cmocka_unit_test_setup_teardown(name, pa_set_up, pa_tear_down)

int main(int argc, char **argv)
{
    store_engine_of(argc, argv);
    const struct CMUnitTest tests[] = {
        T(a_token_is_given_at_each_path_and_a_ca_believes_it),
        T(bodies_are_wrapped_or_not_and_bearers_too),
        T(requests_that_are_none_are_told_what_is_wrong),
        T(bad_credentials_and_an_unknown_account_are_403_and_the_same),
        T(another_providers_account_is_as_good_as_none),
        T(a_token_of_access_ends),
        T(a_code_of_another_provider_is_refused),
        T(a_suspended_provider_gets_no_token_until_he_is_resumed),
        T(a_code_that_was_taken_away_is_given_no_token),
        T(the_ca_flag_is_for_those_who_may),
        T(other_lists_than_one_code_are_refused_unless_he_may_have_cas),
        T(tokens_of_an_hour_are_limited_by_provider),
        T(no_jti_is_given_twice),
        T(no_token_outlives_its_signer),
    };
    int failed = cmocka_run_group_tests(tests, pa_begin_parties, pa_end_parties);
    stir_exchange_clear(&pa_x);
    return failed;
}
