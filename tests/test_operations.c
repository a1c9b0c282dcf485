/* What the system is told and asked: systemd, clocks, rights. */
#define _DEFAULT_SOURCE /* setgroups() */
#include <grp.h>

#include "io/clock.h"
#include "io/notify.h"
#include "io/privilege.h"
#include "io/process.h"
#include "io/thread.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "folder_support.h"

/* ---- systemd ---- */

static int listener = -1;

static void listen_at(const char *name)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof(at.sun_path), "%s", name);
    if (name[0] == '@')
        at.sun_path[0] = '\0';
    listener = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_true(listener >= 0);
    assert_int_equal(bind(listener, (const struct sockaddr *)&at, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
}

static const char *heard(void)
{
    static char text[1000];
    const ssize_t n = recv(listener, text, sizeof(text) - 1, MSG_DONTWAIT);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

static void stop_listening(void)
{
    close(listener);
    unsetenv("NOTIFY_SOCKET");
}

static void systemd_hears_every_state(void **state)
{
    (void)state;
    folder_make();
    listen_at(path_in("notify"));
    assert_true(stir_notify_ready());
    assert_string_equal(heard(), "READY=1");
    assert_true(stir_notify_reloading());
    assert_memory_equal(heard(), "RELOADING=1\nMONOTONIC_USEC=", 26);
    assert_true(stir_notify_alive());
    assert_string_equal(heard(), "WATCHDOG=1");
    assert_true(stir_notify_status("%d signers\nREADY=1", 3));
    assert_string_equal(heard(), "STATUS=3 signers READY=1");
    assert_true(stir_notify_stopping());
    assert_string_equal(heard(), "STOPPING=1");
    stop_listening();
    folder_remove();
}

static void an_abstract_socket_is_one_too(void **state)
{
    char name[60];
    (void)state;
    snprintf(name, sizeof(name), "@stir-test-%ld", (long)getpid());
    listen_at(name);
    assert_true(stir_notify_ready());
    assert_string_equal(heard(), "READY=1");
    stop_listening();
}

/* systemd that does not read for a while stops nobody. */
static void a_reader_that_does_not_read_blocks_no_watchdog(void **state)
{
    size_t sent = 0;
    (void)state;
    folder_make();
    listen_at(path_in("notify"));
    while (stir_notify_alive())
        assert_true(++sent < 100000);
    assert_true(sent > 0);
    assert_false(stir_notify_alive());
    stop_listening();
    folder_remove();
}

static void without_a_socket_nothing_is_sent_and_nothing_is_wrong(void **state)
{
    static const char *const names[] = {"", "relative", "@", "/no/such/socket"};
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    assert_false(stir_notify_ready());
    for (size_t i = 0; i < 4; i++) {
        setenv("NOTIFY_SOCKET", names[i], 1);
        assert_false(stir_notify_ready());
    }
    unsetenv("NOTIFY_SOCKET");
}

static void the_watchdog_is_fed_twice_as_often_as_it_asks(void **state)
{
    char pid[20];
    (void)state;
    unsetenv("WATCHDOG_USEC");
    assert_int_equal(stir_notify_watchdog_ms(), 0);
    setenv("WATCHDOG_USEC", "30000000", 1);
    assert_int_equal(stir_notify_watchdog_ms(), 15000);
    setenv("WATCHDOG_PID", "1", 1); /* another process's */
    assert_int_equal(stir_notify_watchdog_ms(), 0);
    snprintf(pid, sizeof(pid), "%ld", (long)getpid());
    setenv("WATCHDOG_PID", pid, 1);
    assert_int_equal(stir_notify_watchdog_ms(), 15000);
    setenv("WATCHDOG_USEC", "-1", 1);
    assert_int_equal(stir_notify_watchdog_ms(), 0);
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

/* A reload that reads millions of numbers is no daemon that hangs. */
static void the_watchdog_is_patient_while_a_reload_lasts(void **state)
{
    (void)state;
    folder_make();
    listen_at(path_in("notify"));
    setenv("WATCHDOG_USEC", "30000000", 1);
    assert_true(stir_notify_reloading());
    assert_non_null(strstr(heard(), "\nWATCHDOG_USEC=600000000"));
    assert_true(stir_notify_ready());
    assert_string_equal(heard(), "READY=1\nWATCHDOG_USEC=30000000");
    unsetenv("WATCHDOG_USEC");
    stop_listening();
    folder_remove();
}

/* ---- Clocks ---- */

static void a_clock_that_is_set_is_seen_and_one_that_is_slewed_is_not(void **state)
{
    struct stir_clock_watch watch = {0};
    int64_t wall = 1763728867123, mono = 5000;
    (void)state;
    assert_int_equal(stir_clock_look(&watch, wall, mono), 0);
    assert_int_equal(stir_clock_look(&watch, wall + 1000, mono + 1000), 0);
    assert_int_equal(stir_clock_look(&watch, wall + 5000, mono + 5000 - 999), 0);
    watch = (struct stir_clock_watch){0};
    assert_int_equal(stir_clock_look(&watch, wall, mono), 0);
    for (int i = 1; i <= 10000; i++) /* 500 ppm: five seconds in the end */
        assert_int_equal(stir_clock_look(&watch, wall + i * 1000 + i / 2, mono + i * 1000), 0);
    wall += 10005000;
    mono += 10000000;
    assert_int_equal(stir_clock_look(&watch, wall + 1000 + 3600000, mono + 1000), 3600000);
    assert_int_equal(stir_clock_look(&watch, wall + 2000 + 3600000, mono + 2000), 0);
    assert_int_equal(stir_clock_look(&watch, wall + 3000, mono + 3000), -3600000);
    assert_true(stir_clock_unix_ms() > 1700000000000 && stir_clock_monotonic_ms() > 0);
}

static void the_monotonic_clock_is_one_in_milliseconds_and_microseconds(void **state)
{
    (void)state;
    const int64_t before = stir_clock_monotonic_ms(), us = stir_clock_monotonic_us(), after = stir_clock_monotonic_ms();
    assert_in_range(us / 1000, before, after);
}

/* ---- Threads ---- */

static void *see_signals(void *arg)
{
    pthread_sigmask(SIG_SETMASK, NULL, arg);
    return NULL;
}

static void a_thread_begins_with_signals_blocked_and_its_maker_keeps_its_own(void **state)
{
    static const int asked[] = {SIGTERM, SIGHUP, SIGINT, SIGXFSZ, SIGPIPE, SIGUSR1};
    sigset_t seen, before, after;
    pthread_t thread;
    (void)state;
    sigemptyset(&seen);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    assert_true(stir_thread_begin(&thread, see_signals, &seen));
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    assert_int_equal(pthread_join(thread, NULL), 0);
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        assert_int_equal(sigismember(&seen, asked[i]), 1);
        assert_int_equal(sigismember(&after, asked[i]), sigismember(&before, asked[i]));
    }
}

static void a_wait_lasts_as_long_as_it_says_by_the_monotonic_clock(void **state)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t cond;
    int err = 0;
    (void)state;
    stir_thread_cond(&cond);
    const int64_t begun = stir_clock_monotonic_ms();
    const struct timespec until = stir_thread_until(30);
    pthread_mutex_lock(&lock);
    while (err == 0)
        err = pthread_cond_timedwait(&cond, &lock, &until);
    pthread_mutex_unlock(&lock);
    pthread_cond_destroy(&cond);
    assert_int_equal(err, ETIMEDOUT);
    assert_true(stir_clock_monotonic_ms() >= begun + 30);
}

static void the_end_of_a_wait_is_a_whole_time(void **state)
{
    (void)state;
    for (int64_t ms = 0; ms < 3000; ms += 37) {
        const int64_t before = stir_clock_monotonic_us();
        const struct timespec t = stir_thread_until(ms);
        const int64_t us = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
        assert_in_range(t.tv_nsec, 0, 999999999);
        assert_in_range(us - ms * 1000, before, stir_clock_monotonic_us());
    }
}

static void times_are_written_and_read_as_utc(void **state)
{
    static const char *const bad[] = {"2025-11-21T12:41:07.12Z", "2025-02-29T12:41:07.123Z", "2025-11-21 12:41:07.123Z", "2025-11-21T24:41:07.123Z", ""};
    char buf[40];
    int64_t at = 0;
    (void)state;
    struct stir_writer w = stir_writer_of(buf, sizeof(buf));
    stir_put_utc(&w, 1763728867123);
    assert_err(stir_writer_close(&w, NULL), STIR_OK);
    assert_string_equal(buf, "2025-11-21T12:41:07.123Z");
    assert_true(stir_utc_parse(&at, S(buf)));
    assert_true(at == 1763728867123);
    w = stir_writer_of(buf, sizeof(buf));
    stir_put_utc(&w, -1);
    assert_err(stir_writer_close(&w, NULL), STIR_OK);
    assert_string_equal(buf, "1969-12-31T23:59:59.999Z");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(stir_utc_parse(&at, S(bad[i])));
}

/* ---- Rights ---- */

/* In a process of its own: what it gives up does not come back. The answer is its exit status. */
static int in_a_child(int (*what)(void))
{
    int status;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(what());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int become_nobody(void)
{
    struct stir_diag diag = {0};
    struct rlimit core;
    const gid_t extra = 12345;
    if (setgroups(1, &extra) != 0) /* as of a root who logged in */
        return 8;
    if (stir_privilege_drop("nobody", "", &diag) != STIR_OK)
        return fprintf(stderr, "# %s\n", diag.text), 1;
    if (geteuid() == 0 || getuid() == 0 || getegid() == 0 || setuid(0) == 0 || setgid(0) == 0)
        return 2;
    gid_t groups[64];
    const int n = getgroups(64, groups);
    for (int i = 0; i < n; i++)
        if (groups[i] != getegid())
            return 7; /* a group of root's */
    if (n < 0 || access("/etc/shadow", R_OK) == 0 || open("/etc/shadow", O_RDONLY) >= 0)
        return 3;
    if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max != 0 || prctl(PR_GET_DUMPABLE) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        return 4;
    if (umask(0) != 0077)
        return 5;
    struct stir_process process; /* /proc is still readable to ourselves: /metrics needs it */
    return stir_process_read(&process) && process.open_fds > 0 ? 0 : 6;
}

static int stay_without_a_name(void)
{
    struct stir_diag diag = {0};
    const enum stir_err err = stir_privilege_drop("", "", &diag);
    if (geteuid() != 0)
        return err == STIR_OK ? 0 : 1;
    return err == STIR_EVALUE && strstr(diag.text, "[server] user") ? 0 : 2;
}

static int become_who_is_not_there(void)
{
    struct stir_diag diag = {0};
    if (stir_privilege_drop("no-such-user", "", &diag) != STIR_ENOTFOUND || !strstr(diag.text, "no-such-user"))
        return 1;
    return stir_privilege_drop("nobody", "no-such-group", &diag) == STIR_ENOTFOUND && strstr(diag.text, "no-such-group") ? 0 : 2;
}

static int become_another_without_rights(void)
{
    struct stir_diag diag = {0};
    if (geteuid() == 0 && setuid(65534) != 0)
        return 1;
    return stir_privilege_drop("root", "", &diag) == STIR_EVALUE ? 0 : 2;
}

static void root_is_given_up_for_good(void **state)
{
    (void)state;
    if (geteuid() == 0) /* as anybody else it cannot be tried */
        assert_int_equal(in_a_child(become_nobody), 0);
}

static void root_must_say_who_it_becomes(void **state)
{
    (void)state;
    assert_int_equal(in_a_child(stay_without_a_name), 0);
    assert_int_equal(in_a_child(become_who_is_not_there), 0);
    assert_int_equal(in_a_child(become_another_without_rights), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(systemd_hears_every_state),
        cmocka_unit_test(an_abstract_socket_is_one_too),
        cmocka_unit_test(a_reader_that_does_not_read_blocks_no_watchdog),
        cmocka_unit_test(without_a_socket_nothing_is_sent_and_nothing_is_wrong),
        cmocka_unit_test(the_watchdog_is_fed_twice_as_often_as_it_asks),
        cmocka_unit_test(the_watchdog_is_patient_while_a_reload_lasts),
        cmocka_unit_test(a_clock_that_is_set_is_seen_and_one_that_is_slewed_is_not),
        cmocka_unit_test(the_monotonic_clock_is_one_in_milliseconds_and_microseconds),
        cmocka_unit_test(a_thread_begins_with_signals_blocked_and_its_maker_keeps_its_own),
        cmocka_unit_test(a_wait_lasts_as_long_as_it_says_by_the_monotonic_clock),
        cmocka_unit_test(the_end_of_a_wait_is_a_whole_time),
        cmocka_unit_test(times_are_written_and_read_as_utc),
        cmocka_unit_test(root_is_given_up_for_good),
        cmocka_unit_test(root_must_say_who_it_becomes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
