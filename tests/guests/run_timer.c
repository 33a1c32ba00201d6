// SPDX-License-Identifier: BSD-2-Clause
// The running-time timer counts only while the guest has the CPU. Two guests (count=2) spin: it fires after so much
// running time, never before, while about twice as much time passes on the clock. It stands still while the guest sleeps,
// and the call tells how much the timer that it replaces had left.
#include "times.h"

#include <lib/time.h>

#define RUN_NS (120 * NSEC_PER_MSEC)
#define SLEEP_NS (50 * NSEC_PER_MSEC)
#define MUCH_NS (300 * NSEC_PER_MSEC)
#define LITTLE_NS NSEC_PER_MSEC // for what the guest runs beside what it measures

static uint64_t running_ns(void)
{
    hypercall_run_times();
    return times_read().running_ns;
}

static uint64_t fired_running_ns;

static void note(unsigned int irq)
{
    if (irq == LULL_IRQ_RUNTIME)
        fired_running_ns = running_ns();
}

// The last of the spinning may have been long: an emulator may stall, and the other guest has its slices.
static void test_contended(void)
{
    uint64_t start_running_ns = running_ns(), start_ns = clock_now_ns(), last_ns = start_ns,
             now_ns = start_ns;

    EXPECT_EQUAL(hypercall_set_runtime(RUN_NS), LULL_TIME_NEVER);
    irq_enable();
    while (test_runtime_count == 0) {
        last_ns = now_ns;
        now_ns = clock_now_ns();
    }
    irq_disable();
    now_ns = clock_now_ns();
    EXPECT_EQUAL(test_runtime_count, 1);
    EXPECT(fired_running_ns - start_running_ns >= RUN_NS);
    EXPECT(fired_running_ns - start_running_ns < RUN_NS + (now_ns - last_ns) + LITTLE_NS);
    EXPECT(now_ns - start_ns > RUN_NS + RUN_NS / 4); // twice as much, if nothing stalls
    EXPECT_EQUAL(test_timer_count, 0);
    test_runtime_count = 0;
}

static void test_asleep(void)
{
    uint64_t left_ns;

    EXPECT_EQUAL(hypercall_set_runtime(MUCH_NS), LULL_TIME_NEVER);
    test_sleep(SLEEP_NS);
    EXPECT_EQUAL(test_runtime_count, 0);
    left_ns = hypercall_set_runtime(2 * MUCH_NS);
    EXPECT(left_ns < MUCH_NS && left_ns > MUCH_NS - SLEEP_NS);
    test_sleep(SLEEP_NS);
    left_ns = hypercall_set_runtime(LULL_TIME_NEVER);
    EXPECT(left_ns < 2 * MUCH_NS && left_ns > 2 * MUCH_NS - SLEEP_NS);
    EXPECT_EQUAL(hypercall_set_runtime(LULL_TIME_NEVER), LULL_TIME_NEVER);
    irq_enable();
    test_spin(SLEEP_NS);
    irq_disable();
    EXPECT_EQUAL(test_runtime_count, 0);
}

// At once, and after as long as can be said.
static void test_bounds(void)
{
    EXPECT_EQUAL(hypercall_set_runtime(0), LULL_TIME_NEVER);
    irq_enable();
    while (test_runtime_count == 0) {
    }
    irq_disable();
    EXPECT_EQUAL(test_runtime_count, 1);
    EXPECT_EQUAL(hypercall_set_runtime(UINT64_MAX), LULL_TIME_NEVER);
    EXPECT_EQUAL(hypercall_set_runtime(LULL_TIME_NEVER - 1), LULL_TIME_NEVER);
    EXPECT(hypercall_set_runtime(LULL_TIME_NEVER) > NSEC_PER_SEC);
}

int test_main(void)
{
    test_on_interrupt = note;
    test_contended();
    test_spin(RUN_NS); // until the other one is through
    test_asleep();
    test_bounds();
    return TEST_PASSED;
}
