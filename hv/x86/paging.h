// SPDX-License-Identifier: BSD-2-Clause
// Page tables: the hypervisor's own map, and the address spaces of guests.
//
//   0x0000000000200000  guest window (one per guest, see abi/lull.h)
//   0xffff800000000000  direct map: all usable RAM, read-write, never executable, 2 MiB pages where possible
//   0xffffff0000000000  device and firmware-table mappings, handed out upwards
//   0xffffffff80000000  the hypervisor's image: text r-x, rodata r--, data rw-
//   0xffffffffc0000000  stacks and tables of each CPU, handed out upwards
//
// The upper half is the same in every address space: guests' top-level tables share its entries.
// The image itself is left out of the direct map, so no page is both writable and executable by
// two names. Intel SDM vol. 3A, chapter 4.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PAGING_PAGE_SIZE 4096ull
#define PAGING_DIRECT_MAP 0xffff800000000000ull
#define PAGING_DEVICE_MAP 0xffffff0000000000ull
#define PAGING_IMAGE_MAP 0xffffffff80000000ull
#define PAGING_CPU_MAP 0xffffffffc0000000ull // in the upper half of the image map

enum paging_cache {
    PAGING_CACHED,   // firmware tables
    PAGING_UNCACHED, // device registers
    PAGING_COMBINED, // a screen: writes are combined where the CPU can do that (PAT), else as PAGING_UNCACHED
};

// Physical address of RAM <-> its place in the direct map. No check: for RAM of the memory map only.
static inline void *phys_to_virt(uint64_t phys)
{
    return (void *)(phys + PAGING_DIRECT_MAP);
}

static inline uint64_t virt_to_phys(const void *virt)
{
    return (uint64_t)virt - PAGING_DIRECT_MAP;
}

// Zeroed pages for tables, by physical address; 0 if memory is out. This floor has no allocator of its
// own: core/page_alloc.c provides these two.
uint64_t paging_table_alloc(void);
void paging_table_free(uint64_t phys);

// Build the final map and leave the boot map: first paging_begin(), then paging_add_ram() for each range
// of RAM (page aligned, below 64 TiB), then paging_finish(), which loads it. The first two are
// false if memory is out. Called once at boot, when tables can be allocated; interrupts off. Until then the boot map
// shows the first 4 GiB at the same place. `small`: no large pages in the direct map, for paging_hide().
bool paging_begin(bool small);
bool paging_add_ram(uint64_t start, uint64_t end);
void paging_finish(void);

// Take a page of RAM out of the direct map, and put it back. While it is out, its entry holds `note`, of which bit 0 is
// clear and which is not 0; a page that is out already gets another note. paging_hidden(): its note, 0 for a page that
// is not out, or is no RAM. Other CPUs may go on using it until they forget it by themselves. For the page allocator's
// debug mode. Context: after paging_finish(), paging_begin() with `small`, interrupts off.
void paging_hide(uint64_t phys, uint64_t note);
void paging_show(uint64_t phys);
uint64_t paging_hidden(uint64_t phys);

// The physical address of the top table of that map, for a CPU that starts.
uint64_t paging_root(void);

// Map `size` bytes at `phys` (any alignment) into the device area, never executable; cached mappings
// are read-only. Lasts for ever. Null if memory is out. Context: boot, after paging_finish(), interrupts off.
void *paging_map(uint64_t phys, uint64_t size, enum paging_cache cache);

// Zeroed memory for ever: `size` bytes in whole pages, read-write, between pages that stay unmapped. Null if memory is
// out. Context: boot, after paging_finish(), interrupts off.
void *paging_alloc(uint64_t size);

// Address spaces of guests. Each is named by the physical address of its top-level table.
#define PAGING_WRITE (1u << 0)
#define PAGING_EXECUTE (1u << 1)

// What a space takes for itself when something is mapped in the lowest GiB: this many tables, and one more for each
// PAGING_TABLE_SPAN bytes in which anything is.
#define PAGING_SPACE_TABLES 3u
#define PAGING_TABLE_SPAN 0x200000ull

// A new address space with nothing in the guest window; 0 if memory is out.
uint64_t paging_space_create(void);

// Map one page at a guest address; 0 = read-only data. False if memory is out. W and X together is our bug.
bool paging_space_map(uint64_t space, uint64_t guest_address, uint64_t phys, uint32_t flags);

// Physical address of the page that holds a guest address, 0 if not mapped.
uint64_t paging_space_lookup(uint64_t space, uint64_t guest_address);

// Free the tables (not the pages mapped). The space must not be loaded on any CPU.
void paging_space_destroy(uint64_t space);

// Load a guest's address space; the upper half stays the same.
void paging_space_load(uint64_t space);

// Leave every guest's address space.
void paging_space_unload(void);
