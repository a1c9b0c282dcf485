/* Revocations that certificate authorities report: whose they may be, and why not. Run as "test_pa_report" for SQLite, "test_pa_report postgresql" for
 * PostgreSQL.
 */
#include "pa_support.h"

static char token[STIR_PA_REPORT_TOKEN], other_token[STIR_PA_REPORT_TOKEN];
static struct stir_cert *leaf;

/* A certificate of a provider. `serial` absent: any. */
static struct stir_cert *make_leaf(const struct pa_party *issuer, struct stir_slice serial)
{
    struct stir_cert_params p = STIR_CERT_PARAMS_INIT;
    struct stir_tnauth *spc = NULL;
    struct stir_tnauth_entry entry = {STIR_TNAUTH_SPC, S("709J"), 0};
    struct stir_key *key = NULL;
    struct stir_cert *cert = NULL;
    assert_err(stir_tnauth_new(&spc, &entry, 1, NULL), STIR_OK);
    assert_err(stir_key_generate(&key), STIR_OK);
    p.role = STIR_CERT_END_ENTITY;
    p.cn = S("SHAKEN 709J");
    p.o = S("Voice");
    p.c = S("US");
    p.tnauth = spc;
    p.key = key;
    p.issuer = issuer->cert;
    p.serial = serial;
    p.policy = S("2.16.840.1.114569.1.1.4");
    p.not_before = PA_NOW - PA_DAY;
    p.not_after = PA_NOW + 30 * PA_DAY;
    if (stir_cert_make(&cert, &p, &issuer->signer, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
    stir_tnauth_free(spc);
    stir_key_free(key);
    return cert;
}

static int set_up(void **state)
{
    (void)state;
    pa_open();
    leaf = make_leaf(&ca_issuing, (struct stir_slice){NULL, 0});
    assert_err(stir_pa_ca_add(&clerk, ca_root.cert, "Example", token, "user test", PA_NOW, &diag), STIR_OK);
    assert_err(stir_pa_ca_add(&clerk, other_ca.cert, "Other", other_token, "user test", PA_NOW, &diag), STIR_OK);
    return 0;
}

static int tear_down(void **state)
{
    stir_cert_free(leaf);
    leaf = NULL;
    return pa_tear_down(state);
}

/* base64url, in one of some rooms. */
static const char *b64(struct stir_slice bytes)
{
    static char rooms[4][STIR_MAX_CERT];
    static size_t at;
    char *room = rooms[at++ % 4];
    struct stir_writer w = stir_writer_of(room, STIR_MAX_CERT);
    stir_put_b64url(&w, bytes);
    assert_err(stir_writer_close(&w, NULL), STIR_OK);
    return room;
}

static int report(const char *bearer, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int report(const char *bearer, const char *format, ...)
{
    static char body[40000];
    va_list args;
    va_start(args, format);
    assert_true(vsnprintf(body, sizeof(body), format, args) < (int)sizeof(body));
    va_end(args);
    return PA_ASK(.method = "POST", .path = "/sti-pa/revocation", .authorization = bearer, .body = body);
}

static struct stir_slice der_of(const struct stir_cert *cert)
{
    return stir_cert_info(cert)->der;
}

/* The report of the leaf, with all that our own authority sends. */
static int report_leaf(const char *bearer)
{
    const struct stir_cert_info *info = stir_cert_info(leaf);
    return report(bearer, "{\"issuer\":\"%s\",\"serial\":\"%s\",\"revokedAt\":%d,\"reason\":1,\"certificate\":\"%s\",\"chain\":[\"%s\",\"%s\"]}",
                  b64(info->issuer_der), info->serial_hex, PA_NOW - 60, b64(info->der), b64(der_of(ca_issuing.cert)), b64(der_of(ca_root.cert)));
}

static void a_report_is_on_the_next_crl_and_the_same_again_is_fine(void **state)
{
    (void)state;
    struct stir_crl *crl = NULL;
    struct stir_crl_entry entry;
    const struct stir_cert_info *info = stir_cert_info(leaf);
    assert_int_equal(report_leaf(token), 200);
    assert_string_equal(pa_member("status"), "success");
    assert_true(pa_x.hurry);
    assert_int_equal(report_leaf(token), 200);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM pa_revocations"), 1);
    assert_int_equal(pa_count("SELECT not_after FROM pa_revocations"), PA_NOW + 30 * PA_DAY);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM audit WHERE event = 'revocation recorded'"), 1);
    (void)stir_pa_chores(pa, &clerk, PA_NOW);
    assert_int_equal(PA_ASK(.path = "/sti-pa/crl"), 200);
    assert_err(stir_crl_parse(&crl, stir_slice_of(pa_x.body_out, pa_x.n_out), &diag), STIR_OK);
    assert_true(stir_crl_find(crl, info->issuer_der, info->serial, &entry));
    assert_true(entry.revoked_at == PA_NOW - 60 && entry.reason == 1);
    stir_crl_free(crl);
}

static void nobody_reports_without_the_token_of_a_listed_ca(void **state)
{
    (void)state;
    char sha256[STIR_PA_SHA_TEXT];
    report_leaf(NULL);
    PA_EXPECT(401, "authorization");
    report_leaf("0000000000000000000000000000000000000000000000000000000000000000");
    PA_EXPECT(403, "credentials");
    pa_log_in_well();
    report_leaf(pa_bearer);
    PA_EXPECT(403, "credentials");
    stir_pa_hex(sha256, stir_cert_info(ca_root.cert)->sha256);
    assert_err(stir_pa_ca_remove(&clerk, sha256, "user test", PA_NOW, &diag), STIR_OK);
    report_leaf(token);
    PA_EXPECT(403, "credentials");
    assert_int_equal(pa_count("SELECT COUNT(*) FROM pa_revocations"), 0);
}

static void no_ca_revokes_for_another(void **state)
{
    (void)state;
    const struct stir_cert_info *root = stir_cert_info(ca_root.cert), *info = stir_cert_info(leaf);
    /* a listed name is its own from the beginning */
    report(other_token, "{\"issuer\":\"%s\",\"serial\":\"01\"}", b64(root->subject_der));
    PA_EXPECT(403, "issuer");
    /* the other's chain does not lead to its own certificate */
    report_leaf(other_token);
    PA_EXPECT(403, "issuer");
    assert_non_null(strstr(pa_member("message"), "is not signed by"));
    /* an intermediate of its own making, under the other's name */
    assert_int_equal(report_leaf(token), 200);
    struct pa_party twin = {.cert = NULL};
    pa_party_make(&twin, &other_ca, STIR_CERT_INTERMEDIATE, "SHAKEN Example Intermediate");
    report(other_token, "{\"issuer\":\"%s\",\"serial\":\"02\",\"chain\":[\"%s\"]}", b64(info->issuer_der), b64(der_of(twin.cert)));
    PA_EXPECT(403, "issuer");
    assert_non_null(strstr(pa_member("message"), "another CA's"));
    pa_party_free(&twin);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM pa_revocations"), 1);
}

static void an_issuer_is_known_by_its_chain_once_and_from_then_on(void **state)
{
    (void)state;
    const struct stir_cert_info *info = stir_cert_info(leaf);
    report(token, "{\"issuer\":\"%s\",\"serial\":\"01\"}", b64(info->issuer_der));
    PA_EXPECT(403, "issuer");
    report(token, "{\"issuer\":\"%s\",\"serial\":\"01\",\"chain\":[\"%s\"]}", b64(info->issuer_der), b64(info->der)); /* no CA's, and not the issuer's */
    PA_EXPECT(403, "issuer");
    assert_int_equal(report(token, "{\"issuer\":\"%s\",\"serial\":\"01\",\"chain\":[\"%s\"]}", b64(info->issuer_der), b64(der_of(ca_issuing.cert))), 200);
    assert_int_equal(report(token, "{\"issuer\":\"%s\",\"serial\":\"02\"}", b64(info->issuer_der)), 200);
    assert_int_equal(report(token, "{\"issuer\":\"%s\",\"serial\":\"03\",\"chain\":[\"%s\"]}", b64(info->issuer_der), b64(der_of(ca_issuing.cert))), 200);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM pa_revocations"), 3);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM audit WHERE event = 'issuer added' AND actor LIKE 'ca %'"), 1); /* whose it is from now on */
}

static void a_chain_is_signed_and_not_only_named(void **state)
{
    (void)state;
    /* the names are right, and the keys are not */
    struct pa_party root = {.cert = NULL}, fake = {.cert = NULL};
    pa_party_make(&root, NULL, STIR_CERT_ROOT, "SHAKEN Example ROOT");
    pa_party_make(&fake, &root, STIR_CERT_INTERMEDIATE, "SHAKEN Fake Intermediate");
    report(token, "{\"issuer\":\"%s\",\"serial\":\"01\",\"chain\":[\"%s\"]}", b64(stir_cert_info(fake.cert)->subject_der), b64(der_of(fake.cert)));
    PA_EXPECT(403, "issuer");
    report(token, "{\"issuer\":\"%s\",\"serial\":\"01\",\"chain\":[\"%s\",\"%s\"]}", b64(stir_cert_info(fake.cert)->subject_der), b64(der_of(fake.cert)),
           b64(der_of(root.cert)));
    PA_EXPECT(403, "issuer");
    pa_party_free(&fake);
    pa_party_free(&root);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM pa_issuers"), 2);
}

static void an_operator_makes_an_issuer_known_too(void **state)
{
    (void)state;
    char sha256[STIR_PA_SHA_TEXT];
    const struct stir_cert_info *info = stir_cert_info(leaf);
    stir_pa_hex(sha256, stir_cert_info(ca_root.cert)->sha256);
    assert_err(stir_pa_issuer_add(&clerk, sha256, &leaf, 1, "user test", PA_NOW, &diag), STIR_EMISMATCH);
    assert_err(stir_pa_issuer_add(&clerk, sha256, &other_ca.cert, 1, "user test", PA_NOW, &diag), STIR_EMISMATCH);
    assert_err(stir_pa_issuer_add(&clerk, "00", &ca_issuing.cert, 1, "user test", PA_NOW, &diag), STIR_ENOTFOUND);
    assert_err(stir_pa_issuer_add(&clerk, sha256, &ca_issuing.cert, 1, "user test", PA_NOW, &diag), STIR_OK);
    assert_int_equal(report(token, "{\"issuer\":\"%s\",\"serial\":\"01\"}", b64(info->issuer_der)), 200);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM audit WHERE event = 'issuer added'"), 1);
}

static void the_listed_certificate_is_an_issuer_itself(void **state)
{
    (void)state;
    const struct stir_cert_info *info = stir_cert_info(ca_issuing.cert);
    assert_int_equal(report(token, "{\"issuer\":\"%s\",\"serial\":\"%s\",\"reason\":2,\"notAfter\":%lld}", b64(info->issuer_der), info->serial_hex,
                            (long long)info->not_after),
                     200);
    assert_int_equal(pa_count("SELECT reason FROM pa_revocations"), 2);
    assert_int_equal(pa_count("SELECT not_after FROM pa_revocations"), info->not_after);
    assert_int_equal(pa_count("SELECT revoked FROM pa_revocations"), PA_NOW);
}

static void a_certificate_must_be_of_its_issuer_and_serial(void **state)
{
    (void)state;
    const struct stir_cert_info *info = stir_cert_info(leaf);
    report(token, "{\"issuer\":\"%s\",\"serial\":\"01\",\"certificate\":\"%s\"}", b64(info->issuer_der), b64(info->der));
    PA_EXPECT(400, "certificate");
    report(token, "{\"issuer\":\"%s\",\"serial\":\"%s\",\"certificate\":\"%s\"}", b64(stir_cert_info(ca_root.cert)->subject_der), info->serial_hex,
           b64(info->der));
    PA_EXPECT(400, "certificate");
    /* the same names and serial under another key */
    struct stir_cert *real = leaf, *forged;
    struct pa_party twin = {.cert = NULL};
    pa_party_make(&twin, &other_ca, STIR_CERT_INTERMEDIATE, "SHAKEN Example Intermediate");
    forged = make_leaf(&twin, info->serial);
    leaf = forged;
    report_leaf(token);
    PA_EXPECT(400, "certificate");
    assert_non_null(strstr(pa_member("message"), "not signed by the issuer"));
    leaf = real;
    stir_cert_free(forged);
    pa_party_free(&twin);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM pa_revocations"), 0);
}

static void reports_that_are_none_are_told_what_is_wrong(void **state)
{
    (void)state;
    const char *issuer = b64(stir_cert_info(ca_root.cert)->subject_der);
    static const struct {
        const char *body, *code;
    } rows[] = {
        {"{\"serial\":\"01\"}", "issuer"},
        {"{\"issuer\":7,\"serial\":\"01\"}", "issuer"},
        {"{\"issuer\":\"AAAA\",\"serial\":\"01\"}", "issuer"},
        {"{\"issuer\":\"%s=\",\"serial\":\"01\"}", "issuer"},
        {"{\"issuer\":\"%s\"}", "serial"},
        {"{\"issuer\":\"%s\",\"serial\":\"0x1\"}", "serial"},
        {"{\"issuer\":\"%s\",\"serial\":\"\"}", "serial"},
        {"{\"issuer\":\"%s\",\"serial\":\"01\",\"reason\":8}", "reason"},
        {"{\"issuer\":\"%s\",\"serial\":\"01\",\"reason\":\"keyCompromise\"}", "reason"},
        {"{\"issuer\":\"%s\",\"serial\":\"01\",\"reason\":1.5}", "reason"},
        {"{\"issuer\":\"%s\",\"serial\":\"01\",\"revokedAt\":\"now\"}", "revokedAt"},
        {"{\"issuer\":\"%s\",\"serial\":\"01\",\"notAfter\":-1}", "notAfter"},
        {"{\"issuer\":\"%s\",\"serial\":\"01\",\"certificate\":\"AAAA\"}", "certificate"},
        {"{\"issuer\":\"%s\",\"serial\":\"01\",\"certificate\":{}}", "certificate"},
        {"{\"issuer\":\"%s\",\"serial\":\"01\",\"chain\":\"AAAA\"}", "chain"},
        {"{\"issuer\":\"%s\",\"serial\":\"01\",\"chain\":[\"AAAA\"]}", "chain"},
        {"{\"issuer\":\"%s\",\"serial\":\"01\",\"chain\":[1]}", "chain"},
        {"[]", "not-json"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char body[2000];
        const char *hole = strstr(rows[i].body, "%s");
        snprintf(body, sizeof(body), "%.*s%s%s", hole ? (int)(hole - rows[i].body) : (int)strlen(rows[i].body), rows[i].body, hole ? issuer : "",
                 hole ? hole + 2 : "");
        report(token, "%s", body);
        if (pa_x.status != 400 || strcmp(pa_member("code"), rows[i].code) != 0)
            fail_msg("%s: %d %s", body, pa_x.status, pa_x.body_out);
    }
    assert_int_equal(pa_count("SELECT COUNT(*) FROM pa_revocations"), 0);
}

static void a_chain_of_nine_is_too_long(void **state)
{
    (void)state;
    char chain[9 * 2000] = "";
    const char *one = b64(der_of(ca_issuing.cert));
    for (size_t i = 0; i < 9; i++)
        snprintf(chain + strlen(chain), sizeof(chain) - strlen(chain), "%s\"%s\"", i ? "," : "", one);
    report(token, "{\"issuer\":\"%s\",\"serial\":\"01\",\"chain\":[%s]}", b64(stir_cert_info(ca_issuing.cert)->subject_der), chain);
    PA_EXPECT(400, "chain");
}

static void nothing_is_revoked_in_the_future(void **state)
{
    (void)state;
    assert_int_equal(report(token, "{\"issuer\":\"%s\",\"serial\":\"01\",\"revokedAt\":%d}", b64(stir_cert_info(ca_root.cert)->subject_der), PA_NOW + 1000),
                     200);
    assert_int_equal(pa_count("SELECT revoked FROM pa_revocations"), PA_NOW);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
    store_engine_of(argc, argv);
    const struct CMUnitTest tests[] = {
        T(a_report_is_on_the_next_crl_and_the_same_again_is_fine),
        T(nobody_reports_without_the_token_of_a_listed_ca),
        T(no_ca_revokes_for_another),
        T(an_issuer_is_known_by_its_chain_once_and_from_then_on),
        T(a_chain_is_signed_and_not_only_named),
        T(an_operator_makes_an_issuer_known_too),
        T(the_listed_certificate_is_an_issuer_itself),
        T(a_certificate_must_be_of_its_issuer_and_serial),
        T(reports_that_are_none_are_told_what_is_wrong),
        T(a_chain_of_nine_is_too_long),
        T(nothing_is_revoked_in_the_future),
    };
    int failed = cmocka_run_group_tests(tests, pa_begin_parties, pa_end_parties);
    stir_exchange_clear(&pa_x);
    return failed;
}
