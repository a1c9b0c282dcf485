/* Accounts of the certificate authority under test: one client, its account, credentials that bind it. */
#ifndef STIR_TESTS_ACME_ACCOUNT_H
#define STIR_TESTS_ACME_ACCOUNT_H

#include "acme_support.h"

#include "service/audit.h"
#include "service/ca_parts.h"

static struct acme_client client;

static int set_up(void **state)
{
    (void)state;
    acme_begin();
    acme_client_new(&client);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    acme_client_free(&client);
    acme_end();
    return 0;
}

static inline int64_t audited(const char *event)
{
    char sql[200];
    snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM audit WHERE event = '%s'", event);
    return acme_count(sql);
}

/* The client's account from now on. */
static inline void adopt(struct acme_client *who)
{
    assert_non_null(acme_field("Location"));
    snprintf(who->kid, sizeof(who->kid), "%s", acme_field("Location"));
}

static inline void sign_up(struct acme_client *who)
{
    acme_post(who, "/new-account", "{\"contact\":[\"mailto:noc@example.com\"]}");
    assert_answer("sign up", 201, "");
    adopt(who);
}

/* An order as the rooms of orders make one. */
static inline void put_order(const char *id, const char *account_url, const char *status, long long created)
{
    char sql[1500];
    const char *account = strrchr(account_url, '/') + 1;
    snprintf(sql, sizeof(sql),
             "INSERT INTO acme_orders (id, account, status, type, value, tnauth, profile, not_before, not_after, expires, created)"
             " VALUES ('%s', '%s', '%s', 'TNAuthList', 'x', '', 'shaken', 0, 0, %lld, %lld)",
             id, account, status, created + 100000, created);
    store_sql(acme.clerk.store, sql);
    snprintf(
        sql, sizeof(sql),
        "INSERT INTO acme_authorizations (id, order_id, account, status, type, value, tnauth, expires, created, challenge, token, challenge_status, validated,"
        " answered, ca) VALUES ('a%s', '%s', '%s', '%s', 'TNAuthList', 'x', '', %lld, %lld, 'c%s', 't', '%s', 0, 0, 0)",
        id, id, account, strcmp(status, "pending") == 0 ? "pending" : "valid", created + 100000, created, id,
        strcmp(status, "pending") == 0 ? "processing" : "valid");
    store_sql(acme.clerk.store, sql);
}

struct credential {
    char kid[STIR_ID], mac[STIR_CA_BINDING_MAC];
    unsigned char key[STIR_CA_BINDING_KEY];
};

static inline void give_credential(struct credential *c, const char *const *codes, size_t n)
{
    struct stir_ca_binding binding = {.name = "Provider \"One\"", .codes = codes, .n_codes = n};
    struct stir_diag diag = {0};
    size_t len;
    if (stir_ca_binding_add(&acme.clerk, &binding, "user root", acme.now, c->kid, c->mac, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
    assert_int_equal(strlen(c->mac), STIR_CA_BINDING_MAC - 1);
    assert_err(stir_b64url_decode(c->key, &len, S(c->mac)), STIR_OK);
}

/* A binding's JWS. */
static inline const char *binding_jws(const char *kid, const char *url, const struct stir_key *account, const unsigned char key[STIR_CA_BINDING_KEY])
{
    static char text[2048];
    struct stir_writer w = stir_writer_of(text, sizeof(text));
    assert_err(stir_eab_put(&w, S(kid), S(url), account, stir_slice_of(key, STIR_CA_BINDING_KEY)), STIR_OK);
    assert_err(stir_writer_close(&w, NULL), STIR_OK);
    return text;
}

#endif
