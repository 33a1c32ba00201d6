// SPDX-License-Identifier: BSD-2-Clause
// Descriptor tables of the boot CPU.
#include "x86/descriptors.h"

#include <stddef.h>

#include "x86/vectors.h"

// Segment descriptor fields (SDM vol. 3A, 3.4.5). In 64-bit mode base and limit are ignored.
#define SEGMENT_PRESENT (1ull << 47)
#define SEGMENT_DPL3 (3ull << 45)
#define SEGMENT_CODE_DATA (1ull << 44)
#define SEGMENT_CODE (1ull << 43)
#define SEGMENT_WRITE_READ (1ull << 41) // writable data, readable code
#define SEGMENT_LONG (1ull << 53)
#define SEGMENT_TSS_AVAILABLE (9ull << 40)

#define SEGMENT_HV_CODE \
    (SEGMENT_PRESENT | SEGMENT_CODE_DATA | SEGMENT_CODE | SEGMENT_WRITE_READ | SEGMENT_LONG)
#define SEGMENT_HV_DATA (SEGMENT_PRESENT | SEGMENT_CODE_DATA | SEGMENT_WRITE_READ)

// Gate descriptor fields (SDM vol. 3A, 6.14.1). An interrupt gate clears IF on entry.
#define GATE_INTERRUPT (0xeu << 8)
#define GATE_PRESENT (1u << 15)
#define GATE_DPL3 (3u << 13)

enum ist { IST_NONE, IST_DEBUG, IST_DOUBLE_FAULT, IST_NMI, IST_MACHINE_CHECK };

struct tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7]; // ist[0] is IST number 1
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t io_map; // beyond the limit: no port is allowed to ring 3
} __attribute__((packed));

_Static_assert(offsetof(struct tss, rsp) == 4, "SDM vol. 3A, figure 7-11");
_Static_assert(offsetof(struct tss, ist) == 36, "SDM vol. 3A, figure 7-11");
_Static_assert(sizeof(struct tss) == 104, "SDM vol. 3A, figure 7-11");

struct gate {
    uint16_t offset_0;
    uint16_t selector;
    uint16_t ist_type; // IST in bits 2:0, type and DPL in the upper byte
    uint16_t offset_16;
    uint32_t offset_32;
    uint32_t reserved;
};

_Static_assert(sizeof(struct gate) == 16, "SDM vol. 3A, figure 6-8");

struct table_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

#define GDT_ENTRIES 8

static struct tss tss;
static uint64_t gdt[GDT_ENTRIES];
static struct gate idt[VECTOR_COUNT] __attribute__((aligned(16)));

extern const uint64_t entry_stubs[VECTOR_COUNT]; // entry.asm: one address for each vector

static void load_gdt(void)
{
    uint64_t base = (uint64_t)&tss, limit = sizeof(tss) - 1;

    gdt[SELECTOR_HV_CODE / 8] = SEGMENT_HV_CODE;
    gdt[SELECTOR_HV_DATA / 8] = SEGMENT_HV_DATA;
    gdt[SELECTOR_GUEST_DATA / 8] = SEGMENT_HV_DATA | SEGMENT_DPL3;
    gdt[SELECTOR_GUEST_CODE / 8] = SEGMENT_HV_CODE | SEGMENT_DPL3;
    gdt[SELECTOR_TSS / 8] =
        limit | (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56 | SEGMENT_PRESENT | SEGMENT_TSS_AVAILABLE;
    gdt[SELECTOR_TSS / 8 + 1] = base >> 32;

    struct table_pointer pointer = { .limit = sizeof(gdt) - 1, .base = (uint64_t)gdt };
    asm volatile(
        "lgdt %0\n\t"
        "pushq %1\n\t"
        "leaq 1f(%%rip), %%rax\n\t"
        "pushq %%rax\n\t"
        "lretq\n" // the only way to load CS
        "1:\n\t"
        "mov %2, %%ss\n\t"
        "mov %3, %%ds\n\t"
        "mov %3, %%es\n\t"
        "mov %3, %%fs\n\t"
        "mov %3, %%gs\n\t" // zeroes the GS base: cpu_init() sets it afterwards
        "lldt %w3\n\t" // after reset the LDT is not empty: 64 KiB at address 0, Intel SDM vol. 3A, table 9-1
        "ltr %w4"
        :
        : "m"(pointer), "i"(SELECTOR_HV_CODE), "r"(SELECTOR_HV_DATA), "r"(SELECTOR_NULL), "r"(SELECTOR_TSS)
        : "rax", "memory");
}

static void set_gate(unsigned vector, uint64_t entry, unsigned dpl, enum ist ist)
{
    idt[vector] = (struct gate){
        .offset_0 = (uint16_t)entry,
        .selector = SELECTOR_HV_CODE,
        .ist_type = (uint16_t)(GATE_PRESENT | GATE_INTERRUPT | dpl | ist),
        .offset_16 = (uint16_t)(entry >> 16),
        .offset_32 = (uint32_t)(entry >> 32),
    };
}

static void load_idt(void)
{
    struct table_pointer pointer = { .limit = sizeof(idt) - 1, .base = (uint64_t)idt };

    for (unsigned vector = 0; vector < VECTOR_COUNT; vector++)
        set_gate(vector, entry_stubs[vector], 0, IST_NONE);
    set_gate(VECTOR_BP, entry_stubs[VECTOR_BP], GATE_DPL3, IST_NONE);
    set_gate(VECTOR_DB, entry_stubs[VECTOR_DB], 0, IST_DEBUG);
    set_gate(VECTOR_DF, entry_stubs[VECTOR_DF], 0, IST_DOUBLE_FAULT);
    set_gate(VECTOR_NMI, entry_stubs[VECTOR_NMI], 0, IST_NMI);
    set_gate(VECTOR_MC, entry_stubs[VECTOR_MC], 0, IST_MACHINE_CHECK);
    asm volatile("lidt %0" : : "m"(pointer) : "memory");
}

void descriptors_init(const struct descriptors_stacks *stacks)
{
    tss.ist[IST_DEBUG - 1] = stacks->debug;
    tss.ist[IST_DOUBLE_FAULT - 1] = stacks->double_fault;
    tss.ist[IST_NMI - 1] = stacks->nmi;
    tss.ist[IST_MACHINE_CHECK - 1] = stacks->machine_check;
    tss.io_map = sizeof(tss);
    load_gdt();
    load_idt();
}

void descriptors_set_hypercall_entry(uint64_t entry)
{
    set_gate(VECTOR_HYPERCALL, entry, GATE_DPL3, IST_NONE);
}

void descriptors_set_rsp0(uint64_t top)
{
    tss.rsp[0] = top;
}
