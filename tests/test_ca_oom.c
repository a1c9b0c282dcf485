/* The certificate authority when memory runs out: a request is answered or refused with 500, nothing is half done or lost, and the same again goes well. */
#include "oom.h"

#include "acme_account.h"

/* Serve `body` with the n-th allocation failing (and all after it), n = 1, 2, ... until none fails. @return how often one could. */
static size_t serve_without_memory(const char *method, const char *path, const char *(*body)(const char *path), int usual, int again)
{
    size_t n = 1;
    for (bool failed = true; failed; n++)
        for (int and_after = 0; and_after < 2; and_after++) {
            const char *text = body ? body(path) : NULL;
            struct stir_exchange x = {.method = S(method), .content_type = S(ACME_JOSE), .body = S(text), .now = acme.now, .peer = "192.0.2.8"};
            char whole[500];
            snprintf(whole, sizeof(whole), "/acme%s", path);
            x.path = S(whole);
            oom.fail_at = n;
            oom.failed = 0;
            oom.and_after = and_after;
            stir_ca_serve(acme.ca, &acme.clerk, &x);
            oom.fail_at = 0;
            failed = oom.failed != 0;
            if (x.status != 500 && x.status != usual && x.status != again)
                fail_msg("%s %s: %d when allocation %zu fails: %s", method, path, x.status, n, x.body_out ? x.body_out : "");
            if (!failed && x.status == 500)
                fail_msg("%s %s: 500 with all the memory it wants", method, path);
            stir_exchange_clear(&x);
        }
    return n;
}

static const char *new_account(const char *path)
{
    client.nonce[0] = '\0';
    client.kid[0] = '\0';
    return acme_jws(client.key, acme_header(&client, path), "{\"contact\":[\"mailto:a@example.com\",\"mailto:b@example.com\"]}");
}

static char account_url[256];

static const char *fetch(const char *path)
{
    client.nonce[0] = '\0';
    snprintf(client.kid, sizeof(client.kid), "%s", account_url);
    return acme_jws(client.key, acme_header(&client, path), NULL);
}

static const char *change(const char *path)
{
    client.nonce[0] = '\0';
    snprintf(client.kid, sizeof(client.kid), "%s", account_url);
    return acme_jws(client.key, acme_header(&client, path), "{\"contact\":[\"mailto:c@example.com\"]}");
}

static void request_is_answered_or_refused(void **state)
{
    char path[400];
    (void)state;
    assert_true(serve_without_memory("POST", "/new-account", new_account, 201, 200) > 5);
    assert_int_equal(acme_count("SELECT COUNT(*) FROM acme_accounts"), 1);
    assert_int_equal(audited("account created"), 1);
    client.nonce[0] = client.kid[0] = '\0';
    acme_post(&client, "/new-account", "{}");
    assert_answer("found", 200, "");
    snprintf(account_url, sizeof(account_url), "%s", acme_field("Location"));
    for (int i = 0; i < 60; i++) {
        char id[16];
        snprintf(id, sizeof(id), "o%02d", i);
        put_order(id, account_url, "pending", acme.now + i);
    }
    snprintf(path, sizeof(path), "%s/orders", account_url + sizeof(ACME_URL) - 1);
    assert_true(serve_without_memory("POST", path, fetch, 200, 200) > 5);
    snprintf(path, sizeof(path), "%s", account_url + sizeof(ACME_URL) - 1);
    assert_true(serve_without_memory("POST", path, change, 200, 200) > 5);
    assert_true(serve_without_memory("GET", "/directory", NULL, 200, 200) > 2);
    assert_true(serve_without_memory("GET", "/none", NULL, 404, 404) > 1);
}

static void authority_is_made_or_not_at_all(void **state)
{
    (void)state;
    for (size_t n = 1;; n++) {
        struct stir_ca *ca = NULL;
        oom.fail_at = n;
        oom.failed = 0;
        enum stir_err err = stir_ca_new(&ca, &acme.conf, NULL, NULL);
        oom.fail_at = 0;
        assert_true((err == STIR_OK) == (ca != NULL));
        stir_ca_free(ca);
        if (!oom.failed) {
            assert_err(err, STIR_OK);
            break;
        }
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(request_is_answered_or_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(authority_is_made_or_not_at_all, set_up, tear_down),
    };
    store_engine_of(argc, argv);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
