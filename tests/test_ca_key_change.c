/* A new key for an account (RFC 8555 §7.3.5), and keys that are no account's. */
#include "acme_account.h"

/* The inner JWS of a change of `who`'s key to `key`; each part of it may be another. */
static const char *inner(struct stir_key *key, const char *header_rest, const char *account, const struct stir_key *old_key)
{
    char header[1024], payload[1024];
    snprintf(header, sizeof(header), "{\"alg\":\"ES256\",\"jwk\":%s%s}", acme_jwk(key), header_rest);
    snprintf(payload, sizeof(payload), "{\"account\":\"%s\",\"oldKey\":%s}", account, acme_jwk(old_key));
    return acme_jws(key, header, payload);
}
#define INNER_URL ",\"url\":\"" ACME_URL "/key-change\""

static void account_gets_a_new_key(void **state) /*= RFC8555-7.3.5 test */
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
static void key_change_is_checked_whole(void **state) /*= RFC8555-7.3.5 test */
{
    struct acme_client next, other;
    char text[4096], payload[1024];
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
    snprintf(payload, sizeof(payload), "{\"account\":\"%s\",\"oldKey\":%s}", client.kid, acme_jwk(client.key));
    acme_post(&client, "/key-change", acme_jws(client.key, text, payload));
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

static void key_of_another_account_is_a_conflict(void **state) /*= RFC8555-7.3.5 test */
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

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(account_gets_a_new_key),
        TEST(key_change_is_checked_whole),
        TEST(key_of_another_account_is_a_conflict),
        TEST(key_of_a_certificate_is_no_accounts),
    };
    store_engine_of(argc, argv);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
