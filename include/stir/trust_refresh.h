/** @file stir/trust_refresh.h  Keeps a folder of trust (stir/trust_store.h) fresh: fetches the policy administrators' lists of trusted CAs by their interface
 * (login, ca-list, the signer's certificates behind the list's x5u) and revocation lists, each judged before it takes the place of the last good one. In
 * libstir-net. Fetches as stir/net.h does: https, public addresses, capped, TLS verified. Credentials come from a file of mode 0600 or from the environment
 * (domain.conf says which), and are never said. Reads files, the environment and the clock. An object belongs to one thread at a time.
 *
 *  In an event loop: wait for stir_trust_refresh_fd() or stir_trust_refresh_wait(), call stir_trust_refresh_step(), take outcomes; when
 * stir_trust_refresh_due() has come, start with STIR_TRUST_REFRESH_DUE; when an outcome is STIR_TRUST_NEW, or stir_trust_store_until() has come, read the
 * folder again and swap the snapshot. */
#ifndef STIR_TRUST_REFRESH_H
#define STIR_TRUST_REFRESH_H

#include <stir/net.h>
#include <stir/trust_store.h>

STIR_BEGIN

/** A folder, and what is under way for it. */
struct stir_trust_refresh;

/** What to refresh. */
enum stir_trust_what {
    STIR_TRUST_REFRESH_LISTS = 1 << 0, /**< lists of CAs of domains with a pa-url */
    STIR_TRUST_REFRESH_CRLS = 1 << 1,  /**< revocation lists: each crl-url, and the distribution points of the anchors whose host is allowed */
    STIR_TRUST_REFRESH_DUE = 1 << 2,   /**< of these only what is due */
};

/** How it went. */
enum stir_trust_end {
    STIR_TRUST_NEW = 1,         /**< a newer one came, was good, and is kept */
    STIR_TRUST_SAME = 2,        /**< the one that is there came again */
    STIR_TRUST_REFUSED = 3,     /**< what came is bad; the last good one stays */
    STIR_TRUST_UNREACHABLE = 4, /**< nothing came: down, slow, not allowed, no login; the last good one stays */
    STIR_TRUST_FAILED = 5,      /**< a fault of our own: a file, memory */
};

/** What came of one list. */
struct stir_trust_outcome {
    enum stir_trust_end end;
    enum stir_trust_kind kind;
    char domain[33];
    char url[STIR_MAX_URL + 32]; /**< where it was asked for */
    char file[64];               /**< in the domain's folder; "" unless NEW or SAME */
    int64_t sequence;            /**< of a list of CAs, NEW or SAME; else -1 */
    int64_t until;               /**< its end; 0: none, or not NEW or SAME */
    char detail[200];            /**< what went wrong, one line, never a secret; "" when nothing did */
};

/** Begin. `options` as for stir_net_new() (nothing is cached; timeout_ms 0: ten seconds), its texts are copied; `dir` is copied too.
 *  @return as stir_net_new(). The caller frees with stir_trust_refresh_free(). */
STIR_API STIR_MUST_USE enum stir_err stir_trust_refresh_new(struct stir_trust_refresh **out, const char *dir, const struct stir_net_options *options,
                                                            struct stir_diag *diag);

/** Free; NULL is fine. What is under way is dropped. */
STIR_API void stir_trust_refresh_free(struct stir_trust_refresh *refresh);

/** When the next list is due: its refresh time (domain.conf) or half of its life has passed, and a failed try lies ten minutes back. Reads the folder.
 *  @return STIR_OK; as stir_trust_store_read(); `*at` is seconds since 1970, INT64_MAX when nothing ever is. */
STIR_API STIR_MUST_USE enum stir_err stir_trust_refresh_due(struct stir_trust_refresh *refresh, int64_t *at, struct stir_diag *diag);

/** Ask for what `what` (enum stir_trust_what, together) says, of domain `domain` (NULL: of all). Outcomes come by stir_trust_refresh_next(). Never waits for
 * the network; it does wait for another process that is just writing into the folder.
 *  @return STIR_OK; STIR_ESTATE (something is under way), STIR_ENOTFOUND (no such domain, or none), as stir_trust_store_read(). */
STIR_API STIR_MUST_USE enum stir_err stir_trust_refresh_start(struct stir_trust_refresh *refresh, unsigned what, const char *domain, struct stir_diag *diag);

/** Ask also for the revocation list at `url`, a distribution point of some certificate (a leaf's), for domain `domain`: only when its host is allowed there;
 * otherwise its outcome is UNREACHABLE, and nobody is asked.
 *  @return as stir_trust_refresh_start(), but for STIR_ESTATE. */
STIR_API STIR_MUST_USE enum stir_err stir_trust_refresh_point(struct stir_trust_refresh *refresh, const char *domain, struct stir_slice url,
                                                              struct stir_diag *diag);

/** The one descriptor for poll(2), epoll(7) or an event loop.
 *  @return the descriptor, which belongs to `refresh`; -1 for NULL. */
STIR_API int stir_trust_refresh_fd(const struct stir_trust_refresh *refresh);

/** How long the event loop may wait for the descriptor before it calls stir_trust_refresh_step() anyway.
 *  @return milliseconds; 0: now; -1: as long as it likes. */
STIR_API int64_t stir_trust_refresh_wait(struct stir_trust_refresh *refresh);

/** Do what can be done now; never waits for the network. */
STIR_API void stir_trust_refresh_step(struct stir_trust_refresh *refresh);

/** Step until everything that was started has its outcome, each fetch within its timeout: for programs without an event loop. */
STIR_API void stir_trust_refresh_finish(struct stir_trust_refresh *refresh);

/** The next outcome that is there.
 *  @return false when there is none; then `*out` is untouched. */
STIR_API bool stir_trust_refresh_next(struct stir_trust_refresh *refresh, struct stir_trust_outcome *out);

STIR_END
#endif
