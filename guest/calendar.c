// SPDX-License-Identifier: BSD-2-Clause
// Dates from nanoseconds since 1970, year by year and month by month: 64 bits reach to 2554, so the loops are short.
#include "calendar.h"

#include <stdbool.h>

#include <lib/time.h>

#define MINUTE 60u
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define FIRST_YEAR 1970u
#define FIRST_WEEKDAY 4u // 1970-01-01 was a Thursday

static bool is_leap_year(uint32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static uint32_t days_of_year(uint32_t year)
{
    return is_leap_year(year) ? 366 : 365;
}

static uint32_t days_of_month(uint32_t year, uint32_t month)
{
    static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

    return days[month - 1] + (month == 2 && is_leap_year(year));
}

void calendar_from_ns(uint64_t wall_ns, struct calendar *date)
{
    uint64_t seconds = wall_ns / NSEC_PER_SEC;
    uint32_t days = (uint32_t)(seconds / DAY), second = (uint32_t)(seconds % DAY);

    date->nanosecond = (uint32_t)(wall_ns % NSEC_PER_SEC);
    date->hour = second / HOUR;
    date->minute = second % HOUR / MINUTE;
    date->second = second % MINUTE;
    date->weekday = (days + FIRST_WEEKDAY) % 7;
    for (date->year = FIRST_YEAR; days >= days_of_year(date->year); date->year++)
        days -= days_of_year(date->year);
    for (date->month = 1; days >= days_of_month(date->year, date->month); date->month++)
        days -= days_of_month(date->year, date->month);
    date->day = days + 1;
}

const char *calendar_weekday_name(uint32_t weekday)
{
    static const char names[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };

    return names[weekday % 7];
}

const char *calendar_month_name(uint32_t month)
{
    static const char names[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

    return names[(month - 1) % 12];
}
