/* How the certificate authority reads [ca]: what cannot work is told before anything is served; and what /readyz is told. */
#include "acme_support.h"

#include "service/ca_parts.h"

static int set_up(void **state)
{
    (void)state;
    acme_prepare();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    acme_end();
    return 0;
}

/* It is not made, and the operator reads `why`. */
static void assert_refused(const char *row, const char *why)
{
    acme.said[0] = '\0';
    enum stir_err err = stir_ca_new(&acme.ca, &acme.conf, NULL, &acme_saying);
    if (err != STIR_EVALUE || acme.ca || !strstr(acme.said, why))
        fail_msg("%s: %s: %s", row, stir_err_name(err), acme.said);
}

static void authority_is_made_in_silence(void **state)
{
    (void)state;
    acme_open();
    assert_string_equal(acme.said, "");
    assert_string_equal(acme.ca->base, "https://ca.example/acme");
    assert_string_equal(acme.ca->path, "/acme");
    assert_int_equal(acme.ca->n_chain, 2);
    assert_int_equal(strlen(acme.ca->issuer), 64);
}

static void url_is_that_of_an_authority(void **state)
{
    static const char *const bad[] = {"",
                                      "ca.example",
                                      "http://ca.example/acme",
                                      "https://",
                                      "https:///acme",
                                      "https://ca.example/acme?x",
                                      "https://ca.example/#a",
                                      "ftp://ca.example/",
                                      "https://ca.example/a b"};
    static const struct {
        const char *url, *base, *path;
    } good[] = {{"https://ca.example", "https://ca.example", ""},
                {"https://ca.example/", "https://ca.example", ""},
                {"https://ca.example:8443/a/b//", "https://ca.example:8443/a/b", "/a/b"}};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        acme.conf.ca.url = bad[i];
        assert_refused(bad[i], "[ca] url");
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        acme.conf.ca.url = good[i].url;
        acme_open();
        assert_string_equal(acme.ca->base, good[i].base);
        assert_string_equal(acme.ca->path, good[i].path);
        char url[300];
        snprintf(url, sizeof(url), "%s/new-nonce", good[i].base);
        acme.x = (struct stir_exchange){.method = S("GET"), .path = S(i == 2 ? "/a/b/directory" : "/directory"), .now = acme.now};
        stir_ca_serve(acme.ca, &acme.clerk, &acme.x);
        assert_int_equal(acme.x.status, 200);
        assert_non_null(strstr(acme.x.body_out, url));
        stir_exchange_clear(&acme.x);
    }
    acme.conf.ca.url = "http://127.0.0.1:8080/acme";
    acme.conf.ca.any_url = true;
    acme_open();
}

static void key_and_chain_belong_together(void **state)
{
    struct stir_key *other = NULL;
    (void)state;
    assert_err(stir_key_generate(&other), STIR_OK);
    acme_write_key("other.key", other);
    acme.conf.ca.key = path_in("other.key");
    assert_refused("another key", "is not the key of the first certificate");
    acme.conf.ca.key = path_in("none.key");
    assert_refused("no key", "[ca] key");
    acme.conf.ca.key = acme.key;
    assert_int_equal(chmod(acme.key, 0644), 0);
    assert_refused("a key that all may read", "chmod 0600");
    assert_int_equal(chmod(acme.key, 0600), 0);
    acme.conf.ca.cert = path_in("none.pem");
    assert_refused("no chain", "[ca] cert");
    acme_write_certs("wrong.pem", acme.ca_cert, acme.pa_root_cert);
    acme.conf.ca.cert = path_in("wrong.pem");
    assert_refused("a chain of strangers", "certificate 1 is not signed by certificate 2");
    acme_write_certs("turned.pem", acme.root, acme.ca_cert);
    acme.conf.ca.cert = path_in("turned.pem");
    assert_refused("the root first", "is not the key of the first certificate");
    stir_key_free(other);
}

static void issuing_certificate_is_that_of_an_authority_in_its_time(void **state)
{
    struct stir_cert *cert;
    struct stir_cert_params params = STIR_CERT_PARAMS_INIT;
    struct stir_tnauth *list = NULL;
    const struct stir_tnauth_entry spc = {STIR_TNAUTH_SPC, S("709J"), 0};
    struct stir_key_signer held = {acme.root_key, acme.clerk.ctx};
    struct stir_signer signer = stir_signer_of_key(&held);
    (void)state;
    acme.conf.ca.cert = path_in("issuer.pem");
    cert = acme_make_cert(STIR_CERT_INTERMEDIATE, "Over", acme.ca_key, acme.root, acme.root_key, acme.now - 9 * ACME_DAY, acme.now - ACME_DAY);
    acme_write_certs("issuer.pem", cert, acme.root);
    assert_refused("over", "is over");
    stir_cert_free(cert);
    cert = acme_make_cert(STIR_CERT_INTERMEDIATE, "Early", acme.ca_key, acme.root, acme.root_key, acme.now + ACME_DAY, acme.now + 9 * ACME_DAY);
    acme_write_certs("issuer.pem", cert, acme.root);
    assert_refused("early", "does not hold yet");
    stir_cert_free(cert);
    assert_err(stir_tnauth_new(&list, &spc, 1, NULL), STIR_OK);
    params.role = STIR_CERT_END_ENTITY;
    params.cn = S("SHAKEN 709J");
    params.o = S("Test");
    params.c = S("US");
    params.key = acme.ca_key;
    params.issuer = acme.root;
    params.tnauth = list;
    params.not_before = acme.now - ACME_DAY;
    params.not_after = acme.now + ACME_DAY;
    assert_err(stir_cert_make(&cert, &params, &signer, NULL), STIR_OK);
    acme_write_certs("issuer.pem", cert, acme.root);
    assert_refused("an end entity", "not that of a certificate authority");
    stir_cert_free(cert);
    stir_tnauth_free(list);
    cert = acme_make_cert(STIR_CERT_INTERMEDIATE, "Soon", acme.ca_key, acme.root, acme.root_key, acme.now - 9 * ACME_DAY, acme.now + 20 * ACME_DAY + 60);
    acme_write_certs("issuer.pem", cert, acme.root);
    acme_open();
    assert_non_null(strstr(acme.said, "warning: [ca] cert"));
    assert_non_null(strstr(acme.said, "ends in 20 days"));
    stir_cert_free(cert);
}

static void roots_of_the_administrator_are_readable(void **state)
{
    (void)state;
    acme.conf.ca.pa_root = path_in("none.pem");
    assert_refused("none", "[ca] pa-root");
    file_put("text.pem", "hello", 5);
    acme.conf.ca.pa_root = path_in("text.pem");
    assert_refused("no certificate", "[ca] pa-root");
}

static void folder_and_profile_are_there(void **state)
{
    (void)state;
    acme.conf.ca.publish_dir = path_in("nowhere");
    assert_refused("no folder", "[ca] publish-dir");
    acme.conf.ca.publish_dir = "";
    acme.conf.ca.profile = "gold";
    assert_refused("no profile", "there is no [profile gold]");
}

/* All faults at once, not the first alone. */
static void every_fault_is_told(void **state)
{
    (void)state;
    acme.conf.ca.url = "x";
    acme.conf.ca.key = path_in("none.key");
    acme.conf.ca.cert = path_in("none.pem");
    acme.conf.ca.pa_root = path_in("none-either.pem");
    acme.conf.ca.publish_dir = path_in("nowhere");
    acme.conf.ca.profile = "gold";
    assert_refused("all", "[ca] url");
    static const char *const keys[] = {"key", "cert", "pa-root", "publish-dir", "profile"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        char place[40];
        snprintf(place, sizeof(place), "fatal: [ca] %s", keys[i]);
        if (!strstr(acme.said, place))
            fail_msg("%s is not told: %s", place, acme.said);
    }
}

static void readiness_tells_of_an_end_and_of_a_store_that_fails(void **state)
{
    char text[1000];
    (void)state;
    acme_open();
    assert_true(stir_ca_ready(acme.ca, acme.now, text, sizeof(text)));
    assert_string_equal(text, "");
    assert_false(stir_ca_ready(acme.ca, acme.now + 1800 * ACME_DAY, text, sizeof(text)));
    assert_non_null(strstr(text, "is over"));
    atomic_store(&acme.ca->memory->store_failed, acme.now);
    assert_false(stir_ca_ready(acme.ca, acme.now, text, sizeof(text)));
    assert_non_null(strstr(text, "store"));
    assert_false(stir_ca_ready(acme.ca, acme.now + STIR_CA_STORE_SICK - 1, text, sizeof(text)));
    assert_true(stir_ca_ready(acme.ca, acme.now + STIR_CA_STORE_SICK, text, sizeof(text)));
    assert_true(stir_ca_chores(acme.ca, &acme.clerk, acme.now + STIR_CA_STORE_SICK) > 0);
    assert_true(stir_ca_ready(acme.ca, acme.now + STIR_CA_STORE_SICK, text, sizeof(text)));
    store_sql(acme.clerk.store, "ALTER TABLE limits RENAME TO hidden"); /* the chore finds it */
    stir_ca_limit_chores(acme.ca, &acme.clerk, acme.now + 1000);
    assert_false(stir_ca_ready(acme.ca, acme.now + 1000, text, sizeof(text)));
}

/* The store is gone: requests answer 500 and say nothing of it, the log does. */
static void store_that_fails_is_a_problem_of_ours(void **state)
{
    struct acme_client client;
    char text[1000];
    (void)state;
    acme_open();
    acme_register(&client);
    store_sql(acme.clerk.store, "ALTER TABLE acme_accounts RENAME TO hidden");
    acme_post(&client, client.kid, NULL);
    assert_answer("no table", 500, "serverInternal");
    assert_null(strstr(acme.x.body_out, "acme_accounts"));
    assert_non_null(strstr(acme.said, "acme-fault"));
    assert_non_null(acme_field("Replay-Nonce"));
    assert_false(stir_ca_ready(acme.ca, acme.now, text, sizeof(text)));
    acme_client_free(&client);
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(authority_is_made_in_silence),
        TEST(url_is_that_of_an_authority),
        TEST(key_and_chain_belong_together),
        TEST(issuing_certificate_is_that_of_an_authority_in_its_time),
        TEST(roots_of_the_administrator_are_readable),
        TEST(folder_and_profile_are_there),
        TEST(every_fault_is_told),
        TEST(readiness_tells_of_an_end_and_of_a_store_that_fails),
        TEST(store_that_fails_is_a_problem_of_ours),
    };
    store_engine_of(argc, argv);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
