/* Programs of the operator: no shell between, what they say is kept, and they end when they must. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/program.h"

#include "support.h"

static struct stir_slice output;

static enum stir_err run(struct stir_program program, struct stir_diag *diag)
{
    free((char *)(uintptr_t)output.p);
    program.timeout_ms = program.timeout_ms ? program.timeout_ms : 10000;
    return stir_program_run(&output, &program, diag);
}

static int clear(void **state)
{
    (void)state;
    free((char *)(uintptr_t)output.p);
    output = (struct stir_slice){NULL, 0};
    return 0;
}

static void words_are_divided_by_blanks_and_read_by_nobody(void **state)
{
    const char *const more[] = {"last word", "$(id)"};
    (void)state;
    assert_int_equal(run((struct stir_program){.command = "/usr/bin/printf  [%s] $HOME\t\"a b\" ;id", .add = more, .n_add = 2}, NULL), STIR_OK);
    assert_string_equal(output.p, "[$HOME][\"a][b\"][;id][last word][$(id)]");
}

static void what_it_finds_in_its_environment(void **state)
{
    const char *const env[] = {"STIR_A=1 2", "STIR_TEST_OLD=new"};
    (void)state;
    setenv("STIR_TEST_OLD", "old", 1);
    setenv("STIR_TEST_KEPT", "kept", 1);
    assert_int_equal(run((struct stir_program){.command = "/usr/bin/printenv STIR_A STIR_TEST_OLD STIR_TEST_KEPT", .env = env, .n_env = 2}, NULL), STIR_OK);
    assert_string_equal(output.p, "1 2\nnew\nkept\n");
}

static void how_it_ended_is_told(void **state)
{
    struct stir_diag diag = {0};
    (void)state;
    assert_int_equal(run((struct stir_program){.command = "/bin/false"}, &diag), STIR_EVALUE);
    assert_string_equal(diag.text, "/bin/false ended with status 1");
    assert_int_equal(run((struct stir_program){.command = "/nonexistent/program"}, &diag), STIR_EVALUE);
    assert_non_null(strstr(diag.text, "cannot be run"));
    assert_int_equal(run((struct stir_program){.command = "  "}, &diag), STIR_EVALUE);
    const char *const kill_itself[] = {"kill -9 $$"};
    assert_int_equal(run((struct stir_program){.command = "/bin/sh -c", .add = kill_itself, .n_add = 1}, &diag), STIR_EVALUE);
    assert_string_equal(diag.text, "/bin/sh was ended by signal 9");
    char words[200] = "/bin/true";
    for (int i = 0; i < STIR_PROGRAM_WORDS; i++)
        strcat(words, " w");
    assert_int_equal(run((struct stir_program){.command = words}, &diag), STIR_ELIMIT);
}

static void what_it_says_is_kept_up_to_its_bound(void **state)
{
    const char *const script[] = {"echo out; echo err >&2"}, *const much[] = {"head -c 200000 /dev/zero | tr '\\0' x"};
    (void)state;
    assert_int_equal(run((struct stir_program){.command = "/bin/sh -c", .add = script, .n_add = 1, .join = true}, NULL), STIR_OK);
    assert_string_equal(output.p, "out\nerr\n");
    assert_int_equal(run((struct stir_program){.command = "/bin/sh -c", .add = much, .n_add = 1}, NULL), STIR_OK);
    assert_int_equal(output.n, STIR_PROGRAM_OUTPUT);
    assert_int_equal(output.p[output.n], 0);
    assert_int_equal(run((struct stir_program){.command = "/bin/cat"}, NULL), STIR_OK); /* standard input is empty */
    assert_int_equal(output.n, 0);
}

static bool stop_soon(void *arg)
{
    return ++*(int *)arg > 2;
}

static void one_that_takes_too_long_is_ended_with_all_it_began(void **state)
{
    char script[200];
    const char *const words[] = {script};
    struct stir_diag diag = {0};
    int asked = 0;
    (void)state;
    snprintf(script, sizeof(script), "sleep 60 & echo $!; wait");
    assert_int_equal(run((struct stir_program){.command = "/bin/sh -c", .add = words, .n_add = 1, .timeout_ms = 300}, &diag), STIR_ETIME);
    pid_t child = (pid_t)strtol(output.p, NULL, 10);
    assert_true(child > 0);
    int alive = 1;
    for (int i = 0; i < 200 && alive; i++) { /* whoever inherits it reaps it in a moment */
        char path[64], state_of[256] = "";
        snprintf(path, sizeof(path), "/proc/%d/stat", (int)child);
        FILE *f = fopen(path, "r");
        alive = f && fgets(state_of, sizeof(state_of), f) && !strstr(state_of, ") Z ");
        if (f)
            fclose(f);
        nanosleep(&(const struct timespec){0, 10000000}, NULL);
    }
    assert_int_equal(alive, 0);
    assert_int_equal(run((struct stir_program){.command = "/bin/sleep 60", .timeout_ms = 60000, .stop = stop_soon, .stop_arg = &asked}, &diag), STIR_EBUSY);
}

static void it_finds_no_descriptor_of_ours(void **state)
{
    (void)state;
    int fd = dup(2); /* not closed on exec */
    assert_true(fd > 2);
    assert_int_equal(run((struct stir_program){.command = "/bin/ls /proc/self/fd"}, NULL), STIR_OK);
    close(fd);
    assert_string_equal(output.p, "0\n1\n2\n3\n"); /* 3 is its own look at the folder */
}

/* One that goes on in the background holds the output open; it is not waited for. */
static void what_stays_behind_is_not_waited_for(void **state)
{
    const char *const script[] = {"echo done; sleep 5 2>/dev/null &"};
    (void)state;
    assert_int_equal(run((struct stir_program){.command = "/bin/sh -c", .add = script, .n_add = 1, .timeout_ms = 4000}, NULL), STIR_OK);
    assert_string_equal(output.p, "done\n");
}

static void signals_are_as_a_program_expects_them(void **state)
{
    const char *const script[] = {"kill -TERM $$; echo still here"};
    sigset_t all, before;
    struct stir_diag diag = {0};
    (void)state;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    enum stir_err err = run((struct stir_program){.command = "/bin/sh -c", .add = script, .n_add = 1}, &diag);
    sigprocmask(SIG_SETMASK, &before, NULL);
    assert_int_equal(err, STIR_EVALUE);
    assert_string_equal(diag.text, "/bin/sh was ended by signal 15");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(words_are_divided_by_blanks_and_read_by_nobody, clear),
        cmocka_unit_test_teardown(what_it_finds_in_its_environment, clear),
        cmocka_unit_test_teardown(how_it_ended_is_told, clear),
        cmocka_unit_test_teardown(what_it_says_is_kept_up_to_its_bound, clear),
        cmocka_unit_test_teardown(one_that_takes_too_long_is_ended_with_all_it_began, clear),
        cmocka_unit_test_teardown(it_finds_no_descriptor_of_ours, clear),
        cmocka_unit_test_teardown(what_stays_behind_is_not_waited_for, clear),
        cmocka_unit_test_teardown(signals_are_as_a_program_expects_them, clear),
    };
    return cmocka_run_group_tests_name("program", tests, NULL, NULL);
}
