/* Seconds since 1970 UTC and the proleptic Gregorian calendar, years 0 to 9999, without leap seconds. */
#ifndef STIR_CORE_TIME_H
#define STIR_CORE_TIME_H

#include <stdbool.h>
#include <stdint.h>

/* 9999-12-31T23:59:59Z: the last second that RFC 3339, the SIP Date and ASN.1 can write. */
#define STIR_TIME_MAX INT64_C(253402300799)

/* A point of time in UTC, as people write it. */
struct stir_civil {
    int year;       /* 0 to 9999 */
    int month, day; /* from 1 */
    int hour, minute, second;
    int weekday; /* 0 is Sunday */
};

/* Days from 1970-01-01 to a date that exists; negative before. */
int64_t stir_days_from_civil(int year, int month, int day);

/* `*out` is untouched when the answer is false: no such date (29 February of a common year), no such time of the day (24:00:00, second 60). */
bool stir_time_from_civil(int64_t *out, int year, int month, int day, int hour, int minute, int second);

/* The reverse. `*out` is untouched when the answer is false: a year below 0 or above 9999. */
bool stir_time_to_civil(struct stir_civil *out, int64_t at);

#endif
