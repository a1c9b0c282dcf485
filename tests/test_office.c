/* The office: clerks, their queue, readings that change under way, chores, and a store that fails. The two services stand in for themselves; the store is real
 * but where it is made to fail. Under ThreadSanitizer too. Over 600 lines, and one subject: one
 * office and all that happens to it. */
#include "folder_support.h"

#include "core/bytes.h"

#include "service/ca.h"
#include "service/live.h"
#include "service/office.h"
#include "service/pa.h"
#include "service/records.h"
#include "service/worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

/* ---- Stand-ins ---- */

struct stir_ca {
    int number;
};
struct stir_pa {
    int number;
};

static atomic_int alive, made, recovered, chores_done, chores_inside, chores_twice, settings;
static atomic_int inside; /* requests that a service has begun and not answered */
static atomic_bool shut, chores_shut, recover_fails, store_fails, no_store;
static atomic_int chores_every = 60000; /* milliseconds; set before the office begins */

static void pause_ms(int ms)
{
    const struct timespec wait = {.tv_nsec = ms * 1000000L};
    nanosleep(&wait, NULL);
}

struct stir_setting *stir_setting_ref(struct stir_setting *setting)
{
    atomic_fetch_add(&settings, 1);
    return setting;
}

void stir_setting_free(struct stir_setting *setting)
{
    if (setting)
        atomic_fetch_sub(&settings, 1);
}

void stir_records_say(struct stir_records *records, int level, const char *event, const char *format, ...)
{
    (void)records, (void)level, (void)event, (void)format;
}

enum stir_err stir_ca_new(struct stir_ca **out, const struct stir_conf *conf, struct stir_ca *before, const struct stir_ca_say *say)
{
    if (!conf->ca.url[0]) {
        say->say(say->arg, true, "[ca] url: is what this test refuses");
        return STIR_EVALUE;
    }
    (void)before;
    *out = malloc(sizeof(**out));
    assert_non_null(*out);
    (*out)->number = atomic_fetch_add(&made, 1) + 1;
    atomic_fetch_add(&alive, 1);
    return STIR_OK;
}

void stir_ca_free(struct stir_ca *ca)
{
    if (!ca)
        return;
    atomic_fetch_sub(&alive, 1);
    free(ca);
}

bool stir_ca_owns(const struct stir_ca *ca, struct stir_slice path)
{
    return ca->number && path.n >= 5 && memcmp(path.p, "/acme", 5) == 0;
}

void stir_ca_serve(struct stir_ca *ca, struct stir_clerk *clerk, struct stir_exchange *x)
{
    char text[32];
    assert_non_null(clerk->store);
    atomic_fetch_add(&inside, 1);
    while (atomic_load(&shut))
        pause_ms(1);
    x->event = "acme test";
    x->hurry = stir_slice_eq(x->path, stir_slice_str("/acme/hurry"));
    bool fails = stir_slice_eq(x->path, stir_slice_str("/acme/fail"));
    snprintf(text, sizeof(text), "%d", ca->number);
    (void)stir_exchange_answer(x, fails ? 500 : 200, "text/plain", stir_slice_str(text));
    atomic_fetch_sub(&inside, 1);
}

enum stir_err stir_ca_recover(struct stir_ca *ca, struct stir_clerk *clerk, int64_t now, struct stir_diag *diag)
{
    assert_non_null(ca);
    assert_non_null(clerk->store);
    assert_true(now > 0);
    atomic_fetch_add(&recovered, 1);
    return atomic_load(&recover_fails) ? stir_diag_set(diag, STIR_EIO, SIZE_MAX, "no recovery") : STIR_OK;
}

int64_t stir_ca_chores(struct stir_ca *ca, struct stir_clerk *clerk, int64_t now)
{
    (void)clerk, (void)now;
    if (atomic_fetch_add(&chores_inside, 1))
        atomic_fetch_add(&chores_twice, 1);
    while (atomic_load(&chores_shut))
        pause_ms(1);
    atomic_fetch_sub(&chores_inside, 1);
    atomic_fetch_add(&chores_done, ca->number > 0);
    return atomic_load(&chores_every);
}

bool stir_ca_ready(struct stir_ca *ca, int64_t now, char *buf, size_t cap)
{
    (void)now;
    snprintf(buf, cap, "ca %d is fine", ca->number);
    return true;
}

enum stir_err stir_pa_new(struct stir_pa **out, const struct stir_conf *conf, const struct stir_pa_say *say)
{
    (void)conf, (void)say;
    *out = calloc(1, sizeof(**out));
    assert_non_null(*out);
    atomic_fetch_add(&alive, 1);
    return STIR_OK;
}

void stir_pa_free(struct stir_pa *pa)
{
    if (!pa)
        return;
    atomic_fetch_sub(&alive, 1);
    free(pa);
}

bool stir_pa_owns(const struct stir_pa *pa, struct stir_slice path)
{
    (void)pa;
    return path.n >= 8 && memcmp(path.p, "/sti-pa/", 8) == 0;
}

void stir_pa_serve(struct stir_pa *pa, struct stir_clerk *clerk, struct stir_exchange *x)
{
    (void)pa, (void)clerk;
    (void)stir_exchange_answer(x, 201, "text/plain", stir_slice_str("pa"));
}

int64_t stir_pa_chores(struct stir_pa *pa, struct stir_clerk *clerk, int64_t now)
{
    (void)pa, (void)clerk, (void)now;
    return 60000;
}

bool stir_pa_ready(struct stir_pa *pa, struct stir_clerk *clerk, int64_t now, char *buf, size_t cap)
{
    (void)pa, (void)clerk, (void)now;
    snprintf(buf, cap, "pa: no list");
    return false;
}

enum stir_err __real_stir_store_look(struct stir_store *store, enum stir_err (*work)(struct stir_store *store, void *arg), void *arg, struct stir_diag *diag);
enum stir_err __wrap_stir_store_look(struct stir_store *store, enum stir_err (*work)(struct stir_store *store, void *arg), void *arg, struct stir_diag *diag);
enum stir_err __wrap_stir_store_look(struct stir_store *store, enum stir_err (*work)(struct stir_store *store, void *arg), void *arg, struct stir_diag *diag)
{
    if (atomic_load(&store_fails))
        return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "a test's");
    return __real_stir_store_look(store, work, arg, diag);
}

enum stir_err __real_stir_store_open(struct stir_store **out, const char *where, const struct stir_store_schema *schema, bool create, struct stir_diag *diag);
enum stir_err __wrap_stir_store_open(struct stir_store **out, const char *where, const struct stir_store_schema *schema, bool create, struct stir_diag *diag);
enum stir_err __wrap_stir_store_open(struct stir_store **out, const char *where, const struct stir_store_schema *schema, bool create, struct stir_diag *diag)
{
    if (atomic_load(&no_store))
        return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "a test's");
    return __real_stir_store_open(out, where, schema, create, diag);
}

/* ---- Fixture ---- */

struct lab {
    char url[128];
    struct stir_conf conf;
    struct stir_setting setting;
    struct stir_office *office;
    struct stir_loop *loop;
    char said[200];
};

static void say(void *arg, bool fatal, const char *text)
{
    struct lab *lab = arg;
    (void)fatal;
    snprintf(lab->said, sizeof(lab->said), "%s", text);
}

static struct stir_office_reading *read_again(struct lab *lab)
{
    const struct stir_office_say to = {say, lab};
    struct stir_office_reading *reading = NULL;
    assert_err(stir_office_read(&reading, &lab->setting, lab->office, &to), STIR_OK);
    return reading;
}

static void prepare(struct lab *lab, unsigned roles, int clerks, int max)
{
    memset(lab, 0, sizeof(*lab));
    folder_make();
    snprintf(lab->url, sizeof(lab->url), "%s", path_in("store.db"));
    lab->conf.server.roles = roles;
    lab->conf.store = (struct stir_conf_store){.url = lab->url, .node = "", .clerks = clerks, .max_jobs = max};
    lab->conf.ca.url = "https://ca.example/acme";
    lab->setting.conf = &lab->conf;
    alive = made = recovered = chores_done = chores_inside = chores_twice = settings = inside = 0;
    shut = chores_shut = recover_fails = store_fails = no_store = false;
    assert_err(stir_loop_new(&lab->loop), STIR_OK);
}

static void begin(struct lab *lab, unsigned roles, int clerks, int max)
{
    struct stir_diag diag = {0};
    prepare(lab, roles, clerks, max);
    enum stir_err err = stir_office_new(&lab->office, read_again(lab), NULL, NULL, &diag);
    if (err != STIR_OK)
        fail_msg("%s", diag.text);
}

static void end(struct lab *lab)
{
    stir_office_free(lab->office);
    stir_loop_free(lab->loop);
    folder_remove();
    assert_int_equal(alive, 0);
    assert_int_equal(settings, 0);
    assert_int_equal(chores_twice, 0);
    chores_every = 60000;
}

struct ask {
    struct stir_office_job job; /* first */
    pthread_t thread;
    int answered;
};

static void done(struct stir_office_job *job)
{
    struct ask *ask = (struct ask *)(void *)job;
    ask->thread = pthread_self();
    ask->answered++;
}

static bool give(struct lab *lab, struct ask *ask, const char *path)
{
    *ask = (struct ask){.job = {.loop = lab->loop, .done = done, .who = stir_office_whose(lab->office, stir_slice_str(path))}};
    ask->job.x.path = stir_slice_str(path);
    return stir_office_give(lab->office, &ask->job);
}

static void await(struct lab *lab, const struct ask *ask)
{
    for (int turn = 0; turn < 2000 && !ask->answered; turn++)
        stir_loop_turn(lab->loop, 10);
    assert_int_equal(ask->answered, 1);
}

/* Until `*value` is that. */
static void until(atomic_int *value, int least)
{
    for (int turn = 0; turn < 20000 && atomic_load(value) < least; turn++)
        pause_ms(1);
    assert_true(atomic_load(value) >= least);
}

static void is_answer(struct ask *ask, int status, const char *body)
{
    assert_int_equal(ask->job.x.status, status);
    if (body)
        assert_string_equal(ask->job.x.body_out, body);
    stir_exchange_clear(&ask->job.x);
}

/* ---- Tests ---- */

static void a_request_is_answered_on_the_loop_it_came_from(void **state)
{
    struct lab lab;
    struct ask ca, pa;
    (void)state;
    begin(&lab, STIR_ROLE_CA | STIR_ROLE_PA, 2, 10);
    assert_int_equal(recovered, 1);
    assert_true(give(&lab, &ca, "/acme/directory"));
    assert_true(give(&lab, &pa, "/sti-pa/ca-list"));
    await(&lab, &ca);
    await(&lab, &pa);
    assert_true(pthread_equal(ca.thread, pthread_self()));
    is_answer(&ca, 200, "1");
    is_answer(&pa, 201, "pa");
    end(&lab);
}

static void a_path_is_of_one_of_them_or_nobodys(void **state)
{
    struct lab lab;
    (void)state;
    begin(&lab, STIR_ROLE_CA | STIR_ROLE_PA, 1, 10);
    assert_int_equal(stir_office_whose(lab.office, stir_slice_str("/acme/x")), STIR_OFFICE_CA);
    assert_int_equal(stir_office_whose(lab.office, stir_slice_str("/sti-pa/x")), STIR_OFFICE_PA);
    assert_int_equal(stir_office_whose(lab.office, stir_slice_str("/v1/sign")), STIR_OFFICE_NOBODY);
    end(&lab);
    begin(&lab, STIR_ROLE_PA, 1, 10);
    assert_int_equal(stir_office_whose(lab.office, stir_slice_str("/acme/x")), STIR_OFFICE_NOBODY);
    end(&lab);
}

static void more_than_may_wait_are_turned_away(void **state)
{
    struct lab lab;
    struct ask ask[4];
    struct stir_exchange busy = {.status = 0};
    (void)state;
    begin(&lab, STIR_ROLE_CA, 1, 2);
    shut = true;
    assert_true(give(&lab, &ask[0], "/acme/a"));
    until(&inside, 1);
    assert_true(give(&lab, &ask[1], "/acme/b"));
    assert_true(give(&lab, &ask[2], "/acme/c"));
    assert_false(give(&lab, &ask[3], "/acme/d"));
    shut = false;
    for (size_t i = 0; i < 3; i++) {
        await(&lab, &ask[i]);
        is_answer(&ask[i], 200, NULL);
    }
    assert_int_equal(ask[3].answered, 0);
    stir_office_busy(&busy, STIR_OFFICE_CA);
    assert_int_equal(busy.status, 503);
    assert_string_equal(busy.type, "application/problem+json");
    assert_string_equal(busy.fields[0].name, "Retry-After");
    stir_exchange_clear(&busy);
    end(&lab);
}

static void a_request_ends_on_the_reading_that_it_began_with(void **state)
{
    struct lab lab;
    struct ask before, after;
    (void)state;
    begin(&lab, STIR_ROLE_CA, 2, 10);
    shut = true;
    assert_true(give(&lab, &before, "/acme/a"));
    until(&inside, 1);
    stir_office_take(lab.office, read_again(&lab));
    assert_int_equal(alive, 2);
    shut = false;
    await(&lab, &before);
    assert_true(give(&lab, &after, "/acme/b"));
    await(&lab, &after);
    is_answer(&before, 200, "1");
    is_answer(&after, 200, "2");
    end(&lab);
}

static void a_reading_that_is_refused_changes_nothing(void **state)
{
    struct lab lab;
    struct ask ask;
    struct stir_office_reading *reading = NULL;
    (void)state;
    begin(&lab, STIR_ROLE_CA | STIR_ROLE_PA, 1, 10);
    const struct stir_office_say to = {say, &lab};
    lab.conf.ca.url = "";
    assert_err(stir_office_read(&reading, &lab.setting, lab.office, &to), STIR_EVALUE);
    assert_null(reading);
    assert_string_equal(lab.said, "[ca] url: is what this test refuses");
    assert_true(give(&lab, &ask, "/acme/a"));
    await(&lab, &ask);
    is_answer(&ask, 200, "1");
    stir_office_forget(NULL);
    end(&lab);
}

static void a_role_that_went_under_way_is_not_found(void **state)
{
    struct lab lab;
    struct ask ask;
    (void)state;
    begin(&lab, STIR_ROLE_CA | STIR_ROLE_PA, 1, 10);
    shut = true;
    assert_true(give(&lab, &ask, "/acme/a"));
    until(&inside, 1);
    struct ask late;
    assert_true(give(&lab, &late, "/acme/b"));
    lab.conf.server.roles = STIR_ROLE_PA;
    stir_office_take(lab.office, read_again(&lab));
    shut = false;
    await(&lab, &ask);
    await(&lab, &late);
    is_answer(&ask, 200, "1");
    is_answer(&late, 404, NULL);
    end(&lab);
}

static void *stop_office(void *office)
{
    stir_office_stop(office);
    return NULL;
}

static void at_the_end_what_was_begun_is_finished_and_what_waits_is_told(void **state)
{
    struct lab lab;
    struct ask ask[3];
    pthread_t thread;
    (void)state;
    begin(&lab, STIR_ROLE_CA, 1, 10);
    shut = true;
    assert_true(give(&lab, &ask[0], "/acme/a"));
    until(&inside, 1);
    assert_true(give(&lab, &ask[1], "/acme/b"));
    assert_true(give(&lab, &ask[2], "/acme/c"));
    assert_int_equal(pthread_create(&thread, NULL, stop_office, lab.office), 0);
    await(&lab, &ask[1]);
    await(&lab, &ask[2]);
    assert_int_equal(ask[0].answered, 0);
    shut = false;
    await(&lab, &ask[0]);
    assert_int_equal(pthread_join(thread, NULL), 0);
    struct ask late;
    assert_false(give(&lab, &late, "/acme/d"));
    is_answer(&ask[0], 200, "1");
    is_answer(&ask[1], 503, NULL);
    is_answer(&ask[2], 503, NULL);
    end(&lab);
}

static void chores_are_one_clerks_and_keep_no_request_waiting(void **state)
{
    struct lab lab;
    struct ask ask[20];
    (void)state;
    chores_every = 1;
    begin(&lab, STIR_ROLE_CA, 4, 100);
    until(&chores_done, 1);
    chores_shut = true;
    until(&chores_inside, 1);
    for (size_t i = 0; i < 20; i++) {
        assert_true(give(&lab, &ask[i], "/acme/a"));
        await(&lab, &ask[i]);
        is_answer(&ask[i], 200, "1");
    }
    assert_int_equal(chores_inside, 1);
    chores_shut = false;
    until(&chores_done, 3);
    end(&lab);
}

static void one_clerk_does_both(void **state)
{
    struct lab lab;
    struct ask ask;
    (void)state;
    chores_every = 1;
    begin(&lab, STIR_ROLE_CA, 1, 10);
    for (int i = 0; i < 5; i++) {
        assert_true(give(&lab, &ask, "/acme/a"));
        await(&lab, &ask);
        is_answer(&ask, 200, "1");
        until(&chores_done, i + 1);
    }
    end(&lab);
}

static void a_hurry_brings_the_chores_at_once(void **state)
{
    struct lab lab;
    struct ask ask;
    (void)state;
    begin(&lab, STIR_ROLE_CA, 2, 10);
    until(&chores_done, 1);
    assert_true(give(&lab, &ask, "/acme/a"));
    await(&lab, &ask);
    is_answer(&ask, 200, "1");
    pause_ms(120);
    assert_int_equal(chores_done, 1); /* the next is in a minute */
    assert_true(give(&lab, &ask, "/acme/hurry"));
    await(&lab, &ask);
    is_answer(&ask, 200, "1");
    until(&chores_done, 2);
    end(&lab);
}

static void a_store_that_fails_is_opened_anew(void **state)
{
    struct lab lab;
    struct ask ask;
    char text[500];
    (void)state;
    begin(&lab, STIR_ROLE_CA, 1, 10);
    until(&chores_done, 1);
    store_fails = no_store = true;
    assert_true(give(&lab, &ask, "/acme/fail"));
    await(&lab, &ask);
    is_answer(&ask, 500, NULL);
    assert_true(give(&lab, &ask, "/acme/a"));
    await(&lab, &ask);
    is_answer(&ask, 503, NULL);
    stir_office_take(lab.office, read_again(&lab)); /* chores at once */
    for (int turn = 0; turn < 2000 && stir_office_ready(lab.office, text, sizeof(text)); turn++)
        pause_ms(10);
    assert_non_null(strstr(text, "store.db: cannot be reached"));
    store_fails = no_store = false;
    for (int turn = 0; turn < 2000 && !stir_office_ready(lab.office, text, sizeof(text)); turn++)
        pause_ms(10);
    assert_string_equal(text, "ca 2 is fine\n");
    assert_true(give(&lab, &ask, "/acme/a"));
    await(&lab, &ask);
    is_answer(&ask, 200, "2");
    end(&lab);
}

static void a_fault_of_a_request_keeps_the_store(void **state)
{
    struct lab lab;
    struct ask ask;
    (void)state;
    begin(&lab, STIR_ROLE_CA, 1, 10);
    no_store = true; /* it could not be opened again */
    for (int i = 0; i < 3; i++) {
        assert_true(give(&lab, &ask, "/acme/fail"));
        await(&lab, &ask);
        is_answer(&ask, 500, "1");
    }
    end(&lab);
}

static void readiness_says_what_both_say(void **state)
{
    struct lab lab;
    char text[500];
    (void)state;
    begin(&lab, STIR_ROLE_CA | STIR_ROLE_PA, 1, 10);
    assert_false(stir_office_ready(lab.office, text, sizeof(text)));
    assert_string_equal(text, "pa: no list\nca 1 is fine\n");
    end(&lab);
}

static void what_cannot_begin_leaves_nothing(void **state)
{
    struct lab lab;
    struct stir_diag diag = {0};
    (void)state;
    prepare(&lab, STIR_ROLE_CA, 2, 10);
    struct stir_office_reading *reading = read_again(&lab);
    recover_fails = true;
    assert_err(stir_office_new(&lab.office, reading, NULL, NULL, &diag), STIR_EIO);
    assert_string_equal(diag.text, "no recovery");
    no_store = true;
    assert_err(stir_office_new(&lab.office, reading, NULL, NULL, &diag), STIR_EIO);
    assert_null(lab.office);
    assert_int_equal(alive, 1); /* the reading is still the caller's */
    stir_office_forget(reading);
    end(&lab);
}

/* ---- Many threads ---- */

enum { THREADS = 3, REQUESTS = 300, RELOADS = 30 };

struct crowd {
    struct lab *lab;
    struct lab own; /* its loop */
    pthread_t thread;
    struct ask *asks;
};

static void *crowd_asks(void *arg)
{
    struct crowd *crowd = arg;
    size_t given = 0, got = 0;
    for (size_t i = 0; i < REQUESTS; i++) {
        struct ask *ask = &crowd->asks[i];
        *ask = (struct ask){.job = {.loop = crowd->own.loop, .done = done, .who = STIR_OFFICE_CA}};
        ask->job.x.path = stir_slice_str(i % 7 ? "/acme/a" : "/acme/hurry");
        while (!stir_office_give(crowd->lab->office, &ask->job))
            stir_loop_turn(crowd->own.loop, 1);
        given++;
    }
    for (int turn = 0; turn < 20000 && got < given; turn++) {
        stir_loop_turn(crowd->own.loop, 1);
        got = 0;
        for (size_t i = 0; i < REQUESTS; i++)
            got += (size_t)crowd->asks[i].answered;
    }
    return NULL;
}

static void all_are_answered_once_while_readings_change(void **state)
{
    static struct ask asks[THREADS][REQUESTS];
    struct crowd crowds[THREADS];
    struct lab lab;
    (void)state;
    chores_every = 1;
    begin(&lab, STIR_ROLE_CA | STIR_ROLE_PA, 3, 20);
    for (size_t i = 0; i < THREADS; i++) {
        crowds[i] = (struct crowd){.lab = &lab, .asks = asks[i]};
        assert_err(stir_loop_new(&crowds[i].own.loop), STIR_OK);
        assert_int_equal(pthread_create(&crowds[i].thread, NULL, crowd_asks, &crowds[i]), 0);
    }
    for (int i = 0; i < RELOADS; i++) {
        char text[100];
        stir_office_take(lab.office, read_again(&lab));
        (void)stir_office_ready(lab.office, text, sizeof(text));
        pause_ms(1);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(crowds[i].thread, NULL), 0);
        stir_loop_free(crowds[i].own.loop);
        for (size_t k = 0; k < REQUESTS; k++) {
            assert_int_equal(asks[i][k].answered, 1);
            is_answer(&asks[i][k], 200, NULL);
        }
    }
    end(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_answered_on_the_loop_it_came_from),
        cmocka_unit_test(a_path_is_of_one_of_them_or_nobodys),
        cmocka_unit_test(more_than_may_wait_are_turned_away),
        cmocka_unit_test(a_request_ends_on_the_reading_that_it_began_with),
        cmocka_unit_test(a_reading_that_is_refused_changes_nothing),
        cmocka_unit_test(a_role_that_went_under_way_is_not_found),
        cmocka_unit_test(at_the_end_what_was_begun_is_finished_and_what_waits_is_told),
        cmocka_unit_test(chores_are_one_clerks_and_keep_no_request_waiting),
        cmocka_unit_test(one_clerk_does_both),
        cmocka_unit_test(a_hurry_brings_the_chores_at_once),
        cmocka_unit_test(a_store_that_fails_is_opened_anew),
        cmocka_unit_test(a_fault_of_a_request_keeps_the_store),
        cmocka_unit_test(readiness_says_what_both_say),
        cmocka_unit_test(what_cannot_begin_leaves_nothing),
        cmocka_unit_test(all_are_answered_once_while_readings_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
