// SPDX-License-Identifier: BSD-2-Clause
// Which chips this machine has, and which of them Lull runs on: the boot-time decisions, said in the log.
//
// Each function is called once by hv_main() in this order, boot CPU, interrupts off. What is missing is said together
// with what happens now; only what cannot be done without stops the machine (panic_machine).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "x86/cpu.h"

struct boot_info;
struct boot_options;

// The final page tables and the page allocator. Stops without enough memory.
void machine_init_memory(const struct boot_info *boot, const struct boot_options *options);

// Log a warning if this CPU may let guests read what they may not (x86/exposure.h). Boot.
void machine_say_exposure(void);

// ACPI tables, PIC, local APIC, I/O APICs. Stops without a local APIC.
void machine_init_interrupts(const struct boot_info *boot);

// Calibrate, choose the clock source (clocksource=), set the wall clock. Stops if nothing can be calibrated against.
void machine_init_clock(const struct boot_options *options);

// Choose the clock event (clockevent=) and start the timer queue. Stops without one.
void machine_init_timer(const struct boot_options *options);

// The serial line by interrupts instead of polling.
void machine_init_console(void);

// How many CPUs the firmware offers beside this one; their APIC ids.
uint32_t machine_other_cpus(uint32_t apic_ids[CPU_MAX]);

// Whether every CPU has a timer of the chosen kind; the HPET's serves only one.
bool machine_has_cpu_timers(void);

// On a further CPU, interrupts off: its local APIC and its timer, as on the boot CPU. Null, or what is wrong as the
// rest of a sentence ("the CPU ...").
const char *machine_init_cpu(void);

// The measured frequency of the TSC.
uint64_t machine_tsc_hz(void);
