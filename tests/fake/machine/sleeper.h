// SPDX-License-Identifier: BSD-2-Clause
// The CPU of the fake machine as far as interrupts go: what its chips raise becomes pending, also while it is busy, and it sleeps
// until something is. The higher vector goes first, as in the local APIC.
#pragma once

#include "chip_hpet.h"
#include "chip_lapic.h"

#define SLEEPER_NOTHING 0x100u                 // no interrupt came
#define SLEEPER_SHALLOW_PS (10000 * PS_PER_NS) // what it takes to get into a deep sleep

struct sleeper {
    struct machine_chip chip; // has no registers; sees time pass
    struct chip_lapic *lapic;
    struct chip_hpet *hpet; // may be null
    uint8_t hpet_vector;    // where the I/O APIC sends the HPET's first timer; 0: nowhere
    uint64_t deep_ps;       // from when on the sleep is a deep one; UINT64_MAX: awake
    bool pending[256];
    uint64_t interrupts; // taken so far
};

// Add the chips first, then this: it looks at what the other chips have raised.
void sleeper_add(struct sleeper *sleeper, struct chip_lapic *lapic, struct chip_hpet *hpet);

// Sleep until an interrupt or `limit_ps`, and take it: its vector, or SLEEPER_NOTHING.
uint32_t sleeper_wait(struct sleeper *sleeper, uint64_t limit_ps);
