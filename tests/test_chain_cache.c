/* Judged chains by URL: which call may use which, how many are kept, and that many threads may ask. */
#include <pthread.h>
#include <stir/chain_cache.h>

#include "call_support.h"

#define URL "https://cr.example.com/sp.pem"

enum { LONG = 1000000, THREADS = 4, ROUNDS = 400, URLS = 50 };

struct lab {
    struct pki pki;
    struct stir_policy policy;
    struct stir_chain_cache *cache;
    struct stir_chain *chain, *bad;
};

static struct stir_chain *judge(struct lab *lab, const struct stir_trust *trust, const struct stir_policy *policy)
{
    struct stir_chain *chain = NULL;
    assert_err(stir_chain_from_pem(&chain, stir_slice_of(lab->pki.pem, lab->pki.pem_len), trust, policy, NOW), STIR_OK);
    return chain;
}

static void reopen(struct lab *lab, const struct stir_chain_cache_options *options)
{
    stir_chain_cache_free(lab->cache);
    lab->cache = NULL;
    assert_err(stir_chain_cache_new(&lab->cache, options), STIR_OK);
}

static int begin(void **state)
{
    struct lab *lab = calloc(1, sizeof(*lab));
    assert_non_null(lab);
    pki_make(&lab->pki);
    lab->policy = support_policy("shaken");
    lab->chain = judge(lab, lab->pki.trust, &lab->policy);
    assert_err(stir_chain_from_pem(&lab->bad, S("<html>"), lab->pki.trust, &lab->policy, NOW), STIR_OK);
    reopen(lab, NULL);
    *state = lab;
    return 0;
}

static int end(void **state)
{
    struct lab *lab = *state;
    stir_chain_cache_free(lab->cache);
    stir_chain_free(lab->chain);
    stir_chain_free(lab->bad);
    pki_free(&lab->pki);
    free(lab);
    return 0;
}

static bool is_found(struct lab *lab, const char *url, const struct stir_trust *trust, const struct stir_policy *policy, int64_t now)
{
    struct stir_chain *chain = stir_chain_cache_find(lab->cache, S(url), trust, policy, now);
    stir_chain_free(chain);
    return chain != NULL;
}

static bool is_there(struct lab *lab, const char *url)
{
    return is_found(lab, url, lab->pki.trust, &lab->policy, NOW);
}

static struct stir_chain_cache_stats stats_of(struct lab *lab)
{
    struct stir_chain_cache_stats stats = STIR_CHAIN_CACHE_STATS_INIT;
    assert_err(stir_chain_cache_stats(lab->cache, &stats), STIR_OK);
    return stats;
}

static void arguments_are_checked(void **state)
{
    struct lab *lab = *state;
    static char longer[STIR_MAX_URL + 2];
    struct stir_chain_cache *cache = NULL;
    struct stir_chain_cache_options options = STIR_CHAIN_CACHE_OPTIONS_INIT;
    struct stir_chain_cache_stats stats = STIR_CHAIN_CACHE_STATS_INIT;
    memset(longer, 'a', sizeof(longer) - 1);
    options.size--;
    stats.size--;
    assert_err(stir_chain_cache_new(NULL, NULL), STIR_EARG);
    assert_err(stir_chain_cache_new(&cache, &options), STIR_EARG);
    assert_err(stir_chain_cache_put(NULL, S(URL), lab->chain, NOW), STIR_EARG);
    assert_err(stir_chain_cache_put(lab->cache, S(NULL), lab->chain, NOW), STIR_EARG);
    assert_err(stir_chain_cache_put(lab->cache, S(longer), lab->chain, NOW), STIR_EARG);
    assert_err(stir_chain_cache_put(lab->cache, S(URL), NULL, NOW), STIR_EARG);
    assert_null(stir_chain_cache_find(NULL, S(URL), lab->pki.trust, &lab->policy, NOW));
    assert_null(stir_chain_cache_find(lab->cache, S(NULL), lab->pki.trust, &lab->policy, NOW));
    assert_null(stir_chain_cache_find(lab->cache, S(longer), lab->pki.trust, &lab->policy, NOW));
    assert_null(stir_chain_cache_find(lab->cache, S(URL), NULL, &lab->policy, NOW));
    assert_null(stir_chain_cache_find(lab->cache, S(URL), lab->pki.trust, NULL, NOW));
    assert_err(stir_chain_cache_stats(lab->cache, &stats), STIR_EARG);
    assert_err(stir_chain_cache_stats(NULL, &stats), STIR_EARG);
    assert_false(stir_chain_cache_tend(NULL));
    stir_chain_cache_free(NULL);
    assert_int_equal(stir_chain_bytes(NULL), 0);
}

static void a_chain_is_found_by_its_url_until_its_time(void **state)
{
    struct lab *lab = *state;
    assert_false(is_there(lab, URL));
    assert_err(stir_chain_cache_put(lab->cache, S(URL), lab->chain, NOW + 10), STIR_OK);
    struct stir_chain *found = stir_chain_cache_find(lab->cache, S(URL), lab->pki.trust, &lab->policy, NOW + 9);
    assert_ptr_equal(found, lab->chain);
    stir_chain_free(found);
    assert_false(is_there(lab, URL "x"));
    assert_false(is_there(lab, ""));
    assert_false(is_found(lab, URL, lab->pki.trust, &lab->policy, NOW + 10));
    assert_false(is_there(lab, URL)); /* and is gone */
    assert_int_equal(stats_of(lab).entries, 0);
    assert_int_equal(stats_of(lab).found, 1);
    assert_int_equal(stats_of(lab).missed, 5);
}

static void a_chain_dies_with_its_snapshot(void **state)
{
    struct lab *lab = *state;
    struct stir_trust_builder *builder = support_builder();
    assert_err(stir_trust_add_anchor(builder, lab->pki.root), STIR_OK);
    struct stir_trust *next = support_freeze(builder, 8);
    struct stir_chain *fresh = judge(lab, next, &lab->policy);
    assert_err(stir_chain_cache_put(lab->cache, S(URL), lab->chain, NOW + LONG), STIR_OK);
    assert_false(is_found(lab, URL, next, &lab->policy, NOW));
    assert_true(is_there(lab, URL)); /* calls that began before it go on */
    assert_err(stir_chain_cache_put(lab->cache, S(URL), fresh, NOW + LONG), STIR_OK);
    assert_true(is_found(lab, URL, next, &lab->policy, NOW));
    assert_false(is_there(lab, URL));
    assert_int_equal(stats_of(lab).entries, 1);
    stir_chain_free(fresh);
    stir_trust_free(next);
}

static void policies_stand_side_by_side(void **state)
{
    struct lab *lab = *state;
    struct stir_policy other = lab->policy;
    other.id = 5;
    struct stir_chain *chain = judge(lab, lab->pki.trust, &other);
    assert_err(stir_chain_cache_put(lab->cache, S(URL), lab->chain, NOW + LONG), STIR_OK);
    assert_false(is_found(lab, URL, lab->pki.trust, &other, NOW));
    assert_err(stir_chain_cache_put(lab->cache, S(URL), chain, NOW + LONG), STIR_OK);
    struct stir_chain *found = stir_chain_cache_find(lab->cache, S(URL), lab->pki.trust, &other, NOW);
    assert_ptr_equal(found, chain);
    stir_chain_free(found);
    assert_true(is_there(lab, URL));
    stir_chain_free(chain);
}

static void the_cache_is_bounded_and_strangers_do_not_drive_out_the_good(void **state)
{
    struct lab *lab = *state;
    struct stir_chain_cache_options options = STIR_CHAIN_CACHE_OPTIONS_INIT;
    char url[64];
    options.max_entries = 40; /* 30 and 10 */
    reopen(lab, &options);
    for (int i = 0; i < 30; i++) {
        snprintf(url, sizeof(url), "https://good/%d", i);
        assert_err(stir_chain_cache_put(lab->cache, S(url), lab->chain, NOW + LONG), STIR_OK);
    }
    for (int i = 0; i < 1000; i++) {
        snprintf(url, sizeof(url), "https://bad/%d", i);
        assert_err(stir_chain_cache_put(lab->cache, S(url), lab->bad, NOW + LONG), STIR_OK);
        assert_true(is_there(lab, url)); /* that judgement is kept too */
    }
    assert_int_equal(stats_of(lab).entries, 40);
    assert_true(is_there(lab, "https://good/0")); /* used now, and not the next to go */
    assert_err(stir_chain_cache_put(lab->cache, S(URL), lab->chain, NOW + LONG), STIR_OK);
    assert_true(is_there(lab, "https://good/0"));
    assert_false(is_there(lab, "https://good/1"));
    options.max_entries = 100000;
    options.max_bytes = 64 * stir_chain_bytes(lab->chain);
    reopen(lab, &options);
    for (int i = 0; i < 1000; i++) {
        snprintf(url, sizeof(url), "https://good/%d", i);
        assert_err(stir_chain_cache_put(lab->cache, S(url), lab->chain, NOW + LONG), STIR_OK);
        assert_true(stats_of(lab).bytes <= options.max_bytes);
    }
    assert_in_range(stats_of(lab).entries, 16, 48);
}

/* What a chain is said to take is near what it does: DER, names, a key each, and a table. */
static void the_bytes_of_a_chain_are_counted(void **state)
{
    struct lab *lab = *state;
    size_t plain = stir_chain_bytes(lab->chain);
    assert_in_range(plain, 8000, 20000);
    assert_true(stir_chain_bytes(lab->bad) < 4000);
    assert_err(stir_chain_prepare(lab->chain), STIR_OK);
    assert_in_range(stir_chain_bytes(lab->chain) - plain, 150000, 180000);
}

static void hot_keys_get_tables_and_no_more_than_may_be(void **state)
{
    struct lab *lab = *state;
    struct stir_chain_cache_options options = STIR_CHAIN_CACHE_OPTIONS_INIT;
    struct stir_chain *second = judge(lab, lab->pki.trust, &lab->policy);
    size_t plain = stir_chain_bytes(lab->chain);
    options.hot = 3;
    options.max_tables = 1;
    reopen(lab, &options);
    assert_err(stir_chain_cache_put(lab->cache, S(URL), lab->chain, NOW + LONG), STIR_OK);
    assert_err(stir_chain_cache_put(lab->cache, S("https://bad/"), lab->bad, NOW + LONG), STIR_OK);
    for (int i = 0; i < 3; i++) {
        assert_false(stir_chain_cache_tend(lab->cache));
        assert_true(is_there(lab, URL));
        assert_true(is_there(lab, "https://bad/"));
    }
    size_t before = stats_of(lab).bytes;
    assert_true(stir_chain_cache_tend(lab->cache));
    assert_true(stir_chain_bytes(lab->chain) > plain);
    assert_int_equal(stats_of(lab).tables, 1);
    assert_int_equal(stats_of(lab).bytes - before, stir_chain_bytes(lab->chain) - plain);
    assert_err(stir_chain_cache_put(lab->cache, S(URL "2"), second, NOW + LONG), STIR_OK);
    for (int i = 0; i < 3; i++)
        assert_true(is_there(lab, URL "2"));
    assert_false(stir_chain_cache_tend(lab->cache)); /* one may be */
    assert_err(stir_chain_cache_put(lab->cache, S(URL), lab->bad, NOW + LONG), STIR_OK);
    assert_int_equal(stats_of(lab).tables, 0); /* its chain is gone: there is room for another */
    assert_true(stir_chain_cache_tend(lab->cache));
    assert_int_equal(stats_of(lab).tables, 1);
    assert_false(stir_chain_cache_tend(lab->cache));
    stir_chain_free(second);
}

static void *hammer(void *arg)
{
    struct lab *lab = arg;
    char url[64];
    bool right = true;
    for (int i = 0; right && i < ROUNDS; i++) {
        snprintf(url, sizeof(url), "https://h/%d", i * 7 % URLS);
        struct stir_chain *found = stir_chain_cache_find(lab->cache, S(url), lab->pki.trust, &lab->policy, NOW);
        right = !found || found == lab->chain;
        stir_chain_free(found);
        if (!found)
            right = stir_chain_cache_put(lab->cache, S(url), lab->chain, NOW + LONG) == STIR_OK;
        if (i % 100 == 0)
            (void)stir_chain_cache_tend(lab->cache);
    }
    return right ? lab : NULL;
}

static void many_threads_may_ask(void **state)
{
    struct lab *lab = *state;
    struct stir_chain_cache_options options = STIR_CHAIN_CACHE_OPTIONS_INIT;
    pthread_t threads[THREADS];
    options.max_entries = 40; /* so that some are always on their way out */
    options.hot = 2;
    options.max_tables = 3;
    reopen(lab, &options);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, lab), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *right = NULL;
        assert_int_equal(pthread_join(threads[i], &right), 0);
        assert_non_null(right);
    }
    assert_int_equal(stats_of(lab).found + stats_of(lab).missed, THREADS * ROUNDS);
    assert_true(stats_of(lab).entries <= 30);
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(arguments_are_checked),
        test(a_chain_is_found_by_its_url_until_its_time),
        test(a_chain_dies_with_its_snapshot),
        test(policies_stand_side_by_side),
        test(the_cache_is_bounded_and_strangers_do_not_drive_out_the_good),
        test(the_bytes_of_a_chain_are_counted),
        test(hot_keys_get_tables_and_no_more_than_may_be),
        test(many_threads_may_ask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
