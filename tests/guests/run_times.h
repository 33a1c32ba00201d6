// SPDX-License-Identifier: BSD-2-Clause
// For tests of the run times in the vCPU page.
#pragma once

#include "test.h"

// Reads the times as they belong together, and checks that they add up.
static inline struct lull_run_times run_times_read(void)
{
    const volatile struct lull_run_times *page = &pages_vcpu()->run_times;
    struct lull_run_times times;

    do {
        times.version = page->version;
        times.since_ns = page->since_ns;
        times.elapsed_ns = page->elapsed_ns;
        times.running_ns = page->running_ns;
        times.runnable_ns = page->runnable_ns;
        times.blocked_ns = page->blocked_ns;
        times.paused_ns = page->paused_ns;
    } while (times.version != page->version);
    EXPECT_EQUAL(times.running_ns + times.runnable_ns + times.blocked_ns + times.paused_ns, times.elapsed_ns);
    EXPECT(times.since_ns <= clock_now_ns());
    return times;
}
