#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/cert.h"
#include "core/key.h"

STIR_AUTO_FREE(X509, X509_free)
STIR_AUTO_STRUCT_FREE(stir_cert)

/* ARENA: bytes of names and extensions of one certificate; real ones take some hundred, and STIR_MAX_CERT of DER far less than this. TNAUTH_FACTOR: what a
 * TNAuthList takes at most, by its DER. */
enum { ARENA = 8 * STIR_MAX_CERT, TNAUTH_FACTOR = 12 };

struct stir_cert {
    atomic_uint owners;
    struct stir_cert_info info;
    struct stir_cert_owned owned;
    struct stir_arena arena;
    unsigned char *der;
    char *issuer, *subject, *serial_hex;
    struct stir_key *key;
    struct stir_slice tbs, algorithm, signature; /* as received, in der */
};

static enum stir_err bad(const struct stir_cert *cert, const struct stir_reader *r, struct stir_diag *diag, const char *what)
{
    return stir_diag_set(diag, STIR_EDER, (size_t)(r->p - cert->der), "the certificate cannot be read: %s is not as X.509 has it", what);
}

/* [0] EXPLICIT INTEGER, absent for version 1; 0 written out is borne. */
static enum stir_err read_version(struct stir_reader *tbs, int *version)
{
    struct stir_slice wrapped, content;
    *version = 1;
    if (stir_der_peek(tbs) != STIR_DER_CONSTRUCTED(0))
        return STIR_OK;
    TRY(stir_der_get(tbs, STIR_DER_CONSTRUCTED(0), &wrapped, NULL));
    TRY(stir_der_only(wrapped, STIR_DER_INTEGER, &content));
    if (content.n != 1 || content.p[0] < 0 || content.p[0] > 2)
        return STIR_EDER;
    *version = content.p[0] + 1;
    return STIR_OK;
}

static enum stir_err read_serial(struct stir_reader *tbs, struct stir_cert_info *info)
{
    TRY(stir_der_get(tbs, STIR_DER_INTEGER, &info->serial, NULL));
    if (!stir_der_integer_ok(info->serial))
        return STIR_EDER;
    info->serial_negative = (unsigned char)info->serial.p[0] >= 0x80;
    return STIR_OK;
}

static enum stir_err read_validity(struct stir_reader *tbs, struct stir_cert_info *info)
{
    struct stir_slice content;
    TRY(stir_der_get(tbs, STIR_DER_SEQUENCE, &content, NULL));
    struct stir_reader r = stir_reader_of(content);
    TRY(stir_der_time(&r, &info->not_before));
    TRY(stir_der_time(&r, &info->not_after));
    return stir_reader_left(&r) ? STIR_EDER : STIR_OK;
}

static enum stir_err read_names(struct stir_cert *cert)
{
    struct stir_cert_info *info = &cert->info;
    struct stir_name_parts parts;
    TRY(stir_name_read(&parts, info->issuer_der, &cert->arena));
    info->issuer_cn = parts.cn;
    info->issuer_o = parts.o;
    info->issuer_c = parts.c;
    TRY(stir_name_read(&parts, info->subject_der, &cert->arena));
    info->cn = parts.cn;
    info->o = parts.o;
    info->c = parts.c;
    info->serial_number = parts.serial_number;
    info->n_cn = parts.n_cn;
    info->n_o = parts.n_o;
    info->n_c = parts.n_c;
    info->n_serial_number = parts.n_serial_number;
    info->n_rdn = parts.n_all;
    info->self_issued = stir_slice_eq(info->issuer_der, info->subject_der);
    info->issuer = cert->issuer = stir_name_text(info->issuer_der);
    info->subject = cert->subject = stir_name_text(info->subject_der);
    return cert->issuer && cert->subject ? STIR_OK : STIR_ENOMEM;
}

/* issuerUniqueID, subjectUniqueID, extensions: each optional. Extensions are read in any version; a version that may not have them is lint's matter. */
static enum stir_err read_rest(struct stir_cert *cert, struct stir_reader *tbs)
{
    struct stir_slice wrapped, content;
    for (unsigned char id = 1; id <= 2; id++)
        if (stir_der_peek(tbs) == STIR_DER_PRIMITIVE(id))
            TRY(stir_der_get(tbs, STIR_DER_PRIMITIVE(id), NULL, NULL));
    if (stir_der_peek(tbs) == STIR_DER_CONSTRUCTED(3)) {
        TRY(stir_der_get(tbs, STIR_DER_CONSTRUCTED(3), &wrapped, NULL));
        TRY(stir_der_only(wrapped, STIR_DER_SEQUENCE, &content));
        TRY(stir_cert_extensions(&cert->info, &cert->owned, content, &cert->arena));
    }
    return stir_reader_left(tbs) ? STIR_EDER : STIR_OK;
}

/* Say which part it was, for errors that are the certificate's; STIR_ENOMEM and STIR_ELIMIT pass. */
static enum stir_err part(const struct stir_cert *cert, const struct stir_reader *r, struct stir_diag *diag, enum stir_err err, const char *what)
{
    if (err == STIR_ELIMIT)
        return stir_diag_set(diag, err, (size_t)(r->p - cert->der), "the certificate has more than %d extensions", STIR_MAX_EXTENSIONS);
    return err == STIR_EDER ? bad(cert, r, diag, what) : err;
}

static enum stir_err read_tbs(struct stir_cert *cert, struct stir_reader *r, struct stir_slice *inner_algorithm, struct stir_diag *diag)
{
    struct stir_cert_info *info = &cert->info;
    TRY(part(cert, r, diag, read_version(r, &info->version), "version"));
    TRY(part(cert, r, diag, read_serial(r, info), "serialNumber"));
    TRY(part(cert, r, diag, stir_der_get(r, STIR_DER_SEQUENCE, NULL, inner_algorithm), "signature"));
    TRY(part(cert, r, diag, stir_der_get(r, STIR_DER_SEQUENCE, NULL, &info->issuer_der), "issuer"));
    TRY(part(cert, r, diag, read_validity(r, info), "validity"));
    TRY(part(cert, r, diag, stir_der_get(r, STIR_DER_SEQUENCE, NULL, &info->subject_der), "subject"));
    TRY(part(cert, r, diag, stir_der_get(r, STIR_DER_SEQUENCE, NULL, &info->spki), "subjectPublicKeyInfo"));
    TRY(part(cert, r, diag, read_names(cert), "the name of issuer or subject"));
    TRY(part(cert, r, diag, stir_spki_read(&info->key, &info->key_bits, &cert->key, info->spki), "subjectPublicKeyInfo"));
    return part(cert, r, diag, read_rest(cert, r), "the list of extensions");
}

/* Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue } */
static enum stir_err read_certificate(struct stir_cert *cert, struct stir_diag *diag)
{
    struct stir_slice content, tbs, inner_algorithm = {NULL, 0};
    struct stir_reader r = stir_reader_of(cert->info.der), in = r;
    TRY(part(cert, &in, diag, stir_der_get(&r, STIR_DER_SEQUENCE, &content, NULL), "the outer SEQUENCE"));
    if (stir_reader_left(&r))
        return stir_diag_set(diag, STIR_EDER, (size_t)(r.p - cert->der), "%zu bytes stand behind the certificate", stir_reader_left(&r));
    r = stir_reader_of(content);
    TRY(part(cert, &r, diag, stir_der_get(&r, STIR_DER_SEQUENCE, &tbs, &cert->tbs), "tbsCertificate"));
    TRY(part(cert, &r, diag, stir_der_get(&r, STIR_DER_SEQUENCE, NULL, &cert->algorithm), "signatureAlgorithm"));
    TRY(part(cert, &r, diag, stir_der_get(&r, STIR_DER_BIT_STRING, &cert->signature, NULL), "signatureValue"));
    if (stir_reader_left(&r) || cert->signature.n == 0 || cert->signature.p[0] != 0)
        return bad(cert, &r, diag, "signatureValue");
    cert->signature = stir_slice_from(cert->signature, 1); /* without the count of unused bits, 0 */
    in = stir_reader_of(tbs);
    TRY(read_tbs(cert, &in, &inner_algorithm, diag));
    cert->info.sig = stir_signature_kind(cert->algorithm);
    cert->info.sig_mismatch = !stir_slice_eq(cert->algorithm, inner_algorithm);
    return STIR_OK;
}

/* What OpenSSL cannot read, nobody else will: no certificate for us either. */
static enum stir_err ask_openssl(const struct stir_cert *cert, struct stir_diag *diag)
{
    const unsigned char *p = cert->der;
    STIR_AUTO(X509) *x509 = d2i_X509(NULL, &p, (long)cert->info.der.n);
    if (!x509 || p != cert->der + cert->info.der.n)
        return stir_diag_set(diag, STIR_EDER, SIZE_MAX, "the certificate cannot be read: OpenSSL takes it for none");
    return STIR_OK;
}

/* Two's complement to a sign and the hex of its magnitude. */
static enum stir_err write_serial_hex(struct stir_cert *cert)
{
    static const char hex[] = "0123456789ABCDEF";
    const unsigned char *p = (const unsigned char *)cert->info.serial.p;
    size_t n = cert->info.serial.n, at = 0;
    bool negative = cert->info.serial_negative;
    unsigned carry = negative;
    char *text = malloc(2 * n + 2);
    if (!text)
        return STIR_ENOMEM;
    text[at++] = '-';
    for (size_t i = n; i-- > 0;) {
        unsigned byte = negative ? (0xffu & ~(unsigned)p[i]) + carry : p[i];
        carry = carry && byte > 0xff;
        text[at + 2 * i] = hex[byte >> 4 & 15];
        text[at + 2 * i + 1] = hex[byte & 15];
    }
    text[at + 2 * n] = '\0';
    size_t skip = n > 1 && text[1] == '0' && text[2] == '0' ? 2 : 0; /* the sign byte */
    memmove(text + negative, text + at + skip, 2 * n - skip + 1);
    cert->info.serial_hex = cert->serial_hex = text;
    return STIR_OK;
}

static enum stir_err fingerprint(struct stir_cert_info *info)
{
    return EVP_Q_digest(NULL, "SHA2-256", NULL, info->der.p, info->der.n, info->sha256, NULL) == 1 ? STIR_OK : STIR_ECRYPTO;
}

enum stir_err stir_cert_parse(struct stir_cert **out, struct stir_slice der, struct stir_diag *diag)
{
    STIR_OSSL_QUIET;
    if (!out || !der.p)
        return STIR_EARG;
    if (der.n > STIR_MAX_CERT)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "a certificate of %zu bytes is too long; %d are read", der.n, STIR_MAX_CERT);
    STIR_AUTO_STRUCT(stir_cert) *cert = calloc(1, sizeof(*cert));
    if (!cert)
        return STIR_ENOMEM;
    atomic_init(&cert->owners, 1);
    cert->der = malloc(der.n + 1);
    if (!cert->der)
        return STIR_ENOMEM;
    memcpy(cert->der, der.p, der.n);
    cert->info.der = stir_slice_of(cert->der, der.n);
    cert->info.path_len = -1;
    cert->arena.limit = ARENA;
    TRY(read_certificate(cert, diag));
    TRY(ask_openssl(cert, diag));
    TRY(write_serial_hex(cert));
    TRY(fingerprint(&cert->info));
    *out = STIR_MOVE(cert);
    return STIR_OK;
}

struct stir_cert *stir_cert_ref(struct stir_cert *cert)
{
    if (cert)
        atomic_fetch_add_explicit(&cert->owners, 1, memory_order_relaxed);
    return cert;
}

void stir_cert_free(struct stir_cert *cert)
{
    STIR_OSSL_QUIET;
    if (!cert || atomic_fetch_sub_explicit(&cert->owners, 1, memory_order_acq_rel) != 1)
        return;
    stir_key_free(cert->key);
    stir_tnauth_free(cert->owned.tnauth);
    stir_constraints_free(cert->owned.constraints[0]);
    stir_constraints_free(cert->owned.constraints[1]);
    stir_arena_clear(&cert->arena);
    free(cert->issuer);
    free(cert->subject);
    free(cert->serial_hex);
    free(cert->der);
    free(cert);
}

size_t stir_cert_bytes(const struct stir_cert *cert)
{
    const struct stir_cert_info *info = &cert->info;
    size_t n = sizeof(*cert) + info->der.n + stir_arena_held(&cert->arena) + strlen(info->issuer) + strlen(info->subject) + strlen(info->serial_hex);
    n += cert->key ? STIR_KEY_BYTES : 0;
    return n + (info->tnauth_list ? TNAUTH_FACTOR * stir_tnauth_der(info->tnauth_list).n : 0);
}

const struct stir_cert_info *stir_cert_info(const struct stir_cert *cert)
{
    static const struct stir_cert_info nothing = {.issuer = "", .subject = "", .serial_hex = "00", .path_len = -1};
    return cert ? &cert->info : &nothing;
}

struct stir_key *stir_cert_key(const struct stir_cert *cert)
{
    return cert ? cert->key : NULL;
}

const struct stir_constraints *stir_cert_constraints(const struct stir_cert *cert, size_t i)
{
    const struct stir_constraints *first = cert->owned.constraints[0], *second = cert->owned.constraints[1];
    if (!first) {
        first = second;
        second = NULL;
    }
    return i == 0 ? first : i == 1 ? second : NULL;
}

/*= RFC5280-4.1.1.2 */
enum stir_err stir_cert_signed_by(const struct stir_cert *cert, const struct stir_cert *issuer)
{
    STIR_OSSL_QUIET;
    if (!cert || !issuer)
        return STIR_EARG;
    TRY(stir_signature_check(issuer->info.spki, cert->algorithm, cert->tbs, cert->signature));
    return cert->info.sig_mismatch ? STIR_ESIG : STIR_OK; /* the algorithm that is signed must be the one that was used */
}

enum stir_err stir_cert_write_pem(char *buf, size_t cap, size_t *len, const struct stir_cert *cert)
{
    if ((!buf && cap) || !len || !cert)
        return STIR_EARG;
    struct stir_writer w = stir_writer_of(buf, cap);
    stir_put_pem(&w, "CERTIFICATE", cert->info.der);
    return stir_writer_close(&w, len);
}

/* --- many --- */

static bool is_certificate(struct stir_slice label)
{
    return stir_slice_is(label, "CERTIFICATE") || stir_slice_is(label, "X509 CERTIFICATE") || stir_slice_is(label, "X.509 CERTIFICATE");
}

/* Two bytes tell: a certificate is longer than 127 bytes, and no text has such a byte behind a '0'. */
static bool looks_like_der(struct stir_slice text)
{
    return text.n > 1 && text.p[0] == STIR_DER_SEQUENCE && (unsigned char)text.p[1] >= 0x80;
}

static enum stir_err no_certificate(struct stir_slice text, struct stir_diag *diag)
{
    struct stir_slice s = stir_slice_trim(text);
    if (s.n == 0)
        return stir_diag_set(diag, STIR_EPEM, SIZE_MAX, "empty: no certificate in it");
    if (s.p[0] == '<')
        return stir_diag_set(diag, STIR_EPEM, 0, "no certificate: it looks like an HTML or XML page");
    return stir_diag_set(diag, STIR_EPEM, SIZE_MAX, "no certificate: no -----BEGIN CERTIFICATE----- in it, and it is not DER");
}

/* One block. A private key is told even when its body cannot be decoded: old encrypted ones have header lines. */
static enum stir_err read_block(struct stir_cert **out, struct stir_slice text, size_t *at, struct stir_diag *diag)
{
    struct stir_slice label = {NULL, 0};
    unsigned char *der = NULL;
    size_t n = 0;
    enum stir_err err = stir_pem_next(text, at, &label, &der, &n);
    if (stir_pem_is_private(label))
        err = stir_diag_set(diag, STIR_EKEY, *at,
                            "a private key (%.*s) stands among the certificates: if anybody was sent this file, replace that key; give the certificate alone",
                            STIR_SHOW(label));
    else if (err == STIR_EPEM)
        err = stir_pem_broken(diag, text, *at);
    else if (err == STIR_OK && !is_certificate(label))
        err = stir_diag_set(diag, STIR_EPEM, *at, "a PEM block \"%.*s\" stands where only certificates may stand", STIR_SHOW(label));
    else if (err == STIR_OK)
        err = stir_cert_parse(out, stir_slice_of(der, n), diag);
    free(der);
    return err;
}

static void free_all(struct stir_cert **certs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        stir_cert_free(certs[i]);
        certs[i] = NULL;
    }
}

static enum stir_err read_blocks(struct stir_cert **out, size_t max, size_t *n, struct stir_slice text, struct stir_diag *diag)
{
    for (size_t at = 0;;) {
        struct stir_cert *cert = NULL;
        enum stir_err err = read_block(&cert, text, &at, diag);
        if (err == STIR_ENOTFOUND)
            return *n ? STIR_OK : no_certificate(text, diag);
        TRY(err);
        if (*n == max) {
            stir_cert_free(cert);
            return stir_diag_set(diag, STIR_ELIMIT, at, "more than %zu certificates", max);
        }
        out[(*n)++] = cert;
    }
}

enum stir_err stir_certs_parse(struct stir_cert **out, size_t max, size_t *n, struct stir_slice text, struct stir_diag *diag)
{
    STIR_OSSL_QUIET;
    size_t limit = max > STIR_MAX_CHAIN ? STIR_MAX_BUNDLE : STIR_MAX_PEM, made = 0;
    if (!out || !max || !n || !text.p)
        return STIR_EARG;
    if (text.n > limit)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "%zu bytes are too many for certificates; %zu are read", text.n, limit);
    enum stir_err err = looks_like_der(text) ? stir_cert_parse(&out[0], text, diag) : read_blocks(out, max, &made, text, diag);
    if (err == STIR_OK)
        *n = made ? made : 1;
    else
        free_all(out, made);
    return err;
}
