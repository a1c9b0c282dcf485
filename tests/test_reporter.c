/* The webhook against a peer that is there, slow, broken and gone. */
#include "service/reporter.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "folder_support.h"
#include "record_support.h"

enum { PATIENCE_MS = 20000, MAX_BODIES = 64 };

/* The peer: one connection at a time, each answered with the status that is set. */
static struct {
    int fd;
    in_port_t port;
    pthread_t thread;
    atomic_int status, delay_ms, stop;
    pthread_mutex_t lock;
    char bodies[MAX_BODIES][8192], heads[MAX_BODIES][1024];
    size_t n;
} peer = {.fd = -1, .lock = PTHREAD_MUTEX_INITIALIZER};

static struct stir_metrics *metrics;
static struct stir_logbook *book;
static struct stir_reporter *reporter;
static struct stir_conf_webhook conf;
static char log_path[512], url[100];

/* A request with its body; false when the other side went away. */
static bool read_request(int fd, char *text, size_t cap, char **body)
{
    size_t n = 0;
    for (;;) {
        const ssize_t got = recv(fd, text + n, cap - 1 - n, 0);
        if (got <= 0)
            return false;
        n += (size_t)got;
        text[n] = '\0';
        *body = strstr(text, "\r\n\r\n");
        const char *length = strstr(text, "Content-Length: ");
        if (*body && length && n >= (size_t)(*body + 4 - text) + strtoul(length + 16, NULL, 10))
            break;
    }
    *body += 4;
    return true;
}

static void serve(int fd)
{
    static char text[65536];
    char answer[100], *body;
    while (read_request(fd, text, sizeof(text), &body)) {
        for (int waited = 0; waited < atomic_load(&peer.delay_ms) && !atomic_load(&peer.stop); waited += 10)
            sleep_ms(10);
        pthread_mutex_lock(&peer.lock);
        if (peer.n < MAX_BODIES) {
            snprintf(peer.bodies[peer.n], sizeof(peer.bodies[0]), "%s", body);
            body[-1] = '\0';
            snprintf(peer.heads[peer.n++], sizeof(peer.heads[0]), "%.1000s", text);
        }
        pthread_mutex_unlock(&peer.lock);
        const int n = snprintf(answer, sizeof(answer), "HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n", atomic_load(&peer.status));
        if (send(fd, answer, (size_t)n, MSG_NOSIGNAL) != n)
            return;
    }
}

static void *run_peer(void *arg)
{
    struct pollfd ready = {.fd = peer.fd, .events = POLLIN};
    const struct timeval patience = {0, 200000};
    while (!atomic_load(&peer.stop)) {
        if (poll(&ready, 1, 50) != 1)
            continue;
        const int fd = accept(peer.fd, NULL, NULL);
        if (fd < 0)
            continue;
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        serve(fd);
        close(fd);
    }
    return arg;
}

static void peer_begin(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_port = peer.port};
    socklen_t n = sizeof(at);
    const int yes = 1;
    atomic_store(&peer.stop, 0);
    peer.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(setsockopt(peer.fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)), 0);
    assert_int_equal(bind(peer.fd, (const struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(peer.fd, 8), 0);
    assert_int_equal(getsockname(peer.fd, (struct sockaddr *)&at, &n), 0);
    peer.port = at.sin_port;
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/calls", ntohs(at.sin_port));
    assert_int_equal(pthread_create(&peer.thread, NULL, run_peer, NULL), 0);
}

static void peer_end(void)
{
    if (peer.fd < 0)
        return;
    atomic_store(&peer.stop, 1);
    pthread_join(peer.thread, NULL);
    close(peer.fd);
    peer.fd = -1;
}

static int set_up(void **state)
{
    const struct stir_conf_log log = {.level = 3, .file = log_path};
    struct stir_diag diag = {0};
    (void)state;
    folder_make();
    snprintf(log_path, sizeof(log_path), "%s", path_in("log"));
    assert_err(stir_metrics_new(&metrics), STIR_OK);
    assert_err(stir_logbook_new(&book, &log, metrics, &diag), STIR_OK);
    peer.n = 0;
    peer.port = 0;
    atomic_store(&peer.status, 200);
    atomic_store(&peer.delay_ms, 0);
    peer_begin();
    conf = (struct stir_conf_webhook){.url = url, .token_file = "", .queue = 100, .batch = 10};
    return 0;
}

static void begin(void)
{
    struct stir_diag diag = {0};
    if (stir_reporter_new(&reporter, &conf, book, metrics, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
}

static int tear_down(void **state)
{
    (void)state;
    stir_reporter_free(reporter);
    reporter = NULL;
    peer_end();
    stir_logbook_free(book);
    stir_metrics_free(metrics);
    folder_remove();
    return 0;
}

static void wait_for_metric(enum stir_metric metric, int64_t least)
{
    for (int ms = 0; ms < PATIENCE_MS; ms += 20) {
        if (stir_metrics_get(metrics, metric) >= least)
            return;
        sleep_ms(20);
    }
    fail_msg("metric %d stands at %lld, not %lld", (int)metric, (long long)stir_metrics_get(metrics, metric), (long long)least);
}

static void put(size_t from, size_t n)
{
    char text[40];
    for (size_t i = from; i < from + n; i++) {
        snprintf(text, sizeof(text), "{\"n\":%zu}", i);
        stir_reporter_put(reporter, S(text));
    }
}

/* The number of record `n` is in what the peer got, so many times. */
static size_t times_got(size_t n)
{
    char text[40];
    size_t times = 0;
    snprintf(text, sizeof(text), "{\"n\":%zu}", n);
    pthread_mutex_lock(&peer.lock);
    for (size_t i = 0; i < peer.n; i++)
        times += strstr(peer.bodies[i], text) != NULL;
    pthread_mutex_unlock(&peer.lock);
    return times;
}

static bool head_has(size_t at, const char *text)
{
    pthread_mutex_lock(&peer.lock);
    const bool there = at < peer.n && strstr(peer.heads[at], text);
    pthread_mutex_unlock(&peer.lock);
    return there;
}

static void records_come_in_batches_in_their_order(void **state)
{
    (void)state;
    begin();
    put(0, 25);
    wait_for_metric(STIR_METRIC_WEBHOOK_SENT, 25);
    pthread_mutex_lock(&peer.lock);
    assert_true(peer.n >= 3);
    assert_memory_equal(peer.bodies[0], "[{\"n\":0}", 8);
    assert_memory_equal(peer.heads[0], "POST /calls HTTP/1.1\r\n", 22);
    assert_non_null(strstr(peer.heads[0], "Content-Type: application/json"));
    assert_null(strstr(peer.heads[0], "Authorization"));
    pthread_mutex_unlock(&peer.lock);
    for (size_t i = 0; i < 25; i++)
        assert_int_equal(times_got(i), 1);
    assert_int_equal(stir_metrics_get(metrics, STIR_METRIC_WEBHOOK_DROPPED), 0);
}

static void a_token_goes_with_each_batch_and_is_read_anew(void **state)
{
    char path[512];
    (void)state;
    file_put("token", "first-token\n", 12);
    snprintf(path, sizeof(path), "%s", path_in("token"));
    conf.token_file = path;
    begin();
    put(0, 1);
    wait_for_metric(STIR_METRIC_WEBHOOK_SENT, 1);
    assert_true(head_has(0, "Authorization: Bearer first-token\r\n"));
    file_put("token", "second-token\n", 13);
    put(1, 1);
    wait_for_metric(STIR_METRIC_WEBHOOK_SENT, 2);
    assert_true(head_has(1, "Authorization: Bearer second-token\r\n"));
    assert_int_equal(chmod(path_in("token"), 0644), 0); /* others could read it: nothing goes out, and it is said */
    put(2, 1);
    wait_for_metric(STIR_METRIC_WEBHOOK_FAILURES, 1);
    assert_int_equal(times_got(2), 0);
    assert_int_equal(chmod(path_in("token"), 0600), 0);
    wait_for_metric(STIR_METRIC_WEBHOOK_SENT, 3);
    assert_true(file_lines("log", "chmod 0600") >= 1);
}

static void a_peer_that_fails_is_asked_again_until_it_takes_them(void **state)
{
    (void)state;
    atomic_store(&peer.status, 500);
    begin();
    put(0, 5);
    wait_for_metric(STIR_METRIC_WEBHOOK_FAILURES, 2);
    assert_int_equal(stir_metrics_get(metrics, STIR_METRIC_WEBHOOK_SENT), 0);
    atomic_store(&peer.status, 204);
    wait_for_metric(STIR_METRIC_WEBHOOK_SENT, 5);
    assert_int_equal(stir_metrics_get(metrics, STIR_METRIC_WEBHOOK_DROPPED), 0);
    assert_int_equal(file_lines("log", "the peer answered 500"), 1); /* once, not at each attempt */
}

static void a_peer_that_is_down_gets_them_when_it_is_back(void **state)
{
    (void)state;
    peer_end();
    begin();
    put(0, 5);
    wait_for_metric(STIR_METRIC_WEBHOOK_FAILURES, 1);
    peer_begin();
    wait_for_metric(STIR_METRIC_WEBHOOK_SENT, 5);
}

static void what_a_peer_refuses_is_dropped_and_counted(void **state)
{
    (void)state;
    atomic_store(&peer.status, 400);
    begin();
    put(0, 5);
    wait_for_metric(STIR_METRIC_WEBHOOK_DROPPED, 5);
    atomic_store(&peer.status, 200);
    put(5, 1);
    wait_for_metric(STIR_METRIC_WEBHOOK_SENT, 1);
    assert_int_equal(times_got(5), 1);
}

/* However long the peer takes, whoever puts does not wait, and the queue is bounded. */
static void a_slow_peer_fills_the_queue_and_no_more(void **state)
{
    struct timespec begun, ended;
    (void)state;
    atomic_store(&peer.delay_ms, 3000);
    begin();
    clock_gettime(CLOCK_MONOTONIC, &begun);
    put(0, 1000);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    assert_true(ended.tv_sec - begun.tv_sec < 3); /* the first answer is not there before */
    assert_int_equal(stir_metrics_get(metrics, STIR_METRIC_WEBHOOK_DROPPED), 900);
    atomic_store(&peer.delay_ms, 0);
    wait_for_metric(STIR_METRIC_WEBHOOK_SENT, 100);
    for (int ms = 0; ms < PATIENCE_MS && !file_lines("log", "900 records were dropped"); ms += 20)
        sleep_ms(20);
    assert_int_equal(file_lines("log", "900 records were dropped"), 1);
}

static void an_end_gives_a_mute_peer_two_seconds(void **state)
{
    struct timespec begun, ended;
    (void)state;
    atomic_store(&peer.delay_ms, 60000);
    begin();
    put(0, 5);
    sleep_ms(300);
    clock_gettime(CLOCK_MONOTONIC, &begun);
    stir_reporter_free(reporter);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    reporter = NULL;
    assert_true(ended.tv_sec - begun.tv_sec < 8); /* ten is what a post may take */
    assert_int_equal(stir_metrics_get(metrics, STIR_METRIC_WEBHOOK_DROPPED), 5);
}

static void a_reload_sends_what_waits_to_the_new_peer(void **state)
{
    struct stir_webhook *opened;
    struct stir_diag diag = {0};
    char before[100] = "http://127.0.0.1:9/";
    (void)state;
    conf.url = before;
    begin();
    put(0, 5);
    wait_for_metric(STIR_METRIC_WEBHOOK_FAILURES, 1);
    conf.url = url;
    assert_err(stir_reporter_open(&opened, &conf, &diag), STIR_OK);
    stir_reporter_take(reporter, &conf, opened);
    wait_for_metric(STIR_METRIC_WEBHOOK_SENT, 5);
    conf.url = "file:///etc/passwd";
    assert_err(stir_reporter_open(&opened, &conf, &diag), STIR_EVALUE);
}

static void only_failures_are_told_where_that_was_chosen(void **state)
{
    struct stir_record sign = record_of_sign(), good = record_of_verify(STIR_R_NONE), bad;
    (void)state;
    begin();
    assert_true(stir_reporter_wants(reporter, &sign) && stir_reporter_wants(reporter, &good));
    conf.only_failed = true;
    stir_reporter_free(reporter);
    begin();
    assert_false(stir_reporter_wants(reporter, &sign));
    assert_false(stir_reporter_wants(reporter, &good));
    sign.result = STIR_SIGN_UNSIGNED;
    assert_true(stir_reporter_wants(reporter, &sign));
    bad = record_of_verify(STIR_R_IAT_STALE);
    assert_true(stir_reporter_wants(reporter, &bad));
    conf.url = "";
    stir_reporter_free(reporter);
    begin();
    assert_false(stir_reporter_wants(reporter, &bad));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(records_come_in_batches_in_their_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_token_goes_with_each_batch_and_is_read_anew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_peer_that_fails_is_asked_again_until_it_takes_them, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_peer_that_is_down_gets_them_when_it_is_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_peer_refuses_is_dropped_and_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_slow_peer_fills_the_queue_and_no_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_end_gives_a_mute_peer_two_seconds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reload_sends_what_waits_to_the_new_peer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_failures_are_told_where_that_was_chosen, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
