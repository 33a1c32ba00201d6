// SPDX-License-Identifier: BSD-2-Clause
// Who runs next on this CPU: fair by the CPU time received, and without a tick.
//
// Runnable vCPUs wait in order of their virtual time (CPU time received, in TSC ticks); the one that has had least runs
// first. A time slice exists only while somebody waits: its timer is armed when a second vCPU becomes runnable and
// cancelled when the queue is empty. A vCPU that wakes takes the CPU at once if it has had less of it than the one that
// runs. One that has slept, or is new, counts at most half a slice less than the one that got the CPU last or has it to
// itself, so that sleeping saves up no claim.
//
// Example, slice 10 ms: A and B spin, C wakes for 50 us every 100 ms. A and B alternate every 10 ms; C always has had
// least, so it runs the moment its timer fires.
//
// Context of everything here: this CPU, interrupts off.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct cpu;
struct vcpu;

#define SCHED_SLICE_NS 10000000ull

// Make an empty run queue for a CPU. tsc_hz: the frequency of the TSC, in which CPU time is counted. False if memory is
// out. Boot CPU, once for each CPU.
bool sched_prepare(struct cpu *cpu, uint64_t tsc_hz);

// A vCPU that is on no queue becomes runnable (created, or woken). It may take the CPU at the next sched_pick().
void sched_wake(struct vcpu *vcpu);

// The running vCPU waits for an interrupt from now on.
void sched_block(struct vcpu *vcpu);

// The running vCPU lets all others that wait go first.
void sched_yield(struct vcpu *vcpu);

// The vCPU is VCPU_PAUSED from now on, whatever it is doing. sched_wake() lets it go on.
void sched_pause(struct vcpu *vcpu);

// The vCPU ends, whatever it is doing.
void sched_remove(struct vcpu *vcpu);

// The vCPU to run now. While there is none the CPU sleeps, with the timer hardware set for exactly the next deadline, or
// off. Interrupts are taken (and timers expire, commands run) only inside this sleep and while a guest runs.
struct vcpu *sched_pick(void);

// For the monitor: switches from one vCPU to another, and times the CPU went to sleep.
struct sched_stats {
    uint64_t switches, idle_entries;
};

const struct sched_stats *sched_stats(void);
