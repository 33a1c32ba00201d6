// SPDX-License-Identifier: BSD-2-Clause
// The guest's timers: any number of deadlines on one clock event device.
//
// The model: armed timers are in a wheel (lib/timer_wheel.h) that always knows the earliest one. The device holds
// a deadline that is never later than that one while a thread runs. Arming something earlier moves the device at once.
// Cancelling does not: the deadline that has become needless is corrected when the guest waits (timer_idle), and
// a timeout that is armed and cancelled while the guest runs costs no hypercall beyond its first. A thread that arms
// a timer and then blocks arms it quietly: who gets the CPU next sets the device, and if nobody does, the wait itself.
//
// With arm=call all this is as it was in 2007: the device holds the earliest timer at every moment, and each time that
// another one becomes the earliest, by arming, cancelling or expiring, is a hypercall.
//
// A timer may have a slack: it expires at any time from its deadline until so much later, whenever the guest is awake or the
// hypervisor can serve it together with other guests. The wheel orders timers by the end of that window. At an expiry
// they are taken out from the earliest end on, as long as their deadlines have come; the device gets the window of
// the first that is left.
//
// With the classic tick (tick.h) the device is not touched at all: every tick looks into the wheel.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <lib/timer_wheel.h>

struct timer {
    struct timer_wheel_node node; // node.expiry_ns is the latest time
    uint64_t slack_ns;
    void (*expired)(struct timer *timer);
};

void timer_init(void);

// Prepares a timer. `expired` is called once for each arming, at or after the deadline and never before it, with
// interrupts off; it may arm and cancel any timer.
void timer_setup(struct timer *timer, void (*expired)(struct timer *timer));

// Arms the timer, or moves it if it is armed. deadline_ns is absolute; one in the past expires at once (from the
// interrupt that follows, not inside this call). Any context.
void timer_arm(struct timer *timer, uint64_t deadline_ns);

// The same at any time from deadline_ns until slack_ns later, of which the sum saturates.
void timer_arm_slack(struct timer *timer, uint64_t deadline_ns, uint64_t slack_ns);

// As timer_arm_slack(), but the device is left alone, unless with arm=call. Interrupts off from before until the caller
// gives the CPU away (thread.c).
void timer_arm_quietly(struct timer *timer, uint64_t deadline_ns, uint64_t slack_ns);

// The deadline that the timer was armed with last, also in its callback.
static inline uint64_t timer_deadline_ns(const struct timer *timer)
{
    return timer->node.expiry_ns - timer->slack_ns;
}

static inline bool timer_is_armed(const struct timer *timer)
{
    return timer_wheel_armed(&timer->node);
}

// Disarms the timer; nothing happens when it is not armed. Any context.
void timer_cancel(struct timer *timer);

// Expires everything that is due. Interrupts off.
void timer_expire_due(void);

// The one-shot interrupt: expires what is due and asks for the next. Interrupts off.
void timer_interrupt(void);

// Makes the device hold exactly the window of the first timer, before something runs that may take long. Interrupts off.
void timer_set_device(void);

// The end of the first timer's window; TIME_NEVER: none is armed. Interrupts off.
uint64_t timer_first_end_ns(void);

// Waits for the first timer or an interrupt, and expires what is due. Returns the interrupts that the caller must serve now, a
// bit for each. Interrupts off before; after a halt (clock_event.h) they are on, and all are served.
uint64_t timer_idle(void);

// The wheel of what is armed, to be looked at with interrupts off (timer_wheel_walk).
const struct timer_wheel *timer_armed(void);

// What was asked of timers so far.
struct timer_counts {
    uint64_t arms;    // moves included
    uint64_t cancels; // of armed timers
    uint64_t expiries;
};

const struct timer_counts *timer_counts(void);
