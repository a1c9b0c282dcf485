/* Writing certificates: what is asked for is what stands there, OpenSSL agrees, and what the profile forbids is refused. */
#include "parties.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stir/lint.h>

static void key_id_of(unsigned char id[20], const struct stir_key *key)
{
    struct stir_slice spki = stir_key_spki(key);
    assert_int_equal(spki.n, 91); /* its last 65 bytes are the point */
    assert_int_equal(EVP_Q_digest(NULL, "SHA1", NULL, spki.p + 26, 65, id, NULL), 1);
}

static void assert_same_profile(const struct stir_cert_info *info)
{
    assert_int_equal(info->version, 3);
    assert_int_equal(info->serial.n, 16);
    assert_false(info->serial_negative);
    assert_int_equal(info->sig, STIR_CERT_SIG_ECDSA_SHA256);
    assert_false(info->sig_mismatch);
    assert_int_equal(info->key, STIR_CERT_KEY_P256);
    assert_slice(info->o, "Example");
    assert_slice(info->c, "US");
    assert_int_equal(info->basic_constraints, STIR_PART_GOOD);
    assert_true(info->basic_constraints_critical);
    assert_int_equal(info->key_usage, STIR_PART_GOOD);
    assert_true(info->key_usage_critical);
    assert_false(info->key_usage_padding);
    assert_int_equal(info->ski, STIR_PART_GOOD);
    assert_int_equal(info->ski_id.n, 20);
    for (size_t i = 0; i < info->n_ext; i++)
        assert_true(info->ext[i].known);
}

static void a_root_is_what_the_profile_says(void **state)
{
    (void)state;
    const struct stir_cert_info *info = stir_cert_info(root.cert);
    unsigned char id[20];
    assert_same_profile(info);
    assert_string_equal(info->subject, "CN=SHAKEN ROOT,O=Example,C=US");
    assert_true(info->self_issued);
    assert_true(info->is_ca);
    assert_int_equal(info->path_len, -1);
    assert_int_equal(info->key_usage_bits, STIR_KU_KEY_CERT_SIGN);
    key_id_of(id, root.held.key);
    assert_memory_equal(info->ski_id.p, id, 20);
    assert_int_equal(info->aki, STIR_PART_ABSENT);
    assert_int_equal(info->crldp, STIR_PART_ABSENT);
    assert_int_equal(info->policies, STIR_PART_ABSENT);
    assert_int_equal(info->tnauth, STIR_PART_ABSENT);
    assert_int_equal(info->n_ext, 3);
    assert_err(stir_cert_signed_by(root.cert, root.cert), STIR_OK);
}

static void assert_below(const struct stir_cert_info *info, const struct stir_cert_info *issuer)
{
    struct stir_name_parts name;
    struct stir_arena arena = {0};
    assert_true(stir_slice_eq(info->issuer_der, issuer->subject_der));
    assert_int_equal(info->aki, STIR_PART_GOOD);
    assert_true(stir_slice_eq(info->aki_id, issuer->ski_id));
    assert_int_equal(info->crldp, STIR_PART_GOOD);
    assert_false(info->crldp_critical);
    assert_int_equal(info->n_crldps, 1);
    assert_slice(info->crldps[0].url, "https://pa.example/crl");
    assert_int_equal(info->crldps[0].n_names, 1);
    assert_false(info->crldps[0].has_reasons);
    char *crl_issuer = stir_name_text(info->crldps[0].crl_issuer);
    assert_string_equal(crl_issuer, "CN=STI-PA CRL,O=STI-PA,C=US");
    free(crl_issuer);
    assert_err(stir_name_read(&name, info->crldps[0].crl_issuer, &arena), STIR_OK);
    assert_slice(name.cn, "STI-PA CRL");
    stir_arena_clear(&arena);
    assert_int_equal(info->policies, STIR_PART_GOOD);
    assert_false(info->policies_critical);
    assert_int_equal(info->n_policies, 1);
    assert_slice(info->policy[0], "2.16.840.1.114569.1.1.4");
}

static void an_intermediate_is_what_the_profile_says(void **state)
{
    (void)state;
    const struct stir_cert_info *info = stir_cert_info(intermediate.cert);
    assert_same_profile(info);
    assert_below(info, stir_cert_info(root.cert));
    assert_true(info->is_ca);
    assert_int_equal(info->path_len, 0);
    assert_int_equal(info->key_usage_bits, STIR_KU_KEY_CERT_SIGN);
    assert_int_equal(info->tnauth, STIR_PART_ABSENT);
    assert_int_equal(info->n_ext, 6);
    assert_err(stir_cert_signed_by(intermediate.cert, root.cert), STIR_OK);
}

static void an_end_entity_is_what_the_profile_says(void **state)
{
    (void)state;
    const struct stir_cert_info *info = stir_cert_info(leaf.cert);
    assert_same_profile(info);
    assert_below(info, stir_cert_info(intermediate.cert));
    assert_string_equal(info->subject, "serialNumber=12345,CN=SHAKEN 709J,O=Example,C=US");
    assert_int_equal(info->not_before, NOT_BEFORE);
    assert_int_equal(info->not_after, NOT_AFTER);
    assert_false(info->is_ca);
    assert_int_equal(info->path_len, -1);
    assert_int_equal(info->key_usage_bits, STIR_KU_DIGITAL_SIGNATURE);
    assert_int_equal(info->tnauth, STIR_PART_GOOD);
    assert_false(info->tnauth_critical);
    assert_true(stir_slice_eq(stir_tnauth_der(info->tnauth_list), stir_tnauth_der(list)));
    assert_int_equal(info->n_ext, 7);
    assert_true(stir_slice_eq(info->spki, stir_key_spki(leaf.held.key)));
    assert_true(stir_key_same_public(stir_cert_key(leaf.cert), leaf.held.key));
    assert_err(stir_cert_signed_by(leaf.cert, intermediate.cert), STIR_OK);
    assert_err(stir_cert_signed_by(leaf.cert, root.cert), STIR_ESIG);
}

static X509 *openssl_view(const struct stir_cert *cert)
{
    struct stir_slice der = stir_cert_info(cert)->der;
    const unsigned char *p = (const unsigned char *)der.p;
    X509 *x = d2i_X509(NULL, &p, (long)der.n);
    assert_non_null(x);
    assert_ptr_equal(p, der.p + der.n);
    return x;
}

static void openssl_verifies_the_path_and_writes_the_same_bytes(void **state)
{
    (void)state;
    X509 *r = openssl_view(root.cert), *i = openssl_view(intermediate.cert), *l = openssl_view(leaf.cert);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    STACK_OF(X509) *between = sk_X509_new_null();
    assert_int_equal(X509_verify(l, X509_get0_pubkey(i)), 1);
    assert_int_equal(X509_STORE_add_cert(store, r), 1);
    assert_true(sk_X509_push(between, i) > 0);
    assert_int_equal(X509_STORE_CTX_init(ctx, store, l, between), 1);
    X509_STORE_CTX_set_time(ctx, 0, NOT_BEFORE + 1);
    X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_X509_STRICT);
    if (X509_verify_cert(ctx) != 1)
        fail_msg("%s", X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
    X509 *all[] = {r, i, l};
    const struct stir_cert *ours[] = {root.cert, intermediate.cert, leaf.cert};
    for (size_t n = 0; n < 3; n++) {
        unsigned char *der = NULL;
        X509 *copy = X509_dup(all[n]);
        int len = i2d_re_X509_tbs(copy, &der); /* made anew from what OpenSSL understood */
        struct stir_reader tbs = {0};
        struct stir_slice whole, content;
        assert_err(stir_der_only(stir_cert_info(ours[n])->der, 0x30, &content), STIR_OK);
        tbs = stir_reader_of(content);
        assert_err(stir_der_get(&tbs, 0x30, NULL, &whole), STIR_OK);
        assert_int_equal(len, whole.n);
        assert_memory_equal(der, whole.p, whole.n);
        OPENSSL_free(der);
        X509_free(copy);
    }
    sk_X509_free(between);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    X509_free(r);
    X509_free(i);
    X509_free(l);
}

static void told(const struct stir_lint_rule *rule, const char *detail, void *arg)
{
    fail_msg("%s: %s: %s (%s)", (const char *)arg, rule->id, rule->text, detail);
}

static void what_is_written_departs_nowhere_from_the_profile(void **state)
{
    (void)state;
    static char names[3][16] = {"root", "intermediate", "end entity"};
    unsigned profiles = stir_lint_profile_by_name(S("default"));
    assert_int_equal(stir_lint_cert(root.cert, NULL, profiles, told, names[0]), 0);
    assert_int_equal(stir_lint_cert(intermediate.cert, root.cert, profiles, told, names[1]), 0);
    assert_int_equal(stir_lint_cert(leaf.cert, intermediate.cert, profiles, told, names[2]), 0);
}

static void strings_have_the_types_of_rfc5280(void **state)
{
    (void)state;
    static const struct {
        int nid, type;
    } rows[] = {{NID_countryName, V_ASN1_PRINTABLESTRING},
                {NID_organizationName, V_ASN1_UTF8STRING},
                {NID_commonName, V_ASN1_UTF8STRING},
                {NID_serialNumber, V_ASN1_PRINTABLESTRING}};
    X509 *l = openssl_view(leaf.cert);
    const X509_NAME *name = X509_get_subject_name(l);
    assert_int_equal(X509_NAME_entry_count(name), 4);
    for (int i = 0; i < 4; i++) {
        const X509_NAME_ENTRY *e = X509_NAME_get_entry(name, i);
        assert_int_equal(OBJ_obj2nid(X509_NAME_ENTRY_get_object(e)), rows[i].nid);
        assert_int_equal(ASN1_STRING_type(X509_NAME_ENTRY_get_data(e)), rows[i].type);
    }
    X509_free(l);
}

/*= RFC5280-4.1.2.5 test */
static void times_turn_to_generalized_time_in_2050(void **state)
{
    (void)state;
    static const struct {
        int64_t at;
        int type;
    } rows[] = {{2524607999, V_ASN1_UTCTIME}, {2524608000, V_ASN1_GENERALIZEDTIME}, {253402300799, V_ASN1_GENERALIZEDTIME}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_cert_params p = root_params();
        p.not_after = rows[i].at;
        struct stir_cert *cert = make(&p, &root);
        X509 *x = openssl_view(cert);
        assert_int_equal(ASN1_STRING_type(X509_get0_notAfter(x)), rows[i].type);
        assert_int_equal(ASN1_STRING_type(X509_get0_notBefore(x)), V_ASN1_UTCTIME);
        assert_int_equal(stir_cert_info(cert)->not_after, rows[i].at);
        X509_free(x);
        stir_cert_free(cert);
    }
}

static void serial_numbers_are_random_or_given(void **state)
{
    (void)state;
    struct stir_cert_params p = root_params();
    struct stir_cert *a = make(&p, &root), *b = make(&p, &root);
    assert_false(stir_slice_eq(stir_cert_info(a)->serial, stir_cert_info(b)->serial));
    stir_cert_free(a);
    stir_cert_free(b);
    p.serial = stir_slice_of("\x01\x02\x03\x04\x05\x06\x07\x08", 8);
    a = make(&p, &root);
    assert_string_equal(stir_cert_info(a)->serial_hex, "0102030405060708");
    stir_cert_free(a);
    p.serial = stir_slice_of("\x00\x80\x03\x04\x05\x06\x07\x08\x09", 9);
    a = make(&p, &root);
    assert_string_equal(stir_cert_info(a)->serial_hex, "8003040506070809");
    stir_cert_free(a);
}

static void parts_that_may_be_absent_are_left_out(void **state)
{
    (void)state;
    struct stir_cert_params p = leaf_params();
    p.crl_url = p.crl_issuer = p.policy = p.o = p.c = p.serial_number = S(NULL);
    struct stir_cert *cert = make(&p, &intermediate);
    const struct stir_cert_info *info = stir_cert_info(cert);
    assert_string_equal(info->subject, "CN=SHAKEN 709J");
    assert_int_equal(info->n_ext, 5);
    assert_int_equal(info->crldp, STIR_PART_ABSENT);
    stir_cert_free(cert);
    p.crl_url = S("http://pa.example/crl");
    cert = make(&p, &intermediate);
    assert_null(stir_cert_info(cert)->crldps[0].crl_issuer.p);
    stir_cert_free(cert);
}

static void names_keep_every_character_of_utf8(void **state)
{
    (void)state;
    struct stir_cert_params p = leaf_params();
    p.o = S("T\xc3\xa9l\xc3\xa9phonie, \"N\xc2\xb0 1\" + fils");
    struct stir_cert *cert = make(&p, &intermediate);
    assert_true(stir_slice_eq(stir_cert_info(cert)->o, p.o));
    stir_cert_free(cert);
}

static void a_signer_may_answer_later(void **state)
{
    (void)state;
    struct stir_cert_params p = leaf_params();
    p.serial = stir_slice_of("\x01\x02\x03\x04\x05\x06\x07\x08", 8);
    unsigned char tbs[2048], again[2048], der[2048], digest[STIR_SHA256], sig[STIR_ES256_SIG];
    size_t need = 0, n = 0, whole = 0;
    assert_err(stir_cert_prepare(NULL, 0, &need, &p, intermediate.held.key, NULL), STIR_ELIMIT);
    assert_err(stir_cert_prepare(tbs, need - 1, &n, &p, intermediate.held.key, NULL), STIR_ELIMIT);
    assert_int_equal(n, need);
    assert_err(stir_cert_prepare(tbs, need, &n, &p, intermediate.held.key, NULL), STIR_OK);
    assert_int_equal(n, need);
    assert_err(stir_cert_prepare(again, sizeof(again), &n, &p, intermediate.held.key, NULL), STIR_OK);
    assert_memory_equal(tbs, again, need); /* nothing in it is left to chance */
    assert_err(stir_es256_digest(intermediate.held.ctx, stir_slice_of(tbs, n), digest), STIR_OK);
    assert_err(stir_es256_sign(intermediate.held.ctx, intermediate.held.key, digest, sig), STIR_OK);
    assert_err(stir_signed_assemble(der, sizeof(der), &whole, stir_slice_of(tbs, n), sig), STIR_OK);
    struct stir_cert *cert = NULL;
    assert_err(stir_cert_parse(&cert, stir_slice_of(der, whole), NULL), STIR_OK);
    assert_err(stir_cert_signed_by(cert, intermediate.cert), STIR_OK);
    stir_cert_free(cert);
    assert_err(stir_cert_prepare(NULL, 1, &n, &p, intermediate.held.key, NULL), STIR_EARG);
    assert_err(stir_cert_prepare(tbs, 1, NULL, &p, intermediate.held.key, NULL), STIR_EARG);
    assert_err(stir_cert_prepare(tbs, 1, &n, NULL, intermediate.held.key, NULL), STIR_EARG);
    assert_err(stir_cert_prepare(tbs, 1, &n, &p, NULL, NULL), STIR_EARG);
}

static enum stir_err refuse_to_sign(void *arg, const unsigned char digest[STIR_SHA256], unsigned char sig[STIR_ES256_SIG])
{
    (void)arg;
    (void)digest;
    (void)sig;
    return STIR_EPASS;
}

static enum stir_err sign_something_else(void *arg, const unsigned char digest[STIR_SHA256], unsigned char sig[STIR_ES256_SIG])
{
    unsigned char other[STIR_SHA256];
    const struct party *p = arg;
    memcpy(other, digest, sizeof(other));
    other[0] ^= 1;
    return stir_es256_sign(p->held.ctx, p->held.key, other, sig);
}

static void a_signer_that_fails_or_lies_gives_no_certificate(void **state)
{
    (void)state;
    struct stir_cert_params p = leaf_params();
    struct stir_signer signer = intermediate.signer;
    struct stir_cert *cert = NULL;
    struct stir_diag diag = {0};
    signer.sign = refuse_to_sign;
    assert_err(stir_cert_make(&cert, &p, &signer, &diag), STIR_EPASS);
    assert_non_null(strstr(diag.text, "signer"));
    signer.sign = sign_something_else;
    signer.arg = &intermediate;
    assert_err(stir_cert_make(&cert, &p, &signer, &diag), STIR_EMISMATCH);
    assert_non_null(strstr(diag.text, "does not verify"));
    signer.sign = NULL;
    assert_err(stir_cert_make(&cert, &p, &signer, NULL), STIR_EARG);
    signer = intermediate.signer;
    signer.key = NULL;
    assert_err(stir_cert_make(&cert, &p, &signer, NULL), STIR_EARG);
    assert_null(cert);
}

static void struct_sizes_are_held(void **state)
{
    (void)state;
    struct stir_cert_params p = leaf_params();
    struct stir_signer signer = intermediate.signer;
    struct stir_cert *cert = NULL;
    p.size = 0;
    assert_err(stir_cert_make(&cert, &p, &signer, NULL), STIR_EARG);
    p.size = sizeof(p) + 1;
    assert_err(stir_cert_make(&cert, &p, &signer, NULL), STIR_EARG);
    p.size = offsetof(struct stir_cert_params, issuer); /* a caller who does not know of issuers */
    assert_err(stir_cert_make(&cert, &p, &signer, NULL), STIR_EVALUE);
    p.size = sizeof(p);
    signer.size = 0;
    assert_err(stir_cert_make(&cert, &p, &signer, NULL), STIR_EARG);
    assert_err(stir_cert_make(NULL, &p, &intermediate.signer, NULL), STIR_EARG);
    assert_err(stir_cert_make(&cert, NULL, &intermediate.signer, NULL), STIR_EARG);
    assert_err(stir_cert_make(&cert, &p, NULL, NULL), STIR_EARG);
}

static void a_list_that_makes_the_certificate_too_long_is_refused(void **state)
{
    (void)state;
    enum { MANY_NUMBERS = 1100 };
    static struct stir_tnauth_entry entries[MANY_NUMBERS];
    static char numbers[MANY_NUMBERS][16];
    struct stir_tnauth *longest = NULL;
    for (size_t i = 0; i < MANY_NUMBERS; i++) {
        snprintf(numbers[i], sizeof(numbers[i]), "1215555%04zu", i);
        entries[i] = (struct stir_tnauth_entry){STIR_TNAUTH_ONE, S(numbers[i]), 1};
    }
    assert_err(stir_tnauth_new(&longest, entries, MANY_NUMBERS, NULL), STIR_OK);
    struct stir_cert_params p = leaf_params();
    struct stir_cert *cert = NULL;
    struct stir_diag diag = {0};
    p.tnauth = longest;
    assert_err(stir_cert_make(&cert, &p, &intermediate.signer, &diag), STIR_ELIMIT);
    assert_non_null(strstr(diag.text, "split"));
    stir_tnauth_free(longest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_root_is_what_the_profile_says),
        cmocka_unit_test(an_intermediate_is_what_the_profile_says),
        cmocka_unit_test(an_end_entity_is_what_the_profile_says),
        cmocka_unit_test(openssl_verifies_the_path_and_writes_the_same_bytes),
        cmocka_unit_test(what_is_written_departs_nowhere_from_the_profile),
        cmocka_unit_test(strings_have_the_types_of_rfc5280),
        cmocka_unit_test(times_turn_to_generalized_time_in_2050),
        cmocka_unit_test(serial_numbers_are_random_or_given),
        cmocka_unit_test(parts_that_may_be_absent_are_left_out),
        cmocka_unit_test(names_keep_every_character_of_utf8),
        cmocka_unit_test(a_signer_may_answer_later),
        cmocka_unit_test(a_signer_that_fails_or_lies_gives_no_certificate),
        cmocka_unit_test(struct_sizes_are_held),
        cmocka_unit_test(a_list_that_makes_the_certificate_too_long_is_refused),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
