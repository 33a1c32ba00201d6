// SPDX-License-Identifier: BSD-2-Clause
// An exception switches interrupts off for its handler, and its return switches them back to what they were;
// an interrupt that became pending meanwhile is served right then.
#include "test.h"

int test_main(void)
{
    irq_init(true);
    __asm__ volatile("int3" : : : "memory");
    EXPECT(!irq_enabled());
    irq_enable();
    __asm__ volatile("int3" : : : "memory");
    EXPECT(irq_enabled());
    EXPECT_EQUAL(test_exception.count, 2);

    for (uint64_t i = 1; i <= 1000; i++) {
        hypercall_set_clockevent(i % 400 + 1); // before, inside and behind the exception's handler
        __asm__ volatile("int3" : : : "memory");
        while (test_timer_count < i) {
        }
        EXPECT(irq_enabled());
        EXPECT_EQUAL(test_exception.count, 2 + i);
    }
    return TEST_PASSED;
}
