/* Accounts, when the process ends at each named moment: nothing is half done, and asking the same again ends where it should. */
#include "acme_account.h"

#include "io/crash_point.h"

#include <sys/wait.h>

static const char *crash_at;

static void crash(const char *point)
{
    if (strcmp(point, crash_at) == 0)
        _exit(77);
}

/* What is asked: in a child that ends, then again by us. */
static struct credential credential;
static struct acme_client next;

static void ask_new_account(void)
{
    char payload[4096];
    client.kid[0] = '\0';
    snprintf(payload, sizeof(payload), "{\"externalAccountBinding\":%s}", binding_jws(credential.kid, ACME_URL "/new-account", client.key, credential.key));
    acme_post(&client, "/new-account", payload);
}

static void ask_contacts(void)
{
    acme_post(&client, client.kid, "{\"contact\":[\"mailto:new@example.com\"]}");
}

static void ask_deactivation(void)
{
    acme_post(&client, client.kid, "{\"status\":\"deactivated\"}");
}

static void ask_key_change(void)
{
    char header[1024], payload[1024];
    snprintf(header, sizeof(header), "{\"alg\":\"ES256\",\"jwk\":%s,\"url\":\"" ACME_URL "/key-change\"}", acme_jwk(next.key));
    snprintf(payload, sizeof(payload), "{\"account\":\"%s\",\"oldKey\":%s}", client.kid, acme_jwk(client.key));
    acme_post(&client, "/key-change", acme_jws(next.key, header, payload));
}

static void end_at(const char *point, void (*request)(void))
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        crash_at = point;
        stir_crash_hook = crash;
        acme.clerk.store = store_again(&stir_schema);
        request();
        _exit(1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 77)
        fail_msg("\"%s\" was not met (%d)", point, status);
    client.nonce[0] = '\0';
}

static void expect_chain(void *arg, const char *node, int64_t rows, const unsigned char head[STIR_SHA256], const char *fault)
{
    (void)arg, (void)node, (void)rows, (void)head;
    if (fault)
        fail_msg("audit: %s", fault);
}

static void audit_holds(void)
{
    struct stir_diag diag = {0};
    assert_err(stir_audit_verify(acme.clerk.store, expect_chain, NULL, &diag), STIR_OK);
}

static void account_is_made_whole_or_not_at_all(void **state)
{
    static const struct {
        const char *point;
        int again; /* what the client meets when it asks again */
    } rows[] = {{"new-account: binding claimed", 201},
                {"new-account: before it is committed", 201},
                {"new-account: committed, not answered", 200},
                {"new-account: answered", 200}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        stir_key_free(client.key);
        acme_client_new(&client);
        give_credential(&credential, NULL, 0);
        end_at(rows[i].point, ask_new_account);
        audit_holds();
        assert_int_equal(audited("account created"), (int64_t)i + (rows[i].again == 200));
        ask_new_account();
        assert_answer(rows[i].point, rows[i].again, "");
        assert_int_equal(acme_count("SELECT COUNT(*) FROM acme_accounts"), i + 1);
        assert_int_equal(acme_count("SELECT COUNT(*) FROM acme_bindings AS b JOIN acme_accounts AS a ON b.account = a.id AND a.binding = b.kid"), i + 1);
        assert_int_equal(audited("account created"), (int64_t)i + 1);
        audit_holds();
    }
}

static void contacts_are_the_old_or_the_new_ones(void **state)
{
    static const char *const points[] = {"account: before it is committed", "account: committed, not answered", "account: answered"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        stir_key_free(client.key);
        acme_client_new(&client);
        sign_up(&client);
        end_at(points[i], ask_contacts);
        acme_post(&client, client.kid, NULL);
        assert_answer(points[i], 200, "");
        assert_string_equal(json_string_value(json_array_get(json_object_get(acme.json, "contact"), 0)),
                            i ? "mailto:new@example.com" : "mailto:noc@example.com");
        ask_contacts();
        assert_answer(points[i], 200, "");
        audit_holds();
    }
}

static void deactivation_ends_all_or_nothing(void **state)
{
    static const char *const points[] = {"account: before it is committed", "account: committed, not answered", "account: answered"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char id[16], sql[200];
        stir_key_free(client.key);
        acme_client_new(&client);
        sign_up(&client);
        snprintf(id, sizeof(id), "o%zu", i);
        put_order(id, client.kid, "pending", acme.now);
        end_at(points[i], ask_deactivation);
        snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM acme_orders WHERE id = '%s' AND status = '%s'", id, i ? "invalid" : "pending");
        assert_int_equal(acme_count(sql), 1);
        ask_deactivation();
        assert_answer(points[i], i ? 401 : 200, i ? "unauthorized" : "");
        assert_int_equal(audited("account deactivated"), (int64_t)i + 1);
        audit_holds();
    }
}

static void account_has_the_old_key_or_the_new_one(void **state)
{
    static const char *const points[] = {"key-change: before it is committed", "key-change: committed, not answered", "key-change: answered"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        stir_key_free(client.key);
        acme_client_new(&client);
        sign_up(&client);
        acme_client_new(&next);
        end_at(points[i], ask_key_change);
        ask_key_change();
        assert_answer(points[i], i ? 400 : 200, i ? "malformed" : ""); /* the old key signs nothing any more */
        snprintf(next.kid, sizeof(next.kid), "%s", client.kid);
        acme_post(&next, next.kid, NULL);
        assert_answer(points[i], 200, "");
        assert_int_equal(audited("account key changed"), (int64_t)i + 1);
        audit_holds();
        acme_client_free(&next);
    }
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(account_is_made_whole_or_not_at_all),
        TEST(contacts_are_the_old_or_the_new_ones),
        TEST(deactivation_ends_all_or_nothing),
        TEST(account_has_the_old_key_or_the_new_one),
    };
    store_engine_of(argc, argv);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
