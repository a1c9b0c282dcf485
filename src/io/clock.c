#include "io/clock.h"

#include <time.h>

#include "core/time.h"

static int64_t ms_of(clockid_t clock)
{
    struct timespec t = {0, 0};
    (void)clock_gettime(clock, &t); /* both are there on every Linux */
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t stir_clock_unix_ms(void)
{
    return ms_of(CLOCK_REALTIME);
}

int64_t stir_clock_monotonic_ms(void)
{
    return ms_of(CLOCK_MONOTONIC);
}

int64_t stir_clock_monotonic_us(void)
{
    struct timespec t = {0, 0};
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void stir_put_utc(struct stir_writer *w, int64_t unix_ms)
{
    struct stir_civil t = {.year = 1970, .month = 1, .day = 1};
    const int64_t ms = ((unix_ms % 1000) + 1000) % 1000;
    (void)stir_time_to_civil(&t, (unix_ms - ms) / 1000); /* a year of five digits is none that a clock shows */
    stir_put_format(w, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", t.year, t.month, t.day, t.hour, t.minute, t.second, (int)ms);
}

/* The digits of `text` from `at` on, as a number. */
static int digits(struct stir_slice text, size_t at, size_t n)
{
    int value = 0;
    for (size_t i = at; i < at + n; i++)
        value = value * 10 + (text.p[i] - '0');
    return value;
}

bool stir_utc_parse(int64_t *unix_ms, struct stir_slice text)
{
    static const char form[] = "0000-00-00T00:00:00.000Z";
    int64_t seconds;
    if (text.n < sizeof(form) - 1)
        return false;
    for (size_t i = 0; i < sizeof(form) - 1; i++)
        if (form[i] == '0' ? !stir_is_digit(text.p[i]) : text.p[i] != form[i])
            return false;
    if (!stir_time_from_civil(&seconds, digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2), digits(text, 11, 2), digits(text, 14, 2),
                              digits(text, 17, 2)))
        return false;
    *unix_ms = seconds * 1000 + digits(text, 20, 3);
    return true;
}

int64_t stir_clock_look(struct stir_clock_watch *watch, int64_t unix_ms, int64_t monotonic_ms)
{
    const int64_t ahead = unix_ms - monotonic_ms, jump = watch->begun ? ahead - watch->ahead_ms : 0;
    watch->begun = true;
    watch->ahead_ms = ahead;
    return jump >= STIR_CLOCK_JUMP_MS || jump <= -STIR_CLOCK_JUMP_MS ? jump : 0;
}
