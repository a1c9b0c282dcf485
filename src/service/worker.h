/* What a service needs of the thread it runs on, and the state that all threads share. */
#ifndef STIR_SERVICE_WORKER_H
#define STIR_SERVICE_WORKER_H

#include "io/loop.h"
#include "service/conf.h"

#include <stir/chain_cache.h>
#include <stir/key.h>
#include <stir/replay.h>
#include <stir/spc_table.h>
#include <stir/trust.h>

#include <pthread.h>
#include <stdatomic.h>

struct stir_as_book;
struct stir_source_book;
struct stir_fetching;
struct stir_office;
struct stir_records;
struct stir_metrics;

/* What a reading of the configuration gave: shared by all live states that come of it and by its fronts, freed with the last of them. */
struct stir_setting {
    atomic_size_t owners;
    struct stir_conf *conf;
    void (*free_conf)(struct stir_conf *conf); /* the server's: services read a conf and never make one */
    struct stir_source_book *sources;          /* service/source: trunks by address, tenants by host, path and token */
    struct stir_as_book *as;                   /* service/as: signing identities, rules, numbers; NULL: no such role */
    struct stir_spc_table *numbers;            /* who holds them; NULL: nobody knows */
};
struct stir_setting *stir_setting_ref(struct stir_setting *setting);

/* Everything a call is judged by: immutable, counted, swapped whole. A call takes the one that its worker has when it begins and ends on it. */
struct stir_live {
    atomic_size_t owners;
    uint64_t generation;
    struct stir_setting *setting;
    /* of the setting, borrowed: they live as long */
    const struct stir_conf *conf;
    const struct stir_source_book *sources;
    const struct stir_as_book *as;
    const struct stir_spc_table *numbers;
    struct stir_policy policy; /* of [verify], with its id */
    struct stir_trust *trust;  /* counted; NULL: no such role */
};
/* The memory of seen tokens, shared: a lock for each shard. */
#define STIR_REPLAY_SHARDS 16
struct stir_replays {
    struct {
        pthread_mutex_t lock;
        struct stir_replay *memory;
    } shards[STIR_REPLAY_SHARDS];
};

/* What all workers share. Each is safe for threads by itself. */
struct stir_shared {
    struct stir_chain_cache *chains;
    struct stir_replays *replays;   /* NULL: none */
    struct stir_fetching *fetching; /* NULL: nothing is fetched */
    struct stir_records *records;
    struct stir_metrics *metrics;
    struct stir_office *office; /* NULL: neither pa nor ca is a role */
    atomic_size_t waiting; /* calls that wait for the network */
    atomic_uint unready;   /* STIR_ROLE_*: those that /readyz has something against; the server sets it each second */
};

/* One worker thread. */
struct stir_worker {
    unsigned index;
    struct stir_loop *loop;
    struct stir_es256_ctx *ctx;
    struct stir_live *live; /* the worker's own reference; changes between two turns of the loop only */
    struct stir_shared *shared;
};

#endif
