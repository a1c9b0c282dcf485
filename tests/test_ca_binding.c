/* External account binding (RFC 8555 §7.3.4), and one key that is registered by many at once. */
#include "acme_account.h"

#include <pthread.h>

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
static void binding_makes_one_account(void **state) /*= RFC8555-7.3.4 test */
{
    struct credential c;
    struct acme_client other;
    (void)state;
    acme.conf.ca.binding_required = true;
    give_credential(&c, NULL, 0);
    ask_bound(&client, binding_jws(c.kid, ACME_URL "/new-account", client.key, c.key));
    assert_answer("bound", 201, "");
    adopt(&client);
    json_t *shown = json_deep_copy(json_object_get(acme.json, "externalAccountBinding"));
    json_t *sent = json_loads(binding_jws(c.kid, ACME_URL "/new-account", client.key, c.key), 0, NULL);
    assert_true(json_equal(shown, sent));
    acme_post(&client, client.kid, NULL);
    assert_true(json_equal(json_object_get(acme.json, "externalAccountBinding"), sent));
    json_decref(shown);
    json_decref(sent);
    acme_client_new(&other);
    ask_bound(&other, binding_jws(c.kid, ACME_URL "/new-account", other.key, c.key));
    assert_answer("another account", 401, "unauthorized");
    assert_int_equal(acme_count("SELECT COUNT(*) FROM acme_accounts"), 1);
    struct acme_client again = client;
    again.kid[0] = '\0';
    ask_bound(&again, binding_jws(c.kid, ACME_URL "/new-account", again.key, c.key));
    assert_answer("the same again", 200, "");
    acme_client_free(&other);
    assert_int_equal(acme_count("SELECT COUNT(*) FROM acme_bindings WHERE account IS NOT NULL"), 1);
}

/* Each of the five steps of §7.3.4. */
static void binding_is_checked_whole(void **state) /*= RFC8555-7.3.4 test */
{
    struct credential c, revoked;
    struct acme_client other;
    struct stir_diag diag = {0};
    unsigned char wrong[STIR_CA_BINDING_KEY] = {1};
    const unsigned char zero[STIR_CA_BINDING_KEY] = {0};
    char detail[STIR_PROBLEM_DETAIL];
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
    ask_bound(&client, binding_jws(c.kid, ACME_URL "/new-order", client.key, c.key));
    assert_answer("another url", 400, "malformed");
    ask_bound(&client, binding_jws(c.kid, ACME_URL "/new-account", other.key, c.key));
    assert_answer("another key", 400, "malformed");
    ask_bound(&client, binding_jws("nobody", ACME_URL "/new-account", client.key, c.key));
    assert_answer("no such kid", 401, "unauthorized");
    snprintf(detail, sizeof(detail), "%s", acme_text("detail"));
    ask_bound(&client, binding_jws("nobody", ACME_URL "/new-account", client.key, zero));
    assert_answer("no such kid, and a key of zeroes", 401, "unauthorized");
    assert_string_equal(acme_text("detail"), detail);
    ask_bound(&client, binding_jws(c.kid, ACME_URL "/new-account", client.key, wrong));
    assert_answer("wrong MAC", 401, "unauthorized");
    assert_string_equal(acme_text("detail"), detail); /* nobody learns which there are */
    ask_bound(&client, binding_jws(revoked.kid, ACME_URL "/new-account", client.key, revoked.key));
    assert_answer("revoked", 401, "unauthorized");
    assert_int_equal(acme_count("SELECT COUNT(*) FROM acme_accounts"), 0);
    assert_int_equal(acme_count("SELECT COUNT(*) FROM acme_bindings WHERE account IS NOT NULL"), 0);
    ask_bound(&client, binding_jws(c.kid, ACME_URL "/new-account", client.key, c.key));
    assert_answer("good", 201, "");
    acme_client_free(&other);
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

static void binding_is_listed_until_it_is_taken_back(void **state)
{
    static const char *const codes[] = {"709J", "1234"};
    struct credential some, any;
    struct stir_diag diag = {0};
    unsigned n = 0;
    (void)state;
    give_credential(&some, codes, 2);
    acme.now++;
    give_credential(&any, NULL, 0);
    assert_err(stir_ca_binding_revoke(&acme.clerk, some.kid, "user root", acme.now, &diag), STIR_OK);
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
        snprintf(payload, sizeof(payload), "{\"externalAccountBinding\":%s}", binding_jws(c.kid, ACME_URL "/new-account", one.key, c.key));
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
        TEST(binding_is_asked_for_where_it_is_required), TEST(binding_makes_one_account),          TEST(binding_is_checked_whole),
        TEST(binding_is_listed_until_it_is_taken_back),  TEST(binding_that_cannot_be_is_not_made), TEST(key_that_is_registered_by_many_at_once_has_one_account),
    };
    store_engine_of(argc, argv);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
