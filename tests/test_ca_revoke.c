/* Revocation (RFC 8555 §7.6), and how the policy administrator hears of it. */
#include "ca_issue_support.h"

#include "io/peer.h"
#include "service/ca_desk.h"

/* --- the administrator in another house --- */

static struct {
    long status; /* 0: it does not answer */
    unsigned asked;
    char body[20000], authorization[200], url[200];
    const char *says; /* NULL: "no room" */
} house;

enum stir_err __wrap_stir_peer_ask(struct stir_peer_answer *out, struct stir_peer *peer, const struct stir_peer_ask *ask, struct stir_diag *diag);
enum stir_err __wrap_stir_peer_ask(struct stir_peer_answer *out, struct stir_peer *peer, const struct stir_peer_ask *ask, struct stir_diag *diag)
{
    assert_non_null(peer);
    house.asked++;
    snprintf(house.body, sizeof(house.body), "%.*s", (int)ask->body.n, ask->body.p);
    snprintf(house.authorization, sizeof(house.authorization), "%s", ask->authorization ? ask->authorization : "");
    snprintf(house.url, sizeof(house.url), "%s", ask->url);
    assert_string_equal(ask->method, "POST");
    assert_string_equal(ask->type, "application/json");
    if (!house.status) {
        snprintf(diag->text, sizeof(diag->text), "%s: no connection", ask->url);
        return STIR_EIO;
    }
    *out = (struct stir_peer_answer){.status = house.status, .body = S(house.says ? house.says : "no room")};
    return STIR_OK;
}
void __wrap_stir_peer_answer_free(struct stir_peer_answer *answer);
void __wrap_stir_peer_answer_free(struct stir_peer_answer *answer)
{
    (void)answer;
}

/* --- requests --- */

static const char *revocation_of(struct stir_slice der, const char *more)
{
    static char payload[STIR_MAX_CERT * 2];
    struct stir_writer w = stir_writer_of(payload, sizeof(payload) - 1);
    stir_put_text(&w, "{\"certificate\":\"");
    stir_put_b64url(&w, der);
    stir_put_text(&w, "\"");
    stir_put_text(&w, more);
    stir_put_text(&w, "}");
    assert_err(stir_writer_close(&w, NULL), STIR_OK);
    return payload;
}

static struct stir_cert *issued(struct ca_order *o)
{
    ca_whole(o, 0, sc.subject);
    return ca_download(o);
}

/* Signed with a key that stands in the request itself. */
static void ask_by_key(struct stir_key *key, const char *payload)
{
    struct stir_ca_request r = {.ca = &sc.ca, .clerk = &sc.clerk, .x = &sc.x, .key = key, .by_jwk = true};
    stir_exchange_clear(&sc.x);
    memset(&sc.x, 0, sizeof(sc.x));
    sc.x.now = sc.now;
    assert_err(stir_json_parse(&r.jws.payload, S(payload), NULL, NULL), STIR_OK);
    stir_ca_revoke(&r);
    stir_arena_clear(&r.arena);
    json_decref(sc.json);
    sc.json = sc.x.body_out ? json_loadb(sc.x.body_out, sc.x.n_out, 0, NULL) : NULL;
}

static int64_t revoked(void)
{
    return store_int(sc.clerk.store, "SELECT COUNT(*) FROM certificates WHERE state = 'revoked'");
}

static void the_account_that_ordered_it_revokes_a_certificate_once(void **state) /*= RFC8555-7.6 test */
{
    (void)state;
    struct ca_order o;
    struct stir_cert *cert = issued(&o);
    sc.now += 100;
    ca_ask(0, stir_ca_revoke, NULL, NULL, revocation_of(stir_cert_info(cert)->der, ",\"reason\":4"));
    assert_status(200);
    assert_int_equal(sc.x.n_out, 0);
    assert_int_equal(store_int(sc.clerk.store, "SELECT reason FROM certificates"), 4);
    assert_int_equal(store_int(sc.clerk.store, "SELECT revoked FROM certificates"), sc.now);
    assert_int_equal(store_int(sc.clerk.store, "SELECT COUNT(*) FROM audit WHERE event = 'certificate revoked'"), 1);
    ca_ask(0, stir_ca_revoke, NULL, NULL, revocation_of(stir_cert_info(cert)->der, ""));
    assert_problem(400, "alreadyRevoked", "revoked before");
    ca_ask(0, stir_ca_order, o.id, NULL, NULL); /* its order stands as it was */
    assert_string_equal(ca_text("status"), "valid");
    stir_cert_free(cert);
}

static void a_stranger_revokes_nothing(void **state)
{
    (void)state;
    struct ca_order o, theirs;
    struct stir_cert *cert = issued(&o);
    const char *payload = revocation_of(stir_cert_info(cert)->der, "");
    ca_ask(1, stir_ca_revoke, NULL, NULL, payload);
    assert_problem(403, "unauthorized", "may revoke it");
    ask_by_key(sc.account[1], payload);
    assert_problem(403, "unauthorized", "may revoke it");
    ask_by_key(sc.account[0], payload); /* the account's key, and not by its account */
    assert_problem(403, "unauthorized", "may revoke it");
    ca_order_of(&theirs, 1, "{\"identifiers\":[{\"type\":\"TNAuthList\",\"value\":\"MAigBhYEMTIzNA\"}]}");
    struct stir_token_params p = ca_token(1);
    p.tkvalue = S("MAigBhYEMTIzNA"); /* has proven another list */
    ca_respond(&theirs, &p);
    assert_string_equal(ca_text("status"), "valid");
    ca_ask(1, stir_ca_revoke, NULL, NULL, payload);
    assert_problem(403, "unauthorized", "may revoke it");
    assert_int_equal(revoked(), 0);
    stir_cert_free(cert);
}

static void whoever_has_proven_the_same_list_may_revoke(void **state)
{
    (void)state;
    struct ca_order o, theirs;
    struct stir_cert *cert = issued(&o);
    ca_order_of(&theirs, 1, CA_ORDER);
    ca_ask(1, stir_ca_revoke, NULL, NULL, revocation_of(stir_cert_info(cert)->der, ""));
    assert_problem(403, "unauthorized", "may revoke it"); /* not proven yet */
    ca_prove(&theirs);
    sc.now += 30 * CA_DAY; /* authorization-life */
    ca_ask(1, stir_ca_revoke, NULL, NULL, revocation_of(stir_cert_info(cert)->der, ""));
    assert_problem(403, "unauthorized", "may revoke it"); /* and no longer */
    sc.now--;
    ca_ask(1, stir_ca_revoke, NULL, NULL, revocation_of(stir_cert_info(cert)->der, ""));
    assert_status(200);
    stir_cert_free(cert);
}

static void the_key_of_a_certificate_revokes_it(void **state)
{
    (void)state;
    struct ca_order o;
    struct stir_cert *cert = issued(&o);
    ask_by_key(sc.subject, revocation_of(stir_cert_info(cert)->der, ",\"reason\":1"));
    assert_status(200);
    assert_int_equal(revoked(), 1);
    assert_int_equal(store_int(sc.clerk.store, "SELECT COUNT(*) FROM audit WHERE event = 'certificate revoked' AND actor = 'certificate key'"), 1);
    stir_cert_free(cert);
}

static void a_request_to_revoke_is_read_strictly(void **state)
{
    static const struct {
        const char *more, *name, *words;
    } rows[] = {
        {",\"reason\":2", "badRevocationReason", "allowed are 0 (unspecified), 1 (keyCompromise)"},
        {",\"reason\":6", "badRevocationReason", "allowed are"},
        {",\"reason\":8", "badRevocationReason", "allowed are"},
        {",\"reason\":9", "badRevocationReason", "allowed are"},
        {",\"reason\":-1", "badRevocationReason", "allowed are"},
        {",\"reason\":99", "badRevocationReason", "allowed are"},
        {",\"reason\":\"1\"", "malformed", "no integer"},
        {",\"reason\":1.5", "malformed", "no integer"},
    };
    (void)state;
    struct ca_order o;
    struct stir_cert *cert = issued(&o);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ca_ask(0, stir_ca_revoke, NULL, NULL, revocation_of(stir_cert_info(cert)->der, rows[i].more));
        assert_problem(400, "", rows[i].words);
        assert_non_null(strstr(ca_text("type"), rows[i].name));
    }
    ca_ask(0, stir_ca_revoke, NULL, NULL, "{}");
    assert_problem(400, "malformed", "\"certificate\" is missing");
    ca_ask(0, stir_ca_revoke, NULL, NULL, "{\"certificate\":\"a=\"}");
    assert_problem(400, "malformed", "base64url");
    ca_ask(0, stir_ca_revoke, NULL, NULL, revocation_of(stir_cert_info(sc.ca.chain[0])->der, ""));
    assert_problem(404, "malformed", "no such certificate");
    assert_int_equal(revoked(), 0);
    stir_cert_free(cert);
}

/* --- the administrator --- */

static void an_administrator_in_the_same_store_has_it_at_once(void **state)
{
    (void)state;
    struct ca_order o;
    struct stir_cert *cert = issued(&o);
    sc.conf.server.roles = STIR_ROLE_PA | STIR_ROLE_CA;
    ca_ask(0, stir_ca_revoke, NULL, NULL, revocation_of(stir_cert_info(cert)->der, ",\"reason\":5"));
    assert_status(200);
    assert_int_equal(ca_revoked.n, 1);
    assert_string_equal(ca_revoked.serial, stir_cert_info(cert)->serial_hex);
    assert_int_equal(ca_revoked.reason, 5);
    assert_int_equal(ca_revoked.at, sc.now);
    assert_int_equal(ca_revoked.not_after, stir_cert_info(cert)->not_after);
    assert_int_equal(store_int(sc.clerk.store, "SELECT COUNT(*) FROM notices"), 0);
    stir_cert_free(cert);
}

static struct stir_cert *report_begun(void)
{
    struct ca_order o;
    struct stir_cert *cert = issued(&o);
    memset(&house, 0, sizeof(house));
    file_put("token", "secret-token\n", 13);
    static char token[300];
    snprintf(token, sizeof(token), "%s", path_in("token"));
    sc.conf.ca.report_url = "https://pa.example/sti-pa/revocation";
    sc.conf.ca.report_token = token;
    sc.conf.server.roles = STIR_ROLE_PA | STIR_ROLE_CA; /* report-url goes before */
    ca_ask(0, stir_ca_revoke, NULL, NULL, revocation_of(stir_cert_info(cert)->der, ",\"reason\":1"));
    assert_status(200);
    assert_int_equal(ca_revoked.n, 0);
    assert_int_equal(house.asked, 0); /* the client does not wait for it */
    return cert;
}

static void an_administrator_elsewhere_is_told(void **state)
{
    (void)state;
    struct stir_cert *cert = report_begun();
    const struct stir_cert_info *info = stir_cert_info(cert);
    house.status = 200;
    stir_ca_report_chores(&sc.ca, &sc.clerk, sc.now);
    assert_int_equal(house.asked, 1);
    assert_string_equal(house.authorization, "Bearer secret-token");
    assert_string_equal(house.url, sc.conf.ca.report_url);
    json_t *json = json_loads(house.body, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(json, "serial")), info->serial_hex);
    assert_int_equal(json_integer_value(json_object_get(json, "reason")), 1);
    assert_int_equal(json_integer_value(json_object_get(json, "revokedAt")), sc.now);
    assert_int_equal(json_integer_value(json_object_get(json, "notAfter")), info->not_after);
    assert_int_equal(json_array_size(json_object_get(json, "chain")), 1); /* what issued it, without the root */
    unsigned char der[STIR_MAX_CERT];
    size_t n = 0;
    assert_err(stir_b64url_decode(der, &n, S(json_string_value(json_object_get(json, "issuer")))), STIR_OK);
    assert_true(stir_slice_eq(stir_slice_of(der, n), info->issuer_der));
    assert_err(stir_b64url_decode(der, &n, S(json_string_value(json_object_get(json, "certificate")))), STIR_OK);
    assert_true(stir_slice_eq(stir_slice_of(der, n), info->der));
    json_decref(json);
    stir_ca_report_chores(&sc.ca, &sc.clerk, sc.now + 1000);
    assert_int_equal(house.asked, 1); /* once is enough */
    assert_int_equal(store_int(sc.clerk.store, "SELECT COUNT(*) FROM audit WHERE event = 'revocation reported'"), 1);
    stir_cert_free(cert);
}

static void an_administrator_that_does_not_take_it_is_told_until_it_does(void **state)
{
    (void)state;
    struct stir_cert *cert = report_begun();
    char line[400] = "first";
    int64_t at = sc.now, last = sc.now;
    unsigned asked = 0;
    for (; asked < 12 && at < sc.now + 2 * STIR_CA_NOTICE_LATE; at++) {
        house.status = asked % 2 ? 503 : 0;
        stir_ca_report_chores(&sc.ca, &sc.clerk, at);
        if (house.asked == asked)
            continue;
        if (asked)
            assert_in_range(at - last, STIR_CA_NOTICE_FIRST, STIR_CA_NOTICE_WAIT);
        last = at;
        asked = house.asked;
        if (at - sc.now > STIR_CA_NOTICE_LATE)
            break;
    }
    stir_ca_report_chores(&sc.ca, &sc.clerk, at);
    assert_true(stir_ca_report_ready(&sc.ca, sc.now + STIR_CA_NOTICE_LATE - 1, line, sizeof(line)));
    assert_false(stir_ca_report_ready(&sc.ca, sc.now + STIR_CA_NOTICE_LATE, line, sizeof(line)));
    assert_non_null(strstr(line, "first\n"));
    assert_non_null(strstr(line, "waits for the policy administrator"));
    house.status = 200;
    stir_ca_report_chores(&sc.ca, &sc.clerk, at + STIR_CA_NOTICE_WAIT);
    assert_int_equal(store_int(sc.clerk.store, "SELECT COUNT(*) FROM notices WHERE done = 0"), 0);
    stir_ca_report_chores(&sc.ca, &sc.clerk, at + STIR_CA_NOTICE_WAIT + 1);
    assert_true(stir_ca_report_ready(&sc.ca, at + 2 * STIR_CA_NOTICE_LATE, line, sizeof(line)));
    stir_cert_free(cert);
}

/* A proxy before the administrator writes in Latin-1; or what it writes is cut within a character. */
static void an_answer_that_is_no_text_holds_no_revocation_up(void **state)
{
    (void)state;
    struct stir_cert *cert = report_begun();
    house.status = 502;
    house.says = "<h1>d\xe9sol\xe9</h1>\r\n";
    stir_ca_report_chores(&sc.ca, &sc.clerk, sc.now);
    house.says = NULL;
    assert_int_equal(house.asked, 1);
    assert_int_equal(store_int(sc.clerk.store, "SELECT tries FROM notices WHERE error LIKE '%502: <h1>d?sol?%'"), 1);
    stir_ca_report_chores(&sc.ca, &sc.clerk, sc.now + STIR_CA_NOTICE_FIRST - 1);
    assert_int_equal(house.asked, 1); /* its time has not come: others are told first */
    stir_cert_free(cert);
}

static void a_round_waits_once_for_an_administrator_that_does_not_answer(void **state)
{
    (void)state;
    struct stir_cert *cert = report_begun();
    store_sql(sc.clerk.store, "INSERT INTO notices SELECT 'second', body, created, tries, next, done, error FROM notices");
    house.status = 0;
    stir_ca_report_chores(&sc.ca, &sc.clerk, sc.now);
    assert_int_equal(house.asked, 1);
    assert_int_equal(store_int(sc.clerk.store, "SELECT COUNT(*) FROM notices WHERE tries = 1 AND done = 0 AND error <> ''"), 2);
    house.status = 503; /* an answer is no wait: the next may be taken */
    stir_ca_report_chores(&sc.ca, &sc.clerk, sc.now + STIR_CA_NOTICE_FIRST);
    assert_int_equal(house.asked, 3);
    stir_cert_free(cert);
}

/* --- by hand --- */

static unsigned listed;
static bool count(void *arg, const struct stir_ca_row *row)
{
    (void)arg;
    assert_true(row->serial.n == 32);
    listed++;
    return true;
}

static void an_operator_lists_issues_and_revokes(void **state)
{
    (void)state;
    struct stir_diag diag = {0};
    struct stir_csr *csr = NULL;
    struct stir_cert *cert = NULL;
    struct stir_cert_params p = ca_wanted();
    struct stir_key_signer held = {sc.subject, sc.pa.ctx};
    struct stir_signer signer = stir_signer_of_key(&held);
    char serial[64];
    assert_err(stir_csr_make(&csr, &p, &signer, NULL), STIR_OK);
    assert_err(stir_ca_issue_by_hand(&sc.ca, &sc.clerk, stir_csr_info(csr)->der, "nothing", 0, "user u", sc.now, &cert, &diag), STIR_ENOTFOUND);
    assert_err(stir_ca_issue_by_hand(&sc.ca, &sc.clerk, stir_csr_info(csr)->der, NULL, 10, "user u", sc.now, &cert, &diag), STIR_OK);
    assert_int_equal(stir_cert_info(cert)->not_after, sc.now + 10 * CA_DAY - 1);
    snprintf(serial, sizeof(serial), "%s", stir_cert_info(cert)->serial_hex);
    for (char *c = serial; *c; c++)
        *c = stir_lower(*c);
    struct stir_ca_filter filter = {.serial = serial, .limit = 10};
    listed = 0;
    assert_err(stir_ca_list(sc.clerk.store, &filter, count, NULL, &diag), STIR_OK);
    assert_int_equal(listed, 1);
    assert_err(stir_ca_revoke_by_hand(&sc.ca, &sc.clerk, serial, 6, "user u", sc.now, &diag), STIR_EVALUE);
    assert_err(stir_ca_revoke_by_hand(&sc.ca, &sc.clerk, "00", 9, "user u", sc.now, &diag), STIR_ENOTFOUND);
    assert_err(stir_ca_revoke_by_hand(&sc.ca, &sc.clerk, serial, 9, "user u", sc.now, &diag), STIR_OK);
    assert_err(stir_ca_revoke_by_hand(&sc.ca, &sc.clerk, serial, 9, "user u", sc.now, &diag), STIR_EEXISTS);
    filter = (struct stir_ca_filter){.spc = "709J", .state = "issued", .limit = 10};
    assert_err(stir_ca_list(sc.clerk.store, &filter, count, NULL, &diag), STIR_OK);
    assert_int_equal(listed, 1);
    filter.state = "revoked";
    assert_err(stir_ca_list(sc.clerk.store, &filter, count, NULL, &diag), STIR_OK);
    assert_int_equal(listed, 2);
    assert_err(stir_ca_issue_by_hand(&sc.ca, &sc.clerk, stir_csr_info(csr)->der, NULL, 0, "user u", sc.now, &cert, &diag), STIR_EVALUE); /* the key again */
    assert_non_null(strstr(diag.text, "revoked"));
    assert_int_equal(store_int(sc.clerk.store, "SELECT COUNT(*) FROM audit WHERE actor = 'user u'"), 3);
    stir_cert_free(cert);
    stir_csr_free(csr);
}

int main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, ca_open, ca_close)
    const struct CMUnitTest tests[] = {
        T(the_account_that_ordered_it_revokes_a_certificate_once),
        T(a_stranger_revokes_nothing),
        T(whoever_has_proven_the_same_list_may_revoke),
        T(the_key_of_a_certificate_revokes_it),
        T(a_request_to_revoke_is_read_strictly),
        T(an_administrator_in_the_same_store_has_it_at_once),
        T(an_administrator_elsewhere_is_told),
        T(an_administrator_that_does_not_take_it_is_told_until_it_does),
        T(an_answer_that_is_no_text_holds_no_revocation_up),
        T(a_round_waits_once_for_an_administrator_that_does_not_answer),
        T(an_operator_lists_issues_and_revokes),
    };
    store_engine_of(argc, argv);
    return cmocka_run_group_tests_name("ca_revoke", tests, NULL, NULL);
}
