// SPDX-License-Identifier: BSD-2-Clause
// The HPET: its counter as a clock source, its comparators as one-shot clock events.
//
// Order at boot: hpet_init(), then the source can be used. For an event, machine.c picks a GSI out of hpet_routes(),
// routes it (edge, active high) to a vector in the I/O APIC, and calls hpet_route() with it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dev/clock_event.h"
#include "dev/clock_source.h"

// Map the chip, check what it says of itself, stop all its interrupts and start its counter. False: it is not usable,
// and the log says why. `phys` is from ACPI; `narrow`: use 32 bits of the counter
// though it has 64, as a chip with 32 would be used. Boot, interrupts off.
bool hpet_init(uint64_t phys, bool narrow);

// The counter. Three register reads where it has 64 bits, one where it has 32.
struct clock_source *hpet_source(void);

// Comparators that can be used, numbered from 0.
#define HPET_COMPARATORS_MAX 8u
uint32_t hpet_comparator_count(void);

// Bit n: this comparator can interrupt through GSI n.
uint32_t hpet_routes(uint32_t index);

// Send this comparator's interrupts to this GSI. False: the chip does not take it.
bool hpet_route(uint32_t index, uint32_t gsi);

// Last resort where hpet_routes() is empty: "legacy replacement", in which comparators 0 and 1 take the place of the
// PIT (ISA IRQ 0, mostly GSI 2) and the RTC. Some boards break in it, so nothing else may choose it. False: not
// offered.
bool hpet_route_legacy(void);

// The event of this comparator, stopped. Interrupts with `vector`, also by the local APIC of the CPU that arms it where
// a comparator write came too late. Call after one of the two above. arm() takes two reads and a write, one more write
// where it was stopped; where it needs more than 32 bits (a delay beyond 2^31 ticks, 21 s at 100 MHz, or a wrap before
// the end), 7 reads and 4 writes.
struct clock_event *hpet_event(uint32_t index, uint8_t vector);
