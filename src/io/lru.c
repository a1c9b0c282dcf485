#include "io/lru.h"

#include <openssl/rand.h>
#include <stdlib.h>

enum { FIRST_BUCKETS = 64 };

static struct stir_lru_shelf *shelf_of(struct stir_lru *lru, const struct stir_lru_item *item)
{
    return item->bad ? &lru->bad : &lru->good;
}

static struct stir_lru_item **bucket_of(const struct stir_lru *lru, uint64_t hash)
{
    return &lru->buckets[hash & (lru->n_buckets - 1)];
}

static void shelf_add(struct stir_lru_shelf *shelf, struct stir_lru_item *item)
{
    item->newer = NULL;
    item->older = shelf->newest;
    *(shelf->newest ? &shelf->newest->newer : &shelf->oldest) = item;
    shelf->newest = item;
    shelf->n++;
    shelf->bytes += item->cost;
}

static void shelf_remove(struct stir_lru_shelf *shelf, struct stir_lru_item *item)
{
    *(item->newer ? &item->newer->older : &shelf->newest) = item->older;
    *(item->older ? &item->older->newer : &shelf->oldest) = item->newer;
    shelf->n--;
    shelf->bytes -= item->cost;
}

/* Twice as many buckets; without memory for them, longer chains. */
static void add_buckets(struct stir_lru *lru)
{
    struct stir_lru_item **old = lru->buckets, **bigger = calloc(lru->n_buckets * 2, sizeof(*bigger));
    size_t n = lru->n_buckets;
    if (!bigger)
        return;
    lru->buckets = bigger;
    lru->n_buckets = n * 2;
    for (size_t i = 0; i < n; i++)
        while (old[i]) {
            struct stir_lru_item *item = old[i], **at = bucket_of(lru, item->hash);
            old[i] = item->next;
            item->next = *at;
            *at = item;
        }
    free(old);
}

enum stir_err stir_lru_init(struct stir_lru *lru, size_t max_n, size_t max_bytes, void (*release)(struct stir_lru_item *item))
{
    unsigned char secret[STIR_SIPHASH_SECRET];
    if (RAND_bytes(secret, sizeof(secret)) != 1)
        return STIR_ECRYPTO;
    struct stir_lru_item **buckets = calloc(FIRST_BUCKETS, sizeof(*buckets));
    if (!buckets)
        return STIR_ENOMEM;
    *lru = (struct stir_lru){.buckets = buckets,
                             .n_buckets = FIRST_BUCKETS,
                             .hash = stir_siphash_of(secret),
                             .good = {.max_n = max_n - max_n / 4, .max_bytes = max_bytes - max_bytes / 4},
                             .bad = {.max_n = max_n / 4, .max_bytes = max_bytes / 4},
                             .release = release};
    return STIR_OK;
}

void stir_lru_clear(struct stir_lru *lru)
{
    while (lru->good.oldest)
        stir_lru_drop(lru, lru->good.oldest);
    while (lru->bad.oldest)
        stir_lru_drop(lru, lru->bad.oldest);
    free(lru->buckets);
    lru->buckets = NULL;
}

static struct stir_lru_item *find(const struct stir_lru *lru, struct stir_slice key, uint64_t hash)
{
    struct stir_lru_item *item = *bucket_of(lru, hash);
    while (item && (item->hash != hash || !stir_slice_eq(item->key, key)))
        item = item->next;
    return item;
}

struct stir_lru_item *stir_lru_find(const struct stir_lru *lru, struct stir_slice key)
{
    return find(lru, key, stir_siphash(&lru->hash, key));
}

void stir_lru_touch(struct stir_lru *lru, struct stir_lru_item *item)
{
    struct stir_lru_shelf *shelf = shelf_of(lru, item);
    if (shelf->newest == item)
        return;
    shelf_remove(shelf, item);
    shelf_add(shelf, item);
}

void stir_lru_drop(struct stir_lru *lru, struct stir_lru_item *item)
{
    struct stir_lru_item **at = bucket_of(lru, item->hash);
    while (*at != item)
        at = &(*at)->next;
    *at = item->next;
    shelf_remove(shelf_of(lru, item), item);
    lru->release(item);
}

bool stir_lru_put(struct stir_lru *lru, struct stir_lru_item *item)
{
    struct stir_lru_shelf *shelf = shelf_of(lru, item);
    item->hash = stir_siphash(&lru->hash, item->key);
    struct stir_lru_item *old = find(lru, item->key, item->hash);
    if (old)
        stir_lru_drop(lru, old);
    if (item->cost > shelf->max_bytes || shelf->max_n == 0) {
        lru->release(item);
        return false;
    }
    while (shelf->n >= shelf->max_n || shelf->bytes + item->cost > shelf->max_bytes)
        stir_lru_drop(lru, shelf->oldest);
    if (lru->good.n + lru->bad.n >= lru->n_buckets)
        add_buckets(lru);
    struct stir_lru_item **at = bucket_of(lru, item->hash);
    item->next = *at;
    *at = item;
    shelf_add(shelf, item);
    return true;
}

void stir_lru_grow(struct stir_lru *lru, struct stir_lru_item *item, size_t more)
{
    struct stir_lru_shelf *shelf = shelf_of(lru, item);
    item->cost += more;
    shelf->bytes += more;
    while (shelf->bytes > shelf->max_bytes)
        stir_lru_drop(lru, shelf->oldest);
}
