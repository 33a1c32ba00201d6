// SPDX-License-Identifier: BSD-2-Clause
// One-shots of 1 ns to 16 ms: each comes once, never early, with a record whose stamps are in order. A delay of
// 1 ns is in the past before the call is over, and must fire at once instead of never.
#include "test.h"

static void check_record(uint64_t armed_ns, uint64_t delay_ns)
{
    volatile struct lull_event_record *record = &pages_vcpu()->timer;

    EXPECT(record->deadline_ns >= armed_ns + delay_ns);
    EXPECT(record->deadline_ns <= record->fired_ns);
    EXPECT(record->fired_ns <= record->injected_ns);
    EXPECT(record->injected_ns <= test_timer_ns);
}

int test_main(void)
{
    uint64_t expected = 0;

    for (uint64_t delay_ns = 1; delay_ns <= 1u << 24; delay_ns *= 2) {
        for (unsigned int i = 0; i < 10; i++) {
            uint64_t armed_ns = clock_now_ns();

            test_sleep(delay_ns);
            expected++;
            EXPECT(test_timer_ns >= armed_ns + delay_ns);
            EXPECT_EQUAL(test_timer_count, expected);
            EXPECT_EQUAL(pages_vcpu()->timer_count, expected);
            check_record(armed_ns, delay_ns);
        }
    }
    return TEST_PASSED;
}
