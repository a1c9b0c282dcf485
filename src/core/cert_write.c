/* Certificates to the SHAKEN profile: ATIS-1000080 v005 6.4.1, US certificate policy 1.4. */
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>

#include "core/cert_write.h"
#include "core/time.h"

enum {
    SERIAL_BYTES = 16,  /* 126 random bits; the profile wants 64 */
    KEY_ID = 20,        /* SHA-1 (RFC 5280 §4.2.1.2 (1)) */
    SIGNATURE_ROOM = 96 /* what stands around the part that is signed */
};

STIR_AUTO_STRUCT_FREE(stir_cert)
static void bytes_free(unsigned char *p)
{
    free(p);
}
typedef unsigned char bytes;
STIR_AUTO_FREE(bytes, bytes_free)

static const unsigned char oid_basic_constraints[] = {0x55, 0x1d, 0x13}, oid_key_usage[] = {0x55, 0x1d, 0x0f}, oid_subject_key[] = {0x55, 0x1d, 0x0e},
                           oid_authority_key[] = {0x55, 0x1d, 0x23}, oid_crl_points[] = {0x55, 0x1d, 0x1f}, oid_policies[] = {0x55, 0x1d, 0x20},
                           oid_tnauth[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x1a},
                           oid_constraints[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x1b},
                           oid_enhanced[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x21}, ecdsa_sha256[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
#define SLICE(array) stir_slice_of(array, sizeof(array))

static enum stir_err refuse(struct stir_diag *diag, const char *why)
{
    return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s", why);
}

static enum stir_err mismatch(struct stir_diag *diag, const char *why)
{
    return stir_diag_set(diag, STIR_EMISMATCH, SIZE_MAX, "%s", why);
}

/* --- extensions --- */

void stir_extension_put(struct stir_writer *w, struct stir_slice oid, bool critical, struct stir_slice value)
{
    size_t ext = stir_der_open(w, STIR_DER_SEQUENCE);
    stir_der_put(w, STIR_DER_OID, oid);
    if (critical)
        stir_der_put(w, STIR_DER_BOOLEAN, stir_slice_of("\xff", 1));
    stir_der_put(w, STIR_DER_OCTET_STRING, value);
    stir_der_close(w, ext);
}

/* For a value that is written in place: close first `value`, then `ext`. */
struct opened {
    size_t ext, value;
};
static struct opened open_extension(struct stir_writer *w, struct stir_slice oid)
{
    struct opened at;
    at.ext = stir_der_open(w, STIR_DER_SEQUENCE);
    stir_der_put(w, STIR_DER_OID, oid);
    at.value = stir_der_open(w, STIR_DER_OCTET_STRING);
    return at;
}
static void close_extension(struct stir_writer *w, struct opened at)
{
    stir_der_close(w, at.value);
    stir_der_close(w, at.ext);
}

/* A root leaves the length of its paths open. */
static void put_basic_constraints(struct stir_writer *w, const struct stir_cert_plan *plan)
{
    const unsigned char ca[] = {0x30, 3, 0x01, 1, 0xff}, limited[] = {0x30, 6, 0x01, 1, 0xff, 0x02, 1, (unsigned char)plan->p.path_len},
                        end_entity[] = {0x30, 0};
    bool open = plan->p.role == STIR_CERT_ROOT || plan->p.path_len < 0;
    stir_extension_put(w, SLICE(oid_basic_constraints), true, !plan->traits->is_ca ? SLICE(end_entity) : open ? SLICE(ca) : SLICE(limited));
}

static void put_key_usage(struct stir_writer *w, enum stir_key_usage usage)
{
    static const unsigned char cert_sign[] = {0x03, 2, 2, 0x04}, digital_signature[] = {0x03, 2, 7, 0x80}, crl_sign[] = {0x03, 2, 1, 0x02};
    struct stir_slice value = usage == STIR_KU_KEY_CERT_SIGN ? SLICE(cert_sign) : usage == STIR_KU_CRL_SIGN ? SLICE(crl_sign) : SLICE(digital_signature);
    stir_extension_put(w, SLICE(oid_key_usage), true, value);
}

/* SHA-1 of the bits of subjectPublicKey (RFC 5280 §4.2.1.2 (1)). A name, not a proof. */
static enum stir_err key_id(unsigned char id[KEY_ID], const struct stir_key *key)
{
    struct stir_slice content, bits;
    TRY(stir_der_only(stir_key_spki(key), STIR_DER_SEQUENCE, &content));
    struct stir_reader r = stir_reader_of(content);
    TRY(stir_der_get(&r, STIR_DER_SEQUENCE, NULL, NULL));
    TRY(stir_der_get(&r, STIR_DER_BIT_STRING, &bits, NULL));
    if (bits.n < 2)
        return STIR_EDER;
    return EVP_Q_digest(NULL, "SHA1", NULL, bits.p + 1, bits.n - 1, id, NULL) == 1 ? STIR_OK : STIR_ECRYPTO;
}

static enum stir_err put_key_ids(struct stir_writer *w, const struct stir_cert_plan *plan)
{
    unsigned char id[KEY_ID];
    TRY(key_id(id, plan->key));
    struct opened at = open_extension(w, SLICE(oid_subject_key));
    stir_der_put(w, STIR_DER_OCTET_STRING, SLICE(id));
    close_extension(w, at);
    if (!plan->issuer)
        return STIR_OK;
    at = open_extension(w, SLICE(oid_authority_key));
    size_t aki = stir_der_open(w, STIR_DER_SEQUENCE);
    stir_der_put(w, STIR_DER_PRIMITIVE(0), plan->issuer->ski_id);
    stir_der_close(w, aki);
    close_extension(w, at);
    return STIR_OK;
}

/* One DistributionPoint with the URL of the CRL and the name of who signs it: an indirect CRL (ATIS-1000080 6.4.1). */
static enum stir_err put_crl_point(struct stir_writer *w, const struct stir_cert_params *p, struct stir_diag *diag)
{
    if (!p->crl_url.p)
        return STIR_OK;
    struct opened at = open_extension(w, SLICE(oid_crl_points));
    size_t points = stir_der_open(w, STIR_DER_SEQUENCE), point = stir_der_open(w, STIR_DER_SEQUENCE);
    size_t name = stir_der_open(w, STIR_DER_CONSTRUCTED(0)), full_name = stir_der_open(w, STIR_DER_CONSTRUCTED(0));
    stir_der_put(w, STIR_DER_PRIMITIVE(6), p->crl_url);
    stir_der_close(w, full_name);
    stir_der_close(w, name);
    if (p->crl_issuer.p) {
        size_t issuer = stir_der_open(w, STIR_DER_CONSTRUCTED(2)), directory = stir_der_open(w, STIR_DER_CONSTRUCTED(4));
        TRY(stir_name_put_text(w, p->crl_issuer, "crl_issuer", diag));
        stir_der_close(w, directory);
        stir_der_close(w, issuer);
    }
    stir_der_close(w, point);
    stir_der_close(w, points);
    close_extension(w, at);
    return STIR_OK;
}

static enum stir_err put_policy(struct stir_writer *w, struct stir_slice policy, struct stir_diag *diag)
{
    if (!policy.p)
        return STIR_OK;
    struct opened at = open_extension(w, SLICE(oid_policies));
    size_t policies = stir_der_open(w, STIR_DER_SEQUENCE), information = stir_der_open(w, STIR_DER_SEQUENCE), oid = stir_der_open(w, STIR_DER_OID);
    if (stir_oid_put(w, policy) != STIR_OK)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "policy \"%.*s\" is no dotted object identifier", STIR_SHOW(policy));
    stir_der_close(w, oid);
    stir_der_close(w, information);
    stir_der_close(w, policies);
    close_extension(w, at);
    return STIR_OK;
}

static enum stir_err put_extensions(struct stir_writer *w, const struct stir_cert_plan *plan, struct stir_diag *diag)
{
    size_t wrapped = stir_der_open(w, STIR_DER_CONSTRUCTED(3)), list = stir_der_open(w, STIR_DER_SEQUENCE);
    put_basic_constraints(w, plan);
    put_key_usage(w, plan->traits->usage);
    TRY(put_key_ids(w, plan));
    TRY(put_crl_point(w, &plan->p, diag));
    TRY(put_policy(w, plan->p.policy, diag));
    if (plan->p.tnauth)
        stir_extension_put(w, SLICE(oid_tnauth), false, stir_tnauth_der(plan->p.tnauth));
    TRY(stir_cert_put_constraints(w, plan->p.constraints, diag));
    stir_der_close(w, list);
    stir_der_close(w, wrapped);
    return STIR_OK;
}

/*= RFC9118-6 */
enum stir_err stir_cert_put_constraints(struct stir_writer *w, const struct stir_cert_constraints *constraints, struct stir_diag *diag)
{
    if (!stir_constraints_wanted(constraints))
        return STIR_OK;
    struct opened at = open_extension(w, stir_constraints_enhanced(constraints) ? SLICE(oid_enhanced) : SLICE(oid_constraints));
    TRY(stir_constraints_put(w, constraints, diag));
    close_extension(w, at);
    return STIR_OK;
}

/* --- TBSCertificate --- */

static enum stir_err put_serial(struct stir_writer *w, struct stir_slice given)
{
    unsigned char serial[SERIAL_BYTES];
    if (!given.p) {
        if (RAND_bytes(serial, sizeof(serial)) != 1)
            return STIR_ECRYPTO;
        serial[0] = (serial[0] & 0x3f) | 0x40; /* positive, and always as long */
        given = SLICE(serial);
    }
    stir_der_put(w, STIR_DER_INTEGER, given);
    return STIR_OK;
}

static void put_algorithm(struct stir_writer *w)
{
    size_t at = stir_der_open(w, STIR_DER_SEQUENCE);
    stir_der_put(w, STIR_DER_OID, SLICE(ecdsa_sha256)); /* parameters absent (RFC 5758 §3.2) */
    stir_der_close(w, at);
}

static enum stir_err put_validity(struct stir_writer *w, const struct stir_cert_params *p)
{
    size_t at = stir_der_open(w, STIR_DER_SEQUENCE);
    TRY(stir_der_put_time(w, p->not_before));
    TRY(stir_der_put_time(w, p->not_after));
    stir_der_close(w, at);
    return STIR_OK;
}

enum stir_err stir_cert_put_subject(struct stir_writer *w, const struct stir_cert_params *params, struct stir_diag *diag)
{
    const struct stir_name_parts name = {.cn = params->cn, .o = params->o, .c = params->c, .serial_number = params->serial_number};
    if (!name.cn.p)
        return refuse(diag, "subject: CN is missing");
    return stir_name_put(w, &name, diag);
}

/* Issuer and subject alike would make a certificate that names itself as its issuer and is not signed by itself: paths go round in circles there. */
static enum stir_err put_names(struct stir_writer *w, const struct stir_cert_plan *plan, struct stir_diag *diag)
{
    if (plan->issuer)
        stir_put_slice(w, plan->issuer->subject_der);
    else
        TRY(stir_cert_put_subject(w, &plan->p, diag));
    TRY(put_validity(w, &plan->p));
    size_t from = w->need;
    TRY(stir_cert_put_subject(w, &plan->p, diag));
    if (plan->issuer && w->need <= w->cap && stir_slice_eq(stir_slice_of(w->p + from, w->need - from), plan->issuer->subject_der))
        return refuse(diag, "the subject is the name of the issuer: give it another CN");
    return STIR_OK;
}

static enum stir_err put_tbs(struct stir_writer *w, const struct stir_cert_plan *plan, struct stir_diag *diag)
{
    size_t tbs = stir_der_open(w, STIR_DER_SEQUENCE), version = stir_der_open(w, STIR_DER_CONSTRUCTED(0));
    stir_der_put(w, STIR_DER_INTEGER, stir_slice_of("\x02", 1));
    stir_der_close(w, version);
    TRY(put_serial(w, plan->p.serial));
    put_algorithm(w);
    TRY(put_names(w, plan, diag));
    stir_put_slice(w, stir_key_spki(plan->key));
    TRY(put_extensions(w, plan, diag));
    stir_der_close(w, tbs);
    return STIR_OK;
}

enum stir_err stir_cert_prepare(unsigned char *tbs, size_t cap, size_t *len, const struct stir_cert_params *params, struct stir_key *signing_key,
                                struct stir_diag *diag)
{
    STIR_OSSL_QUIET;
    struct stir_cert_plan plan;
    if ((!tbs && cap) || !len || !params || !signing_key)
        return STIR_EARG;
    TRY(stir_cert_plan_make(&plan, params, signing_key, diag));
    struct stir_writer w = stir_writer_of(tbs, cap);
    TRY(put_tbs(&w, &plan, diag));
    enum stir_err err = stir_writer_end(&w, len);
    if (w.need > STIR_MAX_CERT - SIGNATURE_ROOM)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "a certificate of %zu bytes is longer than the %d that are read: split its TNAuthList", w.need,
                             STIR_MAX_CERT);
    return err;
}

/* --- signed --- */

enum stir_err stir_signer_check(const struct stir_signer *signer)
{
    return signer && signer->size >= sizeof(*signer) && signer->sign && signer->key ? STIR_OK : STIR_EARG;
}

enum stir_err stir_signed_make(unsigned char *buf, size_t cap, size_t *len, struct stir_slice tbs, const struct stir_signer *signer, struct stir_diag *diag)
{
    unsigned char digest[STIR_SHA256], sig[STIR_ES256_SIG];
    if (EVP_Q_digest(NULL, "SHA2-256", NULL, tbs.p, tbs.n, digest, NULL) != 1)
        return STIR_ECRYPTO;
    enum stir_err err = signer->sign(signer->arg, digest, sig);
    if (err != STIR_OK)
        return stir_diag_set(diag, err, SIZE_MAX, "the signer could not sign: %s", stir_err_text(err));
    return stir_signed_assemble(buf, cap, len, tbs, sig);
}

enum stir_err stir_cert_make(struct stir_cert **out, const struct stir_cert_params *params, const struct stir_signer *signer, struct stir_diag *diag)
{
    STIR_OSSL_QUIET;
    size_t n = 0, whole = 0;
    if (!out || !params)
        return STIR_EARG;
    TRY(stir_signer_check(signer));
    STIR_AUTO(bytes) *tbs = malloc(STIR_MAX_CERT), *der = malloc(STIR_MAX_CERT);
    if (!tbs || !der)
        return STIR_ENOMEM;
    TRY(stir_cert_prepare(tbs, STIR_MAX_CERT, &n, params, signer->key, diag));
    TRY(stir_signed_make(der, STIR_MAX_CERT, &whole, stir_slice_of(tbs, n), signer, diag));
    STIR_AUTO_STRUCT(stir_cert) *cert = NULL;
    TRY(stir_cert_parse(&cert, stir_slice_of(der, whole), diag));
    /* A device that signs with another key than it names, or miscalculates, is found here and not by the verifiers of every call. */
    struct stir_cert_params taken;
    TRY(stir_cert_params_take(&taken, params));
    enum stir_err err = stir_cert_signed_by(cert, taken.issuer ? taken.issuer : cert);
    if (err == STIR_ESIG)
        return mismatch(diag, "the signature that the signer made does not verify under its public key");
    TRY(err);
    *out = STIR_MOVE(cert);
    return STIR_OK;
}
