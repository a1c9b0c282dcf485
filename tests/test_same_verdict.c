/* The same call has the same verdict: whatever the order of its Identity headers and of the answers, the state of the caches (none, hot, of another snapshot,
 * on disk alone) and the number of threads. Many calls, made by chance from a fixed seed: good tokens and bad ones of several kinds, certificates that are
 * good, strange, junk and not to be had. Built with ThreadSanitizer, whatever the other tests are built with. */
#include "call_support.h"

#include <dirent.h>
#include <jansson.h>
#include <pthread.h>
#include <stir/chain_cache.h>
#include <stir/net.h>
#include <unistd.h>

#include "io/cache.h"

enum { CALLS = 30, MOST = 4, ROOM = 2048, THREADS = 3, ORDERS = 3, LATER = 100000 };

/* Where certificates come from. */
enum url { GOOD, STRANGE, JUNK, NOWHERE, URLS };
static const char *const urls[URLS] = {"https://cr.example.com/good.pem", "https://cr.example.com/strange.pem", "https://cr.example.com/junk.pem",
                                       "https://cr.example.com/nowhere.pem"};

enum cache { NONE, HOT, OTHER_SNAPSHOT, DISK, CACHES };
static const char *const cache_names[CACHES] = {"no cache", "a hot cache", "a cache of another snapshot", "certificates on disk"};

struct call {
    char values[MOST][ROOM];
    size_t n;
    bool diverted;
    char *verdict; /* of the first way, normalised */
};

static struct lab {
    struct pki pki, stranger;
    struct stir_policy policy;
    struct stir_trust *other;
    struct stir_chain_cache *hot;
    struct call calls[CALLS];
    char folder[64];
} lab;

/* ---- Calls ---- */

static uint64_t chance_state = 88172645463325252u;

static unsigned chance(unsigned n)
{
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return (unsigned)(chance_state % n);
}

static const struct kind {
    const char *ppt, *first, *dest, *div, *last;
} kinds[] = {
    {"shaken", "\"attest\":\"A\",", DEST, "", ",\"origid\":\"" ORIGID "\""},
    {"shaken", "\"attest\":\"B\",", DEST, "", ",\"origid\":\"" ORIGID "\""},
    {"div", "", "12125550177", "\"div\":{\"tn\":\"" DEST "\"},", ""},
    {"rph", "", DEST, "", ",\"rph\":{\"auth\":[\"ets.0\"]}"},
    {"rcd", "", DEST, "", ",\"rcd\":{\"nam\":\"Q\"}"},
};

static void make_token(char value[ROOM], bool plain)
{
    const struct kind *kind = &kinds[plain ? 0 : chance(5)];
    enum url url = chance(3) ? GOOD : (enum url)chance(URLS);
    bool stale = chance(8) == 0, other_caller = chance(8) == 0, bad = chance(8) == 0;
    char header[256], payload[1024], params[256];
    snprintf(header, sizeof(header), "{\"alg\":\"ES256\",\"ppt\":\"%s\",\"typ\":\"passport\",\"x5u\":\"%s\"}", kind->ppt, urls[url]);
    snprintf(payload, sizeof(payload), "{%s\"dest\":{\"tn\":[\"%s\"]},%s\"iat\":%lld,\"orig\":{\"tn\":\"%s\"}%s}", kind->first, kind->dest, kind->div,
             (long long)(stale ? NOW - 3600 : NOW), other_caller ? "12155559999" : ORIG, kind->last);
    snprintf(params, sizeof(params), ";info=<%s>;alg=ES256;ppt=%s", urls[url], kind->ppt);
    pki_sign(url == STRANGE ? &lab.stranger : &lab.pki, value, ROOM, header, payload, params);
    char *within = strchr(strchr(value, '.') + 1, '.') + 10;
    if (bad)
        *within = *within == 'A' ? 'B' : 'A';
}

static void make_call(struct call *call)
{
    call->n = 1 + chance(MOST);
    call->diverted = chance(3) == 0;
    for (size_t i = 0; i < call->n; i++)
        make_token(call->values[i], i == 0);
}

/* ---- Answers ---- */

static struct stir_slice body_of(enum url url)
{
    if (url == JUNK)
        return S("<html>not here</html>");
    const struct pki *pki = url == STRANGE ? &lab.stranger : &lab.pki;
    return stir_slice_of(pki->pem, pki->pem_len);
}

static enum url url_of(struct stir_slice text)
{
    enum url url = GOOD;
    while (url < URLS && !stir_slice_is(text, urls[url]))
        url++;
    return url;
}

static struct stir_chain *judge_chain(enum url url, const struct stir_trust *trust)
{
    struct stir_chain *chain = NULL;
    return stir_chain_from_pem(&chain, body_of(url), trust, &lab.policy, NOW) == STIR_OK ? chain : NULL;
}

/* One way of a thread: what it has of its own. */
struct way {
    enum cache cache;
    unsigned order; /* of headers and answers */
    struct stir_es256_ctx *ctx;
    struct stir_net *net;
};

static enum stir_err answer_from_disk(struct way *way, struct stir_verify *v, unsigned id, enum url url)
{
    struct stir_net_answer *answer = NULL;
    enum stir_err err = stir_net_get(way->net, S(urls[url]), STIR_NET_CERT, 0, &answer);
    if (err == STIR_OK && (answer->reason != STIR_R_NONE || (answer->source != STIR_NET_DISK && answer->source != STIR_NET_MEMORY)))
        err = STIR_ENOTFOUND; /* it is there, and nobody may be asked for it */
    if (err == STIR_OK)
        err = stir_verify_supply_pem(v, id, answer->body);
    stir_net_answer_free(answer);
    return err;
}

static enum stir_err answer(struct way *way, struct stir_verify *v, const struct stir_need *need)
{
    enum url url = url_of(need->url);
    if (need->kind != STIR_NEED_CERT || url == NOWHERE || url == URLS)
        return stir_verify_fail(v, need->id, STIR_R_INFO_UNREACHABLE);
    if (way->cache == DISK && url != JUNK)
        return answer_from_disk(way, v, need->id, url);
    struct stir_chain *chain = way->cache == NONE || way->cache == DISK ? NULL : stir_chain_cache_find(lab.hot, need->url, lab.pki.trust, &lab.policy, NOW);
    enum stir_err err = chain ? stir_verify_supply_chain(v, need->id, chain) : stir_verify_supply_pem(v, need->id, body_of(url));
    stir_chain_free(chain);
    if (err != STIR_OK || way->cache != HOT || chain)
        return err;
    chain = judge_chain(url, lab.pki.trust);
    err = chain ? stir_chain_cache_put(lab.hot, need->url, chain, NOW + LATER) : STIR_ENOMEM;
    stir_chain_free(chain);
    return err;
}

/* ---- Verdicts ---- */

/* The `i`th of n in one of several orders: as it is, backwards, rotated. */
static size_t place(size_t i, size_t n, unsigned order)
{
    return order == 0 ? i : order == 1 ? n - 1 - i : (i + order - 1) % n;
}

static json_t *sort_texts(json_t *texts)
{
    json_t *sorted = json_array();
    for (size_t i = 0; i < json_array_size(texts); i++) {
        json_t *text = json_array_get(texts, i);
        size_t at = 0;
        while (at < i && strcmp(json_string_value(json_array_get(sorted, at)), json_string_value(text)) < 0)
            at++;
        json_array_insert(sorted, at, text);
    }
    return sorted;
}

/* What is said of diversions counts the headers. */
static void forget_places(json_t *checks)
{
    for (size_t i = 0; i < json_array_size(checks); i++) {
        json_t *check = json_array_get(checks, i);
        const char *detail = json_string_value(json_object_get(check, "detail"));
        if (detail && strstr(detail, " Identity "))
            json_object_set_new(check, "detail", json_string("a token of another header fails"));
    }
}

/* The verdict as JSON with its tokens, and what is written of them, in the order in which they were made. */
static char *normalise(const char *text, size_t n, unsigned order)
{
    json_t *verdict = json_loads(text, 0, NULL), *sorted = json_array(), *tokens = json_object_get(verdict, "tokens"),
           *deciding = json_object_get(verdict, "deciding");
    for (size_t made = 0; made < n; made++)
        for (size_t i = 0; i < n; i++) {
            json_t *token = json_array_get(tokens, i);
            if (place(i, n, order) != made)
                continue;
            json_object_set_new(token, "index", json_integer((json_int_t)made));
            forget_places(json_object_get(token, "checks"));
            json_array_append(sorted, token);
        }
    if (json_is_integer(deciding))
        json_object_set_new(verdict, "deciding", json_integer((json_int_t)place((size_t)json_integer_value(deciding), n, order)));
    json_object_set_new(verdict, "tokens", sorted);
    json_object_set_new(verdict, "reason_headers", sort_texts(json_object_get(verdict, "reason_headers")));
    char *out = json_dumps(verdict, JSON_SORT_KEYS | JSON_COMPACT);
    json_decref(verdict);
    return out;
}

static enum stir_err go(struct stir_verdict **out, struct way *way, const struct call *made)
{
    struct stir_slice identity[MOST], asked = S("ets.0");
    struct stir_call call = call_of(identity, ORIG, DEST);
    struct stir_verify *v = NULL;
    const struct stir_need *needs;
    size_t n = 0;
    for (size_t i = 0; i < made->n; i++)
        identity[i] = S(made->values[place(i, made->n, way->order)]);
    call.n_identity = made->n;
    call.ruri = S(made->diverted ? "sip:+12125550177@h" : "sip:+" DEST "@h");
    call.resource_priority = &asked;
    call.n_resource_priority = 1;
    enum stir_err err = stir_verify_new(&v, &call, &lab.policy, lab.pki.trust, way->ctx, NOW);
    while (err == STIR_OK && (err = stir_verify_next(v, &needs, &n)) == STIR_OK && n > 0)
        for (size_t i = 0; err == STIR_OK && i < n; i++)
            err = answer(way, v, &needs[place(i, n, way->order)]);
    if (err == STIR_OK)
        err = stir_verify_take(v, out);
    stir_verify_free(v);
    return err;
}

static char *verdict_of(struct way *way, const struct call *made)
{
    static const size_t cap = 65536;
    struct stir_verdict *verdict = NULL;
    char *text = malloc(cap), *out = NULL;
    size_t n;
    if (text && go(&verdict, way, made) == STIR_OK && stir_verdict_json(text, cap, &n, verdict) == STIR_OK)
        out = normalise(text, made->n, way->order);
    stir_verdict_free(verdict);
    free(text);
    return out;
}

static int64_t clock_of(void *arg)
{
    (void)arg;
    return NOW;
}

static bool open_way(struct way *way)
{
    struct stir_net_options options = STIR_NET_OPTIONS_INIT;
    options.cache_dir = lab.folder;
    options.clock = clock_of;
    options.resolver = "127.1.2.3:1"; /* nobody: what is not on disk is nowhere */
    return stir_es256_ctx_new(&way->ctx) == STIR_OK && stir_net_new(&way->net, &options, NULL) == STIR_OK;
}

static void close_way(struct way *way)
{
    stir_es256_ctx_free(way->ctx);
    stir_net_free(way->net);
}

/* Every call in every way; what differs is written into `told`. */
struct thread {
    pthread_t thread;
    unsigned number;
    size_t judged;
    char told[1024];
};

/* Where the two part, with what stands around it. */
static void tell(struct thread *t, unsigned call, const struct way *way, const char *verdict, const char *first)
{
    size_t same = 0;
    while (verdict[same] && verdict[same] == first[same])
        same++;
    size_t from = same > 120 ? same - 120 : 0;
    snprintf(t->told, sizeof(t->told), "call %u, order %u, %s: ...%.240s... but first ...%.240s...", call, way->order, cache_names[way->cache], verdict + from,
             first + from);
}

static void *judge_all(void *arg)
{
    struct thread *t = arg;
    struct way way = {.cache = NONE};
    if (!open_way(&way))
        snprintf(t->told, sizeof(t->told), "cannot begin");
    for (unsigned i = 0; !t->told[0] && i < CALLS * CACHES * ORDERS; i++) {
        unsigned at = (i + t->number * CALLS) % (CALLS * CACHES * ORDERS); /* no two threads are at the same place */
        const struct call *call = &lab.calls[at % CALLS];
        way.cache = (enum cache)(at / CALLS % CACHES);
        way.order = at / CALLS / CACHES;
        char *verdict = verdict_of(&way, call);
        if (!verdict || strcmp(verdict, call->verdict) != 0)
            tell(t, at % CALLS, &way, verdict ? verdict : "none", call->verdict);
        free(verdict);
        t->judged++;
    }
    close_way(&way);
    return NULL;
}

/* ---- The lab ---- */

static void keep_on_disk(void)
{
    struct stir_cache *cache = NULL;
    const struct stir_cache_options options = {1 << 20, 10, 1 << 20, 10, lab.folder};
    assert_err(stir_cache_new(&cache, &options), STIR_OK);
    for (enum url url = GOOD; url <= STRANGE; url++) {
        char key[128];
        struct stir_kept kept = {
            .http_status = 200, .body = body_of(url), .fetched = NOW, .fresh_until = NOW + LATER, .while_until = NOW + LATER, .error_until = NOW + LATER};
        snprintf(key, sizeof(key), "https://cr.example.com:443%s", strrchr(urls[url], '/'));
        stir_cache_put(cache, S(key), true, &kept, NOW);
    }
    stir_cache_free(cache);
}

static void make_lab(void)
{
    struct stir_chain *chain;
    struct way way = {.cache = NONE};
    pki_make(&lab.pki);
    pki_make(&lab.stranger);
    lab.policy = support_policy("shaken");
    lab.policy.accept |= 1 << STIR_PPT_RCD;
    struct stir_trust_builder *builder = support_builder();
    assert_err(stir_trust_add_anchor(builder, lab.stranger.root), STIR_OK);
    lab.other = support_freeze(builder, 8);
    snprintf(lab.folder, sizeof(lab.folder), "/tmp/stir-same-XXXXXX");
    assert_non_null(mkdtemp(lab.folder));
    keep_on_disk();
    assert_err(stir_chain_cache_new(&lab.hot, NULL), STIR_OK);
    for (enum url url = GOOD; url < NOWHERE; url++) { /* those of another snapshot lie there from the beginning */
        assert_non_null(chain = judge_chain(url, lab.other));
        assert_err(stir_chain_cache_put(lab.hot, S(urls[url]), chain, NOW + LATER), STIR_OK);
        stir_chain_free(chain);
    }
    assert_true(open_way(&way));
    for (size_t i = 0; i < CALLS; i++) {
        make_call(&lab.calls[i]);
        assert_non_null(lab.calls[i].verdict = verdict_of(&way, &lab.calls[i]));
    }
    close_way(&way);
}

static void free_lab(void)
{
    DIR *dir = opendir(lab.folder);
    const struct dirent *entry;
    char path[512];
    while (dir && (entry = readdir(dir)))
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof(path), "%s/%s", lab.folder, entry->d_name);
            unlink(path);
        }
    closedir(dir);
    rmdir(lab.folder);
    for (size_t i = 0; i < CALLS; i++)
        free(lab.calls[i].verdict);
    stir_chain_cache_free(lab.hot);
    stir_trust_free(lab.other);
    pki_free(&lab.stranger);
    pki_free(&lab.pki);
}

/* The calls are of many kinds, or the rest proves little. */
static void check_variety(void)
{
    size_t passed = 0, failed = 0, many = 0, distinct = 0;
    for (size_t i = 0; i < CALLS; i++) {
        bool seen = false;
        passed += strstr(lab.calls[i].verdict, "\"reason\":null,\"rsp") != NULL || strstr(lab.calls[i].verdict, "\"verstat\":\"TN-Validation-Passed\"") != NULL;
        failed += strstr(lab.calls[i].verdict, "\"verstat\":\"TN-Validation-Failed\"") != NULL;
        many += lab.calls[i].n > 1;
        for (size_t j = 0; j < i; j++)
            seen = seen || strcmp(lab.calls[i].verdict, lab.calls[j].verdict) == 0;
        distinct += !seen;
    }
    assert_true(passed > CALLS / 6 && failed > CALLS / 12 && many > CALLS / 2 && distinct > CALLS / 2);
}

static void the_same_call_has_the_same_verdict_in_every_way(void **state)
{
    static struct thread threads[THREADS];
    (void)state;
    make_lab();
    check_variety();
    for (unsigned i = 0; i < THREADS; i++) {
        threads[i].number = i;
        assert_int_equal(pthread_create(&threads[i].thread, NULL, judge_all, &threads[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i].thread, NULL), 0);
    for (size_t i = 0; i < THREADS; i++) {
        if (threads[i].told[0])
            fail_msg("%s", threads[i].told);
        assert_int_equal(threads[i].judged, CALLS * CACHES * ORDERS);
    }
    free_lab();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_call_has_the_same_verdict_in_every_way),
    };
    return cmocka_run_group_tests_name("same_verdict", tests, NULL, NULL);
}
