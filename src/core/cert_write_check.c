/* What may stand in a certificate, by its role: everything that is asked for is held against this before a byte is written. */
#include "core/cert_write.h"
#include "core/time.h"

enum {
    SERIAL_MIN = 8,
    SERIAL_MAX = 20, /* RFC 5280 §4.1.2.2 */
    PATH_LEN_MAX = STIR_MAX_CHAIN,
};

/* In the order of enum stir_cert_role. */
static const struct stir_cert_traits roles[] = {
    [STIR_CERT_ROOT] = {"a root", STIR_KU_KEY_CERT_SIGN, .is_ca = true},
    [STIR_CERT_INTERMEDIATE] = {"an intermediate", STIR_KU_KEY_CERT_SIGN, .is_ca = true},
    [STIR_CERT_END_ENTITY] = {"an end entity", STIR_KU_DIGITAL_SIGNATURE, .has_list = true},
    [STIR_CERT_DELEGATE_CA] = {"a delegate CA", STIR_KU_KEY_CERT_SIGN, .is_ca = true, .has_list = true},
    [STIR_CERT_DELEGATE] = {"a delegate", STIR_KU_DIGITAL_SIGNATURE, .has_list = true},
    [STIR_CERT_CRL_SIGNER] = {"a CRL signer's", STIR_KU_CRL_SIGN},
    [STIR_CERT_PA_SIGNER] = {"a policy administrator's", STIR_KU_DIGITAL_SIGNATURE},
};

static enum stir_err refuse(struct stir_diag *diag, const char *why)
{
    return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s", why);
}

static enum stir_err mismatch(struct stir_diag *diag, const char *why)
{
    return stir_diag_set(diag, STIR_EMISMATCH, SIZE_MAX, "%s", why);
}

enum stir_err stir_cert_params_take(struct stir_cert_params *out, const struct stir_cert_params *params)
{
    struct stir_cert_params taken = STIR_CERT_PARAMS_INIT;
    if (params->size <= sizeof(params->size) || params->size > sizeof(taken))
        return STIR_EARG;
    memcpy(&taken, params, params->size);
    *out = taken;
    return STIR_OK;
}

static enum stir_err check_root(const struct stir_cert_plan *plan, struct stir_diag *diag)
{
    if (plan->p.issuer)
        return refuse(diag, "a root certificate has no issuer: it signs itself");
    if (!stir_key_same_public(plan->key, plan->signing_key))
        return mismatch(diag, "a root certificate is signed by its own key, and key and signer differ");
    if (plan->p.crl_url.p || plan->p.crl_issuer.p || plan->p.policy.p)
        return refuse(diag, "a root certificate has neither a CRL distribution point nor a policy (ATIS-1000080 6.4.1)");
    return STIR_OK;
}

static enum stir_err check_issuer(const struct stir_cert_plan *plan, struct stir_diag *diag)
{
    const struct stir_cert_info *issuer = plan->issuer;
    if (!issuer)
        return refuse(diag, "the issuer's certificate is missing");
    if (issuer->basic_constraints != STIR_PART_GOOD || !issuer->is_ca)
        return mismatch(diag, "the issuer is no CA: its basicConstraints do not say cA TRUE");
    if (issuer->key_usage != STIR_PART_GOOD || !(issuer->key_usage_bits & STIR_KU_KEY_CERT_SIGN))
        return mismatch(diag, "the issuer is no CA: its keyUsage lacks keyCertSign");
    if (plan->traits->is_ca && issuer->path_len == 0)
        return mismatch(diag, "the issuer's pathLenConstraint is 0: it may issue end entity certificates only");
    if (plan->traits->is_ca && issuer->path_len > 0 && plan->p.path_len >= issuer->path_len)
        return mismatch(diag, "pathLenConstraint is not below that of the issuer: it would promise paths that no verifier accepts");
    if (issuer->ski != STIR_PART_GOOD || issuer->ski_id.n == 0)
        return mismatch(diag, "the issuer has no subjectKeyIdentifier to refer to");
    struct stir_key *key = stir_cert_key(plan->p.issuer);
    if (!key || !stir_key_same_public(key, plan->signing_key))
        return mismatch(diag, "the signer's key is not the key of the issuer's certificate");
    return STIR_OK;
}

static enum stir_err check_validity(const struct stir_cert_plan *plan, struct stir_diag *diag)
{
    const struct stir_cert_info *issuer = plan->issuer;
    if (plan->p.not_after <= plan->p.not_before)
        return refuse(diag, "notAfter is not later than notBefore");
    if (plan->p.not_before < 0 || plan->p.not_after > STIR_TIME_MAX)
        return refuse(diag, "validity is not within the years 1970 to 9999");
    if (issuer && (plan->p.not_before < issuer->not_before || plan->p.not_after > issuer->not_after))
        return refuse(diag, "validity reaches beyond that of the issuer's certificate: shorten it, or renew the issuer first");
    return STIR_OK;
}

static enum stir_err check_serial(struct stir_slice serial, struct stir_diag *diag)
{
    if (!serial.p)
        return STIR_OK;
    if (serial.n < SERIAL_MIN || serial.n > SERIAL_MAX)
        return refuse(diag, "the serial number has not 8 to 20 bytes");
    if (!stir_der_integer_ok(serial) || (unsigned char)serial.p[0] >= 0x80)
        return refuse(diag, "the serial number is not positive, or begins with a needless zero byte");
    return STIR_OK;
}

enum stir_err stir_cert_check_url(struct stir_slice url, const char *what, struct stir_diag *diag)
{
    bool http = url.n > 7 && memcmp(url.p, "http://", 7) == 0, https = url.n > 8 && memcmp(url.p, "https://", 8) == 0;
    if ((!http && !https) || url.n > STIR_MAX_URL)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s \"%.*s\" is no http or https URL of at most %d bytes", what, STIR_SHOW(url), STIR_MAX_URL);
    for (size_t i = 0; i < url.n; i++)
        if (url.p[i] <= ' ' || url.p[i] >= 0x7f)
            return stir_diag_set(diag, STIR_EVALUE, i, "%s has a character that no URL has", what);
    return STIR_OK;
}

static enum stir_err check_crl(const struct stir_cert_params *p, struct stir_diag *diag)
{
    if (p->crl_issuer.p && !p->crl_url.p)
        return refuse(diag, "crl_issuer without crl_url: a distribution point needs both");
    return p->crl_url.p ? stir_cert_check_url(p->crl_url, "crl_url", diag) : STIR_OK;
}

/* Every level of a path encompasses the next (RFC 9060 §4). What a code stands for is known to tables alone: a CA with a code may delegate numbers. */
/*= RFC9060-4 */
static enum stir_err check_scope(const struct stir_cert_plan *plan, struct stir_diag *diag)
{
    const struct stir_cert_info *issuer = plan->issuer;
    bool by_code = false;
    if (!issuer || issuer->tnauth == STIR_PART_ABSENT)
        return STIR_OK;
    if (issuer->tnauth != STIR_PART_GOOD)
        return mismatch(diag, "the issuer's TNAuthList cannot be read: nobody can say what it may delegate");
    if (!plan->p.tnauth)
        return mismatch(diag, "the issuer is a CA of delegates: what it issues has a TNAuthList within its own");
    if (!stir_tnauth_encompasses(issuer->tnauth_list, plan->p.tnauth, &by_code))
        return mismatch(diag, "the TNAuthList reaches beyond that of the issuer's certificate: nobody can delegate what was not given to him");
    return STIR_OK;
}

static enum stir_err check_list(const struct stir_cert_plan *plan, struct stir_diag *diag)
{
    const struct stir_cert_traits *traits = plan->traits;
    if (traits->has_list && !plan->p.tnauth)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s certificate needs a TNAuthList: it says which numbers its key may sign for", traits->what);
    if (!traits->has_list && plan->p.tnauth)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s certificate has no TNAuthList (ATIS-1000080 6.4.1)", traits->what);
    if (stir_constraints_wanted(plan->p.constraints) && (traits->is_ca || !traits->has_list))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s certificate has no claim constraints: they are for those who sign calls (RFC 8226 8)",
                             traits->what);
    return STIR_OK;
}

static enum stir_err check_role(const struct stir_cert_plan *plan, struct stir_diag *diag)
{
    TRY(check_list(plan, diag));
    if (plan->p.role == STIR_CERT_ROOT)
        return check_root(plan, diag);
    if (plan->traits->is_ca && plan->p.path_len > PATH_LEN_MAX)
        return refuse(diag, "path_len is above 8: no chain is as long");
    if (!plan->p.key)
        return refuse(diag, "the key of the subject is missing");
    TRY(check_issuer(plan, diag));
    return check_scope(plan, diag);
}

enum stir_err stir_cert_plan_make(struct stir_cert_plan *plan, const struct stir_cert_params *params, struct stir_key *signing_key, struct stir_diag *diag)
{
    TRY(stir_cert_params_take(&plan->p, params));
    if ((unsigned)plan->p.role >= sizeof(roles) / sizeof(roles[0]))
        return refuse(diag, "no such role of a certificate");
    plan->traits = &roles[plan->p.role];
    plan->signing_key = signing_key;
    plan->key = plan->p.key ? plan->p.key : signing_key;
    plan->issuer = plan->p.issuer ? stir_cert_info(plan->p.issuer) : NULL;
    TRY(check_role(plan, diag));
    TRY(check_validity(plan, diag));
    TRY(check_serial(plan->p.serial, diag));
    return check_crl(&plan->p, diag);
}
