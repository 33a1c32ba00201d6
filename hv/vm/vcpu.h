// SPDX-License-Identifier: BSD-2-Clause
// A virtual CPU, and the run loop that is the heart of the hypervisor.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/lull.h"
#include "lib/list.h"
#include "vm/lateness.h"
#include "vm/run_timer.h"
#include "vm/storm_state.h"
#include "vm/vtimer.h"
#include "vm/watchdog.h"
#include "x86/cpu.h"
#include "x86/entry.h"
#include "x86/fpu.h"
#include "x86/tsc.h"

struct cpu;
struct guest;

// Every moment of a vCPU's life, from its creation to its end, is in exactly one of the states before VCPU_ENDED, and
// vcpu->state_tsc[] sums them: vm/vcpu_time.h. In VCPU_RUNNABLE and behind it, it could go on and is not let to.
enum vcpu_state {
    VCPU_RUNNING,  // it has the CPU (the hypervisor's work for it included)
    VCPU_BLOCKED,  // it waits for an interrupt
    VCPU_RUNNABLE, // it waits for the CPU: steal time
    VCPU_PAUSED,   // the operator keeps it from running, whatever it was doing
    VCPU_ENDED,
    VCPU_STATES,
};

// What is to be done when a vCPU gets the CPU: mostly nothing, and then it costs one branch.
enum vcpu_start {
    VCPU_START_UNPARK = 1 << 0,     // vtimer_unpark()
    VCPU_START_SHOW_TIMES = 1 << 1, // vcpu_time_update()
    VCPU_START_COUNT = 1 << 2,      // run_timer_go_on()
    VCPU_START_TRACE = 1 << 3,      // tracing_runs(); it is traced, and this stays
};

// The same when it loses the CPU.
enum vcpu_stop {
    VCPU_STOP_COUNT = 1 << 0,   // run_timer_stop()
    VCPU_STOP_TRACE = 1 << 1,   // tracing_stops(); this stays
    VCPU_STOP_RELEASE = 1 << 2, // storm_release()
};

// What the monitor and the demonstration show. Counts since creation.
struct vcpu_stats {
    uint64_t slow_hypercalls;  // hypercalls beside those in entry.hypercalls
    uint64_t timer_upcalls;    // timer interrupts that reached the guest
    uint64_t doorbell_upcalls; // doorbells that reached the guest
    uint64_t exceptions;       // exceptions reflected
    uint64_t switches;     // times its context was loaded: it got the CPU after another, or the first time
    uint64_t early_events; // timer events delivered before their deadline: must be 0
    uint64_t deferred;     // timer events that had to wait for the end of another one's slice (storm.h)
};

struct vcpu {
    struct entry_context entry; // first: entry.asm uses one pointer for both
    struct guest *guest;
    struct lull_vcpu_page *page; // hostile: the guest writes it at will

    uint64_t interrupt_entry;          // 0: the guest takes no upcalls
    uint64_t exception_entry;          // 0: an exception ends the guest
    uint64_t window_start, window_end; // the return window, both ends included; 0: none

    struct vtimer vtimer;
    struct run_timer run_timer;

    struct cpu
        *cpu; // that it belongs to, atomic: only there are its state, timers and place in a queue touched
    uint32_t mailed;        // atomic: it is in the mail of `cpu` (mail.h)
    bool arriving;          // it is in the mail to run there
    bool pinned;            // it stays where it is
    struct vcpu *next_mail; // in the same mail

    enum vcpu_state state;
    uint32_t on_start; // enum vcpu_start
    uint32_t on_stop;  // enum vcpu_stop
    bool waits;        // VCPU_PAUSED: it was blocked before
    bool blocking;     // in HCALL_BLOCK, whose result it has not got yet
    bool rung;         // a doorbell has rung since the last upcall for one
    uint64_t pauses;   // times it went on after a pause
    uint64_t created_tsc;
    uint64_t state_since_tsc;
    uint64_t state_tsc[VCPU_STATES];
    struct list_node run_link; // in the run queue while VCPU_RUNNABLE
    uint64_t virtual_tsc; // CPU time received, TSC ticks, weighted: the fair order, against the queue's floor
    uint32_t weight;      // its share of a CPU that others want too, SCHED_WEIGHT for each
    uint32_t slowness; // SCHED_WEIGHT / weight, SCHED_SLOWNESS_SHIFT places: how fast its virtual time passes
    uint64_t charged_tsc; // when virtual_tsc was last brought up to date, while it has the CPU
    struct storm storm;

    // vm/tracing.c: what it has recorded of the event that is held, and the call that waits, HCALL_HALT or HCALL_BLOCK.
    uint64_t traced_deadline_ns, traced_slack_ns;
    uint32_t traced_call; // 0: none

    struct vcpu_stats stats;
    struct lateness_ring late; // of its latest events; the older ones are in guest->lateness
    struct fpu_state fpu;      // while another vCPU's is loaded

    struct watchdog watchdog;

    char arguments[LULL_ARGS_SIZE]; // that the guest was made with, for the next time; its own page is full
};

_Static_assert(offsetof(struct vcpu, entry) == 0, "entry.asm uses one pointer for both");
_Static_assert(sizeof(struct vcpu) <= 4096, "a vCPU is allocated as one page");

// "running"; "?" for what is none.
const char *vcpu_state_name(enum vcpu_state state);

// Enter `state` at the moment now_tsc; the time since the last change counts for the state that ends. Interrupts off.
static inline void vcpu_set_state_at(struct vcpu *vcpu, enum vcpu_state state, uint64_t now_tsc)
{
    vcpu->state_tsc[vcpu->state] += now_tsc - vcpu->state_since_tsc;
    vcpu->state_since_tsc = now_tsc;
    vcpu->state = state;
}

// The same now.
static inline void vcpu_set_state(struct vcpu *vcpu, enum vcpu_state state)
{
    vcpu_set_state_at(vcpu, state, tsc_read());
}

// The vCPU is about to lose the CPU, and vcpu->on_stop is not 0. Interrupts off.
void vcpu_stopped(struct vcpu *vcpu, enum vcpu_state next);

// The vCPU, which has the CPU, is about to lose it: before its state changes to `next`. Interrupts off.
static inline void vcpu_stopping(struct vcpu *vcpu, enum vcpu_state next)
{
    if (__builtin_expect(vcpu->on_stop != 0, 0))
        vcpu_stopped(vcpu, next);
}

// The vCPU has got the CPU and vcpu->on_start is not 0. Interrupts off.
void vcpu_started(struct vcpu *vcpu);

// The vCPU is blocked: wake it if it waits for something that is pending. For vcpu_pend().
void vcpu_wake_if_due(struct vcpu *vcpu);

// Set interrupts pending in the vCPU's shared page and wake it if it waits for one of them. Its CPU, interrupts off.
static inline void vcpu_pend(struct vcpu *vcpu, uint64_t irq_bits)
{
    __atomic_or_fetch(&vcpu->page->pending, irq_bits, __ATOMIC_RELAXED); // the guest clears bits at any time
    if (vcpu->state == VCPU_BLOCKED)
        vcpu_wake_if_due(vcpu);
}

// The same where the guest that has this CPU rings. For vcpu_ring_by_guest().
void vcpu_wake_if_rung(struct vcpu *vcpu);

// Let the vCPU go on if it waits. Its CPU, interrupts off.
void vcpu_wake(struct vcpu *vcpu);

// The same for a vCPU of another CPU; and where the guest that has this CPU rings, which may have lost it then.
void vcpu_ring_remote(struct vcpu *vcpu, uint64_t irq_bits);
void vcpu_ring_remote_by_guest(struct vcpu *vcpu, uint64_t irq_bits);

// The same on any CPU, interrupts off, for the vCPU of a guest that was found alive since this CPU last had interrupts
// on.
static inline void vcpu_ring(struct vcpu *vcpu, uint64_t irq_bits)
{
    if (__builtin_expect(__atomic_load_n(&vcpu->cpu, __ATOMIC_RELAXED) != cpu_this(), 0))
        vcpu_ring_remote(vcpu, irq_bits);
    else
        vcpu_pend(vcpu, irq_bits);
}

// The same for a ring by the guest that has this CPU, which pays for the other one's waking (storm.h).
static inline void vcpu_ring_by_guest(struct vcpu *vcpu, uint64_t irq_bits)
{
    if (__builtin_expect(__atomic_load_n(&vcpu->cpu, __ATOMIC_RELAXED) != cpu_this(), 0)) {
        vcpu_ring_remote_by_guest(vcpu, irq_bits);
        return;
    }
    __atomic_or_fetch(&vcpu->page->pending, irq_bits, __ATOMIC_RELAXED);
    if (vcpu->state == VCPU_BLOCKED)
        vcpu_wake_if_rung(vcpu);
}

// Take the vCPU's context off this CPU, if it holds it. Interrupts off.
void vcpu_unload(struct vcpu *vcpu);

// Keep the vCPU from running, whatever it is doing, until vcpu_resume(). Its timers go on: what comes due becomes
// pending and is delivered when it runs again. It must be neither paused nor ended. Its CPU, interrupts off.
void vcpu_pause(struct vcpu *vcpu);

// Let a paused vCPU go on: it waits again if it did and nothing has come for it, else it is runnable. Its CPU,
// interrupts off.
void vcpu_resume(struct vcpu *vcpu);

// The vCPU has ended: it is off every queue, and off this CPU if it was on it. Interrupts off.
void vcpu_end(struct vcpu *vcpu);

// Run vCPUs for ever: this is where hv_main() ends up.
_Noreturn void vcpu_run(void);

// hv/trap.c provides this: serve the interrupt that has ended the idle sleep (VECTOR_NONE: nothing). Interrupts off.
void trap_from_idle(uint64_t vector);
