/* What must hold in a store is looked at, thing by thing. Run as "test_store_check" for SQLite, "test_store_check postgresql" for PostgreSQL. */
#include "service/store_check.h"

#include "certs.h"
#include "store_support.h"

#include <openssl/evp.h>

#include "core/bytes.h"
#include "service/audit.h"
#include "service/schema.h"

static struct stir_store *store;
static struct stir_store_figures figures;
static struct stir_diag diag;
static char said[8000];
static struct stir_cert *cert;

static void digest(unsigned char out[STIR_SHA256], struct stir_slice bytes)
{
    assert_int_equal(EVP_Digest(bytes.p, bytes.n, out, NULL, EVP_sha256(), NULL), 1);
}

static struct stir_slice tbs_of(struct stir_slice der)
{
    struct stir_reader r = stir_reader_of(der);
    struct stir_slice content, tbs;
    assert_int_equal(stir_der_get(&r, 0x30, &content, NULL), STIR_OK);
    r = stir_reader_of(content);
    assert_int_equal(stir_der_get(&r, 0x30, &content, &tbs), STIR_OK);
    return tbs;
}

static enum stir_err audit(struct stir_store *s, const char *event)
{
    const struct stir_audit_entry entry = {event, "account a", stir_cert_info(cert)->serial_hex, ""};
    return stir_audit_add(s, "node", 1, &entry);
}

/* An account, its order, and the certificate of it, as the authority leaves them. */
static enum stir_err issue(struct stir_store *s, void *arg)
{
    const struct stir_cert_info *info = stir_cert_info(cert);
    unsigned char tbs_hash[STIR_SHA256], spki_hash[STIR_SHA256];
    const struct stir_store_value serial = stir_store_str(info->serial_hex);
    (void)arg;
    digest(tbs_hash, tbs_of(info->der));
    digest(spki_hash, info->spki);
    TRY(stir_store_do(s,
                      "INSERT INTO acme_accounts (id, thumbprint, spki, status, contacts, agreed, created, updated)"
                      " VALUES ('a', $1, $1, 'valid', '[]', 1, 1, 1)",
                      STIR_VALUES(stir_store_bytes(stir_slice_str("x"))), NULL));
    TRY(stir_store_do(s,
                      "INSERT INTO acme_orders (id, account, status, type, value, tnauth, profile, not_before, not_after, expires, created, serial)"
                      " VALUES ('o', 'a', 'valid', 'TNAuthList', 'x', $1, 'shaken', 0, 0, 0, 0, $2)",
                      STIR_VALUES(stir_store_bytes(stir_slice_str("x")), serial), NULL));
    TRY(stir_store_do(
        s,
        "INSERT INTO certificates (issuer, serial, state, order_id, account, profile, node, spc, spki_hash, tbs, tbs_hash, der, sha256, not_before,"
        " not_after, created, issued, revoked, reason, published) VALUES ('i', $1, 'issued', 'o', 'a', 'shaken', 'node', '1234', $2, $3, $4, $5, $6, $7, $8,"
        " 1, 1, 0, 0, 1)",
        STIR_VALUES(serial, stir_store_bytes(stir_slice_of(spki_hash, STIR_SHA256)), stir_store_bytes(tbs_of(info->der)),
                    stir_store_bytes(stir_slice_of(tbs_hash, STIR_SHA256)), stir_store_bytes(info->der),
                    stir_store_bytes(stir_slice_of(info->sha256, STIR_SHA256)), stir_store_int(info->not_before), stir_store_int(info->not_after)),
        NULL));
    TRY(audit(s, "certificate intended"));
    return audit(s, "certificate issued");
}

static int set_up(void **state)
{
    (void)state;
    store_place();
    store = store_again(&stir_schema);
    cert = lint_cert("shakenCert");
    return stir_store_transact(store, issue, NULL, &diag) == STIR_OK ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    stir_cert_free(cert);
    stir_store_close(store);
    folder_remove();
    return 0;
}

static void hear(void *arg, const char *text)
{
    (void)arg;
    snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s\n", text);
}

static enum stir_err check(void)
{
    said[0] = '\0';
    return stir_store_check(store, &figures, hear, NULL, &diag);
}

static void a_store_in_which_all_holds_is_counted(void **state)
{
    (void)state;
    if (check() != STIR_OK)
        fail_msg("%s%s", said, diag.text);
    assert_string_equal(said, "");
    assert_true(figures.accounts == 1 && figures.orders == 1 && figures.certificates == 1 && figures.intents == 0 && figures.revoked == 0);
    assert_true(figures.providers == 0 && figures.audit_rows == 2 && figures.nodes == 1 && figures.faults == 0);
}

static const struct {
    const char *sql, *says;
} faults[] = {
    {"DELETE FROM certificates", "order o is valid, and there is no certificate of it"},
    {"DELETE FROM certificates", " is in the audit log alone"},
    {"DELETE FROM certificates", " was issued by the audit log, and is not there"},
    {"UPDATE acme_orders SET status = 'processing'", "order o is processing, and no certificate is intended for it"},
    {"UPDATE acme_orders SET status = 'ready'", "was issued, and its order does not say so"},
    {"UPDATE acme_orders SET serial = 'AB'", "was issued, and its order does not say so"},
    {"UPDATE acme_orders SET serial = NULL", "was issued, and its order does not say so"},
    {"UPDATE certificates SET state = 'intent', der = NULL, sha256 = NULL", "is intended, and its order is not processing"},
    {"DELETE FROM acme_accounts", "order o is of no account"},
    {"UPDATE acme_orders SET status = 'pending', id = 'p'", "order p waits for an authorization that is not there"},
    {"UPDATE certificates SET state = 'gone'", "its state does not fit what is kept of it"},
    {"UPDATE certificates SET der = NULL", "its state does not fit what is kept of it"},
    {"UPDATE certificates SET state = 'burnt'", "its state does not fit what is kept of it"},
    {"INSERT INTO certificates SELECT 'j', serial, state, NULL, account, profile, node, spc, tnauth, spki_hash, tbs, tbs_hash, der, sha256, not_before,"
     " not_after, created, issued, revoked, reason, published FROM certificates",
     " is there twice"},
    {"UPDATE certificates SET state = 'burnt', der = NULL, sha256 = NULL", "was burnt, and the audit log does not know"},
    {"UPDATE certificates SET state = 'revoked'", "was revoked, and the audit log does not know"},
    {"DELETE FROM audit WHERE seq = 2", "was issued, and the audit log does not know"},
    {"DELETE FROM audit WHERE seq = 1", "was given, and the audit log does not know"},
    {"DELETE FROM audit WHERE seq = 1", "audit log of node node: row 1 is missing"},
    {"UPDATE audit SET event = 'certificate revoked' WHERE seq = 1", " was revoked by the audit log, and is not"},
    {"UPDATE certificates SET serial = 'AB'", "certificate AB: its DER has another serial"},
    {"UPDATE certificates SET sha256 = spki_hash", "its DER has another fingerprint"},
    {"UPDATE certificates SET spki_hash = sha256", "its DER has another key"},
    {"UPDATE certificates SET not_after = not_after + 1", "its DER has another validity"},
    {"UPDATE certificates SET not_before = 0", "its DER has another validity"},
    {"UPDATE certificates SET tbs_hash = sha256", "what was to be signed is not what was intended"},
    {"UPDATE certificates SET tbs_hash = sha256, tbs = NULL", "what was signed is not what was intended"},
    {"UPDATE certificates SET der = sha256", "its DER cannot be read"},
    {"INSERT INTO pa_codes VALUES ('1234', 'nobody', 0)", "code 1234 is held by no provider"},
    {"INSERT INTO pa_accounts VALUES ('x', 'nobody', 'u', 'p', 'active', 0, 0, 0)", "account x is of no provider"},
};

static void what_does_not_hold_is_told(void **state)
{
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
        if (i) {
            tear_down(state);
            assert_int_equal(set_up(state), 0);
        }
        store_sql(store, faults[i].sql);
        enum stir_err err = check();
        if (err != STIR_EVALUE || !strstr(said, faults[i].says))
            fail_msg("%s: %s \"%s\"", faults[i].sql, stir_err_name(err), said);
        assert_true(figures.faults > 0);
    }
}

static void many_faults_of_one_kind_are_told_shortly(void **state)
{
    (void)state;
    for (int i = 0; i < 30; i++) {
        char sql[100];
        snprintf(sql, sizeof(sql), "INSERT INTO pa_codes VALUES ('%04d', 'nobody', 0)", i);
        store_sql(store, sql);
    }
    assert_int_equal(check(), STIR_EVALUE);
    assert_non_null(strstr(said, "... and 10 more of these"));
    assert_true(figures.faults == 30);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
    store_engine_of(argc, argv);
    const struct CMUnitTest tests[] = {
        T(a_store_in_which_all_holds_is_counted),
        T(what_does_not_hold_is_told),
        T(many_faults_of_one_kind_are_told_shortly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
