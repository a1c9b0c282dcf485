#include <stdlib.h>

#include "core/cert.h"
#include "core/crl.h"
#include "core/der.h"

/* The last arcs of id-ce (2.5.29) that lists and entries use, and id-pe-authorityInfoAccess. */
enum extension {
    UNKNOWN = 0,
    CRL_NUMBER = 20,
    REASON_CODE = 21,
    INVALIDITY_DATE = 24,
    DELTA_INDICATOR = 27,
    ISSUING_POINT = 28,
    CERTIFICATE_ISSUER = 29,
    AUTHORITY_KEY = 35,
    FRESHEST_CRL = 46,
    AUTHORITY_INFO = 63,
};

enum { ENUMERATED = 0x0a };

/* One reading: what is filled, and who is told of errors. */
struct reading {
    struct stir_crl *crl;
    struct stir_diag *diag;
    bool issuer_named; /* some entry has a certificateIssuer */
};

static enum stir_err bad(const struct reading *rd, const void *at, const char *what)
{
    return stir_diag_set(rd->diag, STIR_EDER, (size_t)((const unsigned char *)at - rd->crl->der), "the CRL cannot be read: %s", what);
}

static bool at_end(const struct stir_reader *r)
{
    return stir_reader_left(r) == 0;
}

static bool only(struct stir_slice s, unsigned char tag, struct stir_slice *content)
{
    return stir_der_only(s, tag, content) == STIR_OK;
}

/* ---- extensions */

struct ext {
    enum extension kind;
    bool critical;
    struct stir_slice oid, value;
};

static enum extension kind_of(struct stir_slice oid)
{
    static const unsigned char authority_info[] = {0x2b, 6, 1, 5, 5, 7, 1, 1};
    if (stir_slice_eq(oid, stir_slice_of(authority_info, sizeof(authority_info))))
        return AUTHORITY_INFO;
    if (oid.n != 3 || memcmp(oid.p, "\x55\x1d", 2) != 0)
        return UNKNOWN;
    switch (oid.p[2]) {
    case CRL_NUMBER:
    case REASON_CODE:
    case INVALIDITY_DATE:
    case DELTA_INDICATOR:
    case ISSUING_POINT:
    case CERTIFICATE_ISSUER:
    case AUTHORITY_KEY:
    case FRESHEST_CRL: return (enum extension)oid.p[2];
    default: return UNKNOWN;
    }
}

/* Next Extension ::= SEQUENCE { OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, OCTET STRING }. */
static bool get_extension(struct stir_reader *r, struct ext *out)
{
    struct stir_slice content;
    if (stir_der_get(r, STIR_DER_SEQUENCE, &content, NULL) != STIR_OK)
        return false;
    struct stir_reader in = stir_reader_of(content);
    if (stir_der_get(&in, STIR_DER_OID, &out->oid, NULL) != STIR_OK || out->oid.n == 0)
        return false;
    out->critical = false;
    /* FALSE is the default and should be left out; a list that says it is no less true */
    if (stir_der_peek(&in) == STIR_DER_BOOLEAN && stir_der_bool(&in, &out->critical) != STIR_OK)
        return false;
    out->kind = kind_of(out->oid);
    return stir_der_get(&in, STIR_DER_OCTET_STRING, &out->value, NULL) == STIR_OK && at_end(&in);
}

/* Walk the Extensions in `list`, each known one once, and hand them to `take`. */
static enum stir_err each_extension(struct reading *rd, struct stir_slice list, enum stir_err (*take)(struct reading *, const struct ext *, void *), void *arg)
{
    struct stir_reader r = stir_reader_of(list);
    uint64_t seen = 0;
    if (at_end(&r))
        return bad(rd, list.p, "a list of extensions is empty");
    while (!at_end(&r)) {
        const unsigned char *at = r.p;
        struct ext ext;
        if (!get_extension(&r, &ext))
            return bad(rd, at, "an extension is no DER");
        if (ext.kind != UNKNOWN && seen & (uint64_t)1 << ext.kind)
            return bad(rd, at, "an extension stands twice");
        seen |= (uint64_t)1 << ext.kind;
        TRY(take(rd, &ext, arg));
    }
    return STIR_OK;
}

/* First name with context tag `tag` among GeneralNames; every name must be well formed. */
static bool first_name(struct stir_slice names, unsigned char tag, struct stir_slice *out)
{
    struct stir_reader r = stir_reader_of(names);
    *out = stir_slice_of(NULL, 0);
    while (!at_end(&r)) {
        struct stir_slice content;
        int next = stir_der_peek(&r);
        if ((next & 0xc0) != 0x80 || stir_der_get(&r, (unsigned char)next, &content, NULL) != STIR_OK)
            return false;
        if (next == tag && !out->p)
            *out = content;
    }
    return names.n > 0;
}

/* ---- entries */

static enum stir_err take_reason(struct reading *rd, const struct ext *ext, struct stir_crl_revoked *entry)
{
    struct stir_slice value;
    if (!only(ext->value, ENUMERATED, &value) || value.n != 1 || (unsigned char)value.p[0] > 0x7f)
        return bad(rd, ext->value.p, "a reasonCode is no CRLReason");
    entry->reason = value.p[0];
    return STIR_OK;
}

/* The DER Name of the first directoryName: directoryName is [4] EXPLICIT, because Name is a CHOICE. */
static enum stir_err take_issuer(struct reading *rd, const struct ext *ext, struct stir_crl_revoked *entry)
{
    struct stir_slice names, name, inside;
    if (!only(ext->value, STIR_DER_SEQUENCE, &names) || !first_name(names, STIR_DER_CONSTRUCTED(4), &name) || !only(name, STIR_DER_SEQUENCE, &inside))
        return bad(rd, ext->value.p, "a certificateIssuer has no readable directoryName");
    struct stir_crl *crl = rd->crl;
    entry->issuer = &crl->issuers[crl->n_issuers++];
    entry->issuer->der = name;
    rd->issuer_named = true;
    return STIR_OK;
}

static enum stir_err take_entry_extension(struct reading *rd, const struct ext *ext, void *arg)
{
    struct stir_crl_revoked *entry = arg;
    switch (ext->kind) {
    case REASON_CODE: return take_reason(rd, ext, entry);
    case CERTIFICATE_ISSUER: return take_issuer(rd, ext, entry);
    case INVALIDITY_DATE: {
        struct stir_reader r = stir_reader_of(ext->value);
        int64_t ignored;
        if (stir_der_peek(&r) != STIR_DER_GENERALIZED_TIME || stir_der_time(&r, &ignored) != STIR_OK || !at_end(&r))
            return bad(rd, ext->value.p, "an invalidityDate is no GeneralizedTime");
        return STIR_OK;
    }
    default:
        /*= RFC5280-5.3 */
        rd->crl->info.unknown_critical |= ext->critical;
        return STIR_OK;
    }
}

/* One entry; `issuer` is the one in force before it. */
static enum stir_err get_entry(struct reading *rd, struct stir_reader *r, struct stir_crl_issuer *issuer, struct stir_crl_revoked *out)
{
    const unsigned char *at = r->p;
    struct stir_slice content, extensions;
    if (stir_der_get(r, STIR_DER_SEQUENCE, &content, NULL) != STIR_OK)
        return bad(rd, at, "an entry is no SEQUENCE");
    struct stir_reader in = stir_reader_of(content);
    struct stir_crl_revoked entry = {.issuer = issuer, .reason = -1};
    if (stir_der_get(&in, STIR_DER_INTEGER, &entry.serial, NULL) != STIR_OK || entry.serial.n == 0)
        return bad(rd, at, "an entry has no serial number");
    if (stir_der_time(&in, &entry.at) != STIR_OK)
        return bad(rd, in.p, "an entry has no readable revocationDate");
    if (!at_end(&in)) {
        /*= RFC5280-5.1.2.1 */
        if (rd->crl->info.version == 1)
            return bad(rd, in.p, "an entry of a version 1 list has extensions");
        if (stir_der_get(&in, STIR_DER_SEQUENCE, &extensions, NULL) != STIR_OK || !at_end(&in))
            return bad(rd, in.p, "crlEntryExtensions are no SEQUENCE, or bytes follow them");
        TRY(each_extension(rd, extensions, take_entry_extension, &entry));
    }
    *out = entry;
    return STIR_OK;
}

static enum stir_err count_entries(struct reading *rd, struct stir_slice list, size_t *n)
{
    struct stir_reader r = stir_reader_of(list);
    for (*n = 0; !at_end(&r); (*n)++) {
        if (*n == STIR_MAX_REVOKED)
            return stir_diag_set(rd->diag, STIR_ELIMIT, SIZE_MAX, "the CRL has more than %d entries", STIR_MAX_REVOKED);
        if (stir_der_get(&r, STIR_DER_SEQUENCE, NULL, NULL) != STIR_OK)
            return bad(rd, r.p, "an entry is no SEQUENCE");
    }
    return STIR_OK;
}

static enum stir_err get_entries(struct reading *rd, struct stir_slice list)
{
    struct stir_crl *crl = rd->crl;
    size_t n;
    TRY(count_entries(rd, list, &n));
    crl->entries = calloc(n + 1, sizeof(*crl->entries));
    crl->sorted = calloc(n + 1, sizeof(*crl->sorted));
    crl->issuers = calloc(n + 1, sizeof(*crl->issuers));
    crl->names = calloc(n + 1, sizeof(*crl->names));
    if (!crl->entries || !crl->sorted || !crl->issuers || !crl->names)
        return STIR_ENOMEM;
    crl->issuers[0].der = crl->info.issuer_der;
    crl->n_issuers = 1;
    struct stir_reader r = stir_reader_of(list);
    struct stir_crl_issuer *issuer = crl->issuers;
    for (size_t i = 0; i < n; i++) {
        TRY(get_entry(rd, &r, issuer, &crl->entries[i]));
        /*= RFC5280-5.3.3 */
        issuer = crl->entries[i].issuer;
        crl->info.n_entries++;
    }
    return STIR_OK;
}

/* ---- extensions of the list */

static enum stir_err take_number(struct reading *rd, const struct ext *ext)
{
    struct stir_slice number;
    if (!only(ext->value, STIR_DER_INTEGER, &number) || number.n == 0 || (unsigned char)number.p[0] > 0x7f)
        return bad(rd, ext->value.p, "the cRLNumber is no number from 0 on");
    rd->crl->info.number = number;
    return STIR_OK;
}

static enum stir_err take_authority_key(struct reading *rd, const struct ext *ext)
{
    struct stir_slice content;
    if (!only(ext->value, STIR_DER_SEQUENCE, &content))
        return bad(rd, ext->value.p, "the authorityKeyIdentifier is no SEQUENCE");
    struct stir_reader r = stir_reader_of(content);
    if (stir_der_peek(&r) == STIR_DER_PRIMITIVE(0) && stir_der_get(&r, STIR_DER_PRIMITIVE(0), &rd->crl->info.aki_id, NULL) != STIR_OK)
        return bad(rd, ext->value.p, "the keyIdentifier is no DER");
    return STIR_OK;
}

/* DistributionPointName: only a fullName with a URI can be held against a certificate's. */
static bool get_point_name(struct stir_slice content, struct stir_slice *url)
{
    struct stir_slice names;
    return only(content, STIR_DER_CONSTRUCTED(0), &names) && first_name(names, STIR_DER_PRIMITIVE(6), url) && url->p;
}

/* An optional [tag] BOOLEAN DEFAULT FALSE. */
static bool get_flag(struct stir_reader *r, unsigned char tag, bool *flag)
{
    struct stir_slice content;
    *flag = false;
    if (stir_der_peek(r) != tag)
        return true;
    if (stir_der_get(r, tag, &content, NULL) != STIR_OK || content.n != 1)
        return false;
    *flag = content.p[0] == (char)0xff;
    return *flag || content.p[0] == 0;
}

static bool get_issuing_point(struct stir_slice value, struct stir_crl_info *info)
{
    struct stir_slice content, point;
    if (!only(value, STIR_DER_SEQUENCE, &content))
        return false;
    struct stir_reader r = stir_reader_of(content);
    if (at_end(&r))
        return false;
    if (stir_der_peek(&r) == STIR_DER_CONSTRUCTED(0) &&
        (stir_der_get(&r, STIR_DER_CONSTRUCTED(0), &point, NULL) != STIR_OK || !get_point_name(point, &info->idp_url)))
        return false;
    if (!get_flag(&r, STIR_DER_PRIMITIVE(1), &info->only_user) || !get_flag(&r, STIR_DER_PRIMITIVE(2), &info->only_ca))
        return false;
    info->only_some_reasons = stir_der_peek(&r) == STIR_DER_PRIMITIVE(3);
    if (info->only_some_reasons && stir_der_get(&r, STIR_DER_PRIMITIVE(3), NULL, NULL) != STIR_OK)
        return false;
    if (!get_flag(&r, STIR_DER_PRIMITIVE(4), &info->indirect) || !get_flag(&r, STIR_DER_PRIMITIVE(5), &info->only_attribute))
        return false;
    return at_end(&r) && info->only_user + info->only_ca + info->only_attribute <= 1;
}

static enum stir_err take_list_extension(struct reading *rd, const struct ext *ext, void *arg)
{
    struct stir_crl_info *info = &rd->crl->info;
    (void)arg;
    switch (ext->kind) {
    case CRL_NUMBER: return take_number(rd, ext);
    case AUTHORITY_KEY: return take_authority_key(rd, ext);
    case ISSUING_POINT:
        info->idp = get_issuing_point(ext->value, info) ? STIR_PART_GOOD : STIR_PART_BAD;
        /* a scope that nobody understands is an extension that nobody processed */
        info->unknown_critical |= info->idp == STIR_PART_BAD;
        return STIR_OK;
    case DELTA_INDICATOR: info->delta = true; return STIR_OK;
    case FRESHEST_CRL: return STIR_OK; /* where to find more: nothing to obey */
    case AUTHORITY_INFO:
        if (stir_der_access(ext->value, STIR_OID_CA_ISSUERS, &info->ca_issuers_url) != STIR_OK)
            info->ca_issuers_url = stir_slice_str(NULL);
        return STIR_OK;
    default:
        /*= RFC5280-5.2 */
        info->unknown_critical |= ext->critical;
        return STIR_OK;
    }
}

static enum stir_err get_list_extensions(struct reading *rd, struct stir_reader *r)
{
    const unsigned char *at = r->p;
    struct stir_slice content, list;
    if (rd->crl->info.version == 1)
        return bad(rd, at, "a version 1 list has extensions");
    if (stir_der_get(r, STIR_DER_CONSTRUCTED(0), &content, NULL) != STIR_OK || !only(content, STIR_DER_SEQUENCE, &list))
        return bad(rd, at, "crlExtensions are no DER");
    TRY(each_extension(rd, list, take_list_extension, NULL));
    return at_end(r) ? STIR_OK : bad(rd, r->p, "bytes follow the extensions");
}

/* ---- the list */

static enum stir_err get_version(struct reading *rd, struct stir_reader *r)
{
    struct stir_slice version;
    rd->crl->info.version = 1;
    if (stir_der_peek(r) != STIR_DER_INTEGER)
        return STIR_OK;
    const unsigned char *at = r->p;
    if (stir_der_get(r, STIR_DER_INTEGER, &version, NULL) != STIR_OK || version.n != 1 || version.p[0] != 1)
        return bad(rd, at, "its version is neither 1 nor 2");
    rd->crl->info.version = 2;
    return STIR_OK;
}

static enum stir_err get_dates(struct reading *rd, struct stir_reader *r)
{
    struct stir_crl_info *info = &rd->crl->info;
    if (stir_der_time(r, &info->this_update) != STIR_OK)
        return bad(rd, r->p, "thisUpdate is no time");
    int next = stir_der_peek(r);
    if (next != STIR_DER_UTC_TIME && next != STIR_DER_GENERALIZED_TIME)
        return STIR_OK;
    if (stir_der_time(r, &info->next_update) != STIR_OK)
        return bad(rd, r->p, "nextUpdate is no time");
    if (info->next_update == 0)
        info->next_update = -1; /* 0 says that there is none; this one has long passed */
    return STIR_OK;
}

static enum stir_err get_tbs(struct reading *rd, struct stir_slice tbs)
{
    struct stir_crl *crl = rd->crl;
    struct stir_reader r = stir_reader_of(tbs);
    struct stir_slice inner, list = {NULL, 0};
    TRY(get_version(rd, &r));
    if (stir_der_get(&r, STIR_DER_SEQUENCE, NULL, &inner) != STIR_OK)
        return bad(rd, r.p, "its signature algorithm is no DER");
    /*= RFC5280-5.1.1.2 */
    if (!stir_slice_eq(inner, crl->algorithm))
        return bad(rd, inner.p, "the signature algorithms inside and outside of the signed part differ");
    if (stir_der_get(&r, STIR_DER_SEQUENCE, NULL, &crl->info.issuer_der) != STIR_OK)
        return bad(rd, r.p, "its issuer is no Name");
    TRY(get_dates(rd, &r));
    /* an empty list should be left out (RFC 5280 5.1.2.6); real ones stand there empty */
    if (stir_der_peek(&r) == STIR_DER_SEQUENCE && stir_der_get(&r, STIR_DER_SEQUENCE, &list, NULL) != STIR_OK)
        return bad(rd, r.p, "revokedCertificates is no DER");
    TRY(get_entries(rd, list));
    if (!at_end(&r))
        TRY(get_list_extensions(rd, &r));
    if (rd->issuer_named && !crl->info.indirect)
        crl->info.unknown_critical = true; /* certificateIssuer means nothing there: whose entries these are cannot be said */
    return STIR_OK;
}

enum stir_err stir_crl_read(struct stir_crl *crl, struct stir_slice der, struct stir_diag *diag)
{
    struct reading reading = {.crl = crl, .diag = diag}, *rd = &reading;
    struct stir_slice content, tbs, bits;
    if (!only(der, STIR_DER_SEQUENCE, &content))
        return bad(rd, der.p, "it is no SEQUENCE in DER, or bytes follow it");
    struct stir_reader r = stir_reader_of(content);
    if (stir_der_get(&r, STIR_DER_SEQUENCE, &tbs, &crl->tbs) != STIR_OK || stir_der_get(&r, STIR_DER_SEQUENCE, NULL, &crl->algorithm) != STIR_OK ||
        stir_der_get(&r, STIR_DER_BIT_STRING, &bits, NULL) != STIR_OK || !at_end(&r))
        return bad(rd, r.p, "it is not a signed part, an algorithm and a signature");
    if (bits.n < 1 || bits.p[0] != 0)
        return bad(rd, bits.p, "its signature is no whole number of bytes");
    crl->signature = stir_slice_from(bits, 1);
    crl->info.der = der;
    crl->info.sig = stir_signature_kind(crl->algorithm);
    TRY(get_tbs(rd, tbs));
    crl->issuer_text = stir_name_text(crl->info.issuer_der);
    crl->info.issuer = crl->issuer_text;
    return crl->issuer_text ? STIR_OK : STIR_ENOMEM;
}
