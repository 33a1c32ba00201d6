// SPDX-License-Identifier: BSD-2-Clause
// Four-level page tables. Tables are reached through the direct map.
#include "x86/paging.h"

#include "lib/bits.h"
#include "lib/string.h"
#include "x86/control.h"
#include "x86/counters.h"
#include "x86/features.h"
#include "x86/stacks.h"

// Page-table entry bits, Intel SDM vol. 3A, tables 4-15 to 4-20.
#define ENTRY_PRESENT (1ull << 0)
#define ENTRY_WRITE (1ull << 1)
#define ENTRY_USER (1ull << 2)
#define ENTRY_WRITE_THROUGH (1ull << 3)
#define ENTRY_UNCACHED (1ull << 4)
#define ENTRY_LARGE (1ull << 7)
#define ENTRY_GLOBAL (1ull << 8)
#define ENTRY_NO_EXECUTE (1ull << 63)
#define ENTRY_ADDRESS 0x000ffffffffff000ull

// Of the direct map, beside no_execute().
#define RAM_BITS (ENTRY_PRESENT | ENTRY_WRITE | ENTRY_GLOBAL)

#define LARGE_PAGE_SIZE (2ull << 20)
#define TABLE_ENTRIES 512u
#define UPPER_HALF (TABLE_ENTRIES / 2)

// Levels by the size of what one entry spans: the top level's entries span 512 GiB each.
enum level { LEVEL_PAGE, LEVEL_LARGE, LEVEL_1G, LEVEL_TOP };

extern const char image_load_start[], image_load_end[]; // linker/hv.ld; physical addresses
extern const char image_text_start[], image_text_end[], image_rodata_end[], image_end[];

static uint64_t root;            // the hypervisor's own top-level table
static uint64_t device_map_next; // first free address of the device area
static uint64_t cpu_map_next;    // and of the CPUs' own
static bool small_pages;         // the direct map has no large ones

static unsigned index_of(uint64_t virt, enum level level)
{
    return virt >> (12 + 9 * level) & (TABLE_ENTRIES - 1);
}

static uint64_t no_execute(void)
{
    return features.nx ? ENTRY_NO_EXECUTE : 0;
}

// The entry for `virt` at `level`; with `create`, tables on the way are made. Null: absent, or memory is out.
static uint64_t *find_entry(uint64_t top, uint64_t virt, enum level level, bool create)
{
    uint64_t *table = phys_to_virt(top);

    for (enum level at = LEVEL_TOP; at > level; at--) {
        uint64_t *entry = &table[index_of(virt, at)];
        if (!(*entry & ENTRY_PRESENT)) {
            uint64_t phys = create ? paging_table_alloc() : 0;
            if (phys == 0)
                return NULL;
            // Rights are set at the last level; above it everything is allowed.
            *entry = phys | ENTRY_PRESENT | ENTRY_WRITE | (virt < PAGING_DIRECT_MAP ? ENTRY_USER : 0);
        }
        table = phys_to_virt(*entry & ENTRY_ADDRESS);
    }
    return &table[index_of(virt, level)];
}

static bool map_one(uint64_t top, uint64_t virt, uint64_t phys, enum level level, uint64_t bits)
{
    uint64_t *entry = find_entry(top, virt, level, true);

    if (entry == NULL)
        return false;
    *entry = phys | bits | ENTRY_PRESENT | (level == LEVEL_LARGE ? ENTRY_LARGE : 0);
    return true;
}

static bool map_image_part(const char *start, const char *end, uint64_t bits)
{
    for (uint64_t virt = (uint64_t)start; virt < (uint64_t)end; virt += PAGING_PAGE_SIZE)
        if (!map_one(root, virt, virt - PAGING_IMAGE_MAP, LEVEL_PAGE, bits | ENTRY_GLOBAL))
            return false;
    return true;
}

static void unmap_guard(const void *stack)
{
    *find_entry(root, (uint64_t)stack, LEVEL_PAGE, false) = 0;
}

bool paging_begin(bool small)
{
    small_pages = small;
    root = paging_table_alloc();
    device_map_next = PAGING_DEVICE_MAP;
    cpu_map_next = PAGING_CPU_MAP;
    // The upper half of every guest's top-level table is a copy of ours: all its entries must exist
    // before the first guest does. The image and the direct map make theirs by being mapped.
    if (root == 0 || find_entry(root, PAGING_DEVICE_MAP, LEVEL_1G, true) == NULL)
        return false;
    if (!map_image_part(image_text_start, image_text_end, 0) ||
        !map_image_part(image_text_end, image_rodata_end, no_execute()) ||
        !map_image_part(image_rodata_end, image_end, ENTRY_WRITE | no_execute()))
        return false;
    unmap_guard(&stacks_boot_cpu);
    unmap_guard(&stacks_debug);
    unmap_guard(&stacks_double_fault);
    unmap_guard(&stacks_nmi);
    unmap_guard(&stacks_machine_check);
    return true;
}

bool paging_add_ram(uint64_t start, uint64_t end)
{
    uint64_t bits = RAM_BITS | no_execute();
    uint64_t image_start = (uint64_t)image_load_start, image_stop = (uint64_t)image_load_end;

    for (uint64_t phys = start; phys < end;) {
        bool in_image = phys >= image_start && phys < image_stop;
        bool large = !small_pages && phys % LARGE_PAGE_SIZE == 0 && end - phys >= LARGE_PAGE_SIZE &&
                     (phys >= image_stop || phys + LARGE_PAGE_SIZE <= image_start);

        if (!in_image &&
            !map_one(root, (uint64_t)phys_to_virt(phys), phys, large ? LEVEL_LARGE : LEVEL_PAGE, bits))
            return false;
        phys += large ? LARGE_PAGE_SIZE : PAGING_PAGE_SIZE;
    }
    return true;
}

void paging_hide(uint64_t phys, uint64_t note)
{
    uint64_t virt = (uint64_t)phys_to_virt(phys);

    *find_entry(root, virt, LEVEL_PAGE, false) = note;
    control_invalidate(virt);
}

void paging_show(uint64_t phys)
{
    *find_entry(root, (uint64_t)phys_to_virt(phys), LEVEL_PAGE, false) = phys | RAM_BITS | no_execute();
}

uint64_t paging_hidden(uint64_t phys)
{
    uint64_t virt = (uint64_t)phys_to_virt(phys);
    const uint64_t *entry = virt >= PAGING_DIRECT_MAP ? find_entry(root, virt, LEVEL_PAGE, false) : NULL;

    return entry != NULL && !(*entry & ENTRY_PRESENT) ? *entry : 0;
}

void paging_finish(void)
{
    control_set_cr3(root);
}

uint64_t paging_root(void)
{
    return root;
}

void *paging_map(uint64_t phys, uint64_t size, enum paging_cache cache)
{
    uint64_t offset = phys % PAGING_PAGE_SIZE, virt = device_map_next;
    uint64_t end = align_up(offset + size, PAGING_PAGE_SIZE);
    uint64_t bits = ENTRY_GLOBAL | no_execute();

    if (cache == PAGING_UNCACHED)
        bits |= ENTRY_WRITE | ENTRY_UNCACHED | ENTRY_WRITE_THROUGH;
    if (cache == PAGING_COMBINED)
        bits |= ENTRY_WRITE | (features.pat ? ENTRY_WRITE_THROUGH : ENTRY_UNCACHED | ENTRY_WRITE_THROUGH);
    for (uint64_t at = 0; at < end; at += PAGING_PAGE_SIZE)
        if (!map_one(root, virt + at, phys - offset + at, LEVEL_PAGE, bits))
            return NULL;
    device_map_next = virt + end + PAGING_PAGE_SIZE; // a hole behind each mapping catches overruns
    return (void *)(virt + offset);
}

void *paging_alloc(uint64_t size)
{
    uint64_t start = cpu_map_next + PAGING_PAGE_SIZE;
    uint64_t end = start + align_up(size, PAGING_PAGE_SIZE);

    for (uint64_t at = start; at < end; at += PAGING_PAGE_SIZE) {
        uint64_t phys = paging_table_alloc();
        if (phys == 0 || !map_one(root, at, phys, LEVEL_PAGE, ENTRY_WRITE | ENTRY_GLOBAL | no_execute()))
            return NULL;
    }
    cpu_map_next = end;
    return (void *)start;
}

uint64_t paging_space_create(void)
{
    uint64_t space = paging_table_alloc();

    if (space != 0)
        memcpy((uint64_t *)phys_to_virt(space) + UPPER_HALF, (uint64_t *)phys_to_virt(root) + UPPER_HALF,
               UPPER_HALF * sizeof(uint64_t));
    return space;
}

bool paging_space_map(uint64_t space, uint64_t guest_address, uint64_t phys, uint32_t flags)
{
    uint64_t bits = ENTRY_USER;

    if (flags & PAGING_WRITE)
        bits |= ENTRY_WRITE;
    if (!(flags & PAGING_EXECUTE))
        bits |= no_execute();
    return map_one(space, guest_address, phys, LEVEL_PAGE, bits);
}

uint64_t paging_space_lookup(uint64_t space, uint64_t guest_address)
{
    uint64_t *entry = find_entry(space, guest_address, LEVEL_PAGE, false);

    return entry != NULL && (*entry & ENTRY_PRESENT) ? *entry & ENTRY_ADDRESS : 0;
}

// Free what hangs below a table, then the table. Pages that guests see belong to their owner.
static void free_tables(uint64_t phys, enum level level, unsigned entries)
{
    uint64_t *table = phys_to_virt(phys);

    for (unsigned i = 0; level > LEVEL_PAGE && i < entries; i++)
        if (table[i] & ENTRY_PRESENT)
            free_tables(table[i] & ENTRY_ADDRESS, level - 1, TABLE_ENTRIES);
    paging_table_free(phys);
}

void paging_space_destroy(uint64_t space)
{
    free_tables(space, LEVEL_TOP, UPPER_HALF);
}

void paging_space_load(uint64_t space)
{
    counters_add(cr3_loads);
    control_set_cr3(space);
}

void paging_space_unload(void)
{
    paging_space_load(root);
}
