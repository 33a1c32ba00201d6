// SPDX-License-Identifier: BSD-2-Clause
// A vCPU's watchdog: HCALL_WATCHDOG. A guest that has set it and does not set it again in time is ended as failed, with
// a full report, and its restart policy applies (guest_restart.h).
//
// It is one timer of the queue of the vCPU's CPU, armed while it is set: no tick looks after it, and feeding it moves
// the timer. What counts is the clock, less the time in which the operator has paused the guest: a pause is no fault of
// the guest's. Steal counts: a guest that does not get the CPU does not do its work either, whoever is to blame, so
// it asks for as much time as it can be kept waiting. So does waiting: a guest that sleeps for ever by mistake is what
// a watchdog is for.
//
// Example, 5 s: set at 10, paused from 12 to 60 (the timer is off, 3 s are left), and not set again: it is ended at 63.
//
// Context of everything here: the vCPU's CPU, interrupts off.
#pragma once

#include <stdint.h>

#include "time/timer.h"

struct vcpu;

struct watchdog {
    struct timer timer;
    uint64_t period_ns;     // that it was set to; 0: off
    uint64_t left_ns;       // while the vCPU is paused
    struct timer_held held; // while the vCPU is on its way to another CPU
};

// For a new vCPU.
void watchdog_init(struct vcpu *vcpu, uint32_t owner);

// End the guest when delay_ns have passed; 0, and LULL_TIME_NEVER and above: do not. Replaces what was set. Returns how
// much that had left, rounded up to 1; 0 if it was off.
uint64_t watchdog_set(struct vcpu *vcpu, uint64_t delay_ns);

// The vCPU is paused from now on, and is not any more.
void watchdog_pause(struct vcpu *vcpu);
void watchdog_resume(struct vcpu *vcpu);

// The vCPU leaves this CPU for another one, and arrives there.
void watchdog_leave(struct vcpu *vcpu);
void watchdog_enter(struct vcpu *vcpu);

// The vCPU ends.
void watchdog_end(struct vcpu *vcpu);
