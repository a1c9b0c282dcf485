/* Accounts of the certificate authority (RFC 8555 §7.3): made, found, changed, bound, given a new key, ended. */
#include "acme_support.h"

#include "service/audit.h"
#include "service/ca_parts.h"

#include <pthread.h>

static struct acme_client client;

static int set_up(void **state)
{
    (void)state;
    acme_begin();
    acme_client_new(&client);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    acme_client_free(&client);
    acme_end();
    return 0;
}

static int64_t audited(const char *event)
{
    char sql[200];
    snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM audit WHERE event = '%s'", event);
    return acme_count(sql);
}

/* The client's account from now on. */
static void adopt(struct acme_client *who)
{
    assert_non_null(acme_field("Location"));
    snprintf(who->kid, sizeof(who->kid), "%s", acme_field("Location"));
}

static void sign_up(struct acme_client *who)
{
    acme_post(who, "/new-account", "{\"contact\":[\"mailto:noc@example.com\"]}");
    assert_answer("sign up", 201, "");
    adopt(who);
}

/* --- newAccount --- */

static void account_is_made(void **state)
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
static void account_is_found_by_its_key(void **state)
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

static void account_that_is_not_there_is_not_made_when_only_sought(void **state)
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

static void contact_is_one_mail_address(void **state)
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

static void terms_must_be_agreed_to(void **state)
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

static void contacts_are_changed(void **state)
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

/* An order as the rooms of orders make one. */
static void put_order(const char *id, const char *account_url, const char *status, long long created)
{
    char sql[1500];
    const char *account = strrchr(account_url, '/') + 1;
    snprintf(sql, sizeof(sql),
             "INSERT INTO acme_orders (id, account, status, type, value, tnauth, profile, not_before, not_after, expires, created)"
             " VALUES ('%s', '%s', '%s', 'TNAuthList', 'x', '', 'shaken', 0, 0, %lld, %lld)",
             id, account, status, created + 100000, created);
    store_sql(acme.clerk.store, sql);
    snprintf(
        sql, sizeof(sql),
        "INSERT INTO acme_authorizations (id, order_id, account, status, type, value, tnauth, expires, created, challenge, token, challenge_status, validated,"
        " answered, ca) VALUES ('a%s', '%s', '%s', '%s', 'TNAuthList', 'x', '', %lld, %lld, 'c%s', 't', '%s', 0, 0, 0)",
        id, id, account, strcmp(status, "pending") == 0 ? "pending" : "valid", created + 100000, created, id,
        strcmp(status, "pending") == 0 ? "processing" : "valid");
    store_sql(acme.clerk.store, sql);
}

/* RFC 8555 §7.3.6: for ever, and what was under way ends. */
static void deactivated_account_can_do_nothing(void **state)
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

static void orders_are_listed_in_pages(void **state)
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

/* --- external account binding --- */

struct credential {
    char kid[STIR_ID], mac[STIR_CA_BINDING_MAC];
    unsigned char key[STIR_CA_BINDING_KEY];
};

static void give_credential(struct credential *c, const char *const *codes, size_t n)
{
    struct stir_ca_binding binding = {.name = "Provider \"One\"", .codes = codes, .n_codes = n};
    struct stir_diag diag = {0};
    size_t len;
    if (stir_ca_binding_add(&acme.clerk, &binding, "user root", acme.now, c->kid, c->mac, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
    assert_int_equal(strlen(c->mac), STIR_CA_BINDING_MAC - 1);
    assert_err(stir_b64url_decode(c->key, &len, S(c->mac)), STIR_OK);
}

/* A binding's JWS. */
static const char *bind(const char *kid, const char *url, const struct stir_key *account, const unsigned char key[STIR_CA_BINDING_KEY])
{
    static char text[2048];
    struct stir_writer w = stir_writer_of(text, sizeof(text));
    assert_err(stir_eab_put(&w, S(kid), S(url), account, stir_slice_of(key, STIR_CA_BINDING_KEY)), STIR_OK);
    assert_err(stir_writer_close(&w, NULL), STIR_OK);
    return text;
}

static void ask_bound(struct acme_client *who, const char *jws)
{
    char payload[4096];
    snprintf(payload, sizeof(payload), "{\"externalAccountBinding\":%s}", jws);
    acme_post(who, "/new-account", payload);
}

static void binding_is_asked_for_where_it_is_required(void **state)
{
    (void)state;
    acme.conf.ca.binding_required = true;
    acme_post(&client, "/new-account", "{}");
    assert_answer("none", 403, "externalAccountRequired");
    acme_get("/directory");
    assert_true(json_is_true(json_object_get(json_object_get(acme.json, "meta"), "externalAccountRequired")));
}

/* RFC 8555 §7.3.4: it is shown as it was sent, then and later. */
static void binding_makes_one_account(void **state)
{
    struct credential c;
    struct acme_client other;
    (void)state;
    acme.conf.ca.binding_required = true;
    give_credential(&c, NULL, 0);
    ask_bound(&client, bind(c.kid, ACME_URL "/new-account", client.key, c.key));
    assert_answer("bound", 201, "");
    adopt(&client);
    json_t *shown = json_deep_copy(json_object_get(acme.json, "externalAccountBinding"));
    json_t *sent = json_loads(bind(c.kid, ACME_URL "/new-account", client.key, c.key), 0, NULL);
    assert_true(json_equal(shown, sent));
    acme_post(&client, client.kid, NULL);
    assert_true(json_equal(json_object_get(acme.json, "externalAccountBinding"), sent));
    json_decref(shown);
    json_decref(sent);
    acme_client_new(&other);
    ask_bound(&other, bind(c.kid, ACME_URL "/new-account", other.key, c.key));
    assert_answer("another account", 401, "unauthorized");
    assert_int_equal(acme_count("SELECT COUNT(*) FROM acme_accounts"), 1);
    struct acme_client again = client;
    again.kid[0] = '\0';
    ask_bound(&again, bind(c.kid, ACME_URL "/new-account", again.key, c.key));
    assert_answer("the same again", 200, "");
    acme_client_free(&other);
    assert_int_equal(acme_count("SELECT COUNT(*) FROM acme_bindings WHERE account IS NOT NULL"), 1);
}

/* Each of the five steps of §7.3.4. */
static void binding_is_checked_whole(void **state)
{
    struct credential c, revoked;
    struct acme_client other;
    struct stir_diag diag = {0};
    unsigned char wrong[STIR_CA_BINDING_KEY] = {1};
    const unsigned char zero[STIR_CA_BINDING_KEY] = {0};
    (void)state;
    give_credential(&c, NULL, 0);
    give_credential(&revoked, NULL, 0);
    acme_client_new(&other);
    assert_err(stir_ca_binding_revoke(&acme.clerk, revoked.kid, "user root", acme.now, &diag), STIR_OK);
    ask_bound(&client, "{}");
    assert_answer("no JWS", 400, "malformed");
    ask_bound(&client, "\"text\"");
    assert_answer("a text", 400, "malformed");
    ask_bound(&client, acme_jws(client.key, "{\"alg\":\"ES256\",\"kid\":\"x\",\"url\":\"" ACME_URL "/new-account\"}", acme_jwk(client.key)));
    assert_answer("ES256", 400, "malformed");
    ask_bound(&client, bind(c.kid, ACME_URL "/new-order", client.key, c.key));
    assert_answer("another url", 400, "malformed");
    ask_bound(&client, bind(c.kid, ACME_URL "/new-account", other.key, c.key));
    assert_answer("another key", 400, "malformed");
    ask_bound(&client, bind("nobody", ACME_URL "/new-account", client.key, c.key));
    assert_answer("no such kid", 401, "unauthorized");
    ask_bound(&client, bind("nobody", ACME_URL "/new-account", client.key, zero));
    assert_answer("no such kid, and a key of zeroes", 401, "unauthorized");
    ask_bound(&client, bind(c.kid, ACME_URL "/new-account", client.key, wrong));
    assert_answer("wrong MAC", 401, "unauthorized");
    ask_bound(&client, bind(revoked.kid, ACME_URL "/new-account", client.key, revoked.key));
    assert_answer("revoked", 401, "unauthorized");
    assert_int_equal(acme_count("SELECT COUNT(*) FROM acme_accounts"), 0);
    assert_int_equal(acme_count("SELECT COUNT(*) FROM acme_bindings WHERE account IS NOT NULL"), 0);
    ask_bound(&client, bind(c.kid, ACME_URL "/new-account", client.key, c.key));
    assert_answer("good", 201, "");
    acme_client_free(&other);
}

struct allows {
    const char *kid, *code;
    bool answer;
};

static enum stir_err ask_allows(struct stir_store *store, void *arg)
{
    struct allows *a = arg;
    return stir_ca_binding_allows(&a->answer, store, a->kid, S(a->code));
}

static bool allows(const char *kid, const char *code)
{
    struct allows a = {kid, code, false};
    struct stir_diag diag = {0};
    assert_err(stir_store_look(acme.clerk.store, ask_allows, &a, &diag), STIR_OK);
    return a.answer;
}

static bool count_row(void *arg, const struct stir_ca_binding_row *row)
{
    unsigned *n = arg;
    assert_true(row->kid.n == STIR_ID - 1 && row->name.n > 0);
    assert_true(stir_slice_is(row->state, *n ? "active" : "revoked"));
    assert_true(stir_slice_is(row->codes, *n ? "[]" : "[\"709J\",\"1234\"]"));
    ++*n;
    return true;
}

static void binding_says_which_codes_may_be_ordered(void **state)
{
    static const char *const codes[] = {"709J", "1234"};
    struct credential some, any;
    struct stir_diag diag = {0};
    unsigned n = 0;
    (void)state;
    give_credential(&some, codes, 2);
    acme.now++;
    give_credential(&any, NULL, 0);
    assert_true(allows("", "709J"));
    assert_true(allows(some.kid, "709J"));
    assert_true(allows(some.kid, "1234"));
    assert_false(allows(some.kid, "709"));
    assert_false(allows(some.kid, "123"));
    assert_true(allows(any.kid, "0000"));
    assert_false(allows("nobody", "709J"));
    assert_err(stir_ca_binding_revoke(&acme.clerk, some.kid, "user root", acme.now, &diag), STIR_OK);
    assert_false(allows(some.kid, "709J"));
    assert_err(stir_ca_binding_revoke(&acme.clerk, some.kid, "user root", acme.now, &diag), STIR_ENOTFOUND);
    assert_err(stir_ca_binding_each(&acme.clerk, count_row, &n, &diag), STIR_OK);
    assert_int_equal(n, 2);
    assert_int_equal(audited("binding added"), 2);
    assert_int_equal(audited("binding revoked"), 1);
}

static void binding_that_cannot_be_is_not_made(void **state)
{
    static const char *const bad[] = {"709j", "", "70-9", "12345678901234567"};
    struct stir_ca_binding binding = {.name = "", .codes = NULL, .n_codes = 0};
    char kid[STIR_ID], mac[STIR_CA_BINDING_MAC];
    struct stir_diag diag = {0};
    (void)state;
    assert_err(stir_ca_binding_add(&acme.clerk, &binding, "user root", acme.now, kid, mac, &diag), STIR_EVALUE);
    binding.name = "x";
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        binding.codes = &bad[i];
        binding.n_codes = 1;
        assert_err(stir_ca_binding_add(&acme.clerk, &binding, "user root", acme.now, kid, mac, &diag), STIR_EVALUE);
    }
    assert_int_equal(acme_count("SELECT COUNT(*) FROM acme_bindings"), 0);
}

/* --- keys --- */

/* The inner JWS of a change of `who`'s key to `key`; each part of it may be another. */
static const char *inner(struct stir_key *key, const char *header_rest, const char *account, const struct stir_key *old_key)
{
    char header[1024], payload[1024];
    snprintf(header, sizeof(header), "{\"alg\":\"ES256\",\"jwk\":%s%s}", acme_jwk(key), header_rest);
    snprintf(payload, sizeof(payload), "{\"account\":\"%s\",\"oldKey\":%s}", account, acme_jwk(old_key));
    return acme_jws(key, header, payload);
}
#define INNER_URL ",\"url\":\"" ACME_URL "/key-change\""

static void account_gets_a_new_key(void **state)
{
    struct acme_client next;
    (void)state;
    sign_up(&client);
    put_order("pending1", client.kid, "pending", acme.now);
    acme_client_new(&next);
    acme_post(&client, "/key-change", inner(next.key, INNER_URL, client.kid, client.key));
    assert_answer("changed", 200, "");
    assert_string_equal(acme_text("status"), "valid");
    assert_int_equal(audited("account key changed"), 1);
    acme_post(&client, client.kid, NULL);
    assert_answer("the old key", 400, "malformed");
    snprintf(next.kid, sizeof(next.kid), "%s", client.kid);
    acme_post(&next, next.kid, NULL);
    assert_answer("the new key", 200, "");
    assert_int_equal(acme_count("SELECT COUNT(*) FROM acme_orders WHERE status = 'pending'"), 1);
    next.kid[0] = '\0';
    acme_post(&next, "/new-account", "{\"onlyReturnExisting\":true}");
    assert_answer("found by it", 200, "");
    assert_string_equal(acme_field("Location"), client.kid);
    client.kid[0] = '\0';
    acme_post(&client, "/new-account", "{\"onlyReturnExisting\":true}");
    assert_answer("not by the old one", 400, "accountDoesNotExist");
    acme_client_free(&next);
}

/* Each step of RFC 8555 §7.3.5. */
static void key_change_is_checked_whole(void **state)
{
    struct acme_client next, other;
    char text[4096];
    (void)state;
    sign_up(&client);
    acme_client_new(&next);
    acme_client_new(&other);
    sign_up(&other);
    acme_post(&client, "/key-change", NULL);
    assert_answer("no payload", 400, "malformed");
    acme_post(&client, "/key-change", "{}");
    assert_answer("no JWS", 400, "malformed");
    acme_post(&client, "/key-change", acme_jws(next.key, "{\"alg\":\"ES256\"" INNER_URL "}", "{}"));
    assert_answer("no jwk", 400, "malformed");
    snprintf(text, sizeof(text), "{\"alg\":\"ES256\",\"kid\":\"%s\"" INNER_URL "}", client.kid);
    acme_post(&client, "/key-change", acme_jws(next.key, text, "{}"));
    assert_answer("kid", 400, "malformed");
    acme_post(&client, "/key-change", inner(next.key, INNER_URL ",\"kid\":\"x\"", client.kid, client.key));
    assert_answer("jwk and kid", 400, "malformed");
    acme_post(&client, "/key-change", inner(next.key, INNER_URL ",\"nonce\":\"AAAA\"", client.kid, client.key));
    assert_answer("nonce", 400, "malformed");
    acme_post(&client, "/key-change", inner(next.key, ",\"url\":\"" ACME_URL "/new-account\"", client.kid, client.key));
    assert_answer("another url", 401, "unauthorized");
    acme_post(&client, "/key-change", inner(next.key, "", client.kid, client.key));
    assert_answer("no url", 400, "malformed");
    acme_post(&client, "/key-change", inner(next.key, INNER_URL, other.kid, client.key));
    assert_answer("another account", 400, "malformed");
    acme_post(&client, "/key-change", inner(next.key, INNER_URL, client.kid, other.key));
    assert_answer("another old key", 400, "malformed");
    snprintf(text, sizeof(text), "{\"alg\":\"ES256\",\"jwk\":%s" INNER_URL "}", acme_jwk(next.key));
    acme_post(&client, "/key-change", acme_jws(client.key, text, "{}"));
    assert_answer("inner signed by the old key", 400, "malformed");
    static const char *const payloads[] = {"{}", "{\"account\":7,\"oldKey\":{}}", "{\"account\":\"x\"}"};
    for (size_t i = 0; i < sizeof(payloads) / sizeof(*payloads); i++) {
        acme_post(&client, "/key-change", acme_jws(next.key, text, payloads[i]));
        assert_answer(payloads[i], 400, "malformed");
    }
    acme_post(&client, "/key-change", acme_jws(next.key, text, NULL));
    assert_answer("empty inner payload", 400, "malformed");
    acme_post(&client, "/key-change", acme_jws(next.key, "{\"alg\":\"RS256\"" INNER_URL "}", "{}"));
    assert_answer("RS256", 400, "badSignatureAlgorithm");
    acme_post(&client, "/key-change", acme_jws(next.key, "{\"alg\":\"ES256\",\"jwk\":{\"kty\":\"RSA\"}" INNER_URL "}", "{}"));
    assert_answer("RSA", 400, "badPublicKey");
    assert_int_equal(audited("account key changed"), 0);
    acme_client_free(&next);
    acme_client_free(&other);
}

static void key_of_another_account_is_a_conflict(void **state)
{
    struct acme_client other;
    (void)state;
    sign_up(&client);
    acme_client_new(&other);
    sign_up(&other);
    acme_post(&client, "/key-change", inner(other.key, INNER_URL, client.kid, client.key));
    assert_answer("taken", 409, "malformed");
    assert_string_equal(acme_field("Location"), other.kid);
    acme_post(&client, "/key-change", inner(client.key, INNER_URL, client.kid, client.key));
    assert_answer("its own", 409, "malformed");
    assert_string_equal(acme_field("Location"), client.kid);
    acme_client_free(&other);
}

/* A key that a certificate has, or that everybody may have: RFC 8555 §6.2, §11.1. */
static void key_of_a_certificate_is_no_accounts(void **state)
{
    unsigned char digest[STIR_SHA256];
    char hex[2 * STIR_SHA256 + 1], sql[1000];
    const bool pg = store_is_postgresql();
    struct acme_client next;
    (void)state;
    acme_client_new(&next);
    assert_err(stir_es256_digest(acme.clerk.ctx, stir_key_spki(client.key), digest), STIR_OK);
    for (size_t i = 0; i < STIR_SHA256; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    snprintf(sql, sizeof(sql),
             "INSERT INTO certificates (issuer, serial, state, profile, node, spc, spki_hash, tbs_hash, not_before, not_after, created, issued, revoked, "
             "reason, published)"
             " VALUES ('i', '01', 'issued', 'shaken', 'n', '709J', %s%s', '', 0, 0, 0, 0, 0, 0, 0)",
             pg ? "'\\x" : "x'", hex);
    store_sql(acme.clerk.store, sql);
    acme_post(&client, "/new-account", "{}");
    assert_answer("of a certificate", 400, "badPublicKey");
    sign_up(&next);
    acme_post(&next, "/key-change", inner(client.key, INNER_URL, next.kid, next.key));
    assert_answer("changed to it", 400, "badPublicKey");
    acme.conf.ca.account_key_allowed = true;
    store_sql(acme.clerk.store, "UPDATE certificates SET state = 'revoked', reason = 1");
    acme_post(&client, "/new-account", "{}");
    assert_answer("compromised", 400, "badPublicKey");
    store_sql(acme.clerk.store, "UPDATE certificates SET state = 'revoked', reason = 4");
    acme_post(&client, "/new-account", "{}");
    assert_answer("allowed", 201, "");
    acme_client_free(&next);
}

/* --- two at once --- */

enum { RACERS = 4 };
struct racer {
    struct stir_clerk clerk;
    struct stir_exchange x;
    char body[8192], location[400];
};

static void *race(void *arg)
{
    struct racer *racer = arg;
    racer->x = (struct stir_exchange){
        .method = S("POST"), .path = S("/acme/new-account"), .content_type = S(ACME_JOSE), .body = S(racer->body), .now = acme.now, .peer = "192.0.2.9"};
    stir_ca_serve(acme.ca, &racer->clerk, &racer->x);
    for (size_t i = 0; i < racer->x.n_fields; i++)
        if (strcmp(racer->x.fields[i].name, "Location") == 0)
            snprintf(racer->location, sizeof(racer->location), "%s", racer->x.fields[i].value);
    return NULL;
}

/* Clerks with connections of their own, all with one key and one credential: one account, one Location, one binding. */
static void key_that_is_registered_by_many_at_once_has_one_account(void **state)
{
    static struct racer racers[RACERS];
    pthread_t threads[RACERS];
    struct credential c;
    char payload[4096];
    int made = 0;
    (void)state;
    for (int round = 0; round < 5; round++) {
        struct acme_client one;
        acme_client_new(&one);
        give_credential(&c, NULL, 0);
        snprintf(payload, sizeof(payload), "{\"externalAccountBinding\":%s}", bind(c.kid, ACME_URL "/new-account", one.key, c.key));
        memset(racers, 0, sizeof(racers));
        made = 0;
        for (int i = 0; i < RACERS; i++) {
            one.nonce[0] = '\0';
            snprintf(racers[i].body, sizeof(racers[i].body), "%s", acme_jws(one.key, acme_header(&one, "/new-account"), payload));
            racers[i].clerk = acme.clerk;
            racers[i].clerk.store = store_again(&stir_schema);
            assert_err(stir_es256_ctx_new(&racers[i].clerk.ctx), STIR_OK);
        }
        for (int i = 0; i < RACERS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
        for (int i = 0; i < RACERS; i++)
            pthread_join(threads[i], NULL);
        for (int i = 0; i < RACERS; i++) {
            if (racers[i].x.status != 201 && racers[i].x.status != 200)
                fail_msg("%d: %s", racers[i].x.status, racers[i].x.body_out);
            made += racers[i].x.status == 201;
            assert_string_equal(racers[i].location, racers[0].location);
            stir_store_close(racers[i].clerk.store);
            stir_es256_ctx_free(racers[i].clerk.ctx);
            stir_exchange_clear(&racers[i].x);
        }
        assert_int_equal(made, 1);
        assert_int_equal(acme_count("SELECT COUNT(*) FROM acme_accounts"), round + 1);
        acme_client_free(&one);
    }
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
        TEST(binding_is_asked_for_where_it_is_required),
        TEST(binding_makes_one_account),
        TEST(binding_is_checked_whole),
        TEST(binding_says_which_codes_may_be_ordered),
        TEST(binding_that_cannot_be_is_not_made),
        TEST(account_gets_a_new_key),
        TEST(key_change_is_checked_whole),
        TEST(key_of_another_account_is_a_conflict),
        TEST(key_of_a_certificate_is_no_accounts),
        TEST(key_that_is_registered_by_many_at_once_has_one_account),
    };
    store_engine_of(argc, argv);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
