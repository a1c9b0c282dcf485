/* The process ends at each named moment of the administrator's work: what is recorded is whole, and the same can be done again. */
#include "pa_support.h"

#include <sys/wait.h>

enum { ENDED = 77 };

static char token[STIR_PA_REPORT_TOKEN];
static const char *end_at;

static void end_there(const char *point)
{
    if (strcmp(point, end_at) == 0)
        _exit(ENDED);
}

static int set_up(void **state)
{
    (void)state;
    pa_open();
    assert_err(stir_pa_ca_add(&clerk, ca_root.cert, "Example", token, "user test", PA_NOW, &diag), STIR_OK);
    pa_log_in_well();
    return 0;
}

/* ---- What is done ---- */

static bool log_in(void)
{
    return pa_log_in("voice-user", "correct horse battery", PA_NOW) == 200;
}

static bool ask_token(void)
{
    return PA_ASK(.method = "POST", .path = "/at/account/voice/token", .authorization = pa_bearer, .body = PA_ATC(PA_709J, "false")) == 200;
}

static bool publish(void)
{
    return stir_pa_publish(pa, &clerk, PA_NOW, &diag) == STIR_OK;
}

static bool report(void)
{
    char body[400];
    struct stir_writer w = stir_writer_of(body, sizeof(body));
    stir_put_text(&w, "{\"issuer\":\"");
    stir_put_b64url(&w, stir_cert_info(ca_root.cert)->subject_der);
    stir_put_text(&w, "\",\"serial\":\"0A\"}");
    return stir_writer_close(&w, NULL) == STIR_OK && PA_ASK(.method = "POST", .path = "/sti-pa/revocation", .authorization = token, .body = body) == 200;
}

static bool add_provider(void)
{
    static const char *const codes[] = {"1234"};
    const struct stir_pa_provider p = {.id = "two", .name = "Two", .codes = codes, .n_codes = 1, .user = "two", .password = "correct horse battery"};
    enum stir_err err = stir_pa_provider_add(&clerk, &p, "user test", PA_NOW, NULL, &diag);
    return err == STIR_OK || err == STIR_EEXISTS;
}

static const struct moment {
    const char *point;
    bool (*act)(void);
} moments[] = {
    {"pa login: password checked", log_in}, {"pa login: committed", log_in},         {"pa token: signed", ask_token},
    {"pa token: recorded", ask_token},      {"pa token: committed", ask_token},      {"pa list: signed", publish},
    {"pa list: recorded", publish},         {"pa list: committed", publish},         {"pa crl: signed", publish},
    {"pa crl: recorded", publish},          {"pa crl: committed", publish},          {"pa report: recorded", report},
    {"pa report: committed", report},       {"pa provider: recorded", add_provider},
};

/* ---- A process that ends in the middle ---- */

static void open_store(void)
{
    clerk.store = store_again(&stir_schema);
}

static void close_store(void)
{
    stir_store_close(clerk.store);
    clerk.store = NULL;
}

/* No connection to a store crosses a fork. */
static void end_in_the_middle(const struct moment *m)
{
    int status = 0;
    close_store();
    pid_t child = fork();
    if (child == 0) {
        end_at = m->point;
        stir_crash_hook = end_there;
        open_store();
        (void)m->act();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != ENDED)
        fail_msg("%s: was not reached (status %d)", m->point, status);
    open_store();
}

static void told(void *arg, const char *node, int64_t rows, const unsigned char head[STIR_SHA256], const char *fault)
{
    (void)arg;
    (void)rows;
    (void)head;
    if (fault)
        fail_msg("%s: %s", node, fault);
}

/* Whatever is recorded has its row of the audit, and the reverse. */
static void check(const char *point)
{
    static const struct {
        const char *rows, *events;
    } pairs[] = {
        {"SELECT COUNT(*) FROM pa_tokens", "SELECT COUNT(*) FROM audit WHERE event = 'token issued'"},
        {"SELECT MAX(sequence) FROM pa_lists", "SELECT MAX(CAST(subject AS BIGINT)) FROM audit WHERE event = 'trust list published'"},
        {"SELECT MAX(number) FROM pa_crls", "SELECT MAX(CAST(subject AS BIGINT)) FROM audit WHERE event = 'crl published'"},
        {"SELECT COUNT(*) FROM pa_revocations", "SELECT COUNT(*) FROM audit WHERE event = 'revocation recorded'"},
        {"SELECT COUNT(*) FROM pa_providers", "SELECT COUNT(*) FROM audit WHERE event = 'provider added'"},
        {"SELECT COUNT(*) FROM pa_accounts", "SELECT COUNT(*) FROM pa_providers"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (pa_count(pairs[i].rows) != pa_count(pairs[i].events))
            fail_msg("%s: \"%s\" and \"%s\" differ", point, pairs[i].rows, pairs[i].events);
    assert_err(stir_audit_verify(clerk.store, told, NULL, &diag), STIR_OK);
}

static void at_each_moment_what_is_recorded_is_whole_and_the_work_goes_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        end_in_the_middle(&moments[i]);
        check(moments[i].point);
        if (!moments[i].act())
            fail_msg("%s: cannot be done again: %d %s %s", moments[i].point, pa_x.status, pa_x.body_out ? pa_x.body_out : "", diag.text);
        check(moments[i].point);
    }
}

static void what_was_not_answered_was_not_promised(void **state)
{
    (void)state;
    int64_t before = pa_count("SELECT COUNT(*) FROM pa_tokens");
    end_in_the_middle(&(const struct moment){"pa token: recorded", ask_token});
    assert_true(pa_count("SELECT COUNT(*) FROM pa_tokens") == before);
    end_in_the_middle(&(const struct moment){"pa token: committed", ask_token});
    assert_true(pa_count("SELECT COUNT(*) FROM pa_tokens") == before + 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, pa_tear_down)

int main(int argc, char **argv)
{
    store_engine_of(argc, argv);
    const struct CMUnitTest tests[] = {
        T(at_each_moment_what_is_recorded_is_whole_and_the_work_goes_on),
        T(what_was_not_answered_was_not_promised),
    };
    int failed = cmocka_run_group_tests(tests, pa_begin_parties, pa_end_parties);
    stir_exchange_clear(&pa_x);
    return failed;
}
