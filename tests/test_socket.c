/* Addresses as the configuration writes them, sockets bound and handed over, networks. */
#include "io/socket.h"

#include "support.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

static struct sockaddr_storage at(const char *text)
{
    struct stir_address a;
    assert_err(stir_address_parse(&a, S(text), STIR_UDP), STIR_OK);
    return a.at;
}

static void addresses_are_read_and_written(void **state)
{
    static const struct {
        const char *text, *again;
        enum stir_transport transport;
    } rows[] = {
        {"udp:192.0.2.1:5060", "192.0.2.1:5060", STIR_UDP},
        {"tcp:127.0.0.1:0", "127.0.0.1:0", STIR_TCP},
        {"tls:[2001:db8::1]:5061", "[2001:db8::1]:5061", STIR_TLS},
        {"TLS:[2001:DB8:0::1]:1", "[2001:db8::1]:1", STIR_TLS},
        {"0.0.0.0:80", "0.0.0.0:80", STIR_TCP},
        {"[::]:65535", "[::]:65535", STIR_TCP},
        {"udp:[2001:db8:1111:2222:3333:4444:5555:6666]:65535", "[2001:db8:1111:2222:3333:4444:5555:6666]:65535", STIR_UDP},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[STIR_ADDRESS_TEXT];
        struct stir_address a;
        if (stir_address_parse(&a, S(rows[i].text), STIR_TCP) != STIR_OK)
            fail_msg("%s is refused", rows[i].text);
        stir_address_text(text, sizeof(text), &a.at);
        assert_string_equal(text, rows[i].again);
        assert_int_equal(a.transport, rows[i].transport);
    }
}

static void what_is_no_address_is_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "udp:",
        "udp:5060",
        "192.0.2.1",
        "192.0.2.1:",
        "udp:192.0.2.1:65536",
        "udp:192.0.2.1:5060 ",
        "udp:192.0.2.1:-1",
        "[::1]",
        "[::1]:",
        "[::1:5060",
        "::1:5060",
        "udp:example.com:80",
        "sctp:192.0.2.1:5060",
        "udp:[192.0.2.1]:5060",
        "[]:1",
        "[::1]5",
        "1.2.3:5060",
        "01.2.3.4:5060",
        "[fe80::1%lo]:5",
        "192.0.2.1:000005",
        ":5060",
        "udp:192.0.2.1:50\x36t",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_address a = {.n = 77};
        if (stir_address_parse(&a, S(rows[i]), STIR_TCP) == STIR_OK)
            fail_msg("\"%s\" is taken", rows[i]);
        assert_int_equal(a.n, 77);
    }
}

static void networks_hold_what_lies_in_them(void **state)
{
    static const struct {
        const char *network, *address;
        bool has;
    } rows[] = {
        {"192.0.2.0/28", "192.0.2.15:1", true},
        {"192.0.2.0/28", "192.0.2.16:1", false},
        {"192.0.2.7", "192.0.2.7:1", true},
        {"192.0.2.7", "192.0.2.6:1", false},
        {"0.0.0.0/0", "203.0.113.9:1", true},
        {"0.0.0.0/0", "[2001:db8::1]:1", false},
        {"::/0", "[2001:db8::1]:1", true},
        {"::/0", "192.0.2.1:1", false},
        {"2001:db8::/33", "[2001:db8:7fff::1]:1", true},
        {"2001:db8::/33", "[2001:db8:8000::]:1", false},
        {"192.0.2.0/24", "[::ffff:192.0.2.9]:1", true},
        {"::ffff:192.0.2.0/120", "192.0.2.9:1", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_network network;
        struct sockaddr_storage a = at(rows[i].address);
        assert_err(stir_network_parse(&network, S(rows[i].network)), STIR_OK);
        if (stir_network_has(&network, &a) != rows[i].has)
            fail_msg("%s in %s is wrong", rows[i].address, rows[i].network);
    }
    struct stir_network network;
    struct sockaddr_storage unix_socket = {.ss_family = AF_UNIX};
    assert_err(stir_network_parse(&network, S("192.0.2.1/28")), STIR_EVALUE);
    assert_err(stir_network_parse(&network, S("192.0.2.0/33")), STIR_ESYNTAX);
    assert_err(stir_network_parse(&network, S("::/0")), STIR_OK);
    assert_false(stir_network_has(&network, &unix_socket));
}

static int open_at(const char *text, struct sockaddr_storage *bound)
{
    struct stir_address a;
    struct stir_diag diag = {0, ""};
    int fd = -1;
    assert_err(stir_address_parse(&a, S(text), STIR_TCP), STIR_OK);
    if (stir_socket_open(&fd, &a, bound, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
    return fd;
}

static void sockets_are_bound_and_do_not_block(void **state)
{
    static const char *const rows[] = {"udp:127.0.0.1:0", "tcp:127.0.0.1:0", "tls:[::1]:0", "udp:[::1]:0"};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sockaddr_storage bound, twin;
        int fd = open_at(rows[i], &bound);
        char buf[STIR_ADDRESS_TEXT];
        assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
        stir_address_text(buf, sizeof(buf), &bound);
        assert_null(strstr(buf, ":0"));
        int other = open_at(rows[i], &twin);
        assert_false(stir_address_eq(&bound, &twin));
        assert_true(stir_address_eq(&bound, &bound));
        close(other);
        close(fd);
    }
}

static void an_address_in_use_is_named(void **state)
{
    struct sockaddr_storage bound;
    struct stir_diag diag = {0, ""};
    char text[STIR_ADDRESS_TEXT + 4];
    struct stir_address a;
    int fd = open_at("tcp:127.0.0.1:0", &bound), other = -1;
    (void)state;
    snprintf(text, sizeof(text), "tcp:");
    stir_address_text(text + 4, sizeof(text) - 4, &bound);
    assert_err(stir_address_parse(&a, S(text), STIR_UDP), STIR_OK);
    assert_err(stir_socket_open(&other, &a, NULL, &diag), STIR_EIO);
    assert_non_null(strstr(diag.text, text + 4));
    assert_int_equal(other, -1);
    close(fd);
}

static void hand_over(int fd, long pid)
{
    char text[24];
    assert_true(fd >= 3);
    assert_int_equal(fcntl(fd, F_SETFD, 0), 0);
    snprintf(text, sizeof(text), "%d", fd - 3 + 1);
    assert_int_equal(setenv("LISTEN_FDS", text, 1), 0);
    snprintf(text, sizeof(text), "%ld", pid);
    assert_int_equal(setenv("LISTEN_PID", text, 1), 0);
}

static void a_socket_handed_over_is_taken_once(void **state)
{
    struct sockaddr_storage bound, again;
    struct stir_address a = {.transport = STIR_TCP};
    struct stir_diag diag = {0, ""};
    int fd = open_at("tcp:127.0.0.1:0", &bound), got = -1;
    (void)state;
    a.at = bound;
    a.n = sizeof(struct sockaddr_in);
    hand_over(fd, (long)getpid() + 1); /* meant for another process */
    assert_err(stir_socket_open(&got, &a, &again, &diag), STIR_EIO);
    hand_over(fd, (long)getpid());
    a.transport = STIR_UDP; /* of another kind: the UDP port of that number is ours to bind */
    assert_err(stir_socket_open(&got, &a, &again, &diag), STIR_OK);
    assert_int_not_equal(got, fd);
    close(got);
    hand_over(fd, (long)getpid());
    a.transport = STIR_TCP;
    assert_err(stir_socket_open(&got, &a, &again, &diag), STIR_OK);
    assert_int_equal(got, fd);
    assert_true(stir_address_eq(&bound, &again));
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_err(stir_socket_open(&got, &a, &again, &diag), STIR_EIO); /* taken: no second time */
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_PID");
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_and_written),  cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(networks_hold_what_lies_in_them), cmocka_unit_test(sockets_are_bound_and_do_not_block),
        cmocka_unit_test(an_address_in_use_is_named),      cmocka_unit_test(a_socket_handed_over_is_taken_once),
    };
    return cmocka_run_group_tests_name("socket", tests, NULL, NULL);
}
