// SPDX-License-Identifier: BSD-2-Clause
// A vCPU's virtual timer: what HCALL_SET_CLOCKEVENT and HCALL_SET_PERIODIC set.
//
// One device, two modes; setting one replaces the other. The path of an event:
//
//   hypercall      deadline_ns = now + delay, timer_arm()          vtimer_set_oneshot
//   timer queue    the hardware interrupt comes, timer_interrupt() time/timer.c
//   expiry         the pending bit is set, the vCPU wakes          vtimer.c: expire
//   next entry     the upcall frame is pushed, lateness recorded   upcall.c
//
// In the periodic mode the next deadline is the last one plus the period, so it does not drift. A period
// that passes while the tick before is still pending, or before the timer queue gets to it, is counted as
// missed and never replayed.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "time/timer.h"

struct vcpu;

struct vtimer {
    struct timer timer;
    uint64_t deadline_ns; // of the event that fired last
    uint64_t period_ns;   // 0: one-shot
    uint64_t fired_ns;    // when the timer queue looked and it became pending
    bool undelivered;     // pending since fired_ns, no upcall yet
    uint64_t events, missed;
};

void vtimer_init(struct vtimer *vtimer, uint32_t owner);

// Arm one event at now + delay_ns (saturating), replacing what was armed; 0 switches the device off. An
// event that is pending already stays pending. Context: interrupts off, the vCPU's CPU.
void vtimer_set_oneshot(struct vtimer *vtimer, uint64_t delay_ns);

// Tick every period_ns from now on; 0 switches the device off. Periods below VTIMER_PERIOD_MIN_NS are
// refused (false): they would leave the guest no time to run.
#define VTIMER_PERIOD_MIN_NS 10000
bool vtimer_set_periodic(struct vtimer *vtimer, uint64_t period_ns);

// The pending timer interrupt reaches the guest now: stamp the record, count the lateness.
void vtimer_delivered(struct vcpu *vcpu);
