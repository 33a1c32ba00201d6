// SPDX-License-Identifier: BSD-2-Clause
// A wake-up must not fall between the look and the halt: one-shots of 1 to 2000 ns, each followed by a halt, so that
// the event comes before, during and after the call. A lost one hangs this guest, which is its failure.
#include "test.h"

int test_main(void)
{
    for (uint64_t delay_ns = 1; delay_ns <= 2000; delay_ns++) {
        uint64_t armed_ns = clock_now_ns();

        test_sleep(delay_ns);
        EXPECT(test_timer_ns >= armed_ns + delay_ns);
        EXPECT_EQUAL(test_timer_count, delay_ns);
    }
    return TEST_PASSED;
}
