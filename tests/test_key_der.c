/* Keys in DER, byte by byte: one spelling is read, and what is read is P-256 on its named curve. */
#include "key_support.h"

static void key_spki_is_the_der_that_openssl_writes(void **state)
{
    (void)state;
    struct der wanted = spki(EC_NAMED, "0004" GX GY);
    struct der der = sec1("020101", ONE, NAMED, NULL);
    struct stir_key *key = NULL, *back = NULL;
    assert_err(read_private(&key, "EC PRIVATE KEY", &der, NULL), STIR_OK);
    assert_true(stir_slice_eq(stir_key_spki(key), slice(&wanted)));
    assert_err(stir_key_from_spki(&back, stir_key_spki(key), NULL), STIR_OK);
    assert_true(stir_key_same_public(key, back));
    unsigned char *made = NULL;
    int n = i2d_PUBKEY(stir_key_evp(key), &made);
    assert_true(n > 0 && stir_slice_eq(stir_key_spki(key), stir_slice_of(made, (size_t)n)));
    OPENSSL_free(made);
    stir_key_free(key);
    stir_key_free(back);
}

/*= RFC5480-2.1.1 test */
static void key_reads_only_strict_spki(void **state)
{
    (void)state;
    static const struct {
        const char *name, *algorithm, *bits;
        enum stir_err err;
    } rows[] = {
        {"good", EC_NAMED, "0004" GX GY, STIR_OK},
        {"good, compressed, odd y", EC_NAMED, "0003" GX, STIR_OK},
        {"good, compressed, even y", EC_NAMED, "0002" GX, STIR_OK},
        {"no bits", EC_NAMED, "", STIR_EDER},
        {"no point", EC_NAMED, "00", STIR_EDER},
        {"unused bits", EC_NAMED, "0104" GX GY, STIR_EDER},
        {"point at infinity", EC_NAMED, "0000", STIR_EKEY},
        {"hybrid point", EC_NAMED, "0007" GX GY, STIR_EKEY},
        {"compressed form, both coordinates", EC_NAMED, "0003" GX GY, STIR_EKEY},
        {"uncompressed form, one coordinate", EC_NAMED, "0004" GX, STIR_EKEY},
        {"one byte more", EC_NAMED, "0004" GX GY "00", STIR_EKEY},
        {"off the curve", EC_NAMED, "0004" GX GX, STIR_EKEY},
        {"zero", EC_NAMED, "0004" ZEROS31 "00" ZEROS31 "00", STIR_EKEY},
        {"x of no point", EC_NAMED, "0002" ZEROS31 "07", STIR_EKEY},
        {"x not below p", EC_NAMED, "0002ffffffff00000001000000000000000000000000ffffffffffffffffffffffff", STIR_EKEY},
        {"x = 5 + p, which would be 5 (on the curve)", EC_NAMED, "0002ffffffff00000001000000000000000000000001000000000000000000000004", STIR_EKEY},
        {"another algorithm (ecDH)", "301106052b8104010c" NAMED, "0004" GX GY, STIR_EKEY},
        {"parameters NULL (implicit)", "300b06072a8648ce3d02010500", "0004" GX GY, STIR_EKEY},
        {"parameters missing", "300906072a8648ce3d0201", "0004" GX GY, STIR_EKEY},
        {"parameters twice", "301d06072a8648ce3d0201" NAMED NAMED, "0004" GX GY, STIR_EDER},
        {"another curve of 256 bits (brainpoolP256r1)", "301406072a8648ce3d020106092b2403030208010107", "0004" GX GY, STIR_EKEY},
        {"OID with one byte less", "301206072a8648ce3d020106072a8648ce3d0301", "0004" GX GY, STIR_EKEY},
        {"long length", "30811306072a8648ce3d0201" NAMED, "0004" GX GY, STIR_EDER},
        {"algorithm is a SET", "311306072a8648ce3d0201" NAMED, "0004" GX GY, STIR_EDER},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct der der = spki(rows[i].algorithm, rows[i].bits);
        struct stir_key *key = NULL;
        enum stir_err err = stir_key_from_spki(&key, slice(&der), NULL);
        if (err != rows[i].err)
            fail_msg("%s: %s, wanted %s", rows[i].name, stir_err_name(err), stir_err_name(rows[i].err));
        stir_key_free(key);
    }
}

static void key_refuses_bytes_behind_an_spki(void **state)
{
    (void)state;
    struct der der = spki(EC_NAMED, "0004" GX GY), junk = hex("0500"), bits = hex("0004" GX GY), algorithm = hex(EC_NAMED);
    struct der bit_string = WRAP(0x03, &bits);
    struct der inside = WRAP(0x30, &algorithm, &bit_string, &junk);
    struct stir_key *key = NULL;
    for (size_t n = 0; n < der.n; n++)
        assert_err(stir_key_from_spki(&key, stir_slice_of(der.p, n), NULL), STIR_EDER);
    assert_err(stir_key_from_spki(&key, slice(&der), NULL), STIR_OK);
    stir_key_free(key);
    der.p[der.n++] = 0;
    assert_err(stir_key_from_spki(&key, slice(&der), NULL), STIR_EDER);
    assert_err(stir_key_from_spki(&key, slice(&inside), NULL), STIR_EDER);
}

#define ORDER "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define ORDER_1 "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550"
#define MINUS_GY "b01cbd1c01e58065711814b583f061e9d431cca994cea1313449bf97c840ae0a"

static void key_reads_only_strict_sec1(void **state)
{
    (void)state;
    static const struct {
        const char *name, *version, *secret, *parameters, *bits;
        enum stir_err err;
    } rows[] = {
        {"good", "020101", ONE, NAMED, "0004" GX GY, STIR_OK},
        {"public half left out: derived", "020101", ONE, NAMED, NULL, STIR_OK},
        {"public half compressed", "020101", ONE, NAMED, "0003" GX, STIR_OK},
        {"leading zeros left out", "020101", "01", NAMED, "0004" GX GY, STIR_OK},
        {"n-1 is the generator's mirror", "020101", ORDER_1, NAMED, "0004" GX MINUS_GY, STIR_OK},
        {"public half of another key", "020101", ONE, NAMED, "0004" GX MINUS_GY, STIR_EKEY},
        {"compressed, the other y", "020101", ONE, NAMED, "0002" GX, STIR_EKEY},
        {"compressed, another x", "020101", ONE, NAMED, "0003" GY, STIR_EKEY},
        {"hybrid point", "020101", ONE, NAMED, "0007" GX GY, STIR_EKEY},
        {"point off the curve", "020101", ONE, NAMED, "0004" GX GX, STIR_EKEY},
        {"private value 0", "020101", ZEROS31 "00", NAMED, NULL, STIR_EKEY},
        {"private value without bytes", "020101", "", NAMED, NULL, STIR_EKEY},
        {"private value n", "020101", ORDER, NAMED, NULL, STIR_EKEY},
        {"private value of 33 bytes", "020101", "00" ONE, NAMED, NULL, STIR_EKEY},
        {"curve not named", "020101", ONE, NULL, "0004" GX GY, STIR_EKEY},
        {"another curve", "020101", ONE, "06052b8104000a", "0004" GX GY, STIR_EKEY},
        {"parameters empty", "020101", ONE, "", "0004" GX GY, STIR_EKEY},
        {"parameters twice", "020101", ONE, NAMED NAMED, "0004" GX GY, STIR_EPEM},
        {"version 0", "020100", ONE, NAMED, NULL, STIR_EPEM},
        {"version 2", "020102", ONE, NAMED, NULL, STIR_EPEM},
        {"version of two bytes", "02020101", ONE, NAMED, NULL, STIR_EPEM},
        {"unused bits in the point", "020101", ONE, NAMED, "0104" GX GY, STIR_EPEM},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct der der = sec1(rows[i].version, rows[i].secret, rows[i].parameters, rows[i].bits);
        struct stir_key *key = NULL;
        enum stir_err err = read_private(&key, "EC PRIVATE KEY", &der, NULL);
        if (err != rows[i].err)
            fail_msg("%s: %s, wanted %s", rows[i].name, stir_err_name(err), stir_err_name(rows[i].err));
        if (key)
            assert_signs(key);
        stir_key_free(key);
    }
}

static void key_says_when_two_halves_do_not_fit(void **state)
{
    (void)state;
    struct der der = sec1("020101", ONE, NAMED, "0004" GX MINUS_GY);
    struct stir_key *key = NULL;
    struct stir_diag diag = {0};
    assert_err(read_private(&key, "EC PRIVATE KEY", &der, &diag), STIR_EKEY);
    assert_non_null(strstr(diag.text, "does not fit"));
}

static void key_refuses_bytes_behind_and_inside_sec1(void **state)
{
    (void)state;
    struct der version = hex("020101"), secret = hex("0420" ONE), curve = hex("a00a" NAMED), junk = hex("0500");
    struct der good = WRAP(0x30, &version, &secret, &curve), inside = WRAP(0x30, &version, &secret, &curve, &junk);
    struct der point = hex("a1460342000"
                           "4" GX GY "0500"),
               behind_point = WRAP(0x30, &version, &secret, &curve, &point);
    struct stir_key *key = NULL;
    assert_err(read_private(&key, "EC PRIVATE KEY", &good, NULL), STIR_OK);
    stir_key_free(key);
    key = NULL;
    for (size_t n = 1; n < good.n; n++) {
        struct der cut = good;
        cut.n = n;
        assert_err(read_private(&key, "EC PRIVATE KEY", &cut, NULL), STIR_EPEM);
    }
    good.p[good.n++] = 0;
    assert_err(read_private(&key, "EC PRIVATE KEY", &good, NULL), STIR_EPEM);
    assert_err(read_private(&key, "EC PRIVATE KEY", &inside, NULL), STIR_EPEM);
    assert_err(read_private(&key, "EC PRIVATE KEY", &behind_point, NULL), STIR_EPEM);
}

static void key_reads_only_strict_pkcs8(void **state)
{
    (void)state;
    static const struct {
        const char *name, *version, *algorithm, *parameters, *bits, *behind;
        enum stir_err err;
    } rows[] = {
        {"good", "020100", EC_NAMED, NULL, "0004" GX GY, "", STIR_OK},
        {"curve named twice", "020100", EC_NAMED, NAMED, NULL, "", STIR_OK},
        {"attributes", "020100", EC_NAMED, NULL, NULL, "a00d300b0603551d0f310403020080", STIR_OK},
        {"version 2", "020101", EC_NAMED, NULL, NULL, "", STIR_OK},
        {"version 2 with its public key", "020101", EC_NAMED, NULL, NULL, "81420004" GX GY, STIR_OK},
        {"version 2 with attributes and public key", "020101", EC_NAMED, NULL, NULL, "a00081420004" GX GY, STIR_OK},
        {"version 2 with another's public key", "020101", EC_NAMED, NULL, "0004" GX GY, "81420004" GX MINUS_GY, STIR_EKEY},
        {"version 2 with junk for a public key", "020101", EC_NAMED, NULL, NULL, "810100", STIR_EPEM},
        {"version 1 with a public key", "020100", EC_NAMED, NULL, NULL, "81420004" GX GY, STIR_EPEM},
        {"version 3", "020102", EC_NAMED, NULL, NULL, "", STIR_EPEM},
        {"version -1", "0201ff", EC_NAMED, NULL, NULL, "", STIR_EPEM},
        {"the key inside names another curve", "020100", EC_NAMED, "06052b8104000a", NULL, "", STIR_EKEY},
        {"parameters NULL", "020100", "300b06072a8648ce3d02010500", NAMED, NULL, "", STIR_EKEY},
        {"junk behind", "020100", EC_NAMED, NULL, NULL, "0500", STIR_EPEM},
        {"junk behind the parameters", "020100", "301506072a8648ce3d0201" NAMED "0500", NULL, NULL, "", STIR_EPEM},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct der inner = sec1("020101", ONE, rows[i].parameters, rows[i].bits);
        struct der der = pkcs8(rows[i].version, rows[i].algorithm, &inner, rows[i].behind);
        struct stir_key *key = NULL;
        enum stir_err err = read_private(&key, "PRIVATE KEY", &der, NULL);
        if (err != rows[i].err)
            fail_msg("%s: %s, wanted %s", rows[i].name, stir_err_name(err), stir_err_name(rows[i].err));
        stir_key_free(key);
    }
}

static void key_refuses_junk_in_private_blocks(void **state)
{
    (void)state;
    static const char *const labels[] = {"EC PRIVATE KEY", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY"};
    static const char *const junk[] = {"00", "3000", "30030201", "3003020100", "0500", "308000000000", "30060201010400"};
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < sizeof(junk) / sizeof(junk[0]); j++) {
            struct der der = hex(junk[j]);
            struct stir_key *key = NULL;
            enum stir_err err = read_private(&key, labels[i], &der, NULL);
            if (err == STIR_OK || (err != STIR_EPEM && err != STIR_EKEY && err != STIR_EPASS))
                fail_msg("%s %s: %s", labels[i], junk[j], stir_err_name(err));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_spki_is_the_der_that_openssl_writes),
        cmocka_unit_test(key_reads_only_strict_spki),
        cmocka_unit_test(key_refuses_bytes_behind_an_spki),
        cmocka_unit_test(key_reads_only_strict_sec1),
        cmocka_unit_test(key_says_when_two_halves_do_not_fit),
        cmocka_unit_test(key_refuses_bytes_behind_and_inside_sec1),
        cmocka_unit_test(key_reads_only_strict_pkcs8),
        cmocka_unit_test(key_refuses_junk_in_private_blocks),
    };
    return cmocka_run_group_tests_name("key_der", tests, NULL, NULL);
}
