/* HTTP inside of a loop: requests whole, answers now or later, deadlines, limits, the end. */
#include "io/http.h"
#include "io/http_port.h"

#include "http_client.h"

static struct fixture {
    struct stir_loop *loop;
    struct stir_http_port *port;
    struct stir_http_server *server;
    struct stir_http_request *waiting;
    char seen[70000];
    size_t served, gone, cancelled;
    bool left;
    char text[70100];
} f;

static void answer_text(struct stir_http_request *r, unsigned status, const char *text)
{
    struct stir_http_answer a = {.status = status, .type = "text/plain", .body = stir_slice_str(text), .fields = {{"X-One", "1"}}, .n_fields = 1};
    stir_http_answer(r, &a);
}

/* Says back what it saw; "/later" waits. */
static void serve(void *arg, struct stir_http_request *r)
{
    (void)arg;
    f.served++;
    if (stir_slice_is(r->path, "/later")) {
        f.waiting = r;
        return;
    }
    assert_true(r->body.n < sizeof(f.seen) - 200);
    int n = snprintf(f.seen, sizeof(f.seen), "%.*s %.*s %zu%s:", (int)r->method.n, r->method.p, (int)r->path.n, r->path.p, r->body.n,
                     r->too_long     ? " too long"
                     : r->has_length ? " length"
                                     : "");
    memcpy(f.seen + n, r->body.p, r->body.n);
    f.seen[(size_t)n + r->body.n] = '\0';
    answer_text(r, r->too_long ? 413 : 200, f.seen);
}

static void gone(void *arg, struct stir_http_request *r)
{
    (void)arg;
    f.gone++;
    if (f.waiting == r)
        f.waiting = NULL;
}

static void cancel(void *arg, struct stir_http_request *r)
{
    (void)arg;
    assert_ptr_equal(f.waiting, r);
    f.cancelled++;
}

static void begin(struct stir_http_limits limits)
{
    memset(&f, 0, sizeof(f));
    assert_err(stir_loop_new(&f.loop), STIR_OK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(at);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, n), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    client_begin(f.loop, at);
    assert_err(stir_http_port_new(&f.port, fd, &limits, NULL, NULL), STIR_OK);
    struct stir_http_handler handler = {NULL, serve, gone, cancel};
    assert_err(stir_http_server_new(&f.server, f.port, f.loop, &handler), STIR_OK);
}

static void end(void)
{
    stir_http_server_free(f.server);
    assert_int_equal(stir_http_port_open(f.port), 0);
    assert_int_equal(f.served, f.gone);
    stir_http_port_free(f.port);
    stir_loop_free(f.loop);
    client_end();
}

static int turned_away;
static void turn_away(void *arg)
{
    (void)arg;
    turned_away++;
}

static const struct stir_http_limits easy = {.max_body = 65536, .max_connections = 4, .request_ms = 60000, .idle_ms = 60000, .turned_away = turn_away};

static void requests_of_one_connection_are_answered_one_after_the_other(void **state)
{
    (void)state;
    begin(easy);
    dial(0);
    say(0, "GET /a%2e%2E/b?x=1 HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_true(hear(0, "GET /a%2e%2E/b 0:"));
    assert_non_null(strstr(client.heard, "200 OK"));
    assert_non_null(strstr(client.heard, "X-One: 1"));
    say(0, "POST /c HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel");
    turn(10);
    assert_int_equal(f.served, 1);
    say(0, "lo");
    assert_true(hear(0, "POST /c 5 length:hello"));
    say(0, "HEAD /d HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_true(hear(0, "\r\n\r\n"));
    assert_null(strstr(client.heard, "HEAD /d 0:"));
    assert_non_null(strstr(client.heard, "Content-Length: 10"));
    end();
}

static void bodies_as_long_as_the_limit_come_whole_and_longer_ones_are_refused(void **state)
{
    (void)state;
    begin(easy);
    dial(0);
    snprintf(f.text, sizeof(f.text), "POST /c HTTP/1.1\r\nHost: h\r\nContent-Length: 65536\r\n\r\n");
    size_t n = strlen(f.text);
    memset(f.text + n, 'x', 65536);
    f.text[n + 65535] = 'E';
    f.text[n + 65536] = '\0';
    say(0, f.text);
    assert_true(hear(0, "xE"));
    assert_non_null(strstr(client.heard, "POST /c 65536 length:xx"));
    say(0, "POST /c HTTP/1.1\r\nHost: h\r\nContent-Length: 65537\r\n\r\n");
    assert_true(hear(0, "413"));
    dial(1);
    say(1, "POST /c HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999999999999999\r\n\r\n");
    hear(1, "413");
    assert_null(strstr(client.heard, "200"));
    end();
}

static void chunks_without_end_are_cut_off(void **state)
{
    (void)state;
    struct stir_http_limits small = easy;
    small.max_body = 8192;
    begin(small);
    dial(0);
    say(0, "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    say(0, "3\r\nabc\r\n0\r\n\r\n");
    assert_true(hear(0, "POST /c 3:abc"));
    say(0, "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    memset(f.text, 'y', 4000);
    snprintf(f.text + 4000, 100, "\r\n");
    for (int i = 0; i < 3; i++) {
        say(0, "FA0\r\n");
        say(0, f.text);
    }
    say(0, "0\r\n\r\n");
    assert_true(hear(0, "413"));
    say(0, "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 20; i++) {
        say(0, "FA0\r\n");
        say(0, f.text);
    }
    assert_false(hear(0, "HTTP/1.1"));
    assert_int_equal(f.served, 2);
    end();
}

static void an_answer_may_come_later(void **state)
{
    (void)state;
    begin(easy);
    dial(0);
    dial(1);
    say(0, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    turn(20);
    assert_non_null(f.waiting);
    say(1, "GET /now HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_true(hear(1, "GET /now"));
    answer_text(f.waiting, 200, "at last");
    assert_true(hear(0, "at last"));
    say(0, "GET /again HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_true(hear(0, "GET /again"));
    end();
}

static void who_left_before_the_answer_costs_nothing(void **state)
{
    (void)state;
    begin(easy);
    dial(0);
    say(0, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    turn(20);
    hang_up(0);
    turn(20);
    assert_non_null(f.waiting);
    answer_text(f.waiting, 200, "at last");
    turn(20);
    assert_int_equal(f.gone, 1);
    end();
}

static void who_drips_a_request_is_cut_off(void **state)
{
    (void)state;
    struct stir_http_limits short_time = easy;
    short_time.request_ms = 80;
    short_time.idle_ms = 160;
    begin(short_time);
    dial(0); /* a first line, then headers, one now and then */
    dial(1); /* a body likewise */
    dial(2); /* not even a first line */
    say(0, "GET /a HTTP/1.1\r\n");
    say(1, "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n");
    for (int i = 0; i < 40; i++) {
        say(0, "X: y\r\n");
        say(1, "z");
        say(2, "G");
        turn(10);
    }
    for (size_t i = 0; i < 3; i++)
        assert_false(hear(i, "200 OK"));
    assert_int_equal(stir_http_port_open(f.port), 0);
    assert_int_equal(f.served, 0);
    end();
}

static void the_time_a_call_waits_is_not_the_clients(void **state)
{
    (void)state;
    struct stir_http_limits short_time = easy;
    short_time.request_ms = 40;
    begin(short_time);
    dial(0);
    say(0, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    turn(150);
    assert_non_null(f.waiting);
    answer_text(f.waiting, 200, "at last");
    assert_true(hear(0, "at last"));
    end();
}

static void idle_connections_are_closed(void **state)
{
    (void)state;
    struct stir_http_limits short_time = easy;
    short_time.idle_ms = 60;
    begin(short_time);
    dial(0);
    say(0, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_true(hear(0, "GET /a"));
    assert_false(hear(0, "x"));
    end();
}

static void connections_beyond_the_limits_are_turned_away(void **state)
{
    (void)state;
    begin(easy);
    for (size_t i = 0; i < 6; i++)
        dial(i);
    turn(20);
    assert_int_equal(stir_http_port_open(f.port), 4);
    assert_int_equal(turned_away, 2);
    hang_up(0);
    turn(20);
    dial(6);
    say(6, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_true(hear(6, "GET /a"));
    end();
    struct stir_http_limits few = easy;
    few.max_per_address = 2;
    begin(few);
    for (size_t i = 0; i < 3; i++)
        dial(i);
    turn(20);
    assert_int_equal(stir_http_port_open(f.port), 2);
    assert_int_equal(turned_away, 3);
    end();
}

/* Against the plain way: an array that is searched. */
static void places_of_an_address_are_counted_and_given_back(void **state)
{
    (void)state;
    enum { ADDRESSES = 40, MOST = 3, ALL = 64 };
    struct stir_http_limits limits = {.max_connections = ALL, .max_per_address = MOST};
    struct stir_http_port *port = NULL;
    assert_err(stir_http_port_new(&port, -1, &limits, NULL, NULL), STIR_OK);
    unsigned count[ADDRESSES] = {0}, all = 0;
    uint32_t random = 7;
    for (int i = 0; i < 20000; i++) {
        random = random * 1664525u + 1013904223u;
        unsigned a = (random >> 10) % ADDRESSES;
        struct sockaddr_storage at = {0};
        struct sockaddr_in6 six = {.sin6_family = AF_INET6};
        six.sin6_addr.s6_addr[7] = (unsigned char)a;               /* of one /64 each */
        six.sin6_addr.s6_addr[15] = (unsigned char)(random >> 20); /* whichever of its addresses */
        memcpy(&at, &six, sizeof(six));
        if (random & 0x80000000u) {
            bool fits = count[a] < MOST && all < ALL;
            assert_int_equal(stir_http_port_admit(port, &at), fits);
            count[a] += fits;
            all += fits;
        } else if (count[a]) {
            stir_http_port_leave(port, &at);
            count[a]--;
            all--;
        }
    }
    stir_http_port_free(port);
}

static void note_left(void *arg)
{
    (void)arg;
    f.left = true;
}

static void leaving_answers_what_is_under_way(void **state)
{
    (void)state;
    begin(easy);
    for (size_t i = 0; i < 4; i++)
        dial(i);
    say(0, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    say(1, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_true(hear(1, "GET /a"));
    say(3, "GET /c HTTP/1.1\r\n");
    turn(20);
    stir_http_server_leave(f.server, note_left, NULL);
    say(1, "GET /again HTTP/1.1\r\nHost: h\r\n\r\n"); /* on its way when it was left */
    assert_true(hear(1, "GET /again"));
    assert_non_null(strstr(client.heard, "Connection: close"));
    say(2, "GET /first HTTP/1.1\r\nHost: h\r\n\r\n"); /* of a connection that had none */
    assert_true(hear(2, "GET /first"));
    say(3, "Host: h\r\n\r\n"); /* half read */
    assert_true(hear(3, "GET /c"));
    assert_false(f.left);
    answer_text(f.waiting, 200, "at last");
    assert_true(hear(0, "at last"));
    assert_non_null(strstr(client.heard, "Connection: close"));
    turn(50);
    assert_true(f.left);
    end();
}

static void who_says_nothing_does_not_hold_a_leave(void **state)
{
    (void)state;
    begin(easy);
    dial(0);
    dial(1);
    say(0, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_true(hear(0, "GET /a"));
    stir_http_server_leave(f.server, note_left, NULL);
    turn(50);
    assert_false(f.left);
    for (int i = 0; i < 40 && !f.left; i++)
        turn(50);
    assert_true(f.left);
    end();
}

static void ending_at_once_cancels_what_waits(void **state)
{
    (void)state;
    begin(easy);
    dial(0);
    say(0, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    turn(20);
    assert_non_null(f.waiting);
    end();
    assert_int_equal(f.cancelled, 1);
}

static void what_is_no_http_is_refused(void **state)
{
    (void)state;
    static const char *const junk[] = {
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\nHost: h\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n", /* no Host */
    };
    begin(easy);
    for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++) {
        dial(0);
        say(0, junk[i]);
        shutdown(client.fd[0], SHUT_WR);
        hear(0, "200 OK");
        if (strstr(client.heard, "200 OK"))
            fail_msg("taken: %s", junk[i]);
        hang_up(0);
        turn(5);
    }
    memset(f.text, 'a', 40000);
    f.text[40000] = '\0';
    dial(1);
    say(1, "GET / HTTP/1.1\r\nHost: h\r\nX: ");
    say(1, f.text);
    say(1, "\r\n\r\n");
    assert_false(hear(1, "200 OK"));
    end();
}

/* RFC 9112 section 6.3. What a proxy takes for the body is not served as a request. */
static void a_request_that_says_twice_how_long_it_is_is_refused_and_nothing_behind_it_is_served(void **state)
{
    (void)state;
    static const char *const twice[] = {
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n",
        "Content-Length: 0\r\nContent-Length: 51\r\n\r\n",
        "content-length: 3\r\nContent-Length: 3\r\n\r\nabc",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    };
    begin(easy);
    for (size_t i = 0; i < sizeof(twice) / sizeof(twice[0]); i++) {
        dial(0);
        say(0, "POST /first HTTP/1.1\r\nHost: h\r\n");
        say(0, twice[i]);
        say(0, "GET /behind HTTP/1.1\r\nHost: h\r\nX-Long-Enough: yes\r\n\r\n");
        assert_false(hear(0, "200 OK"));
        assert_non_null(strstr(client.heard, "HTTP/1.1 400 "));
        hang_up(0);
        turn(5);
    }
    assert_int_equal(f.served, 0);
    end();
}

static void tls_that_does_not_serve_is_told(void **state)
{
    (void)state;
    struct stir_http_tls tls = {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no key", NULL};
    struct stir_http_port *port = NULL;
    struct stir_diag diag = {0};
    assert_err(stir_http_port_new(&port, -1, &easy, &tls, &diag), STIR_EVALUE);
    assert_non_null(strstr(diag.text, "certificate and the key of TLS"));
    assert_null(port);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_of_one_connection_are_answered_one_after_the_other),
        cmocka_unit_test(bodies_as_long_as_the_limit_come_whole_and_longer_ones_are_refused),
        cmocka_unit_test(chunks_without_end_are_cut_off),
        cmocka_unit_test(an_answer_may_come_later),
        cmocka_unit_test(who_left_before_the_answer_costs_nothing),
        cmocka_unit_test(who_drips_a_request_is_cut_off),
        cmocka_unit_test(the_time_a_call_waits_is_not_the_clients),
        cmocka_unit_test(idle_connections_are_closed),
        cmocka_unit_test(connections_beyond_the_limits_are_turned_away),
        cmocka_unit_test(places_of_an_address_are_counted_and_given_back),
        cmocka_unit_test(leaving_answers_what_is_under_way),
        cmocka_unit_test(who_says_nothing_does_not_hold_a_leave),
        cmocka_unit_test(ending_at_once_cancels_what_waits),
        cmocka_unit_test(what_is_no_http_is_refused),
        cmocka_unit_test(a_request_that_says_twice_how_long_it_is_is_refused_and_nothing_behind_it_is_served),
        cmocka_unit_test(tls_that_does_not_serve_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
