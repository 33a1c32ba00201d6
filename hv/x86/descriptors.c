// SPDX-License-Identifier: BSD-2-Clause
// Descriptor tables of a CPU.
#include "x86/descriptors.h"

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

struct table_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

extern const uint64_t entry_stubs[VECTOR_COUNT]; // entry.asm: one address for each vector

static void fill_gdt(struct descriptors *tables)
{
    uint64_t base = (uint64_t)&tables->tss, limit = sizeof(tables->tss) - 1;
    uint64_t *gdt = tables->gdt;

    gdt[SELECTOR_HV_CODE / 8] = SEGMENT_HV_CODE;
    gdt[SELECTOR_HV_DATA / 8] = SEGMENT_HV_DATA;
    gdt[SELECTOR_GUEST_DATA / 8] = SEGMENT_HV_DATA | SEGMENT_DPL3;
    gdt[SELECTOR_GUEST_CODE / 8] = SEGMENT_HV_CODE | SEGMENT_DPL3;
    gdt[SELECTOR_TSS / 8] =
        limit | (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56 | SEGMENT_PRESENT | SEGMENT_TSS_AVAILABLE;
    gdt[SELECTOR_TSS / 8 + 1] = base >> 32;
}

static void set_gate(struct descriptors *tables, unsigned vector, uint64_t entry, unsigned dpl, enum ist ist)
{
    tables->idt[vector] = (struct descriptors_gate){
        .offset_0 = (uint16_t)entry,
        .selector = SELECTOR_HV_CODE,
        .ist_type = (uint16_t)(GATE_PRESENT | GATE_INTERRUPT | dpl | ist),
        .offset_16 = (uint16_t)(entry >> 16),
        .offset_32 = (uint32_t)(entry >> 32),
    };
}

static void fill_idt(struct descriptors *tables)
{
    for (unsigned vector = 0; vector < VECTOR_COUNT; vector++)
        set_gate(tables, vector, entry_stubs[vector], 0, IST_NONE);
    set_gate(tables, VECTOR_BP, entry_stubs[VECTOR_BP], GATE_DPL3, IST_NONE);
    set_gate(tables, VECTOR_DB, entry_stubs[VECTOR_DB], 0, IST_DEBUG);
    set_gate(tables, VECTOR_DF, entry_stubs[VECTOR_DF], 0, IST_DOUBLE_FAULT);
    set_gate(tables, VECTOR_NMI, entry_stubs[VECTOR_NMI], 0, IST_NMI);
    set_gate(tables, VECTOR_MC, entry_stubs[VECTOR_MC], 0, IST_MACHINE_CHECK);
}

void descriptors_init(struct descriptors *tables, const struct stacks *stacks)
{
    struct descriptors_tss *tss = &tables->tss;

    tss->ist[IST_DEBUG - 1] = stacks->top[STACKS_DEBUG];
    tss->ist[IST_DOUBLE_FAULT - 1] = stacks->top[STACKS_DOUBLE_FAULT];
    tss->ist[IST_NMI - 1] = stacks->top[STACKS_NMI];
    tss->ist[IST_MACHINE_CHECK - 1] = stacks->top[STACKS_MACHINE_CHECK];
    tss->io_map = sizeof(*tss);
    fill_gdt(tables);
    fill_idt(tables);
}

void descriptors_load(const struct descriptors *tables)
{
    struct table_pointer gdt = { .limit = sizeof(tables->gdt) - 1, .base = (uint64_t)tables->gdt };
    struct table_pointer idt = { .limit = sizeof(tables->idt) - 1, .base = (uint64_t)tables->idt };

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
        "mov %3, %%gs\n\t" // zeroes the GS base: the caller sets it afterwards
        "lldt %w3\n\t" // after reset the LDT is not empty: 64 KiB at address 0, Intel SDM vol. 3A, table 9-1
        "ltr %w4\n\t"
        "lidt %5"
        :
        : "m"(gdt), "i"(SELECTOR_HV_CODE), "r"(SELECTOR_HV_DATA), "r"(SELECTOR_NULL), "r"(SELECTOR_TSS),
          "m"(idt)
        : "rax", "memory");
}

void descriptors_set_hypercall_entry(struct descriptors *tables, uint64_t entry)
{
    set_gate(tables, VECTOR_HYPERCALL, entry, GATE_DPL3, IST_NONE);
}
