// SPDX-License-Identifier: BSD-2-Clause
// Arming what is armed replaces it, by a later and by an earlier deadline: only the second of the two fires.
#include "test.h"

#include <lib/time.h>

#define SHORT_NS NSEC_PER_MSEC
#define LONG_NS (4 * NSEC_PER_MSEC)

int test_main(void)
{
    uint64_t armed_ns;

    irq_enable();
    hypercall_set_clockevent(SHORT_NS);
    armed_ns = clock_now_ns();
    hypercall_set_clockevent(LONG_NS);
    test_spin(2 * LONG_NS);
    EXPECT_EQUAL(test_timer_count, 1);
    EXPECT(test_timer_ns >= armed_ns + LONG_NS);

    hypercall_set_clockevent(LONG_NS);
    armed_ns = clock_now_ns();
    hypercall_set_clockevent(SHORT_NS);
    test_spin(2 * LONG_NS);
    EXPECT_EQUAL(test_timer_count, 2);
    EXPECT(test_timer_ns >= armed_ns + SHORT_NS);
    EXPECT(pages_vcpu()->timer.deadline_ns < armed_ns + LONG_NS);
    return TEST_PASSED;
}
