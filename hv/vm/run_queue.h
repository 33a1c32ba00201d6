// SPDX-License-Identifier: BSD-2-Clause
// The run queue of a CPU, for the files that work on it: sched.c decides who runs, share.c moves vCPUs between CPUs,
// storm.c defers events. Only its own CPU touches it, but for what is marked as atomic.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/list.h"
#include "time/timer.h"
#include "vm/sched.h"
#include "vm/vcpu.h"

#define NOINLINE __attribute__((noinline))
#define RARELY(condition) __builtin_expect((condition), 0)

// Whether somebody has waited for longer than a slice, and may be taken over by another CPU. Others look at it.
enum contention {
    UNCONTENDED,
    CONTENDED,
    CONTENDED_MOVABLE,
};

struct run_queue {
    struct vcpu *current;     // VCPU_RUNNING: it has the CPU; null: nobody has. Atomic
    struct list_node waiting; // VCPU_RUNNABLE, in order of virtual_tsc
    struct timer slice;       // expires at slice_end_ns, or before that, when it has been left armed
    uint64_t slice_end_ns;    // of the vCPU that has the CPU; TIME_NEVER: nobody waits for it
    bool reschedule;          // the current vCPU must go back to the queue
    bool begun;               // the run loop runs; who is made before that waits for it, and pays for nothing
    uint32_t contention;      // atomic, enum contention
    uint64_t floor_tsc;       // virtual time of who got the CPU last or has it to itself; never goes back
    uint64_t credit_tsc;      // how far below the floor a waking vCPU may be: half a period
    uint64_t toll_tsc;        // what being interrupted costs (storm.h)
    struct list_node deferred; // VCPU_RUNNABLE too, and not waiting yet: deferred events
    struct timer release;      // armed while there are any
    struct storm rings;        // tokens for disturbing other CPUs (storm_ring.h)
    struct list_node stalled;  // VCPU_RUNNABLE too, and not waiting: those who wait for such a token
    struct timer stall;        // armed while there are any
    struct sched_stats stats;  // its count of vCPUs is atomic
};

static inline struct vcpu *run_queue_vcpu(struct list_node *run_link)
{
    return container_of(run_link, struct vcpu, run_link);
}

static inline void run_queue_raise_floor(struct run_queue *queue, const struct vcpu *vcpu)
{
    if (vcpu->virtual_tsc > queue->floor_tsc)
        queue->floor_tsc = vcpu->virtual_tsc;
}

// Virtual time for time passed. What is given back may be more than has passed: then it is negative.
static inline uint64_t run_queue_weighted(const struct vcpu *vcpu, uint64_t passed_tsc)
{
    return (uint64_t)((__int128)(int64_t)passed_tsc * vcpu->slowness >> SCHED_SLOWNESS_SHIFT);
}

// Bring the virtual time of the vCPU that has the CPU up to date. It pays for the hypervisor's work on its behalf too.
// Where nobody waits the floor comes along: it may have had the CPU to itself for hours.
static inline void run_queue_charge(struct run_queue *queue, struct vcpu *vcpu, uint64_t now_tsc)
{
    uint64_t passed_tsc = now_tsc - vcpu->charged_tsc;

    vcpu->charged_tsc = now_tsc;
    vcpu->virtual_tsc +=
        RARELY(vcpu->weight != SCHED_WEIGHT) ? run_queue_weighted(vcpu, passed_tsc) : passed_tsc;
    if (list_empty(&queue->waiting))
        run_queue_raise_floor(queue, vcpu);
}

// Whatever a vCPU has slept, it may be half a period below the floor and no more.
static inline void run_queue_limit_claim(const struct run_queue *queue, struct vcpu *vcpu)
{
    if (vcpu->virtual_tsc + queue->credit_tsc < queue->floor_tsc)
        vcpu->virtual_tsc = queue->floor_tsc - queue->credit_tsc;
}

// Later arrivals go behind those of equal virtual time. Walks from the end: a vCPU that has just run belongs there.
static inline void run_queue_insert(struct run_queue *queue, struct vcpu *vcpu)
{
    struct list_node *before = queue->waiting.prev;

    while (before != &queue->waiting && run_queue_vcpu(before)->virtual_tsc > vcpu->virtual_tsc)
        before = before->prev;
    list_insert_before(before->next, &vcpu->run_link);
}

static inline void run_queue_add(struct run_queue *queue, struct vcpu *vcpu, uint64_t now_tsc)
{
    run_queue_insert(queue, vcpu);
    vcpu_set_state_at(vcpu, VCPU_RUNNABLE, now_tsc);
}
