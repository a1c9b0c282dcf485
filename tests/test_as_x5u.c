/* What lies behind x5u, asked for as verifiers ask: over HTTPS, from a server on loopback that has the right chain, another, half of one, or none. */
#include "as_support.h"

#include "server/server.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>

/* The server: one connection after the other, one request each. */
static struct server {
    SSL_CTX *tls;
    int fd;
    unsigned port;
    pthread_t thread;
} server;

static void make_tls(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    char path[128];
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
    X509_set_pubkey(cert, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC, (const unsigned char *)"cr", -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
    X509_EXTENSION *basic = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");
    X509_add_ext(cert, names, -1);
    X509_add_ext(cert, basic, -1);
    X509_EXTENSION_free(names);
    X509_EXTENSION_free(basic);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    snprintf(path, sizeof(path), "%s/root.pem", as_folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    PEM_write_X509(file, cert);
    fclose(file);
    server.tls = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate(server.tls, cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(server.tls, key), 1);
    X509_free(cert);
    EVP_PKEY_free(key);
}

/* "GET /NAME ..." or "GET /ANY/NAME ..." is answered with the file of that name. */
static void answer(SSL *tls)
{
    char request[4096] = "", name[64], path[256], head[128];
    size_t n = 0;
    while (n < sizeof(request) - 1 && !strstr(request, "\r\n\r\n")) {
        int got = SSL_read(tls, request + n, (int)(sizeof(request) - 1 - n));
        if (got <= 0)
            return;
        n += (size_t)got;
        request[n] = '\0';
    }
    if (sscanf(request, "GET /%60[a-z.] ", name) != 1 || !strchr(name, '.'))
        name[0] = '\0';
    if (!name[0] && sscanf(request, "GET /%*[a-z]/%60[a-z.] ", name) != 1)
        return;
    snprintf(path, sizeof(path), "%s/%s", as_folder, name);
    FILE *file = fopen(path, "r");
    static char body[32768];
    n = file ? fread(body, 1, sizeof(body), file) : 0;
    if (file)
        fclose(file);
    int head_n = snprintf(head, sizeof(head), "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", file ? "200 OK" : "404 Not Found", n);
    SSL_write(tls, head, head_n);
    if (n)
        SSL_write(tls, body, (int)n);
    SSL_shutdown(tls);
}

static void *serve(void *arg)
{
    (void)arg;
    for (int fd = accept(server.fd, NULL, NULL); fd >= 0; fd = accept(server.fd, NULL, NULL)) {
        struct timeval bound = {.tv_sec = 5};
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof(bound));
        SSL *tls = SSL_new(server.tls);
        SSL_set_fd(tls, fd);
        if (SSL_accept(tls) == 1)
            answer(tls);
        SSL_free(tls);
        close(fd);
    }
    return NULL;
}

static int begin(void **state)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(at);
    signal(SIGPIPE, SIG_IGN);
    as_begin(state);
    make_tls();
    server.fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(server.fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(server.fd, 16), 0);
    assert_int_equal(getsockname(server.fd, (struct sockaddr *)&at, &n), 0);
    server.port = ntohs(at.sin_port);
    assert_int_equal(pthread_create(&server.thread, NULL, serve, NULL), 0);
    return 0;
}

static int end(void **state)
{
    shutdown(server.fd, SHUT_RDWR);
    pthread_join(server.thread, NULL);
    close(server.fd);
    SSL_CTX_free(server.tls);
    return as_end(state);
}

/* What is said of a signer over main's files whose x5u ends with `name`. */
static bool leave_out;
static enum stir_err check(const char *name, const char *more)
{
    static char text[16384];
    snprintf(text, sizeof(text),
             AS_HEAD "[signer main]\nkey = @/main.key\ncert = @/main.pem\nx5u = https://127.0.0.1:%u/%s\n%s[sign]\nany-url = yes\n[fetch]\nany-url = yes\n"
                     "allow-net = 127.0.0.0/8\ntls-root = @/root.pem\n",
             server.port, name, more);
    as_open(text);
    scene.said[0] = '\0';
    return stir_as_check_x5u(scene.book, leave_out, &as_saying);
}

/* The first certificate of main.pem alone; nonsense. */
static void write_odd_files(void)
{
    char path[128], pem[16384] = "";
    snprintf(path, sizeof(path), "%s/main.pem", as_folder);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(pem, 1, sizeof(pem) - 1, file) > 0);
    fclose(file);
    char *second = strstr(pem + 1, "-----BEGIN");
    assert_non_null(second);
    *second = '\0';
    as_write("half.pem", pem, 0644);
    as_write("junk.pem", "nothing\n", 0644);
}

static void another_certificate_behind_x5u_is_fatal_and_none_a_warning(void **state)
{
    (void)state;
    write_odd_files();
    assert_err(check("main.pem", ""), STIR_OK);
    assert_string_equal(scene.said, "");
    assert_err(check("alpha.pem", ""), STIR_EVALUE);
    assert_says(scene.said, "fatal: signer main: x5u https://127.0.0.1:");
    assert_says(scene.said, "holds another certificate");
    assert_err(check("half.pem", ""), STIR_OK);
    assert_says(scene.said, "warning: signer main: x5u");
    assert_says(scene.said, "holds 1 certificates, not the 2 of");
    assert_err(check("none.pem", ""), STIR_OK);
    assert_says(scene.said, "warning: signer main: x5u");
    assert_says(scene.said, "404");
    assert_err(check("junk.pem", ""), STIR_EVALUE);
    assert_says(scene.said, "holds no certificates");
    assert_err(check("alpha.pem", "check-x5u = no\n"), STIR_OK);
    assert_string_equal(scene.said, "");
}

#define TRUNK "[trunk t]\naddresses = 192.0.2.17\n"

/* A daemon that starts goes on with the others: one wrong file at a repository at night takes no verification and no other signer down. */
static void at_a_start_a_signer_whose_x5u_is_anothers_is_left_out_alone(void **state)
{
    struct stir_as_signer_state seen;
    (void)state;
    leave_out = true;
    assert_err(check("alpha.pem", AS_SIGNER("beta") TRUNK), STIR_OK);
    assert_says(scene.said, "warning: signer main: x5u https://127.0.0.1:");
    assert_says(scene.said, "it signs nothing until a reload");
    assert_true(stir_as_signer_at(scene.book, 0, NOW, &seen));
    assert_false(seen.usable);
    assert_string_equal(seen.why, "its x5u gives another certificate");
    assert_true(stir_as_signer_at(scene.book, 1, NOW, &seen) && seen.usable);
    assert_outcome(as_invite("192.0.2.17", "+12155551212", ""), "beta shaken C 12155551212>12125550100");
    assert_err(check("alpha.pem", TRUNK), STIR_EVALUE); /* none is left */
    assert_outcome(as_invite("192.0.2.17", "+12155551212", ""), "unsigned");
    assert_err(check("main.pem", ""), STIR_OK);
    assert_true(stir_as_signer_at(scene.book, 0, NOW, &seen) && seen.usable);
    assert_err(check("none.pem", ""), STIR_OK); /* not to be had: a warning as ever */
    assert_true(stir_as_signer_at(scene.book, 0, NOW, &seen) && seen.usable);
    leave_out = false;
}

static void say_server(void *arg, bool fatal, const char *text)
{
    as_say(arg, fatal, text);
}

/* What runs is better than what is wrong; what does not run yet, and has something else to do, had better run. */
static void a_start_goes_on_for_its_other_roles_and_a_reload_is_refused(void **state)
{
    static const struct {
        unsigned roles;
        bool starting, good;
        const char *says;
    } rows[] = {
        {STIR_ROLE_AS, true, false, "fatal: x5u of signers: no signer is left"},
        {STIR_ROLE_AS | STIR_ROLE_VS, true, true, "it signs nothing until a reload"},
        {STIR_ROLE_AS | STIR_ROLE_CR, true, true, "it signs nothing until a reload"},
        {STIR_ROLE_AS | STIR_ROLE_VS, false, false, "fatal: signer main: x5u"},
    };
    const struct stir_server_say to = {say_server, NULL};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_err(check("alpha.pem", ""), STIR_EVALUE);
        scene.said[0] = '\0';
        struct stir_setting setting = {.conf = scene.conf, .as = scene.book};
        scene.conf->server.roles = rows[i].roles;
        assert_int_equal(stir_setting_check_x5u(&setting, rows[i].starting, &to), rows[i].good);
        assert_says(scene.said, rows[i].says);
    }
}

/* Each is held against its own certificate, whichever answer comes first. */
static void many_are_asked_at_once_and_each_judged_for_itself(void **state)
{
    enum { SIGNERS = 40, ODD = 37 };
    static char text[SIGNERS * 160];
    struct stir_as_signer_state seen;
    size_t n = 0;
    (void)state;
    for (int i = 0; i < SIGNERS; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "[signer s%d]\nkey = @/beta.key\ncert = @/beta.pem\nx5u = https://127.0.0.1:%u/%c%c/%s.pem\n", i,
                              server.port, 'a' + i / 26, 'a' + i % 26, i == ODD ? "alpha" : "beta");
    leave_out = true;
    assert_err(check("main.pem", text), STIR_OK);
    for (size_t i = 0; i < SIGNERS + 1; i++)
        assert_true(stir_as_signer_at(scene.book, i, NOW, &seen) && seen.usable == (i != ODD + 1));
    leave_out = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(another_certificate_behind_x5u_is_fatal_and_none_a_warning),
                                       cmocka_unit_test(at_a_start_a_signer_whose_x5u_is_anothers_is_left_out_alone),
                                       cmocka_unit_test(a_start_goes_on_for_its_other_roles_and_a_reload_is_refused),
                                       cmocka_unit_test(many_are_asked_at_once_and_each_judged_for_itself)};
    return cmocka_run_group_tests(tests, begin, end);
}
