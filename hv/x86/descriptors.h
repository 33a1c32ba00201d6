// SPDX-License-Identifier: BSD-2-Clause
// Segment selectors, and the tables behind them: GDT, TSS, IDT. Intel SDM vol. 3A, 3.4, 6.14, 7.7.
#pragma once

#include <stdint.h>

#define SELECTOR_NULL 0x00
#define SELECTOR_HV_CODE 0x08
#define SELECTOR_HV_DATA 0x10
// sysret takes its selectors from one base: SS = base + 8, CS = base + 16. The slot at the base itself
// would be 32-bit guest code; it stays empty, so guests cannot leave 64-bit mode.
#define SELECTOR_SYSRET_BASE 0x1b
#define SELECTOR_GUEST_DATA 0x23
#define SELECTOR_GUEST_CODE 0x2b
#define SELECTOR_TSS 0x30

_Static_assert(SELECTOR_GUEST_DATA == SELECTOR_SYSRET_BASE + 8, "SDM vol. 2B, SYSRET");
_Static_assert(SELECTOR_GUEST_CODE == SELECTOR_SYSRET_BASE + 16, "SDM vol. 2B, SYSRET");

// The tops of the stacks that the CPU switches to by itself.
struct descriptors_stacks {
    uint64_t debug, double_fault, nmi, machine_check;
};

// Load GDT, TSS and IDT on this CPU. Called once at boot, interrupts off.
void descriptors_init(const struct descriptors_stacks *stacks);

// Hypercalls by software interrupt go to `entry` from now on.
void descriptors_set_hypercall_entry(uint64_t entry);

// Traps from ring 3 push their frame downwards from `top` (16-byte aligned) from now on.
void descriptors_set_rsp0(uint64_t top);
