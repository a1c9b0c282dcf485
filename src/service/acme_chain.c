/* The chain that an order ends in, before it is used: a wrong one would stop every call. */
#include "service/acme_parts.h"

#include "core/bytes.h"

enum { SKEW = 3600 /* seconds that the authority's clock may be ahead of ours */ };

static enum stir_err in_time(const struct stir_cert_info *info, size_t at, int64_t now, struct stir_diag *diag)
{
    if (info->not_after <= now)
        return stir_diag_set(diag, STIR_EMISMATCH, SIZE_MAX, "certificate %zu of the chain that came has ended already; is the clock right?", at + 1);
    if (info->not_before > now + SKEW)
        return stir_diag_set(diag, STIR_EMISMATCH, SIZE_MAX, "certificate %zu of the chain that came is not valid yet; is the clock right?", at + 1);
    return STIR_OK;
}

static enum stir_err signed_by_next(struct stir_cert *const *chain, size_t at, struct stir_diag *diag)
{
    const struct stir_cert_info *below = stir_cert_info(chain[at]), *above = stir_cert_info(chain[at + 1]);
    if (!stir_slice_eq(below->issuer_der, above->subject_der))
        return stir_diag_set(diag, STIR_EMISMATCH, SIZE_MAX, "the chain that came is out of order: certificate %zu is not issued by the next", at + 1);
    if (stir_cert_signed_by(chain[at], chain[at + 1]) != STIR_OK)
        return stir_diag_set(diag, STIR_EMISMATCH, SIZE_MAX, "the chain that came does not hold: certificate %zu is not signed by the next", at + 1);
    return STIR_OK;
}

enum stir_err stir_acme_chain_check(struct stir_acme *acme, struct stir_cert *const *chain, size_t n, const struct stir_key *key, int64_t now,
                                    struct stir_diag *diag)
{
    const struct stir_key *theirs = stir_cert_key(chain[0]);
    if (!theirs || !stir_key_same_public(theirs, key))
        return stir_diag_set(diag, STIR_EMISMATCH, SIZE_MAX, "the certificate that came is for another key than ours");
    for (size_t i = 0; i < n; i++)
        TRY(in_time(stir_cert_info(chain[i]), i, now, diag));
    for (size_t i = 0; i + 1 < n; i++)
        TRY(signed_by_next(chain, i, diag));
    return acme->kind->check(acme, chain, n, diag);
}
