// SPDX-License-Identifier: BSD-2-Clause
// For tests of the run times in the vCPU page.
#pragma once

#include "run_times.h"
#include "test.h"

// Reads the times, and checks that they add up.
static inline struct lull_run_times times_read(void)
{
    struct lull_run_times times;

    run_times_read(&times);
    EXPECT_EQUAL(times.running_ns + times.runnable_ns + times.blocked_ns + times.paused_ns, times.elapsed_ns);
    EXPECT(times.since_ns <= clock_now_ns());
    return times;
}
