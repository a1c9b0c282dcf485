/* The STI-PA's list of trusted CAs. Lists and signers: tests/data/ca-list, made by tests/fixtures/make_ca_lists.py. */
#include "quiet.h"
#include "trust_support.h"

#include "core/ca_list.h"

enum { NONE_KNOWN = -1 };
static const int64_t NOW = 1780272000, DAY = 86400, EXP = 1780272000 + 30 * 86400; /* 2026-06-01 */

struct input {
    const char *list, *signer, *root;
    int64_t last, now;
};

static enum stir_err parse(struct stir_ca_list **out, const struct input *in, struct stir_diag *diag)
{
    char signer_name[128], list_name[128];
    snprintf(list_name, sizeof(list_name), "ca-list/%s", in->list);
    snprintf(signer_name, sizeof(signer_name), "ca-list/%s", in->signer ? in->signer : "signer.pem");
    struct stir_slice list = support_file(list_name), signer = support_file(signer_name), root = support_file(in->root ? in->root : "crl/pa-root.pem");
    support_queue_one_error();
    enum stir_err err = stir_ca_list_parse(out, list, signer, root, in->last, in->now ? in->now : NOW, diag);
    support_expect_that_error(in->list);
    support_free(list);
    support_free(signer);
    support_free(root);
    return err;
}

static struct stir_ca_list *good(const char *file)
{
    struct stir_ca_list *list = NULL;
    struct stir_diag diag = {0};
    const struct input in = {.list = file, .last = NONE_KNOWN};
    if (parse(&list, &in, &diag) != STIR_OK)
        fail_msg("%s: %s", file, diag.text);
    return list;
}

static void a_good_list_says_what_it_holds(void **state)
{
    (void)state;
    struct stir_ca_list *list = good("good.jws");
    struct stir_slice text = support_file("ca-list/good.jws");
    const struct stir_ca_list_info *info = stir_ca_list_info(list);
    assert_int_equal(info->sequence, 7);
    assert_int_equal(info->exp, EXP);
    assert_slice(info->version, "1");
    assert_slice(info->x5u, "https://pa.example/list-signer.pem");
    assert_string_equal(info->signer, "CN=STI-PA List,O=STI-PA,C=US");
    assert_int_equal(info->signer_until, 2082758400); /* 2036-01-01 */
    assert_int_equal(info->n_certs, 2);
    assert_int_equal(info->n_unread, 0);
    assert_true(stir_slice_eq(info->jws, text));
    assert_string_equal(stir_cert_info(stir_ca_list_cert(list, 0))->subject, "CN=Example SHAKEN ROOT,O=Example CA,C=US");
    assert_string_equal(stir_cert_info(stir_ca_list_cert(list, 1))->subject, "CN=Other SHAKEN ROOT,O=Other CA,C=US");
    assert_null(stir_ca_list_cert(list, 2));
    stir_ca_list_free(list);
    support_free(text);
}

static void every_form_that_is_sent_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *file, *version;
        size_t certs, unread;
    } rows[] = {
        {"good.jws", "1", 2, 0},        {"good-answer.json", "1", 2, 0},    {"good-escaped-answer.json", "1", 2, 0}, {"good-8.jws", "1.1", 1, 0},
        {"good-base64.jws", "1", 2, 0}, {"good-two-in-one.jws", "1", 2, 0}, {"good-typeless.jws", "1", 2, 0},        {"good-with-junk.jws", "1", 2, 5},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_ca_list *list = good(rows[i].file);
        const struct stir_ca_list_info *info = stir_ca_list_info(list);
        if (!stir_slice_is(info->version, rows[i].version) || info->n_certs != rows[i].certs || info->n_unread != rows[i].unread || info->jws.p[0] != 'e')
            fail_msg("%s: version %.*s, %zu certificates, %zu unread", rows[i].file, STIR_SHOW(info->version), info->n_certs, info->n_unread);
        stir_ca_list_free(list);
    }
}

static void what_was_sent_in_an_answer_is_kept_as_a_list(void **state)
{
    (void)state;
    struct stir_ca_list *list = good("good-escaped-answer.json"), *again = NULL;
    struct stir_slice signer = support_file("ca-list/signer.pem"), root = support_file("crl/pa-root.pem"), text = support_file("ca-list/good.jws");
    assert_true(stir_slice_eq(stir_ca_list_info(list)->jws, text));
    assert_err(stir_ca_list_parse(&again, stir_ca_list_info(list)->jws, signer, root, 7, NOW, NULL), STIR_OK);
    stir_ca_list_free(list);
    stir_ca_list_free(again);
    support_free(signer);
    support_free(root);
    support_free(text);
}

static void a_bad_list_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        enum stir_err wanted;
    } rows[] = {
        {"bad-rogue.jws", STIR_ESIG},
        {"bad-hs256.jws", STIR_EVALUE},
        {"bad-none.jws", STIR_EVALUE},
        {"bad-unsigned.jws", STIR_ESIG},
        {"bad-signature-der.jws", STIR_ESIG},
        {"bad-changed.jws", STIR_ESIG},
        {"bad-es384.jws", STIR_EVALUE},
        {"bad-crit.jws", STIR_EVALUE},
        {"bad-b64.jws", STIR_EVALUE},
        {"bad-no-x5u.jws", STIR_EVALUE},
        {"bad-x5u-http.jws", STIR_EVALUE},
        {"bad-expired.jws", STIR_ETIME},
        {"bad-exp-text.jws", STIR_EVALUE},
        {"bad-exp-fraction.jws", STIR_EVALUE},
        {"bad-exp-missing.jws", STIR_EVALUE},
        {"bad-sequence-missing.jws", STIR_EVALUE},
        {"bad-sequence-negative.jws", STIR_EVALUE},
        {"bad-sequence-huge.jws", STIR_EVALUE},
        {"bad-version-missing.jws", STIR_EVALUE},
        {"bad-version-array.jws", STIR_EVALUE},
        {"bad-list-missing.jws", STIR_EVALUE},
        {"bad-list-text.jws", STIR_EVALUE},
        {"bad-list-numbers.jws", STIR_EVALUE},
        {"bad-list-empty.jws", STIR_EVALUE},
        {"bad-list-junk.jws", STIR_EVALUE},
        {"bad-json-twice.jws", STIR_EJSON},
        {"bad-payload-array.jws", STIR_EJSON},
        {"bad-payload-none.jws", STIR_EJSON},
        {"bad-two-parts.jws", STIR_ESYNTAX},
        {"bad-four-parts.jws", STIR_ESYNTAX},
        {"bad-padding.jws", STIR_EB64},
        {"bad-answer-failure.json", STIR_EVALUE},
        {"bad-answer-no-list.json", STIR_EVALUE},
        {"bad-answer-list-object.json", STIR_EVALUE},
        {"bad-answer-broken.json", STIR_EJSON},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_ca_list *list = NULL;
        struct stir_diag diag = {0};
        const struct input in = {.list = rows[i].file, .last = NONE_KNOWN};
        enum stir_err err = parse(&list, &in, &diag);
        if (err != rows[i].wanted || list || !diag.text[0])
            fail_msg("%s: %s \"%s\", wanted %s", rows[i].file, stir_err_name(err), diag.text, stir_err_name(rows[i].wanted));
    }
}

static void an_unchecked_list_says_where_its_signer_is(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        enum stir_err wanted;
    } rows[] = {
        {"good.jws", STIR_OK},
        {"good-answer.json", STIR_OK},
        {"bad-rogue.jws", STIR_OK},
        {"bad-expired.jws", STIR_OK},
        {"bad-none.jws", STIR_EVALUE},
        {"bad-no-x5u.jws", STIR_EVALUE},
        {"bad-x5u-http.jws", STIR_EVALUE},
        {"bad-two-parts.jws", STIR_ESYNTAX},
        {"bad-b64.jws", STIR_EVALUE},
        {"bad-padding.jws", STIR_EB64},
        {"bad-answer-failure.json", STIR_EVALUE},
        {"bad-answer-broken.json", STIR_EJSON},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char file[128], url[STIR_MAX_URL + 1] = "untouched";
        struct stir_diag diag = {0};
        snprintf(file, sizeof(file), "ca-list/%s", rows[i].file);
        struct stir_slice text = support_file(file);
        enum stir_err err = stir_ca_list_signer_url(url, sizeof(url), text, &diag);
        if (err != rows[i].wanted || strcmp(url, err == STIR_OK ? "https://pa.example/list-signer.pem" : "untouched") != 0 || !diag.text[0] != !err)
            fail_msg("%s: %s \"%s\" %s", rows[i].file, stir_err_name(err), diag.text, url);
        if (err == STIR_OK)
            assert_err(stir_ca_list_signer_url(url, strlen(url), text, NULL), STIR_ELIMIT);
        assert_err(stir_ca_list_signer_url(NULL, 10, text, NULL), STIR_EARG);
        support_free(text);
    }
}

static void only_a_signer_under_the_pinned_root_counts(void **state)
{
    (void)state;
    static const struct {
        const char *signer, *root;
        enum stir_err wanted;
    } rows[] = {
        {"signer.pem", "crl/pa-root.pem", STIR_OK},
        {"signer-without-usage.pem", "crl/pa-root.pem", STIR_OK},
        {"signer.pem", "crl/ca-root.pem", STIR_EMISMATCH}, /* a CA of the list is no administrator */
        {"signer.pem", "ca-list/rogue-root.pem", STIR_EMISMATCH},
        {"signer-without-issuer.pem", "crl/pa-root.pem", STIR_EMISMATCH},
        {"signer-rogue.pem", "crl/pa-root.pem", STIR_EMISMATCH}, /* the root that comes with it counts for nothing */
        {"signer-of-signer.pem", "crl/pa-root.pem", STIR_EMISMATCH},
        {"signer-rogue.pem", "ca-list/rogue-root.pem", STIR_ESIG}, /* a path, but another key */
        {"signer-crl-only.pem", "crl/pa-root.pem", STIR_EKEY},
        {"signer-p384.pem", "crl/pa-root.pem", STIR_EKEY},
        {"signer-expired.pem", "crl/pa-root.pem", STIR_ETIME},
        {"signer.key", "crl/pa-root.pem", STIR_EKEY},
        {"good.jws", "crl/pa-root.pem", STIR_EPEM},
        {"signer.pem", "ca-list/good.jws", STIR_EPEM},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_ca_list *list = NULL;
        struct stir_diag diag = {0};
        const struct input in = {"good.jws", rows[i].signer, rows[i].root, NONE_KNOWN, NOW};
        enum stir_err err = parse(&list, &in, &diag);
        if (err != rows[i].wanted || (err != STIR_OK && (list || !diag.text[0])))
            fail_msg("%s under %s: %s \"%s\", wanted %s", rows[i].signer, rows[i].root, stir_err_name(err), diag.text, stir_err_name(rows[i].wanted));
        stir_ca_list_free(list);
    }
}

static void sequence_never_decreases_and_time_passes(void **state) /*= RFC7519-4.1.4 test */
{
    (void)state;
    static const struct {
        const char *row;
        int64_t last, after;
        enum stir_err wanted;
    } rows[] = {
        {"none known", -1, 0, STIR_OK},
        {"an older one known", 6, 0, STIR_OK},
        {"the same again", 7, 0, STIR_OK},
        {"a newer one known", 8, 0, STIR_ETIME},
        {"the last second", 7, 30 * 86400 - 1, STIR_OK},
        {"expired", 7, 30 * 86400, STIR_ETIME},
        {"long expired", -1, 999 * 86400, STIR_ETIME},
        {"before the signer's validity", -1, -365 * 86400, STIR_ETIME},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_ca_list *list = NULL;
        const struct input in = {.list = "good.jws", .last = rows[i].last, .now = NOW + rows[i].after};
        enum stir_err err = parse(&list, &in, NULL);
        if (err != rows[i].wanted)
            fail_msg("%s: %s, wanted %s", rows[i].row, stir_err_name(err), stir_err_name(rows[i].wanted));
        stir_ca_list_free(list);
    }
}

/* A list of `n` times the same certificate, signed here. */
static struct stir_slice big_list(size_t n)
{
    char head[] = "{\"alg\":\"ES256\",\"x5u\":\"https://pa.example/s\"}", *payload = malloc(1 << 20), *text = malloc(2 << 20);
    unsigned char digest[STIR_SHA256], sig[STIR_ES256_SIG];
    struct stir_slice pem = support_file("ca-list/signer.key"), cert = support_file("crl/ca-root.pem");
    struct stir_key *key = NULL;
    struct stir_es256_ctx *ctx = NULL;
    assert_true(payload && text);
    struct stir_writer w = stir_writer_of(payload, 1 << 20), whole = stir_writer_of(text, 2 << 20);
    stir_put_format(&w, "{\"version\":1,\"sequence\":1,\"exp\":%lld,\"trustList\":[", (long long)EXP);
    for (size_t i = 0; i < n; i++) {
        if (i)
            stir_put_char(&w, ',');
        stir_put_json_string(&w, cert);
    }
    stir_put_text(&w, "]}");
    stir_put_b64url(&whole, S(head));
    stir_put_char(&whole, '.');
    stir_put_b64url(&whole, stir_slice_of(payload, w.need));
    assert_err(stir_es256_ctx_new(&ctx), STIR_OK);
    assert_err(stir_key_from_pem(&key, pem, NULL, NULL, NULL), STIR_OK);
    assert_err(stir_es256_digest(ctx, stir_slice_of(text, whole.need), digest), STIR_OK);
    assert_err(stir_es256_sign(ctx, key, digest, sig), STIR_OK);
    stir_put_char(&whole, '.');
    stir_put_b64url(&whole, stir_slice_of(sig, sizeof(sig)));
    assert_true(w.need <= w.cap && whole.need <= whole.cap);
    stir_key_free(key);
    stir_es256_ctx_free(ctx);
    support_free(pem);
    support_free(cert);
    free(payload);
    return stir_slice_of(text, whole.need);
}

static void a_list_is_bounded(void **state)
{
    (void)state;
    static const struct {
        size_t certs;
        enum stir_err wanted;
    } rows[] = {{STIR_MAX_LISTED, STIR_OK}, {STIR_MAX_LISTED + 1, STIR_ELIMIT}, {600, STIR_ELIMIT}};
    struct stir_slice signer = support_file("ca-list/signer.pem"), root = support_file("crl/pa-root.pem");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_ca_list *list = NULL;
        struct stir_slice text = big_list(rows[i].certs);
        enum stir_err err = stir_ca_list_parse(&list, text, signer, root, NONE_KNOWN, NOW, NULL);
        if (err != rows[i].wanted || (err == STIR_OK && stir_ca_list_info(list)->n_certs != rows[i].certs))
            fail_msg("%zu certificates: %s, wanted %s", rows[i].certs, stir_err_name(err), stir_err_name(rows[i].wanted));
        stir_ca_list_free(list);
        support_free(text);
    }
    struct stir_ca_list *list = NULL;
    char *blanks = malloc(STIR_MAX_CA_LIST + 1);
    assert_non_null(blanks);
    memset(blanks, ' ', STIR_MAX_CA_LIST + 1);
    assert_err(stir_ca_list_parse(&list, stir_slice_of(blanks, STIR_MAX_CA_LIST + 1), signer, root, NONE_KNOWN, NOW, NULL), STIR_ELIMIT);
    assert_err(stir_ca_list_parse(&list, stir_slice_of(blanks, STIR_MAX_CA_LIST), signer, root, NONE_KNOWN, NOW, NULL), STIR_ESYNTAX);
    free(blanks);
    support_free(signer);
    support_free(root);
}

static void its_certificates_are_anchors_of_the_open_domain(void **state)
{
    (void)state;
    struct stir_ca_list *list = good("good-8.jws");
    struct stir_trust_builder *builder = support_builder();
    struct stir_policy policy = support_policy("shaken");
    assert_err(stir_trust_domain(builder, S("us")), STIR_OK);
    assert_err(stir_trust_add_ca_list(builder, list), STIR_OK);
    stir_ca_list_free(list);
    struct stir_trust *trust = support_freeze(builder, 1);
    struct stir_chain *listed = support_chain("crl/chain1.pem", trust, &policy, NOW), *other = support_chain("crl/other-chain.pem", trust, &policy, NOW);
    struct stir_chain *administrator = support_chain("ca-list/signer.pem", trust, &policy, NOW);
    assert_true(stir_chain_info(listed)->trusted);
    assert_string_equal(stir_chain_info(listed)->domain, "us");
    assert_false(stir_chain_info(other)->trusted);
    assert_false(stir_chain_info(administrator)->trusted);
    stir_chain_free(listed);
    stir_chain_free(other);
    stir_chain_free(administrator);
    stir_trust_free(trust);
}

static void a_revocation_list_of_the_administrator_is_told_from_others(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        bool wanted;
    } rows[] = {{"crl/pa-indirect.crl", true}, {"crl/pa-rogue.crl", false}, {"crl/pa-bad-signature.crl", false}, {"crl/ca-direct.crl", false}};
    struct stir_trust_builder *builder = support_builder();
    static const char *const pa[] = {"crl/pa-root.pem", "crl/pa-crl.pem", "crl/rogue-crl.pem"};
    for (size_t i = 0; i < sizeof(pa) / sizeof(pa[0]); i++) {
        struct stir_cert *cert = NULL;
        assert_int_equal(support_certs(&cert, 1, pa[i]), 1);
        assert_err(stir_trust_add_pa(builder, cert), STIR_OK);
        stir_cert_free(cert);
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_crl *crl = NULL;
        struct stir_slice text = support_file(rows[i].file);
        assert_err(stir_crl_parse(&crl, text, NULL), STIR_OK);
        assert_err(stir_trust_add_crl(builder, crl), STIR_OK);
        stir_crl_free(crl);
        support_free(text);
    }
    struct stir_trust *trust = support_freeze(builder, 1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (stir_trust_crl_by_pa(trust, 0, i, NOW) != rows[i].wanted)
            fail_msg("%s is said to be %s", rows[i].file, rows[i].wanted ? "another's" : "the administrator's");
    assert_false(stir_trust_crl_by_pa(trust, 0, 0, NOW + 20 * 366 * DAY)); /* the administrator's certificates have expired */
    assert_false(stir_trust_crl_by_pa(trust, 0, sizeof(rows) / sizeof(rows[0]), NOW));
    assert_false(stir_trust_crl_by_pa(trust, 1, 0, NOW));
    assert_false(stir_trust_crl_by_pa(NULL, 0, 0, NOW));
    stir_trust_free(trust);
}

static void of_two_revocation_lists_the_higher_number_is_newer(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        int wanted;
    } rows[] = {
        {"pa-indirect.crl", "pa-leaf2.crl", -1},      {"pa-leaf2.crl", "pa-indirect.crl", 1}, {"pa-indirect.crl", "pa-indirect-crl.pem", 0},
        {"pa-indirect.crl", "pa-rolled-back.crl", 1}, {"form-v1.crl", "pa-indirect.crl", -1}, {"pa-future.crl", "pa-indirect.crl", 1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_crl *list[2] = {NULL, NULL};
        for (int k = 0; k < 2; k++) {
            char path[64];
            snprintf(path, sizeof(path), "crl/%s", k ? rows[i].b : rows[i].a);
            struct stir_slice text = support_file(path);
            assert_err(stir_crl_parse(&list[k], text, NULL), STIR_OK);
            support_free(text);
        }
        int order = stir_crl_order(list[0], list[1]);
        if ((order > 0) - (order < 0) != rows[i].wanted)
            fail_msg("%s against %s: %d, wanted %d", rows[i].a, rows[i].b, order, rows[i].wanted);
        stir_crl_free(list[0]);
        stir_crl_free(list[1]);
    }
}

static void wrong_arguments_are_said(void **state)
{
    (void)state;
    struct stir_ca_list *list = NULL;
    struct stir_trust_builder *builder = support_builder();
    struct stir_slice x = S("x"), none = {NULL, 0};
    assert_err(stir_ca_list_parse(NULL, x, x, x, -1, NOW, NULL), STIR_EARG);
    assert_err(stir_ca_list_parse(&list, none, x, x, -1, NOW, NULL), STIR_EARG);
    assert_err(stir_ca_list_parse(&list, x, none, x, -1, NOW, NULL), STIR_EARG);
    assert_err(stir_ca_list_parse(&list, x, x, none, -1, NOW, NULL), STIR_EARG);
    assert_err(stir_trust_add_ca_list(builder, NULL), STIR_EARG);
    list = good("good.jws");
    assert_err(stir_trust_add_ca_list(NULL, list), STIR_EARG);
    stir_ca_list_free(list);
    stir_ca_list_free(NULL);
    assert_null(stir_ca_list_cert(NULL, 0));
    stir_trust_builder_free(builder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_list_says_what_it_holds),
        cmocka_unit_test(every_form_that_is_sent_is_read),
        cmocka_unit_test(what_was_sent_in_an_answer_is_kept_as_a_list),
        cmocka_unit_test(a_bad_list_is_refused),
        cmocka_unit_test(an_unchecked_list_says_where_its_signer_is),
        cmocka_unit_test(only_a_signer_under_the_pinned_root_counts),
        cmocka_unit_test(sequence_never_decreases_and_time_passes),
        cmocka_unit_test(a_list_is_bounded),
        cmocka_unit_test(its_certificates_are_anchors_of_the_open_domain),
        cmocka_unit_test(a_revocation_list_of_the_administrator_is_told_from_others),
        cmocka_unit_test(of_two_revocation_lists_the_higher_number_is_newer),
        cmocka_unit_test(wrong_arguments_are_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
