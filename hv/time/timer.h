// SPDX-License-Identifier: BSD-2-Clause
// The timer queue: every deadline of this CPU on one wheel, and one hardware timer set to the earliest.
//
// Who calls in: vm/vtimer.c for guests' events, vm/sched.c for time slices, monitor/ for its own.
// Who is called: lib/timer_wheel.h keeps the order, the clock_event of this CPU makes the interrupt, a
// timer's expire() says what it is for.
//
// The hardware is set at three moments only:
//   - a timer is armed earlier than what the hardware holds: at once;
//   - the interrupt has come: for the new earliest deadline, before the one timer that was due expires, or after all
//     of several;
//   - the CPU goes idle (timer_settle): to the exact earliest deadline, or switched off.
// Cancelling the earliest timer, or moving it later, leaves the hardware alone while the CPU is busy:
// the interrupt that comes too soon then finds nothing due (counted as `stale`) and sets the next one.
//
// Example, hardware free, now = 1000: arm(A, 5000) sets the hardware to 5000; arm(B, 9000) only puts B on
// the wheel; arm(A, 12000) moves A on the wheel; at 5000 the interrupt finds nothing due and sets 9000.
//
// Slack: a timer may have a window, [deadline, deadline + slack], at any instant of which it may expire. On the wheel
// is its end. A second wheel, the open wheel, holds the windows by their beginnings. Whenever the CPU is awake at one
// of the moments above (an interrupt of the timer has come, or it is about to go idle), every window that is open is
// served. The hardware is set for the earliest end, which is the fewest wake-ups that meet all windows: until then
// nobody needs one, and the one whose end it is needs it no later (the greedy rule for stabbing intervals).
//
// Example: A may expire in [10, 14], B in [12, 20], C in [13, 13]. The hardware holds 13: C expires there, and A and B
// with it, since their windows are open. Two wake-ups are saved.
//
// Lateness is data: an interrupt that is late is never an error, a deadline that has passed when it is
// armed fires at once, through the same interrupt as every other.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/timer_wheel.h"
#include "x86/cpu.h"

struct clock_event;
struct cpu;

// Why a timer exists. Hardware interrupts are attributed to the reason of the first timer they serve.
enum timer_reason {
    TIMER_GUEST_EVENT,    // a guest asked for a one-shot event
    TIMER_GUEST_PERIOD,   // a guest asked for a tick
    TIMER_GUEST_RUNTIME,  // a guest asked for an event after some time of its own running
    TIMER_GUEST_WATCHDOG, // a guest asked to be ended if it does not ask again
    TIMER_SLICE,          // two vCPUs want this CPU
    TIMER_RELEASE,        // events of guests are deferred, or their rings stall (vm/storm.h)
    TIMER_RESTART,        // a guest that has ended is made again
    TIMER_REAPER,         // the memory of guests that have ended is given back
    TIMER_MONITOR,        // the monitor, the demonstration, the self-test
    TIMER_SCREEN,         // the log is painted on the screen
    TIMER_REASONS,
};

#define TIMER_NO_OWNER UINT32_MAX

struct timer {
    struct timer_wheel_node node; // the latest time
    struct timer_wheel_node
        open; // the earliest time, where it has a window; else its expiry_ns is TIME_NEVER
    // Called once per expiry, on the CPU the timer is queued on, interrupts off, the timer no longer armed.
    // May arm and cancel any timer, this one too. `now_ns` is when the queue looked, at or after the deadline.
    void (*expire)(struct timer *timer, uint64_t now_ns);
    void (*serve)(struct timer *timer, uint64_t now_ns); // what timer_trace_expire() calls
    enum timer_reason reason;
    uint32_t owner;      // guest id, or TIMER_NO_OWNER
    uint64_t interrupts; // hardware interrupts that are attributed to it
    uint64_t saved;      // its part of stats.saved
};

// What the queue has done since boot.
struct timer_stats {
    uint64_t arms;                     // timer_arm() calls
    uint64_t programs;                 // times the hardware was set
    uint64_t by_reason[TIMER_REASONS]; // interrupts that served at least one timer, by the first one's reason
    uint64_t stale;                    // interrupts for a deadline that had been cancelled or moved
    uint64_t early;                    // the hardware fired before the time it was set to; it was set again
    uint64_t range;                    // the deadline was further away than the hardware can count
    uint64_t together; // timers that expired in an interrupt that is counted for another, or without one
    uint64_t saved;    // those of them that expired before the end of their window
};

// Hardware interrupts taken, and timers expired.
uint64_t timer_stats_interrupts(const struct timer_stats *stats);
uint64_t timer_stats_expiries(const struct timer_stats *stats);

// Make a queue for a CPU. False if memory is out. Boot CPU, once for each CPU, interrupts off, clock running.
bool timer_prepare(struct cpu *cpu);

// Use `event` for this CPU's queue. Once at each CPU's start, after timer_prepare(), interrupts off.
void timer_init(struct clock_event *event);

// Make a timer that is not armed.
void timer_setup(struct timer *timer, enum timer_reason reason, uint32_t owner,
                 void (*expire)(struct timer *timer, uint64_t now_ns));

// Arm or move a timer: it expires at the first instant at or after `deadline_ns`, which is not TIME_NEVER.
// Context for this and all below: the queue's CPU, interrupts off.
void timer_arm_at(struct timer *timer, uint64_t deadline_ns);

// Arm or move a timer with a window: it expires at an instant of [deadline_ns, deadline_ns + slack_ns], by preference
// when the CPU is awake for another reason. A sum of 2^64 - 1 or more has no end: such a timer is served only in
// passing, and makes no interrupt. slack_ns 0 and deadline_ns TIME_NEVER: as timer_arm().
void timer_arm_window(struct timer *timer, uint64_t deadline_ns, uint64_t slack_ns);

// The earliest time at which a timer that is armed, or is expiring, may expire: its deadline.
static inline uint64_t timer_deadline_ns(const struct timer *timer)
{
    return timer->open.expiry_ns < timer->node.expiry_ns ? timer->open.expiry_ns : timer->node.expiry_ns;
}

// Disarm; nothing happens if it is not armed.
void timer_cancel(struct timer *timer);

// As timer_arm_at(); TIME_NEVER: as timer_cancel().
static inline void timer_arm(struct timer *timer, uint64_t deadline_ns)
{
    if (deadline_ns == TIME_NEVER)
        timer_cancel(timer);
    else
        timer_arm_at(timer, deadline_ns);
}

// What is kept of a timer while it is on its way from one CPU's queue to another's.
struct timer_held {
    uint64_t deadline_ns, slack_ns; // TIME_NEVER: it was not armed
};

// Take a timer off this CPU's queue, and put it on another's, as it was. A timer that is not armed keeps the time that
// it expired at. Context: the first on the old CPU, the second on the new one.
void timer_leave(struct timer *timer, struct timer_held *held);
void timer_enter(struct timer *timer, const struct timer_held *held);

// A timer with a window that has no end does not count.
static inline bool timer_armed(const struct timer *timer)
{
    return timer_wheel_armed(&timer->node);
}

// Serve the hardware timer's interrupt: expire what is due (a bounded number, the rest follows at once
// by another interrupt), then set the hardware for the next deadline.
void timer_interrupt(void);

// Acknowledge the interrupt in a chip that wants it, before timer_interrupt(). Local APIC timers do not.
void timer_acknowledge(void);

// The CPU is about to halt: serve the windows that are open (a bounded number), and make the hardware hold exactly the
// earliest deadline, or nothing. Timers may expire in this call, so look again whether there is work before the halt.
// Returns what the hardware holds, as timer_programmed_ns().
uint64_t timer_settle(void);

// Let another chip make this CPU's interrupts; the old one is stopped. `interrupted`: an interrupt of either was taken,
// and timer_interrupt() follows, so the new one is not set here. No timer expires in this call.
void timer_use(struct clock_event *event, bool interrupted);

// What a CPU's hardware is set to; TIME_NEVER: nothing; 0 inside an expire() of several. The
// queue begins with it. The second is for this CPU.
static inline uint64_t timer_programmed_ns(const struct cpu *cpu)
{
    return *(const uint64_t *)cpu->timers;
}

static inline uint64_t timer_programmed_ns_here(void)
{
    return *(const uint64_t *)this_cpu->timers;
}

// For the monitor. What stands still of another CPU only while that is held (vm/request.h) are the wheels.
const struct timer_stats *timer_stats(const struct cpu *cpu);
void timer_stats_all(struct timer_stats *out); // of all CPUs, added up
const struct clock_event *timer_clock_event(void);
const struct timer_wheel *timer_wheel(const struct cpu *cpu);
const struct timer_wheel *timer_open_wheel(const struct cpu *cpu);
const char *timer_reason_name(enum timer_reason reason);

// expire() of all timers but guests' events: records it, while that is traced (core/trace.h), and calls serve(). For
// guests' events, whose way is measured to the instruction, vm/vtimer.h does it.
void timer_trace_expire(struct timer *timer, uint64_t now_ns);
