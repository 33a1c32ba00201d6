// SPDX-License-Identifier: BSD-2-Clause
// A vCPU's running-time timer: HCALL_SET_RUNTIME. It counts only while the vCPU has the CPU; steal, waiting and pauses
// are left out. For a guest's own time slices, watchdogs and profiles, which must not fire because somebody else
// computed.
//
// The timer is a mark in the vCPU's running time (state_tsc[VCPU_RUNNING]). It is on the timer queue only while the
// vCPU has the CPU: getting it arms the timer for what is left, losing it takes it off. So a guest that sleeps is not
// woken by it, and neither is the machine.
//
// Example, 10 ms asked for, two guests that spin: slice by slice of 10 ms each, the guest runs from 0 to 4, when it
// asks, to 10, waits until 20, and the timer fires at 24: 10 ms of its own time, 20 of the clock.
//
// Context of everything here: the vCPU's CPU, interrupts off.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "time/timer.h"

struct vcpu;

struct run_timer {
    struct timer timer;
    uint64_t mark_tsc; // of running time, at which it fires
    bool set;          // it is to fire. While the vCPU has the CPU, VCPU_STOP_COUNT says so too
};

// For a new vCPU.
void run_timer_init(struct vcpu *vcpu, uint32_t owner);

// Fire after delay_ns of running time from now on, replacing what was set; LULL_TIME_NEVER and above: do not fire.
// Returns how much running time the replaced one had left, LULL_TIME_NEVER if there was none. The vCPU has the CPU.
uint64_t run_timer_set(struct vcpu *vcpu, uint64_t delay_ns);

// The vCPU has got the CPU (VCPU_START_COUNT).
void run_timer_go_on(struct vcpu *vcpu);

// The vCPU has the CPU, and the timer is counting: it loses it now. Before its state changes.
void run_timer_stop(struct vcpu *vcpu);
