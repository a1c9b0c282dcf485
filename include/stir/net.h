/** @file stir/net.h  Fetch and cache: what a verification needs from the network (ATIS-1000074 §5.3.1), in libstir-net beside libstir.
 *  HTTPS on port 443 or 8443 from public addresses alone: each name is resolved once, every address judged, the connection pinned to them and judged again; no
 *  redirect, proxy, credential or compression; size, headers and time are capped; TLS is verified. Certificates are kept in memory and on disk.
 *  Reads the clock. A struct stir_net belongs to one thread at a time; several may live in one process, and several processes may share a cache folder. */
#ifndef STIR_NET_H
#define STIR_NET_H

#include <stir/err.h>
#include <stir/reason.h>

STIR_BEGIN

/** A fetcher and its cache. */
struct stir_net;

/** What is asked for. */
enum stir_net_kind {
    STIR_NET_CERT = 1,  /**< certificates (x5u, info): kept in memory and on disk, and only when they are certificates */
    STIR_NET_BYTES = 2, /**< anything else: kept in memory */
};

/** Where an answer comes from. */
enum stir_net_source {
    STIR_NET_NOWHERE = 0, /**< nothing was asked: the URL is not one that may be fetched */
    STIR_NET_FETCHED = 1, /**< from the network, now */
    STIR_NET_MEMORY = 2,  /**< from memory; failures are remembered too, for a short time */
    STIR_NET_DISK = 3,    /**< from the cache folder */
};

/** How to fetch and what to keep. Zeros mean the default that is named. */
struct stir_net_options {
    size_t size;                  /**< sizeof(struct stir_net_options) */
    const char *const *allow_net; /**< networks opened beside the public ones, "127.0.0.0/8": labs and tests; NULL: none */
    size_t n_allow_net;           /**< at most 64 */
    const char *tls_root;         /**< a PEM file of roots, instead of the system's; NULL: the system's */
    const char *resolver;         /**< "IP" or "IP:PORT" of a DNS server; NULL: those of the system */
    const char *cache_dir;        /**< a folder that exists and is yours; NULL: memory only */
    bool any_url;                 /**< labs: other ports, and addresses instead of names; they are judged all the same */
    int64_t timeout_ms;           /**< of a whole fetch; default 2000 */
    size_t max_fetches;           /**< under way at once, more fail at once; default 1024 */
    size_t max_connections;       /**< open at once, at most 4 of them to one host; default 64 */
    size_t memory_bytes;          /**< default 64 MiB */
    size_t memory_entries;        /**< default 100,000 */
    size_t disk_bytes;            /**< default 256 MiB */
    size_t disk_entries;          /**< default 100,000 */
    int64_t default_fresh;        /**< seconds that an answer is fresh whose headers say nothing; default 86,400 */
    int64_t max_fresh;            /**< seconds that any answer is fresh at most; default 30 days */
    int64_t negative;             /**< seconds that a failure is remembered; default 60, below 0: not at all */
    int64_t stale_if_error;       /**< seconds that certificates whose headers say nothing are used on while they cannot be had anew; default 7 days,
                                     below 0: not at all. Never past a notAfter. */
    int64_t (*clock)(void *arg);  /**< Unix seconds; NULL: the system's */
    void *clock_arg;              /**< what `clock` is given */
};
#ifdef __cplusplus
#define STIR_NET_OPTIONS_INIT           \
    {                                   \
        sizeof(struct stir_net_options) \
    }
#else
#define STIR_NET_OPTIONS_INIT                   \
    {                                           \
        .size = sizeof(struct stir_net_options) \
    }
#endif

/** What came of a request. */
struct stir_net_answer {
    uint64_t id;             /**< the caller's, of stir_net_start() */
    enum stir_reason reason; /**< STIR_R_NONE: the body is there. STIR_R_INFO_BAD (the URL may not be fetched), STIR_R_INFO_REFUSED (its address is one that is
                                never connected to), STIR_R_INFO_UNREACHABLE (down, slow, too long, TLS, another status): for stir_verify_fail() */
    struct stir_slice body;  /**< as received; whether it is any good is for the verification to say */
    int http_status;         /**< of the fetch that gave it; 0: none was seen */
    enum stir_net_source source; /**< network, memory or disk */
    bool stale;                  /**< older than its headers allow, and used because of stale-while-revalidate or stale-if-error */
    int64_t age;                 /**< seconds since it was fetched or found unchanged */
    int64_t ask_again;           /**< Unix second until which what was made of the body (a judged chain) may be used without asking here: from then on it is
                                    stale, or near enough to it to be fetched anew */
    char detail[200];            /**< what went wrong, one line; "" when nothing did */
};

/** Begin. Texts of `options` (NULL: all defaults) are copied.
 *  @return STIR_OK; STIR_ESYNTAX, STIR_EVALUE (a network or the resolver; `diag` says which), STIR_ELIMIT (more than 64 networks), STIR_ENOTFOUND (the folder
 * or the file of roots), STIR_ENOMEM (or no descriptor), STIR_ECRYPTO (libcurl or c-ares cannot begin), STIR_EARG; `*out` is untouched unless STIR_OK. The
 * caller frees with stir_net_free(). */
STIR_API STIR_MUST_USE enum stir_err stir_net_new(struct stir_net **out, const struct stir_net_options *options, struct stir_diag *diag);

/** Free; NULL is fine. What is under way is dropped. */
STIR_API void stir_net_free(struct stir_net *net);

/** Get `url`, at most `max_bytes` of it (0: STIR_MAX_PEM), from the cache or the network, waiting no longer than the timeout. A failure to fetch is an answer.
 *  @return STIR_OK; STIR_ENOMEM, STIR_EARG; `*out` is untouched unless STIR_OK. The caller frees with stir_net_answer_free(). */
STIR_API STIR_MUST_USE enum stir_err stir_net_get(struct stir_net *net, struct stir_slice url, enum stir_net_kind kind, size_t max_bytes,
                                                  struct stir_net_answer **out);

/** The same without waiting: the answer comes by stir_net_next() and carries `id`. Requests for one URL share one fetch. A stale body within its
 *  stale-while-revalidate is answered at once and asked for anew in the background.
 *  @return STIR_OK; STIR_ENOMEM, STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_net_start(struct stir_net *net, struct stir_slice url, enum stir_net_kind kind, size_t max_bytes, uint64_t id);

/** The one descriptor for poll(2), epoll(7) or an event loop: readable when stir_net_step() has something to do.
 *  @return the descriptor, which belongs to `net`; -1 for NULL. */
STIR_API int stir_net_fd(const struct stir_net *net);

/** How long the event loop may wait for the descriptor before it calls stir_net_step() anyway.
 *  @return milliseconds; 0: now; -1: as long as it likes. */
STIR_API int64_t stir_net_wait(struct stir_net *net);

/** Do what can be done now; never waits. */
STIR_API void stir_net_step(struct stir_net *net);

/** The next answer that is there, NULL in `*out` when none is. The caller frees it with stir_net_answer_free().
 *  @return STIR_OK; STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_net_next(struct stir_net *net, struct stir_net_answer **out);

/** Free an answer; NULL is fine. */
STIR_API void stir_net_answer_free(struct stir_net_answer *answer);

STIR_END
#endif
