/* Chains by URL and policy, in shards that are locked apart: two threads rarely want the same lock. */
#include <stir/chain_cache.h>

#include <openssl/rand.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/bytes.h"
#include "io/lru.h"

enum {
    SHARDS = 16,
    SHARDED = 1024,   /* entries from which on there are shards: fewer would make the bound of each too small */
    LOOKED_AT = 64,   /* of a shard's last used, in search of a hot one: bounds the time of its lock */
    POLICY_BYTES = 8, /* of a key, before the URL */
    KEY_CAP = POLICY_BYTES + STIR_MAX_URL,
};

struct entry {
    struct stir_lru_item item;
    struct stir_chain *chain;
    size_t chain_bytes;
    int64_t until;
    unsigned uses;
    atomic_size_t *tables; /* the cache's count, while this one has or awaits a table; else NULL */
    char key[];
};

struct shard {
    pthread_mutex_t lock;
    struct stir_lru lru;
    uint64_t found, missed;
};

struct stir_chain_cache {
    struct stir_chain_cache_options options;
    struct stir_siphash hash;
    atomic_size_t tables;
    size_t n_shards;
    struct shard shards[SHARDS];
};

static struct entry *entry_of(struct stir_lru_item *item)
{
    return (struct entry *)(void *)item;
}

static void release(struct stir_lru_item *item)
{
    struct entry *e = entry_of(item);
    if (e->tables)
        atomic_fetch_sub(e->tables, 1);
    stir_chain_free(e->chain);
    free(e);
}

static enum stir_err open_shards(struct stir_chain_cache *cache)
{
    const struct stir_chain_cache_options *o = &cache->options;
    size_t n = o->max_entries >= SHARDED ? SHARDS : 1;
    for (; cache->n_shards < n; cache->n_shards++) {
        struct shard *shard = &cache->shards[cache->n_shards];
        TRY(stir_lru_init(&shard->lru, (o->max_entries + n - 1) / n, o->max_bytes / n, release));
        if (pthread_mutex_init(&shard->lock, NULL) != 0) {
            stir_lru_clear(&shard->lru);
            return STIR_ENOMEM;
        }
    }
    return STIR_OK;
}

enum stir_err stir_chain_cache_new(struct stir_chain_cache **out, const struct stir_chain_cache_options *options)
{
    STIR_OSSL_QUIET;
    unsigned char secret[STIR_SIPHASH_SECRET];
    const struct stir_chain_cache_options none = STIR_CHAIN_CACHE_OPTIONS_INIT;
    options = options ? options : &none;
    if (!out || options->size < sizeof(*options))
        return STIR_EARG;
    if (RAND_bytes(secret, sizeof(secret)) != 1)
        return STIR_ECRYPTO;
    struct stir_chain_cache *cache = calloc(1, sizeof(*cache));
    if (!cache)
        return STIR_ENOMEM;
    struct stir_chain_cache_options *o = &cache->options;
    *o = *options;
    o->max_bytes = o->max_bytes ? o->max_bytes : 256u << 20;
    o->max_entries = o->max_entries ? o->max_entries : 100000;
    o->max_tables = o->max_tables ? o->max_tables : 512;
    o->hot = o->hot ? o->hot : 16;
    cache->hash = stir_siphash_of(secret);
    enum stir_err err = open_shards(cache);
    if (err == STIR_OK)
        *out = cache;
    else
        stir_chain_cache_free(cache);
    return err;
}

void stir_chain_cache_free(struct stir_chain_cache *cache)
{
    if (!cache)
        return;
    STIR_OSSL_QUIET;
    for (size_t i = 0; i < cache->n_shards; i++) {
        stir_lru_clear(&cache->shards[i].lru);
        pthread_mutex_destroy(&cache->shards[i].lock);
    }
    free(cache);
}

/* Policy and URL: chains judged under several policies stand side by side. */
static struct stir_slice write_key(char key[KEY_CAP], uint64_t policy_id, struct stir_slice url)
{
    memcpy(key, &policy_id, POLICY_BYTES);
    memcpy(key + POLICY_BYTES, url.p, url.n);
    return stir_slice_of(key, POLICY_BYTES + url.n);
}

static struct shard *shard_of(struct stir_chain_cache *cache, struct stir_slice key)
{
    return &cache->shards[stir_siphash(&cache->hash, key) % cache->n_shards];
}

static bool is_url(struct stir_slice url)
{
    return url.p && url.n <= STIR_MAX_URL;
}

struct stir_chain *stir_chain_cache_find(struct stir_chain_cache *cache, struct stir_slice url, const struct stir_trust *trust,
                                         const struct stir_policy *policy, int64_t now)
{
    char buf[KEY_CAP];
    struct stir_chain *chain = NULL;
    if (!cache || !is_url(url) || !trust || !policy)
        return NULL;
    STIR_OSSL_QUIET;
    struct stir_slice key = write_key(buf, policy->id, url);
    struct shard *shard = shard_of(cache, key);
    pthread_mutex_lock(&shard->lock);
    struct entry *e = entry_of(stir_lru_find(&shard->lru, key));
    if (e && now >= e->until) {
        stir_lru_drop(&shard->lru, &e->item);
    } else if (e && stir_chain_is_current(e->chain, trust, policy, now)) { /* else: a call that began on another snapshot; what it judges replaces this one */
        stir_lru_touch(&shard->lru, &e->item);
        e->uses += e->uses < cache->options.hot;
        chain = stir_chain_ref(e->chain);
    }
    shard->found += chain != NULL;
    shard->missed += chain == NULL;
    pthread_mutex_unlock(&shard->lock);
    return chain;
}

enum stir_err stir_chain_cache_put(struct stir_chain_cache *cache, struct stir_slice url, struct stir_chain *chain, int64_t until)
{
    char buf[KEY_CAP];
    if (!cache || !is_url(url) || !chain)
        return STIR_EARG;
    STIR_OSSL_QUIET;
    const struct stir_chain_info *info = stir_chain_info(chain);
    struct stir_slice key = write_key(buf, info->policy_id, url);
    struct entry *e = calloc(1, sizeof(*e) + key.n);
    if (!e)
        return STIR_ENOMEM;
    memcpy(e->key, key.p, key.n);
    e->chain = stir_chain_ref(chain);
    e->chain_bytes = stir_chain_bytes(chain);
    e->until = until;
    e->item = (struct stir_lru_item){.key = stir_slice_of(e->key, key.n), .cost = sizeof(*e) + key.n + e->chain_bytes, .bad = !info->trusted};
    struct shard *shard = shard_of(cache, key);
    pthread_mutex_lock(&shard->lock);
    (void)stir_lru_put(&shard->lru, &e->item);
    pthread_mutex_unlock(&shard->lock);
    return STIR_OK;
}

/* A hot chain without a table: marked, so that no other thread makes it too, and its key copied. */
static struct stir_chain *take_hot(struct stir_chain_cache *cache, struct shard *shard, char key[KEY_CAP], size_t *n)
{
    struct stir_lru_item *item = shard->lru.good.newest;
    for (size_t i = 0; item && i < LOOKED_AT; i++, item = item->older) {
        struct entry *e = entry_of(item);
        if (e->uses < cache->options.hot || e->tables)
            continue;
        e->tables = &cache->tables;
        atomic_fetch_add(&cache->tables, 1);
        memcpy(key, item->key.p, item->key.n);
        *n = item->key.n;
        return stir_chain_ref(e->chain);
    }
    return NULL;
}

/* Count what the table takes, if the chain is still there. */
static void count_table(struct shard *shard, struct stir_slice key, const struct stir_chain *chain)
{
    size_t bytes = stir_chain_bytes(chain);
    struct entry *e = entry_of(stir_lru_find(&shard->lru, key));
    if (!e || e->chain != chain)
        return;
    size_t more = bytes - e->chain_bytes;
    e->chain_bytes = bytes;
    stir_lru_grow(&shard->lru, &e->item, more);
}

bool stir_chain_cache_tend(struct stir_chain_cache *cache)
{
    char key[KEY_CAP];
    size_t n = 0;
    if (!cache)
        return false;
    STIR_OSSL_QUIET;
    for (size_t i = 0; i < cache->n_shards && atomic_load(&cache->tables) < cache->options.max_tables; i++) {
        struct shard *shard = &cache->shards[i];
        pthread_mutex_lock(&shard->lock);
        struct stir_chain *chain = take_hot(cache, shard, key, &n);
        pthread_mutex_unlock(&shard->lock);
        if (!chain)
            continue;
        enum stir_err err = stir_chain_prepare(chain); /* an OpenSSL without tables: nothing is made, and nobody tries this one again */
        pthread_mutex_lock(&shard->lock);
        if (err == STIR_OK)
            count_table(shard, stir_slice_of(key, n), chain);
        pthread_mutex_unlock(&shard->lock);
        stir_chain_free(chain);
        return true;
    }
    return false;
}

enum stir_err stir_chain_cache_stats(struct stir_chain_cache *cache, struct stir_chain_cache_stats *out)
{
    if (!cache || !out || out->size < sizeof(*out))
        return STIR_EARG;
    struct stir_chain_cache_stats stats = {.size = sizeof(stats), .tables = atomic_load(&cache->tables)};
    for (size_t i = 0; i < cache->n_shards; i++) {
        struct shard *shard = &cache->shards[i];
        pthread_mutex_lock(&shard->lock);
        stats.entries += shard->lru.good.n + shard->lru.bad.n;
        stats.bytes += shard->lru.good.bytes + shard->lru.bad.bytes;
        stats.found += shard->found;
        stats.missed += shard->missed;
        pthread_mutex_unlock(&shard->lock);
    }
    *out = stats;
    return STIR_OK;
}
