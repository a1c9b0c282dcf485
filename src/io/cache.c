#include "io/cache.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "core/bytes.h"
#include "io/cache_disk.h"

enum { FIRST_BUCKETS = 256, SLACK = 60 /* seconds that a clock may step back */ };

struct entry {
    struct entry *chain; /* of its bucket */
    struct entry *newer, *older;
    uint64_t hash;
    size_t cost;
    struct stir_kept kept;
    size_t key_n;
    char key[];
};

/* Answers and failures stand apart, so that no flood of the one drives out the other. Least used goes first. */
struct shelf {
    struct entry *newest, *oldest;
    size_t n, bytes, max_n, max_bytes;
};

struct stir_cache {
    struct entry **buckets;
    size_t n_buckets;
    struct shelf good, bad;
    struct stir_cache_disk *disk;
    struct stir_kept loose; /* read from disk, and there was no room for it in memory */
};

static struct shelf *shelf_of(struct stir_cache *cache, const struct stir_kept *kept)
{
    return kept->reason == STIR_R_NONE && !kept->junk ? &cache->good : &cache->bad;
}

/* Strangers choose the URLs: a hash that they cannot make collide. */
static uint64_t hash_of(struct stir_slice key)
{
    unsigned char digest[32] = {0};
    uint64_t hash;
    unsigned n;
    (void)EVP_Digest(key.p, key.n, digest, &n, EVP_sha256(), NULL);
    memcpy(&hash, digest, sizeof(hash));
    return hash;
}

static struct entry **bucket_of(struct stir_cache *cache, uint64_t hash)
{
    return &cache->buckets[hash & (cache->n_buckets - 1)];
}

static struct entry *lookup(struct stir_cache *cache, struct stir_slice key)
{
    uint64_t hash = hash_of(key);
    struct entry *e = *bucket_of(cache, hash);
    while (e && (e->hash != hash || !stir_slice_eq(stir_slice_of(e->key, e->key_n), key)))
        e = e->chain;
    return e;
}

static void shelf_add(struct shelf *shelf, struct entry *e)
{
    e->newer = NULL;
    e->older = shelf->newest;
    *(shelf->newest ? &shelf->newest->newer : &shelf->oldest) = e;
    shelf->newest = e;
    shelf->n++;
    shelf->bytes += e->cost;
}

static void shelf_remove(struct shelf *shelf, struct entry *e)
{
    *(e->newer ? &e->newer->older : &shelf->newest) = e->older;
    *(e->older ? &e->older->newer : &shelf->oldest) = e->newer;
    shelf->n--;
    shelf->bytes -= e->cost;
}

static void free_body(struct stir_kept *kept)
{
    free((void *)(uintptr_t)kept->body.p);
    kept->body = (struct stir_slice){NULL, 0};
}

static void throw_away(struct stir_cache *cache, struct entry *e)
{
    struct entry **at = bucket_of(cache, e->hash);
    while (*at != e)
        at = &(*at)->chain;
    *at = e->chain;
    shelf_remove(shelf_of(cache, &e->kept), e);
    free_body(&e->kept);
    free(e);
}

/* Twice as many buckets; without memory for them, longer chains. */
static void grow(struct stir_cache *cache)
{
    struct entry **old = cache->buckets, **bigger = calloc(cache->n_buckets * 2, sizeof(struct entry *));
    size_t n = cache->n_buckets;
    if (!bigger)
        return;
    cache->buckets = bigger;
    cache->n_buckets = n * 2;
    for (size_t i = 0; i < n; i++)
        while (old[i]) {
            struct entry *e = old[i], **at = bucket_of(cache, e->hash);
            old[i] = e->chain;
            e->chain = *at;
            *at = e;
        }
    free(old);
}

enum stir_err stir_cache_new(struct stir_cache **out, const struct stir_cache_options *options)
{
    struct stir_cache *cache = calloc(1, sizeof(*cache));
    if (!cache)
        return STIR_ENOMEM;
    cache->n_buckets = FIRST_BUCKETS;
    cache->buckets = calloc(FIRST_BUCKETS, sizeof(struct entry *));
    cache->bad.max_n = options->memory_entries / 4;
    cache->bad.max_bytes = options->memory_bytes / 4;
    cache->good.max_n = options->memory_entries - cache->bad.max_n;
    cache->good.max_bytes = options->memory_bytes - cache->bad.max_bytes;
    enum stir_err err = cache->buckets ? STIR_OK : STIR_ENOMEM;
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
    while (cache->good.oldest)
        throw_away(cache, cache->good.oldest);
    while (cache->bad.oldest)
        throw_away(cache, cache->bad.oldest);
    free_body(&cache->loose);
    stir_cache_disk_free(cache->disk);
    free(cache->buckets);
    free(cache);
}

static struct entry *make_entry(struct stir_slice key, const struct stir_kept *kept)
{
    struct entry *e = malloc(sizeof(*e) + key.n);
    char *body = e ? malloc(kept->body.n + 1) : NULL;
    if (!body) {
        free(e);
        return NULL;
    }
    if (kept->body.n)
        memcpy(body, kept->body.p, kept->body.n);
    memcpy(e->key, key.p, key.n);
    e->key_n = key.n;
    e->hash = hash_of(key);
    e->cost = sizeof(*e) + key.n + kept->body.n;
    e->kept = *kept;
    e->kept.body.p = body;
    return e;
}

/* The entry in memory, or NULL when it cannot be there. */
static struct entry *put_in_memory(struct stir_cache *cache, struct stir_slice key, const struct stir_kept *kept)
{
    struct entry *fresh = make_entry(key, kept), *old = lookup(cache, key);
    struct shelf *shelf = shelf_of(cache, kept);
    if (old)
        throw_away(cache, old);
    if (!fresh || fresh->cost > shelf->max_bytes || shelf->max_n == 0) {
        if (fresh)
            free_body(&fresh->kept);
        free(fresh);
        return NULL;
    }
    while (shelf->n >= shelf->max_n || shelf->bytes + fresh->cost > shelf->max_bytes)
        throw_away(cache, shelf->oldest);
    if (cache->good.n + cache->bad.n >= cache->n_buckets)
        grow(cache);
    struct entry **at = bucket_of(cache, fresh->hash);
    fresh->chain = *at;
    *at = fresh;
    shelf_add(shelf, fresh);
    return fresh;
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
        free_body(&kept);
        return NULL;
    }
    struct entry *e = put_in_memory(cache, key, &kept);
    if (!e) {
        cache->loose = kept;
        return &cache->loose;
    }
    free_body(&kept);
    return &e->kept;
}

const struct stir_kept *stir_cache_find(struct stir_cache *cache, struct stir_slice key, bool on_disk, int64_t now, enum stir_cache_state *state,
                                        enum stir_net_source *source)
{
    free_body(&cache->loose);
    struct entry *e = lookup(cache, key);
    const struct stir_kept *found = e ? &e->kept : NULL, *read;
    *state = e ? state_of(found, now) : STIR_CACHE_NONE;
    *source = STIR_NET_MEMORY;
    if (e && *state == STIR_CACHE_NONE) {
        throw_away(cache, e);
        e = NULL;
        found = NULL;
    }
    if (!is_fresh(*state) && on_disk && (read = read_disk(cache, key, found, now))) {
        *state = state_of(read, now);
        *source = STIR_NET_DISK;
        return *state == STIR_CACHE_NONE ? NULL : read;
    }
    if (e) {
        struct shelf *shelf = shelf_of(cache, found);
        shelf_remove(shelf, e);
        shelf_add(shelf, e);
    }
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
        throw_away(cache, e);
    if (on_disk && cache->disk)
        stir_cache_disk_drop(cache->disk, key);
}

size_t stir_cache_entries(const struct stir_cache *cache)
{
    return cache->good.n + cache->bad.n;
}

size_t stir_cache_bytes(const struct stir_cache *cache)
{
    return cache->good.bytes + cache->bad.bytes;
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
