// SPDX-License-Identifier: BSD-2-Clause
// A delay of 0 shuts the device down in both modes: nothing fires for ten times as long as was asked for. A delay
// of 2^64 - 1 is as good as never, and must not wrap into the past.
#include "test.h"

#include <lib/time.h>

#define DELAY_NS NSEC_PER_MSEC

int test_main(void)
{
    irq_enable();
    hypercall_set_clockevent(DELAY_NS);
    EXPECT_EQUAL(hypercall_set_clockevent(0), LULL_OK);
    test_spin(10 * DELAY_NS);
    EXPECT_EQUAL(test_timer_count, 0);

    hypercall_set_periodic(DELAY_NS);
    EXPECT_EQUAL(hypercall_set_periodic(0), LULL_OK);
    test_spin(10 * DELAY_NS);
    EXPECT_EQUAL(test_timer_count, 0);

    EXPECT_EQUAL(hypercall_set_clockevent(UINT64_MAX), LULL_OK);
    test_spin(10 * DELAY_NS);
    EXPECT_EQUAL(test_timer_count, 0);

    hypercall_set_clockevent(DELAY_NS);
    test_spin(10 * DELAY_NS);
    EXPECT_EQUAL(test_timer_count, 1);
    return TEST_PASSED;
}
