// SPDX-License-Identifier: BSD-2-Clause
// Two guests (count=2) spin for the same time on one CPU: each finds in its page that for a good part of it the other
// one had the CPU, and not more of it than it saw its own clock jump. Then it sleeps, and finds that as blocked time. The four
// times always add up. Nothing is written for a guest that has not asked.
#include "times.h"

#include <lib/time.h>

#define SPIN_NS (400 * NSEC_PER_MSEC)
#define SLEEP_NS (30 * NSEC_PER_MSEC)
#define JUMP_NS \
    (3 *        \
     NSEC_PER_USEC) // between two readings of the clock: the guest did not run, or something interrupted it

// Spins; returns the sum of the clock's jumps.
static uint64_t spin(uint64_t end_ns)
{
    uint64_t jumps_ns = 0, last_ns = clock_now_ns();

    while (last_ns < end_ns) {
        uint64_t now_ns = clock_now_ns();

        if (now_ns - last_ns > JUMP_NS)
            jumps_ns += now_ns - last_ns;
        last_ns = now_ns;
    }
    return jumps_ns;
}

int test_main(void)
{
    struct lull_run_times before, after;
    uint64_t jumps_ns, updates, elapsed_ns, runnable_ns;

    test_sleep(SLEEP_NS); // it got the CPU twice by now
    EXPECT_EQUAL(pages_vcpu()->run_times.version, 0);
    hypercall_run_times();
    before = times_read();
    EXPECT(before.version >= 1); // 2 where the other one woke up in between
    EXPECT(before.blocked_ns >= SLEEP_NS);

    jumps_ns = spin(before.since_ns + SPIN_NS);
    hypercall_run_times();
    after = times_read();
    updates = after.version - before.version;
    elapsed_ns = after.elapsed_ns - before.elapsed_ns;
    runnable_ns = after.runnable_ns - before.runnable_ns;
    EXPECT_EQUAL(after.blocked_ns, before.blocked_ns);
    EXPECT_EQUAL(after.paused_ns, 0);
    EXPECT(elapsed_ns >= SPIN_NS);
    EXPECT(runnable_ns >= elapsed_ns / 8 && runnable_ns <= elapsed_ns * 7 / 8); // an emulator may stall
    EXPECT(runnable_ns <= jumps_ns + updates * JUMP_NS);

    test_sleep(SLEEP_NS);
    before = after;
    after = times_read(); // no call: it was brought up to date when it got the CPU
    EXPECT(after.version > before.version);
    EXPECT(after.blocked_ns - before.blocked_ns + (after.runnable_ns - before.runnable_ns) >=
           SLEEP_NS - JUMP_NS);
    EXPECT(after.blocked_ns > before.blocked_ns);
    return TEST_PASSED;
}
