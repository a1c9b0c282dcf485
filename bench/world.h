/* What the bench works on: certificates, signers, calls to sign, and a ring of calls to verify. Made new each time, from random keys. */
#ifndef STIR_BENCH_WORLD_H
#define STIR_BENCH_WORLD_H

#include <stdio.h>
#include <stdlib.h>

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stir/stir.h>

enum {
    SIGNERS = 50,
    TOKENS = 10000,
    BAD_EVERY = 101, /* 1 % of the tokens are bad; no multiple of SIGNERS, so that every signer has some */
    OUTGOING = 200,
    IDENTITY = 1024,
    PEM = 4096,
};
static const int64_t NOW = 1700000000, DAY = 86400;

static void die(const char *what, const char *why)
{
    fprintf(stderr, "stir-bench: %s: %s\n", what, why);
    exit(1);
}

static void must(enum stir_err err, const char *what, const struct stir_diag *diag)
{
    if (err != STIR_OK)
        die(what, diag && diag->text[0] ? diag->text : stir_err_text(err));
}

static void must_ossl(bool done, const char *what)
{
    if (!done)
        die(what, "OpenSSL failed");
}

struct signer {
    struct stir_key *key;
    struct stir_cert *cert;
    struct stir_chain *chain, *prepared; /* the second as a cache keeps it: with a table for the key */
    char key_pem[PEM], chain_pem[2 * PEM], url[64];
    size_t n_key_pem, n_chain_pem;
    EVP_PKEY *evp; /* the same key for OpenSSL alone */
    EVP_PKEY_CTX *sign, *verify;
};

/* A call to be signed. There are few, as a call just received is in the processor's cache, too. */
struct outgoing {
    struct stir_attest_params params;
    struct stir_party orig, dest;
    char origid[37], identity[IDENTITY];
    struct stir_slice signing_input; /* for OpenSSL alone: the same bytes */
};

/* A call to be verified, and the same signature for OpenSSL alone. */
struct incoming {
    struct stir_call call;
    struct stir_slice header; /* what the call points to: `identity` */
    enum stir_reason expected;
    char from[64], to[64], identity[IDENTITY];
    struct stir_slice signing_input;
    unsigned char sig[STIR_ES256_SIG], der[80];
    size_t n_der;
};

struct world {
    size_t n_signers, n_outgoing, n_tokens;
    struct stir_es256_ctx *ctx;
    struct stir_cert *root, *intermediate;
    struct stir_key *intermediate_key;
    struct stir_trust *trust;
    struct stir_policy policy;
    struct signer *signers;
    struct outgoing outgoing[OUTGOING];
    struct incoming *tokens;
    EVP_MD *sha256;
    EVP_MD_CTX *digest;
    X509_STORE *store;
};

static struct signer *signer_of(struct world *w, size_t i)
{
    return &w->signers[i % w->n_signers];
}

static struct incoming *token_of(struct world *w, size_t i)
{
    return &w->tokens[i % w->n_tokens];
}

static struct stir_cert *make_cert(struct world *w, enum stir_cert_role role, const char *name, struct stir_key *key, struct stir_cert *issuer,
                                   struct stir_key *issuer_key, const struct stir_tnauth *tnauth)
{
    struct stir_diag diag = {0};
    struct stir_key_signer held = {issuer_key, w->ctx};
    struct stir_signer signer = stir_signer_of_key(&held);
    struct stir_cert_params params = STIR_CERT_PARAMS_INIT;
    struct stir_cert *cert = NULL;
    params.role = role;
    params.cn = stir_slice_str(name);
    params.o = stir_slice_str("Bench");
    params.c = stir_slice_str("US");
    params.key = key;
    params.issuer = issuer;
    params.tnauth = tnauth;
    params.not_before = NOW - DAY;
    params.not_after = NOW + 30 * DAY;
    if (role != STIR_CERT_ROOT) {
        params.crl_url = stir_slice_str("https://crl.example.com/pa.crl");
        params.crl_issuer = stir_slice_str("CN=STI-PA CRL,O=STI-PA,C=US");
        params.policy = stir_slice_str("2.16.840.1.114569.1.1.3");
    }
    must(stir_cert_make(&cert, &params, &signer, &diag), name, &diag);
    return cert;
}

/* OpenSSL's own view of a signer's key, with contexts that are made once. */
static void prepare_openssl(struct signer *s)
{
    BIO *bio = BIO_new_mem_buf(s->key_pem, (int)s->n_key_pem);
    s->evp = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    s->sign = EVP_PKEY_CTX_new_from_pkey(NULL, s->evp, NULL);
    s->verify = EVP_PKEY_CTX_new_from_pkey(NULL, s->evp, NULL);
    must_ossl(EVP_PKEY_sign_init(s->sign) == 1 && EVP_PKEY_verify_init(s->verify) == 1, "contexts");
}

static void make_signer(struct world *w, size_t i, struct stir_key *intermediate_key)
{
    struct signer *s = &w->signers[i];
    struct stir_tnauth *tnauth = NULL;
    char name[32], code[8];
    size_t n = 0;
    snprintf(code, sizeof(code), "B%03u", (unsigned)(i % 1000));
    snprintf(name, sizeof(name), "SHAKEN %s", code);
    snprintf(s->url, sizeof(s->url), "https://cert.example.com/%s/sp.pem", code);
    struct stir_tnauth_entry entry = {STIR_TNAUTH_SPC, stir_slice_str(code), 0};
    must(stir_tnauth_new(&tnauth, &entry, 1, NULL), "TNAuthList", NULL);
    must(stir_key_generate(&s->key), "key", NULL);
    s->cert = make_cert(w, STIR_CERT_END_ENTITY, name, s->key, w->intermediate, intermediate_key, tnauth);
    stir_tnauth_free(tnauth);
    must(stir_cert_write_pem(s->chain_pem, PEM, &n, s->cert), "PEM", NULL);
    must(stir_cert_write_pem(s->chain_pem + n, PEM, &s->n_chain_pem, w->intermediate), "PEM", NULL);
    s->n_chain_pem += n;
    must(stir_key_write_pem(s->key_pem, PEM, &s->n_key_pem, s->key, stir_slice_str(NULL)), "PEM", NULL);
    prepare_openssl(s);
}

static X509 *read_x509(BIO *bio)
{
    X509 *x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    must_ossl(x509 != NULL, "certificate");
    return x509;
}

static void make_trust(struct world *w)
{
    struct stir_trust_builder *builder = NULL;
    char pem[PEM];
    size_t n = 0;
    must(stir_trust_builder_new(&builder), "trust", NULL);
    must(stir_trust_add_anchor(builder, w->root), "anchor", NULL);
    must(stir_trust_freeze(&w->trust, builder, 1), "trust", NULL);
    must(stir_cert_write_pem(pem, sizeof(pem), &n, w->root), "PEM", NULL);
    BIO *bio = BIO_new_mem_buf(pem, (int)n);
    X509 *root = read_x509(bio);
    w->store = X509_STORE_new();
    must_ossl(w->store && X509_STORE_add_cert(w->store, root) == 1, "store");
    X509_free(root);
    BIO_free(bio);
}

static enum stir_reason kind_of(size_t i)
{
    static const enum stir_reason bad[] = {STIR_R_SIGNATURE_BAD, STIR_R_ORIG_MISMATCH, STIR_R_IAT_STALE};
    return i % BAD_EVERY == BAD_EVERY / 2 ? bad[i / BAD_EVERY % 3] : STIR_R_NONE;
}

/* The same r||s as DER. */
static void signature_for_openssl(struct incoming *t)
{
    struct stir_identity parts;
    struct stir_passport *passport = NULL;
    must(stir_identity_parse(&parts, t->header, STIR_IDENTITY_STRICT, NULL, NULL), "token", NULL);
    must(stir_passport_parse(&passport, &parts), "token", NULL);
    memcpy(t->sig, passport->signature, sizeof(t->sig));
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(passport->signature, 32, NULL), *s = BN_bin2bn(passport->signature + 32, 32, NULL);
    unsigned char *at = t->der;
    must_ossl(sig && ECDSA_SIG_set0(sig, r, s) == 1, "signature");
    t->n_der = (size_t)i2d_ECDSA_SIG(sig, &at);
    t->signing_input = parts.signing_input;
    ECDSA_SIG_free(sig);
    stir_passport_free(passport);
}

static void attest(struct world *w, size_t i, const struct stir_attest_params *params, char *identity, size_t *len)
{
    struct signer *s = signer_of(w, i);
    struct stir_diag diag = {0};
    struct stir_key_signer held = {s->key, w->ctx};
    struct stir_signer signer = stir_signer_of_key(&held);
    must(stir_attest(identity, IDENTITY, len, params, &signer, w->ctx, &diag), "sign", &diag);
}

/* What the `i`th call would be signed with. `out` must stay where it is. */
static void make_outgoing(struct world *w, size_t i, struct outgoing *out, int64_t now)
{
    struct stir_attest_params params = STIR_ATTEST_PARAMS_INIT;
    char orig[32], dest[32];
    snprintf(orig, sizeof(orig), "+1215555%04u", (unsigned)(i % 10000));
    snprintf(dest, sizeof(dest), "+1202555%04u", (unsigned)(i * 7 % 10000));
    must(stir_party_parse(&out->orig, stir_slice_str(orig), NULL), "orig", NULL);
    must(stir_party_parse(&out->dest, stir_slice_str(dest), NULL), "dest", NULL);
    must(stir_uuid(out->origid), "origid", NULL);
    params.claims.ppt = STIR_PPT_SHAKEN;
    params.claims.x5u = stir_slice_str(signer_of(w, i)->url);
    params.claims.attest = 'A';
    params.claims.origid = stir_slice_str(out->origid);
    params.claims.orig = &out->orig;
    params.claims.dest = &out->dest;
    params.claims.n_dest = 1;
    params.cert = signer_of(w, i)->cert;
    params.now = now;
    out->params = params;
}

static void make_outgoing_signed(struct world *w, size_t i)
{
    struct outgoing *out = &w->outgoing[i];
    struct stir_identity parts;
    size_t len = 0;
    make_outgoing(w, i, out, NOW);
    attest(w, i, &out->params, out->identity, &len);
    must(stir_identity_parse(&parts, stir_slice_of(out->identity, len), STIR_IDENTITY_STRICT, NULL, NULL), "token", NULL);
    out->signing_input = parts.signing_input;
}

static void flip_signature(char *identity)
{
    char *sig = strchr(strchr(identity, '.') + 1, '.') + 1;
    *sig = *sig == 'A' ? 'B' : 'A'; /* r stays in range: the verifier has to do all its work */
}

static void make_token(struct world *w, size_t i)
{
    struct incoming *t = &w->tokens[i];
    struct outgoing out;
    struct stir_call call = STIR_CALL_INIT;
    size_t len = 0;
    t->expected = kind_of(i);
    make_outgoing(w, i, &out, t->expected == STIR_R_IAT_STALE ? NOW - 61 - (int64_t)(i % 1000) : NOW - (int64_t)(i % 60));
    attest(w, i, &out.params, t->identity, &len);
    if (t->expected == STIR_R_SIGNATURE_BAD)
        flip_signature(t->identity);
    snprintf(t->from, sizeof(t->from), "<sip:+%s%.15s@example.net;user=phone>;tag=%u", t->expected == STIR_R_ORIG_MISMATCH ? "1" : "", out.orig.text,
             (unsigned)i);
    snprintf(t->to, sizeof(t->to), "<sip:+%.15s@example.com;user=phone>", out.dest.text);
    t->header = stir_slice_of(t->identity, len);
    call.identity = &t->header;
    call.n_identity = 1;
    call.from = stir_slice_str(t->from);
    call.to = stir_slice_str(t->to);
    t->call = call;
    signature_for_openssl(t);
}

static void make_world(struct world *w, size_t n_signers, size_t n_outgoing, size_t n_tokens)
{
    struct stir_key *root_key = NULL;
    w->n_signers = n_signers;
    w->n_outgoing = n_outgoing;
    w->n_tokens = n_tokens;
    w->signers = calloc(n_signers, sizeof(*w->signers));
    w->tokens = calloc(n_tokens, sizeof(*w->tokens));
    w->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    w->digest = EVP_MD_CTX_new();
    must_ossl(w->signers && w->tokens && w->sha256 && w->digest, "memory");
    must(stir_policy_preset(&w->policy, stir_slice_str("shaken")), "policy", NULL);
    must(stir_es256_ctx_new(&w->ctx), "context", NULL);
    must(stir_key_generate(&root_key), "key", NULL);
    must(stir_key_generate(&w->intermediate_key), "key", NULL);
    w->root = make_cert(w, STIR_CERT_ROOT, "Bench Root", NULL, NULL, root_key, NULL);
    w->intermediate = make_cert(w, STIR_CERT_INTERMEDIATE, "Bench Intermediate", w->intermediate_key, w->root, root_key, NULL);
    make_trust(w);
    for (size_t i = 0; i < n_signers; i++)
        make_signer(w, i, w->intermediate_key);
    for (size_t i = 0; i < n_signers; i++) {
        struct signer *s = &w->signers[i];
        must(stir_chain_from_pem(&s->chain, stir_slice_of(s->chain_pem, s->n_chain_pem), w->trust, &w->policy, NOW), "chain", NULL);
        if (!stir_chain_info(s->chain)->trusted)
            die("chain", stir_chain_info(s->chain)->detail);
        must(stir_chain_from_pem(&s->prepared, stir_slice_of(s->chain_pem, s->n_chain_pem), w->trust, &w->policy, NOW), "chain", NULL);
        must(stir_chain_prepare(s->prepared), "table", NULL);
    }
    for (size_t i = 0; i < w->n_outgoing; i++)
        make_outgoing_signed(w, i);
    for (size_t i = 0; i < n_tokens; i++)
        make_token(w, i);
    stir_key_free(root_key);
}

static void free_world(struct world *w)
{
    for (size_t i = 0; i < w->n_signers; i++) {
        struct signer *s = &w->signers[i];
        EVP_PKEY_CTX_free(s->sign);
        EVP_PKEY_CTX_free(s->verify);
        EVP_PKEY_free(s->evp);
        stir_chain_free(s->chain);
        stir_chain_free(s->prepared);
        stir_cert_free(s->cert);
        stir_key_free(s->key);
    }
    X509_STORE_free(w->store);
    EVP_MD_CTX_free(w->digest);
    EVP_MD_free(w->sha256);
    stir_trust_free(w->trust);
    stir_key_free(w->intermediate_key);
    stir_cert_free(w->intermediate);
    stir_cert_free(w->root);
    stir_es256_ctx_free(w->ctx);
    free(w->tokens);
    free(w->signers);
}

#endif
