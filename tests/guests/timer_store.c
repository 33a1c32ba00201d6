// SPDX-License-Identifier: BSD-2-Clause
// Absolute deadlines, and arming by a store into the shared page. Moving a deadline later, or taking it back, costs no
// crossing and makes no event at the old time. A deadline stored right before a halt is taken up by the halt, however
// early it is. A deadline in the past fires at once.
#include "test.h"

#include <lib/time.h>

#define SHORT_NS NSEC_PER_MSEC
#define LONG_NS (4 * NSEC_PER_MSEC)

// Crossings of this CPU; the call's own is among them.
static uint64_t crossings(void)
{
    struct lull_counters counters = { 0 };

    EXPECT_EQUAL(hypercall_counters(&counters), LULL_OK);
    return counters.crossings;
}

static void store(uint64_t deadline_ns)
{
    pages_vcpu()->next_deadline_ns = deadline_ns;
}

// Halts until `count` events have come. Interrupts off before and after.
static void await(uint64_t count)
{
    while (test_timer_count < count) {
        hypercall_halt();
        irq_disable();
    }
}

static void later_and_never(void)
{
    uint64_t start_ns = clock_now_ns();
    uint64_t before;

    hypercall_set_deadline(start_ns + SHORT_NS);
    EXPECT_EQUAL(pages_vcpu()->armed_until_ns, start_ns + SHORT_NS);
    before = crossings();
    store(start_ns + LONG_NS);
    EXPECT_EQUAL(crossings(), before + 1);
    irq_enable();
    test_spin(LONG_NS * 2);
    irq_disable();
    EXPECT_EQUAL(test_timer_count, 1);
    EXPECT(test_timer_ns >= start_ns + LONG_NS);
    EXPECT_EQUAL(pages_vcpu()->next_deadline_ns, LULL_TIME_NEVER);

    hypercall_set_deadline(clock_now_ns() + SHORT_NS);
    store(LULL_TIME_NEVER);
    irq_enable();
    test_spin(LONG_NS);
    hypercall_set_deadline(clock_now_ns() + SHORT_NS);
    hypercall_set_deadline(LULL_TIME_NEVER);
    test_spin(LONG_NS);
    irq_disable();
    EXPECT_EQUAL(test_timer_count, 1);
}

static void stored_before_halt(void)
{
    test_timer_count = 0;
    for (uint64_t i = 1; i <= 1000; i++) {
        uint64_t deadline_ns = clock_now_ns() + i * 7 % 3000; // before, during and after the call

        store(deadline_ns);
        await(i);
        EXPECT_EQUAL(test_timer_count, i);
        EXPECT(test_timer_ns >= deadline_ns);
        EXPECT_EQUAL(pages_vcpu()->timer.deadline_ns, deadline_ns);
    }
}

static void past(void)
{
    uint64_t now_ns = clock_now_ns();

    test_timer_count = 0;
    hypercall_set_deadline(0);
    await(1);
    hypercall_set_deadline(1);
    await(2);
    hypercall_set_deadline(now_ns);
    await(3);
    store(0); // not a stop: a deadline like any other
    await(4);
    EXPECT_EQUAL(test_timer_count, 4);
}

int test_main(void)
{
    later_and_never();
    stored_before_halt();
    past();
    return TEST_PASSED;
}
