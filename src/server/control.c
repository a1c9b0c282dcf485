/* The unix socket of `stir conf reload`: a line in, "reload"; lines out, the last "ok generation=N" or "failed". Who may use it is what the file's mode (0600)
 * and its folder allow. One asker at a time, and none for longer than a moment: it is a person at a terminal, never a call. */
#include "server/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { ASK_MS = 1000, ASK_LINE = 64 };

struct stir_control {
    struct stir_watch watch; /* first: the watch is the control */
    struct stir_server *server;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

static void answer_line(void *arg, bool fatal, const char *text)
{
    char line[600];
    int n = snprintf(line, sizeof(line), "%s%s\n", fatal ? "" : "warning: ", text);
    if (n > 0)
        (void)!send(*(int *)arg, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1, MSG_NOSIGNAL);
}

static void answer(struct stir_control *control, int fd, const char *asked)
{
    struct stir_server_say say = {answer_line, &fd};
    char line[64];
    if (strcmp(asked, "reload") != 0) {
        answer_line(&fd, true, "what can be asked is: reload");
    } else if (stir_server_reload(control->server, &say)) {
        snprintf(line, sizeof(line), "ok generation=%llu", (unsigned long long)control->server->generation);
        answer_line(&fd, true, line);
        return;
    }
    answer_line(&fd, true, "failed");
}

static void asked(struct stir_watch *watch, uint32_t events)
{
    struct stir_control *control = (struct stir_control *)(void *)watch;
    struct timeval limit = {ASK_MS / 1000, ASK_MS % 1000 * 1000};
    char line[ASK_LINE];
    size_t n = 0;
    (void)events;
    int fd = accept(watch->fd, NULL, NULL);
    if (fd < 0)
        return;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    ssize_t got = recv(fd, line, sizeof(line) - 1, 0); /* a local line comes whole */
    n = got > 0 ? (size_t)got : 0;
    while (n && (line[n - 1] == '\n' || line[n - 1] == '\r'))
        n--;
    line[n] = '\0';
    answer(control, fd, line);
    close(fd);
}

/* A socket that nobody listens at any more is in the way; one with somebody behind it is not ours to take. */
static bool is_taken(const struct sockaddr_un *at)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool taken = fd >= 0 && connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0;
    if (fd >= 0)
        close(fd);
    return taken;
}

static int listen_at(const char *path, struct stir_diag *diag)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    memcpy(at.sun_path, path, strlen(path) + 1);
    if (is_taken(&at)) {
        snprintf(diag->text, sizeof(diag->text), "%s: another stir serve runs with it", path);
        return -1;
    }
    struct stat there;
    if (lstat(path, &there) == 0) {
        if (!S_ISSOCK(there.st_mode)) {
            snprintf(diag->text, sizeof(diag->text), "%s is there and is no socket; name another path, or take it away", path);
            return -1;
        }
        unlink(path);
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t mask = umask(0177);
    bool good = fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, 4) == 0;
    umask(mask);
    if (good)
        return fd;
    snprintf(diag->text, sizeof(diag->text), "%s cannot be made; its folder must be there and be yours", path);
    if (fd >= 0)
        close(fd);
    return -1;
}

enum stir_err stir_control_new(struct stir_control **out, struct stir_server *server, const char *path, struct stir_diag *diag)
{
    if (!path[0])
        return STIR_OK;
    struct stir_control *control = calloc(1, sizeof(*control));
    if (!control)
        return STIR_ENOMEM;
    if (strlen(path) >= sizeof(control->path)) {
        snprintf(diag->text, sizeof(diag->text), "a path of a socket has at most %zu bytes", sizeof(control->path) - 1);
        free(control);
        return STIR_EVALUE;
    }
    memcpy(control->path, path, strlen(path) + 1);
    control->server = server;
    control->watch = (struct stir_watch){listen_at(path, diag), asked};
    if (control->watch.fd < 0 || stir_loop_watch(server->loop, &control->watch, EPOLLIN, false) != STIR_OK) {
        if (control->watch.fd >= 0)
            close(control->watch.fd);
        free(control);
        return STIR_EIO;
    }
    *out = control;
    return STIR_OK;
}

void stir_control_free(struct stir_control *control)
{
    if (!control)
        return;
    stir_loop_unwatch(control->server->loop, &control->watch);
    close(control->watch.fd);
    unlink(control->path);
    free(control);
}
