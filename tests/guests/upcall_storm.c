// SPDX-License-Identifier: BSD-2-Clause
// Every handler leaves another interrupt pending, so each return is met by the next upcall: 20,000 of them must
// all run at the same depth of the stack.
#include "test.h"

#define STORM 20000u
#define SLACK 0u // every handler starts at the same address: the frame of the first is used by all

static volatile uint64_t lowest = UINT64_MAX, highest;

static void ring_again(unsigned int irq)
{
    uint64_t stack = (uint64_t)__builtin_frame_address(0);

    (void)irq;
    if (stack < lowest)
        lowest = stack;
    if (stack > highest)
        highest = stack;
}

// irq_dispatch() would serve a bell that rings inside it, so this one rings after the last look: by the timer,
// which fires while the handler is on its way out, at a moment that moves through the whole way.
static void arm_again(unsigned int irq)
{
    ring_again(irq);
    if (test_timer_count < STORM)
        hypercall_set_clockevent(1 + test_timer_count % 200);
}

int test_main(void)
{
    test_on_interrupt = arm_again;
    hypercall_set_clockevent(1);
    while (pages_vcpu()->pending == 0) {
    }
    while (test_timer_count < STORM) {
        hypercall_halt();
        irq_disable();
    }
    EXPECT_EQUAL(test_timer_count, STORM);
    EXPECT(highest - lowest <= SLACK);
    return TEST_PASSED;
}
