// SPDX-License-Identifier: BSD-2-Clause
// The shell's commands about time: date, uptime, time, timers, ticks.
#include "shell.h"

#include "calendar.h"
#include "clock.h"
#include "console.h"
#include "cpu_time.h"
#include "irq.h"
#include "pages.h"
#include "run_times.h"
#include "tick.h"

#include <lib/time.h>

#define TIMERS_MAX 24u // that `timers` shows

// Arguments for "%lu.%09lu".
#define SECONDS(ns) ((ns) / NSEC_PER_SEC), ((ns) % NSEC_PER_SEC)

int shell_time_date(struct shell *shell, int argc, char *argv[])
{
    uint64_t wall_ns = clock_wall_ns();
    struct calendar date;

    (void)shell, (void)argc, (void)argv;
    if (wall_ns == 0) {
        console_print("the machine does not know the time of day\n");
        return 1;
    }
    calendar_from_ns(wall_ns, &date);
    console_print("%s %u %s %u, %02u:%02u:%02u.%09u UTC\n", calendar_weekday_name(date.weekday), date.day,
                  calendar_month_name(date.month), date.year, date.hour, date.minute, date.second,
                  date.nanosecond);
    return 0;
}

// Programs that run by name have the run times switched on (program.h), so the page is up to date.
uint64_t shell_time_steal_ns(void)
{
    struct lull_run_times times;

    run_times_read(&times);
    return times.runnable_ns;
}

int shell_time_uptime(struct shell *shell, int argc, char *argv[])
{
    struct lull_run_times times;
    uint64_t now_ns, lately_ns;

    (void)shell, (void)argc, (void)argv;
    run_times_read(&times);
    now_ns = clock_now_ns();
    lately_ns = now_ns - times.since_ns;
    console_print("guest %u (%s) %lu.%09lu s, machine %lu.%09lu s\n", pages_start()->guest_id,
                  pages_start()->name, SECONDS(times.elapsed_ns + lately_ns), SECONDS(now_ns));
    console_print("CPU %lu.%09lu s, steal %lu.%09lu s, blocked %lu.%09lu s, paused %lu.%09lu s\n",
                  SECONDS(times.running_ns + lately_ns), SECONDS(times.runnable_ns),
                  SECONDS(times.blocked_ns), SECONDS(times.paused_ns));
    return 0;
}

// ---- time --------------------------------------------------------------------------------------------------------------

// What the shell's own thread has used.
static uint64_t own_ns(void)
{
    cpu_time_update();
    return thread_current()->cpu_ns;
}

int shell_time_measure(struct shell *shell, int argc, char *argv[])
{
    uint64_t real_ns, cpu_ns, steal_ns;
    int status;

    shell->program_ns = 0;
    real_ns = clock_now_ns();
    steal_ns = shell_time_steal_ns();
    cpu_ns = own_ns();
    status = shell_obey(shell, argc - 1, argv + 1);
    cpu_ns = own_ns() - cpu_ns + shell->program_ns;
    steal_ns = shell_time_steal_ns() - steal_ns;
    real_ns = clock_now_ns() - real_ns;
    console_print("real %lu.%09lu s, CPU %lu.%09lu s, steal %lu.%09lu s\n", SECONDS(real_ns), SECONDS(cpu_ns),
                  SECONDS(steal_ns));
    return status;
}

// ---- timers ------------------------------------------------------------------------------------------------------------

struct armed {
    const struct timer *timer;
    uint64_t deadline_ns, slack_ns;
};

// Copies the earliest deadlines, in order, and returns how many timers are armed.
static size_t collect(struct armed earliest[TIMERS_MAX])
{
    struct timer_wheel_cursor cursor = { 0 };
    struct timer_wheel_node *node;
    size_t count = 0;
    bool enabled = irq_save();

    while ((node = timer_wheel_walk(timer_armed(), &cursor)) != NULL) {
        const struct timer *timer = container_of(node, struct timer, node);
        struct armed one = { timer, timer_deadline_ns(timer), timer->slack_ns };
        size_t at = count < TIMERS_MAX ? count : TIMERS_MAX;

        for (; at > 0 && earliest[at - 1].deadline_ns > one.deadline_ns; at--)
            if (at < TIMERS_MAX)
                earliest[at] = earliest[at - 1];
        if (at < TIMERS_MAX)
            earliest[at] = one;
        count++;
    }
    irq_restore(enabled);
    return count;
}

// The thread that the timer wakes, or null.
static const struct thread *sleeper(const struct timer *timer)
{
    list_for_each (node, &thread_list) {
        const struct thread *thread = container_of(node, struct thread, all);

        if (&thread->wake == timer)
            return thread;
    }
    return NULL;
}

int shell_time_timers(struct shell *shell, int argc, char *argv[])
{
    struct armed earliest[TIMERS_MAX];
    size_t count = collect(earliest);
    uint64_t now_ns = clock_now_ns();

    (void)shell, (void)argc, (void)argv;
    if (clock_event_is_periodic())
        console_print("this guest ticks: timers are looked at when it does\n");
    for (size_t i = 0; i < count && i < TIMERS_MAX; i++) {
        const struct armed *one = &earliest[i];
        bool late = one->deadline_ns < now_ns;
        uint64_t away_ns = late ? now_ns - one->deadline_ns : one->deadline_ns - now_ns;
        const struct thread *thread = sleeper(one->timer);

        console_print("  %c%lu.%09lu s  at %lu.%09lu  slack %lu.%09lu  %s %s\n", late ? '-' : '+',
                      SECONDS(away_ns), SECONDS(one->deadline_ns), SECONDS(one->slack_ns),
                      thread != NULL ? "thread" : "a callback", thread != NULL ? thread->name : "");
    }
    console_print("%lu timers armed%s\n", count, count > TIMERS_MAX ? "; these are the earliest" : "");
    return 0;
}

// ---- ticks -------------------------------------------------------------------------------------------------------------

void shell_time_look(struct shell_ticks *ticks)
{
    ticks->now_ns = clock_now_ns();
    ticks->events = pages_vcpu()->timer_count;
    ticks->missed = pages_vcpu()->timer_missed;
    ticks->timers = *timer_counts();
    ticks->traps = *clock_event_traps();
}

int shell_time_ticks(struct shell *shell, int argc, char *argv[])
{
    struct shell_ticks before = shell->ticks, *now = &shell->ticks;
    uint64_t elapsed_ns, elapsed_us, events, tenths;

    (void)argc, (void)argv;
    shell_time_look(now);
    elapsed_ns = now->now_ns - before.now_ns;
    elapsed_us = elapsed_ns / NSEC_PER_USEC + 1;
    events = now->events - before.events;
    tenths = (events * 10 * (NSEC_PER_SEC / NSEC_PER_USEC) + elapsed_us / 2) / elapsed_us;
    console_print("in %lu.%09lu s: %lu timer events (%lu.%lu a second), %lu missed; %s\n",
                  SECONDS(elapsed_ns), events, tenths / 10, tenths % 10, now->missed - before.missed,
                  clock_event_is_periodic() ? "ticking" : "tickless");
    console_print("timers: %lu armed, %lu cancelled, %lu expired; traps: %lu to arm, %lu to wait\n",
                  now->timers.arms - before.timers.arms, now->timers.cancels - before.timers.cancels,
                  now->timers.expiries - before.timers.expiries,
                  now->traps.set_clockevent + now->traps.set_deadline - before.traps.set_clockevent -
                      before.traps.set_deadline,
                  now->traps.halt + now->traps.block - before.traps.halt - before.traps.block);
    return 0;
}
