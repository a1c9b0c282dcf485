/* A policy administrator with keys of its own, a store and a clerk: what its tests share. */
#ifndef STIR_TESTS_PA_SUPPORT_H
#define STIR_TESTS_PA_SUPPORT_H

#include "store_support.h"

#include "service/audit.h"
#include "service/pa_parts.h"

enum { PA_NOW = 1780272000 /* 2026-06-01 */, PA_DAY = 86400, PA_YEAR = 31536000 };

/* Keys and certificates, made once; the CA's is what the list lists. */
static struct pa_party {
    struct stir_key_signer held;
    struct stir_signer signer;
    struct stir_cert *cert;
} pa_root, pa_signer, pa_crl_signer, ca_root, ca_issuing, other_ca;

static struct stir_conf pa_conf;
static struct stir_pa *pa;
static struct stir_clerk clerk;
static struct stir_diag diag;
static char pa_account[STIR_ID];
static char pa_said[1000]; /* by stir_pa_new() */

static inline void pa_party_make(struct pa_party *p, const struct pa_party *issuer, enum stir_cert_role role, const char *cn)
{
    struct stir_cert_params params = STIR_CERT_PARAMS_INIT;
    struct stir_diag why = {0};
    assert_err(stir_key_generate(&p->held.key), STIR_OK);
    assert_err(stir_es256_ctx_new(&p->held.ctx), STIR_OK);
    p->signer = stir_signer_of_key(&p->held);
    params.role = role;
    params.cn = S(cn);
    params.o = S(role == STIR_CERT_PA_SIGNER || role == STIR_CERT_CRL_SIGNER ? "STI-PA" : cn);
    params.c = S("US");
    params.not_before = PA_NOW - PA_YEAR;
    params.not_after = PA_NOW + (issuer ? 5 : 20) * (int64_t)PA_YEAR;
    params.key = p->held.key;
    params.issuer = issuer ? issuer->cert : NULL;
    if (role == STIR_CERT_INTERMEDIATE)
        params.policy = S("2.16.840.1.114569.1.1.4");
    if (stir_cert_make(&p->cert, &params, issuer ? &issuer->signer : &p->signer, &why) != STIR_OK)
        fail_msg("%s: %s", cn, why.text);
}

static inline void pa_party_free(struct pa_party *p)
{
    stir_cert_free(p->cert);
    stir_es256_ctx_free(p->held.ctx);
    stir_key_free(p->held.key);
}

static inline void pa_write(const char *name, const char *text, size_t n, mode_t mode)
{
    FILE *f = fopen(path_in(name), "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    fclose(f);
    assert_int_equal(chmod(path_in(name), mode), 0);
}

static inline void pa_write_party(const struct pa_party *p, const char *key, const char *cert)
{
    char pem[8192];
    size_t n;
    assert_err(stir_key_write_pem(pem, sizeof(pem), &n, p->held.key, (struct stir_slice){NULL, 0}), STIR_OK);
    pa_write(key, pem, n, 0600);
    assert_err(stir_cert_write_pem(pem, sizeof(pem), &n, p->cert), STIR_OK);
    pa_write(cert, pem, n, 0644);
}

/* Paths of files that are named for as long as a test lasts. */
static char pa_paths[8][128];
static inline const char *pa_path(size_t i, const char *name)
{
    snprintf(pa_paths[i], sizeof(pa_paths[i]), "%s", path_in(name));
    return pa_paths[i];
}

static inline void pa_configure(void)
{
    pa_conf = (struct stir_conf){.pa = {.url = "https://pa.example",
                                        .key = pa_path(0, "signer.key"),
                                        .cert = pa_path(1, "signer.crt"),
                                        .crl_key = pa_path(2, "crl.key"),
                                        .crl_cert = pa_path(3, "crl.crt"),
                                        .root = pa_path(4, "root.crt"),
                                        .crl_url = "",
                                        .static_dir = "",
                                        .token_life = PA_DAY,
                                        .list_life = 7 * PA_DAY,
                                        .list_every = PA_DAY / 2,
                                        .crl_life = PA_DAY,
                                        .crl_every = PA_DAY / 4,
                                        .login_life = 3600,
                                        .max_failures = 3,
                                        .lock_time = 900,
                                        .tokens_per_hour = 5}};
}

static inline void pa_hear(void *arg, bool fatal, const char *text)
{
    (void)arg;
    (void)fatal;
    snprintf(pa_said, sizeof(pa_said), "%s", text);
}

static inline enum stir_err pa_read(struct stir_pa **out)
{
    const struct stir_pa_say say = {pa_hear, NULL};
    pa_said[0] = '\0';
    return stir_pa_new(out, &pa_conf, &say);
}

static const char *const pa_codes[] = {"709J", "AB1CD"};

/* The provider "voice", with the codes 709J and AB1CD. */
static inline void pa_add_provider(void)
{
    const struct stir_pa_provider p = {
        .id = "voice", .name = "Voice Company", .codes = pa_codes, .n_codes = 2, .user = "voice-user", .password = "correct horse battery"};
    if (stir_pa_provider_add(&clerk, &p, "user test", PA_NOW, pa_account, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
}

static inline int pa_begin_parties(void **state)
{
    (void)state;
    pa_party_make(&pa_root, NULL, STIR_CERT_ROOT, "SHAKEN STI-PA ROOT");
    pa_party_make(&pa_signer, &pa_root, STIR_CERT_PA_SIGNER, "STI-PA Signer");
    pa_party_make(&pa_crl_signer, &pa_root, STIR_CERT_CRL_SIGNER, "STI-PA CRL");
    pa_party_make(&ca_root, NULL, STIR_CERT_ROOT, "SHAKEN Example ROOT");
    pa_party_make(&ca_issuing, &ca_root, STIR_CERT_INTERMEDIATE, "SHAKEN Example Intermediate");
    pa_party_make(&other_ca, NULL, STIR_CERT_ROOT, "SHAKEN Other ROOT");
    return 0;
}

static inline int pa_end_parties(void **state)
{
    (void)state;
    struct pa_party *all[] = {&pa_root, &pa_signer, &pa_crl_signer, &ca_root, &ca_issuing, &other_ca};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        pa_party_free(all[i]);
    return 0;
}

static inline void pa_open(void)
{
    store_place();
    diag = (struct stir_diag){0};
    pa_write_party(&pa_signer, "signer.key", "signer.crt");
    pa_write_party(&pa_crl_signer, "crl.key", "crl.crt");
    pa_write_party(&pa_root, "root.key", "root.crt");
    pa_configure();
    if (pa_read(&pa) != STIR_OK)
        fail_msg("%s", pa_said);
    clerk = (struct stir_clerk){.store = store_again(&stir_schema), .node = "test"};
    assert_err(stir_es256_ctx_new(&clerk.ctx), STIR_OK);
    pa_add_provider();
}

static inline int pa_set_up(void **state)
{
    (void)state;
    pa_open();
    return 0;
}

static inline int pa_tear_down(void **state)
{
    (void)state;
    stir_pa_free(pa);
    pa = NULL;
    stir_store_close(clerk.store);
    stir_es256_ctx_free(clerk.ctx);
    folder_remove();
    return 0;
}

/* ---- Requests ---- */

struct pa_ask {
    const char *method, *path, *authorization, *body, *accept, *if_none_match, *type;
    int64_t now;
};

static struct stir_exchange pa_x;

static inline const char *pa_field(const char *name)
{
    for (size_t i = 0; i < pa_x.n_fields; i++)
        if (strcmp(pa_x.fields[i].name, name) == 0)
            return pa_x.fields[i].value;
    return NULL;
}

/* The status; the answer is in pa_x until the next. */
static inline int pa_ask_of(const struct pa_ask *a)
{
    stir_exchange_clear(&pa_x);
    pa_x = (struct stir_exchange){.method = S(a->method ? a->method : "GET"),
                                  .path = S(a->path),
                                  .content_type = S(a->type   ? a->type
                                                    : a->body ? "application/json"
                                                              : NULL),
                                  .accept = S(a->accept),
                                  .authorization = S(a->authorization),
                                  .if_none_match = S(a->if_none_match),
                                  .body = S(a->body),
                                  .peer = "192.0.2.1",
                                  .now = a->now ? a->now : PA_NOW};
    stir_pa_serve(pa, &clerk, &pa_x);
    return pa_x.status;
}
#define PA_ASK(...) pa_ask_of(&(const struct pa_ask){__VA_ARGS__})

/* A member of the answer, a text. Until the next. */
static inline const char *pa_member(const char *name)
{
    static char value[70000];
    struct stir_json body, member;
    struct stir_arena arena = {NULL, 0, 0};
    struct stir_slice text;
    value[0] = '\0';
    if (!pa_x.body_out || stir_json_parse(&body, stir_slice_of(pa_x.body_out, pa_x.n_out), NULL, NULL) != STIR_OK || body.type != STIR_JSON_OBJECT)
        return value;
    if (stir_json_member(body, name, &member) && member.type == STIR_JSON_STRING && stir_json_string(&text, member, &arena) == STIR_OK)
        snprintf(value, sizeof(value), "%.*s", (int)text.n, text.p);
    stir_arena_clear(&arena);
    return value;
}

static inline void pa_expect(int line, int status, const char *code)
{
    if (pa_x.status != status || strcmp(pa_member("code"), code) != 0)
        fail_msg("line %d: %d %.200s, not %d \"%s\"", line, pa_x.status, pa_x.body_out ? pa_x.body_out : "", status, code);
}
#define PA_EXPECT(status, code) pa_expect(__LINE__, status, code)

static char pa_bearer[300];
/* Log in; the token of access is in pa_bearer. */
static inline int pa_log_in(const char *user, const char *password, int64_t now)
{
    char body[600];
    snprintf(body, sizeof(body), "{\"userId\":\"%s\",\"password\":\"%s\"}", user, password);
    int status = PA_ASK(.method = "POST", .path = "/api/v1/auth/login", .body = body, .now = now);
    snprintf(pa_bearer, sizeof(pa_bearer), "%.299s", pa_member("accessToken"));
    return status;
}
static inline void pa_log_in_well(void)
{
    if (pa_log_in("voice-user", "correct horse battery", PA_NOW) != 200)
        fail_msg("%.*s", (int)pa_x.n_out, pa_x.body_out);
}

#define PA_FINGERPRINT "SHA256 55:AB:8E:CC:BD:81:05:F1:F5:CD:69:CC:97:BB:D2:71:3E:99:30:A1:0F:1B:9B:B9:38:BC:12:E7:DF:F6:00:46"
#define PA_ATC(tkvalue, ca) "{\"atc\":{\"tktype\":\"TNAuthList\",\"tkvalue\":\"" tkvalue "\",\"ca\":" ca ",\"fingerprint\":\"" PA_FINGERPRINT "\"}}"
#define PA_709J "MAigBhYENzA5Sg"

static inline int64_t pa_count(const char *sql)
{
    return store_int(clerk.store, sql);
}

/* The PEM that a path gives, into `out`. */
static inline struct stir_slice pa_fetch(char *out, size_t cap, const char *path)
{
    int status = PA_ASK(.path = path);
    if (status != 200)
        fail_msg("%s: %d", path, status);
    assert_true(pa_x.n_out < cap);
    memcpy(out, pa_x.body_out, pa_x.n_out + 1);
    return stir_slice_of(out, pa_x.n_out);
}

#endif
