#include "io/cache.h"

#include <stdlib.h>

#include "core/bytes.h"
#include "io/cache_disk.h"
#include "io/lru.h"

enum { SLACK = 60 /* seconds that a clock may step back */ };

struct entry {
    struct stir_lru_item item;
    struct stir_kept kept;
    char key[];
};

struct stir_cache {
    struct stir_lru memory;
    struct stir_cache_disk *disk;
    struct stir_kept loose; /* read from disk, and there was no room for it in memory */
};

void stir_kept_clear(struct stir_kept *kept)
{
    free((void *)(uintptr_t)kept->body.p);
    kept->body = (struct stir_slice){NULL, 0};
}

static struct entry *entry_of(struct stir_lru_item *item)
{
    return (struct entry *)(void *)item;
}

static void release(struct stir_lru_item *item)
{
    stir_kept_clear(&entry_of(item)->kept);
    free(item);
}

static struct entry *lookup(const struct stir_cache *cache, struct stir_slice key)
{
    return entry_of(stir_lru_find(&cache->memory, key));
}

enum stir_err stir_cache_new(struct stir_cache **out, const struct stir_cache_options *options)
{
    struct stir_cache *cache = calloc(1, sizeof(*cache));
    if (!cache)
        return STIR_ENOMEM;
    enum stir_err err = stir_lru_init(&cache->memory, options->memory_entries, options->memory_bytes, release);
    if (err == STIR_OK && options->folder)
        err = stir_cache_disk_new(&cache->disk, options->folder, options->disk_bytes, options->disk_entries);
    if (err == STIR_OK)
        *out = cache;
    else
        stir_cache_free(cache);
    return err;
}

void stir_cache_free(struct stir_cache *cache)
{
    if (!cache)
        return;
    stir_lru_clear(&cache->memory);
    stir_kept_clear(&cache->loose);
    stir_cache_disk_free(cache->disk);
    free(cache);
}

/* The entry in memory, or NULL when it cannot be there; then what was there of this key is gone too. */
static struct entry *put_in_memory(struct stir_cache *cache, struct stir_slice key, const struct stir_kept *kept)
{
    struct entry *e = malloc(sizeof(*e) + key.n), *old;
    char *body = e ? malloc(kept->body.n + 1) : NULL;
    if (!body) {
        free(e);
        if ((old = lookup(cache, key)))
            stir_lru_drop(&cache->memory, &old->item);
        return NULL;
    }
    if (kept->body.n)
        memcpy(body, kept->body.p, kept->body.n);
    memcpy(e->key, key.p, key.n);
    e->kept = *kept;
    e->kept.body.p = body;
    e->item = (struct stir_lru_item){
        .key = stir_slice_of(e->key, key.n), .cost = sizeof(*e) + key.n + kept->body.n, .bad = kept->reason != STIR_R_NONE || kept->junk};
    return stir_lru_put(&cache->memory, &e->item) ? e : NULL;
}

/* From here on it is in the last tenth of its time. */
static int64_t ages_after(const struct stir_kept *kept)
{
    return kept->fresh_until - (kept->fresh_until - kept->fetched) / 10;
}

/* Unless asking anew has just failed. */
static bool is_ageing(const struct stir_kept *kept, int64_t now)
{
    return now > ages_after(kept) && now >= kept->retry_at;
}

int64_t stir_kept_quiet_until(const struct stir_kept *kept)
{
    int64_t last = kept->fresh_until > kept->error_until ? kept->fresh_until : kept->error_until, ages = ages_after(kept);
    last = kept->retry_at - 1 < last ? kept->retry_at - 1 : last;
    return ages > last ? ages : last;
}

static enum stir_cache_state state_of(const struct stir_kept *kept, int64_t now)
{
    bool good = kept->reason == STIR_R_NONE && !kept->junk;
    if (kept->fetched > now + SLACK)
        return STIR_CACHE_NONE;
    if (now <= kept->fresh_until)
        return good && is_ageing(kept, now) ? STIR_CACHE_AGEING : STIR_CACHE_FRESH;
    if (!good)
        return STIR_CACHE_NONE;
    if (now <= kept->error_until && now < kept->retry_at)
        return STIR_CACHE_HELD;
    if (now <= kept->while_until)
        return STIR_CACHE_WHILE;
    return now <= kept->error_until || kept->etag[0] ? STIR_CACHE_STALE : STIR_CACHE_NONE;
}

static bool is_fresh(enum stir_cache_state state)
{
    return state == STIR_CACHE_FRESH || state == STIR_CACHE_AGEING;
}

/* What the folder has, when it is newer than `known`: another process may have asked anew. */
static const struct stir_kept *read_disk(struct stir_cache *cache, struct stir_slice key, const struct stir_kept *known, int64_t now)
{
    struct stir_kept kept;
    if (!cache->disk || !stir_cache_disk_read(cache->disk, key, &kept, now))
        return NULL;
    if (known && known->fetched >= kept.fetched) {
        stir_kept_clear(&kept);
        return NULL;
    }
    struct entry *e = put_in_memory(cache, key, &kept);
    if (!e) {
        cache->loose = kept;
        return &cache->loose;
    }
    stir_kept_clear(&kept);
    return &e->kept;
}

const struct stir_kept *stir_cache_find(struct stir_cache *cache, struct stir_slice key, bool on_disk, int64_t now, enum stir_cache_state *state,
                                        enum stir_net_source *source)
{
    stir_kept_clear(&cache->loose);
    struct entry *e = lookup(cache, key);
    const struct stir_kept *found = e ? &e->kept : NULL, *read;
    *state = e ? state_of(found, now) : STIR_CACHE_NONE;
    *source = STIR_NET_MEMORY;
    if (e && *state == STIR_CACHE_NONE) {
        stir_lru_drop(&cache->memory, &e->item);
        e = NULL;
        found = NULL;
    }
    if (!is_fresh(*state) && on_disk && (read = read_disk(cache, key, found, now))) {
        *state = state_of(read, now);
        *source = STIR_NET_DISK;
        return *state == STIR_CACHE_NONE ? NULL : read;
    }
    if (e)
        stir_lru_touch(&cache->memory, &e->item);
    return found;
}

void stir_cache_put(struct stir_cache *cache, struct stir_slice key, bool on_disk, const struct stir_kept *kept, int64_t now)
{
    (void)put_in_memory(cache, key, kept);
    int64_t valid_until;
    if (on_disk && cache->disk && kept->reason == STIR_R_NONE && !kept->junk && stir_cache_valid_until(&valid_until, kept->body) == STIR_OK &&
        valid_until >= now)
        stir_cache_disk_write(cache->disk, key, kept);
}

void stir_cache_drop(struct stir_cache *cache, struct stir_slice key, bool on_disk)
{
    struct entry *e = lookup(cache, key);
    if (e)
        stir_lru_drop(&cache->memory, &e->item);
    if (on_disk && cache->disk)
        stir_cache_disk_drop(cache->disk, key);
}

size_t stir_cache_entries(const struct stir_cache *cache)
{
    return cache->memory.good.n + cache->memory.bad.n;
}

size_t stir_cache_bytes(const struct stir_cache *cache)
{
    return cache->memory.good.bytes + cache->memory.bad.bytes;
}

enum stir_err stir_cache_valid_until(int64_t *out, struct stir_slice pem)
{
    struct stir_cert *certs[STIR_MAX_CHAIN];
    int64_t until = INT64_MAX;
    size_t n = 0;
    TRY(stir_certs_parse(certs, STIR_MAX_CHAIN, &n, pem, NULL));
    for (size_t i = 0; i < n; i++) {
        int64_t not_after = stir_cert_info(certs[i])->not_after;
        until = not_after < until ? not_after : until;
        stir_cert_free(certs[i]);
    }
    *out = until;
    return STIR_OK;
}
