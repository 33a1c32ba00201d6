// SPDX-License-Identifier: BSD-2-Clause
// The fake local APIC. Intel SDM vol. 3A, 10.4.3, 10.5.4, 10.6.1 and 10.12.

#include "chip_lapic.h"

#include "x86/features.h"
#include "x86/lapic.h"

struct features features; // for hv/x86/lapic.c; the tests say what the CPU has

#define BASE_MODE (CHIP_LAPIC_BASE_ENABLE | CHIP_LAPIC_BASE_X2APIC)

static struct chip_lapic *present; // behind the MSRs

static bool is_x2apic(const struct chip_lapic *lapic)
{
    return (lapic->base_msr & BASE_MODE) == BASE_MODE;
}

uint32_t chip_lapic_divide(const struct chip_lapic *lapic)
{
    // Bits 3, 1 and 0 count 2, 4 .. 128 and then 1.
    uint32_t code = (lapic->divide & 3) | (lapic->divide >> 1 & 4);
    return (code + 1) & 7;
}

static uint32_t requests(const struct chip_lapic *lapic, uint32_t first)
{
    uint32_t bits = 0;

    for (uint32_t i = 0; i < 32 && lapic->pending != NULL; i++)
        bits |= (uint32_t)lapic->pending[first + i] << i;
    return bits;
}

static uint32_t get(struct chip_lapic *lapic, uint32_t offset)
{
    switch (offset) {
    case LAPIC_ID:
        return is_x2apic(lapic) ? lapic->id : lapic->id << 24;
    case LAPIC_VERSION:
        return CHIP_LAPIC_VERSION;
    case LAPIC_TIMER_CURRENT: {
        uint64_t passed =
            machine_ticks(machine.now_ps - lapic->started_ps, lapic->timer_hz) >> chip_lapic_divide(lapic);
        return passed < lapic->initial ? (uint32_t)(lapic->initial - passed) : 0;
    }
    case LAPIC_IRR(0)... LAPIC_IRR(255):
        return requests(lapic, (offset - LAPIC_IRR(0)) / 0x10 * 32);
    default:
        return 0;
    }
}

static void interrupt_self(struct chip_lapic *lapic, uint32_t value)
{
    if (lapic->self_interrupts++ == 0) {
        lapic->first_self_ps = machine.now_ps;
        lapic->self_vector = (uint8_t)value;
    }
}

static void set(struct chip_lapic *lapic, uint32_t offset, uint32_t value)
{
    lapic->registers[offset >> 4] = value;
    switch (offset) {
    case LAPIC_LVT_TIMER:
        lapic->masked_counting |= (value & LAPIC_LVT_MASKED) != 0 && get(lapic, LAPIC_TIMER_CURRENT) != 0;
        lapic->lvt_timer = value;
        lapic->lvt_fences = is_x2apic(lapic) ? 0 : machine.fences + 1;
        lapic->timer_writes++;
        break;
    case LAPIC_TIMER_DIVIDE:
        lapic->divide = value;
        lapic->timer_writes++;
        break;
    case LAPIC_TIMER_INITIAL:
        lapic->initial = value;
        lapic->timer_over = false;
        lapic->started_ps = machine.now_ps;
        lapic->timer_writes++;
        break;
    case LAPIC_ICR_LOW:
        if ((value & LAPIC_ICR_SELF) != 0)
            interrupt_self(lapic, value);
        break;
    case LAPIC_SELF_IPI:
        interrupt_self(lapic, value);
        break;
    default:
        break;
    }
}

// The memory map, which answers in xAPIC mode only.
static uint32_t read(struct machine_chip *chip, uint32_t offset, unsigned int bytes)
{
    struct chip_lapic *lapic = (struct chip_lapic *)chip;
    (void)bytes;
    return (lapic->base_msr & BASE_MODE) == CHIP_LAPIC_BASE_ENABLE ? get(lapic, offset) : UINT32_MAX;
}

static void write(struct machine_chip *chip, uint32_t offset, unsigned int bytes, uint32_t value)
{
    struct chip_lapic *lapic = (struct chip_lapic *)chip;
    (void)bytes;
    if ((lapic->base_msr & BASE_MODE) == CHIP_LAPIC_BASE_ENABLE && offset != LAPIC_SELF_IPI)
        set(lapic, offset, value);
}

// Figure 10-27: the x2APIC is reached from xAPIC mode, and left through "off" only.
static void set_base(struct chip_lapic *lapic, uint64_t value)
{
    uint64_t from = lapic->base_msr & BASE_MODE, to = value & BASE_MODE;
    bool allowed = from == to || to == 0 || (from == 0 && to == CHIP_LAPIC_BASE_ENABLE) ||
                   (from == CHIP_LAPIC_BASE_ENABLE && to == BASE_MODE && lapic->has_x2apic);
    if (!allowed || to == CHIP_LAPIC_BASE_X2APIC)
        lapic->faults++;
    else if (!lapic->mode_is_locked)
        lapic->base_msr = value;
}

static bool is_register(uint32_t msr)
{
    return is_x2apic(present) && msr >= MSR_X2APIC && msr < MSR_X2APIC + 0x40;
}

static uint64_t read_msr(uint32_t msr)
{
    if (msr == MSR_APIC_BASE)
        return present->base_msr;
    if (msr == MSR_TSC_DEADLINE)
        return present->deadline_tsc;
    if (is_register(msr))
        return get(present, (msr - MSR_X2APIC) << 4);
    present->faults++;
    return 0;
}

// 10.5.4.1: the mode must be in force, which in xAPIC mode takes a fence after the store.
static void set_deadline(struct chip_lapic *lapic, uint64_t value)
{
    if ((lapic->lvt_timer & LAPIC_LVT_TSC_DEADLINE) == 0 || lapic->lvt_fences > machine.fences) {
        lapic->lost_deadlines++;
        return;
    }
    lapic->deadline_tsc = value;
}

static void write_msr(uint32_t msr, uint64_t value)
{
    uint32_t offset = (msr - MSR_X2APIC) << 4;
    if (msr == MSR_APIC_BASE)
        set_base(present, value);
    else if (msr == MSR_TSC_DEADLINE)
        set_deadline(present, value);
    else if (is_register(msr) && value <= UINT32_MAX && offset != LAPIC_ID && offset != LAPIC_VERSION &&
             ((offset != LAPIC_EOI && offset != LAPIC_ESR) || value == 0))
        set(present, offset, (uint32_t)value);
    else
        present->faults++;
}

void chip_lapic_add(struct chip_lapic *lapic, uint64_t timer_hz)
{
    *lapic = (struct chip_lapic){
        .chip = { .base = CHIP_LAPIC_PHYS, .size = 0x400, .read = read, .write = write },
        .timer_hz = timer_hz,
        .base_msr = CHIP_LAPIC_PHYS | CHIP_LAPIC_BASE_ENABLE,
    };
    present = lapic;
    machine_add_mmio(&lapic->chip);
    machine.msr_read = read_msr;
    machine.msr_write = write_msr;
    lapic_base = machine_map(CHIP_LAPIC_PHYS, 0x400, false);
}

// The first moment at which a counter of `hz` has made so many ticks; UINT64_MAX where the test does not live so long.
static uint64_t time_of(uint64_t ticks, uint64_t hz)
{
    unsigned __int128 ps = ((unsigned __int128)ticks * PS_PER_SEC + hz - 1) / hz;
    return ps < UINT64_MAX ? (uint64_t)ps : UINT64_MAX;
}

uint64_t chip_lapic_due_ps(const struct chip_lapic *lapic)
{
    if ((lapic->lvt_timer & LAPIC_LVT_MASKED) != 0)
        return UINT64_MAX;
    if ((lapic->lvt_timer & LAPIC_LVT_TSC_DEADLINE) != 0) {
        uint64_t ticks = lapic->deadline_tsc - machine.tsc_base;
        return lapic->deadline_tsc == 0 ? UINT64_MAX
               : (int64_t)ticks < 0     ? 0
                                        : time_of(ticks, machine.tsc_hz);
    }
    if (lapic->initial == 0 || lapic->timer_over)
        return UINT64_MAX;
    uint64_t passing_ps = time_of((uint64_t)lapic->initial << chip_lapic_divide(lapic), lapic->timer_hz);
    return passing_ps > UINT64_MAX - lapic->started_ps ? UINT64_MAX : lapic->started_ps + passing_ps;
}

uint8_t chip_lapic_fire(struct chip_lapic *lapic)
{
    lapic->timer_over = true;
    lapic->deadline_tsc = 0;
    if (lapic->lose == 0)
        return (uint8_t)lapic->lvt_timer;
    lapic->lose--;
    return 0;
}

void chip_lapic_use_x2apic(struct chip_lapic *lapic)
{
    lapic->has_x2apic = true;
    lapic->base_msr |= BASE_MODE;
    lapic_base = NULL;
}
