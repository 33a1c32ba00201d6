// SPDX-License-Identifier: BSD-2-Clause
// The periodic mode: the k-th tick comes no earlier than k periods after the call, and the ticks that came and the
// ones reported as missed add up to the time that passed. A one-shot ends the periodic mode, and so
// does a wait.
#include "test.h"

#include <lib/time.h>

#define PERIOD_NS NSEC_PER_MSEC
#define TICKS 25u
#define LONG_PERIOD_NS (500 * NSEC_PER_MSEC) // longer than others have the CPU

static volatile uint64_t start_ns;

// Missed periods count: the k-th tick that comes may stand for a later one, never for an earlier one. The event's record
// is the last upcall's: while another guest had the CPU for a period, the next tick may have come during this handler.
static void check_tick(unsigned int irq)
{
    (void)irq;
    EXPECT(test_timer_ns >= start_ns + test_timer_count * PERIOD_NS);
    EXPECT(pages_vcpu()->timer_count + pages_vcpu()->timer_missed >= test_timer_count);
    EXPECT(pages_vcpu()->timer.deadline_ns >= start_ns + PERIOD_NS);
}

// A wait for the time of a tick that has come is over at once: it is not the next tick that ends it.
static void block_for_the_past(void)
{
    uint64_t first_ns;

    EXPECT_EQUAL(hypercall_set_periodic(LONG_PERIOD_NS), LULL_OK);
    first_ns = pages_vcpu()->armed_until_ns;
    for (test_timer_count = 0; test_timer_count == 0; irq_disable())
        hypercall_halt();
    EXPECT_EQUAL(hypercall_block(first_ns, 0), LULL_WOKE_TIMEOUT);
    EXPECT_EQUAL(pages_vcpu()->timer.deadline_ns, first_ns);
}

int test_main(void)
{
    uint64_t passed, counted;

    test_on_interrupt = check_tick;
    start_ns = clock_now_ns();
    EXPECT_EQUAL(hypercall_set_periodic(PERIOD_NS), LULL_OK);
    while (test_timer_count < TICKS) {
        hypercall_halt();
        irq_disable();
    }
    irq_enable();
    test_spin(TICKS * PERIOD_NS);
    irq_disable();

    // Another guest may get the CPU at any point, so the count is held against the times before and after it.
    passed = (clock_now_ns() - start_ns) / PERIOD_NS;
    counted = test_timer_count + pages_vcpu()->timer_missed;
    EXPECT(counted + 1 >= passed); // one tick may be pending
    EXPECT(counted <= (clock_now_ns() - start_ns) / PERIOD_NS);

    test_on_interrupt = NULL;
    hypercall_set_clockevent(PERIOD_NS);
    irq_enable(); // serves a tick that became pending meanwhile
    counted = test_timer_count;
    test_spin(10 * PERIOD_NS);
    EXPECT_EQUAL(test_timer_count, counted + 1);
    block_for_the_past();
    return TEST_PASSED;
}
