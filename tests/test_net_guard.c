/* Which addresses are never fetched from. */
#include "io/net_guard.h"

#include <netinet/in.h>

#include "support.h"

static struct stir_net_addr address(const char *text)
{
    struct stir_net_addr addr;
    if (stir_net_addr_parse(&addr, S(text)) != STIR_OK)
        fail_msg("%s is no address", text);
    return addr;
}

static bool is_open(const struct stir_guard *guard, const char *text)
{
    struct stir_net_addr addr = address(text);
    return stir_guard_fault(guard, &addr) == NULL;
}

/*= ATIS1000074-5.3.1 test */
static void only_public_addresses_are_open_by_default(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool open;
    } rows[] = {
        {"1.1.1.1", true},
        {"9.255.255.255", true},
        {"11.0.0.0", true},
        {"100.63.255.255", true},
        {"100.128.0.0", true},
        {"126.255.255.255", true},
        {"128.0.0.0", true},
        {"169.253.255.255", true},
        {"169.255.0.0", true},
        {"172.15.255.255", true},
        {"172.32.0.0", true},
        {"192.0.1.0", true},
        {"192.0.3.0", true},
        {"192.167.255.255", true},
        {"192.169.0.0", true},
        {"198.17.255.255", true},
        {"198.20.0.0", true},
        {"223.255.255.255", true},
        {"0.0.0.0", false},
        {"0.1.2.3", false},
        {"10.0.0.0", false},
        {"10.255.255.255", false},
        {"100.64.0.0", false},
        {"100.127.255.255", false},
        {"127.0.0.1", false},
        {"127.255.255.255", false},
        {"169.254.169.254", false},
        {"172.16.0.0", false},
        {"172.31.255.255", false},
        {"192.0.0.1", false},
        {"192.0.2.1", false},
        {"192.88.99.1", false},
        {"192.168.0.0", false},
        {"192.168.255.255", false},
        {"198.18.0.0", false},
        {"198.19.255.255", false},
        {"198.51.100.255", false},
        {"203.0.113.0", false},
        {"224.0.0.1", false},
        {"239.255.255.255", false},
        {"240.0.0.0", false},
        {"255.255.255.255", false},
        /* IPv6 */
        {"2606:4700::1111", true},
        {"2000::", true},
        {"2001:200::1", true},
        {"2a00:1450::1", true},
        {"3ffe:ffff::1", true},
        {"::", false},
        {"::1", false},
        {"::2", false},
        {"::127.0.0.1", false},
        {"::8.8.8.8", false},
        {"100::1", false},
        {"1fff:ffff::1", false},
        {"2001::1", false},
        {"2001:0:4136:e378:8000:63bf:3fff:fdd2", false},
        {"2001:1ff:ffff::1", false},
        {"2001:db8::1", false},
        {"2001:db8:ffff::1", false},
        {"3fff::1", false},
        {"3fff:fff::1", false},
        {"4000::1", false},
        {"5f00::1", false},
        {"fc00::1", false},
        {"fd12:3456::1", false},
        {"fe80::1", false},
        {"febf::1", false},
        {"fec0::1", false},
        {"ff02::1", false},
        /* IPv4 in IPv6: mapped, NAT64, 6to4 */
        {"::ffff:8.8.8.8", true},
        {"::ffff:127.0.0.1", false},
        {"::ffff:7f00:1", false},
        {"::ffff:10.1.2.3", false},
        {"::ffff:169.254.169.254", false},
        {"::ffff:0:127.0.0.1", false},
        {"::ffff:0:8.8.8.8", false},
        {"64:ff9b::8.8.8.8", true},
        {"64:ff9b::127.0.0.1", false},
        {"64:ff9b::a01:203", false},
        {"64:ff9b:1::8.8.8.8", false},
        {"64:ff9b:0:0:1::8.8.8.8", false},
        {"2002:808:808::1", true},
        {"2002:7f00:1::1", false},
        {"2002:a9fe:a9fe::1", false},
        {"2002:c0a8:101::1", false},
    };
    const struct stir_guard guard = {.n = 0};
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (is_open(&guard, rows[i].text) != rows[i].open) {
            fprintf(stderr, "%s should be %s\n", rows[i].text, rows[i].open ? "open" : "refused");
            wrong++;
        }
    assert_int_equal(wrong, 0);
}

static void a_network_is_opened_by_name_and_nothing_beside_it(void **state)
{
    (void)state;
    struct stir_guard guard = {.n = 0};
    assert_err(stir_guard_open(&guard, S("127.0.0.0/8")), STIR_OK);
    assert_err(stir_guard_open(&guard, S("10.20.16.0/20")), STIR_OK);
    assert_err(stir_guard_open(&guard, S("fd00:1::/32")), STIR_OK);
    assert_err(stir_guard_open(&guard, S("192.168.1.7")), STIR_OK);
    static const char *const open[] = {"127.0.0.1", "127.255.0.9", "::ffff:127.0.0.1", "10.20.16.0", "10.20.31.255", "fd00:1:9::1", "192.168.1.7", "8.8.8.8"};
    static const char *const shut[] = {"10.20.15.255", "10.20.32.0",         "fd00:2::1",      "192.168.1.6", "192.168.1.8",
                                       "::1",          "64:ff9b::127.0.0.1", "2002:7f00:1::1", "::127.0.0.1"};
    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
        if (!is_open(&guard, open[i]))
            fail_msg("%s should be open", open[i]);
    for (size_t i = 0; i < sizeof(shut) / sizeof(shut[0]); i++)
        if (is_open(&guard, shut[i]))
            fail_msg("%s should be refused", shut[i]);
}

static void networks_are_read_strictly(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum stir_err err;
        unsigned bits;
    } rows[] = {
        {"10.0.0.0/8", STIR_OK, 104},
        {"0.0.0.0/0", STIR_OK, 96},
        {"10.1.2.3", STIR_OK, 128},
        {"10.1.2.3/32", STIR_OK, 128},
        {"::/0", STIR_OK, 0},
        {"fd00::/8", STIR_OK, 8},
        {"::ffff:10.0.0.0/104", STIR_OK, 104},
        {"10.0.0.1/8", STIR_EVALUE, 0},
        {"fd00::1/8", STIR_EVALUE, 0},
        {"10.0.0.0/33", STIR_ESYNTAX, 0},
        {"fd00::/129", STIR_ESYNTAX, 0},
        {"10.0.0.0/", STIR_ESYNTAX, 0},
        {"10.0.0.0/+8", STIR_ESYNTAX, 0},
        {"10.0.0.0/8 ", STIR_ESYNTAX, 0},
        {"10.0.0.0/0008", STIR_ESYNTAX, 0},
        {"10.0.0/8", STIR_ESYNTAX, 0},
        {"10/8", STIR_ESYNTAX, 0},
        {"010.0.0.0/8", STIR_ESYNTAX, 0},
        {"0x0a.0.0.0/8", STIR_ESYNTAX, 0},
        {"fe80::1%lo", STIR_ESYNTAX, 0},
        {"localhost", STIR_ESYNTAX, 0},
        {"", STIR_ESYNTAX, 0},
        {"/8", STIR_ESYNTAX, 0},
        {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc", STIR_ESYNTAX, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_net_cidr cidr = {.bits = 999};
        enum stir_err err = stir_net_cidr_parse(&cidr, S(rows[i].text));
        if (err != rows[i].err || cidr.bits != (err == STIR_OK ? rows[i].bits : 999))
            fail_msg("\"%s\": %s, %u bits", rows[i].text, stir_err_name(err), cidr.bits);
    }
}

static void a_guard_opens_so_many_networks_and_no_more(void **state)
{
    (void)state;
    struct stir_guard guard = {.n = 0};
    for (size_t i = 0; i < STIR_GUARD_NETS; i++)
        assert_err(stir_guard_open(&guard, S("10.0.0.0/8")), STIR_OK);
    assert_err(stir_guard_open(&guard, S("10.0.0.0/8")), STIR_ELIMIT);
    assert_int_equal(guard.n, STIR_GUARD_NETS);
}

static void socket_addresses_are_read_as_they_are(void **state)
{
    (void)state;
    struct stir_net_addr got, want = address("127.0.0.1");
    struct sockaddr_in four = {.sin_family = AF_INET};
    four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_err(stir_net_addr_of(&got, (const struct sockaddr *)&four), STIR_OK);
    assert_true(stir_net_addr_eq(&got, &want));
    assert_true(stir_net_addr_is_v4(&got));
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    six.sin6_addr.s6_addr[10] = six.sin6_addr.s6_addr[11] = 0xff;
    six.sin6_addr.s6_addr[12] = 127;
    six.sin6_addr.s6_addr[15] = 1;
    assert_err(stir_net_addr_of(&got, (const struct sockaddr *)&six), STIR_OK);
    assert_true(stir_net_addr_eq(&got, &want));
    struct sockaddr other = {.sa_family = AF_UNIX};
    assert_err(stir_net_addr_of(&got, &other), STIR_EVALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_public_addresses_are_open_by_default),
        cmocka_unit_test(a_network_is_opened_by_name_and_nothing_beside_it),
        cmocka_unit_test(networks_are_read_strictly),
        cmocka_unit_test(a_guard_opens_so_many_networks_and_no_more),
        cmocka_unit_test(socket_addresses_are_read_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
