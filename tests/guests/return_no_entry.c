// SPDX-License-Identifier: BSD-2-Clause
// HCALL_UPCALL_RETURN by a guest that has an exception entry and a return window, but no interrupt entry: nothing can be
// delivered, so it returns through the frame although an interrupt is pending.
#include "test.h"

extern const char upcall_exception[], upcall_window_start[], upcall_window_end[]; // upcall.asm

int test_main(void)
{
    EXPECT_EQUAL(hypercall_set_upcalls(0, (uint64_t)upcall_exception,
                                       LULL_RETURN_WINDOW(upcall_window_start, upcall_window_end)),
                 LULL_OK);
    pages_vcpu()->pending = 1ull << LULL_IRQ_DOORBELL;
    // The handler is upcall.asm, whose way back looks for pending bits and calls where it finds one.
    __asm__ volatile("int3" : : : "memory");
    EXPECT_EQUAL(test_exception.count, 1);
    EXPECT(irq_enabled() == false);
    pages_vcpu()->irq_enabled = 1;
    __asm__ volatile("int3" : : : "memory");
    EXPECT_EQUAL(test_exception.count, 2);
    EXPECT(irq_enabled());
    return TEST_PASSED;
}
