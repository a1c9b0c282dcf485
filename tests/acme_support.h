/* What the tests of the certificate authority share: an authority over files of a folder and a store of the test's engine, and clients that ask it by
 * struct stir_exchange, without HTTP. */
#ifndef STIR_TESTS_ACME_SUPPORT_H
#define STIR_TESTS_ACME_SUPPORT_H

#include "store_support.h"

#include "core/jws.h"
#include "service/ca.h"
#include "service/schema.h"

#include <time.h>

#include <jansson.h>
#include <openssl/crypto.h>
#include <stir/cert.h>

#define ACME_URL "https://ca.example/acme"
#define ACME_JOSE "application/jose+json"

enum { ACME_DAY = 86400, ACME_BODY = 65536, ACME_FILE = 8192 };

/* The authority, its files and its one clerk. */
static struct {
    struct stir_conf conf;
    struct stir_conf_profile profile;
    char key[512], cert[512], pa_root[512]; /* paths */
    struct stir_key *root_key, *ca_key;
    struct stir_cert *root, *ca_cert;
    struct stir_key *pa_root_key;
    struct stir_cert *pa_root_cert;
    struct stir_ca *ca;
    struct stir_clerk clerk;
    struct stir_exchange x; /* the last one */
    json_t *json;           /* its body, when it is JSON */
    int64_t now;
    char said[4096]; /* by stir_ca_new(), and to the log */
} acme;

static void acme_say(void *arg, bool fatal, const char *text)
{
    size_t n = strlen(acme.said);
    (void)arg;
    snprintf(acme.said + n, sizeof(acme.said) - n, "%s: %s\n", fatal ? "fatal" : "warning", text);
}
static const struct stir_ca_say acme_saying = {acme_say, NULL};

static inline struct stir_cert *acme_make_cert(enum stir_cert_role role, const char *cn, struct stir_key *key, const struct stir_cert *issuer,
                                               struct stir_key *issuer_key, int64_t from, int64_t until)
{
    struct stir_cert_params params = STIR_CERT_PARAMS_INIT;
    struct stir_key_signer held = {issuer_key, acme.clerk.ctx};
    struct stir_signer signer = stir_signer_of_key(&held);
    struct stir_cert *cert = NULL;
    struct stir_diag diag = {0};
    params.role = role;
    params.cn = S(cn);
    params.o = S("Test Authority");
    params.c = S("US");
    params.key = issuer ? key : NULL;
    params.issuer = issuer;
    params.not_before = from;
    params.not_after = until;
    if (stir_cert_make(&cert, &params, &signer, &diag) != STIR_OK)
        fail_msg("%s: %s", cn, diag.text);
    return cert;
}

static inline void acme_write_key(const char *name, const struct stir_key *key)
{
    char pem[4096];
    size_t n;
    assert_err(stir_key_write_pem(pem, sizeof(pem), &n, key, S(NULL)), STIR_OK);
    file_put(name, pem, n);
}

/* One or two certificates, the second NULL for one. */
static inline void acme_write_certs(const char *name, const struct stir_cert *first, const struct stir_cert *second)
{
    char pem[2 * ACME_FILE];
    size_t n, more = 0;
    assert_err(stir_cert_write_pem(pem, ACME_FILE, &n, first), STIR_OK);
    if (second)
        assert_err(stir_cert_write_pem(pem + n, ACME_FILE, &more, second), STIR_OK);
    file_put(name, pem, n + more);
}

static inline void acme_pki(void)
{
    int64_t now = acme.now;
    assert_err(stir_key_generate(&acme.root_key), STIR_OK);
    assert_err(stir_key_generate(&acme.ca_key), STIR_OK);
    assert_err(stir_key_generate(&acme.pa_root_key), STIR_OK);
    acme.root = acme_make_cert(STIR_CERT_ROOT, "SHAKEN Test ROOT", acme.root_key, NULL, acme.root_key, now - 10 * ACME_DAY, now + 3650 * ACME_DAY);
    acme.ca_cert =
        acme_make_cert(STIR_CERT_INTERMEDIATE, "SHAKEN Test Issuing CA", acme.ca_key, acme.root, acme.root_key, now - 9 * ACME_DAY, now + 1800 * ACME_DAY);
    acme.pa_root_cert =
        acme_make_cert(STIR_CERT_ROOT, "STI-PA Test ROOT", acme.pa_root_key, NULL, acme.pa_root_key, now - 10 * ACME_DAY, now + 3650 * ACME_DAY);
    acme_write_key("ca.key", acme.ca_key);
    acme_write_certs("ca.pem", acme.ca_cert, acme.root);
    acme_write_certs("pa-root.pem", acme.pa_root_cert, NULL);
}

/* All strings "" that are not given; what a test wants otherwise it changes before acme_open(). */
static inline void acme_conf(void)
{
    struct stir_conf_ca *ca = &acme.conf.ca;
    snprintf(acme.key, sizeof(acme.key), "%s", path_in("ca.key"));
    snprintf(acme.cert, sizeof(acme.cert), "%s", path_in("ca.pem"));
    snprintf(acme.pa_root, sizeof(acme.pa_root), "%s", path_in("pa-root.pem"));
    *ca = (struct stir_conf_ca){.url = ACME_URL,
                                .key = acme.key,
                                .cert = acme.cert,
                                .pa_root = acme.pa_root,
                                .binding = STIR_TOKEN_BY_JWK,
                                .max_token_life = 30 * ACME_DAY,
                                .terms = "",
                                .website = "",
                                .token_authority = "",
                                .profile = "shaken",
                                .order_life = 7 * ACME_DAY,
                                .authorization_life = 7 * ACME_DAY,
                                .crl_url = "https://pa.example/download/v1/crl",
                                .crl_issuer = "CN=STI-PA CRL,O=STI-PA,C=US",
                                .policy = "2.16.840.1.114569.1.1.4",
                                .publish_dir = "",
                                .publish_url = "",
                                .report_url = "",
                                .report_token = "",
                                .tls_root = ""};
    acme.profile = (struct stir_conf_profile){
        .name = "shaken", .kind = STIR_PROFILE_SHAKEN, .life = 90 * ACME_DAY, .max_life = 366 * ACME_DAY, .backdate = 3600, .path_len = -1};
    acme.conf.profiles = &acme.profile;
    acme.conf.n_profiles = 1;
    acme.conf.store.node = "node-1";
    acme.conf.fetch.tls_root = acme.conf.fetch.resolver = acme.conf.fetch.cache_dir = "";
    acme.conf.pa.url = acme.conf.pa.key = acme.conf.pa.cert = acme.conf.pa.root = "";
    acme.clerk.node = acme.conf.store.node;
}

/* Files, conf and store; no authority yet. */
static inline void acme_prepare(void)
{
    memset(&acme, 0, sizeof(acme));
    acme.now = time(NULL);
    store_place();
    assert_err(stir_es256_ctx_new(&acme.clerk.ctx), STIR_OK);
    acme_pki();
    acme_conf();
    acme.clerk.store = store_again(&stir_schema);
}

/* The authority, by the conf as it is now; what was before hands over. */
static inline void acme_open(void)
{
    struct stir_ca *before = acme.ca;
    acme.said[0] = '\0';
    if (stir_ca_new(&acme.ca, &acme.conf, before, &acme_saying) != STIR_OK)
        fail_msg("%s", acme.said);
    stir_ca_free(before);
}

static inline void acme_begin(void)
{
    acme_prepare();
    acme_open();
}

static inline void acme_end(void)
{
    stir_exchange_clear(&acme.x);
    json_decref(acme.json);
    stir_ca_free(acme.ca);
    stir_store_close(acme.clerk.store);
    stir_es256_ctx_free(acme.clerk.ctx);
    stir_cert_free(acme.root);
    stir_cert_free(acme.ca_cert);
    stir_cert_free(acme.pa_root_cert);
    stir_key_free(acme.root_key);
    stir_key_free(acme.ca_key);
    stir_key_free(acme.pa_root_key);
    folder_remove();
}

/* --- asking --- */

static inline const char *acme_field(const char *name)
{
    for (size_t i = 0; i < acme.x.n_fields; i++)
        if (strcmp(acme.x.fields[i].name, name) == 0)
            return acme.x.fields[i].value;
    return NULL;
}

/* Ask for `path` (below the authority's, "/new-nonce"); the answer is in acme.x and acme.json until the next. @return the status. */
static inline int acme_ask(const char *method, const char *path, const char *type, struct stir_slice body, bool too_long)
{
    static char whole[ACME_FILE];
    stir_exchange_clear(&acme.x);
    json_decref(acme.json);
    acme.json = NULL;
    snprintf(whole, sizeof(whole), "%s%s", strncmp(path, "/acme", 5) == 0 ? "" : "/acme", path);
    acme.x = (struct stir_exchange){
        .method = S(method), .path = S(whole), .content_type = S(type), .body = body, .too_long = too_long, .now = acme.now, .peer = "192.0.2.7"};
    stir_ca_serve(acme.ca, &acme.clerk, &acme.x);
    if (acme.x.type && strstr(acme.x.type, "json")) {
        acme.json = json_loadb(acme.x.body_out, acme.x.n_out, 0, NULL);
        if (!acme.json)
            fail_msg("no JSON: %s", acme.x.body_out);
    }
    return acme.x.status;
}

static inline int acme_get(const char *path)
{
    return acme_ask("GET", path, NULL, S(NULL), false);
}

/* A member of the answer that is a string; "" when it is none. */
static inline const char *acme_text(const char *name)
{
    const char *text = json_string_value(json_object_get(acme.json, name));
    return text ? text : "";
}

/* The problem's name: "badNonce"; "" when the answer is none. */
static inline const char *acme_problem(void)
{
    static const char before[] = "urn:ietf:params:acme:error:";
    const char *type = acme_text("type");
    return strncmp(type, before, sizeof(before) - 1) == 0 ? type + sizeof(before) - 1 : "";
}

/* What a wrong answer is told with. */
static inline const char *acme_told(void)
{
    return acme.x.body_out ? acme.x.body_out : "";
}

#define assert_answer(row, wanted_status, wanted_problem)                                                                                       \
    do {                                                                                                                                        \
        if (acme.x.status != (wanted_status) || strcmp(acme_problem(), (wanted_problem)) != 0)                                                  \
            fail_msg("%s: %d %s, wanted %d %s: %s", (row), acme.x.status, acme_problem(), (int)(wanted_status), (wanted_problem), acme_told()); \
    } while (0)

/* --- clients --- */

struct acme_client {
    struct stir_key *key;
    char kid[256];   /* URL of its account; "": it has none yet */
    char nonce[128]; /* the next; "": it asks for one */
};

static inline void acme_client_new(struct acme_client *client)
{
    memset(client, 0, sizeof(*client));
    assert_err(stir_key_generate(&client->key), STIR_OK);
}

static inline void acme_client_free(struct acme_client *client)
{
    stir_key_free(client->key);
}

static inline void acme_take_nonce(struct acme_client *client)
{
    const char *nonce = acme_field("Replay-Nonce");
    snprintf(client->nonce, sizeof(client->nonce), "%s", nonce ? nonce : "");
}

static inline const char *acme_nonce(struct acme_client *client)
{
    if (!client->nonce[0]) {
        assert_int_equal(acme_ask("HEAD", "/new-nonce", NULL, S(NULL), false), 200);
        acme_take_nonce(client);
    }
    return client->nonce;
}

/* The JWK of a key, in one of four buffers. */
static inline const char *acme_jwk(const struct stir_key *key)
{
    static char text[4][200];
    static int at;
    struct stir_writer w = stir_writer_of(text[at = (at + 1) % 4], sizeof(text[0]));
    stir_put_jwk(&w, key);
    assert_err(stir_writer_close(&w, NULL), STIR_OK);
    return text[at];
}

/* A flattened JWS of any header and payload (NULL: the empty one), signed by `key`, in one of four buffers. */
static inline const char *acme_jws(struct stir_key *key, const char *header, const char *payload)
{
    static char text[4][ACME_BODY];
    static int at;
    struct stir_key_signer held = {key, acme.clerk.ctx};
    struct stir_signer signer = stir_signer_of_key(&held);
    struct stir_writer w = stir_writer_of(text[at = (at + 1) % 4], ACME_BODY);
    assert_err(stir_jws_put_flattened(&w, S(header), S(payload), &signer), STIR_OK);
    assert_err(stir_writer_close(&w, NULL), STIR_OK);
    return text[at];
}

/* The header as a good client writes it: "kid" when it has an account, else "jwk". */
static inline const char *acme_header(struct acme_client *client, const char *path)
{
    static char text[4096];
    char who[512];
    if (client->kid[0])
        snprintf(who, sizeof(who), "\"kid\":\"%s\"", client->kid);
    else
        snprintf(who, sizeof(who), "\"jwk\":%s", acme_jwk(client->key));
    snprintf(text, sizeof(text), "{\"alg\":\"ES256\",%s,\"nonce\":\"%s\",\"url\":\"%s%s\"}", who, acme_nonce(client), ACME_URL, path);
    return text;
}

/* POST a body that is there already; the client takes the nonce of the answer. */
static inline int acme_send(struct acme_client *client, const char *path, const char *body)
{
    int status = acme_ask("POST", path, ACME_JOSE, S(body), false);
    acme_take_nonce(client);
    return status;
}

/* POST as a good client does; `payload` NULL: POST-as-GET. `path` is below the authority's, or a whole URL of it. @return the status. */
static inline int acme_post(struct acme_client *client, const char *path, const char *payload)
{
    const char *below = strncmp(path, ACME_URL, sizeof(ACME_URL) - 1) == 0 ? path + sizeof(ACME_URL) - 1 : path;
    return acme_send(client, below, acme_jws(client->key, acme_header(client, below), payload));
}

/* A client with an account of its own. */
static inline void acme_register(struct acme_client *client)
{
    acme_client_new(client);
    if (acme_post(client, "/new-account", "{\"termsOfServiceAgreed\":true,\"contact\":[\"mailto:noc@example.com\"]}") != 201)
        fail_msg("%s", acme_told());
    snprintf(client->kid, sizeof(client->kid), "%s", acme_field("Location"));
}

/* Rows of a table, or what any count says. */
static inline int64_t acme_count(const char *sql)
{
    return store_int(acme.clerk.store, sql);
}

/* The log of an authority under test, in place of stir_clerk_say() (tests/meson.build): all that was said is kept. */
void __wrap_stir_clerk_say(const struct stir_clerk *clerk, int level, const char *event, const char *format, ...) __attribute__((format(printf, 4, 5)));
void __wrap_stir_clerk_say(const struct stir_clerk *clerk, int level, const char *event, const char *format, ...)
{
    va_list args;
    size_t n = strlen(acme.said);
    (void)clerk;
    n += (size_t)snprintf(acme.said + n, sizeof(acme.said) - n, "%d %s: ", level, event);
    if (n >= sizeof(acme.said))
        return;
    va_start(args, format);
    vsnprintf(acme.said + n, sizeof(acme.said) - n, format, args);
    va_end(args);
}

#endif
