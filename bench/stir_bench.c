/* How fast libstir is, against OpenSSL alone, in one process: both do a slice of work in turn, and each round gives one ratio. The machine may be busy; a
 * neighbour disturbs both sides of a round alike.
 *
 *   stir-bench FILE.json         measure everything; a table on stdout, JSON into FILE.json
 *   stir-bench --one NAME COUNT  do one operation COUNT times and say nothing: for callgrind. openssl:NAME does what NAME is held against
 *
 * ratio_to_openssl is OpenSSL's time by ours: 1 is as fast as its primitives alone, 0.95 is 5 % slower. Times are CPU time of the thread. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stir/stir.h>

enum {
    SIGNERS = 50,
    TOKENS = 10000,
    BAD_EVERY = 101, /* 1 % of the tokens are bad; no multiple of SIGNERS, so that every signer has some */
    IDENTITY = 1024,
    PEM = 4096,
    ROUNDS = 301,
    SLICE_NS = 3000000, /* of one side of a round */
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

/* ------------------------------------------------------------------ the world: certificates, signers, a ring of tokens */

struct signer {
    struct stir_key *key;
    struct stir_cert *cert;
    struct stir_chain *chain;
    char key_pem[PEM], chain_pem[2 * PEM], url[64];
    size_t n_key_pem, n_chain_pem;
    EVP_PKEY *evp; /* the same key for OpenSSL alone */
    EVP_PKEY_CTX *sign, *verify;
};

struct token {
    struct stir_attest_params params;
    struct stir_party orig, dest;
    char origid[37], from[64], to[64], identity[IDENTITY];
    struct stir_slice header; /* identity as a slice: what the call points to */
    struct stir_call call;
    enum stir_reason expected;
    struct stir_slice signing_input; /* for OpenSSL alone */
    unsigned char der[80];
    size_t n_der;
};

struct world {
    size_t n_signers, n_tokens;
    struct stir_es256_ctx *ctx;
    struct stir_cert *root, *intermediate;
    struct stir_trust *trust;
    struct stir_policy policy;
    struct signer *signers;
    struct token *tokens;
    EVP_MD *sha256;
    EVP_MD_CTX *digest;
    X509_STORE *store;
};

static struct signer *signer_of(struct world *w, size_t i)
{
    return &w->signers[i % w->n_signers];
}

static struct token *token_of(struct world *w, size_t i)
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
    stir_trust_builder_free(builder);
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
static void signature_for_openssl(struct token *t, struct stir_slice identity)
{
    struct stir_identity parts;
    struct stir_passport *passport = NULL;
    must(stir_identity_parse(&parts, identity, STIR_IDENTITY_STRICT, NULL, NULL), "token", NULL);
    must(stir_passport_parse(&passport, &parts), "token", NULL);
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(passport->signature, 32, NULL), *s = BN_bin2bn(passport->signature + 32, 32, NULL);
    unsigned char *at = t->der;
    must_ossl(sig && ECDSA_SIG_set0(sig, r, s) == 1, "signature");
    t->n_der = (size_t)i2d_ECDSA_SIG(sig, &at);
    t->signing_input = parts.signing_input;
    ECDSA_SIG_free(sig);
    stir_passport_free(passport);
}

static void attest(struct world *w, size_t i, char *buf, size_t cap, size_t *len)
{
    struct signer *s = signer_of(w, i);
    struct stir_diag diag = {0};
    struct stir_key_signer held = {s->key, w->ctx};
    struct stir_signer signer = stir_signer_of_key(&held);
    must(stir_attest(buf, cap, len, &token_of(w, i)->params, &signer, w->ctx, &diag), "sign", &diag);
}

static void flip_signature(char *identity)
{
    char *sig = strchr(strchr(identity, '.') + 1, '.') + 1;
    *sig = *sig == 'A' ? 'B' : 'A'; /* r stays in range: the verifier has to do all its work */
}

static void make_token(struct world *w, size_t i)
{
    struct token *t = &w->tokens[i];
    struct stir_attest_params params = STIR_ATTEST_PARAMS_INIT;
    struct stir_call call = STIR_CALL_INIT;
    size_t len = 0;
    t->expected = kind_of(i);
    unsigned caller = (unsigned)i, callee = (unsigned)(i * 7 % TOKENS);
    snprintf(t->from, sizeof(t->from), "<sip:+1215555%04u@example.net;user=phone>;tag=%u", caller, caller);
    snprintf(t->to, sizeof(t->to), "<sip:+1202555%04u@example.com;user=phone>", callee);
    must(stir_party_parse(&t->orig, stir_slice_str(t->from), NULL), "orig", NULL);
    must(stir_party_parse(&t->dest, stir_slice_str(t->to), NULL), "dest", NULL);
    must(stir_uuid(t->origid), "origid", NULL);
    params.claims.ppt = STIR_PPT_SHAKEN;
    params.claims.x5u = stir_slice_str(signer_of(w, i)->url);
    params.claims.attest = 'A';
    params.claims.origid = stir_slice_str(t->origid);
    params.claims.orig = &t->orig;
    params.claims.dest = &t->dest;
    params.claims.n_dest = 1;
    params.cert = signer_of(w, i)->cert;
    params.now = t->expected == STIR_R_IAT_STALE ? NOW - 61 - (int64_t)(i % 1000) : NOW - (int64_t)(i % 60);
    t->params = params;
    attest(w, i, t->identity, sizeof(t->identity), &len);
    if (t->expected == STIR_R_SIGNATURE_BAD)
        flip_signature(t->identity);
    if (t->expected == STIR_R_ORIG_MISMATCH)
        snprintf(t->from, sizeof(t->from), "<sip:+1917555%04u@example.net;user=phone>;tag=%u", caller, caller);
    t->header = stir_slice_of(t->identity, len);
    call.identity = &t->header;
    call.n_identity = 1;
    call.from = stir_slice_str(t->from);
    call.to = stir_slice_str(t->to);
    t->call = call;
    signature_for_openssl(t, t->header);
}

static void make_world(struct world *w, size_t n_signers, size_t n_tokens)
{
    struct stir_key *root_key = NULL, *intermediate_key = NULL;
    w->n_signers = n_signers;
    w->n_tokens = n_tokens;
    w->signers = calloc(n_signers, sizeof(*w->signers));
    w->tokens = calloc(n_tokens, sizeof(*w->tokens));
    w->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    w->digest = EVP_MD_CTX_new();
    must_ossl(w->signers && w->tokens && w->sha256 && w->digest, "memory");
    must(stir_policy_preset(&w->policy, stir_slice_str("shaken")), "policy", NULL);
    must(stir_es256_ctx_new(&w->ctx), "context", NULL);
    must(stir_key_generate(&root_key), "key", NULL);
    must(stir_key_generate(&intermediate_key), "key", NULL);
    w->root = make_cert(w, STIR_CERT_ROOT, "Bench Root", NULL, NULL, root_key, NULL);
    w->intermediate = make_cert(w, STIR_CERT_INTERMEDIATE, "Bench Intermediate", intermediate_key, w->root, root_key, NULL);
    make_trust(w);
    for (size_t i = 0; i < n_signers; i++)
        make_signer(w, i, intermediate_key);
    for (size_t i = 0; i < n_signers; i++) {
        struct signer *s = &w->signers[i];
        must(stir_chain_from_pem(&s->chain, stir_slice_of(s->chain_pem, s->n_chain_pem), w->trust, &w->policy, NOW), "chain", NULL);
        if (!stir_chain_info(s->chain)->trusted)
            die("chain", stir_chain_info(s->chain)->detail);
    }
    for (size_t i = 0; i < n_tokens; i++)
        make_token(w, i);
    stir_key_free(root_key);
    stir_key_free(intermediate_key);
}

static void free_world(struct world *w)
{
    for (size_t i = 0; i < w->n_signers; i++) {
        struct signer *s = &w->signers[i];
        EVP_PKEY_CTX_free(s->sign);
        EVP_PKEY_CTX_free(s->verify);
        EVP_PKEY_free(s->evp);
        stir_chain_free(s->chain);
        stir_cert_free(s->cert);
        stir_key_free(s->key);
    }
    X509_STORE_free(w->store);
    EVP_MD_CTX_free(w->digest);
    EVP_MD_free(w->sha256);
    stir_trust_free(w->trust);
    stir_cert_free(w->intermediate);
    stir_cert_free(w->root);
    stir_es256_ctx_free(w->ctx);
    free(w->tokens);
    free(w->signers);
}

/* ------------------------------------------------------------------ operations */

static void sign_identity(struct world *w, size_t i)
{
    char identity[IDENTITY];
    size_t len = 0;
    attest(w, i, identity, sizeof(identity), &len);
}

static void digest_alone(struct world *w, struct stir_slice data, unsigned char digest[STIR_SHA256])
{
    must_ossl(EVP_DigestInit_ex2(w->digest, w->sha256, NULL) && EVP_DigestUpdate(w->digest, data.p, data.n) && EVP_DigestFinal_ex(w->digest, digest, NULL),
              "digest");
}

/* SHA-256 of the same bytes and the bare signature. */
static void openssl_sign(struct world *w, size_t i)
{
    unsigned char digest[STIR_SHA256], der[80];
    size_t n = sizeof(der);
    digest_alone(w, token_of(w, i)->signing_input, digest);
    must_ossl(EVP_PKEY_sign(signer_of(w, i)->sign, der, &n, digest, sizeof(digest)) == 1, "sign");
}

/* A whole verification with the chain from a cache, and its verdict held against what is known of the token. */
static void verify_identity(struct world *w, size_t i)
{
    const struct token *t = token_of(w, i);
    struct stir_verify *v = NULL;
    struct stir_verdict *verdict = NULL;
    const struct stir_need *needs = NULL;
    size_t n = 0;
    must(stir_verify_new(&v, &t->call, &w->policy, w->trust, w->ctx, NOW), "verify", NULL);
    must(stir_verify_next(v, &needs, &n), "verify", NULL);
    if (n) {
        must(stir_verify_supply_chain(v, needs[0].id, signer_of(w, i)->chain), "chain", NULL);
        must(stir_verify_next(v, &needs, &n), "verify", NULL);
    }
    must(stir_verify_take(v, &verdict), "verdict", NULL);
    if (verdict->reason != t->expected || (verdict->verstat == STIR_VERSTAT_PASSED) != (t->expected == STIR_R_NONE))
        die("a wrong verdict", t->identity);
    stir_verdict_free(verdict);
    stir_verify_free(v);
}

/* SHA-256 and the bare verification; of those tokens only that get that far with us. */
static void openssl_verify(struct world *w, size_t i)
{
    const struct token *t = token_of(w, i);
    unsigned char digest[STIR_SHA256];
    if (t->expected != STIR_R_NONE && t->expected != STIR_R_SIGNATURE_BAD)
        return;
    digest_alone(w, t->signing_input, digest);
    int answer = EVP_PKEY_verify(signer_of(w, i)->verify, t->der, t->n_der, digest, sizeof(digest));
    must_ossl(answer == (t->expected == STIR_R_NONE), "verify");
}

/* Everything that is done before a certificate is asked for: header, token, claims, times, numbers. */
static void parse_identity(struct world *w, size_t i)
{
    const struct token *t = token_of(w, i);
    struct stir_verify *v = NULL;
    const struct stir_need *needs = NULL;
    size_t n = 0;
    must(stir_verify_new(&v, &t->call, &w->policy, w->trust, w->ctx, NOW), "parse", NULL);
    must(stir_verify_next(v, &needs, &n), "parse", NULL);
    if ((n == 1) != (t->expected == STIR_R_NONE || t->expected == STIR_R_SIGNATURE_BAD))
        die("a wrong gate", t->identity);
    stir_verify_free(v);
}

/* Two certificates read, the path built and judged by the profile. */
static void chain_validate(struct world *w, size_t i)
{
    const struct signer *s = signer_of(w, i);
    struct stir_chain *chain = NULL;
    must(stir_chain_from_pem(&chain, stir_slice_of(s->chain_pem, s->n_chain_pem), w->trust, &w->policy, NOW), "chain", NULL);
    if (!stir_chain_info(chain)->trusted)
        die("chain", stir_chain_info(chain)->detail);
    stir_chain_free(chain);
}

/* The same by OpenSSL's own verifier, which knows nothing of the profile. */
static void openssl_chain(struct world *w, size_t i)
{
    const struct signer *s = signer_of(w, i);
    BIO *bio = BIO_new_mem_buf(s->chain_pem, (int)s->n_chain_pem);
    X509 *leaf = read_x509(bio), *intermediate = read_x509(bio);
    STACK_OF(X509) *rest = sk_X509_new_null();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    must_ossl(rest && sk_X509_push(rest, intermediate) && ctx && X509_STORE_CTX_init(ctx, w->store, leaf, rest) == 1, "chain");
    X509_STORE_CTX_set_time(ctx, 0, (time_t)NOW);
    must_ossl(X509_verify_cert(ctx) == 1, "chain");
    X509_STORE_CTX_free(ctx);
    sk_X509_free(rest);
    X509_free(leaf);
    X509_free(intermediate);
    BIO_free(bio);
}

static void pem_load(struct world *w, size_t i)
{
    const struct signer *s = signer_of(w, i);
    struct stir_key *key = NULL;
    must(stir_key_from_pem(&key, stir_slice_of(s->key_pem, s->n_key_pem), NULL, NULL, NULL), "key", NULL);
    stir_key_free(key);
}

/* The same, with the check that the two halves fit, which OpenSSL leaves to its caller. */
static void openssl_pem_load(struct world *w, size_t i)
{
    const struct signer *s = signer_of(w, i);
    BIO *bio = BIO_new_mem_buf(s->key_pem, (int)s->n_key_pem);
    EVP_PKEY *evp = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, evp, NULL);
    must_ossl(ctx && EVP_PKEY_pairwise_check(ctx) == 1, "key");
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(evp);
    BIO_free(bio);
}

static const struct operation {
    const char *name;
    void (*ours)(struct world *w, size_t i);
    void (*openssl)(struct world *w, size_t i);
    double goal; /* of the ratio; 0: none */
    const char *against;
} operations[] = {
    {"sign_identity", sign_identity, openssl_sign, 0.95, "SHA-256 + EVP_PKEY_sign, contexts reused"},
    {"verify_identity", verify_identity, openssl_verify, 0.95, "SHA-256 + EVP_PKEY_verify, contexts reused"},
    {"parse_identity", parse_identity, openssl_verify, 20, "SHA-256 + EVP_PKEY_verify: under 5 % of it"},
    {"chain_validate", chain_validate, openssl_chain, 0, "PEM_read_bio_X509 + X509_verify_cert"},
    {"pem_load", pem_load, openssl_pem_load, 0, "PEM_read_bio_PrivateKey + EVP_PKEY_pairwise_check"},
};
enum { OPERATIONS = sizeof(operations) / sizeof(operations[0]) };

/* ------------------------------------------------------------------ measuring */

struct result {
    double ns, fastest_ns;  /* of one operation of ours: median and minimum of the rounds */
    double ratio, q25, q75; /* OpenSSL's time by ours, round by round */
};

static double cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* CPU time of `n` operations from the `from`th on. */
static double run(void (*operation)(struct world *, size_t), struct world *w, size_t from, size_t n)
{
    double start = cpu_ns();
    for (size_t i = 0; i < n; i++)
        operation(w, from + i);
    return cpu_ns() - start;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static struct result measure(struct world *w, const struct operation *op)
{
    static double ns[ROUNDS], ratio[ROUNDS];
    enum { WARM_UP = 200 };
    double ours = run(op->ours, w, 0, WARM_UP) / WARM_UP, theirs = run(op->openssl, w, 0, WARM_UP) / WARM_UP;
    size_t n = (size_t)(SLICE_NS / (ours > theirs ? ours : theirs)) + 1;
    for (size_t round = 0; round < ROUNDS; round++) {
        size_t from = round * n;
        bool first = round & 1;
        double a = first ? run(op->ours, w, from, n) : 0;
        theirs = run(op->openssl, w, from, n);
        ours = first ? a : run(op->ours, w, from, n);
        ns[round] = ours / (double)n;
        ratio[round] = theirs / ours;
    }
    qsort(ns, ROUNDS, sizeof(ns[0]), by_size);
    qsort(ratio, ROUNDS, sizeof(ratio[0]), by_size);
    return (struct result){ns[ROUNDS / 2], ns[0], ratio[ROUNDS / 2], ratio[ROUNDS / 4], ratio[ROUNDS - 1 - ROUNDS / 4]};
}

static void print_row(const struct operation *op, const struct result *r)
{
    char goal[32] = "";
    if (op->goal > 0)
        snprintf(goal, sizeof(goal), ">= %-5.4g %s", op->goal, r->ratio >= op->goal ? "met" : "MISSED");
    printf("%-16s %10.0f %10.0f %10.0f   %7.3f [%.3f %.3f]  %-15s %s\n", op->name, r->ns, r->fastest_ns, 1e9 / r->ns, r->ratio, r->q25, r->q75, goal,
           op->against);
    fflush(stdout);
}

static void write_json(const char *path, const struct result *results)
{
    FILE *f = fopen(path, "w");
    if (!f)
        die(path, "cannot be written");
    fprintf(f, "{\n");
    for (size_t i = 0; i < OPERATIONS; i++)
        fprintf(f, "  \"%s\": {\"ns\": %.1f, \"ratio_to_openssl\": %.4f, \"spread\": %.4f}%s\n", operations[i].name, results[i].ns, results[i].ratio,
                results[i].q75 - results[i].q25, i + 1 < OPERATIONS ? "," : "");
    fprintf(f, "}\n");
    if (fclose(f) != 0)
        die(path, "cannot be written");
}

static int measure_all(const char *path)
{
    struct world w = {0};
    struct result results[OPERATIONS];
    make_world(&w, SIGNERS, TOKENS);
    for (size_t i = 0; i < TOKENS; i++)
        verify_identity(&w, i); /* every verdict is as expected, before any of it is timed */
    printf("%s; %d signers, %d tokens, 1 %% of them bad; medians of %d rounds\n", OpenSSL_version(OPENSSL_VERSION), SIGNERS, TOKENS, ROUNDS);
    printf("%-16s %10s %10s %10s   %-24s %-15s %s\n", "operation", "ns", "fastest", "per second", "OpenSSL's time / ours", "goal", "held against");
    for (size_t i = 0; i < OPERATIONS; i++) {
        results[i] = measure(&w, &operations[i]);
        print_row(&operations[i], &results[i]);
    }
    printf("parsing and checking without the signature is %.1f %% of a verification\n", 100 * results[2].ns / results[1].ns);
    write_json(path, results);
    free_world(&w);
    return 0;
}

/* One signer and a few good tokens, so that making them disturbs a count of instructions little. */
static int run_one(const char *name, const char *count)
{
    static const char prefix[] = "openssl:";
    bool openssl = strncmp(name, prefix, sizeof(prefix) - 1) == 0;
    const char *wanted = openssl ? name + sizeof(prefix) - 1 : name;
    char *end = NULL;
    unsigned long n = strtoul(count, &end, 10);
    if (!*count || *end)
        die(count, "is no count");
    for (size_t i = 0; i < OPERATIONS; i++) {
        if (strcmp(operations[i].name, wanted) != 0)
            continue;
        struct world w = {0};
        make_world(&w, 1, 4);
        run(openssl ? operations[i].openssl : operations[i].ours, &w, 0, n);
        free_world(&w);
        return 0;
    }
    die(name, "is no operation");
    return 1;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--one") == 0)
        return run_one(argv[2], argv[3]);
    if (argc == 2 && argv[1][0] != '-')
        return measure_all(argv[1]);
    fprintf(stderr, "stir-bench FILE.json | stir-bench --one NAME COUNT; names:");
    for (size_t i = 0; i < OPERATIONS; i++)
        fprintf(stderr, " %s", operations[i].name);
    fprintf(stderr, "\n");
    return 2;
}
