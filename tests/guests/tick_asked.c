// SPDX-License-Identifier: BSD-2-Clause
// What the operator wants of the tick (tick=250, every millisecond) is asked of a guest that has said that it understands, and
// of no other: the word comes before its interrupt, and ends a wait. The device is left alone.
#include "test.h"

#define WANTED_HZ 250u
#define ROUNDS 5u
#define SILENT_NS 5000000u

static volatile uint64_t asked;

static void count(unsigned int irq)
{
    asked += irq == LULL_IRQ_TICK;
}

int test_main(void)
{
    volatile struct lull_vcpu_page *page = pages_vcpu();

    test_on_interrupt = count;
    test_sleep(SILENT_NS);
    EXPECT_EQUAL(asked, 0);
    EXPECT_EQUAL(page->tick_hz, 0);
    page->guest_features = ~LULL_GUEST_TICK; // something else
    test_sleep(SILENT_NS);
    EXPECT_EQUAL(asked, 0);

    page->guest_features = LULL_GUEST_TICK;
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        while (asked < round) {
            hypercall_halt();
            irq_disable();
        }
        EXPECT_EQUAL(page->tick_hz, WANTED_HZ);
    }
    page->guest_features = 0;
    asked = 0;
    test_sleep(SILENT_NS);
    EXPECT(asked <= 1);                 // one may have been on its way
    EXPECT_EQUAL(page->timer_count, 3); // the three sleeps
    return TEST_PASSED;
}
