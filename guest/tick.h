// SPDX-License-Identifier: BSD-2-Clause
// The classic mode: an interrupt `hz` times a second, whether or not there is work. It is here to be compared with.
//
// A tick is all that moves the timers: a deadline between two ticks is served at the second, late by up to a
// period. The clock is not counted in ticks, since ticks merge when the guest does not run.
#pragma once

#include <stdint.h>

#define TICK_HZ_MAX 100000u

// Starts ticking, 1 .. TICK_HZ_MAX times a second. Interrupts off.
void tick_start(uint64_t hz);

// One tick; called by clock_event.c with interrupts off.
void tick_interrupt(void);
