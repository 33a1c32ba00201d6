// SPDX-License-Identifier: BSD-2-Clause
// An honest guest whose lateness is measured while others storm (storm). From start= after its beginning on (20 ms
// unless given) it sleeps for random times of up to sleep= (200 us), for for= of the machine's time (100 ms), and
// computes for work= in between (nothing). It says how late it woke, and fails if the 99.9th percentile of that is more
// than p999=.
#include "test.h"

#include "random.h"

#include <lib/histogram.h>
#include <lib/time.h>

static struct histogram lateness;

static uint64_t sleep_once(uint64_t delay_ns)
{
    uint64_t deadline_ns = clock_now_ns() + delay_ns;

    hypercall_set_deadline(deadline_ns);
    for (test_timer_count = 0; test_timer_count == 0;) {
        hypercall_halt();
        irq_disable();
    }
    EXPECT(test_timer_ns >= deadline_ns);
    return test_timer_ns - deadline_ns;
}

int test_main(void)
{
    uint64_t for_ns = args_duration_ns("for", 100 * NSEC_PER_MSEC, 1, TIME_NEVER / 2);
    uint64_t start_ns = args_duration_ns("start", 20 * NSEC_PER_MSEC, 1, TIME_NEVER / 2);
    uint64_t sleep_max_ns = args_duration_ns("sleep", 200 * NSEC_PER_USEC, 1, NSEC_PER_SEC);
    uint64_t work_ns = args_duration_ns("work", 0, 0, NSEC_PER_SEC);
    uint64_t p999_ns = args_duration_ns("p999", TIME_NEVER, 0, TIME_NEVER);
    uint64_t seed = 1;

    histogram_reset(&lateness);
    sleep_once(start_ns);
    for (uint64_t end_ns = clock_now_ns() + for_ns; clock_now_ns() < end_ns;) {
        histogram_add(&lateness, sleep_once(1 + random_next(&seed) % sleep_max_ns));
        test_spin(work_ns);
    }
    console_print("neighbour: %lu events, %lu rings, late by p50 %lu p99 %lu p999 %lu max %lu ns\n",
                  lateness.count, test_doorbell_count, histogram_quantile(&lateness, 500),
                  histogram_quantile(&lateness, 990), histogram_quantile(&lateness, 999), lateness.max_ns);
    EXPECT(histogram_quantile(&lateness, 999) <= p999_ns);
    return TEST_PASSED;
}
