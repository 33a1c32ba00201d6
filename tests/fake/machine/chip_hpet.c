// SPDX-License-Identifier: BSD-2-Clause
// The fake HPET: IA-PC HPET Specification 1.0a, edge-triggered timers that compare for equality.

#include "chip_hpet.h"

#define FS_PER_PS 1000u

#define TIMER_INTERRUPT 0x4u
#define TIMER_64BIT_CAP 0x20u
#define TIMER_32BIT 0x100u
#define TIMER_ROUTE 0x3e00u

static uint64_t count_at(const struct chip_hpet *hpet, uint64_t ps)
{
    return hpet->stuck ? hpet->start_count
                       : hpet->start_count + (uint64_t)((unsigned __int128)ps * FS_PER_PS / hpet->period_fs);
}

// The first moment at which the counter shows `count`; UINT64_MAX where the test does not live so long.
static uint64_t time_of(const struct chip_hpet *hpet, uint64_t count)
{
    unsigned __int128 fs = (unsigned __int128)(count - hpet->start_count) * hpet->period_fs;
    unsigned __int128 ps = (fs + FS_PER_PS - 1) / FS_PER_PS;
    return ps < UINT64_MAX ? (uint64_t)ps : UINT64_MAX;
}

uint64_t chip_hpet_count(const struct chip_hpet *hpet)
{
    return count_at(hpet, machine.now_ps);
}

// The next count above `after` that ends in these 32 bits.
static uint64_t next_ending(uint64_t after, uint32_t low)
{
    return after + 1 + (uint32_t)(low - (uint32_t)(after + 1));
}

// The first match behind the time `from_ps`; UINT64_MAX: none.
static uint64_t match_ps(const struct chip_hpet *hpet, const struct chip_hpet_timer *timer, uint64_t from_ps)
{
    if ((hpet->config & 1) == 0 || (timer->config & TIMER_INTERRUPT) == 0 || hpet->stuck)
        return UINT64_MAX;
    uint64_t after = count_at(hpet, from_ps);
    if (after < timer->effective_count)
        after = timer->effective_count;
    bool wide = timer->has_64bit && (timer->config & TIMER_32BIT) == 0;
    if (wide)
        return timer->comparator > after ? time_of(hpet, timer->comparator) : UINT64_MAX;
    uint64_t match = next_ending(after, (uint32_t)timer->comparator);
    uint64_t wrap = next_ending(after, 0);
    return time_of(hpet, hpet->wraps_interrupt && wrap < match ? wrap : match);
}

uint64_t chip_hpet_due_ps(const struct chip_hpet *hpet, uint32_t timer)
{
    return match_ps(hpet, &hpet->timers[timer], machine.now_ps);
}

static void advance(struct machine_chip *chip, uint64_t from_ps, uint64_t to_ps)
{
    struct chip_hpet *hpet = (struct chip_hpet *)chip;

    for (uint32_t i = 0; i < CHIP_HPET_TIMERS; i++) {
        struct chip_hpet_timer *timer = &hpet->timers[i];
        uint64_t ps = match_ps(hpet, timer, from_ps);
        if (ps > to_ps)
            continue;
        if (hpet->lose != 0) {
            hpet->lose--;
            continue;
        }
        if (timer->interrupts++ == 0)
            timer->first_ps = ps;
    }
}

static uint32_t read_timer(const struct chip_hpet *hpet, const struct chip_hpet_timer *timer, uint32_t reg)
{
    switch (reg) {
    case 0x0:
        return timer->config | (timer->has_64bit ? TIMER_64BIT_CAP : 0);
    case 0x4:
        return timer->routes;
    case 0x8:
        return (uint32_t)(hpet->stale_read_back ? hpet->old_comparator : timer->comparator);
    default:
        return 0;
    }
}

static uint32_t read_count(struct chip_hpet *hpet)
{
    uint32_t count = (uint32_t)chip_hpet_count(hpet);
    void (*meanwhile)(void) = hpet->meanwhile;

    hpet->meanwhile = NULL;
    if (meanwhile != NULL)
        meanwhile();
    return count;
}

static uint32_t read(struct machine_chip *chip, uint32_t offset, unsigned int bytes)
{
    struct chip_hpet *hpet = (struct chip_hpet *)chip;
    (void)bytes;
    if (offset >= 0x100 && offset < 0x100 + 0x20 * CHIP_HPET_TIMERS)
        return read_timer(hpet, &hpet->timers[(offset - 0x100) / 0x20], offset % 0x20);
    switch (offset) {
    case 0x000:
        return hpet->capabilities;
    case 0x004:
        return hpet->period_fs;
    case 0x010:
        return hpet->config;
    case 0x0f0:
        return read_count(hpet);
    case 0x0f4:
        return (hpet->capabilities & 0x2000) != 0 ? (uint32_t)(chip_hpet_count(hpet) >> 32) : 0;
    default:
        return 0;
    }
}

static void write_comparator(struct chip_hpet *hpet, struct chip_hpet_timer *timer, uint64_t value)
{
    hpet->old_comparator = timer->comparator;
    timer->comparator = value;
    timer->interrupts = 0;
    timer->effective_count = chip_hpet_count(hpet) + hpet->latch_ticks;
}

static void write_timer(struct chip_hpet *hpet, struct chip_hpet_timer *timer, uint32_t reg, uint32_t value)
{
    switch (reg) {
    case 0x0:
        timer->config = hpet->route_is_ignored ? value & ~TIMER_ROUTE : value;
        break;
    case 0x8:
        write_comparator(hpet, timer, (timer->comparator & ~(uint64_t)UINT32_MAX) | value);
        break;
    case 0xc:
        if (timer->has_64bit)
            write_comparator(hpet, timer, (uint64_t)value << 32 | (uint32_t)timer->comparator);
        break;
    default:
        break;
    }
}

static void write(struct machine_chip *chip, uint32_t offset, unsigned int bytes, uint32_t value)
{
    struct chip_hpet *hpet = (struct chip_hpet *)chip;
    (void)bytes;
    if (offset == 0x010)
        hpet->config = value;
    else if (offset >= 0x100 && offset < 0x100 + 0x20 * CHIP_HPET_TIMERS)
        write_timer(hpet, &hpet->timers[(offset - 0x100) / 0x20], offset % 0x20, value);
}

void chip_hpet_add(struct chip_hpet *hpet)
{
    *hpet = (struct chip_hpet){
        .chip = { .base = CHIP_HPET_PHYS, .size = 0x400, .read = read, .write = write, .advance = advance },
        .capabilities = CHIP_HPET_CAP_USUAL,
        .period_fs = CHIP_HPET_PERIOD_QEMU,
    };
    for (uint32_t i = 0; i < CHIP_HPET_TIMERS; i++)
        hpet->timers[i] = (struct chip_hpet_timer){ .routes = 0x00ff0104, .has_64bit = true };
    machine_add_mmio(&hpet->chip);
}
