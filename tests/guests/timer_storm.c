// SPDX-License-Identifier: BSD-2-Clause
// The fastest timer that a guest can ask for: the shortest period, then one-shots of 1 ns re-armed in the handler.
// The guest must stay alive and other guests unhurt (witness watches them). A period that is too short is refused.
#include "test.h"

#define PERIOD_NS 10000u // the shortest, abi/README.md
#define STORM 20000u

static void arm_again(unsigned int irq)
{
    (void)irq;
    if (test_timer_count < 2 * STORM)
        hypercall_set_clockevent(1);
}

int test_main(void)
{
    EXPECT_EQUAL(hypercall_set_periodic(1), LULL_EINVAL);
    EXPECT_EQUAL(hypercall_set_periodic(PERIOD_NS - 1), LULL_EINVAL);
    EXPECT_EQUAL(hypercall_set_periodic(UINT64_MAX), LULL_EINVAL);
    EXPECT_EQUAL(hypercall_set_periodic(PERIOD_NS), LULL_OK);
    irq_enable();
    while (test_timer_count < STORM / 20) {
    }
    irq_disable();
    hypercall_set_clockevent(0);

    test_timer_count = 0;
    test_on_interrupt = arm_again;
    hypercall_set_clockevent(1);
    irq_enable();
    while (test_timer_count < 2 * STORM) {
    }
    return TEST_PASSED;
}
