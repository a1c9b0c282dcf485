/* The way into the certificate authority (RFC 8555 §6), its directory and its nonces. */
#include "acme_support.h"

#include "service/ca_parts.h"

static struct acme_client client;

static int set_up(void **state)
{
    (void)state;
    acme_begin();
    acme_register(&client);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    acme_client_free(&client);
    acme_end();
    return 0;
}

/* --- resources --- */

static void directory_names_what_there_is(void **state) /*= RFC8555-7.1.1 test */
{
    static const char *const rows[][2] = {
        {"newNonce", "/new-nonce"}, {"newAccount", "/new-account"}, {"newOrder", "/new-order"}, {"revokeCert", "/revoke-cert"}, {"keyChange", "/key-change"}};
    char url[200];
    (void)state;
    acme.conf.ca.terms = "https://ca.example/terms";
    acme.conf.ca.website = "https://ca.example/";
    acme.conf.ca.binding_required = true;
    assert_int_equal(acme_get("/directory"), 200);
    assert_string_equal(acme.x.type, "application/json");
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        snprintf(url, sizeof(url), "%s%s", ACME_URL, rows[i][1]);
        assert_string_equal(acme_text(rows[i][0]), url);
    }
    json_t *meta = json_object_get(acme.json, "meta");
    assert_string_equal(json_string_value(json_object_get(meta, "termsOfService")), "https://ca.example/terms");
    assert_string_equal(json_string_value(json_object_get(meta, "website")), "https://ca.example/");
    assert_true(json_is_true(json_object_get(meta, "externalAccountRequired")));
    assert_true(json_is_string(json_object_get(json_object_get(meta, "profiles"), "shaken")));
    assert_int_equal(json_object_size(acme.json), 6);
    assert_null(acme_field("Link"));
}

/* RFC 8555 §7.2. */
static void new_nonce_answers_head_and_get(void **state) /*= RFC8555-7.2 test */
{
    (void)state;
    assert_int_equal(acme_ask("HEAD", "/new-nonce", NULL, S(NULL), false), 200);
    assert_non_null(acme_field("Replay-Nonce"));
    assert_string_equal(acme_field("Cache-Control"), "no-store");
    assert_string_equal(acme_field("Link"), "<" ACME_URL "/directory>;rel=\"index\"");
    assert_int_equal(acme_get("/new-nonce"), 204);
    assert_non_null(acme_field("Replay-Nonce"));
    assert_int_equal(acme.x.n_out, 0);
}

/* RFC 8555 §6.3: both may be asked by POST-as-GET too. */
static void directory_and_nonce_are_posted_as_get(void **state) /*= RFC8555-6.3 test */
{
    (void)state;
    assert_int_equal(acme_post(&client, "/directory", NULL), 200);
    assert_string_equal(acme_text("newNonce"), ACME_URL "/new-nonce");
    client.nonce[0] = '\0'; /* the directory gives none */
    assert_int_equal(acme_post(&client, "/new-nonce", NULL), 204);
    assert_non_null(acme_field("Replay-Nonce"));
    acme_post(&client, "/new-nonce", "{}");
    assert_answer("payload", 400, "malformed");
}

static void resource_is_not_got(void **state) /*= RFC8555-6.3 test */
{
    static const char *const paths[] = {"/new-account", "/new-order",          "/revoke-cert", "/key-change", "/acct/abc", "/acct/abc/orders",
                                        "/order/abc",   "/order/abc/finalize", "/authz/abc",   "/chall/abc",  "/cert/abc"};
    static const char *const methods[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"};
    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
        for (size_t k = 0; k < sizeof(methods) / sizeof(*methods); k++) {
            acme_ask(methods[k], paths[i], NULL, S(NULL), false);
            assert_answer(paths[i], 405, "malformed");
            assert_string_equal(acme_field("Allow"), "POST");
            assert_non_null(acme_field("Replay-Nonce"));
        }
    acme_ask("PUT", "/directory", NULL, S(NULL), false);
    assert_answer("directory", 405, "malformed");
    assert_string_equal(acme_field("Allow"), "GET, HEAD, POST");
}

static void path_that_is_no_resource_is_not_found(void **state)
{
    static const char *const paths[] = {"/",
                                        "",
                                        "/none",
                                        "/directory/",
                                        "/directory/x",
                                        "/acct",
                                        "/acct/",
                                        "/acct/a%62c",
                                        "/acct/abc/order",
                                        "/acct/abc/orders/",
                                        "/acct/abc/orders/1_a/b",
                                        "/order/abc/finalize/now",
                                        "/order/../directory",
                                        "/new-order/x",
                                        "//directory",
                                        "/cert/a.pem",
                                        "/acct/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
        acme_get(paths[i]);
        assert_answer(paths[i], 404, "malformed");
        assert_non_null(acme_field("Replay-Nonce"));
    }
}

static void path_of_others_is_not_its_own(void **state)
{
    (void)state;
    assert_true(stir_ca_owns(acme.ca, S("/acme/directory")));
    assert_true(stir_ca_owns(acme.ca, S("/acme/none")));
    assert_false(stir_ca_owns(acme.ca, S("/acme")));
    assert_false(stir_ca_owns(acme.ca, S("/acmes/directory")));
    assert_false(stir_ca_owns(acme.ca, S("/directory")));
    assert_false(stir_ca_owns(acme.ca, S("/")));
    assert_false(stir_ca_owns(acme.ca, S("")));
    acme.conf.ca.url = "https://ca.example/";
    acme_open();
    assert_true(stir_ca_owns(acme.ca, S("/directory")));
    assert_true(stir_ca_owns(acme.ca, S("/acct/abc")));
    assert_false(stir_ca_owns(acme.ca, S("/healthz")));
}

/* --- the form of a request --- */

static void request_with_another_type_is_unsupported(void **state) /*= RFC8555-6.2 test */
{
    static const char *const types[] = {NULL, "", "application/json", "application/jose", "text/plain", "application/jose+jsonx", "xapplication/jose+json"};
    const char *good = "Application/JOSE+json ; charset=utf-8";
    (void)state;
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
        acme_ask("POST", "/key-change", types[i], S(acme_jws(client.key, acme_header(&client, "/key-change"), "{}")), false);
        assert_answer(types[i] ? types[i] : "none", 415, "malformed");
    }
    acme_ask("POST", client.kid + sizeof("https://ca.example") - 1, good,
             S(acme_jws(client.key, acme_header(&client, client.kid + sizeof(ACME_URL) - 1), NULL)), false);
    assert_answer(good, 200, "");
}

static void request_that_is_too_long_is_refused(void **state)
{
    (void)state;
    acme_ask("POST", "/key-change", ACME_JOSE, S(NULL), true);
    assert_answer("too long", 413, "malformed");
}

/* Boulder's negatives, and ours: what is no flattened JWS with one protected header. */
static void body_that_is_no_flattened_jws_is_malformed(void **state) /*= RFC8555-6.2 test */
{
    const char *header = acme_header(&client, "/new-account");
    json_t *good = json_loads(acme_jws(client.key, header, "{}"), 0, NULL);
    const char *p = json_string_value(json_object_get(good, "protected")), *l = json_string_value(json_object_get(good, "payload")),
               *s = json_string_value(json_object_get(good, "signature"));
    char compact[8192], general[8192], both[8192], unprotected[8192], twice[8192], number[8192], no_payload[8192], short_signature[8192], padded[8192],
        text_payload[8192];
    snprintf(compact, sizeof(compact), "%s.%s.%s", p, l, s);
    snprintf(general, sizeof(general), "{\"payload\":\"%s\",\"signatures\":[{\"protected\":\"%s\",\"signature\":\"%s\"}]}", l, p, s);
    snprintf(both, sizeof(both), "{\"protected\":\"%s\",\"payload\":\"%s\",\"signature\":\"%s\",\"signatures\":[{\"protected\":\"%s\",\"signature\":\"%s\"}]}",
             p, l, s, p, s);
    snprintf(unprotected, sizeof(unprotected), "{\"protected\":\"%s\",\"header\":{\"kid\":\"x\"},\"payload\":\"%s\",\"signature\":\"%s\"}", p, l, s);
    snprintf(twice, sizeof(twice), "{\"protected\":\"%s\",\"payload\":\"%s\",\"payload\":\"%s\",\"signature\":\"%s\"}", p, l, l, s);
    snprintf(number, sizeof(number), "{\"protected\":\"%s\",\"payload\":7,\"signature\":\"%s\"}", p, s);
    snprintf(no_payload, sizeof(no_payload), "{\"protected\":\"%s\",\"signature\":\"%s\"}", p, s);
    snprintf(short_signature, sizeof(short_signature), "{\"protected\":\"%s\",\"payload\":\"%s\",\"signature\":\"AAAA\"}", p, l);
    snprintf(padded, sizeof(padded), "{\"protected\":\"%s\",\"payload\":\"%s\",\"signature\":\"%s==\"}", p, l, s);
    snprintf(text_payload, sizeof(text_payload), "{\"protected\":\"%s\",\"payload\":\"aGVsbG8\",\"signature\":\"%s\"}", p, s);
    const char *const rows[][2] = {{"nothing", ""},
                                   {"no JSON", "hello"},
                                   {"a list", "[]"},
                                   {"an empty object", "{}"},
                                   {"compact", compact},
                                   {"general, too many signatures", general},
                                   {"flattened and general", both},
                                   {"unprotected header", unprotected},
                                   {"a member twice", twice},
                                   {"payload a number", number},
                                   {"no payload", no_payload},
                                   {"short signature", short_signature},
                                   {"padded signature", padded},
                                   {"payload no JSON", text_payload},
                                   {"cut", "{\"protected\":\"eyJ"}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        acme_ask("POST", "/new-account", ACME_JOSE, S(rows[i][1]), false);
        assert_answer(rows[i][0], 400, "malformed");
        assert_string_equal(acme.x.type, "application/problem+json");
        assert_int_equal(json_integer_value(json_object_get(acme.json, "status")), 400);
        assert_non_null(acme_field("Replay-Nonce"));
        assert_string_equal(acme_field("Link"), "<" ACME_URL "/directory>;rel=\"index\"");
    }
    json_decref(good);
}

/* Ask with a header of which one part is another. */
static int ask_with_header(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int ask_with_header(const char *path, const char *format, ...)
{
    char header[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(header, sizeof(header), format, args);
    va_end(args);
    return acme_send(&client, path, acme_jws(client.key, header, "{}"));
}

static void other_algorithm_is_named(void **state) /*= RFC8555-6.2 test */
{
    static const char *const algorithms[] = {"RS256", "none", "HS256", "ES384", "EdDSA", "es256", ""};
    (void)state;
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(*algorithms); i++) {
        ask_with_header("/new-account", "{\"alg\":\"%s\",\"kid\":\"%s\",\"nonce\":\"%s\",\"url\":\"" ACME_URL "/new-account\"}", algorithms[i], client.kid,
                        acme_nonce(&client));
        assert_answer(algorithms[i], 400, "badSignatureAlgorithm");
        json_t *list = json_object_get(acme.json, "algorithms");
        assert_int_equal(json_array_size(list), 1);
        assert_string_equal(json_string_value(json_array_get(list, 0)), "ES256");
    }
    ask_with_header("/new-account", "{\"alg\":7,\"nonce\":\"%s\",\"url\":\"" ACME_URL "/new-account\"}", acme_nonce(&client));
    assert_answer("a number", 400, "malformed");
}

static void header_that_may_not_be_is_malformed(void **state) /*= RFC8555-6.2 test */
{
    const char *own = client.kid + sizeof(ACME_URL) - 1;
    char jwk[400];
    (void)state;
    snprintf(jwk, sizeof(jwk), "%s", acme_jwk(client.key));
#define REST "\"nonce\":\"%s\",\"url\":\"" ACME_URL "%s\"}"
    ask_with_header(own, "{\"alg\":\"ES256\",\"crit\":[\"x\"],\"kid\":\"%s\"," REST, client.kid, acme_nonce(&client), own);
    assert_answer("crit", 400, "malformed");
    ask_with_header(own, "{\"alg\":\"ES256\",\"kid\":\"%s\",\"jwk\":%s," REST, client.kid, jwk, acme_nonce(&client), own);
    assert_answer("kid and jwk", 400, "malformed");
    ask_with_header("/new-account", "{\"alg\":\"ES256\",\"kid\":\"%s\",\"jwk\":%s," REST, client.kid, jwk, acme_nonce(&client), "/new-account");
    assert_answer("kid and jwk for newAccount", 400, "malformed");
    assert_non_null(strstr(acme_text("detail"), "one of them"));
    ask_with_header("/revoke-cert", "{\"alg\":\"ES256\",\"kid\":\"%s\",\"jwk\":%s," REST, client.kid, jwk, acme_nonce(&client), "/revoke-cert");
    assert_answer("kid and jwk for revokeCert", 400, "malformed");
    assert_non_null(strstr(acme_text("detail"), "one of them"));
    ask_with_header(own, "{\"alg\":\"ES256\"," REST, acme_nonce(&client), own);
    assert_answer("neither", 400, "malformed");
    ask_with_header(own, "{\"alg\":\"ES256\",\"jwk\":%s," REST, jwk, acme_nonce(&client), own);
    assert_answer("jwk where kid is wanted", 400, "malformed");
    ask_with_header("/new-account", "{\"alg\":\"ES256\",\"kid\":\"%s\"," REST, client.kid, acme_nonce(&client), "/new-account");
    assert_answer("kid where jwk is wanted", 400, "malformed");
    ask_with_header(own, "{\"alg\":\"ES256\",\"kid\":7," REST, acme_nonce(&client), own);
    assert_answer("kid a number", 400, "malformed");
    ask_with_header("/new-account", "{\"alg\":\"ES256\",\"jwk\":\"x\"," REST, acme_nonce(&client), "/new-account");
    assert_answer("jwk a text", 400, "badPublicKey");
    ask_with_header(own, "{\"alg\":\"ES256\",\"kid\":\"%s\",\"nonce\":\"%s\"}", client.kid, acme_nonce(&client));
    assert_answer("no url", 400, "malformed");
    ask_with_header(own, "{\"alg\":\"ES256\",\"kid\":\"%s\",\"nonce\":\"%s\",\"url\":[]}", client.kid, acme_nonce(&client));
    assert_answer("url a list", 400, "malformed");
#undef REST
}

/* RFC 8555 §6.4: the very string. */
static void url_of_another_request_is_unauthorized(void **state) /*= RFC8555-6.4 test */
{
    static const char *const urls[] = {ACME_URL "/new-order",
                                       ACME_URL "/new-account/",
                                       ACME_URL "/new-account?x=1",
                                       "http://ca.example/acme/new-account",
                                       "https://CA.example/acme/new-account",
                                       "/acme/new-account",
                                       "",
                                       "https://evil.example/acme/new-account"};
    (void)state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
        ask_with_header("/new-account", "{\"alg\":\"ES256\",\"jwk\":%s,\"nonce\":\"%s\",\"url\":\"%s\"}", acme_jwk(client.key), acme_nonce(&client), urls[i]);
        assert_answer(urls[i], 401, "unauthorized");
    }
}

/* --- nonces --- */

static void nonce_is_accepted_once(void **state) /*= RFC8555-6.5 test */
{
    const char *own = client.kid + sizeof(ACME_URL) - 1, *body = acme_jws(client.key, acme_header(&client, own), NULL);
    (void)state;
    acme_send(&client, own, body);
    assert_answer("first", 200, "");
    acme_send(&client, own, body);
    assert_answer("again", 400, "badNonce");
    assert_string_not_equal(client.nonce, "");
    acme_post(&client, own, NULL);
    assert_answer("with the fresh one", 200, "");
}

static void nonce_that_was_not_given_out_is_bad(void **state) /*= RFC8555-6.5.2 test */
{
    const char *own = client.kid + sizeof(ACME_URL) - 1;
    struct {
        const char *nonce;
        const char *problem;
    } rows[] = {
        {"AAAA", "badNonce"}, {"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "badNonce"}, {"", "malformed"}, {"not base64url!", "malformed"}, {"AA==", "malformed"}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        ask_with_header(own, "{\"alg\":\"ES256\",\"kid\":\"%s\",\"nonce\":\"%s\",\"url\":\"%s\"}", client.kid, rows[i].nonce, client.kid);
        assert_answer(rows[i].nonce, 400, rows[i].problem);
        assert_string_not_equal(client.nonce, "");
    }
    ask_with_header(own, "{\"alg\":\"ES256\",\"kid\":\"%s\",\"url\":\"%s\"}", client.kid, client.kid);
    assert_answer("none", 400, "badNonce");
    ask_with_header(own, "{\"alg\":\"ES256\",\"kid\":\"%s\",\"nonce\":5,\"url\":\"%s\"}", client.kid, client.kid);
    assert_answer("a number", 400, "malformed");
}

/* A nonce that a field of the request brings is none: the protected header alone counts. */
static void nonce_beside_the_protected_header_is_none(void **state)
{
    const char *own = client.kid + sizeof(ACME_URL) - 1;
    char header[1024], body[4096];
    (void)state;
    snprintf(header, sizeof(header), "{\"alg\":\"ES256\",\"kid\":\"%s\",\"url\":\"%s\"}", client.kid, client.kid);
    const char *jws = acme_jws(client.key, header, NULL);
    snprintf(body, sizeof(body), "{\"nonce\":\"%s\",%s", acme_nonce(&client), jws + 1);
    acme_send(&client, own, body);
    assert_answer("in the JWS", 400, "badNonce");
}

/* What costs nothing but form leaves a nonce as it was; a signature that is wrong has spent it (RFC 8555 §6.5). */
static void nonce_is_spent_by_what_has_the_form_of_a_request(void **state)
{
    const char *own = client.kid + sizeof(ACME_URL) - 1;
    char nonce[128];
    struct acme_client stranger;
    (void)state;
    acme_client_new(&stranger);
    snprintf(nonce, sizeof(nonce), "%s", acme_nonce(&client));
    ask_with_header(own, "{\"alg\":\"ES256\",\"kid\":\"%s\",\"nonce\":\"%s\",\"url\":\"" ACME_URL "/new-order\"}", client.kid, nonce);
    assert_answer("url", 401, "unauthorized");
    snprintf(client.nonce, sizeof(client.nonce), "%s", nonce);
    acme_post(&client, own, NULL);
    assert_answer("still good", 200, "");
    snprintf(nonce, sizeof(nonce), "%s", acme_nonce(&client));
    acme_send(&client, own, acme_jws(stranger.key, acme_header(&client, own), NULL));
    assert_answer("signed by a stranger", 400, "malformed");
    snprintf(client.nonce, sizeof(client.nonce), "%s", nonce);
    acme_post(&client, own, NULL);
    assert_answer("spent", 400, "badNonce");
    acme_client_free(&stranger);
}

static void nonce_lives_through_a_reload_and_not_through_a_restart(void **state)
{
    (void)state;
    acme_nonce(&client);
    acme_open();
    acme_post(&client, client.kid, NULL);
    assert_answer("reload", 200, "");
    stir_ca_free(acme.ca);
    acme.ca = NULL;
    acme_open();
    acme_post(&client, client.kid, NULL);
    assert_answer("restart", 400, "badNonce");
    acme_post(&client, client.kid, NULL);
    assert_answer("restart, again", 200, "");
}

/* --- whose it is --- */

static void kid_that_is_no_account_of_ours_is_refused(void **state)
{
    struct {
        const char *kid, *problem;
    } rows[] = {{"https://ca.example/acme/acct/AAAAAAAAAAAAAAAAAAAAAA", "accountDoesNotExist"},
                {"https://evil.example/acme/acct/AAAAAAAAAAAAAAAAAAAAAA", "malformed"},
                {"https://cb.example/acme/acct/AAAAAAAAAAAAAAAAAAAAAA", "malformed"},
                {"http2://ca.example/acme/acct/AAAAAAAAAAAAAAAAAAAAA", "malformed"},
                {"https://ca.example/acme/acct/", "malformed"},
                {"https://ca.example/acme/acct/a/b", "malformed"},
                {"https://ca.example/acme/acct/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "malformed"},
                {"https://ca.example/acme/order/AAAAAAAAAAAAAAAAAAAAAA", "malformed"},
                {"hello", "malformed"},
                {"1", "malformed"},
                {"", "malformed"},
                {"https://ca.example/acme/acct/' OR 1=1 --", "malformed"}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        ask_with_header("/key-change", "{\"alg\":\"ES256\",\"kid\":\"%s\",\"nonce\":\"%s\",\"url\":\"" ACME_URL "/key-change\"}", rows[i].kid,
                        acme_nonce(&client));
        assert_answer(rows[i].kid, 400, rows[i].problem);
    }
}

static void key_that_is_none_is_a_bad_public_key(void **state) /*= RFC8555-6.2 test */
{
    static const char *const rows[] = {
        "{}", "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"AA\",\"y\":\"AA\"}",
        "{\"kty\":\"oct\",\"k\":\"AAAA\"}",
        /* a point that is not on the curve */
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}", "[]", "null"};
    char priv[600];
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        ask_with_header("/new-account", "{\"alg\":\"ES256\",\"jwk\":%s,\"nonce\":\"%s\",\"url\":\"" ACME_URL "/new-account\"}", rows[i], acme_nonce(&client));
        assert_answer(rows[i], 400, "badPublicKey");
    }
    snprintf(priv, sizeof(priv), "{\"d\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",%s", acme_jwk(client.key) + 1);
    ask_with_header("/new-account", "{\"alg\":\"ES256\",\"jwk\":%s,\"nonce\":\"%s\",\"url\":\"" ACME_URL "/new-account\"}", priv, acme_nonce(&client));
    assert_answer("a private one", 400, "badPublicKey");
}

static void signature_of_another_key_is_refused(void **state)
{
    struct acme_client stranger;
    (void)state;
    acme_client_new(&stranger);
    acme_send(&client, client.kid + sizeof(ACME_URL) - 1, acme_jws(stranger.key, acme_header(&client, client.kid + sizeof(ACME_URL) - 1), NULL));
    assert_answer("kid", 400, "malformed");
    acme_send(&stranger, "/new-account", acme_jws(client.key, acme_header(&stranger, "/new-account"), "{}"));
    assert_answer("jwk", 400, "malformed");
    assert_int_equal(acme_count("SELECT COUNT(*) FROM acme_accounts"), 1);
    acme_client_free(&stranger);
}

/* The payload, the header and the signature: whatever is changed is seen. */
static void request_that_was_changed_is_refused(void **state)
{
    char body[8192], type[64];
    (void)state;
    for (int part = 0; part < 3; part++) {
        static const char *const names[] = {"\"protected\":\"", "\"payload\":\"", "\"signature\":\""};
        const char *own = client.kid + sizeof(ACME_URL) - 1;
        snprintf(body, sizeof(body), "%s", acme_jws(client.key, acme_header(&client, own), "{\"contact\":[]}"));
        char *at = strstr(body, names[part]) + strlen(names[part]) + 10;
        *at = *at == 'A' ? 'B' : 'A';
        acme_send(&client, own, body);
        snprintf(type, sizeof(type), "%s", acme_problem());
        assert_int_equal(acme.x.status, 400);
        assert_string_not_equal(type, "");
    }
    assert_int_equal(acme_count("SELECT COUNT(*) FROM acme_accounts WHERE contacts <> '[]'"), 1);
}

/* --- what is said --- */

/* Boulder's reflected printf verbs, control characters, bytes that are no UTF-8: a detail is text, whatever a stranger wrote. */
static void detail_is_text_whatever_was_sent(void **state)
{
    static const char *const words[] = {"%s%s%n%d", "%1000000d", "\\u0000x", "\\u001b[31m", "\\\"quoted\\\""};
    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        ask_with_header("/new-account", "{\"alg\":\"%s\",\"nonce\":\"x\",\"url\":\"x\"}", words[i]);
        assert_int_equal(acme.x.status, 400);
        assert_string_not_equal(acme_problem(), "");
        assert_null(strchr(acme_text("detail"), '\x1b'));
    }
    acme_ask("P\xff\x1bT", "/new-account", NULL, S(NULL), false);
    assert_answer("method", 405, "malformed");
    acme_ask("GET", "/acme/\xff\xfe%s%n", NULL, S(NULL), false);
    assert_answer("path", 404, "malformed");
    assert_non_null(strstr(acme_text("detail"), "%s%n"));
    acme_ask("POST", "/new-account", "\xff%n\x01", S("{}"), false);
    assert_answer("type", 415, "malformed");
}

/* A URL longer than any of ours. */
static void path_that_is_too_long_is_not_found(void **state)
{
    char path[3000];
    (void)state;
    memset(path, 'a', sizeof(path));
    memcpy(path, "/acct/", 6);
    path[sizeof(path) - 1] = '\0';
    acme_get(path);
    assert_answer("long", 404, "malformed");
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(directory_names_what_there_is),
        TEST(new_nonce_answers_head_and_get),
        TEST(directory_and_nonce_are_posted_as_get),
        TEST(resource_is_not_got),
        TEST(path_that_is_no_resource_is_not_found),
        TEST(path_of_others_is_not_its_own),
        TEST(request_with_another_type_is_unsupported),
        TEST(request_that_is_too_long_is_refused),
        TEST(body_that_is_no_flattened_jws_is_malformed),
        TEST(other_algorithm_is_named),
        TEST(header_that_may_not_be_is_malformed),
        TEST(url_of_another_request_is_unauthorized),
        TEST(nonce_is_accepted_once),
        TEST(nonce_that_was_not_given_out_is_bad),
        TEST(nonce_beside_the_protected_header_is_none),
        TEST(nonce_is_spent_by_what_has_the_form_of_a_request),
        TEST(nonce_lives_through_a_reload_and_not_through_a_restart),
        TEST(kid_that_is_no_account_of_ours_is_refused),
        TEST(key_that_is_none_is_a_bad_public_key),
        TEST(signature_of_another_key_is_refused),
        TEST(request_that_was_changed_is_refused),
        TEST(detail_is_text_whatever_was_sent),
        TEST(path_that_is_too_long_is_not_found),
    };
    store_engine_of(argc, argv);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
