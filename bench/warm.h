/* Verification with a warm cache of judged chains, of 1, 1,000 and 100,000 of them: a call must not cost more because others are remembered too. Each chain has
 * a leaf and a key object of its own; they share the intermediate, and the key pair, whose tables are left out, so that the cache is what differs. */
#ifndef STIR_BENCH_WARM_H
#define STIR_BENCH_WARM_H

#include <malloc.h>
#include <stir/chain_cache.h>

#include "measure.h"

enum { WARM_SIZES = 3, WARM_CALLS = 10000, WARM_CHAINS = 10000 /* made; the largest cache has each ten times */, WARM_ROUNDS = 101 };
static const size_t warm_sizes[WARM_SIZES] = {1, 1000, 100000};

struct warm_call {
    char identity[IDENTITY], url[64];
    size_t n;
};

struct warm {
    struct world *w;
    struct stir_chain_cache *cache;
    size_t n, n_calls;
    struct warm_call *calls; /* spread over the whole cache */
    struct outgoing out;     /* the one call that all of them sign */
};

static void warm_url(char url[64], size_t i)
{
    snprintf(url, 64, "https://cert.example.com/warm/%zu.pem", i);
}

static struct stir_chain *warm_chain(struct world *w, const struct stir_tnauth *tnauth)
{
    struct stir_chain *chain = NULL;
    struct stir_cert *leaf = make_cert(w, STIR_CERT_END_ENTITY, "SHAKEN B000", w->signers[0].key, w->intermediate, w->intermediate_key, tnauth);
    struct stir_cert *certs[2] = {leaf, w->intermediate};
    must(stir_chain_from_certs(&chain, certs, 2, w->trust, &w->policy, NOW), "chain", NULL);
    if (!stir_chain_info(chain)->trusted)
        die("chain", stir_chain_info(chain)->detail);
    stir_cert_free(leaf);
    return chain;
}

static void warm_sign(struct warm *warm, size_t i)
{
    struct warm_call *call = &warm->calls[i];
    warm_url(call->url, i * (warm->n / warm->n_calls > 0 ? warm->n / warm->n_calls : 1) % warm->n);
    struct stir_attest_params params = warm->out.params;
    params.claims.x5u = stir_slice_str(call->url);
    attest(warm->w, 0, &params, call->identity, &call->n);
}

static void make_warm(struct warm *warm, struct world *w, size_t n)
{
    struct stir_chain_cache_options options = STIR_CHAIN_CACHE_OPTIONS_INIT;
    struct stir_tnauth *tnauth = NULL;
    struct stir_tnauth_entry entry = {STIR_TNAUTH_SPC, stir_slice_str("B000"), 0};
    char url[64];
    options.max_entries = 4 * n + 4;
    options.max_bytes = (size_t)1 << 36;
    *warm = (struct warm){.w = w, .n = n, .n_calls = n < WARM_CALLS ? n : WARM_CALLS};
    must(stir_chain_cache_new(&warm->cache, &options), "cache", NULL);
    must(stir_tnauth_new(&tnauth, &entry, 1, NULL), "TNAuthList", NULL);
    struct stir_chain *chain = NULL;
    for (size_t i = 0; i < n; i++) {
        if (i % (n > WARM_CHAINS ? n / WARM_CHAINS : 1) == 0) {
            stir_chain_free(chain);
            chain = warm_chain(w, tnauth);
        }
        warm_url(url, i);
        must(stir_chain_cache_put(warm->cache, stir_slice_str(url), chain, NOW + DAY), "put", NULL);
    }
    stir_chain_free(chain);
    stir_tnauth_free(tnauth);
    warm->calls = calloc(warm->n_calls, sizeof(*warm->calls));
    must_ossl(warm->calls != NULL, "memory");
    make_outgoing(w, 0, &warm->out, NOW);
    for (size_t i = 0; i < warm->n_calls; i++)
        warm_sign(warm, i);
}

static void free_warm(struct warm *warm)
{
    stir_chain_cache_free(warm->cache);
    free(warm->calls);
}

static void warm_find(void *arg, size_t i)
{
    struct warm *warm = arg;
    struct stir_chain *chain = stir_chain_cache_find(warm->cache, stir_slice_str(warm->calls[i % warm->n_calls].url), warm->w->trust, &warm->w->policy, NOW);
    if (!chain)
        die("cache", "a chain is not there");
    stir_chain_free(chain);
}

static void warm_verify(void *arg, size_t i)
{
    struct warm *warm = arg;
    struct warm_call *call = &warm->calls[i % warm->n_calls];
    struct stir_slice header = stir_slice_of(call->identity, call->n);
    struct stir_call sip = STIR_CALL_INIT;
    struct stir_verify *v = NULL;
    struct stir_verdict *verdict = NULL;
    const struct stir_need *needs = NULL;
    size_t n = 0;
    sip.identity = &header;
    sip.n_identity = 1;
    sip.from = stir_slice_str(warm->out.orig.text);
    sip.to = stir_slice_str(warm->out.dest.text);
    must(stir_verify_new(&v, &sip, &warm->w->policy, warm->w->trust, warm->w->ctx, NOW), "verify", NULL);
    must(stir_verify_next(v, &needs, &n), "verify", NULL);
    struct stir_chain *chain = n ? stir_chain_cache_find(warm->cache, needs[0].url, warm->w->trust, &warm->w->policy, NOW) : NULL;
    if (!chain)
        die("cache", "a chain is not there");
    must(stir_verify_supply_chain(v, needs[0].id, chain), "chain", NULL);
    must(stir_verify_next(v, &needs, &n), "verify", NULL);
    must(stir_verify_take(v, &verdict), "verdict", NULL);
    if (verdict->verstat != STIR_VERSTAT_PASSED)
        die("warm", stir_reason_name(verdict->reason));
    stir_chain_free(chain);
    stir_verdict_free(verdict);
    stir_verify_free(v);
}

/* What a chain takes that was read from a body of two certificates: measured, and as stir_chain_bytes() has it. */
static void measure_chain(struct world *w, FILE *json)
{
    enum { CHAINS = 1000 };
    static struct stir_chain *chains[CHAINS];
    size_t counted = 0;
    struct mallinfo2 before = mallinfo2();
    for (size_t i = 0; i < CHAINS; i++)
        must(stir_chain_from_pem(&chains[i], stir_slice_of(signer_of(w, i)->chain_pem, signer_of(w, i)->n_chain_pem), w->trust, &w->policy, NOW), "chain",
             NULL);
    struct mallinfo2 after = mallinfo2();
    double bytes = (double)(after.uordblks - before.uordblks) / CHAINS;
    for (size_t i = 0; i < CHAINS; i++) {
        counted += stir_chain_bytes(chains[i]);
        stir_chain_free(chains[i]);
    }
    printf("a chain read from two certificates takes %.0f bytes, and counts as %zu\n", bytes, counted / CHAINS);
    fprintf(json, "  \"chain_memory\": {\"bytes\": %.0f, \"counted\": %zu},\n", bytes, counted / CHAINS);
}

static void measure_warm(struct world *w, FILE *json)
{
    static struct warm warm[WARM_SIZES];
    printf("\n%-16s %10s %10s   %s\n", "cached chains", "find ns", "verify ns", "of one with 1 cached");
    fprintf(json, "  \"warm_cache\": {\n");
    for (size_t i = 0; i < WARM_SIZES; i++) {
        make_warm(&warm[i], w, warm_sizes[i]);
        const struct side find[2] = {{warm_find, &warm[0]}, {warm_find, &warm[i]}}, verify[2] = {{warm_verify, &warm[0]}, {warm_verify, &warm[i]}};
        struct result finding = measure_sides(find, WARM_ROUNDS), judging = measure_sides(verify, WARM_ROUNDS);
        printf("%-16zu %10.0f %10.0f   %5.2f [%.2f %.2f]\n", warm_sizes[i], finding.ns, judging.ns, 1 / judging.ratio, 1 / judging.q75, 1 / judging.q25);
        fflush(stdout);
        fprintf(json, "    \"%zu\": {\"find_ns\": %.1f, \"verify_ns\": %.1f, \"verify_to_one_cached\": %.3f}%s\n", warm_sizes[i], finding.ns, judging.ns,
                1 / judging.ratio, i + 1 < WARM_SIZES ? "," : "");
    }
    fprintf(json, "  },\n");
    measure_chain(w, json);
    for (size_t i = 0; i < WARM_SIZES; i++)
        free_warm(&warm[i]);
}

#endif
