#include <openssl/err.h>
#include <time.h>

#include "core/chain.h"
#include "trust_support.h"

enum { NOW = 1780272000 }; /* 2026-06-01, within the made certificates */

/* One body of tests/data/chain under one root: what must be found, all of it but REVOCATION_UNKNOWN, and at what the dates are judged. */
static const struct row {
    const char *body, *root;
    bool trusted;
    enum stir_reason reasons[8];
    enum stir_reason time;
} rows[] = {
    {"good", "root", true, {0}, 0},
    {"no-root", "root", true, {0}, 0},
    {"good", NULL, false, {STIR_R_ISSUER_MISSING}, 0},
    {"shuffled", "root", true, {STIR_R_CHAIN_ORDER}, 0},
    {"reversed", "root", true, {STIR_R_CHAIN_ORDER}, 0},
    {"issuer-first", "root", true, {STIR_R_CHAIN_ORDER}, 0},
    {"no-issuer", "root", false, {STIR_R_ISSUER_MISSING}, 0},
    {"wrong-key", "root", false, {STIR_R_ISSUER_SIGNATURE}, 0},
    {"loop", "root", false, {STIR_R_ISSUER_MISSING}, 0},
    {"nine", "root", false, {STIR_R_CHAIN_TOO_LONG}, 0},
    {"key", "root", false, {STIR_R_CERT_WITH_KEY}, 0},
    {"ca-alone",
     "root",
     false,
     {STIR_R_LEAF_IS_CA, STIR_R_LEAF_KEY_USAGE, STIR_R_TNAUTH_MISSING, STIR_R_POLICY_OID, STIR_R_KEY_USAGE_EXTRA, STIR_R_CRLDP_ISSUER},
     0},
    {"two-leaves",
     "root",
     false,
     {STIR_R_LEAF_IS_CA, STIR_R_LEAF_KEY_USAGE, STIR_R_TNAUTH_MISSING, STIR_R_POLICY_OID, STIR_R_KEY_USAGE_EXTRA, STIR_R_CRLDP_ISSUER, STIR_R_CHAIN_ORDER},
     0},
    /* paths */
    {"path-length", "root", false, {STIR_R_PATH_LENGTH}, 0},
    {"path-length-self-issued", "root", true, {0}, 0},
    {"good", "root-path-length", false, {STIR_R_PATH_LENGTH}, 0},
    {"good", "root-usage", false, {STIR_R_ISSUER_KEY_USAGE}, 0},
    {"good", "root-expired", true, {0}, STIR_R_ISSUER_EXPIRED},
    {"leaf-by-leaf", "root", false, {STIR_R_ISSUER_NOT_CA}, 0},
    {"cross", "root", true, {STIR_R_CHAIN_ORDER}, 0},
    {"renewed", "root", true, {STIR_R_CHAIN_ORDER}, 0},
    {"renewed-short", "root", true, {STIR_R_CHAIN_ORDER}, 0},
    {"renewed-early", "root", true, {STIR_R_CHAIN_ORDER}, 0},
    {"rollover", "root", true, {STIR_R_KEY_IDENTIFIER, STIR_R_CHAIN_ORDER}, 0},
    {"same-name", "root", true, {STIR_R_CHAIN_ORDER}, 0},
    {"maze", "root", false, {STIR_R_ISSUER_MISSING}, 0},
    {"maze-out", "root", true, {0}, 0},
    /* issuers */
    {"int-not-ca", "root", false, {STIR_R_ISSUER_NOT_CA}, 0},
    {"int-basic-none", "root", false, {STIR_R_ISSUER_NOT_CA}, 0},
    {"int-usage", "root", false, {STIR_R_ISSUER_KEY_USAGE}, 0},
    {"int-usage-none", "root", true, {0}, 0},
    {"int-critical", "root", false, {STIR_R_CRITICAL_EXTENSION}, 0},
    {"int-name-constraints", "root", false, {STIR_R_CRITICAL_EXTENSION}, 0},
    {"int-sha1", "root", false, {STIR_R_CERT_ALGORITHM}, 0},
    {"int-p384", "root", true, {STIR_R_ISSUER_ALGORITHM}, 0},
    {"int-p224", "root", false, {STIR_R_CERT_ALGORITHM}, 0},
    {"int-rsa", "root", true, {STIR_R_ISSUER_ALGORITHM}, 0},
    {"int-rsa-short", "root", false, {STIR_R_CERT_ALGORITHM}, 0},
    {"int-explicit", "root", false, {STIR_R_CERT_ALGORITHM}, 0},
    {"int-expired", "root", true, {0}, STIR_R_ISSUER_EXPIRED},
    {"int-future", "root", true, {0}, STIR_R_ISSUER_NOT_YET},
    /* the signer */
    {"leaf-critical", "root", false, {STIR_R_CRITICAL_EXTENSION}, 0},
    {"leaf-unknown", "root", true, {0}, 0},
    {"leaf-twice", "root", false, {STIR_R_CRITICAL_EXTENSION}, 0},
    {"leaf-usage-none", "root", false, {STIR_R_LEAF_KEY_USAGE}, 0},
    {"leaf-usage-bad", "root", false, {STIR_R_CRITICAL_EXTENSION, STIR_R_LEAF_KEY_USAGE}, 0},
    {"leaf-usage-other", "root", false, {STIR_R_LEAF_KEY_USAGE, STIR_R_KEY_USAGE_EXTRA}, 0},
    {"leaf-usage-extra", "root", true, {STIR_R_KEY_USAGE_EXTRA}, 0},
    {"leaf-usage-twice", "root", false, {STIR_R_CRITICAL_EXTENSION, STIR_R_LEAF_KEY_USAGE}, 0},
    {"leaf-basic-none", "root", true, {STIR_R_BASIC_CONSTRAINTS}, 0},
    {"leaf-basic-plain", "root", true, {STIR_R_BASIC_CONSTRAINTS}, 0},
    {"leaf-basic-bad", "root", false, {STIR_R_CRITICAL_EXTENSION, STIR_R_BASIC_CONSTRAINTS}, 0},
    {"leaf-ca", "root", false, {STIR_R_LEAF_IS_CA, STIR_R_KEY_USAGE_EXTRA}, 0},
    {"leaf-tnauth-none", "root", false, {STIR_R_TNAUTH_MISSING}, 0},
    {"leaf-tnauth-bad", "root", false, {STIR_R_TNAUTH_BAD}, 0},
    {"leaf-tnauth-twice", "root", false, {STIR_R_CRITICAL_EXTENSION, STIR_R_TNAUTH_BAD}, 0},
    {"leaf-tnauth-two", "root", true, {STIR_R_TNAUTH_SHAPE}, 0},
    {"leaf-tnauth-number", "root", true, {STIR_R_TNAUTH_SHAPE}, 0},
    {"leaf-spc-lower", "root", true, {STIR_R_SPC_FORM}, 0},
    {"leaf-cn-other", "root", true, {STIR_R_CN_SPC}, 0},
    {"leaf-policy-none", "root", true, {STIR_R_POLICY_OID}, 0},
    {"leaf-policy-two", "root", true, {STIR_R_POLICY_OID}, 0},
    {"leaf-policy-other", "root", true, {STIR_R_POLICY_OID}, 0},
    {"leaf-crldp-none", "root", true, {STIR_R_CRLDP_ISSUER}, 0},
    {"leaf-constraints-bad", "root", false, {STIR_R_CONSTRAINTS_BAD}, 0},
    {"leaf-constraints-both", "root", true, {STIR_R_CONSTRAINTS_BOTH}, 0},
    {"leaf-rsa", "root", false, {STIR_R_LEAF_KEY}, 0},
    {"leaf-p384", "root", false, {STIR_R_LEAF_KEY}, 0},
    {"leaf-explicit", "root", false, {STIR_R_LEAF_KEY}, 0},
    {"leaf-sha1", "root", false, {STIR_R_CERT_ALGORITHM}, 0},
    {"leaf-inner", "root", false, {STIR_R_CERT_ALGORITHM}, 0},
    {"leaf-aki-other", "root", true, {STIR_R_KEY_IDENTIFIER}, 0},
    {"leaf-aki-none", "root", true, {STIR_R_KEY_IDENTIFIER}, 0},
    /* lists within lists */
    {"delegate-range", "root", true, {STIR_R_TNAUTH_SHAPE}, 0},
    {"delegate-one", "root", true, {STIR_R_TNAUTH_SHAPE}, 0},
    {"delegate-by-code", "root", true, {STIR_R_TNAUTH_SHAPE}, 0},
    {"delegate-outside", "root", false, {STIR_R_TNAUTH_NOT_ENCOMPASSED, STIR_R_TNAUTH_SHAPE}, 0},
    {"delegate-wider-middle", "root", false, {STIR_R_TNAUTH_NOT_ENCOMPASSED, STIR_R_TNAUTH_SHAPE}, 0},
    {"delegate-code", "root", false, {STIR_R_TNAUTH_NOT_ENCOMPASSED}, 0},
    {"delegate-bad", "root", false, {STIR_R_TNAUTH_BAD}, 0},
    {"delegate-no-list", "root", false, {STIR_R_TNAUTH_MISSING}, 0},
    {"good", "root-range", false, {STIR_R_TNAUTH_NOT_ENCOMPASSED}, 0},
};

static const char *data_file(char *buf, size_t cap, const char *name)
{
    snprintf(buf, cap, "chain/%s.pem", name);
    return buf;
}

static struct stir_chain *chain_of(const char *body, const char *root, const struct stir_policy *policy)
{
    char file[80];
    struct stir_trust *trust = support_trust(root ? data_file(file, sizeof(file), root) : NULL);
    struct stir_chain *chain = support_chain(data_file(file, sizeof(file), body), trust, policy, NOW);
    stir_trust_free(trust);
    return chain;
}

static void check_reasons(const struct row *row, const struct stir_chain *chain)
{
    const struct stir_chain_info *info = stir_chain_info(chain);
    size_t at = 0;
    for (size_t i = 0; i < info->n_reasons; i++) {
        if (info->reasons[i] == STIR_R_REVOCATION_UNKNOWN)
            continue;
        if (info->reasons[i] != row->reasons[at])
            fail_msg("%s: found %s, wanted %s (%s)", row->body, stir_reason_name(info->reasons[i]), stir_reason_name(row->reasons[at]), info->detail);
        at++;
    }
    if (row->reasons[at] != STIR_R_NONE)
        fail_msg("%s: %s was not found", row->body, stir_reason_name(row->reasons[at]));
}

/*= RFC5280-6.1 test */
/*= RFC8226-4a RFC8226-4b RFC9060-4 RFC9060-6a RFC9060-6b RFC9060-7a RFC9060-7b RFC9060-7c RFC9118-6 test */
static void a_chain_with_one_thing_wrong_is_judged_for_that_thing(void **state)
{
    struct stir_policy policy = support_policy("shaken");
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_chain *chain = chain_of(rows[i].body, rows[i].root, &policy);
        const struct stir_chain_info *info = stir_chain_info(chain);
        check_reasons(&rows[i], chain);
        if (info->trusted != rows[i].trusted)
            fail_msg("%s: trusted %d", rows[i].body, info->trusted);
        if (!info->trusted != (info->detail[0] != '\0'))
            fail_msg("%s: detail is \"%s\"", rows[i].body, info->detail);
        if (info->trusted && stir_chain_check_time(chain, NOW) != rows[i].time)
            fail_msg("%s: at its time %s", rows[i].body, stir_reason_name(stir_chain_check_time(chain, NOW)));
        stir_chain_free(chain);
    }
}

static void warnings_are_fatal_under_the_strict_policy(void **state)
{
    static const char *const bodies[] = {"leaf-cn-other",   "leaf-policy-two", "leaf-usage-extra", "leaf-spc-lower",  "leaf-tnauth-two",      "shuffled",
                                         "leaf-crldp-none", "int-p384",        "leaf-aki-none",    "leaf-basic-none", "leaf-constraints-both"};
    struct stir_policy policy = support_policy("strict");
    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct stir_chain *chain = chain_of(bodies[i], "root", &policy);
        if (stir_chain_info(chain)->trusted || !stir_chain_info(chain)->detail[0])
            fail_msg("%s is trusted under strict", bodies[i]);
        stir_chain_free(chain);
    }
}

static void the_policy_decides_what_is_fatal(void **state)
{
    struct stir_policy policy = support_policy("shaken");
    (void)state;
    assert_err(stir_policy_set(&policy, STIR_R_CN_SPC, STIR_SEVERITY_FAIL), STIR_OK);
    struct stir_chain *chain = chain_of("leaf-cn-other", "root", &policy);
    assert_false(stir_chain_info(chain)->trusted);
    stir_chain_free(chain);

    policy = support_policy("shaken");
    assert_err(stir_policy_set(&policy, STIR_R_CONSTRAINTS_BAD, STIR_SEVERITY_WARN), STIR_OK);
    chain = chain_of("leaf-constraints-bad", "root", &policy);
    assert_true(stir_chain_info(chain)->trusted);
    stir_chain_free(chain);

    policy = support_policy("shaken");
    assert_err(stir_policy_set(&policy, STIR_R_ISSUER_MISSING, STIR_SEVERITY_WARN), STIR_EVALUE);
    chain = chain_of("no-issuer", "root", &policy);
    assert_false(stir_chain_info(chain)->trusted); /* no policy makes a path where there is none */
    stir_chain_free(chain);
}

static void the_policy_names_the_accepted_certificate_policies(void **state)
{
    struct stir_policy policy = support_policy("strict");
    (void)state;
    policy.crl_required = false;
    policy.policy_oid[0] = "1.2.3";
    policy.n_policy_oids = 1;
    struct stir_chain *chain = chain_of("leaf-policy-other", "root", &policy);
    assert_true(stir_chain_info(chain)->trusted);
    stir_chain_free(chain);
    chain = chain_of("good", "root", &policy);
    assert_true(support_has_reason(chain, STIR_R_POLICY_OID));
    stir_chain_free(chain);
}

static void a_list_may_be_optional_and_then_the_issuers_list_holds(void **state)
{
    struct stir_policy policy = support_policy("shaken");
    (void)state;
    policy.tnauth_optional = true;
    struct stir_chain *chain = chain_of("delegate-no-list", "root", &policy);
    assert_true(stir_chain_info(chain)->trusted);
    assert_true(stir_tnauth_covers(stir_chain_tnauth(chain), S("12155551824")));
    assert_false(stir_tnauth_covers(stir_chain_tnauth(chain), S("12155552000")));
    stir_chain_free(chain);
    chain = chain_of("leaf-tnauth-none", "root", &policy);
    assert_true(stir_chain_info(chain)->trusted);
    assert_null(stir_chain_tnauth(chain));
    stir_chain_free(chain);
}

static void the_detail_names_who_is_missing(void **state)
{
    struct stir_policy policy = support_policy("shaken");
    (void)state;
    struct stir_chain *chain = chain_of("no-issuer", "root", &policy);
    assert_string_equal(stir_chain_info(chain)->detail,
                        "issuer CN=Intermediate,O=Example,C=US of CN=SHAKEN 709J,O=Example,C=US is not among the anchors and was not delivered");
    stir_chain_free(chain);
    chain = chain_of("good", NULL, &policy);
    assert_non_null(strstr(stir_chain_info(chain)->detail, "CN=Root,O=Example,C=US is its own issuer"));
    stir_chain_free(chain);
    chain = chain_of("maze", "root", &policy);
    assert_non_null(strstr(stir_chain_info(chain)->detail, "gave up"));
    stir_chain_free(chain);
    chain = chain_of("loop", "root", &policy);
    assert_non_null(strstr(stir_chain_info(chain)->detail, "lead back"));
    stir_chain_free(chain);
}

static void the_detail_is_about_the_first_fatal_reason(void **state)
{
    struct stir_policy policy = support_policy("shaken");
    (void)state;
    struct stir_chain *chain = chain_of("leaf-usage-bad", "root", &policy);
    assert_int_equal(support_fatal(chain, &policy), STIR_R_CRITICAL_EXTENSION);
    assert_non_null(strstr(stir_chain_info(chain)->detail, "2.5.29.15"));
    stir_chain_free(chain);
}

static void the_detail_is_about_the_longest_way(void **state)
{
    struct stir_policy policy = support_policy("shaken");
    struct stir_trust *trust = support_trust(NULL);
    struct stir_cert *certs[4];
    struct stir_chain *chain = NULL;
    (void)state;
    assert_int_equal(support_certs(certs, 3, "chain/cross.pem"), 3);
    assert_int_equal(support_certs(certs + 3, 1, "chain/root.pem"), 1);
    assert_err(stir_chain_from_certs(&chain, certs, 4, trust, &policy, NOW), STIR_OK);
    assert_non_null(strstr(stir_chain_info(chain)->detail, "CN=Root,O=Example,C=US is its own issuer"));
    assert_int_equal(stir_chain_info(chain)->n_path, 3);
    stir_chain_free(chain);
    support_certs_free(certs, 4);
    stir_trust_free(trust);
}

static void info_shows_the_path_and_its_validity(void **state)
{
    struct stir_policy policy = support_policy("shaken");
    (void)state;
    policy.id = 17;
    struct stir_chain *chain = chain_of("good", "root", &policy);
    const struct stir_chain_info *info = stir_chain_info(chain);
    assert_int_equal(info->n_path, 3);
    assert_ptr_equal(info->leaf, info->path[0]);
    assert_slice(stir_cert_info(info->path[1])->cn, "Intermediate");
    assert_slice(stir_cert_info(info->path[2])->cn, "Root");
    assert_string_equal(info->domain, "default");
    assert_int_equal(info->valid_from, 1767225600);  /* 2026-01-01 */
    assert_int_equal(info->valid_until, 2082758400); /* 2036-01-01 */
    assert_true(info->checked_until == INT64_MAX);
    assert_int_equal(info->trust_generation, 1);
    assert_int_equal(info->policy_id, 17);
    assert_slice(info->spc, "709J");
    assert_ptr_equal(stir_chain_key(chain), stir_cert_key(info->leaf));
    assert_null(stir_chain_constraints(chain, 0));
    stir_chain_free(chain);
}

static void the_path_that_stays_valid_longest_is_kept(void **state)
{
    struct stir_policy policy = support_policy("shaken");
    (void)state;
    struct stir_chain *chain = chain_of("renewed-short", "root", &policy);
    assert_int_equal(stir_chain_info(chain)->valid_until, 2082758400);
    stir_chain_free(chain);
}

static void times_are_held_against_leaf_and_issuers(void **state)
{
    struct stir_policy policy = support_policy("shaken");
    (void)state;
    struct stir_chain *chain = chain_of("good", "root", &policy);
    assert_int_equal(stir_chain_check_time(chain, 1767225600), STIR_R_NONE);
    assert_int_equal(stir_chain_check_time(chain, 1767225599), STIR_R_CERT_NOT_YET);
    assert_int_equal(stir_chain_check_time(chain, 2082758400), STIR_R_NONE);
    assert_int_equal(stir_chain_check_time(chain, 2082758401), STIR_R_CERT_EXPIRED);
    stir_chain_free(chain);
    chain = chain_of("int-expired", "root", &policy);
    assert_int_equal(stir_chain_check_time(chain, 1769904000), STIR_R_NONE); /* 2026-02-01 */
    assert_int_equal(stir_chain_check_time(chain, 1769904001), STIR_R_ISSUER_EXPIRED);
    stir_chain_free(chain);
}

static void a_chain_is_current_under_its_own_snapshot_and_policy(void **state)
{
    struct stir_policy policy = support_policy("shaken"), other = policy;
    struct stir_trust *trust = support_trust("chain/root.pem"), *next = NULL;
    struct stir_trust_builder *builder = support_builder();
    (void)state;
    other.id = 99;
    next = support_freeze(builder, 2);
    struct stir_chain *chain = support_chain("chain/good.pem", trust, &policy, NOW);
    assert_true(stir_chain_is_current(chain, trust, &policy, NOW));
    assert_false(stir_chain_is_current(chain, next, &policy, NOW));
    assert_false(stir_chain_is_current(chain, trust, &other, NOW));
    stir_chain_free(stir_chain_ref(chain));
    assert_true(stir_chain_is_current(chain, trust, &policy, NOW));
    assert_false(stir_chain_is_current(NULL, trust, &policy, NOW));
    stir_chain_free(chain);
    stir_trust_free(trust);
    stir_trust_free(next);
}

static void a_certificate_given_as_trusted_is_an_anchor(void **state)
{
    struct stir_policy policy = support_policy("shaken");
    struct stir_trust *empty = support_trust(NULL);
    struct stir_cert *certs[3];
    (void)state;
    assert_int_equal(support_certs(certs, 3, "chain/good.pem"), 3);
    for (size_t i = 0; i < 3; i++) {
        struct stir_chain *chain = NULL;
        struct stir_trust_builder *builder = support_builder();
        assert_err(stir_trust_domain(builder, S("lab")), STIR_OK);
        assert_err(stir_trust_add_anchor(builder, certs[i]), STIR_OK);
        struct stir_trust *trust = support_freeze(builder, 1);
        assert_err(stir_chain_from_certs(&chain, certs, 3, trust, &policy, NOW), STIR_OK);
        assert_true(stir_chain_info(chain)->trusted);
        assert_int_equal(stir_chain_info(chain)->n_path, i + 1);
        assert_string_equal(stir_chain_info(chain)->domain, "lab");
        stir_chain_free(chain);
        stir_trust_free(trust);
    }
    stir_trust_free(empty);
    support_certs_free(certs, 3);
}

static void an_anchored_leaf_must_still_be_a_signer(void **state)
{
    struct stir_policy policy = support_policy("shaken");
    (void)state;
    struct stir_chain *chain = chain_of("leaf-p384", "leaf-p384", &policy);
    assert_int_equal(support_fatal(chain, &policy), STIR_R_LEAF_KEY);
    assert_null(stir_chain_key(chain));
    stir_chain_free(chain);
    chain = chain_of("ca-alone", "ca-alone", &policy);
    assert_int_equal(support_fatal(chain, &policy), STIR_R_LEAF_IS_CA);
    stir_chain_free(chain);
}

static void every_domain_is_searched(void **state)
{
    struct stir_policy policy = support_policy("shaken");
    struct stir_trust_builder *builder = support_builder();
    (void)state;
    assert_err(stir_trust_domain(builder, S("US")), STIR_OK);
    support_add_anchors(builder, "chain/root-usage.pem"); /* a root that may not issue */
    assert_err(stir_trust_domain(builder, S("Canada")), STIR_OK);
    support_add_anchors(builder, "chain/root.pem");
    struct stir_trust *trust = support_freeze(builder, 1);
    struct stir_chain *chain = support_chain("chain/good.pem", trust, &policy, NOW);
    assert_true(stir_chain_info(chain)->trusted);
    assert_string_equal(stir_chain_info(chain)->domain, "Canada");
    stir_chain_free(chain);
    stir_trust_free(trust);
}

static void a_failing_path_gives_way_to_a_good_one(void **state)
{
    struct stir_policy policy = support_policy("shaken");
    struct stir_trust_builder *builder = support_builder();
    (void)state;
    assert_err(stir_trust_domain(builder, S("US")), STIR_OK);
    support_add_anchors(builder, "chain/root-path-length.pem");
    support_add_anchors(builder, "chain/root-expired.pem");
    assert_err(stir_trust_domain(builder, S("Canada")), STIR_OK);
    support_add_anchors(builder, "chain/root.pem");
    struct stir_trust *trust = support_freeze(builder, 1);
    struct stir_chain *chain = support_chain("chain/good.pem", trust, &policy, NOW);
    assert_true(stir_chain_info(chain)->trusted);
    assert_string_equal(stir_chain_info(chain)->domain, "Canada");
    assert_int_equal(stir_chain_check_time(chain, NOW), STIR_R_NONE);
    stir_chain_free(chain);
    stir_trust_free(trust);
}

static void one_certificate_beyond_the_limit_is_unreadable_not_many(void **state)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----\n", end[] = "-----END CERTIFICATE-----\n";
    enum { LINES = 400 }; /* 19,200 bytes of DER */
    char text[LINES * 65 + 100];
    size_t n = sizeof(begin) - 1;
    struct stir_policy policy = support_policy("shaken");
    struct stir_trust *trust = support_trust("chain/root.pem");
    struct stir_chain *chain = NULL;
    (void)state;
    memcpy(text, begin, n);
    for (int i = 0; i < LINES; i++, n += 65) {
        memset(text + n, 'A', 64);
        text[n + 64] = '\n';
    }
    memcpy(text + n, end, sizeof(end) - 1);
    n += sizeof(end) - 1;
    assert_err(stir_chain_from_pem(&chain, stir_slice_of(text, n), trust, &policy, NOW), STIR_OK);
    assert_int_equal(support_fatal(chain, &policy), STIR_R_CERT_UNREADABLE);
    stir_chain_free(chain);
    stir_trust_free(trust);
}

static void junk_is_judged_not_refused(void **state)
{
    static const char *const bodies[] = {"", "hello", "-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"};
    struct stir_policy policy = support_policy("shaken");
    struct stir_trust *trust = support_trust("chain/root.pem");
    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct stir_chain *chain = NULL;
        assert_err(stir_chain_from_pem(&chain, S(bodies[i]), trust, &policy, NOW), STIR_OK);
        const struct stir_chain_info *info = stir_chain_info(chain);
        if (info->trusted || info->n_reasons != 1 || info->reasons[0] != STIR_R_CERT_UNREADABLE || info->leaf || !info->detail[0])
            fail_msg("body %zu is judged otherwise", i);
        assert_int_equal(stir_chain_check_time(chain, NOW), STIR_R_NONE);
        assert_null(stir_chain_key(chain));
        assert_null(stir_chain_constraints(chain, 0));
        assert_null(stir_chain_tnauth(chain));
        stir_chain_free(chain);
    }
    stir_trust_free(trust);
}

static void missing_arguments_are_errors_and_give_nothing(void **state)
{
    struct stir_policy policy = support_policy("shaken"), small = policy;
    struct stir_trust *trust = support_trust("chain/root.pem");
    struct stir_cert *certs[9], *none[1] = {NULL};
    struct stir_chain *chain = NULL;
    (void)state;
    small.size = 4;
    assert_int_equal(support_certs(certs, 9, "chain/nine.pem"), 9);
    assert_err(stir_chain_from_pem(NULL, S("x"), trust, &policy, NOW), STIR_EARG);
    assert_err(stir_chain_from_pem(&chain, S("x"), NULL, &policy, NOW), STIR_EARG);
    assert_err(stir_chain_from_pem(&chain, S("x"), trust, NULL, NOW), STIR_EARG);
    assert_err(stir_chain_from_pem(&chain, S("x"), trust, &small, NOW), STIR_EARG);
    assert_err(stir_chain_from_certs(&chain, certs, 0, trust, &policy, NOW), STIR_EARG);
    assert_err(stir_chain_from_certs(&chain, NULL, 1, trust, &policy, NOW), STIR_EARG);
    assert_err(stir_chain_from_certs(&chain, none, 1, trust, &policy, NOW), STIR_EARG);
    assert_err(stir_chain_from_certs(&chain, certs, 1, trust, &small, NOW), STIR_EARG);
    assert_null(chain);
    stir_chain_free(NULL);
    assert_err(stir_chain_from_certs(&chain, certs, 9, trust, &policy, NOW), STIR_OK);
    assert_int_equal(support_fatal(chain, &policy), STIR_R_CHAIN_TOO_LONG);
    stir_chain_free(chain);
    support_certs_free(certs, 9);
    stir_trust_free(trust);
}

static void the_hosts_openssl_errors_are_left_alone(void **state)
{
    struct stir_policy policy = support_policy("shaken");
    (void)state;
    ERR_clear_error();
    ERR_raise(ERR_LIB_USER, 42);
    unsigned long before = ERR_peek_last_error();
    stir_chain_free(chain_of("wrong-key", "root", &policy));
    stir_chain_free(chain_of("leaf-explicit", "root", &policy));
    stir_chain_free(chain_of("key", "root", &policy));
    assert_true(ERR_peek_last_error() == before);
    ERR_clear_error();
}

static void a_hostile_bundle_costs_bounded_time(void **state)
{
    struct stir_policy policy = support_policy("shaken");
    (void)state;
    clock_t begin = clock();
    stir_chain_free(chain_of("maze", "root", &policy));
    assert_true(clock() - begin < 2 * CLOCKS_PER_SEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_with_one_thing_wrong_is_judged_for_that_thing),
        cmocka_unit_test(warnings_are_fatal_under_the_strict_policy),
        cmocka_unit_test(the_policy_decides_what_is_fatal),
        cmocka_unit_test(the_policy_names_the_accepted_certificate_policies),
        cmocka_unit_test(a_list_may_be_optional_and_then_the_issuers_list_holds),
        cmocka_unit_test(the_detail_names_who_is_missing),
        cmocka_unit_test(the_detail_is_about_the_first_fatal_reason),
        cmocka_unit_test(the_detail_is_about_the_longest_way),
        cmocka_unit_test(info_shows_the_path_and_its_validity),
        cmocka_unit_test(the_path_that_stays_valid_longest_is_kept),
        cmocka_unit_test(times_are_held_against_leaf_and_issuers),
        cmocka_unit_test(a_chain_is_current_under_its_own_snapshot_and_policy),
        cmocka_unit_test(a_certificate_given_as_trusted_is_an_anchor),
        cmocka_unit_test(an_anchored_leaf_must_still_be_a_signer),
        cmocka_unit_test(every_domain_is_searched),
        cmocka_unit_test(a_failing_path_gives_way_to_a_good_one),
        cmocka_unit_test(one_certificate_beyond_the_limit_is_unreadable_not_many),
        cmocka_unit_test(junk_is_judged_not_refused),
        cmocka_unit_test(missing_arguments_are_errors_and_give_nothing),
        cmocka_unit_test(the_hosts_openssl_errors_are_left_alone),
        cmocka_unit_test(a_hostile_bundle_costs_bounded_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
