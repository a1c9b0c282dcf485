/* The SIP front over TCP, TLS and IPv6, and through a reload. */
#include "sip_front_support.h"

static int close_down(void **state)
{
    (void)state;
    support_close();
    return 0;
}

static int open_as(void **state)
{
    (void)state;
    support_conf(STIR_ROLE_AS);
    support_open();
    return 0;
}

static int open_vs(void **state)
{
    (void)state;
    support_conf(STIR_ROLE_VS);
    support_open();
    return 0;
}

/* All that comes until `fd` is silent, or ends. */
static bool hear_all(int fd, size_t answers)
{
    static char all[TEXT + 1];
    size_t n = 0, seen = 0;
    while (seen < answers && hear(fd) && n + f.n < TEXT) {
        memcpy(all + n, f.text, f.n + 1);
        n += f.n;
        seen = 0;
        for (const char *at = all; (at = strstr(at, "\r\n\r\n")); at += 4)
            seen++;
    }
    all[n] = '\0';
    memcpy(f.text, all, n + 1);
    f.n = n;
    return seen == answers;
}

static bool is_closed(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char byte;
    for (int i = 0; i < 100; i++) {
        turn(1);
        if (poll(&p, 1, 1) == 1)
            return recv(fd, &byte, 1, 0) <= 0;
    }
    return false;
}

/*= RFC3261-18.3 test */
static void a_stream_is_cut_wherever_it_comes_apart(void **state)
{
    char bytes[4096];
    int fd = client(SOCK_STREAM, 1);
    (void)state;
    int n = snprintf(bytes, sizeof(bytes), "\r\n%s", request("INVITE", 1, ""));
    n += snprintf(bytes + n, sizeof(bytes) - (size_t)n, "%s", request("OPTIONS", 2, ""));
    for (int i = 0; i < n; i++) {
        assert_int_equal(send(fd, bytes + i, 1, MSG_NOSIGNAL), 1);
        turn(1);
    }
    assert_true(hear_all(fd, 2));
    assert_int_equal(code(), 302);
    assert_has("CSeq: 1 INVITE");
    assert_has("SIP/2.0 200 OK");
    assert_int_equal(in.record.way, STIR_WAY_SIP_TCP);
    give(fd, bytes); /* and both at once: the INVITE is the one of before */
    assert_true(hear_all(fd, 2));
    assert_int_equal(in.signed_calls, 1);
    close(fd);
}

static void a_body_is_waited_for(void **state)
{
    static char text[4096];
    int fd = client(SOCK_STREAM, 1);
    (void)state;
    const char *base = request("INVITE", 1, "");
    size_t head = (size_t)(strstr(base, "Content-Length") - base);
    snprintf(text, sizeof(text), "%.*sl: 5\r\n\r\n123", (int)head, base);
    give(fd, text);
    assert_false(hear(fd));
    assert_int_equal(in.signed_calls, 0);
    give(fd, "45");
    assert_true(hear(fd));
    assert_int_equal(code(), 302);
    close(fd);
}

/*= RFC5626-3.5.1 test */
static void a_ping_is_answered(void **state)
{
    int fd = client(SOCK_STREAM, 1);
    (void)state;
    give(fd, "\r\n\r\n");
    assert_true(hear(fd));
    assert_string_equal(f.text, "\r\n");
    give(fd, "\r\n");
    assert_false(hear(fd));
    give(fd, "\r\n");
    assert_true(hear(fd));
    assert_string_equal(f.text, "\r\n");
    close(fd);
}

static void a_stream_without_an_end_is_told_and_closed(void **state)
{
    static char text[TEXT];
    int fd = client(SOCK_STREAM, 1);
    (void)state;
    const char *base = request("INVITE", 1, "");
    snprintf(text, sizeof(text), "%.*s\r\n", (int)(strstr(base, "Content-Length") - base), base);
    give(fd, text);
    assert_true(hear(fd));
    assert_int_equal(code(), 400);
    assert_has("Content-Length");
    assert_true(is_closed(fd));
    close(fd);

    fd = client(SOCK_STREAM, 1);
    snprintf(text, sizeof(text), "%.*sContent-Length: 65536\r\n\r\n", (int)(strstr(base, "Content-Length") - base), base);
    give(fd, text);
    assert_true(hear(fd));
    assert_int_equal(code(), 513);
    assert_true(is_closed(fd));
    close(fd);

    fd = client(SOCK_STREAM, 1); /* a head that never ends */
    memset(text, 'a', TEXT - 1);
    text[TEXT - 1] = '\0';
    give(fd, text);
    assert_true(is_closed(fd));
    close(fd);
    assert_int_equal(in.signed_calls, 0);
}

static void connections_are_bounded(void **state)
{
    int fd[5];
    (void)state;
    for (int i = 0; i < 5; i++) {
        fd[i] = client(SOCK_STREAM, 1);
        turn(2);
    }
    assert_true(is_closed(fd[4]));
    close(fd[0]);
    turn(5);
    close(fd[4]);
    fd[4] = client(SOCK_STREAM, 1);
    for (int i = 1; i < 5; i++) {
        give(fd[i], request("INVITE", (unsigned)i, ""));
        assert_true(hear(fd[i]));
        assert_int_equal(code(), 302);
        close(fd[i]);
    }
}

/* A stranger's 403 is the last that his connection gives. */
static void who_is_nobody_does_not_keep_a_connection(void **state)
{
    static char two[2 * TEXT];
    int fd = client(SOCK_STREAM, 1);
    (void)state;
    in.known = false;
    size_t n = (size_t)snprintf(two, sizeof(two), "%s", request("INVITE", 1, ""));
    snprintf(two + n, sizeof(two) - n, "%s", request("OPTIONS", 2, ""));
    give(fd, two);
    assert_true(hear(fd));
    assert_int_equal(code(), 403);
    assert_has_not("CSeq: 1 OPTIONS");
    assert_true(is_closed(fd));
    close(fd);
    turn(3);

    fd = client(SOCK_STREAM, 1); /* a trunk that is known by a header, and a probe without it */
    for (unsigned i = 3; i < 7; i++) {
        in.known = i % 2;
        give(fd, request("OPTIONS", i, ""));
        assert_true(hear(fd));
        assert_int_equal(code(), in.known ? 200 : 403);
    }
    close(fd);
}

/* What came together with much else waits in our memory, where the kernel's clock does not tell of it. */
static void a_stream_that_is_behind_is_told_of_overload(void **state)
{
    static char two[2 * TEXT];
    (void)state;
    f.conf.server.max_queue_ms = 1000;
    in.slow_ms = 1100;
    for (unsigned round = 0; round < 2; round++) {
        int fd = client(SOCK_STREAM, 1);
        turn(3);
        in.emergency = round == 1;
        size_t n = (size_t)snprintf(two, sizeof(two), "%s", request("INVITE", 2 * round, ""));
        snprintf(two + n, sizeof(two) - n, "%s", request("INVITE", 2 * round + 1, ""));
        give(fd, two);
        assert_true(hear_all(fd, 2));
        assert_int_equal(code(), 302);
        if (in.emergency)
            assert_has_not("SIP/2.0 503 ");
        else
            assert_has("SIP/2.0 503 Service Unavailable");
        close(fd);
    }
    assert_int_equal(in.signed_calls, 3);
}

static void an_idle_connection_is_closed(void **state)
{
    (void)state;
    support_conf(STIR_ROLE_VS);
    f.sections[0].idle_ms = 60;
    support_open();
    int fd = client(SOCK_STREAM, 1), waits = client(SOCK_STREAM, 1);
    in.vs_waits = true;
    give(waits, request("INVITE", 1, ""));
    turn(5);
    assert_true(is_closed(fd));
    poll(NULL, 0, 100);
    turn(20);
    vs_done(in.waiting[--in.n_waiting]); /* who waits for us is not idle */
    assert_true(hear(waits));
    close(fd);
    close(waits);
}

/* What is asked and not read is not kept for ever: either nothing more is read of who does so, or it is closed. Beyond our bounds stand the kernel's buffers.
 */
static void who_does_not_read_is_left(void **state)
{
    enum { KERNEL = 16 << 20 };
    int fd = client(SOCK_STREAM, 1), small = 4096;
    const char *text = request("OPTIONS", 1, "");
    size_t taken = 0, n = strlen(text);
    bool closed = false;
    (void)state;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    for (int stalls = 0; stalls < 200 && !closed && taken <= KERNEL;) {
        ssize_t sent = send(fd, text + taken % n, n - taken % n, MSG_NOSIGNAL | MSG_DONTWAIT);
        closed = sent < 0 && errno != EAGAIN;
        taken += sent > 0 ? (size_t)sent : 0;
        stalls = sent > 0 ? 0 : stalls + 1;
        if (sent < 0 || taken / n % 16 == 0)
            stir_loop_turn(f.loop, sent < 0 ? 1 : 0);
    }
    assert_true(closed || taken <= KERNEL);
    int other = client(SOCK_STREAM, 1); /* others are served */
    give(other, request("INVITE", 1, ""));
    assert_true(hear(other));
    assert_int_equal(code(), 302);
    close(other);
    close(fd);
}

static void an_answer_to_a_connection_that_went_goes_nowhere(void **state)
{
    int fd = client(SOCK_STREAM, 1);
    (void)state;
    in.vs_waits = true;
    give(fd, request("INVITE", 1, ""));
    turn(5);
    assert_int_equal(in.n_waiting, 1);
    struct linger rude = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &rude, sizeof(rude));
    close(fd);
    turn(5);
    vs_done(in.waiting[--in.n_waiting]);
    assert_int_equal(in.records, 1);
    fd = client(SOCK_STREAM, 1); /* asked again over a new one: the same answer */
    give(fd, request("INVITE", 1, ""));
    assert_true(hear(fd));
    assert_int_equal(code(), 302);
    assert_int_equal(in.verified_calls, 1);
    close(fd);
}

static void half_a_connection_gets_its_answer(void **state)
{
    int fd = client(SOCK_STREAM, 1);
    (void)state;
    in.vs_waits = true;
    give(fd, request("INVITE", 1, ""));
    shutdown(fd, SHUT_WR);
    turn(5);
    vs_done(in.waiting[--in.n_waiting]);
    assert_true(hear(fd));
    assert_int_equal(code(), 302);
    assert_true(is_closed(fd));
    close(fd);
}

static void ipv6_is_served_alike(void **state)
{
    static const char *const listen[] = {"udp:[::1]:0", "tcp:[::1]:0", "udp:[::]:0"};
    (void)state;
    support_conf(STIR_ROLE_AS);
    f.sections[0].listen = (struct stir_conf_list){listen, 3};
    support_open();
    for (size_t i = 0; i < 3; i++) {
        struct sockaddr_in6 *at = (struct sockaddr_in6 *)(void *)&f.bound[i];
        at->sin6_addr = in6addr_loopback;
        int fd = client(i == 1 ? SOCK_STREAM : SOCK_DGRAM, i);
        give(fd, request("INVITE", (unsigned)i, ""));
        assert_true(hear(fd));
        assert_int_equal(code(), 302);
        assert_has(";received=::1;rport=");
        close(fd);
    }
}

/* From a wildcard socket the answer leaves by the address that was asked: the connected client would not hear it else. */
static void a_wildcard_socket_answers_from_the_address_it_was_asked_at(void **state)
{
    static const char *const listen[] = {"udp:0.0.0.0:0"};
    (void)state;
    support_conf(STIR_ROLE_AS);
    f.sections[0].listen = (struct stir_conf_list){listen, 1};
    support_open();
    struct sockaddr_in *at = (struct sockaddr_in *)(void *)&f.bound[0];
    at->sin_addr.s_addr = htonl(INADDR_LOOPBACK + 5);
    int fd = client(SOCK_DGRAM, 0);
    give(fd, request("INVITE", 1, ""));
    assert_true(hear(fd));
    assert_int_equal(code(), 302);
    close(fd);
}

/* ---- Reload and stop ---- */

static void note_gone(void *arg)
{
    *(bool *)arg = true;
}

/* Another front in place of this one, as the server does it. */
static void reload(struct stir_sip_front **old_front, struct stir_sip_desk **old_desk)
{
    struct stir_diag diag = {0, ""};
    *old_front = f.front;
    *old_desk = f.desk;
    if (stir_sip_front_new(&f.front, &f.conf, &f.shared, *old_front, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
    assert_err(stir_sip_front_join(&f.desk, f.front, &f.worker), STIR_OK);
    f.gone = false;
    stir_sip_desk_leave(*old_desk, note_gone, &f.gone);
}

static void a_reload_loses_no_datagram_and_no_connection(void **state)
{
    struct stir_sip_front *old_front;
    struct stir_sip_desk *old_desk;
    static char first[TEXT];
    int udp = client(SOCK_DGRAM, 0), tcp = client(SOCK_STREAM, 1);
    (void)state;
    give(udp, request("INVITE", 1, ""));
    assert_true(hear(udp));
    memcpy(first, f.text, f.n + 1);
    give(tcp, "\r\n\r\n");
    assert_true(hear(tcp));
    for (unsigned round = 0; round < 5; round++) {
        give(udp, request("INVITE", 10 + round, "")); /* stands in the socket meanwhile */
        give(tcp, request("OPTIONS", 20 + round, ""));
        reload(&old_front, &old_desk);
        assert_true(f.gone);
        stir_sip_desk_free(old_desk);
        stir_sip_front_free(old_front);
        assert_true(hear(udp));
        assert_int_equal(code(), 302);
        assert_true(hear(tcp));
        assert_int_equal(code(), 200);
        give(udp, request("INVITE", 1, "")); /* asked again across the reload */
        assert_true(hear(udp));
        assert_string_equal(f.text, first);
    }
    assert_int_equal(in.signed_calls, 6);
    close(udp);
    close(tcp);
}

static void next_front(void)
{
    struct stir_sip_front *old_front;
    struct stir_sip_desk *old_desk;
    reload(&old_front, &old_desk);
    assert_true(f.gone);
    stir_sip_desk_free(old_desk);
    stir_sip_front_free(old_front);
}

static void one_address_does_not_take_all_connections(void **state)
{
    int fd[2], more;
    (void)state;
    support_conf(STIR_ROLE_AS);
    f.sections[0].max_per_address = 2;
    support_open();
    fd[0] = client(SOCK_STREAM, 1);
    fd[1] = client(SOCK_STREAM, 1);
    for (int round = 0; round < 6; round++) {
        turn(3);
        more = client(SOCK_STREAM, 1);
        assert_true(is_closed(more));
        assert_int_equal(stir_metrics_get(f.shared.metrics, STIR_METRIC_SIP_TURNED_AWAY), round + 1);
        close(more);
        for (int i = 0; i < 2; i++) {
            give(fd[i], request("OPTIONS", 1, ""));
            assert_true(hear(fd[i]));
            assert_int_equal(code(), 200);
        }
        if (round % 2) {
            next_front(); /* the places go over with the connections */
        } else {
            close(fd[0]);
            turn(3);
            fd[0] = client(SOCK_STREAM, 1);
        }
    }
    f.sections[0].max_per_address = 1;
    next_front();
    turn(3);
    assert_int_equal(is_closed(fd[0]) + is_closed(fd[1]), 1);
    close(fd[0]);
    close(fd[1]);
}

static void a_call_that_waits_ends_on_the_front_it_began_with(void **state)
{
    struct stir_sip_front *old_front;
    struct stir_sip_desk *old_desk;
    int udp = client(SOCK_DGRAM, 0), tcp = client(SOCK_STREAM, 1);
    (void)state;
    in.vs_waits = true;
    give(udp, request("INVITE", 1, ""));
    give(tcp, request("INVITE", 2, ""));
    turn(5);
    assert_int_equal(in.n_waiting, 2);
    reload(&old_front, &old_desk);
    assert_false(f.gone);
    give(udp, request("INVITE", 1, "")); /* absorbed by the front after */
    turn(3);
    assert_int_equal(in.verified_calls, 2);
    give(udp, request("CANCEL", 1, "")); /* and its CANCEL finds it */
    assert_true(hear(udp));
    assert_int_equal(code(), 200);
    assert_true(hear(udp));
    assert_int_equal(code(), 487);
    assert_false(f.gone);
    vs_done(in.waiting[--in.n_waiting]);
    assert_true(f.gone);
    stir_sip_desk_free(old_desk);
    stir_sip_front_free(old_front);
    assert_true(hear(tcp));
    assert_int_equal(code(), 302);
    give(tcp, request("OPTIONS", 3, ""));
    assert_true(hear(tcp));
    assert_int_equal(code(), 200);
    close(udp);
    close(tcp);
}

static void a_stop_answers_what_was_accepted(void **state)
{
    int udp = client(SOCK_DGRAM, 0), tcp = client(SOCK_STREAM, 1), n = 0;
    (void)state;
    give(tcp, "\r\n\r\n");
    assert_true(hear(tcp));
    for (unsigned i = 0; i < 40; i++)
        give(udp, request("INVITE", i, ""));
    stir_sip_desk_leave(f.desk, note_gone, &f.gone);
    assert_true(f.gone);
    while (hear(udp))
        n += code() == 302;
    assert_int_equal(n, 40);
    assert_true(is_closed(tcp));
    close(udp);
    close(tcp);
}

static void a_reload_that_fails_changes_nothing(void **state)
{
    static const char *const listen[] = {"udp:127.0.0.1:0", "tcp:127.0.0.1:0", "tls:127.0.0.1:0"};
    struct stir_sip_front *none = NULL;
    struct stir_diag diag = {0, ""};
    int udp = client(SOCK_DGRAM, 0);
    (void)state;
    struct stir_conf_list before = f.sections[0].listen;
    f.sections[0].listen = (struct stir_conf_list){listen, 3};
    assert_err(stir_sip_front_new(&none, &f.conf, &f.shared, f.front, &diag), STIR_EVALUE);
    assert_non_null(strstr(diag.text, "[sip one] tls:127.0.0.1:0 needs tls-cert"));
    f.sections[0].listen = before;
    give(udp, request("INVITE", 1, ""));
    assert_true(hear(udp));
    assert_int_equal(code(), 302);
    struct stir_sip_front *old_front;
    struct stir_sip_desk *old_desk;
    reload(&old_front, &old_desk); /* and the next takes its sockets over */
    stir_sip_desk_free(old_desk);
    stir_sip_front_free(old_front);
    give(udp, request("INVITE", 1, ""));
    assert_true(hear(udp));
    assert_int_equal(in.signed_calls, 1);
    close(udp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_stream_is_cut_wherever_it_comes_apart, open_as, close_down),
        cmocka_unit_test_setup_teardown(a_body_is_waited_for, open_as, close_down),
        cmocka_unit_test_setup_teardown(a_ping_is_answered, open_as, close_down),
        cmocka_unit_test_setup_teardown(a_stream_without_an_end_is_told_and_closed, open_as, close_down),
        cmocka_unit_test_setup_teardown(connections_are_bounded, open_as, close_down),
        cmocka_unit_test_setup_teardown(who_is_nobody_does_not_keep_a_connection, open_as, close_down),
        cmocka_unit_test_setup_teardown(a_stream_that_is_behind_is_told_of_overload, open_as, close_down),
        cmocka_unit_test_setup_teardown(one_address_does_not_take_all_connections, NULL, close_down),
        cmocka_unit_test_setup_teardown(an_idle_connection_is_closed, NULL, close_down),
        cmocka_unit_test_setup_teardown(who_does_not_read_is_left, open_as, close_down),
        cmocka_unit_test_setup_teardown(an_answer_to_a_connection_that_went_goes_nowhere, open_vs, close_down),
        cmocka_unit_test_setup_teardown(half_a_connection_gets_its_answer, open_vs, close_down),
        cmocka_unit_test_setup_teardown(ipv6_is_served_alike, NULL, close_down),
        cmocka_unit_test_setup_teardown(a_wildcard_socket_answers_from_the_address_it_was_asked_at, NULL, close_down),
        cmocka_unit_test_setup_teardown(a_reload_loses_no_datagram_and_no_connection, open_as, close_down),
        cmocka_unit_test_setup_teardown(a_call_that_waits_ends_on_the_front_it_began_with, open_vs, close_down),
        cmocka_unit_test_setup_teardown(a_stop_answers_what_was_accepted, open_as, close_down),
        cmocka_unit_test_setup_teardown(a_reload_that_fails_changes_nothing, open_as, close_down),
    };
    return cmocka_run_group_tests_name("sip_stream", tests, NULL, NULL);
}
