// SPDX-License-Identifier: BSD-2-Clause
// The allocator of whole 4 KiB pages of RAM.
//
// Two sources: a free list that is threaded through the freed pages themselves, and RAM that was never used, which is
// carved from the ranges upwards from the lowest address. So boot does not touch all of memory, and what is
// allocated before paging_init() lies low, where the boot tables map it.
//
// A page's first words while it is free: the physical address of the next free page, and a seal that depends on
// the page's address. A page that carries its seal when it is freed may be free already, and only then is the
// list searched; a seal that is broken when the page is taken means that somebody wrote to it after freeing it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/boot_info.h"
#include "x86/paging.h"

#define PAGE_ALLOC_PAGE_SIZE 4096ull

// Starts with the RAM of `ranges` (page aligned, sorted) without the `reserved` ones (any alignment and order: each
// page that they touch stays out). Once at boot, before any other call here. At most BOOT_INFO_MEMORY_MAX +
// BOOT_INFO_MODULES_MAX ranges remain; what is beyond that is left unused, and said. `debug`: every other page is left
// out, see page_debug.h.
void page_alloc_init(const struct boot_memory_range *ranges, uint32_t range_count,
                     const struct boot_memory_range *reserved, uint32_t reserved_count, bool debug);

// With `debug`, all goes as page_debug.h says from now on. Once, when the final map is loaded; nothing was freed yet.
void page_alloc_start_debug(void);

// Returns the physical address of a page that reads as zeros, or 0 where there is none. Interrupts off.
uint64_t page_alloc(void);

// Gives back a page of page_alloc(). Freeing twice, or what was never allocated, is our bug and panics. Interrupts off.
void page_free(uint64_t phys);

// The same by its address in the map of all RAM. Null: there is none; nothing is given back.
static inline void *page_alloc_mapped(void)
{
    uint64_t phys = page_alloc();

    return phys != 0 ? phys_to_virt(phys) : NULL;
}

static inline void page_free_mapped(void *page)
{
    if (page != NULL)
        page_free(virt_to_phys(page));
}

// Pages that page_alloc() can still give, and pages that there are in all. Any context.
uint64_t page_alloc_free_count(void);
uint64_t page_alloc_total_count(void);
