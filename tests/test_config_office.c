/* stir.conf(5) of the policy administrator and the certificate authority: what is read, what is there unwritten, and what is refused. */
#include "config_support.h"

#include <stir/token.h>

#include <stdlib.h>

#define PA_HTTP "[http p]\nlisten = 127.0.0.1:8444\nserve = pa\n"
#define CA_HTTP "[http c]\nlisten = 127.0.0.1:8445\nserve = acme\n"
#define STORE "[store]\nurl = /s.db\n"
#define PA_KEYS "[pa]\nurl = https://pa.example\nkey = /p.key\ncert = /p.pem\nroot = /r.pem\n"
#define CA_KEYS "[ca]\nurl = https://ca.example/acme\nkey = /c.key\ncert = /c.pem\npa-root = /r.pem\n"
#define FAR "crl-url = https://pa.example/crl\ncrl-issuer = CN=STI-PA CRL\n"
#define PA "[server]\nroles = pa\n" PA_HTTP STORE PA_KEYS
#define CA "[server]\nroles = ca\n" CA_HTTP STORE CA_KEYS FAR
#define BOTH "[server]\nroles = pa ca\n" PA_HTTP CA_HTTP STORE PA_KEYS CA_KEYS

static void the_smallest_administrator_is_safe(void **state)
{
    struct stir_conf *conf = good(PA);
    (void)state;
    assert_int_equal(conf->server.roles, STIR_ROLE_PA);
    assert_int_equal(conf->http[0].apis, STIR_API_PA);
    assert_string_equal(conf->store.url, "/s.db");
    assert_string_equal(conf->store.node, "");
    assert_int_equal(conf->store.clerks, 4);
    assert_int_equal(conf->pa.token_life, 86400);
    assert_true(conf->pa.list_every < conf->pa.list_life);
    assert_true(conf->pa.crl_every < conf->pa.crl_life);
    assert_true(conf->pa.max_failures > 0);
    stir_config_free(conf);
}

static void the_smallest_authority_is_safe(void **state)
{
    struct stir_conf *conf = good(CA);
    (void)state;
    assert_int_equal(conf->ca.binding, STIR_TOKEN_BY_JWK);
    assert_int_equal(conf->ca.token_use, STIR_TOKEN_ONCE);
    assert_false(conf->ca.account_key_allowed);
    assert_false(conf->ca.any_url);
    assert_int_equal(conf->ca.chaos, 0);
    assert_string_equal(conf->ca.profile, "shaken");
    assert_string_equal(conf->ca.policy, "2.16.840.1.114569.1.1.4");
    assert_int_equal(conf->n_profiles, 1);
    assert_string_equal(conf->profiles[0].name, "shaken");
    assert_int_equal(conf->profiles[0].kind, STIR_PROFILE_SHAKEN);
    assert_int_equal(conf->profiles[0].path_len, -1);
    assert_true(conf->profiles[0].life <= conf->profiles[0].max_life);
    stir_config_free(conf);
}

static void profiles_are_read(void **state)
{
    struct stir_conf *conf = good(CA "[profile d]\nkind = delegate\nlife = 30d\nmust-include = rcd\npermitted = attest=A|B; reason=to be, or not\n"
                                     "organizations = Example Telecom, Inc.; Example Mobile\n[profile shaken]\nlife = 60d\n"
                                     "[profile c]\nkind = delegate-ca\npath-length = 0\n");
    (void)state;
    assert_int_equal(conf->n_profiles, 3);
    assert_string_equal(conf->profiles[0].name, "shaken");
    assert_int_equal(conf->profiles[0].life, 60 * 86400);
    assert_string_equal(conf->profiles[1].name, "d");
    assert_int_equal(conf->profiles[1].kind, STIR_PROFILE_DELEGATE);
    assert_int_equal(conf->profiles[1].permitted.n, 2);
    assert_string_equal(conf->profiles[1].permitted.items[0], "attest=A|B");
    assert_string_equal(conf->profiles[1].permitted.items[1], "reason=to be, or not");
    assert_int_equal(conf->profiles[1].orgs.n, 2);
    assert_string_equal(conf->profiles[1].orgs.items[0], "Example Telecom, Inc.");
    assert_int_equal(conf->profiles[2].path_len, 0);
    stir_config_free(conf);
}

static void both_roles_in_one_process_name_one_crl(void **state)
{
    struct stir_conf *conf = good(BOTH);
    (void)state;
    assert_string_equal(conf->ca.crl_url, "https://pa.example/download/v1/crl");
    stir_config_free(conf);
    conf = good(BOTH "crl-url = https://mirror.example/crl\n");
    assert_string_equal(conf->ca.crl_url, "https://mirror.example/crl");
    stir_config_free(conf);
}

static void where_the_store_is_may_be_said_in_any_way(void **state)
{
    static const char *const rows[][2] = {{"sqlite:/s.db", "/s.db"},
                                          {"/var/lib/stir/a b.db", "/var/lib/stir/a b.db"},
                                          {"postgresql://stir@db.example:5432/stir", "postgresql://stir@db.example:5432/stir"},
                                          {"postgres:///stir?host=/run/postgresql", "postgres:///stir?host=/run/postgresql"}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[1024];
        snprintf(text, sizeof(text), "[server]\nroles = pa\n" PA_HTTP PA_KEYS "[store]\nurl = %s\n", rows[i][0]);
        struct stir_conf *conf = good(text);
        assert_string_equal(conf->store.url, rows[i][1]);
        stir_config_free(conf);
    }
}

static void a_password_of_the_store_is_refused_and_not_repeated(void **state)
{
    static const char *const rows[] = {"postgresql://stir:hunter2@db.example/stir", "postgres://db/stir?user=x&password=hunter2"};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[1024];
        struct stir_conf *conf;
        struct said said;
        snprintf(text, sizeof(text), "[server]\nroles = pa\n" PA_HTTP PA_KEYS "[store]\nurl = %s\n", rows[i]);
        assert_int_equal(parse(&conf, S(text), &said), STIR_EVALUE);
        assert_non_null(strstr(said.text, "PGPASSFILE"));
        assert_null(strstr(said.text, "hunter2"));
    }
}

static void what_is_shown_reads_back(void **state)
{
    struct stir_conf *conf = good(BOTH "fingerprint = either\n[profile d]\n[profile e]\nkind = delegate\norganizations = A, B; C\npermitted = x=1|2; y=z\n");
    (void)state;
    for (int effective = 0; effective < 2; effective++) {
        char *text = stir_config_text(conf, effective);
        struct stir_conf *again = good(text);
        char *same = stir_config_text(again, effective);
        assert_string_equal(same, text);
        assert_string_equal(again->hash, conf->hash);
        assert_int_equal(again->n_profiles, 3);
        stir_config_free(again);
        free(same);
        free(text);
    }
    stir_config_free(conf);
}

static void each_fault_is_told(void **state)
{
    static const struct {
        const char *text, *fault;
    } rows[] = {
        {"[server]\nroles = pa\n" PA_HTTP PA_KEYS, "[store] url: is needed by role pa"},
        {"[server]\nroles = ca\n" CA_HTTP CA_KEYS FAR, "[store] url: is needed by role ca"},
        {"[server]\nroles = pa\n" PA_HTTP STORE, "[pa] key: is needed by role pa"},
        {"[server]\nroles = ca\n" CA_HTTP STORE, "[ca] pa-root: is needed by role ca"},
        {"[server]\nroles = ca\n" CA_HTTP STORE CA_KEYS, "[ca] crl-issuer: is needed by role ca"},
        {"[server]\nroles = pa\n" STORE PA_KEYS, "roles: pa, and no listener leads to it"},
        {"[server]\nroles = ca\n" STORE CA_KEYS FAR, "roles: ca, and no listener leads to it"},
        {PA "[http x]\nlisten = 127.0.0.1:9\nserve = acme\n", "[http x] serve: acme wants role ca"},
        {CA "[http x]\nlisten = 127.0.0.1:9\nserve = pa\n", "[http x] serve: pa wants role pa"},
        {PA "[http x]\nlisten = 192.0.2.1:9\nserve = pa\n", "[http x] serve: pa in clear text: give tls-cert and tls-key, or the proxies"},
        {CA "[http x]\nlisten = 127.0.0.1:9 192.0.2.1:9\nserve = acme\n", "[http x] serve: acme in clear text"},
        {CA "[http x]\nlisten = 192.0.2.1:9\nserve = operations\nproxies = 127.0.0.1\n", "proxies: is for serve = acme and pa alone"},
        {AS SIGNER STORE, "[store] url: is for roles pa and ca"},
        {"[server]\nroles = pa\n" PA_HTTP PA_KEYS "[store]\nurl = mysql://db/stir\n", "a store is a file (SQLite) or postgresql://"},
        {PA "crl-key = /k\n", "[pa] crl-key: wants crl-cert too"},
        {PA "crl-cert = /k\n", "[pa] crl-cert: wants crl-key too"},
        {PA "list-every = 7d\n", "[pa] list-every: is not sooner than list-life"},
        {PA "crl-life = 6h\n", "[pa] crl-every: is not sooner than crl-life"},
        {"[server]\nroles = pa\n" STORE "[pa]\nurl = https://x.example/\n", "[pa] url: \"https://x.example/\" is no URL to put paths behind"},
        {CA "report-url = https://x.example/\n", "[ca] report-url: wants report-token"},
        {CA "report-token = /t\n", "[ca] report-token: wants report-url"},
        {CA "report-url = http://x.example/\nreport-token = /t\n", "[ca] report-url: is http"},
        {CA "publish-url = https://x.example/cr/\n", "[ca] publish-url: wants publish-dir"},
        {CA "publish-dir = /cr\npublish-url = https://x.example/cr\n", "is no URL of a folder"},
        {CA "authorization-life = 8d\n", "[ca] authorization-life: is more than order-life"},
        {CA "profile = delegate\n", "[ca] profile: there is no [profile delegate]"},
        {CA "[profile shaken]\n[profile shaken]\n", "[profile shaken]: stands twice"},
        {CA "[profile p]\n[profile p]\n", "[profile p]: stands twice"},
        {CA "[profile p]\nlife = 400d\n", "[profile p] life: life is more than max-life"},
        {CA "[profile p]\npath-length = 1\n", "[profile p] path-length: is for kind = delegate-ca alone"},
        {CA "[profile p]\npath-length = -1\n", "[profile p] path-length: \"-1\" is none; it is none, or 0 to 10"},
        {CA "[profile p]\npath-length = 11\n", "it is none, or 0 to 10"},
        {CA "[profile p]\nmust-exclude = iat\n", "[profile p] must-exclude: iat stands in every PASSporT"},
        {CA "[profile p]\npermitted = attest\n", "does not say which values a claim may have"},
        {CA "[profile p]\npermitted = attest=A||B\n", "does not say which values a claim may have"},
        {CA "[profile p]\npermitted = attest=A;\n", "\"\" does not say which values"},
        {CA "[profile p]\norganizations = A; A\n", "[profile p] organizations: \"A\" stands twice"},
        {CA "policy = 2.16\n", "is no object identifier"},
        {CA "policy = x\n", "is no object identifier"},
        {AS "[signer m]\nkey = /k\ncert = /c\n", "[signer m] x5u: is needed"},
        {AS "[signer m]\nacme = /a\nkey = /k\n", "[signer m] key: stands beside acme"},
        {AS "[signer m]\nacme = /a\n[signer n]\nacme = /a\n", "[signer n] acme: is that of [signer m]"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_conf *conf;
        struct said said;
        assert_int_equal(parse(&conf, S(rows[i].text), &said), STIR_EVALUE);
        if (!strstr(said.text, rows[i].fault))
            fail_msg("\"%s\" is not told:\n%s", rows[i].fault, said.text);
    }
}

static void a_path_that_is_taken_is_refused(void **state)
{
    static const char *const rows[] = {"/v1", "/t/x", "/metrics", "/sti-pa", "/api/v1/x", "/pa", "/download"};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[1024];
        struct stir_conf *conf;
        struct said said;
        snprintf(text, sizeof(text),
                 "[server]\nroles = ca\n" CA_HTTP STORE "[ca]\nurl = https://ca.example%s\nkey = /c.key\ncert = /c.pem\npa-root = /r.pem\n" FAR, rows[i]);
        assert_int_equal(parse(&conf, S(text), &said), STIR_EVALUE);
        if (!strstr(said.text, "is where other interfaces are"))
            fail_msg("%s: %s", rows[i], said.text);
    }
}

static void clear_text_behind_proxies_is_allowed(void **state)
{
    struct stir_conf *conf = good("[server]\nroles = ca\n[http c]\nlisten = 10.0.0.1:8080\nserve = acme\nproxies = 10.0.0.2 10.0.1.0/24\n" STORE CA_KEYS FAR);
    (void)state;
    assert_int_equal(conf->http[0].proxies.n, 2);
    stir_config_free(conf);
}

static void a_renewed_signer_needs_its_folder_alone(void **state)
{
    struct stir_conf *conf = good(AS "[signer m]\nacme = /var/lib/stir/acme\n");
    (void)state;
    assert_string_equal(conf->signers[0].acme, "/var/lib/stir/acme");
    assert_string_equal(conf->signers[0].key, "");
    stir_config_free(conf);
}

static void labs_are_doubted(void **state)
{
    static const struct {
        const char *text, *doubt;
    } rows[] = {
        {CA "any-url = yes\n", "[ca] any-url: for labs"},
        {CA "chaos = 7\n", "[ca] chaos: for tests of clients"},
        {CA, "[ca] publish-dir is not given"},
        {CA, "[ca] report-url is not given"},
        {CA "publish-dir = /cr\n", "[ca] publish-url is not given"},
        {CA "token-use = account\n", "[ca] token-use = account without max-token-life"},
        {"[server]\nroles = pa\n" PA_HTTP STORE "[pa]\nurl = http://pa.example\nkey = /p.key\ncert = /p.pem\nroot = /r.pem\n", "[pa] url: http is for labs"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_conf *conf = good(rows[i].text);
        struct said said = {.n = 0};
        const struct stir_config_say to = {say, &said};
        stir_config_doubts(conf, &to);
        if (!strstr(said.text, rows[i].doubt))
            fail_msg("\"%s\" is not said:\n%s", rows[i].doubt, said.text);
        stir_config_free(conf);
    }
}

static void the_store_is_fixed_from_the_start_on(void **state)
{
    struct stir_conf *before = good(PA), *after = good("[server]\nroles = pa\n" PA_HTTP PA_KEYS "[store]\nurl = /other.db\n");
    char key[STIR_CONFIG_KEY_TEXT];
    (void)state;
    assert_true(stir_config_fixed(before, after, key));
    assert_string_equal(key, "[store] url");
    stir_config_free(before);
    stir_config_free(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_administrator_is_safe),
        cmocka_unit_test(the_smallest_authority_is_safe),
        cmocka_unit_test(profiles_are_read),
        cmocka_unit_test(both_roles_in_one_process_name_one_crl),
        cmocka_unit_test(where_the_store_is_may_be_said_in_any_way),
        cmocka_unit_test(a_password_of_the_store_is_refused_and_not_repeated),
        cmocka_unit_test(what_is_shown_reads_back),
        cmocka_unit_test(each_fault_is_told),
        cmocka_unit_test(a_path_that_is_taken_is_refused),
        cmocka_unit_test(clear_text_behind_proxies_is_allowed),
        cmocka_unit_test(a_renewed_signer_needs_its_folder_alone),
        cmocka_unit_test(labs_are_doubted),
        cmocka_unit_test(the_store_is_fixed_from_the_start_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
