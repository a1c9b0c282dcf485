/* Out of memory while fetching and keeping: every allocation of libstir-net fails once, and all after it; so do those of c-ares, which takes its memory from
 * here. (Not libcurl's: 7.88 divides by the size of a table that it could not allocate.) A request is answered all the same, or was refused when it was made;
 * what was kept is whole or not there. */
#include "oom.h"

#include <sys/select.h>

#include <ares.h>
#include <dirent.h>
#include <poll.h>
#include <stir/chain_cache.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/cache.h"
#include "io/dir.h"

#define URL "https://127.1.2.3:1/sp.pem"

enum { DAY = 86400, REQUESTS = 4 };

static struct lab {
    struct stir_net_options options;
    struct stir_slice pem;
    int64_t now;
    char folder[64], file[128];
} lab;

static int64_t clock_of(void *arg)
{
    return *(const int64_t *)arg;
}

static void fallible_free(void *p)
{
    free(p);
}

static int begin(void **state)
{
    static const char *const loopback[] = {"127.1.0.0/16"};
    int64_t not_after;
    (void)state;
    assert_int_equal(ares_library_init_mem(ARES_LIB_INIT_ALL, __wrap_malloc, fallible_free, __wrap_realloc), ARES_SUCCESS);
    lab.pem = support_file("vectors/lint/shakenCert.pem");
    assert_err(stir_cache_valid_until(&not_after, lab.pem), STIR_OK);
    lab.now = not_after - 100 * DAY;
    snprintf(lab.folder, sizeof(lab.folder), "/tmp/stir-net-oom-XXXXXX");
    assert_non_null(mkdtemp(lab.folder));
    lab.options = (struct stir_net_options)STIR_NET_OPTIONS_INIT;
    lab.options.allow_net = loopback;
    lab.options.n_allow_net = 1;
    lab.options.any_url = true;
    lab.options.timeout_ms = 100;
    lab.options.resolver = "127.1.2.3:1";
    lab.options.cache_dir = lab.folder;
    lab.options.clock = clock_of;
    lab.options.clock_arg = &lab.now;
    return 0;
}

static void empty_folder(void)
{
    DIR *dir = opendir(lab.folder);
    const struct dirent *entry;
    char path[512];
    assert_non_null(dir);
    while ((entry = readdir(dir)))
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof(path), "%s/%s", lab.folder, entry->d_name);
            unlink(path);
        }
    closedir(dir);
}

static int end(void **state)
{
    (void)state;
    empty_folder();
    rmdir(lab.folder);
    support_free(lab.pem);
    ares_library_cleanup();
    return 0;
}

static struct stir_kept kept_for(int64_t seconds)
{
    struct stir_kept kept = {.http_status = 200, .body = lab.pem, .fetched = lab.now - 3600, .fresh_until = lab.now + seconds, .etag = "\"v1\""};
    kept.while_until = kept.fresh_until + 600;
    kept.error_until = kept.fresh_until + DAY;
    return kept;
}

static void keep(int64_t seconds)
{
    struct stir_cache *cache = NULL;
    const struct stir_cache_options options = {1 << 20, 10, 1 << 20, 10, lab.folder};
    struct stir_kept kept = kept_for(seconds);
    empty_folder();
    assert_err(stir_cache_new(&cache, &options), STIR_OK);
    stir_cache_put(cache, S(URL), true, &kept, lab.now);
    stir_cache_free(cache);
}

static void check_answer(const struct stir_net_answer *answer)
{
    if (answer->reason == STIR_R_NONE)
        assert_true(stir_slice_eq(answer->body, lab.pem) && answer->detail[0] == '\0');
    else if (!answer->detail[0] || answer->body.p || (answer->reason != STIR_R_INFO_UNREACHABLE && answer->reason != STIR_R_INFO_REFUSED))
        fail_msg("reason %d, \"%s\"", (int)answer->reason, answer->detail);
}

/* Everything that a fetcher may be asked, with a chain in the folder that is fresh for `*arg` seconds: whoever was not refused is told, once. */
static enum stir_err ask_all(void *arg)
{
    static const char *const urls[REQUESTS] = {URL, "https://127.1.2.3:1/other.pem", "https://silent.example.com/a.pem", "https://10.1.2.3/a.pem"};
    struct stir_net *net = NULL;
    struct stir_net_answer *answer = NULL;
    size_t asked = 0, told = 0, pause = oom.fail_at;
    oom.fail_at = 0;
    keep(*(const int64_t *)arg);
    oom.fail_at = pause;
    enum stir_err err = stir_net_new(&net, &lab.options, NULL);
    if (err != STIR_OK)
        return err == STIR_ECRYPTO ? STIR_ENOMEM : err; /* c-ares does not always say why */
    for (size_t i = 0; i < 2 * REQUESTS; i++) {         /* each twice: the second joins the first */
        enum stir_err started = stir_net_start(net, S(urls[i % REQUESTS]), i % 3 ? STIR_NET_CERT : STIR_NET_BYTES, 0, i);
        asked += started == STIR_OK;
        if (started != STIR_OK)
            assert_err(started, STIR_ENOMEM);
    }
    for (int64_t wait; (wait = stir_net_wait(net)) >= 0;) {
        struct pollfd fd = {.fd = stir_net_fd(net), .events = POLLIN};
        (void)poll(&fd, 1, (int)wait);
        stir_net_step(net);
        while (stir_net_next(net, &answer) == STIR_OK && answer) {
            check_answer(answer);
            told++;
            stir_net_answer_free(answer);
        }
    }
    assert_int_equal(told, asked);
    if (stir_net_get(net, S(URL), STIR_NET_CERT, 0, &answer) == STIR_OK) {
        check_answer(answer);
        stir_net_answer_free(answer);
    }
    stir_net_free(net);
    return STIR_OK;
}

/* Walk every allocation of `fn` that is among the first `most`: failing alone, and with all after it. */
static size_t walk(enum stir_err (*fn)(void *arg), void *arg, size_t most)
{
    size_t n[2] = {0, 0};
    for (int and_after = 0; and_after < 2; and_after++)
        for (oom.failed = 1; oom.failed > 0 && n[and_after] < most;) {
            oom.fail_at = ++n[and_after];
            oom.failed = 0;
            oom.and_after = and_after;
            enum stir_err err = fn(arg);
            oom.fail_at = 0;
            if (err != STIR_OK && err != STIR_ENOMEM)
                fail_msg("allocation %zu%s: %s", n[and_after], and_after ? " and all after it" : "", stir_err_name(err));
        }
    return n[0];
}

static void a_fetcher_begins_or_says_that_it_cannot(void **state)
{
    struct stir_net *net = NULL;
    (void)state;
    empty_folder();
    for (size_t n = 1;; n++) {
        struct stir_diag diag = {0};
        oom.fail_at = n;
        oom.failed = 0;
        enum stir_err err = stir_net_new(&net, &lab.options, &diag);
        oom.fail_at = 0;
        assert_true(err == STIR_OK || err == STIR_ENOMEM || err == STIR_ECRYPTO);
        assert_int_equal(err == STIR_OK, net != NULL);
        stir_net_free(net);
        net = NULL;
        if (oom.failed == 0) {
            assert_err(err, STIR_OK);
            assert_true(n > 10);
            return;
        }
    }
}

static void every_request_is_answered_or_refused(void **state)
{
    int64_t fresh[] = {600, -10, -DAY / 2}; /* fresh; within stale-while-revalidate; beyond it */
    (void)state;
    for (size_t i = 0; i < sizeof(fresh) / sizeof(fresh[0]); i++)
        assert_true(walk(ask_all, &fresh[i], 2000) > 50);
}

/* Put, find in memory, find on disk. What is found is what was put. */
static enum stir_err put_and_find(void *arg)
{
    const struct stir_cache_options options = {1 << 20, 100, 1 << 20, 100, lab.folder};
    struct stir_cache *cache[2] = {NULL, NULL};
    struct stir_kept kept = kept_for(600);
    enum stir_cache_state how;
    enum stir_net_source source;
    (void)arg;
    for (size_t i = 0; i < 2; i++) {
        enum stir_err err = stir_cache_new(&cache[i], &options);
        if (err == STIR_OK && i == 0)
            stir_cache_put(cache[i], S(URL), true, &kept, lab.now);
        const struct stir_kept *found = err == STIR_OK ? stir_cache_find(cache[i], S(URL), true, lab.now, &how, &source) : NULL;
        if (found)
            assert_true(stir_slice_eq(found->body, lab.pem) && found->fetched == kept.fetched && strcmp(found->etag, kept.etag) == 0);
        if (err == STIR_OK)
            assert_true(found || oom.failed);
        stir_cache_free(cache[i]);
        if (err != STIR_OK)
            return err;
    }
    return STIR_OK;
}

static void what_is_kept_is_whole_or_not_there(void **state)
{
    (void)state;
    empty_folder();
    assert_true(walk(put_and_find, NULL, 2000) > 10);
}

/* Buckets double and the folder is counted, without memory for either. */
static enum stir_err put_many(void *arg)
{
    const struct stir_cache_options options = {8 << 20, 2000, 8 << 20, 2, lab.folder};
    struct stir_cache *cache = NULL;
    struct stir_kept kept = kept_for(600);
    char key[32];
    (void)arg;
    enum stir_err err = stir_cache_new(&cache, &options);
    if (err != STIR_OK)
        return err;
    for (int i = 0; i < 600; i++) {
        snprintf(key, sizeof(key), "https://h/%d", i);
        stir_cache_put(cache, S(key), i < 4, &kept, lab.now);
    }
    stir_cache_free(cache);
    return STIR_OK;
}

static void many_are_put_although_memory_fails(void **state)
{
    (void)state;
    empty_folder();
    assert_true(walk(put_many, NULL, 40) > 10);
}

/* Chains of two URLs, one of which goes for the other. */
static enum stir_err keep_chains(void *arg)
{
    struct stir_chain_cache_options options = STIR_CHAIN_CACHE_OPTIONS_INIT;
    struct stir_chain_cache *cache = NULL;
    options.max_entries = 5; /* one of which may be bad */
    enum stir_err err = stir_chain_cache_new(&cache, &options);
    for (int i = 0; err == STIR_OK && i < 2; i++)
        err = stir_chain_cache_put(cache, i ? S("https://a/") : S("https://b/"), arg, lab.now + 10);
    stir_chain_cache_free(cache);
    return err;
}

static void a_chain_is_kept_or_it_is_said(void **state)
{
    struct stir_policy policy;
    struct stir_trust_builder *builder = NULL;
    struct stir_trust *trust = NULL;
    struct stir_chain *chain = NULL;
    (void)state;
    assert_err(stir_policy_preset(&policy, S("shaken")), STIR_OK);
    assert_err(stir_trust_builder_new(&builder), STIR_OK);
    assert_err(stir_trust_freeze(&trust, builder, 1), STIR_OK);
    assert_err(stir_chain_from_pem(&chain, lab.pem, trust, &policy, lab.now), STIR_OK);
    oom_run(keep_chains, chain);
    stir_chain_free(chain);
    stir_trust_free(trust);
}

static enum stir_err list_folder(void *arg)
{
    struct stir_listing names = {NULL, 0};
    enum stir_file_err err = stir_dir_list(&names, arg, NULL, 10);
    stir_listing_free(&names);
    return err == STIR_FILE_NOMEM ? STIR_ENOMEM : err == STIR_FILE_OK ? STIR_OK : STIR_ENOTFOUND;
}

static enum stir_err write_and_read(void *arg)
{
    struct stir_slice content = {NULL, 0};
    enum stir_file_err err = stir_file_write(arg, S("content"), STIR_FILE_SECRET_FORCED);
    if (err == STIR_FILE_OK)
        err = stir_file_read(&content, arg, 100, true);
    assert_true(err != STIR_FILE_OK || stir_slice_is(content, "content"));
    stir_file_free(&content);
    return err == STIR_FILE_NOMEM ? STIR_ENOMEM : err == STIR_FILE_OK ? STIR_OK : STIR_ENOTFOUND;
}

static void files_and_folders_say_it(void **state)
{
    (void)state;
    empty_folder();
    snprintf(lab.file, sizeof(lab.file), "%s/file", lab.folder);
    oom_run(write_and_read, lab.file);
    oom_run(list_folder, (char *)(uintptr_t) "/proc/self");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fetcher_begins_or_says_that_it_cannot), cmocka_unit_test(every_request_is_answered_or_refused),
        cmocka_unit_test(what_is_kept_is_whole_or_not_there),      cmocka_unit_test(many_are_put_although_memory_fails),
        cmocka_unit_test(a_chain_is_kept_or_it_is_said),           cmocka_unit_test(files_and_folders_say_it),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
