/* A signer's certificates as a judged, immutable, counted thing: the body of an x5u read, its leaf chosen, the verdict of the search kept. */
#include "core/chain.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/bytes.h"
#include "core/key.h"

struct stir_chain {
    atomic_uint owners;
    struct stir_chain_info info;
    struct stir_cert *held[STIR_MAX_CHAIN + 1]; /* one owner of each certificate of the path */
    enum stir_reason reasons[STIR_FINDINGS];
    char detail[STIR_FINDING_DETAIL];
    char domain[STIR_DOMAIN_NAME + 1];
};

/* The reasons of a chain: consecutive numbers that fit a bit each. */
_Static_assert(STIR_R_TNLIST_MISSING - STIR_FINDING_BASE < STIR_FINDINGS, "reasons of certificates fit one word");

void stir_findings_add(struct stir_findings *findings, enum stir_reason reason, const char *format, ...)
{
    bool first = findings->fatal == STIR_R_NONE || reason < findings->fatal;
    findings->found |= (uint64_t)1 << (reason - STIR_FINDING_BASE);
    if (!first || stir_policy_severity(findings->policy, reason) != STIR_SEVERITY_FAIL)
        return;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(findings->detail, sizeof(findings->detail), format, args);
    va_end(args);
    if (n < 0)
        findings->detail[0] = '\0';
    findings->fatal = reason;
}

static void list_reasons(struct stir_chain *chain, uint64_t found)
{
    for (unsigned i = 0; i < STIR_FINDINGS; i++)
        if (found & (uint64_t)1 << i)
            chain->reasons[chain->info.n_reasons++] = (enum stir_reason)(STIR_FINDING_BASE + (int)i);
}

/* Put the verdict into a chain of its own. */
static enum stir_err keep(struct stir_chain **out, const struct stir_path_verdict *v, const struct stir_trust *trust, const struct stir_policy *policy)
{
    struct stir_chain *chain = calloc(1, sizeof(*chain));
    if (!chain)
        return STIR_ENOMEM;
    atomic_init(&chain->owners, 1);
    struct stir_chain_info *info = &chain->info;
    for (size_t i = 0; i < v->path.n; i++)
        info->path[i] = chain->held[i] = stir_cert_ref(v->path.cert[i]);
    info->n_path = v->path.n;
    info->leaf = info->path[0];
    info->trusted = v->trusted;
    if (v->path.domain)
        memcpy(chain->domain, v->path.domain->name, sizeof(chain->domain));
    memcpy(chain->detail, v->findings.detail, sizeof(chain->detail));
    list_reasons(chain, v->findings.found);
    info->domain = chain->domain;
    info->detail = chain->detail;
    info->reasons = chain->reasons;
    info->valid_from = v->valid_from;
    info->valid_until = v->valid_until;
    info->checked_until = v->checked_until;
    info->trust_generation = trust->generation;
    info->policy_id = policy->id;
    if (info->leaf && stir_cert_info(info->leaf)->tnauth_list)
        info->spc = stir_tnauth_spc(stir_cert_info(info->leaf)->tnauth_list);
    *out = chain;
    return STIR_OK;
}

/* A body that gives no leaf is judged all the same. */
static enum stir_err keep_unread(struct stir_chain **out, enum stir_reason reason, const char *why, const struct stir_trust *trust,
                                 const struct stir_policy *policy)
{
    struct stir_path_verdict v = {.findings.policy = policy, .checked_until = INT64_MAX};
    stir_findings_add(&v.findings, reason, "%s", why);
    return keep(out, &v, trust, policy);
}

/* The signer stands first. When a CA stands there and one end entity after it, the order is wrong and the signer is plain. */
static size_t choose_leaf(struct stir_cert *const *certs, size_t n)
{
    size_t leaf = 0, others = 0;
    if (!stir_cert_info(certs[0])->is_ca)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if (!stir_cert_info(certs[i])->is_ca) {
            leaf = i;
            others++;
        }
    }
    return others == 1 ? leaf : 0;
}

/* Signer first, each followed by its issuer (RFC 9060 §7). */
/*= RFC9060-7a */
static bool in_order(struct stir_cert *const *certs, size_t n, size_t leaf)
{
    bool good = leaf == 0;
    for (size_t i = 0; i + 1 < n; i++)
        good = good && stir_slice_eq(stir_cert_info(certs[i])->issuer_der, stir_cert_info(certs[i + 1])->subject_der);
    return good;
}

/* Judge 1 to STIR_MAX_CHAIN certificates. */
static enum stir_err judge(struct stir_chain **out, struct stir_cert *const *certs, size_t n, const struct stir_trust *trust, const struct stir_policy *policy,
                           int64_t now)
{
    struct stir_cert *others[STIR_MAX_CHAIN];
    struct stir_path_verdict v;
    size_t leaf = choose_leaf(certs, n), n_others = 0;
    for (size_t i = 0; i < n; i++)
        if (i != leaf)
            others[n_others++] = certs[i];
    struct stir_path_task task = {certs[leaf], others, n_others, trust, policy, now};
    TRY(stir_path_search(&task, &v));
    if (!in_order(certs, n, leaf))
        stir_findings_add(&v.findings, STIR_R_CHAIN_ORDER, "the certificates were not sent signer first, each followed by its issuer");
    v.trusted = v.trusted && v.findings.fatal == STIR_R_NONE;
    return keep(out, &v, trust, policy);
}

/* Whether a limit that the bundle broke is that of its length. */
static bool is_too_long(struct stir_slice pem)
{
    size_t at = 0, blocks = 0;
    while (pem.n <= STIR_MAX_PEM && blocks <= STIR_MAX_CHAIN) {
        struct stir_slice label;
        unsigned char *der = NULL;
        size_t n;
        if (stir_pem_next(pem, &at, &label, &der, &n) != STIR_OK)
            return false;
        free(der);
        blocks++;
    }
    return true;
}

static enum stir_reason reason_of(enum stir_err err, struct stir_slice pem)
{
    if (err == STIR_EKEY)
        return STIR_R_CERT_WITH_KEY;
    return err == STIR_ELIMIT && is_too_long(pem) ? STIR_R_CHAIN_TOO_LONG : STIR_R_CERT_UNREADABLE;
}

static bool is_own_trouble(enum stir_err err)
{
    return err == STIR_ENOMEM || err == STIR_ECRYPTO || err == STIR_EARG;
}

static enum stir_err judge_pem(struct stir_chain **out, struct stir_slice pem, const struct stir_trust *trust, const struct stir_policy *policy, int64_t now)
{
    struct stir_cert *certs[STIR_MAX_CHAIN];
    struct stir_diag diag = {0};
    size_t n = 0;
    enum stir_err err = pem.p ? stir_certs_parse(certs, STIR_MAX_CHAIN, &n, pem, &diag) : STIR_EPEM;
    if (err != STIR_OK)
        return is_own_trouble(err) ? err : keep_unread(out, reason_of(err, pem), diag.text[0] ? diag.text : stir_err_text(err), trust, policy);
    err = judge(out, certs, n, trust, policy, now);
    for (size_t i = 0; i < n; i++)
        stir_cert_free(certs[i]);
    return err;
}

enum stir_err stir_chain_from_pem(struct stir_chain **out, struct stir_slice pem, const struct stir_trust *trust, const struct stir_policy *policy, int64_t now)
{
    STIR_OSSL_QUIET;
    unsigned char sha256[STIR_SHA256];
    if (!out || !trust || !policy || policy->size < sizeof(*policy))
        return STIR_EARG;
    if (EVP_Q_digest(NULL, "SHA2-256", NULL, pem.p ? pem.p : "", pem.p ? pem.n : 0, sha256, NULL) != 1)
        return STIR_ECRYPTO;
    TRY(judge_pem(out, pem, trust, policy, now));
    memcpy((*out)->info.sha256, sha256, sizeof(sha256));
    return STIR_OK;
}

enum stir_err stir_chain_from_certs(struct stir_chain **out, struct stir_cert *const *certs, size_t n, const struct stir_trust *trust,
                                    const struct stir_policy *policy, int64_t now)
{
    STIR_OSSL_QUIET;
    if (!out || !certs || n == 0 || !trust || !policy || policy->size < sizeof(*policy))
        return STIR_EARG;
    if (n > STIR_MAX_CHAIN)
        return keep_unread(out, STIR_R_CHAIN_TOO_LONG, "there are more certificates than any real chain has", trust, policy);
    for (size_t i = 0; i < n; i++)
        if (!certs[i])
            return STIR_EARG;
    return judge(out, certs, n, trust, policy, now);
}

struct stir_chain *stir_chain_ref(struct stir_chain *chain)
{
    if (chain)
        atomic_fetch_add_explicit(&chain->owners, 1, memory_order_relaxed);
    return chain;
}

void stir_chain_free(struct stir_chain *chain)
{
    if (!chain || atomic_fetch_sub_explicit(&chain->owners, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < chain->info.n_path; i++)
        stir_cert_free(chain->held[i]);
    free(chain);
}

size_t stir_chain_bytes(const struct stir_chain *chain)
{
    if (!chain)
        return 0;
    const struct stir_key *key = stir_chain_key(chain);
    size_t n = sizeof(*chain) + (key && stir_key_table(key) ? STIR_KEY_TABLE_BYTES : 0);
    size_t own = chain->info.n_path - (chain->domain[0] != '\0'); /* the anchor is the trust snapshot's */
    for (size_t i = 0; i < own; i++)
        n += stir_cert_bytes(chain->held[i]);
    return n;
}

const struct stir_chain_info *stir_chain_info(const struct stir_chain *chain)
{
    return &chain->info;
}

static enum stir_reason check_cert_time(const struct stir_cert_info *cert, int64_t at, enum stir_reason expired, enum stir_reason not_yet)
{
    return at > cert->not_after ? expired : at < cert->not_before ? not_yet : STIR_R_NONE;
}

enum stir_reason stir_chain_check_time(const struct stir_chain *chain, int64_t at)
{
    enum stir_reason reason = STIR_R_NONE;
    for (size_t i = 0; reason == STIR_R_NONE && i < chain->info.n_path; i++) {
        const struct stir_cert_info *cert = stir_cert_info(chain->info.path[i]);
        reason = i == 0 ? check_cert_time(cert, at, STIR_R_CERT_EXPIRED, STIR_R_CERT_NOT_YET)
                        : check_cert_time(cert, at, STIR_R_ISSUER_EXPIRED, STIR_R_ISSUER_NOT_YET);
    }
    return reason;
}

bool stir_chain_is_current(const struct stir_chain *chain, const struct stir_trust *trust, const struct stir_policy *policy, int64_t now)
{
    if (!chain || !trust || !policy)
        return false;
    const struct stir_chain_info *info = &chain->info;
    if (info->trust_generation != trust->generation || info->policy_id != policy->id || now > info->checked_until)
        return false;
    /* When an issuer's time is over and the leaf's is not, another path may have come into its own. */
    bool leaf_holds = info->leaf && check_cert_time(stir_cert_info(info->leaf), now, STIR_R_CERT_EXPIRED, STIR_R_CERT_NOT_YET) == STIR_R_NONE;
    return !leaf_holds || stir_chain_check_time(chain, now) == STIR_R_NONE;
}

enum stir_err stir_chain_prepare(struct stir_chain *chain)
{
    if (!chain)
        return STIR_EARG;
    return chain->info.trusted ? stir_key_prepare(stir_chain_key(chain)) : STIR_ESTATE;
}

struct stir_key *stir_chain_key(const struct stir_chain *chain)
{
    return chain->info.leaf ? stir_cert_key(chain->info.leaf) : NULL;
}

const struct stir_constraints *stir_chain_constraints(const struct stir_chain *chain, size_t i)
{
    return chain->info.leaf ? stir_cert_constraints(chain->info.leaf, i) : NULL;
}

const struct stir_tnauth *stir_chain_tnauth(const struct stir_chain *chain)
{
    for (size_t i = 0; i < chain->info.n_path; i++) {
        const struct stir_tnauth *list = stir_cert_info(chain->info.path[i])->tnauth_list;
        if (list)
            return list;
    }
    return NULL;
}
