/* A certificate authority for the tests of orders and issuing: its rooms, called behind the door, on a store of the test's own. The administrator is that of
 * token_support.h; the signer's certificates come from a network that stands in for the real one. */
#ifndef STIR_TESTS_CA_ISSUE_SUPPORT_H
#define STIR_TESTS_CA_ISSUE_SUPPORT_H

#include "store_support.h"
#include "token_support.h"

#include <stir/lint.h>
#include <stir/net.h>

#include "service/ca_order.h"

#define CA_CODE "MAigBhYENzA5Sg" /* 709J */
enum { CA_DAY = 86400 };

struct ca_scene {
    struct token_room pa;
    struct stir_conf conf;
    struct stir_conf_profile profiles[3];
    struct stir_ca_memory memory;
    struct stir_ca ca;
    struct stir_clerk clerk;
    struct stir_key *root_key, *account[2], *subject;
    struct stir_cert *root;
    char account_id[2][STIR_ID], publish_dir[200];
    const char *binding; /* kid of the accounts' external account binding; NULL: they have none */
    struct stir_exchange x;
    json_t *json; /* the last answer's */
    int64_t now;
    unsigned jti;
};
static struct ca_scene sc;

/* --- the network that stands in --- */

static struct {
    struct stir_slice body; /* absent: it does not answer */
    bool at_hand;           /* from memory, at once */
    unsigned asked, waited;
    struct stir_net_answer *ready;
} ca_net;

static struct stir_net_answer *ca_net_answer(void)
{
    struct stir_net_answer *a = calloc(1, sizeof(*a));
    assert_non_null(a);
    a->reason = ca_net.body.p ? STIR_R_NONE : STIR_R_INFO_UNREACHABLE;
    a->body = ca_net.body;
    snprintf(a->detail, sizeof(a->detail), "%s", ca_net.body.p ? "" : "no route to it");
    return a;
}
enum stir_err __wrap_stir_net_start(struct stir_net *net, struct stir_slice url, enum stir_net_kind kind, size_t max_bytes, uint64_t id);
enum stir_err __wrap_stir_net_start(struct stir_net *net, struct stir_slice url, enum stir_net_kind kind, size_t max_bytes, uint64_t id)
{
    (void)net, (void)kind, (void)max_bytes, (void)id;
    assert_true(url.n > 8);
    ca_net.asked++;
    ca_net.ready = ca_net.at_hand ? ca_net_answer() : NULL;
    return STIR_OK;
}
enum stir_err __wrap_stir_net_next(struct stir_net *net, struct stir_net_answer **out);
enum stir_err __wrap_stir_net_next(struct stir_net *net, struct stir_net_answer **out)
{
    (void)net;
    *out = ca_net.ready;
    ca_net.ready = NULL;
    return STIR_OK;
}
enum stir_err __wrap_stir_net_get(struct stir_net *net, struct stir_slice url, enum stir_net_kind kind, size_t max_bytes, struct stir_net_answer **out);
enum stir_err __wrap_stir_net_get(struct stir_net *net, struct stir_slice url, enum stir_net_kind kind, size_t max_bytes, struct stir_net_answer **out)
{
    (void)net, (void)url, (void)kind, (void)max_bytes;
    ca_net.asked++;
    ca_net.waited++;
    *out = ca_net_answer();
    return STIR_OK;
}
void __wrap_stir_net_step(struct stir_net *net);
void __wrap_stir_net_step(struct stir_net *net)
{
    (void)net;
}
void __wrap_stir_net_answer_free(struct stir_net_answer *answer);
void __wrap_stir_net_answer_free(struct stir_net_answer *answer)
{
    free(answer);
}

/* The administrator of the same store. */
static struct {
    unsigned n;
    char serial[64];
    int reason;
    int64_t at, not_after;
} ca_revoked;
enum stir_err __wrap_stir_pa_revoke(struct stir_store *store, struct stir_slice issuer_der, const char *serial, int64_t at, int reason, int64_t not_after,
                                    const char *reporter, int64_t now);
enum stir_err __wrap_stir_pa_revoke(struct stir_store *store, struct stir_slice issuer_der, const char *serial, int64_t at, int reason, int64_t not_after,
                                    const char *reporter, int64_t now)
{
    (void)now;
    assert_non_null(store);
    assert_non_null(reporter);
    assert_true(issuer_der.n > 0);
    ca_revoked.n++;
    snprintf(ca_revoked.serial, sizeof(ca_revoked.serial), "%s", serial);
    ca_revoked.reason = reason;
    ca_revoked.at = at;
    ca_revoked.not_after = not_after;
    return STIR_OK;
}

/* --- the authority --- */

static const char *const ca_nothing[] = {NULL};
static char ca_crl_issuer[] = "CN=STI-PA CRL,O=STI-PA,C=US";

static void ca_configure(void)
{
    sc.profiles[0] = (struct stir_conf_profile){.name = "shaken", .kind = STIR_PROFILE_SHAKEN, .life = 90 * CA_DAY, .max_life = 365 * CA_DAY, .backdate = 3600};
    sc.profiles[1] =
        (struct stir_conf_profile){.name = "delegate", .kind = STIR_PROFILE_DELEGATE, .life = 30 * CA_DAY, .max_life = 60 * CA_DAY, .backdate = 3600};
    sc.profiles[2] = (struct stir_conf_profile){
        .name = "delegate-ca", .kind = STIR_PROFILE_DELEGATE_CA, .life = 90 * CA_DAY, .max_life = 365 * CA_DAY, .backdate = 3600, .path_len = 0};
    for (size_t i = 0; i < 3; i++)
        sc.profiles[i].must_include.items = sc.profiles[i].must_exclude.items = sc.profiles[i].permitted.items = sc.profiles[i].orgs.items = ca_nothing;
    sc.conf.profiles = sc.profiles;
    sc.conf.n_profiles = 3;
    sc.conf.store.node = "a";
    sc.conf.ca = (struct stir_conf_ca){
        .url = "https://ca.example/acme",
        .binding = STIR_TOKEN_BY_JWK,
        .terms = "",
        .website = "",
        .token_authority = "",
        .profile = "shaken",
        .order_life = 7 * CA_DAY,
        .authorization_life = 30 * CA_DAY,
        .crl_url = "https://pa.example/crl",
        .crl_issuer = ca_crl_issuer,
        .policy = "2.16.840.1.114569.1.1.4",
        .publish_dir = "",
        .publish_url = "https://cr.example/c",
        .report_url = "",
        .report_token = "",
        .tls_root = "",
    };
    sc.ca.conf = &sc.conf;
    sc.ca.pa_root = sc.pa.root_pem;
    sc.ca.memory = &sc.memory;
    snprintf(sc.ca.base, sizeof(sc.ca.base), "%s", sc.conf.ca.url);
    sc.ca.path = "/acme";
    sc.ca.crl_issuer = ca_crl_issuer;
}

static void ca_make_chain(void)
{
    struct stir_cert_params p = STIR_CERT_PARAMS_INIT;
    struct stir_diag diag = {0};
    assert_err(stir_key_generate(&sc.root_key), STIR_OK);
    assert_err(stir_key_generate(&sc.ca.key), STIR_OK);
    struct stir_key_signer held = {sc.root_key, sc.pa.ctx};
    struct stir_signer signer = stir_signer_of_key(&held);
    p.role = STIR_CERT_ROOT;
    p.cn = S("SHAKEN ROOT");
    p.o = S("CA");
    p.c = S("US");
    p.not_before = TOKEN_NOW - 10 * CA_DAY;
    p.not_after = TOKEN_NOW + 1000 * CA_DAY;
    if (stir_cert_make(&sc.root, &p, &signer, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
    p.role = STIR_CERT_INTERMEDIATE;
    p.cn = S("SHAKEN intermediate");
    p.key = sc.ca.key;
    p.issuer = sc.root;
    p.not_after = TOKEN_NOW + 200 * CA_DAY;
    p.crl_url = S("https://pa.example/crl");
    p.crl_issuer = S("CN=STI-PA CRL,O=STI-PA,C=US");
    p.policy = S("2.16.840.1.114569.1.1.4");
    if (stir_cert_make(&sc.ca.chain[0], &p, &signer, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
    sc.ca.chain[1] = stir_cert_ref(sc.root);
    sc.ca.n_chain = 2;
    snprintf(sc.ca.issuer, sizeof(sc.ca.issuer), "%064d", 7);
}

static enum stir_err ca_insert_account(struct stir_store *store, void *arg)
{
    const unsigned *i = arg;
    unsigned char thumbprint[STIR_SHA256];
    TRY(stir_ca_thumbprint(thumbprint, sc.account[*i]));
    return stir_store_do(store,
                         "INSERT INTO acme_accounts (id, thumbprint, spki, status, contacts, agreed, binding, created, updated)"
                         " VALUES ($1, $2, $3, 'valid', '[]', 0, NULL, 0, 0)",
                         STIR_VALUES(stir_store_str(sc.account_id[*i]), stir_store_bytes(stir_slice_of(thumbprint, sizeof(thumbprint))),
                                     stir_store_bytes(stir_key_spki(sc.account[*i]))),
                         NULL);
}

static void ca_insert_accounts(void)
{
    struct stir_diag diag = {0};
    for (unsigned i = 0; i < 2; i++) {
        assert_err(stir_key_generate(&sc.account[i]), STIR_OK);
        assert_err(stir_id_new(sc.account_id[i]), STIR_OK);
        if (stir_store_transact(sc.clerk.store, ca_insert_account, &i, &diag) != STIR_OK)
            fail_msg("%s", diag.text);
    }
}

static inline int ca_open(void **state)
{
    (void)state;
    memset(&sc, 0, sizeof(sc));
    memset(&ca_net, 0, sizeof(ca_net));
    memset(&ca_revoked, 0, sizeof(ca_revoked));
    token_room_open(&sc.pa);
    sc.now = TOKEN_NOW;
    ca_configure();
    ca_make_chain();
    pthread_mutex_init(&sc.ca.net_lock, NULL);
    pthread_mutex_init(&sc.memory.lock, NULL);
    store_place();
    snprintf(sc.publish_dir, sizeof(sc.publish_dir), "%s", folder);
    sc.conf.ca.publish_dir = sc.publish_dir;
    sc.clerk = (struct stir_clerk){.store = store_again(&stir_schema), .ctx = sc.pa.ctx, .node = "a"};
    ca_insert_accounts();
    assert_err(stir_key_generate(&sc.subject), STIR_OK);
    ca_net.at_hand = true;
    ca_net.body = sc.pa.signer_pem;
    return 0;
}

static inline int ca_close(void **state)
{
    (void)state;
    json_decref(sc.json);
    stir_exchange_clear(&sc.x);
    stir_store_close(sc.clerk.store);
    for (int i = 0; i < 2; i++)
        stir_key_free(sc.account[i]);
    stir_key_free(sc.subject);
    stir_key_free(sc.root_key);
    stir_key_free(sc.ca.key);
    stir_cert_free(sc.ca.chain[0]);
    stir_cert_free(sc.ca.chain[1]);
    stir_cert_free(sc.root);
    pthread_mutex_destroy(&sc.ca.net_lock);
    pthread_mutex_destroy(&sc.memory.lock);
    token_room_close(&sc.pa);
    folder_remove();
    return 0;
}

/* --- requests, as the door lets them in --- */

/* `payload` NULL: POST-as-GET. */
static int ca_ask(unsigned account, void (*room)(struct stir_ca_request *r), const char *id, const char *rest, const char *payload)
{
    struct stir_ca_request r = {.ca = &sc.ca, .clerk = &sc.clerk, .x = &sc.x};
    stir_exchange_clear(&sc.x);
    memset(&sc.x, 0, sizeof(sc.x));
    sc.x.now = sc.now;
    sc.x.method = S("POST");
    snprintf(sc.x.peer, sizeof(sc.x.peer), "192.0.2.1");
    r.rest[0] = S(id ? id : "");
    r.rest[1] = rest ? S(rest) : (struct stir_slice){NULL, 0};
    r.post_as_get = payload == NULL;
    r.key = sc.account[account];
    snprintf(r.account.id, sizeof(r.account.id), "%s", sc.account_id[account]);
    snprintf(r.account.status, sizeof(r.account.status), "valid");
    snprintf(r.account.binding, sizeof(r.account.binding), "%s", sc.binding ? sc.binding : "");
    r.account.key = sc.account[account];
    if (payload)
        assert_err(stir_json_parse(&r.jws.payload, S(payload), NULL, NULL), STIR_OK);
    room(&r);
    assert_true(r.answered);
    stir_arena_clear(&r.arena);
    json_decref(sc.json);
    sc.json = sc.x.body_out ? json_loadb(sc.x.body_out, sc.x.n_out, 0, NULL) : NULL;
    return sc.x.status;
}

static inline const char *ca_field(const char *name)
{
    for (size_t i = 0; i < sc.x.n_fields; i++)
        if (strcmp(sc.x.fields[i].name, name) == 0)
            return sc.x.fields[i].value;
    return "";
}
static inline const char *ca_text(const char *name)
{
    const char *text = json_string_value(json_object_get(sc.json, name));
    return text ? text : "";
}
/* What stands behind the last '/' of a URL, or before "/finalize". */
static inline void ca_id(char id[STIR_ID], const char *url)
{
    const char *slash = strrchr(url, '/');
    assert_non_null(slash);
    snprintf(id, STIR_ID, "%s", slash + 1);
}

#define assert_problem(wanted, name, words)                                                                                    \
    do {                                                                                                                       \
        if (sc.x.status != (wanted) || !strstr(ca_text("type"), ":error:" name) || !strstr(ca_text("detail"), words))          \
            fail_msg("%d %s, wanted %d %s with \"%s\"", sc.x.status, sc.x.body_out ? sc.x.body_out : "", wanted, name, words); \
    } while (0)
#define assert_status(wanted_status)                                                                      \
    do {                                                                                                  \
        if (sc.x.status != (wanted_status))                                                               \
            fail_msg("%d %s, wanted %d", sc.x.status, sc.x.body_out ? sc.x.body_out : "", wanted_status); \
    } while (0)

/* --- the steps of an order --- */

struct ca_order {
    unsigned account;
    char id[STIR_ID], authorization[STIR_ID], challenge[STIR_ID];
};

static inline void ca_order_of(struct ca_order *o, unsigned account, const char *payload)
{
    *o = (struct ca_order){.account = account};
    ca_ask(account, stir_ca_new_order, NULL, NULL, payload);
    assert_status(201);
    ca_id(o->id, ca_field("Location"));
    ca_id(o->authorization, json_string_value(json_array_get(json_object_get(sc.json, "authorizations"), 0)));
    ca_ask(account, stir_ca_authorization, o->authorization, NULL, NULL);
    assert_status(200);
    ca_id(o->challenge, json_string_value(json_object_get(json_array_get(json_object_get(sc.json, "challenges"), 0), "url")));
}
#define CA_ORDER "{\"identifiers\":[{\"type\":\"TNAuthList\",\"value\":\"" CA_CODE "\"}]}"

/* A good token of the administrator for an account's key; the caller changes what the test is about. */
static inline struct stir_token_params ca_token(unsigned account)
{
    static char fingerprint[STIR_TOKEN_FINGERPRINT_TEXT], jti[32];
    struct stir_token_params p = token_params(&sc.pa);
    assert_err(stir_token_fingerprint(fingerprint, sizeof(fingerprint), sc.account[account], STIR_TOKEN_BY_JWK), STIR_OK);
    snprintf(jti, sizeof(jti), "jti-%u", ++sc.jti);
    p.fingerprint = stir_slice_str(fingerprint);
    p.jti = stir_slice_str(jti);
    p.iat = sc.now;
    p.exp = sc.now + 3600;
    return p;
}

static inline int ca_respond_text(const struct ca_order *o, const char *member, struct stir_slice token)
{
    static char payload[20000];
    snprintf(payload, sizeof(payload), "{\"%s\":\"%.*s\"}", member, (int)token.n, token.p);
    return ca_ask(o->account, stir_ca_challenge, o->challenge, NULL, payload);
}
static inline int ca_respond(const struct ca_order *o, const struct stir_token_params *p)
{
    char token[STIR_MAX_AUTHORITY + 1];
    size_t n = 0;
    assert_err(stir_token_make(token, sizeof(token), &n, p, &sc.pa.signer, NULL), STIR_OK);
    return ca_respond_text(o, "tkauth", stir_slice_of(token, n));
}
static inline void ca_prove(const struct ca_order *o)
{
    struct stir_token_params p = ca_token(o->account);
    ca_respond(o, &p);
    if (sc.x.status != 200 || strcmp(ca_text("status"), "valid") != 0)
        fail_msg("%d %s", sc.x.status, sc.x.body_out);
}

/* A request with what is asked for; the caller changes it. */
static inline struct stir_cert_params ca_wanted(void)
{
    struct stir_cert_params p = STIR_CERT_PARAMS_INIT;
    p.cn = S("SHAKEN 709J");
    p.o = S("Provider");
    p.c = S("US");
    p.tnauth = sc.pa.list;
    return p;
}
static inline int ca_finalize_der(const struct ca_order *o, struct stir_slice der)
{
    static char payload[STIR_MAX_CERT * 2];
    struct stir_writer w = stir_writer_of(payload, sizeof(payload) - 1);
    stir_put_text(&w, "{\"csr\":\"");
    stir_put_b64url(&w, der);
    stir_put_text(&w, "\"}");
    assert_err(stir_writer_close(&w, NULL), STIR_OK);
    return ca_ask(o->account, stir_ca_finalize, o->id, "finalize", payload);
}
static inline int ca_finalize(const struct ca_order *o, const struct stir_cert_params *p, struct stir_key *key)
{
    struct stir_csr *csr = NULL;
    struct stir_diag diag = {0};
    struct stir_key_signer held = {key, sc.pa.ctx};
    struct stir_signer signer = stir_signer_of_key(&held);
    if (stir_csr_make(&csr, p, &signer, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
    int status = ca_finalize_der(o, stir_csr_info(csr)->der);
    stir_csr_free(csr);
    return status;
}

/* The chain of an order's certificate; the caller frees. */
static inline struct stir_cert *ca_download(const struct ca_order *o)
{
    struct stir_cert *certs[4];
    size_t n = 0;
    ca_ask(o->account, stir_ca_certificate, o->id, NULL, NULL);
    assert_status(200);
    assert_string_equal(sc.x.type, "application/pem-certificate-chain");
    assert_err(stir_certs_parse(certs, 4, &n, stir_slice_of(sc.x.body_out, sc.x.n_out), NULL), STIR_OK);
    assert_int_equal(n, 2); /* the root is the verifier's own */
    assert_err(stir_cert_signed_by(certs[0], certs[1]), STIR_OK);
    stir_cert_free(certs[1]);
    return certs[0];
}

/* All of it. */
static inline void ca_whole(struct ca_order *o, unsigned account, struct stir_key *key)
{
    struct stir_cert_params p = ca_wanted();
    ca_order_of(o, account, CA_ORDER);
    ca_prove(o);
    ca_finalize(o, &p, key);
    assert_status(200);
    assert_string_equal(ca_text("status"), "valid");
}

#endif
