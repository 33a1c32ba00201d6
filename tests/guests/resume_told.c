// SPDX-License-Identifier: BSD-2-Clause
// The self-test pauses and resumes this guest all the time (pause=). Once it has asked, it is told of each resume by an
// interrupt, behind the count; that ends a wait for which nothing else is armed. Before and behind that it is told nothing.
#include "test.h"

#define ROUNDS 5u

static volatile uint64_t told;

static void count(unsigned int irq)
{
    told += irq == LULL_IRQ_RESUME;
}

static void pass_pauses(uint64_t wanted)
{
    uint64_t pauses = pages_vcpu()->pauses;

    irq_enable();
    while (*(volatile uint64_t *)&pages_vcpu()->pauses < pauses + wanted) {
    }
    irq_disable();
}

int test_main(void)
{
    volatile struct lull_vcpu_page *page = pages_vcpu();

    EXPECT((pages_start()->features & LULL_FEATURE_RESUME) != 0);
    EXPECT_EQUAL(pages_start()->restarts, 0);
    test_on_interrupt = count;
    pass_pauses(2);
    EXPECT_EQUAL(told, 0);
    page->guest_features = LULL_GUEST_RESUME;
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        uint64_t pauses = page->pauses;

        while (told < round) {
            hypercall_halt();
            irq_disable();
        }
        EXPECT(page->pauses >= pauses); // it may have gone on between the look at the count and the wait
        EXPECT(told <= page->pauses);
    }
    page->guest_features = 0;
    told = 0;
    pass_pauses(3);
    EXPECT(told <= 1); // one may have been on its way
    EXPECT_EQUAL(page->timer_count, 0);
    return TEST_PASSED;
}
