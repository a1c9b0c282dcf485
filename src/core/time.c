#include "core/time.h"

#include <stir/call.h>

#include "core/bytes.h"

/* The calendar repeats every 400 years; counted from 1 March, the leap day is the last of its year and months have a regular rhythm of lengths. */
enum { DAYS_OF_ERA = 146097, YEARS_OF_ERA = 400, DAYS_TO_1970 = 719468, SECONDS_OF_DAY = 86400 };

static const char weekdays[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_of_month(int year, int month)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Division that rounds down, so that times before 1970 fall on their own day. */
static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t stir_days_from_civil(int year, int month, int day)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = floor_div(y, YEARS_OF_ERA);
    int64_t year_of_era = y - era * YEARS_OF_ERA;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_OF_ERA + day_of_era - DAYS_TO_1970;
}

bool stir_time_from_civil(int64_t *out, int year, int month, int day, int hour, int minute, int second)
{
    if (year < 0 || year > 9999 || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month))
        return false;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
        return false;
    *out = stir_days_from_civil(year, month, day) * SECONDS_OF_DAY + hour * 3600 + minute * 60 + second;
    return true;
}

bool stir_time_to_civil(struct stir_civil *out, int64_t at)
{
    if (at > STIR_TIME_MAX || at < stir_days_from_civil(0, 1, 1) * SECONDS_OF_DAY)
        return false;
    int64_t days = floor_div(at, SECONDS_OF_DAY);
    int second = (int)(at - days * SECONDS_OF_DAY);
    int64_t shifted = days + DAYS_TO_1970;
    int64_t era = floor_div(shifted, DAYS_OF_ERA);
    int64_t day_of_era = shifted - era * DAYS_OF_ERA;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    out->day = (int)(day_of_year - (153 * month_from_march + 2) / 5) + 1;
    out->month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    out->year = (int)(era * YEARS_OF_ERA + year_of_era) + (out->month <= 2);
    out->hour = second / 3600;
    out->minute = second / 60 % 60;
    out->second = second % 60;
    out->weekday = (int)((shifted + 3) % 7 + 7) % 7; /* 1 March of year 0 was a Wednesday */
    return true;
}

/* Exactly `digits` decimal digits. */
static bool get_number(struct stir_reader *r, int digits, int *out)
{
    int value = 0;
    for (; digits > 0; digits--) {
        int c = stir_reader_get(r);
        if (!stir_is_digit(c))
            return false;
        value = value * 10 + (c - '0');
    }
    *out = value;
    return true;
}

static bool get_text(struct stir_reader *r, const char *text)
{
    for (; *text; text++)
        if (stir_reader_get(r) != (unsigned char)*text)
            return false;
    return true;
}

/* One of `count` three-letter names. */
static bool get_name(struct stir_reader *r, const char names[][4], int count, int *index)
{
    for (int i = 0; i < count; i++) {
        struct stir_reader at = *r;
        if (get_text(&at, names[i])) {
            *r = at;
            *index = i;
            return true;
        }
    }
    return false;
}

/* time = 2DIGIT ":" 2DIGIT ":" 2DIGIT, in RFC 3261 and RFC 3339 alike. */
static bool get_clock(struct stir_reader *r, struct stir_civil *t)
{
    return get_number(r, 2, &t->hour) && get_text(r, ":") && get_number(r, 2, &t->minute) && get_text(r, ":") && get_number(r, 2, &t->second);
}

static bool from_civil(int64_t *out, const struct stir_civil *t)
{
    return stir_time_from_civil(out, t->year, t->month, t->day, t->hour, t->minute, t->second);
}

/*= RFC3261-20.17 */
enum stir_err stir_date_parse(int64_t *out, struct stir_slice text)
{
    struct stir_civil t;
    if (!out || !text.p)
        return STIR_EARG;
    struct stir_reader r = stir_reader_of(stir_slice_trim(text));
    bool good = get_name(&r, weekdays, 7, &t.weekday) && get_text(&r, ", ") && get_number(&r, 2, &t.day) && get_text(&r, " ") &&
                get_name(&r, months, 12, &t.month) && get_text(&r, " ") && get_number(&r, 4, &t.year) && get_text(&r, " ") && get_clock(&r, &t) &&
                get_text(&r, " GMT") && stir_reader_left(&r) == 0;
    if (!good)
        return STIR_ESYNTAX;
    t.month++;
    return from_civil(out, &t) ? STIR_OK : STIR_ESYNTAX;
}

static void put_padded(struct stir_writer *w, int value, int digits)
{
    char text[4];
    for (int i = digits; i > 0; i--) {
        text[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
    stir_put(w, text, (size_t)digits);
}

static void put_clock(struct stir_writer *w, const struct stir_civil *t)
{
    put_padded(w, t->hour, 2);
    stir_put_char(w, ':');
    put_padded(w, t->minute, 2);
    stir_put_char(w, ':');
    put_padded(w, t->second, 2);
}

enum stir_err stir_date_write(char buf[30], int64_t at)
{
    struct stir_civil t;
    if (!buf)
        return STIR_EARG;
    if (at < 0 || !stir_time_to_civil(&t, at))
        return STIR_EVALUE;
    struct stir_writer w = stir_writer_of(buf, 30);
    stir_put_text(&w, weekdays[t.weekday]);
    stir_put_text(&w, ", ");
    put_padded(&w, t.day, 2);
    stir_put_char(&w, ' ');
    stir_put_text(&w, months[t.month - 1]);
    stir_put_char(&w, ' ');
    put_padded(&w, t.year, 4);
    stir_put_char(&w, ' ');
    put_clock(&w, &t);
    stir_put_text(&w, " GMT");
    return stir_writer_close(&w, NULL);
}

/* Unix seconds: digits only, no later than the year 9999. */
static bool get_unix_seconds(struct stir_slice text, int64_t *out)
{
    int64_t value = 0;
    if (text.n == 0)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (!stir_is_digit(text.p[i]))
            return false;
        value = value * 10 + (text.p[i] - '0');
        if (value > STIR_TIME_MAX)
            return false;
    }
    *out = value;
    return true;
}

/* time-offset = "Z" / ("+" / "-") hour ":" minute (RFC 3339 §5.6), as seconds to the east. */
static bool get_offset(struct stir_reader *r, int64_t *east)
{
    int hour, minute, sign = stir_reader_get(r);
    if (sign == 'Z' || sign == 'z') {
        *east = 0;
        return true;
    }
    if ((sign != '+' && sign != '-') || !get_number(r, 2, &hour) || !get_text(r, ":") || !get_number(r, 2, &minute) || hour > 23 || minute > 59)
        return false;
    *east = (sign == '-' ? -1 : 1) * (hour * 3600 + minute * 60);
    return true;
}

/* time-secfrac = "." 1*DIGIT, optional; seconds are the unit here, so the fraction is read and dropped. */
static bool skip_fraction(struct stir_reader *r)
{
    if (stir_reader_peek(r) != '.')
        return true;
    stir_reader_get(r);
    if (!stir_is_digit(stir_reader_peek(r)))
        return false;
    while (stir_is_digit(stir_reader_peek(r)))
        stir_reader_get(r);
    return true;
}

static bool get_date_time(struct stir_reader *r, struct stir_civil *t)
{
    if (!get_number(r, 4, &t->year) || !get_text(r, "-") || !get_number(r, 2, &t->month) || !get_text(r, "-") || !get_number(r, 2, &t->day))
        return false;
    int c = stir_reader_get(r);
    return (c == 'T' || c == 't' || c == ' ') && get_clock(r, t);
}

enum stir_err stir_time_parse(int64_t *out, struct stir_slice text)
{
    struct stir_civil t;
    int64_t local, east;
    if (!out || !text.p)
        return STIR_EARG;
    text = stir_slice_trim(text);
    if (get_unix_seconds(text, out))
        return STIR_OK;
    struct stir_reader r = stir_reader_of(text);
    if (!get_date_time(&r, &t) || !skip_fraction(&r) || !get_offset(&r, &east) || stir_reader_left(&r) || !from_civil(&local, &t))
        return STIR_ESYNTAX;
    if (!stir_time_to_civil(&t, local - east)) /* an offset may lead out of the years 0 to 9999 */
        return STIR_ESYNTAX;
    *out = local - east;
    return STIR_OK;
}

enum stir_err stir_time_write(char buf[21], int64_t at)
{
    struct stir_civil t;
    if (!buf)
        return STIR_EARG;
    if (at < 0 || !stir_time_to_civil(&t, at))
        return STIR_EVALUE;
    struct stir_writer w = stir_writer_of(buf, 21);
    put_padded(&w, t.year, 4);
    stir_put_char(&w, '-');
    put_padded(&w, t.month, 2);
    stir_put_char(&w, '-');
    put_padded(&w, t.day, 2);
    stir_put_char(&w, 'T');
    put_clock(&w, &t);
    stir_put_char(&w, 'Z');
    return stir_writer_close(&w, NULL);
}
