#include "support.h"

#include "core/time.h"

#define SECONDS_OF_DAY 86400

/* Day by day over the whole range, against a calendar that only knows how to add one day. */
static void civil_agrees_with_counting_days(void **state)
{
    (void)state;
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = 0, month = 1, day = 1, weekday = 6; /* 1 January of year 0 was a Saturday */
    int64_t count = -719528;
    while (year < 10000) {
        int64_t at = 0;
        struct stir_civil t;
        assert_true(stir_time_from_civil(&at, year, month, day, 23, 59, 58));
        if (at != count * SECONDS_OF_DAY + 86398 || stir_days_from_civil(year, month, day) != count)
            fail_msg("%04d-%02d-%02d is day %lld, wanted %lld", year, month, day, (long long)(at / SECONDS_OF_DAY), (long long)count);
        assert_true(stir_time_to_civil(&t, at));
        if (t.year != year || t.month != month || t.day != day || t.hour != 23 || t.minute != 59 || t.second != 58 || t.weekday != weekday)
            fail_msg("day %lld reads as %04d-%02d-%02d, weekday %d", (long long)count, t.year, t.month, t.day, t.weekday);
        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        int last = month == 2 && leap ? 29 : days[month - 1];
        assert_false(stir_time_from_civil(&at, year, month, last + 1, 0, 0, 0));
        count++;
        weekday = (weekday + 1) % 7;
        if (++day > last) {
            day = 1;
            if (++month > 12) {
                month = 1;
                year++;
            }
        }
    }
    assert_true(count * SECONDS_OF_DAY - 1 == STIR_TIME_MAX);
}

static void civil_refuses_what_no_clock_shows(void **state)
{
    (void)state;
    static const int wrong[][6] = {
        {-1, 1, 1, 0, 0, 0},    {10000, 1, 1, 0, 0, 0}, {2026, 0, 1, 0, 0, 0},  {2026, 13, 1, 0, 0, 0}, {2026, 1, 0, 0, 0, 0},
        {2026, 1, 32, 0, 0, 0}, {2025, 2, 29, 0, 0, 0}, {1900, 2, 29, 0, 0, 0}, {2026, 4, 31, 0, 0, 0}, {2026, 1, 1, 24, 0, 0},
        {2026, 1, 1, -1, 0, 0}, {2026, 1, 1, 0, 60, 0}, {2026, 1, 1, 0, -1, 0}, {2026, 1, 1, 0, 0, -1}, {2016, 12, 31, 23, 59, 60},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const int *w = wrong[i];
        int64_t at = 77;
        if (stir_time_from_civil(&at, w[0], w[1], w[2], w[3], w[4], w[5]) || at != 77)
            fail_msg("%d-%d-%d %d:%d:%d was taken", w[0], w[1], w[2], w[3], w[4], w[5]);
    }
}

static void civil_refuses_times_outside_years_0_to_9999(void **state)
{
    (void)state;
    static const int64_t wrong[] = {INT64_MIN, INT64_MAX, STIR_TIME_MAX + 1, INT64_C(-62167219201)};
    struct stir_civil t = {.year = 77};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(stir_time_to_civil(&t, wrong[i]));
    assert_int_equal(t.year, 77);
    assert_true(stir_time_to_civil(&t, INT64_C(-62167219200)));
    assert_int_equal(t.year, 0);
}

struct row {
    const char *text;
    bool good;
    int64_t at;
};

typedef enum stir_err parse_fn(int64_t *out, struct stir_slice text);

static void check_rows(parse_fn *parse, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int64_t at = 77;
        enum stir_err got = parse(&at, S(rows[i].text));
        if (got != (rows[i].good ? STIR_OK : STIR_ESYNTAX) || at != (rows[i].good ? rows[i].at : 77))
            fail_msg("\"%s\": %s, %lld", rows[i].text, stir_err_name(got), (long long)at);
    }
}
#define CHECK_ROWS(parse, rows) check_rows(parse, rows, sizeof(rows) / sizeof(rows[0]))

/*= RFC3261-20.17 test */
static void date_reads_rfc1123_in_gmt_and_nothing_else(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"Fri, 25 Sep 2015 19:12:25 GMT", true, 1443208345}, /* RFC 8224 §4.1 */
        {"Sat, 13 Nov 2010 23:29:00 GMT", true, 1289690940}, /* RFC 3261 §20.17 */
        {"Thu, 01 Jan 1970 00:00:00 GMT", true, 0},
        {"Wed, 31 Dec 1969 23:59:59 GMT", true, -1},
        {"Fri, 31 Dec 9999 23:59:59 GMT", true, STIR_TIME_MAX},
        {"Thu, 29 Feb 2024 12:00:00 GMT", true, 1709208000},
        {" \tFri, 25 Sep 2015 19:12:25 GMT\r\n", true, 1443208345},
        {"Mon, 25 Sep 2015 19:12:25 GMT", true, 1443208345}, /* the wrong weekday: the date is clear without it */
        {"", false, 0},
        {"yesterday", false, 0},
        {"1443208345", false, 0},
        {"Fri, 25 Sep 2015 19:12:25 UTC", false, 0},
        {"Fri, 25 Sep 2015 19:12:25 +0000", false, 0},
        {"Fri, 25 Sep 2015 19:12:25 EST", false, 0},
        {"Fri, 25 Sep 2015 19:12:25", false, 0},
        {"Fri, 25 Sep 2015 19:12:25 GMT+1", false, 0},
        {"Fri, 25 Sep 2015 19:12:25 gmt", false, 0}, /* case-sensitive */
        {"fri, 25 Sep 2015 19:12:25 GMT", false, 0},
        {"Fri, 25 SEP 2015 19:12:25 GMT", false, 0},
        {"Fri, 5 Sep 2015 19:12:25 GMT", false, 0},
        {"Fri, 25 Sep 15 19:12:25 GMT", false, 0},
        {"Friday, 25-Sep-15 19:12:25 GMT", false, 0},
        {"Fri Sep 25 19:12:25 2015", false, 0},
        {"25 Sep 2015 19:12:25 GMT", false, 0},
        {"Fri,25 Sep 2015 19:12:25 GMT", false, 0},
        {"Fri,  25 Sep 2015 19:12:25 GMT", false, 0},
        {"Fri, 31 Sep 2015 19:12:25 GMT", false, 0},
        {"Sat, 29 Feb 2025 19:12:25 GMT", false, 0},
        {"Fri, 25 Sep 2015 24:00:00 GMT", false, 0},
        {"Sat, 31 Dec 2016 23:59:60 GMT", false, 0},
        {"Fri, 25 Sep 2015 19:12:2x GMT", false, 0},
        {"Fri, -5 Sep 2015 19:12:25 GMT", false, 0},
    };
    CHECK_ROWS(stir_date_parse, rows);
}

static void time_reads_unix_seconds_and_rfc3339(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"0", true, 0},
        {"1443208345", true, 1443208345},
        {"0001443208345", true, 1443208345},
        {" 1443208345\n", true, 1443208345},
        {"253402300799", true, STIR_TIME_MAX},
        {"253402300800", false, 0},
        {"99999999999999999999999999", false, 0},
        {"-1", false, 0},
        {"+1", false, 0},
        {"1443208345.5", false, 0},
        {"0x10", false, 0},
        {"", false, 0},
        {" ", false, 0},
        {"2022-06-29T20:25:36Z", true, 1656534336},
        {"2022-06-29t20:25:36z", true, 1656534336},
        {"2022-06-29 20:25:36Z", true, 1656534336},
        {"2022-06-29T20:25:36.987654321Z", true, 1656534336},
        {"2022-06-29T22:25:36+02:00", true, 1656534336},
        {"2022-06-29T15:55:36-04:30", true, 1656534336},
        {"2022-06-29T20:25:36-00:00", true, 1656534336},
        {"1985-04-12T23:20:50.52Z", true, 482196050}, /* RFC 3339 §5.8 */
        {"1996-12-19T16:39:57-08:00", true, 851042397},
        {"1937-01-01T12:00:27.87+00:20", true, -1041337173},
        {"1990-12-31T23:59:60Z", false, 0}, /* a leap second has no number */
        {"9999-12-31T23:59:59Z", true, STIR_TIME_MAX},
        {"9999-12-31T23:59:59-00:01", false, 0},
        {"0000-01-01T00:00:00+00:01", false, 0},
        {"2022-06-29T20:25:36", false, 0}, /* no offset: whose clock? */
        {"2022-06-29T20:25:36+0200", false, 0},
        {"2022-06-29T20:25:36+24:00", false, 0},
        {"2022-06-29T20:25:36+02:60", false, 0},
        {"2022-06-29T20:25:36.Z", false, 0},
        {"2022-06-29T20:25Z", false, 0},
        {"2022-06-29", false, 0},
        {"20220629T202536Z", false, 0},
        {"2022-02-30T20:25:36Z", false, 0},
        {"2022-06-29T20:25:36Z ago", false, 0},
    };
    CHECK_ROWS(stir_time_parse, rows);
}

static void writers_write_what_the_rfcs_show(void **state)
{
    (void)state;
    char date[30], time[21];
    assert_err(stir_date_write(date, 1443208345), STIR_OK);
    assert_string_equal(date, "Fri, 25 Sep 2015 19:12:25 GMT");
    assert_err(stir_date_write(date, 0), STIR_OK);
    assert_string_equal(date, "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_err(stir_time_write(time, 1656534336), STIR_OK);
    assert_string_equal(time, "2022-06-29T20:25:36Z");
    assert_err(stir_time_write(time, STIR_TIME_MAX), STIR_OK);
    assert_string_equal(time, "9999-12-31T23:59:59Z");
}

static void writers_refuse_years_before_1970_and_after_9999(void **state)
{
    (void)state;
    static const int64_t wrong[] = {-1, INT64_MIN, STIR_TIME_MAX + 1, INT64_MAX};
    char date[30] = "kept", time[21] = "kept";
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_err(stir_date_write(date, wrong[i]), STIR_EVALUE);
        assert_err(stir_time_write(time, wrong[i]), STIR_EVALUE);
    }
    assert_string_equal(date, "kept");
    assert_string_equal(time, "kept");
}

static void what_is_written_reads_as_the_same_second(void **state)
{
    (void)state;
    uint64_t seed = 0x9e3779b97f4a7c15u;
    for (int i = 0; i < 200000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        int64_t at = (int64_t)((seed >> 11) % (uint64_t)(STIR_TIME_MAX + 1)), back = -1;
        char date[30], time[21];
        assert_err(stir_date_write(date, at), STIR_OK);
        assert_err(stir_date_parse(&back, S(date)), STIR_OK);
        assert_true(back == at);
        assert_err(stir_time_write(time, at), STIR_OK);
        assert_err(stir_time_parse(&back, S(time)), STIR_OK);
        assert_true(back == at);
    }
}

static void null_arguments_are_answered(void **state)
{
    (void)state;
    int64_t at = 77;
    assert_err(stir_date_parse(NULL, S("x")), STIR_EARG);
    assert_err(stir_time_parse(NULL, S("x")), STIR_EARG);
    assert_err(stir_date_parse(&at, S(NULL)), STIR_EARG);
    assert_err(stir_time_parse(&at, S(NULL)), STIR_EARG);
    assert_err(stir_date_write(NULL, 0), STIR_EARG);
    assert_err(stir_time_write(NULL, 0), STIR_EARG);
    assert_true(at == 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(civil_agrees_with_counting_days),
        cmocka_unit_test(civil_refuses_what_no_clock_shows),
        cmocka_unit_test(civil_refuses_times_outside_years_0_to_9999),
        cmocka_unit_test(date_reads_rfc1123_in_gmt_and_nothing_else),
        cmocka_unit_test(time_reads_unix_seconds_and_rfc3339),
        cmocka_unit_test(writers_write_what_the_rfcs_show),
        cmocka_unit_test(writers_refuse_years_before_1970_and_after_9999),
        cmocka_unit_test(what_is_written_reads_as_the_same_second),
        cmocka_unit_test(null_arguments_are_answered),
    };
    return cmocka_run_group_tests_name("time", tests, NULL, NULL);
}
