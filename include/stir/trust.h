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

STIR_END
#endif
