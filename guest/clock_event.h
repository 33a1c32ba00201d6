// SPDX-License-Identifier: BSD-2-Clause
// The guest's clock event device: one interrupt at a time that the guest names, or one every period.
//
// The device is the hypervisor's; this is the driver. One-shot mode takes an absolute deadline and a slack and leaves them in
// the shared page, with a trap only if their window ends before what the hypervisor holds. An idle guest arms and waits in one call.
// One-shot and periodic mode exclude each other: setting either ends the other.
//
// Two arguments choose older ways, to be compared with. idle=halt: the guest halts and takes an interrupt. arm=call, which
// includes that: each time a relative delay and a hypercall, as guests did in 2007; slack is lost.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "hypercall.h"
#include "pages.h"

// Reads the arguments arm= and idle=. Before anything else.
void clock_event_init(void);

// Asks for one interrupt at a time from deadline_ns until slack_ns later; TIME_NEVER asks for none. Replaces what was set.
// A deadline in the past makes an interrupt at once. Interrupts off.
void clock_event_set(uint64_t deadline_ns, uint64_t slack_ns);

// The same right before a halt, at which the hypervisor looks at the shared page anyway: never a trap but with arm=call.
void clock_event_set_for_halt(uint64_t deadline_ns, uint64_t slack_ns);

// True when an idle guest must halt, because it ticks or the arguments say so.
bool clock_event_halts(void);

// Asks for the same and waits for it, or for another interrupt; no interrupt is made of it. Returns why it is over, as
// HCALL_BLOCK does. Interrupts off, before and after. Not when clock_event_halts().
uint64_t clock_event_block(uint64_t deadline_ns, uint64_t slack_ns);

// The end of the window that the device holds: TIME_NEVER after its interrupt, and in periodic mode. Interrupts off.
uint64_t clock_event_end_ns(void);

// The same as clock_event_set() by the shared page: no trap unless the window ends before what the hypervisor holds for
// this guest. Below LULL_TIME_NEVER the sum must not wrap. Interrupts off.
static inline void clock_event_store(uint64_t deadline_ns, uint64_t slack_ns)
{
    pages_vcpu()->next_slack_ns = slack_ns;
    pages_vcpu()->next_deadline_ns = deadline_ns;
    if (deadline_ns + slack_ns < pages_vcpu()->armed_until_ns)
        hypercall_set_deadline_slack(deadline_ns, slack_ns);
}

// Asks for an interrupt every period_ns from now on. Interrupts off.
void clock_event_set_periodic(uint64_t period_ns);

bool clock_event_is_periodic(void);

// The device's interrupt; called by dispatch.c with interrupts off.
void clock_event_interrupt(void);
