/* The one thread that fetches for all workers: struct stir_net behind a mailbox. */
#ifndef STIR_SERVICE_FETCHING_H
#define STIR_SERVICE_FETCHING_H

#include "io/loop.h"
#include "service/conf.h"

#include <stir/chain_cache.h>
#include <stir/net.h>

struct stir_fetching;

enum { STIR_FETCHING_JOBS = 16384 }; /* jobs that wait at once, whatever they ask for: a kilobyte or two each. More are answered at once, with nothing */

/* One question; the asker's memory until done() is called on the asker's loop. */
struct stir_fetch_job {
    struct stir_post post;
    struct stir_loop *from;
    struct stir_slice url; /* must live as long as the job */
    enum stir_net_kind kind;
    size_t max_bytes;
    struct stir_net_answer *answer; /* the asker's to free; NULL: none could be made (out of memory, too many jobs, the end): as unreachable */
    void (*done)(struct stir_fetch_job *job);
    /* fetching's own from here */
    struct stir_fetching *fetching;
    struct stir_fetch_job *before, *after;
    int64_t began_us;
};

/* [fetch] as the fetcher takes it; texts are borrowed from `conf`. */
void stir_fetching_options(struct stir_net_options *out, const struct stir_conf_fetch *conf);

/* Begin its thread. `diag` says which key of [fetch] is wrong. */
enum stir_err stir_fetching_new(struct stir_fetching **out, const struct stir_conf_fetch *conf, struct stir_diag *diag) STIR_MUST_USE;
/* Stop: every job under way is answered (with nothing) first. The loops of the askers must still be there; nobody asks any more. NULL is fine. */
void stir_fetching_free(struct stir_fetching *fetching);
/* From the asker's thread. */
void stir_fetching_ask(struct stir_fetching *fetching, struct stir_fetch_job *job);
/* Let its thread also make the tables of hot keys (stir_chain_cache_tend()), when nothing is being fetched, and now and then when something is: said once,
 * before anybody asks. The cache must outlive it. */
void stir_fetching_tend(struct stir_fetching *fetching, struct stir_chain_cache *chains);

/* Figures, from any thread. */
struct stir_fetching_stats {
    uint64_t asked, memory, disk, fetched, failed, refused; /* refused: for want of room */
    size_t under_way;
    uint64_t took_us_sum; /* of those fetched */
};
void stir_fetching_stats(struct stir_fetching *fetching, struct stir_fetching_stats *out);

#endif
