/* What clerks answered, by interface and status, for /metrics: stir_acme_requests_total and stir_pa_requests_total. From any thread. */
#ifndef STIR_SERVICE_OFFICE_COUNT_H
#define STIR_SERVICE_OFFICE_COUNT_H

#include "service/metrics.h"

struct stir_office_count;
/* It becomes a source of `metrics` (NULL: of nobody's), and must live as long as they are asked. */
enum stir_err stir_office_count_new(struct stir_office_count **out, struct stir_metrics *metrics) STIR_MUST_USE;
void stir_office_count_free(struct stir_office_count *count);
/* `event` is constant: "acme new-order", "pa token"; NULL is "acme other". What is beyond the room that there is counts as other. */
void stir_office_count_add(struct stir_office_count *count, const char *event, int status);

#endif
