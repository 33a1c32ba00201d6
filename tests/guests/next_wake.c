// SPDX-License-Identifier: BSD-2-Clause
// Two instances (count=2). The second has an event at each multiple of 10 ms of the clock, and nothing else. The first finds in
// its page that the CPU will be awake by then, aligns an event with that, and gets it without the CPU waking twice.
#include "test.h"

#include <lib/bits.h>
#include <lib/time.h>

#define STEP_NS (10 * NSEC_PER_MSEC)
#define ROUNDS 20u
#define LAST_ROUNDS (ROUNDS + 40)

static uint64_t next_multiple(uint64_t time_ns)
{
    return (time_ns / STEP_NS + 1) * STEP_NS;
}

static int beat(void)
{
    for (unsigned int i = 0; i < LAST_ROUNDS; i++) {
        uint64_t deadline_ns = next_multiple(clock_now_ns());

        EXPECT_EQUAL(hypercall_block(deadline_ns, 0), LULL_WOKE_TIMEOUT);
        EXPECT(pages_vcpu()->block.woke_ns >= deadline_ns);
    }
    return TEST_PASSED;
}

// After every call and interrupt that brings the word up to date it must name the beat, or something earlier.
static void expect_near(uint64_t before_ns)
{
    EXPECT(pages_vcpu()->next_wake_ns <= next_multiple(before_ns));
}

int test_main(void)
{
    volatile struct lull_vcpu_page *page = pages_vcpu();
    uint64_t wake_ns;

    if (pages_start()->instance != 0)
        return beat();
    hypercall_block(next_multiple(clock_now_ns()) + STEP_NS / 2, 0); // the other one beats
    for (unsigned int i = 0; i < ROUNDS; i++) {
        uint64_t before_ns = clock_now_ns();

        hypercall_set_deadline(clock_now_ns() + 100 * NSEC_PER_SEC);
        expect_near(before_ns);
        wake_ns = page->next_wake_ns;
        hypercall_set_deadline(LULL_TIME_NEVER);
        expect_near(before_ns);

        EXPECT_EQUAL(hypercall_block(wake_ns, 0), LULL_WOKE_TIMEOUT);
        EXPECT(page->block.woke_ns >= wake_ns);
        test_sleep(STEP_NS / 4); // an upcall: between two beats
        expect_near(page->timer.injected_ns);
        hypercall_block(clock_now_ns() + STEP_NS / 4, 0);
        expect_near(page->block.woke_ns);
    }
    return TEST_PASSED;
}
