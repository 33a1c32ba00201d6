// SPDX-License-Identifier: BSD-2-Clause
// Time without the CPU saves up no claim to it. Instance 0 computes for a fifth of a second, alone, and sleeps for a moment;
// instance 1 sleeps until then and computes as long. Then instance 0 computes again, with instance 1, and then sleeps and
// wakes beside it. Neither may keep the other off the CPU for more than some slices.
#include "test.h"

#include <lib/time.h>

#define ALONE_NS (200 * NSEC_PER_MSEC)
#define NAP_NS (20 * NSEC_PER_MSEC)
#define TOGETHER_NS (100 * NSEC_PER_MSEC)
#define PATIENCE_NS (50 * NSEC_PER_MSEC) // slices are 10 ms, and there may be a third guest

// Computes for a while and returns the longest time in which it did not get on.
static uint64_t compute(uint64_t duration_ns)
{
    uint64_t start_ns = clock_now_ns(), last_ns = start_ns, longest_ns = 0;

    while (last_ns - start_ns < duration_ns) {
        uint64_t now_ns = clock_now_ns();

        if (now_ns - last_ns > longest_ns)
            longest_ns = now_ns - last_ns;
        last_ns = now_ns;
    }
    return longest_ns;
}

// Sleeps for a moment and returns how late it woke up.
static uint64_t nap(void)
{
    uint64_t start_ns = clock_now_ns();

    test_sleep(NAP_NS);
    return test_timer_ns - start_ns - NAP_NS;
}

int test_main(void)
{
    if (pages_start()->instance == 1) {
        test_sleep(ALONE_NS + NAP_NS / 2);
        EXPECT(compute(ALONE_NS) < PATIENCE_NS);
        return TEST_PASSED;
    }
    compute(ALONE_NS);
    EXPECT(nap() < PATIENCE_NS);
    EXPECT(compute(TOGETHER_NS) < PATIENCE_NS);
    EXPECT(nap() < PATIENCE_NS);
    return TEST_PASSED;
}
