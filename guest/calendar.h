// SPDX-License-Identifier: BSD-2-Clause
// Dates: UTC in the Gregorian calendar, for clock_wall_ns(). Leap seconds are not counted, as in POSIX.
#pragma once

#include <stdint.h>

struct calendar {
    uint32_t year;       // 1970 and later
    uint32_t month, day; // 1 .. 12, 1 .. 31
    uint32_t weekday;    // 0 is Sunday
    uint32_t hour, minute, second;
    uint32_t nanosecond;
};

// `wall_ns` counts from 1970-01-01 00:00:00. Any context.
void calendar_from_ns(uint64_t wall_ns, struct calendar *date);

// Three letters. Any context.
const char *calendar_weekday_name(uint32_t weekday);
const char *calendar_month_name(uint32_t month);
