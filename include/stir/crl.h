/** @file stir/crl.h  Certificate revocation lists, direct and indirect (RFC 5280 §5, §6.3).
 *  Reading is not trusting: stir/chain.h checks signature, issuer, scope and dates before a list counts.
 *  Pure: no I/O. A list is immutable, counted, and may be shared by threads. */
#ifndef STIR_CRL_H
#define STIR_CRL_H

#include <stir/cert.h>

STIR_BEGIN

/** A revocation list. */
struct stir_crl;

/** What a list says of itself. Slices are borrowed. Times are seconds since 1970 UTC. */
struct stir_crl_info {
    struct stir_slice der;
    int version;                  /**< 1 or 2 */
    struct stir_slice issuer_der; /**< DER Name */
    const char *issuer;           /**< one line for people */
    int64_t this_update;
    int64_t next_update; /**< 0: not said */
    enum stir_cert_sig sig;
    struct stir_slice number; /**< cRLNumber, big-endian; absent when there is none */
    struct stir_slice aki_id;
    enum stir_part idp;               /**< issuingDistributionPoint; BAD also for a point without a URI, and for two scopes at once */
    struct stir_slice idp_url;        /**< first URI of its fullName */
    struct stir_slice ca_issuers_url; /**< AIA caIssuers: where the signer's certificate is (RFC 5280 §5.2.7); absent when it is not said */
    bool indirect, only_user, only_ca, only_attribute, only_some_reasons;
    bool delta;            /**< a delta CRL: never used */
    bool unknown_critical; /**< something critical that is not understood, of the list or of an entry (a BAD idp and a certificateIssuer in a list that is
                              not indirect among them): never used */
    size_t n_entries;
};

/** One entry. Its issuer is the one in force at its place: the certificateIssuer of it or of an entry before it, else the list's. */
struct stir_crl_entry {
    struct stir_slice issuer_der;
    struct stir_slice serial; /**< big-endian content bytes of the INTEGER */
    int64_t revoked_at;
    int reason; /**< CRLReason as it stands, -1 when not said; removeFromCRL (8) is no revocation */
};

/** Read a list from DER, or the one block "X509 CRL" of a PEM text.
 *  @return STIR_OK; STIR_EPEM, STIR_EDER (no CRL, or bytes after it), STIR_ELIMIT (longer than STIR_MAX_CRL, more than STIR_MAX_REVOKED entries), STIR_ENOMEM,
 * STIR_EARG;
 *  `*out` is untouched unless STIR_OK. The caller frees with stir_crl_free(). `text` is not kept. */
STIR_API STIR_MUST_USE enum stir_err stir_crl_parse(struct stir_crl **out, struct stir_slice text, struct stir_diag *diag);

/** One more owner.
 *  @return `crl`. */
STIR_API struct stir_crl *stir_crl_ref(struct stir_crl *crl);

/** One owner less; NULL is fine. */
STIR_API void stir_crl_free(struct stir_crl *crl);

/** What the list says of itself, borrowed for its life.
 *  @return never NULL. */
STIR_API const struct stir_crl_info *stir_crl_info(const struct stir_crl *crl);

/** The `i`th entry in the order of the list.
 *  @return false past the end; then `*out` is untouched. */
STIR_API bool stir_crl_entry_at(const struct stir_crl *crl, size_t i, struct stir_crl_entry *out);

/** Find the certificate with this issuer (DER Name, by bytes) and serial (content bytes, by value). An entry that revokes goes before one that does not.
 *  @return false when the list does not revoke it; then `*out` is untouched. */
STIR_API bool stir_crl_find(const struct stir_crl *crl, struct stir_slice issuer_der, struct stir_slice serial, struct stir_crl_entry *out);

/** Which of two lists is the newer one: by cRLNumber, a list without one being older than any; the same number: by thisUpdate.
 *  @return below 0 when `a` is older than `b`, above 0 when it is newer, 0 when neither is. Says nothing of lists of different issuers or scopes. */
STIR_API int stir_crl_order(const struct stir_crl *a, const struct stir_crl *b);

/** Whether `signer`'s key made the list's signature.
 *  @return STIR_OK; STIR_ESIG, STIR_EKEY (unusable key or algorithm), STIR_ENOMEM, STIR_ECRYPTO, STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_crl_signed_by(const struct stir_crl *crl, const struct stir_cert *signer);

/** One revocation to be written. */
struct stir_crl_revocation {
    struct stir_slice issuer_der; /**< DER Name of the certificate's issuer; the list's own signer when absent */
    struct stir_slice serial;     /**< big-endian content bytes of the INTEGER */
    int64_t revoked_at;
    int reason; /**< CRLReason, 0 to 10 without 7 and 8; 0 (unspecified) is not written */
};

/** What goes into a list. */
struct stir_crl_params {
    size_t size;                    /**< sizeof(struct stir_crl_params) */
    const struct stir_cert *issuer; /**< the signer's certificate: its subject becomes the list's issuer */
    uint64_t number;                /**< cRLNumber */
    int64_t this_update, next_update;
    struct stir_slice idp_url;        /**< issuingDistributionPoint: where the list is published; the list is indirect; absent: a direct list without one */
    struct stir_slice ca_issuers_url; /**< AIA: where the signer's certificate is (RFC 5280 §5.2.7); absent: none */
    const struct stir_crl_revocation *revoked; /**< sorted by issuer, so that certificateIssuer is written once for each run of them */
    size_t n;                               /**< up to STIR_MAX_REVOKED */
};
#ifdef __cplusplus
#define STIR_CRL_PARAMS_INIT           \
    {                                  \
        sizeof(struct stir_crl_params) \
    }
#else
#define STIR_CRL_PARAMS_INIT                   \
    {                                          \
        .size = sizeof(struct stir_crl_params) \
    }
#endif

/** Make and sign a list (RFC 5280 §5): version 2, AKI, cRLNumber, and what `params` say.
 *  @return STIR_OK; STIR_EVALUE (a member is missing or not allowed; `diag` says which), STIR_EMISMATCH (the signer is not the issuer's key, or the issuer may
 * not sign lists), STIR_ELIMIT, STIR_ENOMEM, STIR_ECRYPTO, STIR_EARG, or what the signer answers; `*out` is untouched unless STIR_OK. The caller frees with
 * stir_crl_free(). */
STIR_API STIR_MUST_USE enum stir_err stir_crl_make(struct stir_crl **out, const struct stir_crl_params *params, const struct stir_signer *signer,
                                                   struct stir_diag *diag);

/** Write a list as PEM with a closing NUL; `*len` without it.
 *  @return STIR_OK; STIR_ELIMIT (`cap` too small; `*len` says what is needed without the NUL), STIR_ENOMEM, STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_crl_write_pem(char *buf, size_t cap, size_t *len, const struct stir_crl *crl);

STIR_END
#endif
