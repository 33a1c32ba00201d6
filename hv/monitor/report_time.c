// SPDX-License-Identifier: BSD-2-Clause
// What the monitor's commands show about time: the clock, the timer queue, and every interrupt.

#include "monitor/report.h"

#include "core/log.h"
#include "dev/clock_event.h"
#include "lib/time.h"
#include "time/clock.h"
#include "time/cross_check.h"
#include "time/sleep.h"
#include "time/timer.h"
#include "vm/guest.h"
#include "vm/request.h"
#include "vm/time_page.h"
#include "x86/cpu.h"

#define SECONDS_PER_DAY 86400ull

#define ULL(value) ((unsigned long long)(value))

static void print_seconds(const char *before, uint64_t ns)
{
    log_print("%s%llu.%09llu", before, ULL(ns / NSEC_PER_SEC), ULL(ns % NSEC_PER_SEC));
}

// A time relative to now: "+0.001500000", or "-..." where it has passed.
static void print_distance(uint64_t time_ns, uint64_t now_ns)
{
    bool past = time_ns < now_ns;

    print_seconds(past ? "-" : "+", past ? now_ns - time_ns : time_ns - now_ns);
}

// A timer and its place on the wheel.
struct armed {
    struct timer_wheel_node *node;
    uint32_t level, slot;
};

// Keeps the earliest `most` timers in order: puts one in its place among the `count` that are there.
static void insert(struct armed *shown, uint32_t count, uint32_t most, struct armed armed)
{
    uint32_t at = count;

    if (count == most && shown[count - 1].node->expiry_ns <= armed.node->expiry_ns)
        return;
    at -= count == most;
    for (; at > 0 && shown[at - 1].node->expiry_ns > armed.node->expiry_ns; at--)
        shown[at] = shown[at - 1];
    shown[at] = armed;
}

// Time left, deadline, slack, place, owner. A timer with a window stands on the wheel by the end of it.
static void print_timer(const struct armed *armed, uint64_t now_ns)
{
    const struct timer *timer = container_of(armed->node, struct timer, node);
    bool window = timer_wheel_armed(&timer->open);
    uint64_t deadline_ns = window ? timer->open.expiry_ns : timer->node.expiry_ns;

    print_distance(deadline_ns, now_ns);
    print_seconds("  at ", deadline_ns);
    print_seconds("  slack ", timer->node.expiry_ns - deadline_ns);
    if (armed->level == TIMER_WHEEL_LEVELS)
        log_print("  lane        ");
    else
        log_print("  level %u/%-3u ", armed->level, armed->slot);
    log_print(" %s", timer_reason_name(timer->reason));
    if (timer->owner != TIMER_NO_OWNER)
        log_print(", guest %u", timer->owner);
    log_print("\n");
}

static void print_hardware(const struct cpu *cpu, uint64_t now_ns)
{
    uint64_t programmed_ns = timer_programmed_ns(cpu);

    log_print("hardware (%s): ", timer_clock_event()->name);
    if (programmed_ns == TIME_NEVER) {
        log_print("off\n");
        return;
    }
    print_distance(programmed_ns, now_ns);
    print_seconds("  at ", programmed_ns);
    log_print("\n");
}

// The timers of one CPU. It must not change them meanwhile.
static void print_timers(const struct cpu *cpu, uint32_t most)
{
    static struct armed shown[REPORT_TIMERS_MAX];
    const struct timer_wheel *wheel = timer_wheel(cpu);
    const struct timer_stats *stats = timer_stats(cpu);
    const char *broken = timer_wheel_check(wheel);
    struct timer_wheel_cursor cursor = { 0 };
    struct timer_wheel_node *node;
    uint64_t now_ns = clock_now_ns();
    uint32_t count = 0;

    print_hardware(cpu, now_ns);
    while ((node = timer_wheel_walk(wheel, &cursor)) != NULL) {
        insert(shown, count < most ? count : most, most, (struct armed){ node, cursor.level, cursor.slot });
        count++;
    }
    for (uint32_t i = 0; i < count && i < most; i++) {
        log_print("  ");
        print_timer(&shown[i], now_ns);
    }
    if (count > most)
        log_print("  and %u more\n", count - most);
    if (broken == NULL)
        broken = timer_wheel_check(timer_open_wheel(cpu));
    log_print("%u timers armed; the wheel is %s\n", count, broken == NULL ? "sound" : broken);
    log_print("since boot: %llu armed, %llu expired, hardware set %llu times, %llu wake-ups saved by slack\n",
              ULL(stats->arms), ULL(timer_stats_expiries(stats)), ULL(stats->programs), ULL(stats->saved));
}

void report_timers(uint32_t count)
{
    request_hold();
    for (uint32_t i = 0; i < cpu_count; i++) {
        if (cpu_count > 1)
            log_print("CPU %u: ", i);
        print_timers(cpu_table[i], count);
    }
    request_release();
}

static void print_irq(const char *name, uint64_t count)
{
    log_print("%-42s %16llu\n", name, ULL(count));
}

void report_irqs(void)
{
    struct timer_stats stats;
    struct counters counters;

    request_hold(); // the sums and the guests' parts are of one moment
    timer_stats_all(&stats);
    cpu_counters(&counters);
    print_irq("timer", counters.irq_timer);
    for (int reason = 0; reason < TIMER_REASONS; reason++) {
        log_print("  for %-36s %16llu\n", timer_reason_name((enum timer_reason)reason),
                  ULL(stats.by_reason[reason]));
    }
    print_irq("  stale: the deadline had been moved", stats.stale);
    print_irq("  early: the hardware fired too soon", stats.early);
    print_irq("  range: further than the hardware counts", stats.range);
    print_irq("guard of a long sleep, for nothing", counters.irq_guard);
    print_irq("serial line", counters.irq_uart);
    print_irq("local APIC error", counters.irq_lapic_error);
    print_irq("from another CPU", counters.irq_kick);
    print_irq("spurious", counters.irq_spurious);
    print_irq("unexpected vector", counters.irq_unexpected);
    print_irq("all hardware interrupts", counters_hw_interrupts(&counters));
    report_wakeups(stats.by_reason[TIMER_GUEST_EVENT] + stats.by_reason[TIMER_GUEST_PERIOD] +
                       stats.by_reason[TIMER_GUEST_RUNTIME] + stats.by_reason[TIMER_GUEST_WATCHDOG],
                   stats.saved);
    request_release();
}

static bool is_leap_year(uint64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

// Prints seconds since 1970 as a date in the Gregorian calendar. One turn for each year: there are few.
static void print_date(uint64_t seconds)
{
    static const uint64_t month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    uint64_t days = seconds / SECONDS_PER_DAY;
    uint64_t rest = seconds % SECONDS_PER_DAY;
    uint64_t year = 1970;
    unsigned int month = 0;

    while (days >= 365u + is_leap_year(year)) {
        days -= 365u + is_leap_year(year);
        year++;
    }
    while (days >= month_days[month] + (month == 1 && is_leap_year(year))) {
        days -= month_days[month] + (month == 1 && is_leap_year(year));
        month++;
    }
    log_print("%llu-%02u-%02llu %02llu:%02llu:%02llu UTC", ULL(year), month + 1, ULL(days + 1),
              ULL(rest / 3600), ULL(rest / 60 % 60), ULL(rest % 60));
}

static void print_cross_check(void)
{
    uint64_t before_ns = cross_check_error_ns(clock_now_ns());
    struct cross_check look;

    if (!cross_check_look(&look)) {
        log_print("cross-check: there is nothing to check this clock against\n");
        return;
    }
    time_page_update();
    log_print("cross-check: %lld ns ahead of %s in %llu s, at most %llu ns either way are possible\n",
              (long long)look.ahead_ns, look.reference, ULL(look.elapsed_ns / NSEC_PER_SEC),
              ULL(look.bound_ns));
    log_print("error: it was %llu ns at most, is %llu ns now, grows by %llu ns a second; %llu looks found "
              "more than is "
              "possible\n",
              ULL(before_ns), ULL(cross_check_error().error_ns), ULL(cross_check_error().error_ppb),
              ULL(cross_check_violations()));
}

static void print_sleep(void)
{
    static const char *const helps[] = {
        [SLEEP_ALONE] = "by the timer alone",
        [SLEEP_GUARDED] = "long ones guarded",
        [SLEEP_GUARDED_ALL] = "guarded",
        [SLEEP_HANDED_OVER] = "handed over",
    };
    const struct sleep *sleep = cpu_this()->sleep;

    log_print("sleeps: %s; %llu guarded, %llu too far for it, %llu handed over\n", helps[sleep->help],
              ULL(sleep->stats.guarded), ULL(sleep->stats.too_far), ULL(sleep->stats.handed_over));
    log_print("timer interrupts: %llu lost, %llu behind the guard's (in %llu of those sleeps the timer stood "
              "still); %llu useless ones of the guard\n",
              ULL(sleep->stats.lost), ULL(sleep->stats.late), ULL(sleep->stats.stopped),
              ULL(sleep->stats.useless));
}

void report_clock(void)
{
    uint64_t now_ns = clock_now_ns();
    uint64_t wall_s = (clock_wall_base_ns() + now_ns) / NSEC_PER_SEC;

    log_print("clock source %s, clock event %s, up %llu.%09llu s\n", clock_name(), timer_clock_event()->name,
              ULL(now_ns / NSEC_PER_SEC), ULL(now_ns % NSEC_PER_SEC));
    if (clock_wall_base_ns() == 0) {
        log_print("wall clock: unknown\n");
    } else {
        log_print("wall clock: ");
        print_date(wall_s);
        log_print("\n");
    }
    print_cross_check();
    print_sleep();
}
