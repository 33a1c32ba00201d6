// SPDX-License-Identifier: BSD-2-Clause
// Spins beside others on one CPU, and finds that in a whole second it got the part of the CPU that share= says, in
// hundredths of a per cent, to within one per cent of that.
#include "test.h"

#include "times.h"

#include <lib/time.h>

#define WINDOW_NS NSEC_PER_SEC

// How long it had had the CPU at `moment_ns`, which is now or has passed while another had it.
static uint64_t running_ns(uint64_t moment_ns)
{
    struct lull_run_times times = times_read(); // of when it got the CPU last

    return times.running_ns + (moment_ns > times.since_ns ? moment_ns - times.since_ns : 0);
}

static void spin_until(uint64_t moment_ns)
{
    while (clock_now_ns() < moment_ns) {
    }
}

int test_main(void)
{
    uint64_t share = args_u64("share", 10000, 1, 10000);

    hypercall_run_times();
    uint64_t begin_ns = (clock_now_ns() / WINDOW_NS + 1) * WINDOW_NS;
    spin_until(begin_ns);
    uint64_t before_ns = running_ns(begin_ns);
    spin_until(begin_ns + WINDOW_NS);
    uint64_t got = (running_ns(begin_ns + WINDOW_NS) - before_ns) / (WINDOW_NS / 10000);
    console_print("weight: %lu of %lu\n", got, share);
    spin_until(begin_ns + 2 * WINDOW_NS); // so that nobody leaves the others while they measure
    EXPECT(got * 100 >= share * 99 && got * 100 <= share * 101);
    return TEST_PASSED;
}
