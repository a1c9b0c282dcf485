/* The one thread that fetches for all workers: struct stir_net behind a mailbox. */
#ifndef STIR_SERVICE_FETCHING_H
#define STIR_SERVICE_FETCHING_H

#include "io/loop.h"
#include "service/conf.h"

#include <stir/net.h>

struct stir_fetching;

/* One question; the asker's memory until done() is called on the asker's loop. */
struct stir_fetch_job {
    struct stir_post post;
    struct stir_loop *from;
    struct stir_slice url; /* must live as long as the job */
    enum stir_net_kind kind;
    size_t max_bytes;
    struct stir_net_answer *answer; /* the asker's to free; NULL: out of memory */
    void (*done)(struct stir_fetch_job *job);
};

/* Begin its thread. `diag` says which key of [fetch] is wrong. */
enum stir_err stir_fetching_new(struct stir_fetching **out, const struct stir_conf_fetch *conf, struct stir_diag *diag) STIR_MUST_USE;
/* Stop: every job under way is answered (unreachable) first. The loops of the askers must still be there. */
void stir_fetching_free(struct stir_fetching *fetching);
void stir_fetching_ask(struct stir_fetching *fetching, struct stir_fetch_job *job);

/* Figures, from any thread. */
struct stir_fetching_stats {
    uint64_t asked, memory, disk, fetched, failed, refused;
    size_t under_way;
    uint64_t took_us_sum; /* of those fetched */
};
void stir_fetching_stats(struct stir_fetching *fetching, struct stir_fetching_stats *out);

#endif
