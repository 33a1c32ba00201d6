// SPDX-License-Identifier: BSD-2-Clause
// A fake local APIC: its timer, and interrupts to oneself. Stands in for hv/x86/lapic.c too.
#pragma once

#include "machine.h"

struct chip_lapic {
    struct machine_chip chip;
    uint64_t timer_hz;

    // What the driver did.
    uint32_t lvt_timer, divide, initial;
    uint64_t started_ps;
    uint32_t timer_writes; // to initial count, divide and LVT

    // What came of it.
    uint32_t self_interrupts;
    uint64_t first_self_ps;
    uint8_t self_vector;
};

#define CHIP_LAPIC_PHYS 0xfee00000u

// Put it into the machine, and lapic_base on it.
void chip_lapic_add(struct chip_lapic *lapic, uint64_t timer_hz);

// log2 of the divider in the register.
uint32_t chip_lapic_divide(const struct chip_lapic *lapic);
