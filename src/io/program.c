#define _GNU_SOURCE /* posix_spawn_file_actions_addclosefrom_np() */
#include "io/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/bytes.h"
#include "io/clock.h"

extern char **environ;

enum { LOOK_MS = 50 };

struct run {
    const struct stir_program *program;
    char *words; /* the command, blanks made NUL */
    char *argv[STIR_PROGRAM_WORDS + 1];
    char **envp;
    char *output;
    size_t n;
    int pipe[2];
    pid_t pid;
    int status;
};

static enum stir_err divide(struct run *r, struct stir_diag *diag)
{
    size_t n = 0;
    r->words = strdup(r->program->command);
    if (!r->words)
        return STIR_ENOMEM;
    for (char *at = r->words; *at;) {
        while (*at == ' ' || *at == '\t')
            *at++ = '\0';
        if (!*at)
            break;
        if (n + r->program->n_add >= STIR_PROGRAM_WORDS)
            return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "the command line has more than %d words", STIR_PROGRAM_WORDS);
        r->argv[n++] = at;
        while (*at && *at != ' ' && *at != '\t')
            at++;
    }
    if (n == 0)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "no program is named");
    for (size_t i = 0; i < r->program->n_add; i++)
        r->argv[n++] = (char *)(uintptr_t)r->program->add[i];
    return STIR_OK;
}

/* Ours that is not said anew, and what is added. */
static enum stir_err surround(struct run *r)
{
    size_t n = 0, had = 0;
    while (environ[had])
        had++;
    r->envp = calloc(had + r->program->n_env + 1, sizeof(*r->envp));
    if (!r->envp)
        return STIR_ENOMEM;
    for (size_t i = 0; i < had; i++) {
        bool again = false;
        size_t name = strcspn(environ[i], "=") + 1;
        for (size_t k = 0; k < r->program->n_env; k++)
            again = again || strncmp(environ[i], r->program->env[k], name) == 0;
        if (!again)
            r->envp[n++] = environ[i];
    }
    for (size_t k = 0; k < r->program->n_env; k++)
        r->envp[n++] = (char *)(uintptr_t)r->program->env[k];
    return STIR_OK;
}

/* A group of its own, so that what it began ends with it; signals as a program expects them: our threads hold them back. */
static int spawn_with(struct run *r, posix_spawn_file_actions_t *files, posix_spawnattr_t *attr)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int err = posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDONLY, 0);
    err = err ? err : posix_spawn_file_actions_adddup2(files, r->pipe[1], 1);
    err = err || !r->program->join ? err : posix_spawn_file_actions_adddup2(files, r->pipe[1], 2);
    err = err ? err : posix_spawn_file_actions_addclosefrom_np(files, 3); /* whatever a library of ours left open */
    err = err ? err : posix_spawnattr_setpgroup(attr, 0);
    err = err ? err : posix_spawnattr_setsigmask(attr, &none);
    err = err ? err : posix_spawnattr_setsigdefault(attr, &all);
    err = err ? err : posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    return err ? err : posix_spawn(&r->pid, r->argv[0], files, attr, r->argv, r->envp);
}

static enum stir_err spawn(struct run *r, struct stir_diag *diag)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    if (pipe(r->pipe) != 0)
        return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "no pipe: %s", strerror(errno));
    fcntl(r->pipe[0], F_SETFD, FD_CLOEXEC);
    fcntl(r->pipe[1], F_SETFD, FD_CLOEXEC);
    fcntl(r->pipe[0], F_SETFL, O_NONBLOCK);
    int err = posix_spawn_file_actions_init(&files);
    if (err == 0) {
        err = posix_spawnattr_init(&attr);
        err = err ? err : spawn_with(r, &files, &attr);
        posix_spawnattr_destroy(&attr);
        posix_spawn_file_actions_destroy(&files);
    }
    close(r->pipe[1]);
    r->pipe[1] = -1;
    return err == 0 ? STIR_OK : stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%.100s cannot be run: %s", r->argv[0], strerror(err));
}

/* What is there now. False: nobody writes any more. */
static bool hear(struct run *r)
{
    for (;;) {
        char more[4096];
        ssize_t got = read(r->pipe[0], more, sizeof(more));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 && errno == EAGAIN;
        size_t room = STIR_PROGRAM_OUTPUT - r->n, n = (size_t)got < room ? (size_t)got : room;
        memcpy(r->output + r->n, more, n);
        r->n += n;
    }
}

static bool has_ended(struct run *r)
{
    pid_t got = waitpid(r->pid, &r->status, WNOHANG);
    if (got == r->pid || (got < 0 && errno != EINTR)) {
        r->pid = 0;
        return true;
    }
    return false;
}

static enum stir_err await(struct run *r, struct stir_diag *diag)
{
    const struct stir_program *p = r->program;
    const int64_t until = stir_clock_monotonic_ms() + p->timeout_ms;
    bool open = true;
    while (!has_ended(r)) {
        struct pollfd ready = {open ? r->pipe[0] : -1, POLLIN, 0};
        (void)poll(&ready, 1, LOOK_MS);
        open = open && hear(r);
        if (p->stop && p->stop(p->stop_arg))
            return stir_diag_set(diag, STIR_EBUSY, SIZE_MAX, "%.100s was stopped", r->argv[0]);
        if (stir_clock_monotonic_ms() >= until)
            return stir_diag_set(diag, STIR_ETIME, SIZE_MAX, "%.100s took longer than %lld seconds and was ended", r->argv[0],
                                 (long long)(p->timeout_ms / 1000));
    }
    hear(r);
    if (WIFSIGNALED(r->status))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%.100s was ended by signal %d", r->argv[0], WTERMSIG(r->status));
    if (WEXITSTATUS(r->status) != 0)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%.100s ended with status %d", r->argv[0], WEXITSTATUS(r->status));
    return STIR_OK;
}

static void clear(struct run *r)
{
    if (r->pid > 0) {
        kill(-r->pid, SIGKILL);
        while (waitpid(r->pid, &r->status, 0) < 0 && errno == EINTR)
            continue;
    }
    if (r->pipe[0] >= 0)
        close(r->pipe[0]);
    free(r->words);
    free(r->envp);
}

enum stir_err stir_program_run(struct stir_slice *output, const struct stir_program *program, struct stir_diag *diag)
{
    struct run r = {.program = program, .pipe = {-1, -1}};
    r.output = calloc(1, STIR_PROGRAM_OUTPUT + 1);
    enum stir_err err = r.output ? divide(&r, diag) : STIR_ENOMEM;
    err = err == STIR_OK ? surround(&r) : err;
    err = err == STIR_OK ? spawn(&r, diag) : err;
    err = err == STIR_OK ? await(&r, diag) : err;
    clear(&r);
    *output = stir_slice_of(r.output, r.n);
    return err;
}
