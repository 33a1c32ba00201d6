// SPDX-License-Identifier: BSD-2-Clause
// The local APIC's timer in TSC-deadline mode, as a clock event: an interrupt when the TSC reaches a value.
//
// Against the count-down of the one-shot mode (lapic_timer.h) it has no range to run out of, no divider and no rate of
// its own to be calibrated: the event and a clock that counts the TSC cannot drift apart. It must not be used with
// another clock source, whose nanoseconds are not the TSC's.
#pragma once

#include <stdint.h>

#include "dev/clock_event.h"

// Null where this CPU's TSC-deadline mode can be used, else why not, as the rest of a sentence
// ("clockevent=tsc-deadline: ..."). Boot, features_init() done.
const char *tsc_deadline_trouble(void);

// The clock event of this CPU, stopped, interrupting with `vector`. tsc_hz: 1 kHz .. 10 GHz, the rate that the clock
// uses. Context: this CPU, lapic_init() done, interrupts off, tsc_deadline_trouble() null.
struct clock_event *tsc_deadline_event(uint64_t tsc_hz, uint8_t vector);
