/* What the HTTP front gives out that is no call: chains, health, figures; and one front after another. */
#include "http_front.h"

#include "service/repository.h"

#include <time.h>

static void operations_are_for_listeners_that_serve_them(void **state)
{
    (void)state;
    static const char *const paths[] = {"/healthz", "/readyz", "/metrics", "/version"};
    begin("serve = operations");
    open_front();
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(ask("GET", paths[i], "", NULL), 200);
    assert_int_equal(ask("HEAD", "/healthz", "", NULL), 200);
    assert_string_equal(body_of(), "");
    assert_int_equal(ask("POST", "/healthz", "", ""), 405);
    assert_int_equal(ask("GET", "/openapi.json", "", NULL), 404);
    assert_int_equal(ask("POST", "/stir/v1/signing", JSON_TYPE AUTH_A, SIGN_BODY), 404);
    end();
    begin("serve = signing\nopen = yes");
    open_front();
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(ask("GET", paths[i], "", NULL), 404);
    assert_int_equal(ask("GET", "/openapi.json", "", NULL), 200);
    end();
}

static bool not_ready(void *arg, char *buf, size_t cap)
{
    (void)arg;
    snprintf(buf, cap, "signer main: its certificate is over\n");
    return false;
}

static bool ready_so_far(void *arg, char *buf, size_t cap)
{
    (void)arg;
    snprintf(buf, cap, "renewal main: it says no\n");
    return true;
}

static void readiness_says_what_is_missing(void **state)
{
    (void)state;
    begin("serve = operations");
    open_front();
    stir_http_front_health(f.front, (struct stir_http_health){not_ready, NULL});
    assert_int_equal(ask("GET", "/readyz", "", NULL), 503);
    assert_string_equal(body_of(), "signer main: its certificate is over\n");
    assert_int_equal(ask("GET", "/healthz", "", NULL), 200);
    stir_http_front_health(f.front, (struct stir_http_health){ready_so_far, NULL});
    assert_int_equal(ask("GET", "/readyz", "", NULL), 200);
    assert_string_equal(body_of(), "ready\nrenewal main: it says no\n");
    end();
}

/* A certificate of a day, or one that was over yesterday, as a file of the repository. */
static void write_chain(const char *name, bool over, const char *behind)
{
    static char pem[8192];
    struct stir_key *key = NULL;
    struct stir_cert *cert = NULL;
    struct stir_diag diag = {0};
    size_t n = 0;
    int64_t now = (int64_t)time(NULL);
    assert_err(stir_key_generate(&key), STIR_OK);
    struct stir_es256_ctx *ctx = NULL;
    assert_err(stir_es256_ctx_new(&ctx), STIR_OK);
    struct stir_key_signer held = {key, ctx};
    struct stir_signer signer = stir_signer_of_key(&held);
    struct stir_cert_params params = STIR_CERT_PARAMS_INIT;
    params.role = STIR_CERT_ROOT;
    params.cn = S("SHAKEN Root");
    params.o = S("Test");
    params.c = S("US");
    params.not_before = now - 2 * 86400;
    params.not_after = over ? now - 86400 : now + 86400;
    if (stir_cert_make(&cert, &params, &signer, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
    assert_err(stir_cert_write_pem(pem, sizeof(pem), &n, cert), STIR_OK);
    strcat(pem, behind);
    write_file(name, pem, 0644);
    stir_cert_free(cert);
    stir_es256_ctx_free(ctx);
    stir_key_free(key);
}

static const char key_pem[] = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\n-----END PRIVATE KEY-----\n";

static void chains_are_given_out_and_nothing_else(void **state)
{
    (void)state;
    char etag[64], headers[128];
    begin("serve = repository secsipidx\nopen = no");
    write_chain("cr/a.pem", false, "secret words that are no certificate\n");
    write_chain("cr/over.pem", true, "");
    write_chain("cr/key.pem", false, key_pem);
    write_chain("cr/.hidden.pem", false, "");
    write_chain("cr/notes.txt", false, "");
    write_chain("outside.pem", false, "");
    write_file("cr/only-key.pem", key_pem, 0644);
    write_file("cr/words.pem", "words\n", 0644);
    assert_int_equal(symlink("../outside.pem", path_of("cr/link.pem")), 0);
    assert_int_equal(mkdir(path_of("cr/folder.pem"), 0755), 0);
    open_front();
    assert_int_equal(ask("GET", "/cr/a.pem", "", NULL), 200);
    assert_non_null(strstr(client.heard, "Content-Type: application/pem-certificate-chain\r\n"));
    assert_non_null(strstr(client.heard, "Cache-Control: public, max-age=86"));
    assert_non_null(strstr(client.heard, ", immutable\r\n"));
    assert_memory_equal(body_of(), "-----BEGIN CERTIFICATE-----\n", 28);
    assert_null(strstr(client.heard, "secret words"));
    const char *at = strstr(client.heard, "ETag: ");
    assert_int_equal(sscanf(at, "ETag: %60s", etag), 1);
    size_t whole = strlen(body_of());
    assert_int_equal(ask("HEAD", "/cr/a.pem", "", NULL), 200);
    snprintf(headers, sizeof(headers), "Content-Length: %zu\r\n", whole);
    assert_non_null(strstr(client.heard, headers));
    assert_string_equal(body_of(), "");
    snprintf(headers, sizeof(headers), "If-None-Match: \"x\", W/%s\r\n", etag);
    assert_int_equal(ask("GET", "/cr/a.pem", headers, NULL), 304);
    assert_non_null(strstr(client.heard, etag));
    assert_int_equal(ask("GET", "/v1/pub/a.pem", "", NULL), 200);
    assert_int_equal(ask("POST", "/cr/a.pem", "", ""), 405);
    assert_int_equal(ask("GET", "/cr/over.pem", "", NULL), 410);
    static const char *const none[] = {"key.pem", "only-key.pem", "words.pem",       "link.pem", "folder.pem", ".hidden.pem", "notes.txt", "",
                                       "..",      "none.pem",     "../outside.pem",  "a.pem/",   "./a.pem",    "%61.pem",     "a.pem%00",  "..%2foutside.pem",
                                       "/a.pem",  "a.PEM",        "folder.pem/a.pem"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        char path[80];
        snprintf(path, sizeof(path), "/cr/%s", none[i]);
        if (ask("GET", path, "", NULL) != 404 || strstr(client.heard, "BEGIN"))
            fail_msg("%s: %s", path, client.heard);
    }
    end();
}

static void a_changed_folder_is_seen_and_a_broken_file_is_not_taken(void **state)
{
    (void)state;
    begin("serve = repository");
    write_chain("cr/a.pem", false, "");
    write_chain("cr/c.pem", true, "");
    open_front();
    assert_int_equal(ask("GET", "/cr/b.pem", "", NULL), 404);
    write_chain("cr/b.pem", false, "");
    assert_int_equal(ask("GET", "/cr/b.pem", "", NULL), 200); /* at once: its x5u may be in a call by now */
    write_file("cr/a.pem", "-----BEGIN CERTIF", 0644);
    write_chain("cr/c.pem", false, "");
    for (int i = 0; i < 100 && ask("GET", "/cr/c.pem", "", NULL) != 200; i++)
        turn(100);
    assert_int_equal(ask("GET", "/cr/c.pem", "", NULL), 200);
    assert_int_equal(ask("GET", "/cr/a.pem", "", NULL), 200); /* as it was: it may be half written */
    assert_int_equal(unlink(path_of("cr/a.pem")), 0);
    for (int i = 0; i < 100 && ask("GET", "/cr/a.pem", "", NULL) != 404; i++)
        turn(100);
    assert_int_equal(ask("GET", "/cr/a.pem", "", NULL), 404);
    end();
}

/* What an authority issues in the course of time is more than is kept in memory. */
static void a_folder_of_very_many_is_served_all_the_same(void **state)
{
    (void)state;
    char name[40];
    begin("serve = repository");
    write_chain("cr/0.pem", false, "");
    write_chain("cr/over.pem", true, "");
    write_chain("cr/key.pem", false, key_pem);
    for (int i = 1; i <= STIR_REPOSITORY_MAX_FILES; i++) {
        char first[400];
        snprintf(first, sizeof(first), "%s", path_of("cr/0.pem"));
        snprintf(name, sizeof(name), "cr/%d.pem", i);
        assert_int_equal(link(first, path_of(name)), 0);
    }
    open_front();
    for (int i = 0; i <= STIR_REPOSITORY_MAX_FILES; i += STIR_REPOSITORY_MAX_FILES / 8) {
        snprintf(name, sizeof(name), "/cr/%d.pem", i);
        assert_int_equal(ask("GET", name, "", NULL), 200);
    }
    assert_int_equal(ask("GET", "/cr/over.pem", "", NULL), 410);
    assert_int_equal(ask("GET", "/cr/key.pem", "", NULL), 404);
    assert_int_equal(ask("GET", "/cr/none.pem", "", NULL), 404);
    end();
}

static void a_new_front_takes_over_the_sockets_of_the_old(void **state)
{
    (void)state;
    struct stir_diag diag = {0};
    struct stir_http_front *next = NULL;
    struct stir_http_desk *desk = NULL;
    begin("serve = operations");
    open_front();
    stir_http_front_health(f.front, (struct stir_http_health){not_ready, NULL});
    assert_err(stir_http_front_new(&next, f.conf, &f.shared, f.front, &diag), STIR_OK);
    dial(3); /* comes before the change, and is served after it */
    assert_err(stir_http_front_join(&desk, next, &f.worker), STIR_OK);
    stir_http_desk_leave(f.desk, note_left, NULL);
    turn(20);
    assert_true(f.left);
    stir_http_desk_free(f.desk);
    stir_http_front_free(f.front);
    f.desk = desk;
    f.front = next;
    assert_int_equal(ask("GET", "/healthz", "", NULL), 200);
    assert_int_equal(ask("GET", "/readyz", "", NULL), 503);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_are_for_listeners_that_serve_them), cmocka_unit_test(readiness_says_what_is_missing),
        cmocka_unit_test(chains_are_given_out_and_nothing_else),        cmocka_unit_test(a_changed_folder_is_seen_and_a_broken_file_is_not_taken),
        cmocka_unit_test(a_folder_of_very_many_is_served_all_the_same), cmocka_unit_test(a_new_front_takes_over_the_sockets_of_the_old),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
