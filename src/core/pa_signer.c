#include "core/pa_signer.h"

STIR_AUTO_STRUCT_FREE(stir_trust_builder)

/* What a path must be, without what the SHAKEN profile asks of those who sign calls. */
static enum stir_err administrators_policy(struct stir_policy *policy)
{
    static const enum stir_reason not_asked[] = {STIR_R_LEAF_IS_CA, STIR_R_LEAF_KEY_USAGE, STIR_R_REVOCATION_UNKNOWN, STIR_R_TNAUTH_MISSING,
                                                 STIR_R_TNAUTH_NOT_ENCOMPASSED};
    TRY(stir_policy_preset(policy, stir_slice_str("shaken")));
    for (size_t i = 0; i < sizeof(not_asked) / sizeof(not_asked[0]); i++)
        TRY(stir_policy_set(policy, not_asked[i], STIR_SEVERITY_OFF));
    return STIR_OK;
}

enum stir_err stir_pa_roots(struct stir_trust **out, struct stir_slice pem, struct stir_diag *diag)
{
    STIR_AUTO_STRUCT(stir_trust_builder) *builder = NULL;
    struct stir_diag why = {0};
    TRY(stir_trust_builder_new(&builder));
    enum stir_err err = stir_trust_add_pem(builder, pem, &why);
    if (err != STIR_OK)
        return stir_diag_set(diag, err, SIZE_MAX, "the administrator's root: %s", why.text[0] ? why.text : stir_err_text(err));
    TRY(stir_trust_freeze(out, builder, 0));
    builder = NULL; /* used up */
    return STIR_OK;
}

/* RFC 5280 §4.2.1.3: without keyUsage a key is for everything. */
enum stir_err stir_pa_signer_read(struct stir_pa_signer *out, const char *what, struct stir_slice pem, struct stir_diag *diag)
{
    struct stir_diag why = {0};
    *out = (struct stir_pa_signer){.n = 0};
    enum stir_err err = stir_certs_parse(out->cert, STIR_MAX_CHAIN, &out->n, pem, &why);
    if (err != STIR_OK)
        return stir_diag_set(diag, err, SIZE_MAX, "the certificates of the %s's signer: %s", what, why.text[0] ? why.text : stir_err_text(err));
    const struct stir_cert_info *info = stir_cert_info(out->cert[0]);
    bool for_signatures = info->key_usage == STIR_PART_ABSENT || (info->key_usage == STIR_PART_GOOD && info->key_usage_bits & STIR_KU_DIGITAL_SIGNATURE);
    if (!stir_cert_key(out->cert[0]) || !for_signatures)
        return stir_diag_set(diag, STIR_EKEY, SIZE_MAX, "the key of the %s's signer, %.*s, is %s", what, STIR_NAME(info->subject),
                             for_signatures ? "not P-256" : "not for signatures (digitalSignature)");
    return STIR_OK;
}

enum stir_err stir_pa_signer_check(struct stir_pa_signer *signer, const char *what, const struct stir_trust *roots, int64_t now, struct stir_diag *diag)
{
    struct stir_policy policy;
    struct stir_path_verdict v;
    TRY(administrators_policy(&policy));
    const struct stir_path_task task = {signer->cert[0], signer->cert + 1, signer->n - 1, roots, &policy, now};
    TRY(stir_path_search(&task, &v));
    if (!v.trusted)
        return stir_diag_set(diag, STIR_EMISMATCH, SIZE_MAX, "the %s's signer has no path to the administrator's root: %s", what, v.findings.detail);
    if (now < v.valid_from || now > v.valid_until)
        return stir_diag_set(diag, STIR_ETIME, SIZE_MAX, "the path of the %s's signer, %.*s, is not valid at this time", what,
                             STIR_NAME(stir_cert_info(signer->cert[0])->subject));
    signer->until = v.valid_until;
    return STIR_OK;
}

void stir_pa_signer_clear(struct stir_pa_signer *signer)
{
    for (size_t i = 0; i < signer->n; i++)
        stir_cert_free(signer->cert[i]);
    signer->n = 0;
}
