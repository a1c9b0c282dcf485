/* Limits of the certificate authority (RFC 8555 §6.6), and the chaos that clients are tested with. */
#include "acme_support.h"

#include "service/ca_parts.h"

static struct acme_client client;

static int set_up(void **state)
{
    (void)state;
    acme_begin();
    acme_register(&client);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    acme_client_free(&client);
    acme_end();
    return 0;
}

static void requests_of_one_address_are_limited(void **state) /*= RFC8555-6.6 test */
{
    (void)state;
    acme.conf.ca.requests_per_address = 60;
    for (int i = 0; i < 60; i++)
        assert_int_equal(acme_get("/directory"), 200);
    acme_get("/new-nonce");
    assert_answer("one more", 429, "rateLimited");
    assert_null(acme_field("Replay-Nonce"));
    assert_string_equal(acme_field("Retry-After"), "60");
    acme.now += 59;
    acme_get("/new-nonce");
    assert_answer("too early", 429, "rateLimited");
    assert_string_equal(acme_field("Retry-After"), "1");
    acme.now++;
    assert_int_equal(acme_get("/new-nonce"), 204);
    assert_int_equal(acme_get("/new-nonce"), 429);
    acme.now += 3600;
    for (int i = 0; i < 60; i++)
        assert_int_equal(acme_get("/directory"), 200);
    assert_int_equal(acme_get("/directory"), 429);
    acme_open();
    assert_int_equal(acme_get("/directory"), 429);
}

static void new_accounts_of_one_address_are_limited(void **state)
{
    struct acme_client more[3];
    (void)state;
    acme.conf.ca.accounts_per_address = 2;
    for (int i = 0; i < 3; i++) {
        acme_client_new(&more[i]);
        acme_post(&more[i], "/new-account", "{}");
        assert_answer("account", i < 2 ? 201 : 429, i < 2 ? "" : "rateLimited");
    }
    assert_string_equal(acme_field("Retry-After"), "1800");
    acme_post(&more[0], "/new-account", "{}"); /* there already: none is made */
    assert_answer("found", 200, "");
    for (int i = 0; i < 3; i++)
        acme_client_free(&more[i]);
}

/* Limits by account and code are in the store, so that a restart and another node know of them. */
static void limits_in_the_store_outlive_the_process(void **state)
{
    struct stir_ca_request r = {.clerk = &acme.clerk, .x = &acme.x};
    (void)state;
    acme.conf.ca.orders_per_code = 3;
    for (int i = 0; i < 5; i++) {
        acme_open();
        r.ca = acme.ca;
        r.answered = false;
        stir_exchange_clear(&acme.x);
        acme.x.now = acme.now;
        assert_int_equal(stir_ca_within(&r, STIR_LIMIT_ORDERS_CODE, "709J"), i < 3);
        assert_true(stir_ca_within(&r, STIR_LIMIT_ORDERS_ACCOUNT, "somebody"));
        stir_ca_free(acme.ca);
        acme.ca = NULL;
    }
    assert_int_equal(acme.x.status, 429);
    assert_string_equal(acme_field("Retry-After"), "1200");
    acme_open();
    r.ca = acme.ca;
    assert_true(stir_ca_within(&r, STIR_LIMIT_ORDERS_CODE, "709K"));
    assert_int_equal(acme_count("SELECT COUNT(*) FROM limits"), 2);
    assert_true(stir_ca_limit_chores(acme.ca, &acme.clerk, acme.now + 3599) > 0);
    assert_int_equal(acme_count("SELECT COUNT(*) FROM limits"), 1);
    stir_ca_limit_chores(acme.ca, &acme.clerk, acme.now + 3601);
    assert_int_equal(acme_count("SELECT COUNT(*) FROM limits"), 0);
    stir_arena_clear(&r.arena);
}

/* [ca] chaos: some good nonces are refused, and the same seed does the same again. */
static void chaos_refuses_nonces_and_can_be_repeated(void **state)
{
    char first[201] = "", second[201] = "", directory[2][4096];
    (void)state;
    acme.conf.ca.chaos = 7;
    for (int round = 0; round < 2; round++) {
        char *seen = round ? second : first;
        stir_ca_free(acme.ca);
        acme.ca = NULL;
        acme_open();
        assert_int_equal(acme_get("/directory"), 200);
        snprintf(directory[round], sizeof(directory[round]), "%s", acme.x.body_out);
        client.nonce[0] = '\0';
        for (int i = 0; i < 200; i++) {
            acme_post(&client, client.kid, NULL);
            seen[i] = acme.x.status == 200 ? '+' : '-';
            if (acme.x.status != 200)
                assert_answer("chaos", 400, "badNonce");
        }
    }
    assert_string_equal(first, second);
    assert_string_equal(directory[0], directory[1]);
    size_t refused = 0;
    for (const char *p = first; *p; p++)
        refused += *p == '-';
    assert_in_range(refused, 1, 40);
    assert_int_equal(acme_get("/directory"), 200);
    assert_int_equal(json_object_size(acme.json), 7); /* one more than there is */
    acme.conf.ca.chaos = 0;
    acme_open();
    for (int i = 0; i < 50; i++)
        assert_int_equal(acme_post(&client, client.kid, NULL), 200);
}

/* The same members and elements, in another order now and then; not one is lost, whatever the dice say. */
static void chaos_changes_the_order_and_nothing_else(void **state)
{
    size_t other_members = 0, other_elements = 0;
    (void)state;
    acme.conf.ca.chaos = 11;
    acme_open();
    for (int i = 0; i < 50; i++) {
        json_t *json = json_pack("{s:i, s:i, s:i, s:[iiii], s:{s:i, s:i}}", "a", 1, "b", 2, "c", 3, "list", 10, 20, 30, 40, "inner", "x", 1, "y", 2);
        json_t *before = json_deep_copy(json);
        json = stir_ca_disorder(acme.ca, json);
        json_t *list = json_object_get(json, "list");
        json_int_t sum = 0;
        for (size_t k = 0; k < json_array_size(list); k++)
            sum += json_integer_value(json_array_get(list, k));
        assert_int_equal(json_array_size(list), 4);
        assert_int_equal(sum, 100);
        other_elements += !json_equal(list, json_object_get(before, "list"));
        json_object_del(json, "list");
        json_object_del(before, "list");
        assert_true(json_equal(json, before));
        char *now = json_dumps(json, JSON_COMPACT), *then = json_dumps(before, JSON_COMPACT);
        other_members += strcmp(now, then) != 0;
        free(now);
        free(then);
        json_decref(json);
        json_decref(before);
    }
    assert_in_range(other_elements, 20, 50);
    assert_in_range(other_members, 20, 50);
    assert_null(stir_ca_disorder(acme.ca, NULL));
}

/* RFC 9110 §10.2.3: seconds, or a date. */
static void chaos_says_when_in_seconds_or_as_a_date(void **state)
{
    struct stir_ca_request r = {.clerk = &acme.clerk, .x = &acme.x};
    size_t dates = 0;
    (void)state;
    acme.conf.ca.chaos = 3;
    acme_open();
    r.ca = acme.ca;
    for (int i = 0; i < 40; i++) {
        stir_exchange_clear(&acme.x);
        acme.x.now = 784111770; /* 1994-11-06, seven seconds before the example of the RFC */
        stir_ca_retry_after(&r, 7);
        if (strcmp(acme_field("Retry-After"), "7") != 0) {
            assert_string_equal(acme_field("Retry-After"), "Sun, 06 Nov 1994 08:49:37 GMT");
            dates++;
        }
    }
    assert_in_range(dates, 8, 32);
    acme.conf.ca.chaos = 0;
    for (int i = 0; i < 40; i++) {
        stir_exchange_clear(&acme.x);
        stir_ca_retry_after(&r, 7);
        assert_string_equal(acme_field("Retry-After"), "7");
    }
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(requests_of_one_address_are_limited),      TEST(new_accounts_of_one_address_are_limited),  TEST(limits_in_the_store_outlive_the_process),
        TEST(chaos_refuses_nonces_and_can_be_repeated), TEST(chaos_changes_the_order_and_nothing_else), TEST(chaos_says_when_in_seconds_or_as_a_date),
    };
    store_engine_of(argc, argv);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
