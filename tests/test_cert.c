/* Reading certificates: real ones against their table, synthetic ones with one departure each, and hostile ones. */
#include "support.h"

#include <openssl/err.h>

#include "core/cert.h"
#include "core/time.h"

enum { MANY = 200 };

struct bundle {
    struct stir_cert *certs[MANY];
    size_t n;
};

static struct bundle load(const char *name)
{
    struct bundle b = {.n = 0};
    struct stir_diag diag = {0};
    struct stir_slice text = support_file(name);
    if (stir_certs_parse(b.certs, MANY, &b.n, text, &diag) != STIR_OK)
        fail_msg("%s: %s", name, diag.text);
    support_free(text);
    return b;
}

static void unload(struct bundle *b)
{
    for (size_t i = 0; i < b->n; i++)
        stir_cert_free(b->certs[i]);
}

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

static struct stir_cert *lint_cert(const char *name)
{
    char path[128];
    snprintf(path, sizeof(path), "vectors/lint/%s.pem", name);
    struct bundle b = load(path);
    assert_int_equal(b.n, 1);
    return b.certs[0];
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

/* --- certificates built by hand around the parts of a real one --- */

static unsigned char built[STIR_MAX_CERT * 2];

struct hand {
    struct stir_slice version, serial, algorithm, issuer, validity, subject, spki, extensions, outer;
};

static struct hand hand(void)
{
    static const unsigned char version[] = {0xa0, 3, 2, 1, 2}, serial[] = {2, 1, 5}, algorithm[] = {0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2},
                               name[] = {0x30, 13, 0x31, 11, 0x30, 9, 6, 3, 0x55, 4, 6, 0x13, 2, 'U', 'S'};
    struct hand h = {.version = stir_slice_of(version, sizeof(version)),
                     .serial = stir_slice_of(serial, sizeof(serial)),
                     .algorithm = stir_slice_of(algorithm, sizeof(algorithm)),
                     .issuer = stir_slice_of(name, sizeof(name)),
                     .validity = S("0\x1e\x17\x0d"
                                   "240101000000Z\x17\x0d"
                                   "250101000000Z"),
                     .subject = stir_slice_of(name, sizeof(name)),
                     .extensions = {NULL, 0},
                     .outer = stir_slice_of(algorithm, sizeof(algorithm))};
    return h;
}

static struct stir_slice build(const struct hand *h)
{
    struct stir_cert *real = lint_cert("shakenCert");
    struct stir_slice spki = h->spki.p ? h->spki : stir_cert_info(real)->spki;
    struct stir_writer w = stir_writer_of(built, sizeof(built));
    size_t cert = stir_der_open(&w, 0x30), tbs = stir_der_open(&w, 0x30);
    stir_put_slice(&w, h->version);
    stir_put_slice(&w, h->serial);
    stir_put_slice(&w, h->algorithm);
    stir_put_slice(&w, h->issuer);
    stir_put_slice(&w, h->validity);
    stir_put_slice(&w, h->subject);
    stir_put_slice(&w, spki);
    if (h->extensions.p) {
        size_t wrapped = stir_der_open(&w, 0xa3), list = stir_der_open(&w, 0x30);
        stir_put_slice(&w, h->extensions);
        stir_der_close(&w, list);
        stir_der_close(&w, wrapped);
    }
    stir_der_close(&w, tbs);
    stir_put_slice(&w, h->outer);
    stir_der_put(&w, 3, stir_slice_of("\0\x30\x06\x02\x01\x01\x02\x01\x01", 9));
    stir_der_close(&w, cert);
    stir_cert_free(real);
    assert_true(w.need <= w.cap);
    return stir_slice_of(built, w.need);
}

static struct stir_cert *read_hand(const struct hand *h, const char *row)
{
    struct stir_cert *cert = NULL;
    struct stir_diag diag = {0};
    if (stir_cert_parse(&cert, build(h), &diag) != STIR_OK)
        fail_msg("%s: %s", row, diag.text);
    return cert;
}

#define BYTES(text) stir_slice_of(text, sizeof(text) - 1)
#define ROW(text)              \
    {                          \
        text, sizeof(text) - 1 \
    }

static void writes_the_serial_number_for_people(void **state)
{
    (void)state;
    static const struct {
        struct stir_slice der;
        const char *hex;
        bool negative;
    } rows[] = {
        {{"\x02\x01\x00", 3}, "00", false},     {{"\x02\x01\x05", 3}, "05", false},
        {{"\x02\x02\x00\x80", 4}, "80", false}, {{"\x02\x03\x01\x00\x0a", 5}, "01000A", false},
        {{"\x02\x01\xff", 3}, "-01", true},     {{"\x02\x01\x80", 3}, "-80", true},
        {{"\x02\x02\xff\x7f", 4}, "-81", true}, {{"\x02\x02\xff\x00", 4}, "-0100", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct hand h = hand();
        h.serial = rows[i].der;
        struct stir_cert *cert = read_hand(&h, rows[i].hex);
        assert_string_equal(stir_cert_info(cert)->serial_hex, rows[i].hex);
        assert_int_equal(stir_cert_info(cert)->serial_negative, rows[i].negative);
        stir_cert_free(cert);
    }
}

static void reads_versions_1_to_3_and_both_forms_of_time(void **state)
{
    (void)state;
    struct hand h = hand();
    h.version = BYTES("");
    h.validity = BYTES("\x30\x20\x17\x0d"
                       "500101000000Z\x18\x0f"
                       "20500101000000Z");
    struct stir_cert *cert = read_hand(&h, "v1");
    assert_int_equal(stir_cert_info(cert)->version, 1);
    assert_int_equal(stir_cert_info(cert)->not_before, -631152000);
    assert_int_equal(stir_cert_info(cert)->not_after, 2524608000);
    assert_int_equal(stir_cert_info(cert)->path_len, -1);
    stir_cert_free(cert);
    h.version = BYTES("\xa0\x03\x02\x01\x00");
    cert = read_hand(&h, "v1 written out");
    assert_int_equal(stir_cert_info(cert)->version, 1);
    stir_cert_free(cert);
}

static void refuses_what_is_no_certificate(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        size_t at; /* which part */
        struct stir_slice part;
        const char *diag;
    } rows[] = {
        {"version 4", offsetof(struct hand, version), {"\xa0\x03\x02\x01\x03", 5}, "version"},
        {"two versions", offsetof(struct hand, version), {"\xa0\x06\x02\x01\x02\x02\x01\x02", 8}, "version"},
        {"empty serial", offsetof(struct hand, serial), {"\x02\x00", 2}, "serialNumber"},
        {"padded serial", offsetof(struct hand, serial), {"\x02\x02\x00\x05", 4}, "serialNumber"},
        {"padded negative serial", offsetof(struct hand, serial), {"\x02\x02\xff\x85", 4}, "serialNumber"},
        {"no algorithm", offsetof(struct hand, algorithm), {"\x05\x00", 2}, "signature"},
        {"no issuer", offsetof(struct hand, issuer), {"\x05\x00", 2}, "issuer"},
        {"31 April",
         offsetof(struct hand, validity),
         {"\x30\x1e\x17\x0d"
          "240431000000Z\x17\x0d"
          "250101000000Z",
          32},
         "validity"},
        {"letters in a time",
         offsetof(struct hand, validity),
         {"\x30\x1e\x17\x0d"
          "2401010000x0Z\x17\x0d"
          "250101000000Z",
          32},
         "validity"},
        {"letters in a year",
         offsetof(struct hand, validity),
         {"\x30\x1e\x17\x0d"
          "x40101000000Z\x17\x0d"
          "250101000000Z",
          32},
         "validity"},
        {"no seconds",
         offsetof(struct hand, validity),
         {"\x30\x1c\x17\x0b"
          "2401010000Z\x17\x0d"
          "250101000000Z",
          30},
         "validity"},
        {"time zone",
         offsetof(struct hand, validity),
         {"\x30\x1e\x17\x0d"
          "2401010000000\x17\x0d"
          "250101000000Z",
          32},
         "validity"},
        {"three times",
         offsetof(struct hand, validity),
         {"\x30\x20\x17\x0d"
          "240101000000Z\x17\x0d"
          "250101000000Z\x05\x00",
          34},
         "validity"},
        {"empty RDN", offsetof(struct hand, subject), {"\x30\x02\x31\x00", 4}, "name"},
        {"pair with a third part", offsetof(struct hand, subject), {"\x30\x0f\x31\x0d\x30\x0b\x06\x03\x55\x04\x06\x13\x02US\x05\x00", 17}, "name"},
        {"no subject", offsetof(struct hand, subject), {"\x04\x00", 2}, "subject"},
        {"no key", offsetof(struct hand, spki), {"\x30\x00", 2}, "subjectPublicKeyInfo"},
        {"key with a third part",
         offsetof(struct hand, spki),
         {"\x30\x0e\x30\x07\x06\x05\x2b\x81\x04\x00\x22\x03\x01\x00\x05\x00", 16},
         "subjectPublicKeyInfo"},
        {"no extensions", offsetof(struct hand, extensions), {"\x05\x00", 2}, "extensions"},
        {"extension without a value", offsetof(struct hand, extensions), {"\x30\x05\x06\x03\x55\x1d\x13", 7}, "extensions"},
        {"extension that is half critical", offsetof(struct hand, extensions), {"\x30\x0a\x06\x03\x55\x1d\x13\x01\x01\x01\x04\x00", 12}, "extensions"},
        {"extension with a third part", offsetof(struct hand, extensions), {"\x30\x09\x06\x03\x55\x1d\x13\x04\x00\x05\x00", 11}, "extensions"},
        {"identifier that does not end", offsetof(struct hand, extensions), {"\x30\x07\x06\x03\x55\x1d\x93\x04\x00", 9}, "extensions"},
        {"identifier with a zero digit", offsetof(struct hand, extensions), {"\x30\x08\x06\x04\x55\x1d\x80\x13\x04\x00", 10}, "extensions"},
        {"no outer algorithm", offsetof(struct hand, outer), {"\x04\x00", 2}, "signatureAlgorithm"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct hand h = hand();
        struct stir_cert *cert = NULL;
        struct stir_diag diag = {0};
        memcpy((char *)&h + rows[i].at, &rows[i].part, sizeof(rows[i].part));
        enum stir_err err = stir_cert_parse(&cert, build(&h), &diag);
        if (err != STIR_EDER || cert)
            fail_msg("%s: %s", rows[i].row, stir_err_name(err));
        if (!strstr(diag.text, rows[i].diag))
            fail_msg("%s: \"%s\" does not name \"%s\"", rows[i].row, diag.text, rows[i].diag);
    }
}

static void refuses_bytes_around_a_certificate_and_too_many(void **state)
{
    (void)state;
    struct hand h = hand();
    struct stir_cert *cert = NULL;
    struct stir_slice der = build(&h);
    built[der.n] = 0;
    assert_err(stir_cert_parse(&cert, stir_slice_of(built, der.n + 1), NULL), STIR_EDER);
    assert_err(stir_cert_parse(&cert, stir_slice_of(built, der.n - 1), NULL), STIR_EDER);
    assert_err(stir_cert_parse(&cert, stir_slice_of(built, 0), NULL), STIR_EDER);
    assert_err(stir_cert_parse(&cert, stir_slice_of(built, STIR_MAX_CERT + 1), NULL), STIR_ELIMIT);
    assert_err(stir_cert_parse(NULL, der, NULL), STIR_EARG);
    assert_err(stir_cert_parse(&cert, stir_slice_of(NULL, 0), NULL), STIR_EARG);
    assert_null(cert);
}

static void reads_up_to_32_extensions(void **state)
{
    (void)state;
    char many[(STIR_MAX_EXTENSIONS + 1) * 9];
    struct hand h = hand();
    struct stir_cert *cert = NULL;
    struct stir_diag diag = {0};
    for (size_t i = 0; i <= STIR_MAX_EXTENSIONS; i++) {
        memcpy(many + 9 * i, "\x30\x07\x06\x03\x2a\x03\x00\x04\x00", 9);
        many[9 * i + 6] = (char)i;
    }
    h.extensions = stir_slice_of(many, sizeof(many) - 9);
    cert = read_hand(&h, "32");
    assert_int_equal(stir_cert_info(cert)->n_ext, STIR_MAX_EXTENSIONS);
    assert_slice(stir_cert_info(cert)->ext[31].oid, "1.2.3.31");
    assert_false(stir_cert_info(cert)->ext[31].known);
    stir_cert_free(cert);
    cert = NULL;
    h.extensions = stir_slice_of(many, sizeof(many));
    assert_err(stir_cert_parse(&cert, build(&h), &diag), STIR_ELIMIT);
    assert_non_null(strstr(diag.text, "32 extensions"));
}

/* One Extension of id-ce, its value short. */
static struct stir_slice extension(char last, struct stir_slice value)
{
    static char bytes[600];
    struct stir_writer w = stir_writer_of(bytes, sizeof(bytes));
    char oid[3] = {0x55, 0x1d, last};
    stir_extension_put(&w, stir_slice_of(oid, 3), true, value);
    assert_true(w.need <= w.cap);
    return stir_slice_of(bytes, w.need);
}

static struct stir_cert *with_extension(char last, struct stir_slice value)
{
    struct hand h = hand();
    h.extensions = extension(last, value);
    return read_hand(&h, "extension");
}

static void reads_basic_constraints(void **state)
{
    (void)state;
    static const struct {
        struct stir_slice der;
        enum stir_part part;
        bool is_ca;
        int path_len;
    } rows[] = {
        {{"\x30\x00", 2}, STIR_PART_GOOD, false, -1},
        {{"\x30\x03\x01\x01\x00", 5}, STIR_PART_GOOD, false, -1},
        {{"\x30\x03\x01\x01\xff", 5}, STIR_PART_GOOD, true, -1},
        {{"\x30\x06\x01\x01\xff\x02\x01\x00", 8}, STIR_PART_GOOD, true, 0},
        {{"\x30\x07\x01\x01\xff\x02\x02\x01\x00", 9}, STIR_PART_GOOD, true, 256},
        {{"\x30\x03\x02\x01\x03", 5}, STIR_PART_GOOD, false, 3},
        {{"\x30\x09\x01\x01\xff\x02\x04\x7f\xff\xff\xff", 11}, STIR_PART_GOOD, true, INT32_MAX},
        {{"\x30\x0a\x01\x01\xff\x02\x05\x00\x80\x00\x00\x00", 12}, STIR_PART_BAD, false, -1},
        {{"\x30\x06\x01\x01\xff\x02\x01\xff", 8}, STIR_PART_BAD, false, -1},
        {{"\x30\x07\x01\x01\xff\x02\x02\x00\x01", 9}, STIR_PART_BAD, false, -1},
        {{"\x30\x03\x01\x01\x01", 5}, STIR_PART_BAD, false, -1},
        {{"\x30\x08\x01\x01\xff\x02\x01\x00\x05\x00", 10}, STIR_PART_BAD, false, -1},
        {{"\x30\x03\x01\x01\xff\x00", 6}, STIR_PART_BAD, false, -1},
        {{"", 0}, STIR_PART_BAD, false, -1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_cert *cert = with_extension(0x13, rows[i].der);
        const struct stir_cert_info *info = stir_cert_info(cert);
        if (info->basic_constraints != rows[i].part || info->is_ca != rows[i].is_ca || info->path_len != rows[i].path_len)
            fail_msg("row %zu: part %d, ca %d, path %d", i, info->basic_constraints, info->is_ca, info->path_len);
        assert_int_equal(info->ext[0].known, rows[i].part == STIR_PART_GOOD);
        assert_true(info->basic_constraints_critical);
        stir_cert_free(cert);
    }
}

static void reads_key_usage_with_odd_padding_too(void **state)
{
    (void)state;
    static const struct {
        struct stir_slice der;
        enum stir_part part;
        unsigned bits;
        bool padding;
    } rows[] = {
        {{"\x03\x02\x07\x80", 4}, STIR_PART_GOOD, STIR_KU_DIGITAL_SIGNATURE, false},
        {{"\x03\x02\x00\x80", 4}, STIR_PART_GOOD, STIR_KU_DIGITAL_SIGNATURE, true},
        {{"\x03\x02\x07\xc0", 4}, STIR_PART_GOOD, STIR_KU_DIGITAL_SIGNATURE, true}, /* the second bit is unused */
        {{"\x03\x02\x02\x04", 4}, STIR_PART_GOOD, STIR_KU_KEY_CERT_SIGN, false},
        {{"\x03\x02\x01\x06", 4}, STIR_PART_GOOD, STIR_KU_KEY_CERT_SIGN | STIR_KU_CRL_SIGN, false},
        {{"\x03\x03\x07\x00\x80", 5}, STIR_PART_GOOD, STIR_KU_DECIPHER_ONLY, false},
        {{"\x03\x03\x00\x80\x00", 5}, STIR_PART_GOOD, STIR_KU_DIGITAL_SIGNATURE, true},
        {{"\x03\x04\x00\xff\xff\xff", 6}, STIR_PART_GOOD, 0x1ff, false},
        {{"\x03\x01\x00", 3}, STIR_PART_GOOD, 0, false},
        {{"\x03\x01\x01", 3}, STIR_PART_BAD, 0, false},
        {{"\x03\x02\x08\x80", 4}, STIR_PART_BAD, 0, false},
        {{"\x03\x00", 2}, STIR_PART_BAD, 0, false},
        {{"\x04\x02\x07\x80", 4}, STIR_PART_BAD, 0, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_cert *cert = with_extension(0x0f, rows[i].der);
        const struct stir_cert_info *info = stir_cert_info(cert);
        if (info->key_usage != rows[i].part || info->key_usage_bits != rows[i].bits || info->key_usage_padding != rows[i].padding)
            fail_msg("row %zu: part %d, bits %x, padding %d", i, info->key_usage, info->key_usage_bits, info->key_usage_padding);
        stir_cert_free(cert);
    }
}

static void reads_crl_distribution_points(void **state)
{
    (void)state;
    static const struct {
        struct stir_slice der;
        enum stir_part part;
        const char *url;
        size_t issuer;
        bool reasons;
        unsigned names;
    } rows[] = {
        {ROW("\x30\x09\x30\x07\xa0\x05\xa0\x03\x86\x01u"), STIR_PART_GOOD, "u", 0, false, 1},
        {ROW("\x30\x0c\x30\x0a\xa0\x08\xa0\x06\x82\x01"
             "d\x86\x01u"),
         STIR_PART_GOOD, "u", 0, false, 2},
        {ROW("\x30\x0d\x30\x0b\xa0\x05\xa0\x03\x86\x01u\x81\x02\x01\x02"), STIR_PART_GOOD, "u", 0, true, 1},
        {ROW("\x30\x0f\x30\x0d\xa0\x05\xa0\x03\x86\x01u\xa2\x04\xa4\x02\x30\x00"), STIR_PART_GOOD, "u", 2, false, 1},
        {ROW("\x30\x08\x30\x06\xa2\x04\xa4\x02\x30\x00"), STIR_PART_GOOD, NULL, 2, false, 0},
        {ROW("\x30\x06\x30\x04\xa0\x02\xa1\x00"), STIR_PART_GOOD, NULL, 0, false, 0},
        {ROW("\x30\x00"), STIR_PART_BAD, NULL, 0, false, 0},
        {ROW("\x30\x06\x30\x04\xa0\x02\xa0\x00"), STIR_PART_BAD, NULL, 0, false, 0},
        {ROW("\x30\x0d\x30\x0b\xa0\x05\xa0\x03\x86\x01u\xa2\x02\xa4\x00"), STIR_PART_BAD, NULL, 0, false, 0},
        {ROW("\x30\x0b\x30\x09\xa0\x05\xa0\x03\x86\x01u\x05\x00"), STIR_PART_BAD, NULL, 0, false, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_cert *cert = with_extension(0x1f, rows[i].der);
        const struct stir_cert_info *info = stir_cert_info(cert);
        const struct stir_cert_crldp *dp = &info->crldps[0];
        if (info->crldp != rows[i].part || info->n_crldps != (rows[i].part == STIR_PART_GOOD))
            fail_msg("row %zu: part %d, %zu points", i, info->crldp, info->n_crldps);
        if (!stir_slice_eq(dp->url, S(rows[i].url)) || dp->crl_issuer.n != rows[i].issuer || dp->has_reasons != rows[i].reasons || dp->n_names != rows[i].names)
            fail_msg("row %zu: url %.*s, issuer %zu, reasons %d, names %u", i, (int)dp->url.n, dp->url.p, dp->crl_issuer.n, dp->has_reasons, dp->n_names);
        stir_cert_free(cert);
    }
}

static void more_points_or_policies_than_are_kept_make_the_part_bad(void **state)
{
    (void)state;
    char points[2 + 11 * (STIR_MAX_CRLDP + 1)] = {0x30}, policies[2 + 6 * (STIR_MAX_POLICIES + 1)] = {0x30};
    for (size_t i = 0; i <= STIR_MAX_CRLDP; i++)
        memcpy(points + 2 + 9 * i, "\x30\x07\xa0\x05\xa0\x03\x86\x01u", 9);
    for (size_t i = 0; i <= STIR_MAX_POLICIES; i++)
        memcpy(policies + 2 + 6 * i, "\x30\x04\x06\x02\x2a\x03", 6);
    for (size_t more = 0; more < 2; more++) {
        points[1] = (char)(9 * (STIR_MAX_CRLDP + more));
        policies[1] = (char)(6 * (STIR_MAX_POLICIES + more));
        struct stir_cert *cert = with_extension(0x1f, stir_slice_of(points, 2 + (size_t)points[1]));
        assert_int_equal(stir_cert_info(cert)->crldp, more ? STIR_PART_BAD : STIR_PART_GOOD);
        assert_int_equal(stir_cert_info(cert)->n_crldps, more ? 0 : STIR_MAX_CRLDP);
        stir_cert_free(cert);
        cert = with_extension(0x20, stir_slice_of(policies, 2 + (size_t)policies[1]));
        assert_int_equal(stir_cert_info(cert)->policies, more ? STIR_PART_BAD : STIR_PART_GOOD);
        assert_int_equal(stir_cert_info(cert)->n_policies, more ? 0 : STIR_MAX_POLICIES);
        stir_cert_free(cert);
    }
}

static void malformed_policies_and_key_identifiers_are_bad_and_hide_nothing(void **state)
{
    (void)state;
    static const struct {
        char last;
        struct stir_slice der;
        enum stir_part part;
    } rows[] = {
        {0x20, ROW("\x30\x06\x30\x04\x06\x02\x2a\x03"), STIR_PART_GOOD},
        {0x20, ROW("\x30\x08\x30\x06\x06\x02\x2a\x03\x30\x00"), STIR_PART_GOOD},
        {0x20, ROW("\x30\x00"), STIR_PART_BAD},
        {0x20, ROW("\x30\x08\x30\x06\x06\x02\x2a\x03\x05\x00"), STIR_PART_BAD},
        {0x20, ROW("\x30\x04\x30\x02\x06\x00"), STIR_PART_BAD},
        {0x0e, ROW("\x04\x01x"), STIR_PART_GOOD},
        {0x0e, ROW("\x04\x01xy"), STIR_PART_BAD},
        {0x23, ROW("\x30\x03\x80\x01x"), STIR_PART_GOOD},
        {0x23, ROW("\x30\x00"), STIR_PART_GOOD},
        {0x23, ROW("\x30\x08\x80\x01x\xa1\x00\x82\x01\x05"), STIR_PART_GOOD},
        {0x23, ROW("\x30\x05\x82\x01\x05\xa1\x00"), STIR_PART_BAD},
        {0x23, ROW("\x80\x01x"), STIR_PART_BAD},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_cert *cert = with_extension(rows[i].last, rows[i].der);
        const struct stir_cert_info *info = stir_cert_info(cert);
        enum stir_part got = rows[i].last == 0x20 ? info->policies : rows[i].last == 0x0e ? info->ski : info->aki;
        if (got != rows[i].part)
            fail_msg("row %zu: %d", i, got);
        assert_int_equal(info->n_ext, 1);
        assert_slice(info->c, "US");
        stir_cert_free(cert);
    }
}

static void reads_authority_information_access(void **state)
{
    (void)state;
    static const char list[] = "\x30\x3c\x06\x08\x2b\x06\x01\x05\x05\x07\x01\x01\x04\x30"
                               "\x30\x2e\x30\x0d\x06\x08\x2b\x06\x01\x05\x05\x07\x30\x0e\x86\x01t"
                               "\x30\x0e\x06\x08\x2b\x06\x01\x05\x05\x07\x30\x02\x82\x02no"
                               "\x30\x0d\x06\x08\x2b\x06\x01\x05\x05\x07\x30\x02\x86\x01i";
    struct hand h = hand();
    h.extensions = BYTES(list);
    struct stir_cert *cert = read_hand(&h, "aia");
    assert_slice(stir_cert_info(cert)->tnlist_url, "t");
    assert_slice(stir_cert_info(cert)->ca_issuers_url, "i");
    assert_true(stir_cert_info(cert)->ext[0].known);
    stir_cert_free(cert);
}

static void an_extension_that_stands_twice_is_never_used(void **state)
{
    (void)state;
    static const char twice[] = "\x30\x0c\x06\x03\x55\x1d\x13\x04\x05\x30\x03\x01\x01\xff"
                                "\x30\x0c\x06\x03\x55\x1d\x13\x04\x05\x30\x03\x01\x01\xff"
                                "\x30\x0b\x06\x03\x55\x1d\x0f\x04\x04\x03\x02\x07\x80";
    struct hand h = hand();
    h.extensions = BYTES(twice);
    struct stir_cert *cert = read_hand(&h, "twice");
    const struct stir_cert_info *info = stir_cert_info(cert);
    assert_int_equal(info->basic_constraints, STIR_PART_TWICE);
    assert_false(info->is_ca);
    assert_false(info->ext[0].known || info->ext[1].known);
    assert_int_equal(info->key_usage, STIR_PART_GOOD);
    assert_true(info->ext[2].known);
    stir_cert_free(cert);
}

static void extended_key_usage_is_not_understood(void **state)
{
    (void)state;
    struct stir_cert *cert = with_extension(0x25, BYTES("\x30\x04\x06\x02\x2a\x03"));
    assert_true(stir_cert_info(cert)->ext[0].critical);
    assert_false(stir_cert_info(cert)->ext[0].known);
    stir_cert_free(cert);
}

static void tells_a_signature_algorithm_that_differs_inside(void **state)
{
    (void)state;
    struct hand h = hand();
    h.outer = BYTES("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03");
    struct stir_cert *cert = read_hand(&h, "mismatch");
    assert_true(stir_cert_info(cert)->sig_mismatch);
    assert_int_equal(stir_cert_info(cert)->sig, STIR_CERT_SIG_ECDSA_SHA384);
    stir_cert_free(cert);
}

static void names_of_every_string_type_become_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        struct stir_slice value;
        const char *utf8, *line;
    } rows[] = {
        {"printable",
         ROW("\x13\x02"
             "ab"),
         "ab", "CN=ab"},
        {"empty", ROW("\x0c\x00"), "", "CN="},
        {"utf8", ROW("\x0c\x03\xe2\x82\xac"), "\xe2\x82\xac", "CN=\\E2\\82\\AC"},
        {"broken utf8", ROW("\x0c\x02\xe2\x82"), "\xef\xbf\xbd\xef\xbf\xbd", "CN=\\EF\\BF\\BD\\EF\\BF\\BD"},
        {"utf8 of four bytes", ROW("\x0c\x04\xf0\x9f\x93\x9e"), "\xf0\x9f\x93\x9e", "CN=\\F0\\9F\\93\\9E"},
        {"t61", ROW("\x14\x01\xe9"), "\xc3\xa9", "CN=\\C3\\A9"},
        {"ia5",
         ROW("\x16\x03"
             "a,b"),
         "a,b", "CN=a\\,b"},
        {"bmp", ROW("\x1e\x04\x00\x41\x20\xac"), "A\xe2\x82\xac", "CN=A\\E2\\82\\AC"},
        {"bmp pair", ROW("\x1e\x04\xd8\x3d\xdc\xde"), "\xf0\x9f\x93\x9e", "CN=\\F0\\9F\\93\\9E"},
        {"bmp half a pair", ROW("\x1e\x02\xd8\x3d"), "\xef\xbf\xbd", "CN=\\EF\\BF\\BD"},
        {"universal", ROW("\x1c\x04\x00\x01\xf4\xde"), "\xf0\x9f\x93\x9e", "CN=\\F0\\9F\\93\\9E"},
        {"universal too high", ROW("\x1c\x04\x00\x11\x00\x00"), "\xef\xbf\xbd", "CN=\\EF\\BF\\BD"},
        {"line break",
         ROW("\x0c\x03"
             "a\nb"),
         "a\nb", "CN=a\\0Ab"},
        {"blanks and hash", ROW("\x0c\x04 #a "), " #a ", "CN=\\ #a\\ "},
        {"hash", ROW("\x0c\x02#a"), "#a", "CN=\\#a"},
        {"no string", ROW("\x02\x01\x07"), NULL, "CN=#020107"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char name[64];
        struct stir_writer w = stir_writer_of(name, sizeof(name));
        size_t seq = stir_der_open(&w, 0x30), set = stir_der_open(&w, 0x31), pair = stir_der_open(&w, 0x30);
        stir_put(&w, "\x06\x03\x55\x04\x03", 5);
        stir_put_slice(&w, rows[i].value);
        stir_der_close(&w, pair);
        stir_der_close(&w, set);
        stir_der_close(&w, seq);
        struct stir_arena arena = {0};
        struct stir_name_parts parts;
        assert_err(stir_name_read(&parts, stir_slice_of(name, w.need), &arena), STIR_OK);
        if (!stir_slice_eq(parts.cn, S(rows[i].utf8)) || (parts.cn.p == NULL) != (rows[i].utf8 == NULL) || parts.n_cn != 1)
            fail_msg("%s: cn \"%.*s\"", rows[i].row, (int)parts.cn.n, parts.cn.p);
        stir_arena_clear(&arena);
        char *line = stir_name_text(stir_slice_of(name, w.need));
        if (!line || strcmp(line, rows[i].line) != 0)
            fail_msg("%s: line \"%s\"", rows[i].row, line);
        free(line);
    }
}

static void one_line_names_show_unknown_types_and_joined_pairs(void **state)
{
    (void)state;
    static const char name[] = "\x30\x2c\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02US\x31\x1d\x30\x0a\x06\x03\x55\x04\x03\x0c\x03"
                               "a+b"
                               "\x30\x0f\x06\x08\x2b\x06\x01\x05\x05\x07\x09\x01\x0c\x03"
                               "xyz";
    struct stir_slice der = stir_slice_of(name, sizeof(name) - 1);
    char *line = stir_name_text(der);
    assert_string_equal(line, "CN=a\\+b+1.3.6.1.5.5.7.9.1=#0C0378797A,C=US");
    free(line);
    line = stir_name_text(stir_slice_of("\x30\x00", 2));
    assert_string_equal(line, "");
    free(line);
    line = stir_name_text(stir_slice_of("\x30\x01", 2));
    assert_string_equal(line, "?");
    free(line);
}

static void explicit_curves_other_algorithms_and_short_keys_sign_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        enum stir_cert_key key;
    } rows[] = {{"certs-made/explicit.pem", STIR_CERT_KEY_P256_EXPLICIT},
                {"certs-made/secp256k1.pem", STIR_CERT_KEY_EC_OTHER},
                {"certs-made/ed25519.pem", STIR_CERT_KEY_OTHER}};
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

static void a_point_off_the_curve_is_no_key(void **state)
{
    (void)state;
    struct stir_cert *real = lint_cert("shakenCert");
    struct stir_slice spki = stir_cert_info(real)->spki;
    char copy[128];
    memcpy(copy, spki.p, spki.n);
    copy[spki.n - 1] ^= 1;
    struct hand h = hand();
    h.spki = stir_slice_of(copy, spki.n);
    struct stir_cert *cert = read_hand(&h, "point");
    assert_int_equal(stir_cert_info(cert)->key, STIR_CERT_KEY_OTHER);
    assert_null(stir_cert_key(cert));
    assert_err(stir_cert_signed_by(real, cert), STIR_EKEY);
    stir_cert_free(cert);
    stir_cert_free(real);
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

static void leaves_the_error_queue_of_the_host_alone(void **state)
{
    (void)state;
    struct stir_cert *cert = NULL;
    struct hand h = hand();
    h.subject = BYTES("\x30\x0e\x31\x0c\x30\x0a\x06\x03\x55\x04\x06\x1e\x03USA"); /* half a character: OpenSSL minds */
    ERR_clear_error();
    ERR_raise(ERR_LIB_USER, 77);
    (void)!stir_cert_parse(&cert, build(&h), NULL);
    stir_cert_free(cert);
    assert_int_equal(ERR_GET_REASON(ERR_get_error()), 77);
    assert_int_equal(ERR_get_error(), 0);
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
        cmocka_unit_test(refuses_sha1_and_weak_rsa_and_signatures_by_another_kind_of_key),
        cmocka_unit_test(writes_the_serial_number_for_people),
        cmocka_unit_test(reads_versions_1_to_3_and_both_forms_of_time),
        cmocka_unit_test(refuses_what_is_no_certificate),
        cmocka_unit_test(refuses_bytes_around_a_certificate_and_too_many),
        cmocka_unit_test(reads_up_to_32_extensions),
        cmocka_unit_test(reads_basic_constraints),
        cmocka_unit_test(reads_key_usage_with_odd_padding_too),
        cmocka_unit_test(reads_crl_distribution_points),
        cmocka_unit_test(more_points_or_policies_than_are_kept_make_the_part_bad),
        cmocka_unit_test(malformed_policies_and_key_identifiers_are_bad_and_hide_nothing),
        cmocka_unit_test(reads_authority_information_access),
        cmocka_unit_test(an_extension_that_stands_twice_is_never_used),
        cmocka_unit_test(extended_key_usage_is_not_understood),
        cmocka_unit_test(tells_a_signature_algorithm_that_differs_inside),
        cmocka_unit_test(names_of_every_string_type_become_utf8),
        cmocka_unit_test(one_line_names_show_unknown_types_and_joined_pairs),
        cmocka_unit_test(explicit_curves_other_algorithms_and_short_keys_sign_nothing),
        cmocka_unit_test(a_point_off_the_curve_is_no_key),
        cmocka_unit_test(counts_its_owners),
        cmocka_unit_test(leaves_the_error_queue_of_the_host_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
