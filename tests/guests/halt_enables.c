// SPDX-License-Identifier: BSD-2-Clause
// HCALL_HALT with interrupts off and one already pending: it turns them on, serves the pending one and returns
// with 0 and interrupts on.
#include "test.h"

int test_main(void)
{
    hypercall_set_clockevent(1);
    while (pages_vcpu()->pending == 0) {
    }
    EXPECT_EQUAL(test_timer_count, 0);
    EXPECT_EQUAL(hypercall0(HCALL_HALT), 0);
    EXPECT_EQUAL(test_timer_count, 1);
    EXPECT(irq_enabled());
    return TEST_PASSED;
}
