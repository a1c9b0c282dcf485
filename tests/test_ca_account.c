/* Accounts of the certificate authority (RFC 8555 §7.3): made, found, changed, ended, and their orders. */
#include "acme_account.h"

/* --- newAccount --- */

static void account_is_made(void **state) /*= RFC8555-7.3 test */
{
    (void)state;
    acme_post(&client, "/new-account", "{\"contact\":[\"mailto:a@example.com\",\"MAILTO:b+c@sub.example.com\"],\"orders\":\"x\",\"unknown\":{\"a\":1}}");
    assert_answer("made", 201, "");
    adopt(&client);
    assert_int_equal(strncmp(client.kid, ACME_URL "/acct/", sizeof(ACME_URL) + 5), 0);
    assert_string_equal(acme_text("status"), "valid");
    json_t *contact = json_object_get(acme.json, "contact");
    assert_int_equal(json_array_size(contact), 2);
    assert_string_equal(json_string_value(json_array_get(contact, 1)), "MAILTO:b+c@sub.example.com");
    char orders[300];
    snprintf(orders, sizeof(orders), "%s/orders", client.kid);
    assert_string_equal(acme_text("orders"), orders);
    assert_int_equal(json_object_size(acme.json), 3); /* nothing that the client made up (RFC 8555 section 7.3) */
    assert_int_equal(audited("account created"), 1);
    acme_post(&client, client.kid, NULL);
    assert_answer("fetched", 200, "");
    assert_int_equal(json_array_size(json_object_get(acme.json, "contact")), 2);
}

/* RFC 8555 §7.3.1: what the request says is ignored. */
static void account_is_found_by_its_key(void **state) /*= RFC8555-7.3.1 test */
{
    (void)state;
    acme.conf.ca.binding_required = false;
    sign_up(&client);
    struct acme_client again = client;
    again.kid[0] = '\0';
    static const char *const payloads[] = {"{}", "{\"onlyReturnExisting\":true}", "{\"contact\":[\"tel:+1\"]}", "{\"contact\":[\"mailto:new@example.com\"]}",
                                           "{\"externalAccountBinding\":{}}"};
    for (size_t i = 0; i < sizeof(payloads) / sizeof(*payloads); i++) {
        acme_post(&again, "/new-account", payloads[i]);
        assert_answer(payloads[i], 200, "");
        assert_string_equal(acme_field("Location"), client.kid);
        assert_string_equal(json_string_value(json_array_get(json_object_get(acme.json, "contact"), 0)), "mailto:noc@example.com");
    }
    assert_int_equal(acme_count("SELECT COUNT(*) FROM acme_accounts"), 1);
}

static void account_that_is_not_there_is_not_made_when_only_sought(void **state) /*= RFC8555-7.3.1 test */
{
    (void)state;
    acme_post(&client, "/new-account", "{\"onlyReturnExisting\":true}");
    assert_answer("sought", 400, "accountDoesNotExist");
    assert_int_equal(acme_count("SELECT COUNT(*) FROM acme_accounts"), 0);
    acme_post(&client, "/new-account", "{\"onlyReturnExisting\":\"true\"}");
    assert_answer("a text", 400, "malformed");
    acme_post(&client, "/new-account", "{\"onlyReturnExisting\":false}");
    assert_answer("false", 201, "");
}

static void new_account_needs_a_payload(void **state)
{
    (void)state;
    acme_post(&client, "/new-account", NULL);
    assert_answer("empty", 400, "malformed");
}

static const struct {
    const char *contact, *problem; /* problem "": taken */
} contacts[] = {
    {"\"mailto:a@example.com\"", ""},
    {"\"mailto:a.b-c_d@example-1.com\"", ""},
    {"\"mailto:%C3%A9@example.com\"", ""},
    {"\"tel:+12155551212\"", "unsupportedContact"},
    {"\"https://example.com/\"", "unsupportedContact"},
    {"\"mailtox:a@example.com\"", "unsupportedContact"},
    {"\"a@example.com\"", "invalidContact"},
    {"\"\"", "invalidContact"},
    {"\"mailto:\"", "invalidContact"},
    {"\"mailto:a\"", "invalidContact"},
    {"\"mailto:@example.com\"", "invalidContact"},
    {"\"mailto:a@\"", "invalidContact"},
    {"\"mailto:a@example..com\"", "invalidContact"},
    {"\"mailto:a@.example.com\"", "invalidContact"},
    {"\"mailto:a@example.com.\"", "invalidContact"},
    {"\"mailto:a@-example.com\"", "invalidContact"},
    {"\"mailto:a@b@example.com\"", "invalidContact"},
    {"\"mailto:a@example.com,b@example.com\"", "invalidContact"},
    {"\"mailto:a,b@example.com\"", "invalidContact"},
    {"\"mailto:a@example.com?subject=hello\"", "invalidContact"},
    {"\"mailto:a?b@example.com\"", "invalidContact"},
    {"\"mailto:a%2@example.com\"", "invalidContact"},
    {"\"mailto:a b@example.com\"", "invalidContact"},
    {"\"mailto:a\\u0001@example.com\"", "invalidContact"},
    {"\"mailto:\\u00e9@example.com\"", "invalidContact"},
    {"7", "malformed"},
    {"null", "malformed"},
    {"[\"mailto:a@example.com\"]", "malformed"},
};

static void contact_is_one_mail_address(void **state) /*= RFC8555-7.3 test */
{
    char payload[500];
    (void)state;
    for (size_t i = 0; i < sizeof(contacts) / sizeof(*contacts); i++) {
        struct acme_client one;
        acme_client_new(&one);
        snprintf(payload, sizeof(payload), "{\"contact\":[\"mailto:ok@example.com\",%s]}", contacts[i].contact);
        acme_post(&one, "/new-account", payload);
        assert_answer(contacts[i].contact, contacts[i].problem[0] ? 400 : 201, contacts[i].problem);
        acme_client_free(&one);
    }
    acme_post(&client, "/new-account", "{\"contact\":\"mailto:a@example.com\"}");
    assert_answer("no list", 400, "malformed");
}

/* One that contact_of_a_list needs: `n` good ones, or one of `n` characters. */
static const char *many(size_t n, bool one_long)
{
    static char text[8192];
    size_t at = (size_t)snprintf(text, sizeof(text), "{\"contact\":[");
    if (one_long) {
        at += (size_t)snprintf(text + at, sizeof(text) - at, "\"mailto:");
        memset(text + at, 'a', n - strlen("mailto:@b.cc"));
        at += n - strlen("mailto:@b.cc");
        at += (size_t)snprintf(text + at, sizeof(text) - at, "@b.cc\"");
    }
    for (size_t i = 0; !one_long && i < n; i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%s\"mailto:a%zu@example.com\"", i ? "," : "", i);
    snprintf(text + at, sizeof(text) - at, "]}");
    return text;
}

static void contacts_are_bounded(void **state)
{
    (void)state;
    acme_post(&client, "/new-account", many(11, false));
    assert_answer("eleven", 400, "invalidContact");
    acme_post(&client, "/new-account", many(263, true));
    assert_answer("too long", 400, "invalidContact");
    acme_post(&client, "/new-account", many(10, false));
    assert_answer("ten", 201, "");
    adopt(&client);
    acme_post(&client, client.kid, many(262, true));
    assert_answer("as long as may be", 200, "");
}

static void terms_must_be_agreed_to(void **state) /*= RFC8555-7.3.3 test */
{
    (void)state;
    acme.conf.ca.terms = "https://ca.example/terms/2026";
    static const char *const payloads[] = {"{}", "{\"termsOfServiceAgreed\":false}"};
    for (size_t i = 0; i < 2; i++) {
        acme_post(&client, "/new-account", payloads[i]);
        assert_answer(payloads[i], 403, "userActionRequired");
        assert_string_equal(acme_text("instance"), "https://ca.example/terms/2026");
        assert_string_equal(acme_field("Link"), "<https://ca.example/terms/2026>;rel=\"terms-of-service\"");
    }
    acme_post(&client, "/new-account", "{\"termsOfServiceAgreed\":\"yes\"}");
    assert_answer("a text", 400, "malformed");
    acme_post(&client, "/new-account", "{\"termsOfServiceAgreed\":true}");
    assert_answer("agreed", 201, "");
    assert_true(json_is_true(json_object_get(acme.json, "termsOfServiceAgreed")));
}

/* --- changes --- */

static void contacts_are_changed(void **state) /*= RFC8555-7.3.2 test */
{
    (void)state;
    sign_up(&client);
    acme_post(&client, client.kid, "{}");
    assert_answer("nothing", 200, "");
    assert_int_equal(json_array_size(json_object_get(acme.json, "contact")), 1);
    acme_post(&client, client.kid, "{\"contact\":[\"mailto:x@example.com\",\"mailto:y@example.com\"],\"status\":\"valid\",\"orders\":\"no\"}");
    assert_answer("two", 200, "");
    assert_int_equal(json_array_size(json_object_get(acme.json, "contact")), 2);
    acme_post(&client, client.kid, "{\"contact\":[\"ftp:x\"]}");
    assert_answer("bad", 400, "unsupportedContact");
    acme_post(&client, client.kid, "{\"contact\":[]}");
    assert_answer("none", 200, "");
    assert_null(json_object_get(acme.json, "contact"));
    acme_post(&client, client.kid, "{\"status\":\"revoked\"}");
    assert_answer("a status that no client sets", 200, "");
    assert_string_equal(acme_text("status"), "valid");
    assert_int_equal(audited("account contacts changed"), 2);
}

static void account_of_another_is_not_shown(void **state)
{
    struct acme_client other;
    char orders[300], nobody[300];
    (void)state;
    sign_up(&client);
    acme_client_new(&other);
    sign_up(&other);
    acme_post(&other, client.kid, NULL);
    assert_answer("fetched", 403, "unauthorized");
    acme_post(&other, client.kid, "{\"status\":\"deactivated\"}");
    assert_answer("deactivated", 403, "unauthorized");
    snprintf(orders, sizeof(orders), "%s/orders", client.kid);
    acme_post(&other, orders, NULL);
    assert_answer("orders", 403, "unauthorized");
    snprintf(nobody, sizeof(nobody), "%s/acct/AAAAAAAAAAAAAAAAAAAAAA", ACME_URL);
    acme_post(&other, nobody, NULL);
    assert_answer("nobody's", 403, "unauthorized");
    acme_post(&client, client.kid, NULL);
    assert_answer("its own", 200, "");
    acme_client_free(&other);
}

/* RFC 8555 §7.3.6: for ever, and what was under way ends. */
static void deactivated_account_can_do_nothing(void **state) /*= RFC8555-7.3.6 test */
{
    char orders[300];
    (void)state;
    sign_up(&client);
    put_order("pending1", client.kid, "pending", acme.now);
    put_order("ready1", client.kid, "ready", acme.now);
    put_order("valid1", client.kid, "valid", acme.now);
    acme_post(&client, client.kid, "{\"status\":\"deactivated\",\"contact\":[\"mailto:last@example.com\"]}");
    assert_answer("deactivated", 200, "");
    assert_string_equal(acme_text("status"), "deactivated");
    assert_int_equal(acme_count("SELECT COUNT(*) FROM acme_orders WHERE status = 'invalid'"), 2);
    assert_int_equal(acme_count("SELECT COUNT(*) FROM acme_orders WHERE status = 'valid'"), 1);
    assert_int_equal(acme_count("SELECT COUNT(*) FROM acme_authorizations WHERE status = 'deactivated'"), 3);
    assert_int_equal(acme_count("SELECT COUNT(*) FROM acme_authorizations WHERE challenge_status = 'processing'"), 0);
    assert_int_equal(audited("account deactivated"), 1);
    snprintf(orders, sizeof(orders), "%s/orders", client.kid);
    const char *const paths[] = {client.kid, orders, "/new-order", "/key-change", "/revoke-cert", "/order/valid1", "/directory"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
        acme_post(&client, paths[i], NULL);
        assert_answer(paths[i], 401, "unauthorized");
    }
    acme_post(&client, client.kid, "{\"status\":\"valid\"}");
    assert_answer("back", 401, "unauthorized");
    client.kid[0] = '\0';
    acme_post(&client, "/new-account", "{}");
    assert_answer("its key again", 401, "unauthorized");
    acme_post(&client, "/new-account", "{\"onlyReturnExisting\":true}");
    assert_answer("sought", 401, "unauthorized");
}

/* Between the door and the transaction, another request of the same account has ended it. */
static void account_that_ends_meanwhile_is_not_changed(void **state)
{
    (void)state;
    sign_up(&client);
    struct stir_ca_request r = {.ca = acme.ca, .clerk = &acme.clerk, .x = &acme.x};
    (void)r;
    acme_header(&client, client.kid + sizeof(ACME_URL) - 1);
    store_sql(acme.clerk.store, "UPDATE acme_accounts SET status = 'revoked'");
    acme_post(&client, client.kid, "{\"contact\":[]}");
    assert_answer("revoked by its operator", 401, "unauthorized");
}

/* --- orders --- */

/* "next" of the answer, below the authority's path; NULL: none. */
static const char *next_page(void)
{
    static char next[500];
    for (size_t i = 0; i < acme.x.n_fields; i++) {
        const char *value = acme.x.fields[i].value, *end = strstr(value, ">;rel=\"next\"");
        if (strcmp(acme.x.fields[i].name, "Link") == 0 && end) {
            snprintf(next, sizeof(next), "%.*s", (int)(end - value - 1), value + 1);
            return next;
        }
    }
    return NULL;
}

static void orders_are_listed_in_pages(void **state) /*= RFC8555-7.1.2.1 test */
{
    enum { ORDERS = 120 };
    bool seen[ORDERS] = {false};
    char id[32], path[300];
    size_t pages = 0, n = 0;
    (void)state;
    sign_up(&client);
    for (int i = 0; i < ORDERS; i++) {
        snprintf(id, sizeof(id), "o-_%03d", i);
        put_order(id, client.kid, i % 2 ? "pending" : "valid", acme.now + i / 7); /* several in one second */
    }
    put_order("gone", client.kid, "invalid", acme.now);
    put_order("other", ACME_URL "/acct/somebody", "pending", acme.now);
    snprintf(path, sizeof(path), "%s/orders", client.kid);
    for (const char *at = path; at; at = next_page(), pages++) {
        char here[500];
        snprintf(here, sizeof(here), "%s", at);
        acme_post(&client, here, NULL);
        assert_answer(here, 200, "");
        json_t *list = json_object_get(acme.json, "orders"), *url;
        size_t i;
        json_array_foreach(list, i, url)
        {
            const char *last = strrchr(json_string_value(url), '_');
            assert_int_equal(strncmp(json_string_value(url), ACME_URL "/order/o-_", sizeof(ACME_URL) + 9), 0);
            assert_false(seen[atoi(last + 1)]);
            seen[atoi(last + 1)] = true;
            n++;
        }
    }
    assert_int_equal(n, ORDERS);
    assert_int_equal(pages, 3);
    acme_post(&client, path, "{}");
    assert_answer("with a payload", 400, "malformed");
    static const char *const cursors[] = {"x_y", "12", "_a", "99999999999999999999_a", "-1x_a"};
    for (size_t i = 0; i < sizeof(cursors) / sizeof(*cursors); i++) {
        char bad[400];
        snprintf(bad, sizeof(bad), "%s/%s", path, cursors[i]);
        acme_post(&client, bad, NULL);
        assert_answer(cursors[i], 404, "malformed");
    }
}

static void account_without_orders_has_an_empty_list(void **state)
{
    char path[300];
    (void)state;
    sign_up(&client);
    snprintf(path, sizeof(path), "%s/orders", client.kid);
    acme_post(&client, path, NULL);
    assert_answer("none", 200, "");
    assert_true(json_is_array(json_object_get(acme.json, "orders")));
    assert_int_equal(json_array_size(json_object_get(acme.json, "orders")), 0);
    assert_null(next_page());
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(account_is_made),
        TEST(account_is_found_by_its_key),
        TEST(account_that_is_not_there_is_not_made_when_only_sought),
        TEST(new_account_needs_a_payload),
        TEST(contact_is_one_mail_address),
        TEST(contacts_are_bounded),
        TEST(terms_must_be_agreed_to),
        TEST(contacts_are_changed),
        TEST(account_of_another_is_not_shown),
        TEST(deactivated_account_can_do_nothing),
        TEST(account_that_ends_meanwhile_is_not_changed),
        TEST(orders_are_listed_in_pages),
        TEST(account_without_orders_has_an_empty_list),
    };
    store_engine_of(argc, argv);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
