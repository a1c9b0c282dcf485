/* The memory of seen tokens: a table of buckets of fixed size. A token may lie in either of two buckets, so that the table is two thirds full before anything
 * that still counts is forgotten; what has expired is room. */
#include <stir/replay.h>

#include "core/bytes.h"
#include "core/siphash.h"

#include <stdlib.h>

enum {
    BUCKET = 8,    /* entries: two buckets hold 16, four cache lines each */
    KEPT_KEY = 16, /* bytes of the key that are kept: whoever finds two tokens alike in these can only replay his own */
};

struct entry {
    unsigned char key[KEPT_KEY];
    uint64_t call; /* hash of the Call-ID */
    int64_t until; /* the last second in which it counts; 0 in an entry that was never used */
};
_Static_assert(sizeof(struct entry) == 32, "an entry is what the header promises");

_Static_assert(STIR_REPLAY_SECRET == STIR_SIPHASH_SECRET, "the secret is the hash's");

struct stir_replay {
    struct stir_siphash hash;
    struct entry *table;
    size_t buckets;
    uint64_t checks, seen, same_call, evicted;
};

enum stir_err stir_replay_new(struct stir_replay **out, size_t entries, const unsigned char secret[STIR_REPLAY_SECRET])
{
    if (!out || !secret || entries == 0 || entries > STIR_MAX_REPLAY)
        return STIR_EARG;
    struct stir_replay *replay = calloc(1, sizeof(*replay));
    if (!replay)
        return STIR_ENOMEM;
    replay->buckets = (entries + BUCKET - 1) / BUCKET;
    replay->hash = stir_siphash_of(secret);
    replay->table = calloc(replay->buckets * BUCKET, sizeof(*replay->table));
    if (!replay->table) {
        free(replay);
        return STIR_ENOMEM;
    }
    *out = replay;
    return STIR_OK;
}

void stir_replay_free(struct stir_replay *replay)
{
    if (!replay)
        return;
    free(replay->table);
    free(replay);
}

/* The bucket to which 32 bits of a hash point. */
static struct entry *bucket_of(struct stir_replay *replay, uint64_t bits)
{
    return replay->table + (size_t)((bits & UINT32_MAX) * replay->buckets >> 32) * BUCKET;
}

static bool is_live(const struct entry *e, int64_t now)
{
    return e->until > 0 && e->until >= now;
}

static struct entry *find(struct entry *bucket, const unsigned char *key, int64_t now)
{
    for (size_t i = 0; i < BUCKET; i++)
        if (is_live(&bucket[i], now) && memcmp(bucket[i].key, key, KEPT_KEY) == 0)
            return &bucket[i];
    return NULL;
}

/* Where a new entry goes: what expires first, of which all that has expired, or was never used, comes before the rest. */
static struct entry *room(struct entry *bucket)
{
    struct entry *first = bucket;
    for (size_t i = 1; i < BUCKET; i++)
        if (bucket[i].until < first->until)
            first = &bucket[i];
    return first;
}

static size_t live_in(const struct entry *bucket, int64_t now)
{
    size_t n = 0;
    for (size_t i = 0; i < BUCKET; i++)
        n += is_live(&bucket[i], now);
    return n;
}

static void remember(struct stir_replay *replay, struct entry *const buckets[2], const struct entry *entry, int64_t now)
{
    size_t live[2] = {live_in(buckets[0], now), live_in(buckets[1], now)};
    struct entry *rooms[2] = {room(buckets[0]), room(buckets[1])};
    bool second = live[0] == live[1] ? rooms[1]->until < rooms[0]->until : live[1] < live[0]; /* the emptier; between full ones, the sooner */
    struct entry *e = rooms[second];
    replay->evicted += is_live(e, now);
    *e = *entry;
}

enum stir_err stir_replay_check(struct stir_replay *replay, const unsigned char key[STIR_REPLAY_KEY], struct stir_slice call_id, int64_t until, int64_t now,
                                bool *seen)
{
    if (!replay || !key || !seen || (call_id.n && !call_id.p) || now < 0)
        return STIR_EARG;
    uint64_t where = stir_siphash(&replay->hash, stir_slice_of(key, STIR_REPLAY_KEY));
    struct entry *buckets[2] = {bucket_of(replay, where), bucket_of(replay, where >> 32)};
    struct entry entry = {.call = stir_siphash(&replay->hash, call_id), .until = until};
    memcpy(entry.key, key, KEPT_KEY);
    struct entry *known = find(buckets[0], key, now);
    if (!known)
        known = find(buckets[1], key, now);
    *seen = known && (call_id.n == 0 || known->call != entry.call);
    replay->checks++;
    replay->seen += *seen;
    replay->same_call += known && !*seen;
    if (known && known->until < until)
        known->until = until;
    if (!known && is_live(&entry, now))
        remember(replay, buckets, &entry, now);
    return STIR_OK;
}

enum stir_err stir_replay_stats(const struct stir_replay *replay, struct stir_replay_stats *out)
{
    if (!replay || !out || out->size < sizeof(*out))
        return STIR_EARG;
    const size_t entries = replay->buckets * BUCKET;
    *out = (struct stir_replay_stats){.size = sizeof(*out),
                                      .entries = entries,
                                      .bytes = sizeof(*replay) + entries * sizeof(struct entry),
                                      .checks = replay->checks,
                                      .seen = replay->seen,
                                      .same_call = replay->same_call,
                                      .evicted = replay->evicted};
    return STIR_OK;
}
