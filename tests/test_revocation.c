#include "core/chain.h"
#include "trust_support.h"

enum { NOW = 1780272000, EXPIRES = 2082758400 }; /* 2026-06-01, 2036-01-01: see tests/data/crl/README.md */

/* What a snapshot is made of: files of tests/data/crl, calls' roots and the policy administrator's root always among them. */
struct world {
    const char *pa[4], *lists[4];
    bool no_pa_root;
};

static void add_pa(struct stir_trust_builder *builder, const char *name)
{
    char file[80];
    struct stir_cert *certs[2];
    snprintf(file, sizeof(file), "%s%s.pem", strchr(name, '/') ? "" : "crl/", name);
    size_t n = support_certs(certs, 2, file);
    for (size_t i = 0; i < n; i++)
        assert_err(stir_trust_add_pa(builder, certs[i]), STIR_OK);
    support_certs_free(certs, n);
}

static void add_list(struct stir_trust_builder *builder, const char *name)
{
    char file[80];
    struct stir_crl *crl = NULL;
    snprintf(file, sizeof(file), "%s%s.crl", strchr(name, '/') ? "" : "crl/", name);
    struct stir_slice der = support_file(file);
    assert_err(stir_crl_parse(&crl, der, NULL), STIR_OK);
    assert_err(stir_trust_add_crl(builder, crl), STIR_OK);
    stir_crl_free(crl);
    support_free(der);
}

static struct stir_trust *trust_of(const struct world *w)
{
    struct stir_trust_builder *builder = support_builder();
    support_add_anchors(builder, "crl/ca-root.pem");
    support_add_anchors(builder, "crl/other-root.pem");
    if (!w->no_pa_root)
        add_pa(builder, "pa-root");
    for (size_t i = 0; i < 4 && w->pa[i]; i++)
        add_pa(builder, w->pa[i]);
    for (size_t i = 0; i < 4 && w->lists[i]; i++)
        add_list(builder, w->lists[i]);
    return support_freeze(builder, 1);
}

static struct stir_chain *chain_in(const struct world *w, const char *body, const struct stir_policy *policy, int64_t now)
{
    char file[80];
    snprintf(file, sizeof(file), "crl/%s.pem", body);
    struct stir_trust *trust = trust_of(w);
    struct stir_chain *chain = support_chain(file, trust, policy, now);
    stir_trust_free(trust);
    return chain;
}

enum answer { GOOD, REVOKED, UNKNOWN };
static const char *const answers[] = {"good", "revoked", "unknown"};

static enum answer answer_of(const struct stir_chain *chain)
{
    return support_has_reason(chain, STIR_R_REVOKED) ? REVOKED : support_has_reason(chain, STIR_R_REVOCATION_UNKNOWN) ? UNKNOWN : GOOD;
}

/*= RFC5280-6.3.3 test */
static void only_a_usable_list_speaks(void **state)
{
    static const struct row {
        const char *what, *body;
        struct world world;
        int64_t now;
        enum answer wanted;
    } rows[] = {
        {"no list", "chain1", {{"pa-crl"}, {0}, false}, NOW, UNKNOWN},
        {"listed", "chain1", {{"pa-crl"}, {"pa-indirect"}, false}, NOW, REVOKED},
        {"not listed", "chain2", {{"pa-crl"}, {"pa-indirect"}, false}, NOW, GOOD},
        {"an issuer is listed", "other-chain", {{"pa-crl"}, {"pa-indirect"}, false}, NOW, REVOKED},
        {"whatever the CRLDP says", "other-direct-chain", {{"pa-crl"}, {"pa-indirect"}, false}, NOW, REVOKED},
        {"the leaf's issuer", "chain2", {{"pa-crl"}, {"pa-int"}, false}, NOW, REVOKED},
        {"empty", "chain1", {{"pa-crl"}, {"pa-empty"}, false}, NOW, GOOD},
        {"padded serial", "chain1", {{"pa-crl"}, {"pa-padded-serial"}, false}, NOW, REVOKED},
        {"removeFromCRL", "chain1", {{"pa-crl"}, {"pa-removed"}, false}, NOW, GOOD},
        /* who signed */
        {"no signer given", "chain1", {{0}, {"pa-indirect"}, false}, NOW, UNKNOWN},
        {"signer given without a root", "chain1", {{"pa-crl"}, {"pa-indirect"}, true}, NOW, REVOKED},
        {"bad signature", "chain1", {{"pa-crl"}, {"pa-bad-signature"}, false}, NOW, UNKNOWN},
        {"rogue list clears nobody", "chain2", {{"pa-crl"}, {"pa-rogue"}, false}, NOW, UNKNOWN},
        {"rogue signer without a path", "chain2", {{"pa-crl", "rogue-crl"}, {"pa-rogue"}, false}, NOW, UNKNOWN},
        {"rogue list beside the true one", "chain1", {{"pa-crl", "rogue-crl"}, {"pa-rogue", "pa-indirect"}, false}, NOW, REVOKED},
        {"signer expired", "chain1", {{"chain/pa-expired"}, {"pa-indirect"}, false}, NOW, UNKNOWN},
        {"signer renewed", "chain1", {{"chain/pa-expired", "pa-crl"}, {"pa-indirect"}, false}, NOW, REVOKED},
        {"signer may not sign lists", "chain1", {{"chain/pa-usage"}, {"pa-indirect"}, false}, NOW, UNKNOWN},
        {"signer has an unknown critical extension", "chain1", {{"chain/pa-critical"}, {"pa-indirect"}, false}, NOW, UNKNOWN},
        {"signer under an intermediate", "chain1", {{"chain/pa-under-int"}, {"pa-indirect"}, false}, NOW, REVOKED},
        {"signer under one that is no CA", "chain1", {{"chain/pa-under-plain"}, {"pa-indirect"}, false}, NOW, UNKNOWN},
        {"signer under an expired intermediate", "chain1", {{"chain/pa-under-old"}, {"pa-indirect"}, false}, NOW, UNKNOWN},
        {"root allows no intermediate", "chain1", {{"chain/pa-root-length", "chain/pa-under-int"}, {"pa-indirect"}, true}, NOW, UNKNOWN},
        {"root expired", "chain1", {{"chain/pa-root-expired", "pa-crl"}, {"pa-indirect"}, true}, NOW, UNKNOWN},
        {"root renewed", "chain1", {{"chain/pa-root-expired", "pa-crl"}, {"pa-indirect"}, false}, NOW, REVOKED},
        {"the IDP's URL is the fetcher's to compare", "chain1", {{"pa-crl"}, {"chain/pa-elsewhere"}, false}, NOW, REVOKED},
        /* dates */
        {"expired list revokes nobody", "chain1", {{"pa-crl"}, {"pa-expired"}, false}, NOW, UNKNOWN},
        {"future list revokes nobody", "chain1", {{"pa-crl"}, {"pa-future"}, false}, NOW, UNKNOWN},
        {"future list once it is there", "chain1", {{"pa-crl"}, {"pa-future"}, false}, 1798761600, REVOKED},
        {"last second", "chain1", {{"pa-crl"}, {"pa-indirect"}, false}, EXPIRES, REVOKED},
        {"a second later", "chain1", {{"pa-crl"}, {"pa-indirect"}, false}, EXPIRES + 1, UNKNOWN},
        {"no nextUpdate revokes", "chain1", {{"pa-crl"}, {"pa-no-next-update"}, false}, NOW, REVOKED},
        {"no nextUpdate clears nobody", "chain2", {{"pa-crl"}, {"pa-no-next-update"}, false}, NOW, UNKNOWN},
        /* scope */
        {"no IDP", "chain1", {{"pa-crl"}, {"pa-no-idp"}, false}, NOW, UNKNOWN},
        {"not indirect", "chain1", {{"pa-crl"}, {"pa-not-indirect"}, false}, NOW, UNKNOWN},
        {"CAs only, leaf", "chain1", {{"pa-crl"}, {"pa-only-ca"}, false}, NOW, UNKNOWN},
        {"CAs only, CA", "other-chain", {{"pa-crl"}, {"pa-only-ca"}, false}, NOW, REVOKED},
        {"users only, leaf", "chain1", {{"pa-crl"}, {"pa-only-user"}, false}, NOW, REVOKED},
        {"users only, CA", "other-chain", {{"pa-crl"}, {"pa-only-user"}, false}, NOW, UNKNOWN},
        {"users and CAs, a list each", "chain2", {{"pa-crl"}, {"pa-only-user", "pa-only-ca"}, false}, NOW, GOOD},
        {"attributes only", "chain1", {{"pa-crl"}, {"pa-only-attribute"}, false}, NOW, UNKNOWN},
        {"both scopes", "chain1", {{"pa-crl"}, {"pa-two-scopes"}, false}, NOW, UNKNOWN},
        {"some reasons revoke", "chain1", {{"pa-crl"}, {"pa-some-reasons"}, false}, NOW, REVOKED},
        {"some reasons clear nobody", "chain2", {{"pa-crl"}, {"pa-some-reasons"}, false}, NOW, UNKNOWN},
        {"delta", "chain1", {{"pa-crl"}, {"pa-delta"}, false}, NOW, UNKNOWN},
        {"unknown critical extension", "chain1", {{"pa-crl"}, {"pa-unknown-critical"}, false}, NOW, UNKNOWN},
        {"unknown critical entry extension", "chain1", {{"pa-crl"}, {"pa-unknown-critical-entry"}, false}, NOW, UNKNOWN},
        {"odd IDP", "chain1", {{"pa-crl"}, {"pa-odd-idp"}, false}, NOW, UNKNOWN},
        {"certificateIssuer, not indirect", "chain1", {{"pa-crl"}, {"pa-issuer-not-indirect"}, false}, NOW, UNKNOWN},
        /* which of two */
        {"rolled back", "chain1", {{"pa-crl"}, {"pa-rolled-back"}, false}, NOW, GOOD},
        {"newer beside rolled back", "chain1", {{"pa-crl"}, {"pa-rolled-back", "pa-indirect"}, false}, NOW, REVOKED},
        {"order does not matter", "chain1", {{"pa-crl"}, {"pa-indirect", "pa-rolled-back"}, false}, NOW, REVOKED},
        {"number 8 supersedes 7", "chain1", {{"pa-crl"}, {"pa-indirect", "pa-leaf2"}, false}, NOW, GOOD},
        {"number 8 speaks", "chain2", {{"pa-crl"}, {"pa-indirect", "pa-leaf2"}, false}, NOW, REVOKED},
        {"any number supersedes none", "chain1", {{"pa-crl"}, {"chain/pa-number-none", "pa-indirect"}, false}, NOW, REVOKED},
        {"numbers are no strings of bytes", "chain2", {{"pa-crl"}, {"pa-indirect", "chain/pa-number-256"}, false}, NOW, REVOKED},
        {"number 256 supersedes 7", "chain1", {{"pa-crl"}, {"pa-indirect", "chain/pa-number-256"}, false}, NOW, GOOD},
        {"a forged list supersedes nobody", "chain1", {{"pa-crl"}, {"pa-indirect", "chain/pa-number-forged"}, false}, NOW, REVOKED},
        {"a list of another scope supersedes nobody", "chain1", {{"pa-crl"}, {"pa-indirect", "chain/pa-users"}, false}, NOW, REVOKED},
        {"an unusable list supersedes nobody", "chain1", {{"pa-crl"}, {"pa-indirect", "pa-bad-signature"}, false}, NOW, REVOKED},
        /* lists of the calls' own CAs */
        {"direct list", "other-direct-chain", {{0}, {"other-direct"}, false}, NOW, REVOKED},
        {"direct list of the URL that the CRLDP names", "other-direct-chain", {{0}, {"chain/direct-here"}, false}, NOW, REVOKED},
        {"direct list of another URL", "other-direct-chain", {{0}, {"chain/direct-elsewhere"}, false}, NOW, UNKNOWN},
        {"direct list, forged", "other-direct-chain", {{0}, {"chain/direct-forged"}, false}, NOW, UNKNOWN},
        {"direct list under another name", "other-direct-chain", {{0}, {"chain/direct-other-name"}, false}, NOW, UNKNOWN},
        {"direct list says nothing of the CA", "other-chain", {{0}, {"other-direct"}, false}, NOW, UNKNOWN},
        {"direct list of a CA with keyCertSign alone", "chain1", {{0}, {"ca-direct"}, false}, NOW, UNKNOWN},
        {"direct list of another CA", "chain1", {{0}, {"other-direct"}, false}, NOW, UNKNOWN},
    };
    struct stir_policy policy = support_policy("shaken");
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_chain *chain = chain_in(&rows[i].world, rows[i].body, &policy, rows[i].now);
        if (answer_of(chain) != rows[i].wanted)
            fail_msg("%s: %s, wanted %s (%s)", rows[i].what, answers[answer_of(chain)], answers[rows[i].wanted], stir_chain_info(chain)->detail);
        if (stir_chain_info(chain)->trusted != (rows[i].wanted != REVOKED))
            fail_msg("%s: trusted %d", rows[i].what, stir_chain_info(chain)->trusted);
        stir_chain_free(chain);
    }
}

static void a_ca_of_the_same_serial_is_not_revoked(void **state)
{
    /* pa-indirect revokes other-int, which has leaf2's serial, under another certificateIssuer */
    struct world w = {{"pa-crl"}, {"pa-indirect"}, false};
    struct stir_policy policy = support_policy("shaken");
    (void)state;
    struct stir_chain *chain = chain_in(&w, "chain2", &policy, NOW);
    assert_int_equal(answer_of(chain), GOOD);
    stir_chain_free(chain);
}

static void the_detail_says_which_when_and_why(void **state)
{
    struct world w = {{"pa-crl"}, {"pa-indirect"}, false};
    struct stir_policy policy = support_policy("shaken");
    (void)state;
    struct stir_chain *chain = chain_in(&w, "chain1", &policy, NOW);
    const char *detail = stir_chain_info(chain)->detail;
    if (!strstr(detail, "was revoked on 2026-05-01 (keyCompromise)") || !strstr(detail, "CN=SHAKEN 709J") || !strstr(detail, "CN=STI-PA CRL"))
        fail_msg("detail is \"%s\"", detail);
    stir_chain_free(chain);
}

static void without_a_list_the_policy_decides(void **state)
{
    struct world w = {{"pa-crl"}, {"pa-expired"}, false};
    struct stir_policy policy = support_policy("shaken");
    (void)state;
    struct stir_chain *chain = chain_in(&w, "chain2", &policy, NOW);
    assert_true(stir_chain_info(chain)->trusted);
    assert_true(stir_chain_info(chain)->checked_until == INT64_MAX);
    stir_chain_free(chain);
    policy.crl_required = true;
    chain = chain_in(&w, "chain2", &policy, NOW);
    assert_false(stir_chain_info(chain)->trusted);
    assert_int_equal(support_fatal(chain, &policy), STIR_R_REVOCATION_UNKNOWN);
    assert_non_null(strstr(stir_chain_info(chain)->detail, "no usable revocation list covers"));
    stir_chain_free(chain);
    w.lists[0] = "pa-indirect";
    chain = chain_in(&w, "chain2", &policy, NOW);
    assert_true(stir_chain_info(chain)->trusted);
    stir_chain_free(chain);
}

static void the_judgement_holds_until_a_list_changes(void **state)
{
    struct world w = {{"pa-crl"}, {"pa-indirect"}, false};
    struct stir_policy policy = support_policy("shaken");
    struct stir_trust *trust = trust_of(&w);
    (void)state;
    struct stir_chain *chain = support_chain("crl/chain2.pem", trust, &policy, NOW);
    assert_int_equal(stir_chain_info(chain)->checked_until, EXPIRES);
    assert_true(stir_chain_is_current(chain, trust, &policy, EXPIRES));
    assert_false(stir_chain_is_current(chain, trust, &policy, EXPIRES + 1));
    stir_chain_free(chain);
    stir_trust_free(trust);

    w.pa[0] = "chain/pa-short"; /* the list's signer ends before the list */
    chain = chain_in(&w, "chain2", &policy, NOW);
    assert_int_equal(stir_chain_info(chain)->checked_until, 1782864000);
    stir_chain_free(chain);

    w.pa[0] = "pa-crl";
    w.lists[1] = "pa-future"; /* will speak from 2027-01-01 on */
    chain = chain_in(&w, "chain2", &policy, NOW);
    assert_int_equal(stir_chain_info(chain)->checked_until, 1798761600 - 1);
    stir_chain_free(chain);
}

/* pa-expired ended on 2026-05-01; it revokes leaf1. */
static void a_list_counts_on_for_the_domain_s_grace_and_no_longer(void **state)
{
    static const struct {
        const char *row, *body;
        int64_t grace, after;
        enum answer wanted;
    } rows[] = {
        {"no grace", "chain1", 0, 1, UNKNOWN},
        {"last second", "chain1", 0, 0, REVOKED},
        {"in the grace", "chain1", 3600, 3600, REVOKED},
        {"the other one too", "chain2", 3600, 3600, GOOD},
        {"the grace is over", "chain1", 3600, 3601, UNKNOWN},
    };
    const int64_t end = 1777593600;
    struct stir_policy policy = support_policy("shaken");
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_trust_builder *builder = support_builder();
        support_add_anchors(builder, "crl/ca-root.pem");
        add_pa(builder, "pa-root");
        add_pa(builder, "pa-crl");
        add_list(builder, "pa-expired");
        assert_err(stir_trust_crl_grace(builder, rows[i].grace), STIR_OK);
        struct stir_trust *trust = support_freeze(builder, 1);
        char file[80];
        snprintf(file, sizeof(file), "crl/%s.pem", rows[i].body);
        struct stir_chain *chain = support_chain(file, trust, &policy, end + rows[i].after);
        if (answer_of(chain) != rows[i].wanted)
            fail_msg("%s: %s, wanted %s", rows[i].row, answers[answer_of(chain)], answers[rows[i].wanted]);
        if (rows[i].wanted == GOOD && stir_chain_info(chain)->checked_until != end + rows[i].grace)
            fail_msg("%s: judged until %lld", rows[i].row, (long long)stir_chain_info(chain)->checked_until);
        stir_chain_free(chain);
        stir_trust_free(trust);
    }
    struct stir_trust_builder *builder = support_builder();
    assert_err(stir_trust_crl_grace(builder, -1), STIR_EVALUE);
    assert_err(stir_trust_crl_grace(builder, STIR_MAX_GRACE + 1), STIR_EVALUE);
    assert_err(stir_trust_crl_grace(NULL, 1), STIR_EARG);
    stir_trust_builder_free(builder);
}

static void an_anchor_is_not_asked_for(void **state)
{
    struct world w = {{"pa-crl"}, {"pa-indirect"}, false};
    struct stir_policy policy = support_policy("shaken");
    struct stir_trust_builder *builder = support_builder();
    (void)state;
    support_add_anchors(builder, "crl/other-int.pem"); /* revoked by the list, and given as trusted */
    add_pa(builder, "pa-root");
    add_pa(builder, w.pa[0]);
    add_list(builder, w.lists[0]);
    struct stir_trust *trust = support_freeze(builder, 1);
    struct stir_chain *chain = support_chain("crl/other-chain.pem", trust, &policy, NOW);
    assert_int_equal(answer_of(chain), GOOD);
    stir_chain_free(chain);
    stir_trust_free(trust);
}

static void lists_hold_in_their_own_domain_only(void **state)
{
    struct stir_policy policy = support_policy("shaken");
    struct stir_trust_builder *builder = support_builder();
    (void)state;
    assert_err(stir_trust_domain(builder, S("US")), STIR_OK);
    support_add_anchors(builder, "crl/ca-root.pem");
    assert_err(stir_trust_domain(builder, S("lab")), STIR_OK);
    add_pa(builder, "pa-root");
    add_pa(builder, "pa-crl");
    add_list(builder, "pa-indirect");
    struct stir_trust *trust = support_freeze(builder, 1);
    struct stir_chain *chain = support_chain("crl/chain1.pem", trust, &policy, NOW);
    assert_int_equal(answer_of(chain), UNKNOWN);
    stir_chain_free(chain);
    stir_trust_free(trust);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_usable_list_speaks),
        cmocka_unit_test(a_ca_of_the_same_serial_is_not_revoked),
        cmocka_unit_test(the_detail_says_which_when_and_why),
        cmocka_unit_test(without_a_list_the_policy_decides),
        cmocka_unit_test(the_judgement_holds_until_a_list_changes),
        cmocka_unit_test(a_list_counts_on_for_the_domain_s_grace_and_no_longer),
        cmocka_unit_test(an_anchor_is_not_asked_for),
        cmocka_unit_test(lists_hold_in_their_own_domain_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
