/** @file stir/replay.h  The memory of seen tokens (RFC 8224 §12.1): has this one come with another call before?
 *  Pure: no I/O, no clock, no locks. A memory belongs to one thread at a time: guard it, or keep several and choose one by the key's first byte. */
#ifndef STIR_REPLAY_H
#define STIR_REPLAY_H

#include <stir/err.h>
#include <stir/limits.h>

STIR_BEGIN

#define STIR_REPLAY_KEY 32    /**< bytes of a key: SHA-256 over what was signed, as a REPLAY need names it */
#define STIR_REPLAY_SECRET 16 /**< bytes of the secret that spreads the entries */

/** A memory of fixed size. */
struct stir_replay;

/** What a memory has done. */
struct stir_replay_stats {
    size_t size;        /**< sizeof(struct stir_replay_stats) */
    size_t entries;     /**< that there is room for: as asked, rounded up to whole buckets */
    size_t bytes;       /**< of memory that they take */
    uint64_t checks;    /**< how often it was asked */
    uint64_t seen;      /**< tokens that had come with another call */
    uint64_t same_call; /**< tokens that came again with their own call: retransmissions and forks */
    uint64_t evicted;   /**< entries that were forgotten before their time, for want of room: when this grows, give it more entries */
};
#ifdef __cplusplus
#define STIR_REPLAY_STATS_INIT           \
    {                                    \
        sizeof(struct stir_replay_stats) \
    }
#else
#define STIR_REPLAY_STATS_INIT                   \
    {                                            \
        .size = sizeof(struct stir_replay_stats) \
    }
#endif

/** Make an empty memory of `entries` tokens, 32 bytes each, all of it asked for now. A busy verifier wants half as many again as it
 *  judges in twice its window of time: up to two thirds full, nothing is forgotten.
 *  `secret` must be random and kept: who knows it can choose tokens that push out each other, and Call-IDs that look the same. It is copied.
 *  @return STIR_OK; STIR_ENOMEM, STIR_EARG (also no entries, or more than STIR_MAX_REPLAY); `*out` is untouched unless STIR_OK.
 *  The caller frees with stir_replay_free(). */
STIR_API STIR_MUST_USE enum stir_err stir_replay_new(struct stir_replay **out, size_t entries, const unsigned char secret[STIR_REPLAY_SECRET]);

/** Free a memory; NULL is fine. */
STIR_API void stir_replay_free(struct stir_replay *replay);

/** Has the token `key` come with another call, at or before `now`? If not it is remembered with this one, up to and with the second `until`. The same Call-ID
 * is the same call, retransmitted or forked; a call without one is never the same as another. Where there is no room, the soonest to expire of those in its
 * place is forgotten.
 *  @return STIR_OK and the answer in `*seen`; STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_replay_check(struct stir_replay *replay, const unsigned char key[STIR_REPLAY_KEY], struct stir_slice call_id,
                                                       int64_t until, int64_t now, bool *seen);

/** What it has done so far.
 *  @return STIR_OK; STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_replay_stats(const struct stir_replay *replay, struct stir_replay_stats *out);

STIR_END
#endif
