/* The certificates of the real network: 133 leaves and 60 CAs, each leaf judged well and each way to spoil it. */
#include "core/chain.h"
#include "trust_support.h"

struct field {
    struct stir_cert *leaves[160], *cas[80];
    size_t n_leaves, n_cas;
    struct stir_policy policy;
};

static int open_field(void **state)
{
    struct field *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    f->n_leaves = support_certs(f->leaves, 160, "certs/leaf.pem");
    f->n_cas = support_certs(f->cas, 80, "certs/ca.pem");
    f->policy = support_policy("shaken");
    *state = f;
    return 0;
}

static int close_field(void **state)
{
    struct field *f = *state;
    support_certs_free(f->leaves, f->n_leaves);
    support_certs_free(f->cas, f->n_cas);
    free(f);
    return 0;
}

static int64_t middle(const struct stir_cert *cert)
{
    const struct stir_cert_info *info = stir_cert_info(cert);
    return info->not_before + (info->not_after - info->not_before) / 2;
}

static bool is_named(const struct stir_cert *ca, const struct stir_cert *child)
{
    return stir_slice_eq(stir_cert_info(ca)->subject_der, stir_cert_info(child)->issuer_der);
}

/* The CAs that `wanted` picks, as anchors. */
static struct stir_trust *anchors(const struct field *f, bool (*wanted)(const struct stir_cert *ca, const struct stir_cert *leaf), const struct stir_cert *leaf)
{
    struct stir_trust_builder *builder = support_builder();
    for (size_t i = 0; i < f->n_cas; i++)
        if (wanted(f->cas[i], leaf))
            assert_err(stir_trust_add_anchor(builder, f->cas[i]), STIR_OK);
    return support_freeze(builder, 1);
}

static bool all(const struct stir_cert *ca, const struct stir_cert *leaf)
{
    (void)ca;
    (void)leaf;
    return true;
}

static bool roots(const struct stir_cert *ca, const struct stir_cert *leaf)
{
    (void)leaf;
    return stir_cert_info(ca)->self_issued;
}

static bool all_but_the_issuer(const struct stir_cert *ca, const struct stir_cert *leaf)
{
    return !is_named(ca, leaf);
}

static struct stir_chain *chain_of_cert(struct stir_cert *leaf, const struct stir_trust *trust, const struct field *f)
{
    struct stir_chain *chain = NULL;
    assert_err(stir_chain_from_certs(&chain, &leaf, 1, trust, &f->policy, middle(leaf)), STIR_OK);
    return chain;
}

/* The CA that signed `leaf`; NULL for the three whose CA is not in the collection. */
static struct stir_cert *issuer_of(const struct field *f, const struct stir_cert *leaf)
{
    for (size_t i = 0; i < f->n_cas; i++)
        if (is_named(f->cas[i], leaf) && stir_cert_signed_by(leaf, f->cas[i]) == STIR_OK)
            return f->cas[i];
    return NULL;
}

static void the_networks_leaves_are_trusted_and_valid_under_its_cas(void **state)
{
    const struct field *f = *state;
    struct stir_trust *trust = anchors(f, all, NULL);
    size_t trusted = 0, missing = 0;
    for (size_t i = 0; i < f->n_leaves; i++) {
        struct stir_chain *chain = chain_of_cert(f->leaves[i], trust, f);
        if (stir_chain_info(chain)->trusted)
            trusted += stir_chain_check_time(chain, middle(f->leaves[i])) == STIR_R_NONE;
        else if (support_fatal(chain, &f->policy) == STIR_R_ISSUER_MISSING)
            missing++;
        else
            fail_msg("%s: %s", stir_cert_info(f->leaves[i])->subject, stir_chain_info(chain)->detail);
        stir_chain_free(chain);
    }
    assert_int_equal(trusted, 130);
    assert_int_equal(missing, 3);
    stir_trust_free(trust);
}

/* 122 of 130: the roots of some intermediates are not in the collection. */
static void the_networks_leaves_are_trusted_under_its_roots_with_intermediates_in_any_order(void **state)
{
    const struct field *f = *state;
    struct stir_trust *trust = anchors(f, roots, NULL);
    size_t trusted = 0, missing = 0;
    for (size_t i = 0; i < f->n_leaves; i++) {
        struct stir_cert *up[STIR_MAX_CHAIN] = {f->leaves[i]}, *down[STIR_MAX_CHAIN];
        size_t n = 1;
        for (struct stir_cert *ca = issuer_of(f, up[0]); ca && !stir_cert_info(ca)->self_issued && n < STIR_MAX_CHAIN; ca = issuer_of(f, ca))
            up[n++] = ca;
        for (size_t j = 0; j < n; j++)
            down[j] = up[n - 1 - j];
        for (int order = 0; order < 2; order++) {
            struct stir_chain *chain = NULL;
            assert_err(stir_chain_from_certs(&chain, order ? down : up, n, trust, &f->policy, middle(up[0])), STIR_OK);
            trusted += stir_chain_info(chain)->trusted && stir_chain_info(chain)->leaf == up[0];
            missing += support_fatal(chain, &f->policy) == STIR_R_ISSUER_MISSING;
            assert_int_equal(support_has_reason(chain, STIR_R_CHAIN_ORDER), order && n > 1);
            stir_chain_free(chain);
        }
    }
    assert_int_equal(trusted, 2 * 122);
    assert_int_equal(missing, 2 * 11);
    stir_trust_free(trust);
}

static void a_leaf_without_its_issuer_says_so(void **state)
{
    const struct field *f = *state;
    for (size_t i = 0; i < f->n_leaves; i++) {
        struct stir_trust *trust = anchors(f, all_but_the_issuer, f->leaves[i]);
        struct stir_chain *chain = chain_of_cert(f->leaves[i], trust, f);
        if (support_fatal(chain, &f->policy) != STIR_R_ISSUER_MISSING)
            fail_msg("%s: %s", stir_cert_info(f->leaves[i])->subject, stir_reason_name(support_fatal(chain, &f->policy)));
        stir_chain_free(chain);
        stir_trust_free(trust);
    }
}

/* `cert` with byte `at` xored, or with `part` written there. */
static struct stir_cert *altered(const struct stir_cert *cert, size_t at, unsigned char mask, struct stir_slice part)
{
    struct stir_cert *out = NULL;
    struct stir_slice der = stir_cert_info(cert)->der;
    unsigned char *copy = malloc(der.n);
    assert_non_null(copy);
    memcpy(copy, der.p, der.n);
    copy[at] ^= mask;
    if (part.n)
        memcpy(copy + at, part.p, part.n);
    assert_err(stir_cert_parse(&out, stir_slice_of(copy, der.n), NULL), STIR_OK);
    free(copy);
    return out;
}

/* Where `part` stands in the DER of `cert`. */
static size_t place_of(const struct stir_cert *cert, struct stir_slice part)
{
    struct stir_slice der = stir_cert_info(cert)->der;
    for (size_t at = 0; at + part.n <= der.n; at++)
        if (memcmp(der.p + at, part.p, part.n) == 0)
            return at;
    fail_msg("not in the certificate");
    return 0;
}

/* The key of another CA that takes as many bytes. */
static struct stir_slice other_key(const struct field *f, struct stir_slice spki)
{
    for (size_t i = 0; i < f->n_cas; i++) {
        struct stir_slice other = stir_cert_info(f->cas[i])->spki;
        if (other.n == spki.n && !stir_slice_eq(other, spki))
            return other;
    }
    fail_msg("no other key of %zu bytes", spki.n);
    return spki;
}

static void a_ca_of_the_right_name_and_another_key_signed_nothing(void **state)
{
    const struct field *f = *state;
    size_t tried = 0;
    for (size_t i = 0; i < f->n_leaves; i++) {
        struct stir_cert *ca = issuer_of(f, f->leaves[i]);
        if (!ca)
            continue;
        struct stir_slice key = stir_cert_info(ca)->spki;
        struct stir_cert *fake = altered(ca, place_of(ca, key), 0, other_key(f, key));
        struct stir_trust_builder *builder = support_builder();
        assert_err(stir_trust_add_anchor(builder, fake), STIR_OK);
        struct stir_trust *trust = support_freeze(builder, 1);
        struct stir_chain *chain = chain_of_cert(f->leaves[i], trust, f);
        assert_int_equal(support_fatal(chain, &f->policy), STIR_R_ISSUER_SIGNATURE);
        tried++;
        stir_chain_free(chain);
        stir_trust_free(trust);
        stir_cert_free(fake);
    }
    assert_int_equal(tried, 130);
}

static void a_flipped_bit_in_signature_or_content_is_not_signed(void **state)
{
    const struct field *f = *state;
    struct stir_trust *trust = anchors(f, all, NULL);
    size_t tried = 0;
    for (size_t i = 0; i < f->n_leaves; i++) {
        const struct stir_cert_info *info = stir_cert_info(f->leaves[i]);
        size_t serial = place_of(f->leaves[i], info->serial) + info->serial.n - 1;
        size_t places[] = {info->der.n - 1, serial};
        if (!issuer_of(f, f->leaves[i]))
            continue;
        for (size_t j = 0; j < 2; j++) {
            struct stir_cert *bad = altered(f->leaves[i], places[j], 1, S(NULL));
            struct stir_chain *chain = chain_of_cert(bad, trust, f);
            if (support_fatal(chain, &f->policy) != STIR_R_ISSUER_SIGNATURE)
                fail_msg("%s, byte %zu: %s", info->subject, places[j], stir_reason_name(support_fatal(chain, &f->policy)));
            tried++;
            stir_chain_free(chain);
            stir_cert_free(bad);
        }
    }
    assert_int_equal(tried, 260);
    stir_trust_free(trust);
}

static void a_leaf_is_expired_one_day_past_its_end(void **state)
{
    const struct field *f = *state;
    struct stir_trust *trust = anchors(f, all, NULL);
    for (size_t i = 0; i < f->n_leaves; i++) {
        struct stir_chain *chain = chain_of_cert(f->leaves[i], trust, f);
        assert_int_equal(stir_chain_check_time(chain, stir_cert_info(f->leaves[i])->not_after + 86400), STIR_R_CERT_EXPIRED);
        assert_int_equal(stir_chain_check_time(chain, stir_cert_info(f->leaves[i])->not_before - 86400), STIR_R_CERT_NOT_YET);
        stir_chain_free(chain);
    }
    stir_trust_free(trust);
}

static void a_real_calls_chain_is_good_at_its_time_under_its_root(void **state)
{
    const struct field *f = *state;
    struct stir_cert *certs[STIR_MAX_CHAIN];
    size_t n = support_certs(certs, STIR_MAX_CHAIN, "e2e/bandwidth-1656534336-chain.pem");
    struct stir_trust_builder *builder = support_builder();
    assert_true(stir_cert_info(certs[n - 1])->self_issued);
    assert_err(stir_trust_add_anchor(builder, certs[n - 1]), STIR_OK);
    struct stir_trust *trust = support_freeze(builder, 7), *empty = support_trust(NULL);
    struct stir_chain *chain = support_chain("e2e/bandwidth-1656534336-chain.pem", trust, &f->policy, 1656534336);
    assert_true(stir_chain_info(chain)->trusted);
    assert_int_equal(stir_chain_check_time(chain, 1656534336), STIR_R_NONE);
    assert_int_equal(stir_chain_info(chain)->trust_generation, 7);
    stir_chain_free(chain);
    chain = support_chain("e2e/bandwidth-1656534336-chain.pem", empty, &f->policy, 1656534336);
    assert_int_equal(support_fatal(chain, &f->policy), STIR_R_ISSUER_MISSING);
    stir_chain_free(chain);
    stir_trust_free(trust);
    stir_trust_free(empty);
    support_certs_free(certs, n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_networks_leaves_are_trusted_and_valid_under_its_cas, open_field, close_field),
        cmocka_unit_test_setup_teardown(the_networks_leaves_are_trusted_under_its_roots_with_intermediates_in_any_order, open_field, close_field),
        cmocka_unit_test_setup_teardown(a_leaf_without_its_issuer_says_so, open_field, close_field),
        cmocka_unit_test_setup_teardown(a_ca_of_the_right_name_and_another_key_signed_nothing, open_field, close_field),
        cmocka_unit_test_setup_teardown(a_flipped_bit_in_signature_or_content_is_not_signed, open_field, close_field),
        cmocka_unit_test_setup_teardown(a_leaf_is_expired_one_day_past_its_end, open_field, close_field),
        cmocka_unit_test_setup_teardown(a_real_calls_chain_is_good_at_its_time_under_its_root, open_field, close_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
