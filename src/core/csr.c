/* Certificate requests, PKCS#10 (RFC 2986). */
#include <stdlib.h>

#include "core/cert.h"

struct stir_csr {
    struct stir_csr_info info;
    struct stir_cert_owned owned;
    struct stir_arena arena;
    unsigned char *der;
    char *subject;
    struct stir_key *key;
};

STIR_AUTO_STRUCT_FREE(stir_csr)
static void bytes_free(unsigned char *p)
{
    free(p);
}
typedef unsigned char bytes;
STIR_AUTO_FREE(bytes, bytes_free)

static const unsigned char oid_extension_request[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e},
                           oid_tnauth[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x1a}, oid_basic_constraints[] = {0x55, 0x1d, 0x13};
#define SLICE(array) stir_slice_of(array, sizeof(array))

static enum stir_err part(const struct stir_csr *csr, const struct stir_reader *r, struct stir_diag *diag, enum stir_err err, const char *what)
{
    size_t offset = (size_t)(r->p - csr->der);
    if (err == STIR_ELIMIT)
        return stir_diag_set(diag, err, offset, "the certificate request has more than %d extensions", STIR_MAX_EXTENSIONS);
    return err == STIR_EDER ? stir_diag_set(diag, err, offset, "the certificate request cannot be read: %s is not as PKCS#10 has it", what) : err;
}

static enum stir_err read_subject(struct stir_csr *csr)
{
    struct stir_name_parts name;
    TRY(stir_name_read(&name, csr->info.subject_der, &csr->arena));
    csr->info.cn = name.cn;
    csr->info.o = name.o;
    csr->info.c = name.c;
    csr->info.serial_number = name.serial_number;
    csr->info.subject = csr->subject = stir_name_text(csr->info.subject_der);
    return csr->subject ? STIR_OK : STIR_ENOMEM;
}

/* Attribute ::= SEQUENCE { type, values SET OF ANY }. Gives the one Extensions of an extensionRequest, absent for other attributes. */
static enum stir_err next_attribute(struct stir_reader *r, struct stir_slice *extensions)
{
    struct stir_slice content, oid, values;
    TRY(stir_der_get(r, STIR_DER_SEQUENCE, &content, NULL));
    struct stir_reader in = stir_reader_of(content);
    TRY(stir_der_get(&in, STIR_DER_OID, &oid, NULL));
    TRY(stir_der_get(&in, STIR_DER_SET, &values, NULL));
    if (stir_reader_left(&in))
        return STIR_EDER;
    return stir_slice_eq(oid, SLICE(oid_extension_request)) ? stir_der_only(values, STIR_DER_SEQUENCE, extensions) : STIR_OK;
}

/* GeneralNames: how many. */
static enum stir_err count_names(size_t *n, struct stir_slice value)
{
    struct stir_slice names;
    TRY(stir_der_only(value, STIR_DER_SEQUENCE, &names));
    for (struct stir_reader r = stir_reader_of(names); stir_reader_left(&r); (*n)++)
        TRY(stir_der_any(&r, NULL, NULL, NULL));
    return STIR_OK;
}

/* What certificates of STIR have by their profile, asked for or not, and what is told by members of its own. */
static bool may_be_asked(struct stir_slice oid)
{
    static const char *const known[] = {"2.5.29.14", "2.5.29.15", "2.5.29.17", "2.5.29.19", "1.3.6.1.5.5.7.1.26", "1.3.6.1.5.5.7.1.27", "1.3.6.1.5.5.7.1.33"};
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (stir_slice_is(oid, known[i]))
            return true;
    return false;
}

/* What else is asked for. Claim constraints that cannot be read, or in both forms, make the request useless: nobody can say what its owner wanted. */
static enum stir_err take_wanted(struct stir_csr_info *info, const struct stir_cert_info *wanted)
{
    info->tnauth = wanted->tnauth;
    info->tnauth_list = wanted->tnauth_list;
    info->wants_ca = wanted->basic_constraints == STIR_PART_GOOD && wanted->is_ca;
    if (wanted->constraints > STIR_PART_GOOD || wanted->constraints_both || wanted->basic_constraints > STIR_PART_GOOD)
        return STIR_EDER;
    for (size_t i = 0; i < wanted->n_ext; i++) {
        const struct stir_cert_ext *ext = &wanted->ext[i];
        if (stir_slice_is(ext->oid, "2.5.29.17"))
            TRY(count_names(&info->n_sans, ext->value));
        if (!info->other_ext.p && !may_be_asked(ext->oid))
            info->other_ext = ext->oid;
        bool plain = stir_slice_is(ext->oid, "1.3.6.1.5.5.7.1.27"), enhanced = stir_slice_is(ext->oid, "1.3.6.1.5.5.7.1.33");
        if (!plain && !enhanced)
            continue;
        info->constraints = ext->value;
        info->constraints_enhanced = enhanced;
    }
    return STIR_OK;
}

/* [0] IMPLICIT SET OF Attribute. Its absence is borne: some write no attributes as nothing. Of two extensionRequests none is believed. */
static enum stir_err read_attributes(struct stir_csr *csr, struct stir_reader *r)
{
    struct stir_slice content, found = {NULL, 0};
    unsigned requests = 0;
    if (stir_reader_left(r) == 0)
        return STIR_OK;
    TRY(stir_der_get(r, STIR_DER_CONSTRUCTED(0), &content, NULL));
    for (struct stir_reader in = stir_reader_of(content); stir_reader_left(&in);) {
        struct stir_slice extensions = {NULL, 0};
        TRY(next_attribute(&in, &extensions));
        if (!extensions.p)
            continue;
        requests++;
        found = extensions;
    }
    if (requests > 1)
        return STIR_EDER;
    struct stir_cert_info *wanted = requests ? calloc(1, sizeof(*wanted)) : NULL;
    if (requests && !wanted)
        return STIR_ENOMEM;
    enum stir_err err = requests ? stir_cert_extensions(wanted, &csr->owned, found, &csr->arena) : STIR_OK;
    if (requests && err == STIR_OK)
        err = take_wanted(&csr->info, wanted);
    free(wanted);
    return err;
}

/* CertificationRequestInfo. Its version is 0 alone in RFC 2986; others are borne, since libstirshaken writes 2. */
static enum stir_err read_info(struct stir_csr *csr, struct stir_reader *r, struct stir_diag *diag)
{
    struct stir_csr_info *info = &csr->info;
    unsigned bits;
    TRY(part(csr, r, diag, stir_der_get(r, STIR_DER_INTEGER, NULL, NULL), "version"));
    TRY(part(csr, r, diag, stir_der_get(r, STIR_DER_SEQUENCE, NULL, &info->subject_der), "subject"));
    TRY(part(csr, r, diag, read_subject(csr), "subject"));
    TRY(part(csr, r, diag, stir_der_get(r, STIR_DER_SEQUENCE, NULL, &info->spki), "subjectPKInfo"));
    TRY(part(csr, r, diag, stir_spki_read(&info->key, &bits, &csr->key, info->spki), "subjectPKInfo"));
    TRY(part(csr, r, diag, read_attributes(csr, r), "the list of attributes"));
    return part(csr, r, diag, stir_reader_left(r) ? STIR_EDER : STIR_OK, "the end");
}

static enum stir_err check_signature(const struct stir_csr *csr, struct stir_slice algorithm, struct stir_slice tbs, struct stir_slice bits,
                                     struct stir_diag *diag)
{
    enum stir_err err = stir_signature_check(csr->info.spki, algorithm, tbs, stir_slice_from(bits, 1));
    if (err == STIR_ESIG)
        return stir_diag_set(diag, err, SIZE_MAX, "the certificate request is not signed by the key in it, or was altered since");
    if (err == STIR_EKEY)
        return stir_diag_set(diag, err, SIZE_MAX, "the certificate request has a key or a signature algorithm that is not supported; use P-256 with SHA-256");
    return err;
}

static enum stir_err read_request(struct stir_csr *csr, struct stir_diag *diag)
{
    struct stir_slice content, info, tbs, algorithm, bits;
    struct stir_reader r = stir_reader_of(csr->info.der), in = r;
    TRY(part(csr, &in, diag, stir_der_get(&r, STIR_DER_SEQUENCE, &content, NULL), "the outer SEQUENCE"));
    if (stir_reader_left(&r))
        return stir_diag_set(diag, STIR_EDER, (size_t)(r.p - csr->der), "%zu bytes stand behind the certificate request", stir_reader_left(&r));
    r = stir_reader_of(content);
    TRY(part(csr, &r, diag, stir_der_get(&r, STIR_DER_SEQUENCE, &info, &tbs), "certificationRequestInfo"));
    TRY(part(csr, &r, diag, stir_der_get(&r, STIR_DER_SEQUENCE, NULL, &algorithm), "signatureAlgorithm"));
    TRY(part(csr, &r, diag, stir_der_get(&r, STIR_DER_BIT_STRING, &bits, NULL), "signature"));
    bool whole = stir_reader_left(&r) == 0 && bits.n > 0 && bits.p[0] == 0;
    TRY(part(csr, &r, diag, whole ? STIR_OK : STIR_EDER, "signature"));
    in = stir_reader_of(info);
    TRY(read_info(csr, &in, diag));
    return check_signature(csr, algorithm, tbs, bits, diag);
}

static enum stir_err from_der(struct stir_csr **out, struct stir_slice der, struct stir_diag *diag)
{
    if (der.n > STIR_MAX_CERT)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "a certificate request of %zu bytes is too long; %d are read", der.n, STIR_MAX_CERT);
    STIR_AUTO_STRUCT(stir_csr) *csr = calloc(1, sizeof(*csr));
    if (!csr)
        return STIR_ENOMEM;
    csr->der = malloc(der.n + 1);
    if (!csr->der)
        return STIR_ENOMEM;
    memcpy(csr->der, der.p, der.n);
    csr->info.der = stir_slice_of(csr->der, der.n);
    TRY(read_request(csr, diag));
    *out = STIR_MOVE(csr);
    return STIR_OK;
}

/* The one request among the blocks; parameters of a key (EC PARAMETERS) and the like around it are borne, a private key is not. */
static enum stir_err from_pem(struct stir_csr **out, struct stir_slice text, struct stir_diag *diag)
{
    STIR_AUTO_STRUCT(stir_csr) *csr = NULL;
    for (size_t at = 0;;) {
        struct stir_slice label = {NULL, 0};
        unsigned char *made = NULL;
        size_t n = 0;
        enum stir_err err = stir_pem_next(text, &at, &label, &made, &n);
        STIR_AUTO(bytes) *der = made;
        if (err == STIR_ENOTFOUND)
            break;
        if (stir_pem_is_private(label))
            return stir_diag_set(
                diag, STIR_EKEY, at,
                "a private key (%.*s) stands beside the certificate request: if anybody was sent this file, replace that key; give the request alone",
                STIR_SHOW(label));
        if (err == STIR_EPEM)
            return stir_pem_broken(diag, text, at);
        TRY(err);
        if (!stir_slice_is(label, "CERTIFICATE REQUEST") && !stir_slice_is(label, "NEW CERTIFICATE REQUEST"))
            continue;
        if (csr)
            return stir_diag_set(diag, STIR_EPEM, at, "two certificate requests: only one is read at a time");
        TRY(from_der(&csr, stir_slice_of(der, n), diag));
    }
    if (!csr)
        return stir_diag_set(diag, STIR_EPEM, SIZE_MAX, "no certificate request: no -----BEGIN CERTIFICATE REQUEST----- in it, and it is not DER");
    *out = STIR_MOVE(csr);
    return STIR_OK;
}

enum stir_err stir_csr_parse(struct stir_csr **out, struct stir_slice text, struct stir_diag *diag)
{
    STIR_OSSL_QUIET;
    if (!out || !text.p)
        return STIR_EARG;
    if (text.n > STIR_MAX_PEM)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "%zu bytes are too many for a certificate request; %d are read", text.n, STIR_MAX_PEM);
    bool der = text.n > 1 && text.p[0] == STIR_DER_SEQUENCE && (unsigned char)text.p[1] >= 0x80;
    return der ? from_der(out, text, diag) : from_pem(out, text, diag);
}

void stir_csr_free(struct stir_csr *csr)
{
    STIR_OSSL_QUIET;
    if (!csr)
        return;
    stir_key_free(csr->key);
    stir_tnauth_free(csr->owned.tnauth);
    stir_constraints_free(csr->owned.constraints[0]);
    stir_constraints_free(csr->owned.constraints[1]);
    stir_arena_clear(&csr->arena);
    free(csr->subject);
    free(csr->der);
    free(csr);
}

const struct stir_csr_info *stir_csr_info(const struct stir_csr *csr)
{
    static const struct stir_csr_info nothing = {.subject = ""};
    return csr ? &csr->info : &nothing;
}

struct stir_key *stir_csr_key(const struct stir_csr *csr)
{
    return csr ? csr->key : NULL;
}

/* --- writing --- */

static bool asks_for_ca(const struct stir_cert_params *params)
{
    return params->role == STIR_CERT_INTERMEDIATE || params->role == STIR_CERT_DELEGATE_CA;
}

static enum stir_err put_extension_request(struct stir_writer *w, const struct stir_cert_params *params, struct stir_diag *diag)
{
    static const unsigned char ca[] = {0x30, 3, 0x01, 1, 0xff};
    size_t attribute = stir_der_open(w, STIR_DER_SEQUENCE);
    stir_der_put(w, STIR_DER_OID, SLICE(oid_extension_request));
    size_t values = stir_der_open(w, STIR_DER_SET), extensions = stir_der_open(w, STIR_DER_SEQUENCE);
    if (asks_for_ca(params))
        stir_extension_put(w, SLICE(oid_basic_constraints), true, SLICE(ca));
    if (params->tnauth)
        stir_extension_put(w, SLICE(oid_tnauth), false, stir_tnauth_der(params->tnauth));
    TRY(stir_cert_put_constraints(w, params->constraints, diag));
    stir_der_close(w, extensions);
    stir_der_close(w, values);
    stir_der_close(w, attribute);
    return STIR_OK;
}

static enum stir_err put_info(struct stir_writer *w, const struct stir_cert_params *params, struct stir_slice spki, struct stir_diag *diag)
{
    size_t info = stir_der_open(w, STIR_DER_SEQUENCE);
    stir_der_put(w, STIR_DER_INTEGER, stir_slice_of("\x00", 1));
    TRY(stir_cert_put_subject(w, params, diag));
    stir_put_slice(w, spki);
    size_t attributes = stir_der_open(w, STIR_DER_CONSTRUCTED(0));
    if (params->tnauth || asks_for_ca(params) || stir_constraints_wanted(params->constraints))
        TRY(put_extension_request(w, params, diag));
    stir_der_close(w, attributes);
    stir_der_close(w, info);
    return STIR_OK;
}

enum stir_err stir_csr_make(struct stir_csr **out, const struct stir_cert_params *params, const struct stir_signer *signer, struct stir_diag *diag)
{
    STIR_OSSL_QUIET;
    struct stir_cert_params taken;
    size_t n = 0, whole = 0;
    if (!out || !params)
        return STIR_EARG;
    TRY(stir_signer_check(signer));
    TRY(stir_cert_params_take(&taken, params));
    if (taken.key && !stir_key_same_public(taken.key, signer->key))
        return stir_diag_set(diag, STIR_EMISMATCH, SIZE_MAX, "a certificate request is signed by its own key, and key and signer differ");
    STIR_AUTO(bytes) *tbs = malloc(STIR_MAX_CERT), *der = malloc(STIR_MAX_CERT);
    if (!tbs || !der)
        return STIR_ENOMEM;
    struct stir_writer w = stir_writer_of(tbs, STIR_MAX_CERT);
    TRY(put_info(&w, &taken, stir_key_spki(signer->key), diag));
    if (stir_writer_end(&w, &n) != STIR_OK)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "a certificate request of %zu bytes is longer than the %d that are read: split its TNAuthList", n,
                             STIR_MAX_CERT);
    TRY(stir_signed_make(der, STIR_MAX_CERT, &whole, stir_slice_of(tbs, n), signer, diag));
    enum stir_err err = from_der(out, stir_slice_of(der, whole), diag);
    if (err == STIR_ESIG)
        return stir_diag_set(diag, STIR_EMISMATCH, SIZE_MAX, "the signature that the signer made does not verify under its public key");
    return err;
}

enum stir_err stir_csr_write_pem(char *buf, size_t cap, size_t *len, const struct stir_csr *csr)
{
    if ((!buf && cap) || !len || !csr)
        return STIR_EARG;
    struct stir_writer w = stir_writer_of(buf, cap);
    stir_put_pem(&w, "CERTIFICATE REQUEST", csr->info.der);
    return stir_writer_close(&w, len);
}
