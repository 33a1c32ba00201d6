// SPDX-License-Identifier: BSD-2-Clause
// What the vCPUs and their CPUs do, recorded in the trace (core/trace.h).
//
// The shortest way of an event must not pay for a trace that is off, so nothing there asks whether it is on; what asks
// are the ways that account for time (CPU_WATCH_TIMES: two or three instructions at each crossing), a wake-up beside a
// vCPU that runs, an event that is deferred, and a hypercall that is none of the table's. While it is on, everything
// takes the careful ways that are there for other reasons, and those record:
//
//   cpu->watch              every trap takes the way that accounts for time, every hypercall is served as a trap
//   timer->expire           expire_traced(), in place of the others; of timers that are no guest's event, always
//                           timer_trace_expire() (time/timer.h), which does ask: they are not on that way
//   vtimer.delivery.state   delivery_made_slowly(), which splits lateness
//   vcpu->on_start, on_stop vcpu_started(), vcpu_stopped(), which begin and end running-time timers
//
// What hypercalls and traps have changed is seen by comparing before and after: nothing comes between, interrupts are
// off. So a guest's event that a call arms and the hardware that is set for it are recorded without a word at the place
// where it is done.
//
// Context of everything here: interrupts off; the vCPU's CPU, unless said.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vm/vcpu.h"
#include "x86/cpu.h"

// Trace these classes (enum trace_class) from now on. False: memory is out, and nothing has changed. The boot CPU.
bool tracing_start(uint32_t classes);

// Stop it; what was recorded stays until tracing_forget(). The boot CPU.
void tracing_stop(void);
void tracing_forget(void);

// A new vCPU. The boot CPU.
void tracing_created(struct vcpu *vcpu);

// It has got the CPU; it loses it, or ends while it has none; it could go on while another one has it.
void tracing_runs(const struct vcpu *vcpu);
void tracing_stops(const struct vcpu *vcpu, enum vcpu_state next);
void tracing_waits(const struct vcpu *vcpu);

// Its event is deferred (storm.h).
void tracing_deferred(const struct vcpu *vcpu);

// A trap has come from it; it goes back into the guest.
void tracing_trap(const struct vcpu *vcpu);
void tracing_enters(struct vcpu *vcpu);

// A hypercall is about to be served, and has been.
void tracing_calls(const struct vcpu *vcpu);
void tracing_called(struct vcpu *vcpu, uint64_t number, uint64_t result);

// Interrupts become pending for it: any CPU. For those of its timer there is tracing_expires(), for a doorbell
// tracing_calls().
void tracing_pended(const struct vcpu *vcpu, uint64_t irq_bits);

static inline void tracing_pends(const struct vcpu *vcpu, uint64_t irq_bits)
{
    if (__builtin_expect((this_cpu->watch & CPU_WATCH_TRACE) != 0, 0))
        tracing_pended(vcpu, irq_bits);
}

// Its event has come, or was found to have moved; it is told of it.
void tracing_expires(struct vcpu *vcpu, uint64_t deadline_ns, uint64_t now_ns);
void tracing_moved(const struct vcpu *vcpu, uint64_t from_ns, uint64_t to_ns);
void tracing_delivered(const struct vcpu *vcpu, uint64_t deadline_ns, uint64_t fired_ns);

// This CPU has slept since start_tsc, until an interrupt on `vector`.
void tracing_slept(uint64_t start_tsc, uint64_t vector);
