/* Revocation lists written (RFC 5280 §5): a policy administrator's indirect one over all its CAs, or a CA's own. */
#include <stdlib.h>

#include "core/cert.h"
#include "core/crl.h"
#include "core/der.h"

enum {
    SERIAL_MAX = 64,    /* bytes; RFC 5280 allows 20, and what was issued with more must be revocable */
    NAME_MAX = 4096,    /* bytes of an issuer's Name */
    SIGNATURE_ROOM = 96 /* what stands around the part that is signed */
};

STIR_AUTO_STRUCT_FREE(stir_crl)
static void bytes_free(unsigned char *p)
{
    free(p);
}
typedef unsigned char bytes;
STIR_AUTO_FREE(bytes, bytes_free)

#define ID_CE "\x55\x1d"

static enum stir_err refuse(struct stir_diag *diag, const char *why)
{
    return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s", why);
}

static enum stir_err mismatch(struct stir_diag *diag, const char *why)
{
    return stir_diag_set(diag, STIR_EMISMATCH, SIZE_MAX, "%s", why);
}

/* ---- What may be asked for ---- */

static enum stir_err check_issuer(const struct stir_cert *issuer, const struct stir_key *signing_key, struct stir_diag *diag)
{
    const struct stir_cert_info *info = stir_cert_info(issuer);
    struct stir_key *key = stir_cert_key(issuer);
    if (!key || !stir_key_same_public(key, signing_key))
        return mismatch(diag, "the signer's key is not the key of the list's issuer");
    if (info->key_usage != STIR_PART_GOOD || !(info->key_usage_bits & STIR_KU_CRL_SIGN)) /*= RFC5280-4.2.1.3 */
        return mismatch(diag, "the list's issuer may not sign lists: its keyUsage lacks cRLSign");
    if (info->ski != STIR_PART_GOOD || !info->ski_id.n)
        return mismatch(diag, "the list's issuer has no subjectKeyIdentifier to refer to");
    return STIR_OK;
}

static enum stir_err check_params(const struct stir_crl_params *p, const struct stir_key *signing_key, struct stir_diag *diag)
{
    if (!p->issuer || (p->n && !p->revoked))
        return STIR_EARG;
    TRY(check_issuer(p->issuer, signing_key, diag));
    if (p->next_update <= p->this_update)
        return refuse(diag, "nextUpdate is not later than thisUpdate");
    if (p->idp_url.p)
        TRY(stir_cert_check_url(p->idp_url, "idp_url", diag));
    if (p->ca_issuers_url.p)
        TRY(stir_cert_check_url(p->ca_issuers_url, "ca_issuers_url", diag));
    if (p->n > STIR_MAX_REVOKED)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "the list has %zu entries; %d are read", p->n, STIR_MAX_REVOKED);
    return STIR_OK;
}

/* 7 is not used, and 8 takes back, which complete lists do not. */
static bool is_reason(int reason)
{
    return reason >= 0 && reason <= 10 && reason != 7 && reason != 8;
}

static enum stir_err check_entry(const struct stir_crl_revocation *r, size_t i, struct stir_diag *diag)
{
    if (!r->serial.n || r->serial.n > SERIAL_MAX)
        return stir_diag_set(diag, STIR_EVALUE, i, "revocation %zu has no serial number, or one of more than %d bytes", i, SERIAL_MAX);
    if (!is_reason(r->reason))
        return stir_diag_set(diag, STIR_EVALUE, i, "revocation %zu has the reason %d, which no list gives", i, r->reason);
    if (r->issuer_der.p && (r->issuer_der.n > NAME_MAX || stir_der_only(r->issuer_der, STIR_DER_SEQUENCE, NULL) != STIR_OK))
        return stir_diag_set(diag, STIR_EVALUE, i, "the issuer of revocation %zu is no DER Name", i);
    return STIR_OK;
}

/* ---- Entries ---- */

/* Without the bytes that a sloppy writer put before the number. */
static struct stir_slice minimal(struct stir_slice serial)
{
    while (serial.n > 1 && !stir_der_integer_ok(serial))
        serial = stir_slice_from(serial, 1);
    return serial;
}

static void put_reason(struct stir_writer *w, int reason)
{
    const unsigned char value[] = {0x0a, 1, (unsigned char)reason};
    if (reason)
        stir_extension_put(w, STIR_OID(ID_CE "\x15"), false, stir_slice_of(value, sizeof(value)));
}

/* Name is a CHOICE, so directoryName is EXPLICIT. */
/*= RFC5280-5.3.3 */
static void put_certificate_issuer(struct stir_writer *w, struct stir_slice name)
{
    size_t ext = stir_der_open(w, STIR_DER_SEQUENCE);
    stir_der_put(w, STIR_DER_OID, STIR_OID(ID_CE "\x1d"));
    stir_der_put(w, STIR_DER_BOOLEAN, stir_slice_of("\xff", 1));
    size_t value = stir_der_open(w, STIR_DER_OCTET_STRING), names = stir_der_open(w, STIR_DER_SEQUENCE);
    stir_der_put(w, STIR_DER_CONSTRUCTED(4), name);
    stir_der_close(w, names);
    stir_der_close(w, value);
    stir_der_close(w, ext);
}

/* `in_force`: the issuer that this entry has when it names none. */
static enum stir_err put_entry(struct stir_writer *w, const struct stir_crl_revocation *r, struct stir_slice issuer, struct stir_slice in_force)
{
    bool other = !stir_slice_eq(issuer, in_force);
    size_t entry = stir_der_open(w, STIR_DER_SEQUENCE);
    stir_der_put(w, STIR_DER_INTEGER, minimal(r->serial));
    TRY(stir_der_put_time(w, r->revoked_at));
    if (r->reason || other) {
        size_t extensions = stir_der_open(w, STIR_DER_SEQUENCE);
        put_reason(w, r->reason);
        if (other)
            put_certificate_issuer(w, issuer);
        stir_der_close(w, extensions);
    }
    stir_der_close(w, entry);
    return STIR_OK;
}

/* No entries, no list of them (RFC 5280 §5.1.2.6). */
static enum stir_err put_entries(struct stir_writer *w, const struct stir_crl_params *p, struct stir_diag *diag)
{
    struct stir_slice own = stir_cert_info(p->issuer)->subject_der, in_force = own;
    if (!p->n)
        return STIR_OK;
    size_t list = stir_der_open(w, STIR_DER_SEQUENCE);
    for (size_t i = 0; i < p->n; i++) {
        TRY(check_entry(&p->revoked[i], i, diag));
        struct stir_slice issuer = p->revoked[i].issuer_der.p ? p->revoked[i].issuer_der : own;
        if (!p->idp_url.p && !stir_slice_eq(issuer, own))
            return stir_diag_set(diag, STIR_EVALUE, i, "revocation %zu is of another issuer: only an indirect list (idp_url) speaks of those", i);
        if (put_entry(w, &p->revoked[i], issuer, in_force) != STIR_OK)
            return stir_diag_set(diag, STIR_EVALUE, i, "the date of revocation %zu is not within the years 1950 to 9999", i);
        in_force = issuer;
    }
    stir_der_close(w, list);
    return STIR_OK;
}

/* ---- Extensions of the list ---- */

static void put_authority_key(struct stir_writer *w, struct stir_slice key_id)
{
    unsigned char value[NAME_MAX];
    struct stir_writer v = stir_writer_of(value, sizeof(value));
    size_t sequence = stir_der_open(&v, STIR_DER_SEQUENCE);
    stir_der_put(&v, STIR_DER_PRIMITIVE(0), key_id);
    stir_der_close(&v, sequence);
    stir_extension_put(w, STIR_OID(ID_CE "\x23"), false, stir_slice_of(value, v.need));
}

static void put_number(struct stir_writer *w, uint64_t number)
{
    unsigned char value[2 + 9] = {STIR_DER_INTEGER};
    size_t n = 1;
    for (uint64_t rest = number >> 7; rest; rest >>= 8)
        n++; /* one more bit than the number has: it is positive */
    value[1] = (unsigned char)n;
    for (size_t i = 0; i < n; i++)
        value[2 + i] = (unsigned char)(n - 1 - i < 8 ? number >> 8 * (n - 1 - i) : 0);
    stir_extension_put(w, STIR_OID(ID_CE "\x14"), false, stir_slice_of(value, 2 + n));
}

/* Every certificate, every reason; and entries of other issuers. */
/*= RFC5280-5.2.5 */
static void put_issuing_point(struct stir_writer *w, struct stir_slice url)
{
    unsigned char value[STIR_MAX_URL + 64];
    struct stir_writer v = stir_writer_of(value, sizeof(value));
    size_t sequence = stir_der_open(&v, STIR_DER_SEQUENCE), point = stir_der_open(&v, STIR_DER_CONSTRUCTED(0));
    size_t full_name = stir_der_open(&v, STIR_DER_CONSTRUCTED(0));
    stir_der_put(&v, STIR_DER_PRIMITIVE(6), url);
    stir_der_close(&v, full_name);
    stir_der_close(&v, point);
    stir_der_put(&v, STIR_DER_PRIMITIVE(4), stir_slice_of("\xff", 1));
    stir_der_close(&v, sequence);
    stir_extension_put(w, STIR_OID(ID_CE "\x1c"), true, stir_slice_of(value, v.need));
}

static void put_authority_info(struct stir_writer *w, struct stir_slice url)
{
    unsigned char value[STIR_MAX_URL + 64];
    struct stir_writer v = stir_writer_of(value, sizeof(value));
    size_t sequence = stir_der_open(&v, STIR_DER_SEQUENCE), access = stir_der_open(&v, STIR_DER_SEQUENCE);
    stir_der_put(&v, STIR_DER_OID, STIR_OID_CA_ISSUERS);
    stir_der_put(&v, STIR_DER_PRIMITIVE(6), url);
    stir_der_close(&v, access);
    stir_der_close(&v, sequence);
    stir_extension_put(w, STIR_OID("\x2b\x06\x01\x05\x05\x07\x01\x01"), false, stir_slice_of(value, v.need));
}

/*= RFC5280-5.2.1 RFC5280-5.2.3 */
static void put_extensions(struct stir_writer *w, const struct stir_crl_params *p)
{
    size_t wrapped = stir_der_open(w, STIR_DER_CONSTRUCTED(0)), list = stir_der_open(w, STIR_DER_SEQUENCE);
    put_authority_key(w, stir_cert_info(p->issuer)->ski_id);
    put_number(w, p->number);
    if (p->idp_url.p)
        put_issuing_point(w, p->idp_url);
    if (p->ca_issuers_url.p)
        put_authority_info(w, p->ca_issuers_url);
    stir_der_close(w, list);
    stir_der_close(w, wrapped);
}

/* ---- TBSCertList ---- */

static enum stir_err put_tbs(struct stir_writer *w, const struct stir_crl_params *p, struct stir_diag *diag)
{
    size_t tbs = stir_der_open(w, STIR_DER_SEQUENCE);
    stir_der_put(w, STIR_DER_INTEGER, stir_slice_of("\x01", 1)); /* version 2 */
    size_t algorithm = stir_der_open(w, STIR_DER_SEQUENCE);
    stir_der_put(w, STIR_DER_OID, STIR_OID("\x2a\x86\x48\xce\x3d\x04\x03\x02")); /* ecdsa-with-SHA256, parameters absent */
    stir_der_close(w, algorithm);
    stir_put_slice(w, stir_cert_info(p->issuer)->subject_der);
    if (stir_der_put_time(w, p->this_update) != STIR_OK || stir_der_put_time(w, p->next_update) != STIR_OK)
        return refuse(diag, "thisUpdate or nextUpdate is not within the years 1950 to 9999");
    TRY(put_entries(w, p, diag));
    put_extensions(w, p);
    stir_der_close(w, tbs);
    return STIR_OK;
}

static enum stir_err make(struct stir_crl **out, const struct stir_crl_params *p, const struct stir_signer *signer, struct stir_diag *diag)
{
    struct stir_writer count = stir_writer_of(NULL, 0);
    size_t whole = 0;
    TRY(put_tbs(&count, p, diag));
    if (count.need > STIR_MAX_CRL - SIGNATURE_ROOM)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "a list of %zu entries has %zu bytes; %u are read", p->n, count.need, STIR_MAX_CRL);
    STIR_AUTO(bytes) *tbs = malloc(count.need), *der = malloc(count.need + SIGNATURE_ROOM);
    if (!tbs || !der)
        return STIR_ENOMEM;
    struct stir_writer w = stir_writer_of(tbs, count.need);
    TRY(put_tbs(&w, p, diag));
    TRY(stir_signed_make(der, count.need + SIGNATURE_ROOM, &whole, stir_slice_of(tbs, w.need), signer, diag));
    return stir_crl_parse(out, stir_slice_of(der, whole), diag);
}

enum stir_err stir_crl_make(struct stir_crl **out, const struct stir_crl_params *params, const struct stir_signer *signer, struct stir_diag *diag)
{
    STIR_OSSL_QUIET;
    STIR_AUTO_STRUCT(stir_crl) *crl = NULL;
    if (!out || !params || params->size != sizeof(*params))
        return STIR_EARG;
    TRY(stir_signer_check(signer));
    TRY(check_params(params, signer->key, diag));
    TRY(make(&crl, params, signer, diag));
    enum stir_err err = stir_crl_signed_by(crl, params->issuer);
    if (err == STIR_ESIG)
        return mismatch(diag, "the signature that the signer made does not verify under its public key");
    TRY(err);
    *out = STIR_MOVE(crl);
    return STIR_OK;
}

enum stir_err stir_crl_write_pem(char *buf, size_t cap, size_t *len, const struct stir_crl *crl)
{
    if ((!buf && cap) || !len || !crl)
        return STIR_EARG;
    struct stir_writer w = stir_writer_of(buf, cap);
    stir_put_pem(&w, "X509 CRL", crl->info.der);
    return stir_writer_close(&w, len);
}
