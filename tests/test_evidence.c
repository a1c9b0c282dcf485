/* The folder of evidence: what is written is there, whatever the disk and a crash do. */
#include "io/evidence.h"

#include "folder_support.h"

#include <signal.h>
#include <sys/resource.h>

#define NOW INT64_C(1763728867123) /* 2025-11-21T12:41:07.123Z */

static struct stir_evidence *evidence;
static char said[2000];

static void hear(void *arg, int level, const char *text)
{
    (void)arg;
    (void)level;
    snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s\n", text);
}

static struct stir_evidence_options options(void)
{
    return (struct stir_evidence_options){.dir = folder, .spill_bytes = 4096, .say = hear};
}

static int set_up(void **state)
{
    (void)state;
    folder_make();
    said[0] = '\0';
    evidence = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    stir_evidence_close(evidence);
    folder_remove();
    return 0;
}

static void open_it(const struct stir_evidence_options *o)
{
    struct stir_diag diag = {0};
    if (stir_evidence_open(&evidence, o, NOW, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
}

static void close_it(void)
{
    stir_evidence_close(evidence);
    evidence = NULL;
}

static void write_to(enum stir_evidence_place place, const char *text, int64_t now_ms)
{
    assert_int_equal(stir_evidence_write(evidence, S(text), now_ms), place);
}

static void assert_text(const char *name, const char *wanted)
{
    char *text = file_text(name);
    if (strcmp(text, wanted) != 0)
        fail_msg("%s is: %s", name, text);
    free(text);
}

/* The limit on the size of files stands for a full disk: write() fails, or takes a piece. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void lines_are_there_when_the_write_returns(void **state)
{
    struct stir_evidence_options o = options();
    struct stat st;
    (void)state;
    open_it(&o);
    write_to(STIR_EVIDENCE_FILE, "{\"a\":1}\n", NOW);
    assert_text("evidence.jsonl", "{\"a\":1}\n");
    write_to(STIR_EVIDENCE_FILE, "{\"a\":2}\n{\"a\":3}\n", NOW);
    assert_text("evidence.jsonl", "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n");
    assert_int_equal(stat(path_in("evidence.jsonl"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(path_in("evidence.spill"), &st), 0);
    assert_true(st.st_blocks * 512 >= 4096);
}

static void a_file_that_is_large_enough_gets_a_name_of_its_time(void **state)
{
    struct stir_evidence_options o = options();
    (void)state;
    o.rotate_bytes = 10;
    open_it(&o);
    write_to(STIR_EVIDENCE_FILE, "{\"a\":1}\n", NOW);
    assert_int_equal(folder_count("evidence-", NULL), 0);
    write_to(STIR_EVIDENCE_FILE, "{\"a\":2}\n", NOW + 1000);
    assert_text("evidence-20251121T124107Z.jsonl", "{\"a\":1}\n{\"a\":2}\n");
    assert_text("evidence.jsonl", "");
    /* two within a second: nothing is written over */
    write_to(STIR_EVIDENCE_FILE, "{\"a\":\"three\"}\n", NOW + 1100);
    write_to(STIR_EVIDENCE_FILE, "{\"a\":\"four\"}\n", NOW + 1200);
    assert_text("evidence-20251121T124108Z.jsonl", "{\"a\":\"three\"}\n");
    assert_text("evidence-20251121T124108Z.2.jsonl", "{\"a\":\"four\"}\n");
}

static void a_file_that_is_old_enough_is_rotated_even_over_a_restart(void **state)
{
    struct stir_evidence_options o = options();
    (void)state;
    o.rotate_after = 60;
    open_it(&o);
    stir_evidence_tick(evidence, NOW + 100000, true); /* nothing is rotated that holds nothing */
    assert_int_equal(folder_count("evidence-", NULL), 0);
    write_to(STIR_EVIDENCE_FILE, "{\"schema\":1,\"kind\":\"sign\",\"time\":\"2025-11-21T12:41:07.123Z\"}\n", NOW);
    stir_evidence_tick(evidence, NOW + 59000, true);
    assert_int_equal(folder_count("evidence-", NULL), 0);
    close_it();
    open_it(&o);
    stir_evidence_tick(evidence, NOW + 61000, true);
    assert_int_equal(folder_count("evidence-20251121T124107Z.jsonl", NULL), 1);
}

static void a_clock_that_is_set_back_rotates_nothing(void **state)
{
    struct stir_evidence_options o = options();
    (void)state;
    o.rotate_after = 60;
    open_it(&o);
    write_to(STIR_EVIDENCE_FILE, "{}\n", NOW);
    stir_evidence_tick(evidence, NOW - 3600000, true);
    stir_evidence_tick(evidence, NOW - 3600000 + 59000, true);
    assert_int_equal(folder_count("evidence-", NULL), 0);
    stir_evidence_tick(evidence, NOW - 3600000 + 61000, true);
    assert_int_equal(folder_count("evidence-", NULL), 1);
}

static void old_file(const char *name, int64_t age)
{
    const struct timespec times[2] = {{(time_t)(NOW / 1000 - age), 0}, {(time_t)(NOW / 1000 - age), 0}};
    file_put(name, "{}\n", 3);
    assert_int_equal(utimensat(AT_FDCWD, path_in(name), times, 0), 0);
}

static void what_was_kept_long_enough_goes_and_nothing_else(void **state)
{
    struct stir_evidence_options o = options();
    (void)state;
    o.keep = 86400;
    old_file("evidence-20251119T000000Z.jsonl", 86500);
    old_file("evidence-20251119T000000Z.2.jsonl", 86500);
    old_file("evidence-20251120T130000Z.jsonl", 86300);
    old_file("evidence-of-fraud-in-november.jsonl", 1000000);
    old_file("evidence-20251119T000000Z.jsonl.gz", 1000000);
    old_file("notes", 1000000);
    open_it(&o);
    stir_evidence_tick(evidence, NOW, false); /* a clock that nobody believes deletes nothing */
    assert_int_equal(folder_count("evidence-", NULL), 5);
    stir_evidence_tick(evidence, NOW, true);
    assert_int_equal(folder_count("evidence-20251119T000000Z.jsonl", NULL), 1); /* the .gz */
    assert_int_equal(folder_count("evidence-20251119T000000Z.2", NULL), 0);
    assert_int_equal(folder_count("evidence-20251120T130000Z.jsonl", NULL), 1);
    assert_int_equal(folder_count("evidence-of-fraud-in-november.jsonl", NULL), 1);
    assert_int_equal(folder_count("notes", NULL), 1);
    assert_non_null(strstr(said, "evidence-20251119T000000Z.2.jsonl was kept long enough and is deleted"));
}

static void a_line_that_a_crash_cut_short_is_put_into_a_note(void **state)
{
    struct stir_evidence_options o = options();
    (void)state;
    file_put("evidence.jsonl", "{\"a\":1}\n{\"b\":\"cut\0\0\0", 21);
    open_it(&o);
    write_to(STIR_EVIDENCE_FILE, "{\"a\":2}\n", NOW);
    assert_text("evidence.jsonl",
                "{\"a\":1}\n"
                "{\"schema\":1,\"kind\":\"note\",\"time\":\"2025-11-21T12:41:07.123Z\",\"note\":\"a line that a crash left without its end was cut "
                "off\",\"bytes\":13,\"fragment\":\"{\\\"b\\\":\\\"cut\"}\n"
                "{\"a\":2}\n");
    assert_non_null(strstr(said, "13 bytes of a line"));
}

static void a_file_of_nothing_but_a_cut_line_is_mended_too(void **state)
{
    static char block[10000];
    struct stir_evidence_options o = options();
    (void)state;
    memset(block, 'x', sizeof(block));
    file_put("evidence.jsonl", block, sizeof(block));
    open_it(&o);
    assert_int_equal(file_lines("evidence.jsonl", "\"bytes\":10000"), 1);
    assert_int_equal(file_lines("evidence.jsonl", ""), 1);
}

static void a_full_disk_leaves_whole_lines_and_fills_the_reserve(void **state)
{
    struct stir_evidence_options o = options();
    struct stir_evidence_state st;
    char line[200];
    (void)state;
    open_it(&o);
    memset(line, 'x', sizeof(line) - 2);
    line[0] = '{';
    strcpy(line + sizeof(line) - 2, "\n");
    limit_files(8192);
    size_t in_file = 0, in_spill = 0;
    enum stir_evidence_place place;
    while ((place = stir_evidence_write(evidence, S(line), NOW)) != STIR_EVIDENCE_NOWHERE) {
        in_file += place == STIR_EVIDENCE_FILE;
        in_spill += place == STIR_EVIDENCE_SPILL;
        assert_true(in_file + in_spill < 1000);
    }
    assert_int_equal(in_file, 8192 / (sizeof(line) - 1));
    assert_int_equal(in_spill, 4096 / (sizeof(line) - 1));
    assert_int_equal(file_lines("evidence.jsonl", "{xxx"), in_file);
    char *text = file_text("evidence.jsonl");
    assert_int_equal(strlen(text), in_file * (sizeof(line) - 1)); /* the piece of the line that did not fit is gone */
    free(text);
    stir_evidence_state(evidence, &st);
    assert_true(st.fault && st.failures > 0 && st.spilled == (int64_t)(in_spill * (sizeof(line) - 1)));
    assert_non_null(strstr(st.text, "evidence cannot be written in"));
    limit_files(RLIM_INFINITY);
    stir_evidence_tick(evidence, NOW, true);
    stir_evidence_state(evidence, &st);
    assert_false(st.fault);
    assert_int_equal(st.spilled, 0);
    assert_int_equal(file_lines("evidence.jsonl", "{xxx"), in_file + in_spill);
    write_to(STIR_EVIDENCE_FILE, line, NOW);
}

static void what_the_reserve_holds_comes_first_after_a_crash(void **state)
{
    char spill[4096 + 53] = "stir spill 1 0000000000000000016 0000000000000000008\n{\"a\":1}\n{\"a\":2}\n{\"a\":3}";
    struct stir_evidence_options o = options();
    (void)state;
    file_put("evidence.spill", spill, sizeof(spill));
    open_it(&o);
    assert_text("evidence.jsonl", "{\"a\":2}\n"); /* the first was taken already, the third does not count */
    write_to(STIR_EVIDENCE_FILE, "{\"a\":4}\n", NOW);
    close_it();
    open_it(&o);
    assert_text("evidence.jsonl", "{\"a\":2}\n{\"a\":4}\n");
}

static void a_reserve_that_nobody_wrote_counts_for_nothing(void **state)
{
    static const char *const heads[] = {"stir spill 1 0000000000000009999 0000000000000000000\n{}\n",
                                        "stir spill 1 0000000000000000003 0000000000000000004\n{}\n",
                                        "stir spill 1 -000000000000000003 0000000000000000000\n{}\n",
                                        "stir spill 2 0000000000000000003 0000000000000000000\n{}\n",
                                        "",
                                        "stir"};
    struct stir_evidence_options o = options();
    (void)state;
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        file_put("evidence.spill", heads[i], strlen(heads[i]));
        open_it(&o);
        assert_text("evidence.jsonl", "");
        close_it();
    }
}

static void a_file_that_somebody_moved_is_begun_anew(void **state)
{
    struct stir_evidence_options o = options();
    (void)state;
    open_it(&o);
    write_to(STIR_EVIDENCE_FILE, "{\"a\":1}\n", NOW);
    assert_int_equal(rename(path_in("evidence.jsonl"), path_in("moved")), 0);
    stir_evidence_tick(evidence, NOW, true);
    write_to(STIR_EVIDENCE_FILE, "{\"a\":2}\n", NOW);
    assert_text("evidence.jsonl", "{\"a\":2}\n");
    assert_non_null(strstr(said, "moved or deleted"));
}

static void a_folder_has_one_writer(void **state)
{
    struct stir_evidence_options o = options();
    struct stir_evidence *second = NULL;
    struct stir_diag diag = {0};
    (void)state;
    open_it(&o);
    assert_err(stir_evidence_open(&second, &o, NOW, &diag), STIR_ESTATE);
    assert_non_null(strstr(diag.text, "another process writes"));
    o.dir = "/proc/no-such-folder/evidence";
    assert_err(stir_evidence_open(&second, &o, NOW, &diag), STIR_EIO);
    assert_non_null(strstr(diag.text, "/proc/no-such-folder/evidence"));
    assert_null(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_are_there_when_the_write_returns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_is_large_enough_gets_a_name_of_its_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_is_old_enough_is_rotated_even_over_a_restart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_clock_that_is_set_back_rotates_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_kept_long_enough_goes_and_nothing_else, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_line_that_a_crash_cut_short_is_put_into_a_note, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_of_nothing_but_a_cut_line_is_mended_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_leaves_whole_lines_and_fills_the_reserve, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_the_reserve_holds_comes_first_after_a_crash, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reserve_that_nobody_wrote_counts_for_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_somebody_moved_is_begun_anew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_has_one_writer, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
