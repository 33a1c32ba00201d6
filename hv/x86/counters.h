// SPDX-License-Identifier: BSD-2-Clause
// Counts of the operations whose cost on hardware an instruction count cannot show.
#pragma once

#include <stdint.h>

// One CPU's counts since boot. `crossings` is incremented by entry.asm, the others by their accessors.
struct counters {
    uint64_t crossings;     // entries into the hypervisor from ring 3
    uint64_t mmio;          // memory-mapped device register accesses
    uint64_t cr3_loads;     // address-space switches
    uint64_t hw_interrupts; // hardware interrupts taken, from ring 3 or from idle
};

extern struct counters counters;

static inline void counters_add_mmio(void)
{
    counters.mmio++;
}
