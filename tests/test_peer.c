/* Requests to peers, against a server of the test's own that says what it is told, byte for byte. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/peer.h"

#include "support.h"

static struct {
    pthread_t thread;
    int fd;
    char url[64];
    char heard[20000];            /* the last request */
    const char *say;              /* to the next ones */
    _Atomic size_t pad, requests; /* bytes of 'x' behind it */
    _Atomic bool hold;            /* say nothing, hold on */
} server;

static size_t length_of(const char *head)
{
    const char *at = strstr(head, "Content-Length: ");
    return at ? strtoul(at + 16, NULL, 10) : 0;
}

static void answer(int fd)
{
    static const char xs[4096] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    size_t n = 0;
    for (char *end; n + 1 < sizeof(server.heard);) {
        ssize_t got = recv(fd, server.heard + n, sizeof(server.heard) - 1 - n, 0);
        if (got <= 0)
            return;
        n += (size_t)got;
        server.heard[n] = '\0';
        end = strstr(server.heard, "\r\n\r\n");
        if (end && n >= (size_t)(end + 4 - server.heard) + length_of(server.heard))
            break;
    }
    server.requests++;
    while (server.hold)
        nanosleep(&(const struct timespec){0, 10000000}, NULL);
    (void)!send(fd, server.say, strlen(server.say), MSG_NOSIGNAL);
    for (size_t left = server.pad; left;) {
        ssize_t put = send(fd, xs, left < sizeof(xs) ? left : sizeof(xs), MSG_NOSIGNAL);
        if (put <= 0)
            return;
        left -= (size_t)put;
    }
}

static void *serve(void *arg)
{
    (void)arg;
    for (;;) {
        int fd = accept(server.fd, NULL, NULL);
        if (fd < 0)
            return NULL;
        answer(fd);
        close(fd);
    }
}

static int begin(void **state)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(at);
    (void)state;
    server.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(server.fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(server.fd, 8) != 0 || getsockname(server.fd, (struct sockaddr *)&at, &n) != 0)
        return -1;
    snprintf(server.url, sizeof(server.url), "http://127.0.0.1:%u/a", ntohs(at.sin_port));
    return pthread_create(&server.thread, NULL, serve, NULL);
}

static int end(void **state)
{
    (void)state;
    shutdown(server.fd, SHUT_RDWR);
    close(server.fd);
    return pthread_join(server.thread, NULL);
}

static struct stir_peer *peer_of(struct stir_peer_options options)
{
    struct stir_peer *peer = NULL;
    struct stir_diag diag = {0};
    options.any_url = true;
    options.timeout_ms = options.timeout_ms ? options.timeout_ms : 5000;
    assert_int_equal(stir_peer_new(&peer, &options, &diag), STIR_OK);
    return peer;
}

static enum stir_err ask(struct stir_peer_answer *out, const char *say, struct stir_diag *diag)
{
    struct stir_peer *peer = peer_of((struct stir_peer_options){.timeout_ms = 0});
    const struct stir_peer_ask get = {.method = "GET", .url = server.url};
    server.say = say;
    enum stir_err err = stir_peer_ask(out, peer, &get, diag);
    stir_peer_free(peer);
    return err;
}

#define OK "HTTP/1.1 200 OK\r\nConnection: close\r\n"

static void an_answer_of_every_status_comes_with_its_body(void **state)
{
    struct stir_peer_answer answer;
    struct stir_diag diag = {0};
    static const int statuses[] = {200, 201, 204, 302, 400, 404, 500, 503};
    (void)state;
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        char say[200];
        snprintf(say, sizeof(say), "HTTP/1.1 %d Word\r\nConnection: close\r\nLocation: http://127.0.0.1:1/b\r\n%s", statuses[i],
                 statuses[i] == 204 ? "\r\n" : "Content-Length: 5\r\n\r\nhello");
        assert_int_equal(ask(&answer, say, &diag), STIR_OK);
        assert_int_equal(answer.status, statuses[i]);
        assert_int_equal(answer.body.n, statuses[i] == 204 ? 0 : 5);
        assert_int_equal(answer.body.p[answer.body.n], 0);
        assert_string_equal(answer.location, "http://127.0.0.1:1/b");
        stir_peer_answer_free(&answer);
    }
    assert_int_equal(server.requests, sizeof(statuses) / sizeof(statuses[0])); /* nobody was followed */
}

static void what_is_not_said_is_empty(void **state)
{
    struct stir_peer_answer answer;
    (void)state;
    assert_int_equal(ask(&answer, OK "\r\n", NULL), STIR_OK);
    assert_string_equal(answer.type, "");
    assert_string_equal(answer.location, "");
    assert_string_equal(answer.replay_nonce, "");
    assert_string_equal(answer.etag, "");
    assert_int_equal(answer.retry_after, -1);
    assert_int_equal(answer.n_links, 0);
    assert_int_equal(answer.body.n, 0);
    assert_non_null(answer.body.p);
    stir_peer_answer_free(&answer);
    stir_peer_answer_free(&answer); /* again is fine */
}

static void fields_are_read(void **state)
{
    struct stir_peer_answer answer;
    (void)state;
    assert_int_equal(ask(&answer,
                         OK "content-type: Application/Problem+JSON; charset=utf-8\r\nREPLAY-NONCE: abc_-9\r\nETag: \"1\"\r\nRetry-After: 17\r\n"
                            "Link: <https://ca.example/dir>;rel=\"index\", <https://ca.example/a,b>; title=\"x, y\"; rel=alternate\r\n"
                            "Link: </relative>;rel=\"up\"\r\nContent-Length: 2\r\n\r\n{}",
                         NULL),
                     STIR_OK);
    assert_string_equal(answer.type, "application/problem+json");
    assert_string_equal(answer.replay_nonce, "abc_-9");
    assert_string_equal(answer.etag, "\"1\"");
    assert_int_equal(answer.retry_after, 17);
    assert_int_equal(answer.n_links, 2);
    assert_string_equal(answer.links[0].url, "https://ca.example/dir");
    assert_string_equal(answer.links[0].rel, "index");
    assert_string_equal(answer.links[1].url, "https://ca.example/a,b");
    assert_string_equal(answer.links[1].rel, "alternate");
    stir_peer_answer_free(&answer);
}

static void one_field(struct stir_peer_answer *answer, const char *name, const char *value)
{
    *answer = (struct stir_peer_answer){.retry_after = -1};
    assert_int_equal(stir_peer_field(answer, stir_slice_str(name), stir_slice_str(value), 1700000000), STIR_OK);
}

static void fields_that_cannot_be_read_are_as_none(void **state)
{
    static const struct {
        const char *value;
        int64_t seconds;
    } retries[] = {{"0", 0},
                   {"5", 5},
                   {"99999999999999999999", 86400},
                   {"-1", -1},
                   {"1.5", -1},
                   {"soon", -1},
                   {"", -1},
                   {"Tue, 14 Nov 2023 22:13:30 GMT", 10},
                   {"Tue, 14 Nov 2023 22:13:10 GMT", 0},
                   {"Wed, 15 Nov 2045 22:13:10 GMT", 86400}};
    struct stir_peer_answer answer;
    (void)state;
    for (size_t i = 0; i < sizeof(retries) / sizeof(retries[0]); i++) {
        one_field(&answer, "Retry-After", retries[i].value);
        assert_int_equal(answer.retry_after, retries[i].seconds);
        stir_peer_answer_free(&answer);
    }
    static const char *const none[][2] = {
        {"Location", "/relative"}, {"Location", "ftp://a/"}, {"Replay-Nonce", "a b"}, {"Replay-Nonce", "a+b"}, {"Replay-Nonce", ""}};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        one_field(&answer, none[i][0], none[i][1]);
        assert_true((!answer.location || !answer.location[0]) && (!answer.replay_nonce || !answer.replay_nonce[0]));
        stir_peer_answer_free(&answer);
    }
}

static void too_much_is_refused(void **state)
{
    struct stir_peer_answer answer;
    struct stir_diag diag = {0};
    static char head[200000];
    (void)state;
    server.pad = STIR_PEER_MAX_BODY + 1;
    assert_int_equal(ask(&answer, OK "\r\n", &diag), STIR_ELIMIT);
    assert_non_null(strstr(diag.text, "4 MiB"));
    server.pad = STIR_PEER_MAX_BODY;
    assert_int_equal(ask(&answer, OK "\r\n", &diag), STIR_OK);
    assert_int_equal(answer.body.n, STIR_PEER_MAX_BODY);
    stir_peer_answer_free(&answer);
    server.pad = 0;
    strcpy(head, OK);
    for (size_t i = 0; i < STIR_PEER_MAX_FIELDS; i++)
        strcat(head, "X: y\r\n");
    assert_int_equal(ask(&answer, strcat(head, "\r\n"), &diag), STIR_ELIMIT);
    strcpy(head, OK "X: ");
    memset(head + strlen(head), 'y', 70000);
    assert_int_not_equal(ask(&answer, strcat(head, "\r\n\r\n"), &diag), STIR_OK);
}

static void broken_answers_are_none(void **state)
{
    static const char *const says[] = {"", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "nonsense\r\n\r\n",
                                       OK "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nab", OK "Transfer-Encoding: chunked\r\n\r\nzz\r\n"};
    struct stir_peer_answer answer;
    (void)state;
    for (size_t i = 0; i < sizeof(says) / sizeof(says[0]); i++) {
        struct stir_diag diag = {0};
        assert_int_equal(ask(&answer, says[i], &diag), STIR_EIO);
        assert_non_null(strstr(diag.text, "http://127.0.0.1:"));
    }
}

static void a_request_says_what_it_is_told(void **state)
{
    struct stir_peer *peer = peer_of((struct stir_peer_options){.timeout_ms = 0});
    const struct stir_peer_ask post = {.method = "POST",
                                       .url = server.url,
                                       .accept = "application/json",
                                       .type = "application/jose+json",
                                       .authorization = "Bearer abc",
                                       .body = stir_slice_str("{\"a\":1}"),
                                       .secret = true};
    const struct stir_peer_ask head = {.method = "HEAD", .url = server.url}, empty = {.method = "POST", .url = server.url};
    struct stir_peer_answer answer;
    (void)state;
    server.say = OK "Replay-Nonce: n\r\nContent-Length: 0\r\n\r\n";
    assert_int_equal(stir_peer_ask(&answer, peer, &post, NULL), STIR_OK);
    stir_peer_answer_free(&answer);
    static const char *const said[] = {"POST /a HTTP/1.1\r\n",
                                       "\r\nAccept: application/json\r\n",
                                       "\r\nContent-Type: application/jose+json\r\n",
                                       "\r\nAuthorization: Bearer abc\r\n",
                                       "\r\nUser-Agent: stir/",
                                       "\r\nContent-Length: 7\r\n",
                                       "\r\n\r\n{\"a\":1}"};
    for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
        assert_non_null(strstr(server.heard, said[i]));
    static const char *const unsaid[] = {"Expect", "Cookie", "Accept-Encoding"};
    for (size_t i = 0; i < sizeof(unsaid) / sizeof(unsaid[0]); i++)
        assert_null(strstr(server.heard, unsaid[i]));
    assert_int_equal(stir_peer_ask(&answer, peer, &head, NULL), STIR_OK);
    assert_string_equal(answer.replay_nonce, "n");
    stir_peer_answer_free(&answer);
    assert_null(strstr(server.heard, "Authorization")); /* nothing of the request before */
    assert_int_equal(strncmp(server.heard, "HEAD /a ", 8), 0);
    assert_int_equal(stir_peer_ask(&answer, peer, &empty, NULL), STIR_OK);
    assert_non_null(strstr(server.heard, "Content-Length: 0\r\n"));
    stir_peer_answer_free(&answer);
    stir_peer_free(peer);
}

static void the_environment_names_no_proxy(void **state)
{
    struct stir_peer_answer answer;
    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    assert_int_equal(ask(&answer, OK "Content-Length: 0\r\n\r\n", NULL), STIR_OK);
    stir_peer_answer_free(&answer);
    unsetenv("http_proxy");
}

/*= RFC9447-7a test */
static void urls_are_judged_before_anybody_is_asked(void **state)
{
    static const char *const bad[] = {"http://ca.example/",
                                      "https://ca.example:8080/",
                                      "https://127.0.0.1/",
                                      "ftp://ca.example/",
                                      "file:///etc/passwd",
                                      "https://u:p@ca.example/",
                                      "",
                                      "https://",
                                      "https://ca.example/#x",
                                      "https://ca.example/\r\nX: y"};
    static const char *const labs_too[] = {"ftp://ca.example/",    "file:///etc/passwd", "http://u:p@ca.example/", "", "http://",
                                           "http://ca.example/ b", "gopher://a"};
    static const char *const good[] = {"https://ca.example/dir?a=b", "https://ca.example:8443/", "https://ca.example/acme;v=1"};
    struct stir_peer *peer = NULL;
    struct stir_peer_options options = {.timeout_ms = 1000};
    struct stir_peer_answer answer;
    struct stir_diag diag = {0};
    size_t before = server.requests;
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_non_null(stir_peer_url_fault(stir_slice_str(bad[i]), false));
    for (size_t i = 0; i < sizeof(labs_too) / sizeof(labs_too[0]); i++)
        assert_non_null(stir_peer_url_fault(stir_slice_str(labs_too[i]), true));
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_null(stir_peer_url_fault(stir_slice_str(good[i]), false));
    assert_null(stir_peer_url_fault(stir_slice_str("http://127.0.0.1:8080/dir"), true));
    assert_int_equal(stir_peer_new(&peer, &options, &diag), STIR_OK);
    const struct stir_peer_ask get = {.method = "GET", .url = server.url};
    assert_int_equal(stir_peer_ask(&answer, peer, &get, &diag), STIR_EVALUE);
    assert_non_null(strstr(diag.text, "http"));
    assert_int_equal(server.requests, before);
    stir_peer_free(peer);
    options.tls_root = "/nonexistent";
    assert_int_equal(stir_peer_new(&peer, &options, &diag), STIR_ENOTFOUND);
}

static bool stop_soon(void *arg)
{
    return ++*(int *)arg > 2;
}

static void a_mute_peer_is_given_up_and_a_stop_is_heard(void **state)
{
    int asked = 0;
    struct stir_peer *slow = peer_of((struct stir_peer_options){.timeout_ms = 300}),
                     *stopped = peer_of((struct stir_peer_options){.timeout_ms = 60000, .stop = stop_soon, .stop_arg = &asked});
    const struct stir_peer_ask get = {.method = "GET", .url = server.url};
    struct stir_peer_answer answer;
    struct stir_diag diag = {0};
    (void)state;
    server.say = "";
    server.hold = true;
    assert_int_equal(stir_peer_ask(&answer, slow, &get, &diag), STIR_EIO);
    assert_int_equal(stir_peer_ask(&answer, stopped, &get, &diag), STIR_EBUSY);
    server.hold = false;
    stir_peer_free(slow);
    stir_peer_free(stopped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_of_every_status_comes_with_its_body),
        cmocka_unit_test(what_is_not_said_is_empty),
        cmocka_unit_test(fields_are_read),
        cmocka_unit_test(fields_that_cannot_be_read_are_as_none),
        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(broken_answers_are_none),
        cmocka_unit_test(a_request_says_what_it_is_told),
        cmocka_unit_test(the_environment_names_no_proxy),
        cmocka_unit_test(urls_are_judged_before_anybody_is_asked),
        cmocka_unit_test(a_mute_peer_is_given_up_and_a_stop_is_heard),
    };
    return cmocka_run_group_tests_name("peer", tests, begin, end);
}
