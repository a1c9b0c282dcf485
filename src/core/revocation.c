/* Revocation of the certificates of a path (RFC 5280 §6.3), with two kinds of lists: those that an issuer of the path signs for its own certificates, and the
 * indirect ones of the domain's policy administrator (ATIS-1000080 6.4.1), which hold for every certificate of the domain. RFC 5280 §6.3.3 (f) wants the list's
 * signer under the anchor of the path; here the policy administrator has a root of its own, which the operator gave. */
#include "core/bytes.h"
#include "core/chain.h"
#include "core/time.h"

enum { REMOVE_FROM_CRL = 8 };

struct revocation {
    const struct stir_domain *domain;
    int64_t now;
    int64_t *until;
    unsigned steps; /* taken among the policy administrator's certificates: as bounded as any other search */
};

/* The judgement does not outlive `at`. */
static void lower(const struct revocation *r, int64_t at)
{
    if (at < *r->until)
        *r->until = at;
}

/* `now` lies within; when it does not yet, the judgement ends when it will. */
static bool is_in_date(const struct revocation *r, int64_t from, int64_t until)
{
    if (r->now >= from)
        return r->now <= until;
    lower(r, from - 1);
    return false;
}

/*= RFC5280-6.3.3 */
static bool may_sign_lists(const struct stir_cert_info *signer)
{
    if (signer->key_usage == STIR_PART_ABSENT)
        return true;
    return signer->key_usage == STIR_PART_GOOD && signer->key_usage_bits & STIR_KU_CRL_SIGN;
}

/* A way from pa[at] to a root of the policy administrator, all of it valid now. `depth` certificates and `below` CAs are under it. */
static bool reaches_root(struct revocation *r, size_t at, uint64_t seen, size_t below, size_t depth, int64_t *valid_until)
{
    const struct stir_cert_info *info = stir_cert_info(r->domain->pa[at]);
    struct stir_slice oid;
    if (depth == STIR_MAX_CHAIN || r->steps++ >= STIR_MAX_PATHS || !is_in_date(r, info->not_before, info->not_after))
        return false;
    if (depth == 0 ? stir_rules_odd_extension(info, &oid) : stir_rules_issuer(info, below) != STIR_R_NONE)
        return false;
    *valid_until = info->not_after < *valid_until ? info->not_after : *valid_until;
    uint64_t here = (uint64_t)1 << at;
    if (r->domain->pa_roots & here)
        return true;
    below += depth > 0 && !info->self_issued;
    for (size_t i = 0; i < r->domain->n_pa; i++) {
        int64_t valid = *valid_until;
        uint64_t bit = (uint64_t)1 << i;
        if (!(r->domain->pa_issuers[at] & bit) || (seen | here) & bit || stir_rules_key_refused(stir_cert_info(r->domain->pa[i])))
            continue;
        if (!reaches_root(r, i, seen | here, below, depth + 1, &valid))
            continue;
        *valid_until = valid;
        return true;
    }
    return false;
}

/* The `i`th list is indirect and signed by the policy administrator. */
static bool by_administrator(struct revocation *r, size_t i)
{
    for (size_t j = 0; j < r->domain->n_pa; j++) {
        int64_t valid_until = INT64_MAX;
        const struct stir_cert_info *signer = stir_cert_info(r->domain->pa[j]);
        r->steps = 0;
        if (!(r->domain->crl_signers[i] & (uint64_t)1 << j) || !may_sign_lists(signer) || stir_rules_key_refused(signer))
            continue;
        if (!reaches_root(r, j, 0, 0, 0, &valid_until))
            continue;
        lower(r, valid_until);
        return true;
    }
    return false;
}

static bool has_url(const struct stir_cert_info *cert, struct stir_slice url)
{
    for (size_t i = 0; i < cert->n_crldps; i++)
        if (stir_slice_eq(cert->crldps[i].url, url))
            return true;
    return false;
}

/* A list of `issuer` over its own certificates, of the part that `cert` points to. */
static enum stir_err by_issuer(const struct stir_crl *crl, const struct stir_cert_info *cert, const struct stir_cert *issuer, bool *yes)
{
    const struct stir_crl_info *list = stir_crl_info(crl);
    *yes = false;
    if (!stir_slice_eq(list->issuer_der, cert->issuer_der) || !may_sign_lists(stir_cert_info(issuer)))
        return STIR_OK;
    if (!list->indirect && list->idp_url.p && !has_url(cert, list->idp_url))
        return STIR_OK;
    enum stir_err err = stir_crl_signed_by(crl, issuer);
    *yes = err == STIR_OK;
    return err == STIR_ESIG || err == STIR_EKEY ? STIR_OK : err;
}

/* What the list says of itself allows its use for `cert`. */
static bool is_in_scope(const struct stir_crl_info *list, const struct stir_cert_info *cert)
{
    if (list->delta || list->unknown_critical || list->idp == STIR_PART_BAD || list->idp == STIR_PART_TWICE)
        return false;
    return !list->only_attribute && !(list->only_user && cert->is_ca) && !(list->only_ca && !cert->is_ca);
}

/* When the list counts no longer: with the domain's grace, for as long as no newer one can be had. */
static int64_t end_of(const struct revocation *r, const struct stir_crl_info *list)
{
    return list->next_update ? list->next_update + r->domain->crl_grace : INT64_MAX;
}

/* The `i`th list may be used for `cert`: in scope, in date, signed by one who may. */
static enum stir_err is_usable(struct revocation *r, size_t i, const struct stir_cert_info *cert, const struct stir_cert *issuer, bool *yes)
{
    const struct stir_crl_info *list = stir_crl_info(r->domain->crls[i]);
    *yes = false;
    if (!is_in_scope(list, cert))
        return STIR_OK;
    if (!is_in_date(r, list->this_update, end_of(r, list)))
        return STIR_OK;
    *yes = by_administrator(r, i);
    if (!*yes)
        TRY(by_issuer(r->domain->crls[i], cert, issuer, yes));
    return STIR_OK;
}

static bool same_scope(const struct stir_crl_info *a, const struct stir_crl_info *b)
{
    return stir_slice_eq(a->issuer_der, b->issuer_der) && stir_slice_eq(a->idp_url, b->idp_url) && a->indirect == b->indirect && a->only_user == b->only_user &&
           a->only_ca == b->only_ca && a->only_some_reasons == b->only_some_reasons;
}

/* A newer list of the same issuer and scope stands beside it: a list that is rolled back says nothing. */
static bool is_superseded(const struct revocation *r, uint64_t usable, size_t i)
{
    const struct stir_crl_info *list = stir_crl_info(r->domain->crls[i]);
    for (size_t j = 0; j < r->domain->n_crls; j++) {
        const struct stir_crl_info *other = stir_crl_info(r->domain->crls[j]);
        if (!(usable & (uint64_t)1 << j) || !same_scope(list, other))
            continue;
        if (stir_crl_order(r->domain->crls[j], r->domain->crls[i]) > 0)
            return true;
    }
    return false;
}

/* CRLReason in words (RFC 5280 §5.3.1). */
static const char *reason_text(int reason)
{
    static const char *const words[] = {"unspecified", "keyCompromise",        "cACompromise",    "affiliationChanged",
                                        "superseded",  "cessationOfOperation", "certificateHold", NULL,
                                        NULL,          "privilegeWithdrawn",   "aACompromise"};
    const size_t n = sizeof(words) / sizeof(words[0]);
    return reason >= 0 && (size_t)reason < n && words[reason] ? words[reason] : "no reason given";
}

static void say_revoked(struct stir_findings *f, const struct stir_cert_info *cert, const struct stir_crl_entry *entry, const struct stir_crl_info *list)
{
    struct stir_civil day = {0};
    (void)stir_time_to_civil(&day, entry->revoked_at);
    stir_findings_add(f, STIR_R_REVOKED, "%.*s, serial %.*s, was revoked on %04d-%02d-%02d (%s) by the list of %.*s", STIR_NAME(cert->subject),
                      STIR_NAME(cert->serial_hex), day.year, day.month, day.day, reason_text(entry->reason), STIR_NAME(list->issuer));
}

/*= RFC5280-6.3.3 */
static enum stir_err check_cert(struct revocation *r, const struct stir_cert_info *cert, const struct stir_cert *issuer, struct stir_findings *f)
{
    uint64_t usable = 0;
    bool known_good = false, revoked = false;
    _Static_assert(STIR_MAX_CRLS <= 64, "a set of them is 64 bits");
    for (size_t i = 0; i < r->domain->n_crls; i++) {
        bool yes;
        TRY(is_usable(r, i, cert, issuer, &yes));
        usable |= (uint64_t)yes << i;
    }
    for (size_t i = 0; i < r->domain->n_crls; i++) {
        struct stir_crl_entry entry;
        const struct stir_crl_info *list = stir_crl_info(r->domain->crls[i]);
        if (!(usable & (uint64_t)1 << i) || is_superseded(r, usable, i))
            continue;
        lower(r, end_of(r, list));
        if (stir_crl_find(r->domain->crls[i], cert->issuer_der, cert->serial, &entry) && entry.reason != REMOVE_FROM_CRL) {
            say_revoked(f, cert, &entry, list);
            revoked = true;
        }
        /* Without nextUpdate nobody knows how old its silence is; of some reasons it does not speak. */
        known_good = known_good || (list->next_update && !list->only_some_reasons);
    }
    if (!revoked && !known_good)
        stir_findings_add(f, STIR_R_REVOCATION_UNKNOWN, "no usable revocation list covers %.*s", STIR_NAME(cert->subject));
    return STIR_OK;
}

enum stir_err stir_revocation_path(const struct stir_path *path, int64_t now, struct stir_findings *findings, int64_t *until)
{
    struct revocation r = {path->domain, now, until, 0};
    for (size_t i = 0; i + 1 < path->n; i++)
        TRY(check_cert(&r, stir_cert_info(path->cert[i]), path->cert[i + 1], findings));
    return STIR_OK;
}

bool stir_trust_crl_by_pa(const struct stir_trust *trust, size_t domain, size_t crl, int64_t now)
{
    int64_t until = INT64_MAX;
    if (!trust || domain >= trust->n_domains || crl >= trust->domains[domain]->n_crls)
        return false;
    struct revocation r = {trust->domains[domain], now, &until, 0};
    return by_administrator(&r, crl);
}
