/* core/constraints.h: the extension of RFC 9118 §5, strict DER, and tokens held against constraints. */
#include "support.h"

#include "core/constraints.h"

#define MAX_DER 1024
#define MOST 20000 /* bytes of the largest extension made here */

/* confidence must be there, and be high or medium; priority must not (RFC 9118 §5). */
#define RFC9118 "3040a00e300c160a636f6e666964656e6365a120301e301c160a636f6e666964656e6365300e0c04686967680c066d656469756da20c300a16087072696f72697479"
#define SHAKEN "303ca0123010160661747465737416066f7269676964a12630243010160661747465737430060c01410c01423010160661747465737430060c01410c0143"
#define TYPES                                                                                                                                                  \
    "308186a18183308180302f16047263646930270c257b222f69636e223a227368613235362d78222c222f6a6364223a227368613235362d79227d300816016e30030c0131300b16016230060c" \
    "0474727565300b16017a30060c046e756c6c301116046c69737430090c075b312c2261225d300d16017330080c06c3a920227122300716016530020c00"
#define VOID "301aa00b300916076d697373696e67a20b300916017816046f726967"
#define EXCLUDE "3010a20e300c160361226216037263641600"

static enum stir_err parse_hex(struct stir_constraints **out, const char *hex, bool enhanced)
{
    unsigned char der[MAX_DER];
    size_t n = support_hex(der, sizeof(der), hex);
    return stir_constraints_parse(out, stir_slice_of(der, n), enhanced);
}

static struct stir_constraints *constraints_of(const char *hex)
{
    struct stir_constraints *c = NULL;
    assert_err(parse_hex(&c, hex, true), STIR_OK);
    return c;
}

/* What a payload comes to; *claim points into the constraints. */
static enum stir_reason check(const struct stir_constraints *c, const char *payload, struct stir_slice *claim)
{
    struct stir_json json;
    struct stir_diag diag = {0, ""};
    enum stir_reason reason = STIR_R_NONE;
    if (stir_json_parse(&json, S(payload), NULL, &diag) != STIR_OK)
        fail_msg("%s: %s", payload, diag.text);
    assert_err(stir_constraints_check(c, json, &reason, claim), STIR_OK);
    return reason;
}

struct row {
    const char *payload;
    enum stir_reason reason;
    const char *claim;
};

static void hold(const char *hex, const struct row *rows, size_t n)
{
    struct stir_constraints *c = constraints_of(hex);
    for (size_t i = 0; i < n; i++) {
        struct stir_slice claim = {NULL, 0};
        enum stir_reason reason = check(c, rows[i].payload, &claim);
        if (reason != rows[i].reason || !stir_slice_eq(claim, S(rows[i].claim)))
            fail_msg("%s: reason %d, claim \"%.*s\"", rows[i].payload, (int)reason, (int)claim.n, claim.p ? claim.p : "");
    }
    stir_constraints_free(c);
}
#define HOLD(hex, rows) hold(hex, rows, sizeof(rows) / sizeof((rows)[0]))

static void holds_the_example_of_rfc9118(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{\"confidence\":\"high\"}", STIR_R_NONE, NULL},
        {"{\"confidence\":\"medium\"}", STIR_R_NONE, NULL},
        {"{\"confidence\":\"low\"}", STIR_R_CLAIM_NOT_PERMITTED, "confidence"},
        {"{\"confidence\":\"High\"}", STIR_R_CLAIM_NOT_PERMITTED, "confidence"},
        {"{\"confidence\":\"high \"}", STIR_R_CLAIM_NOT_PERMITTED, "confidence"},
        {"{\"confidence\":\"hig\"}", STIR_R_CLAIM_NOT_PERMITTED, "confidence"},
        {"{\"confidence\":[\"high\"]}", STIR_R_CLAIM_NOT_PERMITTED, "confidence"},
        {"{\"confidence\":null}", STIR_R_CLAIM_NOT_PERMITTED, "confidence"},
        {"{}", STIR_R_CLAIM_REQUIRED, "confidence"},
        {"{\"Confidence\":\"high\"}", STIR_R_CLAIM_REQUIRED, "confidence"},
        {"{\"x\":{\"confidence\":\"high\"}}", STIR_R_CLAIM_REQUIRED, "confidence"},
        {"{\"confidence\":\"high\",\"priority\":1}", STIR_R_CLAIM_EXCLUDED, "priority"},
        {"{\"confidence\":\"high\",\"priority\":null}", STIR_R_CLAIM_EXCLUDED, "priority"},
        {"{\"confidence\":\"low\",\"priority\":1}", STIR_R_CLAIM_EXCLUDED, "priority"},
        {"{\"confidence\":\"high\",\"x\":{\"priority\":1}}", STIR_R_NONE, NULL},
    };
    HOLD(RFC9118, rows);
}

static void names_and_values_are_compared_behind_their_escapes(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{\"\\u0063onfidence\":\"\\u0068igh\"}", STIR_R_NONE, NULL},
        {"{\"confidence\":\"high\",\"\\u0070riority\":1}", STIR_R_CLAIM_EXCLUDED, "priority"},
        {"{\"confidence\":\"l\\u006fw\"}", STIR_R_CLAIM_NOT_PERMITTED, "confidence"},
    };
    HOLD(RFC9118, rows);
}

/*= RFC8226-8a RFC9118-3a test */
static void a_claim_in_two_entries_must_satisfy_both(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{\"attest\":\"A\",\"origid\":\"x\"}", STIR_R_NONE, NULL},
        {"{\"attest\":\"B\",\"origid\":\"x\"}", STIR_R_CLAIM_NOT_PERMITTED, "attest"},
        {"{\"attest\":\"C\",\"origid\":\"x\"}", STIR_R_CLAIM_NOT_PERMITTED, "attest"},
        {"{\"attest\":\"A\"}", STIR_R_CLAIM_REQUIRED, "origid"},
        {"{\"attest\":\"C\"}", STIR_R_CLAIM_REQUIRED, "origid"},
    };
    HOLD(SHAKEN, rows);
}

static void values_that_are_no_strings_are_compared_in_canonical_form(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{}", STIR_R_NONE, NULL},
        {"{\"rcdi\":{\"/icn\":\"sha256-x\",\"/jcd\":\"sha256-y\"}}", STIR_R_NONE, NULL},
        {"{\"rcdi\": { \"/jcd\" : \"sha256-\\u0079\", \"/icn\" : \"sha256-x\" } }", STIR_R_NONE, NULL},
        {"{\"rcdi\":{\"/icn\":\"sha256-x\",\"/jcd\":\"sha256-z\"}}", STIR_R_CLAIM_NOT_PERMITTED, "rcdi"},
        {"{\"rcdi\":{\"/icn\":\"sha256-x\"}}", STIR_R_CLAIM_NOT_PERMITTED, "rcdi"},
        {"{\"n\":1}", STIR_R_NONE, NULL},
        {"{\"n\":\"1\"}", STIR_R_NONE, NULL},
        {"{\"n\":10}", STIR_R_CLAIM_NOT_PERMITTED, "n"},
        {"{\"b\":true,\"z\":null}", STIR_R_NONE, NULL},
        {"{\"b\":false}", STIR_R_CLAIM_NOT_PERMITTED, "b"},
        {"{\"list\":[1, \"a\"]}", STIR_R_NONE, NULL},
        {"{\"list\":[\"a\",1]}", STIR_R_CLAIM_NOT_PERMITTED, "list"},
        {"{\"s\":\"\xc3\xa9 \\\"q\\\"\"}", STIR_R_NONE, NULL},
        {"{\"s\":\"\\u00e9 \\u0022q\\\"\"}", STIR_R_NONE, NULL},
        {"{\"s\":\"e \\\"q\\\"\"}", STIR_R_CLAIM_NOT_PERMITTED, "s"},
        {"{\"e\":\"\"}", STIR_R_NONE, NULL},
        {"{\"e\":\"x\"}", STIR_R_CLAIM_NOT_PERMITTED, "e"},
    };
    HOLD(TYPES, rows);
}

/*= RFC9118-3c test */
static void excludes_by_name_alone(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{}", STIR_R_NONE, NULL},
        {"{\"iat\":1,\"orig\":{},\"dest\":{}}", STIR_R_NONE, NULL},
        {"{\"rcd\":{}}", STIR_R_CLAIM_EXCLUDED, "rcd"},
        {"{\"rcdi\":{}}", STIR_R_NONE, NULL},
        {"{\"a\\\"b\":1}", STIR_R_CLAIM_EXCLUDED, "a\"b"},
        {"{\"\":1}", STIR_R_CLAIM_EXCLUDED, ""},
        {"[\"rcd\"]", STIR_R_NONE, NULL},
    };
    HOLD(EXCLUDE, rows);
}

/*= RFC9118-3e test */
static void excluding_a_base_claim_makes_the_extension_void(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        bool is_void;
    } rows[] = {
        {VOID, true},
        {"3009a20730051603696174", true},
        {"300aa2083006160464657374", true},
        {"301da21b3019160349415416066f7269676964160364657316056465737478", false},
        {"3015a0133011160369617416046f726967160464657374", false},
        {RFC9118, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_constraints *c = constraints_of(rows[i].hex);
        struct stir_slice claim = {NULL, 0};
        if (stir_constraints_is_void(c) != rows[i].is_void)
            fail_msg("%s: void is not %d", rows[i].hex, rows[i].is_void);
        if (rows[i].is_void)
            assert_int_equal(check(c, "{\"x\":1,\"iat\":1,\"orig\":{},\"dest\":{}}", &claim), STIR_R_NONE);
        stir_constraints_free(c);
    }
}

static void the_old_form_has_no_exclusions(void **state)
{
    (void)state;
    struct stir_constraints *c = NULL;
    struct stir_slice claim = {NULL, 0};
    assert_err(parse_hex(&c, RFC9118, false), STIR_EDER);
    assert_null(c);
    assert_err(parse_hex(&c, SHAKEN, false), STIR_OK);
    assert_false(stir_constraints_is_void(c));
    assert_int_equal(check(c, "{\"attest\":\"C\",\"origid\":\"x\"}", &claim), STIR_R_CLAIM_NOT_PERMITTED);
    stir_constraints_free(c);
}

/*= RFC9118-3f test */
static void refuses_what_is_not_the_syntax(void **state)
{
    (void)state;
    static const struct {
        const char *name, *hex;
        enum stir_err err;
        bool enhanced;
    } rows[] = {
        {"nothing", "", STIR_EDER, true},
        {"an empty sequence", "3000", STIR_EDER, true},
        {"a SET", "3107a0053003160161", STIR_EDER, true},
        {"a trailing byte", "3007a005300316016100", STIR_EDER, true},
        {"a long length", "308107a0053003160161", STIR_EDER, true},
        {"indefinite", "3080a00530031601610000", STIR_EDER, true},
        {"cut", "3007a00530031601", STIR_EDER, true},
        {"mustExclude in the old form", "300ea0053003160161a2053003160162", STIR_EDER, false},
        {"members in the wrong order", "3015a10c300a300816016130030c0162a0053003160161", STIR_EDER, true},
        {"a member twice", "300ea0053003160161a0053003160161", STIR_EDER, true},
        {"an unknown member", "300ea0053003160161a3053003160162", STIR_EDER, true},
        {"implicit tags", "3005a003160161", STIR_EDER, true},
        {"an empty member", "3002a000", STIR_EDER, true},
        {"mustInclude empty", "3004a0023000", STIR_EDER, true},
        {"permittedValues empty", "3004a1023000", STIR_EDER, true},
        {"mustExclude empty", "3004a2023000", STIR_EDER, true},
        {"a claim without values", "300ba109300730051601613000", STIR_EDER, true},
        {"a claim and nothing else", "3009a10730053003160161", STIR_EDER, true},
        {"values without a claim", "300ba1093007300530030c0161", STIR_EDER, true},
        {"a third part of a permission", "3013a111300f300d16016130030c016230030c0163", STIR_EDER, true},
        {"two lists in one member", "300ca00a30031601613003160162", STIR_EDER, true},
        {"a name as UTF8String", "3007a00530030c0161", STIR_EDER, true},
        {"a value as IA5String", "300ea10c300a30081601613003160162", STIR_EDER, true},
        {"a name that is not ASCII", "3007a00530031601e9", STIR_EVALUE, true},
        {"a value that is not UTF-8", "300ea10c300a300816016130030c01e9", STIR_EVALUE, true},
        {"a value with a surrogate", "3010a10e300c300a16016130050c03eda080", STIR_EVALUE, true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_constraints *c = NULL;
        enum stir_err err = parse_hex(&c, rows[i].hex, rows[i].enhanced);
        if (err != rows[i].err || c)
            fail_msg("%s: %s", rows[i].name, stir_err_name(err));
    }
}

static void refuses_every_prefix(void **state)
{
    (void)state;
    unsigned char der[MAX_DER];
    size_t n = support_hex(der, sizeof(der), TYPES);
    for (size_t cut = 0; cut < n; cut++) {
        struct stir_constraints *c = NULL;
        unsigned char *exact = malloc(cut ? cut : 1);
        assert_non_null(exact);
        memcpy(exact, der, cut);
        assert_err(stir_constraints_parse(&c, stir_slice_of(exact, cut), true), STIR_EDER);
        free(exact);
    }
}

/* Tag, a length of two bytes, and what stands behind `at` in `buf` already; answers the new beginning. */
static size_t wrap(unsigned char *buf, size_t at, unsigned char tag, size_t end)
{
    size_t n = end - at;
    at -= 4;
    buf[at] = tag;
    buf[at + 1] = 0x82;
    buf[at + 2] = (unsigned char)(n >> 8);
    buf[at + 3] = (unsigned char)(n & 0xff);
    return at;
}

/* SEQUENCE { [0] SEQUENCE OF n names of 5 }, or with `values` one claim with n values. */
static enum stir_err parse_many(size_t n, bool values)
{
    static unsigned char buf[MOST];
    static const unsigned char claim[] = {0x16, 1, 'a'};
    size_t end = MOST, at = end - 7 * n;
    for (size_t i = 0; i < n; i++) {
        unsigned char one[7] = {values ? 0x0c : 0x16, 5, 'n', 'a', 'm', 'e', (unsigned char)(i % 100 + 20)};
        memcpy(buf + at + 7 * i, one, 7);
    }
    at = wrap(buf, at, 0x30, end);
    if (values) {
        at -= sizeof(claim);
        memcpy(buf + at, claim, sizeof(claim));
        at = wrap(buf, wrap(buf, at, 0x30, end), 0x30, end);
    }
    at = wrap(buf, at, values ? 0xa1 : 0xa0, end);
    at = wrap(buf, at, 0x30, end);
    struct stir_constraints *c = NULL;
    enum stir_err err = stir_constraints_parse(&c, stir_slice_of(buf + at, end - at), true);
    stir_constraints_free(c);
    return err;
}

static void holds_the_limits(void **state)
{
    (void)state;
    assert_err(parse_many(40, false), STIR_OK);
    assert_err(parse_many(STIR_MAX_CONSTRAINTS, false), STIR_OK);
    assert_err(parse_many(STIR_MAX_CONSTRAINTS + 1, false), STIR_ELIMIT);
    assert_err(parse_many(STIR_MAX_CONSTRAINTS, true), STIR_OK);
    assert_err(parse_many(STIR_MAX_CONSTRAINTS + 1, true), STIR_ELIMIT);
    assert_err(parse_many(2500, false), STIR_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_the_example_of_rfc9118),
        cmocka_unit_test(names_and_values_are_compared_behind_their_escapes),
        cmocka_unit_test(a_claim_in_two_entries_must_satisfy_both),
        cmocka_unit_test(values_that_are_no_strings_are_compared_in_canonical_form),
        cmocka_unit_test(excludes_by_name_alone),
        cmocka_unit_test(excluding_a_base_claim_makes_the_extension_void),
        cmocka_unit_test(the_old_form_has_no_exclusions),
        cmocka_unit_test(refuses_what_is_not_the_syntax),
        cmocka_unit_test(refuses_every_prefix),
        cmocka_unit_test(holds_the_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
