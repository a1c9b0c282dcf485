/* How fast libstir is, against OpenSSL alone, in one process: both do a slice of work in turn, and each round gives one ratio. The machine may be busy; a
 * neighbour disturbs both sides of a round alike.
 *
 *   stir-bench FILE.json         measure everything; a table on stdout, JSON into FILE.json
 *   stir-bench --one NAME COUNT  do one operation COUNT times and say nothing: for callgrind. openssl:NAME does what NAME is held against
 *
 * ratio_to_openssl is OpenSSL's time by ours: 1 is as fast as its primitives alone, 0.95 is 5 % slower. Times are CPU time of the thread. */
#include "kinds.h"
#include "warm.h"

enum { ROUNDS = MOST_ROUNDS };

/* ------------------------------------------------------------------ operations */

static void sign_identity(void *arg, size_t i)
{
    struct world *w = arg;
    char identity[IDENTITY];
    size_t len = 0;
    attest(w, i % w->n_outgoing, &w->outgoing[i % w->n_outgoing].params, identity, &len);
}

static void digest_alone(struct world *w, struct stir_slice data, unsigned char digest[STIR_SHA256])
{
    must_ossl(EVP_DigestInit_ex2(w->digest, w->sha256, NULL) && EVP_DigestUpdate(w->digest, data.p, data.n) && EVP_DigestFinal_ex(w->digest, digest, NULL),
              "digest");
}

/* SHA-256 of the same bytes and the bare signature. */
static void openssl_sign(void *arg, size_t i)
{
    struct world *w = arg;
    unsigned char digest[STIR_SHA256], der[80];
    size_t n = sizeof(der);
    digest_alone(w, w->outgoing[i % w->n_outgoing].signing_input, digest);
    must_ossl(EVP_PKEY_sign(signer_of(w, i % w->n_outgoing)->sign, der, &n, digest, sizeof(digest)) == 1, "sign");
}

/* ES256 alone, over the same bytes: what our layer costs by itself. */
static void es256_sign(void *arg, size_t i)
{
    struct world *w = arg;
    unsigned char digest[STIR_SHA256], sig[STIR_ES256_SIG];
    must(stir_es256_digest(w->ctx, w->outgoing[i % w->n_outgoing].signing_input, digest), "digest", NULL);
    must(stir_es256_sign(w->ctx, signer_of(w, i % w->n_outgoing)->key, digest, sig), "sign", NULL);
}

/* A whole verification with this chain, and its verdict held against what is known of the token. */
static void verify_with(struct world *w, size_t i, struct stir_chain *chain)
{
    const struct incoming *t = token_of(w, i);
    struct stir_verify *v = NULL;
    struct stir_verdict *verdict = NULL;
    const struct stir_need *needs = NULL;
    size_t n = 0;
    must(stir_verify_new(&v, &t->call, &w->policy, w->trust, w->ctx, NOW), "verify", NULL);
    must(stir_verify_next(v, &needs, &n), "verify", NULL);
    if (n) {
        must(stir_verify_supply_chain(v, needs[0].id, chain), "chain", NULL);
        must(stir_verify_next(v, &needs, &n), "verify", NULL);
    }
    must(stir_verify_take(v, &verdict), "verdict", NULL);
    if (verdict->reason != t->expected || (verdict->verstat == STIR_VERSTAT_PASSED) != (t->expected == STIR_R_NONE))
        die("a wrong verdict", t->identity);
    stir_verdict_free(verdict);
    stir_verify_free(v);
}

/* The chain as a cache keeps it, prepared. */
static void verify_identity(void *arg, size_t i)
{
    struct world *w = arg;
    verify_with(w, i, signer_of(w, i)->prepared);
}

/* The same without tables: a signer of whom little is heard. */
static void verify_identity_plain(void *arg, size_t i)
{
    struct world *w = arg;
    verify_with(w, i, signer_of(w, i)->chain);
}

/* SHA-256 and the bare verification; of those tokens only that get that far with us. */
static void openssl_verify(void *arg, size_t i)
{
    struct world *w = arg;
    const struct incoming *t = token_of(w, i);
    unsigned char digest[STIR_SHA256];
    if (t->expected != STIR_R_NONE && t->expected != STIR_R_SIGNATURE_BAD)
        return;
    digest_alone(w, t->signing_input, digest);
    int answer = EVP_PKEY_verify(signer_of(w, i)->verify, t->der, t->n_der, digest, sizeof(digest));
    must_ossl(answer == (t->expected == STIR_R_NONE), "verify");
}

static void es256_verify(void *arg, size_t i)
{
    struct world *w = arg;
    const struct incoming *t = token_of(w, i);
    unsigned char digest[STIR_SHA256];
    if (t->expected != STIR_R_NONE && t->expected != STIR_R_SIGNATURE_BAD)
        return;
    must(stir_es256_digest(w->ctx, t->signing_input, digest), "digest", NULL);
    enum stir_err err = stir_es256_verify(w->ctx, signer_of(w, i)->key, digest, stir_slice_of(t->sig, sizeof(t->sig)));
    if (err != (t->expected == STIR_R_NONE ? STIR_OK : STIR_ESIG))
        die("a wrong answer", t->identity);
}

/* Everything that is done before a certificate is asked for: header, token, claims, times, numbers. */
static void parse_identity(void *arg, size_t i)
{
    struct world *w = arg;
    const struct incoming *t = token_of(w, i);
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
static void chain_validate(void *arg, size_t i)
{
    struct world *w = arg;
    const struct signer *s = signer_of(w, i);
    struct stir_chain *chain = NULL;
    must(stir_chain_from_pem(&chain, stir_slice_of(s->chain_pem, s->n_chain_pem), w->trust, &w->policy, NOW), "chain", NULL);
    if (!stir_chain_info(chain)->trusted)
        die("chain", stir_chain_info(chain)->detail);
    stir_chain_free(chain);
}

/* The same by OpenSSL's own verifier, which knows nothing of the profile. */
static void openssl_chain(void *arg, size_t i)
{
    struct world *w = arg;
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

static void pem_load(void *arg, size_t i)
{
    struct world *w = arg;
    const struct signer *s = signer_of(w, i);
    struct stir_key *key = NULL;
    must(stir_key_from_pem(&key, stir_slice_of(s->key_pem, s->n_key_pem), NULL, NULL, NULL), "key", NULL);
    stir_key_free(key);
}

/* The same, with the check that the two halves fit, which OpenSSL leaves to its caller. */
static void openssl_pem_load(void *arg, size_t i)
{
    struct world *w = arg;
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
    void (*ours)(void *arg, size_t i);
    void (*openssl)(void *arg, size_t i);
    double goal; /* of the ratio; 0: none */
    const char *against;
} operations[] = {
    {"sign_identity", sign_identity, openssl_sign, 0.95, "SHA-256 + EVP_PKEY_sign, contexts reused"},
    {"verify_identity", verify_identity, openssl_verify, 0.95, "SHA-256 + EVP_PKEY_verify, contexts reused"},
    {"verify_identity_plain", verify_identity_plain, openssl_verify, 0.95, "the same; our key without a table"},
    {"es256_sign", es256_sign, openssl_sign, 0.95, "the same"},
    {"es256_verify", es256_verify, openssl_verify, 0.95, "the same"},
    {"parse_identity", parse_identity, openssl_verify, 20, "SHA-256 + EVP_PKEY_verify: under 5 % of it"},
    {"chain_validate", chain_validate, openssl_chain, 0, "PEM_read_bio_X509 + X509_verify_cert"},
    {"pem_load", pem_load, openssl_pem_load, 0, "PEM_read_bio_PrivateKey + EVP_PKEY_pairwise_check"},
};
enum { VERIFY = 2, PARSE = 5, OPERATIONS = sizeof(operations) / sizeof(operations[0]) };

/* ------------------------------------------------------------------ measuring */

static struct result measure(struct world *w, const struct operation *op)
{
    const struct side sides[2] = {{op->openssl, w}, {op->ours, w}};
    return measure_sides(sides, ROUNDS);
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

static void write_operations(FILE *json, const struct result *results)
{
    for (size_t i = 0; i < OPERATIONS; i++)
        fprintf(json, "  \"%s\": {\"ns\": %.1f, \"ratio_to_openssl\": %.4f, \"spread\": %.4f},\n", operations[i].name, results[i].ns, results[i].ratio,
                results[i].q75 - results[i].q25);
}

/* The memory of seen tokens, at the size of a large verifier's: tokens that are new to it, then the same again. */
static void measure_replay(FILE *json)
{
    enum { ENTRIES = 10000000, SEEN = 6600000 };
    static const unsigned char secret[STIR_REPLAY_SECRET] = "bench";
    struct stir_replay_stats stats = STIR_REPLAY_STATS_INIT;
    struct stir_replay *replay = NULL;
    double ns[2];
    must(stir_replay_new(&replay, ENTRIES, secret), "replay", NULL);
    for (size_t again = 0; again < 2; again++) {
        double start = cpu_ns();
        for (uint64_t i = 0; i < SEEN; i++) {
            unsigned char key[STIR_REPLAY_KEY] = {0};
            bool seen = false;
            memcpy(key, &i, sizeof(i)); /* the memory spreads keys by its own secret: they need not look like digests */
            must(stir_replay_check(replay, key, stir_slice_str(again ? "b@host" : "a@host"), NOW + 60, NOW, &seen), "replay", NULL);
            if (seen != (again == 1)) /* none of these is forgotten, as the header promises */
                die("replay", "a wrong answer");
        }
        ns[again] = (cpu_ns() - start) / SEEN;
    }
    must(stir_replay_stats(replay, &stats), "replay", NULL);
    printf("\nreplay memory: %zu entries, %.0f MB, two thirds full: %.0f ns for a new token, %.0f ns for one seen before, %llu forgotten\n", stats.entries,
           (double)stats.bytes / 1e6, ns[0], ns[1], (unsigned long long)stats.evicted);
    fprintf(json, "  \"replay_memory\": {\"entries\": %zu, \"bytes\": %zu, \"new_ns\": %.1f, \"seen_ns\": %.1f}\n", stats.entries, stats.bytes, ns[0], ns[1]);
    stir_replay_free(replay);
}

static int measure_all(const char *path)
{
    static struct world w;
    struct result results[OPERATIONS];
    FILE *json = fopen(path, "w");
    if (!json)
        die(path, "cannot be written");
    make_world(&w, SIGNERS, OUTGOING, TOKENS);
    for (size_t i = 0; i < TOKENS; i++)
        verify_identity(&w, i); /* every verdict is as expected, before any of it is timed */
    printf("%s; %d signers, %d tokens, 1 %% of them bad; medians of %d rounds\n", OpenSSL_version(OPENSSL_VERSION), SIGNERS, TOKENS, ROUNDS);
    printf("%-16s %10s %10s %10s   %-24s %-15s %s\n", "operation", "ns", "fastest", "per second", "OpenSSL's time / ours", "goal", "held against");
    for (size_t i = 0; i < OPERATIONS; i++) {
        results[i] = measure(&w, &operations[i]);
        print_row(&operations[i], &results[i]);
    }
    printf("parsing and checking without the signature is %.1f %% of a verification\n", 100 * results[PARSE].ns / results[VERIFY].ns);
    fprintf(json, "{\n");
    write_operations(json, results);
    measure_kinds(&w, json);
    measure_warm(&w, json);
    measure_replay(json);
    fprintf(json, "}\n");
    if (fclose(json) != 0)
        die(path, "cannot be written");
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
        static struct world w;
        make_world(&w, 1, 1, 4);
        const struct side side = {openssl ? operations[i].openssl : operations[i].ours, &w};
        run(&side, 0, n);
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
