// SPDX-License-Identifier: BSD-2-Clause
// What became pending while interrupts were off is served by irq_enable() before it returns, and not before.
// Also from a nested pair of irq_save() and irq_restore(), whose inner restore must not enable.
#include "test.h"

#include <lib/time.h>

int test_main(void)
{
    bool outer, inner;

    irq_enable();
    outer = irq_save();
    inner = irq_save();
    EXPECT(outer && !inner);
    hypercall_set_clockevent(1);
    test_spin(NSEC_PER_MSEC);
    EXPECT_EQUAL(pages_vcpu()->pending, 1u << LULL_IRQ_TIMER);
    EXPECT_EQUAL(test_timer_count, 0);
    irq_restore(inner);
    EXPECT_EQUAL(test_timer_count, 0);
    irq_restore(outer);
    EXPECT_EQUAL(test_timer_count, 1);
    EXPECT_EQUAL(pages_vcpu()->pending, 0);

    // HCALL_DELIVER with nothing pending changes nothing.
    EXPECT_EQUAL(hypercall0(HCALL_DELIVER), LULL_OK);
    EXPECT_EQUAL(test_timer_count, 1);
    return TEST_PASSED;
}
