/* A clerk: one thread of the office, or one command, with what the policy administrator and the certificate authority need of it. */
#ifndef STIR_SERVICE_CLERK_H
#define STIR_SERVICE_CLERK_H

#include "io/store.h"
#include "service/metrics.h"

#include <stir/key.h>

struct stir_records;

/* One thread's things. */
struct stir_clerk {
    struct stir_store *store;
    struct stir_es256_ctx *ctx;
    const char *node;             /* of [store]: whose audit chain is written */
    struct stir_records *records; /* the log; NULL: none (commands, tests) */
    struct stir_metrics *metrics; /* NULL: none */
};
/* stir_records_say() where there is a log. `level` as of [log]. */
void stir_clerk_say(const struct stir_clerk *clerk, int level, const char *event, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The name of this node: `configured`, or, when that is "", this host's, of the letters that a node's may have. */
enum { STIR_CLERK_NODE = 65 };
void stir_clerk_node(char node[STIR_CLERK_NODE], const char *configured);

/* One more of it, where there are figures. */
void stir_clerk_count(const struct stir_clerk *clerk, enum stir_metric metric);

#endif
