// SPDX-License-Identifier: BSD-2-Clause
// How vCPUs come to CPUs, and get from one to another. Nobody waits for a CPU while another sleeps, unless pinned:
//
//   - a new vCPU goes to the CPU that has the fewest;
//   - a CPU at which somebody starts to wait looks for one that sleeps (share_idle), and hands the waiting one over;
//   - a CPU that goes to sleep says so first, then kicks those at which somebody waits, who then hand over.
//
// The two looks are not ordered against each other by a fence, which every wake-up would pay for: where both miss, the
// waiting one is handed over at the end of the slice. vCPUs that block stay where they are, with their timers, so an
// idle machine moves nothing. On the way virtual time is relative to the floor: what a vCPU has had more or less than
// the others goes along.
//
// Example, CPUs 0 and 1, A and B spin on CPU 0, C on CPU 1 ends: CPU 1 sets its bit in share_idle and finds CPU 0
// contended: kick. CPU 0 claims the bit, takes B off its queue and its timer off the wheel, and mails it. CPU 1 adopts
// B, which runs.
//
// Context of everything here: this CPU, interrupts off.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct cpu;
struct run_queue;
struct vcpu;

extern uint64_t
    share_idle; // atomic: a bit for each CPU that sleeps, or is about to, and has been sent nothing yet

// Whether a CPU sleeps that could take over somebody who waits.
static inline bool share_wanted(void)
{
    return __builtin_expect(__atomic_load_n(&share_idle, __ATOMIC_RELAXED) != 0, 0);
}

// Hand those who wait in this CPU's queue over to CPUs that sleep, as many as there are. The slice timer stays as it
// is.
void share_out(struct run_queue *queue);

// This CPU is about to sleep and would take a vCPU over, and does not any more.
void share_offer(const struct cpu *cpu);
void share_withdraw(const struct cpu *cpu);

// The CPU that has the fewest vCPUs.
struct cpu *share_choose(void);

// A new vCPU, which no other CPU knows of, belongs to that CPU. weight: 1 .. SCHED_WEIGHT_MAX. Boot CPU.
void share_place(struct vcpu *vcpu, struct cpu *cpu, uint32_t weight);

// It is runnable there. Before the run loop begins nobody has the boot CPU. Boot CPU.
void share_start(struct vcpu *vcpu);

// A vCPU of this CPU goes to that one, whatever it is doing, and goes on with that there.
void share_move(struct vcpu *vcpu, struct cpu *cpu);

// A vCPU has come by mail, to belong here from now on.
void share_adopt(struct vcpu *vcpu);

// The vCPU belongs to no CPU any more.
void share_forget(const struct vcpu *vcpu);
