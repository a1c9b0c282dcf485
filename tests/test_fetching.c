/* The one thread that fetches for all workers: answers come home, nothing is lost at the end, and hosts that are mute cost what is bounded. */
#include <pthread.h>
#include <sys/socket.h>

#include "vs_support.h"

struct job {
    struct stir_fetch_job job; /* first: one is the other */
    char url[96];
    unsigned told;
    bool empty;
    enum stir_reason reason;
    enum stir_net_source source;
    size_t n;
    pthread_t thread;
};

static void told(struct stir_fetch_job *job)
{
    struct job *j = (struct job *)(void *)job;
    j->told++;
    j->thread = pthread_self();
    j->empty = !job->answer;
    if (job->answer) {
        j->reason = job->answer->reason;
        j->source = job->answer->source;
        j->n = job->answer->body.n;
    }
    stir_net_answer_free(job->answer);
}

static void ask(struct lab *lab, struct job *j, const char *url)
{
    memset(j, 0, sizeof(*j));
    snprintf(j->url, sizeof(j->url), "%s", url);
    j->job = (struct stir_fetch_job){.from = lab->worker.loop, .url = S(j->url), .kind = STIR_NET_CERT, .max_bytes = STIR_MAX_PEM, .done = told};
    stir_fetching_ask(lab->shared.fetching, &j->job);
}

static void await(struct lab *lab, const struct job *jobs, size_t n)
{
    int turn = 0;
    for (size_t i = 0; i < n; i++)
        for (; turn < 3000 && !jobs[i].told; turn++)
            stir_loop_turn(lab->worker.loop, 10);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(jobs[i].told, 1);
}

static struct stir_fetching_stats stats_of(struct lab *lab)
{
    struct stir_fetching_stats stats;
    stir_fetching_stats(lab->shared.fetching, &stats);
    return stats;
}

static void an_answer_comes_home(void **state)
{
    struct lab *lab = *state;
    struct job j;
    ask(lab, &j, X5U);
    await(lab, &j, 1);
    assert_int_equal(j.reason, STIR_R_NONE);
    assert_int_equal(j.source, STIR_NET_DISK);
    assert_int_equal(j.n, lab->pki.pem_len);
    assert_true(pthread_equal(j.thread, pthread_self()));
    ask(lab, &j, X5U);
    await(lab, &j, 1);
    assert_int_equal(j.source, STIR_NET_MEMORY);
    ask(lab, &j, "http://cr.example.com/709J.pem");
    await(lab, &j, 1);
    assert_int_equal(j.reason, STIR_R_INFO_BAD);
    ask(lab, &j, "https://mute.example/709J.pem");
    await(lab, &j, 1);
    assert_int_equal(j.reason, STIR_R_INFO_UNREACHABLE);
    struct stir_fetching_stats stats = stats_of(lab);
    assert_int_equal(stats.asked, 4);
    assert_int_equal(stats.disk, 1);
    assert_int_equal(stats.memory, 1);
    assert_int_equal(stats.fetched, 1);
    assert_int_equal(stats.failed, 2);
    assert_int_equal(stats.refused, 0);
    assert_int_equal(stats.under_way, 0);
    assert_true(stats.took_us_sum >= 300000); /* [fetch] timeout */
}

static void the_end_answers_every_job(void **state)
{
    enum { JOBS = 200 };
    struct lab *lab = *state;
    struct job *jobs = calloc(JOBS, sizeof(*jobs));
    char url[64];
    assert_non_null(jobs);
    for (size_t i = 0; i < JOBS; i++) {
        snprintf(url, sizeof(url), "https://mute-%zu.example/sp.pem", i);
        ask(lab, &jobs[i], url);
    }
    stir_fetching_free(lab->shared.fetching);
    lab->shared.fetching = NULL;
    await(lab, jobs, JOBS);
    for (size_t i = 0; i < JOBS; i++)
        assert_true(jobs[i].empty);
    free(jobs);
}

static size_t open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    size_t n = 0;
    assert_non_null(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

/* Hosts that take a connection and say nothing. */
static int open_mute_server(unsigned *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
    socklen_t n = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, 128) == 0 && getsockname(fd, (struct sockaddr *)&at, &n) == 0);
    *port = ntohs(at.sin_port);
    return fd;
}

static void hosts_that_are_mute_in_tcp_take_no_more_descriptors_than_allowed(void **state)
{
    enum { JOBS = 600, CONNECTIONS = 16 };
    static const char *const loopback[] = {"127.0.0.0/8", NULL};
    struct lab *lab = *state;
    struct job *jobs = calloc(JOBS, sizeof(*jobs));
    unsigned port;
    size_t most = 0;
    char url[64];
    int server = open_mute_server(&port);
    assert_non_null(jobs);
    lab->conf.fetch.allow_net = (struct stir_conf_list){loopback, 1};
    lab->conf.fetch.any_url = true;
    lab->conf.fetch.max_connections = CONNECTIONS;
    stir_fetching_free(lab->shared.fetching);
    lab_open_fetching(lab);
    size_t before = open_descriptors();
    for (size_t i = 0; i < JOBS; i++) {
        snprintf(url, sizeof(url), "https://127.%zu.%zu.1:%u/sp.pem", 1 + i / 200, 1 + i % 200, port);
        ask(lab, &jobs[i], url);
        if (i % 50 == 0)
            stir_loop_turn(lab->worker.loop, 5);
        size_t now = i % 50 == 0 ? open_descriptors() : 0;
        most = now > most ? now : most;
    }
    for (int i = 0; i < 20; i++) {
        stir_loop_turn(lab->worker.loop, 10);
        size_t now = open_descriptors();
        most = now > most ? now : most;
    }
    assert_true(most > before); /* something was connected to */
    if (most > before + CONNECTIONS + 4)
        fail_msg("%zu descriptors more, %d connections allowed", most - before, CONNECTIONS);
    await(lab, jobs, JOBS);
    for (size_t i = 0; i < JOBS; i++)
        assert_int_equal(jobs[i].reason, STIR_R_INFO_UNREACHABLE);
    close(server);
    free(jobs);
}

static void more_jobs_than_there_is_room_for_are_answered_at_once(void **state)
{
    enum { TOO_MANY = 3000, JOBS = STIR_FETCHING_JOBS + TOO_MANY };
    struct lab *lab = *state;
    struct job *jobs = calloc(JOBS, sizeof(*jobs));
    size_t empty = 0;
    assert_non_null(jobs);
    lab->conf.fetch.timeout_ms = 60000;
    stir_fetching_free(lab->shared.fetching);
    lab_open_fetching(lab);
    for (size_t i = 0; i < JOBS; i++)
        ask(lab, &jobs[i], "https://mute.example/sp.pem"); /* one flight, which lasts */
    struct stir_fetching_stats stats = stats_of(lab);
    assert_int_equal(stats.under_way, STIR_FETCHING_JOBS);
    assert_int_equal(stats.refused, TOO_MANY);
    stir_loop_turn(lab->worker.loop, 0);
    for (size_t i = 0; i < JOBS; i++)
        empty += jobs[i].told == 1 && jobs[i].empty;
    assert_int_equal(empty, TOO_MANY);
    stir_fetching_free(lab->shared.fetching);
    lab->shared.fetching = NULL;
    await(lab, jobs, JOBS);
    free(jobs);
}

static void keys_of_hot_chains_get_their_tables(void **state)
{
    struct lab *lab = *state;
    struct stir_chain_cache_options options = STIR_CHAIN_CACHE_OPTIONS_INIT;
    struct stir_chain_cache_stats stats = STIR_CHAIN_CACHE_STATS_INIT;
    struct stir_chain *chain = NULL;
    options.hot = 1;
    stir_chain_cache_free(lab->shared.chains);
    assert_err(stir_chain_cache_new(&lab->shared.chains, &options), STIR_OK);
    assert_err(stir_chain_from_pem(&chain, stir_slice_of(lab->pki.pem, lab->pki.pem_len), lab->pki.trust, &lab->live.policy, lab->now), STIR_OK);
    assert_err(stir_chain_cache_put(lab->shared.chains, S(X5U), chain, INT64_MAX), STIR_OK);
    stir_chain_free(chain);
    stir_chain_free(stir_chain_cache_find(lab->shared.chains, S(X5U), lab->pki.trust, &lab->live.policy, lab->now));
    stir_fetching_tend(lab->shared.fetching, lab->shared.chains);
    for (int i = 0; i < 3000 && stats.tables == 0; i++) {
        stir_loop_turn(lab->worker.loop, 10);
        assert_err(stir_chain_cache_stats(lab->shared.chains, &stats), STIR_OK);
    }
    assert_int_equal(stats.tables, 1);
}

static void a_wrong_setting_is_said(void **state)
{
    struct lab *lab = *state;
    static const char *const wrong[] = {"127.0.0.1/33", NULL};
    struct stir_fetching *fetching = NULL;
    struct stir_diag diag = {0};
    lab->conf.fetch.allow_net = (struct stir_conf_list){wrong, 1};
    assert_err(stir_fetching_new(&fetching, &lab->conf.fetch, &diag), STIR_ESYNTAX);
    assert_non_null(strstr(diag.text, "127.0.0.1/33"));
    stir_fetching_free(NULL);
}

#define LAB(test) cmocka_unit_test_setup_teardown(test, lab_begin, lab_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAB(an_answer_comes_home),
        LAB(the_end_answers_every_job),
        LAB(hosts_that_are_mute_in_tcp_take_no_more_descriptors_than_allowed),
        LAB(more_jobs_than_there_is_room_for_are_answered_at_once),
        LAB(keys_of_hot_chains_get_their_tables),
        LAB(a_wrong_setting_is_said),
    };
    return cmocka_run_group_tests_name("fetching", tests, NULL, NULL);
}
