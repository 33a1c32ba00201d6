// SPDX-License-Identifier: BSD-2-Clause
// The I/O APICs: which global system interrupt (GSI) comes to which vector of which CPU.
//
// A GSI names an input pin machine-wide: the chip whose base is highest not above it, pin = GSI - base.
// After ioapic_add() every pin of the chip is masked. All calls: boot or monitor, interrupts off.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define IOAPIC_MAX 8u

// Take a chip into use, all pins masked. False: no chip answers at `phys`, or there are too many; the log says so.
bool ioapic_add(uint64_t phys, uint32_t gsi_base);

// True if some chip has this input.
bool ioapic_has_gsi(uint32_t gsi);

struct ioapic_route {
    uint32_t gsi;
    uint8_t vector;   // 0x10 .. 0xfe
    uint8_t lapic_id; // the CPU that takes it
    bool active_low, level;
};

// Connect a GSI, unmasked from now on. False: no chip has that GSI.
bool ioapic_route(const struct ioapic_route *route);

// Silence a GSI, or let it come again as routed before. A GSI that no chip has is our bug.
void ioapic_mask(uint32_t gsi);
void ioapic_unmask(uint32_t gsi);
