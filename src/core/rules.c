/* What the certificates of a path must be and should be: RFC 5280 §6.1 but for signatures, dates and revocation; RFC 9060 §4 for TNAuthLists; and the parts of
 * the SHAKEN profile (ATIS-1000080 6.4.1) that a verifier speaks of. Names and signatures hold already: the search saw to that. */
#include "core/bytes.h"
#include "core/chain.h"

static const char *subject_of(const struct stir_path *path, size_t i)
{
    return stir_cert_info(path->cert[i])->subject;
}

bool stir_rules_odd_extension(const struct stir_cert_info *cert, struct stir_slice *oid)
{
    for (size_t i = 0; i < cert->n_ext; i++) {
        bool odd = cert->ext[i].critical && !cert->ext[i].known; /*= RFC5280-4.2 */
        for (size_t j = 0; !odd && j < i; j++)
            odd = stir_slice_eq(cert->ext[i].oid, cert->ext[j].oid);
        if (odd) {
            *oid = cert->ext[i].oid;
            return true;
        }
    }
    return false;
}

/*= RFC8226-4b */
bool stir_rules_key_refused(const struct stir_cert_info *issuer)
{
    switch (issuer->key) {
    case STIR_CERT_KEY_P256:
    case STIR_CERT_KEY_P384: return false;
    case STIR_CERT_KEY_EC_OTHER: return issuer->key_bits < 256 || issuer->key_bits > 521;
    case STIR_CERT_KEY_RSA: return issuer->key_bits < 2048 || issuer->key_bits > 8192;
    case STIR_CERT_KEY_P256_EXPLICIT:
    case STIR_CERT_KEY_OTHER: return true;
    }
    return true;
}

enum stir_reason stir_rules_issuer(const struct stir_cert_info *issuer, size_t below)
{
    struct stir_slice oid;
    if (issuer->basic_constraints != STIR_PART_GOOD || !issuer->is_ca) /*= RFC5280-6.1.4 */
        return STIR_R_ISSUER_NOT_CA;
    if (issuer->key_usage != STIR_PART_ABSENT && (issuer->key_usage != STIR_PART_GOOD || !(issuer->key_usage_bits & STIR_KU_KEY_CERT_SIGN)))
        return STIR_R_ISSUER_KEY_USAGE;
    if (issuer->path_len >= 0 && below > (size_t)issuer->path_len)
        return STIR_R_PATH_LENGTH;
    return stir_rules_odd_extension(issuer, &oid) ? STIR_R_CRITICAL_EXTENSION : STIR_R_NONE;
}

static void check_issuer(const struct stir_path *path, size_t i, size_t below, struct stir_findings *f)
{
    const struct stir_cert_info *issuer = stir_cert_info(path->cert[i]);
    switch (stir_rules_issuer(issuer, below)) {
    case STIR_R_ISSUER_NOT_CA:
        stir_findings_add(f, STIR_R_ISSUER_NOT_CA, "%.*s issued %.*s and is no CA certificate", STIR_NAME(issuer->subject), STIR_NAME(subject_of(path, i - 1)));
        break;
    case STIR_R_ISSUER_KEY_USAGE:
        stir_findings_add(f, STIR_R_ISSUER_KEY_USAGE, "%.*s issued %.*s and its key usage lacks keyCertSign", STIR_NAME(issuer->subject),
                          STIR_NAME(subject_of(path, i - 1)));
        break;
    case STIR_R_PATH_LENGTH:
        stir_findings_add(f, STIR_R_PATH_LENGTH, "%.*s allows %d CAs below it and has %u", STIR_NAME(issuer->subject), issuer->path_len, (unsigned)below);
        break;
    default: break;
    }
    if (issuer->key != STIR_CERT_KEY_P256)
        stir_findings_add(f, STIR_R_ISSUER_ALGORITHM, "the key of %.*s is not P-256", STIR_NAME(issuer->subject));
}

/* For each certificate of the path, the anchor too. */
static void check_extensions(const struct stir_cert_info *cert, struct stir_findings *f)
{
    struct stir_slice oid;
    if (stir_rules_odd_extension(cert, &oid))
        stir_findings_add(f, STIR_R_CRITICAL_EXTENSION, "%.*s has extension %.*s, which is critical and not understood or stands twice",
                          STIR_NAME(cert->subject), STIR_SHOW(oid));
    else if (cert->basic_constraints == STIR_PART_BAD)
        stir_findings_add(f, STIR_R_CRITICAL_EXTENSION, "basicConstraints of %.*s cannot be read", STIR_NAME(cert->subject));
    if (cert->tnauth == STIR_PART_BAD || cert->tnauth == STIR_PART_TWICE)
        stir_findings_add(f, STIR_R_TNAUTH_BAD, "the TNAuthList of %.*s cannot be read or stands twice", STIR_NAME(cert->subject));
}

/* How a certificate was signed, and how it names the one that signed it. */
/*= RFC9060-6b RFC9060-7b RFC9060-7c */
static void check_link(const struct stir_cert_info *child, const struct stir_cert_info *issuer, struct stir_findings *f)
{
    if (child->sig != STIR_CERT_SIG_ECDSA_SHA256)
        stir_findings_add(f, STIR_R_ISSUER_ALGORITHM, "the signature of %.*s is not ECDSA with SHA-256", STIR_NAME(child->subject));
    if (!child->aki_id.p || !issuer->ski_id.p || !stir_slice_eq(child->aki_id, issuer->ski_id))
        stir_findings_add(f, STIR_R_KEY_IDENTIFIER, "the authority key identifier of %.*s is not the subject key identifier of %.*s", STIR_NAME(child->subject),
                          STIR_NAME(issuer->subject));
}

/* Each list within the nearest one above it; a CA without a list does not limit. A code's numbers are in no certificate: delegation by code is borne. */
/*= RFC9060-4 */
static void check_containment(const struct stir_path *path, struct stir_findings *f)
{
    const struct stir_cert_info *child = NULL;
    for (size_t i = 0; i < path->n; i++) {
        bool by_code = false;
        const struct stir_cert_info *cert = stir_cert_info(path->cert[i]);
        if (!cert->tnauth_list)
            continue;
        if (child && !stir_tnauth_encompasses(cert->tnauth_list, child->tnauth_list, &by_code))
            stir_findings_add(f, STIR_R_TNAUTH_NOT_ENCOMPASSED, "the TNAuthList of %.*s goes beyond that of %.*s", STIR_NAME(child->subject),
                              STIR_NAME(cert->subject));
        child = cert;
    }
}

/*= RFC8226-4a */
static void check_leaf_use(const struct stir_cert_info *leaf, struct stir_findings *f)
{
    bool usage = leaf->key_usage == STIR_PART_GOOD;
    if (leaf->is_ca)
        stir_findings_add(f, STIR_R_LEAF_IS_CA, "%.*s is a CA certificate; only end entities sign calls", STIR_NAME(leaf->subject));
    if (!usage || !(leaf->key_usage_bits & STIR_KU_DIGITAL_SIGNATURE))
        stir_findings_add(f, STIR_R_LEAF_KEY_USAGE, "the key usage of %.*s %s", STIR_NAME(leaf->subject),
                          usage ? "lacks digitalSignature" : "is missing or cannot be read");
    if (usage && leaf->key_usage_bits & ~(unsigned)STIR_KU_DIGITAL_SIGNATURE)
        stir_findings_add(f, STIR_R_KEY_USAGE_EXTRA, "the key usage of %.*s allows more than digitalSignature", STIR_NAME(leaf->subject));
    if (leaf->key != STIR_CERT_KEY_P256)
        stir_findings_add(f, STIR_R_LEAF_KEY, "the key of %.*s is %s", STIR_NAME(leaf->subject),
                          leaf->key == STIR_CERT_KEY_P256_EXPLICIT ? "on a curve spelt out in parameters" : "not P-256");
    if (leaf->basic_constraints == STIR_PART_ABSENT || !leaf->basic_constraints_critical)
        stir_findings_add(f, STIR_R_BASIC_CONSTRAINTS, "%.*s has no critical basicConstraints", STIR_NAME(leaf->subject));
}

static bool is_upper_or_digit(char c)
{
    return stir_is_digit(c) || (c >= 'A' && c <= 'Z');
}

static bool is_word_char(char c)
{
    return stir_is_digit(c) || stir_is_alpha(c);
}

/* `text` has `word` between characters that are neither letters nor digits. */
static bool has_word(struct stir_slice text, struct stir_slice word)
{
    for (size_t at = 0; word.n && at + word.n <= text.n; at++) {
        bool begins = at == 0 || !is_word_char(text.p[at - 1]);
        bool ends = at + word.n == text.n || !is_word_char(text.p[at + word.n]);
        if (begins && ends && memcmp(text.p + at, word.p, word.n) == 0)
            return true;
    }
    return false;
}

static void check_codes(const struct stir_cert_info *leaf, const struct stir_domain *domain, struct stir_findings *f)
{
    const struct stir_tnauth *list = leaf->tnauth_list;
    struct stir_slice first = stir_tnauth_spc(list);
    if (stir_tnauth_count(list) != 1 || !first.p)
        stir_findings_add(f, STIR_R_TNAUTH_SHAPE, "the TNAuthList of %.*s is not exactly one service provider code", STIR_NAME(leaf->subject));
    for (size_t i = 0; i < stir_tnauth_count(list); i++) {
        struct stir_tnauth_entry entry = stir_tnauth_get(list, i);
        bool good = true;
        for (size_t j = 0; entry.kind == STIR_TNAUTH_SPC && j < entry.text.n; j++)
            good = good && is_upper_or_digit(entry.text.p[j]);
        if (!good || entry.text.n == 0)
            stir_findings_add(f, STIR_R_SPC_FORM, "service provider code \"%.*s\" is not digits and capital letters", STIR_SHOW(entry.text));
        else if (entry.kind == STIR_TNAUTH_SPC && domain && !stir_domain_accepts_spc(domain, entry.text))
            stir_findings_add(f, STIR_R_SPC_FORM, "service provider code \"%.*s\" is not as long as those of %s are", STIR_SHOW(entry.text), domain->name);
    }
    if (first.p && !has_word(leaf->cn, first))
        stir_findings_add(f, STIR_R_CN_SPC, "the common name of %.*s lacks the code %.*s", STIR_NAME(leaf->subject), STIR_SHOW(first));
}

static void check_leaf_tnauth(const struct stir_cert_info *leaf, const struct stir_domain *domain, struct stir_findings *f)
{
    bool elsewhere = f->policy->fetch_tnlist && leaf->tnlist_url.p; /* judged with the call, when it is there */
    if (leaf->tnauth == STIR_PART_ABSENT && !elsewhere)
        stir_findings_add(f, STIR_R_TNAUTH_MISSING, "%.*s has no TNAuthList", STIR_NAME(leaf->subject));
    if (leaf->tnauth_list)
        check_codes(leaf, domain, f);
}

static bool is_accepted_policy(struct stir_slice oid, const struct stir_domain *domain, const struct stir_policy *policy)
{
    static const char arc[] = "2.16.840.1.114569.1.1."; /* ATIS SHAKEN certificate policies */
    if (domain && domain->rules.n_policy_oids)
        return stir_domain_accepts_policy(domain, oid);
    for (size_t i = 0; i < policy->n_policy_oids && i < STIR_POLICY_OIDS; i++)
        if (stir_slice_is(oid, policy->policy_oid[i]))
            return true;
    return policy->n_policy_oids == 0 && oid.n > sizeof(arc) - 1 && memcmp(oid.p, arc, sizeof(arc) - 1) == 0;
}

static bool names_crl_issuer(const struct stir_cert_info *leaf)
{
    for (size_t i = 0; i < leaf->n_crldps; i++)
        if (leaf->crldps[i].crl_issuer.p)
            return true;
    return false;
}

/*= RFC9118-6 */
static void check_leaf_profile(const struct stir_cert_info *leaf, const struct stir_domain *domain, struct stir_findings *f)
{
    if (leaf->policies != STIR_PART_GOOD || leaf->n_policies != 1 || !is_accepted_policy(leaf->policy[0], domain, f->policy))
        stir_findings_add(f, STIR_R_POLICY_OID, "%.*s has not exactly one accepted certificate policy", STIR_NAME(leaf->subject));
    if (!names_crl_issuer(leaf))
        stir_findings_add(f, STIR_R_CRLDP_ISSUER, "no CRL distribution point of %.*s names its cRLIssuer", STIR_NAME(leaf->subject));
    if (leaf->constraints == STIR_PART_BAD || leaf->constraints == STIR_PART_TWICE)
        stir_findings_add(f, STIR_R_CONSTRAINTS_BAD, "the claim constraints of %.*s cannot be read or stand twice", STIR_NAME(leaf->subject));
    if (leaf->constraints_both)
        stir_findings_add(f, STIR_R_CONSTRAINTS_BOTH, "%.*s has both forms of claim constraints", STIR_NAME(leaf->subject));
}

void stir_rules_path(const struct stir_path *path, struct stir_findings *f)
{
    const struct stir_cert_info *leaf = stir_cert_info(path->cert[0]);
    size_t below = 0; /* intermediates between the certificate and the leaf: those that are self-issued are not counted */
    check_leaf_use(leaf, f);
    check_leaf_tnauth(leaf, path->domain, f);
    check_leaf_profile(leaf, path->domain, f);
    check_containment(path, f);
    for (size_t i = 0; i < path->n; i++) {
        const struct stir_cert_info *cert = stir_cert_info(path->cert[i]);
        check_extensions(cert, f);
        if (i == 0)
            continue;
        check_link(stir_cert_info(path->cert[i - 1]), cert, f);
        check_issuer(path, i, below, f);
        below += !cert->self_issued;
    }
}
