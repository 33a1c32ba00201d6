// SPDX-License-Identifier: BSD-2-Clause
// I/O APIC. Intel 82093AA data sheet (290566), section 3; newer ones differ only in the number of pins.

#include "dev/ioapic.h"

#include <stddef.h>

#include "core/assert.h"
#include "core/log.h"
#include "x86/mmio.h"
#include "x86/paging.h"

// clang-format off
#define IOAPIC_REGSEL 0x00 // index of the register that the window shows
#define IOAPIC_WIN    0x10
#define IOAPIC_WINDOW_SIZE 0x20

// Registers by index.
#define IOAPIC_VERSION 0x01
#define   IOAPIC_VERSION_LAST(v) (((v) >> 16) & 0xffu) // index of the last pin, so one less than their number
#define IOAPIC_REDIRECT_LOW(pin)  (0x10u + 2 * (pin))
#define   IOAPIC_LOW_ACTIVE_LOW (1u << 13)
#define   IOAPIC_LOW_LEVEL      (1u << 15)
#define   IOAPIC_LOW_MASKED     (1u << 16) // delivery mode (10:8) fixed and destination mode (11) physical are zeros
#define IOAPIC_REDIRECT_HIGH(pin) (0x11u + 2 * (pin))
#define   IOAPIC_HIGH_DESTINATION(id) ((uint32_t)(id) << 24)
// clang-format on

#define ABSENT 0xffffffffu // what an address without a chip reads as
#define PINS_MAX 240u      // the index has 8 bits and two registers make a pin, from 0x10 on

static struct chip {
    volatile void *base;
    uint32_t gsi_base, pins;
} chips[IOAPIC_MAX];
static uint32_t chip_count;

static uint32_t get(const struct chip *chip, uint32_t index)
{
    mmio_write32(chip->base, IOAPIC_REGSEL, index);
    return mmio_read32(chip->base, IOAPIC_WIN);
}

static void set(const struct chip *chip, uint32_t index, uint32_t value)
{
    mmio_write32(chip->base, IOAPIC_REGSEL, index);
    mmio_write32(chip->base, IOAPIC_WIN, value);
}

static const struct chip *find(uint32_t gsi)
{
    for (uint32_t i = 0; i < chip_count; i++)
        if (gsi >= chips[i].gsi_base && gsi - chips[i].gsi_base < chips[i].pins)
            return &chips[i];
    return NULL;
}

bool ioapic_add(uint64_t phys, uint32_t gsi_base)
{
    if (chip_count == IOAPIC_MAX) {
        log_warn("ioapic: chip at 0x%llx ignored, %u is the most", (unsigned long long)phys, IOAPIC_MAX);
        return false;
    }
    struct chip *chip = &chips[chip_count];
    chip->base = paging_map(phys, IOAPIC_WINDOW_SIZE, PAGING_UNCACHED);
    chip->gsi_base = gsi_base;
    uint32_t version = get(chip, IOAPIC_VERSION);
    chip->pins = IOAPIC_VERSION_LAST(version) + 1;
    if (version == ABSENT || version == 0 || chip->pins > PINS_MAX) {
        log_warn("ioapic: no chip at 0x%llx: its version reads 0x%08x", (unsigned long long)phys, version);
        return false;
    }
    for (uint32_t pin = 0; pin < chip->pins; pin++)
        set(chip, IOAPIC_REDIRECT_LOW(pin), IOAPIC_LOW_MASKED);
    chip_count++;
    return true;
}

bool ioapic_has_gsi(uint32_t gsi)
{
    return find(gsi) != NULL;
}

bool ioapic_route(const struct ioapic_route *route)
{
    const struct chip *chip = find(route->gsi);
    if (chip == NULL)
        return false;
    uint32_t pin = route->gsi - chip->gsi_base;
    // Masked while the two halves do not belong together.
    set(chip, IOAPIC_REDIRECT_LOW(pin), IOAPIC_LOW_MASKED);
    set(chip, IOAPIC_REDIRECT_HIGH(pin), IOAPIC_HIGH_DESTINATION(route->lapic_id));
    set(chip, IOAPIC_REDIRECT_LOW(pin),
        route->vector | (route->active_low ? IOAPIC_LOW_ACTIVE_LOW : 0) |
            (route->level ? IOAPIC_LOW_LEVEL : 0));
    return true;
}

static void set_mask(uint32_t gsi, bool masked)
{
    const struct chip *chip = find(gsi);
    assert(chip != NULL);
    uint32_t index = IOAPIC_REDIRECT_LOW(gsi - chip->gsi_base);
    uint32_t low = get(chip, index) & ~IOAPIC_LOW_MASKED;
    set(chip, index, low | (masked ? IOAPIC_LOW_MASKED : 0));
}

void ioapic_mask(uint32_t gsi)
{
    set_mask(gsi, true);
}

void ioapic_unmask(uint32_t gsi)
{
    set_mask(gsi, false);
}
