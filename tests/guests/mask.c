// SPDX-License-Identifier: BSD-2-Clause
// A masked interrupt becomes pending without an upcall, and does not end a halt; unmasked and asked for, it comes.
// While it is pending and masked, returning from other upcalls takes the slow way and must still work.
#include "test.h"

#include <lib/bits.h>
#include <lib/time.h>

int test_main(void)
{
    uint64_t self = pages_start()->guest_id;

    pages_vcpu()->mask = BIT(LULL_IRQ_DOORBELL);
    irq_enable();
    EXPECT_EQUAL(hypercall_doorbell(self), LULL_OK);
    EXPECT_EQUAL(test_doorbell_count, 0);
    EXPECT_EQUAL(pages_vcpu()->pending, BIT(LULL_IRQ_DOORBELL));

    for (unsigned int i = 1; i <= 100; i++) {
        irq_disable();
        test_sleep(NSEC_PER_USEC * i); // halted: only the timer may end it
        EXPECT_EQUAL(test_timer_count, 2 * i - 1);
        hypercall_set_clockevent(NSEC_PER_USEC * i);
        irq_enable();
        while (test_timer_count < 2 * i) { // running
        }
        EXPECT(irq_enabled());
    }
    EXPECT_EQUAL(test_doorbell_count, 0);

    pages_vcpu()->mask = 0;
    irq_enable();
    EXPECT_EQUAL(test_doorbell_count, 1);
    EXPECT_EQUAL(pages_vcpu()->pending, 0);
    return TEST_PASSED;
}
