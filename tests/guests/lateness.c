// SPDX-License-Identifier: BSD-2-Clause
// Two guests (count=2). One spins; the other sets timers and finds, for each event, why it was late: by nothing but the machine
// while it has interrupts on, by itself while it has them off or the timer masked, by the other guest while that has the CPU. The
// parts of an event add up to its lateness, and the steal is that of its run times.
#include "times.h"

#include <lib/time.h>

#define EVENTS 40u
#define DELAY_NS (2 * NSEC_PER_MSEC)
#define OFF_NS (7 * NSEC_PER_MSEC) // interrupts are off for so long: past the event

struct parts {
    uint64_t total_ns, slack_ns, hardware_ns, hypervisor_ns, steal_ns, paused_ns, guest_ns;
};

static struct parts parts_of_last(void)
{
    const volatile struct lull_vcpu_page *page = pages_vcpu();
    uint64_t deadline_ns = page->timer.deadline_ns, fired_ns = page->timer.fired_ns;
    uint64_t injected_ns = page->timer.injected_ns;
    struct parts parts = { .total_ns = injected_ns - deadline_ns };

    EXPECT(deadline_ns <= fired_ns && fired_ns <= injected_ns);
    if (page->timer_split.injected_ns == injected_ns) {
        parts.slack_ns = page->timer_split.slack_ns;
        parts.steal_ns = page->timer_split.steal_ns;
        parts.paused_ns = page->timer_split.paused_ns;
        parts.guest_ns = page->timer_split.guest_ns;
    }
    EXPECT(parts.slack_ns <= fired_ns - deadline_ns);
    parts.hardware_ns = fired_ns - deadline_ns - parts.slack_ns;
    EXPECT(parts.steal_ns + parts.paused_ns + parts.guest_ns <= injected_ns - fired_ns);
    parts.hypervisor_ns = injected_ns - fired_ns - parts.steal_ns - parts.paused_ns - parts.guest_ns;
    return parts;
}

// Interrupts off before and after; `enable` lets the event in.
static void expect_held(void (*enable)(void))
{
    struct parts parts;
    struct lull_run_times before, after;

    hypercall_run_times();
    before = times_read();
    test_timer_count = 0;
    hypercall_set_clockevent(DELAY_NS);
    test_spin(OFF_NS);
    EXPECT_EQUAL(test_timer_count, 0);
    enable();
    irq_disable();
    EXPECT_EQUAL(test_timer_count, 1);
    parts = parts_of_last();
    hypercall_run_times();
    after = times_read();
    // It had the CPU or it had not: both are known. The event came while it had it, or before it had it again.
    EXPECT(parts.guest_ns + parts.steal_ns + parts.hardware_ns >= OFF_NS - DELAY_NS);
    EXPECT(parts.steal_ns <= after.runnable_ns - before.runnable_ns);
    EXPECT(parts.guest_ns > 0);
    EXPECT_EQUAL(parts.hypervisor_ns, 0);
    EXPECT_EQUAL(parts.paused_ns, 0);
}

static void unmask(void)
{
    pages_vcpu()->mask = 0;
    irq_enable();
}

// The other guest spins, and this one has had its slice: its event comes while it waits for the CPU.
static uint64_t expect_steal(void)
{
    uint64_t steal_ns = 0;

    test_timer_count = 0;
    irq_enable();
    for (unsigned int i = 0; i < EVENTS; i++) {
        struct lull_run_times before, after;
        struct parts parts;
        uint64_t events = test_timer_count;

        hypercall_run_times();
        before = times_read();
        hypercall_set_clockevent(DELAY_NS);
        while (test_timer_count == events)
            test_spin(NSEC_PER_USEC);
        parts = parts_of_last();
        after = times_read();
        EXPECT(parts.steal_ns <= after.runnable_ns - before.runnable_ns + 1); // each is rounded
        EXPECT_EQUAL(parts.guest_ns, 0);
        steal_ns += parts.steal_ns;
    }
    irq_disable();
    return steal_ns;
}

int test_main(void)
{
    if (pages_start()->instance != 0) {
        test_spin(NSEC_PER_SEC / 2);
        return TEST_PASSED;
    }
    expect_held(irq_enable);
    pages_vcpu()->mask = 1 << LULL_IRQ_TIMER;
    expect_held(unmask);
    EXPECT(expect_steal() > DELAY_NS);
    return TEST_PASSED;
}
