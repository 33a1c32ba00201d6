// SPDX-License-Identifier: BSD-2-Clause
// The machine under the floor kernel: tables, the LAPIC timer, the serial line. Everything but machine_init() runs in
// ring 3, which may do all that here.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Page map, gates, syscall, the second task, the LAPIC. Once, in ring 0, interrupts off.
void machine_init(void);

// Finds how many ticks of the TSC a count of the LAPIC timer is.
void machine_lapic_calibrate(void);

// Ticks of so many counts; at most 2^32.
uint64_t machine_ticks(uint64_t counts);

// Which vector the timer's interrupt has. Interrupts must be armed again behind it.
void machine_lapic_vector(unsigned int vector);

// Starts the timer; returns the TSC as the very next instruction reads it.
uint64_t machine_lapic_arm(uint64_t counts);

// Formatted text (lib/format.h) to COM1.
void machine_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Leaves QEMU, with a status that says success or failure; stops a machine that is not QEMU.
_Noreturn void machine_end(bool success);

// Called by the gates of all vectors that must not come, with what the CPU pushed first: an error code or the address.
_Noreturn void floor_died(uint64_t first, uint64_t second);
