// SPDX-License-Identifier: BSD-2-Clause
// Two guests wake by the same interrupt, again and again. Instance 0, which wakes first, computes for most of a slice each
// time; instance 1, which only ever wakes, has had less of the CPU and must not wait for it.
#include "test.h"

#include <lib/time.h>

// What instance 0 has had counts only while it is still ahead of everyone: whoever else computes for long between two steps
// levels the two. So the steps follow each other closely, and leave the witness less than the difference.
#define STEP_NS (13 * NSEC_PER_MSEC)
#define EARLIER_NS (500 * NSEC_PER_USEC) // instance 1 arms so long before, when instance 0 has armed
#define COMPUTE_NS (9 * NSEC_PER_MSEC)
#define PATIENCE_NS NSEC_PER_MSEC
#define ROUNDS 10u

static void sleep_until(uint64_t deadline_ns)
{
    uint64_t before = test_timer_count;

    hypercall_set_deadline(deadline_ns);
    while (test_timer_count == before) {
        hypercall_halt();
        irq_disable();
    }
}

int test_main(void)
{
    uint64_t deadline_ns = (clock_now_ns() / STEP_NS + 2) * STEP_NS;

    for (uint32_t round = 0; round < ROUNDS; round++, deadline_ns += STEP_NS) {
        if (pages_start()->instance != 0)
            sleep_until(deadline_ns - EARLIER_NS);
        sleep_until(deadline_ns);
        if (pages_start()->instance == 0)
            test_spin(COMPUTE_NS);
        else if (round > 0)
            EXPECT(test_timer_ns - deadline_ns < PATIENCE_NS);
    }
    return TEST_PASSED;
}
