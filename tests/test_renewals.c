/* Renewals: when a folder is worked on, what becomes of failures, and what is told. The ACME client stands in for itself, and so does the wall clock. Under
 * ThreadSanitizer too. */
#include "support.h"

#include "core/bytes.h"
#include "service/acme_client.h"
#include "service/metrics.h"
#include "service/records.h"
#include "service/renewals.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum { DAY = 86400, BEGIN = 1800000000, PATIENCE_MS = 10000 };

/* ---- Stand-ins ---- */

struct stir_acme {
    int folder; /* 'a', 'b' */
    struct stir_acme_told told;
};

static _Atomic int64_t now_s;
static atomic_int opened, obtained, renewed, inside, twice, says; /* says: an enum stir_err */
static atomic_bool hangs, no_folder, gave_up, has_one;            /* has_one: what it obtains is there already, and only its deployment is tried again */
static _Atomic int64_t from[2], until[2];                         /* of the certificate in use in each folder */

time_t __wrap_time(time_t *at);
time_t __wrap_time(time_t *at)
{
    (void)at;
    return (time_t)atomic_load(&now_s);
}

static void pause_ms(int ms)
{
    const struct timespec wait = {.tv_nsec = ms * 1000000L};
    nanosleep(&wait, NULL);
}

void stir_records_say(struct stir_records *records, int level, const char *event, const char *format, ...)
{
    (void)records, (void)level, (void)event, (void)format;
}

enum stir_err stir_acme_open(struct stir_acme **out, const char *dir, const struct stir_acme_told *told, struct stir_diag *diag)
{
    atomic_fetch_add(&opened, 1);
    if (atomic_load(&no_folder))
        return stir_diag_set(diag, STIR_ENOTFOUND, SIZE_MAX, "there is no acme.conf");
    *out = calloc(1, sizeof(**out));
    assert_non_null(*out);
    (*out)->folder = dir[1] - 'a';
    (*out)->told = *told;
    return STIR_OK;
}

void stir_acme_free(struct stir_acme *acme)
{
    free(acme);
}

enum stir_err stir_acme_current(struct stir_acme *acme, struct stir_acme_current *out, struct stir_diag *diag)
{
    (void)diag;
    memset(out, 0, sizeof(*out));
    snprintf(out->serial, sizeof(out->serial), "%llX", (unsigned long long)from[acme->folder]);
    out->not_before = from[acme->folder];
    out->not_after = until[acme->folder];
    return out->not_after ? STIR_OK : STIR_ENOTFOUND;
}

int64_t stir_acme_due(struct stir_acme *acme)
{
    return until[acme->folder] ? from[acme->folder] + (until[acme->folder] - from[acme->folder]) / 2 : 0;
}

bool stir_acme_is_under_way(struct stir_acme *acme)
{
    (void)acme;
    return atomic_load(&has_one);
}

enum stir_err stir_acme_obtain(struct stir_acme *acme, bool force, struct stir_diag *diag)
{
    assert_false(force);
    if (atomic_fetch_add(&inside, 1))
        atomic_fetch_add(&twice, 1);
    int waits = 0;
    while (atomic_load(&hangs) && !acme->told.stop(acme->told.arg) && waits++ < PATIENCE_MS)
        pause_ms(1);
    atomic_store(&gave_up, waits > PATIENCE_MS);
    atomic_fetch_sub(&inside, 1);
    atomic_fetch_add(&obtained, 1);
    enum stir_err err = (enum stir_err)atomic_load(&says);
    if (atomic_load(&hangs))
        return STIR_EBUSY;
    if ((err == STIR_OK || err == STIR_ESTATE) && !atomic_load(&has_one)) {
        from[acme->folder] = now_s;
        until[acme->folder] = now_s + 90 * DAY;
    }
    return err == STIR_OK ? STIR_OK : stir_diag_set(diag, err, SIZE_MAX, "it says no");
}

/* ---- Fixture ---- */

static struct stir_metrics *metrics;
static struct stir_renewals *renewals;
static struct stir_conf conf;
static struct stir_conf_signer signers[3];

static void count_renewed(void *arg)
{
    assert_ptr_equal(arg, &conf);
    atomic_fetch_add(&renewed, 1);
}

static void begin(size_t n)
{
    static const char *const folders[] = {"/a", "", "/b"}, *const names[] = {"one", "plain", "two"};
    for (size_t i = 0; i < 3; i++)
        signers[i] = (struct stir_conf_signer){.name = names[i], .acme = folders[i]};
    conf = (struct stir_conf){.signers = signers, .n_signers = n};
    assert_err(stir_metrics_new(&metrics), STIR_OK);
    assert_err(stir_renewals_new(&renewals, &conf, NULL, metrics, count_renewed, &conf), STIR_OK);
}

static int reset(void **state)
{
    (void)state;
    now_s = BEGIN;
    opened = obtained = renewed = inside = twice = says = 0;
    hangs = no_folder = gave_up = has_one = false;
    for (size_t i = 0; i < 2; i++)
        from[i] = until[i] = 0;
    return 0;
}

static void end(void)
{
    stir_renewals_free(renewals);
    stir_metrics_free(metrics);
    assert_int_equal(twice, 0);
}

static void reload(void)
{
    assert_true(stir_renewals_take(renewals, &conf));
}

static void reach(atomic_int *value, int least)
{
    for (int i = 0; i < 20000 && atomic_load(value) < least; i++)
        pause_ms(1);
    assert_true(atomic_load(value) >= least);
}

/* The state of a folder once it was worked on; `failures` of it. */
static struct stir_renewal_state settled(size_t index, unsigned failures)
{
    struct stir_renewal_state state = {.next = 0};
    for (int i = 0; i < 20000 && (!state.next || state.failures != failures); i++) {
        assert_true(stir_renewals_at(renewals, index, &state));
        pause_ms(1);
    }
    assert_int_equal(state.failures, failures);
    return state;
}

/* ---- Tests ---- */

static void what_is_not_there_yet_is_obtained_and_told(void **state)
{
    struct stir_renewal_state at;
    (void)state;
    begin(1);
    reach(&renewed, 1);
    at = settled(0, 0);
    assert_string_equal(at.name, "one");
    assert_int_equal(at.not_after, BEGIN + 90 * DAY);
    assert_int_equal(at.due, BEGIN + 45 * DAY);
    assert_int_equal(at.next, BEGIN + STIR_RENEWALS_LOOK);
    assert_int_equal(stir_metrics_get(metrics, STIR_METRIC_RENEWALS), 1);
    assert_false(stir_renewals_at(renewals, 1, &at));
    end();
    assert_int_equal(obtained, 1);
}

static void what_is_not_due_is_left_alone_until_it_is(void **state)
{
    (void)state;
    from[0] = BEGIN - 45 * DAY + 1800;
    until[0] = BEGIN + 45 * DAY + 1800;
    begin(1);
    assert_int_equal(settled(0, 0).next, BEGIN + 1800); /* sooner than the next look */
    assert_int_equal(obtained, 0);
    now_s = BEGIN + 1799;
    reload();
    pause_ms(50);
    assert_int_equal(obtained, 0);
    now_s = BEGIN + 1800;
    reload();
    reach(&renewed, 1);
    end();
}

static void a_failure_waits_longer_each_time(void **state)
{
    (void)state;
    for (unsigned i = 1; i < 40; i++) {
        int64_t wait = stir_renewals_wait(i);
        assert_true(wait >= STIR_RENEWALS_FIRST_WAIT && wait <= STIR_RENEWALS_MAX_WAIT);
        assert_true(i == 1 ? wait == STIR_RENEWALS_FIRST_WAIT : wait == 2 * stir_renewals_wait(i - 1) || wait == STIR_RENEWALS_MAX_WAIT);
    }
    says = STIR_EVALUE;
    begin(1);
    for (unsigned i = 1; i < 4; i++) {
        struct stir_renewal_state at = settled(0, i);
        assert_string_equal(at.why, "it says no");
        assert_int_equal(at.next, now_s + stir_renewals_wait(i));
        reload(); /* by whoever mended it */
    }
    settled(0, 4);
    assert_int_equal(renewed, 0);
    assert_int_equal(stir_metrics_get(metrics, STIR_METRIC_RENEWAL_FAILURES), 4);
    says = STIR_OK;
    reload();
    reach(&renewed, 1);
    assert_string_equal(settled(0, 0).why, "");
    end();
}

static void a_failure_is_not_tried_again_before_its_time(void **state)
{
    (void)state;
    no_folder = true;
    begin(1);
    int64_t next = settled(0, 1).next;
    pause_ms(100);
    assert_int_equal(opened, 1);
    assert_int_equal(next, BEGIN + STIR_RENEWALS_FIRST_WAIT);
    end();
}

static void one_after_the_other(void **state)
{
    struct stir_renewal_state at;
    (void)state;
    begin(3);
    reach(&renewed, 2);
    assert_string_equal(settled(1, 0).name, "two");
    conf.n_signers = 2; /* one of them has gone */
    reload();
    assert_false(stir_renewals_at(renewals, 1, &at));
    assert_int_equal(settled(0, 0).not_after, BEGIN + 90 * DAY); /* and what is known of the other stays */
    end();
    assert_int_equal(obtained, 2);
}

static void somebody_elses_work_is_no_failure(void **state)
{
    (void)state;
    says = STIR_EBUSY;
    begin(1);
    reach(&obtained, 1);
    assert_int_equal(settled(0, 0).next, BEGIN + STIR_RENEWALS_FIRST_WAIT);
    assert_int_equal(stir_metrics_get(metrics, STIR_METRIC_RENEWAL_FAILURES), 0);
    assert_int_equal(renewed, 0);
    end();
}

static void a_certificate_whose_hook_failed_is_used(void **state)
{
    (void)state;
    says = STIR_ESTATE;
    begin(1);
    reach(&renewed, 1);
    assert_int_equal(settled(0, 1).not_after, BEGIN + 90 * DAY);
    end();
}

static void a_hook_that_fails_again_is_no_second_renewal(void **state)
{
    (void)state;
    says = STIR_ESTATE;
    begin(1);
    reach(&renewed, 1);
    settled(0, 1);
    has_one = true;
    reload();
    settled(0, 2);
    says = STIR_OK;
    reload();
    settled(0, 0);
    end();
    assert_int_equal(obtained, 3);
    assert_int_equal(renewed, 1);
}

/* A person, or the timer of stir acme renew: without this the old one would be signed with until it is over. */
static void what_somebody_else_has_renewed_is_taken_into_use(void **state)
{
    (void)state;
    from[0] = BEGIN - DAY;
    until[0] = BEGIN + 89 * DAY;
    begin(1);
    settled(0, 0);
    assert_int_equal(renewed, 0);
    from[0] = BEGIN;
    until[0] = BEGIN + 90 * DAY;
    now_s = BEGIN + STIR_RENEWALS_LOOK;
    reload();
    reach(&renewed, 1);
    now_s = BEGIN + 2 * STIR_RENEWALS_LOOK;
    reload();
    reach(&opened, 3);
    assert_int_equal(stir_metrics_get(metrics, STIR_METRIC_RENEWALS), 0);
    end();
    assert_int_equal(obtained, 0);
    assert_int_equal(renewed, 1);
}

static void the_end_does_not_wait_for_an_order(void **state)
{
    (void)state;
    hangs = true;
    begin(1);
    reach(&inside, 1);
    end();
    assert_false(gave_up);
    assert_int_equal(obtained, 1);
    assert_int_equal(renewed, 0);
}

static void only_what_is_late_is_told(void **state)
{
    static const struct {
        int64_t from, until;
        const char *line;
    } rows[] = {
        {BEGIN - 50 * DAY, BEGIN + 40 * DAY, ""}, /* it fails, and there is time */
        {BEGIN - 61 * DAY, BEGIN + 29 * DAY, "renewal one: its certificate has less than a third of its life left and was not renewed: it says no\n"},
        {BEGIN - 91 * DAY, BEGIN - DAY, "renewal one: its certificate is over and was not renewed: it says no\n"},
        {0, 0, "renewal one: no certificate has come yet: it says no\n"},
    };
    char text[500];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        reset(state);
        says = STIR_EIO;
        from[0] = rows[i].from;
        until[0] = rows[i].until;
        begin(1);
        settled(0, 1);
        assert_int_equal(stir_renewals_ready(renewals, BEGIN, text, sizeof(text)), !rows[i].line[0]);
        assert_string_equal(text, rows[i].line);
        assert_int_equal(stir_renewals_ready(renewals, BEGIN, text, 10), !rows[i].line[0]);
        end();
    }
}

static void nobody_to_renew_is_fine(void **state)
{
    char text[10];
    (void)state;
    conf.n_signers = 0;
    begin(0);
    assert_true(stir_renewals_ready(renewals, BEGIN, text, sizeof(text)));
    assert_string_equal(text, "");
    end();
    stir_renewals_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_not_there_yet_is_obtained_and_told, reset),
        cmocka_unit_test_setup(what_is_not_due_is_left_alone_until_it_is, reset),
        cmocka_unit_test_setup(a_failure_waits_longer_each_time, reset),
        cmocka_unit_test_setup(a_failure_is_not_tried_again_before_its_time, reset),
        cmocka_unit_test_setup(one_after_the_other, reset),
        cmocka_unit_test_setup(somebody_elses_work_is_no_failure, reset),
        cmocka_unit_test_setup(a_certificate_whose_hook_failed_is_used, reset),
        cmocka_unit_test_setup(a_hook_that_fails_again_is_no_second_renewal, reset),
        cmocka_unit_test_setup(what_somebody_else_has_renewed_is_taken_into_use, reset),
        cmocka_unit_test_setup(the_end_does_not_wait_for_an_order, reset),
        cmocka_unit_test_setup(only_what_is_late_is_told, reset),
        cmocka_unit_test_setup(nobody_to_renew_is_fine, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
