// SPDX-License-Identifier: BSD-2-Clause
// work=demo: a guest that is mostly idle, like most guests: three threads that wake every 200 ms, 500 ms and 1 s
// and compute a little. It needs 5 + 2 + 1 = 8 timer events a second, whatever the tick.
#include "apps.h"

#include "clock.h"
#include "pages.h"
#include "random.h"
#include "thread.h"

#include <lib/time.h>

// So much computing at each wake-up: about ten thousand instructions.
#define ROUNDS 1000

// Instances of one image start their periods at different times, as machines in the field would. So do the threads of
// one guest: all periods are multiples of 100 ms, these phases are not, so no two of its events ever coincide.
#define INSTANCE_PHASE_NS (17 * NSEC_PER_MSEC)
#define JOB_PHASE_NS (31 * NSEC_PER_MSEC)

struct job {
    const char *name;
    uint64_t period_ns;
    uint64_t result; // of the computing, so that the compiler cannot leave it out
};

static struct job jobs[] = {
    { "fast", 200 * NSEC_PER_MSEC, 1 },
    { "middle", 500 * NSEC_PER_MSEC, 2 },
    { "slow", 1000 * NSEC_PER_MSEC, 3 },
};

#define JOBS (sizeof jobs / sizeof jobs[0])

static void compute(volatile uint64_t *result)
{
    uint64_t state = *result;

    for (unsigned int round = 0; round < ROUNDS; round++)
        random_next(&state);
    *result = state;
}

// The period is kept by adding to the deadline, not by sleeping for it, so lateness does not add up.
static void run_job(void *argument)
{
    struct job *job = argument;
    uint64_t phase_ns =
        (pages_start()->instance + 1) * INSTANCE_PHASE_NS + (uint64_t)(job - jobs) * JOB_PHASE_NS;
    uint64_t deadline_ns = clock_now_ns() + phase_ns;

    for (;;) {
        thread_sleep_until(deadline_ns);
        compute(&job->result);
        deadline_ns += job->period_ns;
    }
}

void demo_start(void)
{
    for (unsigned int i = 0; i < JOBS; i++)
        thread_create(jobs[i].name, run_job, &jobs[i]);
}
