/* Certificates for tests: read from tests/data, or built by hand around the key of a real one. */
#ifndef STIR_TESTS_CERTS_H
#define STIR_TESTS_CERTS_H

#include "support.h"

#include "core/cert.h"

#define BYTES(text) stir_slice_of(text, sizeof(text) - 1)
#define ROW(text)              \
    {                          \
        text, sizeof(text) - 1 \
    }

enum { MANY = 200 };

struct bundle {
    struct stir_cert *certs[MANY];
    size_t n;
};

static inline struct bundle load(const char *name)
{
    struct bundle b = {.n = 0};
    struct stir_diag diag = {0};
    struct stir_slice text = support_file(name);
    if (stir_certs_parse(b.certs, MANY, &b.n, text, &diag) != STIR_OK)
        fail_msg("%s: %s", name, diag.text);
    support_free(text);
    return b;
}

static inline void unload(struct bundle *b)
{
    for (size_t i = 0; i < b->n; i++)
        stir_cert_free(b->certs[i]);
}

static inline struct stir_cert *lint_cert(const char *name)
{
    char path[128];
    snprintf(path, sizeof(path), "vectors/lint/%s.pem", name);
    struct bundle b = load(path);
    assert_int_equal(b.n, 1);
    return b.certs[0];
}

/* The parts of a certificate, whole values; absent ones take those of a real one, or are left out. */
static unsigned char built[STIR_MAX_CERT * 2];

struct hand {
    struct stir_slice version, serial, algorithm, issuer, validity, subject, spki, extensions, outer;
};

static inline struct hand hand(void)
{
    static const unsigned char version[] = {0xa0, 3, 2, 1, 2}, serial[] = {2, 1, 5}, algorithm[] = {0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2},
                               name[] = {0x30, 13, 0x31, 11, 0x30, 9, 6, 3, 0x55, 4, 6, 0x13, 2, 'U', 'S'};
    struct hand h = {.version = stir_slice_of(version, sizeof(version)),
                     .serial = stir_slice_of(serial, sizeof(serial)),
                     .algorithm = stir_slice_of(algorithm, sizeof(algorithm)),
                     .issuer = stir_slice_of(name, sizeof(name)),
                     .validity = S("0\x1e\x17\x0d"
                                   "240101000000Z\x17\x0d"
                                   "250101000000Z"),
                     .subject = stir_slice_of(name, sizeof(name)),
                     .extensions = {NULL, 0},
                     .outer = stir_slice_of(algorithm, sizeof(algorithm))};
    return h;
}

static inline struct stir_slice build(const struct hand *h)
{
    struct stir_cert *real = lint_cert("shakenCert");
    struct stir_slice spki = h->spki.p ? h->spki : stir_cert_info(real)->spki;
    struct stir_writer w = stir_writer_of(built, sizeof(built));
    size_t cert = stir_der_open(&w, 0x30), tbs = stir_der_open(&w, 0x30);
    stir_put_slice(&w, h->version);
    stir_put_slice(&w, h->serial);
    stir_put_slice(&w, h->algorithm);
    stir_put_slice(&w, h->issuer);
    stir_put_slice(&w, h->validity);
    stir_put_slice(&w, h->subject);
    stir_put_slice(&w, spki);
    if (h->extensions.p) {
        size_t wrapped = stir_der_open(&w, 0xa3), list = stir_der_open(&w, 0x30);
        stir_put_slice(&w, h->extensions);
        stir_der_close(&w, list);
        stir_der_close(&w, wrapped);
    }
    stir_der_close(&w, tbs);
    stir_put_slice(&w, h->outer);
    stir_der_put(&w, 3, stir_slice_of("\0\x30\x06\x02\x01\x01\x02\x01\x01", 9));
    stir_der_close(&w, cert);
    stir_cert_free(real);
    assert_true(w.need <= w.cap);
    return stir_slice_of(built, w.need);
}

static inline struct stir_cert *read_hand(const struct hand *h, const char *row)
{
    struct stir_cert *cert = NULL;
    struct stir_diag diag = {0};
    if (stir_cert_parse(&cert, build(h), &diag) != STIR_OK)
        fail_msg("%s: %s", row, diag.text);
    return cert;
}

#endif
