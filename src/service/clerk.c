#include "service/clerk.h"

#include "service/records.h"

#include <stdarg.h>
#include <stdio.h>

enum { LINE = 1000 /* bytes of what is said at once */ };

void stir_clerk_say(const struct stir_clerk *clerk, int level, const char *event, const char *format, ...)
{
    char line[LINE];
    va_list args;
    if (!clerk->records)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    stir_records_say(clerk->records, level, event, "%s", line);
}
