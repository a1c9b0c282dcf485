#define _GNU_SOURCE /* pipe2() */
/* Commands as a person types them, and the daemon: children of the lab, which end with it. */
#include "cli/lab.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/bytes.h"
#include "io/clock.h"

enum { WORDS = 40, LINE = 1024 };

static void nap(long ms)
{
    struct timespec wait = {ms / 1000, (ms % 1000) * 1000000};
    nanosleep(&wait, NULL);
}

static sigset_t ending(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

void lab_signals(void)
{
    sigset_t set = ending();
    sigaddset(&set, SIGCHLD); /* wakes lab_stay() */
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

bool lab_ends(void)
{
    sigset_t pending;
    return sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1);
}

/* In the child: the folder, signals as they were, its output there, and an end when the lab ends whatever way. Never returns. */
static void become(const struct lab *lab, int out, char *const *words, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    signal(SIGPIPE, SIG_DFL);
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (sigprocmask(SIG_SETMASK, &none, NULL) == 0 && prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent && chdir(lab->dir) == 0 && in >= 0 &&
        dup2(in, 0) == 0 && dup2(out, 1) == 1 && dup2(out, 2) == 2)
        execv(lab->self, words);
    _exit(127);
}

/* `words` without "stir". The child, or -1. */
static pid_t begin(const struct lab *lab, int out, const char *const *words)
{
    static char stir[] = "stir";
    char *argv[WORDS + 2] = {stir};
    pid_t parent = getpid();
    size_t n = 1;
    for (size_t i = 0; words[i] && n <= WORDS; i++) {
        union {
            const char *borrowed;
            char *word;
        } as = {words[i]}; /* execv() takes them so, and changes nothing */
        argv[n++] = as.word;
    }
    argv[n] = NULL;
    fflush(NULL); /* or the child would write it again */
    pid_t pid = fork();
    if (pid == 0)
        become(lab, out, argv, parent);
    return pid;
}

/* As a person types it: words with anything odd in quotes. */
static void show(const struct lab *lab, const char *const *words)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=@,+-";
    char line[LINE];
    struct stir_writer w = stir_writer_of(line, sizeof(line) - 1);
    stir_put_text(&w, "$ stir");
    for (size_t i = 0; words[i]; i++) {
        if (strspn(words[i], plain) == strlen(words[i]))
            stir_put_format(&w, " %s", words[i]);
        else
            stir_put_format(&w, " '%s'", words[i]);
    }
    if (stir_writer_close(&w, NULL) == STIR_OK)
        lab_say(lab, "%s", line);
}

/* All that the child says until it is done with speaking; what is beyond LAB_HEARD is let go. */
static bool hear(struct lab *lab, int from)
{
    const int64_t until = stir_clock_monotonic_ms() + LAB_WAIT_S * 1000;
    lab->n_heard = 0;
    for (;;) {
        struct pollfd ready = {from, POLLIN, 0};
        int64_t left = until - stir_clock_monotonic_ms();
        char buf[4096];
        if (left <= 0)
            return false;
        if (poll(&ready, 1, left > 1000 ? 1000 : (int)left) <= 0)
            continue;
        ssize_t n = read(from, buf, sizeof(buf));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        size_t kept = (size_t)n < LAB_HEARD - 1 - lab->n_heard ? (size_t)n : LAB_HEARD - 1 - lab->n_heard;
        memcpy(lab->heard + lab->n_heard, buf, kept);
        lab->n_heard += kept;
    }
    lab->heard[lab->n_heard] = '\0';
    return true;
}

static int run(struct lab *lab, const char *const *words, bool seen)
{
    int ends[2], status = 0;
    if (lab_ends())
        return CLI_CANNOT;
    if (seen)
        show(lab, words);
    if (pipe2(ends, O_CLOEXEC) != 0)
        return cli_fail(lab->cli, CLI_CANNOT, "no pipe: %s", strerror(errno));
    pid_t pid = begin(lab, ends[1], words);
    close(ends[1]);
    bool heard = pid > 0 && hear(lab, ends[0]);
    close(ends[0]);
    if (pid <= 0)
        return cli_fail(lab->cli, CLI_CANNOT, "no process: %s", strerror(errno));
    if (!heard)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    bool good = heard && WIFEXITED(status) && WEXITSTATUS(status) == CLI_YES;
    if (!good && !seen)
        show(lab, words);
    if (lab->n_heard && (seen || !good))
        lab_say(lab, "%.*s", (int)(lab->n_heard - (lab->heard[lab->n_heard - 1] == '\n')), lab->heard);
    if (good || lab_ends())
        return good ? CLI_YES : CLI_CANNOT;
    if (!heard)
        return cli_fail(lab->cli, CLI_CANNOT, "that took longer than %d seconds, and was ended", LAB_WAIT_S);
    return cli_fail(lab->cli, CLI_CANNOT, "that went wrong (exit status %d)", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
}

int lab_stir(struct lab *lab, const char *const *words)
{
    return run(lab, words, true);
}

int lab_stir_quiet(struct lab *lab, const char *const *words)
{
    return run(lab, words, false);
}

/* Is the daemon there? When not, its end is kept nowhere: its log says why. */
static bool lives(struct lab *lab)
{
    if (lab->daemon && waitpid(lab->daemon, NULL, WNOHANG) == lab->daemon)
        lab->daemon = 0;
    return lab->daemon != 0;
}

int lab_serve(struct lab *lab)
{
    static const char *const words[] = {"serve", "stir.conf", NULL};
    char log[LAB_PATH + 16];
    snprintf(log, sizeof(log), "%s/serve.log", lab->dir);
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (out < 0)
        return cli_fail(lab->cli, CLI_CANNOT, "%s: %s", log, strerror(errno));
    lab_say(lab, "$ stir serve stir.conf >serve.log &");
    pid_t pid = begin(lab, out, words);
    close(out);
    if (pid <= 0)
        return cli_fail(lab->cli, CLI_CANNOT, "no process: %s", strerror(errno));
    lab->daemon = pid;
    for (int64_t until = stir_clock_monotonic_ms() + LAB_READY_S * 1000; stir_clock_monotonic_ms() < until && lives(lab) && !lab_ends(); nap(50))
        if (lab_get(lab, "/healthz") == 200)
            return CLI_YES;
    if (lab_ends())
        return CLI_CANNOT;
    return cli_fail(lab->cli, CLI_CANNOT, "stir serve %s: %s says why", lab->daemon ? "is not ready" : "ended", log);
}

int lab_stay(struct lab *lab)
{
    sigset_t set = ending();
    sigaddset(&set, SIGCHLD);
    while (lives(lab) && !lab_ends()) {
        struct timespec wait = {1, 0};
        int got = sigtimedwait(&set, NULL, &wait);
        if (got == SIGINT || got == SIGTERM)
            return CLI_YES;
    }
    return lab_ends() ? CLI_YES : cli_fail(lab->cli, CLI_CANNOT, "stir serve ended: %s/serve.log says why", lab->dir);
}

void lab_stop(struct lab *lab)
{
    if (!lives(lab))
        return;
    kill(lab->daemon, SIGTERM);
    for (int64_t until = stir_clock_monotonic_ms() + LAB_STOP_S * 1000; stir_clock_monotonic_ms() < until && lives(lab);)
        nap(20);
    if (!lives(lab))
        return;
    kill(lab->daemon, SIGKILL);
    waitpid(lab->daemon, NULL, 0);
    lab->daemon = 0;
}
