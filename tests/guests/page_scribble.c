// SPDX-License-Identifier: BSD-2-Clause
// The vCPU page is the guest's to spoil: every word of it is filled with patterns while timers fire and halts end.
// The hypervisor must take nothing in it for granted; this guest's own timers still come.
#include "test.h"

#include <lib/bits.h>

static const uint64_t patterns[] = { 0, 1, 0x8000000000000000, 0x5555555555555555, 0xffffffffffffffff };

static void scribble(uint64_t pattern)
{
    volatile uint64_t *word = (volatile uint64_t *)LULL_VCPU_PAGE;

    for (unsigned int i = 0; i < LULL_PAGE_SIZE / sizeof *word; i++)
        word[i] = pattern;
}

int test_main(void)
{
    for (unsigned int i = 0; i < 500; i++) {
        uint64_t before;

        scribble(patterns[i % 5]);
        hypercall_yield();
        irq_disable();
        pages_vcpu()->mask = ~BIT(LULL_IRQ_TIMER);
        pages_vcpu()->pending = 0;
        before = test_timer_count;
        hypercall_set_clockevent(2000);
        while (test_timer_count == before) {
            hypercall_halt();
            irq_disable();
        }
    }
    return TEST_PASSED;
}
