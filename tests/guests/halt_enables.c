// SPDX-License-Identifier: BSD-2-Clause
// HCALL_HALT with interrupts off and one already pending: it turns them on, serves the pending one and returns
// with 0 and interrupts on. A deadline that was stored before is held then as if the call had waited: this guest
// only computes until it has come. A lost one hangs it, which is its failure.
#include "test.h"

#include <lib/time.h>

static void holds_what_is_stored(void)
{
    irq_disable();
    EXPECT_EQUAL(hypercall_doorbell(pages_start()->guest_id), LULL_OK);
    pages_vcpu()->next_deadline_ns = clock_now_ns() + NSEC_PER_MSEC;
    hypercall_halt();
    EXPECT_EQUAL(test_doorbell_count, 1);
    while (test_timer_count == 1) {
    }
}

int test_main(void)
{
    hypercall_set_clockevent(1);
    while (pages_vcpu()->pending == 0) {
    }
    EXPECT_EQUAL(test_timer_count, 0);
    EXPECT_EQUAL(hypercall0(HCALL_HALT), 0);
    EXPECT_EQUAL(test_timer_count, 1);
    EXPECT(irq_enabled());
    holds_what_is_stored();
    return TEST_PASSED;
}
