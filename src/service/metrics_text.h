/* The text of /metrics as it grows (Prometheus exposition format 0.0.4). */
#ifndef STIR_SERVICE_METRICS_TEXT_H
#define STIR_SERVICE_METRICS_TEXT_H

#include "service/metrics.h"

struct stir_metrics_text {
    char *p;
    size_t n, cap;
    bool failed; /* out of memory: nothing more is written */
};

/* A whole number, which a double would not hold to its last digit. */
void stir_metrics_count(struct stir_metrics_text *text, const char *name, const char *labels, uint64_t value);
/* The page, with a closing NUL; NULL when it failed. The text is empty then. */
char *stir_metrics_text_take(struct stir_metrics_text *text, size_t *n);

#endif
