#include "support.h"

#include "core/url.h"

struct row {
    const char *text;
    enum stir_url_fault fault, fault_any; /* without and with any_url */
};

static void check_row(const struct row *row, bool any_url)
{
    struct stir_url url = {.port = 7};
    enum stir_url_fault got = stir_url_parse(&url, S(row->text), any_url);
    enum stir_url_fault wanted = any_url ? row->fault_any : row->fault;
    if (got != wanted)
        fail_msg("%s%s: fault %d, wanted %d", row->text, any_url ? " (any)" : "", got, wanted);
    if ((got == STIR_URL_SCHEME || got == STIR_URL_SYNTAX) != (url.port == 7))
        fail_msg("%s: the parts are written although there are none, or the reverse", row->text);
}

static void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        check_row(&rows[i], false);
        check_row(&rows[i], true);
    }
}
#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof(rows[0]))

/*= ATIS1000074-5.3.1 test */
static void each_rule_of_the_x5u_url_has_its_fault(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"https://cert.example.org/passport.cer", STIR_URL_GOOD, STIR_URL_GOOD},
        {"HTTPS://H/c", STIR_URL_GOOD, STIR_URL_GOOD},
        {"https://h", STIR_URL_GOOD, STIR_URL_GOOD},
        {"https://h/", STIR_URL_GOOD, STIR_URL_GOOD},
        {"https://h:443/a", STIR_URL_GOOD, STIR_URL_GOOD},
        {"https://h:8443/a", STIR_URL_GOOD, STIR_URL_GOOD},
        {"https://localhost:8443/c.pem", STIR_URL_GOOD, STIR_URL_GOOD}, /* the fetcher looks at the address */
        {"https://a_b.xn--bcher-kva.example/%7Ea/b(1),c+d=e&f:g@h", STIR_URL_GOOD, STIR_URL_GOOD},
        {"https://h/a%3Bb", STIR_URL_GOOD, STIR_URL_GOOD},
        {"https://0x7f.example/a", STIR_URL_GOOD, STIR_URL_GOOD},
        {"https://1.2.3.example/a", STIR_URL_GOOD, STIR_URL_GOOD},
        {"", STIR_URL_SCHEME, STIR_URL_SCHEME},
        {"h/c.pem", STIR_URL_SCHEME, STIR_URL_SCHEME},
        {"https", STIR_URL_SCHEME, STIR_URL_SCHEME},
        {"http://h/c", STIR_URL_SCHEME, STIR_URL_SCHEME},
        {"file:///etc/passwd", STIR_URL_SCHEME, STIR_URL_SCHEME},
        {"cid:x", STIR_URL_SCHEME, STIR_URL_SCHEME},
        {" https://h/c", STIR_URL_SCHEME, STIR_URL_SCHEME},
        {"httpsx://h/c", STIR_URL_SCHEME, STIR_URL_SCHEME},
        {"https:", STIR_URL_SYNTAX, STIR_URL_SYNTAX},
        {"https:/h/c", STIR_URL_SYNTAX, STIR_URL_SYNTAX},
        {"https:h/c", STIR_URL_SYNTAX, STIR_URL_SYNTAX},
        {"https:\\\\h\\c", STIR_URL_SYNTAX, STIR_URL_SYNTAX},
        {"https://h/a b", STIR_URL_SYNTAX, STIR_URL_SYNTAX},
        {"https://h/a\nb", STIR_URL_SYNTAX, STIR_URL_SYNTAX},
        {"https://h/<a>", STIR_URL_SYNTAX, STIR_URL_SYNTAX},
        {"https://h/\"a", STIR_URL_SYNTAX, STIR_URL_SYNTAX},
        {"https://h/a[1]", STIR_URL_SYNTAX, STIR_URL_SYNTAX},
        {"https://h/\xc3\xa9", STIR_URL_SYNTAX, STIR_URL_SYNTAX},
        {"https://h\\@evil/", STIR_URL_SYNTAX, STIR_URL_SYNTAX},
        {"https://h/%zz", STIR_URL_SYNTAX, STIR_URL_SYNTAX},
        {"https://h/%4", STIR_URL_SYNTAX, STIR_URL_SYNTAX},
        {"https://h:8o/", STIR_URL_SYNTAX, STIR_URL_SYNTAX},
        {"https://h:443:8443/", STIR_URL_SYNTAX, STIR_URL_SYNTAX},
        {"https://a@b@h/", STIR_URL_SYNTAX, STIR_URL_SYNTAX},
        {"https://[::1/", STIR_URL_SYNTAX, STIR_URL_SYNTAX},
        {"https://[::1]x/", STIR_URL_SYNTAX, STIR_URL_SYNTAX},
        {"https://h/a#b#c", STIR_URL_SYNTAX, STIR_URL_SYNTAX},
        {"https://u s@h/", STIR_URL_SYNTAX, STIR_URL_SYNTAX},
        {"https://user:pass@h/", STIR_URL_USERINFO, STIR_URL_USERINFO},
        {"https://@h/", STIR_URL_USERINFO, STIR_URL_USERINFO},
        {"https://user@127.0.0.1:22/?q#f", STIR_URL_USERINFO, STIR_URL_USERINFO},
        {"https://h:444/", STIR_URL_PORT, STIR_URL_GOOD},
        {"https://h:80/?q", STIR_URL_PORT, STIR_URL_QUERY},
        {"https://h:/", STIR_URL_PORT, STIR_URL_PORT},
        {"https://h:0/", STIR_URL_PORT, STIR_URL_PORT},
        {"https://h:65536/", STIR_URL_PORT, STIR_URL_PORT},
        {"https://h:65979/", STIR_URL_PORT, STIR_URL_PORT}, /* 443 in 16 bits */
        {"https://h:4294967739/", STIR_URL_PORT, STIR_URL_PORT},
        {"https://h:65535/", STIR_URL_PORT, STIR_URL_GOOD},
        {"https://h/c?x=1", STIR_URL_QUERY, STIR_URL_QUERY},
        {"https://h?q=1", STIR_URL_QUERY, STIR_URL_QUERY},
        {"https://h/?", STIR_URL_QUERY, STIR_URL_QUERY},
        {"https://h/c?x#y", STIR_URL_QUERY, STIR_URL_QUERY},
        {"https://h/c#f", STIR_URL_FRAGMENT, STIR_URL_FRAGMENT},
        {"https://h#", STIR_URL_FRAGMENT, STIR_URL_FRAGMENT},
        {"https://h/c#f?x", STIR_URL_FRAGMENT, STIR_URL_FRAGMENT},
        {"https://h/c;p=1", STIR_URL_PARAMS, STIR_URL_PARAMS},
        {"https://h/;/c", STIR_URL_PARAMS, STIR_URL_PARAMS},
        {"https:///c", STIR_URL_HOST, STIR_URL_HOST},
        {"https://:443/c", STIR_URL_HOST, STIR_URL_HOST},
        {"https://a..b/c", STIR_URL_HOST, STIR_URL_HOST},
        {"https://.a/c", STIR_URL_HOST, STIR_URL_HOST},
        {"https://a./c", STIR_URL_HOST, STIR_URL_HOST},
        {"https://127.0.0.1./c", STIR_URL_HOST, STIR_URL_HOST},
        {"https://%31%32%37.0.0.1/c", STIR_URL_HOST, STIR_URL_HOST},
        {"https://a+b/c", STIR_URL_HOST, STIR_URL_HOST},
        {"https://1.2.3.4.5/c", STIR_URL_HOST, STIR_URL_HOST},
        {"https://a.1/c", STIR_URL_HOST, STIR_URL_HOST},
        {"https://[12]/c", STIR_URL_HOST, STIR_URL_HOST},
        {"https://[]/c", STIR_URL_HOST, STIR_URL_HOST},
        {"https://[fe80::1%25eth0]/c", STIR_URL_HOST, STIR_URL_HOST},
        {"https://[v1.a:b:c]/c", STIR_URL_HOST, STIR_URL_HOST},
        {"https://169.254.169.254/latest", STIR_URL_IP, STIR_URL_GOOD},
        {"https://127.0.0.1/", STIR_URL_IP, STIR_URL_GOOD},
        {"https://127.1/", STIR_URL_IP, STIR_URL_GOOD},
        {"https://2130706433/", STIR_URL_IP, STIR_URL_GOOD},
        {"https://0x7f.1/", STIR_URL_IP, STIR_URL_GOOD},
        {"https://0X7F000001/", STIR_URL_IP, STIR_URL_GOOD},
        {"https://0177.0.0.01/", STIR_URL_IP, STIR_URL_GOOD},
        {"https://0x/", STIR_URL_IP, STIR_URL_GOOD},
        {"https://[::1]/", STIR_URL_IP, STIR_URL_GOOD},
        {"https://[::ffff:127.0.0.1]/", STIR_URL_IP, STIR_URL_GOOD},
        {"https://[2001:DB8::1]:8443/c", STIR_URL_IP, STIR_URL_GOOD},
    };
    CHECK_ROWS(rows);
}

static void parts_are_those_of_the_text(void **state)
{
    (void)state;
    struct stir_url url;
    assert_int_equal(stir_url_parse(&url, S("https://Cert.Example.org:8443/a/b.cer"), false), STIR_URL_GOOD);
    assert_slice(url.host, "Cert.Example.org");
    assert_slice(url.path, "/a/b.cer");
    assert_int_equal(url.port, 8443);
    assert_true(url.port_given);
    assert_false(url.host_is_ip);
    assert_int_equal(stir_url_parse(&url, S("https://h"), false), STIR_URL_GOOD);
    assert_slice(url.path, "/");
    assert_int_equal(url.port, 443);
    assert_false(url.port_given);
    assert_int_equal(stir_url_parse(&url, S("https://[2001:db8::1]:5000/a"), true), STIR_URL_GOOD);
    assert_slice(url.host, "2001:db8::1");
    assert_int_equal(url.port, 5000);
    assert_true(url.host_is_ip);
    assert_int_equal(stir_url_parse(&url, S("https://u@0x7f.1/a?b"), false), STIR_URL_USERINFO);
    assert_slice(url.host, "0x7f.1");
    assert_slice(url.path, "/a");
    assert_true(url.host_is_ip);
}

static void long_urls_labels_and_names_are_faults(void **state)
{
    (void)state;
    char text[STIR_MAX_URL + 2];
    struct stir_url url;
    memset(text, 'a', sizeof(text));
    memcpy(text, "https://h/", 10);
    assert_int_equal(stir_url_parse(&url, stir_slice_of(text, STIR_MAX_URL), false), STIR_URL_GOOD);
    assert_int_equal(stir_url_parse(&url, stir_slice_of(text, STIR_MAX_URL + 1), false), STIR_URL_LONG);
    text[20] = '?';
    assert_int_equal(stir_url_parse(&url, stir_slice_of(text, STIR_MAX_URL + 1), false), STIR_URL_QUERY);
    memset(text, 'a', sizeof(text));
    memcpy(text, "https://", 8);
    assert_int_equal(stir_url_parse(&url, stir_slice_of(text, 8 + 63), false), STIR_URL_GOOD);
    assert_int_equal(stir_url_parse(&url, stir_slice_of(text, 8 + 64), false), STIR_URL_HOST);
    for (size_t i = 8 + 50; i < sizeof(text); i += 51)
        text[i] = '.';
    assert_int_equal(stir_url_parse(&url, stir_slice_of(text, 8 + 253), false), STIR_URL_GOOD);
    assert_int_equal(stir_url_parse(&url, stir_slice_of(text, 8 + 254), false), STIR_URL_HOST);
    assert_int_equal(stir_url_parse(&url, stir_slice_of("https://h/\0a", 12), false), STIR_URL_SYNTAX);
    assert_int_equal(stir_url_parse(&url, S(NULL), false), STIR_URL_SCHEME);
}

/* The counts were made without this code: Python's urlsplit() takes each line apart; then, in this order, the scheme is not "https"; a character outside '!' to
 * '~' or among "<>\^`{|} stands anywhere; '@' stands in netloc; .port is not None, 443 or 8443; '?', '#', ';' stand in the line; a dot-separated part of
 * .hostname is not 1 to 63 of [A-Za-z0-9_-]; socket.inet_aton() takes the host. With any_url the ports and the address go. */
static void real_repository_urls_are_judged_as_counted(void **state)
{
    (void)state;
    static const unsigned wanted[STIR_URL_LONG + 1] = {[STIR_URL_GOOD] = 8899, [STIR_URL_SCHEME] = 14, [STIR_URL_PORT] = 6, [STIR_URL_IP] = 1};
    unsigned count[STIR_URL_LONG + 1] = {0}, good_any = 0, with_port = 0;
    struct stir_slice file = support_file("headers/x5u-urls.txt"), text = file, line;
    while (support_line(&text, &line)) {
        struct stir_url url = {.port = 0};
        enum stir_url_fault fault = stir_url_parse(&url, line, false);
        count[fault]++;
        with_port += url.port == 8443;
        good_any += stir_url_parse(&url, line, true) == STIR_URL_GOOD;
    }
    support_free(file);
    for (int i = 0; i <= STIR_URL_LONG; i++)
        if (count[i] != wanted[i])
            fail_msg("%u URLs where %s, wanted %u", count[i], stir_url_fault_text((enum stir_url_fault)i), wanted[i]);
    assert_int_equal(good_any, 8899 + 6 + 1);
    assert_int_equal(with_port, 10);
}

static void named_real_urls_have_their_faults(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"http://5.161.152.107/191c4c42dd7fa6115e84100637e42c99.cer", STIR_URL_SCHEME, STIR_URL_SCHEME},
        {"http://stirshaken.flashtelco.com:8077/cert1.pem", STIR_URL_SCHEME, STIR_URL_SCHEME},
        {"https://187.174.67.118:8080/0e4158a72f7ae0b175762c8b52a0b357.cer", STIR_URL_PORT, STIR_URL_GOOD},
        {"https://sip.gnvoip.net:5000/stirshaken_certs/665K.crt", STIR_URL_PORT, STIR_URL_GOOD},
        {"https://65.108.80.93/cert.pem", STIR_URL_IP, STIR_URL_GOOD},
        {"https://az.tax/3", STIR_URL_GOOD, STIR_URL_GOOD},
        {"https://bird.com/.well-known/voice-stir-shaken-us.cer", STIR_URL_GOOD, STIR_URL_GOOD},
    };
    struct stir_slice file = support_file("headers/x5u-urls.txt");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (!strstr(file.p, rows[i].text))
            fail_msg("%s is not in the file", rows[i].text);
    support_free(file);
    CHECK_ROWS(rows);
}

static void every_fault_has_words(void **state)
{
    (void)state;
    for (int i = 0; i <= STIR_URL_LONG; i++)
        assert_true(strlen(stir_url_fault_text((enum stir_url_fault)i)) > 10);
    assert_string_equal(stir_url_fault_text((enum stir_url_fault)(STIR_URL_LONG + 1)), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_of_the_x5u_url_has_its_fault), cmocka_unit_test(parts_are_those_of_the_text),
        cmocka_unit_test(long_urls_labels_and_names_are_faults),  cmocka_unit_test(real_repository_urls_are_judged_as_counted),
        cmocka_unit_test(named_real_urls_have_their_faults),      cmocka_unit_test(every_fault_has_words),
    };
    return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
