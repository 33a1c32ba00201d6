// SPDX-License-Identifier: BSD-2-Clause
// Events with a slack, by call and by the page: never before the deadline, also where it is moved later without a trap;
// the end of the window is what the hypervisor promises to hold; sums saturate to a window without an end, which is served
// when the CPU is awake anyway; every other way to arm sets the slack to 0.
#include "test.h"

#include <lib/bits.h>
#include <lib/time.h>

#define SHORT_NS (20 * NSEC_PER_USEC)
#define FAR_NS (1000 * NSEC_PER_SEC)

static volatile struct lull_vcpu_page *page;

static void await_event(uint64_t deadline_ns)
{
    uint64_t before = test_timer_count;

    while (test_timer_count == before) {
        hypercall_halt();
        irq_disable();
    }
    EXPECT_EQUAL(test_timer_count, before + 1);
    EXPECT(test_timer_ns >= deadline_ns);
    EXPECT_EQUAL(page->timer.deadline_ns, deadline_ns);
    EXPECT(page->timer.fired_ns >= deadline_ns);
    EXPECT_EQUAL(page->next_deadline_ns, LULL_TIME_NEVER);
    EXPECT_EQUAL(page->armed_until_ns, LULL_TIME_NEVER);
}

static void bounds(void)
{
    static const uint64_t endless[] = { LULL_TIME_NEVER, LULL_TIME_NEVER - 1, UINT64_MAX,
                                        UINT64_MAX / 2 + 2 };
    uint64_t far_ns = clock_now_ns() + FAR_NS;

    hypercall_set_deadline_slack(far_ns, 100);
    EXPECT_EQUAL(page->armed_until_ns, far_ns + 100);
    EXPECT_EQUAL(page->next_deadline_ns, far_ns);
    EXPECT_EQUAL(page->next_slack_ns, 100);
    hypercall_set_deadline_slack(far_ns, LULL_TIME_NEVER - 1 - far_ns);
    EXPECT_EQUAL(page->armed_until_ns, LULL_TIME_NEVER - 1);
    for (unsigned int i = 0; i < sizeof endless / sizeof endless[0]; i++) {
        EXPECT_EQUAL(hypercall_set_deadline_slack(far_ns, endless[i]),
                     far_ns); // no error, no wrap into the past
        EXPECT_EQUAL(page->armed_until_ns, LULL_TIME_NEVER);
        EXPECT_EQUAL(page->pending, 0);
    }
    hypercall_set_deadline_slack(LULL_TIME_NEVER, 100);
    EXPECT_EQUAL(page->armed_until_ns, LULL_TIME_NEVER);

    page->next_slack_ns = 100;
    hypercall_set_clockevent(FAR_NS);
    EXPECT_EQUAL(page->next_slack_ns, 0);
    EXPECT_EQUAL(page->armed_until_ns, page->next_deadline_ns);
    page->next_slack_ns = 100;
    hypercall_set_periodic(NSEC_PER_SEC);
    EXPECT_EQUAL(page->next_slack_ns, 0);
    hypercall_set_deadline(LULL_TIME_NEVER);
}

static void not_early(void)
{
    for (uint64_t i = 0; i < 300; i++) {
        uint64_t deadline_ns = clock_now_ns() + i * 50;

        hypercall_set_deadline_slack(deadline_ns, i * i);
        await_event(deadline_ns);

        deadline_ns = clock_now_ns() + i * 50; // the same by the page, which the halt takes up
        page->next_slack_ns = i * i;
        page->next_deadline_ns = deadline_ns;
        await_event(deadline_ns);
    }
}

// The window that is held is open when the CPU is awake for the guest itself. What counts is the deadline in the page.
static void moved(void)
{
    for (uint64_t i = 1; i <= 300; i++) {
        uint64_t now_ns = clock_now_ns();

        hypercall_set_deadline_slack(now_ns, SHORT_NS);
        page->next_slack_ns = 0;
        page->next_deadline_ns = now_ns + i * 100;
        // It has come before the stores, with another guest's; or behind them, and so late that what was stored had
        // passed too.
        if ((page->pending & BIT(LULL_IRQ_TIMER)) != 0) {
            uint64_t replaced_ns = hypercall_set_deadline(now_ns + i * 100);

            if (replaced_ns != now_ns)
                EXPECT(replaced_ns == now_ns + i * 100 && clock_now_ns() >= replaced_ns);
        }
        irq_enable();
        test_spin(i * 100);
        irq_disable();
        if (test_timer_count < i)
            await_event(now_ns + i * 100);
        EXPECT_EQUAL(test_timer_count, i);
        EXPECT(test_timer_ns >= now_ns + i * 100);
    }
}

static void endless(void)
{
    uint64_t deadline_ns = clock_now_ns();

    for (unsigned int i = 0; i < 100; i++) {
        hypercall_set_deadline_slack(deadline_ns, UINT64_MAX);
        await_event(deadline_ns); // open already, and a guest that halts is awake
    }
    // The same by the page and by the call that waits, with the sum that is just too large, and more.
    for (uint64_t over_ns = 0; over_ns < 2; over_ns++) {
        page->next_slack_ns = LULL_TIME_NEVER - deadline_ns + over_ns;
        page->next_deadline_ns = deadline_ns;
        await_event(deadline_ns);
        EXPECT_EQUAL(hypercall_block(deadline_ns, LULL_TIME_NEVER - deadline_ns + over_ns),
                     LULL_WOKE_TIMEOUT);
    }
    uint64_t count = page->timer_count;
    hypercall_set_deadline_slack(deadline_ns, UINT64_MAX);
    test_spin(SHORT_NS); // makes no interrupt of its own; another one may serve it
    EXPECT_EQUAL(hypercall_set_deadline(LULL_TIME_NEVER), deadline_ns);
    EXPECT(page->timer_count <= count + 1);
}

int test_main(void)
{
    page = pages_vcpu();
    bounds();
    not_early();
    test_timer_count = 0;
    moved();
    test_timer_count = 0;
    endless();
    return TEST_PASSED;
}
