// SPDX-License-Identifier: BSD-2-Clause
// The local APIC's timer as a one-shot clock event.
//
// A 32-bit count-down at the APIC's timer frequency, divided by 1, 2, 4 .. 128. Delays that fit 32 bits undivided,
// nearly all, cost one register write; longer ones take a larger divider and its coarser tick rather than a wake-up on
// the way:
//
//   at 1 GHz   up to 4.29 s: 1 ns steps      up to 8.58 s: 2 ns      ...      up to 549 s: 128 ns
#pragma once

#include <stdint.h>

#include "dev/clock_event.h"
#include "dev/clock_source.h"

// The timer as a running counter of 32 bits, for calibration: starts it, without interrupts, undivided. It lasts until
// the event below is made. Context: this CPU, lapic_init() done, interrupts off.
struct clock_source *lapic_timer_counter(void);

// The clock event of this CPU, stopped, interrupting with `vector`. frequency_hz: of the undivided timer, as
// calibrated, 1 kHz .. 10 GHz. tsc_hz: that of the TSC, less than 8 times slower; 0 if arm_at() is not wanted. Its time
// is rounded up and half open: a delay is over after between ticks and ticks + 1 ticks, with arm_at() one more.
struct clock_event *lapic_timer_event(uint64_t frequency_hz, uint64_t tsc_hz, uint8_t vector);
