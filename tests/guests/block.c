// SPDX-License-Identifier: BSD-2-Clause
// HCALL_BLOCK: what ends it and what it returns then, with interrupts off and on; that its event makes no interrupt; that
// an early end leaves the event armed; that nothing pending falls between the look and the wait.
#include "test.h"

#include <lib/bits.h>
#include <lib/time.h>

#define SHORT_NS (20 * NSEC_PER_USEC)
#define FAR_NS (1000 * NSEC_PER_SEC)
#define DOORBELL BIT(LULL_IRQ_DOORBELL)

static volatile struct lull_vcpu_page *page;

static void expect_timeout(uint64_t deadline_ns)
{
    EXPECT_EQUAL(page->pending & BIT(LULL_IRQ_TIMER), 0);
    EXPECT_EQUAL(test_timer_count, 0);
    EXPECT_EQUAL(page->timer.deadline_ns, deadline_ns);
    EXPECT(page->timer.fired_ns >= deadline_ns && page->timer.injected_ns >= page->timer.fired_ns);
    EXPECT(page->block.late_ns >= 0);
    EXPECT_EQUAL(page->block.woke_ns, deadline_ns + (uint64_t)page->block.late_ns);
    EXPECT(page->block.woke_ns >= page->timer.fired_ns && page->block.woke_ns <= clock_now_ns());
}

// Not the event: its deadline is ahead, and it is still armed.
static void expect_woken(uint64_t result, uint64_t deadline_ns)
{
    EXPECT_EQUAL(result, DOORBELL);
    EXPECT(page->block.late_ns < 0);
    EXPECT_EQUAL(page->block.woke_ns, deadline_ns - (uint64_t)-page->block.late_ns);
    EXPECT_EQUAL(page->next_deadline_ns, deadline_ns);
    EXPECT_EQUAL(page->armed_until_ns, deadline_ns);
}

// From a deadline that has passed to one well ahead, without and with a slack: before, during and after the call.
static void timeouts(bool enabled)
{
    uint64_t count = page->timer_count;

    for (uint64_t i = 0; i < 2000; i++) {
        uint64_t deadline_ns = clock_now_ns() - 100 + i;

        page->irq_enabled = enabled;
        EXPECT_EQUAL(hypercall_block(deadline_ns, i % 3 * 100), LULL_WOKE_TIMEOUT);
        EXPECT_EQUAL(page->irq_enabled, enabled);
        irq_disable();
        expect_timeout(deadline_ns);
        EXPECT_EQUAL(page->next_deadline_ns, LULL_TIME_NEVER);
        EXPECT_EQUAL(page->armed_until_ns, LULL_TIME_NEVER);
    }
    EXPECT_EQUAL(page->timer_count, count + 2000);
}

static void pending_doorbell(void)
{
    uint64_t self = pages_start()->guest_id, far_ns = clock_now_ns() + FAR_NS;

    hypercall_doorbell(self);
    expect_woken(hypercall_block(far_ns, 0), far_ns);
    EXPECT_EQUAL(page->pending, DOORBELL); // it is the guest's to take

    page->mask = DOORBELL; // masked, it ends nothing
    EXPECT_EQUAL(hypercall_block(clock_now_ns() + SHORT_NS, 0), LULL_WOKE_TIMEOUT);
    page->mask = 0;

    page->irq_enabled = 1; // not by irq_enable(), which would look
    expect_woken(hypercall_block(far_ns + 1, 0), far_ns + 1);
    EXPECT_EQUAL(test_doorbell_count, 1); // its upcall came before the call returned
    irq_disable();

    page->pending = BIT(40); // no interrupt: ends it, and is not in the result
    EXPECT_EQUAL(hypercall_block(far_ns, 0), 0);
    page->pending = 0;
    hypercall_set_deadline(LULL_TIME_NEVER);
}

static void pending_event(void)
{
    uint64_t deadline_ns = clock_now_ns() + 100;

    // What the call would wait for has come already.
    hypercall_set_deadline(deadline_ns);
    test_spin(SHORT_NS);
    EXPECT_EQUAL(page->pending, BIT(LULL_IRQ_TIMER));
    EXPECT_EQUAL(hypercall_block(clock_now_ns() + FAR_NS, 0), LULL_WOKE_TIMEOUT);
    expect_timeout(deadline_ns);
    EXPECT_EQUAL(page->armed_until_ns, LULL_TIME_NEVER);

    // Masked, it is taken back when the call arms another one.
    page->mask = BIT(LULL_IRQ_TIMER);
    hypercall_set_deadline(deadline_ns);
    test_spin(SHORT_NS);
    deadline_ns = clock_now_ns() + SHORT_NS;
    EXPECT_EQUAL(hypercall_block(deadline_ns, 0), LULL_WOKE_TIMEOUT);
    expect_timeout(deadline_ns);
    page->mask = 0;

    // One that is taken leaves a periodic mode as it is; a wait ends it.
    hypercall_set_periodic(NSEC_PER_MSEC);
    while ((page->pending & BIT(LULL_IRQ_TIMER)) == 0) {
    }
    deadline_ns = clock_now_ns() + 5 * NSEC_PER_MSEC;
    EXPECT_EQUAL(hypercall_block(deadline_ns, 0), LULL_WOKE_TIMEOUT);
    EXPECT(page->timer.deadline_ns != deadline_ns);
    while ((page->pending & BIT(LULL_IRQ_TIMER)) == 0) {
    }
    do { // until no tick is pending when it begins
        deadline_ns = clock_now_ns() + 5 * NSEC_PER_MSEC;
        EXPECT_EQUAL(hypercall_block(deadline_ns, 0), LULL_WOKE_TIMEOUT);
    } while (page->timer.deadline_ns != deadline_ns);
    expect_timeout(deadline_ns);
    test_spin(2 * NSEC_PER_MSEC);
    EXPECT_EQUAL(page->pending, 0);
}

// A thousand rings in turn between two that only ever block.
static void pair(void)
{
    uint64_t self = pages_start()->guest_id;
    bool first = pages_start()->instance == 0;
    uint64_t other = first ? self + 1 : self - 1;

    for (unsigned int i = 0; i < 1000; i++) {
        uint64_t deadline_ns = i % 2 == 0 ? LULL_TIME_NEVER : clock_now_ns() + FAR_NS;

        if (first)
            EXPECT_EQUAL(hypercall_doorbell(other), LULL_OK);
        expect_woken(hypercall_block(deadline_ns, 0), deadline_ns);
        __atomic_fetch_and(&page->pending, ~DOORBELL, __ATOMIC_SEQ_CST);
        if (!first)
            EXPECT_EQUAL(hypercall_doorbell(other), LULL_OK);
    }
}

int test_main(void)
{
    page = pages_vcpu();
    pair();
    timeouts(false);
    timeouts(true);
    pending_doorbell();
    pending_event();
    return TEST_PASSED;
}
