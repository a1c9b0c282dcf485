/** @file stir/chain_cache.h  Judged chains by their URL: certificates are read and judged once, not at each call. In libstir-net, beside stir/net.h.
 *  May be shared by threads; nothing waits but for a lock that is held for some hundred nanoseconds. Reads no clock. */
#ifndef STIR_CHAIN_CACHE_H
#define STIR_CHAIN_CACHE_H

#include <stir/chain.h>

STIR_BEGIN

/** A cache of chains. A chain in it is used while its trust snapshot, its policy and its revocation lists are those of the call (stir_chain_is_current()), and
 * no longer than its certificates may be kept. Chains that are trusted and chains that are not stand apart: strangers cannot drive out the good. */
struct stir_chain_cache;

/** How much is kept. Zeros mean the default that is named. */
struct stir_chain_cache_options {
    size_t size;        /**< sizeof(struct stir_chain_cache_options) */
    size_t max_bytes;   /**< default 256 MiB: some 20,000 chains of two certificates */
    size_t max_entries; /**< default 100,000 */
    size_t max_tables;  /**< keys that get a table at most (stir_key_prepare(): 160 KB each, within max_bytes); default 512 */
    unsigned hot;       /**< uses after which a key is worth one; default 16 */
};
#ifdef __cplusplus
#define STIR_CHAIN_CACHE_OPTIONS_INIT           \
    {                                           \
        sizeof(struct stir_chain_cache_options) \
    }
#else
#define STIR_CHAIN_CACHE_OPTIONS_INIT                   \
    {                                                   \
        .size = sizeof(struct stir_chain_cache_options) \
    }
#endif

/** Begin; `options` NULL: all defaults.
 *  @return STIR_OK; STIR_ENOMEM, STIR_ECRYPTO (no randomness), STIR_EARG; `*out` is untouched unless STIR_OK. The caller frees with stir_chain_cache_free(). */
STIR_API STIR_MUST_USE enum stir_err stir_chain_cache_new(struct stir_chain_cache **out, const struct stir_chain_cache_options *options);

/** Free, when no thread uses it any more; NULL is fine. */
STIR_API void stir_chain_cache_free(struct stir_chain_cache *cache);

/** The chain of `url` that may be used for a call under this snapshot and policy at `now`: for stir_verify_supply_chain().
 *  @return one more owner of it, freed with stir_chain_free(); NULL: there is none, ask stir_net_start() and judge what comes. */
STIR_API STIR_MUST_USE struct stir_chain *stir_chain_cache_find(struct stir_chain_cache *cache, struct stir_slice url, const struct stir_trust *trust,
                                                                const struct stir_policy *policy, int64_t now);

/** Keep `chain`, judged from what `url` gave, until the Unix second `until` (ask_again of the answer), in place of what was there for this URL and policy. It
 * is counted, not copied. What does not fit is not kept.
 *  @return STIR_OK; STIR_ENOMEM, STIR_EARG (also a URL longer than STIR_MAX_URL). */
STIR_API STIR_MUST_USE enum stir_err stir_chain_cache_put(struct stir_chain_cache *cache, struct stir_slice url, struct stir_chain *chain, int64_t until);

/** Make the table of one hot key, some 30 ms: call it now and then from a thread that no call waits for, again at once while it answers true.
 *  @return true when there was one to make. */
STIR_API bool stir_chain_cache_tend(struct stir_chain_cache *cache);

/** Figures of a cache. */
struct stir_chain_cache_stats {
    size_t size;            /**< sizeof(struct stir_chain_cache_stats) */
    size_t entries;         /**< chains */
    size_t bytes;           /**< that they take, about (stir_chain_bytes()) */
    size_t tables;          /**< keys that have a table */
    uint64_t found, missed; /**< answers of stir_chain_cache_find() */
};
#ifdef __cplusplus
#define STIR_CHAIN_CACHE_STATS_INIT           \
    {                                         \
        sizeof(struct stir_chain_cache_stats) \
    }
#else
#define STIR_CHAIN_CACHE_STATS_INIT                   \
    {                                                 \
        .size = sizeof(struct stir_chain_cache_stats) \
    }
#endif

/** What is in it, and how it was used.
 *  @return STIR_OK; STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_chain_cache_stats(struct stir_chain_cache *cache, struct stir_chain_cache_stats *out);

STIR_END
#endif
