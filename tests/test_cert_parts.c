/* The parts of a certificate, one at a time: what is read, what is borne, what is bad. */
#include "certs.h"

#include <openssl/err.h>

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
        cmocka_unit_test(a_point_off_the_curve_is_no_key),
        cmocka_unit_test(leaves_the_error_queue_of_the_host_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
