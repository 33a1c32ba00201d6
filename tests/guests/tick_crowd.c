// SPDX-License-Identifier: BSD-2-Clause
// All but instance 0 ask for the shortest period, mask its interrupt and halt until a bell rings. Instance 0 computes
// and must hardly notice; then it rings. Those who slept find one interrupt and a count of all that they missed.
#include "test.h"

#include <lib/time.h>

#define PERIOD_NS (10 * NSEC_PER_USEC)
#define COMPUTE_NS (20 * NSEC_PER_MSEC)
#define START_NS (50 * NSEC_PER_MSEC) // longer than all of them need to start
#define PERCENT_LEFT 90u

static uint64_t compute(void)
{
    uint64_t start_ns = clock_now_ns(), rounds = 0;

    while (clock_now_ns() - start_ns < COMPUTE_NS)
        rounds++;
    return rounds;
}

static uint64_t periods_since(uint64_t start_ns)
{
    return (clock_now_ns() - start_ns) / PERIOD_NS;
}

static void tick(void)
{
    test_sleep(START_NS);
    pages_vcpu()->mask = 1ull << LULL_IRQ_TIMER;
    // The others start too, so the CPU may go elsewhere before and after the call.
    uint64_t before_ns = clock_now_ns();
    EXPECT_EQUAL(hypercall_set_periodic(PERIOD_NS), LULL_OK);
    uint64_t after_ns = clock_now_ns();
    while (test_doorbell_count == 0) {
        hypercall_halt();
        irq_disable();
    }
    uint64_t passed = periods_since(after_ns);
    test_spin(3 * PERIOD_NS); // the tick of the present moment may still be on its way
    uint64_t counted =
        pages_vcpu()->timer_count + pages_vcpu()->timer_missed - 1; // without the one of test_sleep()
    EXPECT(counted >= passed);
    EXPECT(counted <= periods_since(before_ns));
}

int test_main(void)
{
    uint64_t guests = args_u64("guests", 2, 2, 64);

    if (pages_start()->instance != 0) {
        tick();
        return TEST_PASSED;
    }
    test_sleep(START_NS / 2);
    uint64_t alone = compute();
    test_sleep(START_NS);
    uint64_t beside = compute();
    for (uint64_t i = 1; i < guests; i++)
        hypercall_doorbell(pages_start()->guest_id + i);
    console_print("%lu rounds alone, %lu beside the ticks\n", alone, beside);
    EXPECT(beside * 100 >= alone * PERCENT_LEFT);
    return TEST_PASSED;
}
