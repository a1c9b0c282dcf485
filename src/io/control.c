#include "io/control.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/bytes.h"
#include "io/clock.h"

enum { ANSWER_MAX = 1 << 20, WAIT_S = 300, LINE = 1024, LOOK_MS = 200 };

static enum stir_err open_socket(int *out, const char *path, struct stir_diag *diag)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(at.sun_path))
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "%.100s: a path of a socket has at most %zu bytes", path, sizeof(at.sun_path) - 1);
    memcpy(at.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0) {
        *out = fd;
        return STIR_OK;
    }
    int why = errno;
    if (fd >= 0)
        close(fd);
    return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "%s: %s; does stir serve run with [server] control = %s?", path, strerror(why), path);
}

/* Lines as they come; the last one is held back until another follows it. */
struct hearing {
    const struct stir_control_ear *ear;
    char line[LINE], last[LINE];
    size_t n, all;
    bool any;
};

static void take(struct hearing *h, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] != '\n' && h->n + 1 < sizeof(h->line))
            h->line[h->n++] = bytes[i];
        if (bytes[i] != '\n')
            continue;
        if (h->any && h->ear->said)
            h->ear->said(h->ear->arg, h->last);
        h->line[h->n] = '\0';
        memcpy(h->last, h->line, h->n + 1);
        h->any = true;
        h->n = 0;
    }
}

/* Everything that is said until the other side closes. STIR_EIO: it took too long, or it was too much. */
static enum stir_err hear(int fd, struct hearing *h)
{
    for (const int64_t until = stir_clock_monotonic_ms() + WAIT_S * 1000; stir_clock_monotonic_ms() < until;) {
        struct pollfd ready = {fd, POLLIN, 0};
        char bytes[512];
        if (h->ear->stop && h->ear->stop(h->ear->arg))
            return STIR_EBUSY;
        if (poll(&ready, 1, LOOK_MS) <= 0)
            continue;
        ssize_t got = recv(fd, bytes, sizeof(bytes), 0);
        if (got <= 0)
            return got == 0 ? STIR_OK : STIR_EIO;
        h->all += (size_t)got;
        take(h, bytes, (size_t)got);
        if (h->all > ANSWER_MAX)
            return STIR_EIO;
    }
    return STIR_EIO;
}

static enum stir_err verdict(const struct hearing *h, int64_t *generation, struct stir_diag *diag)
{
    static const char ok[] = "ok generation=";
    if (strcmp(h->last, "failed") == 0)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the daemon did not take the configuration; nothing was changed");
    if (strncmp(h->last, ok, sizeof(ok) - 1) != 0)
        return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "the daemon did not say what became of it; its log does");
    *generation = 0;
    for (const char *p = h->last + sizeof(ok) - 1; stir_is_digit(*p) && *generation < INT64_MAX / 16; p++)
        *generation = *generation * 10 + (*p - '0');
    return STIR_OK;
}

enum stir_err stir_control_reload(const char *path, const struct stir_control_ear *ear, int64_t *generation, struct stir_diag *diag)
{
    static const char reload[] = "reload\n";
    struct hearing h = {.ear = ear};
    int fd = -1;
    TRY(open_socket(&fd, path, diag));
    enum stir_err err = send(fd, reload, sizeof(reload) - 1, MSG_NOSIGNAL) == (ssize_t)sizeof(reload) - 1 ? hear(fd, &h) : STIR_EIO;
    close(fd);
    return err == STIR_OK ? verdict(&h, generation, diag) : stir_diag_set(diag, err, SIZE_MAX, "the daemon did not say what became of it; its log does");
}
