#include "support.h"

#include <openssl/err.h>

#include "core/der.h"

static struct stir_crl *crl_of(const char *name)
{
    struct stir_slice text = support_file(name);
    struct stir_crl *crl = NULL;
    struct stir_diag diag = {0};
    enum stir_err err = stir_crl_parse(&crl, text, &diag);
    if (err != STIR_OK)
        fail_msg("%s: %s, %s", name, stir_err_name(err), diag.text);
    support_free(text);
    return crl;
}

static struct stir_cert *cert_of(const char *name)
{
    struct stir_slice text = support_file(name);
    struct stir_cert *cert = NULL;
    size_t n = 0;
    assert_err(stir_certs_parse(&cert, 1, &n, text, NULL), STIR_OK);
    support_free(text);
    return cert;
}

/* Whether the list in file `crl` has an entry for the certificate in file `cert`; then its reason, else -2. */
static int reason_for(const char *crl_name, const char *cert_name)
{
    struct stir_crl *crl = crl_of(crl_name);
    struct stir_cert *cert = cert_of(cert_name);
    struct stir_crl_entry entry = {.reason = 99};
    bool found = stir_crl_find(crl, stir_cert_info(cert)->issuer_der, stir_cert_info(cert)->serial, &entry);
    assert_int_equal(entry.reason == 99, !found);
    stir_crl_free(crl);
    stir_cert_free(cert);
    return found ? entry.reason : -2;
}

static void a_list_says_who_issued_it_when_and_for_whom(void **state)
{
    (void)state;
    struct stir_crl *crl = crl_of("crl/pa-indirect.crl");
    struct stir_cert *signer = cert_of("crl/pa-crl.pem");
    const struct stir_crl_info *info = stir_crl_info(crl);
    assert_int_equal(info->version, 2);
    assert_string_equal(info->issuer, "CN=STI-PA CRL,ST=NJ,L=Bridgewater,O=STI-PA,C=US");
    assert_true(stir_slice_eq(info->issuer_der, stir_cert_info(signer)->subject_der));
    assert_int_equal(info->this_update, 1780185600);
    assert_int_equal(info->next_update, 2082758400);
    assert_int_equal(info->sig, STIR_CERT_SIG_ECDSA_SHA256);
    assert_slice(info->number, "\x07");
    assert_true(info->aki_id.n == 20 && stir_slice_eq(info->aki_id, stir_cert_info(signer)->ski_id));
    assert_int_equal(info->idp, STIR_PART_GOOD);
    assert_slice(info->idp_url, "https://pa.example/crl");
    assert_slice(info->ca_issuers_url, "https://pa.example/crl-signer.pem");
    assert_true(info->indirect);
    assert_false(info->only_user || info->only_ca || info->only_attribute || info->only_some_reasons || info->delta || info->unknown_critical);
    assert_int_equal(info->n_entries, 4);
    stir_cert_free(signer);
    stir_crl_free(crl);
}

/*= RFC5280-5.3.3 test */
static void the_issuer_of_an_entry_holds_until_another_is_named(void **state)
{
    (void)state;
    struct stir_crl *crl = crl_of("crl/pa-indirect.crl");
    struct stir_cert *leaf = cert_of("crl/leaf1.pem"), *other = cert_of("crl/other-int.pem");
    struct stir_slice own = stir_cert_info(leaf)->issuer_der, others = stir_cert_info(other)->issuer_der;
    const struct {
        struct stir_slice issuer;
        int64_t at;
        int reason;
    } rows[] = {{own, 1777593600, 1}, {own, 1777680000, -1}, {others, 1777766400, 2}, {own, 1777852800, 4}};
    for (size_t i = 0; i < 4; i++) {
        struct stir_crl_entry entry;
        assert_true(stir_crl_entry_at(crl, i, &entry));
        if (!stir_slice_eq(entry.issuer_der, rows[i].issuer) || entry.revoked_at != rows[i].at || entry.reason != rows[i].reason)
            fail_msg("entry %zu: time %lld reason %d, or another issuer", i, (long long)entry.revoked_at, entry.reason);
    }
    struct stir_crl_entry untouched = {.reason = 77};
    assert_false(stir_crl_entry_at(crl, 4, &untouched));
    assert_int_equal(untouched.reason, 77);
    stir_cert_free(leaf);
    stir_cert_free(other);
    stir_crl_free(crl);
}

static void a_certificate_is_found_by_issuer_and_serial_together(void **state)
{
    (void)state;
    static const struct {
        const char *crl, *cert;
        int reason;
    } rows[] = {
        {"crl/pa-indirect.crl", "crl/leaf1.pem", 1},        {"crl/pa-indirect.crl", "crl/other-int.pem", 2},
        {"crl/pa-indirect.crl", "crl/leaf2.pem", -2}, /* the serial of other-int */
        {"crl/pa-indirect.crl", "crl/ca-int.pem", -2},      {"crl/pa-leaf2.crl", "crl/leaf2.pem", 5},
        {"crl/pa-leaf2.crl", "crl/other-int.pem", -2},      {"crl/pa-int.crl", "crl/ca-int.pem", 2},
        {"crl/pa-empty.crl", "crl/leaf1.pem", -2},          {"crl/pa-no-idp.crl", "crl/leaf1.pem", -2}, /* the serial as if the PA had issued it */
        {"crl/pa-not-indirect.crl", "crl/leaf1.pem", -2},   {"crl/pa-removed.crl", "crl/leaf1.pem", 8},
        {"crl/pa-padded-serial.crl", "crl/leaf1.pem", -1}, /* compared as a number */
        {"crl/pa-no-next-update.crl", "crl/leaf1.pem", -1}, {"crl/other-direct.crl", "crl/other-direct-leaf.pem", 1},
        {"crl/other-direct.crl", "crl/other-leaf.pem", -2}, {"crl/ca-direct.crl", "crl/leaf1.pem", -1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int got = reason_for(rows[i].crl, rows[i].cert);
        if (got != rows[i].reason)
            fail_msg("%s about %s: %d, wanted %d", rows[i].crl, rows[i].cert, got, rows[i].reason);
    }
}

/* What makes a list unfit or narrow, as letters: U nknown critical, B ad idp, D elta, u ser, c a, a ttribute, r easons, I ndirect, N o nextUpdate, 1 version.
 */
static void letters_of(char out[16], const struct stir_crl_info *info)
{
    const struct {
        char letter;
        bool on;
    } all[] = {{'U', info->unknown_critical},
               {'B', info->idp == STIR_PART_BAD},
               {'-', info->idp == STIR_PART_ABSENT},
               {'D', info->delta},
               {'u', info->only_user},
               {'c', info->only_ca},
               {'a', info->only_attribute},
               {'r', info->only_some_reasons},
               {'I', info->indirect},
               {'N', info->next_update == 0},
               {'1', info->version == 1}};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (all[i].on)
            *out++ = all[i].letter;
    *out = '\0';
}

/*= RFC5280-5.2 test */
static void a_list_tells_what_it_is_not_good_for(void **state)
{
    (void)state;
    static const struct {
        const char *file, *letters;
        size_t n;
    } rows[] = {
        {"pa-indirect", "I", 4},
        {"pa-only-ca", "cI", 4},
        {"pa-only-user", "uI", 4},
        {"pa-only-attribute", "aI", 4},
        {"pa-two-scopes", "UBucI", 4},
        {"pa-odd-idp", "UB", 4},
        {"pa-some-reasons", "rI", 4},
        {"pa-delta", "DI", 4},
        {"pa-no-next-update", "IN", 1},
        {"pa-no-idp", "-", 1},
        {"pa-not-indirect", "", 1},
        {"pa-unknown-critical", "UI", 4},
        {"pa-issuer-not-indirect", "U", 4},
        {"form-v1", "-1", 1},
        {"form-no-extensions", "-", 1},
        {"pa-unknown-critical-entry", "UI", 1},
        {"form-empty-revoked", "I", 0},
        {"form-explicit-false", "I", 0},
        {"form-reason-7", "I", 1},
        {"pa-empty", "I", 0},
        {"pa-idp-form", "UB", 0},
        {"pa-idp-empty", "UB", 0},
        {"pa-idp-flag", "UB", 0},
        {"pa-idp-flag-first", "UB", 0},
        {"pa-idp-reasons", "UBr", 0},
        {"form-1970", "I", 0},
        {"form-odd-extensions", "I", 1},

    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char file[64], letters[16];
        snprintf(file, sizeof(file), "crl/%s.crl", rows[i].file);
        struct stir_crl *crl = crl_of(file);
        letters_of(letters, stir_crl_info(crl));
        const char *wanted = rows[i].letters;
        if (strcmp(letters, wanted) != 0 || stir_crl_info(crl)->n_entries != rows[i].n)
            fail_msg("%s: \"%s\" with %zu entries, wanted \"%s\" with %zu", file, letters, stir_crl_info(crl)->n_entries, wanted, rows[i].n);
        stir_crl_free(crl);
    }
}

/*= RFC5280-5.1.1.2 test */
/*= RFC5280-5.1.2.1 test */
static void broken_lists_are_refused_and_say_why(void **state)
{
    (void)state;
    static const struct {
        const char *file, *why;
    } rows[] = {
        {"bad-v1-extensions", "a version 1 list has extensions"},
        {"bad-v1-entry-extension", "an entry of a version 1 list has extensions"},
        {"bad-trailing", "bytes follow it"},
        {"bad-negative-number", "the cRLNumber is no number from 0 on"},
        {"bad-inner-algorithm", "inside and outside of the signed part differ"},
        {"bad-extension-twice", "an extension stands twice"},
        {"bad-empty-extensions", "a list of extensions is empty"},
        {"bad-issuer-name", "a certificateIssuer has no readable directoryName"},
        {"bad-issuer-names", "a certificateIssuer has no readable directoryName"},
        {"bad-outer", "it is not a signed part, an algorithm and a signature"},
        {"bad-signature-bits", "its signature is no whole number of bytes"},
        {"bad-version", "its version is neither 1 nor 2"},
        {"bad-inner", "its signature algorithm is no DER"},
        {"bad-issuer", "its issuer is no Name"},
        {"bad-this-update", "thisUpdate is no time"},
        {"bad-next-update", "nextUpdate is no time"},
        {"bad-revoked", "revokedCertificates is no DER"},
        {"bad-entry", "an entry is no SEQUENCE"},
        {"bad-entry-serial", "an entry has no serial number"},
        {"bad-entry-date", "an entry has no readable revocationDate"},
        {"bad-entry-extensions", "crlEntryExtensions are no SEQUENCE"},
        {"bad-extension", "an extension is no DER"},
        {"bad-extension-id", "an extension is no DER"},
        {"bad-extension-form", "an extension is no DER"},
        {"bad-extensions", "crlExtensions are no DER"},
        {"bad-after-extensions", "bytes follow the extensions"},
        {"bad-reason-code", "a reasonCode is no CRLReason"},
        {"bad-invalidity-date", "an invalidityDate is no GeneralizedTime"},
        {"bad-aki", "the authorityKeyIdentifier is no SEQUENCE"},
        {"bad-aki-id", "the keyIdentifier is no DER"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char file[64];
        snprintf(file, sizeof(file), "crl/%s.crl", rows[i].file);
        struct stir_slice der = support_file(file);
        struct stir_crl *crl = NULL;
        struct stir_diag diag = {0};
        enum stir_err err = stir_crl_parse(&crl, der, &diag);
        if (err != STIR_EDER || crl || !strstr(diag.text, rows[i].why) || diag.offset > der.n)
            fail_msg("%s: %s at %zu, \"%s\"", file, stir_err_name(err), diag.offset, diag.text);
        assert_err(stir_crl_parse(&crl, der, NULL), STIR_EDER);
        support_free(der);
    }
}

static void the_signature_is_of_the_key_that_made_it_and_no_other(void **state)
{
    (void)state;
    static const struct {
        const char *crl, *signer;
        enum stir_err err;
    } rows[] = {
        {"crl/pa-indirect.crl", "crl/pa-crl.pem", STIR_OK},      {"crl/pa-indirect.crl", "crl/pa-root.pem", STIR_ESIG},
        {"crl/pa-indirect.crl", "crl/rogue-crl.pem", STIR_ESIG}, {"crl/pa-bad-signature.crl", "crl/pa-crl.pem", STIR_ESIG},
        {"crl/pa-rogue.crl", "crl/pa-crl.pem", STIR_ESIG},       {"crl/pa-rogue.crl", "crl/rogue-crl.pem", STIR_OK},
        {"crl/other-direct.crl", "crl/other-int.pem", STIR_OK},  {"crl/form-v1.crl", "crl/pa-crl.pem", STIR_OK},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_crl *crl = crl_of(rows[i].crl);
        struct stir_cert *signer = cert_of(rows[i].signer);
        enum stir_err err = stir_crl_signed_by(crl, signer);
        if (err != rows[i].err)
            fail_msg("%s by %s: %s", rows[i].crl, rows[i].signer, stir_err_name(err));
        stir_cert_free(signer);
        stir_crl_free(crl);
    }
    assert_int_equal(ERR_peek_error(), 0);
}

static void no_flipped_bit_survives_the_signature(void **state)
{
    (void)state;
    struct stir_slice der = support_file("crl/pa-indirect.crl");
    struct stir_cert *signer = cert_of("crl/pa-crl.pem");
    unsigned char *bytes = (unsigned char *)(uintptr_t)der.p;
    for (size_t i = 0; i < der.n; i++) {
        struct stir_crl *crl = NULL;
        bytes[i] ^= (unsigned char)(1 << i % 8);
        if (stir_crl_parse(&crl, der, NULL) == STIR_OK && stir_crl_signed_by(crl, signer) == STIR_OK)
            fail_msg("byte %zu", i);
        stir_crl_free(crl);
        bytes[i] ^= (unsigned char)(1 << i % 8);
    }
    stir_cert_free(signer);
    support_free(der);
}

static void a_list_that_is_cut_off_is_never_read(void **state)
{
    (void)state;
    struct stir_slice der = support_file("crl/pa-indirect.crl");
    for (size_t n = 0; n < der.n; n++) {
        struct stir_crl *crl = NULL;
        /* its own allocation, so that a read past the end shows */
        char *copy = malloc(n + 1);
        assert_non_null(copy);
        memcpy(copy, der.p, n);
        enum stir_err err = stir_crl_parse(&crl, stir_slice_of(copy, n), NULL);
        if (err != (n ? STIR_EDER : STIR_EPEM) || crl)
            fail_msg("%zu bytes: %s", n, stir_err_name(err));
        free(copy);
    }
    support_free(der);
}

static void pem_and_der_are_the_same_list(void **state)
{
    (void)state;
    struct stir_crl *der = crl_of("crl/pa-indirect.crl"), *pem = crl_of("crl/pa-indirect-crl.pem");
    assert_true(stir_slice_eq(stir_crl_info(der)->der, stir_crl_info(pem)->der));
    stir_crl_free(der);
    stir_crl_free(pem);
}

static enum stir_err parse_text(const char *before, const char *file, const char *after)
{
    struct stir_slice pem = support_file(file);
    size_t cap = strlen(before) + pem.n + strlen(after) + 1;
    char *text = malloc(cap);
    struct stir_crl *crl = NULL;
    assert_non_null(text);
    snprintf(text, cap, "%s%.*s%s", before, (int)pem.n, pem.p, after);
    enum stir_err err = stir_crl_parse(&crl, stir_slice_of(text, cap - 1), NULL);
    stir_crl_free(crl);
    free(text);
    support_free(pem);
    return err;
}

static void one_pem_list_is_read_and_not_two(void **state)
{
    (void)state;
    struct stir_slice pem = support_file("crl/pa-indirect-crl.pem"), cert = support_file("crl/pa-crl.pem");
    assert_err(parse_text("a comment\n", "crl/pa-indirect-crl.pem", "more\n"), STIR_OK);
    assert_err(parse_text(cert.p, "crl/pa-indirect-crl.pem", cert.p), STIR_OK);
    assert_err(parse_text("", "crl/pa-indirect-crl.pem", pem.p), STIR_EPEM);
    assert_err(parse_text("", "crl/pa-crl.pem", ""), STIR_EPEM);
    assert_err(parse_text("", "crl/pa-indirect-crl.pem", "-----BEGIN X509 CRL-----\nAAA"), STIR_EPEM);
    assert_err(parse_text("-----BEGIN X509 CRL-----\nMAAA\n-----END X509 CRL-----\n", "crl/README.md", ""), STIR_EDER);
    support_free(pem);
    support_free(cert);
}

/* ---- lists made here: many entries, no meaningful signature */

static const unsigned char ecdsa[] = {0x30, 0x0a, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2};
static const unsigned char long_ago[] = {0x17, 13, '2', '6', '0', '1', '0', '1', '0', '0', '0', '0', '0', '0', 'Z'};
static const unsigned char indirect_idp[] = {0xa0, 0x13, 0x30, 0x11, 0x30, 0x0f, 6, 3, 0x55, 0x1d, 0x1c, 1, 1, 0xff, 4, 5, 0x30, 3, 0x84, 1, 0xff};

static void put_name(struct stir_writer *w, char letter, size_t n)
{
    size_t name = stir_der_open(w, STIR_DER_SEQUENCE), set = stir_der_open(w, STIR_DER_SET), pair = stir_der_open(w, STIR_DER_SEQUENCE);
    stir_put(w, "\x06\x03\x55\x04\x03", 5);
    size_t text = stir_der_open(w, STIR_DER_UTF8);
    for (size_t i = 0; i < n; i++)
        stir_put_char(w, letter);
    stir_der_close(w, text);
    stir_der_close(w, pair);
    stir_der_close(w, set);
    stir_der_close(w, name);
}

struct row {
    uint32_t serial;
    char issuer; /* 0: as before */
    int reason;  /* -1: none */
    size_t name_len;
};

static void put_extension(struct stir_writer *w, unsigned char arc, struct stir_slice value)
{
    size_t ext = stir_der_open(w, STIR_DER_SEQUENCE);
    unsigned char oid[] = {6, 3, 0x55, 0x1d, arc};
    stir_put(w, oid, sizeof(oid));
    stir_der_put(w, STIR_DER_OCTET_STRING, value);
    stir_der_close(w, ext);
}

static void put_row(struct stir_writer *w, const struct row *row)
{
    size_t entry = stir_der_open(w, STIR_DER_SEQUENCE);
    unsigned char serial[5] = {1, (unsigned char)(row->serial >> 24), (unsigned char)(row->serial >> 16), (unsigned char)(row->serial >> 8),
                               (unsigned char)row->serial};
    stir_der_put(w, STIR_DER_INTEGER, stir_slice_of(serial, sizeof(serial)));
    stir_put(w, long_ago, sizeof(long_ago));
    if (row->issuer || row->reason >= 0) {
        size_t list = stir_der_open(w, STIR_DER_SEQUENCE);
        if (row->reason >= 0) {
            unsigned char value[] = {0x0a, 1, (unsigned char)row->reason};
            put_extension(w, 0x15, stir_slice_of(value, sizeof(value)));
        }
        if (row->issuer) {
            size_t cap = row->name_len + 64;
            char *names = malloc(cap);
            assert_non_null(names);
            struct stir_writer v = stir_writer_of(names, cap);
            size_t outer = stir_der_open(&v, STIR_DER_SEQUENCE), choice = stir_der_open(&v, STIR_DER_CONSTRUCTED(4));
            put_name(&v, row->issuer, row->name_len);
            stir_der_close(&v, choice);
            stir_der_close(&v, outer);
            put_extension(w, 0x1d, stir_slice_of(names, v.need));
            free(names);
        }
        stir_der_close(w, list);
    }
    stir_der_close(w, entry);
}

/* The list of these rows; `*der` is the caller's. */
static struct stir_slice made(const struct row *rows, size_t n, size_t cap)
{
    char *der = malloc(cap);
    assert_non_null(der);
    struct stir_writer w = stir_writer_of(der, cap);
    size_t all = stir_der_open(&w, STIR_DER_SEQUENCE), tbs = stir_der_open(&w, STIR_DER_SEQUENCE);
    stir_put(&w, "\x02\x01\x01", 3);
    stir_put(&w, ecdsa, sizeof(ecdsa));
    put_name(&w, 'p', 2);
    stir_put(&w, long_ago, sizeof(long_ago));
    size_t list = stir_der_open(&w, STIR_DER_SEQUENCE);
    for (size_t i = 0; i < n; i++)
        put_row(&w, &rows[i]);
    stir_der_close(&w, list);
    stir_put(&w, indirect_idp, sizeof(indirect_idp));
    stir_der_close(&w, tbs);
    stir_put(&w, ecdsa, sizeof(ecdsa));
    stir_put(&w, "\x03\x02\x00\x30", 4);
    stir_der_close(&w, all);
    assert_true(w.need <= cap);
    return stir_slice_of(der, w.need);
}

static struct stir_slice name_of(char *buf, size_t cap, char letter, size_t n)
{
    struct stir_writer w = stir_writer_of(buf, cap);
    put_name(&w, letter, n);
    assert_true(w.need <= cap);
    return stir_slice_of(buf, w.need);
}

/* A serial as the rows write it. */
static bool find_row(const struct stir_crl *crl, char issuer, uint32_t serial, struct stir_crl_entry *out)
{
    char name[64];
    unsigned char bytes[5] = {1, (unsigned char)(serial >> 24), (unsigned char)(serial >> 16), (unsigned char)(serial >> 8), (unsigned char)serial};
    return stir_crl_find(crl, name_of(name, sizeof(name), issuer, 2), stir_slice_of(bytes, sizeof(bytes)), out);
}

static void a_long_list_in_any_order_is_searched_whole(void **state)
{
    (void)state;
    enum { N = 5000 };
    struct row *rows = calloc(N, sizeof(*rows));
    assert_non_null(rows);
    for (uint32_t i = 0; i < N; i++)
        rows[i] = (struct row){.serial = i * 2654435761u, .issuer = i % 7 == 0 ? (char)('a' + i % 3) : 0, .reason = -1, .name_len = 2};
    struct stir_slice der = made(rows, N, 1 << 20);
    struct stir_crl *crl = NULL;
    assert_err(stir_crl_parse(&crl, der, NULL), STIR_OK);
    assert_int_equal(stir_crl_info(crl)->n_entries, N);
    assert_false(stir_crl_info(crl)->unknown_critical);
    char issuer = 'p';
    for (uint32_t i = 0; i < N; i++) {
        struct stir_crl_entry entry, at;
        issuer = rows[i].issuer ? rows[i].issuer : issuer;
        assert_true(stir_crl_entry_at(crl, i, &at));
        if (!find_row(crl, issuer, rows[i].serial, &entry) || !stir_slice_eq(entry.serial, at.serial) || !stir_slice_eq(entry.issuer_der, at.issuer_der))
            fail_msg("entry %u is not found", i);
        if (find_row(crl, (char)('a' + (issuer - 'a' + 1) % 3), rows[i].serial, &entry))
            fail_msg("entry %u is found under another issuer", i);
        if (find_row(crl, issuer, rows[i].serial + 1, &entry))
            fail_msg("entry %u is found under another serial", i);
    }
    stir_crl_free(crl);
    support_free(der);
    free(rows);
}

static void of_two_entries_the_one_that_revokes_goes_first(void **state)
{
    (void)state;
    static const struct row rows[] = {{9, 0, 8, 0}, {9, 0, 3, 0}, {9, 0, 4, 0}, {10, 0, 8, 0}};
    struct stir_slice der = made(rows, 4, 4096);
    struct stir_crl *crl = NULL;
    struct stir_crl_entry entry;
    assert_err(stir_crl_parse(&crl, der, NULL), STIR_OK);
    assert_true(find_row(crl, 'p', 9, &entry));
    assert_int_equal(entry.reason, 3);
    assert_true(find_row(crl, 'p', 10, &entry));
    assert_int_equal(entry.reason, 8);
    stir_crl_free(crl);
    support_free(der);
}

static void more_entries_or_bytes_than_the_limit_are_refused(void **state)
{
    (void)state;
    struct row *rows = calloc(STIR_MAX_REVOKED + 1, sizeof(*rows));
    assert_non_null(rows);
    for (uint32_t i = 0; i <= STIR_MAX_REVOKED; i++)
        rows[i] = (struct row){.serial = i, .reason = -1};
    for (size_t more = 0; more < 2; more++) {
        struct stir_slice der = made(rows, STIR_MAX_REVOKED + more, 4 << 20);
        struct stir_crl *crl = NULL;
        assert_err(stir_crl_parse(&crl, der, NULL), more ? STIR_ELIMIT : STIR_OK);
        stir_crl_free(crl);
        support_free(der);
    }
    free(rows);
    static const struct row fat[] = {{1, 'a', -1, STIR_MAX_CRL}};
    struct stir_slice der = made(fat, 1, 4 << 20);
    struct stir_crl *crl = NULL;
    struct stir_diag diag = {0};
    assert_err(stir_crl_parse(&crl, der, &diag), STIR_ELIMIT);
    assert_non_null(strstr(diag.text, "2097152"));
    assert_err(stir_crl_parse(&crl, stir_slice_of("x", 2 * (size_t)STIR_MAX_CRL + 1), NULL), STIR_ELIMIT);
    support_free(der);
}

/* Were names compared for each pair of entries, this would take minutes. */
static void huge_names_shared_by_many_entries_cost_little(void **state)
{
    (void)state;
    enum { N = 30000 };
    struct row *rows = calloc(N, sizeof(*rows));
    assert_non_null(rows);
    for (uint32_t i = 0; i < N; i++)
        rows[i] = (struct row){.serial = (i % (N / 2)) * 2654435761u, .issuer = i % (N / 2) == 0 ? 'z' : 0, .reason = -1, .name_len = 600000};
    struct stir_slice der = made(rows, N, 4 << 20);
    struct stir_crl *crl = NULL;
    assert_err(stir_crl_parse(&crl, der, NULL), STIR_OK);
    assert_int_equal(stir_crl_info(crl)->n_entries, N);
    stir_crl_free(crl);
    support_free(der);
    free(rows);
}

/* 0 says that there is no nextUpdate, and this one has long passed. */
static void a_next_update_at_the_beginning_of_time_is_one(void **state)
{
    (void)state;
    struct stir_crl *crl = crl_of("crl/form-1970.crl");
    assert_int_equal(stir_crl_info(crl)->next_update, -1);
    stir_crl_free(crl);
}

static void a_list_may_have_many_owners(void **state)
{
    (void)state;
    struct stir_crl *crl = crl_of("crl/pa-indirect.crl");
    assert_ptr_equal(stir_crl_ref(crl), crl);
    stir_crl_free(crl);
    assert_int_equal(stir_crl_info(crl)->n_entries, 4);
    stir_crl_free(crl);
    stir_crl_free(NULL);
}

static void a_missing_argument_is_an_error(void **state)
{
    (void)state;
    struct stir_crl *crl = crl_of("crl/pa-empty.crl"), *out = NULL;
    struct stir_cert *cert = cert_of("crl/pa-crl.pem");
    assert_err(stir_crl_parse(NULL, S("x"), NULL), STIR_EARG);
    assert_err(stir_crl_parse(&out, stir_slice_of(NULL, 0), NULL), STIR_EARG);
    assert_err(stir_crl_signed_by(NULL, cert), STIR_EARG);
    assert_err(stir_crl_signed_by(crl, NULL), STIR_EARG);
    struct stir_crl_entry entry;
    assert_false(stir_crl_entry_at(NULL, 0, &entry) || stir_crl_entry_at(crl, 0, NULL));
    assert_false(stir_crl_find(NULL, S("x"), S("1"), &entry) || stir_crl_find(crl, S("x"), S("1"), NULL));
    assert_int_equal(stir_crl_info(NULL)->n_entries, 0);
    assert_null(stir_crl_ref(NULL));
    stir_cert_free(cert);
    stir_crl_free(crl);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_says_who_issued_it_when_and_for_whom),
        cmocka_unit_test(the_issuer_of_an_entry_holds_until_another_is_named),
        cmocka_unit_test(a_certificate_is_found_by_issuer_and_serial_together),
        cmocka_unit_test(a_list_tells_what_it_is_not_good_for),
        cmocka_unit_test(broken_lists_are_refused_and_say_why),
        cmocka_unit_test(the_signature_is_of_the_key_that_made_it_and_no_other),
        cmocka_unit_test(no_flipped_bit_survives_the_signature),
        cmocka_unit_test(a_list_that_is_cut_off_is_never_read),
        cmocka_unit_test(pem_and_der_are_the_same_list),
        cmocka_unit_test(one_pem_list_is_read_and_not_two),
        cmocka_unit_test(a_long_list_in_any_order_is_searched_whole),
        cmocka_unit_test(of_two_entries_the_one_that_revokes_goes_first),
        cmocka_unit_test(more_entries_or_bytes_than_the_limit_are_refused),
        cmocka_unit_test(huge_names_shared_by_many_entries_cost_little),
        cmocka_unit_test(a_next_update_at_the_beginning_of_time_is_one),
        cmocka_unit_test(a_list_may_have_many_owners),
        cmocka_unit_test(a_missing_argument_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
