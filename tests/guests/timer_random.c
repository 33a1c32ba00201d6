// SPDX-License-Identifier: BSD-2-Clause
// 10,000 one-shots (or n=) with random delays up to 1 ms, spinning and halted: none may be early, none may be lost.
#include "test.h"

#include "random.h"

#define DELAY_BITS 20u

int test_main(void)
{
    uint64_t events = args_u64("n", 10000, 1, UINT64_MAX);
    uint64_t seed = 77 + pages_start()->guest_id;

    for (uint64_t i = 1; i <= events; i++) {
        uint64_t delay_ns = random_log(&seed, DELAY_BITS);
        uint64_t armed_ns = clock_now_ns();

        if (i % 2 == 0) {
            test_sleep(delay_ns);
        } else {
            hypercall_set_clockevent(delay_ns);
            irq_enable();
            while (test_timer_count < i) {
            }
            irq_disable();
        }
        EXPECT_EQUAL(test_timer_count, i);
        EXPECT(test_timer_ns >= armed_ns + delay_ns);
    }
    return TEST_PASSED;
}
