// SPDX-License-Identifier: BSD-2-Clause
// Traps: the counts by name, and what entry.asm calls.
#pragma once

#include <stdint.h>

struct trap_frame;

// Hardware interrupts since boot. Their sum is counters.hw_interrupts.
struct trap_counts {
    uint64_t timer;       // the clock event's; time/timer.h attributes each one
    uint64_t uart;        // serial line: a key, or room for more output
    uint64_t lapic_error; // the local APIC found a malformed message
    uint64_t spurious;    // withdrawn before it was delivered
    uint64_t unexpected;  // a vector that nothing uses
};

const struct trap_counts *trap_counts(void);

// For entry.asm: a trap with the hypervisor's own code segment. Returns to the interrupted code.
void trap_in_hypervisor(struct trap_frame *frame);

// For entry.asm: NMI, double fault, machine check, from wherever.
_Noreturn void trap_fatal(struct trap_frame *frame);
