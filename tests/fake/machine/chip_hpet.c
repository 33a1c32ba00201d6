// SPDX-License-Identifier: BSD-2-Clause
// The fake HPET: IA-PC HPET Specification 1.0a, one timer, edge-triggered, comparing the lower 32 bits for equality.

#include "chip_hpet.h"

#define FS_PER_PS 1000u

#define TIMER_INTERRUPT 0x4u
#define TIMER_ROUTE 0x3e00u

static uint64_t count_at(const struct chip_hpet *hpet, uint64_t ps)
{
    return hpet->stuck ? hpet->start_count
                       : hpet->start_count + (uint64_t)((unsigned __int128)ps * FS_PER_PS / hpet->period_fs);
}

// The first moment at which the counter shows `count`.
static uint64_t time_of(const struct chip_hpet *hpet, uint64_t count)
{
    unsigned __int128 fs = (unsigned __int128)(count - hpet->start_count) * hpet->period_fs;
    return (uint64_t)((fs + FS_PER_PS - 1) / FS_PER_PS);
}

uint64_t chip_hpet_count(const struct chip_hpet *hpet)
{
    return count_at(hpet, machine.now_ps);
}

static void advance(struct machine_chip *chip, uint64_t from_ps, uint64_t to_ps)
{
    struct chip_hpet *hpet = (struct chip_hpet *)chip;
    if ((hpet->config & 1) == 0 || (hpet->timer_config & TIMER_INTERRUPT) == 0)
        return;
    uint64_t after = count_at(hpet, from_ps);
    if (after < hpet->effective_count)
        after = hpet->effective_count;
    // The next count above `after` that ends in the comparator's 32 bits.
    uint64_t match = after + 1 + (uint32_t)(hpet->comparator - (uint32_t)(after + 1));
    if (match <= count_at(hpet, to_ps)) {
        if (hpet->interrupts++ == 0)
            hpet->first_ps = time_of(hpet, match);
    }
}

static uint32_t read(struct machine_chip *chip, uint32_t offset, unsigned int bytes)
{
    struct chip_hpet *hpet = (struct chip_hpet *)chip;
    (void)bytes;
    switch (offset) {
    case 0x000:
        return hpet->capabilities;
    case 0x004:
        return hpet->period_fs;
    case 0x010:
        return hpet->config;
    case 0x0f0:
        return (uint32_t)chip_hpet_count(hpet);
    case 0x0f4:
        return (hpet->capabilities & 0x2000) != 0 ? (uint32_t)(chip_hpet_count(hpet) >> 32) : 0;
    case 0x100:
        return hpet->timer_config;
    case 0x104:
        return hpet->routes;
    case 0x108:
        return hpet->comparator;
    default:
        return 0;
    }
}

static void write(struct machine_chip *chip, uint32_t offset, unsigned int bytes, uint32_t value)
{
    struct chip_hpet *hpet = (struct chip_hpet *)chip;
    (void)bytes;
    switch (offset) {
    case 0x010:
        hpet->config = value;
        break;
    case 0x100:
        hpet->timer_config = hpet->route_is_ignored ? value & ~TIMER_ROUTE : value;
        break;
    case 0x108:
        hpet->comparator = value;
        hpet->interrupts = 0;
        hpet->effective_count = chip_hpet_count(hpet) + hpet->latch_ticks;
        break;
    default:
        break;
    }
}

void chip_hpet_add(struct chip_hpet *hpet)
{
    *hpet = (struct chip_hpet){
        .chip = { .base = CHIP_HPET_PHYS, .size = 0x400, .read = read, .write = write, .advance = advance },
        .capabilities = CHIP_HPET_CAP_USUAL,
        .period_fs = CHIP_HPET_PERIOD_QEMU,
        .routes = 0x00ff0104,
    };
    machine_add_mmio(&hpet->chip);
}
