/* The extensions of a certificate. Each is read on its own: one that is malformed is BAD, one that stands twice is not read at all. */
#include <limits.h>

#include "core/cert.h"

enum kind {
    UNKNOWN = 0,
    BASIC_CONSTRAINTS,
    KEY_USAGE,
    SUBJECT_KEY,
    AUTHORITY_KEY,
    CRL_POINTS,
    POLICIES,
    TNAUTH,
    CLAIM_CONSTRAINTS,
    ENHANCED_CONSTRAINTS,
    AUTHORITY_INFO,
    N_KINDS,
};

#define ID_CE "\x55\x1d"
#define ID_PKIX "\x2b\x06\x01\x05\x05\x07"
#define OID(bytes)                \
    {                             \
        bytes, sizeof(bytes) - 1, \
    }

static const struct stir_slice oid_tn_list = OID(ID_PKIX "\x30\x0e");

/* One reading: what is filled, where texts are kept, how each kind stands. */
struct reading {
    struct stir_cert_info *info;
    struct stir_cert_owned *owned;
    struct stir_arena *arena;
    enum stir_part part[N_KINDS];
    bool critical[N_KINDS];
};

/* Each reader answers STIR_OK, STIR_ENOMEM, or any other error for a malformed extension, and then it has filled nothing. */
typedef enum stir_err reader_fn(struct reading *rd, struct stir_slice value);

enum stir_err stir_extension_next(struct stir_reader *r, struct stir_extension *out)
{
    struct stir_slice content;
    struct stir_extension ext = {.critical = false};
    TRY(stir_der_get(r, STIR_DER_SEQUENCE, &content, NULL));
    struct stir_reader in = stir_reader_of(content);
    TRY(stir_der_get(&in, STIR_DER_OID, &ext.oid, NULL));
    if (stir_der_peek(&in) == STIR_DER_BOOLEAN)
        TRY(stir_der_bool(&in, &ext.critical)); /* a FALSE that is written out is borne: half of all certificates have one */
    TRY(stir_der_get(&in, STIR_DER_OCTET_STRING, &ext.value, NULL));
    if (stir_reader_left(&in))
        return STIR_EDER;
    *out = ext;
    return STIR_OK;
}

/* INTEGER (0..MAX) that fits an int. */
static enum stir_err read_small(struct stir_reader *r, int *out)
{
    struct stir_slice content;
    unsigned value = 0;
    TRY(stir_der_get(r, STIR_DER_INTEGER, &content, NULL));
    if (!stir_der_integer_ok(content) || content.n > sizeof(int) || (unsigned char)content.p[0] >= 0x80)
        return STIR_EDER;
    for (size_t i = 0; i < content.n; i++)
        value = value << 8 | (unsigned char)content.p[i];
    *out = (int)value;
    return STIR_OK;
}

static enum stir_err read_basic_constraints(struct reading *rd, struct stir_slice value)
{
    struct stir_slice content;
    bool is_ca = false;
    int path_len = -1;
    TRY(stir_der_only(value, STIR_DER_SEQUENCE, &content));
    struct stir_reader r = stir_reader_of(content);
    if (stir_der_peek(&r) == STIR_DER_BOOLEAN)
        TRY(stir_der_bool(&r, &is_ca)); /* borne: cA FALSE written out */
    if (stir_reader_left(&r))
        TRY(read_small(&r, &path_len));
    if (stir_reader_left(&r))
        return STIR_EDER;
    rd->info->is_ca = is_ca;
    rd->info->path_len = path_len;
    return STIR_OK;
}

/* Named bits, the first one in the highest place. DER drops zero bits at the end; certificates that keep them are common, and unused bits that are set count
 * for nothing (RFC 5280 §4.2.1.3, X.690 11.2). */
static enum stir_err read_key_usage(struct reading *rd, struct stir_slice value)
{
    struct stir_slice content;
    TRY(stir_der_only(value, STIR_DER_BIT_STRING, &content));
    const unsigned char *p = (const unsigned char *)content.p;
    if (content.n == 0 || p[0] > 7 || (content.n == 1 && p[0] != 0))
        return STIR_EDER;
    unsigned unused = p[0], bits = 0, last = content.n > 1 ? p[content.n - 1] : 0;
    for (unsigned i = 0; i < 8 * (content.n - 1) - unused && i < 9; i++)
        if (p[1 + i / 8] & 0x80u >> i % 8)
            bits |= 1u << i;
    rd->info->key_usage_bits = bits;
    rd->info->key_usage_padding = content.n > 1 && (last & ((2u << unused) - 1)) != 1u << unused;
    return STIR_OK;
}

static enum stir_err read_subject_key(struct reading *rd, struct stir_slice value)
{
    return stir_der_only(value, STIR_DER_OCTET_STRING, &rd->info->ski_id);
}

static enum stir_err skip_if(struct stir_reader *r, unsigned char tag)
{
    return stir_der_peek(r) == tag ? stir_der_get(r, tag, NULL, NULL) : STIR_OK;
}

static enum stir_err read_authority_key(struct reading *rd, struct stir_slice value)
{
    struct stir_slice content, id = {NULL, 0};
    TRY(stir_der_only(value, STIR_DER_SEQUENCE, &content));
    struct stir_reader r = stir_reader_of(content);
    if (stir_der_peek(&r) == STIR_DER_PRIMITIVE(0))
        TRY(stir_der_get(&r, STIR_DER_PRIMITIVE(0), &id, NULL));
    TRY(skip_if(&r, STIR_DER_CONSTRUCTED(1)));
    TRY(skip_if(&r, STIR_DER_PRIMITIVE(2)));
    if (stir_reader_left(&r))
        return STIR_EDER;
    rd->info->aki_id = id;
    return STIR_OK;
}

/* GeneralNames: how many, and the first of type `tag`. */
static enum stir_err read_names(struct stir_slice names, unsigned char tag, struct stir_slice *first, unsigned *count)
{
    unsigned n = 0;
    for (struct stir_reader r = stir_reader_of(names); stir_reader_left(&r); n++) {
        struct stir_slice content;
        unsigned char is;
        TRY(stir_der_any(&r, &is, &content, NULL));
        if (is == tag && !first->p)
            *first = content;
    }
    if (count)
        *count = n;
    return n ? STIR_OK : STIR_EDER;
}

static enum stir_err read_point_name(struct stir_slice content, struct stir_cert_crldp *out)
{
    struct stir_slice names;
    struct stir_reader r = stir_reader_of(content);
    if (stir_der_peek(&r) == STIR_DER_CONSTRUCTED(1))
        return stir_der_only(content, STIR_DER_CONSTRUCTED(1), NULL); /* nameRelativeToCRLIssuer: no URL */
    TRY(stir_der_only(content, STIR_DER_CONSTRUCTED(0), &names));
    return read_names(names, STIR_DER_PRIMITIVE(6), &out->url, &out->n_names);
}

static enum stir_err read_point(struct stir_reader *points, struct stir_cert_crldp *out)
{
    struct stir_slice content, part;
    TRY(stir_der_get(points, STIR_DER_SEQUENCE, &content, NULL));
    struct stir_reader r = stir_reader_of(content);
    if (stir_der_peek(&r) == STIR_DER_CONSTRUCTED(0)) {
        TRY(stir_der_get(&r, STIR_DER_CONSTRUCTED(0), &part, NULL));
        TRY(read_point_name(part, out));
    }
    out->has_reasons = stir_der_peek(&r) == STIR_DER_PRIMITIVE(1);
    TRY(skip_if(&r, STIR_DER_PRIMITIVE(1)));
    if (stir_der_peek(&r) == STIR_DER_CONSTRUCTED(2)) {
        TRY(stir_der_get(&r, STIR_DER_CONSTRUCTED(2), &part, NULL));
        TRY(read_names(part, STIR_DER_CONSTRUCTED(4), &out->crl_issuer, NULL));
    }
    if (out->crl_issuer.p)
        TRY(stir_der_only(out->crl_issuer, STIR_DER_SEQUENCE, NULL));
    return stir_reader_left(&r) ? STIR_EDER : STIR_OK;
}

static enum stir_err read_crl_points(struct reading *rd, struct stir_slice value)
{
    struct stir_cert_crldp points[STIR_MAX_CRLDP] = {{.n_names = 0}};
    struct stir_slice content;
    size_t n = 0;
    TRY(stir_der_only(value, STIR_DER_SEQUENCE, &content));
    for (struct stir_reader r = stir_reader_of(content); stir_reader_left(&r); n++) {
        if (n == STIR_MAX_CRLDP)
            return STIR_ELIMIT;
        TRY(read_point(&r, &points[n]));
    }
    memcpy(rd->info->crldps, points, sizeof(points));
    rd->info->n_crldps = n;
    return n ? STIR_OK : STIR_EDER;
}

static enum stir_err read_policies(struct reading *rd, struct stir_slice value)
{
    struct stir_slice content, policy[STIR_MAX_POLICIES], oid;
    size_t n = 0;
    TRY(stir_der_only(value, STIR_DER_SEQUENCE, &content));
    for (struct stir_reader r = stir_reader_of(content); stir_reader_left(&r); n++) {
        struct stir_slice information;
        if (n == STIR_MAX_POLICIES)
            return STIR_ELIMIT;
        TRY(stir_der_get(&r, STIR_DER_SEQUENCE, &information, NULL));
        struct stir_reader in = stir_reader_of(information);
        TRY(stir_der_get(&in, STIR_DER_OID, &oid, NULL));
        TRY(skip_if(&in, STIR_DER_SEQUENCE)); /* policyQualifiers */
        if (stir_reader_left(&in))
            return STIR_EDER;
        TRY(stir_oid_text(&policy[n], oid, rd->arena));
    }
    if (n == 0)
        return STIR_EDER;
    memcpy(rd->info->policy, policy, n * sizeof(policy[0]));
    rd->info->n_policies = n;
    return STIR_OK;
}

static enum stir_err read_tnauth(struct reading *rd, struct stir_slice value)
{
    TRY(stir_tnauth_parse(&rd->owned->tnauth, value));
    rd->info->tnauth_list = rd->owned->tnauth;
    return STIR_OK;
}

static enum stir_err read_claim_constraints(struct reading *rd, struct stir_slice value)
{
    return stir_constraints_parse(&rd->owned->constraints[0], value, false);
}

static enum stir_err read_enhanced_constraints(struct reading *rd, struct stir_slice value)
{
    return stir_constraints_parse(&rd->owned->constraints[1], value, true);
}

static enum stir_err read_authority_info(struct reading *rd, struct stir_slice value)
{
    TRY(stir_der_access(value, oid_tn_list, &rd->info->tnlist_url));
    return stir_der_access(value, STIR_OID_CA_ISSUERS, &rd->info->ca_issuers_url);
}

/* The extensions that libstir understands, so that they may be critical. Extended key usage is not among them: nothing here acts on it. */
static const struct known {
    struct stir_slice oid;
    reader_fn *read;
} known[N_KINDS] = {
    [BASIC_CONSTRAINTS] = {OID(ID_CE "\x13"), read_basic_constraints},
    [KEY_USAGE] = {OID(ID_CE "\x0f"), read_key_usage},
    [SUBJECT_KEY] = {OID(ID_CE "\x0e"), read_subject_key},
    [AUTHORITY_KEY] = {OID(ID_CE "\x23"), read_authority_key},
    [CRL_POINTS] = {OID(ID_CE "\x1f"), read_crl_points},
    [POLICIES] = {OID(ID_CE "\x20"), read_policies},
    [TNAUTH] = {OID(ID_PKIX "\x01\x1a"), read_tnauth},
    [CLAIM_CONSTRAINTS] = {OID(ID_PKIX "\x01\x1b"), read_claim_constraints},
    [ENHANCED_CONSTRAINTS] = {OID(ID_PKIX "\x01\x21"), read_enhanced_constraints},
    [AUTHORITY_INFO] = {OID(ID_PKIX "\x01\x01"), read_authority_info},
};

static enum kind kind_of(struct stir_slice oid)
{
    for (enum kind k = UNKNOWN + 1; k < N_KINDS; k++)
        if (stir_slice_eq(known[k].oid, oid))
            return k;
    return UNKNOWN;
}

/* First how often each stands, so that one that stands twice is never read. */
static enum stir_err list(struct reading *rd, struct stir_slice content, enum kind *kinds)
{
    struct stir_cert_info *info = rd->info;
    for (struct stir_reader r = stir_reader_of(content); stir_reader_left(&r);) {
        struct stir_extension ext;
        struct stir_cert_ext *at = &info->ext[info->n_ext];
        if (info->n_ext == STIR_MAX_EXTENSIONS)
            return STIR_ELIMIT;
        TRY(stir_extension_next(&r, &ext));
        TRY(stir_oid_text(&at->oid, ext.oid, rd->arena));
        at->critical = ext.critical;
        at->value = ext.value;
        enum kind k = kinds[info->n_ext++] = kind_of(ext.oid);
        rd->critical[k] |= ext.critical;
        rd->part[k] = rd->part[k] == STIR_PART_ABSENT ? STIR_PART_GOOD : STIR_PART_TWICE;
    }
    return STIR_OK;
}

/* Twice is worse than bad, bad worse than good, good more than nothing. */
static enum stir_part worse(enum stir_part a, enum stir_part b)
{
    return a > b ? a : b;
}

static void report(const struct reading *rd)
{
    struct stir_cert_info *info = rd->info;
    info->basic_constraints = rd->part[BASIC_CONSTRAINTS];
    info->basic_constraints_critical = rd->critical[BASIC_CONSTRAINTS];
    info->key_usage = rd->part[KEY_USAGE];
    info->key_usage_critical = rd->critical[KEY_USAGE];
    info->ski = rd->part[SUBJECT_KEY];
    info->aki = rd->part[AUTHORITY_KEY];
    info->crldp = rd->part[CRL_POINTS];
    info->crldp_critical = rd->critical[CRL_POINTS];
    info->policies = rd->part[POLICIES];
    info->policies_critical = rd->critical[POLICIES];
    info->tnauth = rd->part[TNAUTH];
    info->tnauth_critical = rd->critical[TNAUTH];
    info->constraints = worse(rd->part[CLAIM_CONSTRAINTS], rd->part[ENHANCED_CONSTRAINTS]);
    info->constraints_both = rd->part[CLAIM_CONSTRAINTS] != STIR_PART_ABSENT && rd->part[ENHANCED_CONSTRAINTS] != STIR_PART_ABSENT;
}

enum stir_err stir_cert_extensions(struct stir_cert_info *info, struct stir_cert_owned *owned, struct stir_slice content, struct stir_arena *arena)
{
    struct reading rd = {.info = info, .owned = owned, .arena = arena};
    enum kind kinds[STIR_MAX_EXTENSIONS];
    info->path_len = -1;
    TRY(list(&rd, content, kinds));
    for (size_t i = 0; i < info->n_ext; i++) {
        enum kind k = kinds[i];
        if (k == UNKNOWN || rd.part[k] != STIR_PART_GOOD)
            continue;
        enum stir_err err = known[k].read(&rd, info->ext[i].value);
        if (err == STIR_ENOMEM)
            return err;
        rd.part[k] = err == STIR_OK ? STIR_PART_GOOD : STIR_PART_BAD;
        info->ext[i].known = err == STIR_OK;
    }
    report(&rd);
    return STIR_OK;
}
