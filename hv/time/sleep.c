// SPDX-License-Identifier: BSD-2-Clause
// Guarding and handing over. The model is in sleep.h.
#include "time/sleep.h"

#include <stddef.h>

#include "core/log.h"
#include "dev/clock_event.h"
#include "lib/time.h"
#include "time/clock.h"
#include "time/cross_check.h"
#include "time/timer.h"
#include "x86/vectors.h"

static struct sleep sleeps[CPU_MAX]; // by CPU

void sleep_init(enum sleep_help help, struct clock_event *first, struct clock_event *second)
{
    struct sleep *sleep = &sleeps[cpu_this()->id];

    *sleep = (struct sleep){
        .help = help,
        .first = first,
        .second = second,
        .due_ns = TIME_NEVER,
        .far_ns = help == SLEEP_GUARDED_ALL ? 0 : SLEEP_FAR_NS,
    };
    cpu_this()->sleep = sleep;
}

// Hold the clock against the second counter, if that is due. False: it was not, or there is none.
static bool check_clock(uint64_t now_ns)
{
    static uint64_t checked_ns; // by whichever CPU
    struct cross_check look;
    uint64_t last_ns = __atomic_load_n(&checked_ns, __ATOMIC_RELAXED);

    if (now_ns - last_ns < SLEEP_CHECK_NS)
        return false;
    __atomic_store_n(&checked_ns, now_ns, __ATOMIC_RELAXED);
    return cross_check_look(&look);
}

static uint64_t reach_ns(struct clock_event *event)
{
    uint64_t quiet_ns = event->quiet_ns != NULL ? event->quiet_ns(event) : UINT64_MAX;

    return quiet_ns < event->max_delay_ns ? quiet_ns : event->max_delay_ns;
}

static void guard(struct sleep *sleep, uint64_t programmed_ns, uint64_t delay_ns)
{
    uint64_t distance_ns = SLEEP_GUARD_NS + delay_ns / SLEEP_GUARD_FRACTION;
    uint64_t guard_ns = delay_ns + distance_ns;

    if (guard_ns > reach_ns(sleep->second)) {
        sleep->stats.too_far++;
        return;
    }
    sleep->stats.guarded++;
    sleep->second_used = true;
    sleep->due_ns = programmed_ns + distance_ns / 2;
    if (sleep->stats.late != 0) {
        sleep->begin_ns = clock_now_ns();
        sleep->begin_left_ns = sleep->first->left_ns(sleep->first);
    }
    sleep->second->arm(sleep->second, guard_ns);
}

// At the last moment the first chip's interrupt is as good as there, and to change places would only make a second one.
// If it does not come all the same (it was set late, by an SMI), the second chip serves the queue.
static void hand_over(struct sleep *sleep, uint64_t programmed_ns, uint64_t now_ns)
{
    sleep->second_used = true;
    sleep->changed = programmed_ns >= now_ns + SLEEP_SHALLOW_NS;
    if (sleep->changed) {
        sleep->stats.handed_over++;
        timer_use(sleep->second, false);
    } else {
        sleep->second->arm(sleep->second, 10 * SLEEP_SHALLOW_NS);
    }
}

bool sleep_begin(struct sleep *sleep, uint64_t programmed_ns)
{
    uint64_t now_ns = clock_now_ns();
    bool checked = check_clock(now_ns);

    if (sleep->help == SLEEP_HANDED_OVER) {
        if (programmed_ns != TIME_NEVER)
            hand_over(sleep, programmed_ns, now_ns);
        return checked;
    }
    sleep->near_ns =
        now_ns + sleep->far_ns; // time has moved on: what is near until here takes one comparison
    if (sleep->help != SLEEP_ALONE && programmed_ns > sleep->near_ns && programmed_ns != TIME_NEVER)
        guard(sleep, programmed_ns, programmed_ns - now_ns);
    return checked;
}

// The guard is stopped before anything else: what the CPU does now may take longer than the guard's distance.
void sleep_end(struct sleep *sleep, uint64_t vector)
{
    if (!sleep->second_used)
        return;
    sleep->second_used = false;
    if (vector != VECTOR_GUARD) {
        sleep->begin_ns = 0; // the sleep is over, and the timer's pace was not in question
        sleep->due_ns = TIME_NEVER;
    }
    if (sleep->changed)
        timer_use(sleep->first, vector == VECTOR_HPET || vector == VECTOR_LAPIC_TIMER);
    else
        sleep->second->stop(sleep->second);
}

static void guard_all(struct sleep *sleep)
{
    sleep->far_ns = 0;
    sleep->near_ns = 0;
}

static void count_loss(struct sleep *sleep, uint64_t late_ns)
{
    guard_all(sleep);
    if (sleep->stats.lost++ == 0)
        log_warn("the %s timer has lost an interrupt: a deadline %llu us ago went unserved until the %s, set "
                 "behind it, woke the CPU; clockevent=hpet does without the %s timer",
                 sleep->first->name, (unsigned long long)(late_ns / NSEC_PER_USEC), sleep->second->name,
                 sleep->first->name);
}

// The timer still has to count. Where it was set late that is all; but did it count while the CPU slept?
static void count_late(struct sleep *sleep, uint64_t now_ns, uint64_t left_ns)
{
    uint64_t slept_ns = now_ns - sleep->begin_ns, counted_ns = sleep->begin_left_ns - left_ns;

    sleep->stats.late++;
    if (sleep->begin_ns == 0 || left_ns == 0 || counted_ns >= slept_ns / 2)
        return;
    guard_all(sleep);
    if (sleep->stats.stopped++ == 0)
        log_warn(
            "the %s timer stands still while the CPU sleeps, though the CPU says that it does not (ARAT): in "
            "a sleep of %llu us it has counted %llu us; handover=on lets the %s wake the CPU",
            sleep->first->name, (unsigned long long)(slept_ns / NSEC_PER_USEC),
            (unsigned long long)(counted_ns / NSEC_PER_USEC), sleep->second->name);
}

bool sleep_guard_interrupt(void)
{
    struct sleep *sleep = this_cpu->sleep;
    uint64_t now_ns = clock_now_ns(), programmed_ns = timer_programmed_ns_here();

    // The timer's own interrupt goes first where both are pending: its vector is the higher one. What comes before it
    // is due, or in no guarded sleep, was on its way when the guard of an earlier sleep was stopped: it says nothing
    // of the present deadline.
    if (programmed_ns > now_ns || now_ns < sleep->due_ns) {
        sleep->stats.useless++;
        return false;
    }
    sleep->due_ns = TIME_NEVER;
    uint64_t left_ns = sleep->first->left_ns(sleep->first);
    if (left_ns == TIME_NEVER)
        count_loss(sleep, now_ns - programmed_ns);
    else
        count_late(sleep, now_ns, left_ns);
    if (left_ns == 0)
        return false;                 // it is taken next
    sleep->first->stop(sleep->first); // else it would come once more than the queue needs it
    return true;
}
