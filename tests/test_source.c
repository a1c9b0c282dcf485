/* Where a call comes from: the first trunk of the file of which all holds, and a tenant that nobody else can be taken for. */
#include "conf_support.h"

#include "io/socket.h"
#include "service/header.h"
#include "service/source.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

/* A call from an address, with whatever headers. */
struct caller {
    char text[2048];
    struct stir_sip sip;
    struct stir_peer peer;
};

static struct sockaddr_storage address_of(const char *host)
{
    struct sockaddr_storage at;
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(5060)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(5060)};
    memset(&at, 0, sizeof(at));
    if (inet_pton(AF_INET, host, &four.sin_addr) == 1)
        memcpy(&at, &four, sizeof(four));
    else if (inet_pton(AF_INET6, host, &six.sin6_addr) == 1)
        memcpy(&at, &six, sizeof(six));
    else
        fail_msg("%s is no address", host);
    return at;
}

static void call_from(struct caller *c, const char *host, const char *ruri, const char *headers)
{
    struct stir_diag diag = {0};
    memset(c, 0, sizeof(*c));
    snprintf(c->text, sizeof(c->text),
             "INVITE %s SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:+12155551212@a>;tag=1\r\nTo: <sip:+12125550100@b>\r\nCall-ID: 1\r\n"
             "CSeq: 1 INVITE\r\n%s\r\n",
             ruri, headers);
    if (stir_sip_parse(&c->sip, S(c->text), &diag) != STIR_OK)
        fail_msg("%s", diag.text);
    c->peer = (struct stir_peer){.address = address_of(host), .sip = &c->sip};
}

static struct stir_source_book *book_of(const struct stir_conf *conf)
{
    struct stir_source_book *book = NULL;
    struct stir_diag diag = {0};
    if (stir_source_book_new(&book, conf, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
    return book;
}

static const char *trunk_of(const struct stir_source_book *book, const struct stir_peer *peer)
{
    struct stir_source source;
    stir_source_find(book, peer, &source);
    return source.trunk ? source.trunk->name : "-";
}

static const char *trunk_at(const struct stir_source_book *book, const char *host, const char *headers)
{
    struct caller c;
    call_from(&c, host, "sip:+12125550100@as.example", headers);
    return trunk_of(book, &c.peer);
}

/* "tenant" with '!' when it is proven, "-" for nobody's. */
static const char *tenant_of(const struct stir_source_book *book, const struct stir_peer *peer)
{
    static char text[64];
    struct stir_source source;
    stir_source_find(book, peer, &source);
    snprintf(text, sizeof(text), "%s%s", source.tenant ? source.tenant->name : "-", source.proven ? "!" : "");
    return text;
}

static void the_first_trunk_of_the_file_that_fits_is_taken(void **state)
{
    struct stir_conf_trunk trunks[6];
    struct stir_conf conf = {.trunks = trunks, .n_trunks = 6};
    (void)state;
    for (size_t i = 0; i < 6; i++)
        trunks[i] = conf_trunk((const char *[]){"wide", "narrow", "six", "header", "tls", "late"}[i]);
    trunks[0].addresses = CONF_LIST("192.0.2.0/25");
    trunks[1].addresses = CONF_LIST("192.0.2.1", "192.0.2.129");
    trunks[2].addresses = CONF_LIST("2001:db8::/33");
    trunks[3].addresses = CONF_LIST("198.51.100.0/24");
    trunks[3].header = "X-Trunk:  17 ";
    trunks[4].tls_name = "sbc.example.com";
    trunks[5].addresses = CONF_LIST("198.51.100.7", "192.0.2.200", "192.0.2.1");
    struct stir_source_book *book = book_of(&conf);
    assert_string_equal(trunk_at(book, "192.0.2.1", ""), "wide");
    assert_string_equal(trunk_at(book, "192.0.2.129", ""), "narrow");
    assert_string_equal(trunk_at(book, "::ffff:192.0.2.129", ""), "narrow");
    assert_string_equal(trunk_at(book, "192.0.2.200", ""), "late");
    assert_string_equal(trunk_at(book, "192.0.2.130", ""), "-");
    assert_string_equal(trunk_at(book, "2001:db8:7fff::1", ""), "six");
    assert_string_equal(trunk_at(book, "2001:db8:8000::1", ""), "-");
    assert_string_equal(trunk_at(book, "198.51.100.7", "x-trunk: 17\r\n"), "header");
    assert_string_equal(trunk_at(book, "198.51.100.7", "X-Trunk: 18\r\n"), "late");
    assert_string_equal(trunk_at(book, "198.51.100.8", "X-Trunk: 171\r\n"), "-");
    assert_string_equal(trunk_at(book, "203.0.113.1", "X-Trunk: 17\r\n"), "-");
    stir_source_book_free(book);
}

static void a_header_that_stands_twice_tells_no_trunk(void **state)
{
    struct stir_conf_trunk trunk = conf_trunk("17");
    struct stir_conf conf = {.trunks = &trunk, .n_trunks = 1};
    (void)state;
    trunk.header = "X-Trunk: 17";
    struct stir_source_book *book = book_of(&conf);
    assert_string_equal(trunk_at(book, "192.0.2.1", "X-Trunk: 17\r\n"), "17");
    assert_string_equal(trunk_at(book, "192.0.2.1", "X-Trunk: 17\r\nX-Trunk: 18\r\n"), "-");
    assert_string_equal(trunk_at(book, "192.0.2.1", "X-Trunk: 17\r\nX-Trunk: 17\r\n"), "-");
    assert_string_equal(trunk_at(book, "192.0.2.1", "X-Trunk:\r\n 17\r\n"), "17");
    stir_source_book_free(book);
}

static void a_name_of_tls_is_compared_in_any_case_and_only_when_there_is_one(void **state)
{
    struct stir_conf_trunk trunks[2] = {conf_trunk("tls"), conf_trunk("both")};
    struct stir_conf conf = {.trunks = trunks, .n_trunks = 2};
    struct caller c;
    (void)state;
    trunks[0].tls_name = "sbc.example.com";
    trunks[0].addresses = CONF_LIST("192.0.2.0/24");
    trunks[1].tls_name = "sbc.example.com";
    struct stir_source_book *book = book_of(&conf);
    call_from(&c, "192.0.2.1", "sip:1@a", "");
    assert_string_equal(trunk_of(book, &c.peer), "-");
    c.peer.tls_name = S("SBC.Example.com");
    assert_string_equal(trunk_of(book, &c.peer), "tls");
    c.peer.address = address_of("198.51.100.1");
    assert_string_equal(trunk_of(book, &c.peer), "both");
    c.peer.tls_name = S("sbc.example.org");
    assert_string_equal(trunk_of(book, &c.peer), "-");
    stir_source_book_free(book);
}

/* Each of 5,000 trunks is found by its own address, as a search from the first on finds it. */
static void many_trunks_are_found_as_by_trying_each(void **state)
{
    enum { MANY = 5000 };
    struct stir_conf_trunk *trunks = calloc(MANY, sizeof(*trunks));
    char(*names)[32] = calloc(MANY, sizeof(*names));
    const char **networks = calloc(MANY, sizeof(*networks));
    struct stir_network *nets = calloc(MANY, sizeof(*nets));
    struct stir_conf conf = {.trunks = trunks, .n_trunks = MANY};
    (void)state;
    assert_true(trunks && names && networks && nets);
    for (unsigned i = 0; i < MANY; i++) {
        unsigned bits = 16 + i % 16, third = i * 13 % 256, fourth = i * 29 % 256, last = (third << 8 | fourth) >> (32 - bits) << (32 - bits);
        snprintf(names[i], sizeof(names[i]), "10.%u.%u.%u/%u", i * 7 % 64, last >> 8, last & 255, bits);
        networks[i] = names[i];
        trunks[i] = conf_trunk(names[i]);
        trunks[i].addresses = (struct stir_conf_list){&networks[i], 1};
        assert_err(stir_network_parse(&nets[i], S(names[i])), STIR_OK);
    }
    struct stir_source_book *book = book_of(&conf);
    for (unsigned i = 0; i < MANY; i += 7) {
        char host[32];
        snprintf(host, sizeof(host), "10.%u.%u.%u", i * 7 % 64, i * 11 % 256, i % 256);
        struct sockaddr_storage at = address_of(host);
        const char *wanted = "-";
        for (size_t k = 0; k < MANY && wanted[0] == '-'; k++)
            if (stir_network_has(&nets[k], &at))
                wanted = names[k];
        assert_string_equal(trunk_at(book, host, ""), wanted);
    }
    stir_source_book_free(book);
    free(trunks);
    free(names);
    free(networks);
    free(nets);
}

static void the_host_of_the_request_uri_chooses_where_the_trunk_does_not(void **state)
{
    struct stir_conf_tenant tenants[2] = {conf_tenant("alpha", STIR_TENANT_PROVIDER), conf_tenant("beta", STIR_TENANT_PROVIDER)};
    struct stir_conf_trunk trunks[3] = {conf_trunk("shared"), conf_trunk("of-beta"), conf_trunk("of-17")};
    struct stir_conf conf = {.trunks = trunks, .n_trunks = 3, .tenants = tenants, .n_tenants = 2};
    struct caller c;
    (void)state;
    tenants[0].hosts = CONF_LIST("alpha.sip.example", "[2001:db8::5]");
    tenants[1].hosts = CONF_LIST("beta.sip.example");
    trunks[0].addresses = CONF_LIST("192.0.2.0/24");
    trunks[1].addresses = CONF_LIST("198.51.100.0/24");
    trunks[1].tenant = "beta";
    trunks[2].addresses = CONF_LIST("192.0.3.0/24");
    trunks[2].customer = "17";
    struct stir_source_book *book = book_of(&conf);
    static const struct {
        const char *from, *ruri, *tenant;
    } rows[] = {
        {"192.0.2.1", "sip:+1215@ALPHA.sip.example:5060;user=phone", "alpha!"},
        {"192.0.2.1", "sips:beta.sip.example;transport=tls", "beta!"},
        {"192.0.2.1", "sip:1@[2001:db8::5]:5070", "alpha!"},
        {"192.0.2.1", "sip:1@other.example", "-"},
        {"192.0.2.1", "sip:1@x.alpha.sip.example", "-"},
        {"192.0.2.1", "sip:1@x@alpha.sip.example", "-"},
        {"192.0.2.1", "tel:+12125550100", "-"},
        {"198.51.100.1", "sip:1@alpha.sip.example", "beta!"}, /* the trunk's own, whatever it asks for */
        {"192.0.3.1", "sip:1@alpha.sip.example", "-"},        /* a customer's trunk is his */
        {"203.0.113.1", "sip:1@alpha.sip.example", "alpha"},  /* nobody we know: not proven */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        call_from(&c, rows[i].from, rows[i].ruri, "");
        if (strcmp(tenant_of(book, &c.peer), rows[i].tenant) != 0)
            fail_msg("%s from %s is %s's, wanted %s", rows[i].ruri, rows[i].from, tenant_of(book, &c.peer), rows[i].tenant);
    }
    stir_source_book_free(book);
}

static const char ALPHA_TOKEN[] = "alpha-0123456789abcdef", BETA_TOKEN[] = "beta-0123456789abcdef";

static void write_file(char *path, const char *text, mode_t mode)
{
    strcpy(path, "/tmp/stir-source-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void a_tenant_of_http_is_proven_by_token_or_certificate_and_never_by_its_path(void **state)
{
    struct stir_conf_tenant tenants[2] = {conf_tenant("alpha", STIR_TENANT_PROVIDER), conf_tenant("beta", STIR_TENANT_CUSTOMER)};
    struct stir_conf_trunk trunk = conf_trunk("of-beta");
    struct stir_conf conf = {.tenants = tenants, .n_tenants = 2, .trunks = &trunk, .n_trunks = 1};
    char a[64], b[64];
    (void)state;
    write_file(a, "# two tokens\nanother-token-of-alpha\nalpha-0123456789abcdef\n", 0600);
    write_file(b, "beta-0123456789abcdef\r\n", 0600);
    tenants[0].token_file = a;
    tenants[1].token_file = b;
    tenants[0].path = "alpha";
    tenants[1].path = "beta";
    tenants[0].client_name = "client.alpha.example";
    trunk.addresses = CONF_LIST("198.51.100.0/24");
    trunk.tenant = "beta";
    struct stir_source_book *book = book_of(&conf);
    static const struct {
        const char *from, *bearer, *client, *path, *tenant;
    } rows[] = {
        {"192.0.2.1", ALPHA_TOKEN, NULL, NULL, "alpha!"},
        {"192.0.2.1", "another-token-of-alpha", NULL, "alpha", "alpha!"},
        {"192.0.2.1", BETA_TOKEN, NULL, NULL, "beta!"},
        {"192.0.2.1", NULL, "CLIENT.alpha.example", NULL, "alpha!"},
        {"192.0.2.1", ALPHA_TOKEN, "client.alpha.example", "alpha", "alpha!"},
        {"192.0.2.1", NULL, NULL, "alpha", "alpha"},
        {"198.51.100.1", NULL, NULL, NULL, "beta"},
        {"192.0.2.1", NULL, NULL, NULL, "-"},
        {"192.0.2.1", "alpha-0123456789abcdeg", NULL, "alpha", "-"}, /* a wrong token is no token left out */
        {"192.0.2.1", "alpha-0123456789abcde", NULL, NULL, "-"},
        {"192.0.2.1", "", NULL, "alpha", "-"},
        {"192.0.2.1", ALPHA_TOKEN, NULL, "beta", "-"},
        {"192.0.2.1", ALPHA_TOKEN, NULL, "gamma", "-"},
        {"192.0.2.1", BETA_TOKEN, "client.alpha.example", NULL, "-"},
        {"198.51.100.1", ALPHA_TOKEN, NULL, NULL, "-"},
        {"198.51.100.1", BETA_TOKEN, NULL, NULL, "beta!"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_peer peer = {.address = address_of(rows[i].from), .bearer = S(rows[i].bearer), .tls_name = S(rows[i].client), .path = S(rows[i].path)};
        if (strcmp(tenant_of(book, &peer), rows[i].tenant) != 0)
            fail_msg("row %zu is %s's, wanted %s", i, tenant_of(book, &peer), rows[i].tenant);
    }
    stir_source_book_free(book);
    unlink(a);
    unlink(b);
}

static void refused(const struct stir_conf *conf, const char *why)
{
    struct stir_source_book *book = NULL;
    struct stir_diag diag = {0};
    if (stir_source_book_new(&book, conf, &diag) == STIR_OK)
        fail_msg("taken, wanted \"%s\"", why);
    if (!strstr(diag.text, why))
        fail_msg("\"%s\" does not say \"%s\"", diag.text, why);
    assert_null(book);
}

static void token_files_are_closed_and_hold_tokens_that_cannot_be_guessed(void **state)
{
    struct stir_conf_tenant tenants[2] = {conf_tenant("alpha", STIR_TENANT_PROVIDER), conf_tenant("beta", STIR_TENANT_PROVIDER)};
    struct stir_conf conf = {.tenants = tenants, .n_tenants = 1};
    char path[64];
    (void)state;
    tenants[0].token_file = tenants[1].token_file = path;
    write_file(path, ALPHA_TOKEN, 0640);
    refused(&conf, "chmod 0600");
    unlink(path);
    refused(&conf, "cannot be read");
    write_file(path, "short\n", 0600);
    refused(&conf, "5 characters");
    unlink(path);
    write_file(path, "# none\n\n", 0600);
    refused(&conf, "holds no token");
    unlink(path);
    write_file(path, ALPHA_TOKEN, 0600);
    conf.n_tenants = 2;
    refused(&conf, "a token in common");
    unlink(path);
    tenants[0].token_file = "credential:../../etc/passwd";
    setenv("CREDENTIALS_DIRECTORY", "/tmp", 1);
    refused(&conf, "no '/'");
    unsetenv("CREDENTIALS_DIRECTORY");
    tenants[0].token_file = "credential:alpha";
    refused(&conf, "LoadCredential=alpha");
}

static void what_two_tenants_share_tells_neither(void **state)
{
    struct stir_conf_tenant tenants[2] = {conf_tenant("alpha", STIR_TENANT_PROVIDER), conf_tenant("beta", STIR_TENANT_PROVIDER)};
    struct stir_conf conf = {.tenants = tenants, .n_tenants = 2};
    (void)state;
    tenants[0].hosts = CONF_LIST("a.example");
    tenants[1].hosts = CONF_LIST("b.example", "A.example");
    refused(&conf, "same host");
    tenants[1].hosts.n = 1;
    tenants[0].path = tenants[1].path = "x";
    refused(&conf, "same path");
    tenants[1].path = "";
    tenants[0].client_name = "c.example";
    tenants[1].client_name = "C.EXAMPLE";
    refused(&conf, "same client-name");
}

static void headers_are_found_by_name_in_any_case_folded_and_compact(void **state)
{
    struct caller c;
    struct stir_slice value;
    (void)state;
    call_from(&c, "192.0.2.1", "sip:Privacy:id@a",
              "s: compact\r\nPrivacy : id;\r\n\tcritical \r\nX-A: 1\r\nx-a: 2\r\nX-AB: no\r\nX-Fold: a\r\n Privacy: none\r\nX-Empty:\r\n");
    assert_int_equal(stir_header_find(&value, c.sip.head, S("privacy")), 1);
    assert_slice(value, "id;\r\n\tcritical");
    assert_int_equal(stir_header_find(&value, c.sip.head, S("X-A")), 2);
    assert_slice(value, "1");
    assert_null(stir_header_only(c.sip.head, S("X-A")).p);
    assert_slice(stir_header_only(c.sip.head, S("Subject")), "compact");
    assert_int_equal(stir_header_find(&value, c.sip.head, S("X-B")), 0);
    assert_null(value.p);
    assert_int_equal(stir_header_find(&value, c.sip.head, S("X-Empty")), 1);
    assert_non_null(value.p);
    assert_int_equal(value.n, 0);
    assert_int_equal(stir_header_find(NULL, c.sip.head, S("INVITE sip")), 0);
    assert_int_equal(stir_header_find(NULL, c.sip.head, S("")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_trunk_of_the_file_that_fits_is_taken),
        cmocka_unit_test(a_header_that_stands_twice_tells_no_trunk),
        cmocka_unit_test(a_name_of_tls_is_compared_in_any_case_and_only_when_there_is_one),
        cmocka_unit_test(many_trunks_are_found_as_by_trying_each),
        cmocka_unit_test(the_host_of_the_request_uri_chooses_where_the_trunk_does_not),
        cmocka_unit_test(a_tenant_of_http_is_proven_by_token_or_certificate_and_never_by_its_path),
        cmocka_unit_test(token_files_are_closed_and_hold_tokens_that_cannot_be_guessed),
        cmocka_unit_test(what_two_tenants_share_tells_neither),
        cmocka_unit_test(headers_are_found_by_name_in_any_case_folded_and_compact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
