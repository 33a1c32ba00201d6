// SPDX-License-Identifier: BSD-2-Clause
// The HPET: its counter as a clock source, its comparator 0 as a one-shot clock event.
//
// Order at boot: hpet_init(), then the source can be used. For the event, main picks a GSI out of hpet_routes(), routes it
// (edge, active high) to VECTOR_HPET in the I/O APIC, and calls hpet_route() with it.
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

// Bit n: comparator 0 can interrupt through GSI n.
uint32_t hpet_routes(void);

// Send comparator 0's interrupts to this GSI. False: the chip does not take it.
bool hpet_route(uint32_t gsi);

// Last resort where hpet_routes() is empty: "legacy replacement", in which comparators 0 and 1 take the place of the PIT
// (ISA IRQ 0, mostly GSI 2) and the RTC. Some boards break in it, so nothing else may choose it. False: not offered.
bool hpet_route_legacy(void);

// The event. Interrupts with `vector`, also by the CPU's own local APIC where a comparator write came too late. Call
// after one of the two above.
struct clock_event *hpet_event(uint8_t vector);
