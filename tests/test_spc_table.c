/* Which provider holds a number: the file's grammar, ranges within ranges, and the answer held against a search through all lines. */
#include "support.h"

#include "core/spc_table.h"

static struct stir_spc_table *table_of(const char *text)
{
    struct stir_spc_table *table = NULL;
    struct stir_diag diag = {0};
    if (stir_spc_table_parse(&table, S(text), &diag) != STIR_OK)
        fail_msg("%s: %s", text, diag.text);
    return table;
}

static const char sample[] = "# of whom            to whom\n"
                             "12155550000-12155559999  709J\n"
                             "\n"
                             "  12155551000+1000\t0123 4567    # ported\r\n"
                             "12155551212              abcd\n"
                             "4420 UK\n"
                             "999999999999999 LAST"; /* no line end */

static void the_innermost_range_holds(void **state)
{
    static const struct {
        const char *number, *holders;
    } rows[] = {
        {"12155549999", NULL},
        {"12155550000", "709J"},
        {"12155550999", "709J"},
        {"12155551000", "0123 4567"},
        {"12155551211", "0123 4567"},
        {"12155551212", "ABCD"},
        {"12155551213", "0123 4567"},
        {"12155551999", "0123 4567"},
        {"12155552000", "709J"},
        {"12155559999", "709J"},
        {"12155560000", NULL},
        {"4420", "UK"},
        {"4421", NULL},
        {"44200", NULL},
        {"999999999999999", "LAST"},
        {"999999999999998", NULL},
        {"9999999999999999", NULL},
        {"+12155551212", NULL},
        {"012155551212", NULL},
        {"1215555121x", NULL},
        {"", NULL},
        {"#31#", NULL},
    };
    struct stir_spc_table *table = table_of(sample);
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_slice found = stir_spc_table_find(table, S(rows[i].number));
        if (!rows[i].holders ? found.p != NULL : !stir_slice_is(found, rows[i].holders))
            fail_msg("%s: %.*s", rows[i].number, (int)found.n, found.p ? found.p : "");
    }
    stir_spc_table_free(table);
}

static void the_answer_is_yes_no_or_unknown(void **state)
{
    static const struct {
        const char *spc, *number;
        int wanted;
    } rows[] = {
        {"709J", "12155550000", 1},   {"709j", "12155550000", 1}, {"709", "12155550000", 0},       {"709JJ", "12155550000", 0},
        {"4567", "12155551000", 1},   {"0123", "12155551000", 1}, {"709J", "12155551000", 0},      {"0123 4567", "12155551000", 1},
        {"x 4567", "12155551000", 1}, {"x y", "12155551000", 0},  {"0123 4567", "12155550000", 0}, {"709J", "12155560000", -1},
        {"709J", "junk", -1},         {"", "12155550000", 0},     {NULL, "12155550000", -1},       {"709J", NULL, -1},
    };
    struct stir_spc_table *table = table_of(sample);
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (stir_spc_table_holds(table, S(rows[i].spc), S(rows[i].number)) != rows[i].wanted)
            fail_msg("%s %s", rows[i].spc, rows[i].number);
    assert_int_equal(stir_spc_table_holds(NULL, S("709J"), S("12155550000")), -1);
    stir_spc_table_free(table);
}

static void lines_that_say_nothing_are_refused_with_their_number(void **state)
{
    static const struct {
        const char *text;
        enum stir_err err;
        const char *said;
    } rows[] = {
        {"12155551212", STIR_ESYNTAX, "line 1: no service provider code stands behind the numbers"},
        {"12155551212 # 709J", STIR_ESYNTAX, "line 1: no service provider code"},
        {"# a\n\n+12155551212 709J", STIR_ESYNTAX, "line 3: \"+12155551212\": a number has 1 to 15 digits"},
        {"1 A\n1-215-555-1212 709J", STIR_ESYNTAX, "line 2: "},
        {"012155551212 709J", STIR_ESYNTAX, "the country code first"},
        {"1234567890123456 709J", STIR_ESYNTAX, "1 to 15 digits"},
        {"911# 709J", STIR_ESYNTAX, "no service provider code"},
        {"12x 709J", STIR_ESYNTAX, "\"12x\""},
        {"- 709J", STIR_ESYNTAX, "a number has"},
        {"10-9 709J", STIR_ESYNTAX, "as many digits as the first"},
        {"20-19 709J", STIR_ESYNTAX, "does not lie before it"},
        {"10-100 709J", STIR_ESYNTAX, "as many digits"},
        {"10- 709J", STIR_ESYNTAX, "as many digits"},
        {"10+ 709J", STIR_ESYNTAX, "how many numbers"},
        {"10+0 709J", STIR_ESYNTAX, "how many numbers"},
        {"10+91 709J", STIR_ESYNTAX, "the last has as many digits"},
        {"999999999999999+2 709J", STIR_ESYNTAX, "the last has as many digits"},
        {"10+999999999999999 709J", STIR_ESYNTAX, "the last has as many digits"},
        {"10 7-9", STIR_EVALUE, "line 1: a service provider code has 1 to 16 letters and digits"},
        {"10 709J,709K", STIR_EVALUE, "letters and digits"},
        {"10 12345678901234567", STIR_EVALUE, "1 to 16"},
        {"10 \xc3\xa9", STIR_EVALUE, "letters and digits"},
        {"10 A B C D E F G H I J K L M N O P Q", STIR_ELIMIT, "line 1: more than 16 codes"},
        {"10 A B C D E F G H\n10 I J K L M N O P Q", STIR_ELIMIT, "line 2: more than 16 codes"},
        {"10-20 A\n15-25 B", STIR_EVALUE, "line 2: its range overlaps that of line 1"},
        {"15-25 B\n10-20 A", STIR_EVALUE, "line 1: its range overlaps that of line 2"},
        {"10-50 A\n10-20 A\n20-30 A", STIR_EVALUE, "line 3: its range overlaps that of line 2"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_spc_table *table = NULL;
        struct stir_diag diag = {0};
        enum stir_err err = stir_spc_table_parse(&table, S(rows[i].text), &diag);
        if (err != rows[i].err || !strstr(diag.text, rows[i].said))
            fail_msg("%s: %s, %s", rows[i].text, stir_err_name(err), diag.text);
        if (diag.offset == 0 || diag.offset > 3)
            fail_msg("%s: line %zu", rows[i].text, diag.offset);
        assert_null(table);
    }
}

static void lines_that_look_odd_are_read(void **state)
{
    static const struct {
        const char *text, *number, *holders;
    } rows[] = {
        {"10+90 A", "99", "A"},
        {"10+1 A", "10", "A"},
        {"10-10 A", "10", "A"},
        {"1-9 A", "9", "A"},
        {"10 a A", "10", "A"},
        {"10 b a", "10", "A B"},
        {"10 10 1", "10", "1 10"},
        {"10 A\n10 B\n10 A", "10", "A B"},
        {"10-30 A\n10-20 B\n10-20 C", "15", "B C"},
        {"10-30 A\n10-20 B\n10-20 C", "25", "A"},
        {"10-20 A\n21-30 A", "21", "A"},
        {"\r\n\t10 A\t\r\n", "10", "A"},
        {"10 A B C D E F G H I J K L M N O P", "10", "A B C D E F G H I J K L M N O P"},
        {"10 1234567890123456", "10", "1234567890123456"},
        {"10 A#B", "10", "A"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_spc_table *table = table_of(rows[i].text);
        struct stir_slice found = stir_spc_table_find(table, S(rows[i].number));
        if (!stir_slice_is(found, rows[i].holders))
            fail_msg("%s: %.*s", rows[i].text, (int)found.n, found.p ? found.p : "");
        stir_spc_table_free(table);
    }
}

static void an_empty_table_knows_nothing(void **state)
{
    struct stir_spc_table *table = table_of("# nothing yet\n");
    struct stir_spc_table_stats stats = STIR_SPC_TABLE_STATS_INIT;
    (void)state;
    assert_null(stir_spc_table_find(table, S("12155551212")).p);
    assert_err(stir_spc_table_stats(table, &stats), STIR_OK);
    assert_int_equal(stats.ranges, 0);
    stir_spc_table_free(table);
    assert_err(stir_spc_table_parse(&table, S(NULL), NULL), STIR_OK);
    stir_spc_table_free(table);
}

static uint32_t seed = 20260921;
static unsigned pick(unsigned below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

enum { SPACE = 900, RANGES = 60 };

/* Ranges within [low, high], each of its own code, none overlapping another but as a whole; their lines in no order. */
static void divide(unsigned first[RANGES], unsigned last[RANGES], size_t *n, unsigned low, unsigned high)
{
    while (low <= high && *n < RANGES) {
        unsigned from = low + pick(high - low + 1), to = from + pick(high - from + 1);
        size_t i = (*n)++;
        first[i] = from;
        last[i] = to;
        if (to - from > 3 && pick(3))
            divide(first, last, n, from + pick(2), to - pick(2));
        low = to + 1 + pick(4);
    }
}

/* Brute force: of the lines that hold the number the one of the narrowest range. */
static void every_number_has_the_holder_that_a_search_of_all_lines_finds(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 200; round++) {
        unsigned first[RANGES], last[RANGES], order[RANGES];
        char text[RANGES * 32];
        size_t n = 0, len = 0;
        divide(first, last, &n, 100, 100 + SPACE - 1);
        for (size_t i = 0; i < n; i++)
            order[i] = (unsigned)i;
        for (size_t i = n; i > 1; i--) {
            unsigned j = pick((unsigned)i), swap = order[i - 1];
            order[i - 1] = order[j];
            order[j] = swap;
        }
        for (size_t i = 0; i < n; i++)
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%u-%u C%u\n", first[order[i]], last[order[i]], order[i]);
        struct stir_spc_table *table = table_of(text);
        for (unsigned number = 100; number < 100 + SPACE; number++) {
            unsigned narrowest = SPACE + 1;
            char digits[8], wanted[64] = "";
            for (size_t i = 0; i < n; i++) {
                if (number < first[i] || number > last[i] || last[i] - first[i] + 1 > narrowest)
                    continue;
                narrowest = last[i] - first[i] + 1;
            }
            snprintf(digits, sizeof(digits), "%u", number);
            for (size_t i = 0; i < n; i++) {
                if (number < first[i] || number > last[i] || last[i] - first[i] + 1 != narrowest)
                    continue;
                snprintf(wanted, sizeof(wanted), "C%zu", i);
                if (stir_spc_table_holds(table, S(wanted), S(digits)) != 1)
                    fail_msg("round %u: %s is not %s's\n%s", round, digits, wanted, text);
            }
            if (!wanted[0] && stir_spc_table_find(table, S(digits)).p)
                fail_msg("round %u: %s is held by nobody\n%s", round, digits, text);
        }
        stir_spc_table_free(table);
    }
}

/* A million numbers ported one by one out of blocks: what memory they take, and that neighbours of one holder are one stretch. */
static void the_line_that_says_who_holds_a_number_is_kept_when_asked(void **state)
{
    static const char text[] = "# lines\n12155550000-12155559999 17\n\n12155551212 18\n12155551213 17\n12155551212 19\n12155560000+10 17\n";
    struct stir_spc_table *table = NULL, *plain = NULL;
    static const struct {
        const char *number, *holders;
        size_t line;
    } rows[] = {{"12155550000", "17", 2}, {"12155551212", "18 19", 4}, {"12155551213", "17", 5}, {"12155551214", "17", 2},
                {"12155559999", "17", 2}, {"12155560000", "17", 7},    {"12155560010", "", 0},   {"911", "", 0}};
    (void)state;
    assert_err(stir_spc_table_parse_lines(&table, S(text), NULL), STIR_OK);
    assert_err(stir_spc_table_parse(&plain, S(text), NULL), STIR_OK);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_slice holders = stir_spc_table_find(table, S(rows[i].number));
        if (!stir_slice_is(holders, rows[i].holders) || stir_spc_table_line(table, S(rows[i].number)) != rows[i].line)
            fail_msg("%s is %.*s's by line %zu", rows[i].number, (int)holders.n, holders.p, stir_spc_table_line(table, S(rows[i].number)));
        assert_true(stir_slice_eq(stir_spc_table_find(plain, S(rows[i].number)), holders));
        assert_int_equal(stir_spc_table_line(plain, S(rows[i].number)), 0);
    }
    stir_spc_table_free(table);
    stir_spc_table_free(plain);
}

static void a_million_ranges_take_20_bytes_each(void **state)
{
    struct stir_spc_table_stats stats = STIR_SPC_TABLE_STATS_INIT;
    struct stir_spc_table *table = NULL;
    const size_t lines = 1000000, room = lines * 24;
    size_t n = 0;
    char *text = malloc(room);
    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < lines; i++)
        n += (size_t)snprintf(text + n, room - n, i % 10 ? "%zu P%zu\n" : "%zu+10 B%zu\n", 12150000000u + i, i % 997);
    assert_err(stir_spc_table_parse(&table, stir_slice_of(text, n), NULL), STIR_OK);
    free(text);
    assert_err(stir_spc_table_stats(table, &stats), STIR_OK);
    assert_int_equal(stats.ranges, lines);
    assert_int_equal(stats.codes, 997 + 997);
    assert_true(stats.bytes <= 20 * lines + 65536);
    assert_int_equal(stir_spc_table_holds(table, S("P3"), S("12150000003")), 1);
    assert_int_equal(stir_spc_table_holds(table, S("b10"), S("12150000010")), 1);
    stir_spc_table_free(table);
    table = table_of("10 A\n11 A\n12-19 A\n30 A");
    assert_err(stir_spc_table_stats(table, &stats), STIR_OK);
    assert_true(stats.bytes < 200 + 4 * 10 + 257 * 4);
    stir_spc_table_free(table);
}

static void there_are_no_more_lists_than_the_limit(void **state)
{
    const size_t lines = STIR_MAX_SPC_LISTS + 1, room = lines * 24;
    struct stir_spc_table *table = NULL;
    struct stir_diag diag = {0};
    char *text = malloc(room);
    size_t n = 0, before = 0;
    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < lines; i++) {
        before = n;
        n += (size_t)snprintf(text + n, room - n, "%zu C%zu\n", 12150000000u + i, i);
    }
    assert_err(stir_spc_table_parse(&table, stir_slice_of(text, n), &diag), STIR_ELIMIT);
    assert_int_equal(diag.offset, lines);
    assert_err(stir_spc_table_parse(&table, stir_slice_of(text, before), NULL), STIR_OK);
    assert_slice(stir_spc_table_find(table, S("12150065534")), "C65534");
    stir_spc_table_free(table);
    free(text);
}

static void a_table_lives_as_long_as_its_last_owner(void **state)
{
    struct stir_spc_table *table = table_of("10 A");
    struct stir_spc_table_stats stats = STIR_SPC_TABLE_STATS_INIT;
    (void)state;
    assert_ptr_equal(stir_spc_table_ref(table), table);
    stir_spc_table_free(table);
    assert_slice(stir_spc_table_find(table, S("10")), "A");
    stir_spc_table_free(table);
    stir_spc_table_free(NULL);
    assert_null(stir_spc_table_ref(NULL));
    assert_err(stir_spc_table_parse(NULL, S("10 A"), NULL), STIR_EARG);
    assert_err(stir_spc_table_parse(&table, (struct stir_slice){NULL, 3}, NULL), STIR_EARG);
    assert_err(stir_spc_table_parse(&table, (struct stir_slice){"", (size_t)STIR_MAX_SPC_TABLE + 1}, NULL), STIR_ELIMIT);
    assert_err(stir_spc_table_stats(NULL, &stats), STIR_EARG);
    assert_null(stir_spc_table_find(NULL, S("10")).p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_innermost_range_holds),
        cmocka_unit_test(the_answer_is_yes_no_or_unknown),
        cmocka_unit_test(lines_that_say_nothing_are_refused_with_their_number),
        cmocka_unit_test(lines_that_look_odd_are_read),
        cmocka_unit_test(an_empty_table_knows_nothing),
        cmocka_unit_test(every_number_has_the_holder_that_a_search_of_all_lines_finds),
        cmocka_unit_test(the_line_that_says_who_holds_a_number_is_kept_when_asked),
        cmocka_unit_test(a_million_ranges_take_20_bytes_each),
        cmocka_unit_test(there_are_no_more_lists_than_the_limit),
        cmocka_unit_test(a_table_lives_as_long_as_its_last_owner),
    };
    return cmocka_run_group_tests_name("spc_table", tests, NULL, NULL);
}
