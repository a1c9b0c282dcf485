/* The whole certificate authority on hostile requests, over a store in a folder. The first byte says how the rest is meant: a body as it came from the wire, a
 * payload that is signed well (by a new key, or by an account that there is), a protected header that is signed well, or the inner JWS of a key change.
 * Whatever came, the answer is one of RFC 8555, and never a fault of ours. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/jws.h"
#include "service/ca.h"
#include "service/schema.h"

#include <stir/cert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 65536, PEM = 8192, TIDY_EACH = 500 };

static struct {
    char folder[64], key[128], cert[128], pa_root[128];
    struct stir_conf conf;
    struct stir_conf_profile profile;
    struct stir_ca *ca;
    struct stir_clerk clerk;
    struct stir_key *account, *next; /* of the account that there is; and one that has none */
    char kid[256], order[256];
    int64_t now;
    unsigned asked;
} s;

static const char *const paths[] = {"/directory", "/new-nonce",        "/new-account", "/new-order", "/revoke-cert", "/key-change",   "/acct/A",
                                    "/order/A",   "/order/A/finalize", "/authz/A",     "/chall/A",   "/cert/A",      "/acct/A/orders"};

static void hold(bool fact)
{
    if (!fact)
        abort();
}

/* --- an authority --- */

static struct stir_cert *make_cert(enum stir_cert_role role, struct stir_key *key, const struct stir_cert *issuer, struct stir_key *issuer_key)
{
    struct stir_cert_params p = STIR_CERT_PARAMS_INIT;
    struct stir_key_signer held = {issuer_key, s.clerk.ctx};
    struct stir_signer signer = stir_signer_of_key(&held);
    struct stir_cert *cert = NULL;
    p.role = role;
    p.cn = stir_slice_str(issuer ? "SHAKEN Fuzz CA" : "SHAKEN Fuzz ROOT");
    p.o = stir_slice_str("Fuzz");
    p.c = stir_slice_str("US");
    p.key = issuer ? key : NULL;
    p.issuer = issuer;
    p.not_before = s.now - 86400;
    p.not_after = s.now + 3650 * INT64_C(86400);
    hold(stir_cert_make(&cert, &p, &signer, NULL) == STIR_OK);
    return cert;
}

static void put_file(char path[128], const char *name, const char *text, size_t n)
{
    snprintf(path, 128, "%s/%s", s.folder, name);
    FILE *f = fopen(path, "w");
    hold(f && fwrite(text, 1, n, f) == n && fclose(f) == 0);
}

static void make_files(void)
{
    struct stir_key *root_key = NULL, *key = NULL;
    char pem[PEM];
    size_t n;
    hold(stir_key_generate(&root_key) == STIR_OK && stir_key_generate(&key) == STIR_OK);
    struct stir_cert *root = make_cert(STIR_CERT_ROOT, root_key, NULL, root_key), *ca = make_cert(STIR_CERT_INTERMEDIATE, key, root, root_key);
    hold(umask(077) != (mode_t)-1);
    hold(stir_key_write_pem(pem, sizeof(pem), &n, key, (struct stir_slice){NULL, 0}) == STIR_OK);
    put_file(s.key, "ca.key", pem, n);
    hold(stir_cert_write_pem(pem, sizeof(pem), &n, ca) == STIR_OK);
    put_file(s.cert, "ca.pem", pem, n);
    hold(stir_cert_write_pem(pem, sizeof(pem), &n, root) == STIR_OK);
    put_file(s.pa_root, "pa-root.pem", pem, n);
    stir_cert_free(root);
    stir_cert_free(ca);
    stir_key_free(root_key);
    stir_key_free(key);
}

static void make_conf(void)
{
    s.conf.ca = (struct stir_conf_ca){.url = "https://ca.example/acme",
                                      .key = s.key,
                                      .cert = s.cert,
                                      .pa_root = s.pa_root,
                                      .binding = 1,
                                      .terms = "",
                                      .website = "",
                                      .token_authority = "",
                                      .profile = "shaken",
                                      .order_life = 86400,
                                      .authorization_life = 86400,
                                      .crl_url = "https://pa.example/crl",
                                      .crl_issuer = "CN=PA,O=PA,C=US",
                                      .policy = "2.16.840.1.114569.1.1.4",
                                      .publish_dir = "",
                                      .publish_url = "",
                                      .report_url = "",
                                      .report_token = "",
                                      .tls_root = ""};
    s.profile = (struct stir_conf_profile){.name = "shaken", .life = 86400, .max_life = 864000, .backdate = 60, .path_len = -1};
    s.conf.profiles = &s.profile;
    s.conf.n_profiles = 1;
    s.conf.store.node = s.clerk.node = "fuzz";
    s.conf.fetch.tls_root = s.conf.fetch.resolver = s.conf.fetch.cache_dir = "";
}

/* --- requests --- */

static char url_of_field[1200];

/* Ask; `field` (may be NULL): the value of that field of the answer, "" when it has none. @return the status. */
static int ask(const char *method, struct stir_slice path, const char *type, struct stir_slice body, const char *field, char value[1200])
{
    struct stir_exchange x = {.method = stir_slice_str(method), .path = path, .content_type = stir_slice_str(type), .body = body, .now = s.now};
    bool nonce = false, directory = stir_slice_is(path, "/acme/directory");
    snprintf(x.peer, sizeof(x.peer), "192.0.2.1");
    if (field)
        value[0] = '\0';
    stir_ca_serve(s.ca, &s.clerk, &x);
    int status = x.status;
    hold(status >= 200 && status < 500 && x.n_fields >= (directory ? 0u : 2u));
    for (size_t i = 0; i < x.n_fields; i++) {
        nonce = nonce || strcmp(x.fields[i].name, "Replay-Nonce") == 0;
        if (field && strcmp(x.fields[i].name, field) == 0)
            snprintf(value, 1200, "%s", x.fields[i].value);
    }
    hold(nonce != directory);
    if (x.type && strstr(x.type, "json")) {
        json_t *json = json_loadb(x.body_out, x.n_out, JSON_REJECT_DUPLICATES, NULL);
        const char *kind = json_string_value(json_object_get(json, "type"));
        hold(json && (status < 400 || (kind && strncmp(kind, "urn:ietf:params:acme:error:", 27) == 0)));
        hold(status < 400 || json_integer_value(json_object_get(json, "status")) == status);
        json_decref(json);
    }
    stir_exchange_clear(&x);
    return status;
}

static void put_nonce(struct stir_writer *w)
{
    char nonce[1200];
    ask("HEAD", stir_slice_str("/acme/new-nonce"), NULL, stir_slice_of(NULL, 0), "Replay-Nonce", nonce);
    stir_put_text(w, nonce);
}

/* A flattened JWS in `text`. False: it does not fit, or there is no such (an empty header). */
static bool sign(char text[ROOM], size_t *n, struct stir_key *key, struct stir_slice header, struct stir_slice payload)
{
    struct stir_key_signer held = {key, s.clerk.ctx};
    struct stir_signer signer = stir_signer_of_key(&held);
    struct stir_writer w = stir_writer_of(text, ROOM);
    enum stir_err err = stir_jws_put_flattened(&w, header, payload, &signer);
    *n = w.need;
    return err == STIR_OK && w.need < ROOM;
}

/* The protected header of a good client; `key` in it, or the account. */
static void put_header(struct stir_writer *w, const struct stir_key *jwk, const char *path)
{
    stir_put_text(w, "{\"alg\":\"ES256\",");
    if (jwk) {
        stir_put_text(w, "\"jwk\":");
        stir_put_jwk(w, jwk);
    } else {
        stir_put_format(w, "\"kid\":\"%s\"", s.kid);
    }
    stir_put_text(w, ",\"nonce\":\"");
    put_nonce(w);
    stir_put_format(w, "\",\"url\":\"https://ca.example%s\"}", path);
}

static int post(struct stir_key *key, bool by_jwk, const char *path, struct stir_slice payload, const char *field, char value[1200])
{
    static char header[2048], body[ROOM];
    struct stir_writer w = stir_writer_of(header, sizeof(header));
    size_t n;
    put_header(&w, by_jwk ? key : NULL, path);
    hold(w.need < sizeof(header));
    if (!sign(body, &n, key, stir_slice_of(header, w.need), payload))
        return 0;
    return ask("POST", stir_slice_str(path), "application/jose+json", stir_slice_of(body, n), field, value);
}

/* --- once, and now and then --- */

static void remove_all(void)
{
    static const char *const names[] = {"ca.key", "ca.pem", "pa-root.pem", "store", "store-wal", "store-shm"};
    char path[200];
    stir_ca_free(s.ca);
    stir_store_close(s.clerk.store);
    stir_es256_ctx_free(s.clerk.ctx);
    stir_key_free(s.account);
    stir_key_free(s.next);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        snprintf(path, sizeof(path), "%s/%s", s.folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(s.folder);
}

static void begin(void)
{
    static const char order[] = "{\"identifiers\":[{\"type\":\"TNAuthList\",\"value\":\"MAigBhYENzA5Sg\"}]}";
    char where[200];
    struct stir_diag diag = {0};
    s.now = time(NULL);
    snprintf(s.folder, sizeof(s.folder), "%s/stir-fuzz-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    hold(mkdtemp(s.folder) && stir_es256_ctx_new(&s.clerk.ctx) == STIR_OK);
    hold(stir_key_generate(&s.account) == STIR_OK && stir_key_generate(&s.next) == STIR_OK);
    make_files();
    make_conf();
    snprintf(where, sizeof(where), "%s/store", s.folder);
    hold(stir_store_open(&s.clerk.store, where, &stir_schema, true, &diag) == STIR_OK);
    hold(stir_ca_new(&s.ca, &s.conf, NULL, NULL) == STIR_OK);
    hold(post(s.account, true, "/acme/new-account", stir_slice_str("{}"), "Location", url_of_field) == 201);
    snprintf(s.kid, sizeof(s.kid), "%.255s", url_of_field);
    hold(post(s.account, false, "/acme/new-order", stir_slice_str(order), "Location", url_of_field) == 201);
    snprintf(s.order, sizeof(s.order), "%.255s", url_of_field);
    atexit(remove_all);
}

static enum stir_err forget(struct stir_store *store, void *arg)
{
    static const char *const sql[] = {"DELETE FROM acme_accounts WHERE id <> $1", "DELETE FROM acme_orders WHERE account <> $1 OR created > 0 AND id <> $2",
                                      "DELETE FROM acme_authorizations WHERE account <> $1 OR order_id <> $2"};
    const char *account = strrchr(s.kid, '/') + 1, *order = strrchr(s.order, '/') + 1;
    (void)arg;
    TRY(stir_store_do(store, sql[0], STIR_VALUES(stir_store_str(account)), NULL));
    TRY(stir_store_do(store, sql[1], STIR_VALUES(stir_store_str(account), stir_store_str(order)), NULL));
    return stir_store_do(store, sql[2], STIR_VALUES(stir_store_str(account), stir_store_str(order)), NULL);
}

/* The account stands as it was: an input may have ended it, or given it another key. */
static enum stir_err mend(struct stir_store *store, void *arg)
{
    (void)arg;
    return stir_store_do(store, "UPDATE acme_accounts SET status = 'valid' WHERE id = $1", STIR_VALUES(stir_store_str(strrchr(s.kid, '/') + 1)), NULL);
}

static void tidy(void)
{
    hold(stir_store_transact(s.clerk.store, mend, NULL, NULL) == STIR_OK);
    if (++s.asked % TIDY_EACH == 0)
        hold(stir_store_transact(s.clerk.store, forget, NULL, NULL) == STIR_OK);
}

/* --- what an input is --- */

/* Up to the first line's end; what stands behind it in *rest. */
static struct stir_slice line(struct stir_slice text, struct stir_slice *rest)
{
    size_t n = stir_slice_find(text, '\n');
    *rest = stir_slice_from(text, n < text.n ? n + 1 : n);
    return stir_slice_upto(text, n);
}

static void ask_raw(struct stir_slice text)
{
    struct stir_slice body, path = line(text, &body);
    ask("GET", path, NULL, stir_slice_of(NULL, 0), NULL, NULL);
    ask("POST", path, "application/jose+json", body, NULL, NULL);
    ask("POST", stir_slice_str("/acme/new-account"), "application/jose+json", body, NULL, NULL);
}

/* The resource that a byte names; of the account and the order that there are. */
static const char *path_of(uint8_t at)
{
    static char path[600];
    const char *name = paths[at % (sizeof(paths) / sizeof(*paths))], *id = strncmp(name, "/acct", 5) == 0 ? s.kid : s.order, *rest = strstr(name, "/A");
    if (!rest || !strncmp(name, "/new", 4))
        snprintf(path, sizeof(path), "/acme%s", name);
    else
        snprintf(path, sizeof(path), "/acme%.*s%s%s", (int)(rest - name), name, strrchr(id, '/'), rest + 2);
    return path;
}

static void ask_header(uint8_t at, struct stir_slice text)
{
    static char header[ROOM], body[ROOM];
    struct stir_slice payload, wanted = line(text, &payload);
    struct stir_writer w = stir_writer_of(header, sizeof(header));
    size_t n;
    for (size_t i = 0; i < wanted.n; i++)
        if (wanted.p[i] == '\x01') /* a good nonce: nobody guesses one */
            put_nonce(&w);
        else
            stir_put_char(&w, wanted.p[i]);
    if (w.need < sizeof(header) && sign(body, &n, s.next, stir_slice_of(header, w.need), payload))
        ask("POST", stir_slice_str(path_of(at)), "application/jose+json", stir_slice_of(body, n), NULL, NULL);
}

static void ask_key_change(struct stir_slice payload)
{
    static char header[2048], inner[ROOM];
    struct stir_writer w = stir_writer_of(header, sizeof(header));
    struct stir_key *key = NULL;
    size_t n;
    hold(stir_key_generate(&key) == STIR_OK);
    stir_put_text(&w, "{\"alg\":\"ES256\",\"jwk\":");
    stir_put_jwk(&w, key);
    stir_put_text(&w, ",\"url\":\"https://ca.example/acme/key-change\"}");
    if (sign(inner, &n, key, stir_slice_of(header, w.need), payload))
        hold(post(s.account, false, "/acme/key-change", stir_slice_of(inner, n), NULL, NULL) != 200); /* the old key in it would have to be guessed */
    stir_key_free(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!s.ca)
        begin();
    if (size < 2)
        return 0;
    struct stir_slice text = stir_slice_of(data + 2, size - 2);
    switch (data[0] % 5) {
    case 0: ask_raw(text); break;
    case 1: post(s.account, false, path_of(data[1]), text, NULL, NULL); break;
    case 2: post(s.next, true, path_of(data[1]), text, NULL, NULL); break;
    case 3: ask_header(data[1], text); break;
    default: ask_key_change(text); break;
    }
    tidy();
    return 0;
}
