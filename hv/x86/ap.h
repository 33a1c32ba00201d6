// SPDX-License-Identifier: BSD-2-Clause
// Starting a further CPU (application processor, AP). Intel SDM vol. 3A, 8.4.4.1; the code that it begins with is
// boot/ap_start.asm.
//
// The two CPUs agree by one word of the new one's block, cpu->start, which each changes only from what it must have
// been:
//
//   boot CPU:  AP_CALLED, INIT, STARTUP, STARTUP                                        AP_ADMITTED
//   AP:                                           AP_ALIVE ... AP_READY or AP_FAILED                 runs guests
//
// A CPU that has not answered in time is refused by the same word (AP_REFUSED), so that it cannot come late; one that
// is alive and does not get ready is reset by another INIT.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct cpu;

// The states of cpu->start. The boot CPU's own stays AP_ADMITTED.
enum ap_state {
    AP_ADMITTED, // it runs guests
    AP_CALLED,   // it is to start
    AP_ALIVE,    // it has reached C code
    AP_READY,    // it could run guests, and waits for AP_ADMITTED
    AP_FAILED,   // it has found that it cannot, and has halted
    AP_REFUSED,  // the boot CPU does without it: it must halt
};

// What ap_start.asm finds behind its code.
struct ap_words {
    uint64_t gdt[2];      // null, 64-bit code
    uint32_t long_offset; // where 64-bit code begins, as a far pointer
    uint16_t long_selector;
    uint16_t gdt_limit; // with the next one: what lgdt loads
    uint32_t gdt_base;
    uint32_t boot_root; // page tables that show the start page at its physical address
    uint64_t efer, root, cpu, stack, entry;
};

_Static_assert(sizeof(struct ap_words) == 72, "ap_start.asm: no padding");

// Put the start code into a page of RAM below 1 MiB, which the direct map shows. Boot CPU, once, interrupts off.
void ap_init(uint64_t page_phys);

// Reset a CPU and make it begin at cpus_ap_main(), on its own stack. False: it did not come alive in time, and never
// will. tsc_hz: the rate of the TSC, for the waits, each of which is bounded. Context: boot CPU, interrupts off, local
// APIC on.
bool ap_call(struct cpu *cpu, uint64_t tsc_hz);

// Reset a CPU for good.
void ap_reset(struct cpu *cpu);

// Change cpu->start; false where it is not in the state `from`.
bool ap_change(struct cpu *cpu, enum ap_state from, enum ap_state to);

// Wait until cpu->start is no longer `state`, for `ticks` of the TSC at most. Returns the state.
enum ap_state ap_await(const struct cpu *cpu, enum ap_state state, uint64_t ticks);
