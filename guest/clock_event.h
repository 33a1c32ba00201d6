// SPDX-License-Identifier: BSD-2-Clause
// The guest's clock event device: one interrupt at a time that the guest names, or one every period.
//
// The device is the hypervisor's; this is the driver. One-shot mode takes an absolute deadline and a slack and leaves them in
// the shared page, with a trap only if their window ends before what the hypervisor holds. An idle guest arms and waits in one
// call, and leaves in the page what is to be held after that: then waking, working a little and waiting again is one trap.
// One-shot and periodic mode exclude each other: setting either ends the other.
//
// Two arguments choose older ways, to be compared with. idle=block: nothing is told of what comes after the wait. idle=halt:
// the guest halts and takes an interrupt. arm=call, which includes that: a relative delay and a hypercall at once whenever
// the first timer is another one, as guests did in 2007; slack is lost.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "hypercall.h"
#include "pages.h"

#include <lib/bits.h>
#include <lib/time.h>

// When an event may come: from deadline_ns until slack_ns later. TIME_NEVER and 0: not at all.
struct event_window {
    uint64_t deadline_ns, slack_ns;
};

static inline uint64_t event_window_end_ns(struct event_window window)
{
    return u64_add_sat(window.deadline_ns, window.slack_ns);
}

// Reads the arguments arm= and idle=. Before anything else.
void clock_event_init(void);

// True with arm=call: the device is to be set whenever the first timer changes, also when that becomes later.
bool clock_event_is_eager(void);

// Asks for one interrupt in that window. Replaces what was set. A deadline in the past makes an interrupt at once.
// Interrupts off.
void clock_event_set(struct event_window window);

// True when an idle guest must halt, because it ticks or the arguments say so.
bool clock_event_halts(void);

// Asks for the same and halts, at which the hypervisor looks at the shared page anyway. Interrupts off before, on after. In
// periodic mode it only halts.
void clock_event_halt(struct event_window window);

// Asks for `first` and waits for it, or for another interrupt; no interrupt is made of it. When it has come, `following` is
// what is set. Returns why the wait is over, as HCALL_BLOCK does. Interrupts off, before and after. Not when
// clock_event_halts().
uint64_t clock_event_block(struct event_window first, struct event_window following);

// The end of the window that the device holds: TIME_NEVER after its interrupt, and in periodic mode. Interrupts off.
uint64_t clock_event_end_ns(void);

// The same as clock_event_set() by the shared page: no trap unless the window ends before what the hypervisor holds for
// this guest. Below LULL_TIME_NEVER the sum must not wrap. True if it trapped. Interrupts off.
static inline bool clock_event_store(uint64_t deadline_ns, uint64_t slack_ns)
{
    pages_vcpu()->next_slack_ns = slack_ns;
    pages_vcpu()->next_deadline_ns = deadline_ns;
    if (deadline_ns + slack_ns >= pages_vcpu()->armed_until_ns)
        return false;
    hypercall_set_deadline_slack(deadline_ns, slack_ns);
    return true;
}

// Asks for an interrupt every period_ns from now on. Interrupts off.
void clock_event_set_periodic(uint64_t period_ns);

// No interrupt until something else is set. Interrupts off.
void clock_event_end_periodic(void);

bool clock_event_is_periodic(void);

// The device's interrupt; called by dispatch.c with interrupts off.
void clock_event_interrupt(void);

// The traps that this driver has made.
struct clock_event_traps {
    uint64_t set_clockevent, set_deadline, halt, block;
};

const struct clock_event_traps *clock_event_traps(void);
