/* Whoever signs for a policy administrator: its list of trusted CAs, its tokens. A path to a pinned root of the administrator is all that counts. */
#ifndef STIR_CORE_PA_SIGNER_H
#define STIR_CORE_PA_SIGNER_H

#include "core/chain.h"

struct stir_pa_signer {
    struct stir_cert *cert[STIR_MAX_CHAIN]; /* the one that signs first, then what was delivered with it */
    size_t n;
    int64_t until; /* end of the validity of its path, once that was checked */
};

/* The pinned roots. @return as stir_trust_add_pem(); the caller frees. */
enum stir_err stir_pa_roots(struct stir_trust **out, struct stir_slice pem, struct stir_diag *diag) STIR_MUST_USE;

/* Read the certificates; the first has a P-256 key, for signatures. `what` says in `diag` what was signed: "list", "token".
 * @return STIR_OK, STIR_EKEY, and as stir_certs_parse(); the caller clears in every case. */
enum stir_err stir_pa_signer_read(struct stir_pa_signer *out, const char *what, struct stir_slice pem, struct stir_diag *diag) STIR_MUST_USE;

/* Its path to one of `roots`, at `now`. @return STIR_OK, STIR_EMISMATCH (none), STIR_ETIME (not valid then), STIR_ENOMEM, STIR_ECRYPTO. */
enum stir_err stir_pa_signer_check(struct stir_pa_signer *signer, const char *what, const struct stir_trust *roots, int64_t now,
                                   struct stir_diag *diag) STIR_MUST_USE;

void stir_pa_signer_clear(struct stir_pa_signer *signer);

#endif
