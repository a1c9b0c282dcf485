/* Rich call data of third parties (RFC 9795 §10): who signs it holds a name, not the number. It is told apart by iss, and usable only beside a token of one who
 * does hold the number. */
#include <stir/chain.h>

#include "core/verify.h"

/*= RFC9795-10.1 */
bool stir_iss_reflects(struct stir_slice iss, const struct stir_cert_info *cert)
{
    return iss.n && (stir_slice_eq(iss, cert->cn) || stir_slice_eq(iss, cert->o) || stir_slice_is(iss, cert->subject));
}

void stir_judge_issuer(struct stir_judgement *j)
{
    const struct stir_cert_info *cert = stir_cert_info(stir_chain_info(j->chain)->leaf);
    struct stir_slice iss = j->passport->iss;
    if (!stir_is_third_party(j) || stir_iss_reflects(iss, cert))
        return;
    stir_judge_say(j, STIR_R_RCD_ISSUER, "iss is \"%.*s\", the certificate's subject %s", STIR_SHOW(iss), cert->subject);
}

/* The token assures that the number is the caller's own: of SHAKEN's, only full attestation does. */
static bool assures(const struct stir_judgement *j)
{
    return stir_may_decide(j) && (j->passport->ppt != STIR_PPT_SHAKEN || j->passport->attest == 'A') && !stir_judge_failure(j);
}

/*= RFC9795-10a */
/* That orig is this call's caller, and iat in the window, the gates see for each token (§10.2). */
void stir_judge_third_parties(struct stir_judgement *tokens, size_t n)
{
    bool assured = false;
    for (size_t i = 0; i < n; i++)
        assured = assured || assures(&tokens[i]);
    for (size_t i = 0; i < n; i++) {
        struct stir_judgement *j = &tokens[i];
        if (!stir_is_third_party(j))
            continue;
        if (!assured)
            stir_judge_say(j, STIR_R_RCD_ISSUER, "\"%.*s\" is a third party, and no token that passed vouches for the number", STIR_SHOW(j->passport->iss));
        stir_judge_pass(j, STIR_CHECK_RCD);
    }
}
