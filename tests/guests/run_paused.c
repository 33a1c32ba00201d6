// SPDX-License-Identifier: BSD-2-Clause
// The self-test pauses and resumes this guest all the time (pause=), while it runs, waits for the CPU or sleeps. It learns
// of each pause by a count and finds the time in its run times. Real time goes on: an event that comes due during a pause
// is delivered behind it, late, once and never early, and the pause is named as a cause.
#include "times.h"

#include "random.h"

#include <lib/time.h>

#define PAUSES 20u
#define STEP_NS (2 * NSEC_PER_MSEC)

int test_main(void)
{
    struct lull_run_times last, now;
    uint64_t seed = 1 + pages_start()->instance;
    uint64_t pauses = pages_vcpu()->pauses, late = 0, paused_ns = 0;

    hypercall_run_times();
    last = times_read();
    while (pages_vcpu()->pauses < pauses + PAUSES) {
        uint64_t delay_ns = STEP_NS / 2 + random_next(&seed) % (2 * STEP_NS); // in no step with the pauses
        uint64_t deadline_ns = clock_now_ns() + delay_ns, events = test_timer_count;

        test_sleep(delay_ns);
        EXPECT_EQUAL(test_timer_count, events + 1);
        EXPECT(test_timer_ns >= deadline_ns);
        if (pages_vcpu()->timer_split.injected_ns == pages_vcpu()->timer.injected_ns)
            paused_ns += pages_vcpu()->timer_split.paused_ns;
        late += test_timer_ns - deadline_ns > STEP_NS;
        test_spin(STEP_NS);
        now = times_read();
        EXPECT(now.paused_ns >= last.paused_ns && now.running_ns > last.running_ns);
        last = now;
    }
    EXPECT(late > 0);
    EXPECT(paused_ns > 0 && paused_ns <= now.paused_ns); // of the events, the pauses' part
    EXPECT(now.paused_ns >= PAUSES * STEP_NS);
    return TEST_PASSED;
}
