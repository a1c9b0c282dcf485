/** @file stir/trust.h  What is trusted: anchors and revocation lists of trust domains, frozen into one snapshot.
 *  Pure: no I/O. A builder belongs to one thread; a snapshot is immutable, counted, and may be shared by threads. */
#ifndef STIR_TRUST_H
#define STIR_TRUST_H

#include <stir/crl.h>

STIR_BEGIN

/** A snapshot under construction. */
struct stir_trust_builder;

/** A snapshot. */
struct stir_trust;

/** Begin.
 *  @return STIR_OK; STIR_ENOMEM, STIR_EARG. The caller frees with stir_trust_builder_free(), or gives it to stir_trust_freeze(). */
STIR_API STIR_MUST_USE enum stir_err stir_trust_builder_new(struct stir_trust_builder **out);

/** Give up; NULL is fine. */
STIR_API void stir_trust_builder_free(struct stir_trust_builder *builder);

/** Begin a domain named `name` (US, Canada, a lab: 1 to 32 letters, digits, '-', '_'). What is added next goes into it; the first addition without one opens
 * "default".
 *  @return STIR_OK; STIR_EVALUE (bad or second use of a name), STIR_ELIMIT (STIR_MAX_DOMAINS), STIR_ENOMEM, STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_trust_domain(struct stir_trust_builder *builder, struct stir_slice name);

#define STIR_DOMAIN_POLICIES 8   /**< certificate policies that a domain may accept */
#define STIR_DOMAIN_COUNTRIES 32 /**< country codes that a domain may vouch for: France and its overseas numbers need nine */

/** What a domain asks of its own. Nothing given, nothing asked beyond the verifier's policy. Strings are copied. */
struct stir_domain_options {
    size_t size;                                  /**< sizeof(struct stir_domain_options) */
    const char *policy_oid[STIR_DOMAIN_POLICIES]; /**< accepted certificate policies, dotted: here they stand in the place of the verifier's own */
    size_t n_policy_oids;                         /**< 0: the verifier's policy says which */
    size_t spc_min, spc_max;                      /**< characters of a service provider code, such as 4 and 4 for the US and Canada; both 0: any number */
    const char *country[STIR_DOMAIN_COUNTRIES];   /**< country codes whose callers it vouches for, 1 to 3 digits, such as "1" or "33" */
    size_t n_countries;                           /**< 0: any country's */
};
#ifdef __cplusplus
#define STIR_DOMAIN_OPTIONS_INIT           \
    {                                      \
        sizeof(struct stir_domain_options) \
    }
#else
#define STIR_DOMAIN_OPTIONS_INIT                    \
    {                                               \
        .size = sizeof(struct stir_domain_options), \
    }
#endif

/** Say what the open domain asks of its own; said again, the last word counts.
 *  @return STIR_OK; STIR_EVALUE (no OID, no country code, no such lengths of codes; `diag` says which), STIR_ENOMEM, STIR_EARG. Unless STIR_OK the domain asks
 *  what it asked before. */
STIR_API STIR_MUST_USE enum stir_err stir_trust_domain_options(struct stir_trust_builder *builder, const struct stir_domain_options *options,
                                                               struct stir_diag *diag);

/** Add an anchor: any certificate, a root, an intermediate or a signer's own. Twice the same is once.
 *  @return STIR_OK; STIR_ELIMIT (STIR_MAX_ANCHORS), STIR_ENOMEM, STIR_EARG. The certificate is counted, not copied. */
STIR_API STIR_MUST_USE enum stir_err stir_trust_add_anchor(struct stir_trust_builder *builder, struct stir_cert *cert);

/** Add all certificates of a PEM text as anchors.
 *  @return as stir_certs_parse() and stir_trust_add_anchor(). */
STIR_API STIR_MUST_USE enum stir_err stir_trust_add_pem(struct stir_trust_builder *builder, struct stir_slice pem, struct stir_diag *diag);

/** Add a certificate under which the policy administrator signs its indirect CRL: its root, and intermediates and signers that the list does not bring.
 *  It is no anchor for calls. When a self-signed one is among a domain's, the signer of a list needs a path to it; when none is, each is trusted as it stands.
 *  @return STIR_OK; STIR_ELIMIT (STIR_MAX_PA), STIR_ENOMEM, STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_trust_add_pa(struct stir_trust_builder *builder, struct stir_cert *cert);

/** Add a revocation list. It counts only when the path check finds it signed, in scope and in date; of two by one issuer and scope the one with the higher
 * number counts.
 *  @return STIR_OK; STIR_ELIMIT (STIR_MAX_CRLS), STIR_ENOMEM, STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_trust_add_crl(struct stir_trust_builder *builder, struct stir_crl *crl);

/** Let the open domain's revocation lists count for `seconds` after their nextUpdate, for as long as a newer one cannot be had: 0 (the default) to
 * STIR_MAX_GRACE.
 *  @return STIR_OK; STIR_EVALUE, STIR_ENOMEM, STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_trust_crl_grace(struct stir_trust_builder *builder, int64_t seconds);

/** The policy administrator's list of trusted CAs, checked. */
struct stir_ca_list;

/** What a list says. Slices and strings are borrowed. Times are seconds since 1970 UTC. */
struct stir_ca_list_info {
    struct stir_slice jws;     /**< the compact JWS, as it was sent: what to keep on disk */
    struct stir_slice version; /**< as it stands, a string's text or a number's; shown, never judged */
    struct stir_slice x5u;     /**< where the administrator publishes the signer's certificates */
    int64_t sequence;          /**< the administrator's number for it, 0 or more: it never decreases */
    int64_t exp;               /**< the list is not used from then on */
    const char *signer;        /**< subject of the certificate that signed, one line */
    int64_t signer_until;      /**< end of the validity of the signer's path */
    size_t n_certs;            /**< certificates of the list */
    size_t n_unread;           /**< entries left out because they hold no certificate that can be read: those CAs are not trusted */
};

/** Read and check a list: a compact JWS, or the administrator's answer {"status":"success","caList":"..."} around one. It counts when it is signed with ES256 by
 * the first certificate of `signer_pem` (the body that its x5u gives), that certificate has a path to one of `pa_root_pem` at `now`, every other certificate that
 * was delivered counting for nothing by itself; when `exp` is still to come; and when its sequence is not below `last_sequence` (-1: none is known).
 *  @return STIR_OK; STIR_ESYNTAX, STIR_EB64, STIR_EJSON (no JWS of JSON objects), STIR_EVALUE (another algorithm, no https x5u, a member missing or not of its
 * type, an answer that is no success, not one certificate in it), STIR_EPEM, STIR_EDER, STIR_EKEY (signer_pem or pa_root_pem unusable, or the signer has no P-256
 * key for signatures), STIR_EMISMATCH (the signer has no path to a root of the administrator), STIR_ESIG (not signed by it), STIR_ETIME (expired, rolled back, or
 * the signer's path is not valid at `now`), STIR_ELIMIT, STIR_ENOMEM, STIR_ECRYPTO, STIR_EARG; `*out` is untouched unless STIR_OK. The caller frees with
 * stir_ca_list_free(). Nothing is kept of the arguments. */
STIR_API STIR_MUST_USE enum stir_err stir_ca_list_parse(struct stir_ca_list **out, struct stir_slice text, struct stir_slice signer_pem,
                                                        struct stir_slice pa_root_pem, int64_t last_sequence, int64_t now, struct stir_diag *diag);

/** Where a list that nobody has checked yet says that its signer's certificates are (x5u of its header), as a string: what is fetched there is `signer_pem`.
 *  @return STIR_OK; STIR_ESYNTAX, STIR_EB64, STIR_EJSON, STIR_EVALUE as for stir_ca_list_parse(), STIR_ELIMIT (also when `cap` is too small), STIR_ENOMEM,
 * STIR_EARG; `url` is untouched unless STIR_OK. */
STIR_API STIR_MUST_USE enum stir_err stir_ca_list_signer_url(char *url, size_t cap, struct stir_slice text, struct stir_diag *diag);

/** Free a list; NULL is fine. */
STIR_API void stir_ca_list_free(struct stir_ca_list *list);

/** What the list says, borrowed for its life.
 *  @return never NULL. */
STIR_API const struct stir_ca_list_info *stir_ca_list_info(const struct stir_ca_list *list);

/** The `i`th certificate in the order of the list, borrowed for its life.
 *  @return NULL past the end. */
STIR_API struct stir_cert *stir_ca_list_cert(const struct stir_ca_list *list, size_t i);

/** Add the certificates of a list as anchors of the open domain.
 *  @return as stir_trust_add_anchor(); those before the one that failed stay added. */
STIR_API STIR_MUST_USE enum stir_err stir_trust_add_ca_list(struct stir_trust_builder *builder, const struct stir_ca_list *list);

/** Make the snapshot; the builder is used up on STIR_OK. `generation` is the caller's number for it, shown in verdicts and kept by cached chains.
 *  @return STIR_OK; STIR_ENOMEM, STIR_ECRYPTO, STIR_EARG. The caller frees with stir_trust_free(). */
STIR_API STIR_MUST_USE enum stir_err stir_trust_freeze(struct stir_trust **out, struct stir_trust_builder *builder, uint64_t generation);

/** One more owner.
 *  @return `trust`. */
STIR_API struct stir_trust *stir_trust_ref(struct stir_trust *trust);

/** One owner less; NULL is fine. */
STIR_API void stir_trust_free(struct stir_trust *trust);

/** Which snapshot this is.
 *  @return the caller's number for it. */
STIR_API uint64_t stir_trust_generation(const struct stir_trust *trust);

/** How many trust domains the snapshot has.
 *  @return their number. */
STIR_API size_t stir_trust_domains(const struct stir_trust *trust);

/** The name of domain `domain`, from 0.
 *  @return a string that lives as long as the snapshot; "" past the end. */
STIR_API const char *stir_trust_domain_name(const struct stir_trust *trust, size_t domain);

/** Is the `crl`th list that was added to domain `domain` signed, at `now`, under the certificates of the policy administrator that were added to it? True only for
 * indirect lists; those that a CA signs itself are judged with the path that it stands in.
 *  @return false also past the end. */
STIR_API bool stir_trust_crl_by_pa(const struct stir_trust *trust, size_t domain, size_t crl, int64_t now);

STIR_END
#endif
