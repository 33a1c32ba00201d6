// SPDX-License-Identifier: BSD-2-Clause
// The fake local APIC. Intel SDM vol. 3A, 10.5.4 and 10.6.1.

#include "chip_lapic.h"

#include "x86/lapic.h"

volatile void *lapic_base;

void lapic_send_self(uint8_t vector)
{
    lapic_write(LAPIC_ICR_LOW, LAPIC_ICR_SELF | LAPIC_ICR_ASSERT | vector);
}

uint32_t chip_lapic_divide(const struct chip_lapic *lapic)
{
    // Bits 3, 1 and 0 count 2, 4 .. 128 and then 1.
    uint32_t code = (lapic->divide & 3) | (lapic->divide >> 1 & 4);
    return (code + 1) & 7;
}

static uint32_t read(struct machine_chip *chip, uint32_t offset, unsigned int bytes)
{
    struct chip_lapic *lapic = (struct chip_lapic *)chip;
    (void)bytes;
    if (offset != LAPIC_TIMER_CURRENT) {
        return 0;
    }
    uint64_t passed =
        machine_ticks(machine.now_ps - lapic->started_ps, lapic->timer_hz) >> chip_lapic_divide(lapic);
    return passed < lapic->initial ? (uint32_t)(lapic->initial - passed) : 0;
}

static void write(struct machine_chip *chip, uint32_t offset, unsigned int bytes, uint32_t value)
{
    struct chip_lapic *lapic = (struct chip_lapic *)chip;
    (void)bytes;
    switch (offset) {
    case LAPIC_LVT_TIMER:
        lapic->lvt_timer = value;
        lapic->timer_writes++;
        break;
    case LAPIC_TIMER_DIVIDE:
        lapic->divide = value;
        lapic->timer_writes++;
        break;
    case LAPIC_TIMER_INITIAL:
        lapic->initial = value;
        lapic->started_ps = machine.now_ps;
        lapic->timer_writes++;
        break;
    case LAPIC_ICR_LOW:
        if ((value & LAPIC_ICR_SELF) != 0 && lapic->self_interrupts++ == 0) {
            lapic->first_self_ps = machine.now_ps;
            lapic->self_vector = (uint8_t)value;
        }
        break;
    default:
        break;
    }
}

void chip_lapic_add(struct chip_lapic *lapic, uint64_t timer_hz)
{
    *lapic = (struct chip_lapic){
        .chip = { .base = CHIP_LAPIC_PHYS, .size = 0x400, .read = read, .write = write },
        .timer_hz = timer_hz,
    };
    machine_add_mmio(&lapic->chip);
    lapic_base = machine_map(CHIP_LAPIC_PHYS, 0x400, false);
}
