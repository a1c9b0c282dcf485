/* Orders, authorizations and challenges (RFC 8555 §7.4 to §7.5, RFC 9448), which are one subject, what comes before a request: each state, each refusal. */
#include "ca_issue_support.h"

/* --- orders --- */

static void an_order_becomes_a_certificate(void **state) /*= RFC8555-7.4 test */
{
    (void)state;
    struct ca_order o;
    struct stir_cert_params wanted = ca_wanted();
    ca_order_of(&o, 0, CA_ORDER);
    ca_ask(0, stir_ca_order, o.id, NULL, NULL);
    assert_string_equal(ca_text("status"), "pending");
    assert_string_equal(ca_text("profile"), "shaken");
    assert_string_equal(ca_text("expires"), "2026-06-08T00:00:00Z");
    ca_prove(&o);
    ca_ask(0, stir_ca_order, o.id, NULL, NULL);
    assert_string_equal(ca_text("status"), "ready");
    assert_null(json_object_get(sc.json, "certificate"));
    ca_finalize(&o, &wanted, sc.subject);
    assert_status(200);
    assert_string_equal(ca_text("status"), "valid");
    struct stir_cert *cert = ca_download(&o);
    const struct stir_cert_info *info = stir_cert_info(cert);
    assert_slice(info->cn, "SHAKEN 709J");
    assert_slice(info->o, "Provider");
    assert_int_equal(info->not_before, sc.now - 3600);
    assert_int_equal(info->not_after, sc.now - 3600 + 90 * CA_DAY - 1);
    assert_int_equal(info->serial.n, 16);
    char x5u[200];
    snprintf(x5u, sizeof(x5u), "https://cr.example/c/%s.pem", info->serial_hex);
    ca_ask(0, stir_ca_order, o.id, NULL, NULL);
    assert_string_equal(ca_text("x5u"), x5u); /*= RFC9448-7 test */
    stir_cert_free(cert);
}

static void identifiers_that_cannot_be_ordered_are_told_one_by_one(void **state) /*= RFC8555-6.7.1 test */
{
    static const struct {
        const char *payload, *name, *words;
        int status;
        size_t subproblems;
    } rows[] = {
        {"{}", "malformed", "\"identifiers\"", 400, 0},
        {"{\"identifiers\":{}}", "malformed", "\"identifiers\"", 400, 0},
        {"{\"identifiers\":[]}", "malformed", "exactly one identifier", 400, 0},
        {"{\"identifiers\":[1]}", "malformed", "an identifier is an object", 400, 0},
        {"{\"identifiers\":[{\"type\":\"TNAuthList\"}]}", "malformed", "an identifier is an object", 400, 0},
        {"{\"identifiers\":[{\"type\":\"TNAuthList\",\"value\":7}]}", "malformed", "an identifier is an object", 400, 0},
        {"{\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.example\"}]}", "unsupportedIdentifier", "TNAuthList", 400, 1},
        {"{\"identifiers\":[{\"type\":\"TNAuthList\",\"value\":\"!\"}]}", "rejectedIdentifier", "base64url", 403, 1},
        {"{\"identifiers\":[{\"type\":\"TNAuthList\",\"value\":\"MIEBoA\"}]}", "rejectedIdentifier", "DER", 403, 1},
        {"{\"identifiers\":[{\"type\":\"TNAuthList\",\"value\":\"MAigBhYENzA5ag\"}]}", "rejectedIdentifier", "upper-case", 403, 1}, /* 709j */
        {"{\"identifiers\":[{\"type\":\"TNAuthList\",\"value\":\"MA-iDRYLMTIxNTU1NTEyMTI\"}]}", "rejectedIdentifier", "exactly one service provider code", 403,
         1},
        {"{\"identifiers\":[{\"type\":\"TNAuthList\",\"value\":\"" CA_CODE "\"},{\"type\":\"TNAuthList\",\"value\":\"MAigBhYEMTIzNA\"}]}", "malformed",
         "exactly one identifier", 400, 0},
        {"{\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.example\"},{\"type\":\"ip\",\"value\":\"192.0.2.1\"}]}", "unsupportedIdentifier", "2 faults", 400,
         2},
        {"{\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.example\"},{\"type\":\"TNAuthList\",\"value\":\"!\"}]}", "compound", "2 faults", 400, 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ca_ask(0, stir_ca_new_order, NULL, NULL, rows[i].payload);
        assert_problem(rows[i].status, "", rows[i].words);
        if (!strstr(ca_text("type"), rows[i].name))
            fail_msg("%s: %s, wanted %s", rows[i].payload, ca_text("type"), rows[i].name);
        assert_int_equal(json_array_size(json_object_get(sc.json, "subproblems")), rows[i].subproblems);
    }
    const json_t *second = json_array_get(json_object_get(sc.json, "subproblems"), 1);
    assert_string_equal(json_string_value(json_object_get(json_object_get(second, "identifier"), "value")), "!");
    assert_null(json_object_get(sc.json, "identifier"));
    assert_int_equal(store_int(sc.clerk.store, "SELECT COUNT(*) FROM acme_orders"), 0);
}

static void a_list_is_taken_in_each_spelling_and_echoed_as_it_was_sent(void **state)
{
    static const char *const spellings[] = {"MA-iDRYLMTIxNTU1NTEyMTI", "MA-iDRYLMTIxNTU1NTEyMTI=", "MA+iDRYLMTIxNTU1NTEyMTI", "MA+iDRYLMTIxNTU1NTEyMTI="};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        char payload[200];
        snprintf(payload, sizeof(payload), "{\"profile\":\"delegate\",\"identifiers\":[{\"type\":\"TNAuthList\",\"value\":\"%s\"}]}", spellings[i]);
        ca_ask(0, stir_ca_new_order, NULL, NULL, payload);
        assert_status(201);
        const json_t *identifier = json_array_get(json_object_get(sc.json, "identifiers"), 0);
        assert_string_equal(json_string_value(json_object_get(identifier, "value")), spellings[i]);
    }
    assert_int_equal(store_int(sc.clerk.store, "SELECT COUNT(DISTINCT tnauth) FROM acme_orders"), 1);
}

static void a_list_that_is_not_in_its_one_form_is_refused(void **state)
{
    (void)state;
    /* a range with a third member, which the reader bears */
    ca_ask(0, stir_ca_new_order, NULL, NULL,
           "{\"profile\":\"delegate\",\"identifiers\":[{\"type\":\"TNAuthList\",\"value\":\"MBihFjAUFgsxMjE1NTU1MTAwMAICA-gCAQE\"}]}");
    assert_problem(403, "rejectedIdentifier", "one DER form");
}

static void profiles_are_chosen_by_name(void **state)
{
    (void)state;
    ca_ask(0, stir_ca_new_order, NULL, NULL, "{\"profile\":\"nothing\",\"identifiers\":[{\"type\":\"TNAuthList\",\"value\":\"" CA_CODE "\"}]}");
    assert_problem(400, "malformed", "no such profile");
    ca_ask(0, stir_ca_new_order, NULL, NULL, "{\"profile\":7,\"identifiers\":[{\"type\":\"TNAuthList\",\"value\":\"" CA_CODE "\"}]}");
    assert_problem(400, "malformed", "\"profile\" is no string");
    ca_ask(0, stir_ca_new_order, NULL, NULL, "{\"profile\":\"delegate\",\"identifiers\":[{\"type\":\"TNAuthList\",\"value\":\"" CA_CODE "\"}]}");
    assert_status(201);
    assert_string_equal(ca_text("profile"), "delegate");
}

#define TIMED(times) "{\"identifiers\":[{\"type\":\"TNAuthList\",\"value\":\"" CA_CODE "\"}]," times "}"

static void times_that_are_asked_for_are_those_of_the_certificate(void **state)
{
    (void)state;
    struct ca_order o;
    struct stir_cert_params wanted = ca_wanted();
    ca_order_of(&o, 0, TIMED("\"notBefore\":\"2026-06-01T02:00:00+02:00\",\"notAfter\":\"2026-06-11T00:00:00Z\""));
    ca_ask(0, stir_ca_order, o.id, NULL, NULL);
    assert_string_equal(ca_text("notBefore"), "2026-06-01T00:00:00Z");
    assert_string_equal(ca_text("notAfter"), "2026-06-11T00:00:00Z");
    ca_prove(&o);
    sc.now += 100;
    ca_finalize(&o, &wanted, sc.subject);
    assert_status(200);
    struct stir_cert *cert = ca_download(&o);
    assert_int_equal(stir_cert_info(cert)->not_before, TOKEN_NOW);
    assert_int_equal(stir_cert_info(cert)->not_after, TOKEN_NOW + 10 * CA_DAY);
    stir_cert_free(cert);
}

/* What was taken is issued for as long as the order says that it holds: the time that goes by meanwhile is no fault of the request. */
static void a_not_before_that_was_taken_holds_until_the_order_is_over(void **state)
{
    (void)state;
    struct ca_order o;
    struct stir_cert_params wanted = ca_wanted();
    ca_order_of(&o, 0, TIMED("\"notBefore\":\"2026-05-31T06:00:00Z\""));
    ca_prove(&o);
    sc.now += 6 * CA_DAY; /* of the seven that it has */
    ca_finalize(&o, &wanted, sc.subject);
    assert_status(200);
    struct stir_cert *cert = ca_download(&o);
    assert_int_equal(stir_cert_info(cert)->not_before, TOKEN_NOW - CA_DAY * 3 / 4);
    stir_cert_free(cert);
}

static void times_that_cannot_be_are_refused_when_they_are_asked_for(void **state)
{
    static const struct {
        const char *payload, *words;
    } rows[] = {
        {TIMED("\"notBefore\":7"), "no string"},
        {TIMED("\"notBefore\":\"yesterday\""), "no time of RFC 3339"},
        {TIMED("\"notAfter\":\"1780272000\""), "no time of RFC 3339"},
        {TIMED("\"notBefore\":\"2026-05-30T00:00:00Z\""), "notBefore lies more than"},
        {TIMED("\"notBefore\":\"2026-08-01T00:00:00Z\""), "30 days ahead"},
        {TIMED("\"notAfter\":\"2026-05-30T00:00:00Z\""), "notAfter is past"},
        {TIMED("\"notBefore\":\"2026-06-03T00:00:00Z\",\"notAfter\":\"2026-06-02T00:00:00Z\""), "not later"},
        {TIMED("\"notAfter\":\"2028-06-01T00:00:00Z\""), "at most 31536000 seconds"},
        {TIMED("\"notAfter\":\"2027-03-01T00:00:00Z\""), "later than that of this authority"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ca_ask(0, stir_ca_new_order, NULL, NULL, rows[i].payload);
        assert_problem(400, "malformed", rows[i].words);
    }
}

/* Without a notAfter the certificate ends with its issuer. */
static void no_certificate_outlives_its_issuer(void **state)
{
    (void)state;
    struct ca_order o;
    sc.now = TOKEN_NOW + 150 * CA_DAY;
    sc.profiles[0].life = 100 * CA_DAY;
    char why[100];
    int64_t before, after;
    assert_true(stir_ca_profile_times(&sc.ca, &sc.profiles[0], sc.now, sc.now, 0, 0, &before, &after, why, sizeof(why)));
    assert_int_equal(after, stir_cert_info(sc.ca.chain[0])->not_after);
    sc.now = TOKEN_NOW + 200 * CA_DAY;
    ca_ask(0, stir_ca_new_order, NULL, NULL, CA_ORDER);
    assert_problem(400, "malformed", "over: nothing is issued");
    (void)o;
}

static void what_is_anothers_does_not_exist(void **state)
{
    (void)state;
    struct ca_order o;
    struct stir_cert_params wanted = ca_wanted();
    ca_order_of(&o, 0, CA_ORDER);
    o.account = 1;
    ca_ask(1, stir_ca_order, o.id, NULL, NULL);
    assert_problem(404, "malformed", "no such order");
    ca_ask(1, stir_ca_authorization, o.authorization, NULL, NULL);
    assert_problem(404, "malformed", "no such authorization");
    ca_ask(1, stir_ca_authorization, o.authorization, NULL, "{\"status\":\"deactivated\"}");
    assert_problem(404, "malformed", "no such authorization");
    struct stir_token_params p = ca_token(0);
    ca_respond(&o, &p);
    assert_problem(404, "malformed", "no such challenge");
    ca_finalize(&o, &wanted, sc.subject);
    assert_problem(404, "malformed", "no such order");
    ca_whole(&o, 0, sc.subject);
    ca_ask(1, stir_ca_certificate, o.id, NULL, NULL);
    assert_problem(404, "malformed", "no such certificate");
    ca_ask(0, stir_ca_order, "nothing", NULL, NULL);
    assert_problem(404, "malformed", "no such order");
}

static void an_order_that_is_over_is_invalid_and_its_authorization_expired(void **state) /*= RFC8555-7.1.6 test */
{
    (void)state;
    struct ca_order pending, ready;
    struct stir_cert_params wanted = ca_wanted();
    ca_order_of(&pending, 0, CA_ORDER);
    ca_order_of(&ready, 0, CA_ORDER);
    ca_prove(&ready);
    sc.now += 7 * CA_DAY - 1;
    ca_ask(0, stir_ca_order, pending.id, NULL, NULL);
    assert_string_equal(ca_text("status"), "pending");
    sc.now++;
    for (int written = 0; written < 2; written++) { /* as it reads, and as the chore writes it */
        ca_ask(0, stir_ca_order, pending.id, NULL, NULL);
        assert_string_equal(ca_text("status"), "invalid");
        assert_non_null(json_object_get(sc.json, "error"));
        ca_ask(0, stir_ca_authorization, pending.authorization, NULL, NULL);
        assert_string_equal(ca_text("status"), "expired");
        ca_ask(0, stir_ca_order, ready.id, NULL, NULL);
        assert_string_equal(ca_text("status"), "invalid");
        struct stir_token_params p = ca_token(0);
        ca_respond(&pending, &p);
        assert_status(200);
        assert_string_equal(ca_text("status"), "invalid");
        ca_finalize(&ready, &wanted, sc.subject);
        assert_problem(403, "orderNotReady", "\"invalid\"");
        stir_ca_order_chores(&sc.ca, &sc.clerk, sc.now);
    }
    assert_int_equal(store_int(sc.clerk.store, "SELECT COUNT(*) FROM acme_orders WHERE status = 'invalid'"), 2);
    assert_int_equal(store_int(sc.clerk.store, "SELECT COUNT(*) FROM certificates"), 0);
}

static void limits_hold_for_accounts_and_for_codes(void **state)
{
    (void)state;
    sc.conf.ca.orders_per_account = 2;
    ca_ask(0, stir_ca_new_order, NULL, NULL, CA_ORDER);
    assert_status(201);
    ca_ask(0, stir_ca_new_order, NULL, NULL, CA_ORDER);
    assert_status(201);
    ca_ask(0, stir_ca_new_order, NULL, NULL, CA_ORDER);
    assert_problem(429, "rateLimited", "within an hour");
    assert_true(ca_field("Retry-After")[0] != '\0');
    sc.conf.ca.orders_per_account = 0;
    sc.conf.ca.orders_per_code = 1;
    struct stir_cert_params wanted = ca_wanted();
    struct ca_order first, second;
    ca_ask(1, stir_ca_new_order, NULL, NULL, CA_ORDER); /* mere orders count nothing against a code: anybody can make them */
    assert_status(201);
    ca_order_of(&first, 0, CA_ORDER);
    ca_order_of(&second, 0, CA_ORDER);
    ca_prove(&first);
    ca_prove(&second);
    ca_finalize(&first, &wanted, sc.subject);
    assert_status(200);
    ca_finalize(&second, &wanted, sc.subject);
    assert_problem(429, "rateLimited", "certificates for one code within an hour");
    sc.now += 3600;
    ca_finalize(&second, &wanted, sc.subject);
    assert_status(200);
}

/* An account by whose binding the operator allows some codes. */
static void ask_bound(void (*room)(struct stir_ca_request *r), const char *payload)
{
    struct stir_ca_request r = {.ca = &sc.ca, .clerk = &sc.clerk, .x = &sc.x};
    stir_exchange_clear(&sc.x);
    sc.x.now = sc.now;
    snprintf(r.account.id, sizeof(r.account.id), "%s", sc.account_id[0]);
    snprintf(r.account.binding, sizeof(r.account.binding), "kid-1");
    assert_err(stir_json_parse(&r.jws.payload, S(payload), NULL, NULL), STIR_OK);
    room(&r);
    stir_arena_clear(&r.arena);
    json_decref(sc.json);
    sc.json = json_loadb(sc.x.body_out, sc.x.n_out, 0, NULL);
}

static void a_binding_limits_the_codes_that_are_ordered(void **state)
{
    (void)state;
    store_sql(sc.clerk.store,
              "INSERT INTO acme_bindings (kid, mac, name, codes, state, account, created) VALUES ('kid-1', 'x', 'p', '[\"1234\"]', 'used', NULL, 0)");
    ask_bound(stir_ca_new_order, CA_ORDER);
    assert_problem(403, "rejectedIdentifier", "does not cover");
    ask_bound(stir_ca_new_order, "{\"identifiers\":[{\"type\":\"TNAuthList\",\"value\":\"MAigBhYEMTIzNA\"}]}");
    assert_status(201);
    store_sql(sc.clerk.store, "UPDATE acme_bindings SET codes = '[]'");
    ask_bound(stir_ca_new_order, CA_ORDER);
    assert_status(201);
    store_sql(sc.clerk.store, "UPDATE acme_bindings SET state = 'revoked'");
    ask_bound(stir_ca_new_order, CA_ORDER);
    assert_problem(401, "unauthorized", "revoked");
}

/* What was ordered before the operator took the binding back is not issued after. */
static void a_binding_that_was_taken_back_gives_no_certificate(void **state)
{
    (void)state;
    struct ca_order o;
    struct stir_cert_params wanted = ca_wanted();
    store_sql(sc.clerk.store, "INSERT INTO acme_bindings (kid, mac, name, codes, state, account, created) VALUES ('kid-1', 'x', 'p', '[]', 'active', NULL, 0)");
    sc.binding = "kid-1";
    ca_order_of(&o, 0, CA_ORDER);
    ca_prove(&o);
    store_sql(sc.clerk.store, "UPDATE acme_bindings SET state = 'revoked'");
    ca_finalize(&o, &wanted, sc.subject);
    assert_problem(401, "unauthorized", "revoked");
    assert_int_equal(store_int(sc.clerk.store, "SELECT COUNT(*) FROM certificates"), 0);
    store_sql(sc.clerk.store, "UPDATE acme_bindings SET state = 'active'");
    ca_finalize(&o, &wanted, sc.subject);
    assert_status(200);
}

/* --- authorizations and challenges --- */

static void an_authorization_that_is_given_back_authorises_nothing(void **state) /*= RFC8555-7.5.2 test */
{
    (void)state;
    struct ca_order o;
    struct stir_cert_params wanted = ca_wanted();
    ca_order_of(&o, 0, CA_ORDER);
    ca_prove(&o);
    ca_ask(0, stir_ca_authorization, o.authorization, NULL, "{\"status\":\"valid\"}");
    assert_problem(400, "malformed", "deactivated");
    ca_ask(0, stir_ca_authorization, o.authorization, NULL, "{\"status\":\"deactivated\"}");
    assert_status(200);
    assert_string_equal(ca_text("status"), "deactivated");
    ca_finalize(&o, &wanted, sc.subject);
    assert_problem(403, "orderNotReady", "\"invalid\"");
    ca_order_of(&o, 0, CA_ORDER);
    ca_ask(0, stir_ca_authorization, o.authorization, NULL, "{\"status\":\"deactivated\"}"); /* not proven yet */
    assert_string_equal(ca_text("status"), "deactivated");
    struct stir_token_params p = ca_token(0);
    ca_respond(&o, &p);
    assert_string_equal(ca_text("status"), "invalid");
}

static void a_challenge_says_what_it_is(void **state) /*= RFC9448-4 test */
{
    (void)state;
    struct ca_order o;
    sc.conf.ca.token_authority = "https://pa.example";
    ca_order_of(&o, 0, CA_ORDER);
    ca_ask(0, stir_ca_challenge, o.challenge, NULL, NULL);
    assert_string_equal(ca_text("type"), "tkauth-01");
    assert_string_equal(ca_text("tkauth-type"), "atc");
    assert_string_equal(ca_text("token-authority"), "https://pa.example");
    assert_string_equal(ca_text("status"), "pending");
    assert_true(strlen(ca_text("token")) >= 22); /* 128 bits (RFC 8555 §8.3) */
    assert_non_null(strstr(ca_field("Link"), "rel=\"up\""));
    sc.conf.ca.token_authority = "";
    ca_ask(0, stir_ca_challenge, o.challenge, NULL, NULL);
    assert_null(json_object_get(sc.json, "token-authority"));
}

static void a_response_has_one_token_in_either_member(void **state)
{
    static const struct {
        const char *payload, *words;
    } rows[] = {
        {"{}", "no token"},
        {"{\"tkauth\":7}", "\"tkauth\" is no string"},
        {"{\"atc\":{}}", "\"atc\" is no string"},
        {"{\"tkauth\":\"a\",\"atc\":\"b\"}", "they differ"},
    };
    (void)state;
    struct ca_order o;
    ca_order_of(&o, 0, CA_ORDER);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ca_ask(0, stir_ca_challenge, o.challenge, NULL, rows[i].payload);
        assert_problem(400, "malformed", rows[i].words);
        ca_ask(0, stir_ca_challenge, o.challenge, NULL, NULL); /* a slip of the pen costs no order */
        assert_string_equal(ca_text("status"), "pending");
    }
    struct stir_token_params p = ca_token(0);
    char token[STIR_MAX_AUTHORITY + 1], payload[2 * STIR_MAX_AUTHORITY + 100];
    size_t n = 0;
    assert_err(stir_token_make(token, sizeof(token), &n, &p, &sc.pa.signer, NULL), STIR_OK);
    snprintf(payload, sizeof(payload), "{\"tkauth\":\"%s\",\"atc\":\"%s\",\"type\":\"tkauth-01\",\"resource\":\"challenge\"}", token, token);
    ca_ask(0, stir_ca_challenge, o.challenge, NULL, payload);
    assert_status(200);
    assert_string_equal(ca_text("status"), "valid");
    ca_ask(0, stir_ca_challenge, o.challenge, NULL, "{}"); /* done is done */
    assert_string_equal(ca_text("status"), "valid");
    ca_order_of(&o, 0, CA_ORDER);
    p = ca_token(0);
    assert_err(stir_token_make(token, sizeof(token), &n, &p, &sc.pa.signer, NULL), STIR_OK);
    ca_respond_text(&o, "atc", stir_slice_of(token, n));
    assert_string_equal(ca_text("status"), "valid");
}

/* The order whose token was `p` has failed by `name` with these words, and everything about it says so. */
static void expect_invalid(const struct ca_order *o, const char *name, const char *words)
{
    const json_t *error = json_object_get(sc.json, "error");
    const char *type = json_string_value(json_object_get(error, "type")), *detail = json_string_value(json_object_get(error, "detail"));
    if (sc.x.status != 200 || strcmp(ca_text("status"), "invalid") != 0 || !type || !strstr(type, name) || !strstr(detail, words))
        fail_msg("%d %s, wanted invalid, %s with \"%s\"", sc.x.status, sc.x.body_out, name, words);
    ca_ask(o->account, stir_ca_authorization, o->authorization, NULL, NULL);
    assert_string_equal(ca_text("status"), "invalid");
    ca_ask(o->account, stir_ca_order, o->id, NULL, NULL);
    assert_string_equal(ca_text("status"), "invalid");
    assert_non_null(strstr(json_string_value(json_object_get(json_object_get(sc.json, "error"), "type")), name));
    struct stir_cert_params wanted = ca_wanted();
    ca_finalize(o, &wanted, sc.subject);
    assert_problem(403, "orderNotReady", "invalid");
}

static void refuse_token(const struct stir_token_params *p, const char *name, const char *words)
{
    struct ca_order o;
    ca_order_of(&o, 0, CA_ORDER);
    ca_respond(&o, p);
    expect_invalid(&o, name, words);
}

static void a_stolen_token_authorises_nobody_else(void **state) /*= RFC9448-6 test */
{
    (void)state;
    struct stir_token_params p = ca_token(1);
    refuse_token(&p, "unauthorized", stir_token_fault_text(STIR_TOKEN_FINGERPRINT));
    char other[STIR_TOKEN_FINGERPRINT_TEXT];
    assert_err(stir_token_fingerprint(other, sizeof(other), sc.account[0], STIR_TOKEN_BY_SPKI), STIR_OK);
    p = ca_token(0);
    p.fingerprint = S(other);
    refuse_token(&p, "unauthorized", stir_token_fault_text(STIR_TOKEN_FINGERPRINT)); /* of the other form */
    sc.conf.ca.binding = STIR_TOKEN_BY_EITHER;
    struct ca_order o;
    p = ca_token(0);
    p.fingerprint = S(other);
    ca_order_of(&o, 0, CA_ORDER);
    ca_respond(&o, &p);
    assert_string_equal(ca_text("status"), "valid");
}

static void a_token_of_a_foreign_issuer_authorises_nobody(void **state)
{
    (void)state;
    struct stir_token_params p = ca_token(0);
    struct stir_slice rogue = support_file("ca-list/signer-rogue.pem");
    ca_net.body = rogue;
    refuse_token(&p, "unauthorized", stir_token_fault_text(STIR_TOKEN_SIGNER));
    support_free(rogue);
    /* An STI-CA's certificate, and one of a provider: good ones, and not the administrator's. */
    char pem[STIR_MAX_CERT * 2];
    size_t n = 0;
    assert_err(stir_cert_write_pem(pem, sizeof(pem), &n, sc.ca.chain[0]), STIR_OK);
    ca_net.body = stir_slice_of(pem, n);
    p = ca_token(0);
    refuse_token(&p, "unauthorized", stir_token_fault_text(STIR_TOKEN_SIGNER));
    ca_net.body = S("<html>");
    p = ca_token(0);
    refuse_token(&p, "unauthorized", stir_token_fault_text(STIR_TOKEN_SIGNER));
}

static void x5u_names_a_host_of_the_administrator(void **state)
{
    (void)state;
    static const char *const hosts[] = {"pa.example", "PA2.example"};
    sc.conf.ca.token_hosts = (struct stir_conf_list){hosts, 2};
    struct stir_token_params p = ca_token(0);
    p.x5u = S("https://evil.example/list-signer.pem");
    unsigned asked = ca_net.asked;
    refuse_token(&p, "unauthorized", "\"evil.example\", which is no host of the policy administrator");
    p = ca_token(0);
    p.x5u = S("https://pa.example.evil.example/list-signer.pem");
    refuse_token(&p, "unauthorized", "which is no host");
    assert_int_equal(ca_net.asked, asked); /* nobody was asked */
    struct ca_order o;
    ca_order_of(&o, 0, CA_ORDER);
    p = ca_token(0);
    p.x5u = S("https://pa2.example/s.pem");
    ca_respond(&o, &p);
    assert_string_equal(ca_text("status"), "valid");
}

static void x5u_is_fetched_by_the_rules_of_all_x5u(void **state)
{
    static const char *const urls[] = {"https://127.0.0.1/s.pem", "https://pa.example:22/s.pem", "https://user@pa.example/s.pem"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char header[200], payload[600];
        struct ca_order o;
        struct stir_token_params p = ca_token(0);
        snprintf(header, sizeof(header), "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"x5u\":\"%s\"}", urls[i]);
        snprintf(payload, sizeof(payload),
                 "{\"exp\":%lld,\"jti\":\"u%zu\",\"atc\":{\"tktype\":\"TNAuthList\",\"tkvalue\":\"" CA_CODE "\",\"fingerprint\":\"%.*s\"}}",
                 (long long)sc.now + 60, i, (int)p.fingerprint.n, p.fingerprint.p);
        ca_order_of(&o, 0, CA_ORDER);
        ca_respond_text(&o, "tkauth", token_of_texts(&sc.pa, header, payload));
        assert_string_equal(ca_text("status"), "invalid");
        assert_int_equal(ca_net.asked, 0);
    }
}

static void a_token_for_another_code_or_time_authorises_nobody(void **state)
{
    (void)state;
    struct stir_token_params p = ca_token(0);
    p.tkvalue = S("MAigBhYEMTIzNA");
    refuse_token(&p, "unauthorized", stir_token_fault_text(STIR_TOKEN_LIST));
    p = ca_token(0);
    p.iat = sc.now - 7200;
    p.exp = sc.now; /* over from then on */
    refuse_token(&p, "incorrectResponse", stir_token_fault_text(STIR_TOKEN_EXPIRED));
    sc.conf.ca.max_token_life = 3599;
    p = ca_token(0);
    refuse_token(&p, "incorrectResponse", stir_token_fault_text(STIR_TOKEN_LONG));
    p = ca_token(0);
    p.ca = true;
    sc.conf.ca.max_token_life = 0;
    refuse_token(&p, "unauthorized", stir_token_fault_text(STIR_TOKEN_CA));
}

static void what_is_no_token_fails_the_challenge(void **state)
{
    (void)state;
    static const struct {
        const char *header, *payload;
    } rows[] = {
        {"{\"alg\":\"none\",\"x5u\":\"https://pa.example/s.pem\"}", "{\"exp\":1790000000,\"jti\":\"a\"}"},
        {"{\"alg\":\"ES256\",\"x5u\":\"https://pa.example/s.pem\"}", "{\"exp\":1790000000,\"jti\":\"a\"}"}, /* no atc */
        {"{\"alg\":\"ES256\",\"x5u\":\"https://pa.example/s.pem\"}", "{\"jti\":\"a\",\"atc\":{}}"},         /* no exp */
        {"{\"alg\":\"ES256\",\"x5u\":\"http://pa.example/s.pem\"}", "{\"exp\":1790000000,\"jti\":\"a\",\"atc\":{}}"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ca_order o;
        ca_order_of(&o, 0, CA_ORDER);
        ca_respond_text(&o, "tkauth", token_of_texts(&sc.pa, rows[i].header, rows[i].payload));
        expect_invalid(&o, "malformed", "cannot be read");
    }
    struct ca_order o;
    ca_order_of(&o, 0, CA_ORDER);
    ca_respond_text(&o, "tkauth", S("nonsense"));
    expect_invalid(&o, "malformed", "cannot be read");
}

static void a_token_whose_signature_was_made_by_another_key_authorises_nobody(void **state)
{
    (void)state;
    struct ca_order o;
    char token[STIR_MAX_AUTHORITY + 1];
    size_t n = 0;
    struct stir_token_params p = ca_token(0);
    struct stir_key_signer held = {sc.pa.stranger, sc.pa.ctx};
    struct stir_signer signer = stir_signer_of_key(&held);
    ca_order_of(&o, 0, CA_ORDER);
    assert_err(stir_token_make(token, sizeof(token), &n, &p, &signer, NULL), STIR_OK);
    ca_respond_text(&o, "tkauth", stir_slice_of(token, n));
    expect_invalid(&o, "unauthorized", stir_token_fault_text(STIR_TOKEN_SIGNATURE));
}

static void a_token_is_used_once(void **state)
{
    (void)state;
    struct ca_order o;
    char jti[20];
    struct stir_token_params p = ca_token(0);
    snprintf(jti, sizeof(jti), "%.*s", (int)p.jti.n, p.jti.p);
    p.jti = S(jti);
    ca_order_of(&o, 0, CA_ORDER);
    ca_respond(&o, &p);
    assert_string_equal(ca_text("status"), "valid");
    refuse_token(&p, "unauthorized", "was used before");
    sc.conf.ca.token_use = STIR_TOKEN_ACCOUNT; /* RFC 9447 §4: again by the same account */
    ca_order_of(&o, 0, CA_ORDER);
    ca_respond(&o, &p);
    assert_string_equal(ca_text("status"), "valid");
    struct stir_token_params theirs = ca_token(1);
    theirs.jti = S(jti);
    ca_order_of(&o, 1, CA_ORDER);
    ca_respond(&o, &theirs);
    expect_invalid(&o, "unauthorized", "was used before");
}

static void a_token_whose_signer_is_not_at_hand_is_judged_by_a_chore(void **state)
{
    (void)state;
    struct ca_order o;
    struct stir_token_params p = ca_token(0);
    ca_net.at_hand = false;
    ca_order_of(&o, 0, CA_ORDER);
    ca_respond(&o, &p);
    assert_status(200);
    assert_string_equal(ca_text("status"), "processing");
    assert_string_equal(ca_field("Retry-After"), "1");
    ca_ask(0, stir_ca_authorization, o.authorization, NULL, NULL);
    assert_string_equal(ca_text("status"), "pending");
    assert_string_equal(ca_field("Retry-After"), "1");
    ca_respond(&o, &p); /* asked again: not judged twice */
    assert_string_equal(ca_text("status"), "processing");
    stir_ca_challenge_chores(&sc.ca, &sc.clerk, sc.now + 1);
    ca_ask(0, stir_ca_order, o.id, NULL, NULL);
    assert_string_equal(ca_text("status"), "ready");
}

static void a_signer_that_cannot_be_had_fails_the_challenge_in_the_end(void **state)
{
    (void)state;
    struct ca_order o;
    struct stir_token_params p = ca_token(0);
    ca_net.at_hand = false;
    ca_net.body = (struct stir_slice){NULL, 0};
    ca_order_of(&o, 0, CA_ORDER);
    ca_respond(&o, &p);
    stir_ca_challenge_chores(&sc.ca, &sc.clerk, sc.now + STIR_CA_JUDGE_FOR - 1);
    ca_ask(0, stir_ca_challenge, o.challenge, NULL, NULL);
    assert_string_equal(ca_text("status"), "processing");
    stir_ca_challenge_chores(&sc.ca, &sc.clerk, sc.now + STIR_CA_JUDGE_FOR);
    ca_ask(0, stir_ca_challenge, o.challenge, NULL, NULL);
    expect_invalid(&o, "connection", "no route to it");
}

static void a_signer_that_could_not_be_had_a_moment_ago_is_asked_for_again(void **state)
{
    (void)state;
    struct ca_order o;
    struct stir_token_params p = ca_token(0);
    ca_net.body = (struct stir_slice){NULL, 0}; /* at hand: that it could not be had */
    ca_order_of(&o, 0, CA_ORDER);
    ca_respond(&o, &p);
    assert_status(200);
    assert_string_equal(ca_text("status"), "processing");
    ca_net.body = sc.pa.signer_pem;
    stir_ca_challenge_chores(&sc.ca, &sc.clerk, sc.now + 1);
    ca_ask(0, stir_ca_order, o.id, NULL, NULL);
    assert_string_equal(ca_text("status"), "ready");
}

/* Signers that do not answer cost whoever waits for them seconds each, and anybody may name some: chores of all rooms wait behind these. */
static void a_round_of_chores_waits_for_one_signer(void **state)
{
    (void)state;
    enum { MANY = 5 };
    struct ca_order o[MANY];
    ca_net.at_hand = false;
    ca_net.body = (struct stir_slice){NULL, 0};
    for (size_t i = 0; i < MANY; i++) {
        struct stir_token_params p = ca_token(0);
        ca_order_of(&o[i], 0, CA_ORDER);
        ca_respond(&o[i], &p);
    }
    ca_net.asked = 0;
    stir_ca_challenge_chores(&sc.ca, &sc.clerk, sc.now + 1);
    assert_int_equal(ca_net.waited, 1);
    assert_true(ca_net.asked >= MANY); /* the others are asked for, and not waited for */
    ca_net.at_hand = true;
    ca_net.body = sc.pa.signer_pem;
    stir_ca_challenge_chores(&sc.ca, &sc.clerk, sc.now + 2);
    for (size_t i = 0; i < MANY; i++) {
        ca_ask(0, stir_ca_order, o[i].id, NULL, NULL);
        assert_string_equal(ca_text("status"), "ready");
    }
}

int main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, ca_open, ca_close)
    const struct CMUnitTest tests[] = {
        T(an_order_becomes_a_certificate),
        T(identifiers_that_cannot_be_ordered_are_told_one_by_one),
        T(a_list_is_taken_in_each_spelling_and_echoed_as_it_was_sent),
        T(a_list_that_is_not_in_its_one_form_is_refused),
        T(profiles_are_chosen_by_name),
        T(times_that_are_asked_for_are_those_of_the_certificate),
        T(a_not_before_that_was_taken_holds_until_the_order_is_over),
        T(times_that_cannot_be_are_refused_when_they_are_asked_for),
        T(no_certificate_outlives_its_issuer),
        T(what_is_anothers_does_not_exist),
        T(an_order_that_is_over_is_invalid_and_its_authorization_expired),
        T(limits_hold_for_accounts_and_for_codes),
        T(a_binding_limits_the_codes_that_are_ordered),
        T(a_binding_that_was_taken_back_gives_no_certificate),
        T(an_authorization_that_is_given_back_authorises_nothing),
        T(a_challenge_says_what_it_is),
        T(a_response_has_one_token_in_either_member),
        T(a_stolen_token_authorises_nobody_else),
        T(a_token_of_a_foreign_issuer_authorises_nobody),
        T(x5u_names_a_host_of_the_administrator),
        T(x5u_is_fetched_by_the_rules_of_all_x5u),
        T(a_token_for_another_code_or_time_authorises_nobody),
        T(what_is_no_token_fails_the_challenge),
        T(a_token_whose_signature_was_made_by_another_key_authorises_nobody),
        T(a_token_is_used_once),
        T(a_token_whose_signer_is_not_at_hand_is_judged_by_a_chore),
        T(a_signer_that_cannot_be_had_fails_the_challenge_in_the_end),
        T(a_signer_that_could_not_be_had_a_moment_ago_is_asked_for_again),
        T(a_round_of_chores_waits_for_one_signer),
    };
    store_engine_of(argc, argv);
    return cmocka_run_group_tests_name("ca_order", tests, NULL, NULL);
}
