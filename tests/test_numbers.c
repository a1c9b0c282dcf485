/* Lists of numbers: ranges held against a search through all of them, evidence by its grammar and its days, millions of lines. */
#include "support.h"

#include "service/numbers.h"
#include "service/ranges.h"

#define NOW INT64_C(1790000000) /* 2026-09-21T14:13:20Z */

static struct stir_number_set *set_of(enum stir_conf_numbers_kind kind, struct stir_slice text)
{
    struct stir_number_set *set = NULL;
    struct stir_diag diag = {0};
    if (stir_number_set_parse(&set, kind, text, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
    return set;
}

static void walked_are_all_ranges_that_hold_a_number_and_no_other(void **state)
{
    enum { MOST = 40 };
    uint64_t random = 88172645463325252u;
    (void)state;
    for (size_t round = 0; round < 400; round++) {
        struct stir_ranges ranges = {NULL, NULL, 0, 0};
        uint64_t first[MOST], last[MOST];
        size_t n = round % MOST;
        for (uint32_t i = 0; i < n; i++) {
            random ^= random << 13, random ^= random >> 7, random ^= random << 17;
            first[i] = 1 + random % 60;
            last[i] = first[i] + (random >> 20) % (i % 3 ? 4 : 40);
            assert_err(stir_ranges_add(&ranges, first[i], last[i], i), STIR_OK);
        }
        assert_err(stir_ranges_sort(&ranges), STIR_OK);
        for (uint64_t number = 0; number < 110; number++) {
            struct stir_ranges_walk walk;
            uint64_t seen = 0, wanted = 0;
            stir_ranges_begin(&walk, &ranges, number);
            for (const struct stir_range *range = stir_ranges_next(&walk); range; range = stir_ranges_next(&walk)) {
                assert_int_equal(seen >> range->tag & 1, 0); /* each once */
                seen |= UINT64_C(1) << range->tag;
            }
            for (size_t i = 0; i < n; i++)
                wanted |= (uint64_t)(first[i] <= number && number <= last[i]) << i;
            assert_true(seen == wanted);
        }
        stir_ranges_free(&ranges);
    }
}

static bool fits(const char *pattern, const char *number)
{
    struct stir_ranges ranges = {NULL, NULL, 0, 0};
    struct stir_ranges_walk walk;
    assert_err(stir_ranges_add_pattern(&ranges, S(pattern), 0), STIR_OK);
    assert_err(stir_ranges_sort(&ranges), STIR_OK);
    stir_ranges_begin(&walk, &ranges, stir_number_of(S(number)).value);
    bool found = stir_ranges_next(&walk) != NULL;
    stir_ranges_free(&ranges);
    return found;
}

static void a_prefix_fits_numbers_of_every_length(void **state)
{
    static const char *const wrong[] = {"", "*", "12*3", "+1215", "0123", "1215a", "12155551212+10", "2-1", "1-22", "1234567890123456"};
    (void)state;
    assert_true(fits("1215555*", "12155551212"));
    assert_true(fits("1215555*", "1215555"));
    assert_true(fits("1215555*", "121555512345678"));
    assert_false(fits("1215555*", "121555"));
    assert_false(fits("1215555*", "12155561212"));
    assert_false(fits("1215555*", "911"));
    assert_true(fits("12155551212", "12155551212"));
    assert_false(fits("12155551212", "121555512120"));
    assert_true(fits("100-199", "150"));
    assert_false(fits("100-199", "1500"));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct stir_ranges ranges = {NULL, NULL, 0, 0};
        if (stir_ranges_add_pattern(&ranges, S(wrong[i]), 0) != STIR_ESYNTAX)
            fail_msg("\"%s\" is taken", wrong[i]);
        stir_ranges_free(&ranges);
    }
}

static void toll_free_numbers_are_those_of_seven_codes(void **state)
{
    static const char *const yes[] = {"18005551212", "18335551212", "18445551212", "18555551212", "18665551212", "18775551212", "18885551212"};
    static const char *const no[] = {"18115551212", "18225551212",  "1800555121",  "180055512121", "8005551212",
                                     "28005551212", "448005551212", "12155551212", "911"};
    (void)state;
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
        assert_true(stir_number_of(S(yes[i])).toll_free);
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        assert_false(stir_number_of(S(no[i])).toll_free);
    assert_true(stir_number_of(S("*67")).value == 0);
    assert_true(stir_number_of(S(NULL)).value == 0);
}

static void evidence_counts_until_the_end_of_its_last_day_for_its_customer(void **state)
{
    static const char text[] = "# NUMBERS CUSTOMER EVIDENCE REFERENCE EXPIRY\r\n18005551212 17 loa L-1 2026-09-20\r\n\n"
                               "18005551212\t17  loa L-2 2026-09-21 # renewed\n18005550000+10 18 resporg OFT01/2026 2027-12-31\n"
                               "18005550005 19 delegate cert 2028-02-29\n";
    struct stir_number_set *set = set_of(STIR_NUMBERS_EVIDENCE, S(text));
    struct stir_number a = stir_number_of(S("18005551212")), b = stir_number_of(S("18005550005")), c = stir_number_of(S("18005550010"));
    struct stir_number_hit hit;
    int64_t midnight = NOW - NOW % 86400 + 86400;
    (void)state;
    assert_true(stir_number_set_has(set, &a, S("17"), midnight - 1, &hit));
    assert_string_equal(hit.reference, "L-2");
    assert_int_equal(hit.line, 4);
    assert_int_equal(hit.evidence, STIR_EVIDENCE_LOA);
    assert_true(hit.until == midnight);
    assert_false(stir_number_set_has(set, &a, S("17"), midnight, &hit));
    assert_false(stir_number_set_has(set, &a, S("18"), NOW, &hit));
    assert_true(stir_number_set_has(set, &b, S("18"), NOW, &hit));
    assert_string_equal(hit.reference, "OFT01/2026");
    assert_true(stir_number_set_has(set, &b, S("19"), NOW, &hit));
    assert_true(stir_number_set_has(set, &b, S(NULL), NOW, &hit)); /* anybody's: the one that ends last */
    assert_slice(hit.customer, "19");
    assert_false(stir_number_set_has(set, &c, S(NULL), NOW, NULL));
    assert_int_equal(stir_number_set_over(set, NOW), 1);
    assert_int_equal(stir_number_set_lines(set), 4);
    stir_number_set_free(set);
}

static void lines_of_evidence_that_say_too_little_are_refused_with_their_number(void **state)
{
    static const struct {
        const char *line, *says;
    } rows[] = {
        {"+18005551212 17 loa L 2027-01-31", "a number has 1 to 15 digits"},
        {"18005551212", "whose they are"},
        {"18005551212 17", "is no evidence: resporg, loa or delegate"},
        {"18005551212 17 LOA L 2027-01-31", "\"LOA\" is no evidence"},
        {"18005551212 17 loa", "its reference"},
        {"18005551212 17 loa L", "the last day"},
        {"18005551212 17 loa L 2027-02-29", "the last day"},
        {"18005551212 17 loa L 27-01-31", "the last day"},
        {"18005551212 17 loa L 2027-01-31 more", "the last day"},
        {"18005551212 17 loa L\"x 2027-01-31", "its reference"},
        {"18005551212 12345678901234567 loa L 2027-01-31", "whose they are"},
        {"18005559999-18005550000 17 loa L 2027-01-31", "does not lie before it"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[256];
        struct stir_number_set *set = NULL;
        struct stir_diag diag = {0};
        snprintf(text, sizeof(text), "18005551212 17 loa L 2027-01-31\n%s\n", rows[i].line);
        if (stir_number_set_parse(&set, STIR_NUMBERS_EVIDENCE, S(text), &diag) == STIR_OK)
            fail_msg("\"%s\" is taken", rows[i].line);
        if (!strstr(diag.text, "line 2: ") || !strstr(diag.text, rows[i].says) || diag.offset != 2)
            fail_msg("\"%s\": \"%s\"", rows[i].line, diag.text);
    }
}

/* Half a million lines of each kind: every number is found, and the memory is what is reported. */
static void long_lists_are_read_and_take_what_they_say(void **state)
{
    enum { LINES = 500000, LINE = 64 };
    char *text = malloc((size_t)LINES * LINE);
    (void)state;
    assert_non_null(text);
    for (int kind = STIR_NUMBERS_OWNED; kind <= STIR_NUMBERS_EVIDENCE; kind++) {
        size_t n = 0;
        for (unsigned i = 0; i < LINES; i++)
            n += (size_t)snprintf(text + n, LINE, kind == STIR_NUMBERS_OWNED ? "1%u+10 %u\n" : "1%u+10 %u loa L-%u 2027-01-31\n",
                                  200000000 + i * 7 % LINES * 10, i % 60000, i);
        struct stir_number_set *set = set_of((enum stir_conf_numbers_kind)kind, stir_slice_of(text, n));
        assert_int_equal(stir_number_set_lines(set), LINES);
        assert_true(stir_number_set_bytes(set) < (kind == STIR_NUMBERS_OWNED ? 32u : 160u) * LINES);
        for (unsigned i = 0; i < LINES; i += 997) {
            char number[16], customer[16];
            struct stir_number_hit hit;
            snprintf(number, sizeof(number), "1%u", 200000000 + i * 7 % LINES * 10 + i % 10);
            snprintf(customer, sizeof(customer), "%u", i % 60000);
            struct stir_number asked = stir_number_of(S(number));
            assert_true(stir_number_set_has(set, &asked, S(customer), NOW, &hit));
            assert_int_equal(hit.line, i + 1);
        }
        stir_number_set_free(set);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walked_are_all_ranges_that_hold_a_number_and_no_other),
        cmocka_unit_test(a_prefix_fits_numbers_of_every_length),
        cmocka_unit_test(toll_free_numbers_are_those_of_seven_codes),
        cmocka_unit_test(evidence_counts_until_the_end_of_its_last_day_for_its_customer),
        cmocka_unit_test(lines_of_evidence_that_say_too_little_are_refused_with_their_number),
        cmocka_unit_test(long_lists_are_read_and_take_what_they_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
