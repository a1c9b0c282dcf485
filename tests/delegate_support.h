/* Certificates that our own writer refuses to make: CAs with lists of numbers, children that go beyond them, lists by reference, claim constraints. */
#ifndef STIR_TESTS_DELEGATE_SUPPORT_H
#define STIR_TESTS_DELEGATE_SUPPORT_H

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "call_support.h"
#include "core/key.h"
#include "delegate_lists.h"

/* A path under the PKI's root: CAs from the top down, then the signer, whose key is the PKI's. */
struct delegate {
    const char *parent, *middle; /* lists of the CAs, as stir_tnauth_text() writes them; "" for a CA without one; NULL for no such CA */
    const char *leaf;            /* the signer's; NULL: none */
    const char *url;             /* the signer's by reference; NULL: none */
    const char *parent_url;      /* the parent's by reference; NULL: none */
    const char *constraints;     /* DER of the signer's claim constraints in hex, old form; NULL: none */
    const char *enhanced;        /* the same of the enhanced form */
};

static inline void delegate_extension(X509 *cert, const char *oid, struct stir_slice der)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    assert_true(object && value && ASN1_OCTET_STRING_set(value, (const unsigned char *)der.p, (int)der.n));
    X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, object, 0, value);
    assert_true(extension && X509_add_ext(cert, extension, -1));
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(object);
}

static inline void delegate_setting(X509 *cert, X509 *issuer, const char *name, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf(NULL, &ctx, name, value);
    assert_true(extension && X509_add_ext(cert, extension, -1));
    X509_EXTENSION_free(extension);
}

static inline void delegate_hex(X509 *cert, const char *oid, const char *hex)
{
    long n = 0;
    unsigned char *der = hex ? OPENSSL_hexstr2buf(hex, &n) : NULL;
    if (!hex)
        return;
    assert_non_null(der);
    delegate_extension(cert, oid, stir_slice_of(der, (size_t)n));
    OPENSSL_free(der);
}

static inline X509 *delegate_cert(const char *cn, X509 *issuer, const struct stir_key *key, const char *list)
{
    static long serial = 1000;
    X509 *cert = X509_new();
    bool ca = strstr(cn, "CA") != NULL;
    assert_non_null(cert);
    assert_true(X509_set_version(cert, 2) && ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial));
    assert_true(ASN1_TIME_set(X509_getm_notBefore(cert), NOW - 86400) && ASN1_TIME_set(X509_getm_notAfter(cert), NOW + 86400));
    assert_true(X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1, 0));
    assert_true(X509_set_issuer_name(cert, X509_get_subject_name(issuer)) && X509_set_pubkey(cert, stir_key_evp(key)));
    delegate_setting(cert, issuer, "basicConstraints", ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    delegate_setting(cert, issuer, "keyUsage", ca ? "critical,keyCertSign" : "critical,digitalSignature");
    if (list && *list) {
        struct stir_tnauth *tnauth = list_of(list);
        delegate_extension(cert, "1.3.6.1.5.5.7.1.26", stir_tnauth_der(tnauth));
        stir_tnauth_free(tnauth);
    }
    return cert;
}

static inline void delegate_sign(X509 *cert, const struct stir_key *key, char *pem, size_t cap, size_t *len)
{
    char *text = NULL;
    BIO *out = BIO_new(BIO_s_mem());
    assert_true(out && X509_sign(cert, stir_key_evp(key), EVP_sha256()) > 0 && PEM_write_bio_X509(out, cert));
    long n = BIO_get_mem_data(out, &text);
    assert_true(n > 0 && *len + (size_t)n < cap);
    memcpy(pem + *len, text, (size_t)n);
    *len += (size_t)n;
    BIO_free(out);
}

static inline void delegate_access(X509 *cert, X509 *issuer, const char *url)
{
    char access[512];
    if (!url)
        return;
    snprintf(access, sizeof(access), "1.3.6.1.5.5.7.48.14;URI:%s", url);
    delegate_setting(cert, issuer, "authorityInfoAccess", access);
}

/* The x5u body of the path: the signer first. */
static inline struct stir_slice delegate_make(char *buf, size_t cap, const struct pki *from, const struct delegate *d)
{
    const char *const lists[] = {d->parent, d->middle};
    struct stir_slice root = stir_cert_info(from->root)->der;
    const unsigned char *p = (const unsigned char *)root.p;
    X509 *path[4] = {d2i_X509(NULL, &p, (long)root.n)};
    const struct stir_key *keys[4] = {from->root_key};
    size_t n = 1, len = 0;
    assert_non_null(path[0]);
    for (size_t i = 0; i < 2 && lists[i]; i++, n++) {
        path[n] = delegate_cert(i ? "Middle CA" : "Parent CA", path[n - 1], from->ca_key, lists[i]);
        keys[n] = from->ca_key;
    }
    path[n] = delegate_cert("SHAKEN 709J", path[n - 1], from->key, d->leaf);
    delegate_access(path[n], path[n - 1], d->url);
    delegate_access(path[1], path[0], n > 1 ? d->parent_url : NULL);
    delegate_hex(path[n], "1.3.6.1.5.5.7.1.27", d->constraints);
    delegate_hex(path[n], "1.3.6.1.5.5.7.1.33", d->enhanced);
    for (size_t i = n; i >= 1; i--)
        delegate_sign(path[i], keys[i - 1], buf, cap, &len);
    for (size_t i = 0; i <= n; i++)
        X509_free(path[i]);
    return stir_slice_of(buf, len);
}

#endif
