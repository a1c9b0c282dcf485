/* The policy administrator's paths, keys, accounts and providers. Run as "test_pa" for SQLite, "test_pa postgresql" for PostgreSQL. */
#include "pa_support.h"

#include <time.h>
#include <unistd.h>

/* ---- Paths ---- */

static void every_path_of_the_administrator_is_his(void **state)
{
    (void)state;
    static const char *const his[] = {"/api/v1/auth/login", "/api/v1/account/x/token", "/sti-pa/account/x/token", "/at/account/x/token", "/sti-pa/ca-list",
                                      "/sti-pa/crl",        "/download/v1/crl",        "/pa/signer.pem"};
    static const char *const others[] = {"/", "/stir/v1/signing", "/acme/new-order", "/download/v1/crl/x", "/pa", "/sti-pa", "/metrics", ""};
    for (size_t i = 0; i < sizeof(his) / sizeof(his[0]); i++)
        assert_true(stir_pa_owns(pa, S(his[i])));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(stir_pa_owns(pa, S(others[i])));
}

static void paths_below_the_path_of_his_url_are_his_too(void **state)
{
    (void)state;
    struct stir_pa *below = NULL;
    pa_conf.pa.url = "https://pa.example/sti/";
    assert_err(pa_read(&below), STIR_OK);
    assert_true(stir_pa_owns(below, S("/sti/pa/signer.pem")));
    assert_true(stir_pa_owns(below, S("/pa/signer.pem")));
    assert_false(stir_pa_owns(below, S("/stip/pa/signer.pem")));
    assert_string_equal(below->signer.url + strlen("https://pa.example"), strstr(below->signer.url, "/sti/pa/"));
    stir_pa_free(below);
}

static void what_is_not_there_is_404_and_another_method_405(void **state)
{
    (void)state;
    static const char *const nothing[] = {"/sti-pa/", "/api/v1/x", "/at/account//token", "/at/account/a/b/token", "/pa/x.pem", "/pa/"};
    for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
        PA_ASK(.path = nothing[i]);
        PA_EXPECT(404, "not-found");
    }
    PA_ASK(.path = "/api/v1/auth/login");
    PA_EXPECT(405, "method");
    assert_string_equal(pa_field("Allow"), "POST");
    PA_ASK(.method = "GET", .path = "/at/account/x/token");
    PA_EXPECT(405, "method");
    PA_ASK(.method = "DELETE", .path = "/sti-pa/crl");
    PA_EXPECT(405, "method");
    assert_string_equal(pa_field("Allow"), "GET, HEAD");
    PA_ASK(.method = "POST", .path = "/pa/signer.pem", .body = "{}");
    PA_EXPECT(405, "method");
}

static void certificates_are_given_by_name_and_by_what_x5u_says(void **state)
{
    (void)state;
    char signer[4096], again[4096], root[4096], path[128];
    struct stir_cert *cert = NULL;
    size_t n = 0;
    pa_fetch(signer, sizeof(signer), "/pa/signer.pem");
    assert_string_equal(pa_x.type, "application/pem-certificate-chain");
    snprintf(path, sizeof(path), "%s", pa->signer.url + strlen("https://pa.example"));
    pa_fetch(again, sizeof(again), path);
    assert_string_equal(signer, again);
    assert_err(stir_certs_parse(&cert, 1, &n, S(signer), NULL), STIR_OK);
    assert_true(stir_slice_eq(stir_cert_info(cert)->der, stir_cert_info(pa_signer.cert)->der));
    stir_cert_free(cert);
    pa_fetch(root, sizeof(root), "/pa/root.pem");
    pa_fetch(again, sizeof(again), "/pa/crl-signer.pem");
    assert_string_not_equal(signer, again);
    assert_string_not_equal(root, signer);
    char tag[100];
    snprintf(tag, sizeof(tag), "%s", pa_field("ETag"));
    assert_int_equal(PA_ASK(.path = "/pa/signer.pem", .if_none_match = tag), 200);
    snprintf(tag, sizeof(tag), "%s", pa_field("ETag"));
    assert_int_equal(PA_ASK(.path = "/pa/signer.pem", .if_none_match = tag), 304);
}

/* ---- Keys ---- */

static void refused(const char *what)
{
    struct stir_pa *other = NULL;
    assert_err(pa_read(&other), STIR_EVALUE);
    if (!strstr(pa_said, what))
        fail_msg("\"%s\" does not say \"%s\"", pa_said, what);
    assert_null(other);
    pa_configure();
}

static void keys_that_do_not_belong_together_are_refused(void **state)
{
    (void)state;
    pa_conf.pa.key = pa_path(5, "crl.key");
    refused("is not the key of the first certificate");
    pa_conf.pa.cert = pa_path(5, "crl.crt");
    pa_conf.pa.key = pa_path(6, "crl.key");
    refused("lacks digitalSignature");
    pa_conf.pa.crl_cert = pa_path(5, "signer.crt");
    pa_conf.pa.crl_key = pa_path(6, "signer.key");
    refused("lacks cRLSign");
    pa_conf.pa.crl_key = pa_conf.pa.crl_cert = "";
    refused("neither crl-key nor crl-cert");
    pa_conf.pa.root = pa_path(5, "crl.crt");
    refused("no path to a root");
    pa_conf.pa.root = pa_path(5, "nothing.pem");
    refused("nothing.pem");
    pa_conf.pa.key = pa_path(5, "signer.crt");
    refused("[pa] key");
    pa_conf.pa.url = "pa.example";
    refused("[pa] url");
    pa_conf.pa.url = "http://pa.example";
    refused("[pa] url");
}

/* ---- Login ---- */

static void a_login_gives_a_token_of_access_of_which_the_store_has_the_hash_alone(void **state)
{
    (void)state;
    pa_log_in_well();
    assert_string_equal(pa_member("status"), "success");
    assert_int_equal(strlen(pa_bearer), 43);
    assert_true(pa_x.cleanse);
    assert_string_equal(pa_field("Cache-Control"), "no-store");
    assert_int_equal(pa_count("SELECT COUNT(*) FROM pa_logins"), 1);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM pa_logins WHERE length(token_hash) = 32"), 1);
}

static void a_wrong_password_and_an_unknown_user_look_the_same(void **state)
{
    (void)state;
    char one[600], other[600];
    assert_int_equal(pa_log_in("voice-user", "incorrect horse battery", PA_NOW), 403);
    snprintf(one, sizeof(one), "%s", pa_x.body_out);
    assert_int_equal(pa_log_in("nobody", "correct horse battery", PA_NOW), 403);
    snprintf(other, sizeof(other), "%s", pa_x.body_out);
    assert_string_equal(one, other);
    assert_int_equal(pa_x.n_fields, 0);
    assert_int_equal(pa_count("SELECT failures FROM pa_accounts"), 1);
    assert_int_equal(pa_count("SELECT level_ms FROM limits WHERE what = 'pa login' AND who = '192.0.2.1'"), 2 * STIR_PA_WRONG_MS);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM audit"), 1);
}

static void an_address_with_many_wrong_passwords_has_to_wait(void **state)
{
    (void)state;
    int64_t seconds = STIR_PA_WRONG_MAX_MS / 1000;
    store_sql(clerk.store, "INSERT INTO limits (what, who, level_ms, at_ms) VALUES ('pa login', '192.0.2.1', 590000, 1780272000000)");
    assert_int_equal(pa_log_in("voice-user", "correct horse battery", PA_NOW), 429);
    PA_EXPECT(429, "rate");
    assert_string_equal(pa_field("Retry-After"), "10");
    assert_int_equal(pa_log_in("voice-user", "correct horse battery", PA_NOW + 10), 200);
    assert_int_equal(pa_log_in("voice-user", "incorrect horse battery", PA_NOW + 10), 403);
    assert_int_equal(pa_log_in("voice-user", "correct horse battery", PA_NOW + 11), 429);
    (void)stir_pa_chores(pa, &clerk, PA_NOW + 10 + seconds);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM limits"), 1);
    (void)stir_pa_chores(pa, &clerk, PA_NOW + 11 + seconds);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM limits"), 0);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM pa_logins"), 1);
    (void)stir_pa_chores(pa, &clerk, PA_NOW + 3610);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM pa_logins"), 0);
}

static void a_clock_that_was_set_back_makes_nothing(void **state)
{
    (void)state;
    assert_err(stir_pa_ca_add(&clerk, ca_root.cert, "Example", NULL, "user test", PA_NOW, &diag), STIR_OK);
    assert_err(stir_pa_publish(pa, &clerk, PA_NOW, &diag), STIR_OK);
    pa->crl.from = PA_NOW + 10;
    assert_err(stir_pa_publish(pa, &clerk, PA_NOW + 9, &diag), STIR_ETIME);
    assert_non_null(strstr(diag.text, "clock"));
    pa->crl.from = PA_NOW;
    pa->signer.from = PA_NOW + 10;
    assert_err(stir_pa_publish(pa, &clerk, PA_NOW + 9, &diag), STIR_ETIME);
    assert_err(stir_pa_publish(pa, &clerk, PA_NOW + 10, &diag), STIR_OK);
}

static void what_goes_on_failing_is_not_said_in_each_round(void **state)
{
    (void)state;
    const int64_t until = pa->signer.until;
    pa->signer.until = PA_NOW; /* no list, and no CRL of the same signer */
    pa->crl.until = PA_NOW;
    assert_int_equal(stir_pa_chores(pa, &clerk, PA_NOW), STIR_PA_RETRY_MS);
    const int64_t again = atomic_load(&pa->say_again[STIR_PA_CHORE_CRL]);
    assert_true(again > 0);
    const struct timespec pause = {0, 2000000};
    nanosleep(&pause, NULL);
    (void)stir_pa_chores(pa, &clerk, PA_NOW);
    assert_int_equal(atomic_load(&pa->say_again[STIR_PA_CHORE_CRL]), again); /* nothing was said */
    pa->signer.until = pa->crl.until = until;
    (void)stir_pa_chores(pa, &clerk, PA_NOW);
    assert_int_equal(atomic_load(&pa->say_again[STIR_PA_CHORE_CRL]), 0); /* the next fault is said at once */
}

static void an_account_is_locked_after_too_many_wrong_passwords(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(pa_log_in("voice-user", "incorrect horse battery", PA_NOW), 403);
    assert_int_equal(pa_log_in("voice-user", "correct horse battery", PA_NOW + 1), 403);
    assert_int_equal(pa_log_in("voice-user", "correct horse battery", PA_NOW + 899), 403);
    assert_int_equal(pa_log_in("voice-user", "correct horse battery", PA_NOW + 900), 200);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM audit WHERE event = 'account locked'"), 1);
}

static void a_right_password_forgets_the_wrong_ones(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pa_log_in("voice-user", "incorrect horse battery", PA_NOW), 403);
    pa_log_in_well();
    assert_int_equal(pa_count("SELECT failures FROM pa_accounts"), 0);
}

static void a_login_that_is_none_is_told_what_it_lacks(void **state)
{
    (void)state;
    static const struct {
        const char *body, *code;
        int status;
    } rows[] = {
        {"", "not-json", 400},
        {"[]", "not-json", 400},
        {"{\"userId\":\"a\"", "not-json", 400},
        {"{\"userId\":\"a\",\"userId\":\"b\",\"password\":\"c\"}", "not-json", 400},
        {"{\"userId\":\"a\"}", "members", 400},
        {"{\"userId\":\"a\",\"password\":7}", "members", 400},
        {"{\"password\":\"a\"}", "members", 400},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        PA_ASK(.method = "POST", .path = "/api/v1/auth/login", .body = rows[i].body);
        PA_EXPECT(rows[i].status, rows[i].code);
    }
    PA_ASK(.method = "POST", .path = "/api/v1/auth/login", .body = "userId=a", .type = "application/x-www-form-urlencoded");
    PA_EXPECT(415, "content-type");
    char *longer = calloc(1, STIR_PA_MAX_REQUEST + 2);
    memset(longer, ' ', STIR_PA_MAX_REQUEST + 1);
    PA_ASK(.method = "POST", .path = "/api/v1/auth/login", .body = longer);
    PA_EXPECT(413, "body-too-long");
    free(longer);
}

static void whoever_logs_out_is_out(void **state)
{
    (void)state;
    pa_log_in_well();
    assert_int_equal(PA_ASK(.method = "POST", .path = "/api/v1/auth/logout", .authorization = pa_bearer), 200);
    PA_ASK(.method = "POST", .path = "/api/v1/auth/logout", .authorization = pa_bearer);
    PA_EXPECT(403, "credentials");
    PA_ASK(.method = "POST", .path = "/at/account/voice/token", .authorization = pa_bearer, .body = PA_ATC(PA_709J, "false"));
    PA_EXPECT(403, "credentials");
}

static void a_new_password_ends_what_was_logged_in_and_unlocks(void **state)
{
    (void)state;
    pa_log_in_well();
    char old[300];
    snprintf(old, sizeof(old), "%s", pa_bearer);
    for (int i = 0; i < 3; i++)
        (void)pa_log_in("voice-user", "incorrect horse battery", PA_NOW);
    assert_err(stir_pa_password(&clerk, "voice-user", "another horse battery", "user test", PA_NOW, &diag), STIR_OK);
    PA_ASK(.method = "POST", .path = "/at/account/voice/token", .authorization = old, .body = PA_ATC(PA_709J, "false"));
    PA_EXPECT(403, "credentials");
    assert_int_equal(pa_log_in("voice-user", "correct horse battery", PA_NOW), 403);
    assert_int_equal(pa_log_in("voice-user", "another horse battery", PA_NOW), 200);
    assert_err(stir_pa_password(&clerk, "nobody", "another horse battery", "user test", PA_NOW, &diag), STIR_ENOTFOUND);
    assert_err(stir_pa_password(&clerk, "voice-user", "short", "user test", PA_NOW, &diag), STIR_EVALUE);
}

static void stored_passwords_that_cannot_be_read_let_nobody_in(void **state)
{
    (void)state;
    static const char *const rows[] = {"",
                                       "correct horse battery",
                                       "scrypt",
                                       "scrypt$32768$8$1$AAAAAAAAAAAAAAAAAAAAAA$",
                                       "scrypt$0$8$1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                       "scrypt$99999999999$8$1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_false(stir_pa_password_is(S(rows[i]), S("correct horse battery")));
    assert_false(stir_pa_password_is(S(NULL), S("")));
    char text[STIR_PA_PASSWORD_TEXT], other[STIR_PA_PASSWORD_TEXT];
    assert_err(stir_pa_password_make(text, S("pass")), STIR_OK);
    assert_err(stir_pa_password_make(other, S("pass")), STIR_OK);
    assert_string_not_equal(text, other);
    assert_true(stir_pa_password_is(S(text), S("pass")));
    assert_false(stir_pa_password_is(S(text), S("pas")));
    assert_false(stir_pa_password_is(S(text), S("")));
}

/* ---- By hand ---- */

static void a_provider_is_added_once_with_good_codes_and_texts(void **state)
{
    (void)state;
    static const char *const good[] = {"1234"}, *const taken[] = {"709J"}, *const small[] = {"709j"}, *const brief[] = {"70J"}, *const lengthy[] = {"709JAB"},
                             *const sign[] = {"70-J"};
    const struct stir_pa_provider p = {.id = "new", .name = "New", .codes = good, .n_codes = 1, .user = "new-user", .password = "correct horse battery"};
    struct stir_pa_provider q = p;
#define ADD(err)                                                                         \
    assert_err(stir_pa_provider_add(&clerk, &q, "user test", PA_NOW, NULL, &diag), err); \
    q = p
    q.id = "voice";
    ADD(STIR_EEXISTS);
    q.user = "voice-user";
    ADD(STIR_EEXISTS);
    q.codes = taken;
    ADD(STIR_EEXISTS);
    q.codes = small;
    ADD(STIR_EVALUE);
    q.codes = brief;
    ADD(STIR_EVALUE);
    q.codes = lengthy;
    ADD(STIR_EVALUE);
    q.codes = sign;
    ADD(STIR_EVALUE);
    q.id = "";
    ADD(STIR_EVALUE);
    q.id = "a/b";
    ADD(STIR_EVALUE);
    q.id = "123456789012345678901234567890123";
    ADD(STIR_EVALUE);
    q.name = "";
    ADD(STIR_EVALUE);
    q.name = "two\nlines";
    ADD(STIR_EVALUE);
    q.name = "\xff";
    ADD(STIR_EVALUE);
    q.user = "";
    ADD(STIR_EVALUE);
    q.password = "elevenchars";
    ADD(STIR_EVALUE);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM pa_providers"), 1);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM pa_accounts"), 1);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM audit"), 1);
    ADD(STIR_OK);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM audit WHERE event = 'provider added' AND subject = 'new' AND actor = 'user test'"), 1);
#undef ADD
}

static void codes_are_held_by_one_provider(void **state)
{
    (void)state;
    assert_err(stir_pa_code_add(&clerk, "voice", "709J", "user test", PA_NOW, &diag), STIR_EEXISTS);
    assert_err(stir_pa_code_add(&clerk, "voice", "709j", "user test", PA_NOW, &diag), STIR_EVALUE);
    assert_err(stir_pa_code_add(&clerk, "nobody", "1234", "user test", PA_NOW, &diag), STIR_ENOTFOUND);
    assert_err(stir_pa_code_remove(&clerk, "voice", "1234", "user test", PA_NOW, &diag), STIR_ENOTFOUND);
    assert_err(stir_pa_code_remove(&clerk, "nobody", "709J", "user test", PA_NOW, &diag), STIR_ENOTFOUND);
    assert_err(stir_pa_code_add(&clerk, "voice", "1234", "user test", PA_NOW, &diag), STIR_OK);
}

static void see_provider(void *arg, const struct stir_pa_provider_row *row)
{
    int *n = arg;
    ++*n;
    assert_true(stir_slice_is(row->id, "voice"));
    assert_true(stir_slice_is(row->state, "active"));
    assert_true(stir_slice_is(row->codes, "[\"709J\",\"AB1CD\"]"));
    assert_true(stir_slice_is(row->contacts, "[]"));
    assert_true(stir_slice_is(row->account, pa_account));
    assert_true(stir_slice_is(row->user, "voice-user"));
    assert_true(row->tokens == 0 && row->created == PA_NOW && !row->may_ca);
}

static void providers_are_shown(void **state)
{
    (void)state;
    int n = 0;
    assert_err(stir_pa_providers(&clerk, NULL, see_provider, &n, &diag), STIR_OK);
    assert_err(stir_pa_providers(&clerk, "voice", see_provider, &n, &diag), STIR_OK);
    assert_int_equal(n, 2);
    assert_err(stir_pa_providers(&clerk, "nobody", see_provider, &n, &diag), STIR_ENOTFOUND);
}

#define T(name) cmocka_unit_test_setup_teardown(name, pa_set_up, pa_tear_down)

int main(int argc, char **argv)
{
    store_engine_of(argc, argv);
    const struct CMUnitTest tests[] = {
        T(every_path_of_the_administrator_is_his),
        T(paths_below_the_path_of_his_url_are_his_too),
        T(what_is_not_there_is_404_and_another_method_405),
        T(certificates_are_given_by_name_and_by_what_x5u_says),
        T(keys_that_do_not_belong_together_are_refused),
        T(a_login_gives_a_token_of_access_of_which_the_store_has_the_hash_alone),
        T(a_wrong_password_and_an_unknown_user_look_the_same),
        T(an_address_with_many_wrong_passwords_has_to_wait),
        T(an_account_is_locked_after_too_many_wrong_passwords),
        T(a_right_password_forgets_the_wrong_ones),
        T(a_login_that_is_none_is_told_what_it_lacks),
        T(whoever_logs_out_is_out),
        T(a_new_password_ends_what_was_logged_in_and_unlocks),
        T(stored_passwords_that_cannot_be_read_let_nobody_in),
        T(a_provider_is_added_once_with_good_codes_and_texts),
        T(codes_are_held_by_one_provider),
        T(providers_are_shown),
        T(a_clock_that_was_set_back_makes_nothing),
        T(what_goes_on_failing_is_not_said_in_each_round),
    };
    int failed = cmocka_run_group_tests(tests, pa_begin_parties, pa_end_parties);
    stir_exchange_clear(&pa_x);
    return failed;
}
