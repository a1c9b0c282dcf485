/* Named moments between two steps that belong together: tests end the process there, at each of them, to see that nothing is lost. Nothing happens in a daemon:
 * no option and no environment sets the hook. */
#ifndef STIR_IO_CRASH_POINT_H
#define STIR_IO_CRASH_POINT_H

/* NULL but in tests (tests/crash.h), which set it before any thread begins. */
extern void (*stir_crash_hook)(const char *point);

static inline void stir_crash_point(const char *point)
{
    if (stir_crash_hook)
        stir_crash_hook(point);
}

#endif
