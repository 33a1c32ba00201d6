// SPDX-License-Identifier: BSD-2-Clause
// A watchdog ends a guest that computes (do=compute) or sleeps (do=sleep) and does not set it again, and leaves one alone that
// does (do=feed, which exits with 0), or that has switched it off. Its call tells what was left. period= in milliseconds; with
// do=feed the guest may be paused for longer than that at a time.
#include "test.h"

#include <lib/time.h>

#define FEEDS 100u

static uint64_t period_ns;

// Sets it and sets it, for a few periods.
static void feed(void)
{
    uint64_t begun_ns = clock_now_ns();

    EXPECT_EQUAL(hypercall_watchdog(period_ns), 0);
    for (uint64_t feeds = 0; feeds < FEEDS; feeds++) {
        uint64_t left_ns = hypercall_watchdog(period_ns);
        EXPECT(left_ns > 0 && left_ns <= period_ns);
        test_sleep(period_ns / 4 < NSEC_PER_MSEC ? period_ns / 4 : NSEC_PER_MSEC);
    }
    EXPECT(clock_now_ns() - begun_ns >=
           FEEDS * (period_ns < 4 * NSEC_PER_MSEC ? period_ns / 4 : NSEC_PER_MSEC));
    EXPECT(hypercall_watchdog(0) > 0);
    EXPECT_EQUAL(hypercall_watchdog(LULL_TIME_NEVER), 0);
    EXPECT_EQUAL(hypercall_watchdog(UINT64_MAX), 0);
    EXPECT_EQUAL(hypercall_watchdog(0), 0);
}

int test_main(void)
{
    EXPECT((pages_start()->features & LULL_FEATURE_WATCHDOG) != 0);
    period_ns = args_u64("period", 50, 1, 1000000) * NSEC_PER_MSEC;
    if (args_is("do", "feed")) {
        feed();
        return TEST_PASSED;
    }
    EXPECT_EQUAL(hypercall_watchdog(period_ns), 0);
    if (args_is("do", "sleep"))
        hypercall_halt();
    test_spin(1000 * NSEC_PER_SEC);
    return TEST_FAILED;
}
