/* Reading certificates: the real network's against their table, synthetic ones with one departure each. */
#include "certs.h"

#include "core/time.h"

static void hex_of(char out[2 * STIR_SHA256 + 1], const unsigned char bytes[STIR_SHA256])
{
    for (size_t i = 0; i < STIR_SHA256; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static const struct stir_cert *by_hash(const struct bundle *b, struct stir_slice hash)
{
    for (size_t i = 0; i < b->n; i++) {
        char hex[2 * STIR_SHA256 + 1];
        hex_of(hex, stir_cert_info(b->certs[i])->sha256);
        if (stir_slice_is(hash, hex))
            return b->certs[i];
    }
    fail_msg("no certificate %.*s", (int)hash.n, hash.p);
    return NULL;
}

/* The table has numbers for the types without a name in RFC 4514. */
static void table_name(char *out, size_t cap, const char *text)
{
    const char *mail = strstr(text, "emailAddress=");
    if (mail)
        snprintf(out, cap, "%.*s1.2.840.113549.1.9.1=%s", (int)(mail - text), text, mail + strlen("emailAddress="));
    else
        snprintf(out, cap, "%s", text);
}

static void assert_cell(struct stir_slice row, const char *column, struct stir_slice want, const char *got)
{
    if (!stir_slice_is(want, got))
        fail_msg("row %.16s: %s is \"%s\", wanted \"%.*s\"", row.p, column, got, (int)want.n, want.p);
}

static void assert_name(struct stir_slice row, const char *column, struct stir_slice want, const char *got)
{
    char text[512];
    table_name(text, sizeof(text), got);
    assert_cell(row, column, want, text);
}

static void assert_time(struct stir_slice row, const char *column, struct stir_slice want, int64_t got)
{
    struct stir_civil t;
    char text[64];
    assert_true(stir_time_to_civil(&t, got));
    snprintf(text, sizeof(text), "%04d-%02d-%02d %02d:%02d:%02d+00:00", t.year, t.month, t.day, t.hour, t.minute, t.second);
    assert_cell(row, column, want, text);
}

static const char *key_name(const struct stir_cert_info *info)
{
    static const struct {
        enum stir_cert_key key;
        unsigned bits;
        const char *name;
    } names[] = {
        {STIR_CERT_KEY_P256, 256, "secp256r1"},
        {STIR_CERT_KEY_P384, 384, "secp384r1"},
        {STIR_CERT_KEY_EC_OTHER, 521, "secp521r1"},
        {STIR_CERT_KEY_RSA, 2048, "rsa2048"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].key == info->key && names[i].bits == info->key_bits)
            return names[i].name;
    return "?";
}

static const char *sig_name(enum stir_cert_sig sig)
{
    switch (sig) {
    case STIR_CERT_SIG_ECDSA_SHA256: return "ecdsa-with-SHA256/1.2.840.10045.4.3.2";
    case STIR_CERT_SIG_ECDSA_SHA384: return "ecdsa-with-SHA384/1.2.840.10045.4.3.3";
    case STIR_CERT_SIG_ECDSA_SHA512: return "ecdsa-with-SHA512/1.2.840.10045.4.3.4";
    case STIR_CERT_SIG_RSA_SHA256: return "sha256WithRSAEncryption/1.2.840.113549.1.1.11";
    default: return "?";
    }
}

static void policies_text(char *out, size_t cap, const struct stir_cert_info *info)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < info->n_policies; i++)
        at += (size_t)snprintf(out + at, cap - at, "%s%.*s", i ? "," : "", (int)info->policy[i].n, info->policy[i].p);
}

static void reads_every_real_leaf_as_its_table_says(void **state)
{
    (void)state;
    struct bundle b = load("certs/leaf.pem");
    struct stir_slice table = support_file("certs/leaf.tsv"), text = table, line;
    size_t rows = 0;
    assert_true(support_line(&text, &line));
    while (support_line(&text, &line)) {
        struct stir_slice hash = support_field(&line);
        const struct stir_cert *cert = by_hash(&b, hash);
        const struct stir_cert_info *info = stir_cert_info(cert);
        char policies[512];
        if ((info->tnauth == STIR_PART_GOOD) == (strncmp(line.p, "\t", 1) == 0)) /* one of them has no list */
            fail_msg("row %.16s: tnauth is %d", hash.p, info->tnauth);
        policies_text(policies, sizeof(policies), info);
        char spc[32];
        struct stir_slice code = stir_tnauth_spc(info->tnauth_list);
        snprintf(spc, sizeof(spc), "%.*s", (int)code.n, code.p ? code.p : "");
        assert_cell(hash, "spc", support_field(&line), spc);
        assert_name(hash, "issuer", support_field(&line), info->issuer);
        assert_time(hash, "not_before", support_field(&line), info->not_before);
        assert_time(hash, "not_after", support_field(&line), info->not_after);
        assert_cell(hash, "key", support_field(&line), key_name(info));
        assert_cell(hash, "signature", support_field(&line), sig_name(info->sig));
        assert_cell(hash, "policies", support_field(&line), policies);
        struct stir_slice lints = support_field(&line);
        bool odd = lints.n && strstr(lints.p, "e_incorrect_ku_encoding") && strstr(lints.p, "e_incorrect_ku_encoding") < lints.p + lints.n;
        if (info->key_usage_padding != odd)
            fail_msg("row %.16s: key usage padding", hash.p);
        assert_non_null(stir_cert_key(cert));
        assert_false(info->sig_mismatch);
        assert_int_equal(info->version, info->n_ext ? 3 : 1);
        rows++;
    }
    assert_int_equal(rows, 133);
    assert_int_equal(b.n, rows);
    support_free(table);
    unload(&b);
}

static void reads_every_real_ca_as_its_table_says(void **state)
{
    (void)state;
    struct bundle b = load("certs/ca.pem");
    struct stir_slice table = support_file("certs/ca.tsv"), text = table, line;
    size_t rows = 0;
    assert_true(support_line(&text, &line));
    while (support_line(&text, &line)) {
        struct stir_slice hash = support_field(&line);
        const struct stir_cert_info *info = stir_cert_info(by_hash(&b, hash));
        assert_cell(hash, "self_signed", support_field(&line), info->self_issued ? "True" : "False");
        assert_name(hash, "subject", support_field(&line), info->subject);
        assert_name(hash, "issuer", support_field(&line), info->issuer);
        assert_time(hash, "not_before", support_field(&line), info->not_before);
        assert_time(hash, "not_after", support_field(&line), info->not_after);
        assert_cell(hash, "key", support_field(&line), key_name(info));
        assert_cell(hash, "signature", support_field(&line), sig_name(info->sig));
        bool plain = info->version == 1; /* one that its owner made himself, without extensions */
        bool signs = info->key_usage == STIR_PART_ABSENT || info->key_usage_bits & STIR_KU_KEY_CERT_SIGN;
        if (info->is_ca == plain || !signs)
            fail_msg("row %.16s: %s ca %d, usage %x", hash.p, info->subject, info->is_ca, info->key_usage_bits);
        rows++;
    }
    assert_int_equal(rows, 60);
    support_free(table);
    unload(&b);
}

static void finds_the_signer_of_each_real_leaf_among_the_cas_and_no_other(void **state)
{
    (void)state;
    struct bundle leaves = load("certs/leaf.pem"), cas = load("certs/ca.pem");
    size_t found = 0;
    for (size_t i = 0; i < leaves.n; i++)
        for (size_t j = 0; j < cas.n; j++) {
            const struct stir_cert_info *leaf = stir_cert_info(leaves.certs[i]), *ca = stir_cert_info(cas.certs[j]);
            bool named = stir_slice_eq(leaf->issuer_der, ca->subject_der) && stir_slice_eq(leaf->aki_id, ca->ski_id);
            enum stir_err err = stir_cert_signed_by(leaves.certs[i], cas.certs[j]);
            if (named && err != STIR_OK)
                fail_msg("%s is not signed by %s: %s", leaf->subject, ca->subject, stir_err_name(err));
            if (err == STIR_OK && !stir_slice_eq(leaf->aki_id, ca->ski_id))
                fail_msg("%s signed by %s", leaf->subject, ca->subject);
            found += named;
        }
    assert_in_range(found, 133, 200);
    unload(&leaves);
    unload(&cas);
}

static void verifies_rsa_p384_and_p521_roots_over_themselves(void **state)
{
    (void)state;
    struct bundle cas = load("certs/ca.pem");
    unsigned kinds = 0;
    for (size_t i = 0; i < cas.n; i++)
        if (stir_cert_info(cas.certs[i])->self_issued) {
            enum stir_err err = stir_cert_signed_by(cas.certs[i], cas.certs[i]);
            if (err != STIR_OK)
                fail_msg("%s: %s", stir_cert_info(cas.certs[i])->subject, stir_err_name(err));
            kinds |= 1u << stir_cert_info(cas.certs[i])->sig;
        }
    assert_true(kinds & 1u << STIR_CERT_SIG_RSA_SHA256);
    assert_true(kinds & 1u << STIR_CERT_SIG_ECDSA_SHA384);
    assert_true(kinds & 1u << STIR_CERT_SIG_ECDSA_SHA512);
    unload(&cas);
}

static void reads_the_one_departure_of_each_synthetic_certificate(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int version, n_crldps, n_policies, n_sn;
        enum stir_cert_key key;
        enum stir_part tnauth, bc;
        unsigned usage;
    } rows[] = {
        {"shakenCert", 3, 1, 1, 1, STIR_CERT_KEY_P256, STIR_PART_GOOD, STIR_PART_GOOD, STIR_KU_DIGITAL_SIGNATURE},
        {"shakenCertV2", 2, 1, 1, 1, STIR_CERT_KEY_P256, STIR_PART_GOOD, STIR_PART_GOOD, STIR_KU_DIGITAL_SIGNATURE | STIR_KU_DATA_ENCIPHERMENT},
        {"shakenKeyAlgRSA", 3, 1, 1, 1, STIR_CERT_KEY_RSA, STIR_PART_GOOD, STIR_PART_GOOD, STIR_KU_DIGITAL_SIGNATURE | STIR_KU_DATA_ENCIPHERMENT},
        {"shakenBasicConstNo", 3, 0, 0, 1, STIR_CERT_KEY_P256, STIR_PART_GOOD, STIR_PART_ABSENT, STIR_KU_DIGITAL_SIGNATURE | STIR_KU_KEY_CERT_SIGN},
        {"shakenTNAuthWithoutSPC", 3, 1, 1, 1, STIR_CERT_KEY_P256, STIR_PART_GOOD, STIR_PART_GOOD, STIR_KU_DIGITAL_SIGNATURE | STIR_KU_DATA_ENCIPHERMENT},
        {"shakenTNAuthEmptyString", 3, 1, 1, 1, STIR_CERT_KEY_P256, STIR_PART_BAD, STIR_PART_GOOD, STIR_KU_DIGITAL_SIGNATURE | STIR_KU_DATA_ENCIPHERMENT},
        {"shakenCRLPointMultiple", 3, 1, 1, 1, STIR_CERT_KEY_P256, STIR_PART_GOOD, STIR_PART_GOOD, STIR_KU_DIGITAL_SIGNATURE},
        {"shakenCertPolicyMultiple", 3, 1, 2, 1, STIR_CERT_KEY_P256, STIR_PART_GOOD, STIR_PART_GOOD, STIR_KU_DIGITAL_SIGNATURE},
        {"shakenSubjectWSerialNumberMultiple", 3, 0, 0, 2, STIR_CERT_KEY_P256, STIR_PART_GOOD, STIR_PART_GOOD, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_cert *cert = lint_cert(rows[i].name);
        const struct stir_cert_info *info = stir_cert_info(cert);
        if (info->version != rows[i].version || (int)info->n_crldps != rows[i].n_crldps || (int)info->n_policies != rows[i].n_policies ||
            (int)info->n_serial_number != rows[i].n_sn || info->key != rows[i].key || info->tnauth != rows[i].tnauth || info->basic_constraints != rows[i].bc ||
            info->key_usage_bits != rows[i].usage)
            fail_msg("%s: version %d, crldp %zu, policies %zu, serialNumber %u, key %d, tnauth %d, bc %d, usage %x", rows[i].name, info->version,
                     info->n_crldps, info->n_policies, info->n_serial_number, info->key, info->tnauth, info->basic_constraints, info->key_usage_bits);
        stir_cert_free(cert);
    }
}

static void every_synthetic_certificate_reads(void **state)
{
    (void)state;
    static const char *const names[] = {
        "shakenCP1_1Cert",
        "shakenCP1_3Cert",
        "shakenCP1_4WSHA1",
        "shakenCRLPointFile",
        "shakenCa",
        "shakenCaCertPolicyMultiple",
        "shakenCaEmpty",
        "shakenCaIssuerWithoutC",
        "shakenCaIssuerWithoutO",
        "shakenCaKeyAlgRSA",
        "shakenCaKeyUsageCertSignDigSign",
        "shakenCaKeyUsageWCRL",
        "shakenCaSerialLess64bit",
        "shakenCaSigAlgSHA1",
        "shakenCaSubjectCN",
        "shakenCaSubjectWithoutC",
        "shakenCaSubjectWithoutO",
        "shakenCertPolicyCritical",
        "shakenIssuerWithoutC",
        "shakenIssuerWithoutO",
        "shakenKeyUsageOdd",
        "shakenRootAKIWrong",
        "shakenRootExtOdd",
        "shakenSerialNumberLess64bit",
        "shakenSerialNumberPadded",
        "shakenSubject",
        "shakenSubjectCN",
        "shakenSubjectWithoutCN",
        "shakenSubjectWithoutSerialNumber",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct stir_cert *cert = lint_cert(names[i]);
        assert_int_equal(stir_cert_info(cert)->key == STIR_CERT_KEY_P256, stir_cert_key(cert) != NULL);
        stir_cert_free(cert);
    }
}

static void says_what_stands_in_a_certificate(void **state)
{
    (void)state;
    struct stir_cert *cert = lint_cert("shakenCert");
    const struct stir_cert_info *info = stir_cert_info(cert);
    assert_slice(info->cn, "SHAKEN 6628");
    assert_slice(info->o, "Some org");
    assert_slice(info->c, "US");
    assert_slice(info->serial_number, "12345");
    assert_slice(info->issuer_cn, "SHAKEN Intermediate");
    assert_slice(info->issuer_o, "Some org");
    assert_slice(info->issuer_c, "US");
    assert_int_equal(info->n_rdn, 4);
    assert_false(info->self_issued);
    assert_false(info->is_ca);
    assert_int_equal(info->path_len, -1);
    assert_true(info->basic_constraints_critical);
    assert_true(info->key_usage_critical);
    assert_int_equal(info->ski_id.n, 20);
    assert_int_equal(info->aki_id.n, 20);
    assert_slice(stir_tnauth_spc(info->tnauth_list), "6628");
    assert_false(info->tnauth_critical);
    assert_false(info->policies_critical);
    stir_cert_free(cert);
}

static void reads_the_certificate_of_rfc9118_with_its_constraints(void **state)
{
    (void)state;
    struct bundle b = load("vectors/rfc/rfc9118-certificate.pem");
    const struct stir_cert_info *info = stir_cert_info(b.certs[0]);
    assert_int_equal(info->constraints, STIR_PART_GOOD);
    assert_false(info->constraints_both);
    assert_non_null(stir_cert_constraints(b.certs[0], 0));
    assert_null(stir_cert_constraints(b.certs[0], 1));
    assert_null(stir_cert_constraints(b.certs[0], 2));
    assert_slice(stir_tnauth_spc(info->tnauth_list), "1234");
    unload(&b);
}

static void bears_libstirshaken_certificates_and_calls_their_list_bad(void **state)
{
    (void)state;
    static const char *const names[] = {"libstirshaken/test_ref_sp_sp.pem", "libstirshaken/test_ref_sp_wrongsp.pem"};
    for (size_t i = 0; i < 2; i++) {
        struct bundle b = load(names[i]);
        assert_int_equal(stir_cert_info(b.certs[0])->tnauth, STIR_PART_BAD);
        assert_null(stir_cert_info(b.certs[0])->tnauth_list);
        unload(&b);
    }
    struct bundle ca = load("libstirshaken/test_ref_ca_ca.pem"), sp = load(names[0]);
    assert_err(stir_cert_signed_by(sp.certs[0], ca.certs[0]), STIR_OK);
    assert_err(stir_cert_signed_by(ca.certs[0], sp.certs[0]), STIR_ESIG);
    unload(&ca);
    unload(&sp);
}

/*= RFC5280-4.1.1.2 test */
static void no_flipped_bit_of_a_certificate_leaves_its_signature_good(void **state)
{
    (void)state;
    struct bundle sp = load("libstirshaken/test_ref_sp_sp.pem"), ca = load("libstirshaken/test_ref_ca_ca.pem");
    struct stir_slice der = stir_cert_info(sp.certs[0])->der;
    unsigned char *copy = malloc(der.n);
    assert_non_null(copy);
    size_t read = 0;
    for (size_t bit = 0; bit < 8 * der.n; bit += 3) {
        struct stir_cert *cert = NULL;
        memcpy(copy, der.p, der.n);
        copy[bit / 8] ^= (unsigned char)(1u << bit % 8);
        if (stir_cert_parse(&cert, stir_slice_of(copy, der.n), NULL) != STIR_OK)
            continue;
        read++;
        if (stir_cert_signed_by(cert, ca.certs[0]) == STIR_OK)
            fail_msg("bit %zu", bit);
        stir_cert_free(cert);
    }
    assert_true(read > 500);
    free(copy);
    unload(&sp);
    unload(&ca);
}

/* The algorithm outside is not signed: written in another way, all else good, it is not the one that was signed. */
static void an_algorithm_outside_that_differs_from_the_one_inside_is_no_signature(void **state)
{
    (void)state;
    struct bundle sp = load("libstirshaken/test_ref_sp_sp.pem"), ca = load("libstirshaken/test_ref_ca_ca.pem");
    struct stir_slice content, tbs, sig;
    assert_err(stir_der_only(stir_cert_info(sp.certs[0])->der, STIR_DER_SEQUENCE, &content), STIR_OK);
    struct stir_reader r = stir_reader_of(content);
    assert_err(stir_der_get(&r, STIR_DER_SEQUENCE, NULL, &tbs), STIR_OK);
    assert_err(stir_der_get(&r, STIR_DER_SEQUENCE, NULL, NULL), STIR_OK);
    assert_err(stir_der_get(&r, STIR_DER_BIT_STRING, NULL, &sig), STIR_OK);
    static const struct stir_slice algorithms[] = {ROW("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"),
                                                   ROW("\x30\x0c\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02\x05\x00")};
    for (size_t i = 0; i < 2; i++) {
        struct stir_writer w = stir_writer_of(built, sizeof(built));
        struct stir_cert *cert = NULL;
        size_t at = stir_der_open(&w, STIR_DER_SEQUENCE);
        stir_put_slice(&w, tbs);
        stir_put_slice(&w, algorithms[i]);
        stir_put_slice(&w, sig);
        stir_der_close(&w, at);
        assert_err(stir_cert_parse(&cert, stir_slice_of(built, w.need), NULL), STIR_OK);
        assert_int_equal(stir_cert_info(cert)->sig_mismatch, i);
        assert_err(stir_cert_signed_by(cert, ca.certs[0]), i ? STIR_ESIG : STIR_OK);
        stir_cert_free(cert);
    }
    unload(&sp);
    unload(&ca);
}

static void refuses_sha1_and_weak_rsa_and_signatures_by_another_kind_of_key(void **state)
{
    (void)state;
    struct stir_cert *sha1 = lint_cert("shakenCaSigAlgSHA1"), *rsa = lint_cert("shakenKeyAlgRSA"), *ec = lint_cert("shakenCert");
    assert_true(stir_cert_info(sha1)->sig == STIR_CERT_SIG_ECDSA_SHA1 || stir_cert_info(sha1)->sig == STIR_CERT_SIG_RSA_SHA1);
    assert_err(stir_cert_signed_by(sha1, sha1), STIR_EKEY);
    assert_err(stir_cert_signed_by(ec, rsa), STIR_EKEY);
    assert_err(stir_cert_signed_by(ec, ec), STIR_ESIG);
    assert_err(stir_cert_signed_by(NULL, ec), STIR_EARG);
    assert_err(stir_cert_signed_by(ec, NULL), STIR_EARG);
    stir_cert_free(sha1);
    stir_cert_free(rsa);
    stir_cert_free(ec);
}

static void explicit_curves_other_algorithms_and_short_keys_sign_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        enum stir_cert_key key;
    } rows[] = {{"certs-made/explicit.pem", STIR_CERT_KEY_P256_EXPLICIT},
                {"certs-made/secp256k1.pem", STIR_CERT_KEY_EC_OTHER},
                {"certs-made/ed25519.pem", STIR_CERT_KEY_OTHER},
                {"certs-made/rsa1024.pem", STIR_CERT_KEY_RSA}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bundle b = load(rows[i].file);
        if (stir_cert_info(b.certs[0])->key != rows[i].key)
            fail_msg("%s: %d", rows[i].file, stir_cert_info(b.certs[0])->key);
        assert_null(stir_cert_key(b.certs[0]));
        if (rows[i].key != STIR_CERT_KEY_EC_OTHER)
            assert_err(stir_cert_signed_by(b.certs[0], b.certs[0]), STIR_EKEY);
        unload(&b);
    }
}

static void counts_its_owners(void **state)
{
    (void)state;
    struct stir_cert *cert = lint_cert("shakenCert");
    assert_ptr_equal(stir_cert_ref(cert), cert);
    stir_cert_free(cert);
    assert_slice(stir_cert_info(cert)->c, "US");
    stir_cert_free(cert);
    stir_cert_free(NULL);
    assert_null(stir_cert_ref(NULL));
    assert_null(stir_cert_key(NULL));
    assert_string_equal(stir_cert_info(NULL)->subject, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_real_leaf_as_its_table_says),
        cmocka_unit_test(reads_every_real_ca_as_its_table_says),
        cmocka_unit_test(finds_the_signer_of_each_real_leaf_among_the_cas_and_no_other),
        cmocka_unit_test(verifies_rsa_p384_and_p521_roots_over_themselves),
        cmocka_unit_test(reads_the_one_departure_of_each_synthetic_certificate),
        cmocka_unit_test(every_synthetic_certificate_reads),
        cmocka_unit_test(says_what_stands_in_a_certificate),
        cmocka_unit_test(reads_the_certificate_of_rfc9118_with_its_constraints),
        cmocka_unit_test(bears_libstirshaken_certificates_and_calls_their_list_bad),
        cmocka_unit_test(no_flipped_bit_of_a_certificate_leaves_its_signature_good),
        cmocka_unit_test(an_algorithm_outside_that_differs_from_the_one_inside_is_no_signature),
        cmocka_unit_test(refuses_sha1_and_weak_rsa_and_signatures_by_another_kind_of_key),
        cmocka_unit_test(explicit_curves_other_algorithms_and_short_keys_sign_nothing),
        cmocka_unit_test(counts_its_owners),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
