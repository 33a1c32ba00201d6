// SPDX-License-Identifier: BSD-2-Clause
// The timer queue from the inside, for time/timer.c; and the way to arm a timer as an inline function, for the one
// caller that every guest pays for, vm/vtimer.c. All others use timer.h.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dev/clock_event.h"
#include "lib/timer_wheel.h"
#include "time/clock.h"
#include "time/timer.h"
#include "x86/cpu.h"

struct timer_queue {
    uint64_t programmed_ns; // what the hardware holds; TIME_NEVER: nothing; 0: several timers are expiring
    uint64_t horizon_ns;    // what is before can be set by arm_at(); 0 where the chip has none. It only grows
    struct clock_event *event;
    struct timer_wheel wheel;
    struct timer_wheel open; // the beginnings of windows
    uint64_t windows;        // on the open wheel
    bool on_its_way;         // it had fired already when it was last set to another time, or stopped
    uint64_t clamped_ns; // what was programmed last in place of a head that is out of range; 0: it never was
    uint64_t range_ns;   // how far ahead the hardware can be set, and the clock left unread
    struct timer_stats stats;
};

_Static_assert(offsetof(struct timer_queue, programmed_ns) == 0, "timer_programmed_ns() reads it");

// For the rare paths, which those without a window must not pay for.
#define WINDOWED(condition) __builtin_expect((condition), 0)

static inline bool timer_queue_has_window(const struct timer *timer)
{
    return timer_wheel_armed(&timer->open);
}

// timer_queue_program() for a deadline that is not before the horizon: sees how far that is by now.
void timer_queue_program_slowly(struct timer_queue *queue, uint64_t deadline_ns);

// Set the hardware.
static inline __attribute__((always_inline)) void timer_queue_program(struct timer_queue *queue,
                                                                      uint64_t deadline_ns)
{
    struct clock_event *event = queue->event;

    if (__builtin_expect(deadline_ns >= queue->horizon_ns, 0)) {
        timer_queue_program_slowly(queue, deadline_ns);
        return;
    }
    queue->programmed_ns = deadline_ns;
    queue->stats.programs++;
    event->arm_at(event, clock_tsc_at(deadline_ns));
}

// timer_arm_at(). What is not easy is a call in the last place, so that the rest saves no registers for it.
static inline __attribute__((always_inline)) void timer_queue_arm_at(struct timer *timer,
                                                                     uint64_t deadline_ns)
{
    struct timer_queue *queue = this_cpu->timers;

    if (WINDOWED(timer_queue_has_window(timer)) ||
        __builtin_expect(!timer_wheel_arm_easily(&queue->wheel, &timer->node, deadline_ns), 0)) {
        timer_arm_at(timer, deadline_ns);
        return;
    }
    queue->stats.arms++;
    if (deadline_ns < queue->programmed_ns)
        timer_queue_program(queue, deadline_ns);
}
