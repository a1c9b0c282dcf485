#include "service/replays.h"

#include <openssl/rand.h>
#include <stdlib.h>

#include "core/bytes.h"

static enum stir_err open_shards(struct stir_replays *replays, size_t entries)
{
    unsigned char secret[STIR_REPLAY_SECRET];
    for (size_t i = 0; i < STIR_REPLAY_SHARDS; i++) {
        if (RAND_bytes(secret, sizeof(secret)) != 1)
            return STIR_ECRYPTO;
        TRY(stir_replay_new(&replays->shards[i].memory, entries, secret));
    }
    return STIR_OK;
}

enum stir_err stir_replays_new(struct stir_replays **out, size_t entries)
{
    STIR_OSSL_QUIET;
    if (entries == 0 || entries > STIR_MAX_REPLAY)
        return STIR_EARG;
    struct stir_replays *replays = calloc(1, sizeof(*replays));
    if (!replays)
        return STIR_ENOMEM;
    for (size_t i = 0; i < STIR_REPLAY_SHARDS; i++)
        pthread_mutex_init(&replays->shards[i].lock, NULL); /* cannot fail without attributes */
    enum stir_err err = open_shards(replays, (entries + STIR_REPLAY_SHARDS - 1) / STIR_REPLAY_SHARDS);
    if (err == STIR_OK)
        *out = replays;
    else
        stir_replays_free(replays);
    return err;
}

void stir_replays_free(struct stir_replays *replays)
{
    if (!replays)
        return;
    for (size_t i = 0; i < STIR_REPLAY_SHARDS; i++) {
        stir_replay_free(replays->shards[i].memory);
        pthread_mutex_destroy(&replays->shards[i].lock);
    }
    free(replays);
}

enum stir_err stir_replays_check(struct stir_replays *replays, const unsigned char key[STIR_REPLAY_KEY], struct stir_slice call_id, int64_t until, int64_t now,
                                 bool *seen)
{
    size_t i = key[0] % STIR_REPLAY_SHARDS; /* of a digest: as good as chance, and the same token is always in the same shard */
    pthread_mutex_lock(&replays->shards[i].lock);
    enum stir_err err = stir_replay_check(replays->shards[i].memory, key, call_id, until, now, seen);
    pthread_mutex_unlock(&replays->shards[i].lock);
    return err;
}

void stir_replays_stats(struct stir_replays *replays, struct stir_replay_stats *out)
{
    *out = (struct stir_replay_stats){.size = sizeof(*out)};
    for (size_t i = 0; i < STIR_REPLAY_SHARDS; i++) {
        struct stir_replay_stats one = {.size = sizeof(one)};
        pthread_mutex_lock(&replays->shards[i].lock);
        enum stir_err err = stir_replay_stats(replays->shards[i].memory, &one);
        pthread_mutex_unlock(&replays->shards[i].lock);
        if (err != STIR_OK)
            continue;
        out->entries += one.entries;
        out->bytes += one.bytes;
        out->checks += one.checks;
        out->seen += one.seen;
        out->same_call += one.same_call;
        out->evicted += one.evicted;
    }
}
