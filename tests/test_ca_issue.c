/* Finalizing, issuing and what a crash leaves, which are one subject, the way of a request to its certificate: requests that are refused, keys, profiles, and
 * each named moment at which the process may end. */
#include "ca_issue_support.h"

#include <sys/wait.h>

#include "io/crash_point.h"

/* --- requests that are refused --- */

static struct ca_order ready(const char *payload)
{
    struct ca_order o;
    ca_order_of(&o, 0, payload);
    ca_prove(&o);
    return o;
}

/* The order stays ready: the client may mend its request (RFC 8555 §7.4). */
static void expect_bad_csr(const struct ca_order *o, const char *words)
{
    assert_problem(400, "badCSR", words);
    ca_ask(0, stir_ca_order, o->id, NULL, NULL);
    assert_string_equal(ca_text("status"), "ready");
    assert_int_equal(store_int(sc.clerk.store, "SELECT COUNT(*) FROM certificates"), 0);
}

static void an_order_is_finalized_when_it_is_ready_and_not_before(void **state) /*= RFC8555-7.4 test */
{
    (void)state;
    struct ca_order o;
    struct stir_cert_params wanted = ca_wanted();
    ca_order_of(&o, 0, CA_ORDER);
    ca_finalize(&o, &wanted, sc.subject);
    assert_problem(403, "orderNotReady", "not proven yet");
    ca_prove(&o);
    ca_ask(0, stir_ca_finalize, o.id, "finalize", "{}");
    assert_problem(400, "malformed", "\"csr\" is missing");
    ca_ask(0, stir_ca_finalize, o.id, "finalize", "{\"csr\":7}");
    assert_problem(400, "malformed", "no string");
    ca_ask(0, stir_ca_finalize, o.id, "finalize", "{\"csr\":\"a=\"}");
    assert_problem(400, "malformed", "base64url");
    ca_ask(0, stir_ca_finalize, o.id, "finalize", "{\"csr\":\"LS0tLS0\"}");
    expect_bad_csr(&o, "PEM");
    ca_ask(0, stir_ca_finalize, o.id, "finalize", "{\"csr\":\"MAA\"}");
    expect_bad_csr(&o, "");
    ca_finalize(&o, &wanted, sc.subject);
    assert_string_equal(ca_text("status"), "valid");
    struct stir_cert *first = ca_download(&o);
    ca_finalize(&o, &wanted, sc.subject); /* asked again by a client that was cut off */
    assert_status(200);
    assert_string_equal(ca_text("status"), "valid");
    struct stir_cert *second = ca_download(&o);
    assert_true(stir_slice_eq(stir_cert_info(first)->der, stir_cert_info(second)->der));
    stir_cert_free(first);
    stir_cert_free(second);
}

static void a_request_is_held_against_its_order(void **state) /*= RFC9448-3 test */
{
    (void)state;
    struct ca_order o = ready(CA_ORDER);
    static const struct {
        const char *cn, *o, *c, *tnauth, *words;
    } rows[] = {
        {"SHAKEN 1234", "Provider", "US", CA_CODE, "is not \"SHAKEN 709J\""},
        {"SHAKEN  709J", "Provider", "US", CA_CODE, "is not \"SHAKEN 709J\""},
        {"SHAKEN 709J", NULL, "US", CA_CODE, "no O of 1 to 64"},
        {"SHAKEN 709J", "Provider", NULL, CA_CODE, "no C of two capital letters"},
        {"SHAKEN 709J", "Provider", "US", NULL, "asks for no TNAuthList"},
        {"SHAKEN 709J", "Provider", "US", "MAigBhYEMTIzNA", "is not the order's"},
        {"SHAKEN 709J", "Provider", "US", "MBCgBhYENzA5SqAGFgQxMjM0", "is not the order's"}, /* the order's, and another */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_cert_params p = ca_wanted();
        struct stir_tnauth *list = NULL;
        if (rows[i].tnauth)
            assert_err(stir_tnauth_from_base64(&list, S(rows[i].tnauth)), STIR_OK);
        p.cn = S(rows[i].cn);
        p.o = rows[i].o ? S(rows[i].o) : (struct stir_slice){NULL, 0};
        p.c = rows[i].c ? S(rows[i].c) : (struct stir_slice){NULL, 0};
        p.tnauth = list;
        ca_finalize(&o, &p, sc.subject);
        expect_bad_csr(&o, rows[i].words);
        stir_tnauth_free(list);
    }
}

static void several_faults_of_a_request_are_told_at_once(void **state)
{
    (void)state;
    struct ca_order o = ready(CA_ORDER);
    struct stir_cert_params p = ca_wanted();
    p.cn = S("nobody");
    p.o = (struct stir_slice){NULL, 0};
    p.tnauth = NULL;
    ca_finalize(&o, &p, sc.subject);
    assert_problem(400, "badCSR", "3 faults");
    assert_int_equal(json_array_size(json_object_get(sc.json, "subproblems")), 3);
}

static void a_request_proves_its_key(void **state)
{
    (void)state;
    struct ca_order o = ready(CA_ORDER);
    struct stir_csr *csr = NULL;
    struct stir_cert_params p = ca_wanted();
    struct stir_key_signer held = {sc.subject, sc.pa.ctx};
    struct stir_signer signer = stir_signer_of_key(&held);
    assert_err(stir_csr_make(&csr, &p, &signer, NULL), STIR_OK);
    unsigned char der[STIR_MAX_CERT];
    struct stir_slice whole = stir_csr_info(csr)->der;
    memcpy(der, whole.p, whole.n);
    der[whole.n - 1] ^= 1;
    ca_finalize_der(&o, stir_slice_of(der, whole.n));
    expect_bad_csr(&o, "not signed by the key in it");
    static const char *const others[] = {"csr-made/openssl-rsa.pem", "csr-made/openssl-ca.pem"};
    for (size_t i = 0; i < 2; i++) { /* of another list and key, and one that asks for more */
        struct stir_csr *other = NULL;
        struct stir_slice pem = support_file(others[i]);
        assert_err(stir_csr_parse(&other, pem, NULL), STIR_OK);
        ca_finalize_der(&o, stir_csr_info(other)->der);
        expect_bad_csr(&o, "");
        stir_csr_free(other);
        support_free(pem);
    }
    stir_csr_free(csr);
}

/* Issued is what was asked for, or nothing (RFC 8555 §7.4). */
static void a_request_for_what_is_not_written_is_refused(void **state)
{
    (void)state;
    struct ca_order o = ready(CA_ORDER);
    struct stir_csr *csr = NULL;
    struct stir_slice pem = support_file("csr-made/openssl-extended-key-usage.pem");
    assert_err(stir_csr_parse(&csr, pem, NULL), STIR_OK);
    ca_finalize_der(&o, stir_csr_info(csr)->der);
    expect_bad_csr(&o, "it asks for the extension 2.5.29.37");
    stir_csr_free(csr);
    support_free(pem);
}

static void organisations_are_those_of_the_profile(void **state)
{
    (void)state;
    static const char *const orgs[] = {"Somebody", "Provider"};
    struct ca_order o = ready(CA_ORDER);
    struct stir_cert_params p = ca_wanted();
    sc.profiles[0].orgs = (struct stir_conf_list){orgs, 1};
    ca_finalize(&o, &p, sc.subject);
    expect_bad_csr(&o, "not one that this profile allows");
    sc.profiles[0].orgs.n = 2;
    ca_finalize(&o, &p, sc.subject);
    assert_string_equal(ca_text("status"), "valid");
}

/* --- keys --- */

static void an_account_key_is_no_key_of_a_certificate(void **state) /*= RFC8555-11.1 test */
{
    (void)state;
    struct ca_order o = ready(CA_ORDER);
    struct stir_cert_params p = ca_wanted();
    ca_finalize(&o, &p, sc.account[0]);
    expect_bad_csr(&o, "that of an account");
    ca_finalize(&o, &p, sc.account[1]); /* were it another's */
    expect_bad_csr(&o, "that of an account");
    sc.conf.ca.account_key_allowed = true;
    ca_finalize(&o, &p, sc.account[0]);
    assert_string_equal(ca_text("status"), "valid");
}

static const char *revocation_of(const struct stir_cert *cert, const char *more)
{
    static char payload[STIR_MAX_CERT * 2];
    struct stir_writer w = stir_writer_of(payload, sizeof(payload) - 1);
    stir_put_text(&w, "{\"certificate\":\"");
    stir_put_b64url(&w, stir_cert_info(cert)->der);
    stir_put_text(&w, "\"");
    stir_put_text(&w, more);
    stir_put_text(&w, "}");
    assert_err(stir_writer_close(&w, NULL), STIR_OK);
    return payload;
}

static void a_key_that_was_given_up_stays_so(void **state)
{
    (void)state;
    struct ca_order o;
    struct stir_cert_params p = ca_wanted();
    ca_whole(&o, 0, sc.subject);
    ca_whole(&o, 0, sc.subject); /* a renewal may keep its key */
    struct stir_cert *cert = ca_download(&o);
    ca_ask(0, stir_ca_revoke, NULL, NULL, revocation_of(cert, ""));
    assert_status(200);
    stir_cert_free(cert);
    o = ready(CA_ORDER);
    ca_finalize(&o, &p, sc.subject);
    assert_problem(400, "badCSR", "was revoked");
}

/* --- CA certificates (RFC 9448 §6 step 9, RFC 9060) --- */

/* The root issues itself: what lies below it may be a CA. */
static void issue_from_the_root(void)
{
    stir_key_free(sc.ca.key);
    sc.ca.key = stir_key_ref(sc.root_key);
    stir_cert_free(sc.ca.chain[0]);
    sc.ca.chain[0] = stir_cert_ref(sc.root);
    stir_cert_free(sc.ca.chain[1]);
    sc.ca.chain[1] = NULL;
    sc.ca.n_chain = 1;
}

#define PROFILED(profile) "{\"profile\":\"" profile "\",\"identifiers\":[{\"type\":\"TNAuthList\",\"value\":\"" CA_CODE "\"}]}"

static struct ca_order ready_with(const char *payload, bool ca)
{
    struct ca_order o;
    struct stir_token_params token = ca_token(0);
    ca_order_of(&o, 0, payload);
    token.ca = ca;
    ca_respond(&o, &token);
    assert_string_equal(ca_text("status"), "valid");
    return o;
}

static void a_ca_certificate_takes_token_profile_and_request(void **state)
{
    (void)state;
    struct stir_cert_params p = ca_wanted();
    struct ca_order o = ready(CA_ORDER);
    p.role = STIR_CERT_DELEGATE_CA;
    ca_finalize(&o, &p, sc.subject);
    expect_bad_csr(&o, "(\"ca\": false) authorises none");
    issue_from_the_root();
    o = ready_with(PROFILED("delegate-ca"), true);
    p.role = STIR_CERT_END_ENTITY;
    ca_finalize(&o, &p, sc.subject);
    expect_bad_csr(&o, "does not ask for a CA");
    p.role = STIR_CERT_DELEGATE_CA;
    ca_finalize(&o, &p, sc.subject);
    assert_string_equal(ca_text("status"), "valid");
    struct ca_order of_account = o;
    ca_ask(0, stir_ca_certificate, of_account.id, NULL, NULL);
    struct stir_cert *cert = NULL;
    size_t n = 0;
    assert_err(stir_certs_parse(&cert, 1, &n, stir_slice_of(sc.x.body_out, sc.x.n_out), NULL), STIR_ELIMIT); /* it, and the root that issued it */
    struct stir_cert *both[2];
    assert_err(stir_certs_parse(both, 2, &n, stir_slice_of(sc.x.body_out, sc.x.n_out), NULL), STIR_OK);
    assert_true(stir_cert_info(both[0])->is_ca);
    assert_int_equal(stir_cert_info(both[0])->path_len, 0);
    assert_int_equal(stir_cert_info(both[0])->tnauth, STIR_PART_GOOD);
    stir_cert_free(both[0]);
    stir_cert_free(both[1]);
}

static void a_ca_token_is_for_ca_orders_alone(void **state)
{
    (void)state;
    struct ca_order o;
    issue_from_the_root();
    ca_order_of(&o, 0, PROFILED("delegate-ca"));
    struct stir_token_params token = ca_token(0);
    token.ca = false;
    ca_respond(&o, &token);
    assert_string_equal(ca_text("status"), "invalid");
}

/* --- profiles --- */

static void constraints_of_a_profile_are_written_and_no_others(void **state)
{
    (void)state;
    static const char *const include[] = {"rcd"}, *const permitted[] = {"attest=B|C"};
    static const struct stir_slice wanted_include[] = {{"rcd", 3}}, other_include[] = {{"nam", 3}};
    static const struct stir_slice values[] = {{"B", 1}, {"C", 1}};
    static const struct stir_cert_permitted wanted_permitted[] = {{{"attest", 6}, values, 2}};
    struct stir_cert_constraints asked = {.must_include = other_include, .n_must_include = 1, .permitted = wanted_permitted, .n_permitted = 1};
    sc.profiles[1].must_include = (struct stir_conf_list){include, 1};
    sc.profiles[1].permitted = (struct stir_conf_list){permitted, 1};
    struct ca_order o = ready(PROFILED("delegate"));
    struct stir_cert_params p = ca_wanted();
    p.constraints = &asked;
    ca_finalize(&o, &p, sc.subject);
    expect_bad_csr(&o, "not those of profile \"delegate\"");
    asked.must_include = wanted_include;
    ca_finalize(&o, &p, sc.subject);
    assert_string_equal(ca_text("status"), "valid");
    struct stir_cert *cert = ca_download(&o);
    assert_int_equal(stir_cert_info(cert)->constraints, STIR_PART_GOOD);
    stir_cert_free(cert);
    o = ready(PROFILED("delegate"));
    p.constraints = NULL; /* not asked for, and written all the same */
    ca_finalize(&o, &p, sc.subject);
    cert = ca_download(&o);
    assert_int_equal(stir_cert_info(cert)->constraints, STIR_PART_GOOD);
    stir_cert_free(cert);
    o = ready(CA_ORDER);
    p.constraints = &asked;
    ca_finalize(&o, &p, sc.subject);
    assert_problem(400, "badCSR", "not those of profile \"shaken\"");
}

static void count(const struct stir_lint_rule *rule, const char *detail, void *arg)
{
    ++*(unsigned *)arg;
    print_error("%s: %s %s\n", rule->id, rule->text, detail);
}

static void what_is_issued_passes_our_own_lint_with_nothing_to_say(void **state)
{
    (void)state;
    struct ca_order o;
    unsigned said = 0;
    ca_whole(&o, 0, sc.subject);
    struct stir_cert *cert = ca_download(&o);
    stir_lint_cert(cert, sc.ca.chain[0], STIR_LINT_DEFAULT, count, &said);
    assert_int_equal(said, 0);
    stir_cert_free(cert);
}

static unsigned told;
static void note_words(void *arg, bool fatal, const char *text)
{
    (void)fatal;
    told++;
    snprintf(arg, 400, "%s", text);
}

/* A certificate without its CRL's place is against the profile: our own linter faults it, so it is never signed. */
static void what_our_linter_faults_is_not_signed(void **state)
{
    (void)state;
    char text[400] = "";
    const struct stir_ca_say say = {note_words, text};
    struct ca_order o = ready(CA_ORDER);
    struct stir_cert_params p = ca_wanted();
    told = 0;
    assert_true(stir_ca_profiles_try(&sc.ca, sc.now, &say) || told == 1); /* delegate-ca: the intermediate may have no CA below it */
    assert_non_null(strstr(text, "delegate-ca"));
    sc.conf.ca.crl_url = "";
    sc.ca.crl_issuer = NULL;
    ca_finalize(&o, &p, sc.subject);
    assert_problem(500, "serverInternal", "not issued");
    assert_int_equal(store_int(sc.clerk.store, "SELECT COUNT(*) FROM certificates"), 0);
    ca_ask(0, stir_ca_order, o.id, NULL, NULL);
    assert_string_equal(ca_text("status"), "ready");
    told = 0;
    assert_false(stir_ca_profiles_try(&sc.ca, sc.now, &say)); /* said at the start */
    assert_true(told >= 1);
}

/* --- crashes --- */

static const char *crash_at;

static void crash(const char *point)
{
    if (strcmp(point, crash_at) == 0)
        _exit(77);
}

/* An order all the way, and the revocation of what came of it, until the process ends at `point`. False: it was never there. */
static bool runs_into(const char *point)
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct ca_order o;
        crash_at = point;
        stir_crash_hook = crash;
        sc.clerk.store = store_again(&stir_schema);
        ca_whole(&o, 0, sc.subject);
        struct stir_cert *cert = ca_download(&o);
        ca_ask(0, stir_ca_revoke, NULL, NULL, revocation_of(cert, ""));
        _exit(sc.x.status == 200 ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77));
    return WEXITSTATUS(status) == 77;
}

static void expect_chain(void *arg, const char *node, int64_t rows, const unsigned char head[STIR_SHA256], const char *fault)
{
    (void)arg, (void)node, (void)rows, (void)head;
    if (fault)
        fail_msg("audit: %s", fault);
}

static bool holds(struct stir_slice whole, struct stir_slice part)
{
    for (size_t i = 0; i + part.n <= whole.n; i++)
        if (memcmp(whole.p + i, part.p, part.n) == 0)
            return true;
    return false;
}

static enum stir_err look_at_certificates(struct stir_store *store, void *arg)
{
    unsigned *n = arg;
    struct stir_store_rows *rows = NULL;
    *n = 0;
    TRY(stir_store_ask(&rows, store, "SELECT serial, tbs, tbs_hash, der, sha256 FROM certificates WHERE der IS NOT NULL", STIR_NO_VALUES));
    while (stir_store_next(rows) == STIR_OK) {
        struct stir_cert *cert = NULL;
        char name[64];
        assert_err(stir_cert_parse(&cert, stir_store_get(rows, 3), NULL), STIR_OK);
        const struct stir_cert_info *info = stir_cert_info(cert);
        assert_true(stir_slice_is(stir_store_get(rows, 0), info->serial_hex));
        assert_true(stir_slice_eq(stir_store_get(rows, 4), stir_slice_of(info->sha256, STIR_SHA256)));
        assert_true(holds(info->der, stir_store_get(rows, 1))); /* what was committed is what was signed */
        assert_err(stir_cert_signed_by(cert, sc.ca.chain[0]), STIR_OK);
        snprintf(name, sizeof(name), "%s.pem", info->serial_hex);
        assert_int_equal(access(path_in(name), R_OK), 0);
        stir_cert_free(cert);
        ++*n;
    }
    stir_store_rows_free(rows);
    return STIR_OK;
}

/* Store, audit and files agree: nothing is open, each certificate is recorded, told and published, and no other is. */
static void expect_agreement(void)
{
    unsigned n = 0;
    struct stir_diag diag = {0};
    struct stir_store *store = sc.clerk.store;
    assert_int_equal(store_int(store, "SELECT COUNT(*) FROM certificates WHERE state = 'intent'"), 0);
    assert_int_equal(store_int(store, "SELECT COUNT(*) FROM acme_orders WHERE status = 'processing'"), 0);
    assert_int_equal(store_int(store, "SELECT COUNT(*) FROM certificates WHERE published = 0 AND der IS NOT NULL"), 0);
    assert_err(stir_store_look(store, look_at_certificates, &n, &diag), STIR_OK);
    assert_int_equal(store_int(store, "SELECT COUNT(*) FROM audit WHERE event = 'certificate intended'"),
                     store_int(store, "SELECT COUNT(*) FROM certificates"));
    assert_int_equal(store_int(store, "SELECT COUNT(*) FROM audit WHERE event = 'certificate issued'"), n);
    assert_int_equal(store_int(store, "SELECT COUNT(*) FROM acme_orders WHERE status = 'valid'"), n);
    assert_int_equal(store_int(store, "SELECT COUNT(*) FROM audit WHERE event = 'certificate revoked'"),
                     store_int(store, "SELECT COUNT(*) FROM certificates WHERE state = 'revoked'"));
    if (stir_audit_verify(store, expect_chain, NULL, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
    size_t files = folder_count("", NULL), stores = folder_count("store.db", NULL);
    assert_int_equal(files - stores, n);
}

struct last {
    char id[STIR_ID], authorization[STIR_ID], challenge[STIR_ID], status[16];
};
static enum stir_err look_at_last(struct stir_store *store, void *arg)
{
    struct last *last = arg;
    struct stir_store_rows *rows = NULL;
    TRY(stir_store_ask_one(
        &rows, store, "SELECT o.id, a.id, a.challenge, o.status FROM acme_orders o JOIN acme_authorizations a ON a.order_id = o.id ORDER BY o.created DESC",
        STIR_NO_VALUES));
    snprintf(last->id, STIR_ID, "%.*s", STIR_SHOW(stir_store_get(rows, 0)));
    snprintf(last->authorization, STIR_ID, "%.*s", STIR_SHOW(stir_store_get(rows, 1)));
    snprintf(last->challenge, STIR_ID, "%.*s", STIR_SHOW(stir_store_get(rows, 2)));
    snprintf(last->status, sizeof(last->status), "%.*s", STIR_SHOW(stir_store_get(rows, 3)));
    stir_store_rows_free(rows);
    return STIR_OK;
}

/* The client goes on from wherever its order stands. */
static void go_on(void)
{
    struct last last;
    struct stir_diag diag = {0};
    struct ca_order o = {.account = 0};
    struct stir_cert_params p = ca_wanted();
    enum stir_err err = stir_store_look(sc.clerk.store, look_at_last, &last, &diag);
    if (err == STIR_ENOTFOUND) {
        ca_whole(&o, 0, sc.subject);
        return;
    }
    memcpy(o.id, last.id, STIR_ID);
    memcpy(o.authorization, last.authorization, STIR_ID);
    memcpy(o.challenge, last.challenge, STIR_ID);
    sc.jti = 1000; /* a fresh token */
    if (strcmp(last.status, "pending") == 0)
        ca_prove(&o);
    ca_finalize(&o, &p, sc.subject);
    assert_status(200);
    assert_string_equal(ca_text("status"), "valid");
    stir_cert_free(ca_download(&o));
}

static void no_moment_of_a_crash_loses_anything(void **state)
{
    static const char *const points[] = {
        "order: before it is committed",
        "order: committed, not answered",
        "order: answered",
        "challenge: judged",
        "challenge: before its outcome is committed",
        "challenge: outcome committed",
        "challenge: answered",
        "issue: linted",
        "issue: before the intent is committed",
        "issue: intent committed",
        "issue: not signed",
        "issue: signed, not committed",
        "issue: before the certificate is committed",
        "issue: committed, not published",
        "issue: file not written",
        "issue: published",
        "revoke: before it is committed",
        "revoke: committed, not answered",
    };
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        struct stir_diag diag = {0};
        bool revoked = strncmp(points[i], "revoke: c", 9) == 0;
        if (i) /* the first has a scene already */
            ca_open(state);
        stir_store_close(sc.clerk.store);
        sc.clerk.store = NULL;
        if (!runs_into(points[i]))
            fail_msg("%s: never there", points[i]);
        sc.clerk.store = store_again(&stir_schema);
        if (stir_ca_recover(&sc.ca, &sc.clerk, sc.now, &diag) != STIR_OK)
            fail_msg("%s: %s", points[i], diag.text);
        expect_agreement();
        if (!revoked)
            go_on();
        stir_ca_recover_chores(&sc.ca, &sc.clerk, sc.now);
        expect_agreement();
        if (i + 1 < sizeof(points) / sizeof(points[0]))
            ca_close(state);
    }
}

static void leave_intent(void)
{
    stir_store_close(sc.clerk.store);
    sc.clerk.store = NULL;
    assert_true(runs_into("issue: intent committed"));
    sc.clerk.store = store_again(&stir_schema);
    assert_int_equal(store_int(sc.clerk.store, "SELECT COUNT(*) FROM certificates WHERE state = 'intent'"), 1);
}

static void an_intent_whose_order_is_over_is_burnt(void **state)
{
    (void)state;
    struct stir_diag diag = {0};
    leave_intent();
    sc.now += 8 * CA_DAY;
    assert_err(stir_ca_recover(&sc.ca, &sc.clerk, sc.now, &diag), STIR_OK);
    assert_int_equal(store_int(sc.clerk.store, "SELECT COUNT(*) FROM certificates WHERE state = 'burnt' AND der IS NULL"), 1);
    assert_int_equal(store_int(sc.clerk.store, "SELECT COUNT(*) FROM audit WHERE event = 'certificate burnt'"), 1);
    assert_int_equal(store_int(sc.clerk.store, "SELECT COUNT(*) FROM acme_orders WHERE status = 'invalid' AND error LIKE '%interrupted%'"), 1);
    expect_agreement();
}

static void an_intent_of_another_authority_is_burnt(void **state)
{
    (void)state;
    struct stir_diag diag = {0};
    leave_intent();
    snprintf(sc.ca.issuer, sizeof(sc.ca.issuer), "%064d", 8);
    assert_err(stir_ca_recover(&sc.ca, &sc.clerk, sc.now, &diag), STIR_OK);
    assert_int_equal(store_int(sc.clerk.store, "SELECT COUNT(*) FROM certificates WHERE state = 'burnt'"), 1);
}

static void an_intent_of_another_node_is_left_until_it_is_old(void **state)
{
    (void)state;
    struct stir_diag diag = {0};
    leave_intent();
    sc.clerk.node = "b";
    assert_err(stir_ca_recover(&sc.ca, &sc.clerk, sc.now, &diag), STIR_OK);
    stir_ca_recover_chores(&sc.ca, &sc.clerk, sc.now + STIR_CA_INTENT_OLD);
    assert_int_equal(store_int(sc.clerk.store, "SELECT COUNT(*) FROM certificates WHERE state = 'intent'"), 1);
    stir_ca_recover_chores(&sc.ca, &sc.clerk, sc.now + STIR_CA_INTENT_OLD + 1);
    assert_int_equal(store_int(sc.clerk.store, "SELECT COUNT(*) FROM certificates WHERE state = 'issued'"), 1);
    expect_agreement();
}

struct held {
    char serial[STIR_CA_SERIAL_TEXT];
    unsigned char tbs[STIR_MAX_CERT];
    size_t n;
};
static enum stir_err look_at_intent(struct stir_store *store, void *arg)
{
    struct held *held = arg;
    struct stir_store_rows *rows = NULL;
    TRY(stir_store_ask_one(&rows, store, "SELECT serial, tbs FROM certificates WHERE state = 'intent'", STIR_NO_VALUES));
    snprintf(held->serial, sizeof(held->serial), "%.*s", STIR_SHOW(stir_store_get(rows, 0)));
    held->n = stir_store_get(rows, 1).n;
    memcpy(held->tbs, stir_store_get(rows, 1).p, held->n);
    stir_store_rows_free(rows);
    return STIR_OK;
}

/* The store was away for the second transaction: the client asks on, and does not ask long. */
static void an_intent_of_this_node_is_finished_while_it_runs(void **state)
{
    (void)state;
    leave_intent();
    stir_ca_recover_chores(&sc.ca, &sc.clerk, sc.now + STIR_CA_INTENT_OWN);
    assert_int_equal(store_int(sc.clerk.store, "SELECT COUNT(*) FROM certificates WHERE state = 'intent'"), 1);
    stir_ca_recover_chores(&sc.ca, &sc.clerk, sc.now + STIR_CA_INTENT_OWN + 1);
    assert_int_equal(store_int(sc.clerk.store, "SELECT COUNT(*) FROM certificates WHERE state = 'issued'"), 1);
    expect_agreement();
}

/* The other node comes back after all, with its signature: one certificate is recorded, and both have that one. */
static void an_intent_that_two_finish_is_one_certificate(void **state)
{
    (void)state;
    struct stir_diag diag = {0};
    struct stir_cert *first = NULL, *second = NULL;
    struct last last;
    leave_intent();
    assert_err(stir_store_look(sc.clerk.store, look_at_last, &last, &diag), STIR_OK);
    struct held held;
    assert_err(stir_store_look(sc.clerk.store, look_at_intent, &held, &diag), STIR_OK);
    struct stir_slice text = stir_slice_of(held.tbs, held.n);
    assert_err(stir_ca_complete(&sc.ca, &sc.clerk, held.serial, text, last.id, "stir", sc.now, &first, &diag), STIR_OK);
    assert_err(stir_ca_complete(&sc.ca, &sc.clerk, held.serial, text, last.id, "stir", sc.now, &second, &diag), STIR_OK);
    assert_true(stir_slice_eq(stir_cert_info(first)->der, stir_cert_info(second)->der));
    stir_cert_free(first);
    stir_cert_free(second);
    stir_ca_recover_chores(&sc.ca, &sc.clerk, sc.now);
    expect_agreement();
}

static void a_file_that_is_missing_is_written_again(void **state)
{
    (void)state;
    struct ca_order o;
    char name[256];
    ca_whole(&o, 0, sc.subject);
    struct stir_cert *cert = ca_download(&o);
    snprintf(name, sizeof(name), "%s.pem", stir_cert_info(cert)->serial_hex);
    assert_int_equal(unlink(path_in(name)), 0);
    sc.conf.ca.publish_dir = "/nonexistent";
    stir_ca_recover_chores(&sc.ca, &sc.clerk, sc.now);
    assert_int_equal(store_int(sc.clerk.store, "SELECT COUNT(*) FROM certificates WHERE published = 0"), 1); /* tried again */
    sc.conf.ca.publish_dir = sc.publish_dir;
    stir_ca_recover_chores(&sc.ca, &sc.clerk, sc.now);
    assert_int_equal(access(path_in(name), R_OK), 0);
    stir_cert_free(cert);
    expect_agreement();
}

int main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, ca_open, ca_close)
    const struct CMUnitTest tests[] = {
        T(an_order_is_finalized_when_it_is_ready_and_not_before),
        T(a_request_is_held_against_its_order),
        T(several_faults_of_a_request_are_told_at_once),
        T(a_request_proves_its_key),
        T(a_request_for_what_is_not_written_is_refused),
        T(organisations_are_those_of_the_profile),
        T(an_account_key_is_no_key_of_a_certificate),
        T(a_key_that_was_given_up_stays_so),
        T(a_ca_certificate_takes_token_profile_and_request),
        T(a_ca_token_is_for_ca_orders_alone),
        T(constraints_of_a_profile_are_written_and_no_others),
        T(what_is_issued_passes_our_own_lint_with_nothing_to_say),
        T(what_our_linter_faults_is_not_signed),
        T(no_moment_of_a_crash_loses_anything),
        T(an_intent_whose_order_is_over_is_burnt),
        T(an_intent_of_another_authority_is_burnt),
        T(an_intent_of_another_node_is_left_until_it_is_old),
        T(an_intent_of_this_node_is_finished_while_it_runs),
        T(an_intent_that_two_finish_is_one_certificate),
        T(a_file_that_is_missing_is_written_again),
    };
    store_engine_of(argc, argv);
    return cmocka_run_group_tests_name("ca_issue", tests, NULL, NULL);
}
