// SPDX-License-Identifier: BSD-2-Clause
// An honest guest that computes while others storm (storm), from start= after its beginning on (20 ms unless given), for
// for= of the machine's time (100 ms). It says how much it has got done, in thousandths of what it would have if it had
// had the CPU to itself all the time, and how many interrupts its CPU has taken meanwhile.
#include "test.h"

#include <lib/time.h>

#define ROUNDS 100u

// The same number of instructions each time. Some microseconds, so most turns are interrupted by nobody.
static void turn(void)
{
    for (volatile unsigned int i = 0; i < ROUNDS; i++) {
    }
}

static uint64_t interrupts(void)
{
    struct lull_counters counters;

    EXPECT_EQUAL(hypercall_counters(&counters), LULL_OK);
    return counters.hw_interrupts;
}

int test_main(void)
{
    uint64_t for_ns = args_duration_ns("for", 100 * NSEC_PER_MSEC, 1, TIME_NEVER / 2);
    uint64_t start_ns = args_duration_ns("start", 20 * NSEC_PER_MSEC, 0, TIME_NEVER / 2);
    uint64_t shortest_ns = TIME_NEVER, turns = 0, interrupts_before, begin_ns, before_ns, now_ns;

    test_spin(start_ns);
    interrupts_before = interrupts();
    begin_ns = now_ns = clock_now_ns();
    do {
        before_ns = now_ns;
        turn();
        now_ns = clock_now_ns();
        if (now_ns - before_ns < shortest_ns)
            shortest_ns = now_ns - before_ns;
        turns++;
    } while (now_ns - begin_ns < for_ns);
    console_print("computing: %lu turns of %lu ns, %lu of 1000, %lu interrupts in %lu us\n", turns,
                  shortest_ns, turns * shortest_ns * 1000 / (now_ns - begin_ns),
                  interrupts() - interrupts_before, (now_ns - begin_ns) / NSEC_PER_USEC);
    return TEST_PASSED;
}
