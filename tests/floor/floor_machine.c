// SPDX-License-Identifier: BSD-2-Clause
// The machine under the floor kernel. Intel SDM vol. 3A: 4.5 paging, 5.8 syscall, 10.5.4 the APIC timer.
#include "floor_machine.h"

#include <stdarg.h>
#include <stddef.h>

#include "clock.h"
#include "core/debug_exit.h"
#include "floor.h"
#include "lib/format.h"
#include "x86/control.h"
#include "x86/descriptors.h"
#include "x86/io.h"
#include "x86/lapic.h"
#include "x86/msr.h"
#include "x86/stacks.h"
#include "x86/vectors.h"

#define PAGE_PRESENT 1ull
#define PAGE_USER 4ull
#define PAGE_LARGE 0x80ull
#define PAGE_ADDRESS 0x000ffffffffff000ull
#define TABLE_ENTRIES 512u

#define GATE_DPL3 (3u << 13)
#define RFLAGS_OF_USER (RFLAGS_FIXED | RFLAGS_IF | RFLAGS_IOPL)

#define PIC_MASTER_MASK 0x21
#define PIC_SLAVE_MASK 0xa1

#define COM1 0x3f8
#define COM1_LINE_STATUS (COM1 + 5)
#define LINE_STATUS_TX_EMPTY (1u << 5)
#define LINE_SIZE 256u

#define CALIBRATE_TICKS (1u << 22)
#define SCALE_SHIFT 24
#define ONE_CLOCK 10000u // a difference of less than one part in so many

struct stacks_main stacks_boot_cpu; // start.asm begins on it
uint64_t entry_stubs[VECTOR_COUNT]; // read by descriptors_init()

extern uint64_t boot_top_table[]; // start.asm; at its physical address

static struct descriptors tables;
static uint64_t other_stack[TABLE_ENTRIES], other_user_stack[TABLE_ENTRIES];
static uint64_t scale = 1ull << SCALE_SHIFT; // ticks of a count, times 2^SCALE_SHIFT

static volatile uint32_t *lapic(uint32_t reg)
{
    return (volatile uint32_t *)(FLOOR_LAPIC + reg);
}

// ---- Memory ----------------------------------------------------------------------------------------------------

// The tables are seen at their physical addresses.
static uint64_t *table_of(uint64_t entry)
{
    return (uint64_t *)(entry & PAGE_ADDRESS);
}

static void open_to_user(uint64_t *table, unsigned int level)
{
    for (unsigned int i = 0; i < TABLE_ENTRIES; i++) {
        if ((table[i] & PAGE_PRESENT) == 0)
            continue;
        table[i] |= PAGE_USER;
        if (level > 1 && (table[i] & PAGE_LARGE) == 0)
            open_to_user(table_of(table[i]), level - 1);
    }
}

// start.asm maps the first 4 GiB at 0 and the first of them at the image; the last one goes behind that, where the LAPIC's
// registers have addresses that an instruction can hold.
static void init_memory(void)
{
    uint64_t *low = table_of(boot_top_table[0]), *image = table_of(boot_top_table[TABLE_ENTRIES - 1]);

    image[TABLE_ENTRIES - 1] = low[3];
    open_to_user(boot_top_table, 4 - 1);
    control_set_cr4(control_cr4() & ~(CR4_SMEP | CR4_SMAP));
    __asm__ volatile("mov %0, %%cr3" : : "r"(boot_top_table) : "memory");
}

// ---- Gates -----------------------------------------------------------------------------------------------------

static void init_gates(void)
{
    static const struct {
        unsigned int vector;
        const char *entry;
    } gates[] = {
        { VECTOR_BP, floor_breakpoint },
        { FLOOR_NULL, floor_null },
        { FLOOR_ARM, floor_arm },
        { FLOOR_SLEEP, floor_sleep },
        { FLOOR_BLOCK, floor_block },
        { FLOOR_SWITCH, floor_switch },
        { FLOOR_IRQ_RUNNING, floor_irq_running },
        { FLOOR_IRQ_ASLEEP, floor_irq_asleep },
        { FLOOR_IRQ_BLOCKED, floor_irq_blocked },
    };
    uint64_t stack = STACKS_TOP(stacks_boot_cpu);
    struct stacks stacks;

    for (unsigned int vector = 0; vector < VECTOR_COUNT; vector++)
        entry_stubs[vector] = (uint64_t)floor_fault;
    for (unsigned int i = 0; i < sizeof gates / sizeof gates[0]; i++)
        entry_stubs[gates[i].vector] = (uint64_t)gates[i].entry;
    for (unsigned int kind = 0; kind < STACKS_KINDS; kind++)
        stacks.top[kind] = stack;
    descriptors_init(&tables, &stacks);
    for (unsigned int i = 0; i < sizeof gates / sizeof gates[0]; i++)
        tables.idt[gates[i].vector].ist_type |= GATE_DPL3;
    tables.tss.rsp[0] = stack;
    floor_rsp0 = (uint8_t *)&tables.tss + offsetof(struct descriptors_tss, rsp);
    descriptors_load(&tables);

    msr_write(MSR_EFER, msr_read(MSR_EFER) | MSR_EFER_SCE);
    msr_write(MSR_STAR, (uint64_t)SELECTOR_SYSRET_BASE << 48 | (uint64_t)SELECTOR_HV_CODE << 32);
    msr_write(MSR_LSTAR, (uint64_t)floor_syscall);
    msr_write(MSR_SFMASK, RFLAGS_IF);
}

// The other task of FLOOR_SWITCH, as if it had just been interrupted.
static void init_other_task(void)
{
    uint64_t *frame = other_stack + TABLE_ENTRIES - 5;

    frame[0] = (uint64_t)floor_answer;
    frame[1] = SELECTOR_GUEST_CODE;
    frame[2] = RFLAGS_OF_USER;
    frame[3] = (uint64_t)(other_user_stack + TABLE_ENTRIES);
    frame[4] = SELECTOR_GUEST_DATA;
    floor_other_rsp = (uint64_t)frame;
}

void machine_init(void)
{
    init_memory();
    init_gates();
    init_other_task();
    io_out8(PIC_MASTER_MASK, 0xff);
    io_out8(PIC_SLAVE_MASK, 0xff);
    *lapic(LAPIC_TPR) = 0;
    *lapic(LAPIC_TIMER_DIVIDE) = LAPIC_TIMER_DIVIDE_1;
    *lapic(LAPIC_SVR) = LAPIC_SVR_ENABLE | VECTOR_LAPIC_SPURIOUS;
}

// ---- The timer -------------------------------------------------------------------------------------------------

// Counts that pass for nobody: the interrupt is masked.
void machine_lapic_calibrate(void)
{
    uint32_t lvt = *lapic(LAPIC_LVT_TIMER), counts;
    uint64_t start_tsc, ticks;

    *lapic(LAPIC_LVT_TIMER) = lvt | LAPIC_LVT_MASKED;
    *lapic(LAPIC_TIMER_INITIAL) = UINT32_MAX;
    start_tsc = clock_tsc();
    do
        ticks = clock_tsc() - start_tsc;
    while (ticks < CALIBRATE_TICKS);
    counts = UINT32_MAX - *lapic(LAPIC_TIMER_CURRENT);
    *lapic(LAPIC_TIMER_INITIAL) = 0;
    *lapic(LAPIC_LVT_TIMER) = lvt;
    // A few instructions lie between the readings. Where the two are one clock, nothing else does.
    if (counts > ticks + ticks / ONE_CLOCK || ticks > counts + ticks / ONE_CLOCK)
        scale = (ticks << SCALE_SHIFT) / counts;
}

uint64_t machine_ticks(uint64_t counts)
{
    return counts * scale >> SCALE_SHIFT;
}

void machine_lapic_vector(unsigned int vector)
{
    *lapic(LAPIC_LVT_TIMER) = LAPIC_LVT_ONE_SHOT | vector;
}

uint64_t machine_lapic_arm(uint64_t counts)
{
    uint32_t low, high;

    __asm__ volatile("movl %2, (%3)\n\t"
                     "rdtsc"
                     : "=&a"(low), "=&d"(high)
                     : "r"((uint32_t)counts), "r"(lapic(LAPIC_TIMER_INITIAL))
                     : "memory");
    return (uint64_t)high << 32 | low;
}

// ---- The way out -----------------------------------------------------------------------------------------------

void machine_print(const char *format, ...)
{
    char line[LINE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    format_vbuffer(line, sizeof line, format, arguments);
    va_end(arguments);
    for (const char *at = line; *at != '\0'; at++) {
        while ((io_in8(COM1_LINE_STATUS) & LINE_STATUS_TX_EMPTY) == 0)
            ;
        io_out8(COM1, (uint8_t)*at);
    }
}

_Noreturn void machine_end(bool success)
{
    debug_exit(success);
    for (;;)
        ;
}

_Noreturn void floor_died(uint64_t first, uint64_t second)
{
    machine_print("floor: an interrupt or exception that must not come; on its stack: %lx %lx\n", first,
                  second);
    machine_end(false);
}
