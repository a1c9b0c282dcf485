/* Revocation lists written: they read the same, OpenSSL agrees, the path check takes them, and what no list may say is refused. */
#include "parties.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stir/chain.h>
#include <stir/crl.h>
#include <stir/trust.h>

#include "core/cert.h"

static const int64_t AT = NOT_BEFORE + 1000;
static struct party pa_root, crl_signer;

static struct stir_cert *signer_cert(enum stir_cert_role role)
{
    struct stir_cert_params p = leaf_params();
    p.role = role;
    p.cn = S("STI-PA CRL");
    p.o = S("STI-PA");
    p.serial_number = S(NULL);
    p.tnauth = NULL;
    p.crl_url = p.crl_issuer = p.policy = S(NULL);
    p.key = crl_signer.held.key;
    p.issuer = pa_root.cert;
    return make(&p, &pa_root);
}

static int begin_all(void **state)
{
    int status = begin(state);
    make_party(&pa_root);
    make_party(&crl_signer);
    struct stir_cert_params p = root_params();
    p.cn = S("STI-PA ROOT");
    p.o = S("STI-PA");
    pa_root.cert = make(&p, &pa_root);
    crl_signer.cert = signer_cert(STIR_CERT_CRL_SIGNER);
    return status;
}

static int end_all(void **state)
{
    struct party *all[] = {&pa_root, &crl_signer};
    for (size_t i = 0; i < 2; i++) {
        stir_cert_free(all[i]->cert);
        stir_es256_ctx_free(all[i]->held.ctx);
        stir_key_free(all[i]->held.key);
    }
    return end(state);
}

static struct stir_crl_params params(const struct stir_crl_revocation *revoked, size_t n)
{
    struct stir_crl_params p = STIR_CRL_PARAMS_INIT;
    p.issuer = crl_signer.cert;
    p.number = 7;
    p.this_update = AT;
    p.next_update = AT + 86400;
    p.idp_url = S("https://pa.example/crl");
    p.ca_issuers_url = S("https://pa.example/crl-signer.pem");
    p.revoked = revoked;
    p.n = n;
    return p;
}

static struct stir_crl *make_list(const struct stir_crl_params *p)
{
    struct stir_crl *crl = NULL;
    struct stir_diag diag = {0};
    if (stir_crl_make(&crl, p, &crl_signer.signer, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
    return crl;
}

static struct stir_crl_revocation of(const struct stir_cert *cert, int reason)
{
    return (struct stir_crl_revocation){stir_cert_info(cert)->issuer_der, stir_cert_info(cert)->serial, AT - 10, reason};
}

static void a_list_says_what_it_was_made_of(void **state) /*= RFC5280-5.2.3 test */
{
    (void)state;
    const struct stir_crl_revocation revoked[] = {of(leaf.cert, 1), of(intermediate.cert, 0)};
    struct stir_crl_params p = params(revoked, 2);
    struct stir_crl *crl = make_list(&p);
    const struct stir_crl_info *info = stir_crl_info(crl);
    assert_int_equal(info->version, 2);
    assert_string_equal(info->issuer, "CN=STI-PA CRL,O=STI-PA,C=US");
    assert_int_equal(info->this_update, AT);
    assert_int_equal(info->next_update, AT + 86400);
    assert_int_equal(info->sig, STIR_CERT_SIG_ECDSA_SHA256);
    assert_slice(info->number, "\x07");
    assert_true(stir_slice_eq(info->aki_id, stir_cert_info(crl_signer.cert)->ski_id));
    assert_int_equal(info->idp, STIR_PART_GOOD);
    assert_slice(info->idp_url, "https://pa.example/crl");
    assert_slice(info->ca_issuers_url, "https://pa.example/crl-signer.pem");
    assert_true(info->indirect && !info->only_user && !info->only_ca && !info->only_attribute && !info->only_some_reasons);
    assert_false(info->delta || info->unknown_critical);
    assert_int_equal(info->n_entries, 2);
    for (size_t i = 0; i < 2; i++) {
        struct stir_crl_entry entry;
        assert_true(stir_crl_entry_at(crl, i, &entry));
        assert_true(stir_slice_eq(entry.issuer_der, revoked[i].issuer_der) && stir_slice_eq(entry.serial, revoked[i].serial));
        assert_int_equal(entry.revoked_at, AT - 10);
        assert_int_equal(entry.reason, revoked[i].reason ? revoked[i].reason : -1);
    }
    stir_crl_free(crl);
}

static void an_empty_list_has_no_entries(void **state)
{
    (void)state;
    struct stir_crl_params p = params(NULL, 0);
    p.idp_url = p.ca_issuers_url = S(NULL);
    struct stir_crl *crl = make_list(&p);
    const struct stir_crl_info *info = stir_crl_info(crl);
    assert_int_equal(info->n_entries, 0);
    assert_int_equal(info->idp, STIR_PART_ABSENT);
    assert_false(info->indirect);
    assert_null(info->ca_issuers_url.p);
    const unsigned char *at = (const unsigned char *)info->der.p;
    X509_CRL *theirs = d2i_X509_CRL(NULL, &at, (long)info->der.n);
    assert_non_null(theirs);
    assert_null(X509_CRL_get_REVOKED(theirs));
    X509_CRL_free(theirs);
    stir_crl_free(crl);
}

static void the_number_is_written_in_few_bytes(void **state)
{
    (void)state;
    static const struct {
        uint64_t number;
        const char *hex;
    } rows[] = {{0, "00"},
                {1, "01"},
                {127, "7f"},
                {128, "0080"},
                {255, "00ff"},
                {256, "0100"},
                {32768, "008000"},
                {INT64_MAX, "7fffffffffffffff"},
                {UINT64_MAX, "00ffffffffffffffff"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        unsigned char wanted[16];
        size_t n = support_hex(wanted, sizeof(wanted), rows[i].hex);
        struct stir_crl_params p = params(NULL, 0);
        p.number = rows[i].number;
        struct stir_crl *crl = make_list(&p);
        if (!stir_slice_eq(stir_crl_info(crl)->number, stir_slice_of(wanted, n)))
            fail_msg("%s", rows[i].hex);
        stir_crl_free(crl);
    }
}

/* Where `needle` stands in `text`. */
static size_t occurrences(struct stir_slice text, struct stir_slice needle)
{
    size_t n = 0;
    for (size_t i = 0; i + needle.n <= text.n; i++)
        n += memcmp(text.p + i, needle.p, needle.n) == 0;
    return n;
}

static void an_issuer_is_named_once_for_each_run_of_its_entries(void **state) /*= RFC5280-5.3.3 test */
{
    (void)state;
    const struct stir_crl_revocation a = of(leaf.cert, 0), b = of(intermediate.cert, 0),
                                     own = {.serial = stir_cert_info(leaf.cert)->serial, .revoked_at = AT - 10, .reason = 0};
    const struct stir_crl_revocation revoked[] = {own, a, a, a, b, b, a, own};
    const size_t named = 4; /* before the first a, the first b, the last a, and for the last own */
    static const unsigned char extension[] = {0x06, 0x03, 0x55, 0x1d, 0x1d, 0x01, 0x01, 0xff};
    struct stir_crl_params p = params(revoked, sizeof(revoked) / sizeof(revoked[0]));
    struct stir_crl *crl = make_list(&p);
    assert_int_equal(occurrences(stir_crl_info(crl)->der, stir_slice_of(extension, sizeof(extension))), named);
    for (size_t i = 0; i < p.n; i++) {
        struct stir_crl_entry entry;
        assert_true(stir_crl_entry_at(crl, i, &entry));
        assert_true(stir_slice_eq(entry.issuer_der, revoked[i].issuer_der.p ? revoked[i].issuer_der : stir_cert_info(crl_signer.cert)->subject_der));
    }
    stir_crl_free(crl);
}

static void times_change_their_form_in_2050(void **state)
{
    (void)state;
    static const int64_t year_2050 = 2524608000;
    const struct stir_crl_revocation revoked[] = {{stir_cert_info(leaf.cert)->issuer_der, stir_cert_info(leaf.cert)->serial, year_2050, 0}};
    struct stir_crl_params p = params(revoked, 1);
    p.this_update = year_2050 - 1;
    p.next_update = year_2050;
    struct stir_crl *crl = make_list(&p);
    assert_int_equal(occurrences(stir_crl_info(crl)->der, S("\x17\x0d"
                                                            "491231235959Z")),
                     1);
    assert_int_equal(occurrences(stir_crl_info(crl)->der, S("\x18\x0f"
                                                            "20500101000000Z")),
                     2);
    stir_crl_free(crl);
}

static void a_serial_is_written_as_a_number_should_be(void **state)
{
    (void)state;
    static const struct {
        struct stir_slice serial;
        const char *hex;
    } rows[] = {{ROW("\x00\x00\x01"), "01"}, {ROW("\x00\x80"), "0080"}, {ROW("\xff\xff\x80"), "80"}, {ROW("\x00"), "00"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        unsigned char wanted[8];
        size_t n = support_hex(wanted, sizeof(wanted), rows[i].hex);
        const struct stir_crl_revocation revoked = {stir_cert_info(leaf.cert)->issuer_der, rows[i].serial, AT, 0};
        struct stir_crl_params p = params(&revoked, 1);
        struct stir_crl *crl = make_list(&p);
        struct stir_crl_entry entry;
        assert_true(stir_crl_entry_at(crl, 0, &entry) && stir_slice_eq(entry.serial, stir_slice_of(wanted, n)));
        stir_crl_free(crl);
    }
}

static void openssl_reads_and_verifies_the_list(void **state)
{
    (void)state;
    const struct stir_crl_revocation revoked[] = {of(leaf.cert, 4), of(intermediate.cert, 10)};
    struct stir_crl_params p = params(revoked, 2);
    struct stir_crl *crl = make_list(&p);
    struct stir_slice der = stir_crl_info(crl)->der, cert = stir_cert_info(crl_signer.cert)->der, ee = stir_cert_info(leaf.cert)->der;
    const unsigned char *at = (const unsigned char *)der.p, *cert_at = (const unsigned char *)cert.p, *ee_at = (const unsigned char *)ee.p;
    X509_CRL *theirs = d2i_X509_CRL(NULL, &at, (long)der.n);
    X509 *issuer = d2i_X509(NULL, &cert_at, (long)cert.n), *end_entity = d2i_X509(NULL, &ee_at, (long)ee.n);
    X509_REVOKED *entry = NULL;
    assert_true(theirs && issuer && end_entity);
    assert_ptr_equal(at, der.p + der.n);
    assert_int_equal(X509_CRL_verify(theirs, X509_get0_pubkey(issuer)), 1);
    assert_int_equal(X509_CRL_get0_by_cert(theirs, &entry, end_entity), 1);
    assert_int_equal(X509_CRL_get0_by_cert(theirs, &entry, issuer), 0);
    unsigned char *again = NULL;
    int n = i2d_X509_CRL(theirs, &again);
    assert_int_equal(n, der.n);
    assert_memory_equal(again, der.p, der.n);
    OPENSSL_free(again);
    X509_free(issuer);
    X509_free(end_entity);
    X509_CRL_free(theirs);
    stir_crl_free(crl);
}

/* The chain of the leaf at AT, under our root, with the administrator's root and that list. */
static bool is_revoked(struct stir_crl *crl)
{
    struct stir_trust_builder *builder = NULL;
    struct stir_trust *trust = NULL;
    struct stir_chain *chain = NULL;
    struct stir_policy policy;
    struct stir_cert *certs[] = {leaf.cert, intermediate.cert};
    assert_err(stir_policy_preset(&policy, S("shaken")), STIR_OK);
    assert_err(stir_trust_builder_new(&builder), STIR_OK);
    assert_err(stir_trust_add_anchor(builder, root.cert), STIR_OK);
    assert_err(stir_trust_add_pa(builder, pa_root.cert), STIR_OK);
    assert_err(stir_trust_add_pa(builder, crl_signer.cert), STIR_OK);
    assert_err(stir_trust_add_crl(builder, crl), STIR_OK);
    assert_err(stir_trust_freeze(&trust, builder, 1), STIR_OK);
    assert_err(stir_chain_from_certs(&chain, certs, 2, trust, &policy, AT), STIR_OK);
    const struct stir_chain_info *info = stir_chain_info(chain);
    bool revoked = false;
    for (size_t i = 0; i < info->n_reasons; i++) {
        if (info->reasons[i] == STIR_R_REVOCATION_UNKNOWN)
            fail_msg("the list does not count");
        revoked |= info->reasons[i] == STIR_R_REVOKED;
    }
    stir_chain_free(chain);
    stir_trust_free(trust);
    return revoked;
}

static void the_path_check_takes_the_list(void **state)
{
    (void)state;
    struct stir_crl_revocation other = of(leaf.cert, 1), one = of(leaf.cert, 1), ca = of(intermediate.cert, 5);
    other.issuer_der = stir_cert_info(root.cert)->subject_der; /* the same number of another issuer */
    const struct {
        const struct stir_crl_revocation *revoked;
        size_t n;
        bool wanted;
    } rows[] = {{NULL, 0, false}, {&other, 1, false}, {&one, 1, true}, {&ca, 1, true}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_crl_params p = params(rows[i].revoked, rows[i].n);
        struct stir_crl *crl = make_list(&p);
        if (is_revoked(crl) != rows[i].wanted)
            fail_msg("row %zu", i);
        stir_crl_free(crl);
    }
}

static void ten_thousand_entries_fit(void **state)
{
    (void)state;
    enum { ENTRIES = 10000 };
    static struct stir_crl_revocation revoked[STIR_MAX_REVOKED + 1];
    static unsigned char serials[STIR_MAX_REVOKED + 1][16];
    for (size_t i = 0; i < STIR_MAX_REVOKED + 1; i++) {
        memset(serials[i], 0x5a, 16);
        serials[i][13] = (unsigned char)(i >> 16);
        serials[i][14] = (unsigned char)(i >> 8);
        serials[i][15] = (unsigned char)i;
        revoked[i] = (struct stir_crl_revocation){stir_cert_info(i % 2 ? leaf.cert : intermediate.cert)->issuer_der, stir_slice_of(serials[i], 16), AT, 1};
    }
    struct stir_crl_params p = params(revoked, ENTRIES); /* the worst order: every entry names its issuer */
    struct stir_crl *crl = make_list(&p);
    struct stir_crl_entry entry;
    assert_int_equal(stir_crl_info(crl)->n_entries, ENTRIES);
    assert_true(stir_crl_info(crl)->der.n < STIR_MAX_CRL);
    for (size_t i = 0; i < ENTRIES; i++)
        assert_true(stir_crl_find(crl, revoked[i].issuer_der, revoked[i].serial, &entry));
    stir_crl_free(crl);
    struct stir_diag diag = {0};
    crl = NULL;
    p.n = STIR_MAX_REVOKED; /* fewer than too many, and too many bytes */
    assert_err(stir_crl_make(&crl, &p, &crl_signer.signer, &diag), STIR_ELIMIT);
    assert_non_null(strstr(diag.text, "bytes"));
    p.n = STIR_MAX_REVOKED + 1;
    assert_err(stir_crl_make(&crl, &p, &crl_signer.signer, &diag), STIR_ELIMIT);
    assert_non_null(strstr(diag.text, "entries"));
    assert_null(crl);
}

static void what_no_list_says_is_refused(void **state)
{
    (void)state;
    static char long_serial[65], url[STIR_MAX_URL + 1];
    memset(long_serial, 1, sizeof(long_serial));
    memset(url, 'a', sizeof(url));
    memcpy(url, "https://", 8);
    for (int reason = -1; reason <= 11; reason++) {
        struct stir_crl_revocation r = of(leaf.cert, reason);
        struct stir_crl_params p = params(&r, 1);
        struct stir_crl *crl = NULL;
        bool good = reason >= 0 && reason <= 10 && reason != 7 && reason != 8;
        assert_err(stir_crl_make(&crl, &p, &crl_signer.signer, NULL), good ? STIR_OK : STIR_EVALUE);
        stir_crl_free(crl);
    }
    const struct stir_crl_revocation good = of(leaf.cert, 0);
    struct stir_crl_revocation r[] = {good, good, good, good, good};
    r[0].serial = S("");
    r[1].serial = stir_slice_of(long_serial, sizeof(long_serial));
    r[2].issuer_der = S("no name");
    r[3].revoked_at = INT64_MAX;
    r[4].revoked_at = -3000000000;
    for (size_t i = 0; i < sizeof(r) / sizeof(r[0]); i++) {
        struct stir_crl_params p = params(&r[i], 1);
        struct stir_crl *crl = NULL;
        struct stir_diag diag = {0};
        enum stir_err err = stir_crl_make(&crl, &p, &crl_signer.signer, &diag);
        if (err != STIR_EVALUE || !diag.text[0] || crl)
            fail_msg("entry %zu: %s \"%s\"", i, stir_err_name(err), diag.text);
    }
    struct stir_crl_params p[5];
    for (size_t i = 0; i < 5; i++)
        p[i] = params(&good, 1);
    p[0].next_update = p[0].this_update;
    p[1].next_update = INT64_MAX;
    p[2].idp_url = S(NULL); /* a direct list, and an entry of another issuer */
    p[3].idp_url = S("ftp://pa.example/crl");
    p[4].ca_issuers_url = stir_slice_of(url, sizeof(url));
    for (size_t i = 0; i < 5; i++) {
        struct stir_crl *crl = NULL;
        struct stir_diag diag = {0};
        enum stir_err err = stir_crl_make(&crl, &p[i], &crl_signer.signer, &diag);
        if (err != STIR_EVALUE || !diag.text[0] || crl)
            fail_msg("list %zu: %s \"%s\"", i, stir_err_name(err), diag.text);
    }
}

static enum stir_err sign_badly(void *arg, const unsigned char digest[STIR_SHA256], unsigned char sig[STIR_ES256_SIG])
{
    (void)arg;
    (void)digest;
    memset(sig, 1, STIR_ES256_SIG);
    return STIR_OK;
}

static void only_a_signer_of_lists_signs_lists(void **state)
{
    (void)state;
    struct stir_crl_params p = params(NULL, 0);
    struct stir_crl *crl = NULL;
    struct stir_signer liar = crl_signer.signer;
    struct stir_diag diag = {0};
    assert_err(stir_crl_make(&crl, &p, &leaf.signer, &diag), STIR_EMISMATCH);
    assert_non_null(strstr(diag.text, "not the key")); /* before anybody is asked to sign */
    struct stir_cert *pa_signer = signer_cert(STIR_CERT_PA_SIGNER);
    p.issuer = pa_signer;
    assert_err(stir_crl_make(&crl, &p, &crl_signer.signer, NULL), STIR_EMISMATCH);
    stir_cert_free(pa_signer);
    p.issuer = pa_root.cert;
    assert_err(stir_crl_make(&crl, &p, &pa_root.signer, NULL), STIR_EMISMATCH);
    p = params(NULL, 0);
    liar.sign = sign_badly;
    assert_err(stir_crl_make(&crl, &p, &liar, NULL), STIR_EMISMATCH);
    assert_null(crl);
}

static void pem_reads_the_same(void **state)
{
    (void)state;
    char pem[4096];
    size_t len = 0, need = 0;
    struct stir_crl_params p = params(NULL, 0);
    struct stir_crl *crl = make_list(&p), *again = NULL;
    assert_err(stir_crl_write_pem(pem, sizeof(pem), &len, crl), STIR_OK);
    assert_int_equal(strlen(pem), len);
    assert_err(stir_crl_parse(&again, stir_slice_of(pem, len), NULL), STIR_OK);
    assert_true(stir_slice_eq(stir_crl_info(crl)->der, stir_crl_info(again)->der));
    assert_err(stir_crl_write_pem(pem, len, &need, crl), STIR_ELIMIT);
    assert_int_equal(need, len);
    assert_err(stir_crl_write_pem(NULL, 1, &need, crl), STIR_EARG);
    assert_err(stir_crl_write_pem(pem, 1, &need, NULL), STIR_EARG);
    stir_crl_free(crl);
    stir_crl_free(again);
}

static void arguments_are_checked(void **state)
{
    (void)state;
    struct stir_crl_params p = params(NULL, 0);
    struct stir_crl *crl = NULL;
    assert_err(stir_crl_make(NULL, &p, &crl_signer.signer, NULL), STIR_EARG);
    assert_err(stir_crl_make(&crl, NULL, &crl_signer.signer, NULL), STIR_EARG);
    assert_err(stir_crl_make(&crl, &p, NULL, NULL), STIR_EARG);
    p.n = 1;
    assert_err(stir_crl_make(&crl, &p, &crl_signer.signer, NULL), STIR_EARG);
    p = params(NULL, 0);
    p.issuer = NULL;
    assert_err(stir_crl_make(&crl, &p, &crl_signer.signer, NULL), STIR_EARG);
    p = params(NULL, 0);
    p.size = 8;
    assert_err(stir_crl_make(&crl, &p, &crl_signer.signer, NULL), STIR_EARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_says_what_it_was_made_of),
        cmocka_unit_test(an_empty_list_has_no_entries),
        cmocka_unit_test(the_number_is_written_in_few_bytes),
        cmocka_unit_test(an_issuer_is_named_once_for_each_run_of_its_entries),
        cmocka_unit_test(times_change_their_form_in_2050),
        cmocka_unit_test(a_serial_is_written_as_a_number_should_be),
        cmocka_unit_test(openssl_reads_and_verifies_the_list),
        cmocka_unit_test(the_path_check_takes_the_list),
        cmocka_unit_test(ten_thousand_entries_fit),
        cmocka_unit_test(what_no_list_says_is_refused),
        cmocka_unit_test(only_a_signer_of_lists_signs_lists),
        cmocka_unit_test(pem_reads_the_same),
        cmocka_unit_test(arguments_are_checked),
    };
    return cmocka_run_group_tests(tests, begin_all, end_all);
}
