/* A root, an intermediate and an end entity with their keys, made anew for each test program. */
#ifndef STIR_TESTS_PARTIES_H
#define STIR_TESTS_PARTIES_H

#include "certs.h"

enum { NOT_BEFORE = 1700000000, NOT_AFTER = 1730000000, YEAR = 31536000 };

/* Three parties with their keys; certificates of the first two. */
static struct party {
    struct stir_key_signer held;
    struct stir_signer signer;
    struct stir_cert *cert;
} root, intermediate, leaf;
static struct stir_tnauth *list;

static inline void make_party(struct party *p)
{
    assert_err(stir_key_generate(&p->held.key), STIR_OK);
    assert_err(stir_es256_ctx_new(&p->held.ctx), STIR_OK);
    p->signer = stir_signer_of_key(&p->held);
}

static inline struct stir_cert_params root_params(void)
{
    struct stir_cert_params p = STIR_CERT_PARAMS_INIT;
    p.role = STIR_CERT_ROOT;
    p.cn = S("SHAKEN ROOT");
    p.o = S("Example");
    p.c = S("US");
    p.not_before = NOT_BEFORE;
    p.not_after = NOT_BEFORE + 30 * (int64_t)YEAR;
    return p;
}

static inline struct stir_cert_params intermediate_params(void)
{
    struct stir_cert_params p = root_params();
    p.role = STIR_CERT_INTERMEDIATE;
    p.cn = S("SHAKEN Intermediate");
    p.key = intermediate.held.key;
    p.issuer = root.cert;
    p.not_after = NOT_BEFORE + 5 * (int64_t)YEAR;
    p.crl_url = S("https://pa.example/crl");
    p.crl_issuer = S("CN=STI-PA CRL,O=STI-PA,C=US");
    p.policy = S("2.16.840.1.114569.1.1.4");
    return p;
}

static inline struct stir_cert_params leaf_params(void)
{
    struct stir_cert_params p = intermediate_params();
    p.role = STIR_CERT_END_ENTITY;
    p.cn = S("SHAKEN 709J");
    p.serial_number = S("12345");
    p.tnauth = list;
    p.key = leaf.held.key;
    p.issuer = intermediate.cert;
    p.not_after = NOT_AFTER;
    return p;
}

static inline struct stir_cert *make(const struct stir_cert_params *p, const struct party *signer)
{
    struct stir_cert *cert = NULL;
    struct stir_diag diag = {0};
    if (stir_cert_make(&cert, p, &signer->signer, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
    return cert;
}

static inline int begin(void **state)
{
    (void)state;
    struct stir_tnauth_entry spc = {STIR_TNAUTH_SPC, S("709J"), 0};
    assert_err(stir_tnauth_new(&list, &spc, 1, NULL), STIR_OK);
    make_party(&root);
    make_party(&intermediate);
    make_party(&leaf);
    struct stir_cert_params p = root_params();
    root.cert = make(&p, &root);
    p = intermediate_params();
    intermediate.cert = make(&p, &root);
    p = leaf_params();
    leaf.cert = make(&p, &intermediate);
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    struct party *all[] = {&root, &intermediate, &leaf};
    for (size_t i = 0; i < 3; i++) {
        stir_cert_free(all[i]->cert);
        stir_es256_ctx_free(all[i]->held.ctx);
        stir_key_free(all[i]->held.key);
    }
    stir_tnauth_free(list);
    return 0;
}

#endif
