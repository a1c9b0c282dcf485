/* SIP over TLS: certificates of both sides, bounds, and what is refused at start. */
#include "sip_front_support.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

struct pair {
    EVP_PKEY *key;
    X509 *cert;
};
static struct pair ca, server, other_server, bob, stranger_ca, stranger;
static char folder[64];

static void add_extension(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    assert_non_null(e);
    assert_int_equal(X509_add_ext(cert, e, -1), 1);
    X509_EXTENSION_free(e);
}

static struct pair make(const char *name, const char *names, const struct pair *issuer)
{
    static long serial = 1;
    struct pair p = {EVP_EC_gen("P-256"), X509_new()};
    assert_non_null(p.key);
    X509_set_version(p.cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(p.cert), serial++);
    X509_gmtime_adj(X509_getm_notBefore(p.cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(p.cert), 86400);
    X509_set_pubkey(p.cert, p.key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(p.cert), "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(p.cert, X509_get_subject_name(issuer ? issuer->cert : p.cert));
    add_extension(p.cert, NID_basic_constraints, issuer ? "CA:FALSE" : "critical,CA:TRUE");
    if (names)
        add_extension(p.cert, NID_subject_alt_name, names);
    assert_true(X509_sign(p.cert, issuer ? issuer->key : p.key, EVP_sha256()) > 0);
    return p;
}

static const char *path_of(const char *name)
{
    static char paths[4][128];
    static int at;
    at = (at + 1) % 4;
    snprintf(paths[at], sizeof(paths[at]), "%s/%s", folder, name);
    return paths[at];
}

static void write_pem(const char *name, const X509 *cert, const EVP_PKEY *key, mode_t mode)
{
    FILE *file = fopen(path_of(name), "w");
    assert_non_null(file);
    if (cert)
        PEM_write_X509(file, cert);
    if (key)
        PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
    fclose(file);
    assert_int_equal(chmod(path_of(name), mode), 0);
}

static int make_all(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/stir-sip-tls-XXXXXX");
    assert_non_null(mkdtemp(folder));
    ca = make("A CA", NULL, NULL);
    server = make("as.example.com", "DNS:as.example.com", &ca);
    other_server = make("as.example.com", "DNS:as.example.com", &ca);
    bob = make("someone", "DNS:other.example.com,URI:sip:sbc.example.com,URI:sip:bob@example.com", &ca);
    stranger_ca = make("Another CA", NULL, NULL);
    stranger = make("sbc.example.com", "URI:sip:sbc.example.com", &stranger_ca);
    write_pem("ca.pem", ca.cert, NULL, 0644);
    write_pem("cert.pem", server.cert, NULL, 0644);
    write_pem("key.pem", NULL, server.key, 0600);
    write_pem("open.pem", NULL, server.key, 0644);
    write_pem("other.pem", NULL, ca.key, 0600);
    write_pem("empty.pem", NULL, NULL, 0600);
    return 0;
}

static int free_all(void **state)
{
    static const char *const files[] = {"ca.pem", "cert.pem", "key.pem", "open.pem", "other.pem", "empty.pem"};
    struct pair *pairs[] = {&ca, &server, &other_server, &bob, &stranger_ca, &stranger};
    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        unlink(path_of(files[i]));
    rmdir(folder);
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        EVP_PKEY_free(pairs[i]->key);
        X509_free(pairs[i]->cert);
    }
    return 0;
}

static const char *const listen_tls[] = {"tls:127.0.0.1:0"};

static void conf_tls(bool client_ca)
{
    static char cert[128], key[128], clients[128];
    support_conf(STIR_ROLE_AS);
    snprintf(cert, sizeof(cert), "%s", path_of("cert.pem"));
    snprintf(key, sizeof(key), "%s", path_of("key.pem"));
    snprintf(clients, sizeof(clients), "%s", path_of("ca.pem"));
    f.sections[0].listen = (struct stir_conf_list){listen_tls, 1};
    f.sections[0].tls_cert = cert;
    f.sections[0].tls_key = key;
    f.sections[0].tls_client_ca = client_ca ? clients : "";
}

static int open_plain(void **state)
{
    (void)state;
    conf_tls(false);
    support_open();
    return 0;
}

static int open_mutual(void **state)
{
    (void)state;
    conf_tls(true);
    support_open();
    return 0;
}

static int open_mutual_vs(void **state)
{
    (void)state;
    conf_tls(true);
    f.sections[0].role = STIR_ROLE_VS;
    support_open();
    return 0;
}

static int close_down(void **state)
{
    (void)state;
    support_close();
    return 0;
}

/* A client with this certificate (NULL: none); its handshake may not succeed. */
static SSL *connect_tls(const struct pair *who, int version)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    assert_non_null(ctx);
    SSL_CTX_set_max_proto_version(ctx, version);
    SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
    SSL_CTX_set_security_level(ctx, 0);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), ca.cert);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    if (who) {
        assert_int_equal(SSL_CTX_use_certificate(ctx, who->cert), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey(ctx, who->key), 1);
    }
    int fd = client(SOCK_STREAM, 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    SSL *ssl = SSL_new(ctx);
    SSL_CTX_free(ctx);
    assert_int_equal(SSL_set_fd(ssl, fd), 1);
    for (int i = 0; i < 200; i++) {
        int result = SSL_connect(ssl);
        turn(1);
        if (result == 1 || SSL_get_error(ssl, result) == SSL_ERROR_SSL)
            break;
    }
    ERR_clear_error();
    return ssl;
}

static void hang_up(SSL *ssl)
{
    int fd = SSL_get_fd(ssl);
    SSL_free(ssl);
    close(fd);
    turn(3);
}

/* Send all, then hear one answer; false when the connection is over. */
static bool ask(SSL *ssl, const char *text)
{
    size_t at = 0, n = strlen(text);
    f.n = 0;
    f.text[0] = '\0';
    ERR_clear_error();
    for (int i = 0; i < 400; i++) {
        int result;
        if (at < n) {
            result = SSL_write(ssl, text + at, (int)(n - at));
            at += result > 0 ? (size_t)result : 0;
        } else {
            result = SSL_read(ssl, f.text + f.n, (int)(TEXT - f.n));
            f.n += result > 0 ? (size_t)result : 0;
            f.text[f.n] = '\0';
            if (strstr(f.text, "\r\n\r\n"))
                return true;
        }
        int why = SSL_get_error(ssl, result);
        if (result <= 0 && why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
            return false;
        turn(1);
    }
    return false;
}

static void a_call_over_tls_is_served(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        SSL *ssl = connect_tls(NULL, versions[i]);
        assert_true(ask(ssl, request("INVITE", i, "")));
        assert_int_equal(code(), 302);
        assert_int_equal(SSL_version(ssl), versions[i]);
        assert_int_equal(in.record.way, STIR_WAY_SIP_TLS);
        hang_up(ssl);
    }
    assert_string_equal(in.tls_name, "");
}

static void what_is_old_or_no_tls_is_refused(void **state)
{
    (void)state;
    SSL *ssl = connect_tls(NULL, TLS1_1_VERSION);
    assert_false(ask(ssl, request("INVITE", 1, "")));
    hang_up(ssl);
    int fd = client(SOCK_STREAM, 0);
    give(fd, request("INVITE", 1, ""));
    (void)hear(fd);
    assert_int_equal(code(), 0);
    close(fd);
    turn(3);
    assert_int_equal(in.signed_calls, 0);
    for (unsigned i = 0; i < 6; i++) { /* more than there may be at once: none is left behind */
        fd = client(SOCK_STREAM, 0);
        give(fd, "\x16\x03\x01");
        turn(2);
        close(fd);
        turn(3);
    }
    ssl = connect_tls(NULL, TLS1_3_VERSION);
    assert_true(ask(ssl, request("INVITE", 2, "")));
    hang_up(ssl);
}

/*= RFC5922-7.1 test */
static void a_client_is_known_by_its_certificate(void **state)
{
    (void)state;
    SSL *ssl = connect_tls(&bob, TLS1_3_VERSION);
    assert_true(ask(ssl, request("INVITE", 1, "")));
    assert_int_equal(code(), 302);
    assert_string_equal(in.tls_name, "sbc.example.com"); /* the domain; neither the user's URI nor the name behind it */
    hang_up(ssl);
}

static void a_client_without_a_certificate_of_the_ca_is_not_served(void **state)
{
    (void)state;
    const struct pair *const who[] = {NULL, &stranger};
    for (unsigned i = 0; i < 2; i++) {
        SSL *ssl = connect_tls(who[i], i ? TLS1_2_VERSION : TLS1_3_VERSION);
        assert_false(ask(ssl, request("INVITE", i, "")));
        hang_up(ssl);
    }
    assert_int_equal(in.signed_calls, 0);
    assert_string_equal(in.tls_name, "");
}

/* Many requests in one record, and more than the descriptor shows. */
static void a_flood_in_one_connection_is_served_whole(void **state)
{
    static char text[14000];
    size_t n = 0;
    int seen = 0;
    (void)state;
    for (unsigned i = 0; i < 30; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", request("OPTIONS", i, ""));
    SSL *ssl = connect_tls(NULL, TLS1_3_VERSION);
    assert_true(ask(ssl, text));
    for (int i = 0; i < 100 && n; i++) {
        int got = SSL_read(ssl, f.text + f.n, (int)(TEXT - f.n));
        f.n += got > 0 ? (size_t)got : 0;
        turn(1);
    }
    f.text[f.n] = '\0';
    for (const char *p = f.text; (p = strstr(p, "SIP/2.0 200 OK")); p++)
        seen++;
    assert_int_equal(seen, 30);
    hang_up(ssl);
}

static void note_gone(void *arg)
{
    *(bool *)arg = true;
}

/* Another front in place of this one; `meanwhile`, when calls of the one before wait. */
static void reload(void (*meanwhile)(SSL *ssl), SSL *ssl)
{
    struct stir_diag diag = {0, ""};
    struct stir_sip_front *old_front = f.front;
    struct stir_sip_desk *old_desk = f.desk;
    if (stir_sip_front_new(&f.front, &f.conf, &f.shared, old_front, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
    assert_err(stir_sip_front_join(&f.desk, f.front, &f.worker), STIR_OK);
    f.gone = false;
    stir_sip_desk_leave(old_desk, note_gone, &f.gone);
    if (meanwhile)
        meanwhile(ssl);
    assert_true(f.gone);
    stir_sip_desk_free(old_desk);
    stir_sip_front_free(old_front);
}

static void answer_now(SSL *ssl)
{
    (void)ssl;
    assert_false(f.gone);
    vs_done(in.waiting[--in.n_waiting]);
}

/* Which file is another one, and back. */
static void change(size_t which)
{
    const struct pair *cert = which == 0 ? &other_server : &server;
    write_pem("cert.pem", cert->cert, NULL, 0644);
    write_pem("key.pem", NULL, cert->key, 0600);
    write_pem("ca.pem", which == 1 ? stranger_ca.cert : ca.cert, NULL, 0644);
}

static void a_connection_ends_with_the_keys_it_was_made_with(void **state)
{
    (void)state;
    for (unsigned which = 0; which < 2; which++) {
        SSL *ssl = connect_tls(&bob, TLS1_3_VERSION);
        in.vs_waits = false;
        reload(NULL, NULL);
        assert_true(ask(ssl, request("OPTIONS", 10 * which, ""))); /* nothing has changed: it goes on */
        in.vs_waits = true;
        const char *text = request("INVITE", 10 * which + 1, "");
        assert_int_equal(SSL_write(ssl, text, (int)strlen(text)), (int)strlen(text));
        for (int i = 0; i < 100 && in.n_waiting == 0; i++)
            turn(1);
        assert_int_equal(in.n_waiting, 1);
        change(which);
        reload(answer_now, ssl);
        do /* 100 may be first */
            assert_true(ask(ssl, ""));
        while (!strstr(f.text, "SIP/2.0 302 "));
        /* That was its last answer. */
        assert_false(ask(ssl, request("OPTIONS", 10 * which + 2, "")));
        hang_up(ssl);
        change(2);
        reload(NULL, NULL);
    }
}

static void files_that_do_not_fit_are_named(void **state)
{
    static const struct {
        const char *cert, *key, *clients, *part;
        enum stir_err err;
    } rows[] = {
        {"missing.pem", "key.pem", NULL, "missing.pem", STIR_EIO},         {"cert.pem", "open.pem", NULL, "open.pem", STIR_EIO},
        {"cert.pem", "other.pem", NULL, "is not the key", STIR_EMISMATCH}, {"cert.pem", "empty.pem", NULL, "holds no private key", STIR_EPASS},
        {"empty.pem", "key.pem", NULL, "holds no certificate", STIR_EPEM}, {"cert.pem", "key.pem", "empty.pem", "holds no certificate", STIR_EPEM},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_diag diag = {0, ""};
        conf_tls(false);
        f.sections[0].tls_cert = path_of(rows[i].cert);
        f.sections[0].tls_key = path_of(rows[i].key);
        f.sections[0].tls_client_ca = rows[i].clients ? path_of(rows[i].clients) : "";
        assert_err(stir_sip_front_new(&f.front, &f.conf, &f.shared, NULL, &diag), rows[i].err);
        if (!strstr(diag.text, rows[i].part) || strncmp(diag.text, "[sip one] ", 10) != 0)
            fail_msg("no \"%s\" in \"%s\"", rows[i].part, diag.text);
        support_close();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_call_over_tls_is_served, open_plain, close_down),
        cmocka_unit_test_setup_teardown(what_is_old_or_no_tls_is_refused, open_plain, close_down),
        cmocka_unit_test_setup_teardown(a_client_is_known_by_its_certificate, open_mutual, close_down),
        cmocka_unit_test_setup_teardown(a_client_without_a_certificate_of_the_ca_is_not_served, open_mutual, close_down),
        cmocka_unit_test_setup_teardown(a_flood_in_one_connection_is_served_whole, open_plain, close_down),
        cmocka_unit_test_setup_teardown(a_connection_ends_with_the_keys_it_was_made_with, open_mutual_vs, close_down),
        cmocka_unit_test(files_that_do_not_fit_are_named),
    };
    return cmocka_run_group_tests_name("sip_tls", tests, make_all, free_all);
}
