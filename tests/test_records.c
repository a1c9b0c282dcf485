/* Log and evidence as the daemon has them: threads that put, threads that write, reloads, and a disk that takes no more. */
#include "service/records.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include "folder_support.h"
#include "record_support.h"

enum { PATIENCE_MS = 20000 };

static struct stir_metrics *metrics;
static struct stir_records *records;
static struct stir_conf conf;
static char log_path[512], evidence_dir[512];

static int set_up(void **state)
{
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    folder_make();
    snprintf(log_path, sizeof(log_path), "%s", path_in("log"));
    snprintf(evidence_dir, sizeof(evidence_dir), "%s", folder);
    conf = (struct stir_conf){
        .log = {.json = true, .level = 3, .file = log_path},
        .evidence = {.dir = evidence_dir, .memory_bytes = 1 << 20},
        .webhook = {.url = "", .token_file = ""},
        .metrics = {.max_trunks = 10},
        .hash = "0123456789abcdef",
    };
    assert_err(stir_metrics_new(&metrics), STIR_OK);
    return 0;
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static int tear_down(void **state)
{
    (void)state;
    limit_files(RLIM_INFINITY);
    stir_records_free(records);
    records = NULL;
    stir_metrics_free(metrics);
    folder_remove();
    return 0;
}

static void begin(void)
{
    struct stir_diag diag = {0};
    if (stir_records_new(&records, &conf, metrics, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
}

static void end(void)
{
    stir_records_free(records);
    records = NULL;
}

/* Wait until a file has that many lines with `text`. */
static void wait_for_lines(const char *name, const char *text, size_t n)
{
    for (int ms = 0; ms < PATIENCE_MS; ms += 20) {
        if (file_lines(name, text) >= n)
            return;
        sleep_ms(20);
    }
    fail_msg("%s has %zu lines with %s, not %zu", name, file_lines(name, text), text, n);
}

static void wait_for_metric(enum stir_metric metric, int64_t least)
{
    for (int ms = 0; ms < PATIENCE_MS; ms += 20) {
        if (stir_metrics_get(metrics, metric) >= least)
            return;
        sleep_ms(20);
    }
    fail_msg("metric %d stands at %lld, not %lld", (int)metric, (long long)stir_metrics_get(metrics, metric), (long long)least);
}

static void a_call_is_in_log_and_evidence_within_a_second_or_so(void **state)
{
    const struct stir_record sign = record_of_sign(), verify = record_of_verify(STIR_R_IAT_STALE);
    (void)state;
    begin();
    stir_records_put(records, &sign);
    stir_records_put(records, &verify);
    wait_for_lines("evidence.jsonl", "\"orig\":\"12155551212\"", 2); /* while it runs: a kill -9 from here on loses none of them */
    wait_for_lines("log", "\"orig\":\"121555512xx\"", 2);
    assert_int_equal(file_lines("log", "12155551212"), 0);
    assert_int_equal(file_lines("evidence.jsonl", "\"kind\":\"sign\""), 1);
    assert_int_equal(file_lines("evidence.jsonl", "\"kind\":\"verify\""), 1);
    wait_for_metric(STIR_METRIC_EVIDENCE_RECORDS, 2);
    wait_for_metric(STIR_METRIC_LOG_LINES, 2);
}

static void what_was_put_is_written_when_it_ends(void **state)
{
    const struct stir_record sign = record_of_sign();
    (void)state;
    begin();
    for (int i = 0; i < 500; i++)
        stir_records_put(records, &sign);
    end();
    assert_int_equal(file_lines("evidence.jsonl", "\"kind\":\"sign\""), 500);
    assert_int_equal(file_lines("log", "\"event\":\"sign\""), 500);
}

static void levels_below_the_chosen_one_are_silent(void **state)
{
    const struct stir_record sign = record_of_sign(), verify = record_of_verify(STIR_R_IAT_STALE);
    (void)state;
    conf.log.level = 2;
    begin();
    stir_records_put(records, &sign);
    stir_records_put(records, &verify);
    stir_records_say(records, 3, "trust", "refreshed %d lists", 3);
    stir_records_say(records, 1, "trust", "the list of %s is old", "us");
    end();
    assert_int_equal(file_lines("log", ""), 2);
    assert_int_equal(file_lines("log", "\"event\":\"verify\""), 1);
    assert_int_equal(file_lines("log", "\"text\":\"the list of us is old\""), 1);
    assert_int_equal(file_lines("evidence.jsonl", ""), 2);
}

/* The log samples, and says so; the evidence never does. */
static void under_load_the_log_is_sampled_and_the_evidence_is_not(void **state)
{
    const struct stir_record sign = record_of_sign();
    (void)state;
    conf.log.calls_per_second = 10;
    begin();
    for (int i = 0; i < 700; i++)
        stir_records_put(records, &sign);
    end();
    const size_t lines = file_lines("log", "\"event\":\"sign\"");
    char wanted[60];
    assert_true(lines >= 10 && lines <= 20); /* of one second, or of two */
    snprintf(wanted, sizeof(wanted), "\"text\":\"%zu lines about calls were left out", 700 - lines);
    assert_int_equal(file_lines("log", "\"event\":\"log-left-out\""), 1);
    assert_int_equal(file_lines("log", wanted), 1);
    assert_int_equal(stir_metrics_get(metrics, STIR_METRIC_LOG_LEFT_OUT), 700 - lines);
    assert_int_equal(file_lines("evidence.jsonl", "\"kind\":\"sign\""), 700);
}

static void each_record_has_a_name_of_its_own(void **state)
{
    const struct stir_record sign = record_of_sign();
    char first[40] = "", second[40] = "";
    (void)state;
    begin();
    stir_records_put(records, &sign);
    stir_records_put(records, &sign);
    end();
    char *text = file_text("evidence.jsonl"), *id = strstr(text, "\"id\":\"");
    assert_non_null(id);
    snprintf(first, sizeof(first), "%.30s", id);
    assert_non_null(id = strstr(id + 1, "\"id\":\""));
    snprintf(second, sizeof(second), "%.30s", id);
    assert_string_not_equal(first, second);
    free(text);
}

static void a_record_of_a_huge_call_is_there_in_short(void **state)
{
    static char big[STIR_MAX_IDENTITY * 8];
    static struct stir_slice identities[STIR_MAX_IDENTITIES];
    struct stir_record sign = record_of_sign();
    (void)state;
    memset(big, 'x', sizeof(big) - 1);
    for (size_t i = 0; i < STIR_MAX_IDENTITIES; i++)
        identities[i] = S(big);
    sign.identities = identities;
    sign.n_identities = 1;
    conf.evidence.memory_bytes = 8 << 20;
    begin();
    stir_records_put(records, &sign); /* 128 KiB: whole */
    sign.n_identities = STIR_MAX_IDENTITIES;
    stir_records_put(records, &sign); /* 2 MiB: more than any call has */
    end();
    assert_int_equal(file_lines("evidence.jsonl", "\"kind\":\"sign\""), 2);
    assert_int_equal(file_lines("evidence.jsonl", "xxxx"), 1);
    assert_int_equal(file_lines("evidence.jsonl", "\"in_short\":true"), 1);
    assert_int_equal(file_lines("evidence.jsonl", "\"sha256\":"), 1);
}

/* ---- A full disk ---- */

static void fill_up(const struct stir_record *record)
{
    for (int i = 0; i < 4000; i++)
        stir_records_put(records, record);
}

static void a_full_disk_is_said_counted_and_loses_nothing_that_was_safe(void **state)
{
    const struct stir_record sign = record_of_sign();
    char fault[300];
    (void)state;
    conf.evidence.memory_bytes = 100000;
    conf.log.level = 2; /* the log lies on the same disk */
    begin();
    stir_records_put(records, &sign);
    wait_for_lines("evidence.jsonl", "\"kind\":\"sign\"", 1);
    limit_files(150000); /* the file and the reserve have room for some, the memory for some more */
    fill_up(&sign);
    wait_for_metric(STIR_METRIC_EVIDENCE_FAULT, 1);
    wait_for_metric(STIR_METRIC_EVIDENCE_LOST, 1);
    assert_true(stir_records_may_sign(records)); /* go-on */
    stir_records_fault(records, fault, sizeof(fault));
    assert_non_null(strstr(fault, "evidence cannot be written in "));
    wait_for_lines("log", "\"level\":\"error\",\"event\":\"evidence\"", 2);
    wait_for_lines("log", "records of evidence are lost", 1);
    limit_files(RLIM_INFINITY);
    wait_for_lines("log", "evidence is written again", 1);
    assert_int_equal(stir_metrics_get(metrics, STIR_METRIC_EVIDENCE_FAULT), 0);
    stir_records_fault(records, fault, sizeof(fault));
    assert_string_equal(fault, "");
    end();
    /* every record is there or counted as lost */
    assert_int_equal(file_lines("evidence.jsonl", "\"kind\":\"sign\"") + (size_t)stir_metrics_get(metrics, STIR_METRIC_EVIDENCE_LOST), 4001);
    assert_int_equal(stir_metrics_get(metrics, STIR_METRIC_EVIDENCE_RECORDS) + stir_metrics_get(metrics, STIR_METRIC_EVIDENCE_LOST), 4001);
    assert_true(stir_metrics_get(metrics, STIR_METRIC_EVIDENCE_SPILLED) > 0);
}

static void without_evidence_nothing_is_signed_where_that_was_chosen(void **state)
{
    const struct stir_record sign = record_of_sign();
    (void)state;
    conf.evidence.when_full = STIR_FULL_UNSIGNED;
    conf.evidence.memory_bytes = 100000;
    conf.log.level = 2; /* the log lies on the same disk */
    begin();
    assert_true(stir_records_may_sign(records));
    stir_records_put(records, &sign);
    wait_for_lines("evidence.jsonl", "\"kind\":\"sign\"", 1);
    limit_files(150000);
    size_t n = 0;
    for (; n < 4000 && stir_records_may_sign(records); n++)
        stir_records_put(records, &sign);
    assert_true(n < 4000);
    /* the quarter that is left is for calls under way: their records are not lost */
    assert_int_equal(stir_metrics_get(metrics, STIR_METRIC_EVIDENCE_LOST), 0);
    stir_records_put(records, &sign);
    assert_int_equal(stir_metrics_get(metrics, STIR_METRIC_EVIDENCE_LOST), 0);
    /* the rest of memory does not make it better */
    fill_up(&sign);
    wait_for_metric(STIR_METRIC_EVIDENCE_FAULT, 1);
    assert_false(stir_records_may_sign(records));
    wait_for_lines("log", "calls go on unsigned", 1);
    limit_files(RLIM_INFINITY);
    wait_for_lines("log", "evidence is written again", 1);
    assert_true(stir_records_may_sign(records));
}

static void where_a_batch_does_not_fit_its_first_records_do(void **state)
{
    const struct stir_record sign = record_of_sign();
    struct stat st;
    (void)state;
    conf.log.level = 2;
    limit_files(150000); /* less than the reserve would take: there is none */
    begin();
    for (int i = 0; i < 400; i++)
        stir_records_put(records, &sign);
    wait_for_metric(STIR_METRIC_EVIDENCE_FAULT, 1);
    assert_int_equal(stat(path_in("evidence.jsonl"), &st), 0);
    assert_true(st.st_size > 148000); /* no further record had room */
    assert_int_equal(stir_metrics_get(metrics, STIR_METRIC_EVIDENCE_LOST), 0);
    assert_int_equal(rename(path_in("evidence.jsonl"), path_in("moved")), 0); /* somebody makes room */
    wait_for_lines("log", "moved or deleted by somebody else", 1);
    wait_for_metric(STIR_METRIC_EVIDENCE_RECORDS, 200);
    limit_files(RLIM_INFINITY);
    end();
    assert_int_equal(file_lines("evidence.jsonl", "\"kind\":\"sign\"") + file_lines("moved", "\"kind\":\"sign\""), 400);
}

static void without_a_folder_nothing_is_kept_and_calls_are_signed(void **state)
{
    const struct stir_record sign = record_of_sign();
    char fault[300] = "x";
    (void)state;
    conf.evidence.dir = "";
    conf.evidence.when_full = STIR_FULL_UNSIGNED;
    begin();
    stir_records_put(records, &sign);
    assert_true(stir_records_may_sign(records));
    stir_records_fault(records, fault, sizeof(fault));
    assert_string_equal(fault, "");
    end();
    assert_int_equal(folder_count("evidence", NULL), 0);
    assert_int_equal(file_lines("log", "\"event\":\"sign\""), 1);
}

/* ---- Reload ---- */

static void a_reload_changes_what_is_logged_and_where(void **state)
{
    struct stir_record sign = record_of_sign();
    char second[512];
    struct stir_diag diag = {0};
    (void)state;
    begin();
    stir_records_put(records, &sign);
    wait_for_lines("log", "\"event\":\"sign\"", 1);
    snprintf(second, sizeof(second), "%s", path_in("second"));
    conf.log.file = second;
    conf.log.json = false;
    conf.log.mask = STIR_NUMBERS_FULL;
    assert_err(stir_records_reload(records, &conf, &diag), STIR_OK);
    sleep_ms(100);
    stir_records_put(records, &sign);
    wait_for_lines("second", " info sign call_id=call-1@192.0.2.1 ", 1);
    assert_int_equal(file_lines("second", "orig=12155551212"), 1);
    assert_int_equal(file_lines("log", ""), 1);
    /* what cannot be is said, and nothing changes */
    conf.log.file = "/proc/no-such-folder/log";
    assert_err(stir_records_reload(records, &conf, &diag), STIR_EIO);
    assert_non_null(strstr(diag.text, "/proc/no-such-folder/log"));
    conf.log.file = second;
    conf.evidence.dir = "/proc/no-such-folder/evidence";
    assert_err(stir_records_reload(records, &conf, &diag), STIR_EIO);
    conf.evidence.dir = evidence_dir;
    conf.webhook.url = "ftp://example.com/";
    assert_err(stir_records_reload(records, &conf, &diag), STIR_EVALUE);
    stir_records_put(records, &sign);
    end();
    assert_int_equal(file_lines("second", " info sign "), 2);
    assert_int_equal(file_lines("evidence.jsonl", ""), 3);
}

static void a_reload_may_begin_end_and_move_the_evidence(void **state)
{
    const struct stir_record sign = record_of_sign();
    struct stir_diag diag = {0};
    char other[512], line[64];
    (void)state;
    conf.evidence.dir = "";
    begin();
    stir_records_put(records, &sign);
    conf.evidence.dir = evidence_dir;
    assert_err(stir_records_reload(records, &conf, &diag), STIR_OK);
    stir_records_put(records, &sign);
    wait_for_lines("evidence.jsonl", "\"kind\":\"sign\"", 1);
    snprintf(other, sizeof(other), "%s", path_in("other"));
    conf.evidence.dir = other;
    assert_err(stir_records_reload(records, &conf, &diag), STIR_OK);
    memset(other, 'x', 3); /* what a conf says is not looked at when it is gone */
    size_t n = 1;
    for (; n < PATIENCE_MS / 20 && !file_lines("other/evidence.jsonl", "\"kind\":\"sign\""); n++) { /* those that come while it moves may go into either */
        stir_records_put(records, &sign);
        sleep_ms(20);
    }
    assert_true(file_lines("other/evidence.jsonl", "\"kind\":\"sign\"") > 0);
    conf.evidence.dir = "";
    assert_err(stir_records_reload(records, &conf, &diag), STIR_OK);
    end();
    assert_int_equal(file_lines("evidence.jsonl", "\"kind\":\"sign\"") + file_lines("other/evidence.jsonl", "\"kind\":\"sign\""), n);
    for (const char *const *name = (const char *const[]){"evidence.jsonl", "evidence.spill", NULL}; *name; name++) {
        snprintf(line, sizeof(line), "other/%s", *name);
        assert_int_equal(unlink(path_in(line)), 0);
    }
    assert_int_equal(rmdir(path_in("other")), 0);
}

/* ---- Threads ---- */

enum { THREADS = 4, CALLS = 2000 };

static void *put_calls(void *arg)
{
    const struct stir_record sign = record_of_sign();
    struct stir_record verify = sign; /* the verdict of record_of_verify() is one for all tests */
    verify.kind = STIR_RECORD_VERIFY;
    for (int i = 0; i < CALLS; i++) {
        stir_records_put(records, i % 2 ? &sign : &verify);
        if (i % 100 == 0) {
            stir_records_say(records, 2, "test", "thread at %d", i);
            (void)stir_records_may_sign(records);
        }
    }
    return arg;
}

static void many_threads_put_while_it_is_reloaded_and_none_is_lost(void **state)
{
    pthread_t threads[THREADS];
    struct stir_diag diag = {0};
    char fault[300];
    (void)state;
    conf.evidence.memory_bytes = 64 << 20;
    conf.log.calls_per_second = 100;
    begin();
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, put_calls, NULL), 0);
    for (int i = 0; i < 10; i++) {
        conf.log.json = i % 2;
        conf.evidence.rotate_bytes = i % 3 ? 100000 : 0;
        assert_err(stir_records_reload(records, &conf, &diag), STIR_OK);
        stir_records_fault(records, fault, sizeof(fault));
        assert_string_equal(fault, "");
        sleep_ms(5);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    end();
    size_t lines = 0;
    char name[256];
    for (size_t left = folder_count("evidence", NULL); left > 0; left = folder_count("evidence", NULL)) {
        folder_count("evidence", name);
        lines += strcmp(name, "evidence.spill") ? file_lines(name, "{\"schema\":1,\"kind\":\"") : 0;
        assert_int_equal(unlink(path_in(name)), 0);
    }
    assert_int_equal(lines, THREADS * CALLS);
    assert_int_equal(stir_metrics_get(metrics, STIR_METRIC_EVIDENCE_RECORDS), THREADS * CALLS);
    assert_int_equal(stir_metrics_get(metrics, STIR_METRIC_EVIDENCE_LOST), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_call_is_in_log_and_evidence_within_a_second_or_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_put_is_written_when_it_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(levels_below_the_chosen_one_are_silent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(under_load_the_log_is_sampled_and_the_evidence_is_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_record_has_a_name_of_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_record_of_a_huge_call_is_there_in_short, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_is_said_counted_and_loses_nothing_that_was_safe, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_evidence_nothing_is_signed_where_that_was_chosen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(where_a_batch_does_not_fit_its_first_records_do, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_folder_nothing_is_kept_and_calls_are_signed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reload_changes_what_is_logged_and_where, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reload_may_begin_end_and_move_the_evidence, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_threads_put_while_it_is_reloaded_and_none_is_lost, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
