// SPDX-License-Identifier: BSD-2-Clause
// work=random: arms one-shot timers with random delays and looks, in each handler, whether it came too early.
// Exits with 0 when none did and with 1 otherwise.
#include "apps.h"

#include "args.h"
#include "clock.h"
#include "console.h"
#include "hypercall.h"
#include "memory.h"
#include "pages.h"
#include "random.h"
#include "run_times.h"
#include "timer.h"

#include <lib/histogram.h>
#include <lib/time.h>

#define TIMERS_MAX 64u

static struct histogram *lateness;
static uint64_t events, early, wanted, seed;
static unsigned int bits;

static _Noreturn void finish(void)
{
    uint64_t mean_ns = lateness->count != 0 ? lateness->sum_ns / lateness->count : 0;
    struct lull_run_times times;

    hypercall_run_times();
    run_times_read(&times);
    console_print("%lu one-shots, %lu early, late by min %lu median %lu mean %lu p99 %lu max %lu ns\n",
                  events, early, lateness->count != 0 ? lateness->min_ns : 0,
                  histogram_quantile(lateness, 500), mean_ns, histogram_quantile(lateness, 990),
                  lateness->max_ns);
    console_print(
        "@json random {\"guest\": %u, \"events\": %lu, \"early\": %lu, \"lateness_ns\": {\"min\": %lu, "
        "\"median\": %lu, \"mean\": %lu, \"p99\": %lu, \"max\": %lu}, "
        "\"run_times_ns\": {\"elapsed\": %lu, \"running\": %lu, \"runnable\": %lu, \"blocked\": %lu, "
        "\"paused\": "
        "%lu}}\n",
        pages_start()->guest_id, events, early, lateness->count != 0 ? lateness->min_ns : 0,
        histogram_quantile(lateness, 500), mean_ns, histogram_quantile(lateness, 990), lateness->max_ns,
        times.elapsed_ns, times.running_ns, times.runnable_ns, times.blocked_ns, times.paused_ns);
    hypercall_exit(early != 0);
}

static void arm_again(struct timer *timer)
{
    timer_arm(timer, clock_now_ns() + random_log(&seed, bits));
}

static void expired(struct timer *timer)
{
    uint64_t now_ns = clock_now_ns();
    uint64_t deadline_ns = timer_deadline_ns(timer);

    events++;
    if (now_ns < deadline_ns) {
        early++;
        console_print("early by %lu ns: deadline %lu, clock %lu\n", deadline_ns - now_ns, deadline_ns,
                      now_ns);
    } else {
        histogram_add(lateness, now_ns - deadline_ns);
    }
    if (events == wanted)
        finish();
    arm_again(timer);
}

void random_start(void)
{
    unsigned int count = (unsigned int)args_u64("timers", 4, 1, TIMERS_MAX);
    struct timer *timers = memory_take(count * sizeof *timers);

    wanted = args_u64("n", 10000, 1, UINT64_MAX);
    bits = (unsigned int)args_u64("bits", 22, 0, 40); // 2^22 ns are about 4 ms
    seed = args_u64("seed", 1, 1, UINT64_MAX) + UINT64_C(0x9e3779b97f4a7c15) * (pages_start()->guest_id + 1);
    lateness = memory_take(sizeof *lateness);
    histogram_reset(lateness);
    for (unsigned int i = 0; i < count; i++) {
        timer_setup(&timers[i], expired);
        arm_again(&timers[i]);
    }
}
