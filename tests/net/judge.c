/* Chains of the real network through the way that a daemon goes: fetched by stir_net, judged, and found in the chain cache afterwards, at a time of our
 * choosing.
 *
 *   net-judge RESOLVER ALLOW-NET TLS-ROOT ANCHORS URL TIME [URL TIME...]
 *
 * A line for each: URL, how it was fetched, whether it is trusted, the provider's code, and the first fatal reason or "-". */
#include <stdio.h>
#include <stdlib.h>

#include <stir/chain_cache.h>
#include <stir/net.h>
#include <stir/stir.h>

static int64_t now;

static int64_t clock_of(void *arg)
{
    (void)arg;
    return now;
}

static void must(enum stir_err err, const char *what, const struct stir_diag *diag)
{
    if (err == STIR_OK)
        return;
    fprintf(stderr, "net-judge: %s: %s\n", what, diag && diag->text[0] ? diag->text : stir_err_text(err));
    exit(3);
}

static struct stir_trust *read_anchors(const char *path)
{
    static char pem[1 << 20];
    struct stir_trust_builder *builder = NULL;
    struct stir_trust *trust = NULL;
    struct stir_diag diag = {0};
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(pem, 1, sizeof(pem), f) : 0;
    if (!f || fclose(f) != 0 || n == sizeof(pem))
        must(STIR_ENOTFOUND, path, NULL);
    must(stir_trust_builder_new(&builder), "trust", NULL);
    must(stir_trust_add_pem(builder, stir_slice_of(pem, n), &diag), path, &diag);
    must(stir_trust_freeze(&trust, builder, 1), "trust", NULL);
    return trust;
}

static const char *fatal_of(const struct stir_chain_info *info, const struct stir_policy *policy)
{
    for (size_t i = 0; i < info->n_reasons; i++)
        if (stir_policy_severity(policy, info->reasons[i]) == STIR_SEVERITY_FAIL)
            return stir_reason_name(info->reasons[i]);
    return "-";
}

static void judge(struct stir_net *net, struct stir_chain_cache *cache, const struct stir_trust *trust, const struct stir_policy *policy, const char *url)
{
    struct stir_net_answer *answer = NULL;
    struct stir_chain *chain = NULL;
    must(stir_net_get(net, stir_slice_str(url), STIR_NET_CERT, 0, &answer), url, NULL);
    if (answer->reason != STIR_R_NONE) {
        printf("%s %s - - %s\n", url, stir_reason_name(answer->reason), answer->detail);
        stir_net_answer_free(answer);
        return;
    }
    must(stir_chain_from_pem(&chain, answer->body, trust, policy, now), url, NULL);
    must(stir_chain_cache_put(cache, stir_slice_str(url), chain, answer->ask_again), url, NULL);
    struct stir_chain *found = stir_chain_cache_find(cache, stir_slice_str(url), trust, policy, now);
    const struct stir_chain_info *info = stir_chain_info(chain);
    bool trusted = info->trusted && stir_chain_check_time(chain, now) == STIR_R_NONE;
    printf("%s %s %s %.*s %s\n", url, found == chain ? "fetched" : "not-cached", trusted ? "trusted" : "untrusted", info->spc.n ? (int)info->spc.n : 1,
           info->spc.n ? info->spc.p : "-", fatal_of(info, policy));
    stir_chain_free(found);
    stir_chain_free(chain);
    stir_net_answer_free(answer);
}

int main(int argc, char **argv)
{
    struct stir_net_options options = STIR_NET_OPTIONS_INIT;
    struct stir_net *net = NULL;
    struct stir_chain_cache *cache = NULL;
    struct stir_policy policy;
    struct stir_diag diag = {0};
    if (argc < 7 || argc % 2 == 0)
        return 2;
    options.resolver = argv[1];
    options.allow_net = (const char *const *)&argv[2];
    options.n_allow_net = 1;
    options.tls_root = argv[3];
    options.timeout_ms = 20000;
    options.clock = clock_of;
    struct stir_trust *trust = read_anchors(argv[4]);
    must(stir_policy_preset(&policy, stir_slice_str("shaken")), "policy", NULL);
    must(stir_net_new(&net, &options, &diag), "net", &diag);
    must(stir_chain_cache_new(&cache, NULL), "cache", NULL);
    for (int i = 5; i + 1 < argc; i += 2) {
        now = strtoll(argv[i + 1], NULL, 10);
        judge(net, cache, trust, &policy, argv[i]);
    }
    stir_chain_cache_free(cache);
    stir_net_free(net);
    stir_trust_free(trust);
    return 0;
}
