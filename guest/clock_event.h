// SPDX-License-Identifier: BSD-2-Clause
// The guest's clock event device: one interrupt at a time that the guest names, or one every period.
//
// The device is the hypervisor's; this is the driver. One-shot mode takes an absolute deadline and leaves it in the
// shared page, with a trap only if it is earlier than what the hypervisor holds. With the argument arm=call it makes a
// relative delay of it and a hypercall each time, as guests did in 2007. One-shot and periodic mode exclude each
// other: setting either ends the other.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "hypercall.h"
#include "pages.h"

// Reads the argument arm=. Before anything else.
void clock_event_init(void);

// Asks for one interrupt at or after deadline_ns; TIME_NEVER asks for none. Replaces the deadline that was set.
// A deadline in the past makes an interrupt at once. Interrupts off.
void clock_event_set(uint64_t deadline_ns);

// The same right before a halt, at which the hypervisor looks at the shared page anyway: never a trap.
void clock_event_set_for_halt(uint64_t deadline_ns);

// The deadline that the device holds: TIME_NEVER after it fired, and in periodic mode. Interrupts off.
uint64_t clock_event_deadline_ns(void);

// The same as clock_event_set() by the shared page: no trap unless the deadline is earlier than what the hypervisor
// holds for this guest. Interrupts off.
static inline void clock_event_store(uint64_t deadline_ns)
{
    pages_vcpu()->next_deadline_ns = deadline_ns;
    if (deadline_ns < pages_vcpu()->armed_until_ns)
        hypercall_set_deadline(deadline_ns);
}

// Asks for an interrupt every period_ns from now on. Interrupts off.
void clock_event_set_periodic(uint64_t period_ns);

bool clock_event_is_periodic(void);

// The device's interrupt; called by dispatch.c with interrupts off.
void clock_event_interrupt(void);
