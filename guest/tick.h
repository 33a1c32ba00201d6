// SPDX-License-Identifier: BSD-2-Clause
// The classic mode: an interrupt `hz` times a second, whether or not there is work. It is here to be compared with.
//
// A tick is all that moves the timers: a deadline between two ticks is served at the second, late by up to a
// period. The clock is not counted in ticks, since ticks merge when the guest does not run.
#pragma once

#include <stdint.h>

#include <abi/lull.h>

#define TICK_HZ_MAX LULL_TICK_HZ_MAX

// Starts ticking, 1 .. TICK_HZ_MAX times a second. Interrupts off.
void tick_start(uint64_t hz);

// Tells the hypervisor that this guest goes over from ticks to tickless and back when the operator wants it.
void tick_obey(void);

// LULL_IRQ_TICK: goes over to what is wanted now; called by dispatch.c with interrupts off. The deadlines of timers do not
// change: the next tick serves those that are due, or the device is set for the first of them.
void tick_switch(void);

// One tick; called by clock_event.c with interrupts off.
void tick_interrupt(void);
