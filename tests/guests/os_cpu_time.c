// SPDX-License-Identifier: BSD-2-Clause
// Guest OS, CPU times: those of all threads add up to the vCPU's running time to the nanosecond, whatever the threads do
// and whoever steals; one that sleeps has next to none of it, and two that compute have the same.
#include "cpu_time.h"
#include "run_times.h"
#include "slice.h"
#include "test.h"
#include "thread.h"

#include <lib/time.h>

#define SPIN_NS (20 * NSEC_PER_MSEC) // of running time, each

static void compute(void *argument)
{
    (void)argument;
    do
        cpu_time_update();
    while (thread_current()->cpu_ns < SPIN_NS);
}

static void doze(void *argument)
{
    (void)argument;
    for (unsigned int i = 0; i < 20; i++)
        thread_sleep(NSEC_PER_MSEC);
}

// The sum, which must lie between two readings of the running time that are taken round it.
static uint64_t check_sum(void)
{
    uint64_t before_ns, after_ns, sum_ns = 0;

    irq_disable();
    before_ns = cpu_time_running_ns();
    cpu_time_update();
    after_ns = cpu_time_running_ns();
    list_for_each (node, &thread_list)
        sum_ns += container_of(node, struct thread, all)->cpu_ns;
    irq_enable();
    EXPECT(sum_ns >= before_ns);
    EXPECT(sum_ns <= after_ns);
    return sum_ns;
}

// The kernel's reading is the page's.
static void check_reading(void)
{
    struct lull_run_times times;
    uint64_t running_ns;

    hypercall_run_times();
    run_times_read(&times);
    running_ns = cpu_time_running_ns();
    EXPECT(running_ns >= times.running_ns);
    EXPECT(times.running_ns > SPIN_NS);
    EXPECT_EQUAL(times.running_ns + times.runnable_ns + times.blocked_ns + times.paused_ns, times.elapsed_ns);
}

int test_main(void)
{
    struct thread *sleeper, *first, *second;
    uint64_t sum_ns;

    EXPECT_EQUAL(cpu_time_running_ns(), 0);
    cpu_time_start();
    cpu_time_start(); // once is enough
    sum_ns = check_sum();
    sleeper = thread_create("sleeper", doze, NULL);
    first = thread_create("first", compute, NULL);
    second = thread_create("second", compute, NULL);
    for (unsigned int i = 0; i < 30; i++) {
        uint64_t last_ns = sum_ns;

        thread_sleep(NSEC_PER_MSEC);
        sum_ns = check_sum();
        EXPECT(sum_ns > last_ns);
    }
    while (sleeper->state != THREAD_EXITED || first->state != THREAD_EXITED || second->state != THREAD_EXITED)
        thread_sleep(NSEC_PER_MSEC);
    check_sum(); // those who have ended are in it until they are joined
    EXPECT(first->cpu_ns >= SPIN_NS && first->cpu_ns < SPIN_NS + SPIN_NS / 20);
    EXPECT(second->cpu_ns >= SPIN_NS && second->cpu_ns < SPIN_NS + SPIN_NS / 20);
    EXPECT(sleeper->cpu_ns > 0 && sleeper->cpu_ns < SPIN_NS / 20);
    check_reading();
    return TEST_PASSED;
}
