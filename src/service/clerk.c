#include "service/clerk.h"

#include "core/bytes.h"
#include "service/records.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

void stir_clerk_node(char node[STIR_CLERK_NODE], const char *configured)
{
    char host[256] = "";
    size_t n = 0;
    snprintf(node, STIR_CLERK_NODE, "%s", configured);
    if (node[0])
        return;
    (void)gethostname(host, sizeof(host) - 1);
    for (const char *p = host; *p && n + 1 < STIR_CLERK_NODE; p++)
        node[n++] = stir_is_alpha(*p) || stir_is_digit(*p) || strchr("-_.", *p) ? *p : '-';
    node[n] = '\0';
    if (!n)
        snprintf(node, STIR_CLERK_NODE, "stir");
}

void stir_clerk_count(const struct stir_clerk *clerk, enum stir_metric metric)
{
    if (clerk->metrics)
        stir_metrics_add(clerk->metrics, metric, 1);
}
