/* Figures for Prometheus: one table of families (service/metrics.def), counters that threads raise without a lock, and the text of /metrics. Labels come from
 * small closed sets; trunk and tenant names from the configuration alone, and no more of them than [metrics] says. */
#ifndef STIR_SERVICE_METRICS_H
#define STIR_SERVICE_METRICS_H

#include "service/record.h"

struct stir_metrics;

/* Families without labels that fronts and services raise themselves: C(ID, "name_total", "help") in metrics.def. */
enum stir_metric {
#define C(id, name, help) STIR_METRIC_##id,
#define G(id, name, help) STIR_METRIC_##id,
#include "service/metrics.def"
#undef C
#undef G
    STIR_METRIC_COUNT
};

enum {
    STIR_METRICS_SOURCES = 32,  /* of stir_metrics_source() */
    STIR_METRICS_NAMES = 10000, /* trunks, and tenants, that get a label of their own whatever [metrics] says */
};

enum stir_err stir_metrics_new(struct stir_metrics **out) STIR_MUST_USE;
void stir_metrics_free(struct stir_metrics *metrics);

/* Take the names of trunks and tenants, and what [metrics] says of them. Names of before stay: a counter does not go back. Those beyond [metrics] max-trunks
 * are "other", calls of no trunk "none". Not by two threads at once; calls may go on. Done by stir_records_new() and stir_records_reload(). STIR_ENOMEM: some
 * names have no place and are "other". */
enum stir_err stir_metrics_conf(struct stir_metrics *metrics, const struct stir_conf *conf) STIR_MUST_USE;

/* From any thread, without a lock. */
void stir_metrics_add(struct stir_metrics *metrics, enum stir_metric metric, uint64_t n);
/* Gauges. */
void stir_metrics_set(struct stir_metrics *metrics, enum stir_metric metric, int64_t value);
/* What it stands at: for tests, and for those who decide by it. */
int64_t stir_metrics_get(const struct stir_metrics *metrics, enum stir_metric metric);
/* One call, of which stir_records_put() tells. */
void stir_metrics_call(struct stir_metrics *metrics, const struct stir_record *record);

/* Who else has something to tell at each reading writes whole lines; families with labels that are read from their owners (certificates, trust, caches).
 * Registered before the workers begin; what is told may come from any thread. STIR_METRICS_SOURCES at most, more are not asked. */
struct stir_metrics_text;
void stir_metrics_family(struct stir_metrics_text *text, const char *name, const char *type, const char *help);
/* labels: "role=\"signer\",name=\"main\"" or "", as stir_metrics_labels() writes them. */
void stir_metrics_value(struct stir_metrics_text *text, const char *name, const char *labels, double value);
/* The labels "name", "value", ... up to a NULL, values escaped; with a closing NUL, always: "" when they do not fit. */
void stir_metrics_labels(char *buf, size_t cap, ...) __attribute__((sentinel));
void stir_metrics_source(struct stir_metrics *metrics, void (*tell)(void *arg, struct stir_metrics_text *text), void *arg);

/* The whole page, with a closing NUL; free() it. NULL: out of memory. */
char *stir_metrics_page(struct stir_metrics *metrics, size_t *n);

#endif
