// SPDX-License-Identifier: BSD-2-Clause
// Segment selectors, and the tables behind them: GDT, TSS, IDT. Intel SDM vol. 3A, 3.4, 6.14, 7.7.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "x86/stacks.h"
#include "x86/vectors.h"

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

// One CPU's task state segment. Intel SDM vol. 3A, figure 7-11.
struct descriptors_tss {
    uint32_t reserved0;
    uint64_t rsp[3]; // [0]: traps from ring 3 push their frame downwards from here, 16-byte aligned
    uint64_t reserved1;
    uint64_t ist[7]; // ist[0] is IST number 1
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t io_map; // beyond the limit: no port is allowed to ring 3
} __attribute__((packed, aligned(4)));

_Static_assert(offsetof(struct descriptors_tss, rsp) == 4, "SDM vol. 3A, figure 7-11");
_Static_assert(offsetof(struct descriptors_tss, ist) == 36, "SDM vol. 3A, figure 7-11");
_Static_assert(sizeof(struct descriptors_tss) == 104, "SDM vol. 3A, figure 7-11");

struct descriptors_gate {
    uint16_t offset_0;
    uint16_t selector;
    uint16_t ist_type; // IST in bits 2:0, type and DPL in the upper byte
    uint16_t offset_16;
    uint32_t offset_32;
    uint32_t reserved;
};

_Static_assert(sizeof(struct descriptors_gate) == 16, "SDM vol. 3A, figure 6-8");

#define DESCRIPTORS_GDT_ENTRIES 8

// One CPU's tables. The IDT is each CPU's own too, because the hypercall's gate is changed while others run.
struct descriptors {
    struct descriptors_gate idt[VECTOR_COUNT];
    uint64_t gdt[DESCRIPTORS_GDT_ENTRIES];
    struct descriptors_tss tss;
};

// Fill in the tables, which are zero; all stacks but the main one are those that the CPU switches to by itself.
// Context: any CPU, once for each CPU.
void descriptors_init(struct descriptors *tables, const struct stacks *stacks);

// Load the tables on this CPU. Zeroes the GS base. Once at each CPU's start, interrupts off.
void descriptors_load(const struct descriptors *tables);

// Hypercalls by software interrupt go to `entry` from now on, on the CPU of these tables. Context: that CPU.
void descriptors_set_hypercall_entry(struct descriptors *tables, uint64_t entry);
