// SPDX-License-Identifier: BSD-2-Clause
// The memory of the world: pages, and address spaces with two levels of tables, each a page.

#include "world.h"

#include "abi/lull.h"
#include "core/page_alloc.h"
#include "core/panic.h"
#include "x86/cpu.h"
#include "x86/paging.h"
#include "x86/user_access.h"

#include <stdlib.h>
#include <string.h>

#define ENTRIES (PAGING_PAGE_SIZE / sizeof(uint64_t))
#define USED 4ull // of an entry, beside PAGING_WRITE and PAGING_EXECUTE
#define FLAGS (PAGING_PAGE_SIZE - 1)

uint64_t world_pages_left, world_pages_used, world_page_ns;

static uint64_t loaded[WORLD_CPUS_MAX];

// ---- core/page_alloc.h ------------------------------------------------------------------------------------------

uint64_t page_alloc(void)
{
    if (world_pages_left == 0)
        return 0;
    world_pages_left--;
    world_pages_used++;
    machine_advance(world_page_ns * PS_PER_NS);
    void *page = aligned_alloc(PAGING_PAGE_SIZE, PAGING_PAGE_SIZE);
    memset(page, 0, PAGING_PAGE_SIZE);
    return virt_to_phys(page);
}

void page_free(uint64_t phys)
{
    world_pages_left++;
    world_pages_used--;
    machine_advance(world_page_ns * PS_PER_NS);
    free(phys_to_virt(phys));
}

uint64_t page_alloc_free_count(void)
{
    return world_pages_left;
}

uint64_t page_alloc_total_count(void)
{
    return world_pages_left + world_pages_used;
}

// ---- x86/paging.h -----------------------------------------------------------------------------------------------

static uint64_t *entry(uint64_t space, uint64_t guest_address, bool make)
{
    uint64_t *top = phys_to_virt(space);
    uint64_t page = guest_address / PAGING_PAGE_SIZE;

    if (guest_address >= LULL_WINDOW_END)
        return NULL;
    if (top[page / ENTRIES] == 0) {
        if (!make || (top[page / ENTRIES] = page_alloc()) == 0)
            return NULL;
    }
    return (uint64_t *)phys_to_virt(top[page / ENTRIES]) + page % ENTRIES;
}

uint64_t paging_space_create(void)
{
    return page_alloc();
}

bool paging_space_map(uint64_t space, uint64_t guest_address, uint64_t phys, uint32_t flags)
{
    uint64_t *at = entry(space, guest_address, true);

    if (at == NULL)
        return false;
    if (*at != 0 || (phys & FLAGS) != 0 || flags == (PAGING_WRITE | PAGING_EXECUTE))
        panic("the page at 0x%llx is mapped twice, or writable and executable",
              (unsigned long long)guest_address);
    *at = phys | flags | USED;
    return true;
}

uint64_t paging_space_lookup(uint64_t space, uint64_t guest_address)
{
    uint64_t *at = entry(space, guest_address, false);

    return at != NULL ? *at & ~FLAGS : 0;
}

void paging_space_destroy(uint64_t space)
{
    uint64_t *top = phys_to_virt(space);

    for (uint32_t i = 0; i < WORLD_CPUS_MAX; i++)
        if (loaded[i] == space)
            panic("an address space is destroyed that CPU %u has loaded", i);
    for (uint64_t i = 0; i < ENTRIES; i++)
        if (top[i] != 0)
            page_free(top[i]);
    page_free(space);
}

void paging_space_load(uint64_t space)
{
    loaded[cpu_this()->id] = space;
}

void paging_space_unload(void)
{
    loaded[cpu_this()->id] = 0;
}

uint64_t world_space(void)
{
    return loaded[cpu_this()->id];
}

void *world_page(uint64_t space, uint64_t guest_address, bool *writable)
{
    uint64_t *at = space != 0 ? entry(space, guest_address, false) : NULL;

    if (at == NULL || *at == 0)
        return NULL;
    if (writable != NULL)
        *writable = (*at & PAGING_WRITE) != 0;
    return phys_to_virt(*at & ~FLAGS);
}

void world_memory_reset(void)
{
    memset(loaded, 0, sizeof(loaded));
    world_pages_left = UINT64_MAX / 2;
    world_pages_used = 0;
    world_page_ns = 0;
}

// ---- x86/user_access.h ------------------------------------------------------------------------------------------

// Byte by byte, as the processor does: what lies in front of the page that is missing has been copied.
static bool copy(uint64_t guest_address, void *to, const void *from, size_t size)
{
    if (guest_address < LULL_WINDOW_START || guest_address > LULL_WINDOW_END ||
        size > LULL_WINDOW_END - guest_address)
        panic("the hypervisor uses 0x%llx bytes at 0x%llx for a guest", (unsigned long long)size,
              (unsigned long long)guest_address);
    for (size_t done = 0; done < size;) {
        uint64_t at = guest_address + done, in_page = at % PAGING_PAGE_SIZE;
        size_t part = size - done < PAGING_PAGE_SIZE - in_page ? size - done : PAGING_PAGE_SIZE - in_page;
        bool writable = false;
        uint8_t *page = world_page(world_space(), at - in_page, &writable);

        if (page == NULL || (from != NULL && !writable))
            return false;
        if (from != NULL)
            memcpy(page + in_page, (const uint8_t *)from + done, part);
        else
            memcpy((uint8_t *)to + done, page + in_page, part);
        done += part;
    }
    return true;
}

bool user_access_write(uint64_t guest_address, const void *source, size_t size)
{
    return copy(guest_address, NULL, source, size);
}

bool user_access_read(void *destination, uint64_t guest_address, size_t size)
{
    return copy(guest_address, destination, NULL, size);
}
