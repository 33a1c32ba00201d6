// SPDX-License-Identifier: BSD-2-Clause
// Who runs next on a CPU: fair by the CPU time received and by weight, and without a tick.
//
// Runnable vCPUs wait in order of their virtual time (CPU time received, in TSC ticks, divided by weight); the one
// that has had least runs first. A time slice exists only while somebody waits: it begins when a second vCPU becomes
// runnable and ends when the queue is empty. Its timer may come once after that, if the CPU is still busy. Everybody
// who wants the CPU gets one slice in each SCHED_PERIOD_NS, as long as its weight is large among all, so what each
// has received never differs by more than that from its share. A vCPU that wakes takes the CPU at once if it has had
// less of it than the one that runs. One that has slept counts at most half a period less than the one that got the CPU
// last or has it to itself (the floor), so that sleeping saves up no claim. A new one counts as much as that one, so
// that a guest which ends and is made again all the time gets no more than any other.
//
// Example: A and B spin, C wakes for 50 us every 100 ms. A and B alternate every 2.5 ms; C always has had
// least, so it runs the moment its timer fires. With weight=300 for A, A runs for 3.75 ms and B for 1.25 ms.
//
// Who pays for an interruption, and how many of them there may be: storm.h.
//
// Several CPUs: a vCPU belongs to one, and only that one touches its queue (mail.h). How it gets to another one is
// share.h.
//
// Context of everything here: this CPU, interrupts off.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct cpu;
struct vcpu;

#define SCHED_PERIOD_NS 5000000ull
#define SCHED_SLICE_MIN_NS 500000ull

#define SCHED_WEIGHT 100u // of a vCPU that was given none
#define SCHED_WEIGHT_MAX 10000u
#define SCHED_SLOWNESS_SHIFT \
    24u // SCHED_WEIGHT / 1 fits 32 bits, and SCHED_WEIGHT / SCHED_WEIGHT_MAX keeps 5 digits

// Make an empty run queue for a CPU. tsc_hz: the frequency of the TSC, in which CPU time is counted. False if memory is
// out. Boot CPU, once for each CPU.
bool sched_prepare(struct cpu *cpu, uint64_t tsc_hz);

// Hand waiting vCPUs over to CPUs that sleep. For the handler of VECTOR_KICK.
void sched_share(void);

// A vCPU of this CPU that is on no queue becomes runnable. It may take the CPU at the next sched_pick().
void sched_wake(struct vcpu *vcpu);

// The same where the vCPU that has this CPU rings the other one: it pays for the switch (storm.h).
void sched_wake_rung(struct vcpu *vcpu);

// The running vCPU waits for an interrupt from now on.
void sched_block(struct vcpu *vcpu);

// The running vCPU lets all others that wait go first.
void sched_yield(struct vcpu *vcpu);

// The vCPU is VCPU_PAUSED from now on, whatever it is doing. sched_wake() lets it go on.
void sched_pause(struct vcpu *vcpu);

// The vCPU, whatever it is doing, is about to go to another CPU: it is on no queue here any more, and if it ran it is
// VCPU_RUNNABLE.
void sched_leave(struct vcpu *vcpu);

// What the vCPU receives counts by that weight from now on. weight: 1 .. SCHED_WEIGHT_MAX.
void sched_set_weight(struct vcpu *vcpu, uint32_t weight);

// The vCPU ends, whatever it is doing.
void sched_remove(struct vcpu *vcpu);

// The vCPU to run now. While there is none the CPU sleeps, with the timer hardware set for exactly the next deadline,
// or off. Interrupts are taken (and timers expire, commands run) only inside this sleep and while a guest runs.
struct vcpu *sched_pick(void);

// For the monitor, of any CPU: switches from one vCPU to another, times it went to sleep, vCPUs that were handed over
// to it; and how many vCPUs it has.
struct sched_stats {
    uint64_t switches, idle_entries, adopted;
    uint32_t vcpus;
};

const struct sched_stats *sched_stats(const struct cpu *cpu);
