// SPDX-License-Identifier: BSD-2-Clause
// Unit test of the guest's calendar.c: every day of five centuries against the C library, and the edges.

#include "calendar.h"

#include "unit.h"

#include <string.h>
#include <time.h>

#define NSEC_PER_SEC UINT64_C(1000000000)
#define DAY UINT64_C(86400)

static void expect_same(uint64_t seconds, uint64_t nanoseconds)
{
    time_t oracle_time = (time_t)seconds;
    struct calendar date;
    struct tm oracle;

    assert_non_null(gmtime_r(&oracle_time, &oracle));
    calendar_from_ns(seconds * NSEC_PER_SEC + nanoseconds, &date);
    assert_int_equal(date.year, oracle.tm_year + 1900);
    assert_int_equal(date.month, oracle.tm_mon + 1);
    assert_int_equal(date.day, oracle.tm_mday);
    assert_int_equal(date.weekday, oracle.tm_wday);
    assert_int_equal(date.hour, oracle.tm_hour);
    assert_int_equal(date.minute, oracle.tm_min);
    assert_int_equal(date.second, oracle.tm_sec);
    assert_int_equal(date.nanosecond, nanoseconds);
}

static void every_day(void **state)
{
    (void)state;
    for (uint64_t day = 0; day < UINT64_MAX / NSEC_PER_SEC / DAY; day++) {
        expect_same(day * DAY, 0);
        expect_same(day * DAY + DAY - 1, NSEC_PER_SEC - 1);
    }
}

static void any_moment(void **state)
{
    struct unit_random random = { 1 };

    (void)state;
    for (unsigned int i = 0; i < 100000; i++) {
        uint64_t ns = unit_random_bits(&random, 64);

        expect_same(ns / NSEC_PER_SEC, ns % NSEC_PER_SEC);
    }
}

static void names(void **state)
{
    struct calendar date;

    (void)state;
    calendar_from_ns(UINT64_C(1767225600) * NSEC_PER_SEC, &date); // Thu Jan 1 00:00:00 UTC 2026
    assert_string_equal(calendar_weekday_name(date.weekday), "Thu");
    assert_string_equal(calendar_month_name(date.month), "Jan");
    assert_string_equal(calendar_month_name(12), "Dec");
    assert_string_equal(calendar_weekday_name(0), "Sun");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day),
        cmocka_unit_test(any_moment),
        cmocka_unit_test(names),
    };

    return cmocka_run_group_tests_name("calendar", tests, NULL, NULL);
}
