/* What the rules look at: one short function each; the table that names them is lint.def. */
#include <openssl/evp.h>

#include "core/bytes.h"
#include "core/der.h"
#include "core/lint.h"

/* Say more about a departure. */
#define DEPARTS(detail, ...) (stir_diag_set((detail), STIR_EVALUE, SIZE_MAX, __VA_ARGS__) != STIR_OK)

/* Every check begins so; `c` is the certificate. */
#define CHECK(name) static bool name(const struct stir_lint_subject *s, struct stir_diag *detail)
/* Checks that are one condition. */
#define CHECK_IF(name, condition)                 \
    CHECK(name)                                   \
    {                                             \
        const struct stir_cert_info *c = s->cert; \
        (void)detail;                             \
        return (condition);                       \
    }

static bool contains(struct stir_slice text, struct stir_slice word, bool (*equal)(struct stir_slice, struct stir_slice))
{
    for (size_t i = 0; word.n <= text.n && i <= text.n - word.n; i++)
        if (equal(stir_slice_of(text.p + i, word.n), word))
            return true;
    return false;
}

static bool says(struct stir_slice text, const char *word)
{
    return contains(text, stir_slice_str(word), stir_slice_ieq);
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* ---- version and serial number */

CHECK(not_version_3)
{
    return s->cert->version != 3 && DEPARTS(detail, "it is %d", s->cert->version);
}

CHECK(serial_not_positive)
{
    struct stir_slice serial = s->cert->serial;
    bool zero = serial.n == 1 && serial.p[0] == 0;
    return (s->cert->serial_negative || zero) && DEPARTS(detail, "it is %.60s", s->cert->serial_hex);
}

CHECK_IF(serial_over_20_octets, c->serial.n > 20)

/* Octets without the sign's own: that one is no random one. */
static size_t serial_octets(const struct stir_cert_info *c)
{
    return c->serial.n - (c->serial.p[0] == 0);
}

CHECK(serial_under_64_bits)
{
    const struct stir_cert_info *c = s->cert;
    return !c->serial_negative && serial_octets(c) < 8 && DEPARTS(detail, "it is %s", c->serial_hex);
}

CHECK(serial_of_63_bits)
{
    const struct stir_cert_info *c = s->cert;
    return !c->serial_negative && c->serial.n == 8 && serial_octets(c) == 8 && DEPARTS(detail, "it is %s", c->serial_hex);
}

/* ---- signature and key */

CHECK_IF(signature_mismatch, c->sig_mismatch)
CHECK_IF(signature_not_ecdsa_sha256, c->sig != STIR_CERT_SIG_ECDSA_SHA256)
CHECK_IF(signature_not_ecdsa_sha2, c->sig != STIR_CERT_SIG_ECDSA_SHA256 && c->sig != STIR_CERT_SIG_ECDSA_SHA384)
CHECK_IF(key_explicit_curve, c->key == STIR_CERT_KEY_P256_EXPLICIT)

CHECK(key_not_ec_256)
{
    const struct stir_cert_info *c = s->cert;
    bool ec = c->key == STIR_CERT_KEY_P256 || c->key == STIR_CERT_KEY_P256_EXPLICIT || c->key == STIR_CERT_KEY_EC_OTHER;
    return !(ec && c->key_bits == 256) && DEPARTS(detail, "it is a%s key of %u bits", c->key == STIR_CERT_KEY_RSA ? "n RSA" : "nother", c->key_bits);
}

CHECK_IF(key_not_named_p256, c->key != STIR_CERT_KEY_P256)
CHECK_IF(key_not_of_cp_1_4, c->key != STIR_CERT_KEY_P256 && !(c->key == STIR_CERT_KEY_P384 && s->role != STIR_LINT_LEAF))

/* ---- validity */

CHECK_IF(validity_order, c->not_after < c->not_before)

/* The content of Validity: what stands behind version, serial, algorithm and issuer. */
static bool find_validity(struct stir_slice der, struct stir_slice *validity)
{
    struct stir_slice content;
    struct stir_reader r = stir_reader_of(der);
    for (int depth = 0; depth < 2; depth++) {
        if (stir_der_get(&r, STIR_DER_SEQUENCE, &content, NULL) != STIR_OK)
            return false;
        r = stir_reader_of(content);
    }
    if (stir_der_peek(&r) == STIR_DER_CONSTRUCTED(0) && stir_der_any(&r, NULL, NULL, NULL) != STIR_OK)
        return false;
    for (int i = 0; i < 3; i++)
        if (stir_der_any(&r, NULL, NULL, NULL) != STIR_OK)
            return false;
    return stir_der_get(&r, STIR_DER_SEQUENCE, validity, NULL) == STIR_OK;
}

/* UTCTime cannot hold 2050; GeneralizedTime can hold 2049 and must not. */
CHECK(validity_encoding)
{
    static const int64_t year_2050 = 2524608000;
    struct stir_slice validity;
    if (!find_validity(s->cert->der, &validity))
        return false;
    const int64_t dates[] = {s->cert->not_before, s->cert->not_after};
    struct stir_reader r = stir_reader_of(validity);
    for (size_t i = 0; i < 2; i++) {
        if (stir_der_peek(&r) == STIR_DER_GENERALIZED_TIME && dates[i] < year_2050)
            return DEPARTS(detail, "it is %s", i == 0 ? "notBefore" : "notAfter");
        if (stir_der_any(&r, NULL, NULL, NULL) != STIR_OK)
            return false;
    }
    return false;
}

/* ---- names */

static bool is_empty_name(struct stir_slice name)
{
    return name.n == 2; /* a SEQUENCE of nothing */
}

/* An empty name has one fault, not one for each attribute that it lacks. */
static bool lacks(struct stir_slice name, struct stir_slice value, const char *shown, struct stir_diag *detail)
{
    return !is_empty_name(name) && !value.p && DEPARTS(detail, "it is %.150s", shown);
}

CHECK_IF(issuer_empty, is_empty_name(c->issuer_der))

CHECK_IF(issuer_without_c, lacks(c->issuer_der, c->issuer_c, c->issuer, detail))
CHECK_IF(issuer_without_o, lacks(c->issuer_der, c->issuer_o, c->issuer, detail))
CHECK_IF(issuer_without_cn, lacks(c->issuer_der, c->issuer_cn, c->issuer, detail))

/*= RFC5280-4.1.2.4 */
CHECK(issuer_not_parent)
{
    return s->issuer && !stir_slice_eq(s->cert->issuer_der, s->issuer->subject_der) && DEPARTS(detail, "that is %.150s", s->issuer->subject);
}

/* RFC 5280 allows an end entity an empty subject beside a critical subjectAltName. */
CHECK(subject_empty)
{
    const struct stir_cert_info *c = s->cert;
    (void)detail;
    if (!is_empty_name(c->subject_der))
        return false;
    for (size_t i = 0; i < c->n_ext && s->role == STIR_LINT_LEAF; i++)
        if (c->ext[i].critical && stir_slice_is(c->ext[i].oid, "2.5.29.17"))
            return false;
    return true;
}

static bool not_one(const struct stir_cert_info *c, unsigned n, struct stir_diag *detail)
{
    return !is_empty_name(c->subject_der) && n != 1 && DEPARTS(detail, "it has %u: %.150s", n, c->subject);
}

CHECK_IF(subject_not_one_c, not_one(c, c->n_c, detail))
CHECK_IF(subject_not_one_o, not_one(c, c->n_o, detail))
CHECK_IF(subject_not_one_cn, not_one(c, c->n_cn, detail))

CHECK(subject_c_form)
{
    struct stir_slice country = s->cert->c;
    return country.p && !(country.n == 2 && is_upper(country.p[0]) && is_upper(country.p[1])) && DEPARTS(detail, "it is \"%.*s\"", STIR_SHOW(country));
}

CHECK(subject_c_not_us)
{
    const struct stir_cert_info *c = s->cert;
    return !is_empty_name(c->subject_der) && !(c->n_c == 1 && stir_slice_is(c->c, "US")) && DEPARTS(detail, "it is %.150s", c->subject);
}

CHECK(subject_attribute_unknown)
{
    const struct stir_cert_info *c = s->cert;
    return c->n_rdn > c->n_c + c->n_o + c->n_cn + c->n_serial_number && DEPARTS(detail, "it is %.150s", c->subject);
}

CHECK_IF(subject_serial_number_missing, !is_empty_name(c->subject_der) && c->n_serial_number == 0)
CHECK_IF(subject_serial_number_twice, c->n_serial_number > 1)

/* ---- common name: the rules are silent where there is none, because that has a rule of its own */

static bool cn_departs(const struct stir_cert_info *c, struct stir_diag *detail)
{
    return DEPARTS(detail, "it is \"%.*s\"", STIR_SHOW(c->cn));
}

CHECK_IF(cn_without_shaken, c->cn.p && !contains(c->cn, stir_slice_str("SHAKEN"), stir_slice_eq) && cn_departs(c, detail))
CHECK_IF(cn_without_root, c->cn.p && !says(c->cn, "root") && cn_departs(c, detail))

CHECK(cn_without_intermediate)
{
    struct stir_slice cn = s->cert->cn;
    return cn.p && !says(cn, "intermediate") && !says(cn, "issuing") && cn_departs(s->cert, detail);
}

/* The code of the TNAuthList; absent when there is none to compare with. */
static struct stir_slice spc_of(const struct stir_cert_info *c)
{
    return c->tnauth_list ? stir_tnauth_spc(c->tnauth_list) : stir_slice_str(NULL);
}

CHECK(cn_without_spc)
{
    const struct stir_cert_info *c = s->cert;
    struct stir_slice spc = spc_of(c);
    return c->cn.p && spc.p && !contains(c->cn, spc, stir_slice_eq) && DEPARTS(detail, "they are \"%.*s\" and \"%.*s\"", STIR_SHOW(c->cn), STIR_SHOW(spc));
}

CHECK(cn_not_shaken_spc)
{
    const struct stir_cert_info *c = s->cert;
    struct stir_slice spc = spc_of(c), head = stir_slice_str("SHAKEN ");
    if (!c->cn.p)
        return false;
    if (c->cn.n <= head.n || !stir_slice_eq(stir_slice_upto(c->cn, head.n), head))
        return cn_departs(c, detail);
    struct stir_slice tail = stir_slice_from(c->cn, head.n);
    if (spc.p ? stir_slice_eq(tail, spc) : stir_slice_find(tail, ' ') == tail.n)
        return false;
    return DEPARTS(detail, "it is \"%.*s\", the SPC \"%.*s\"", STIR_SHOW(c->cn), STIR_SHOW(spc));
}

/* ---- basicConstraints */

CHECK_IF(bc_missing, c->basic_constraints == STIR_PART_ABSENT)
CHECK_IF(bc_unreadable, c->basic_constraints == STIR_PART_BAD)
CHECK_IF(bc_not_critical, c->basic_constraints != STIR_PART_ABSENT && !c->basic_constraints_critical)
CHECK_IF(bc_path_length, c->basic_constraints == STIR_PART_GOOD && c->path_len >= 0)

/* ---- keyUsage */

static const char *const usages[] = {"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement",
                                     "keyCertSign",      "cRLSign",        "encipherOnly",    "decipherOnly"};

static bool ku_departs(const struct stir_cert_info *c, struct stir_diag *detail)
{
    char text[160] = "";
    struct stir_writer w = stir_writer_of(text, sizeof(text) - 1);
    for (size_t i = 0; i < sizeof(usages) / sizeof(usages[0]); i++)
        if (c->key_usage_bits & 1u << i) {
            stir_put_text(&w, w.need ? ", " : "");
            stir_put_text(&w, usages[i]);
        }
    return DEPARTS(detail, "it is %s", w.need ? text : "empty");
}

CHECK_IF(ku_missing, c->key_usage == STIR_PART_ABSENT)
CHECK_IF(ku_unreadable, c->key_usage == STIR_PART_BAD)
CHECK_IF(ku_not_critical, c->key_usage != STIR_PART_ABSENT && !c->key_usage_critical)
CHECK_IF(ku_padded, c->key_usage == STIR_PART_GOOD && c->key_usage_padding)
CHECK_IF(ku_empty, c->key_usage == STIR_PART_GOOD && c->key_usage_bits == 0)
CHECK_IF(ku_cert_sign, c->key_usage == STIR_PART_GOOD && c->key_usage_bits & STIR_KU_KEY_CERT_SIGN)

CHECK_IF(ku_leaf_bits, c->key_usage == STIR_PART_GOOD && c->key_usage_bits != STIR_KU_DIGITAL_SIGNATURE && ku_departs(c, detail))
CHECK_IF(ku_ca_without_cert_sign, c->key_usage == STIR_PART_GOOD && !(c->key_usage_bits & STIR_KU_KEY_CERT_SIGN) && ku_departs(c, detail))

static bool ku_beyond(const struct stir_cert_info *c, unsigned allowed, struct stir_diag *detail)
{
    return c->key_usage == STIR_PART_GOOD && c->key_usage_bits & ~allowed && ku_departs(c, detail);
}

CHECK_IF(ku_ca_other_bits, ku_beyond(c, STIR_KU_KEY_CERT_SIGN | STIR_KU_DIGITAL_SIGNATURE | STIR_KU_CRL_SIGN, detail))
CHECK_IF(ku_ca_only_cert_sign, ku_beyond(c, STIR_KU_KEY_CERT_SIGN, detail))

/* ---- other extensions, by their dotted names */

#define OID_SKI "2.5.29.14"
#define OID_AKI "2.5.29.35"
#define OID_TNAUTH "1.3.6.1.5.5.7.1.26"
#define OID_CONSTRAINTS "1.3.6.1.5.5.7.1.27"
#define OID_ENHANCED "1.3.6.1.5.5.7.1.33"

static bool is_critical(const struct stir_cert_info *c, const char *oid)
{
    for (size_t i = 0; i < c->n_ext; i++)
        if (c->ext[i].critical && stir_slice_is(c->ext[i].oid, oid))
            return true;
    return false;
}

CHECK(extension_twice)
{
    const struct stir_cert_info *c = s->cert;
    for (size_t i = 0; i < c->n_ext; i++)
        for (size_t j = 0; j < i; j++)
            if (stir_slice_eq(c->ext[i].oid, c->ext[j].oid))
                return DEPARTS(detail, "it is %.*s", STIR_SHOW(c->ext[i].oid));
    return false;
}

CHECK(extension_not_specified)
{
    static const char *const specified[] = {"2.5.29.19", "2.5.29.15", OID_SKI, OID_AKI, "2.5.29.31", "2.5.29.32", OID_TNAUTH};
    for (size_t i = 0; i < s->cert->n_ext; i++) {
        bool found = false;
        for (size_t j = 0; j < sizeof(specified) / sizeof(specified[0]); j++)
            found |= stir_slice_is(s->cert->ext[i].oid, specified[j]);
        if (!found)
            return DEPARTS(detail, "it is %.*s", STIR_SHOW(s->cert->ext[i].oid));
    }
    return false;
}

CHECK(extension_critical_unknown)
{
    for (size_t i = 0; i < s->cert->n_ext; i++)
        if (s->cert->ext[i].critical && !s->cert->ext[i].known)
            return DEPARTS(detail, "it is %.*s", STIR_SHOW(s->cert->ext[i].oid));
    return false;
}

CHECK(eku_present)
{
    (void)detail;
    for (size_t i = 0; i < s->cert->n_ext; i++)
        if (stir_slice_is(s->cert->ext[i].oid, "2.5.29.37"))
            return true;
    return false;
}

/* ---- key identifiers */

enum { KEY_ID = 20 }; /* 160 bits */

CHECK_IF(ski_missing, c->ski == STIR_PART_ABSENT)
CHECK_IF(ski_unreadable, c->ski == STIR_PART_BAD)
CHECK_IF(ski_critical, is_critical(c, OID_SKI))

CHECK(ski_not_160_bits)
{
    const struct stir_cert_info *c = s->cert;
    return c->ski == STIR_PART_GOOD && c->ski_id.n != KEY_ID && DEPARTS(detail, "it has %zu bytes", c->ski_id.n);
}

/* SHA-1 of the subjectPublicKey bits (RFC 5280 §4.2.1.2, first method); false where there is no SHA-1. */
static bool key_sha1(struct stir_slice spki, unsigned char out[KEY_ID])
{
    struct stir_slice content, bits;
    size_t n = 0;
    struct stir_reader r = stir_reader_of(spki);
    if (stir_der_get(&r, STIR_DER_SEQUENCE, &content, NULL) != STIR_OK)
        return false;
    r = stir_reader_of(content);
    if (stir_der_get(&r, STIR_DER_SEQUENCE, NULL, NULL) != STIR_OK || stir_der_get(&r, STIR_DER_BIT_STRING, &bits, NULL) != STIR_OK || bits.n == 0)
        return false;
    return EVP_Q_digest(NULL, "SHA1", NULL, bits.p + 1, bits.n - 1, out, &n) == 1 && n == KEY_ID;
}

CHECK(ski_not_sha1)
{
    unsigned char sha1[KEY_ID];
    const struct stir_cert_info *c = s->cert;
    (void)detail;
    return c->ski == STIR_PART_GOOD && c->ski_id.n == KEY_ID && key_sha1(c->spki, sha1) && memcmp(c->ski_id.p, sha1, KEY_ID) != 0;
}

CHECK_IF(aki_missing, c->aki == STIR_PART_ABSENT)
CHECK_IF(aki_unreadable, c->aki == STIR_PART_BAD)
CHECK_IF(aki_without_key_id, c->aki == STIR_PART_GOOD && !c->aki_id.p)
CHECK_IF(aki_critical, is_critical(c, OID_AKI))
CHECK_IF(aki_not_own_ski, c->aki == STIR_PART_GOOD && c->aki_id.p && c->ski == STIR_PART_GOOD && !stir_slice_eq(c->aki_id, c->ski_id))

CHECK(aki_not_issuer_ski)
{
    const struct stir_cert_info *c = s->cert;
    (void)detail;
    return s->issuer && s->issuer->ski == STIR_PART_GOOD && c->aki == STIR_PART_GOOD && c->aki_id.p && !stir_slice_eq(c->aki_id, s->issuer->ski_id);
}

/* ---- cRLDistributionPoints */

CHECK_IF(crldp_missing, c->crldp == STIR_PART_ABSENT)
CHECK_IF(crldp_present, c->crldp != STIR_PART_ABSENT)
CHECK_IF(crldp_unreadable, c->crldp == STIR_PART_BAD)
CHECK_IF(crldp_critical, c->crldp_critical)
CHECK_IF(crldp_not_single, c->n_crldps > 1)

/* Some distribution point does. */
static bool any_point(const struct stir_cert_info *c, bool (*does)(const struct stir_cert_crldp *))
{
    for (size_t i = 0; i < c->n_crldps; i++)
        if (does(&c->crldps[i]))
            return true;
    return false;
}

static bool has_not_one_name(const struct stir_cert_crldp *point)
{
    return point->n_names != 1;
}

static bool has_no_issuer(const struct stir_cert_crldp *point)
{
    return !point->crl_issuer.p;
}

static bool has_reasons(const struct stir_cert_crldp *point)
{
    return point->has_reasons;
}

CHECK_IF(crldp_not_one_name, any_point(c, has_not_one_name))
CHECK_IF(crldp_without_issuer, any_point(c, has_no_issuer))
CHECK_IF(crldp_by_reasons, any_point(c, has_reasons))

static bool begins(struct stir_slice text, const char *head)
{
    struct stir_slice h = stir_slice_str(head);
    return text.n > h.n && stir_slice_ieq(stir_slice_upto(text, h.n), h);
}

CHECK(crldp_not_http)
{
    for (size_t i = 0; i < s->cert->n_crldps; i++) {
        struct stir_slice url = s->cert->crldps[i].url;
        if (!begins(url, "http://") && !begins(url, "https://"))
            return DEPARTS(detail, "it is \"%.*s\"", STIR_SHOW(url));
    }
    return false;
}

/* ---- certificatePolicies */

#define STI_PA_ARC "2.16.840.1.114569.1.1."

CHECK_IF(policy_missing, c->policies == STIR_PART_ABSENT)
CHECK_IF(policy_present, c->policies != STIR_PART_ABSENT)
CHECK_IF(policy_unreadable, c->policies == STIR_PART_BAD)
CHECK_IF(policy_critical, c->policies_critical)

CHECK(policy_twice)
{
    const struct stir_cert_info *c = s->cert;
    for (size_t i = 0; i < c->n_policies; i++)
        for (size_t j = 0; j < i; j++)
            if (stir_slice_eq(c->policy[i], c->policy[j]))
                return DEPARTS(detail, "it is %.*s", STIR_SHOW(c->policy[i]));
    return false;
}

CHECK(policy_not_one)
{
    return s->cert->n_policies > 1 && DEPARTS(detail, "there are %zu", s->cert->n_policies);
}

/* The first policy that is none of `last`, the last digits of the STI-PA's. */
static bool policy_beyond(const struct stir_cert_info *c, const char *last, struct stir_diag *detail)
{
    struct stir_slice arc = stir_slice_str(STI_PA_ARC);
    for (size_t i = 0; i < c->n_policies; i++) {
        struct stir_slice oid = c->policy[i];
        bool known = oid.n == arc.n + 1 && stir_slice_eq(stir_slice_upto(oid, arc.n), arc) && strchr(last, oid.p[arc.n]);
        if (!known)
            return DEPARTS(detail, "it is %.*s", STIR_SHOW(oid));
    }
    return false;
}

CHECK_IF(policy_not_of_sti_pa, policy_beyond(c, "1234", detail))
CHECK_IF(policy_not_cp_1_3, policy_beyond(c, "3", detail))
CHECK_IF(policy_not_cp_1_4, policy_beyond(c, "4", detail))

/* ---- TNAuthList */

CHECK_IF(tnauth_missing, c->tnauth == STIR_PART_ABSENT)
CHECK_IF(tnauth_present, c->tnauth != STIR_PART_ABSENT)
CHECK_IF(tnauth_unreadable, c->tnauth == STIR_PART_BAD)
CHECK_IF(tnauth_critical, c->tnauth_critical)

CHECK(tnauth_not_one_entry)
{
    const struct stir_tnauth *list = s->cert->tnauth_list;
    return list && stir_tnauth_count(list) > 1 && DEPARTS(detail, "it has %zu", stir_tnauth_count(list));
}

CHECK(tnauth_not_spc)
{
    const struct stir_tnauth *list = s->cert->tnauth_list;
    for (size_t i = 0; list && i < stir_tnauth_count(list); i++) {
        struct stir_tnauth_entry entry = stir_tnauth_get(list, i);
        if (entry.kind != STIR_TNAUTH_SPC)
            return DEPARTS(detail, "it is the number%s %.*s", entry.kind == STIR_TNAUTH_RANGE ? "s from" : "", STIR_SHOW(entry.text));
    }
    return false;
}

/* What a code of the issuer stands for, tables outside of certificates know: numbers below a code are no fault. */
CHECK(tnauth_beyond_issuer)
{
    bool by_code;
    const struct stir_tnauth *list = s->cert->tnauth_list, *above = s->issuer ? s->issuer->tnauth_list : NULL;
    (void)detail;
    return list && above && !stir_tnauth_encompasses(above, list, &by_code);
}

CHECK_IF(tnauth_missing_below, s->issuer && s->issuer->tnauth == STIR_PART_GOOD && c->tnauth == STIR_PART_ABSENT && !c->tnlist_url.p)
CHECK_IF(delegate_without_list, c->tnauth == STIR_PART_ABSENT && !c->tnlist_url.p)

static bool is_spc(struct stir_slice text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!stir_is_digit(text.p[i]) && !is_upper(text.p[i]))
            return false;
    return text.n > 0;
}

CHECK(tnauth_spc_form)
{
    const struct stir_tnauth *list = s->cert->tnauth_list;
    for (size_t i = 0; list && i < stir_tnauth_count(list); i++) {
        struct stir_tnauth_entry entry = stir_tnauth_get(list, i);
        if (entry.kind == STIR_TNAUTH_SPC && !is_spc(entry.text))
            return DEPARTS(detail, "it is \"%.*s\"", STIR_SHOW(entry.text));
    }
    return false;
}

/* ---- claim constraints */

CHECK_IF(constraints_unreadable, c->constraints == STIR_PART_BAD)
CHECK_IF(constraints_critical, is_critical(c, OID_CONSTRAINTS) || is_critical(c, OID_ENHANCED))
CHECK_IF(constraints_present, c->constraints != STIR_PART_ABSENT)
CHECK_IF(constraints_both, c->constraints_both)

/* ---- the table */

#define ATIS (STIR_LINT_ATIS_V3 | STIR_LINT_ATIS_V4 | STIR_LINT_ATIS_V5)
#define V3 STIR_LINT_ATIS_V3
#define V4 STIR_LINT_ATIS_V4
#define V5 STIR_LINT_ATIS_V5
#define CP13 STIR_LINT_CP_1_3
#define CP14 STIR_LINT_CP_1_4
#define RFC STIR_LINT_RFC
#define DELEGATE STIR_LINT_DELEGATE
#define ROOT STIR_LINT_ROOT
#define INTERMEDIATE STIR_LINT_INTERMEDIATE
#define LEAF STIR_LINT_LEAF
#define CA (ROOT | INTERMEDIATE)
#define ISSUED (INTERMEDIATE | LEAF)
#define ANY (CA | LEAF)
#define RULE(id, severity, profiles, roles, departs, clause, text) {{id, STIR_LINT_##severity, profiles, clause, text}, roles, departs},

const struct stir_lint_row stir_lint_rows[] = {
#include "core/lint.def"
};
const size_t stir_lint_n_rows = sizeof(stir_lint_rows) / sizeof(stir_lint_rows[0]);
