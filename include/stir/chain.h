/** @file stir/chain.h  A signer's certificates, parsed and judged once: what a cache keeps.
 *  Pure: no I/O. Immutable, counted, may be shared by threads. */
#ifndef STIR_CHAIN_H
#define STIR_CHAIN_H

#include <stir/policy.h>
#include <stir/trust.h>

STIR_BEGIN

/** A judged chain. */
struct stir_chain;

/** What was found. Slices and strings are borrowed. Times are seconds since 1970 UTC. */
struct stir_chain_info {
    const struct stir_cert *leaf;                     /**< the signer's certificate; NULL when nothing could be read */
    const struct stir_cert *path[STIR_MAX_CHAIN + 1]; /**< leaf first, anchor last; complete only when `trusted` */
    size_t n_path;
    bool trusted;                    /**< the path ends at an anchor and nothing but time can speak against it */
    const char *domain;              /**< trust domain of the anchor; "" when there is none */
    int64_t valid_from, valid_until; /**< intersection of all validities of the path */
    int64_t checked_until;           /**< last second for which the revocation lists say the same: the earliest nextUpdate of those used; INT64_MAX: none */
    uint64_t trust_generation, policy_id;
    const enum stir_reason *reasons; /**< all that was found, in the catalogue's order; severity is the policy's */
    size_t n_reasons;
    const char *detail;                /**< one line about the first fatal reason: which certificate, which name; "" when there is none */
    struct stir_slice spc;             /**< the leaf's first service provider code */
    unsigned char sha256[STIR_SHA256]; /**< of the body as it was received, for records; zeros when it came as certificates */
};

/** Read and judge the body of an x5u: PEM (or DER), signer first, any order of the rest. Anchors come from `trust` alone; a root that was delivered counts for
 * nothing. Revocation is judged at `now`; validity is left to stir_chain_check_time(), because a chain is kept longer than a call lasts.
 *  @return STIR_OK whenever there is a judgement, also of junk; STIR_ENOMEM, STIR_ECRYPTO, STIR_EARG; `*out` is untouched unless STIR_OK. The caller frees with
 * stir_chain_free(). */
STIR_API STIR_MUST_USE enum stir_err stir_chain_from_pem(struct stir_chain **out, struct stir_slice pem, const struct stir_trust *trust,
                                                         const struct stir_policy *policy, int64_t now);

/** The same for certificates that are read already, signer first. They are counted, not copied.
 *  @return as stir_chain_from_pem(); STIR_EARG when `n` is 0. */
STIR_API STIR_MUST_USE enum stir_err stir_chain_from_certs(struct stir_chain **out, struct stir_cert *const *certs, size_t n, const struct stir_trust *trust,
                                                           const struct stir_policy *policy, int64_t now);

/** One more owner.
 *  @return `chain`. */
STIR_API struct stir_chain *stir_chain_ref(struct stir_chain *chain);

/** One owner less; NULL is fine. */
STIR_API void stir_chain_free(struct stir_chain *chain);

/** About how much memory the chain holds: its certificates, without the anchor, which is the snapshot's, and the table of its key when there is one.
 *  @return bytes; 0 for NULL. */
STIR_API size_t stir_chain_bytes(const struct stir_chain *chain);

/** What was found, borrowed for the chain's life.
 *  @return never NULL. */
STIR_API const struct stir_chain_info *stir_chain_info(const struct stir_chain *chain);

/** Whether every certificate of the path was valid at `at`.
 *  @return STIR_R_NONE, or STIR_R_CERT_EXPIRED, STIR_R_CERT_NOT_YET, STIR_R_ISSUER_EXPIRED, STIR_R_ISSUER_NOT_YET. */
STIR_API enum stir_reason stir_chain_check_time(const struct stir_chain *chain, int64_t at);

/** Make the signer's key quick to verify with (stir_key_prepare()), for a chain that is trusted and that a cache will keep. Some 30 ms: off the path of calls,
 * on any thread.
 *  @return as stir_key_prepare(); STIR_ESTATE when the chain is not trusted: nobody makes us build tables for keys of his own. */
STIR_API STIR_MUST_USE enum stir_err stir_chain_prepare(struct stir_chain *chain);

/** Does the judgement still hold under this snapshot and policy at `now`?
 *  @return true for the same generation, the same policy id, `now` not after checked_until, and no issuer of the path out of its time while the leaf is not. */
STIR_API bool stir_chain_is_current(const struct stir_chain *chain, const struct stir_trust *trust, const struct stir_policy *policy, int64_t now);

STIR_END
#endif
