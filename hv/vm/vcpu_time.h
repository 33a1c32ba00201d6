// SPDX-License-Identifier: BSD-2-Clause
// Where the time of a vCPU goes.
//
// From its creation to its end a vCPU is in exactly one of four states at every moment: RUNNING (it has the CPU),
// RUNNABLE (it wants it and another one has it: steal time), BLOCKED (it waits for an interrupt) and PAUSED (the
// operator keeps it). vcpu_set_state() reads the TSC once for the end of the old state and the beginning of the new
// one, so the four sums have no gaps and no overlaps: together they are the time since creation, to the tick. The end
// freezes them.
//
// Example, 1 GHz: created at 1000 as BLOCKED, made RUNNABLE at 1200, RUNNING from 1500, looked at at 2500:
//
//   elapsed 1500 = running 1000 + runnable 300 + blocked 200 + paused 0
//
// A guest that has asked for it (HCALL_RUN_TIMES) finds its own times in its vCPU page, in nanoseconds. They are
// brought up to date whenever it gets the CPU: in between only its running time grows, by as much as its clock. So
// nothing is written while it runs, and a guest that has not asked costs nothing.
//
// Context of everything here: the vCPU's CPU, interrupts off.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vm/vcpu.h"

struct vcpu_time {
    uint64_t elapsed_tsc;           // since creation, until now or the end
    uint64_t state_tsc[VCPU_ENDED]; // the part of it in each state, by enum vcpu_state
};

// tsc_hz: the frequency of the TSC. Once at boot.
void vcpu_time_init(uint64_t tsc_hz);

// The times at this moment.
void vcpu_time_take(const struct vcpu *vcpu, struct vcpu_time *out);

// The sum over the states is the elapsed time.
bool vcpu_time_is_exact(const struct vcpu_time *time);

// Ticks of the TSC as nanoseconds, rounded down, whatever the clock's source is.
uint64_t vcpu_time_to_ns(uint64_t tsc);

// Nanoseconds as ticks of the TSC, rounded up.
uint64_t vcpu_time_to_tsc(uint64_t ns);

// HCALL_RUN_TIMES: bring the times in the vCPU's page up to date, now and whenever it gets the CPU.
void vcpu_time_show(struct vcpu *vcpu);

// The vCPU, whose times are shown, gets the CPU.
void vcpu_time_update(struct vcpu *vcpu);
