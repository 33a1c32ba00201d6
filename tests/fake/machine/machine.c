// SPDX-License-Identifier: BSD-2-Clause
// The fake machine: dispatch of accesses to fake chips, and virtual time.

#include "machine.h"

#include "x86/cpu.h"

#include <stdlib.h>
#include <string.h>

// Device mappings are never touched by the host's CPU: they are this plus the physical address.
#define DEVICE_MAP 0x5f0000000000ull

struct region {
    uint64_t phys;
    size_t size;
    uint8_t *bytes;
    struct region *next;
};

struct machine machine;
struct cpu fake_cpu;
struct cpu *cpu_table[CPU_MAX] = { &fake_cpu };
uint32_t cpu_count = 1;
static struct region *memory; // what is there
static struct region
    *mappings; // what was handed out, each in an allocation of its own, so that ASan guards its end

static void free_regions(struct region **list)
{
    while (*list != NULL) {
        struct region *region = *list;
        *list = region->next;
        free(region->bytes);
        free(region);
    }
}

void machine_reset(void)
{
    free_regions(&memory);
    free_regions(&mappings);
    machine = (struct machine){ .tsc_hz = 1000000000 };
    fake_cpu = (struct cpu){ .self = &fake_cpu };
}

static struct region *add_region(struct region **list, uint64_t phys, size_t size)
{
    struct region *region = malloc(sizeof(*region));
    *region = (struct region){ .phys = phys, .size = size, .bytes = malloc(size), .next = *list };
    *list = region;
    return region;
}

void *machine_alloc(size_t size)
{
    return memset(add_region(&mappings, 0, size)->bytes, 0, size);
}

void machine_add_memory(uint64_t phys, const void *bytes, size_t size)
{
    memcpy(add_region(&memory, phys, size)->bytes, bytes, size);
}

void machine_add_ports(struct machine_chip *chip)
{
    chip->next = machine.ports;
    machine.ports = chip;
}

void machine_add_mmio(struct machine_chip *chip)
{
    chip->next = machine.mmio;
    machine.mmio = chip;
}

static void tell(struct machine_chip *chip, uint64_t from_ps)
{
    for (; chip != NULL; chip = chip->next)
        if (chip->advance != NULL)
            chip->advance(chip, from_ps, machine.now_ps);
}

void machine_advance(uint64_t ps)
{
    uint64_t from_ps = machine.now_ps;
    machine.now_ps += ps;
    tell(machine.ports, from_ps);
    tell(machine.mmio, from_ps);
}

uint64_t machine_ticks(uint64_t ps, uint64_t hz)
{
    return (uint64_t)((unsigned __int128)ps * hz / PS_PER_SEC);
}

static void pay(void)
{
    uint64_t ps = machine.access_ps;
    if (machine.gap_ps != 0 && machine.gap_after-- == 0) {
        ps += machine.gap_ps;
        machine.gap_ps = 0;
    }
    machine.accesses++;
    machine_advance(ps);
}

static struct machine_chip *find(struct machine_chip *chip, uint64_t address)
{
    while (chip != NULL && (address < chip->base || address - chip->base >= chip->size))
        chip = chip->next;
    return chip;
}

static uint32_t ones(unsigned int bytes)
{
    return UINT32_MAX >> (32 - 8 * bytes);
}

static uint32_t chip_read(struct machine_chip *chips, uint64_t address, unsigned int bytes)
{
    pay();
    struct machine_chip *chip = find(chips, address);
    if (chip == NULL || chip->read == NULL)
        return ones(bytes);
    return chip->read(chip, (uint32_t)(address - chip->base), bytes) & ones(bytes);
}

static void chip_write(struct machine_chip *chips, uint64_t address, unsigned int bytes, uint32_t value)
{
    pay();
    struct machine_chip *chip = find(chips, address);
    if (chip != NULL && chip->write != NULL)
        chip->write(chip, (uint32_t)(address - chip->base), bytes, value);
}

uint32_t machine_in(uint16_t port, unsigned int bytes)
{
    return chip_read(machine.ports, port, bytes);
}

void machine_out(uint16_t port, unsigned int bytes, uint32_t value)
{
    chip_write(machine.ports, port, bytes, value);
}

uint32_t machine_mmio_read(const volatile void *base, uint32_t offset)
{
    return chip_read(machine.mmio, (uint64_t)base - DEVICE_MAP + offset, 4);
}

void machine_mmio_write(volatile void *base, uint32_t offset, uint32_t value)
{
    chip_write(machine.mmio, (uint64_t)base - DEVICE_MAP + offset, 4, value);
}

uint64_t machine_msr_read(uint32_t msr)
{
    pay();
    return machine.msr_read(msr);
}

void machine_msr_write(uint32_t msr, uint64_t value)
{
    pay();
    machine.msr_write(msr, value);
}

uint64_t machine_tsc(void)
{
    pay();
    return machine.tsc_base + machine_ticks(machine.now_ps, machine.tsc_hz);
}

void *machine_map(uint64_t phys, uint64_t size, bool cached)
{
    if (!cached)
        return (void *)(DEVICE_MAP + phys);
    struct region *mapping = add_region(&mappings, phys, size);
    memset(mapping->bytes, 0xff, size);
    for (struct region *region = memory; region != NULL; region = region->next) {
        uint64_t from = phys > region->phys ? phys : region->phys;
        uint64_t to = phys + size < region->phys + region->size ? phys + size : region->phys + region->size;
        if (from < to)
            memcpy(mapping->bytes + (from - phys), region->bytes + (from - region->phys), to - from);
    }
    return mapping->bytes;
}
