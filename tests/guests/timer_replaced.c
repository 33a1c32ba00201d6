// SPDX-License-Identifier: BSD-2-Clause
// HCALL_SET_DEADLINE returns the deadline that it replaces, or never: of the event armed by call, moved by the page, or
// periodic; or of the one that is pending already, which it takes back, but not of one that the guest has heard of. Never is no deadline and no error; 0 is a
// deadline; nothing that stands in the page makes the result look like an error.
#include "test.h"

#include <lib/bits.h>
#include <lib/time.h>

#define SHORT_NS (20 * NSEC_PER_USEC)
#define FAR_NS (1000 * NSEC_PER_SEC)

// With interrupts off, so no upcall takes it.
static void wait_until_pending(void)
{
    while ((pages_vcpu()->pending & BIT(LULL_IRQ_TIMER)) == 0) {
    }
}

static void expect_nothing_pending(void)
{
    irq_enable();
    test_spin(2 * SHORT_NS);
    irq_disable();
    EXPECT_EQUAL(test_timer_count, 0);
    EXPECT_EQUAL(pages_vcpu()->pending, 0);
}

static void armed(void)
{
    uint64_t far_ns = clock_now_ns() + FAR_NS;

    EXPECT_EQUAL(hypercall_set_deadline(far_ns), LULL_TIME_NEVER);
    EXPECT_EQUAL(hypercall_set_deadline(far_ns + 5), far_ns);
    pages_vcpu()->next_deadline_ns = far_ns + 7; // moved without a trap
    EXPECT_EQUAL(hypercall_set_deadline(far_ns + 1), far_ns + 7);
    EXPECT_EQUAL(hypercall_set_deadline_slack(far_ns + 2, 1000), far_ns + 1);
    EXPECT_EQUAL(hypercall_set_deadline(LULL_TIME_NEVER), far_ns + 2); // not the end of the window
    EXPECT_EQUAL(hypercall_set_deadline(LULL_TIME_NEVER), LULL_TIME_NEVER);
}

static void never(void)
{
    static const uint64_t nevers[] = { LULL_TIME_NEVER, LULL_TIME_NEVER + 1, UINT64_MAX - 1, UINT64_MAX };

    for (unsigned int i = 0; i < sizeof nevers / sizeof nevers[0]; i++) {
        hypercall_set_deadline(clock_now_ns() + SHORT_NS);
        hypercall_set_deadline(nevers[i]);
        EXPECT_EQUAL(pages_vcpu()->armed_until_ns, LULL_TIME_NEVER);
        expect_nothing_pending();
        EXPECT_EQUAL(hypercall_set_deadline(LULL_TIME_NEVER), LULL_TIME_NEVER);
        pages_vcpu()->next_deadline_ns = nevers[i];
        EXPECT_EQUAL(hypercall_set_deadline(LULL_TIME_NEVER), LULL_TIME_NEVER);
    }
    EXPECT_EQUAL(hypercall_set_deadline(LULL_TIME_NEVER - 1), LULL_TIME_NEVER);
    EXPECT_EQUAL(hypercall_set_deadline(LULL_TIME_NEVER), LULL_TIME_NEVER - 1);
}

// One event after the other becomes pending and is taken back: no interrupt comes, and the deadline is returned.
static void pending(void)
{
    uint64_t count = pages_vcpu()->timer_count;

    for (unsigned int i = 0; i < 100; i++) {
        uint64_t deadline_ns = i == 0 ? 0 : clock_now_ns() + i;

        hypercall_set_deadline(deadline_ns);
        wait_until_pending();
        EXPECT_EQUAL(hypercall_set_deadline(i % 2 == 0 ? LULL_TIME_NEVER : clock_now_ns() + FAR_NS),
                     deadline_ns);
        EXPECT_EQUAL(pages_vcpu()->pending, 0);
        hypercall_set_deadline(LULL_TIME_NEVER);
    }
    EXPECT_EQUAL(pages_vcpu()->timer_count, count + 100);
    expect_nothing_pending();

    // The classic call takes nothing back.
    hypercall_set_clockevent(1);
    wait_until_pending();
    EXPECT_EQUAL(hypercall_set_clockevent(0), LULL_OK);
    EXPECT_EQUAL(pages_vcpu()->pending, BIT(LULL_IRQ_TIMER));
    hypercall_set_deadline(LULL_TIME_NEVER);
    expect_nothing_pending();

    // A bit of the guest's own making is no event; a doorbell is no business of this call.
    hypercall_doorbell(pages_start()->guest_id);
    pages_vcpu()->pending |= BIT(LULL_IRQ_TIMER);
    EXPECT_EQUAL(hypercall_set_deadline(LULL_TIME_NEVER), LULL_TIME_NEVER);
    EXPECT_EQUAL(pages_vcpu()->pending, BIT(LULL_IRQ_DOORBELL));
    pages_vcpu()->pending = 0;
}

static void periodic(void)
{
    uint64_t start_ns = clock_now_ns(), replaced_ns;

    hypercall_set_periodic(NSEC_PER_SEC);
    replaced_ns = hypercall_set_deadline(LULL_TIME_NEVER);
    EXPECT(replaced_ns >= start_ns + NSEC_PER_SEC);
    EXPECT(replaced_ns <= clock_now_ns() + NSEC_PER_SEC);
    expect_nothing_pending();

    // A period whose first tick lies behind the end of time has no next tick, whatever was armed before.
    hypercall_set_deadline(clock_now_ns() + FAR_NS);
    EXPECT_EQUAL(hypercall_set_periodic(INT64_MAX), LULL_OK);
    EXPECT_EQUAL(hypercall_set_deadline(LULL_TIME_NEVER), LULL_TIME_NEVER);
}

// An event that has come, and reached the guest, is replaced no more, whatever the guest writes into its page.
static void delivered(void)
{
    for (unsigned int i = 0; i < 10; i++) {
        uint64_t events = test_timer_count;
        bool held = i % 2 != 0; // interrupts are off when it comes

        hypercall_set_clockevent(SHORT_NS);
        if (held)
            wait_until_pending();
        irq_enable();
        while (test_timer_count == events) {
        }
        irq_disable();
        pages_vcpu()->pending |= BIT(LULL_IRQ_TIMER);
        EXPECT_EQUAL(hypercall_set_deadline(LULL_TIME_NEVER), LULL_TIME_NEVER);
        EXPECT_EQUAL(pages_vcpu()->pending, 0);
    }
}

int test_main(void)
{
    armed();
    never();
    pending();
    periodic();
    delivered();
    return TEST_PASSED;
}
