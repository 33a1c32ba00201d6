// SPDX-License-Identifier: BSD-2-Clause
// Deadlines through the shared page. Moving a deadline later, and arming before a halt, need no hypercall; nothing fires at
// the deadlines that were left behind, and the last one fires once and not early. Moving it earlier needs
// HCALL_SET_DEADLINE, which also takes a deadline that has passed (fires at once) and none (never fires).
#include "test.h"

#include "clock_event.h"

#include <lib/time.h>

#define STEP_NS NSEC_PER_MSEC
#define STEPS 20u

// How far ahead a deadline that must not be reached is: other guests may have the CPU for some slices of 10 ms.
#define LEAD_NS (50 * NSEC_PER_MSEC)

static uint64_t crossings(void)
{
    struct lull_counters counters;

    EXPECT_EQUAL(hypercall_counters(&counters), LULL_OK);
    return counters.crossings;
}

static void expect_one_event(uint64_t deadline_ns)
{
    EXPECT_EQUAL(test_timer_count, 1);
    EXPECT(test_timer_ns >= deadline_ns);
    EXPECT_EQUAL(pages_vcpu()->timer.deadline_ns, deadline_ns);
    EXPECT_EQUAL(pages_vcpu()->next_deadline_ns, LULL_TIME_NEVER);
    EXPECT_EQUAL(pages_vcpu()->armed_until_ns, LULL_TIME_NEVER);
    test_timer_count = 0;
}

static void test_moved_later(void)
{
    uint64_t start_ns = clock_now_ns(), deadline_ns = start_ns + LEAD_NS;

    hypercall_set_deadline(deadline_ns);
    irq_enable();
    while (clock_now_ns() < start_ns + 3 * LEAD_NS) {
        deadline_ns = clock_now_ns() + LEAD_NS;
        clock_event_store(deadline_ns, 0);
        test_spin(STEP_NS);
        EXPECT_EQUAL(test_timer_count, 0);
    }
    test_spin(2 * LEAD_NS);
    irq_disable();
    expect_one_event(deadline_ns);
}

// Each move is one store and one comparison: the two counter calls see nothing but each other.
static void test_no_trap(void)
{
    uint64_t deadline_ns = clock_now_ns() + NSEC_PER_SEC, before;

    hypercall_set_deadline(deadline_ns);
    before = crossings();
    for (unsigned int i = 0; i < STEPS; i++)
        clock_event_store(deadline_ns + i, 0);
    EXPECT_EQUAL(crossings() - before, 1);
    hypercall_set_deadline(LULL_TIME_NEVER);
}

static void test_armed_by_the_halt(void)
{
    for (unsigned int i = 0; i < STEPS; i++) {
        uint64_t deadline_ns = clock_now_ns() + i * STEP_NS / 4;

        pages_vcpu()->next_deadline_ns = deadline_ns;
        while (test_timer_count == 0) {
            hypercall_halt();
            irq_disable();
        }
        expect_one_event(deadline_ns);
    }
}

static void test_moved_earlier(void)
{
    uint64_t deadline_ns = clock_now_ns() + STEP_NS;

    hypercall_set_deadline(deadline_ns + NSEC_PER_SEC);
    EXPECT_EQUAL(pages_vcpu()->armed_until_ns, deadline_ns + NSEC_PER_SEC);
    clock_event_store(deadline_ns, 0);
    EXPECT_EQUAL(pages_vcpu()->armed_until_ns, deadline_ns);
    irq_enable();
    test_spin(2 * STEP_NS);
    irq_disable();
    expect_one_event(deadline_ns);
}

static void test_past_and_never(void)
{
    irq_enable();
    hypercall_set_deadline(1);
    test_spin(STEP_NS);
    irq_disable();
    expect_one_event(1);

    hypercall_set_deadline(clock_now_ns() + STEP_NS);
    hypercall_set_deadline(LULL_TIME_NEVER);
    irq_enable();
    test_spin(10 * STEP_NS);
    irq_disable();
    EXPECT_EQUAL(test_timer_count, 0);
}

int test_main(void)
{
    test_moved_later();
    test_no_trap();
    test_armed_by_the_halt();
    test_moved_earlier();
    test_past_and_never();
    return TEST_PASSED;
}
