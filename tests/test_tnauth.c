/* stir/tnauth.h: the vectors of RFC 8226 and its neighbours, strict DER, and cover against brute force.
 * Over 600 lines, and one subject: what one list takes, writes and answers; most of it are tables. */
#include "support.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define MAX_DER 512

static enum stir_err parse_hex(struct stir_tnauth **out, const char *hex)
{
    unsigned char der[MAX_DER];
    size_t n = support_hex(der, sizeof(der), hex);
    return stir_tnauth_parse(out, stir_slice_of(der, n));
}

static void put_hex(char *out, size_t cap, struct stir_slice bytes)
{
    assert_true(bytes.n * 2 < cap);
    out[0] = '\0';
    for (size_t i = 0; i < bytes.n; i++)
        snprintf(out + 2 * i, 3, "%02x", (unsigned char)bytes.p[i]);
}

static const struct vector {
    const char *hex, *base64url, *text;
} vectors[] = {
    {"3008a00616043730394a", "MAigBhYENzA5Sg", "spc:709J"},
    {"3008a006160431323334", "MAigBhYEMTIzNA", "spc:1234"},
    {"300fa20d160b3132313535353531323132", "MA-iDRYLMTIxNTU1NTEyMTI", "one:12155551212"},
    {"3015a1133011160b3132313535353531303030020203e8", "MBWhEzARFgsxMjE1NTU1MTAwMAICA-g", "range:12155551000+1000"},
    {"302ba0071605626f677573a1123010160a3537313535353132313202020314a20c160a37303335353531323132", NULL, "spc:bogus range:5715551212+788 one:7035551212"},
    {"3007a20516032a3637", NULL, "one:*67"},
    {"300aa1083006160130020102", NULL, "range:0+2"},
    {"3019a1173015160f303030303030303030303030303030020203e7", NULL, "range:000000000000000+999"},
};

static void reads_and_writes_the_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct stir_tnauth *list = NULL;
        char text[256], hex[2 * MAX_DER];
        size_t len = 0;
        enum stir_err err = parse_hex(&list, vectors[i].hex);
        if (err != STIR_OK)
            fail_msg("%s: %s", vectors[i].text, stir_err_name(err));
        assert_err(stir_tnauth_text(text, sizeof(text), &len, list), STIR_OK);
        assert_string_equal(text, vectors[i].text);
        assert_int_equal(len, strlen(text));
        put_hex(hex, sizeof(hex), stir_tnauth_der(list));
        assert_string_equal(hex, vectors[i].hex);
        stir_tnauth_free(list);
    }
}

static void reads_base64_in_both_alphabets_padded_or_not(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum stir_err err;
        const char *wanted;
    } rows[] = {
        {"MAigBhYENzA5Sg", STIR_OK, "spc:709J"},
        {"MAigBhYENzA5Sg==", STIR_OK, "spc:709J"},
        {"MA-iDRYLMTIxNTU1NTEyMTI", STIR_OK, "one:12155551212"},
        {"MA+iDRYLMTIxNTU1NTEyMTI=", STIR_OK, "one:12155551212"},
        {"MBWhEzARFgsxMjE1NTU1MTAwMAICA-g", STIR_OK, "range:12155551000+1000"},
        {"MAigBhYEYS8_Pg", STIR_OK, "spc:a/?>"},
        {"MAigBhYEYS8/Pg==", STIR_OK, "spc:a/?>"},
        {"", STIR_EB64, NULL},
        {"=", STIR_EB64, NULL},
        {"====", STIR_EB64, NULL},
        {"MAigBhYENzA5Sg=", STIR_EB64, NULL},
        {"MAigBhYENzA5Sg===", STIR_EB64, NULL},
        {"MAigBhYENzA5S", STIR_EB64, NULL},
        {"MAigBhYENzA5Sh", STIR_EB64, NULL},
        {"MAigBhYENzA5 Sg", STIR_EB64, NULL},
        {"MAigBhYENzA5Sg\n", STIR_EB64, NULL},
        {"MAigBhYENzA5S.", STIR_EB64, NULL},
        {"MAigBhYENzA5SgA", STIR_EDER, NULL},
        {"MAigBhYENzA5SgAA", STIR_EDER, NULL},
        {"MAigBhYENzA5", STIR_EDER, NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_tnauth *list = NULL;
        char text[64];
        enum stir_err err = stir_tnauth_from_base64(&list, S(rows[i].text));
        if (err != rows[i].err || (err != STIR_OK && list))
            fail_msg("\"%s\": %s", rows[i].text, stir_err_name(err));
        if (err == STIR_OK) {
            assert_err(stir_tnauth_text(text, sizeof(text), NULL, list), STIR_OK);
            assert_string_equal(text, rows[i].wanted);
        }
        stir_tnauth_free(list);
    }
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct stir_tnauth *list = NULL;
        if (!vectors[i].base64url)
            continue;
        assert_err(stir_tnauth_from_base64(&list, S(vectors[i].base64url)), STIR_OK);
        stir_tnauth_free(list);
    }
}

/*= RFC8226-11.2 test */
static void refuses_what_is_not_rfc8226(void **state)
{
    (void)state;
    static const struct {
        const char *name, *hex;
        enum stir_err err;
    } rows[] = {
        {"nothing", "", STIR_EDER},
        {"implicit tags", "3006800431323334", STIR_EDER},
        {"an empty list", "3000", STIR_EDER},
        {"a length that is not minimal", "308108a006160431323334", STIR_EDER},
        {"an indefinite length", "3080a0061604313233340000", STIR_EDER},
        {"a trailing byte", "3008a00616043132333400", STIR_EDER},
        {"UTF8String", "3008a0060c0431323334", STIR_EDER},
        {"PrintableString", "3008a006130431323334", STIR_EDER},
        {"cut", "3008a0061604313233", STIR_EDER},
        {"cut inside", "3007a00616043132333400", STIR_EDER},
        {"a bare string", "160431323334", STIR_EDER},
        {"a SET", "3108a006160431323334", STIR_EDER},
        {"tag [3]", "3008a306160431323334", STIR_EDER},
        {"an entry without content", "3002a000", STIR_EDER},
        {"a second string in one entry", "300ba009160431323334160131", STIR_EDER},
        {"trailing bytes in an entry", "3009a00716043132333400", STIR_EDER},
        {"a high tag number", "3005bf20021600", STIR_EDER},
        {"an empty code", "3004a0021600", STIR_EVALUE},
        {"a space in a code", "3006a00416023120", STIR_EVALUE},
        {"a NUL in a code", "3006a00416023100", STIR_EVALUE},
        {"a control character in a code", "3006a00416023107", STIR_EVALUE},
        {"DEL in a code", "3006a0041602317f", STIR_EVALUE},
        {"a code that is not ASCII", "3006a004160231e9", STIR_EVALUE},
        {"a code of 17", "3015a01316113131313131313131313131313131313131", STIR_ELIMIT},
        {"an empty number", "3004a2021600", STIR_EVALUE},
        {"a number of 16", "3014a212161031313131313131313131313131313131", STIR_EVALUE},
        {"a plus", "3006a20416022b31", STIR_EVALUE},
        {"a letter in a number", "3006a20416023141", STIR_EVALUE},
        {"a range without a sequence", "3008a106160130020102", STIR_EDER},
        {"a range without a count", "3007a1053003160130", STIR_EDER},
        {"a range without a start", "3007a1053003020102", STIR_EDER},
        {"a range of nothing", "3004a1023000", STIR_EDER},
        {"a range and trailing bytes", "300ca10a30061601300201020500", STIR_EDER},
        {"a range that begins with *", "300aa108300616012a020102", STIR_EVALUE},
        {"a range that begins with #", "300aa1083006160123020102", STIR_EVALUE},
        {"a range that begins with nothing", "3009a10730051600020102", STIR_EVALUE},
        {"a count of 1", "300aa1083006160130020101", STIR_EVALUE},
        {"a count of 0", "300aa1083006160130020100", STIR_EVALUE},
        {"a negative count", "300aa10830061601300201fe", STIR_EVALUE},
        {"a negative count that would be small without its sign", "300da10b30091604313030300201fe", STIR_EVALUE},
        {"a count of 2^64+2", "3012a110300e1601300209010000000000000002", STIR_EVALUE},
        {"a count of no bytes", "3009a10730051601300200", STIR_EDER},
        {"a count with a needless 00", "300ba109300716013002020002", STIR_EDER},
        {"a count with a needless ff", "300ba10930071601300202fffe", STIR_EDER},
        {"a count as an ENUMERATED", "300aa10830061601300a0102", STIR_EDER},
        {"a count of 2^63-1 that lengthens", "301ba1193017160b313231353535353130303002087fffffffffffffff", STIR_EVALUE},
        {"a count of 2^63", "301ca11a3018160b31323135353535313030300209008000000000000000", STIR_EVALUE},
        {"10 and 91", "300ba10930071602313002015b", STIR_EVALUE},
        {"garbage behind the count", "300ba109300716013002010205", STIR_EDER},
        {"good, then bad", "300ea006160431323334800431323334", STIR_EDER},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_tnauth *list = NULL;
        enum stir_err err = parse_hex(&list, rows[i].hex);
        if (err != rows[i].err || list)
            fail_msg("%s: %s, wanted %s", rows[i].name, stir_err_name(err), stir_err_name(rows[i].err));
    }
}

/* Every prefix of a good list is refused, and nothing behind its end is read (the sanitizers watch). */
static void refuses_every_prefix(void **state)
{
    (void)state;
    unsigned char der[MAX_DER];
    size_t n = support_hex(der, sizeof(der), vectors[4].hex);
    for (size_t cut = 0; cut < n; cut++) {
        struct stir_tnauth *list = NULL;
        unsigned char *exact = malloc(cut ? cut : 1);
        assert_non_null(exact);
        memcpy(exact, der, cut);
        assert_err(stir_tnauth_parse(&list, stir_slice_of(exact, cut)), STIR_EDER);
        free(exact);
    }
}

static void bears_what_a_later_version_may_add_and_writes_it_not(void **state)
{
    (void)state;
    struct stir_tnauth *list = NULL;
    char hex[2 * MAX_DER];
    assert_err(parse_hex(&list, "300fa10d300b16013002010280000101ff"), STIR_OK);
    assert_int_equal(stir_tnauth_get(list, 0).count, 2);
    put_hex(hex, sizeof(hex), stir_tnauth_der(list));
    assert_string_equal(hex, "300aa1083006160130020102");
    stir_tnauth_free(list);
}

static void bears_odd_codes_that_lint_may_speak_about(void **state)
{
    (void)state;
    struct stir_tnauth *list = NULL;
    assert_err(parse_hex(&list, "3008a00616043730396a"), STIR_OK);
    assert_slice(stir_tnauth_spc(list), "709j");
    stir_tnauth_free(list);
    assert_err(parse_hex(&list, "3014a012161021227e2d2f3131313131313131313131"), STIR_OK);
    assert_slice(stir_tnauth_spc(list), "!\"~-/11111111111");
    stir_tnauth_free(list);
}

/*= RFC8226-9 test */
static void range_rule_is_strict_when_made_and_tolerant_when_read(void **state)
{
    (void)state;
    static const struct {
        const char *start;
        uint64_t count;
        bool made, read;
    } rows[] = {
        {"10", 89, true, true},
        {"10", 90, false, true},
        {"10", 91, false, false},
        {"00", 99, true, true},
        {"00", 100, false, true},
        {"00", 101, false, false},
        {"0", 2, true, true},
        {"8", 2, false, true},
        {"9", 2, false, false},
        {"12155551000", 1000, true, true},
        {"999999999999998", 2, false, true},
        {"999999999999999", 2, false, false},
        {"000000000000000", 999999999999999, true, true},
        {"000000000000000", 1000000000000000, false, true},
        {"000000000000000", 1000000000000001, false, false},
        {"0", INT64_MAX, false, false},
        {"0", UINT64_MAX, false, false},
        {"0", 1, false, false},
        {"0", 0, false, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_tnauth *list = NULL;
        struct stir_diag diag = {0, ""};
        struct stir_tnauth_entry e = {STIR_TNAUTH_RANGE, S(rows[i].start), rows[i].count};
        enum stir_err err = stir_tnauth_new(&list, &e, 1, &diag);
        if (err != (rows[i].made ? STIR_OK : STIR_EVALUE) || (!rows[i].made && !strstr(diag.text, "entry 1")))
            fail_msg("make %s+%llu: %s %s", rows[i].start, (unsigned long long)rows[i].count, stir_err_name(err), diag.text);
        stir_tnauth_free(list);
        list = NULL;

        unsigned char der[64] = {0x30, 0, 0xa1, 0, 0x30, 0, 0x16};
        size_t n = strlen(rows[i].start), at = 7;
        der[at++] = (unsigned char)n;
        memcpy(der + at, rows[i].start, n);
        at += n;
        size_t bytes = 1;
        while (bytes < 9 && (bytes == 8 ? rows[i].count >> 63 : rows[i].count >> (8 * bytes - 1)))
            bytes++;
        der[at++] = 2;
        der[at++] = (unsigned char)bytes;
        for (size_t b = bytes; b--;)
            der[at++] = (unsigned char)(b == 8 ? 0 : rows[i].count >> 8 * b);
        der[1] = (unsigned char)(at - 2);
        der[3] = (unsigned char)(at - 4);
        der[5] = (unsigned char)(at - 6);
        err = stir_tnauth_parse(&list, stir_slice_of(der, at));
        if (err != (rows[i].read ? STIR_OK : STIR_EVALUE))
            fail_msg("read %s+%llu: %s", rows[i].start, (unsigned long long)rows[i].count, stir_err_name(err));
        if (rows[i].read)
            assert_memory_equal(stir_tnauth_der(list).p, der, at);
        stir_tnauth_free(list);
    }
}

static void makes_lists_as_certificates_carry_them(void **state)
{
    (void)state;
    const struct stir_tnauth_entry entries[] = {
        {STIR_TNAUTH_SPC, S("bogus"), 7}, {STIR_TNAUTH_RANGE, S("5715551212"), 788}, {STIR_TNAUTH_ONE, S("7035551212"), 0}};
    struct stir_tnauth *list = NULL;
    char hex[2 * MAX_DER];
    assert_err(stir_tnauth_new(&list, entries, 3, NULL), STIR_OK);
    put_hex(hex, sizeof(hex), stir_tnauth_der(list));
    assert_string_equal(hex, vectors[4].hex);
    assert_int_equal(stir_tnauth_count(list), 3);
    assert_int_equal(stir_tnauth_get(list, 0).count, 0);
    assert_int_equal(stir_tnauth_get(list, 1).count, 788);
    assert_int_equal(stir_tnauth_get(list, 2).count, 1);
    assert_int_equal(stir_tnauth_get(list, 2).kind, STIR_TNAUTH_ONE);
    assert_slice(stir_tnauth_get(list, 2).text, "7035551212");
    assert_null(stir_tnauth_get(list, 3).text.p);
    assert_slice(stir_tnauth_spc(list), "bogus");
    assert_true(stir_tnauth_has_numbers(list));
    assert_true(stir_tnauth_get(list, 0).text.p != entries[0].text.p);
    stir_tnauth_free(list);
}

static void refuses_to_make_what_no_certificate_may_carry(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct stir_tnauth_entry entry;
        enum stir_err err;
        const char *says;
    } rows[] = {
        {"an empty code", {STIR_TNAUTH_SPC, {"", 0}, 0}, STIR_EVALUE, "empty"},
        {"an absent code", {STIR_TNAUTH_SPC, {NULL, 0}, 0}, STIR_EVALUE, "empty"},
        {"a hyphen in a code", {STIR_TNAUTH_SPC, {"70-J", 4}, 0}, STIR_EVALUE, "letters and digits"},
        {"a code of 17", {STIR_TNAUTH_SPC, {"12345678901234567", 17}, 0}, STIR_ELIMIT, "at most 16"},
        {"a plus", {STIR_TNAUTH_ONE, {"+1", 2}, 1}, STIR_EVALUE, "without '+'"},
        {"a long number", {STIR_TNAUTH_ONE, {"1234567890123456", 16}, 1}, STIR_EVALUE, "1 to 15"},
        {"a starred range", {STIR_TNAUTH_RANGE, {"*1", 2}, 2}, STIR_EVALUE, "without '#'"},
        {"a range of one", {STIR_TNAUTH_RANGE, {"1", 1}, 1}, STIR_EVALUE, "at least two"},
        {"no kind", {(enum stir_tnauth_kind)3, {"1", 1}, 1}, STIR_EVALUE, "no such kind"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_tnauth_entry pair[2] = {{STIR_TNAUTH_ONE, S("1"), 1}, rows[i].entry};
        struct stir_tnauth *list = NULL;
        struct stir_diag diag = {0, ""};
        enum stir_err err = stir_tnauth_new(&list, pair, 2, &diag);
        if (err != rows[i].err || list || !strstr(diag.text, "entry 2") || !strstr(diag.text, rows[i].says))
            fail_msg("%s: %s \"%s\"", rows[i].name, stir_err_name(err), diag.text);
    }
    struct stir_tnauth *list = NULL;
    struct stir_diag diag = {0, ""};
    assert_err(stir_tnauth_new(&list, NULL, 0, &diag), STIR_EVALUE);
    assert_non_null(strstr(diag.text, "at least one"));
}

static void holds_the_limits(void **state)
{
    (void)state;
    static struct stir_tnauth_entry entries[STIR_MAX_TNENTRIES + 1];
    static char der[STIR_MAX_TNAUTH + 1];
    struct stir_tnauth *list = NULL, *again = NULL;
    for (size_t i = 0; i <= STIR_MAX_TNENTRIES; i++)
        entries[i] = (struct stir_tnauth_entry){STIR_TNAUTH_ONE, S("1"), 1};
    assert_err(stir_tnauth_new(&list, entries, STIR_MAX_TNENTRIES + 1, NULL), STIR_ELIMIT);
    assert_err(stir_tnauth_new(&list, entries, STIR_MAX_TNENTRIES, NULL), STIR_OK);
    assert_err(stir_tnauth_parse(&again, stir_tnauth_der(list)), STIR_OK);
    assert_int_equal(stir_tnauth_count(again), STIR_MAX_TNENTRIES);
    assert_true(stir_slice_eq(stir_tnauth_der(again), stir_tnauth_der(list)));
    /* One entry more in DER. */
    struct stir_slice good = stir_tnauth_der(list);
    assert_int_equal(good.n, 4 + 5 * STIR_MAX_TNENTRIES);
    memcpy(der, good.p, good.n);
    memcpy(der + good.n, good.p + 4, 5);
    der[2] = (char)((5 * (STIR_MAX_TNENTRIES + 1)) >> 8);
    der[3] = (char)((5 * (STIR_MAX_TNENTRIES + 1)) & 0xff);
    stir_tnauth_free(again);
    again = NULL;
    assert_err(stir_tnauth_parse(&again, stir_slice_of(der, good.n + 5)), STIR_ELIMIT);
    stir_tnauth_free(list);
    list = NULL;
    for (size_t i = 0; i < STIR_MAX_TNENTRIES; i++)
        entries[i] = (struct stir_tnauth_entry){STIR_TNAUTH_RANGE, S("123456789012345"), 2};
    assert_err(stir_tnauth_new(&list, entries, STIR_MAX_TNENTRIES, NULL), STIR_ELIMIT);
    assert_err(stir_tnauth_new(&list, entries, 2500, NULL), STIR_OK);
    stir_tnauth_free(list);
    list = NULL;
    assert_err(stir_tnauth_parse(&list, stir_slice_of(der, STIR_MAX_TNAUTH + 1)), STIR_ELIMIT);
    static char text[(STIR_MAX_TNAUTH + 2) / 3 * 4 + 1];
    memset(text, 'A', sizeof(text));
    assert_err(stir_tnauth_from_base64(&list, stir_slice_of(text, sizeof(text))), STIR_ELIMIT);
}

/* "709J" a code, "12" a number, "10+5" a range, separated by blanks. */
static struct stir_tnauth *list_of(const char *text)
{
    struct stir_tnauth_entry entries[64];
    size_t n = 0;
    struct stir_tnauth *list = NULL;
    for (const char *p = text; *p;) {
        size_t len = strcspn(p, " "), plus = strcspn(p, "+ ");
        bool range = plus < len, code = false;
        for (size_t i = 0; i < plus; i++)
            code = code || (p[i] >= 'A' && p[i] <= 'Z');
        assert_true(n < 64);
        entries[n].kind = range ? STIR_TNAUTH_RANGE : code ? STIR_TNAUTH_SPC : STIR_TNAUTH_ONE;
        entries[n].text = stir_slice_of(p, plus);
        entries[n++].count = range ? strtoull(p + plus + 1, NULL, 10) : 1;
        p += len + (p[len] == ' ');
    }
    struct stir_diag diag = {0, ""};
    if (stir_tnauth_new(&list, entries, n, &diag) != STIR_OK)
        fail_msg("\"%s\": %s", text, diag.text);
    return list;
}

static void covers_numbers_of_the_same_length_only(void **state)
{
    (void)state;
    static const struct {
        const char *list, *tn;
        bool covered;
    } rows[] = {
        {"12155551212", "12155551212", true},
        {"12155551212", "2155551212", false},
        {"12155551212", "+12155551212", false},
        {"12155551212", "121555512120", false},
        {"12125551000+1000", "12125551000", true},
        {"12125551000+1000", "12125551999", true},
        {"12125551000+1000", "12125552000", false},
        {"12125551000+1000", "12125550999", false},
        {"0010+5", "0010", true},
        {"0010+5", "0014", true},
        {"0010+5", "0015", false},
        {"0010+5", "010", false},
        {"0010+5", "10", false},
        {"0010+5", "00010", false},
        {"5 3 9 7", "7", true},
        {"5 3 9 7", "6", false},
        {"*67", "*67", true},
        {"*67", "#67", false},
        {"*67", "067", false},
        {"067", "*67", false},
        {"709J", "709", false},
        {"709J 1", "1", true},
        {"1", "", false},
        {"1", "a", false},
        {"12", "1\n", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_tnauth *list = list_of(rows[i].list);
        if (stir_tnauth_covers(list, S(rows[i].tn)) != rows[i].covered)
            fail_msg("%s covers %s is not %d", rows[i].list, rows[i].tn, rows[i].covered);
        stir_tnauth_free(list);
    }
}

static void encompasses_by_code_and_by_union(void **state)
{
    (void)state;
    static const struct {
        const char *parent, *child;
        bool within, by_code;
    } rows[] = {
        {"12125551000+1000", "12125551500+100", true, false},
        {"12125551000+1000", "12125551824", true, false},
        {"12125551000+1000", "12125551000+1000", true, false},
        {"12125551000+1000", "12125552000", false, false},
        {"12125551000+1000", "12125551999+2", false, false},
        {"12125551000+1000", "12125550999+2", false, false},
        {"12125551000+1000", "709J", false, false},
        {"12125551000+1000", "12125551824 709J", false, false},
        {"100+10 110+10", "105+10", true, false},
        {"110+10 100+10", "100+20", true, false},
        {"100+10 111+9", "105+10", false, false},
        {"100+10 110 111+9", "100+20", true, false},
        {"100+50 110+5", "140+5", true, false},
        {"1 2 3 4", "1+4", true, false},
        {"1+4", "1 2 3 4", true, false},
        {"1+4", "1 2 3 5", false, false},
        {"01+4", "1", false, false},
        {"*67", "*67", true, false},
        {"709J", "709J", true, false},
        {"709J", "709K", false, false},
        {"709K", "709J", false, false},
        {"709J", "709JX", false, false},
        {"709J", "709K 12", false, false},
        {"709J 1234 99", "99", true, false},
        {"709J", "12155551212", true, true},
        {"709J 12155551212", "12155551212", true, false},
        {"709J 12155551212", "709J 12155551212+2", true, true},
        {"709J", "709K 12155551212", false, false},
        {"D C B A", "A D", true, false},
        {"D C B A", "D E", false, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_tnauth *parent = list_of(rows[i].parent), *child = list_of(rows[i].child);
        bool by_code = !rows[i].by_code;
        bool within = stir_tnauth_encompasses(parent, child, &by_code);
        if (within != rows[i].within || by_code != rows[i].by_code)
            fail_msg("%s in %s: %d, by code %d", rows[i].child, rows[i].parent, within, by_code);
        if (stir_tnauth_encompasses(parent, child, NULL) != (rows[i].within && !rows[i].by_code))
            fail_msg("%s in %s without asking for the code", rows[i].child, rows[i].parent);
        stir_tnauth_free(parent);
        stir_tnauth_free(child);
    }
}

/* A small world: the numbers of one and two characters of 0-9 # *, and those of three digits. */
#define WORLD (12 + 144 + 1000)

static void number_of(char out[4], size_t i)
{
    static const char alphabet[] = "0123456789#*";
    if (i < 12)
        snprintf(out, 4, "%c", alphabet[i]);
    else if (i < 12 + 144)
        snprintf(out, 4, "%c%c", alphabet[(i - 12) / 12], alphabet[(i - 12) % 12]);
    else
        snprintf(out, 4, "%03u", (unsigned)((i - 12 - 144) % 1000));
}

static uint32_t dice(uint32_t *seed, uint32_t sides)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % sides;
}

/* A random list and, in `in`, the numbers that it holds by the letter of its entries. */
static struct stir_tnauth *random_list(uint32_t *seed, bool in[WORLD], size_t most)
{
    static char texts[16][4];
    struct stir_tnauth_entry entries[16];
    struct stir_tnauth *list = NULL;
    size_t n = 1 + dice(seed, (uint32_t)most);
    memset(in, 0, WORLD * sizeof(bool));
    for (size_t i = 0; i < n; i++) {
        uint32_t digits = 1 + dice(seed, 3), end = digits == 1 ? 10 : digits == 2 ? 100 : 1000;
        if (dice(seed, 3) == 0) {
            size_t at = dice(seed, WORLD);
            number_of(texts[i], at);
            in[at] = true;
            entries[i] = (struct stir_tnauth_entry){STIR_TNAUTH_ONE, S(texts[i]), 1};
            continue;
        }
        uint32_t start = dice(seed, end - 3), count = 2 + dice(seed, (end - start - 3) / 4 + 1);
        snprintf(texts[i], 4, "%0*u", (int)(digits & 3), (unsigned)(start % 1000));
        for (uint32_t k = 0; k < WORLD; k++) {
            char tn[4];
            number_of(tn, k);
            if (strlen(tn) == digits && strspn(tn, "0123456789") == digits) {
                uint32_t value = (uint32_t)strtoul(tn, NULL, 10);
                in[k] = in[k] || (value >= start && value < start + count);
            }
        }
        entries[i] = (struct stir_tnauth_entry){STIR_TNAUTH_RANGE, S(texts[i]), count};
    }
    assert_err(stir_tnauth_new(&list, entries, n, NULL), STIR_OK);
    return list;
}

static void covers_and_encompasses_as_brute_force_says(void **state)
{
    (void)state;
    static bool parent_in[WORLD], child_in[WORLD];
    uint32_t seed = 8226;
    size_t within = 0, rounds = 1500;
    for (size_t round = 0; round < rounds; round++) {
        struct stir_tnauth *parent = random_list(&seed, parent_in, 16), *child = random_list(&seed, child_in, 1 + round % 4);
        bool all = true, by_code = true;
        for (size_t i = 0; i < WORLD; i++) {
            char tn[4];
            number_of(tn, i);
            if (stir_tnauth_covers(parent, S(tn)) != parent_in[i])
                fail_msg("round %zu: %s", round, tn);
            all = all && (!child_in[i] || parent_in[i]);
        }
        if (stir_tnauth_encompasses(parent, child, &by_code) != all || by_code)
            fail_msg("round %zu: encompasses is not %d", round, all);
        within += all;
        assert_true(stir_tnauth_encompasses(parent, parent, &by_code));
        stir_tnauth_free(parent);
        stir_tnauth_free(child);
    }
    /* The dice must have shown both answers often. */
    assert_in_range(within, rounds / 20, rounds - rounds / 20);
}

static void text_says_how_much_room_it_needs(void **state)
{
    (void)state;
    struct stir_tnauth *list = list_of("709J 10+5");
    char buf[32];
    size_t len = 0;
    static const char wanted[] = "spc:709J range:10+5";
    assert_err(stir_tnauth_text(buf, sizeof(wanted) - 1, &len, list), STIR_ELIMIT);
    assert_int_equal(len, strlen(wanted));
    assert_string_equal(buf, "");
    assert_err(stir_tnauth_text(buf, sizeof(wanted), &len, list), STIR_OK);
    assert_string_equal(buf, wanted);
    assert_err(stir_tnauth_text(NULL, 0, &len, list), STIR_ELIMIT);
    assert_err(stir_tnauth_text(NULL, 1, &len, list), STIR_EARG);
    assert_err(stir_tnauth_text(buf, sizeof(buf), &len, NULL), STIR_EARG);
    stir_tnauth_free(list);
}

/* The extension of a real and of an odd certificate. */
static void reads_the_lists_of_certificates(void **state)
{
    (void)state;
    static const struct {
        const char *file, *text;
        enum stir_err err;
    } rows[] = {
        {"vectors/rfc/rfc9118-certificate.pem", "spc:1234", STIR_OK},
        {"vectors/lint/shakenCert.pem", "spc:6628", STIR_OK},
        {"vectors/lint/shakenTNAuthEmptyString.pem", NULL, STIR_EVALUE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_slice pem = support_file(rows[i].file);
        BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
        static char no_passphrase[] = "";
        X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, no_passphrase);
        assert_non_null(cert);
        ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.5.5.7.1.26", 1);
        X509_EXTENSION *extension = X509_get_ext(cert, X509_get_ext_by_OBJ(cert, oid, -1));
        assert_non_null(extension);
        const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(extension);
        struct stir_tnauth *list = NULL;
        char text[64] = "";
        enum stir_err err = stir_tnauth_parse(&list, stir_slice_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)));
        if (err == STIR_OK)
            assert_err(stir_tnauth_text(text, sizeof(text), NULL, list), STIR_OK);
        if (err != rows[i].err || (rows[i].text && strcmp(text, rows[i].text) != 0))
            fail_msg("%s: %s %s", rows[i].file, stir_err_name(err), text);
        stir_tnauth_free(list);
        ASN1_OBJECT_free(oid);
        X509_free(cert);
        BIO_free(bio);
        support_free(pem);
    }
}

static void null_arguments_are_refused(void **state)
{
    (void)state;
    struct stir_tnauth *list = NULL;
    struct stir_slice absent = {NULL, 0};
    bool by_code = true;
    assert_err(stir_tnauth_parse(NULL, S("x")), STIR_EARG);
    assert_err(stir_tnauth_parse(&list, absent), STIR_EARG);
    assert_err(stir_tnauth_from_base64(NULL, S("x")), STIR_EARG);
    assert_err(stir_tnauth_from_base64(&list, absent), STIR_EARG);
    assert_err(stir_tnauth_new(NULL, NULL, 0, NULL), STIR_EARG);
    assert_err(stir_tnauth_new(&list, NULL, 1, NULL), STIR_EARG);
    assert_int_equal(stir_tnauth_count(NULL), 0);
    assert_null(stir_tnauth_get(NULL, 0).text.p);
    assert_non_null(stir_tnauth_der(NULL).p);
    assert_null(stir_tnauth_spc(NULL).p);
    assert_false(stir_tnauth_covers(NULL, S("1")));
    assert_false(stir_tnauth_has_numbers(NULL));
    list = list_of("709J");
    assert_false(stir_tnauth_has_numbers(list));
    assert_false(stir_tnauth_encompasses(NULL, list, &by_code));
    assert_false(by_code);
    assert_false(stir_tnauth_encompasses(list, NULL, NULL));
    stir_tnauth_free(list);
    stir_tnauth_free(NULL);
    list = list_of("1");
    assert_null(stir_tnauth_spc(list).p);
    stir_tnauth_free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes_the_vectors),
        cmocka_unit_test(reads_base64_in_both_alphabets_padded_or_not),
        cmocka_unit_test(refuses_what_is_not_rfc8226),
        cmocka_unit_test(refuses_every_prefix),
        cmocka_unit_test(bears_what_a_later_version_may_add_and_writes_it_not),
        cmocka_unit_test(bears_odd_codes_that_lint_may_speak_about),
        cmocka_unit_test(range_rule_is_strict_when_made_and_tolerant_when_read),
        cmocka_unit_test(makes_lists_as_certificates_carry_them),
        cmocka_unit_test(refuses_to_make_what_no_certificate_may_carry),
        cmocka_unit_test(holds_the_limits),
        cmocka_unit_test(covers_numbers_of_the_same_length_only),
        cmocka_unit_test(encompasses_by_code_and_by_union),
        cmocka_unit_test(covers_and_encompasses_as_brute_force_says),
        cmocka_unit_test(text_says_how_much_room_it_needs),
        cmocka_unit_test(reads_the_lists_of_certificates),
        cmocka_unit_test(null_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
