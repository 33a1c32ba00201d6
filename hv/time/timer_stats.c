// SPDX-License-Identifier: BSD-2-Clause
// What the timer queues have done: for the monitor. Declared in timer.h.
#include <stddef.h>

#include "time/timer.h"
#include "time/timer_queue.h"
#include "x86/cpu.h"

const struct timer_stats *timer_stats(const struct cpu *cpu)
{
    return &cpu->timers->stats;
}

void timer_stats_all(struct timer_stats *out)
{
    *out = (struct timer_stats){ 0 };
    for (uint32_t i = 0; i < cpu_count; i++) {
        const uint64_t *from = (const uint64_t *)timer_stats(cpu_table[i]);

        for (size_t word = 0; word < sizeof(*out) / sizeof(uint64_t); word++)
            ((uint64_t *)out)[word] += from[word];
    }
}

// Of timers, each the first that an interrupt served.
static uint64_t served(const struct timer_stats *stats)
{
    uint64_t sum = 0;

    for (uint32_t reason = 0; reason < TIMER_REASONS; reason++)
        sum += stats->by_reason[reason];
    return sum;
}

uint64_t timer_stats_interrupts(const struct timer_stats *stats)
{
    return served(stats) + stats->stale + stats->early + stats->range;
}

uint64_t timer_stats_expiries(const struct timer_stats *stats)
{
    return served(stats) + stats->together;
}

const char *timer_reason_name(enum timer_reason reason)
{
    static const char *const names[TIMER_REASONS] = {
        [TIMER_GUEST_EVENT] = "guest event",
        [TIMER_GUEST_PERIOD] = "guest tick",
        [TIMER_GUEST_RUNTIME] = "guest run time",
        [TIMER_GUEST_WATCHDOG] = "guest watchdog",
        [TIMER_SLICE] = "time slice",
        [TIMER_RELEASE] = "deferred events",
        [TIMER_RESTART] = "restart of a guest",
        [TIMER_REAPER] = "memory of ended guests",
        [TIMER_MONITOR] = "monitor",
        [TIMER_SCREEN] = "screen",
    };

    return names[reason];
}
