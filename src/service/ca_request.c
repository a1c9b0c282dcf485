/* A certificate request held against what is to be issued: the list, the profile, whether it may be a CA. */
#include "service/ca_order.h"

#include "core/cert.h"

enum { MAX_NAME = 64 }; /* characters of a name (RFC 5280 appendix A.1, ub-organization-name) */

STIR_AUTO_STRUCT_FREE(stir_cert)

struct hold {
    struct stir_ca_faults *faults;
    const struct stir_csr_info *csr;
    const struct stir_conf_profile *profile;
    const struct stir_tnauth *list;
    bool token_ca;
};

#define FAULT(h, ...) stir_ca_fault((h)->faults, STIR_PROBLEM_BAD_CSR, __VA_ARGS__)

static void hold_key(const struct hold *h)
{
    if (h->csr->key != STIR_CERT_KEY_P256)
        FAULT(h, "its key is not an EC key on P-256, as a named curve");
}

/*= RFC9448-3 */
static void hold_list(const struct hold *h)
{
    if (h->csr->tnauth != STIR_PART_GOOD)
        FAULT(h, "%s",
              h->csr->tnauth == STIR_PART_ABSENT ? "it asks for no TNAuthList; the order's is to be in it as an extension request (RFC 8226 section 9)"
                                                 : "its TNAuthList cannot be read, or stands there twice");
    else if (!stir_slice_eq(stir_tnauth_der(h->csr->tnauth_list), stir_tnauth_der(h->list)))
        FAULT(h, "its TNAuthList is not the order's");
    if (h->csr->n_sans)
        FAULT(h, "it asks for a subjectAltName, which certificates of STIR do not have");
    if (h->csr->other_ext.p)
        FAULT(h, "it asks for the extension %.*s, which certificates of STIR do not have", STIR_SHOW(h->csr->other_ext));
}

/* Issued is what was asked for, or nothing: an attribute that is not written is refused, not dropped. */
static void hold_attributes(const struct hold *h, struct stir_arena *arena)
{
    struct stir_name_parts parts;
    if (stir_name_read(&parts, h->csr->subject_der, arena) != STIR_OK) {
        FAULT(h, "its subject cannot be read");
        return;
    }
    if (parts.n_cn > 1 || parts.n_o > 1 || parts.n_c > 1 || parts.n_serial_number > 1)
        FAULT(h, "an attribute stands twice in its subject");
    if (parts.n_all != parts.n_cn + parts.n_o + parts.n_c + parts.n_serial_number)
        FAULT(h, "its subject has attributes other than C, O, CN and serialNumber, which certificates of this profile do not have");
}

static bool is_country(struct stir_slice c)
{
    return c.n == 2 && c.p[0] >= 'A' && c.p[0] <= 'Z' && c.p[1] >= 'A' && c.p[1] <= 'Z';
}

static bool is_among(const struct stir_conf_list *list, struct stir_slice text)
{
    for (size_t i = 0; i < list->n; i++)
        if (stir_slice_is(text, list->items[i]))
            return true;
    return list->n == 0;
}

static void hold_names(const struct hold *h)
{
    if (!h->csr->o.n || h->csr->o.n > MAX_NAME)
        FAULT(h, "its subject has no O of 1 to %d characters: the legal name of the provider (ATIS-1000080)", MAX_NAME);
    else if (!is_among(&h->profile->orgs, h->csr->o))
        FAULT(h, "the O of its subject is not one that this profile allows");
    if (!is_country(h->csr->c))
        FAULT(h, "its subject has no C of two capital letters (ISO 3166-1)");
}

/* ATIS-1000080: "SHAKEN", one space, the code. */
static void hold_common_name(const struct hold *h)
{
    char wanted[8 + STIR_MAX_SPC];
    struct stir_slice spc = stir_tnauth_spc(h->list);
    snprintf(wanted, sizeof(wanted), "SHAKEN %.*s", STIR_SHOW(spc));
    if (h->profile->kind == STIR_PROFILE_SHAKEN && !stir_slice_is(h->csr->cn, wanted))
        FAULT(h, "the CN of its subject is not \"%s\" (ATIS-1000080)", wanted);
    else if (!h->csr->cn.n || h->csr->cn.n > MAX_NAME)
        FAULT(h, "its subject has no CN of 1 to %d characters", MAX_NAME);
}

/* RFC 9448 §6 step 9: the token, the profile and the request say the same of a CA. */
/*= RFC9448-6i */
static void hold_ca(const struct hold *h)
{
    bool profile_ca = h->profile->kind == STIR_PROFILE_DELEGATE_CA;
    if (h->csr->wants_ca && !h->token_ca)
        FAULT(h, "it asks for a CA certificate, and the authority token (\"ca\": false) authorises none");
    else if (h->csr->wants_ca && !profile_ca)
        FAULT(h, "it asks for a CA certificate, and profile \"%.32s\" gives none", h->profile->name);
    else if (!h->csr->wants_ca && (profile_ca || h->token_ca))
        FAULT(h, "it does not ask for a CA certificate (basicConstraints cA TRUE), and order and authority token are for one");
}

/* Constraints that are asked for are those that the profile writes; none need be asked for. */
static bool same_constraints(const struct stir_csr_info *csr, const struct stir_cert_info *would_be)
{
    const char *oid = csr->constraints_enhanced ? "1.3.6.1.5.5.7.1.33" : "1.3.6.1.5.5.7.1.27";
    for (size_t i = 0; i < would_be->n_ext; i++)
        if (stir_slice_is(would_be->ext[i].oid, oid))
            return stir_slice_eq(would_be->ext[i].value, csr->constraints);
    return false;
}

/* The certificate as it would be, for what only stands there: it is not signed by anybody. */
static enum stir_err imagine(struct stir_cert **out, const struct stir_ca *ca, const struct stir_ca_issue *issue, struct stir_arena *arena)
{
    unsigned char tbs[STIR_MAX_CERT], der[STIR_MAX_CERT], no_signature[STIR_ES256_SIG] = {0};
    struct stir_cert_params params;
    size_t n = 0, whole = 0;
    TRY(stir_ca_profile_params(&params, ca, issue, arena));
    TRY(stir_cert_prepare(tbs, sizeof(tbs), &n, &params, ca->key, NULL));
    no_signature[STIR_ES256_SIG / 2 - 1] = no_signature[STIR_ES256_SIG - 1] = 1;
    TRY(stir_signed_assemble(der, sizeof(der), &whole, stir_slice_of(tbs, n), no_signature));
    return stir_cert_parse(out, stir_slice_of(der, whole), NULL);
}

static enum stir_err hold_constraints(const struct hold *h, const struct stir_ca *ca, const struct stir_ca_issue *issue, struct stir_arena *arena)
{
    STIR_AUTO_STRUCT(stir_cert) *cert = NULL;
    if (!h->csr->constraints.p || h->faults->n)
        return STIR_OK;
    enum stir_err err = imagine(&cert, ca, issue, arena);
    if (err == STIR_ENOMEM || err == STIR_ECRYPTO)
        return err;
    if (err != STIR_OK || !same_constraints(h->csr, stir_cert_info(cert)))
        FAULT(h, "it asks for claim constraints that are not those of profile \"%.32s\"", h->profile->name);
    return STIR_OK;
}

enum stir_err stir_ca_csr_faults(struct stir_ca_faults *faults, const struct stir_ca *ca, const struct stir_csr_info *csr, const struct stir_ca_issue *issue,
                                 bool ca_authorised, struct stir_arena *arena)
{
    STIR_OSSL_QUIET;
    const struct hold h = {faults, csr, issue->profile, issue->list, ca_authorised};
    hold_key(&h);
    hold_list(&h);
    hold_attributes(&h, arena);
    hold_names(&h);
    hold_common_name(&h);
    hold_ca(&h);
    return hold_constraints(&h, ca, issue, arena);
}
