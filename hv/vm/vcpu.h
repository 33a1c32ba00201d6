// SPDX-License-Identifier: BSD-2-Clause
// A virtual CPU, and the run loop that is the heart of the hypervisor.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/histogram.h"
#include "lib/list.h"
#include "vm/vtimer.h"
#include "x86/entry.h"
#include "x86/fpu.h"
#include "x86/tsc.h"

struct guest;
struct lull_vcpu_page;

// Every moment of a vCPU's life is in exactly one of these; vcpu->state_tsc[] sums them.
enum vcpu_state {
    VCPU_RUNNING,  // it has the CPU (the hypervisor's work for it included)
    VCPU_RUNNABLE, // it waits for the CPU: steal time
    VCPU_BLOCKED,  // it waits for an interrupt
    VCPU_ENDED,
    VCPU_STATES,
};

// What the monitor and the demonstration show. Counts since creation.
struct vcpu_stats {
    uint64_t slow_hypercalls;  // hypercalls beside those in entry.hypercalls
    uint64_t timer_upcalls;    // timer interrupts that reached the guest
    uint64_t doorbell_upcalls; // doorbells that reached the guest
    uint64_t exceptions;       // exceptions reflected
    uint64_t switches;     // times its context was loaded: it got the CPU after another, or the first time
    uint64_t early_events; // timer events delivered before their deadline: must be 0
    struct histogram lateness; // injected_ns - deadline_ns of every timer event
};

struct vcpu {
    struct entry_context entry; // first: entry.asm uses one pointer for both
    struct guest *guest;
    struct lull_vcpu_page *page; // hostile: the guest writes it at will

    uint64_t interrupt_entry;          // 0: the guest takes no upcalls
    uint64_t exception_entry;          // 0: an exception ends the guest
    uint64_t window_start, window_end; // the return window, both ends included; 0: none

    struct vtimer vtimer;

    enum vcpu_state state;
    uint64_t state_since_tsc;
    uint64_t state_tsc[VCPU_STATES];
    struct list_node run_link; // in the run queue while VCPU_RUNNABLE
    uint64_t virtual_tsc;      // CPU time received, TSC ticks, weighted: the fair order
    uint64_t charged_tsc;      // when virtual_tsc was last brought up to date, while it has the CPU

    struct vcpu_stats stats;
    struct fpu_state fpu; // while another vCPU's is loaded
};

_Static_assert(offsetof(struct vcpu, entry) == 0, "entry.asm uses one pointer for both");
_Static_assert(sizeof(struct vcpu) <= 4096, "a vCPU is allocated as one page");

// Enter `state`; the time since the last change counts for the state that ends. Interrupts off.
static inline void vcpu_set_state(struct vcpu *vcpu, enum vcpu_state state)
{
    uint64_t now_tsc = tsc_read();

    vcpu->state_tsc[vcpu->state] += now_tsc - vcpu->state_since_tsc;
    vcpu->state_since_tsc = now_tsc;
    vcpu->state = state;
}

// Set interrupts pending in the vCPU's shared page and wake it if it waits for one of them. Interrupts off.
void vcpu_pend(struct vcpu *vcpu, uint64_t irq_bits);

// The vCPU has ended: it is off every queue, and off this CPU if it was on it. Interrupts off.
void vcpu_end(struct vcpu *vcpu);

// Run vCPUs for ever: this is where hv_main() ends up.
_Noreturn void vcpu_run(void);

// hv/trap.c provides this: serve the interrupt that has ended the idle sleep (VECTOR_NONE: nothing). Interrupts off.
void trap_from_idle(uint64_t vector);
