// SPDX-License-Identifier: BSD-2-Clause
// The run queue of a CPU, for the two files that work on it: sched.c decides who runs, share.c moves vCPUs between
// CPUs. Only its own CPU touches it, but for what is marked as atomic.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/list.h"
#include "time/timer.h"
#include "vm/sched.h"
#include "vm/vcpu.h"

// Whether somebody has waited for longer than a slice, and may be taken over by another CPU. Others look at it.
enum contention {
    UNCONTENDED,
    CONTENDED,
    CONTENDED_MOVABLE,
};

struct run_queue {
    struct vcpu *current;     // VCPU_RUNNING: it has the CPU; null while there is none
    struct list_node waiting; // VCPU_RUNNABLE, in order of virtual_tsc
    struct timer slice;       // expires at slice_end_ns, or before that, when it has been left armed
    uint64_t slice_end_ns;    // of the vCPU that has the CPU; TIME_NEVER: nobody waits for it
    bool reschedule;          // the current vCPU must go back to the queue
    uint32_t contention;      // atomic, enum contention
    uint64_t floor_tsc;       // virtual time of who got the CPU last or has it to itself; never goes back
    uint64_t credit_tsc;      // how far below the floor a waking vCPU may be: half a period
    struct sched_stats stats; // its count of vCPUs is atomic
};

static inline struct vcpu *run_queue_vcpu(struct list_node *run_link)
{
    return container_of(run_link, struct vcpu, run_link);
}
