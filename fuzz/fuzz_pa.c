/* What strangers send to the policy administrator: the first byte chooses the path, the rest is the body. Whatever comes, there is an answer of the
 * administrator's own form, nothing is recorded for who has no credentials, and what is refused is told why. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/file.h"
#include "service/pa_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1780272000, YEAR = 31536000 };

static char folder[64];
static struct stir_conf conf;
static struct stir_pa *pa;
static struct stir_clerk clerk;

static void hold(bool fact)
{
    if (!fact)
        abort();
}

static const char *path_in(const char *name)
{
    static char paths[8][128];
    static size_t at;
    char *path = paths[at++ % 8];
    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static void write_file(const char *path, const char *text, size_t n)
{
    hold(stir_file_write(path, stir_slice_of(text, n), STIR_FILE_SECRET) == STIR_FILE_OK);
}

/* One certificate for everything: its own root, and the signer. */
static void make_files(void)
{
    char pem[8192];
    size_t n;
    struct stir_key *root_key = NULL, *key = NULL;
    struct stir_cert *root = NULL, *cert = NULL;
    struct stir_cert_params p = STIR_CERT_PARAMS_INIT;
    hold(stir_key_generate(&root_key) == STIR_OK && stir_key_generate(&key) == STIR_OK);
    struct stir_key_signer held = {root_key, clerk.ctx};
    struct stir_signer signer = stir_signer_of_key(&held);
    p.role = STIR_CERT_ROOT;
    p.cn = p.o = stir_slice_str("STI-PA");
    p.c = stir_slice_str("US");
    p.not_before = NOW - YEAR;
    p.not_after = NOW + YEAR;
    hold(stir_cert_make(&root, &p, &signer, NULL) == STIR_OK);
    p.issuer = root;
    p.key = key;
    p.cn = stir_slice_str("STI-PA signer");
    for (size_t i = 0; i < 2; i++) {
        p.role = i ? STIR_CERT_CRL_SIGNER : STIR_CERT_PA_SIGNER;
        hold(stir_cert_make(&cert, &p, &signer, NULL) == STIR_OK && stir_cert_write_pem(pem, sizeof(pem), &n, cert) == STIR_OK);
        write_file(path_in(i ? "crl.pem" : "signer.pem"), pem, n);
        stir_cert_free(cert);
    }
    hold(stir_key_write_pem(pem, sizeof(pem), &n, key, (struct stir_slice){NULL, 0}) == STIR_OK);
    write_file(path_in("key"), pem, n);
    hold(stir_cert_write_pem(pem, sizeof(pem), &n, root) == STIR_OK);
    write_file(path_in("root.pem"), pem, n);
    stir_cert_free(root);
    stir_key_free(root_key);
    stir_key_free(key);
}

static void end(void)
{
    static const char *const names[] = {"crl.pem", "signer.pem", "key", "root.pem", "store.db", "store.db-wal", "store.db-shm"};
    stir_pa_free(pa);
    stir_store_close(clerk.store);
    stir_es256_ctx_free(clerk.ctx);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        (void)unlink(path_in(names[i]));
    (void)rmdir(folder);
}

static void begin(void)
{
    snprintf(folder, sizeof(folder), "/tmp/stir-fuzz-pa-XXXXXX");
    hold(mkdtemp(folder) != NULL);
    atexit(end);
    hold(stir_es256_ctx_new(&clerk.ctx) == STIR_OK);
    make_files();
    conf.pa = (struct stir_conf_pa){.url = "https://pa.example",
                                    .key = path_in("key"),
                                    .cert = path_in("signer.pem"),
                                    .crl_key = path_in("key"),
                                    .crl_cert = path_in("crl.pem"),
                                    .root = path_in("root.pem"),
                                    .crl_url = "",
                                    .static_dir = "",
                                    .token_life = 86400,
                                    .login_life = 3600};
    hold(stir_pa_new(&pa, &conf, NULL) == STIR_OK);
    clerk.node = "fuzz";
    hold(stir_store_open(&clerk.store, path_in("store.db"), &stir_schema, true, NULL) == STIR_OK);
    /* a password takes a tenth of a second: none is looked at */
    atomic_store(&pa->logins, STIR_PA_LOGINS_AT_ONCE);
}

static enum stir_err count(struct stir_store *store, void *arg)
{
    int64_t *n = arg;
    struct stir_store_rows *rows = NULL;
    TRY(stir_store_ask_one(&rows, store, "SELECT (SELECT COUNT(*) FROM pa_tokens) + (SELECT COUNT(*) FROM pa_revocations) + (SELECT COUNT(*) FROM audit)",
                           STIR_NO_VALUES));
    *n = stir_store_get_int(rows, 0);
    stir_store_rows_free(rows);
    return STIR_OK;
}

static void check_refusal(const struct stir_exchange *x)
{
    struct stir_json body, value;
    hold(x->body_out && stir_json_parse(&body, stir_slice_of(x->body_out, x->n_out), NULL, NULL) == STIR_OK && body.type == STIR_JSON_OBJECT);
    hold(stir_json_member(body, "status", &value) && stir_slice_is(value.text, "\"error\""));
    hold(stir_json_member(body, "code", &value) && value.type == STIR_JSON_STRING && stir_json_member(body, "message", &value) &&
         value.type == STIR_JSON_STRING);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const paths[] = {"/api/v1/auth/login", "/at/account/voice/token", "/sti-pa/revocation", "/api/v1/auth/logout"};
    int64_t recorded = -1;
    if (!pa)
        begin();
    if (size == 0)
        return 0;
    size_t which = data[0] % (sizeof(paths) / sizeof(paths[0]));
    struct stir_exchange x = {.method = stir_slice_str("POST"),
                              .path = stir_slice_str(paths[which]),
                              .content_type = stir_slice_str("application/json"),
                              .body = stir_slice_of(data + 1, size - 1),
                              .peer = "192.0.2.1",
                              .now = NOW};
    x.authorization = which == 3 ? x.body : stir_slice_str("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    stir_pa_serve(pa, &clerk, &x);
    hold(x.status == 400 || x.status == 403 || x.status == 413 || x.status == 429);
    check_refusal(&x);
    stir_exchange_clear(&x);
    hold(stir_store_look(clerk.store, count, &recorded, NULL) == STIR_OK && recorded == 0);
    return 0;
}
