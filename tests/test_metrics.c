/* Figures: what is counted, under which labels and no more of them, and a page that Prometheus reads. */
#include "service/metrics.h"

#include "record_support.h"

#include <pthread.h>
#include <unistd.h>

static struct stir_metrics *metrics;

static int set_up(void **state)
{
    (void)state;
    assert_err(stir_metrics_new(&metrics), STIR_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    stir_metrics_free(metrics);
    return 0;
}

static char *page(void)
{
    size_t n = 0;
    char *text = stir_metrics_page(metrics, &n);
    assert_non_null(text);
    assert_int_equal(strlen(text), n);
    return text;
}

/* The page has this line; `line` is whole, without its end. */
static void assert_line(const char *text, const char *line)
{
    const size_t n = strlen(line);
    for (const char *at = text; (at = strstr(at, line)); at += n)
        if ((at == text || at[-1] == '\n') && at[n] == '\n')
            return;
    fail_msg("the page lacks: %s", line);
}

static size_t lines_with(const char *text, const char *start)
{
    size_t n = 0;
    for (const char *at = text; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
        n += strncmp(at, start, strlen(start)) == 0;
    return n;
}

static void take_trunks(struct stir_conf_trunk *trunks, size_t n, int64_t max)
{
    struct stir_conf conf = {.trunks = trunks, .n_trunks = n, .metrics = {.max_trunks = max}, .hash = "0123456789abcdef"};
    assert_err(stir_metrics_conf(metrics, &conf), STIR_OK);
}

static void a_signed_call_is_counted_by_attestation_and_result(void **state)
{
    struct stir_record record = record_of_sign();
    (void)state;
    stir_metrics_call(metrics, &record);
    stir_metrics_call(metrics, &record);
    record.attest = 0;
    record.result = STIR_SIGN_UNSIGNED;
    record.ppt = STIR_PPT_NONE;
    stir_metrics_call(metrics, &record);
    char *text = page();
    assert_line(text, "stir_sign_total{attest=\"A\",ppt=\"shaken\",result=\"signed\"} 2");
    assert_line(text, "stir_sign_total{attest=\"none\",ppt=\"none\",result=\"unsigned\"} 1");
    assert_line(text, "stir_sign_duration_seconds_bucket{le=\"0.0001\"} 0");
    assert_line(text, "stir_sign_duration_seconds_bucket{le=\"0.00025\"} 3");
    assert_line(text, "stir_sign_duration_seconds_bucket{le=\"+Inf\"} 3");
    assert_line(text, "stir_sign_duration_seconds_sum 0.00054");
    assert_line(text, "stir_sign_duration_seconds_count 3");
    assert_line(text, "stir_answers_total{way=\"sip-udp\",code=\"302\"} 3");
    assert_int_equal(lines_with(text, "stir_verify_total{"), 0);
    free(text);
}

static void a_call_without_an_answer_is_counted_by_itself(void **state)
{
    struct stir_record verify = record_of_verify(STIR_R_NONE), sign = record_of_sign();
    (void)state;
    verify.unanswered = sign.unanswered = true;
    verify.verdict = NULL;
    sign.sip_code = 503;
    stir_metrics_call(metrics, &verify);
    stir_metrics_call(metrics, &sign);
    char *text = page();
    assert_line(text, "stir_calls_unanswered_total 2");
    assert_line(text, "stir_answers_total{way=\"sip-udp\",code=\"503\"} 1");
    assert_int_equal(lines_with(text, "stir_verify_total{"), 0);
    assert_int_equal(lines_with(text, "stir_sign_total{"), 0);
    free(text);
}

static void a_verified_call_is_counted_by_verstat_and_reason(void **state)
{
    struct stir_record good = record_of_verify(STIR_R_NONE), bad = record_of_verify(STIR_R_NONE), none = record_of_verify(STIR_R_NONE);
    (void)state;
    stir_metrics_call(metrics, &good);
    bad = record_of_verify(STIR_R_ORIG_MISMATCH);
    stir_metrics_call(metrics, &bad);
    none.verdict = NULL;
    stir_metrics_call(metrics, &none);
    char *text = page();
    assert_line(text, "stir_verify_total{verstat=\"TN-Validation-Passed\",reason=\"none\",attest=\"A\",ppt=\"shaken\"} 1");
    assert_line(text, "stir_verify_total{verstat=\"TN-Validation-Failed\",reason=\"orig-mismatch\",attest=\"A\",ppt=\"shaken\"} 1");
    assert_line(text, "stir_verify_total{verstat=\"No-TN-Validation\",reason=\"none\",attest=\"none\",ppt=\"none\"} 1");
    assert_line(text, "stir_verify_actions_total{action=\"pass\"} 2");
    assert_line(text, "stir_verify_actions_total{action=\"stop\"} 1");
    assert_line(text, "stir_verify_wait_seconds_bucket{le=\"0.25\"} 3");
    assert_line(text, "stir_verify_wait_seconds_bucket{le=\"0.1\"} 0");
    assert_line(text, "stir_answers_total{way=\"http\",code=\"438\"} 1");
    free(text);
}

/* Every reason of the catalogue has a place of its own, and the last one is within the table. */
static void each_reason_of_the_catalogue_has_its_line(void **state)
{
    (void)state;
    size_t n = 0;
    for (const struct stir_reason_info *info; (info = stir_reason_at(n)); n++) {
        struct stir_record record = record_of_verify(info->reason);
        stir_metrics_call(metrics, &record);
    }
    char *text = page(), line[200];
    assert_int_equal(lines_with(text, "stir_verify_total{"), n);
    for (size_t i = 0; i < n; i++) {
        snprintf(line, sizeof(line), "stir_verify_total{verstat=\"TN-Validation-Failed\",reason=\"%s\",attest=\"A\",ppt=\"shaken\"} 1",
                 stir_reason_at(i)->name);
        assert_line(text, line);
    }
    free(text);
}

/* H: labels are bounded by what the operator wrote, whatever names a source brings. */
static void trunks_beyond_the_bound_share_one_label(void **state)
{
    static char names[50][16];
    static struct stir_conf_trunk trunks[50];
    struct stir_source source = {0};
    struct stir_record record = record_of_sign();
    (void)state;
    record.source = &source;
    for (size_t i = 0; i < 50; i++) {
        snprintf(names[i], sizeof(names[i]), "trunk-%zu", i);
        trunks[i] = (struct stir_conf_trunk){.name = names[i]};
    }
    take_trunks(trunks, 50, 10);
    for (size_t i = 0; i < 50; i++) {
        source.trunk = &trunks[i];
        stir_metrics_call(metrics, &record);
    }
    source.trunk = NULL;
    stir_metrics_call(metrics, &record);
    char *text = page();
    assert_int_equal(lines_with(text, "stir_trunk_sign_total{"), 12);
    assert_line(text, "stir_trunk_sign_total{trunk=\"trunk-9\",attest=\"A\",result=\"signed\"} 1");
    assert_line(text, "stir_trunk_sign_total{trunk=\"other\",attest=\"A\",result=\"signed\"} 40");
    assert_line(text, "stir_trunk_sign_total{trunk=\"none\",attest=\"A\",result=\"signed\"} 1");
    assert_line(text, "stir_tenant_sign_total{tenant=\"none\",attest=\"A\",result=\"signed\"} 51");
    free(text);
}

static void names_of_before_a_reload_keep_their_figures(void **state)
{
    struct stir_conf_trunk before[] = {{.name = "pbx"}, {.name = "other"}}, after[] = {{.name = "sbc \"1\"\n\\"}};
    struct stir_source source = {.trunk = &before[0]};
    struct stir_record record = record_of_sign();
    (void)state;
    record.source = &source;
    take_trunks(before, 2, 10);
    stir_metrics_call(metrics, &record);
    source.trunk = &before[1]; /* shares the line of those that have none */
    stir_metrics_call(metrics, &record);
    take_trunks(after, 1, 10);
    source.trunk = &after[0];
    stir_metrics_call(metrics, &record);
    char *text = page();
    assert_line(text, "stir_trunk_sign_total{trunk=\"pbx\",attest=\"A\",result=\"signed\"} 1");
    assert_line(text, "stir_trunk_sign_total{trunk=\"other\",attest=\"A\",result=\"signed\"} 1");
    assert_line(text, "stir_trunk_sign_total{trunk=\"sbc \\\"1\\\"\\n\\\\\",attest=\"A\",result=\"signed\"} 1");
    assert_line(text, "stir_config_info{hash=\"0123456789abcdef\"} 1");
    free(text);
}

static void tell_serial(void *arg, struct stir_metrics_text *text)
{
    char labels[64];
    stir_metrics_family(text, "stir_test_value", "gauge", "a line\nof \\ help");
    stir_metrics_labels(labels, sizeof(labels), "role", "signer", "name", (const char *)arg, NULL);
    stir_metrics_value(text, "stir_test_value", labels, 1763728867);
}

static void sources_write_their_own_families(void **state)
{
    char name[] = "main", labels[16] = "x";
    (void)state;
    stir_metrics_source(metrics, tell_serial, name);
    char *text = page();
    assert_line(text, "# HELP stir_test_value a line\\nof \\\\ help");
    assert_line(text, "stir_test_value{role=\"signer\",name=\"main\"} 1763728867");
    free(text);
    stir_metrics_labels(labels, sizeof(labels), "name", "longer than the room for it", NULL);
    assert_string_equal(labels, "");
}

/* promtool says nothing at all about a page that it likes. */
static void promtool_finds_no_fault_in_the_page(void **state)
{
    char path[] = "/tmp/stir-metrics-XXXXXX", command[200], said[2000] = "", name[] = "ma\"in";
    struct stir_record sign = record_of_sign(), verify = record_of_verify(STIR_R_IAT_STALE);
    struct stir_conf_trunk trunks[] = {{.name = "pbx"}, {.name = "\xc3\xa9 \\ \""}};
    struct stir_source source = {.trunk = &trunks[1], .tenant = &record_tenant};
    (void)state;
    take_trunks(trunks, 2, 10);
    stir_metrics_source(metrics, tell_serial, name);
    stir_metrics_call(metrics, &sign);
    verify.source = &source;
    stir_metrics_call(metrics, &verify);
    char *text = page();
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    free(text);
    snprintf(command, sizeof(command), "promtool check metrics <%s 2>&1", path);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t n = fread(said, 1, sizeof(said) - 1, pipe);
    int status = pclose(pipe);
    unlink(path);
    if (status != 0 || n != 0)
        fail_msg("promtool (Debian package prometheus): status %d: %s", status, said);
}

enum { THREADS = 4, CALLS = 20000 };

static void *count_calls(void *arg)
{
    struct stir_record record = record_of_sign();
    for (int i = 0; i < CALLS; i++) {
        stir_metrics_call(metrics, &record);
        stir_metrics_add(metrics, STIR_METRIC_SIP_REQUESTS, 1);
    }
    return arg;
}

static void nothing_is_lost_among_threads(void **state)
{
    pthread_t threads[THREADS];
    struct stir_conf_trunk trunks[] = {{.name = "pbx"}};
    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_calls, NULL), 0);
    for (int i = 0; i < 20; i++) {
        take_trunks(trunks, 1, 10);
        free(page());
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    char *text = page();
    assert_line(text, "stir_sign_total{attest=\"A\",ppt=\"shaken\",result=\"signed\"} 80000");
    assert_line(text, "stir_sign_duration_seconds_count 80000");
    assert_line(text, "stir_sip_requests_total 80000");
    free(text);
}

static void gauges_and_counters_without_labels_stand_at_what_was_said(void **state)
{
    (void)state;
    stir_metrics_set(metrics, STIR_METRIC_WAITING, 17);
    stir_metrics_add(metrics, STIR_METRIC_HTTP_REFUSED, 2);
    assert_int_equal(stir_metrics_get(metrics, STIR_METRIC_WAITING), 17);
    char *text = page();
    assert_line(text, "stir_calls_waiting 17");
    assert_line(text, "# TYPE stir_calls_waiting gauge");
    assert_line(text, "stir_http_refused_total 2");
    assert_int_equal(lines_with(text, "process_open_fds "), 1);
    assert_int_equal(lines_with(text, "stir_build_info{version=\""), 1);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_signed_call_is_counted_by_attestation_and_result, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_call_without_an_answer_is_counted_by_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_verified_call_is_counted_by_verstat_and_reason, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_reason_of_the_catalogue_has_its_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(trunks_beyond_the_bound_share_one_label, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_of_before_a_reload_keep_their_figures, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sources_write_their_own_families, set_up, tear_down),
        cmocka_unit_test_setup_teardown(promtool_finds_no_fault_in_the_page, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_lost_among_threads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gauges_and_counters_without_labels_stand_at_what_was_said, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
