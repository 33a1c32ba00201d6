// SPDX-License-Identifier: BSD-2-Clause
// How long the parts of the boot take, from the loader to the first guest: a reading of the TSC at the end of each.
//
//   boot_phase_ends(BOOT_PHASE_MEMORY);        in hv_main(), once each, in this order
//   boot_phase_report();                       at the end of a mode, with report=json
#pragma once

#include <stdint.h>

#include "x86/tsc.h"

enum boot_phase {
    BOOT_PHASE_LOADER,     // boot/: long mode, the loader's information
    BOOT_PHASE_CONSOLE,    // this CPU, the serial line, the screen, the boot line
    BOOT_PHASE_MEMORY,     // page allocator, page tables
    BOOT_PHASE_INTERRUPTS, // ACPI, interrupt controllers
    BOOT_PHASE_CLOCK,      // clocks found and calibrated
    BOOT_PHASE_TIMER,      // the timer, the timer queue, the console by interrupts
    BOOT_PHASE_CPUS,       // the scheduler, the other CPUs
    BOOT_PHASE_GUESTS,     // the guests of the modules are made
    BOOT_PHASES,
};

// The TSC when the loader had handed over; written by boot/boot.c.
extern uint64_t boot_phase_entry_tsc;

// Written by boot_phase_ends() alone.
extern uint64_t boot_phase_tsc[BOOT_PHASES];

static inline void boot_phase_ends(enum boot_phase phase)
{
    boot_phase_tsc[phase] = tsc_read();
}

// Writes one line, `@json boot {...}`: the TSC at the entry from the loader, and at the end of each phase.
void boot_phase_report(void);
