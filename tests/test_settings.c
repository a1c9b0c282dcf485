/* Settings files: lines, spans of time, and domain.conf of a trust domain. */
#include "support.h"

#include "io/trust_login.h"

/* What was said of wrong lines: "3: ...\n". */
struct said {
    char text[4096];
    size_t n;
};

static void say(void *arg, size_t line, const char *what)
{
    struct said *said = arg;
    said->n += (size_t)snprintf(said->text + said->n, sizeof(said->text) - said->n, "%zu: %s\n", line, what);
}

static size_t read_conf(struct stir_trust_settings *out, const char *text, struct said *said)
{
    *said = (struct said){.n = 0};
    return stir_trust_settings_read(out, S(text), say, said);
}

static void lines_are_keys_and_values(void **state)
{
    struct stir_settings settings = stir_settings_of(S("# a comment\n\n  key-1 =  a value # no comment = here \t\r\n   # neither\nb=2"));
    struct stir_setting setting;
    (void)state;
    assert_true(stir_settings_next(&settings, &setting));
    assert_null(setting.fault);
    assert_slice(setting.key, "key-1");
    assert_slice(setting.value, "a value # no comment = here");
    assert_int_equal(setting.line, 3);
    assert_true(stir_settings_next(&settings, &setting));
    assert_slice(setting.key, "b");
    assert_slice(setting.value, "2");
    assert_int_equal(setting.line, 5);
    assert_false(stir_settings_next(&settings, &setting));
}

static void a_wrong_line_is_told_and_the_next_is_read(void **state)
{
    static const char *const lines[] = {"no equals", "= value", "Key = value", "key =", "a b = c", "key = a\x01z", "key = \xff", "[section]"};
    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char text[64];
        struct stir_setting setting;
        snprintf(text, sizeof(text), "%s\nnext = 1\n", lines[i]);
        struct stir_settings settings = stir_settings_of(S(text));
        if (!stir_settings_next(&settings, &setting) || !setting.fault || setting.line != 1)
            fail_msg("\"%s\" is no wrong line", lines[i]);
        if (!stir_settings_next(&settings, &setting) || setting.fault || setting.line != 2)
            fail_msg("the line behind \"%s\" is not read", lines[i]);
    }
    char *longest = malloc(STIR_SETTINGS_LINE + 2);
    assert_non_null(longest);
    for (size_t more = 0; more < 2; more++) {
        struct stir_setting setting;
        memset(longest, 'v', STIR_SETTINGS_LINE + 1);
        memcpy(longest, "k=", 2);
        struct stir_settings settings = stir_settings_of(stir_slice_of(longest, STIR_SETTINGS_LINE + more));
        assert_true(stir_settings_next(&settings, &setting));
        assert_int_equal(setting.fault != NULL, more);
    }
    free(longest);
}

static void spans_have_units_and_bounds(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds; /* -1: none */
    } rows[] = {
        {"90s", 90}, {"30m", 1800}, {"72h", 259200}, {"30d", 2592000}, {"0s", 0},   {"31d", -1}, {"721h", -1}, {"99999999999999999999s", -1},
        {"72", -1},  {"h", -1},     {"", -1},        {"-1h", -1},      {"1 h", -1}, {"1H", -1},  {"1w", -1},   {"1.5h", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t seconds = -1;
        bool good = stir_settings_span(&seconds, S(rows[i].text), STIR_MAX_GRACE);
        if (good != (rows[i].seconds >= 0) || seconds != rows[i].seconds)
            fail_msg("\"%s\" is %lld", rows[i].text, (long long)seconds);
    }
}

static void a_domain_says_where_its_administrator_is_and_what_it_asks(void **state)
{
    struct stir_trust_settings s;
    struct said said;
    (void)state;
    assert_int_equal(
        read_conf(
            &s,
            "pa-url = https://pa.example/base/\nlogin-file = /etc/stir/us.login\ncrl-url = https://crl.example/crl\ncrl-url = https://crl.example:8443/2\n"
            "crl-host = CA.example\ncrl-host = other.example:8443\npolicy-oid = 2.16.840.1.114569.1.1.4\npolicy-oid = 1.2.3\ncountry = 1\n"
            "country = 33\nspc-length = 4-5\nlist-grace = 3d\ncrl-grace = 0s\nlist-refresh = 1h\ncrl-refresh = 5m\n",
            &said),
        0);
    assert_string_equal(s.pa_url, "https://pa.example/base");
    assert_string_equal(s.login_file, "/etc/stir/us.login");
    assert_string_equal(s.login_env, "");
    assert_int_equal(s.n_crl_urls, 2);
    assert_string_equal(s.crl_url[1], "https://crl.example:8443/2");
    assert_int_equal(s.n_crl_hosts, 2);
    assert_string_equal(s.crl_host[0], "ca.example");
    assert_int_equal(s.list_grace, 3 * 86400);
    assert_int_equal(s.crl_grace, 0);
    assert_int_equal(s.list_refresh, 3600);
    assert_int_equal(s.crl_refresh, 300);
    const struct stir_domain_options options = stir_trust_settings_options(&s);
    assert_int_equal(options.n_policy_oids, 2);
    assert_string_equal(options.policy_oid[1], "1.2.3");
    assert_int_equal(options.n_countries, 2);
    assert_string_equal(options.country[1], "33");
    assert_int_equal(options.spc_min, 4);
    assert_int_equal(options.spc_max, 5);
}

static void what_is_not_said_has_a_default(void **state)
{
    struct stir_trust_settings s;
    struct said said;
    (void)state;
    assert_int_equal(read_conf(&s, "# nothing\n", &said), 0);
    assert_string_equal(s.pa_url, "");
    assert_int_equal(s.list_grace, 72 * 3600);
    assert_int_equal(s.crl_grace, 24 * 3600);
    assert_int_equal(s.n_crl_urls + s.n_crl_hosts + s.n_policy_oids + s.n_countries + s.spc_min, 0);
}

static void every_wrong_line_is_told_by_its_number(void **state)
{
    struct stir_trust_settings s;
    struct said said;
    (void)state;
    size_t wrong = read_conf(
        &s,
        "pa-url = http://pa.example/\nnonsense\ncountry = 0\npa-uri = https://pa.example\nlist-grace = 31d\nlist-grace = 1d\ncrl-grace = 1h\ncrl-grace = 2h\n"
        "crl-host = https://x.example\ncrl-host = a b\nspc-length = 5-4\nspc-length = x\npolicy-oid = 1..2\npolicy-oid = x\nlogin-env = 1X\nlogin-file = -\n"
        "crl-refresh = 1s\ncountry = 1\ncrl-host = a/b\ncountry = 1234\npa-url = https://u@pa.example/\nspc-length = 17\n",
        &said);
    static const char wanted[] = "1: pa-url\n2: is no\n3: country\n4: pa-uri\n5: list-grace\n6: list-grace: stands twice\n8: crl-grace: stands twice\n9: "
                                 "crl-host\n10: crl-host\n11: spc-length\n"
                                 "12: spc-length\n13: policy-oid\n14: policy-oid\n15: login-env\n16: login-file\n17: crl-refresh\n19: crl-host\n20: "
                                 "country\n21: pa-url\n22: spc-length\n";
    assert_int_equal(wrong, 20);
    const char *have = said.text;
    for (const char *want = wanted; *want;) {
        size_t n = strcspn(want, "\n");
        if (strncmp(have, want, n) != 0)
            fail_msg("wanted %.*s, have %.*s", (int)n, want, (int)strcspn(have, "\n"), have);
        want += n + 1;
        have += strcspn(have, "\n") + 1;
    }
    assert_int_equal(s.n_countries, 1);
}

static void more_than_a_domain_can_have_is_wrong(void **state)
{
    static const struct {
        const char *line;
        size_t most;
    } rows[] = {{"crl-url = https://a.example/crl\n", STIR_TRUST_URLS},
                {"crl-host = a.example\n", STIR_TRUST_HOSTS},
                {"policy-oid = 1.2.3\n", STIR_DOMAIN_POLICIES},
                {"country = 1\n", STIR_DOMAIN_COUNTRIES}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[4096] = "";
        struct stir_trust_settings s;
        struct said said;
        for (size_t k = 0; k < rows[i].most; k++)
            strcat(text, rows[i].line);
        if (read_conf(&s, text, &said) != 0)
            fail_msg("%s%s", rows[i].line, said.text);
        strcat(text, rows[i].line);
        if (read_conf(&s, text, &said) != 1)
            fail_msg("one %smore is borne", rows[i].line);
    }
}

static void only_named_hosts_are_asked_for_revocation(void **state)
{
    static const struct {
        const char *url;
        bool allowed;
    } rows[] = {
        {"https://pa.example/x", true},
        {"https://PA.example:443/y", true},
        {"https://crl.example:8443/crl", true},
        {"https://ca.example/any", true},
        {"https://ca8.example:8443/", true},
        {"https://pa.example:8443/x", false},
        {"https://crl.example/crl", false},
        {"https://ca8.example/", false},
        {"https://ca.example.evil/x", false},
        {"https://evil/ca.example", false},
        {"https://ca.example@evil/", false},
        {"http://ca.example/", false},
        {"https://xca.example/", false},
        {"https://evil/?https://ca.example/", false},
        {"", false},
        {"ldap://ca.example/", false},
    };
    struct stir_trust_settings s;
    struct said said;
    (void)state;
    assert_int_equal(
        read_conf(&s, "pa-url = https://pa.example/base\ncrl-url = https://crl.example:8443/crl\ncrl-host = ca.example\ncrl-host = CA8.example:8443\n", &said),
        0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (stir_trust_settings_allow(&s, S(rows[i].url)) != rows[i].allowed)
            fail_msg("%s is %s", rows[i].url, rows[i].allowed ? "refused" : "allowed");
    char long_host[512];
    snprintf(long_host, sizeof(long_host), "pa-url = https://[%0300d]/\n", 0);
    assert_int_equal(read_conf(&s, long_host, &said), 1); /* what could never be allowed is told */
    assert_int_equal(read_conf(&s, "", &said), 0);
    assert_false(stir_trust_settings_allow(&s, S("https://pa.example/x")));
}

static void a_token_is_what_a_header_can_carry(void **state)
{
    static const struct {
        const char *answer;
        enum stir_err wanted;
    } rows[] = {
        {"{\"status\":\"success\",\"accessToken\":\"abc.DEF-1\"}", STIR_OK},
        {"{\"accessToken\":\"abc.\\u0044EF-1\",\"status\":\"success\"}", STIR_OK},
        {"{\"status\":\"success\",\"accessToken\":\"a\\r\\nX: y\"}", STIR_EVALUE},
        {"{\"status\":\"success\",\"accessToken\":\"a\\tb\"}", STIR_EVALUE},
        {"{\"status\":\"success\",\"accessToken\":\"a b\"}", STIR_EVALUE},
        {"{\"status\":\"success\",\"accessToken\":\"\\u00e9\"}", STIR_EVALUE},
        {"{\"status\":\"success\",\"accessToken\":\"\"}", STIR_EVALUE},
        {"{\"status\":\"success\",\"accessToken\":7}", STIR_EVALUE},
        {"{\"status\":\"success\"}", STIR_EVALUE},
        {"{\"status\":\"failure\",\"accessToken\":\"abc\"}", STIR_EVALUE},
        {"{\"accessToken\":\"abc\"}", STIR_EVALUE},
        {"[\"success\"]", STIR_EJSON},
        {"<html>", STIR_EJSON},
        {"", STIR_EJSON},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_slice token = {NULL, 0};
        struct stir_diag diag = {0};
        enum stir_err err = stir_trust_token_read(&token, S(rows[i].answer), &diag);
        if (err != rows[i].wanted || !diag.text[0] != !err || (err == STIR_OK && !stir_slice_is(token, "abc.DEF-1")))
            fail_msg("%s: %s \"%s\"", rows[i].answer, stir_err_name(err), diag.text);
        stir_file_free(&token);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_keys_and_values),
        cmocka_unit_test(a_wrong_line_is_told_and_the_next_is_read),
        cmocka_unit_test(spans_have_units_and_bounds),
        cmocka_unit_test(a_domain_says_where_its_administrator_is_and_what_it_asks),
        cmocka_unit_test(what_is_not_said_has_a_default),
        cmocka_unit_test(every_wrong_line_is_told_by_its_number),
        cmocka_unit_test(more_than_a_domain_can_have_is_wrong),
        cmocka_unit_test(only_named_hosts_are_asked_for_revocation),
        cmocka_unit_test(a_token_is_what_a_header_can_carry),
    };
    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
