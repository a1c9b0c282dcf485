/* Things by their key, bounded in number and in bytes; the least used goes first. What is bad stands on a shelf of its own, a quarter of the room, so that no
 * flood of it drives out what is good. Not locked. */
#ifndef STIR_IO_LRU_H
#define STIR_IO_LRU_H

#include <stir/err.h>

#include "core/siphash.h"

/* The first member of what is kept. */
struct stir_lru_item {
    struct stir_lru_item *next; /* of its bucket */
    struct stir_lru_item *newer, *older;
    uint64_t hash;
    struct stir_slice key; /* the item's own */
    size_t cost;           /* bytes that it takes */
    bool bad;
};

struct stir_lru_shelf {
    struct stir_lru_item *newest, *oldest;
    size_t n, bytes, max_n, max_bytes;
};

struct stir_lru {
    struct stir_lru_item **buckets;
    size_t n_buckets;
    struct stir_siphash hash;
    struct stir_lru_shelf good, bad;
    void (*release)(struct stir_lru_item *item);
};

/* `release` frees an item. STIR_ENOMEM, STIR_ECRYPTO (no randomness): nothing to clear then. */
enum stir_err stir_lru_init(struct stir_lru *lru, size_t max_n, size_t max_bytes, void (*release)(struct stir_lru_item *item)) STIR_MUST_USE;
/* Release everything; zeroed is fine. */
void stir_lru_clear(struct stir_lru *lru);

/* NULL when it is not there. */
struct stir_lru_item *stir_lru_find(const struct stir_lru *lru, struct stir_slice key);
/* It was used. */
void stir_lru_touch(struct stir_lru *lru, struct stir_lru_item *item);
/* In place of what has its key; others make room. False: it has none, is released, and what had its key is gone too. */
bool stir_lru_put(struct stir_lru *lru, struct stir_lru_item *item);
void stir_lru_drop(struct stir_lru *lru, struct stir_lru_item *item);
/* It takes `more` bytes from now on: others, or in the end it itself, make room. */
void stir_lru_grow(struct stir_lru *lru, struct stir_lru_item *item, size_t more);

#endif
