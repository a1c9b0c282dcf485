/** @file stir/trust_store.h  A folder of trust domains, in libstir-net; stir/trust_refresh.h keeps it fresh.
 *  DIR/NAME/ is one domain: domain.conf (its settings), pa-root.pem (the policy administrator's root, pinned), list.jws and ca.pem (its list of trusted CAs,
 * and the anchors out of it), pa.pem, crl-signer.pem and *.crl (revocation), state.json (what is known of the list). What is bad never takes the place of what
 * was good; files are written whole or not at all, and several processes may share the folder. Reads files and the clock. Objects belong to one thread at a
 * time. */
#ifndef STIR_TRUST_STORE_H
#define STIR_TRUST_STORE_H

#include <stir/trust.h>

STIR_BEGIN

/** How a thing with a life stands. */
enum stir_trust_life {
    STIR_TRUST_FRESH = 0,
    STIR_TRUST_HALF_OVER = 1, /**< half of its life is over: see why no newer one came */
    STIR_TRUST_GRACE = 2,     /**< it is over, and used on for the domain's grace */
    STIR_TRUST_OVER = 3,      /**< it is over and not used; or it was never there */
};

/** What an item of a folder is. */
enum stir_trust_kind {
    STIR_TRUST_LIST = 1, /**< anchors that came from the administrator's list */
    STIR_TRUST_PEM = 2,  /**< anchors that somebody vouched for: they have no end of their own */
    STIR_TRUST_CRL = 3,  /**< a revocation list */
};

/** One item. Everything is borrowed from its store. Times are seconds since 1970 UTC. */
struct stir_trust_item {
    enum stir_trust_kind kind;
    enum stir_trust_life life;
    const char *domain;
    const char *file;               /**< in the domain's folder */
    int64_t from, until;            /**< its life: when this list came first, or thisUpdate; `until` 0: no end */
    int64_t used_until;             /**< it is used before this second; 0: no end */
    int64_t sequence;               /**< of a list; -1: none */
    const char *signer;             /**< of a list; "" when there is none */
    bool changed;                   /**< the anchors are not those that were taken in: somebody changed the file */
    struct stir_cert *const *certs; /**< anchors */
    size_t n_certs;
    const struct stir_crl *crl; /**< a revocation list; else NULL */
};

/** What a folder held when it was read. */
struct stir_trust_store;

/** How to read. */
struct stir_trust_store_options {
    size_t size;                               /**< sizeof(struct stir_trust_store_options) */
    void (*say)(void *arg, const char *fault); /**< told of each wrong line of a settings file, "DIR/us/domain.conf:7: ..."; NULL: nobody is */
    void *arg;                                 /**< what `say` is given */
};
#ifdef __cplusplus
#define STIR_TRUST_STORE_OPTIONS_INIT           \
    {                                           \
        sizeof(struct stir_trust_store_options) \
    }
#else
#define STIR_TRUST_STORE_OPTIONS_INIT                   \
    {                                                   \
        .size = sizeof(struct stir_trust_store_options) \
    }
#endif

/** Read all domains of folder `dir` as they stand at `now`. `options` may be NULL.
 *  @return STIR_OK; STIR_ENOTFOUND (it holds no domain), STIR_EIO (a file or folder cannot be read, or is missing), STIR_EVALUE (a wrong line of settings, a
 * name that no domain has), STIR_EPEM, STIR_EDER, STIR_EKEY, STIR_ELIMIT, STIR_ENOMEM, STIR_ECRYPTO, STIR_EARG; `diag` says which file; `*out` is untouched
 * unless STIR_OK. The caller frees with stir_trust_store_free(). */
STIR_API STIR_MUST_USE enum stir_err stir_trust_store_read(struct stir_trust_store **out, const char *dir, int64_t now,
                                                           const struct stir_trust_store_options *options, struct stir_diag *diag);

/** Free a store; NULL is fine. */
STIR_API void stir_trust_store_free(struct stir_trust_store *store);

/** What it holds, domain after domain, anchors before revocation lists: `*n` items that live as long as the store.
 *  @return the first; NULL when there is none. */
STIR_API const struct stir_trust_item *stir_trust_store_items(const struct stir_trust_store *store, size_t *n);

/** Add its domains to a snapshot: anchors, the administrator's certificates, revocation lists, and what domain.conf asks. Anchors whose list is over, its grace
 * too, are left out: their domain trusts nobody.
 *  @return as stir_trust_domain(), stir_trust_add_anchor(), stir_trust_domain_options() and their like. */
STIR_API STIR_MUST_USE enum stir_err stir_trust_store_add(const struct stir_trust_store *store, struct stir_trust_builder *builder, struct stir_diag *diag);

/** The second from which on a snapshot of it is not what a new reading would give: read the folder again then.
 *  @return seconds since 1970; INT64_MAX: as long as nobody writes into the folder. */
STIR_API int64_t stir_trust_store_until(const struct stir_trust_store *store);

STIR_END
#endif
