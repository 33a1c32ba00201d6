// SPDX-License-Identifier: BSD-2-Clause
// A fake local APIC: its modes, its timer, and interrupts to oneself. The real hv/x86/lapic.c runs on it.
#pragma once

#include "machine.h"

struct chip_lapic {
    struct machine_chip chip;

    // What it is; to be set before use.
    uint64_t timer_hz;
    uint32_t id;
    bool has_x2apic;
    bool mode_is_locked; // the mode bits of the base register do not move
    bool stops_in_sleep; // no ARAT: the timer stands still while the CPU sleeps
    uint32_t lose;       // so many timer interrupts from now on do not arrive
    const bool *pending; // of the CPU, by vector, for the request register; null: none is

    // What the driver did.
    uint64_t base_msr;
    uint32_t registers[0x40]; // as last written, one for each 16 bytes of the map
    uint32_t lvt_timer, divide, initial;
    uint64_t started_ps;
    uint64_t deadline_tsc;   // 0: none
    uint64_t lvt_fences;     // machine.fences when a store last wrote the timer's LVT
    uint32_t lost_deadlines; // written in another mode, or before the LVT write had arrived
    uint32_t timer_writes;   // to initial count, divide and LVT
    bool masked_counting;    // the timer's LVT was masked while it counted

    // What came of it.
    bool timer_over; // the one-shot timer has interrupted, or lost that, since it was written
    uint32_t self_interrupts;
    uint64_t first_self_ps;
    uint8_t self_vector;
    uint32_t faults; // accesses that a CPU answers with #GP, and mode changes that it does not allow
};

#define CHIP_LAPIC_PHYS 0xfee00000u
#define CHIP_LAPIC_VERSION 0x50014u // six LVT entries
#define CHIP_LAPIC_BASE_ENABLE 0x800u
#define CHIP_LAPIC_BASE_X2APIC 0x400u

// Put it into the machine in xAPIC mode, and lapic_base on it as lapic_init() would.
void chip_lapic_add(struct chip_lapic *lapic, uint64_t timer_hz);

// Switch it to x2APIC mode, as lapic_init() would.
void chip_lapic_use_x2apic(struct chip_lapic *lapic);

// When its timer interrupts next, if nothing is written; UINT64_MAX: never. The time may have passed.
uint64_t chip_lapic_due_ps(const struct chip_lapic *lapic);

// The timer's time has come. The vector, or 0 where the interrupt gets lost.
uint8_t chip_lapic_fire(struct chip_lapic *lapic);

// log2 of the divider in the register.
uint32_t chip_lapic_divide(const struct chip_lapic *lapic);
