// SPDX-License-Identifier: BSD-2-Clause
// Storms: guests that wake, or wake others, all the time. They cost themselves time and nobody else.
//
// A guest that wakes beside another one takes that one's time: the interrupt, and the switch there and back. Two rules
// see to it that this is the waking guest's loss, and that there is an end to it.
//
// The toll. Whoever interrupts pays STORM_TOLL_NS of virtual time (sched.h) to the one who had the CPU: a guest whose
// own event comes pays to the one that it interrupts, a guest that rings a doorbell pays to the one that it wakes and
// who has to answer. What one pays the other gets, so two guests that work together win nothing by it.
//
// The bucket. Each guest has tokens: one comes every 1 / STORM_RATE_HZ, and at most STORM_BURST are kept. Each of its
// timer events that comes while another guest has the CPU takes one. An event that finds none is deferred: its vCPU is
// runnable, but the one that has the CPU is left alone until it stops by itself, or for SCHED_SLICE_MIN_NS. Then it
// waits like all who are runnable. Nothing is lost, no two events become one by it, and it is counted: for the operator
// (`irqs`), and for the guest in its page (timer_deferred).
//
// Example: B computes, and A sleeps 2 us at a time. A's first 64 events interrupt B, within 200 us; that has given A
// four tokens more. The next event finds none, and A waits for 500 us, until B has to let it go first, and has 10
// tokens then. So from then on A interrupts B 20,000 times a second, and no more often. For each of these, and for each
// event that was deferred, it pays a microsecond to B.
//
// No guest that has a CPU to itself takes tokens: nobody is hurt. Tokens are counted by taking one away; only who has
// none left has to look at the time. The ways of an event that interrupts nobody do not come by here.
//
// Doorbells for guests of other CPUs: storm_ring.h.
//
// Context of everything here: this CPU, interrupts off.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vm/run_queue.h"
#include "vm/vcpu.h"

#define STORM_TOLL_NS 1000u
#define STORM_RATE_HZ 20000u
#define STORM_BURST 64

// For a new run queue; and for a new vCPU, whose weight is set after it.
void storm_prepare(struct run_queue *queue, uint64_t tsc_hz);
void storm_init(struct vcpu *vcpu);

// An event of the vCPU itself wakes it, while `current` has the CPU. False: it is deferred, and that was all.
bool storm_passes(struct run_queue *queue, struct vcpu *current, struct vcpu *vcpu, uint64_t now_tsc);

// A token was taken that was not there. Look what time has brought, and take it from that; false: nothing.
bool storm_refill(struct storm *storm, uint64_t now_tsc);

// The vCPU, for whose sake others are deferred, loses the CPU: they wait like all others from now on.
void storm_release(struct vcpu *stopping);

// `ringer`, which has the CPU, is about to wake the vCPU.
static inline void storm_pay_for_ring(const struct run_queue *queue, struct vcpu *ringer, struct vcpu *vcpu)
{
    ringer->charged_tsc -= queue->toll_tsc;
    vcpu->virtual_tsc -= vcpu->storm.toll_tsc;
}
