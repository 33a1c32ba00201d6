// SPDX-License-Identifier: BSD-2-Clause
// following_deadline_ns: what is held when HCALL_BLOCK has waited for its event and got it, without a call of its own; that it
// comes like any event, also if it has passed by then; that every other end of the call leaves it alone.
#include "test.h"

#include <lib/bits.h>
#include <lib/time.h>

#define SHORT_NS (20 * NSEC_PER_USEC)
#define FAR_NS (1000 * NSEC_PER_SEC)
#define DOORBELL BIT(LULL_IRQ_DOORBELL)
#define ROUNDS 100u
#define STEP_NS (50 * NSEC_PER_MSEC) // far longer than others have the CPU

static volatile struct lull_vcpu_page *page;

static uint64_t block(uint64_t deadline_ns, uint64_t following_ns, uint64_t slack_ns)
{
    page->following_deadline_ns = following_ns;
    page->following_slack_ns = slack_ns;
    return hypercall_block(deadline_ns, 0);
}

static void expect_held(uint64_t deadline_ns, uint64_t slack_ns)
{
    EXPECT_EQUAL(page->next_deadline_ns, deadline_ns);
    EXPECT_EQUAL(page->next_slack_ns, slack_ns);
    EXPECT_EQUAL(page->armed_until_ns, deadline_ns + slack_ns);
    EXPECT_EQUAL(page->following_deadline_ns, LULL_TIME_NEVER);
}

static void expect_untouched(uint64_t deadline_ns)
{
    EXPECT_EQUAL(page->next_deadline_ns, deadline_ns);
    EXPECT_EQUAL(page->armed_until_ns, deadline_ns);
    EXPECT_EQUAL(page->following_deadline_ns, deadline_ns + 1);
    __atomic_fetch_and(&page->pending, ~DOORBELL, __ATOMIC_SEQ_CST);
}

static void expect_nothing_held(void)
{
    EXPECT_EQUAL(page->next_deadline_ns, LULL_TIME_NEVER);
    EXPECT_EQUAL(page->armed_until_ns, LULL_TIME_NEVER);
}

// Interrupts this guest, which spins, at its time; and is what the next call waits for.
static void it_is_an_event(void)
{
    for (uint64_t slack_ns = 0; slack_ns < SHORT_NS; slack_ns += SHORT_NS / 4) {
        uint64_t deadline_ns = clock_now_ns() + SHORT_NS, following_ns = deadline_ns + SHORT_NS;

        EXPECT_EQUAL(block(deadline_ns, following_ns, slack_ns), LULL_WOKE_TIMEOUT);
        EXPECT_EQUAL(page->timer.deadline_ns, deadline_ns);
        if (page->armed_until_ns != LULL_TIME_NEVER) // others had the CPU for long
            expect_held(following_ns, slack_ns);
        test_timer_count = 0;
        irq_enable();
        while (test_timer_count == 0)
            EXPECT(clock_now_ns() < following_ns + 10 * NSEC_PER_SEC);
        irq_disable();
        EXPECT_EQUAL(page->timer.deadline_ns, following_ns);
        EXPECT(test_timer_ns >= following_ns);
        expect_nothing_held();
        test_spin(2 * SHORT_NS);
        EXPECT_EQUAL(page->pending, 0); // and that was all
    }
}

static uint64_t crossings(void)
{
    struct lull_counters counters;

    EXPECT_EQUAL(hypercall_counters(&counters), LULL_OK);
    return counters.crossings;
}

// Events in a row, a short look at the page after each: one crossing for each event. Alone on the CPU by then.
static void one_call_for_each_event(void)
{
    uint64_t deadline_ns = clock_now_ns() + 20 * STEP_NS, before;

    EXPECT_EQUAL(block(deadline_ns, LULL_TIME_NEVER, 0), LULL_WOKE_TIMEOUT);
    before = crossings();
    for (unsigned int i = 0; i < ROUNDS; i++) {
        deadline_ns += STEP_NS;
        EXPECT_EQUAL(block(deadline_ns, deadline_ns + STEP_NS, 0), LULL_WOKE_TIMEOUT);
        EXPECT_EQUAL(page->timer.deadline_ns, deadline_ns);
        expect_held(deadline_ns + STEP_NS, 0);
    }
    EXPECT_EQUAL(crossings(), before + ROUNDS + 1);
    hypercall_set_deadline(LULL_TIME_NEVER);
}

// It is armed when the call ends: then it comes at once, as everything that has passed.
static void passed(void)
{
    uint64_t deadline_ns = clock_now_ns() + SHORT_NS;

    test_timer_count = 0;
    EXPECT_EQUAL(block(deadline_ns, deadline_ns - 1, 0), LULL_WOKE_TIMEOUT);
    irq_enable();
    test_spin(SHORT_NS);
    irq_disable();
    EXPECT_EQUAL(test_timer_count, 1);
    EXPECT_EQUAL(page->timer.deadline_ns, deadline_ns - 1);
    expect_nothing_held();
}

static void never(void)
{
    for (uint64_t add = 0; add < 2; add++) {
        EXPECT_EQUAL(block(clock_now_ns() + SHORT_NS, LULL_TIME_NEVER + add, 0), LULL_WOKE_TIMEOUT);
        expect_nothing_held();
    }
    EXPECT_EQUAL(block(clock_now_ns() + SHORT_NS, UINT64_MAX, UINT64_MAX), LULL_WOKE_TIMEOUT);
    expect_nothing_held();
}

static void left_alone(void)
{
    uint64_t far_ns = clock_now_ns() + FAR_NS;

    // Another interrupt ends the call, and the event is still to come.
    hypercall_doorbell(pages_start()->guest_id);
    EXPECT_EQUAL(block(far_ns, far_ns + 1, 0), DOORBELL);
    expect_untouched(far_ns);

    // What had come before the call ends it, and the call's own event is not armed; nor is this.
    hypercall_set_deadline(clock_now_ns() + 100);
    test_spin(SHORT_NS);
    EXPECT_EQUAL(page->pending, BIT(LULL_IRQ_TIMER));
    EXPECT_EQUAL(block(far_ns, far_ns + 1, 0), LULL_WOKE_TIMEOUT);
    expect_nothing_held();
    EXPECT_EQUAL(page->following_deadline_ns, far_ns + 1);

    // A halt does not look.
    page->next_deadline_ns = clock_now_ns() + SHORT_NS;
    hypercall_halt();
    irq_disable();
    expect_nothing_held();
    EXPECT_EQUAL(page->following_deadline_ns, far_ns + 1);
}

// Two of them ring each other in turn: what ends each wait is not its event, which is what stays armed.
static void rung(void)
{
    uint64_t self = pages_start()->guest_id;
    bool first = pages_start()->instance == 0;
    uint64_t other = first ? self + 1 : self - 1;

    for (unsigned int i = 0; i < ROUNDS; i++) {
        uint64_t far_ns = clock_now_ns() + FAR_NS;

        if (first)
            EXPECT_EQUAL(hypercall_doorbell(other), LULL_OK);
        EXPECT_EQUAL(block(far_ns, far_ns + 1, 0), DOORBELL);
        expect_untouched(far_ns);
        if (!first)
            EXPECT_EQUAL(hypercall_doorbell(other), LULL_OK);
    }
}

int test_main(void)
{
    page = pages_vcpu();
    EXPECT_EQUAL(page->following_deadline_ns, LULL_TIME_NEVER);
    rung();
    if (pages_start()->instance != 0)
        return TEST_PASSED; // the other one wants the CPU to itself
    it_is_an_event();
    one_call_for_each_event();
    passed();
    never();
    left_alone();
    return TEST_PASSED;
}
