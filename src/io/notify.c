#include "io/notify.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/bytes.h"
#include "io/clock.h"

enum { WAIT_S = 5 }; /* for a reader that is busy; a full queue blocks otherwise */
#define RELOAD_US INT64_C(600000000)

/* The socket's address: a path, or '@' and a name in the abstract namespace. */
static bool address_of(struct sockaddr_un *at, socklen_t *n)
{
    const char *name = getenv("NOTIFY_SOCKET");
    const size_t length = name ? strlen(name) : 0;
    if (length < 2 || length >= sizeof(at->sun_path) || (name[0] != '/' && name[0] != '@'))
        return false;
    *at = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(at->sun_path, name, length);
    if (name[0] == '@')
        at->sun_path[0] = '\0';
    *n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    return true;
}

static bool notify(const char *lines, int flags)
{
    struct sockaddr_un at;
    socklen_t n;
    if (!address_of(&at, &n))
        return false;
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const struct timeval patience = {WAIT_S, 0};
    if (fd < 0)
        return false;
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    const size_t length = strlen(lines);
    const bool sent = sendto(fd, lines, length, MSG_NOSIGNAL | flags, (const struct sockaddr *)&at, n) == (ssize_t)length;
    close(fd);
    return sent;
}

bool stir_notify(const char *lines)
{
    return notify(lines, 0);
}

/* `state`, and the watchdog's time from now on when there is one. */
static bool notify_with_watchdog(const char *state, int64_t us)
{
    char lines[160];
    if (stir_notify_watchdog_ms())
        snprintf(lines, sizeof(lines), "%s\nWATCHDOG_USEC=%lld", state, (long long)us);
    else
        snprintf(lines, sizeof(lines), "%s", state);
    return stir_notify(lines);
}

bool stir_notify_ready(void)
{
    return notify_with_watchdog("READY=1", stir_notify_watchdog_ms() * 2000);
}

bool stir_notify_reloading(void)
{
    char lines[80];
    snprintf(lines, sizeof(lines), "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)stir_clock_monotonic_us());
    return notify_with_watchdog(lines, RELOAD_US);
}

bool stir_notify_stopping(void)
{
    return stir_notify("STOPPING=1");
}

bool stir_notify_alive(void)
{
    return notify("WATCHDOG=1", MSG_DONTWAIT);
}

bool stir_notify_status(const char *format, ...)
{
    char lines[512] = "STATUS=";
    const size_t name = strlen(lines);
    va_list args;
    va_start(args, format);
    vsnprintf(lines + name, sizeof(lines) - name, format, args);
    va_end(args);
    for (char *p = lines; *p; p++)
        if ((unsigned char)*p < ' ')
            *p = ' '; /* the next line would be another variable */
    return stir_notify(lines);
}

/* A number of the environment; -1 when it is none. */
static int64_t number_of(const char *name)
{
    const char *text = getenv(name);
    int64_t value = 0;
    if (!text || !text[0])
        return -1;
    for (; *text; text++) {
        if (!stir_is_digit(*text) || value > INT64_MAX / 10 - 1)
            return -1;
        value = value * 10 + (*text - '0');
    }
    return value;
}

int64_t stir_notify_watchdog_ms(void)
{
    const int64_t us = number_of("WATCHDOG_USEC"), pid = number_of("WATCHDOG_PID");
    if (us < 2000 || (getenv("WATCHDOG_PID") && pid != (int64_t)getpid()))
        return 0;
    return us / 2000;
}
