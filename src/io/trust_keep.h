/* What is taken into a domain's folder, and only when it is good: what is bad never takes the place of what was good. The folder is held by the caller. */
#ifndef STIR_IO_TRUST_KEEP_H
#define STIR_IO_TRUST_KEEP_H

#include "io/trust_folder.h"

/* Check the administrator's list as stir_ca_list_parse() does, against the sequence that is known, and keep it: its text, its certificates as anchors, its
 * state, and, when there is none, `root` as pa.pem. STIR_EIO, and the errors of stir_ca_list_parse(). `*out` is the caller's. */
enum stir_err stir_trust_keep_list(struct stir_ca_list **out, struct stir_trust_folder *folder, struct stir_slice text, struct stir_slice signer,
                                   struct stir_slice root, int64_t now, struct stir_diag *diag) STIR_MUST_USE;

/* Keep anchors that somebody vouches for. STIR_ESTATE: the domain is kept by a list. */
enum stir_err stir_trust_keep_anchors(struct stir_trust_folder *folder, struct stir_cert *const *certs, size_t n, int64_t now,
                                      struct stir_diag *diag) STIR_MUST_USE;

/* A revocation list that came. */
struct stir_trust_crl {
    struct stir_crl *crl;
    struct stir_slice pa;      /* the administrator's certificates to judge it by, PEM; absent: there are none */
    struct stir_slice fetched; /* more of them, that came over the network: a self-signed one among them counts for nothing */
    const char *url;           /* where it came from: its distribution point, when it names one, must be this; NULL: nobody knows */
    bool signer_may_be_unknown;
};
enum { STIR_TRUST_CRL_NAME = 37 };

/* Check it (usable, in date, signed under the administrator's certificates or by an anchor, not older than the one it would take the place of) and keep it;
 * `name` is its file.
 * `*known` says whether its signer is. STIR_EVALUE (no verifier could use it), STIR_ETIME (not in force, over, older), STIR_ESIG (signed by nobody who may),
 * STIR_EMISMATCH (of another distribution point), STIR_EIO, STIR_ENOMEM, STIR_ECRYPTO. */
enum stir_err stir_trust_check_crl(char name[STIR_TRUST_CRL_NAME], bool *known, const struct stir_trust_folder *folder, const struct stir_trust_crl *in,
                                   int64_t now, struct stir_diag *diag) STIR_MUST_USE;

/* The same, and keep it. */
enum stir_err stir_trust_keep_crl(char name[STIR_TRUST_CRL_NAME], bool *known, const struct stir_trust_folder *folder, const struct stir_trust_crl *in,
                                  int64_t now, struct stir_diag *diag) STIR_MUST_USE;

/* pa-root.pem and pa.pem as one text; absent when neither is there. Free with stir_file_free(). */
enum stir_err stir_trust_read_pa(struct stir_slice *out, const struct stir_trust_folder *folder, struct stir_diag *diag) STIR_MUST_USE;
/* Certificates of the policy administrator, PEM, into the open domain; without those that are self-signed when `fetched`. */
enum stir_err stir_trust_add_pa_pem(struct stir_trust_builder *builder, struct stir_slice pem, bool fetched, struct stir_diag *diag) STIR_MUST_USE;
/* Is a self-signed certificate, a root, among these? STIR_ENOMEM, STIR_ECRYPTO. */
enum stir_err stir_trust_has_root(bool *yes, struct stir_slice pem) STIR_MUST_USE;

#endif
