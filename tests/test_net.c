/* The face of libstir-net, without a network: nothing listens on 127.1.2.3, and what is kept is put there by the test. */
#include "io/cache.h"

#include <dirent.h>
#include <poll.h>
#include <stir/net.h>
#include <unistd.h>

#include "support.h"

#define HOST "https://127.1.2.3:1"
#define URL HOST "/sp.pem"

enum { DAY = 86400 };

struct lab {
    struct stir_net_options options;
    struct stir_net *net;
    struct stir_slice pem;
    int64_t now;
    char folder[64];
};

static const char *const loopback[] = {"127.1.0.0/16"};

static int64_t clock_of(void *arg)
{
    return *(const int64_t *)arg;
}

static void reopen(struct lab *lab)
{
    struct stir_diag diag = {0};
    stir_net_free(lab->net);
    lab->net = NULL;
    if (stir_net_new(&lab->net, &lab->options, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
}

static int begin(void **state)
{
    struct lab *lab = calloc(1, sizeof(*lab));
    int64_t not_after;
    assert_non_null(lab);
    lab->pem = support_file("vectors/lint/shakenCert.pem");
    assert_err(stir_cache_valid_until(&not_after, lab->pem), STIR_OK);
    lab->now = not_after - 100 * DAY;
    snprintf(lab->folder, sizeof(lab->folder), "/tmp/stir-net-XXXXXX");
    assert_non_null(mkdtemp(lab->folder));
    lab->options = (struct stir_net_options)STIR_NET_OPTIONS_INIT;
    lab->options.allow_net = loopback;
    lab->options.n_allow_net = 1;
    lab->options.any_url = true;
    lab->options.resolver = "127.1.2.3:1";
    lab->options.cache_dir = lab->folder;
    lab->options.clock = clock_of;
    lab->options.clock_arg = &lab->now;
    reopen(lab);
    *state = lab;
    return 0;
}

static int end(void **state)
{
    struct lab *lab = *state;
    DIR *dir = opendir(lab->folder);
    const struct dirent *entry;
    char path[512];
    while (dir && (entry = readdir(dir)))
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof(path), "%s/%s", lab->folder, entry->d_name);
            unlink(path);
        }
    if (dir)
        closedir(dir);
    rmdir(lab->folder);
    stir_net_free(lab->net);
    support_free(lab->pem);
    free(lab);
    return 0;
}

/* What another process kept: fetched an hour ago, stale for `stale` seconds. */
static void keep(struct lab *lab, int64_t stale, int64_t while_seconds, int64_t error_seconds)
{
    struct stir_cache *cache = NULL;
    const struct stir_cache_options options = {1 << 20, 100, 1 << 20, 100, lab->folder};
    struct stir_kept kept = {.http_status = 200, .body = lab->pem, .fetched = lab->now - 3600, .fresh_until = lab->now - stale};
    kept.while_until = kept.fresh_until + while_seconds;
    kept.error_until = kept.fresh_until + error_seconds;
    assert_err(stir_cache_new(&cache, &options), STIR_OK);
    stir_cache_put(cache, S(URL), true, &kept, lab->now);
    stir_cache_free(cache);
}

static struct stir_net_answer get(struct lab *lab, const char *url)
{
    struct stir_net_answer *answer = NULL, copy;
    assert_err(stir_net_get(lab->net, S(url), STIR_NET_CERT, 0, &answer), STIR_OK);
    copy = *answer;
    copy.body.p = NULL; /* gone with the answer */
    assert_true(answer->reason != STIR_R_NONE || stir_slice_eq(answer->body, lab->pem));
    stir_net_answer_free(answer);
    return copy;
}

static void arguments_are_checked(void **state)
{
    struct lab *lab = *state;
    struct stir_net *net = NULL;
    struct stir_net_answer *answer = NULL;
    struct stir_net_options bad = lab->options;
    assert_err(stir_net_new(NULL, &lab->options, NULL), STIR_EARG);
    bad.size--;
    assert_err(stir_net_new(&net, &bad, NULL), STIR_EARG);
    bad = lab->options;
    bad.allow_net = NULL;
    assert_err(stir_net_new(&net, &bad, NULL), STIR_EARG);
    bad = lab->options;
    bad.timeout_ms = -1;
    assert_err(stir_net_new(&net, &bad, NULL), STIR_EARG);
    assert_null(net);
    assert_err(stir_net_get(NULL, S(URL), STIR_NET_CERT, 0, &answer), STIR_EARG);
    assert_err(stir_net_get(lab->net, S(NULL), STIR_NET_CERT, 0, &answer), STIR_EARG);
    assert_err(stir_net_get(lab->net, S(URL), (enum stir_net_kind)9, 0, &answer), STIR_EARG);
    assert_err(stir_net_get(lab->net, S(URL), STIR_NET_CERT, 0, NULL), STIR_EARG);
    assert_err(stir_net_start(NULL, S(URL), STIR_NET_CERT, 0, 1), STIR_EARG);
    assert_err(stir_net_next(NULL, &answer), STIR_EARG);
    assert_err(stir_net_next(lab->net, NULL), STIR_EARG);
    assert_int_equal(stir_net_fd(NULL), -1);
    assert_int_equal(stir_net_wait(NULL), -1);
    stir_net_step(NULL);
    stir_net_free(NULL);
    stir_net_answer_free(NULL);
}

static void options_that_cannot_be_are_told(void **state)
{
    struct lab *lab = *state;
    static const char *const wrong[] = {"127.0.0.1/33"}, *const slip[] = {"127.0.0.1/8"};
    static const char *many[65];
    struct stir_net *net = NULL;
    struct stir_diag diag = {0};
    struct stir_net_options o = lab->options;
    o.allow_net = wrong;
    assert_err(stir_net_new(&net, &o, &diag), STIR_ESYNTAX);
    assert_non_null(strstr(diag.text, "127.0.0.1/33"));
    o.allow_net = slip;
    assert_err(stir_net_new(&net, &o, &diag), STIR_EVALUE);
    for (size_t i = 0; i < 65; i++)
        many[i] = "10.0.0.0/8";
    o.allow_net = many;
    o.n_allow_net = 65;
    assert_err(stir_net_new(&net, &o, &diag), STIR_ELIMIT);
    o = lab->options;
    o.resolver = "dns.example.com";
    assert_err(stir_net_new(&net, &o, &diag), STIR_ESYNTAX);
    o = lab->options;
    o.cache_dir = "/nowhere/at/all";
    assert_err(stir_net_new(&net, &o, &diag), STIR_ENOTFOUND);
    o = lab->options;
    o.tls_root = "/nowhere/at/all";
    assert_err(stir_net_new(&net, &o, &diag), STIR_ENOTFOUND);
    assert_null(net);
}

static void a_refusal_is_told_apart_from_a_host_that_is_down(void **state)
{
    struct lab *lab = *state;
    static const struct {
        const char *url;
        enum stir_reason reason;
        enum stir_net_source source;
    } rows[] = {
        {"http://h/", STIR_R_INFO_BAD, STIR_NET_NOWHERE},
        {HOST "/?q", STIR_R_INFO_BAD, STIR_NET_NOWHERE},
        {URL, STIR_R_INFO_UNREACHABLE, STIR_NET_FETCHED},
        {"https://127.2.0.1:1/", STIR_R_INFO_REFUSED, STIR_NET_FETCHED},
        {"https://10.0.0.1:1/", STIR_R_INFO_REFUSED, STIR_NET_FETCHED},
        {"https://[::1]:1/", STIR_R_INFO_REFUSED, STIR_NET_FETCHED},
        {"https://[::ffff:127.2.0.1]:1/", STIR_R_INFO_REFUSED, STIR_NET_FETCHED},
        {"https://[64:ff9b::127.1.2.3]:1/", STIR_R_INFO_REFUSED, STIR_NET_FETCHED},
        {"https://0x7f.1:1/", STIR_R_INFO_REFUSED, STIR_NET_FETCHED},
        {"https://2130706433:1/", STIR_R_INFO_REFUSED, STIR_NET_FETCHED},
        {"https://cr.example.com/", STIR_R_INFO_UNREACHABLE, STIR_NET_FETCHED}, /* nobody answers for DNS */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_net_answer answer = get(lab, rows[i].url);
        if (answer.reason != rows[i].reason || answer.source != rows[i].source || !answer.detail[0])
            fail_msg("%s: reason %d, source %d, \"%s\"", rows[i].url, (int)answer.reason, (int)answer.source, answer.detail);
    }
}

static void a_failure_is_remembered_for_a_minute(void **state)
{
    struct lab *lab = *state;
    assert_int_equal(get(lab, URL).source, STIR_NET_FETCHED);
    struct stir_net_answer again = get(lab, URL);
    assert_int_equal(again.source, STIR_NET_MEMORY);
    assert_int_equal(again.reason, STIR_R_INFO_UNREACHABLE);
    assert_true(again.detail[0] != '\0');
    lab->now += 59;
    assert_int_equal(get(lab, URL).source, STIR_NET_MEMORY);
    assert_int_equal(get(lab, "https://127.1.2.3:01/sp.pem").source, STIR_NET_MEMORY); /* the same URL, written otherwise */
    assert_int_equal(get(lab, HOST "/SP.pem").source, STIR_NET_FETCHED);
    lab->now += 1;
    assert_int_equal(get(lab, URL).source, STIR_NET_FETCHED);
    lab->options.negative = -1;
    reopen(lab);
    assert_int_equal(get(lab, URL).source, STIR_NET_FETCHED);
    assert_int_equal(get(lab, URL).source, STIR_NET_FETCHED);
}

static void what_is_fresh_comes_from_disk_then_from_memory(void **state)
{
    struct lab *lab = *state;
    keep(lab, -DAY, 0, 0);
    struct stir_net_answer answer = get(lab, URL);
    assert_int_equal(answer.reason, STIR_R_NONE);
    assert_int_equal(answer.source, STIR_NET_DISK);
    assert_int_equal(answer.http_status, 200);
    assert_int_equal(answer.age, 3600);
    assert_false(answer.stale);
    assert_string_equal(answer.detail, "");
    assert_int_equal(get(lab, URL).source, STIR_NET_MEMORY);
}

static void an_answer_longer_than_asked_for_is_none(void **state)
{
    struct lab *lab = *state;
    struct stir_net_answer *answer = NULL;
    keep(lab, -DAY, 0, 0);
    assert_err(stir_net_get(lab->net, S(URL), STIR_NET_CERT, lab->pem.n - 1, &answer), STIR_OK);
    assert_int_equal(answer->reason, STIR_R_INFO_UNREACHABLE);
    assert_null(answer->body.p);
    stir_net_answer_free(answer);
    assert_err(stir_net_get(lab->net, S(URL), STIR_NET_CERT, lab->pem.n, &answer), STIR_OK);
    assert_int_equal(answer->reason, STIR_R_NONE);
    stir_net_answer_free(answer);
}

static void a_host_that_is_down_is_outlived_by_what_is_kept(void **state)
{
    struct lab *lab = *state;
    keep(lab, 10, 0, 3600);
    struct stir_net_answer answer = get(lab, URL);
    assert_int_equal(answer.reason, STIR_R_NONE);
    assert_true(answer.stale);
    assert_int_equal(get(lab, URL).source, STIR_NET_MEMORY); /* and not asked for at each call */
    lab->now += 3600;
    assert_int_equal(get(lab, URL).reason, STIR_R_INFO_UNREACHABLE);
}

/* Step until `n` answers are there; their reasons are added up. */
static void collect(struct lab *lab, size_t n, size_t *good, size_t *stale)
{
    for (int i = 0; n > 0 && i < 1000; i++) {
        struct stir_net_answer *answer = NULL;
        struct pollfd fd = {.fd = stir_net_fd(lab->net), .events = POLLIN};
        assert_err(stir_net_next(lab->net, &answer), STIR_OK);
        if (answer) {
            *good += answer->reason == STIR_R_NONE;
            *stale += answer->stale;
            n--;
            stir_net_answer_free(answer);
            continue;
        }
        assert_true(stir_net_wait(lab->net) >= 0);
        (void)poll(&fd, 1, (int)stir_net_wait(lab->net));
        stir_net_step(lab->net);
    }
    assert_int_equal(n, 0);
}

/* Step until nothing is under way. */
static void settle(struct lab *lab)
{
    for (int i = 0; i < 1000 && stir_net_wait(lab->net) >= 0; i++) {
        struct pollfd fd = {.fd = stir_net_fd(lab->net), .events = POLLIN};
        (void)poll(&fd, 1, (int)stir_net_wait(lab->net));
        stir_net_step(lab->net);
    }
    assert_int_equal(stir_net_wait(lab->net), -1);
}

static void a_loop_gets_the_stale_answer_at_once_and_asks_anew_behind_it(void **state)
{
    struct lab *lab = *state;
    struct stir_net_answer *answer = NULL;
    keep(lab, 10, 600, 3600);
    assert_int_equal(stir_net_wait(lab->net), -1);
    assert_err(stir_net_start(lab->net, S(URL), STIR_NET_CERT, 0, 77), STIR_OK);
    assert_int_equal(stir_net_wait(lab->net), 0);
    assert_err(stir_net_next(lab->net, &answer), STIR_OK);
    assert_non_null(answer);
    assert_int_equal(answer->id, 77);
    assert_true(answer->stale);
    stir_net_answer_free(answer);
    assert_true(stir_net_wait(lab->net) >= 0); /* the refresh is under way */
    settle(lab);
    assert_err(stir_net_next(lab->net, &answer), STIR_OK);
    assert_null(answer);
}

/* Ask in a loop; true when something was fetched behind the answer. */
static bool asks_behind(struct lab *lab, enum stir_net_source source)
{
    struct stir_net_answer *answer = NULL;
    assert_err(stir_net_start(lab->net, S(URL), STIR_NET_CERT, 0, 5), STIR_OK);
    assert_err(stir_net_next(lab->net, &answer), STIR_OK);
    assert_non_null(answer); /* at once */
    assert_int_equal(answer->reason, STIR_R_NONE);
    assert_int_equal(answer->source, source);
    assert_false(answer->stale);
    stir_net_answer_free(answer);
    bool under_way = stir_net_wait(lab->net) >= 0;
    settle(lab);
    return under_way;
}

static void a_loop_asks_anew_before_the_end(void **state)
{
    struct lab *lab = *state;
    keep(lab, -3240, 600, 3600); /* fetched an hour ago, for 6840 seconds: the last tenth begins in 2556 */
    assert_false(asks_behind(lab, STIR_NET_DISK));
    lab->now += 2556;
    assert_false(asks_behind(lab, STIR_NET_MEMORY));
    lab->now += 1;
    assert_true(asks_behind(lab, STIR_NET_MEMORY));
    assert_false(asks_behind(lab, STIR_NET_MEMORY)); /* that failed: not again for a minute */
    lab->now += 60;
    assert_true(asks_behind(lab, STIR_NET_MEMORY));
}

static void an_answer_says_how_long_what_is_made_of_it_is_good(void **state)
{
    struct lab *lab = *state;
    keep(lab, -3240, 600, 3600);
    assert_int_equal(get(lab, URL).ask_again, lab->now + 2557);
    lab->now += 3241; /* stale, its host is down: held for a minute */
    struct stir_net_answer answer = get(lab, URL);
    assert_true(answer.stale);
    assert_int_equal(answer.ask_again, lab->now + 60);
}

/* RFC 9795 allows a query where a certificate's URL may have none. */
static void only_content_may_have_a_query(void **state)
{
    struct lab *lab = *state;
    struct stir_net_answer *answer = NULL;
    static const char *const urls[] = {HOST "/icon?size=2", HOST "/icon;v=1"};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(get(lab, urls[i]).reason, STIR_R_INFO_BAD);
        assert_err(stir_net_get(lab->net, S(urls[i]), STIR_NET_BYTES, 100, &answer), STIR_OK);
        assert_int_equal(answer->reason, STIR_R_INFO_UNREACHABLE); /* asked for, and nobody was there */
        stir_net_answer_free(answer);
    }
    assert_err(stir_net_get(lab->net, S(HOST "/icon?size=3"), STIR_NET_BYTES, 100, &answer), STIR_OK);
    assert_int_equal(answer->source, STIR_NET_FETCHED); /* another query, another thing */
    stir_net_answer_free(answer);
}

static void requests_beyond_the_bound_fail_at_once(void **state)
{
    struct lab *lab = *state;
    size_t good = 0, stale = 0;
    char url[64];
    lab->options.max_fetches = 5;
    lab->options.timeout_ms = 300;
    reopen(lab);
    for (int i = 0; i < 50; i++) {
        snprintf(url, sizeof(url), "https://silent%d.example.com/", i);
        assert_err(stir_net_start(lab->net, S(url), STIR_NET_CERT, 0, (uint64_t)i), STIR_OK);
    }
    collect(lab, 50, &good, &stale);
    assert_int_equal(good, 0);
    assert_err(stir_net_start(lab->net, S(URL), STIR_NET_CERT, 0, 1), STIR_OK); /* and there is room again */
    collect(lab, 1, &good, &stale);
}

static void what_is_under_way_may_be_dropped(void **state)
{
    struct lab *lab = *state;
    char url[64];
    for (int i = 0; i < 50; i++) {
        snprintf(url, sizeof(url), "https://silent%d.example.com/", i);
        assert_err(stir_net_start(lab->net, S(url), i % 2 ? STIR_NET_CERT : STIR_NET_BYTES, 100, 0), STIR_OK);
    }
    assert_err(stir_net_start(lab->net, S(URL), STIR_NET_CERT, 0, 1), STIR_OK);
    stir_net_step(lab->net);
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(arguments_are_checked),
        test(options_that_cannot_be_are_told),
        test(a_refusal_is_told_apart_from_a_host_that_is_down),
        test(a_failure_is_remembered_for_a_minute),
        test(what_is_fresh_comes_from_disk_then_from_memory),
        test(an_answer_longer_than_asked_for_is_none),
        test(a_host_that_is_down_is_outlived_by_what_is_kept),
        test(a_loop_gets_the_stale_answer_at_once_and_asks_anew_behind_it),
        test(a_loop_asks_anew_before_the_end),
        test(an_answer_says_how_long_what_is_made_of_it_is_good),
        test(only_content_may_have_a_query),
        test(requests_beyond_the_bound_fail_at_once),
        test(what_is_under_way_may_be_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
