/* What systemd is told of a service of Type=notify: one datagram each to the socket that $NOTIFY_SOCKET names (sd_notify(3)). Without one nothing is sent and
 * nothing is wrong. Main thread only: the environment is read. */
#ifndef STIR_IO_NOTIFY_H
#define STIR_IO_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* One or more lines "NAME=value". False: nobody listens, or it could not be sent within five seconds. */
bool stir_notify(const char *lines);

bool stir_notify_ready(void); /* up, or done with a reload */
/* With the monotonic time, as Type=notify-reload wants it. Until stir_notify_ready() the watchdog waits ten minutes: a reload may fetch the certificate of each
 * signer and read millions of numbers, and is not to be taken for a daemon that hangs. */
bool stir_notify_reloading(void);
bool stir_notify_stopping(void);
bool stir_notify_alive(void); /* the watchdog's; waits for nobody: the next one does as well */
/* One line for `systemctl status`. */
bool stir_notify_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Milliseconds within which stir_notify_alive() is to be called again and again: half of what systemd waits. 0: no watchdog, or not for this process. */
int64_t stir_notify_watchdog_ms(void);

#endif
