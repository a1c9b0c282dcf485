/* The memory of seen tokens that all workers share (RFC 8224 §12.1): one stir_replay behind a lock for each shard. */
#ifndef STIR_SERVICE_REPLAYS_H
#define STIR_SERVICE_REPLAYS_H

#include "service/worker.h"

/* Room for `entries` tokens, all shards together. STIR_ENOMEM, STIR_ECRYPTO (no randomness), STIR_EARG (none, or more than a memory may have). */
enum stir_err stir_replays_new(struct stir_replays **out, size_t entries) STIR_MUST_USE;
/* When no worker uses it any more; NULL is fine. */
void stir_replays_free(struct stir_replays *replays);

/* As stir_replay_check(), from any thread. */
enum stir_err stir_replays_check(struct stir_replays *replays, const unsigned char key[STIR_REPLAY_KEY], struct stir_slice call_id, int64_t until, int64_t now,
                                 bool *seen) STIR_MUST_USE;
/* All shards together. */
void stir_replays_stats(struct stir_replays *replays, struct stir_replay_stats *out);

#endif
