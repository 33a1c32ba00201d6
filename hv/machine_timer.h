// SPDX-License-Identifier: BSD-2-Clause
// What machine.c has found and machine_timer.c chooses from. The choosing itself is declared in machine.h.
#pragma once

#include <stdint.h>

struct clock_source;

struct machine_clocks {
    struct clock_source *tsc, *lapic_counter; // calibrated; a rate that is not known is 0
    struct clock_source *hpet;                // null: there is none
    uint32_t pit_gsi;                         // whose place the HPET takes if nothing else helps
};

// Boot, once, before machine_init_timer().
void machine_timer_take(const struct machine_clocks *found);
